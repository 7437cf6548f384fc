-- Access for a time: seen by those who keep the data.

-- name: access_grant_get :one
SELECT g.id, g.owner_division, g.post_id, identity.grantee(g.post_id, :today::date) AS grantee, g.permissions, g.reason, g.starts_at, g.ends_at, g.granted_by,
       g.ended_at, g.ended_by, g.end_reason, g.created_at, g.version
  FROM access_grant g WHERE g.id = :id::uuid

-- name: access_grant_list :page
-- Of the caller's divisions, by post, and whether they hold now.
-- sort: id
SELECT g.id, g.owner_division, g.post_id, identity.grantee(g.post_id, :today::date) AS grantee, g.permissions, g.reason, g.starts_at, g.ends_at, g.granted_by,
       g.ended_at, g.ended_by, g.end_reason, g.created_at, g.version
  FROM access_grant g
 WHERE (:post_id::uuid IS NULL OR g.post_id = :post_id::uuid)
   AND (:in_force::boolean IS NULL OR :in_force::boolean = (g.ended_at IS NULL AND g.starts_at <= :now::timestamptz AND :now::timestamptz < g.ends_at))

-- name: access_grant_insert :write access_grant shown_division
-- A-8.
WITH post_now AS MATERIALIZED (
  SELECT id FROM post WHERE id = :post_id::uuid
), wanted AS MATERIALIZED (
  SELECT coalesce((SELECT id FROM post_now), zeren.no_such('post_id')) AS post_id, coalesce(:starts_at::timestamptz, :now::timestamptz) AS starts_at
), allowed AS MATERIALIZED (
  SELECT w.*, identity.check_access(w.post_id, :owner_division::text, :permissions::text[], w.starts_at, :ends_at::timestamptz, :now::timestamptz,
    :caller_account::uuid,
                                    :caller_post::uuid) AS ok
    FROM wanted w
), changed AS (
  INSERT INTO access_grant (id, owner_division, post_id, permissions, reason, starts_at, ends_at, granted_by, created_at)
  SELECT :new_id::uuid, :owner_division::text, a.post_id, :permissions::text[], :reason::text, a.starts_at, :ends_at::timestamptz, :caller_post::uuid,
    :now::timestamptz
    FROM allowed a WHERE a.ok
  RETURNING id, owner_division, post_id, identity.grantee(post_id, :today::date) AS grantee, permissions, reason, starts_at, ends_at, granted_by, ended_at,
    ended_by,
            end_reason, created_at, version
)

-- name: access_grant_end :write access_grant shown_division
-- Once; its access tokens end within a second (trigger grant_ended).
UPDATE access_grant SET ended_at = :now::timestamptz, ended_by = :caller_post::uuid, end_reason = :reason::text, version = version + 1
 WHERE id = :id::uuid AND version = :version::integer
   AND CASE WHEN ended_at IS NOT NULL OR ends_at <= :now::timestamptz THEN zeren.refuse('ZR003', NULL, 'The access has ended already.') ELSE true END
RETURNING id, owner_division, post_id, identity.grantee(post_id, :today::date) AS grantee, permissions, reason, starts_at, ends_at, granted_by, ended_at,
  ended_by,
          end_reason, created_at, version
