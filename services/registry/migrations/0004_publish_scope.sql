-- What the identity service reads to tell callers who they are and why a record is theirs to see (charter D16).
GRANT USAGE ON SCHEMA registry_pub TO identity_owner;

CREATE VIEW registry_pub.division_name WITH (security_invoker = true) AS SELECT code, name, level, valid_from, valid_to FROM registry.division;
COMMENT ON VIEW registry_pub.division_name IS 'Names of divisions by code, as they were from valid_from until the day before valid_to';
GRANT SELECT (code, name, level, valid_from, valid_to) ON registry.division TO identity_service;
GRANT SELECT ON registry_pub.division_name TO identity_service;

CREATE VIEW registry_pub.record WITH (security_invoker = true) AS
  SELECT id, 'organisation' AS kind, owner_division::text, owner_division::text AS at_division, '{}'::text[] AS lines FROM registry.organisation
   UNION ALL SELECT id, 'division', owner_division, owner_division, '{}' FROM registry.division
   UNION ALL SELECT id, 'duty_list', owner_division, owner_division, '{}' FROM registry.duty_list
   UNION ALL SELECT id, 'task', owner_division, owner_division, '{}' FROM registry.task
   UNION ALL SELECT id, 'item', owner_division, at_division, lines FROM registry.item
   UNION ALL SELECT id, 'report', owner_division, at_division, lines FROM registry.report;
COMMENT ON VIEW registry_pub.record IS 'Every record of this service that has a division, for the caller to ask why it is in scope';
CREATE VIEW registry_pub.record_kind WITH (security_invoker = true) AS
  SELECT k.kind, k.label, k.class, k.read_permission, k.verbs::jsonb AS verbs
    FROM (VALUES ('organisation', '单位', 'upward', 'organisation.read', '{"update": "organisation.write"}'),
                 ('division', '区划', 'reference', 'division.read', '{}'),
                 ('duty_list', '责任清单', 'upward', 'duty_list.read',
                  '{"update": "duty_list.write", "approve": "duty_list.approve", "file": "duty_list.file", "close": "duty_list.file",
                    "bring_into_force": "duty_list.file"}'),
                 ('task', '任务', 'upward', 'duty_list.read', '{"update": "duty_list.write"}'),
                 ('item', '分解项', 'scoped', 'duty_list.read', '{"update": "duty_list.write", "report": "report.write"}'),
                 ('report', '进展报告', 'scoped', 'report.read', '{"confirm": "report.confirm", "send_back": "report.confirm"}')) AS k (kind, label, class,
                   read_permission, verbs);
COMMENT ON VIEW registry_pub.record_kind IS 'Kinds of registry_pub.record: class of the table, the permission to read one, each further verb with its own';
GRANT SELECT (id, owner_division) ON registry.division, registry.organisation, registry.duty_list, registry.task TO identity_service;
GRANT SELECT (id, owner_division, at_division, lines) ON registry.item, registry.report TO identity_service;
GRANT SELECT ON registry_pub.record, registry_pub.record_kind TO identity_service;
