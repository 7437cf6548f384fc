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
-- R-007.
INSERT INTO organisation (id, owner_division, name, kind, line, created_at)
VALUES (:new_id::uuid, registry.known_division(:owner_division::text, :today::date), :name, :kind, :line, :now::timestamptz)
RETURNING id, owner_division, name, kind, line, created_at, version

-- name: organisation_correct :write organisation shown_division
-- R-014: the line of a unit that stands on an item stays, for it decides who sees the item.
UPDATE organisation
   SET name = coalesce(:name, name), line = CASE WHEN :line_given::boolean THEN :line ELSE line END, version = version + 1
 WHERE id = :id AND version = :version::integer
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
