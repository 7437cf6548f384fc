-- tests/support/county.sql - data to measure and to break: a list in force of Louxing with :items tasks, each with one item led by
-- the town office's unit, measured by value. Written as the superuser; repeatable.
INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
SELECT gen_random_uuid(), d.code, d.code, d.name, d.level, d.parent, '2020-01-01'
  FROM (VALUES ('430000000000', '湖南省', 1, NULL), ('431300000000', '娄底市', 2, '430000000000'), ('431302000000', '娄星区', 3, '431300000000'),
               ('431302006000', '涟滨街道', 4, '431302000000'), ('431321000000', '双峰县', 3, '431300000000')) AS d (code, name, level, parent)
    ON CONFLICT DO NOTHING;
INSERT INTO registry.duty_list (id, owner_division, year, title, status, in_force_at, assumed, created_at)
SELECT '01950000-0000-7000-8000-000000000001', '431302000000', 2026, '娄星区2026年乡村振兴责任清单', 'in_force', now(), true, now()
    ON CONFLICT (id) DO NOTHING;
INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title)
SELECT format('01950001-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, '431302000000', '01950000-0000-7000-8000-000000000001', n::text, n, '新建改建农村供水工程 ' || n
  FROM generate_series(1, :items) AS n
    ON CONFLICT DO NOTHING;
INSERT INTO registry.item (id, owner_division, at_division, lines, duty_list_id, task_id, title, lead_organisation_id, assist_organisation_ids, starts_on, due_on,
                           measure, target, unit_of_measure, created_at)
SELECT format('01950002-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, '431302006000', '431302006000', '{}', '01950000-0000-7000-8000-000000000001',
       format('01950001-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, '完成十四处供水工程改造', lead.id, '{}', '2026-01-05', date '2026-02-01' + (n % 300)::integer,
       'value', 1000000, '处', now()
  FROM generate_series(1, :items) AS n, (SELECT o.id FROM registry.organisation o JOIN identity.post p ON p.organisation_id = o.id WHERE p.role = 'town_office') AS lead
    ON CONFLICT DO NOTHING;
ANALYZE registry.division; ANALYZE registry.duty_list; ANALYZE registry.task; ANALYZE registry.item; ANALYZE registry.organisation;
