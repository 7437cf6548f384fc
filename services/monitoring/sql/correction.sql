-- Requests to correct what the archive says (M-228 to M-232). What is shown: monitoring.correction_as_shown().

-- name: correction_get :one
SELECT s.* FROM correction c, LATERAL monitoring.correction_as_shown(c, :caller_may_minor_read::boolean, :caller_may_health_read::boolean,
                                                                    :caller_may_person_unmask::boolean, :today::date) AS s WHERE c.id = :id

-- name: correction_list :page
-- Requests in the caller's scope, by household, member or state, and what is due by a day.
-- sort: created_at
SELECT s.* FROM correction c, LATERAL monitoring.correction_as_shown(c, :caller_may_minor_read::boolean, :caller_may_health_read::boolean,
                                                                    :caller_may_person_unmask::boolean, :today::date) AS s
 WHERE c.owner_division >= :scope_lo::text AND c.owner_division < :scope_hi::text
   AND (:household_id::uuid IS NULL OR c.household_id = :household_id::uuid)
   AND (:member_id::uuid IS NULL OR c.member_id = :member_id::uuid)
   AND (:status::text IS NULL OR c.status = :status::text)
   AND (:due_by::date IS NULL OR (c.status = 'received' AND c.due_on <= :due_by::date))

-- name: correction_insert :write correction shown_division
-- masked: what, wanted, answer
-- M-228: of a household and a member that the caller sees, a field that there is, asked on a day that has been; due by the work calendar.
WITH asked AS MATERIALIZED (
  SELECT coalesce((SELECT x.id FROM household x WHERE x.id = :household_id::uuid), zeren.no_such('household_id')) AS id
), home AS MATERIALIZED (
  SELECT h.id, h.owner_division, CASE WHEN :member_id::uuid IS NULL THEN 'household' ELSE 'member' END AS record
    FROM household h WHERE h.id = (SELECT a.id FROM asked a)
), judged AS MATERIALIZED (
  SELECT h.*, zeren.due_after(:asked_on::date, zeren.setting_value('monitoring.correction_work_days', h.owner_division,
                                                                   extract(year FROM :asked_on::date)::integer)::integer, 'work_days') AS due_on
    FROM home h
   WHERE CASE WHEN :member_id::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM member m WHERE m.id = :member_id::uuid AND m.household_id = h.id)
                THEN zeren.no_such('member_id') IS NULL
              WHEN :field::text IS NOT NULL AND NOT EXISTS (SELECT FROM told_field f WHERE f.record = h.record AND f.field = :field::text)
                THEN zeren.refuse('ZR005', 'field', 'the record has no such field')
              WHEN :asked_on::date > :today::date THEN zeren.refuse('ZR005', 'asked_on', 'it was asked for today or before')
              WHEN :asked_on::date < :today::date - 31 THEN zeren.refuse('ZR005', 'asked_on', 'a request is entered within a month') ELSE true END
), made AS (
  INSERT INTO correction (id, owner_division, at_division, household_id, member_id, field, asked_on, what, wanted, due_on, organisation_id, received_by, created_at)
  SELECT :new_id::uuid, j.owner_division, j.owner_division, j.id, :member_id::uuid, :field::text, :asked_on::date, :what::text, :wanted::bytea, j.due_on,
         :caller_organisation::uuid, :caller_post::uuid, :now::timestamptz
    FROM judged j
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.correction_as_shown(m::correction, :caller_may_minor_read::boolean, :caller_may_health_read::boolean,
                                                                :caller_may_person_unmask::boolean, :today::date) AS s
)

-- name: correction_resolve :write correction shown_division
-- masked: what, wanted, answer
-- M-230: it names the version that corrected it.
WITH target AS MATERIALIZED (
  SELECT c.* FROM correction c WHERE c.id = :id AND c.version = :version::integer AND c.status = ANY (:from_states::text[])
), judged AS MATERIALIZED (
  SELECT t.id FROM target t WHERE monitoring.is_correcting(t::correction, :corrected_record::text, :corrected_version::integer)
), made AS (
  UPDATE correction c
     SET status = :to_state::text, corrected_record = :corrected_record::text, corrected_version = :corrected_version::integer, answer = :answer::text,
         decided_by = :caller_post::uuid, decided_at = :now::timestamptz, version = c.version + 1
    FROM judged j WHERE c.id = j.id AND c.version = :version::integer
  RETURNING c.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.correction_as_shown(m::correction, :caller_may_minor_read::boolean, :caller_may_health_read::boolean,
                                                                :caller_may_person_unmask::boolean, :today::date) AS s
)

-- name: correction_decline :write correction shown_division
-- masked: what, wanted, answer
-- M-231: with the reason that the citizen is told.
WITH made AS (
  UPDATE correction c
     SET status = :to_state::text, answer = :answer::text, decided_by = :caller_post::uuid, decided_at = :now::timestamptz, version = c.version + 1
   WHERE c.id = :id AND c.version = :version::integer AND c.status = ANY (:from_states::text[])
  RETURNING c.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.correction_as_shown(m::correction, :caller_may_minor_read::boolean, :caller_may_health_read::boolean,
                                                                :caller_may_person_unmask::boolean, :today::date) AS s
)
