-- Classes of divisions and goals by stage. What is shown: division_class_as_shown(), stage_goal_as_shown() of migrations/0016.

-- name: division_class_get :one
SELECT s.* FROM division_class c, LATERAL registry.division_class_as_shown(c, :today::date) AS s WHERE c.id = :id

-- name: division_class_list :page
-- sort: division, created_at
SELECT s.* FROM division_class c, LATERAL registry.division_class_as_shown(c, :today::date) AS s
 WHERE ((c.owner_division >= :scope_lo::text AND c.owner_division < :scope_hi::text) OR c.owner_division = ANY (:ancestors::text[]))
   AND (:owner::text IS NULL OR c.owner_division = :owner::text)
   AND (:division::text IS NULL OR c.division = :division::text)
   AND (:class::text IS NULL OR c.class = :class::text)
   AND c.valid_from <= coalesce(:as_of::date, :today::date) AND c.valid_to > coalesce(:as_of::date, :today::date)

-- name: division_class_insert :write division_class shown_division
-- R-107: by a division above it; R-108: the class until then ends on the day that this one begins, and this one on the day that a later one does.
WITH wanted AS MATERIALIZED (
  SELECT registry.known_division(:owner_division::text, :today::date) AS owner_division, coalesce(:valid_from::date, :today::date) AS valid_from,
         CASE WHEN :clause_id::uuid IS NOT NULL THEN coalesce((SELECT c.id FROM document_clause c WHERE c.id = :clause_id::uuid), zeren.no_such('clause_id')) END AS clause_id
), parts AS MATERIALIZED (
  SELECT w.*, (SELECT min(c.valid_from) FROM division_class c
                WHERE c.owner_division = w.owner_division AND c.division = :division::text AND c.valid_from > w.valid_from) AS valid_to
    FROM wanted w
   WHERE CASE WHEN w.owner_division = :division::text OR NOT registry.is_within(:division::text, w.owner_division)
                THEN zeren.refuse('ZR005', 'division', 'a division classifies those below it')
              WHEN NOT EXISTS (SELECT FROM division d WHERE d.code = :division::text AND d.valid_from <= :today::date AND d.valid_to > :today::date)
                THEN zeren.refuse('ZR005', 'division', 'there is no such division')
              ELSE true END
), ended AS (
  UPDATE division_class c SET valid_to = p.valid_from, version = c.version + 1
    FROM parts p WHERE c.owner_division = p.owner_division AND c.division = :division::text AND c.valid_from < p.valid_from AND c.valid_to > p.valid_from
  RETURNING c.*
), made AS (
  INSERT INTO division_class (id, owner_division, division, class, valid_from, valid_to, clause_id, created_at)
  SELECT :new_id::uuid, p.owner_division, :division::text, :class, p.valid_from, coalesce(p.valid_to, 'infinity'), p.clause_id, :now::timestamptz FROM parts p
  RETURNING *
), also_changed AS (
  SELECT 'division_class' AS kind, e.id, e.version, e.owner_division, to_jsonb(e) AS body FROM ended e
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.division_class_as_shown(m::division_class, :today::date) AS s
)

-- name: division_class_end :write division_class shown_division
-- R-108.
WITH made AS (
  UPDATE division_class c SET valid_to = :on::date, version = c.version + 1
   WHERE c.id = :id AND c.version = :version::integer
     AND CASE WHEN c.valid_to <= :on::date THEN zeren.refuse('ZR003', 'on', 'the class has ended by then')
              WHEN :on::date <= c.valid_from THEN zeren.refuse('ZR005', 'on', 'a class ends after the day it begins')
              ELSE true END
  RETURNING c.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.division_class_as_shown(m::division_class, :today::date) AS s
)

-- name: stage_goal_get :one
SELECT s.* FROM stage_goal g, LATERAL registry.stage_goal_as_shown(g) AS s WHERE g.id = :id

-- name: stage_goal_list :page
-- R-109: of a division: what holds for it, by its class of today, for itself, or for all below the owner.
-- sort: by_year
SELECT s.* FROM stage_goal g, LATERAL registry.stage_goal_as_shown(g) AS s
 WHERE ((g.owner_division >= :scope_lo::text AND g.owner_division < :scope_hi::text) OR g.owner_division = ANY (:ancestors::text[]))
   AND (:by_year::smallint IS NULL OR g.by_year = :by_year::smallint)
   AND (:class::text IS NULL OR g.class = :class::text)
   AND (:division::text IS NULL
        OR (g.owner_division = ANY (registry.self_and_above(:division::text))
            AND CASE WHEN g.division IS NOT NULL THEN g.division = :division::text
                     WHEN g.class IS NOT NULL THEN g.class = registry.class_on(g.owner_division, :division::text, :today::date)
                     ELSE true END))

-- name: stage_goal_insert :write stage_goal shown_division
-- R-109.
WITH wanted AS MATERIALIZED (
  SELECT registry.known_division(:owner_division::text, :today::date) AS owner_division,
         CASE WHEN :clause_id::uuid IS NOT NULL THEN coalesce((SELECT c.id FROM document_clause c WHERE c.id = :clause_id::uuid), zeren.no_such('clause_id')) END AS clause_id
), parts AS MATERIALIZED (
  SELECT w.* FROM wanted w
   WHERE CASE WHEN :division::text IS NULL OR registry.is_within(:division::text, w.owner_division) THEN true
              ELSE zeren.refuse('ZR005', 'division', 'a division sets goals for itself and those below it') END
), made AS (
  INSERT INTO stage_goal (id, owner_division, class, division, by_year, position, text, target, unit_of_measure, clause_id, assumed, created_at)
  SELECT :new_id::uuid, p.owner_division, :class, :division::text, :by_year::smallint,
         coalesce(:position::integer, 1 + coalesce((SELECT max(g.position) FROM stage_goal g WHERE g.owner_division = p.owner_division AND g.by_year = :by_year::smallint), 0)),
         :text, :target::numeric, :unit_of_measure, p.clause_id, coalesce(:assumed::boolean, false), :now::timestamptz
    FROM parts p
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.stage_goal_as_shown(m::stage_goal) AS s
)

-- name: stage_goal_correct :write stage_goal shown_division
-- What it is for and by which year stays: another one is another goal.
WITH made AS (
  UPDATE stage_goal g
     SET position = coalesce(:position::integer, g.position), text = coalesce(:text, g.text), target = CASE WHEN :target_given::boolean THEN :target::numeric ELSE g.target END,
         unit_of_measure = CASE WHEN :unit_of_measure_given::boolean THEN :unit_of_measure ELSE g.unit_of_measure END, assumed = coalesce(:assumed::boolean, g.assumed),
         version = g.version + 1
   WHERE g.id = :id AND g.version = :version::integer
  RETURNING g.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.stage_goal_as_shown(m::stage_goal) AS s
)
