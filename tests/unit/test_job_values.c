/* tests/unit/test_job_values.c - what a job's statement is bound to by name. */
#include <criterion/criterion.h>

#include "jobs/job_values.h"

TestSuite(job_values, .timeout = 120);

Test(job_values, the_first_of_a_name_holds_and_permissions_are_told)
{
    static const char *const params[] = {"a",
                                         "b",
                                         "c",
                                         "caller_may_minor_read",
                                         "caller_may_health_read",
                                         "caller_may_duty_list_read"};
    static const char *const pairs[] = {"a", "1", "b", NULL, NULL};
    static const char *const more[] = {"a", "2", "b", "3", NULL};
    struct arena *arena = arena_create(1 << 20);
    const struct stmt_form f = {.params = params, .n_params = 6};
    const char *const *v =
        job_values(arena, &f, pairs, more, "{household.read,minor.read,duty_list.reads}");
    cr_expect_str_eq(v[0], "1");
    cr_expect_null(v[1], "a value may be NULL");
    cr_expect_null(v[2]);
    cr_expect_str_eq(v[3], "true");
    cr_expect_str_eq(v[4], "false");
    cr_expect_str_eq(v[5], "false", "a longer code is another");
    v = job_values(arena, &f, pairs, more, NULL);
    cr_expect_str_eq(v[3], "false", "nobody asks");
    v = job_values(arena, &f, pairs, more, "{}");
    cr_expect_str_eq(v[3], "false");
    arena_destroy(&arena);
}
