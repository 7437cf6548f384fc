-- Accounts, posts and their holders, sessions, keys; small in this slice.
CALL zeren.equip('identity');

CREATE TABLE role (code text COLLATE "C" CONSTRAINT role_pkey PRIMARY KEY, label text NOT NULL);
COMMENT ON TABLE role IS 'A role is a set of permissions; no code depends on a role''s name';
CREATE TABLE role_permission (
  role text COLLATE "C" NOT NULL CONSTRAINT role_permission_role_fkey REFERENCES role,
  permission text COLLATE "C" NOT NULL,
  CONSTRAINT role_permission_pkey PRIMARY KEY (role, permission)
);

CREATE TABLE post (
  id uuid CONSTRAINT post_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  organisation_id uuid NOT NULL,
  title text NOT NULL,
  duty text COLLATE "C" NOT NULL,
  role text COLLATE "C" CONSTRAINT post_role_fkey REFERENCES role,
  ranges text[] NOT NULL DEFAULT '{}',
  scope_lines text[],
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT post_title_key UNIQUE (organisation_id, title),
  CONSTRAINT post_duty_check CHECK (duty IN ('first_responsible', 'direct', 'specific', 'main_body', 'contact_leader', 'linked_unit', 'lead_unit', 'duty_unit',
    'work_group', 'first_secretary', 'team_leader', 'team_member', 'helper', 'grid_worker', 'staff'))
);
COMMENT ON TABLE post IS 'A position that holds duties; people hold it with dates. role, ranges and scope_lines say what its holder may do, where, and in which lines';
COMMENT ON COLUMN post.ranges IS 'Prefixes of division codes, e.g. {431302}; the empty prefix is the whole country';
COMMENT ON COLUMN post.scope_lines IS 'Lines (条) the post is limited to; NULL: every line';
CREATE INDEX post_owner_division_idx ON post (owner_division, id);
CREATE INDEX post_organisation_id_idx ON post (organisation_id, id);

CREATE TABLE person (
  id uuid CONSTRAINT person_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  name text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE person IS 'People who hold posts: here by name only';

CREATE TABLE holder (
  id uuid CONSTRAINT holder_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  post_id uuid NOT NULL CONSTRAINT holder_post_id_fkey REFERENCES post,
  person_id uuid NOT NULL CONSTRAINT holder_person_id_fkey REFERENCES person,
  starts_on date NOT NULL,
  ends_on date NOT NULL DEFAULT 'infinity',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT holder_period_check CHECK (starts_on < ends_on),
  CONSTRAINT holder_overlap EXCLUDE USING gist (post_id WITH =, daterange(starts_on, ends_on) WITH &&)
);
COMMENT ON TABLE holder IS 'Who holds a post from starts_on until the day before ends_on; one at a time';

CREATE TABLE account (
  id uuid CONSTRAINT account_pkey PRIMARY KEY,
  login text COLLATE "C" NOT NULL CONSTRAINT account_login_key UNIQUE,
  kind text COLLATE "C" NOT NULL DEFAULT 'person',
  person_id uuid CONSTRAINT account_person_id_fkey REFERENCES person,
  password_hash text NOT NULL,
  disabled boolean NOT NULL DEFAULT false,
  epoch integer NOT NULL DEFAULT 1,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT account_kind_check CHECK (kind IN ('person', 'machine', 'device'))
);
COMMENT ON COLUMN account.epoch IS 'Rises with every change of permissions; a token with a smaller one is refused within a second (charter D13)';

CREATE TABLE login_guard (
  name_digest bytea CONSTRAINT login_guard_pkey PRIMARY KEY,
  failures integer NOT NULL,
  locked_until timestamptz,
  tried_at timestamptz NOT NULL
);
COMMENT ON TABLE login_guard IS 'Failed log-ins by SHA-256 of the name tried, so that a name without an account is locked like any other';
CREATE INDEX login_guard_tried_at_idx ON login_guard (tried_at);

CREATE TABLE account_post (
  account_id uuid NOT NULL CONSTRAINT account_post_account_id_fkey REFERENCES account,
  post_id uuid NOT NULL CONSTRAINT account_post_post_id_fkey REFERENCES post,
  CONSTRAINT account_post_pkey PRIMARY KEY (account_id, post_id)
);
COMMENT ON TABLE account_post IS 'The posts an account may act in; a log-in chooses one';

CREATE TABLE session (
  id uuid CONSTRAINT session_pkey PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT session_account_id_fkey REFERENCES account,
  post_id uuid NOT NULL CONSTRAINT session_post_id_fkey REFERENCES post,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  version integer NOT NULL DEFAULT 1
);
CREATE INDEX session_ended_at_idx ON session (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE signing_key (
  kid text COLLATE "C" CONSTRAINT signing_key_pkey PRIMARY KEY,
  public_pem text NOT NULL,
  jwk json NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz
);
COMMENT ON TABLE signing_key IS 'Public halves of the token keys; the private halves never come near the database';

CALL zeren.classify('role', 'reference');
CALL zeren.classify('role_permission', 'reference');
CALL zeren.classify('account', 'private');
CALL zeren.classify('account_post', 'private');
CALL zeren.classify('login_guard', 'private');
CALL zeren.classify('session', 'private');
CALL zeren.classify('post', 'upward');
CALL zeren.classify('person', 'upward');
CALL zeren.classify('holder', 'upward');
-- Keys are public by nature, and only the identity service adds one.
CALL zeren.classify('signing_key', 'reference');
CREATE POLICY add_own_key ON signing_key FOR INSERT TO identity_service WITH CHECK (true);

GRANT SELECT ON role, role_permission TO identity_service;
GRANT SELECT, INSERT, UPDATE ON account, account_post, session, post, person, holder TO identity_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON login_guard TO identity_service;
GRANT SELECT, INSERT ON signing_key TO identity_service;

-- What other services may read (charter D16): keys, what was revoked lately, who holds which post.
CREATE VIEW identity_pub.signing_key WITH (security_invoker = true) AS
  SELECT kid, public_pem, retired_at FROM identity.signing_key;
COMMENT ON VIEW identity_pub.signing_key IS 'Public keys that tokens are checked against';
-- Revocations are read before any caller is known, by every service, so they are kept as rows of their own and not filtered by scope.
CREATE TABLE revocation (
  subject_id uuid NOT NULL,
  kind text COLLATE "C" NOT NULL,
  epoch integer NOT NULL DEFAULT 0,
  at timestamptz NOT NULL,
  CONSTRAINT revocation_pkey PRIMARY KEY (subject_id, kind),
  CONSTRAINT revocation_kind_check CHECK (kind IN ('account', 'session'))
);
COMMENT ON TABLE revocation IS 'Accounts whose epoch rose and sessions that ended while tokens of theirs may still run (ten minutes and slack)';
CREATE INDEX revocation_at_idx ON revocation (at);
CALL zeren.classify('revocation', 'reference');
CREATE POLICY revoke ON revocation FOR ALL TO identity_service, identity_worker USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON revocation TO identity_service;
GRANT SELECT, DELETE ON revocation TO identity_worker;
CREATE FUNCTION revoke_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO identity.revocation (subject_id, kind, epoch, at) VALUES (NEW.id, 'account', NEW.epoch, now())
  ON CONFLICT (subject_id, kind) DO UPDATE SET epoch = EXCLUDED.epoch, at = EXCLUDED.at;
  RETURN NULL;
END $$;
CREATE TRIGGER epoch_rises AFTER UPDATE OF epoch ON account FOR EACH ROW WHEN (OLD.epoch < NEW.epoch) EXECUTE FUNCTION revoke_account();
CREATE VIEW identity_pub.revocation WITH (security_invoker = true) AS SELECT subject_id, kind, epoch, at FROM identity.revocation;
COMMENT ON VIEW identity_pub.revocation IS 'What was revoked lately';
CREATE VIEW identity_pub.post_holder WITH (security_invoker = true) AS
  SELECT p.id AS post_id, p.organisation_id, p.title, p.duty, h.person_id, n.name, h.starts_on, h.ends_on
    FROM identity.post p LEFT JOIN identity.holder h ON h.post_id = p.id LEFT JOIN identity.person n ON n.id = h.person_id;
COMMENT ON VIEW identity_pub.post_holder IS 'Posts with their dated holders';

GRANT USAGE ON SCHEMA identity_pub TO PUBLIC;
GRANT USAGE ON SCHEMA identity TO registry_service, registry_worker;
GRANT SELECT ON identity_pub.signing_key, identity_pub.revocation TO identity_service, identity_worker, registry_service, registry_worker;
GRANT SELECT (kid, public_pem, retired_at) ON identity.signing_key TO identity_worker, registry_service, registry_worker;
GRANT SELECT (subject_id, kind, epoch, at) ON identity.revocation TO registry_service, registry_worker;
GRANT SELECT ON identity_pub.post_holder TO registry_service;
GRANT SELECT (id, owner_division, organisation_id, title, duty) ON identity.post TO registry_service;
GRANT SELECT (id, owner_division, post_id, person_id, starts_on, ends_on) ON identity.holder TO registry_service;
GRANT SELECT (id, owner_division, name) ON identity.person TO registry_service;
