-- Steps of whole households: another head, split, merged, ended. Each is one statement behind household_hold; the household comes before its members, so that what it shows of
-- them is right already when their triggers look.

-- name: household_set_head :write household shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-033.
WITH target AS MATERIALIZED (
  SELECT h.id, m.id AS head_id, m.name, m.birth_on FROM household h LEFT JOIN member m ON m.id = :member_id::uuid AND m.household_id = h.id AND m.left_on IS NULL
   WHERE h.id = :id::uuid AND h.version = :version::integer AND h.status = ANY (:from_states::text[])
     AND CASE WHEN m.id IS NULL THEN zeren.no_such('member_id') IS NULL
              WHEN m.id = h.head_member_id THEN zeren.refuse('ZR003', 'member_id', 'this member is the head already') ELSE true END
), made AS (
  UPDATE household h
     SET head_member_id = t.head_id, head_name = t.name, head_birth_on = t.birth_on, version = h.version + 1, recorded_at = :now::timestamptz,
         recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL, reason = :reason::text
    FROM target t WHERE h.id = t.id
  RETURNING h.*
), related AS MATERIALIZED (
  SELECT m.* FROM made h, LATERAL monitoring.relate_members(h.id, h.head_member_id, coalesce(:relations::jsonb, '[]'),
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), also_changed AS (
  SELECT 'member' AS kind, e.id, e.version, e.owner_division, to_jsonb(s) AS body, (SELECT to_jsonb(o) FROM member o WHERE o.id = e.id) AS before
    FROM related e, LATERAL monitoring.member_as_shown(e::monitoring.member, NULL, true) AS s
), changed AS (
  SELECT s.* FROM made h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.household_as_shown(h::monitoring.household, k.day) AS s
)

-- name: household_movers :rows
-- The ciphertexts of who lives there.
SELECT m.id::text, m.id_number::text, m.health::text, m.disability_card::text, m.phone::text
  FROM member m WHERE m.household_id = :from_id::uuid AND m.left_on IS NULL ORDER BY m.id

-- name: household_split :write household shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-034: some move into a household of their own, of the same village; the head stays.
WITH target AS MATERIALIZED (
  SELECT h.id, h.owner_division, h.household_type, h.lifted_class, h.settlement_id, h.grid_id, p.settlement_id AS new_settlement_id, p.grid_id AS new_grid_id,
         monitoring.copies_of(:moved::jsonb, :on_day::date, 'split') AS rows, ARRAY(SELECT (k ->> 'old')::uuid FROM jsonb_array_elements(:moved::jsonb) AS k) AS ids
    FROM household h, LATERAL jsonb_populate_record(NULL::monitoring.household, :fields::jsonb) AS p
   WHERE h.id = :id::uuid AND h.version = :version::integer AND h.status = ANY (:from_states::text[])
     AND CASE WHEN EXISTS (SELECT FROM jsonb_array_elements(:moved::jsonb) AS k WHERE (k ->> 'old')::uuid = h.head_member_id)
                THEN zeren.refuse('ZR003', 'members', 'the head stays: set another head first') ELSE true END
     AND monitoring.is_place_of(p.settlement_id, '{natural_village,group}', h.owner_division, :today::date, 'settlement_id')
     AND monitoring.is_place_of(p.grid_id, '{grid}', h.owner_division, :today::date, 'grid_id')
), former AS (
  UPDATE household h
     SET member_count = h.member_count - cardinality(t.ids), version = h.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid,
         recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL, reason = :reason::text
    FROM target t WHERE h.id = t.id
  RETURNING h.*
), gone AS MATERIALIZED (
  SELECT m.* FROM former f, target t, LATERAL monitoring.end_members(t.ids, :on_day::date, 'split',
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), made AS (
  INSERT INTO household (id, owner_division, at_division, household_number, settlement_id, grid_id, address, household_type, lifted_class, head_member_id, head_name,
    head_birth_on, member_count, phone, phone_hash, follows_id, extension, recorded_at, recorded_by_account, recorded_by_post, source, reason, created_at)
  SELECT :new_id::uuid, t.owner_division, t.owner_division, g.household_number, CASE WHEN :fields::jsonb ? 'settlement_id' THEN t.new_settlement_id ELSE t.settlement_id END,
         CASE WHEN :fields::jsonb ? 'grid_id' THEN t.new_grid_id ELSE t.grid_id END, g.address, t.household_type, t.lifted_class, k.id, k.name, k.birth_on,
         cardinality(t.ids), g.phone, g.phone_hash, t.id, coalesce(g.extension, '{}'), :now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form',
         :reason::text, :now::timestamptz
    FROM target t, LATERAL jsonb_populate_record(NULL::monitoring.household, :fields::jsonb) AS g,
         LATERAL jsonb_populate_recordset(NULL::monitoring.member, t.rows) AS k
   WHERE k.relation = 'head' AND EXISTS (SELECT FROM gone)
  RETURNING *
), entered AS MATERIALIZED (
  SELECT m.* FROM made h, target t, LATERAL monitoring.enter_members(t.rows, h.id, h.owner_division, :on_day::date, 'members/', :may_locate::boolean,
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), also_changed AS (
  SELECT 'household' AS kind, f.id, f.version, f.owner_division, to_jsonb(s) AS body, (SELECT to_jsonb(o) FROM household o WHERE o.id = f.id) AS before
    FROM former f, LATERAL monitoring.household_as_shown(f::monitoring.household, NULL) AS s
   UNION ALL
  SELECT 'member', e.id, e.version, e.owner_division, to_jsonb(s), (SELECT to_jsonb(o) FROM member o WHERE o.id = e.id)
    FROM (SELECT * FROM gone UNION ALL SELECT * FROM entered) AS e, LATERAL monitoring.member_as_shown(e::monitoring.member, NULL, true) AS s
), changed AS (
  SELECT s.*, (SELECT json_agg(x ORDER BY x.relation = 'head' DESC, x.id) FROM entered e,
                           LATERAL monitoring.member_as_shown(e::monitoring.member, k.day, :caller_may_person_locate::boolean) AS x) AS members
    FROM made h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.household_as_shown(h::monitoring.household, k.day) AS s
)

-- name: household_merge :write household shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-035: all who live in another household of the same village move in, and that one ends.
WITH target AS MATERIALIZED (
  SELECT h.id, f.id AS from_id, h.owner_division, monitoring.copies_of(:moved::jsonb, :on_day::date, 'merged') AS rows,
         ARRAY(SELECT (k ->> 'old')::uuid FROM jsonb_array_elements(:moved::jsonb) AS k) AS ids
    FROM household h LEFT JOIN household f ON f.id = :from_household_id::uuid
   WHERE h.id = :id::uuid AND h.version = :version::integer AND h.status = ANY (:from_states::text[])
     AND CASE WHEN f.id IS NULL THEN zeren.no_such('from_household_id') IS NULL
              WHEN f.id = h.id THEN zeren.refuse('ZR005', 'from_household_id', 'a household is not merged with itself')
              WHEN f.status <> 'active' THEN zeren.refuse('ZR003', 'from_household_id', 'that household has ended')
              WHEN f.owner_division <> h.owner_division THEN zeren.refuse('ZR005', 'from_household_id', 'it is of another village: it moves first') ELSE true END
), made AS (
  UPDATE household h
     SET member_count = h.member_count + cardinality(t.ids), version = h.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid,
         recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL, reason = :reason::text
    FROM target t WHERE h.id = t.id
  RETURNING h.*
), former AS (
  UPDATE household h
     SET status = 'ended', ended_on = :on_day::date, ended_how = 'merged', member_count = 0, version = h.version + 1, recorded_at = :now::timestamptz,
         recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL, reason = :reason::text
    FROM target t WHERE h.id = t.from_id
  RETURNING h.*
), gone AS MATERIALIZED (
  SELECT m.* FROM former f, target t, LATERAL monitoring.end_members(t.ids, :on_day::date, 'merged',
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), entered AS MATERIALIZED (
  SELECT m.* FROM made h, target t, LATERAL monitoring.enter_members(t.rows, h.id, h.owner_division, :on_day::date, 'relations/', :may_locate::boolean,
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
   WHERE EXISTS (SELECT FROM gone)
), also_changed AS (
  SELECT 'household' AS kind, f.id, f.version, f.owner_division, to_jsonb(s) AS body, (SELECT to_jsonb(o) FROM household o WHERE o.id = f.id) AS before
    FROM former f, LATERAL monitoring.household_as_shown(f::monitoring.household, NULL) AS s
   UNION ALL
  SELECT 'member', e.id, e.version, e.owner_division, to_jsonb(s), (SELECT to_jsonb(o) FROM member o WHERE o.id = e.id)
    FROM (SELECT * FROM gone UNION ALL SELECT * FROM entered) AS e, LATERAL monitoring.member_as_shown(e::monitoring.member, NULL, true) AS s
), changed AS (
  SELECT s.* FROM made h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.household_as_shown(h::monitoring.household, k.day) AS s
)

-- name: household_end :write household shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-036: who still lives there leaves with it.
WITH target AS MATERIALIZED (
  SELECT h.id, ARRAY(SELECT m.id FROM member m WHERE m.household_id = h.id AND m.left_on IS NULL) AS ids
    FROM household h WHERE h.id = :id::uuid AND h.version = :version::integer AND h.status = ANY (:from_states::text[])
), made AS (
  UPDATE household h
     SET status = :to_state::text, ended_on = coalesce(:on::date, :today::date), ended_how = :ended_how::text, member_count = 0, version = h.version + 1,
         recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL,
         reason = :reason::text
    FROM target t WHERE h.id = t.id
  RETURNING h.*
), gone AS MATERIALIZED (
  SELECT m.* FROM made h, target t, LATERAL monitoring.end_members(t.ids, h.ended_on, CASE h.ended_how WHEN 'died_out' THEN 'death' ELSE h.ended_how END,
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), also_changed AS (
  SELECT 'member' AS kind, e.id, e.version, e.owner_division, to_jsonb(s) AS body, (SELECT to_jsonb(o) FROM member o WHERE o.id = e.id) AS before
    FROM gone e, LATERAL monitoring.member_as_shown(e::monitoring.member, NULL, true) AS s
), changed AS (
  SELECT s.* FROM made h, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.household_as_shown(h::monitoring.household, k.day) AS s
)
