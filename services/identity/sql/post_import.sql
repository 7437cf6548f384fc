-- Posts with their holders out of one CSV (proto/identity.md I-040 to I-044).

-- name: post_import_lock :rows
-- Before anything is looked at, so that what the next statement finds is there or free until the import is done (I-020, A-1); the rights first, as everywhere.
SELECT identity.lock_rights()::text, identity.lock_citizen_ids(ARRAY(SELECT g.division FROM jsonb_to_recordset(:rows::jsonb) AS g (division text)))::text

-- name: post_import_check :rows
-- Of each row, by its number: its unit, its post if there is one, who holds that on the first day or later, and which person of the division has the row's ID
-- number.
WITH given AS MATERIALIZED (
  SELECT g.n, g.division COLLATE "C" AS division, g.organisation COLLATE "C" AS organisation, g.title, g.duty COLLATE "C" AS duty, g.role COLLATE "C" AS role,
         g.person,
         g.starts_on, g.hashes::bytea[] AS hashes
    FROM jsonb_to_recordset(:rows::jsonb) AS g (n integer, division text, organisation text, title text, duty text, role text, person text, starts_on date,
        hashes text)
), located AS MATERIALIZED (
  SELECT g.*, o.id AS organisation_id, o.line, identity.organisation_in_own_lines(o.id) AS in_lines, p.id AS post_id, p.duty AS old_duty, p.role AS old_role,
         (SELECT h.id FROM holder h WHERE h.post_id = p.id AND h.ends_on > g.starts_on ORDER BY h.starts_on LIMIT 1) AS holder_id,
         (SELECT n.id FROM person n WHERE n.owner_division = g.division AND n.citizen_id_hash = ANY (g.hashes) ORDER BY n.id LIMIT 1) AS person_id
    FROM given g
    LEFT JOIN registry_pub.organisation o ON o.owner_division = g.division AND o.name = g.organisation
    LEFT JOIN post p ON p.organisation_id = o.id AND p.title = g.title
), roles AS MATERIALIZED (
  SELECT r.division, r.line, r.role, identity.role_fault(r.division, r.line, r.role, :caller_post::uuid) AS fault
    FROM (SELECT DISTINCT l.division, l.line, l.role FROM located l WHERE l.role IS NOT NULL AND l.organisation_id IS NOT NULL AND l.post_id IS NULL) AS r
)
SELECT l.n::text, l.organisation_id::text, l.in_lines::text, l.post_id::text, (l.old_duty = l.duty)::text AS same_duty,
       (l.role IS NULL OR l.role IS NOT DISTINCT FROM l.old_role)::text AS same_role,
       CASE WHEN h.id IS NULL THEN 'nobody'
            WHEN h.starts_on <= l.starts_on AND (h.person_id = l.person_id OR (l.person_id IS NULL AND l.hashes IS NULL AND n.name = l.person)) THEN 'same'
            ELSE 'another' END AS held_by,
       l.person_id::text, (k.name = l.person)::text AS same_name, r.fault AS role_fault,
       CASE WHEN l.post_id IS NOT NULL AND l.old_role IS NOT NULL AND h.id IS NULL
            THEN coalesce(identity.holding_fault(l.post_id, l.person_id, :caller_account::uuid, :caller_post::uuid),
                          identity.own_holding_fault(l.person_id, l.hashes, :caller_account::uuid))
            WHEN l.post_id IS NULL AND l.role IS NOT NULL THEN identity.own_holding_fault(l.person_id, l.hashes, :caller_account::uuid) END AS holding_fault,
                l.line
  FROM located l
  LEFT JOIN holder h ON h.id = l.holder_id LEFT JOIN person n ON n.id = h.person_id LEFT JOIN person k ON k.id = l.person_id
  LEFT JOIN roles r ON r.division = l.division AND r.role = l.role AND r.line IS NOT DISTINCT FROM l.line
 ORDER BY l.n

-- name: post_import :write post_import
-- I-040: persons, posts and holders that are not there yet, each with an audit row; and one for the call.
-- masked: name, citizen_id, phone
WITH numbers AS MATERIALIZED (
  SELECT DISTINCT ON (h.hash) h.hash, r.hashes
    FROM (SELECT x.hashes::bytea[] AS hashes FROM jsonb_to_recordset(:rows::jsonb) AS x (hashes text) WHERE x.hashes IS NOT NULL) AS r,
        unnest(r.hashes) AS h (hash)
), new_persons AS (
  INSERT INTO person (id, owner_division, name, citizen_id, citizen_id_hash, human_id, phone, phone_hash, created_at)
  SELECT g.id, g.division, g.name, g.citizen_id, g.citizen_id_hash,
         identity.human_of(k.hashes),
         g.phone, g.phone_hash, :now::timestamptz
    FROM jsonb_to_recordset(:persons::jsonb) AS g (id uuid, division text, name text, citizen_id bytea, citizen_id_hash bytea, phone bytea, phone_hash bytea)
    LEFT JOIN numbers k ON k.hash = g.citizen_id_hash
  RETURNING id, owner_division, name, citizen_id, phone, version
), new_posts AS (
  INSERT INTO post (id, owner_division, organisation_id, title, duty, role, ranges, scope_lines, created_at)
  SELECT g.id, g.division, g.organisation_id, g.title, g.duty, g.role, CASE WHEN g.role IS NULL THEN '{}' ELSE ARRAY[identity.range_of(g.division)] END,
         CASE WHEN g.role IS NOT NULL AND g.line IS NOT NULL THEN ARRAY[g.line] END, :now::timestamptz
    FROM jsonb_to_recordset(:posts::jsonb) AS g (id uuid, division text, organisation_id uuid, title text, duty text, role text, line text)
  RETURNING id, owner_division, organisation_id, title, duty, role, ranges, scope_lines, version
), new_holders AS (
  INSERT INTO holder (id, owner_division, post_id, person_id, starts_on, created_at)
  SELECT g.id, g.division, g.post_id, g.person_id, g.starts_on, :now::timestamptz
    FROM jsonb_to_recordset(:holders::jsonb) AS g (id uuid, division text, post_id uuid, person_id uuid, starts_on date),
         (SELECT (SELECT count(*) FROM new_posts) + (SELECT count(*) FROM new_persons)) AS made_first
  RETURNING id, owner_division, post_id, person_id, starts_on, version
), ended AS MATERIALIZED (
  SELECT e.* FROM jsonb_to_recordset(:holders::jsonb) AS g (post_id uuid, starts_on date),
         identity.greet_in_post(g.post_id, g.starts_on, :today::date, :now::timestamptz, :caller_post::uuid) AS e
), also_changed AS (
  SELECT 'person' AS kind, n.id, n.version, n.owner_division, to_jsonb(n) AS body, NULL::jsonb AS before FROM new_persons n
   UNION ALL SELECT 'post', p.id, p.version, p.owner_division, to_jsonb(p), NULL FROM new_posts p
   UNION ALL SELECT 'holder', h.id, h.version, h.owner_division, to_jsonb(h), NULL FROM new_holders h
   UNION ALL SELECT e.kind, e.id, e.version, e.owner_division, e.body, e.before FROM ended e
), changed AS (
  SELECT :new_id::uuid AS id, identity.common_division((SELECT array_agg(h.owner_division::text) FROM new_holders h)) AS owner_division,
         :n_rows::integer AS rows,
         (SELECT count(*) FROM new_holders) AS inserted, :n_rows::integer - (SELECT count(*) FROM new_holders) AS unchanged,
         (SELECT count(*) FROM new_posts) AS posts, (SELECT count(*) FROM new_persons) AS persons, 1 AS version
)
