-- Work teams and their members out of tables: staged, applied, taken back; and members as a table that goes out. Rules: R-177 to R-179, proto/batches.md.

-- name: team_batch_stage :rows
-- R-177: each row a team by division and name, with the villages it serves from its first day on; its sender by name among the units of that division and
-- above.
WITH given AS MATERIALIZED (
  SELECT g.row, g.id, g.data, g.raw, g.faults, g.data ->> 'owner_division' AS division, g.data ->> 'name' AS name, g.data ->> 'sender' AS sender_name,
         (g.data ->> 'starts_on')::date AS starts_on, (g.data ->> 'term_ends_on')::date AS term_ends_on,
         ARRAY(SELECT c.code FROM regexp_split_to_table(g.data ->> 'villages', '[^0-9A-Z]+') AS c (code) WHERE c.code <> '' ORDER BY 1) AS villages,
         g.data ->> 'owner_division' || ' ' || (g.data ->> 'name') AS match
    FROM jsonb_to_recordset(:rows::jsonb) AS g (row integer, id uuid, data jsonb, raw jsonb, faults jsonb)
), looked AS MATERIALIZED (
  SELECT g.*, d.level, above.row IS NOT NULL OR (g.match IS NOT NULL AND row_number() OVER (PARTITION BY g.match ORDER BY g.row) > 1) AS is_repeated,
         s.units, s.unit_id, d.level IS NOT NULL AND coalesce(g.division <@ (SELECT zeren.scope()), false) AS is_ours,
         (SELECT count(DISTINCT c.code) <> count(*) OR bool_or(NOT registry.is_within(c.code, g.division) OR NOT registry.is_village(c.code, :today::date))
            FROM unnest(g.villages) AS c (code)) AS has_no_village,
         t.id AS old_id, t.version AS old_version,
         t.starts_on = g.starts_on AND t.status = 'serving' AND t.sending_organisation_id IS NOT DISTINCT FROM s.unit_id
               AND t.term_ends_on IS NOT DISTINCT FROM g.term_ends_on
           AND g.villages = ARRAY(SELECT v.owner_division::text FROM team_village v WHERE v.team_id = t.id AND v.ends_on > :today::date ORDER BY 1) AS is_same
    FROM given g
    LEFT JOIN LATERAL (SELECT c.level FROM division c WHERE c.code = g.division AND c.valid_from <= :today::date
          AND c.valid_to > :today::date LIMIT 1) AS d ON true
    LEFT JOIN LATERAL (SELECT b.row FROM batch_row b WHERE b.batch_id = :batch_id::uuid AND b.match = g.match ORDER BY b.batch_id,
          b.match LIMIT 1) AS above ON true
    LEFT JOIN LATERAL (SELECT count(*) AS units, (array_agg(o.id ORDER BY o.owner_division DESC))[1] AS unit_id FROM organisation o
                        WHERE o.owner_division = ANY (registry.self_and_above(g.division)) AND o.name = g.sender_name COLLATE "C") AS s ON true
    LEFT JOIN team t ON t.owner_division = g.division AND t.name = g.name COLLATE "C"
), judged AS (
  SELECT l.*, coalesce(l.faults, '[]') || (
         SELECT coalesce(jsonb_agg(jsonb_build_object('column', :labels::jsonb ->> f.in_column, 'code', f.code) ORDER BY f.n), '[]')
           FROM (VALUES (1, 'owner_division', 'unknown_division', l.division IS NOT NULL AND l.level IS NULL),
                        (2, 'owner_division', 'out_of_scope', l.level IS NOT NULL AND NOT l.is_ours),
                        (3, 'owner_division', 'wrong_keeper', l.level NOT IN (3, 4)),
                        (4, 'name', 'repeated', l.is_repeated),
                        (5, 'name', 'differs', l.old_id IS NOT NULL AND NOT l.is_same),
                        (6, 'sender', 'unknown_unit', l.sender_name IS NOT NULL AND l.is_ours AND l.units = 0),
                        (7, 'sender', 'several_units', l.units > 1),
                        (8, 'villages', 'unknown_village', l.data ? 'villages' AND l.is_ours AND coalesce(l.has_no_village, true)),
                        (9, 'term_ends_on', 'ends_before', l.term_ends_on < l.starts_on)) AS f (n, in_column, code, is_so)
          WHERE f.is_so) AS all_faults
    FROM looked l
), put AS (
  INSERT INTO batch_row (batch_id, owner_division, row, match, data, action, record_id, base_version, faults)
  SELECT b.id, b.owner_division, j.row, j.match,
         j.data || j.raw || CASE WHEN j.all_faults <> '[]' THEN '{}' ELSE jsonb_build_object('sending_organisation_id', j.unit_id, 'codes',
               to_jsonb(j.villages)) END,
         CASE WHEN j.all_faults <> '[]' THEN 'failed' WHEN j.old_id IS NULL THEN 'insert' ELSE 'unchanged' END, coalesce(j.old_id, j.id), j.old_version,
         nullif(j.all_faults, '[]')
    FROM judged j, batch b WHERE b.id = :batch_id::uuid
  RETURNING action
)
SELECT action, count(*)::text FROM put GROUP BY action

-- name: team_batch_apply :rows
-- R-179: each a team like any other, formed by the post that staged the table; a name that has come since is left out.
WITH next AS MATERIALIZED (
  SELECT r.row, r.record_id, b.staged_post, r.data FROM batch_row r JOIN batch b ON b.id = r.batch_id
   WHERE r.batch_id = :batch_id::uuid AND r.row > :after::integer AND r.action = 'insert' ORDER BY r.row LIMIT :chunk::integer
), inserted AS (
  INSERT INTO team (id, owner_division, name, sending_organisation_id, starts_on, term_ends_on, created_at)
  SELECT n.record_id, n.data ->> 'owner_division', n.data ->> 'name', (n.data ->> 'sending_organisation_id')::uuid, (n.data ->> 'starts_on')::date,
         (n.data ->> 'term_ends_on')::date, :now::timestamptz FROM next n
  ON CONFLICT ON CONSTRAINT team_name_key DO NOTHING
  RETURNING id, version, owner_division, starts_on
), served AS (
  INSERT INTO team_village (owner_division, team_id, starts_on)
  SELECT c.code, i.id, i.starts_on FROM inserted i JOIN next n ON n.record_id = i.id, jsonb_array_elements_text(n.data -> 'codes') AS c (code)
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id)
  SELECT 'team', i.id, i.version, i.owner_division, 'create', :now::timestamptz, n.staged_post FROM inserted i JOIN next n ON n.record_id = i.id
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, :verb::text, 'team', i.id, i.version, i.owner_division FROM inserted i
), left_out AS MATERIALIZED (
  SELECT n.row, 'exists_now' AS outcome FROM next n WHERE n.record_id NOT IN (SELECT i.id FROM inserted i)
), noted AS (
  UPDATE batch_row b SET outcome = l.outcome FROM left_out l WHERE b.batch_id = :batch_id::uuid AND b.row = l.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM inserted)::text, (SELECT count(*) FROM left_out)::text

-- name: team_batch_undo :rows
-- R-179: what nobody has changed since and what has no members goes.
WITH next AS MATERIALIZED (
  SELECT b.row, b.record_id FROM batch_row b
   WHERE b.batch_id = :batch_id::uuid AND b.row > :after::integer AND b.action = 'insert' AND b.outcome IS NULL ORDER BY b.row LIMIT :chunk::integer
), stands AS MATERIALIZED (
  SELECT n.row, t.id, t.version, t.owner_division, EXISTS (SELECT FROM team_member m WHERE m.team_id = t.id) AS is_used
    FROM next n JOIN team t ON t.id = n.record_id WHERE t.version = 1
), left_villages AS (
  DELETE FROM team_village v USING stands s WHERE NOT s.is_used AND v.team_id = s.id
), removed AS (
  DELETE FROM team t USING stands s WHERE NOT s.is_used AND t.id = s.id AND t.version = s.version RETURNING s.row, t.id, t.version, t.owner_division
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, deleted)
  SELECT :now::timestamptz, :verb::text, 'team', r.id, r.version + 1, r.owner_division, true FROM removed r
), kept AS MATERIALIZED (
  SELECT n.row, CASE WHEN s.is_used THEN 'kept_in_use' ELSE 'kept_changed' END AS outcome
    FROM next n LEFT JOIN stands s ON s.row = n.row WHERE n.row NOT IN (SELECT r.row FROM removed r)
), noted AS (
  UPDATE batch_row b SET outcome = k.outcome FROM kept k WHERE b.batch_id = :batch_id::uuid AND b.row = k.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM removed)::text, (SELECT count(*) FROM kept)::text

-- name: team_member_batch_stage :rows
-- R-178: each row a post, by its division and title, in a team, by its name among those of the post's division and above.
WITH given AS MATERIALIZED (
  SELECT g.row, g.id, g.data, g.raw, g.faults, g.data ->> 'team' AS team_name, g.data ->> 'division' AS division, g.data ->> 'post' AS post_name,
        g.data ->> 'role' AS role,
         g.data ->> 'sender' AS sender_name, (g.data ->> 'starts_on')::date AS starts_on, (g.data ->> 'term_ends_on')::date AS term_ends_on
    FROM jsonb_to_recordset(:rows::jsonb) AS g (row integer, id uuid, data jsonb, raw jsonb, faults jsonb)
), looked AS MATERIALIZED (
  SELECT g.*, t.teams, t.team_id, k.status AS team_status, k.starts_on AS team_starts_on, p.posts, p.post_id, p.duty, s.units, coalesce(s.unit_id,
        k.sending_organisation_id) AS unit_id,
         g.division IS NOT NULL AND EXISTS (SELECT FROM division c WHERE c.code = g.division AND c.valid_from <= :today::date
               AND c.valid_to > :today::date) AS is_known,
         coalesce(g.division <@ (SELECT zeren.scope()), false) AS is_within
    FROM given g
    LEFT JOIN LATERAL (SELECT count(*) AS teams, (array_agg(x.id ORDER BY x.owner_division DESC))[1] AS team_id FROM team x
                        WHERE x.owner_division = ANY (registry.self_and_above(g.division)) AND x.name = g.team_name COLLATE "C"
                          AND x.owner_division::text <@ (SELECT zeren.scope())) AS t ON true
    LEFT JOIN team k ON k.id = t.team_id
    LEFT JOIN LATERAL (SELECT count(*) AS posts, (array_agg(i.post_id))[1] AS post_id, min(i.duty) AS duty
                         FROM organisation o JOIN identity_pub.post_title i ON i.organisation_id = o.id
                        WHERE o.owner_division = g.division AND i.title = g.post_name) AS p ON true
    LEFT JOIN LATERAL (SELECT count(*) AS units, (array_agg(o.id ORDER BY o.owner_division DESC))[1] AS unit_id FROM organisation o
                        WHERE o.owner_division = ANY (registry.self_and_above(g.division)) AND o.name = g.sender_name COLLATE "C") AS s ON true
), weighed AS MATERIALIZED (
  SELECT l.*, l.is_known AND l.is_within AS is_ours, above.row IS NOT NULL OR (l.post_id IS NOT NULL
        AND row_number() OVER (PARTITION BY l.post_id ORDER BY l.row) > 1) AS is_repeated,
         m.id AS old_id, m.version AS old_version,
         m.team_id = l.team_id AND m.starts_on = l.starts_on AND m.role = coalesce(l.role, l.duty) AND m.sending_organisation_id IS NOT DISTINCT FROM l.unit_id
           AND m.term_ends_on IS NOT DISTINCT FROM l.term_ends_on AS is_same
    FROM looked l
    LEFT JOIN LATERAL (SELECT b.row FROM batch_row b WHERE b.batch_id = :batch_id::uuid AND b.match = l.post_id::text ORDER BY b.batch_id,
          b.match LIMIT 1) AS above ON true
    LEFT JOIN LATERAL (SELECT x.* FROM team_member x WHERE x.post_id = l.post_id AND x.ends_on > l.starts_on ORDER BY x.starts_on LIMIT 1) AS m ON true
), judged AS (
  SELECT w.*, coalesce(w.faults, '[]') || (
         SELECT coalesce(jsonb_agg(jsonb_build_object('column', :labels::jsonb ->> f.in_column, 'code', f.code) ORDER BY f.n), '[]')
           FROM (VALUES (1, 'division', 'unknown_division', w.division IS NOT NULL AND NOT w.is_known),
                        (2, 'division', 'out_of_scope', w.is_known AND NOT w.is_within),
                        (3, 'team', 'unknown_team', w.team_name IS NOT NULL AND w.is_ours AND coalesce(w.teams, 0) = 0),
                        (4, 'team', 'several_teams', w.teams > 1),
                        (5, 'team', 'team_ended', w.team_status <> 'serving'),
                        (6, 'post', 'unknown_post', w.post_name IS NOT NULL AND w.is_ours AND w.posts = 0),
                        (7, 'post', 'several_posts', w.posts > 1),
                        (8, 'post', 'wrong_duty', w.duty NOT IN ('first_secretary', 'team_leader', 'team_member')),
                        (9, 'post', 'differs', w.old_id IS NOT NULL AND NOT w.is_same),
                        (10, 'post', 'repeated', w.is_repeated),
                        (11, 'sender', 'unknown_unit', w.sender_name IS NOT NULL AND w.is_ours AND w.units = 0),
                        (12, 'sender', 'several_units', w.units > 1),
                        (13, 'starts_on', 'before_team', w.starts_on < w.team_starts_on),
                        (14, 'term_ends_on', 'ends_before', w.term_ends_on < w.starts_on)) AS f (n, in_column, code, is_so)
          WHERE f.is_so) AS all_faults
    FROM weighed w
), put AS (
  INSERT INTO batch_row (batch_id, owner_division, row, match, data, action, record_id, base_version, faults)
  SELECT b.id, b.owner_division, j.row, j.post_id::text,
         j.data || j.raw || CASE WHEN j.all_faults <> '[]' THEN '{}'
                                 ELSE jsonb_build_object('team_id', j.team_id, 'post_id', j.post_id, 'role', coalesce(j.role, j.duty),
                                       'sending_organisation_id', j.unit_id) END,
         CASE WHEN j.all_faults <> '[]' THEN 'failed' WHEN j.old_id IS NULL THEN 'insert' ELSE 'unchanged' END, coalesce(j.old_id, j.id), j.old_version,
         nullif(j.all_faults, '[]')
    FROM judged j, batch b WHERE b.id = :batch_id::uuid
  RETURNING action
)
SELECT action, count(*)::text FROM put GROUP BY action

-- name: team_member_batch_apply :rows
-- R-179: each a member like any other, where the team still serves and the post is in no team since.
WITH next AS MATERIALIZED (
  SELECT r.row, r.record_id, b.staged_post, r.data, (r.data ->> 'team_id')::uuid AS team_id, (r.data ->> 'post_id')::uuid AS post_id,
        (r.data ->> 'starts_on')::date AS starts_on
    FROM batch_row r JOIN batch b ON b.id = r.batch_id
   WHERE r.batch_id = :batch_id::uuid AND r.row > :after::integer AND r.action = 'insert' ORDER BY r.row LIMIT :chunk::integer
), inserted AS (
  INSERT INTO team_member (id, owner_division, team_id, post_id, role, sending_organisation_id, starts_on, term_ends_on, created_at)
  SELECT n.record_id, p.owner_division, t.id, n.post_id, n.data ->> 'role', (n.data ->> 'sending_organisation_id')::uuid, n.starts_on,
        (n.data ->> 'term_ends_on')::date,
         :now::timestamptz
    FROM next n JOIN team t ON t.id = n.team_id AND t.status = 'serving' AND t.starts_on <= n.starts_on JOIN identity_pub.post_title p ON p.post_id = n.post_id
   WHERE p.duty IN ('first_secretary', 'team_leader', 'team_member')
  ON CONFLICT ON CONSTRAINT team_member_overlap DO NOTHING
  RETURNING id, version, owner_division
), logged AS (
  INSERT INTO record_step (record, record_id, position, owner_division, verb, at, post_id)
  SELECT 'team_member', i.id, i.version, i.owner_division, 'join', :now::timestamptz, n.staged_post FROM inserted i JOIN next n ON n.record_id = i.id
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, :verb::text, 'team_member', i.id, i.version, i.owner_division FROM inserted i
), left_out AS MATERIALIZED (
  SELECT n.row, 'changed_since' AS outcome FROM next n WHERE n.record_id NOT IN (SELECT i.id FROM inserted i)
), noted AS (
  UPDATE batch_row b SET outcome = l.outcome FROM left_out l WHERE b.batch_id = :batch_id::uuid AND b.row = l.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM inserted)::text, (SELECT count(*) FROM left_out)::text

-- name: team_member_batch_undo :rows
-- R-179: what nobody has changed since and no leave names goes.
WITH next AS MATERIALIZED (
  SELECT b.row, b.record_id FROM batch_row b
   WHERE b.batch_id = :batch_id::uuid AND b.row > :after::integer AND b.action = 'insert' AND b.outcome IS NULL ORDER BY b.row LIMIT :chunk::integer
), stands AS MATERIALIZED (
  SELECT n.row, m.id, m.version, m.owner_division, EXISTS (SELECT FROM leave l WHERE m.id IN (l.team_member_id, l.cover_member_id)) AS is_used
    FROM next n JOIN team_member m ON m.id = n.record_id WHERE m.version = 1
), removed AS (
  DELETE FROM team_member m USING stands s WHERE NOT s.is_used AND m.id = s.id AND m.version = s.version RETURNING s.row, m.id, m.version, m.owner_division
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, deleted)
  SELECT :now::timestamptz, :verb::text, 'team_member', r.id, r.version + 1, r.owner_division, true FROM removed r
), kept AS MATERIALIZED (
  SELECT n.row, CASE WHEN s.is_used THEN 'kept_in_use' ELSE 'kept_changed' END AS outcome
    FROM next n LEFT JOIN stands s ON s.row = n.row WHERE n.row NOT IN (SELECT r.row FROM removed r)
), noted AS (
  UPDATE batch_row b SET outcome = k.outcome FROM kept k WHERE b.batch_id = :batch_id::uuid AND b.row = k.row
)
SELECT (SELECT max(row) FROM next)::text, (SELECT count(*) FROM removed)::text, (SELECT count(*) FROM kept)::text

-- name: team_member_export :rows
-- Posts, not people: who holds them is read with them.
SELECT jsonb_build_array(m.owner_division, m.created_at, m.id)::text, m.owner_division::text, registry.division_named(m.owner_division, :today::date),
      t.name, p.title, w.label,
       o.name, m.starts_on::text, m.term_ends_on::text, nullif(m.ends_on, 'infinity')::text, m.id::text
  FROM team_member m JOIN team t ON t.id = m.team_id
  LEFT JOIN identity_pub.post_title p ON p.post_id = m.post_id
  LEFT JOIN organisation o ON o.id = m.sending_organisation_id
  LEFT JOIN zeren.dictionary_entry w ON w.dictionary = 'team_role' AND w.code = m.role
 WHERE m.owner_division >= :scope_lo::text AND m.owner_division < :scope_hi::text
   AND (m.owner_division, m.created_at, m.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::timestamptz,
         '-infinity'::timestamptz),
                                                 coalesce((:after::jsonb ->> 2)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR m.owner_division ^@ registry.code_prefix(:filters::jsonb ->> 'division'))
 ORDER BY m.owner_division, m.created_at, m.id LIMIT :chunk::integer
