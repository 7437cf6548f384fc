-- Jobs and schedules over HTTP: what runs, how far it is, and its report. Whoever asked for a job sees it, and so does who has job.read for its division.
-- Rules: proto/jobs.md.

-- name: job_get :one
-- J-007: the estimate is of the speed so far.
SELECT id, owner_division, kind, status, account_id, post_id, total, done, failed,
       CASE WHEN status IN ('running', 'cancelling') AND total > 0 AND done > 0
            THEN to_char((:now::timestamptz + (:now::timestamptz - started_at) * greatest(total - done, 0) / done) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END
         AS estimated_end_at,
       attempts, result, error_code, error_detail, schedule_id, started_at, ended_at, created_at, version
  FROM job WHERE id = :id::uuid AND (account_id = :caller_account::uuid OR :sees_all::boolean)

-- name: job_list :page
-- sort: created_at
SELECT id, owner_division, kind, status, account_id, post_id, total, done, failed,
       CASE WHEN status IN ('running', 'cancelling') AND total > 0 AND done > 0
            THEN to_char((:now::timestamptz + (:now::timestamptz - started_at) * greatest(total - done, 0) / done) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END
         AS estimated_end_at,
       attempts, result, error_code, error_detail, schedule_id, started_at, ended_at, created_at, version
  FROM job
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (account_id = :caller_account::uuid OR :sees_all::boolean)
   AND (:status::text IS NULL OR status = :status::text)
   AND (:kind::text IS NULL OR kind = :kind::text)

-- name: job_row_list :page
-- sort: place
-- key: place
SELECT r.row * 100 + r.nth AS place, r.row, r.outcome, r.code, r.column_name AS column, r.detail, r.record_id
  FROM job_row r JOIN job j ON j.id = r.job_id
 WHERE r.job_id = :id::uuid AND (j.account_id = :caller_account::uuid OR :sees_all::boolean)
   AND (:outcome::text IS NULL OR r.outcome = :outcome::text)

-- name: job_cancel :write job shown_division
-- J-004: one that waits ends at once, one that runs behind its chunk.
UPDATE job SET status = CASE status WHEN 'queued' THEN 'cancelled' ELSE 'cancelling' END, ended_at = CASE status WHEN 'queued' THEN :now::timestamptz END,
               version = version + 1
 WHERE id = :id::uuid AND (account_id = :caller_account::uuid OR :sees_all::boolean)
   AND CASE WHEN status NOT IN ('queued', 'running') THEN zeren.refuse('ZR003', NULL, 'The job is ' || status || '.') ELSE true END
RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::text AS estimated_end_at, attempts, result, error_code, error_detail,
          schedule_id, started_at, ended_at, created_at, version

-- name: job_retry :write job shown_division
-- J-005, J-011: goes on where it was, and is the caller's from then on; in no wider scope than before.
UPDATE job SET status = 'queued', attempts = 0, not_before = :now::timestamptz, ended_at = NULL, error_code = NULL, error_detail = NULL,
       account_id = :caller_account::uuid, post_id = :caller_post::uuid, organisation_id = :caller_organisation::uuid, session_id = :caller_session::uuid,
       version = version + 1
 WHERE id = :id::uuid AND (account_id = :caller_account::uuid OR :sees_all::boolean)
   AND CASE WHEN status NOT IN ('failed', 'cancelled') THEN zeren.refuse('ZR003', NULL, 'The job is ' || status || '.')
            WHEN NOT permissions <@ :own_permissions::text[] THEN zeren.refuse('ZR007', NULL, 'This work needs ' || array_to_string(permissions, ' and ') || '.')
            ELSE true END
RETURNING id, owner_division, kind, status, account_id, post_id, total, done, failed, NULL::text AS estimated_end_at, attempts, result, error_code, error_detail,
          schedule_id, started_at, ended_at, created_at, version

-- name: schedule_get :one
SELECT id, owner_division, kind, rule, params, enabled, account_id, post_id, nullif(next_at, 'infinity') AS next_at, last_job_id, error_code, error_detail, created_at, version FROM schedule WHERE id = :id::uuid

-- name: schedule_list :page
-- sort: id
SELECT id, owner_division, kind, rule, params, enabled, account_id, post_id, nullif(next_at, 'infinity') AS next_at, last_job_id, error_code, error_detail, created_at, version FROM schedule
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text

-- name: schedule_insert :write schedule shown_division
-- J-006: in the scope of who makes it.
INSERT INTO schedule (id, owner_division, kind, rule, params, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, next_at,
                      created_at)
SELECT :new_id::uuid, :owner_division::text, :kind::text, :rule::text, :params::jsonb, :caller_account::uuid, :caller_post::uuid,
       :caller_organisation::uuid, :caller_session::uuid, '{job.schedule}'::text[] || string_to_array(:needed::text, ','), zeren.scope()::text,
       coalesce(current_setting('zeren.lines', true), ''), coalesce(current_setting('zeren.ancestors', true), ''), n.next_at, :now::timestamptz
  FROM (SELECT zeren.next_run(:rule::text, :now::timestamptz) AS next_at) AS n
 WHERE CASE WHEN n.next_at IS NULL THEN zeren.refuse('ZR005', 'rule', 'this is no rule, or a work day that the calendar does not know') ELSE true END
RETURNING id, owner_division, kind, rule, params, enabled, account_id, post_id, nullif(next_at, 'infinity') AS next_at, last_job_id, error_code, error_detail, created_at, version

-- name: schedule_change :write schedule shown_division
-- What it is told stays: other work is another schedule. J-011: whoever enables it has its jobs run in the own name from then on, in no wider scope than before.
UPDATE schedule SET rule = coalesce(:rule::text, rule), enabled = coalesce(:enabled::boolean, enabled),
       next_at = CASE WHEN :rule::text IS NULL AND :enabled::boolean IS NULL THEN next_at
                      ELSE coalesce(zeren.next_run(coalesce(:rule::text, rule), :now::timestamptz), 'infinity') END,
       account_id = CASE WHEN :enabled::boolean THEN :caller_account::uuid ELSE account_id END,
       post_id = CASE WHEN :enabled::boolean THEN :caller_post::uuid ELSE post_id END,
       organisation_id = CASE WHEN :enabled::boolean THEN :caller_organisation::uuid ELSE organisation_id END,
       session_id = CASE WHEN :enabled::boolean THEN :caller_session::uuid ELSE session_id END,
       error_code = CASE WHEN :enabled::boolean THEN NULL ELSE error_code END,
       error_detail = CASE WHEN :enabled::boolean THEN NULL ELSE error_detail END, version = version + 1
 WHERE id = :id::uuid AND version = :version::integer
   AND CASE WHEN (:rule::text IS NOT NULL OR :enabled::boolean) AND zeren.next_run(coalesce(:rule::text, rule), :now::timestamptz) IS NULL
              THEN zeren.refuse('ZR005', 'rule', 'this is no rule, or a work day that the calendar does not know')
            WHEN :enabled::boolean AND NOT permissions <@ :own_permissions::text[]
              THEN zeren.refuse('ZR007', NULL, 'This work needs ' || array_to_string(permissions, ' and ') || '.') ELSE true END
RETURNING id, owner_division, kind, rule, params, enabled, account_id, post_id, nullif(next_at, 'infinity') AS next_at, last_job_id, error_code, error_detail, created_at, version
