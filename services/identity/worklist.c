/* services/identity/worklist.c - what the acting post must do, and what has changed for it: one
 * list each over all services. What waits for whom is said by each service's worklist view, and
 * what is told to whom by its notices. Rules I-301 to I-304. */
#include "identity.h"
#include "sql_identity.h"

static const char *const lights[] = {"green", "amber", "red", NULL};
static handler worklist_read, inbox_mark;

enum { MARKED_AT_ONCE = 500 };

/* clang-format off */
static const struct field worklist_fields[] = {
    F_TEXT("service", SHOWN, 2, 20, "Where it is done.", "registry"),
    F_TEXT("kind", IN_QUERY | SHOWN, 2, 40, "What sort of record it is.", "item"),
    F_UUID("id", SHOWN, "The record."),
    F_CODE("owner_division", SHOWN, "Its division."),
    F_TEXT("title", SHOWN, 1, 1000, "What it is about.", "完成十四处供水工程改造"),
    F_TEXT("todo", SHOWN, 1, 80, "What is to be done.", "报告进展"),
    F_TEXT("rule", SHOWN, 1, 20, "Why: the rule, by number.", "R-020"),
    F_DATE("since", SHOWN, "Since when it waits.", "2026-06-01"),
    F_DATE("due_on", SHOWN | NULLABLE, "The last day for it; null where the work-day calendar has no data.", "2026-06-18"),
    F_DATE("order_on", SHOWN, "Its place in the list: the deadline, or the end of the year 9999.", "2026-06-18"),
    F_ENUM("light", IN_QUERY | SHOWN | NULLABLE, lights, "Red when late; null where the calendar has no data."),
    F_DATE("due_before", IN_QUERY, "Only what is due before that day.", "2026-07-01"),
    FIELDS_END
};

static const struct field inbox_fields[] = {
    F_TEXT("service", SHOWN, 2, 20, "Whose record.", "registry"),
    F_UUID("id", SHOWN, "The notice."),
    F_INSTANT("at", SHOWN, "When it happened."),
    F_TEXT("kind", IN_QUERY | SHOWN, 2, 40, "What sort of record.", "urging"),
    F_UUID("record_id", SHOWN, "The record."),
    F_TEXT("verb", SHOWN, 2, 40, "What was done with it.", "issue_urging"),
    F_TEXT("text", SHOWN, 1, 400, "The same in words.", "收到督办，请按期答复：供水工程改造"),
    F_UUID("organisation_id", SHOWN | NULLABLE, "The unit told; null: a post."),
    F_UUID("post_id", SHOWN | NULLABLE, "The post told."),
    F_BOOL("read", IN_QUERY | SHOWN, "The account has marked it as read."),
    FIELDS_END
};

static const struct field mark_fields[] = {
    F_UUID("id", SHOWN, "The account's inbox of the post."),
    F_UUIDS("ids", IN_BODY, MARKED_AT_ONCE, "Notices that are read."),
    F_INSTANT("until", IN_BODY, "All notices up to then are read."),
    F_INSTANT("read_until", SHOWN | NULLABLE, "Up to when all is read."),
    F_INT("marked", SHOWN, 0, MARKED_AT_ONCE, "How many single ones were marked now.", "2"),
    F_VERSION(),
    FIELDS_END
};

const struct route worklist_routes[] = {
    {METHOD_GET,  "/me/worklist",        PERM_SIGNED_IN, worklist_fields, &SQL_worklist_list, worklist_read, "list_worklist", "What the acting post must do, by when and why, over all services"},
    {METHOD_GET,  "/me/inbox",           PERM_SIGNED_IN, inbox_fields,    &SQL_inbox_list,    read_page,     "list_inbox", "What has changed for the acting post and its unit, over all services"},
    {METHOD_POST, "/me/inbox:mark_read", PERM_SIGNED_IN, mark_fields,     &SQL_inbox_mark,    inbox_mark,    "mark_inbox_read", "Mark notices as read, single ones or all up to a moment", .status = 200},
    ROUTES_END
};
/* clang-format on */

static bool worklist_read(struct request *rq)
{
    return me_bind_permissions(rq) && read_page(rq);
}

static bool inbox_mark(struct request *rq)
{
    if (arg_text(rq, "ids") == NULL && arg_text(rq, "until") == NULL)
        return problem_add(rq, (struct problem){.place = AT_POINTER,
                                                .name = "/ids",
                                                .code = "one_of_two",
                                                .detail = "Name notices, or a moment."});
    return write_one(rq);
}
