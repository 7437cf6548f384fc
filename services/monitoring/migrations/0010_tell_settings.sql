-- What the settings of monitoring may be (proto/identity.md I-402); administrators keep them through identity.
INSERT INTO zeren.setting_kind (key, value_type, minimum, maximum, unit, lowest_level, yearly, label) VALUES
  ('monitoring.claim_days', 'integer', 1, 366, 'days', 0, false, '待确认登记保留天数'),
  ('monitoring.correction_amber_work_days', 'integer', 0, 30, 'work_days', 5, true, '更正申请到期前提醒工作日数'),
  ('monitoring.correction_work_days', 'integer', 1, 60, 'work_days', 5, true, '更正申请办理工作日数'),
  ('monitoring.first_year', 'integer', 2000, 2100, NULL, 0, false, '年度信息最早年度'),
  ('monitoring.income_months', 'integer', 1, 24, 'months', 5, true, '收入核算月数'),
  ('monitoring.income_months_most', 'integer', 1, 36, 'months', 5, true, '收入核算最长月数'),
  ('monitoring.locate_per_hour', 'integer', 1, 1000, NULL, 0, false, '每小时查询人员归属次数'),
  ('monitoring.minor_years', 'integer', 14, 18, 'years', 0, false, '未成年人个人信息单独保护周岁'),
  ('monitoring.slip_days', 'integer', 0, 31, 'days', 5, true, '笔误更正天数'),
  ('monitoring.transfer_work_days', 'integer', 1, 60, 'work_days', 5, true, '迁转办理工作日数'),
  ('monitoring.unmask_per_hour', 'integer', 1, 1000, NULL, 0, false, '每小时查看完整号码次数');
