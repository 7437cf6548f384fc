-- Claims, as the claimant's side knows them (M-136). What is shown: claim_as_shown() of migrations/0006.

-- name: claim_get :one
SELECT s.* FROM person_claim c, LATERAL monitoring.claim_as_shown(c, monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS s
    WHERE c.id = :id::uuid

-- name: claim_list :page
-- Claims in the caller's scope: by village, household, membership, state.
-- sort: created_at, id
SELECT s.* FROM person_claim c, LATERAL monitoring.claim_as_shown(c, monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS s
 WHERE c.owner_division >= :scope_lo::text AND c.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR c.owner_division = :division::text)
   AND (:household_id::uuid IS NULL OR c.household_id = :household_id::uuid)
   AND (:member_id::uuid IS NULL OR c.member_id = :member_id::uuid)
   AND (:status::text IS NULL OR c.status = :status::text)

-- name: claim_end :write person_claim shown_division
-- masked: member_name
WITH made AS (
  UPDATE person_claim c
     SET status = :to_state::text, decision_note = :decision_note::text, decided_by = :caller_post::uuid, decided_at = :now::timestamptz,
         version = c.version + 1
   WHERE c.id = :id::uuid AND c.version = :version::integer AND c.status = ANY (:from_states::text[])
     AND CASE WHEN EXISTS (SELECT FROM transfer t WHERE t.claim_id = c.id AND t.status = 'requested')
                THEN zeren.refuse('ZR003', NULL, 'a transfer is asked for by this claim: it is withdrawn first') ELSE true END
  RETURNING c.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.claim_as_shown(m::person_claim, monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS s
)

-- name: claim_reject :write person_claim shown_division
-- masked: member_name
-- M-136: another person than who entered the member.
WITH target AS MATERIALIZED (
  SELECT c.id FROM person_claim c LEFT JOIN member m ON m.id = c.member_id
   WHERE c.id = :id::uuid AND c.version = :version::integer AND c.status = ANY (:from_states::text[])
     AND CASE WHEN EXISTS (SELECT FROM transfer t WHERE t.claim_id = c.id AND t.status = 'requested')
                THEN zeren.refuse('ZR003', NULL, 'a transfer is asked for by this claim: it is withdrawn first')
              WHEN m.recorded_by_post = :caller_post::uuid
                OR monitoring.is_same_person(:caller_account::uuid, :caller_post::uuid, m.recorded_by_account, m.recorded_by_post, :today::date)
                THEN zeren.refuse('ZR013', NULL, 'whoever entered the member does not decide on the claim') ELSE true END
), made AS (
  UPDATE person_claim c
     SET status = :to_state::text, decision_note = :decision_note::text, decided_by = :caller_post::uuid, decided_at = :now::timestamptz,
         version = c.version + 1
    FROM target t WHERE c.id = t.id AND c.version = :version::integer
  RETURNING c.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.claim_as_shown(m::person_claim, monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS s
)
