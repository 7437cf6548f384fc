-- Moves between divisions: asked for by one side, decided by the other, carried out in one transaction (M-140 to M-147). Functions: migrations/0006.

-- name: transfer_get :one
SELECT s.* FROM transfer t, LATERAL monitoring.transfer_as_shown(t) AS s WHERE t.id = :id::uuid

-- name: transfer_list :page
-- Transfers that the caller's divisions give or receive: by village, side, household, claim, state.
-- sort: created_at, id
SELECT s.* FROM transfer t, LATERAL monitoring.transfer_as_shown(t) AS s
 WHERE t.owner_division >= :scope_lo::text AND t.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR t.owner_division = :division::text)
   AND (:side::text IS NULL OR t.side = :side::text)
   AND (:household_id::uuid IS NULL OR t.household_id = :household_id::uuid)
   AND (:claim_id::uuid IS NULL OR t.claim_id = :claim_id::uuid)
   AND (:status::text IS NULL OR t.status = :status::text)

-- name: transfer_ask :write transfer shown_division
-- masked: subject_name
-- M-140, M-141: both sides' rows; the answer is the asking side's.
WITH asked AS MATERIALIZED (
  SELECT a AS one FROM monitoring.ask_transfer(:new_id::uuid, :household_id::uuid, :member_id::uuid, :claim_id::uuid, :to_division::text,
      :to_household_id::uuid,
                                               :reason::text, :caller_account::uuid, :caller_post::uuid, :now::timestamptz, :today::date) AS a
), also_changed AS (
  SELECT 'transfer' AS kind, (a.one).id, (a.one).version, (a.one).owner_division::text AS owner_division, monitoring.transfer_body(a.one) AS body
    FROM asked a WHERE (a.one).id <> :new_id::uuid
), changed AS (
  SELECT s.* FROM asked a, LATERAL monitoring.transfer_as_shown(a.one) AS s WHERE (a.one).id = :new_id::uuid
)

-- name: transfer_sealed :rows
-- What is to be sealed anew for a member's row that begins here.
SELECT s.member_id::text, s.id_number, s.health, s.disability_card, s.phone FROM monitoring.transfer_sealed(:id::uuid, :household_id::uuid) AS s

-- name: transfer_judged :rows
-- M-105: the household of this side that a member came to or went from.
SELECT t.household_id::text FROM transfer t WHERE t.id = :id::uuid AND t.kind = 'member' AND t.household_id IS NOT NULL

-- name: transfer_look :rows
-- M-144: from here on the transaction sees the two divisions of the transfer; says what it saw before.
SELECT monitoring.look_at_both(t) FROM transfer t WHERE t.id = :id::uuid

-- name: transfer_touched :rows
-- M-105: the households that it touched, but for that which the caller's side has judged.
SELECT DISTINCT o.household_id::text
  FROM transfer t JOIN transfer o ON o.id IN (t.id, t.counterpart_id)
 WHERE t.id = :id::uuid AND o.household_id IS NOT NULL AND (o.kind = 'household' OR o.id <> t.id)
 ORDER BY 1

-- name: transfer_leave :rows
SELECT monitoring.look_within(:before::text)::text

-- name: transfer_accept :write transfer shown_division
-- masked: subject_name
-- M-142 to M-146: by the side that was asked, by another person; everything in one transaction.
WITH locked AS MATERIALIZED (
  SELECT p.id FROM monitoring.lock_transfer(:id::uuid) AS p (id)
), target AS MATERIALIZED (
  SELECT t.* FROM locked l, transfer t
   WHERE t.id = :id::uuid AND l.id IS NOT NULL AND t.version = :version::integer AND t.status = ANY (:from_states::text[])
     AND CASE WHEN t.asked_by = t.side THEN zeren.refuse('ZR004', NULL, 'the other side decides')
              ELSE monitoring.refuse_own_transfer(t, :caller_account::uuid, :caller_post::uuid, :today::date) END
   FOR UPDATE OF t
), carried AS MATERIALIZED (
  SELECT c.* FROM target t, LATERAL monitoring.accept_transfer(t::transfer, :household_id::uuid, :relation::text, :sealed::jsonb, :new_id::uuid,
      :decision_note::text,
           :caller_account::uuid, :caller_post::uuid, :now::timestamptz, :today::date) AS c
), told_as AS (
  SELECT c.id, c.body ->> 'told' AS kind FROM carried c WHERE c.body ->> 'told' IS NOT NULL
), also_changed AS (
  SELECT c.kind, c.id, c.version, c.owner_division, CASE WHEN c.kind = 'transfer' THEN c.body - 'subject_name' ELSE c.body - 'told' END AS body, c.before
    FROM carried c WHERE c.id <> :id::uuid
), changed AS (
  SELECT s.* FROM carried c, LATERAL monitoring.transfer_as_shown(jsonb_populate_record(NULL::transfer, c.body)) AS s WHERE c.id = :id::uuid
)

-- name: transfer_stop :write transfer shown_division
-- masked: subject_name
-- M-142: refused by the side that was asked, withdrawn by the side that asked.
WITH locked AS MATERIALIZED (
  SELECT p.id FROM monitoring.lock_transfer(:id::uuid) AS p (id)
), target AS MATERIALIZED (
  SELECT t.* FROM locked l, transfer t
   WHERE t.id = :id::uuid AND l.id IS NOT NULL AND t.version = :version::integer AND t.status = ANY (:from_states::text[])
     AND CASE WHEN :to_state::text = 'withdrawn' AND t.asked_by <> t.side THEN zeren.refuse('ZR004', NULL, 'the side that asked withdraws')
              WHEN :to_state::text = 'refused' AND t.asked_by = t.side THEN zeren.refuse('ZR004', NULL, 'the other side decides')
              ELSE true END
   FOR UPDATE OF t
), carried AS MATERIALIZED (
  SELECT c.* FROM target t, LATERAL monitoring.stop_transfer(t::transfer, :to_state::text, :decision_note::text, :now::timestamptz) AS c
), also_changed AS (
  SELECT c.kind, c.id, c.version, c.owner_division, c.body - 'subject_name' AS body, c.before FROM carried c WHERE c.id <> :id::uuid
), changed AS (
  SELECT s.* FROM carried c, LATERAL monitoring.transfer_as_shown(jsonb_populate_record(NULL::transfer, c.body)) AS s WHERE c.id = :id::uuid
)
