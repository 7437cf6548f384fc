/* tests/unit/test_batch_cell.c - cells of imports: what people write, and what it is kept as. */
#include <criterion/criterion.h>

#include "batch/cell.h"
#include "core/str.h"

TestSuite(batch_cell, .timeout = 120);

static const struct batch_word words[] = {
    {"organisation_kind", "department", "部门", NULL},
    {"organisation_kind", "town", "乡镇（街道）", "乡镇"},
    {"other", "x", "部门二", NULL},
    {"risk", "01", "因病", NULL},
    {"risk", "02", "因自然灾害", "灾害"},
    {"risk", "09", "因学", NULL},
    {0},
};

/* clang-format off */
static const struct batch_column text = {"name", "单位名称", BATCH_TEXT, 4, true, NULL, ""}, key = {"number", "户编号", BATCH_KEY, 30, true, NULL, ""},
    code = {"division", "区划代码", BATCH_CODE, 0, false, NULL, ""},
    word = {"kind", "单位类型", BATCH_WORD, 0, false, "organisation_kind", ""},
    day = {"on", "日期", BATCH_DAY, 0, false, NULL, ""},
    number = {"value", "数值", BATCH_NUMBER, 2, false, NULL, ""}, months = {"months", "月数", BATCH_NUMBER, 0, false, NULL, ""};
static const struct batch_seal id_seal = {"monitoring.member.id_number", SEALED_CITIZEN_ID, true}, risk_seal = {"x.y.z", SEALED_CODES, false};
static const struct batch_column yes = {"yes", "是否", BATCH_YES_NO, 0, false, NULL, ""}, risks = {"risks", "风险", BATCH_WORDS, 2, false, "risk", ""},
    month = {"month", "月", BATCH_MONTH, 0, false, NULL, ""}, money = {"money", "元", BATCH_DECIMAL, 8, false, NULL, ""}, place = {"place", "地", BATCH_PLACE, 0, false, NULL, ""},
    id_number = {"id", "证件号码", BATCH_SEALED, 0, false, NULL, "", &id_seal}, codes = {"codes", "健康", BATCH_SEALED, 3, false, "risk", "", &risk_seal},
    shown = {"net", "纯收入", BATCH_SHOWN, 1, false, NULL, ""};

static const struct {
    const struct batch_column *column;
    const char *given, *kept, *fault;
} cases[] = {
    {&shown, "-12.50", NULL, NULL}, {&shown, "typed", NULL, NULL}, {&text, NULL, NULL, "missing"}, {&text, "", NULL, "missing"}, {&text, "水利局处", "水利局处", NULL}, {&text, "水利局处室", NULL, "too_long"},
    {&key, NULL, NULL, "missing"}, {&key, "4313020060030001", "4313020060030001", NULL}, {&key, "11010519491231002x", NULL, "is_id_number"}, {&key, "１１０１０５１９４９１２３１００２X", NULL, "is_id_number"},
    {&key, "1101051949123100210000000000000", NULL, "too_long"},
    {&code, NULL, NULL, NULL}, {&code, "431302", "431302000000", NULL}, {&code, "431302006003", "431302006003", NULL}, {&code, "４３１３０２", "431302000000", NULL},
    {&code, "43", "430000000000", NULL}, {&code, "43130", NULL, "not_a_code"}, {&code, "43x302", NULL, "not_a_code"}, {&code, "43130200600a", NULL, "not_a_code"},
    {&word, "部门", "department", NULL}, {&word, "department", "department", NULL}, {&word, "乡镇", "town", NULL}, {&word, "部门二", NULL, "not_one_of"}, {&word, "DEPARTMENT", NULL, "not_one_of"},
    {&day, "2026年1月5日", "2026-01-05", NULL}, {&day, "2026-02-30", NULL, "not_a_date"}, {&day, "明天", NULL, "not_a_date"},
    {&number, "12.5", "12.5", NULL}, {&number, "12.345", NULL, "not_a_number"}, {&number, "-1", NULL, "not_a_number"}, {&number, "十二", NULL, "not_a_number"}, {&number, "3.0", "3.0", NULL}, {&number, "12.5000", "12.50", NULL}, {&months, "3.0", "3", NULL}, {&months, "3.", NULL, "not_a_number"}, {&months, "3.5", NULL, "not_a_number"},
    {&yes, "是", "true", NULL}, {&yes, "否", "false", NULL}, {&yes, "true", "true", NULL}, {&yes, "有", NULL, "not_yes_no"},
    {&risks, "因学、因病", "01,09", NULL}, {&risks, "因病，因病;01", NULL, "too_many_words"}, {&risks, "因病，因病", "01", NULL}, {&risks, "灾害 因学", "02,09", NULL}, {&risks, "因病、因懒", NULL, "not_one_of"},
    {&month, "202603", "2026-03-01", NULL}, {&month, "2026年3月", "2026-03-01", NULL}, {&month, "2026-3", "2026-03-01", NULL}, {&month, "2026-03-15", "2026-03-15", NULL},
    {&month, "2026/3", "2026-03-01", NULL}, {&month, "2026.3", "2026-03-01", NULL}, {&month, "2026.10", "2026-10-01", NULL}, {&month, "2026.1", NULL, "not_a_month"}, {&month, ".1", NULL, "not_a_month"}, {&month, "2026/13", NULL, "not_a_month"},
    {&month, "202613", NULL, "not_a_month"}, {&month, "去年", NULL, "not_a_month"},
    {&money, "3500", "3500.00", NULL}, {&money, "0.5", "0.50", NULL}, {&money, "1.234", NULL, "not_a_number"}, {&money, "-1", NULL, "not_a_number"}, {&money, "99999999.99", "99999999.99", NULL}, {&money, "100000000", NULL, "too_large"},
    {&place, "境外", "abroad", NULL}, {&place, "4403", "440300000000", NULL}, {&place, "深圳", NULL, "not_a_code"},
    {&id_number, "11010519491231002x", "11010519491231002X", NULL}, {&id_number, "532900197002290010", NULL, "not_a_citizen_id"}, {&id_number, "431302", NULL, "not_a_citizen_id"},
    {&codes, "因学、因病", "01,09", NULL}, {&codes, "懒", NULL, "not_one_of"},
};
/* clang-format on */

Test(batch_cell, are_kept_in_one_form_or_told_by_code)
{
    struct arena *a = arena_create(1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *kept = "?";
        const char *fault = batch_cell_read(a, cases[i].column, cases[i].given, words, &kept);
        cr_expect(str_equal(fault, cases[i].fault), "case %zu: %s", i, fault);
        cr_expect(str_equal(kept, cases[i].kept), "case %zu: %s", i, kept);
    }
    arena_destroy(&a);
}

Test(batch_cell, columns_carry_the_lists_of_their_dictionaries)
{
    static const struct batch_column columns[] = {
        {"kind", "单位类型", BATCH_WORD, 0, true, "organisation_kind", "选择"},
        {"net", "纯收入", BATCH_SHOWN, 1, false, NULL, ""},
        {0}};
    static const struct batch_kind kind = {.name = "toy", .columns = columns};
    struct arena *a = arena_create(1 << 16);
    cr_expect_str_eq(batch_dictionaries(a, &kind), "{row_fault,organisation_kind}");
    const struct table_column *read = batch_read_columns(a, kind.columns);
    cr_expect(read[0].required && str_equal(read[0].label, "单位类型") && read[2].name == NULL);
    cr_expect_eq(batch_out_columns(a, kind.columns, NULL)[1].kind, TABLE_NUMBER);
    cr_expect_not(batch_is_sealed(kind.columns) || batch_is_sealed(NULL));
    cr_expect_null(batch_out_columns(a, kind.columns, NULL)[0].list);
    arena_destroy(&a);
}

Test(batch_cell, a_month_is_any_day_of_it)
{
    cr_assert(batch_cell_same(&month, "2026-03-01", "2026-03-15"));
    cr_assert_not(batch_cell_same(&month, "2026-03-02", "2026-03-15"));
    cr_assert_not(batch_cell_same(&month, "2026-03-01", "2026-04-15"));
    cr_assert_not(batch_cell_same(&month, "2026-03-01", NULL));
    cr_assert(batch_cell_same(&text, NULL, NULL));
}
