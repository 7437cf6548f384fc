/* tests/unit/test_decode_value.c - one value by its field: canonical text, or what is wrong with
 * it. */
#include <criterion/criterion.h>

#include "toy_service.h"

TestSuite(decode_value, .timeout = 120);

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(1 << 20);
}

static void teardown(void)
{
    arena_destroy(&arena);
}

struct value_case {
    const char *field, *text, *value, *problem; /* value NULL: refused with the problem */
};

#define LONE_RETURN "a\rb"

/* clang-format off */
static const struct value_case values[] = {
    {"title", "双带头人", "双带头人", NULL},
    {"title", "十个字十个字十个字十", "十个字十个字十个字十", NULL},
    {"title", "十个字十个字十个字十一", NULL, "too_long"},
    {"title", " a ", " a ", NULL},
    {"title", "a\tb\nc", "a\tb\nc", NULL},
    {"title", "a\r\nb", "a\r\nb", NULL},
    {"title", LONE_RETURN, NULL, "bad_character"},
    {"title", "a\x1B" "b", NULL, "bad_character"},
    {"title", "a\x7F", NULL, "bad_character"},
    {"title", "a\xC2\x85", NULL, "bad_character"},
    {"title", "", NULL, "blank"},
    {"title", "  \t", NULL, "blank"},
    {"title", "\xE3\x80\x80\xC2\xA0", NULL, "blank"},
    {"note", "", "", NULL},
    {"count", "-5", "-5", NULL},
    {"count", "100", "100", NULL},
    {"count", "0", "0", NULL},
    {"count", "-6", NULL, "too_small"},
    {"count", "101", NULL, "too_large"},
    {"count", "1.0", NULL, "not_an_integer"},
    {"count", "+1", NULL, "not_an_integer"},
    {"count", "01", NULL, "not_an_integer"},
    {"count", "", NULL, "not_an_integer"},
    {"count", "99999999999999999999", NULL, "not_an_integer"},
    {"ready", "true", "true", NULL},
    {"ready", "false", "false", NULL},
    {"ready", "True", NULL, "not_a_boolean"},
    {"ready", "1", NULL, "not_a_boolean"},
    {"due_on", "2024-02-29", "2024-02-29", NULL},
    {"due_on", "2026-02-29", NULL, "not_a_date"},
    {"due_on", "2026-2-9", NULL, "not_a_date"},
    {"due_on", "2026-05-01T00:00:00Z", NULL, "not_a_date"},
    {"met_at", "2026-05-01T08:30:00+08:00", "2026-05-01T00:30:00.000000Z", NULL},
    {"met_at", "2026-05-01T08:30:00.25Z", "2026-05-01T08:30:00.250000Z", NULL},
    {"met_at", "2026-05-01T08:30:00", NULL, "not_an_instant"},
    {"met_at", "2026-05-01", NULL, "not_an_instant"},
    {"met_at", "2199-12-31T23:59:59-08:00", NULL, "not_an_instant"},
    {"price", "12.50", "12.50", NULL},
    {"price", "0", "0", NULL},
    {"price", "-1", NULL, "too_small"},
    {"price", "1.255", NULL, "not_a_decimal"},
    {"price", "1e3", NULL, "not_a_decimal"},
    {"price", ".5", NULL, "not_a_decimal"},
    {"price", "1234567890123456789", NULL, "not_a_decimal"},
    {"change", "-12", "-12", NULL},
    {"change", "1.5", NULL, "not_a_decimal"},
    {"share", "0.1", "0.1", NULL},
    {"share", "0.0", NULL, "too_small"},
    {"share", "-0.1", NULL, "too_small"},
    {"division", "431302000000", "431302000000", NULL},
    {"division", "4313", NULL, "not_a_division_code"},
    {"division", "43130200000x", NULL, "not_a_division_code"},
    {"kind", "item", "item", NULL},
    {"kind", "清单", "清单", NULL},
    {"kind", "Item", NULL, "not_one_of"},
    {"kind", "", NULL, "not_one_of"},
    {"id", "0191D3C4-0000-7000-8000-00000000000A", TOY_ID, NULL},
    {"id", "0191d3c4000070008000000000000000", NULL, "not_a_uuid"},
    {"id", "{" TOY_ID "}", NULL, "not_a_uuid"},
    {"unit_ids", "", "{}", NULL},
    {"unit_ids", TOY_ID "," TOY_ID_2, "{\"" TOY_ID "\",\"" TOY_ID_2 "\"}", NULL},
    {"unit_ids", TOY_ID "," TOY_ID, NULL, "repeated"},
    {"unit_ids", TOY_ID ",", NULL, "not_a_uuid"},
    {"unit_ids", TOY_ID "," TOY_ID_2 "," TOY_ID "," TOY_ID_2, NULL, "too_many"},
    {"names", "a b,NULL,\"c\\", "{\"a b\",\"NULL\",\"\\\"c\\\\\"}", NULL},
    {"names", "a, ", NULL, "blank"},
    {"place", "{}", NULL, "not_allowed"},
    {"parts", "[]", NULL, "not_allowed"},
};
/* clang-format on */

static const struct field *toy_field(const char *name)
{
    return route_field(&toy_routes[0], name);
}

Test(decode_value, values_become_canonical_or_are_refused, .init = setup, .fini = teardown)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct value_case *c = &values[i];
        const char *problem = NULL, *detail = NULL;
        const char *got = decode_value(arena, toy_field(c->field), c->text, &problem, &detail);
        cr_expect_eq(got == NULL, c->value == NULL, "%s '%s'", c->field, c->text);
        cr_expect_eq(problem == NULL, c->problem == NULL, "%s '%s'", c->field, c->text);
        if (got != NULL && c->value != NULL)
            cr_expect_str_eq(got, c->value, "%s '%s': %s", c->field, c->text, got);
        if (problem == NULL || c->problem == NULL)
            continue;
        cr_expect_str_eq(problem, c->problem, "%s '%s': %s", c->field, c->text, problem);
        cr_expect(detail != NULL && *detail != '\0', "%s '%s'", c->field, c->text);
    }
}

Test(decode_value, a_refused_choice_lists_the_choices, .init = setup, .fini = teardown)
{
    const char *problem = NULL, *detail = NULL;
    decode_value(arena, toy_field("kind"), "x", &problem, &detail);
    cr_assert_not_null(detail);
    cr_expect_str_eq(detail, "One of: task item 清单.");
}

Test(decode_value, the_number_of_a_thing_is_no_id_number_and_is_not_repeated, .init = setup,
     .fini = teardown)
{
    static const struct field number =
        F_TEXT("number", IN_BODY | NO_ID_NUMBER, 1, 40, "Number.", "7");
    static const char *const refused[] = {"11010519491231002X", "110105 19491231 002x", NULL};
    const char *problem = NULL, *detail = NULL;
    for (size_t i = 0; refused[i] != NULL; i++) {
        cr_expect_null(decode_value(arena, &number, refused[i], &problem, &detail));
        cr_expect_str_eq(problem, "is_id_number");
        cr_expect_null(strstr(detail, "1101"));
    }
    cr_expect_str_eq(decode_value(arena, &number, "110105194912310021", &problem, &detail),
                     "110105194912310021");
}

Test(decode_value, no_memory_is_no_problem_of_the_value, .init = setup, .fini = teardown)
{
    const char *problem = NULL, *detail = NULL;
    arena_fail_after(1);
    cr_expect_null(decode_value(arena, toy_field("id"), TOY_ID, &problem, &detail));
    cr_expect_null(problem);
    arena_fail_after(1);
    cr_expect_null(decode_value(arena, toy_field("names"), "a,b", &problem, &detail));
    cr_expect_null(problem);
}
