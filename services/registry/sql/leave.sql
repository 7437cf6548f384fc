-- Leave of team members: asked for, approved or refused, called off or cut short. What is shown: leave_as_shown() of migrations/0019.

-- name: leave_get :one
SELECT s.* FROM leave l, LATERAL registry.leave_as_shown(l, NULL) AS s WHERE l.id = :id

-- name: leave_list :page
-- Leave in the caller's scope: by member, post, division, state, a day in it, or the level that approves it.
-- sort: starts_on, created_at
SELECT s.* FROM leave l, LATERAL registry.leave_as_shown(l, NULL) AS s
 WHERE l.owner_division >= :scope_lo::text AND l.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR l.owner_division = :division::text)
   AND (:team_member_id::uuid IS NULL OR l.team_member_id = :team_member_id::uuid)
   AND (:post_id::uuid IS NULL OR l.post_id = :post_id::uuid)
   AND (:status::text IS NULL OR l.status = :status::text)
   AND (:approver_level::smallint IS NULL OR l.approver_level = :approver_level::smallint)
   AND (:as_of::date IS NULL OR (l.starts_on <= :as_of::date AND l.ends_on >= :as_of::date))

-- name: leave_insert :write leave shown_division
-- R-165: by the member, or an office of the town or above for the member; R-166: how long; R-167: once at a time; R-168: which level approves it; R-170: who
-- covers.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT m.id FROM team_member m WHERE m.id = :team_member_id::uuid AND m.owner_division::text <@ (SELECT zeren.scope())),
                  zeren.no_such('team_member_id')) AS member_id,
         CASE WHEN :cover_member_id::uuid IS NOT NULL
              THEN coalesce((SELECT c.id FROM team_member c WHERE c.id = :cover_member_id::uuid), zeren.no_such('cover_member_id')) END AS cover_id
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT m.* FROM team_member m WHERE m.id = w.member_id FOR SHARE) AS k
), checked AS MATERIALIZED (
  SELECT m.id, m.owner_division, m.post_id, w.cover_id,
         zeren.setting_value('registry.leave_unit', m.owner_division, extract(year FROM :starts_on::date)::integer) AS unit
    FROM held m, wanted w LEFT JOIN team_member c ON c.id = w.cover_id
   WHERE CASE WHEN :ends_on::date < :starts_on::date THEN zeren.refuse('ZR005', 'ends_on', 'leave ends on or after the day it begins')
              WHEN :caller_post::uuid <> m.post_id AND NOT registry.keeps_leave(:caller_organisation::uuid)
                THEN zeren.refuse('ZR004', NULL, 'the member asks for leave, or an office of the town or above')
              WHEN :starts_on::date < m.starts_on OR :ends_on::date >= m.ends_on THEN zeren.refuse('ZR005', 'starts_on',
                    'the member does not serve in all of these days')
              WHEN :starts_on::date < :today::date
                               - zeren.setting_value('registry.leave_late_days', m.owner_division, extract(year FROM :today::date)::integer)::integer
                THEN zeren.refuse('ZR005', 'starts_on', 'leave is not entered so long after it began')
              WHEN c.starts_on > :starts_on::date OR c.ends_on <= :ends_on::date
                THEN zeren.refuse('ZR005', 'cover_member_id', 'who covers does not serve in all of these days')
              WHEN EXISTS (SELECT FROM leave x WHERE x.team_member_id = w.cover_id AND x.status IN ('requested', 'approved')
                                AND x.starts_on <= :ends_on::date AND x.ends_on >= :starts_on::date)
                THEN zeren.refuse('ZR005', 'cover_member_id', 'who covers is on leave in these days')
              ELSE true END
), counted AS MATERIALIZED (
  SELECT c.*, registry.leave_days(:starts_on::date, :ends_on::date, c.unit) AS days FROM checked c
), made AS (
  INSERT INTO leave (id, owner_division, team_member_id, post_id, starts_on, ends_on, days, unit, approver_level, reason, cover_member_id, requested_by,
        requested_account,
                     created_at)
  SELECT :new_id::uuid, c.owner_division, c.id, c.post_id, :starts_on::date, :ends_on::date, c.days, c.unit,
         registry.leave_level(c.owner_division, c.days, extract(year FROM :starts_on::date)::integer), :reason::text, c.cover_id, :caller_post::uuid,
               :caller_account::uuid,
         :now::timestamptz
    FROM counted c WHERE CASE WHEN c.days = 0 THEN zeren.refuse('ZR005', 'ends_on', 'no work day lies in it') ELSE true END
  RETURNING *
), logged AS MATERIALIZED (
  SELECT registry.log_step('leave', m.id, m.version, m.owner_division, 'ask', :now::timestamptz, :caller_post::uuid, m.reason) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.leave_as_shown(m::leave, (SELECT l.steps FROM logged l)) AS s
)

-- name: leave_decide :write leave shown_division
-- R-168: by a unit of the level that its length asks for, or above; R-169: neither by the member nor by who asked for it, in whatever post or account.
WITH target AS MATERIALIZED (
  SELECT l.id FROM leave l JOIN team_member m ON m.id = l.team_member_id
   WHERE l.id = :id AND l.version = :version::integer AND l.status = ANY (:from_states::text[])
     AND CASE WHEN coalesce((SELECT registry.level_of(o.owner_division) FROM organisation o WHERE o.id = :caller_organisation::uuid), 5) > l.approver_level
                THEN zeren.refuse('ZR004', NULL, format('leave of %s days is decided on by %s', l.days,
                                                        CASE l.approver_level WHEN 4 THEN 'a town or above' WHEN 3 THEN 'a county or above'
                                                              ELSE 'a prefecture or above' END))
              WHEN registry.is_same_person(:caller_account::uuid, :caller_post::uuid, l.requested_account, l.post_id, :today::date)
                OR registry.is_same_person(:caller_account::uuid, :caller_post::uuid, l.requested_account, l.requested_by, :today::date)
                OR :caller_post::uuid IN (l.post_id, l.requested_by)
                THEN zeren.refuse('ZR013', NULL, 'nobody decides on the own leave, nor on what they asked for')
              WHEN :to_state::text = 'approved' AND (l.starts_on < m.starts_on OR l.ends_on >= m.ends_on)
                THEN zeren.refuse('ZR003', NULL, 'the member does not serve in all of these days any more')
              ELSE true END
), made AS (
  UPDATE leave l
     SET status = :to_state::text, decision_note = :decision_note::text, decided_by = :caller_post::uuid, decided_at = :now::timestamptz,
           version = l.version + 1
    FROM target t WHERE l.id = t.id AND l.version = :version::integer
  RETURNING l.*
), logged AS MATERIALIZED (
  SELECT registry.log_step('leave', m.id, m.version, m.owner_division, CASE m.status WHEN 'approved' THEN 'approve' ELSE 'refuse' END,
                            :now::timestamptz, :caller_post::uuid, :decision_note::text) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.leave_as_shown(m::leave, (SELECT l.steps FROM logged l)) AS s
)

-- name: leave_cancel :write leave shown_division
-- R-171: called off by who may ask for it, before it begins once it is approved.
WITH target AS MATERIALIZED (
  SELECT l.id FROM leave l
   WHERE l.id = :id AND l.version = :version::integer AND l.status = ANY (:from_states::text[])
     AND CASE WHEN :caller_post::uuid <> l.post_id AND NOT registry.keeps_leave(:caller_organisation::uuid)
                THEN zeren.refuse('ZR004', NULL, 'the member calls leave off, or an office of the town or above')
              WHEN l.status = 'approved' AND l.starts_on <= :today::date THEN zeren.refuse('ZR003', NULL, 'the leave has begun; it is cut short')
              ELSE true END
), made AS (
  UPDATE leave l SET status = :to_state::text, decision_note = :decision_note::text, version = l.version + 1
    FROM target t WHERE l.id = t.id AND l.version = :version::integer
  RETURNING l.*
), logged AS MATERIALIZED (
  SELECT registry.log_step('leave', m.id, m.version, m.owner_division, 'cancel', :now::timestamptz, :caller_post::uuid,
                            :decision_note::text) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.leave_as_shown(m::leave, (SELECT l.steps FROM logged l)) AS s
)

-- name: leave_shorten :write leave shown_division
-- R-171: the member is back earlier; its days are counted anew.
WITH target AS MATERIALIZED (
  SELECT l.id, registry.leave_days(l.starts_on, :ends_on::date, l.unit) AS days FROM leave l
   WHERE l.id = :id AND l.version = :version::integer AND l.status = ANY (:from_states::text[])
     AND CASE WHEN :caller_post::uuid <> l.post_id AND NOT registry.keeps_leave(:caller_organisation::uuid)
                THEN zeren.refuse('ZR004', NULL, 'the member cuts leave short, or an office of the town or above')
              WHEN :ends_on::date < l.starts_on OR :ends_on::date >= l.ends_on
                THEN zeren.refuse('ZR005', 'ends_on', 'leave is cut short to a day in it, before its last')
              ELSE true END
), made AS (
  UPDATE leave l SET status = :to_state::text, ends_on = :ends_on::date, days = t.days, version = l.version + 1
    FROM target t WHERE l.id = t.id AND l.version = :version::integer
  RETURNING l.*
), logged AS MATERIALIZED (
  SELECT registry.log_step('leave', m.id, m.version, m.owner_division, 'shorten', :now::timestamptz, :caller_post::uuid,
                            :decision_note::text) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.leave_as_shown(m::leave, (SELECT l.steps FROM logged l)) AS s
)
