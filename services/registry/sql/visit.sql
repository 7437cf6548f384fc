-- Visits: short records of who was where and what came of it (R-147 to R-150). What is shown: visit_as_shown() of migrations/0018.

-- name: visit_get :one
SELECT s.* FROM visit v, LATERAL registry.visit_as_shown(v) AS s WHERE v.id = :id

-- name: visit_list :page
-- Visits in the caller's scope, by division, post, unit, place, household, purpose or days.
-- sort: visited_on, id
SELECT s.*
  FROM visit v, LATERAL registry.visit_as_shown(v) AS s
 WHERE v.owner_division >= :scope_lo::text AND v.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR v.owner_division = :division::text)
   AND (:within::text IS NULL OR (v.owner_division >= registry.code_prefix(:within::text) AND v.owner_division < registry.code_prefix(:within::text) || '~'))
   AND (:post_id::uuid IS NULL OR v.post_id = :post_id::uuid)
   AND (:organisation_id::uuid IS NULL OR v.organisation_id = :organisation_id::uuid)
   AND (:settlement_id::uuid IS NULL OR v.settlement_id = :settlement_id::uuid)
   AND (:household_id::uuid IS NULL OR v.household_id = :household_id::uuid)
   AND (:purpose::text IS NULL OR v.purpose = :purpose::text)
   AND (:from::date IS NULL OR v.visited_on >= :from::date)
   AND (:until::date IS NULL OR v.visited_on < :until::date)
   AND (:ids::uuid[] IS NULL OR v.id = ANY (:ids::uuid[]))

-- name: visit_insert :write visit shown_division lined
-- R-147: the caller's own post and unit went; R-150: a place of the village visited, a household of a village.
WITH who AS MATERIALIZED (
  SELECT p.post_id, p.title, o.id AS organisation_id, o.name
    FROM (SELECT :caller_post::uuid AS id) AS me LEFT JOIN identity_pub.post_title p ON p.post_id = me.id LEFT JOIN organisation o ON o.id = p.organisation_id
   WHERE CASE WHEN o.id IS NULL THEN zeren.refuse('ZR004', NULL, 'your post''s unit is not registered')
              WHEN NOT registry.is_place_of(:settlement_id::uuid, :household_id::uuid, :owner_division, coalesce(:visited_on::date, :today::date)) THEN false
              WHEN :file_ids::uuid[] IS NULL THEN true
              ELSE registry.files_are_ready(:file_ids::uuid[], 'file_ids') END
), made AS (
  INSERT INTO visit (id, owner_division, at_division, post_id, organisation_id, post_title, organisation_name, visited_on, purpose, settlement_id, household_id, poor,
                     found, promised, file_ids, created_at)
  SELECT :new_id::uuid, d.code, d.code, w.post_id, w.organisation_id, w.title, w.name, coalesce(:visited_on::date, :today::date), :purpose, :settlement_id::uuid,
         :household_id::uuid, coalesce(:poor::boolean, false), :found, :promised, coalesce(:file_ids::uuid[], '{}'), :now::timestamptz
    FROM who w, LATERAL (SELECT registry.known_division(:owner_division, coalesce(:visited_on::date, :today::date)) AS code) AS d
  RETURNING *
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.visit_as_shown(m::visit) AS s
)

-- name: visit_correct :write visit shown_division lined
-- R-149: by the post that went, alone. The division stays: a visit elsewhere is another visit.
WITH made AS (
  UPDATE visit v
     SET visited_on = coalesce(:visited_on::date, v.visited_on), purpose = coalesce(:purpose, v.purpose),
         settlement_id = CASE WHEN :settlement_id_given::boolean THEN :settlement_id::uuid ELSE v.settlement_id END,
         household_id = CASE WHEN :household_id_given::boolean THEN :household_id::uuid ELSE v.household_id END,
         poor = coalesce(:poor::boolean, v.poor), found = CASE WHEN :found_given::boolean THEN :found ELSE v.found END,
         promised = CASE WHEN :promised_given::boolean THEN :promised ELSE v.promised END, version = v.version + 1
   WHERE v.id = :id AND v.version = :version::integer
     AND CASE WHEN v.post_id IS DISTINCT FROM :caller_post::uuid THEN zeren.refuse('ZR004', NULL, 'only the post that went corrects its visit')
              ELSE registry.is_place_of(CASE WHEN :settlement_id_given::boolean THEN :settlement_id::uuid ELSE v.settlement_id END, :household_id::uuid,
                                        v.owner_division, coalesce(:visited_on::date, v.visited_on)) END
  RETURNING v.*
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.visit_as_shown(m::visit) AS s
)

-- name: visit_withdraw :write visit shown_division lined
-- R-149: a visit that was recorded by mistake is no more, and counts nowhere; the audit log keeps it with the reason.
WITH made AS (
  DELETE FROM visit v
   WHERE v.id = :id AND v.version = :version::integer
     AND CASE WHEN v.post_id IS DISTINCT FROM :caller_post::uuid THEN zeren.refuse('ZR004', NULL, 'only the post that went withdraws its visit')
              ELSE :reason::text IS NOT NULL END
  RETURNING v.*
), changed AS (
  SELECT s.id, s.owner_division, s.at_division, s.post_id, s.organisation_id, s.post_title, s.organisation_name, s.visited_on, s.purpose, s.settlement_id,
         s.household_id, s.poor, s.found, s.promised, s.file_ids, s.created_at, s.version + 1 AS version, m.lines
    FROM made m, LATERAL registry.visit_as_shown(m::visit) AS s
)
