-- Log-in and log-out. Only login_posts reads a scoped table; the log-in sets the whole country for it (README).

-- name: login_account :rows
-- The account of a log-in name, if there is one, with the seconds that the name stays locked (NULL: it is not).
SELECT a.id, a.kind, CASE WHEN NOT a.disabled THEN a.password_hash END AS password_hash,
       CASE WHEN g.locked_until > :now::timestamptz THEN ceil(extract(epoch FROM g.locked_until - :now::timestamptz))::integer END AS locked_s
  FROM (SELECT sha256(convert_to(:account::text, 'UTF8')) AS name_digest) AS tried
  LEFT JOIN account a ON a.login = :account::text
  LEFT JOIN login_guard g ON g.name_digest = tried.name_digest

-- name: login_failed :rows
-- One more failure of a name, whether an account has it or not, counted in the row itself; the one that reaches the limit locks the name and starts the count
-- anew. Names not tried for a day are forgotten, a few at a time.
WITH rule AS (
  SELECT zeren.setting_value('identity.lockout_failures', '000000000000', extract(year FROM :today::date)::integer)::integer AS failures,
         zeren.setting_value('identity.lockout_minutes', '000000000000', extract(year FROM :today::date)::integer)::integer AS minutes
), counted AS (
  INSERT INTO login_guard AS g (name_digest, failures, locked_until, tried_at)
  SELECT sha256(convert_to(:account::text, 'UTF8')), CASE WHEN rule.failures <= 1 THEN 0 ELSE 1 END,
         CASE WHEN rule.failures <= 1 THEN :now::timestamptz + make_interval(mins => rule.minutes) END, :now::timestamptz FROM rule
  ON CONFLICT (name_digest) DO UPDATE
     SET failures = CASE WHEN g.failures + 1 >= (SELECT failures FROM rule) THEN 0 ELSE g.failures + 1 END,
         locked_until = CASE WHEN g.failures + 1 >= (SELECT failures FROM rule) THEN :now::timestamptz + make_interval(mins => (SELECT minutes FROM rule)) END,
         tried_at = EXCLUDED.tried_at
   WHERE g.locked_until IS NULL OR g.locked_until <= :now::timestamptz
  RETURNING g.locked_until
), forgotten AS (
  DELETE FROM login_guard WHERE name_digest IN (SELECT o.name_digest FROM login_guard o WHERE o.tried_at < :now::timestamptz - interval '1 day'
                                                   AND (o.locked_until IS NULL OR o.locked_until <= :now::timestamptz)
                                                 ORDER BY o.tried_at LIMIT 20 FOR UPDATE SKIP LOCKED)
), locked AS (
  SELECT a.id, a.version, c.locked_until FROM counted c JOIN account a ON a.login = :account::text WHERE c.locked_until IS NOT NULL
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, 'lock_account', 'account', id, version, '000000000000', :request_id::text, jsonb_build_object('locked_until', locked_until)
    FROM locked
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'lock_account', 'account', id, version, '000000000000', :trace_id::text FROM locked
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
-- The session of a right password, if the name is not locked and the account not disabled by now; the count of failures ends.
WITH tried AS (
  SELECT sha256(convert_to(:account::text, 'UTF8')) AS name_digest
), cleared AS (
  DELETE FROM login_guard g USING tried t
   WHERE g.name_digest = t.name_digest AND (g.locked_until IS NULL OR g.locked_until <= :now::timestamptz)
  RETURNING 1
), account_now AS (
  SELECT id, epoch FROM account
   WHERE id = :account_id::uuid AND NOT disabled
     AND (EXISTS (SELECT FROM cleared) OR NOT EXISTS (SELECT FROM login_guard g, tried t WHERE g.name_digest = t.name_digest))
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

-- name: signing_key_insert :rows
-- Publishes the key once, and says for how many milliseconds it has been there.
WITH added AS (
  INSERT INTO signing_key (kid, public_pem, jwk, created_at) VALUES (:kid::text, :public_pem::text, :jwk::json, :now::timestamptz) ON CONFLICT (kid) DO NOTHING
)
SELECT coalesce((SELECT (extract(epoch FROM :now::timestamptz - k.created_at) * 1000)::bigint FROM signing_key k WHERE k.kid = :kid::text), 0)::text AS age_ms

-- name: signing_key_set :view
-- RFC 7517: the keys that tokens may be signed with, as they were published.
SELECT coalesce(json_agg(jwk ORDER BY created_at, kid), '[]') AS keys FROM signing_key WHERE retired_at IS NULL
