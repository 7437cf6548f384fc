-- Who keeps documents, plans and classes, who gives work orders, links leaders, records visits, keeps teams and groups, holds meetings, sets the cadence, and who
-- reports to whom by it; departments draft lists of their own (R-120), and the country's system administrator loads the work calendar. Confirming is never given together with writing one's own: a county accepts what its towns and departments report, and reports upward itself.
SELECT set_config('zeren.scope', '{["","~")}', true);
INSERT INTO permission (code, admin_kind)
SELECT p.code, NULL FROM unnest(ARRAY['document.read', 'document.write', 'work_order.read', 'work_order.issue', 'work_order.answer', 'contact.read', 'contact.write',
  'visit.read', 'visit.write', 'team.read', 'team.write', 'leave.approve', 'meeting.read', 'meeting.write', 'cadence.read', 'cadence.write',
  'periodic_report.read', 'periodic_report.write', 'periodic_report.accept', 'calendar.write']) AS p (code);
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, true, r.role IN ('province_office', 'prefecture_office', 'county_office')
  FROM (VALUES
    ('province_office', 'document.read document.write work_order.read work_order.issue contact.read contact.write visit.read visit.write team.read team.write leave.approve meeting.read meeting.write cadence.read cadence.write periodic_report.read periodic_report.write periodic_report.accept'),
    ('prefecture_office', 'document.read document.write work_order.read work_order.issue work_order.answer contact.read contact.write visit.read visit.write team.read team.write leave.approve meeting.read meeting.write cadence.read cadence.write periodic_report.read periodic_report.write periodic_report.accept'),
    ('county_office', 'document.read document.write work_order.read work_order.issue work_order.answer contact.read contact.write visit.read visit.write team.read team.write leave.approve meeting.read meeting.write cadence.read cadence.write periodic_report.read periodic_report.write periodic_report.accept'),
    ('town_office', 'document.read work_order.read work_order.answer contact.read visit.read visit.write team.read team.write leave.approve meeting.read meeting.write cadence.read periodic_report.read periodic_report.write'),
    ('village_worker', 'document.read work_order.read work_order.answer contact.read visit.read visit.write team.read meeting.read meeting.write cadence.read periodic_report.read'),
    ('department_office', 'duty_list.write document.read work_order.read work_order.answer contact.read visit.read visit.write team.read meeting.read meeting.write cadence.read periodic_report.read periodic_report.write'),
    ('inspector', 'document.read work_order.read contact.read visit.read visit.write team.read meeting.read cadence.read periodic_report.read'),
    ('integration', 'document.read work_order.read contact.read visit.read team.read meeting.read cadence.read periodic_report.read'),
    ('device', 'visit.read visit.write contact.read cadence.read'),
    ('system_admin', 'calendar.write')
  ) AS r (role, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission)
ON CONFLICT (role, permission) DO UPDATE SET may_use = true; -- an installation may have given what is older
INSERT INTO role_permission (role, permission, may_use, may_grant) VALUES ('province_office', 'work_order.answer', false, true);
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT 'security_admin', code, false, true FROM permission
 WHERE code ~ '^(document|work_order|contact|visit|team|leave|meeting|cadence|periodic_report|calendar)\.';
CALL zeren.tell_codes('permission', '权限', '本系统', '
  document.read 查询文件依据和规划
  document.write 维护文件依据和规划
  work_order.read 查询工作指令
  work_order.issue 下达、核定工作指令
  work_order.answer 接收、反馈工作指令
  contact.read 查询联系包抓
  contact.write 维护联系包抓
  visit.read 查询走访
  visit.write 记录走访
  team.read 查询驻村工作队和工作专班
  team.write 维护驻村工作队和工作专班
  leave.approve 审批驻村请假
  meeting.read 查询会议
  meeting.write 记录会议和议定事项
  cadence.read 查询周期规则和应办事项
  cadence.write 维护周期规则
  periodic_report.read 查询定期报告
  periodic_report.write 编报定期报告
  periodic_report.accept 审核定期报告
  calendar.write 维护工作日历');
