-- Revocations that are read once, rights kept apart by human being, keys of machines apart from their posts, and a lock that keeps nobody out
-- (proto/identity.md I-003, I-018, I-102, I-108, I-229, A-5, A-6).

-- ---- revocations (I-018)

-- Whoever polls asks for what the snapshot of the poll before had not seen: no row comes twice, and none is lost whose transaction commits late.
-- A role's change is one row, however many accounts act by it.
ALTER TABLE role ADD COLUMN epoch integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN role.epoch IS 'Rises with every change of what the role permits or shows; a token with a smaller one is refused within a second';
ALTER TABLE revocation ADD COLUMN role text COLLATE "C",
  ADD COLUMN written_by xid8 NOT NULL DEFAULT pg_current_xact_id(),
  DROP CONSTRAINT revocation_kind_check,
  ADD CONSTRAINT revocation_kind_check CHECK (kind IN ('account', 'session', 'role') AND (kind = 'role') = (role IS NOT NULL));
COMMENT ON COLUMN revocation.role IS 'Of a role: its code, which tokens name';
COMMENT ON COLUMN revocation.written_by IS 'The transaction that wrote it last: polls read what their last snapshot had not seen';
CREATE INDEX revocation_written_by_idx ON revocation (written_by);
CREATE OR REPLACE VIEW identity_pub.revocation WITH (security_invoker = true) AS
  SELECT subject_id, kind, epoch, at, role, written_by FROM identity.revocation;
GRANT SELECT (role, written_by) ON identity.revocation TO registry_service, registry_worker;
CREATE FUNCTION name_writer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.written_by := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER writer_named BEFORE INSERT OR UPDATE ON revocation FOR EACH ROW EXECUTE FUNCTION name_writer();
CREATE FUNCTION revoke_role() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO identity.revocation (subject_id, kind, role, epoch, at) VALUES (NEW.id, 'role', NEW.code, NEW.epoch, now())
  ON CONFLICT (subject_id, kind) DO UPDATE SET epoch = EXCLUDED.epoch, at = EXCLUDED.at;
  RETURN NULL;
END $$;
CREATE TRIGGER epoch_rises AFTER UPDATE OF epoch ON role FOR EACH ROW WHEN (OLD.epoch < NEW.epoch) EXECUTE FUNCTION revoke_role();
CREATE OR REPLACE FUNCTION raise_epochs_of_role() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  UPDATE identity.role SET epoch = epoch + 1 WHERE code = coalesce(NEW.role, OLD.role);
  PERFORM identity.look_within(before);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION raise_epochs_of_mask() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  UPDATE identity.role SET epoch = epoch + 1 WHERE code = NEW.code;
  PERFORM identity.look_within(before);
  RETURN NULL;
END $$;

DROP FUNCTION identity_pub.use_api_token(bytea, text, timestamptz, date);
CREATE FUNCTION identity_pub.use_api_token(of_digest bytea, from_address text, at timestamptz, today date)
  RETURNS TABLE (id uuid, account_id uuid, post_id uuid, organisation_id uuid, role text, mask text, permissions text, ranges text, lines text, epoch integer,
    ends_s bigint, addresses text, role_epoch integer)
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
         p.scope_lines::text, a.epoch, floor(extract(epoch FROM t.expires_at))::bigint, array_to_string(t.addresses, ','), r.epoch
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

-- ---- one human being (A-2, A-5)

-- The same ID number entered in two divisions makes two records of one human being. Which they are is found when the number is entered, by its hashes under every
-- look-up key, and kept apart from the hash, so that it holds while keys rotate and after an old one is gone.
ALTER TABLE person ADD COLUMN human_id uuid NOT NULL DEFAULT gen_random_uuid();
COMMENT ON COLUMN person.human_id IS 'Whose record it is: one for all records with one ID number, wherever they are kept; never shown';
ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
UPDATE person p SET human_id = o.human_id
  FROM (SELECT DISTINCT ON (citizen_id_hash) citizen_id_hash, human_id FROM person WHERE citizen_id_hash IS NOT NULL ORDER BY citizen_id_hash, id) AS o
 WHERE p.citizen_id_hash = o.citizen_id_hash;
ALTER TABLE person FORCE ROW LEVEL SECURITY;
CREATE INDEX person_human_id_idx ON person (human_id);

-- Whose number that is: of the first record that has it, else somebody new, told by the hashes, so that two rows of one statement agree. Two entries of one number,
-- wherever, come one after another.
-- Planned once: a table asks for thousands.
CREATE FUNCTION human_of(hashes bytea[]) RETURNS uuid LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan AS $$
DECLARE before text; found_human uuid;
BEGIN
  IF hashes IS NULL OR hashes = '{}' THEN RETURN gen_random_uuid(); END IF;
  PERFORM identity.lock_rights();
  before := identity.look_past_scope();
  found_human := (SELECT p.human_id FROM identity.person p WHERE p.citizen_id_hash = ANY (hashes) ORDER BY p.created_at, p.id LIMIT 1);
  PERFORM identity.look_within(before);
  RETURN coalesce(found_human, (SELECT md5(h.hash)::uuid FROM unnest(hashes) AS h (hash) ORDER BY h.hash LIMIT 1));
END $$;
-- The rights first, as everywhere.
CREATE OR REPLACE FUNCTION citizen_id_is_free(of_person uuid, in_division text, hashes bytea[]) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF hashes IS NULL THEN RETURN true; END IF;
  PERFORM identity.lock_rights();
  PERFORM identity.lock_citizen_ids(ARRAY[in_division]);
  IF EXISTS (SELECT FROM identity.person p WHERE p.owner_division = in_division AND p.citizen_id_hash = ANY (hashes) AND p.id <> of_person) THEN
    PERFORM zeren.refuse('ZR003', 'citizen_id', 'a person of this division has this ID number already');
  END IF;
  RETURN true;
END $$;
-- For a statement that does not say.
CREATE FUNCTION find_human() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.human_id := identity.human_of(CASE WHEN NEW.citizen_id_hash IS NOT NULL THEN ARRAY[NEW.citizen_id_hash] END);
  RETURN NEW;
END $$;

-- All accounts of the human being whose record or account that is; and all records.
CREATE FUNCTION persons_of_human(of_person uuid) RETURNS uuid[] LANGUAGE sql STABLE
  RETURN ARRAY(SELECT q.id FROM identity.person p JOIN identity.person q ON q.human_id = p.human_id WHERE p.id = of_person);

-- As in 0008, by human being in place of the record. The refusal is the same whoever's rows lie outside the caller's scope. An administrator's ID number is on record
-- (there would be no other way to keep the kinds apart); accounts without a person are none, but for those that a deployment begins with, which are written
-- by SQL.
CREATE OR REPLACE FUNCTION refuse_two_kinds(of_posts uuid[], of_persons uuid[], of_accounts uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); clash record;
BEGIN
  WITH named (subject) AS (
    SELECT unnest(of_persons)
     UNION SELECT coalesce(a.person_id, a.id) FROM identity.account a WHERE a.id = ANY (of_accounts)
     UNION SELECT h.person_id FROM identity.holder h WHERE h.post_id = ANY (of_posts)
     UNION SELECT coalesce(a.person_id, a.id) FROM identity.account_post ap JOIN identity.account a ON a.id = ap.account_id WHERE ap.post_id = ANY (of_posts)
  ), concerned (subject, human) AS (
    SELECT n.subject, n.subject FROM named n WHERE NOT EXISTS (SELECT FROM identity.person p WHERE p.id = n.subject)
     UNION SELECT q.id, q.human_id FROM named n JOIN identity.person p ON p.id = n.subject JOIN identity.person q ON q.human_id = p.human_id
  ), acting (subject, human, post_id, starts_on, ends_on) AS (
    SELECT h.person_id, c.human, h.post_id, h.starts_on, h.ends_on FROM concerned c JOIN identity.holder h ON h.person_id = c.subject
     UNION ALL SELECT c.subject, c.human, ap.post_id, '-infinity', 'infinity'
                 FROM concerned c JOIN identity.account a ON a.person_id = c.subject JOIN identity.account_post ap ON ap.account_id = a.id
     UNION ALL SELECT c.subject, c.human, ap.post_id, '-infinity', 'infinity' FROM concerned c JOIN identity.account_post ap ON ap.account_id = c.subject
  ), held AS (
    SELECT DISTINCT a.subject, a.human, q.admin_kind AS kind, a.starts_on, a.ends_on
      FROM acting a JOIN identity.post p ON p.id = a.post_id JOIN identity.role_permission rp ON rp.role = p.role AND rp.may_use
      JOIN identity.permission q ON q.code = rp.permission WHERE q.admin_kind IS NOT NULL
  )
  SELECT x.kind AS one, y.kind AS other, false AS unknown INTO clash
    FROM held x JOIN held y ON y.human = x.human AND x.kind < y.kind AND x.starts_on < y.ends_on AND y.starts_on < x.ends_on
   UNION ALL
  SELECT NULL, NULL, true FROM held x
   WHERE current_user = 'identity_service' AND NOT EXISTS (SELECT FROM identity.person p WHERE p.id = x.subject AND p.citizen_id_hash IS NOT NULL)
   ORDER BY unknown LIMIT 1;
  IF FOUND AND clash.unknown THEN
    PERFORM zeren.refuse('ZR003', NULL, 'An administrator is a person whose ID number is on record.');
  ELSIF FOUND THEN
    PERFORM zeren.refuse('ZR003', NULL, format('Somebody would be a %s and a %s administrator at once: the three kinds are kept apart.', clash.one,
      clash.other));
  END IF;
  PERFORM identity.look_within(before);
  PERFORM identity.refuse_machine_administrators(of_posts, of_persons, of_accounts);
END $$;
-- Whoever registers its key, or has its token, would be that administrator, without a second factor.
CREATE FUNCTION refuse_machine_administrators(of_posts uuid[], of_persons uuid[], of_accounts uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  IF EXISTS (SELECT FROM identity.account a JOIN identity.account_post ap ON ap.account_id = a.id JOIN identity.post p ON p.id = ap.post_id
              WHERE a.kind <> 'person' AND identity.admin_kind_of(p.role) IS NOT NULL
                AND (a.id = ANY (of_accounts) OR ap.post_id = ANY (of_posts) OR a.person_id = ANY (of_persons))) THEN
    PERFORM zeren.refuse('ZR003', NULL, 'A machine or device would be an administrator, who is a person with a second factor.');
  END IF;
  PERFORM identity.look_within(before);
END $$;

-- A machine or device is nobody: it holds no post by being somebody's.
ALTER TABLE account ADD CONSTRAINT account_person_check CHECK (kind = 'person' OR person_id IS NULL);
CREATE TRIGGER kind_kept AFTER UPDATE OF kind ON account FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind) EXECUTE FUNCTION keep_kinds_of_account();
CREATE TRIGGER rights_locked_for_kind BEFORE UPDATE OF kind ON account FOR EACH STATEMENT EXECUTE FUNCTION lock_rights_first();

-- A number that is entered, corrected or taken away makes two records one human being, or an administrator nobody known.
CREATE FUNCTION keep_kinds_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.refuse_two_kinds('{}', ARRAY[NEW.id], '{}');
  RETURN NULL;
END $$;
CREATE TRIGGER kinds_apart AFTER UPDATE OF human_id, citizen_id_hash ON person FOR EACH ROW
  WHEN (OLD.human_id IS DISTINCT FROM NEW.human_id OR (OLD.citizen_id_hash IS NULL) <> (NEW.citizen_id_hash IS NULL)) EXECUTE FUNCTION keep_kinds_of_person();
ALTER TABLE person ALTER COLUMN human_id DROP DEFAULT;
CREATE TRIGGER human_found BEFORE INSERT ON person FOR EACH ROW WHEN (NEW.human_id IS NULL) EXECUTE FUNCTION find_human();
CREATE TRIGGER rights_locked BEFORE UPDATE OF human_id ON person FOR EACH STATEMENT EXECUTE FUNCTION lock_rights_first();

-- A-2, of a human being.
CREATE OR REPLACE FUNCTION own_posts(caller_account uuid, caller_post uuid) RETURNS uuid[] LANGUAGE sql STABLE
  RETURN ARRAY(SELECT caller_post
                UNION SELECT ap.post_id FROM identity.account_post ap WHERE ap.account_id = caller_account
                UNION SELECT h.post_id FROM identity.account me JOIN identity.holder h ON h.person_id = ANY (identity.persons_of_human(me.person_id))
                       WHERE me.id = caller_account
                UNION SELECT ap.post_id FROM identity.account me JOIN identity.account a ON a.person_id = ANY (identity.persons_of_human(me.person_id))
                        JOIN identity.account_post ap ON ap.account_id = a.id WHERE me.id = caller_account);
CREATE OR REPLACE FUNCTION refuse_own_account(of_account uuid, caller_account uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  IF of_account = caller_account OR EXISTS (SELECT FROM identity.account a JOIN identity.account me ON a.person_id = ANY (identity.persons_of_human(me.person_id))
    WHERE a.id = of_account AND me.id = caller_account) THEN
    PERFORM identity.refuse_beyond(NULL, 'Nobody administers their own account.');
  END IF;
  PERFORM identity.look_within(before);
  RETURN true;
END $$;

-- Is that record, or the one that will have this number, the caller's own?
CREATE FUNCTION is_own_record(of_person uuid, hashes bytea[], caller_account uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); own boolean;
BEGIN
  own := EXISTS (SELECT FROM identity.account me JOIN identity.person mine ON mine.id = me.person_id JOIN identity.person p ON p.human_id = mine.human_id
                  WHERE me.id = caller_account AND (p.id = of_person OR (hashes IS NOT NULL AND p.citizen_id_hash = ANY (hashes))));
  PERFORM identity.look_within(before);
  RETURN own;
END $$;
CREATE OR REPLACE FUNCTION check_holding(of_post uuid, of_person uuid, caller_account uuid, caller_post uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text; own boolean;
BEGIN
  PERFORM identity.lock_rights();
  own := identity.is_own_record(of_person, NULL, caller_account);
  before := identity.look_past_scope();
  own := own AND EXISTS (SELECT FROM identity.post p WHERE p.id = of_post AND p.role IS NOT NULL);
  PERFORM identity.look_within(before);
  IF own THEN PERFORM identity.refuse_beyond('person_id', 'Nobody puts themselves in a post that permits something.'); END IF;
  RETURN identity.check_post_given(of_post, caller_post);
END $$;
DROP FUNCTION own_holding_fault(uuid, uuid);
CREATE FUNCTION own_holding_fault(of_person uuid, hashes bytea[], caller_account uuid) RETURNS text LANGUAGE sql VOLATILE
  RETURN CASE WHEN identity.is_own_record(of_person, hashes, caller_account) THEN 'Nobody puts themselves in a post that permits something.' END;
-- Who changes the number by which the own records are one human being could be another one from then on.
CREATE FUNCTION refuse_own_number(of_person uuid, caller_account uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF identity.is_own_record(of_person, NULL, caller_account) THEN
    PERFORM identity.refuse_beyond('citizen_id', 'Nobody changes their own ID number.');
  END IF;
  RETURN true;
END $$;

-- ---- keys of machines (I-102, I-108)

-- What a key opened ends with the key; an API token made by it would not.
CREATE FUNCTION check_token_maker(of_session uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF EXISTS (SELECT FROM identity.session s WHERE s.id = of_session AND s.factors ^@ 'private_key ') THEN
    PERFORM identity.refuse_beyond(NULL, 'A session opened by a key makes no API token, which would outlive the key.');
  END IF;
  RETURN true;
END $$;

-- ---- the lock of a name (I-003)

ALTER TABLE login_guard ADD COLUMN of_name bytea;
COMMENT ON COLUMN login_guard.of_name IS 'Of a name tried from one address: SHA-256 of the name alone, by which an unlock finds it';
COMMENT ON TABLE login_guard IS 'Failed log-ins by SHA-256: of the name tried, whether an account has it or not; of 01 and the address; of 02, the address, 00 and the name';
CREATE INDEX login_guard_of_name_idx ON login_guard (of_name) WHERE of_name IS NOT NULL;
CREATE FUNCTION guard_of_name(of_login text) RETURNS bytea LANGUAGE sql IMMUTABLE RETURN sha256(convert_to(of_login, 'UTF8'));
CREATE FUNCTION guard_of_address(counted_address text) RETURNS bytea LANGUAGE sql IMMUTABLE RETURN sha256('\x01'::bytea || convert_to(counted_address, 'UTF8'));
CREATE FUNCTION guard_of_pair(of_login text, counted_address text) RETURNS bytea LANGUAGE sql IMMUTABLE
  RETURN sha256('\x02'::bytea || convert_to(counted_address, 'UTF8') || '\x00'::bytea || convert_to(of_login, 'UTF8'));
-- Has the account signed in from there lately?
CREATE FUNCTION known_from(of_account uuid, from_address text, at timestamptz) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (SELECT FROM identity.session s
                  WHERE s.account_id = of_account AND s.address = from_address
                    AND s.created_at > at - make_interval(days => zeren.setting_value('identity.lockout_known_days', '000000000000',
                                                                                     extract(year FROM at AT TIME ZONE 'Asia/Shanghai')::integer)::integer));
-- Until when a name is locked for who calls from there; NULL: it is not. What strangers' failures everywhere lock stays open where the account is known.
CREATE FUNCTION locked_until(of_login text, of_account uuid, counted_address text, from_address text, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE
  RETURN (SELECT max(g.locked_until) FROM identity.login_guard g
           WHERE g.locked_until > at
             AND (g.name_digest = identity.guard_of_pair(of_login, counted_address)
                  OR (g.name_digest = identity.guard_of_name(of_login) AND NOT coalesce(identity.known_from(of_account, from_address, at), false))));

-- ---- whose second factor it is (I-229)

ALTER TABLE credential ADD COLUMN released_at timestamptz, ADD COLUMN release_digest bytea, ADD COLUMN release_until timestamptz;
COMMENT ON COLUMN credential.released_at IS 'Since when a security administrator vouches for whose second factor it is; an administrator has no rights without';
COMMENT ON COLUMN credential.release_digest IS 'SHA-256 of the code that says so, good until release_until, once';
UPDATE credential SET released_at = totp_confirmed_at WHERE totp_confirmed_at IS NOT NULL;

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('identity.lockout_name_failures', '000000000000', 0, '30', true, 'assumed: six addresses that each reach the limit of one; not under identity.lockout_failures'),
  ('identity.lockout_known_days', '000000000000', 0, '30', true, 'assumed: a month, as registered devices'),
  ('identity.factor_release_hours', '000000000000', 0, '24', true, 'assumed: a working day and the night'),
  ('identity.totp_steps', '000000000000', 0, '1', true, 'RFC 6238 5.2: one step of delay at most is recommended; here to each side'),
  ('identity.recovery_repeat_minutes', '000000000000', 0, '5', true, 'assumed: how long a log-in whose answer was lost is repeated'),
  ('identity.password_kept', '000000000000', 0, '24', true, 'assumed: twice a year for twelve years; what identity.password_history may ask for at most')
ON CONFLICT DO NOTHING;
