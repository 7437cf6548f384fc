-- A household in one answer: itself, who lives there, its blocks of a year, what the rules have found; now, or as it was recorded at the end of a day.

-- name: dossier :view
-- M-069. Findings are told as far as the caller may see them (M-108).
SELECT y.year, :as_of::date AS as_of,
       (SELECT row_to_json(s) FROM monitoring.household_as_shown(monitoring.once_a_household(w.h, k.day), k.day) AS s) AS household,
       (SELECT coalesce(json_agg(row_to_json(s) ORDER BY s.relation = 'head' DESC NULLS LAST, s.id), '[]')
          FROM member c, LATERAL (SELECT CASE WHEN :as_of::date IS NULL THEN c ELSE monitoring.once_a_member(monitoring.member_known_at(c, :as_of::date), k.day) END AS m
                              OFFSET 0) AS x,
               LATERAL monitoring.member_as_shown(x.m, k.day, :caller_may_person_locate::boolean) AS s
         WHERE c.household_id = :id::uuid
           AND CASE WHEN :as_of::date IS NULL THEN c.left_on IS NULL ELSE c.joined_on <= :as_of::date AND (c.left_on IS NULL
               OR c.left_on > :as_of::date) END) AS members,
       (SELECT coalesce(json_agg(row_to_json(s) ORDER BY s.id), '[]')
          FROM three_guarantees c, LATERAL (SELECT c.* WHERE :as_of::date IS NULL UNION ALL SELECT a.*
              FROM monitoring.three_guarantees_at(c.id, :as_of::date) AS a) AS x,
               LATERAL monitoring.three_guarantees_as_shown(ROW(x.*)::monitoring.three_guarantees) AS s
         WHERE c.household_id = :id::uuid AND c.year = y.year) AS three_guarantees,
       (SELECT coalesce(json_agg(row_to_json(s) ORDER BY s.id), '[]')
          FROM income c, LATERAL (SELECT c.* WHERE :as_of::date IS NULL UNION ALL SELECT a.* FROM monitoring.income_at(c.id, :as_of::date) AS a) AS x,
               LATERAL monitoring.income_as_shown(ROW(x.*)::monitoring.income) AS s
         WHERE c.household_id = :id::uuid AND c.year = y.year) AS incomes,
       (SELECT coalesce(json_agg(row_to_json(s) ORDER BY s.id), '[]')
          FROM living_conditions c, LATERAL (SELECT c.* WHERE :as_of::date IS NULL UNION ALL SELECT a.*
              FROM monitoring.living_conditions_at(c.id, :as_of::date) AS a) AS x,
               LATERAL monitoring.living_conditions_as_shown(ROW(x.*)::monitoring.living_conditions) AS s
         WHERE c.household_id = :id::uuid AND c.year = y.year) AS living_conditions,
       (SELECT coalesce(json_agg(row_to_json(s) ORDER BY s.found_on, s.id), '[]') FROM finding f, LATERAL monitoring.finding_as_shown(f) AS s
         WHERE f.household_id = :id::uuid
           AND CASE WHEN :as_of::date IS NULL THEN f.status = 'open' ELSE f.found_on <= :as_of::date AND (f.status = 'open' OR f.resolved_on > :as_of::date) END
           AND monitoring.may_see_finding(f.rule, f.member_id, :caller_may_health_read::boolean, :caller_may_minor_read::boolean, :today::date)) AS findings
  FROM (SELECT CASE WHEN :as_of::date IS NULL THEN (SELECT x FROM household x WHERE x.id = :id::uuid)
                    ELSE (SELECT x::monitoring.household FROM monitoring.household_at(:id::uuid, :as_of::date) AS x) END AS h OFFSET 0) AS w,
       (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date) AS day OFFSET 0) AS k,
       (SELECT coalesce(:year::integer, extract(year FROM coalesce(:as_of::date, :today::date))::integer) AS year OFFSET 0) AS y
 WHERE (w.h).id IS NOT NULL
