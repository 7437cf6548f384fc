-- Roles are sets of permissions (proto/permissions.def); an account of another county has the same role with other ranges.
INSERT INTO role (code, label) VALUES
  ('province_office', '省级责任制工作机构'),
  ('prefecture_office', '市州级责任制工作机构'),
  ('county_office', '县级责任制工作机构'),
  ('town_office', '乡镇责任制工作机构'),
  ('village_worker', '村干部和驻村工作队员'),
  ('department_office', '行业部门责任制工作机构'),
  ('inspector', '督查人员'),
  ('system_admin', '系统管理员'),
  ('security_admin', '安全管理员'),
  ('audit_admin', '审计管理员'),
  ('integration', '对接系统'),
  ('device', '登记设备');

-- Every level keeps a list of its own and answers for it; confirming a report is never given together with writing one.
INSERT INTO role_permission (role, permission)
SELECT r.code, p.permission
  FROM (VALUES
    ('province_office', 'division.read division.write organisation.read organisation.write post.read post.write'),
    ('province_office', 'duty_list.read duty_list.write duty_list.approve duty_list.file report.read'),
    ('prefecture_office', 'division.read division.write organisation.read organisation.write post.read post.write'),
    ('prefecture_office', 'duty_list.read duty_list.write duty_list.approve duty_list.file report.read'),
    ('county_office', 'division.read division.write organisation.read organisation.write post.read post.write'),
    ('county_office', 'duty_list.read duty_list.write duty_list.approve duty_list.file report.read report.confirm'),
    ('town_office', 'division.read organisation.read post.read duty_list.read report.read report.write'),
    ('village_worker', 'division.read organisation.read duty_list.read report.read'),
    ('department_office', 'division.read organisation.read post.read duty_list.read report.read report.write'),
    ('inspector', 'division.read organisation.read post.read duty_list.read report.read'),
    ('system_admin', 'division.read division.write organisation.read'),
    ('security_admin', 'post.read'),
    ('integration', 'division.read organisation.read post.read duty_list.read report.read report.write'),
    ('device', 'division.read duty_list.read report.read report.write')
  ) AS r (code, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission);

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('identity.lockout_failures', '000000000000', 0, '5', true, 'assumed: GB/T 22239-2019 asks for a limit on failed log-ins and gives no number'),
  ('identity.lockout_minutes', '000000000000', 0, '30', true, 'assumed: as above');

-- What an account may do changes with its posts, their roles and its own state: each raises its epoch, and so ends its running tokens
-- within a second (charter D13). A role's own permissions are changed by migrations, which run while no service does.
CREATE FUNCTION raise_epochs_of_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.account SET epoch = epoch + 1 WHERE id IN (SELECT account_id FROM identity.account_post WHERE post_id = NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER permissions_change AFTER UPDATE OF role, ranges, scope_lines, owner_division ON post FOR EACH ROW
  WHEN ((OLD.role, OLD.ranges, OLD.scope_lines, OLD.owner_division) IS DISTINCT FROM (NEW.role, NEW.ranges, NEW.scope_lines, NEW.owner_division))
  EXECUTE FUNCTION raise_epochs_of_post();

CREATE FUNCTION raise_epoch_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.account SET epoch = epoch + 1 WHERE id = OLD.account_id;
  RETURN NULL;
END $$;
CREATE TRIGGER post_taken AFTER DELETE ON account_post FOR EACH ROW EXECUTE FUNCTION raise_epoch_of_account();

CREATE FUNCTION raise_own_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE identity.account SET epoch = epoch + 1 WHERE id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER disabled_or_new_password AFTER UPDATE OF disabled, password_hash ON account FOR EACH ROW
  WHEN ((NOT OLD.disabled AND NEW.disabled) OR OLD.password_hash <> NEW.password_hash)
  EXECUTE FUNCTION raise_own_epoch();
