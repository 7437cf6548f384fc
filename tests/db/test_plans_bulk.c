/* tests/db/test_plans_bulk.c - households, members and yearly blocks as tables: exports walk one
 * index at every level of caller, and what a chunk looks up is found by keys (60,000 households).
 */
#include "plans.h"
#include "sql_monitoring.h"

static const char *const fill[] = {
    "ALTER TABLE monitoring.household DISABLE TRIGGER USER; "
    "ALTER TABLE monitoring.member DISABLE TRIGGER USER; "
    "INSERT INTO monitoring.household (id, owner_division, at_division, household_number, "
    "household_type, head_member_id, recorded_at, created_at)"
    " SELECT md5('h' || n)::uuid, v, v, n::text, 'general', md5('m' || n)::uuid, now(), now()"
    " FROM (SELECT n, '43' || lpad((1 + n % 500)::text, 4, '0') || '001' || lpad((n % 90)::text, "
    "3, '0') AS v FROM generate_series(1, 60000) n) AS x; "
    "INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, "
    "certificate_kind, joined_on, joined_how, confirmation, recorded_at, created_at)"
    " SELECT md5('m' || h.id)::uuid, h.id, h.owner_division, h.owner_division, '赵', 'none', "
    "'2020-01-01', 'registered', 'none', now(), now() FROM monitoring.household h; "
    "INSERT INTO monitoring.three_guarantees (id, household_id, owner_division, at_division, year, "
    "recorded_at, created_at)"
    " SELECT md5('t' || h.id)::uuid, h.id, h.owner_division, h.owner_division, 2025, now(), now() "
    "FROM monitoring.household h; "
    "ANALYZE monitoring.household; ANALYZE monitoring.member; ANALYZE monitoring.three_guarantees;",
    NULL};

static const char *plan(const struct plans *p, const struct stmt *st, const char *caller,
                        const char *rows)
{
    be(p, caller);
    const char *const values[][2] = {{"scope_lo", arena_printf(p->arena, "'%s'", caller)},
                                     {"scope_hi", arena_printf(p->arena, "'%s~'", caller)},
                                     {"today", "'2026-11-22'"},
                                     {"now", "now()"},
                                     {"chunk", "'2000'"},
                                     {"after", rows},
                                     {"filters", "'{}'"},
                                     {"rows", rows},
                                     {"batch_id", "'01960000-0000-7000-8000-00000000ba7c'"},
                                     {"verb", "'apply_batch'"},
                                     {"caller_may_minor_read", "'false'"},
                                     {"caller_may_health_read", "'false'"},
                                     {NULL, NULL}};
    return plan_of(p, stmt_form(p->forms, st), values);
}

/* M-171. */
Test(plans, exports_walk_by_village_at_every_level, .timeout = 300)
{
    static const char *const callers[] = {"43", "4300", "430077", "430077001", "430077001012"};
    static const char *const after[] = {
        "NULL", "'[\"430077001012\",\"00000000-0000-0000-0000-000000000001\"]'"};
    struct plans p = begin_plans(sql_monitoring_all, "monitoring", fill);
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        for (size_t k = 0; k < 2; k++) {
            const char *homes = plan(&p, &SQL_household_export, callers[i], after[k]);
            const char *members = plan(&p, &SQL_member_export, callers[i], after[k]);
            const char *blocks = plan(&p, &SQL_three_guarantees_export, callers[i], after[k]);
            cr_expect(strstr(blocks, "Seq Scan") == NULL &&
                          strstr(blocks, "three_guarantees_owner_division_idx") != NULL,
                      "%s:\n%s", callers[i], blocks);
            cr_expect(strstr(homes, "Seq Scan on household") == NULL &&
                          strstr(homes, "household_owner_division_idx") != NULL,
                      "%s:\n%s", callers[i], homes);
            cr_expect(strstr(members, "Seq Scan on member") == NULL &&
                          strstr(members, "member_owner_division_idx") != NULL,
                      "%s:\n%s", callers[i], members);
        }
    }
    end_plans(&p);
}

/* M-161, M-162. */
Test(plans, a_chunk_is_looked_up_by_keys, .timeout = 300)
{
    static const struct {
        const struct stmt *st;
        const char *rows;
    } all[] = {
        {&SQL_archive_look_households, "'[{\"n\":0,\"key\":\"7\"}]'"},
        {&SQL_archive_look_members, "'[{\"n\":0,\"key\":\"7\",\"parent\":"
                                    "\"01960000-0000-7000-8000-00000000ba7c\"}]'"},
        {&SQL_archive_look_households, "'[{\"n\":null,\"key\":\"7\"}]'"},
    };
    struct plans p = begin_plans(sql_monitoring_all, "monitoring", fill);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *text = plan(&p, all[i].st, "43", all[i].rows);
        cr_expect(strstr(text, "Seq Scan on household") == NULL &&
                      strstr(text, "Seq Scan on member") == NULL,
                  "%s:\n%s", all[i].st->name, text);
    }
    end_plans(&p);
}
