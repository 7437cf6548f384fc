-- The words of rule I-206 (proto/identity.md). A row of settings like the other limits of passwords, and no table of its own: a province or county adds what people
-- there try first (its own name, its hotline) by a row for its division, which then holds in place of this one, and no release is needed for it.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('identity.password_refused', '000000000000', 0,
   'password passwort passw0rd pass pwd mima admin administrator adm root user guest test tester demo temp default changeme welcome hello login master super '
   'superuser operator manager system sysadmin security audit oracle postgres mysql sa server database network huawei zte cisco h3c inspur kylin uos '
   'qwerty qwert qwer asdf asdfgh zxcvbn zxcv abc abcd abcde aaa abc123 a123456 aa123456 1qaz2wsx 1qaz@wsx q1w2e3r4 zaq12wsx '
   'iloveyou woaini woaini1314 woaiwojia 5201314 monkey dragon sunshine princess letmein '
   'zeren zerenzhi xiangcun zhenxing xiangcunzhenxing xczx fupin tuopin nongye nongcun china zhongguo beijing hunan loudi gov office '
   '责任 责任制 乡村 振兴 乡村振兴 扶贫 脱贫 密码 中国',
   true, 'assumed: the heads of published lists of leaked passwords, default passwords of devices in government networks, and words of this field')
ON CONFLICT DO NOTHING;
