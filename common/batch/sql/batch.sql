-- What the worker does with batches and with tables that go out, in the scope of who asked for it. Rules: proto/batches.md.

-- name: batch_look :rows
-- The batch of a job, and the files it came by.
SELECT b.id::text, b.kind, f.stored_sha256, b.sheet, b.format, b.charset, b.separator, f.name, coalesce(j.params ->> 'only_faulty', 'false'),
       m.stored_sha256, j.params ->> 'part', m.name, b.member_read ->> 'sheet', b.member_read ->> 'format', b.member_read ->> 'charset', b.member_read ->> 'separator',
       (b.staged_by = j.account_id AND f.created_by = b.staged_post AND (b.member_file_id IS NULL OR m.created_by = b.staged_post))::text
  FROM job j JOIN batch b ON b.id = (j.params ->> 'batch_id')::uuid JOIN file f ON f.id = b.file_id AND f.status = 'ready'
  LEFT JOIN file m ON m.id = b.member_file_id AND m.status = 'ready'
 WHERE j.id = :job_id::uuid

-- name: batch_words :rows
SELECT e.dictionary, e.code, e.label, e.short_label FROM zeren.dictionary_entry e
 WHERE e.dictionary = ANY (:dictionaries::text[]) AND e.valid_until IS NULL ORDER BY e.dictionary, e.sort

-- name: batch_words_said :rows
-- B-021: and what else is written for them, in place of the short label.
SELECT x.dictionary, x.code, x.label, x.said
  FROM (SELECT e.dictionary, e.code, e.label, e.short_label AS said, 0 AS n, e.sort FROM zeren.dictionary_entry e
         WHERE e.dictionary = ANY (:dictionaries::text[]) AND e.valid_until IS NULL
         UNION ALL
        SELECT w.dictionary, w.code, e.label, w.word, 1, e.sort FROM zeren.dictionary_word w JOIN zeren.dictionary_entry e ON e.dictionary = w.dictionary AND e.code = w.code
         WHERE w.dictionary = ANY (:dictionaries::text[]) AND e.valid_until IS NULL) AS x
 ORDER BY x.dictionary, x.n, x.sort

-- name: batch_hold :rows
-- B-002: every chunk looks whether the batch still stands where its job needs it; nobody moves it meanwhile.
SELECT status FROM batch WHERE id = :batch_id::uuid FOR UPDATE

-- name: batch_count :rows
-- What a chunk of reading found.
UPDATE batch SET rows = rows + :rows::integer, inserts = inserts + :inserts::integer, updates = updates + :updates::integer, unchanged = unchanged + :unchanged::integer,
       failed = failed + :failed::integer, warnings = warnings + :warnings::integer
 WHERE id = :batch_id::uuid RETURNING rows::text

-- name: batch_put :rows
-- B-015: bundles as their look-ups and judge found them.
INSERT INTO batch_row (batch_id, owner_division, row, part, in_part, bundle, data, hidden, action, record_id, base_version, was, faults, notes)
SELECT b.id, b.owner_division, g.row, g.part, g.in_part, g.bundle, g.data, g.hidden, g.action, g.id, g.version, g.was, g.faults, g.notes
  FROM jsonb_to_recordset(:rows::jsonb) AS g (row integer, part smallint, in_part integer, bundle integer, data jsonb, hidden jsonb, action text, id uuid, version integer,
                                             was jsonb, faults jsonb, notes jsonb),
       batch b
 WHERE b.id = :batch_id::uuid

-- name: batch_move :rows
-- The batch's next state; one audit row, one event.
WITH changed AS (
  UPDATE batch SET status = :status::text, refusal = coalesce(:refusal::text, refusal), heading_faults = coalesce(:heading_faults::jsonb, heading_faults),
         format = coalesce(:format::text, format), charset = coalesce(:charset::text, charset), separator = coalesce(:separator::text, separator),
         sheet = coalesce(:sheet::text, sheet), member_read = coalesce(:member_read::jsonb, member_read), version = version + 1
   WHERE id = :batch_id::uuid RETURNING *
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, verb, record, record_id, version, owner_division, reason, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :verb::text, 'batch', c.id, c.version, c.owner_division, c.reason, to_jsonb(c) FROM changed c
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, :verb::text, 'batch', c.id, c.version, c.owner_division FROM changed c
)
SELECT version::text, rows::text, failed::text, applied::text, not_applied::text, undone::text, not_undone::text FROM changed

-- name: ahead_patience :rows
-- B-019: how long this transaction waits for anybody from now on; 0: without end; NULL: as everything else does.
SELECT set_config('lock_timeout', coalesce(:patience_ms::text, (SELECT s.reset_val FROM pg_settings s WHERE s.name = 'lock_timeout')), true)

-- name: ahead_awaited :rows
-- B-019: does anybody wait for this transaction?
SELECT CASE WHEN EXISTS (SELECT FROM pg_locks l WHERE NOT l.granted AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid))) THEN 'true' ELSE 'false' END

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

-- name: batch_part_faults :rows
-- The same of a part, by the rows of its table.
SELECT x.row::text, x.in_column, x.code
  FROM (SELECT r.in_part AS row, f.n, f.value ->> 'column' AS in_column, f.value ->> 'code' AS code
          FROM batch_row r, jsonb_array_elements(r.faults) WITH ORDINALITY AS f (value, n)
         WHERE r.batch_id = :batch_id::uuid AND r.part = :part::smallint AND r.in_part >= :first::integer AND r.in_part <= :last::integer AND r.part IS NOT NULL
           AND r.faults IS NOT NULL
         UNION ALL
        SELECT r.in_part, 0, '', r.outcome FROM batch_row r
         WHERE r.batch_id = :batch_id::uuid AND r.part = :part::smallint AND r.in_part >= :first::integer AND r.in_part <= :last::integer AND r.part IS NOT NULL
           AND r.outcome IS NOT NULL AND NOT r.outcome ^@ 'kept_') AS x
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

-- name: made_file_own :rows
-- F-013: for the account of the job alone.
INSERT INTO file_use (file_id, record, record_id) SELECT :id::uuid, 'account', j.account_id FROM job j WHERE j.id = :job_id::uuid RETURNING file_id::text

-- name: batch_expire :rows
-- B-013: the rows of a batch are given up; first it says so, so that nobody has it taken back meanwhile. Whatever is under way is left alone.
WITH old AS MATERIALIZED (
  SELECT b.id FROM batch b
   WHERE b.forgotten_at IS NULL AND b.status NOT IN ('applying', 'undoing')
     AND coalesce(b.decided_at, b.created_at) < :now::timestamptz - make_interval(days => zeren.setting_value('batches.undo_days', '000000000000', 0)::integer)
   ORDER BY coalesce(b.decided_at, b.created_at) LIMIT 100 FOR UPDATE SKIP LOCKED
), changed AS (
  UPDATE batch b SET forgotten_at = :now::timestamptz, version = b.version + 1 FROM old o WHERE b.id = o.id RETURNING b.*
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'expire_batch', 'batch', c.id, c.version, c.owner_division, to_jsonb(c) FROM changed c
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, 'expire_batch', 'batch', c.id, c.version, c.owner_division FROM changed c
)
SELECT count(*)::text FROM changed

-- name: batch_forget_rows :rows
WITH old AS MATERIALIZED (
  SELECT r.batch_id, r.row FROM batch b JOIN batch_row r ON r.batch_id = b.id WHERE b.forgotten_at IS NOT NULL LIMIT 5000
), gone AS (
  DELETE FROM batch_row r USING old o WHERE r.batch_id = o.batch_id AND r.row = o.row RETURNING 1
)
SELECT count(*)::text FROM gone

-- name: batch_forget :rows
-- B-013: the batch itself; its file is nobody's then, unless something else names it.
WITH old AS MATERIALIZED (
  SELECT b.id FROM batch b
   WHERE b.forgotten_at IS NOT NULL
     AND coalesce(b.decided_at, b.created_at) < :now::timestamptz - make_interval(days => zeren.setting_value('batches.retention_days', '000000000000', 0)::integer)
     AND NOT EXISTS (SELECT FROM batch_row r WHERE r.batch_id = b.id)
   ORDER BY coalesce(b.decided_at, b.created_at), b.id LIMIT 100 FOR UPDATE SKIP LOCKED
), unused AS (
  DELETE FROM file_use u USING old o WHERE u.record = 'batch' AND u.record_id = o.id
), gone AS (
  DELETE FROM batch b USING old o WHERE b.id = o.id RETURNING b.*
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'forget_batch', 'batch', g.id, g.version + 1, g.owner_division, to_jsonb(g) FROM gone g
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, deleted)
  SELECT :now::timestamptz, 'forget_batch', 'batch', g.id, g.version + 1, g.owner_division, true FROM gone g
)
SELECT count(*)::text FROM gone
