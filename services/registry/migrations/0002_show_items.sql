-- How an item is shown, said once: with its task, its units by name and its milestones.
ALTER TABLE item ADD COLUMN progress_on date;
COMMENT ON COLUMN item.progress IS 'The value reached so far, or the number of milestones reached';
COMMENT ON COLUMN item.progress_on IS 'reported_on of the confirmed report that progress comes from; an older report does not overwrite it';

-- A caller of one county reads its range of owner_division and sorts little; a caller of a province walks the order itself (charter D4).
CREATE INDEX item_order_idx ON item (due_on, id);
-- Where a unit assists: asked before its line is corrected.
CREATE INDEX item_assist_organisation_ids_idx ON item USING gin (assist_organisation_ids);
CREATE INDEX item_created_at_idx ON item (created_at, id);
CREATE INDEX report_created_at_idx ON report (created_at, id);
CREATE INDEX organisation_name_idx ON organisation (name, id);
CREATE INDEX organisation_created_at_idx ON organisation (created_at, id);

CREATE VIEW item_shown WITH (security_invoker = true) AS
  SELECT i.id, i.owner_division, i.at_division, i.duty_list_id, i.task_id, t.number AS task_number, t.title AS task_title, i.title,
         i.lead_organisation_id, o.name AS lead_organisation, i.assist_organisation_ids,
         (SELECT coalesce(json_agg(a.name ORDER BY a.name), '[]') FROM organisation a WHERE a.id = ANY (i.assist_organisation_ids)) AS assist_organisations,
         i.starts_on, i.due_on, i.measure, trim_scale(i.target)::text AS target, i.unit_of_measure,
         trim_scale(i.progress)::text AS progress, i.progress_on, (i.completion_bp / 100.0)::numeric(5,2)::text AS completion, i.done_on,
         (SELECT coalesce(json_agg(json_build_object('position', m.position, 'name', m.name, 'due_on', m.due_on, 'reached_on', m.reached_on)
                 ORDER BY m.position), '[]') FROM milestone m WHERE m.item_id = i.id) AS milestones,
         i.created_at, i.version
    FROM item i JOIN task t ON t.id = i.task_id LEFT JOIN organisation o ON o.id = i.lead_organisation_id;
COMMENT ON VIEW item_shown IS 'Items as the API shows them; the lead''s name is NULL where the caller may not see the organisation';
GRANT SELECT ON item_shown TO registry_service;

-- A report as the API shows it.
CREATE VIEW report_shown WITH (security_invoker = true) AS
  SELECT r.id, r.owner_division, r.at_division, r.item_id, r.organisation_id, r.reported_on, trim_scale(r.value)::text AS value, r.milestone, r.note,
         r.status, r.decision_note, r.reported_by, r.decided_by, r.decided_at, r.created_at, r.version
    FROM report r;
COMMENT ON VIEW report_shown IS 'Reports as the API shows them';
GRANT SELECT ON report_shown TO registry_service;

-- Thresholds of this service.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('registry.overdue_grace_work_days', '000000000000', 0, '0', true, 'assumed: an item is late from the first work day after its deadline');

-- Work days of grace a division grants for deadlines of that year.
CREATE FUNCTION grace_work_days(division text, due_on date) RETURNS integer LANGUAGE sql STABLE
  RETURN coalesce(zeren.setting_value('registry.overdue_grace_work_days', division, extract(year FROM due_on)::integer)::integer, 0);

-- An item's progress once a report counts: milestones add up; of values the one reported latest holds.
CREATE FUNCTION progress_after(i item, reported_on date, value numeric, milestones_reached bigint) RETURNS numeric LANGUAGE sql IMMUTABLE
  RETURN CASE WHEN i.measure = 'milestone' THEN i.progress + milestones_reached WHEN i.progress_on > reported_on THEN i.progress ELSE value END;

-- The day from which on the confirmed values of an item reach its target: the first one behind the last that fell short. Sees what others confirmed
-- while this statement waited for the item, for a volatile function reads anew. The report that counts now is given by its own values.
CREATE FUNCTION value_done_on(i item, report_id uuid, reported_on date, value numeric) RETURNS date LANGUAGE plpgsql VOLATILE AS $$
DECLARE done date;
BEGIN
  WITH counted AS (
    SELECT r.reported_on AS day, r.decided_at AS at, r.value >= i.target AS enough
      FROM registry.report r WHERE r.item_id = i.id AND r.status = 'confirmed' AND r.id <> report_id
    UNION ALL SELECT value_done_on.reported_on, 'infinity', value_done_on.value >= i.target
  ), short AS (SELECT day, at FROM counted WHERE NOT enough ORDER BY day DESC, at DESC LIMIT 1)
  SELECT min(c.day) INTO done FROM counted c WHERE c.enough AND NOT EXISTS (SELECT FROM short s WHERE (c.day, c.at) <= (s.day, s.at));
  RETURN done;
END $$;

-- The next edition of a division's list of a year: whoever makes one at the same time waits for it, and then reads anew.
CREATE FUNCTION next_edition(division text, of_year integer) RETURNS smallint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('registry.duty_list ' || division || ' ' || of_year, 0));
  RETURN (SELECT 1 + coalesce(max(l.edition), 0) FROM registry.duty_list l WHERE l.owner_division = division AND l.year = of_year);
END $$;

-- A deadline is counted in work days (charter D17): before the first day of the calendar there are none.
CREATE FUNCTION deadline(due_on date) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF due_on < (SELECT min(day) FROM zeren.calendar_day) THEN
    PERFORM zeren.refuse('ZR006', 'due_on', format('no work-day calendar for %s', due_on));
  END IF;
  RETURN due_on;
END $$;

-- R-007: a division that exists on that day; the country, which is no row, is one always.
CREATE FUNCTION known_division(wanted text, on_day date) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF wanted <> '000000000000' AND NOT EXISTS (SELECT FROM registry.division d WHERE d.code = wanted AND d.valid_from <= on_day AND d.valid_to > on_day) THEN
    PERFORM zeren.refuse('ZR005', 'owner_division', 'there is no such division');
  END IF;
  RETURN wanted;
END $$;

-- Is a division another one, or below it?
CREATE FUNCTION is_within(division text, above text) RETURNS boolean LANGUAGE sql IMMUTABLE
  RETURN above = ANY (ARRAY[division, rpad(left(division, 9), 12, '0'), rpad(left(division, 6), 12, '0'), rpad(left(division, 4), 12, '0'),
                            rpad(left(division, 2), 12, '0'), '000000000000']);
