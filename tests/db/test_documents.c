/* tests/db/test_documents.c - what documents have in SQL: how two editions differ, what
 * search goes by, and that lists and searches are served by an index at every level. */
#include "plans.h"
#include "sql_registry.h"

TestSuite(documents, .timeout = 120);

/* ---- the difference of two editions ---- */

#define CLAUSE(at, number, text)                                                                   \
    "{\"position\":" #at ",\"number\":\"" number "\",\"title\":null,\"text\":\"" text "\"}"
#define TITLED(at, number, title, text)                                                            \
    "{\"position\":" #at ",\"number\":\"" number "\",\"title\":\"" title "\",\"text\":\"" text "\"}"

static const struct {
    const char *what, *before, *after, *wanted; /* change old>new fields; ... */
} editions[] = {
    {"nothing at all", "", "", ""},
    {"the same", CLAUSE(1, "1", "a"), CLAUSE(1, "1", "a"), ""},
    {"one more", "", CLAUSE(1, "1", "a"), "added >1 "},
    {"one less", CLAUSE(1, "1", "a"), "", "removed 1> "},
    {"other words", CLAUSE(1, "1", "a"), CLAUSE(1, "1", "b"), "changed 1>1 text"},
    {"another heading", CLAUSE(1, "1", "a"), TITLED(1, "1", "t", "a"), "changed 1>1 title"},
    {"heading and words", TITLED(1, "1", "s", "a"), TITLED(1, "1", "t", "b"),
     "changed 1>1 title,text"},
    {"another place alone", CLAUSE(1, "1", "a"), CLAUSE(9, "1", "a"), ""},
    {"one put in between: the others are renumbered, not changed",
     CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "b"),
     CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "n") "," CLAUSE(3, "3", "b"),
     "added >2 ; renumbered 2>3 number"},
    {"one taken out of the middle",
     CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "b") "," CLAUSE(3, "3", "c"),
     CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "c"), "removed 2> ; renumbered 3>2 number"},
    {"two that change places", CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "b"),
     CLAUSE(1, "1", "b") "," CLAUSE(2, "2", "a"), "renumbered 2>1 number; renumbered 1>2 number"},
    {"twins stay twins", CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "a"),
     CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "a"), ""},
    {"one of three twins goes: the last of them",
     CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "a") "," CLAUSE(3, "3", "a"),
     CLAUSE(1, "1", "a") "," CLAUSE(2, "2", "a"), "removed 3> "},
    {"a heading that is empty and none are the same words", TITLED(1, "1", "", "a"),
     CLAUSE(1, "1", "a"), "changed 1>1 title"},
    {"new words under an old number, and its old words elsewhere", CLAUSE(1, "1", "a"),
     CLAUSE(1, "1", "n") "," CLAUSE(2, "2", "a"), "added >1 ; renumbered 1>2 number"},
};

Test(documents, two_editions_differ_clause_by_clause)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    for (size_t i = 0; i < sizeof editions / sizeof *editions; i++) {
        char sql[2048];
        (void)snprintf(
            sql, sizeof sql,
            "SELECT coalesce(string_agg(format('%%s %%s>%%s %%s', d.change, d.old_number, d.number,"
            " array_to_string(d.fields, ',')), '; ' ORDER BY d.n), '')"
            " FROM (SELECT *, row_number() OVER () AS n"
            " FROM registry.clause_difference('[%s]', '[%s]')) AS d",
            editions[i].before, editions[i].after);
        PGresult *r = PQexec(pg, sql);
        cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
        cr_expect_str_eq(PQgetvalue(r, 0, 0), editions[i].wanted, "%s: %s", editions[i].what,
                         PQgetvalue(r, 0, 0));
        PQclear(r);
    }
    PQfinish(pg);
}

/* ---- search ---- */

static const struct {
    const char *sql, *wanted;
} searches[] = {
    {"SELECT registry.search_form('ＡＢ c\n１ ２')", "abc12"},
    {"SELECT registry.search_form(E'粮食\\u3000安全')", "粮食安全"},
    {"SELECT registry.search_words('粮食　安全  粮食 ＡＢ')", "{ab,安全,粮食}"},
    {"SELECT registry.search_words('  ')", "{}"},
    {"SELECT string_agg(t, ' ' ORDER BY t COLLATE \"C\") FROM registry.search_tokens('甲乙甲') t",
     "乙 乙甲 甲 甲乙"},
    {"SELECT string_agg(t, ' ' ORDER BY t COLLATE \"C\") FROM registry.search_tokens('莫𡐓') t",
     "莫 莫𡐓 𡐓"},
    {"SELECT count(*) FROM registry.search_tokens('') t", "0"},
    {"SELECT registry.holds_words('粮食 安全', '{食安}')", "t"},
    {"SELECT registry.holds_words('粮食安全', '{安全,粮}')", "t"},
    {"SELECT registry.holds_words('粮食安全', '{安全,棉}')", "f"},
    {"SELECT registry.rarest_token('{}', '0', 'z') IS NULL", "t"},
    {"SELECT length(registry.rarest_token('{甲,乙丙丁}', '0', 'z')) <= 2", "t"},
    {"SELECT registry.id_in_order('01950000-0000-7abc-8000-000000000000', 255)::text"
     " ~ '^01950000-0000-70ff-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'",
     "t"},
};

Test(documents, are_searched_without_width_case_and_blanks)
{
    for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
        const char *found = super_sql(searches[i].sql);
        cr_expect_str_eq(found, searches[i].wanted, "%s: %s", searches[i].sql, found);
    }
}

static const char *const one_document =
    "INSERT INTO registry.document (id, owner_division, title, issuer, issued_on, kind, valid_from,"
    " created_at) VALUES (md5('d')::uuid, '430000000000', '甲乙', '丙', '2020-01-01', 'notice',"
    " '2020-01-01', now());"
    "INSERT INTO registry.document_clause (id, owner_division, document_id, position, number, text)"
    " VALUES (md5('c')::uuid, '430000000000', md5('d')::uuid, 1, '一', '丁戊')";

static void tokens_are(PGconn *pg, const char *record, const char *wanted)
{
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "SELECT coalesce(string_agg(token, ' ' ORDER BY token), '') FROM"
                   " registry.document_token WHERE record_id = md5('%s')::uuid AND document_id ="
                   " md5('d')::uuid AND owner_division = '430000000000'",
                   record);
    PGresult *r = PQexec(pg, sql);
    cr_expect_str_eq(PQgetvalue(r, 0, 0), wanted, "%s: %s", record, PQgetvalue(r, 0, 0));
    PQclear(r);
}

Test(documents, keep_their_tokens)
{
    PGconn *pg = PQconnectdb(getenv("ZEREN_TEST_DB"));
    run(pg, "BEGIN");
    run(pg, one_document);
    tokens_are(pg, "d", "丙 乙 乙丙 甲 甲乙");
    tokens_are(pg, "c", "一 一丁 丁 丁戊 戊");
    run(pg, "UPDATE registry.document_clause SET text = '己' WHERE id = md5('c')::uuid");
    tokens_are(pg, "c", "一 一己 己");
    run(pg, "UPDATE registry.document SET number = '1' WHERE id = md5('d')::uuid");
    tokens_are(pg, "d", "1 1丙 丙 乙 乙1 甲 甲乙");
    PQfinish(pg);
}

/* ---- plans ---- */

static const char *const fills[] = {
    "ALTER TABLE registry.document_clause DISABLE TRIGGER tokens_added;"
    "ALTER TABLE registry.document DISABLE TRIGGER tokens_kept;"
    "INSERT INTO registry.document (id, owner_division, title, issuer, issued_on, kind, valid_from,"
    " created_at) SELECT md5('d' || n)::uuid, '43' || lpad((n % 500)::text, 4, '0') || '000000',"
    " '计划' || n, '县', '2020-01-01', 'notice', '2020-01-01', now() FROM generate_series(1, "
    "10000) "
    "n;"
    "INSERT INTO registry.document_clause (id, owner_division, document_id, position, number, text)"
    " SELECT md5('c' || n)::uuid, '43' || lpad((n % 10000 % 500)::text, 4, '0') || '000000',"
    " md5('d' || (1 + n % 10000))::uuid, 1 + n / 10000, (1 + n / 10000)::text, '计划' || n"
    " FROM generate_series(1, 50000) n;"
    "INSERT INTO registry.document_token (token, owner_division, record_id, document_id)"
    " SELECT t.token, c.owner_division, c.id, c.document_id FROM registry.document_clause c,"
    " (VALUES ('计划'), ('计'), ('划')) AS t (token) WHERE c.text ~ '^计划';"
    "INSERT INTO registry.document_token (token, owner_division, record_id, document_id)"
    " SELECT '条锈', c.owner_division, c.id, c.document_id FROM registry.document_clause c"
    " WHERE c.text IN ('计划38', '计划77');"
    "INSERT INTO registry.duty (id, owner_division, document_id, clause_id, number, title, subject,"
    " topic, valid_from, created_at) SELECT md5('u' || n)::uuid, c.owner_division, c.document_id,"
    " c.id, n::text, '计划', 'government', 'general', '2020-01-01', now()"
    " FROM generate_series(1, 50000) n JOIN registry.document_clause c ON c.id = md5('c' || "
    "n)::uuid;"
    "ANALYZE registry.document; ANALYZE registry.document_clause; ANALYZE registry.document_token;"
    "ANALYZE registry.duty",
    NULL};

/* The plan of a list for a caller of that prefix, with some values more. */
static const char *plan_in(struct plans *p, const struct stmt_form *list, const char *prefix,
                           const char *const (*more)[2])
{
    char lo[32], hi[32];
    (void)snprintf(lo, sizeof lo, "'%s'", prefix);
    (void)snprintf(hi, sizeof hi, "'%s~'", prefix);
    const char *values[12][2] = {{"scope_lo", lo},
                                 {"scope_hi", hi},
                                 {"limit", "51"},
                                 {"today", "'2026-06-30'"},
                                 {"ancestors", "'{430000000000,000000000000}'"}};
    for (size_t i = 0; more != NULL && more[i][0] != NULL; i++) {
        values[5 + i][0] = more[i][0];
        values[5 + i][1] = more[i][1];
    }
    be(p, prefix);
    return plan_of(p, list, (const char *const(*)[2])values);
}

static const char *plan_for(struct plans *p, const struct stmt *list, const char *prefix,
                            const char *const (*more)[2])
{
    return plan_in(p, stmt_page_form(p->forms, list, (struct stmt_order){0}), prefix, more);
}

static void expect(const char *what, const char *plan, const char *wanted, const char *unwanted)
{
    cr_expect(strstr(plan, wanted) != NULL, "%s lacks %s:\n%s", what, wanted, plan);
    cr_expect(strstr(plan, unwanted) == NULL, "%s has %s:\n%s", what, unwanted, plan);
}

Test(documents, lists_and_searches_are_served_by_an_index_at_every_level)
{
    struct plans p = begin_plans(sql_registry_all, "registry", fills);
    expect("documents of a county", plan_for(&p, &SQL_document_list, "430077", NULL),
           "document_owner_division_idx", "Seq Scan on document d");
    expect("documents of a province", plan_for(&p, &SQL_document_list, "43", NULL),
           "document_created_at_idx", "Seq Scan on document d");
    expect("duties of a county", plan_for(&p, &SQL_duty_list, "430077", NULL),
           "duty_owner_division_idx", "Seq Scan on duty d");
    expect("duties of a province", plan_for(&p, &SQL_duty_list, "43", NULL), "duty_created_at_idx",
           "Seq Scan on duty d");
    static const char *const later[][2] = {{"after_sort", "'2026-01-01T00:00:00Z'"},
                                           {"after_key", "'00000000-0000-7000-8000-000000000000'"},
                                           {NULL, NULL}};
    const struct stmt_form *more_duties =
        stmt_page_form(p.forms, &SQL_duty_list, (struct stmt_order){.after_cursor = true});
    expect("duties further on", plan_in(&p, more_duties, "43", later), "Index Cond: (ROW(", "Sort");
    static const char *const common[][2] = {
        {"token", "'计划'"}, {"whole", "'true'"}, {"word_list", "'{计划}'"}, {NULL, NULL}};
    static const char *const rare[][2] = {
        {"token", "'条锈'"}, {"whole", "'false'"}, {"word_list", "'{条锈病}'"}, {NULL, NULL}};
    expect("a common word in a province", plan_for(&p, &SQL_clause_search, "43", common),
           "document_token_pkey", "Sort");
    static const char *const further[][2] = {
        {"token", "'计划'"},
        {"whole", "'true'"},
        {"word_list", "'{计划}'"},
        {"after_sort", "'430400000000'"},
        {"after_key", "'00000000-0000-7000-8000-000000000000'"},
        {NULL, NULL}};
    const struct stmt_form *next =
        stmt_page_form(p.forms, &SQL_clause_search, (struct stmt_order){.after_cursor = true});
    expect("a page far on", plan_in(&p, next, "43", further), "AND (ROW(", "Sort");
    expect("a common word in a county", plan_for(&p, &SQL_clause_search, "430077", common),
           "document_token_pkey", "Seq Scan");
    expect("a rare word in a province", plan_for(&p, &SQL_clause_search, "43", rare),
           "document_token_pkey", "Seq Scan");
    expect("documents with a rare word", plan_for(&p, &SQL_document_search, "43", rare),
           "document_token_pkey", "Seq Scan on document_token");
    expect("documents of a county with a common word",
           plan_for(&p, &SQL_document_search, "430077", common), "document_token_pkey",
           "Seq Scan on document_token");
    end_plans(&p);
}
