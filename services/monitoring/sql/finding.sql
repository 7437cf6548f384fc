-- Findings: what the rules found, until it is found no more. What is shown: finding_as_shown() of migrations/0005; who may see one: may_see_finding().

-- name: finding_get :one
SELECT s.* FROM finding f, LATERAL monitoring.finding_as_shown(f) AS s
 WHERE f.id = :id::uuid AND monitoring.may_see_finding(f.rule, f.member_id, :caller_may_health_read::boolean, :caller_may_minor_read::boolean, :today::date)

-- name: finding_list :page
-- M-110: by village, division, rule, severity, state and household; M-108: what the caller may see.
-- sort: owner_division, id
SELECT s.* FROM finding f, LATERAL monitoring.finding_as_shown(f) AS s
 WHERE f.owner_division >= :scope_lo::text AND f.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR f.owner_division = :division::text)
   AND (:within::text IS NULL OR (f.owner_division >= monitoring.reach_from(:within::text, :today::date) AND f.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(f.owner_division, :within::text, :today::date))))
   AND (:rule::text IS NULL OR f.rule = :rule::text)
   AND (:severity::text IS NULL OR f.severity = :severity::text)
   AND (:status::text IS NULL OR f.status = :status::text)
   AND (:status::text = 'resolved' OR :status::text IS NULL OR f.status <> 'resolved')
   AND (:household_id::uuid IS NULL OR f.household_id = :household_id::uuid)
   AND monitoring.may_see_finding(f.rule, f.member_id, :caller_may_health_read::boolean, :caller_may_minor_read::boolean, :today::date)

-- name: finding_step :write finding shown_division
-- masked: rule, message, detail, pointer
-- M-111: a warning or an alert that was looked into stays silent, with who, when and why, until the facts change; and back.
WITH seen AS MATERIALIZED (
  SELECT f.id,
         CASE WHEN NOT monitoring.may_see_finding(f.rule, f.member_id, :caller_may_health_read::boolean, :caller_may_minor_read::boolean, :today::date) THEN zeren.no_such('') IS NULL
              WHEN :to_state::text = 'accepted' AND f.severity = 'error' THEN zeren.refuse('ZR003', NULL, 'An error is put right, not accepted.') ELSE true END AS fits
    FROM finding f WHERE f.id = :id::uuid AND f.version = :version::integer AND f.status = ANY (:from_states::text[])
), made AS (
  UPDATE finding f
     SET status = :to_state::text, version = f.version + 1,
         accepted_by_account = CASE :to_state::text WHEN 'accepted' THEN :caller_account::uuid END, accepted_by_post = CASE :to_state::text WHEN 'accepted' THEN :caller_post::uuid END,
         accepted_on = CASE :to_state::text WHEN 'accepted' THEN :today::date END, accept_reason = CASE :to_state::text WHEN 'accepted' THEN :reason::text END
    FROM seen k WHERE k.id = f.id AND k.fits AND f.version = :version::integer
  RETURNING f.*
), told_as AS (
  SELECT m.id, monitoring.finding_told_as(m.rule, m.member_id, :today::date) AS kind FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.finding_as_shown(m::finding) AS s
)

-- name: finding_hold :rows
-- M-105: one change of a household at a time is judged; the rules of its village; nothing of one that has ended.
SELECT h.owner_division::text, h.status FROM household h WHERE h.id = :household_id::uuid FOR UPDATE

-- name: finding_facts :rows
-- M-101: of each household, in order of village, so that the rules of one are read once.
SELECT f.household_id::text, f.division, f.status, f.facts FROM monitoring.facts_of(:household_ids::uuid[], :today::date) AS f ORDER BY f.division, f.household_id

-- name: finding_keep :rows
-- M-105, M-106.
SELECT k.opened::text, k.resolved::text FROM monitoring.keep_findings(:household_ids::uuid[], :found::jsonb, :kept::jsonb, :today::date, :now::timestamptz) AS k

-- name: finding_batch :rows
-- M-113: the next households of a run, by village and id.
SELECT h.id::text, h.owner_division::text FROM household h
 WHERE h.owner_division >= :scope_lo::text AND h.owner_division < :scope_hi::text AND h.status = 'active'
   AND (h.owner_division, h.id) > (coalesce(:after_division::text, ''), coalesce(:after_id::uuid, '00000000-0000-0000-0000-000000000000'))
   AND (:within::text IS NULL OR (h.owner_division >= monitoring.reach_from(:within::text, :today::date) AND h.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(h.owner_division, :within::text, :today::date))))
 ORDER BY h.owner_division, h.id LIMIT :batch::integer

-- name: finding_check_start :write job shown_division
-- M-113.
INSERT INTO job (id, owner_division, kind, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, params, result, not_before, created_at)
SELECT :new_id::uuid, coalesce(:owner_division::text, rpad(:scope_lo::text, 12, '0')), 'check_archive', :caller_account::uuid, :caller_post::uuid, :caller_organisation::uuid,
       :caller_session::uuid, ARRAY['household.write'], zeren.scope()::text, coalesce(current_setting('zeren.lines', true), ''), coalesce(current_setting('zeren.ancestors', true), ''),
       jsonb_strip_nulls(jsonb_build_object('within', :within::text)), '{}', :now::timestamptz, :now::timestamptz
RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::timestamptz AS estimated_end_at, attempts, result, error_code, error_detail,
          schedule_id, started_at, ended_at, created_at, version

-- name: finding_minors :rows
-- M-108: the day after which who was born is a child whose data this caller does not see.
SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)::text
