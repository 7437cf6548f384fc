-- Who is registered where (M-130 to M-137). What takes and frees a person: functions of migrations/0006.

-- name: member_find :view
-- I-022 of proto/identity.md, here: by an ID number that the caller has, in the caller's own divisions.
SELECT coalesce((SELECT json_agg(f ORDER BY f.id)
                   FROM (SELECT s.id, s.household_id, s.owner_division, s.name, s.id_number, s.left_on, s.confirmation, s.version
                           FROM member m,
                                LATERAL monitoring.member_as_shown(m, monitoring.minors_after(:caller_may_minor_read::boolean, :today::date),
                                                                   :caller_may_person_locate::boolean) AS s
                          WHERE m.id_number_hash = ANY (:id_number_hashes::bytea[])
                          ORDER BY s.id LIMIT 100) AS f), '[]') AS items

-- name: person_locate :rows
-- M-137: yes or no, counted and audited by the statement that looks; no row: too often. Neither the number nor its hash is kept.
WITH asked AS MATERIALIZED (
  SELECT monitoring.locate_person(:id_number_hashes::bytea[], :caller_account::uuid, :now::timestamptz) AS registered
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :caller_address::text, :verb::text, 'person', :new_id::uuid, 1,
         '000000000000', :request_id::text, :reason::text, jsonb_build_object('registered', a.registered)
    FROM asked a WHERE a.registered IS NOT NULL
)
SELECT json_build_object('registered', a.registered)::text FROM asked a WHERE a.registered IS NOT NULL

-- name: person_elsewhere :rows
-- M-133: that a holder of person.locate was told so: counted, audited, and a claim to go on with.
WITH claimed AS MATERIALIZED (
  SELECT c.* FROM monitoring.claim_elsewhere(:told_claim::uuid, :told_division::text, :told_household::uuid, :told_hashes::bytea[], :look::bigint, :now::timestamptz) AS c
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :caller_address::text, 'tell_registered_elsewhere',
      'person_claim', c.id,
         c.version, c.owner_division, :request_id::text, to_jsonb(c)
    FROM claimed c
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, trace_id)
  SELECT :now::timestamptz, 'tell_registered_elsewhere', 'person_claim', c.id, c.version, c.owner_division, :trace_id::text
    FROM claimed c WHERE c.id = :told_claim::uuid
)
SELECT c.id::text FROM claimed c

-- name: person_set_aside :rows
-- M-133: a question of this hour, for an entry that may be told that the person is registered elsewhere; it counts from here on. NULL: there is none left.
SELECT monitoring.take_look(:caller_account::uuid, :now::timestamptz, false)::text

-- name: person_untold :rows
-- The entry told nothing: its question is free again.
DELETE FROM person_look WHERE id = :look::bigint AND NOT told RETURNING id::text

-- name: person_confirm :rows
-- M-134, M-135: numbers that were freed first, then the next that wait; says how many were looked at.
SELECT monitoring.confirm_persons(:batch::integer, :keys::bytea[], :now::timestamptz)::text

-- name: person_narrow :rows
-- Of the next that wait those without a hash under each look-up key: a table that came in has the active one's alone, and a key may be younger than the entry.
SELECT c.member_id::text, m.id_number::text
  FROM (SELECT k.* FROM person_check k ORDER BY k.recorded_at, k.member_id LIMIT :batch::integer) AS c JOIN member m ON m.id = c.member_id
 WHERE NOT monitoring.has_keys(c.hashes, :keys::bytea[]) AND m.id_number IS NOT NULL

-- name: person_widen :rows
-- Their hashes under every key; what no key opens (hashes NULL) waits under what it has: for each other key what nobody else has stands in.
WITH given AS (
  SELECT g.id, g.hashes::bytea[] AS hashes FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, hashes text)
), widened AS (
  UPDATE person_check c
     SET hashes = ARRAY(SELECT h FROM unnest(c.hashes || g.hashes) AS u (h)
                         UNION SELECT substr(k, 1, 4) || uuid_send(g.id) FROM unnest(:keys::bytea[]) AS u (k) WHERE g.hashes IS NULL)
    FROM given g WHERE c.member_id = g.id RETURNING c.member_id
)
SELECT count(*)::text FROM widened

-- name: person_waiting :rows
-- How many memberships wait to be confirmed (ten thousand or more count as that), and for how many seconds the first has.
SELECT (SELECT count(*) FROM (SELECT FROM person_check LIMIT 10000) AS c)::text,
       coalesce((SELECT greatest(extract(epoch FROM :now::timestamptz - c.recorded_at)::bigint, 0) FROM person_check c ORDER BY c.recorded_at,
           c.member_id LIMIT 1), 0)::text

-- name: person_tend :rows
-- M-138, M-147: what time has settled of claims and transfers.
SELECT (monitoring.expire_transfers(:today::date, :now::timestamptz, :batch::integer) + monitoring.forget_claims(:now::timestamptz, :batch::integer))::text
