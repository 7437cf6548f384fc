/* tests/db/test_batch.c - what a service's batches stand on in the database: classes and grants,
 * who is the same person, what is taken away and what is not (B-006, R-073). */
#include "support.h"

TestSuite(batch, .timeout = 120);

#define IS(want, sql)                                                                              \
    do {                                                                                           \
        const char *said = super_sql(sql);                                                         \
        cr_assert_str_eq(said, want, "%s: %s", sql, said);                                         \
    } while (false)

Test(batch, tables_hide_what_is_out_of_scope)
{
    IS("t",
       "SELECT bool_and(c.relrowsecurity AND c.relforcerowsecurity)::text::char(1) FROM "
       "pg_class c WHERE c.oid IN ('registry.batch'::regclass, 'registry.batch_row'::regclass)");
    IS("f", "SELECT bool_or(has_table_privilege('registry_service', 'registry.batch_row', "
            "p))::text::char(1) FROM unnest('{INSERT,UPDATE,DELETE}'::text[]) AS p");
    IS("f",
       "SELECT bool_or(has_table_privilege(r, 'registry.organisation', 'DELETE'))::text::char(1) "
       "FROM unnest('{registry_service,identity_service,identity_worker}'::text[]) AS r");
}

Test(batch, one_account_is_one_person)
{
    IS("t", "SELECT registry.is_same_person(a, p, a, q, '2026-06-18')::text::char(1) FROM (SELECT "
            "gen_random_uuid() AS a, gen_random_uuid() AS p, gen_random_uuid() AS q) AS x");
    IS("f", "SELECT registry.is_same_person(a, p, b, q, '2026-06-18')::text::char(1) FROM (SELECT "
            "gen_random_uuid() AS a, gen_random_uuid() AS b, gen_random_uuid() AS p, "
            "gen_random_uuid() AS q) AS x");
}

Test(batch, what_nothing_names_is_taken_away_at_its_version_alone)
{
    (void)super_sql("DELETE FROM registry.organisation WHERE name = '批次试验单位'");
    (void)super_sql("INSERT INTO registry.organisation (id, owner_division, name, kind, version, "
                    "created_at) VALUES ('01960000-0000-7000-8000-00000000ba7c', '431302000000', "
                    "'批次试验单位', 'other', 2, now())");
    IS("f", "SELECT registry.remove_organisation('01960000-0000-7000-8000-00000000ba7c', "
            "1)::text::char(1)");
    IS("t", "SELECT registry.remove_organisation('01960000-0000-7000-8000-00000000ba7c', "
            "2)::text::char(1)");
    IS("f", "SELECT registry.remove_organisation('01960000-0000-7000-8000-00000000ba7c', "
            "2)::text::char(1)");
}
