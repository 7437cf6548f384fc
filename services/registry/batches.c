/* services/registry/batches.c - what comes into the registry as a table and goes out as one: its
 * columns and statements. How: common/batch. Rules. */
#include "batch/kind.h"
#include "registry.h"
#include "sql_registry.h"

/* clang-format off */
static const struct batch_column organisation_columns[] = {
    {"owner_division", "区划代码", BATCH_CODE, 0, true, NULL, "行政区划代码，2、4、6、9 或 12 位"},
    {"name", "单位名称", BATCH_TEXT, 80, true, NULL, "全称，在本区划内不重复，最多 80 字"},
    {"kind", "单位类型", BATCH_WORD, 0, true, "organisation_kind", "从列表中选择；已登记的单位不能批量更改"},
    {"line", "条线", BATCH_TEXT, 40, false, NULL, "单位所属条线；空白表示不改变"},
    {0}
};

static const struct batch_kind imports[] = {
    {"organisations", PERM_ORGANISATION_WRITE, organisation_columns, &SQL_organisation_batch_stage, &SQL_organisation_batch_apply, &SQL_organisation_batch_undo},
    {0}
};

static const struct table_out_column organisations_out[] = {
    {.name = "owner_division", .label = "区划代码"}, {.name = "division_name", .label = "区划名称"}, {.name = "name", .label = "单位名称", .width = 40},
    {.name = "kind", .label = "单位类型"}, {.name = "line", .label = "条线"}, {.name = "id", .label = "编号", .width = 38},
    {.name = "version", .label = "版本", .kind = TABLE_NUMBER},
    {0}
};

static const struct table_out_column items_out[] = {
    {.name = "owner_division", .label = "区划代码"}, {.name = "task_number", .label = "任务编号"}, {.name = "task_title", .label = "任务", .width = 40},
    {.name = "title", .label = "分解项", .width = 40}, {.name = "lead_organisation", .label = "牵头单位", .width = 30},
    {.name = "starts_on", .label = "开始日期", .kind = TABLE_DAY}, {.name = "due_on", .label = "完成时限", .kind = TABLE_DAY}, {.name = "measure", .label = "计量方式"},
    {.name = "target", .label = "目标值", .kind = TABLE_NUMBER}, {.name = "unit_of_measure", .label = "计量单位"},
    {.name = "progress", .label = "当前值", .kind = TABLE_NUMBER}, {.name = "completion", .label = "完成率（%）", .kind = TABLE_NUMBER},
    {.name = "done_on", .label = "完成日期", .kind = TABLE_DAY}, {.name = "id", .label = "编号", .width = 38},
    {0}
};

static const struct export_kind exports[] = {
    {"organisations", PERM_ORGANISATION_READ, organisations_out, &SQL_organisation_export},
    {"items", PERM_DUTY_LIST_READ, items_out, &SQL_item_export},
    {0}
};

const struct batch_set registry_batches = {imports, exports};

const struct job_kind registry_jobs[] = {BATCH_JOBS(&registry_batches), {0}};
/* clang-format on */
