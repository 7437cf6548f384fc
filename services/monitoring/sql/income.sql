-- Income and expense of households, by year and stage. What is shown: income_as_shown() of migrations/0003.

-- name: income_get :one
SELECT s.* FROM income b, LATERAL monitoring.income_as_shown(b) AS s WHERE b.id = :id::uuid

-- name: income_as_of :one
-- M-062.
SELECT s.* FROM monitoring.income_at(:id::uuid, :as_of::date) AS b, LATERAL monitoring.income_as_shown(b) AS s

-- name: income_list :page
-- sort: owner_division, id
SELECT s.* FROM income b, LATERAL monitoring.income_as_shown(b) AS s
 WHERE b.owner_division >= :scope_lo::text AND b.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR b.owner_division = :division::text)
   AND (:within::text IS NULL OR (b.owner_division >= monitoring.reach_from(:within::text, :today::date) AND b.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(b.owner_division, :within::text, :today::date))))
   AND (:household_id::uuid IS NULL OR b.household_id = :household_id::uuid)
   AND (:year::integer IS NULL OR b.year = :year::integer)
   AND (:stage::text IS NULL OR b.stage = :stage::text)
   AND (:ids::uuid[] IS NULL OR b.id = ANY (:ids::uuid[]))

-- name: income_hold :rows
-- The household of a block, held until the step ends: before the block, as every step holds it.
SELECT h.id::text FROM household h WHERE h.id = (SELECT b.household_id FROM income b WHERE b.id = :id::uuid) FOR UPDATE

-- name: income_insert :write income shown_division
-- M-060, M-061, M-063, M-065: figures, headcount and line are filled in by compute_income().
WITH home AS MATERIALIZED (
  SELECT o.id, o.owner_division FROM monitoring.open_household(:household_id::uuid, :year::integer, :today::date) AS o
), given AS MATERIALIZED (
  SELECT h.id, h.owner_division, monitoring.income_amounts_of(coalesce(:amounts::jsonb, '{}'), :year::integer) AS amounts,
      monitoring.income_notes_of(coalesce(:notes::jsonb, '{}')) AS notes,
         w.period_end, monitoring.window_from(:period_start::date, w.period_end, h.owner_division, 'period_start') AS period_start
    FROM home h, LATERAL (SELECT monitoring.window_end(:period_end::date, :year::integer, :today::date) AS period_end OFFSET 0) AS w
), made AS (
  INSERT INTO income (id, household_id, owner_division, at_division, year, stage, period_start, period_end, amounts, notes, claims, compliant_expense,
      recorded_at, recorded_by_account,
    recorded_by_post, source, reason, created_at)
  SELECT :new_id::uuid, g.id, g.owner_division, g.owner_division, :year::integer, coalesce(:stage::text, 'yearly'), g.period_start, g.period_end, g.amounts,
      g.notes,
         coalesce(:claims::numeric, 0), coalesce(:compliant_expense::numeric, 0), :now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'form',
             :reason::text, :now::timestamptz
    FROM given g
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.income_as_shown(m::monitoring.income) AS s
)

-- name: income_correct :write income shown_division
-- M-061, M-063: lines that are given change, null takes one away; figures and headcount are computed anew.
WITH target AS MATERIALIZED (
  SELECT b.id, monitoring.income_amounts_of(b.amounts || coalesce(:amounts::jsonb, '{}'), b.year) AS amounts, monitoring.income_notes_of(b.notes
      || coalesce(:notes::jsonb, '{}')) AS notes,
         w.period_end, monitoring.window_from(coalesce(:period_start::date, b.period_start), w.period_end, b.owner_division,
           CASE WHEN :period_start::date IS NULL THEN 'period_end' ELSE 'period_start' END) AS period_start
    FROM income b, LATERAL (SELECT monitoring.window_end(coalesce(:period_end::date, b.period_end), b.year, :today::date) AS period_end OFFSET 0) AS w, LATERAL monitoring.open_household(b.household_id, b.year, :today::date) AS o WHERE b.id = :id::uuid AND b.version = :version::integer
), made AS (
  UPDATE income b
     SET amounts = t.amounts, notes = t.notes, period_start = t.period_start, period_end = t.period_end, claims = coalesce(:claims::numeric, b.claims),
         compliant_expense = coalesce(:compliant_expense::numeric, b.compliant_expense), version = b.version + 1, recorded_at = :now::timestamptz,
             recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'form',
         batch_id = NULL, reason = :reason::text
    FROM target t WHERE b.id = t.id AND b.version = :version::integer
  RETURNING b.*
), changed AS (
  SELECT s.* FROM made m, LATERAL monitoring.income_as_shown(m::monitoring.income) AS s
)

-- name: income_explain :view
-- M-067, M-068.
SELECT b.id, b.household_id, b.year, b.stage, b.period_start, b.period_end, b.headcount, b.version,
       (SELECT json_agg(json_build_object('figure', f.figure, 'label', f.label, 'amount', (to_jsonb(b) ->> f.figure)::numeric(12,2)::text, 'formula', f.formula,
                 'operands', monitoring.income_operands(b, f)) ORDER BY f.sort) FROM income_figure f) AS figures,
       monitoring.income_stability(b) AS stable, monitoring.income_standing(b) AS line
  FROM (SELECT (CASE WHEN :as_of::date IS NULL THEN (SELECT x FROM income x WHERE x.id = :id::uuid) ELSE (SELECT x::monitoring.income
      FROM monitoring.income_at(:id::uuid, :as_of::date) AS x) END).*) AS b
 WHERE b.id IS NOT NULL

-- name: income_lines :view
SELECT coalesce(json_agg(row_to_json(l) ORDER BY l.sort), '[]') AS lines
  FROM (SELECT x.code, x.side, x.label, x.stable, x.assumed, x.valid_from, x.valid_to, x.sort FROM income_line x
         WHERE :year::integer IS NULL OR (x.valid_from <= :year::integer AND coalesce(x.valid_to >= :year::integer, true))) AS l
