-- Since when a post is there, for services that make records of what posts owe.
CREATE OR REPLACE VIEW identity_pub.post_division WITH (security_invoker = true) AS
  SELECT id AS post_id, organisation_id, duty, owner_division::text, (created_at AT TIME ZONE 'Asia/Shanghai')::date AS created_on FROM identity.post;
GRANT SELECT (created_at) ON identity.post TO registry_service, registry_worker;
