-- One chain of responsibility: who answers for a division, at every level, on a day.

-- What divisions came from, for the scopes that identity gives (charter D14, D16).
CREATE INDEX division_former_idx ON division (code) WHERE predecessor_codes <> '{}';
CREATE VIEW registry_pub.former_division WITH (security_invoker = true) AS
  SELECT d.code, f.code AS former FROM registry.division d, unnest(d.predecessor_codes) AS f (code) WHERE d.predecessor_codes <> '{}' AND f.code <> d.code;
COMMENT ON VIEW registry_pub.former_division IS 'Which codes a division came from, other than its own';
GRANT SELECT (predecessor_codes) ON registry.division TO identity_service;
GRANT SELECT (code, name, level, valid_from, valid_to, predecessor_codes) ON registry.division TO identity_owner;
GRANT SELECT ON registry_pub.former_division TO identity_service, identity_owner, registry_service, registry_worker;
GRANT SELECT ON registry_pub.division_name TO identity_owner;
GRANT USAGE ON SCHEMA registry TO identity_owner;

-- ---- the chain
-- R-251: a code of GB/T 2260 that only holds divisions together and has no office: 省直辖县级行政区划 (90 in place of a city), 市辖区 as a row, and the row that stands in for the counties
-- of a city without any.
CREATE FUNCTION is_placeholder(code text, name text, parent_name text) RETURNS boolean LANGUAGE sql IMMUTABLE
  RETURN (code ~ '^..90' AND substr(code, 5) = '00000000') OR (code ~ '^....01000000$' AND (name = '市辖区' OR name = parent_name));

-- R-252: the codes that a division had on a day, whichever of its codes is asked for: its own, those it came from, or those that came from it; several where it was merged or divided.
-- NULL: none.
CREATE FUNCTION codes_on(asked text, on_day date) RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH RECURSIVE back AS (
    SELECT asked COLLATE "C" AS code, 0 AS steps
     UNION
    SELECT f.former, b.steps + 1 FROM back b JOIN registry_pub.former_division f ON f.code = b.code WHERE b.steps < 9
  ), forth AS (
    SELECT asked COLLATE "C" AS code, 0 AS steps
     UNION
    SELECT f.code, t.steps + 1 FROM forth t JOIN registry_pub.former_division f ON f.former = t.code WHERE t.steps < 9
  ), found AS (
    SELECT d.code::text AS code, c.steps, min(c.side) AS side
      FROM (SELECT b.code, b.steps, 0 AS side FROM back b UNION ALL SELECT t.code, t.steps, 1 FROM forth t) AS c
      JOIN registry.division d ON d.code = c.code COLLATE "C" AND d.valid_from <= on_day AND d.valid_to > on_day GROUP BY d.code, c.steps
  )
  SELECT array_agg(f.code ORDER BY f.side, f.code) FROM found f WHERE f.steps = (SELECT min(n.steps) FROM found n);
END;

-- R-250, R-251: the division and all above it on a day, and the functional areas that administer it or one of these, the lowest first.
CREATE FUNCTION chain_of(asked text, on_day date)
RETURNS TABLE (code text, name text, level smallint, kind text, relation text, placeholder boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH RECURSIVE up AS (
    SELECT d.code::text AS code, d.name, d.level, d.kind, d.parent_code::text AS parent_code FROM registry.division d
     WHERE d.code = asked COLLATE "C" AND d.valid_from <= on_day AND d.valid_to > on_day
     UNION
    SELECT p.code::text, p.name, p.level, p.kind, p.parent_code::text FROM up u JOIN registry.division p ON p.code = u.parent_code COLLATE "C"
     WHERE p.valid_from <= on_day AND p.valid_to > on_day
  )
  SELECT u.code, u.name, u.level, u.kind, CASE u.code WHEN asked THEN 'self' ELSE 'above' END,
         registry.is_placeholder(u.code, u.name, (SELECT p.name FROM up p WHERE p.code = u.parent_code))
    FROM up u
   UNION ALL
  SELECT DISTINCT a.code::text, a.name, a.level, a.kind, 'area', false
    FROM up u JOIN registry.division_member m ON m.member_code = u.code COLLATE "C" AND m.valid_from <= on_day AND m.valid_to > on_day
    JOIN registry.division a ON a.code = m.area_code AND a.valid_from <= on_day AND a.valid_to > on_day
   WHERE NOT EXISTS (SELECT FROM up o WHERE o.code = a.code);
END;

-- R-257: the latest of a division's own records until a day: of each kind the last by that table's index. A milestone is reached by a report.
CREATE FUNCTION last_done(in_division text, on_day date) RETURNS TABLE (kind text, record_id uuid, done_on date, post_id uuid, organisation_id uuid) LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT f.kind, f.record_id, f.on_day, f.post_id, f.organisation_id
    FROM unnest('{duty_list,meeting,periodic_report,refinement,report,visit,work_order}'::text[]) AS k (kind),
         LATERAL (SELECT a.* FROM registry.fact a WHERE a.kind = k.kind AND a.owner_division = in_division COLLATE "C" AND a.on_day <= last_done.on_day
                   ORDER BY a.on_day DESC, a.record_id DESC LIMIT 1) AS f
   ORDER BY f.on_day DESC, f.kind, f.record_id DESC LIMIT 1;
END;

-- R-258: what was due next in a division, from a day on, as it stood that day: an item of a list in force, a work order, or what the cadence asks for and nothing has met by then.
CREATE INDEX obligation_at_division_idx ON obligation (at_division, due_on, id);
CREATE FUNCTION due_next(in_division text, on_day date) RETURNS TABLE (kind text, id uuid, due_on date, title text) LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT n.kind, n.id, n.due_on, n.title
    FROM ((SELECT 'item' AS kind, i.id, i.due_on, i.title
             FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id AND (l.in_force_at AT TIME ZONE 'Asia/Shanghai')::date <= on_day
                  AND (l.ended_at IS NULL OR (l.ended_at AT TIME ZONE 'Asia/Shanghai')::date > on_day)
            WHERE i.owner_division = in_division COLLATE "C" AND i.due_on >= on_day AND (i.done_on IS NULL OR i.done_on > on_day) ORDER BY i.due_on, i.id LIMIT 1)
          UNION ALL
          (SELECT 'work_order', w.id, w.due_on, w.matter FROM registry.work_order w
            WHERE w.owner_division = in_division COLLATE "C" AND w.issued_on <= on_day AND w.due_on >= on_day AND (w.status IN ('issued', 'received', 'returned') OR w.completed_on > on_day) ORDER BY w.due_on, w.id LIMIT 1)
          UNION ALL
          (SELECT 'obligation', o.id, o.due_on, r.title
             FROM registry.obligation o JOIN registry.cadence_rule r ON r.id = o.rule_id
            WHERE o.at_division = in_division COLLATE "C" AND o.due_on >= on_day AND o.period_start <= on_day AND (o.released_on IS NULL OR o.released_on > on_day)
              AND (registry.obligation_met(o, on_day)).met_on IS NULL ORDER BY o.due_on, o.id LIMIT 1)) AS n
   ORDER BY n.due_on, n.kind, n.id LIMIT 1;
END;
CALL zeren.tell_codes('chain_relation', '责任链关系', '本系统：规则 R-250', '
  self 本级
  above 上级
  area 功能区');
CALL zeren.tell_codes('chain_gap', '责任链缺口', '本系统：规则 R-259', '
  level_without_holder 本级没有第一责任人岗位|无责任人
  vacant_post 岗位空缺
  vacant_contact 联系人空缺
  task_without_lead 任务没有牵头单位|无牵头
  village_without_team 应派未派驻村工作队|无工作队
  group_without_head 专班没有组长|无组长');
