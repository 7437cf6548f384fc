-- What is wanting in teams, and how far they cover the villages that need one (R-172).

-- name: team_gap_list :page
-- In a division and below, as of a day: team_gaps() of migrations/0019.
-- sort: owner_division
-- key: key
SELECT g.key, g.kind, g.owner_division, registry.division_named(g.owner_division, day.on_day) AS division_name, g.team_id, g.team_member_id,
       g.post_id, g.leave_id, g.since, g.words
  FROM (SELECT coalesce(:as_of::date, :today::date) AS on_day) AS day
 CROSS JOIN LATERAL (SELECT r.lo, r.hi FROM registry.reach_of(:division::text, day.on_day) AS r WHERE :division::text IS NOT NULL
                      UNION ALL SELECT :scope_lo::text, :scope_hi::text WHERE :division::text IS NULL) AS a
 CROSS JOIN LATERAL registry.team_gaps(a.lo, a.hi, day.on_day) AS g
 WHERE g.owner_division >= :scope_lo::text AND g.owner_division < :scope_hi::text
   AND (:kind::text IS NULL OR g.kind = :kind::text)

-- name: team_coverage :view
-- Of a division and below, as of a day.
WITH day AS (
  SELECT coalesce(:as_of::date, :today::date) AS day
), asked AS MATERIALIZED (
  SELECT r.lo, r.hi, d.day FROM day d, registry.reach_of(:division::text, d.day) AS r WHERE :division::text IS NOT NULL
   UNION ALL SELECT :scope_lo::text, :scope_hi::text, d.day FROM day d WHERE :division::text IS NULL
), needing AS MATERIALIZED (
  SELECT n.owner_division COLLATE "C" AS owner_division, n.kinds, n.needed FROM asked a, registry.village_needs(a.lo, a.hi, a.day) AS n
), served AS MATERIALIZED (
  SELECT v.owner_division, count(*) AS teams, array_agg(v.team_id) AS ids FROM asked a JOIN team_village v ON v.owner_division >= a.lo
        AND v.owner_division < a.hi
     AND v.starts_on <= a.day AND v.ends_on > a.day GROUP BY v.owner_division
), teams AS MATERIALIZED (
  SELECT DISTINCT i.id FROM served s, unnest(s.ids) AS i (id)
)
SELECT coalesce(:division::text, rpad(:scope_lo::text, 12, '0')) AS division, d.day AS as_of,
       (SELECT count(*) FROM teams) AS teams,
       (SELECT count(*) FROM team_member m WHERE m.team_id IN (SELECT t.id FROM teams t) AND m.starts_on <= d.day AND m.ends_on > d.day) AS members,
       (SELECT count(*) FROM served) AS villages_served, (SELECT count(*) FROM needing n WHERE n.needed) AS villages_needing,
       (SELECT count(*) FROM needing n WHERE n.needed AND EXISTS (SELECT FROM served s WHERE s.owner_division = n.owner_division)) AS villages_covered,
       (SELECT count(*) FROM served s WHERE s.teams > 1) AS villages_doubly_served,
       (SELECT coalesce(json_agg(json_build_object('kind', b.kind, 'villages', b.villages, 'covered', b.covered) ORDER BY b.kind), '[]')
          FROM (SELECT k.kind, count(*) AS villages, count(s.owner_division) AS covered
                  FROM needing n CROSS JOIN unnest(n.kinds) AS k (kind) LEFT JOIN served s ON s.owner_division = n.owner_division GROUP BY k.kind) AS b) AS kinds
  FROM day d
