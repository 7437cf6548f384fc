/* services/registry/plan.c - plans of several years: their lines, the tasks of each year that serve
 * a line with what they have come to, and the money that a plan needs. Rules. */
#include "registry.h"
#include "sql_registry.h"

static const char *const kinds[] = {"outline", "action_plan", "special", NULL};
static const char *const plan_states[] = {"draft", "in_force", "closed", "discarded", NULL};
static const char *const plan_verbs[] = {"bring_into_force", "close", "discard", NULL};
static const char *const list_states[] = {"draft",      "approved", "filed", "in_force",
                                          "superseded", "closed",   NULL};
static const char *const sources[] = {"central", "province",   "prefecture", "county", "bond",
                                      "loan",    "assistance", "social",     "own",    NULL};

static handler lines_page, tasks_page;

/* clang-format off */
static const struct field step_fields[] = {
    F_ENUM("verb", SHOWN, plan_verbs, "What was done."),
    F_INSTANT("at", SHOWN, "When."),
    F_UUID("post_id", SHOWN, "By which post."),
    F_TEXT("note", SHOWN | NULLABLE, 1, 4000, "With what words.", "已审定"),
    F_DATE("due_on", SHOWN | NULLABLE, "None of a plan.", "2026-06-25"),
    FIELDS_END
};

static const struct field plan_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the plan; may come from the client."),
    F_CODE("owner_division", IN_BODY | REQUIRED | SHOWN | OWN_SCOPE, "Whose plan it is; it is read from below, too."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only plans of this division."),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 200, "Its title.", "大理州乡村振兴三年行动计划（2018—2020年）"),
    F_ENUM("kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, kinds, "What sort of plan it is."),
    F_INT("starts_year", IN_BODY | REQUIRED | SHOWN, 2000, 2199, "Its first year.", "2018"),
    F_INT("ends_year", IN_BODY | REQUIRED | SHOWN, 2000, 2199, "Its last year.", "2020"),
    F_INT("year", IN_QUERY, 2000, 2199, "Only plans of this year.", "2019"),
    F_UUID("document_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The document that it is."),
    F_ENUM("status", IN_QUERY | SHOWN, plan_states, "Where it stands."),
    F_BOOL("assumed", IN_BODY | SHOWN, "Its lines are composed, not those of its source."),
    F_ARRAY("steps", SHOWN, step_fields, 500, "What was done with it, in order."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field year_fields[] = {
    F_INT("year", SHOWN, 2000, 2199, "The year.", "2019"),
    F_INT("tasks", SHOWN, 0, INT32_MAX, "Tasks of that year that serve the line, of lists in force or closed.", "3"),
    F_INT("items", SHOWN, 0, INT32_MAX, "Their items, as the caller sees them.", "12"),
    F_INT("done", SHOWN, 0, INT32_MAX, "Those that are done.", "9"),
    F_DECIMAL("completion", SHOWN | NULLABLE, 0, 2, "Their completion in percent, on average; null: no items.", "81.25"),
    FIELDS_END
};

#define LINE_FIELDS \
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the line; may come from the client."), \
    F_CODE("owner_division", SHOWN, "The plan's division."), \
    F_UUID("plan_id", IN_BODY | REQUIRED | SHOWN, "The plan it stands in."), \
    F_TEXT("number", IN_BODY | REQUIRED | SHOWN, 1, 20, "Its number, unique in the plan.", "03"), \
    F_INT("position", IN_BODY | SHOWN, 1, INT32_MAX, "Its place in the plan; absent: the last.", "3"), \
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 300, "What is to be done.", "行政村卫生厕所全覆盖"), \
    F_TEXT("topic", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 1, 40, "What it is about, a code of the dictionary topic.", "infrastructure"), \
    F_UUID("lead_organisation_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The unit that leads."), \
    F_TEXT("lead_organisation", SHOWN | NULLABLE, 0, 80, "Its name.", "大理州农业农村局"), \
    F_INT("by_year", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 2000, 2199, "By the end of which year.", "2020"), \
    F_DECIMAL("target", IN_BODY | SHOWN | NULLABLE, 0, 4, "How much of it, with its unit of measure.", "100"), \
    F_TEXT("unit_of_measure", IN_BODY | SHOWN | NULLABLE, 1, 20, "Unit of the target.", "%"), \
    F_VERSION()

static const struct field line_fields[] = {LINE_FIELDS, FIELDS_END};

static const struct field plan_line_fields[] = { /* of one plan, whose id is in the path */
    LINE_FIELDS,
    F_ARRAY("years", SHOWN, year_fields, 200, "What the tasks that serve it have come to, year by year."),
    FIELDS_END
};

static const struct field served_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the task; in the path: of the line."),
    F_CODE("owner_division", SHOWN, "The division of its list."),
    F_UUID("duty_list_id", SHOWN, "The list it stands in."),
    F_INT("year", IN_QUERY | SHOWN, 2000, 2199, "The year of the list.", "2019"),
    F_ENUM("list_status", SHOWN, list_states, "Where the list stands."),
    F_TEXT("number", SHOWN, 1, 20, "The task's number.", "07"),
    F_TEXT("title", SHOWN, 1, 300, "What is to be done.", "新建改建农村供水工程"),
    F_INT("items", SHOWN, 0, INT32_MAX, "Its items, as the caller sees them.", "4"),
    F_INT("done", SHOWN, 0, INT32_MAX, "Those that are done.", "3"),
    F_DECIMAL("completion", SHOWN | NULLABLE, 0, 2, "Their completion in percent, on average; null: no items.", "75.00"),
    F_VERSION(),
    FIELDS_END
};

static const struct field serving_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the task."),
    F_CODE("owner_division", SHOWN, "The list's division."),
    F_UUID("duty_list_id", SHOWN, "The list it stands in."),
    F_TEXT("number", SHOWN, 1, 20, "The task's number.", "07"),
    F_TEXT("title", SHOWN, 1, 300, "What is to be done.", "新建改建农村供水工程"),
    F_UUID("plan_line_id", IN_BODY | SHOWN | NULLABLE, "The line that it serves; null: none."),
    F_VERSION(),
    FIELDS_END
};

static const struct field need_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the need; may come from the client."),
    F_CODE("owner_division", SHOWN, "The plan's division."),
    F_CODE("division", IN_QUERY | OWN_OR_ABOVE, "Only needs of this division's plans."),
    F_UUID("plan_id", IN_BODY | IN_QUERY | REQUIRED | SHOWN, "The plan that needs it."),
    F_UUID("plan_line_id", IN_BODY | IN_QUERY | SHOWN | NULLABLE, "The line of the plan."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 200, "What it is for.", "农村供水管网改造"),
    F_INT("year", IN_BODY | IN_QUERY | REQUIRED | SHOWN, 2000, 2199, "In which year.", "2019"),
    F_DECIMAL("amount", IN_BODY | REQUIRED | SHOWN, 1, 2, "How much is needed, in yuan.", "1250000.00"),
    F_ENUM("source_kind", IN_BODY | IN_QUERY | REQUIRED | SHOWN, sources, "From what kind of source it is to come."),
    F_DECIMAL("secured", IN_BODY | SHOWN, 0, 2, "How much of it is secured; absent: none.", "800000.00"),
    F_BOOL("assumed", IN_BODY | SHOWN, "The figure is composed."),
    F_INSTANT("created_at", SHOWN, "When it was entered."),
    F_VERSION(),
    FIELDS_END
};

static const struct field by_year_fields[] = {
    F_INT("year", SHOWN, 2000, 2199, "The year.", "2019"),
    F_DECIMAL("amount", SHOWN, 0, 2, "Needed.", "1250000.00"),
    F_DECIMAL("secured", SHOWN, 0, 2, "Secured.", "800000.00"),
    F_DECIMAL("gap", SHOWN, 0, 2, "Not secured.", "450000.00"),
    FIELDS_END
};

static const struct field by_source_fields[] = {
    F_ENUM("source_kind", SHOWN, sources, "The kind of source."),
    F_DECIMAL("amount", SHOWN, 0, 2, "Needed.", "1250000.00"),
    F_DECIMAL("secured", SHOWN, 0, 2, "Secured.", "800000.00"),
    F_DECIMAL("gap", SHOWN, 0, 2, "Not secured.", "450000.00"),
    FIELDS_END
};

static const struct field investment_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the plan."),
    F_DECIMAL("amount", SHOWN, 0, 2, "Needed in all, in yuan.", "1250000.00"),
    F_DECIMAL("secured", SHOWN, 0, 2, "Secured.", "800000.00"),
    F_DECIMAL("gap", SHOWN, 0, 2, "Not secured.", "450000.00"),
    F_ARRAY("years", SHOWN, by_year_fields, 200, "The same by year."),
    F_ARRAY("sources", SHOWN, by_source_fields, 9, "The same by kind of source."),
    FIELDS_END
};

const struct route plan_routes[] = {
    {METHOD_GET,   "/plans",                PERM_DOCUMENT_READ,  plan_fields,   &SQL_plan_list,         read_upward, "list_plans", "Plans of the caller's divisions and above"},
    {METHOD_GET,   "/plans/:id",            PERM_DOCUMENT_READ,  plan_fields,   &SQL_plan_get,          read_one,  "get_plan", "One plan"},
    {METHOD_POST,  "/plans",                PERM_DOCUMENT_WRITE, plan_fields,   &SQL_plan_insert,       write_one, "create_plan", "Draft a plan", .location = "/plans/"},
    {METHOD_PATCH, "/plans/:id",            PERM_DOCUMENT_WRITE, plan_fields,   &SQL_plan_correct,      write_one, "update_plan", "Correct a draft", .probe = &SQL_plan_get},
    {METHOD_POST,  "/plans/:id:bring_into_force", PERM_DOCUMENT_WRITE, plan_fields, &SQL_plan_step,     step_one,  "bring_plan_into_force", "Bring a draft with lines in force", .probe = &SQL_plan_get, .fsm = plan_fsm, .verb = "bring_into_force", .media = MEDIA_NONE},
    {METHOD_POST,  "/plans/:id:close",      PERM_DOCUMENT_WRITE, plan_fields,   &SQL_plan_step,         step_one,  "close_plan", "Close a plan that is over", .probe = &SQL_plan_get, .fsm = plan_fsm, .verb = "close", .media = MEDIA_NONE},
    {METHOD_POST,  "/plans/:id:discard",    PERM_DOCUMENT_WRITE, plan_fields,   &SQL_plan_step,         step_one,  "discard_plan", "Discard a draft that nothing comes of", .probe = &SQL_plan_get, .fsm = plan_fsm, .verb = "discard", .media = MEDIA_NONE},
    {METHOD_GET,   "/plans/:id/lines",      PERM_DOCUMENT_READ,  plan_line_fields, &SQL_plan_lines,     lines_page, "list_lines_of_plan", "The lines of a plan, and what the tasks that serve each have come to, year by year"},
    {METHOD_GET,   "/plans/:id/investment", PERM_DOCUMENT_READ,  investment_fields, &SQL_plan_investment, read_one, "get_plan_investment", "What a plan needs of money, in all, by year and by source"},
    {METHOD_GET,   "/plan_lines/:id",       PERM_DOCUMENT_READ,  line_fields,   &SQL_plan_line_get,     read_one,  "get_plan_line", "One line"},
    {METHOD_GET,   "/plan_lines/:id/tasks", PERM_DOCUMENT_READ,  served_fields, &SQL_plan_line_tasks,   tasks_page, "list_tasks_of_plan_line", "The tasks that serve a line, and what each has come to"},
    {METHOD_POST,  "/plan_lines",           PERM_DOCUMENT_WRITE, line_fields,   &SQL_plan_line_insert,  write_one, "create_plan_line", "Add a line to a draft", .location = "/plan_lines/"},
    {METHOD_PATCH, "/plan_lines/:id",       PERM_DOCUMENT_WRITE, line_fields,   &SQL_plan_line_correct, write_one, "update_plan_line", "Correct a line of a draft; of a plan in force, who leads", .probe = &SQL_plan_line_get},
    {METHOD_POST,  "/tasks/:id:serve_plan_line", PERM_DUTY_LIST_WRITE, serving_fields, &SQL_task_serve, write_one, "serve_plan_line", "Say which line of a plan a task serves, or that it serves none", .probe = &SQL_task_serving},
    {METHOD_GET,   "/investment_needs",     PERM_DOCUMENT_READ,  need_fields,   &SQL_investment_need_list,    read_upward, "list_investment_needs", "What plans need of money"},
    {METHOD_GET,   "/investment_needs/:id", PERM_DOCUMENT_READ,  need_fields,   &SQL_investment_need_get,     read_one,  "get_investment_need", "One need"},
    {METHOD_POST,  "/investment_needs",     PERM_DOCUMENT_WRITE, need_fields,   &SQL_investment_need_insert,  write_one, "create_investment_need", "Enter what a plan needs in a year", .location = "/investment_needs/"},
    {METHOD_PATCH, "/investment_needs/:id", PERM_DOCUMENT_WRITE, need_fields,   &SQL_investment_need_correct, write_one, "update_investment_need", "Correct a need, or say what is secured", .probe = &SQL_investment_need_get},
    ROUTES_END
};
/* clang-format on */

/* A page of what a record has; a record that the caller does not see is not there. */
static bool page_of(struct request *rq, const struct stmt *record)
{
    struct rows *found = NULL;
    if (!db_rows(rq, record, &found)) {
        return false;
    }
    return rows_count(found) == 1 ? read_page(rq) : fail(rq, ERR_NOT_FOUND, NULL, "%s", "");
}

static bool lines_page(struct request *rq)
{
    return page_of(rq, &SQL_plan_get);
}

static bool tasks_page(struct request *rq)
{
    return page_of(rq, &SQL_plan_line_get);
}
