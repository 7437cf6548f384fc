-- Audit of every service: one log a month, before images, reasons, and the seals that zeren_audit chains over the rows (common/audit). zeren.equip_audit()
-- gives it to a service; one that has an audit_log already calls it in its next migration.

-- A-001: what is personal is kept as its first character, what is ciphertext or a digest not at all.
CREATE FUNCTION zeren.mask(given jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE jsonb_typeof(given)
           WHEN 'null' THEN given
           WHEN 'string' THEN CASE WHEN given #>> '{}' = '' THEN given
                                   WHEN given #>> '{}' LIKE '\\x%' THEN '"******"'
                                   ELSE to_jsonb(left(given #>> '{}', 1) || '***') END
           ELSE '"******"' END;
COMMENT ON FUNCTION zeren.mask(jsonb) IS 'A member as audit keeps it: a text by its first character, bytea and everything else as ******';

CREATE FUNCTION zeren.masked(doc jsonb, names text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN doc || (SELECT coalesce(jsonb_object_agg(n.name, zeren.mask(doc -> n.name)), '{}') FROM unnest(names) AS n (name) WHERE doc ? n.name);
COMMENT ON FUNCTION zeren.masked(jsonb, text[]) IS 'A document with the named members masked';

-- A whole row of a table, whose columns the statement's author may not know: what its name or its form tells as key material goes, too.
CREATE FUNCTION zeren.before_image(doc jsonb, names text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN (SELECT coalesce(jsonb_object_agg(e.key, CASE WHEN e.value = 'null' THEN e.value
                                                       WHEN e.key ~ '_(cipher|hash|hashes|digest|salt|secret)$' THEN '"******"'
                                                       WHEN e.key = ANY (names) OR (jsonb_typeof(e.value) = 'string' AND e.value #>> '{}' LIKE '\\x%')
                                                         THEN zeren.mask(e.value)
                                                       ELSE e.value END), '{}')
            FROM jsonb_each(doc) AS e);
COMMENT ON FUNCTION zeren.before_image(jsonb, text[]) IS 'The row as it was, masked for audit';

-- Set by the engine for a caller with audit.read, and by nothing else: without it no statement of a service sees an audit row.
CREATE FUNCTION zeren.auditing() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(current_setting('zeren.auditing', true), '') = 'on';

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('audit.retention_days', '000000000000', 0, '183', false, '网络安全法(2025年修订)第二十三条第(三)项: network logs are kept for six months at least');

-- The months of an audit_log, named audit_log_2026_11. A month counts by UTC, like recorded_at itself.
CREATE FUNCTION zeren.audit_partition(at_month date) RETURNS text LANGUAGE sql IMMUTABLE RETURN 'audit_log_' || to_char(at_month, 'YYYY_MM');

-- A partition's rows are reached through audit_log alone: it has no grants and, row security being forced, no policy.
CREATE PROCEDURE zeren.close_audit_partition(svc text, part text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', svc, part);
  EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', svc, part);
END $$;

-- Makes one month's partition and moves into it what the default partition holds of that month. False: it is there already.
CREATE FUNCTION zeren.make_audit_month(svc text, at_month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  part text := zeren.audit_partition(at_month);
  lo timestamptz := at_month::timestamp AT TIME ZONE 'UTC';
  hi timestamptz := (at_month + interval '1 month')::timestamp AT TIME ZONE 'UTC';
BEGIN
  IF to_regclass(format('%I.%I', svc, part)) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %1$I.%2$I (LIKE %1$I.audit_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', svc, part);
  -- Nobody writes behind this transaction's back: the default partition is held until its end.
  EXECUTE format('LOCK TABLE %I.audit_log_default IN ACCESS EXCLUSIVE MODE', svc);
  EXECUTE format('ALTER TABLE %I.audit_log_default DISABLE ROW LEVEL SECURITY', svc);
  EXECUTE format('WITH moved AS (DELETE FROM %1$I.audit_log_default WHERE recorded_at >= %3$L AND recorded_at < %4$L RETURNING *)
                  INSERT INTO %1$I.%2$I SELECT * FROM moved', svc, part, lo, hi);
  CALL zeren.close_audit_partition(svc, 'audit_log_default');
  EXECUTE format('ALTER TABLE %1$I.audit_log ATTACH PARTITION %1$I.%2$I FOR VALUES FROM (%3$L) TO (%4$L)', svc, part, lo, hi);
  CALL zeren.close_audit_partition(svc, part);
  RETURN true;
END $$;

-- This month and `ahead` more, and every month that the default partition has rows of; says how many were made. Those rows are asked for by stamps that no month
-- has, which leaves the months' own partitions alone.
CREATE FUNCTION zeren.make_audit_months(svc text, ahead integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE months date[]; at_month date; homeless text; made integer := 0;
BEGIN
  IF ahead NOT BETWEEN 0 AND 24 THEN RAISE EXCEPTION 'months ahead: 0 to 24, not %', ahead; END IF;
  SELECT coalesce(string_agg(format('(recorded_at < %L OR recorded_at >= %L)', m::timestamp AT TIME ZONE 'UTC', (m + interval '1 month')::timestamp AT TIME ZONE 'UTC'),
                             ' AND '), 'true')
    INTO homeless
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid, to_date(right(c.relname, 7), 'YYYY_MM') AS m
   WHERE i.inhparent = to_regclass(format('%I.audit_log', svc)) AND c.relname ~ '^audit_log_\d{4}_\d{2}$';
  EXECUTE format(
      'SELECT array_agg(m ORDER BY m) FROM
        (SELECT date_trunc(''month'', now() AT TIME ZONE ''UTC'' + make_interval(months => n))::date FROM generate_series(0, %2$s) AS n
         UNION SELECT date_trunc(''month'', recorded_at AT TIME ZONE ''UTC'')::date FROM %1$I.audit_log
          WHERE tableoid = ''%1$I.audit_log_default''::regclass AND isfinite(recorded_at) AND %3$s) AS wanted (m)',
      svc, ahead, homeless) INTO months;
  FOREACH at_month IN ARRAY months LOOP
    IF zeren.make_audit_month(svc, at_month) THEN made := made + 1; END IF;
  END LOOP;
  RETURN made;
END $$;

-- How long audit rows are kept. A row of the setting cannot make it less than six months: that is refused, not mended.
CREATE FUNCTION zeren.audit_retention_days() RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE days integer := coalesce(zeren.setting_value('audit.retention_days', '000000000000', 0), '183')::integer;
BEGIN
  IF days < 183 THEN
    RAISE EXCEPTION 'audit.retention_days is %: audit rows are kept for six months at least', days;
  END IF;
  RETURN days;
END $$;

-- A-008: a month may go when all of it is older than the retention, and than six months whatever the calendar says of them; and sealed by a seal whose number an
-- anchor outside the database has (`anchored`).
CREATE FUNCTION zeren.audit_month_is_due(svc text, at_month date, anchored bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
  lo timestamptz := at_month::timestamp AT TIME ZONE 'UTC';
  hi timestamptz := (at_month + interval '1 month')::timestamp AT TIME ZONE 'UTC';
  unsealed boolean;
BEGIN
  IF hi > now() - make_interval(days => zeren.audit_retention_days()) OR hi > now() - interval '6 months' THEN RETURN false; END IF;
  EXECUTE format('SELECT EXISTS (SELECT a.id FROM %1$I.audit_log a WHERE a.recorded_at >= %2$L AND a.recorded_at < %3$L
                    EXCEPT SELECT unnest(s.ids) FROM %1$I.audit_seal s WHERE s.newest >= %2$L AND s.oldest < %3$L AND s.seq <= %4$s)',
                 svc, lo, hi, anchored) INTO unsealed;
  RETURN NOT unsealed;
END $$;

CREATE FUNCTION zeren.audit_months_due(svc text, anchored bigint) RETURNS SETOF date LANGUAGE plpgsql STABLE AS $$
DECLARE at_month date;
BEGIN
  FOR at_month IN
      SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = to_regclass(format('%I.audit_log', svc)) AND c.relname ~ '^audit_log_\d{4}_\d{2}$' ORDER BY c.relname LOOP
    IF zeren.audit_month_is_due(svc, at_month, anchored) THEN RETURN NEXT at_month; END IF;
  END LOOP;
END $$;

CREATE FUNCTION zeren.drop_audit_month(svc text, at_month date, anchored bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF at_month <> date_trunc('month', at_month)::date OR to_regclass(format('%I.%I', svc, zeren.audit_partition(at_month))) IS NULL THEN
    RAISE EXCEPTION 'there is no audit of the month %', at_month;
  END IF;
  IF NOT zeren.audit_month_is_due(svc, at_month, anchored) THEN
    RAISE EXCEPTION 'the audit of % is not to be dropped: too young, or not all sealed and anchored', to_char(at_month, 'YYYY-MM');
  END IF;
  EXECUTE format('DROP TABLE %I.%I', svc, zeren.audit_partition(at_month));
  RETURN true;
END $$;

-- The parts of one service's audit, as its schema's owner. Harmless when they are there already.
CREATE PROCEDURE zeren.make_audit_tables(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE TABLE %1$I.audit_log (
      id bigint GENERATED ALWAYS AS IDENTITY,
      at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now(),
      account_id uuid,
      post_id uuid,
      session_id uuid,
      address text,
      verb text NOT NULL,
      record text NOT NULL,
      record_id uuid NOT NULL,
      version integer NOT NULL,
      owner_division zeren.division_code NOT NULL,
      request_id text,
      reason text,
      body jsonb NOT NULL,
      before jsonb,
      CONSTRAINT audit_log_pkey PRIMARY KEY (id, recorded_at)
    ) PARTITION BY RANGE (recorded_at);
    COMMENT ON TABLE %1$I.audit_log IS 'Who changed which record from what to what and why, in the transaction of the change; INSERT-only, a partition a month';
    COMMENT ON COLUMN %1$I.audit_log.recorded_at IS 'The transaction''s own time: months and seals go by it; `at` is the request''s';
    CREATE INDEX audit_log_at_idx ON %1$I.audit_log (at, id);
    CREATE INDEX audit_log_record_id_idx ON %1$I.audit_log (record_id);
    CREATE TABLE %1$I.audit_log_default PARTITION OF %1$I.audit_log DEFAULT;
    CALL zeren.close_audit_partition('%1$s', 'audit_log_default');
    CREATE TABLE %1$I.audit_seal (
      seq bigint CONSTRAINT audit_seal_pkey PRIMARY KEY,
      sealed_at timestamptz NOT NULL DEFAULT now(),
      key_id text COLLATE "C" NOT NULL,
      oldest timestamptz NOT NULL,
      newest timestamptz NOT NULL,
      ids bigint[] NOT NULL,
      row_digests bytea NOT NULL,
      prev bytea NOT NULL,
      mac bytea NOT NULL,
      CONSTRAINT audit_seal_digests_check CHECK (octet_length(row_digests) = 32 * cardinality(ids) AND cardinality(ids) > 0),
      CONSTRAINT audit_seal_mac_check CHECK (octet_length(mac) = 32 AND octet_length(prev) = 32)
    );
    COMMENT ON TABLE %1$I.audit_seal IS 'The chain over audit_log: one row a batch, gapless; common/audit/README.md says what a mac is of';
    CREATE INDEX audit_seal_newest_idx ON %1$I.audit_seal (newest);
  $q$, svc);
END $$;

-- A-005, A-010. Class `journal`: added by the service's roles, which choose neither its number nor its stamp, read by the service inside the caller's scope while
-- zeren.auditing is on, and whole by the sealer.
-- Class `seal`: the sealer's alone. The schema's owner may look, because dropping a month looks whether it is sealed.
CREATE PROCEDURE zeren.make_audit_policies(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    ALTER TABLE %1$I.audit_log ENABLE ROW LEVEL SECURITY;
    ALTER TABLE %1$I.audit_log FORCE ROW LEVEL SECURITY;
    CREATE POLICY add_by_service ON %1$I.audit_log FOR INSERT TO %2$I, %3$I WITH CHECK (true);
    CREATE POLICY read_by_auditor ON %1$I.audit_log FOR SELECT TO %2$I
      USING (coalesce(owner_division::text <@ (SELECT zeren.scope()), false) AND (SELECT zeren.auditing()));
    CREATE POLICY read_by_sealer ON %1$I.audit_log FOR SELECT TO zeren_audit USING (true);
    CREATE POLICY look_by_owner ON %1$I.audit_log FOR SELECT TO %4$I USING (true);
    GRANT SELECT ON %1$I.audit_log TO %2$I;
    GRANT INSERT (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body, before)
      ON %1$I.audit_log TO %2$I, %3$I;
    GRANT SELECT ON %1$I.audit_log TO zeren_audit;
    ALTER TABLE %1$I.audit_seal ENABLE ROW LEVEL SECURITY;
    ALTER TABLE %1$I.audit_seal FORCE ROW LEVEL SECURITY;
    CREATE POLICY seal_by_sealer ON %1$I.audit_seal FOR INSERT TO zeren_audit WITH CHECK (true);
    CREATE POLICY read_by_sealer ON %1$I.audit_seal FOR SELECT TO zeren_audit USING (true);
    CREATE POLICY look_by_owner ON %1$I.audit_seal FOR SELECT TO %4$I USING (true);
    GRANT INSERT, SELECT ON %1$I.audit_seal TO zeren_audit;
    GRANT USAGE ON SCHEMA %1$I TO zeren_audit;
  $q$, svc, svc || '_service', svc || '_worker', svc || '_owner');
END $$;

-- What the sealer may have done by the schema's owner: these three, and nothing else that changes a table.
CREATE PROCEDURE zeren.make_audit_doors(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE FUNCTION %1$I.make_audit_months(ahead integer) RETURNS integer LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT zeren.make_audit_months(''%1$s'', ahead)';
    CREATE FUNCTION %1$I.audit_months_due(anchored bigint) RETURNS SETOF date LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT zeren.audit_months_due(''%1$s'', anchored)';
    CREATE FUNCTION %1$I.drop_audit_month(at_month date, anchored bigint) RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT zeren.drop_audit_month(''%1$s'', at_month, anchored)';
    REVOKE ALL ON FUNCTION %1$I.make_audit_months(integer), %1$I.audit_months_due(bigint), %1$I.drop_audit_month(date, bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION %1$I.make_audit_months(integer), %1$I.audit_months_due(bigint), %1$I.drop_audit_month(date, bigint) TO zeren_audit;
  $q$, svc);
END $$;

-- An audit_log of before becomes the new one's first rows. Their stamp is the time of the request, but never one still to come, and never before that of a row
-- written earlier: seals go by stamps.
CREATE PROCEDURE zeren.take_audit_over(svc text) LANGUAGE plpgsql AS $$
DECLARE last bigint;
BEGIN
  EXECUTE format('ALTER TABLE %I.audit_log_of_before DISABLE ROW LEVEL SECURITY', svc);
  EXECUTE format('ALTER TABLE %I.audit_log DISABLE ROW LEVEL SECURITY', svc);
  EXECUTE format('INSERT INTO %1$I.audit_log (id, at, recorded_at, account_id, post_id, verb, record, record_id, version, owner_division, request_id, body)
                  OVERRIDING SYSTEM VALUE
                  SELECT id, at, max(least(at, now())) OVER (ORDER BY id), account_id, post_id, verb, record, record_id, version, owner_division, request_id, body
                    FROM %1$I.audit_log_of_before ORDER BY id', svc);
  EXECUTE format('SELECT coalesce(max(id), 0) FROM %I.audit_log', svc) INTO last;
  EXECUTE format('ALTER TABLE %I.audit_log ALTER COLUMN id RESTART WITH %s', svc, last + 1);
  EXECUTE format('DROP TABLE %I.audit_log_of_before', svc);
END $$;

CREATE PROCEDURE zeren.equip_audit(svc text) LANGUAGE plpgsql AS $$
DECLARE of_before boolean := EXISTS (SELECT FROM pg_class WHERE oid = to_regclass(format('%I.audit_log', svc)) AND relkind = 'r');
BEGIN
  IF to_regclass(format('%I.audit_log', svc)) IS NOT NULL AND NOT of_before THEN RETURN; END IF;
  IF of_before THEN
    EXECUTE format('ALTER TABLE %I.audit_log RENAME TO audit_log_of_before', svc);
    EXECUTE format('ALTER TABLE %I.audit_log_of_before RENAME CONSTRAINT audit_log_pkey TO audit_log_of_before_pkey', svc);
    EXECUTE format('ALTER SEQUENCE %1$I.audit_log_id_seq RENAME TO audit_log_of_before_id_seq', svc);
  END IF;
  CALL zeren.make_audit_tables(svc);
  IF of_before THEN CALL zeren.take_audit_over(svc); END IF;
  CALL zeren.make_audit_policies(svc);
  CALL zeren.make_audit_doors(svc);
  PERFORM zeren.make_audit_months(svc, 3);
END $$;
COMMENT ON PROCEDURE zeren.equip_audit(text) IS 'Gives a service its audit_log by month and its audit_seal, or brings an audit_log of before up to that';
