-- Members of work teams: posts that serve in one, from when until when, and who follows whom. What is shown: member_as_shown() of migrations/0019.

-- name: team_member_get :one
SELECT s.* FROM team_member m, LATERAL registry.member_as_shown(m, NULL, coalesce(:as_of::date, :today::date)) AS s WHERE m.id = :id

-- name: team_member_list :page
-- Members in the caller's divisions: by team, post, sender, division, state, term or a day on which they served.
-- sort: created_at
SELECT s.* FROM team_member m, LATERAL registry.member_as_shown(m, NULL, coalesce(:as_of::date, :today::date)) AS s
 WHERE ((m.owner_division >= :scope_lo::text AND m.owner_division < :scope_hi::text) OR m.owner_division = ANY ((SELECT zeren.ancestors())::text[]))
   AND (:division::text IS NULL OR m.owner_division = :division::text)
   AND (:team_id::uuid IS NULL OR m.team_id = :team_id::uuid)
   AND (:post_id::uuid IS NULL OR m.post_id = :post_id::uuid)
   AND (:sending_organisation_id::uuid IS NULL OR m.sending_organisation_id = :sending_organisation_id::uuid)
   AND (:status::text IS NULL OR m.status = :status::text)
   AND (:term_ends_before::date IS NULL OR (m.term_ends_on < :term_ends_before::date AND m.status = 'serving'))
   AND (:as_of::date IS NULL OR (m.starts_on <= :as_of::date AND m.ends_on > :as_of::date))

-- name: team_member_insert :write team_member shown_division
-- R-162: a post whose duty is in a team, of the team's division or below it; the team is held as the one that serves.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT t.id FROM team t WHERE t.id = :team_id::uuid AND t.owner_division::text <@ (SELECT zeren.scope())),
        zeren.no_such('team_id')) AS team_id,
         coalesce((SELECT p.post_id FROM identity_pub.post_title p WHERE p.post_id = :post_id::uuid AND p.owner_division <@ (SELECT zeren.scope())),
                  zeren.no_such('post_id')) AS post_id,
         registry.unit_named(:sending_organisation_id::uuid, 'sending_organisation_id') AS sender
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT t.id, t.owner_division, t.status, t.starts_on, t.sending_organisation_id FROM team t WHERE t.id = w.team_id FOR SHARE) AS k
), parts AS MATERIALIZED (
  SELECT t.id AS team_id, w.post_id, p.owner_division, p.duty, coalesce(w.sender, t.sending_organisation_id) AS sender
    FROM held t CROSS JOIN wanted w LEFT JOIN identity_pub.post_title p ON p.post_id = w.post_id
   WHERE CASE WHEN t.status <> 'serving' THEN zeren.refuse('ZR003', NULL, 'the team has ended')
              WHEN :starts_on::date < t.starts_on THEN zeren.refuse('ZR005', 'starts_on', 'no member serves before the team begins')
              ELSE registry.may_serve(p.duty, p.owner_division, t.owner_division) END
), made AS (
  INSERT INTO team_member (id, owner_division, team_id, post_id, role, sending_organisation_id, starts_on, term_ends_on, created_at)
  SELECT :new_id::uuid, p.owner_division, p.team_id, p.post_id, coalesce(:role::text, p.duty), p.sender, :starts_on::date, :term_ends_on::date,
        :now::timestamptz FROM parts p
  RETURNING *
), logged AS MATERIALIZED (
  SELECT registry.log_step('team_member', m.id, m.version, m.owner_division, 'join', :now::timestamptz, :caller_post::uuid, NULL) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.member_as_shown(m::team_member, (SELECT l.steps FROM logged l), :today::date) AS s
)

-- name: team_member_correct :write team_member shown_division
-- R-162: while it serves.
WITH target AS MATERIALIZED (
  SELECT m.id, registry.unit_named(:sending_organisation_id::uuid, 'sending_organisation_id') AS sender FROM team_member m
   WHERE m.id = :id AND m.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN m.status <> 'serving' AND m.version = :version::integer THEN zeren.refuse('ZR003', NULL, 'the member serves no more') ELSE true END
), made AS (
  UPDATE team_member m
     SET role = coalesce(:role::text, m.role), sending_organisation_id = CASE WHEN :sending_organisation_id_given::boolean THEN w.sender
           ELSE m.sending_organisation_id END,
         term_ends_on = CASE WHEN :term_ends_on_given::boolean THEN :term_ends_on::date ELSE m.term_ends_on END, version = m.version + 1
    FROM target w WHERE m.id = w.id AND m.version = :version::integer
  RETURNING m.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.member_as_shown(m::team_member, NULL, :today::date) AS s
)

-- name: team_member_end :write team_member shown_division
-- R-164.
WITH target AS MATERIALIZED (
  SELECT m.id FROM team_member m
   WHERE m.id = :id AND m.version = :version::integer AND m.status = ANY (:from_states::text[]) AND m.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN :on::date <= m.starts_on THEN zeren.refuse('ZR005', 'on', 'a member serves for a day at least') ELSE true END
), made AS (
  UPDATE team_member m SET status = :to_state::text, ends_on = :on::date, version = m.version + 1 FROM target w WHERE m.id = w.id
        AND m.version = :version::integer
  RETURNING m.*
), logged AS MATERIALIZED (
  SELECT registry.log_step('team_member', m.id, m.version, m.owner_division, 'end', :now::timestamptz, :caller_post::uuid,
                            :decision_note::text) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.member_as_shown(m::team_member, (SELECT l.steps FROM logged l), :today::date) AS s
)

-- name: team_member_rotate :write team_member shown_division
-- R-163: one ends and the next begins on the same day, in one step; in the same post when none is named, of the same sender when none is. The answer is who
-- follows.
WITH wanted AS MATERIALIZED (
  SELECT m.id, m.team_id, m.role, registry.unit_named(:sending_organisation_id::uuid, 'sending_organisation_id') AS sender, m.sending_organisation_id,
         coalesce((SELECT p.post_id FROM identity_pub.post_title p WHERE p.post_id = coalesce(:post_id::uuid, m.post_id)
               AND p.owner_division <@ (SELECT zeren.scope())),
                  zeren.no_such('post_id')) AS post_id
    FROM team_member m
   WHERE m.id = :id AND m.version = :version::integer AND m.status = ANY (:from_states::text[]) AND m.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN :on::date <= m.starts_on THEN zeren.refuse('ZR005', 'on', 'a member serves for a day at least') ELSE true END
), parts AS MATERIALIZED (
  SELECT w.*, p.owner_division, p.duty FROM wanted w LEFT JOIN team t ON t.id = w.team_id LEFT JOIN identity_pub.post_title p ON p.post_id = w.post_id
   WHERE CASE WHEN t.id IS NULL THEN false ELSE registry.may_serve(p.duty, p.owner_division, t.owner_division) END
), ended AS (
  UPDATE team_member m SET status = :to_state::text, ends_on = :on::date, version = m.version + 1 FROM parts p WHERE m.id = p.id
        AND m.version = :version::integer
  RETURNING m.*
), next AS (
  INSERT INTO team_member (id, owner_division, team_id, post_id, role, sending_organisation_id, starts_on, term_ends_on, follows_id, created_at)
  SELECT :new_id::uuid, p.owner_division, p.team_id, p.post_id, coalesce(:role::text, p.role), coalesce(p.sender, p.sending_organisation_id), e.ends_on,
         :term_ends_on::date, e.id, :now::timestamptz
    FROM ended e JOIN parts p ON p.id = e.id
  RETURNING *
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id, note)
  SELECT 'team_member', e.id, e.version, e.owner_division, 'rotate', :now::timestamptz, :caller_post::uuid, :decision_note::text FROM ended e
   UNION ALL SELECT 'team_member', n.id, n.version, n.owner_division, 'join', :now::timestamptz, :caller_post::uuid, NULL FROM next n
  RETURNING record_id, position, verb, at, post_id, note, due_on
), also_changed AS (
  SELECT 'team_member' AS kind, e.id, e.version, e.owner_division, to_jsonb(e) AS body, (SELECT to_jsonb(o) FROM team_member o
        WHERE o.id = e.id) AS before FROM ended e
), changed AS (
  SELECT s.* FROM next n, LATERAL registry.member_as_shown(n::team_member, (SELECT jsonb_agg(to_jsonb(l) - 'record_id') FROM logged l WHERE l.record_id = n.id),
                                                           :today::date) AS s
)
