-- Forms of periodic reports, what each asks, the figures that are known, and the ledger of what is asked of whom. What is shown: report_form_as_shown() of migrations/0020.

-- name: report_form_get :one
SELECT s.* FROM report_form f, LATERAL registry.report_form_as_shown(f, '[]') AS s WHERE f.id = :id

-- name: report_form_list :page
-- Forms of the caller's divisions and above, by division, level, period or state.
-- sort: created_at
SELECT s.* FROM report_form f, LATERAL registry.report_form_as_shown(f, '[]') AS s
 WHERE (:division::text IS NULL OR f.owner_division = :division::text)
   AND (:level::smallint IS NULL OR f.level = :level::smallint)
   AND (:period::text IS NULL OR f.period = :period::text)
   AND (:status::text IS NULL OR f.status = :status::text)

-- name: report_form_insert :write report_form shown_division
-- R-190 to R-193: by a unit for divisions in and below its own; on a clause; nothing that is known, nothing asked twice.
WITH wanted AS MATERIALIZED (
  SELECT o.id, o.owner_division, registry.known_clause(:clause_id::uuid) AS clause_id,
         registry.checked_composes(:composes_form_id::uuid, :level::integer, :period::text) AS composes_form_id,
         registry.checked_form_fields(:fields::jsonb, o.owner_division, :level::integer, :composes_form_id::uuid, :today::date) AS fields
    FROM (SELECT :caller_organisation::uuid AS id) AS caller LEFT JOIN organisation o ON o.id = caller.id
   WHERE CASE WHEN o.id IS NULL THEN zeren.refuse('ZR004', NULL, 'your post''s unit is not registered') ELSE true END
), made AS (
  INSERT INTO report_form (id, owner_division, code, title, period, level, asked_by_organisation_id, clause_id, composes_form_id, assumed, valid_from, created_at)
  SELECT :new_id::uuid, w.owner_division, :code, :title, :period, :level::smallint, w.id, w.clause_id, w.composes_form_id, coalesce(:assumed::boolean, false),
         coalesce(:valid_from::date, :today::date), :now::timestamptz
    FROM wanted w
   WHERE CASE WHEN :level::integer < (SELECT d.level FROM division d WHERE d.code = w.owner_division AND d.valid_to = 'infinity')
              THEN zeren.refuse('ZR005', 'level', 'one asks the own level and those below it') ELSE true END
  RETURNING *
), fields AS (
  INSERT INTO report_form_field (owner_division, form_id, position, code, label, kind, figure, data_item, required)
  SELECT m.owner_division, m.id, e.n, e.field ->> 'code', e.field ->> 'label', e.field ->> 'kind', e.field ->> 'figure', e.field ->> 'data_item',
         coalesce((e.field ->> 'required')::boolean, false)
    FROM made m, wanted w, jsonb_array_elements(w.fields) WITH ORDINALITY AS e (field, n)
  RETURNING id
), changed AS (
  SELECT s.* FROM made m, wanted w, LATERAL registry.report_form_as_shown(m::report_form, w.fields) AS s WHERE (SELECT count(*) FROM fields) > 0
)

-- name: report_form_end :write report_form shown_division
-- R-190: its last day is the day before; only by the unit that asked.
WITH made AS (
  UPDATE report_form f SET valid_to = coalesce(:valid_to::date, :today::date), status = :to_state::text, version = f.version + 1
   WHERE f.id = :id AND f.version = :version::integer AND f.status = ANY (:from_states::text[])
     AND CASE WHEN f.asked_by_organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the unit that asks ends its form')
              WHEN coalesce(:valid_to::date, :today::date) < f.valid_from THEN zeren.refuse('ZR005', 'valid_to', 'a form does not end before it begins') ELSE true END
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.report_form_as_shown(m::report_form, '[]') AS s
)

-- name: figure_list :view
-- R-190: what the system knows by itself of a division in a time: asked here, it is asked of nobody.
SELECT :division::text AS division, d.from_on AS "from", d.until_on AS until,
       (SELECT json_agg(json_build_object('code', f.code, 'label', f.label, 'unit_of_measure', f.unit_of_measure, 'over_divisions', f.over_divisions, 'over_time', f.over_time,
                                          'value', trim_scale(registry.figure_value(f.code, :division::text, NULL, d.from_on, d.until_on + 1))::text) ORDER BY f.position)
          FROM figure f) AS figures
  FROM (SELECT coalesce(:from::date, date_trunc('year', coalesce(:until::date, :today::date))::date) AS from_on, coalesce(:until::date, :today::date) AS until_on) AS d

-- name: burden_list :page
-- R-203: every form that reaches a division in a year: who asks, on what basis, how often, how much of it fills itself, how much was written, and when it was last asked and answered.
-- sort: created_at
SELECT f.id, f.owner_division, f.code, f.title, f.period, f.level, f.asked_by_organisation_id, o.name AS asked_by, c.document_id, d.title AS document, c.number AS clause,
       CASE f.period WHEN 'month' THEN 12 WHEN 'quarter' THEN 4 WHEN 'half_year' THEN 2 ELSE 1 END AS times_a_year,
       (SELECT count(*) FROM report_form_field x WHERE x.form_id = f.id AND x.kind = 'figure') AS figures,
       (SELECT count(*) FROM report_form_field x WHERE x.form_id = f.id AND x.kind = 'number') AS numbers,
       (SELECT count(*) FROM report_form_field x WHERE x.form_id = f.id AND x.kind = 'text') AS texts,
       p.reports, p.submitted, p.last_submitted_on, f.valid_from, nullif(f.valid_to, 'infinity') AS valid_to, f.created_at, f.version
  FROM report_form f LEFT JOIN organisation o ON o.id = f.asked_by_organisation_id LEFT JOIN document_clause c ON c.id = f.clause_id LEFT JOIN document d ON d.id = c.document_id,
       LATERAL (SELECT make_date(coalesce(:year::integer, extract(year FROM :today::date)::integer), 1, 1) AS first) AS y,
       LATERAL (SELECT count(*) AS reports, count(r.submitted_on) AS submitted, max(r.submitted_on) AS last_submitted_on FROM periodic_report r
                 WHERE r.form_id = f.id AND r.period_start >= y.first AND r.period_start < y.first + interval '1 year'
                   AND (:division::text IS NULL OR registry.below(r.owner_division, :division::text))) AS p
 WHERE f.valid_from < y.first + interval '1 year' AND f.valid_to > y.first
   AND (:division::text IS NULL OR registry.is_within(:division::text, f.owner_division) OR registry.is_within(f.owner_division, :division::text))
   AND (:division::text IS NULL OR f.level >= registry.level_of(:division::text) OR f.level = ANY (registry.report_levels(:division::text, :today::date)))
   AND (:level::smallint IS NULL OR f.level = :level::smallint)
