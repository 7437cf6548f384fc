-- People who hold posts. ID numbers and telephone numbers are ciphertext here, found again by keyed hashes (common/http/sealed.h).

-- name: person_get :one
SELECT id, owner_division, name, citizen_id, phone, created_at, version FROM person WHERE id = :id::uuid

-- name: person_own :one
-- As person_get, where the caller may change it: a person above the caller's divisions is read, never changed.
SELECT id, owner_division, name, citizen_id, phone, created_at, version FROM person WHERE id = :id::uuid AND owner_division::text <@ zeren.scope()

-- name: person_list :page
-- sort: id
SELECT id, owner_division, name, citizen_id, phone, created_at, version
  FROM person
 WHERE (:name_prefix::text IS NULL OR name COLLATE "C" ^@ :name_prefix::text)

-- name: person_insert :write person shown_division
-- I-020: an ID number is entered once in a division.
-- masked: name, citizen_id, phone
INSERT INTO person (id, owner_division, name, citizen_id, citizen_id_hash, human_id, phone, phone_hash, created_at)
SELECT :new_id::uuid, :owner_division::text, :name::text, :citizen_id::bytea, :citizen_id_hash::bytea, identity.human_of(:citizen_id_hashes::bytea[]),
       :phone::bytea, :phone_hash::bytea, :now::timestamptz
 WHERE identity.citizen_id_is_free(:new_id::uuid, :owner_division::text, :citizen_id_hashes::bytea[])
RETURNING id, owner_division, name, citizen_id, phone, created_at, version

-- name: person_correct :write person shown_division
-- masked: name, citizen_id, phone
-- I-020, I-021.
UPDATE person
   SET name = coalesce(:name::text, name),
       citizen_id = CASE WHEN :citizen_id_given::boolean THEN :citizen_id::bytea ELSE citizen_id END,
       citizen_id_hash = CASE WHEN :citizen_id_given::boolean THEN :citizen_id_hash::bytea ELSE citizen_id_hash END,
       human_id = CASE WHEN :citizen_id_given::boolean THEN identity.human_of(:citizen_id_hashes::bytea[]) ELSE human_id END,
       phone = CASE WHEN :phone_given::boolean THEN :phone::bytea ELSE phone END,
       phone_hash = CASE WHEN :phone_given::boolean THEN :phone_hash::bytea ELSE phone_hash END,
       version = version + 1
 WHERE id = :id::uuid AND version = :version::integer AND identity.person_in_own_lines(id)
   AND (NOT :citizen_id_given::boolean OR identity.refuse_own_number(id, :caller_account::uuid))
   AND identity.citizen_id_is_free(id, owner_division, :citizen_id_hashes::bytea[])
RETURNING id, owner_division, name, citizen_id, phone, created_at, version

-- name: person_find :view
-- I-022: by an ID number or a telephone number that the caller has, in the caller's own divisions.
SELECT coalesce((SELECT json_agg(f ORDER BY f.id)
                   FROM (SELECT id, owner_division, name, citizen_id, phone, created_at, version FROM person
                          WHERE (:citizen_id_hashes::bytea[] IS NULL OR citizen_id_hash = ANY (:citizen_id_hashes::bytea[]))
                            AND (:phone_hashes::bytea[] IS NULL OR phone_hash = ANY (:phone_hashes::bytea[]))
                            AND owner_division::text <@ zeren.scope()
                          ORDER BY id LIMIT 100) AS f), '[]') AS items

-- name: person_unmask :rows
-- I-023: the audit row is of the statement that reads the values, so that nothing leaves before it is there. Only persons of the caller's own divisions and
-- lines.
WITH seen AS MATERIALIZED (
  SELECT id, owner_division, name, citizen_id, phone, created_at, version FROM person
   WHERE id = :id::uuid AND owner_division::text <@ zeren.scope() AND identity.person_in_own_lines(id)
), audited AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :caller_address::text, :verb::text, 'person', id, version,
         owner_division, :request_id::text, :reason::text, jsonb_build_object('id', id, 'fields', :fields::text[])
    FROM seen
)
SELECT row_to_json(s)::text, s.version::text FROM seen s

-- name: person_sealed_find :rows
-- The next persons by id whose :column (an ID number or a telephone number) is not under the active keys (common/http/reseal.h).
WITH scanned AS MATERIALIZED (
  SELECT id, CASE :column::text WHEN 'identity.person.phone' THEN phone ELSE citizen_id END AS value,
         CASE :column::text WHEN 'identity.person.phone' THEN phone_hash ELSE citizen_id_hash END AS hash
    FROM person
   WHERE id > :after::uuid AND CASE :column::text WHEN 'identity.person.phone' THEN phone ELSE citizen_id END IS NOT NULL ORDER BY id LIMIT :batch::integer
)
SELECT last.id::text, s.id::text, s.value::text
  FROM (SELECT id FROM scanned ORDER BY id DESC LIMIT 1) AS last
  LEFT JOIN scanned s ON substr(s.value, 1, 5) <> :key_id::bytea OR substr(s.hash, 1, 4) IS DISTINCT FROM :lookup_id::bytea

-- name: person_sealed_rewrite :rows
-- One audit row for the batch; the values say the same as before, so versions stay.
WITH given AS (
  SELECT g.id, g.was, g.value, g.hash, :column::text = 'identity.person.phone' AS is_phone
    FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, was bytea, value bytea, hash bytea)
), rewritten AS (
  UPDATE person p SET citizen_id = CASE WHEN g.is_phone THEN p.citizen_id ELSE g.value END, phone = CASE WHEN g.is_phone THEN g.value ELSE p.phone END,
         citizen_id_hash = CASE WHEN g.is_phone THEN p.citizen_id_hash ELSE g.hash END, phone_hash = CASE WHEN g.is_phone THEN g.hash ELSE p.phone_hash END
    FROM given g WHERE p.id = g.id AND CASE WHEN g.is_phone THEN p.phone ELSE p.citizen_id END = g.was RETURNING p.id
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'reseal', 'person', :new_id::uuid, 1, '000000000000', jsonb_build_object('column', :column::text, 'rows', n.rows)
    FROM (SELECT count(*) AS rows FROM rewritten) AS n WHERE n.rows > 0
)
SELECT count(*)::text FROM rewritten

-- name: credential_totp_find :rows
-- The second factors' secrets; the record they are sealed for is the account.
WITH scanned AS MATERIALIZED (
  SELECT account_id, totp_secret FROM credential WHERE account_id > :after::uuid AND totp_secret IS NOT NULL ORDER BY account_id LIMIT :batch::integer
)
SELECT last.account_id::text, s.account_id::text, s.totp_secret::text
  FROM (SELECT account_id FROM scanned ORDER BY account_id DESC LIMIT 1) AS last
  LEFT JOIN scanned s ON substr(s.totp_secret, 1, 5) <> :key_id::bytea

-- name: credential_totp_rewrite :rows
WITH given AS (
  SELECT g.id, g.was, g.value FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, was bytea, value bytea)
), rewritten AS (
  UPDATE credential c SET totp_secret = g.value FROM given g WHERE c.account_id = g.id AND c.totp_secret = g.was RETURNING c.account_id
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'reseal', 'credential', :new_id::uuid, 1, '000000000000', jsonb_build_object('column', :column::text, 'rows', n.rows)
    FROM (SELECT count(*) AS rows FROM rewritten) AS n WHERE n.rows > 0
)
SELECT count(*)::text FROM rewritten
