-- What the worker does with batches and with tables that go out, in the scope of who asked for it. Rules: proto/batches.md.

-- name: batch_look :rows
-- The batch of a job, and the file it came by.
SELECT b.id::text, b.kind, f.stored_sha256, b.sheet, b.format, b.charset, b.separator, f.name, coalesce(j.params ->> 'only_faulty', 'false')
  FROM job j JOIN batch b ON b.id = (j.params ->> 'batch_id')::uuid JOIN file f ON f.id = b.file_id AND f.status = 'ready'
 WHERE j.id = :job_id::uuid

-- name: batch_words :rows
SELECT e.dictionary, e.code, e.label, e.short_label FROM zeren.dictionary_entry e
 WHERE e.dictionary = ANY (:dictionaries::text[]) AND e.valid_until IS NULL ORDER BY e.dictionary, e.sort

-- name: batch_hold :rows
-- B-002: every chunk looks whether the batch still stands where its job needs it; nobody moves it meanwhile.
SELECT status FROM batch WHERE id = :batch_id::uuid FOR UPDATE

-- name: batch_count :rows
-- What a chunk of reading found.
UPDATE batch SET rows = rows + :rows::integer, inserts = inserts + :inserts::integer, updates = updates + :updates::integer, unchanged = unchanged + :unchanged::integer,
       failed = failed + :failed::integer
 WHERE id = :batch_id::uuid RETURNING rows::text

-- name: batch_move :rows
-- The batch's next state; one audit row, one event.
WITH changed AS (
  UPDATE batch SET status = :status::text, refusal = coalesce(:refusal::text, refusal), heading_faults = coalesce(:heading_faults::jsonb, heading_faults),
         format = coalesce(:format::text, format), charset = coalesce(:charset::text, charset), separator = coalesce(:separator::text, separator),
         sheet = coalesce(:sheet::text, sheet), version = version + 1
   WHERE id = :batch_id::uuid RETURNING *
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, verb, record, record_id, version, owner_division, reason, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :verb::text, 'batch', c.id, c.version, c.owner_division, c.reason, to_jsonb(c) FROM changed c
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, :verb::text, 'batch', c.id, c.version, c.owner_division FROM changed c
)
SELECT version::text, rows::text, failed::text, applied::text, not_applied::text, undone::text, not_undone::text FROM changed

-- name: batch_note :rows
-- B-008: a chunk's one audit row, and the counts that readers see; and what the job's report says of rows that were left out.
WITH moved AS (
  UPDATE batch SET applied = applied + :applied::integer, not_applied = not_applied + :not_applied::integer, undone = undone + :undone::integer,
         not_undone = not_undone + :not_undone::integer
   WHERE id = :batch_id::uuid RETURNING *
), reported AS (
  INSERT INTO job_row (job_id, owner_division, row, outcome, code, record_id)
  SELECT j.id, j.owner_division, r.row, 'skipped', r.outcome, r.record_id
    FROM job j, batch_row r
   WHERE j.id = :job_id::uuid AND r.batch_id = :batch_id::uuid AND r.row > :after::integer AND r.row <= :last::integer AND r.outcome IS NOT NULL
     AND (r.outcome ^@ 'kept_') = (:verb::text = 'undo_batch')
)
INSERT INTO audit_log (at, account_id, post_id, verb, record, record_id, version, owner_division, reason, body)
SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :verb::text, 'batch', m.id, m.version, m.owner_division, m.reason,
       jsonb_build_object('id', m.id, 'from_row', :after::integer + 1, 'to_row', :last::integer, 'done', :applied::integer + :undone::integer,
                          'left_out', :not_applied::integer + :not_undone::integer)
  FROM moved m
RETURNING 1

-- name: batch_faults :rows
-- What is wrong with a span of rows, for the column of reasons; then what kept a row from being applied.
SELECT x.row::text, x.in_column, x.code
  FROM (SELECT r.row, f.n, f.value ->> 'column' AS in_column, f.value ->> 'code' AS code
          FROM batch_row r, jsonb_array_elements(r.faults) WITH ORDINALITY AS f (value, n)
         WHERE r.batch_id = :batch_id::uuid AND r.row >= :first::integer AND r.row <= :last::integer AND r.action = 'failed'
         UNION ALL
        SELECT r.row, 0, '', r.outcome FROM batch_row r
         WHERE r.batch_id = :batch_id::uuid AND r.row >= :first::integer AND r.row <= :last::integer AND r.outcome IS NOT NULL AND NOT r.outcome ^@ 'kept_') AS x
 ORDER BY x.row, x.n

-- name: export_look :rows
-- One that a schedule started is named here (J-006).
SELECT j.params ->> 'kind', j.params ->> 'format', coalesce(j.params ->> 'filters', '{}'),
       coalesce(j.params ->> 'name', coalesce((SELECT e.label FROM zeren.dictionary_entry e WHERE e.dictionary = 'export_kind' AND e.code = j.params ->> 'kind'),
                  j.params ->> 'kind') || '_' || to_char(:today::date, 'YYYYMMDD') || '.' || (j.params ->> 'format'))
  FROM job j WHERE j.id = :job_id::uuid

-- name: made_file_put :rows
-- A table that a job wrote becomes a file like any other: bytes are kept under their digest already.
WITH kept AS (
  INSERT INTO blob (sha256, sm3, size, media_type) VALUES (:sha256::text, :sm3::text, :size::bigint, :media_type::text) ON CONFLICT (sha256) DO NOTHING
), made AS (
  INSERT INTO file (id, owner_division, lines, name, size, sha256, sm3, status, received, media_type, stored_sha256, stored_sm3, stored_size, created_by, created_at,
                    ready_at, touched_at)
  SELECT :id::uuid, j.owner_division, coalesce(zeren.lines(), '{}'), :name::text, :size::bigint, :sha256::text, :sm3::text, 'ready', :size::bigint, :media_type::text,
         :sha256::text, :sm3::text, :size::bigint, :caller_post::uuid, :now::timestamptz, :now::timestamptz, :now::timestamptz
    FROM job j WHERE j.id = :job_id::uuid
  RETURNING id, owner_division, lines, name, size, stored_sha256, media_type, version
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :verb::text, 'file', m.id, m.version, m.owner_division, to_jsonb(m) FROM made m
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, lines)
  SELECT :now::timestamptz, :verb::text, 'file', m.id, m.version, m.owner_division, m.lines FROM made m
)
SELECT id::text FROM made
