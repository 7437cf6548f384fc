/* services/monitoring/examples.c - examples of bodies whose fields do not go together as they come,
 * or that name tables and operations of this service: what the contract shows is what it takes. */
#include "monitoring.h"

/* clang-format off */
const struct body_example monitoring_examples[] = {
    {"create_household", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302006001", "address": "仙人阁社区三组12号",
        "household_type": "general", "phone": "13812345678", "reason": "入户登记", "members": [{"name": "赵甲", "certificate_kind": "id_card",
        "id_number": "11010519491231002X", "birth_on": "1949-12-31", "sex": "2", "relation": "head", "ethnicity": "01", "politics": "13", "education": "junior",
        "health": "healthy", "labour": "none", "resident_medical": true, "serious_illness_insurance": true, "resident_pension": true}]})},
    {"create_household_member", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "name": "赵甲", "certificate_kind": "id_card",
        "id_number": "11010519491231002X", "birth_on": "1949-12-31", "sex": "2", "relation": "mother", "ethnicity": "01", "politics": "13", "education": "junior",
        "health": "chronic,disabled", "disability_card": "11010519491231002X43", "labour": "none", "resident_medical": true, "serious_illness_insurance": true,
        "joined_on": "2026-03-01", "joined_how": "registered", "reason": "入户核实后更正"})},
    {"update_member", JSON_TEXT({"health": "chronic,disabled", "disability_card": "11010519491231002X43", "labour": "none", "phone": "13812345678",
        "reason": "入户核实后更正"})},
    {"split_household", JSON_TEXT({"members": [{"member_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "relation": "head"}], "on": "2026-05-02",
        "address": "仙人阁社区三组14号", "phone": "13812345678", "reason": "入户核实后更正"})},
    {"ask_transfer", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "to_division": "431302006001",
        "household_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "reason": "整户搬迁至集中安置点"})},
    {"create_schedule", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302000000", "kind": "export_table", "rule": "daily 02:00",
        "params": {"kind": "incomes", "format": "csv", "filters": {}}})},
    {"stage_batch", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302000000", "kind": "archive", "title": "2026年集中排查",
        "file_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "all_or_none": false})},
    {"create_export", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302000000", "kind": "incomes", "format": "csv",
        "filters": {"division": "431302000000"}, "reason": "季度调度"})},
    {"push", JSON_TEXT({"operations": [{"op_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "operation": "update_household",
        "target": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "base_version": 1, "base": {"phone": null}, "body": {"phone": "13812345678", "reason": "入户核实后更正"}}]})},
    {0}
};
/* clang-format on */
