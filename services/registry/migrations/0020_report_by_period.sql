-- Reports by period: forms with their basis, what each asks, reports that fill themselves from what is recorded and are composed of what was accepted below, and the ledger of
-- what is asked of whom. Rules R-190 to R-203.

-- ---- figures: what the system knows by itself
CREATE TABLE figure (
  code text COLLATE "C" CONSTRAINT figure_pkey PRIMARY KEY,
  label text NOT NULL,
  unit_of_measure text NOT NULL,
  over_divisions text COLLATE "C" NOT NULL,
  over_time text COLLATE "C" NOT NULL,
  position smallint NOT NULL,
  source text NOT NULL,
  CONSTRAINT figure_code_check CHECK (code ~ '^[a-z][a-z_]{1,39}$'),
  CONSTRAINT figure_over_check CHECK (over_divisions IN ('sum', 'none') AND over_time IN ('sum', 'last', 'none'))
);
COMMENT ON TABLE figure IS 'A figure that is counted from records by the function figure_<code>(division, organisation, from, until), and how it adds up';
COMMENT ON COLUMN figure.over_divisions IS 'sum: a division''s figure is that of the divisions below it; none: it is only counted anew (distinct things)';
COMMENT ON COLUMN figure.over_time IS 'sum: of a quarter that of its months; last: that of the last of them (a stock); none: only counted anew';
INSERT INTO figure (code, label, unit_of_measure, over_divisions, over_time, position, source) VALUES
  ('items', '期末有效清单中的分解项', '项', 'sum', 'last', 1, '责任清单'),
  ('items_done', '期末已完成的分解项', '项', 'sum', 'last', 2, '责任清单'),
  ('items_late', '期末逾期的分解项', '项', 'sum', 'last', 3, '责任清单'),
  ('visits', '走访次数', '次', 'sum', 'sum', 4, '走访记录'),
  ('settlements_visited', '走访的自然村', '个', 'sum', 'none', 5, '走访记录'),
  ('households_visited', '走访的农户', '户', 'sum', 'none', 6, '走访记录'),
  ('meetings', '召开的会议', '次', 'sum', 'sum', 7, '会议记录'),
  ('work_orders', '下达的工作指令', '件', 'sum', 'sum', 8, '工作指令'),
  ('work_orders_received', '收到的工作指令', '件', 'sum', 'sum', 9, '工作指令'),
  ('work_orders_completed', '办结的工作指令', '件', 'sum', 'sum', 10, '工作指令'),
  ('urgings', '发出的督办', '件', 'sum', 'sum', 11, '督办'),
  ('urgings_received', '收到的督办', '件', 'sum', 'sum', 12, '督办'),
  ('urgings_accepted', '通过的督办答复', '件', 'sum', 'sum', 13, '督办'),
  ('obligations', '到期的应办事项', '项', 'sum', 'sum', 14, '周期规则'),
  ('obligations_met', '已办的到期应办事项', '项', 'sum', 'sum', 15, '周期规则'),
  ('teams', '期末在岗的驻村工作队', '支', 'sum', 'last', 16, '驻村工作队'),
  ('team_members', '期末在岗的驻村工作队员', '人', 'sum', 'last', 17, '驻村工作队'),
  ('contacts', '期末的联系包抓', '项', 'sum', 'last', 18, '联系包抓');
CALL zeren.classify('figure', 'reference');
GRANT SELECT ON figure TO registry_service, registry_worker;

-- Is that code the division's own or of one below it? Unfolds to a range that an index serves.
CREATE FUNCTION below(code text, division text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN code COLLATE "C" >= registry.code_prefix(division) AND code COLLATE "C" < registry.code_prefix(division) || '~';

-- R-190: each counts, in the caller's scope, a division and all below it, or one unit alone, from a day until the day before another. Items are those of the editions
-- that count for the last day (R-138).
CREATE FUNCTION figure_items(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
   WHERE registry.below(i.owner_division, division) AND (unit IS NULL OR i.lead_organisation_id = unit)
     AND l.holds_from < until_on AND l.holds_until >= until_on;
END;
CREATE FUNCTION figure_items_done(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
   WHERE registry.below(i.owner_division, division) AND (unit IS NULL OR i.lead_organisation_id = unit)
     AND l.holds_from < until_on AND l.holds_until >= until_on
     AND i.done_on < until_on;
END;
CREATE FUNCTION figure_items_late(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
   WHERE registry.below(i.owner_division, division) AND (unit IS NULL OR i.lead_organisation_id = unit)
     AND l.holds_from < until_on AND l.holds_until >= until_on
     AND i.due_on < until_on - 1 AND (i.done_on IS NULL OR i.done_on >= until_on)
     AND registry.item_light(i.owner_division, registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, until_on - 1), until_on - 1, CASE WHEN i.done_on < until_on THEN i.done_on END) = 'red';
END;
CREATE FUNCTION figure_visits(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.visit v
   WHERE registry.below(v.owner_division, division) AND (unit IS NULL OR v.organisation_id = unit)
     AND v.visited_on >= from_on AND v.visited_on < until_on;
END;
CREATE FUNCTION figure_settlements_visited(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(DISTINCT v.settlement_id) FROM registry.visit v
   WHERE registry.below(v.owner_division, division) AND (unit IS NULL OR v.organisation_id = unit)
     AND v.visited_on >= from_on AND v.visited_on < until_on;
END;
CREATE FUNCTION figure_households_visited(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(DISTINCT v.household_id) FROM registry.visit v
   WHERE registry.below(v.owner_division, division) AND (unit IS NULL OR v.organisation_id = unit)
     AND v.visited_on >= from_on AND v.visited_on < until_on;
END;
CREATE FUNCTION figure_meetings(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.meeting m
   WHERE registry.below(m.owner_division, division) AND (unit IS NULL OR m.organisation_id = unit)
     AND m.held_on >= from_on AND m.held_on < until_on;
END;
-- What was given by units of the division and below, or by that unit, and what was given to them: down or beside, so that it is of the division or below, too (R-040, R-131).
CREATE FUNCTION figure_work_orders(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.work_order w
   WHERE registry.below(w.owner_division, division) AND w.issuer_organisation_id IN (SELECT o.id FROM registry.organisation o WHERE registry.below(o.owner_division, division) AND (unit IS NULL OR o.id = unit))
     AND w.issued_on >= from_on AND w.issued_on < until_on AND w.status <> 'withdrawn';
END;
CREATE FUNCTION figure_work_orders_received(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.work_order w
   WHERE registry.below(w.owner_division, division) AND (unit IS NULL OR w.addressee_organisation_id = unit)
     AND w.issued_on >= from_on AND w.issued_on < until_on AND w.status <> 'withdrawn';
END;
CREATE FUNCTION figure_work_orders_completed(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.work_order w
   WHERE registry.below(w.owner_division, division) AND (unit IS NULL OR w.addressee_organisation_id = unit)
     AND w.completed_on >= from_on AND w.completed_on < until_on;
END;
CREATE FUNCTION figure_urgings(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.urging u
   WHERE registry.below(u.owner_division, division) AND u.issuer_organisation_id IN (SELECT o.id FROM registry.organisation o WHERE registry.below(o.owner_division, division) AND (unit IS NULL OR o.id = unit))
     AND u.issued_on >= from_on AND u.issued_on < until_on AND u.status <> 'withdrawn';
END;
CREATE FUNCTION figure_urgings_received(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.urging u
   WHERE registry.below(u.owner_division, division) AND (unit IS NULL OR u.addressee_organisation_id = unit)
     AND u.issued_on >= from_on AND u.issued_on < until_on AND u.status <> 'withdrawn';
END;
CREATE FUNCTION figure_urgings_accepted(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.urging u
   WHERE registry.below(u.owner_division, division) AND (unit IS NULL OR u.addressee_organisation_id = unit)
     AND u.status = 'accepted' AND u.decided_at >= (from_on::timestamp AT TIME ZONE 'Asia/Shanghai') AND u.decided_at < (until_on::timestamp AT TIME ZONE 'Asia/Shanghai');
END;
CREATE FUNCTION figure_teams(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(DISTINCT t.id) FROM registry.team_village v JOIN registry.team t ON t.id = v.team_id
   WHERE registry.below(v.owner_division, division) AND (unit IS NULL OR t.sending_organisation_id = unit)
     AND v.starts_on < until_on AND v.ends_on >= until_on AND t.starts_on < until_on AND t.ends_on >= until_on;
END;
CREATE FUNCTION figure_team_members(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(DISTINCT m.id) FROM registry.team_village v JOIN registry.team t ON t.id = v.team_id JOIN registry.team_member m ON m.team_id = t.id
   WHERE registry.below(v.owner_division, division) AND (unit IS NULL OR m.sending_organisation_id = unit)
     AND v.starts_on < until_on AND v.ends_on >= until_on AND t.starts_on < until_on AND t.ends_on >= until_on AND m.starts_on < until_on AND m.ends_on >= until_on;
END;
CREATE FUNCTION figure_contacts(division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*) FROM registry.contact c
   WHERE registry.below(c.owner_division, division) AND (unit IS NULL OR c.organisation_id = unit)
     AND c.starts_on < until_on AND c.ends_on >= until_on;
END;
-- figure_obligations() and figure_obligations_met() are with the cadence (0021).

-- A figure by its code; NULL: there is none of that code.
CREATE FUNCTION figure_value(of_code text, division text, unit uuid, from_on date, until_on date) RETURNS numeric LANGUAGE plpgsql STABLE AS $$
DECLARE value numeric;
BEGIN
  IF NOT EXISTS (SELECT FROM registry.figure f WHERE f.code = of_code) THEN RETURN NULL; END IF;
  EXECUTE format('SELECT registry.%I($1, $2, $3, $4)', 'figure_' || of_code) INTO value USING division, unit, from_on, until_on;
  RETURN value;
END $$;

-- ---- what can be asked: each thing once
CREATE TABLE data_item (
  code text COLLATE "C" CONSTRAINT data_item_pkey PRIMARY KEY,
  label text NOT NULL,
  figure text COLLATE "C" CONSTRAINT data_item_figure_fkey REFERENCES figure,
  position smallint NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  CONSTRAINT data_item_code_check CHECK (code ~ '^[a-z][a-z_]{1,39}$')
);
COMMENT ON TABLE data_item IS 'Something that forms may ask for; figure: the system knows it by itself, so nobody is asked for it';
INSERT INTO data_item (code, label, figure, position, assumed) SELECT f.code, f.label, f.code, f.position, false FROM figure f;
INSERT INTO data_item (code, label, position) VALUES
  ('collective_income', '村集体经济收入（万元）', 101),
  ('training_sessions', '培训场次', 102),
  ('people_trained', '培训人数', 103),
  ('investment_done', '完成投资（万元）', 104),
  ('jobs_created', '新增就业岗位', 105),
  ('toilets_rebuilt', '改建户厕', 106),
  ('roads_built', '新建改建道路（公里）', 107);
CALL zeren.classify('data_item', 'reference');
GRANT SELECT ON data_item TO registry_service;

-- ---- forms
CREATE TABLE report_form (
  id uuid CONSTRAINT report_form_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  code text COLLATE "C" NOT NULL,
  title text NOT NULL,
  period text COLLATE "C" NOT NULL,
  level smallint NOT NULL,
  asked_by_organisation_id uuid NOT NULL CONSTRAINT report_form_asked_by_organisation_id_fkey REFERENCES organisation,
  clause_id uuid NOT NULL CONSTRAINT report_form_clause_id_fkey REFERENCES document_clause,
  composes_form_id uuid CONSTRAINT report_form_composes_form_id_fkey REFERENCES report_form,
  assumed boolean NOT NULL DEFAULT false,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  status text COLLATE "C" NOT NULL DEFAULT 'in_use',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT report_form_code_key UNIQUE (owner_division, code),
  CONSTRAINT report_form_code_check CHECK (code ~ '^[a-z][a-z0-9_]{1,39}$'),
  CONSTRAINT report_form_period_check CHECK (period IN ('month', 'quarter', 'half_year', 'year')),
  CONSTRAINT report_form_level_check CHECK (level BETWEEN 1 AND 5),
  CONSTRAINT report_form_composes_check CHECK (composes_form_id <> id),
  CONSTRAINT report_form_validity_check CHECK (valid_from <= valid_to),
  CONSTRAINT report_form_status_check CHECK (status IN ('in_use', 'ended'))
);
COMMENT ON TABLE report_form IS 'What the units of one level report, how often and on what basis; asked by a unit of owner_division, of divisions in and below it';
COMMENT ON COLUMN report_form.level IS 'The level of the division whose units report: 1 province to 5 village';
COMMENT ON COLUMN report_form.composes_form_id IS 'The form that a report of this one is composed of: of a shorter period and the same level, or of the level below and the same period';
CREATE INDEX report_form_owner_division_idx ON report_form (owner_division, created_at, id);
CREATE INDEX report_form_clause_id_idx ON report_form (clause_id);
CREATE INDEX report_form_composes_form_id_idx ON report_form (composes_form_id) WHERE composes_form_id IS NOT NULL;
CALL zeren.classify('report_form', 'upward');

CREATE TABLE report_form_field (
  id uuid CONSTRAINT report_form_field_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_division zeren.division_code NOT NULL,
  form_id uuid NOT NULL CONSTRAINT report_form_field_form_id_fkey REFERENCES report_form,
  position smallint NOT NULL,
  code text COLLATE "C" NOT NULL,
  label text NOT NULL,
  kind text COLLATE "C" NOT NULL,
  figure text COLLATE "C" CONSTRAINT report_form_field_figure_fkey REFERENCES figure,
  data_item text COLLATE "C" CONSTRAINT report_form_field_data_item_fkey REFERENCES data_item,
  required boolean NOT NULL DEFAULT false,
  CONSTRAINT report_form_field_code_key UNIQUE (form_id, code),
  CONSTRAINT report_form_field_position_key UNIQUE (form_id, position),
  CONSTRAINT report_form_field_kind_check CHECK (CASE kind WHEN 'figure' THEN figure IS NOT NULL AND data_item IS NULL WHEN 'number' THEN figure IS NULL AND data_item IS NOT NULL
    WHEN 'text' THEN figure IS NULL AND data_item IS NULL ELSE false END)
);
COMMENT ON TABLE report_form_field IS 'What a form holds: figures fill themselves, numbers are asked for by the data item they are, texts are written';
CREATE INDEX report_form_field_data_item_idx ON report_form_field (data_item) WHERE data_item IS NOT NULL;
CREATE INDEX report_form_field_owner_division_idx ON report_form_field (owner_division);
CALL zeren.classify('report_form_field', 'upward');
GRANT SELECT, INSERT, UPDATE ON report_form TO registry_service;
GRANT SELECT, INSERT ON report_form_field TO registry_service;
GRANT SELECT ON report_form, report_form_field TO registry_worker;

-- ---- reports
CREATE TABLE periodic_report (
  id uuid CONSTRAINT periodic_report_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  form_id uuid NOT NULL CONSTRAINT periodic_report_form_id_fkey REFERENCES report_form,
  organisation_id uuid NOT NULL CONSTRAINT periodic_report_organisation_id_fkey REFERENCES organisation,
  to_division zeren.division_code NOT NULL,
  period_start date NOT NULL,
  period_end date NOT NULL,
  cut_on date NOT NULL,
  figures jsonb NOT NULL DEFAULT '{}',
  recount jsonb NOT NULL DEFAULT '{}',
  numbers jsonb NOT NULL DEFAULT '{}',
  texts jsonb NOT NULL DEFAULT '{}',
  part_ids uuid[] NOT NULL DEFAULT '{}',
  missing text[] NOT NULL DEFAULT '{}',
  status text COLLATE "C" NOT NULL DEFAULT 'draft',
  submitted_by uuid,
  submitted_on date,
  submitted_at timestamptz,
  decided_by uuid,
  decided_at timestamptz,
  decision_note text,
  returns smallint NOT NULL DEFAULT 0,
  snapshot text,
  digest text COLLATE "C",
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT periodic_report_status_check CHECK (status IN ('draft', 'submitted', 'returned', 'accepted', 'discarded')),
  CONSTRAINT periodic_report_period_check CHECK (period_start <= period_end),
  CONSTRAINT periodic_report_snapshot_check CHECK ((snapshot IS NULL) = (digest IS NULL) AND (status NOT IN ('submitted', 'accepted') OR snapshot IS NOT NULL))
);
COMMENT ON TABLE periodic_report IS 'What a unit reports by a form for one period; its figures fill themselves as of the cut, its texts are written, and it is composed of what was accepted';
COMMENT ON COLUMN periodic_report.cut_on IS 'The day that its figures stand for: the last of the period, or the day they were counted when that came first';
COMMENT ON COLUMN periodic_report.recount IS 'The same figures counted anew at the same moment: a report that is the sum of its parts shows where it differs';
COMMENT ON COLUMN periodic_report.missing IS 'Divisions, or beginnings of periods, whose report was to be a part and had not been accepted';
COMMENT ON COLUMN periodic_report.snapshot IS 'What was submitted, as canonical JSON, and its SHA-256; kept when it is returned, replaced when it is submitted again';
-- R-194, R-129: one a unit, form and period that is not discarded.
CREATE UNIQUE INDEX periodic_report_period_key ON periodic_report (organisation_id, form_id, period_start) WHERE status <> 'discarded';
CREATE INDEX periodic_report_owner_division_idx ON periodic_report (owner_division, period_start, id);
CREATE INDEX periodic_report_period_start_idx ON periodic_report (period_start, id);
CREATE INDEX periodic_report_form_id_idx ON periodic_report (form_id, period_start, owner_division);
-- R-199: one report a division, form and period is accepted for all of it; its departments' own are not for all of it, and go to its own offices.
CREATE UNIQUE INDEX periodic_report_whole_key ON periodic_report (form_id, period_start, owner_division) WHERE status = 'accepted' AND to_division <> owner_division;
CREATE INDEX periodic_report_waiting_idx ON periodic_report (to_division, submitted_on) WHERE status = 'submitted';
CALL zeren.classify('periodic_report', 'scoped');
GRANT SELECT, INSERT, UPDATE ON periodic_report TO registry_service;
GRANT SELECT ON periodic_report TO registry_worker;
GRANT SELECT ON organisation TO registry_worker;

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('registry.report_early_days', '000000000000', 0, '15', true, 'assumed: a report may be submitted half a month before its period ends; no source gives a number'),
  ('registry.report_accept_work_days', '000000000000', 0, '5', true, 'assumed: five work days to accept a periodic report or return it');

-- The period of that length which holds a day; its end is excluded.
CREATE FUNCTION period_of(period text, day date) RETURNS daterange LANGUAGE sql IMMUTABLE
  RETURN (SELECT daterange(p.first, (p.first + p.long)::date)
            FROM (SELECT CASE period WHEN 'half_year' THEN make_date(extract(year FROM day)::integer, CASE WHEN extract(month FROM day) <= 6 THEN 1 ELSE 7 END, 1)
                              ELSE date_trunc(period, day)::date END AS first,
                         CASE period WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months' WHEN 'half_year' THEN interval '6 months' ELSE interval '1 year' END AS long) AS p);

-- R-191, R-192: the fields of a form as they are stored, or a refusal that names the first one that cannot be: a code twice, an unknown figure or data item, a number that the system
-- knows (told with what it is), or one that another form asks of the same level (told with the form and what it was last told).
-- What its own parts ask (`part`: the form it is composed of), a form adds up. Volatile, and one after the other: of two that ask the same at once the second sees the first.
CREATE FUNCTION checked_form_fields(given jsonb, asking text, at_level integer, part uuid, on_day date) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE f record; known record; other record; range daterange := registry.period_of('year', on_day); parts uuid[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('registry.report_form'));
  parts := ARRAY(WITH RECURSIVE p AS (SELECT r.id, r.composes_form_id FROM registry.report_form r WHERE r.id = part
                                       UNION SELECT r.id, r.composes_form_id FROM p JOIN registry.report_form r ON r.id = p.composes_form_id) SELECT p.id FROM p);
  FOR f IN SELECT x.*, e.n, e.field FROM jsonb_array_elements(given) WITH ORDINALITY AS e (field, n),
                  LATERAL jsonb_to_record(e.field) AS x (code text, label text, kind text, figure text, data_item text) LOOP
    IF (SELECT count(*) FROM jsonb_array_elements(given) AS o (field) WHERE o.field ->> 'code' = f.code) > 1 THEN
      PERFORM zeren.refuse('ZR005', 'fields', format('the code %s stands there twice', f.code));
    END IF;
    IF (f.kind = 'figure') <> (f.figure IS NOT NULL) OR (f.kind = 'number') <> (f.data_item IS NOT NULL) THEN
      PERFORM zeren.refuse('ZR005', 'fields', format('%s: a figure names its figure, a number its data item, a text neither', f.code));
    END IF;
    IF f.figure IS NOT NULL AND NOT EXISTS (SELECT FROM registry.figure g WHERE g.code = f.figure) THEN
      PERFORM zeren.refuse('ZR005', 'fields', format('%s: there is no figure %s', f.code, f.figure));
    END IF;
    CONTINUE WHEN f.data_item IS NULL;
    IF (SELECT count(*) FROM jsonb_array_elements(given) AS o (field) WHERE o.field ->> 'data_item' = f.data_item) > 1 THEN
      PERFORM zeren.refuse('ZR005', 'fields', format('the data item %s is asked for twice', f.data_item));
    END IF;
    SELECT d.code, d.label, d.figure, g.unit_of_measure INTO known FROM registry.data_item d LEFT JOIN registry.figure g ON g.code = d.figure WHERE d.code = f.data_item;
    IF known.code IS NULL THEN PERFORM zeren.refuse('ZR005', 'fields', format('%s: there is no data item %s', f.code, f.data_item)); END IF;
    IF known.figure IS NOT NULL THEN
      PERFORM zeren.refuse('ZR005', 'fields', format('%s: %s is known and is not asked for: %s %s in %s from %s to %s; take the figure %s', f.code, known.label,
        trim_scale(registry.figure_value(known.figure, asking, NULL, lower(range), least(upper(range), on_day + 1))), known.unit_of_measure, asking, lower(range), on_day, known.figure));
    END IF;
    SELECT r.id, r.title, p.period_start, p.numbers ->> o.code AS value INTO other
      FROM registry.report_form_field o JOIN registry.report_form r ON r.id = o.form_id
      LEFT JOIN LATERAL (SELECT q.period_start, q.numbers FROM registry.periodic_report q
                          WHERE q.form_id = r.id AND q.status IN ('submitted', 'accepted') ORDER BY q.period_start DESC, q.id LIMIT 1) AS p ON true
     WHERE o.data_item = f.data_item AND r.level = at_level AND r.valid_to > on_day AND NOT r.id = ANY (parts)
       AND (registry.is_within(asking, r.owner_division) OR registry.is_within(r.owner_division, asking))
     ORDER BY r.created_at LIMIT 1;
    IF other.id IS NOT NULL THEN
      PERFORM zeren.refuse('ZR003', NULL, format('%s: %s is asked for already by the form %s (%s); last told: %s', f.code, known.label, other.title, other.id,
        coalesce(other.value || ' of the period from ' || other.period_start, 'nothing yet')));
    END IF;
  END LOOP;
  RETURN given;
END $$;

-- R-193: what a form's report may be composed of: of the same level and a shorter period that fits in, or of the level below and the same period.
CREATE FUNCTION checked_composes(part uuid, at_level integer, of_period text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE f registry.report_form; sizes text[] := ARRAY['month', 'quarter', 'half_year', 'year'];
BEGIN
  IF part IS NULL THEN RETURN NULL; END IF;
  SELECT * INTO f FROM registry.report_form r WHERE r.id = part;
  IF f.id IS NULL THEN PERFORM zeren.no_such('composes_form_id'); END IF;
  IF NOT ((f.level = at_level AND array_position(sizes, f.period) < array_position(sizes, of_period)) OR (f.level = at_level + 1 AND f.period = of_period)) THEN
    PERFORM zeren.refuse('ZR005', 'composes_form_id', 'a report is composed of reports of its own level and a shorter period, or of the level below and the same period');
  END IF;
  RETURN part;
END $$;

-- R-194: does that unit report for all of its division? What leads it does, and an office beside it that is no group for one matter.
CREATE FUNCTION reports_for_division(unit uuid, kind text, on_day date) RETURNS boolean LANGUAGE sql STABLE
  RETURN kind IN ('party_committee', 'government', 'town', 'village')
         OR (kind = 'work_group' AND NOT EXISTS (SELECT FROM registry.work_group g WHERE g.organisation_id = unit AND g.kind IN ('special_group', 'duty_group') AND g.starts_on <= on_day AND g.ends_on > on_day));

-- R-120: of a unit that does not speak for its division, whoever may not approve lists writes those of the own unit, and no other's. Refuses, or says yes.
CREATE FUNCTION may_write_list(list_unit uuid, caller_unit uuid, on_day date, may_approve boolean) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT may_approve AND list_unit IS DISTINCT FROM caller_unit
     AND EXISTS (SELECT FROM registry.organisation o WHERE o.id = caller_unit AND NOT registry.reports_for_division(o.id, o.kind, on_day)) THEN
    PERFORM zeren.refuse('ZR004', NULL, 'a department or group writes the lists of its own unit alone');
  END IF;
  RETURN true;
END $$;

-- R-194: the levels a division reports at: its own; and that of the code above it, where this only holds divisions together (R-251) and has no office.
CREATE FUNCTION report_levels(division text, on_day date) RETURNS smallint[] LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT CASE WHEN registry.is_placeholder(a.code, a.name, u.name) THEN ARRAY[d.level, a.level] ELSE ARRAY[d.level] END
            FROM registry.division d
            LEFT JOIN registry.division a ON a.code = d.parent_code AND a.valid_from <= on_day AND a.valid_to > on_day
            LEFT JOIN registry.division u ON u.code = a.parent_code AND u.valid_from <= on_day AND u.valid_to > on_day
           WHERE d.code = division COLLATE "C" AND d.valid_from <= on_day AND d.valid_to > on_day);
END $$;
-- R-199: the division whose offices take the report of all of a division: the one above it that has offices.
CREATE FUNCTION reports_to(division text, on_day date) RETURNS text LANGUAGE sql STABLE
  RETURN registry.division_above(division, coalesce(cardinality(registry.report_levels(division, on_day)), 1));

-- R-194 to R-196: what a report holds as of a day: figures counted anew; where it is composed, the sum of its accepted parts (of a stock over time the last one's) wherever the figure adds up so
-- and all of its parts are there; and which are not.
CREATE FUNCTION filled_report(f report_form, unit uuid, division text, whole_division boolean, period daterange, on_day date,
  OUT cut date, OUT figures jsonb, OUT recount jsonb, OUT summed jsonb, OUT part_ids uuid[], OUT missing text[]) LANGUAGE plpgsql STABLE AS $$
DECLARE part registry.report_form; in_time boolean; counted_unit uuid := CASE WHEN whole_division THEN NULL ELSE unit END;
BEGIN
  IF whole_division AND (NOT coalesce(zeren.code_range(registry.code_prefix(division), registry.code_prefix(division) || '~') <@ zeren.scope(), false)
                         OR (zeren.lines() IS NOT NULL AND EXISTS (SELECT FROM registry.organisation o WHERE o.id = unit AND o.line IS NULL))) THEN
    PERFORM zeren.refuse('ZR004', NULL, 'your post does not see all of the division, whose report this is: its figures would be short');
  END IF;
  cut := least(upper(period) - 1, on_day);
  recount := coalesce((SELECT jsonb_object_agg(x.code, trim_scale(registry.figure_value(x.figure, division, counted_unit, lower(period), cut + 1))::text)
                         FROM registry.report_form_field x WHERE x.form_id = f.id AND x.kind = 'figure'), '{}');
  figures := recount; summed := '{}'; part_ids := '{}'; missing := '{}';
  IF f.composes_form_id IS NULL THEN RETURN; END IF;
  SELECT * INTO part FROM registry.report_form r WHERE r.id = f.composes_form_id;
  in_time := part.level = f.level;
  WITH expected AS (
    SELECT lower(registry.period_of(part.period, s.day::date)) AS starts, NULL::text AS code
      FROM generate_series(lower(period)::timestamp, upper(period)::timestamp - interval '1 day', interval '1 month') AS s (day) WHERE in_time GROUP BY 1
     UNION ALL
    SELECT lower(period), d.code::text
      FROM registry.division d
      LEFT JOIN registry.division a ON a.code = d.parent_code AND a.valid_from < upper(period) AND a.valid_to >= upper(period)
      LEFT JOIN registry.division u ON u.code = a.parent_code AND u.valid_from < upper(period) AND u.valid_to >= upper(period)
     WHERE NOT in_time AND d.level IN (part.level, part.level + 1) AND d.valid_from < upper(period) AND d.valid_to >= upper(period)
       AND registry.below(d.code, division) AND registry.is_within(d.code, part.owner_division)
       AND CASE d.level WHEN part.level THEN NOT coalesce(registry.is_placeholder(d.code, d.name, a.name), false) ELSE coalesce(registry.is_placeholder(a.code, a.name, u.name), false) END
  ), found AS (
    SELECT e.starts, e.code, p.id, p.figures, p.numbers FROM expected e
      LEFT JOIN registry.periodic_report p ON p.form_id = part.id AND p.period_start = e.starts AND p.status = 'accepted'
       AND CASE WHEN in_time THEN p.organisation_id = unit ELSE p.owner_division = e.code AND p.to_division <> p.owner_division END
  ), adds AS (
    SELECT x.code, x.kind, x.figure, y.code AS part_code, CASE WHEN x.kind = 'number' THEN 'sum' WHEN in_time THEN g.over_time ELSE g.over_divisions END AS how
      FROM registry.report_form_field x LEFT JOIN registry.figure g ON g.code = x.figure,
           LATERAL (SELECT o.code FROM registry.report_form_field o
                     WHERE o.form_id = part.id AND (o.figure = x.figure OR o.data_item = x.data_item) ORDER BY o.position LIMIT 1) AS y
     WHERE x.form_id = f.id AND x.kind <> 'text'
  ), sums AS (
    SELECT a.code, a.kind,
           CASE WHEN a.how <> 'sum' THEN (array_agg(v.value ORDER BY v.starts DESC))[1] WHEN in_time OR a.kind = 'number' THEN sum(v.value)
                -- What the division's own units have is in no part: the whole, counted now, without what is counted below it.
                ELSE sum(v.value) + (recount ->> a.code)::numeric
                     - (SELECT coalesce(sum(registry.figure_value(a.figure, e.code, NULL, lower(period), cut + 1)), 0) FROM expected e) END AS value
      FROM adds a, LATERAL (SELECT p.starts, (CASE a.kind WHEN 'number' THEN p.numbers ELSE p.figures END ->> a.part_code)::numeric AS value FROM found p) AS v
     WHERE a.how <> 'none' GROUP BY a.code, a.kind, a.figure, a.how HAVING bool_and(v.value IS NOT NULL)
  )
  SELECT recount || coalesce((SELECT jsonb_object_agg(s.code, trim_scale(s.value)::text) FROM sums s WHERE s.kind = 'figure'), '{}'),
         coalesce((SELECT jsonb_object_agg(s.code, trim_scale(s.value)::text) FROM sums s WHERE s.kind = 'number'), '{}'),
         ARRAY(SELECT p.id FROM found p WHERE p.id IS NOT NULL ORDER BY p.starts, p.code, p.id),
         ARRAY(SELECT coalesce(p.code, p.starts::text) FROM found p WHERE p.id IS NULL ORDER BY p.starts, p.code)
    INTO figures, summed, part_ids, missing;
END $$;

-- R-197: the entries a caller gives, laid over those that are there: fields of the form, numbers as decimals, none that its parts add up to; null takes one away.
CREATE FUNCTION checked_entries(form uuid, member text, given jsonb, was jsonb, summed jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE e record; wrong text;
BEGIN
  IF given IS NULL THEN RETURN was || summed; END IF;
  FOR e IN SELECT g.key, g.value, jsonb_typeof(g.value) AS type, x.kind, g.value #>> '{}' AS text
             FROM jsonb_each(given) AS g LEFT JOIN registry.report_form_field x ON x.form_id = form AND x.code = g.key LOOP
    wrong := CASE WHEN e.kind IS DISTINCT FROM CASE member WHEN 'numbers' THEN 'number' ELSE 'text' END THEN 'the form asks for no such entry'
                  WHEN e.type = 'null' THEN NULL
                  WHEN e.type <> 'string' THEN 'an entry is a text'
                  WHEN member = 'numbers' AND e.text !~ '^-?[0-9]{1,14}(\.[0-9]{1,4})?$' THEN 'an entry is a decimal of fourteen digits and four decimals at most'
                  WHEN member = 'numbers' AND summed ? e.key THEN 'this number is the sum of the reports it is composed of'
                  WHEN length(e.text) NOT BETWEEN 1 AND 4000 THEN 'a text has one to 4000 characters' END;
    IF wrong IS NOT NULL THEN PERFORM zeren.refuse('ZR005', member, left(e.key, 40) || ': ' || wrong); END IF;
  END LOOP;
  RETURN jsonb_strip_nulls(was || given) || summed;
END $$;

-- What a report still lacks to be submitted: the first required entry that is empty; NULL: nothing.
CREATE FUNCTION lacks_entry(r periodic_report) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT x.code FROM registry.report_form_field x
   WHERE x.form_id = r.form_id AND x.required AND CASE x.kind WHEN 'number' THEN NOT r.numbers ? x.code WHEN 'text' THEN NOT r.texts ? x.code ELSE false END
   ORDER BY x.position LIMIT 1;
END;

-- R-198: what is submitted, as it is signed for: canonical, for jsonb writes the same members in the same way.
CREATE FUNCTION report_snapshot(r periodic_report, submitted date) RETURNS text LANGUAGE sql STABLE
  RETURN jsonb_build_object('id', r.id, 'form_id', r.form_id, 'organisation_id', r.organisation_id, 'division', r.owner_division, 'period_start', r.period_start,
    'period_end', r.period_end, 'cut_on', r.cut_on, 'submitted_on', submitted, 'figures', r.figures, 'numbers', r.numbers, 'texts', r.texts, 'parts', r.part_ids)::text;

-- A form as the API shows it; `more`: fields of this statement, which its snapshot does not see.
CREATE FUNCTION report_form_as_shown(f report_form, more jsonb)
RETURNS TABLE (id uuid, owner_division text, code text, title text, period text, level smallint, asked_by_organisation_id uuid, asked_by text, clause_id uuid, document_id uuid, document text,
  clause text, composes_form_id uuid, fields json, assumed boolean, valid_from date, valid_to date, status text, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT f.id, f.owner_division::text, f.code, f.title, f.period, f.level, f.asked_by_organisation_id, (SELECT o.name FROM registry.organisation o WHERE o.id = f.asked_by_organisation_id),
         f.clause_id, c.document_id, d.title, c.number, f.composes_form_id,
         (SELECT coalesce(json_agg(json_build_object('code', x.code, 'label', x.label, 'kind', x.kind, 'figure', x.figure, 'data_item', x.data_item, 'required', x.required) ORDER BY x.position), '[]')
            FROM (SELECT o.position, o.code, o.label, o.kind, o.figure, o.data_item, o.required FROM registry.report_form_field o WHERE o.form_id = f.id
                   UNION ALL
                  SELECT m.n, m.field ->> 'code', m.field ->> 'label', m.field ->> 'kind', m.field ->> 'figure', m.field ->> 'data_item', coalesce((m.field ->> 'required')::boolean, false)
                    FROM jsonb_array_elements(more) WITH ORDINALITY AS m (field, n)) AS x),
         f.assumed, f.valid_from, nullif(f.valid_to, 'infinity'), f.status, f.created_at, f.version
    FROM (SELECT f.clause_id AS id) AS one LEFT JOIN registry.document_clause c ON c.id = one.id LEFT JOIN registry.document d ON d.id = c.document_id;
END;

-- A report as the API shows it; `more`: steps of this statement.
CREATE FUNCTION periodic_report_as_shown(r periodic_report, more jsonb)
RETURNS TABLE (id uuid, owner_division text, at_division text, form_id uuid, form text, organisation_id uuid, organisation text, to_division text, period text, period_start date, period_end date,
  cut_on date, figures json, numbers jsonb, texts jsonb, part_ids uuid[], missing text[], status text, submitted_by uuid, submitted_on date, decided_by uuid, decided_at timestamptz,
  decision_note text, returns smallint, digest text, steps json, created_at timestamptz, version integer, lines text[]) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT r.id, r.owner_division::text, r.at_division::text, r.form_id, f.title, r.organisation_id, (SELECT o.name FROM registry.organisation o WHERE o.id = r.organisation_id), r.to_division::text,
         f.period, r.period_start, r.period_end, r.cut_on,
         (SELECT coalesce(json_agg(json_build_object('code', x.code, 'label', x.label, 'unit_of_measure', g.unit_of_measure, 'value', r.figures ->> x.code, 'recount', r.recount ->> x.code)
                          ORDER BY x.position), '[]')
            FROM registry.report_form_field x JOIN registry.figure g ON g.code = x.figure WHERE x.form_id = r.form_id),
         r.numbers, r.texts, r.part_ids, r.missing, r.status, r.submitted_by, r.submitted_on, r.decided_by, r.decided_at, r.decision_note, r.returns, r.digest,
         registry.steps_shown('periodic_report', r.id, more), r.created_at, r.version, r.lines
    FROM (SELECT r.form_id AS id) AS one LEFT JOIN registry.report_form f ON f.id = one.id;
END;

-- ---- as a paper, and as a table
INSERT INTO paper_template (code, label, record, number_word, form, assumed, source) VALUES
  ('periodic_report', '定期报告', 'periodic_report', '报告',
'title {title}
number {number}
paragraph {division}，{period}。数据截至{due_on}，由系统按已有记录生成；由下级报告汇总的，重新统计一栏为同时重新统计的结果。
table 8 序号 | 42 内容 | 10 单位 | 20 报告数 | 20 重新统计
signature {issuer} | {date}
note 文书样式与措辞为系统示例，不是法定文本。
', true, 'ours');
-- The lines of a report as its paper and its table have them: figures, numbers, then texts.
CREATE FUNCTION report_lines(of_report uuid) RETURNS TABLE (n bigint, code text, label text, unit_of_measure text, value text, recount text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT row_number() OVER (ORDER BY x.kind = 'text', x.position), x.code, x.label, coalesce(g.unit_of_measure, ''),
         coalesce(CASE x.kind WHEN 'figure' THEN r.figures WHEN 'number' THEN r.numbers ELSE r.texts END ->> x.code, ''), coalesce(r.recount ->> x.code, '')
    FROM registry.periodic_report r JOIN registry.report_form_field x ON x.form_id = r.form_id LEFT JOIN registry.figure g ON g.code = x.figure WHERE r.id = of_report;
END;
-- As the rows of its paper: a row is no higher than a page, so a long text goes on in further rows.
CREATE FUNCTION report_rows(of_report uuid) RETURNS TABLE (n bigint, part bigint, label text, unit_of_measure text, value text, recount text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT l.n, c.part, CASE c.part WHEN 1 THEN l.label ELSE '' END, CASE c.part WHEN 1 THEN l.unit_of_measure ELSE '' END, c.value, CASE c.part WHEN 1 THEN l.recount ELSE '' END
    FROM registry.report_lines(of_report) AS l,
         LATERAL (SELECT row_number() OVER (ORDER BY p.n, g.at) AS part, substr(p.text, g.at, 98) AS value
                    FROM regexp_split_to_table(l.value, '\n') WITH ORDINALITY AS p (text, n), generate_series(1, greatest(1, length(p.text)), 98) AS g (at)) AS c;
END;

-- ---- what is announced, told and said
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('report_form', 'upward', 'periodic_report.read', '报表'),
  ('periodic_report', 'scoped', 'periodic_report.read', '定期报告');
-- notices: periodic_report: told 'reporter' = organisation_id; title = form's title || ' ' || period_start.
INSERT INTO notice_rule (kind, verb, told, words) VALUES
  ('periodic_report', 'accept_periodic_report', 'reporter', '定期报告已通过：%s'),
  ('periodic_report', 'return_periodic_report', 'reporter', '定期报告被退回，请按意见修改：%s');
GRANT SELECT (id, owner_division, at_division, lines, form_id, organisation_id, to_division, period_start, status, submitted_on) ON periodic_report TO identity_service;
GRANT SELECT (id, owner_division, title) ON report_form TO identity_service;

CALL zeren.tell_codes('paper_template', '公文种类', '本系统', '
  periodic_report 定期报告');
CALL zeren.tell_codes('report_period', '报告周期', '本系统：规则 R-193', '
  month 月
  quarter 季
  half_year 半年
  year 年');
CALL zeren.tell_codes('report_field_kind', '报表栏目类型', '本系统：规则 R-191', '
  figure 自动取数
  number 填报数字
  text 填报文字');
CALL zeren.tell_codes('report_form_status', '报表状态', '本系统', '
  in_use 在用
  ended 停用');
CALL zeren.tell_codes('periodic_report_status', '定期报告状态', '本系统：规则 R-199', '
  draft 编写中
  discarded 作废
  submitted 已报送
  returned 已退回
  accepted 已通过');
CALL zeren.tell_codes('periodic_report_verb', '定期报告步骤', '本系统：规则 R-199', '
  submit 报送
  return 退回
  accept 通过
  discard 作废');
CALL zeren.tell_codes('figure_over', '汇总方式', '本系统：规则 R-195', '
  sum 相加
  last 取期末
  none 重新统计');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_report_form 设立报表
  end_report_form 停用报表
  create_periodic_report 编写定期报告
  update_periodic_report 修改定期报告
  refresh_periodic_report 重新取数
  submit_periodic_report 报送定期报告
  discard_periodic_report 作废定期报告
  return_periodic_report 退回定期报告
  accept_periodic_report 通过定期报告');
