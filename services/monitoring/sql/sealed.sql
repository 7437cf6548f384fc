-- After a rotation of keys (common/http/reseal.h; M-234 to M-236): what is not under the active keys, and in its place the same under them. Values say the same as
-- before, so versions stay. A trip looks at twenty batches of rows, for most of them have nothing to do once a pass is through.

-- name: household_sealed_find :rows
WITH scanned AS MATERIALIZED (
  SELECT id, phone AS value, phone_hash AS hash FROM household WHERE id > :after::uuid ORDER BY id LIMIT 20 * :batch::integer
), stale AS MATERIALIZED (
  SELECT s.id, s.value FROM scanned s
   WHERE s.value IS NOT NULL AND (substr(s.value, 1, 5) <> :key_id::bytea OR substr(s.hash, 1, 4) IS DISTINCT FROM :lookup_id::bytea)
   ORDER BY s.id LIMIT :batch::integer
)
SELECT last.id::text, s.id::text, s.value::text
  FROM (SELECT CASE WHEN (SELECT count(*) FROM stale) = :batch::integer THEN (SELECT x.id FROM stale x ORDER BY x.id DESC LIMIT 1)
                    ELSE (SELECT x.id FROM scanned x ORDER BY x.id DESC LIMIT 1) END AS id) AS last
  LEFT JOIN stale s ON true
 WHERE last.id IS NOT NULL

-- name: household_sealed_rewrite :rows
-- Former versions that hold the same ciphertext take the same new one: a version that changed something else still differs in that alone.
WITH given AS (
  SELECT g.id, g.was, g.value, g.hash FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, was bytea, value bytea, hash bytea)
), rewritten AS (
  UPDATE household h SET phone = g.value, phone_hash = g.hash FROM given g WHERE h.id = g.id AND h.phone = g.was RETURNING h.id
), versions AS (
  UPDATE archive_version v SET body = v.body || jsonb_build_object('phone', g.value, 'phone_hash', g.hash)
    FROM given g JOIN rewritten r ON r.id = g.id WHERE v.record = 'household' AND v.record_id = g.id AND monitoring.body_value(v.body, 'phone') = g.was
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'reseal', 'household', :new_id::uuid, 1, '000000000000', jsonb_build_object('column', :column::text, 'rows', n.rows)
    FROM (SELECT count(*) AS rows FROM rewritten) AS n WHERE n.rows > 0
)
SELECT count(*)::text FROM rewritten

-- name: member_sealed_find :rows
-- :column says which; health and disability cards have no hash.
WITH scanned AS MATERIALIZED (
  SELECT m.id, CASE :column::text WHEN 'monitoring.member.id_number' THEN m.id_number WHEN 'monitoring.member.phone' THEN m.phone
                                  WHEN 'monitoring.member.health' THEN m.health ELSE m.disability_card END AS value,
         CASE :column::text WHEN 'monitoring.member.id_number' THEN m.id_number_hash WHEN 'monitoring.member.phone' THEN m.phone_hash
                            ELSE :lookup_id::bytea END AS hash
    FROM member m WHERE m.id > :after::uuid ORDER BY m.id LIMIT 20 * :batch::integer
), stale AS MATERIALIZED (
  SELECT s.id, s.value FROM scanned s
   WHERE s.value IS NOT NULL AND (substr(s.value, 1, 5) <> :key_id::bytea OR substr(s.hash, 1, 4) IS DISTINCT FROM :lookup_id::bytea)
   ORDER BY s.id LIMIT :batch::integer
)
SELECT last.id::text, s.id::text, s.value::text
  FROM (SELECT CASE WHEN (SELECT count(*) FROM stale) = :batch::integer THEN (SELECT x.id FROM stale x ORDER BY x.id DESC LIMIT 1)
                    ELSE (SELECT x.id FROM scanned x ORDER BY x.id DESC LIMIT 1) END AS id) AS last
  LEFT JOIN stale s ON true
 WHERE last.id IS NOT NULL

-- name: member_sealed_rewrite :rows
WITH given AS (
  SELECT g.id, g.was, g.value, g.hash FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, was bytea, value bytea, hash bytea)
), rewritten AS (
  UPDATE member m
     SET id_number = CASE :column::text WHEN 'monitoring.member.id_number' THEN g.value ELSE m.id_number END,
         id_number_hash = CASE :column::text WHEN 'monitoring.member.id_number' THEN g.hash ELSE m.id_number_hash END,
         phone = CASE :column::text WHEN 'monitoring.member.phone' THEN g.value ELSE m.phone END,
         phone_hash = CASE :column::text WHEN 'monitoring.member.phone' THEN g.hash ELSE m.phone_hash END,
         health = CASE :column::text WHEN 'monitoring.member.health' THEN g.value ELSE m.health END,
         disability_card = CASE :column::text WHEN 'monitoring.member.disability_card' THEN g.value ELSE m.disability_card END
    FROM given g
   WHERE m.id = g.id AND CASE :column::text WHEN 'monitoring.member.id_number' THEN m.id_number WHEN 'monitoring.member.phone' THEN m.phone
                                            WHEN 'monitoring.member.health' THEN m.health ELSE m.disability_card END = g.was
  RETURNING m.id
), versions AS ( -- as those of households
  UPDATE archive_version v
     SET body = v.body || jsonb_build_object(split_part(:column::text, '.', 3), g.value)
                || CASE WHEN g.hash IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(split_part(:column::text, '.', 3) || '_hash', g.hash) END
    FROM given g JOIN rewritten r ON r.id = g.id
   WHERE v.record = 'member' AND v.record_id = g.id AND monitoring.body_value(v.body, split_part(:column::text, '.', 3)) = g.was
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'reseal', 'member', :new_id::uuid, 1, '000000000000', jsonb_build_object('column', :column::text, 'rows', n.rows)
    FROM (SELECT count(*) AS rows FROM rewritten) AS n WHERE n.rows > 0
)
SELECT count(*)::text FROM rewritten

-- name: version_sealed_find :rows
-- M-235: bodies of versions that are kept: a ciphertext once, however many versions hold it; a hash is beside it where the record has one.
WITH wanted AS (
  SELECT split_part(:column::text, '.', 2) AS record, split_part(:column::text, '.', 3) AS field
), ids AS MATERIALIZED (
  SELECT DISTINCT v.record_id AS id FROM archive_version v, wanted w WHERE v.record = w.record AND v.record_id > :after::uuid ORDER BY 1 LIMIT :batch::integer
), stale AS (
  SELECT DISTINCT i.id, b.value
    FROM ids i CROSS JOIN wanted w JOIN archive_version v ON v.record = w.record AND v.record_id = i.id,
         LATERAL (SELECT monitoring.body_value(v.body, w.field) AS value, monitoring.body_value(v.body, w.field || '_hash') AS hash) AS b
   WHERE b.value IS NOT NULL AND (substr(b.value, 1, 5) <> :key_id::bytea OR substr(b.hash, 1, 4) <> :lookup_id::bytea)
)
SELECT last.id::text, s.id::text, s.value::text FROM (SELECT i.id FROM ids i ORDER BY i.id DESC LIMIT 1) AS last LEFT JOIN stale s ON true

-- name: version_sealed_rewrite :rows
WITH wanted AS (
  SELECT split_part(:column::text, '.', 2) AS record, split_part(:column::text, '.', 3) AS field
), given AS (
  SELECT g.id, g.was, g.value, g.hash FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, was text, value text, hash text)
), rewritten AS (
  UPDATE archive_version v
     SET body = v.body || jsonb_build_object(w.field, g.value)
                || CASE WHEN v.body ->> (w.field || '_hash') IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(w.field || '_hash', g.hash) END
    FROM given g, wanted w WHERE v.record = w.record AND v.record_id = g.id AND v.body ->> w.field = g.was
  RETURNING v.record_id
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'reseal', 'archive_version', :new_id::uuid, 1, '000000000000', jsonb_build_object('column', :column::text, 'rows', n.rows)
    FROM (SELECT count(*) AS rows FROM rewritten) AS n WHERE n.rows > 0
)
SELECT count(*)::text FROM rewritten

-- name: batch_sealed_find :rows
-- M-236: rows of tables that were staged, in whichever batches they stand.
WITH wanted AS (
  SELECT CASE split_part(:column::text, '.', 2) WHEN 'household' THEN 1 ELSE 2 END AS part, split_part(:column::text, '.', 3) AS field
), ids AS MATERIALIZED (
  SELECT DISTINCT r.record_id AS id FROM batch_row r
   WHERE r.record_id > :after::uuid AND r.hidden ?| ARRAY['id_number', 'phone', 'health', 'disability_card'] ORDER BY 1 LIMIT :batch::integer
), stale AS (
  SELECT DISTINCT i.id, b.value
    FROM ids i CROSS JOIN wanted w
    JOIN batch_row r ON r.record_id = i.id AND r.part = w.part AND r.hidden ?| ARRAY['id_number', 'phone', 'health', 'disability_card'],
         LATERAL (SELECT monitoring.body_value(r.hidden, w.field) AS value, monitoring.body_value(r.hidden, w.field || '_hash') AS hash) AS b
   WHERE b.value IS NOT NULL AND (substr(b.value, 1, 5) <> :key_id::bytea OR substr(b.hash, 1, 4) <> :lookup_id::bytea)
)
SELECT last.id::text, s.id::text, s.value::text FROM (SELECT i.id FROM ids i ORDER BY i.id DESC LIMIT 1) AS last LEFT JOIN stale s ON true

-- name: batch_sealed_rewrite :rows
WITH wanted AS (
  SELECT CASE split_part(:column::text, '.', 2) WHEN 'household' THEN 1 ELSE 2 END AS part, split_part(:column::text, '.', 3) AS field
), given AS (
  SELECT g.id, g.was, g.value, g.hash FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, was bytea, value text, hash text)
), rewritten AS (
  UPDATE batch_row r
     SET hidden = r.hidden || jsonb_build_object(w.field, g.value)
                  || CASE WHEN r.hidden ->> (w.field || '_hash') IS NULL THEN '{}'::jsonb ELSE jsonb_build_object(w.field || '_hash', g.hash) END
    FROM given g, wanted w
   WHERE r.record_id = g.id AND r.part = w.part AND r.hidden ?| ARRAY['id_number', 'phone', 'health', 'disability_card'] AND monitoring.body_value(r.hidden, w.field) = g.was
  RETURNING r.row
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'reseal', 'batch_row', :new_id::uuid, 1, '000000000000', jsonb_build_object('column', :column::text, 'rows', n.rows)
    FROM (SELECT count(*) AS rows FROM rewritten) AS n WHERE n.rows > 0
)
SELECT count(*)::text FROM rewritten

-- name: correction_sealed_find :rows
WITH scanned AS MATERIALIZED (
  SELECT c.id, c.wanted AS value FROM correction c WHERE c.id > :after::uuid ORDER BY c.id LIMIT :batch::integer
)
SELECT last.id::text, s.id::text, s.value::text
  FROM (SELECT x.id FROM scanned x ORDER BY x.id DESC LIMIT 1) AS last
  LEFT JOIN scanned s ON substr(s.value, 1, 5) <> :key_id::bytea

-- name: correction_sealed_rewrite :rows
WITH rewritten AS (
  UPDATE correction c SET wanted = g.value
    FROM jsonb_to_recordset(:rows::jsonb) AS g (id uuid, was bytea, value bytea, hash bytea) WHERE c.id = g.id AND c.wanted = g.was RETURNING c.id
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'reseal', 'correction', :new_id::uuid, 1, '000000000000', jsonb_build_object('column', :column::text, 'rows', n.rows)
    FROM (SELECT count(*) AS rows FROM rewritten) AS n WHERE n.rows > 0
)
SELECT count(*)::text FROM rewritten
