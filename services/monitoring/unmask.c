/* services/monitoring/unmask.c - personal data of the archive in full, with a reason that is kept:
 * rules M-220 to M-222. What is masked otherwise, and for whom, is the field tables' and
 * monitoring.member_as_shown()'s. */
#include <string.h>

#include "citizen.h"
#include "core/buf.h"
#include "monitoring.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { REASON_MIN = 6, REASON_MAX = 300, FIELDS_MAX = 4, NAMES_MAX = 64, HOUR_S = 3600 };

static handler unmask_household, unmask_member;

/* clang-format off */
#define REASON_FIELD F_TEXT("reason", IN_BODY | REQUIRED, REASON_MIN, REASON_MAX, "What the full values are needed for; kept in the audit log.", "入户核对身份证号")

static const struct field asked_household[] = {
    F_UUID("id", IN_PATH, "Id of the household."),
    REASON_FIELD,
    {"fields", FIELD_TEXTS, IN_BODY | REQUIRED, 0, FIELDS_MAX, 0, 0, "Which are wanted: phone.", "phone"},
    FIELDS_END
};

static const struct field asked_member[] = {
    F_UUID("id", IN_PATH, "Id of the member."),
    REASON_FIELD,
    {"fields", FIELD_TEXTS, IN_BODY | REQUIRED, 0, FIELDS_MAX, 0, 0, "Which are wanted: id_number, phone, health, disability_card; the last two need health.read, too.", "id_number"},
    FIELDS_END
};

static const struct field shown_household[] = {
    F_UUID("id", SHOWN, "Id of the household."),
    F_CODE("owner_division", SHOWN, "Its village."),
    F_SEALED("phone", SHOWN | NULLABLE, SEALED_PHONE, "monitoring.household.phone", "Telephone number."),
    F_INT("version", SHOWN, 1, INT32_MAX, "The record's version.", "1"),
    FIELDS_END
};

static const struct field shown_member[] = {
    F_UUID("id", SHOWN, "Id of the member."),
    F_UUID("household_id", SHOWN, "The household."),
    F_CODE("owner_division", SHOWN, "Its village."),
    F_TEXT("name", SHOWN, 1, 60, "Name.", "赵甲"),
    F_SEALED("id_number", SHOWN | NULLABLE, SEALED_CITIZEN_ID, "monitoring.member.id_number", "ID number; null: not asked for, or there is none."),
    F_SEALED("phone", SHOWN | NULLABLE, SEALED_PHONE, "monitoring.member.phone", "Telephone number."),
    F_SEALED("health", SHOWN | NULLABLE, SEALED_CODES, "monitoring.member.health", "Health: codes of the value list, joined by commas."),
    F_SEALED("disability_card", SHOWN | NULLABLE, SEALED_DISABILITY_CARD, "monitoring.member.disability_card", "Number of the disability card."),
    F_INT("version", SHOWN, 1, INT32_MAX, "The record's version.", "1"),
    FIELDS_END
};

const struct route unmask_routes[] = {
    {METHOD_POST, "/households/:id:unmask", PERM_PERSON_UNMASK, asked_household, NULL, unmask_household, "unmask_household", "See a household's telephone number in full, with a reason that is kept with who asked", .also = "reason fields", .status = 200, .shows = shown_household, .reads = true},
    {METHOD_POST, "/members/:id:unmask",    PERM_PERSON_UNMASK, asked_member,    NULL, unmask_member,    "unmask_member", "See a member's numbers or health in full, with a reason that is kept with who asked; of a child under fourteen with minor.read, too", .also = "reason fields", .status = 200, .shows = shown_member, .reads = true},
    ROUTES_END
};
/* clang-format on */

/* Fields that may be asked for; those of health need a permission more. */
struct unmaskable {
    const char *name;
    enum permission also;
};

static const struct unmaskable of_household[] = {{"phone", PERM_NONE}, {NULL, PERM_NONE}};
static const struct unmaskable of_member[] = {{"id_number", PERM_NONE},
                                              {"phone", PERM_NONE},
                                              {"health", PERM_HEALTH_READ},
                                              {"disability_card", PERM_HEALTH_READ},
                                              {NULL, PERM_NONE}};

bool unmasking_refused(struct request *rq, const char *why)
{
    if (strcmp(why, "minor") == 0)
        return fail(rq, ERR_FORBIDDEN, NULL,
                    "This is of a child under fourteen and needs the permission minor.read.");
    rq->retry_after_s = HOUR_S;
    return fail(rq, ERR_RATE, NULL, "Personal data is seen in full so many times an hour.");
}

bool unmasking_permits(struct request *rq, enum permission p)
{
    return p == PERM_NONE || permission_in(rq->principal.permissions, p) ||
           fail(rq, ERR_FORBIDDEN, NULL, "This needs the permission %s.", permission_code(p));
}

static const struct unmaskable *find(const struct unmaskable *known, const char *name, size_t len)
{
    while (known->name != NULL &&
           (strlen(known->name) != len || strncmp(known->name, name, len) != 0))
        known++;
    return known->name == NULL ? NULL : known;
}

static bool refuse_field(struct request *rq, const struct unmaskable *known)
{
    struct buf b;
    buf_init(&b, rq->arena, 200);
    buf_str(&b, "At least one of:");
    for (; known->name != NULL; known++)
        buf_printf(&b, " %s", known->name);
    buf_char(&b, '.');
    return problem_add(rq, (struct problem){.place = AT_POINTER,
                                            .name = "/fields",
                                            .code = "not_one_of",
                                            .detail = buf_text(&b)});
}

/* The wanted fields, out of the array literal {"id_number","phone"}. NULL with a refusal. */
static const char *wanted_fields(struct request *rq, const struct unmaskable *known)
{
    struct buf names;
    buf_init(&names, rq->arena, NAMES_MAX);
    const char *at = arg_text(rq, "fields");
    for (at += strcspn(at, "\""); *at == '"'; at += strcspn(at, "\"")) {
        size_t len = strcspn(at + 1, "\"");
        const struct unmaskable *one = find(known, at + 1, len);
        if (one == NULL)
            break;
        if (!unmasking_permits(rq, one->also))
            return NULL;
        buf_str(&names, names.len > 0 ? "," : "");
        buf_add(&names, at + 1, len);
        at += len + 2;
    }
    if (names.len > 0 && *at != '"')
        return buf_text(&names);
    refuse_field(rq, known);
    return NULL;
}

/* One trip, whose audit row is committed when its row is here. */
static bool unmask(struct request *rq, const struct unmaskable *known, const struct stmt *st)
{
    struct rows *rows = NULL;
    const char *fields = wanted_fields(rq, known);
    if (fields == NULL || !db_rows(rq, st, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    if (rows_text(rows, 0, 0) != NULL)
        return unmasking_refused(rq, rows_text(rows, 0, 0));
    rq->unmasked = fields;
    return reply_json(rq, 200, rows_text(rows, 0, 1));
}

static bool unmask_household(struct request *rq)
{
    return unmask(rq, of_household, &SQL_household_unmask);
}

static bool unmask_member(struct request *rq)
{
    return unmask(rq, of_member, &SQL_member_unmask);
}
