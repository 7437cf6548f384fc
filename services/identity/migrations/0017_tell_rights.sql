-- What outlasts a request outlasts the session it was asked for in, but not the right to it (proto/jobs.md J-008, J-009): whoever asked is looked up anew by the
-- worker of each service, before and while it works for them.

-- Runs with the rights of its owner, for the workers of all services, which see neither accounts nor sessions. Inside it the scope is the whole country's, as in
-- use_api_token(): whose work it is says where they may act, not who asks. It tells of no account but whether one piece of work may go on, and in which part of the
-- divisions and lines that it was asked for in.
--   in_session  the session or API token in which it was asked for. A session may have ended: what it acted under (the post's own rights, or an access for a time)
--               holds for itself. A token's end is the end of what was given by it.
--   needed      every permission the work needs; mask.strict, mask.usual: that its maker's role sees personal data at least so
--   asked_lines as the setting zeren.lines: empty for every line
-- Permissions and divisions are those that a log-in or a token's use would find now (0018: reach()); the divisions above are those of the present codes alone.
CREATE POLICY read_by_function ON session FOR SELECT TO identity_owner USING (true);
CREATE FUNCTION identity_pub.right_of_work(of_account uuid, in_post uuid, in_session uuid, needed text[], asked_scope text, asked_lines text, in_division text,
  at timestamptz, today date)
  RETURNS TABLE (lost text, scope text, lines text, ancestors text, narrower boolean)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 1
  SET search_path = identity, pg_temp AS $$
#variable_conflict use_column
DECLARE
  before text := identity.look_past_scope();
  asked zeren.code_multirange := asked_scope::zeren.code_multirange;
  wanted_lines text[] := nullif(asked_lines, '')::text[];
  who record;
  missing text;
  within zeren.code_multirange;
  in_lines text[];
BEGIN
  SELECT a.disabled, p.role, p.scope_lines, t.id AS token, s.access_grant_id AS access,
         EXISTS (SELECT FROM identity.acting_post ap
                  WHERE ap.account_id = of_account AND ap.post_id = in_post AND ap.starts_on <= today AND today < ap.ends_on) AS acts,
         t.account_id = of_account AND t.post_id = in_post AND t.revoked_at IS NULL AND t.expires_at > at AS token_holds,
         s.account_id = of_account AND g.post_id = in_post AND g.ended_at IS NULL AND g.starts_at <= at AND at < g.ends_at AS access_holds,
         CASE WHEN g.id IS NOT NULL THEN g.permissions
              ELSE ARRAY(SELECT rp.permission FROM identity.role_permission rp
                          WHERE rp.role = p.role AND rp.may_use AND (t.id IS NULL OR rp.permission = ANY (t.permissions))) END AS permissions,
         CASE (SELECT r.personal_data FROM identity.role r WHERE r.code = p.role) WHEN 'usual' THEN '{mask.strict,mask.usual}' WHEN 'strict' THEN '{mask.strict}' ELSE '{}' END::text[] AS masks,
         CASE WHEN g.id IS NOT NULL THEN ARRAY[identity.prefix_of(g.owner_division)]
              WHEN t.id IS NULL THEN p.ranges
              ELSE ARRAY(SELECT DISTINCT CASE WHEN starts_with(o.prefix, h.prefix) THEN o.prefix ELSE h.prefix END
                           FROM unnest(t.ranges) AS o (prefix), unnest(p.ranges) AS h (prefix)
                          WHERE starts_with(o.prefix, h.prefix) OR starts_with(h.prefix, o.prefix)) END AS ranges
    INTO who
    FROM (VALUES (1)) AS one (n)
    LEFT JOIN identity.account a ON a.id = of_account
    LEFT JOIN identity.post p ON p.id = in_post
    LEFT JOIN identity.api_token t ON t.id = in_session
    LEFT JOIN identity.session s ON s.id = in_session
    LEFT JOIN identity.access_grant g ON g.id = s.access_grant_id;
  missing := (SELECT coalesce(n.code, '') FROM unnest(needed) AS n (code) WHERE (n.code = ANY (who.permissions || who.masks)) IS NOT TRUE ORDER BY n.code LIMIT 1);
  within := asked * identity.scope_of(CASE WHEN who.access IS NULL THEN identity.reach(who.ranges, today) ELSE who.ranges END);
  in_lines := CASE WHEN who.scope_lines IS NULL THEN wanted_lines WHEN wanted_lines IS NULL THEN who.scope_lines
                   ELSE ARRAY(SELECT l.line FROM unnest(wanted_lines) AS l (line) WHERE l.line = ANY (who.scope_lines)) END;
  PERFORM identity.look_within(before);
  RETURN QUERY
  SELECT CASE WHEN coalesce(who.disabled, true) THEN 'The account is disabled.'
              WHEN NOT who.acts OR who.role IS NULL THEN 'The account may no longer act in that post.'
              WHEN who.token IS NOT NULL AND NOT who.token_holds THEN 'The API token has ended.'
              WHEN who.access IS NOT NULL AND NOT coalesce(who.access_holds, false) THEN 'The access for a time has ended.'
              WHEN missing IS NOT NULL THEN 'The account no longer has the permission ' || missing || '.'
              WHEN NOT in_division::text <@ within THEN 'The division is no longer in the scope of the account.' END,
         within::text, coalesce(in_lines::text, ''), identity.divisions_above(asked * identity.scope_of(who.ranges))::text,
         within <> asked OR coalesce(cardinality(in_lines) < cardinality(wanted_lines), in_lines IS NOT NULL AND wanted_lines IS NULL);
END $$;
COMMENT ON FUNCTION identity_pub.right_of_work(uuid, uuid, uuid, text[], text, text, text, timestamptz, date) IS
  'May that account have work go on that it asked for in that post? lost: why not, NULL when it may; scope, lines, ancestors: the part of what was asked for that is its still; narrower: it is not all';

-- Prefixes as a scope, and the divisions above a scope, as the engine makes them of a token (auth/principal.c).
CREATE FUNCTION scope_of(prefixes text[]) RETURNS zeren.code_multirange LANGUAGE sql IMMUTABLE
  RETURN coalesce((SELECT range_agg(zeren.code_range(p.prefix, p.prefix || '~')) FROM unnest(prefixes) AS p (prefix)), '{}');
CREATE FUNCTION divisions_above(of_scope zeren.code_multirange) RETURNS text[] LANGUAGE sql IMMUTABLE
  RETURN coalesce((SELECT array_agg(DISTINCT rpad(left(lower(r.range), n.length), 12, '0'))
                     FROM unnest(of_scope) AS r (range), unnest(ARRAY[0, 2, 4, 6, 9]) AS n (length) WHERE n.length < length(lower(r.range))), '{}');

REVOKE ALL ON FUNCTION identity_pub.right_of_work(uuid, uuid, uuid, text[], text, text, text, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_pub.right_of_work(uuid, uuid, uuid, text[], text, text, text, timestamptz, date) TO identity_worker, registry_worker;

-- What people call a verb of record_kind; tests/db/test_catalogue.c holds every one of them.
CREATE OR REPLACE FUNCTION verb_label(verb text) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN coalesce((SELECT l.label FROM (VALUES ('update', '修改'), ('hand_over', '办理交接'), ('vacate', '免去任职'), ('grant', '授权'), ('unmask', '查看完整号码'),
    ('reset_password', '重置口令'), ('unlock', '解锁'), ('reset_factor', '撤销第二因素'), ('end', '提前结束'), ('approve', '审定'), ('file', '备案'),
    ('bring_into_force', '下达生效'), ('close', '办结'), ('report', '报送进展'), ('confirm', '确认'), ('send_back', '退回'),
    ('pause', '暂停计时'), ('resume', '恢复计时'), ('answer', '答复'), ('accept', '认可'), ('return', '退回'), ('withdraw', '撤回'),
    ('assign_village', '安排驻点村'), ('release_village', '撤出驻点村'), ('cancel', '取消'), ('complete', '验收办结'), ('decide', '决定'), ('decline', '不同意'),
    ('disable', '停用'), ('enable', '启用'), ('discard', '作废'), ('leave', '迁出本户'), ('merge', '合户'), ('split', '分户'), ('set_head', '变更户主'),
    ('print_record', '打印档案'), ('receive', '签收'), ('refresh', '重新取数'), ('refuse', '拒收'), ('reject', '驳回'), ('release', '免除'), ('remove', '移除'),
    ('reopen', '重新打开'), ('report_back', '反馈'), ('resolve', '办理'), ('revise', '修订'), ('rotate', '轮换'), ('serve_plan_line', '对应规划条目'),
    ('shorten', '缩短期限'), ('start', '启动'), ('submit', '提交')) AS l (verb, label)
    WHERE l.verb = verb_label.verb), verb);

-- A-9 of the records of every service: each has views record and record_kind in its schema _pub, and a row here, which its own permissions' migration adds.
CREATE TABLE record_source (
  service text COLLATE "C" CONSTRAINT record_source_pkey PRIMARY KEY,
  CONSTRAINT record_source_service_check CHECK (service ~ '^[a-z]+$')
);
COMMENT ON TABLE record_source IS 'Services whose records are explained: <service>_pub.record and <service>_pub.record_kind';
CALL zeren.classify('record_source', 'reference');
GRANT SELECT ON record_source TO identity_service;
INSERT INTO record_source (service) VALUES ('identity'), ('registry');
-- The record as its service tells of it, if the caller may see it.
CREATE FUNCTION find_record(of_record uuid) RETURNS TABLE (id uuid, kind text, owner_division text, at_division text, lines text[], label text, class text,
  read_permission text, verbs jsonb) LANGUAGE plpgsql STABLE ROWS 1 AS $$
DECLARE svc text;
BEGIN
  FOR svc IN SELECT s.service FROM identity.record_source s ORDER BY s.service LOOP
    RETURN QUERY EXECUTE format('SELECT r.id, r.kind::text, r.owner_division::text, r.at_division::text, r.lines, k.label::text, k.class::text, k.read_permission::text, k.verbs
      FROM %1$I.record r JOIN %1$I.record_kind k ON k.kind = r.kind WHERE r.id = $1', svc || '_pub') USING of_record;
  END LOOP;
END $$;
CREATE OR REPLACE FUNCTION explain_record(of_record uuid, own_ranges text[], own_lines text[], own_permissions text[], on_day date)
RETURNS TABLE (record json, class text, because text, range text, range_name text, line text, read_permission text, readable boolean, verbs json,
  sentence text, detail text)
LANGUAGE sql STABLE AS $$
  WITH found AS (
    SELECT r.* FROM identity.find_record(of_record) AS r
  ), placed AS (
    SELECT f.*, identity.range_name(rtrim(f.owner_division, '0'), on_day) AS owner_name, f.read_permission = ANY (own_permissions) AS readable,
           (SELECT o.prefix FROM unnest(own_ranges) AS o (prefix) WHERE f.owner_division ^@ o.prefix ORDER BY length(o.prefix) DESC LIMIT 1) AS own_range,
           ARRAY(SELECT l.line FROM unnest(f.lines) AS l (line) WHERE own_lines IS NULL OR l.line = ANY (own_lines) ORDER BY l.line) AS shared
      FROM found f
  ), said AS (
    SELECT p.*, CASE WHEN p.own_range IS NOT NULL THEN 'range' WHEN p.class = 'reference' THEN 'reference' ELSE 'above' END AS why,
           CASE WHEN p.own_range IS NOT NULL THEN identity.range_name(p.own_range, on_day) END AS own_name,
           CASE WHEN p.lines = '{}' THEN 'no_line' WHEN own_lines IS NULL THEN 'every_line' ELSE array_to_string(p.shared, ',') END AS by_line,
           (SELECT coalesce(json_agg(v.key ORDER BY v.key), '[]') FROM jsonb_each_text(p.verbs) AS v WHERE p.own_range IS NOT NULL
             AND v.value = ANY (own_permissions)) AS may
      FROM placed p
  )
  SELECT json_build_object('id', s.id, 'kind', s.kind, 'label', s.label, 'owner_division', s.owner_division, 'owner_name', s.owner_name, 'at_division',
    s.at_division, 'lines', s.lines),
         s.class, s.why, rpad(s.own_range, 12, '0'), s.own_name, s.by_line, s.read_permission, s.readable, s.may,
         format('该%s归%s（%s）管理，', s.label, coalesce(s.owner_name, '该区划'), s.owner_division)
           || CASE s.why WHEN 'range' THEN format('在您的区划范围%s之内；', coalesce(s.own_name, rpad(s.own_range, 12, '0')))
                         WHEN 'reference' THEN '属于公共目录，不按区划限制；' ELSE '在您的区划之上，按规定向下级公开，只能查看；' END
           || CASE s.by_line WHEN 'no_line' THEN '它不分条线；' WHEN 'every_line' THEN '您的岗位不限条线；' ELSE format('您与它同属条线%s；', s.by_line) END
           || CASE WHEN s.readable THEN format('您可以查看（权限 %s）', s.read_permission) ELSE format('您不能查看：没有权限 %s', s.read_permission) END
           || CASE WHEN json_array_length(s.may) > 0 THEN format('；还可以%s。', (SELECT string_agg(identity.verb_label(m.verb), '、')
             FROM json_array_elements_text(s.may) AS m (verb))) ELSE '。' END,
         format('This %s is kept by %s: ', s.kind, s.owner_division)
           || CASE s.why WHEN 'range' THEN format('it lies in your range %s; ', rpad(s.own_range, 12, '0'))
                         WHEN 'reference' THEN 'it is reference data, the same in every division; '
                           ELSE 'it lies above your divisions and is readable from below, never changed; ' END
           || CASE s.by_line WHEN 'no_line' THEN 'it has no line; ' WHEN 'every_line' THEN 'you act in every line; ' ELSE format('you share the line %s; ',
             s.by_line) END
           || CASE WHEN s.readable THEN format('you hold %s and may read it', s.read_permission) ELSE format('reading it needs %s, which you do not hold',
             s.read_permission) END
           || CASE WHEN json_array_length(s.may) > 0 THEN format('; you may also: %s.', (SELECT string_agg(m.verb, ', ')
             FROM json_array_elements_text(s.may) AS m (verb))) ELSE '.' END
    FROM said s
$$;
