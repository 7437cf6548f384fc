-- Work teams: which villages they serve, from when until when. What is shown: team_as_shown() of migrations/0019.

-- name: team_get :one
SELECT s.* FROM team t, LATERAL registry.team_as_shown(t, NULL, NULL, coalesce(:as_of::date, :today::date)) AS s WHERE t.id = :id

-- name: team_list :page
-- Teams of the caller's divisions and above: by division, sender, village, state or a day on which they served.
-- sort: created_at
SELECT s.* FROM team t, LATERAL registry.team_as_shown(t, NULL, NULL, coalesce(:as_of::date, :today::date)) AS s
 WHERE ((t.owner_division >= :scope_lo::text AND t.owner_division < :scope_hi::text) OR t.owner_division = ANY ((SELECT zeren.ancestors())::text[]))
   AND (:division::text IS NULL OR t.owner_division = :division::text)
   AND (:sending_organisation_id::uuid IS NULL OR t.sending_organisation_id = :sending_organisation_id::uuid)
   AND (:status::text IS NULL OR t.status = :status::text)
   AND (:as_of::date IS NULL OR (t.starts_on <= :as_of::date AND t.ends_on > :as_of::date))
   AND (:village::text IS NULL OR t.id IN (SELECT v.team_id FROM team_village v
                                            WHERE v.owner_division = :village::text AND v.starts_on <= coalesce(:as_of::date, :today::date)
                                              AND v.ends_on > coalesce(:as_of::date, :today::date)))

-- name: team_insert :write team shown_division
-- R-161: of a county or a town, serving villages of that division from its first day on or later.
WITH given AS MATERIALIZED (
  SELECT v.division, coalesce(v.starts_on, :starts_on::date) AS starts_on FROM jsonb_to_recordset(:villages::jsonb) AS v (division text, starts_on date)
), wanted AS MATERIALIZED (
  SELECT registry.known_division(:owner_division::text, :today::date) AS division,
         registry.unit_named(:sending_organisation_id::uuid, 'sending_organisation_id') AS sender
), checked AS MATERIALIZED (
  SELECT w.division, w.sender,
         CASE WHEN registry.level_of(w.division) NOT IN (3, 4) THEN zeren.refuse('ZR005', 'owner_division', 'a team is kept by a county or a town')
              WHEN NOT EXISTS (SELECT FROM given) THEN zeren.refuse('ZR005', 'villages', 'a team serves one village at least')
              WHEN EXISTS (SELECT FROM given g WHERE NOT registry.is_village(g.division, :today::date) OR NOT registry.is_within(g.division, w.division))
                THEN zeren.refuse('ZR005', 'villages', 'a team serves villages of its own division')
              WHEN EXISTS (SELECT FROM given g WHERE g.starts_on < :starts_on::date) THEN zeren.refuse('ZR005', 'villages',
                    'no village is served before the team begins')
              ELSE true END AS fits
    FROM wanted w
), made AS (
  INSERT INTO team (id, owner_division, name, sending_organisation_id, starts_on, term_ends_on, created_at)
  SELECT :new_id::uuid, c.division, :name::text, c.sender, :starts_on::date, :term_ends_on::date, :now::timestamptz FROM checked c WHERE c.fits
  RETURNING *
), served AS (
  INSERT INTO team_village (owner_division, team_id, starts_on) SELECT g.division, m.id, g.starts_on FROM made m, given g
  RETURNING *
), logged AS MATERIALIZED (
  SELECT registry.log_step('team', m.id, m.version, m.owner_division, 'create', :now::timestamptz, :caller_post::uuid, NULL) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.team_as_shown(m::team, (SELECT jsonb_agg(to_jsonb(v)) FROM served v), (SELECT l.steps FROM logged l),
                                                         :today::date) AS s
)

-- name: team_correct :write team shown_division
-- R-161: while it serves.
WITH target AS MATERIALIZED (
  SELECT t.id, registry.unit_named(:sending_organisation_id::uuid, 'sending_organisation_id') AS sender FROM team t
   WHERE t.id = :id AND t.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN t.status <> 'serving' AND t.version = :version::integer THEN zeren.refuse('ZR003', NULL, 'the team has ended') ELSE true END
), made AS (
  UPDATE team t
     SET name = coalesce(:name::text, t.name), sending_organisation_id = CASE WHEN :sending_organisation_id_given::boolean THEN w.sender
           ELSE t.sending_organisation_id END,
         term_ends_on = CASE WHEN :term_ends_on_given::boolean THEN :term_ends_on::date ELSE t.term_ends_on END, version = t.version + 1
    FROM target w WHERE t.id = w.id AND t.version = :version::integer
  RETURNING t.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.team_as_shown(m::team, NULL, NULL, :today::date) AS s
)

-- name: team_assign_village :write team shown_division
-- R-161: one village more, from that day on.
WITH target AS MATERIALIZED (
  SELECT t.id FROM team t
   WHERE t.id = :id AND t.version = :version::integer AND t.status = ANY (:from_states::text[]) AND t.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN NOT registry.is_village(:division::text, :today::date) OR NOT registry.is_within(:division::text, t.owner_division)
                THEN zeren.refuse('ZR005', 'division', 'a team serves villages of its own division')
              WHEN :on::date < t.starts_on THEN zeren.refuse('ZR005', 'on', 'no village is served before the team begins')
              ELSE true END
), made AS (
  UPDATE team t SET status = :to_state::text, version = t.version + 1 FROM target w WHERE t.id = w.id AND t.version = :version::integer
  RETURNING t.*
), served AS (
  INSERT INTO team_village (owner_division, team_id, starts_on) SELECT :division::text, m.id, :on::date FROM made m
  RETURNING *
), logged AS MATERIALIZED (
  SELECT registry.log_step('team', m.id, m.version, m.owner_division, 'assign_village', :now::timestamptz, :caller_post::uuid,
                            :division::text) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.team_as_shown(m::team, (SELECT jsonb_agg(to_jsonb(v)) FROM served v), (SELECT l.steps FROM logged l),
                                                         :today::date) AS s
)

-- name: team_release_village :write team shown_division
-- R-161: from that day on it serves the village no more.
WITH target AS MATERIALIZED (
  SELECT t.id FROM team t
   WHERE t.id = :id AND t.version = :version::integer AND t.status = ANY (:from_states::text[]) AND t.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN NOT EXISTS (SELECT FROM team_village v WHERE v.team_id = t.id AND v.owner_division = :division::text AND v.starts_on < :on::date
           AND v.ends_on > :on::date)
                THEN zeren.refuse('ZR005', 'division', 'the team does not serve this village until that day') ELSE true END
), made AS (
  UPDATE team t SET status = :to_state::text, version = t.version + 1 FROM target w WHERE t.id = w.id AND t.version = :version::integer
  RETURNING t.*
), served AS (
  UPDATE team_village v SET ends_on = :on::date FROM made m
   WHERE v.team_id = m.id AND v.owner_division = :division::text AND v.starts_on < :on::date AND v.ends_on > :on::date
  RETURNING v.*
), logged AS MATERIALIZED (
  SELECT registry.log_step('team', m.id, m.version, m.owner_division, 'release_village', :now::timestamptz, :caller_post::uuid,
                            :division::text) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.team_as_shown(m::team, (SELECT jsonb_agg(to_jsonb(v)) FROM served v), (SELECT l.steps FROM logged l),
                                                         :today::date) AS s
)

-- name: team_end :write team shown_division
-- R-164: with it its service in villages and its members' service end, on the same day.
WITH target AS MATERIALIZED (
  SELECT t.id FROM team t
   WHERE t.id = :id AND t.version = :version::integer AND t.status = ANY (:from_states::text[]) AND t.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN :on::date <= t.starts_on THEN zeren.refuse('ZR005', 'on', 'a team''s last day comes after its first')
              WHEN EXISTS (SELECT FROM team_village v WHERE v.team_id = t.id AND v.starts_on >= :on::date)
                OR EXISTS (SELECT FROM team_member m WHERE m.team_id = t.id AND m.starts_on >= :on::date)
                THEN zeren.refuse('ZR005', 'on', 'a village or a member of the team begins on that day or later')
              ELSE true END
), made AS (
  UPDATE team t SET status = :to_state::text, ends_on = :on::date, version = t.version + 1 FROM target w WHERE t.id = w.id AND t.version = :version::integer
  RETURNING t.*
), served AS (
  UPDATE team_village v SET ends_on = :on::date FROM made m WHERE v.team_id = m.id AND v.ends_on > :on::date
  RETURNING v.*
), members AS (
  UPDATE team_member x SET status = 'ended', ends_on = :on::date, version = x.version + 1 FROM made m WHERE x.team_id = m.id AND x.ends_on > :on::date
  RETURNING x.*
), logged AS MATERIALIZED (
  SELECT registry.log_step('team', m.id, m.version, m.owner_division, 'end', :now::timestamptz, :caller_post::uuid, :decision_note::text) AS steps FROM made m
), members_logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id, note)
  SELECT 'team_member', x.id, x.version, x.owner_division, 'end', :now::timestamptz, :caller_post::uuid, :decision_note::text FROM members x
), also_changed AS (
  SELECT 'team_member' AS kind, x.id, x.version, x.owner_division, to_jsonb(x) AS body, (SELECT to_jsonb(o) FROM team_member o
        WHERE o.id = x.id) AS before FROM members x
), changed AS (
  SELECT s.id, s.owner_division, s.name, s.sending_organisation_id, s.sending_organisation, s.starts_on, s.term_ends_on, s.ends_on, s.status, s.villages,
         CASE WHEN m.ends_on > :today::date THEN s.members ELSE 0 END AS members, s.steps, s.created_at, s.version
    FROM made m, LATERAL registry.team_as_shown(m::team, (SELECT jsonb_agg(to_jsonb(v)) FROM served v), (SELECT l.steps FROM logged l), :today::date) AS s
)
