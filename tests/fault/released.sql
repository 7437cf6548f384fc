-- tests/fault/released.sql - data of a county as the released migrations keep it (released.csv), behind accounts and county.sql: what upgrade.test.mjs takes along. Written as the superuser.
INSERT INTO registry.report (id, owner_division, at_division, item_id, organisation_id, reported_on, value, note, status, decision_note, reported_by, decided_by, decided_at, version, created_at)
SELECT format('01950003-0000-7000-8000-%s', lpad(n::text, 12, '0'))::uuid, i.owner_division, i.at_division, i.id, i.lead_organisation_id, date '2026-02-01' + n % 28, n, '旧版本第' || n || '条',
       s.status, CASE s.status WHEN 'sent_back' THEN '缺少验收单' END, p.id, CASE WHEN s.status <> 'submitted' THEN p.id END, CASE WHEN s.status <> 'submitted' THEN now() END,
       CASE s.status WHEN 'submitted' THEN 1 ELSE 2 END, timestamptz '2026-02-01 08:00Z' + n * interval '1 minute'
  FROM generate_series(1, 600) AS n
  JOIN registry.item i ON i.id = format('01950002-0000-7000-8000-%s', lpad((1 + n % 200)::text, 12, '0'))::uuid
 CROSS JOIN LATERAL (SELECT (ARRAY['submitted', 'confirmed', 'sent_back'])[1 + n % 3] AS status) AS s
 CROSS JOIN (SELECT id FROM identity.post WHERE role = 'town_office' ORDER BY id LIMIT 1) AS p;
UPDATE registry.item i SET progress = r.value, completion_bp = least(10000, (10000 * r.value / i.target)::integer), version = 2
  FROM (SELECT item_id, max(value) AS value FROM registry.report WHERE status = 'confirmed' GROUP BY item_id) AS r WHERE r.item_id = i.id;

-- What was audited and not sealed, and announced and not numbered, when the machine was stopped.
INSERT INTO registry.audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, body)
SELECT r.created_at, a.id, r.reported_by, gen_random_uuid(), '127.0.0.1', 'submit_report', 'report', r.id, 1, r.owner_division, 'released-' || r.id, jsonb_build_object('note', r.note)
  FROM registry.report r CROSS JOIN (SELECT id FROM identity.account WHERE login = 'town_office') AS a ORDER BY r.id;
INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division)
SELECT r.created_at, 'submit_report', 'report', r.id, 1, r.owner_division FROM registry.report r ORDER BY r.id;

INSERT INTO registry.blob (sha256, sm3, size, media_type) VALUES (:'sha256', repeat('0', 64), :size, 'application/pdf');
INSERT INTO registry.file (id, owner_division, name, size, sha256, status, received, media_type, stored_sha256, stored_sm3, stored_size, created_by, created_at, ready_at, version)
SELECT '01950004-0000-7000-8000-000000000001', '431302006000', '旧版本.pdf', :size, :'sha256', 'ready', :size, 'application/pdf', :'sha256', repeat('0', 64), :size, p.id, now(), now(), 2
  FROM identity.post p WHERE p.role = 'town_office' ORDER BY p.id LIMIT 1;
INSERT INTO identity.session (id, account_id, post_id, created_at, expires_at)
SELECT gen_random_uuid(), a.id, p.id, now(), now() + interval '1 day' FROM identity.account a, identity.post p WHERE a.login = 'town_office' AND p.role = 'town_office';
