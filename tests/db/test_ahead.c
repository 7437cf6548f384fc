/* tests/db/test_ahead.c - which chunks of an archive another may be carried out beside (B-019):
 * none that registers people in households that are there, or changes who they are, for the chunk
 * ahead would name them without waiting. Asks the statement that says so; nothing is carried out.
 */
#include "monitoring.h"
#include "plans.h"
#include "sql_monitoring.h"

/* Chunks of three rows. Part 1 is households, part 2 members. */
/* clang-format off */
static const char *const fill[] = {
    WITHOUT_TRIGGERS,
    "INSERT INTO monitoring.batch_row (batch_id, owner_division, row, data, action, record_id, part, in_part, bundle, hidden, faults)"
    " SELECT '85f4ed8a-0000-4000-8000-0000000000ad'::uuid, '431399001001', x.row, '{}', x.action, gen_random_uuid(), x.part, x.row, x.bundle, '{}',"
    "        CASE x.action WHEN 'failed' THEN '[]'::jsonb END"
    " FROM (VALUES (1, 1, 'insert', 1), (2, 2, 'insert', 1), (3, 2, 'insert', 1),"
    "              (4, 1, 'update', 2), (5, 2, 'unchanged', 2), (6, 2, 'failed', 2),"
    "              (7, 1, 'unchanged', 3), (8, 2, 'insert', 3), (9, 2, 'unchanged', 3),"
    "              (10, 1, 'update', 4), (11, 2, 'unchanged', 4), (12, 2, 'update', 4),"
    "              (13, 1, 'insert', 5), (14, 2, 'insert', 5), (15, 2, 'insert', 6),"
    "              (16, 1, 'insert', 7), (17, 2, 'insert', 7), (18, 1, 'insert', 8)) AS x (row, part, action, bundle)",
    NULL};
/* clang-format on */

/* Where a chunk ends that the next one may be carried out beside; "": none may. */
static const char *reach(const struct plans *p, const struct stmt *st, int after, int chunk)
{
    const struct stmt_form *f = stmt_form(p->forms, st);
    const char *const values[][2] = {{"batch_id", "85f4ed8a-0000-4000-8000-0000000000ad"},
                                     {"after", arena_printf(p->arena, "%d", after)},
                                     {"chunk", arena_printf(p->arena, "%d", chunk)}};
    const char *sql = "EXECUTE p(";
    run(p->pg, arena_printf(p->arena, "DEALLOCATE ALL; PREPARE p AS %s", f->text));
    for (unsigned i = 0; i < f->n_params; i++) {
        const char *value = "NULL";
        for (size_t v = 0; v < sizeof values / sizeof *values; v++)
            value = strcmp(values[v][0], f->params[i]) == 0 ? values[v][1] : value;
        sql = arena_printf(p->arena, "%s%s'%s'", sql, i > 0 ? ", " : "", value);
    }
    PGresult *r = PQexec(p->pg, arena_printf(p->arena, "%s)", sql));
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(p->pg));
    const char *last = arena_strdup(p->arena, PQntuples(r) == 1 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return last;
}

Test(ahead, nothing_goes_ahead_of_people_who_are_registered_behind_the_chunk, .timeout = 120)
{
    static const struct {
        int after, chunk;
        const char *last, *what;
    } all[] = {
        {0, 3, "3", "a new household with its people"},
        {0, 1, "3", "the same, for chunks end between households"},
        {3, 3, "6", "a household changes, and nobody in it"},
        {0, 6, "6", "both"},
        {6, 3, "", "somebody comes into a household that is there"},
        {9, 3, "", "somebody in it is somebody else"},
        {12, 3, "", "a new household, and somebody who comes into another one"},
        {0, 7, "", "what is behind others in the chunk counts, too"},
        {3, 15, "", "and what is before them"},
        {15, 3, "18", "what was before the chunk does not count"},
        {18, 3, "", "nothing is left"},
    };
    struct plans p = begin_plans(sql_monitoring_all, "monitoring", fill);
    int asked = 0;
    be(&p, "43");
    for (const struct batch_kind *k = monitoring_batches.imports; k->name != NULL; k++) {
        for (size_t i = 0; k->reach != NULL && i < sizeof all / sizeof *all; i++, asked++) {
            const char *last = reach(&p, k->reach, all[i].after, all[i].chunk);
            cr_expect_str_eq(last, all[i].last, "%s, %s: '%s' and not '%s'", k->name, all[i].what,
                             last, all[i].last);
        }
    }
    cr_expect_gt(asked, 0, "no chunk goes ahead of any");
    end_plans(&p);
}
