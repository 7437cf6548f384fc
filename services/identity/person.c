/* services/identity/person.c - people who hold posts: register, look up, correct, find by a number,
 * and show in full what is masked. Rules: proto/identity.md. Who holds which post is holder.c's. */
#include <string.h>

#include "core/buf.h"
#include "identity.h"
#include "sql_identity.h"

#include "core/banned.h"

enum { REASON_MIN = 6, REASON_MAX = 300, FIELDS_MAX = 2, NAMES_MAX = 64 };

static const char *const unmaskable[] = {"citizen_id", "phone", NULL};

/* clang-format off */
#define CITIZEN_ID(flags, doc) F_SEALED("citizen_id", flags, SEALED_CITIZEN_ID, "identity.person.citizen_id", doc)
#define PHONE(flags, doc) F_SEALED("phone", flags, SEALED_PHONE, "identity.person.phone", doc)

static const struct field person_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the person; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN, "The division that keeps the entry; inside the caller's scope."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 60, "Name.", "赵甲"),
    CITIZEN_ID(IN_BODY | SHOWN | NULLABLE, "ID number (GB 11643); encrypted, shown masked by the caller's role."),
    PHONE(IN_BODY | SHOWN | NULLABLE, "Telephone number; encrypted, shown masked by the caller's role."),
    F_INSTANT("created_at", SHOWN, "When the entry was made."),
    F_TEXT("name_prefix", IN_QUERY, 1, 60, "Only names that begin so.", "赵"),
    F_VERSION(),
    FIELDS_END
};

static const struct field find_fields[] = {
    CITIZEN_ID(IN_BODY, "ID number to look for."),
    PHONE(IN_BODY, "Telephone number to look for."),
    FIELDS_END
};

static const struct field found_fields[] = {
    F_ARRAY("items", SHOWN, person_fields, 100, "Who has that number, in the caller's own divisions."),
    FIELDS_END
};

static const struct field unmask_fields[] = {
    F_UUID("id", IN_PATH, "Id of the person."),
    F_TEXT("reason", IN_BODY | REQUIRED, REASON_MIN, REASON_MAX, "What the full values are needed for; kept in the audit log.", "核对驻村工作队员身份"),
    {"fields", FIELD_TEXTS, IN_BODY | REQUIRED, 0, FIELDS_MAX, 0, 0, "Which are wanted: citizen_id, phone.", "citizen_id"},
    FIELDS_END
};

static handler person_find, person_unmask;

const struct route person_routes[] = {
    {METHOD_GET,  "/persons",     PERM_POST_READ,  person_fields, &SQL_person_list,   read_page, "list_persons", "Persons of the caller's divisions and above", .probe = NULL},
    {METHOD_GET,  "/persons/:id", PERM_POST_READ,  person_fields, &SQL_person_get,    read_one,  "get_person", "One person", .probe = NULL},
    {METHOD_POST, "/persons",     PERM_POST_WRITE, person_fields, &SQL_person_insert, write_one, "create_person", "Enter a person", .location = "/persons/"},
    {METHOD_PATCH, "/persons/:id", PERM_POST_WRITE, person_fields, &SQL_person_correct, write_one, "update_person", "Correct a person's name and numbers; null removes a number", .probe = &SQL_person_own},
    {METHOD_POST, "/persons:find", PERM_PERSON_UNMASK, find_fields, &SQL_person_find, person_find, "find_persons", "Find persons by an ID number or a telephone number, sent in the body: addresses are logged on their way", .status = 200, .shows = found_fields, .reads = true},
    {METHOD_POST, "/persons/:id:unmask", PERM_PERSON_UNMASK, unmask_fields, NULL, person_unmask, "unmask_person", "See a person's numbers in full, with a reason that is kept with who asked; never stored under an Idempotency-Key", .also = "reason fields", .status = 200, .shows = person_fields, .reads = true},
    ROUTES_END
};
/* clang-format on */

const struct sealed_column identity_sealed[] = {
    {"identity.person.citizen_id", true, &SQL_person_sealed_find, &SQL_person_sealed_rewrite},
    {"identity.person.phone", true, &SQL_person_sealed_find, &SQL_person_sealed_rewrite},
    {"identity.credential.totp_secret", false, &SQL_credential_totp_find,
     &SQL_credential_totp_rewrite},
    {0},
};

/* I-022: exactly one number; what is found is masked like any answer. */
static bool person_find(struct request *rq)
{
    struct rows *rows = NULL;
    bool by_id = arg_text(rq, "citizen_id") != NULL, by_phone = arg_text(rq, "phone") != NULL;
    if (by_id == by_phone)
        return problem_add(rq, (struct problem){.place = AT_POINTER,
                                                .name = "/citizen_id",
                                                .code = "one_of",
                                                .detail = "Either citizen_id or phone."});
    return db_rows(rq, &SQL_person_find, &rows) && reply_json(rq, 200, rows_text(rows, 0, 0));
}

static bool is_unmaskable(const char *name, size_t len)
{
    for (const char *const *known = unmaskable; *known != NULL; known++) {
        if (strlen(*known) == len && strncmp(*known, name, len) == 0)
            return true;
    }
    return false;
}

static bool refuse_field(struct request *rq)
{
    return problem_add(rq, (struct problem){.place = AT_POINTER,
                                            .name = "/fields",
                                            .code = "not_one_of",
                                            .detail = "At least one of: citizen_id, phone."});
}

/* The wanted fields, out of the array literal {"citizen_id","phone"}. NULL with a problem. */
static const char *wanted_fields(struct request *rq)
{
    struct buf names;
    buf_init(&names, rq->arena, NAMES_MAX);
    const char *at = arg_text(rq, "fields");
    for (at += strcspn(at, "\""); *at == '"'; at += strcspn(at, "\"")) {
        size_t len = strcspn(at + 1, "\"");
        if (!is_unmaskable(at + 1, len)) {
            refuse_field(rq);
            return NULL;
        }
        buf_str(&names, names.len > 0 ? "," : "");
        buf_add(&names, at + 1, len);
        at += len + 2;
    }
    if (names.len == 0)
        refuse_field(rq);
    return names.len == 0 ? NULL : buf_text(&names);
}

/* Why there is nothing to show: a person above is read and never unmasked. */
static bool refuse_unmasking(struct request *rq)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_person_get, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    return fail(rq, ERR_OUT_OF_SCOPE, NULL,
                "The person is kept by a division or a line outside your scope.");
}

/* I-023: one trip, whose audit row is committed when its rows are here. */
static bool person_unmask(struct request *rq)
{
    struct rows *rows = NULL;
    const char *fields = wanted_fields(rq);
    if (fields == NULL)
        return false;
    if (rq->validate_only)
        return fail(rq, ERR_BAD_PARAMETER, "validate_only", "There is nothing to rehearse here.");
    if (!db_rows(rq, &SQL_person_unmask, &rows))
        return false;
    if (rows_count(rows) == 0)
        return refuse_unmasking(rq);
    rq->unmasked = fields;
    return reply_json(rq, 200, rows_text(rows, 0, 0));
}
