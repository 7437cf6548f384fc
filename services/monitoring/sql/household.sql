-- Households: what is shown is household_as_shown() of migrations/0002; fields come as one JSON object (:fields, :members), whose sealed values are ciphertext already.

-- name: household_get :one
SELECT s.* FROM household h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
       LATERAL monitoring.household_as_shown(h, k.day) AS s
 WHERE h.id = :id::uuid

-- name: household_as_of :one
-- M-043.
SELECT s.* FROM monitoring.household_at(:id::uuid, :as_of::date) AS h,
       LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
       LATERAL monitoring.household_as_shown(monitoring.once_a_household(h::monitoring.household, k.day), k.day) AS s

-- name: household_list :page
-- M-041: :by_name (of a search or a sort by name) leaves out heads whose name the caller does not see in full. The one county or town of the answer is a constant when
-- this is planned, and begins an index of names.
-- sort: owner_division, id, head_name
SELECT s.* FROM household h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
       LATERAL monitoring.household_as_shown(h, CASE WHEN :by_name::boolean THEN NULL::date ELSE k.day END) AS s
 WHERE h.owner_division >= :scope_lo::text AND h.owner_division < :scope_hi::text
   AND (:by_name::boolean IS NOT TRUE OR monitoring.county_in(monitoring.common_prefix(:scope_lo::text, :scope_hi::text, :within::text, :division::text)) IS NULL
        OR h.in_county = monitoring.county_in(monitoring.common_prefix(:scope_lo::text, :scope_hi::text, :within::text, :division::text)))
   AND (:by_name::boolean IS NOT TRUE OR monitoring.town_in(monitoring.common_prefix(:scope_lo::text, :scope_hi::text, :within::text, :division::text)) IS NULL
        OR h.in_town = monitoring.town_in(monitoring.common_prefix(:scope_lo::text, :scope_hi::text, :within::text, :division::text)))
   AND (:division::text IS NULL OR h.owner_division = :division::text)
   AND (:within::text IS NULL OR (h.owner_division >= monitoring.reach_from(:within::text, :today::date) AND h.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(h.owner_division, :within::text, :today::date))))
   AND (:household_type::text IS NULL OR h.household_type = :household_type::text)
   AND (:object_type::text IS NULL OR h.object_type = :object_type::text)
   AND (:risk::text IS NULL OR (h.risks <> '{}' AND h.risks @> ARRAY[:risk::text]))
   AND (:eliminated::boolean IS NULL OR (h.object_type IS NOT NULL AND h.eliminated = :eliminated::boolean))
   AND (:no_labour::boolean IS NULL OR h.no_labour = :no_labour::boolean)
   AND (:resettled::boolean IS NULL OR h.resettled = :resettled::boolean)
   AND (:martyr_family::boolean IS NULL OR h.martyr_family = :martyr_family::boolean)
   AND (:status::text IS NULL OR h.status = :status::text)
   AND (:household_number::text IS NULL OR h.household_number = :household_number::text)
   AND (:settlement_id::uuid IS NULL OR h.settlement_id = :settlement_id::uuid)
   AND (:grid_id::uuid IS NULL OR h.grid_id = :grid_id::uuid)
   AND (:name_prefix::text IS NULL OR h.head_name ^@ :name_prefix::text)
   AND (:by_name::boolean IS NOT TRUE OR k.day IS NULL OR h.head_birth_on IS NULL OR h.head_birth_on <= k.day)
   AND (:unconfirmed::boolean IS NULL OR NOT EXISTS (SELECT FROM household_token o WHERE o.household_id = h.id AND o.token = '!unconfirmed'))
   AND (:ids::uuid[] IS NULL OR h.id = ANY (:ids::uuid[]))

-- name: household_hold :rows
-- The households of a step, held until it ends; in the order of their ids, so that no two steps wait for each other.
SELECT h.id::text, h.version::text, h.status, h.owner_division::text, h.head_member_id::text, h.head_birth_on::text
  FROM household h WHERE h.id = ANY (ARRAY[:held_id::uuid, :other_id::uuid]) ORDER BY h.id FOR UPDATE

-- name: household_insert :write household shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-020 to M-024, M-030: the household and who lives there, in one step; one of them is its head.
WITH given AS MATERIALIZED (
  SELECT p.*, monitoring.known_village(:owner_division::text, :today::date) AS village
    FROM jsonb_populate_record(NULL::monitoring.household, :fields::jsonb) AS p
   WHERE monitoring.check_codes('household', :fields::jsonb, '', :today::date)
     AND monitoring.is_place_of(p.settlement_id, '{natural_village,group}', :owner_division::text, :today::date, 'settlement_id')
     AND monitoring.is_place_of(p.grid_id, '{grid}', :owner_division::text, :today::date, 'grid_id')
), living AS MATERIALIZED (
  SELECT m.id, m.name, m.birth_on, m.relation, r.doc
    FROM (SELECT jsonb_agg(e.one || x.one ORDER BY e.n) AS doc FROM jsonb_array_elements(:members::jsonb) WITH ORDINALITY AS e (one, n)
            JOIN jsonb_array_elements(:derived::jsonb) WITH ORDINALITY AS x (one, n) ON x.n = e.n) AS r, LATERAL jsonb_populate_recordset(NULL::monitoring.member, r.doc) AS m
), made AS (
  INSERT INTO household (id, owner_division, at_division, household_number, settlement_id, grid_id, address, household_type, lifted_class, object_type, risks, disaster,
    risk_note, risk_level, identified_on, eliminated, eliminated_on, elimination_kind, martyr_family, resettled, resettlement_address, no_labour, head_member_id,
    head_name, head_birth_on, member_count, phone, phone_hash, extension, recorded_at, recorded_by_account, recorded_by_post, source, reason, created_at)
  SELECT :new_id::uuid, g.village, g.village, g.household_number, g.settlement_id, g.grid_id, g.address, g.household_type, g.lifted_class, g.object_type,
         coalesce(g.risks, '{}'), g.disaster, g.risk_note, g.risk_level, g.identified_on, coalesce(g.eliminated, false), g.eliminated_on, g.elimination_kind,
         coalesce(g.martyr_family, false), coalesce(g.resettled, false), g.resettlement_address, coalesce(g.no_labour, false), k.id, k.name, k.birth_on,
         (SELECT count(*) FROM living), g.phone, g.phone_hash, coalesce(g.extension, '{}'), :now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form',
         :reason::text, :now::timestamptz
    FROM given g, living k WHERE k.relation = 'head'
  RETURNING *
), entered AS MATERIALIZED (
  SELECT m.* FROM made h, (SELECT l.doc FROM living l LIMIT 1) AS r, LATERAL monitoring.enter_members(r.doc, h.id, h.owner_division, :today::date, 'members/', :may_locate::boolean,
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), also_changed AS (
  SELECT 'member' AS kind, e.id, e.version, e.owner_division, to_jsonb(s) AS body FROM entered e, LATERAL monitoring.member_as_shown(e::monitoring.member, NULL, true) AS s
), changed AS (
  SELECT s.*, (SELECT json_agg(x ORDER BY x.relation = 'head' DESC, x.id) FROM entered e,
                           LATERAL monitoring.member_as_shown(e::monitoring.member, k.day, :caller_may_person_locate::boolean) AS x) AS members
    FROM made h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.household_as_shown(h::monitoring.household, k.day) AS s
)

-- name: household_correct :write household shown_division
-- masked: head_name, head_birth_on, phone
-- M-025: of a household that has not ended; what is given changes, null clears.
WITH target AS MATERIALIZED (
  SELECT h.id FROM household h, LATERAL jsonb_populate_record(h, :fields::jsonb) AS p
   WHERE h.id = :id::uuid AND h.version = :version::integer
     AND CASE WHEN h.status = 'ended' THEN zeren.refuse('ZR003', NULL, 'the household has ended')
              ELSE monitoring.check_codes('household', :fields::jsonb, '', :today::date)
                   AND (NOT :fields::jsonb ? 'settlement_id'
                        OR monitoring.is_place_of(p.settlement_id, '{natural_village,group}', h.owner_division, :today::date, 'settlement_id'))
                   AND (NOT :fields::jsonb ? 'grid_id' OR monitoring.is_place_of(p.grid_id, '{grid}', h.owner_division, :today::date, 'grid_id')) END
), made AS (
  UPDATE household h
     SET (household_number, settlement_id, grid_id, address, household_type, lifted_class, object_type, risks, disaster, risk_note, risk_level, identified_on, eliminated,
          eliminated_on, elimination_kind, martyr_family, resettled, resettlement_address, no_labour, phone, phone_hash, extension)
         = (SELECT p.household_number, p.settlement_id, p.grid_id, p.address, p.household_type, p.lifted_class, p.object_type, p.risks, p.disaster, p.risk_note,
                   p.risk_level, p.identified_on, p.eliminated, p.eliminated_on, p.elimination_kind, p.martyr_family, p.resettled, p.resettlement_address,
                   p.no_labour, p.phone, p.phone_hash,
                   CASE WHEN :fields::jsonb ? 'extension' THEN jsonb_strip_nulls(h.extension || (:fields::jsonb -> 'extension')) ELSE h.extension END
              FROM jsonb_populate_record(h, :fields::jsonb) AS p),
         version = h.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'form',
         batch_id = NULL, reason = :reason::text
    FROM target t WHERE h.id = t.id AND h.version = :version::integer
  RETURNING h.*
), changed AS (
  SELECT s.* FROM made h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.household_as_shown(h::monitoring.household, k.day) AS s
)

-- name: health_codes :rows
-- M-026: a sealed value is judged by the code's list, which the database has.
SELECT e.code FROM zeren.dictionary_entry e WHERE e.dictionary = 'health_state' AND (e.valid_until IS NULL OR e.valid_until > :today::date)
