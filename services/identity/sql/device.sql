-- Devices that accounts register. An account sees its own; who may end sessions sees those of accounts inside the own scope.

-- name: device_list :page
-- sort: id
SELECT d.id, d.account_id, d.name, d.registered_at, d.last_used_at, d.revoked_at, d.version
  FROM device d
 WHERE d.account_id = coalesce(:account_id::uuid, :caller_account::uuid)
   AND (d.account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = d.account_id)))

-- name: device_get :one
SELECT d.id, d.account_id, d.name, d.registered_at, d.last_used_at, d.revoked_at, d.version
  FROM device d
 WHERE d.id = :id::uuid AND (d.account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = d.account_id)))

-- name: device_insert :write device
INSERT INTO device (id, account_id, name, registered_at)
VALUES (:new_id::uuid, :caller_account::uuid, :name::text, :now::timestamptz)
RETURNING id, account_id, name, registered_at, last_used_at, revoked_at, version,
          coalesce((SELECT p.owner_division FROM post p WHERE p.id = :caller_post::uuid), '000000000000') AS owner_division

-- name: device_hold :rows
-- A log-in for it that is under way is done then, and the statement that ends its sessions sees the one it made.
SELECT id FROM device WHERE id = :id::uuid AND (account_id = :caller_account::uuid OR :may_end_others::boolean) FOR NO KEY UPDATE

-- name: device_revoke :write device
-- Once; its sessions end with it, and their tokens within a second (I-012).
WITH gone AS (
  UPDATE device SET revoked_at = :now::timestamptz, version = version + 1
   WHERE id = :id::uuid AND revoked_at IS NULL
     AND (account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = device.account_id)))
  RETURNING id, account_id, name, registered_at, last_used_at, revoked_at, version
), ended AS (
  UPDATE session s SET ended_at = :now::timestamptz, ended_because = 'device_revoked', version = s.version + 1
    FROM gone WHERE s.device_id = gone.id AND s.ended_at IS NULL
  RETURNING s.id, s.account_id, s.post_id, s.device_id, s.ended_at, s.ended_because, s.version
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM ended
  ON CONFLICT (subject_id, kind) DO NOTHING
), kept_at AS (
  SELECT coalesce((SELECT p.owner_division FROM post p WHERE p.id = :caller_post::uuid), '000000000000') AS owner_division
), also_changed AS (
  SELECT 'session' AS kind, e.id, e.version, k.owner_division, to_jsonb(e) AS body FROM ended e, kept_at k
), changed AS (
  SELECT g.*, k.owner_division FROM gone g, kept_at k
)
