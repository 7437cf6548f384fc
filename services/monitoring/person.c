/* services/monitoring/person.c - is somebody registered: what an entry is told that found the
 * person elsewhere, finding in the own divisions, and the province's yes or no. Rules M-130 to
 * M-137. Confirming is person_work.c's, claims are claim.c's. */
#include "core/uuid.h"
#include "http/sealed.h"
#include "monitoring.h"
#include "persons.h"
#include "sql_monitoring.h"

enum { REASON_MIN = 6, REASON_MAX = 300, HOUR_S = 3600 };

static handler member_find, person_locate;

/* clang-format off */
#define ID_NUMBER(flags, doc) F_SEALED("id_number", flags, SEALED_CITIZEN_ID, "monitoring.member.id_number", doc)

static const struct field found_member_fields[] = {
    F_UUID("id", SHOWN, "Id of the membership."),
    F_UUID("household_id", SHOWN, "The household."),
    F_CODE("owner_division", SHOWN, "Its village."),
    F_TEXT("name", SHOWN, 1, 60, "Name; of a child its first character, for callers who may not see more.", "赵甲"),
    ID_NUMBER(SHOWN | NULLABLE, "The number, masked by the caller's role."),
    F_DATE("left_on", SHOWN | NULLABLE, "Since when the person is no longer there.", "2026-03-01"),
    F_TEXT("confirmation", SHOWN, 1, 20, "Of the value list person_confirmation; to callers without person.locate every number is unconfirmed.", "confirmed"),
    F_VERSION(),
    FIELDS_END
};

static const struct field find_fields[] = {
    ID_NUMBER(IN_BODY | REQUIRED, "ID number to look for."),
    FIELDS_END
};

static const struct field found_fields[] = {
    F_ARRAY("items", SHOWN, found_member_fields, 100, "Who has that number, in the caller's own divisions."),
    FIELDS_END
};

static const struct field locate_fields[] = {
    ID_NUMBER(IN_BODY | REQUIRED, "ID number to ask about."),
    F_TEXT("reason", IN_BODY | REQUIRED, REASON_MIN, REASON_MAX, "What it is needed for; kept in the audit log.", "核对新迁入人员是否重复登记"),
    F_BOOL("registered", SHOWN, "Is somebody of this number registered in the province? Where is not told."),
    FIELDS_END
};

const struct route located_routes[] = {
    {METHOD_POST, "/members:find",   PERM_PERSON_UNMASK, find_fields,   &SQL_member_find,   member_find,   "find_members", "Find members of the own divisions by an ID number, sent in the body: addresses are logged on their way", .status = 200, .shows = found_fields, .reads = true},
    {METHOD_POST, "/persons:locate", PERM_PERSON_LOCATE, locate_fields, NULL,               person_locate, "locate_person", "Is somebody of this ID number registered anywhere in the province: yes or no, with a reason that is kept, so many times an hour", .status = 200, .also = "id_number reason", .reads = true},
    ROUTES_END
};
/* clang-format on */

static bool may_look(const struct request *rq)
{
    return !rq->validate_only && permission_in(rq->principal.permissions, PERM_PERSON_LOCATE);
}

bool person_bind(struct request *rq, bool numbered)
{
    struct rows *rows = NULL;
    bool looks = numbered && may_look(rq);
    if (looks && !db_rows(rq, &SQL_person_set_aside, &rows))
        return false;
    const char *look = looks ? rows_text(rows, 0, 0) : NULL;
    return arg_bind(rq, "look", look) &&
           arg_bind(rq, "may_locate", look != NULL ? "true" : "false");
}

bool person_untold(struct request *rq)
{
    struct rows *rows = NULL;
    return !may_look(rq) || db_rows(rq, &SQL_person_untold, &rows);
}

bool person_told(struct request *rq)
{
    return permission_in(rq->principal.permissions, PERM_PERSON_LOCATE) ||
           fail(rq, ERR_FORBIDDEN, NULL, "Who is confirmed is told with the permission %s.",
                permission_code(PERM_PERSON_LOCATE));
}

static const char *hashes_of(struct request *rq, const struct person_entered *p)
{
    const char *hashes = p->hashes;
    if (hashes != NULL || sealed_bind(rq, "id_number_hashes", &hashes))
        return hashes;
    return NULL;
}

/* In a transaction of its own, since the one that was refused is gone. */
static bool keep_refusal(struct request *rq, const struct person_entered *p, const char *field)
{
    struct rows *rows = NULL;
    char claim[UUID_TEXT];
    const char *hashes = hashes_of(rq, p);
    if (hashes == NULL || !uuid_new(rq->now, claim))
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    if (!arg_bind(rq, "told_claim", arena_strdup(rq->arena, claim)) ||
        !arg_bind(rq, "told_household", p->household) ||
        !arg_bind(rq, "told_division", p->division) || !arg_bind(rq, "told_hashes", hashes) ||
        !db_rows(rq, &SQL_person_elsewhere, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_DUPLICATE, field, "the household has a member of this number");
    rq->about =
        arena_printf(rq->arena, "/api/v1/monitoring/person_claims/%s", rows_text(rows, 0, 0));
    return true;
}

bool person_refused(struct request *rq, const struct person_entered *p)
{
    struct err told = rq->err;
    tx_end(&rq->tx);
    err_clear(&rq->err);
    bool elsewhere = told.code == ERR_ELSEWHERE;
    bool kept = elsewhere && keep_refusal(rq, p, told.field);
    if (elsewhere && !kept)
        told = rq->err;
    err_clear(&rq->err);
    if (!kept)
        (void)person_untold(rq);
    rq->err = told;
    return false;
}

/* What is found is masked like any answer. */
static bool member_find(struct request *rq)
{
    struct rows *rows = NULL;
    return db_rows(rq, rq->route->sql, &rows) && reply_json(rq, 200, rows_text(rows, 0, 0));
}

/* M-137: the audit row is of the statement that looks, so that no answer leaves before it is there.
 */
static bool person_locate(struct request *rq)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_person_locate, &rows))
        return false;
    if (rows_count(rows) == 0) {
        rq->retry_after_s = HOUR_S;
        return fail(rq, ERR_RATE, NULL, "So many questions an hour are answered, and no more.");
    }
    return reply_json(rq, 200, rows_text(rows, 0, 0));
}
