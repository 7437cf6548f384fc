-- deploy/postgres/roles.sql - roles of the database, run once by the superuser before the first migration; safe to repeat.
-- An owner (no log-in) and least-privilege log-in roles per service. Grants on tables are made by the migrations.
-- Passwords are set by the deployment where connections do not come over a Unix socket with peer authentication.
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['zeren_owner', 'identity_owner', 'registry_owner', 'monitoring_owner'] LOOP
    IF to_regrole(r) IS NULL THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', r);
    END IF;
  END LOOP;
  FOREACH r IN ARRAY ARRAY['zeren_migrate', 'identity_service', 'identity_worker', 'registry_service', 'registry_worker',
                           'monitoring_service', 'monitoring_worker', 'zeren_audit'] LOOP
    IF to_regrole(r) IS NULL THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', r);
    END IF;
  END LOOP;
END $$;
GRANT zeren_owner, identity_owner, registry_owner, monitoring_owner TO zeren_migrate;

DO $$
BEGIN
  EXECUTE format('ALTER DATABASE %I SET timezone TO %L', current_database(), 'UTC');
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO zeren_migrate, identity_service, identity_worker, registry_service, registry_worker, '
                 'monitoring_service, monitoring_worker, zeren_audit', current_database());
END $$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- The owner of a schema is the only one who makes anything in it; services own nothing.
CREATE SCHEMA IF NOT EXISTS zeren AUTHORIZATION zeren_owner;
CREATE SCHEMA IF NOT EXISTS identity AUTHORIZATION identity_owner;
CREATE SCHEMA IF NOT EXISTS identity_pub AUTHORIZATION identity_owner;
CREATE SCHEMA IF NOT EXISTS registry AUTHORIZATION registry_owner;
CREATE SCHEMA IF NOT EXISTS registry_pub AUTHORIZATION registry_owner;
CREATE SCHEMA IF NOT EXISTS monitoring AUTHORIZATION monitoring_owner;
CREATE SCHEMA IF NOT EXISTS monitoring_pub AUTHORIZATION monitoring_owner;

-- btree_gist: exclusion constraints that keep dated rows of one code or post from overlapping, which no unique key can say.
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA zeren;
