/* tests/unit/test_household_rules.c - M-100, M-112: every rule of the catalogue, violated, not
 * violated and at its edge. The rules are those that the migration seeds; a household that is in
 * order is changed in one place a case. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "household_rules.h"

#define SEED ZEREN_SOURCE_DIR "/services/monitoring/migrations/0005_rules.sql"

/* clang-format off */
static const char household[] =
    "\"id\":\"h\",\"owner_division\":\"431302006003\",\"household_type\":\"general\",\"object_type\":null,\"risks\":[],\"risk_note\":null,\"identified_on\":null,"
    "\"eliminated\":false,\"eliminated_on\":null,\"elimination_kind\":null,\"no_labour\":false,\"head_member_id\":\"a\",\"phone\":\"13812345678\",\"reach\":5,\"line\":7800.00";
#define SOUND "\"ethnicity\":\"01\",\"not_in_school\":null,\"health\":\"healthy\",\"disability_card\":null,\"work_place\":null,\"working_away\":false,\"public_posts\":[]," \
    "\"resident_medical\":true,\"employee_medical\":false,\"serious_illness_insurance\":true,\"allowance\":\"none\",\"destitute\":\"none\",\"phone\":null,\"id_number_others\":0"
static const char head[] =
    "\"id\":\"a\",\"sex\":\"1\",\"certificate_kind\":\"id_card\",\"id_number\":\"522301199001011236\",\"birth_on\":\"1990-01-01\",\"relation\":\"head\",\"education\":\"junior\","
    "\"student_status\":null,\"labour\":\"common\",\"resident_pension\":true,\"employee_pension\":false," SOUND;
static const char spouse[] =
    "\"id\":\"b\",\"sex\":\"2\",\"certificate_kind\":\"id_card\",\"id_number\":\"621021198510152042\",\"birth_on\":\"1985-10-15\",\"relation\":\"spouse\",\"education\":\"primary\","
    "\"student_status\":null,\"labour\":\"weak\",\"resident_pension\":true,\"employee_pension\":false," SOUND ",\"health\":\"chronic\"";
static const char child[] =
    "\"id\":\"c\",\"sex\":\"1\",\"certificate_kind\":\"id_card\",\"id_number\":\"431302201506013011\",\"birth_on\":\"2015-06-15\",\"relation\":\"son\",\"education\":null,"
    "\"student_status\":\"primary\",\"labour\":\"none\",\"resident_pension\":null,\"employee_pension\":null," SOUND;

struct rule_test {
    const char *code;
    bool wants;
    const char *of_household, *of_head, *of_child, *more; /* members that take the place of the ones above; NULL: none */
};

#define H(code, wants, text) {code, wants, text, NULL, NULL, NULL}
#define P(code, wants, text) {code, wants, NULL, text, NULL, NULL}
#define C(code, wants, text) {code, wants, NULL, NULL, text, NULL}
#define X(code, wants, text) {code, wants, NULL, NULL, NULL, text}
#define HX(code, wants, of_household, more) {code, wants, of_household, NULL, NULL, more}
#define HP(code, wants, of_household, of_head) {code, wants, of_household, of_head, NULL, NULL}
#define BLOCK(name, stage, rest) "\"" name "\":[{\"year\":2026,\"stage\":\"" stage "\"," rest "}]"
#define INCOME(stage, rest) BLOCK("income", stage, rest)
#define LACKS(stage, rest) BLOCK("three_guarantees", stage, rest)
#define LIVING(rest) BLOCK("living", "yearly", rest)
#define MEASURE(item) "\"measures\":[{\"item\":\"" item "\"}]"
#define NO_MEASURES "\"measures\":[]"
#define WATCHED "\"object_type\":\"2\""
#define GONE "\"object_type\":\"2\",\"identified_on\":\"2025-01-10\",\"eliminated\":true,\"eliminated_on\":\"2026-06-01\",\"elimination_kind\":\"assisted\""
#define LONG_GONE "\"object_type\":\"2\",\"identified_on\":\"2021-01-10\",\"eliminated\":true,\"eliminated_on\":\"2025-12-01\",\"eliminated_marked_on\":\"2025-12-20\",\"elimination_kind\":\"assisted\""
#define FULL_BLOCKS LACKS("elimination", "\"housing_unsafe\":false,\"dropout\":false,\"water_unsafe\":false,\"uninsured\":false") "," INCOME("elimination", "\"per_capita\":9000")

static const struct rule_test cases[] = {
#include "household_rules.def"
};
/* clang-format on */
#undef X
enum { N_CASES = sizeof cases / sizeof *cases, SEED_COLUMNS = 11 };

static struct arena *arena;
static struct rule_set rules;
static const struct date today = {2026, 6, 15};

static const char *open_plain(void *with, const char *column, const char *record, const char *hex)
{
    cr_assert(with == NULL && *record != '\0');
    cr_assert(str_starts(column, "monitoring.household.") ||
              str_starts(column, "monitoring.member."));
    return hex;
}
static const struct fact_opener opener = {open_plain, NULL};

/* ---- the rules as the migration has them */

static char *read_seed(void)
{
    FILE *f = fopen(SEED, "r");
    cr_assert(f != NULL, "%s", SEED);
    char *text = arena_alloc(arena, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    text[n] = '\0';
    char *rows = strstr(text, "INSERT INTO monitoring_rule");
    rows = rows == NULL ? NULL : strstr(rows, "FROM (VALUES");
    cr_assert(rows != NULL);
    return rows;
}

/* The text of the next quoted string; NULL behind the last row. */
static const char *next_quoted(char **at)
{
    char *p = *at + strcspn(*at, "';");
    if (*p != '\'')
        return NULL;
    char *text = ++p;
    while (*p != '\'')
        p++;
    *p = '\0';
    *at = p + 1;
    return text;
}

static void put_rule(struct buf *b, const char *const *column)
{
    buf_printf(b, "%s{\"code\":", b->len > 1 ? "," : "");
    buf_json(b, column[0]);
    static const struct {
        const char *name;
        int column;
    } members[] = {{"scope", 3}, {"severity", 4}, {"message", 5}, {"evaluator", 6}, {"about", 9}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        buf_printf(b, ",\"%s\":", members[i].name);
        buf_json(b, column[members[i].column]);
    }
    buf_printf(b, ",\"params\":%s,\"fields\":[", column[7]);
    for (const char *p = column[8]; *p != '\0'; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        buf_printf(b, "%s\"%.*s\"", p == column[8] ? "" : ",", (int)len, p);
        p += len;
    }
    buf_str(b, "]}");
}

static void set_up(void)
{
    struct buf b;
    arena = arena_create(64 << 20);
    char *at = read_seed();
    const char *column[SEED_COLUMNS];
    buf_init(&b, arena, 1 << 20);
    buf_char(&b, '[');
    while ((column[0] = next_quoted(&at)) != NULL) {
        for (int i = 1; i < SEED_COLUMNS; i++)
            column[i] = next_quoted(&at);
        put_rule(&b, column);
        if (strstr(at, "('") == NULL)
            break;
    }
    buf_char(&b, ']');
    cr_assert(rule_set_read(arena, buf_text(&b), &rules), "a rule without a function, or none");
}

static void tear_down(void)
{
    arena_destroy(&arena);
}

TestSuite(household_rules, .init = set_up, .fini = tear_down);

/* ---- a household of a case */

static void put_object(struct buf *b, const char *base, const char *change)
{
    buf_printf(b, "{%s%s%s}", base, change == NULL || *change == '\0' ? "" : ",",
               change == NULL ? "" : change);
}

static const char *facts_text_of(const struct rule_test *t)
{
    struct buf b;
    buf_init(&b, arena, 64 * 1024);
    buf_str(&b, "{\"household\":");
    put_object(&b, household, t->of_household);
    if (t->more == NULL || strstr(t->more, "\"members\":") == NULL) {
        buf_str(&b, ",\"members\":[");
        put_object(&b, head, t->of_head);
        buf_char(&b, ',');
        put_object(&b, spouse, NULL);
        buf_char(&b, ',');
        put_object(&b, child, t->of_child);
        buf_char(&b, ']');
    }
    buf_printf(&b, "%s%s}", t->more == NULL ? "" : ",", t->more == NULL ? "" : t->more);
    return buf_text(&b);
}

static struct found_list check(const struct rule_test *t)
{
    struct household_facts h;
    struct found_list l;
    cr_assert(household_facts_read(arena, facts_text_of(t), &opener, &h));
    cr_assert(household_check(arena, &rules, &h, today, &l));
    return l;
}

static const struct found *found_of(const struct found_list *l, const char *code)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(l->found[i].rule->code, code) == 0)
            return &l->found[i];
    }
    return NULL;
}

Test(household_rules, a_household_in_order_has_no_finding)
{
    struct found_list l = check(&(struct rule_test){.code = ""});
    for (size_t i = 0; i < l.n; i++)
        cr_expect(false, "%s %s", l.found[i].rule->code, l.found[i].pointer);
    cr_assert_eq(l.n + l.n_unjudged, 0);
}

Test(household_rules, each_case_is_found_or_not_as_it_says)
{
    for (size_t i = 0; i < N_CASES; i++) {
        struct arena_mark mark = arena_mark(arena);
        const struct rule_test *t = &cases[i];
        struct found_list l = check(t);
        const struct found *f = found_of(&l, t->code);
        cr_expect((f != NULL) == t->wants, "case %zu %s: %s: %s | %s | %s | %s", i, t->code,
                  t->wants ? "not found" : "found", t->of_household == NULL ? "" : t->of_household,
                  t->of_head == NULL ? "" : t->of_head, t->of_child == NULL ? "" : t->of_child,
                  t->more == NULL ? "" : t->more);
        arena_rewind(arena, mark);
    }
}

Test(household_rules, every_rule_has_a_case_that_violates_it_and_two_that_do_not)
{
    cr_assert_gt(rules.n, 100);
    for (size_t i = 0; i < rules.n; i++) {
        int violated = 0, all = 0;
        for (size_t k = 0; k < N_CASES; k++) {
            bool mine = strcmp(cases[k].code, rules.rules[i].code) == 0;
            all += mine;
            violated += mine && cases[k].wants;
        }
        cr_expect(violated >= 1 && all - violated >= 1 && all >= 3, "%s: %d of %d",
                  rules.rules[i].code, violated, all);
    }
}

Test(household_rules, every_function_is_named_by_a_rule)
{
    for (size_t i = 0; rule_evaluators[i] != NULL; i++) {
        bool named = false;
        for (size_t k = 0; k < rules.n; k++)
            named = named || strcmp(rules.rules[k].evaluator, rule_evaluators[i]) == 0;
        cr_expect(named, "%s", rule_evaluators[i]);
    }
}

Test(household_rules, numbers_come_from_params)
{
    const char *text =
        "[{\"code\":\"x\",\"scope\":\"member\",\"severity\":\"alert\",\"message\":\"低于 {least} "
        "元\",\"evaluator\":\"work_wage\","
        "\"about\":\"all\",\"fields\":[\"work_income\"],\"params\":{\"least\":\"777.5\"}}]";
    struct household_facts h;
    struct found_list l;
    struct rule_set one;
    const struct rule_test t = P("x", true, "\"work_income\":777.49");
    cr_assert(rule_set_read(arena, text, &one));
    cr_assert(household_facts_read(arena, facts_text_of(&t), &opener, &h));
    cr_assert(household_check(arena, &one, &h, today, &l));
    cr_assert_eq(l.n, 1);
    cr_assert_str_eq(l.found[0].detail, "低于 777.5 元");
    cr_assert_str_eq(l.found[0].pointer, "/members/a/work_income");
    cr_assert_eq(l.found[0].severity, SEVERITY_ALERT);
}

Test(household_rules, an_evaluator_that_nobody_knows_is_refused)
{
    struct rule_set one;
    cr_assert_not(rule_set_read(arena,
                                "[{\"code\":\"x\",\"message\":\"x\",\"evaluator\":\"nothing_like_"
                                "it\",\"fields\":[\"sex\"],\"params\":{}}]",
                                &one));
}

Test(household_rules, a_double_elsewhere_in_the_village_is_a_warning_and_here_an_error)
{
    struct found_list here =
        check(&(struct rule_test)C("", true, "\"id_number\":\"522301199001011236\""));
    struct found_list there = check(&(struct rule_test)P("", true, "\"id_number_others\":1"));
    cr_assert_eq(found_of(&here, "1_12_001")->severity, SEVERITY_ERROR);
    cr_assert_eq(found_of(&there, "1_12_001")->severity, SEVERITY_WARNING);
    cr_assert_eq(there.errors, 0);
}

Test(household_rules, who_does_not_see_the_whole_level_does_not_judge_it)
{
    struct household_facts h;
    struct found_list l;
    for (size_t i = 0; i < rules.n; i++) { /* a county compares all its households */
        for (size_t k = 0; k < rules.rules[i].n_params; k++) {
            if (strcmp(rules.rules[i].params[k].name, "level") == 0)
                rules.rules[i].params[k].number = (struct decimal){3, 0};
        }
    }
    const struct rule_test narrow =
        HX("", true, "\"reach\":4",
           "\"same_phones\":[{\"holder\":null,\"household_id\":\"o\",\"level\":3}]");
    const struct rule_test wide =
        HX("", true, "\"reach\":3",
           "\"same_phones\":[{\"holder\":null,\"household_id\":\"o\",\"level\":3}]");
    cr_assert(household_facts_read(arena, facts_text_of(&narrow), &opener, &h) &&
              household_check(arena, &rules, &h, today, &l));
    cr_assert(found_of(&l, "9_09_003") == NULL);
    cr_assert_eq(l.n_unjudged, 2);
    cr_assert(household_facts_read(arena, facts_text_of(&wide), &opener, &h) &&
              household_check(arena, &rules, &h, today, &l));
    cr_assert(found_of(&l, "9_09_003") != NULL);
    cr_assert_eq(l.n_unjudged, 0);
}

Test(household_rules, the_digest_changes_with_the_facts_named_and_with_no_others)
{
    const char *wage = "\"work_income\":50";
    struct found_list a = check(&(struct rule_test)P("", true, wage));
    struct found_list b =
        check(&(struct rule_test){"", true, "\"risk_note\":\"x\"", wage, "\"sex\":\"9\"", NULL});
    /* the first of two members of one name is what a digest is made of, as in rows there is but one
     */
    struct household_facts h;
    cr_assert(household_facts_read(arena, facts_text_of(&(struct rule_test)P("", true, wage)),
                                   &opener, &h));
    h.members[0].json = "{\"work_income\":51}";
    struct found_list c;
    cr_assert(household_check(arena, &rules, &h, today, &c));
    const char *code = "5_16_001";
    cr_assert_str_eq(found_of(&a, code)->digest, found_of(&b, code)->digest);
    cr_assert_str_neq(found_of(&a, code)->digest, found_of(&c, code)->digest);
}

Test(household_rules, what_does_not_open_is_there_and_says_nothing)
{
    struct household_facts h;
    struct found_list l;
    const struct fact_opener none = {NULL, NULL};
    (void)none;
    cr_assert(household_facts_read(
        arena, facts_text_of(&(struct rule_test)H("", true, "\"risks\":[\"03\"]")), NULL, &h));
    cr_assert(h.members[0].id_number.there && h.members[0].id_number.text == NULL);
    cr_assert(household_check(arena, &rules, &h, today, &l));
    cr_assert(found_of(&l, "2_11_001") == NULL && found_of(&l, "1_12_002") == NULL);
}

Test(household_rules, text_that_is_no_facts_is_refused_or_empty)
{
    struct household_facts h;
    static const char *const bad[] = {"", "[]", "{}", "{\"household\":null}", "{\"household\":1}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_not(household_facts_read(arena, bad[i], &opener, &h), "%s", bad[i]);
    cr_assert(household_facts_read(
        arena, "{\"household\":{\"id\":\"h\",\"risk_note\":\"a\\\"b\\\\c\\n\"},\"members\":null}",
        &opener, &h));
    cr_assert_str_eq(h.risk_note, "a\"b\\c\n");
    cr_assert_eq(h.n_members, 0);
}
