/* tests/unit/test_batch_cell.c - cells of imports: what people write, and what it is kept as. */
#include <criterion/criterion.h>

#include "batch/cell.h"
#include "core/str.h"

TestSuite(batch_cell, .timeout = 10);

static const struct batch_word words[] = {
    {"organisation_kind", "department", "部门", NULL},
    {"organisation_kind", "town", "乡镇（街道）", "乡镇"},
    {"other", "x", "部门二", NULL},
    {0},
};

/* clang-format off */
static const struct batch_column text = {"name", "单位名称", BATCH_TEXT, 4, true, NULL, ""},
    code = {"division", "区划代码", BATCH_CODE, 0, false, NULL, ""},
    word = {"kind", "单位类型", BATCH_WORD, 0, false, "organisation_kind", ""},
    day = {"on", "日期", BATCH_DAY, 0, false, NULL, ""},
    number = {"value", "数值", BATCH_NUMBER, 2, false, NULL, ""};

static const struct {
    const struct batch_column *column;
    const char *given, *kept, *fault;
} cases[] = {
    {&text, NULL, NULL, "missing"}, {&text, "", NULL, "missing"}, {&text, "水利局处", "水利局处", NULL}, {&text, "水利局处室", NULL, "too_long"},
    {&code, NULL, NULL, NULL}, {&code, "431302", "431302000000", NULL}, {&code, "431302006003", "431302006003", NULL}, {&code, "４３１３０２", "431302000000", NULL},
    {&code, "43", "430000000000", NULL}, {&code, "43130", NULL, "not_a_code"}, {&code, "43x302", NULL, "not_a_code"}, {&code, "43130200600a", NULL, "not_a_code"},
    {&word, "部门", "department", NULL}, {&word, "department", "department", NULL}, {&word, "乡镇", "town", NULL}, {&word, "部门二", NULL, "not_one_of"}, {&word, "DEPARTMENT", NULL, "not_one_of"},
    {&day, "2026年1月5日", "2026-01-05", NULL}, {&day, "2026-02-30", NULL, "not_a_date"}, {&day, "明天", NULL, "not_a_date"},
    {&number, "12.5", "12.5", NULL}, {&number, "12.345", NULL, "not_a_number"}, {&number, "-1", NULL, "not_a_number"}, {&number, "十二", NULL, "not_a_number"},
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
        {"kind", "单位类型", BATCH_WORD, 0, true, "organisation_kind", "选择"}, {0}};
    static const struct batch_kind kind = {.name = "toy", .columns = columns};
    struct arena *a = arena_create(1 << 16);
    cr_expect_str_eq(batch_dictionaries(a, &kind), "{row_fault,organisation_kind}");
    const struct table_column *read = batch_read_columns(a, &kind);
    cr_expect(read[0].required && str_equal(read[0].label, "单位类型") && read[1].name == NULL);
    cr_expect_null(batch_out_columns(a, &kind, NULL)[0].list);
    arena_destroy(&a);
}
