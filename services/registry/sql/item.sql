-- Items: task x unit with one lead and any assisting units; lateness.

-- name: item_get :one
SELECT id, owner_division, at_division, duty_list_id, task_id, task_number, task_title, title, lead_organisation_id, lead_organisation, assist_organisation_ids,
       assist_organisations, starts_on, due_on, e.due AS effective_due_on, registry.item_light(owner_division, e.due, e.as_of, done_on) AS light,
       pauses, paused_on, measure, target, unit_of_measure, weight, progress, progress_on, completion, done_on, milestones, origin_id, created_at, version
  FROM item_shown, LATERAL (SELECT coalesce(:as_of::date, :today::date) AS as_of,
                                   registry.due_as_of(id, owner_division, due_on, pauses, coalesce(:as_of::date, :today::date)) AS due) AS e
 WHERE id = :id

-- name: item_list :page
-- Items in the caller's scope, by list, task, unit, division, state, deadline or light. What is red is due already.
-- sort: due_on, created_at, id
SELECT id, owner_division, at_division, duty_list_id, task_id, task_number, task_title, title, lead_organisation_id, lead_organisation, assist_organisation_ids,
       assist_organisations, starts_on, due_on, e.due AS effective_due_on, registry.item_light(owner_division, e.due, e.as_of, done_on) AS light,
       pauses, paused_on, measure, target, unit_of_measure, weight, progress, progress_on, completion, done_on, milestones, origin_id, created_at, version
  FROM item_shown, LATERAL (SELECT coalesce(:as_of::date, :today::date) AS as_of,
                                   registry.due_as_of(id, owner_division, due_on, pauses, coalesce(:as_of::date, :today::date)) AS due) AS e
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:division::text IS NULL OR owner_division = :division::text)
   AND (:duty_list_id::uuid IS NULL OR duty_list_id = :duty_list_id::uuid)
   AND (:task_id::uuid IS NULL OR task_id = :task_id::uuid)
   AND (:lead_organisation_id::uuid IS NULL OR lead_organisation_id = :lead_organisation_id::uuid)
   AND (:done::boolean IS NULL OR (done_on IS NOT NULL) = :done::boolean)
   AND (:due_before::date IS NULL OR due_on < :due_before::date)
   AND (:paused::boolean IS NULL OR (paused_on IS NOT NULL) = :paused::boolean)
   AND (:light::text IS NULL OR (registry.item_light(owner_division, e.due, e.as_of, done_on) = :light::text
                                 AND (:light::text <> 'red' OR due_on < coalesce(:as_of::date, :today::date))))
   AND (:ids::uuid[] IS NULL OR id = ANY (:ids::uuid[]))

-- name: overdue_item_list :page
-- R-030, R-031: items late on a day, pauses counted, of the editions that count for that day (R-138), by how many work days beyond the division's grace, and who
-- answers for them on that day.
-- sort: due_on
SELECT i.id, i.owner_division, i.duty_list_id, i.task_id, t.number AS task_number, t.title AS task_title, i.title, i.lead_organisation_id,
       o.name AS lead_organisation, i.due_on, e.due AS effective_due_on, i.pauses, zeren.work_days_between(e.due, day.as_of) AS late_work_days,
       day.as_of, i.measure, trim_scale(i.target)::text AS target, i.unit_of_measure, trim_scale(i.progress)::text AS progress, (i.completion_bp / 100.0)::numeric(5,2)::text AS completion,
       (SELECT coalesce(json_agg(json_build_object('post_id', h.post_id, 'title', h.title, 'duty', h.duty, 'holder', h.name) ORDER BY h.duty DESC, h.title), '[]')
          FROM identity_pub.post_holder h
         WHERE h.organisation_id = i.lead_organisation_id AND h.duty IN ('first_responsible', 'direct', 'specific')
           AND (h.starts_on IS NULL OR (h.starts_on <= day.as_of AND h.ends_on > day.as_of))) AS answers_for_it,
       i.version
  FROM (SELECT coalesce(:as_of::date, :today::date) AS as_of) AS day
  JOIN item i ON i.due_on < day.as_of AND (i.done_on IS NULL OR i.done_on > day.as_of)
  JOIN duty_list l ON l.id = i.duty_list_id AND l.holds_from <= day.as_of AND l.holds_until > day.as_of
  JOIN task t ON t.id = i.task_id LEFT JOIN organisation o ON o.id = i.lead_organisation_id
  CROSS JOIN LATERAL (SELECT coalesce(registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, day.as_of), day.as_of) AS due) AS e
 WHERE i.owner_division >= :scope_lo::text AND i.owner_division < :scope_hi::text
   AND CASE WHEN l.holds_from <= day.as_of AND l.holds_until > day.as_of -- the calendar is not asked for what does not count
            THEN zeren.work_days_between(e.due, day.as_of) > registry.grace_work_days(i.owner_division, e.due) END
   AND (:duty_list_id::uuid IS NULL OR i.duty_list_id = :duty_list_id::uuid)
   AND (:lead_organisation_id::uuid IS NULL OR i.lead_organisation_id = :lead_organisation_id::uuid)

-- name: item_insert :write item shown_division lined
-- R-002, R-010: one lead of the list's division or below it, any assists, all visible to the caller; the item belongs to its lead's division and to the lines of all its units.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT k.id FROM task k WHERE k.id = :task_id::uuid AND k.owner_division::text <@ (SELECT zeren.scope())), zeren.no_such('task_id')) AS task_id,
         coalesce((SELECT o.id FROM organisation o WHERE o.id = :lead_organisation_id::uuid AND o.owner_division::text <@ (SELECT zeren.scope())),
                  zeren.no_such('lead_organisation_id')) AS lead_id,
         CASE WHEN (SELECT count(*) FROM organisation o WHERE o.id = ANY (:assist_organisation_ids::uuid[])) = coalesce(cardinality(:assist_organisation_ids::uuid[]), 0)
              THEN coalesce(:assist_organisation_ids::uuid[], '{}') ELSE ARRAY[zeren.no_such('assist_organisation_ids')] END AS assist_ids
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT t.id AS task_id, l.id, l.owner_division, l.organisation_id, l.status
    FROM task t JOIN duty_list l ON l.id = t.duty_list_id WHERE t.id = w.task_id FOR SHARE OF l) AS k
), lead AS MATERIALIZED (
  SELECT o.id, o.owner_division FROM wanted w LEFT JOIN organisation o ON o.id = w.lead_id
), made AS (
  INSERT INTO item (id, owner_division, at_division, lines, duty_list_id, task_id, title, lead_organisation_id, assist_organisation_ids, starts_on, due_on,
                    measure, target, unit_of_measure, weight, created_at)
  SELECT :new_id::uuid, o.owner_division, o.owner_division,
         coalesce((SELECT array_agg(DISTINCT u.line ORDER BY u.line) FROM organisation u
                    WHERE (u.id = o.id OR u.id = ANY (w.assist_ids)) AND u.line IS NOT NULL), '{}'),
         l.id, l.task_id, :title, o.id, w.assist_ids, :starts_on::date, registry.deadline(:due_on::date), :measure,
         :target::numeric, :unit_of_measure, :weight::numeric, :now::timestamptz
    FROM wanted w, held l, lead o
   WHERE CASE WHEN NOT registry.may_write_list(l.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN l.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'items are added to a draft; this list is ' || l.status)
              WHEN NOT registry.is_within(o.owner_division, l.owner_division)
                THEN zeren.refuse('ZR005', 'lead_organisation_id', 'the lead unit is of the list''s division or below it')
              ELSE true END
  RETURNING *
), steps AS (
  INSERT INTO milestone (owner_division, lines, item_id, position, name, due_on)
  SELECT i.owner_division, i.lines, i.id, m.position, m.step ->> 'name', (m.step ->> 'due_on')::date
    FROM made i, jsonb_array_elements(coalesce(:milestones::jsonb, '[]')) WITH ORDINALITY AS m(step, position)
  RETURNING position, name, due_on, reached_on
), changed AS (
  SELECT i.id, i.owner_division, i.at_division, i.duty_list_id, i.task_id, t.number AS task_number, t.title AS task_title, i.title, i.lead_organisation_id,
         o.name AS lead_organisation, i.assist_organisation_ids,
         (SELECT coalesce(json_agg(a.name ORDER BY a.name), '[]') FROM organisation a WHERE a.id = ANY (i.assist_organisation_ids)) AS assist_organisations,
         i.starts_on, i.due_on, i.due_on AS effective_due_on, registry.item_light(i.owner_division, i.due_on, :today::date, i.done_on) AS light,
         i.pauses, i.paused_on, i.measure, trim_scale(i.target)::text AS target, i.unit_of_measure, trim_scale(i.weight)::text AS weight,
         trim_scale(i.progress)::text AS progress, i.progress_on,
         (i.completion_bp / 100.0)::numeric(5,2)::text AS completion, i.done_on,
         (SELECT coalesce(json_agg(s ORDER BY s.position), '[]') FROM steps s) AS milestones, i.origin_id, i.created_at, i.version, i.lines
    FROM made i JOIN task t ON t.id = i.task_id JOIN organisation o ON o.id = i.lead_organisation_id
)

-- name: item_correct :write item shown_division lined
-- R-002, by whoever keeps the list. Title, period, target; the units and the measure stay: a wrong unit is a new item. What the rules of an item say
-- (R-012, R-013) holds for the corrected one, too. What is not corrected is shown as it was read.
WITH made AS (
  UPDATE item i
     SET title = coalesce(:title, i.title), starts_on = coalesce(:starts_on::date, i.starts_on), due_on = coalesce(registry.deadline(:due_on::date), i.due_on),
         target = coalesce(:target::numeric, i.target), unit_of_measure = coalesce(:unit_of_measure, i.unit_of_measure),
         weight = CASE WHEN :weight_given::boolean THEN :weight::numeric ELSE i.weight END, version = i.version + 1
    FROM (SELECT d.id, d.organisation_id, d.status FROM duty_list d WHERE d.id = (SELECT k.duty_list_id FROM item k WHERE k.id = :id) FOR SHARE) AS l
   WHERE i.id = :id AND i.version = :version::integer AND l.id = i.duty_list_id
     AND CASE WHEN NOT registry.may_write_list(l.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN l.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'items of a draft are corrected; this list is ' || l.status)
              WHEN i.measure = 'milestone' AND :target::numeric IS NOT NULL
                THEN zeren.refuse('ZR005', 'target', 'an item measured by milestones has no target')
              WHEN i.measure = 'milestone' AND :unit_of_measure::text IS NOT NULL
                THEN zeren.refuse('ZR005', 'unit_of_measure', 'an item measured by milestones has no target')
              WHEN :starts_on::date > (SELECT min(m.due_on) FROM milestone m WHERE m.item_id = i.id)
                THEN zeren.refuse('ZR005', 'starts_on', 'a milestone is due outside the item''s period')
              WHEN :due_on::date < (SELECT max(m.due_on) FROM milestone m WHERE m.item_id = i.id)
                THEN zeren.refuse('ZR005', 'due_on', 'a milestone is due outside the item''s period')
              ELSE true END
  RETURNING i.*
), changed AS (
  SELECT i.id, i.owner_division, i.at_division, i.duty_list_id, i.task_id, s.task_number, s.task_title, i.title, i.lead_organisation_id, s.lead_organisation,
         i.assist_organisation_ids, s.assist_organisations, i.starts_on, i.due_on, i.due_on AS effective_due_on,
         registry.item_light(i.owner_division, i.due_on, :today::date, i.done_on) AS light, i.pauses, i.paused_on,
         i.measure, trim_scale(i.target)::text AS target, i.unit_of_measure, trim_scale(i.weight)::text AS weight, s.progress, s.progress_on, s.completion, s.done_on,
         s.milestones, i.origin_id, i.created_at, i.version, i.lines
    FROM made i JOIN item_shown s ON s.id = i.id
)

-- name: item_remove :write item shown_division lined
-- R-121: from a draft, with its milestones. What names the item keeps it.
WITH target AS MATERIALIZED (
  SELECT i.id FROM item i JOIN duty_list l ON l.id = i.duty_list_id
   WHERE i.id = :id AND i.version = :version::integer
     AND CASE WHEN NOT registry.may_write_list(l.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN l.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'items of a draft are removed; this list is ' || l.status)
              WHEN EXISTS (SELECT FROM urging u WHERE u.item_id = i.id) OR EXISTS (SELECT FROM work_order w WHERE w.item_id = i.id)
                   OR EXISTS (SELECT FROM drive d WHERE d.item_ids @> ARRAY[i.id]) THEN zeren.refuse('ZR003', NULL, 'an urging, a drive or a work order names the item')
              ELSE true END
     FOR SHARE OF l
), shown AS MATERIALIZED (
  SELECT s.* FROM item_shown s JOIN target t ON t.id = s.id
), steps AS (
  DELETE FROM milestone m USING target t WHERE m.item_id = t.id
), gone AS (
  DELETE FROM item USING target t WHERE item.id = t.id RETURNING item.*
), changed AS (
  SELECT g.id, g.owner_division, g.at_division, g.duty_list_id, g.task_id, s.task_number, s.task_title, g.title, g.lead_organisation_id, s.lead_organisation,
         g.assist_organisation_ids, s.assist_organisations, g.starts_on, g.due_on, g.due_on AS effective_due_on,
         registry.item_light(g.owner_division, g.due_on, :today::date, g.done_on) AS light, g.pauses, g.paused_on, g.measure, s.target, g.unit_of_measure, s.weight,
         s.progress, s.progress_on, s.completion, g.done_on, s.milestones, g.origin_id, g.created_at, g.version, g.lines
    FROM gone g JOIN shown s ON s.id = g.id
)
