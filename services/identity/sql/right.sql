-- What posts permit, and which accounts act in a post besides its holder.

-- name: post_grant :write post shown_division
-- A-1, A-2: the caller gives what the caller holds, to a post of the caller's divisions that is not the caller's own.
WITH wanted AS MATERIALIZED (
  SELECT p.id, identity.check_grant(p, :role::text, identity.prefixes_of(coalesce(:ranges::text[], '{}')), :lines::text[], :caller_account::uuid,
    :caller_post::uuid) AS ok
    FROM post p
   WHERE p.id = :id::uuid AND p.version = :version::integer AND p.owner_division::text <@ (SELECT zeren.scope())
), changed AS (
  UPDATE post q SET role = :role::text, ranges = identity.prefixes_of(coalesce(:ranges::text[], '{}')), scope_lines = :lines::text[], version = q.version + 1
    FROM wanted w WHERE q.id = w.id AND w.ok AND q.version = :version::integer
  RETURNING q.id, q.owner_division, q.organisation_id, q.title, q.role, identity.codes_of(q.ranges) AS ranges, q.scope_lines AS lines, q.version
)

-- name: post_rights :one
-- As post_grant answers, of a post in the caller's own divisions.
SELECT p.id, p.owner_division, p.organisation_id, p.title, p.role, identity.codes_of(p.ranges) AS ranges, p.scope_lines AS lines, p.version
  FROM post p WHERE p.id = :id::uuid AND p.owner_division::text <@ (SELECT zeren.scope())

-- name: account_post_get :one
SELECT ap.id, coalesce(p.owner_division, a.owner_division) AS owner_division, ap.account_id, ap.post_id, ap.created_at, ap.version
  FROM account_post ap LEFT JOIN account a ON a.id = ap.account_id LEFT JOIN post p ON p.id = ap.post_id AND p.owner_division::text <@ (SELECT zeren.scope())
 WHERE ap.id = :id::uuid AND (a.id IS NOT NULL OR p.id IS NOT NULL)

-- name: account_post_list :page
-- Those of accounts or posts in the caller's divisions.
-- sort: id
SELECT ap.id, coalesce(p.owner_division, a.owner_division) AS owner_division, ap.account_id, ap.post_id, ap.created_at, ap.version
  FROM account_post ap LEFT JOIN account a ON a.id = ap.account_id LEFT JOIN post p ON p.id = ap.post_id AND p.owner_division::text <@ (SELECT zeren.scope())
 WHERE (a.id IS NOT NULL OR p.id IS NOT NULL)
   AND (:account_id::uuid IS NULL OR ap.account_id = :account_id::uuid)
   AND (:post_id::uuid IS NULL OR ap.post_id = :post_id::uuid)

-- name: account_post_insert :write account_post shown_division
-- A-1, A-2: whoever lets an account act in a post gives what the post has. Account and post are both the caller's to administer.
WITH account_now AS MATERIALIZED (
  SELECT id FROM account WHERE id = :account_id::uuid
), post_now AS MATERIALIZED (
  SELECT id, owner_division FROM post WHERE id = :post_id::uuid AND owner_division::text <@ (SELECT zeren.scope())
), wanted AS MATERIALIZED (
  SELECT coalesce((SELECT id FROM account_now), zeren.no_such('account_id')) AS account_id, coalesce((SELECT id FROM post_now),
    zeren.no_such('post_id')) AS post_id
), allowed AS MATERIALIZED (
  SELECT w.*, identity.check_account_post(w.account_id, w.post_id, :caller_account::uuid, :caller_post::uuid) AS ok FROM wanted w
), added AS (
  INSERT INTO account_post (id, account_id, post_id, created_at) SELECT :new_id::uuid, account_id, post_id, :now::timestamptz FROM allowed WHERE ok
  RETURNING *
), changed AS (
  SELECT a.id, (SELECT p.owner_division FROM post_now p) AS owner_division, a.account_id, a.post_id, a.created_at, a.version FROM added a
)

-- name: account_post_remove :write account_post shown_division
WITH seen AS MATERIALIZED (
  SELECT ap.id, coalesce(p.owner_division, a.owner_division) AS owner_division, identity.refuse_own_account(ap.account_id, :caller_account::uuid)
         AND identity.refuse_other_lines(p.role, p.scope_lines, :caller_post::uuid) AS ok
    FROM account_post ap LEFT JOIN account a ON a.id = ap.account_id LEFT JOIN post p ON p.id = ap.post_id AND p.owner_division::text <@ (SELECT zeren.scope())
   WHERE ap.id = :id::uuid AND (a.id IS NOT NULL OR p.id IS NOT NULL)
), gone AS (
  DELETE FROM account_post x USING seen s WHERE x.id = s.id AND s.ok
  RETURNING x.id, s.owner_division, x.account_id, x.post_id, x.created_at, x.version + 1 AS version
), changed AS (
  SELECT * FROM gone
)
