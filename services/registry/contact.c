/* services/registry/contact.c - who is linked to which division (挂钩, 包抓, 挂点, 定点联系, 帮扶):
 * dated, handed over in one step, ended. Who may be linked is said in sql/contact.sql (R-140 to
 * R-144); how often a contact visits is the cadence's. */
#include "registry.h"
#include "sql_registry.h"

static const char *const contact_states[] = {"standing", "ended", NULL};
static const char *const contact_verbs[] = {"begin", "hand_over", "end", NULL};

/* clang-format off */
static const struct field step_fields[] = {
    F_ENUM("verb", SHOWN, contact_verbs, "What was done."),
    F_INSTANT("at", SHOWN, "When."),
    F_UUID("post_id", SHOWN, "By which post."),
    F_TEXT("note", SHOWN | NULLABLE, 1, 500, "With what words.", "区委办〔2026〕8号"),
    F_DATE("due_on", SHOWN | NULLABLE, "No step of a contact sets a deadline: null.", "2026-06-25"),
    FIELDS_END
};

static const struct field contact_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the contact; may come from the client."),
    F_UUID("thread_id", IN_QUERY | SHOWN, "The id of the first contact of this line: hand-overs keep it."),
    F_UUID("follows_id", SHOWN | NULLABLE, "The contact that was handed over to this one."),
    F_UUID("successor_id", SHOWN | NULLABLE, "The contact that this one was handed over to."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "The division linked, which decides who sees it."),
    F_CODE("at_division", SHOWN, "The same."),
    F_TEXT("division_name", SHOWN | NULLABLE, 1, 80, "Its name on that day.", "仙人阁社区"),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only contacts of this division."),
    F_CODE("within", IN_QUERY | OWN_SCOPE, "Only contacts of this division and those below it."),
    F_TEXT("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 1, 40, "How it is linked: a code of /contact_kinds.", "charge"),
    F_UUID("post_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The post linked; or else"),
    F_UUID("organisation_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "the unit linked."),
    F_TEXT("post_title", SHOWN | NULLABLE, 1, 80, "The post's title when it was linked.", "区委副书记"),
    F_TEXT("organisation_name", SHOWN, 1, 80, "The unit's name, or that of the post's unit, when it was linked.", "中共娄星区委员会"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who holds the post on that day; null: nobody, or a unit is linked.", "赵甲"),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN, "First day.", "2026-01-05"),
    F_DATE("ends_on", IN_BODY | SHOWN | NULLABLE, "The first day it no longer holds; null: open.", "2027-01-01"),
    F_UUID("clause_id", IN_BODY | SHOWN | NULLABLE, "The clause it rests on."),
    F_TEXT("note", IN_BODY, 1, 500, "By what order; stands in its steps.", "区委办〔2026〕8号"),
    F_ENUM("status", IN_QUERY | SHOWN, contact_states, "Ended: by a hand-over, or by its end."),
    F_DATE("as_of", IN_QUERY, "Contacts that hold on this day, and who holds their posts then.", "2026-06-30"),
    F_UUIDS("ids", IN_QUERY, 500, "Only these contacts."),
    F_ARRAY("steps", SHOWN, step_fields, 500, "All that was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = { /* who is linked to what is another contact */
    F_UUID("id", IN_PATH, "Id of the contact."),
    F_DATE("starts_on", IN_BODY, "First day.", "2026-01-05"),
    F_DATE("ends_on", IN_BODY | NULLABLE, "The first day it no longer holds.", "2027-01-01"),
    F_UUID("clause_id", IN_BODY | NULLABLE, "The clause it rests on."),
    F_DATE("as_of", IN_QUERY, "Who holds its post on this day.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field hand_over_fields[] = { /* */
    F_UUID("id", IN_PATH, "Id of the contact."),
    F_UUID("post_id", IN_BODY, "The post that takes it over; or else"),
    F_UUID("organisation_id", IN_BODY, "the unit that does."),
    F_DATE("on", IN_BODY | REQUIRED, "The first day of who takes it over.", "2026-07-01"),
    F_TEXT("note", IN_BODY, 1, 500, "By what order.", "区委办〔2026〕21号"),
    F_DATE("as_of", 0, "Of reading alone.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field end_fields[] = { /* */
    F_UUID("id", IN_PATH, "Id of the contact."),
    F_DATE("on", IN_BODY | REQUIRED, "The first day it no longer holds.", "2026-07-01"),
    F_TEXT("note", IN_BODY | REQUIRED, 1, 500, "Why.", "任务完成，转入常态化帮扶"),
    F_DATE("as_of", 0, "Of reading alone.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field frequency_fields[] = {
    F_TEXT("code", SHOWN, 1, 40, "The rule of the cadence.", "leader_visit"),
    F_TEXT("title", SHOWN, 1, 200, "What it says.", "包抓领导每月到村"),
    F_TEXT("purpose", SHOWN | NULLABLE, 1, 40, "With what purpose; null: any.", "contact"),
    F_INT("count", SHOWN, 1, 366, "How often", "1"),
    F_TEXT("period", SHOWN, 1, 20, "in what time.", "month"),
    F_BOOL("assumed", SHOWN, "No source gives the number."),
    FIELDS_END
};

static const struct field kind_fields[] = {
    F_TEXT("code", SHOWN, 1, 40, "Its code.", "charge"),
    F_TEXT("label", SHOWN, 1, 40, "Its name.", "包抓"),
    F_TEXTS("subjects", SHOWN, 2, "Who is linked: post, organisation, or either."),
    F_TEXTS("levels", SHOWN, 5, "Levels of the divisions that are linked: codes of the dictionary division_level."),
    F_ARRAY("frequencies", SHOWN, frequency_fields, 50, "How often such a contact visits, by the rules that hold for the division asked about."),
    F_BOOL("assumed", SHOWN, "What no source says is assumed."),
    F_TEXT("source", SHOWN, 1, 200, "Where it comes from.", "庆城县八项机制"),
    F_INT("position", SHOWN, 1, 1000, "Its place.", "2"),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Whose rules; absent: the country's."),
    FIELDS_END
};

const struct route contact_routes[] = {
    {METHOD_GET,   "/contact_kinds",          PERM_CONTACT_READ,  kind_fields,      &SQL_contact_kind_list, read_page, "list_contact_kinds", "Ways of being linked, and how often each visits"},
    {METHOD_GET,   "/contacts",               PERM_CONTACT_READ,  contact_fields,   &SQL_contact_list,      read_page, "list_contacts", "Contacts in the caller's scope"},
    {METHOD_GET,   "/contacts/:id",           PERM_CONTACT_READ,  contact_fields,   &SQL_contact_get,       read_one,  "get_contact", "One contact with its steps"},
    {METHOD_POST,  "/contacts",               PERM_CONTACT_WRITE, contact_fields,   &SQL_contact_insert,    write_one, "create_contact", "Link a post or a unit to a division", .location = "/contacts/", .status = 201},
    {METHOD_PATCH, "/contacts/:id",           PERM_CONTACT_WRITE, corrected_fields, &SQL_contact_correct,   write_one, "update_contact", "Correct the days or the basis of a contact", .shows = contact_fields, .probe = &SQL_contact_get},
    {METHOD_POST,  "/contacts/:id:hand_over", PERM_CONTACT_WRITE, hand_over_fields, &SQL_contact_hand_over, step_one,  "hand_over_contact", "Hand a contact over to another post or unit: one ends and the next begins", .shows = contact_fields, .probe = &SQL_contact_get, .fsm = contact_fsm, .verb = "hand_over"},
    {METHOD_POST,  "/contacts/:id:end",       PERM_CONTACT_WRITE, end_fields,       &SQL_contact_end,       step_one,  "end_contact", "End a contact without a successor", .shows = contact_fields, .probe = &SQL_contact_get, .fsm = contact_fsm, .verb = "end"},
    ROUTES_END
};
/* clang-format on */
