-- Three guarantees and water of households, by year and stage. What is shown: three_guarantees_as_shown() of migrations/0003.

-- name: three_guarantees_get :one
SELECT s.* FROM three_guarantees b, LATERAL monitoring.three_guarantees_as_shown(b) AS s WHERE b.id = :id::uuid

-- name: three_guarantees_as_of :one
-- M-062.
SELECT s.* FROM monitoring.three_guarantees_at(:id::uuid, :as_of::date) AS b, LATERAL monitoring.three_guarantees_as_shown(b) AS s

-- name: three_guarantees_list :page
-- sort: owner_division, id
SELECT s.* FROM three_guarantees b, LATERAL monitoring.three_guarantees_as_shown(b) AS s
 WHERE b.owner_division >= :scope_lo::text AND b.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR b.owner_division = :division::text)
   AND (:within::text IS NULL OR (b.owner_division >= monitoring.reach_from(:within::text, :today::date) AND b.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(b.owner_division, :within::text, :today::date))))
   AND (:household_id::uuid IS NULL OR b.household_id = :household_id::uuid)
   AND (:year::integer IS NULL OR b.year = :year::integer)
   AND (:stage::text IS NULL OR b.stage = :stage::text)
   AND (:ids::uuid[] IS NULL OR b.id = ANY (:ids::uuid[]))

-- name: three_guarantees_hold :rows
-- The household of a block, held until the step ends: before the block, as every step holds it.
SELECT h.id::text FROM household h WHERE h.id = (SELECT b.household_id FROM three_guarantees b WHERE b.id = :id::uuid) FOR UPDATE

-- name: three_guarantees_insert :write three_guarantees shown_division
-- M-060, M-061.
WITH home AS MATERIALIZED (
  SELECT o.id, o.owner_division FROM monitoring.open_household(:household_id::uuid, :year::integer, :today::date) AS o
), made AS (
  INSERT INTO three_guarantees (id, household_id, owner_division, at_division, year, stage, housing_unsafe, dropout, water_unsafe, uninsured, recorded_at,
      recorded_by_account,
    recorded_by_post, source, reason, created_at)
  SELECT :new_id::uuid, h.id, h.owner_division, h.owner_division, :year::integer, coalesce(:stage::text, 'yearly'), :housing_unsafe::boolean, :dropout::boolean,
         :water_unsafe::boolean, :uninsured::boolean, :now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', :reason::text, :now::timestamptz
    FROM home h
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.three_guarantees_as_shown(m::monitoring.three_guarantees) AS s
)

-- name: three_guarantees_correct :write three_guarantees shown_division
-- M-061: what is given changes, null clears; of a household that has not ended.
WITH target AS MATERIALIZED (
  SELECT b.id FROM three_guarantees b, LATERAL monitoring.open_household(b.household_id, b.year, :today::date) AS o WHERE b.id = :id::uuid
      AND b.version = :version::integer
), made AS (
  UPDATE three_guarantees b
     SET (housing_unsafe, dropout, water_unsafe, uninsured)
         = (SELECT p.housing_unsafe, p.dropout, p.water_unsafe, p.uninsured FROM jsonb_populate_record(b, :fields::jsonb) AS p),
         version = b.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid,
             source = 'form',
         batch_id = NULL, reason = :reason::text
    FROM target t WHERE b.id = t.id AND b.version = :version::integer
  RETURNING b.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.three_guarantees_as_shown(m::monitoring.three_guarantees) AS s
)
