-- One chain of responsibility: who answers for a division on a day, at every level, why, what they did last and what is due next; and what is missing.

-- name: chain_get :view
-- R-250 to R-259. Everything under the caller's own scope: of levels above it what is upward, of other divisions nothing. One statement, whatever is asked.
WITH asked AS MATERIALIZED (
  SELECT d.on_day, c.codes[1] AS code, c.codes[2:] AS also
    FROM (SELECT coalesce(:as_of::date, :today::date) AS on_day) AS d, LATERAL (SELECT registry.codes_on(:division::text, d.on_day) AS codes) AS c
   WHERE c.codes[1] IS NOT NULL AND (:topic::text IS NULL OR EXISTS (SELECT FROM topic t WHERE t.code = :topic::text)) -- of nothing else is there a chain
), chain AS MATERIALIZED (
  SELECT c.*, a.on_day, c.code::text <@ (SELECT zeren.scope()) AS own, c.code::text <@ (SELECT zeren.scope()) OR c.code = ANY (zeren.ancestors()) AS seen FROM asked a, LATERAL registry.chain_of(a.code, a.on_day) AS c
), lists AS MATERIALIZED ( -- R-256: in force on that day
  SELECT l.id, l.owner_division, l.organisation_id, l.title, l.year, l.edition
    FROM chain c JOIN duty_list l ON l.owner_division = c.code COLLATE "C"
   WHERE l.in_force_at IS NOT NULL AND (l.in_force_at AT TIME ZONE 'Asia/Shanghai')::date <= c.on_day
     AND (l.ended_at IS NULL OR (l.ended_at AT TIME ZONE 'Asia/Shanghai')::date > c.on_day)
), tasks AS MATERIALIZED (
  SELECT l.owner_division, l.id AS duty_list_id, t.id, t.number, t.position, t.title, t.topic,
         NOT EXISTS (SELECT FROM task k WHERE k.parent_id = t.id) AS leaf,
         (SELECT count(*) FROM item i WHERE i.task_id = t.id) AS items,
         (SELECT coalesce(json_agg(json_build_object('item_id', i.id, 'title', i.title, 'lead_organisation_id', i.lead_organisation_id, 'lead_organisation', o.name,
                   'assist_organisations', (SELECT coalesce(json_agg(s.name ORDER BY s.name), '[]') FROM organisation s WHERE s.id = ANY (i.assist_organisation_ids)),
                   'due_on', i.due_on, 'done_on', CASE WHEN i.done_on <= c.on_day THEN i.done_on END) ORDER BY i.due_on, i.id), '[]')
            FROM item i LEFT JOIN organisation o ON o.id = i.lead_organisation_id WHERE i.task_id = t.id) AS led
    FROM lists l JOIN chain c ON c.code = l.owner_division JOIN task t ON t.duty_list_id = l.id
   WHERE :topic::text IS NULL OR t.topic = :topic::text
), posts AS MATERIALIZED ( -- R-253, R-254: of the units that lead a division, and of those that lead the work of the topic there
  SELECT DISTINCT ON (c.code, h.post_id) c.code, h.post_id, h.title, h.duty, o.id AS organisation_id, o.name AS organisation, o.kind IN ('party_committee', 'government', 'town', 'village') AS leading,
         CASE WHEN h.starts_on <= c.on_day AND h.ends_on > c.on_day THEN h.name END AS holder, CASE WHEN h.starts_on <= c.on_day AND h.ends_on > c.on_day THEN h.starts_on END AS since
    FROM chain c JOIN organisation o ON o.owner_division = c.code COLLATE "C"
     AND (o.kind IN ('party_committee', 'government', 'town', 'village')
          OR o.id IN (SELECT i.lead_organisation_id FROM tasks t JOIN item i ON i.task_id = t.id WHERE t.owner_division = c.code))
    JOIN identity_pub.post_holder h ON h.organisation_id = o.id AND h.duty IN ('first_responsible', 'direct', 'specific')
   ORDER BY c.code, h.post_id, (h.starts_on <= c.on_day AND h.ends_on > c.on_day) DESC NULLS LAST
), links AS MATERIALIZED (
  SELECT c.code, k.id, k.kind, k.post_id, k.organisation_id, k.starts_on,
         CASE WHEN k.post_id IS NULL THEN (SELECT o.name FROM organisation o WHERE o.id = k.organisation_id)
              ELSE (SELECT h.title FROM identity_pub.post_holder h WHERE h.post_id = k.post_id LIMIT 1) END AS who,
         p.name AS holder, p.starts_on IS NULL AS vacant
    FROM chain c JOIN contact k ON k.owner_division = c.code COLLATE "C" AND k.starts_on <= c.on_day AND k.ends_on > c.on_day
    LEFT JOIN identity_pub.post_holder p ON p.post_id = k.post_id AND p.starts_on <= c.on_day AND p.ends_on > c.on_day
), groups AS MATERIALIZED (
  SELECT c.code, g.id, g.kind, g.title, g.topic, g.organisation_id, s.post_id,
         (SELECT h.title FROM identity_pub.post_holder h WHERE h.post_id = s.post_id LIMIT 1) AS head,
         p.name AS holder, p.starts_on IS NULL AS vacant
    FROM chain c JOIN work_group g ON g.owner_division = c.code COLLATE "C" AND g.starts_on <= c.on_day AND g.ends_on > c.on_day
     AND (:topic::text IS NULL OR g.topic IS NULL OR g.topic = :topic::text)
    LEFT JOIN work_group_seat s ON s.group_id = g.id AND s.seat = 'head' AND s.starts_on <= c.on_day AND s.ends_on > c.on_day
    LEFT JOIN identity_pub.post_holder p ON p.post_id = s.post_id AND p.starts_on <= c.on_day AND p.ends_on > c.on_day
), teams AS MATERIALIZED (
  SELECT c.code, t.id, t.name, t.term_ends_on, v.starts_on,
         (SELECT coalesce(json_agg(json_build_object('post_id', m.post_id, 'role', m.role,
                   'holder', (SELECT h.name FROM identity_pub.post_holder h WHERE h.post_id = m.post_id AND h.starts_on <= c.on_day AND h.ends_on > c.on_day),
                   'sending_organisation_id', m.sending_organisation_id, 'since', m.starts_on) ORDER BY m.role, m.starts_on, m.id), '[]')
            FROM team_member m WHERE m.team_id = t.id AND m.starts_on <= c.on_day AND m.ends_on > c.on_day) AS members
    FROM chain c JOIN team_village v ON v.owner_division = c.code COLLATE "C" AND v.starts_on <= c.on_day AND v.ends_on > c.on_day
    JOIN team t ON t.id = v.team_id AND t.starts_on <= c.on_day AND t.ends_on > c.on_day
), laid AS MATERIALIZED ( -- R-255
  SELECT c.code, y.id, y.number, y.title, y.subject, y.topic, y.document_id, d.title AS document, y.clause_id, k.number AS clause, y.assumed
    FROM chain c JOIN duty y ON (y.level = c.level OR y.level IS NULL) AND registry.is_within(c.code, y.owner_division) AND y.valid_from <= c.on_day AND y.valid_to > c.on_day
     AND (:topic::text IS NULL OR y.topic IN (:topic::text, 'general'))
    JOIN document d ON d.id = y.document_id AND d.valid_from <= c.on_day AND d.valid_to > c.on_day JOIN document_clause k ON k.id = y.clause_id
), gaps AS ( -- R-259
  SELECT c.level, c.code, 'level_without_holder' AS kind, NULL::uuid AS record_id, c.name || '没有登记第一责任人岗位' AS words
    FROM chain c WHERE c.seen AND NOT c.placeholder AND NOT EXISTS (SELECT FROM posts p WHERE p.code = c.code AND p.leading AND p.duty = 'first_responsible')
   UNION ALL
  SELECT c.level, c.code, 'vacant_post', p.post_id, p.organisation || p.title || '空缺' FROM chain c JOIN posts p ON p.code = c.code WHERE p.since IS NULL
   UNION ALL
  SELECT c.level, c.code, 'vacant_contact', l.id, coalesce(l.who, '') || '空缺，联系中断' FROM chain c JOIN links l ON l.code = c.code WHERE l.post_id IS NOT NULL AND l.vacant
   UNION ALL
  SELECT c.level, c.code, 'task_without_lead', t.id, t.number || ' ' || t.title || '没有牵头单位' FROM chain c JOIN tasks t ON t.owner_division = c.code WHERE c.own AND t.leaf AND t.items = 0
   UNION ALL
  SELECT c.level, c.code, 'village_without_team', NULL, c.name || '应派驻村工作队而未派' FROM chain c
   WHERE c.own AND c.level = 5 AND registry.needs_team(c.code, c.on_day) AND NOT EXISTS (SELECT FROM teams t WHERE t.code = c.code)
   UNION ALL
  SELECT c.level, c.code, 'group_without_head', g.id, g.title || '没有组长' FROM chain c JOIN groups g ON g.code = c.code WHERE g.post_id IS NULL OR g.vacant
)
SELECT a.code AS division, :division::text AS asked, a.also, (SELECT c.name FROM chain c WHERE c.relation = 'self') AS name, a.on_day AS as_of, :topic::text AS topic,
       (SELECT json_agg(json_build_object(
          'level', c.level, 'division', c.code, 'name', c.name, 'kind', c.kind, 'relation', c.relation,
          'posts', (SELECT coalesce(json_agg(json_build_object('post_id', p.post_id, 'title', p.title, 'duty', p.duty, 'organisation_id', p.organisation_id, 'organisation', p.organisation,
                      'holder', p.holder, 'since', p.since, 'vacant', p.since IS NULL) ORDER BY p.leading DESC, array_position(ARRAY['first_responsible', 'direct', 'specific'], p.duty), p.organisation, p.title, p.post_id), '[]')
                      FROM posts p WHERE p.code = c.code),
          'contacts', (SELECT coalesce(json_agg(json_build_object('contact_id', l.id, 'kind', l.kind, 'post_id', l.post_id, 'organisation_id', l.organisation_id, 'who', l.who, 'holder', l.holder,
                      'since', l.starts_on) ORDER BY l.kind, l.who, l.id), '[]') FROM links l WHERE l.code = c.code),
          'groups', (SELECT coalesce(json_agg(json_build_object('group_id', g.id, 'kind', g.kind, 'title', g.title, 'topic', g.topic, 'organisation_id', g.organisation_id, 'head_post_id', g.post_id,
                      'head', g.head, 'holder', g.holder) ORDER BY g.kind, g.title, g.id), '[]') FROM groups g WHERE g.code = c.code),
          'teams', (SELECT coalesce(json_agg(json_build_object('team_id', t.id, 'name', t.name, 'since', t.starts_on, 'term_ends_on', t.term_ends_on, 'members', t.members) ORDER BY t.name, t.id), '[]')
                      FROM teams t WHERE t.code = c.code),
          'duties', (SELECT coalesce(json_agg(json_build_object('duty_id', y.id, 'number', y.number, 'title', y.title, 'subject', y.subject, 'topic', y.topic, 'document_id', y.document_id,
                      'document', y.document, 'clause_id', y.clause_id, 'clause', y.clause, 'assumed', y.assumed) ORDER BY y.document, y.number, y.id), '[]') FROM laid y WHERE y.code = c.code),
          'tasks', (SELECT coalesce(json_agg(json_build_object('task_id', t.id, 'duty_list_id', t.duty_list_id, 'number', t.number, 'title', t.title, 'topic', t.topic, 'items', t.led) ORDER BY t.position, t.id), '[]')
                      FROM tasks t WHERE t.owner_division = c.code),
          -- R-257, R-258
          'last_action', (SELECT json_build_object('kind', f.kind, 'record_id', f.record_id, 'on_day', f.done_on, 'post_id', f.post_id, 'organisation_id', f.organisation_id)
                            FROM registry.last_done(c.code, c.on_day) AS f LIMIT 1),
          'next_due', (SELECT json_build_object('kind', n.kind, 'record_id', n.id, 'due_on', n.due_on, 'title', n.title)
                         FROM registry.due_next(c.code, c.on_day) AS n LIMIT 1)) ORDER BY c.level DESC, c.relation DESC, c.code)
          FROM chain c) AS levels,
       (SELECT coalesce(json_agg(json_build_object('kind', g.kind, 'level', g.level, 'division', g.code, 'record_id', g.record_id, 'words', g.words)
                                 ORDER BY g.level DESC, g.kind, g.words, g.record_id), '[]') FROM gaps g) AS gaps
  FROM asked a
