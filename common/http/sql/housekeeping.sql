-- name: idempotency_forget :rows
-- Answers are kept for a set time (charter D9); one batch, so that no transaction runs long.
WITH old AS (
  SELECT account_id, key FROM idempotency
   WHERE created_at < now() - make_interval(hours => :hours::integer)
   ORDER BY created_at LIMIT 1000
), gone AS (
  DELETE FROM idempotency i USING old WHERE i.account_id = old.account_id AND i.key = old.key
  RETURNING 1
)
SELECT count(*)::text FROM gone;
