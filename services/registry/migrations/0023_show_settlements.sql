-- What monitoring reads of the registry: names of divisions, organisations, and what stands below a village.
GRANT USAGE ON SCHEMA registry, registry_pub TO monitoring_service, monitoring_worker;
GRANT USAGE ON SCHEMA registry_pub TO monitoring_owner;

GRANT SELECT (code, name, level, valid_from, valid_to) ON division TO monitoring_service, monitoring_worker;
GRANT SELECT ON registry_pub.division_name TO monitoring_service, monitoring_worker, monitoring_owner;
GRANT SELECT (code, predecessor_codes) ON division TO monitoring_service, monitoring_worker;
GRANT SELECT ON registry_pub.former_division TO monitoring_service, monitoring_worker, monitoring_owner;

GRANT SELECT (id, owner_division, name, kind, line) ON organisation TO monitoring_service, monitoring_worker;
GRANT SELECT ON registry_pub.organisation TO monitoring_service, monitoring_worker, monitoring_owner;

CREATE VIEW registry_pub.settlement WITH (security_invoker = true) AS
  SELECT id, owner_division::text, kind, name, parent_id, valid_from, valid_to FROM registry.settlement;
COMMENT ON VIEW registry_pub.settlement IS 'Natural villages, villagers'' groups and grids, as they were from valid_from until the day before valid_to';
GRANT SELECT (id, owner_division, kind, name, parent_id, valid_from, valid_to) ON settlement TO monitoring_service, monitoring_worker;
GRANT SELECT ON registry_pub.settlement TO monitoring_service, monitoring_worker, monitoring_owner;

CREATE VIEW registry_pub.division_member WITH (security_invoker = true) AS
  SELECT area_code::text, member_code::text, valid_from, valid_to FROM registry.division_member;
COMMENT ON VIEW registry_pub.division_member IS 'The towns that a functional area administers, from valid_from until the day before valid_to';
GRANT SELECT (area_code, member_code, valid_from, valid_to) ON division_member TO monitoring_service, monitoring_worker;
GRANT SELECT ON registry_pub.division_member TO monitoring_service, monitoring_worker, monitoring_owner;
