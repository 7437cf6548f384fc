-- Work orders: given, received, reported back, completed or returned by whoever gave them. What is shown, and how one is given: migrations/0017.

-- name: work_order_get :one
SELECT s.* FROM work_order w, LATERAL registry.work_order_as_shown(w, '[]', :today::date) AS s WHERE w.id = :id

-- name: work_order_list :page
-- Work orders in the caller's scope, by division, unit, source, drive, item, state or light.
-- sort: created_at, due_on
SELECT s.* FROM work_order w, LATERAL registry.work_order_as_shown(w, '[]', :today::date) AS s
 WHERE w.owner_division >= :scope_lo::text AND w.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR w.owner_division = :division::text)
   AND (:issuer_organisation_id::uuid IS NULL OR w.issuer_organisation_id = :issuer_organisation_id::uuid)
   AND (:addressee_organisation_id::uuid IS NULL OR w.addressee_organisation_id = :addressee_organisation_id::uuid)
   AND (:source_kind::text IS NULL OR w.source_kind = :source_kind::text)
   AND (:source_id::uuid IS NULL OR w.source_id = :source_id::uuid)
   AND (:drive_id::uuid IS NULL OR w.drive_id = :drive_id::uuid)
   AND (:item_id::uuid IS NULL OR w.item_id = ANY ((SELECT registry.item_editions(:item_id::uuid))::uuid[]))
   AND (:status::text IS NULL OR w.status = :status::text)
   AND (:light::text IS NULL OR registry.work_order_light(w.owner_division, w.due_on, w.status, :today::date) = :light::text)

-- name: work_order_insert :write work_order shown_division lined
-- R-130 to R-133, as issue_work_order() has them.
WITH made AS MATERIALIZED (
  SELECT w.* FROM registry.issue_work_order(
    jsonb_build_object('id', :new_id::uuid, 'addressee_organisation_id', :addressee_organisation_id::uuid, 'addressee_post_id', :addressee_post_id::uuid,
                       'matter', :matter::text, 'standard', :standard::text, 'due_on', :due_on::date, 'drive_id', :drive_id::uuid, 'item_id', :item_id::uuid,
                       'source_kind', CASE WHEN :drive_id::uuid IS NULL THEN 'direct' ELSE 'drive' END, 'source_id', :drive_id::uuid),
    :caller_organisation::uuid, :caller_post::uuid, :today::date, :now::timestamptz) AS w
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.work_order_as_shown(m::work_order, registry.work_order_first_step(m::work_order), :today::date) AS s
)

-- name: work_order_answer :write work_order shown_division lined
-- R-134: only the unit it is given to receives it and reports back; again when its report was returned.
WITH target AS MATERIALIZED (
  SELECT w.id FROM work_order w
   WHERE w.id = :id AND CASE WHEN w.addressee_organisation_id IS DISTINCT FROM :caller_organisation::uuid
                             THEN zeren.refuse('ZR004', NULL, 'only the unit it is given to receives it and reports back') ELSE true END
), made AS (
  UPDATE work_order w
     SET status = :to_state::text, version = w.version + 1,
         received_by = CASE :to_state::text WHEN 'received' THEN :caller_post::uuid ELSE w.received_by END,
         received_at = CASE :to_state::text WHEN 'received' THEN :now::timestamptz ELSE w.received_at END,
         feedback = CASE :to_state::text WHEN 'reported' THEN :feedback ELSE w.feedback END,
         reported_by = CASE :to_state::text WHEN 'reported' THEN :caller_post::uuid ELSE w.reported_by END,
         reported_at = CASE :to_state::text WHEN 'reported' THEN :now::timestamptz ELSE w.reported_at END
    FROM target t WHERE w.id = t.id AND w.version = :version::integer AND w.status = ANY (:from_states::text[])
  RETURNING w.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, lines, verb, at, post_id, note, due_on)
  SELECT 'work_order', m.id, m.version, m.owner_division, m.lines, CASE m.status WHEN 'received' THEN 'receive' ELSE 'report_back' END, :now::timestamptz,
         :caller_post::uuid, CASE m.status WHEN 'reported' THEN m.feedback END, m.due_on
    FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.work_order_as_shown(m::work_order, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), :today::date) AS s
)

-- name: work_order_decide :write work_order shown_division lined
-- R-135: only the unit that gave it completes it, returns a report or withdraws it.
WITH target AS MATERIALIZED (
  SELECT w.id FROM work_order w
   WHERE w.id = :id AND CASE WHEN w.issuer_organisation_id IS DISTINCT FROM :caller_organisation::uuid
                             THEN zeren.refuse('ZR004', NULL, 'only the unit that gave it decides')
                             WHEN :due_on::date < :today::date THEN zeren.refuse('ZR005', 'due_on', 'a work order is due today at the earliest')
                             ELSE true END
), made AS (
  UPDATE work_order w
     SET status = :to_state::text, decision_note = :decision_note, decided_by = :caller_post::uuid, decided_at = :now::timestamptz, version = w.version + 1,
         returns = w.returns + CASE :to_state::text WHEN 'returned' THEN 1 ELSE 0 END, due_on = coalesce(registry.deadline(:due_on::date), w.due_on),
         completed_on = CASE :to_state::text WHEN 'completed' THEN :today::date END
    FROM target t WHERE w.id = t.id AND w.version = :version::integer AND w.status = ANY (:from_states::text[])
  RETURNING w.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, lines, verb, at, post_id, note, due_on)
  SELECT 'work_order', m.id, m.version, m.owner_division, m.lines, CASE m.status WHEN 'returned' THEN 'return' WHEN 'completed' THEN 'complete' ELSE 'withdraw' END,
         :now::timestamptz, :caller_post::uuid, m.decision_note, m.due_on
    FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.work_order_as_shown(m::work_order, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), :today::date) AS s
)
