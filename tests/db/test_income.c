/* tests/db/test_income.c - figures of income (M-064, M-065, M-067): sums of random lines, computed
 * here in whole fen, are what the database computes, alone and set by set, whoever says otherwise;
 * and what a figure says that it was made of gives the figure. */
#include "support.h"

enum { ROUNDS = 400, LINES = 12, CODES = 43 };

static const char *const codes[CODES] = {
    "a1",  "a2",  "a3",  "a4",  "a5",  "b1",  "b2",  "b3",  "b4",  "c1",  "c2",
    "c3",  "c4",  "c5",  "d1",  "d2",  "d3",  "d4",  "d5a", "d5b", "d5c", "d5d",
    "d5e", "d6a", "d6b", "d6c", "d6d", "d6e", "d6f", "d6g", "d6h", "d6i", "d6j",
    "d6k", "d6l", "d6m", "d6n", "d6o", "d6p", "e1",  "e2",  "e3",  "e4"};

struct sums {
    long long side[5], net, per_capita, reference, reference_per_capita; /* fen */
};

struct drawn {
    char json[1024];
    long long claims, expense;
    int headcount;
    struct sums sums;
};

static unsigned long long state = 20261122;

static unsigned draw(unsigned below)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state >> 33) % below;
}

/* Half away from zero. */
static long long divided(long long n, int by)
{
    long long twice = (n < 0 ? -n : n) * 2 + by;
    long long q = twice / (2LL * by);
    return n < 0 ? -q : q;
}

static void fen(long long n, char out[static 32])
{
    long long m = n < 0 ? -n : n;
    (void)snprintf(out, 32, "%s%lld.%02lld", n < 0 ? "-" : "", m / 100, m % 100);
}

static struct drawn draw_one(void)
{
    struct drawn d = {.headcount = 1 + (int)draw(9),
                      .claims = draw(3) == 0 ? 0 : draw(100000000),
                      .expense = draw(3) == 0 ? 0 : draw(1000000000)};
    bool taken[CODES] = {false};
    size_t len = (size_t)snprintf(d.json, sizeof d.json, "{");
    for (unsigned i = 0, n = draw(LINES + 1); i < n; i++) {
        unsigned at = draw(CODES);
        char text[32];
        if (taken[at])
            continue;
        taken[at] = true;
        long long amount = draw(2) == 0 ? draw(1000) : draw(2000000000);
        fen(amount, text);
        len += (size_t)snprintf(d.json + len, sizeof d.json - len, "%s\"%s\":\"%s\"",
                                len > 1 ? "," : "", codes[at], text);
        d.sums.side[codes[at][0] - 'a'] += amount;
    }
    (void)snprintf(d.json + len, sizeof d.json - len, "}");
    struct sums *s = &d.sums;
    s->net = s->side[0] + s->side[1] + s->side[2] + s->side[3] - s->side[4];
    s->reference = s->net + d.claims - d.expense;
    s->per_capita = divided(s->net, d.headcount);
    s->reference_per_capita = divided(s->reference, d.headcount);
    return d;
}

/* "(24000.00,…)" as the database writes a row of figures. */
static void wanted(const struct drawn *d, char out[static 512])
{
    const struct sums *s = &d->sums;
    const long long all[] = {s->side[0],    s->side[1],   s->side[2],
                             s->side[3],    s->side[4],   s->net,
                             s->per_capita, s->reference, s->reference_per_capita};
    size_t len = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char text[32];
        fen(all[i], text);
        len += (size_t)snprintf(out + len, 512 - len, "%s%s", i == 0 ? "(" : ",", text);
    }
    (void)snprintf(out + len, 512 - len, ")");
}

static const char *text_of(PGconn *pg, const char *sql)
{
    static char value[4096];
    PGresult *r = PQexec(pg, sql);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%.300s: %s", sql, PQerrorMessage(pg));
    (void)snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return value;
}

Test(income, M_064_sums_of_random_lines_are_exact, .timeout = 120)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    for (int round = 0; round < ROUNDS; round++) {
        struct drawn d = draw_one();
        char sql[2048], want[512], claims[32], expense[32];
        fen(d.claims, claims);
        fen(d.expense, expense);
        wanted(&d, want);
        (void)snprintf(sql, sizeof sql,
                       "SELECT (s.wage::numeric(12,2), s.production::numeric(12,2), "
                       "s.property::numeric(12,2), s.transfer::numeric(12,2), "
                       "s.expense::numeric(12,2), s.net::numeric(12,2), s.per_capita, "
                       "s.reference::numeric(12,2), s.reference_per_capita)::text "
                       "FROM monitoring.income_sums('%s', %s, %s, %d) AS s",
                       d.json, claims, expense, d.headcount);
        cr_assert_str_eq(text_of(pg, sql), want, "%s by %d", d.json, d.headcount);
    }
    PQfinish(pg);
}

/* A household of two, in a transaction that is never committed. */
static PGconn *begin_with_household(void)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN");
    run(pg, "INSERT INTO monitoring.household (id, owner_division, at_division, household_type, "
            "head_member_id, recorded_at, created_at) VALUES "
            "('01990000-0000-7000-8000-00000000aaaa', '430000001001', '430000001001', 'general', "
            "'01990000-0000-7000-8000-00000000bbb1', now(), now())");
    run(pg, "INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, "
            "certificate_kind, joined_on, joined_how, confirmation, birth_on, recorded_at, "
            "created_at) SELECT ('01990000-0000-7000-8000-00000000bbb' || n)::uuid, "
            "'01990000-0000-7000-8000-00000000aaaa', '430000001001', '430000001001', '甲' || n, "
            "'none', '2026-01-01', CASE n WHEN 3 THEN 'birth' ELSE 'registered' END, 'none', "
            "CASE n WHEN 3 THEN date '2025-12-30' ELSE '1990-01-01' END, now(), "
            "'2026-01-01 04:00:00+00' FROM generate_series(1, 3) n");
    return pg;
}

Test(income, M_065_whoever_writes_figures_writes_none, .timeout = 120)
{
    PGconn *pg = begin_with_household();
    run(pg, "INSERT INTO monitoring.income (id, household_id, owner_division, at_division, year, "
            "period_start, period_end, amounts, claims, headcount, wage, production, property, "
            "transfer, expense, net, per_capita, reference, reference_per_capita, recorded_at, "
            "created_at) SELECT gen_random_uuid(), '01990000-0000-7000-8000-00000000aaaa', "
            "'430000001001', '430000001001', y, make_date(y, 1, 1), make_date(y, 12, 31), "
            "'{\"a1\":\"100.01\",\"e1\":\"0.02\"}', 5, 99, 1, 1, 1, 1, 1, 1, 1, 1, 1, now(), "
            "now() FROM generate_series(2020, 2024) y");
    cr_assert_str_eq(text_of(pg, "SELECT string_agg(DISTINCT (headcount, wage, net, per_capita, "
                                 "reference_per_capita)::text, '|') FROM monitoring.income WHERE "
                                 "household_id = '01990000-0000-7000-8000-00000000aaaa'"),
                     "(2,100.01,99.99,50.00,52.50)");
    run(pg, "UPDATE monitoring.income SET net = 7, wage = 7, headcount = 7 WHERE household_id = "
            "'01990000-0000-7000-8000-00000000aaaa'");
    cr_assert_str_eq(text_of(pg, "SELECT string_agg(DISTINCT (headcount, wage, net)::text, '|') "
                                 "FROM monitoring.income WHERE household_id = "
                                 "'01990000-0000-7000-8000-00000000aaaa'"),
                     "(2,100.01,99.99)");
    PQfinish(pg);
}

Test(income, M_066_heads_are_counted_on_the_last_day, .timeout = 120)
{
    PGconn *pg = begin_with_household();
    static const struct {
        const char *day, *heads;
    } cases[] = {
        {"1989-12-31", "0"}, {"2020-06-30", "2"}, {"2025-12-31", "2"}, {"2026-01-01", "3"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[256];
        (void)snprintf(sql, sizeof sql,
                       "SELECT monitoring.headcount_on('01990000-0000-7000-8000-00000000aaaa', "
                       "'%s')",
                       cases[i].day);
        cr_expect_str_eq(text_of(pg, sql), cases[i].heads, "%s", cases[i].day);
    }
    run(pg, "UPDATE monitoring.member SET left_on = '2026-05-01', left_how = 'death' WHERE id = "
            "'01990000-0000-7000-8000-00000000bbb2'");
    cr_expect_str_eq(text_of(pg, "SELECT monitoring.headcount_on("
                                 "'01990000-0000-7000-8000-00000000aaaa', '2026-05-01')"),
                     "2");
    cr_expect_str_eq(text_of(pg, "SELECT monitoring.headcount_on("
                                 "'01990000-0000-7000-8000-00000000aaaa', '2026-04-30')"),
                     "3");
    PQfinish(pg);
}

/* What each figure says that it is the sum of, added up, is the figure. */
Test(income, M_067_what_a_figure_tells_gives_the_figure, .timeout = 120)
{
    PGconn *pg = begin_with_household();
    run(pg, "INSERT INTO monitoring.income (id, household_id, owner_division, at_division, year, "
            "period_start, period_end, amounts, claims, compliant_expense, recorded_at, "
            "created_at) SELECT gen_random_uuid(), '01990000-0000-7000-8000-00000000aaaa', "
            "'430000001001', '430000001001', y, make_date(y, 1, 1), make_date(y, 12, 31), "
            "json_build_object('a1', (y * 7.31)::numeric(12,2)::text, 'b2', '0.01', 'c3', '12', "
            "'d6f', (y / 3.0)::numeric(12,2)::text, 'e4', '999.99'), y - 2014, y * 2, now(), "
            "now() FROM generate_series(2014, 2025) y");
    cr_assert_str_eq(
        text_of(pg,
                "SELECT count(*) || ' ' || count(*) FILTER (WHERE t.amount = t.made) FROM ("
                " SELECT (to_jsonb(b) ->> f.figure)::numeric AS amount,"
                "  (SELECT round(sum(CASE o ->> 'sign' WHEN 'plus' THEN 1 WHEN 'minus' THEN -1 "
                "ELSE 0 END"
                "    * (o ->> 'amount')::numeric) / coalesce(max((o ->> 'amount')::numeric) FILTER "
                "(WHERE o ->> 'sign' = 'by'), 1), 2)"
                "     FROM json_array_elements(monitoring.income_operands(b, f)) AS o) AS made"
                "  FROM monitoring.income b, monitoring.income_figure f WHERE b.household_id = "
                "'01990000-0000-7000-8000-00000000aaaa') AS t"),
        "108 108");
    PQfinish(pg);
}

/* M-060: the archive's first year is a setting. */
Test(income, M_060_the_first_year_is_a_setting, .timeout = 120)
{
    PGconn *pg = begin_with_household();
    static const char *const asked =
        "SELECT count(*) FROM monitoring.open_household('01990000-0000-7000-8000-00000000aaaa', "
        "2010, '2026-06-30')";
    run(pg, "SAVEPOINT s");
    PGresult *r = PQexec(pg, asked);
    cr_expect_str_eq(PQresultErrorField(r, PG_DIAG_SQLSTATE), "ZR005");
    PQclear(r);
    run(pg, "ROLLBACK TO s");
    run(pg, "UPDATE zeren.setting SET value = '2010' WHERE key = 'monitoring.first_year'");
    cr_expect_str_eq(text_of(pg, asked), "1");
    cr_expect_str_eq(
        text_of(pg, "SELECT string_agg(coalesce(a.code, '-'), ' ' ORDER BY a.n) FROM "
                    "monitoring.blocks_asked('[{\"n\": 1, \"key\": \"a\", \"year\": \"2009\"}, "
                    "{\"n\": 2, \"key\": \"b\", \"year\": \"2010\"}]', 'three_guarantees', "
                    "'2026-06-30') AS a"),
        "too_early -");
    PQfinish(pg);
}
