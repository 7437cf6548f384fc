-- What trust stands on: the catalogue of permissions, roles that divisions keep, credentials apart from accounts, devices, keys of machines, API tokens, access for a time,
-- and personal data of persons as ciphertext (charter D12-D14). Functions and triggers of each follow in 0005-0008.

-- Permissions as rows, so that the database can keep the three kinds of administrator apart; held against proto/permissions.def by a test.
CREATE TABLE permission (
  code text COLLATE "C" CONSTRAINT permission_pkey PRIMARY KEY,
  admin_kind text COLLATE "C",
  CONSTRAINT permission_admin_kind_check CHECK (admin_kind IN ('system', 'security', 'audit'))
);
COMMENT ON TABLE permission IS 'Every permission; admin_kind: the one kind of administrator it makes its holder (GB/T 22239-2019 8.1.4.2: system, security, audit apart)';
CALL zeren.classify('permission', 'reference');
INSERT INTO permission (code, admin_kind) VALUES
  ('division.read', NULL), ('division.write', NULL), ('organisation.read', NULL), ('organisation.write', NULL), ('post.read', NULL), ('post.write', NULL),
  ('duty_list.read', NULL), ('duty_list.write', NULL), ('duty_list.approve', NULL), ('duty_list.file', NULL), ('report.read', NULL), ('report.write', NULL),
  ('report.confirm', NULL), ('person.unmask', NULL), ('access.read', NULL),
  ('account.read', NULL), ('account.write', 'system'), ('role.read', NULL), ('role.write', 'security'), ('account.grant', 'security'), ('access.grant', 'security'),
  ('session.end', 'security'), ('audit.read', 'audit'), ('audit.export', 'audit');

-- A role belongs to a division and is given in it and below it; the country's are built in.
ALTER TABLE role ADD COLUMN owner_division zeren.division_code NOT NULL DEFAULT '000000000000',
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN personal_data text COLLATE "C" NOT NULL DEFAULT 'strict',
  ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
  ADD CONSTRAINT role_id_key UNIQUE (id),
  ADD CONSTRAINT role_personal_data_check CHECK (personal_data IN ('hidden', 'strict', 'usual'));
COMMENT ON COLUMN role.personal_data IS 'How masked personal data is shown: hidden, strict (first 3 and last 4 of an ID number) or usual (first 6 and last 4)';
ALTER TABLE role_permission ADD COLUMN owner_division zeren.division_code NOT NULL DEFAULT '000000000000',
  ADD COLUMN may_use boolean NOT NULL DEFAULT true,
  ADD COLUMN may_grant boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT role_permission_use_check CHECK (may_use OR may_grant),
  ADD CONSTRAINT role_permission_permission_fkey FOREIGN KEY (permission) REFERENCES permission;
COMMENT ON COLUMN role_permission.may_grant IS 'The holder may give this permission on, inside the own divisions and lines; nobody gives what they may not';
DROP POLICY read_by_all ON role;
DROP POLICY read_by_all ON role_permission;
CALL zeren.classify('role', 'upward');
CALL zeren.classify('role_permission', 'upward');
GRANT INSERT, UPDATE, DELETE ON role, role_permission TO identity_service;
GRANT SELECT ON permission TO identity_service;

-- What the built-in roles may do besides, and what each may give on (USE, GRANT).
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, true, false
  FROM (VALUES
    ('province_office', 'person.unmask access.read account.read role.read'),
    ('prefecture_office', 'person.unmask access.read account.read role.read'),
    ('county_office', 'person.unmask access.read account.read role.read'),
    ('town_office', 'access.read'),
    ('system_admin', 'organisation.write post.read post.write account.read account.write role.read'),
    ('security_admin', 'division.read organisation.read account.read account.grant access.read access.grant role.read role.write session.end'),
    ('audit_admin', 'audit.read audit.export account.read division.read organisation.read post.read role.read')
  ) AS r (role, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission)
ON CONFLICT (role, permission) DO NOTHING;
-- An office puts people into the posts of its own subtree; the security administrator gives whatever any role has.
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT r.role, p.permission, false, true
  FROM (VALUES
    ('province_office', 'report.write report.confirm'), ('prefecture_office', 'report.write report.confirm'), ('county_office', 'report.write')
  ) AS r (role, permissions), unnest(string_to_array(r.permissions, ' ')) AS p (permission)
ON CONFLICT (role, permission) DO UPDATE SET may_grant = true;
UPDATE role_permission rp SET may_grant = true FROM permission p
 WHERE rp.permission = p.code AND p.admin_kind IS NULL AND rp.role IN ('province_office', 'prefecture_office', 'county_office');
INSERT INTO role_permission (role, permission, may_use, may_grant)
SELECT 'security_admin', code, false, true FROM permission
ON CONFLICT (role, permission) DO UPDATE SET may_grant = true;
UPDATE role SET personal_data = 'usual' WHERE code IN ('province_office', 'prefecture_office', 'county_office');
UPDATE role SET personal_data = 'hidden' WHERE code IN ('system_admin', 'security_admin', 'audit_admin', 'device');
-- From here on a role is a row of a division, for migrations, too: one that adds a role sets zeren.scope first.
DROP POLICY load_by_migration ON role;
DROP POLICY load_by_migration ON role_permission;

-- Accounts become rows of a division; what proves them moves to a table that no list reads.
DROP TRIGGER disabled_or_new_password ON account;
DROP POLICY own_service ON account;
ALTER TABLE account NO FORCE ROW LEVEL SECURITY;
CREATE TABLE credential (
  account_id uuid CONSTRAINT credential_pkey PRIMARY KEY CONSTRAINT credential_account_id_fkey REFERENCES account,
  password_hash text,
  password_set_at timestamptz NOT NULL DEFAULT now(),
  must_change boolean NOT NULL DEFAULT false,
  totp_secret bytea,
  totp_confirmed_at timestamptz,
  totp_last_step bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE credential IS 'What proves an account: password hash, second factor. password_hash NULL: none (machines with keys, accounts with API tokens only)';
COMMENT ON COLUMN credential.totp_secret IS 'Ciphertext (identity.credential.totp_secret under the account''s id)';
COMMENT ON COLUMN credential.totp_last_step IS 'The last time step whose code was taken: none is taken twice';
INSERT INTO credential (account_id, password_hash) SELECT id, password_hash FROM account;
ALTER TABLE account DROP COLUMN password_hash,
  ADD COLUMN owner_division zeren.division_code NOT NULL DEFAULT '000000000000',
  ADD COLUMN created_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE person NO FORCE ROW LEVEL SECURITY;
UPDATE account a SET owner_division = p.owner_division FROM person p WHERE p.id = a.person_id;
ALTER TABLE person FORCE ROW LEVEL SECURITY;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
CALL zeren.classify('account', 'scoped');
CALL zeren.classify('credential', 'private');
CREATE INDEX account_owner_division_idx ON account (owner_division, id);
CREATE INDEX account_person_id_idx ON account (person_id);
COMMENT ON COLUMN account.owner_division IS 'Where the account is administered: a person''s division, or its organisation''s';
CREATE VIEW identity_pub.account_login WITH (security_invoker = true) AS SELECT id, login FROM identity.account;
COMMENT ON VIEW identity_pub.account_login IS 'What accounts are called, inside the caller''s scope: for the audit log of every service';
GRANT SELECT ON identity_pub.account_login TO identity_service, registry_service;
GRANT SELECT (id, owner_division, login) ON identity.account TO registry_service;
GRANT SELECT ON identity_pub.post_holder TO identity_service;
GRANT SELECT, INSERT, UPDATE ON credential TO identity_service;
GRANT SELECT (account_id, totp_secret), UPDATE (totp_secret) ON credential TO identity_worker;
GRANT DELETE ON account_post TO identity_service;

CREATE TABLE password_history (
  account_id uuid NOT NULL CONSTRAINT password_history_account_id_fkey REFERENCES account,
  set_at timestamptz NOT NULL,
  password_hash text NOT NULL,
  CONSTRAINT password_history_pkey PRIMARY KEY (account_id, set_at)
);
COMMENT ON TABLE password_history IS 'Earlier passwords, which may not come back at once (setting identity.password_history)';
CREATE TABLE recovery_code (
  account_id uuid NOT NULL CONSTRAINT recovery_code_account_id_fkey REFERENCES account,
  digest bytea NOT NULL,
  used_at timestamptz,
  CONSTRAINT recovery_code_pkey PRIMARY KEY (account_id, digest)
);
COMMENT ON TABLE recovery_code IS 'SHA-256 of codes that stand in for the second factor, each once';
CREATE TABLE device (
  id uuid CONSTRAINT device_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT device_account_id_fkey REFERENCES account,
  name text NOT NULL,
  registered_at timestamptz NOT NULL,
  last_used_at timestamptz,
  revoked_at timestamptz,
  version integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE device IS 'Devices an account registered: their sessions outlast others and keep the previous refresh token longer';
CREATE INDEX device_account_id_idx ON device (account_id, id);

ALTER TABLE session ADD COLUMN device_id uuid CONSTRAINT session_device_id_fkey REFERENCES device,
  ADD COLUMN access_grant_id uuid,
  ADD COLUMN login_key bytea,
  ADD COLUMN factors text COLLATE "C" NOT NULL DEFAULT 'password',
  ADD COLUMN address text,
  ADD COLUMN refresh_salt bytea NOT NULL DEFAULT decode(replace(gen_random_uuid()::text, '-', ''), 'hex'),
  ADD COLUMN refresh_number integer NOT NULL DEFAULT 1,
  ADD COLUMN refreshed_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN used_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN ended_because text COLLATE "C",
  ADD CONSTRAINT session_login_key_key UNIQUE (account_id, login_key),
  ADD CONSTRAINT session_ended_because_check CHECK (ended_because IN ('logged_out', 'reused', 'replaced', 'revoked', 'device_revoked', 'password_changed'));
COMMENT ON COLUMN session.expires_at IS 'When the session ends whatever happens; its access tokens run ten minutes each';
COMMENT ON COLUMN session.login_key IS 'SHA-256 of the log-in''s Idempotency-Key: a repeated log-in finds the session that the lost answer was about';
COMMENT ON COLUMN session.refresh_number IS 'The number of the refresh token in force; tokens are derived from it and refresh_salt under a key outside the database';
COMMENT ON COLUMN session.refreshed_at IS 'When that number came in force: the previous token yields it again until it is first used, or the grace is over';
CREATE INDEX session_account_id_idx ON session (account_id, id);
CREATE INDEX session_device_id_idx ON session (device_id) WHERE device_id IS NOT NULL;

CREATE TABLE machine_key (
  id uuid CONSTRAINT machine_key_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT machine_key_account_id_fkey REFERENCES account,
  kid text COLLATE "C" NOT NULL CONSTRAINT machine_key_kid_key UNIQUE,
  public_pem text NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz,
  version integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE machine_key IS 'Public keys of machines that prove themselves by private_key_jwt (RFC 7523); kid is the RFC 7638 thumbprint';
CREATE INDEX machine_key_account_id_idx ON machine_key (account_id, id);
CREATE TABLE machine_assertion (
  account_id uuid NOT NULL CONSTRAINT machine_assertion_account_id_fkey REFERENCES account,
  jti_digest bytea NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT machine_assertion_pkey PRIMARY KEY (account_id, jti_digest)
);
COMMENT ON TABLE machine_assertion IS 'Assertions that were taken, until they expire: none is taken twice';
CREATE INDEX machine_assertion_expires_at_idx ON machine_assertion (expires_at);

CREATE TABLE api_token (
  id uuid CONSTRAINT api_token_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT api_token_account_id_fkey REFERENCES account,
  post_id uuid NOT NULL CONSTRAINT api_token_post_id_fkey REFERENCES post,
  name text NOT NULL,
  digest bytea NOT NULL CONSTRAINT api_token_digest_key UNIQUE,
  permissions text[] NOT NULL,
  ranges text[] NOT NULL,
  addresses text[] NOT NULL DEFAULT '{}',
  expires_at timestamptz NOT NULL,
  last_used_at timestamptz,
  last_used_address text,
  revoked_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE api_token IS 'Named tokens of scripts: SHA-256 of the secret, a part of what the post may do, an end, and the addresses they work from (empty: any)';
CREATE INDEX api_token_account_id_idx ON api_token (account_id, id);
CALL zeren.classify('password_history', 'private');
CALL zeren.classify('recovery_code', 'private');
CALL zeren.classify('device', 'private');
CALL zeren.classify('machine_key', 'private');
CALL zeren.classify('machine_assertion', 'private');
CALL zeren.classify('api_token', 'private');
GRANT SELECT, INSERT, UPDATE, DELETE ON password_history, recovery_code TO identity_service;
GRANT SELECT, INSERT, UPDATE ON device, machine_key, api_token TO identity_service;
GRANT SELECT, INSERT, DELETE ON machine_assertion TO identity_service;
GRANT SELECT, DELETE ON machine_assertion TO identity_worker;

-- Access for a time: a post may act in divisions that are not its own, with a reason, seen by those who keep the data.
CREATE TABLE access_grant (
  id uuid CONSTRAINT access_grant_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  post_id uuid NOT NULL CONSTRAINT access_grant_post_id_fkey REFERENCES post,
  permissions text[] NOT NULL,
  reason text NOT NULL,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  granted_by uuid NOT NULL,
  ended_at timestamptz,
  ended_by uuid,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT access_grant_period_check CHECK (starts_at < ends_at)
);
COMMENT ON TABLE access_grant IS 'What an inspection team may do in owner_division and below, from when until when, and why; a context of its own to act in, never added to the post''s own';
CREATE INDEX access_grant_owner_division_idx ON access_grant (owner_division, id);
CREATE INDEX access_grant_post_id_idx ON access_grant (post_id, id);
CALL zeren.classify('access_grant', 'scoped');
GRANT SELECT, INSERT, UPDATE ON access_grant TO identity_service;
ALTER TABLE session ADD CONSTRAINT session_access_grant_id_fkey FOREIGN KEY (access_grant_id) REFERENCES access_grant;

-- Personal data of persons: ciphertext and keyed hashes, never the plain value.
ALTER TABLE person ADD COLUMN citizen_id bytea, ADD COLUMN citizen_id_hash bytea, ADD COLUMN phone bytea, ADD COLUMN phone_hash bytea;
COMMENT ON COLUMN person.citizen_id IS 'Ciphertext (identity.person.citizen_id under the person''s id); citizen_id_hash finds it again';
COMMENT ON COLUMN person.phone IS 'Ciphertext (identity.person.phone under the person''s id); phone_hash finds it again';
CREATE INDEX person_citizen_id_hash_idx ON person (citizen_id_hash) WHERE citizen_id_hash IS NOT NULL;
CREATE INDEX person_phone_hash_idx ON person (phone_hash) WHERE phone_hash IS NOT NULL;
CREATE INDEX holder_person_id_idx ON holder (person_id, id);

-- In which posts an account may act on a day: those its person holds then, and those it was given besides (machines, devices, named deputies).
CREATE VIEW acting_post WITH (security_invoker = true) AS
  SELECT a.id AS account_id, h.post_id, h.starts_on, h.ends_on, false AS deputy FROM account a JOIN holder h ON h.person_id = a.person_id
   UNION ALL
  SELECT ap.account_id, ap.post_id, '-infinity'::date, 'infinity'::date, true FROM account_post ap
   WHERE NOT EXISTS (SELECT FROM account a JOIN holder h ON h.person_id = a.person_id WHERE a.id = ap.account_id AND h.post_id = ap.post_id);
COMMENT ON VIEW acting_post IS 'The posts an account may act in from starts_on until the day before ends_on';
GRANT SELECT ON acting_post TO identity_service;

-- Whatever changes what an account may do raises its epoch, which ends its running tokens within a second. The functions look past the caller's scope for that (and for
-- nothing else): an account kept elsewhere must not go on with rights that ended here.
CREATE FUNCTION look_past_scope() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := coalesce(current_setting('zeren.scope', true), '');
BEGIN
  PERFORM set_config('zeren.scope', '{["","~")}', true);
  RETURN before;
END $$;
CREATE FUNCTION look_within(before text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('zeren.scope', before, true);
END $$;
CREATE FUNCTION raise_epochs(of_posts uuid[], of_persons uuid[], of_accounts uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  UPDATE identity.account SET epoch = epoch + 1 -- each branch by an index: this runs under the lock on all rights
   WHERE id IN (SELECT unnest(of_accounts)
                 UNION SELECT a.id FROM identity.account a WHERE a.person_id = ANY (of_persons)
                 UNION SELECT a.id FROM identity.holder h JOIN identity.account a ON a.person_id = h.person_id WHERE h.post_id = ANY (of_posts)
                 UNION SELECT ap.account_id FROM identity.account_post ap WHERE ap.post_id = ANY (of_posts));
  PERFORM identity.look_within(before);
END $$;
CREATE OR REPLACE FUNCTION raise_epochs_of_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.raise_epochs(ARRAY[NEW.id], '{}', '{}');
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION raise_epoch_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.raise_epochs('{}', '{}', ARRAY[OLD.account_id]);
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION raise_own_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.raise_epochs('{}', '{}', ARRAY[NEW.id]);
  RETURN NULL;
END $$;
CREATE TRIGGER disabled AFTER UPDATE OF disabled ON account FOR EACH ROW WHEN (NOT OLD.disabled AND NEW.disabled) EXECUTE FUNCTION raise_own_epoch();
CREATE TRIGGER another_person AFTER UPDATE OF person_id ON account FOR EACH ROW WHEN (OLD.person_id IS DISTINCT FROM NEW.person_id) EXECUTE FUNCTION raise_own_epoch();
CREATE TRIGGER proof_changed AFTER UPDATE OF password_hash, totp_confirmed_at, must_change ON credential FOR EACH ROW
  WHEN ((OLD.password_hash, OLD.totp_confirmed_at, OLD.must_change) IS DISTINCT FROM (NEW.password_hash, NEW.totp_confirmed_at, NEW.must_change))
  EXECUTE FUNCTION raise_epoch_of_account();
CREATE FUNCTION raise_epochs_of_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.raise_epochs('{}', ARRAY[OLD.person_id], '{}');
  RETURN NULL;
END $$;
CREATE TRIGGER holding_changed AFTER UPDATE OR DELETE ON holder FOR EACH ROW EXECUTE FUNCTION raise_epochs_of_holder();
CREATE FUNCTION raise_epochs_of_role() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  PERFORM identity.raise_epochs((SELECT array_agg(p.id) FROM identity.post p WHERE p.role = coalesce(NEW.role, OLD.role)), '{}', '{}');
  PERFORM identity.look_within(before);
  RETURN NULL;
END $$;
CREATE TRIGGER role_changed AFTER UPDATE OR DELETE ON role_permission FOR EACH ROW EXECUTE FUNCTION raise_epochs_of_role();
CREATE FUNCTION raise_epochs_of_mask() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text := identity.look_past_scope();
BEGIN
  PERFORM identity.raise_epochs((SELECT array_agg(p.id) FROM identity.post p WHERE p.role = NEW.code), '{}', '{}');
  PERFORM identity.look_within(before);
  RETURN NULL;
END $$;
CREATE TRIGGER masks_changed AFTER UPDATE OF personal_data ON role FOR EACH ROW EXECUTE FUNCTION raise_epochs_of_mask();
CREATE FUNCTION raise_epochs_of_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM identity.raise_epochs(ARRAY[NEW.post_id], '{}', '{}');
  RETURN NULL;
END $$;
CREATE TRIGGER grant_ended AFTER UPDATE OF ended_at, ends_at ON access_grant FOR EACH ROW EXECUTE FUNCTION raise_epochs_of_grant();

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('identity.lockout_address_failures', '000000000000', 0, '50', true, 'assumed: ten people behind one address who each reach the limit of one name'),
  ('identity.password_min_length', '000000000000', 0, '10', true, 'common practice in audits under GB/T 22239-2019 8.1.4.1 a'),
  ('identity.password_classes', '000000000000', 0, '3', true, 'as above: of lower case, upper case, digits, others'),
  ('identity.password_history', '000000000000', 0, '5', true, 'as above'),
  ('identity.password_days', '000000000000', 0, '90', true, 'as above; 0: passwords do not expire'),
  ('identity.sessions_per_account', '000000000000', 0, '0', true, 'assumed: 0 any number; 1 ends the earlier session at log-in (asked for by some auditors)'),
  ('identity.idle_minutes', '000000000000', 0, '30', true, 'common practice: 15 to 30 minutes without a refresh end a session'),
  ('identity.session_hours', '000000000000', 0, '12', true, 'assumed: a working day'),
  ('identity.device_session_days', '000000000000', 0, '30', true, 'charter: registered devices work without signal'),
  ('identity.refresh_grace_seconds', '000000000000', 0, '60', true, 'charter: people; a lost answer is repeated within it'),
  ('identity.device_grace_days', '000000000000', 0, '30', true, 'charter: registered devices'),
  ('identity.assertion_seconds', '000000000000', 0, '300', true, 'assumed: the longest a machine''s assertion may run'),
  ('identity.assertion_skew_seconds', '000000000000', 0, '60', true, 'assumed: how far a machine''s clock may be off'),
  ('identity.api_token_days', '000000000000', 0, '365', true, 'assumed: the longest an API token may run'),
  ('identity.access_grant_days', '000000000000', 0, '90', true, 'assumed: the longest one grant of access may run')
ON CONFLICT DO NOTHING;
