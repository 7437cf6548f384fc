-- Roll-ups of items: folded by the worker, read by the service.

-- name: rollup_fold_items :rows
-- R-060: what was committed when this statement began is in the figures when it ends; a batch at a time, so that none runs long.
WITH batch AS MATERIALIZED (
  SELECT d.id FROM rollup_delta d ORDER BY d.id LIMIT :batch::integer
), taken AS (
  DELETE FROM rollup_delta d USING batch b WHERE d.id = b.id RETURNING d.*
), summed AS (
  SELECT t.owner_division, t.lines, t.duty_list_id, t.organisation_id, t.due_on, t.done_on, t.paused, sum(t.n)::integer AS n FROM taken t
   GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(t.n) <> 0 ORDER BY 1, 3, 4, 5, 6
), folded AS (
  INSERT INTO item_rollup AS r (owner_division, lines, duty_list_id, organisation_id, due_on, done_on, paused, n) SELECT s.* FROM summed s
      ON CONFLICT ON CONSTRAINT item_rollup_pkey DO UPDATE SET n = r.n + excluded.n
), told AS (
  INSERT INTO rollup_fold AS f (kind, as_of) SELECT 'item', statement_timestamp() WHERE (SELECT count(*) FROM taken) < :batch::integer
      ON CONFLICT (kind) DO UPDATE SET as_of = excluded.as_of
       WHERE f.as_of < excluded.as_of - interval '5 seconds' OR EXISTS (SELECT FROM taken)
)
SELECT count(*)::text AS taken FROM taken

-- name: rollup_forget_items :rows
-- Keys that nothing is left of.
WITH gone AS (DELETE FROM item_rollup WHERE n = 0 RETURNING 1) SELECT count(*)::text AS gone FROM gone

-- name: rollup_items :view
-- R-061: items of a division and below on a day, of the editions that count for that day (R-138), by the state of their list on that day, by unit, by division, or by
-- lateness as R-030 has it. Items whose deadline was paused are late by their own deadline of that day; they are few, and looked at one by one.
WITH day AS MATERIALIZED (
  SELECT coalesce(:as_of::date, :today::date) AS on_day
), lists AS MATERIALIZED (
  SELECT l.id, CASE WHEN l.status = 'closed' AND (l.ended_at AT TIME ZONE 'Asia/Shanghai')::date <= d.on_day THEN 'closed' ELSE 'in_force' END AS state
    FROM duty_list l, day d WHERE l.holds_from <= d.on_day AND l.holds_until > d.on_day
), kept AS MATERIALIZED (
  SELECT r.owner_division, r.organisation_id, r.due_on, r.done_on <= d.on_day AS done, r.paused, r.n, l.state
    FROM day d, item_rollup r JOIN lists l ON l.id = r.duty_list_id
   WHERE r.n <> 0 AND r.owner_division >= :scope_lo::text AND r.owner_division < :scope_hi::text
     AND (:division::text IS NULL OR registry.is_within(r.owner_division, :division::text))
), deadlines AS MATERIALIZED (
  SELECT k.owner_division, k.due_on, zeren.work_days_between(k.due_on, d.on_day) > registry.grace_work_days(k.owner_division, k.due_on) AS late
    FROM (SELECT DISTINCT owner_division, due_on FROM kept WHERE NOT done AND NOT paused) AS k, day d
   WHERE CASE WHEN k.due_on < d.on_day THEN true ELSE false END
), paused_late AS MATERIALIZED (
  SELECT i.owner_division, i.lead_organisation_id AS organisation_id, l.state
    FROM day d, item i JOIN lists l ON l.id = i.duty_list_id
   WHERE i.pauses > 0 AND i.due_on < d.on_day AND (i.done_on IS NULL OR i.done_on > d.on_day)
     AND i.owner_division >= :scope_lo::text AND i.owner_division < :scope_hi::text
     AND (:division::text IS NULL OR registry.is_within(i.owner_division, :division::text))
     AND registry.item_light(i.owner_division, registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, d.on_day), d.on_day, i.done_on) = 'red'
), counted AS (
  SELECT k.owner_division, k.organisation_id, k.state, k.n AS items, CASE WHEN k.done THEN k.n ELSE 0 END AS done,
         CASE WHEN NOT k.done AND NOT k.paused AND x.late THEN k.n ELSE 0 END AS late
    FROM kept k LEFT JOIN deadlines x ON x.owner_division = k.owner_division AND x.due_on = k.due_on
   UNION ALL SELECT p.owner_division, p.organisation_id, p.state, 0, 0, 1 FROM paused_late p
), spread AS (
  SELECT c.owner_division, c.organisation_id, c.state, v.standing, v.n, c.items, c.done, c.late
    FROM counted c LEFT JOIN LATERAL (VALUES ('done', c.done), ('late', c.late), ('open', c.items - c.done - c.late)) AS v (standing, n) ON :by::text = 'lateness'
), grouped AS (
  SELECT CASE :by::text WHEN 'state' THEN s.state WHEN 'unit' THEN s.organisation_id::text WHEN 'division' THEN s.owner_division::text ELSE s.standing END AS key,
         sum(CASE WHEN :by::text = 'lateness' THEN s.n ELSE s.items END)::integer AS items,
         sum(CASE WHEN :by::text <> 'lateness' THEN s.done WHEN s.standing = 'done' THEN s.n ELSE 0 END)::integer AS done,
         sum(CASE WHEN :by::text <> 'lateness' THEN s.late WHEN s.standing = 'late' THEN s.n ELSE 0 END)::integer AS late
    FROM spread s GROUP BY 1
)
SELECT d.on_day AS as_of, :by::text AS by, coalesce((SELECT f.as_of FROM rollup_fold f WHERE f.kind = 'item'), :now::timestamptz) AS counted_at,
       (SELECT coalesce(json_agg(json_build_object('key', g.key, 'name', CASE :by::text
                  WHEN 'unit' THEN (SELECT o.name FROM organisation o WHERE o.id::text = g.key)
                  WHEN 'division' THEN (SELECT v.name FROM division v WHERE v.code = g.key COLLATE "C" AND v.valid_from <= d.on_day AND v.valid_to > d.on_day) END,
                'items', g.items, 'done', g.done, 'late', g.late) ORDER BY g.key COLLATE "C"), '[]')
          FROM grouped g WHERE g.items <> 0 OR g.late <> 0) AS groups
  FROM day d
