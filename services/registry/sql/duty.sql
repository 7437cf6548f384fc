-- Duties: what a clause lays on whom. What is shown: duty_as_shown() of migrations/0016.

-- name: duty_get :one
SELECT s.* FROM duty d, LATERAL registry.duty_as_shown(d) AS s WHERE d.id = :id

-- name: duty_list :page
-- R-106: duties that bind on a day; a duty without a level binds every level, and those below its owner.
-- sort: created_at, id
SELECT s.* FROM duty d, LATERAL registry.duty_as_shown(d) AS s
 WHERE ((d.owner_division >= :scope_lo::text AND d.owner_division < :scope_hi::text) OR d.owner_division = ANY (:ancestors::text[]))
   AND (:division::text IS NULL OR d.owner_division = ANY (registry.self_and_above(:division::text)))
   AND (:level::smallint IS NULL OR d.level IS NULL OR d.level = :level::smallint)
   AND (:subject::text IS NULL OR d.subject = :subject::text)
   AND (:topic::text IS NULL OR d.topic = :topic::text)
   AND (:document_id::uuid IS NULL OR d.document_id = :document_id::uuid)
   AND (:clause_id::uuid IS NULL OR d.clause_id = :clause_id::uuid)
   AND d.valid_from <= coalesce(:as_of::date, :today::date) AND d.valid_to > coalesce(:as_of::date, :today::date)

-- name: duty_insert :write duty shown_division
-- R-106: it binds inside the time that its document holds.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT c.id FROM document_clause c WHERE c.id = :clause_id::uuid AND c.owner_division::text <@ (SELECT zeren.scope())), zeren.no_such('clause_id')) AS id
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT c.id, d.id AS document_id, d.owner_division, d.assumed, d.valid_from, d.valid_to, coalesce(:valid_from::date, d.valid_from) AS from_on,
         coalesce(:valid_to::date, d.valid_to) AS to_on
    FROM document_clause c JOIN document d ON d.id = c.document_id WHERE c.id = w.id FOR SHARE OF d) AS k
), parts AS MATERIALIZED (
  SELECT h.* FROM held h WHERE registry.binds_inside(h.from_on, h.to_on, h.valid_from, h.valid_to)
), made AS (
  INSERT INTO duty (id, owner_division, document_id, clause_id, number, title, level, subject, topic, assumed, valid_from, valid_to, created_at)
  SELECT :new_id::uuid, p.owner_division, p.document_id, p.id, :number, :title, :level::smallint, :subject, coalesce(:topic, 'general'), coalesce(:assumed::boolean, p.assumed),
         p.from_on, p.to_on, :now::timestamptz
    FROM parts p
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.duty_as_shown(m::duty) AS s
)

-- name: duty_correct :write duty shown_division
-- R-106.
WITH held AS MATERIALIZED (
  SELECT u.id, d.valid_from, d.valid_to, coalesce(:valid_from::date, u.valid_from) AS from_on,
         CASE WHEN :valid_to_given::boolean THEN coalesce(:valid_to::date, d.valid_to) ELSE u.valid_to END AS to_on
    FROM duty u JOIN document d ON d.id = u.document_id WHERE u.id = :id
), parts AS MATERIALIZED (
  SELECT h.* FROM held h WHERE registry.binds_inside(h.from_on, h.to_on, h.valid_from, h.valid_to)
), made AS (
  UPDATE duty u
     SET number = coalesce(:number, u.number), title = coalesce(:title, u.title), level = CASE WHEN :level_given::boolean THEN :level::smallint ELSE u.level END,
         subject = coalesce(:subject, u.subject), topic = coalesce(:topic, u.topic), assumed = coalesce(:assumed::boolean, u.assumed), valid_from = p.from_on,
         valid_to = p.to_on, version = u.version + 1
    FROM parts p WHERE u.id = p.id AND u.version = :version::integer
  RETURNING u.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.duty_as_shown(m::duty) AS s
)
