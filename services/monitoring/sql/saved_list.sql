-- Saved lists: filters of households under a name. What is shown: saved_list_as_shown() of migrations/0008. A list is its post's; a shared one is read by
-- whoever is in
-- its division or below it (M-200, M-201).

-- name: saved_list_get :one
SELECT s.* FROM saved_list l, LATERAL monitoring.saved_list_as_shown(l) AS s WHERE l.id = :id::uuid AND (l.shared OR l.post_id = :caller_post::uuid)

-- name: saved_list_own :one
-- M-202: whose it is changes it.
SELECT s.* FROM saved_list l, LATERAL monitoring.saved_list_as_shown(l) AS s WHERE l.id = :id::uuid AND l.post_id = :caller_post::uuid

-- name: saved_list_list :page
-- sort: id, name
SELECT s.* FROM saved_list l, LATERAL monitoring.saved_list_as_shown(l) AS s
 WHERE ((l.owner_division >= :scope_lo::text AND l.owner_division < :scope_hi::text) OR l.owner_division = ANY (:ancestors::text[]))
   AND (l.shared OR l.post_id = :caller_post::uuid)
   AND (:own::boolean IS NULL OR (l.post_id = :caller_post::uuid) = :own::boolean)

-- name: saved_list_insert :write saved_list shown_division
-- masked: filters
-- M-200: of the caller's post, in its widest division or one that it names.
WITH made AS (
  INSERT INTO saved_list (id, owner_division, post_id, name, filters, shared, created_at)
  SELECT :new_id::uuid, coalesce(:owner_division::text, rpad(:scope_lo::text, 12, '0')), :caller_post::uuid, :name, jsonb_strip_nulls(:filters::jsonb),
         coalesce(:shared::boolean, false), :now::timestamptz
   WHERE CASE WHEN :caller_post::uuid IS NULL THEN zeren.refuse('ZR003', NULL, 'a list is saved by a post') ELSE true END
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.saved_list_as_shown(m::saved_list) AS s
)

-- name: saved_list_change :write saved_list shown_division
-- masked: filters
-- M-202: filters that are given take the place of those that are there.
WITH made AS (
  UPDATE saved_list l
     SET name = coalesce(:name, l.name), filters = coalesce(jsonb_strip_nulls(:filters::jsonb), l.filters), shared = coalesce(:shared::boolean, l.shared),
         version = l.version + 1
   WHERE l.id = :id::uuid AND l.version = :version::integer AND l.post_id = :caller_post::uuid
  RETURNING l.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.saved_list_as_shown(m::saved_list) AS s
)

-- name: saved_list_delete :write saved_list shown_division
-- masked: filters
WITH made AS (
  DELETE FROM saved_list l WHERE l.id = :id::uuid AND l.version = :version::integer AND l.post_id = :caller_post::uuid
  RETURNING l.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.saved_list_as_shown(m::saved_list) AS s
)

-- name: saved_list_filters :rows
-- M-203: each filter by its name; one row without any where there is none.
SELECT f.name, f.value
  FROM saved_list l LEFT JOIN LATERAL jsonb_each_text(l.filters) AS f (name, value) ON true
 WHERE l.id = :id::uuid AND (l.shared OR l.post_id = :caller_post::uuid)
