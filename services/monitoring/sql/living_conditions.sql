-- Living conditions of households, by year and stage. What is shown: living_conditions_as_shown() of migrations/0003.

-- name: living_conditions_get :one
SELECT s.* FROM living_conditions b, LATERAL monitoring.living_conditions_as_shown(b) AS s WHERE b.id = :id::uuid

-- name: living_conditions_as_of :one
-- M-062.
SELECT s.* FROM monitoring.living_conditions_at(:id::uuid, :as_of::date) AS b, LATERAL monitoring.living_conditions_as_shown(b) AS s

-- name: living_conditions_list :page
-- sort: owner_division, id
SELECT s.* FROM living_conditions b, LATERAL monitoring.living_conditions_as_shown(b) AS s
 WHERE b.owner_division >= :scope_lo::text AND b.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR b.owner_division = :division::text)
   AND (:within::text IS NULL OR (b.owner_division >= monitoring.reach_from(:within::text, :today::date) AND b.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(b.owner_division, :within::text, :today::date))))
   AND (:household_id::uuid IS NULL OR b.household_id = :household_id::uuid)
   AND (:year::integer IS NULL OR b.year = :year::integer)
   AND (:stage::text IS NULL OR b.stage = :stage::text)
   AND (:ids::uuid[] IS NULL OR b.id = ANY (:ids::uuid[]))

-- name: living_conditions_hold :rows
-- The household of a block, held until the step ends: before the block, as every step holds it.
SELECT h.id::text FROM household h WHERE h.id = (SELECT b.household_id FROM living_conditions b WHERE b.id = :id::uuid) FOR UPDATE

-- name: living_conditions_insert :write living_conditions shown_division
-- M-060, M-061.
WITH home AS MATERIALIZED (
  SELECT o.id, o.owner_division FROM monitoring.open_household(:household_id::uuid, :year::integer, :today::date) AS o
   WHERE monitoring.check_codes('living_conditions', :fields::jsonb, '', :today::date)
), made AS (
  INSERT INTO living_conditions (id, household_id, owner_division, at_division, year, stage, farmland, grassland, water_area, woodland, returned_forest,
    orchard, road_kind, road_distance, cooperative, house_grade, house_area, fuel, enterprise_led, leader_led, electricity, broadcast, support_kind,
    sanitary_toilet, safe_water, recorded_at, recorded_by_account, recorded_by_post, source, reason, created_at)
  SELECT :new_id::uuid, h.id, h.owner_division, h.owner_division, :year::integer, coalesce(:stage::text, 'yearly'), p.farmland, p.grassland, p.water_area,
         p.woodland, p.returned_forest, p.orchard, p.road_kind, p.road_distance, p.cooperative, p.house_grade, p.house_area, p.fuel, p.enterprise_led,
         p.leader_led, p.electricity, p.broadcast, p.support_kind, p.sanitary_toilet, p.safe_water, :now::timestamptz, :caller_account::uuid,
         :caller_post::uuid, 'form', :reason::text, :now::timestamptz
    FROM home h, LATERAL jsonb_populate_record(NULL::monitoring.living_conditions, :fields::jsonb) AS p
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.living_conditions_as_shown(m::monitoring.living_conditions) AS s
)

-- name: living_conditions_correct :write living_conditions shown_division
-- M-061: what is given changes, null clears; of a household that has not ended.
WITH target AS MATERIALIZED (
  SELECT b.id FROM living_conditions b, LATERAL monitoring.open_household(b.household_id, b.year, :today::date) AS o
   WHERE b.id = :id::uuid AND b.version = :version::integer AND monitoring.check_codes('living_conditions', :fields::jsonb, '', :today::date)
), made AS (
  UPDATE living_conditions b
     SET (farmland, grassland, water_area, woodland, returned_forest, orchard, road_kind, road_distance, cooperative, house_grade, house_area, fuel,
          enterprise_led, leader_led, electricity, broadcast, support_kind, sanitary_toilet, safe_water)
         = (SELECT p.farmland, p.grassland, p.water_area, p.woodland, p.returned_forest, p.orchard, p.road_kind, p.road_distance, p.cooperative,
                   p.house_grade, p.house_area, p.fuel, p.enterprise_led, p.leader_led, p.electricity, p.broadcast, p.support_kind, p.sanitary_toilet,
                   p.safe_water
              FROM jsonb_populate_record(b, :fields::jsonb) AS p),
         version = b.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid,
             source = 'form',
         batch_id = NULL, reason = :reason::text
    FROM target t WHERE b.id = t.id AND b.version = :version::integer
  RETURNING b.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.living_conditions_as_shown(m::monitoring.living_conditions) AS s
)
