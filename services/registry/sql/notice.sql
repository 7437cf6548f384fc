-- Notices: what has changed for whom, made out of the feed by the worker.

-- name: notice_tell :rows
-- R-048: of the events after one number up to another; at most one a record, verb and day.
SELECT registry.tell_notices(:after::bigint, :upto::bigint)::text AS told

-- name: notice_forget :rows
-- R-049: what is older than registry.notice_days, a batch at a time; says how many went.
WITH gone AS (
  DELETE FROM notice WHERE id IN (
    SELECT n.id FROM notice n WHERE n.at < :now::timestamptz - make_interval(days => zeren.setting_value('registry.notice_days', '000000000000', 0)::integer)
     ORDER BY n.at LIMIT 5000)
  RETURNING id
)
SELECT count(*)::text FROM gone
