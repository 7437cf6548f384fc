-- Posts change hands (proto/identity.md I-030 to I-037): the holders' dates, what the leaving person had for the post, and what the next one finds open, in one
-- statement. What leaving ends, and what a call that is taken back gives again, is in identity.leave_post() and identity.stay_in_post().

-- name: post_hand_over :write post shown_division
-- I-030 to I-035.
WITH present AS MATERIALIZED (
  SELECT * FROM identity.post_on(:id::uuid, :version::integer, :starts_on::date)
), allowed AS MATERIALIZED (
  SELECT s.* FROM present s
   WHERE CASE WHEN :starts_on::date < :today::date THEN zeren.refuse('ZR005', 'starts_on', 'a post is handed over today or on a day to come')
              WHEN s.next_starts_on = :starts_on::date THEN zeren.refuse('ZR003', 'starts_on', 'somebody takes the post over on that day already')
              WHEN s.leaving_person = :person_id::uuid THEN zeren.refuse('ZR005', 'person_id', 'this person holds the post on that day')
              ELSE identity.check_holding(s.id, :person_id::uuid, :caller_account::uuid, :caller_post::uuid) END
), taker AS MATERIALIZED (
  SELECT coalesce((SELECT n.id FROM person n WHERE n.id = :person_id::uuid), zeren.no_such('person_id')) AS id FROM allowed
), ended AS MATERIALIZED (
  SELECT e.* FROM allowed a, taker t,
         identity.leave_post(a.id, a.leaving_id, :starts_on::date, :today::date, :now::timestamptz, :caller_post::uuid, :reason::text) AS e
), taken AS (
  INSERT INTO holder (id, owner_division, post_id, person_id, starts_on, ends_on, former_ends_on, created_at)
  SELECT :new_id::uuid, a.owner_division, a.id, t.id, :starts_on::date, coalesce(a.next_starts_on, 'infinity'), CASE WHEN a.next_starts_on IS NOT NULL
         THEN 'infinity'::date END, :now::timestamptz
    FROM allowed a, taker t, (SELECT count(*) FROM ended) AS first_ended -- the days must be free when the row comes
  RETURNING id, owner_division, post_id, person_id, starts_on, ends_on, version
), raised AS (
  UPDATE post p SET version = p.version + 1 FROM allowed a WHERE p.id = a.id RETURNING p.id, p.owner_division, p.organisation_id, p.title, p.version
), also_changed AS (
  SELECT e.kind, e.id, e.version, e.owner_division, e.body, e.before, e.kind = 'account_post' AS deleted FROM ended e
   UNION ALL SELECT 'holder', t.id, t.version, t.owner_division, to_jsonb(t), NULL, false FROM taken t
), changed AS (
  SELECT r.id, r.owner_division, r.organisation_id, r.title, t.id AS holder_id, t.person_id, t.starts_on, nullif(t.ends_on, 'infinity') AS ends_on,
         a.leaving_person AS leaving_person_id, CASE WHEN a.leaving_id IS NOT NULL THEN :starts_on::date END AS left_on, a.vacant_since,
         w.open_items, w.open_assists, w.reports_waiting, w.items, identity.access_grants_of(r.id, :now::timestamptz, :starts_on::date) AS access_grants,
         identity.access_told(ARRAY(SELECT e.before FROM ended e WHERE e.kind = 'access_grant' ORDER BY e.id), :today::date) AS access_ended,
         (SELECT count(*) FROM ended e WHERE e.kind = 'api_token') AS api_tokens_ended,
         (SELECT count(*) FROM ended e WHERE e.kind = 'account_post') AS accounts_let_go, :reason::text AS reason, r.version
    FROM raised r JOIN allowed a ON a.id = r.id JOIN taken t ON t.post_id = r.id, LATERAL identity.open_work(r.organisation_id) AS w
)

-- name: post_vacate :write post shown_division
-- I-036: the post stands empty from a day on; what is open stays with it.
WITH present AS MATERIALIZED (
  SELECT * FROM identity.post_on(:id::uuid, :version::integer, :ends_on::date)
), allowed AS MATERIALIZED (
  SELECT s.* FROM present s
   WHERE CASE WHEN :ends_on::date < :today::date THEN zeren.refuse('ZR005', 'ends_on', 'a post is vacated today or on a day to come')
              WHEN s.leaving_id IS NULL THEN zeren.refuse('ZR003', 'ends_on', 'nobody holds the post before that day and on it')
              ELSE true END
), ended AS MATERIALIZED (
  SELECT e.* FROM allowed a,
         identity.leave_post(a.id, a.leaving_id, :ends_on::date, :today::date, :now::timestamptz, :caller_post::uuid, :reason::text) AS e
), raised AS (
  UPDATE post p SET version = p.version + 1 FROM allowed a WHERE p.id = a.id RETURNING p.id, p.owner_division, p.organisation_id, p.title, p.version
), also_changed AS (
  SELECT e.kind, e.id, e.version, e.owner_division, e.body, e.before, e.kind = 'account_post' AS deleted FROM ended e
), changed AS (
  SELECT r.id, r.owner_division, r.organisation_id, r.title, NULL::uuid AS holder_id, NULL::uuid AS person_id, NULL::date AS starts_on, NULL::date AS ends_on,
         a.leaving_person AS leaving_person_id, :ends_on::date AS left_on, :ends_on::date AS vacant_since,
         w.open_items, w.open_assists, w.reports_waiting, w.items, identity.access_grants_of(r.id, :now::timestamptz, :ends_on::date) AS access_grants,
         identity.access_told(ARRAY(SELECT e.before FROM ended e WHERE e.kind = 'access_grant' ORDER BY e.id), :today::date) AS access_ended,
         (SELECT count(*) FROM ended e WHERE e.kind = 'api_token') AS api_tokens_ended,
         (SELECT count(*) FROM ended e WHERE e.kind = 'account_post') AS accounts_let_go, :reason::text AS reason, r.version
    FROM raised r JOIN allowed a ON a.id = r.id, (SELECT count(*) FROM ended) AS first_ended, LATERAL identity.open_work(r.organisation_id) AS w
)

-- name: post_withdraw :write post shown_division
-- I-037: a hand-over or a vacancy of a day to come is called off. Whoever stays in the post is kept in it for longer, which is given like a post (I-035).
WITH present AS MATERIALIZED (
  SELECT * FROM identity.post_on(:id::uuid, :version::integer, :day::date)
), around AS MATERIALIZED (
  SELECT s.*, c.id AS coming_id, c.person_id AS coming_person, h.id AS staying_id, h.person_id AS staying_person
    FROM present s LEFT JOIN holder c ON c.post_id = s.id AND c.starts_on = :day::date
    LEFT JOIN holder h ON h.post_id = s.id AND h.ends_on = :day::date AND h.former_ends_on IS NOT NULL
), allowed AS MATERIALIZED (
  SELECT s.* FROM around s
   WHERE CASE WHEN :day::date <= :today::date THEN zeren.refuse('ZR005', 'day', 'only what is still to come is called off')
              WHEN s.coming_id IS NULL AND s.staying_id IS NULL THEN zeren.refuse('ZR003', 'day', 'the post is neither handed over nor vacated on that day')
              WHEN s.staying_id IS NULL THEN true
              ELSE identity.check_holding(s.id, s.staying_person, :caller_account::uuid, :caller_post::uuid) END
), restored AS MATERIALIZED (
  SELECT e.* FROM allowed a, identity.stay_in_post(a.id, :day::date) AS e
), raised AS (
  UPDATE post p SET version = p.version + 1 FROM allowed a WHERE p.id = a.id RETURNING p.id, p.owner_division, p.organisation_id, p.title, p.version
), also_changed AS (
  SELECT CASE e.kind WHEN 'coming' THEN 'holder' ELSE e.kind END AS kind, e.id, e.version, e.owner_division, e.body, e.before, e.kind = 'coming' AS deleted
    FROM restored e
), changed AS (
  SELECT r.id, r.owner_division, r.organisation_id, r.title, :day::date AS day, a.coming_id AS withdrawn_holder_id, a.coming_person AS withdrawn_person_id,
         a.staying_person AS person_id, nullif((SELECT (e.body ->> 'ends_on')::date FROM restored e WHERE e.kind = 'holder'), 'infinity') AS ends_on,
         (SELECT count(*) FROM restored e WHERE e.kind = 'access_grant') AS access_restored,
         (SELECT count(*) FROM restored e WHERE e.kind = 'api_token') AS api_tokens_restored, :reason::text AS reason, r.version
    FROM raised r JOIN allowed a ON a.id = r.id
)
