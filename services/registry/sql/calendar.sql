-- The work-day calendar of the country, which every service counts by: how far it goes, and a year's arrangement loaded whole (R-270 to R-273).

-- name: calendar :view
SELECT c.first_day, c.last_day, greatest(c.last_day - :today::date, 0) AS days_left,
       (SELECT json_agg(json_build_object('year', y.year, 'source', y.source, 'work_days', d.work_days, 'rest_on_weekdays', d.rest, 'work_on_weekends', d.work) ORDER BY y.year)
          FROM zeren.calendar_year y,
               LATERAL (SELECT count(*) FILTER (WHERE x.is_work) AS work_days, count(*) FILTER (WHERE NOT x.is_work AND extract(isodow FROM x.day) < 6) AS rest,
                               count(*) FILTER (WHERE x.is_work AND extract(isodow FROM x.day) > 5) AS work
                          FROM zeren.calendar_day x WHERE x.day BETWEEN make_date(y.year, 1, 1) AND make_date(y.year, 12, 31)) AS d) AS years
  FROM (SELECT min(d.day) AS first_day, max(d.day) AS last_day FROM zeren.calendar_day d) AS c

-- name: calendar_import_check :rows
-- R-271, R-272: what is wrong with the rows of a table, by row and column; then, without a row, how many days are new or differ.
SELECT c.n::text, c.in_column, c.code, c.detail FROM registry.check_calendar(:year::integer, :rows::jsonb, :today::date) AS c

-- name: calendar_import :write calendar_import
-- R-270, R-273: the whole year at once, and the work days of all of it counted on from the day before.
WITH wanted AS MATERIALIZED (
  SELECT w.* FROM registry.calendar_wanted(:year::integer, :rows::jsonb) AS w
), was AS MATERIALIZED (
  SELECT d.day, d.is_work, d.work_seq, d.note FROM zeren.calendar_day d WHERE d.day BETWEEN make_date(:year::integer, 1, 1) AND make_date(:year::integer, 12, 31)
), year AS (
  INSERT INTO zeren.calendar_year AS y (year, source) VALUES (:year::smallint, :source)
  ON CONFLICT ON CONSTRAINT calendar_year_pkey DO UPDATE SET source = excluded.source
), days AS (
  INSERT INTO zeren.calendar_day AS d (day, is_work, work_seq, note) SELECT w.day, w.is_work, w.work_seq, w.note FROM wanted w
  ON CONFLICT ON CONSTRAINT calendar_day_pkey DO UPDATE SET is_work = excluded.is_work, work_seq = excluded.work_seq, note = excluded.note
), counted AS (
  SELECT count(*) FILTER (WHERE o.day IS NULL) AS inserted, count(*) FILTER (WHERE o.day IS NOT NULL AND (w.is_work, w.note, w.work_seq) IS DISTINCT FROM (o.is_work, o.note, o.work_seq)) AS updated,
         count(*) FILTER (WHERE (w.is_work, w.note, w.work_seq) IS NOT DISTINCT FROM (o.is_work, o.note, o.work_seq) AND o.day IS NOT NULL) AS unchanged
    FROM wanted w LEFT JOIN was o ON o.day = w.day
), changed AS (
  SELECT :new_id::uuid AS id, '000000000000' AS owner_division, :n_rows::integer AS rows, c.inserted, c.updated, c.unchanged, 1 AS version FROM counted c
)
