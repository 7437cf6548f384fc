-- The feed of every service: what its outbox holds is numbered, in the order of each record's versions, by one sequencer, and read by that number inside the
-- caller's scope. zeren.equip_feed() gives it to a service that is there already: its next migration calls it; zeren.equip() gives it to those to come.

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('feed.retention_days', '000000000000', 0, '90', true, 'assumed: longer than a device of a work team stays without signal; who comes later begins anew');

-- The lines of a record out of its row as JSON; none where it has none.
CREATE FUNCTION zeren.lines_of(doc jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN jsonb_typeof(doc -> 'lines') = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(doc -> 'lines')) ELSE '{}'::text[] END;

-- E-001: a fixed number of events a block. Reading behind a number touches the blocks behind it alone, and what is too old goes by whole blocks.
CREATE FUNCTION zeren.event_block_size() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1000000;

-- Makes the block of that number; false: it is there already. Its rows are reached through event alone.
CREATE FUNCTION zeren.make_event_block(svc text, block bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE part text := 'event_' || block;
BEGIN
  IF to_regclass(format('%I.%I', svc, part)) IS NOT NULL THEN RETURN false; END IF;
  EXECUTE format('CREATE TABLE %1$I.%2$I (LIKE %1$I.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED)', svc, part);
  EXECUTE format('ALTER TABLE %1$I.event ATTACH PARTITION %1$I.%2$I FOR VALUES FROM (%3$s) TO (%4$s)', svc, part,
                 block * zeren.event_block_size(), (block + 1) * zeren.event_block_size());
  EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', svc, part);
  EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', svc, part);
  RETURN true;
END $$;

-- The block that the next number falls into and the one behind it; says how many were made.
CREATE FUNCTION zeren.make_event_blocks(svc text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE here bigint; made integer := 0;
BEGIN
  EXECUTE format('SELECT (last_seq + 1) / zeren.event_block_size() FROM %I.feed', svc) INTO here;
  FOR n IN here .. here + 1 LOOP
    IF zeren.make_event_block(svc, n) THEN made := made + 1; END IF;
  END LOOP;
  RETURN made;
END $$;

-- E-006: whole blocks whose newest row is older than feed.retention_days go, the oldest first, and none that a consumer has still to read. Says how many went.
CREATE FUNCTION zeren.drop_event_blocks(svc text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
  days integer := zeren.setting_value('feed.retention_days', '000000000000', 0)::integer;
  part record;
  gone integer := 0;
  due boolean;
BEGIN
  FOR part IN SELECT c.relname, (substr(c.relname, 7)::bigint + 1) * zeren.event_block_size() AS upto
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = to_regclass(format('%I.event', svc)) AND c.relname ~ '^event_\d+$' ORDER BY 2 LOOP
    EXECUTE format('SELECT f.last_seq >= %2$s AND NOT EXISTS (SELECT FROM %1$I.feed_consumer k WHERE k.seq < %2$s - 1)
                       AND coalesce((SELECT e.recorded_at FROM %1$I.event e WHERE e.in_country = '''' AND e.seq >= %3$s AND e.seq < %2$s ORDER BY e.seq DESC LIMIT 1)
                                    < now() - make_interval(days => %4$s), true)
                      FROM %1$I.feed f', svc, part.upto, part.upto - zeren.event_block_size(), days) INTO due;
    EXIT WHEN NOT due;
    EXECUTE format('DROP TABLE %I.%I', svc, part.relname);
    EXECUTE format('UPDATE %I.feed SET dropped_seq = %s', svc, part.upto - 1);
    gone := gone + 1;
  END LOOP;
  RETURN gone;
END $$;

-- owner_division is who may see it; its beginnings are columns, because row security lets no expression over a column use an index before the policy. Every index
-- begins with one of them, the country's with the empty one: were there an index by seq alone, the planner would walk it past what all others did, since
-- rows lie in that order.
CREATE PROCEDURE zeren.make_feed_tables(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    ALTER TABLE %1$I.outbox
      ADD COLUMN lines text[] NOT NULL DEFAULT '{}',
      ADD COLUMN left_division zeren.division_code,
      ADD COLUMN left_lines text[] NOT NULL DEFAULT '{}',
      ADD COLUMN deleted boolean NOT NULL DEFAULT false;
    ALTER TABLE %1$I.outbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_insert_scale_factor = 0,
                                 autovacuum_vacuum_insert_threshold = 5000);
    COMMENT ON COLUMN %1$I.outbox.left_division IS 'Whose it was until now, where its division or its lines changed; NULL: they did not';
    CREATE TABLE %1$I.feed (
      one boolean NOT NULL DEFAULT true CONSTRAINT feed_pkey PRIMARY KEY,
      last_seq bigint NOT NULL DEFAULT 0,
      dropped_seq bigint NOT NULL DEFAULT 0,
      updated_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT feed_one_check CHECK (one),
      CONSTRAINT feed_seq_check CHECK (dropped_seq <= last_seq)
    ) WITH (fillfactor = 10);
    COMMENT ON TABLE %1$I.feed IS 'How far the sequencer has numbered, and up to where events were dropped; whoever numbers holds its row';
    CREATE TABLE %1$I.feed_kind (
      kind text COLLATE "C" CONSTRAINT feed_kind_pkey PRIMARY KEY,
      class text COLLATE "C" NOT NULL,
      permission text COLLATE "C" NOT NULL,
      label text NOT NULL,
      CONSTRAINT feed_kind_class_check CHECK (class IN ('scoped', 'upward', 'reference'))
    );
    COMMENT ON TABLE %1$I.feed_kind IS 'The kinds of record that events are of: who sees them (as zeren.classify() says of tables) and by which permission';
    CREATE TABLE %1$I.feed_consumer (
      name text COLLATE "C" CONSTRAINT feed_consumer_pkey PRIMARY KEY,
      seq bigint NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50);
    COMMENT ON TABLE %1$I.feed_consumer IS 'Up to which event each consumer has done its work; moved in the transaction of that work';
    CREATE TABLE %1$I.event (
      seq bigint NOT NULL,
      at timestamptz NOT NULL,
      recorded_at timestamptz NOT NULL DEFAULT now(),
      verb text NOT NULL,
      kind text COLLATE "C" NOT NULL,
      id uuid NOT NULL,
      version integer NOT NULL,
      owner_division zeren.division_code NOT NULL,
      lines text[] NOT NULL DEFAULT '{}',
      upward boolean NOT NULL DEFAULT false,
      everywhere boolean NOT NULL DEFAULT false,
      has_left boolean NOT NULL DEFAULT false,
      deleted boolean NOT NULL DEFAULT false,
      trace_id text,
      in_country text COLLATE "C" NOT NULL GENERATED ALWAYS AS ('') STORED,
      in_province text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 2)) STORED,
      in_prefecture text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 4)) STORED,
      in_county text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 6)) STORED,
      in_town text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 9)) STORED,
      CONSTRAINT event_pkey PRIMARY KEY (in_country, seq)
    ) PARTITION BY RANGE (seq);
    COMMENT ON TABLE %1$I.event IS 'What changed, numbered; one row a change, and one before it for those whose scope the record has left';
    CREATE INDEX event_in_province_idx ON %1$I.event (in_province, seq);
    CREATE INDEX event_in_prefecture_idx ON %1$I.event (in_prefecture, seq);
    CREATE INDEX event_in_county_idx ON %1$I.event (in_county, seq);
    CREATE INDEX event_in_town_idx ON %1$I.event (in_town, seq);
    CREATE INDEX event_owner_division_idx ON %1$I.event (owner_division, seq);
    CREATE INDEX event_everywhere_idx ON %1$I.event (seq) WHERE everywhere;
    INSERT INTO %1$I.feed DEFAULT VALUES;
  $q$, svc);
END $$;

-- E-003: what a page is put together of: a branch for each code of the caller's scope, by the column that such codes are told apart by, one for each division above,
-- and one for reference data. Each is an ordered walk of one index that ends after `n` rows, so that what others do costs nothing. Codes and numbers are written
-- out, for the planner to know them.
CREATE FUNCTION zeren.event_branches(svc text, low bigint, high bigint, dir text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(format('(SELECT v.* FROM %I.event v WHERE %s AND v.seq > %s AND v.seq <= %s AND ($1 IS NULL OR v.kind = ANY ($1)) ORDER BY v.seq %s LIMIT $2)',
                           svc, b.mine, low, high, dir), ' UNION ALL ')
    FROM (SELECT format('v.%I = %L', CASE length(lower(r)) WHEN 0 THEN 'in_country' WHEN 2 THEN 'in_province' WHEN 4 THEN 'in_prefecture' WHEN 6 THEN 'in_county'
                                                           WHEN 9 THEN 'in_town' ELSE 'owner_division' END, lower(r)) AS mine
            FROM unnest(zeren.scope()) AS r
           UNION ALL SELECT format('v.owner_division = %L AND v.upward', a.code) FROM unnest(zeren.ancestors()) AS a (code)
           UNION ALL SELECT 'v.everywhere') AS b
$$;

-- A page of what a caller sees behind (before) a number, in the scope that the engine has set; `kinds` NULL: all. Row security has the last word. Goes from block to
-- block, twice as many each time, until it is full: a plan over all blocks that are kept took longer than the reading, and ever longer.
CREATE PROCEDURE zeren.make_event_pages(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE FUNCTION %1$I.event_page(behind bigint, kinds text[], n integer) RETURNS SETOF %1$I.event LANGUAGE plpgsql STABLE AS $f$
    DECLARE
      size CONSTANT bigint := zeren.event_block_size();
      low bigint; high bigint; top bigint; wide bigint := 1; found integer := 0; more integer;
    BEGIN
      SELECT greatest(behind, f.dropped_seq), f.last_seq INTO low, top FROM %1$I.feed f;
      WHILE low < top AND found < n LOOP
        high := least(top, ((low + 1) / size + wide) * size - 1);
        RETURN QUERY EXECUTE 'SELECT DISTINCT ON (e.seq) e.* FROM (' || zeren.event_branches('%1$s', low, high, 'ASC') || ') AS e ORDER BY e.seq LIMIT $2' USING kinds, n - found;
        GET DIAGNOSTICS more = ROW_COUNT;
        found := found + more; low := high; wide := wide * 2;
      END LOOP;
    END $f$;
    CREATE FUNCTION %1$I.event_page_back(before bigint, kinds text[], n integer) RETURNS SETOF %1$I.event LANGUAGE plpgsql STABLE AS $f$
    DECLARE
      size CONSTANT bigint := zeren.event_block_size();
      low bigint; high bigint; bottom bigint; wide bigint := 1; found integer := 0; more integer;
    BEGIN
      SELECT least(before - 1, f.last_seq), f.dropped_seq INTO high, bottom FROM %1$I.feed f;
      WHILE high > bottom AND found < n LOOP
        low := greatest(bottom, (high / size - wide + 1) * size - 1);
        RETURN QUERY EXECUTE 'SELECT DISTINCT ON (e.seq) e.* FROM (' || zeren.event_branches('%1$s', low, high, 'DESC') || ') AS e ORDER BY e.seq DESC LIMIT $2' USING kinds, n - found;
        GET DIAGNOSTICS more = ROW_COUNT;
        found := found + more; high := low; wide := wide * 2;
      END LOOP;
    END $f$;
  $q$, svc);
END $$;

-- Class `feed`: read by the service in the caller's scope, from below where the kind is upward, by all where it is of a reference table; written by the
-- worker. Class `head`: read by the service, moved by the worker, and by the schema's owner, whose functions make and drop blocks.
CREATE PROCEDURE zeren.make_feed_policies(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    ALTER TABLE %1$I.event ENABLE ROW LEVEL SECURITY;
    ALTER TABLE %1$I.event FORCE ROW LEVEL SECURITY;
    CREATE POLICY read_in_reach ON %1$I.event FOR SELECT TO %2$I
      USING ((coalesce(owner_division::text <@ (SELECT zeren.scope()), false) OR everywhere
              OR (upward AND owner_division = ANY ((SELECT zeren.ancestors())::text[])))
             AND coalesce((SELECT zeren.lines()) IS NULL OR lines = '{}' OR lines && (SELECT zeren.lines()), false));
    CREATE POLICY sequence_by_worker ON %1$I.event TO %3$I USING (true) WITH CHECK (true);
    CREATE POLICY look_by_owner ON %1$I.event FOR SELECT TO %4$I USING (true);
    ALTER TABLE %1$I.feed ENABLE ROW LEVEL SECURITY;
    ALTER TABLE %1$I.feed FORCE ROW LEVEL SECURITY;
    CREATE POLICY read_by_service ON %1$I.feed FOR SELECT TO %2$I USING (true);
    CREATE POLICY move_by_worker ON %1$I.feed TO %3$I USING (true) WITH CHECK (true);
    CREATE POLICY move_by_owner ON %1$I.feed TO %4$I USING (true) WITH CHECK (true);
    ALTER TABLE %1$I.feed_consumer ENABLE ROW LEVEL SECURITY;
    ALTER TABLE %1$I.feed_consumer FORCE ROW LEVEL SECURITY;
    CREATE POLICY read_by_service ON %1$I.feed_consumer FOR SELECT TO %2$I USING (true);
    CREATE POLICY move_by_worker ON %1$I.feed_consumer TO %3$I USING (true) WITH CHECK (true);
    CREATE POLICY move_by_owner ON %1$I.feed_consumer TO %4$I USING (true) WITH CHECK (true);
    CALL zeren.classify('%1$I.feed_kind', 'reference');
    GRANT SELECT ON %1$I.event, %1$I.feed, %1$I.feed_kind, %1$I.feed_consumer TO %2$I;
    GRANT SELECT (id) ON %1$I.outbox TO %2$I;
    GRANT SELECT, DELETE ON %1$I.outbox TO %3$I;
    GRANT SELECT, INSERT ON %1$I.event TO %3$I;
    GRANT SELECT ON %1$I.feed_kind TO %3$I;
    GRANT SELECT, UPDATE ON %1$I.feed TO %3$I;
    GRANT SELECT, INSERT, UPDATE ON %1$I.feed_consumer TO %3$I;
  $q$, svc, svc || '_service', svc || '_worker', svc || '_owner');
END $$;

-- What the worker may have done by the schema's owner: these two.
CREATE PROCEDURE zeren.make_feed_doors(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE FUNCTION %1$I.make_event_blocks() RETURNS integer LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT zeren.make_event_blocks(''%1$s'')';
    CREATE FUNCTION %1$I.drop_event_blocks() RETURNS integer LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
      AS 'SELECT zeren.drop_event_blocks(''%1$s'')';
    REVOKE ALL ON FUNCTION %1$I.make_event_blocks(), %1$I.drop_event_blocks() FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION %1$I.make_event_blocks(), %1$I.drop_event_blocks() TO %2$I;
  $q$, svc, svc || '_worker');
END $$;

CREATE PROCEDURE zeren.equip_feed(svc text) LANGUAGE plpgsql AS $$
BEGIN
  IF to_regclass(format('%I.event', svc)) IS NOT NULL THEN RETURN; END IF;
  CALL zeren.make_feed_tables(svc);
  CALL zeren.make_event_pages(svc);
  CALL zeren.make_feed_policies(svc);
  CALL zeren.make_feed_doors(svc);
  PERFORM zeren.make_event_blocks(svc);
END $$;
COMMENT ON PROCEDURE zeren.equip_feed(text) IS 'Gives a service that has an outbox its feed: event by blocks, head, kinds and consumers';

-- Audit, outbox, feed and idempotency of one service's schema, in the caller's search_path.
CREATE OR REPLACE PROCEDURE zeren.equip(svc text) LANGUAGE plpgsql AS $$
BEGIN
  CALL zeren.equip_audit(svc);
  EXECUTE format($q$
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
    COMMENT ON TABLE %1$I.outbox IS 'One event per changed record, in the transaction of the change, until the feed has numbered it';
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
    CALL zeren.classify('%1$I.outbox', 'private');
    CALL zeren.classify('%1$I.idempotency', 'private');
    GRANT INSERT ON %1$I.outbox TO %2$I;
    GRANT SELECT, INSERT, UPDATE ON %1$I.idempotency TO %2$I;
    GRANT SELECT, DELETE ON %1$I.idempotency TO %3$I;
    GRANT USAGE ON SCHEMA %1$I TO %2$I, %3$I;
  $q$, svc, svc || '_service', svc || '_worker');
  CALL zeren.equip_feed(svc);
END $$;
