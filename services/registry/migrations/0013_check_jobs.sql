-- Jobs and schedules of the registry are bound to what their makers may do now (proto/jobs.md J-008 to J-011). Those that are there already need what their kind does.
CALL zeren.bind_jobs('registry');
ALTER TABLE job NO FORCE ROW LEVEL SECURITY;
ALTER TABLE schedule NO FORCE ROW LEVEL SECURITY;
UPDATE job SET permissions = ARRAY[CASE WHEN kind <> 'export_table' THEN 'organisation.write' WHEN params ->> 'kind' = 'items' THEN 'duty_list.read' ELSE 'organisation.read' END];
UPDATE schedule SET permissions = ARRAY['job.schedule', CASE WHEN params ->> 'kind' = 'items' THEN 'duty_list.read' ELSE 'organisation.read' END];
ALTER TABLE job FORCE ROW LEVEL SECURITY;
ALTER TABLE schedule FORCE ROW LEVEL SECURITY;
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  stop_schedule 停用定时作业');
