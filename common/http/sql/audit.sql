-- The audit log over HTTP, the same in every service. Row security shows it inside the caller's scope, and only in transactions that the engine marked as
-- an auditor's (zeren.auditing).

-- name: audit_list :page
-- A-001, A-009. By when it was asked for; what came in the same moment by its number. Account, post and holder by the names they have, or had on the day.
-- sort: at
SELECT l.id, l.at, l.recorded_at, l.account_id, (SELECT n.login FROM identity_pub.account_login n WHERE n.id = l.account_id) AS account_login,
       l.post_id, h.title AS post_title, h.name AS holder_name, l.session_id, l.address, l.verb, l.record, l.record_id, l.version,
       l.owner_division::text AS owner_division, l.request_id, l.reason, l.body, l.before
  FROM audit_log l
  LEFT JOIN LATERAL (SELECT p.title, CASE WHEN daterange(p.starts_on, p.ends_on) @> (l.at AT TIME ZONE 'Asia/Shanghai')::date THEN p.name END AS name
                       FROM identity_pub.post_holder p WHERE p.post_id = l.post_id
                      ORDER BY daterange(p.starts_on, p.ends_on) @> (l.at AT TIME ZONE 'Asia/Shanghai')::date DESC LIMIT 1) AS h ON true
 WHERE l.owner_division >= :scope_lo::text AND l.owner_division < :scope_hi::text
   AND (:owner_division::text IS NULL OR l.owner_division = :owner_division::text)
   AND (:account_id::uuid IS NULL OR l.account_id = :account_id::uuid)
   AND (:post_id::uuid IS NULL OR l.post_id = :post_id::uuid)
   AND (:verb_wanted::text IS NULL OR l.verb = :verb_wanted::text)
   AND (:record::text IS NULL OR l.record = :record::text)
   AND (:record_id::uuid IS NULL OR l.record_id = :record_id::uuid)
   AND (:from::timestamptz IS NULL OR l.at >= :from::timestamptz)
   AND (:until::timestamptz IS NULL OR l.at < :until::timestamptz)

-- name: audit_note_export :rows
-- A-003: who takes what out, and why; committed before the first byte of it leaves.
INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body)
VALUES (:now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :caller_address::text, :verb::text, 'audit_log', :new_id::uuid, 1,
        :own_division::text, :request_id::text, :reason::text,
        jsonb_build_object('from', :from::timestamptz, 'until', :until::timestamptz, 'after', :after::bigint, 'rows', :rows::integer))

-- name: audit_export_rows :rows
-- A-004: in the order of their numbers, which a next call goes on behind.
SELECT a.id::text, row_to_json(a)::text
  FROM (SELECT id, at, recorded_at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body, before
          FROM audit_log
         WHERE id > coalesce(:after::bigint, 0) AND at >= :from::timestamptz AND at < :until::timestamptz
           AND owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
         ORDER BY id LIMIT coalesce(:rows::integer, 500) + 1) AS a
