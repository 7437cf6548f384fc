-- Machines that prove themselves with a key of their own (RFC 7523): their public keys, and the sessions that assertions open. Accounts and posts are scoped
-- rows: what an assertion reads of them it reads under the whole country, as a log-in does; each statement names the account or the key.

-- name: machine_key_list :page
-- sort: id
SELECT k.id, k.account_id, k.kid, k.public_pem AS public_key, k.created_at, k.retired_at, k.version
  FROM machine_key k
 WHERE k.account_id = :account_id::uuid AND EXISTS (SELECT FROM account a WHERE a.id = k.account_id)

-- name: machine_key_probe :one
SELECT k.id, k.account_id, k.kid, k.public_pem AS public_key, k.created_at, k.retired_at, k.version
  FROM machine_key k
 WHERE k.id = :id::uuid AND EXISTS (SELECT FROM account a WHERE a.id = k.account_id)

-- name: machine_key_insert :write machine_key
-- I-108, A-6: of an account of kind machine inside the scope, which acts nowhere beyond it. Whoever registers keys gives no posts.
WITH of AS MATERIALIZED (
  SELECT id, kind, owner_division FROM account WHERE id = :account_id::uuid
), allowed AS MATERIALIZED (
  SELECT CASE WHEN NOT EXISTS (SELECT FROM of) THEN zeren.no_such('account_id')
              WHEN (SELECT kind FROM of) <> 'machine' AND zeren.refuse('ZR005', 'account_id', 'only an account of kind machine has keys') THEN NULL
              WHEN NOT identity.check_account((SELECT id FROM of), NULL, :caller_account::uuid) THEN NULL
              ELSE (SELECT id FROM of) END AS account_id
), added AS (
  INSERT INTO machine_key (id, account_id, kid, public_pem, created_at)
  SELECT :new_id::uuid, account_id, :kid::text, :public_pem::text, :now::timestamptz FROM allowed
  RETURNING *
), changed AS (
  SELECT a.id, a.account_id, a.kid, a.public_pem AS public_key, a.created_at, a.retired_at, a.version, (SELECT owner_division FROM of) AS owner_division
         FROM added a
)

-- name: machine_key_retire :write machine_key
-- I-111: the key, and what it opened: those tokens are refused within a second.
WITH retired AS (
  UPDATE machine_key k SET retired_at = :now::timestamptz, version = k.version + 1
   WHERE k.id = :id::uuid AND k.retired_at IS NULL AND EXISTS (SELECT FROM account a WHERE a.id = k.account_id)
  RETURNING *
), ended AS (
  UPDATE session s SET ended_at = :now::timestamptz, ended_because = 'revoked', version = s.version + 1
    FROM retired k
   WHERE s.account_id = k.account_id AND s.factors = 'private_key ' || k.kid AND s.ended_at IS NULL AND s.expires_at > :now::timestamptz
  RETURNING s.id
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM ended
  ON CONFLICT (subject_id, kind) DO NOTHING
), changed AS (
  SELECT k.id, k.account_id, k.kid, k.public_pem AS public_key, k.created_at, k.retired_at, k.version,
         (SELECT a.owner_division FROM account a WHERE a.id = k.account_id) AS owner_division
    FROM retired k
)

-- name: machine_of_key :rows
-- Whose key that is, while both are in use, and what assertions may be like.
SELECT a.id, a.login, k.public_pem,
       zeren.setting_value('identity.assertion_seconds', '000000000000', extract(year FROM :today::date)::integer) AS seconds,
       zeren.setting_value('identity.assertion_skew_seconds', '000000000000', extract(year FROM :today::date)::integer) AS skew_s
  FROM machine_key k JOIN account a ON a.id = k.account_id
 WHERE k.kid = :kid::text AND k.retired_at IS NULL AND a.kind = 'machine' AND NOT a.disabled

-- name: machine_post :rows
-- The post it asks for, else the eldest of those the account may act in today.
SELECT p.id, p.organisation_id, p.owner_division, p.role, r.personal_data, r.epoch AS role_epoch, p.scope_lines::text AS lines,
       (SELECT string_agg(x.prefix || ',', '' ORDER BY x.prefix) FROM unnest(p.ranges) AS x (prefix)) AS ranges,
       (SELECT string_agg(x.prefix || ',', '' ORDER BY x.prefix) FROM unnest(identity.came_from(p.ranges, :today::date)) AS x (prefix)) AS former,
       (SELECT string_agg(rp.permission || ',', '' ORDER BY rp.permission) FROM role_permission rp WHERE rp.role = p.role AND rp.may_use) AS permissions
  FROM acting_post ap
  JOIN post p ON p.id = ap.post_id
  JOIN role r ON r.code = p.role
 WHERE ap.account_id = :of_account::uuid AND ap.starts_on <= :today::date AND :today::date < ap.ends_on
   AND (:post_id::uuid IS NULL OR p.id = :post_id::uuid)
 ORDER BY p.created_at, p.id LIMIT 1

-- name: machine_session_insert :rows
-- I-109, I-110: the assertion is taken once; no row: it was before, or key or account ended meanwhile. Assertions that have ended are forgotten a few at a
-- time.
WITH alive AS MATERIALIZED (
  SELECT a.id, a.epoch FROM account a JOIN machine_key k ON k.account_id = a.id
   WHERE a.id = :of_account::uuid AND NOT a.disabled AND k.kid = :kid::text AND k.retired_at IS NULL
), taken AS (
  INSERT INTO machine_assertion (account_id, jti_digest, expires_at)
  SELECT id, sha256(convert_to(:jti::text, 'UTF8')), :assertion_ends_at::timestamptz FROM alive
  ON CONFLICT (account_id, jti_digest) DO NOTHING
  RETURNING account_id
), forgotten AS (
  DELETE FROM machine_assertion o
   WHERE (o.account_id, o.jti_digest) IN (SELECT e.account_id, e.jti_digest FROM machine_assertion e WHERE e.expires_at < :now::timestamptz
                                           ORDER BY e.expires_at LIMIT 20 FOR UPDATE SKIP LOCKED)
), opened AS (
  INSERT INTO session (id, account_id, post_id, created_at, expires_at, factors, address)
  SELECT :new_id::uuid, account_id, :chosen_post::uuid, :now::timestamptz, :expires_at::timestamptz, 'private_key ' || :kid::text, :caller_address::text
         FROM taken
  RETURNING id, account_id, post_id, created_at, expires_at, factors, version
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, account_id, post_id, id, :caller_address::text, 'open_machine_session', 'session', id, version, :post_division::text,
         :request_id::text,
         to_jsonb(opened)
    FROM opened
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'open_machine_session', 'session', id, version, :post_division::text, :trace_id::text FROM opened
)
SELECT a.epoch FROM alive a, opened
