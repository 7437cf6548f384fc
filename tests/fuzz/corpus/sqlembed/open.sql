-- name: w :write item shown_division
WITH changed AS (UPDATE t SET a = :a RETURNING id), also_changed AS (SELECT 1)
-- name: e :exec
SELECT 'open