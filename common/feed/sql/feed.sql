-- The sequencer's statements (common/feed/sequencer.c), and how far a consumer is (common/feed/consumer.c). Run by a service's worker, in its own schema.

-- name: feed_sequence :rows
-- E-001, E-002: the next of the outbox, in the order of its ids, which inside one record is that of its versions: an id is drawn while the record's row is locked.
-- Only what is committed is seen, so nothing waits for a transaction that runs elsewhere. The head's row is held, so that no two number at once.
WITH batch AS MATERIALIZED (
  SELECT o.id FROM outbox o WHERE o.id > :floor::bigint ORDER BY o.id LIMIT :batch::integer
), head AS MATERIALIZED (
  SELECT f.last_seq FROM feed f WHERE EXISTS (SELECT FROM batch) FOR UPDATE
), taken AS (
  DELETE FROM outbox o USING batch b, head h WHERE o.id = b.id RETURNING o.*, h.last_seq
), each AS (
  SELECT t.id, 0 AS part, t.last_seq, t.at, t.verb, t.record, t.record_id, t.version, t.left_division AS owner_division, t.left_lines AS lines, true AS has_left,
         false AS deleted, t.trace_id
    FROM taken t WHERE t.left_division IS NOT NULL
   UNION ALL
  SELECT t.id, 1, t.last_seq, t.at, t.verb, t.record, t.record_id, t.version, t.owner_division, t.lines, false, t.deleted, t.trace_id FROM taken t
), added AS (
  INSERT INTO event (seq, at, verb, kind, id, version, owner_division, lines, upward, everywhere, has_left, deleted, trace_id)
  SELECT e.last_seq + row_number() OVER (ORDER BY e.id, e.part), e.at, e.verb, e.record, e.record_id, e.version, e.owner_division, e.lines,
         coalesce(k.class = 'upward', false), coalesce(k.class = 'reference', false), e.has_left, e.deleted, e.trace_id
    FROM each e LEFT JOIN feed_kind k ON k.kind = e.record
  RETURNING seq
), moved AS (
  UPDATE feed f SET last_seq = f.last_seq + (SELECT count(*) FROM added), updated_at = now() WHERE EXISTS (SELECT FROM added) RETURNING f.last_seq
)
SELECT (SELECT count(*) FROM taken)::text AS taken, (SELECT max(id) FROM taken)::text AS last_id, (SELECT last_seq FROM moved)::text AS last_seq

-- name: feed_make_blocks :rows
SELECT make_event_blocks()::text AS made

-- name: feed_drop_blocks :rows
-- E-006. It waits for those who read, and all that come then wait behind it: no longer than they have patience, and then it is tried again.
WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', '1s', true) AS lock_timeout)
SELECT CASE WHEN p.lock_timeout IS NOT NULL THEN drop_event_blocks() END::text AS dropped FROM patience p

-- name: feed_lag :rows
-- What waits for its number, and for how many seconds the oldest; of many, those that come first.
SELECT count(*)::text AS waiting, greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(o.at)), 0))::bigint::text AS seconds
  FROM (SELECT o.at FROM outbox o ORDER BY o.id LIMIT 1000000) AS o

-- name: feed_is_behind :rows
-- Has a consumer anything to do? Looked at before its place is held.
SELECT 1 AS behind FROM feed f LEFT JOIN feed_consumer k ON k.name = :consumer::text WHERE k.seq IS NULL OR k.seq < f.last_seq

-- name: feed_take_place :rows
-- E-007: a consumer's place, held until its work is done; one that is new begins with what is kept.
INSERT INTO feed_consumer AS k (name, seq) SELECT :consumer::text, f.dropped_seq FROM feed f
    ON CONFLICT (name) DO UPDATE SET updated_at = k.updated_at
RETURNING k.seq::text

-- name: feed_look_ahead :rows
-- Where a consumer's next batch ends, and how many events of its kinds it has; the place moves past those of others, too.
SELECT max(e.seq)::text AS upto, count(*) FILTER (WHERE :kinds::text[] IS NULL OR e.kind = ANY (:kinds::text[]))::text AS n
  FROM (SELECT v.seq, v.kind FROM event v WHERE v.in_country = '' AND v.seq > :after::bigint ORDER BY v.seq LIMIT :batch::integer) AS e

-- name: feed_move_place :exec
UPDATE feed_consumer SET seq = :upto::bigint, updated_at = now() WHERE name = :consumer::text
