-- How long batches are kept (proto/batches.md, B-013): their rows as long as they may be taken back, then the batch alone. A service that has batches already gets it by
-- zeren.equip_batch_retention(), one to come by zeren.equip_batches().

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('batches.undo_days', '000000000000', 0, '180', true, 'assumed: half a year after it was applied nobody takes a table back as a whole; until then its rows are kept'),
  ('batches.retention_days', '000000000000', 0, '1095', true, 'assumed: three years, as long as the lists that most tables belong to; what a table changed is in the audit log');
ALTER TABLE zeren.setting ADD CONSTRAINT setting_batch_days_check CHECK (key NOT IN ('batches.undo_days', 'batches.retention_days') OR value::integer BETWEEN 1 AND 36500);

CREATE PROCEDURE zeren.equip_batch_retention(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    ALTER TABLE %1$I.batch ADD COLUMN IF NOT EXISTS forgotten_at timestamptz;
    COMMENT ON COLUMN %1$I.batch.forgotten_at IS 'When its rows were given up; from then on it is neither applied nor taken back';
    CREATE INDEX IF NOT EXISTS batch_kept_idx ON %1$I.batch (coalesce(decided_at, created_at)) WHERE forgotten_at IS NULL;
    CREATE INDEX IF NOT EXISTS batch_forgotten_idx ON %1$I.batch (coalesce(decided_at, created_at), id) WHERE forgotten_at IS NOT NULL;
    GRANT DELETE ON %1$I.batch, %1$I.batch_row TO %2$I;
    GRANT SELECT, INSERT, DELETE ON %1$I.file_use TO %2$I;
  $q$, svc, svc || '_worker');
END $$;
COMMENT ON PROCEDURE zeren.equip_batch_retention(text) IS 'What forgetting batches needs in a service that has them';

CREATE OR REPLACE PROCEDURE zeren.equip_batches(svc text) LANGUAGE plpgsql AS $$
BEGIN
  CALL zeren.make_batch_tables(svc);
  EXECUTE format($q$
    CALL zeren.classify('%1$I.batch', 'scoped');
    CALL zeren.classify('%1$I.batch_row', 'scoped');
    GRANT SELECT, INSERT, UPDATE ON %1$I.batch TO %2$I;
    GRANT SELECT ON %1$I.batch_row TO %2$I;
    GRANT SELECT, UPDATE ON %1$I.batch TO %3$I;
    GRANT SELECT, INSERT, UPDATE ON %1$I.batch_row TO %3$I;
    GRANT SELECT, INSERT ON %1$I.file TO %3$I;
    GRANT SELECT, INSERT ON %1$I.blob TO %3$I;
    INSERT INTO %1$I.feed_kind (kind, class, permission, label) VALUES ('batch', 'scoped', 'signed_in', '批次');
  $q$, svc, svc || '_service', svc || '_worker');
  CALL zeren.equip_batch_retention(svc);
END $$;

-- ---- pages of the feed
-- E-003: what a page is put together of, in fewer branches than before: one for each code of the caller's scope, by the column that such codes are told apart by, one
-- for all divisions above, and one for reference data. Each is an ordered walk of one index that ends after `n` rows, so that what others do costs nothing. Codes and
-- numbers are written out, for the planner to know them; from `low + 1` on, for behind `low` would take the block before along. Planning was four fifths of a page's time, a branch for each division above most of it.
CREATE OR REPLACE FUNCTION zeren.event_branches(svc text, low bigint, high bigint, dir text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT string_agg(b.branch, ' UNION ALL ')
    FROM (SELECT format('(SELECT v.* FROM %I.event v WHERE v.%I = %L AND v.seq >= %s AND v.seq <= %s AND ($1 IS NULL OR v.kind = ANY ($1)) ORDER BY v.seq %s LIMIT $2)', svc,
                        CASE length(lower(r)) WHEN 0 THEN 'in_country' WHEN 2 THEN 'in_province' WHEN 4 THEN 'in_prefecture' WHEN 6 THEN 'in_county' WHEN 9 THEN 'in_town'
                                              ELSE 'owner_division' END, lower(r), low + 1, high, dir) AS branch
            FROM unnest(zeren.scope()) AS r
           UNION ALL
          SELECT format('(SELECT w.* FROM unnest(%L::text[]) AS a (code), LATERAL (SELECT v.* FROM %I.event v WHERE v.owner_division = a.code COLLATE "C" AND v.upward
                           AND v.seq >= %s AND v.seq <= %s AND ($1 IS NULL OR v.kind = ANY ($1)) ORDER BY v.seq %s LIMIT $2) AS w)', zeren.ancestors(), svc, low + 1, high, dir)
           WHERE zeren.ancestors() <> '{}'
           UNION ALL
          SELECT format('(SELECT v.* FROM %I.event v WHERE v.everywhere AND v.seq >= %s AND v.seq <= %s AND ($1 IS NULL OR v.kind = ANY ($1)) ORDER BY v.seq %s LIMIT $2)', svc,
                        low + 1, high, dir)) AS b
$$;

-- Of a service that has its feed already, its own next migration calls make_event_pages(): what it makes belongs to the service.
-- A page of what a caller sees behind (before) a number, in the scope that the engine has set; `kinds` NULL: all. Row security has the last word. Goes from block to
-- block until it is full: a plan over several blocks takes longer to make than one for each of them.
CREATE OR REPLACE PROCEDURE zeren.make_event_pages(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE OR REPLACE FUNCTION %1$I.event_page(behind bigint, kinds text[], n integer) RETURNS SETOF %1$I.event LANGUAGE plpgsql STABLE AS $f$
    DECLARE
      size CONSTANT bigint := zeren.event_block_size();
      low bigint; high bigint; top bigint; found integer := 0; more integer;
    BEGIN
      SELECT greatest(behind, f.dropped_seq), f.last_seq INTO low, top FROM %1$I.feed f;
      WHILE low < top AND found < n LOOP
        high := least(top, ((low + 1) / size + 1) * size - 1);
        RETURN QUERY EXECUTE 'SELECT DISTINCT ON (e.seq) e.* FROM (' || zeren.event_branches('%1$s', low, high, 'ASC') || ') AS e ORDER BY e.seq LIMIT $2' USING kinds, n - found;
        GET DIAGNOSTICS more = ROW_COUNT;
        found := found + more; low := high;
      END LOOP;
    END $f$;
    CREATE OR REPLACE FUNCTION %1$I.event_page_back(before bigint, kinds text[], n integer) RETURNS SETOF %1$I.event LANGUAGE plpgsql STABLE AS $f$
    DECLARE
      size CONSTANT bigint := zeren.event_block_size();
      low bigint; high bigint; bottom bigint; found integer := 0; more integer;
    BEGIN
      SELECT least(before - 1, f.last_seq), f.dropped_seq INTO high, bottom FROM %1$I.feed f;
      WHILE high > bottom AND found < n LOOP
        low := greatest(bottom, high / size * size - 1);
        RETURN QUERY EXECUTE 'SELECT DISTINCT ON (e.seq) e.* FROM (' || zeren.event_branches('%1$s', low, high, 'DESC') || ') AS e ORDER BY e.seq DESC LIMIT $2' USING kinds, n - found;
        GET DIAGNOSTICS more = ROW_COUNT;
        found := found + more; high := low;
      END LOOP;
    END $f$;
  $q$, svc);
END $$;

-- E-006: as before; and where the feed of a restored database begins behind all that was kept, what is dropped later does not open those places again.
CREATE OR REPLACE FUNCTION zeren.drop_event_blocks(svc text) RETURNS integer LANGUAGE plpgsql AS $$
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
    EXECUTE format('UPDATE %I.feed SET dropped_seq = greatest(dropped_seq, %s)', svc, part.upto - 1);
    gone := gone + 1;
  END LOOP;
  RETURN gone;
END $$;
