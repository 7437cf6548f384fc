-- What a worker does with jobs. It sees all of them; each runs in the scope of who asked for it, as far as it is theirs still.

-- name: job_claim :rows
-- J-002: the job that waits longest, or one whose worker has been silent for a lease; nobody else's.
WITH next AS (
  SELECT id FROM job
   WHERE not_before <= :now::timestamptz AND kind = ANY (:kinds::text[])
     AND (status = 'queued' OR (status IN ('running', 'cancelling') AND lease_until < :now::timestamptz))
   ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE job j
   SET status = CASE j.status WHEN 'cancelling' THEN 'cancelling' ELSE 'running' END, lease_owner = :worker::text,
       lease_until = :now::timestamptz + make_interval(secs => zeren.setting_value('jobs.lease_seconds', j.owner_division, 0)::integer),
       attempts = j.attempts + 1, started_at = coalesce(j.started_at, :now::timestamptz), error_code = NULL, error_detail = NULL, version = j.version + 1
  FROM next WHERE j.id = next.id
RETURNING j.id::text, j.kind, j.scope, j.scope_lines, j.ancestors, j.account_id::text, j.post_id::text, j.organisation_id::text, j.owner_division,
          j.params::text, j.position, j.total::text, j.done::text, j.failed::text, j.status,
          lower(range_merge(j.scope::zeren.code_multirange)), upper(range_merge(j.scope::zeren.code_multirange)),
          j.permissions::text

-- name: job_right :rows
-- J-008, J-009: what its maker may do now decides. One that has begun goes on in the scope that it began in, or not at all. No row: the job is another worker's by now.
WITH asked AS MATERIALIZED (
  SELECT j.id, r.lost, r.scope, r.lines, r.ancestors, r.narrower
    FROM job j, LATERAL identity_pub.right_of_work(j.account_id, j.post_id, j.session_id, j.permissions, j.scope, j.scope_lines, j.owner_division,
                                                   :now::timestamptz, :today::date) AS r
   WHERE j.id = :id::uuid AND j.lease_owner = :worker::text AND j.status IN ('running', 'cancelling')
), narrowed AS (
  UPDATE job j SET scope = a.scope, scope_lines = a.lines, ancestors = a.ancestors
    FROM asked a WHERE j.id = a.id AND a.lost IS NULL AND a.narrower AND NOT :begun::boolean
)
SELECT coalesce(a.lost, CASE WHEN a.narrower AND :begun::boolean THEN 'The scope that the work began in is no longer whole.' END), a.scope, a.lines, a.ancestors,
       lower(range_merge(a.scope::zeren.code_multirange)), upper(range_merge(a.scope::zeren.code_multirange))
  FROM asked a

-- name: job_move :rows
-- J-003: in the transaction of the chunk's own work. No row: the job is another worker's by now, and the chunk is undone.
UPDATE job
   SET position = :position::text, total = coalesce(:total::bigint, total), done = :done::bigint, failed = :failed::bigint, attempts = 1,
       lease_until = :now::timestamptz + make_interval(secs => zeren.setting_value('jobs.lease_seconds', owner_division, 0)::integer)
 WHERE id = :id::uuid AND lease_owner = :worker::text AND status IN ('running', 'cancelling')
RETURNING status

-- name: job_end :rows
-- J-004: done, failed or cancelled; a cancelled one keeps what was done.
UPDATE job
   SET status = :status::text, lease_owner = NULL, lease_until = NULL, ended_at = :now::timestamptz, result = coalesce(:result::jsonb, result),
       error_code = :error_code::text, error_detail = :error_detail::text, version = version + 1
 WHERE id = :id::uuid AND lease_owner = :worker::text AND status IN ('running', 'cancelling')
RETURNING id::text

-- name: job_put_off :rows
-- J-005: a failure that may pass; later each time, and not more often than the setting says.
UPDATE job
   SET status = CASE WHEN attempts >= zeren.setting_value('jobs.attempts', owner_division, 0)::integer THEN 'failed' WHEN status = 'cancelling' THEN 'cancelled'
                    ELSE 'queued' END,
       ended_at = CASE WHEN attempts >= zeren.setting_value('jobs.attempts', owner_division, 0)::integer OR status = 'cancelling' THEN :now::timestamptz END,
       not_before = :now::timestamptz + make_interval(secs => least(3600, 2 ^ attempts)), lease_owner = NULL, lease_until = NULL,
       error_code = :error_code::text, error_detail = :error_detail::text, version = version + 1
 WHERE id = :id::uuid AND lease_owner = :worker::text AND status IN ('running', 'cancelling')
RETURNING status

-- name: job_report :rows
-- What a chunk has to say of its rows, a JSON array of {row, nth, outcome, code, column, detail, record_id}.
INSERT INTO job_row (job_id, owner_division, row, nth, outcome, code, column_name, detail, record_id)
SELECT j.id, j.owner_division, r.row, coalesce(r.nth, 1), r.outcome, r.code, r."column", r.detail, r.record_id
  FROM job j, jsonb_to_recordset(:rows::jsonb) AS r (row integer, nth smallint, outcome text, code text, "column" text, detail text, record_id uuid)
 WHERE j.id = :id::uuid
RETURNING 1

-- name: job_schedule :rows
-- J-006: what is due becomes a job; a schedule whose last job still waits or runs is put off to its next time. J-010: one whose maker has lost the right is stopped.
-- J-013: one that came to the end of the work calendar has a next time again when the calendar goes on.
WITH woken AS (
  UPDATE schedule s SET next_at = zeren.next_run(s.rule, :now::timestamptz)
   WHERE s.enabled AND s.next_at = 'infinity' AND s.rule ^@ 'workday' AND zeren.next_run(s.rule, :now::timestamptz) IS NOT NULL
), due AS MATERIALIZED (
  SELECT s.* FROM schedule s WHERE s.enabled AND s.next_at <= :now::timestamptz ORDER BY s.next_at LIMIT 20 FOR UPDATE SKIP LOCKED
), judged AS MATERIALIZED (
  SELECT d.id, r.lost, to_jsonb(d) AS before
    FROM due d, LATERAL identity_pub.right_of_work(d.account_id, d.post_id, d.session_id, d.permissions, d.scope, d.scope_lines, d.owner_division,
                                                   :now::timestamptz, :today::date) AS r
), stopped AS (
  UPDATE schedule s SET enabled = false, error_code = 'right_lost', error_detail = j.lost, version = s.version + 1
    FROM judged j WHERE s.id = j.id AND j.lost IS NOT NULL
  RETURNING s.*
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, reason, body, before)
  SELECT :now::timestamptz, 'stop_schedule', 'schedule', s.id, s.version, s.owner_division, s.error_detail, to_jsonb(s), j.before
    FROM stopped s JOIN judged j ON j.id = s.id
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, 'stop_schedule', 'schedule', s.id, s.version, s.owner_division FROM stopped s
), moved AS (
  UPDATE schedule s
     SET next_at = coalesce(zeren.next_run(s.rule, :now::timestamptz), 'infinity'),
         last_job_id = CASE WHEN EXISTS (SELECT FROM job j WHERE j.id = s.last_job_id AND j.ended_at IS NULL) THEN s.last_job_id
                            ELSE gen_random_uuid() END
    FROM judged g WHERE s.id = g.id AND g.lost IS NULL
  RETURNING s.*
), started AS (
  INSERT INTO job (id, owner_division, kind, account_id, post_id, organisation_id, session_id, permissions, scope, scope_lines, ancestors, params, not_before,
                   schedule_id, created_at)
  SELECT m.last_job_id, m.owner_division, m.kind, m.account_id, m.post_id, m.organisation_id, m.session_id, m.permissions, m.scope, m.scope_lines, m.ancestors,
         m.params, :now::timestamptz, m.id, :now::timestamptz
    FROM moved m WHERE NOT EXISTS (SELECT FROM job j WHERE j.id = m.last_job_id)
  RETURNING 1
)
SELECT count(*)::text FROM started

-- name: job_forget :rows
-- Finished jobs and their reports are kept for a time; one batch.
WITH gone AS (
  DELETE FROM job WHERE id IN (SELECT id FROM job
    WHERE ended_at < :now::timestamptz - make_interval(days => zeren.setting_value('jobs.retention_days', '000000000000', 0)::integer) LIMIT 100)
  RETURNING 1
)
SELECT count(*)::text FROM gone
