/* services/monitoring/household.c - households of the archive: read, list, enter with who lives
 * there, correct. Rules M-020 to M-030 (M-027: NO_ID_NUMBER), M-040 to M-043. Steps of whole
 * households are membership.c's. */
#include <string.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/str.h"
#include "findings.h"
#include "household_parts.h"
#include "http/sealed.h"
#include "monitoring.h"
#include "persons.h"
#include "search.h"
#include "sql_monitoring.h"

#include "core/banned.h"

enum { DERIVED_MAX = 64 * 1024 };

static const char *const household_types[] = {"general", "lifted", NULL};
static const char *const elimination_kinds[] = {"assisted", "natural", NULL};
static const char *const household_states[] = {"active", "ended", NULL};
static const char *const household_ends[] = {"moved_out", "merged", "died_out", "error", NULL};
static handler household_one, household_create, household_correct;

/* clang-format off */
const struct field member_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the membership; may come from the client."),
    F_UUID("household_id", IN_QUERY | IN_PATH | SHOWN, "The household."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only those of this village."),
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only those of this division and below."),
    F_TEXT("name_prefix", IN_QUERY, 1, 60, "Only names that begin so; sorted by name where nothing else is asked for. Children whose names the caller does not see are not found.", "赵"),
    F_BOOL("living", IN_QUERY, "Only those who live there now (true), or who have left (false)."),
    F_UUIDS("ids", IN_QUERY, 500, "Only these."),
    AS_OF_FIELD,
    MEMBER_COMMON,
    MEMBER_JOINED,
    MEMBER_SHOWN_BESIDES,
    F_TEXT("reason", SHOWN | NULLABLE, 1, 300, "Why this version was recorded.", "入户核实后更正"),
    F_VERSION(),
    FIELDS_END
};

#define HOUSEHOLD_COMMON \
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Its id; may come from the client."), \
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The village that it is of."), \
    F_CODE("at_division", SHOWN, "Where this record was made."), \
    F_TEXT("household_number", IN_BODY | IN_QUERY | SHOWN | NULLABLE | NO_ID_NUMBER, 1, HOUSEHOLD_NUMBER_MAX, "Number of the national system, once in a county; no person's ID number.", "4313020060030001"), \
    F_UUID("settlement_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "Natural village or villagers' group of its village."), \
    F_UUID("grid_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "Grid of its village."), \
    F_TEXT("address", IN_BODY | SHOWN | NULLABLE, 1, ADDRESS_MAX, "Where it lives.", "仙人阁社区三组12号"), \
    F_ENUM("household_type", IN_BODY | IN_QUERY | REQUIRED | SHOWN, household_types, "Lifted out of poverty, or not."), \
    F_TEXT("lifted_class", IN_BODY | SHOWN | NULLABLE, 1, 40, "Class of a lifted household, of the value list lifted_class.", "stable"), \
    F_TEXT("object_type", IN_BODY | IN_QUERY | SHOWN | NULLABLE, 1, 40, "Kind of object of monitoring, of the value list object_type; null: is none.", "3"), \
    F_TEXTS("risks", IN_BODY | SHOWN, 5, "Risks, of the value list risk."), \
    F_TEXT("disaster", IN_BODY | SHOWN | NULLABLE, 1, 40, "Of the value list disaster.", "0201"), \
    F_TEXT("risk_note", IN_BODY | SHOWN | NULLABLE, 1, RISK_NOTE_MAX, "What the risk is.", "主要劳动力住院"), \
    F_TEXT("risk_level", IN_BODY | SHOWN | NULLABLE, 1, 40, "Of the value list risk_level.", "high"), \
    F_DATE("identified_on", IN_BODY | SHOWN | NULLABLE, "When it became an object of monitoring; not to come.", "2026-03-01"), \
    F_BOOL("eliminated", IN_BODY | IN_QUERY | SHOWN, "Its risk is eliminated; as a filter: among objects of monitoring."), \
    F_DATE("eliminated_on", IN_BODY | SHOWN | NULLABLE, "Since when; not to come.", "2026-10-01"), \
    F_ENUM("elimination_kind", IN_BODY | SHOWN | NULLABLE, elimination_kinds, "How."), \
    F_BOOL("martyr_family", IN_BODY | IN_QUERY | SHOWN, "Family of a soldier or martyr."), \
    F_BOOL("resettled", IN_BODY | IN_QUERY | SHOWN, "Lives where people were resettled."), \
    F_TEXT("resettlement_address", IN_BODY | SHOWN | NULLABLE, 1, ADDRESS_MAX, "Where that is.", "和谐新村2栋"), \
    F_BOOL("no_labour", IN_BODY | IN_QUERY | SHOWN, "Nobody there can work."), \
    F_UUID("head_member_id", SHOWN, "Its head."), \
    F_TEXT("head_name", SHOWN, 0, PERSON_NAME_MAX, "Name of the head; of a child its first character and stars, for callers who may not see more.", "赵甲"), \
    F_INT("member_count", SHOWN, 0, INT32_MAX, "Who lives there.", "4"), \
    F_SEALED("phone", IN_BODY | SHOWN | NULLABLE, SEALED_PHONE, "monitoring.household.phone", "Telephone number; encrypted, shown masked by the caller's role."), \
    F_ENUM("status", IN_QUERY | SHOWN, household_states, "Is it there?"), \
    F_DATE("ended_on", SHOWN | NULLABLE, "The first day no longer there.", "2026-08-01"), \
    F_ENUM("ended_how", SHOWN | NULLABLE, household_ends, "Why no longer there."), \
    F_UUID("follows_id", SHOWN | NULLABLE, "The household that it was split from."), \
    F_OBJECT("extension", IN_BODY | SHOWN | NO_ID_NUMBER, NULL, "Fields of the province's own, 8 KiB at most; a change merges, null takes one out."), \
    RECORDED_FIELDS, \
    REASON_FIELD(SHOWN | NULLABLE), \
    F_VERSION()

const struct field household_fields[] = {
    HOUSEHOLD_COMMON,
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only those of this village."),
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only those of this division and below."),
    F_TEXT("risk", IN_QUERY, 1, 40, "Only those with this risk.", "01"),
    F_TEXT("name_prefix", IN_QUERY, 1, 60, "Only heads whose names begin so; sorted by name where nothing else is asked for. Children whose names the caller does not see are not found.", "赵"),
    F_TEXT("text", IN_QUERY, 2, 60, "Only those with this text in the address or in the name of somebody who lives there; children whose names the caller does not see are not found.", "三组"),
    F_BOOL("unconfirmed", IN_QUERY, "Only those with members who are not confirmed (true), or without (false); for holders of person.locate."),
    F_ENUM("open_findings", IN_QUERY, found_severities, "Only those with open findings of this severity, as far as the caller may see what they tell of."),
    F_UUIDS("ids", IN_QUERY, 500, "Only these."),
    AS_OF_FIELD,
    FIELDS_END
};

const struct field peopled_fields[] = {
    HOUSEHOLD_COMMON,
    F_ARRAY("members", IN_BODY | REQUIRED | SHOWN, member_fields, LIMIT_HOUSEHOLD_MEMBERS, "Who lives there, the head among them; the head first."),
    FIELDS_END
};

#define HOUSEHOLD_NAMES \
    "household_number settlement_id grid_id address household_type lifted_class object_type risks disaster risk_note risk_level identified_on eliminated " \
    "eliminated_on elimination_kind martyr_family resettled resettlement_address no_labour phone extension "

const struct route household_routes[] = {
    {METHOD_GET,   "/households",     PERM_HOUSEHOLD_READ,  household_fields, &SQL_household_list,    households_listed,   "list_households", "Households of the caller's divisions, by filters, by words in addresses and names, by flags", .also = "text unconfirmed open_findings"},
    {METHOD_GET,   "/households/:id", PERM_HOUSEHOLD_READ,  household_fields, &SQL_household_get,     household_one,     "get_household", "One household, or as it was recorded at the end of a day", .also = "as_of"},
    {METHOD_POST,  "/households",     PERM_HOUSEHOLD_WRITE, peopled_fields,   &SQL_household_insert,  household_create,  "create_household", "Enter a household with who lives there", .also = HOUSEHOLD_NAMES "members", .location = "/households/", .status = 201},
    {METHOD_PATCH, "/households/:id", PERM_HOUSEHOLD_WRITE, household_fields, &SQL_household_correct, household_correct, "update_household", "Correct a household", .also = HOUSEHOLD_NAMES "version", .probe = &SQL_household_get},
    ROUTES_END
};
/* clang-format on */

/* M-043. */
static bool household_one(struct request *rq)
{
    struct rows *rows = NULL;
    if (arg_text(rq, "as_of") == NULL)
        return read_one(rq);
    if (!db_rows(rq, &SQL_household_as_of, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "It was not recorded yet on that day.");
    return reply_json(rq, 200, rows_text(rows, 0, 0));
}

static const char *pointer_to(struct request *rq, size_t i, const char *field)
{
    return arena_printf(rq->arena, "/members/%zu/%s", i, field);
}

/* What follows from a member's ID number, and its hashes. */
static bool add_derived(struct request *rq, struct buf *b, size_t i)
{
    struct identity is;
    struct identity_fault fault = {0};
    const char *number = arg_member(rq, "members", i, "id_number"), *hashes = NULL;
    const struct identity_said said = {arg_member(rq, "members", i, "certificate_kind"), number,
                                       arg_member(rq, "members", i, "birth_on"),
                                       arg_member(rq, "members", i, "sex")};
    if (!identity_of(&said, rq->today, &is, &fault))
        return problem_add(rq, (struct problem){.place = AT_POINTER,
                                                .name = pointer_to(rq, i, fault.field),
                                                .code = fault.code,
                                                .detail = fault.detail});
    if (!archive_day_not_later(rq, arg_member(rq, "members", i, "joined_on"),
                               pointer_to(rq, i, "joined_on")) ||
        !archive_health(rq, arg_member(rq, "members", i, "health"), pointer_to(rq, i, "health")) ||
        !sealed_hashes(rq, archive_member_field("id_number"), number, &hashes))
        return false;
    buf_printf(b, "%s{\"certificate_kind\":\"%s\",\"sex\":", i > 0 ? "," : "", is.certificate_kind);
    buf_json(b, is.sex);
    buf_str(b, ",\"birth_on\":");
    buf_json(b, is.birth_on[0] == '\0' ? NULL : is.birth_on);
    buf_str(b, ",\"hashes\":");
    buf_json(b, hashes);
    buf_char(b, '}');
    return true;
}

/* M-030: exactly one head. */
static bool check_head(struct request *rq, size_t n)
{
    size_t heads = 0;
    for (size_t i = 0; i < n; i++)
        heads += str_equal(arg_member(rq, "members", i, "relation"), "head") ? 1 : 0;
    return heads == 1 || problem_add(rq, (struct problem){.place = AT_POINTER,
                                                          .name = "/members",
                                                          .code = "one_head",
                                                          .detail = "Exactly one of them is the "
                                                                    "head: relation head."});
}

static bool bind_members(struct request *rq)
{
    struct buf derived;
    const char *members = NULL;
    size_t n = arg_count(rq, "members");
    buf_init(&derived, rq->arena, DERIVED_MAX);
    buf_char(&derived, '[');
    bool ok = archive_not_later(rq, "identified_on") && archive_not_later(rq, "eliminated_on") &&
              check_head(rq, n);
    for (size_t i = 0; i < n; i++)
        ok = add_derived(rq, &derived, i) && ok;
    buf_char(&derived, ']');
    const char *text = buf_text(&derived);
    if (!ok || !sealed_members(rq, "members", &members))
        return false;
    if (text == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return arg_bind(rq, "members", members) && arg_bind(rq, "derived", text);
}

/* The hashes of the number that was refused: its member stands in the field of the refusal. */
static const char *refused_hashes(struct request *rq)
{
    const char *hashes = NULL;
    int64_t i = 0;
    char at[24] = {0};
    size_t begin = strlen("members/"), len = strcspn(rq->err.field + begin, "/");
    if (!str_starts(rq->err.field, "members/") || len >= sizeof at)
        return NULL;
    memcpy(at, rq->err.field + begin, len);
    struct err kept = rq->err;
    err_clear(&rq->err);
    if (!str_int(at, 0, LIMIT_HOUSEHOLD_MEMBERS, &i) ||
        !sealed_hashes(rq, archive_member_field("id_number"),
                       arg_member(rq, "members", (size_t)i, "id_number"), &hashes))
        hashes = NULL;
    rq->err = kept;
    return hashes;
}

static bool household_create(struct request *rq)
{
    static const struct archive_value nothing[] = {{0}};
    if (!person_bind(rq, true))
        return false;
    return (db_begin(rq) && bind_members(rq) && archive_fields(rq, rq->new_id, nothing) &&
            db_write(rq, &SQL_household_insert, 201) && person_untold(rq) &&
            findings_after(rq, rq->new_id)) ||
           person_refused(rq, &(struct person_entered){.division = arg_text(rq, "owner_division"),
                                                       .hashes = refused_hashes(rq)});
}

/* M-025. */
static bool household_correct(struct request *rq)
{
    static const struct archive_value nothing[] = {{0}};
    struct held held;
    const char *id = arg_text(rq, "id");
    return archive_not_later(rq, "identified_on") && archive_not_later(rq, "eliminated_on") &&
           db_begin(rq) && archive_hold(rq, id, NULL, &held) && archive_fields(rq, id, nothing) &&
           db_write(rq, &SQL_household_correct, 200) && findings_after(rq, id);
}
