/* tests/db/plans.h - what a list's form is planned as, for whom (see begin_plans() in support.h).
 */
#ifndef ZEREN_TEST_PLANS_H
#define ZEREN_TEST_PLANS_H

#include "support.h"

/* The plan of a form with the given values by parameter name, as lines. Owned by the arena. */
static inline const char *plan_of(const struct plans *p, const struct stmt_form *f,
                                  const char *const (*values)[2])
{
    PGconn *pg = p->pg;
    struct arena *a = p->arena;
    const char *sql = arena_printf(a, "DEALLOCATE ALL; PREPARE p AS %s", f->text);
    run(pg, sql);
    sql = "EXPLAIN (COSTS OFF) EXECUTE p(";
    for (unsigned i = 0; i < f->n_params; i++) {
        const char *value = "NULL";
        for (size_t v = 0; values[v][0] != NULL; v++) {
            value = strcmp(values[v][0], f->params[i]) == 0 ? values[v][1] : value;
        }
        sql = arena_printf(a, "%s%s%s", sql, i > 0 ? ", " : "", value);
    }
    PGresult *r = PQexec(pg, arena_printf(a, "%s)", sql));
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s: %s", f->name, PQerrorMessage(pg));
    const char *plan = "";
    for (int i = 0; i < PQntuples(r); i++) {
        plan = arena_printf(a, "%s%s\n", plan, PQgetvalue(r, i, 0));
    }
    PQclear(r);
    return plan;
}

/* The plan without what stands under a condition that is never true: it is planned and not run. */
static inline const char *what_runs(const struct plans *p, const char *plan)
{
    static const char never_true[] = "One-Time Filter: false";
    char *kept = arena_alloc(p->arena, strlen(plan) + 1);
    cr_assert_not_null(kept);
    size_t n = 0, never = SIZE_MAX;
    for (const char *line = plan; *line != '\0';) {
        size_t len = strcspn(line, "\n"), indent = strspn(line, " ");
        size_t whole = len + (line[len] == '\n');
        const char *found = strstr(line, never_true);
        if (indent < never)
            never = SIZE_MAX;
        if (never == SIZE_MAX && found != NULL && found < line + len)
            never = indent;
        if (never == SIZE_MAX) {
            memcpy(kept + n, line, whole);
            n += whole;
        }
        line += whole;
    }
    kept[n] = '\0';
    return kept;
}

static inline void be(const struct plans *p, const char *prefix)
{
    run(p->pg, arena_printf(p->arena,
                            "SELECT set_config('zeren.scope', '{[\"%s\",\"%s~\")}', true), "
                            "set_config('zeren.lines', '', true)",
                            prefix, prefix));
}

/* A list, with one filter or none, by a caller of that prefix, is served by that index of its own
 * table. */
struct wanted {
    const struct stmt *list;
    const char *sort;     /* NULL: the default */
    const char *extra[2]; /* a filter, or NULL */
    const char *caller, *index;
    const char *unsorted; /* must not be in the plan: the index gives the order, too; NULL: few rows
                             are sorted */
};

static inline void expect_index(const struct plans *p, const struct wanted *w)
{
    be(p, w->caller);
    const char *plan =
        plan_of(p, stmt_page_form(p->forms, w->list, (struct stmt_order){.sort = w->sort}),
                (const char *const[][2]){{"scope_lo", arena_printf(p->arena, "'%s'", w->caller)},
                                         {"scope_hi", arena_printf(p->arena, "'%s~'", w->caller)},
                                         {"today", "'2026-11-22'"},
                                         {"limit", "51"},
                                         {w->extra[0], w->extra[1]},
                                         {NULL, NULL}});
    cr_expect(strstr(plan, w->index) != NULL &&
                  strstr(plan, arena_printf(p->arena, "Seq Scan on %.*s",
                                            (int)strcspn(w->index, "_"), w->index)) == NULL &&
                  (w->unsorted == NULL || strstr(plan, w->unsorted) == NULL),
              "%s of %s by %s:\n%s", w->list->name, w->caller,
              w->extra[0] == NULL ? "nothing" : w->extra[0], plan);
}

#endif
