-- The cadence: rules that say who owes what how often, and the worker's statements that make and look after what is owed. Columns shown:
-- cadence_rule_as_shown().

-- name: cadence_rule_get :one
SELECT s.* FROM cadence_rule r, LATERAL registry.cadence_rule_as_shown(r) AS s WHERE r.id = :id

-- name: cadence_rule_list :page
-- Rules of the caller's divisions and above. R-220: holds_for gives of each code the one that holds for a division on a day.
-- sort: code
SELECT s.* FROM cadence_rule r, LATERAL registry.cadence_rule_as_shown(r) AS s
 WHERE (:division::text IS NULL OR r.owner_division = :division::text)
   AND (:code::text IS NULL OR r.code = :code::text)
   AND (:subject::text IS NULL OR r.subject = :subject::text)
   AND (:action::text IS NULL OR r.action = :action::text)
   AND (:status::text IS NULL OR r.status = :status::text)
   AND (:holds_for::text IS NULL OR r.id = registry.rule_for(r.code, :holds_for::text, coalesce(:as_of::date, :today::date)))

-- name: cadence_rule_insert :write cadence_rule shown_division
-- R-221: what is not said is as the next rule of that code above, or the division's own former one, has it; R-236: it reaches back into this year at most.
WITH place AS MATERIALIZED (
  SELECT d.code AS division, m.*
    FROM registry.known_division(:owner_division::text, :today::date) AS d (code) LEFT JOIN LATERAL registry.cadence_model(:code, d.code) AS m ON true
), wanted AS MATERIALIZED (
  SELECT p.*, coalesce(:valid_from::date, :today::date) AS from_day FROM place p
   WHERE CASE WHEN p.id IS NOT NULL THEN true
              WHEN :title::text IS NULL THEN zeren.refuse('ZR005', 'title', 'no rule above has this code: it needs a title')
              WHEN :subject::text IS NULL THEN zeren.refuse('ZR005', 'subject', 'no rule above has this code: it needs a subject')
              WHEN :action::text IS NULL THEN zeren.refuse('ZR005', 'action', 'no rule above has this code: it needs an action')
              WHEN :period::text IS NULL THEN zeren.refuse('ZR005', 'period', 'no rule above has this code: it needs a period')
              WHEN :source::text IS NULL THEN zeren.refuse('ZR005', 'source', 'no rule above has this code: it needs a source')
              ELSE true END
     AND CASE WHEN :valid_from::date < date_trunc('year', :today::date)::date
                THEN zeren.refuse('ZR005', 'valid_from', 'a rule reaches back to the beginning of this year at most') ELSE true END
     AND CASE WHEN :clause_id::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM document_clause c
         WHERE c.id = :clause_id::uuid) THEN zeren.no_such('clause_id') IS NULL
              ELSE true END
), made AS (
  INSERT INTO cadence_rule (id, owner_division, code, title, subject, subject_codes, levels, action, action_codes, duties, count, period, due_month_day,
      grace_work_days,
                            clause_id, source, assumed, valid_from, valid_to, status, created_at)
  SELECT :new_id::uuid, w.division, :code, coalesce(:title, w.title), coalesce(:subject, w.subject), coalesce(:subject_codes::text[], w.subject_codes, '{}'),
         coalesce(registry.level_numbers(:levels::text[]), w.levels, '{}'), coalesce(:action, w.action), coalesce(:action_codes::text[], w.action_codes, '{}'),
         coalesce(:duties::text[], w.duties, '{}'), coalesce(:count::smallint, w.count, 1::smallint), coalesce(:period, w.period),
         CASE WHEN :due_month_day_given::boolean OR :period::text IS NOT NULL THEN :due_month_day ELSE w.due_month_day END,
         coalesce(:grace_work_days::smallint, w.grace_work_days, 0::smallint), coalesce(:clause_id::uuid, w.clause_id), coalesce(:source, w.source),
         coalesce(:assumed::boolean, w.assumed, true), w.from_day, coalesce(:valid_to::date, 'infinity'), 'enabled', :now::timestamptz
    FROM wanted w
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.cadence_rule_as_shown(m::cadence_rule) AS s
)

-- name: cadence_rule_correct :write cadence_rule shown_division
-- R-229: what is changed counts from the next period on; what is owed already stays as it was made.
WITH wanted AS MATERIALIZED (
  SELECT r.id FROM cadence_rule r
   WHERE r.id = :id AND CASE WHEN :clause_id::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM document_clause c WHERE c.id = :clause_id::uuid)
                               THEN zeren.no_such('clause_id') IS NULL ELSE true END
), made AS (
  UPDATE cadence_rule r
     SET title = coalesce(:title, r.title), subject_codes = coalesce(:subject_codes::text[], r.subject_codes), levels = coalesce(registry.level_numbers(:levels::text[]), r.levels),
         action_codes = coalesce(:action_codes::text[], r.action_codes), duties = coalesce(:duties::text[], r.duties), count = coalesce(:count::smallint,
             r.count),
         period = coalesce(:period, r.period), due_month_day = CASE WHEN :due_month_day_given::boolean THEN :due_month_day ELSE r.due_month_day END,
         grace_work_days = coalesce(:grace_work_days::smallint, r.grace_work_days),
         clause_id = CASE WHEN :clause_id_given::boolean THEN :clause_id::uuid ELSE r.clause_id END, source = coalesce(:source, r.source),
         assumed = coalesce(:assumed::boolean, r.assumed),
         valid_to = CASE WHEN :valid_to_given::boolean THEN coalesce(:valid_to::date, 'infinity') ELSE r.valid_to END, version = r.version + 1
    FROM wanted w WHERE r.id = w.id AND r.version = :version::integer
  RETURNING r.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.cadence_rule_as_shown(m::cadence_rule) AS s
)

-- name: cadence_rule_step :write cadence_rule shown_division
-- R-220, R-222: enabled or disabled; nothing is enabled that nobody records, and what was not owed meanwhile is not owed later.
WITH made AS (
  UPDATE cadence_rule r
     SET status = :to_state::text, version = r.version + 1, enabled_from = CASE :to_state::text WHEN 'enabled' THEN :today::date ELSE r.enabled_from END
   WHERE r.id = :id AND r.version = :version::integer AND r.status = ANY (:from_states::text[])
  RETURNING r.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.cadence_rule_as_shown(m::cadence_rule) AS s
)

-- name: cadence_hints :rows
-- R-225: rules above what was registered or dated anew are looked at again. Says how many hints there were.
WITH taken AS (
  DELETE FROM cadence_hint WHERE id IN (SELECT h.id FROM cadence_hint h ORDER BY h.id LIMIT 5000 FOR UPDATE SKIP LOCKED) RETURNING subject, division
), woken AS (
  UPDATE cadence_progress p SET looked_at = '-infinity'
    FROM cadence_rule r
   WHERE r.id = p.rule_id AND r.status = 'enabled'
     AND EXISTS (SELECT FROM taken t WHERE registry.is_within(t.division, r.owner_division)
                    AND CASE t.subject WHEN 'contact' THEN r.subject IN ('post_contact', 'unit_contact') ELSE r.subject = t.subject END)
)
SELECT count(*)::text AS hints FROM taken

-- name: cadence_due :rows
-- R-225: enabled rules whose obligations are to be made or looked for again: the rule is new or changed, a period has begun, something below it was
-- registered, or it was not looked at for ten minutes, in which a post may have been. From which day on, and the first day that is no longer in it.
SELECT r.id::text, r.version::text, r.period, r.due_month_day, greatest(r.valid_from, r.enabled_from, p.done_to)::text AS from_day,
       (CASE WHEN isfinite(r.valid_to) THEN r.valid_to ELSE DATE '2199-12-31' END)::text AS until_day
  FROM cadence_rule r LEFT JOIN cadence_progress p ON p.rule_id = r.id
 WHERE r.status = 'enabled' AND r.valid_from <= :today::date
   AND (p.rule_id IS NULL OR p.rule_version <> r.version OR p.next_on <= :today::date OR p.looked_at < :now::timestamptz - interval '10 minutes'
       OR p.looked_at > :now::timestamptz)
 ORDER BY p.looked_at NULLS FIRST, r.id LIMIT :batch::integer

-- name: cadence_make :rows
-- R-225, R-226.
SELECT registry.make_obligations(:id::uuid, :first_day::date, :last_day::date, :due::date, :now::timestamptz, :batch::integer)::text AS made

-- name: cadence_done :exec
INSERT INTO cadence_progress AS p (rule_id, rule_version, done_to, next_on, looked_at)
VALUES (:id::uuid, :version::integer, :first_day::date, :next_on::date, :now::timestamptz)
    ON CONFLICT ON CONSTRAINT cadence_progress_pkey DO UPDATE
   SET rule_version = excluded.rule_version, done_to = excluded.done_to, next_on = excluded.next_on, looked_at = excluded.looked_at

-- name: cadence_tend :rows
-- R-230 to R-232: a batch of what is to be looked at today. R-228: how many days the work-day calendar goes on.
SELECT registry.tend_obligations(:today::date, :now::timestamptz, :batch::integer)::text AS looked,
       (SELECT coalesce(max(c.day) - :today::date, 0) FROM zeren.calendar_day c)::text AS days_left
