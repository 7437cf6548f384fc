-- Settings are kept by administrators (proto/identity.md I-401 to I-408): which there are, what each may be, and how far down one may be laid down.
CREATE TABLE zeren.setting_kind (
  key text CONSTRAINT setting_kind_pkey PRIMARY KEY,
  value_type text NOT NULL,
  minimum bigint,
  maximum bigint,
  choices text[],
  unit text,
  lowest_level smallint NOT NULL,
  yearly boolean NOT NULL,
  security boolean NOT NULL DEFAULT false,
  label text NOT NULL,
  CONSTRAINT setting_kind_type_check CHECK (value_type IN ('integer', 'choice', 'text')),
  CONSTRAINT setting_kind_bounds_check CHECK (CASE value_type WHEN 'choice' THEN cardinality(choices) > 1 AND minimum IS NULL AND maximum IS NULL
                                                              ELSE minimum IS NOT NULL AND maximum IS NOT NULL AND minimum <= maximum AND choices IS NULL END),
  CONSTRAINT setting_kind_level_check CHECK (lowest_level BETWEEN 0 AND 5)
);
COMMENT ON TABLE zeren.setting_kind IS 'What a setting may be: integers from minimum to maximum, one of choices, or text of so many characters; the lowest level of division that lays it down (0: the country); whether it differs by year';
CALL zeren.classify('zeren.setting_kind', 'reference');
GRANT SELECT ON zeren.setting_kind TO PUBLIC;
CREATE POLICY seed_own ON zeren.setting_kind FOR INSERT TO identity_owner, registry_owner, monitoring_owner WITH CHECK (current_user = split_part(key, '.', 1) || '_owner');
GRANT INSERT ON zeren.setting_kind TO identity_owner, registry_owner, monitoring_owner;

INSERT INTO zeren.setting_kind (key, value_type, minimum, maximum, unit, lowest_level, yearly, security, label) VALUES
  ('audit.retention_days', 'integer', 183, 36500, 'days', 0, false, true, '审计记录保存天数'),
  ('batches.retention_days', 'integer', 1, 36500, 'days', 0, false, false, '批次保存天数'),
  ('batches.undo_days', 'integer', 1, 36500, 'days', 0, false, false, '批次可撤销天数'),
  ('feed.retention_days', 'integer', 7, 3650, 'days', 0, false, false, '变更流保存天数'),
  ('files.max_bytes', 'integer', 1024, 2147483647, 'bytes', 5, false, false, '单个文件大小上限'),
  ('files.orphan_hours', 'integer', 1, 720, 'hours', 0, false, false, '无人引用文件保留小时数'),
  ('files.quota_bytes', 'integer', 1048576, 1099511627776, 'bytes', 5, false, false, '本区划文件容量上限'),
  ('files.upload_hours', 'integer', 1, 720, 'hours', 0, false, false, '断点续传保留小时数'),
  ('jobs.attempts', 'integer', 1, 20, NULL, 5, false, false, '任务失败重试次数'),
  ('jobs.lease_seconds', 'integer', 10, 600, 'seconds', 0, false, false, '任务租约秒数'),
  ('jobs.retention_days', 'integer', 1, 3650, 'days', 0, false, false, '任务报告保存天数');

-- A row has an id and a version, as other records.
ALTER TABLE zeren.setting
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT setting_id_key UNIQUE,
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();

-- How deep a division is: 0 the country, 5 a village.
CREATE FUNCTION zeren.code_level(code text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE length(zeren.code_prefix(code)) WHEN 0 THEN 0 WHEN 2 THEN 1 WHEN 4 THEN 2 WHEN 6 THEN 3 WHEN 9 THEN 4 ELSE 5 END;
COMMENT ON FUNCTION zeren.code_level(text) IS 'How deep a division is: 0 the country, 5 a village';

-- I-402 to I-405, held here as well as a service is: whoever acts as it in the database is bound by them, too.
CREATE FUNCTION zeren.hold_setting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE kind zeren.setting_kind;
BEGIN
  SELECT k.* INTO kind FROM zeren.setting_kind k WHERE k.key = NEW.key;
  IF NOT FOUND THEN PERFORM zeren.refuse('ZR005', 'key', 'there is no such setting'); END IF;
  IF zeren.code_level(NEW.division) > kind.lowest_level THEN
    PERFORM zeren.refuse('ZR005', 'owner_division', CASE WHEN kind.lowest_level = 0 THEN 'it is the same in the whole country' ELSE 'divisions so far down do not lay it down' END);
  END IF;
  IF NEW.year <> 0 AND NOT kind.yearly THEN PERFORM zeren.refuse('ZR005', 'year', 'it does not differ by year'); END IF;
  CASE kind.value_type
    WHEN 'choice' THEN
      IF NOT NEW.value = ANY (kind.choices) THEN PERFORM zeren.refuse('ZR005', 'value', 'one of ' || array_to_string(kind.choices, ', ')); END IF;
    WHEN 'integer' THEN
      IF NEW.value !~ '^(0|[1-9][0-9]{0,17})$' OR NEW.value::bigint NOT BETWEEN kind.minimum AND kind.maximum THEN
        PERFORM zeren.refuse('ZR005', 'value', format('a whole number from %s to %s', kind.minimum, kind.maximum));
      END IF;
    ELSE
      IF length(NEW.value) NOT BETWEEN kind.minimum AND kind.maximum THEN
        PERFORM zeren.refuse('ZR005', 'value', format('%s to %s characters', kind.minimum, kind.maximum));
      END IF;
  END CASE;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION zeren.hold_setting() IS 'A setting is one that there is, of a division and year that may lay it down, within its bounds';
CREATE TRIGGER setting_held BEFORE INSERT OR UPDATE ON zeren.setting FOR EACH ROW WHEN (current_user = 'identity_service') EXECUTE FUNCTION zeren.hold_setting();

GRANT INSERT (id, key, division, year, value, assumed, source, created_at), UPDATE (value, assumed, source, version), DELETE ON zeren.setting TO identity_service;
CREATE POLICY lay_down_within_scope ON zeren.setting FOR INSERT TO identity_service WITH CHECK (coalesce(division::text <@ (SELECT zeren.scope()), false));
CREATE POLICY change_within_scope ON zeren.setting FOR UPDATE TO identity_service USING (coalesce(division::text <@ (SELECT zeren.scope()), false));
CREATE POLICY withdraw_within_scope ON zeren.setting FOR DELETE TO identity_service
  USING (coalesce(division::text <@ (SELECT zeren.scope()), false) AND NOT (division = '000000000000' AND year = 0));
