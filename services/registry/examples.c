/* services/registry/examples.c - examples of bodies whose fields do not go together as they come:
 * what the contract shows is what the registry takes. */
#include "registry.h"

/* clang-format off */
const struct body_example registry_examples[] = {
    {"create_item", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "task_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "title": "完成十四处供水工程改造",
        "lead_organisation_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "assist_organisation_ids": [], "starts_on": "2026-01-05", "due_on": "2026-06-18",
        "measure": "value", "target": "14", "unit_of_measure": "处", "weight": "40"})},
    {"submit_report", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "reported_on": "2026-06-18", "value": "11", "note": "三处已通水",
        "file_ids": ["019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70"]})},
    {"update_report", JSON_TEXT({"reported_on": "2026-06-18", "value": "11", "note": "三处已通水"})},
    {"issue_urging", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "item_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70",
        "addressee_organisation_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "matter": "供水工程改造逾期七个工作日，请说明原因并报整改计划",
        "basis": "《湖北省乡村振兴责任制实施细则》第二十二条", "answer_work_days": 5})},
    {"issue_work_order", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "addressee_organisation_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70",
        "matter": "完成五处供水管网铺设", "standard": "水质检测合格，入户率百分之百", "due_on": "2030-06-28", "item_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70"})},
    {"decide_meeting", JSON_TEXT({"decisions": [{"matter": "完成十四处供水工程改造的招标", "standard": "合同签订并公示",
        "owner_organisation_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "due_on": "2030-06-28"}]})},
    {"create_contact", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302006001", "kind": "charge",
        "post_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "starts_on": "2026-01-05", "ends_on": "2027-01-01", "note": "区委办〔2026〕8号"})},
    {"hand_over_contact", JSON_TEXT({"post_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "on": "2026-07-01", "note": "区委办〔2026〕21号"})},
    {"record_visit", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302006001", "visited_on": "2026-06-18", "purpose": "contact",
        "household_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "poor": false, "found": "三组饮水管道渗漏", "promised": "月底前更换管道"})},
    {"create_village_kind", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302006001", "kind": "key_village",
        "valid_from": "2026-01-01", "valid_to": "2027-01-01", "clause_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70"})},
    {"create_report_form", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "code": "monthly", "title": "乡村振兴责任制月报", "period": "month", "level": 3,
        "clause_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "fields": [{"code": "visits", "label": "走访次数", "kind": "figure", "figure": "visits"},
        {"code": "income", "label": "村集体经济收入", "kind": "number", "data_item": "collective_income", "required": true}], "valid_from": "2026-01-01"})},
    {"create_team", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302000000", "name": "区农业农村局驻仙人阁社区工作队",
        "sending_organisation_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "starts_on": "2026-05-10", "term_ends_on": "2028-05-09",
        "villages": [{"division": "431302006001", "starts_on": "2026-05-10"}]})},
    {0}
};
/* clang-format on */
