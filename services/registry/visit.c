/* services/registry/visit.c - visits: who was where on which day, and what came of it. Short field
 * records, brought by devices, too (devices.c). No place on a map, no time of day, no compulsory
 * picture (国办函〔2026〕12号). Whose they are is said in sql/visit.sql. */
#include "registry.h"
#include "sql_registry.h"

static const char *const visit_purposes[] = {"contact",      "coverage", "research",
                                             "secret_check", "team",     NULL};
static handler visit_write;

/* clang-format off */
static const struct field visit_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the visit; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The village or other division visited, which decides who sees it."),
    F_CODE("at_division", SHOWN, "The same."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only visits to this division."),
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only visits to this division and those below it."),
    F_UUID("post_id", IN_QUERY | SHOWN, "The post that went: the caller's."),
    F_UUID("organisation_id", IN_QUERY | SHOWN, "Its unit."),
    F_TEXT("post_title", SHOWN, 1, 80, "The post's title when the visit was recorded.", "驻村第一书记"),
    F_TEXT("organisation_name", SHOWN, 1, 80, "The unit's name then.", "娄星区农业农村局"),
    F_DATE("visited_on", IN_BODY | SHOWN, "The day; absent: today.", "2026-06-18"),
    F_ENUM("purpose", IN_BODY | IN_QUERY | REQUIRED | SHOWN, visit_purposes, "What for."),
    F_UUID("settlement_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The natural village, group or grid visited."),
    F_UUID("household_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The household visited."),
    F_BOOL("poor", IN_BODY | SHOWN, "Is it a household in difficulty (困难户)? Absent: no."),
    F_TEXT("found", IN_BODY | SHOWN | NULLABLE, 1, 2000, "What was found.", "三组饮水管道渗漏"),
    F_TEXT("promised", IN_BODY | SHOWN | NULLABLE, 1, 1000, "What was promised.", "月底前更换管道"),
    F_UUIDS("file_ids", IN_BODY | SHOWN, 20, "Files, where there are some: whole ones that the caller can see. None is demanded."),
    F_DATE("from", IN_QUERY, "Only visits on or after this day.", "2026-01-01"),
    F_DATE("until", IN_QUERY, "Only visits before this day.", "2026-07-01"),
    F_UUIDS("ids", IN_QUERY, 500, "Only these visits."),
    F_INSTANT("created_at", SHOWN, "When it came in."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = { /* */
    F_UUID("id", IN_PATH, "Id of the visit."),
    F_DATE("visited_on", IN_BODY, "The day.", "2026-06-18"),
    F_ENUM("purpose", IN_BODY, visit_purposes, "What for."),
    F_UUID("settlement_id", IN_BODY | NULLABLE, "The natural village, group or grid visited."),
    F_UUID("household_id", IN_BODY | NULLABLE, "The household visited."),
    F_BOOL("poor", IN_BODY, "Is it a household in difficulty (困难户)?"),
    F_TEXT("found", IN_BODY | NULLABLE, 1, 2000, "What was found.", "三组饮水管道渗漏"),
    F_TEXT("promised", IN_BODY | NULLABLE, 1, 1000, "What was promised.", "月底前更换管道"),
    F_VERSION(),
    FIELDS_END
};

static const struct field withdraw_fields[] = {
    F_UUID("id", IN_PATH, "Id of the visit."),
    F_TEXT("reason", IN_BODY | REQUIRED, 1, 500, "Why it is no visit; kept in the audit log.", "误录，未到该村"),
    F_VERSION(),
    FIELDS_END
};

const struct route visit_routes[] = {
    {METHOD_GET,   "/visits",              PERM_VISIT_READ,  visit_fields,     &SQL_visit_list,     read_page,   "list_visits", "Visits in the caller's scope"},
    {METHOD_GET,   "/visits/:id",          PERM_VISIT_READ,  visit_fields,     &SQL_visit_get,      read_one,    "get_visit", "One visit"},
    {METHOD_POST,  "/visits",              PERM_VISIT_WRITE, visit_fields,     &SQL_visit_insert,   visit_write, "record_visit", "Record a visit of the own post", .location = "/visits/", .status = 201},
    {METHOD_PATCH, "/visits/:id",          PERM_VISIT_WRITE, corrected_fields, &SQL_visit_correct,  visit_write, "update_visit", "Correct a visit of the own post", .shows = visit_fields, .probe = &SQL_visit_get},
    {METHOD_POST,  "/visits/:id:withdraw", PERM_VISIT_WRITE, withdraw_fields,  &SQL_visit_withdraw, write_one,   "withdraw_visit", "Take a visit of the own post back that was recorded by mistake: it is no more", .shows = visit_fields, .probe = &SQL_visit_get, .status = 200},
    ROUTES_END
};
/* clang-format on */

/* a visit is something that was. */
static bool visit_write(struct request *rq)
{
    struct date on;
    if (arg_date(rq, "visited_on", &on) && date_compare(on, rq->today) > 0)
        return problem_add(rq, (struct problem){AT_POINTER, "/visited_on", 0, "in_the_future",
                                                "a visit is not of a day to come"});
    return write_one(rq);
}
