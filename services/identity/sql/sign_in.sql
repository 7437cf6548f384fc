-- What every way to an access token reads, under the whole country as log-in does: what the account may act in today, and the session it acts in.

-- name: sign_in_posts :rows
-- The posts an account may act in today, the eldest first, with what their roles permit and the seconds until the end of the holder's last day (NULL: open).
-- Lists end every element with a comma.
SELECT p.id, p.title, p.organisation_id, p.owner_division, p.role, p.scope_lines::text AS lines,
       (SELECT string_agg(r.prefix || ',', '' ORDER BY r.prefix) FROM unnest(p.ranges) AS r (prefix)) AS ranges,
       (SELECT string_agg(r.prefix || ',', '' ORDER BY r.prefix) FROM unnest(identity.came_from(p.ranges, :today::date)) AS r (prefix)) AS former,
       (SELECT string_agg(rp.permission || ',', '' ORDER BY rp.permission) FROM role_permission rp WHERE rp.role = p.role AND rp.may_use) AS permissions,
       r.personal_data AS mask, r.epoch AS role_epoch,
       CASE WHEN ap.ends_on < 'infinity'
            THEN floor(extract(epoch FROM ap.ends_on::timestamp
                 - (:today::date + (:now::timestamptz AT TIME ZONE 'Asia/Shanghai')::time)))::bigint END AS left_s
  FROM acting_post ap JOIN post p ON p.id = ap.post_id JOIN role r ON r.code = p.role
 WHERE ap.account_id = :account_id::uuid AND ap.starts_on <= :today::date AND :today::date < ap.ends_on
 ORDER BY p.created_at, p.id

-- name: sign_in_grants :rows
-- The access for a time that those posts have now, the one that ends first in front.
SELECT g.id, g.post_id, g.owner_division, g.reason, to_json(g.ends_at) #>> '{}' AS ends_at,
       (SELECT string_agg(x.code || ',', '' ORDER BY x.code) FROM unnest(g.permissions) AS x (code)) AS permissions,
       floor(extract(epoch FROM g.ends_at - :now::timestamptz))::bigint AS left_s
  FROM acting_post ap JOIN post p ON p.id = ap.post_id AND p.role IS NOT NULL JOIN access_grant g ON g.post_id = p.id
 WHERE ap.account_id = :account_id::uuid AND ap.starts_on <= :today::date AND :today::date < ap.ends_on
   AND g.starts_at <= :now::timestamptz AND :now::timestamptz < g.ends_at AND g.ended_at IS NULL
 ORDER BY g.ends_at, g.id

-- name: sign_in_session :rows
-- One session, with its account's epoch as of now and the rules of its division: over means ended, expired, unused for too long, or its account disabled.
SELECT s.account_id, a.kind, a.epoch, s.post_id, s.access_grant_id, s.device_id, s.factors, s.refresh_salt::text AS salt, s.refresh_number,
       CASE WHEN s.ended_because = 'switched' THEN s.switched_to END AS switched_to,
       s.ended_at IS NOT NULL OR a.disabled OR s.expires_at <= :now::timestamptz
         OR (s.device_id IS NULL AND rule.idle_s > 0 AND s.used_at + make_interval(secs => rule.idle_s) <= :now::timestamptz) AS over,
       floor(extract(epoch FROM s.expires_at - :now::timestamptz))::bigint AS left_s, rule.idle_s, rule.grace_s,
       :now::timestamptz <= s.refreshed_at + make_interval(secs => rule.grace_s) AS in_grace
  FROM session s JOIN account a ON a.id = s.account_id,
       LATERAL (SELECT extract(year FROM :today::date)::integer AS year) AS now_is,
       LATERAL (SELECT zeren.setting_value('identity.idle_minutes', a.owner_division, now_is.year)::integer * 60 AS idle_s,
                       CASE WHEN s.device_id IS NULL THEN zeren.setting_value('identity.refresh_grace_seconds', a.owner_division, now_is.year)::integer
                            ELSE zeren.setting_value('identity.device_grace_days', a.owner_division, now_is.year)::integer * 86400 END AS grace_s) AS rule
 WHERE s.id = :session_id::uuid

-- name: refresh_step :rows
-- The one place where a session's number moves (I-006 to I-008). The row is locked and read as it then stands, so of any number of equal calls one moves it and
-- the others find it moved. A token that is older than that is held against the session, unless it came before the step it is older than: then it was under
-- way.
WITH seen AS MATERIALIZED (
  SELECT s.id, CASE WHEN s.refresh_number = :number::integer THEN 'first'
                    WHEN s.refresh_number = :number::integer + 1 AND :now::timestamptz <= s.refreshed_at + make_interval(secs => :grace_s::integer) THEN 'again'
                    WHEN s.refresh_number < :number::integer THEN 'unknown'
                    WHEN :now::timestamptz < s.refreshed_at THEN 'late'
                    ELSE 'reused' END AS step
    FROM session s
   WHERE s.id = :session_id::uuid AND s.ended_at IS NULL AND s.expires_at > :now::timestamptz
     FOR NO KEY UPDATE
), moved AS (
  UPDATE session s SET refresh_number = s.refresh_number + 1, refreshed_at = :now::timestamptz, used_at = :now::timestamptz
    FROM seen WHERE seen.step = 'first' AND s.id = seen.id
  RETURNING s.device_id
), used AS (
  UPDATE device SET last_used_at = :now::timestamptz WHERE id = (SELECT device_id FROM moved)
), ended AS (
  UPDATE session s SET ended_at = :now::timestamptz, ended_because = 'reused', version = s.version + 1
    FROM seen WHERE seen.step = 'reused' AND s.id = seen.id
  RETURNING s.id, s.account_id, s.post_id, s.device_id, s.ended_at, s.ended_because, s.version
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM ended
  ON CONFLICT (subject_id, kind) DO NOTHING
), told AS (
  SELECT e.*, coalesce((SELECT p.owner_division FROM post p WHERE p.id = e.post_id), '000000000000') AS owner_division FROM ended e
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, t.account_id, t.post_id, t.id, :caller_address::text, 'end_reused_session', 'session', t.id, t.version, t.owner_division,
         :request_id::text,
         to_jsonb(t) FROM told t
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'end_reused_session', 'session', id, version, owner_division, :trace_id::text FROM told
)
SELECT step FROM seen

-- name: session_switch :rows
-- The session goes on under a new id and another context (I-010): the old id is revoked, so its access tokens end, and its refresh token finds the new one.
WITH old AS (
  UPDATE session SET ended_at = :now::timestamptz, ended_because = 'switched', switched_to = :new_id::uuid, version = version + 1
   WHERE id = :session_id::uuid AND account_id = :caller_account::uuid AND ended_at IS NULL AND expires_at > :now::timestamptz
  RETURNING id, account_id, post_id, access_grant_id, device_id, factors, address, expires_at
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM old
  ON CONFLICT (subject_id, kind) DO NOTHING
), opened AS (
  INSERT INTO session (id, account_id, post_id, access_grant_id, created_at, expires_at, device_id, factors, address, refresh_salt, refreshed_at, used_at)
  SELECT :new_id::uuid, account_id, :chosen_post::uuid, :chosen_grant::uuid, :now::timestamptz, expires_at, device_id, factors, :caller_address::text,
         :salt::bytea,
         :now::timestamptz, :now::timestamptz FROM old
  RETURNING id, account_id, post_id, access_grant_id, device_id, factors, address, created_at, expires_at, version
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, body, before)
  SELECT :now::timestamptz, o.account_id, b.post_id, b.id, :caller_address::text, 'switch_session', 'session', o.id, o.version, :post_division::text,
         :request_id::text,
         to_jsonb(o), to_jsonb(b) FROM opened o, old b
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'switch_session', 'session', id, version, :post_division::text, :trace_id::text FROM opened
)
SELECT id FROM opened
