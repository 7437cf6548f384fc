-- Sessions as their accounts see them, their end, and how what is long over is forgotten.

-- name: session_list :page
-- The running sessions of the own account, or of another inside the own scope where the caller may end them.
-- sort: id
SELECT s.id, s.account_id, s.post_id, s.access_grant_id, s.device_id, (SELECT d.name FROM device d WHERE d.id = s.device_id) AS device_name, s.address,
       s.factors,
       s.created_at, s.used_at, s.expires_at, s.ended_at, s.ended_because, coalesce(s.id = :caller_session::uuid, false) AS current, s.version
  FROM session s
 WHERE s.account_id = coalesce(:account_id::uuid, :caller_account::uuid) AND s.ended_at IS NULL AND s.expires_at > :now::timestamptz
   AND (s.account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = s.account_id)))

-- name: session_end :write session
-- Once; the own account's, or with the permission one of an account inside the own scope (I-011). The revocation reaches every service with its next poll.
WITH ended AS (
  UPDATE session SET ended_at = :now::timestamptz, version = version + 1,
         ended_because = CASE WHEN account_id = :caller_account::uuid THEN 'logged_out' ELSE 'revoked' END
   WHERE id = :id::uuid AND ended_at IS NULL
     AND (account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = session.account_id)))
  RETURNING id, account_id, post_id, access_grant_id, device_id, address, factors, created_at, used_at, expires_at, ended_at, ended_because, version
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM ended
  ON CONFLICT (subject_id, kind) DO NOTHING
), changed AS (
  SELECT s.id, s.account_id, s.post_id, s.access_grant_id, s.device_id, (SELECT d.name FROM device d WHERE d.id = s.device_id) AS device_name, s.address,
         s.factors,
         s.created_at, s.used_at, s.expires_at, s.ended_at, s.ended_because, coalesce(s.id = :caller_session::uuid, false) AS current, s.version,
         coalesce((SELECT p.owner_division FROM post p WHERE p.id = s.post_id), '000000000000') AS owner_division
    FROM ended s
)

-- name: session_probe :one
SELECT s.id, s.account_id, s.post_id, s.ended_at, s.version FROM session s
 WHERE s.id = :id::uuid
   AND (s.account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = s.account_id)))

-- name: session_owner :rows
-- Whose session it is, where that account is inside the scope.
SELECT s.account_id FROM session s JOIN account a ON a.id = s.account_id WHERE s.id = :id::uuid

-- name: device_owner :rows
SELECT d.account_id FROM device d JOIN account a ON a.id = d.account_id WHERE d.id = :id::uuid

-- name: session_forget :rows
-- Sessions are kept for the record and then removed, one batch at a time.
WITH old AS (
  SELECT id FROM session
   WHERE expires_at < :now::timestamptz - make_interval(days => zeren.setting_value('identity.session_record_days', '000000000000',
                                                                                    extract(year FROM :now::timestamptz AT TIME ZONE 'Asia/Shanghai')::integer)::integer)
   ORDER BY expires_at LIMIT 500
), gone AS (
  DELETE FROM session s USING old WHERE s.id = old.id RETURNING 1
)
SELECT count(*)::text FROM gone

-- name: revocation_forget :rows
-- No access token runs for more than ten minutes; three times that, and nobody asks for its revocation any more.
WITH old AS (
  SELECT subject_id, kind FROM revocation WHERE at < now() - interval '30 minutes' ORDER BY at LIMIT 1000
), gone AS (
  DELETE FROM revocation r USING old WHERE r.at < now() - interval '30 minutes' AND (r.subject_id, r.kind) = (old.subject_id, old.kind) RETURNING 1
)
SELECT count(*)::text FROM gone

-- name: assertion_forget :rows
-- Assertions are remembered until they expire by themselves, and an hour more: the clocks of machines may be off (identity.assertion_skew_seconds).
WITH old AS (
  SELECT account_id, jti_digest FROM machine_assertion WHERE expires_at < :now::timestamptz - interval '1 hour' ORDER BY expires_at LIMIT 1000
), gone AS (
  DELETE FROM machine_assertion m USING old WHERE (m.account_id, m.jti_digest) = (old.account_id, old.jti_digest) RETURNING 1
)
SELECT count(*)::text FROM gone
