-- The cadence: what is owed how often and by whom (rules), what is owed now (obligations), and what meets it: the visit, meeting, list or report that is
-- there, read from registry.fact and never ticked. Rules R-220 to R-236 of proto/registry.md.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('registry.obligation_amber_work_days', '000000000000', 0, '5', true,
      'assumed: a working week before the day it is due one is reminded, and its light is amber');

-- ---- the work-day calendar of a year (R-270 to R-273): the days that a notice names, the others worked from Monday to Friday
CREATE FUNCTION calendar_wanted(of_year integer, given jsonb) RETURNS TABLE (day date, is_work boolean, work_seq integer, note text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT d.day::date, coalesce(g.kind = 'work', extract(isodow FROM d.day) < 6) AS is_work,
         (SELECT coalesce(max(c.work_seq), 0) FROM zeren.calendar_day c WHERE c.day < make_date(of_year, 1, 1))
           + (count(*) FILTER (WHERE coalesce(g.kind = 'work', extract(isodow FROM d.day) < 6)) OVER (ORDER BY d.day))::integer AS work_seq, g.name
    FROM generate_series(make_date(of_year, 1, 1)::timestamp, make_date(of_year, 12, 31)::timestamp, interval '1 day') AS d (day)
    LEFT JOIN jsonb_to_recordset(given) AS g (day date, kind text, name text) ON g.day = d.day::date;
END;
-- R-271, R-272: what is wrong with a table, by row and column; then, without a row, how many days are new or differ.
CREATE FUNCTION check_calendar(of_year integer, given jsonb, today date) RETURNS TABLE (n integer, in_column text, code text, detail text) LANGUAGE plpgsql VOLATILE AS $$
DECLARE last_year integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('zeren.calendar_day')); -- a year counts on from the one before: one load after another
  last_year := (SELECT max(y.year) FROM zeren.calendar_year y);
  IF NOT coalesce('000000000000'::text <@ zeren.scope(), false) THEN
    PERFORM zeren.refuse('ZR007', NULL, 'The calendar is the country''s, and your post is not.');
  ELSIF of_year NOT IN (last_year, last_year + 1) THEN
    PERFORM zeren.refuse('ZR005', 'year', format('the calendar goes on with %s; of %s it may be changed', last_year + 1, last_year));
  END IF;
  RETURN QUERY
  WITH r AS MATERIALIZED (
    SELECT g.n, g.day, g.kind, count(*) OVER (PARTITION BY g.day ORDER BY g.n) > 1 AS is_repeated FROM jsonb_to_recordset(given) AS g (n integer, day date, kind text)
  )
  SELECT r.n, 'day', f.code, f.detail
    FROM r, LATERAL (VALUES ('another_year', 'The day is not of that year.', extract(year FROM r.day) <> of_year),
                            ('repeated', 'This day stands above already.', r.is_repeated)) AS f (code, detail, is_so)
   WHERE f.is_so
  UNION ALL -- what is over was counted by, and stays
  SELECT coalesce((SELECT min(r.n) FROM r WHERE r.day = o.day), 0), 'day', 'is_over', format('%s is over, and was told otherwise.', o.day)
    FROM registry.calendar_wanted(of_year, (SELECT jsonb_agg(x.one) FROM (SELECT DISTINCT ON (e.one ->> 'day') e.one FROM jsonb_array_elements(given) AS e (one)) AS x)) AS w
    JOIN zeren.calendar_day o ON o.day = w.day AND o.is_work <> w.is_work
   WHERE w.day < today
  UNION ALL
  SELECT NULL, NULL, count(*)::text, NULL
    FROM registry.calendar_wanted(of_year, given) AS w LEFT JOIN zeren.calendar_day o ON o.day = w.day
   WHERE (o.is_work, o.note, o.work_seq) IS DISTINCT FROM (w.is_work, w.note, w.work_seq) OR o.day IS NULL
  ORDER BY 1 NULLS LAST;
END $$;

-- ---- what may meet an obligation
CREATE TABLE fact_kind (
  kind text COLLATE "C" CONSTRAINT fact_kind_pkey PRIMARY KEY,
  subjects text[] NOT NULL,
  codes text COLLATE "C",
  todo text NOT NULL,
  permission text NOT NULL,
  recorded boolean NOT NULL,
  meets_late boolean NOT NULL
);
COMMENT ON TABLE fact_kind IS 'What may meet an obligation, of which subjects; todo and permission: what the work list says of it';
COMMENT ON COLUMN fact_kind.codes IS 'The dictionary of its codes; NULL: any code';
COMMENT ON COLUMN fact_kind.recorded IS 'Is it recorded anywhere yet? A rule whose facts nobody records is not enabled';
COMMENT ON COLUMN fact_kind.meets_late IS 'It names the period it is of, so that it may still come when the period is over; what happens on a day counts for that day''s period alone';
INSERT INTO fact_kind (kind, subjects, codes, todo, permission, recorded, meets_late) VALUES
  ('visit', '{post,post_contact,unit_contact,organisation,group}', 'visit_purpose', '走访并记录', 'visit.write', true, false),
  ('meeting', '{post,organisation,group}', 'meeting_kind', '召开会议并记录', 'meeting.write', true, false),
  ('duty_list', '{organisation,group,division}', NULL, '建立责任清单，审定并备案', 'duty_list.write', true, true),
  ('refinement', '{organisation,group}', NULL, '细化本月任务', 'report.write', true, true),
  ('periodic_report', '{organisation,group,division}', NULL, '编报并提交定期报告', 'periodic_report.write', true, true),
  ('milestone', '{organisation,group,division}', NULL, '完成任务节点并报告', 'report.write', true, false),
  ('model', '{division}', NULL, '培育示范乡村并登记', 'team.write', true, false),
  ('bulletin', '{organisation,division}', NULL, '印发通报', 'urging.issue', false, true),
  ('inspection', '{organisation,division}', NULL, '开展督查', 'urging.issue', false, false),
  ('assessment', '{organisation,division}', NULL, '组织考核', 'urging.issue', false, true);
CALL zeren.classify('fact_kind', 'reference');
GRANT SELECT ON fact_kind TO registry_service, registry_worker;

-- ---- rules
CREATE TABLE cadence_rule (
  id uuid CONSTRAINT cadence_rule_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  code text COLLATE "C" NOT NULL,
  title text NOT NULL,
  subject text COLLATE "C" NOT NULL,
  subject_codes text[] NOT NULL DEFAULT '{}',
  levels smallint[] NOT NULL DEFAULT '{}',
  action text COLLATE "C" NOT NULL CONSTRAINT cadence_rule_action_fkey REFERENCES fact_kind,
  action_codes text[] NOT NULL DEFAULT '{}',
  duties text[] NOT NULL DEFAULT '{}',
  count smallint NOT NULL DEFAULT 1,
  period text COLLATE "C" NOT NULL,
  due_month_day text COLLATE "C",
  grace_work_days smallint NOT NULL DEFAULT 0,
  clause_id uuid CONSTRAINT cadence_rule_clause_id_fkey REFERENCES document_clause,
  source text NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  status text COLLATE "C" NOT NULL DEFAULT 'enabled',
  enabled_from date NOT NULL DEFAULT '-infinity',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT cadence_rule_code_check CHECK (code ~ '^[a-z][a-z0-9_]{1,59}$'),
  CONSTRAINT cadence_rule_subject_check CHECK (subject IN ('post', 'post_contact', 'unit_contact', 'organisation', 'group', 'division')),
  CONSTRAINT cadence_rule_levels_check CHECK (levels <@ '{1,2,3,4,5}'),
  CONSTRAINT cadence_rule_count_check CHECK (count BETWEEN 1 AND 366),
  CONSTRAINT cadence_rule_period_check CHECK (period IN ('month', 'two_months', 'quarter', 'half_year', 'year', 'two_years')),
  CONSTRAINT cadence_rule_due_check CHECK (due_month_day IS NULL
    OR (due_month_day ~ '^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' AND period IN ('year', 'two_years'))),
  CONSTRAINT cadence_rule_grace_check CHECK (grace_work_days BETWEEN 0 AND 30),
  CONSTRAINT cadence_rule_validity_check CHECK (valid_from < valid_to),
  CONSTRAINT cadence_rule_status_check CHECK (status IN ('enabled', 'disabled')),
  CONSTRAINT cadence_rule_overlap EXCLUDE USING gist (owner_division WITH =, code WITH =, daterange(valid_from, valid_to) WITH &&)
);
COMMENT ON TABLE cadence_rule IS 'Who owes what how often: the nearest division''s row of a code holds, and a disabled one means none. The country''s rows are models, disabled';
COMMENT ON COLUMN cadence_rule.subject_codes IS 'Duties of posts, kinds of contacts, units, groups or divisions; none: all';
COMMENT ON COLUMN cadence_rule.levels IS 'Levels of the subject''s division, of a contact those of the division linked; none: all';
COMMENT ON COLUMN cadence_rule.duties IS 'Only what posts of these duties did meets it; none: whoever did it';
COMMENT ON COLUMN cadence_rule.due_month_day IS 'Due on that day of the year (of the second of two years), a day its month has not is its last; NULL: on the last day of the period';
COMMENT ON COLUMN cadence_rule.enabled_from IS 'The day it was enabled again: what was not owed while it was disabled is not owed later';
COMMENT ON COLUMN cadence_rule.valid_to IS 'The first day it no longer holds: no period begins under it from then on';
CREATE INDEX cadence_rule_owner_division_idx ON cadence_rule (owner_division, code, id);
CREATE INDEX cadence_rule_code_idx ON cadence_rule (code, id);
CREATE INDEX cadence_rule_clause_id_idx ON cadence_rule (clause_id) WHERE clause_id IS NOT NULL;
CALL zeren.classify('cadence_rule', 'upward');
GRANT SELECT, INSERT, UPDATE ON cadence_rule TO registry_service;
GRANT SELECT ON cadence_rule TO registry_worker;

-- R-222: an action that fits its subject, codes that there are, and nothing enabled that nobody records.
-- Levels as a caller gives them; refused where one is none.
CREATE FUNCTION level_numbers(given text[]) RETURNS smallint[] LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(given) AS g (level) WHERE g.level !~ '^[1-5]$') THEN
    PERFORM zeren.refuse('ZR005', 'levels', 'a level is 1 (province) to 5 (village)');
  END IF;
  RETURN given::smallint[];
END $$;

CREATE FUNCTION check_cadence_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  k registry.fact_kind;
  words text := CASE NEW.subject WHEN 'post' THEN 'duty' WHEN 'organisation' THEN 'organisation_kind' WHEN 'group' THEN 'work_group_kind'
                                 WHEN 'division' THEN 'division_kind' ELSE 'contact_kind' END;
  codes text[] := ARRAY(SELECT d.code FROM zeren.dictionary_entry d WHERE d.dictionary = words);
BEGIN
  SELECT * INTO k FROM registry.fact_kind f WHERE f.kind = NEW.action;
  IF NEW.subject <> ALL (k.subjects) THEN
    PERFORM zeren.refuse('ZR005', 'action', format('what a %s owes is not met by a %s', NEW.subject, NEW.action));
  ELSIF NOT NEW.subject_codes <@ codes THEN
    PERFORM zeren.refuse('ZR005', 'subject_codes', format('a code is none of the dictionary %s', words));
  ELSIF NOT NEW.duties <@ ARRAY(SELECT d.code FROM zeren.dictionary_entry d WHERE d.dictionary = 'duty') THEN
    PERFORM zeren.refuse('ZR005', 'duties', 'a code is none of the dictionary duty');
  ELSIF k.codes IS NOT NULL AND NOT NEW.action_codes <@ ARRAY(SELECT d.code FROM zeren.dictionary_entry d WHERE d.dictionary = k.codes) THEN
    PERFORM zeren.refuse('ZR005', 'action_codes', format('a code is none of the dictionary %s', k.codes));
  ELSIF NEW.status = 'enabled' AND NOT k.recorded THEN
    PERFORM zeren.refuse('ZR003', NULL, format('nothing records what would meet it yet: %s', NEW.action));
  END IF;
  RETURN NEW;
END $$;

-- R-220: the rule of a code that holds for a division on a day; its status says whether anything is owed by it.
CREATE FUNCTION rule_for(of_code text, division text, on_day date) RETURNS uuid LANGUAGE sql STABLE
  RETURN (SELECT r.id FROM registry.cadence_rule r
           WHERE r.code = of_code AND r.valid_from <= on_day AND r.valid_to > on_day
             AND r.owner_division = ANY (ARRAY[division, rpad(left(division, 9), 12, '0'), rpad(left(division, 6), 12, '0'), rpad(left(division, 4), 12, '0'),
                                               rpad(left(division, 2), 12, '0'), '000000000000'])
           ORDER BY length(rtrim(r.owner_division, '0')) DESC LIMIT 1);

-- How often a contact of that kind owes a visit on a day: what the rules say for a division, as JSON.
CREATE OR REPLACE FUNCTION contact_frequencies(of_kind text, division text, on_day date) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(json_build_object('code', r.code, 'title', r.title, 'purpose', r.action_codes[1], 'count', r.count, 'period', r.period,
                                                     'assumed', r.assumed) ORDER BY r.code), '[]')
            FROM registry.cadence_rule r
           WHERE r.subject IN ('post_contact', 'unit_contact') AND r.action = 'visit' AND r.status = 'enabled' AND (r.subject_codes = '{}'
               OR of_kind = ANY (r.subject_codes))
             AND r.id = registry.rule_for(r.code, contact_frequencies.division, on_day));
END $$;

-- R-221: the rule that a new one of a division and code goes by: the nearest above, or its own former one.
CREATE FUNCTION cadence_model(of_code text, division text) RETURNS SETOF cadence_rule LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT r.* FROM registry.cadence_rule r
   WHERE r.code = of_code AND r.owner_division = ANY (ARRAY[division, rpad(left(division, 9), 12, '0'), rpad(left(division, 6), 12, '0'), rpad(left(division,
       4), 12, '0'),
                                                            rpad(left(division, 2), 12, '0'), '000000000000'])
   ORDER BY length(rtrim(r.owner_division, '0')) DESC, r.valid_from DESC LIMIT 1;
END;

-- A rule as the API shows it.
CREATE FUNCTION cadence_rule_as_shown(r cadence_rule)
RETURNS TABLE (id uuid, owner_division text, code text, title text, subject text, subject_codes text[], levels text[], action text, action_codes text[],
    duties text[],
  count smallint, period text, due_month_day text, grace_work_days smallint, clause_id uuid, source text, assumed boolean, valid_from date, valid_to date,
      status text,
  created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT r.id, r.owner_division::text, r.code, r.title, r.subject, r.subject_codes, r.levels::text[], r.action, r.action_codes, r.duties, r.count, r.period,
         r.due_month_day, r.grace_work_days, r.clause_id, r.source, r.assumed, r.valid_from, nullif(r.valid_to, 'infinity'), r.status, r.created_at, r.version;
END;

-- ---- obligations
CREATE TABLE obligation (
  id uuid CONSTRAINT obligation_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  rule_id uuid NOT NULL CONSTRAINT obligation_rule_id_fkey REFERENCES cadence_rule,
  rule_code text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  subject_id uuid NOT NULL,
  post_id uuid,
  organisation_id uuid,
  action text COLLATE "C" NOT NULL,
  action_codes text[] NOT NULL,
  duties text[] NOT NULL,
  period text COLLATE "C" NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  due_on date NOT NULL,
  grace_work_days smallint NOT NULL,
  needed smallint NOT NULL,
  status text COLLATE "C" NOT NULL DEFAULT 'due',
  released_on date,
  release_reason text,
  released_by uuid,
  late_told_on date,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT obligation_once_key UNIQUE (subject_id, rule_code, period_start),
  CONSTRAINT obligation_period_check CHECK (due_on BETWEEN period_start AND period_end),
  CONSTRAINT obligation_status_check CHECK (status IN ('due', 'released')),
  CONSTRAINT obligation_released_check CHECK ((status = 'released') = (released_on IS NOT NULL))
);
COMMENT ON TABLE obligation IS
  'What a post, a link, a unit, a group or a division owes in one period; made by the worker as of its first day, one a rule''s code, subject and period. Whether it is met is read '
   'from registry.fact and stands nowhere in it';
COMMENT ON COLUMN obligation.owner_division IS 'The division of whoever owes it; at_division: the division linked, else the same';
COMMENT ON COLUMN obligation.subject_id IS 'The post, the thread of contacts, the unit, the group; of a division a number made of its code. Never a person';
COMMENT ON COLUMN obligation.post_id IS 'The post that owes it; of a contact the post that held the link when the period began';
COMMENT ON COLUMN obligation.action IS 'What the rule asked for when the period began, like the columns behind it: a change of the rule changes nothing that is owed';
COMMENT ON COLUMN obligation.late_told_on IS 'The day it was told that it is late; NULL: it was not, or not yet';
CREATE INDEX obligation_owner_division_idx ON obligation (owner_division, due_on, id);
CREATE INDEX obligation_due_on_idx ON obligation (due_on, id);
CREATE INDEX obligation_post_id_idx ON obligation (post_id, due_on);
CREATE INDEX obligation_organisation_id_idx ON obligation (organisation_id, due_on);
CREATE INDEX obligation_rule_id_idx ON obligation (rule_id, period_start);
-- What a fact may meet: without these every obligation of a unit and of the divisions above was read for each fact that came.
CREATE INDEX obligation_of_unit_idx ON obligation (organisation_id, action, period_start) WHERE subject IN ('organisation', 'group');
CREATE INDEX obligation_of_division_idx ON obligation (owner_division, action, period_start) WHERE subject = 'division';
CALL zeren.classify('obligation', 'scoped');
GRANT SELECT, UPDATE ON obligation TO registry_service;
GRANT SELECT, INSERT, UPDATE ON obligation TO registry_worker;

CREATE TABLE obligation_watch (
  obligation_id uuid CONSTRAINT obligation_watch_pkey PRIMARY KEY CONSTRAINT obligation_watch_obligation_id_fkey REFERENCES obligation,
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  look_on date NOT NULL
);
COMMENT ON TABLE obligation_watch IS 'When the worker next looks at an obligation: to remind, to tell that it is late, to tell it above; gone when there is nothing left to tell';
CREATE INDEX obligation_watch_look_on_idx ON obligation_watch (look_on, obligation_id);
CALL zeren.classify('obligation_watch', 'scoped');
GRANT INSERT, SELECT, UPDATE ON obligation_watch TO registry_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON obligation_watch TO registry_worker;

CREATE TABLE cadence_progress (
  rule_id uuid CONSTRAINT cadence_progress_pkey PRIMARY KEY CONSTRAINT cadence_progress_rule_id_fkey REFERENCES cadence_rule,
  rule_version integer NOT NULL,
  done_to date NOT NULL,
  next_on date NOT NULL,
  looked_at timestamptz NOT NULL
);
COMMENT ON TABLE cadence_progress IS 'Up to which period the obligations of a rule have been made (its first day), and when the next one begins';
CALL zeren.classify('cadence_progress', 'private');
GRANT SELECT, INSERT, UPDATE ON cadence_progress TO registry_worker;

-- What was registered or dated anew, and may owe something in a period that has begun: the rules above it are looked at again at once. Only ever inserted, so
-- that no two changes meet; the worker takes it away.
CREATE TABLE cadence_hint (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT cadence_hint_pkey PRIMARY KEY,
  subject text COLLATE "C" NOT NULL,
  division zeren.division_code NOT NULL
);
COMMENT ON TABLE cadence_hint IS 'Divisions in which a unit, a group or a link was registered or changed since the worker last looked';
CALL zeren.classify('cadence_hint', 'private');
GRANT INSERT ON cadence_hint TO registry_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON cadence_hint TO registry_worker;
CREATE FUNCTION hint_cadence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registry.cadence_hint (subject, division) SELECT DISTINCT TG_ARGV[0], a.owner_division FROM added a;
  RETURN NULL;
END $$;
CREATE TRIGGER cadence_hinted AFTER INSERT ON organisation REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION hint_cadence('organisation');
CREATE TRIGGER cadence_hinted AFTER INSERT ON contact REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION hint_cadence('contact');
CREATE TRIGGER cadence_hinted_again AFTER UPDATE ON contact REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION hint_cadence('contact');
CREATE TRIGGER cadence_hinted AFTER INSERT ON work_group REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION hint_cadence('group');

-- 0 the country, 1 a province to 5 a village: by the code, which functional areas have of their own level.
CREATE FUNCTION code_level(code text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN array_position('{0,2,4,6,9,12}', length(registry.code_prefix(code))) - 1;

-- R-225: who owes something by a rule in a period, as of its first day.
CREATE FUNCTION cadence_subjects(r cadence_rule, first_day date, last_day date)
RETURNS TABLE (subject_id uuid, division text, at_division text, lines text[], post_id uuid, organisation_id uuid) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
  lo text := registry.code_prefix(r.owner_division);
  hi text := registry.code_prefix(r.owner_division) || '~';
BEGIN
  IF r.subject = 'post' THEN
    RETURN QUERY SELECT p.post_id, p.owner_division, p.owner_division, '{}'::text[], p.post_id, p.organisation_id
      FROM identity_pub.post_division p
     WHERE p.owner_division >= lo AND p.owner_division < hi AND (r.subject_codes = '{}' OR p.duty = ANY (r.subject_codes)) AND p.created_on <= last_day;
  ELSIF r.subject = 'post_contact' THEN
    RETURN QUERY SELECT c.thread_id, p.owner_division, c.at_division::text, '{}'::text[], c.post_id, p.organisation_id
      FROM registry.contact c JOIN identity_pub.post_division p ON p.post_id = c.post_id
     WHERE p.owner_division >= lo AND p.owner_division < hi AND (r.subject_codes = '{}' OR c.kind = ANY (r.subject_codes))
       AND c.starts_on <= first_day AND c.ends_on > first_day;
  ELSIF r.subject = 'unit_contact' THEN
    RETURN QUERY SELECT c.thread_id, o.owner_division::text, c.at_division::text, '{}'::text[], NULL::uuid, o.id
      FROM registry.contact c JOIN registry.organisation o ON o.id = c.organisation_id
     WHERE o.owner_division >= lo AND o.owner_division < hi AND (r.subject_codes = '{}' OR c.kind = ANY (r.subject_codes))
       AND c.starts_on <= first_day AND c.ends_on > first_day;
  ELSIF r.subject = 'organisation' THEN
    RETURN QUERY SELECT o.id, o.owner_division::text, o.owner_division::text, array_remove(ARRAY[o.line], NULL), NULL::uuid, o.id
      FROM registry.organisation o
     WHERE o.owner_division >= lo AND o.owner_division < hi AND (r.subject_codes = '{}' OR o.kind = ANY (r.subject_codes))
       AND (o.created_at AT TIME ZONE 'Asia/Shanghai')::date <= last_day;
  ELSIF r.subject = 'group' THEN
    RETURN QUERY SELECT g.id, g.owner_division::text, g.owner_division::text, array_remove(ARRAY[o.line], NULL), NULL::uuid, o.id
      FROM registry.work_group g JOIN registry.organisation o ON o.id = g.organisation_id
     WHERE g.owner_division >= lo AND g.owner_division < hi AND (r.subject_codes = '{}' OR g.kind = ANY (r.subject_codes))
       AND g.starts_on <= first_day AND g.ends_on > first_day;
  ELSE
    RETURN QUERY SELECT md5('division:' || v.code)::uuid, v.code::text, v.code::text, '{}'::text[], NULL::uuid, NULL::uuid
      FROM registry.division v
     WHERE v.code >= lo AND v.code < hi AND (r.subject_codes = '{}' OR v.kind = ANY (r.subject_codes)) AND v.valid_from <= first_day AND v.valid_to > first_day;
  END IF;
END $$;

-- The day on which whoever owes something is reminded: so many work days before it is due; where the calendar has no data, calendar days.
CREATE FUNCTION reminder_day(division text, due date) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE n integer := registry.days_for('registry.obligation_amber_work_days', division, due);
BEGIN
  RETURN coalesce((SELECT d.day FROM zeren.calendar_day d WHERE d.is_work AND d.work_seq = (SELECT x.work_seq FROM zeren.calendar_day x
      WHERE x.day = due) - n), due - n);
END $$;

-- R-225, R-226: makes what is owed by a rule in a period and is not there yet, so many at most; says how many. Run by the worker in the country's scope, as
-- often as one likes.
CREATE FUNCTION make_obligations(of_rule uuid, first_day date, last_day date, due date, at timestamptz, most integer) RETURNS integer
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  r registry.cadence_rule;
  nearer boolean;
  made integer;
BEGIN
  SELECT * INTO r FROM registry.cadence_rule c
   WHERE c.id = of_rule AND c.status = 'enabled' AND greatest(c.valid_from, c.enabled_from) <= first_day AND c.valid_to > first_day;
  IF NOT FOUND THEN RETURN 0; END IF;
  nearer := EXISTS (SELECT FROM registry.cadence_rule n WHERE n.code = r.code AND n.id <> r.id AND registry.is_within(n.owner_division, r.owner_division));
  WITH wanted AS MATERIALIZED (
    SELECT s.* FROM registry.cadence_subjects(r, first_day, due) AS s
     WHERE (r.levels = '{}' OR registry.code_level(s.at_division) = ANY (r.levels))
       AND (NOT nearer OR registry.rule_for(r.code, s.division, first_day) = r.id)
       AND NOT EXISTS (SELECT FROM registry.obligation o WHERE o.subject_id = s.subject_id AND o.rule_code = r.code AND o.period_start = first_day)
     ORDER BY s.subject_id LIMIT most
  ), made AS (
    INSERT INTO registry.obligation (id, owner_division, at_division, lines, rule_id, rule_code, subject, subject_id, post_id, organisation_id, action,
        action_codes, duties,
                                     period, period_start, period_end, due_on, grace_work_days, needed, created_at)
    SELECT gen_random_uuid(), w.division, w.at_division, w.lines, r.id, r.code, r.subject, w.subject_id, w.post_id, w.organisation_id, r.action,
        r.action_codes, r.duties,
           r.period, first_day, last_day, due, r.grace_work_days, r.count, at
      FROM wanted w
    ON CONFLICT ON CONSTRAINT obligation_once_key DO NOTHING
    RETURNING *
  ), watched AS (
    INSERT INTO registry.obligation_watch (obligation_id, owner_division, lines, look_on)
    SELECT m.id, m.owner_division, m.lines, d.on_day
      FROM made m JOIN (SELECT x.owner_division, registry.reminder_day(x.owner_division, due) AS on_day FROM (SELECT DISTINCT owner_division
          FROM made) AS x) AS d USING (owner_division)
  ), announced AS (
    INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, lines)
    SELECT make_obligations.at, 'make_obligation', 'obligation', m.id, m.version, m.owner_division, m.lines FROM made m
  ), audited AS (
    INSERT INTO registry.audit_log (at, verb, record, record_id, version, owner_division, body)
    SELECT make_obligations.at, 'make_obligations', 'cadence_rule', r.id, r.version, r.owner_division,
           jsonb_build_object('period_start', first_day, 'period_end', last_day, 'due_on', due, 'made', count(*), 'obligation_ids', jsonb_agg(m.id))
      FROM made m HAVING count(*) > 0
  )
  SELECT count(*) INTO made FROM made;
  RETURN made;
END $$;

-- ---- facts
-- R-226: what happened, by whom, where, and of which day's period: out of the records themselves. code: its purpose, kind or form.
-- Every division is text, as a domain's column the planner would take no condition into.
CREATE VIEW fact WITH (security_invoker = true) AS
  SELECT 'visit' AS kind, v.id AS record_id, v.visited_on AS on_day, v.visited_on AS for_day, v.post_id, v.organisation_id, v.at_division::text AS division,
         v.purpose::text AS code, v.owner_division::text AS owner_division
    FROM registry.visit v
  UNION ALL
  SELECT 'meeting', m.id, m.held_on, m.held_on, m.chair_post_id, m.organisation_id, m.at_division::text, m.kind,
         m.owner_division::text FROM registry.meeting m
  UNION ALL
  SELECT 'duty_list', l.id, (l.filed_at AT TIME ZONE 'Asia/Shanghai')::date, make_date(l.year, 1, 1), NULL, l.organisation_id, l.owner_division::text, NULL,
         l.owner_division::text
    FROM registry.duty_list l WHERE l.filed_at IS NOT NULL
  UNION ALL
  SELECT 'refinement', r.id, r.refined_on, r.month, r.post_id, r.organisation_id, r.at_division::text, NULL, r.owner_division::text
    FROM registry.refinement r
  UNION ALL
  SELECT 'periodic_report', p.id, p.submitted_on, p.period_start, p.submitted_by, p.organisation_id, p.at_division::text, f.code,
         p.owner_division::text
    FROM registry.periodic_report p JOIN registry.report_form f ON f.id = p.form_id WHERE p.status IN ('submitted', 'accepted')
  UNION ALL
  SELECT 'milestone', m.id, m.reached_on, m.reached_on, NULL, i.lead_organisation_id, m.owner_division::text, t.topic || ':' || m.position,
         m.owner_division::text
    FROM registry.milestone m JOIN registry.item i ON i.id = m.item_id JOIN registry.task t ON t.id = i.task_id WHERE m.reached_on IS NOT NULL
        AND t.topic IS NOT NULL
  UNION ALL
  -- A village or town becomes a model once, whichever kind of model it is first.
  SELECT 'model', k.id, k.valid_from, k.valid_from, NULL, NULL, k.owner_division::text,
         CASE WHEN right(k.owner_division, 3) = '000' THEN 'town' ELSE 'village' END, k.owner_division::text
    FROM registry.village_kind k
   WHERE k.kind IN ('model_province', 'model_city', 'model_county')
     AND NOT EXISTS (SELECT FROM registry.village_kind e WHERE e.owner_division = k.owner_division AND e.kind IN ('model_province', 'model_city',
         'model_county')
                        AND (e.valid_from, e.id) < (k.valid_from, k.id))
  UNION ALL
  SELECT 'report', r.id, r.reported_on, r.reported_on, r.reported_by, r.organisation_id, r.at_division::text, NULL, r.owner_division::text
    FROM registry.report r WHERE r.status = 'confirmed'
  UNION ALL
  SELECT 'work_order', w.id, w.completed_on, w.completed_on, w.reported_by, w.addressee_organisation_id, w.at_division::text, NULL,
         w.owner_division::text
    FROM registry.work_order w WHERE w.completed_on IS NOT NULL;
COMMENT ON VIEW fact IS 'What happened, out of the records: kind, day, the day whose period it counts for, post, unit, where, code, whose record';
CREATE INDEX milestone_reached_on_idx ON milestone (owner_division, reached_on) WHERE reached_on IS NOT NULL;
GRANT SELECT ON fact TO registry_service, registry_worker;
GRANT SELECT ON milestone, task TO registry_worker;

-- R-226: facts of one kind that count for a period, of a post, of a unit, or of whoever it was; in divisions from lo on and before hi. Each is planned for
-- its own index; visits, which most that is owed asks for, by themselves: a plan of all kinds takes three times as long to begin.
CREATE FUNCTION facts_of_post(what text, post uuid, codes text[], lo text, hi text, first_day date, last_day date, as_of date) RETURNS SETOF fact
    LANGUAGE plpgsql STABLE ROWS 2 AS $$
BEGIN
  IF what = 'visit' THEN
    RETURN QUERY SELECT f.* FROM registry.fact f
     WHERE f.kind = 'visit' AND f.post_id = post AND f.for_day BETWEEN first_day AND last_day AND f.on_day <= as_of AND f.division >= lo AND f.division < hi
       AND (codes = '{}' OR f.code = ANY (codes));
  ELSE
    RETURN QUERY SELECT f.* FROM registry.fact f
     WHERE f.kind = what AND f.post_id = post AND f.for_day BETWEEN first_day AND last_day AND f.on_day <= as_of AND f.division >= lo AND f.division < hi
       AND (codes = '{}' OR f.code = ANY (codes));
  END IF;
END $$;
CREATE FUNCTION facts_of_unit(what text, unit uuid, by_duties text[], codes text[], lo text, hi text, first_day date, last_day date, as_of date)
RETURNS SETOF fact LANGUAGE plpgsql STABLE ROWS 2 AS $$
BEGIN
  IF what = 'visit' THEN
    RETURN QUERY SELECT f.* FROM registry.fact f
     WHERE f.kind = 'visit' AND f.organisation_id = unit AND f.for_day BETWEEN first_day AND last_day AND f.on_day <= as_of
       AND f.division >= lo AND f.division < hi AND (codes = '{}' OR f.code = ANY (codes))
       AND (by_duties = '{}' OR EXISTS (SELECT FROM identity_pub.post_division p WHERE p.post_id = f.post_id AND p.duty = ANY (by_duties)));
  ELSE
    RETURN QUERY SELECT f.* FROM registry.fact f
     WHERE f.kind = what AND f.organisation_id = unit AND f.for_day BETWEEN first_day AND last_day AND f.on_day <= as_of
       AND f.division >= lo AND f.division < hi AND (codes = '{}' OR f.code = ANY (codes))
       AND (by_duties = '{}' OR EXISTS (SELECT FROM identity_pub.post_division p WHERE p.post_id = f.post_id AND p.duty = ANY (by_duties)));
  END IF;
END $$;
CREATE FUNCTION facts_in(what text, codes text[], lo text, hi text, first_day date, last_day date, as_of date) RETURNS SETOF fact
    LANGUAGE plpgsql STABLE ROWS 2 AS $$
BEGIN
  RETURN QUERY SELECT f.* FROM registry.fact f
   WHERE f.kind = what AND f.division >= lo AND f.division < hi AND f.for_day BETWEEN first_day AND last_day AND f.on_day <= as_of
     AND (codes = '{}' OR f.code = ANY (codes)) AND (what <> 'duty_list' OR f.organisation_id IS NULL);
END $$;

-- Planned once a connection: a list, which is planned with its values (charter D4), would plan all kinds of facts anew for every row, twenty times what it costs.
-- R-226, R-227: what meets an obligation, by day; of a contact what either post or unit did while it held the link, in the division linked or below it.
CREATE FUNCTION obligation_facts(o obligation, as_of date) RETURNS SETOF fact LANGUAGE plpgsql STABLE ROWS 2 SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  c registry.contact;
  lo text := registry.code_prefix(o.at_division);
BEGIN
  IF o.subject = 'post' THEN
    RETURN QUERY SELECT f.* FROM registry.facts_of_post(o.action, o.subject_id, o.action_codes, '', '~', o.period_start, o.period_end, as_of) AS f
        ORDER BY f.on_day, f.record_id;
  ELSIF o.subject IN ('organisation', 'group') THEN
    RETURN QUERY SELECT f.* FROM registry.facts_of_unit(o.action, o.organisation_id, o.duties, o.action_codes, '', '~', o.period_start, o.period_end,
        as_of) AS f
                  ORDER BY f.on_day, f.record_id;
  ELSIF o.subject = 'division' THEN
    RETURN QUERY SELECT f.* FROM registry.facts_in(o.action, o.action_codes, CASE WHEN o.action IN ('model', 'milestone') THEN lo ELSE o.at_division END,
                                                   CASE WHEN o.action IN ('model', 'milestone') THEN lo || '~' ELSE o.at_division || '~' END,
                                                   o.period_start, o.period_end, as_of) AS f ORDER BY f.on_day, f.record_id;
  ELSE
    FOR c IN SELECT x.* FROM registry.contact x WHERE x.thread_id = o.subject_id AND x.starts_on <= o.period_end AND x.ends_on > o.period_start
        ORDER BY x.starts_on LOOP
      IF c.post_id IS NOT NULL THEN
        RETURN QUERY SELECT f.* FROM registry.facts_of_post(o.action, c.post_id, o.action_codes, lo, lo || '~', greatest(o.period_start, c.starts_on),
                                                            least(o.period_end, c.ends_on - 1), as_of) AS f ORDER BY f.on_day, f.record_id;
      ELSE
        RETURN QUERY SELECT f.* FROM registry.facts_of_unit(o.action, c.organisation_id, o.duties, o.action_codes, lo, lo || '~', greatest(o.period_start,
            c.starts_on),
                                                            least(o.period_end, c.ends_on - 1), as_of) AS f ORDER BY f.on_day, f.record_id;
      END IF;
    END LOOP;
  END IF;
END $$;
COMMENT ON FUNCTION obligation_facts(obligation, date) IS 'The facts that count for an obligation as of a day, in order';

-- How many there are, and the day of the last one needed; NULL: not enough.
CREATE FUNCTION obligation_met(o obligation, as_of date, OUT done integer, OUT met_on date) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
DECLARE days date[] := ARRAY(SELECT f.on_day FROM registry.obligation_facts(o, as_of) AS f);
BEGIN
  done := cardinality(days);
  met_on := days[o.needed];
END $$;
-- The same of many at once, of those that are met: one statement a kind of facts, planned for that kind alone, where a call for each took five times as long.
CREATE FUNCTION obligations_met(ids uuid[]) RETURNS TABLE (obligation_id uuid, met_on date) LANGUAGE plpgsql STABLE ROWS 1000 AS $$
DECLARE what text;
BEGIN
  FOR what IN SELECT DISTINCT b.action FROM registry.obligation b WHERE b.id = ANY (ids) LOOP
    RETURN QUERY EXECUTE format($q$
  WITH o AS MATERIALIZED (
    SELECT b.id, b.subject, b.subject_id, b.organisation_id, b.action_codes, b.duties, b.period_start, b.period_end, b.needed, b.at_division::text AS at_division,
           registry.code_prefix(b.at_division) AS lo
      FROM registry.obligation b WHERE b.id = ANY ($1) AND b.action = %1$L
  ), held AS (
    SELECT o.*, c.post_id AS by_post, c.organisation_id AS by_unit, greatest(o.period_start, c.starts_on) AS first_day, least(o.period_end, c.ends_on - 1) AS last_day
      FROM o JOIN registry.contact c ON c.thread_id = o.subject_id AND c.starts_on <= o.period_end AND c.ends_on > o.period_start
     WHERE o.subject IN ('post_contact', 'unit_contact')
  ), found AS (
    SELECT o.id, o.needed, f.on_day
      FROM o JOIN registry.fact f ON f.kind = %1$L AND f.post_id = o.subject_id AND f.for_day BETWEEN o.period_start AND o.period_end
                                     AND (o.action_codes = '{}' OR f.code = ANY (o.action_codes))
     WHERE o.subject = 'post'
    UNION ALL
    SELECT o.id, o.needed, f.on_day
      FROM o JOIN registry.fact f ON f.kind = %1$L AND f.organisation_id = o.organisation_id AND f.for_day BETWEEN o.period_start AND o.period_end
                                     AND (o.action_codes = '{}' OR f.code = ANY (o.action_codes))
     WHERE o.subject IN ('organisation', 'group')
       AND (o.duties = '{}' OR EXISTS (SELECT FROM identity_pub.post_division p WHERE p.post_id = f.post_id AND p.duty = ANY (o.duties)))
    UNION ALL
    SELECT o.id, o.needed, f.on_day
      FROM o JOIN registry.fact f ON f.kind = %1$L AND f.division >= %2$s AND f.division < %2$s || '~' AND f.for_day BETWEEN o.period_start AND o.period_end
                                     AND (o.action_codes = '{}' OR f.code = ANY (o.action_codes)) AND (%1$L <> 'duty_list' OR f.organisation_id IS NULL)
     WHERE o.subject = 'division'
    UNION ALL
    SELECT h.id, h.needed, f.on_day
      FROM held h JOIN registry.fact f ON f.kind = %1$L AND f.post_id = h.by_post AND f.for_day BETWEEN h.first_day AND h.last_day
                                          AND f.division >= h.lo AND f.division < h.lo || '~' AND (h.action_codes = '{}' OR f.code = ANY (h.action_codes))
     WHERE h.by_post IS NOT NULL
    UNION ALL
    SELECT h.id, h.needed, f.on_day
      FROM held h JOIN registry.fact f ON f.kind = %1$L AND f.organisation_id = h.by_unit AND f.for_day BETWEEN h.first_day AND h.last_day
                                          AND f.division >= h.lo AND f.division < h.lo || '~' AND (h.action_codes = '{}' OR f.code = ANY (h.action_codes))
     WHERE h.by_post IS NULL
       AND (h.duties = '{}' OR EXISTS (SELECT FROM identity_pub.post_division p WHERE p.post_id = f.post_id AND p.duty = ANY (h.duties)))
  )
  SELECT r.id, r.on_day FROM (SELECT d.id, d.on_day, d.needed, row_number() OVER (PARTITION BY d.id ORDER BY d.on_day) AS nth FROM found d) AS r WHERE r.nth = r.needed
    $q$, what, CASE WHEN what IN ('model', 'milestone') THEN 'o.lo' ELSE 'o.at_division' END) USING ids;
  END LOOP;
END $$;
COMMENT ON FUNCTION obligations_met(uuid[]) IS 'The day on which each of these obligations was met, by all that is recorded; none for one that is not';

-- R-228: the last day that is not late: late is, as with items (R-030), what more work days lie behind than the grace. NULL: the calendar has no data, and
-- nobody is called late by a guess.
CREATE FUNCTION obligation_last_day(due_on date, grace smallint) RETURNS date LANGUAGE sql STABLE
  RETURN zeren.due_or_null(due_on, grace + 1, 'work_days') - 1;

-- R-228: where an obligation stands on a day.
CREATE FUNCTION obligation_state(released_on date, met_on date, last_day date, as_of date) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN released_on <= as_of THEN 'released' WHEN met_on > last_day THEN 'met_late' WHEN met_on IS NOT NULL THEN 'met' WHEN as_of > last_day THEN 'late'
              ELSE 'open' END;

-- Who owes it on a day: the post or the unit; of a contact whoever holds the link then; of a division its leading units. None: the link or the group has ended.
CREATE FUNCTION obligation_whom(o obligation, on_day date) RETURNS TABLE (organisation_id uuid, post_id uuid) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
  IF o.subject = 'post' THEN
    RETURN QUERY SELECT o.organisation_id, o.post_id;
  ELSIF o.subject = 'post_contact' THEN
    RETURN QUERY SELECT p.organisation_id, c.post_id FROM registry.contact c JOIN identity_pub.post_division p ON p.post_id = c.post_id
                  WHERE c.thread_id = o.subject_id AND c.starts_on <= on_day AND c.ends_on > on_day;
  ELSIF o.subject = 'unit_contact' THEN
    RETURN QUERY SELECT c.organisation_id, NULL::uuid FROM registry.contact c WHERE c.thread_id = o.subject_id AND c.starts_on <= on_day AND c.ends_on > on_day;
  ELSIF o.subject = 'organisation' THEN
    RETURN QUERY SELECT o.organisation_id, NULL::uuid;
  ELSIF o.subject = 'group' THEN
    RETURN QUERY SELECT g.organisation_id, NULL::uuid FROM registry.work_group g WHERE g.id = o.subject_id AND g.starts_on <= on_day AND g.ends_on > on_day;
  ELSE
    RETURN QUERY SELECT u.id, NULL::uuid FROM registry.organisation u
                  WHERE u.owner_division = o.at_division AND u.kind IN ('party_committee', 'government', 'town', 'village');
  END IF;
END $$;

-- What obligations of a post may be of: the post itself, and the links it holds or held.
CREATE FUNCTION subjects_of_post(post uuid) RETURNS uuid[] LANGUAGE sql STABLE
  RETURN (SELECT array_agg(DISTINCT c.thread_id) || post FROM registry.contact c WHERE c.post_id = post);
CREATE FUNCTION title_of_post(post uuid) RETURNS text LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  RETURN (SELECT t.title FROM identity_pub.post_title t WHERE t.post_id = post);
END $$;

-- May it still be met: it is neither met nor released, and it is not over, or may be met late?
CREATE FUNCTION is_owed(o obligation, meets_late boolean) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF o.status <> 'due' OR (o.late_told_on IS NOT NULL AND NOT meets_late) THEN RETURN false; END IF;
  IF o.late_told_on IS NULL AND NOT EXISTS (SELECT FROM registry.obligation_watch w WHERE w.obligation_id = o.id) THEN RETURN false; END IF;
  RETURN (registry.obligation_met(o, 'infinity')).met_on IS NULL;
END $$;

-- R-228: its state and its light on a day. Planned once a connection, as its facts are and the post's title.
CREATE FUNCTION obligation_stands(o obligation, met_on date, as_of date, OUT state text, OUT light text) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  state := registry.obligation_state(o.released_on, met_on, registry.obligation_last_day(o.due_on, o.grace_work_days), as_of);
  light := zeren.light(o.due_on, as_of, CASE WHEN o.status = 'released' OR met_on IS NOT NULL THEN as_of END,
                       registry.days_for('registry.obligation_amber_work_days', o.owner_division, o.due_on), o.grace_work_days);
END $$;

-- An obligation as the API shows it.
CREATE FUNCTION obligation_as_shown(o obligation, as_of date)
RETURNS TABLE (id uuid, owner_division text, at_division text, rule_id uuid, rule text, title text, subject text, subject_id uuid, subject_name text,
    post_id uuid,
  organisation_id uuid, organisation text, action text, action_codes text[], period text, period_start date, period_end date, due_on date,
      grace_work_days smallint,
  needed smallint, done integer, met_on date, state text, light text, status text, released_on date, release_reason text, released_by uuid, late_told_on date,
  facts json, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT o.id, o.owner_division::text, o.at_division::text, o.rule_id, o.rule_code, (SELECT r.title FROM registry.cadence_rule r WHERE r.id = o.rule_id),
      o.subject,
         o.subject_id,
         CASE WHEN o.subject IN ('post', 'post_contact') THEN registry.title_of_post(o.post_id)
              WHEN o.subject = 'division' THEN (SELECT d.name FROM registry.division d WHERE d.code = o.at_division AND d.valid_from <= o.period_start
                  AND d.valid_to > o.period_start)
              ELSE (SELECT u.name FROM registry.organisation u WHERE u.id = o.organisation_id) END,
         o.post_id, o.organisation_id, (SELECT u.name FROM registry.organisation u WHERE u.id = o.organisation_id), o.action, o.action_codes, o.period,
             o.period_start,
         o.period_end, o.due_on, o.grace_work_days, o.needed, m.done, m.met_on, t.state, t.light,
         o.status, o.released_on, o.release_reason, o.released_by, o.late_told_on, m.facts, o.created_at, o.version
    FROM (SELECT count(*)::integer AS done, (array_agg(f.on_day ORDER BY f.on_day, f.record_id))[o.needed] AS met_on,
                 coalesce(json_agg(json_build_object('kind', f.kind, 'record_id', f.record_id, 'on_day', f.on_day, 'post_id', f.post_id,
                   'organisation_id', f.organisation_id, 'division', f.division, 'code', f.code) ORDER BY f.on_day, f.record_id), '[]') AS facts
            FROM registry.obligation_facts(o, as_of) AS f) AS m,
         LATERAL registry.obligation_stands(o, m.met_on, as_of) AS t;
END;

-- ---- figures that are kept (R-235): a count of all that is owed took seconds at a hundred thousand, so what is owed is counted as it changes, like items (R-060)
CREATE TABLE fact_delta (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT fact_delta_pkey PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  record_id uuid,
  organisation_id uuid,
  division text COLLATE "C",
  for_day date
);
COMMENT ON TABLE fact_delta IS 'Facts that came, changed or went since the worker last counted (record_id: the post that did it), threads of contacts and obligations that changed; only ever inserted, so that no two changes meet';
ALTER TABLE fact_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE obligation_standing (
  obligation_id uuid CONSTRAINT obligation_standing_pkey PRIMARY KEY,
  met_on date NOT NULL,
  released_on date NOT NULL
);
COMMENT ON TABLE obligation_standing IS 'How each obligation stands in obligation_rollup (infinity: it is not met, not released): for counting alone, never shown';
-- Of a division alone, and of all that is below it: what a division and all below it owe is read from its own rows, however many there are below. By month, and
-- by day: a day is read by months but for the month that it cuts, so that a read takes the same however long it went on.
CREATE TABLE obligation_rollup (
  owner_division zeren.division_code NOT NULL,
  below boolean NOT NULL,
  by_day boolean NOT NULL,
  lines text[] NOT NULL,
  rule_code text COLLATE "C" NOT NULL,
  period_start date NOT NULL,
  due_on date NOT NULL,
  grace_work_days smallint NOT NULL,
  met_month date NOT NULL,
  released_month date NOT NULL,
  met_on date NOT NULL,
  released_on date NOT NULL,
  n integer NOT NULL,
  CONSTRAINT obligation_rollup_pkey
    PRIMARY KEY (owner_division, by_day, below, due_on, rule_code, period_start, grace_work_days, lines, met_month, released_month, met_on, released_on)
) WITH (fillfactor = 70);
COMMENT ON TABLE obligation_rollup IS
  'How many obligations a division has (below: all below it) by rule, period, day due, month met and month released (infinity: not), by_day by these days, too';
COMMENT ON COLUMN obligation_rollup.met_month IS 'The last day of that month, as released_month; met_on and released_on: the same, where it is not by day';
CALL zeren.classify('fact_delta', 'private');
CALL zeren.classify('obligation_standing', 'private');
CALL zeren.classify('obligation_rollup', 'scoped');
GRANT SELECT, INSERT ON fact_delta TO registry_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON fact_delta TO registry_worker;
GRANT SELECT, INSERT, UPDATE ON obligation_standing TO registry_worker;
GRANT SELECT ON obligation_standing TO registry_service;
GRANT SELECT ON obligation_rollup TO registry_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON obligation_rollup TO registry_worker;

-- A row that is a fact: its kind, and the columns of its post, unit, division and day (or year). What it was and what it is.
CREATE FUNCTION note_fact() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r jsonb;
BEGIN
  FOREACH r IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[to_jsonb(NEW)] WHEN 'DELETE' THEN ARRAY[to_jsonb(OLD)] ELSE ARRAY[to_jsonb(OLD),
      to_jsonb(NEW)] END LOOP
    INSERT INTO registry.fact_delta (kind, record_id, organisation_id, division, for_day)
    SELECT TG_ARGV[0], (r ->> TG_ARGV[1])::uuid,
           coalesce((r ->> TG_ARGV[2])::uuid, (SELECT i.lead_organisation_id FROM registry.item i WHERE TG_ARGV[0] = 'milestone'
               AND i.id = (r ->> 'item_id')::uuid)),
           r ->> TG_ARGV[3], CASE WHEN TG_ARGV[4] = 'year' THEN make_date((r ->> 'year')::integer, 1, 1) ELSE (r ->> TG_ARGV[4])::date END;
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER fact_noted AFTER INSERT OR UPDATE OR DELETE ON visit FOR EACH ROW EXECUTE FUNCTION note_fact('visit', 'post_id', 'organisation_id',
    'at_division', 'visited_on');
CREATE TRIGGER fact_noted AFTER INSERT OR UPDATE OR DELETE ON meeting FOR EACH ROW EXECUTE FUNCTION note_fact('meeting', 'chair_post_id', 'organisation_id',
    'at_division', 'held_on');
CREATE TRIGGER fact_noted AFTER INSERT OR UPDATE OF filed_at ON duty_list FOR EACH ROW WHEN (NEW.filed_at IS NOT NULL)
  EXECUTE FUNCTION note_fact('duty_list', '', 'organisation_id', 'owner_division', 'year');
CREATE TRIGGER fact_noted AFTER INSERT OR UPDATE OR DELETE ON refinement FOR EACH ROW EXECUTE FUNCTION note_fact('refinement', 'post_id', 'organisation_id',
    'at_division', 'month');
CREATE TRIGGER fact_noted AFTER UPDATE OF status ON periodic_report FOR EACH ROW
  EXECUTE FUNCTION note_fact('periodic_report', 'submitted_by', 'organisation_id', 'at_division', 'period_start');
CREATE TRIGGER fact_noted AFTER UPDATE OF reached_on ON milestone FOR EACH ROW WHEN (OLD.reached_on IS DISTINCT FROM NEW.reached_on)
  EXECUTE FUNCTION note_fact('milestone', '', '', 'owner_division', 'reached_on');
CREATE TRIGGER fact_noted AFTER INSERT OR UPDATE OR DELETE ON village_kind FOR EACH ROW EXECUTE FUNCTION note_fact('model', '', '', 'owner_division',
    'valid_from');
CREATE TRIGGER thread_noted AFTER INSERT OR UPDATE OR DELETE ON contact FOR EACH ROW EXECUTE FUNCTION note_fact('contact', 'thread_id', '', 'owner_division',
    '');
CREATE TRIGGER obligation_noted AFTER INSERT OR UPDATE OF status ON obligation FOR EACH ROW EXECUTE FUNCTION note_fact('obligation', 'id', '',
    'owner_division', '');

CREATE FUNCTION month_end(on_day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (date_trunc('month', on_day::timestamp) + interval '1 month - 1 day')::date;
-- The divisions above a code, which is_within() goes by.
CREATE FUNCTION divisions_above(code text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY(SELECT DISTINCT rpad(left(code, n), 12, '0') FROM unnest('{0,2,4,6,9}'::integer[]) AS l (n) WHERE rpad(left(code, n), 12, '0') <> code);

-- Whose standing what was noted may have changed.
CREATE FUNCTION obligations_touched(notes bigint[]) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 1000
BEGIN ATOMIC
  WITH noted AS MATERIALIZED (
    SELECT DISTINCT d.kind, d.record_id, d.organisation_id, d.division, d.for_day FROM registry.fact_delta d WHERE d.id = ANY (notes)
  ), fact AS MATERIALIZED (
    SELECT * FROM noted WHERE for_day IS NOT NULL
  )
    SELECT n.record_id AS id FROM noted n WHERE n.kind = 'obligation'
    UNION SELECT b.id FROM noted n JOIN registry.obligation b ON b.subject_id = n.record_id WHERE n.kind = 'contact'
    UNION SELECT b.id FROM fact f JOIN registry.obligation b ON b.subject_id = f.record_id AND b.subject = 'post' AND b.action = f.kind
        AND f.for_day BETWEEN b.period_start AND b.period_end
    UNION SELECT b.id FROM fact f JOIN registry.contact c ON c.post_id = f.record_id JOIN registry.obligation b ON b.subject_id = c.thread_id
        AND b.action = f.kind
             AND f.for_day BETWEEN b.period_start AND b.period_end
    UNION SELECT b.id FROM fact f JOIN registry.contact c ON c.organisation_id = f.organisation_id JOIN registry.obligation b ON b.subject_id = c.thread_id
        AND b.action = f.kind
             AND f.for_day BETWEEN b.period_start AND b.period_end
    UNION SELECT b.id FROM fact f JOIN registry.obligation b ON b.organisation_id = f.organisation_id AND b.subject IN ('organisation', 'group')
        AND b.action = f.kind
             AND f.for_day BETWEEN b.period_start AND b.period_end
    UNION SELECT b.id FROM fact f JOIN registry.obligation b ON b.owner_division = ANY (ARRAY[f.division, rpad(left(f.division, 9), 12, '0'),
        rpad(left(f.division, 6), 12, '0'),
                                                                                            rpad(left(f.division, 4), 12, '0'), rpad(left(f.division, 2), 12,
                                                                                                '0')])
             AND b.subject = 'division' AND b.action = f.kind AND f.for_day BETWEEN b.period_start AND b.period_end;
END;

-- Folds a batch of changes into the figures; says how many it took. One at a time.
CREATE FUNCTION fold_obligations(most integer) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE notes bigint[]; ids uuid[]; taken integer; nothing tid[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(hashtextextended('registry.obligation_rollup', 0)) THEN RETURN 0; END IF;
  notes := ARRAY(SELECT d.id FROM registry.fact_delta d ORDER BY d.id LIMIT most);
  taken := cardinality(notes);
  ids := ARRAY(SELECT t.id FROM registry.obligations_touched(notes) AS t (id));
  DELETE FROM registry.fact_delta WHERE id = ANY (notes);
  WITH now_is AS MATERIALIZED (
    SELECT o.*, coalesce(m.met_on, 'infinity') AS met, coalesce(o.released_on, 'infinity') AS released
      FROM registry.obligation o LEFT JOIN registry.obligations_met(ids) AS m ON m.obligation_id = o.id WHERE o.id = ANY (ids)
  ), changed AS MATERIALIZED (
    SELECT n.id, n.owner_division, n.lines, n.rule_code, n.period_start, n.due_on, n.grace_work_days, n.met, n.released, s.met_on AS was_met,
        s.released_on AS was_released
      FROM now_is n LEFT JOIN registry.obligation_standing s ON s.obligation_id = n.id WHERE (s.met_on, s.released_on) IS DISTINCT FROM (n.met, n.released)
  ), kept AS (
    INSERT INTO registry.obligation_standing AS s (obligation_id, met_on, released_on) SELECT c.id, c.met, c.released FROM changed c
        ON CONFLICT ON CONSTRAINT obligation_standing_pkey DO UPDATE SET met_on = excluded.met_on, released_on = excluded.released_on
  ), delta AS MATERIALIZED (
    SELECT d.owner_division::text AS owner_division, d.lines, d.rule_code, d.period_start, d.due_on, d.grace_work_days, d.met, d.released,
           sum(d.n) AS n
      FROM (SELECT c.owner_division, c.lines, c.rule_code, c.period_start, c.due_on, c.grace_work_days, c.met, c.released, 1 AS n FROM changed c
            UNION ALL
            SELECT c.owner_division, c.lines, c.rule_code, c.period_start, c.due_on, c.grace_work_days, c.was_met, c.was_released, -1 FROM changed c
                WHERE c.was_met IS NOT NULL) AS d
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(d.n) <> 0
  ), spread AS (
    SELECT up.code, up.code <> d.owner_division AS below, x.by_day, d.lines, d.rule_code, d.period_start, d.due_on, d.grace_work_days,
           m.met AS met_month, m.released AS released_month, CASE WHEN x.by_day THEN d.met ELSE m.met END AS met_on,
           CASE WHEN x.by_day THEN d.released ELSE m.released END AS released_on, sum(d.n) AS n
      FROM delta d, unnest(registry.divisions_above(d.owner_division) || d.owner_division) AS up (code), (VALUES (false), (true)) AS x (by_day),
           LATERAL (SELECT registry.month_end(d.met) AS met, registry.month_end(d.released) AS released) AS m
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 HAVING sum(d.n) <> 0
  ), folded AS (
    INSERT INTO registry.obligation_rollup AS r (owner_division, below, by_day, lines, rule_code, period_start, due_on, grace_work_days,
                                                 met_month, released_month, met_on, released_on, n)
    SELECT p.* FROM spread p
        ON CONFLICT ON CONSTRAINT obligation_rollup_pkey DO UPDATE SET n = r.n + excluded.n
    RETURNING r.ctid AS place, r.n
  )
  SELECT array_agg(f.place) INTO nothing FROM folded f WHERE f.n = 0;
  DELETE FROM registry.obligation_rollup WHERE ctid = ANY (nothing);
  IF taken < most THEN
    INSERT INTO registry.rollup_fold AS f (kind, as_of) VALUES ('obligation', statement_timestamp())
        ON CONFLICT (kind) DO UPDATE SET as_of = excluded.as_of WHERE f.as_of < excluded.as_of - interval '5 seconds' OR taken > 0;
  END IF;
  RETURN taken;
END $$;

-- ---- told one level up
ALTER TABLE escalation ALTER COLUMN item_id DROP NOT NULL,
  ADD COLUMN obligation_id uuid CONSTRAINT escalation_obligation_id_fkey REFERENCES obligation,
  ADD CONSTRAINT escalation_what_check CHECK (num_nonnulls(item_id, obligation_id) = 1),
  ADD CONSTRAINT escalation_obligation_key UNIQUE (obligation_id, step);
COMMENT ON TABLE escalation IS 'An item or an obligation that was told one level up because it is late: once a step, kept for good';

-- R-232: the next step of an obligation that is not told yet, if it has been late for long enough. Says from which day on the step behind it is due; NULL:
-- there is none.
CREATE FUNCTION escalate_obligation(o obligation, last_day date, as_of date, at timestamptz) RETURNS date LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  r registry.escalation_rule;
  made registry.escalation;
  days integer := zeren.days_within(last_day + 1, as_of + 1, 'work_days');
  kind text := coalesce((SELECT u.kind FROM registry.organisation u WHERE u.id = o.organisation_id), 'government');
  up text;
BEGIN
  FOR r IN SELECT e.* FROM registry.escalation_rule e
            WHERE e.owner_division = (SELECT n.owner_division FROM registry.escalation_rule n WHERE registry.is_within(o.owner_division, n.owner_division)
                                       ORDER BY length(rtrim(n.owner_division, '0')) DESC LIMIT 1)
              AND NOT EXISTS (SELECT FROM registry.escalation x WHERE x.obligation_id = o.id AND x.step = e.step)
            ORDER BY e.red_work_days, e.step LOOP
    IF days IS NULL OR days < r.red_work_days THEN
      RETURN greatest(as_of + 1, zeren.due_or_null(last_day, r.red_work_days, 'work_days'));
    END IF;
    up := registry.level_above(o.owner_division, kind, r.levels_up);
    INSERT INTO registry.escalation (id, owner_division, lines, obligation_id, step, rule_id, on_day, due_on, late_work_days, to_division, to_post_ids,
        created_at)
    SELECT gen_random_uuid(), o.owner_division, o.lines, o.id, r.step, r.id, as_of, o.due_on, days, up,
           ARRAY(SELECT DISTINCT h.post_id FROM registry.organisation u JOIN identity_pub.post_division h ON h.organisation_id = u.id
                  WHERE u.owner_division = up AND u.kind IN ('party_committee', 'government', 'town', 'village', 'work_group') AND h.duty = r.duty
                      ORDER BY h.post_id), at
    ON CONFLICT ON CONSTRAINT escalation_obligation_key DO NOTHING
    RETURNING * INTO made;
    IF FOUND THEN
      INSERT INTO registry.audit_log (at, verb, record, record_id, version, owner_division, body)
      VALUES (at, 'escalate', 'escalation', made.id, made.version, made.owner_division, to_jsonb(made));
      INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, lines)
      VALUES (at, 'escalate', 'escalation', made.id, made.version, made.owner_division, made.lines);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

-- One step of the worker with one obligation: version, audit row and event at once.
CREATE FUNCTION note_obligation(o obligation, done_verb text, at timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE now_is registry.obligation;
BEGIN
  UPDATE registry.obligation u
     SET status = o.status, released_on = o.released_on, release_reason = o.release_reason, late_told_on = o.late_told_on, version = u.version + 1
   WHERE u.id = o.id RETURNING u.* INTO now_is;
  INSERT INTO registry.audit_log (at, verb, record, record_id, version, owner_division, body)
  VALUES (at, done_verb, 'obligation', now_is.id, now_is.version, now_is.owner_division, to_jsonb(now_is));
  INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, lines)
  VALUES (at, done_verb, 'obligation', now_is.id, now_is.version, now_is.owner_division, now_is.lines);
END $$;

-- R-231: reminds whoever owes it today.
CREATE FUNCTION remind_obligation(o obligation, as_of date, at timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO registry.notice (owner_division, lines, organisation_id, post_id, kind, record_id, verb, on_day, at, text, seq)
  SELECT coalesce(u.owner_division, o.owner_division), CASE WHEN u.line IS NULL THEN '{}' ELSE o.lines END,
      CASE WHEN w.post_id IS NULL THEN w.organisation_id END,
         w.post_id, 'obligation', o.id, 'remind_obligation', as_of, at,
         left(format('将于%s到期：%s', to_char(o.due_on, 'YYYY-MM-DD'), (SELECT r.title FROM registry.cadence_rule r WHERE r.id = o.rule_id)), 400), 0
    FROM registry.obligation_whom(o, as_of) AS w LEFT JOIN registry.organisation u ON u.id = w.organisation_id
  ON CONFLICT ON CONSTRAINT notice_quiet_key DO NOTHING;
END $$;

-- R-230: of a link or a group that has ended before the thing was due: the day it ended; NULL: somebody owes it still.
CREATE FUNCTION obligation_ended_on(o obligation) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE last_end date;
BEGIN
  IF o.subject IN ('post_contact', 'unit_contact') THEN
    last_end := (SELECT max(c.ends_on) FROM registry.contact c WHERE c.thread_id = o.subject_id);
  ELSIF o.subject = 'group' THEN
    last_end := (SELECT g.ends_on FROM registry.work_group g WHERE g.id = o.subject_id);
  END IF;
  RETURN CASE WHEN last_end <= o.due_on THEN last_end END;
END $$;

-- R-230 to R-232: looks after obligations whose day to be looked at has come, so many at most: reminds, tells that it is late, tells it above, releases what
-- nobody owes any more, and forgets what is met. Says how many it looked at. Two workers never look at one at once.
CREATE FUNCTION tend_obligations(as_of date, at timestamptz, most integer) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  o registry.obligation;
  looked integer := 0;
  last_day date;
  next_look date;
BEGIN
  FOR o IN SELECT b.* FROM registry.obligation_watch w JOIN registry.obligation b ON b.id = w.obligation_id
            WHERE w.look_on <= as_of ORDER BY w.look_on, w.obligation_id LIMIT most FOR UPDATE OF w, b SKIP LOCKED LOOP
    looked := looked + 1;
    next_look := NULL;
    IF o.status = 'due' AND (registry.obligation_met(o, as_of)).met_on IS NULL THEN
      last_day := registry.obligation_last_day(o.due_on, o.grace_work_days);
      IF registry.obligation_ended_on(o) IS NOT NULL THEN
        o.status := 'released';
        o.released_on := greatest(o.period_start, registry.obligation_ended_on(o));
        o.release_reason := CASE o.subject WHEN 'group' THEN '工作专班已撤销' ELSE '联系已结束' END;
        PERFORM registry.note_obligation(o, 'release_obligation', at);
      ELSIF as_of > last_day THEN
        IF o.late_told_on IS NULL THEN
          o.late_told_on := as_of;
          PERFORM registry.note_obligation(o, 'tell_late_obligation', at);
        END IF;
        next_look := registry.escalate_obligation(o, last_day, as_of, at);
      ELSIF as_of <= o.due_on THEN
        PERFORM registry.remind_obligation(o, as_of, at);
        next_look := coalesce(last_day, o.due_on) + 1;
      ELSE
        next_look := coalesce(last_day, as_of) + 1;
      END IF;
    END IF;
    IF next_look IS NULL THEN
      DELETE FROM registry.obligation_watch w WHERE w.obligation_id = o.id;
    ELSE
      UPDATE registry.obligation_watch w SET look_on = next_look WHERE w.obligation_id = o.id;
    END IF;
  END LOOP;
  RETURN looked;
END $$;

-- ---- urging on an obligation
-- R-233: the unit that owes it on a day, or owed it when it was due; the post, where that unit is urged; and whether a unit does at all.
CREATE FUNCTION unit_owing(of_obligation uuid, on_day date) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT w.organisation_id FROM registry.obligation o, LATERAL registry.obligation_whom(o, least(on_day, o.due_on)) AS w
           WHERE o.id = of_obligation ORDER BY w.organisation_id LIMIT 1);
END $$;
CREATE FUNCTION post_owing(of_obligation uuid, unit uuid, on_day date) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT w.post_id FROM registry.obligation o, LATERAL registry.obligation_whom(o, least(on_day, o.due_on)) AS w
           WHERE o.id = of_obligation AND (unit IS NULL OR unit = w.organisation_id) LIMIT 1);
END $$;
CREATE FUNCTION owes(of_obligation uuid, unit uuid, on_day date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN EXISTS (SELECT FROM registry.obligation o, LATERAL registry.obligation_whom(o, least(on_day, o.due_on)) AS w
                  WHERE o.id = of_obligation AND w.organisation_id = unit);
END $$;
DROP FUNCTION urging_as_shown(urging, jsonb, date);
ALTER TABLE urging ADD COLUMN obligation_id uuid CONSTRAINT urging_obligation_id_fkey REFERENCES obligation,
  ADD CONSTRAINT urging_what_check CHECK (num_nonnulls(item_id, obligation_id) <= 1);
CREATE INDEX urging_obligation_id_idx ON urging (obligation_id) WHERE obligation_id IS NOT NULL;
CREATE FUNCTION urging_as_shown(u urging, more jsonb, as_of date)
RETURNS TABLE (id uuid, owner_division text, at_division text, number text, item_id uuid, obligation_id uuid, issuer_organisation_id uuid, issuer text,
    issuer_post_id uuid,
  addressee_organisation_id uuid, addressee text, addressee_post_id uuid, matter text, basis text, issued_on date, answer_work_days smallint, answer_by date,
  status text, light text, answer text, answered_by uuid, answered_at timestamptz, decision_note text, decided_by uuid, decided_at timestamptz,
  returns smallint, steps json, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT u.id, u.owner_division::text, u.at_division::text, u.number, u.item_id, u.obligation_id, u.issuer_organisation_id, u.issuer_name, u.issuer_post_id,
         u.addressee_organisation_id, (SELECT o.name FROM registry.organisation o WHERE o.id = u.addressee_organisation_id), u.addressee_post_id, u.matter,
             u.basis,
         u.issued_on, u.answer_work_days, u.answer_by, u.status, registry.urging_light(u.owner_division, u.answer_by, u.status, as_of),
         u.answer, u.answered_by, u.answered_at, u.decision_note, u.decided_by, u.decided_at, u.returns,
         (SELECT coalesce(json_agg(s.step ORDER BY s.position), '[]')
            FROM (SELECT t.position, json_build_object('verb', t.verb, 'at', t.at, 'post_id', t.post_id, 'note', t.note, 'answer_by', t.answer_by)
                    FROM registry.urging_step t WHERE t.urging_id = u.id
                  UNION ALL
                  SELECT (m.step ->> 'position')::integer, (m.step - 'position')::json FROM jsonb_array_elements(more) AS m (step)) AS s (position, step)),
         u.created_at, u.version;
END;

-- ---- notices
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('calendar_import', 'scoped', 'calendar.write', '工作日历导入'),
  ('cadence_rule', 'upward', 'cadence.read', '周期规则'),
  ('obligation', 'scoped', 'cadence.read', '应办事项');
INSERT INTO notice_rule (kind, verb, told, words) VALUES
  ('obligation', 'tell_late_obligation', 'addressee', '已逾期：%s'),
  ('obligation', 'release_obligation', 'addressee', '无须再办：%s'),
  ('obligation', 'reopen_obligation', 'addressee', '恢复应办：%s'),
  ('contact', 'create_contact', 'addressee', '新的联系包抓：%s'),
  ('contact', 'hand_over_contact', 'addressee', '联系包抓已移交给你：%s'),
  ('contact', 'end_contact', 'addressee', '联系包抓已结束：%s'),
  ('leave', 'ask_leave', 'above', '驻村请假待审批：%s'),
  ('leave', 'cancel_leave', 'addressee', '驻村请假已取消：%s')
ON CONFLICT DO NOTHING;

-- R-048: the notices of the events after one number up to another; says how many. Run by the worker in the country's scope.
CREATE OR REPLACE FUNCTION tell_notices(after bigint, upto bigint) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE told integer;
BEGIN
  WITH due AS MATERIALIZED (
    SELECT e.seq, e.at, e.kind, e.id, e.verb, e.owner_division, n.told, n.words, (e.at AT TIME ZONE 'Asia/Shanghai')::date AS on_day
      FROM registry.event e JOIN registry.notice_rule n ON n.kind = e.kind AND n.verb = e.verb
     WHERE e.in_country = '' AND e.seq > tell_notices.after AND e.seq <= tell_notices.upto AND NOT e.has_left
  )
  INSERT INTO registry.notice (owner_division, lines, organisation_id, post_id, kind, record_id, verb, on_day, at, text, seq)
  SELECT coalesce(o.owner_division, (SELECT h.owner_division FROM identity_pub.post_division h WHERE h.post_id = w.post_id), d.owner_division),
         CASE WHEN w.organisation_id IS NOT NULL AND o.line IS NULL THEN '{}' ELSE w.lines END, w.organisation_id, w.post_id, d.kind, d.id, d.verb,
         d.on_day, d.at, left(format(d.words, w.title), 400), d.seq
    FROM due d
    -- Whom the change concerns; by the record's id, one kind each.
   CROSS JOIN LATERAL (
      SELECT i.lead_organisation_id AS organisation_id, NULL::uuid AS post_id, i.title, i.lines
        FROM registry.item i WHERE d.kind = 'item' AND d.told = 'lead' AND i.id = d.id
       UNION ALL
      SELECT r.organisation_id, NULL, i.title, r.lines
        FROM registry.report r JOIN registry.item i ON i.id = r.item_id WHERE d.kind = 'report' AND d.told = 'reporter' AND r.id = d.id
       UNION ALL
      SELECT CASE d.told WHEN 'issuer' THEN u.issuer_organisation_id ELSE u.addressee_organisation_id END, NULL, u.matter, u.lines
        FROM registry.urging u WHERE d.kind = 'urging' AND d.told IN ('issuer', 'addressee') AND u.id = d.id
       UNION ALL
      SELECT CASE d.told WHEN 'issuer' THEN o.issuer_organisation_id ELSE o.addressee_organisation_id END, NULL, o.number || ' ' || o.matter, o.lines
        FROM registry.work_order o WHERE d.kind = 'work_order' AND d.told IN ('issuer', 'addressee') AND o.id = d.id
       UNION ALL
      SELECT p.organisation_id, NULL, f.title || ' ' || p.period_start, p.lines
        FROM registry.periodic_report p JOIN registry.report_form f ON f.id = p.form_id WHERE d.kind = 'periodic_report' AND d.told = 'reporter' AND p.id = d.id
       UNION ALL
      SELECT CASE WHEN c.post_id IS NULL THEN c.organisation_id END, c.post_id,
             coalesce((SELECT v.name FROM registry.division v WHERE v.code = c.at_division AND v.valid_from <= d.on_day ORDER BY v.valid_from DESC LIMIT 1),
                 c.at_division), '{}'
        FROM registry.contact c WHERE d.kind = 'contact' AND d.told = 'addressee' AND c.id = d.id
       UNION ALL
      SELECT NULL, l.post_id, format('%s 至 %s', l.starts_on, l.ends_on), '{}'
        FROM registry.leave l WHERE d.kind = 'leave' AND d.told = 'addressee' AND l.id = d.id
       UNION ALL
      SELECT u.id, NULL, format('%s 至 %s', l.starts_on, l.ends_on), '{}'
        FROM registry.leave l JOIN registry.organisation u ON u.owner_division = registry.division_above(l.owner_division,
            registry.level_of(l.owner_division) - l.approver_level)
             AND u.kind IN ('party_committee', 'government', 'town')
       WHERE d.kind = 'leave' AND d.told = 'above' AND l.id = d.id
       UNION ALL
      SELECT CASE WHEN w.post_id IS NULL THEN w.organisation_id END, w.post_id, r.title, b.lines
        FROM registry.obligation b JOIN registry.cadence_rule r ON r.id = b.rule_id, LATERAL registry.obligation_whom(b, least(d.on_day, b.due_on)) AS w
       WHERE d.kind = 'obligation' AND d.told = 'addressee' AND b.id = d.id
       UNION ALL
      SELECT CASE WHEN w.post_id IS NULL THEN w.organisation_id END, w.post_id, r.title, x.lines
        FROM registry.escalation x JOIN registry.obligation b ON b.id = x.obligation_id JOIN registry.cadence_rule r ON r.id = b.rule_id,
             LATERAL registry.obligation_whom(b, b.due_on) AS w
       WHERE d.kind = 'escalation' AND d.told = 'lead' AND x.id = d.id
       UNION ALL
      SELECT i.lead_organisation_id, NULL, i.title, x.lines
        FROM registry.escalation x JOIN registry.item i ON i.id = x.item_id WHERE d.kind = 'escalation' AND d.told = 'lead' AND x.id = d.id
       UNION ALL
      SELECT NULL, t.post_id, coalesce(i.title, r.title), x.lines
        FROM registry.escalation x LEFT JOIN registry.item i ON i.id = x.item_id LEFT JOIN registry.obligation b ON b.id = x.obligation_id
             LEFT JOIN registry.cadence_rule r ON r.id = b.rule_id, unnest(x.to_post_ids) AS t (post_id)
       WHERE d.kind = 'escalation' AND d.told = 'above' AND x.id = d.id) AS w
    LEFT JOIN registry.organisation o ON o.id = w.organisation_id
   ORDER BY d.seq
  ON CONFLICT ON CONSTRAINT notice_quiet_key DO NOTHING;
  GET DIAGNOSTICS told = ROW_COUNT;
  RETURN told;
END $$;

-- What is owed and may still be met, with what the work list says of it.
CREATE VIEW owed WITH (security_invoker = true) AS
  SELECT o.id, o.owner_division::text, o.subject, o.subject_id, o.post_id, o.organisation_id, k.permission, k.todo, r.title, o.period_start AS since, o.due_on,
         registry.days_for('registry.obligation_amber_work_days', o.owner_division, o.due_on) AS amber, o.grace_work_days AS grace
    FROM registry.obligation o JOIN registry.fact_kind k ON k.kind = o.action JOIN registry.cadence_rule r ON r.id = o.rule_id
   WHERE registry.is_owed(o, k.meets_late);
COMMENT ON VIEW owed IS 'Obligations that are neither met nor released, and may be met still';

-- ---- the work list, with what the cadence, orders, leave and periodic reports ask for
-- Asked by post alone, whatever unit is named with it.
CREATE INDEX urging_addressee_post_idx ON urging (addressee_post_id) WHERE addressee_post_id IS NOT NULL;
CREATE INDEX work_order_addressee_post_idx ON work_order (addressee_post_id) WHERE addressee_post_id IS NOT NULL;
-- R-234. post_id with neither unit nor office: that post alone, whatever its unit. An obligation stands here while it may still be met in time, or be met late.
CREATE OR REPLACE VIEW registry_pub.worklist WITH (security_invoker = true) AS
  SELECT i.id, 'item' AS kind, i.owner_division::text, i.lead_organisation_id AS organisation_id, NULL::uuid AS post_id, NULL::text AS office_division,
         'report.write' AS permission, '报告进展' AS todo, i.title, 'R-020' AS rule, i.starts_on AS since,
         registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, coalesce(i.paused_on, 'infinity'::date)) AS due_on, i.paused_on,
         zeren.setting_value('registry.pause_unit', i.owner_division, extract(year FROM i.due_on)::integer) AS pause_unit,
              registry.amber_work_days(i.owner_division, i.due_on) AS amber, registry.grace_work_days(i.owner_division, i.due_on) AS grace
    FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
   WHERE i.done_on IS NULL AND l.status = 'in_force' AND NOT EXISTS (SELECT FROM registry.report r WHERE r.item_id = i.id AND r.status = 'submitted')
  UNION ALL
  SELECT r.id, 'report', r.owner_division, NULL, NULL, l.owner_division, 'report.confirm', '确认或者退回进展报告', i.title, 'R-023', r.created_day,
         zeren.due_or_null(r.created_day, registry.days_for('registry.confirm_work_days', l.owner_division, r.created_day), 'work_days'), NULL, NULL, 1, 0
    FROM (SELECT x.id, x.owner_division, x.item_id, (x.created_at AT TIME ZONE 'Asia/Shanghai')::date AS created_day FROM registry.report x
         WHERE x.status = 'submitted') AS r
    JOIN registry.item i ON i.id = r.item_id JOIN registry.duty_list l ON l.id = i.duty_list_id
  UNION ALL
  SELECT u.id, 'urging', u.owner_division, u.addressee_organisation_id, u.addressee_post_id, NULL, 'urging.answer', '答复督办', u.matter, 'R-043', u.issued_on,
         u.answer_by, NULL, NULL, registry.days_for('registry.urging_amber_work_days', u.owner_division, u.answer_by), 0
    FROM registry.urging u WHERE u.status IN ('issued', 'returned')
  UNION ALL
  SELECT u.id, 'urging', u.owner_division, u.issuer_organisation_id, NULL, NULL, 'urging.issue', '审核督办答复', u.matter, 'R-044', u.answered_day,
         zeren.due_or_null(u.answered_day, registry.days_for('registry.confirm_work_days', u.owner_division, u.answered_day), 'work_days'), NULL, NULL, 1, 0
    FROM (SELECT x.id, x.owner_division, x.issuer_organisation_id, x.matter, (x.answered_at AT TIME ZONE 'Asia/Shanghai')::date AS answered_day
         FROM registry.urging x WHERE x.status = 'answered') AS u
  UNION ALL
  SELECT l.id, 'duty_list', l.owner_division, NULL, NULL, l.owner_division, CASE l.status WHEN 'draft' THEN 'duty_list.approve' ELSE 'duty_list.file' END,
         CASE l.status WHEN 'draft' THEN '审定责任清单' WHEN 'approved' THEN '责任清单备案' ELSE '责任清单生效' END, l.title, 'R-003', l.day,
         zeren.due_or_null(l.day, registry.days_for('registry.list_step_work_days', l.owner_division, l.day), 'work_days'), NULL, NULL, 2, 0
    FROM (SELECT x.id, x.owner_division, x.status, x.title, (coalesce(x.filed_at, x.approved_at, x.created_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
            FROM registry.duty_list x WHERE x.status IN ('draft', 'approved', 'filed')) AS l
   WHERE l.status <> 'draft' OR EXISTS (SELECT FROM registry.item i WHERE i.duty_list_id = l.id)
  UNION ALL
  SELECT o.id, 'obligation', o.owner_division, o.organisation_id, NULL, NULL, o.permission, o.todo, o.title, 'R-226', o.since, o.due_on, NULL, NULL, o.amber,
      o.grace
    FROM registry.owed o WHERE o.subject IN ('organisation', 'group')
  UNION ALL
  SELECT o.id, 'obligation', o.owner_division, NULL, o.post_id, NULL, o.permission, o.todo, o.title, 'R-226', o.since, o.due_on, NULL, NULL, o.amber, o.grace
    FROM registry.owed o WHERE o.subject = 'post'
  UNION ALL
  SELECT o.id, 'obligation', o.owner_division, c.organisation_id, c.post_id, NULL, o.permission, o.todo, o.title, 'R-227', o.since, o.due_on, NULL, NULL,
      o.amber, o.grace
    FROM registry.contact c JOIN registry.owed o ON o.subject_id = c.thread_id AND c.starts_on <= o.due_on AND c.ends_on > o.due_on
  UNION ALL
  SELECT o.id, 'obligation', o.owner_division, NULL, NULL, o.owner_division, o.permission, o.todo, o.title, 'R-226', o.since, o.due_on, NULL, NULL, o.amber,
      o.grace
    FROM registry.owed o WHERE o.subject = 'division'
  UNION ALL
  SELECT w.id, 'work_order', w.owner_division, w.addressee_organisation_id, w.addressee_post_id, NULL, 'work_order.answer',
         CASE w.status WHEN 'issued' THEN '接收工作指令' ELSE '反馈工作指令' END, w.number || ' ' || w.matter, 'R-134', w.issued_on, w.due_on, NULL, NULL,
         registry.days_for('registry.work_order_amber_work_days', w.owner_division, w.due_on), 0
    FROM registry.work_order w WHERE w.status IN ('issued', 'received', 'returned')
  UNION ALL
  SELECT w.id, 'work_order', w.owner_division, w.issuer_organisation_id, NULL, NULL, 'work_order.issue', '核定工作指令反馈', w.number || ' ' || w.matter, 'R-135',
      w.day,
         zeren.due_or_null(w.day, registry.days_for('registry.confirm_work_days', w.owner_division, w.day), 'work_days'), NULL, NULL, 1, 0
    FROM (SELECT x.id, x.owner_division, x.issuer_organisation_id, x.number, x.matter, (x.reported_at AT TIME ZONE 'Asia/Shanghai')::date AS day
            FROM registry.work_order x WHERE x.status = 'reported') AS w
  UNION ALL
  SELECT l.id, 'leave', l.owner_division, NULL, NULL,
         rpad(left(l.owner_division, CASE l.approver_level WHEN 4 THEN 9 WHEN 3 THEN 6 WHEN 2 THEN 4 ELSE 2 END), 12, '0'), 'leave.approve', '审批驻村请假',
         format('%s 至 %s', l.starts_on, l.ends_on), 'R-168', (l.created_at AT TIME ZONE 'Asia/Shanghai')::date, l.starts_on, NULL, NULL, 1, 0
    FROM registry.leave l WHERE l.status = 'requested'
  UNION ALL
  SELECT p.id, 'periodic_report', p.owner_division, NULL, NULL, p.to_division, 'periodic_report.accept', '审核定期报告', f.title || ' ' || p.period_start, 'R-199',
         p.submitted_on, zeren.due_or_null(p.submitted_on, registry.days_for('registry.report_accept_work_days', p.to_division, p.submitted_on), 'work_days'),
             NULL, NULL, 1, 0
    FROM registry.periodic_report p JOIN registry.report_form f ON f.id = p.form_id WHERE p.status = 'submitted'
  UNION ALL
  SELECT p.id, 'periodic_report', p.owner_division, p.organisation_id, NULL, NULL, 'periodic_report.write', '修改并重新提交定期报告', f.title || ' ' || p.period_start,
      'R-199',
         p.submitted_on, zeren.due_or_null(p.period_end, 0, 'work_days'), NULL, NULL, 1, 0
    FROM registry.periodic_report p JOIN registry.report_form f ON f.id = p.form_id WHERE p.status = 'returned';

-- What the work list reads of it.
GRANT SELECT ON obligation, obligation_watch, fact_kind, fact, owed TO identity_service;
GRANT SELECT (id, title) ON cadence_rule TO identity_service;
GRANT SELECT ON contact TO identity_service;
GRANT SELECT (id, owner_division, at_division, lines, post_id, organisation_id, visited_on, purpose) ON visit TO identity_service;
GRANT SELECT (id, owner_division, at_division, lines, group_id, organisation_id, kind, held_on, chair_post_id) ON meeting TO identity_service;
GRANT SELECT (id, owner_division, organisation_id, year, filed_at) ON duty_list TO identity_service;
GRANT SELECT (id, owner_division, at_division, lines, item_id, month, organisation_id, post_id, refined_on) ON refinement TO identity_service;
GRANT SELECT (id, owner_division, lines, item_id, position, reached_on) ON milestone TO identity_service;
GRANT SELECT (id, task_id) ON item TO identity_service;
GRANT SELECT (id, owner_division, topic) ON task TO identity_service;
GRANT SELECT (id, owner_division, kind, valid_from) ON village_kind TO identity_service;
GRANT SELECT (at_division, organisation_id, reported_on, reported_by) ON report TO identity_service;
GRANT SELECT (completed_on, reported_by) ON work_order TO identity_service;
GRANT SELECT (period_end, submitted_by) ON periodic_report TO identity_service;
GRANT SELECT (code) ON report_form TO identity_service;
GRANT SELECT (id, owner_division, approver_level, starts_on, ends_on, status, created_at) ON leave TO identity_service;
GRANT SELECT (id, organisation_id, starts_on, ends_on) ON work_group TO identity_service;

-- ---- why a record is the caller's to see, and what may be done with it
CREATE OR REPLACE VIEW registry_pub.record WITH (security_invoker = true) AS
  SELECT id, 'organisation' AS kind, owner_division::text, owner_division::text AS at_division, '{}'::text[] AS lines FROM registry.organisation
   UNION ALL SELECT id, 'division', owner_division, owner_division, '{}' FROM registry.division
   UNION ALL SELECT id, 'duty_list', owner_division, owner_division, '{}' FROM registry.duty_list
   UNION ALL SELECT id, 'task', owner_division, owner_division, '{}' FROM registry.task
   UNION ALL SELECT id, 'item', owner_division, at_division, lines FROM registry.item
   UNION ALL SELECT id, 'report', owner_division, at_division, lines FROM registry.report
   UNION ALL SELECT id, 'urging', owner_division, at_division, lines FROM registry.urging
   UNION ALL SELECT id, 'document', owner_division, owner_division, '{}' FROM registry.document
   UNION ALL SELECT id, 'document_clause', owner_division, owner_division, '{}' FROM registry.document_clause
   UNION ALL SELECT id, 'duty', owner_division, owner_division, '{}' FROM registry.duty
   UNION ALL SELECT id, 'division_class', owner_division, owner_division, '{}' FROM registry.division_class
   UNION ALL SELECT id, 'stage_goal', owner_division, owner_division, '{}' FROM registry.stage_goal
   UNION ALL SELECT id, 'plan', owner_division, owner_division, '{}' FROM registry.plan
   UNION ALL SELECT id, 'plan_line', owner_division, owner_division, '{}' FROM registry.plan_line
   UNION ALL SELECT id, 'investment_need', owner_division, owner_division, '{}' FROM registry.investment_need
   UNION ALL SELECT id, 'refinement', owner_division, at_division, lines FROM registry.refinement
   UNION ALL SELECT id, 'drive', owner_division, at_division, lines FROM registry.drive
   UNION ALL SELECT id, 'work_order', owner_division, at_division, lines FROM registry.work_order
   UNION ALL SELECT id, 'contact', owner_division, at_division, '{}' FROM registry.contact
   UNION ALL SELECT id, 'visit', owner_division, at_division, lines FROM registry.visit
   UNION ALL SELECT id, 'settlement', owner_division, owner_division, '{}' FROM registry.settlement
   UNION ALL SELECT id, 'coverage_target', owner_division, owner_division, '{}' FROM registry.coverage_target
   UNION ALL SELECT id, 'village_kind', owner_division, owner_division, '{}' FROM registry.village_kind
   UNION ALL SELECT id, 'team', owner_division, owner_division, '{}' FROM registry.team
   UNION ALL SELECT id, 'team_member', owner_division, owner_division, '{}' FROM registry.team_member
   UNION ALL SELECT id, 'leave', owner_division, owner_division, '{}' FROM registry.leave
   UNION ALL SELECT id, 'work_group', owner_division, owner_division, '{}' FROM registry.work_group
   UNION ALL SELECT id, 'meeting', owner_division, at_division, lines FROM registry.meeting
   UNION ALL SELECT id, 'report_form', owner_division, owner_division, '{}' FROM registry.report_form
   UNION ALL SELECT id, 'periodic_report', owner_division, at_division, lines FROM registry.periodic_report
   UNION ALL SELECT id, 'cadence_rule', owner_division, owner_division, '{}' FROM registry.cadence_rule
   UNION ALL SELECT id, 'obligation', owner_division, at_division, lines FROM registry.obligation;
CREATE OR REPLACE VIEW registry_pub.record_kind WITH (security_invoker = true) AS
  SELECT k.kind, k.label, k.class, k.read_permission, k.verbs::jsonb AS verbs
    FROM (VALUES ('organisation', '单位', 'upward', 'organisation.read', '{"update": "organisation.write"}'),
                 ('division', '区划', 'reference', 'division.read', '{}'),
                 ('duty_list', '责任清单', 'upward', 'duty_list.read',
                  '{"update": "duty_list.write", "approve": "duty_list.approve", "file": "duty_list.file", "close": "duty_list.file",
                    "bring_into_force": "duty_list.file", "revise": "duty_list.write", "discard": "duty_list.write"}'),
                 ('task', '任务', 'upward', 'duty_list.read', '{"update": "duty_list.write", "remove": "duty_list.write", "serve_plan_line": "duty_list.write"}'),
                 ('item', '分解项', 'scoped', 'duty_list.read',
                  '{"update": "duty_list.write", "remove": "duty_list.write", "report": "report.write", "pause": "deadline.pause", "resume": "deadline.pause"}'),
                 ('report', '进展报告', 'scoped', 'report.read', '{"confirm": "report.confirm", "send_back": "report.confirm"}'),
                 ('urging', '督办', 'scoped', 'urging.read',
                  '{"answer": "urging.answer", "accept": "urging.issue", "return": "urging.issue", "withdraw": "urging.issue"}'),
                 ('document', '文件依据', 'upward', 'document.read', '{"update": "document.write"}'),
                 ('document_clause', '条款', 'upward', 'document.read', '{"update": "document.write"}'),
                 ('duty', '责任', 'upward', 'document.read', '{"update": "document.write"}'),
                 ('division_class', '分类', 'upward', 'document.read', '{"end": "document.write"}'),
                 ('stage_goal', '阶段目标', 'upward', 'document.read', '{"update": "document.write"}'),
                 ('plan', '规划', 'upward', 'document.read', '{"update": "document.write", "bring_into_force": "document.write", "close": "document.write",
                   "discard": "document.write"}'),
                 ('plan_line', '规划任务', 'upward', 'document.read', '{"update": "document.write"}'),
                 ('investment_need', '投资需求', 'upward', 'document.read', '{"update": "document.write"}'),
                 ('refinement', '月度细化', 'scoped', 'duty_list.read', '{"update": "report.write"}'),
                 ('drive', '集中攻坚', 'scoped', 'work_order.read', '{"update": "work_order.issue", "start": "work_order.issue", "end": "work_order.issue"}'),
                 ('work_order', '工作指令', 'scoped', 'work_order.read',
                  '{"receive": "work_order.answer", "report_back": "work_order.answer",
                    "complete": "work_order.issue",
                    "return": "work_order.issue", "withdraw": "work_order.issue"}'),
                 ('contact', '联系包抓', 'scoped', 'contact.read', '{"update": "contact.write", "hand_over": "contact.write", "end": "contact.write"}'),
                 ('visit', '走访', 'scoped', 'visit.read', '{"update": "visit.write", "withdraw": "visit.write"}'),
                 ('settlement', '自然村、村民小组和网格', 'scoped', 'division.read', '{"update": "division.write"}'),
                 ('coverage_target', '遍访基数', 'scoped', 'visit.read', '{"update": "contact.write"}'),
                 ('village_kind', '村类型', 'upward', 'team.read', '{"end": "team.write"}'),
                 ('team', '驻村工作队', 'upward', 'team.read',
                  '{"update": "team.write", "assign_village": "team.write", "release_village": "team.write", "end": "team.write"}'),
                 ('team_member', '驻村工作队成员', 'upward', 'team.read', '{"update": "team.write", "rotate": "team.write", "end": "team.write"}'),
                 ('leave', '驻村请假', 'scoped', 'team.read',
                     '{"approve": "leave.approve", "refuse": "leave.approve", "cancel": "leave.ask", "shorten": "leave.ask"}'),
                 ('work_group', '领导小组和专班', 'upward', 'team.read', '{"update": "team.write", "end": "team.write"}'),
                 ('meeting', '会议', 'scoped', 'meeting.read', '{"update": "meeting.write", "decide": "meeting.write"}'),
                 ('report_form', '报表', 'upward', 'periodic_report.read', '{"end": "periodic_report.accept"}'),
                 ('periodic_report', '定期报告', 'scoped', 'periodic_report.read',
                  '{"update": "periodic_report.write", "refresh": "periodic_report.write", "submit": "periodic_report.write",
                    "discard": "periodic_report.write", "return": "periodic_report.accept", "accept": "periodic_report.accept"}'),
                 ('cadence_rule', '周期规则', 'upward', 'cadence.read', '{"update": "cadence.write", "enable": "cadence.write", "disable": "cadence.write"}'),
                 ('obligation', '应办事项', 'scoped', 'cadence.read', '{"release": "cadence.write", "reopen": "cadence.write"}')) AS k (kind, label, class,
                     read_permission, verbs);
GRANT SELECT (id, owner_division) ON document, document_clause, duty, division_class, stage_goal, plan, plan_line, investment_need, settlement,
    coverage_target, village_kind, team,
  team_member, leave, work_group, report_form, cadence_rule TO identity_service;
GRANT SELECT (id, owner_division, at_division, lines) ON refinement, drive, work_order, visit, meeting, periodic_report TO identity_service;

-- ---- figures of periodic reports: what was due in a division and below it, or of one unit, from a day until the day before another, and what of it was met by then.
CREATE FUNCTION figure_obligations(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.obligation o
   WHERE registry.below(o.owner_division, division) AND (unit IS NULL OR o.organisation_id = unit) AND o.due_on >= from_on AND o.due_on < until_on
     AND (o.released_on IS NULL OR o.released_on >= until_on);
END;
-- What was met is read from the figures that are kept, and what the worker has not folded yet is set right: so it is exact, and takes the same however much is owed.
-- Of one unit, and while very much is not folded, it is counted.
CREATE FUNCTION figure_obligations_met(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
DECLARE
  most CONSTANT integer := 5000;
  notes bigint[] := ARRAY(SELECT d.id FROM registry.fact_delta d WHERE unit IS NULL LIMIT most + 1);
  kept boolean := unit IS NULL AND cardinality(notes) <= most;
  ids uuid[];
BEGIN
  IF NOT kept THEN
    ids := ARRAY(SELECT o.id FROM registry.obligation o
                  WHERE registry.below(o.owner_division, division) AND (unit IS NULL OR o.organisation_id = unit) AND o.due_on >= from_on AND o.due_on < until_on
                    AND (o.released_on IS NULL OR o.released_on >= until_on));
    RETURN (SELECT count(*) FROM registry.obligations_met(ids) AS m WHERE m.met_on < until_on);
  END IF;
  ids := ARRAY(SELECT o.id FROM registry.obligations_touched(notes) AS t (id) JOIN registry.obligation o ON o.id = t.id
                WHERE registry.below(o.owner_division, division) AND o.due_on >= from_on AND o.due_on < until_on);
  RETURN (SELECT coalesce(sum(r.n), 0) FROM registry.obligation_rollup r
           WHERE r.owner_division = division AND r.by_day AND r.below IN (false, true) AND r.due_on >= from_on AND r.due_on < until_on
             AND r.released_on >= until_on AND r.met_on < until_on)
       + (SELECT count(*) FILTER (WHERE m.met_on < until_on AND coalesce(o.released_on, 'infinity') >= until_on)
                 - count(*) FILTER (WHERE s.met_on < until_on AND s.released_on >= until_on)
            FROM registry.obligation o
            LEFT JOIN registry.obligations_met(ids) AS m ON m.obligation_id = o.id
            LEFT JOIN registry.obligation_standing s ON s.obligation_id = o.id
           WHERE o.id = ANY (ids));
END $$;

-- ---- words
CALL zeren.tell_codes('cadence_subject', '周期规则主体', '本系统：规则 R-222、R-225', '
  post 岗位
  post_contact 联系包抓的岗位|联系岗位
  unit_contact 联系帮扶的单位|联系单位
  organisation 单位
  group 领导小组、专班、专责组|工作专班
  division 区划');
CALL zeren.tell_codes('cadence_action', '周期事项', '本系统：规则 R-226', '
  visit 走访
  meeting 会议
  duty_list 清单备案
  refinement 月度细化
  periodic_report 定期报告
  milestone 任务节点
  model 示范创建
  bulletin 通报
  inspection 督查
  assessment 考核');
CALL zeren.tell_codes('fact_kind', '事实类型', '本系统：规则 R-226', '
  visit 走访
  meeting 会议
  duty_list 清单备案
  refinement 月度细化
  periodic_report 定期报告
  milestone 任务节点
  model 示范创建
  report 进展报告
  work_order 工作指令办结');
CALL zeren.tell_codes('cadence_period', '周期', '本系统：规则 R-223', '
  month 每月
  two_months 每两月
  quarter 每季度
  half_year 每半年
  year 每年
  two_years 每两年');
CALL zeren.tell_codes('cadence_rule_status', '周期规则状态', '本系统：规则 R-220', '
  enabled 启用
  disabled 停用');
CALL zeren.tell_codes('obligation_status', '应办事项处置', '本系统：规则 R-230', '
  due 应办
  released 免办');
CALL zeren.tell_codes('obligation_state', '应办事项状态', '本系统：规则 R-228', '
  open 未到期
  met 已办
  late 逾期
  met_late 逾期后已办
  released 免办');
CALL zeren.tell_codes('obligation_group', '应办事项汇总分组', '本系统：规则 R-235', '
  division 按区划
  rule 按规则
  state 按状态
  period 按周期');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  import_calendar 导入工作日历
  create_cadence_rule 制定周期规则
  update_cadence_rule 更正周期规则
  enable_cadence_rule 启用周期规则
  disable_cadence_rule 停用周期规则
  make_obligations 按规则批量生成应办事项
  make_obligation 生成应办事项
  remind_obligation 提醒应办事项
  tell_late_obligation 告知逾期
  release_obligation 免除应办事项
  reopen_obligation 恢复应办事项');

SELECT set_config('zeren.scope', '{["","~")}', true);
-- ---- the models: every row of the calendar that the source documents lay down, under the country, disabled. A division enables what it goes by (R-221).
INSERT INTO cadence_rule (id, owner_division, code, title, subject, subject_codes, levels, action, action_codes, duties, count, period, due_month_day, source,
    assumed,
                          valid_from, status, created_at)
SELECT ('00000000-0000-7000-8021-' || lpad(m.n::text, 12, '0'))::uuid, '000000000000', m.code, m.title, m.subject, m.subject_codes::text[],
    m.levels::smallint[], m.action,
       m.action_codes::text[], m.duties::text[], m.count, m.period, m.due, m.source, m.assumed, '2000-01-01', 'disabled', '2000-01-01T00:00:00Z'
  FROM (VALUES
    (1, 'group_list', '年初建立任务清单并审定、备案（专班、专责组）', 'group', '{special_group,duty_group}', '{}', 'duty_list', '{}', '{}', 1, 'year', '01-31',
     '庆城县八项机制：年初建立清单；一月底为系统推定', true),
    (2, 'department_list', '年初建立任务清单并审定、备案（部门）', 'organisation', '{department}', '{3}', 'duty_list', '{}', '{}', 1, 'year', '01-31',
     '庆城县八项机制：年初建立清单；一月底为系统推定', true),
    (3, 'leader_visit', '包抓领导每月到联系村', 'post_contact', '{charge}', '{5}', 'visit', '{}', '{}', 1, 'month', NULL, '庆城县八项机制：领导联系包抓', false),
    (4, 'group_month_report', '专班、专责组月报告', 'group', '{special_group,duty_group}', '{}', 'periodic_report', '{group_month_report}', '{}', 1, 'month', NULL,
     '庆城县八项机制：月报告', false),
    (5, 'group_dispatch', '专班、专责组每月调度会', 'group', '{special_group,duty_group}', '{}', 'meeting', '{dispatch}', '{}', 1, 'month', NULL,
     '庆城县八项机制：每月至少一次调度会', false),
    (6, 'group_refinement', '专班、专责组逐月细化任务', 'group', '{special_group,duty_group}', '{}', 'refinement', '{}', '{}', 1, 'month', NULL,
     '庆城县八项机制：任务逐月细化', false),
    (7, 'pilot_bulletin', '试点工作每月通报', 'division', '{}', '{2}', 'bulletin', '{pilot}', '{}', 1, 'month', NULL, '大理州责任制：试点每月通报', false),
    (8, 'leader_check', '包抓领导每两月明察暗访', 'post', '{contact_leader}', '{3}', 'visit', '{secret_check}', '{}', 1, 'two_months', NULL,
     '庆城县八项机制：明察暗访', false),
    (9, 'group_check', '专班、专责组每两月明察暗访', 'group', '{special_group,duty_group}', '{}', 'visit', '{secret_check}', '{}', 1, 'two_months', NULL,
     '庆城县八项机制：明察暗访', false),
    (10, 'quarter_analysis', '季度分析', 'division', '{}', '{3}', 'periodic_report', '{quarter_analysis}', '{}', 1, 'quarter', NULL, '庆城县八项机制：季分析', false),
    (11, 'leading_group_meeting', '领导小组每季度会议', 'group', '{leading_group}', '{}', 'meeting', '{group}', '{}', 1, 'quarter', NULL,
     '庆城县八项机制：领导小组会议', false),
    (12, 'leader_research', '包抓领导每季度调研', 'post', '{contact_leader}', '{3}', 'visit', '{research}', '{}', 1, 'quarter', NULL, '庆城县八项机制：深入调研', false),
    (13, 'helper_research', '帮扶单位主要负责人每季度调研', 'unit_contact', '{assist}', '{}', 'visit', '{research}', '{first_responsible,main_body}', 1, 'quarter', NULL,
     '庆城县八项机制：深入调研', false),
    (14, 'town_lead_research', '联乡牵头单位每季度调研', 'unit_contact', '{charge}', '{4}', 'visit', '{research}', '{}', 1, 'quarter', NULL,
     '庆城县八项机制：联乡牵头单位调研', false),
    (15, 'pilot_inspection', '试点工作每季度督查', 'division', '{}', '{2}', 'inspection', '{pilot}', '{}', 1, 'quarter', NULL, '大理州责任制：试点每季度督查', false),
    (16, 'half_year_summary', '半年小结', 'division', '{}', '{3}', 'periodic_report', '{half_year_summary}', '{}', 1, 'half_year', NULL, '庆城县八项机制：半年小结', false),
    (17, 'half_year_report', '县市每半年向州委、州政府报告', 'division', '{}', '{3}', 'periodic_report', '{half_year_report}', '{}', 1, 'half_year', NULL,
     '大理州责任制：定期报告', false),
    (18, 'member_half_year_report', '成员单位每半年向州委、州政府报告', 'organisation', '{department}', '{2}', 'periodic_report', '{member_half_year_report}', '{}', 1,
     'half_year', NULL, '大理州责任制：定期报告', false),
    (19, 'year_summary', '全年总结', 'division', '{}', '{3}', 'periodic_report', '{year_summary}', '{}', 1, 'year', NULL, '庆城县八项机制：全年总结', false),
    (20, 'annual_report', '每年向上一级报告', 'division', '{}', '{2,3,4}', 'periodic_report', '{annual_report}', '{}', 1, 'year', NULL,
     '湖北省实施细则：各级每年报告', false),
    (21, 'congress_report', '党委每年向全会、党代会报告', 'organisation', '{party_committee}', '{1,2,3,4}', 'periodic_report', '{congress_report}', '{}', 1, 'year', NULL,
     '湖北省实施细则：向全会和党代会报告', false),
    (22, 'yearly_inspection', '每年督查（市州县和省直部门）', 'division', '{}', '{2,3}', 'inspection', '{yearly}', '{}', 1, 'year', NULL, '湖北省实施细则：每年督查', false),
    (23, 'department_inspection', '每年督查（省直部门）', 'organisation', '{department}', '{1}', 'inspection', '{yearly}', '{}', 1, 'year', NULL, '湖北省实施细则：每年督查',
     false),
    (24, 'yearly_assessment', '年度考核', 'division', '{}', '{2,3}', 'assessment', '{yearly}', '{}', 1, 'year', NULL, '湖北省实施细则：实绩考核', false),
    (25, 'year_end_report', '县市和新区年底前向州委、州政府报告', 'division', '{statutory,functional_area}', '{3}', 'periodic_report', '{year_end_report}', '{}', 1, 'year',
     '12-31', '黔西南州实施意见：十二月底前年度报告', false),
    (26, 'model_design', '示范村规划设计', 'division', '{}', '{3}', 'milestone', '{village_building:1}', '{}', 1, 'year', '03-31',
     '庆城县八项机制：三月底前；按村庄建设任务的第一个节点认定为系统推定', true),
    (27, 'model_start', '示范村开工', 'division', '{}', '{3}', 'milestone', '{village_building:2}', '{}', 1, 'year', '04-30',
     '庆城县八项机制：四月；按第二个节点认定为系统推定', true),
    (28, 'model_done', '示范村建成', 'division', '{}', '{3}', 'milestone', '{village_building:3}', '{}', 1, 'year', '09-30',
     '庆城县八项机制：九月底前；按第三个节点认定为系统推定', true),
    (29, 'next_year_models', '确定下一年度示范点', 'division', '{}', '{3}', 'milestone', '{village_building:4}', '{}', 1, 'year', '10-31',
     '庆城县八项机制：十月底前；按第四个节点认定为系统推定', true),
    (30, 'model_villages', '每年建成示范村', 'division', '{}', '{3}', 'model', '{village}', '{}', 15, 'year', NULL, '庆城县八项机制：省市县乡四级每年不少于十五个', false),
    (31, 'model_town', '每两年创建一个省级示范乡镇', 'division', '{}', '{3}', 'model', '{town}', '{}', 1, 'two_years', NULL, '庆城县八项机制：示范建设', false)
  ) AS m (n, code, title, subject, subject_codes, levels, action, action_codes, duties, count, period, due, source, assumed);
-- Behind the models, since other services' words are told later.
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON cadence_rule FOR EACH ROW EXECUTE FUNCTION check_cadence_rule();
