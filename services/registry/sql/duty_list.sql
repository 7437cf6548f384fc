-- Duty lists: a division's list of a year in its editions; tasks; completion.

-- name: duty_list_get :one
SELECT s.* FROM duty_list l, LATERAL registry.duty_list_as_shown(l) AS s WHERE l.id = :id

-- name: duty_list_list :page
-- Lists of the caller's divisions and above, and of their units.
-- sort: created_at
SELECT s.* FROM duty_list l, LATERAL registry.duty_list_as_shown(l) AS s
 WHERE (:division::text IS NULL OR l.owner_division = :division::text)
   AND (:organisation_id::uuid IS NULL OR l.organisation_id = :organisation_id::uuid)
   AND (:of_units::boolean IS NULL OR (l.organisation_id IS NOT NULL) = :of_units::boolean)
   AND (:year::smallint IS NULL OR l.year = :year::smallint)
   AND (:status::text IS NULL OR l.status = :status::text)

-- name: duty_list_insert :write duty_list shown_division
-- R-001, R-120 (may_write_list(): whose lists a department writes): the next edition of the list of that division or unit and year.
WITH made AS (
  INSERT INTO duty_list (id, owner_division, organisation_id, year, title, edition, assumed, created_at)
  SELECT :new_id::uuid, d.code, u.id, :year::smallint, :title, registry.next_edition(d.code, u.id, :year::smallint), coalesce(:assumed::boolean, false), :now::timestamptz
    FROM registry.known_division(:owner_division::text, :today::date) AS d (code), LATERAL registry.known_unit_of_list(:organisation_id::uuid, d.code) AS u (id)
   WHERE registry.may_write_list(u.id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean)
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.duty_list_as_shown(m::duty_list) AS s
)

-- name: duty_list_correct :write duty_list shown_division
-- R-002: only a draft is corrected.
WITH made AS (
  UPDATE duty_list SET title = coalesce(:title, title), version = version + 1
   WHERE id = :id AND version = :version::integer
     AND CASE WHEN NOT registry.may_write_list(organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN status = 'draft' THEN true ELSE zeren.refuse('ZR003', NULL, 'only a draft can be corrected; this list is ' || status) END
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.duty_list_as_shown(m::duty_list) AS s
)

-- name: duty_list_step :write duty_list shown_division
-- R-003: approve, file, close. A list without items is not approved; R-122: nor one whose weights do not add up.
-- The list is held before its items are looked at: whoever adds or removes one at the same time is waited for.
WITH held AS MATERIALIZED (
  SELECT l.id FROM duty_list l WHERE l.id = :id AND l.version = :version::integer AND l.status = ANY (:from_states::text[]) FOR NO KEY UPDATE
), weighed AS MATERIALIZED (
  SELECT h.id, CASE WHEN :to_state::text = 'approved' THEN registry.badly_weighted_task(h.id) END AS badly FROM held h
), made AS (
  UPDATE duty_list l
     SET status = :to_state::text, version = l.version + 1,
         approved_at = CASE WHEN :to_state::text = 'approved' THEN :now::timestamptz ELSE l.approved_at END,
         filed_at = CASE WHEN :to_state::text = 'filed' THEN :now::timestamptz ELSE l.filed_at END,
         ended_at = CASE WHEN :to_state::text = 'closed' THEN :now::timestamptz ELSE l.ended_at END
    FROM weighed w
   WHERE l.id = w.id
     AND CASE WHEN :to_state::text <> 'approved' THEN true
              WHEN NOT EXISTS (SELECT FROM item i WHERE i.duty_list_id = l.id) THEN zeren.refuse('ZR003', NULL, 'a list without items cannot be approved')
              WHEN w.badly IS NOT NULL THEN zeren.refuse('ZR003', NULL, 'the items of task ' || w.badly || ' have weights that do not add up to 100')
              ELSE true END
  RETURNING l.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.duty_list_as_shown(m::duty_list) AS s
)

-- name: duty_list_discard :write duty_list shown_division
-- R-129: a draft, while nothing names an item of it. Its tasks and items stay with it.
WITH held AS MATERIALIZED (
  SELECT l.id, l.organisation_id FROM duty_list l WHERE l.id = :id AND l.version = :version::integer AND l.status = ANY (:from_states::text[]) FOR NO KEY UPDATE
), made AS (
  UPDATE duty_list l SET status = :to_state::text, ended_at = :now::timestamptz, version = l.version + 1
    FROM held h
   WHERE l.id = h.id
     AND CASE WHEN NOT registry.may_write_list(h.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN registry.names_item_of(h.id) THEN zeren.refuse('ZR003', NULL, 'an urging, a drive or a work order names an item of the list')
              ELSE true END
  RETURNING l.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.duty_list_as_shown(m::duty_list) AS s
)

-- name: calendar_start :rows
-- The first day that work days are counted on.
SELECT min(day) FROM zeren.calendar_day

-- name: duty_list_import :write duty_list shown_division
-- R-005: a whole list in one call: the list, its tasks, items and milestones, or nothing. One audit row for the list, and an event for each record.
WITH list AS (
  INSERT INTO duty_list (id, owner_division, organisation_id, year, title, edition, assumed, created_at)
  SELECT :new_id::uuid, d.code, u.id, :year::smallint, :title, registry.next_edition(d.code, u.id, :year::smallint), coalesce(:assumed::boolean, false), :now::timestamptz
    FROM registry.known_division(:owner_division::text, :today::date) AS d (code), LATERAL registry.known_unit_of_list(:organisation_id::uuid, d.code) AS u (id)
   WHERE registry.may_write_list(u.id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean)
  RETURNING *
), tasks AS (
  INSERT INTO task (id, owner_division, duty_list_id, parent_id, number, position, title)
  SELECT t.id, l.owner_division, l.id, t.parent_id, t.number, t.position, t.title
    FROM list l, jsonb_to_recordset(:tasks::jsonb) AS t(id uuid, parent_id uuid, number text, position integer, title text)
  RETURNING id, owner_division, version
), items AS (
  INSERT INTO item (id, owner_division, at_division, lines, duty_list_id, task_id, title, lead_organisation_id, assist_organisation_ids, starts_on, due_on,
                    measure, target, unit_of_measure, weight, created_at)
  SELECT i.id, i.division, i.division, i.lines, l.id, i.task_id, i.title, i.lead, i.assists, i.starts_on, i.due_on, i.measure, i.target, i.unit_of_measure, i.weight,
         :now::timestamptz
    FROM list l, jsonb_to_recordset(:items::jsonb) AS i(id uuid, division text, lines text[], task_id uuid, title text, lead uuid, assists uuid[],
                                                        starts_on date, due_on date, measure text, target numeric, unit_of_measure text, weight numeric)
  RETURNING id, owner_division, lines, version
), steps AS (
  INSERT INTO milestone (owner_division, lines, item_id, position, name, due_on)
  SELECT i.owner_division, i.lines, i.id, m.position, m.name, m.due_on
    FROM items i JOIN jsonb_to_recordset(:milestones::jsonb) AS m(item_id uuid, position smallint, name text, due_on date) ON m.item_id = i.id
  RETURNING id
), also_announced AS (
  SELECT 'task' AS kind, t.id, t.version, t.owner_division, '{}'::text[] AS lines FROM tasks t
   UNION ALL SELECT 'item', i.id, i.version, i.owner_division, i.lines FROM items i
), changed AS (
  SELECT l.id, l.owner_division, l.organisation_id, l.year, l.title, l.edition, l.status, l.assumed, l.created_at, (SELECT count(*) FROM tasks) AS tasks,
         (SELECT count(*) FROM items) AS items, (SELECT count(*) FROM steps) AS milestones, l.version
    FROM list l
)

-- name: duty_list_completion :view
-- Completion as of a day by unit, by task, or of the whole list; late counts items late on that day by the rule of overdue_items. R-123: inside a task items count by
-- their weights, where they have any; a unit's completion is the mean of its items, of which each stands in another task.
WITH counted AS (
  SELECT i.*, CASE WHEN :by <> 'unit' THEN i.weight * count(i.weight) OVER t / sum(i.weight) OVER t END AS counts, i.done_on IS NOT NULL AND i.done_on <= d.on_day AS done,
         CASE WHEN l.holds_from <= d.on_day AND l.holds_until > d.on_day AND i.due_on < d.on_day AND (i.done_on IS NULL OR i.done_on > d.on_day)
              THEN zeren.work_days_between(coalesce(e.due, d.on_day), d.on_day) > registry.grace_work_days(i.owner_division, coalesce(e.due, d.on_day))
              ELSE false END AS late
    FROM (SELECT coalesce(:as_of::date, :today::date) AS on_day) AS d, item i JOIN duty_list l ON l.id = i.duty_list_id,
         LATERAL (SELECT registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, d.on_day) AS due) AS e
   WHERE i.duty_list_id = :id WINDOW t AS (PARTITION BY i.task_id)
), grouped AS (
  SELECT CASE :by WHEN 'unit' THEN c.lead_organisation_id WHEN 'task' THEN c.task_id ELSE c.duty_list_id END AS id,
         count(*) AS items, count(*) FILTER (WHERE c.done) AS done, count(*) FILTER (WHERE c.late) AS late,
         (sum(c.completion_bp * coalesce(c.counts, 1)) / sum(coalesce(c.counts, 1)) / 100)::numeric(5,2)::text AS completion
    FROM counted c GROUP BY 1
)
SELECT l.id AS duty_list_id, :by::text AS by, coalesce(:as_of::date, :today::date) AS as_of,
       (SELECT coalesce(json_agg(json_build_object('id', g.id, 'number', t.number, 'name', coalesce(o.name, t.title, l.title), 'items', g.items, 'done', g.done,
                                                   'late', g.late, 'completion', g.completion) ORDER BY t.position, o.name, g.id), '[]')
          FROM grouped g LEFT JOIN organisation o ON :by = 'unit' AND o.id = g.id LEFT JOIN task t ON :by = 'task' AND t.id = g.id) AS groups
  FROM duty_list l WHERE l.id = :id

-- name: task_get :one
SELECT id, owner_division, duty_list_id, parent_id, number, position, title, topic, origin_id, version FROM task WHERE id = :id

-- name: task_list :page
-- The tasks of a list in their order; parent_id makes the tree.
-- sort: position, number
SELECT id, owner_division, duty_list_id, parent_id, number, position, title, topic, origin_id, version
  FROM task
 WHERE (:duty_list_id::uuid IS NULL OR duty_list_id = :duty_list_id::uuid) AND (:parent_id::uuid IS NULL OR parent_id = :parent_id::uuid)
   AND (:topic::text IS NULL OR topic = :topic::text)

-- name: task_insert :write task shown_division
-- R-002: the list is held as the draft it is (and materialized: a refusal beside a join may be asked of other rows first). The parent, when there is one, is
-- a task of the same list; R-009: not too deep in its tree.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT d.id FROM duty_list d WHERE d.id = :duty_list_id::uuid AND d.owner_division::text <@ (SELECT zeren.scope())),
                  zeren.no_such('duty_list_id')) AS id
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT l.id, l.owner_division, l.organisation_id, l.status FROM duty_list l WHERE l.id = w.id FOR SHARE) AS k
), changed AS (
  INSERT INTO task (id, owner_division, duty_list_id, parent_id, number, position, title, topic)
  SELECT :new_id::uuid, l.owner_division, l.id,
         CASE WHEN :parent_id::uuid IS NULL THEN NULL
              ELSE coalesce((SELECT p.id FROM task p WHERE p.id = :parent_id::uuid AND p.duty_list_id = l.id), zeren.no_such('parent_id')) END,
         :number, coalesce(:position::integer, 1 + coalesce((SELECT max(position) FROM task t WHERE t.duty_list_id = l.id), 0)), :title, :topic::text
    FROM held l
   WHERE CASE WHEN NOT registry.may_write_list(l.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN l.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'tasks are added to a draft; this list is ' || l.status)
              WHEN registry.task_level(:parent_id::uuid) >= 6 THEN zeren.refuse('ZR005', 'parent_id', 'the tree of tasks is too deep: a task has five above it at most')
              ELSE true END
  RETURNING id, owner_division, duty_list_id, parent_id, number, position, title, topic, origin_id, version
)

-- name: task_correct :write task shown_division
-- R-002.
UPDATE task t SET title = coalesce(:title, t.title), number = coalesce(:number, t.number), position = coalesce(:position::integer, t.position),
       topic = CASE WHEN :topic_given::boolean THEN :topic::text ELSE t.topic END, version = t.version + 1
  FROM (SELECT d.id, d.organisation_id, d.status FROM duty_list d WHERE d.id = (SELECT k.duty_list_id FROM task k WHERE k.id = :id) FOR SHARE) AS l
 WHERE t.id = :id AND t.version = :version::integer AND l.id = t.duty_list_id
   AND CASE WHEN NOT registry.may_write_list(l.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
            WHEN l.status = 'draft' THEN true ELSE zeren.refuse('ZR003', NULL, 'tasks of a draft are corrected; this list is ' || l.status) END
RETURNING t.id, t.owner_division, t.duty_list_id, t.parent_id, t.number, t.position, t.title, t.topic, t.origin_id, t.version

-- name: task_remove :write task shown_division
-- R-121: from a draft, when nothing stands under it.
WITH target AS MATERIALIZED (
  SELECT t.id FROM task t JOIN duty_list l ON l.id = t.duty_list_id
   WHERE t.id = :id AND t.version = :version::integer
     AND CASE WHEN NOT registry.may_write_list(l.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN l.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'tasks of a draft are removed; this list is ' || l.status)
              WHEN EXISTS (SELECT FROM task c WHERE c.parent_id = t.id) THEN zeren.refuse('ZR003', NULL, 'other tasks are part of this one')
              WHEN EXISTS (SELECT FROM item i WHERE i.task_id = t.id) THEN zeren.refuse('ZR003', NULL, 'the task has items: they are removed first')
              ELSE true END
     FOR SHARE OF l
), changed AS (
  DELETE FROM task USING target t WHERE task.id = t.id
  RETURNING task.id, task.owner_division, task.duty_list_id, task.parent_id, task.number, task.position, task.title, task.topic, task.origin_id, task.version
)
