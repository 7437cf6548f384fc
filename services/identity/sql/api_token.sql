-- API tokens: named, with a part of what their post may do, an end, and the addresses they work from. The secret's digest comes in and never goes out.

-- name: api_token_list :page
-- sort: id
SELECT t.id, t.account_id, t.post_id, t.name, t.permissions, identity.codes_of(t.ranges) AS ranges, t.addresses, t.expires_at,
    t.last_used_at, t.last_used_address, t.revoked_at, t.created_at, t.version
  FROM api_token t
 WHERE t.account_id = coalesce(:account_id::uuid, :caller_account::uuid)
   AND (t.account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = t.account_id)))

-- name: api_token_probe :one
SELECT t.id, t.account_id, t.post_id, t.name, t.permissions, identity.codes_of(t.ranges) AS ranges, t.addresses, t.expires_at,
    t.last_used_at, t.last_used_address, t.revoked_at, t.created_at, t.version
  FROM api_token t
 WHERE t.id = :id::uuid
   AND (t.account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = t.account_id)))

-- name: api_token_owner :rows
SELECT t.account_id FROM api_token t WHERE t.id = :id::uuid

-- name: api_token_limits :rows
-- I-103: what asks for more than the caller's post may use now (the first of each), and how long a token may run. What makes an administrator needs a second
-- factor, which a token has none of.
SELECT (SELECT min(p.code) FROM unnest(:permissions::text[]) AS p (code)
         WHERE p.code <> ALL (:own_permissions::text[]) OR EXISTS (SELECT FROM permission q WHERE q.code = p.code
               AND q.admin_kind IS NOT NULL)) AS beyond_permission,
       (SELECT min(r.code) FROM unnest(:ranges::text[]) AS r (code)
         WHERE NOT EXISTS (SELECT FROM unnest(:own_ranges::text[]) AS o (prefix)
                            WHERE starts_with(identity.prefix_of(r.code), o.prefix))) AS beyond_range,
       (SELECT min(r.code) FROM unnest(:ranges::text[]) AS r (code) WHERE r.code !~ '^[0-9F][0-9A-Z]{11}$') AS wrong_range,
       (:expires_at::timestamptz <= :now::timestamptz)::text AS past,
       (:expires_at::timestamptz > :now::timestamptz + make_interval(days => d.days))::text AS too_long, d.days::text AS days
  FROM (SELECT zeren.setting_value('identity.api_token_days', '000000000000', extract(year FROM :today::date)::integer)::integer AS days) AS d

-- name: api_token_insert :write api_token
-- The member `token` is filled in behind this statement, so that no stored answer and no audit row has it.
WITH added AS (
  INSERT INTO api_token (id, account_id, post_id, name, digest, permissions, ranges, addresses, expires_at, created_at)
  SELECT :new_id::uuid, :caller_account::uuid, :caller_post::uuid, :name::text, :digest::bytea, :permissions::text[], identity.prefixes_of(:ranges::text[]),
         :address_ranges::text[],
         :expires_at::timestamptz, :now::timestamptz
   WHERE identity.check_token_maker(:caller_session::uuid)
  RETURNING id, account_id, post_id, name, permissions, identity.codes_of(ranges) AS ranges, addresses, expires_at,
    last_used_at, last_used_address, revoked_at, created_at, version
), changed AS (
  SELECT a.*, NULL::text AS token, coalesce((SELECT p.owner_division FROM post p WHERE p.id = a.post_id), '000000000000') AS owner_division FROM added a
)

-- name: api_token_shown_once :exec
-- What a repeated key is told in place of the answer: which token it made.
UPDATE idempotency SET status = 409, body = :shown_once::text, etag = NULL, location = NULL
 WHERE account_id = :caller_account::uuid AND key = :idempotency_key::text

-- name: api_token_revoke :write api_token
-- Once; the revocation reaches every service with its next poll.
WITH ended AS (
  UPDATE api_token t SET revoked_at = :now::timestamptz, version = t.version + 1
   WHERE t.id = :id::uuid AND t.revoked_at IS NULL
     AND (t.account_id = :caller_account::uuid OR (:may_end_others::boolean AND EXISTS (SELECT FROM account a WHERE a.id = t.account_id)))
  RETURNING t.id, t.account_id, t.post_id, t.name, t.permissions, identity.codes_of(t.ranges) AS ranges, t.addresses, t.expires_at,
    t.last_used_at, t.last_used_address, t.revoked_at, t.created_at, t.version
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM ended
  ON CONFLICT (subject_id, kind) DO NOTHING
), changed AS (
  SELECT e.*, coalesce((SELECT p.owner_division FROM post p WHERE p.id = e.post_id), '000000000000') AS owner_division FROM ended e
)
