-- Organisations out of tables: staged, applied, taken back; and organisations and items as tables that go out. Rules: R-070 to R-073, proto/batches.md.

-- name: organisation_batch_stage :rows
-- R-070, R-071: each row by division and name against what is there and against the rows above it. An empty cell leaves what is there.
WITH given AS MATERIALIZED (
  SELECT g.row, g.id, g.data, g.raw, g.faults, g.data ->> 'owner_division' AS division, g.data ->> 'name' AS name, g.data ->> 'kind' AS kind, g.data ->> 'line' AS line,
         g.data ->> 'owner_division' || ' ' || (g.data ->> 'name') AS match
    FROM jsonb_to_recordset(:rows::jsonb) AS g (row integer, id uuid, data jsonb, raw jsonb, faults jsonb)
), looked AS MATERIALIZED (
  SELECT g.*, d.code IS NULL AS is_unknown, NOT coalesce(g.division <@ (SELECT zeren.scope()), false) AS is_outside,
         above.row IS NOT NULL OR row_number() OVER (PARTITION BY g.match ORDER BY g.row) > 1 AS is_repeated,
         o.id AS old_id, o.kind AS old_kind, o.line AS old_line, o.version AS old_version
    FROM given g
    LEFT JOIN LATERAL (SELECT c.code FROM division c WHERE c.code = g.division AND c.valid_from <= :today::date AND c.valid_to > :today::date LIMIT 1) AS d ON true
    LEFT JOIN LATERAL (SELECT b.row FROM batch_row b WHERE b.batch_id = :batch_id::uuid AND b.match = g.match ORDER BY b.batch_id, b.match LIMIT 1) AS above ON true
    LEFT JOIN LATERAL (SELECT x.id, x.kind, x.line, x.version FROM organisation x WHERE x.owner_division = g.division AND x.name = g.name COLLATE "C"
                        ORDER BY x.owner_division, x.name LIMIT 1) AS o ON true
), weighed AS (
  SELECT l.*, l.line IS NOT NULL AND l.line IS DISTINCT FROM l.old_line AS is_other_line, l.kind <> l.old_kind AS is_other_kind,
         (SELECT zeren.lines()) IS NOT NULL AND (l.old_line <> ALL ((SELECT zeren.lines())::text[]) OR l.line <> ALL ((SELECT zeren.lines())::text[])) AS is_anothers,
         CASE WHEN l.old_id IS NOT NULL AND l.line IS NOT NULL AND l.line IS DISTINCT FROM l.old_line THEN stands_on_items(l.old_id) END AS is_in_use
    FROM looked l
), judged AS (
  SELECT w.*, coalesce(w.faults, '[]') ||
         CASE WHEN w.division IS NOT NULL AND (w.is_unknown OR w.is_outside OR w.is_repeated OR w.is_other_kind OR w.is_anothers OR w.is_in_use) THEN
           (SELECT coalesce(jsonb_agg(jsonb_build_object('column', :labels::jsonb ->> t.in_column, 'code', t.code)), '[]')
              FROM (VALUES ('owner_division', 'unknown_division', w.is_unknown), ('owner_division', 'out_of_scope', NOT w.is_unknown AND w.is_outside),
                           ('name', 'repeated', w.is_repeated AND w.match IS NOT NULL), ('kind', 'differs', w.is_other_kind), ('line', 'another_line', w.is_anothers),
                           ('line', 'line_in_use', w.is_in_use)) AS t (in_column, code, is_so) WHERE t.is_so)
         ELSE '[]' END AS all_faults
    FROM weighed w
), put AS (
  INSERT INTO batch_row (batch_id, owner_division, row, match, data, action, record_id, base_version, was, faults)
  SELECT b.id, b.owner_division, j.row, j.match, j.data || j.raw,
         CASE WHEN j.all_faults <> '[]' THEN 'failed' WHEN j.old_id IS NULL THEN 'insert' WHEN j.is_other_line THEN 'update' ELSE 'unchanged' END,
         coalesce(j.old_id, j.id), j.old_version, CASE WHEN j.old_id IS NOT NULL AND j.is_other_line THEN jsonb_build_object('line', j.old_line) END,
         nullif(j.all_faults, '[]')
    FROM judged j, batch b WHERE b.id = :batch_id::uuid
  RETURNING action
)
SELECT action, count(*)::text FROM put GROUP BY action

-- name: organisation_batch_apply :rows
-- R-072: what the batch says of the next rows, where it still holds: a name that has come since, a unit that has changed or stands on items since, is left out.
WITH next AS MATERIALIZED (
  SELECT b.row, b.action, b.record_id, b.base_version, b.data FROM batch_row b
   WHERE b.batch_id = :batch_id::uuid AND b.row > :after::integer AND b.action IN ('insert', 'update') ORDER BY b.row LIMIT :chunk::integer
), inserted AS (
  INSERT INTO organisation (id, owner_division, name, kind, line, created_at)
  SELECT n.record_id, n.data ->> 'owner_division', n.data ->> 'name', n.data ->> 'kind', n.data ->> 'line', :now::timestamptz FROM next n WHERE n.action = 'insert'
  ON CONFLICT ON CONSTRAINT organisation_name_key DO NOTHING
  RETURNING id, version, owner_division
), updated AS (
  UPDATE organisation o SET line = n.data ->> 'line', version = o.version + 1
    FROM next n
   WHERE n.action = 'update' AND o.id = n.record_id AND o.version = n.base_version AND NOT stands_on_items(o.id)
  RETURNING o.id, o.version, o.owner_division
), done AS MATERIALIZED (
  SELECT id, version, owner_division FROM inserted UNION ALL SELECT id, version, owner_division FROM updated
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, :verb::text, 'organisation', d.id, d.version, d.owner_division FROM done d
), left_out AS MATERIALIZED (
  SELECT n.row, CASE n.action WHEN 'insert' THEN 'exists_now' ELSE 'changed_since' END AS outcome FROM next n WHERE n.record_id NOT IN (SELECT d.id FROM done d)
), noted AS (
  UPDATE batch_row b SET outcome = l.outcome FROM left_out l WHERE b.batch_id = :batch_id::uuid AND b.row = l.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM done)::text, (SELECT count(*) FROM left_out)::text

-- name: organisation_batch_undo :rows
-- R-073: what the batch made goes, where nothing names it; what it changed is as before, where nobody has changed it since. The rest is kept and reported.
WITH next AS MATERIALIZED (
  SELECT b.row, b.action, b.record_id, b.base_version, b.was FROM batch_row b
   WHERE b.batch_id = :batch_id::uuid AND b.row > :after::integer AND b.action IN ('insert', 'update') AND b.outcome IS NULL ORDER BY b.row LIMIT :chunk::integer
), stands AS MATERIALIZED (
  SELECT n.row, n.action, n.record_id, n.was, o.version, o.owner_division, o.version = coalesce(n.base_version, 0) + 1 AS is_ours FROM next n JOIN organisation o ON o.id = n.record_id
), removed AS MATERIALIZED (
  SELECT s.row, s.record_id, s.version, s.owner_division, s.is_ours AND remove_organisation(s.record_id, s.version) AS gone FROM stands s WHERE s.action = 'insert'
), reverted AS (
  UPDATE organisation o SET line = s.was ->> 'line', version = o.version + 1
    FROM stands s
   WHERE s.action = 'update' AND s.is_ours AND o.id = s.record_id AND o.version = s.version AND NOT stands_on_items(o.id)
  RETURNING s.row, o.id, o.version, o.owner_division
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, deleted)
  SELECT :now::timestamptz, :verb::text, 'organisation', r.record_id, r.version + 1, r.owner_division, true FROM removed r WHERE r.gone
   UNION ALL SELECT :now::timestamptz, :verb::text, 'organisation', v.id, v.version, v.owner_division, false FROM reverted v
), kept AS MATERIALIZED (
  SELECT n.row, CASE WHEN s.is_ours THEN 'kept_in_use' ELSE 'kept_changed' END AS outcome
    FROM next n LEFT JOIN stands s ON s.row = n.row
   WHERE n.row NOT IN (SELECT r.row FROM removed r WHERE r.gone) AND n.row NOT IN (SELECT v.row FROM reverted v)
), noted AS (
  UPDATE batch_row b SET outcome = k.outcome FROM kept k WHERE b.batch_id = :batch_id::uuid AND b.row = k.row
)
SELECT (SELECT max(row) FROM next)::text, ((SELECT count(*) FROM removed r WHERE r.gone) + (SELECT count(*) FROM reverted))::text, (SELECT count(*) FROM kept)::text

-- name: organisation_export :rows
SELECT jsonb_build_array(o.owner_division, o.name)::text, o.owner_division::text, d.name, o.name, coalesce(w.label, o.kind), o.line, o.id::text, o.version::text
  FROM organisation o
  LEFT JOIN zeren.dictionary_entry w ON w.dictionary = 'organisation_kind' AND w.code = o.kind
  LEFT JOIN LATERAL (SELECT c.name FROM division c WHERE c.code = o.owner_division AND c.valid_from <= :today::date AND c.valid_to > :today::date LIMIT 1) AS d ON true
 WHERE o.owner_division >= :scope_lo::text AND o.owner_division < :scope_hi::text
   AND (o.owner_division, o.name) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce(:after::jsonb ->> 1, '') COLLATE "C")
   AND (:filters::jsonb ->> 'division' IS NULL OR o.owner_division ^@ rtrim(:filters::jsonb ->> 'division', '0'))
   AND (:filters::jsonb ->> 'kind' IS NULL OR o.kind = :filters::jsonb ->> 'kind')
 ORDER BY o.owner_division, o.name LIMIT :chunk::integer

-- name: item_export :rows
SELECT jsonb_build_array(i.owner_division, i.due_on, i.id)::text, i.owner_division::text, i.task_number, i.task_title, i.title, i.lead_organisation,
       i.starts_on::text, i.due_on::text, i.measure, i.target::text, i.unit_of_measure, i.progress::text, i.completion::text, i.done_on::text, i.id::text
  FROM item_shown i
 WHERE i.owner_division >= :scope_lo::text AND i.owner_division < :scope_hi::text
   AND (i.owner_division, i.due_on, i.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::date, '-infinity'::date),
                                             coalesce((:after::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR i.owner_division ^@ rtrim(:filters::jsonb ->> 'division', '0'))
   AND (:filters::jsonb ->> 'duty_list_id' IS NULL OR i.duty_list_id = (:filters::jsonb ->> 'duty_list_id')::uuid)
 ORDER BY i.owner_division, i.due_on, i.id LIMIT :chunk::integer
