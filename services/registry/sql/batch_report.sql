-- Progress reports out of tables: staged, applied, taken back. Rules: R-074 to R-077, R-020 to R-024, R-027, proto/batches.md.

-- name: report_batch_stage :rows
-- R-074, R-075: each row finds the item that it reports on among those that the caller's unit leads, and what has been reported for that day.
WITH given AS MATERIALIZED (
  SELECT g.row, g.id, g.data, g.raw, g.faults, g.data ->> 'item_id' AS item_text, g.data ->> 'task_number' AS number, g.data ->> 'lead_organisation' AS lead,
         (g.data ->> 'year')::numeric AS year, g.data ->> 'measure' AS measure, coalesce((g.data ->> 'reported_on')::date, :today::date) AS day,
         (g.data ->> 'value')::numeric AS value, (g.data ->> 'milestone')::numeric AS step, g.data ->> 'note' AS note,
         CASE WHEN g.data ->> 'item_id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN (g.data ->> 'item_id')::uuid END AS item_id
    FROM jsonb_to_recordset(:rows::jsonb) AS g (row integer, id uuid, data jsonb, raw jsonb, faults jsonb)
), own AS MATERIALIZED (
  SELECT i.id, t.number, l.year, l.status = 'in_force' AS is_in_force
    FROM item i JOIN task t ON t.id = i.task_id JOIN duty_list l ON l.id = i.duty_list_id
   WHERE i.lead_organisation_id = :caller_organisation::uuid
), numbered AS MATERIALIZED (
  SELECT g.row, count(*) FILTER (WHERE o.is_in_force) AS in_force, (array_agg(o.id ORDER BY o.is_in_force DESC, o.id))[1] AS item_id
    FROM given g JOIN own o ON o.number = g.number AND (g.year IS NULL OR o.year = g.year)
   WHERE g.item_text IS NULL GROUP BY g.row
), looked AS MATERIALIZED (
  SELECT g.*, n.in_force, i.id AS found, i.measure AS item_measure, l.status AS list_status, l.year AS list_year, t.number AS item_number,
         coalesce(i.lead_organisation_id <> :caller_organisation::uuid, false)
           OR (g.lead IS NOT NULL AND g.lead IS DISTINCT FROM (SELECT o.name FROM organisation o WHERE o.id = :caller_organisation::uuid)) AS is_anothers,
         i.id::text || ' ' || g.day || coalesce(' ' || g.step, '') AS match
    FROM given g
    LEFT JOIN numbered n ON n.row = g.row
    LEFT JOIN item i ON i.id = coalesce(g.item_id, n.item_id)
    LEFT JOIN task t ON t.id = i.task_id
    LEFT JOIN duty_list l ON l.id = i.duty_list_id
), weighed AS MATERIALIZED (
  SELECT k.*, above.row IS NOT NULL OR (k.match IS NOT NULL AND row_number() OVER (PARTITION BY k.match ORDER BY k.row) > 1) AS is_repeated,
         EXISTS (SELECT FROM milestone m WHERE m.item_id = k.found AND m.position = k.step) AS has_step,
         r.id AS old_id, r.status AS old_status, r.version AS old_version, r.value AS old_value, r.note AS old_note,
         r.id IS NOT NULL AND r.value IS NOT DISTINCT FROM k.value AND (k.note IS NULL OR k.note IS NOT DISTINCT FROM r.note) AS is_said
    FROM looked k
    LEFT JOIN LATERAL (SELECT b.row FROM batch_row b WHERE b.batch_id = :batch_id::uuid AND b.match = k.match ORDER BY b.batch_id, b.match LIMIT 1) AS above ON true
    LEFT JOIN LATERAL (SELECT x.id, x.status, x.version, x.value, x.note FROM report x
                        WHERE x.item_id = k.found AND x.organisation_id = :caller_organisation::uuid AND x.reported_on = k.day
                          AND x.milestone IS NOT DISTINCT FROM k.step AND x.status <> 'sent_back'
                        ORDER BY x.status = 'submitted' DESC, x.created_at DESC LIMIT 1) AS r ON true
), judged AS (
  SELECT w.*, coalesce(w.faults, '[]') || (
         SELECT coalesce(jsonb_agg(jsonb_build_object('column', :labels::jsonb ->> f.in_column, 'code', f.code) ORDER BY f.n), '[]')
           FROM (VALUES (1, 'task_number', 'missing', w.item_text IS NULL AND w.number IS NULL AND NOT w.raw ? 'item_id' AND NOT w.raw ? 'task_number'),
                        (2, 'item_id', 'unknown_item', w.item_text IS NOT NULL AND w.found IS NULL),
                        (3, 'lead_organisation', 'not_your_unit', w.is_anothers),
                        (4, 'task_number', 'unknown_item', w.item_text IS NULL AND w.number IS NOT NULL AND w.found IS NULL AND NOT w.is_anothers),
                        (5, 'task_number', 'several_items', w.in_force > 1),
                        (6, 'task_number', 'not_in_force', w.list_status <> 'in_force'),
                        (7, 'task_number', 'differs', w.number <> w.item_number),
                        (8, 'year', 'differs', w.year <> w.list_year),
                        (9, 'measure', 'differs', w.measure <> w.item_measure),
                        (10, 'reported_on', 'in_the_future', w.day > :today::date),
                        (11, 'value', 'missing', w.item_measure = 'value' AND w.value IS NULL AND NOT w.raw ? 'value'),
                        (12, 'value', 'too_large', w.value >= 1e14),
                        (13, 'value', 'not_by_value', w.item_measure = 'milestone' AND w.value IS NOT NULL),
                        (14, 'milestone', 'missing', w.item_measure = 'milestone' AND w.step IS NULL AND NOT w.raw ? 'milestone'),
                        (15, 'milestone', 'not_by_milestone', w.item_measure = 'value' AND w.step IS NOT NULL),
                        (16, 'milestone', 'unknown_milestone', w.item_measure = 'milestone' AND w.step IS NOT NULL AND NOT w.has_step),
                        (17, 'reported_on', 'repeated', w.is_repeated)) AS f (n, in_column, code, is_so)
          WHERE f.is_so) AS all_faults
    FROM weighed w
), decided AS (
  SELECT j.*, CASE WHEN j.all_faults <> '[]' THEN 'failed' WHEN j.is_said THEN 'unchanged' WHEN j.old_status = 'submitted' THEN 'update' ELSE 'insert' END AS action
    FROM judged j
), put AS (
  INSERT INTO batch_row (batch_id, owner_division, row, match, data, action, record_id, base_version, was, faults)
  SELECT b.id, b.owner_division, d.row, d.match,
         d.data || d.raw || CASE WHEN d.action = 'failed' THEN '{}' ELSE jsonb_build_object('item_id', d.found, 'reported_on', d.day,
                                                                                            'organisation_id', :caller_organisation::uuid) END,
         d.action, CASE WHEN d.action IN ('update', 'unchanged') THEN d.old_id ELSE d.id END, CASE d.action WHEN 'update' THEN d.old_version END,
         CASE d.action WHEN 'update' THEN jsonb_build_object('value', trim_scale(d.old_value)::text, 'note', d.old_note) END, nullif(d.all_faults, '[]')
    FROM decided d, batch b WHERE b.id = :batch_id::uuid
  RETURNING action
)
SELECT action, count(*)::text FROM put GROUP BY action

-- name: report_batch_apply :rows
-- R-076: each a report like any other, submitted by the post that staged the table; by its own unit, and where it still holds.
WITH next AS MATERIALIZED (
  SELECT r.row, r.action, r.record_id, r.base_version, b.staged_post, b.created_at AS staged_at, (r.data ->> 'item_id')::uuid AS item_id,
         (r.data ->> 'organisation_id')::uuid AS organisation_id, (r.data ->> 'reported_on')::date AS day, (r.data ->> 'value')::numeric AS value,
         (r.data ->> 'milestone')::smallint AS step, r.data ->> 'note' AS note
    FROM batch_row r JOIN batch b ON b.id = r.batch_id
   WHERE r.batch_id = :batch_id::uuid AND r.row > :after::integer AND r.action IN ('insert', 'update') ORDER BY r.row LIMIT :chunk::integer
), weighed AS MATERIALIZED (
  SELECT n.*, n.organisation_id = :caller_organisation::uuid AS is_own, EXISTS (SELECT FROM report x WHERE x.item_id = n.item_id AND x.organisation_id = n.organisation_id AND x.reported_on = n.day
                         AND x.milestone IS NOT DISTINCT FROM n.step AND x.status <> 'sent_back' AND x.created_at >= n.staged_at AND x.id <> n.record_id) AS is_told
    FROM next n
), inserted AS (
  INSERT INTO report (id, owner_division, at_division, lines, item_id, organisation_id, reported_on, value, milestone, note, reported_by, created_at)
  SELECT w.record_id, i.owner_division, i.at_division, i.lines, i.id, i.lead_organisation_id, w.day, w.value, w.step, w.note, w.staged_post, :now::timestamptz
    FROM weighed w JOIN item i ON i.id = w.item_id JOIN duty_list l ON l.id = i.duty_list_id
   WHERE w.action = 'insert' AND w.is_own AND NOT w.is_told AND registry.list_status_held(i.duty_list_id, false) = 'in_force' AND i.lead_organisation_id = w.organisation_id
     AND CASE i.measure WHEN 'value' THEN w.value IS NOT NULL
                        ELSE w.step IS NOT NULL AND EXISTS (SELECT FROM milestone m WHERE m.item_id = i.id AND m.position = w.step) END
  RETURNING id, version, owner_division, lines
), updated AS (
  UPDATE report r SET value = w.value, note = coalesce(w.note, r.note), version = r.version + 1
    FROM weighed w
   WHERE w.action = 'update' AND w.is_own AND r.id = w.record_id AND r.version = w.base_version AND r.status = 'submitted'
  RETURNING r.id, r.version, r.owner_division, r.lines
), done AS MATERIALIZED (
  SELECT id, version, owner_division, lines FROM inserted UNION ALL SELECT id, version, owner_division, lines FROM updated
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, lines)
  SELECT :now::timestamptz, :verb::text, 'report', d.id, d.version, d.owner_division, d.lines FROM done d
), left_out AS MATERIALIZED (
  SELECT w.row, CASE WHEN w.is_own IS NOT TRUE THEN 'not_your_unit' WHEN w.action = 'update' THEN 'changed_since' WHEN w.is_told THEN 'reported_now' ELSE 'item_changed' END AS outcome
    FROM weighed w WHERE w.record_id NOT IN (SELECT d.id FROM done d)
), noted AS (
  UPDATE batch_row b SET outcome = l.outcome FROM left_out l WHERE b.batch_id = :batch_id::uuid AND b.row = l.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM done)::text, (SELECT count(*) FROM left_out)::text

-- name: report_batch_undo :rows
-- R-077: what nobody has decided on or changed since goes, or is as before.
WITH next AS MATERIALIZED (
  SELECT b.row, b.action, b.record_id, b.base_version, b.was FROM batch_row b
   WHERE b.batch_id = :batch_id::uuid AND b.row > :after::integer AND b.action IN ('insert', 'update') AND b.outcome IS NULL ORDER BY b.row LIMIT :chunk::integer
), stands AS MATERIALIZED (
  SELECT n.row, n.action, n.record_id, n.was, r.version, r.owner_division, r.lines, r.status = 'submitted' AS is_open,
         coalesce(r.organisation_id = :caller_organisation::uuid, false) AS is_own, r.version = coalesce(n.base_version, 0) + 1 AS is_ours
    FROM next n JOIN report r ON r.id = n.record_id
), removed AS (
  DELETE FROM report r USING stands s
   WHERE s.action = 'insert' AND s.is_own AND s.is_ours AND s.is_open AND r.id = s.record_id AND r.version = s.version AND r.status = 'submitted'
  RETURNING s.row, r.id, r.version, r.owner_division, r.lines
), reverted AS (
  UPDATE report r SET value = (s.was ->> 'value')::numeric, note = s.was ->> 'note', version = r.version + 1
    FROM stands s
   WHERE s.action = 'update' AND s.is_own AND s.is_ours AND s.is_open AND r.id = s.record_id AND r.version = s.version AND r.status = 'submitted'
  RETURNING s.row, r.id, r.version, r.owner_division, r.lines
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, lines, deleted)
  SELECT :now::timestamptz, :verb::text, 'report', d.id, d.version + 1, d.owner_division, d.lines, true FROM removed d
   UNION ALL SELECT :now::timestamptz, :verb::text, 'report', v.id, v.version, v.owner_division, v.lines, false FROM reverted v
), kept AS MATERIALIZED (
  SELECT n.row, CASE WHEN s.is_own IS FALSE THEN 'kept_not_yours' WHEN s.is_open IS FALSE THEN 'kept_decided' ELSE 'kept_changed' END AS outcome
    FROM next n LEFT JOIN stands s ON s.row = n.row
   WHERE n.row NOT IN (SELECT d.row FROM removed d) AND n.row NOT IN (SELECT v.row FROM reverted v)
), noted AS (
  UPDATE batch_row b SET outcome = k.outcome FROM kept k WHERE b.batch_id = :batch_id::uuid AND b.row = k.row
)
SELECT (SELECT max(row) FROM next)::text, ((SELECT count(*) FROM removed) + (SELECT count(*) FROM reverted))::text, (SELECT count(*) FROM kept)::text
