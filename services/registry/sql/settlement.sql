-- What stands below a village: natural villages, villagers' groups, grids (R-151); and how many households a division has to visit (R-154).

-- name: settlement_get :one
SELECT id, owner_division, kind, name, parent_id, valid_from, nullif(valid_to, 'infinity') AS valid_to, created_at, version FROM settlement WHERE id = :id

-- name: settlement_list :page
-- Natural villages, groups and grids in the caller's scope, by division, kind, name, parent or day.
-- sort: name, id
SELECT id, owner_division, kind, name, parent_id, valid_from, nullif(valid_to, 'infinity') AS valid_to, created_at, version
  FROM settlement
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:division::text IS NULL OR owner_division = :division::text)
   AND (:within::text IS NULL OR (owner_division >= registry.code_prefix(:within::text) AND owner_division < registry.code_prefix(:within::text) || '~'))
   AND (:kind::text IS NULL OR kind = :kind::text)
   AND (:parent_id::uuid IS NULL OR parent_id = :parent_id::uuid)
   AND (:name_prefix::text IS NULL OR name ^@ :name_prefix::text)
   AND (:as_of::date IS NULL OR (valid_from <= :as_of::date AND valid_to > :as_of::date))
   AND (:ids::uuid[] IS NULL OR id = ANY (:ids::uuid[]))

-- name: settlement_insert :write settlement shown_division
-- R-151: below a village that is there, and in a natural village of the same one.
WITH made AS (
  INSERT INTO settlement (id, owner_division, kind, name, parent_id, valid_from, valid_to, created_at)
  SELECT :new_id::uuid, registry.known_village(:owner_division, coalesce(:valid_from::date, :today::date)), :kind, :name, :parent_id::uuid,
         coalesce(:valid_from::date, :today::date), coalesce(:valid_to::date, 'infinity'), :now::timestamptz
   WHERE registry.may_stand_in(:parent_id::uuid, :owner_division)
  RETURNING *
), changed AS (
  SELECT id, owner_division::text, kind, name, parent_id, valid_from, nullif(valid_to, 'infinity') AS valid_to, created_at, version FROM made
)

-- name: settlement_correct :write settlement shown_division
WITH made AS (
  UPDATE settlement s
     SET name = coalesce(:name, s.name), parent_id = CASE WHEN :parent_id_given::boolean THEN :parent_id::uuid ELSE s.parent_id END,
         valid_from = coalesce(:valid_from::date, s.valid_from), valid_to = CASE WHEN :valid_to_given::boolean THEN coalesce(:valid_to::date,
           'infinity') ELSE s.valid_to END,
         version = s.version + 1
   WHERE s.id = :id AND s.version = :version::integer AND registry.may_stand_in(:parent_id::uuid, s.owner_division)
  RETURNING s.*
), changed AS (
  SELECT id, owner_division::text, kind, name, parent_id, valid_from, nullif(valid_to, 'infinity') AS valid_to, created_at, version FROM made
)

-- name: settlement_import_check :rows
-- R-155: what is wrong with the rows of a table, by row and column; then, without a row, how many are new.
WITH given AS MATERIALIZED (
  SELECT g.n, g.owner_division COLLATE "C" AS division, g.kind COLLATE "C" AS kind, g.name COLLATE "C" AS name, g.parent COLLATE "C" AS parent,
         coalesce(g.valid_from, :today::date) AS valid_from
    FROM jsonb_to_recordset(:rows::jsonb) AS g (n integer, owner_division text, kind text, name text, parent text, valid_from date)
), looked AS MATERIALIZED (
  SELECT g.*, d.level, o.id IS NULL AS is_new, row_number() OVER (PARTITION BY g.division, g.kind, g.name ORDER BY g.n) > 1 AS is_repeated,
         g.parent IS NOT NULL AND g.kind = 'natural_village' AS is_nested,
         g.parent IS NOT NULL AND p.id IS NULL AND NOT EXISTS (SELECT FROM given u WHERE u.division = g.division AND u.kind = 'natural_village'
           AND u.name = g.parent) AS lacks_parent,
         o.id IS NOT NULL AND g.parent IS NOT NULL AND o.parent_id IS DISTINCT FROM p.id AS is_elsewhere
    FROM given g
    LEFT JOIN LATERAL (SELECT c.level FROM division c WHERE c.code = g.division AND c.valid_from <= g.valid_from
      AND c.valid_to > g.valid_from LIMIT 1) AS d ON true
    LEFT JOIN LATERAL (SELECT s.id, s.parent_id FROM settlement s WHERE s.owner_division = g.division AND s.kind = g.kind AND s.name = g.name
      AND s.valid_to > g.valid_from
                        ORDER BY s.valid_from LIMIT 1) AS o ON true
    LEFT JOIN LATERAL (SELECT s.id FROM settlement s WHERE s.owner_division = g.division AND s.kind = 'natural_village' AND s.name = g.parent
      AND s.valid_to > g.valid_from
                        ORDER BY s.valid_from LIMIT 1) AS p ON true
)
SELECT l.n::text, f.in_column, f.code, f.detail
  FROM looked l, LATERAL (VALUES
         ('owner_division', 'unknown_division', 'There is no such village on that day.', l.level IS DISTINCT FROM 5), ('name', 'repeated',
           'This one stands above already.', l.is_repeated),
         ('parent', 'not_allowed', 'A natural village stands in no other.', l.is_nested), ('parent', 'unknown_place',
           'The village has no natural village of this name.', l.lacks_parent),
         ('parent', 'differs', 'It is there in another natural village, or in none.', l.is_elsewhere)) AS f (in_column, code, detail, is_so)
 WHERE f.is_so
 UNION ALL SELECT NULL, NULL, count(*)::text, NULL FROM looked WHERE is_new
 ORDER BY 1 NULLS LAST

-- name: settlement_import :write settlement_import
-- R-155: those that are not there, natural villages before what stands in them; an audit row for each and one for the call.
WITH given AS MATERIALIZED (
  SELECT g.id, g.owner_division COLLATE "C" AS division, g.kind COLLATE "C" AS kind, g.name COLLATE "C" AS name, g.parent COLLATE "C" AS parent,
         coalesce(g.valid_from, :today::date) AS valid_from
    FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, owner_division text, kind text, name text, parent text, valid_from date)
   WHERE NOT EXISTS (SELECT FROM settlement s WHERE s.owner_division = g.owner_division AND s.kind = g.kind COLLATE "C" AND s.name = g.name COLLATE "C"
                        AND s.valid_to > coalesce(g.valid_from, :today::date))
), inserted AS (
  INSERT INTO settlement (id, owner_division, kind, name, parent_id, valid_from, created_at)
  SELECT g.id, g.division, g.kind, g.name,
         CASE WHEN g.parent IS NOT NULL
              THEN coalesce((SELECT s.id FROM settlement s WHERE s.owner_division = g.division AND s.kind = 'natural_village' AND s.name = g.parent
                AND s.valid_to > g.valid_from
                              ORDER BY s.valid_from LIMIT 1),
                            (SELECT u.id FROM given u WHERE u.division = g.division AND u.kind = 'natural_village' AND u.name = g.parent LIMIT 1)) END,
         g.valid_from, :now::timestamptz
    FROM given g
  RETURNING *
), also_changed AS (
  SELECT 'settlement' AS kind, i.id, i.version, i.owner_division, to_jsonb(i) AS body FROM inserted i
), changed AS (
  SELECT :new_id::uuid AS id, registry.common_division((SELECT array_agg(i.owner_division::text) FROM inserted i)) AS owner_division, :n_rows::integer AS rows,
         (SELECT count(*) FROM inserted) AS inserted, 0 AS updated, :n_rows::integer - (SELECT count(*) FROM inserted) AS unchanged, 1 AS version
)
