-- The public halves of the keys that access tokens are signed with. A key's end is compared with the database's own clock, as revocations are.

-- name: signing_key_insert :rows
-- Publishes the key once; says for how many milliseconds it has been there, and whether it was retired since.
WITH added AS (
  INSERT INTO signing_key (kid, public_pem, jwk, created_at) VALUES (:kid::text, :public_pem::text, :jwk::json, :now::timestamptz) ON CONFLICT (kid) DO NOTHING
), there AS (
  SELECT k.retired_at, (extract(epoch FROM :now::timestamptz - k.created_at) * 1000)::bigint AS age_ms FROM signing_key k WHERE k.kid = :kid::text
)
SELECT coalesce((SELECT age_ms FROM there), 0)::text AS age_ms, coalesce((SELECT retired_at IS NOT NULL FROM there), false)::text AS retired

-- name: signing_key_retire :rows
-- Ends every other key after so many seconds; an end that is nearer stays.
WITH retired AS (
  UPDATE signing_key SET retired_at = now() + make_interval(secs => :after_s::integer)
   WHERE kid <> :kid::text AND (retired_at IS NULL OR retired_at > now() + make_interval(secs => :after_s::integer))
  RETURNING 1
)
SELECT count(*)::text AS retired FROM retired

-- name: signing_key_set :view
-- RFC 7517: the keys that tokens may be signed with, as they were published.
SELECT coalesce(json_agg(jwk ORDER BY created_at, kid), '[]') AS keys FROM signing_key WHERE retired_at IS NULL OR retired_at > now()
