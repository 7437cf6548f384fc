-- Deadlines of items that pause, lights, escalation one level up, and urging (督办) as a record. Rules R-031 to R-049 of proto/registry.md.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('registry.amber_work_days', '000000000000', 0, '5', true, 'assumed: a working week before the deadline; no source gives a number'),
  ('registry.pause_unit', '000000000000', 0, 'work_days', true, 'assumed: a pause moves a deadline by the work days that it lasted'),
  ('registry.urging_answer_work_days', '000000000000', 0, '5', true, 'assumed: five work days to answer an urging, when its issuer names none'),
  ('registry.urging_amber_work_days', '000000000000', 0, '2', true, 'assumed: two work days before the answer is due'),
  ('registry.confirm_work_days', '000000000000', 0, '5', true, 'assumed: five work days to confirm a report or send it back'),
  ('registry.list_step_work_days', '000000000000', 0, '10', true, 'assumed: ten work days for each step of a list, from draft to in force');

-- ---- pauses
-- A column with a default is not added while functions take the row: they are made anew, as they were.
DROP FUNCTION progress_after, value_done_on;
ALTER TABLE item ADD COLUMN pauses smallint NOT NULL DEFAULT 0, ADD COLUMN paused_on date;

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

COMMENT ON COLUMN item.pauses IS 'How often its deadline was paused';
COMMENT ON COLUMN item.paused_on IS 'The first day of the pause that goes on; NULL: none does';

CREATE TABLE item_pause (
  id uuid CONSTRAINT item_pause_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  item_id uuid NOT NULL CONSTRAINT item_pause_item_id_fkey REFERENCES item,
  from_on date NOT NULL,
  until_on date,
  reason text NOT NULL,
  paused_by uuid NOT NULL,
  end_reason text,
  ended_by uuid,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT item_pause_period_check CHECK (from_on <= until_on),
  CONSTRAINT item_pause_overlap EXCLUDE USING gist (item_id WITH =, daterange(from_on, until_on) WITH &&)
);
COMMENT ON TABLE item_pause IS 'A pause of an item''s deadline: from a day until the day it is resumed, which no longer counts';
COMMENT ON COLUMN item_pause.paused_by IS 'The post that paused (identity.post)';
CREATE INDEX item_pause_item_id_idx ON item_pause (item_id, from_on);
CALL zeren.classify('item_pause', 'scoped');
GRANT SELECT, INSERT, UPDATE ON item_pause TO registry_service;

-- R-031: the deadline as of a day, moved by the days paused before it; NULL where the calendar has no data. A pause that goes on moves it day by day.
CREATE FUNCTION due_as_of(of_item uuid, of_division text, due_on date, pauses smallint, as_of date) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE unit text; paused integer;
BEGIN
  IF pauses = 0 THEN RETURN due_on; END IF;
  unit := zeren.setting_value('registry.pause_unit', of_division, extract(year FROM due_on)::integer);
  paused := (SELECT sum(zeren.days_within(p.from_on, least(p.until_on, as_of), unit)) FROM registry.item_pause p WHERE p.item_id = of_item);
  RETURN zeren.due_or_null(due_on, coalesce(paused, 0), unit);
END $$;

-- Work days before a deadline of that year from which on it is amber.
CREATE FUNCTION amber_work_days(division text, due_on date) RETURNS integer LANGUAGE sql STABLE
  RETURN coalesce(zeren.setting_value('registry.amber_work_days', division, extract(year FROM due_on)::integer)::integer, 0);

-- R-032, as zeren.light() has it, for every item that is read. Two months off the deadline nothing need be looked up, for amber and grace are thirty work days at most
-- (constraint setting_days_check); nearer it takes one look at the calendar, and one at the setting that the day needs.
CREATE FUNCTION item_light(of_division text, due date, as_of date, done_on date) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE here integer; there integer; days integer; late boolean := due < as_of;
BEGIN
  IF done_on <= as_of THEN RETURN 'green'; END IF;
  IF due - as_of > 60 THEN RETURN 'green'; END IF;
  IF as_of - due > 60 THEN RETURN 'red'; END IF;
  SELECT a.work_seq, d.work_seq INTO here, there FROM zeren.calendar_day a, zeren.calendar_day d WHERE a.day = as_of AND d.day = due;
  IF late AND there = here THEN RETURN 'amber'; END IF;
  SELECT s.value::integer INTO days FROM zeren.setting s
   WHERE s.key = CASE WHEN late THEN 'registry.overdue_grace_work_days' ELSE 'registry.amber_work_days' END
     AND s.division = ANY (ARRAY[of_division, rpad(left(of_division, 9), 12, '0'), rpad(left(of_division, 6), 12, '0'), rpad(left(of_division, 4), 12, '0'),
                                 rpad(left(of_division, 2), 12, '0'), '000000000000'])
     AND s.year IN (extract(year FROM due)::integer, 0)
   ORDER BY length(rtrim(s.division, '0')) DESC, s.year DESC LIMIT 1;
  IF here IS NULL OR there IS NULL THEN RETURN zeren.light(due, as_of, done_on, days, days); END IF;
  RETURN CASE WHEN late THEN CASE WHEN here - there > coalesce(days, 0) THEN 'red' ELSE 'amber' END
              WHEN there - here <= coalesce(days, 0) THEN 'amber' ELSE 'green' END;
END $$;

CREATE OR REPLACE VIEW item_shown WITH (security_invoker = true) AS
  SELECT i.id, i.owner_division, i.at_division, i.duty_list_id, i.task_id, t.number AS task_number, t.title AS task_title, i.title,
         i.lead_organisation_id, o.name AS lead_organisation, i.assist_organisation_ids,
         (SELECT coalesce(json_agg(a.name ORDER BY a.name), '[]') FROM organisation a WHERE a.id = ANY (i.assist_organisation_ids)) AS assist_organisations,
         i.starts_on, i.due_on, i.measure, trim_scale(i.target)::text AS target, i.unit_of_measure,
         trim_scale(i.progress)::text AS progress, i.progress_on, (i.completion_bp / 100.0)::numeric(5,2)::text AS completion, i.done_on,
         (SELECT coalesce(json_agg(json_build_object('position', m.position, 'name', m.name, 'due_on', m.due_on, 'reached_on', m.reached_on)
                 ORDER BY m.position), '[]') FROM milestone m WHERE m.item_id = i.id) AS milestones,
         i.created_at, i.version, i.pauses, i.paused_on
    FROM item i JOIN task t ON t.id = i.task_id LEFT JOIN organisation o ON o.id = i.lead_organisation_id;

-- ---- urging
CREATE TABLE urging (
  id uuid CONSTRAINT urging_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  number text COLLATE "C",
  item_id uuid CONSTRAINT urging_item_id_fkey REFERENCES item,
  issuer_organisation_id uuid NOT NULL CONSTRAINT urging_issuer_organisation_id_fkey REFERENCES organisation,
  issuer_post_id uuid NOT NULL,
  issuer_name text NOT NULL,
  addressee_organisation_id uuid NOT NULL CONSTRAINT urging_addressee_organisation_id_fkey REFERENCES organisation,
  addressee_post_id uuid,
  matter text NOT NULL,
  basis text,
  issued_on date NOT NULL,
  answer_work_days smallint NOT NULL,
  answer_by date NOT NULL,
  status text COLLATE "C" NOT NULL DEFAULT 'issued',
  answer text,
  answered_by uuid,
  answered_at timestamptz,
  decision_note text,
  decided_by uuid,
  decided_at timestamptz,
  returns smallint NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT urging_number_key UNIQUE (issuer_organisation_id, number),
  CONSTRAINT urging_status_check CHECK (status IN ('issued', 'answered', 'returned', 'accepted', 'withdrawn')),
  CONSTRAINT urging_work_days_check CHECK (answer_work_days BETWEEN 1 AND 250),
  CONSTRAINT urging_self_check CHECK (issuer_organisation_id <> addressee_organisation_id)
);
COMMENT ON TABLE urging IS 'Who urges whom, on what, and answer by when; belongs to the division of the unit urged and to the lines of both units';
COMMENT ON COLUMN urging.number IS 'Its number as a paper of the issuer, by year; NULL until it is printed';
COMMENT ON COLUMN urging.issuer_name IS 'The issuer as it was called then: those below may not see the unit itself';
CREATE INDEX urging_owner_division_idx ON urging (owner_division, created_at, id);
CREATE INDEX urging_created_at_idx ON urging (created_at, id);
CREATE INDEX urging_answer_by_idx ON urging (answer_by, id);
CREATE INDEX urging_item_id_idx ON urging (item_id);
CREATE INDEX urging_issuer_idx ON urging (issuer_organisation_id, status, answer_by);
CREATE INDEX urging_addressee_idx ON urging (addressee_organisation_id, status, answer_by);

CREATE TABLE urging_step (
  id uuid CONSTRAINT urging_step_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  urging_id uuid NOT NULL CONSTRAINT urging_step_urging_id_fkey REFERENCES urging,
  position integer NOT NULL,
  verb text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  post_id uuid NOT NULL,
  note text,
  answer_by date NOT NULL,
  CONSTRAINT urging_step_position_key UNIQUE (urging_id, position)
);
COMMENT ON TABLE urging_step IS 'What was done with an urging, in order: the version of the urging that each step made is its position';
CALL zeren.classify('urging', 'scoped');
CALL zeren.classify('urging_step', 'scoped');
GRANT SELECT, INSERT, UPDATE ON urging TO registry_service;
GRANT SELECT, INSERT ON urging_step TO registry_service;

-- R-046: the answer's light; what is answered waits for its issuer and is green.
CREATE FUNCTION urging_light(division text, answer_by date, status text, as_of date) RETURNS text LANGUAGE sql STABLE
  RETURN zeren.light(answer_by, as_of, CASE WHEN status NOT IN ('issued', 'returned') THEN as_of END,
                     zeren.setting_value('registry.urging_amber_work_days', division, extract(year FROM answer_by)::integer)::integer, 0);

-- An urging as the API shows it; `more`: steps of this statement, which its snapshot does not see.
CREATE FUNCTION urging_as_shown(u urging, more jsonb, as_of date)
RETURNS TABLE (id uuid, owner_division text, at_division text, number text, item_id uuid, issuer_organisation_id uuid, issuer text, issuer_post_id uuid,
  addressee_organisation_id uuid, addressee text, addressee_post_id uuid, matter text, basis text, issued_on date, answer_work_days smallint, answer_by date,
  status text, light text, answer text, answered_by uuid, answered_at timestamptz, decision_note text, decided_by uuid, decided_at timestamptz,
       returns smallint,
  steps json, created_at timestamptz, version integer, lines text[]) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT u.id, u.owner_division::text, u.at_division::text, u.number, u.item_id, u.issuer_organisation_id, u.issuer_name, u.issuer_post_id,
         u.addressee_organisation_id, (SELECT o.name FROM registry.organisation o WHERE o.id = u.addressee_organisation_id), u.addressee_post_id, u.matter,
              u.basis,
         u.issued_on, u.answer_work_days, u.answer_by, u.status, registry.urging_light(u.owner_division, u.answer_by, u.status, as_of),
         u.answer, u.answered_by, u.answered_at, u.decision_note, u.decided_by, u.decided_at, u.returns,
         (SELECT coalesce(json_agg(s.step ORDER BY s.position), '[]')
            FROM (SELECT t.position, json_build_object('verb', t.verb, 'at', t.at, 'post_id', t.post_id, 'note', t.note, 'answer_by', t.answer_by)
                    FROM registry.urging_step t WHERE t.urging_id = u.id
                  UNION ALL
                  SELECT (m.step ->> 'position')::integer, (m.step - 'position')::json FROM jsonb_array_elements(more) AS m (step)) AS s (position, step)),
         u.created_at, u.version, u.lines;
END;

-- ---- escalation
CREATE TABLE escalation_rule (
  id uuid CONSTRAINT escalation_rule_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_division zeren.division_code NOT NULL,
  step smallint NOT NULL,
  red_work_days smallint NOT NULL,
  levels_up smallint NOT NULL,
  duty text COLLATE "C" NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  source text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT escalation_rule_step_key UNIQUE (owner_division, step),
  CONSTRAINT escalation_rule_check CHECK (step > 0 AND red_work_days >= 0 AND levels_up BETWEEN 0 AND 4)
);
COMMENT ON TABLE escalation_rule IS
  'After how many work days of red an item is told to whom: the posts of that duty in the leading units so many levels above the lead unit. The nearest '
   'division''s rows hold, all of them';
INSERT INTO escalation_rule (owner_division, step, red_work_days, levels_up, duty, source) VALUES
  ('000000000000', 1, 3, 1, 'direct', 'assumed: three work days behind the deadline the direct duty post one level up is told; no source gives a number'),
  ('000000000000', 2, 10, 1, 'first_responsible', 'assumed: two weeks behind it the first responsible of that level');
CALL zeren.classify('escalation_rule', 'upward');

CREATE TABLE escalation (
  id uuid CONSTRAINT escalation_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  item_id uuid NOT NULL CONSTRAINT escalation_item_id_fkey REFERENCES item,
  step smallint NOT NULL,
  rule_id uuid NOT NULL CONSTRAINT escalation_rule_id_fkey REFERENCES escalation_rule,
  on_day date NOT NULL,
  due_on date NOT NULL,
  late_work_days integer NOT NULL,
  to_division zeren.division_code NOT NULL,
  to_post_ids uuid[] NOT NULL,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT escalation_step_key UNIQUE (item_id, step)
);
COMMENT ON TABLE escalation IS 'An item that was told one level up because it is late: once an item and step, kept for good';
COMMENT ON COLUMN escalation.to_post_ids IS 'The posts told; none: the level has no such post, and its offices see the record';
CREATE INDEX escalation_owner_division_idx ON escalation (owner_division, created_at, id);
CREATE INDEX escalation_created_at_idx ON escalation (created_at, id);
CALL zeren.classify('escalation', 'scoped');
GRANT SELECT ON escalation_rule, escalation TO registry_service;

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('item_pause', 'scoped', 'duty_list.read', '暂停计时'),
  ('urging', 'scoped', 'urging.read', '督办'),
  ('escalation', 'scoped', 'urging.read', '逾期上报');

-- The division so many levels above one; the country is above all.
CREATE FUNCTION division_above(code text, levels integer) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN CASE WHEN levels <= 0 THEN code
              ELSE coalesce((SELECT a.code FROM (SELECT DISTINCT rpad(left(division_above.code, n), 12, '0') AS code, n FROM unnest(ARRAY[9, 6, 4, 2, 0]) AS n
                                                  WHERE n < length(rtrim(division_above.code, '0'))) AS a ORDER BY a.n DESC OFFSET levels - 1 LIMIT 1),
                            '000000000000') END;

-- R-036: the level above a unit: for the division's own leading unit the next division up, for its departments and groups the division itself.
CREATE FUNCTION level_above(division text, kind text, levels integer) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN registry.division_above(division, levels - CASE WHEN kind IN ('party_committee', 'government', 'town', 'village') THEN 0 ELSE 1 END);

-- R-036, R-037: every item in scope that is red for as many work days as a rule of its nearest division says, once an item and step; says how many were told.
-- Run by
-- the worker in the country's scope.
CREATE FUNCTION escalate(as_of date, at timestamptz) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE told integer;
BEGIN
  WITH late AS MATERIALIZED (
    SELECT i.id, i.owner_division, i.lines, o.kind, e.due, zeren.days_within(e.due + 1, as_of + 1, 'work_days') AS days
      FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
           AND l.status = 'in_force' JOIN registry.organisation o ON o.id = i.lead_organisation_id,
           LATERAL (SELECT registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, as_of) AS due) AS e
     WHERE i.due_on < as_of AND (i.done_on IS NULL OR i.done_on > as_of) AND registry.item_light(i.owner_division, e.due, as_of, i.done_on) = 'red'
  ), due AS MATERIALIZED (
    SELECT l.*, r.id AS rule_id, r.step, r.duty, registry.level_above(l.owner_division, l.kind, r.levels_up) AS to_division
      FROM late l JOIN registry.escalation_rule r ON r.red_work_days <= l.days
       AND r.owner_division = (SELECT n.owner_division FROM registry.escalation_rule n WHERE registry.is_within(l.owner_division, n.owner_division)
                                ORDER BY length(rtrim(n.owner_division, '0')) DESC LIMIT 1)
     WHERE NOT EXISTS (SELECT FROM registry.escalation x WHERE x.item_id = l.id AND x.step = r.step)
  ), made AS (
    INSERT INTO registry.escalation (id, owner_division, lines, item_id, step, rule_id, on_day, due_on, late_work_days, to_division, to_post_ids, created_at)
    SELECT gen_random_uuid(), d.owner_division, d.lines, d.id, d.step, d.rule_id, as_of, d.due, d.days, d.to_division,
           ARRAY(SELECT DISTINCT h.post_id FROM registry.organisation o JOIN identity_pub.post_division h ON h.organisation_id = o.id
                  WHERE o.owner_division = d.to_division AND o.kind IN ('party_committee', 'government', 'town', 'village', 'work_group') AND h.duty = d.duty
                  ORDER BY h.post_id), at
      FROM due d
    ON CONFLICT ON CONSTRAINT escalation_step_key DO NOTHING
    RETURNING *
  ), audited AS (
    INSERT INTO registry.audit_log (at, verb, record, record_id, version, owner_division, body)
    SELECT escalate.at, 'escalate', 'escalation', m.id, m.version, m.owner_division, to_jsonb(m) FROM made m
  ), announced AS (
    INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, lines)
    SELECT escalate.at, 'escalate', 'escalation', m.id, m.version, m.owner_division, m.lines FROM made m
  )
  SELECT count(*) INTO told FROM made;
  RETURN told;
END $$;
GRANT SELECT ON item, item_pause, duty_list, organisation, escalation_rule TO registry_worker;
GRANT SELECT, INSERT ON escalation TO registry_worker;
GRANT INSERT ON outbox TO registry_worker;
