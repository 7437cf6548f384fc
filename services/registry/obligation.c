/* services/registry/obligation.c - what is owed in a period, by whom, and what meets it. That it is
 * met is derived from visits, meetings, lists and reports (registry.fact); no route says so. Rules
 * Made by the worker: cadence_work.c. */
#include "cadence_rules.h"
#include "registry.h"
#include "sql_registry.h"

static const char *const states[] = {"open", "met", "late", "met_late", "released", NULL};
static const char *const statuses[] = {"due", "released", NULL};
static const char *const groupings[] = {"division", "rule", "state", "period", NULL};
static const char *const fact_kinds[] = {"visit",           "meeting",   "duty_list", "refinement",
                                         "periodic_report", "milestone", "model",     "report",
                                         "work_order",      NULL};

/* clang-format off */
static const struct field fact_fields[] = {
    F_ENUM("kind", SHOWN, fact_kinds, "What it is."),
    F_UUID("record_id", SHOWN, "Its record."),
    F_DATE("on_day", SHOWN, "The day it happened.", "2026-01-20"),
    F_UUID("post_id", SHOWN | NULLABLE, "The post that did it."),
    F_UUID("organisation_id", SHOWN | NULLABLE, "The unit that did it."),
    F_CODE("division", SHOWN, "Where."),
    F_TEXT("code", SHOWN | NULLABLE, 1, 80, "Its purpose, kind or form.", "research"),
    FIELDS_END
};

static const struct field obligation_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the obligation."),
    F_CODE("owner_division", SHOWN, "The division of whoever owes it, which decides who sees it."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only what posts, units and groups of this division owe."),
    F_CODE("at_division", IN_QUERY | SHOWN, "Of a link the division linked, else the same."),
    F_UUID("rule_id", IN_QUERY | SHOWN, "The rule it was made by."),
    F_TEXT("rule", IN_QUERY | SHOWN, 2, 60, "The code of that rule.", "leader_visit"),
    F_TEXT("title", SHOWN, 1, 200, "What is owed, in words.", "包抓领导每月到联系村"),
    F_ENUM("subject", SHOWN, cadence_subjects, "Who owes it: never a person."),
    F_UUID("subject_id", IN_QUERY | SHOWN, "The post, the thread of contacts, the unit, the group; of a division a number made of its code."),
    F_TEXT("subject_name", SHOWN | NULLABLE, 1, 200, "The post's title, the unit's or the division's name.", "分管副区长"),
    F_UUID("post_id", IN_QUERY | SHOWN | NULLABLE, "The post that owes it, of a link the one that held it when the period began; asked for, also what a post owes by links it came to hold."),
    F_UUID("organisation_id", IN_QUERY | SHOWN | NULLABLE, "The unit, the group's unit or the post's unit when the period began."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区水利局"),
    F_ENUM("action", IN_QUERY | SHOWN, cadence_actions, "What meets it."),
    F_TEXTS("action_codes", SHOWN, 20, "Only of these purposes, kinds or forms; none: any."),
    F_ENUM("period", SHOWN, cadence_periods, "How often it is owed."),
    F_DATE("period_start", SHOWN, "The first day of the period.", "2026-01-01"),
    F_DATE("period_end", SHOWN, "Its last day.", "2026-01-31"),
    F_DATE("due_on", SHOWN, "The day by which it is due.", "2026-01-31"),
    F_DATE("due_from", IN_QUERY, "Only what is due on that day or later.", "2026-01-01"),
    F_DATE("due_until", IN_QUERY, "Only what is due by that day.", "2026-12-31"),
    F_INT("grace_work_days", SHOWN, 0, 30, "Work days behind that day in which it is not late yet.", "0"),
    F_INT("needed", SHOWN, 1, 366, "How many are owed.", "1"),
    F_INT("done", SHOWN, 0, INT32_MAX, "How many there are.", "1"),
    F_DATE("met_on", SHOWN | NULLABLE, "The day of the last one needed; null: not met.", "2026-01-20"),
    F_ENUM("state", IN_QUERY | SHOWN, states, "Where it stands on the day asked for; no late one where the calendar has no data to say it."),
    F_ENUM("light", SHOWN | NULLABLE, lights, "Red when it is late; null where the calendar has no data."),
    F_DATE("as_of", IN_QUERY, "The day of state and light; absent: today.", "2026-06-30"),
    F_ENUM("status", IN_QUERY | SHOWN, statuses, "Is it owed still, or was it released?"),
    F_DATE("released_on", SHOWN | NULLABLE, "The day it was released, or the link or group ended.", "2026-01-15"),
    F_TEXT("release_reason", SHOWN | NULLABLE, 1, 500, "Why.", "联系已结束"),
    F_UUID("released_by", SHOWN | NULLABLE, "The post that released it; null: a link or group that ended."),
    F_DATE("late_told_on", SHOWN | NULLABLE, "The day it was told that it is late.", "2026-02-01"),
    F_UUIDS("ids", IN_QUERY, 100, "Only these."),
    F_ARRAY("facts", SHOWN, fact_fields, 400, "What counts for it, by day."),
    F_INSTANT("created_at", SHOWN, "When it was made."),
    F_VERSION(),
    FIELDS_END
};

static const struct field release_fields[] = {
    F_UUID("id", IN_PATH, "Id of the obligation."),
    F_TEXT("reason", IN_BODY | REQUIRED, 1, 500, "Why nothing is owed, or why it is owed again.", "联系村本月封控，无法走访"),
    F_DATE("as_of", IN_QUERY, "The day of the state.", "2026-06-30"),
    F_VERSION(),
    FIELDS_END
};

static const struct field group_fields[] = {
    F_TEXT("key", SHOWN, 1, 60, "What is grouped by: a division's code, a rule's code, a state, the first day of a period.", "431302000000"),
    F_TEXT("name", SHOWN | NULLABLE, 1, 200, "The division's name, the rule's title.", "娄星区"),
    F_INT("obligations", SHOWN, 0, INT32_MAX, "How many there are.", "46"),
    F_INT("open", SHOWN, 0, INT32_MAX, "Not met and not late.", "3"),
    F_INT("met", SHOWN, 0, INT32_MAX, "Met in time.", "40"),
    F_INT("late", SHOWN, 0, INT32_MAX, "Late.", "2"),
    F_INT("met_late", SHOWN, 0, INT32_MAX, "Met, but late.", "1"),
    F_INT("released", SHOWN, 0, INT32_MAX, "Released.", "0"),
    FIELDS_END
};

static const struct field rollup_fields[] = {
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Of this division and all below; absent: all that the caller sees."),
    F_TEXT("rule", IN_QUERY, 2, 60, "Only of rules of this code.", "leader_visit"),
    F_DATE("as_of", IN_QUERY | SHOWN, "The day of the answer; absent: today.", "2026-06-30"),
    F_DATE("due_from", IN_QUERY | SHOWN, "What is due from that day on; absent: from the first day of that year.", "2026-01-01"),
    F_DATE("due_until", IN_QUERY | SHOWN, "What is due by that day; absent: by the last day of that year.", "2026-12-31"),
    F_INSTANT("counted_at", SHOWN, "Up to when changes are in the figures; a minute behind at most."),
    F_ENUM("by", IN_QUERY | REQUIRED | SHOWN, groupings, "What to group by. Groups stand in the order of their keys: nobody is ranked."),
    F_ARRAY("groups", SHOWN, group_fields, 50000, "One entry a group that has obligations."),
    FIELDS_END
};

const struct transition obligation_fsm[] = {
    /* from        verb       to          permission          rule */
    {"due",      "release", "released", PERM_CADENCE_WRITE, "Nothing is owed, with a reason; what is met is not released."},
    {"released", "reopen",  "due",      PERM_CADENCE_WRITE, "It is owed again, with a reason."},
    {0}
};

const struct route obligation_routes[] = {
    {METHOD_GET,  "/obligations",             PERM_CADENCE_READ,  obligation_fields, &SQL_obligation_list, read_page, "list_obligations", "What is owed in the caller's scope, and where it stands on a day"},
    {METHOD_GET,  "/rollups/obligations",     PERM_CADENCE_READ,  rollup_fields,     &SQL_obligation_rollup, read_one, "get_obligation_rollup", "What is owed, counted by division, rule, state or period, as it stands on a day"},
    {METHOD_GET,  "/obligations/:id",         PERM_CADENCE_READ,  obligation_fields, &SQL_obligation_get,  read_one,  "get_obligation", "One obligation with the facts that count for it"},
    {METHOD_POST, "/obligations/:id:release", PERM_CADENCE_WRITE, release_fields,    &SQL_obligation_step, step_one,  "release_obligation", "Say that nothing is owed", .shows = obligation_fields, .probe = &SQL_obligation_get, .fsm = obligation_fsm, .verb = "release"},
    {METHOD_POST, "/obligations/:id:reopen",  PERM_CADENCE_WRITE, release_fields,    &SQL_obligation_step, step_one,  "reopen_obligation", "Say that it is owed after all", .shows = obligation_fields, .probe = &SQL_obligation_get, .fsm = obligation_fsm, .verb = "reopen"},
    ROUTES_END
};
/* clang-format on */
