-- Households, members and yearly blocks as tables (M-160 to M-176; proto/batches.md): what their batches read and write besides the tables themselves.

-- The settlement or grid of that name in a village on a day.
CREATE FUNCTION settlement_of(village text, called text, on_day date) RETURNS TABLE (settlement_id uuid, grid_id uuid) LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT (array_agg(t.id) FILTER (WHERE t.kind <> 'grid'))[1], (array_agg(t.id) FILTER (WHERE t.kind = 'grid'))[1]
    FROM registry_pub.settlement t WHERE called IS NOT NULL AND t.owner_division = village AND t.name = called AND t.valid_from <= on_day AND t.valid_to > on_day;
END;
COMMENT ON FUNCTION settlement_of(text, text, date) IS 'The natural village or group, or the grid, of a name in a village on a day; NULLs where there is none';

-- Rows of a batch from behind `after` to the last of the household that the `n`th stands in; NULL: there is none.
CREATE FUNCTION bundles_end(of_batch uuid, after integer, n integer) RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE at integer; of_bundle integer;
BEGIN
  SELECT r.row, r.bundle INTO at, of_bundle
    FROM (SELECT b.row, b.bundle FROM monitoring.batch_row b WHERE b.batch_id = of_batch AND b.row > after ORDER BY b.row LIMIT n) AS r ORDER BY r.row DESC LIMIT 1;
  RETURN coalesce((SELECT max(b.row) FROM monitoring.batch_row b WHERE b.batch_id = of_batch AND b.row > at AND b.row <= at + 200 AND b.bundle = of_bundle), at);
END $$;
COMMENT ON FUNCTION bundles_end(uuid, integer, integer) IS 'Where a chunk of whole bundles ends';

-- Rows that do the same to the same kind of record; one that was left out is none. It says how many it gives, for a plan by what is known of a batch that was written just now would join them one by one.
CREATE FUNCTION bundle_rows(of_batch uuid, after integer, last integer, of_part integer, to_do text)
RETURNS TABLE ("row" integer, bundle integer, record_id uuid, base_version integer, parent uuid, body jsonb) LANGUAGE plpgsql STABLE ROWS 4000 AS $$
BEGIN
  RETURN QUERY
  SELECT b.row, b.bundle, b.record_id, b.base_version, (b.hidden ->> 'parent_id')::uuid, CASE to_do WHEN 'insert' THEN b.data || b.hidden ELSE b.hidden END
    FROM monitoring.batch_row b
   WHERE b.batch_id = of_batch AND b.row > after AND b.row <= last AND b.part = of_part AND b.action = to_do AND b.outcome IS NULL ORDER BY b.row;
END $$;
COMMENT ON FUNCTION bundle_rows(uuid, integer, integer, integer, text) IS 'Rows of a batch between two places that insert, or that update, records of one part';

-- Rows that make records of one part: `data` says all that is not sealed and not judged. Joining the two costs as much as reading them, so it is done where something else is
-- shown than what is kept.
CREATE FUNCTION bundle_new(of_batch uuid, after integer, last integer, of_part integer)
RETURNS TABLE ("row" integer, bundle integer, record_id uuid, parent uuid, data jsonb, hidden jsonb) LANGUAGE plpgsql STABLE ROWS 4000 AS $$
BEGIN
  RETURN QUERY
  SELECT b.row, b.bundle, b.record_id, (b.hidden ->> 'parent_id')::uuid, CASE WHEN b.hidden ? 'apart' THEN b.data || b.hidden ELSE b.data END, b.hidden
    FROM monitoring.batch_row b
   WHERE b.batch_id = of_batch AND b.row > after AND b.row <= last AND b.part = of_part AND b.action = 'insert' AND b.outcome IS NULL ORDER BY b.row;
END $$;
COMMENT ON FUNCTION bundle_new(uuid, integer, integer, integer) IS 'Rows of a batch between two places that make records of one part';

-- M-167: a household and who lives there, as its rows were judged beside (bulk_judge.c); any change of one of them makes another.
CREATE FUNCTION household_stamp(h household) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT h.version || ' ' || count(*) || ' ' || coalesce(sum(m.version), 0) FROM monitoring.member m WHERE m.household_id = h.id AND m.left_on IS NULL;
END;

-- M-167: bundles of households that have changed since they were judged; households are held first, so that none changes from then on.
CREATE FUNCTION bundles_changed(of_batch uuid, after integer, last integer) RETURNS SETOF integer LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM FROM monitoring.household h
    WHERE h.id IN (SELECT (r.hidden ->> 'parent_id')::uuid FROM monitoring.batch_row r
                    WHERE r.batch_id = of_batch AND r.row > after AND r.row <= last AND r.hidden ? 'stamp')
    ORDER BY h.id FOR UPDATE;
  RETURN QUERY
    SELECT DISTINCT r.bundle FROM monitoring.batch_row r
     WHERE r.batch_id = of_batch AND r.row > after AND r.row <= last AND r.hidden ? 'stamp' AND r.outcome IS NULL
       AND NOT EXISTS (SELECT FROM monitoring.household h
                        WHERE h.id = (r.hidden ->> 'parent_id')::uuid AND h.status = 'active' AND monitoring.household_stamp(h) = r.hidden ->> 'stamp');
END $$;
COMMENT ON FUNCTION bundles_changed(uuid, integer, integer) IS 'Which bundles are of households that have changed since they were judged. M-167';

-- M-167: bundles of a household that another bundle before them in the span is of, too, named in another way and judged without them: that one changes it.
CREATE FUNCTION bundles_again(of_batch uuid, after integer, last integer) RETURNS SETOF integer LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN QUERY
    SELECT DISTINCT x.bundle
      FROM (SELECT r.bundle, min(r.bundle) OVER (PARTITION BY r.hidden ->> 'parent_id') AS first FROM monitoring.batch_row r
             WHERE r.batch_id = of_batch AND r.row > after AND r.row <= last AND r.hidden ? 'stamp' AND r.outcome IS NULL) AS x
     WHERE x.bundle > x.first;
END $$;
COMMENT ON FUNCTION bundles_again(uuid, integer, integer) IS 'Which bundles are of households that a bundle before them is of, too. M-167';

-- M-169, M-170: bundles that are not taken back, and why: somebody has touched a row of theirs since, or something stands on what they made. Households are held first, as by
-- every step, so that nobody touches them from then on.
CREATE FUNCTION bundles_kept(of_batch uuid, after integer, last integer) RETURNS TABLE (bundle integer, outcome text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM monitoring.hold_households(of_batch, after, last);
  RETURN QUERY
  WITH asked AS MATERIALIZED (
    SELECT p.part, p.to_do, r.row, r.bundle, r.record_id, r.parent, CASE p.to_do WHEN 'insert' THEN 1 ELSE r.base_version + 1 END AS made
      FROM (VALUES (1, 'insert'), (1, 'update'), (2, 'insert'), (2, 'update')) AS p (part, to_do), LATERAL monitoring.bundle_rows(of_batch, after, last, p.part, p.to_do) AS r
  ), held AS MATERIALIZED (
    SELECT a.row FROM asked a JOIN monitoring.household h ON h.id = a.record_id WHERE a.part = 1 AND h.version = a.made AND h.batch_id = of_batch AND h.status = 'active'
     UNION ALL
    SELECT a.row FROM asked a JOIN monitoring.member m ON m.id = a.record_id
     WHERE a.part = 2 AND m.version = a.made AND m.batch_id = of_batch AND m.left_on IS NULL AND m.household_id = a.parent
  )
  SELECT a.bundle, 'kept_changed' FROM asked a WHERE a.row NOT IN (SELECT h.row FROM held h)
   UNION
  SELECT a.bundle, 'kept_in_use' FROM asked a
   WHERE a.to_do = 'insert'
     AND CASE a.part WHEN 1 THEN monitoring.is_household_used(a.record_id, of_batch) OR monitoring.is_asked_about(a.record_id, NULL)
              ELSE monitoring.is_asked_about(NULL, a.record_id)
                OR EXISTS (SELECT FROM monitoring.transfer t WHERE t.household_id = a.parent AND t.member_id = a.record_id AND t.status = 'requested') END;
END $$;
COMMENT ON FUNCTION bundles_kept(uuid, integer, integer) IS 'Which bundles of a batch are not taken back, and why. M-169, M-170';

-- M-170: does anything stand on a household that a batch made, but what the batch made with it?
CREATE FUNCTION is_household_used(household uuid, batch uuid) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM monitoring.member m WHERE m.household_id = household AND m.batch_id IS DISTINCT FROM batch)
      OR EXISTS (SELECT FROM monitoring.three_guarantees t WHERE t.household_id = household) OR EXISTS (SELECT FROM monitoring.income i WHERE i.household_id = household)
      OR EXISTS (SELECT FROM monitoring.living_conditions l WHERE l.household_id = household) OR EXISTS (SELECT FROM monitoring.household f WHERE f.follows_id = household)
      OR EXISTS (SELECT FROM monitoring.transfer t WHERE t.household_id = household);
END;
COMMENT ON FUNCTION is_household_used(uuid, uuid) IS 'Does anything stand on a household that a batch made, but what the batch made with it? M-170';
GRANT SELECT ON transfer TO monitoring_worker;

-- ---- yearly blocks as tables (M-172 to M-176): what is one of them is one of all three
CREATE FUNCTION block_of_kind(kind text) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN CASE kind WHEN 'incomes' THEN 'income' ELSE kind END;
COMMENT ON FUNCTION block_of_kind(text) IS 'The record that a kind of batch has rows of';

CREATE FUNCTION block_there(record text, household uuid, in_year integer, in_stage text) RETURNS jsonb LANGUAGE sql STABLE
  RETURN CASE record
    WHEN 'income' THEN (SELECT to_jsonb(b) FROM monitoring.income b WHERE b.household_id = household AND b.year = in_year AND b.stage = in_stage COLLATE "C")
    WHEN 'three_guarantees' THEN (SELECT to_jsonb(b) FROM monitoring.three_guarantees b WHERE b.household_id = household AND b.year = in_year AND b.stage = in_stage COLLATE "C")
    WHEN 'living_conditions' THEN (SELECT to_jsonb(b) FROM monitoring.living_conditions b WHERE b.household_id = household AND b.year = in_year AND b.stage = in_stage COLLATE "C") END;
COMMENT ON FUNCTION block_there(text, uuid, integer, text) IS 'The block of a household, year and stage; NULL: there is none';

-- An income block with what a row says: its window and figures as a form's would be.
CREATE FUNCTION income_said(b income, said jsonb, today date) RETURNS income LANGUAGE plpgsql STABLE AS $$
BEGIN
  b := jsonb_populate_record(b, said);
  b.amounts := coalesce(b.amounts, '{}') || coalesce((SELECT jsonb_object_agg(e.key, e.value) FROM jsonb_each(said) AS e JOIN monitoring.income_line l ON l.code = e.key COLLATE "C"), '{}');
  b.notes := coalesce(b.notes, '{}');
  b.claims := coalesce(b.claims, 0);
  b.compliant_expense := coalesce(b.compliant_expense, 0);
  b.period_end := coalesce(b.period_end, monitoring.window_end(NULL, b.year, today));
  b.period_start := coalesce(b.period_start, monitoring.window_start(b.period_end, b.owner_division));
  RETURN monitoring.income_computed(b);
END $$;
COMMENT ON FUNCTION income_said(income, jsonb, date) IS 'An income block with what a row of a table says. M-065, M-173';

CREATE FUNCTION block_with(record text, block jsonb, said jsonb, today date) RETURNS jsonb LANGUAGE sql STABLE
  RETURN CASE record
    WHEN 'income' THEN to_jsonb(monitoring.income_said(jsonb_populate_record(NULL::monitoring.income, block), said, today))
    WHEN 'three_guarantees' THEN to_jsonb(jsonb_populate_record(NULL::monitoring.three_guarantees, block || said))
    WHEN 'living_conditions' THEN to_jsonb(jsonb_populate_record(NULL::monitoring.living_conditions, block || said)) END;
COMMENT ON FUNCTION block_with(text, jsonb, jsonb, date) IS 'A block with what a row of a table says, as the row of its table that it would be';

-- M-174: the block of a household that a row means, as it would be; for the rules to look at.
CREATE FUNCTION block_said(kind text, household uuid, said jsonb, today date) RETURNS jsonb LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT monitoring.block_with(r.record, coalesce(monitoring.block_there(r.record, h.id, (said ->> 'year')::integer, r.stage),
           jsonb_build_object('household_id', h.id, 'owner_division', h.owner_division, 'stage', 'yearly')), said, today)
    FROM (SELECT monitoring.block_of_kind(kind) AS record, coalesce(said ->> 'stage', 'yearly') AS stage) AS r, monitoring.household h WHERE h.id = household;
END;
COMMENT ON FUNCTION block_said(text, uuid, jsonb, date) IS 'The block that a row of a table means, as it would be. M-174';

-- What facts_of() says of a household, with these blocks: of each stage the latest.
CREATE FUNCTION facts_said(facts text, kind text, said jsonb[], today date) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT (facts::jsonb || jsonb_build_object(w.name, (
           SELECT jsonb_agg(x.block) FROM (SELECT DISTINCT ON (b.block ->> 'stage') b.block || jsonb_build_object('recorded_on', coalesce(b.block ->> 'recorded_on', today::text)) AS block
                FROM (SELECT s.block, 1 AS sort FROM unnest(said) AS s (block)
                       UNION ALL SELECT o.value, 2 FROM jsonb_array_elements(CASE jsonb_typeof(facts::jsonb -> w.name) WHEN 'array' THEN facts::jsonb -> w.name ELSE '[]' END) AS o) AS b
               ORDER BY b.block ->> 'stage', (b.block ->> 'year')::integer DESC, b.sort) AS x)))::text
    FROM (SELECT CASE kind WHEN 'incomes' THEN 'income' WHEN 'living_conditions' THEN 'living' ELSE kind END AS name) AS w;
END;
COMMENT ON FUNCTION facts_said(text, text, jsonb[], date) IS 'Facts of a household with blocks as they would be. M-174';

-- M-172, M-173: what rows of a table mean, and what is wrong with them; the first that is.
CREATE FUNCTION blocks_asked(rows jsonb, record text, today date) RETURNS TABLE (n integer, key text, there jsonb, code text, in_column text) LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH given AS MATERIALIZED (
    SELECT (g.value ->> 'n')::integer AS n, g.value ->> 'key' AS key, (g.value ->> 'parent')::uuid AS household, g.value ->> 'id' AS given_id, (g.value ->> 'year')::numeric AS year,
           coalesce(g.value ->> 'stage', 'yearly') AS stage, (g.value ->> 'period_start')::date AS period_start, (g.value ->> 'period_end')::date AS period_end, g.value AS said
      FROM jsonb_array_elements(rows) AS g WHERE g.value ->> 'n' IS NOT NULL
  ), met AS MATERIALIZED (
    SELECT g.*, g.year BETWEEN (SELECT monitoring.first_year()) AND extract(year FROM today) AS is_year,
           row_number() OVER (PARTITION BY g.household, g.year, g.stage ORDER BY g.n) > 1 AND g.year IS NOT NULL AS is_again,
           CASE WHEN g.year BETWEEN 2000 AND 2199 THEN monitoring.block_there(record, g.household, g.year::integer, g.stage) END AS there
      FROM given g
  ), windows AS MATERIALIZED (
    SELECT m.*, w.last_day, coalesce(m.period_start, (m.there ->> 'period_start')::date) AS first_day,
           CASE WHEN record = 'income' AND m.is_year THEN (
             SELECT min(k.name) FROM jsonb_object_keys(m.said) AS k (name)
              WHERE k.name ~ '^[a-e][0-9]{1,2}[a-z]?$'
                AND NOT EXISTS (SELECT FROM monitoring.income_line l WHERE l.code = k.name COLLATE "C" AND l.valid_from <= m.year AND coalesce(l.valid_to >= m.year, true))) END AS no_line
      FROM met m,
           LATERAL (SELECT CASE WHEN record = 'income' AND m.is_year
                                THEN coalesce(m.period_end, (m.there ->> 'period_end')::date, least(today, make_date(m.year::integer, 12, 31))) END AS last_day) AS w
  )
  SELECT w.n, w.key, w.there, f.code, f.in_column
    FROM windows w
    LEFT JOIN LATERAL (SELECT x.code, x.in_column
           FROM (VALUES (1, 'year', 'in_future', w.year > extract(year FROM today)), (2, 'year', 'too_early', w.year < (SELECT monitoring.first_year())),
                        (3, 'id', 'unknown_record', w.given_id IS NOT NULL AND w.there IS NULL), (4, 'id', 'contradicts', w.given_id <> w.there ->> 'id'),
                        (5, 'year', 'repeated', w.is_again), (6, coalesce(w.no_line, ''), 'no_such_line', w.no_line IS NOT NULL),
                        (7, 'period_end', 'in_future', w.last_day > today), (8, 'period_end', 'contradicts', extract(year FROM w.last_day) <> w.year),
                        (9, 'period_start', 'contradicts', w.first_day > w.last_day),
                        (10, 'period_start', 'too_early', NOT monitoring.window_fits(w.first_day, w.last_day, (SELECT h.owner_division FROM monitoring.household h WHERE h.id = w.household))),
                        (11, 'period_end', 'nobody_there', w.last_day IS NOT NULL AND monitoring.headcount_on(w.household, w.last_day) = 0)) AS x (n, in_column, code, is_so)
          WHERE x.is_so ORDER BY x.n LIMIT 1) AS f ON true;
END;
COMMENT ON FUNCTION blocks_asked(jsonb, text, date) IS 'Which blocks rows of a table mean, and what is wrong with them. M-172, M-173';

-- Columns of a table that a change of one of its blocks may touch.
CREATE FUNCTION block_columns(record text) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
   WHERE a.attrelid = ('monitoring.' || record)::regclass AND a.attnum > 0 AND NOT a.attisdropped
     AND a.attname NOT IN ('id', 'household_id', 'owner_division', 'at_division', 'year', 'stage', 'created_at');
END;

-- Households of a span of rows, held by id as by every step, before anything of them is read.
CREATE FUNCTION hold_households(of_batch uuid, after integer, last integer) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM h.id FROM monitoring.household h
    WHERE h.id IN (SELECT (r.hidden ->> 'parent_id')::uuid FROM monitoring.batch_row r WHERE r.batch_id = of_batch AND r.row > after AND r.row <= last AND r.hidden IS NOT NULL)
    ORDER BY h.id FOR UPDATE;
END $$;

CREATE FUNCTION block_rows(of_batch uuid, after integer, last integer)
RETURNS TABLE ("row" integer, bundle integer, record_id uuid, base_version integer, household uuid, body jsonb, is_there boolean) LANGUAGE sql STABLE ROWS 4000
BEGIN ATOMIC
  SELECT r.row, r.bundle, r.record_id, r.base_version, r.parent, r.body, false FROM monitoring.bundle_rows(of_batch, after, last, 1, 'insert') AS r
   UNION ALL SELECT r.row, r.bundle, r.record_id, r.base_version, r.parent, r.body, true FROM monitoring.bundle_rows(of_batch, after, last, 1, 'update') AS r;
END;
COMMENT ON FUNCTION block_rows(uuid, integer, integer) IS 'Rows of a batch between two places that insert, or that update (is_there), blocks';

-- M-175: the blocks of whole households, as far as they stand where they stood; an income that was only computed anew since it was staged (M-066) does: nobody has said
-- anything of it, and its version, which is the one before the batch's own, is noted with the row.
CREATE FUNCTION apply_blocks(of_batch uuid, after integer, n integer, verb text, account uuid, post uuid, moment timestamptz, today date)
RETURNS TABLE (last integer, done bigint, left_out bigint) LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
DECLARE
  record text := (SELECT monitoring.block_of_kind(b.kind) FROM monitoring.batch b WHERE b.id = of_batch);
  marks jsonb := jsonb_build_object('recorded_at', moment, 'recorded_by_account', account, 'recorded_by_post', post, 'source', 'import', 'batch_id', of_batch,
    'reason', (SELECT b.reason FROM monitoring.batch b WHERE b.id = of_batch));
BEGIN
  last := monitoring.bundles_end(of_batch, after, n);
  PERFORM monitoring.hold_households(of_batch, after, last);
  RETURN QUERY EXECUTE format($q$
    WITH next AS MATERIALIZED (
      SELECT r.* FROM monitoring.block_rows($1, $2, $3) AS r
    ), met AS MATERIALIZED (
      SELECT n.row, n.record_id, n.is_there, n.base_version, n.body,
             CASE WHEN n.is_there THEN to_jsonb(b)
                  ELSE jsonb_build_object('id', n.record_id, 'household_id', h.id, 'owner_division', h.owner_division, 'at_division', h.owner_division, 'stage', 'yearly',
                                          'created_at', $4, 'version', 0) END AS block
        FROM next n JOIN monitoring.household h ON h.id = n.household AND h.status = 'active'
        LEFT JOIN monitoring.%1$I b ON n.is_there AND b.id = n.record_id AND b.household_id = h.id
              AND (b.version = n.base_version OR (%1$L = 'income' AND monitoring.only_recounted(b.id, n.base_version)))
    ), fit AS MATERIALIZED (
      SELECT DISTINCT ON (w.block ->> 'household_id', w.block ->> 'year', w.block ->> 'stage') m.row, m.record_id, m.is_there, m.base_version, (m.block ->> 'version')::integer AS was_version,
             w.block || $5 || jsonb_build_object('version', (m.block ->> 'version')::integer + 1) AS block
        FROM met m, LATERAL (SELECT monitoring.block_with(%1$L, m.block, m.body, $6) AS block OFFSET 0) AS w
       WHERE m.block IS NOT NULL AND w.block ->> 'headcount' IS DISTINCT FROM '0'
         AND (m.is_there OR monitoring.block_there(%1$L, (w.block ->> 'household_id')::uuid, (w.block ->> 'year')::integer, w.block ->> 'stage') IS NULL)
       ORDER BY w.block ->> 'household_id', w.block ->> 'year', w.block ->> 'stage', m.row
    ), outdated AS MATERIALIZED (
      SELECT c.bundle FROM monitoring.bundles_changed($1, $2, $3) AS c (bundle)
    ), stale AS MATERIALIZED (
      SELECT n.bundle FROM next n WHERE n.row NOT IN (SELECT f.row FROM fit f) UNION SELECT o.bundle FROM outdated o
    ), made AS (
      INSERT INTO monitoring.%1$I SELECT p.* FROM fit f JOIN next n ON n.row = f.row, LATERAL jsonb_populate_record(NULL::monitoring.%1$I, f.block) AS p
       WHERE NOT f.is_there AND n.bundle NOT IN (SELECT s.bundle FROM stale s)
      RETURNING id, version, owner_division, NULL::integer AS row
    ), changed AS (
      UPDATE monitoring.%1$I b SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::monitoring.%1$I, f.block))
        FROM fit f JOIN next n ON n.row = f.row
       WHERE f.is_there AND n.bundle NOT IN (SELECT s.bundle FROM stale s) AND b.id = f.record_id AND b.version = f.was_version
      RETURNING b.id, b.version, b.owner_division, CASE WHEN f.was_version > f.base_version THEN f.row END
    ), done AS MATERIALIZED (
      SELECT * FROM made UNION ALL SELECT * FROM changed
    ), rebased AS (
      UPDATE monitoring.batch_row r SET base_version = d.version - 1 FROM done d WHERE r.batch_id = $1 AND r.row = d.row
    ), told AS (
      INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division) SELECT $4, $7, %1$L, d.id, d.version, d.owner_division FROM done d
    ), kept AS MATERIALIZED (
      SELECT n.row, CASE WHEN n.bundle IN (SELECT o.bundle FROM outdated o) THEN 'changed_since' WHEN n.row IN (SELECT f.row FROM fit f) THEN 'bundle_left_out'
                         WHEN n.is_there THEN 'changed_since' ELSE 'recorded_now' END AS outcome
        FROM next n WHERE n.bundle IN (SELECT s.bundle FROM stale s) OR n.record_id NOT IN (SELECT d.id FROM done d)
    ), noted AS (
      UPDATE monitoring.batch_row r SET outcome = k.outcome FROM kept k WHERE r.batch_id = $1 AND r.row = k.row
    )
    SELECT $3, (SELECT count(*) FROM done), (SELECT count(*) FROM kept)
  $q$, record, monitoring.block_columns(record)) USING of_batch, after, last, moment, marks, today, verb;
END $$;
COMMENT ON FUNCTION apply_blocks(uuid, integer, integer, text, uuid, uuid, timestamptz, date) IS 'Carries out the next rows of a batch of yearly blocks. M-175';

-- M-176: what the batch made goes with its versions, what it changed is as the version before says, where nobody has touched either since. Who changes who lived there does not
-- touch an income (M-066): what a recount made of it is nobody's word.
CREATE FUNCTION undo_blocks(of_batch uuid, after integer, n integer, verb text, account uuid, post uuid, moment timestamptz)
RETURNS TABLE (last integer, done bigint, left_out bigint) LANGUAGE plpgsql VOLATILE ROWS 1 AS $$
DECLARE
  record text := (SELECT monitoring.block_of_kind(b.kind) FROM monitoring.batch b WHERE b.id = of_batch);
  marks jsonb := jsonb_build_object('recorded_at', moment, 'recorded_by_account', account, 'recorded_by_post', post, 'source', 'import', 'batch_id', of_batch,
    'reason', (SELECT b.reason FROM monitoring.batch b WHERE b.id = of_batch));
BEGIN
  last := monitoring.bundles_end(of_batch, after, n);
  PERFORM monitoring.hold_households(of_batch, after, last);
  RETURN QUERY EXECUTE format($q$
    WITH next AS MATERIALIZED (
      SELECT r.* FROM monitoring.block_rows($1, $2, $3) AS r
    ), held AS MATERIALIZED (
      SELECT n.row, n.is_there, b.id, b.version, v.body || $5 || jsonb_build_object('version', b.version + 1) AS block
        FROM next n JOIN LATERAL (SELECT CASE WHEN n.is_there THEN n.base_version + 1 ELSE 1 END AS made) AS k ON true
        JOIN monitoring.%1$I b ON b.id = n.record_id AND (b.version = k.made OR (%1$L = 'income' AND b.version > k.made AND monitoring.only_recounted(b.id, k.made)))
         AND $1 = CASE WHEN b.version = k.made THEN b.batch_id ELSE (SELECT w.batch_id FROM monitoring.archive_version w WHERE w.record = %1$L AND w.record_id = b.id AND w.version = k.made) END
        JOIN monitoring.household h ON h.id = b.household_id AND h.status = 'active'
        LEFT JOIN monitoring.archive_version v ON n.is_there AND v.record = %1$L AND v.record_id = b.id AND v.version = n.base_version
       WHERE NOT n.is_there OR (v.body IS NOT NULL AND (%1$L <> 'income' OR monitoring.headcount_on(h.id, (v.body ->> 'period_end')::date) > 0))
    ), stale AS MATERIALIZED (
      SELECT n.bundle FROM next n WHERE n.row NOT IN (SELECT h.row FROM held h)
    ), ours AS MATERIALIZED (
      SELECT h.* FROM held h JOIN next n ON n.row = h.row WHERE n.bundle NOT IN (SELECT s.bundle FROM stale s)
    ), gone AS (
      DELETE FROM monitoring.%1$I b USING ours o WHERE NOT o.is_there AND b.id = o.id AND b.version = o.version RETURNING b.id, b.version + 1 AS version, b.owner_division, true AS is_gone
    ), forgotten AS (
      DELETE FROM monitoring.archive_version v USING gone g WHERE v.record = %1$L AND v.record_id = g.id
    ), back AS (
      UPDATE monitoring.%1$I b SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::monitoring.%1$I, o.block))
        FROM ours o WHERE o.is_there AND b.id = o.id AND b.version = o.version
      RETURNING b.id, b.version, b.owner_division, false
    ), done AS MATERIALIZED (
      SELECT * FROM gone UNION ALL SELECT * FROM back
    ), told AS (
      INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division, deleted) SELECT $4, $6, %1$L, d.id, d.version, d.owner_division, d.is_gone FROM done d
    ), kept AS MATERIALIZED (
      SELECT n.row FROM next n WHERE n.record_id NOT IN (SELECT d.id FROM done d)
    ), noted AS (
      UPDATE monitoring.batch_row r SET outcome = 'kept_changed' FROM kept k WHERE r.batch_id = $1 AND r.row = k.row
    )
    SELECT $3, (SELECT count(*) FROM done), (SELECT count(*) FROM kept)
  $q$, record, monitoring.block_columns(record)) USING of_batch, after, last, moment, marks, verb;
END $$;
COMMENT ON FUNCTION undo_blocks(uuid, integer, integer, text, uuid, uuid, timestamptz) IS 'Takes the next rows of a batch of yearly blocks back. M-176';

-- M-236: staged rows that hold ciphertext, by the record that it is sealed for.
CREATE INDEX batch_row_sealed_idx ON batch_row (record_id) WHERE hidden ?| ARRAY['id_number', 'phone', 'health', 'disability_card'];

CALL zeren.tell_codes('batch_kind', '批量导入类型', '本系统', '
  archive 农户和家庭成员
  incomes 家庭收支
  three_guarantees 三保障和饮水
  living_conditions 生产生活条件');
CALL zeren.tell_codes('export_kind', '批量导出类型', '本系统', '
  households 农户
  members 家庭成员
  incomes 家庭收支
  three_guarantees 三保障和饮水
  living_conditions 生产生活条件');
CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：规则 M-160 至 M-176', '
  unknown_village 没有此行政村
  unknown_record 没有此编号的记录
  several_records 此编号有多条记录，请填写系统编号
  unknown_settlement 没有此自然村、村民组或者网格
  moved 已不在此村或者此户，迁移须另行申请
  ended 此户已注销
  no_head 没有户主
  head_changes 户主有变化，须同时提供户的数据
  in_future 晚于今天
  too_early 早于应当在它之前的日期
  too_large 数值过大
  contradicts 与其他内容不一致
  recorded_now 读取后已有同样的记录
  no_such_line 该年度没有这一收支项目
  nobody_there 收入截止日户内没有人');
-- What a rule says stands in error files, too.
DO $$
DECLARE words text := (SELECT string_agg(r.code || ' ' || translate(r.message, E'|\n', '；　'), E'\n' ORDER BY r.code) FROM monitoring.monitoring_rule r);
BEGIN
  CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：核查规则', words);
END $$;
