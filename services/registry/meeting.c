/* services/registry/meeting.c - meetings of units and groups: recorded once, and what they decide
 * handed out as work orders. Whether one was due is the cadence's. */
#include "core/limits.h"
#include "sql_registry.h"
#include "team.h"

static const char *const meeting_kinds[] = {"group", "dispatch", "promotion", "study", NULL};
static handler meeting_record, meeting_hand_out;

/* clang-format off */
static const struct field attending_fields[] = {
    F_UUID("post_id", SHOWN, "The post."),
    F_TEXT("title", SHOWN | NULLABLE, 1, 80, "Its title.", "区农业农村局局长"),
    F_TEXT("holder", SHOWN | NULLABLE, 1, 60, "Who held it on that day.", "钱乙"),
    FIELDS_END
};

static const struct field decision_fields[] = {
    F_INT("position", SHOWN, 1, INT16_MAX, "Its place.", "1"),
    F_TEXT("matter", IN_BODY | REQUIRED | SHOWN, 1, 1000, "What is to be done.", "完成十四处供水工程改造的招标"),
    F_TEXT("standard", IN_BODY | SHOWN | NULLABLE, 1, 1000, "To which standard.", "合同签订并公示"),
    F_UUID("owner_organisation_id", IN_BODY | REQUIRED | SHOWN, "The unit that does it."),
    F_TEXT("owner_organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区水利局"),
    F_UUID("owner_post_id", IN_BODY | SHOWN | NULLABLE, "A post of that unit."),
    F_DATE("due_on", IN_BODY | REQUIRED | SHOWN, "By when.", "2026-07-31"),
    F_UUID("work_order_id", SHOWN | NULLABLE, "Its work order; null: the unit that met took it upon itself."),
    F_TEXT("work_order_number", SHOWN | NULLABLE, 1, 80, "The order's number.", "指令〔2026〕12号"),
    F_TEXT("work_order_status", SHOWN | NULLABLE, 1, 40, "Where the order stands.", "issued"),
    FIELDS_END
};

static const struct field meeting_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the meeting; may come from the client."),
    F_CODE("owner_division", SHOWN, "The division of the unit that met."),
    F_CODE("at_division", SHOWN, "The same."),
    F_CODE("division", IN_QUERY | OWN_SCOPE, "Only meetings of this division."),
    F_UUID("group_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The group that met; absent: the caller's unit."),
    F_TEXT("group_title", SHOWN | NULLABLE, 1, 100, "Its title.", "区委农村工作领导小组"),
    F_UUID("organisation_id", IN_QUERY | SHOWN, "The unit that met, or the group's unit."),
    F_TEXT("organisation", SHOWN | NULLABLE, 1, 80, "Its name.", "娄星区产业发展专班"),
    F_ENUM("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, meeting_kinds, "What kind of meeting."),
    F_DATE("held_on", IN_BODY | REQUIRED | SHOWN, "The day, not one to come.", "2026-06-10"),
    F_DATE("held_from", IN_QUERY, "Only meetings of this day or later.", "2026-06-01"),
    F_DATE("held_until", IN_QUERY, "Only meetings of this day or earlier.", "2026-06-30"),
    F_UUID("chair_post_id", IN_BODY | SHOWN | NULLABLE, "The post that took the chair."),
    F_TEXT("chair", SHOWN | NULLABLE, 1, 60, "Who held it on that day.", "赵甲"),
    F_TEXT("subject", IN_BODY | REQUIRED | SHOWN, 1, 200, "What it was about.", "调度供水工程进度"),
    F_UUIDS("attending_post_ids", IN_BODY | SHOWN, LIMIT_MEETING_ATTENDING, "Posts that came, where it is kept."),
    F_ARRAY("attending", SHOWN, attending_fields, LIMIT_MEETING_ATTENDING, "Who that was."),
    F_TEXT("minutes", IN_BODY | SHOWN | NULLABLE, 1, 20000, "Minutes, where it has some.", "会议听取了供水工程进度汇报。"),
    F_UUIDS("file_ids", IN_BODY | SHOWN, 20, "Files that belong to it; none is asked for."),
    F_ARRAY("decisions", SHOWN, decision_fields, 1000, "What it decided, and where that stands."),
    F_UUID("recorded_by", SHOWN, "The post that recorded it."),
    F_INSTANT("created_at", SHOWN, "When it was recorded."),
    F_VERSION(),
    FIELDS_END
};

static const struct field corrected_fields[] = {
    F_UUID("id", IN_PATH, "Id of the meeting."),
    F_TEXT("subject", IN_BODY, 1, 200, "What it was about.", "调度供水工程进度"),
    F_TEXT("minutes", IN_BODY | NULLABLE, 1, 20000, "Minutes.", "会议听取了供水工程进度汇报。"),
    F_UUID("chair_post_id", IN_BODY | NULLABLE, "The post that took the chair."),
    F_UUIDS("attending_post_ids", IN_BODY | NULLABLE, LIMIT_MEETING_ATTENDING, "Posts that came."),
    F_VERSION(),
    FIELDS_END
};

static const struct field handed_out_fields[] = {
    F_UUID("id", IN_PATH, "Id of the meeting."),
    {"decisions", FIELD_ARRAY, IN_BODY | REQUIRED, 1, LIMIT_MEETING_DECISIONS, 0, decision_fields, "What it decided, each with a unit and a day.", 0},
    F_VERSION(),
    FIELDS_END
};

const struct route meeting_routes[] = {
    {METHOD_GET,   "/meetings",            PERM_MEETING_READ,  meeting_fields,    &SQL_meeting_list,    read_page,        "list_meetings", "Meetings in the caller's scope"},
    {METHOD_GET,   "/meetings/:id",        PERM_MEETING_READ,  meeting_fields,    &SQL_meeting_get,     read_one,         "get_meeting", "One meeting with its decisions"},
    {METHOD_POST,  "/meetings",            PERM_MEETING_WRITE, meeting_fields,    &SQL_meeting_insert,  meeting_record,   "record_meeting", "Record a meeting of the own unit, or of a group", .location = "/meetings/", .status = 201},
    {METHOD_PATCH, "/meetings/:id",        PERM_MEETING_WRITE, corrected_fields,  &SQL_meeting_correct, write_one,        "update_meeting", "Correct a meeting or add its minutes", .shows = meeting_fields, .probe = &SQL_meeting_get},
    {METHOD_POST,  "/meetings/:id:decide", PERM_MEETING_WRITE, handed_out_fields, &SQL_meeting_decide,  meeting_hand_out, "decide_meeting", "Hand decisions out: each is a work order of the unit that met", .shows = meeting_fields, .probe = &SQL_meeting_get},
    ROUTES_END
};
/* clang-format on */

/* what was held is not of a day to come. */
static bool meeting_record(struct request *rq)
{
    struct date on;
    if (!arg_date(rq, "held_on", &on) || date_compare(on, rq->today) <= 0)
        return write_one(rq);
    return problem_add(rq, (struct problem){AT_POINTER, "/held_on", 0, "in_the_future",
                                            "a meeting is recorded once it was held"});
}

/* what is to be done is due today at the earliest; each decision that is not is named. */
static bool meeting_hand_out(struct request *rq)
{
    bool fits = true;
    for (size_t i = 0; i < arg_count(rq, "decisions"); i++) {
        struct date due;
        if (!date_parse(arg_member(rq, "decisions", i, "due_on"), &due) ||
            date_compare(due, rq->today) >= 0)
            continue;
        fits = problem_add(
            rq, (struct problem){AT_POINTER, arena_printf(rq->arena, "/decisions/%zu/due_on", i), 0,
                                 "in_the_past", "a decision is due today or later"});
    }
    return fits && write_one(rq);
}
