-- API tokens are looked up by every service, keys of access tokens come to an end at a set time, and assertions of machines are taken once (charter D13).

-- What an API token may do now, and that it was used. It runs with the rights of its owner, for every service: the digest of a secret of 256 bits is all that finds a
-- row, and nothing of another account comes out. Inside it the scope is the whole country's, as at a log-in: whose token it is says where it may act, not who asks.
-- A use is written down at most once a minute, also from an address that the token does not work from: that is what a theft looks like.
CREATE POLICY used_by_function ON api_token TO identity_owner USING (true) WITH CHECK (true);
CREATE POLICY read_by_function ON account_post FOR SELECT TO identity_owner USING (true);
CREATE FUNCTION identity_pub.use_api_token(of_digest bytea, from_address text, at timestamptz, today date)
  RETURNS TABLE (id uuid, account_id uuid, post_id uuid, organisation_id uuid, role text, mask text, permissions text, ranges text, lines text, epoch integer,
    ends_s bigint, addresses text)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1
  SET search_path = identity, pg_temp AS $$
#variable_conflict use_column
DECLARE before text := identity.look_past_scope();
BEGIN
  RETURN QUERY
  SELECT t.id, t.account_id, p.id, p.organisation_id, p.role::text, r.personal_data::text,
         coalesce((SELECT string_agg(rp.permission || ',', '' ORDER BY rp.permission) FROM identity.role_permission rp
                    WHERE rp.role = p.role AND rp.may_use AND rp.permission = ANY (t.permissions)), ''),
         coalesce((SELECT string_agg(DISTINCT CASE WHEN starts_with(g.prefix, h.prefix) THEN g.prefix ELSE h.prefix END || ',', '')
                     FROM unnest(t.ranges) AS g (prefix), unnest(p.ranges) AS h (prefix)
                    WHERE starts_with(g.prefix, h.prefix) OR starts_with(h.prefix, g.prefix)), ''),
         p.scope_lines::text, a.epoch, floor(extract(epoch FROM t.expires_at))::bigint, array_to_string(t.addresses, ',')
    FROM identity.api_token t
    JOIN identity.account a ON a.id = t.account_id AND NOT a.disabled
    JOIN identity.post p ON p.id = t.post_id
    JOIN identity.role r ON r.code = p.role
   WHERE t.digest = of_digest AND t.revoked_at IS NULL AND t.expires_at > at
     AND EXISTS (SELECT FROM identity.acting_post ap WHERE ap.account_id = t.account_id AND ap.post_id = t.post_id AND ap.starts_on <= today AND today < ap.ends_on);
  IF FOUND THEN
    UPDATE identity.api_token t SET last_used_at = at, last_used_address = from_address
     WHERE t.digest = of_digest AND (t.last_used_at IS NULL OR t.last_used_at < at - interval '1 minute');
  END IF;
  PERFORM identity.look_within(before);
END $$;
COMMENT ON FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date) IS
  'The API token of that SHA-256 while it holds, with the part of its rights that its post has today; no row: refuse it';
REVOKE ALL ON FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date) TO identity_service, registry_service;

-- An end that lies ahead: the former key's tokens run out before it.
COMMENT ON COLUMN signing_key.retired_at IS 'From then on no token of this key is taken; may lie ahead';
CREATE POLICY retire_key ON signing_key FOR UPDATE TO identity_service USING (true) WITH CHECK (true);
GRANT UPDATE (retired_at) ON signing_key TO identity_service;

-- Locking rows asks for it; nothing of an assertion is ever changed.
GRANT UPDATE (expires_at) ON machine_assertion TO identity_service;
