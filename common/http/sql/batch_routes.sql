-- Batches over HTTP: tables that people send are staged, looked at, applied by somebody else, undone; tables that go out. :kinds are those the caller has the
-- permission for; others are not there for him, nor are those whose table he may not see. Rules: proto/batches.md.

-- name: batch_get :one
SELECT id, owner_division, kind, title, file_id, member_file_id, all_or_none, sheet, format, charset, status, refusal, heading_faults, rows, inserts, updates, unchanged, failed, warnings, applied,
       not_applied, undone, not_undone, staged_by, staged_post, decided_by, decided_post, decided_at, reason, stage_job, apply_job, undo_job, forgotten_at, created_at, version
  FROM batch b WHERE b.id = :id::uuid AND b.kind = ANY (:kinds::text[]) AND EXISTS (SELECT FROM file f WHERE f.id = b.file_id)

-- name: batch_list :page
-- sort: created_at
SELECT id, owner_division, kind, title, file_id, member_file_id, all_or_none, sheet, format, charset, status, refusal, heading_faults, rows, inserts, updates, unchanged, failed, warnings, applied,
       not_applied, undone, not_undone, staged_by, staged_post, decided_by, decided_post, decided_at, reason, stage_job, apply_job, undo_job, forgotten_at, created_at, version
  FROM batch b
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text AND kind = ANY (:kinds::text[]) AND EXISTS (SELECT FROM file f WHERE f.id = b.file_id)
   AND (:status::text IS NULL OR status = :status::text)
   AND (:kind::text IS NULL OR kind = :kind::text)

-- name: batch_row_list :page
-- What would become of each row: what it says, what is there, what is wrong.
-- sort: place
-- key: place
-- B-016: masks are those of who staged it; whose own hide more sees none of them.
SELECT r.row AS place, r.part, coalesce(r.in_part, r.row) AS row, r.bundle, coalesce(r.notes, '[]') AS notes, r.action, r.record_id,
       CASE WHEN m.too_much THEN zeren.members_hidden(r.data, :sealed::text[]) ELSE r.data END AS data, CASE WHEN m.too_much THEN zeren.members_hidden(r.was, :sealed::text[]) ELSE r.was END AS was,
       coalesce(r.faults, '[]') AS faults, r.outcome
  FROM batch_row r,
       LATERAL (SELECT (SELECT :mask::integer < coalesce((SELECT cardinality(array_positions(j.permissions, 'mask.strict') || array_positions(j.permissions, 'mask.usual'))
                                                            FROM batch b JOIN job j ON j.id = b.stage_job WHERE b.id = :id::uuid), 2)) AS too_much OFFSET 0) AS m
 WHERE r.batch_id = :id::uuid AND EXISTS (SELECT FROM batch b JOIN file f ON f.id = b.file_id WHERE b.id = :id::uuid AND b.kind = ANY (:kinds::text[]))
   AND (:action::text IS NULL OR r.action = :action::text)
   AND (:left_out::boolean IS NULL OR (r.outcome IS NOT NULL) = :left_out::boolean)

-- name: batch_stage :write job shown_division
-- B-001: the job that reads it has the batch's id.
WITH own AS MATERIALIZED (
  SELECT coalesce(:owner_division::text, rpad(:scope_lo::text, 12, '0')) AS division,
         files_are_ready(ARRAY[:file_id::uuid], 'file_id') AND (:member_file_id::uuid IS NULL OR files_are_ready(ARRAY[:member_file_id::uuid], 'member_file_id')) AS is_ready
), made AS (
  INSERT INTO batch (id, owner_division, kind, title, file_id, member_file_id, all_or_none, sheet, staged_by, staged_post, stage_job, created_at)
  SELECT :new_id::uuid, o.division, :kind::text, :title::text, :file_id::uuid, :member_file_id::uuid, coalesce(:all_or_none::boolean, false), :sheet::text, :caller_account::uuid,
         :caller_post::uuid, :new_id::uuid, :now::timestamptz
    FROM own o WHERE o.is_ready
  RETURNING *
), used AS (
  INSERT INTO file_use (file_id, record, record_id)
  SELECT m.file_id, 'batch', m.id FROM made m
   UNION SELECT m.member_file_id, 'batch', m.id FROM made m WHERE m.member_file_id IS NOT NULL
   UNION SELECT f.id, 'account', :caller_account::uuid FROM made m JOIN file f ON f.id IN (m.file_id, m.member_file_id)
          WHERE :holds_personal::boolean AND f.created_by = :caller_post::uuid AND NOT EXISTS (SELECT FROM file_use u WHERE u.file_id = f.id AND u.record = 'account')
), also_changed AS (
  SELECT 'batch' AS kind, m.id, m.version, m.owner_division, to_jsonb(m) AS body FROM made m
), changed AS (
  INSERT INTO job (id, owner_division, kind, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, params, result, not_before,
                   created_at)
  SELECT m.id, m.owner_division, 'stage_batch', :caller_account::uuid, :caller_post::uuid, :caller_organisation::uuid, :caller_session::uuid,
         string_to_array(:needed::text, ','), zeren.scope()::text,
         coalesce(current_setting('zeren.lines', true), ''), coalesce(current_setting('zeren.ancestors', true), ''), jsonb_build_object('batch_id', m.id),
         jsonb_build_object('batch_id', m.id), :now::timestamptz, :now::timestamptz
    FROM made m
  RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::text AS estimated_end_at, attempts, result, error_code, error_detail,
            schedule_id, started_at, ended_at, created_at, version
)

-- name: batch_apply :write job shown_division
-- B-006, B-007: by somebody else than who staged it; with all_or_none only when every row is good.
WITH old AS MATERIALIZED (
  SELECT b.* FROM batch b WHERE b.id = :id::uuid AND b.version = :version::integer AND b.status = ANY (:from_states::text[]) AND b.kind = ANY (:kinds::text[])
     AND EXISTS (SELECT FROM file f WHERE f.id = b.file_id)
), told AS MATERIALIZED (
  SELECT o.id, CASE WHEN is_same_person(o.staged_by, o.staged_post, :caller_account::uuid, :caller_post::uuid, :today::date)
                      THEN zeren.refuse('ZR013', NULL, 'who staged a batch does not apply it')
                    WHEN o.forgotten_at IS NOT NULL THEN zeren.refuse('ZR003', NULL, 'The rows of this batch were given up on ' || (o.forgotten_at AT TIME ZONE 'Asia/Shanghai')::date || '; stage its table again.')
                    WHEN o.all_or_none AND o.failed > 0 THEN zeren.refuse('ZR003', NULL, 'The batch is applied whole or not at all, and ' || o.failed || ' rows failed.')
                    ELSE true END AS fits FROM old o
), moved AS (
  UPDATE batch b SET status = :to_state::text, decided_by = :caller_account::uuid, decided_post = :caller_post::uuid, decided_at = :now::timestamptz,
         reason = :reason::text, apply_job = :new_id::uuid, version = b.version + 1
    FROM told t WHERE t.fits AND b.id = t.id
  RETURNING b.*
), also_changed AS (
  SELECT 'batch' AS kind, m.id, m.version, m.owner_division, to_jsonb(m) AS body, to_jsonb(o) AS before FROM moved m JOIN old o ON o.id = m.id
), changed AS (
  INSERT INTO job (id, owner_division, kind, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, params, total, result, not_before,
                   created_at)
  SELECT :new_id::uuid, m.owner_division, 'apply_batch', :caller_account::uuid, :caller_post::uuid, :caller_organisation::uuid, :caller_session::uuid,
         ARRAY[:needs::jsonb ->> m.kind], zeren.scope()::text,
         coalesce(current_setting('zeren.lines', true), ''), coalesce(current_setting('zeren.ancestors', true), ''), jsonb_build_object('batch_id', m.id),
         m.inserts + m.updates, jsonb_build_object('batch_id', m.id), :now::timestamptz, :now::timestamptz
    FROM moved m
  RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::text AS estimated_end_at, attempts, result, error_code, error_detail,
            schedule_id, started_at, ended_at, created_at, version
)

-- name: batch_undo :write job shown_division
-- B-009, B-013.
WITH old AS MATERIALIZED (
  SELECT b.* FROM batch b WHERE b.id = :id::uuid AND b.version = :version::integer AND b.status = ANY (:from_states::text[]) AND b.kind = ANY (:kinds::text[])
     AND EXISTS (SELECT FROM file f WHERE f.id = b.file_id)
), told AS MATERIALIZED (
  SELECT o.id, CASE WHEN o.forgotten_at IS NOT NULL
                      THEN zeren.refuse('ZR003', NULL, 'The rows of this batch were given up on ' || (o.forgotten_at AT TIME ZONE 'Asia/Shanghai')::date || '; what it did stays.')
                    ELSE true END AS fits FROM old o
), moved AS (
  UPDATE batch b SET status = :to_state::text, reason = :reason::text, undo_job = :new_id::uuid, version = b.version + 1
    FROM told t WHERE t.fits AND b.id = t.id
  RETURNING b.*
), also_changed AS (
  SELECT 'batch' AS kind, m.id, m.version, m.owner_division, to_jsonb(m) AS body, to_jsonb(o) AS before FROM moved m JOIN old o ON o.id = m.id
), changed AS (
  INSERT INTO job (id, owner_division, kind, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, params, total, result, not_before,
                   created_at)
  SELECT :new_id::uuid, m.owner_division, 'undo_batch', :caller_account::uuid, :caller_post::uuid, :caller_organisation::uuid, :caller_session::uuid,
         ARRAY[:needs::jsonb ->> m.kind], zeren.scope()::text,
         coalesce(current_setting('zeren.lines', true), ''), coalesce(current_setting('zeren.ancestors', true), ''), jsonb_build_object('batch_id', m.id),
         m.applied, jsonb_build_object('batch_id', m.id), :now::timestamptz, :now::timestamptz
    FROM moved m
  RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::text AS estimated_end_at, attempts, result, error_code, error_detail,
            schedule_id, started_at, ended_at, created_at, version
)

-- name: batch_discard :write batch shown_division
-- B-002: a job that reads it finds so at its next chunk, and ends.
UPDATE batch SET status = :to_state::text, reason = coalesce(:reason::text, reason), version = version + 1
 WHERE id = :id::uuid AND version = :version::integer AND status = ANY (:from_states::text[]) AND kind = ANY (:kinds::text[])
   AND EXISTS (SELECT FROM file f WHERE f.id = file_id)
RETURNING id, owner_division, kind, title, file_id, member_file_id, all_or_none, sheet, format, charset, status, refusal, heading_faults, rows, inserts, updates, unchanged, failed, warnings, applied,
          not_applied, undone, not_undone, staged_by, staged_post, decided_by, decided_post, decided_at, reason, stage_job, apply_job, undo_job, forgotten_at, created_at, version

-- name: batch_error_file :write job shown_division
-- B-010.
WITH old AS MATERIALIZED (
  SELECT b.id, b.owner_division, b.kind, b.status, b.rows, b.forgotten_at FROM batch b JOIN file f ON f.id = b.file_id WHERE b.id = :id::uuid AND b.kind = ANY (:kinds::text[])
), told AS MATERIALIZED (
  SELECT o.id, o.owner_division, o.kind, o.rows,
         CASE WHEN o.status IN ('staging', 'failed') THEN zeren.refuse('ZR003', NULL, 'The batch is ' || o.status || '.')
              WHEN o.forgotten_at IS NOT NULL THEN zeren.refuse('ZR003', NULL, 'The rows of this batch were given up on ' || (o.forgotten_at AT TIME ZONE 'Asia/Shanghai')::date || '.')
              ELSE true END AS fits
    FROM old o
), changed AS (
  INSERT INTO job (id, owner_division, kind, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, params, total, result, not_before,
                   created_at)
  SELECT :new_id::uuid, t.owner_division, 'error_file', :caller_account::uuid, :caller_post::uuid, :caller_organisation::uuid, :caller_session::uuid,
         ARRAY[:needs::jsonb ->> t.kind], zeren.scope()::text,
         coalesce(current_setting('zeren.lines', true), ''), coalesce(current_setting('zeren.ancestors', true), ''),
         jsonb_build_object('batch_id', t.id, 'only_faulty', coalesce(:only_faulty::boolean, false), 'part', coalesce(:part::integer, 1)), t.rows, jsonb_build_object('batch_id', t.id), :now::timestamptz,
         :now::timestamptz
    FROM told t WHERE t.fits
  RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::text AS estimated_end_at, attempts, result, error_code, error_detail,
            schedule_id, started_at, ended_at, created_at, version
)

-- name: export_start :write job shown_division
-- B-012: what is taken out is in the audit log before a byte of it is written.
WITH own AS MATERIALIZED (
  SELECT coalesce(:owner_division::text, rpad(:scope_lo::text, 12, '0')) AS division,
         coalesce((SELECT e.label FROM zeren.dictionary_entry e WHERE e.dictionary = 'export_kind' AND e.code = :kind::text), :kind::text) || '_'
           || to_char(:today::date, 'YYYYMMDD') || '.' || :format::text AS name
), changed AS (
  INSERT INTO job (id, owner_division, kind, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, params, result, not_before,
                   created_at)
  SELECT :new_id::uuid, o.division, 'export_table', :caller_account::uuid, :caller_post::uuid, :caller_organisation::uuid, :caller_session::uuid,
         string_to_array(:needed::text, ','), zeren.scope()::text,
         coalesce(current_setting('zeren.lines', true), ''), coalesce(current_setting('zeren.ancestors', true), ''),
         jsonb_build_object('kind', :kind::text, 'format', :format::text, 'filters', coalesce(:filters::jsonb, '{}'), 'name', o.name),
         jsonb_build_object('kind', :kind::text, 'format', :format::text, 'filters', coalesce(:filters::jsonb, '{}')), :now::timestamptz, :now::timestamptz
    FROM own o
  RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::text AS estimated_end_at, attempts, result, error_code, error_detail,
            schedule_id, started_at, ended_at, created_at, version
)

-- name: batch_retry_look :rows
-- B-006: a job that applies a batch is not tried again by who staged it, either.
SELECT is_same_person(b.staged_by, b.staged_post, :caller_account::uuid, :caller_post::uuid, :today::date)::text FROM batch b WHERE b.apply_job = :id::uuid
