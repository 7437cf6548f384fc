-- Reports: progress as a unit tells it, confirmed or sent back by the office above.

-- name: report_get :one
SELECT id, owner_division, at_division, item_id, organisation_id, reported_on, value, milestone, note, file_ids, status, decision_note, reported_by, decided_by, decided_at,
       created_at, version
  FROM report_shown WHERE id = :id

-- name: report_list :page
-- Reports in the caller's scope, by item, unit or state.
-- sort: created_at, id
SELECT id, owner_division, at_division, item_id, organisation_id, reported_on, value, milestone, note, file_ids, status, decision_note, reported_by, decided_by, decided_at,
       created_at, version
  FROM report_shown
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:item_id::uuid IS NULL OR item_id = :item_id::uuid)
   AND (:organisation_id::uuid IS NULL OR organisation_id = :organisation_id::uuid)
   AND (:status::text IS NULL OR status = :status::text)
   AND (:ids::uuid[] IS NULL OR id = ANY (:ids::uuid[]))

-- name: report_insert :write report shown_division lined
-- R-020: only the lead unit reports; R-021: only on an item of a list in force; R-022: a value for an item measured by value, a milestone of its own else.
WITH target AS MATERIALIZED (
  SELECT i.id, i.owner_division, i.at_division, i.lines, i.lead_organisation_id
    FROM item i, LATERAL (SELECT registry.list_status_held(i.duty_list_id, false) AS status) AS l
   WHERE i.id = :item_id::uuid
     AND CASE WHEN i.lead_organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the lead unit reports on this item')
              WHEN l.status <> 'in_force' THEN zeren.refuse('ZR003', NULL, 'reports are taken while the list is in force; it is ' || l.status
                                                                      || coalesce('; the item goes on as ' || registry.item_carried_on(i), ''))
              WHEN i.measure = 'value' AND :value::numeric IS NULL THEN zeren.refuse('ZR005', 'value', 'this item is measured by value')
              WHEN i.measure = 'value' AND :milestone::smallint IS NOT NULL THEN zeren.refuse('ZR005', 'milestone', 'this item is measured by value')
              WHEN i.measure = 'milestone' AND :value::numeric IS NOT NULL THEN zeren.refuse('ZR005', 'value', 'this item is measured by milestones')
              WHEN i.measure = 'milestone' AND NOT EXISTS (SELECT FROM milestone m WHERE m.item_id = i.id AND m.position = :milestone::smallint)
                THEN zeren.refuse('ZR005', 'milestone', 'this item has no such milestone')
              WHEN :file_ids::uuid[] IS NULL THEN true
              ELSE registry.files_are_ready(:file_ids::uuid[], 'file_ids') END
), changed AS (
  INSERT INTO report (id, owner_division, at_division, lines, item_id, organisation_id, reported_on, value, milestone, note, file_ids, reported_by, created_at)
  SELECT :new_id::uuid, t.owner_division, t.at_division, t.lines, t.id, t.lead_organisation_id, coalesce(:reported_on::date, :today::date), :value::numeric,
         :milestone::smallint, :note, coalesce(:file_ids::uuid[], '{}'), :caller_post::uuid, :now::timestamptz
    FROM target t
  RETURNING id, owner_division, at_division, item_id, organisation_id, reported_on, trim_scale(value)::text AS value, milestone, note, file_ids, status, decision_note,
            reported_by, decided_by, decided_at, created_at, version, lines
)

-- name: report_correct :write report shown_division lined
-- R-027: by the unit that reported, while nobody has decided on it. R-022 holds for the corrected one, too; an item measured by milestones names one that it has.
UPDATE report r
   SET reported_on = coalesce(:reported_on::date, r.reported_on), value = coalesce(:value::numeric, r.value),
       milestone = coalesce(:milestone::smallint, r.milestone), note = CASE WHEN :note_given::boolean THEN :note ELSE r.note END, version = r.version + 1
 WHERE r.id = :id::uuid AND r.version = :version::integer
   AND CASE WHEN r.status <> 'submitted' THEN zeren.refuse('ZR003', NULL, 'a report is corrected until it is decided on; this one is ' || r.status)
            WHEN r.organisation_id IS DISTINCT FROM :caller_organisation::uuid THEN zeren.refuse('ZR004', NULL, 'only the unit that reported corrects its report')
            WHEN r.value IS NULL AND :value::numeric IS NOT NULL THEN zeren.refuse('ZR005', 'value', 'this item is measured by milestones')
            WHEN r.milestone IS NULL AND :milestone::smallint IS NOT NULL THEN zeren.refuse('ZR005', 'milestone', 'this item is measured by value')
            WHEN :milestone::smallint IS NOT NULL AND NOT EXISTS (SELECT FROM milestone m WHERE m.item_id = r.item_id AND m.position = :milestone::smallint)
              THEN zeren.refuse('ZR005', 'milestone', 'this item has no such milestone')
            ELSE true END
RETURNING id, owner_division, at_division, item_id, organisation_id, reported_on, trim_scale(value)::text AS value, milestone, note, file_ids, status, decision_note,
          reported_by, decided_by, decided_at, created_at, version, lines

-- name: report_decide :write report shown_division lined
-- R-026: whatever the list's state by then. R-023: a confirmed report moves its item: the value reported latest holds, a milestone counts once; the day it is complete is the day reported,
-- in whatever order reports are confirmed: of milestones the day of the last one, of values the first day behind the last that fell short.
-- R-125: nobody brings the next edition in force meanwhile; what that took over has another version.
WITH held AS MATERIALIZED (
  SELECT r.id, registry.list_status_held(i.duty_list_id, false) AS list_status FROM report r JOIN item i ON i.id = r.item_id WHERE r.id = :id
), decided AS (
  UPDATE report r
     SET status = :to_state::text, decision_note = :decision_note, decided_by = :caller_post::uuid, decided_at = :now::timestamptz, version = r.version + 1
    FROM held h WHERE r.id = h.id AND h.list_status IS NOT NULL AND r.version = :version::integer AND r.status = ANY (:from_states::text[])
  RETURNING r.*
), reached AS (
  UPDATE milestone m SET reached_on = d.reported_on
    FROM decided d WHERE d.status = 'confirmed' AND m.item_id = d.item_id AND m.position = d.milestone AND m.reached_on IS NULL
  RETURNING m.item_id
), counted AS MATERIALIZED (
  SELECT d.*, (SELECT count(*) FROM reached) AS steps_reached, (SELECT count(*) FROM milestone m WHERE m.item_id = d.item_id) AS steps
    FROM decided d WHERE d.status = 'confirmed'
), moved AS (
  UPDATE item i
     SET progress = registry.progress_after(i, c.reported_on, c.value, c.steps_reached),
         progress_on = CASE WHEN i.measure = 'milestone' AND c.steps_reached = 0 THEN i.progress_on ELSE greatest(i.progress_on, c.reported_on) END,
         completion_bp = least(10000, floor(10000 * registry.progress_after(i, c.reported_on, c.value, c.steps_reached)
                                            / CASE i.measure WHEN 'value' THEN i.target ELSE c.steps END))::integer,
         done_on = CASE WHEN registry.progress_after(i, c.reported_on, c.value, c.steps_reached) >= CASE i.measure WHEN 'value' THEN i.target ELSE c.steps END
                        THEN CASE i.measure WHEN 'value' THEN registry.value_done_on(i, c.id, c.reported_on, c.value)
                                            ELSE coalesce(i.done_on, greatest(i.progress_on, c.reported_on)) END END,
         version = i.version + 1
    FROM counted c WHERE i.id = c.item_id
  RETURNING i.*
), also_changed AS (
  SELECT 'item' AS kind, m.id, m.version, m.owner_division, to_jsonb(m) AS body, (SELECT to_jsonb(o) FROM item o WHERE o.id = m.id) AS before FROM moved m
), changed AS (
  SELECT id, owner_division, at_division, item_id, organisation_id, reported_on, trim_scale(value)::text AS value, milestone, note, file_ids, status, decision_note,
         reported_by, decided_by, decided_at, created_at, version, lines
    FROM decided
)
