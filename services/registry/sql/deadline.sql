-- Pauses of an item's deadline. What they add is counted in due_as_of() of migrations/0007 (R-031).

-- name: item_pause :write item shown_division lined
-- R-033: an item not yet done of a list in force, once at a time, from today on; with a reason, kept and counted. A pause of today has moved nothing yet.
WITH target AS MATERIALIZED (
  SELECT i.id FROM item i, LATERAL (SELECT registry.list_status_held(i.duty_list_id, false) AS status) AS l
   WHERE i.id = :id
     AND CASE WHEN i.version <> :version::integer THEN true
              WHEN l.status <> 'in_force' THEN zeren.refuse('ZR003', NULL, 'deadlines are paused while the list is in force; it is ' || l.status)
              WHEN i.done_on IS NOT NULL THEN zeren.refuse('ZR003', NULL, 'the item is done')
              WHEN i.paused_on IS NOT NULL THEN zeren.refuse('ZR003', NULL, format('the deadline has been paused since %s', i.paused_on))
              ELSE true END
), made AS (
  UPDATE item i SET pauses = i.pauses + 1, paused_on = :today::date, version = i.version + 1
    FROM target t WHERE i.id = t.id AND i.version = :version::integer
  RETURNING i.*
), paused AS (
  INSERT INTO item_pause (id, owner_division, lines, item_id, from_on, reason, paused_by, created_at)
  SELECT :new_id::uuid, m.owner_division, m.lines, m.id, m.paused_on, :reason, :caller_post::uuid, :now::timestamptz FROM made m
  RETURNING *
), also_changed AS (
  SELECT 'item_pause' AS kind, p.id, p.version, p.owner_division, to_jsonb(p) AS body, NULL::jsonb AS before FROM paused p
), changed AS (
  SELECT i.id, i.owner_division, i.at_division, i.duty_list_id, i.task_id, s.task_number, s.task_title, i.title, i.lead_organisation_id, s.lead_organisation,
         i.assist_organisation_ids, s.assist_organisations, i.starts_on, i.due_on, e.due AS effective_due_on,
         registry.item_light(i.owner_division, e.due, :today::date, i.done_on) AS light, i.pauses, i.paused_on,
         i.measure, s.target, i.unit_of_measure, s.weight, s.progress, s.progress_on, s.completion, s.done_on, s.milestones, i.origin_id, i.created_at, i.version, i.lines
    FROM made i JOIN item_shown s ON s.id = i.id,
         LATERAL (SELECT registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, :today::date) AS due) AS e
)

-- name: item_resume :write item shown_division lined
-- R-034: the day it is resumed is a day that counts again. Whoever resumes says why.
WITH target AS MATERIALIZED (
  SELECT i.id FROM item i, LATERAL (SELECT registry.list_status_held(i.duty_list_id, false) AS status) AS l
   WHERE i.id = :id AND l.status IS NOT NULL AND CASE WHEN i.version = :version::integer AND i.paused_on IS NULL THEN zeren.refuse('ZR003', NULL,
        'the deadline is not paused') ELSE true END
), made AS (
  UPDATE item i SET paused_on = NULL, version = i.version + 1
    FROM target t WHERE i.id = t.id AND i.version = :version::integer
  RETURNING i.*
), ended AS (
  UPDATE item_pause p SET until_on = :today::date, end_reason = :reason, ended_by = :caller_post::uuid, version = p.version + 1
    FROM made m WHERE p.item_id = m.id AND p.until_on IS NULL
  RETURNING p.*
), also_changed AS (
  SELECT 'item_pause' AS kind, e.id, e.version, e.owner_division, to_jsonb(e) AS body, (SELECT to_jsonb(o) FROM item_pause o WHERE o.id = e.id) AS before
       FROM ended e
), changed AS (
  SELECT i.id, i.owner_division, i.at_division, i.duty_list_id, i.task_id, s.task_number, s.task_title, i.title, i.lead_organisation_id, s.lead_organisation,
         i.assist_organisation_ids, s.assist_organisations, i.starts_on, i.due_on, e.due AS effective_due_on,
         registry.item_light(i.owner_division, e.due, :today::date, i.done_on) AS light, i.pauses, i.paused_on,
         i.measure, s.target, i.unit_of_measure, s.weight, s.progress, s.progress_on, s.completion, s.done_on, s.milestones, i.origin_id, i.created_at, i.version, i.lines
    FROM made i JOIN item_shown s ON s.id = i.id,
         LATERAL (SELECT registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, :today::date) AS due) AS e
)

-- name: item_pause_list :page
-- The pauses of an item, or of all in scope, with what each has added so far.
-- sort: created_at
SELECT p.id, p.owner_division, p.item_id, p.from_on, p.until_on,
       zeren.days_within(p.from_on, least(p.until_on, :today::date), zeren.setting_value('registry.pause_unit', p.owner_division, extract(year
            FROM i.due_on)::integer))
         AS days, p.reason, p.paused_by, p.end_reason, p.ended_by, p.created_at, p.version
  FROM item_pause p JOIN item i ON i.id = p.item_id
 WHERE p.owner_division >= :scope_lo::text AND p.owner_division < :scope_hi::text
   AND (:item_id::uuid IS NULL OR p.item_id = :item_id::uuid)
   AND (:open::boolean IS NULL OR (p.until_on IS NULL) = :open::boolean)

-- name: escalation_list :page
-- What was told one level up, because it was late.
-- sort: created_at
SELECT e.id, e.owner_division, e.item_id, e.obligation_id, coalesce(i.title, (SELECT r.title FROM cadence_rule r WHERE r.id = b.rule_id)) AS title,
       coalesce(i.lead_organisation_id, b.organisation_id) AS lead_organisation_id, e.step, e.on_day, e.due_on, e.late_work_days, e.to_division, e.to_post_ids,
       (SELECT coalesce(json_agg(json_build_object('post_id', h.post_id, 'title', h.title, 'duty', h.duty, 'holder', h.name) ORDER BY h.duty DESC, h.title),
            '[]')
          FROM identity_pub.post_holder h WHERE h.post_id = ANY (e.to_post_ids) AND (h.starts_on IS NULL OR (h.starts_on <= e.on_day
               AND h.ends_on > e.on_day))) AS told,
       e.created_at, e.version
  FROM escalation e LEFT JOIN item i ON i.id = e.item_id LEFT JOIN obligation b ON b.id = e.obligation_id
 WHERE e.owner_division >= :scope_lo::text AND e.owner_division < :scope_hi::text
   AND (:item_id::uuid IS NULL OR e.item_id = :item_id::uuid)
   AND (:obligation_id::uuid IS NULL OR e.obligation_id = :obligation_id::uuid)
   AND (:division::text IS NULL OR e.to_division = :division::text)

-- name: escalate :rows
-- R-036, R-037: run by the worker; tells items that have been red for long enough, and says how many.
SELECT registry.escalate(:today::date, :now::timestamptz)::text AS told
