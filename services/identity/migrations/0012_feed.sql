-- The feed of identity: what of it is announced, who sees that, and by which permission. What a permission reads in lists, it reads here.
CALL zeren.equip_feed('identity');

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('access_grant', 'scoped', 'access.read', '限时授权'),
  ('account', 'scoped', 'account.read', '账号'),
  ('account_post', 'scoped', 'account.read', '账号任职授权'),
  ('api_token', 'scoped', 'session.end', '接口令牌'),
  ('device', 'scoped', 'session.end', '登录设备'),
  ('machine_key', 'scoped', 'account.grant', '系统密钥'),
  ('session', 'scoped', 'session.end', '登录会话'),
  ('holder', 'upward', 'post.read', '任职'),
  ('person', 'upward', 'post.read', '人员'),
  ('post', 'upward', 'post.read', '岗位'),
  ('post_import', 'scoped', 'post.write', '岗位批量导入'),
  ('role', 'upward', 'role.read', '角色');
