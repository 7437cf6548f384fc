/* tests/unit/test_lint.c - tables that must not be served. */
#include <criterion/criterion.h>
#include <string.h>

#include "http/lifecycle.h"

TestSuite(lint, .timeout = 120);

static const struct field fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "id"),
    F_TEXT("title", IN_BODY | REQUIRED | SHOWN, 1, 20, "title", "x"),
    F_VERSION(),
    FIELDS_END,
};

static const char *const get_params[] = {"id", NULL};
static const struct stmt get = {
    .name = "get", .kind = STMT_ONE, .text = "", .params = get_params, .n_params = 1};
static const char *const put_params[] = {"id",      "title", "title_given",
                                         "version", "now",   "to_state"};
static const struct stmt put = {.name = "put",
                                .kind = STMT_WRITE,
                                .record = "x",
                                .text = "",
                                .params = put_params,
                                .n_params = 6};
static const char *const odd_params[] = {"colour", NULL};
static const struct stmt odd = {
    .name = "odd", .kind = STMT_ONE, .text = "", .params = odd_params, .n_params = 1};

static const struct transition steps[] = {
    {"draft", "approve", "approved", PERM_DUTY_LIST_APPROVE, ""}, {0}};

static const struct route reads = {.method = METHOD_GET,
                                   .path = "/things/:id",
                                   .permission = PERM_DUTY_LIST_READ,
                                   .fields = fields,
                                   .sql = &get,
                                   .handler = read_one,
                                   .id = "get_thing",
                                   .summary = "One thing"};
static const struct route steps_on = {.method = METHOD_POST,
                                      .path = "/things/:id:approve",
                                      .permission = PERM_DUTY_LIST_APPROVE,
                                      .fields = fields,
                                      .sql = &put,
                                      .handler = step_one,
                                      .id = "approve_thing",
                                      .summary = "Approve",
                                      .probe = &get,
                                      .fsm = steps,
                                      .verb = "approve"};

/* What the lint says of a service of that one route; "" when nothing. */
static const char *lint_of(struct route r)
{
    static struct err err;
    const struct route table[] = {r, ROUTES_END};
    const struct route *const resources[] = {table, NULL};
    const struct service service = {.name = "toy", .resources = resources};
    const struct engine e = {.service = &service};
    err = (struct err){.code = ERR_NONE};
    bool good = lifecycle_lint(&e, &err);
    cr_assert_eq(good, err.code == ERR_NONE);
    return err.cause;
}

static void expect_fault(struct route r, const char *words)
{
    const char *said = lint_of(r);
    cr_expect_not_null(strstr(said, words), "expected \"%s\", it says \"%s\"", words, said);
    cr_expect_not_null(strstr(said, r.path), "the route is not named in \"%s\"", said);
}

Test(lint, good_tables_pass)
{
    cr_expect_str_eq(lint_of(reads), "");
    cr_expect_str_eq(lint_of(steps_on), "");
}

Test(lint, a_route_must_say_who_may)
{
    struct route r = reads;
    r.permission = PERM_NONE;
    expect_fault(r, "permission");
    r.permission = PERM_COUNT;
    expect_fault(r, "permission");
}

Test(lint, a_path_parameter_needs_a_field)
{
    struct route r = reads;
    r.path = "/things/:thing_id";
    expect_fault(r, "thing_id");
    r.path = "/things/:title"; /* a field, but not one of paths */
    expect_fault(r, "title");
}

Test(lint, a_statement_parameter_needs_a_source)
{
    struct route r = reads;
    r.sql = &odd;
    expect_fault(r, "colour");
    r = steps_on;
    r.probe = &odd;
    expect_fault(r, "colour");
}

Test(lint, if_match_needs_a_probe)
{
    struct route r = steps_on;
    r.probe = NULL;
    expect_fault(r, "probe");
    r.probe = &put;
    expect_fault(r, "probe");
}

Test(lint, a_step_needs_its_row)
{
    struct route r = steps_on;
    r.verb = "reject";
    expect_fault(r, "reject");
    r.verb = NULL;
    expect_fault(r, "verb");
    r = steps_on;
    r.fsm = NULL;
    expect_fault(r, "verb");
}

Test(lint, a_stock_handler_needs_its_kind_of_statement)
{
    struct route r = reads;
    r.sql = NULL;
    expect_fault(r, "without a statement");
    r.sql = &put;
    expect_fault(r, ":one");
    r = reads;
    r.handler = read_page;
    expect_fault(r, ":page");
    r = reads;
    r.method = METHOD_POST;
    expect_fault(r, "method");
    r = steps_on;
    r.sql = &get;
    expect_fault(r, ":write");
}

Test(lint, a_location_is_a_collection)
{
    struct route r = steps_on;
    r.location = "/things";
    expect_fault(r, "location");
    r.location = "/things/";
    cr_expect_str_eq(lint_of(r), "");
}

Test(lint, a_statement_asks_about_a_permission_that_there_is)
{
    static const char *const good[] = {"caller_may_minor_read"}, *const bad[] = {"id",
                                                                                 "caller_may_fly"};
    static const struct stmt asks = {.name = "asks", .params = good, .n_params = 1};
    static const struct stmt errs = {.name = "errs", .params = bad, .n_params = 2};
    const struct stmt *all[] = {&asks, NULL, NULL};
    const struct route table[] = {reads, ROUTES_END};
    const struct route *const resources[] = {table, NULL};
    const struct service service = {.name = "toy", .resources = resources, .statements = all};
    const struct engine e = {.service = &service};
    struct err err = {.code = ERR_NONE};
    cr_expect(lifecycle_lint(&e, &err));
    all[1] = &errs;
    cr_expect_not(lifecycle_lint(&e, &err));
    cr_expect_not_null(strstr(err.cause, "errs"), "%s", err.cause);
    cr_expect_not_null(strstr(err.cause, "caller_may_fly"), "%s", err.cause);
}
