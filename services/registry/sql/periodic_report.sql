-- Reports by period: drawn up, filled from what is recorded, submitted, returned, accepted. What is shown: periodic_report_as_shown() of migrations/0020.

-- name: periodic_report_get :one
SELECT s.id, s.owner_division, s.at_division, s.form_id, s.form, s.organisation_id, s.organisation, s.to_division, s.period, s.period_start, s.period_end, s.cut_on, s.figures, s.numbers, s.texts,
       s.part_ids, s.missing, s.status, s.submitted_by, s.submitted_on, s.decided_by, s.decided_at, s.decision_note, s.returns, s.digest, s.steps, s.created_at, s.version
  FROM periodic_report r, LATERAL registry.periodic_report_as_shown(r, '[]') AS s WHERE r.id = :id

-- name: periodic_report_list :page
-- Reports in the caller's scope, by form, unit, division, state or period.
-- sort: period_start, created_at
SELECT r.id, s.owner_division, s.at_division, s.form_id, s.form, s.organisation_id, s.organisation, s.to_division, s.period, r.period_start, s.period_end, s.cut_on, s.figures, s.numbers, s.texts,
       s.part_ids, s.missing, s.status, s.submitted_by, s.submitted_on, s.decided_by, s.decided_at, s.decision_note, s.returns, s.digest, s.steps, r.created_at, s.version
  FROM periodic_report r, LATERAL registry.periodic_report_as_shown(r, '[]') AS s
 WHERE r.owner_division >= :scope_lo::text AND r.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR r.owner_division = :division::text)
   AND (:form_id::uuid IS NULL OR r.form_id = :form_id::uuid)
   AND (:organisation_id::uuid IS NULL OR r.organisation_id = :organisation_id::uuid)
   AND (:status::text IS NULL OR r.status = :status::text)
   AND (:period_start::date IS NULL OR r.period_start = :period_start::date)

-- name: periodic_report_insert :write periodic_report shown_division lined
-- R-194 to R-197: the own unit's, of a form that asks its level, once a period that has begun; filled at once. What leads a division reports for all of it, another unit for itself.
WITH asked AS MATERIALIZED (
  SELECT coalesce((SELECT x.id FROM report_form x WHERE x.id = :form_id::uuid), zeren.no_such('form_id')) AS form_id
), held AS MATERIALIZED (
  SELECT f AS form, o.id, o.owner_division, o.line, o.kind, registry.period_of(f.period, :period_start::date) AS period
    FROM asked a LEFT JOIN report_form f ON f.id = a.form_id LEFT JOIN organisation o ON o.id = :caller_organisation::uuid
), wanted AS MATERIALIZED (
  SELECT h.* FROM held h
   WHERE CASE WHEN h.id IS NULL THEN zeren.refuse('ZR004', NULL, 'your post''s unit is not registered')
              WHEN lower(h.period) <> :period_start::date THEN zeren.refuse('ZR005', 'period_start', 'it is the first day of a period of the form')
              WHEN :period_start::date > :today::date THEN zeren.refuse('ZR005', 'period_start', 'the period has not begun')
              WHEN NOT registry.is_within(h.owner_division, (h.form).owner_division)
                   OR NOT coalesce((h.form).level = ANY (registry.report_levels(h.owner_division, :today::date)), false)
                THEN zeren.refuse('ZR004', NULL, 'the form asks units of another level or division')
              WHEN (h.form).valid_from >= upper(h.period) OR (h.form).valid_to <= lower(h.period) THEN zeren.refuse('ZR003', NULL, 'the form was not in use in that period')
              ELSE true END
), filled AS MATERIALIZED (
  SELECT w.*, x.cut, x.figures, x.recount, x.summed, x.part_ids, x.missing
    FROM wanted w, LATERAL registry.filled_report(w.form, w.id, w.owner_division, registry.reports_for_division(w.id, w.kind, :today::date), w.period, :today::date) AS x
), made AS (
  INSERT INTO periodic_report (id, owner_division, at_division, lines, form_id, organisation_id, to_division, period_start, period_end, cut_on, figures, recount, numbers, texts, part_ids,
                               missing, created_at)
  SELECT :new_id::uuid, f.owner_division, f.owner_division, CASE WHEN f.line IS NULL THEN '{}' ELSE ARRAY[f.line] END, (f.form).id, f.id,
         CASE WHEN registry.reports_for_division(f.id, f.kind, :today::date) THEN registry.reports_to(f.owner_division, :today::date) ELSE f.owner_division END, lower(f.period), upper(f.period) - 1, f.cut, f.figures, f.recount,
         registry.checked_entries((f.form).id, 'numbers', :numbers::jsonb, '{}', f.summed), registry.checked_entries((f.form).id, 'texts', :texts::jsonb, '{}', '{}'),
         f.part_ids, f.missing, :now::timestamptz
    FROM filled f
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.periodic_report_as_shown(m::periodic_report, '[]') AS s
)

-- name: periodic_report_change :write periodic_report shown_division lined
-- R-197: by the unit that reports, until it is submitted and when it was returned: entries given are laid over those there; what is counted is counted anew.
WITH target AS MATERIALIZED (
  SELECT r.id, f AS form, o.kind, r.numbers, r.texts, registry.period_of(f.period, r.period_start) AS period, r.owner_division, r.organisation_id
    FROM periodic_report r JOIN report_form f ON f.id = r.form_id JOIN organisation o ON o.id = r.organisation_id
   WHERE r.id = :id AND CASE WHEN r.organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the unit that reports changes its report')
                             WHEN r.status NOT IN ('draft', 'returned') THEN zeren.refuse('ZR003', NULL, 'a report is changed until it is submitted; this one is ' || r.status) ELSE true END
), filled AS MATERIALIZED (
  SELECT t.id, t.form, t.numbers, t.texts, x.* FROM target t,
         LATERAL registry.filled_report(t.form, t.organisation_id, t.owner_division, registry.reports_for_division(t.organisation_id, t.kind, :today::date), t.period, :today::date) AS x
), made AS (
  UPDATE periodic_report r
     SET cut_on = f.cut, figures = f.figures, recount = f.recount, part_ids = f.part_ids, missing = f.missing,
         numbers = registry.checked_entries(r.form_id, 'numbers', :numbers::jsonb, f.numbers, f.summed),
         texts = registry.checked_entries(r.form_id, 'texts', :texts::jsonb, f.texts, '{}'), version = r.version + 1
    FROM filled f WHERE r.id = f.id AND r.version = :version::integer
  RETURNING r.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.periodic_report_as_shown(m::periodic_report, '[]') AS s
)

-- name: periodic_report_submit :write periodic_report shown_division lined
-- R-198: whole, and not long before its period ends; what is submitted is kept as it is, under its digest.
WITH target AS MATERIALIZED (
  SELECT r.id FROM periodic_report r
   WHERE r.id = :id AND CASE WHEN r.organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the unit that reports submits its report')
                             WHEN r.status NOT IN ('draft', 'returned') THEN true
                             WHEN registry.lacks_entry(r) IS NOT NULL THEN zeren.refuse('ZR003', NULL, 'a required entry is empty: ' || registry.lacks_entry(r))
                             WHEN r.period_end - zeren.setting_value('registry.report_early_days', r.owner_division, extract(year FROM r.period_end)::integer)::integer > :today::date
                               THEN zeren.refuse('ZR003', NULL, 'the period has not come to its end: it ends on ' || r.period_end)
                             WHEN r.cut_on < CASE WHEN r.period_end < :today::date THEN r.period_end
                                                  ELSE r.period_end - zeren.setting_value('registry.report_early_days', r.owner_division, extract(year FROM r.period_end)::integer)::integer END
                               THEN zeren.refuse('ZR003', NULL, 'its figures stand for ' || r.cut_on || ', not for the end of its period: count them anew (:refresh)') ELSE true END
), made AS (
  UPDATE periodic_report r
     SET status = :to_state::text, submitted_by = :caller_post::uuid, submitted_on = :today::date, submitted_at = :now::timestamptz, snapshot = registry.report_snapshot(r, :today::date),
         digest = encode(sha256(convert_to(registry.report_snapshot(r, :today::date), 'UTF8')), 'hex'), version = r.version + 1
    FROM target t WHERE r.id = t.id AND r.version = :version::integer AND r.status = ANY (:from_states::text[])
  RETURNING r.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, lines, verb, at, post_id, note)
  SELECT 'periodic_report', m.id, m.version, m.owner_division, m.lines, 'submit', :now::timestamptz, :caller_post::uuid, m.digest FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.periodic_report_as_shown(m::periodic_report, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l)) AS s
)

-- name: periodic_report_discard :write periodic_report shown_division lined
-- R-129: a draft that was never submitted, by the unit that drew it up; another may be drawn up for the period.
WITH target AS MATERIALIZED (
  SELECT r.id FROM periodic_report r
   WHERE r.id = :id AND CASE WHEN r.organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the unit that reports discards its report') ELSE true END
), made AS (
  UPDATE periodic_report r SET status = :to_state::text, version = r.version + 1
    FROM target t WHERE r.id = t.id AND r.version = :version::integer AND r.status = ANY (:from_states::text[])
  RETURNING r.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, lines, verb, at, post_id)
  SELECT 'periodic_report', m.id, m.version, m.owner_division, m.lines, 'discard', :now::timestamptz, :caller_post::uuid FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.periodic_report_as_shown(m::periodic_report, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l)) AS s
)

-- name: periodic_report_decide :write periodic_report shown_division lined
-- R-199: accepted or returned by the offices of the division it goes to, never by the unit that reports.
WITH target AS MATERIALIZED (
  SELECT r.id FROM periodic_report r
   WHERE r.id = :id AND CASE WHEN r.organisation_id = :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'no unit decides on its own report')
                             WHEN NOT EXISTS (SELECT FROM organisation o WHERE o.id = :caller_organisation::uuid AND o.owner_division = r.to_division)
                               THEN zeren.refuse('ZR004', NULL, 'the report goes to the division ' || r.to_division)
                             WHEN :to_state::text = 'accepted' AND r.status = 'submitted' AND r.to_division <> r.owner_division
                                  AND EXISTS (SELECT FROM periodic_report o WHERE o.form_id = r.form_id AND o.period_start = r.period_start AND o.owner_division = r.owner_division
                                                                              AND o.status = 'accepted' AND o.to_division <> o.owner_division)
                               THEN zeren.refuse('ZR003', NULL, 'another unit''s report for all of that division was accepted for the period') ELSE true END
), made AS (
  UPDATE periodic_report r
     SET status = :to_state::text, decision_note = :decision_note, decided_by = :caller_post::uuid, decided_at = :now::timestamptz, version = r.version + 1,
         returns = r.returns + CASE :to_state::text WHEN 'returned' THEN 1 ELSE 0 END
    FROM target t WHERE r.id = t.id AND r.version = :version::integer AND r.status = ANY (:from_states::text[])
  RETURNING r.*
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, lines, verb, at, post_id, note)
  SELECT 'periodic_report', m.id, m.version, m.owner_division, m.lines, CASE m.status WHEN 'returned' THEN 'return' ELSE 'accept' END, :now::timestamptz, :caller_post::uuid, m.decision_note
    FROM made m
  RETURNING position, verb, at, post_id, note, due_on
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.periodic_report_as_shown(m::periodic_report, (SELECT jsonb_agg(to_jsonb(l)) FROM logged l)) AS s
)

-- name: periodic_report_snapshot :view
-- R-198: what was submitted, to the byte.
SELECT r.id, r.status, r.submitted_on, r.digest, r.snapshot FROM periodic_report r WHERE r.id = :id AND r.snapshot IS NOT NULL

-- name: periodic_report_export :rows
-- One row a line of a report, of reports that are submitted or accepted, so that each line is what its digest stands for; by division and period.
SELECT jsonb_build_array(p.owner_division, p.period_start, p.id, l.n)::text, p.owner_division::text, o.name, f.title, p.period_start::text, p.period_end::text,
       (SELECT e.label FROM zeren.dictionary_entry e WHERE e.dictionary = 'periodic_report_status' AND e.code = p.status), l.label, l.unit_of_measure, l.value, l.recount, p.digest, p.id::text
  FROM periodic_report p JOIN report_form f ON f.id = p.form_id JOIN organisation o ON o.id = p.organisation_id, LATERAL registry.report_lines(p.id) AS l
 WHERE p.owner_division >= :scope_lo::text AND p.owner_division < :scope_hi::text AND p.status IN ('submitted', 'accepted')
   AND (p.owner_division, p.period_start, p.id) >= (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::date, '-infinity'::date),
                                                    coalesce((:after::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:after::jsonb IS NULL OR (p.owner_division, p.period_start, p.id, l.n) > (:after::jsonb ->> 0, (:after::jsonb ->> 1)::date, (:after::jsonb ->> 2)::uuid, (:after::jsonb ->> 3)::bigint))
   AND (:filters::jsonb ->> 'division' IS NULL OR registry.below(p.owner_division, :filters::jsonb ->> 'division'))
 ORDER BY p.owner_division, p.period_start, p.id, l.n LIMIT :chunk::integer
