-- What the acting post must do and what has changed for it, read from every service's _pub views; and what of it the account has read.

-- name: worklist_list :page
-- I-301, I-302: what waits for the caller's unit, post or office, where the caller may do it, by deadline. order_on: a day behind all where there is none. Unit, post and
-- office are asked for apart: a condition with a sub-select in it is not taken into the view, and then items are read whole (tests/db/test_plans.c).
-- sort: order_on, since
SELECT w.service, w.kind, w.id, w.owner_division, w.title, w.todo, w.rule, w.since, w.due AS due_on, coalesce(w.due, DATE '9999-12-31') AS order_on, w.light
  FROM (SELECT r.service, r.kind, r.id, r.owner_division, r.title, r.todo, r.rule, r.since, m.due, zeren.light(m.due, :today::date, NULL, r.amber, r.grace) AS light
          FROM (SELECT 'registry' AS service, w.* FROM registry_pub.worklist w
                 WHERE w.organisation_id = :caller_organisation::uuid AND (w.post_id IS NULL OR w.post_id = :caller_post::uuid)
                 UNION ALL
                SELECT 'registry', w.* FROM registry_pub.worklist w WHERE w.organisation_id IS NULL AND w.office_division IS NULL AND w.post_id = :caller_post::uuid
                 UNION ALL
                SELECT 'registry', w.* FROM registry_pub.worklist w
                 WHERE w.organisation_id IS NULL AND w.office_division IS NOT NULL
                   AND w.office_division = (SELECT o.owner_division::text FROM registry_pub.organisation o WHERE o.id = :caller_organisation::uuid)
                 UNION ALL
                SELECT 'monitoring', w.* FROM monitoring_pub.worklist w
                 WHERE w.organisation_id = :caller_organisation::uuid AND (w.post_id IS NULL OR w.post_id = :caller_post::uuid)
                 UNION ALL
                SELECT 'monitoring', w.* FROM monitoring_pub.worklist w WHERE w.organisation_id IS NULL AND w.office_division IS NULL AND w.post_id = :caller_post::uuid
                 UNION ALL
                SELECT 'monitoring', w.* FROM monitoring_pub.worklist w
                 WHERE w.organisation_id IS NULL AND w.office_division IS NOT NULL
                   AND w.office_division = (SELECT o.owner_division::text FROM registry_pub.organisation o WHERE o.id = :caller_organisation::uuid)) AS r,
               LATERAL (SELECT CASE WHEN r.paused_on IS NULL THEN r.due_on
                                    ELSE zeren.due_or_null(r.due_on, coalesce(zeren.days_within(r.paused_on, :today::date, r.pause_unit), 0),
                                         r.pause_unit) END AS due) AS m
         WHERE r.permission = ANY (:own_permissions::text[])) AS w
 WHERE (:kind::text IS NULL OR w.kind = :kind::text)
   AND (:due_before::date IS NULL OR w.due < :due_before::date)
   AND (:light::text IS NULL OR w.light = :light::text)

-- name: inbox_list :page
-- I-303: notices of the caller's unit and post, the newest first where asked so; read: this account has marked it.
-- sort: at
SELECT n.service, n.id, n.at, n.kind, n.record_id, n.verb, n.text, n.organisation_id, n.post_id, n.read
  FROM (SELECT r.service, r.id, r.at, r.kind, r.record_id, r.verb, r.text, r.organisation_id, r.post_id,
               coalesce(r.at <= b.read_until, false) OR EXISTS (SELECT FROM inbox_read x WHERE x.inbox_id = b.id AND x.notice_id = r.id) AS read
          FROM (SELECT 'registry' AS service, t.* FROM registry_pub.notice t WHERE t.organisation_id = :caller_organisation::uuid OR t.post_id = :caller_post::uuid
                 UNION ALL
                SELECT 'monitoring', t.* FROM monitoring_pub.notice t WHERE t.organisation_id = :caller_organisation::uuid OR t.post_id = :caller_post::uuid) AS r
          LEFT JOIN inbox b ON b.account_id = :caller_account::uuid AND b.post_id = :caller_post::uuid) AS n
 WHERE (:read::boolean IS NULL OR n.read = :read::boolean)
   AND (:kind::text IS NULL OR n.kind = :kind::text)

-- name: inbox_mark :write inbox
-- I-304: single notices, or all up to a moment; what is marked stays so.
WITH box AS (
  INSERT INTO inbox AS i (id, owner_division, account_id, post_id, read_until)
  SELECT :new_id::uuid, p.owner_division, :caller_account::uuid, p.id, coalesce(least(:until::timestamptz, :now::timestamptz), '-infinity') FROM post p
       WHERE p.id = :caller_post::uuid
  ON CONFLICT ON CONSTRAINT inbox_account_post_key DO UPDATE SET read_until = greatest(i.read_until, EXCLUDED.read_until), version = i.version + 1
  RETURNING i.*
), marked AS (
  INSERT INTO inbox_read (inbox_id, notice_id, marked_at)
  SELECT b.id, n.id, :now::timestamptz
    FROM box b, (SELECT t.id, t.organisation_id, t.post_id FROM registry_pub.notice t UNION ALL SELECT t.id, t.organisation_id, t.post_id FROM monitoring_pub.notice t) AS n
   WHERE n.id = ANY (:ids::uuid[]) AND (n.organisation_id = :caller_organisation::uuid OR n.post_id = :caller_post::uuid)
  ON CONFLICT ON CONSTRAINT inbox_read_pkey DO NOTHING
  RETURNING notice_id
), changed AS (
  SELECT b.id, b.owner_division, nullif(b.read_until, '-infinity') AS read_until, (SELECT count(*) FROM marked) AS marked, b.version FROM box b
)

-- name: inbox_forget :rows
-- I-304: marks of notices that no service has any more.
WITH gone AS (
  DELETE FROM inbox_read WHERE (inbox_id, notice_id) IN (
    SELECT r.inbox_id, r.notice_id FROM inbox_read r
     WHERE r.marked_at < :now::timestamptz - make_interval(days => zeren.setting_value('identity.inbox_read_days', '000000000000', 0)::integer) LIMIT 5000)
  RETURNING notice_id
)
SELECT count(*)::text FROM gone
