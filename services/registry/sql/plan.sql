-- Plans of several years, their lines, the tasks that serve them, and the money they need. What is shown: plan_as_shown() and others of migrations/0016.

-- name: plan_get :one
SELECT s.* FROM plan p, LATERAL registry.plan_as_shown(p, '[]') AS s WHERE p.id = :id

-- name: plan_list :page
-- sort: created_at
SELECT s.* FROM plan p, LATERAL registry.plan_as_shown(p, '[]') AS s
 WHERE ((p.owner_division >= :scope_lo::text AND p.owner_division < :scope_hi::text) OR p.owner_division = ANY (:ancestors::text[]))
   AND (:division::text IS NULL OR p.owner_division = :division::text)
   AND (:kind::text IS NULL OR p.kind = :kind::text)
   AND (:status::text IS NULL OR p.status = :status::text)
   AND (:document_id::uuid IS NULL OR p.document_id = :document_id::uuid)
   AND (:year::smallint IS NULL OR :year::smallint BETWEEN p.starts_year AND p.ends_year)

-- name: plan_insert :write plan shown_division
-- R-110.
WITH wanted AS MATERIALIZED (
  SELECT registry.known_division(:owner_division::text, :today::date) AS owner_division,
         CASE WHEN :document_id::uuid IS NOT NULL THEN coalesce((SELECT d.id FROM document d WHERE d.id = :document_id::uuid), zeren.no_such('document_id')) END AS document_id
), made AS (
  INSERT INTO plan (id, owner_division, title, kind, starts_year, ends_year, document_id, assumed, created_at)
  SELECT :new_id::uuid, w.owner_division, :title, :kind, :starts_year::smallint, :ends_year::smallint, w.document_id, coalesce(:assumed::boolean, false), :now::timestamptz
    FROM wanted w
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.plan_as_shown(m::plan, '[]') AS s
)

-- name: plan_correct :write plan shown_division
-- R-111: only a draft is corrected; its years still hold those of its lines and needs.
WITH held AS MATERIALIZED (
  SELECT p.id, p.status, coalesce(:starts_year::smallint, p.starts_year) AS starts_year, coalesce(:ends_year::smallint, p.ends_year) AS ends_year,
         CASE WHEN NOT :document_id_given::boolean THEN p.document_id WHEN :document_id::uuid IS NULL THEN NULL
              ELSE coalesce((SELECT d.id FROM document d WHERE d.id = :document_id::uuid), zeren.no_such('document_id')) END AS document_id
    FROM plan p WHERE p.id = :id FOR UPDATE
), parts AS MATERIALIZED (
  SELECT h.* FROM held h
   WHERE CASE WHEN h.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'only a draft is corrected; this plan is ' || h.status)
              WHEN EXISTS (SELECT FROM plan_line l WHERE l.plan_id = h.id AND NOT l.by_year BETWEEN h.starts_year AND h.ends_year)
                OR EXISTS (SELECT FROM investment_need n WHERE n.plan_id = h.id AND NOT n.year BETWEEN h.starts_year AND h.ends_year)
                THEN zeren.refuse('ZR005', 'ends_year', 'a line or a need of the plan lies outside these years')
              ELSE true END
), made AS (
  UPDATE plan p
     SET title = coalesce(:title, p.title), kind = coalesce(:kind, p.kind), starts_year = h.starts_year, ends_year = h.ends_year, document_id = h.document_id,
         assumed = coalesce(:assumed::boolean, p.assumed), version = p.version + 1
    FROM parts h WHERE p.id = h.id AND p.version = :version::integer
  RETURNING p.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.plan_as_shown(m::plan, '[]') AS s
)

-- name: plan_step :write plan shown_division
-- R-111: a plan without lines is not brought into force.
WITH held AS MATERIALIZED (
  SELECT p.id FROM plan p
   WHERE p.id = :id AND CASE WHEN :to_state::text <> 'in_force' OR EXISTS (SELECT FROM plan_line l WHERE l.plan_id = p.id) THEN true
                             ELSE zeren.refuse('ZR003', NULL, 'a plan without lines is not brought into force') END
), made AS (
  UPDATE plan p SET status = :to_state::text, version = p.version + 1
    FROM held h WHERE p.id = h.id AND p.version = :version::integer AND p.status = ANY (:from_states::text[])
  RETURNING p.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id)
  SELECT 'plan', m.id, m.version, m.owner_division, CASE m.status WHEN 'in_force' THEN 'bring_into_force' WHEN 'discarded' THEN 'discard' ELSE 'close' END, :now::timestamptz, :caller_post::uuid FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.plan_as_shown(m::plan, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l)) AS s
)

-- name: plan_lines :page
-- R-113: each line with what the tasks that serve it have come to, year by year.
-- sort: position
SELECT s.*, registry.plan_line_years(l.id) AS years FROM plan_line l, LATERAL registry.plan_line_as_shown(l) AS s
 WHERE l.plan_id = :id
   AND (:topic::text IS NULL OR l.topic = :topic::text)
   AND (:by_year::smallint IS NULL OR l.by_year = :by_year::smallint)
   AND (:lead_organisation_id::uuid IS NULL OR l.lead_organisation_id = :lead_organisation_id::uuid)

-- name: plan_investment :view
-- R-116: the sums equal their parts.
WITH need AS MATERIALIZED (
  SELECT n.year, n.source_kind, n.amount, n.secured FROM investment_need n WHERE n.plan_id = :id
)
SELECT p.id, (SELECT coalesce(sum(n.amount), 0)::numeric(20,2)::text FROM need n) AS amount, (SELECT coalesce(sum(n.secured), 0)::numeric(20,2)::text FROM need n) AS secured,
       (SELECT coalesce(sum(n.amount - n.secured), 0)::numeric(20,2)::text FROM need n) AS gap,
       (SELECT coalesce(json_agg(json_build_object('year', y.year, 'amount', y.amount::text, 'secured', y.secured::text, 'gap', (y.amount - y.secured)::text) ORDER BY y.year), '[]')
          FROM (SELECT n.year, sum(n.amount) AS amount, sum(n.secured) AS secured FROM need n GROUP BY n.year) AS y) AS years,
       (SELECT coalesce(json_agg(json_build_object('source_kind', y.source_kind, 'amount', y.amount::text, 'secured', y.secured::text,
                                                   'gap', (y.amount - y.secured)::text) ORDER BY y.amount DESC, y.source_kind), '[]')
          FROM (SELECT n.source_kind, sum(n.amount) AS amount, sum(n.secured) AS secured FROM need n GROUP BY n.source_kind) AS y) AS sources
  FROM plan p WHERE p.id = :id

-- name: plan_line_get :one
SELECT s.* FROM plan_line l, LATERAL registry.plan_line_as_shown(l) AS s WHERE l.id = :id

-- name: plan_line_tasks :page
-- The tasks of lists of the caller's divisions and above that serve a line.
-- sort: year, id
SELECT k.id, k.owner_division::text AS owner_division, k.duty_list_id, d.year, d.status AS list_status, k.number, k.title, c.items, c.done, c.completion, k.version
  FROM task k JOIN duty_list d ON d.id = k.duty_list_id,
       LATERAL (SELECT count(*) AS items, count(*) FILTER (WHERE i.done_on IS NOT NULL) AS done, (avg(i.completion_bp) / 100)::numeric(5,2)::text AS completion
                  FROM item i WHERE i.task_id = k.id) AS c
 WHERE k.plan_line_id = :id AND d.status <> 'discarded' AND (:year::smallint IS NULL OR d.year = :year::smallint)

-- name: plan_line_insert :write plan_line shown_division
-- R-112: lines are added to a draft, by a year of the plan; who leads is a unit of the plan's division or below.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT p.id FROM plan p WHERE p.id = :plan_id::uuid AND p.owner_division::text <@ (SELECT zeren.scope())), zeren.no_such('plan_id')) AS plan_id,
         CASE WHEN :lead_organisation_id::uuid IS NOT NULL
              THEN coalesce((SELECT o.id FROM organisation o WHERE o.id = :lead_organisation_id::uuid AND o.owner_division::text <@ (SELECT zeren.scope())),
                            zeren.no_such('lead_organisation_id')) END AS lead_id
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT p.* FROM plan p WHERE p.id = w.plan_id FOR SHARE) AS k
), parts AS MATERIALIZED (
  SELECT h.id, h.owner_division, w.lead_id FROM held h, wanted w
   WHERE CASE WHEN h.status <> 'draft' THEN zeren.refuse('ZR003', NULL, 'lines are added to a draft; this plan is ' || h.status)
              WHEN NOT :by_year::smallint BETWEEN h.starts_year AND h.ends_year THEN zeren.refuse('ZR005', 'by_year', 'a line is of a year of its plan')
              WHEN w.lead_id IS NOT NULL AND NOT registry.is_within((SELECT o.owner_division FROM organisation o WHERE o.id = w.lead_id), h.owner_division)
                THEN zeren.refuse('ZR005', 'lead_organisation_id', 'a unit of the plan''s division or below it leads')
              ELSE true END
), made AS (
  INSERT INTO plan_line (id, owner_division, plan_id, number, position, title, topic, lead_organisation_id, by_year, target, unit_of_measure)
  SELECT :new_id::uuid, p.owner_division, p.id, :number, coalesce(:position::integer, 1 + coalesce((SELECT max(l.position) FROM plan_line l WHERE l.plan_id = p.id), 0)), :title,
         :topic, p.lead_id, :by_year::smallint, :target::numeric, :unit_of_measure
    FROM parts p
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.plan_line_as_shown(m::plan_line) AS s
)

-- name: plan_line_correct :write plan_line shown_division
-- R-112: of a draft all of it; of a plan in force, who leads.
WITH wanted AS MATERIALIZED (
  SELECT l.id, l.plan_id,
         CASE WHEN NOT :lead_organisation_id_given::boolean THEN l.lead_organisation_id WHEN :lead_organisation_id::uuid IS NULL THEN NULL
              ELSE coalesce((SELECT o.id FROM organisation o WHERE o.id = :lead_organisation_id::uuid AND o.owner_division::text <@ (SELECT zeren.scope())),
                            zeren.no_such('lead_organisation_id')) END AS lead_id
    FROM plan_line l WHERE l.id = :id
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT p.* FROM plan p WHERE p.id = w.plan_id FOR SHARE) AS k
), parts AS MATERIALIZED (
  SELECT w.id, w.lead_id FROM wanted w, held h
   WHERE CASE WHEN h.status IN ('closed', 'discarded') THEN zeren.refuse('ZR003', NULL, 'nothing of a ' || h.status || ' plan changes')
              WHEN h.status <> 'draft' AND (:number::text IS NOT NULL OR :position::integer IS NOT NULL OR :title::text IS NOT NULL OR :topic::text IS NOT NULL
                                            OR :by_year::smallint IS NOT NULL OR :target_given::boolean OR :unit_of_measure_given::boolean)
                THEN zeren.refuse('ZR003', NULL, 'of a plan in force only who leads is corrected')
              WHEN :by_year::smallint IS NOT NULL AND NOT :by_year::smallint BETWEEN h.starts_year AND h.ends_year
                THEN zeren.refuse('ZR005', 'by_year', 'a line is of a year of its plan')
              WHEN w.lead_id IS NOT NULL AND :lead_organisation_id_given::boolean
                   AND NOT registry.is_within((SELECT o.owner_division FROM organisation o WHERE o.id = w.lead_id), h.owner_division)
                THEN zeren.refuse('ZR005', 'lead_organisation_id', 'a unit of the plan''s division or below it leads')
              ELSE true END
), made AS (
  UPDATE plan_line l
     SET number = coalesce(:number, l.number), position = coalesce(:position::integer, l.position), title = coalesce(:title, l.title), topic = coalesce(:topic, l.topic),
         lead_organisation_id = p.lead_id, by_year = coalesce(:by_year::smallint, l.by_year), target = CASE WHEN :target_given::boolean THEN :target::numeric ELSE l.target END,
         unit_of_measure = CASE WHEN :unit_of_measure_given::boolean THEN :unit_of_measure ELSE l.unit_of_measure END, version = l.version + 1
    FROM parts p WHERE l.id = p.id AND l.version = :version::integer
  RETURNING l.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.plan_line_as_shown(m::plan_line) AS s
)

-- name: task_serving :one
SELECT k.id, k.owner_division::text AS owner_division, k.duty_list_id, k.number, k.title, k.plan_line_id, k.version FROM task k WHERE k.id = :id

-- name: task_serve :write task shown_division
-- R-114: a line of a plan in force, of the task's own division or one above it, in a year of the plan; the list is not over.
WITH wanted AS MATERIALIZED (
  SELECT CASE WHEN :plan_line_id::uuid IS NOT NULL
              THEN coalesce((SELECT l.id FROM plan_line l WHERE l.id = :plan_line_id::uuid), zeren.no_such('plan_line_id')) END AS line_id
), held AS MATERIALIZED (
  SELECT k.id, k.owner_division, d.organisation_id, d.status, d.year FROM task k JOIN duty_list d ON d.id = k.duty_list_id WHERE k.id = :id
), parts AS MATERIALIZED (
  SELECT h.id, w.line_id FROM held h, wanted w
   WHERE CASE WHEN NOT registry.may_write_list(h.organisation_id, :caller_organisation::uuid, :today::date, :caller_may_duty_list_approve::boolean) THEN false
              WHEN h.status IN ('superseded', 'closed', 'discarded') THEN zeren.refuse('ZR003', NULL, 'the list is over; it is ' || h.status)
              WHEN w.line_id IS NULL THEN true
              WHEN NOT EXISTS (SELECT FROM plan_line l WHERE l.id = w.line_id AND registry.is_within(h.owner_division, l.owner_division))
                THEN zeren.refuse('ZR005', 'plan_line_id', 'a task serves a plan of its own division or of one above it')
              WHEN NOT EXISTS (SELECT FROM plan_line l JOIN plan p ON p.id = l.plan_id WHERE l.id = w.line_id AND p.status = 'in_force')
                THEN zeren.refuse('ZR003', 'plan_line_id', 'a task serves a plan that is in force')
              WHEN NOT EXISTS (SELECT FROM plan_line l JOIN plan p ON p.id = l.plan_id WHERE l.id = w.line_id AND h.year BETWEEN p.starts_year AND p.ends_year)
                THEN zeren.refuse('ZR005', 'plan_line_id', 'the year of the list is none of the plan')
              ELSE true END
), changed AS (
  UPDATE task k SET plan_line_id = p.line_id, version = k.version + 1
    FROM parts p WHERE k.id = p.id AND k.version = :version::integer
  RETURNING k.id, k.owner_division::text AS owner_division, k.duty_list_id, k.number, k.title, k.plan_line_id, k.version
)

-- name: investment_need_get :one
SELECT s.* FROM investment_need n, LATERAL registry.investment_need_as_shown(n) AS s WHERE n.id = :id

-- name: investment_need_list :page
-- sort: created_at
SELECT s.* FROM investment_need n, LATERAL registry.investment_need_as_shown(n) AS s
 WHERE ((n.owner_division >= :scope_lo::text AND n.owner_division < :scope_hi::text) OR n.owner_division = ANY (:ancestors::text[]))
   AND (:division::text IS NULL OR n.owner_division = :division::text)
   AND (:plan_id::uuid IS NULL OR n.plan_id = :plan_id::uuid)
   AND (:plan_line_id::uuid IS NULL OR n.plan_line_id = :plan_line_id::uuid)
   AND (:year::smallint IS NULL OR n.year = :year::smallint)
   AND (:source_kind::text IS NULL OR n.source_kind = :source_kind::text)

-- name: investment_need_insert :write investment_need shown_division
-- R-115: of a plan that is not closed, in a year of it, for a line of it where one is named.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT p.id FROM plan p WHERE p.id = :plan_id::uuid AND p.owner_division::text <@ (SELECT zeren.scope())), zeren.no_such('plan_id')) AS plan_id,
         CASE WHEN :plan_line_id::uuid IS NOT NULL
              THEN coalesce((SELECT l.id FROM plan_line l WHERE l.id = :plan_line_id::uuid AND l.plan_id = :plan_id::uuid), zeren.no_such('plan_line_id')) END AS line_id
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT p.* FROM plan p WHERE p.id = w.plan_id FOR SHARE) AS k
), parts AS MATERIALIZED (
  SELECT h.id, h.owner_division, w.line_id FROM held h, wanted w
   WHERE CASE WHEN h.status IN ('closed', 'discarded') THEN zeren.refuse('ZR003', NULL, 'nothing of a ' || h.status || ' plan changes')
              WHEN NOT :year::smallint BETWEEN h.starts_year AND h.ends_year THEN zeren.refuse('ZR005', 'year', 'a need is of a year of its plan')
              ELSE true END
), made AS (
  INSERT INTO investment_need (id, owner_division, plan_id, plan_line_id, name, year, amount, source_kind, secured, assumed, created_at)
  SELECT :new_id::uuid, p.owner_division, p.id, p.line_id, :name, :year::smallint, :amount::numeric, :source_kind, coalesce(:secured::numeric, 0), coalesce(:assumed::boolean, false),
         :now::timestamptz
    FROM parts p
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.investment_need_as_shown(m::investment_need) AS s
)

-- name: investment_need_correct :write investment_need shown_division
-- R-115.
WITH held AS MATERIALIZED (
  SELECT n.id, p.status, p.starts_year, p.ends_year, n.year FROM investment_need n JOIN plan p ON p.id = n.plan_id WHERE n.id = :id FOR SHARE OF p
), parts AS MATERIALIZED (
  SELECT h.id FROM held h
   WHERE CASE WHEN h.status IN ('closed', 'discarded') THEN zeren.refuse('ZR003', NULL, 'nothing of a ' || h.status || ' plan changes')
              WHEN NOT coalesce(:year::smallint, h.year) BETWEEN h.starts_year AND h.ends_year THEN zeren.refuse('ZR005', 'year', 'a need is of a year of its plan')
              ELSE true END
), made AS (
  UPDATE investment_need n
     SET name = coalesce(:name, n.name), year = coalesce(:year::smallint, n.year), amount = coalesce(:amount::numeric, n.amount),
         source_kind = coalesce(:source_kind, n.source_kind), secured = coalesce(:secured::numeric, n.secured), assumed = coalesce(:assumed::boolean, n.assumed),
         version = n.version + 1
    FROM parts p WHERE n.id = p.id AND n.version = :version::integer
  RETURNING n.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.investment_need_as_shown(m::investment_need) AS s
)
