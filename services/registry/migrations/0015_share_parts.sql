-- What several rooms of the registry share: topics that duties, tasks and reports are sorted by, and one log of the steps that records take.
CREATE TABLE topic (
  code text COLLATE "C" CONSTRAINT topic_pkey PRIMARY KEY,
  label text NOT NULL,
  position smallint NOT NULL,
  source text NOT NULL,
  CONSTRAINT topic_code_check CHECK (code ~ '^[a-z][a-z_]{1,39}$')
);
COMMENT ON TABLE topic IS 'What work is about, whoever does it: the five revitalizations and what stands beside them';
INSERT INTO topic (code, label, position, source) VALUES
  ('industry', '产业振兴', 1, '五大振兴'),
  ('talent', '人才振兴', 2, '五大振兴'),
  ('culture', '文化振兴', 3, '五大振兴'),
  ('ecology', '生态振兴', 4, '五大振兴'),
  ('organisation', '组织振兴', 5, '五大振兴'),
  ('infrastructure', '基础设施', 6, '大理州责任制：重点工作'),
  ('public_service', '公共服务', 7, '大理州责任制：重点工作'),
  ('food_security', '粮食安全', 8, '湖北省实施细则'),
  ('poverty_prevention', '防止返贫', 9, '湖北省实施细则'),
  ('strong_county', '强县工程', 10, '湖北省实施细则'),
  ('village_building', '和美乡村', 11, '湖北省实施细则'),
  ('urban_rural', '县域城乡融合', 12, '湖北省实施细则'),
  ('rural_reform', '农村改革', 13, '湖北省实施细则'),
  ('resources', '要素配置', 14, '湖北省实施细则'),
  ('common_prosperity', '共同富裕', 15, '湖北省实施细则'),
  ('party_leadership', '党的领导', 16, '湖北省实施细则'),
  ('general', '综合', 17, '本系统');
CALL zeren.classify('topic', 'reference');
GRANT SELECT ON topic TO registry_service, registry_worker;
CALL zeren.tell_codes('topic', '工作领域', '五大振兴；湖北省实施细则；大理州责任制', '
  industry 产业振兴|产业
  talent 人才振兴|人才
  culture 文化振兴|文化
  ecology 生态振兴|生态
  organisation 组织振兴|组织
  infrastructure 基础设施
  public_service 公共服务
  food_security 粮食安全
  poverty_prevention 防止返贫
  strong_county 强县工程
  village_building 和美乡村
  urban_rural 县域城乡融合
  rural_reform 农村改革
  resources 要素配置
  common_prosperity 共同富裕
  party_leadership 党的领导
  general 综合');

CREATE TABLE record_step (
  record text COLLATE "C" NOT NULL,
  record_id uuid NOT NULL,
  position integer NOT NULL,
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  verb text COLLATE "C" NOT NULL,
  at timestamptz NOT NULL,
  post_id uuid NOT NULL,
  note text,
  due_on date,
  CONSTRAINT record_step_pkey PRIMARY KEY (record, record_id, position)
);
COMMENT ON TABLE record_step IS 'What was done with a record, in order: the version of the record that each step made is its position';
COMMENT ON COLUMN record_step.post_id IS 'By which post (identity.post)';
COMMENT ON COLUMN record_step.due_on IS 'The deadline from then on, where the step sets one';
CREATE INDEX record_step_owner_division_idx ON record_step (owner_division, record, at);
CALL zeren.classify('record_step', 'scoped');
GRANT SELECT, INSERT ON record_step TO registry_service, registry_worker;

-- The steps of a record, in order; `more`: steps of this statement, {position, verb, at, post_id, note, due_on}, which its snapshot does not see.
CREATE FUNCTION steps_shown(of_record text, of_id uuid, more jsonb) RETURNS json LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(json_agg(s.step ORDER BY s.position), '[]')
    FROM (SELECT t.position, json_build_object('verb', t.verb, 'at', t.at, 'post_id', t.post_id, 'note', t.note, 'due_on', t.due_on)
            FROM registry.record_step t WHERE t.record = of_record AND t.record_id = of_id
          UNION ALL
          SELECT (m.step ->> 'position')::integer, (m.step - 'position')::json FROM jsonb_array_elements(more) AS m (step)) AS s (position, step);
END;
