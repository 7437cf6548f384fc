-- What devices need of a service: digests of what they hold, and the conflicts of what they bring. Rules: proto/sync.md.

-- M-3: the first eight bytes of SHA-256("<id>:<version>").
CREATE FUNCTION zeren.sync_digest(id uuid, version integer) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ('x' || encode(substring(sha256(convert_to(id::text || ':' || version::text, 'UTF8')) FOR 8), 'hex'))::bit(64)::bigint;
COMMENT ON FUNCTION zeren.sync_digest(uuid, integer) IS 'What one record adds, by exclusive or, to the digest of a device''s state';

CREATE PROCEDURE zeren.equip_sync(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE TABLE %1$I.sync_conflict (
      id uuid CONSTRAINT sync_conflict_pkey PRIMARY KEY,
      owner_division zeren.division_code NOT NULL,
      kind text NOT NULL,
      record_id uuid NOT NULL,
      op_id uuid NOT NULL,
      operation text NOT NULL,
      account_id uuid NOT NULL,
      post_id uuid NOT NULL,
      base_version integer,
      record_version integer NOT NULL,
      fields text[] NOT NULL,
      base jsonb NOT NULL,
      mine jsonb NOT NULL,
      theirs jsonb NOT NULL,
      status text NOT NULL DEFAULT 'open' CONSTRAINT sync_conflict_status_check CHECK (status IN ('open', 'settled')),
      take text CONSTRAINT sync_conflict_take_check CHECK (take IN ('mine', 'theirs')),
      settled_by uuid,
      settled_at timestamptz,
      created_at timestamptz NOT NULL,
      version integer NOT NULL DEFAULT 1,
      CONSTRAINT sync_conflict_op_id_key UNIQUE (account_id, op_id)
    );
    COMMENT ON TABLE %1$I.sync_conflict IS 'Members of a record that a device changed, and another before it; open until somebody chooses';
    CREATE INDEX sync_conflict_account_id_idx ON %1$I.sync_conflict (account_id, created_at, id);
    CREATE INDEX sync_conflict_post_id_idx ON %1$I.sync_conflict (post_id, created_at, id);
    CALL zeren.classify('%1$I.sync_conflict', 'scoped');
    GRANT SELECT, INSERT, UPDATE ON %1$I.sync_conflict TO %2$I;
    GRANT SELECT (record, record_id, owner_division, lines, left_division, left_lines, deleted) ON %1$I.outbox TO %2$I;
  $q$, svc, svc || '_service');
END $$;
COMMENT ON PROCEDURE zeren.equip_sync(text) IS 'Gives a service the table of its devices'' conflicts';
