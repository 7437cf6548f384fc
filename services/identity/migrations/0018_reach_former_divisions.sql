-- A scope holds what its divisions came from (charter D14): whoever answers for a village that changed its town sees what was recorded under its former code.

-- A-10: of the divisions inside these ranges the former codes that lie outside: all the way back, only codes that are nobody's any more (one that goes on was
-- divided, and what is recorded there is its own), and none that another one holds already. They open what is recorded there, not what those above them show to
-- their divisions (zeren.ancestors()): the divisions above are the present ones.
CREATE FUNCTION came_from(ranges text[], today date) RETURNS text[] LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (
    WITH RECURSIVE came AS (
      SELECT f.former FROM unnest(ranges) AS r (prefix) JOIN registry_pub.former_division f ON f.code >= r.prefix AND f.code < r.prefix || '~'
       UNION
      SELECT f.former FROM came c JOIN registry_pub.former_division f ON f.code = c.former
    ), lost AS (
      SELECT identity.prefix_of(c.former) AS prefix FROM came c
       WHERE NOT EXISTS (SELECT FROM unnest(ranges) AS r (prefix) WHERE starts_with(c.former, r.prefix))
         AND NOT EXISTS (SELECT FROM registry_pub.division_name d WHERE d.code = c.former AND d.valid_to > today)
    )
    SELECT ARRAY(SELECT l.prefix FROM lost l
                  WHERE NOT EXISTS (SELECT FROM lost o WHERE starts_with(l.prefix, o.prefix) AND length(o.prefix) < length(l.prefix))
                  ORDER BY length(l.prefix), l.prefix));
END $$;
CREATE FUNCTION reach(ranges text[], today date) RETURNS text[] LANGUAGE sql STABLE
  RETURN ranges || identity.came_from(ranges, today);

-- As before, with what its divisions came from.
DROP FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date);
CREATE FUNCTION identity_pub.use_api_token(of_digest bytea, from_address text, at timestamptz, today date)
  RETURNS TABLE (id uuid, account_id uuid, post_id uuid, organisation_id uuid, role text, mask text, permissions text, ranges text, former text,
    lines text, epoch integer, ends_s bigint, addresses text, role_epoch integer)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1
  SET search_path = identity, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := identity.look_past_scope();
BEGIN
  RETURN QUERY
  SELECT t.id, t.account_id, p.id, p.organisation_id, p.role::text, r.personal_data::text,
         coalesce((SELECT string_agg(rp.permission || ',', '' ORDER BY rp.permission) FROM identity.role_permission rp
                    WHERE rp.role = p.role AND rp.may_use AND rp.permission = ANY (t.permissions)), ''),
         coalesce((SELECT string_agg(x.prefix || ',', '') FROM unnest(w.own) AS x (prefix)), ''),
         coalesce((SELECT string_agg(x.prefix || ',', '') FROM unnest(identity.came_from(w.own, today)) AS x (prefix)), ''),
         p.scope_lines::text, a.epoch, floor(extract(epoch FROM t.expires_at))::bigint, array_to_string(t.addresses, ','), r.epoch
    FROM identity.api_token t
    JOIN identity.account a ON a.id = t.account_id AND NOT a.disabled
    JOIN identity.post p ON p.id = t.post_id
    JOIN identity.role r ON r.code = p.role
   CROSS JOIN LATERAL (SELECT ARRAY(SELECT DISTINCT CASE WHEN starts_with(g.prefix, h.prefix) THEN g.prefix ELSE h.prefix END
                                      FROM unnest(t.ranges) AS g (prefix), unnest(p.ranges) AS h (prefix)
                                     WHERE starts_with(g.prefix, h.prefix) OR starts_with(h.prefix, g.prefix)) AS own) AS w
   WHERE t.digest = of_digest AND t.revoked_at IS NULL AND t.expires_at > at
     AND EXISTS (SELECT FROM identity.acting_post ap WHERE ap.account_id = t.account_id AND ap.post_id = t.post_id AND ap.starts_on <= today AND today < ap.ends_on);
  IF FOUND THEN
    UPDATE identity.api_token t SET last_used_at = at, last_used_address = from_address
     WHERE t.digest = of_digest AND (t.last_used_at IS NULL OR t.last_used_at < at - interval '1 minute');
  END IF;
  PERFORM identity.look_within(before);
END $$;
COMMENT ON FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date) IS
  'The API token of that SHA-256 while it holds, with the part of its rights that its post has today, and the former codes of its divisions; no row: refuse it';
REVOKE ALL ON FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date) TO identity_service, registry_service;

-- Pages of the feed as common/db/migrations/0011 reads them.
CALL zeren.make_event_pages('identity');
