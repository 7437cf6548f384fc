-- Urging (督办): who urges whom, on what, answer by when; answered, accepted or returned by its issuer. What is shown: urging_as_shown() of migrations/0007.

-- name: urging_get :one
SELECT s.*
  FROM urging u, LATERAL registry.urging_as_shown(u, '[]', :today::date) AS s WHERE u.id = :id

-- name: urging_list :page
-- Urgings in the caller's scope, by item, unit, state, division or light.
-- sort: created_at, answer_by
SELECT s.*
  FROM urging u, LATERAL registry.urging_as_shown(u, '[]', :today::date) AS s
 WHERE u.owner_division >= :scope_lo::text AND u.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR u.owner_division = :division::text)
   AND (:item_id::uuid IS NULL OR u.item_id = :item_id::uuid)
   AND (:obligation_id::uuid IS NULL OR u.obligation_id = :obligation_id::uuid)
   AND (:issuer_organisation_id::uuid IS NULL OR u.issuer_organisation_id = :issuer_organisation_id::uuid)
   AND (:addressee_organisation_id::uuid IS NULL OR u.addressee_organisation_id = :addressee_organisation_id::uuid)
   AND (:status::text IS NULL OR u.status = :status::text)
   AND (:light::text IS NULL OR registry.urging_light(u.owner_division, u.answer_by, u.status, :today::date) = :light::text)

-- name: urging_insert :write urging shown_division lined
-- R-040: down or beside, never up, and not oneself; R-041: on an item, its lead or an assisting unit; R-233: on an obligation, whoever owes it; R-042: the
-- answer is due so many work days after today; R-047: whose it is.
WITH wanted AS MATERIALIZED (
  SELECT CASE WHEN :item_id::uuid IS NOT NULL THEN coalesce((SELECT i.id FROM item i WHERE i.id = :item_id::uuid), zeren.no_such('item_id')) END AS item_id,
         CASE WHEN :obligation_id::uuid IS NOT NULL
              THEN coalesce((SELECT o.id FROM obligation o WHERE o.id = :obligation_id::uuid), zeren.no_such('obligation_id')) END AS obligation_id,
         CASE WHEN :addressee_organisation_id::uuid IS NOT NULL
              THEN coalesce((SELECT o.id FROM organisation o WHERE o.id = :addressee_organisation_id::uuid
                   AND o.owner_division::text <@ (SELECT zeren.scope())),
                            zeren.no_such('addressee_organisation_id'))
              ELSE coalesce((SELECT i.lead_organisation_id FROM item i WHERE i.id = :item_id::uuid),
                            registry.unit_owing(:obligation_id::uuid, :today::date)) END AS addressee_id,
         CASE WHEN :addressee_post_id::uuid IS NULL THEN registry.post_owing(:obligation_id::uuid, :addressee_organisation_id::uuid, :today::date)
              ELSE coalesce((SELECT h.post_id FROM identity_pub.post_holder h WHERE h.post_id = :addressee_post_id::uuid LIMIT 1),
                   zeren.no_such('addressee_post_id')) END
           AS post_id
), parts AS MATERIALIZED (
  SELECT w.item_id, w.obligation_id, w.post_id, a.id AS addressee_id, a.owner_division, a.line, o.id AS issuer_id, o.name AS issuer_name, o.line AS issuer_line,
         coalesce(:answer_work_days::smallint,
                  zeren.setting_value('registry.urging_answer_work_days', a.owner_division, extract(year FROM :today::date)::integer)::smallint) AS work_days
    FROM wanted w LEFT JOIN organisation a ON a.id = w.addressee_id LEFT JOIN organisation o ON o.id = :caller_organisation::uuid
   WHERE CASE WHEN w.addressee_id IS NULL THEN zeren.refuse('ZR005', 'addressee_organisation_id', 'an urging names the unit urged, or an item')
              WHEN o.id IS NULL THEN zeren.refuse('ZR004', NULL, 'your post''s unit is not registered')
              WHEN a.id = o.id THEN zeren.refuse('ZR005', 'addressee_organisation_id', 'nobody urges the own unit')
              WHEN NOT registry.is_within(a.owner_division, o.owner_division)
                THEN zeren.refuse('ZR005', 'addressee_organisation_id', 'one urges units of the own division and below it')
              WHEN w.item_id IS NOT NULL AND NOT EXISTS (SELECT FROM item i WHERE i.id = w.item_id
                   AND a.id = ANY (i.lead_organisation_id || i.assist_organisation_ids))
                THEN zeren.refuse('ZR005', 'addressee_organisation_id', 'the unit neither leads nor assists in this item')
              WHEN w.item_id IS NOT NULL AND w.obligation_id IS NOT NULL
                THEN zeren.refuse('ZR005', 'obligation_id', 'an urging is on an item or on an obligation, not on both')
              WHEN w.obligation_id IS NOT NULL AND NOT registry.owes(w.obligation_id, a.id, :today::date)
                THEN zeren.refuse('ZR005', 'addressee_organisation_id', 'the unit does not owe it')
              WHEN w.post_id IS NOT NULL AND NOT EXISTS (SELECT FROM identity_pub.post_holder h WHERE h.post_id = w.post_id AND h.organisation_id = a.id)
                THEN zeren.refuse('ZR005', 'addressee_post_id', 'the post is of another unit')
              ELSE true END
), made AS (
  INSERT INTO urging (id, owner_division, at_division, lines, item_id, obligation_id, issuer_organisation_id, issuer_post_id, issuer_name,
                      addressee_organisation_id, addressee_post_id, matter, basis, issued_on, answer_work_days, answer_by, created_at)
  SELECT :new_id::uuid, p.owner_division, p.owner_division,
         coalesce((SELECT array_agg(DISTINCT l.line ORDER BY l.line) FROM unnest(ARRAY[p.line, p.issuer_line]) AS l (line) WHERE l.line IS NOT NULL
              AND p.line IS NOT NULL), '{}'),
         p.item_id, p.obligation_id, p.issuer_id, :caller_post::uuid, p.issuer_name, p.addressee_id, p.post_id, :matter, :basis, :today::date, p.work_days,
         zeren.due_after(:today::date, p.work_days, 'work_days'), :now::timestamptz
    FROM parts p
  RETURNING *
), logged AS (
  INSERT INTO urging_step (owner_division, lines, urging_id, position, verb, at, post_id, note, answer_by)
  SELECT m.owner_division, m.lines, m.id, m.version, 'issue', :now::timestamptz, m.issuer_post_id, m.basis, m.answer_by FROM made m
  RETURNING position, verb, at, post_id, note, answer_by
), changed AS (
  SELECT s.*, m.lines
    FROM made m, LATERAL registry.urging_as_shown(m::urging, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), :today::date) AS s
)

-- name: urging_answer :write urging shown_division lined
-- R-043: only the unit urged answers; again when its answer was returned.
WITH target AS MATERIALIZED (
  SELECT u.id FROM urging u
   WHERE u.id = :id AND CASE WHEN u.addressee_organisation_id IS DISTINCT FROM :caller_organisation::uuid
                             THEN zeren.refuse('ZR004', NULL, 'only the unit urged answers') ELSE true END
), made AS (
  UPDATE urging u
     SET status = :to_state::text, answer = :answer, answered_by = :caller_post::uuid, answered_at = :now::timestamptz, version = u.version + 1
    FROM target t WHERE u.id = t.id AND u.version = :version::integer AND u.status = ANY (:from_states::text[])
  RETURNING u.*
), logged AS (
  INSERT INTO urging_step (owner_division, lines, urging_id, position, verb, at, post_id, note, answer_by)
  SELECT m.owner_division, m.lines, m.id, m.version, 'answer', :now::timestamptz, :caller_post::uuid, m.answer, m.answer_by FROM made m
  RETURNING position, verb, at, post_id, note, answer_by
), changed AS (
  SELECT s.*, m.lines
    FROM made m, LATERAL registry.urging_as_shown(m::urging, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), :today::date) AS s
)

-- name: urging_decide :write urging shown_division lined
-- R-044, R-045: only its issuer accepts, returns or withdraws; an answer returned is due again, as many work days after today as the issuer says or said
-- before.
WITH target AS MATERIALIZED (
  SELECT u.id, coalesce(:answer_work_days::smallint, u.answer_work_days) AS work_days FROM urging u
   WHERE u.id = :id AND CASE WHEN u.issuer_organisation_id IS DISTINCT FROM :caller_organisation::uuid
                             THEN zeren.refuse('ZR004', NULL, 'only the unit that issued it decides') ELSE true END
), made AS (
  UPDATE urging u
     SET status = :to_state::text, decision_note = :decision_note, decided_by = :caller_post::uuid, decided_at = :now::timestamptz, version = u.version + 1,
         returns = u.returns + CASE :to_state::text WHEN 'returned' THEN 1 ELSE 0 END,
         answer_work_days = CASE :to_state::text WHEN 'returned' THEN t.work_days ELSE u.answer_work_days END,
         answer_by = CASE :to_state::text WHEN 'returned' THEN zeren.due_after(:today::date, t.work_days, 'work_days') ELSE u.answer_by END
    FROM target t WHERE u.id = t.id AND u.version = :version::integer AND u.status = ANY (:from_states::text[])
  RETURNING u.*
), logged AS (
  INSERT INTO urging_step (owner_division, lines, urging_id, position, verb, at, post_id, note, answer_by)
  SELECT m.owner_division, m.lines, m.id, m.version, CASE m.status WHEN 'returned' THEN 'return' WHEN 'accepted' THEN 'accept' ELSE 'withdraw' END,
         :now::timestamptz, :caller_post::uuid, m.decision_note, m.answer_by FROM made m
  RETURNING position, verb, at, post_id, note, answer_by
), changed AS (
  SELECT s.*, m.lines
    FROM made m, LATERAL registry.urging_as_shown(m::urging, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), :today::date) AS s
)
