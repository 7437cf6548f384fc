/* tests/db/test_settings.c - settings in the database itself: every one has a kind and what the
 * country lays down, within its bounds; and who has identity's role lays down nothing else (I-402
 * to I-408). Nothing is committed. */
#include "support.h"

TestSuite(settings, .timeout = 120);

Test(settings, each_has_a_kind_and_the_countrys_row_within_its_bounds)
{
    cr_expect_str_eq(super_sql("SELECT coalesce(string_agg(coalesce(s.key, k.key), ' '), '') FROM "
                               "zeren.setting s FULL JOIN zeren.setting_kind k ON k.key = s.key"
                               " WHERE s.key IS NULL OR k.key IS NULL"),
                     "", "a setting without a kind, or the other way");
    cr_expect_str_eq(
        super_sql("SELECT coalesce(string_agg(k.key, ' '), '') FROM zeren.setting_kind k"
                  " LEFT JOIN zeren.setting s ON s.key = k.key AND s.year = 0"
                  "  AND s.division = '000000000000'"
                  " WHERE (CASE k.value_type WHEN 'integer' THEN s.value::bigint BETWEEN"
                  " k.minimum AND k.maximum WHEN 'choice' THEN s.value = ANY (k.choices)"
                  " ELSE length(s.value) BETWEEN k.minimum AND k.maximum END) IS NOT TRUE"),
        "", "what the country lays down is out of bounds");
    cr_expect_str_eq(super_sql("SELECT count(*) > 50 FROM zeren.setting_kind"), "t");
}

/* As identity_service for a county: the SQLSTATE, or how many rows it came to. */
static const char *as_county(const char *sql)
{
    static char told[16];
    PGconn *pg = PQconnectdb(test_db("identity_service"));
    run(pg, "BEGIN; SET LOCAL zeren.scope = '{[\"431302\",\"431302~\")}'");
    PGresult *r = PQexec(pg, sql);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    (void)snprintf(told, sizeof told, "%s", state != NULL ? state : PQcmdTuples(r));
    PQclear(r);
    PQfinish(pg);
    return told;
}

#define LAY_DOWN(key, division, year, value)                                                       \
    "INSERT INTO zeren.setting (id, key, division, year, value, assumed, source, created_at)"      \
    " VALUES (gen_random_uuid(), '" key "', '" division "', " year ", '" value                     \
    "', true, 'a test', now())"

Test(settings, who_has_the_role_is_held_to_the_bounds)
{
    static const struct {
        const char *sql, *told;
    } cases[] = {
        {LAY_DOWN("registry.amber_work_days", "431302000000", "2198", "30"), "1"},
        {LAY_DOWN("registry.amber_work_days", "431302000000", "2198", "31"), "ZR005"},
        {LAY_DOWN("registry.amber_work_days", "431302000000", "2198", "-1"), "ZR005"},
        {LAY_DOWN("registry.no_such", "431302000000", "2198", "1"), "ZR005"},
        {LAY_DOWN("registry.pause_unit", "431302000000", "2198", "weeks"), "ZR005"},
        {LAY_DOWN("monitoring.minor_years", "431302000000", "0", "15"), "ZR005"},
        {LAY_DOWN("files.max_bytes", "431302000000", "2198", "2048"), "ZR005"},
        {LAY_DOWN("identity.password_min_length", "431302006000", "0", "7"), "ZR005"},
        {LAY_DOWN("registry.amber_work_days", "431321000000", "2198", "9"), "42501"},
        {"UPDATE zeren.setting SET value = '9' WHERE key = 'registry.amber_work_days'"
         " AND division = '000000000000'",
         "0"},
        {"UPDATE zeren.setting SET key = 'registry.no_such'", "42501"},
        {"UPDATE zeren.setting_kind SET minimum = 0", "42501"},
        {"DELETE FROM zeren.setting", "0"},
        {"SET LOCAL zeren.scope = '{[\"\",\"~\")}'; DELETE FROM zeren.setting"
         " WHERE division = '000000000000' AND year = 0",
         "0"},
        {"SET LOCAL zeren.scope = '{[\"\",\"~\")}'; UPDATE zeren.setting SET value = '182'"
         " WHERE key = 'audit.retention_days'",
         "ZR005"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(as_county(cases[i].sql), cases[i].told, "%s", cases[i].sql);
}
