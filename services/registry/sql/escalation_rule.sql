-- After how long what is late is told one level up, and to whom. The rules of the nearest division hold, all of them and no others (R-036, R-038).

-- name: escalation_rule_get :one
SELECT r.id, r.owner_division, r.step, r.red_work_days, r.levels_up, r.duty, r.assumed, r.source, r.version FROM escalation_rule r WHERE r.id = :id

-- name: escalation_rule_list :page
-- Those that hold in a division.
-- sort: step
-- key: step
SELECT r.id, r.owner_division, r.step, r.red_work_days, r.levels_up, r.duty, r.assumed, r.source, r.version
  FROM escalation_rule r
 WHERE r.owner_division = (SELECT n.owner_division FROM escalation_rule n
                            WHERE registry.is_within(coalesce(:division::text, rpad(:scope_lo::text, 12, '0')), n.owner_division)
                            ORDER BY length(rtrim(n.owner_division, '0')) DESC LIMIT 1)

-- name: escalation_rule_insert :write escalation_rule shown_division
-- R-038.
INSERT INTO escalation_rule (id, owner_division, step, red_work_days, levels_up, duty, assumed, source)
SELECT :new_id::uuid, registry.known_division(:owner_division::text, :today::date), :step::smallint, :red_work_days::smallint, :levels_up::smallint, :duty::text,
       coalesce(:assumed::boolean, false), :source::text
RETURNING id, owner_division, step, red_work_days, levels_up, duty, assumed, source, version

-- name: escalation_rule_change :write escalation_rule shown_division
UPDATE escalation_rule r
   SET red_work_days = coalesce(:red_work_days::smallint, r.red_work_days), levels_up = coalesce(:levels_up::smallint, r.levels_up), duty = coalesce(:duty::text, r.duty),
       assumed = coalesce(:assumed::boolean, r.assumed), source = coalesce(:source::text, r.source), version = r.version + 1
 WHERE r.id = :id AND r.version = :version::integer AND r.owner_division::text <@ (SELECT zeren.scope())
RETURNING id, owner_division, step, red_work_days, levels_up, duty, assumed, source, version

-- name: escalation_rule_withdraw :write escalation_rule shown_division
-- R-038: one that somebody was told by stays.
DELETE FROM escalation_rule r
 WHERE r.id = :id AND r.version = :version::integer AND r.owner_division::text <@ (SELECT zeren.scope()) AND registry.below_country(r.owner_division)
RETURNING id, owner_division, step, red_work_days, levels_up, duty, assumed, source, version + 1 AS version
