-- What every service's schema stands on: the scope of the caller, table classes and their policies, refusals, settings, the work-day calendar,
-- and the tables of audit, outbox and idempotency that each service gets by zeren.equip().

GRANT USAGE ON SCHEMA zeren TO PUBLIC;

-- A code is twelve characters; a range of codes is written by prefix: ["4313","4313~") holds every code that begins with 4313.
CREATE TYPE zeren.code_range AS RANGE (subtype = text, collation = "C", multirange_type_name = zeren.code_multirange);
COMMENT ON TYPE zeren.code_range IS 'A range of division codes under the C collation; the end ~ sorts behind every code character';
CREATE DOMAIN zeren.division_code AS text COLLATE "C" CHECK (VALUE ~ '^[0-9F][0-9A-Z]{11}$');

-- The caller's divisions; empty when no scope was set (charter D1: after SET LOCAL the setting reads '', never NULL again).
CREATE FUNCTION zeren.scope() RETURNS zeren.code_multirange LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(nullif(current_setting('zeren.scope', true), ''), '{}')::zeren.code_multirange;

-- The caller's lines; NULL: every line.
CREATE FUNCTION zeren.lines() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('zeren.lines', true), '')::text[];

-- The divisions above the caller's, the country included: what class `upward` shows besides. The engine works them out once a token
-- (auth/principal.c); out of the scope in SQL they were two thirds of the cost of reading one item.
CREATE FUNCTION zeren.ancestors() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(nullif(current_setting('zeren.ancestors', true), ''), '{}')::text[];

-- Refusals with a code of our own; common/db/sqlstate.c knows them. Each returns what its caller's expression needs, and never returns.
CREATE FUNCTION zeren.refuse(state text, field text, detail text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = state, COLUMN = coalesce(field, ''), MESSAGE = detail;
END $$;
CREATE FUNCTION zeren.no_such(field text) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'ZR002', COLUMN = field, MESSAGE = 'no such record';
END $$;

-- Settings: numbers are rows. The nearest ancestor division's row for the year holds; year 0 is any year.
CREATE TABLE zeren.setting (
  key text NOT NULL,
  division zeren.division_code NOT NULL,
  year smallint NOT NULL DEFAULT 0,
  value text NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  source text NOT NULL,
  CONSTRAINT setting_pkey PRIMARY KEY (key, division, year)
);
COMMENT ON TABLE zeren.setting IS 'Thresholds and time limits by (division, year); class reference';

CREATE FUNCTION zeren.setting_value(wanted text, at_division text, in_year integer) RETURNS text LANGUAGE sql STABLE
  RETURN (SELECT s.value FROM zeren.setting s
           WHERE s.key = wanted AND s.year IN (in_year, 0)
             AND s.division = ANY (ARRAY[at_division, rpad(left(at_division, 9), 12, '0'), rpad(left(at_division, 6), 12, '0'),
                                         rpad(left(at_division, 4), 12, '0'), rpad(left(at_division, 2), 12, '0'), '000000000000'])
           ORDER BY length(rtrim(s.division, '0')) DESC, s.year DESC LIMIT 1);

-- Work days (Asia/Shanghai). work_seq counts them, so the distance of two days is a subtraction.
CREATE TABLE zeren.calendar_year (year smallint CONSTRAINT calendar_year_pkey PRIMARY KEY, source text NOT NULL);
CREATE TABLE zeren.calendar_day (
  day date CONSTRAINT calendar_day_pkey PRIMARY KEY,
  is_work boolean NOT NULL,
  work_seq integer NOT NULL,
  note text
);
COMMENT ON TABLE zeren.calendar_day IS 'Every day of the years in calendar_year; work_seq = work days up to and with that day';

-- Work days after `since` up to and with `until`; refuses where the calendar has no data (charter D17).
CREATE FUNCTION zeren.work_days_between(since date, until date) RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE a integer; b integer;
BEGIN
  SELECT work_seq INTO a FROM zeren.calendar_day WHERE day = since;
  SELECT work_seq INTO b FROM zeren.calendar_day WHERE day = until;
  IF a IS NULL OR b IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'ZR006', MESSAGE = format('no work-day calendar for %s', CASE WHEN a IS NULL THEN since ELSE until END);
  END IF;
  RETURN b - a;
END $$;

-- Table classes (proto/tables.def, charter D1) become policies here and nowhere else.
--   scoped     owner_division inside the caller's ranges; and the row's lines empty or shared with the caller's, where the table has lines
--   upward     as scoped for writing; readable from below its owner, too
--   reference  readable by all; written inside the caller's ranges where it has owner_division, else only by migrations
--   private    the owning service's roles only
-- coalesce(…, false): a doubt is no; and the planner, which knows nothing of a scope, takes half the rows to pass instead of one in two hundred, which made it
-- read and sort whole tables under LIMIT (tests/db/test_plans.c).
CREATE PROCEDURE zeren.classify(target regclass, class text) LANGUAGE plpgsql AS $$
DECLARE
  svc text := (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target);
  has_lines boolean := EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'lines' AND NOT attisdropped);
  has_owner boolean := EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'owner_division' AND NOT attisdropped);
  mine text := 'coalesce(owner_division::text <@ (SELECT zeren.scope()), false)';
  above text := ' OR owner_division = ANY ((SELECT zeren.ancestors())::text[])';
  own_line text := ' AND coalesce((SELECT zeren.lines()) IS NULL OR lines = ''{}'' OR lines && (SELECT zeren.lines()), false)';
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  IF class IN ('scoped', 'upward') AND NOT has_owner THEN
    RAISE EXCEPTION '% has no owner_division', target;
  END IF;
  IF NOT has_lines THEN own_line := ''; END IF;
  CASE class
    WHEN 'scoped' THEN
      EXECUTE format('CREATE POLICY within_scope ON %s USING ((%s)%s) WITH CHECK ((%s)%s)', target, mine, own_line, mine, own_line);
    WHEN 'upward' THEN
      EXECUTE format('CREATE POLICY read_from_below ON %s FOR SELECT USING ((%s%s)%s)', target, mine, above, own_line);
      EXECUTE format('CREATE POLICY insert_within_scope ON %s FOR INSERT WITH CHECK ((%s)%s)', target, mine, own_line);
      EXECUTE format('CREATE POLICY update_within_scope ON %s FOR UPDATE USING ((%s)%s) WITH CHECK ((%s)%s)', target, mine, own_line, mine, own_line);
      EXECUTE format('CREATE POLICY delete_within_scope ON %s FOR DELETE USING ((%s)%s)', target, mine, own_line);
    WHEN 'reference' THEN
      EXECUTE format('CREATE POLICY read_by_all ON %s FOR SELECT USING (true)', target);
      IF has_owner THEN
        EXECUTE format('CREATE POLICY insert_within_scope ON %s FOR INSERT WITH CHECK (%s)', target, mine);
        EXECUTE format('CREATE POLICY update_within_scope ON %s FOR UPDATE USING (%s) WITH CHECK (%s)', target, mine, mine);
      END IF;
      EXECUTE format('CREATE POLICY load_by_migration ON %s TO %I USING (true) WITH CHECK (true)', target, svc || '_owner');
    WHEN 'private' THEN
      EXECUTE format('CREATE POLICY own_service ON %s TO %I, %I USING (true) WITH CHECK (true)', target, svc || '_service', svc || '_worker');
  END CASE;
END $$;

CALL zeren.classify('zeren.setting', 'reference');
CALL zeren.classify('zeren.calendar_year', 'reference');
CALL zeren.classify('zeren.calendar_day', 'reference');
GRANT SELECT ON zeren.setting, zeren.calendar_year, zeren.calendar_day TO PUBLIC;
-- A service's migrations seed its own settings, whose keys begin with its name.
CREATE POLICY seed_own ON zeren.setting FOR INSERT TO identity_owner, registry_owner WITH CHECK (current_user = split_part(key, '.', 1) || '_owner');
GRANT INSERT ON zeren.setting TO identity_owner, registry_owner;

-- Audit, outbox and idempotency of one service's schema, in the caller's search_path. Audit is INSERT-only by grant (charter D8).
CREATE PROCEDURE zeren.equip(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE TABLE %1$I.audit_log (
      id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_log_pkey PRIMARY KEY,
      at timestamptz NOT NULL,
      account_id uuid,
      post_id uuid,
      verb text NOT NULL,
      record text NOT NULL,
      record_id uuid NOT NULL,
      version integer NOT NULL,
      owner_division zeren.division_code NOT NULL,
      request_id text,
      body jsonb NOT NULL
    );
    COMMENT ON TABLE %1$I.audit_log IS 'Who changed which record to what, in the transaction of the change; INSERT-only';
    CREATE TABLE %1$I.outbox (
      id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
      at timestamptz NOT NULL,
      verb text NOT NULL,
      record text NOT NULL,
      record_id uuid NOT NULL,
      version integer NOT NULL,
      owner_division zeren.division_code NOT NULL,
      trace_id text
    );
    COMMENT ON TABLE %1$I.outbox IS 'One event per changed record, in the transaction of the change; numbered later by the feed';
    CREATE TABLE %1$I.idempotency (
      account_id uuid NOT NULL,
      key text COLLATE "C" NOT NULL,
      digest text COLLATE "C" NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      status smallint,
      body text,
      etag text,
      location text,
      CONSTRAINT idempotency_pkey PRIMARY KEY (account_id, key)
    ) WITH (fillfactor = 80);
    COMMENT ON TABLE %1$I.idempotency IS 'The answer of a write under its key; removed after the setting IDEMPOTENCY_HOURS';
    CREATE INDEX idempotency_created_at_idx ON %1$I.idempotency (created_at);
    CALL zeren.classify('%1$I.audit_log', 'private');
    CALL zeren.classify('%1$I.outbox', 'private');
    CALL zeren.classify('%1$I.idempotency', 'private');
    GRANT INSERT ON %1$I.audit_log TO %2$I, %3$I;
    GRANT INSERT ON %1$I.outbox TO %2$I;
    GRANT SELECT, INSERT, UPDATE ON %1$I.idempotency TO %2$I;
    GRANT SELECT, DELETE ON %1$I.idempotency TO %3$I;
    GRANT USAGE ON SCHEMA %1$I TO %2$I, %3$I;
  $q$, svc, svc || '_service', svc || '_worker');
END $$;
