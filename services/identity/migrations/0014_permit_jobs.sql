-- Who sees jobs of others, and who starts them by rule (proto/jobs.md).
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO permission (code, admin_kind) VALUES ('job.read', NULL), ('job.schedule', NULL);
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, true, true
  FROM (VALUES ('province_office', 'job.read job.schedule'), ('prefecture_office', 'job.read job.schedule'), ('county_office', 'job.read job.schedule'))
    AS r (role, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission);
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('system_admin', 'job.read', true, false), ('inspector', 'job.read', true, false);
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('security_admin', 'job.read', false, true), ('security_admin', 'job.schedule', false, true);
