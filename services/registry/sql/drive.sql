-- Drives: a phase with a goal, a leader and an end. What is shown: drive_as_shown() of migrations/0017.

-- name: drive_get :one
SELECT s.*
  FROM drive d, LATERAL registry.drive_as_shown(d, '[]', :today::date) AS s WHERE d.id = :id

-- name: drive_list :page
-- Drives in the caller's scope, by division, unit, leader, topic, item or state.
-- sort: created_at
SELECT s.*
  FROM drive d, LATERAL registry.drive_as_shown(d, '[]', :today::date) AS s
 WHERE d.owner_division >= :scope_lo::text AND d.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR d.owner_division = :division::text)
   AND (:organisation_id::uuid IS NULL OR d.organisation_id = :organisation_id::uuid)
   AND (:leader_post_id::uuid IS NULL OR d.leader_post_id = :leader_post_id::uuid)
   AND (:topic::text IS NULL OR d.topic = :topic::text)
   AND (:item_id::uuid IS NULL OR d.item_ids && (SELECT registry.item_editions(:item_id::uuid)))
   AND (:status::text IS NULL OR d.status = :status::text)

-- name: drive_insert :write drive shown_division lined
-- R-128: a unit and a leader whom the caller sees, items of the unit's division or below it.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT v.id FROM organisation v WHERE v.id = :organisation_id::uuid AND v.owner_division::text <@ (SELECT zeren.scope())),
                  zeren.no_such('organisation_id')) AS id
), unit AS MATERIALIZED (
  SELECT o.id, o.owner_division, o.line
    FROM wanted w LEFT JOIN organisation o ON o.id = w.id
   WHERE CASE WHEN NOT EXISTS (SELECT FROM identity_pub.post_holder h WHERE h.post_id = :leader_post_id::uuid) THEN zeren.no_such('leader_post_id') IS NULL
              ELSE registry.items_within(coalesce(:item_ids::uuid[], '{}'), o.owner_division) END
), made AS (
  INSERT INTO drive (id, owner_division, at_division, lines, title, leader_post_id, organisation_id, topic, goal, starts_on, ends_on, item_ids, created_at)
  SELECT :new_id::uuid, u.owner_division, u.owner_division, CASE WHEN u.line IS NULL THEN '{}' ELSE ARRAY[u.line] END, :title, :leader_post_id::uuid, u.id, :topic::text,
         :goal, :starts_on::date, registry.deadline(:ends_on::date), coalesce(:item_ids::uuid[], '{}'), :now::timestamptz
    FROM unit u
  RETURNING *
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, lines, verb, at, post_id, due_on)
  SELECT 'drive', m.id, m.version, m.owner_division, m.lines, 'plan', :now::timestamptz, :caller_post::uuid, m.ends_on FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.drive_as_shown(m::drive, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), :today::date) AS s
)

-- name: drive_correct :write drive shown_division lined
-- R-128: until it has ended; its first day until it is started. The unit in charge stays: it says whose the drive is.
WITH made AS (
  UPDATE drive d
     SET title = coalesce(:title, d.title), leader_post_id = coalesce(:leader_post_id::uuid, d.leader_post_id),
         topic = CASE WHEN :topic_given::boolean THEN :topic::text ELSE d.topic END, goal = coalesce(:goal, d.goal), starts_on = coalesce(:starts_on::date, d.starts_on),
         ends_on = coalesce(registry.deadline(:ends_on::date), d.ends_on), item_ids = coalesce(:item_ids::uuid[], d.item_ids), version = d.version + 1
   WHERE d.id = :id AND d.version = :version::integer
     AND CASE WHEN d.status = 'ended' THEN zeren.refuse('ZR003', NULL, 'the drive has ended')
              WHEN d.status = 'running' AND :starts_on::date <> d.starts_on THEN zeren.refuse('ZR003', NULL, 'the drive has started')
              WHEN :leader_post_id::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM identity_pub.post_holder h WHERE h.post_id = :leader_post_id::uuid)
                THEN zeren.no_such('leader_post_id') IS NULL
              ELSE registry.items_within(coalesce(:item_ids::uuid[], '{}'), d.owner_division) END
  RETURNING d.*
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.drive_as_shown(m::drive, '[]', :today::date) AS s
)

-- name: drive_step :write drive shown_division lined
-- R-128: started, ended with its result.
WITH made AS (
  UPDATE drive d
     SET status = :to_state::text, started_on = CASE :to_state::text WHEN 'running' THEN :today::date ELSE d.started_on END,
         ended_on = CASE :to_state::text WHEN 'ended' THEN :today::date END, result = CASE :to_state::text WHEN 'ended' THEN :result END, version = d.version + 1
   WHERE d.id = :id AND d.version = :version::integer AND d.status = ANY (:from_states::text[])
  RETURNING d.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, lines, verb, at, post_id, note, due_on)
  SELECT 'drive', m.id, m.version, m.owner_division, m.lines, CASE m.status WHEN 'running' THEN 'start' ELSE 'end' END, :now::timestamptz, :caller_post::uuid, m.result,
         m.ends_on
    FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.drive_as_shown(m::drive, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), :today::date) AS s
)
