-- The registry's jobs, and what its devices bring (proto/jobs.md, proto/sync.md).
CALL zeren.equip_jobs('registry');
CALL zeren.equip_sync('registry');
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('job', 'scoped', 'job.read', '作业'), ('schedule', 'scoped', 'job.read', '定时作业'), ('sync_conflict', 'scoped', 'signed_in', '同步冲突');

CALL zeren.tell_codes('job_status', '作业状态', '本系统：规则 J-004', '
  queued 等待
  running 进行中
  cancelling 正在取消
  done 完成
  failed 失败
  cancelled 已取消');
CALL zeren.tell_codes('row_outcome', '逐行结果', '本系统：规则 J-007', '
  created 新增
  updated 更新
  unchanged 未变
  failed 未通过
  skipped 跳过');
CALL zeren.tell_codes('sync_outcome', '同步结果', '本系统：规则 M-4、M-5', '
  done 已办
  merged 已合并
  unchanged 本来如此
  conflict 有冲突
  refused 不予办理
  retry 请重发');
CALL zeren.tell_codes('conflict_status', '同步冲突状态', '本系统：规则 M-6', '
  open 待选择
  settled 已选择');
CALL zeren.tell_codes('conflict_side', '同步冲突取舍', '本系统：规则 M-6', '
  mine 采用我的
  theirs 保留对方的');
