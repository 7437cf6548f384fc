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

/* Headings are those of the items' export: that table comes back with what was reached. */
static const struct batch_column report_columns[] = {
    {"item_id", "编号", BATCH_TEXT, 36, false, NULL, "分解项的编号，导出分解项时有这一列；有编号可以不填任务编号"},
    {"task_number", "任务编号", BATCH_TEXT, 40, false, NULL, "本单位牵头的分解项所属任务的编号；没有分解项编号时必填"},
    {"lead_organisation", "牵头单位", BATCH_TEXT, 80, false, NULL, "本单位的名称，用于核对；空白就是本单位"},
    {"year", "年度", BATCH_NUMBER, 0, false, NULL, "两个年度的清单都在实施、任务编号相同时填写"},
    {"measure", "计量方式", BATCH_WORD, 0, false, "item_measure", "从列表中选择，用于核对；空白不核对"},
    {"reported_on", "报告日期", BATCH_DAY, 0, false, NULL, "进展是哪一天的；空白就是报送当天"},
    {"value", "完成值", BATCH_NUMBER, 4, false, NULL, "按数值计量的分解项：到这一天累计完成多少"},
    {"milestone", "节点", BATCH_NUMBER, 0, false, NULL, "按节点计量的分解项：完成了第几个节点"},
    {"note", "说明", BATCH_TEXT, 1000, false, NULL, "做了什么，最多 1000 字"},
    {0}
};

static const struct batch_column contact_columns[] = {
    {"owner_division", "区划代码", BATCH_CODE, 0, true, NULL, "被联系的村、乡镇或者县的行政区划代码"},
    {"kind", "联系方式", BATCH_WORD, 0, true, "contact_kind", "从列表中选择"},
    {"organisation", "单位名称", BATCH_TEXT, 80, true, NULL, "联系的单位，或者联系领导所在单位的全称；须是被联系区划本级或者上级的单位"},
    {"post", "岗位", BATCH_TEXT, 80, false, NULL, "联系领导的岗位名称；空白表示由单位联系"},
    {"starts_on", "开始日期", BATCH_DAY, 0, true, NULL, "从哪一天起"},
    {"ends_on", "结束日期", BATCH_DAY, 0, false, NULL, "到哪一天止（当天不再联系）；空白表示不定期"},
    {"note", "依据", BATCH_TEXT, 500, false, NULL, "按什么文件安排"},
    {0}
};

static const struct batch_column team_columns[] = {
    {"owner_division", "区划代码", BATCH_CODE, 0, true, NULL, "管理工作队的县或者乡镇的行政区划代码"},
    {"name", "工作队名称", BATCH_TEXT, 80, true, NULL, "在本区划内不重复，最多 80 字"},
    {"sender", "派出单位", BATCH_TEXT, 80, false, NULL, "派出单位的全称，须已登记在本区划或者上级区划"},
    {"villages", "驻村区划代码", BATCH_TEXT, 800, true, NULL, "所驻村的 12 位区划代码，多个村用顿号或者空格隔开"},
    {"starts_on", "开始日期", BATCH_DAY, 0, true, NULL, "进驻日期"},
    {"term_ends_on", "任期截止", BATCH_DAY, 0, false, NULL, "计划任期的最后一天"},
    {0}
};

static const struct batch_column team_member_columns[] = {
    {"division", "区划代码", BATCH_CODE, 0, true, NULL, "队员岗位所在村或者乡镇的行政区划代码"},
    {"team", "工作队名称", BATCH_TEXT, 80, true, NULL, "已登记的工作队"},
    {"post", "岗位", BATCH_TEXT, 80, true, NULL, "已登记的岗位名称，责任类型须为第一书记、队长或者队员"},
    {"role", "队内职务", BATCH_WORD, 0, false, "team_role", "从列表中选择；空白就是岗位的责任类型"},
    {"sender", "派出单位", BATCH_TEXT, 80, false, NULL, "派出单位的全称；空白就是工作队的派出单位"},
    {"starts_on", "开始日期", BATCH_DAY, 0, true, NULL, "到队日期"},
    {"term_ends_on", "任期截止", BATCH_DAY, 0, false, NULL, "计划任期的最后一天"},
    {0}
};

static const struct batch_kind imports[] = {
    {"organisations", PERM_ORGANISATION_WRITE, organisation_columns, &SQL_organisation_batch_stage, &SQL_organisation_batch_apply, &SQL_organisation_batch_undo},
    {"reports", PERM_REPORT_WRITE, report_columns, &SQL_report_batch_stage, &SQL_report_batch_apply, &SQL_report_batch_undo},
    {"contacts", PERM_CONTACT_WRITE, contact_columns, &SQL_contact_batch_stage, &SQL_contact_batch_apply, &SQL_contact_batch_undo},
    {"teams", PERM_TEAM_WRITE, team_columns, &SQL_team_batch_stage, &SQL_team_batch_apply, &SQL_team_batch_undo},
    {"team_members", PERM_TEAM_WRITE, team_member_columns, &SQL_team_member_batch_stage, &SQL_team_member_batch_apply, &SQL_team_member_batch_undo},
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

static const struct table_out_column contacts_out[] = {
    {.name = "owner_division", .label = "区划代码"}, {.name = "division_name", .label = "区划名称"}, {.name = "kind", .label = "联系方式"},
    {.name = "organisation", .label = "单位名称", .width = 40}, {.name = "post", .label = "岗位", .width = 30},
    {.name = "starts_on", .label = "开始日期", .kind = TABLE_DAY}, {.name = "ends_on", .label = "结束日期", .kind = TABLE_DAY}, {.name = "status", .label = "状态"},
    {.name = "id", .label = "编号", .width = 38},
    {0}
};

static const struct table_out_column visits_out[] = {
    {.name = "owner_division", .label = "区划代码"}, {.name = "division_name", .label = "区划名称"}, {.name = "visited_on", .label = "走访日期", .kind = TABLE_DAY},
    {.name = "purpose", .label = "事由"}, {.name = "organisation", .label = "单位名称", .width = 40}, {.name = "post", .label = "岗位", .width = 30},
    {.name = "settlement", .label = "自然村、组、网格", .width = 20}, {.name = "household_id", .label = "农户编号", .width = 38}, {.name = "poor", .label = "困难户"},
    {.name = "found", .label = "发现情况", .width = 40}, {.name = "promised", .label = "承诺事项", .width = 40}, {.name = "id", .label = "编号", .width = 38},
    {0}
};

static const struct table_out_column team_members_out[] = {
    {.name = "owner_division", .label = "区划代码"}, {.name = "division_name", .label = "区划名称"}, {.name = "team", .label = "工作队名称", .width = 40},
    {.name = "post", .label = "岗位", .width = 30}, {.name = "role", .label = "队内职务"}, {.name = "sender", .label = "派出单位", .width = 30},
    {.name = "starts_on", .label = "开始日期", .kind = TABLE_DAY}, {.name = "term_ends_on", .label = "任期截止", .kind = TABLE_DAY},
    {.name = "ends_on", .label = "离队日期", .kind = TABLE_DAY}, {.name = "id", .label = "编号", .width = 38},
    {0}
};

static const struct table_out_column periodic_reports_out[] = {
    {.name = "owner_division", .label = "区划代码"}, {.name = "organisation", .label = "单位名称", .width = 40}, {.name = "form", .label = "报表", .width = 40},
    {.name = "period_start", .label = "起始日期", .kind = TABLE_DAY}, {.name = "period_end", .label = "截止日期", .kind = TABLE_DAY}, {.name = "status", .label = "状态"},
    {.name = "label", .label = "内容", .width = 40}, {.name = "unit_of_measure", .label = "计量单位"}, {.name = "value", .label = "报告数", .width = 30},
    {.name = "recount", .label = "重新统计"}, {.name = "digest", .label = "摘要", .width = 66}, {.name = "id", .label = "编号", .width = 38},
    {0}
};

static const struct export_kind exports[] = {
    {"organisations", PERM_ORGANISATION_READ, organisations_out, &SQL_organisation_export},
    {"items", PERM_DUTY_LIST_READ, items_out, &SQL_item_export},
    {"contacts", PERM_CONTACT_READ, contacts_out, &SQL_contact_export},
    {"visits", PERM_VISIT_READ, visits_out, &SQL_visit_export},
    {"team_members", PERM_TEAM_READ, team_members_out, &SQL_team_member_export},
    {"periodic_reports", PERM_PERIODIC_REPORT_READ, periodic_reports_out, &SQL_periodic_report_export},
    {0}
};

const struct batch_set registry_batches = {imports, exports};

const struct job_kind registry_jobs[] = {BATCH_JOBS(&registry_batches), {0}};
/* clang-format on */
