-- Monitoring against a return to poverty: the tables of the engine, and the year's monitoring lines.
CALL zeren.equip('monitoring');
CALL zeren.equip_files('monitoring');
CALL zeren.equip_jobs('monitoring');
CALL zeren.equip_sync('monitoring');
CALL zeren.equip_batches('monitoring');
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('file', 'scoped', 'file.read', '文件'), ('job', 'scoped', 'job.read', '作业'), ('schedule', 'scoped', 'job.read', '定时作业'),
  ('sync_conflict', 'scoped', 'signed_in', '同步冲突'), ('monitoring_line', 'upward', 'household.read', '监测范围');

-- What a division of another service's must be.
CREATE FUNCTION known_division(wanted text, on_day date) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF wanted <> '000000000000'
     AND NOT EXISTS (SELECT FROM registry_pub.division_name d WHERE d.code = wanted AND d.valid_from <= on_day AND d.valid_to > on_day) THEN
    PERFORM zeren.refuse('ZR005', 'owner_division', 'there is no such division');
  END IF;
  RETURN wanted;
END $$;
COMMENT ON FUNCTION known_division(text, date) IS 'The division, or a refusal where it is not there on that day';

-- B-006: one person with two accounts is one person, too.
CREATE FUNCTION is_same_person(account uuid, post uuid, other_account uuid, other_post uuid, on_day date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN account = other_account
      OR EXISTS (SELECT FROM identity_pub.post_holder a JOIN identity_pub.post_holder b ON b.person_id = a.person_id
                  WHERE a.post_id = post AND b.post_id = other_post AND a.starts_on <= on_day AND a.ends_on > on_day AND b.starts_on <= on_day AND b.ends_on > on_day);
END $$;
COMMENT ON FUNCTION is_same_person(uuid, uuid, uuid, uuid, date) IS 'Does one person act in both posts today, or with one account? B-006';

-- ---- monitoring lines (M-001 to M-005)
CREATE TABLE monitoring_line (
  id uuid CONSTRAINT monitoring_line_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  year smallint NOT NULL,
  amount numeric(10,2) NOT NULL,
  document_number text,
  source text,
  effective_from date NOT NULL,
  assumed boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT monitoring_line_key UNIQUE (owner_division, year, effective_from),
  CONSTRAINT monitoring_line_year_check CHECK (year BETWEEN 2000 AND 2199),
  CONSTRAINT monitoring_line_amount_check CHECK (amount > 0),
  CONSTRAINT monitoring_line_effective_check CHECK (extract(year FROM effective_from) = year)
);
COMMENT ON TABLE monitoring_line IS 'Yuan a person and year at or below which a household is looked at; the nearest row at or above a division holds there';
CREATE INDEX monitoring_line_year_idx ON monitoring_line (owner_division, year, id);
CALL zeren.classify('monitoring_line', 'upward');
GRANT SELECT, INSERT, UPDATE ON monitoring_line TO monitoring_service;
GRANT SELECT ON monitoring_line TO monitoring_worker;

CREATE FUNCTION line_as_shown(l monitoring_line)
RETURNS TABLE (id uuid, owner_division text, year smallint, amount text, document_number text, source text, effective_from date, assumed boolean,
  created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT l.id, l.owner_division::text, l.year, trim_scale(l.amount)::text, l.document_number, l.source, l.effective_from, l.assumed, l.created_at, l.version;
END;
COMMENT ON FUNCTION line_as_shown(monitoring_line) IS 'A monitoring line as its contract has it';

-- M-003: of the day's year, begun by then, of the nearest division at or above; no row when nobody there has entered one.
CREATE FUNCTION line_on(division text, day date) RETURNS SETOF monitoring_line LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT l.* FROM monitoring.monitoring_line l
   WHERE l.owner_division = ANY (zeren.self_and_above(division)) AND l.year = extract(year FROM day)::smallint AND l.effective_from <= day
   ORDER BY length(rtrim(l.owner_division, '0')) DESC, l.effective_from DESC LIMIT 1;
END;
COMMENT ON FUNCTION line_on(text, date) IS 'The monitoring line that holds in a division on a day; no row where none is entered. M-003';

-- M-005: what is published, by year; without a number where the source names none, assumed where it is a township''s sample or a copy at second hand.
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO monitoring_line (id, owner_division, year, amount, document_number, source, effective_from, assumed, created_at)
SELECT format('01940000-0010-7000-8000-%s', lpad(row_number() OVER ()::text, 12, '0'))::uuid, v.division, v.year, v.amount, v.number, v.source, make_date(v.year, 1, 1), v.assumed, now()
  FROM (VALUES
    ('000000000000', 2020, 5000, NULL, '国家扶贫标准的1.5倍；乡镇样表', true),
    ('000000000000', 2021, 6000, NULL, '国家扶贫标准的1.5倍', false),
    ('210000000000', 2022, 7260, NULL, '辽宁省：比上年提高10%', false),
    ('340323000000', 2022, 7000, NULL, '安徽省固镇县公布（采用全省标准）', false),
    ('350000000000', 2023, 10560, '闽振兴函〔2023〕8号', '福建省', false),
    ('620000000000', 2023, 7200, NULL, '甘肃省新闻发布', false),
    ('620000000000', 2024, 7800, NULL, '甘肃省新闻发布', false),
    ('520000000000', 2023, 7300, NULL, '贵州省数据核查规则', true),
    ('530000000000', 2025, 8700, '云农办通〔2025〕1号', '云南省', false)) AS v (division, year, amount, number, source, assumed);

-- ---- what other services read (charter D16): the work list, notices, and why a record is the caller's to see
GRANT USAGE ON SCHEMA monitoring_pub TO identity_owner, identity_service;
GRANT USAGE ON SCHEMA monitoring TO identity_service;
CREATE VIEW monitoring_pub.worklist WITH (security_invoker = true) AS
  SELECT NULL::uuid AS id, NULL::text AS kind, NULL::text AS owner_division, NULL::uuid AS organisation_id, NULL::uuid AS post_id, NULL::text AS office_division,
         NULL::text AS permission, NULL::text AS todo, NULL::text AS title, NULL::text AS rule, NULL::date AS since, NULL::date AS due_on, NULL::date AS paused_on,
         NULL::text AS pause_unit, NULL::integer AS amber, NULL::integer AS grace
   WHERE false;
COMMENT ON VIEW monitoring_pub.worklist IS 'What waits for a unit, a post or the offices of a division, since when, until when, by which rule and with which permission';
CREATE VIEW monitoring_pub.notice WITH (security_invoker = true) AS
  SELECT NULL::uuid AS id, NULL::text AS owner_division, NULL::uuid AS organisation_id, NULL::uuid AS post_id, NULL::text AS kind, NULL::uuid AS record_id,
         NULL::text AS verb, NULL::date AS on_day, NULL::timestamptz AS at, NULL::text AS text
   WHERE false;
COMMENT ON VIEW monitoring_pub.notice IS 'What has changed for a unit or a post';
CREATE VIEW monitoring_pub.record WITH (security_invoker = true) AS
  SELECT id, 'monitoring_line' AS kind, owner_division::text, owner_division::text AS at_division, '{}'::text[] AS lines FROM monitoring.monitoring_line;
COMMENT ON VIEW monitoring_pub.record IS 'Every record of this service that has a division, for the caller to ask why it is in scope';
CREATE VIEW monitoring_pub.record_kind WITH (security_invoker = true) AS
  SELECT k.kind, k.label, k.class, k.read_permission, k.verbs::jsonb AS verbs
    FROM (VALUES ('monitoring_line', '监测范围', 'upward', 'household.read', '{"update": "rule.write"}')) AS k (kind, label, class, read_permission, verbs);
COMMENT ON VIEW monitoring_pub.record_kind IS 'Kinds of monitoring_pub.record: class of the table, the permission to read one, each further verb with its own';
GRANT SELECT (id, owner_division) ON monitoring_line TO identity_service;
GRANT SELECT ON monitoring_pub.worklist, monitoring_pub.notice, monitoring_pub.record, monitoring_pub.record_kind TO identity_service;

CALL zeren.tell_codes('export_kind', '批量导出类型', '本系统', '
  monitoring_lines 监测范围');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_monitoring_line 登记监测范围
  update_monitoring_line 更正监测范围');
