-- Contacts out of tables: staged, applied, taken back; and contacts and visits as tables that go out. Rules: R-140 to R-146, proto/batches.md.

-- name: contact_batch_stage :rows
-- R-145: each row finds its unit by name among those of the division linked and of the divisions above it, and its post by title in that unit.
WITH given AS MATERIALIZED (
  SELECT g.row, g.id, g.data, g.raw, g.faults, g.data ->> 'owner_division' AS division, g.data ->> 'kind' AS kind, g.data ->> 'organisation' AS unit_name,
         g.data ->> 'post' AS post_name, (g.data ->> 'starts_on')::date AS starts_on, (g.data ->> 'ends_on')::date AS ends_on
    FROM jsonb_to_recordset(:rows::jsonb) AS g (row integer, id uuid, data jsonb, raw jsonb, faults jsonb)
), named AS MATERIALIZED (
  SELECT g.row, count(o.id) AS known, count(o.id) FILTER (WHERE registry.is_within(g.division, o.owner_division)) AS above,
         (array_agg(o.id ORDER BY o.owner_division DESC) FILTER (WHERE registry.is_within(g.division, o.owner_division)))[1] AS unit_id
    FROM given g LEFT JOIN organisation o ON o.name = g.unit_name COLLATE "C" AND o.owner_division::text <@ (SELECT zeren.scope())
   GROUP BY g.row
), looked AS MATERIALIZED (
  SELECT g.*, n.known, n.above, n.unit_id, d.level, k.levels, k.subjects, o.line, p.post_id,
         g.division || ' ' || g.kind || ' ' || CASE WHEN g.post_name IS NULL THEN n.unit_id ELSE p.post_id END AS match
    FROM given g JOIN named n ON n.row = g.row
    LEFT JOIN organisation o ON o.id = n.unit_id
    LEFT JOIN contact_kind k ON k.code = g.kind
    LEFT JOIN LATERAL (SELECT c.level FROM division c WHERE c.code = g.division AND c.valid_from <= g.starts_on
      AND c.valid_to > g.starts_on LIMIT 1) AS d ON true
    LEFT JOIN LATERAL (SELECT t.post_id FROM identity_pub.post_title t WHERE t.organisation_id = n.unit_id AND t.title = g.post_name LIMIT 1) AS p ON true
), weighed AS MATERIALIZED (
  SELECT l.*, above.row IS NOT NULL OR (l.match IS NOT NULL AND row_number() OVER (PARTITION BY l.match ORDER BY l.row) > 1) AS is_repeated,
         c.id AS old_id, c.version AS old_version, c.id IS NOT NULL AND c.starts_on = l.starts_on AND (l.ends_on IS NULL OR c.ends_on = l.ends_on) AS is_same
    FROM looked l
    LEFT JOIN LATERAL (SELECT b.row FROM batch_row b WHERE b.batch_id = :batch_id::uuid AND b.match = l.match ORDER BY b.batch_id,
      b.match LIMIT 1) AS above ON true
    LEFT JOIN LATERAL (SELECT x.id, x.version, x.starts_on, x.ends_on FROM contact x
                        WHERE x.owner_division = l.division AND x.kind = l.kind COLLATE "C"
                          AND coalesce(x.post_id, x.organisation_id) = CASE WHEN l.post_name IS NULL THEN l.unit_id ELSE l.post_id END
                          AND x.starts_on < coalesce(l.ends_on, 'infinity') AND x.ends_on > l.starts_on LIMIT 1) AS c ON true
), judged AS (
  SELECT w.*, coalesce(w.faults, '[]') || (
         SELECT coalesce(jsonb_agg(jsonb_build_object('column', :labels::jsonb ->> f.in_column, 'code', f.code) ORDER BY f.n), '[]')
           FROM (VALUES (1, 'owner_division', 'unknown_division', w.division IS NOT NULL AND w.starts_on IS NOT NULL AND w.level IS NULL),
                        (2, 'owner_division', 'out_of_scope', w.division IS NOT NULL AND NOT w.division <@ (SELECT zeren.scope())),
                        (3, 'owner_division', 'wrong_level', NOT w.level = ANY (w.levels)),
                        (4, 'kind', 'wrong_subject', NOT CASE WHEN w.post_name IS NULL THEN 'organisation' ELSE 'post' END = ANY (w.subjects)),
                        (5, 'organisation', 'unknown_unit', w.unit_name IS NOT NULL AND w.known = 0),
                        (6, 'organisation', 'not_above', w.division IS NOT NULL AND w.known > 0 AND w.above = 0),
                        (7, 'organisation', 'several_units', w.above > 1),
                        (8, 'organisation', 'another_line', (SELECT zeren.lines()) IS NOT NULL AND w.line <> ALL ((SELECT zeren.lines())::text[])),
                        (9, 'post', 'unknown_post', w.post_name IS NOT NULL AND w.unit_id IS NOT NULL AND w.post_id IS NULL),
                        (10, 'ends_on', 'ends_before', w.ends_on < w.starts_on),
                        (11, 'starts_on', 'differs', w.old_id IS NOT NULL AND NOT w.is_same),
                        (12, 'organisation', 'repeated', w.is_repeated)) AS f (n, in_column, code, is_so)
          WHERE f.is_so) AS all_faults
    FROM weighed w
), put AS (
  INSERT INTO batch_row (batch_id, owner_division, row, match, data, action, record_id, base_version, faults)
  SELECT b.id, b.owner_division, j.row, j.match,
         j.data || j.raw || CASE WHEN j.all_faults <> '[]' THEN '{}' ELSE jsonb_build_object('organisation_id', j.unit_id, 'post_id', j.post_id) END,
         CASE WHEN j.all_faults <> '[]' THEN 'failed' WHEN j.old_id IS NULL THEN 'insert' ELSE 'unchanged' END,
         coalesce(j.old_id, j.id), j.old_version, nullif(j.all_faults, '[]')
    FROM judged j, batch b WHERE b.id = :batch_id::uuid
  RETURNING action
)
SELECT action, count(*)::text FROM put GROUP BY action

-- name: contact_batch_apply :rows
-- R-146: each a contact like any other, laid down by the post that staged the table, where it still holds.
WITH next AS MATERIALIZED (
  SELECT r.row, r.record_id, b.staged_post, r.data ->> 'owner_division' AS division, r.data ->> 'kind' AS kind, (r.data ->> 'organisation_id')::uuid AS unit_id,
         (r.data ->> 'post_id')::uuid AS post_id, (r.data ->> 'starts_on')::date AS starts_on, coalesce((r.data ->> 'ends_on')::date, 'infinity') AS ends_on,
           r.data ->> 'note' AS note
    FROM batch_row r JOIN batch b ON b.id = r.batch_id
   WHERE r.batch_id = :batch_id::uuid AND r.row > :after::integer AND r.action = 'insert' ORDER BY r.row LIMIT :chunk::integer
), inserted AS (
  INSERT INTO contact (id, thread_id, owner_division, at_division, kind, post_id, organisation_id, post_title, organisation_name, starts_on,
                       ends_on, created_at)
  SELECT n.record_id, n.record_id, n.division, n.division, n.kind, n.post_id, CASE WHEN n.post_id IS NULL THEN o.id END, p.title, o.name,
         n.starts_on, n.ends_on, :now::timestamptz
    FROM next n JOIN organisation o ON o.id = n.unit_id LEFT JOIN identity_pub.post_title p ON p.post_id = n.post_id AND p.organisation_id = o.id
   WHERE n.post_id IS NULL OR p.post_id IS NOT NULL
  ON CONFLICT ON CONSTRAINT contact_overlap DO NOTHING
  RETURNING id, version, owner_division
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id, note)
  SELECT 'contact', i.id, i.version, i.owner_division, 'begin', :now::timestamptz, n.staged_post, n.note FROM inserted i JOIN next n ON n.record_id = i.id
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, :verb::text, 'contact', i.id, i.version, i.owner_division FROM inserted i
), left_out AS MATERIALIZED (
  SELECT n.row, 'linked_now' AS outcome FROM next n WHERE n.record_id NOT IN (SELECT i.id FROM inserted i)
), noted AS (
  UPDATE batch_row b SET outcome = l.outcome FROM left_out l WHERE b.batch_id = :batch_id::uuid AND b.row = l.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM inserted)::text, (SELECT count(*) FROM left_out)::text

-- name: contact_batch_undo :rows
-- R-146: what nobody has corrected, handed over or ended since goes.
WITH next AS MATERIALIZED (
  SELECT b.row, b.record_id FROM batch_row b
   WHERE b.batch_id = :batch_id::uuid AND b.row > :after::integer AND b.action = 'insert' AND b.outcome IS NULL ORDER BY b.row LIMIT :chunk::integer
), removed AS (
  DELETE FROM contact c USING next n WHERE c.id = n.record_id AND c.version = 1 RETURNING n.row, c.id, c.version, c.owner_division
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, deleted)
  SELECT :now::timestamptz, :verb::text, 'contact', r.id, r.version + 1, r.owner_division, true FROM removed r
), kept AS MATERIALIZED (
  SELECT n.row, 'kept_changed' AS outcome FROM next n WHERE n.row NOT IN (SELECT r.row FROM removed r)
), noted AS (
  UPDATE batch_row b SET outcome = k.outcome FROM kept k WHERE b.batch_id = :batch_id::uuid AND b.row = k.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM removed)::text, (SELECT count(*) FROM kept)::text

-- name: contact_export :rows
SELECT jsonb_build_array(c.owner_division, c.starts_on, c.id)::text, c.owner_division::text, d.name, w.label, c.organisation_name, c.post_title,
       c.starts_on::text, nullif(c.ends_on, 'infinity')::text, s.label, c.id::text
  FROM contact c
  LEFT JOIN zeren.dictionary_entry w ON w.dictionary = 'contact_kind' AND w.code = c.kind
  LEFT JOIN zeren.dictionary_entry s ON s.dictionary = 'contact_status' AND s.code = c.status
  LEFT JOIN LATERAL (SELECT v.name FROM division v WHERE v.code = c.owner_division ORDER BY v.valid_to DESC LIMIT 1) AS d ON true
 WHERE c.owner_division >= :scope_lo::text AND c.owner_division < :scope_hi::text
   AND (c.owner_division, c.starts_on, c.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::date, '-infinity'::date),
                                               coalesce((:after::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR c.owner_division ^@ registry.code_prefix(:filters::jsonb ->> 'division'))
   AND (:filters::jsonb ->> 'kind' IS NULL OR c.kind = :filters::jsonb ->> 'kind')
 ORDER BY c.owner_division, c.starts_on, c.id LIMIT :chunk::integer

-- name: visit_export :rows
SELECT jsonb_build_array(v.owner_division, v.visited_on, v.id)::text, v.owner_division::text, d.name, v.visited_on::text, w.label, v.organisation_name,
  v.post_title, t.name,
       v.household_id::text, CASE WHEN v.household_id IS NOT NULL THEN CASE WHEN v.poor THEN '是' ELSE '否' END END, v.found, v.promised, v.id::text
  FROM visit v
  LEFT JOIN settlement t ON t.id = v.settlement_id
  LEFT JOIN zeren.dictionary_entry w ON w.dictionary = 'visit_purpose' AND w.code = v.purpose
  LEFT JOIN LATERAL (SELECT x.name FROM division x WHERE x.code = v.owner_division ORDER BY x.valid_to DESC LIMIT 1) AS d ON true
 WHERE v.owner_division >= :scope_lo::text AND v.owner_division < :scope_hi::text
   AND (v.owner_division, v.visited_on, v.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::date, '-infinity'::date),
                                                coalesce((:after::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR v.owner_division ^@ registry.code_prefix(:filters::jsonb ->> 'division'))
   AND (:filters::jsonb ->> 'kind' IS NULL OR v.purpose = :filters::jsonb ->> 'kind')
 ORDER BY v.owner_division, v.visited_on, v.id LIMIT :chunk::integer
