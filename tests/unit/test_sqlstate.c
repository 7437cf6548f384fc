/* tests/unit/test_sqlstate.c - what each refusal of PostgreSQL becomes, as a table of cases. */
#include <criterion/criterion.h>
#include <string.h>

#include "db/sqlstate.h"

TestSuite(sqlstate, .timeout = 120);

struct one {
    struct sql_refusal said;
    enum err_code code;
    const char *field, *detail;
};

static const struct one cases[] = {
    {{.sqlstate = NULL}, ERR_DB_DOWN, "", ""},
    {{.sqlstate = "23505", .constraint = "organisation_name_key"},
     ERR_DUPLICATE,
     "name",
     "the division has an organisation of this name"},
    {{.sqlstate = "23503", .constraint = "item_task_id_fkey"},
     ERR_INVALID,
     "task_id",
     "there is no such task"},
    {{.sqlstate = "23514", .constraint = "item_period_check"},
     ERR_INVALID,
     "due_on",
     "an item is due on or after the day it starts"},
    {{.sqlstate = "23P01", .constraint = "holder_overlap"},
     ERR_STATE,
     "starts_on",
     "the post has a holder in this period"},
    {{.sqlstate = "23505", .constraint = "idempotency_pkey"},
     ERR_KEY_IN_USE,
     "",
     "a call with this key is running or has ended"},
    {{.sqlstate = "23505", .constraint = "audit_log_pkey"}, ERR_INTERNAL, "", ""},
    {{.sqlstate = "23502", .column = "title"}, ERR_INTERNAL, "", ""},
    {{.sqlstate = "42501"}, ERR_OUT_OF_SCOPE, "", ""},
    {{.sqlstate = "42501", .routine = "ExecWithCheckOptions"}, ERR_OUT_OF_SCOPE, "", ""},
    {{.sqlstate = "42501", .routine = "aclcheck_error"}, ERR_INTERNAL, "", ""},
    {{.sqlstate = "40001"}, ERR_BUSY, "", ""},
    {{.sqlstate = "40P01"}, ERR_BUSY, "", ""},
    {{.sqlstate = "57014"}, ERR_BUSY, "", ""},
    {{.sqlstate = "55P03"}, ERR_BUSY, "", ""},
    {{.sqlstate = "53300"}, ERR_BUSY, "", ""},
    {{.sqlstate = "57P01"}, ERR_DB_DOWN, "", ""},
    {{.sqlstate = "57P02"}, ERR_DB_DOWN, "", ""},
    {{.sqlstate = "57P03"}, ERR_DB_DOWN, "", ""},
    {{.sqlstate = "08006"}, ERR_DB_DOWN, "", ""},
    {{.sqlstate = "25006"}, ERR_DB_DOWN, "", ""},
    {{.sqlstate = "22P02", .message = "bad"}, ERR_INTERNAL, "", ""},
    {{.sqlstate = "42P01", .message = "bad"}, ERR_INTERNAL, "", ""},
    {{.sqlstate = "ZR001", .message = "no row changed"}, ERR_NOT_FOUND, "", ""},
    {{.sqlstate = "ZR002", .column = "task_id", .message = "no such record"},
     ERR_INVALID,
     "task_id",
     "there is no such record"},
    {{.sqlstate = "ZR003", .message = "a draft is not filed"},
     ERR_STATE,
     "",
     "a draft is not filed"},
    {{.sqlstate = "ZR004", .message = "its unit reports"},
     ERR_NOT_YOUR_UNIT,
     "",
     "its unit reports"},
    {{.sqlstate = "ZR005", .column = "due_on", .message = "it is too late"},
     ERR_INVALID,
     "due_on",
     "it is too late"},
    {{.sqlstate = "ZR006", .message = "no work-day calendar for 2031-01-01"},
     ERR_INVALID,
     "",
     "no work-day calendar for 2031-01-01"},
    {{.sqlstate = "ZR999", .message = "unheard of"}, ERR_INTERNAL, "", ""},
};

Test(sqlstate, refusals_become_codes)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct one *c = &cases[i];
        struct err err = {.code = ERR_NONE};
        const char *state = c->said.sqlstate == NULL ? "" : c->said.sqlstate;
        cr_assert_not(sqlstate_refuse(&c->said, &err));
        cr_expect_eq(err.code, c->code, "%s %zu: %s", state, i, err_class(err.code)->name);
        cr_expect_str_eq(err.field, c->field, "%s", state);
        cr_expect_str_eq(err.detail, c->detail, "%s", state);
        cr_expect_str_eq(err.sqlstate, state);
    }
}

Test(sqlstate, log_gets_the_cause_without_the_value)
{
    struct err err = {.code = ERR_NONE};
    const struct sql_refusal r = {
        .sqlstate = "22P02",
        .message = "invalid input syntax for type integer: \"430102199001011234\""};
    sqlstate_refuse(&r, &err);
    cr_assert_str_eq(err.cause, "invalid input syntax for type integer");
    cr_assert_str_eq(err.detail, "");
}

Test(sqlstate, unknown_constraint_is_named_in_the_log)
{
    struct err err = {.code = ERR_NONE};
    const struct sql_refusal r = {
        .sqlstate = "23514", .constraint = "secret_check", .message = "new row violates"};
    sqlstate_refuse(&r, &err);
    cr_assert_str_eq(err.cause, "secret_check: new row violates");
}

Test(sqlstate, first_failure_wins)
{
    struct err err = {.code = ERR_NONE};
    err_set(&err, ERR_STALE, NULL, "%s", "old");
    const struct sql_refusal r = {.sqlstate = "40001"};
    sqlstate_refuse(&r, &err);
    cr_assert_eq(err.code, ERR_STALE);
    cr_assert_str_eq(err.sqlstate, "");
}

Test(sqlstate, constraints_are_listed_once)
{
    const char *const *names = sqlstate_constraints();
    for (size_t i = 0; names[i] != NULL; i++) {
        for (size_t j = i + 1; names[j] != NULL; j++)
            cr_expect_str_neq(names[i], names[j]);
    }
}
