-- Progress reports out of tables (R-074 to R-077), batches that are forgotten in time (B-013), and pages of the feed block by block (E-003).
CALL zeren.equip_batch_retention('registry');
CALL zeren.make_event_pages('registry');
GRANT INSERT, UPDATE, DELETE ON report TO registry_worker;

CALL zeren.tell_codes('batch_kind', '批量导入类型', '本系统', '
  organisations 单位
  reports 进展报告');
CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：规则 R-074 至 R-077', '
  unknown_item 没有此分解项
  several_items 有多个分解项，请填写年度或者分解项编号
  not_in_force 责任清单不在实施中
  not_your_unit 不是本单位牵头
  in_the_future 晚于当天
  too_large 数值过大
  not_by_value 此分解项按节点计量
  not_by_milestone 此分解项按数值计量
  unknown_milestone 此分解项没有这个节点
  reported_now 读取后已另有当天的进展报告
  item_changed 读取后分解项或者清单已变动
  kept_not_yours 不是本单位的报告，未撤销
  kept_decided 已确认或者退回，未撤销');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  expire_batch 批次到期，不再可撤销
  forget_batch 清除到期批次');
