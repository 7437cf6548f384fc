-- The caller: who, in which post, with what rights, and why a record is the caller's to see.

-- name: me_get :view
-- Rows of the caller's own, looked up by the token's account, post and session (identity.me()); what the token says is bound as it says it.
WITH told AS MATERIALIZED (
  SELECT identity.me(:caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :today::date, :now::timestamptz) AS m
)
SELECT m -> 'account' AS account, CASE WHEN json_typeof(m -> 'person') = 'object' THEN m -> 'person' END AS person, m -> 'post' AS post, m -> 'role' AS role,
       :own_permissions::text[] AS permissions,
       CASE WHEN :own_access::uuid IS NULL THEN ARRAY(SELECT g.permission FROM json_array_elements_text(m -> 'grantable') AS g (permission))
         ELSE '{}' END AS grantable,
       (SELECT coalesce(json_agg(json_build_object('code', rpad(r.prefix, 12, '0'), 'name', identity.range_name(r.prefix, :today::date))
                                 ORDER BY r.prefix), '[]')
          FROM unnest(:own_ranges::text[]) AS r (prefix)) AS ranges,
       :own_lines::text[] AS lines, :own_mask::text AS personal_data, :own_must::text[] AS must, :own_access::uuid AS access_grant_id,
       CASE WHEN json_typeof(m -> 'session') = 'object' THEN m -> 'session' END AS session, m -> 'posts' AS posts, m -> 'access_grants' AS access_grants
  FROM told WHERE m IS NOT NULL

-- name: me_explain_record :view
-- A-9.
SELECT record, class, because, range, range_name, line, read_permission, readable, verbs, sentence, detail
  FROM identity.explain_record(:record::uuid, :own_ranges::text[], :own_lines::text[], :own_permissions::text[], :today::date)

-- name: me_explain_division :view
SELECT record, class, because, range, range_name, line, read_permission, readable, verbs, sentence, detail
  FROM identity.explain_division(:division::text, :own_ranges::text[], :own_permissions::text[], :today::date)
