/* tests/db/test_plans_lists.c - lists of work orders, refinements and drives are served by an index
 * at every level of caller: 30,000 work orders in 500 counties. */
#include "plans.h"
#include "sql_registry.h"

static const char *const fill =
    "INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)"
    " SELECT md5('o' || n)::uuid, '43' || lpad(n::text, 4, '0') || '000000', '计划单位' || n, "
    "'department', now() FROM generate_series(1, 500) n;"
    "INSERT INTO registry.drive (id, owner_division, at_division, title, leader_post_id, "
    "organisation_id, goal, starts_on, ends_on, created_at)"
    " SELECT md5('d' || n)::uuid, o.owner_division, o.owner_division, '攻坚', md5('p' || n % "
    "2000)::uuid, o.id, '目标', '2026-08-01', '2026-09-30', now() - n * interval '1 second'"
    " FROM generate_series(1, 10000) n JOIN registry.organisation o ON o.id = md5('o' || (1 + n % "
    "500))::uuid;"
    "INSERT INTO registry.work_order (id, owner_division, at_division, year, position, number, "
    "issuer_organisation_id, issuer_post_id, issuer_name, addressee_organisation_id, matter, "
    "issued_on, due_on, drive_id, source_kind, source_id, created_at)"
    " SELECT md5('w' || n)::uuid, o.owner_division, o.owner_division, 2026, n, n || '号', md5('o' "
    "|| (1 + (n + 1) % 500))::uuid, md5('p')::uuid, '专班', o.id, '指令', '2026-01-05', date "
    "'2026-01-05' + n % 360, md5('d' || n % 10000)::uuid, 'drive', md5('d' || n % 10000)::uuid, "
    "now() - n * interval '1 second'"
    " FROM generate_series(20000, 50000) n JOIN registry.organisation o ON o.id = md5('o' || (1 + "
    "n % 500))::uuid WHERE n % 10000 > 0;"
    "INSERT INTO registry.duty_list (id, owner_division, organisation_id, year, title, created_at)"
    " SELECT md5('l' || o.id)::uuid, o.owner_division, o.id, 2190, '计划', now() FROM "
    "registry.organisation o WHERE o.name ^@ '计划单位';"
    "INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title)"
    " SELECT md5('t' || l.id)::uuid, l.owner_division, l.id, '1', 1, '计划' FROM "
    "registry.duty_list "
    "l WHERE l.year = 2190;"
    "INSERT INTO registry.item (id, owner_division, at_division, duty_list_id, task_id, title, "
    "lead_organisation_id, starts_on, due_on, measure, target, unit_of_measure, created_at)"
    " SELECT md5('i' || l.id)::uuid, l.owner_division, l.owner_division, l.id, md5('t' || "
    "l.id)::uuid, '计划', l.organisation_id, '2000-01-01', '2190-12-31', 'value', 1, '个', now()"
    " FROM registry.duty_list l WHERE l.year = 2190;"
    "INSERT INTO registry.refinement (id, owner_division, at_division, item_id, month, content, "
    "organisation_id, post_id, refined_on, created_at)"
    " SELECT gen_random_uuid(), i.owner_division, i.owner_division, i.id, (date '2000-01-01' + n * "
    "interval '1 month')::date, '细化', i.lead_organisation_id, md5('p')::uuid, '2026-01-05', "
    "now() "
    "- n * interval '1 hour'"
    " FROM generate_series(0, 29) n, registry.item i JOIN registry.duty_list l ON l.id = "
    "i.duty_list_id AND l.year = 2190;"
    "ANALYZE registry.drive; ANALYZE registry.work_order; ANALYZE registry.refinement; "
    "ANALYZE registry.organisation; ANALYZE registry.item; ANALYZE registry.duty_list;";

Test(plans, orders_drives_and_refinements_are_listed_by_an_index_at_every_level, .timeout = 300)
{
    /* clang-format off */
    static const struct wanted lists[] = {
        {&SQL_work_order_list, NULL, {NULL}, "430077", "work_order_owner_division_idx", NULL},
        {&SQL_work_order_list, NULL, {NULL}, "43", "work_order_created_at_idx", "Sort"},
        {&SQL_work_order_list, "due_on", {NULL}, "43", "work_order_due_on_idx", "Sort"},
        {&SQL_work_order_list, NULL, {"division", "'430077000000'"}, "43", "work_order_owner_division_idx", NULL},
        {&SQL_work_order_list, NULL, {"addressee_organisation_id", "md5('o77')::uuid"}, "43", "work_order_addressee_idx", NULL},
        {&SQL_work_order_list, NULL, {"issuer_organisation_id", "md5('o77')::uuid"}, "43", "work_order_issuer_idx", NULL},
        {&SQL_work_order_list, NULL, {"drive_id", "md5('d77')::uuid"}, "43", "work_order_drive_id_idx", NULL},
        {&SQL_work_order_list, NULL, {"item_id", "md5('i77')::uuid"}, "43", "work_order_item_id_idx", false},
        {&SQL_drive_list, NULL, {NULL}, "430077", "drive_owner_division_idx", NULL},
        {&SQL_drive_list, NULL, {NULL}, "43", "drive_created_at_idx", "Sort"},
        {&SQL_drive_list, NULL, {"leader_post_id", "md5('p77')::uuid"}, "43", "drive_leader_post_id_idx", NULL},
        {&SQL_refinement_list, NULL, {NULL}, "430077", "refinement_owner_division_idx", NULL},
        {&SQL_refinement_list, NULL, {NULL}, "43", "refinement_created_at_idx", "Sort"},
        {&SQL_refinement_list, NULL, {"organisation_id", "md5('o77')::uuid"}, "43", "refinement_organisation_id_idx", NULL},
    };
    /* clang-format on */
    struct plans p = begin_plans(sql_registry_all, "registry",
                                 (const char *const[]){WITHOUT_TRIGGERS, fill, NULL});
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        expect_index(&p, &lists[i]);
    }
    end_plans(&p);
}
