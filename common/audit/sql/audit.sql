-- The sealer's and the verifier's statements; the search_path says of which service. Instants are text, so that a row's digest does not depend on the
-- connection's settings.

-- name: audit_seal_head :rows
-- The newest seal, and the stamp that rows are looked at from: ten minutes before the newest one sealed. Stamps of a clock that was ahead do not count.
SELECT s.seq::text, encode(s.mac, 'hex'),
       to_char(((SELECT max(newest) FROM audit_seal WHERE newest <= now()) - make_interval(secs => :late_s::integer)) AT TIME ZONE 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  FROM audit_seal s ORDER BY s.seq DESC LIMIT 1

-- name: audit_open_ids :rows
-- Ids that no seal has, from a little above the newest that was sealed before the window: rows of slow transactions come late. Of ids known to be open only
-- those below it are let go: to number all that a busy window sealed would take longer than to seal it.
WITH edge AS (
  SELECT coalesce(max(newest) - make_interval(secs => :late_s::integer), '-infinity') AS at FROM audit_seal WHERE newest <= now()
), settled AS (
  SELECT coalesce(max(i.id), 0) AS id
    FROM (SELECT s.ids FROM audit_seal s, edge e WHERE s.newest < e.at ORDER BY s.seq DESC LIMIT 20) AS old, unnest(old.ids) AS i (id)
), above AS (
  SELECT int8multirange(int8range(id + 1, NULL)) AS ids FROM settled
)
SELECT (CASE WHEN :open::int8multirange IS NOT NULL THEN a.ids * :open::int8multirange
             ELSE a.ids - coalesce((SELECT range_agg(int8range(i.id, i.id, '[]')) FROM audit_seal s, edge e, unnest(s.ids) AS i (id) WHERE s.newest >= e.at),
                 '{}')
        END)::text
  FROM above a

-- name: audit_next_rows :rows
-- What the next seal takes: unsealed rows inside the window, of one month, in order of stamp and id. Stamps that no clock makes are left to be told by verify.
-- Planned with its values: without them the planner would read and sort all that waits for each seal.
WITH waiting AS MATERIALIZED (
  SELECT w.* FROM unnest(:open::int8multirange) AS r (ids),
         LATERAL (SELECT * FROM audit_log l
                   WHERE l.id >= lower(r.ids) AND l.id < coalesce(upper(r.ids), 9223372036854775807)
                     AND l.recorded_at >= coalesce(:horizon::timestamptz, '1970-01-01Z') AND l.recorded_at < '9999-12-31Z'
                   ORDER BY l.id LIMIT 512) AS w
), month AS MATERIALIZED (
  SELECT date_trunc('month', min(recorded_at), 'UTC') AS begins FROM waiting
)
SELECT id::text, to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       account_id::text, post_id::text, session_id::text, address, verb, record, record_id::text, version::text, owner_division::text, request_id, reason,
       body::text, before::text
  FROM waiting
 WHERE recorded_at < (SELECT (begins AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC' FROM month)
 ORDER BY waiting.recorded_at, waiting.id LIMIT 512

-- name: audit_seal_insert :rows
-- Only behind the seal it names: of two sealers one fails. Answers the ids that are open now.
INSERT INTO audit_seal (seq, sealed_at, key_id, oldest, newest, ids, row_digests, prev, mac)
SELECT :seq::bigint, :sealed_at::timestamptz, :key_id::text, :oldest::timestamptz, :newest::timestamptz, :ids::bigint[], decode(:digests::text, 'hex'),
       decode(:prev::text, 'hex'), decode(:mac::text, 'hex')
 WHERE :seq::bigint = 1 OR EXISTS (SELECT FROM audit_seal p WHERE p.seq = :seq::bigint - 1 AND p.mac = decode(:prev::text, 'hex'))
RETURNING (:open::int8multirange - (SELECT range_agg(int8range(i.id, i.id, '[]')) FROM unnest(:ids::bigint[]) AS i (id)))::text

-- name: audit_seals :rows
-- The first seal behind a number.
SELECT seq::text, to_char(sealed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), key_id,
       to_char(oldest AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(newest AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       array_to_string(ids, ','), encode(row_digests, 'hex'), encode(prev, 'hex'), encode(mac, 'hex')
  FROM audit_seal WHERE seq > :after::bigint ORDER BY audit_seal.seq LIMIT 1

-- name: audit_seals_between :rows
-- The first seal of an export and the last: those with a row recorded inside it; of one up to now at least the last, which shows that nothing was cut.
SELECT coalesce(min(seq), (SELECT max(l.seq) FROM audit_seal l WHERE :until::timestamptz IS NULL))::text,
       coalesce(max(seq), (SELECT max(l.seq) FROM audit_seal l WHERE :until::timestamptz IS NULL))::text
  FROM audit_seal
 WHERE newest >= coalesce(:from::timestamptz, '-infinity') AND oldest < coalesce(:until::timestamptz, 'infinity')

-- name: audit_rows_of :rows
-- Rows of a seal by their ids. First where they belong; what is missing there is looked for everywhere, in case it was moved.
SELECT id::text, coalesce(to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), recorded_at::text),
       to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       account_id::text, post_id::text, session_id::text, address, verb, record, record_id::text, version::text, owner_division::text, request_id, reason,
       body::text, before::text
  FROM audit_log
 WHERE id = ANY (:ids::bigint[]) AND recorded_at >= coalesce(:oldest::timestamptz, '-infinity') AND recorded_at <= coalesce(:newest::timestamptz, 'infinity')
 ORDER BY audit_log.id, audit_log.recorded_at LIMIT 1024

-- name: audit_loose_rows :rows
-- Rows that no seal has at their stamp. PostgreSQL keeps what it compares on disk, so that this takes no more memory for a long log.
SELECT a.id::text, coalesce(to_char(a.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), a.recorded_at::text),
       to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
       a.account_id::text, a.post_id::text, a.session_id::text, a.address, a.verb, a.record, a.record_id::text, a.version::text, a.owner_division::text,
       a.request_id, a.reason, a.body::text, a.before::text
  FROM audit_log a
 WHERE a.recorded_at >= coalesce(:from::timestamptz, '-infinity') AND (:until::timestamptz IS NULL OR a.recorded_at < :until::timestamptz)
   AND (a.id, a.recorded_at) > (:after::bigint, :after_at::timestamptz)
   AND NOT EXISTS (SELECT FROM audit_seal s, unnest(s.ids) AS i (id)
                    WHERE i.id = a.id AND a.recorded_at >= s.oldest AND a.recorded_at <= s.newest)
 ORDER BY a.id, a.recorded_at LIMIT 4096

-- name: audit_make_months :rows
SELECT make_audit_months(:ahead::integer)::text

-- name: audit_due_months :rows
SELECT m::text, to_char((m + interval '1 month')::timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM audit_months_due(:anchored::bigint) AS m

-- name: audit_drop_month :rows
SELECT drop_audit_month(:month::date, :anchored::bigint)::text
