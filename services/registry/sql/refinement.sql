-- Monthly refinement of items: one a month and item, by its lead unit.

-- name: refinement_get :one
SELECT id, owner_division::text AS owner_division, at_division::text AS at_division, item_id, month, content, standard, organisation_id, post_id, refined_on, created_at,
       version
  FROM refinement WHERE id = :id

-- name: refinement_list :page
-- Refinements in the caller's scope, by item, unit, month or division.
-- sort: created_at
SELECT id, owner_division::text AS owner_division, at_division::text AS at_division, item_id, month, content, standard, organisation_id, post_id, refined_on, created_at,
       version
  FROM refinement
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:division::text IS NULL OR owner_division = :division::text)
   AND (:item_id::uuid IS NULL OR item_id = ANY ((SELECT registry.item_editions(:item_id::uuid))::uuid[]))
   AND (:organisation_id::uuid IS NULL OR organisation_id = :organisation_id::uuid)
   AND (:month::date IS NULL OR month = :month::date)

-- name: refinement_insert :write refinement shown_division lined
-- R-127: by the lead unit, of a list in force, for a month from that of the item's start on up to the next one.
WITH target AS MATERIALIZED (
  SELECT i.id, i.owner_division, i.at_division, i.lines, i.lead_organisation_id
    FROM item i JOIN duty_list l ON l.id = i.duty_list_id
   WHERE i.id = :item_id::uuid
     AND CASE WHEN i.lead_organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the lead unit refines this item')
              WHEN l.status <> 'in_force' THEN zeren.refuse('ZR003', NULL, 'items are refined while the list is in force; it is ' || l.status)
              WHEN extract(day FROM :month::date) <> 1 THEN zeren.refuse('ZR005', 'month', 'a month is named by its first day')
              WHEN :month::date < date_trunc('month', i.starts_on::timestamp)::date THEN zeren.refuse('ZR005', 'month', 'the item starts in a later month')
              WHEN :month::date > (date_trunc('month', :today::date::timestamp) + interval '1 month')::date
                THEN zeren.refuse('ZR005', 'month', 'an item is refined for the next month at most')
              ELSE true END
), changed AS (
  INSERT INTO refinement (id, owner_division, at_division, lines, item_id, month, content, standard, organisation_id, post_id, refined_on, created_at)
  SELECT :new_id::uuid, t.owner_division, t.at_division, t.lines, t.id, :month::date, :content, :standard, t.lead_organisation_id, :caller_post::uuid, :today::date,
         :now::timestamptz
    FROM target t
  RETURNING id, owner_division::text AS owner_division, at_division::text AS at_division, item_id, month, content, standard, organisation_id, post_id, refined_on,
            created_at, version, lines
)

-- name: refinement_correct :write refinement shown_division lined
-- R-127: by the unit that refined it, until the month is over.
UPDATE refinement r
   SET content = coalesce(:content, r.content), standard = CASE WHEN :standard_given::boolean THEN :standard ELSE r.standard END, version = r.version + 1
 WHERE r.id = :id AND r.version = :version::integer
   AND CASE WHEN r.organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the unit that refined it corrects it')
            WHEN :today::date >= (r.month + interval '1 month')::date THEN zeren.refuse('ZR003', NULL, 'the month is over')
            ELSE true END
RETURNING r.id, r.owner_division::text AS owner_division, r.at_division::text AS at_division, r.item_id, r.month, r.content, r.standard, r.organisation_id, r.post_id,
          r.refined_on, r.created_at, r.version, r.lines
