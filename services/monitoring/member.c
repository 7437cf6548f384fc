/* services/monitoring/member.c - members of households: read, list, add one, correct one, one
 * leaves. Rules M-024, M-031 to M-033, M-040 to M-043. */
#include "core/limits.h"
#include "core/str.h"
#include "findings.h"
#include "household_parts.h"
#include "http/sealed.h"
#include "monitoring.h"
#include "persons.h"
#include "sql_monitoring.h"

static handler member_one, member_page, members_of, member_create, member_correct, member_leave;

static const char *const joining_ways[] = {"registered", "birth",    "marriage", "adopted",
                                           "moved_in",   "returned", NULL};

/* clang-format off */
static const struct field joining_fields[] = {
    F_UUID("id", IN_BODY, "Id of the membership; may come from the client."),
    F_UUID("household_id", IN_PATH, "The household."),
    AS_OF_FIELD,
    MEMBER_COMMON,
    F_DATE("joined_on", IN_BODY, "The first day there; absent: today.", "2020-01-01"),
    F_ENUM("joined_how", IN_BODY, joining_ways, "How; absent: registered."),
    F_UUID("follows_id", IN_BODY, "The same person's membership before, which has ended: who comes back."),
    REASON_FIELD(0),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Id of the membership."),
    MEMBER_COMMON,
    F_DATE("joined_on", IN_BODY, "The first day there.", "2020-01-01"),
    F_ENUM("joined_how", IN_BODY, joining_ways, "How."),
    REASON_FIELD(0),
    F_VERSION(),
    FIELDS_END
};

const struct field relation_fields[] = {
    F_UUID("member_id", IN_BODY | REQUIRED, "Another member who lives there."),
    F_TEXT("relation", IN_BODY | REQUIRED, 1, 40, "What it is to the head, of the value list relation.", "son"),
    FIELDS_END
};

static const char *const leaving_ways[] = {"death", "marriage", "moved_out", "error", NULL};
static const struct field leaving_fields[] = {
    F_UUID("id", IN_PATH, "Id of the membership."),
    F_DATE("left_on", IN_BODY | REQUIRED, "The first day no longer there.", "2026-05-02"),
    F_ENUM("left_how", IN_BODY | REQUIRED, leaving_ways, "Why."),
    F_UUID("new_head_id", IN_BODY, "Of a head that leaves: the member that follows."),
    F_ARRAY("relations", IN_BODY, relation_fields, LIMIT_HOUSEHOLD_MEMBERS, "What each other member is to the new head."),
    REASON_FIELD(REQUIRED),
    F_VERSION(),
    FIELDS_END
};

const struct route member_routes[] = {
    {METHOD_GET,   "/members",           PERM_HOUSEHOLD_READ,  member_fields,    &SQL_member_list,         member_page,    "list_members", "Members of households of the caller's divisions, those who have left, too"},
    {METHOD_GET,   "/members/:id",       PERM_HOUSEHOLD_READ,  member_fields,    &SQL_member_get,          member_one,     "get_member", "One member, or as it was recorded at the end of a day", .also = "as_of"},
    {METHOD_GET,   "/households/:household_id/members", PERM_HOUSEHOLD_READ,  joining_fields, &SQL_member_of_household, members_of, "list_household_members", "Who lives in a household, or lived there on a day", .shows = member_fields},
    {METHOD_POST,  "/households/:household_id/members", PERM_HOUSEHOLD_WRITE, joining_fields, &SQL_member_insert, member_create, "create_household_member", "Somebody is born, marries or moves into a household", .also = MEMBER_NAMES "id", .shows = member_fields, .location = "/members/", .status = 201},
    {METHOD_PATCH, "/members/:id",       PERM_HOUSEHOLD_WRITE, corrected_fields, &SQL_member_correct,      member_correct, "update_member", "Correct a member", .also = MEMBER_NAMES "version", .shows = member_fields, .probe = &SQL_member_get},
    {METHOD_POST,  "/members/:id:leave", PERM_HOUSEHOLD_WRITE, leaving_fields,   &SQL_member_leave,        member_leave,   "remove_member", "Somebody dies, marries or moves out of a household", .shows = member_fields, .probe = &SQL_member_get, .status = 200},
    ROUTES_END
};
/* clang-format on */

static bool member_one(struct request *rq)
{
    struct rows *rows = NULL;
    if (arg_text(rq, "as_of") == NULL)
        return read_one(rq);
    if (!db_rows(rq, &SQL_member_as_of, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "It was not recorded yet on that day.");
    return reply_json(rq, 200, rows_text(rows, 0, 0));
}

static bool member_page(struct request *rq)
{
    if (arg_text(rq, "confirmation") != NULL && !person_told(rq))
        return false;
    return archive_page(rq, "name");
}

/* M-043. A household that is not there has no list. */
static bool members_of(struct request *rq)
{
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_member_household, &rows))
        return false;
    return rows_count(rows) > 0 ? read_page(rq) : fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

static bool refuse(struct request *rq, const char *pointer, const char *code, const char *detail)
{
    return problem_add(
        rq, (struct problem){.place = AT_POINTER, .name = pointer, .code = code, .detail = detail});
}

static bool check_identity(struct request *rq, const struct identity_said *said,
                           struct identity *ret)
{
    struct identity_fault fault = {0};
    if (identity_of(said, rq->today, ret, &fault))
        return archive_health(rq, arg_text(rq, "health"), "/health");
    return refuse(rq, arena_printf(rq->arena, "/%s", fault.field), fault.code, fault.detail);
}

static const char *born(const struct identity *is)
{
    return is->birth_on[0] == '\0' ? NULL : is->birth_on;
}

/* M-031. */
static bool check_joining(struct request *rq)
{
    if (str_equal(arg_text(rq, "relation"), "head"))
        return refuse(rq, "/relation", "one_head",
                      "The household has a head: another one is set by :set_head.");
    return archive_not_later(rq, "joined_on");
}

static bool bind_joining(struct request *rq)
{
    struct identity is = {0};
    const char *hashes = NULL;
    const struct identity_said said = {arg_text(rq, "certificate_kind"), arg_text(rq, "id_number"),
                                       arg_text(rq, "birth_on"), arg_text(rq, "sex")};
    if (!check_joining(rq) || !check_identity(rq, &said, &is) ||
        !sealed_hashes(rq, archive_member_field("id_number"), said.id_number, &hashes))
        return false;
    const struct archive_value derived[] = {
        {"id", rq->new_id}, {"certificate_kind", is.certificate_kind},
        {"sex", is.sex},    {"birth_on", born(&is)},
        {"hashes", hashes}, {0}};
    return archive_fields(rq, rq->new_id, derived);
}

static bool member_create(struct request *rq)
{
    struct held held;
    const char *household = arg_text(rq, "household_id");
    if (!person_bind(rq, arg_text(rq, "id_number") != NULL))
        return false;
    return (db_begin(rq) && archive_hold(rq, household, NULL, &held) && bind_joining(rq) &&
            db_write(rq, &SQL_member_insert, 201) && person_untold(rq) &&
            findings_after(rq, household)) ||
           person_refused(rq, &(struct person_entered){.household = household});
}

/* One row of member_hold. */
struct held_member {
    const char *household, *status, *head, *version, *id_number, *birth_on, *sex, *certificate_kind,
        *relation;
};

static bool hold_member(struct request *rq, struct held_member *ret)
{
    enum { HOUSEHOLD, STATUS, HEAD, VERSION, NUMBER, BORN, SEX, CERTIFICATE, RELATION };
    struct rows *rows = NULL;
    if (!db_rows(rq, &SQL_member_hold, &rows))
        return false;
    if (rows_count(rows) == 0)
        return fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
    *ret = (struct held_member){rows_text(rows, 0, HOUSEHOLD), rows_text(rows, 0, STATUS),
                                rows_text(rows, 0, HEAD),      rows_text(rows, 0, VERSION),
                                rows_text(rows, 0, NUMBER),    rows_text(rows, 0, BORN),
                                rows_text(rows, 0, SEX),       rows_text(rows, 0, CERTIFICATE),
                                rows_text(rows, 0, RELATION)};
    return true;
}

/* What is said when the change is made: what the body gives, else what the record has. What an ID
 * number said goes with it. */
static struct identity_said said_of(struct request *rq, const struct held_member *m,
                                    const char *number_was)
{
    bool renumbered = arg_given(rq, "id_number") && number_was != NULL;
    struct identity_said said = {
        .certificate_kind = arg_text(rq, "certificate_kind"),
        .id_number = arg_given(rq, "id_number") ? arg_text(rq, "id_number") : number_was,
        .birth_on = arg_given(rq, "birth_on") ? arg_text(rq, "birth_on") : NULL,
        .sex = arg_given(rq, "sex") ? arg_text(rq, "sex") : NULL,
    };
    if (said.id_number == NULL && !renumbered) {
        said.certificate_kind =
            said.certificate_kind == NULL ? m->certificate_kind : said.certificate_kind;
        said.birth_on = arg_given(rq, "birth_on") ? said.birth_on : m->birth_on;
        said.sex = arg_given(rq, "sex") ? said.sex : m->sex;
    }
    return said;
}

/* M-033: only :set_head and :leave make a head. */
static bool check_relation(struct request *rq, const struct held_member *m)
{
    const char *wanted = arg_text(rq, "relation");
    bool is_head = str_equal(m->head, arg_text(rq, "id"));
    if (!arg_given(rq, "relation") || is_head == str_equal(wanted, "head"))
        return true;
    return refuse(rq, "/relation", "one_head", "Another head is set by :set_head.");
}

static bool bind_correction(struct request *rq, const struct held_member *m)
{
    struct identity is = {0};
    const char *id = arg_text(rq, "id");
    const char *number_was = sealed_open(rq, "monitoring.member.id_number", id, m->id_number);
    if (m->id_number != NULL && number_was == NULL && !arg_given(rq, "id_number"))
        return archive_fields(rq, id, (const struct archive_value[]){{0}}); /* its key is lost */
    const struct identity_said said = said_of(rq, m, number_was);
    if (!archive_not_later(rq, "joined_on") || !check_relation(rq, m) ||
        !check_identity(rq, &said, &is))
        return false;
    const struct archive_value derived[] = {
        {"certificate_kind", is.certificate_kind}, {"sex", is.sex}, {"birth_on", born(&is)}, {0}};
    return archive_fields(rq, id, derived) &&
           arg_bind(rq, "renumbered",
                    arg_given(rq, "id_number") && !str_equal(said.id_number, number_was) ? "true"
                                                                                         : "false");
}

static bool member_correct(struct request *rq)
{
    struct held_member m = {0};
    if (!person_bind(rq, arg_text(rq, "id_number") != NULL))
        return false;
    return (db_begin(rq) && hold_member(rq, &m) && bind_correction(rq, &m) &&
            db_write(rq, &SQL_member_correct, 200) && person_untold(rq) &&
            findings_after(rq, m.household)) ||
           person_refused(rq, &(struct person_entered){.household = m.household});
}

static bool member_leave(struct request *rq)
{
    struct held_member m = {0};
    return archive_not_later(rq, "left_on") && db_begin(rq) && hold_member(rq, &m) &&
           db_write(rq, &SQL_member_leave, 200) && findings_after(rq, m.household);
}
