-- Rules that were rows of the country alone are kept by divisions, too: whom lateness is told to (R-038), and which kinds of villages must have a work team (R-160).
ALTER TABLE village_kind_rule
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT village_kind_rule_id_key UNIQUE,
  ADD COLUMN version integer NOT NULL DEFAULT 1;
GRANT INSERT, UPDATE (needs_team, assumed, source, version), DELETE ON village_kind_rule TO registry_service;
GRANT INSERT, UPDATE (red_work_days, levels_up, duty, assumed, source, version), DELETE ON escalation_rule TO registry_service;

-- True; or refused: the country's rows are what all others stand in for.
CREATE FUNCTION below_country(division text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN division <> '000000000000' OR zeren.refuse('ZR003', NULL, 'what holds in the whole country is changed, not withdrawn');
END $$;
COMMENT ON FUNCTION below_country(text) IS 'True, or a refusal to withdraw what holds in the whole country';

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('escalation_rule', 'upward', 'urging.read', '逾期上报规则'),
  ('village_kind_rule', 'upward', 'team.read', '村类型驻村规则');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_escalation_rule 新增逾期上报规则
  update_escalation_rule 修改逾期上报规则
  withdraw_escalation_rule 撤销逾期上报规则
  create_village_kind_rule 新增村类型驻村规则
  update_village_kind_rule 修改村类型驻村规则
  withdraw_village_kind_rule 撤销村类型驻村规则');
