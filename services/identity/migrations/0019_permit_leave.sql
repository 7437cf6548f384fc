-- Who asks for leave of team members: the member, or the office of the town or county for one who cannot.
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO permission (code, admin_kind) VALUES ('leave.ask', NULL);
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, true, r.role IN ('prefecture_office', 'county_office')
  FROM (VALUES
    ('prefecture_office', 'leave.ask'),
    ('county_office', 'leave.ask'),
    ('town_office', 'leave.ask'),
    ('village_worker', 'leave.ask')
  ) AS r (role, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission);
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('province_office', 'leave.ask', false, true), ('security_admin', 'leave.ask', false, true);
CALL zeren.tell_codes('permission', '权限', '本系统', '
  leave.ask 申请驻村请假');
