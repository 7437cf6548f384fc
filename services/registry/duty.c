/* services/registry/duty.c - duties: what a clause of a document lays on whom, on which level. Rule
 * Who holds the posts that a kind of subject means is identity's. */
#include "registry.h"
#include "sql_registry.h"

const char *const duty_subjects[] = {
    "first_responsible", "direct",      "specific",      "main_body",   "contact_leader",
    "linked_unit",       "lead_unit",   "duty_unit",     "work_group",  "first_secretary",
    "team_leader",       "team_member", "helper",        "grid_worker", "party_committee",
    "government",        "department",  "leading_group", "work_team",   "village_committee",
    "mass_organisation", "garrison",    "social_force",  NULL};

/* clang-format off */
static const struct field duty_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the duty; may come from the client."),
    F_CODE("owner_division", SHOWN, "The document's division: the duty binds it and the levels below it."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only duties that bind this division: laid down there or above it."),
    F_UUID("document_id", IN_QUERY | SHOWN, "The document that lays it down."),
    F_TEXT("document_title", SHOWN, 1, 300, "Its title.", "湖北省乡村振兴责任制实施细则"),
    F_TEXT("document_number", SHOWN | NULLABLE, 1, 60, "Its number as a paper.", "鄂办发〔2023〕9号"),
    F_UUID("clause_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The clause that lays it down."),
    F_TEXT("clause_number", SHOWN, 1, 40, "The clause's number.", "第五条"),
    F_TEXT("number", IN_BODY | REQUIRED | SHOWN, 1, 20, "Its number in the document, unique there.", "地方-03"),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 300, "What is to be done.", "稳住粮食面积和产量"),
    F_INT("level", IN_BODY | IN_QUERY | SHOWN | NULLABLE, 1, 5, "The level that it binds: 1 province to 5 village; null: every level. In a list: what binds that level.", "3"),
    F_ENUM("subject", IN_BODY | IN_QUERY | REQUIRED | SHOWN, duty_subjects, "Whom it binds."),
    F_TEXT("topic", IN_BODY | IN_QUERY | SHOWN, 1, 40, "What it is about, a code of the dictionary topic; absent: general.", "food_security"),
    F_BOOL("assumed", IN_BODY | SHOWN, "Its words are composed, not those of its source."),
    F_DATE("valid_from", IN_BODY | SHOWN, "The first day that it binds; absent: the document's.", "2023-06-30"),
    F_DATE("valid_to", IN_BODY | SHOWN | NULLABLE, "The first day that it no longer binds; null: it binds on.", "2028-07-01"),
    F_DATE("as_of", IN_QUERY, "Only duties that bind on that day; absent: today.", "2026-06-30"),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

const struct route duty_routes[] = {
    {METHOD_GET,   "/duties",     PERM_DOCUMENT_READ,  duty_fields, &SQL_duty_list,    read_upward, "list_duties", "Duties that bind on a day, by level, subject, topic, document or division"},
    {METHOD_GET,   "/duties/:id", PERM_DOCUMENT_READ,  duty_fields, &SQL_duty_get,     read_one,  "get_duty", "One duty with its source"},
    {METHOD_POST,  "/duties",     PERM_DOCUMENT_WRITE, duty_fields, &SQL_duty_insert,  write_one, "create_duty", "Enter a duty that a clause lays down", .location = "/duties/"},
    {METHOD_PATCH, "/duties/:id", PERM_DOCUMENT_WRITE, duty_fields, &SQL_duty_correct, write_one, "update_duty", "Correct a duty, or end it", .probe = &SQL_duty_get},
    ROUTES_END
};
/* clang-format on */
