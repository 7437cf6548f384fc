-- Personal data in full, with a reason that is kept (M-220 to M-222): the audit row is of the statement that reads the values, so nothing leaves before it is there.
-- A row with why there is nothing to show, or the answer.

-- name: household_unmask :rows
WITH found AS MATERIALIZED (
  SELECT h.id, h.owner_division, h.phone, h.version, monitoring.unmasking_refused(:caller_account::uuid, false, false, :now::timestamptz) AS refused
    FROM household h WHERE h.id = :id::uuid AND h.owner_division::text <@ zeren.scope()
), counted AS (
  INSERT INTO unmasking (account_id, at) SELECT :caller_account::uuid, :now::timestamptz FROM found WHERE refused IS NULL
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :caller_address::text, :verb::text, 'household', id, version,
         owner_division, :request_id::text, :reason::text, jsonb_build_object('id', id, 'fields', :fields::text[])
    FROM found WHERE refused IS NULL
)
SELECT f.refused, CASE WHEN f.refused IS NULL THEN row_to_json(s)::text END FROM found f, LATERAL (SELECT f.id, f.owner_division, f.phone, f.version) AS s

-- name: member_unmask :rows
WITH found AS MATERIALIZED (
  SELECT m.id, m.household_id, m.owner_division, m.name, CASE WHEN 'id_number' = ANY (:fields::text[]) THEN m.id_number END AS id_number,
         CASE WHEN 'phone' = ANY (:fields::text[]) THEN m.phone END AS phone, CASE WHEN 'health' = ANY (:fields::text[]) THEN m.health END AS health,
         CASE WHEN 'disability_card' = ANY (:fields::text[]) THEN m.disability_card END AS disability_card, m.version,
         monitoring.unmasking_refused(:caller_account::uuid, monitoring.is_minor(m.birth_on, :today::date), :caller_may_minor_read::boolean,
                                      :now::timestamptz) AS refused
    FROM member m WHERE m.id = :id::uuid AND m.owner_division::text <@ zeren.scope()
), counted AS (
  INSERT INTO unmasking (account_id, at) SELECT :caller_account::uuid, :now::timestamptz FROM found WHERE refused IS NULL
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :caller_address::text, :verb::text, 'member', id, version,
         owner_division, :request_id::text, :reason::text, jsonb_build_object('id', id, 'household_id', household_id, 'fields', :fields::text[])
    FROM found WHERE refused IS NULL
)
SELECT f.refused, CASE WHEN f.refused IS NULL THEN row_to_json(s)::text END
  FROM found f, LATERAL (SELECT f.id, f.household_id, f.owner_division, f.name, f.id_number, f.phone, f.health, f.disability_card, f.version) AS s

-- name: unmasking_forget :rows
-- What the limit of an hour does not ask for any more; one batch.
WITH gone AS (
  DELETE FROM unmasking WHERE id IN (SELECT u.id FROM unmasking u WHERE u.at < :now::timestamptz - interval '1 hour' ORDER BY u.at LIMIT 500) RETURNING 1
)
SELECT count(*)::text FROM gone
