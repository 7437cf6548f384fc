-- Contacts: posts and units linked to divisions for a time (R-140 to R-144). What is shown: contact_as_shown() of migrations/0018.

-- name: contact_kind_list :page
-- sort: position
-- key: code
SELECT k.code, k.label, k.subjects, k.levels::text[] AS levels,
       registry.contact_frequencies(k.code, coalesce(:division::text, '000000000000'), :today::date) AS frequencies, k.assumed, k.source, k.position
  FROM contact_kind k

-- name: contact_get :one
SELECT s.* FROM contact c, LATERAL registry.contact_as_shown(c, coalesce(:as_of::date, :today::date), '[]', NULL) AS s WHERE c.id = :id

-- name: contact_list :page
-- Contacts in the caller's scope, by division, post, unit, kind, thread, state or day.
-- sort: starts_on, id
SELECT s.*
  FROM contact c, LATERAL registry.contact_as_shown(c, coalesce(:as_of::date, :today::date), '[]', NULL) AS s
 WHERE c.owner_division >= :scope_lo::text AND c.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR c.owner_division = :division::text)
   AND (:within::text IS NULL OR (c.owner_division >= registry.code_prefix(:within::text) AND c.owner_division < registry.code_prefix(:within::text) || '~'))
   AND (:post_id::uuid IS NULL OR c.post_id = :post_id::uuid)
   AND (:organisation_id::uuid IS NULL OR c.organisation_id = :organisation_id::uuid)
   AND (:thread_id::uuid IS NULL OR c.thread_id = :thread_id::uuid)
   AND (:kind::text IS NULL OR c.kind = :kind::text)
   AND (:status::text IS NULL OR c.status = :status::text)
   AND (:as_of::date IS NULL OR (c.starts_on <= :as_of::date AND c.ends_on > :as_of::date))
   AND (:ids::uuid[] IS NULL OR c.id = ANY (:ids::uuid[]))

-- name: contact_insert :write contact shown_division
-- R-140, R-141; R-142 is constraint contact_overlap.
WITH subject AS MATERIALIZED (
  SELECT s.* FROM registry.linked_subject(:post_id::uuid, :organisation_id::uuid) AS s
   WHERE registry.may_link(:kind, :owner_division, s.post_id, s.division, :starts_on::date)
), made AS (
  INSERT INTO contact (id, thread_id, owner_division, at_division, kind, post_id, organisation_id, post_title, organisation_name, starts_on, ends_on, clause_id,
                       created_at)
  SELECT :new_id::uuid, :new_id::uuid, :owner_division, :owner_division, :kind, s.post_id, s.organisation_id, s.post_title, s.organisation_name,
         :starts_on::date, coalesce(:ends_on::date, 'infinity'), registry.known_clause(:clause_id::uuid), :now::timestamptz
    FROM subject s
  RETURNING *
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id, note)
  SELECT 'contact', m.id, m.version, m.owner_division, 'begin', :now::timestamptz, :caller_post::uuid, :note FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.contact_as_shown(m::contact, :today::date, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), NULL) AS s
)

-- name: contact_correct :write contact shown_division
-- Its basis and its days; who is linked to what is another contact. The days of one that was ended or handed over stay, and so does the first day of one that
-- was taken over.
WITH made AS (
  UPDATE contact c
     SET starts_on = coalesce(:starts_on::date, c.starts_on),
         ends_on = CASE WHEN :ends_on_given::boolean THEN coalesce(:ends_on::date, 'infinity') ELSE c.ends_on END,
         clause_id = CASE WHEN :clause_id_given::boolean THEN registry.known_clause(:clause_id::uuid) ELSE c.clause_id END, version = c.version + 1
   WHERE c.id = :id AND c.version = :version::integer
     AND CASE WHEN :starts_on::date IS NULL AND NOT :ends_on_given::boolean THEN true
              WHEN c.status = 'ended' THEN zeren.refuse('ZR003', NULL, 'the days of a contact that was ended or handed over stay')
              WHEN :starts_on::date IS NULL THEN true
              WHEN c.follows_id IS NOT NULL THEN zeren.refuse('ZR003', 'starts_on', 'it begins when the one before it ends')
              ELSE registry.may_link(c.kind, c.owner_division, c.post_id, c.owner_division, :starts_on::date) END
  RETURNING c.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.contact_as_shown(m::contact, :today::date, '[]', NULL) AS s
)

-- name: contact_hand_over :write contact shown_division
-- R-143: one ends and the next begins on the same day, of the same thread, in one step.
WITH target AS MATERIALIZED (
  SELECT c.* FROM contact c
   WHERE c.id = :id AND c.version = :version::integer AND c.status = ANY (:from_states::text[])
     AND CASE WHEN :on::date < c.starts_on OR :on::date >= c.ends_on THEN zeren.refuse('ZR005', 'on', 'a contact is handed over while it stands')
              WHEN coalesce(:post_id::uuid, :organisation_id::uuid) = coalesce(c.post_id, c.organisation_id)
                THEN zeren.refuse('ZR005', CASE WHEN c.post_id IS NULL THEN 'organisation_id' ELSE 'post_id' END, 'it is handed over to another')
              ELSE true END
), subject AS MATERIALIZED (
  SELECT s.* FROM target t, LATERAL registry.linked_subject(:post_id::uuid, :organisation_id::uuid) AS s
   WHERE registry.may_link(t.kind, t.owner_division, s.post_id, s.division, :on::date)
), made AS (
  UPDATE contact c SET status = :to_state::text, ends_on = :on::date, version = c.version + 1
    FROM target t, subject s WHERE c.id = t.id AND c.version = :version::integer AND c.status = ANY (:from_states::text[])
  RETURNING c.*
), begun AS (
  INSERT INTO contact (id, thread_id, follows_id, owner_division, at_division, kind, post_id, organisation_id, post_title, organisation_name, starts_on,
                       ends_on, clause_id, created_at)
  SELECT :new_id::uuid, m.thread_id, m.id, m.owner_division, m.at_division, m.kind, s.post_id, s.organisation_id, s.post_title, s.organisation_name, :on::date,
         t.ends_on, m.clause_id, :now::timestamptz
    FROM made m, target t, subject s
  RETURNING *
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id, note)
  SELECT 'contact', m.id, m.version, m.owner_division, 'hand_over', :now::timestamptz, :caller_post::uuid, :note FROM made m
   UNION ALL SELECT 'contact', b.id, b.version, b.owner_division, 'begin', :now::timestamptz, :caller_post::uuid, :note FROM begun b
  RETURNING record_id, position, verb, at, post_id, note, due_on
), also_changed AS (
  SELECT 'contact' AS kind, b.id, b.version, b.owner_division, to_jsonb(b) AS body FROM begun b
), changed AS (
  SELECT s.* FROM made m, begun b, LATERAL registry.contact_as_shown(m::contact, :today::date,
         (SELECT jsonb_agg(to_jsonb(l) - 'record_id') FROM logged l WHERE l.record_id = m.id), b.id) AS s
)

-- name: contact_end :write contact shown_division
-- R-144: its last day is the one before; one that ends on its first day never held.
WITH made AS (
  UPDATE contact c SET status = :to_state::text, ends_on = :on::date, version = c.version + 1
   WHERE c.id = :id AND c.version = :version::integer AND c.status = ANY (:from_states::text[])
     AND CASE WHEN :on::date < c.starts_on OR :on::date > c.ends_on THEN zeren.refuse('ZR005', 'on', 'a contact ends while it stands') ELSE true END
  RETURNING c.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id, note)
  SELECT 'contact', m.id, m.version, m.owner_division, 'end', :now::timestamptz, :caller_post::uuid, :note FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.contact_as_shown(m::contact, :today::date, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l), NULL) AS s
)
