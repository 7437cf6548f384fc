-- Nobody gives more than they hold, nobody changes what they may do themselves, and the three kinds of administrator stay apart (proto/identity.md A-1 to A-9):
-- the rules in one place, for whatever statement gives something. Checks look past the caller's scope where a doubt about a row unseen would be a hole, and
-- say no
-- more of it than that it is too much.

ALTER TABLE account_post ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
  ADD CONSTRAINT account_post_id_key UNIQUE (id);
CREATE INDEX account_post_post_id_idx ON account_post (post_id);
CREATE INDEX post_role_idx ON post (role);
ALTER TABLE access_grant ADD COLUMN end_reason text;
COMMENT ON COLUMN access_grant.end_reason IS 'Why it was ended before its time';
ALTER TABLE role ADD CONSTRAINT role_code_check CHECK (code ~ '^[a-z][a-z0-9_]{1,38}$');

-- Whatever decides what somebody may do is changed by one transaction at a time, so that a check and the change it is about are not parted by another's change:
-- a role that grows while it is given, two halves of an administrator given at once. The lock is taken before any row is.
CREATE FUNCTION lock_rights() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('identity.rights', 0));
END $$;
CREATE FUNCTION lock_rights_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.lock_rights();
  RETURN NULL;
END $$;
CREATE TRIGGER rights_locked BEFORE INSERT OR UPDATE OR DELETE ON holder FOR EACH STATEMENT EXECUTE FUNCTION lock_rights_first();
CREATE TRIGGER rights_locked BEFORE INSERT ON account_post FOR EACH STATEMENT EXECUTE FUNCTION lock_rights_first();
CREATE TRIGGER rights_locked BEFORE UPDATE OF role, ranges, scope_lines, owner_division ON post FOR EACH STATEMENT EXECUTE FUNCTION lock_rights_first();
CREATE TRIGGER rights_locked BEFORE INSERT OR UPDATE OR DELETE ON role_permission FOR EACH STATEMENT EXECUTE FUNCTION lock_rights_first();
CREATE TRIGGER rights_locked BEFORE UPDATE OF person_id ON account FOR EACH STATEMENT EXECUTE FUNCTION lock_rights_first();

-- Tokens end when masks change, not whenever a role is written.
DROP TRIGGER masks_changed ON role;
CREATE TRIGGER masks_changed AFTER UPDATE OF personal_data ON role FOR EACH ROW WHEN (OLD.personal_data IS DISTINCT FROM NEW.personal_data)
  EXECUTE FUNCTION raise_epochs_of_mask();

-- ---- three kinds of administrator (A-5)
-- ------------------------------------------------------------------------------------------------------------------------

-- The kind of administrator that a role's use makes, or NULL. What it may only give on does not count: the security administrator gives audit.read, and
-- reads no audit.
CREATE FUNCTION admin_kind_of(of_role text) RETURNS text LANGUAGE sql STABLE
  RETURN (SELECT min(p.admin_kind) FROM identity.role_permission rp JOIN identity.permission p ON p.code = rp.permission WHERE rp.role = of_role
    AND rp.may_use);

-- Of a post, whoever asks.
CREATE FUNCTION admin_kind_of_post(of_post uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); kind text := (SELECT identity.admin_kind_of(p.role) FROM identity.post p WHERE p.id = of_post);
BEGIN
  PERFORM identity.look_within(before);
  RETURN kind;
END $$;

-- Refuses when somebody concerned is an administrator of two kinds on any day, or a machine is one. Somebody is a person with all accounts, or an account
-- without a person.
CREATE FUNCTION refuse_two_kinds(of_posts uuid[], of_persons uuid[], of_accounts uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); clash record;
BEGIN
  WITH concerned (subject) AS (
    SELECT unnest(of_persons)
     UNION SELECT coalesce(a.person_id, a.id) FROM identity.account a WHERE a.id = ANY (of_accounts)
     UNION SELECT h.person_id FROM identity.holder h WHERE h.post_id = ANY (of_posts)
     UNION SELECT coalesce(a.person_id, a.id) FROM identity.account_post ap JOIN identity.account a ON a.id = ap.account_id WHERE ap.post_id = ANY (of_posts)
  ), acting (subject, post_id, starts_on, ends_on) AS (
    SELECT h.person_id, h.post_id, h.starts_on, h.ends_on FROM concerned c JOIN identity.holder h ON h.person_id = c.subject
     UNION ALL SELECT c.subject, ap.post_id, '-infinity', 'infinity'
                 FROM concerned c JOIN identity.account a ON a.person_id = c.subject JOIN identity.account_post ap ON ap.account_id = a.id
     UNION ALL SELECT c.subject, ap.post_id, '-infinity', 'infinity' FROM concerned c JOIN identity.account_post ap ON ap.account_id = c.subject
  ), held AS (
    SELECT DISTINCT a.subject, q.admin_kind AS kind, a.starts_on, a.ends_on
      FROM acting a JOIN identity.post p ON p.id = a.post_id JOIN identity.role_permission rp ON rp.role = p.role AND rp.may_use
      JOIN identity.permission q ON q.code = rp.permission WHERE q.admin_kind IS NOT NULL
  )
  SELECT x.kind AS one, y.kind AS other INTO clash
    FROM held x JOIN held y ON y.subject = x.subject AND x.kind < y.kind AND x.starts_on < y.ends_on AND y.starts_on < x.ends_on LIMIT 1;
  IF FOUND THEN
    PERFORM zeren.refuse('ZR003', NULL, format('Somebody would be a %s and a %s administrator at once: the three kinds are kept apart.', clash.one,
      clash.other));
  END IF;
  -- Whoever registers its key would be that administrator, without a second factor.
  IF EXISTS (SELECT FROM (SELECT ap.account_id, ap.post_id FROM identity.account_post ap WHERE ap.account_id = ANY (of_accounts)
                           UNION SELECT ap.account_id, ap.post_id FROM identity.account_post ap WHERE ap.post_id = ANY (of_posts)) AS l
               JOIN identity.account a ON a.id = l.account_id AND a.kind <> 'person'
               JOIN identity.post p ON p.id = l.post_id WHERE identity.admin_kind_of(p.role) IS NOT NULL) THEN
    PERFORM zeren.refuse('ZR003', NULL, 'A machine or device would be an administrator, who is a person with a second factor.');
  END IF;
  PERFORM identity.look_within(before);
END $$;

CREATE FUNCTION keep_kinds_of_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF identity.admin_kind_of_post(NEW.post_id) IS NOT NULL THEN
    PERFORM identity.refuse_two_kinds('{}', ARRAY[NEW.person_id], '{}');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER kinds_apart AFTER INSERT OR UPDATE ON holder FOR EACH ROW EXECUTE FUNCTION keep_kinds_of_holder();
CREATE FUNCTION keep_kinds_of_account_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF identity.admin_kind_of_post(NEW.post_id) IS NOT NULL THEN
    PERFORM identity.refuse_two_kinds('{}', '{}', ARRAY[NEW.account_id]);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER kinds_apart AFTER INSERT OR UPDATE ON account_post FOR EACH ROW EXECUTE FUNCTION keep_kinds_of_account_post();
CREATE FUNCTION keep_kinds_of_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF identity.admin_kind_of_post(NEW.id) IS NOT NULL THEN
    PERFORM identity.refuse_two_kinds(ARRAY[NEW.id], '{}', '{}');
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER kinds_apart AFTER UPDATE OF role ON post FOR EACH ROW WHEN (NEW.role IS NOT NULL AND OLD.role IS DISTINCT FROM NEW.role)
  EXECUTE FUNCTION keep_kinds_of_post();
CREATE FUNCTION keep_kinds_of_role() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text; kinds text[];
BEGIN
  IF (SELECT p.admin_kind FROM identity.permission p WHERE p.code = NEW.permission) IS NULL THEN RETURN NULL; END IF;
  before := identity.look_past_scope();
  kinds := (SELECT array_agg(DISTINCT p.admin_kind ORDER BY p.admin_kind) FROM identity.role_permission rp JOIN identity.permission p ON p.code = rp.permission
             WHERE rp.role = NEW.role AND rp.may_use AND p.admin_kind IS NOT NULL);
  IF cardinality(kinds) > 1 THEN
    PERFORM zeren.refuse('ZR003', 'permissions', format('A role makes an administrator of one kind; this one would of %s.', array_to_string(kinds, ' and ')));
  END IF;
  PERFORM identity.refuse_two_kinds((SELECT array_agg(p.id) FROM identity.post p WHERE p.role = NEW.role), '{}', '{}');
  PERFORM identity.look_within(before);
  RETURN NULL;
END $$;
CREATE TRIGGER kinds_apart AFTER INSERT OR UPDATE ON role_permission FOR EACH ROW WHEN (NEW.may_use) EXECUTE FUNCTION keep_kinds_of_role();
CREATE FUNCTION keep_kinds_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.refuse_two_kinds('{}', '{}', ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE TRIGGER kinds_apart AFTER UPDATE OF person_id ON account FOR EACH ROW WHEN (OLD.person_id IS DISTINCT FROM NEW.person_id)
  EXECUTE FUNCTION keep_kinds_of_account();

-- ---- what one may give (A-1)
-- -----------------------------------------------------------------------------------------------------------------------------------

-- Is a division another one, or below it?
CREATE FUNCTION is_within(division text, above text) RETURNS boolean LANGUAGE sql IMMUTABLE
  RETURN above = ANY (ARRAY[division, rpad(left(division, 9), 12, '0'), rpad(left(division, 6), 12, '0'), rpad(left(division, 4), 12, '0'),
                            rpad(left(division, 2), 12, '0'), '000000000000']);

-- A prefix covers codes of one level: of 0, 2, 4, 6, 9 or 12 characters; no other is one. A token has room for thirty, and for so many characters of lines.
CREATE FUNCTION check_ranges(given text[]) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF coalesce(cardinality(given), 0) NOT BETWEEN 1 AND 30 OR EXISTS (SELECT FROM unnest(given) AS g (prefix)
       WHERE g.prefix IS NULL OR g.prefix <> '' AND g.prefix !~ '^[0-9F]([0-9A-Z]|[0-9A-Z]{3}|[0-9A-Z]{5}|[0-9A-Z]{8}|[0-9A-Z]{11})$') THEN
    PERFORM zeren.refuse('ZR005', 'ranges', 'one to thirty beginnings of division codes: 0, 2, 4, 6, 9 or 12 characters each');
  END IF;
END $$;
-- Ranges are told and shown as codes of divisions, the country being 000000000000, and kept as their beginnings.
CREATE FUNCTION prefix_of(code text) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN left(code, (SELECT min(n) FROM unnest(ARRAY[0, 2, 4, 6, 9, 12]) AS n WHERE n >= length(rtrim(code, '0'))));
CREATE FUNCTION prefixes_of(codes text[]) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(codes) AS c (code) WHERE c.code !~ '^[0-9F][0-9A-Z]{11}$') THEN
    PERFORM zeren.refuse('ZR005', 'ranges', 'a range is the code of a division, of twelve characters');
  END IF;
  RETURN ARRAY(SELECT DISTINCT identity.prefix_of(c.code) FROM unnest(codes) AS c (code) ORDER BY 1);
END $$;
CREATE FUNCTION codes_of(prefixes text[]) RETURNS text[] LANGUAGE sql IMMUTABLE
  RETURN ARRAY(SELECT rpad(p.prefix, 12, '0') FROM unnest(prefixes) AS p (prefix) ORDER BY 1);
CREATE FUNCTION check_lines(given text[]) RETURNS void LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  IF given IS NOT NULL AND (given = '{}' OR length(given::text) > 500) THEN
    PERFORM zeren.refuse('ZR005', 'lines', 'null for every line, or at least one, in 500 characters');
  END IF;
END $$;

-- The first of these ranges that is not inside the giver's own, or NULL: own both as the post has them and as the call was made (a token may have less than
-- its post).
CREATE FUNCTION range_beyond(given text[], own text[], own_scope zeren.code_multirange) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN (SELECT g.prefix FROM unnest(given) AS g (prefix)
           WHERE NOT zeren.code_range(g.prefix, g.prefix || '~') <@ own_scope OR NOT EXISTS (SELECT FROM unnest(own) AS o (prefix) WHERE g.prefix ^@ o.prefix)
           ORDER BY g.prefix LIMIT 1);
CREATE FUNCTION lines_beyond(given text[], own text[]) RETURNS boolean LANGUAGE sql IMMUTABLE
  RETURN own IS NOT NULL AND (given IS NULL OR NOT given <@ own);

-- Which of these permissions the role may not give on, as one text, or NULL.
CREATE FUNCTION permissions_beyond(given text[], own_role text) RETURNS text LANGUAGE sql STABLE
  RETURN (SELECT left(string_agg(DISTINCT g.permission, ', ' ORDER BY g.permission), 120) FROM unnest(given) AS g (permission)
           WHERE NOT EXISTS (SELECT FROM identity.role_permission own WHERE own.role = own_role AND own.permission = g.permission AND own.may_grant));

CREATE FUNCTION refuse_beyond(field text, what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM zeren.refuse('ZR007', field, what);
END $$;

-- A-1: may the caller, in this post, let a post of `to_division` act by that role, in these ranges and lines (NULL: every line)? True, or a refusal that
-- names what is
-- too much. The rights stay as they were checked until the transaction ends.
CREATE FUNCTION check_confer(to_division text, of_role text, in_ranges text[], in_lines text[], caller_post uuid) RETURNS boolean
  LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  own_scope zeren.code_multirange := zeren.scope();
  call_lines text[] := zeren.lines();
  before text;
  own record;
  beyond text;
BEGIN
  PERFORM identity.lock_rights();
  PERFORM identity.check_ranges(in_ranges);
  PERFORM identity.check_lines(in_lines);
  before := identity.look_past_scope();
  IF NOT EXISTS (SELECT FROM identity.role r WHERE r.code = of_role AND identity.is_within(to_division, r.owner_division)) THEN
    PERFORM zeren.refuse('ZR005', 'role', 'there is no such role in this division or above');
  END IF;
  SELECT p.role, p.ranges, p.scope_lines INTO own FROM identity.post p WHERE p.id = caller_post;
  beyond := identity.permissions_beyond(ARRAY(SELECT rp.permission FROM identity.role_permission rp WHERE rp.role = of_role), own.role);
  IF beyond IS NOT NULL THEN PERFORM identity.refuse_beyond('role', 'Your post may not give ' || beyond || '.'); END IF;
  beyond := identity.range_beyond(in_ranges, coalesce(own.ranges, '{}'), own_scope);
  IF beyond IS NOT NULL THEN PERFORM identity.refuse_beyond('ranges', format('The range %s is not inside your own.', rpad(beyond, 12, '0'))); END IF;
  IF identity.lines_beyond(in_lines, own.scope_lines) OR identity.lines_beyond(in_lines, call_lines) THEN
    PERFORM identity.refuse_beyond('lines', CASE WHEN in_lines IS NULL THEN 'Every line is more than your own.'
      ELSE 'Your post is limited to other lines.' END);
  END IF;
  PERFORM identity.look_within(before);
  RETURN true;
END $$;
COMMENT ON FUNCTION check_confer(text, text, text[], text[], uuid) IS 'A-1: nobody gives more than they hold (ZR007)';

-- A-2: may these be said of the caller? The posts that the caller, or another account of the same person, may act in on any day.
CREATE FUNCTION own_posts(caller_account uuid, caller_post uuid) RETURNS uuid[] LANGUAGE sql STABLE
  RETURN ARRAY(SELECT caller_post
                UNION SELECT ap.post_id FROM identity.account_post ap WHERE ap.account_id = caller_account
                UNION SELECT h.post_id FROM identity.account me JOIN identity.holder h ON h.person_id = me.person_id WHERE me.id = caller_account
                UNION SELECT ap.post_id FROM identity.account me JOIN identity.account a ON a.person_id = me.person_id
                        JOIN identity.account_post ap ON ap.account_id = a.id WHERE me.id = caller_account);
CREATE FUNCTION refuse_own_post(of_post uuid, caller_account uuid, caller_post uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  IF of_post = ANY (identity.own_posts(caller_account, caller_post)) THEN
    PERFORM identity.refuse_beyond(NULL, 'Nobody changes the rights of a post they act in.');
  END IF;
  PERFORM identity.look_within(before);
  RETURN true;
END $$;
CREATE FUNCTION refuse_own_account(of_account uuid, caller_account uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  IF of_account = caller_account OR EXISTS (SELECT FROM identity.account a JOIN identity.account me ON me.person_id = a.person_id WHERE a.id = of_account
    AND me.id = caller_account) THEN
    PERFORM identity.refuse_beyond(NULL, 'Nobody administers their own account.');
  END IF;
  PERFORM identity.look_within(before);
  RETURN true;
END $$;

-- A-1: who is limited to lines changes the rights of posts that act in these alone, also where only something is taken away.
CREATE FUNCTION refuse_other_lines(of_role text, of_lines text[], caller_post uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE call_lines text[] := zeren.lines(); before text := identity.look_past_scope(); own_lines text[];
BEGIN
  own_lines := (SELECT p.scope_lines FROM identity.post p WHERE p.id = caller_post);
  PERFORM identity.look_within(before);
  IF of_role IS NOT NULL AND (identity.lines_beyond(of_lines, own_lines) OR identity.lines_beyond(of_lines, call_lines)) THEN
    PERFORM identity.refuse_beyond('lines', 'The post acts in lines that are not yours.');
  END IF;
  RETURN true;
END $$;

-- A post's rights (POST /posts/{id}:grant). Taking them away gives nothing.
CREATE FUNCTION check_grant(of_post post, of_role text, in_ranges text[], in_lines text[], caller_account uuid, caller_post uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM identity.lock_rights();
  PERFORM identity.refuse_own_post(of_post.id, caller_account, caller_post);
  PERFORM identity.refuse_other_lines(of_post.role, of_post.scope_lines, caller_post);
  IF NOT identity.organisation_in_own_lines(of_post.organisation_id) THEN
    PERFORM identity.refuse_beyond('lines', 'The post''s unit works in a line that is not yours.');
  END IF;
  IF of_role IS NULL AND (cardinality(in_ranges) > 0 OR in_lines IS NOT NULL) THEN
    PERFORM zeren.refuse('ZR005', 'role', 'without a role there are no ranges and no lines');
  END IF;
  RETURN of_role IS NULL OR identity.check_confer(of_post.owner_division, of_role, in_ranges, in_lines, caller_post);
END $$;

-- Whoever lets somebody act in a post gives what the post has: a person who holds it, from when on whatever day, an account, whoever takes it over.
CREATE FUNCTION check_post_given(of_post uuid, caller_post uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE own_scope text := coalesce(current_setting('zeren.scope', true), ''); given identity.post;
BEGIN
  PERFORM identity.lock_rights();
  PERFORM identity.look_past_scope();
  SELECT * INTO given FROM identity.post p WHERE p.id = of_post;
  PERFORM identity.look_within(own_scope);
  RETURN given.role IS NULL OR identity.check_confer(given.owner_division, given.role, given.ranges, given.scope_lines, caller_post);
END $$;
CREATE FUNCTION check_holding(of_post uuid, of_person uuid, caller_account uuid, caller_post uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text; own boolean;
BEGIN
  PERFORM identity.lock_rights();
  before := identity.look_past_scope();
  own := EXISTS (SELECT FROM identity.account a WHERE a.id = caller_account AND a.person_id = of_person) AND EXISTS (SELECT FROM identity.post p
    WHERE p.id = of_post AND p.role IS NOT NULL);
  PERFORM identity.look_within(before);
  IF own THEN PERFORM identity.refuse_beyond('person_id', 'Nobody puts themselves in a post that permits something.'); END IF;
  RETURN identity.check_post_given(of_post, caller_post);
END $$;
COMMENT ON FUNCTION check_holding(uuid, uuid, uuid, uuid) IS 'A-1, A-2 for a person put in a post, or kept in it longer: true, or refused';
CREATE FUNCTION check_account_post(of_account uuid, of_post uuid, caller_account uuid, caller_post uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM identity.lock_rights();
  PERFORM identity.refuse_own_account(of_account, caller_account);
  PERFORM identity.refuse_own_post(of_post, caller_account, caller_post);
  RETURN identity.check_post_given(of_post, caller_post);
END $$;

-- A new role, or one that changes: what it gets besides must be the caller's to give, also where posts act by it already.
CREATE FUNCTION check_role(of_role text, used text[], given_on text[], masks text, caller_account uuid, caller_post uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  own_scope zeren.code_multirange := zeren.scope();
  call_lines text[] := zeren.lines();
  before text;
  own record;
  more text[];
  order_of_masks text[] := '{hidden,strict,usual}';
  shows_more boolean;
  beyond text;
BEGIN
  PERFORM identity.lock_rights();
  before := identity.look_past_scope();
  IF EXISTS (SELECT FROM identity.post p WHERE p.role = of_role AND p.id = ANY (identity.own_posts(caller_account, caller_post))) THEN
    PERFORM identity.refuse_beyond(NULL, 'Nobody changes a role they act by.');
  END IF;
  SELECT p.role, p.ranges, p.scope_lines INTO own FROM identity.post p WHERE p.id = caller_post;
  more := ARRAY(SELECT w.permission FROM unnest(used) AS w (permission)
                 WHERE NOT EXISTS (SELECT FROM identity.role_permission rp WHERE rp.role = of_role AND rp.permission = w.permission AND rp.may_use)
                 UNION SELECT w.permission FROM unnest(given_on) AS w (permission)
                        WHERE NOT EXISTS (SELECT FROM identity.role_permission rp WHERE rp.role = of_role AND rp.permission = w.permission AND rp.may_grant));
  shows_more := EXISTS (SELECT FROM identity.role r
    WHERE r.code = of_role AND array_position(order_of_masks, masks) > array_position(order_of_masks, r.personal_data));
  beyond := (SELECT m.permission FROM unnest(more) AS m (permission) WHERE NOT EXISTS (SELECT FROM identity.permission p WHERE p.code = m.permission) LIMIT 1);
  IF beyond IS NOT NULL THEN PERFORM zeren.refuse('ZR005', 'permissions', 'there is no permission ' || left(beyond, 80)); END IF;
  beyond := identity.permissions_beyond(more, own.role);
  IF beyond IS NOT NULL THEN PERFORM identity.refuse_beyond('permissions', 'Your post may not give ' || beyond || '.'); END IF;
  IF (cardinality(more) > 0 OR shows_more) AND EXISTS (SELECT FROM identity.post p WHERE p.role = of_role
       AND (identity.range_beyond(p.ranges, coalesce(own.ranges, '{}'), own_scope) IS NOT NULL
            OR identity.lines_beyond(p.scope_lines, own.scope_lines) OR identity.lines_beyond(p.scope_lines, call_lines))) THEN
    PERFORM identity.refuse_beyond('permissions', 'Posts beyond your divisions or lines act by this role.');
  END IF;
  PERFORM identity.look_within(before);
  RETURN true;
END $$;

-- A-6: an account is administered by whoever's divisions hold all it may act in, access for a time included, for who sets its password or its key could act
-- as it.
CREATE FUNCTION check_account(of_account uuid, of_person uuid, caller_account uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE own_scope zeren.code_multirange := zeren.scope(); before text;
BEGIN
  PERFORM identity.lock_rights();
  PERFORM identity.refuse_own_account(of_account, caller_account);
  before := identity.look_past_scope();
  IF EXISTS (WITH acted AS (SELECT ap.post_id FROM identity.acting_post ap WHERE ap.account_id = of_account
                             UNION SELECT h.post_id FROM identity.holder h WHERE h.person_id = of_person)
             SELECT FROM acted a JOIN identity.post p ON p.id = a.post_id AND p.role IS NOT NULL,
                    LATERAL (SELECT unnest(p.ranges) UNION ALL SELECT identity.prefix_of(g.owner_division) FROM identity.access_grant g
                              WHERE g.post_id = p.id AND g.ended_at IS NULL AND g.ends_at > now()) AS r (prefix)
              WHERE NOT zeren.code_range(r.prefix, r.prefix || '~') <@ own_scope) THEN
    PERFORM identity.refuse_beyond(NULL, 'The account acts beyond your divisions: it is administered from above.');
  END IF;
  PERFORM identity.look_within(before);
  RETURN true;
END $$;

-- A-7: a person has one account, which is kept where the person is; machines and devices have none.
CREATE FUNCTION check_new_account(of_kind text, of_person uuid, in_division text, caller_account uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE found_division text := (SELECT p.owner_division FROM identity.person p WHERE p.id = of_person); before text; there boolean;
BEGIN
  IF of_kind <> 'person' THEN
    IF of_person IS NOT NULL THEN PERFORM zeren.refuse('ZR005', 'person_id', 'a machine or device is nobody'); END IF;
    RETURN true;
  END IF;
  IF of_person IS NULL THEN PERFORM zeren.refuse('ZR005', 'person_id', 'an account of kind person is somebody''s'); END IF;
  IF found_division IS NULL THEN PERFORM zeren.no_such('person_id'); END IF;
  IF found_division <> in_division THEN PERFORM zeren.refuse('ZR005', 'owner_division', 'the account of a person is kept in the person''s division'); END IF;
  PERFORM identity.check_account(NULL, of_person, caller_account);
  before := identity.look_past_scope();
  there := EXISTS (SELECT FROM identity.account a WHERE a.person_id = of_person);
  PERFORM identity.look_within(before);
  IF there THEN PERFORM zeren.refuse('ZR003', 'person_id', 'The person has an account.'); END IF;
  RETURN true;
END $$;

-- A-8: access for a time, with all lines of a division: of what the caller may give, nothing of an administrator, not to oneself, and no longer than the
-- setting says.
CREATE FUNCTION check_access(to_post uuid, in_division text, given text[], starts timestamptz, ends timestamptz, at timestamptz, caller_account uuid,
  caller_post uuid)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  own_scope zeren.code_multirange := zeren.scope();
  call_lines text[] := zeren.lines();
  prefix text := identity.prefix_of(in_division);
  days integer := zeren.setting_value('identity.access_grant_days', in_division, extract(year FROM at AT TIME ZONE 'Asia/Shanghai')::integer)::integer;
  before text;
  own record;
  wrong text;
BEGIN
  PERFORM identity.lock_rights();
  PERFORM identity.refuse_own_post(to_post, caller_account, caller_post);
  wrong := (SELECT g.code FROM unnest(given) AS g (code) WHERE NOT EXISTS (SELECT FROM identity.permission p WHERE p.code = g.code
    AND p.admin_kind IS NULL) LIMIT 1);
  IF cardinality(given) = 0 THEN PERFORM zeren.refuse('ZR005', 'permissions', 'at least one permission'); END IF;
  IF wrong IS NOT NULL THEN PERFORM zeren.refuse('ZR005', 'permissions', left(wrong, 60)
    || ' is no permission, or an administrator''s, which is not given for a time'); END IF;
  IF starts < at THEN PERFORM zeren.refuse('ZR005', 'starts_at', 'access does not begin in the past'); END IF;
  IF ends <= starts THEN PERFORM zeren.refuse('ZR005', 'ends_at', 'access ends after it begins'); END IF;
  IF ends > starts + make_interval(days => days) THEN PERFORM zeren.refuse('ZR005', 'ends_at', format('access runs %s days at most', days)); END IF;
  before := identity.look_past_scope();
  SELECT p.role, p.ranges, p.scope_lines INTO own FROM identity.post p WHERE p.id = caller_post;
  wrong := identity.permissions_beyond(given, own.role);
  IF wrong IS NOT NULL THEN PERFORM identity.refuse_beyond('permissions', 'Your post may not give ' || wrong || '.'); END IF;
  IF identity.range_beyond(ARRAY[prefix], coalesce(own.ranges, '{}'), own_scope) IS NOT NULL THEN
    PERFORM identity.refuse_beyond('owner_division', 'The division is not inside your own ranges.');
  END IF;
  IF identity.lines_beyond(NULL, own.scope_lines) OR identity.lines_beyond(NULL, call_lines) THEN
    PERFORM identity.refuse_beyond('owner_division', 'Every line is more than your own.');
  END IF;
  PERFORM identity.look_within(before);
  RETURN true;
END $$;

-- Who was given access: the post, its unit and who holds it on a day, for those who keep the data and may not see the post itself.
CREATE FUNCTION grantee(of_post uuid, on_day date) RETURNS json LANGUAGE plpgsql STABLE AS $$
DECLARE before text := identity.look_past_scope(); told json;
BEGIN
  told := (SELECT json_build_object('post', p.title, 'organisation', (SELECT o.name FROM registry_pub.organisation o WHERE o.id = p.organisation_id),
                    'division', p.owner_division,
                    'holders', (SELECT coalesce(json_agg(n.name ORDER BY n.name), '[]') FROM identity.holder h JOIN identity.person n ON n.id = h.person_id
                                 WHERE h.post_id = p.id AND h.starts_on <= on_day AND on_day < h.ends_on))
             FROM identity.post p WHERE p.id = of_post);
  PERFORM identity.look_within(before);
  RETURN told;
END $$;

-- ---- who am I
-- ----------------------------------------------------------------------------------------------------------------------------------------------------

-- The name of a range, '' being the country.
CREATE FUNCTION range_name(prefix text, on_day date) RETURNS text LANGUAGE sql STABLE
  RETURN CASE WHEN prefix = '' THEN '全国'
              ELSE (SELECT d.name FROM registry_pub.division_name d WHERE d.code = rpad(prefix, 12, '0') COLLATE "C" AND d.valid_from <= on_day
                ORDER BY d.valid_from DESC LIMIT 1) END;

-- What is told to the caller about the caller, whose own rows may lie outside the caller's divisions: everything is looked up from the token's account, post
-- and session.
CREATE FUNCTION me(of_account uuid, in_post uuid, in_session uuid, on_day date, at timestamptz) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); told json;
BEGIN
  told := (
    SELECT json_build_object(
      'account', json_build_object('id', a.id, 'login', a.login, 'kind', a.kind, 'owner_division', a.owner_division),
      'person', (SELECT json_build_object('id', n.id, 'name', n.name) FROM identity.person n WHERE n.id = a.person_id),
      'post', (SELECT json_build_object('id', p.id, 'title', p.title, 'owner_division', p.owner_division, 'organisation_id', p.organisation_id,
                 'organisation', (SELECT o.name FROM registry_pub.organisation o WHERE o.id = p.organisation_id)) FROM identity.post p WHERE p.id = in_post),
      'role', (SELECT json_build_object('code', r.code, 'label', r.label, 'admin_kind', identity.admin_kind_of(r.code))
                 FROM identity.post p JOIN identity.role r ON r.code = p.role WHERE p.id = in_post),
      'grantable', (SELECT coalesce(json_agg(rp.permission ORDER BY rp.permission), '[]')
                      FROM identity.post p JOIN identity.role_permission rp ON rp.role = p.role AND rp.may_grant WHERE p.id = in_post),
      'session', (SELECT json_build_object('id', s.id, 'created_at', s.created_at, 'expires_at', s.expires_at, 'factors', s.factors, 'device_id', s.device_id)
                    FROM identity.session s WHERE s.id = in_session),
      'posts', (SELECT coalesce(json_agg(json_build_object('id', p.id, 'title', p.title, 'organisation_id', p.organisation_id,
                         'organisation', (SELECT o.name FROM registry_pub.organisation o WHERE o.id = p.organisation_id), 'role', p.role,
                         'ends_on', nullif(ap.ends_on, 'infinity'), 'deputy', ap.deputy) ORDER BY p.created_at, p.id), '[]')
                  FROM identity.acting_post ap JOIN identity.post p ON p.id = ap.post_id
                 WHERE ap.account_id = a.id AND p.role IS NOT NULL AND ap.starts_on <= on_day AND on_day < ap.ends_on),
      'access_grants', (SELECT coalesce(json_agg(json_build_object('id', g.id, 'post_id', g.post_id, 'owner_division', g.owner_division,
                                 'division', identity.range_name(rtrim(g.owner_division, '0'), on_day), 'permissions', g.permissions, 'reason', g.reason,
                                 'starts_at', g.starts_at, 'ends_at', g.ends_at) ORDER BY g.id), '[]')
                          FROM identity.access_grant g JOIN identity.acting_post ap ON ap.post_id = g.post_id
                         WHERE ap.account_id = a.id AND ap.starts_on <= on_day AND on_day < ap.ends_on AND g.ended_at IS NULL AND g.ends_at > at))
      FROM identity.account a WHERE a.id = of_account);
  PERFORM identity.look_within(before);
  RETURN told;
END $$;

-- ---- why is this mine to see
-- -------------------------------------------------------------------------------------------------------------------------------------

CREATE VIEW identity_pub.record WITH (security_invoker = true) AS
  SELECT id, 'post' AS kind, owner_division::text, owner_division::text AS at_division, '{}'::text[] AS lines FROM identity.post
   UNION ALL SELECT id, 'person', owner_division, owner_division, '{}' FROM identity.person
   UNION ALL SELECT id, 'holder', owner_division, owner_division, '{}' FROM identity.holder
   UNION ALL SELECT id, 'role', owner_division, owner_division, '{}' FROM identity.role
   UNION ALL SELECT id, 'account', owner_division, owner_division, '{}' FROM identity.account
   UNION ALL SELECT id, 'access_grant', owner_division, owner_division, '{}' FROM identity.access_grant;
COMMENT ON VIEW identity_pub.record IS 'Every record of this service that has a division, for the caller to ask why it is in scope';
CREATE VIEW identity_pub.record_kind WITH (security_invoker = true) AS
  SELECT k.kind, k.label, k.class, k.read_permission, k.verbs::jsonb AS verbs
    FROM (VALUES ('post', '岗位', 'upward', 'post.read', '{"update": "post.write", "hand_over": "post.write", "vacate": "post.write", "grant": "account.grant"}'),
                 ('person', '人员', 'upward', 'post.read', '{"update": "post.write", "unmask": "person.unmask"}'),
                 ('holder', '任职', 'upward', 'post.read', '{"update": "post.write"}'),
                 ('role', '角色', 'upward', 'role.read', '{"update": "role.write"}'),
                 ('account', '账号', 'scoped', 'account.read',
                  '{"update": "account.write", "reset_password": "account.write", "unlock": "account.write", "reset_factor": "session.end"}'),
                 ('access_grant', '临时授权', 'scoped', 'access.read', '{"end": "access.grant"}')) AS k (kind, label, class, read_permission, verbs);
COMMENT ON VIEW identity_pub.record_kind IS 'Kinds of identity_pub.record: class of the table, the permission to read one, each further verb with its own';
GRANT SELECT ON identity_pub.record, identity_pub.record_kind TO identity_service;

-- What people call a verb of record_kind.
CREATE FUNCTION verb_label(verb text) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN coalesce((SELECT l.label FROM (VALUES ('update', '修改'), ('hand_over', '办理交接'), ('vacate', '免去任职'), ('grant', '授权'), ('unmask', '查看完整号码'),
    ('reset_password', '重置口令'), ('unlock', '解锁'), ('reset_factor', '撤销第二因素'), ('end', '提前结束'), ('approve', '审定'), ('file', '备案'),
    ('bring_into_force', '下达生效'), ('close', '办结'), ('report', '报送进展'), ('confirm', '确认'), ('send_back', '退回'),
    ('pause', '暂停计时'), ('resume', '恢复计时'), ('answer', '答复'), ('accept', '认可'), ('return', '退回'), ('withdraw', '撤回')) AS l (verb, label)
    WHERE l.verb = verb_label.verb), verb);

-- A-9: which rule shows the caller this record, in words; no row when it is out of scope or not there, which row-level security does not tell apart either.
CREATE FUNCTION explain_record(of_record uuid, own_ranges text[], own_lines text[], own_permissions text[], on_day date)
RETURNS TABLE (record json, class text, because text, range text, range_name text, line text, read_permission text, readable boolean, verbs json,
  sentence text, detail text)
LANGUAGE sql STABLE AS $$
  WITH found AS (
    SELECT r.*, k.label, k.class, k.read_permission, k.verbs FROM registry_pub.record r JOIN registry_pub.record_kind k ON k.kind = r.kind
      WHERE r.id = of_record
     UNION ALL
    SELECT r.*, k.label, k.class, k.read_permission, k.verbs FROM identity_pub.record r JOIN identity_pub.record_kind k ON k.kind = r.kind
      WHERE r.id = of_record
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

-- The same about a division named by its code: every division exists for everybody, so it says where it lies.
CREATE FUNCTION explain_division(of_code text, own_ranges text[], own_permissions text[], on_day date)
RETURNS TABLE (record json, class text, because text, range text, range_name text, line text, read_permission text, readable boolean, verbs json,
  sentence text, detail text)
LANGUAGE sql STABLE AS $$
  WITH placed AS (
    SELECT of_code AS code, identity.range_name(rtrim(of_code, '0'), on_day) AS name,
           (SELECT o.prefix FROM unnest(own_ranges) AS o (prefix) WHERE of_code ^@ o.prefix ORDER BY length(o.prefix) DESC LIMIT 1) AS own_range,
           EXISTS (SELECT FROM unnest(own_ranges) AS o (prefix) WHERE identity.is_within(rpad(o.prefix, 12, '0'), of_code)) AS above
  ), said AS (
    SELECT p.*, CASE WHEN p.own_range IS NOT NULL THEN 'range' WHEN p.above THEN 'above' ELSE 'outside' END AS why,
           CASE WHEN p.own_range IS NOT NULL THEN identity.range_name(p.own_range, on_day) END AS own_name,
           (SELECT string_agg(coalesce(identity.range_name(o.prefix, on_day), rpad(o.prefix, 12, '0')), '、') FROM unnest(own_ranges) AS o (prefix)) AS own_names
      FROM placed p
  )
  SELECT json_build_object('id', NULL, 'kind', 'division', 'label', '区划', 'owner_division', s.code, 'owner_name', s.name, 'at_division', s.code, 'lines',
    '{}'::text[]),
         'reference', s.why, rpad(s.own_range, 12, '0'), s.own_name, 'no_line', 'division.read', 'division.read' = ANY (own_permissions), '[]'::json,
         coalesce(s.name, '该区划') || '（' || s.code || '）' 
           || CASE s.why WHEN 'range' THEN format('在您的区划范围%s之内：其数据按您的权限可查可办。', coalesce(s.own_name, rpad(s.own_range, 12, '0')))
             WHEN 'above' THEN '在您的区划之上：向下级公开的数据可以查看，不能办理。'
             ELSE format('不在您的区划范围（%s）之内：除公共目录外，其数据您看不到。', s.own_names) END,
         s.code || CASE s.why WHEN 'range' THEN format(' lies in your range %s: you read and change its data as your permissions say.', rpad(s.own_range, 12, '0'))
             WHEN 'above' THEN ' lies above your divisions: you read what is open to those below, and change nothing.'
               ELSE ' lies outside your ranges: but for reference data you see nothing of it.' END
    FROM said s
$$;
