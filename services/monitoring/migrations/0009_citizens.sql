-- Citizens and their data (M-220 to M-236): seeing it in full with a reason, the own record on paper, requests to correct it, and keys that change under it.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('monitoring.unmask_per_hour', '000000000000', 0, '60', true, 'assumed: one household after another, not a village'),
  ('monitoring.correction_work_days', '000000000000', 0, '15', true, 'assumed: 个人信息保护法第四十五条、第四十六条只要求及时；参照一般行政答复期限'),
  ('monitoring.correction_amber_work_days', '000000000000', 0, '3', true, 'assumed');

-- ---- seeing in full (M-220 to M-222)
CREATE TABLE unmasking (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT unmasking_pkey PRIMARY KEY,
  account_id uuid NOT NULL,
  at timestamptz NOT NULL
);
COMMENT ON TABLE unmasking IS 'How often an account saw personal data in full of late: only for the limit of an hour. What was seen, and why: audit_log';
CREATE INDEX unmasking_account_id_idx ON unmasking (account_id, at);
CREATE INDEX unmasking_at_idx ON unmasking (at);
CALL zeren.classify('unmasking', 'private');
GRANT SELECT, INSERT ON unmasking TO monitoring_service;
GRANT SELECT, DELETE ON unmasking TO monitoring_worker;

-- Is the person a child whose data is a class of its own on that day?
CREATE FUNCTION is_minor(birth_on date, today date) RETURNS boolean LANGUAGE sql STABLE
  RETURN coalesce(birth_on > monitoring.minors_after(false, today), false);

-- Why the caller may not see in full: 'rate' or 'minor', or NULL.
CREATE FUNCTION unmasking_refused(caller uuid, of_minor boolean, may_see_minors boolean, moment timestamptz) RETURNS text LANGUAGE sql STABLE
  RETURN CASE WHEN of_minor AND NOT may_see_minors THEN 'minor'
              WHEN (SELECT count(*) FROM monitoring.unmasking u WHERE u.account_id = caller AND u.at > moment - interval '1 hour')
                   >= zeren.setting_value('monitoring.unmask_per_hour', '000000000000', 0)::integer THEN 'rate' END;
COMMENT ON FUNCTION unmasking_refused(uuid, boolean, boolean, timestamptz) IS 'Why this account does not see a person''s data in full now: rate, minor; NULL: it does';

-- ---- the record of a household on paper (M-224 to M-227)
CREATE TABLE told_field (
  record text COLLATE "C" NOT NULL,
  field text COLLATE "C" NOT NULL,
  label text NOT NULL,
  sort integer NOT NULL,
  dictionary text COLLATE "C",
  sealed boolean NOT NULL DEFAULT false,
  CONSTRAINT told_field_pkey PRIMARY KEY (record, field)
);
COMMENT ON TABLE told_field IS 'Fields of the archive in the words of the form: what a citizen is told, and what can be asked to be corrected (records household and member)';
COMMENT ON COLUMN told_field.dictionary IS 'Value list of its codes; sealed: its column monitoring.<record>.<field> is ciphertext';
CALL zeren.classify('told_field', 'reference');
GRANT SELECT ON told_field TO monitoring_service, monitoring_worker;
INSERT INTO told_field (record, field, label, sort, dictionary, sealed)
SELECT w.record, split_part(l.line, ' ', 1), split_part(l.line, ' ', 2), l.n, nullif(split_part(l.line, ' ', 3), '-'), split_part(l.line, ' ', 4) = 'sealed'
  FROM (VALUES ('household', '
  household_number 户编号 -
  address 住址 -
  household_type 户类型 household_type
  lifted_class 脱贫户分类 lifted_class
  object_type 监测对象类别 object_type
  risks 致贫返贫风险 risk
  disaster 自然灾害 disaster
  risk_note 风险说明 -
  risk_level 风险等级 risk_level
  identified_on 识别日期 -
  eliminated 风险是否消除 -
  eliminated_on 消除日期 -
  elimination_kind 消除方式 elimination_kind
  martyr_family 军烈属 -
  resettled 易地搬迁户 -
  resettlement_address 安置地址 -
  no_labour 无劳动能力户 -
  phone 联系电话 - sealed
  status 档案状态 household_status
  ended_on 注销日期 -
  ended_how 注销原因 household_end
  recorded_at 最近登记时间 -
  reason 最近变更理由 -'), ('member', '
  name 姓名 -
  sex 性别 sex
  certificate_kind 证件类型 certificate_kind
  id_number 证件号码 - sealed
  birth_on 出生日期 -
  relation 与户主关系 relation
  ethnicity 民族 ethnicity
  politics 政治面貌 political_status
  education 文化程度 schooling
  student_status 在校生状况 student_status
  not_in_school 失学辍学或未上学原因 not_in_school
  health 健康状况 health_state sealed
  disability_card 残疾证号 - sealed
  labour 劳动技能 labour
  work_place 务工地 -
  working_away 是否务工 -
  work_months 务工月数 -
  work_income 务工月收入 -
  work_started_on 务工开始日期 -
  work_ended_on 务工结束日期 -
  plans_away 有无务工计划 -
  work_need 务工需求 work_need
  public_posts 公益性岗位 public_post
  public_post_months 公益性岗位月数 -
  resident_medical 城乡居民基本医疗保险 -
  employee_medical 职工基本医疗保险 -
  serious_illness_insurance 大病保险 -
  commercial_insurance 商业补充医疗保险 -
  resident_pension 城乡居民基本养老保险 -
  employee_pension 职工基本养老保险 -
  medical_aid 医疗救助 -
  allowance 低保 allowance
  destitute 特困供养 destitute
  resettled 易地搬迁人口 -
  unemployed_graduate 毕业生未就业 unemployed_graduate
  phone 联系电话 - sealed
  joined_on 增加日期 -
  joined_how 增加方式 joined_how
  left_on 减少日期 -
  left_how 减少方式 left_how
  recorded_at 最近登记时间 -
  reason 最近变更理由 -'), ('three_guarantees', '
  housing_unsafe 住房安全有问题 -
  dropout 义务教育阶段失学辍学 -
  water_unsafe 饮水安全有问题 -
  uninsured 未参加基本医疗保险 -'), ('income', '
  period_start 收入起算日 -
  period_end 收入截止日 -
  wage 工资性收入 -
  production 生产经营性收入 -
  property 财产性收入 -
  transfer 转移性收入 -
  expense 生产经营性支出 -
  claims 理赔收入 -
  compliant_expense 合规自付支出 -
  headcount 计算人数 -
  net 家庭纯收入 -
  per_capita 人均纯收入 -
  reference 参考范围收入 -
  reference_per_capita 参考范围人均收入 -'), ('living_conditions', '
  farmland 耕地面积（亩） -
  grassland 牧草地面积（亩） -
  water_area 水面面积（亩） -
  woodland 林地面积（亩） -
  returned_forest 退耕还林面积（亩） -
  orchard 林果面积（亩） -
  road_kind 入户路类型 road_kind
  road_distance 与村主干路距离（公里） -
  cooperative 加入农民专业合作组织 -
  house_grade 房屋鉴定等级 house_grade
  house_area 住房面积（平方米） -
  fuel 主要燃料 fuel
  enterprise_led 龙头企业带动 -
  leader_led 致富带头人带动 -
  electricity 通生活用电 -
  broadcast 通广播电视 -
  support_kind 到户产业帮扶类型 support_kind
  sanitary_toilet 有卫生厕所 -
  safe_water 饮水安全 -')) AS w (record, lines),
       regexp_split_to_table(btrim(w.lines, E' \n'), E'\\s*\n\\s*') WITH ORDINALITY AS l (line, n);

-- A value as a citizen reads it: days, yes and no, the words of its codes; NULL where nothing is recorded.
CREATE FUNCTION told_value(v jsonb, of_dictionary text) RETURNS text LANGUAGE sql STABLE
  RETURN CASE WHEN v IS NULL OR jsonb_typeof(v) = 'null' OR v IN ('[]', '""') THEN NULL
              WHEN jsonb_typeof(v) = 'boolean' THEN CASE WHEN v = 'true' THEN '是' ELSE '否' END
              WHEN jsonb_typeof(v) = 'array'
                THEN (SELECT string_agg(coalesce((SELECT e.label FROM zeren.dictionary_entry e WHERE e.dictionary = of_dictionary AND e.code = a.code), a.code), '、' ORDER BY a.n)
                        FROM jsonb_array_elements_text(v) WITH ORDINALITY AS a (code, n))
              WHEN of_dictionary IS NOT NULL
                THEN coalesce((SELECT e.label FROM zeren.dictionary_entry e WHERE e.dictionary = of_dictionary AND e.code = v #>> '{}'), v #>> '{}')
              WHEN v #>> '{}' ~ '^\d{4}-\d\d-\d\dT' THEN to_char((v #>> '{}')::timestamptz AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')
              ELSE v #>> '{}' END;

-- M-225: everything that is recorded of a household and its people, line by line: whose, what, the value; of a sealed one its column, record and ciphertext.
CREATE FUNCTION told_lines(of_household uuid)
RETURNS TABLE (whose text, label text, value text, sealed_column text, sealed_record uuid, part integer, nth bigint, sort integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH doc AS (
    SELECT 1 AS part, 1::bigint AS nth, 'household' AS record, h.id, '户' AS whose, to_jsonb(h.*) AS body FROM monitoring.household h WHERE h.id = of_household
     UNION ALL
    SELECT 2, row_number() OVER (ORDER BY m.left_on NULLS FIRST, m.id <> h.head_member_id, m.joined_on, m.id), 'member', m.id,
           m.name || CASE WHEN m.left_on IS NULL THEN '' ELSE '（已减少）' END, to_jsonb(m.*)
      FROM monitoring.member m JOIN monitoring.household h ON h.id = m.household_id WHERE m.household_id = of_household
     UNION ALL
    SELECT 3, row_number() OVER (ORDER BY t.year, t.stage), 'three_guarantees', t.id,
           t.year || '年三保障和饮水（' || monitoring.told_value(to_jsonb(t.stage), 'assessment_stage') || '）', to_jsonb(t.*)
      FROM monitoring.three_guarantees t WHERE t.household_id = of_household
     UNION ALL
    SELECT 4, row_number() OVER (ORDER BY i.year, i.stage), 'income', i.id,
           i.year || '年收入（' || monitoring.told_value(to_jsonb(i.stage), 'assessment_stage') || '）', to_jsonb(i.*)
      FROM monitoring.income i WHERE i.household_id = of_household
     UNION ALL
    SELECT 5, row_number() OVER (ORDER BY l.year, l.stage), 'living_conditions', l.id,
           l.year || '年生产生活条件（' || monitoring.told_value(to_jsonb(l.stage), 'assessment_stage') || '）', to_jsonb(l.*)
      FROM monitoring.living_conditions l WHERE l.household_id = of_household
  )
  SELECT x.whose, x.label, x.value, x.sealed_column, x.sealed_record, x.part, x.nth, x.sort
    FROM (SELECT d.whose, f.label, CASE WHEN f.sealed THEN d.body ->> f.field ELSE monitoring.told_value(d.body -> f.field, f.dictionary) END AS value,
                 CASE WHEN f.sealed THEN 'monitoring.' || f.record || '.' || f.field END AS sealed_column, CASE WHEN f.sealed THEN d.id END AS sealed_record,
                 d.part, d.nth, f.sort
            FROM doc d JOIN monitoring.told_field f ON f.record = d.record
           UNION ALL
          SELECT d.whose, e.key, e.value, NULL, NULL, d.part, d.nth, 900 FROM doc d, LATERAL jsonb_each_text(d.body -> 'extension') AS e WHERE d.record = 'household'
           UNION ALL
          SELECT d.whose, '　其中：' || coalesce(i.label, e.key), e.value, NULL, NULL, d.part, d.nth, 900 + coalesce(i.sort, 0)
            FROM doc d CROSS JOIN LATERAL jsonb_each_text(d.body -> 'amounts') AS e LEFT JOIN monitoring.income_line i ON i.code = e.key WHERE d.record = 'income'
           UNION ALL
          SELECT '变更记录', coalesce(d.whose, '已变更的记录') || '：第' || v.version || '版', to_char(v.recorded_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')
                 || '，' || monitoring.told_value(to_jsonb(v.source), 'archive_source') || coalesce('，' || v.reason, ''), NULL, NULL, 6,
                 row_number() OVER (ORDER BY v.recorded_at, v.record, v.record_id, v.version), 0
            FROM monitoring.archive_version v LEFT JOIN doc d ON d.id = v.record_id WHERE v.household_id = of_household) AS x
   WHERE x.value IS NOT NULL;
END;
COMMENT ON FUNCTION told_lines(uuid) IS 'A household''s whole record for the citizen (M-225), in the order part, nth, sort';

CREATE TABLE paper_form (
  code text COLLATE "C" CONSTRAINT paper_form_pkey PRIMARY KEY,
  label text NOT NULL,
  number_word text NOT NULL,
  form text NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  source text NOT NULL
);
COMMENT ON TABLE paper_form IS 'Forms of this service''s papers (common/papers/template.h); the wording is ours, not of any regulation';
CALL zeren.classify('paper_form', 'reference');
GRANT SELECT ON paper_form TO monitoring_service;
INSERT INTO paper_form (code, label, number_word, form, source) VALUES
  ('household_record', '农户信息告知书', '信息告知',
'title 农户信息告知书
number {number}
addressee {addressee}：
paragraph 根据《中华人民共和国个人信息保护法》第四十五条，应您于{date}提出的查阅、复制申请，现将防止返贫监测档案中登记的您家庭的全部信息告知如下。申请事由：{reason}。
paragraph 如信息不准确或者不完整，可以依照该法第四十六条向我单位提出更正、补充申请，我单位将在{days}个工作日内核实答复。
table 28 类别 | 30 项目 | 42 内容
signature {issuer} | {date}
note 本告知书仅供申请人查阅，请妥善保管。文书样式与措辞为系统示例，不是法定文本。
', 'ours');

CREATE TABLE record_print_number (
  issuer_organisation_id uuid NOT NULL,
  year smallint NOT NULL,
  last integer NOT NULL,
  CONSTRAINT record_print_number_pkey PRIMARY KEY (issuer_organisation_id, year)
) WITH (fillfactor = 50);
COMMENT ON TABLE record_print_number IS 'The last number given, by issuer and year: taken in the transaction of its paper, so that none is missing and none given twice';
CALL zeren.classify('record_print_number', 'private');
GRANT SELECT, INSERT, UPDATE ON record_print_number TO monitoring_service;

CREATE TABLE record_print (
  id uuid CONSTRAINT record_print_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  household_id uuid NOT NULL CONSTRAINT record_print_household_id_fkey REFERENCES household,
  asked_by_member_id uuid NOT NULL CONSTRAINT record_print_asked_by_fkey REFERENCES member,
  reason text NOT NULL,
  issuer_organisation_id uuid NOT NULL,
  year smallint NOT NULL,
  position integer NOT NULL,
  number text NOT NULL,
  household_version integer NOT NULL,
  printed_on date NOT NULL,
  printed_by_account uuid NOT NULL,
  printed_by_post uuid,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT record_print_position_key UNIQUE (issuer_organisation_id, year, position)
);
COMMENT ON TABLE record_print IS 'Who handed a household''s record out to whom of it, when, why and under which number. The paper itself is kept nowhere';
CREATE INDEX record_print_owner_division_idx ON record_print (owner_division, created_at, id);
CREATE INDEX record_print_created_at_idx ON record_print (created_at, id);
CREATE INDEX record_print_household_id_idx ON record_print (household_id, created_at, id);
CREATE INDEX record_print_asked_by_idx ON record_print (asked_by_member_id);
CALL zeren.classify('record_print', 'scoped');
GRANT SELECT, INSERT, UPDATE ON record_print TO monitoring_service;
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('record_print', 'scoped', 'person.unmask', '农户信息告知'), ('correction', 'scoped', 'household.read', '档案更正申请');

-- The row is locked until the paper's transaction ends: who comes second waits and gets the next.
CREATE FUNCTION take_print_number(issuer uuid, in_year integer) RETURNS integer LANGUAGE sql VOLATILE
BEGIN ATOMIC
  INSERT INTO monitoring.record_print_number AS n (issuer_organisation_id, year, last) VALUES (issuer, in_year, 1)
  ON CONFLICT (issuer_organisation_id, year) DO UPDATE SET last = n.last + 1 RETURNING n.last;
END;

-- ---- requests to correct (M-228 to M-232)
CREATE TABLE correction (
  id uuid CONSTRAINT correction_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  household_id uuid NOT NULL CONSTRAINT correction_household_id_fkey REFERENCES household,
  member_id uuid CONSTRAINT correction_member_id_fkey REFERENCES member,
  field text COLLATE "C",
  asked_on date NOT NULL,
  what text NOT NULL,
  wanted bytea,
  due_on date NOT NULL,
  organisation_id uuid,
  status text COLLATE "C" NOT NULL DEFAULT 'received',
  corrected_record text COLLATE "C",
  corrected_version integer,
  answer text,
  decided_by uuid,
  decided_at timestamptz,
  received_by uuid,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT correction_status_check CHECK (status IN ('received', 'corrected', 'declined')),
  CONSTRAINT correction_what_check CHECK (what !~ '[0-9]{11}'),
  CONSTRAINT correction_corrected_check CHECK ((status = 'corrected') = (corrected_version IS NOT NULL) AND num_nonnulls(corrected_record, corrected_version) <> 1),
  CONSTRAINT correction_declined_check CHECK (status <> 'declined' OR answer IS NOT NULL)
);
COMMENT ON TABLE correction IS 'A citizen''s request to correct what the archive says (个人信息保护法第四十六条); owner_division goes with its household';
COMMENT ON COLUMN correction.wanted IS 'Ciphertext (monitoring.correction.wanted): what should stand there';
COMMENT ON COLUMN correction.organisation_id IS 'The unit that received it and answers it; NULL: another division has it since a move';
CREATE INDEX correction_owner_division_idx ON correction (owner_division, created_at, id);
CREATE INDEX correction_created_at_idx ON correction (created_at, id);
CREATE INDEX correction_household_id_idx ON correction (household_id);
CREATE INDEX correction_member_id_idx ON correction (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX correction_received_idx ON correction (owner_division, due_on, id) WHERE status = 'received';
CALL zeren.classify('correction', 'scoped');
GRANT SELECT, INSERT, UPDATE ON correction TO monitoring_service;
GRANT SELECT, UPDATE ON correction TO monitoring_worker;

-- M-170: what a citizen asked for, or got on paper, stands on what a batch made: that is not taken back.
GRANT SELECT (household_id, asked_by_member_id, owner_division) ON record_print TO monitoring_worker;
CREATE FUNCTION is_asked_about(household uuid, member uuid) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM monitoring.correction c WHERE c.household_id = household) OR EXISTS (SELECT FROM monitoring.correction c WHERE c.member_id = member)
      OR EXISTS (SELECT FROM monitoring.record_print p WHERE p.household_id = household) OR EXISTS (SELECT FROM monitoring.record_print p WHERE p.asked_by_member_id = member);
END;
COMMENT ON FUNCTION is_asked_about(uuid, uuid) IS 'Has anybody asked to see or to correct the record of that household, or of that member? Either may be NULL';
INSERT INTO moved_table (name, matched_by, sort, kind, versioned, archived, only_where, also_set) VALUES
  ('correction', 'household_id', 20, 'correction', true, false, NULL, 'organisation_id = NULL'),
  ('record_print', 'household_id', 21, 'record_print', true, false, NULL, NULL);

-- Of which class is what a request is about? 'minor', 'health', 'number' (ID number, telephone), or NULL: of none.
CREATE FUNCTION correction_class(c correction, today date) RETURNS text LANGUAGE sql STABLE
  RETURN CASE WHEN monitoring.is_minor((SELECT m.birth_on FROM monitoring.member m WHERE m.id = c.member_id), today) THEN 'minor'
              WHEN c.field IN ('health', 'disability_card') THEN 'health'
              WHEN c.field IN ('id_number', 'phone') THEN 'number' END;

-- M-229: what is asked for is as much personal data as what is recorded.
CREATE FUNCTION correction_as_shown(c correction, may_see_minors boolean, may_see_health boolean, may_unmask boolean, today date)
RETURNS TABLE (id uuid, owner_division zeren.division_code, at_division zeren.division_code, household_id uuid, member_id uuid, field text, asked_on date, what text,
  wanted bytea, withheld boolean, due_on date, organisation_id uuid, status text, corrected_record text, corrected_version integer, answer text, decided_by uuid,
  decided_at timestamptz, received_by uuid, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c.id, c.owner_division, c.at_division, c.household_id, c.member_id, c.field, c.asked_on, CASE WHEN w.hides THEN NULL ELSE c.what END,
         CASE WHEN w.hides OR (w.class = 'number' AND NOT may_unmask) THEN NULL ELSE c.wanted END, w.hides, c.due_on, c.organisation_id, c.status, c.corrected_record,
         c.corrected_version, CASE WHEN w.hides THEN NULL ELSE c.answer END, c.decided_by, c.decided_at, c.received_by, c.created_at, c.version
    FROM (SELECT k.class, CASE k.class WHEN 'minor' THEN NOT may_see_minors OR (c.field IN ('health', 'disability_card') AND NOT may_see_health)
                                       WHEN 'health' THEN NOT may_see_health ELSE false END IS TRUE AS hides
            FROM (SELECT monitoring.correction_class(c, today) AS class) AS k) AS w;
END;
COMMENT ON FUNCTION correction_as_shown(correction, boolean, boolean, boolean, date) IS 'A request to correct as the API shows it; withheld: of a child or of health, which this caller does not see';

-- M-230: the named version was made since, by someone who corrected what was asked for; true, or refused.
CREATE FUNCTION is_correcting(c correction, of_record text, of_version integer) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE recorded timestamptz; of_id uuid := CASE of_record WHEN 'household' THEN c.household_id ELSE c.member_id END;
BEGIN
  SELECT x.recorded_at INTO recorded
    FROM (SELECT h.recorded_at FROM monitoring.household h WHERE of_record = 'household' AND h.id = of_id AND h.version = of_version
           UNION ALL SELECT m.recorded_at FROM monitoring.member m WHERE of_record = 'member' AND m.id = of_id AND m.version = of_version
           UNION ALL SELECT v.recorded_at FROM monitoring.archive_version v WHERE v.record = of_record AND v.record_id = of_id AND v.version = of_version) AS x;
  RETURN CASE WHEN of_id IS NULL THEN zeren.refuse('ZR005', 'corrected_record', 'the request is about no member')
              WHEN recorded IS NULL THEN zeren.refuse('ZR005', 'corrected_version', 'the record has no such version')
              WHEN recorded < c.created_at THEN zeren.refuse('ZR005', 'corrected_version', 'that version is older than the request') ELSE true END;
END $$;

-- ---- keys that change (M-234 to M-236): versions of a record that are kept hold its sealed values as they were, and are rewritten like the record itself
CREATE FUNCTION body_value(body jsonb, field text) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN body ->> field LIKE '\\x%' THEN decode(substr(body ->> field, 3), 'hex') END;
GRANT UPDATE ON archive_version TO monitoring_worker;

-- ---- words
CALL zeren.tell_codes('correction_status', '更正申请状态', '本系统：规则 M-228', '
  received 已受理
  corrected 已更正
  declined 不予更正');
CALL zeren.tell_codes('corrected_record', '更正的记录', '本系统：规则 M-230', '
  household 农户
  member 家庭成员');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  unmask_household 查看农户完整个人信息
  unmask_member 查看家庭成员完整个人信息
  print_household_record 打印农户信息告知书
  receive_correction 受理更正申请
  resolve_correction 更正办结
  decline_correction 不予更正');

-- ---- what other services read, of all rooms: the work list, and why a record is the caller's to see
-- Requests that a moved household brought have no unit of this division yet: its town's offices answer them.
CREATE OR REPLACE VIEW monitoring_pub.worklist WITH (security_invoker = true) AS
  SELECT c.id, 'correction' AS kind, c.owner_division::text COLLATE "default", c.organisation_id, NULL::uuid AS post_id,
         CASE WHEN c.organisation_id IS NULL THEN rpad(left(c.owner_division::text COLLATE "default", 9), 12, '0') END AS office_division, 'household.write' AS permission,
         '答复档案更正申请' AS todo, '农户档案更正申请' AS title, 'M-232' AS rule, c.asked_on AS since, c.due_on, NULL::date AS paused_on, NULL::text AS pause_unit,
         zeren.setting_value('monitoring.correction_amber_work_days', c.owner_division, extract(year FROM c.due_on)::integer)::integer AS amber, 0 AS grace
    FROM monitoring.correction c WHERE c.status = 'received'
   UNION ALL
  SELECT c.id, 'person_claim', c.owner_division::text COLLATE "default", NULL, NULL, c.owner_division::text COLLATE "default", 'person.locate', '核实重复登记的人员', '人员重复登记', 'M-136',
         (c.created_at AT TIME ZONE 'Asia/Shanghai')::date, NULL, NULL, NULL, NULL, NULL
    FROM monitoring.person_claim c WHERE c.status = 'open'
   UNION ALL
  SELECT t.id, 'transfer', t.owner_division::text COLLATE "default", NULL, NULL, t.owner_division::text COLLATE "default", 'household.transfer', '答复迁移申请', '农户和人员迁移', 'M-142',
         (t.created_at AT TIME ZONE 'Asia/Shanghai')::date, t.answer_by, NULL, NULL, NULL, NULL
    FROM monitoring.transfer t WHERE t.status = 'requested' AND t.side <> t.asked_by
   UNION ALL
  SELECT f.id, 'finding', f.owner_division::text COLLATE "default", NULL, NULL, rpad(left(f.owner_division::text COLLATE "default", 9), 12, '0'), 'household.write',
         CASE f.severity WHEN 'error' THEN '更正档案错误' ELSE '核实档案预警' END, f.detail, 'M-106', f.found_on, NULL, NULL, NULL, NULL, NULL
    FROM monitoring.finding f JOIN monitoring.monitoring_rule r ON r.code = f.rule AND r.about = 'all'
   WHERE f.status = 'open' AND f.severity IN ('error', 'alert');
CREATE OR REPLACE VIEW monitoring_pub.record WITH (security_invoker = true) AS
  SELECT id, 'monitoring_line' AS kind, owner_division::text, owner_division::text AS at_division, '{}'::text[] AS lines FROM monitoring.monitoring_line
   UNION ALL SELECT id, 'household', owner_division, at_division, '{}' FROM monitoring.household
   UNION ALL SELECT id, 'member', owner_division, at_division, '{}' FROM monitoring.member
   UNION ALL SELECT id, 'three_guarantees', owner_division, at_division, '{}' FROM monitoring.three_guarantees
   UNION ALL SELECT id, 'income', owner_division, at_division, '{}' FROM monitoring.income
   UNION ALL SELECT id, 'living_conditions', owner_division, at_division, '{}' FROM monitoring.living_conditions
   UNION ALL SELECT id, 'finding', owner_division, owner_division, '{}' FROM monitoring.finding
   UNION ALL SELECT id, 'rule_setting', owner_division, owner_division, '{}' FROM monitoring.rule_setting
   UNION ALL SELECT id, 'person_claim', owner_division, owner_division, '{}' FROM monitoring.person_claim
   UNION ALL SELECT id, 'transfer', owner_division, owner_division, '{}' FROM monitoring.transfer
   UNION ALL SELECT id, 'correction', owner_division, at_division, '{}' FROM monitoring.correction
   UNION ALL SELECT id, 'record_print', owner_division, owner_division, '{}' FROM monitoring.record_print;
CREATE OR REPLACE VIEW monitoring_pub.record_kind WITH (security_invoker = true) AS
  SELECT k.kind, k.label, k.class, k.read_permission, k.verbs::jsonb AS verbs
    FROM (VALUES
      ('monitoring_line', '监测范围', 'upward', 'household.read', '{"update": "rule.write"}'),
      ('household', '农户', 'scoped', 'household.read', '{"update": "household.write", "set_head": "household.write", "split": "household.write", "merge": "household.write",
        "end": "household.write", "unmask": "person.unmask", "print_record": "person.unmask"}'),
      ('member', '家庭成员', 'scoped', 'household.read', '{"update": "household.write", "leave": "household.write", "unmask": "person.unmask"}'),
      ('three_guarantees', '三保障和饮水', 'scoped', 'household.read', '{"update": "household.write"}'),
      ('income', '家庭收支', 'scoped', 'household.read', '{"update": "household.write"}'),
      ('living_conditions', '生产生活条件', 'scoped', 'household.read', '{"update": "household.write"}'),
      ('finding', '规则发现的问题', 'scoped', 'household.read', '{"accept": "finding.accept", "reopen": "finding.accept"}'),
      ('rule_setting', '规则设置', 'upward', 'household.read', '{"update": "rule.write"}'),
      ('person_claim', '人员重复登记', 'scoped', 'person.locate', '{"withdraw": "person.locate", "reject": "person.locate"}'),
      ('transfer', '迁移申请', 'scoped', 'household.transfer', '{"accept": "household.transfer", "refuse": "household.transfer", "withdraw": "household.transfer"}'),
      ('correction', '档案更正申请', 'scoped', 'household.read', '{"resolve": "household.write", "decline": "household.write"}'),
      ('record_print', '农户信息告知', 'scoped', 'person.unmask', '{}')) AS k (kind, label, class, read_permission, verbs);
GRANT SELECT (id, owner_division, at_division) ON household, member, three_guarantees, income, living_conditions TO identity_service;
GRANT SELECT (id, owner_division, at_division, organisation_id, asked_on, due_on, status) ON correction TO identity_service;
GRANT SELECT (id, owner_division) ON record_print, rule_setting TO identity_service;
GRANT SELECT (id, owner_division, rule, severity, status, detail, found_on) ON finding TO identity_service;
GRANT SELECT (code, about) ON monitoring_rule TO identity_service;
GRANT SELECT (id, owner_division, status, created_at) ON person_claim TO identity_service;
GRANT SELECT (id, owner_division, status, created_at, answer_by, side, asked_by) ON transfer TO identity_service;
