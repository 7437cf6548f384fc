-- What the collector of left-over files does, as the service's worker. The tables are zeren.equip_files()'s and stand in the service's own schema.

-- name: files_orphan_age :rows
-- In seconds: what is younger may be in work just now.
SELECT (coalesce(zeren.setting_value('files.orphan_hours', '000000000000', 0), '1')::numeric * 3600)::bigint::text

-- name: files_expire :rows
-- F-010: an upload that did not end in time; the row stays and says so.
WITH old AS MATERIALIZED (
  SELECT id FROM file
   WHERE status = 'uploading' AND touched_at < now() - make_interval(hours => coalesce(zeren.setting_value('files.upload_hours', '000000000000', 0), '24')::integer)
   ORDER BY touched_at LIMIT 500 FOR UPDATE SKIP LOCKED
), changed AS (
  UPDATE file f SET status = 'expired', version = f.version + 1 FROM old WHERE f.id = old.id
  RETURNING f.*
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'expire_file', 'file', id, version, owner_division, to_jsonb(changed) FROM changed
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, lines)
  SELECT :now::timestamptz, 'expire_file', 'file', id, version, owner_division, lines FROM changed
)
SELECT id::text FROM changed

-- name: files_strays :rows
-- Of these ids, those that no upload waits for.
SELECT n.id FROM unnest(:names::text[]) AS n (id)
 WHERE NOT EXISTS (SELECT FROM file f WHERE f.id = n.id::uuid AND f.status = 'uploading')

-- name: files_unused_blobs :rows
-- Rows of bytes that no file is of any more, and that are old enough.
SELECT b.sha256 FROM blob b
 WHERE b.stored_at < now() - make_interval(secs => coalesce(zeren.setting_value('files.orphan_hours', '000000000000', 0), '1')::numeric * 3600)
   AND NOT EXISTS (SELECT FROM file f WHERE f.stored_sha256 = b.sha256)
 ORDER BY b.stored_at LIMIT 500

-- name: files_unknown_blobs :rows
-- Of these digests, those that have no row.
SELECT n.sha256 FROM unnest(:names::text[]) AS n (sha256) WHERE NOT EXISTS (SELECT FROM blob b WHERE b.sha256 = n.sha256)

-- name: files_drop_blob :rows
-- The digest, when its bytes may go: nothing is of them. Its bucket is held.
WITH used AS MATERIALIZED (
  SELECT EXISTS (SELECT FROM file f WHERE f.stored_sha256 = :sha256::text) AS so
), gone AS (
  DELETE FROM blob b USING used u WHERE b.sha256 = :sha256::text AND NOT u.so
)
SELECT :sha256::text FROM used WHERE NOT so

-- name: files_blobs_of :rows
SELECT b.sha256 FROM blob b WHERE b.sha256 >= :prefix::text AND b.sha256 < :prefix::text || 'g' AND b.stored_at < now() - interval '1 minute' ORDER BY b.sha256

-- name: files_mark_lost :rows
-- F-011: files whose bytes are gone say so.
WITH changed AS (
  UPDATE file f SET status = 'lost', version = f.version + 1 WHERE f.stored_sha256 = :sha256::text AND f.status = 'ready'
  RETURNING f.*
), audited AS (
  INSERT INTO audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT :now::timestamptz, 'lose_file', 'file', id, version, owner_division, to_jsonb(changed) FROM changed
), announced AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, lines)
  SELECT :now::timestamptz, 'lose_file', 'file', id, version, owner_division, lines FROM changed
)
SELECT id::text FROM changed
