-- Settings: who lays them down (proto/identity.md I-401 to I-408). What a setting is and may be is zeren's (common/db 0015).
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO zeren.setting_kind (key, value_type, minimum, maximum, unit, lowest_level, yearly, security, label) VALUES
  ('identity.access_grant_days', 'integer', 1, 366, 'days', 5, true, true, '临时授权最长天数'),
  ('identity.api_token_days', 'integer', 1, 1096, 'days', 0, true, true, '接口令牌最长天数'),
  ('identity.assertion_seconds', 'integer', 30, 600, 'seconds', 0, true, true, '系统断言有效秒数'),
  ('identity.assertion_skew_seconds', 'integer', 0, 300, 'seconds', 0, true, true, '系统时钟允许偏差秒数'),
  ('identity.device_grace_days', 'integer', 1, 90, 'days', 5, true, true, '登记设备令牌重试天数'),
  ('identity.device_session_days', 'integer', 1, 180, 'days', 5, true, true, '登记设备会话天数'),
  ('identity.factor_release_hours', 'integer', 1, 168, 'hours', 0, true, true, '第二因素担保码有效小时数'),
  ('identity.idle_minutes', 'integer', 5, 1440, 'minutes', 5, true, true, '无操作退出分钟数'),
  ('identity.inbox_read_days', 'integer', 30, 3650, 'days', 0, false, false, '消息已读标记保存天数'),
  ('identity.lockout_address_failures', 'integer', 5, 1000000, NULL, 0, true, true, '同一地址登录失败上限'),
  ('identity.lockout_failures', 'integer', 3, 10, NULL, 0, true, true, '登录失败锁定次数'),
  ('identity.lockout_known_days', 'integer', 1, 183, 'days', 0, true, true, '常用地址记忆天数'),
  ('identity.lockout_minutes', 'integer', 10, 1440, 'minutes', 0, true, true, '登录锁定分钟数'),
  ('identity.lockout_name_failures', 'integer', 10, 1000, NULL, 0, true, true, '同一账号各地址登录失败上限'),
  ('identity.password_classes', 'integer', 2, 4, NULL, 5, true, true, '口令字符种类数'),
  ('identity.password_days', 'integer', 0, 366, 'days', 5, true, true, '口令有效天数（0为不过期）'),
  ('identity.password_history', 'integer', 0, 24, NULL, 5, true, true, '不得重复的历史口令个数'),
  ('identity.password_kept', 'integer', 1, 100, NULL, 0, true, true, '保存的历史口令个数'),
  ('identity.password_min_length', 'integer', 8, 64, NULL, 5, true, true, '口令最短长度'),
  ('identity.password_refused', 'text', 1, 20000, NULL, 5, true, true, '不得用作口令的词'),
  ('identity.recovery_repeat_minutes', 'integer', 0, 30, 'minutes', 0, true, true, '恢复码重试分钟数'),
  ('identity.refresh_grace_seconds', 'integer', 10, 300, 'seconds', 5, true, true, '令牌刷新重试秒数'),
  ('identity.session_hours', 'integer', 1, 24, 'hours', 5, true, true, '会话最长小时数'),
  ('identity.session_record_days', 'integer', 183, 3650, 'days', 0, true, true, '会话记录保存天数'),
  ('identity.sessions_per_account', 'integer', 0, 100, NULL, 5, true, true, '单账号同时会话数（0为不限）'),
  ('identity.totp_steps', 'integer', 0, 2, NULL, 5, true, true, '动态码允许前后步数');

INSERT INTO permission (code, admin_kind) VALUES ('setting.write', NULL);
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('system_admin', 'setting.write', true, false), ('security_admin', 'setting.write', true, true);
CALL zeren.tell_codes('permission', '权限', '本系统', '
  setting.write 维护参数设置');
CALL zeren.tell_codes('setting_type', '参数类型', '本系统：规则 I-402', '
  integer 整数
  choice 选项
  text 文字');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_setting 新增参数设置
  update_setting 修改参数设置
  withdraw_setting 撤销参数设置');
INSERT INTO feed_kind (kind, class, permission, label) VALUES ('setting', 'upward', 'setting.write', '参数设置');

-- I-404, I-405, I-406: whose it is to lay down, of a division that there is, for this year or later. Tells the key.
CREATE FUNCTION check_setting(key text, division text, year integer, of_post uuid, today date) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
  by_security boolean := identity.admin_kind_of((SELECT p.role FROM identity.post p WHERE p.id = of_post)) IS NOT DISTINCT FROM 'security';
  for_security boolean := (SELECT k.security FROM zeren.setting_kind k WHERE k.key = check_setting.key);
BEGIN
  IF for_security <> by_security THEN
    PERFORM zeren.refuse('ZR004', NULL, CASE WHEN for_security THEN 'This setting is the security administrator''s.' ELSE 'This setting is not the security administrator''s.' END);
  END IF;
  IF division <> '000000000000'
     AND NOT EXISTS (SELECT FROM registry_pub.division_name d WHERE d.code = division COLLATE "C" AND d.valid_from <= today AND d.valid_to > today) THEN
    PERFORM zeren.refuse('ZR005', 'owner_division', 'there is no such division');
  END IF;
  IF year <> 0 AND year < extract(year FROM today) THEN PERFORM zeren.refuse('ZR005', 'year', 'what held in a year that is over stays'); END IF;
  RETURN key;
END $$;
COMMENT ON FUNCTION check_setting(text, text, integer, uuid, date) IS 'Whether whoever acts in that post lays this setting down there, for that year. I-404 to I-406';

CREATE FUNCTION setting_as_shown(s zeren.setting)
  RETURNS TABLE (id uuid, key text, label text, owner_division text, year smallint, value text, value_type text, minimum bigint, maximum bigint, choices text[], unit text,
                 lowest_level smallint, yearly boolean, security boolean, assumed boolean, source text, created_at timestamptz, version integer)
  LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT s.id, s.key, k.label, s.division::text, nullif(s.year, 0), s.value, k.value_type, k.minimum, k.maximum, coalesce(k.choices, '{}'), k.unit, k.lowest_level, k.yearly, k.security,
         s.assumed, s.source, s.created_at, s.version
    FROM zeren.setting_kind k WHERE k.key = s.key;
END;
COMMENT ON FUNCTION setting_as_shown(zeren.setting) IS 'A setting as its contract has it';
