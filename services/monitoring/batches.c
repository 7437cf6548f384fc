/* services/monitoring/batches.c - what comes into monitoring as a table and goes out as one: its
 * columns and statements. How: common/batch. */
#include "bulk.h"
#include "monitoring.h"
#include "sql_monitoring.h"

/* clang-format off */
#define BLOCKS(its_parts) .apply = &SQL_block_apply, .undo = &SQL_block_undo, .parts = (its_parts), .key = "household_number", .judge = &block_judge, .chunk = 500

static const struct batch_kind imports[] = {
    {.name = "archive", .permission = PERM_HOUSEHOLD_WRITE, .columns = household_columns, .apply = &SQL_archive_apply, .undo = &SQL_archive_undo,
        .reach = &SQL_archive_reach, .parts = archive_parts, .key = "household_number", .judge = &archive_judge, .chunk = 2000},
    {.name = "incomes", .permission = PERM_HOUSEHOLD_WRITE, .columns = income_columns, BLOCKS(income_parts)},
    {.name = "three_guarantees", .permission = PERM_HOUSEHOLD_WRITE, .columns = guarantees_columns, BLOCKS(guarantees_parts)},
    {.name = "living_conditions", .permission = PERM_HOUSEHOLD_WRITE, .columns = living_columns, BLOCKS(living_parts)},
    {0}
};

static const struct table_out_column lines_out[] = {
    {.name = "owner_division", .label = "区划代码"}, {.name = "division_name", .label = "区划名称"}, {.name = "year", .label = "年度"},
    {.name = "amount", .label = "监测范围（元/人·年）", .kind = TABLE_NUMBER}, {.name = "effective_from", .label = "执行日期", .kind = TABLE_DAY},
    {.name = "document_number", .label = "文号", .width = 30}, {.name = "source", .label = "来源", .width = 40}, {.name = "assumed", .label = "暂定"},
    {.name = "id", .label = "编号", .width = 38},
    {0}
};

static const struct export_kind exports[] = {
    {.name = "households", .permission = PERM_HOUSEHOLD_READ, .rows = &SQL_household_export, .of = household_columns},
    {.name = "members", .permission = PERM_HOUSEHOLD_READ, .rows = &SQL_member_export, .of = member_columns, .whole = "health"},
    {.name = "incomes", .permission = PERM_HOUSEHOLD_READ, .rows = &SQL_income_export, .of = income_columns},
    {.name = "three_guarantees", .permission = PERM_HOUSEHOLD_READ, .rows = &SQL_three_guarantees_export, .of = guarantees_columns},
    {.name = "living_conditions", .permission = PERM_HOUSEHOLD_READ, .rows = &SQL_living_conditions_export, .of = living_columns},
    {"monitoring_lines", PERM_HOUSEHOLD_READ, lines_out, &SQL_line_export},
    {0}
};

const struct batch_set monitoring_batches = {imports, exports};

const struct job_kind monitoring_jobs[] = {
    BATCH_JOBS(&monitoring_batches),
    {.name = "check_archive", .chunk = check_archive_chunk, .by_rule = true, .permission = PERM_HOUSEHOLD_WRITE},
    {0}
};
/* clang-format on */
