-- Kinds of villages: of which kinds a village is, from when until when, and which kinds must have a work team.

-- name: village_kind_get :one
SELECT k.* FROM village_kind_shown k WHERE k.id = :id

-- name: village_kind_list :page
-- Of the caller's villages: by village, kind or a day on which it was so.
-- sort: created_at
SELECT k.* FROM village_kind_shown k
 WHERE ((k.owner_division >= :scope_lo::text AND k.owner_division < :scope_hi::text) OR k.owner_division = ANY ((SELECT zeren.ancestors())::text[]))
   AND (:division::text IS NULL OR k.owner_division = :division::text)
   AND (:kind::text IS NULL OR k.kind = :kind::text)
   AND (:as_of::date IS NULL OR (k.valid_from <= :as_of::date AND coalesce(k.valid_to, 'infinity') > :as_of::date))

-- name: village_kind_insert :write village_kind shown_division
-- R-160: of a village of today, once a kind in a period; a model may be a town (示范乡镇), too.
WITH wanted AS MATERIALIZED (
  SELECT CASE WHEN :kind::text IN ('model_province', 'model_city', 'model_county')
                   AND EXISTS (SELECT FROM division d WHERE d.code = :owner_division::text AND d.level = 4 AND d.valid_from <= :today::date AND d.valid_to > :today::date)
              THEN :owner_division::text ELSE registry.known_village(:owner_division::text, :today::date) END AS village, registry.known_clause(:clause_id::uuid) AS clause_id
), changed AS (
  INSERT INTO village_kind (id, owner_division, kind, valid_from, valid_to, clause_id, created_at)
  SELECT :new_id::uuid, w.village, :kind::text, :valid_from::date, coalesce(:valid_to::date, 'infinity'), w.clause_id, :now::timestamptz FROM wanted w
  RETURNING id, owner_division, registry.division_named(owner_division, valid_from) AS division_name, kind, valid_from, nullif(valid_to,
        'infinity') AS valid_to, clause_id,
            created_at, version
)

-- name: village_kind_end :write village_kind shown_division
-- R-160: from that day on it is no longer; once.
UPDATE village_kind k SET valid_to = :on::date, version = k.version + 1
 WHERE k.id = :id AND k.version = :version::integer
   AND CASE WHEN k.valid_to < 'infinity' THEN zeren.refuse('ZR003', NULL, format('the village is no longer of this kind since %s', k.valid_to)) ELSE true END
RETURNING id, owner_division, registry.division_named(owner_division, valid_from) AS division_name, kind, valid_from, nullif(valid_to,
      'infinity') AS valid_to, clause_id,
          created_at, version

-- name: village_kind_rule_list :page
-- For a division, of each kind the row of the nearest one above it.
-- sort: position
-- key: kind
SELECT r.id, r.kind, w.label, r.needs_team, r.position, r.owner_division, r.assumed, r.source, r.version
  FROM (SELECT DISTINCT ON (n.kind) n.* FROM village_kind_rule n
         WHERE registry.is_within(coalesce(:division::text, rpad(:scope_lo::text, 12, '0')), n.owner_division)
         ORDER BY n.kind, length(rtrim(n.owner_division, '0')) DESC) AS r
  LEFT JOIN zeren.dictionary_entry w ON w.dictionary = 'village_kind' AND w.code = r.kind

-- name: village_kind_rule_get :one
SELECT r.id, r.kind, (SELECT w.label FROM zeren.dictionary_entry w WHERE w.dictionary = 'village_kind' AND w.code = r.kind) AS label, r.needs_team, r.position, r.owner_division,
       r.assumed, r.source, r.version
  FROM village_kind_rule r WHERE r.id = :id

-- name: village_kind_rule_insert :write village_kind_rule shown_division
-- R-160: in the place that the country gives the kind.
INSERT INTO village_kind_rule (id, owner_division, kind, needs_team, position, assumed, source)
SELECT :new_id::uuid, registry.known_division(:owner_division::text, :today::date), :kind::text, :needs_team::boolean,
       (SELECT c.position FROM village_kind_rule c WHERE c.owner_division = '000000000000' AND c.kind = :kind::text), coalesce(:assumed::boolean, false), :source::text
RETURNING id, kind, (SELECT w.label FROM zeren.dictionary_entry w WHERE w.dictionary = 'village_kind' AND w.code = village_kind_rule.kind) AS label, needs_team, position, owner_division,
          assumed, source, version

-- name: village_kind_rule_change :write village_kind_rule shown_division
UPDATE village_kind_rule r
   SET needs_team = coalesce(:needs_team::boolean, r.needs_team), assumed = coalesce(:assumed::boolean, r.assumed), source = coalesce(:source::text, r.source), version = r.version + 1
 WHERE r.id = :id AND r.version = :version::integer AND r.owner_division::text <@ (SELECT zeren.scope())
RETURNING id, kind, (SELECT w.label FROM zeren.dictionary_entry w WHERE w.dictionary = 'village_kind' AND w.code = r.kind) AS label, needs_team, position, owner_division, assumed, source,
          version

-- name: village_kind_rule_withdraw :write village_kind_rule shown_division
DELETE FROM village_kind_rule r
 WHERE r.id = :id AND r.version = :version::integer AND r.owner_division::text <@ (SELECT zeren.scope()) AND registry.below_country(r.owner_division)
RETURNING id, kind, (SELECT w.label FROM zeren.dictionary_entry w WHERE w.dictionary = 'village_kind' AND w.code = r.kind) AS label, needs_team, position, owner_division, assumed, source,
          version + 1 AS version
