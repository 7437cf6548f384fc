-- Accounts: who may sign in. What proves them is in proof.sql and never shown.

-- name: account_get :one
SELECT a.id, a.login, a.kind, a.person_id, a.owner_division, a.disabled, coalesce(c.must_change, false) AS must_change,
  c.totp_confirmed_at IS NOT NULL AS second_factor,
       a.created_at, a.version
  FROM account a LEFT JOIN credential c ON c.account_id = a.id WHERE a.id = :id::uuid

-- name: account_list :page
-- Accounts kept in the caller's divisions, by the beginning of the log-in name, person or being disabled.
-- sort: id
SELECT a.id, a.login, a.kind, a.person_id, a.owner_division, a.disabled, coalesce(c.must_change, false) AS must_change,
  c.totp_confirmed_at IS NOT NULL AS second_factor,
       a.created_at, a.version
  FROM account a LEFT JOIN credential c ON c.account_id = a.id
 WHERE (:login_prefix::text IS NULL OR a.login ^@ :login_prefix::text)
   AND (:person_id::uuid IS NULL OR a.person_id = :person_id::uuid)
   AND (:disabled::boolean IS NULL OR a.disabled = :disabled::boolean)

-- name: account_insert :write account shown_division
-- A-6, A-7. A person's begins with a password that must be changed; machines prove themselves by keys or tokens.
WITH allowed AS MATERIALIZED (
  SELECT identity.check_new_account(:kind::text, :person_id::uuid, :owner_division::text, :caller_account::uuid) AS ok
), added AS (
  INSERT INTO account (id, login, kind, person_id, owner_division, created_at)
  SELECT :new_id::uuid, :login::text, :kind::text, :person_id::uuid, :owner_division::text, :now::timestamptz FROM allowed WHERE ok
  RETURNING *
), proof AS (
  INSERT INTO credential (account_id, password_hash, password_set_at, must_change)
  SELECT id, :password_hash::text, :now::timestamptz, true FROM added WHERE :password_hash::text IS NOT NULL
  RETURNING account_id
), changed AS (
  SELECT a.id, a.login, a.kind, a.person_id, a.owner_division, a.disabled, EXISTS (SELECT FROM proof) AS must_change, false AS second_factor, a.created_at,
    a.version
    FROM added a
)

-- name: account_change :write account shown_division
-- A-2, A-6. Being disabled ends running tokens within a second (trigger disabled), and the sessions for good: who is let in again logs in again.
WITH seen AS MATERIALIZED (
  SELECT a.id, identity.check_account(a.id, NULL, :caller_account::uuid) AS ok FROM account a WHERE a.id = :id::uuid AND a.version = :version::integer
), updated AS (
  UPDATE account x SET disabled = coalesce(:disabled::boolean, x.disabled), version = x.version + 1
    FROM seen s WHERE x.id = s.id AND s.ok AND x.version = :version::integer
  RETURNING x.*
), ended AS (
  UPDATE session t SET ended_at = :now::timestamptz, ended_because = 'revoked', version = t.version + 1
    FROM updated u WHERE t.account_id = u.id AND u.disabled AND t.ended_at IS NULL
  RETURNING t.id, t.account_id, t.post_id, t.device_id, t.ended_at, t.ended_because, t.version
), also_changed AS (
  SELECT 'session' AS kind, e.id, e.version, u.owner_division, to_jsonb(e) AS body FROM ended e, updated u
), changed AS (
  SELECT u.id, u.login, u.kind, u.person_id, u.owner_division, u.disabled, coalesce(c.must_change, false) AS must_change,
    c.totp_confirmed_at IS NOT NULL AS second_factor,
         u.created_at, u.version
    FROM updated u LEFT JOIN credential c ON c.account_id = u.id
)

-- name: account_unlock :write account
-- A-2, A-6: failed log-ins of the name are forgotten.
WITH seen AS MATERIALIZED (
  SELECT a.id, a.version, a.owner_division, a.login, identity.check_account(a.id, NULL, :caller_account::uuid) AS ok FROM account a WHERE a.id = :id::uuid
), forgotten AS (
  DELETE FROM login_guard g USING seen s WHERE s.ok AND (g.name_digest = identity.guard_of_name(s.login) OR g.of_name = identity.guard_of_name(s.login))
  RETURNING g.locked_until
), changed AS (
  SELECT s.id, s.version, s.owner_division, EXISTS (SELECT FROM forgotten f WHERE f.locked_until > :now::timestamptz) AS was_locked FROM seen s WHERE s.ok
)

-- name: account_check :rows
-- A-2, A-6, before what proves an account is replaced.
SELECT a.id, a.kind, identity.check_account(a.id, NULL, :caller_account::uuid) AS ok FROM account a WHERE a.id = :id::uuid

-- name: account_told :exec
-- A password is shown once: whoever sends the same key again is told so (409), and of which account.
UPDATE idempotency SET status = 409, body = :told::text, etag = NULL, location = NULL WHERE account_id = :caller_account::uuid AND key = :idempotency_key::text
