-- Monitoring lines: the yearly income a head at or below which a household is looked at. What is shown: monitoring.line_as_shown().

-- name: line_get :one
SELECT s.* FROM monitoring_line l, LATERAL monitoring.line_as_shown(l) AS s WHERE l.id = :id

-- name: line_list :page
-- sort: year, id
SELECT s.* FROM monitoring_line l, LATERAL monitoring.line_as_shown(l) AS s
 WHERE ((l.owner_division >= :scope_lo::text AND l.owner_division < :scope_hi::text) OR l.owner_division = ANY (:ancestors::text[]))
   AND (:division::text IS NULL OR l.owner_division = :division::text)
   AND (:year::smallint IS NULL OR l.year = :year::smallint)

-- name: line_holding :one
-- M-003, M-004: today in the year itself, on its last day in any other.
SELECT s.*
  FROM monitoring.line_on(:division::text, CASE WHEN extract(year FROM :today::date) = :year::integer THEN :today::date ELSE make_date(:year::integer, 12, 31) END) AS l,
       LATERAL monitoring.line_as_shown(l) AS s

-- name: line_insert :write monitoring_line shown_division
-- M-001, M-002.
WITH made AS (
  INSERT INTO monitoring_line (id, owner_division, year, amount, document_number, source, effective_from, assumed, created_at)
  SELECT :new_id::uuid, monitoring.known_division(:owner_division::text, :today::date), :year::smallint, :amount::numeric, :document_number, :source,
         coalesce(:effective_from::date, make_date(:year::integer, 1, 1)), coalesce(:assumed::boolean, false), :now::timestamptz
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.line_as_shown(m::monitoring_line) AS s
)

-- name: line_correct :write monitoring_line shown_division
WITH made AS (
  UPDATE monitoring_line l
     SET amount = coalesce(:amount::numeric, l.amount),
         document_number = CASE WHEN :document_number_given::boolean THEN :document_number ELSE l.document_number END,
         source = CASE WHEN :source_given::boolean THEN :source ELSE l.source END,
         effective_from = coalesce(:effective_from::date, l.effective_from), assumed = coalesce(:assumed::boolean, l.assumed), version = l.version + 1
   WHERE l.id = :id AND l.version = :version::integer
  RETURNING l.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.line_as_shown(m::monitoring_line) AS s
)
