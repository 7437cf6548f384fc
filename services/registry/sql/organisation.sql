-- Organisations: units that can answer for something.

-- name: organisation_get :one
SELECT id, owner_division, name, kind, line, created_at, version FROM organisation WHERE id = :id

-- name: organisation_list :page
-- Organisations of the caller's divisions and above, by division, kind, line or name.
-- sort: name, created_at
SELECT id, owner_division, name, kind, line, created_at, version
  FROM organisation
 WHERE (:division::text IS NULL OR owner_division = :division::text)
   AND (:kind::text IS NULL OR kind = :kind::text)
   AND (:line::text IS NULL OR line = :line::text)
   AND (:name_prefix::text IS NULL OR name ^@ :name_prefix::text)

-- name: organisation_insert :write organisation shown_division
-- R-007. R-015: who is limited to lines registers units of these or of none.
INSERT INTO organisation (id, owner_division, name, kind, line, created_at)
SELECT :new_id::uuid, registry.known_division(:owner_division::text, :today::date), :name::text, :kind::text, :line::text, :now::timestamptz
 WHERE registry.in_own_lines(:line::text)
RETURNING id, owner_division, name, kind, line, created_at, version

-- name: organisation_correct :write organisation shown_division
-- R-014: the line of a unit that stands on an item stays, for it decides who sees the item. Who is limited to lines corrects units of these or of none (I-024).
UPDATE organisation
   SET name = coalesce(:name, name), line = CASE WHEN :line_given::boolean THEN :line ELSE line END, version = version + 1
 WHERE id = :id AND version = :version::integer AND (zeren.lines() IS NULL OR line IS NULL OR line = ANY (zeren.lines()))
   AND (NOT :line_given::boolean OR registry.in_own_lines(:line::text))
   AND CASE WHEN NOT :line_given::boolean OR :line IS NOT DISTINCT FROM line THEN true
            WHEN EXISTS (SELECT FROM item i WHERE i.lead_organisation_id = organisation.id)
              OR EXISTS (SELECT FROM item i WHERE i.assist_organisation_ids @> ARRAY[organisation.id])
              THEN zeren.refuse('ZR003', 'line', 'the unit stands on items that its line shows to its departments')
            ELSE true END
RETURNING id, owner_division, name, kind, line, created_at, version

-- name: organisation_names :rows
-- Organisations of a division and below, for an import that names units.
SELECT id, name, owner_division, line FROM organisation
 WHERE owner_division >= :unit_lo::text AND owner_division < :unit_hi::text

-- name: organisation_import_check :rows
-- R-008: of each row of an import, by its number: is its division there, does it stand above with the same name, is the organisation there, and is it the same.
WITH given AS MATERIALIZED (
  SELECT g.n, g.division COLLATE "C" AS division, g.name COLLATE "C" AS name, g.kind COLLATE "C" AS kind, g.line COLLATE "C" AS line
    FROM jsonb_to_recordset(:rows::jsonb) AS g (n integer, division text, name text, kind text, line text)
)
SELECT g.n::text,
       EXISTS (SELECT FROM division d WHERE d.code = g.division AND d.valid_from <= :today::date AND d.valid_to > :today::date)::text AS known,
       (row_number() OVER (PARTITION BY g.division, g.name ORDER BY g.n) > 1)::text AS repeated, o.id::text AS id, (o.kind = g.kind)::text AS same_kind,
       (o.line IS NOT DISTINCT FROM g.line)::text AS same_line, (zeren.lines() IS NULL OR g.line IS NULL OR g.line = ANY (zeren.lines()))::text AS own_line
  FROM given g LEFT JOIN organisation o ON o.owner_division = g.division AND o.name = g.name
 ORDER BY g.n

-- name: organisation_import :write organisation_import
-- R-008: those that are not there, in one call; an audit row for each and one for the call.
WITH given AS MATERIALIZED (
  SELECT g.id, g.division, g.name, g.kind, g.line FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, division text, name text, kind text, line text)
), inserted AS (
  INSERT INTO organisation (id, owner_division, name, kind, line, created_at)
  SELECT g.id, g.division, g.name, g.kind, g.line, :now::timestamptz FROM given g
  RETURNING id, owner_division, name, kind, line, created_at, version
), also_changed AS (
  SELECT 'organisation' AS kind, i.id, i.version, i.owner_division, to_jsonb(i) AS body FROM inserted i
), changed AS (
  SELECT :new_id::uuid AS id, registry.common_division((SELECT array_agg(i.owner_division::text) FROM inserted i)) AS owner_division, :n_rows::integer AS rows,
         (SELECT count(*) FROM inserted) AS inserted, :n_rows::integer - (SELECT count(*) FROM inserted) AS unchanged, 1 AS version
)
