-- Yearly blocks as tables: looked up, judged, applied, taken back, and as they go out in the form in which they come in. How: the functions of migrations/0007.
-- Rules: M-171 to M-176, proto/batches.md.

-- name: income_look :rows
SELECT a.n::text, a.key, a.there ->> 'id', a.there ->> 'version', a.code, a.in_column,
       a.key, a.there ->> 'id', NULL, NULL, a.there ->> 'year', a.there ->> 'stage',
       a.there ->> 'period_start', a.there ->> 'period_end', a.there -> 'amounts' ->> 'a1', a.there -> 'amounts' ->> 'a2', a.there -> 'amounts' ->> 'a3',
       a.there -> 'amounts' ->> 'a4', a.there -> 'amounts' ->> 'a5', a.there -> 'amounts' ->> 'b1', a.there -> 'amounts' ->> 'b2',
       a.there -> 'amounts' ->> 'b3', a.there -> 'amounts' ->> 'b4', a.there -> 'amounts' ->> 'c1', a.there -> 'amounts' ->> 'c2',
       a.there -> 'amounts' ->> 'c3', a.there -> 'amounts' ->> 'c4', a.there -> 'amounts' ->> 'c5', a.there -> 'amounts' ->> 'd1',
       a.there -> 'amounts' ->> 'd2', a.there -> 'amounts' ->> 'd3', a.there -> 'amounts' ->> 'd4', a.there -> 'amounts' ->> 'd5a',
       a.there -> 'amounts' ->> 'd5b', a.there -> 'amounts' ->> 'd5c', a.there -> 'amounts' ->> 'd5d', a.there -> 'amounts' ->> 'd5e',
       a.there -> 'amounts' ->> 'd6a', a.there -> 'amounts' ->> 'd6b', a.there -> 'amounts' ->> 'd6c', a.there -> 'amounts' ->> 'd6d',
       a.there -> 'amounts' ->> 'd6e', a.there -> 'amounts' ->> 'd6f', a.there -> 'amounts' ->> 'd6g', a.there -> 'amounts' ->> 'd6h',
       a.there -> 'amounts' ->> 'd6i', a.there -> 'amounts' ->> 'd6j', a.there -> 'amounts' ->> 'd6k', a.there -> 'amounts' ->> 'd6l',
       a.there -> 'amounts' ->> 'd6m', a.there -> 'amounts' ->> 'd6n', a.there -> 'amounts' ->> 'd6o', a.there -> 'amounts' ->> 'd6p',
       a.there -> 'amounts' ->> 'e1', a.there -> 'amounts' ->> 'e2', a.there -> 'amounts' ->> 'e3', a.there -> 'amounts' ->> 'e4',
       round((a.there ->> 'claims')::numeric, 2)::text, round((a.there ->> 'compliant_expense')::numeric, 2)::text, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL
  FROM monitoring.blocks_asked(:rows::jsonb, 'income', :today::date) AS a WHERE a.there IS NOT NULL OR a.code IS NOT NULL

-- name: three_guarantees_look :rows
SELECT a.n::text, a.key, a.there ->> 'id', a.there ->> 'version', a.code, a.in_column,
       a.key, a.there ->> 'id', NULL, NULL, a.there ->> 'year', a.there ->> 'stage',
       a.there ->> 'housing_unsafe', a.there ->> 'dropout', a.there ->> 'water_unsafe', a.there ->> 'uninsured'
  FROM monitoring.blocks_asked(:rows::jsonb, 'three_guarantees', :today::date) AS a WHERE a.there IS NOT NULL OR a.code IS NOT NULL

-- name: living_conditions_look :rows
SELECT a.n::text, a.key, a.there ->> 'id', a.there ->> 'version', a.code, a.in_column,
       a.key, a.there ->> 'id', NULL, NULL, a.there ->> 'year', a.there ->> 'stage',
       round((a.there ->> 'farmland')::numeric, 2)::text, round((a.there ->> 'grassland')::numeric, 2)::text,
       round((a.there ->> 'water_area')::numeric, 2)::text, round((a.there ->> 'woodland')::numeric, 2)::text,
       round((a.there ->> 'returned_forest')::numeric, 2)::text, round((a.there ->> 'orchard')::numeric, 2)::text, a.there ->> 'road_kind',
       round((a.there ->> 'road_distance')::numeric, 2)::text, a.there ->> 'cooperative', a.there ->> 'house_grade',
       round((a.there ->> 'house_area')::numeric, 2)::text, a.there ->> 'fuel', a.there ->> 'enterprise_led', a.there ->> 'leader_led',
       a.there ->> 'electricity', a.there ->> 'broadcast', a.there ->> 'support_kind', a.there ->> 'sanitary_toilet', a.there ->> 'safe_water'
  FROM monitoring.blocks_asked(:rows::jsonb, 'living_conditions', :today::date) AS a WHERE a.there IS NOT NULL OR a.code IS NOT NULL

-- name: block_facts :rows
-- M-174: what the rules look at in households, with their blocks as rows of the table would make them; and how the household stood then (M-175).
SELECT f.household_id::text, (monitoring.facts_said(f.facts, :kind::text, s.said, :today::date)::jsonb || jsonb_build_object('stamp', monitoring.household_stamp(h)))::text
  FROM (SELECT g.household, array_agg(monitoring.block_said(:kind::text, g.household, g.body, :today::date)) AS said
          FROM jsonb_to_recordset(:rows::jsonb) AS g (household uuid, body jsonb) GROUP BY g.household) AS s
  JOIN facts_of(ARRAY(SELECT DISTINCT (r.value ->> 'household')::uuid FROM jsonb_array_elements(:rows::jsonb) AS r), :today::date) AS f ON f.household_id = s.household
  JOIN household h ON h.id = f.household_id

-- name: block_apply :rows
SELECT a.last::text, a.done::text, a.left_out::text
  FROM monitoring.apply_blocks(:batch_id::uuid, :after::integer, :chunk::integer, :verb::text, :caller_account::uuid, :caller_post::uuid, :now::timestamptz, :today::date) AS a

-- name: block_undo :rows
SELECT a.last::text, a.done::text, a.left_out::text
  FROM monitoring.undo_blocks(:batch_id::uuid, :after::integer, :chunk::integer, :verb::text, :caller_account::uuid, :caller_post::uuid, :now::timestamptz) AS a

-- name: block_to_check :rows
-- Households of these rows that were written, or written back.
SELECT '{' || string_agg(DISTINCT (r.hidden ->> 'parent_id'), ',') || '}'
  FROM batch_row r WHERE r.batch_id = :batch_id::uuid AND r.row > :after::integer AND r.row <= :last::integer AND r.outcome IS NULL AND r.hidden IS NOT NULL

-- name: income_export :rows
SELECT jsonb_build_array(b.owner_division, b.id)::text, coalesce(h.household_number, h.id::text), b.id::text, b.owner_division::text,
       CASE WHEN h.head_birth_on > y.day THEN monitoring.starred(h.head_name) ELSE h.head_name END, b.year::text, b.stage,
       b.period_start::text, b.period_end::text, b.amounts ->> 'a1', b.amounts ->> 'a2', b.amounts ->> 'a3', b.amounts ->> 'a4', b.amounts ->> 'a5',
       b.amounts ->> 'b1', b.amounts ->> 'b2', b.amounts ->> 'b3', b.amounts ->> 'b4', b.amounts ->> 'c1', b.amounts ->> 'c2', b.amounts ->> 'c3',
       b.amounts ->> 'c4', b.amounts ->> 'c5', b.amounts ->> 'd1', b.amounts ->> 'd2', b.amounts ->> 'd3', b.amounts ->> 'd4', b.amounts ->> 'd5a',
       b.amounts ->> 'd5b', b.amounts ->> 'd5c', b.amounts ->> 'd5d', b.amounts ->> 'd5e', b.amounts ->> 'd6a', b.amounts ->> 'd6b', b.amounts ->> 'd6c',
       b.amounts ->> 'd6d', b.amounts ->> 'd6e', b.amounts ->> 'd6f', b.amounts ->> 'd6g', b.amounts ->> 'd6h', b.amounts ->> 'd6i', b.amounts ->> 'd6j',
       b.amounts ->> 'd6k', b.amounts ->> 'd6l', b.amounts ->> 'd6m', b.amounts ->> 'd6n', b.amounts ->> 'd6o', b.amounts ->> 'd6p', b.amounts ->> 'e1',
       b.amounts ->> 'e2', b.amounts ->> 'e3', b.amounts ->> 'e4', round(b.claims, 2)::text, round(b.compliant_expense, 2)::text, b.headcount::text,
       b.wage::text, b.production::text, b.property::text, b.transfer::text, b.expense::text, b.net::text, b.per_capita::text, b.reference::text,
       b.reference_per_capita::text
  FROM income b JOIN household h ON h.id = b.household_id,
       LATERAL (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date) AS day OFFSET 0) AS y
 WHERE b.owner_division >= :scope_lo::text AND b.owner_division < :scope_hi::text
   AND (b.owner_division, b.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR b.owner_division ^@ zeren.code_prefix(:filters::jsonb ->> 'division'))
 ORDER BY b.owner_division, b.id LIMIT :chunk::integer

-- name: three_guarantees_export :rows
SELECT jsonb_build_array(b.owner_division, b.id)::text, coalesce(h.household_number, h.id::text), b.id::text, b.owner_division::text,
       CASE WHEN h.head_birth_on > y.day THEN monitoring.starred(h.head_name) ELSE h.head_name END, b.year::text, b.stage,
       b.housing_unsafe::text, b.dropout::text, b.water_unsafe::text, b.uninsured::text
  FROM three_guarantees b JOIN household h ON h.id = b.household_id,
       LATERAL (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date) AS day OFFSET 0) AS y
 WHERE b.owner_division >= :scope_lo::text AND b.owner_division < :scope_hi::text
   AND (b.owner_division, b.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR b.owner_division ^@ zeren.code_prefix(:filters::jsonb ->> 'division'))
 ORDER BY b.owner_division, b.id LIMIT :chunk::integer

-- name: living_conditions_export :rows
SELECT jsonb_build_array(b.owner_division, b.id)::text, coalesce(h.household_number, h.id::text), b.id::text, b.owner_division::text,
       CASE WHEN h.head_birth_on > y.day THEN monitoring.starred(h.head_name) ELSE h.head_name END, b.year::text, b.stage,
       round(b.farmland, 2)::text, round(b.grassland, 2)::text, round(b.water_area, 2)::text, round(b.woodland, 2)::text,
       round(b.returned_forest, 2)::text, round(b.orchard, 2)::text, b.road_kind, round(b.road_distance, 2)::text, b.cooperative::text, b.house_grade,
       round(b.house_area, 2)::text, b.fuel, b.enterprise_led::text, b.leader_led::text, b.electricity::text, b.broadcast::text, b.support_kind,
       b.sanitary_toilet::text, b.safe_water::text
  FROM living_conditions b JOIN household h ON h.id = b.household_id,
       LATERAL (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date) AS day OFFSET 0) AS y
 WHERE b.owner_division >= :scope_lo::text AND b.owner_division < :scope_hi::text
   AND (b.owner_division, b.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR b.owner_division ^@ zeren.code_prefix(:filters::jsonb ->> 'division'))
 ORDER BY b.owner_division, b.id LIMIT :chunk::integer
