-- Who keeps and reads the records of monitoring, the role of a county's monitoring office (县防返贫监测办), and what monitoring reads of posts and rights.
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO permission (code, admin_kind)
SELECT p.code, NULL FROM unnest(ARRAY['household.read', 'household.write', 'household.transfer', 'person.locate', 'minor.read', 'health.read', 'finding.accept',
  'rule.write']) AS p (code);
INSERT INTO role (code, label, personal_data) VALUES ('monitoring_office', '县级防止返贫监测机构', 'usual')
ON CONFLICT (code) DO UPDATE SET personal_data = excluded.personal_data; -- an installation may have made one
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, true, r.role IN ('province_office', 'prefecture_office', 'county_office')
  FROM (VALUES
    ('province_office', 'household.read'),
    ('prefecture_office', 'household.read'),
    ('county_office', 'household.read household.write household.transfer finding.accept health.read minor.read rule.write'),
    ('town_office', 'household.read household.write household.transfer'),
    ('village_worker', 'household.read household.write household.transfer'),
    ('monitoring_office', 'household.read household.write household.transfer person.locate finding.accept health.read minor.read rule.write person.unmask'),
    ('monitoring_office', 'division.read organisation.read post.read file.read file.write job.read job.schedule')
  ) AS r (role, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission)
ON CONFLICT (role, permission) DO UPDATE SET may_use = true;
-- What a level gives on without using it: else a county could be given no monitoring office by those above it, nor give itself one.
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.code, false, true
  FROM (VALUES ('province_office'), ('prefecture_office'), ('county_office'), ('security_admin')) AS r (role), permission p
 WHERE p.code IN ('household.read', 'household.write', 'household.transfer', 'person.locate', 'minor.read', 'health.read', 'finding.accept', 'rule.write')
   AND NOT EXISTS (SELECT FROM role_permission o WHERE o.role = r.role AND o.permission = p.code);
CALL zeren.tell_codes('permission', '权限', '本系统', '
  household.read 查询农户和家庭成员
  household.write 维护农户、家庭成员和年度信息
  household.transfer 申请、接收农户迁转
  person.locate 查询人员在别处的登记、处理归属
  minor.read 查看不满十四周岁未成年人的个人信息
  health.read 查看健康信息
  finding.accept 带理由采纳提示
  rule.write 维护监测范围、码表和规则开关');

-- ---- what monitoring reads, as the registry does
GRANT USAGE ON SCHEMA identity TO monitoring_service, monitoring_worker;
GRANT SELECT ON identity_pub.signing_key, identity_pub.revocation TO monitoring_service, monitoring_worker;
GRANT SELECT (kid, public_pem, retired_at) ON signing_key TO monitoring_service, monitoring_worker;
GRANT SELECT (subject_id, kind, epoch, at, role, written_by) ON revocation TO monitoring_service, monitoring_worker;
GRANT EXECUTE ON FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date) TO monitoring_service;
GRANT EXECUTE ON FUNCTION identity_pub.right_of_work(uuid, uuid, uuid, text[], text, text, text, timestamptz, date) TO monitoring_worker;
GRANT SELECT ON identity_pub.post_holder, identity_pub.account_login TO monitoring_service;
GRANT SELECT ON identity_pub.post_division, identity_pub.post_title TO monitoring_service, monitoring_worker;
GRANT SELECT (id, owner_division, organisation_id, title, duty, created_at) ON post TO monitoring_service, monitoring_worker;
GRANT SELECT (id, owner_division, post_id, person_id, starts_on, ends_on) ON holder TO monitoring_service;
GRANT SELECT (id, owner_division, name) ON person TO monitoring_service;
GRANT SELECT (id, owner_division, login) ON account TO monitoring_service;

-- A-9, of the records of monitoring, too.
INSERT INTO record_source (service) VALUES ('monitoring');
