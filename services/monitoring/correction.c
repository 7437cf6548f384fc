/* services/monitoring/correction.c - citizens' requests to correct what the archive says (PIPL,
 * article 46): rules M-228 to M-232. The correction itself is made on the record, by its own
 * routes; a request names the version that did it. */
#include "monitoring.h"
#include "sql_monitoring.h"

static const char *const states[] = {"received", "corrected", "declined", NULL};
static const char *const records[] = {"household", "member", NULL};

/* clang-format off */
static const struct field correction_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the request; may come from the client."),
    F_CODE("owner_division", SHOWN, "The household's village."),
    F_CODE("at_division", SHOWN, "Where it was received."),
    F_UUID("household_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The household."),
    F_UUID("member_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The member it is about; null: the household."),
    F_TEXT("field", IN_BODY | SHOWN | NULLABLE, 1, 40, "Which field of that record, where it is one.", "birth_on"),
    F_DATE("asked_on", IN_BODY | REQUIRED | SHOWN, "The day it was asked for.", "2026-06-10"),
    F_TEXT("what", IN_BODY | REQUIRED | SHOWN | NULLABLE, 2, 300, "What is said to be wrong, without numbers of people; null: withheld.", "出生日期登记有误"),
    F_SEALED_FOR("wanted", IN_BODY | SHOWN | NULLABLE, SEALED_TEXT, "monitoring.correction.wanted", PERM_HOUSEHOLD_WRITE, "What should stand there; encrypted; of ID and telephone numbers only with person.unmask."),
    F_BOOL("withheld", SHOWN, "It is about a child under fourteen or about health, which the caller does not see."),
    F_DATE("due_on", SHOWN, "The day by which it is answered, by the work calendar.", "2026-07-02"),
    F_DATE("due_by", IN_QUERY, "Only what is unanswered and due by then.", "2026-07-02"),
    F_UUID("organisation_id", SHOWN | NULLABLE, "The unit that received it; null: the household has moved to another division since."),
    F_ENUM("status", IN_QUERY | SHOWN, states, "Where it stands."),
    F_ENUM("corrected_record", SHOWN | NULLABLE, records, "Of which record the version is that corrected it."),
    F_INT("corrected_version", SHOWN | NULLABLE, 1, INT32_MAX, "That version.", "4"),
    F_TEXT("answer", SHOWN | NULLABLE, 1, 1000, "What the citizen was told; null: nothing, or withheld.", "经核对户口簿，登记无误"),
    F_UUID("decided_by", SHOWN | NULLABLE, "The post that answered."),
    F_INSTANT("decided_at", SHOWN | NULLABLE, "When."),
    F_UUID("received_by", SHOWN | NULLABLE, "The post that received it."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field resolve_fields[] = {
    F_UUID("id", IN_PATH, "Id of the request."),
    F_ENUM("corrected_record", IN_BODY | REQUIRED, records, "The record that was corrected: the household or the member it is about."),
    F_INT("corrected_version", IN_BODY | REQUIRED, 1, INT32_MAX, "The version by which it was; made since the request.", "4"),
    F_TEXT("answer", IN_BODY, 1, 1000, "What the citizen is told.", "已按户口簿更正"),
    F_VERSION(),
    FIELDS_END
};

static const struct field decline_fields[] = {
    F_UUID("id", IN_PATH, "Id of the request."),
    F_TEXT("answer", IN_BODY | REQUIRED, 2, 1000, "Why not, as the citizen is told.", "经核对户口簿，登记无误"),
    F_VERSION(),
    FIELDS_END
};

static const struct transition steps[] = {
    {"received", "resolve", "corrected", PERM_HOUSEHOLD_WRITE, "The record was corrected since; the version that did it is named (M-230)."},
    {"received", "decline", "declined",  PERM_HOUSEHOLD_WRITE, "The record is right; the citizen is told why (M-231)."},
    {0}
};

const struct route correction_routes[] = {
    {METHOD_GET,  "/corrections",             PERM_HOUSEHOLD_READ,  correction_fields, &SQL_correction_list,    read_page, "list_corrections", "Citizens' requests to correct the archive in the caller's scope, by household, member, state or day"},
    {METHOD_GET,  "/corrections/:id",         PERM_HOUSEHOLD_READ,  correction_fields, &SQL_correction_get,     read_one,  "get_correction", "One request to correct"},
    {METHOD_POST, "/corrections",             PERM_HOUSEHOLD_WRITE, correction_fields, &SQL_correction_insert,  write_one, "receive_correction", "Enter a citizen's request to correct what is recorded", .location = "/corrections/", .status = 201},
    {METHOD_POST, "/corrections/:id:resolve", PERM_HOUSEHOLD_WRITE, resolve_fields,    &SQL_correction_resolve, step_one,  "resolve_correction", "Say by which version of the record it was corrected", .shows = correction_fields, .probe = &SQL_correction_get, .fsm = steps, .verb = "resolve", .status = 200},
    {METHOD_POST, "/corrections/:id:decline", PERM_HOUSEHOLD_WRITE, decline_fields,    &SQL_correction_decline, step_one,  "decline_correction", "Say why the record is right as it is", .shows = correction_fields, .probe = &SQL_correction_get, .fsm = steps, .verb = "decline", .status = 200},
    ROUTES_END
};
/* clang-format on */
