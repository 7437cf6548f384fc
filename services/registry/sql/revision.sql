-- Revisions of a list in force: the next edition drafted from it, what it takes over when it comes in force, and how two editions differ.

-- name: duty_list_revise :write duty_list shown_division
-- R-124: a copy of the list in force as the next edition's draft; its tasks and items name those that they go on from. One audit row for the list, and an event for
-- each record, as R-005 has it. Who is limited to lines sees only part of it.
WITH former AS MATERIALIZED (
  SELECT l.* FROM duty_list l
   WHERE l.id = :id
     AND CASE WHEN NOT registry.may_write_list(l.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN l.status <> 'in_force' THEN zeren.refuse('ZR003', NULL, 'a list in force is revised; this one is ' || l.status)
              WHEN zeren.lines() IS NOT NULL THEN zeren.refuse('ZR007', NULL, 'Your post is limited to lines, and a list is revised as a whole.')
              ELSE true END
), list AS (
  INSERT INTO duty_list (id, owner_division, organisation_id, year, title, edition, assumed, revises_id, reason, created_at)
  SELECT :new_id::uuid, f.owner_division, f.organisation_id, f.year, coalesce(:title, f.title), registry.next_edition(f.owner_division, f.organisation_id, f.year),
         f.assumed, f.id, :reason, :now::timestamptz
    FROM former f
  RETURNING *
), tasks AS (
  INSERT INTO task (id, owner_division, duty_list_id, parent_id, number, position, title, topic, plan_line_id, origin_id)
  SELECT registry.copy_id(t.id, l.id), l.owner_division, l.id, registry.copy_id(t.parent_id, l.id), t.number, t.position, t.title, t.topic, t.plan_line_id,
         coalesce(t.origin_id, t.id)
    FROM list l JOIN task t ON t.duty_list_id = l.revises_id
  RETURNING id, owner_division, version
), items AS (
  INSERT INTO item (id, owner_division, at_division, lines, duty_list_id, task_id, title, lead_organisation_id, assist_organisation_ids, starts_on, due_on, measure,
                    target, unit_of_measure, weight, origin_id, created_at)
  SELECT registry.copy_id(i.id, l.id), i.owner_division, i.at_division, i.lines, l.id, registry.copy_id(i.task_id, l.id), i.title, i.lead_organisation_id,
         i.assist_organisation_ids, i.starts_on, i.due_on, i.measure, i.target, i.unit_of_measure, i.weight, coalesce(i.origin_id, i.id), :now::timestamptz
    FROM list l JOIN item i ON i.duty_list_id = l.revises_id
  RETURNING id, owner_division, lines, version
), steps AS (
  INSERT INTO milestone (owner_division, lines, item_id, position, name, due_on)
  SELECT m.owner_division, m.lines, registry.copy_id(i.id, l.id), m.position, m.name, m.due_on
    FROM list l JOIN item i ON i.duty_list_id = l.revises_id JOIN milestone m ON m.item_id = i.id
), also_announced AS (
  SELECT 'task' AS kind, t.id, t.version, t.owner_division, '{}'::text[] AS lines FROM tasks t
   UNION ALL SELECT 'item', i.id, i.version, i.owner_division, i.lines FROM items i
), changed AS (
  SELECT s.* FROM list l, LATERAL registry.duty_list_as_shown(l::duty_list) AS s
)

-- name: duty_list_hold_former :rows
-- R-125: held alone, whoever reports on the revised list or decides on such a report is waited for; the statement behind this one sees what they did.
SELECT registry.list_status_held(l.revises_id, true) FROM duty_list l WHERE l.id = :id AND l.revises_id IS NOT NULL

-- name: duty_list_bring_into_force :write duty_list shown_division
-- R-004: the filed edition comes in force, and the one in force until now is superseded by it, in one step. R-125: a revision takes over, item by item, what was reached,
-- the pauses of deadlines that stay, and the reports that wait for a decision.
WITH target AS MATERIALIZED (
  SELECT l.id, l.revises_id FROM duty_list l
   WHERE l.id = :id AND l.version = :version::integer AND l.status = ANY (:from_states::text[])
     AND CASE WHEN l.revises_id IS NULL THEN true
              WHEN zeren.lines() IS NOT NULL THEN zeren.refuse('ZR007', NULL, 'Your post is limited to lines, and a list is revised as a whole.')
              WHEN EXISTS (SELECT FROM duty_list o WHERE o.owner_division = l.owner_division AND o.organisation_id IS NOT DISTINCT FROM l.organisation_id
                              AND o.year = l.year AND o.status = 'in_force' AND o.id <> l.revises_id)
                THEN zeren.refuse('ZR003', NULL, 'another edition has come in force since this one was drafted: that one is to be revised')
              ELSE true END
), forced AS (
  UPDATE duty_list l SET status = :to_state::text, in_force_at = :now::timestamptz, version = l.version + 1
    FROM target t WHERE l.id = t.id AND l.version = :version::integer AND l.status = ANY (:from_states::text[])
  RETURNING l.*
), superseded AS (
  UPDATE duty_list o SET status = 'superseded', ended_at = :now::timestamptz, version = o.version + 1
    FROM forced f
   WHERE o.owner_division = f.owner_division AND o.organisation_id IS NOT DISTINCT FROM f.organisation_id AND o.year = f.year AND o.status = 'in_force' AND o.id <> f.id
  RETURNING o.*
), outlived AS ( -- R-138: a closed edition counts until this day
  UPDATE duty_list o SET holds_until = :today::date
    FROM forced f
   WHERE o.owner_division = f.owner_division AND o.organisation_id IS NOT DISTINCT FROM f.organisation_id AND o.year = f.year AND o.status = 'closed'
     AND o.holds_until > :today::date
), formers AS MATERIALIZED ( -- the id of each one's copy first: a row policy lets no function but plain equality reach an index
  SELECT o.*, registry.copy_id(o.id, f.id) AS copy_id FROM forced f JOIN item o ON o.duty_list_id = f.revises_id
), pairs AS MATERIALIZED (
  SELECT n.id, o.id AS former_id, o.progress, o.progress_on, o.done_on, o.target, n.due_on = o.due_on AS keeps_deadline, o.pauses, o.paused_on,
         (SELECT count(*) FROM milestone m WHERE m.item_id = n.id) AS steps
    FROM formers o JOIN item n ON n.id = o.copy_id
   WHERE n.unit_of_measure IS NOT DISTINCT FROM o.unit_of_measure
), reached AS (
  UPDATE milestone m SET reached_on = o.reached_on
    FROM pairs p JOIN milestone o ON o.item_id = p.former_id AND o.reached_on IS NOT NULL WHERE m.item_id = p.id AND m.position = o.position
), carried AS (
  UPDATE item n
     SET progress = p.progress, progress_on = p.progress_on,
         completion_bp = least(10000, floor(10000 * p.progress / CASE n.measure WHEN 'value' THEN n.target ELSE p.steps END))::integer,
         done_on = CASE WHEN n.measure = 'milestone' OR n.target = p.target THEN p.done_on
                        WHEN p.progress >= n.target THEN registry.value_done_on(n, NULL, NULL, NULL) END,
         pauses = CASE WHEN p.keeps_deadline THEN p.pauses ELSE 0 END, paused_on = CASE WHEN p.keeps_deadline THEN p.paused_on END, version = n.version + 1
    FROM pairs p WHERE n.id = p.id AND (p.progress_on IS NOT NULL OR p.pauses > 0)
  RETURNING n.id, n.version, n.owner_division, n.lines
), paused AS (
  INSERT INTO item_pause (id, owner_division, lines, item_id, from_on, until_on, reason, paused_by, end_reason, ended_by, created_at)
  SELECT gen_random_uuid(), o.owner_division, o.lines, p.id, o.from_on, o.until_on, o.reason, o.paused_by, o.end_reason, o.ended_by, o.created_at
    FROM pairs p JOIN item_pause o ON o.item_id = p.former_id WHERE p.keeps_deadline
  RETURNING id, version, owner_division, lines
), ended AS (
  UPDATE item_pause o SET until_on = :today::date, end_reason = '清单修订', ended_by = :caller_post::uuid, version = o.version + 1
    FROM pairs p WHERE o.item_id = p.former_id AND o.until_on IS NULL
  RETURNING o.id, o.version, o.owner_division, o.lines
), resumed AS (
  UPDATE item o SET paused_on = NULL, version = o.version + 1 FROM pairs p WHERE o.id = p.former_id AND o.paused_on IS NOT NULL
  RETURNING o.id, o.version, o.owner_division, o.lines
), moved AS (
  UPDATE report r SET item_id = p.id, version = r.version + 1 FROM pairs p WHERE r.item_id = p.former_id AND r.status = 'submitted'
  RETURNING r.*
), also_changed AS (
  SELECT 'report' AS kind, m.id, m.version, m.owner_division, to_jsonb(m) AS body, (SELECT to_jsonb(o) FROM report o WHERE o.id = m.id) AS before FROM moved m
), also_announced AS (
  SELECT 'item' AS kind, c.id, c.version, c.owner_division, c.lines FROM carried c
   UNION ALL SELECT 'item', r.id, r.version, r.owner_division, r.lines FROM resumed r
   UNION ALL SELECT 'item_pause', p.id, p.version, p.owner_division, p.lines FROM paused p
   UNION ALL SELECT 'item_pause', e.id, e.version, e.owner_division, e.lines FROM ended e
), changed AS (
  SELECT s.* FROM forced f, LATERAL registry.duty_list_as_shown(f::duty_list) AS s
  UNION ALL
  SELECT s.* FROM superseded o, LATERAL registry.duty_list_as_shown(o::duty_list) AS s
)

-- name: duty_list_difference :view
-- R-126: two editions side by side, of what the caller sees: what goes on from one origin, else tasks of one number and items of one lead unit there, is the same matter. Nothing to compare with: not found.
WITH lists AS MATERIALIZED (
  SELECT l.id, o.id AS against FROM duty_list l JOIN duty_list o ON o.id = coalesce(:against::uuid, l.revises_id) WHERE l.id = :id
), matters AS (
  SELECT t.duty_list_id = l.id AS is_new, 'task' AS kind, coalesce(t.origin_id, t.id) AS root, t.number AS place,
         jsonb_build_object('id', t.id, 'number', t.number, 'title', t.title, 'position', t.position, 'fields',
           jsonb_build_object('number', t.number, 'title', t.title, 'parent_number', p.number, 'topic', t.topic)) AS doc
    FROM lists l JOIN task t ON t.duty_list_id IN (l.id, l.against) LEFT JOIN task p ON p.id = t.parent_id
   UNION ALL
  SELECT i.duty_list_id = l.id, 'item', coalesce(i.origin_id, i.id), i.task_number || ' ' || i.lead_organisation_id,
         jsonb_build_object('id', i.id, 'number', i.task_number, 'title', i.title, 'position', t.position, 'fields',
           jsonb_build_object('title', i.title, 'task_number', i.task_number, 'lead_organisation', coalesce(i.lead_organisation, i.lead_organisation_id::text),
             'assist_organisations', (SELECT string_agg(a.name, ';' ORDER BY a.n) FROM json_array_elements_text(i.assist_organisations) WITH ORDINALITY AS a (name, n)),
             'starts_on', i.starts_on, 'due_on', i.due_on, 'measure', i.measure, 'target', i.target, 'unit_of_measure', i.unit_of_measure, 'weight', i.weight,
             'milestones', (SELECT string_agg((m.step ->> 'due_on') || ' ' || (m.step ->> 'name'), ';' ORDER BY m.n)
                              FROM json_array_elements(i.milestones) WITH ORDINALITY AS m (step, n))))
    FROM lists l JOIN item_shown i ON i.duty_list_id IN (l.id, l.against) JOIN task t ON t.id = i.task_id
), by_root AS ( -- grouped, not joined: a list may be long, whatever the planner takes it for
  SELECT m.kind, m.root, (array_agg(m.doc) FILTER (WHERE m.is_new))[1] AS now, (array_agg(m.doc) FILTER (WHERE NOT m.is_new))[1] AS former, min(m.place) AS place
    FROM matters m GROUP BY m.kind, m.root
), pairs AS (
  SELECT r.kind, (array_agg(r.now) FILTER (WHERE r.now IS NOT NULL))[1] AS now, (array_agg(r.former) FILTER (WHERE r.former IS NOT NULL))[1] AS former
    FROM by_root r GROUP BY r.kind, CASE WHEN r.now IS NULL OR r.former IS NULL THEN r.place ELSE r.root::text END
), entries AS (
  SELECT CASE WHEN p.former IS NULL THEN 'added' WHEN p.now IS NULL THEN 'removed' ELSE 'changed' END AS change, p.kind, p.now, p.former, coalesce(p.now, p.former) AS doc,
         (SELECT coalesce(json_agg(json_build_object('field', k.name, 'before', p.former -> 'fields' ->> k.name, 'after', p.now -> 'fields' ->> k.name) ORDER BY k.name), '[]')
            FROM jsonb_object_keys(CASE WHEN p.former IS NOT NULL THEN p.now -> 'fields' END) AS k (name)
           WHERE p.now -> 'fields' -> k.name <> p.former -> 'fields' -> k.name) AS fields
    FROM pairs p WHERE p.now -> 'fields' IS DISTINCT FROM p.former -> 'fields'
)
SELECT l.id AS duty_list_id, l.against AS against_id, count(e.kind) FILTER (WHERE e.change = 'added') AS added,
       count(e.kind) FILTER (WHERE e.change = 'removed') AS removed, count(e.kind) FILTER (WHERE e.change = 'changed') AS changed,
       coalesce(json_agg(json_build_object('change', e.change, 'kind', e.kind, 'id', e.now -> 'id', 'former_id', e.former -> 'id', 'number', e.doc -> 'number',
                                           'title', e.doc -> 'title', 'fields', e.fields)
                         ORDER BY (e.doc -> 'position')::integer, e.doc ->> 'number' COLLATE "C", e.kind DESC, e.change, e.doc ->> 'id') FILTER (WHERE e.kind IS NOT NULL), '[]')
         AS changes
  FROM lists l LEFT JOIN entries e ON true GROUP BY l.id, l.against
