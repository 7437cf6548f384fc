-- Figures of the archive: folded by the worker, read by the service.

-- name: archive_fold :rows
-- M-195: what was committed when this statement began is in the figures when it ends; a batch at a time, so that none runs long.
WITH batch AS MATERIALIZED (
  SELECT d.id FROM archive_delta d ORDER BY d.id LIMIT :batch::integer
), taken AS (
  DELETE FROM archive_delta d USING batch b WHERE d.id = b.id RETURNING d.*
), summed AS (
  SELECT (6 - a.n)::smallint AS level, a.code, t.measure, t.key, t.day, sum(t.households) AS households, sum(t.members) AS members,
      sum(t.monitored) AS monitored,
         sum(t.eliminated) AS eliminated, sum(t.unconfirmed) AS unconfirmed, sum(t.findings) AS findings, sum(t.findings_of_health) AS findings_of_health,
         sum(t.findings_of_minors) AS findings_of_minors
    FROM taken t, LATERAL unnest(zeren.self_and_above(t.owner_division)) WITH ORDINALITY AS a (code, n)
   GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
), folded AS (
  INSERT INTO archive_rollup AS r (level, owner_division, measure, key, day, households, members, monitored, eliminated, unconfirmed, findings, findings_of_health, findings_of_minors)
  SELECT s.* FROM summed s WHERE greatest(abs(s.households), abs(s.members), abs(s.monitored), abs(s.eliminated), abs(s.unconfirmed), abs(s.findings), abs(s.findings_of_health),
      abs(s.findings_of_minors)) > 0
      ON CONFLICT ON CONSTRAINT archive_rollup_pkey
      DO UPDATE SET households = r.households + excluded.households, members = r.members + excluded.members, monitored = r.monitored + excluded.monitored,
                    eliminated = r.eliminated + excluded.eliminated, unconfirmed = r.unconfirmed + excluded.unconfirmed,
                        findings = r.findings + excluded.findings, findings_of_health = r.findings_of_health + excluded.findings_of_health,
                        findings_of_minors = r.findings_of_minors + excluded.findings_of_minors
), told AS (
  INSERT INTO rollup_fold AS f (kind, as_of) SELECT 'archive', statement_timestamp() WHERE (SELECT count(*) FROM taken) < :batch::integer
      ON CONFLICT (kind) DO UPDATE SET as_of = excluded.as_of
       WHERE f.as_of < excluded.as_of - interval '5 seconds' -- by time alone: M-139
)
SELECT count(*)::text AS taken FROM taken

-- name: archive_figures :view
-- M-108: findings that tell of health or of school are counted for who may see them.
-- M-196, M-197: of a division as it is kept for it; of a scope that is no one division (a county with former codes outside it) of each that it is made of. The divisions next below
-- are kept alike.
WITH asked AS MATERIALIZED (
  SELECT coalesce(:as_of::date, :today::date) AS on_day,
         coalesce(:division::text, CASE WHEN :scope_hi::text = :scope_lo::text || '~' THEN rpad(:scope_lo::text, 12, '0') END) AS division
), several AS MATERIALIZED (
  SELECT g.prefix, g.code, monitoring.level_in_tree(g.code) AS level FROM (SELECT lower(u.r) AS prefix, rpad(lower(u.r), 12, '0') AS code FROM unnest((SELECT zeren.scope())) AS u (r)) AS g
   WHERE coalesce(:division::text, CASE WHEN :scope_hi::text = :scope_lo::text || '~' THEN rpad(:scope_lo::text, 12, '0') END) IS NULL
), kept AS MATERIALIZED (
  SELECT r.level, r.owner_division, r.measure, r.key, r.households, r.members, r.monitored, r.eliminated, r.unconfirmed,
         r.findings + CASE WHEN :caller_may_health_read::boolean THEN r.findings_of_health ELSE 0 END
           + CASE WHEN :caller_may_minor_read::boolean THEN r.findings_of_minors ELSE 0 END AS findings
    FROM archive_rollup r
   WHERE coalesce(:division::text, CASE WHEN :scope_hi::text = :scope_lo::text || '~' THEN rpad(:scope_lo::text, 12, '0') END) IS NOT NULL
     AND r.level = monitoring.level_in_tree(coalesce(:division::text, rpad(:scope_lo::text, 12, '0')))
     AND r.owner_division = coalesce(:division::text, rpad(:scope_lo::text, 12, '0')) AND r.day <= coalesce(:as_of::date, :today::date)
   UNION ALL
  SELECT r.level, r.owner_division, r.measure, r.key, r.households, r.members, r.monitored, r.eliminated, r.unconfirmed,
         r.findings + CASE WHEN :caller_may_health_read::boolean THEN r.findings_of_health ELSE 0 END
           + CASE WHEN :caller_may_minor_read::boolean THEN r.findings_of_minors ELSE 0 END AS findings
    FROM archive_rollup r
   WHERE strpos(:division::text, 'F') > 0 AND r.level = 4 AND r.owner_division = ANY (ARRAY(SELECT m.member_code FROM registry_pub.division_member m
           WHERE m.area_code = :division::text AND m.valid_from <= coalesce(:as_of::date, :today::date) AND m.valid_to > coalesce(:as_of::date, :today::date)))
     AND r.day <= coalesce(:as_of::date, :today::date)
   UNION ALL
  SELECT r.level, r.owner_division, r.measure, r.key, r.households, r.members, r.monitored, r.eliminated, r.unconfirmed,
         r.findings + CASE WHEN :caller_may_health_read::boolean THEN r.findings_of_health ELSE 0 END
           + CASE WHEN :caller_may_minor_read::boolean THEN r.findings_of_minors ELSE 0 END AS findings
    FROM several g, LATERAL (SELECT x.* FROM archive_rollup x WHERE x.level = g.level AND x.owner_division = g.code AND x.day <= coalesce(:as_of::date, :today::date) OFFSET 0) AS r
), below AS MATERIALIZED (
  SELECT r.owner_division::text AS key, sum(r.households) AS households, sum(r.members) AS members, sum(r.monitored) AS monitored,
      sum(r.eliminated) AS eliminated,
         sum(r.unconfirmed) AS unconfirmed, sum(r.findings + CASE WHEN :caller_may_health_read::boolean THEN r.findings_of_health ELSE 0 END
           + CASE WHEN :caller_may_minor_read::boolean THEN r.findings_of_minors ELSE 0 END) AS findings
    FROM archive_rollup r
   WHERE :by::text = 'division' AND r.measure = 'all' AND r.day <= coalesce(:as_of::date, :today::date)
     AND coalesce(:division::text, CASE WHEN :scope_hi::text = :scope_lo::text || '~' THEN rpad(:scope_lo::text, 12, '0') END) IS NOT NULL
     AND r.level = least(monitoring.level_in_tree(coalesce(:division::text, rpad(:scope_lo::text, 12, '0'))) + 1, 5)
     AND r.owner_division >= coalesce(zeren.code_prefix(:division::text), :scope_lo::text)
     AND r.owner_division < coalesce(zeren.code_prefix(:division::text) || '~', :scope_hi::text)
   GROUP BY 1
   UNION ALL
  SELECT r.owner_division::text, sum(r.households), sum(r.members), sum(r.monitored), sum(r.eliminated), sum(r.unconfirmed),
         sum(r.findings + CASE WHEN :caller_may_health_read::boolean THEN r.findings_of_health ELSE 0 END + CASE WHEN :caller_may_minor_read::boolean THEN r.findings_of_minors ELSE 0 END)
    FROM several g, LATERAL (SELECT x.* FROM archive_rollup x
                              WHERE :by::text = 'division' AND x.measure = 'all' AND x.level = least(g.level + 1, 5) AND x.owner_division >= g.prefix AND x.owner_division < g.prefix || '~'
                                AND x.day <= coalesce(:as_of::date, :today::date) OFFSET 0) AS r
   GROUP BY 1
   UNION ALL
  SELECT k.owner_division::text, sum(k.households), sum(k.members), sum(k.monitored), sum(k.eliminated), sum(k.unconfirmed), sum(k.findings)
    FROM kept k WHERE :by::text = 'division' AND strpos(:division::text, 'F') > 0 AND k.measure = 'all' AND k.owner_division <> :division::text GROUP BY 1
), totals AS (
  SELECT coalesce(sum(k.households), 0)::bigint AS households, coalesce(sum(k.members), 0)::bigint AS members, coalesce(sum(k.monitored),
      0)::bigint AS monitored,
         coalesce(sum(k.eliminated), 0)::bigint AS eliminated,
         CASE WHEN :caller_may_person_locate::boolean THEN coalesce(sum(k.unconfirmed), 0)::bigint END AS unconfirmed,
         coalesce(sum(k.findings), 0)::bigint AS findings
    FROM kept k WHERE k.measure = 'all'
), grouped AS (
  SELECT b.key, b.households, b.members, b.monitored, b.eliminated, CASE WHEN :caller_may_person_locate::boolean THEN b.unconfirmed END AS unconfirmed,
         b.findings
    FROM below b
   UNION ALL
  SELECT k.key, sum(k.households), sum(k.members), sum(k.monitored), sum(k.eliminated), CASE WHEN :caller_may_person_locate::boolean THEN sum(k.unconfirmed) END,
         sum(k.findings)
    FROM kept k WHERE k.measure = :by::text GROUP BY 1
)
SELECT a.on_day AS as_of, a.division, :by::text AS by, coalesce((SELECT f.as_of FROM rollup_fold f WHERE f.kind = 'archive'), :now::timestamptz) AS counted_at,
       (SELECT row_to_json(t) FROM totals t) AS totals,
       (SELECT coalesce(json_agg(json_build_object('key', g.key, 'name', CASE :by::text WHEN 'division'
                  THEN (SELECT v.name FROM registry_pub.division_name v WHERE v.code = g.key AND v.valid_from <= a.on_day AND v.valid_to > a.on_day)
                  ELSE (SELECT e.label FROM zeren.dictionary_entry e WHERE e.dictionary = CASE :by::text WHEN 'severity' THEN 'finding_severity'
                      ELSE :by::text END AND e.code = g.key) END,
                'households', g.households, 'members', g.members, 'monitored', g.monitored, 'eliminated', g.eliminated, 'unconfirmed', g.unconfirmed,
                    'findings', g.findings)
                ORDER BY g.key COLLATE "C"), '[]')
          FROM grouped g WHERE greatest(g.households, g.members, g.monitored, g.eliminated, g.unconfirmed, g.findings) > 0) AS groups
  FROM asked a
