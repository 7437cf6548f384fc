-- Posts by title, for services that name a post in a record or find one by its unit and title. Nobody's name.
CREATE VIEW identity_pub.post_title WITH (security_invoker = true) AS SELECT id AS post_id, organisation_id, title, duty, owner_division::text FROM identity.post;
COMMENT ON VIEW identity_pub.post_title IS 'Posts with title, duty, unit and the division of their unit; nobody''s name';
GRANT SELECT ON identity_pub.post_title TO registry_service, registry_worker;
GRANT SELECT (title) ON identity.post TO registry_worker;
