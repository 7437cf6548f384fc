-- Yearly blocks of a household (M-060 to M-069): three guarantees and water, income with its lines, living conditions; each of a year and a stage, with
-- versions like the household's.

CREATE TABLE income_line (
  code text COLLATE "C" CONSTRAINT income_line_pkey PRIMARY KEY,
  side text COLLATE "C" NOT NULL,
  label text NOT NULL,
  stable boolean NOT NULL,
  valid_from integer NOT NULL DEFAULT 2000,
  valid_to integer,
  sort integer NOT NULL,
  assumed boolean NOT NULL DEFAULT false,
  CONSTRAINT income_line_code_check CHECK (code ~ '^[a-e][0-9]{1,2}[a-z]?$'),
  CONSTRAINT income_line_side_check CHECK (side = CASE left(code, 1) WHEN 'a' THEN 'wage' WHEN 'b' THEN 'production' WHEN 'c' THEN 'property' WHEN 'd'
      THEN 'transfer' ELSE 'expense' END)
);
COMMENT ON TABLE income_line
    IS 'Lines of a household''s income and expense: a wages, b production, c property, d transfers, e expense of production; class reference';
COMMENT ON COLUMN income_line.stable IS 'Counts as stable income; false: help that ends; assumed: that nobody says which of the two it is';

CREATE TABLE three_guarantees (
  id uuid CONSTRAINT three_guarantees_pkey PRIMARY KEY,
  household_id uuid NOT NULL CONSTRAINT three_guarantees_household_fkey REFERENCES household,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  year integer NOT NULL CONSTRAINT three_guarantees_year_check CHECK (year BETWEEN 2000 AND 2199),
  stage text COLLATE "C" NOT NULL DEFAULT 'yearly' CONSTRAINT three_guarantees_stage_check CHECK (stage IN ('yearly', 'identification', 'elimination')),
  housing_unsafe boolean,
  dropout boolean,
  water_unsafe boolean,
  uninsured boolean,
  recorded_at timestamptz NOT NULL,
  recorded_by_account uuid,
  recorded_by_post uuid,
  source text COLLATE "C" NOT NULL DEFAULT 'form',
  batch_id uuid,
  reason text,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT three_guarantees_year_key UNIQUE (household_id, year, stage),
  CONSTRAINT three_guarantees_source_check CHECK (source IN ('form', 'import', 'transfer', 'push'))
);
COMMENT ON TABLE three_guarantees IS 'What a household lacks of safe housing, schooling, water and insurance, of a year; class scoped';

CREATE TABLE income (
  id uuid CONSTRAINT income_pkey PRIMARY KEY,
  household_id uuid NOT NULL CONSTRAINT income_household_fkey REFERENCES household,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  year integer NOT NULL CONSTRAINT income_year_check CHECK (year BETWEEN 2000 AND 2199),
  stage text COLLATE "C" NOT NULL DEFAULT 'yearly' CONSTRAINT income_stage_check CHECK (stage IN ('yearly', 'identification', 'elimination')),
  period_start date NOT NULL,
  period_end date NOT NULL,
  amounts jsonb NOT NULL DEFAULT '{}',
  notes jsonb NOT NULL DEFAULT '{}',
  claims numeric NOT NULL DEFAULT 0,
  compliant_expense numeric NOT NULL DEFAULT 0,
  headcount integer NOT NULL CONSTRAINT income_headcount_check CHECK (headcount > 0),
  wage numeric(12,2) NOT NULL,
  production numeric(12,2) NOT NULL,
  property numeric(12,2) NOT NULL,
  transfer numeric(12,2) NOT NULL,
  expense numeric(12,2) NOT NULL,
  net numeric(12,2) NOT NULL,
  per_capita numeric(12,2) NOT NULL,
  reference numeric(12,2) NOT NULL,
  reference_per_capita numeric(12,2) NOT NULL,
  line_id uuid,
  recorded_at timestamptz NOT NULL,
  recorded_by_account uuid,
  recorded_by_post uuid,
  source text COLLATE "C" NOT NULL DEFAULT 'form',
  batch_id uuid,
  reason text,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT income_period_check CHECK (period_start <= period_end),
  CONSTRAINT income_period_year_check CHECK (extract(year FROM period_end) = year),
  CONSTRAINT income_amounts_check CHECK (least(claims, compliant_expense) >= 0 AND greatest(claims, compliant_expense) < 100000000),
  CONSTRAINT income_year_key UNIQUE (household_id, year, stage),
  CONSTRAINT income_source_check CHECK (source IN ('form', 'import', 'transfer', 'push', 'recount'))
);
COMMENT ON TABLE income
    IS 'A household''s income and expense over a window of days: what was entered by line, and what is computed from it (compute_income()); class scoped';
COMMENT ON COLUMN income.line_id IS 'The monitoring line that held on the last day; NULL: none was entered';
COMMENT ON COLUMN income.amounts IS 'Yuan by code of income_line, as text with two digits behind the point';
COMMENT ON COLUMN income.claims IS 'Insurance claims paid out, yuan';
COMMENT ON COLUMN income.compliant_expense IS 'Expense borne by the household that the rules recognise, yuan';

CREATE TABLE living_conditions (
  id uuid CONSTRAINT living_conditions_pkey PRIMARY KEY,
  household_id uuid NOT NULL CONSTRAINT living_conditions_household_fkey REFERENCES household,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  year integer NOT NULL CONSTRAINT living_conditions_year_check CHECK (year BETWEEN 2000 AND 2199),
  stage text COLLATE "C" NOT NULL DEFAULT 'yearly' CONSTRAINT living_conditions_stage_check CHECK (stage IN ('yearly', 'identification', 'elimination')),
  farmland numeric,
  grassland numeric,
  water_area numeric,
  woodland numeric,
  returned_forest numeric,
  orchard numeric,
  road_kind text COLLATE "C",
  road_distance numeric,
  cooperative boolean,
  house_grade text COLLATE "C",
  house_area numeric,
  fuel text COLLATE "C",
  enterprise_led boolean,
  leader_led boolean,
  electricity boolean,
  broadcast boolean,
  support_kind text COLLATE "C",
  sanitary_toilet boolean,
  safe_water boolean,
  recorded_at timestamptz NOT NULL,
  recorded_by_account uuid,
  recorded_by_post uuid,
  source text COLLATE "C" NOT NULL DEFAULT 'form',
  batch_id uuid,
  reason text,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT living_conditions_farmland_check CHECK (farmland >= 0 AND farmland < 1000000),
  CONSTRAINT living_conditions_grassland_check CHECK (grassland >= 0 AND grassland < 1000000),
  CONSTRAINT living_conditions_water_area_check CHECK (water_area >= 0 AND water_area < 1000000),
  CONSTRAINT living_conditions_woodland_check CHECK (woodland >= 0 AND woodland < 1000000),
  CONSTRAINT living_conditions_returned_forest_check CHECK (returned_forest >= 0 AND returned_forest < 1000000),
  CONSTRAINT living_conditions_orchard_check CHECK (orchard >= 0 AND orchard < 1000000),
  CONSTRAINT living_conditions_road_distance_check CHECK (road_distance >= 0 AND road_distance < 1000000),
  CONSTRAINT living_conditions_house_area_check CHECK (house_area >= 0 AND house_area < 1000000),
  CONSTRAINT living_conditions_year_key UNIQUE (household_id, year, stage),
  CONSTRAINT living_conditions_source_check CHECK (source IN ('form', 'import', 'transfer', 'push'))
);
COMMENT ON TABLE living_conditions IS 'A household''s land (mu), road (km), house (m2) and what it has, of a year; class scoped';

CALL zeren.classify('income_line', 'reference');
CALL zeren.classify('three_guarantees', 'scoped');
CALL zeren.classify('income', 'scoped');
CALL zeren.classify('living_conditions', 'scoped');
GRANT SELECT ON income_line TO monitoring_service, monitoring_worker;
GRANT SELECT, INSERT, UPDATE ON three_guarantees, income, living_conditions TO monitoring_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON three_guarantees, income, living_conditions TO monitoring_worker;
CREATE INDEX three_guarantees_owner_division_idx ON three_guarantees (owner_division, id);
CREATE INDEX income_owner_division_idx ON income (owner_division, id);
CREATE INDEX living_conditions_owner_division_idx ON living_conditions (owner_division, id);
CREATE INDEX three_guarantees_batch_id_idx ON three_guarantees (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX income_batch_id_idx ON income (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE INDEX living_conditions_batch_id_idx ON living_conditions (batch_id, id) WHERE batch_id IS NOT NULL;
CREATE TRIGGER version_kept BEFORE UPDATE ON three_guarantees FOR EACH ROW WHEN (NEW.version > OLD.version) EXECUTE FUNCTION keep_version();
CREATE TRIGGER version_kept BEFORE UPDATE ON income FOR EACH ROW WHEN (NEW.version > OLD.version) EXECUTE FUNCTION keep_version();
CREATE TRIGGER version_kept BEFORE UPDATE ON living_conditions FOR EACH ROW WHEN (NEW.version > OLD.version) EXECUTE FUNCTION keep_version();
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('three_guarantees', 'scoped', 'household.read', '三保障和饮水'), ('income', 'scoped', 'household.read', '家庭收支'),
  ('living_conditions', 'scoped', 'household.read', '生产生活条件');
INSERT INTO coded_field (record, field, dictionary) VALUES
  ('living_conditions', 'road_kind', 'road_kind'), ('living_conditions', 'house_grade', 'house_grade'), ('living_conditions', 'fuel', 'fuel'),
  ('living_conditions', 'support_kind', 'support_kind');

-- ---- lines of income (M-063): the form's. Stable or not follows the eleven kinds of help that do not count as stable; where the form's line is wider than
-- such a
-- kind, the choice is ours and marked.
INSERT INTO income_line (code, side, label, stable, sort, assumed)
SELECT v.code, CASE left(v.code, 1) WHEN 'a' THEN 'wage' WHEN 'b' THEN 'production' WHEN 'c' THEN 'property' WHEN 'd' THEN 'transfer'
    ELSE 'expense' END, v.label, v.stable,
       row_number() OVER (), v.assumed
  FROM (VALUES
    ('a1', '务工收入', true, false), ('a2', '行业公益岗收入', true, false), ('a3', '乡镇公益岗收入', true, false), ('a4', '村级公益岗收入', true, false),
    ('a5', '采摘等零工收入', true, true),
    ('b1', '种植收入', true, false), ('b2', '养殖收入', true, false), ('b3', '林果收入', true, false), ('b4', '其他经营收入', true, true),
    ('c1', '资产收益分红', true, false), ('c2', '土地流转收入', true, false), ('c3', '金融贷款项目收入', false, false), ('c4', '代种代养收入', true, false),
    ('c5', '其他财产收入', true, true),
    ('d1', '计划生育金', true, true), ('d2', '低保金', true, false), ('d3', '特困供养金', true, false), ('d4', '养老保险金', true, false),
    ('d5a', '退耕还林补助', true, true), ('d5b', '公益林补偿', true, true), ('d5c', '草原奖补', true, true), ('d5d', '移民补助', true, true),
    ('d5e', '其他生态补偿', true, true),
    ('d6a', '玉米大豆补贴', true, true), ('d6b', '耕地地力补贴', true, true), ('d6c', '大田保险赔付', false, true), ('d6d', '高龄补贴', true, true),
    ('d6e', '优抚金', true, true), ('d6f', '残疾人补贴', false, false), ('d6g', '教育扶持', false, false), ('d6h', '救灾补助', false, false),
    ('d6i', '失能老人补贴', true, true), ('d6j', '赡养费', true, false), ('d6k', '取暖补贴', false, true), ('d6l', '物价补贴', false, true),
    ('d6m', '社会救济', false, false), ('d6n', '防贫保险赔付', false, false), ('d6o', '捐赠和赔偿', false, false), ('d6p', '其他转移收入', true, true),
    ('e1', '种植支出', true, false), ('e2', '养殖支出', true, false), ('e3', '林果支出', true, false), ('e4', '其他经营支出', true, false)) AS v (code, label, stable, assumed);

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('monitoring.first_year', '000000000000', 0, '2014', true, 'assumed: poor households are on file (建档立卡) since 2014; no yearly block is of an earlier year'),
  ('monitoring.income_months', '000000000000', 0, '12', false, '定南县：自申报之日起前推 12 个月'),
  ('monitoring.income_months_most', '000000000000', 0, '24', true, 'assumed: twice the window of the form; a longer one is a slip of the pen');

-- ---- what is computed (M-064, M-065): here and nowhere else, for one record as for a million
CREATE TYPE income_sums AS (wage numeric, production numeric, property numeric, transfer numeric, expense numeric, net numeric, per_capita numeric,
    reference numeric,
  reference_per_capita numeric);
CREATE FUNCTION income_sums(amounts jsonb, claims numeric, compliant_expense numeric, headcount integer) RETURNS income_sums
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE s monitoring.income_sums;
BEGIN
  SELECT coalesce(sum(l.amount::numeric) FILTER (WHERE left(l.code, 1) = 'a'), 0), coalesce(sum(l.amount::numeric) FILTER (WHERE left(l.code, 1) = 'b'), 0),
         coalesce(sum(l.amount::numeric) FILTER (WHERE left(l.code, 1) = 'c'), 0), coalesce(sum(l.amount::numeric) FILTER (WHERE left(l.code, 1) = 'd'), 0),
         coalesce(sum(l.amount::numeric) FILTER (WHERE left(l.code, 1) = 'e'), 0)
    INTO s.wage, s.production, s.property, s.transfer, s.expense FROM jsonb_each_text(amounts) AS l (code, amount);
  s.net := s.wage + s.production + s.property + s.transfer - s.expense;
  s.per_capita := round(s.net / headcount, 2);
  s.reference := s.net + claims - compliant_expense;
  s.reference_per_capita := round(s.reference / headcount, 2);
  RETURN s;
END $$;
COMMENT ON FUNCTION income_sums(jsonb, numeric, numeric, integer) IS 'The figures of an income block; a head''s to the fen, half away from zero. M-064';

-- How each figure is made, for whoever asks; tests hold it against income_sums().
CREATE TABLE income_figure (
  figure text COLLATE "C" CONSTRAINT income_figure_pkey PRIMARY KEY,
  label text NOT NULL,
  adds text[] NOT NULL,
  takes text[] NOT NULL DEFAULT '{}',
  divided_by text,
  formula text NOT NULL,
  sort integer NOT NULL
);
COMMENT ON TABLE income_figure IS 'What each figure of an income block is the sum of: other figures, or (adds empty) the lines of its side; class reference';
CALL zeren.classify('income_figure', 'reference');
GRANT SELECT ON income_figure TO monitoring_service, monitoring_worker;
INSERT INTO income_figure (figure, label, adds, takes, divided_by, formula, sort) VALUES
  ('wage', '工资性收入', '{}', '{}', NULL, '各项工资性收入之和', 1),
  ('production', '生产经营性收入', '{}', '{}', NULL, '各项生产经营性收入之和', 2),
  ('property', '财产性收入', '{}', '{}', NULL, '各项财产性收入之和', 3),
  ('transfer', '转移性收入', '{}', '{}', NULL, '各项转移性收入之和', 4),
  ('expense', '生产经营性支出', '{}', '{}', NULL, '各项生产经营性支出之和', 5),
  ('net', '家庭纯收入', '{wage,production,property,transfer}', '{expense}', NULL, '工资性收入 + 生产经营性收入 + 财产性收入 + 转移性收入 − 生产经营性支出', 6),
  ('per_capita', '家庭人均纯收入', '{net}', '{}', 'headcount', '家庭纯收入 ÷ 家庭人口数', 7),
  ('reference', '收入参考范围', '{net,claims}', '{compliant_expense}', NULL, '家庭纯收入 + 理赔收入 − 合规自付支出', 8),
  ('reference_per_capita', '人均收入参考范围', '{reference}', '{}', 'headcount', '收入参考范围 ÷ 家庭人口数', 9);

-- M-066: who lived there on a day by the dates of memberships; who was entered as one who is there, with no other day than that of the entry, was there before, from birth on.
CREATE FUNCTION headcount_on(of_household uuid, day date) RETURNS integer LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT count(*)::integer FROM monitoring.member m
   WHERE m.household_id = of_household AND (m.left_on IS NULL OR m.left_on > day)
     AND (m.joined_on <= day OR (m.joined_how = 'registered' AND m.joined_on = (m.created_at AT TIME ZONE 'Asia/Shanghai')::date AND coalesce(m.birth_on <= day, true)));
END;
COMMENT ON FUNCTION headcount_on(uuid, date) IS 'How many lived in a household on a day. M-066';

-- Whoever writes an income block, by form or in bulk, gives amounts, claims, expense and the window; the figures, the headcount and the line are filled in
-- here, and what a writer says of
-- them does not count.
CREATE FUNCTION income_computed(b income) RETURNS income LANGUAGE plpgsql STABLE AS $$
DECLARE s monitoring.income_sums;
BEGIN
  b.headcount := monitoring.headcount_on(b.household_id, b.period_end);
  s := monitoring.income_sums(b.amounts, b.claims, b.compliant_expense, nullif(b.headcount, 0));
  b.wage := s.wage; b.production := s.production; b.property := s.property; b.transfer := s.transfer; b.expense := s.expense;
  b.net := s.net; b.per_capita := s.per_capita; b.reference := s.reference; b.reference_per_capita := s.reference_per_capita;
  b.line_id := (SELECT l.id FROM monitoring.line_on(b.owner_division, b.period_end) AS l);
  RETURN b;
END $$;
COMMENT ON FUNCTION income_computed(income) IS 'An income block with its headcount, figures and line; with nobody there, no figures by head. M-064 to M-067';

CREATE FUNCTION compute_income() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF greatest(NEW.claims, NEW.compliant_expense) >= 100000000 THEN
    PERFORM zeren.refuse('ZR005', CASE WHEN NEW.claims >= 100000000 THEN 'claims' ELSE 'compliant_expense' END, 'an amount is less than a hundred million');
  END IF;
  NEW := monitoring.income_computed(NEW);
  IF NEW.headcount = 0 THEN
    PERFORM zeren.refuse('ZR005', 'period_end', 'nobody lived in the household on that day');
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER income_computed BEFORE INSERT OR UPDATE OF amounts, claims, compliant_expense, period_end, headcount, wage, production, property, transfer,
    expense, net, per_capita, reference,
  reference_per_capita, line_id ON income FOR EACH ROW EXECUTE FUNCTION compute_income();

-- M-066: who lived there on a day is known otherwise: the incomes that counted them are computed anew, as a version by whoever changed the members, which says that it is
-- a recount. Of a day on which nobody lived there any more the income stays as it was.
CREATE FUNCTION recount_incomes(touched uuid[], w recorded) RETURNS void LANGUAGE sql VOLATILE
BEGIN ATOMIC
  WITH recounted AS (
    UPDATE monitoring.income b
       SET headcount = k.n, version = b.version + 1, recorded_at = greatest(w.at, b.recorded_at), recorded_by_account = w.account, recorded_by_post = w.post, source = 'recount',
           batch_id = w.batch, reason = w.reason
      FROM (SELECT i.id, monitoring.headcount_on(i.household_id, i.period_end) AS n
              FROM unnest(touched) AS t (id), LATERAL (SELECT x.* FROM monitoring.income x WHERE x.household_id = t.id OFFSET 0) AS i) AS k
     WHERE b.id = k.id AND k.n > 0 AND b.headcount <> k.n
    RETURNING b.id, b.version, b.owner_division, b.recorded_at)
  INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
  SELECT r.recorded_at, 'update_income', 'income', r.id, r.version, r.owner_division FROM recounted r;
END;
COMMENT ON FUNCTION recount_incomes(uuid[], recorded) IS 'Incomes of households, by who is known to have lived there now. M-066';
-- Has nobody said anything of an income since that version, whoever changed the members? What was said of it stands as it stood.
CREATE FUNCTION only_recounted(of_income uuid, since integer) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT NOT EXISTS (SELECT FROM monitoring.income i WHERE i.id = of_income AND i.version > since AND i.source <> 'recount')
     AND NOT EXISTS (SELECT FROM monitoring.archive_version v WHERE v.record = 'income' AND v.record_id = of_income AND v.version > since AND v.source <> 'recount');
END;
COMMENT ON FUNCTION only_recounted(uuid, integer) IS 'Is every version of an income behind that one a recount, or is there none? M-066';
CREATE FUNCTION recount_incomes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched uuid[]; w monitoring.recorded;
BEGIN
  IF TG_OP = 'INSERT' THEN
    SELECT array_agg(DISTINCT a.household_id) INTO touched FROM added a;
  ELSIF TG_OP = 'DELETE' THEN
    SELECT array_agg(DISTINCT r.household_id) INTO touched FROM removed r;
  ELSE
    EXECUTE $q$SELECT array_agg(DISTINCT x.id) FROM added a JOIN removed r ON r.id = a.id, LATERAL unnest(ARRAY[a.household_id, r.household_id]) AS x (id)
     WHERE (a.joined_on, a.joined_how, a.left_on, a.birth_on, a.household_id) IS DISTINCT FROM (r.joined_on, r.joined_how, r.left_on, r.birth_on, r.household_id)$q$
      INTO touched; -- planned for as many as there are
  END IF;
  touched := ARRAY(SELECT t.id FROM unnest(touched) AS t (id) WHERE EXISTS (SELECT FROM monitoring.income i WHERE i.household_id = t.id OFFSET 0));
  IF touched = '{}' THEN RETURN NULL; END IF;
  IF TG_OP = 'DELETE' THEN
    -- A membership goes when its batch is taken back: by whoever asked for that, not by whom it came.
    SELECT greatest(r.recorded_at, j.started_at), j.account_id, j.post_id, 'recount', b.id, b.reason INTO w
      FROM removed r LEFT JOIN monitoring.batch b ON b.id = r.batch_id LEFT JOIN monitoring.job j ON j.id = b.undo_job ORDER BY r.recorded_at DESC LIMIT 1;
  ELSE
    SELECT a.recorded_at, a.recorded_by_account, a.recorded_by_post, a.source, a.batch_id, a.reason INTO w FROM added a ORDER BY a.recorded_at DESC LIMIT 1;
  END IF;
  PERFORM monitoring.recount_incomes(touched, w);
  RETURN NULL;
END $$;
CREATE TRIGGER incomes_recounted_inserted AFTER INSERT ON member REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION recount_incomes();
CREATE TRIGGER incomes_recounted_updated AFTER UPDATE ON member REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION recount_incomes();
CREATE TRIGGER incomes_recounted_deleted AFTER DELETE ON member REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION recount_incomes();

-- M-063: amounts as they are kept, with two digits behind the point; or refused at the first that is none of the year's. A null takes a line away.
CREATE FUNCTION income_amounts_of(doc jsonb, in_year integer) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE k text; v jsonb;
BEGIN
  FOR k, v IN SELECT e.key, e.value FROM jsonb_each(doc) AS e LOOP
    IF NOT EXISTS (SELECT FROM monitoring.income_line l WHERE l.code = k COLLATE "C" AND l.valid_from <= in_year AND coalesce(l.valid_to >= in_year, true)) THEN
      PERFORM zeren.refuse('ZR005', CASE WHEN k ~ '^[a-e][0-9]{1,2}[a-z]?$' THEN 'amounts/' || k ELSE 'amounts' END,
          'the year has no such line of income or expense');
    ELSIF jsonb_typeof(v) NOT IN ('string', 'null') OR (v #>> '{}') !~ '^[0-9]{1,8}(\.[0-9]{1,2})?$' THEN
      PERFORM zeren.refuse('ZR005', 'amounts/' || k, 'an amount is text: up to eight digits, and two behind the point');
    END IF;
  END LOOP;
  RETURN (SELECT coalesce(jsonb_object_agg(e.key, (e.value::numeric(12,2))::text), '{}') FROM jsonb_each_text(jsonb_strip_nulls(doc)) AS e);
END $$;
COMMENT ON FUNCTION income_amounts_of(jsonb, integer) IS 'Amounts of an income block as they are kept, or a refusal. M-063';

CREATE FUNCTION income_notes_of(doc jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE k text; v jsonb;
BEGIN
  FOR k, v IN SELECT e.key, e.value FROM jsonb_each(doc) AS e LOOP
    IF NOT EXISTS (SELECT FROM monitoring.income_line l WHERE l.code = k COLLATE "C") THEN
      PERFORM zeren.refuse('ZR005', 'notes', 'a note is on a line of income or expense');
    ELSIF jsonb_typeof(v) NOT IN ('string', 'null') OR length(v #>> '{}') NOT BETWEEN 1 AND 200 THEN
      PERFORM zeren.refuse('ZR005', 'notes/' || k, 'a note is up to two hundred characters');
    END IF;
  END LOOP;
  RETURN jsonb_strip_nulls(doc);
END $$;
COMMENT ON FUNCTION income_notes_of(jsonb) IS 'Notes on lines of an income block, or a refusal. M-063';

CREATE FUNCTION income_operand_label(name text) RETURNS text LANGUAGE sql STABLE
  RETURN CASE name WHEN 'claims' THEN '理赔收入' WHEN 'compliant_expense' THEN '合规自付支出' ELSE (SELECT f.label FROM monitoring.income_figure f
      WHERE f.figure = name COLLATE "C") END;

-- M-063: the window ends in its year, on no day to come; today, or on the year's last day, where nothing is said; and begins so many months before.
CREATE FUNCTION window_end(given date, in_year integer, today date) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF given > today THEN PERFORM zeren.refuse('ZR005', 'period_end', 'days to come have no income'); END IF;
  RETURN coalesce(given, least(today, make_date(in_year, 12, 31)));
END $$;
CREATE FUNCTION window_start(last_day date, division text) RETURNS date LANGUAGE sql STABLE
  RETURN (last_day + 1 - make_interval(months => zeren.setting_value('monitoring.income_months', division, extract(year
      FROM last_day)::integer)::integer))::date;
-- Is a window no longer than windows are in that division?
CREATE FUNCTION window_fits(first_day date, last_day date, division text) RETURNS boolean LANGUAGE sql STABLE
  RETURN first_day > last_day - make_interval(months => zeren.setting_value('monitoring.income_months_most', division, extract(year FROM last_day)::integer)::integer);
-- The first day of a window that fits, or a refusal at the field that was given.
CREATE FUNCTION window_from(given date, last_day date, division text, field text) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT coalesce(monitoring.window_fits(given, last_day, division), true) THEN
    PERFORM zeren.refuse('ZR005', field, 'a window of income is not as long as that');
  END IF;
  RETURN coalesce(given, monitoring.window_start(last_day, division));
END $$;
COMMENT ON FUNCTION window_from(date, date, text, text) IS 'Where a window of income begins; one that is too long is refused. M-063';

-- ---- an income block, explained (M-067, M-068)
-- What a figure was made of: lines of its side, or figures with their signs and what divides them.
CREATE FUNCTION income_operands(b income, f income_figure) RETURNS json LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(json_agg(json_build_object('operand', o.operand, 'label', o.label, 'sign', o.sign, 'amount', o.amount, 'stable', o.stable, 'note', o.note)
      ORDER BY o.n, o.operand), '[]')
    FROM (SELECT 0 AS n, l.code AS operand, l.label, 'plus' AS sign, e.amount, l.stable, b.notes ->> l.code AS note
            FROM jsonb_each_text(b.amounts) AS e (code, amount) JOIN monitoring.income_line l ON l.code = e.code COLLATE "C"
           WHERE f.adds = '{}' AND l.side = f.figure
           UNION ALL
          SELECT p.n::integer, p.name, monitoring.income_operand_label(p.name), p.sign, (to_jsonb(b) ->> p.name)::numeric(12,2)::text, NULL, NULL
            FROM (SELECT a.n, a.name, 'plus' AS sign FROM unnest(f.adds) WITH ORDINALITY AS a (name, n)
                   UNION ALL SELECT 100 + t.n, t.name, 'minus' FROM unnest(f.takes) WITH ORDINALITY AS t (name, n)) AS p
           UNION ALL
          SELECT 200, f.divided_by, '家庭人口数', 'by', b.headcount::text, NULL, NULL WHERE f.divided_by IS NOT NULL) AS o;
END;

-- Income that does not count as stable apart: what is left of the figures without it.
CREATE FUNCTION income_stability(b income) RETURNS json LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT json_build_object('unstable', u.amount::text, 'net', (b.net - u.amount)::numeric(12,2)::text, 'per_capita', round((b.net - u.amount) / b.headcount,
      2)::text, 'lines', u.lines)
    FROM (SELECT coalesce(sum(e.amount::numeric), 0)::numeric(12,2) AS amount,
                 coalesce(json_agg(json_build_object('code', l.code, 'label', l.label, 'amount', e.amount, 'assumed', l.assumed)
                     ORDER BY l.sort), '[]') AS lines
            FROM jsonb_each_text(b.amounts) AS e (code, amount) JOIN monitoring.income_line l ON l.code = e.code COLLATE "C" WHERE NOT l.stable) AS u;
END;

-- The monitoring line that held, and how the figures a head stand to it; NULL where none was entered.
CREATE FUNCTION income_standing(b income) RETURNS json LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT json_build_object('id', l.id, 'owner_division', l.owner_division, 'year', l.year, 'amount', trim_scale(l.amount)::text,
           'effective_from', l.effective_from, 'document_number', l.document_number, 'assumed', l.assumed,
           'standings', (SELECT json_agg(json_build_object('figure', s.figure,
                                 'standing', CASE sign(s.amount - l.amount) WHEN -1 THEN 'below' WHEN 0 THEN 'at' ELSE 'above' END,
                                 'difference', (s.amount - l.amount)::numeric(12,2)::text) ORDER BY s.n)
                           FROM (VALUES (1, 'per_capita', b.per_capita), (2, 'reference_per_capita', b.reference_per_capita)) AS s (n, figure, amount)))
    FROM monitoring.monitoring_line l
   WHERE l.id = coalesce(b.line_id, (SELECT x.id FROM monitoring.line_on(b.owner_division, b.period_end) AS x));
END;

-- ---- what is shown: the columns once
CREATE FUNCTION three_guarantees_as_shown(b three_guarantees)
RETURNS TABLE (id uuid, household_id uuid, owner_division zeren.division_code, at_division zeren.division_code, year integer, stage text,
  housing_unsafe boolean, dropout boolean, water_unsafe boolean, uninsured boolean, recorded_at timestamptz, recorded_by_post uuid, source text,
  batch_id uuid, reason text, created_at timestamptz, version integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT b.id, b.household_id, b.owner_division, b.at_division, b.year, b.stage, b.housing_unsafe, b.dropout, b.water_unsafe, b.uninsured, b.recorded_at,
         b.recorded_by_post, b.source, b.batch_id, b.reason, b.created_at, b.version;
END;
COMMENT ON FUNCTION three_guarantees_as_shown(three_guarantees) IS 'Three guarantees and water of a household as the API shows them';

CREATE FUNCTION income_as_shown(b income)
RETURNS TABLE (id uuid, household_id uuid, owner_division zeren.division_code, at_division zeren.division_code, year integer, stage text, period_start date,
  period_end date, amounts jsonb, notes jsonb, claims text, compliant_expense text, headcount integer, wage text, production text, property text,
  transfer text, expense text, net text, per_capita text, reference text, reference_per_capita text, line_id uuid, recorded_at timestamptz,
  recorded_by_post uuid, source text, batch_id uuid, reason text, created_at timestamptz, version integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT b.id, b.household_id, b.owner_division, b.at_division, b.year, b.stage, b.period_start, b.period_end, b.amounts, b.notes, round(b.claims, 2)::text,
         round(b.compliant_expense, 2)::text, b.headcount, b.wage::text, b.production::text, b.property::text, b.transfer::text, b.expense::text, b.net::text,
         b.per_capita::text, b.reference::text, b.reference_per_capita::text, b.line_id, b.recorded_at, b.recorded_by_post, b.source, b.batch_id, b.reason,
         b.created_at, b.version;
END;
COMMENT ON FUNCTION income_as_shown(income) IS 'Income of a household as the API shows it';

CREATE FUNCTION living_conditions_as_shown(b living_conditions)
RETURNS TABLE (id uuid, household_id uuid, owner_division zeren.division_code, at_division zeren.division_code, year integer, stage text, farmland text,
  grassland text, water_area text, woodland text, returned_forest text, orchard text, road_kind text, road_distance text, cooperative boolean,
  house_grade text, house_area text, fuel text, enterprise_led boolean, leader_led boolean, electricity boolean, broadcast boolean, support_kind text,
  sanitary_toilet boolean, safe_water boolean, recorded_at timestamptz, recorded_by_post uuid, source text, batch_id uuid, reason text,
  created_at timestamptz, version integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT b.id, b.household_id, b.owner_division, b.at_division, b.year, b.stage, b.farmland::text, b.grassland::text, b.water_area::text, b.woodland::text,
         b.returned_forest::text, b.orchard::text, b.road_kind, b.road_distance::text, b.cooperative, b.house_grade, b.house_area::text, b.fuel,
         b.enterprise_led, b.leader_led, b.electricity, b.broadcast, b.support_kind, b.sanitary_toilet, b.safe_water, b.recorded_at, b.recorded_by_post,
         b.source, b.batch_id, b.reason, b.created_at, b.version;
END;
COMMENT ON FUNCTION living_conditions_as_shown(living_conditions) IS 'Living conditions of a household as the API shows them';

-- ---- what was, on a day (M-062): the version in force at its end
CREATE FUNCTION three_guarantees_at(of_id uuid, day date) RETURNS SETOF three_guarantees LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT b.* FROM monitoring.three_guarantees b WHERE b.id = of_id AND b.recorded_at < monitoring.end_of(day)
   UNION ALL
  SELECT (jsonb_populate_record(NULL::monitoring.three_guarantees, v.body)).* FROM monitoring.archive_version v
   WHERE v.record = 'three_guarantees' AND v.record_id = of_id AND v.recorded_at < monitoring.end_of(day) AND v.recorded_until >= monitoring.end_of(day);
END;
CREATE FUNCTION income_at(of_id uuid, day date) RETURNS SETOF income LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT b.* FROM monitoring.income b WHERE b.id = of_id AND b.recorded_at < monitoring.end_of(day)
   UNION ALL
  SELECT (jsonb_populate_record(NULL::monitoring.income, v.body)).* FROM monitoring.archive_version v
   WHERE v.record = 'income' AND v.record_id = of_id AND v.recorded_at < monitoring.end_of(day) AND v.recorded_until >= monitoring.end_of(day);
END;
CREATE FUNCTION living_conditions_at(of_id uuid, day date) RETURNS SETOF living_conditions LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT b.* FROM monitoring.living_conditions b WHERE b.id = of_id AND b.recorded_at < monitoring.end_of(day)
   UNION ALL
  SELECT (jsonb_populate_record(NULL::monitoring.living_conditions, v.body)).* FROM monitoring.archive_version v
   WHERE v.record = 'living_conditions' AND v.record_id = of_id AND v.recorded_at < monitoring.end_of(day) AND v.recorded_until >= monitoring.end_of(day);
END;

-- ---- a household that takes a block of a year: there, and not ended (M-060)
CREATE FUNCTION first_year() RETURNS integer LANGUAGE sql STABLE RETURN zeren.setting_value('monitoring.first_year', '000000000000', 0)::integer;
CREATE FUNCTION open_household(of_id uuid, in_year integer, today date) RETURNS TABLE (id uuid, owner_division zeren.division_code)
    LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE h record;
BEGIN
  SELECT x.id, x.owner_division, x.status INTO h FROM monitoring.household x WHERE x.id = of_id;
  IF h.id IS NULL THEN PERFORM zeren.no_such('household_id');
  ELSIF h.status <> 'active' THEN PERFORM zeren.refuse('ZR003', NULL, 'the household has ended');
  ELSIF in_year > extract(year FROM today) THEN PERFORM zeren.refuse('ZR005', 'year', 'the year has not begun');
  ELSIF in_year < monitoring.first_year() THEN PERFORM zeren.refuse('ZR005', 'year', 'the archive begins in ' || monitoring.first_year()); END IF;
  id := h.id; owner_division := h.owner_division;
  RETURN NEXT;
END $$;

-- ---- words
CALL zeren.tell_codes('income_side', '收支类别', '防止返贫监测采集表', '
  wage 工资性收入
  production 生产经营性收入
  property 财产性收入
  transfer 转移性收入
  expense 生产经营性支出');
CALL zeren.tell_codes('income_figure', '收入指标', '防止返贫监测采集表', '
  wage 工资性收入
  production 生产经营性收入
  property 财产性收入
  transfer 转移性收入
  expense 生产经营性支出
  net 家庭纯收入
  per_capita 家庭人均纯收入
  reference 收入参考范围
  reference_per_capita 人均收入参考范围');
CALL zeren.tell_codes('operand_sign', '算式符号', '本系统：规则 M-067', '
  plus 加
  minus 减
  by 除以');
CALL zeren.tell_codes('line_standing', '与监测范围比较', '本系统：规则 M-067', '
  below 低于
  at 等于
  above 高于');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_three_guarantees 登记三保障和饮水
  update_three_guarantees 更正三保障和饮水
  create_income 登记家庭收支
  update_income 更正家庭收支
  create_living_conditions 登记生产生活条件
  update_living_conditions 更正生产生活条件');
