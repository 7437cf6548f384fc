-- Posts: positions in organisations.

-- name: post_get :one
SELECT id, owner_division, organisation_id, title, duty, role, created_at, version FROM post WHERE id = :id::uuid

-- name: post_own :one
-- As post_get, where the caller may change it: a post above the caller's divisions is read, never changed.
SELECT id, owner_division, organisation_id, title, duty, role, created_at, version FROM post
 WHERE id = :id::uuid AND owner_division::text <@ zeren.scope()

-- name: post_list :page
-- Posts of the caller's divisions and above, by organisation or duty.
-- sort: id
SELECT id, owner_division, organisation_id, title, duty, role, created_at, version
  FROM post
 WHERE (:organisation_id::uuid IS NULL OR organisation_id = :organisation_id::uuid)
   AND (:duty::text IS NULL OR duty = :duty::text)

-- name: post_insert :write post shown_division
-- A post belongs to its organisation's division; what it permits (role, ranges, lines) is not the client's to say.
WITH organisation AS (
  SELECT id, owner_division FROM registry_pub.organisation WHERE id = :organisation_id::uuid AND identity.organisation_in_own_lines(id)
), changed AS (
  INSERT INTO post (id, owner_division, organisation_id, title, duty, created_at)
  SELECT :new_id::uuid, (SELECT owner_division FROM organisation), coalesce((SELECT id FROM organisation), zeren.no_such('organisation_id')),
         :title::text, :duty::text, :now::timestamptz
  RETURNING id, owner_division, organisation_id, title, duty, role, created_at, version
)

-- name: post_correct :write post shown_division
UPDATE post SET title = coalesce(:title::text, title), version = version + 1
 WHERE id = :id::uuid AND version = :version::integer AND identity.organisation_in_own_lines(organisation_id)
RETURNING id, owner_division, organisation_id, title, duty, role, created_at, version
