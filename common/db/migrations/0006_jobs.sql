-- Work that outlasts a request: jobs with a lease, a report by row and a place to go on from; and schedules that start them by rule. Rules: proto/jobs.md.
-- zeren.equip_jobs() gives them to a service.

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('jobs.lease_seconds', '000000000000', 0, '30', true, 'assumed: a chunk of work takes two seconds at most; whoever is silent for longer is taken for dead'),
  ('jobs.attempts', '000000000000', 0, '5', true, 'assumed: how often a job is tried that ends in a failure which may pass'),
  ('jobs.retention_days', '000000000000', 0, '90', true, 'assumed: how long a finished job and its report are kept');

-- J-006: the first moment behind `after` that a rule names, by the clock of Asia/Shanghai. NULL: the rule is none.
--   every <n>m | every <n>h · daily HH:MM · workday HH:MM · weekly <mon..sun> HH:MM · monthly <1..28> HH:MM · yearly MM-DD HH:MM
CREATE FUNCTION zeren.next_run(rule text, after timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  word text[] := regexp_match(rule, '^(every|daily|workday|weekly|monthly|yearly)(?: (\S+))?(?: (\S+))?$');
  here timestamp := after AT TIME ZONE 'Asia/Shanghai';
  clock time;
  on_day date;
  step interval;
BEGIN
  IF word IS NULL THEN RETURN NULL; END IF;
  IF word[1] = 'every' THEN
    IF word[2] !~ '^[1-9][0-9]{0,3}[mh]$' OR word[3] IS NOT NULL THEN RETURN NULL; END IF;
    step := make_interval(mins => left(word[2], -1)::integer * CASE right(word[2], 1) WHEN 'h' THEN 60 ELSE 1 END);
    RETURN after + step;
  END IF;
  IF coalesce(word[3], word[2]) !~ '^([01][0-9]|2[0-3]):[0-5][0-9]$' OR (word[1] IN ('daily', 'workday')) <> (word[3] IS NULL) THEN RETURN NULL; END IF;
  clock := coalesce(word[3], word[2])::time;
  on_day := CASE WHEN here::time < clock THEN here::date ELSE here::date + 1 END;
  CASE word[1]
    WHEN 'daily' THEN NULL;
    WHEN 'workday' THEN
      on_day := (SELECT min(c.day) FROM zeren.calendar_day c WHERE c.day >= on_day AND c.is_work);
    WHEN 'weekly' THEN
      IF array_position('{mon,tue,wed,thu,fri,sat,sun}'::text[], word[2]) IS NULL THEN RETURN NULL; END IF;
      on_day := on_day + (array_position('{mon,tue,wed,thu,fri,sat,sun}'::text[], word[2]) - extract(isodow FROM on_day)::integer + 7) % 7;
    WHEN 'monthly' THEN
      IF word[2] !~ '^([1-9]|1[0-9]|2[0-8])$' THEN RETURN NULL; END IF;
      IF extract(day FROM on_day) > word[2]::integer THEN on_day := date_trunc('month', on_day) + interval '1 month'; END IF;
      on_day := date_trunc('month', on_day)::date + word[2]::integer - 1;
    WHEN 'yearly' THEN
      IF word[2] !~ '^(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$' THEN RETURN NULL; END IF;
      IF to_char(on_day, 'MM-DD') > word[2] THEN on_day := date_trunc('year', on_day) + interval '1 year'; END IF;
      on_day := (extract(year FROM on_day)::text || '-' || word[2])::date;
  END CASE;
  RETURN (on_day + clock) AT TIME ZONE 'Asia/Shanghai';
END $$;
COMMENT ON FUNCTION zeren.next_run(text, timestamptz) IS 'When a schedule''s rule is due next; NULL for no rule, or a work day that the calendar does not know';

CREATE PROCEDURE zeren.make_job_tables(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE TABLE %1$I.job (
      id uuid CONSTRAINT job_pkey PRIMARY KEY,
      owner_division zeren.division_code NOT NULL,
      kind text COLLATE "C" NOT NULL,
      status text COLLATE "C" NOT NULL DEFAULT 'queued' CONSTRAINT job_status_check CHECK (status IN ('queued', 'running', 'cancelling', 'done', 'failed', 'cancelled')),
      account_id uuid NOT NULL,
      post_id uuid NOT NULL,
      organisation_id uuid,
      scope text NOT NULL,
      scope_lines text NOT NULL,
      ancestors text NOT NULL,
      params jsonb NOT NULL DEFAULT '{}',
      total bigint CONSTRAINT job_total_check CHECK (total >= 0),
      done bigint NOT NULL DEFAULT 0,
      failed bigint NOT NULL DEFAULT 0,
      position text,
      result jsonb,
      attempts smallint NOT NULL DEFAULT 0,
      not_before timestamptz NOT NULL,
      lease_owner text,
      lease_until timestamptz,
      started_at timestamptz,
      ended_at timestamptz,
      error_code text,
      error_detail text,
      schedule_id uuid,
      created_at timestamptz NOT NULL,
      version integer NOT NULL DEFAULT 1
    ) WITH (fillfactor = 70);
    COMMENT ON TABLE %1$I.job IS 'Work that outlasts a request, run in the scope of who asked for it; position is where a chunk left off';
    CREATE INDEX job_waiting_idx ON %1$I.job (not_before, id) WHERE status IN ('queued', 'running', 'cancelling');
    CREATE INDEX job_owner_division_idx ON %1$I.job (owner_division, created_at, id);
    CREATE INDEX job_created_at_idx ON %1$I.job (created_at, id);
    CREATE INDEX job_account_id_idx ON %1$I.job (account_id, created_at, id);
    CREATE INDEX job_ended_at_idx ON %1$I.job (ended_at) WHERE ended_at IS NOT NULL;
    CREATE TABLE %1$I.job_row (
      job_id uuid NOT NULL CONSTRAINT job_row_job_id_fkey REFERENCES %1$I.job ON DELETE CASCADE,
      owner_division zeren.division_code NOT NULL,
      row integer NOT NULL,
      nth smallint NOT NULL DEFAULT 1,
      outcome text COLLATE "C" NOT NULL CONSTRAINT job_row_outcome_check CHECK (outcome IN ('created', 'updated', 'unchanged', 'failed', 'skipped')),
      code text,
      column_name text,
      detail text,
      record_id uuid,
      CONSTRAINT job_row_pkey PRIMARY KEY (job_id, row, nth)
    );
    COMMENT ON TABLE %1$I.job_row IS 'What became of each row that a job had something to say of';
    CREATE TABLE %1$I.schedule (
      id uuid CONSTRAINT schedule_pkey PRIMARY KEY,
      owner_division zeren.division_code NOT NULL,
      kind text COLLATE "C" NOT NULL,
      rule text NOT NULL CONSTRAINT schedule_rule_check CHECK (zeren.next_run(rule, '2026-01-01T00:00:00Z') IS NOT NULL),
      params jsonb NOT NULL DEFAULT '{}',
      enabled boolean NOT NULL DEFAULT true,
      account_id uuid NOT NULL,
      post_id uuid NOT NULL,
      organisation_id uuid,
      scope text NOT NULL,
      scope_lines text NOT NULL,
      ancestors text NOT NULL,
      next_at timestamptz NOT NULL,
      last_job_id uuid,
      created_at timestamptz NOT NULL,
      version integer NOT NULL DEFAULT 1
    );
    COMMENT ON TABLE %1$I.schedule IS 'Jobs by rule, in the scope of who made it';
    CREATE INDEX schedule_due_idx ON %1$I.schedule (next_at) WHERE enabled;
    CREATE INDEX schedule_owner_division_idx ON %1$I.schedule (owner_division, id);
  $q$, svc);
END $$;

-- Scoped, and besides: the worker, which has no scope until it takes a job, sees all.
CREATE PROCEDURE zeren.equip_jobs(svc text) LANGUAGE plpgsql AS $$
BEGIN
  CALL zeren.make_job_tables(svc);
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
COMMENT ON PROCEDURE zeren.equip_jobs(text) IS 'Gives a service its jobs, their reports and schedules';
