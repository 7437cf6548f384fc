-- Log-in. Accounts and posts are scoped rows: all of this runs under the whole country (sign_in.c), and every statement names the account.

-- name: login_account :rows
-- The account of a log-in name, if there is one; the seconds that the name (for who calls from there) and the address stay locked (NULL: they are not); and
-- whether the account has signed in from that address before.
SELECT a.id, a.kind, CASE WHEN NOT a.disabled THEN c.password_hash END AS password_hash,
       ceil(extract(epoch FROM identity.locked_until(:account::text, a.id, :counted_address::text, :caller_address::text,
           :now::timestamptz) - :now::timestamptz))::integer
         AS locked_s,
       CASE WHEN h.locked_until > :now::timestamptz THEN ceil(extract(epoch FROM h.locked_until - :now::timestamptz))::integer END AS address_locked_s,
       EXISTS (SELECT FROM session s WHERE s.account_id = a.id AND s.address = :caller_address::text) AS usual
  FROM (SELECT identity.guard_of_address(:counted_address::text) AS of_address) AS tried
  LEFT JOIN account a ON a.login = :account::text
  LEFT JOIN credential c ON c.account_id = a.id
  LEFT JOIN login_guard h ON h.name_digest = tried.of_address

-- name: login_failed :rows
-- One more failure of a name from one address and from all of them, whether an account has it or not, and of an address (I-003, I-004), counted in the row
-- itself; the one that reaches the limit locks and starts the count anew. The counts of a name from everywhere and of an address start anew, too, when nothing
-- failed for as long as a lock lasts. What was not tried for a day is forgotten, a few at a time. All addresses of one /64 count as one.
WITH rule AS (
  SELECT r.failures, greatest(r.name_failures, r.failures) AS name_failures, r.address_failures, r.time
    FROM (SELECT zeren.setting_value('identity.lockout_failures', '000000000000', y.year)::integer AS failures,
                 zeren.setting_value('identity.lockout_name_failures', '000000000000', y.year)::integer AS name_failures,
                 zeren.setting_value('identity.lockout_address_failures', '000000000000', y.year)::integer AS address_failures,
                 make_interval(mins => zeren.setting_value('identity.lockout_minutes', '000000000000', y.year)::integer) AS time
            FROM (SELECT extract(year FROM :today::date)::integer AS year) AS y) AS r
), tried AS MATERIALIZED (
  SELECT identity.guard_of_pair(:account::text, :counted_address::text) AS digest, identity.guard_of_name(:account::text) AS of_name, failures AS most,
         'here' AS counts, time FROM rule
   UNION ALL
  SELECT identity.guard_of_name(:account::text), NULL, name_failures, 'everywhere', time FROM rule
   UNION ALL
  SELECT identity.guard_of_address(:counted_address::text), NULL, address_failures, 'address', time FROM rule WHERE address_failures > 0
), counted AS (
  INSERT INTO login_guard AS g (name_digest, of_name, failures, locked_until, tried_at)
  SELECT t.digest, t.of_name, CASE WHEN t.most <= 1 THEN 0 ELSE 1 END, CASE WHEN t.most <= 1 THEN :now::timestamptz + t.time END, :now::timestamptz
    FROM tried t ORDER BY t.digest
  ON CONFLICT (name_digest) DO UPDATE
     SET (failures, locked_until, tried_at) = (
           SELECT CASE WHEN n.failures >= t.most THEN 0 ELSE n.failures END, CASE WHEN n.failures >= t.most THEN :now::timestamptz + t.time END,
                  EXCLUDED.tried_at
             FROM tried t, LATERAL (SELECT CASE WHEN t.counts <> 'here' AND g.tried_at < :now::timestamptz - t.time
                 THEN 1 ELSE g.failures + 1 END AS failures) AS n
            WHERE t.digest = g.name_digest)
   WHERE g.locked_until IS NULL OR g.locked_until <= :now::timestamptz
  RETURNING g.name_digest, g.locked_until
), forgotten AS (
  DELETE FROM login_guard WHERE name_digest IN (SELECT o.name_digest FROM login_guard o WHERE o.tried_at < :now::timestamptz - interval '1 day'
                                                   AND (o.locked_until IS NULL OR o.locked_until <= :now::timestamptz)
                                                 ORDER BY o.tried_at LIMIT 20 FOR UPDATE SKIP LOCKED)
), locked AS (
  SELECT a.id, a.version, a.owner_division, max(c.locked_until) AS locked_until, bool_or(t.counts = 'everywhere') AS everywhere
    FROM counted c JOIN tried t ON t.digest = c.name_digest AND t.counts <> 'address' JOIN account a ON a.login = :account::text
   WHERE c.locked_until IS NOT NULL GROUP BY a.id
), audited AS (
  INSERT INTO audit_log (at, address, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, :caller_address::text, 'lock_account', 'account', id, version, owner_division, :request_id::text,
         jsonb_build_object('locked_until', locked_until, 'everywhere', everywhere) FROM locked
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'lock_account', 'account', id, version, owner_division, :trace_id::text FROM locked
)
SELECT count(*)::text AS counted FROM counted

-- name: login_hold :rows
-- The account whose password was right, held until the session is written: log-ins of one account come one after another, and none gets past a password
-- that changed meanwhile. What the account may do is read after this epoch, so a token never outlives a change.
SELECT a.epoch, EXISTS (SELECT FROM acting_post ap JOIN post p ON p.id = ap.post_id JOIN role_permission rp ON rp.role = p.role AND rp.may_use
                          JOIN permission k ON k.code = rp.permission AND k.admin_kind IS NOT NULL
                         WHERE ap.account_id = a.id AND :today::date < ap.ends_on) AS administrator
  FROM credential c JOIN account a ON a.id = c.account_id
 WHERE c.account_id = :account_id::uuid AND c.password_hash = :checked_hash::text AND NOT a.disabled
   FOR NO KEY UPDATE OF c

-- name: login_session :rows
-- The session that an earlier log-in with this key made (I-005).
SELECT s.id, s.post_id, s.access_grant_id, s.device_id, s.refresh_salt::text AS salt, s.refresh_number,
       s.ended_at IS NOT NULL OR s.expires_at <= :now::timestamptz
         OR (s.device_id IS NULL AND rule.idle_s > 0 AND s.used_at + make_interval(secs => rule.idle_s) <= :now::timestamptz) AS over,
       floor(extract(epoch FROM s.expires_at - :now::timestamptz))::bigint AS left_s, rule.idle_s
  FROM session s JOIN account a ON a.id = s.account_id,
       LATERAL (SELECT zeren.setting_value('identity.idle_minutes', a.owner_division, extract(year FROM :today::date)::integer)::integer * 60 AS idle_s) AS rule
 WHERE s.account_id = :account_id::uuid AND s.login_key = sha256(convert_to(:login_key::text, 'UTF8'))

-- name: login_device :rows
-- Held until the session is written: a device is revoked before it, or with it.
SELECT id FROM device WHERE id = :device_id::uuid AND account_id = :account_id::uuid AND revoked_at IS NULL FOR NO KEY UPDATE

-- name: session_insert :rows
-- The session of a right password, if the name is not locked there and the account not disabled by now; the count of the name's failures there ends, that from
-- everywhere goes on. Where an account may have so many sessions only, the eldest end (I-013).
WITH tried AS (
  SELECT identity.guard_of_pair(:account::text, :counted_address::text) AS name_digest
), cleared AS (
  DELETE FROM login_guard g USING tried t
   WHERE g.name_digest = t.name_digest AND (g.locked_until IS NULL OR g.locked_until <= :now::timestamptz)
  RETURNING 1
), account_now AS (
  SELECT id, owner_division, extract(year FROM :today::date)::integer AS year FROM account
   WHERE id = :account_id::uuid AND NOT disabled
     AND (EXISTS (SELECT FROM cleared) OR NOT EXISTS (SELECT FROM login_guard g, tried t WHERE g.name_digest = t.name_digest))
     AND identity.locked_until(:account::text, id, :counted_address::text, :caller_address::text, :now::timestamptz) IS NULL
), rule AS (
  SELECT zeren.setting_value('identity.session_hours', owner_division, year)::integer AS hours,
         zeren.setting_value('identity.device_session_days', owner_division, year)::integer AS days,
         zeren.setting_value('identity.sessions_per_account', owner_division, year)::integer AS most,
         zeren.setting_value('identity.idle_minutes', owner_division, year)::integer * 60 AS idle_s
    FROM account_now
), opened AS (
  INSERT INTO session (id, account_id, post_id, access_grant_id, created_at, expires_at, device_id, login_key, factors, address, refresh_salt, refreshed_at,
      used_at)
  SELECT :new_id::uuid, a.id, :chosen_post::uuid, :chosen_grant::uuid, :now::timestamptz,
         :now::timestamptz + CASE WHEN :device_id::uuid IS NULL THEN make_interval(hours => r.hours) ELSE make_interval(days => r.days) END,
         :device_id::uuid, sha256(convert_to(:login_key::text, 'UTF8')), :factors::text, :caller_address::text, :salt::bytea, :now::timestamptz,
             :now::timestamptz
    FROM account_now a, rule r
  RETURNING id, account_id, post_id, access_grant_id, device_id, factors, address, created_at, expires_at, version
), used AS (
  UPDATE device SET last_used_at = :now::timestamptz WHERE id = (SELECT device_id FROM opened)
), replaced AS (
  UPDATE session SET ended_at = :now::timestamptz, ended_because = 'replaced', version = version + 1
   WHERE EXISTS (SELECT FROM opened) AND (SELECT most FROM rule) > 0
     AND id IN (SELECT s.id FROM session s WHERE s.account_id = :account_id::uuid AND s.ended_at IS NULL AND s.expires_at > :now::timestamptz
                 ORDER BY s.created_at DESC, s.id DESC OFFSET (SELECT greatest(most - 1, 0) FROM rule))
  RETURNING id, account_id, post_id, ended_at, ended_because, version
), revoked AS (
  INSERT INTO revocation (subject_id, kind, at) SELECT id, 'session', now() FROM replaced
  ON CONFLICT (subject_id, kind) DO NOTHING
), told AS (
  SELECT account_id, post_id, 'open_session' AS verb, id, version, to_jsonb(opened) AS body FROM opened
   UNION ALL
  SELECT account_id, post_id, 'replace_session', id, version, to_jsonb(replaced) FROM replaced
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, account_id, :chosen_post::uuid, :new_id::uuid, :caller_address::text, verb, 'session', id, version, :post_division::text,
         :request_id::text, body FROM told
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, verb, 'session', id, version, :post_division::text, :trace_id::text FROM told
)
SELECT floor(extract(epoch FROM o.expires_at - :now::timestamptz))::bigint AS left_s, r.idle_s FROM opened o, rule r
