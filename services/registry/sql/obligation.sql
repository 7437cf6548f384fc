-- Obligations: what is owed in a period, by whom, and what meets it. Columns shown: obligation_as_shown(). Nothing here says that one is met: registry.fact
-- does.

-- name: obligation_get :one
SELECT s.*
  FROM obligation o, LATERAL registry.obligation_as_shown(o, coalesce(:as_of::date, :today::date)) AS s WHERE o.id = :id

-- name: obligation_list :page
-- What is owed in the caller's scope; of a post also what it owes by a link that it holds or held in the period. No order but the day: nobody is ranked
-- (国办函〔2026〕12号).
-- sort: due_on, id
SELECT s.* FROM obligation o, LATERAL registry.obligation_as_shown(o, coalesce(:as_of::date, :today::date)) AS s
 WHERE o.owner_division >= :scope_lo::text AND o.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR o.owner_division = :division::text)
   AND (:at_division::text IS NULL OR o.at_division = :at_division::text)
   AND (:post_id::uuid IS NULL OR o.subject_id = ANY (registry.subjects_of_post(:post_id::uuid)))
   AND (:organisation_id::uuid IS NULL OR o.organisation_id = :organisation_id::uuid)
   AND (:subject_id::uuid IS NULL OR o.subject_id = :subject_id::uuid)
   AND (:rule::text IS NULL OR o.rule_code = :rule::text)
   AND (:rule_id::uuid IS NULL OR o.rule_id = :rule_id::uuid)
   AND (:action::text IS NULL OR o.action = :action::text)
   AND (:due_from::date IS NULL OR o.due_on >= :due_from::date)
   AND (:due_until::date IS NULL OR o.due_on <= :due_until::date)
   AND (:status::text IS NULL OR o.status = :status::text)
   AND (:state::text IS NULL OR s.state = :state::text)
   AND (:ids::uuid[] IS NULL OR o.id = ANY (:ids::uuid[]))

-- name: obligation_step :write obligation shown_division lined
-- R-230: released with a reason, while it is not met; reopened, it is looked after again.
WITH target AS MATERIALIZED (
  SELECT o.id FROM obligation o
   WHERE o.id = :id AND o.version = :version::integer
     AND CASE WHEN :to_state::text = 'released' AND (registry.obligation_met(o, :today::date)).met_on IS NOT NULL
                THEN zeren.refuse('ZR003', NULL, 'what is met is not released') ELSE true END
), made AS (
  UPDATE obligation o
     SET status = :to_state::text, version = o.version + 1, released_on = CASE :to_state::text WHEN 'released' THEN :today::date END,
         release_reason = CASE :to_state::text WHEN 'released' THEN :reason END, released_by = CASE :to_state::text WHEN 'released' THEN :caller_post::uuid END
    FROM target t WHERE o.id = t.id AND o.version = :version::integer AND o.status = ANY (:from_states::text[])
  RETURNING o.*
), watched AS (
  INSERT INTO obligation_watch AS w (obligation_id, owner_division, lines, look_on)
  SELECT m.id, m.owner_division, m.lines, :today::date FROM made m WHERE m.status = 'due'
      ON CONFLICT ON CONSTRAINT obligation_watch_pkey DO UPDATE SET look_on = excluded.look_on
), changed AS (
  SELECT s.*, m.lines FROM made m, LATERAL registry.obligation_as_shown(m::obligation, :today::date) AS s
)

-- name: obligation_rollup :view
-- R-235: what is due in a span of days, by where it stands on a day. Groups in the order of their keys: nobody is ranked. By division each has its own, else
-- the highest divisions asked for with all below them; counted by months, and by days where the day asked for, or the last one not late, cuts a month.
WITH asked AS MATERIALIZED (
  SELECT d.on_day, registry.month_end(d.on_day) AS on_month, coalesce(:due_from::date, date_trunc('year', d.on_day)::date) AS due_from,
         coalesce(:due_until::date, (date_trunc('year', d.on_day) + interval '1 year - 1 day')::date) AS due_until,
         CASE WHEN :division::text IS NOT NULL THEN ARRAY[:division::text]
              ELSE ARRAY(SELECT rpad(lower(s.codes), 12, '0') FROM unnest(zeren.scope()) AS s (codes)) END AS tops
    FROM (SELECT coalesce(:as_of::date, :today::date) AS on_day) AS d
), picked AS MATERIALIZED (
  SELECT r.* FROM asked a JOIN obligation_rollup r ON r.owner_division = ANY (a.tops)
   WHERE :by::text <> 'division' AND NOT r.by_day AND r.due_on >= a.due_from AND r.due_on <= a.due_until AND r.period_start <= a.on_day
     AND (:rule::text IS NULL OR r.rule_code = :rule::text)
   UNION ALL
  SELECT r.* FROM asked a
    JOIN obligation_rollup r ON r.owner_division >= coalesce(registry.code_prefix(:division::text), :scope_lo::text)
                            AND r.owner_division < coalesce(registry.code_prefix(:division::text) || '~', :scope_hi::text)
   WHERE :by::text = 'division' AND NOT r.by_day AND NOT r.below AND r.due_on >= a.due_from AND r.due_on <= a.due_until AND r.period_start <= a.on_day
     AND (:rule::text IS NULL OR r.rule_code = :rule::text)
), days AS MATERIALIZED (
  SELECT d.due_on, d.grace_work_days, registry.obligation_last_day(d.due_on, d.grace_work_days) AS last_day FROM (SELECT DISTINCT due_on, grace_work_days
      FROM picked) AS d
), whole AS MATERIALIZED (
  SELECT p.*, d.last_day, (a.on_day < a.on_month AND a.on_month IN (p.met_month, p.released_month))
                          OR coalesce(d.last_day < p.met_month AND registry.month_end(d.last_day) = p.met_month, false) AS cut
    FROM asked a, picked p JOIN days d USING (due_on, grace_work_days)
), counted AS (
  SELECT w.owner_division::text AS division, w.rule_code, w.period_start, w.met_on, w.released_on, w.last_day, w.n FROM whole w WHERE NOT w.cut
   UNION ALL
  SELECT w.owner_division::text, w.rule_code, w.period_start, r.met_on, r.released_on, w.last_day, r.n
    FROM whole w
    JOIN obligation_rollup r ON r.owner_division = w.owner_division AND r.by_day AND r.below = w.below AND r.due_on = w.due_on AND r.rule_code = w.rule_code
     AND r.period_start = w.period_start AND r.grace_work_days = w.grace_work_days AND r.lines = w.lines AND r.met_month = w.met_month
     AND r.released_month = w.released_month
   WHERE w.cut
), stands AS (
  SELECT c.division, c.rule_code, c.period_start, c.n,
         registry.obligation_state(c.released_on, CASE WHEN c.met_on <= a.on_day THEN c.met_on END, c.last_day, a.on_day) AS state
    FROM asked a, counted c
), grouped AS (
  SELECT CASE :by::text WHEN 'division' THEN s.division WHEN 'rule' THEN s.rule_code WHEN 'period' THEN s.period_start::text ELSE s.state END AS key,
      sum(s.n)::integer AS n,
         coalesce(sum(s.n) FILTER (WHERE s.state = 'open'), 0) AS open, coalesce(sum(s.n) FILTER (WHERE s.state = 'met'), 0) AS met,
         coalesce(sum(s.n) FILTER (WHERE s.state = 'late'), 0) AS late, coalesce(sum(s.n) FILTER (WHERE s.state = 'met_late'), 0) AS met_late,
         coalesce(sum(s.n) FILTER (WHERE s.state = 'released'), 0) AS released
    FROM stands s GROUP BY 1
)
SELECT a.on_day AS as_of, :by::text AS by, a.due_from, a.due_until, coalesce((SELECT f.as_of FROM rollup_fold f WHERE f.kind = 'obligation'),
    :now::timestamptz) AS counted_at,
       (SELECT coalesce(json_agg(json_build_object('key', g.key, 'name', CASE :by::text
                  WHEN 'division' THEN (SELECT v.name FROM division v WHERE v.code = g.key COLLATE "C" AND v.valid_from <= a.on_day AND v.valid_to > a.on_day)
                  WHEN 'rule' THEN (SELECT r.title FROM cadence_rule r WHERE r.code = g.key COLLATE "C" ORDER BY length(rtrim(r.owner_division, '0')),
                      r.valid_from DESC LIMIT 1) END,
                'obligations', g.n, 'open', g.open, 'met', g.met, 'late', g.late, 'met_late', g.met_late, 'released', g.released) ORDER BY g.key COLLATE "C"),
                    '[]')
          FROM grouped g) AS groups
  FROM asked a

-- name: obligation_fold :rows
-- R-235: a batch of changes into the figures.
SELECT registry.fold_obligations(:batch::integer)::text AS taken
