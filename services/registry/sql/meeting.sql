-- Meetings: held by a unit or a group, recorded once; what they decide becomes work orders in the same statement. What is shown: meeting_as_shown() of
-- migrations/0019.

-- name: meeting_get :one
SELECT s.id, s.owner_division, s.at_division, s.group_id, s.group_title, s.organisation_id, s.organisation, s.kind, s.held_on, s.chair_post_id, s.chair,
      s.subject,
       s.attending_post_ids, s.attending, s.minutes, s.file_ids, s.decisions, s.recorded_by, s.created_at, s.version
  FROM meeting m, LATERAL registry.meeting_as_shown(m, NULL) AS s WHERE m.id = :id

-- name: meeting_list :page
-- Meetings in the caller's scope: by division, group, unit, kind, or days.
-- sort: held_on, created_at
SELECT s.id, s.owner_division, s.at_division, s.group_id, s.group_title, s.organisation_id, s.organisation, s.kind, s.held_on, s.chair_post_id, s.chair,
      s.subject,
       s.attending_post_ids, s.attending, s.minutes, s.file_ids, s.decisions, s.recorded_by, s.created_at, s.version
  FROM meeting m, LATERAL registry.meeting_as_shown(m, NULL) AS s
 WHERE m.owner_division >= :scope_lo::text AND m.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR m.owner_division = :division::text)
   AND (:group_id::uuid IS NULL OR m.group_id = :group_id::uuid)
   AND (:organisation_id::uuid IS NULL OR m.organisation_id = :organisation_id::uuid)
   AND (:kind::text IS NULL OR m.kind = :kind::text)
   AND (:held_from::date IS NULL OR m.held_on >= :held_from::date)
   AND (:held_until::date IS NULL OR m.held_on <= :held_until::date)

-- name: meeting_insert :write meeting shown_division lined
-- R-175: of the own unit, or of a group by who sits in it, its members or the leading units and work offices of its division; chair and who came are posts
-- that the caller sees.
WITH wanted AS MATERIALIZED (
  SELECT CASE WHEN :group_id::uuid IS NOT NULL
              THEN coalesce((SELECT g.id FROM work_group g WHERE g.id = :group_id::uuid AND g.owner_division::text <@ (SELECT zeren.scope())),
                    zeren.no_such('group_id')) END AS group_id,
         registry.posts_named(ARRAY[:chair_post_id::uuid], 'chair_post_id') AS chair, registry.posts_named(:attending_post_ids::uuid[],
               'attending_post_ids') AS attending
), parts AS MATERIALIZED (
  SELECT o.id AS unit_id, o.owner_division, o.line, g.id AS group_id
    FROM wanted w LEFT JOIN work_group g ON g.id = w.group_id LEFT JOIN organisation o ON o.id = coalesce(g.organisation_id, :caller_organisation::uuid)
   WHERE CASE WHEN o.id IS NULL THEN zeren.refuse('ZR004', NULL, 'your post''s unit is not registered')
              WHEN NOT registry.meets_for(o.id, g.id, :caller_organisation::uuid, :caller_post::uuid, :held_on::date)
                THEN zeren.refuse('ZR004', NULL,
                      'a meeting of a group is recorded by who sits in it, its members or the leading units and work offices of its division')
              WHEN :kind::text = 'group' AND g.id IS NULL THEN zeren.refuse('ZR005', 'group_id', 'a meeting of a group names the group')
              WHEN :held_on::date < g.starts_on OR :held_on::date >= g.ends_on THEN zeren.refuse('ZR005', 'held_on', 'the group does not exist on that day')
              WHEN :file_ids::uuid[] IS NULL THEN true
              ELSE registry.files_are_ready(:file_ids::uuid[], 'file_ids') END
), made AS (
  INSERT INTO meeting (id, owner_division, at_division, lines, group_id, organisation_id, kind, held_on, chair_post_id, subject, attending_post_ids, minutes,
        file_ids,
                       recorded_by, created_at)
  SELECT :new_id::uuid, p.owner_division, p.owner_division, CASE WHEN p.line IS NULL THEN '{}' ELSE ARRAY[p.line] END, p.group_id, p.unit_id, :kind::text,
        :held_on::date,
         :chair_post_id::uuid, :subject::text, coalesce(:attending_post_ids::uuid[], '{}'), :minutes::text, coalesce(:file_ids::uuid[], '{}'),
               :caller_post::uuid,
         :now::timestamptz
    FROM parts p
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.meeting_as_shown(m::meeting, NULL) AS s
)

-- name: meeting_correct :write meeting shown_division lined
-- R-175: by who may record it; what was decided stays.
WITH target AS MATERIALIZED (
  SELECT m.id, registry.posts_named(ARRAY[:chair_post_id::uuid], 'chair_post_id') AS chair, registry.posts_named(:attending_post_ids::uuid[],
        'attending_post_ids') AS attending
    FROM meeting m
   WHERE m.id = :id AND m.version = :version::integer
     AND CASE WHEN NOT registry.meets_for(m.organisation_id, m.group_id, :caller_organisation::uuid, :caller_post::uuid, m.held_on)
                THEN zeren.refuse('ZR004', NULL, 'only who may record a meeting corrects it') ELSE true END
), made AS (
  UPDATE meeting m
     SET subject = coalesce(:subject::text, m.subject), minutes = CASE WHEN :minutes_given::boolean THEN :minutes::text ELSE m.minutes END,
         chair_post_id = CASE WHEN :chair_post_id_given::boolean THEN :chair_post_id::uuid ELSE m.chair_post_id END,
         attending_post_ids = CASE WHEN :attending_post_ids_given::boolean THEN coalesce(:attending_post_ids::uuid[], '{}') ELSE m.attending_post_ids END,
         version = m.version + 1
    FROM target t WHERE m.id = t.id AND m.version = :version::integer
  RETURNING m.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.meeting_as_shown(m::meeting, NULL) AS s
)

-- name: meeting_decide :write meeting shown_division lined
-- R-176: each decision names its unit and its day, and is a numbered work order of the unit that met (R-130 to R-133), but what that unit took upon itself;
-- all of it in
-- one step.
WITH target AS MATERIALIZED (
  SELECT m.id, m.organisation_id FROM meeting m
   WHERE m.id = :id AND m.version = :version::integer
     AND CASE WHEN NOT registry.meets_for(m.organisation_id, m.group_id, :caller_organisation::uuid, :caller_post::uuid, m.held_on)
                THEN zeren.refuse('ZR004', NULL, 'only who may record a meeting hands its decisions out') ELSE true END
), made AS (
  UPDATE meeting m SET version = m.version + 1 FROM target t WHERE m.id = t.id AND m.version = :version::integer
  RETURNING m.*
), given AS MATERIALIZED (
  SELECT m.id AS meeting_id, m.organisation_id AS unit_id, m.owner_division, m.lines, gen_random_uuid() AS id, gen_random_uuid() AS order_id,
         (SELECT count(*) FROM meeting_decision x WHERE x.meeting_id = m.id) + d.n AS position, d.n, d.one ->> 'matter' AS matter,
               d.one ->> 'standard' AS standard,
         (d.one ->> 'owner_organisation_id')::uuid AS owner_id, (d.one ->> 'owner_post_id')::uuid AS post_id, (d.one ->> 'due_on')::date AS due_on
    FROM made m, jsonb_array_elements(:decisions::jsonb) WITH ORDINALITY AS d (one, n)
), known AS MATERIALIZED (
  SELECT g.* FROM given g JOIN organisation u ON u.id = g.unit_id LEFT JOIN organisation o ON o.id = g.owner_id
        AND o.owner_division::text <@ (SELECT zeren.scope())
   WHERE CASE WHEN o.id IS NULL THEN zeren.refuse('ZR005', 'decisions', format('decision %s: there is no such unit', g.n))
              WHEN NOT registry.is_within(o.owner_division, u.owner_division)
                THEN zeren.refuse('ZR005', 'decisions', format('decision %s: one gives work orders to units of the own division and below it', g.n))
              WHEN g.post_id IS NOT NULL AND NOT EXISTS (SELECT FROM identity_pub.post_title p WHERE p.post_id = g.post_id AND p.organisation_id = o.id)
                THEN zeren.refuse('ZR005', 'decisions', format('decision %s: the unit has no such post', g.n))
              ELSE true END
), ordered AS MATERIALIZED (
  SELECT g.id AS decision_id, w.*
    FROM (SELECT * FROM known ORDER BY n) AS g,
         LATERAL registry.issue_work_order(jsonb_build_object('id', g.order_id, 'addressee_organisation_id', g.owner_id, 'addressee_post_id', g.post_id,
               'matter', g.matter,
                                                              'standard', g.standard, 'due_on', g.due_on, 'source_kind', 'meeting', 'source_id', g.id),
                                           g.unit_id, :caller_post::uuid, :today::date, :now::timestamptz, 'decisions') AS w
   WHERE g.owner_id <> g.unit_id
), decided AS (
  INSERT INTO meeting_decision (id, owner_division, lines, meeting_id, position, matter, standard, owner_organisation_id, owner_post_id, due_on, work_order_id)
  SELECT g.id, g.owner_division, g.lines, g.meeting_id, g.position, g.matter, g.standard, g.owner_id, g.post_id, g.due_on, o.id
    FROM known g LEFT JOIN ordered o ON o.decision_id = g.id
  RETURNING *
), also_changed AS (
  SELECT 'work_order' AS kind, o.id, o.version, o.owner_division, to_jsonb(o) - 'decision_id' AS body FROM ordered o
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.meeting_as_shown(m::meeting,
           (SELECT jsonb_agg(to_jsonb(d) || jsonb_build_object('number', o.number, 'status', o.status))
                 FROM decided d LEFT JOIN ordered o ON o.decision_id = d.id)) AS s
)
