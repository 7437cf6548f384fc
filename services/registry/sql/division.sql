-- Divisions: five levels and functional areas, effective-dated.

-- name: division_get :one
-- The division of a code as it was on a day (default: today).
SELECT d.id, d.code, d.name, d.level, d.parent_code, d.kind, d.valid_from, nullif(d.valid_to, 'infinity') AS valid_to, d.predecessor_codes,
       (SELECT coalesce(json_agg(m.member_code ORDER BY m.member_code), '[]') FROM division_member m
         WHERE m.area_code = d.code AND m.valid_from <= coalesce(:as_of::date, :today::date) AND m.valid_to > coalesce(:as_of::date, :today::date)) AS member_codes,
       d.version
  FROM division d
 WHERE d.code = :code AND d.valid_from <= coalesce(:as_of::date, :today::date) AND d.valid_to > coalesce(:as_of::date, :today::date)

-- name: division_list :page
-- Divisions valid on a day, by parent, level, kind or beginning of the name.
-- sort: code, name
-- key: code
SELECT d.id, d.code, d.name, d.level, d.parent_code, d.kind, d.valid_from, nullif(d.valid_to, 'infinity') AS valid_to, d.predecessor_codes,
       (SELECT coalesce(json_agg(m.member_code ORDER BY m.member_code), '[]') FROM division_member m
         WHERE m.area_code = d.code AND m.valid_from <= coalesce(:as_of::date, :today::date) AND m.valid_to > coalesce(:as_of::date, :today::date)) AS member_codes,
       d.version
  FROM division d
 WHERE d.valid_from <= coalesce(:as_of::date, :today::date) AND d.valid_to > coalesce(:as_of::date, :today::date)
   AND (:parent_code::text IS NULL OR d.parent_code = :parent_code::text)
   AND (:level::smallint IS NULL OR d.level = :level::smallint)
   AND (:kind::text IS NULL OR d.kind = :kind::text)
   AND (:name_prefix::text IS NULL OR d.name ^@ :name_prefix::text)

-- name: division_unknown :rows
-- Which of these codes are no division on that day, in order.
SELECT c.code FROM unnest(:codes::text[]) AS c(code)
 WHERE NOT EXISTS (SELECT FROM division d WHERE d.code = c.code AND d.valid_from <= :valid_from::date AND d.valid_to > :valid_from::date)
 ORDER BY c.code COLLATE "C"

-- name: division_no_former :rows
-- R-016: which of these codes cannot end on that day, in order: no division the day before, or one that others stand below which do not end with it.
SELECT c.code, CASE WHEN d.code IS NULL THEN 'unknown' ELSE 'in_use' END AS why
  FROM unnest(:former_codes::text[]) AS c(code)
  LEFT JOIN division d ON d.code = c.code AND d.valid_from < :valid_from::date AND d.valid_to >= :valid_from::date
 WHERE d.code IS NULL OR EXISTS (SELECT FROM division b WHERE b.parent_code = c.code AND b.valid_from < :valid_from::date AND b.valid_to > :valid_from::date
                                                          AND NOT b.code = ANY (:former_codes::text[]))
 ORDER BY c.code COLLATE "C"

-- name: division_import :write division_import
-- Loads divisions valid from a day. One already there under the same name and parent stays as it is; one that differs is corrected when it began that
-- same day, and else ended there and succeeded by a new row. The members given with an area are all it has from that day on. R-016: a predecessor that is not in
-- the table itself ends there. One audit row for the whole call, and an event for each row that is new or another one now.
WITH incoming AS MATERIALIZED (
  SELECT r.id, r.code, r.name, r.level, r.parent_code, r.kind, r.members,
         ARRAY(SELECT p.code FROM jsonb_array_elements_text(coalesce(r.predecessors, '[]')) AS p (code) ORDER BY p.code) AS former
    FROM jsonb_to_recordset(:rows::jsonb) AS r(id uuid, code text, name text, level smallint, parent_code text, kind text, members jsonb, predecessors jsonb)
), former AS MATERIALIZED (
  UPDATE division d SET valid_to = :valid_from::date, version = d.version + 1
    FROM (SELECT DISTINCT f.code FROM incoming i, unnest(i.former) AS f (code)) AS f
   WHERE d.code = f.code AND d.valid_from < :valid_from::date AND d.valid_to > :valid_from::date AND NOT EXISTS (SELECT FROM incoming i WHERE i.code = f.code)
  RETURNING d.id, d.owner_division, d.version
), present AS MATERIALIZED (
  SELECT i.id AS new_id, d.id, d.valid_from, i.code,
         (d.name, d.parent_code, d.kind) IS NOT DISTINCT FROM (i.name, i.parent_code, i.kind) AND i.former <@ d.predecessor_codes AS same
    FROM incoming i JOIN division d ON d.code = i.code COLLATE "C" AND d.valid_from <= :valid_from::date AND d.valid_to > :valid_from::date
), corrected AS (
  UPDATE division d SET name = i.name, parent_code = i.parent_code, kind = i.kind, version = d.version + 1,
         predecessor_codes = d.predecessor_codes || ARRAY(SELECT f.code FROM unnest(i.former) AS f (code) WHERE NOT f.code = ANY (d.predecessor_codes))
    FROM present p JOIN incoming i ON i.code = p.code
   WHERE NOT p.same AND p.valid_from = :valid_from::date AND d.id = p.id
  RETURNING d.id, d.owner_division, d.version
), ended AS (
  UPDATE division d SET valid_to = :valid_from::date, version = d.version + 1
    FROM present p WHERE NOT p.same AND p.valid_from < :valid_from::date AND d.id = p.id
  RETURNING d.code, d.id, d.owner_division, d.version
), succeeded AS (
  INSERT INTO division (id, code, owner_division, name, level, parent_code, kind, valid_from, predecessor_codes)
  SELECT i.id, i.code, i.code, i.name, i.level, i.parent_code, i.kind, :valid_from::date, i.code || array_remove(i.former, i.code)
    FROM ended e JOIN incoming i ON i.code = e.code
  RETURNING id, owner_division, version
), inserted AS (
  INSERT INTO division (id, code, owner_division, name, level, parent_code, kind, valid_from, predecessor_codes)
  SELECT i.id, i.code, i.code, i.name, i.level, i.parent_code, i.kind, :valid_from::date, array_remove(i.former, i.code)
    FROM incoming i WHERE NOT EXISTS (SELECT FROM present p WHERE p.code = i.code)
  RETURNING id, owner_division, version
), left_out AS (
  UPDATE division_member m SET valid_to = :valid_from::date
    FROM incoming i
   WHERE m.area_code = i.code AND i.members IS NOT NULL AND NOT EXISTS (SELECT FROM jsonb_array_elements_text(i.members) AS k(code) WHERE k.code = m.member_code)
     AND m.valid_from <= :valid_from::date AND m.valid_to > :valid_from::date
), joined AS (
  INSERT INTO division_member (area_code, member_code, owner_division, valid_from)
  SELECT DISTINCT i.code, m.code, i.code, :valid_from::date
    FROM incoming i, jsonb_array_elements_text(i.members) AS m(code)
   WHERE i.members IS NOT NULL
     AND NOT EXISTS (SELECT FROM division_member o WHERE o.area_code = i.code AND o.member_code = m.code
                                                     AND o.valid_from <= :valid_from::date AND o.valid_to > :valid_from::date)
  ON CONFLICT (area_code, member_code, valid_from) DO UPDATE SET valid_to = 'infinity'
  RETURNING 1
), also_announced AS (
  SELECT 'division' AS kind, d.id, d.version, d.owner_division, '{}'::text[] AS lines
    FROM (SELECT id, version, owner_division FROM corrected UNION ALL SELECT id, version, owner_division FROM ended
          UNION ALL SELECT id, version, owner_division FROM former UNION ALL SELECT id, version, owner_division FROM succeeded UNION ALL SELECT id, version, owner_division FROM inserted) AS d
), changed AS (
  SELECT :new_id::uuid AS id, :batch_division::text AS owner_division, (SELECT count(*) FROM incoming) AS rows, (SELECT count(*) FROM inserted) AS inserted,
         (SELECT count(*) FROM corrected) + (SELECT count(*) FROM succeeded) AS changed,
         (SELECT count(*) FROM present WHERE same) AS unchanged, (SELECT count(*) FROM joined) AS members, 1 AS version
)
