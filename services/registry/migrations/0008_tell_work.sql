-- What is to be done and what has changed, for every post: the work list and the notices that other services read; and the words of this service's codes.

-- ---- the work list
-- A number of days that a division set for that year.
CREATE FUNCTION days_for(key text, division text, day date) RETURNS integer LANGUAGE sql STABLE
  RETURN coalesce(zeren.setting_value(key, division, extract(year FROM day)::integer)::integer, 0);

-- What waits for whom. organisation_id: that unit; NULL: the offices of office_division. permission: what doing it needs. due_on counts ended pauses; while
-- one goes on,
-- from paused_on, it moves on (zeren.days_within()). amber, grace: work days, for zeren.light(). NULL due_on: the calendar has no data.
CREATE VIEW registry_pub.worklist WITH (security_invoker = true) AS
  SELECT i.id, 'item' AS kind, i.owner_division::text, i.lead_organisation_id AS organisation_id, NULL::uuid AS post_id, NULL::text AS office_division,
         'report.write' AS permission, '报告进展' AS todo, i.title, 'R-020' AS rule, i.starts_on AS since,
         registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, coalesce(i.paused_on, 'infinity'::date)) AS due_on, i.paused_on,
         zeren.setting_value('registry.pause_unit', i.owner_division, extract(year FROM i.due_on)::integer) AS pause_unit,
              registry.amber_work_days(i.owner_division, i.due_on) AS amber, registry.grace_work_days(i.owner_division, i.due_on) AS grace
    FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
   WHERE i.done_on IS NULL AND l.status = 'in_force' AND NOT EXISTS (SELECT FROM registry.report r WHERE r.item_id = i.id AND r.status = 'submitted')
  UNION ALL
  SELECT r.id, 'report', r.owner_division, NULL, NULL, l.owner_division, 'report.confirm', '确认或者退回进展报告', i.title, 'R-023', r.created_day,
         zeren.due_or_null(r.created_day, registry.days_for('registry.confirm_work_days', l.owner_division, r.created_day), 'work_days'), NULL, NULL, 1, 0
    FROM (SELECT x.id, x.owner_division, x.item_id, (x.created_at AT TIME ZONE 'Asia/Shanghai')::date AS created_day FROM registry.report x
         WHERE x.status = 'submitted') AS r
    JOIN registry.item i ON i.id = r.item_id JOIN registry.duty_list l ON l.id = i.duty_list_id
  UNION ALL
  SELECT u.id, 'urging', u.owner_division, u.addressee_organisation_id, u.addressee_post_id, NULL, 'urging.answer', '答复督办', u.matter, 'R-043', u.issued_on,
         u.answer_by, NULL, NULL, registry.days_for('registry.urging_amber_work_days', u.owner_division, u.answer_by), 0
    FROM registry.urging u WHERE u.status IN ('issued', 'returned')
  UNION ALL
  SELECT u.id, 'urging', u.owner_division, u.issuer_organisation_id, NULL, NULL, 'urging.issue', '审核督办答复', u.matter, 'R-044', u.answered_day,
         zeren.due_or_null(u.answered_day, registry.days_for('registry.confirm_work_days', u.owner_division, u.answered_day), 'work_days'), NULL, NULL, 1, 0
    FROM (SELECT x.id, x.owner_division, x.issuer_organisation_id, x.matter, (x.answered_at AT TIME ZONE 'Asia/Shanghai')::date AS answered_day
         FROM registry.urging x WHERE x.status = 'answered') AS u
  UNION ALL
  SELECT l.id, 'duty_list', l.owner_division, NULL, NULL, l.owner_division, CASE l.status WHEN 'draft' THEN 'duty_list.approve' ELSE 'duty_list.file' END,
         CASE l.status WHEN 'draft' THEN '审定责任清单' WHEN 'approved' THEN '责任清单备案' ELSE '责任清单生效' END, l.title, 'R-003', l.day,
         zeren.due_or_null(l.day, registry.days_for('registry.list_step_work_days', l.owner_division, l.day), 'work_days'), NULL, NULL, 2, 0
    FROM (SELECT x.id, x.owner_division, x.status, x.title, (coalesce(x.filed_at, x.approved_at, x.created_at) AT TIME ZONE 'Asia/Shanghai')::date AS day
            FROM registry.duty_list x WHERE x.status IN ('draft', 'approved', 'filed')) AS l
   WHERE l.status <> 'draft' OR EXISTS (SELECT FROM registry.item i WHERE i.duty_list_id = l.id);
COMMENT ON VIEW registry_pub.worklist IS
  'What is to be done, by whom (unit, post, or the offices of a division, with a permission), since when, until when and by which rule';

-- What waits to be confirmed is few among all that was ever reported.
CREATE INDEX report_submitted_idx ON report (item_id) WHERE status = 'submitted';
CREATE INDEX report_waiting_idx ON report (owner_division) WHERE status = 'submitted';

-- ---- notices: what has changed for a unit, made out of the feed
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('registry.notice_days', '000000000000', 0, '180', true, 'assumed: half a year; what happened stays in the record and its audit');
CREATE TABLE notice (
  id uuid CONSTRAINT notice_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  organisation_id uuid,
  post_id uuid,
  kind text COLLATE "C" NOT NULL,
  record_id uuid NOT NULL,
  verb text COLLATE "C" NOT NULL,
  on_day date NOT NULL,
  at timestamptz NOT NULL,
  text text NOT NULL,
  seq bigint NOT NULL,
  CONSTRAINT notice_quiet_key UNIQUE NULLS NOT DISTINCT (record_id, verb, on_day, organisation_id, post_id),
  CONSTRAINT notice_whom_check CHECK (num_nonnulls(organisation_id, post_id) = 1)
);
COMMENT ON TABLE notice IS
  'What has changed for a unit or a post, in words; at most one a record, verb and day (R-048); belongs to the division of whom it tells';
CREATE INDEX notice_organisation_id_idx ON notice (organisation_id, at, id);
CREATE INDEX notice_post_id_idx ON notice (post_id, at, id);
CREATE INDEX notice_at_idx ON notice (at);

CREATE TABLE notice_rule (
  kind text COLLATE "C" NOT NULL,
  verb text COLLATE "C" NOT NULL,
  told text COLLATE "C" NOT NULL,
  words text NOT NULL,
  CONSTRAINT notice_rule_pkey PRIMARY KEY (kind, verb, told),
  CONSTRAINT notice_rule_told_check CHECK (told IN ('lead', 'assist', 'reporter', 'issuer', 'addressee', 'above'))
);
COMMENT ON TABLE notice_rule IS 'Which change of what is told to whom, and in which words; %s is the title of the record';
INSERT INTO notice_rule (kind, verb, told, words) VALUES
  ('item', 'pause_item', 'lead', '时限暂停：%s'),
  ('item', 'resume_item', 'lead', '时限恢复计算：%s'),
  ('report', 'confirm_report', 'reporter', '进展已确认：%s'),
  ('report', 'send_back_report', 'reporter', '进展被退回，请按意见重报：%s'),
  ('urging', 'issue_urging', 'addressee', '收到督办，请按期答复：%s'),
  ('urging', 'answer_urging', 'issuer', '督办已答复，请审核：%s'),
  ('urging', 'accept_urging', 'addressee', '督办答复已通过：%s'),
  ('urging', 'return_urging', 'addressee', '督办答复被退回，请重新答复：%s'),
  ('urging', 'withdraw_urging', 'addressee', '督办已撤回：%s'),
  ('escalation', 'escalate', 'lead', '逾期事项已报告上一级：%s'),
  ('escalation', 'escalate', 'above', '下级事项逾期，请督促：%s');
CALL zeren.classify('notice', 'scoped');
CALL zeren.classify('notice_rule', 'reference');

-- R-048: the notices of the events after one number up to another; says how many. Run by the worker in the country's scope.
CREATE FUNCTION tell_notices(after bigint, upto bigint) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE told integer;
BEGIN
  WITH due AS MATERIALIZED (
    SELECT e.seq, e.at, e.kind, e.id, e.verb, e.owner_division, n.told, n.words
      FROM registry.event e JOIN registry.notice_rule n ON n.kind = e.kind AND n.verb = e.verb
     WHERE e.in_country = '' AND e.seq > tell_notices.after AND e.seq <= tell_notices.upto AND NOT e.has_left
  )
  INSERT INTO registry.notice (owner_division, lines, organisation_id, post_id, kind, record_id, verb, on_day, at, text, seq)
  SELECT coalesce(o.owner_division, (SELECT h.owner_division FROM identity_pub.post_division h WHERE h.post_id = w.post_id), d.owner_division),
         CASE WHEN w.organisation_id IS NOT NULL AND o.line IS NULL THEN '{}' ELSE w.lines END, w.organisation_id, w.post_id, d.kind, d.id, d.verb,
         (d.at AT TIME ZONE 'Asia/Shanghai')::date, d.at, left(format(d.words, w.title), 400), d.seq
    FROM due d
    -- Whom the change concerns; by the record's id, one kind each.
   CROSS JOIN LATERAL (
      SELECT i.lead_organisation_id AS organisation_id, NULL::uuid AS post_id, i.title, i.lines
        FROM registry.item i WHERE d.kind = 'item' AND d.told = 'lead' AND i.id = d.id
       UNION ALL
      SELECT r.organisation_id, NULL, i.title, r.lines
        FROM registry.report r JOIN registry.item i ON i.id = r.item_id WHERE d.kind = 'report' AND d.told = 'reporter' AND r.id = d.id
       UNION ALL
      SELECT CASE d.told WHEN 'issuer' THEN u.issuer_organisation_id ELSE u.addressee_organisation_id END, NULL, u.matter, u.lines
        FROM registry.urging u WHERE d.kind = 'urging' AND d.told IN ('issuer', 'addressee') AND u.id = d.id
       UNION ALL
      SELECT i.lead_organisation_id, NULL, i.title, x.lines
        FROM registry.escalation x JOIN registry.item i ON i.id = x.item_id WHERE d.kind = 'escalation' AND d.told = 'lead' AND x.id = d.id
       UNION ALL
      SELECT NULL, t.post_id, i.title, x.lines
        FROM registry.escalation x JOIN registry.item i ON i.id = x.item_id, unnest(x.to_post_ids) AS t (post_id)
       WHERE d.kind = 'escalation' AND d.told = 'above' AND x.id = d.id) AS w
    LEFT JOIN registry.organisation o ON o.id = w.organisation_id
   ORDER BY d.seq
  ON CONFLICT ON CONSTRAINT notice_quiet_key DO NOTHING;
  GET DIAGNOSTICS told = ROW_COUNT;
  RETURN told;
END $$;
GRANT SELECT ON report, urging, item, organisation, notice_rule TO registry_worker;
GRANT SELECT, INSERT, DELETE ON notice TO registry_worker;
GRANT SELECT ON notice, notice_rule TO registry_service;

CREATE VIEW registry_pub.notice WITH (security_invoker = true) AS
  SELECT id, owner_division::text, organisation_id, post_id, kind, record_id, verb, on_day, at, text FROM registry.notice;
COMMENT ON VIEW registry_pub.notice IS 'What has changed for a unit or a post';

-- ---- what other services read
GRANT SELECT (id, owner_division, lines, duty_list_id, lead_organisation_id, title, starts_on, due_on, done_on, pauses, paused_on) ON item TO identity_service;
GRANT SELECT (id, owner_division, lines, item_id, from_on, until_on) ON item_pause TO identity_service;
GRANT SELECT (id, owner_division, lines, item_id, status, created_at) ON report TO identity_service;
GRANT SELECT (id, owner_division, at_division, lines, status, issuer_organisation_id, addressee_organisation_id, addressee_post_id, matter, issued_on,
     answer_by, answered_at)
  ON urging TO identity_service;
GRANT SELECT (id, owner_division, status, title, created_at, approved_at, filed_at) ON duty_list TO identity_service;
GRANT SELECT (id, owner_division, lines, organisation_id, post_id, kind, record_id, verb, on_day, at, text) ON notice TO identity_service;
GRANT SELECT ON registry_pub.worklist, registry_pub.notice TO identity_service;

-- ---- why a record is the caller's to see, and what may be done with it
CREATE OR REPLACE VIEW registry_pub.record WITH (security_invoker = true) AS
  SELECT id, 'organisation' AS kind, owner_division::text, owner_division::text AS at_division, '{}'::text[] AS lines FROM registry.organisation
   UNION ALL SELECT id, 'division', owner_division, owner_division, '{}' FROM registry.division
   UNION ALL SELECT id, 'duty_list', owner_division, owner_division, '{}' FROM registry.duty_list
   UNION ALL SELECT id, 'task', owner_division, owner_division, '{}' FROM registry.task
   UNION ALL SELECT id, 'item', owner_division, at_division, lines FROM registry.item
   UNION ALL SELECT id, 'report', owner_division, at_division, lines FROM registry.report
   UNION ALL SELECT id, 'urging', owner_division, at_division, lines FROM registry.urging;
CREATE OR REPLACE VIEW registry_pub.record_kind WITH (security_invoker = true) AS
  SELECT k.kind, k.label, k.class, k.read_permission, k.verbs::jsonb AS verbs
    FROM (VALUES ('organisation', '单位', 'upward', 'organisation.read', '{"update": "organisation.write"}'),
                 ('division', '区划', 'reference', 'division.read', '{}'),
                 ('duty_list', '责任清单', 'upward', 'duty_list.read',
                  '{"update": "duty_list.write", "approve": "duty_list.approve", "file": "duty_list.file", "close": "duty_list.file",
                    "bring_into_force": "duty_list.file"}'),
                 ('task', '任务', 'upward', 'duty_list.read', '{"update": "duty_list.write"}'),
                 ('item', '分解项', 'scoped', 'duty_list.read',
                  '{"update": "duty_list.write", "report": "report.write", "pause": "deadline.pause", "resume": "deadline.pause"}'),
                 ('report', '进展报告', 'scoped', 'report.read', '{"confirm": "report.confirm", "send_back": "report.confirm"}'),
                 ('urging', '督办', 'scoped', 'urging.read',
                  '{"answer": "urging.answer", "accept": "urging.issue", "return": "urging.issue", "withdraw": "urging.issue"}')) AS k (kind, label, class,
                   read_permission, verbs);

-- ---- the words of this service's codes
CALL zeren.tell_codes('division_kind', '区划类型', '本系统', '
  statutory 法定行政区划
  functional_area 功能区（新区、开发区）|功能区');
CALL zeren.tell_codes('organisation_kind', '单位类型', '本系统', '
  party_committee 党委
  government 政府
  department 部门
  town 乡镇（街道）|乡镇
  village 村（社区）|村
  work_group 工作专班
  enterprise 企业
  other 其他');
CALL zeren.tell_codes('duty_list_status', '责任清单状态', '本系统：规则 R-003、R-004', '
  draft 起草
  approved 已审定
  filed 已备案
  in_force 生效
  superseded 已被新版取代|已取代
  closed 已办结');
CALL zeren.tell_codes('report_status', '进展报告状态', '本系统：规则 R-023', '
  submitted 待确认
  confirmed 已确认
  sent_back 已退回');
CALL zeren.tell_codes('item_measure', '分解项计量方式', '本系统：规则 R-012、R-013', '
  value 按数值
  milestone 按节点');
CALL zeren.tell_codes('completion_group', '完成情况分组', '本系统', '
  unit 按单位
  task 按任务
  list 整张清单');
CALL zeren.tell_codes('rollup_group', '汇总分组', '本系统', '
  state 按状态
  unit 按单位
  division 按区划
  lateness 按逾期');
CALL zeren.tell_codes('paper_template', '公文种类', '本系统', '
  duty_list 责任清单
  reminder 提醒函
  urging 督办单');
CALL zeren.tell_codes('urging_status', '督办状态', '本系统：规则 R-043 至 R-045', '
  issued 已发出
  answered 已答复
  returned 已退回
  accepted 已通过
  withdrawn 已撤回');
CALL zeren.tell_codes('urging_verb', '督办步骤', '本系统：规则 R-043 至 R-045', '
  issue 发出
  answer 答复
  return 退回
  accept 通过
  withdraw 撤回');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  import_divisions 批量导入区划
  create_organisation 登记单位
  update_organisation 更正单位
  import_organisations 批量导入单位
  create_duty_list 起草责任清单
  update_duty_list 更正责任清单
  import_duty_list 导入责任清单
  approve_duty_list 审定责任清单
  file_duty_list 备案责任清单
  bring_duty_list_into_force 责任清单生效
  close_duty_list 办结责任清单
  create_task 新增任务
  update_task 更正任务
  create_item 新增分解项
  update_item 更正分解项
  pause_item 暂停时限
  resume_item 恢复时限
  submit_report 报告进展
  update_report 补充进展报告
  confirm_report 确认进展
  send_back_report 退回进展
  issue_urging 发出督办
  answer_urging 答复督办
  accept_urging 通过督办答复
  return_urging 退回督办答复
  withdraw_urging 撤回督办
  escalate 逾期上报
  make_paper 制作公文
  export_audit_log 导出审计记录');
