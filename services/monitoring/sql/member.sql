-- Members of households: what is shown is member_as_shown() of migrations/0002; fields come as one JSON object (:fields) whose sealed values are ciphertext already.

-- name: member_get :one
SELECT s.* FROM member m, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
       LATERAL monitoring.member_as_shown(m, k.day, :caller_may_person_locate::boolean) AS s
 WHERE m.id = :id::uuid

-- name: member_as_of :one
-- M-043.
SELECT s.* FROM monitoring.member_at(:id::uuid, :as_of::date) AS m,
       LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
       LATERAL monitoring.member_as_shown(monitoring.once_a_member(m, k.day), k.day, :caller_may_person_locate::boolean) AS s

-- name: member_list :page
-- M-041: :by_name (of a search or a sort by name) leaves out who is not seen in full.
-- sort: owner_division, id, name
SELECT s.* FROM member m, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
       LATERAL monitoring.member_as_shown(m, CASE WHEN :by_name::boolean THEN NULL::date ELSE k.day END, :caller_may_person_locate::boolean) AS s
 WHERE m.owner_division >= :scope_lo::text AND m.owner_division < :scope_hi::text
   AND (:by_name::boolean IS NOT TRUE OR monitoring.county_in(monitoring.common_prefix(:scope_lo::text, :scope_hi::text, :within::text, :division::text)) IS NULL
        OR m.in_county = monitoring.county_in(monitoring.common_prefix(:scope_lo::text, :scope_hi::text, :within::text, :division::text)))
   AND (:division::text IS NULL OR m.owner_division = :division::text)
   AND (:within::text IS NULL OR (m.owner_division >= monitoring.reach_from(:within::text, :today::date) AND m.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(m.owner_division, :within::text, :today::date))))
   AND (:household_id::uuid IS NULL OR m.household_id = :household_id::uuid)
   AND (:living::boolean IS NULL OR (m.left_on IS NULL) = :living::boolean)
   AND (:confirmation::text IS NULL OR m.confirmation = :confirmation::text)
   AND (:name_prefix::text IS NULL OR m.name ^@ :name_prefix::text)
   AND (:by_name::boolean IS NOT TRUE OR k.day IS NULL OR m.birth_on IS NULL OR m.birth_on <= k.day)
   AND (:ids::uuid[] IS NULL OR m.id = ANY (:ids::uuid[]))

-- name: member_of_household :page
-- M-043: who lives there, or who lived there on a day, as it was recorded at its end.
-- sort: id
SELECT s.* FROM member c, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
       LATERAL (SELECT CASE WHEN :as_of::date IS NULL THEN c ELSE monitoring.once_a_member(monitoring.member_known_at(c, :as_of::date), k.day) END AS m OFFSET 0) AS w,
       LATERAL monitoring.member_as_shown(w.m, k.day, :caller_may_person_locate::boolean) AS s
 WHERE c.household_id = :household_id::uuid
   AND CASE WHEN :as_of::date IS NULL THEN c.left_on IS NULL ELSE c.joined_on <= :as_of::date AND (c.left_on IS NULL OR c.left_on > :as_of::date) END

-- name: member_household :rows
SELECT h.id::text FROM household h WHERE h.id = :household_id::uuid

-- name: member_hold :rows
-- The member of a step and its household, held until it ends: the household first.
SELECT h.id::text, h.status, h.head_member_id::text, m.version::text, m.id_number::text, m.birth_on::text, m.sex, m.certificate_kind, m.relation
  FROM (SELECT x.* FROM household x WHERE x.id = (SELECT c.household_id FROM member c WHERE c.id = :id::uuid) FOR UPDATE) AS h JOIN member m ON m.id = :id::uuid

-- name: member_insert :write member shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-031.
WITH target AS MATERIALIZED (
  SELECT h.id FROM household h
   WHERE h.id = :household_id::uuid
     AND CASE WHEN h.status <> 'active' THEN zeren.refuse('ZR003', NULL, 'the household has ended')
              WHEN :follows_id::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM member o WHERE o.id = :follows_id::uuid) THEN zeren.no_such('follows_id') IS NULL
              WHEN EXISTS (SELECT FROM member o WHERE o.id = :follows_id::uuid AND o.left_on IS NULL)
                THEN zeren.refuse('ZR003', 'follows_id', 'that membership has not ended') ELSE true END
), lived AS (
  UPDATE household h
     SET member_count = h.member_count + 1, version = h.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid,
         recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL, reason = :reason::text
    FROM target t WHERE h.id = t.id
  RETURNING h.*
), entered AS MATERIALIZED (
  SELECT m.* FROM lived h, LATERAL monitoring.enter_members(jsonb_build_array(:fields::jsonb), h.id, h.owner_division, :today::date, '', :may_locate::boolean,
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), also_changed AS (
  SELECT 'household' AS kind, h.id, h.version, h.owner_division, to_jsonb(s) AS body, (SELECT to_jsonb(o) FROM household o WHERE o.id = h.id) AS before
    FROM lived h, LATERAL monitoring.household_as_shown(h::monitoring.household, NULL) AS s
), changed AS (
  SELECT s.* FROM entered m, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.member_as_shown(m::monitoring.member, k.day, :caller_may_person_locate::boolean) AS s
)

-- name: member_correct :write member shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-032: what is given changes, null clears; a household shows its head's name. Who has left takes no number (M-130).
WITH target AS MATERIALIZED (
  SELECT m.id FROM member m
   WHERE m.id = :id::uuid AND m.version = :version::integer AND monitoring.check_codes('member', :fields::jsonb, '', :today::date)
), made AS (
  UPDATE member m
     SET (name, sex, certificate_kind, id_number, id_number_hash, birth_on, relation, ethnicity, politics, education, student_status, not_in_school, health,
          disability_card, labour, work_place, working_away, work_months, work_income, work_started_on, work_ended_on, plans_away, work_need, public_posts,
          public_post_months, resident_medical, employee_medical, serious_illness_insurance, commercial_insurance, resident_pension, employee_pension, medical_aid,
          allowance, destitute, resettled, unemployed_graduate, phone, phone_hash, joined_on, joined_how, confirmation)
         = (SELECT p.name, p.sex, p.certificate_kind, CASE WHEN :renumbered::boolean THEN p.id_number ELSE m.id_number END,
                   CASE WHEN :renumbered::boolean THEN p.id_number_hash ELSE m.id_number_hash END, p.birth_on, p.relation, p.ethnicity, p.politics, p.education, p.student_status,
                   p.not_in_school, p.health, p.disability_card, p.labour, p.work_place, p.working_away, p.work_months, p.work_income, p.work_started_on,
                   p.work_ended_on, p.plans_away, p.work_need, p.public_posts, p.public_post_months, p.resident_medical, p.employee_medical,
                   p.serious_illness_insurance, p.commercial_insurance, p.resident_pension, p.employee_pension, p.medical_aid, p.allowance, p.destitute, p.resettled,
                   p.unemployed_graduate, p.phone, p.phone_hash, p.joined_on, p.joined_how,
                   CASE WHEN :renumbered::boolean
                     THEN monitoring.correct_person(m.id, m.owner_division, :id_number_hashes::bytea[], :may_locate::boolean AND m.left_on IS NULL, :caller_account::uuid,
                                                    'id_number',
                                                    :now::timestamptz) ELSE m.confirmation END
              FROM jsonb_populate_record(m, :fields::jsonb) AS p),
         version = m.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'form',
         batch_id = NULL, reason = :reason::text
    FROM target t WHERE m.id = t.id AND m.version = :version::integer
  RETURNING m.*
), headed AS (
  UPDATE household h
     SET head_name = m.name, head_birth_on = m.birth_on, version = h.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid,
         recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL, reason = :reason::text
    FROM made m WHERE h.id = m.household_id AND h.head_member_id = m.id AND (h.head_name, h.head_birth_on) IS DISTINCT FROM (m.name, m.birth_on)
  RETURNING h.*
), also_changed AS (
  SELECT 'household' AS kind, h.id, h.version, h.owner_division, to_jsonb(s) AS body, (SELECT to_jsonb(o) FROM household o WHERE o.id = h.id) AS before
    FROM headed h, LATERAL monitoring.household_as_shown(h::monitoring.household, NULL) AS s
), changed AS (
  SELECT s.* FROM made m, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.member_as_shown(m::monitoring.member, k.day, :caller_may_person_locate::boolean) AS s
)

-- name: member_leave :write member shown_division
-- masked: head_name, head_birth_on, name, phone, id_number, disability_card, health, birth_on, student_status, not_in_school, confirmation, members
-- M-032, M-033: a head leaves when another is set, here or before.
WITH target AS MATERIALIZED (
  SELECT m.id, m.household_id, h.head_member_id = m.id AS is_head, n.id AS new_head_id, n.name, n.birth_on
    FROM member m JOIN household h ON h.id = m.household_id
    LEFT JOIN member n ON n.id = :new_head_id::uuid AND n.household_id = h.id AND n.left_on IS NULL AND n.id <> m.id
   WHERE m.id = :id::uuid AND m.version = :version::integer
     AND CASE WHEN m.left_on IS NOT NULL THEN zeren.refuse('ZR003', NULL, 'the member has left already')
              WHEN h.head_member_id = m.id AND h.member_count = 1 THEN zeren.refuse('ZR003', NULL, 'nobody else lives there: end the household')
              WHEN h.head_member_id = m.id AND :new_head_id::uuid IS NULL
                THEN zeren.refuse('ZR003', 'new_head_id', 'the head leaves when another head is set: name one here')
              WHEN h.head_member_id <> m.id AND :new_head_id::uuid IS NOT NULL
                THEN zeren.refuse('ZR005', 'new_head_id', 'the head does not leave: this is for its successor')
              WHEN :new_head_id::uuid IS NOT NULL AND n.id IS NULL THEN zeren.no_such('new_head_id') IS NULL ELSE true END
), lived AS (
  UPDATE household h
     SET member_count = h.member_count - 1, head_member_id = coalesce(t.new_head_id, h.head_member_id), head_name = coalesce(t.name, h.head_name),
         head_birth_on = CASE WHEN t.new_head_id IS NULL THEN h.head_birth_on ELSE t.birth_on END, version = h.version + 1, recorded_at = :now::timestamptz,
         recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'form', batch_id = NULL, reason = :reason::text
    FROM target t WHERE h.id = t.household_id
  RETURNING h.*
), gone AS MATERIALIZED (
  SELECT m.* FROM lived h, target t, LATERAL monitoring.end_members(ARRAY[t.id], :left_on::date, :left_how::text,
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
), related AS MATERIALIZED (
  SELECT m.* FROM gone g, target t, LATERAL monitoring.relate_members(t.household_id, t.new_head_id, coalesce(:relations::jsonb, '[]'),
    ROW(:now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form', NULL, :reason::text)::monitoring.recorded) AS m
   WHERE t.new_head_id IS NOT NULL
), also_changed AS (
  SELECT 'household' AS kind, h.id, h.version, h.owner_division, to_jsonb(s) AS body, (SELECT to_jsonb(o) FROM household o WHERE o.id = h.id) AS before
    FROM lived h, LATERAL monitoring.household_as_shown(h::monitoring.household, NULL) AS s
   UNION ALL
  SELECT 'member', e.id, e.version, e.owner_division, to_jsonb(s), (SELECT to_jsonb(o) FROM member o WHERE o.id = e.id)
    FROM related e, LATERAL monitoring.member_as_shown(e::monitoring.member, NULL, true) AS s
), changed AS (
  SELECT s.* FROM gone m, LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k,
         LATERAL monitoring.member_as_shown(m::monitoring.member, k.day, :caller_may_person_locate::boolean) AS s
)
