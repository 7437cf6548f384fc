-- Duty lists: a division's list of a year in its editions; tasks; completion.

-- name: duty_list_get :one
SELECT id, owner_division, year, title, edition, status, assumed, approved_at, filed_at, in_force_at, ended_at, created_at, version
  FROM duty_list WHERE id = :id

-- name: duty_list_list :page
-- Lists of the caller's divisions and above.
-- sort: created_at
SELECT id, owner_division, year, title, edition, status, assumed, approved_at, filed_at, in_force_at, ended_at, created_at, version
  FROM duty_list
 WHERE (:division::text IS NULL OR owner_division = :division::text)
   AND (:year::smallint IS NULL OR year = :year::smallint)
   AND (:status::text IS NULL OR status = :status::text)

-- name: duty_list_insert :write duty_list shown_division
-- R-001: the next edition of the division's list of that year.
INSERT INTO duty_list (id, owner_division, year, title, edition, assumed, created_at)
SELECT :new_id::uuid, registry.known_division(:owner_division::text, :today::date), :year::smallint, :title,
       registry.next_edition(:owner_division::text, :year::smallint),
       coalesce(:assumed::boolean, false), :now::timestamptz
RETURNING id, owner_division, year, title, edition, status, assumed, approved_at, filed_at, in_force_at, ended_at, created_at, version

-- name: duty_list_correct :write duty_list shown_division
-- R-002: only a draft is corrected.
UPDATE duty_list SET title = coalesce(:title, title), version = version + 1
 WHERE id = :id AND version = :version::integer
   AND CASE WHEN status = 'draft' THEN true ELSE zeren.refuse('ZR003', NULL, 'only a draft can be corrected; this list is ' || status) END
RETURNING id, owner_division, year, title, edition, status, assumed, approved_at, filed_at, in_force_at, ended_at, created_at, version

-- name: duty_list_step :write duty_list shown_division
-- R-003: approve, file, close. A list without items is not approved.
UPDATE duty_list
   SET status = :to_state::text, version = version + 1,
       approved_at = CASE WHEN :to_state::text = 'approved' THEN :now::timestamptz ELSE approved_at END,
       filed_at = CASE WHEN :to_state::text = 'filed' THEN :now::timestamptz ELSE filed_at END,
       ended_at = CASE WHEN :to_state::text = 'closed' THEN :now::timestamptz ELSE ended_at END
 WHERE id = :id AND version = :version::integer AND status = ANY (:from_states::text[])
   AND CASE WHEN :to_state::text <> 'approved' OR EXISTS (SELECT FROM item i WHERE i.duty_list_id = duty_list.id) THEN true
            ELSE zeren.refuse('ZR003', NULL, 'a list without items cannot be approved') END
RETURNING id, owner_division, year, title, edition, status, assumed, approved_at, filed_at, in_force_at, ended_at, created_at, version

-- name: duty_list_bring_into_force :write duty_list shown_division
-- R-004: the filed edition comes in force, and the one in force until now is superseded by it, in one step.
WITH forced AS (
  UPDATE duty_list SET status = :to_state::text, in_force_at = :now::timestamptz, version = version + 1
   WHERE id = :id AND version = :version::integer AND status = ANY (:from_states::text[])
  RETURNING *
), superseded AS (
  UPDATE duty_list o SET status = 'superseded', ended_at = :now::timestamptz, version = o.version + 1
    FROM forced f WHERE o.owner_division = f.owner_division AND o.year = f.year AND o.status = 'in_force' AND o.id <> f.id
  RETURNING o.*
), changed AS (
  SELECT id, owner_division, year, title, edition, status, assumed, approved_at, filed_at, in_force_at, ended_at, created_at, version FROM forced
  UNION ALL
  SELECT id, owner_division, year, title, edition, status, assumed, approved_at, filed_at, in_force_at, ended_at, created_at, version FROM superseded
)

-- name: calendar_start :rows
-- The first day that work days are counted on.
SELECT min(day) FROM zeren.calendar_day

-- name: duty_list_import :write duty_list shown_division
-- R-005: a whole list in one call: the list, its tasks, items and milestones, or nothing. One audit row for the list, and an event for each record.
WITH list AS (
  INSERT INTO duty_list (id, owner_division, year, title, edition, assumed, created_at)
  SELECT :new_id::uuid, registry.known_division(:owner_division::text, :today::date), :year::smallint, :title,
         registry.next_edition(:owner_division::text, :year::smallint),
         coalesce(:assumed::boolean, false), :now::timestamptz
  RETURNING *
), tasks AS (
  INSERT INTO task (id, owner_division, duty_list_id, parent_id, number, position, title)
  SELECT t.id, l.owner_division, l.id, t.parent_id, t.number, t.position, t.title
    FROM list l, jsonb_to_recordset(:tasks::jsonb) AS t(id uuid, parent_id uuid, number text, position integer, title text)
  RETURNING id, owner_division, version
), items AS (
  INSERT INTO item (id, owner_division, at_division, lines, duty_list_id, task_id, title, lead_organisation_id, assist_organisation_ids, starts_on, due_on,
                    measure, target, unit_of_measure, created_at)
  SELECT i.id, i.division, i.division, i.lines, l.id, i.task_id, i.title, i.lead, i.assists, i.starts_on, i.due_on, i.measure, i.target, i.unit_of_measure, :now::timestamptz
    FROM list l, jsonb_to_recordset(:items::jsonb) AS i(id uuid, division text, lines text[], task_id uuid, title text, lead uuid, assists uuid[],
                                                        starts_on date, due_on date, measure text, target numeric, unit_of_measure text)
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
  SELECT l.id, l.owner_division, l.year, l.title, l.edition, l.status, l.assumed, l.created_at, (SELECT count(*) FROM tasks) AS tasks,
         (SELECT count(*) FROM items) AS items, (SELECT count(*) FROM steps) AS milestones, l.version
    FROM list l
)

-- name: duty_list_completion :view
-- Completion as of a day by unit, by task, or of the whole list; late counts items late on that day by the rule of overdue_items.
WITH counted AS (
  SELECT i.*, i.done_on IS NOT NULL AND i.done_on <= coalesce(:as_of::date, :today::date) AS done,
         CASE WHEN l.status IN ('in_force', 'closed') AND i.due_on < coalesce(:as_of::date, :today::date)
                AND (i.done_on IS NULL OR i.done_on > coalesce(:as_of::date, :today::date))
              THEN zeren.work_days_between(i.due_on, coalesce(:as_of::date, :today::date)) > registry.grace_work_days(i.owner_division, i.due_on)
              ELSE false END AS late
    FROM item i JOIN duty_list l ON l.id = i.duty_list_id WHERE i.duty_list_id = :id
), grouped AS (
  SELECT CASE :by WHEN 'unit' THEN c.lead_organisation_id WHEN 'task' THEN c.task_id ELSE c.duty_list_id END AS id,
         count(*) AS items, count(*) FILTER (WHERE c.done) AS done, count(*) FILTER (WHERE c.late) AS late,
         (avg(c.completion_bp) / 100)::numeric(5,2)::text AS completion
    FROM counted c GROUP BY 1
)
SELECT l.id AS duty_list_id, :by::text AS by, coalesce(:as_of::date, :today::date) AS as_of,
       (SELECT coalesce(json_agg(json_build_object('id', g.id, 'number', t.number, 'name', coalesce(o.name, t.title, l.title), 'items', g.items, 'done', g.done,
                                                   'late', g.late, 'completion', g.completion) ORDER BY t.position, o.name, g.id), '[]')
          FROM grouped g LEFT JOIN organisation o ON :by = 'unit' AND o.id = g.id LEFT JOIN task t ON :by = 'task' AND t.id = g.id) AS groups
  FROM duty_list l WHERE l.id = :id

-- name: task_get :one
SELECT id, owner_division, duty_list_id, parent_id, number, position, title, version FROM task WHERE id = :id

-- name: task_list :page
-- The tasks of a list in their order; parent_id makes the tree.
-- sort: position, number
SELECT id, owner_division, duty_list_id, parent_id, number, position, title, version
  FROM task
 WHERE (:duty_list_id::uuid IS NULL OR duty_list_id = :duty_list_id::uuid) AND (:parent_id::uuid IS NULL OR parent_id = :parent_id::uuid)

-- name: task_insert :write task shown_division
-- R-002: the list is held as the draft it is (and materialized: a refusal beside a join may be asked of other rows first). The parent, when there is one, is
-- a task of the same list; R-009: not too deep in its tree.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT d.id FROM duty_list d WHERE d.id = :duty_list_id::uuid AND d.owner_division::text <@ (SELECT zeren.scope())),
                  zeren.no_such('duty_list_id')) AS id
), held AS MATERIALIZED (
  SELECT l.id, l.owner_division, l.status FROM duty_list l WHERE l.id = (SELECT w.id FROM wanted w) FOR SHARE
), changed AS (
  INSERT INTO task (id, owner_division, duty_list_id, parent_id, number, position, title)
  SELECT :new_id::uuid, l.owner_division, l.id,
         CASE WHEN :parent_id::uuid IS NULL THEN NULL
              ELSE coalesce((SELECT p.id FROM task p WHERE p.id = :parent_id::uuid AND p.duty_list_id = l.id), zeren.no_such('parent_id')) END,
         :number, coalesce(:position::integer, 1 + coalesce((SELECT max(position) FROM task t WHERE t.duty_list_id = l.id), 0)), :title
    FROM held l
   WHERE CASE WHEN l.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'tasks are added to a draft; this list is ' || l.status)
              WHEN registry.task_level(:parent_id::uuid) >= 6 THEN zeren.refuse('ZR005', 'parent_id', 'the tree of tasks is too deep: a task has five above it at most')
              ELSE true END
  RETURNING id, owner_division, duty_list_id, parent_id, number, position, title, version
)

-- name: task_correct :write task shown_division
-- R-002.
UPDATE task t SET title = coalesce(:title, t.title), number = coalesce(:number, t.number), position = coalesce(:position::integer, t.position), version = t.version + 1
  FROM (SELECT d.id, d.status FROM duty_list d WHERE d.id = (SELECT k.duty_list_id FROM task k WHERE k.id = :id) FOR SHARE) AS l
 WHERE t.id = :id AND t.version = :version::integer AND l.id = t.duty_list_id
   AND CASE WHEN l.status = 'draft' THEN true ELSE zeren.refuse('ZR003', NULL, 'tasks of a draft are corrected; this list is ' || l.status) END
RETURNING t.id, t.owner_division, t.duty_list_id, t.parent_id, t.number, t.position, t.title, t.version
