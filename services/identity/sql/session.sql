-- Log-in and log-out. Only login_posts reads a scoped table; the log-in sets the whole country for it (README).

-- name: login_account :rows
-- The account of a log-in name, with the seconds that it stays locked (NULL: it is not).
SELECT id, kind, CASE WHEN NOT disabled THEN password_hash END AS password_hash,
       CASE WHEN locked_until > :now::timestamptz THEN ceil(extract(epoch FROM locked_until - :now::timestamptz))::integer END AS locked_s
  FROM account
 WHERE login = :account::text

-- name: login_failed :rows
-- One more failure, counted in the row itself; the one that reaches the limit locks the account and starts the count anew.
WITH rule AS (
  SELECT zeren.setting_value('identity.lockout_failures', '000000000000', extract(year FROM :today::date)::integer)::integer AS failures,
         zeren.setting_value('identity.lockout_minutes', '000000000000', extract(year FROM :today::date)::integer)::integer AS minutes
), counted AS (
  UPDATE account a
     SET failures = CASE WHEN a.failures + 1 >= rule.failures THEN 0 ELSE a.failures + 1 END,
         locked_until = CASE WHEN a.failures + 1 >= rule.failures THEN :now::timestamptz + make_interval(mins => rule.minutes) END
    FROM rule
   WHERE a.id = :account_id::uuid AND (a.locked_until IS NULL OR a.locked_until <= :now::timestamptz)
  RETURNING a.id, a.version, a.locked_until
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, 'lock_account', 'account', id, version, '000000000000', :request_id::text, jsonb_build_object('locked_until', locked_until)
    FROM counted WHERE locked_until IS NOT NULL
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'lock_account', 'account', id, version, '000000000000', :trace_id::text FROM counted WHERE locked_until IS NOT NULL
)
SELECT count(*)::text AS counted FROM counted

-- name: login_posts :rows
-- The posts an account may act in, the eldest first, with what their roles permit; lists end every element with a comma.
SELECT p.id, p.title, p.organisation_id, p.owner_division, p.role, p.scope_lines::text AS lines,
       (SELECT string_agg(r.prefix || ',', '' ORDER BY r.prefix) FROM unnest(p.ranges) AS r (prefix)) AS ranges,
       (SELECT string_agg(rp.permission || ',', '' ORDER BY rp.permission) FROM role_permission rp WHERE rp.role = p.role) AS permissions
  FROM account_post ap
  JOIN post p ON p.id = ap.post_id
 WHERE ap.account_id = :account_id::uuid AND p.role IS NOT NULL
 ORDER BY p.created_at, p.id

-- name: session_insert :rows
-- The session of a right password, if the account is neither locked nor disabled by now; the count of failures ends.
WITH account_now AS (
  UPDATE account SET failures = 0, locked_until = NULL
   WHERE id = :account_id::uuid AND NOT disabled AND (locked_until IS NULL OR locked_until <= :now::timestamptz)
  RETURNING id, epoch
), opened AS (
  INSERT INTO session (id, account_id, post_id, created_at, expires_at)
  SELECT :new_id::uuid, id, :chosen_post::uuid, :now::timestamptz, :expires_at::timestamptz FROM account_now
  RETURNING id, account_id, post_id, created_at, expires_at, version
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, account_id, post_id, 'open_session', 'session', id, version, :post_division::text, :request_id::text, to_jsonb(opened)
    FROM opened
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'open_session', 'session', id, version, :post_division::text, :trace_id::text FROM opened
)
SELECT a.epoch FROM account_now a, opened

-- name: session_end :write session
-- Only a session of the caller's own account, once; the revocation reaches every service with its next poll.
WITH ended AS (
  UPDATE session SET ended_at = :now::timestamptz, version = version + 1
   WHERE id = :id::uuid AND account_id = :caller_account::uuid AND ended_at IS NULL
  RETURNING id, account_id, post_id, created_at, expires_at, ended_at, version
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM ended
  ON CONFLICT (subject_id, kind) DO NOTHING
), changed AS (
  SELECT e.*, coalesce((SELECT p.owner_division FROM post p WHERE p.id = e.post_id), '000000000000') AS owner_division FROM ended e
)

-- name: session_probe :one
SELECT id, account_id, post_id, created_at, expires_at, ended_at, version FROM session
 WHERE id = :id::uuid AND account_id = :caller_account::uuid

-- name: signing_key_insert :exec
INSERT INTO signing_key (kid, public_pem, jwk, created_at) VALUES (:kid::text, :public_pem::text, :jwk::json, :now::timestamptz) ON CONFLICT (kid) DO NOTHING

-- name: signing_key_set :view
-- RFC 7517: the keys that tokens may be signed with, as they were published.
SELECT coalesce(json_agg(jwk ORDER BY created_at, kid), '[]') AS keys FROM signing_key WHERE retired_at IS NULL
