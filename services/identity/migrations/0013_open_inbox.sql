-- What a post must do and what has changed for it, over all services; what of it an account has read; the permissions of deadlines and urging; the words of
-- the codes
-- that this service shows. Rules I-301 to I-304.

-- ---- permissions
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO permission (code, admin_kind) VALUES ('deadline.pause', NULL), ('urging.read', NULL), ('urging.issue', NULL), ('urging.answer', NULL);
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, true, r.role ~ '_office$' AND r.role NOT IN ('town_office', 'department_office')
  FROM (VALUES
    ('province_office', 'deadline.pause urging.read urging.issue'),
    ('prefecture_office', 'deadline.pause urging.read urging.issue urging.answer'),
    ('county_office', 'deadline.pause urging.read urging.issue urging.answer'),
    ('town_office', 'urging.read urging.answer'),
    ('village_worker', 'urging.read'),
    ('department_office', 'urging.read urging.answer'),
    ('inspector', 'urging.read urging.issue'),
    ('integration', 'urging.read')
  ) AS r (role, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission);
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('province_office', 'urging.answer', false, true);
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT 'security_admin', code, false, true FROM permission WHERE code = 'deadline.pause' OR code LIKE 'urging.%';

-- ---- the inbox: what of the notices an account has read in which post
CREATE TABLE inbox (
  id uuid CONSTRAINT inbox_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  account_id uuid NOT NULL CONSTRAINT inbox_account_id_fkey REFERENCES account,
  post_id uuid NOT NULL CONSTRAINT inbox_post_id_fkey REFERENCES post,
  read_until timestamptz NOT NULL DEFAULT '-infinity',
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT inbox_account_post_key UNIQUE (account_id, post_id)
);
COMMENT ON TABLE inbox IS 'How far an account has read the notices of a post';
CREATE TABLE inbox_read (
  inbox_id uuid NOT NULL CONSTRAINT inbox_read_inbox_id_fkey REFERENCES inbox,
  notice_id uuid NOT NULL,
  marked_at timestamptz NOT NULL,
  CONSTRAINT inbox_read_pkey PRIMARY KEY (inbox_id, notice_id)
);
COMMENT ON TABLE inbox_read IS 'Single notices read beyond inbox.read_until';
CREATE INDEX inbox_read_marked_at_idx ON inbox_read (marked_at);
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('identity.inbox_read_days', '000000000000', 0, '366', true, 'assumed: longer than any service keeps notices');
CALL zeren.classify('inbox', 'private');
CALL zeren.classify('inbox_read', 'private');
GRANT SELECT, INSERT, UPDATE ON inbox TO identity_service;
GRANT SELECT, INSERT ON inbox_read TO identity_service;
GRANT SELECT, DELETE ON inbox_read TO identity_worker;
INSERT INTO feed_kind (kind, class, permission, label) VALUES ('inbox', 'scoped', 'session.end', '收件箱');

-- ---- what the registry's worker reads to say whom it tells
CREATE VIEW identity_pub.post_division WITH (security_invoker = true) AS SELECT id AS post_id, organisation_id, duty, owner_division::text FROM identity.post;
COMMENT ON VIEW identity_pub.post_division IS 'Posts with their duty and the division of their unit; nobody''s name';
GRANT SELECT ON identity_pub.post_division TO registry_service, registry_worker;
GRANT SELECT (id, owner_division, organisation_id, duty) ON identity.post TO registry_worker;

-- ---- the words of this service's codes
CALL zeren.tell_codes('duty', '责任类型', '本系统：《乡村振兴责任制实施办法》及各地细则', '
  first_responsible 第一责任人
  direct 直接责任人（分管）|直接责任人
  specific 具体责任人
  main_body 主体责任
  contact_leader 联系（包抓、挂点）领导|联系领导
  linked_unit 挂钩（定点帮扶）单位|挂钩单位
  lead_unit 牵头单位
  duty_unit 责任单位
  work_group 工作专班
  first_secretary 驻村第一书记|第一书记
  team_leader 驻村工作队队长|队长
  team_member 驻村工作队队员|队员
  helper 帮扶责任人
  grid_worker 网格员
  staff 工作人员');
CALL zeren.tell_codes('account_kind', '账号类型', '本系统', '
  person 个人
  machine 系统
  device 设备');
CALL zeren.tell_codes('admin_kind', '管理员类型', 'GB/T 22239-2019 8.1.4.2：三员分立', '
  system 系统管理员
  security 安全管理员
  audit 审计管理员');
CALL zeren.tell_codes('personal_data', '个人信息显示方式', '本系统', '
  hidden 不显示
  strict 严格脱敏
  usual 一般脱敏');
CALL zeren.tell_codes('session_end', '会话结束原因', '本系统', '
  logged_out 退出登录
  reused 刷新令牌被重复使用
  replaced 被新会话取代
  revoked 被管理员结束
  device_revoked 设备被停用
  password_changed 密码已更改
  switched 切换岗位');
CALL zeren.tell_codes('next_step', '下一步', '本系统', '
  confirm 用动态口令确认
  refresh_or_log_in 刷新令牌或者重新登录');
CALL zeren.tell_codes('scope_reason', '可见原因', '本系统：规则 A-9', '
  range 在本人区划范围内
  above 上级公开
  reference 公共目录
  outside 不在范围内');
CALL zeren.tell_codes('permission', '权限', '本系统', '
  division.read 查询区划
  division.write 维护区划
  organisation.read 查询单位
  organisation.write 维护单位
  post.read 查询岗位和任职
  post.write 维护岗位和任职
  duty_list.read 查询责任清单
  duty_list.write 起草责任清单
  duty_list.approve 审定责任清单
  duty_list.file 备案、生效、办结责任清单
  report.read 查询进展报告
  report.write 报告进展
  report.confirm 确认、退回进展
  deadline.pause 暂停、恢复时限
  urging.read 查询督办
  urging.issue 发出、审核督办
  urging.answer 答复督办
  person.unmask 查看完整个人信息
  access.read 查询临时授权
  account.read 查询账号
  account.write 维护账号
  role.read 查询角色
  role.write 维护角色
  account.grant 授予岗位权限
  access.grant 临时授权
  session.end 结束他人会话
  file.read 查询文件
  file.write 上传文件
  job.read 查询作业
  job.schedule 安排定时作业
  audit.read 查询审计记录
  audit.export 导出审计记录');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  open_session 登录
  refresh_session 刷新令牌
  end_session 结束会话
  switch_session 切换岗位
  create_device 登记设备
  revoke_device 停用设备
  change_password 修改密码
  enrol_totp 登记动态口令
  confirm_totp 启用动态口令
  disable_totp 停用动态口令
  renew_recovery_codes 更换恢复码
  create_post 登记岗位
  update_post 更正岗位
  hand_over_post 岗位移交
  vacate_post 岗位空缺
  withdraw_hand_over 撤回移交
  release_factor 担保解除动态口令
  show_release 出示解除码
  import_posts 批量导入岗位
  create_person 登记人员
  update_person 更正人员
  find_persons 按证件号查人
  unmask_person 查看完整个人信息
  create_holder 登记任职
  update_holder 更正任职
  create_api_token 新建接口令牌
  revoke_api_token 停用接口令牌
  create_machine_key 登记系统密钥
  retire_machine_key 停用系统密钥
  open_machine_session 系统登录
  create_role 新建角色
  update_role 修改角色
  grant_post 授予岗位权限
  create_account_post 授权代行岗位
  remove_account_post 取消代行岗位
  create_account 新建账号
  update_account 更正账号
  reset_password 重置密码
  unlock_account 解锁账号
  reset_factor 重置动态口令
  create_access_grant 临时授权
  end_access_grant 结束临时授权
  mark_inbox_read 标记已读
  export_audit_log 导出审计记录');
