-- R-060: items counted by what figures are asked by, kept and not counted anew: every change of an item adds what it takes away and what it brings to
-- rollup_delta, in its own transaction; the worker folds that into item_rollup. The list's state is not in the key: it is read where the figures are read, so
-- that an item and its list may change at once.
CREATE TABLE rollup_delta (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT rollup_delta_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL,
  duty_list_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  due_on date NOT NULL,
  done_on date NOT NULL,
  paused boolean NOT NULL,
  n integer NOT NULL
);
COMMENT ON TABLE rollup_delta IS 'What items'' changes add to item_rollup, until the worker has folded it in; only ever inserted, so that no two changes meet';
ALTER TABLE rollup_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE item_rollup (
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL,
  duty_list_id uuid NOT NULL,
  organisation_id uuid NOT NULL,
  due_on date NOT NULL,
  done_on date NOT NULL,
  paused boolean NOT NULL,
  n integer NOT NULL,
  CONSTRAINT item_rollup_pkey PRIMARY KEY (owner_division, duty_list_id, organisation_id, due_on, done_on, paused, lines)
) WITH (fillfactor = 70);
COMMENT ON TABLE item_rollup IS 'How many items a unit has by list, deadline and day done (infinity: open); paused: the deadline of these was ever paused, and lateness is theirs alone';
CREATE TABLE rollup_fold (
  kind text COLLATE "C" CONSTRAINT rollup_fold_pkey PRIMARY KEY,
  as_of timestamptz NOT NULL
);
COMMENT ON TABLE rollup_fold IS 'Up to when roll-ups hold everything that was committed';

CALL zeren.classify('rollup_delta', 'private');
CALL zeren.classify('item_rollup', 'scoped');
CALL zeren.classify('rollup_fold', 'private');
GRANT INSERT ON rollup_delta TO registry_service, registry_worker;
GRANT SELECT, DELETE ON rollup_delta TO registry_worker;
GRANT SELECT ON item_rollup, rollup_fold TO registry_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON item_rollup TO registry_worker;
GRANT SELECT, INSERT, UPDATE ON rollup_fold TO registry_worker;
CREATE INDEX item_paused_idx ON item (owner_division) WHERE pauses > 0;

-- One row a key that the statement changed; what an update leaves where it was adds nothing.
CREATE FUNCTION roll_items_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO registry.rollup_delta (owner_division, lines, duty_list_id, organisation_id, due_on, done_on, paused, n)
    SELECT owner_division, lines, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity'), pauses > 0, count(*) FROM added GROUP BY 1, 2, 3, 4, 5, 6, 7;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO registry.rollup_delta (owner_division, lines, duty_list_id, organisation_id, due_on, done_on, paused, n)
    SELECT owner_division, lines, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity'), pauses > 0, -count(*) FROM removed GROUP BY 1, 2, 3, 4, 5, 6, 7;
  ELSE
    INSERT INTO registry.rollup_delta (owner_division, lines, duty_list_id, organisation_id, due_on, done_on, paused, n)
    SELECT owner_division, lines, duty_list_id, lead_organisation_id, due_on, done_on, paused, sum(n)
      FROM (SELECT owner_division, lines, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity') AS done_on, pauses > 0 AS paused, 1 AS n FROM added
            UNION ALL
            SELECT owner_division, lines, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity'), pauses > 0, -1 FROM removed) AS c
     GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(n) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER roll_up_inserted AFTER INSERT ON item REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION roll_items_up();
CREATE TRIGGER roll_up_updated AFTER UPDATE ON item REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION roll_items_up();
CREATE TRIGGER roll_up_deleted AFTER DELETE ON item REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION roll_items_up();

-- What is there already.
ALTER TABLE item DISABLE ROW LEVEL SECURITY;
ALTER TABLE item_rollup DISABLE ROW LEVEL SECURITY;
INSERT INTO item_rollup
SELECT owner_division, lines, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity'), pauses > 0, count(*) FROM item GROUP BY 1, 2, 3, 4, 5, 6, 7;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
ALTER TABLE item_rollup ENABLE ROW LEVEL SECURITY;
