-- Coverage (遍访): how much of what there is to visit was visited, out of the visits that exist (R-152, R-153); and how much there is (R-154). OFFSET 0: a span of codes
-- is looked up by an index; as a join the planner takes it for a ninth of the table and reads all of it.

-- name: coverage_get :view
-- R-152: different natural villages (a group or grid counts for the one it is in), households, and households in difficulty, of a division and below in a
-- year, by
-- one post or by whomever. R-153: natural villages are those that stand on the last day looked at; households what coverage_total() says.
WITH reach AS MATERIALIZED (
  SELECT r.* FROM registry.coverage_reach(:division, :year::integer, :today::date) AS r
), places AS MATERIALIZED (
  SELECT p.id
    FROM reach r, LATERAL (SELECT s.id FROM settlement s WHERE s.owner_division >= r.lo AND s.owner_division < r.hi AND s.kind = 'natural_village' AND s.valid_from <= r.on_day
                              AND s.valid_to > r.on_day OFFSET 0) AS p
), seen AS (
  SELECT DISTINCT coalesce(t.parent_id, t.id) AS id
    FROM reach r, LATERAL (SELECT x.target_id FROM visited x
                            WHERE x.year = :year::smallint AND x.kind = 'settlement' AND x.post_id = coalesce(:post_id::uuid, '00000000-0000-0000-0000-000000000000')
                              AND x.owner_division >= r.lo AND x.owner_division < r.hi OFFSET 0) AS v
    JOIN settlement t ON t.id = v.target_id
), figures AS (
  SELECT 1 AS position, 'natural_village' AS kind, nullif((SELECT count(*) FROM places), 0) AS to_visit, (SELECT count(*) FROM seen x
    JOIN places p ON p.id = x.id) AS visited
   UNION ALL
  SELECT k.position, k.kind, registry.coverage_total(:division, :year::integer, k.kind), registry.visited_count(:division, :year::integer, k.kind,
    :post_id::uuid, :today::date)
    FROM (VALUES (2, 'household'), (3, 'poor_household')) AS k (position, kind)
)
SELECT :division::text AS division, :year::integer AS year, :post_id::uuid AS post_id, (SELECT max(r.on_day) FROM reach r) AS as_of,
       (SELECT json_agg(json_build_object('kind', f.kind, 'to_visit', f.to_visit, 'visited', f.visited,
                                          'left', CASE WHEN f.to_visit IS NOT NULL THEN greatest(f.to_visit - f.visited, 0) END,
                                          'completion', CASE WHEN f.to_visit > 0 THEN trunc(100.0 * least(f.visited, f.to_visit) / f.to_visit,
                                            2)::numeric(5,2)::text END)
                        ORDER BY f.position)
          FROM figures f WHERE :kind::text IS NULL OR f.kind = :kind::text) AS figures

-- name: unvisited_settlement_list :page
-- R-152: natural villages of a division and below that nobody, or not that post, has visited in a year.
-- sort: name, id
WITH reach AS MATERIALIZED (
  SELECT r.* FROM registry.coverage_reach(:division, :year::integer, :today::date) AS r
), seen AS MATERIALIZED (
  SELECT DISTINCT coalesce(t.parent_id, t.id) AS id
    FROM reach r, LATERAL (SELECT x.target_id FROM visited x
                            WHERE x.year = :year::smallint AND x.kind = 'settlement' AND x.post_id = coalesce(:post_id::uuid, '00000000-0000-0000-0000-000000000000')
                              AND x.owner_division >= r.lo AND x.owner_division < r.hi OFFSET 0) AS v
    JOIN settlement t ON t.id = v.target_id
)
SELECT p.id, p.owner_division::text, p.name,
       (SELECT max(v.visited_on) FROM visit v WHERE v.settlement_id = p.id AND (:post_id::uuid IS NULL OR v.post_id = :post_id::uuid)) AS last_visited_on
  FROM reach r, LATERAL (SELECT s.id, s.owner_division, s.name FROM settlement s WHERE s.owner_division >= r.lo AND s.owner_division < r.hi AND s.kind = 'natural_village'
                            AND s.valid_from <= r.on_day AND s.valid_to > r.on_day OFFSET 0) AS p
 WHERE p.id NOT IN (SELECT x.id FROM seen x)

-- name: coverage_target_get :one
SELECT id, owner_division, year, kind, n, source, created_at, version FROM coverage_target WHERE id = :id

-- name: coverage_target_list :page
-- How many households there are to visit, by division, year or kind.
-- sort: year, id
SELECT id, owner_division, year, kind, n, source, created_at, version
  FROM coverage_target
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:division::text IS NULL OR owner_division = :division::text)
   AND (:within::text IS NULL OR (owner_division >= registry.code_prefix(:within::text) AND owner_division < registry.code_prefix(:within::text) || '~'))
   AND (:year::smallint IS NULL OR year = :year::smallint)
   AND (:kind::text IS NULL OR kind = :kind::text)

-- name: coverage_target_insert :write coverage_target shown_division
INSERT INTO coverage_target (id, owner_division, year, kind, n, source, created_at)
SELECT :new_id::uuid, registry.known_division(:owner_division, :today::date), :year::smallint, :kind, :n::integer, :source, :now::timestamptz
RETURNING id, owner_division, year, kind, n, source, created_at, version

-- name: coverage_target_correct :write coverage_target shown_division
UPDATE coverage_target t SET n = coalesce(:n::integer, t.n), source = coalesce(:source, t.source), version = t.version + 1
 WHERE t.id = :id AND t.version = :version::integer
RETURNING t.id, t.owner_division, t.year, t.kind, t.n, t.source, t.created_at, t.version

-- name: coverage_target_import_check :rows
-- R-155, as settlement_import_check; a row that is there with another number or source is new, too.
WITH given AS MATERIALIZED (
  SELECT g.n, g.owner_division COLLATE "C" AS division, g.year, g.kind COLLATE "C" AS kind, g.total, g.source
    FROM jsonb_to_recordset(:rows::jsonb) AS g (n integer, owner_division text, year smallint, kind text, total integer, source text)
), looked AS MATERIALIZED (
  SELECT g.n, (t.n, t.source) IS NOT DISTINCT FROM (g.total, g.source) AS is_same, row_number() OVER (PARTITION BY g.division, g.year, g.kind
    ORDER BY g.n) > 1 AS is_repeated,
         NOT EXISTS (SELECT FROM division d WHERE d.code = g.division AND d.valid_from <= :today::date AND d.valid_to > :today::date) AS is_unknown
    FROM given g LEFT JOIN coverage_target t ON t.owner_division = g.division AND t.year = g.year AND t.kind = g.kind
)
SELECT l.n::text, f.in_column, f.code, f.detail
  FROM looked l, LATERAL (VALUES ('owner_division', 'unknown_division', 'There is no such division today.', l.is_unknown),
                                 ('kind', 'repeated', 'This number stands above already.', l.is_repeated)) AS f (in_column, code, detail, is_so)
 WHERE f.is_so
 UNION ALL SELECT NULL, NULL, count(*)::text, NULL FROM looked WHERE NOT is_same
 ORDER BY 1 NULLS LAST

-- name: coverage_target_import :write coverage_target_import
WITH given AS MATERIALIZED (
  SELECT g.id, g.owner_division COLLATE "C" AS division, g.year, g.kind COLLATE "C" AS kind, g.total, g.source
    FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, owner_division text, year smallint, kind text, total integer, source text)
), updated AS (
  UPDATE coverage_target t SET n = g.total, source = g.source, version = t.version + 1
    FROM given g WHERE t.owner_division = g.division AND t.year = g.year AND t.kind = g.kind AND (t.n, t.source) IS DISTINCT FROM (g.total, g.source)
  RETURNING t.*
), inserted AS (
  INSERT INTO coverage_target (id, owner_division, year, kind, n, source, created_at)
  SELECT g.id, g.division, g.year, g.kind, g.total, g.source, :now::timestamptz FROM given g
   WHERE NOT EXISTS (SELECT FROM coverage_target t WHERE t.owner_division = g.division AND t.year = g.year AND t.kind = g.kind)
  RETURNING *
), touched AS (
  SELECT i.id, i.version, i.owner_division, to_jsonb(i) AS body FROM inserted i UNION ALL SELECT u.id, u.version, u.owner_division, to_jsonb(u) FROM updated u
), also_changed AS (
  SELECT 'coverage_target' AS kind, t.id, t.version, t.owner_division, t.body, (SELECT to_jsonb(o) FROM coverage_target o WHERE o.id = t.id) AS before
    FROM touched t
), changed AS (
  SELECT :new_id::uuid AS id, registry.common_division((SELECT array_agg(t.owner_division::text) FROM touched t)) AS owner_division, :n_rows::integer AS rows,
         (SELECT count(*) FROM inserted) AS inserted, (SELECT count(*) FROM updated) AS updated,
         :n_rows::integer - (SELECT count(*) FROM touched) AS unchanged, 1 AS version
)
