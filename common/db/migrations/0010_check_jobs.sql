-- Jobs and schedules say what their work needs and in which session it was asked for, so that what the maker may do now is looked up while it runs
-- (proto/jobs.md J-008 to J-011). A service that has jobs already calls zeren.bind_jobs() once.

CREATE PROCEDURE zeren.bind_jobs(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    ALTER TABLE %1$I.job
      ADD COLUMN IF NOT EXISTS session_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
      ADD COLUMN IF NOT EXISTS permissions text[] NOT NULL DEFAULT '{}';
    ALTER TABLE %1$I.job ALTER COLUMN session_id DROP DEFAULT, ALTER COLUMN permissions DROP DEFAULT;
    COMMENT ON COLUMN %1$I.job.session_id IS 'The session or API token in which it was asked for; it may have ended';
    COMMENT ON COLUMN %1$I.job.permissions IS 'What its maker must be permitted as long as it runs';
    COMMENT ON COLUMN %1$I.job.scope IS 'As it was when the job was asked for, or narrower when it began; never wider';
    ALTER TABLE %1$I.schedule
      ADD COLUMN IF NOT EXISTS session_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
      ADD COLUMN IF NOT EXISTS permissions text[] NOT NULL DEFAULT '{}',
      ADD COLUMN IF NOT EXISTS error_code text,
      ADD COLUMN IF NOT EXISTS error_detail text;
    ALTER TABLE %1$I.schedule ALTER COLUMN session_id DROP DEFAULT, ALTER COLUMN permissions DROP DEFAULT;
    COMMENT ON COLUMN %1$I.schedule.session_id IS 'The session or API token in which it was made; it may have ended';
    COMMENT ON COLUMN %1$I.schedule.permissions IS 'What its maker must be permitted when it starts a job';
    COMMENT ON COLUMN %1$I.schedule.error_detail IS 'Why it was stopped; NULL: it was not';
  $q$, svc);
END $$;
COMMENT ON PROCEDURE zeren.bind_jobs(text) IS 'Binds the jobs and schedules of a service to what their makers may do';

CREATE OR REPLACE PROCEDURE zeren.equip_jobs(svc text) LANGUAGE plpgsql AS $$
BEGIN
  CALL zeren.make_job_tables(svc);
  CALL zeren.bind_jobs(svc);
  EXECUTE format($q$
    CALL zeren.classify('%1$I.job', 'scoped');
    CALL zeren.classify('%1$I.job_row', 'scoped');
    CALL zeren.classify('%1$I.schedule', 'scoped');
    CREATE POLICY run_by_worker ON %1$I.job TO %3$I USING (true) WITH CHECK (true);
    CREATE POLICY run_by_worker ON %1$I.job_row TO %3$I USING (true) WITH CHECK (true);
    CREATE POLICY run_by_worker ON %1$I.schedule TO %3$I USING (true) WITH CHECK (true);
    GRANT SELECT, INSERT, UPDATE ON %1$I.job, %1$I.schedule TO %2$I;
    GRANT SELECT ON %1$I.job_row TO %2$I;
    GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.job TO %3$I;
    GRANT SELECT, INSERT, DELETE ON %1$I.job_row TO %3$I;
    GRANT SELECT, UPDATE ON %1$I.schedule TO %3$I;
  $q$, svc, svc || '_service', svc || '_worker');
END $$;
