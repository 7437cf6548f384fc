-- Roles: sets of permissions that divisions keep, and the catalogue of permissions.

-- name: role_get :one
-- By code or id.
SELECT r.id, r.code, r.label, r.owner_division, r.personal_data, identity.admin_kind_of(r.code) AS admin_kind,
       ARRAY(SELECT rp.permission FROM role_permission rp WHERE rp.role = r.code AND rp.may_use ORDER BY rp.permission) AS permissions,
       ARRAY(SELECT rp.permission FROM role_permission rp WHERE rp.role = r.code AND rp.may_grant ORDER BY rp.permission) AS grantable, r.created_at, r.version
  FROM role r
 WHERE r.code = :code::text OR r.id::text = :code::text

-- name: role_list :page
-- Roles of the caller's divisions and above.
-- sort: code
-- key: code
SELECT r.id, r.code, r.label, r.owner_division, r.personal_data, identity.admin_kind_of(r.code) AS admin_kind,
       ARRAY(SELECT rp.permission FROM role_permission rp WHERE rp.role = r.code AND rp.may_use ORDER BY rp.permission) AS permissions,
       ARRAY(SELECT rp.permission FROM role_permission rp WHERE rp.role = r.code AND rp.may_grant ORDER BY rp.permission) AS grantable, r.created_at, r.version
  FROM role r
 WHERE (:division::text IS NULL OR r.owner_division = :division::text)

-- name: role_insert :write role shown_division
-- A-1, A-5: no permission that the caller may not give on, and an administrator of one kind at most.
WITH wanted AS MATERIALIZED (
  SELECT coalesce(:permissions::text[], '{}') AS used, coalesce(:grantable::text[], '{}') AS given_on
), allowed AS MATERIALIZED (
  SELECT w.*, identity.check_role(:code::text, w.used, w.given_on, :personal_data::text, :caller_account::uuid, :caller_post::uuid) AS ok FROM wanted w
), added AS (
  INSERT INTO role (id, code, label, owner_division, personal_data, created_at)
  SELECT :new_id::uuid, :code::text, :label::text, :owner_division::text, coalesce(:personal_data::text, 'strict'), :now::timestamptz FROM allowed WHERE ok
  RETURNING *
), given AS (
  INSERT INTO role_permission (role, permission, owner_division, may_use, may_grant)
  SELECT a.code, p.code, a.owner_division, p.code = ANY (w.used), p.code = ANY (w.given_on)
    FROM added a, allowed w, LATERAL (SELECT DISTINCT unnest(w.used || w.given_on) AS code) AS p
), changed AS (
  SELECT a.id, a.code, a.label, a.owner_division, a.personal_data,
         (SELECT min(p.admin_kind) FROM permission p WHERE p.code = ANY (w.used)) AS admin_kind,
         ARRAY(SELECT DISTINCT u.code FROM unnest(w.used) AS u (code) ORDER BY u.code) AS permissions,
         ARRAY(SELECT DISTINCT u.code FROM unnest(w.given_on) AS u (code) ORDER BY u.code) AS grantable, a.created_at, a.version
    FROM added a, allowed w
)

-- name: role_change :write role shown_division
-- A-1 for what the role gets besides, where posts act by it, too; A-2; A-5. A role above the caller's divisions is read, never changed.
WITH seen AS MATERIALIZED (
  SELECT r.code,
         CASE WHEN :permissions_given::boolean THEN coalesce(:permissions::text[], '{}')
              ELSE ARRAY(SELECT rp.permission FROM role_permission rp WHERE rp.role = r.code AND rp.may_use) END AS used,
         CASE WHEN :grantable_given::boolean THEN coalesce(:grantable::text[], '{}')
              ELSE ARRAY(SELECT rp.permission FROM role_permission rp WHERE rp.role = r.code AND rp.may_grant) END AS given_on
    FROM role r
   WHERE (r.code = :code::text OR r.id::text = :code::text) AND r.version = :version::integer AND r.owner_division::text <@ (SELECT zeren.scope())
), allowed AS MATERIALIZED (
  SELECT s.*, identity.check_role(s.code, s.used, s.given_on, :personal_data::text, :caller_account::uuid, :caller_post::uuid) AS ok FROM seen s
), updated AS (
  UPDATE role r SET label = coalesce(:label::text, r.label), personal_data = coalesce(:personal_data::text, r.personal_data), version = r.version + 1
    FROM allowed a WHERE r.code = a.code AND a.ok AND r.version = :version::integer
  RETURNING r.*
), taken AS (
  DELETE FROM role_permission rp USING updated u, allowed a WHERE rp.role = u.code AND NOT rp.permission = ANY (a.used || a.given_on)
), given AS (
  INSERT INTO role_permission AS rp (role, permission, owner_division, may_use, may_grant)
  SELECT u.code, p.code, u.owner_division, p.code = ANY (a.used), p.code = ANY (a.given_on)
    FROM updated u, allowed a, LATERAL (SELECT DISTINCT unnest(a.used || a.given_on) AS code) AS p
  ON CONFLICT (role, permission) DO UPDATE SET may_use = EXCLUDED.may_use, may_grant = EXCLUDED.may_grant
   WHERE (rp.may_use, rp.may_grant) IS DISTINCT FROM (EXCLUDED.may_use, EXCLUDED.may_grant)
), changed AS (
  SELECT u.id, u.code, u.label, u.owner_division, u.personal_data,
         (SELECT min(p.admin_kind) FROM permission p WHERE p.code = ANY (a.used)) AS admin_kind,
         ARRAY(SELECT DISTINCT p.code FROM unnest(a.used) AS p (code) ORDER BY p.code) AS permissions,
         ARRAY(SELECT DISTINCT p.code FROM unnest(a.given_on) AS p (code) ORDER BY p.code) AS grantable, u.created_at, u.version
    FROM updated u, allowed a
)

-- name: permission_list :page
-- The catalogue; what each permits is the program's to say (proto/permissions.def).
-- sort: code
-- key: code
SELECT p.code, p.admin_kind, (:prose::json ->> p.code) AS prose FROM permission p
