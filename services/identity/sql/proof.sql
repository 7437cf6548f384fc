-- What proves an account: its password and its second factor. Accounts and posts are scoped rows, and the caller's own account may be kept outside the scope
-- acted in, so these statements run under the whole country's (proof.c) and every one names one account.

-- name: proof_of_account :rows
-- Rules I-201 to I-209, I-221 and I-229: what the account has, and the limits nearest to it. locked_s: seconds that its name stays locked for who calls from
-- there (NULL: it is not).
SELECT a.login, p.name, c.password_hash, c.totp_secret, c.totp_confirmed_at IS NOT NULL AS confirmed, coalesce(c.must_change, false) AS must_change,
       coalesce(rule.days > 0 AND c.password_set_at + make_interval(days => rule.days) <= :now::timestamptz, false) AS expired,
       EXISTS (SELECT FROM acting_post ap JOIN post q ON q.id = ap.post_id JOIN role_permission rp ON rp.role = q.role AND rp.may_use
                 JOIN permission m ON m.code = rp.permission
                WHERE ap.account_id = a.id AND m.admin_kind IS NOT NULL AND :today::date < ap.ends_on) AS administrator,
       ceil(extract(epoch FROM identity.locked_until(a.login, a.id, :counted_address::text, :caller_address::text,
           :now::timestamptz) - :now::timestamptz))::integer AS locked_s,
       rule.min_length, rule.classes, least(rule.history, rule.kept + 1) AS history, rule.refused, rule.steps, c.released_at IS NOT NULL AS released,
       CASE WHEN c.release_until > :now::timestamptz THEN encode(c.release_digest, 'hex') END AS release_digest
  FROM account a
 CROSS JOIN LATERAL (SELECT extract(year FROM :today::date)::integer AS year) AS this
 CROSS JOIN LATERAL (
   SELECT zeren.setting_value('identity.password_min_length', a.owner_division, this.year)::integer AS min_length,
          zeren.setting_value('identity.password_classes', a.owner_division, this.year)::integer AS classes,
          zeren.setting_value('identity.password_history', a.owner_division, this.year)::integer AS history,
          zeren.setting_value('identity.password_days', a.owner_division, this.year)::integer AS days,
          zeren.setting_value('identity.password_refused', a.owner_division, this.year) AS refused,
          zeren.setting_value('identity.password_kept', '000000000000', this.year)::integer AS kept,
          zeren.setting_value('identity.totp_steps', a.owner_division, this.year)::integer AS steps
 ) AS rule
  LEFT JOIN credential c ON c.account_id = a.id
  LEFT JOIN person p ON p.id = a.person_id
 WHERE a.id = :of_account::uuid

-- name: proof_probe :one
SELECT c.account_id AS id, 1 AS version FROM credential c WHERE c.account_id = :caller_account::uuid

-- name: proof_hold :rows
-- The account's proof, held until the change of it is written: a log-in under way is done then, and the statement that ends sessions sees the one it made.
SELECT account_id FROM credential WHERE account_id = :of_account::uuid FOR NO KEY UPDATE

-- name: password_earlier :rows
-- Rule I-207: the passwords before the one in force, the latest first.
SELECT password_hash FROM password_history WHERE account_id = :of_account::uuid ORDER BY set_at DESC LIMIT :earlier::integer

-- name: password_set :write account
-- Rule I-208: the password before joins the history, every session but the kept one ends, and the trigger on the credential ends running access tokens. With
-- seen_hash, only if the password is still that one: of two changes at once, one is made. A password given by somebody else ends what a security administrator
-- said of a factor that is not in force yet (I-229).
WITH seen AS (
  SELECT a.id, a.version, a.owner_division, c.password_hash, c.password_set_at
    FROM account a LEFT JOIN credential c ON c.account_id = a.id
   WHERE a.id = :of_account::uuid AND (:seen_hash::text IS NULL OR c.password_hash = :seen_hash::text)
), written AS (
  INSERT INTO credential AS c (account_id, password_hash, password_set_at, must_change)
  SELECT id, :password_hash::text, :now::timestamptz, :must_change::boolean FROM seen
  ON CONFLICT (account_id) DO UPDATE
     SET password_hash = EXCLUDED.password_hash, password_set_at = EXCLUDED.password_set_at, must_change = EXCLUDED.must_change,
         released_at = CASE WHEN EXCLUDED.must_change AND c.totp_confirmed_at IS NULL THEN NULL ELSE c.released_at END,
         release_digest = CASE WHEN EXCLUDED.must_change THEN NULL ELSE c.release_digest END
   WHERE :seen_hash::text IS NULL OR c.password_hash = :seen_hash::text
  RETURNING c.account_id, c.password_set_at, c.must_change
), remembered_password AS (
  INSERT INTO password_history (account_id, set_at, password_hash)
  SELECT s.id, s.password_set_at, s.password_hash FROM seen s JOIN written w ON w.account_id = s.id WHERE s.password_hash IS NOT NULL
  ON CONFLICT (account_id, set_at) DO NOTHING
), forgotten AS (
  DELETE FROM password_history h
   WHERE h.account_id IN (SELECT account_id FROM written)
     AND h.set_at < (SELECT min(o.set_at) FROM (SELECT i.set_at FROM password_history i WHERE i.account_id = :of_account::uuid
                                                 ORDER BY i.set_at DESC
                                                 LIMIT zeren.setting_value('identity.password_kept', '000000000000', extract(year
                                                     FROM :today::date)::integer)::integer) AS o)
), ended AS (
  UPDATE session SET ended_at = :now::timestamptz, ended_because = 'password_changed', version = version + 1
   WHERE account_id IN (SELECT account_id FROM written) AND ended_at IS NULL AND id IS DISTINCT FROM :kept_session::uuid
  RETURNING id, account_id, post_id, device_id, ended_at, ended_because, version
), also_changed AS (
  SELECT 'session' AS kind, e.id, e.version, s.owner_division, to_jsonb(e) AS body FROM ended e, seen s
), changed AS (
  SELECT s.id, s.version, s.owner_division, w.password_set_at, w.must_change, (SELECT count(*) FROM ended)::integer AS sessions_ended
    FROM seen s JOIN written w ON w.account_id = s.id
)

-- name: totp_take :rows
-- Rule I-223: a time step's code is taken once. A repeated log-in (the same Idempotency-Key) may bring the one it was let in with again.
UPDATE credential SET totp_last_step = :step::bigint
 WHERE account_id = :of_account::uuid AND totp_confirmed_at IS NOT NULL
   AND (totp_last_step < :step::bigint OR (:repeated::boolean AND totp_last_step = :step::bigint))
RETURNING account_id

-- name: recovery_take :rows
-- Rule I-225: a recovery code is taken once; for a repeated log-in as above, for identity.recovery_repeat_minutes.
UPDATE recovery_code SET used_at = coalesce(used_at, :now::timestamptz)
 WHERE account_id = :of_account::uuid AND digest = decode(:digest::text, 'hex')
   AND (used_at IS NULL OR (:repeated::boolean AND used_at > :now::timestamptz
          - make_interval(mins => zeren.setting_value('identity.recovery_repeat_minutes', '000000000000', extract(year FROM :today::date)::integer)::integer)))
RETURNING account_id

-- name: totp_enrol :write account
-- Rule I-222: a secret that no code has confirmed yet asks for nothing; another takes its place.
WITH enrolled AS (
  UPDATE credential SET totp_secret = :totp_secret::bytea, totp_last_step = 0
   WHERE account_id = :of_account::uuid AND totp_confirmed_at IS NULL
  RETURNING account_id
), changed AS (
  SELECT a.id, a.version, a.owner_division FROM account a JOIN enrolled e ON e.account_id = a.id
)

-- name: totp_confirm :write account
-- Rule I-222: from here on every log-in needs a code. What was opened without one ends; the session that brought the code has proven both.
WITH confirmed AS (
  UPDATE credential SET totp_confirmed_at = :now::timestamptz, totp_last_step = :step::bigint
   WHERE account_id = :of_account::uuid AND totp_confirmed_at IS NULL AND totp_secret = :seen_secret::bytea AND totp_last_step < :step::bigint
  RETURNING account_id, totp_confirmed_at
), removed AS (
  DELETE FROM recovery_code r USING confirmed c WHERE r.account_id = c.account_id
), added AS (
  INSERT INTO recovery_code (account_id, digest) SELECT c.account_id, decode(d.digest, 'hex') FROM confirmed c, unnest(:digests::text[]) AS d (digest)
), ended AS (
  UPDATE session s SET ended_at = :now::timestamptz, ended_because = 'revoked', version = s.version + 1
    FROM confirmed c WHERE s.account_id = c.account_id AND s.ended_at IS NULL AND s.id IS DISTINCT FROM :kept_session::uuid
  RETURNING s.id, s.account_id, s.post_id, s.device_id, s.ended_at, s.ended_because, s.version
), proven AS (
  UPDATE session s SET factors = 'password+totp', version = s.version + 1 FROM confirmed c WHERE s.account_id = c.account_id AND s.id = :kept_session::uuid
  RETURNING s.id, s.account_id, s.post_id, s.device_id, s.factors, s.version
), also_changed AS (
  SELECT 'session' AS kind, x.id, x.version, a.owner_division, x.body
    FROM (SELECT id, account_id, version, to_jsonb(ended) AS body FROM ended UNION ALL SELECT id, account_id, version, to_jsonb(proven) FROM proven) AS x
    JOIN account a ON a.id = x.account_id
), changed AS (
  SELECT a.id, a.version, a.owner_division, c.totp_confirmed_at AS confirmed_at, (SELECT count(*) FROM ended)::integer AS sessions_ended
    FROM account a JOIN confirmed c ON c.account_id = a.id
)

-- name: recovery_renew :write account
-- Rule I-225: new codes end the old ones, used or not.
WITH confirmed AS (
  SELECT account_id, totp_confirmed_at FROM credential WHERE account_id = :of_account::uuid AND totp_confirmed_at IS NOT NULL FOR UPDATE
), removed AS (
  DELETE FROM recovery_code r USING confirmed c WHERE r.account_id = c.account_id
), added AS (
  INSERT INTO recovery_code (account_id, digest) SELECT c.account_id, decode(d.digest, 'hex') FROM confirmed c, unnest(:digests::text[]) AS d (digest)
), changed AS (
  SELECT a.id, a.version, a.owner_division, c.totp_confirmed_at AS confirmed_at FROM account a JOIN confirmed c ON c.account_id = a.id
)

-- name: factor_remove :write account
-- Rules I-226 and I-227: secret and recovery codes go together.
WITH removed AS (
  UPDATE credential SET totp_secret = NULL, totp_confirmed_at = NULL, released_at = NULL, release_digest = NULL WHERE account_id = :of_account::uuid
      AND totp_secret IS NOT NULL
  RETURNING account_id
), forgotten AS (
  DELETE FROM recovery_code r USING removed c WHERE r.account_id = c.account_id
), changed AS (
  SELECT a.id, a.version, a.owner_division, false AS second_factor FROM account a JOIN removed c ON c.account_id = a.id
)

-- name: factor_release :write account
-- Rule I-229: a code by which the security administrator says whose factor that is, or will be; the one before ends.
WITH drawn AS (
  UPDATE credential c SET release_digest = decode(:release_digest::text, 'hex'),
         release_until = :now::timestamptz + make_interval(hours => zeren.setting_value('identity.factor_release_hours', '000000000000',
                                                                                       extract(year FROM :today::date)::integer)::integer)
   WHERE c.account_id = :of_account::uuid
  RETURNING c.account_id, c.release_until
), changed AS (
  SELECT a.id, a.version, a.owner_division, d.release_until FROM account a JOIN drawn d ON d.account_id = a.id
)

-- name: factor_released :write account
-- Rule I-229: the code is taken once, for the factor in force.
WITH released AS (
  UPDATE credential c SET released_at = :now::timestamptz, release_digest = NULL, release_until = NULL
   WHERE c.account_id = :of_account::uuid AND c.totp_confirmed_at IS NOT NULL AND c.release_until > :now::timestamptz
     AND c.release_digest = decode(:release_digest::text, 'hex')
  RETURNING c.account_id, c.released_at
), changed AS (
  SELECT a.id, a.version, a.owner_division, r.released_at FROM account a JOIN released r ON r.account_id = a.id
)
