-- The feed of the registry: what of it is announced, who sees that, and by which permission. What a permission reads in lists, it reads here.
CALL zeren.equip_feed('registry');

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('division', 'reference', 'division.read', '行政区划'),
  ('division_import', 'scoped', 'division.write', '区划批量导入'),
  ('organisation', 'upward', 'organisation.read', '单位'),
  ('organisation_import', 'scoped', 'organisation.write', '单位批量导入'),
  ('duty_list', 'upward', 'duty_list.read', '责任清单'),
  ('task', 'upward', 'duty_list.read', '任务'),
  ('item', 'scoped', 'duty_list.read', '任务分解项'),
  ('report', 'scoped', 'report.read', '进展报告');
