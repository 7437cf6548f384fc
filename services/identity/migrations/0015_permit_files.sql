-- Who reads files and who sends them (proto/files.md): the offices of every level, village teams and inspectors in their own divisions.
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO permission (code, admin_kind) VALUES ('file.read', NULL), ('file.write', NULL);
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, true, r.gives
  FROM (VALUES ('province_office', true), ('prefecture_office', true), ('county_office', true), ('town_office', false), ('village_worker', false),
               ('department_office', false), ('integration', false), ('device', false)) AS r (role, gives), (VALUES ('file.read'), ('file.write')) AS p (permission);
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('inspector', 'file.read', true, false);
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('security_admin', 'file.read', false, true), ('security_admin', 'file.write', false, true);
