-- People who hold posts.

-- name: person_get :one
SELECT id, owner_division, name, created_at, version FROM person WHERE id = :id::uuid

-- name: person_list :page
-- sort: id
SELECT id, owner_division, name, created_at, version
  FROM person
 WHERE (:name_prefix::text IS NULL OR name ^@ :name_prefix::text)

-- name: person_insert :write person shown_division
INSERT INTO person (id, owner_division, name, created_at)
VALUES (:new_id::uuid, :owner_division::text, :name::text, :now::timestamptz)
RETURNING id, owner_division, name, created_at, version
