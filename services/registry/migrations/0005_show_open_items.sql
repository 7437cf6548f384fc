-- What is open, for whoever hands a post over (charter D16): the items that a unit leads or assists in lists in force, and their reports that wait for a decision.
CREATE VIEW registry_pub.open_item WITH (security_invoker = true) AS
  SELECT i.id, i.owner_division, i.lines, i.lead_organisation_id, i.assist_organisation_ids, i.title, i.due_on, i.completion_bp,
         (SELECT count(*) FROM registry.report r WHERE r.item_id = i.id AND r.status = 'submitted') AS reports_waiting
    FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
   WHERE i.done_on IS NULL AND l.status = 'in_force';
COMMENT ON VIEW registry_pub.open_item IS 'Items not yet done of lists in force; reports_waiting: reported, neither confirmed nor sent back';
GRANT SELECT (id, owner_division, lines, duty_list_id, lead_organisation_id, assist_organisation_ids, title, due_on, done_on, completion_bp) ON registry.item TO identity_service;
GRANT SELECT (id, owner_division, status) ON registry.duty_list TO identity_service;
GRANT SELECT (id, owner_division, lines, item_id, status) ON registry.report TO identity_service;
GRANT SELECT ON registry_pub.open_item TO identity_service;

-- The smallest division that holds all of these: what the audit row of a load belongs to.
CREATE FUNCTION common_division(codes text[]) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN (SELECT rpad(left(x.lo, (SELECT max(n) FROM unnest(ARRAY[0, 2, 4, 6, 9, 12]) AS n WHERE left(x.lo, n) = left(x.hi, n))), 12, '0')
            FROM (SELECT min(c COLLATE "C") AS lo, max(c COLLATE "C") AS hi FROM unnest(codes) AS c) AS x);

-- R-009: how many tasks stand above each other down to this one, itself among them; 0 for none.
CREATE FUNCTION task_level(of_task uuid) RETURNS integer LANGUAGE sql STABLE AS $$
  WITH RECURSIVE up (id, level) AS (
    SELECT t.parent_id, 1 FROM registry.task t WHERE t.id = of_task
     UNION ALL SELECT t.parent_id, u.level + 1 FROM up u JOIN registry.task t ON t.id = u.id
  ) SELECT coalesce(max(level), 0) FROM up
$$;

-- R-015: true, or refused.
CREATE FUNCTION in_own_lines(of_line text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF of_line IS NOT NULL AND zeren.lines() IS NOT NULL AND of_line <> ALL (zeren.lines()) THEN
    PERFORM zeren.refuse('ZR007', 'line', 'Your post is limited to other lines.');
  END IF;
  RETURN true;
END $$;
