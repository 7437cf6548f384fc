-- Posts change hands (proto/identity.md I-030 to I-036): the holders' dates, what the leaving person's accounts had for the post, and what the next one finds open,
-- in one statement. The rights are locked before the post's row, as everywhere (identity.lock_rights()).

-- name: post_hand_over :write post shown_division
-- I-030 to I-035.
WITH present AS MATERIALIZED (
  SELECT p.id, p.owner_division, p.organisation_id FROM (SELECT count(*) AS n FROM identity.lock_rights()) AS rights, post p
   WHERE rights.n = 1 AND p.id = :id::uuid AND p.version = :version::integer AND p.owner_division::text <@ (SELECT zeren.scope())
     AND identity.organisation_in_own_lines(p.organisation_id) FOR NO KEY UPDATE OF p
), situation AS MATERIALIZED (
  SELECT p.*, (SELECT h.id FROM holder h WHERE h.post_id = p.id AND h.starts_on < :starts_on::date AND :starts_on::date < h.ends_on) AS leaving_id,
         (SELECT h.person_id FROM holder h WHERE h.post_id = p.id AND h.starts_on < :starts_on::date AND :starts_on::date < h.ends_on) AS leaving_person,
         (SELECT min(h.starts_on) FROM holder h WHERE h.post_id = p.id AND h.starts_on >= :starts_on::date) AS next_starts_on,
         (SELECT max(h.ends_on) FROM holder h WHERE h.post_id = p.id AND h.ends_on <= :starts_on::date) AS vacant_since
    FROM present p
), allowed AS MATERIALIZED (
  SELECT s.* FROM situation s
   WHERE CASE WHEN :starts_on::date < :today::date THEN zeren.refuse('ZR005', 'starts_on', 'a post is handed over today or on a day to come')
              WHEN s.next_starts_on = :starts_on::date THEN zeren.refuse('ZR003', 'starts_on', 'somebody takes the post over on that day already')
              WHEN s.leaving_person = :person_id::uuid THEN zeren.refuse('ZR005', 'person_id', 'this person holds the post on that day')
              ELSE identity.check_holding(s.id, :person_id::uuid, :caller_account::uuid, :caller_post::uuid) END
), taker AS MATERIALIZED (
  SELECT coalesce((SELECT n.id FROM person n WHERE n.id = :person_id::uuid), zeren.no_such('person_id')) AS id FROM allowed
), left_post AS (
  UPDATE holder h SET ends_on = :starts_on::date, version = h.version + 1 FROM allowed a WHERE h.id = a.leaving_id
  RETURNING h.id, h.owner_division, h.post_id, h.person_id, h.starts_on, h.ends_on, h.version
), taken AS (
  INSERT INTO holder (id, owner_division, post_id, person_id, starts_on, ends_on, created_at)
  SELECT :new_id::uuid, a.owner_division, a.id, t.id, :starts_on::date, coalesce(a.next_starts_on, 'infinity'), :now::timestamptz
    FROM allowed a, taker t, (SELECT count(*) FROM left_post) AS first_ended -- the days must be free when the row comes
  RETURNING id, owner_division, post_id, person_id, starts_on, ends_on, version
), let_go AS (
  DELETE FROM account_post ap USING allowed a WHERE ap.post_id = a.id AND ap.account_id = ANY (identity.accounts_of(a.leaving_person))
  RETURNING ap.account_id
), tokens AS (
  UPDATE api_token t
     SET revoked_at = CASE WHEN :starts_on::date <= :today::date THEN :now::timestamptz ELSE t.revoked_at END,
         expires_at = least(t.expires_at, :starts_on::date::timestamp AT TIME ZONE 'Asia/Shanghai'), version = t.version + 1
    FROM allowed a
   WHERE t.post_id = a.id AND t.revoked_at IS NULL AND t.expires_at > :now::timestamptz AND t.account_id = ANY (identity.accounts_of(a.leaving_person))
  RETURNING t.id, t.account_id, t.post_id, t.name, t.revoked_at, t.expires_at, t.version, a.owner_division
), told AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT t.id, 'session', now() FROM tokens t WHERE t.revoked_at IS NOT NULL
  ON CONFLICT (subject_id, kind) DO NOTHING
), raised AS (
  UPDATE post p SET version = p.version + 1 FROM allowed a WHERE p.id = a.id RETURNING p.id, p.owner_division, p.organisation_id, p.title, p.version
), also_changed AS (
  SELECT 'holder' AS kind, l.id, l.version, l.owner_division, to_jsonb(l) AS body, (SELECT to_jsonb(o) FROM holder o WHERE o.id = l.id) AS before FROM left_post l
   UNION ALL SELECT 'holder', t.id, t.version, t.owner_division, to_jsonb(t), NULL FROM taken t
   UNION ALL SELECT 'api_token', t.id, t.version, t.owner_division, to_jsonb(t), NULL FROM tokens t
), changed AS (
  SELECT r.id, r.owner_division, r.organisation_id, r.title, t.id AS holder_id, t.person_id, t.starts_on, nullif(t.ends_on, 'infinity') AS ends_on,
         l.person_id AS leaving_person_id, l.ends_on AS left_on, CASE WHEN l.id IS NULL THEN a.vacant_since END AS vacant_since,
         (SELECT count(*) FROM registry_pub.open_item i WHERE i.lead_organisation_id = r.organisation_id) AS open_items,
         (SELECT count(*) FROM registry_pub.open_item i WHERE i.assist_organisation_ids @> ARRAY[r.organisation_id]) AS open_assists,
         (SELECT coalesce(sum(i.reports_waiting), 0)::bigint FROM registry_pub.open_item i WHERE i.lead_organisation_id = r.organisation_id) AS reports_waiting,
         (SELECT coalesce(json_agg(i ORDER BY i.due_on, i.id), '[]')
            FROM (SELECT o.id, o.title, o.due_on, o.reports_waiting FROM registry_pub.open_item o WHERE o.lead_organisation_id = r.organisation_id
                   ORDER BY o.due_on, o.id LIMIT 200) AS i) AS items,
         identity.access_grants_of(r.id, :now::timestamptz) AS access_grants, (SELECT count(*) FROM tokens) AS api_tokens_ended,
         (SELECT count(*) FROM let_go) AS accounts_let_go, :reason::text AS reason, r.version
    FROM raised r JOIN allowed a ON a.id = r.id JOIN taken t ON t.post_id = r.id LEFT JOIN left_post l ON l.post_id = r.id
)

-- name: post_vacate :write post shown_division
-- I-036: the post stands empty from a day on; what is open stays with it.
WITH present AS MATERIALIZED (
  SELECT p.id, p.owner_division, p.organisation_id FROM (SELECT count(*) AS n FROM identity.lock_rights()) AS rights, post p
   WHERE rights.n = 1 AND p.id = :id::uuid AND p.version = :version::integer AND p.owner_division::text <@ (SELECT zeren.scope())
     AND identity.organisation_in_own_lines(p.organisation_id) FOR NO KEY UPDATE OF p
), situation AS MATERIALIZED (
  SELECT p.*, (SELECT h.id FROM holder h WHERE h.post_id = p.id AND h.starts_on < :ends_on::date AND :ends_on::date < h.ends_on) AS leaving_id,
         (SELECT h.person_id FROM holder h WHERE h.post_id = p.id AND h.starts_on < :ends_on::date AND :ends_on::date < h.ends_on) AS leaving_person
    FROM present p
), allowed AS MATERIALIZED (
  SELECT s.* FROM situation s
   WHERE CASE WHEN :ends_on::date < :today::date THEN zeren.refuse('ZR005', 'ends_on', 'a post is vacated today or on a day to come')
              WHEN s.leaving_id IS NULL THEN zeren.refuse('ZR003', 'ends_on', 'nobody holds the post before that day and on it')
              ELSE true END
), left_post AS (
  UPDATE holder h SET ends_on = :ends_on::date, version = h.version + 1 FROM allowed a WHERE h.id = a.leaving_id
  RETURNING h.id, h.owner_division, h.post_id, h.person_id, h.starts_on, h.ends_on, h.version
), let_go AS (
  DELETE FROM account_post ap USING allowed a WHERE ap.post_id = a.id AND ap.account_id = ANY (identity.accounts_of(a.leaving_person))
  RETURNING ap.account_id
), tokens AS (
  UPDATE api_token t
     SET revoked_at = CASE WHEN :ends_on::date <= :today::date THEN :now::timestamptz ELSE t.revoked_at END,
         expires_at = least(t.expires_at, :ends_on::date::timestamp AT TIME ZONE 'Asia/Shanghai'), version = t.version + 1
    FROM allowed a
   WHERE t.post_id = a.id AND t.revoked_at IS NULL AND t.expires_at > :now::timestamptz AND t.account_id = ANY (identity.accounts_of(a.leaving_person))
  RETURNING t.id, t.account_id, t.post_id, t.name, t.revoked_at, t.expires_at, t.version, a.owner_division
), told AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT t.id, 'session', now() FROM tokens t WHERE t.revoked_at IS NOT NULL
  ON CONFLICT (subject_id, kind) DO NOTHING
), raised AS (
  UPDATE post p SET version = p.version + 1 FROM allowed a WHERE p.id = a.id RETURNING p.id, p.owner_division, p.organisation_id, p.title, p.version
), also_changed AS (
  SELECT 'holder' AS kind, l.id, l.version, l.owner_division, to_jsonb(l) AS body, (SELECT to_jsonb(o) FROM holder o WHERE o.id = l.id) AS before FROM left_post l
   UNION ALL SELECT 'api_token', t.id, t.version, t.owner_division, to_jsonb(t), NULL FROM tokens t
), changed AS (
  SELECT r.id, r.owner_division, r.organisation_id, r.title, NULL::uuid AS holder_id, NULL::uuid AS person_id, NULL::date AS starts_on, NULL::date AS ends_on,
         l.person_id AS leaving_person_id, l.ends_on AS left_on, l.ends_on AS vacant_since,
         (SELECT count(*) FROM registry_pub.open_item i WHERE i.lead_organisation_id = r.organisation_id) AS open_items,
         (SELECT count(*) FROM registry_pub.open_item i WHERE i.assist_organisation_ids @> ARRAY[r.organisation_id]) AS open_assists,
         (SELECT coalesce(sum(i.reports_waiting), 0)::bigint FROM registry_pub.open_item i WHERE i.lead_organisation_id = r.organisation_id) AS reports_waiting,
         (SELECT coalesce(json_agg(i ORDER BY i.due_on, i.id), '[]')
            FROM (SELECT o.id, o.title, o.due_on, o.reports_waiting FROM registry_pub.open_item o WHERE o.lead_organisation_id = r.organisation_id
                   ORDER BY o.due_on, o.id LIMIT 200) AS i) AS items,
         identity.access_grants_of(r.id, :now::timestamptz) AS access_grants, (SELECT count(*) FROM tokens) AS api_tokens_ended,
         (SELECT count(*) FROM let_go) AS accounts_let_go, :reason::text AS reason, r.version
    FROM raised r JOIN left_post l ON l.post_id = r.id
)
