/* tests/unit/test_item_rules.c - R-011, R-012, R-013: cases of whole and faulty items. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "registry.h"

struct item_case {
    const char *what, *measure, *starts_on, *due_on;
    bool has_target;
    const char *unit_of_measure;
    const char *milestones[3];
    const char *wants; /* "field:code field:code", in order */
};

static const struct item_case cases[] = {
    {"a value with target and unit", "value", "2026-01-05", "2026-06-30", true, "处", {0}, ""},
    {"one day is a period", "value", "2026-06-30", "2026-06-30", true, "处", {0}, ""},
    {"deadline before start",
     "value",
     "2026-06-30",
     "2026-06-29",
     true,
     "处",
     {0},
     "due_on:before_start"},
    {"no target", "value", "2026-01-05", "2026-06-30", false, "处", {0}, "target:required"},
    {"no unit of measure",
     "value",
     "2026-01-05",
     "2026-06-30",
     true,
     NULL,
     {0},
     "unit_of_measure:required"},
    {"a value with milestones",
     "value",
     "2026-01-05",
     "2026-06-30",
     true,
     "处",
     {"2026-03-31"},
     "milestones:not_taken"},
    {"everything wrong with a value",
     "value",
     "2026-06-30",
     "2026-01-05",
     false,
     NULL,
     {"2026-03-31"},
     "due_on:before_start target:required unit_of_measure:required milestones:not_taken"},
    {"a milestone", "milestone", "2026-01-05", "2026-06-30", false, NULL, {"2026-06-30"}, ""},
    {"a milestone on the first day",
     "milestone",
     "2026-01-05",
     "2026-06-30",
     false,
     NULL,
     {"2026-01-05", "2026-06-30"},
     ""},
    {"no milestone",
     "milestone",
     "2026-01-05",
     "2026-06-30",
     false,
     NULL,
     {0},
     "milestones:required"},
    {"a milestone before the start",
     "milestone",
     "2026-01-05",
     "2026-06-30",
     false,
     NULL,
     {"2026-01-04"},
     "milestones:outside_period"},
    {"a milestone after the deadline",
     "milestone",
     "2026-01-05",
     "2026-06-30",
     false,
     NULL,
     {"2026-03-31", "2026-07-01"},
     "milestones:outside_period"},
    {"milestones with a target",
     "milestone",
     "2026-01-05",
     "2026-06-30",
     true,
     NULL,
     {"2026-03-31"},
     "target:not_taken"},
};

Test(item_rules, each_fault_is_named_and_nothing_else, .timeout = 120)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct item_case *c = &cases[i];
        struct milestone_draft steps[3] = {{0}};
        struct item_draft d = {.measure = c->measure,
                               .has_target = c->has_target,
                               .unit_of_measure = c->unit_of_measure,
                               .milestones = steps};
        cr_assert(date_parse(c->starts_on, &d.starts_on) && date_parse(c->due_on, &d.due_on));
        while (d.n_milestones < 3 && c->milestones[d.n_milestones]) {
            steps[d.n_milestones].name = "step";
            cr_assert(date_parse(c->milestones[d.n_milestones], &steps[d.n_milestones].due_on));
            d.n_milestones++;
        }
        struct fault faults[ITEM_FAULTS_MAX];
        char got[512] = "";
        size_t n = item_faults(&d, faults);
        for (size_t f = 0; f < n; f++) {
            size_t len = strlen(got);
            snprintf(got + len, sizeof got - len, "%s%s:%s", f ? " " : "", faults[f].field,
                     faults[f].code);
        }
        cr_expect_str_eq(got, c->wants, "%s: got \"%s\"", c->what, got);
    }
}
