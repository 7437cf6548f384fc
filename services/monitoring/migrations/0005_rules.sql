-- Rules as rows, what holds of them where and when, and what they found. Rules M-100 to M-113. Every statement of the catalogue is a row; the numbers in it (ages, areas, wages,
-- shares, days) are its params, and its logic is a pure C function named by `evaluator` (services/monitoring/household_rules.c). Codes are the catalogue's own where it gives one,
-- further codes of the same statement stand in also_codes; codes that begin with 9_ are this system's.

CREATE TABLE monitoring_rule (
  code text COLLATE "C" CONSTRAINT monitoring_rule_pkey PRIMARY KEY,
  also_codes text[] NOT NULL DEFAULT '{}',
  topic text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  severity text COLLATE "C" NOT NULL,
  message text NOT NULL,
  evaluator text COLLATE "C" NOT NULL,
  params jsonb NOT NULL DEFAULT '{}',
  fields text[] NOT NULL,
  about text COLLATE "C" NOT NULL DEFAULT 'all',
  basis text NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  sort smallint NOT NULL,
  CONSTRAINT monitoring_rule_code_check CHECK (code ~ '^[0-9]{1,4}(_[0-9]{1,3}){1,2}$'),
  CONSTRAINT monitoring_rule_topic_check CHECK (topic IN ('identity', 'household', 'education', 'age', 'labour', 'public_post', 'migrant_work', 'phone', 'insurance', 'health', 'risk',
    'measure', 'income', 'home', 'elimination')),
  CONSTRAINT monitoring_rule_scope_check CHECK (scope IN ('household', 'member')),
  CONSTRAINT monitoring_rule_severity_check CHECK (severity IN ('error', 'warning', 'alert')),
  CONSTRAINT monitoring_rule_params_check CHECK (jsonb_typeof(params) = 'object'),
  CONSTRAINT monitoring_rule_fields_check CHECK (cardinality(fields) BETWEEN 1 AND 12),
  CONSTRAINT monitoring_rule_about_check CHECK (about IN ('all', 'health', 'school'))
);
COMMENT ON TABLE monitoring_rule IS 'What is looked for in a household; an error keeps a record from being written, a warning is recorded, an alert is a matter to be looked into';
COMMENT ON COLUMN monitoring_rule.message IS 'What is said to people; {name} is the param of that name as it holds';
COMMENT ON COLUMN monitoring_rule.fields IS 'The facts that the rule names, the first one being where its findings point: a member''s (or the household''s, in its scope) by plain name, others as household.x, members.x, income.x, living.x, three_guarantees.x';
COMMENT ON COLUMN monitoring_rule.about IS 'What a finding tells of: health is for who may see health, school of a child under fourteen for who may see children''s data';
CALL zeren.classify('monitoring_rule', 'reference');
GRANT SELECT ON monitoring_rule TO monitoring_service, monitoring_worker;

-- ---- what holds of a rule where and when (M-103, M-104)
CREATE TABLE rule_setting (
  id uuid CONSTRAINT rule_setting_pkey PRIMARY KEY,
  rule text COLLATE "C" NOT NULL CONSTRAINT rule_setting_rule_fkey REFERENCES monitoring_rule,
  owner_division zeren.division_code NOT NULL,
  year_from smallint NOT NULL,
  year_to smallint,
  enabled boolean NOT NULL,
  severity text COLLATE "C",
  params jsonb,
  reason text NOT NULL,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT rule_setting_years_check CHECK (year_from BETWEEN 2000 AND 2199 AND year_to BETWEEN 2000 AND 2199 AND year_from <= year_to),
  CONSTRAINT rule_setting_severity_check CHECK (severity IN ('error', 'warning', 'alert')),
  CONSTRAINT rule_setting_params_check CHECK (params IS NULL OR (jsonb_typeof(params) = 'object' AND octet_length(params::text) <= 4096)),
  CONSTRAINT rule_setting_overlap EXCLUDE USING gist ((owner_division || ' ' || rule) WITH =, int4range(year_from, coalesce(year_to, 2199::smallint), '[]') WITH &&)
);
COMMENT ON TABLE rule_setting IS 'A rule switched off or on, made stricter or milder, or given other numbers, in a division and below, for years; the nearest one at or above a village holds there whole';
CREATE INDEX rule_setting_rule_idx ON rule_setting (rule, owner_division);
CREATE INDEX rule_setting_owner_division_idx ON rule_setting (owner_division, rule, id);
CALL zeren.classify('rule_setting', 'upward');
GRANT SELECT, INSERT, UPDATE ON rule_setting TO monitoring_service;
GRANT SELECT ON rule_setting TO monitoring_worker;

-- M-103: of each rule what holds for a division in a year.
CREATE FUNCTION rules_holding(division text, in_year integer)
RETURNS TABLE (code text, also_codes text[], topic text, scope text, severity text, message text, evaluator text, params jsonb, fields text[], about text, basis text, assumed boolean,
  sort smallint, enabled boolean, setting_id uuid, setting_division text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT r.code, r.also_codes, r.topic, r.scope, coalesce(s.severity, r.severity), r.message, r.evaluator, r.params || coalesce(s.params, '{}'), r.fields, r.about, r.basis, r.assumed,
         r.sort, coalesce(s.enabled, true), s.id, s.owner_division::text
    FROM monitoring.monitoring_rule r
    LEFT JOIN (SELECT DISTINCT ON (x.rule) x.* FROM monitoring.rule_setting x
                WHERE x.owner_division = ANY (zeren.self_and_above(division)) AND in_year BETWEEN x.year_from AND coalesce(x.year_to, 2199::smallint)
                ORDER BY x.rule, length(rtrim(x.owner_division, '0')) DESC) AS s ON s.rule = r.code;
END;
COMMENT ON FUNCTION rules_holding(text, integer) IS 'Every rule as it holds in a division in a year. M-103';

-- M-104: a setting gives numbers and words that the rule has, each of the same kind.
CREATE FUNCTION fitting_params(of_rule text, given jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE own jsonb := (SELECT r.params FROM monitoring.monitoring_rule r WHERE r.code = of_rule); k text;
BEGIN
  FOR k IN SELECT jsonb_object_keys(coalesce(given, '{}')) LOOP
    IF NOT own ? k THEN
      PERFORM zeren.refuse('ZR005', 'params', 'this rule has no such param: ' || left(k, 40));
    ELSIF jsonb_typeof(own -> k) <> jsonb_typeof(given -> k) OR length(given ->> k) > 400
       OR jsonb_typeof(given -> k) = 'array' AND EXISTS (SELECT FROM jsonb_array_elements(given -> k) AS e WHERE jsonb_typeof(e) <> 'string')
       OR jsonb_typeof(given -> k) = 'string' AND (own ->> k) ~ '^[0-9]+(\.[0-9]+)?$' AND (given ->> k) !~ '^[0-9]{1,12}(\.[0-9]{1,4})?$'
       OR jsonb_typeof(given -> k) = 'string' AND (own ->> k) ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' AND (given ->> k) !~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
       OR jsonb_typeof(given -> k) = 'number' AND (given ->> k) !~ '^[0-9]{1,6}$' THEN
      PERFORM zeren.refuse('ZR005', 'params', 'this param is of another kind, as the rule has it: ' || left(k, 40));
    END IF;
  END LOOP;
  RETURN given;
END $$;
COMMENT ON FUNCTION fitting_params(text, jsonb) IS 'Params of a setting, or a refusal where the rule has none such. M-104';

-- ---- what was found (M-105 to M-113)
CREATE TABLE finding (
  id uuid CONSTRAINT finding_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  household_id uuid NOT NULL CONSTRAINT finding_household_id_fkey REFERENCES household ON DELETE CASCADE,
  member_id uuid CONSTRAINT finding_member_id_fkey REFERENCES member ON DELETE CASCADE,
  owner_division zeren.division_code NOT NULL,
  rule text COLLATE "C" NOT NULL CONSTRAINT finding_rule_fkey REFERENCES monitoring_rule,
  severity text COLLATE "C" NOT NULL,
  detail text NOT NULL,
  pointer text NOT NULL,
  facts_digest text COLLATE "C" NOT NULL,
  found_on date NOT NULL,
  status text COLLATE "C" NOT NULL DEFAULT 'open',
  accepted_by_account uuid,
  accepted_by_post uuid,
  accepted_on date,
  accept_reason text,
  resolved_on date,
  in_county text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 6)) STORED,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT finding_severity_check CHECK (severity IN ('error', 'warning', 'alert')),
  CONSTRAINT finding_status_check CHECK (status IN ('open', 'accepted', 'resolved')),
  CONSTRAINT finding_accepted_check CHECK (status <> 'accepted' OR (severity <> 'error' AND accepted_on IS NOT NULL AND accept_reason IS NOT NULL)),
  CONSTRAINT finding_resolved_check CHECK ((status = 'resolved') = (resolved_on IS NOT NULL))
);
COMMENT ON TABLE finding IS 'What a rule found in a household, until it is found no more; owner_division is the household''s and goes with it';
COMMENT ON COLUMN finding.facts_digest IS 'Digest of the facts that the rule names, as they were stored: an accepted finding is open again when they have changed';
CREATE UNIQUE INDEX finding_once_key ON finding (household_id, rule, coalesce(member_id, household_id)) WHERE status <> 'resolved';
CREATE INDEX finding_owner_division_idx ON finding (owner_division, id);
CREATE INDEX finding_open_idx ON finding (owner_division, id) WHERE status <> 'resolved';
CREATE INDEX finding_rule_idx ON finding (rule, owner_division, id) WHERE status <> 'resolved';
CREATE INDEX finding_household_id_idx ON finding (household_id, id);
CREATE INDEX finding_member_id_idx ON finding (member_id) WHERE member_id IS NOT NULL;
CALL zeren.classify('finding', 'scoped');
GRANT SELECT, INSERT, UPDATE ON finding TO monitoring_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON finding TO monitoring_worker;

CREATE FUNCTION finding_as_shown(f finding)
RETURNS TABLE (id uuid, household_id uuid, member_id uuid, owner_division text, rule text, severity text, message text, pointer text, found_on date, status text, accepted_by uuid,
  accepted_on date, accept_reason text, resolved_on date, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT f.id, f.household_id, f.member_id, f.owner_division::text, f.rule, f.severity, f.detail, f.pointer, f.found_on, f.status, f.accepted_by_post, f.accepted_on, f.accept_reason,
         f.resolved_on, f.created_at, f.version;
END;
COMMENT ON FUNCTION finding_as_shown(finding) IS 'A finding as its contract has it';

-- M-108: may this caller see what a finding tells of? Health for who sees health; school of a child for who sees children''s data.
CREATE FUNCTION may_see_finding(of_rule text, of_member uuid, health boolean, minors boolean, today date) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT CASE r.about WHEN 'health' THEN health
                      WHEN 'school' THEN minors OR of_member IS NULL
                        OR NOT EXISTS (SELECT FROM monitoring.member m WHERE m.id = of_member AND m.birth_on > monitoring.minors_after(false, today))
                      ELSE true END
    FROM monitoring.monitoring_rule r WHERE r.code = of_rule;
END;
COMMENT ON FUNCTION may_see_finding(text, uuid, boolean, boolean, date) IS 'M-108';
-- M-108: under which kind an event of it is told: what not everybody may see is told to who may.
CREATE FUNCTION finding_told_as(of_rule text, of_member uuid, today date) RETURNS text LANGUAGE sql STABLE
  RETURN CASE WHEN monitoring.may_see_finding(of_rule, of_member, false, false, today) THEN 'finding'
              WHEN (SELECT r.about FROM monitoring.monitoring_rule r WHERE r.code = of_rule) = 'health' THEN 'finding_of_health' ELSE 'finding_of_minor' END;
COMMENT ON FUNCTION finding_told_as(text, uuid, date) IS 'Kind of the events of a finding. M-108';

-- M-112: since when a household is recorded as eliminated, whatever day was typed; and did it come out of a table that way? Somebody takes an elimination back by a slip and puts
-- it right: times that it stood as not eliminated, no longer than a slip all together (counted backwards from today), are as if they had not been; what they took is not counted
-- as time that it stood as eliminated, so that nobody gets out of being judged by taking it back and putting it right. Asked of a household that is not eliminated: of it as it
-- would be if it were put right today.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('monitoring.slip_days', '000000000000', 0, '7', true, 'assumed: a slip of the pen is seen within a week; nobody who has fallen back is out of it again within one (识别到消除不少于六个月)');
CREATE FUNCTION not_eliminated(h household, today date) RETURNS TABLE (until timestamptz, apart interval, is_slip boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT x.until, x.apart, x.apart <= make_interval(days => zeren.setting_value('monitoring.slip_days', h.owner_division, extract(year FROM today)::integer)::integer)
    FROM (SELECT v.until, sum(greatest(v.until - v.since, interval '0')) OVER (ORDER BY v.version DESC) AS apart
            FROM (SELECT o.version, o.recorded_at AS since, o.recorded_until AS until FROM monitoring.archive_version o
                   WHERE o.record = 'household' AND o.record_id = h.id AND NOT (o.body ->> 'eliminated')::boolean
                   UNION ALL SELECT h.version, h.recorded_at, greatest(h.recorded_at, monitoring.end_of(today - 1)) WHERE NOT h.eliminated) AS v) AS x;
END;
COMMENT ON FUNCTION not_eliminated(household, date) IS 'Versions of a household that is not eliminated, until when each stood, and how long it and all behind it. M-112';
CREATE FUNCTION eliminated_since(h household, today date) RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(max(n.until) FILTER (WHERE NOT n.is_slip), h.created_at) + coalesce(max(n.apart) FILTER (WHERE n.is_slip), interval '0')
    FROM monitoring.not_eliminated(h, today) AS n;
END;
COMMENT ON FUNCTION eliminated_since(household, date) IS 'Since when a household whose risk is eliminated is recorded so, slips left out. M-112';
CREATE FUNCTION came_eliminated(h household, today date) RETURNS boolean LANGUAGE sql STABLE
  RETURN coalesce((SELECT v.source = 'import' AND (v.body ->> 'eliminated')::boolean FROM monitoring.archive_version v WHERE v.record = 'household' AND v.record_id = h.id AND v.version = 1),
                  h.source = 'import' AND h.eliminated)
         AND NOT EXISTS (SELECT FROM monitoring.not_eliminated(h, today) AS n WHERE NOT n.is_slip);
COMMENT ON FUNCTION came_eliminated(household, date) IS 'Was a household whose risk is eliminated imported so, slips left out? M-112';

-- ---- the facts of households, as the rules read them (M-101): personal data as ciphertext, opened in C
CREATE FUNCTION facts_of(households uuid[], today date)
RETURNS TABLE (household_id uuid, division text, status text, facts text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT h.id, h.owner_division::text, h.status,
    json_build_object(
      'household', (SELECT row_to_json(x) FROM (SELECT h.id, h.owner_division, h.household_type, h.object_type, h.risks, h.disaster, h.risk_note, h.identified_on, h.eliminated, h.eliminated_on,
                     h.elimination_kind, h.no_labour, h.head_member_id, h.phone, h.address, h.resettlement_address, h.reason,
                     CASE WHEN k.is_asked THEN (monitoring.eliminated_since(h, today) AT TIME ZONE 'Asia/Shanghai')::date END AS eliminated_marked_on,
                     CASE WHEN k.is_asked THEN monitoring.came_eliminated(h, today) END AS eliminated_came,
                     CASE WHEN coalesce(zeren.scope() @> zeren.code_range(left(h.owner_division, 6), left(h.owner_division, 6) || '~'), false) THEN 3
                          WHEN coalesce(zeren.scope() @> zeren.code_range(left(h.owner_division, 9), left(h.owner_division, 9) || '~'), false) THEN 4 ELSE 5 END AS reach,
                     (SELECT l.amount FROM monitoring.line_on(h.owner_division, today) AS l) AS line
                    FROM (SELECT h.eliminated OR (h.object_type IS NOT NULL AND h.version > 1) AS is_asked) AS k) AS x),
      'members', (SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.id), '[]') FROM (SELECT m.id, m.name, m.reason, m.sex, m.certificate_kind, m.id_number, m.birth_on, m.relation, m.ethnicity,
                     m.education, m.student_status, m.not_in_school, m.health, m.disability_card, m.labour, m.work_place, m.working_away, m.work_months, m.work_income,
                     m.work_started_on, m.work_ended_on, m.plans_away, m.work_need, m.public_posts, m.public_post_months, m.resident_medical, m.employee_medical,
                     m.serious_illness_insurance, m.resident_pension, m.employee_pension, m.allowance, m.destitute, m.phone,
                     CASE WHEN m.id_number_hash IS NOT NULL THEN
                       (SELECT count(*) FROM monitoring.member o WHERE o.id_number_hash = m.id_number_hash AND o.left_on IS NULL AND o.id <> m.id
                           AND o.owner_division = m.owner_division) END AS id_number_others,
                     CASE WHEN m.work_started_on IS NOT NULL THEN
                       (SELECT v.body ->> 'work_ended_on' FROM monitoring.archive_version v
                         WHERE v.record = 'member' AND v.record_id = m.id AND v.body ->> 'work_started_on' < m.work_started_on::text AND v.body ->> 'work_ended_on' IS NOT NULL
                         ORDER BY v.version DESC LIMIT 1) END AS previous_work_ended_on
                    FROM monitoring.member m WHERE m.household_id = h.id AND (m.left_on IS NULL OR m.left_on > today)) AS x),
      'same_phones', (SELECT coalesce(json_agg(row_to_json(x)), '[]') FROM (
          SELECT p.holder, o.household_id, o.work_place,
                 CASE WHEN o.owner_division = h.owner_division THEN 5 WHEN left(o.owner_division, 9) = left(h.owner_division, 9) THEN 4 ELSE 3 END AS level
            FROM (SELECT NULL::uuid AS holder, h.phone_hash AS hash WHERE h.phone_hash IS NOT NULL
                   UNION ALL SELECT m.id, m.phone_hash FROM monitoring.member m
                               WHERE m.household_id = h.id AND m.phone_hash IS NOT NULL AND (m.left_on IS NULL OR m.left_on > today)) AS p,
                 LATERAL (SELECT o.id AS household_id, o.owner_division, NULL::text AS work_place FROM monitoring.household o
                           WHERE o.phone_hash = p.hash AND o.id <> h.id AND o.status = 'active' AND o.in_county = h.in_county
                           UNION ALL SELECT m.household_id, m.owner_division, m.work_place FROM monitoring.member m
                           WHERE m.phone_hash = p.hash AND m.id IS DISTINCT FROM p.holder AND m.left_on IS NULL AND m.in_county = h.in_county) AS o
           ORDER BY p.holder, level DESC LIMIT 60) AS x),
      'three_guarantees', (SELECT json_agg(row_to_json(x)) FROM (SELECT DISTINCT ON (t.stage) t.id, t.year, t.stage, t.housing_unsafe, t.dropout, t.water_unsafe, t.uninsured,
                     (t.recorded_at AT TIME ZONE 'Asia/Shanghai')::date AS recorded_on
                    FROM monitoring.three_guarantees t WHERE t.household_id = h.id AND t.year <= extract(year FROM today) ORDER BY t.stage, t.year DESC) AS x),
      'income', (SELECT json_agg(row_to_json(x)) FROM (SELECT DISTINCT ON (i.stage) i.id, i.year, i.stage, i.period_end, i.claims, i.compliant_expense, i.wage, i.production, i.property,
                     i.transfer, i.expense, i.net, i.per_capita, i.reference_per_capita
                    FROM monitoring.income i WHERE i.household_id = h.id AND i.year <= extract(year FROM today) ORDER BY i.stage, i.year DESC) AS x),
      'living', (SELECT json_agg(row_to_json(x)) FROM (SELECT DISTINCT ON (c.stage) c.id, c.year, c.stage, c.farmland, c.grassland, c.water_area, c.woodland, c.returned_forest, c.orchard,
                     c.road_kind, c.road_distance, c.house_grade, c.house_area, c.electricity, c.sanitary_toilet, c.safe_water
                    FROM monitoring.living_conditions c WHERE c.household_id = h.id AND c.year <= extract(year FROM today) ORDER BY c.stage, c.year DESC) AS x))::text
    FROM monitoring.household h WHERE h.id = ANY (households);
END;
COMMENT ON FUNCTION facts_of(uuid[], date) IS 'What the rules look at in each of the households, in one JSON text each; what the caller''s scope does not hold is not counted. M-101';

-- ---- what was found is stored (M-105, M-106). `now_found`: [{household_id, member_id, rule, severity, detail, pointer, facts_digest}], all that holds now of these households;
-- `kept`: rules that a household''s findings of were not judged just now, as [{household_id, rule}]. Says what became of them.
CREATE FUNCTION keep_findings(households uuid[], now_found jsonb, kept jsonb, today date, at timestamptz)
RETURNS TABLE (opened integer, resolved integer) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN QUERY
  WITH now_true AS MATERIALIZED (
    SELECT f.household_id, f.member_id, f.rule, f.severity, f.detail, f.pointer, f.facts_digest
      FROM jsonb_to_recordset(now_found) AS f (household_id uuid, member_id uuid, rule text, severity text, detail text, pointer text, facts_digest text)
  ), standing AS MATERIALIZED (
    SELECT f.* FROM monitoring.finding f WHERE f.household_id = ANY (households) AND f.status <> 'resolved'
  ), gone AS (
    UPDATE monitoring.finding f SET status = 'resolved', resolved_on = today, version = f.version + 1
      FROM standing s
     WHERE f.id = s.id AND f.status <> 'resolved'
       AND NOT EXISTS (SELECT FROM now_true n WHERE n.household_id = s.household_id AND n.rule = s.rule AND n.member_id IS NOT DISTINCT FROM s.member_id)
       AND NOT EXISTS (SELECT FROM jsonb_to_recordset(kept) AS k (household_id uuid, rule text) WHERE k.household_id = s.household_id AND k.rule = s.rule)
    RETURNING f.id, f.version, f.owner_division, f.rule, f.member_id, 'resolve_finding' AS verb
  ), again AS (
    UPDATE monitoring.finding f
       SET severity = n.severity, detail = n.detail, pointer = n.pointer, facts_digest = n.facts_digest, status = 'open', accepted_by_account = NULL, accepted_by_post = NULL,
           accepted_on = NULL, accept_reason = NULL, version = f.version + 1
      FROM standing s JOIN now_true n ON n.household_id = s.household_id AND n.rule = s.rule AND n.member_id IS NOT DISTINCT FROM s.member_id
     WHERE f.id = s.id AND f.status <> 'resolved'
       AND ((f.status = 'open' AND (f.severity, f.detail, f.pointer, f.facts_digest) IS DISTINCT FROM (n.severity, n.detail, n.pointer, n.facts_digest))
         OR (f.status = 'accepted' AND (f.facts_digest <> n.facts_digest OR n.severity = 'error')))
    RETURNING f.id, f.version, f.owner_division, f.rule, f.member_id, 'change_finding' AS verb
  ), fresh AS (
    INSERT INTO monitoring.finding (household_id, member_id, owner_division, rule, severity, detail, pointer, facts_digest, found_on, created_at)
    SELECT n.household_id, n.member_id, h.owner_division, n.rule, n.severity, n.detail, n.pointer, n.facts_digest, today, at
      FROM now_true n JOIN monitoring.household h ON h.id = n.household_id
     WHERE NOT EXISTS (SELECT FROM standing s WHERE n.household_id = s.household_id AND n.rule = s.rule AND n.member_id IS NOT DISTINCT FROM s.member_id)
        ON CONFLICT DO NOTHING
    RETURNING id, version, owner_division, rule, member_id, 'create_finding' AS verb
  ), told AS (
    INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
    SELECT keep_findings.at, e.verb, monitoring.finding_told_as(e.rule, e.member_id, today), e.id, e.version, e.owner_division
      FROM (SELECT * FROM gone UNION ALL SELECT * FROM again UNION ALL SELECT * FROM fresh) AS e
  )
  SELECT (SELECT count(*)::integer FROM fresh f JOIN monitoring.monitoring_rule r ON r.code = f.rule AND r.about = 'all'),
         (SELECT count(*)::integer FROM gone g JOIN monitoring.monitoring_rule r ON r.code = g.rule AND r.about = 'all');
END $$;
COMMENT ON FUNCTION keep_findings(uuid[], jsonb, jsonb, date, timestamptz) IS 'Findings of these households as they now are: new ones stored, changed ones corrected, vanished ones resolved; counts those that everybody sees. M-105, M-106';

-- M-106: nothing is looked for in a household that has ended, by whichever way it did.
CREATE FUNCTION resolve_findings_of_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH gone AS (
    UPDATE monitoring.finding f SET status = 'resolved', resolved_on = (NEW.recorded_at AT TIME ZONE 'Asia/Shanghai')::date, version = f.version + 1
     WHERE f.household_id = NEW.id AND f.status <> 'resolved'
    RETURNING f.id, f.version, f.owner_division, f.rule, f.member_id, f.resolved_on
  )
  INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
  SELECT NEW.recorded_at, 'resolve_finding', monitoring.finding_told_as(g.rule, g.member_id, g.resolved_on), g.id, g.version, g.owner_division FROM gone g;
  RETURN NULL;
END $$;
CREATE TRIGGER findings_resolved AFTER UPDATE OF status ON household FOR EACH ROW WHEN (NEW.status = 'ended' AND OLD.status = 'active')
  EXECUTE FUNCTION resolve_findings_of_ended();

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('rule_setting', 'upward', 'household.read', '规则设置'), ('finding', 'scoped', 'household.read', '核查问题'),
  ('finding_of_health', 'scoped', 'health.read', '核查问题（健康信息）'), ('finding_of_minor', 'scoped', 'minor.read', '核查问题（未满十四周岁未成年人信息）');

CALL zeren.tell_codes('rule_topic', '规则分组', '本系统', '
  identity 身份
  household 家庭成员
  education 受教育情况
  age 年龄
  labour 劳动能力
  public_post 公益性岗位
  migrant_work 务工
  phone 电话
  insurance 参保
  health 健康
  risk 风险
  measure 帮扶措施
  income 收入
  home 土地与住房
  elimination 风险消除');
CALL zeren.tell_codes('rule_scope', '规则对象', '本系统', '
  household 户
  member 成员');
CALL zeren.tell_codes('rule_about', '规则涉及的信息', '本系统', '
  all 一般信息
  health 健康信息
  school 就学信息');
CALL zeren.tell_codes('finding_severity', '问题级别', '本系统', '
  error 错误（不予保存）|错误
  warning 提醒（予以记录）|提醒
  alert 预警（须核实）|预警');
CALL zeren.tell_codes('finding_status', '问题状态', '本系统', '
  open 待处理
  accepted 已说明
  resolved 已消除');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_rule_setting 设置核查规则
  update_rule_setting 更正规则设置
  check_archive 核查档案
  validate_household 核对农户档案
  create_finding 发现问题
  change_finding 问题有变化
  resolve_finding 问题消除
  accept_finding 说明问题
  reopen_finding 重新打开问题');
CALL zeren.tell_codes('job_kind', '作业类型', '本系统', '
  check_archive 核查档案');

-- ---- the catalogue (M-100). What the source counts as a rule of data checks that a province publishes; `assumed`: the wording, the split or a number is ours.
INSERT INTO monitoring_rule (code, also_codes, topic, scope, severity, message, evaluator, params, fields, about, basis, assumed, sort)
SELECT v.code, v.also::text[], v.topic, v.scope, v.severity, v.message, v.evaluator, v.params::jsonb, string_to_array(v.fields, ' '), v.about, '公开的防返贫监测数据核查规则' || v.note, v.assumed,
       row_number() OVER ()
  FROM (VALUES
    ('1_12_001', '{}', 'identity', 'member', 'error', '身份证号与同户或本村其他户的成员重复', 'id_number_twice',
     '{}', 'id_number', 'all', '；同村其他户的重复只作提醒；本村以外的重复由身份核对处理，不在此透露', false),
    ('1_12_002', '{}', 'identity', 'member', 'error', '身份证号的校验码或出生日期不正确', 'id_number_invalid',
     '{}', 'id_number certificate_kind', 'all', '', false),
    ('1_12_004', '{}', 'identity', 'member', 'error', '残疾证号应为本人身份证号后加残疾类别（1—{classes}）和等级（1—{levels}）', 'disability_card_invalid',
     '{"classes": 7, "levels": 4}', 'disability_card id_number', 'health', '', false),
    ('4_01_003', '{}', 'identity', 'member', 'error', '身份证号前六位为 {prefix}，是占位号码', 'id_number_placeholder',
     '{"prefix": "999999"}', 'id_number', 'all', '', false),
    ('3_11_001', '{}', 'household', 'household', 'error', '户内没有户主', 'head_missing',
     '{"relation": ["head"]}', 'members.relation', 'all', '', false),
    ('3_11_002', '{}', 'household', 'household', 'error', '户内户主多于一人', 'head_repeated',
     '{"relation": ["head"]}', 'members.relation', 'all', '', false),
    ('2_11_003', '{}', 'household', 'household', 'error', '户主与配偶性别相同', 'spouse_same_sex',
     '{"head": ["head"], "spouse": ["spouse"]}', 'members.relation members.sex', 'all', '', false),
    ('2_12_008', '{}', 'household', 'member', 'error', '与户主关系和性别不符', 'relation_sex',
     '{"male": ["son", "son_in_law", "grandson", "daughters_son", "father", "wifes_father", "husbands_father", "grandfather", "mothers_father", "great_grandson", "nephew", "uncle"], "female": ["daughter", "daughter_in_law", "granddaughter", "daughters_daughter", "mother", "wifes_mother", "husbands_mother", "grandmother", "mothers_mother", "great_granddaughter", "niece", "siblings_wife"]}', 'relation sex', 'all', '', false),
    ('2_01_001', '{}', 'household', 'member', 'error', '没有填写与户主关系', 'member_blank',
     '{"field": "relation"}', 'relation', 'all', '', false),
    ('2_01_002', '{}', 'household', 'member', 'error', '没有填写民族', 'member_blank',
     '{"field": "ethnicity"}', 'ethnicity', 'all', '；来源只给出本组首个编号', true),
    ('3_01_001', '{}', 'household', 'member', 'error', '没有填写劳动技能', 'member_blank',
     '{"field": "labour"}', 'labour', 'all', '', false),
    ('9_02_001', '{}', 'household', 'household', 'warning', '在册的户内没有成员', 'nobody_there',
     '{}', 'members.relation', 'all', '；本系统补充', true),
    ('3_01_002', '{}', 'education', 'member', 'error', '文化程度、在校生状况、未上学原因均未填写，应填其一', 'schooling_none',
     '{}', 'student_status education not_in_school', 'school', '', false),
    ('3_12_004', '{}', 'education', 'member', 'error', '文化程度、在校生状况、未上学原因只能填一项', 'schooling_several',
     '{}', 'student_status education not_in_school', 'school', '', false),
    ('1_02_005', '{}', 'education', 'member', 'error', '{from}—{to} 周岁成员没有在校生状况，也没有未上学原因', 'school_age_unsaid',
     '{"from": 6, "to": 16, "watched": false}', 'student_status not_in_school birth_on', 'school', '；未纳入监测的户', false),
    ('5_15_016', '{}', 'education', 'member', 'error', '监测对象户内 {from}—{to} 周岁成员没有在校生状况，也没有未上学原因', 'school_age_unsaid',
     '{"from": 6, "to": 16, "watched": true}', 'student_status not_in_school birth_on', 'school', '；监测对象户', true),
    ('5_15_017', '{}', 'education', 'member', 'error', '{from}—{to} 周岁成员只填了文化程度，应填在校生状况或未上学原因', 'school_age_finished',
     '{"from": 6, "to": 16}', 'education student_status not_in_school birth_on', 'school', '；与 5_15_016 同一表述的另一种情形', true),
    ('9_03_001', '{}', 'age', 'member', 'warning', '小学在校生的年龄应在 {from}—{to} 周岁之间', 'student_age',
     '{"statuses": ["primary"], "from": 6, "to": 14}', 'student_status birth_on', 'school', '；来源未给编号', false),
    ('9_03_002', '{}', 'age', 'member', 'warning', '初中在校生的年龄应在 {from}—{to} 周岁之间', 'student_age',
     '{"statuses": ["junior_1", "junior_2", "junior_3"], "from": 12, "to": 17}', 'student_status birth_on', 'school', '；来源未给编号', false),
    ('9_03_003', '{}', 'age', 'member', 'warning', '高中、中职在校生的年龄应在 {from}—{to} 周岁之间', 'student_age',
     '{"statuses": ["senior_1", "senior_2", "senior_3", "vocational_1", "vocational_2", "vocational_3"], "from": 15, "to": 20}', 'student_status birth_on', 'school', '；来源未给编号', false),
    ('9_03_004', '{}', 'age', 'member', 'warning', '高职、技师学院、本科在校生的年龄应满 {from} 周岁', 'student_age',
     '{"statuses": ["college_1", "college_2", "college_3", "technician_1", "technician_2", "technician_3", "technician_4", "bachelor_1", "bachelor_2", "bachelor_3", "bachelor_4", "bachelor_5"], "from": 18}', 'student_status birth_on', 'school', '；来源未给编号', false),
    ('9_03_005', '{}', 'age', 'member', 'warning', '硕士及以上在校生的年龄应满 {from} 周岁', 'student_age',
     '{"statuses": ["master"], "from": 20}', 'student_status birth_on', 'school', '；来源未给编号', false),
    ('9_03_006', '{}', 'age', 'member', 'warning', '学龄前儿童或学前教育的年龄应不超过 {to} 周岁', 'student_age',
     '{"statuses": ["preschool_age", "kindergarten"], "to": 6}', 'student_status birth_on', 'school', '；来源未给编号', false),
    ('9_03_007', '{}', 'age', 'member', 'warning', '{from}—{to} 周岁成员的受教育程度为小学及以下，请核实', 'schooling_low',
     '{"from": 16, "to": 22, "education": ["illiterate", "primary"], "statuses": ["preschool_age", "kindergarten", "primary"]}', 'education student_status birth_on', 'school', '；来源未给编号', false),
    ('2_12_014', '{}', 'labour', 'member', 'warning', '未满 {to_open} 周岁应为无劳动力', 'labour_of_age',
     '{"to_open": 16, "refused": ["common", "skilled", "weak", "lost"]}', 'labour birth_on', 'all', '', false),
    ('5_12_008', '{}', 'labour', 'member', 'warning', '{from} 至 {to_open} 周岁身体健康且不在校，劳动技能却为丧失劳动力或无劳动力', 'labour_of_healthy',
     '{"from": 16, "to_open": 60, "refused": ["lost", "none"], "health": ["healthy"]}', 'labour birth_on health student_status', 'health', '', false),
    ('1111_14', '{}', 'labour', 'member', 'warning', '{from} 至 {to_open} 周岁身体健康且不在校，劳动技能却为弱劳动力或半劳动力', 'labour_of_healthy',
     '{"from": 16, "to_open": 60, "refused": ["weak"], "health": ["healthy"]}', 'labour birth_on health student_status', 'health', '', false),
    ('2_12_005', '{}', 'labour', 'member', 'warning', '满 {from} 周岁不应为普通劳动力或技能劳动力', 'labour_of_age',
     '{"from": 60, "refused": ["common", "skilled"]}', 'labour birth_on', 'all', '', false),
    ('2_12_004', '{}', 'labour', 'member', 'warning', '外出务工，劳动技能却为丧失劳动力或无劳动力', 'away_without_labour',
     '{"refused": ["lost", "none"]}', 'working_away labour', 'all', '', false),
    ('3_01_008', '{}', 'public_post', 'member', 'error', '公益性岗位人员应满 {from} 周岁', 'post_age',
     '{"from": 16}', 'public_posts birth_on', 'all', '；年龄下限', false),
    ('5_01_006', '{}', 'public_post', 'member', 'warning', '公益性岗位人员超过 {to} 周岁', 'post_age',
     '{"to": 69}', 'public_posts birth_on', 'all', '；年龄上限', false),
    ('3_01_010', '{3_01_011}', 'public_post', 'member', 'error', '公益性岗位不能多于 {most} 类', 'post_kinds',
     '{"most": 2}', 'public_posts', 'all', '', false),
    ('3_01_005', '{}', 'public_post', 'member', 'warning', '有公益性岗位，没有聘用月数', 'post_months_missing',
     '{}', 'public_post_months public_posts', 'all', '', false),
    ('3_01_006', '{}', 'public_post', 'member', 'warning', '有聘用月数，没有公益性岗位', 'post_missing',
     '{}', 'public_posts public_post_months', 'all', '', false),
    ('5_15_003', '{}', 'public_post', 'member', 'warning', '有公益性岗位，聘用月数却为零', 'post_months_zero',
     '{}', 'public_post_months public_posts', 'all', '', false),
    ('5_15_006', '{}', 'public_post', 'member', 'warning', '丧失劳动力或无劳动力的成员有公益性岗位', 'post_without_labour',
     '{"refused": ["lost", "none"]}', 'public_posts labour', 'all', '', false),
    ('5_16_001', '{}', 'migrant_work', 'member', 'warning', '务工月收入低于 {least} 元', 'work_wage',
     '{"least": "100"}', 'work_income', 'all', '', false),
    ('5_16_002', '{}', 'migrant_work', 'member', 'warning', '务工月收入高于 {most} 元', 'work_wage',
     '{"most": "30000"}', 'work_income', 'all', '', false),
    ('1111_12', '{}', 'migrant_work', 'member', 'alert', '务工月收入低于 {least} 元，请核实', 'work_wage',
     '{"least": "400"}', 'work_income', 'all', '', false),
    ('9_08_001', '{}', 'migrant_work', 'member', 'warning', '务工开始时间早于上一次务工的结束时间', 'work_overlaps',
     '{}', 'work_started_on', 'all', '；来源未给编号', false),
    ('9_08_002', '{}', 'migrant_work', 'member', 'warning', '务工结束时间早于开始时间', 'work_backwards',
     '{}', 'work_ended_on work_started_on', 'all', '；本系统补充', true),
    ('9_08_003', '{}', 'migrant_work', 'member', 'warning', '开始务工时未满 {from} 周岁', 'work_too_young',
     '{"from": 16}', 'work_started_on birth_on', 'all', '；来源未给编号', false),
    ('9_08_004', '{}', 'migrant_work', 'member', 'warning', '在校生登记为外出务工', 'work_student',
     '{"not_counted": ["preschool_age"]}', 'working_away student_status', 'school', '；来源未给编号', false),
    ('9_08_005', '{}', 'migrant_work', 'member', 'warning', '特困供养人员登记为外出务工', 'work_destitute',
     '{"destitute": ["rural", "urban"]}', 'working_away destitute', 'all', '；来源未给编号', false),
    ('9_08_006', '{}', 'migrant_work', 'member', 'warning', '未外出务工，务工却没有已过的结束时间', 'work_not_ended',
     '{}', 'work_ended_on working_away work_started_on', 'all', '；来源未给编号', false),
    ('9_08_007', '{}', 'migrant_work', 'member', 'warning', '计划外出务工，没有填写务工需求', 'work_need_missing',
     '{}', 'work_need plans_away', 'all', '；来源未给编号', false),
    ('9_09_001', '{}', 'phone', 'member', 'warning', '联系电话不是 11 位手机号码', 'phone_malformed',
     '{"digits": 11, "from": 13, "to": 19}', 'phone', 'all', '；成员电话；来源未给编号', false),
    ('9_09_002', '{}', 'phone', 'household', 'warning', '户联系电话不是 11 位手机号码', 'phone_malformed_household',
     '{"digits": 11, "from": 13, "to": 19}', 'phone', 'all', '；户电话；来源未给编号', false),
    ('9_09_003', '{}', 'phone', 'household', 'warning', '联系电话与其他户相同', 'phone_shared',
     '{"level": 5}', 'phone members.phone', 'all', '；来源未给编号；比对范围 5 为本村，4 为本乡镇，3 为本县', true),
    ('9_09_004', '{}', 'phone', 'member', 'warning', '与务工县不同的其他人使用同一联系电话', 'phone_shared_afar',
     '{"level": 5}', 'phone work_place', 'all', '；来源未给编号；比对范围 5 为本村，4 为本乡镇，3 为本县', true),
    ('2_12_015', '{}', 'insurance', 'member', 'error', '不能同时参加居民医保和职工医保', 'both_yes',
     '{"fields": ["resident_medical", "employee_medical"]}', 'resident_medical employee_medical', 'all', '', false),
    ('2_12_012', '{}', 'insurance', 'member', 'error', '居民医保和职工医保均未填写', 'both_blank',
     '{"fields": ["resident_medical", "employee_medical"], "from": 0}', 'resident_medical employee_medical', 'all', '', false),
    ('9_10_001', '{}', 'insurance', 'member', 'error', '没有填写是否参加大病保险', 'member_blank',
     '{"field": "serious_illness_insurance"}', 'serious_illness_insurance', 'all', '；来源未给编号', false),
    ('9_10_002', '{}', 'insurance', 'member', 'error', '居民养老保险和职工养老保险均未填写', 'both_blank',
     '{"fields": ["resident_pension", "employee_pension"], "from": 16}', 'resident_pension employee_pension', 'all', '；来源未给编号；未满 16 周岁不参保', true),
    ('4_12_003', '{}', 'health', 'member', 'warning', '健康状况为残疾，没有残疾证号', 'disabled_without_card',
     '{"health": ["disabled"]}', 'disability_card health', 'health', '', false),
    ('2_11_001', '{}', 'health', 'household', 'warning', '风险为因残，户内没有残疾成员', 'risk_without_health',
     '{"risk": "03", "health": ["disabled"]}', 'risks members.health', 'health', '', false),
    ('5_15_015', '{}', 'health', 'household', 'warning', '风险为因病，户内没有大病或长期慢性病成员', 'risk_without_health',
     '{"risk": "01", "health": ["serious", "chronic"]}', 'risks members.health', 'health', '', false),
    ('5_15_020', '{}', 'health', 'household', 'warning', '风险为因病，合规自付支出却为零', 'risk_without_expense',
     '{"risk": "01"}', 'income.compliant_expense risks', 'all', '', false),
    ('1_11_001', '{}', 'risk', 'household', 'warning', '监测对象没有致贫返贫风险', 'object_without_risk',
     '{}', 'risks object_type', 'all', '', false),
    ('2_11_004', '{}', 'risk', 'household', 'warning', '风险为其他，没有填写说明', 'risk_without_note',
     '{"risk": "99"}', 'risk_note risks', 'all', '', false),
    ('4_11_006', '{}', 'risk', 'household', 'warning', '饮水安全问题与因安全饮水风险不一致', 'risk_and_lack',
     '{"risk": "11", "lack": "water_unsafe", "both": true}', 'risks three_guarantees.water_unsafe', 'all', '', false),
    ('4_11_007', '{}', 'risk', 'household', 'warning', '有成员未参加基本医保，风险中没有因病', 'risk_and_lack',
     '{"risk": "01", "lack": "uninsured", "both": false}', 'risks three_guarantees.uninsured', 'all', '；来源写作互为条件；反向会把每个已参保的因病户列为可疑，默认只查正向，区划可以打开', true),
    ('4_11_008', '{}', 'risk', 'household', 'warning', '有失学辍学问题，户内没有 {from}—{to} 周岁未上学的成员', 'dropout_without_child',
     '{"from": 6, "to": 16}', 'three_guarantees.dropout members.not_in_school members.birth_on', 'all', '', false),
    ('4_11_009', '{}', 'risk', 'household', 'warning', '风险为缺劳动力，户内成员却都有劳动能力', 'able_share',
     '{"risk": "04", "percent": 100, "reached": true, "members": 1, "labour": ["common", "skilled"]}', 'risks members.labour', 'all', '', false),
    ('5_18_008', '{}', 'risk', 'household', 'warning', '风险为缺劳动力，有劳动能力的成员却超过 {percent}%', 'able_share',
     '{"risk": "04", "percent": 25, "reached": false, "members": 1, "labour": ["common", "skilled"]}', 'risks members.labour', 'all', '', false),
    ('5_11_029', '{}', 'risk', 'household', 'warning', '风险为缺劳动力，{members} 人及以上的户中有劳动能力的成员却达到 {percent}%', 'able_share',
     '{"risk": "04", "percent": 50, "reached": true, "members": 4, "labour": ["common", "skilled"]}', 'risks members.labour', 'all', '', false),
    ('5_15_013', '{}', 'risk', 'household', 'warning', '风险为务工就业不稳，户内没有劳动力', 'work_risk_without_labour',
     '{"risk": "07", "labour": ["common", "skilled", "weak"]}', 'risks members.labour', 'all', '', false),
    ('5_15_014', '{}', 'risk', 'household', 'warning', '风险为务工就业不稳，户内没有务工记录', 'work_risk_without_work',
     '{"risk": "07"}', 'risks members.working_away members.work_months members.work_started_on', 'all', '', false),
    ('4_11_015', '{}', 'measure', 'household', 'warning', '低保措施与成员低保状况不一致', 'measure_and_allowance',
     '{"item": "allowance", "status": ["rural", "urban"]}', 'members.allowance measures', 'all', '', false),
    ('4_11_016', '{}', 'measure', 'household', 'warning', '特困供养措施与成员特困状况不一致', 'measure_and_destitute',
     '{"item": "destitute", "status": ["rural", "urban"]}', 'members.destitute measures', 'all', '', false),
    ('5_16_003', '{}', 'measure', 'household', 'warning', '残疾人补贴措施与持证残疾成员不一致', 'measure_and_disabled',
     '{"item": "disability_subsidy"}', 'measures members.disability_card', 'health', '', false),
    ('5_19_003', '{}', 'measure', 'household', 'warning', '整户无劳动能力，户内没有低保或特困成员', 'no_labour_without_relief',
     '{"status": ["rural", "urban"]}', 'no_labour members.allowance members.destitute', 'all', '', false),
    ('5_19_007', '{}', 'measure', 'household', 'warning', '整户无劳动能力，没有低保或特困供养措施', 'no_labour_without_measure',
     '{"items": ["allowance", "destitute"]}', 'no_labour measures', 'all', '', false),
    ('5_15_011', '{}', 'measure', 'household', 'warning', '有雨露计划，户内没有中职、高职在校生', 'measure_without_student',
     '{"item": "yulu", "statuses": ["vocational_1", "vocational_2", "vocational_3", "college_1", "college_2", "college_3", "technician_1", "technician_2", "technician_3", "technician_4"]}', 'measures members.student_status', 'all', '', false),
    ('5_15_012', '{}', 'measure', 'household', 'warning', '有中职在校生，没有雨露计划', 'student_without_measure',
     '{"item": "yulu", "statuses": ["vocational_1", "vocational_2", "vocational_3"]}', 'measures members.student_status', 'all', '；与 5_15_011 互为条件', false),
    ('1111_2', '{}', 'measure', 'household', 'warning', '有高职、技师学院在校生，没有雨露计划', 'student_without_measure',
     '{"item": "yulu", "statuses": ["college_1", "college_2", "college_3", "technician_1", "technician_2", "technician_3", "technician_4"]}', 'measures members.student_status', 'all', '；与 5_15_011 互为条件', false),
    ('5_17_011', '{}', 'measure', 'household', 'warning', '有劳务输出措施，户内没有人在县外务工', 'measure_without_away',
     '{"item": "labour_export"}', 'measures members.work_place', 'all', '', false),
    ('5_17_012', '{}', 'measure', 'household', 'warning', '有外出务工补贴，户内没有人在县外务工', 'measure_without_away',
     '{"item": "work_subsidy"}', 'measures members.work_place', 'all', '', false),
    ('5_17_013', '{}', 'measure', 'household', 'warning', '有外出务工交通补助，户内没有人在县外务工', 'measure_without_away',
     '{"item": "travel_subsidy"}', 'measures members.work_place', 'all', '；同一表述的第三个编号', true),
    ('4_11_014', '{}', 'measure', 'household', 'warning', '有就业帮扶措施，户内没有人务工', 'measure_without_work',
     '{"item": "employment"}', 'measures members.working_away members.work_months', 'all', '', false),
    ('1111_3', '{}', 'measure', 'household', 'warning', '有公益性岗位帮扶措施，户内没有公益性岗位人员', 'measure_without_post',
     '{"item": "public_post"}', 'measures members.public_posts', 'all', '', false),
    ('5_15_018', '{}', 'measure', 'member', 'warning', '农村特困人员 {from}—{to} 周岁、身体健康且不在校，请核实', 'destitute_able',
     '{"destitute": "rural", "from": 18, "to": 59, "health": ["healthy"]}', 'destitute birth_on health student_status', 'health', '', false),
    ('5_15_019', '{}', 'measure', 'member', 'warning', '城市特困人员 {from}—{to} 周岁、身体健康且不在校，请核实', 'destitute_able',
     '{"destitute": "urban", "from": 18, "to": 59, "health": ["healthy"]}', 'destitute birth_on health student_status', 'health', '', false),
    ('3_11_010', '{}', 'income', 'household', 'alert', '家庭人均纯收入低于 {least} 元', 'income_low',
     '{"least": "4000"}', 'income.per_capita', 'all', '', false),
    ('1111_18', '{}', 'income', 'household', 'alert', '识别时家庭人均纯收入高于 {most} 元', 'income_high_at_identification',
     '{"most": "20000"}', 'income.per_capita object_type', 'all', '', false),
    ('5_15_023', '{}', 'income', 'household', 'alert', '识别时工资性收入大于零而低于 {least} 元', 'wage_tiny',
     '{"least": "100"}', 'income.wage object_type', 'all', '', false),
    ('1_02_006', '{}', 'income', 'household', 'alert', '家庭人均纯收入低于监测范围，未纳入监测', 'income_below_line',
     '{}', 'income.per_capita object_type', 'all', '', false),
    ('9_14_001', '{}', 'home', 'household', 'warning', '耕地面积应在 {least}—{most} 亩之间', 'living_range',
     '{"field": "farmland", "least": "0", "most": "100"}', 'living.farmland', 'all', '；来源未给编号', false),
    ('9_14_002', '{}', 'home', 'household', 'warning', '牧草地面积应在 {least}—{most} 亩之间', 'living_range',
     '{"field": "grassland", "least": "0", "most": "100"}', 'living.grassland', 'all', '；来源未给编号', false),
    ('9_14_003', '{}', 'home', 'household', 'warning', '水面面积应在 {least}—{most} 亩之间', 'living_range',
     '{"field": "water_area", "least": "0", "most": "100"}', 'living.water_area', 'all', '；来源未给编号', false),
    ('9_14_004', '{}', 'home', 'household', 'warning', '林地面积应在 {least}—{most} 亩之间', 'living_range',
     '{"field": "woodland", "least": "0", "most": "200"}', 'living.woodland', 'all', '；来源未给编号', false),
    ('9_14_005', '{}', 'home', 'household', 'warning', '退耕还林面积应在 {least}—{most} 亩之间', 'living_range',
     '{"field": "returned_forest", "least": "0", "most": "200"}', 'living.returned_forest', 'all', '；来源未给编号', false),
    ('9_14_006', '{}', 'home', 'household', 'warning', '林果面积应在 {least}—{most} 亩之间', 'living_range',
     '{"field": "orchard", "least": "0", "most": "200"}', 'living.orchard', 'all', '；来源未给编号', false),
    ('9_14_007', '{}', 'home', 'household', 'warning', '与村主干路距离应在 {least}—{most} 千米之间', 'living_range',
     '{"field": "road_distance", "least": "0", "most": "5"}', 'living.road_distance', 'all', '；来源未给编号', false),
    ('9_15_001', '{}', 'home', 'household', 'warning', '没有填写入户路类型', 'living_blank',
     '{"field": "road_kind"}', 'living.road_kind', 'all', '；来源未给编号', false),
    ('9_15_002', '{}', 'home', 'household', 'warning', '没有填写住房面积', 'living_blank',
     '{"field": "house_area"}', 'living.house_area', 'all', '；来源未给编号', false),
    ('9_15_003', '{}', 'home', 'household', 'warning', '没有填写危房等级', 'living_blank',
     '{"field": "house_grade"}', 'living.house_grade', 'all', '；来源未给编号', false),
    ('9_15_004', '{}', 'home', 'household', 'warning', '没有填写安全饮用水', 'living_blank',
     '{"field": "safe_water"}', 'living.safe_water', 'all', '；来源未给编号', false),
    ('9_15_005', '{}', 'home', 'household', 'warning', '没有填写卫生厕所', 'living_blank',
     '{"field": "sanitary_toilet"}', 'living.sanitary_toilet', 'all', '；来源未给编号', false),
    ('9_15_006', '{}', 'home', 'household', 'warning', '没有填写生活用电', 'living_blank',
     '{"field": "electricity"}', 'living.electricity', 'all', '；来源未给编号', false),
    ('2_11_002', '{}', 'elimination', 'household', 'error', '{since} 以后消除的，识别到消除不足 {months} 个月', 'eliminated_too_soon',
     '{"months": 6, "since": "2022-04-01"}', 'eliminated_on identified_on', 'all', '', false),
    ('5_18_009', '{}', 'elimination', 'household', 'error', '识别当月或次月即标注消除，且不是自然消除', 'eliminated_next_month',
     '{"natural": ["natural"]}', 'eliminated_on identified_on elimination_kind', 'all', '', false),
    ('1_11_004', '{}', 'elimination', 'household', 'error', '消除时的三保障和收支没有填写完整', 'eliminated_unassessed',
     '{"within_days": 31, "history_days": 183}', 'eliminated three_guarantees.stage income.stage', 'all', '；须有消除环节的三保障四项与收支一份（收支各项由明细计算）；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('1_11_005', '{}', 'elimination', 'household', 'error', '消除时仍有失学辍学问题', 'eliminated_lacking',
     '{"lack": "dropout", "within_days": 31, "history_days": 183}', 'three_guarantees.dropout eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('1_11_006', '{}', 'elimination', 'household', 'error', '消除时仍有住房安全问题', 'eliminated_lacking',
     '{"lack": "housing_unsafe", "within_days": 31, "history_days": 183}', 'three_guarantees.housing_unsafe eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('1_11_007', '{}', 'elimination', 'household', 'error', '消除时仍有饮水安全问题', 'eliminated_lacking',
     '{"lack": "water_unsafe", "within_days": 31, "history_days": 183}', 'three_guarantees.water_unsafe eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('1_11_008', '{}', 'elimination', 'member', 'error', '消除时每个成员应参加且只参加一种基本医保', 'eliminated_uninsured',
     '{"within_days": 31, "history_days": 183}', 'resident_medical employee_medical household.eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('1_11_009', '{}', 'elimination', 'household', 'error', '帮扶消除的没有任何帮扶措施', 'eliminated_unassisted',
     '{"assisted": ["assisted"], "within_days": 31, "history_days": 183}', 'measures elimination_kind', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('1_11_011', '{}', 'elimination', 'household', 'error', '消除的户没有联系电话', 'eliminated_unreachable',
     '{"within_days": 31, "history_days": 183}', 'phone eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('4_11_010', '{}', 'elimination', 'household', 'error', '消除时人均纯收入低于监测范围', 'eliminated_below_line',
     '{"within_days": 31, "history_days": 183}', 'income.per_capita eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('4_11_011', '{}', 'elimination', 'household', 'error', '整户无劳动能力的不得标注消除', 'eliminated_no_labour',
     '{"within_days": 31, "history_days": 183}', 'no_labour eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('4_11_012', '{}', 'elimination', 'household', 'error', '有就业或公益性岗位帮扶，工资性收入却为零', 'eliminated_without_income',
     '{"income": "wage", "items": ["employment", "public_post"], "posts": true, "relief": false, "within_days": 31, "history_days": 183}', 'income.wage measures members.public_posts eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('4_11_013', '{}', 'elimination', 'household', 'error', '有低保、特困或残疾人补贴，转移性收入却为零', 'eliminated_without_income',
     '{"income": "transfer", "items": ["allowance", "destitute", "disability_subsidy"], "posts": false, "relief": true, "within_days": 31, "history_days": 183}', 'income.transfer measures members.allowance members.destitute eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('5_11_013', '{}', 'elimination', 'household', 'error', '有产业帮扶，生产经营性收入却为零', 'eliminated_without_income',
     '{"income": "production", "items": ["industry"], "posts": false, "relief": false, "within_days": 31, "history_days": 183}', 'income.production measures eliminated', 'all', '；只在登记为已消除后 31 日内核查，导入时消除已超过 183 日的作为历史，天数为系统设定', true),
    ('1_02_008', '{}', 'elimination', 'household', 'alert', '风险消除后仍有住房安全问题', 'lacking_again',
     '{"lack": "housing_unsafe"}', 'three_guarantees.housing_unsafe eliminated', 'all', '', false),
    ('1_02_009', '{}', 'elimination', 'household', 'alert', '风险消除后仍有饮水安全问题', 'lacking_again',
     '{"lack": "water_unsafe"}', 'three_guarantees.water_unsafe eliminated', 'all', '', false),
    ('9_16_001', '{}', 'identity', 'household', 'error', '家庭住址中有身份证号，应填入专门的栏目', 'text_with_id_number',
     '{"field": "address"}', 'address', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_002', '{}', 'identity', 'household', 'error', '安置区地址中有身份证号，应填入专门的栏目', 'text_with_id_number',
     '{"field": "resettlement_address"}', 'resettlement_address', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_003', '{}', 'identity', 'household', 'error', '风险备注中有身份证号，应填入专门的栏目', 'text_with_id_number',
     '{"field": "risk_note"}', 'risk_note', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_004', '{}', 'identity', 'household', 'error', '变更原因中有身份证号，应填入专门的栏目', 'text_with_id_number',
     '{"field": "reason"}', 'reason', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_005', '{}', 'identity', 'member', 'error', '姓名中有身份证号，应填入专门的栏目', 'text_with_id_number',
     '{"field": "name"}', 'name', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_006', '{}', 'identity', 'member', 'error', '成员变更原因中有身份证号，应填入专门的栏目', 'text_with_id_number',
     '{"field": "reason"}', 'reason', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_007', '{}', 'identity', 'household', 'warning', '家庭住址中有手机号码，应填入专门的栏目', 'text_with_phone',
     '{"field": "address"}', 'address', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_008', '{}', 'identity', 'household', 'warning', '安置区地址中有手机号码，应填入专门的栏目', 'text_with_phone',
     '{"field": "resettlement_address"}', 'resettlement_address', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_009', '{}', 'identity', 'household', 'warning', '风险备注中有手机号码，应填入专门的栏目', 'text_with_phone',
     '{"field": "risk_note"}', 'risk_note', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_010', '{}', 'identity', 'household', 'warning', '变更原因中有手机号码，应填入专门的栏目', 'text_with_phone',
     '{"field": "reason"}', 'reason', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_011', '{}', 'identity', 'member', 'warning', '姓名中有手机号码，应填入专门的栏目', 'text_with_phone',
     '{"field": "name"}', 'name', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true),
    ('9_16_012', '{}', 'identity', 'member', 'warning', '成员变更原因中有手机号码，应填入专门的栏目', 'text_with_phone',
     '{"field": "reason"}', 'reason', 'all', '；本系统：号码只存于加密的栏目，规则 M-114', true)) AS v (code, also, topic, scope, severity, message, evaluator, params, fields, about, note, assumed);
