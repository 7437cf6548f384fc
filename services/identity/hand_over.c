/* services/identity/hand_over.c - a post changes hands, or stands empty from a day on. What it does
 * and refuses is in sql/hand_over.sql, one statement each; rules I-030 to I-037. */
#include "identity.h"
#include "sql_identity.h"

enum { REASON_MIN = 2, REASON_MAX = 300, ITEMS_MAX = 200, ACCESS_MAX = 500, COUNT_MAX = 1000000 };

/* clang-format off */
static const struct field open_item_fields[] = {
    F_UUID("id", SHOWN, "Id of the item, at the registry."),
    F_TEXT("title", SHOWN, 1, 300, "What the unit answers for.", "完成十四处供水工程改造"),
    F_DATE("due_on", SHOWN, "Deadline.", "2026-06-18"),
    F_INT("reports_waiting", SHOWN, 0, COUNT_MAX, "Its reports neither confirmed nor sent back.", "1"),
    FIELDS_END
};

static const struct field ended_access[] = {
    F_UUID("id", SHOWN, "Id of the access."),
    F_CODE("owner_division", SHOWN, "Whose data."),
    F_TEXT("division", SHOWN | NULLABLE, 1, 80, "That division's name.", "双峰县"),
    F_TEXTS("permissions", SHOWN, 128, "What it permitted there."),
    F_TEXT("reason", SHOWN, 1, 200, "Why it was given.", "市级第三轮督查"),
    F_INSTANT("ends_at", SHOWN, "Until when it had been given."),
    FIELDS_END
};

static const struct field hand_over_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the post."),
    F_CODE("owner_division", SHOWN, "The division of the post."),
    F_UUID("organisation_id", SHOWN, "Its unit, whose open items go with it."),
    F_TEXT("title", SHOWN, 1, 80, "Its name.", "党组书记、局长"),
    F_UUID("holder_id", SHOWN | NULLABLE, "The entry made for the new holder; null: the post was vacated."),
    F_UUID("person_id", IN_BODY | REQUIRED | SHOWN | NULLABLE, "Who takes it over."),
    F_DATE("starts_on", IN_BODY | REQUIRED | SHOWN | NULLABLE, "First day of the new holder, today or later.", "2026-07-01"),
    F_DATE("ends_on", SHOWN | NULLABLE, "The day somebody entered before takes it over again; null: open.", "2027-01-01"),
    F_UUID("leaving_person_id", SHOWN | NULLABLE, "Who held it until then; null: it was vacant."),
    F_DATE("left_on", SHOWN | NULLABLE, "The day after that person's last one.", "2026-07-01"),
    F_DATE("vacant_since", SHOWN | NULLABLE, "From when the post had, or has, no holder: a gap is said.", "2026-06-01"),
    F_INT("open_items", SHOWN, 0, COUNT_MAX, "Open items that the unit leads: they stay with the post.", "3"),
    F_INT("open_assists", SHOWN, 0, COUNT_MAX, "Open items that the unit assists in.", "1"),
    F_INT("reports_waiting", SHOWN, 0, COUNT_MAX, "Reports on them that wait for a decision.", "1"),
    F_ARRAY("items", SHOWN, open_item_fields, ITEMS_MAX, "The open items that the unit leads, the first 200 by deadline."),
    F_INT("access_grants", SHOWN, 0, COUNT_MAX, "Access for a time that is the post's behind that day: given for whoever comes.", "0"),
    F_ARRAY("access_ended", SHOWN, ended_access, ACCESS_MAX, "Access for a time that ends with who leaves: whoever comes asks those who keep the data anew."),
    F_INT("api_tokens_ended", SHOWN, 0, COUNT_MAX, "API tokens of the leaving person for this post that end with it.", "1"),
    F_INT("accounts_let_go", SHOWN, 0, COUNT_MAX, "Accounts of the leaving person that acted in it besides, and no longer do.", "0"),
    F_TEXT("reason", IN_BODY | REQUIRED | SHOWN, REASON_MIN, REASON_MAX, "Why, as in the order of appointment.", "任免文件〔2026〕12号"),
    F_VERSION(),
    FIELDS_END
};

static const struct field vacate_fields[] = {
    F_UUID("id", IN_PATH, "Id of the post."),
    F_DATE("ends_on", IN_BODY | REQUIRED, "The day after the last one of who holds it, today or later.", "2026-07-01"),
    F_TEXT("reason", IN_BODY | REQUIRED, REASON_MIN, REASON_MAX, "Why.", "任免文件〔2026〕12号"),
    F_VERSION(),
    FIELDS_END
};

static const struct field withdraw_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the post."),
    F_CODE("owner_division", SHOWN, "The division of the post."),
    F_UUID("organisation_id", SHOWN, "Its unit."),
    F_TEXT("title", SHOWN, 1, 80, "Its name.", "党组书记、局长"),
    F_DATE("day", IN_BODY | REQUIRED | SHOWN, "The day of what is called off, still to come: starts_on of a hand-over, ends_on of a vacancy.", "2026-07-01"),
    F_UUID("withdrawn_holder_id", SHOWN | NULLABLE, "The entry that was made for that day and is removed; null: the post was to stand empty."),
    F_UUID("withdrawn_person_id", SHOWN | NULLABLE, "Who was to take it over."),
    F_UUID("person_id", SHOWN | NULLABLE, "Who was to leave and stays; null: it is vacant."),
    F_DATE("ends_on", SHOWN | NULLABLE, "Until when that person stays; null: open.", "2027-01-01"),
    F_INT("access_restored", SHOWN, 0, COUNT_MAX, "Access for a time that was to end and does not.", "0"),
    F_INT("api_tokens_restored", SHOWN, 0, COUNT_MAX, "API tokens that were to end and do not.", "1"),
    F_TEXT("reason", IN_BODY | REQUIRED | SHOWN, REASON_MIN, REASON_MAX, "Why.", "任免文件〔2026〕12号撤销"),
    F_VERSION(),
    FIELDS_END
};

const struct route hand_over_routes[] = {
    {METHOD_POST, "/posts/:id:hand_over", PERM_POST_WRITE, hand_over_fields, &SQL_post_hand_over, write_one, "hand_over_post", "Hand a post over to another person from a day on: nothing open is lost, and the answer says what there is", .probe = &SQL_post_own},
    {METHOD_POST, "/posts/:id:vacate", PERM_POST_WRITE, vacate_fields, &SQL_post_vacate, write_one, "vacate_post", "End who holds a post, without a successor", .probe = &SQL_post_own, .shows = hand_over_fields},
    {METHOD_POST, "/posts/:id:withdraw_hand_over", PERM_POST_WRITE, withdraw_fields, &SQL_post_withdraw, write_one, "withdraw_hand_over", "Call off a hand-over or a vacancy whose day is still to come: everything is as if it had not been ordered", .probe = &SQL_post_own},
    ROUTES_END
};
/* clang-format on */
