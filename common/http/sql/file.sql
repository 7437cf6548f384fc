-- Files of a service (zeren.equip_files()), over HTTP. How far an upload has come is noted without audit row and event; everything else about a file is a change like any other.

-- name: file_get :one
SELECT id, owner_division::text AS owner_division, name, size, sha256, sm3, keep_location, status, refusal, received, media_type, stored_size, stored_sha256, stored_sm3,
       created_by, created_at, ready_at, version
  FROM file WHERE id = :id

-- name: file_list :page
-- Files in the caller's scope, by state or by the digest that was announced.
-- sort: created_at
SELECT id, owner_division::text AS owner_division, name, size, sha256, sm3, keep_location, status, refusal, received, media_type, stored_size, stored_sha256, stored_sm3,
       created_by, created_at, ready_at, version
  FROM file
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:status::text IS NULL OR status = :status::text)
   AND (:sha256::text IS NULL OR sha256 = :sha256::text)

-- name: file_announce :write file shown_division lined
-- F-001, F-002: larger than its division may send is refused before a byte comes.
WITH own AS MATERIALIZED (
  SELECT coalesce(:owner_division::text, rpad(:scope_lo::text, 12, '0')) AS division
), most AS MATERIALIZED (
  SELECT o.division, coalesce(zeren.setting_value('files.max_bytes', o.division, 0), '209715200') AS bytes FROM own o
), told AS MATERIALIZED (
  SELECT m.division, CASE WHEN :size::bigint > m.bytes::bigint THEN zeren.refuse('ZR012', 'size', 'a file may have ' || m.bytes || ' bytes') ELSE true END AS fits
    FROM most m
), changed AS (
  INSERT INTO file (id, owner_division, lines, name, size, sha256, sm3, keep_location, created_by, created_at, touched_at)
  SELECT :new_id::uuid, t.division, coalesce(zeren.lines(), '{}'), :name, :size::bigint, :sha256, :sm3, coalesce(:keep_location::boolean, false), :caller_post::uuid,
         :now::timestamptz, now()
    FROM told t WHERE t.fits
  RETURNING id, owner_division::text AS owner_division, name, size, sha256, sm3, keep_location, status, refusal, received, media_type, stored_size, stored_sha256,
            stored_sm3, created_by, created_at, ready_at, version, lines
)

-- name: file_upload :rows
-- An upload as its next piece finds it.
SELECT status, received::text, size::text, sha256, sm3, keep_location::text, row_to_json(f)::text
  FROM file f WHERE id = :id::uuid

-- name: file_receive :rows
-- How far it came: forward when a piece is on the disk, back when the disk has less than was said.
UPDATE file SET received = :upto::bigint, touched_at = now() WHERE id = :id::uuid AND status = 'uploading' AND received = :was::bigint RETURNING received::text

-- name: file_type_of :rows
SELECT t.extensions FROM zeren.file_type t WHERE t.media_type = :media_type::text

-- name: file_finish :write file shown_division lined
-- F-006, F-007: its bytes are on the disk under their digest, once for all files that have them.
WITH kept AS (
  INSERT INTO blob (sha256, sm3, size, media_type) VALUES (:stored_sha256::text, :stored_sm3::text, :stored_size::bigint, :media_type::text)
  ON CONFLICT (sha256) DO NOTHING
), changed AS (
  UPDATE file SET status = 'ready', media_type = :media_type::text, stored_sha256 = :stored_sha256::text, stored_sm3 = :stored_sm3::text, stored_size = :stored_size::bigint,
         ready_at = :now::timestamptz, version = version + 1
   WHERE id = :id::uuid AND status = 'uploading' AND received = size
  RETURNING id, owner_division::text AS owner_division, name, size, sha256, sm3, keep_location, status, refusal, received, media_type, stored_size, stored_sha256,
            stored_sm3, created_by, created_at, ready_at, version, lines
)

-- name: file_refuse :write file shown_division lined
-- F-004, F-005: what it is or what came is not what may be kept; its bytes go.
UPDATE file SET status = 'refused', refusal = :refusal::text, media_type = :media_type::text, version = version + 1
 WHERE id = :id::uuid AND status = 'uploading'
RETURNING id, owner_division::text AS owner_division, name, size, sha256, sm3, keep_location, status, refusal, received, media_type, stored_size, stored_sha256,
          stored_sm3, created_by, created_at, ready_at, version, lines

-- name: file_cancel :write file shown_division lined
-- F-009: an upload is given up; its bytes go.
UPDATE file SET status = :to_state::text, version = version + 1
 WHERE id = :id::uuid AND version = :version::integer AND status = ANY (:from_states::text[])
RETURNING id, owner_division::text AS owner_division, name, size, sha256, sm3, keep_location, status, refusal, received, media_type, stored_size, stored_sha256,
          stored_sm3, created_by, created_at, ready_at, version, lines

-- name: file_content :rows
-- F-013: what is noted for accounts is theirs alone.
SELECT f.status, f.name, f.media_type, f.stored_sha256, coalesce(t.extensions, ''), f.stored_size::text
  FROM file f LEFT JOIN zeren.file_type t ON t.media_type = f.media_type WHERE f.id = :id::uuid
   AND (NOT EXISTS (SELECT FROM file_use u WHERE u.file_id = f.id AND u.record = 'account')
        OR EXISTS (SELECT FROM file_use u WHERE u.file_id = f.id AND u.record = 'account' AND u.record_id = :caller_account::uuid))
