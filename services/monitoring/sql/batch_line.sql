-- Monitoring lines as a table that goes out.

-- name: line_export :rows
SELECT jsonb_build_array(l.owner_division, l.year, l.effective_from)::text, l.owner_division::text, d.name, l.year::text, trim_scale(l.amount)::text,
       l.effective_from::text, l.document_number, l.source, CASE WHEN l.assumed THEN '是' ELSE '否' END, l.id::text
  FROM monitoring_line l
  LEFT JOIN LATERAL (SELECT c.name FROM registry_pub.division_name c WHERE c.code = l.owner_division AND c.valid_from <= :today::date AND c.valid_to > :today::date LIMIT 1) AS d ON true
 WHERE l.owner_division >= :scope_lo::text AND l.owner_division < :scope_hi::text
   AND (l.owner_division, l.year, l.effective_from) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::smallint, 0::smallint),
                                                       coalesce((:after::jsonb ->> 2)::date, '-infinity'::date))
   AND (:filters::jsonb ->> 'division' IS NULL OR l.owner_division ^@ rtrim(:filters::jsonb ->> 'division', '0'))
 ORDER BY l.owner_division, l.year, l.effective_from LIMIT :chunk::integer
