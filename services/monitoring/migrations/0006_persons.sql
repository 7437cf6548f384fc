-- A living person belongs to one household, province-wide: person_key, unpartitioned; claims where two households entered one person; transfers between
-- divisions. Rules M-130 to M-147 of proto/monitoring.md.
--
-- For whoever writes members. `hashes` is the ID number's hashes under every look-up key (:id_number_hashes), NULL without a number; `may_locate` is
-- :may_locate, which person_bind() of persons.h binds (person.locate, no rehearsal, and a question counted). Each returns what the row's `confirmation` is, and is called in the
-- SELECT that inserts or updates the row, in any order with it:
--   enter_person(of_member uuid, in_division text, hashes bytea[], may_locate boolean, caller_account uuid, field text, moment timestamptz) RETURNS text
--       a person newly entered: 'none', 'unconfirmed' (looked up by the worker, later) or, for a holder of person.locate, 'confirmed' or refused
--       (ZR014: registered_elsewhere; `field` names the member's number, 'id_number'). A handler ends a failed write by person_refused(rq, ...) of persons.h.
--   follow_person(from_member uuid, to_member uuid, in_division text, in_household uuid, hashes bytea[], moment timestamptz) RETURNS text
--       the same person's row in another household (follows_id = from_member: split, merged, moved, returned): key, check and claim go with the person.
--       hashes: ARRAY[the old row's id_number_hash] will do.
--   correct_person(of_member uuid, in_division text, hashes bytea[], may_locate boolean, caller_account uuid, field text, moment timestamptz) RETURNS text
--       the ID number was corrected, given or taken away: the former one is free again, the new one entered. Call it only where the number changes.
-- Nothing to call: leaving (triggers free the key at the end of the transaction unless a row follows; death keeps it), coming back, deleting, new hashes of a
-- reseal. Bulk: confirmation 'none', 'confirmed' for whom take_persons() returns, else 'unconfirmed', and in the same statement
--   INSERT INTO person_check (member_id, hashes, recorded_at) SELECT id, hashes, recorded_at FROM the new rows that are unconfirmed, and of a household that
--   has none of these, but persons, one that is confirmed: so that the worker tells of each household once, whatever came of it (M-139).

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('monitoring.locate_per_hour', '000000000000', 0, '30', true, 'assumed: questions an hour and account whether a person is registered elsewhere'),
  ('monitoring.claim_days', '000000000000', 0, '90', true, 'assumed: a claim without an entry of its own is forgotten after a quarter'),
  ('monitoring.transfer_work_days', '000000000000', 0, '15', true, 'assumed: three working weeks for the other side of a transfer to answer');

-- ---- who is registered where
CREATE TABLE person_key (
  hash bytea CONSTRAINT person_key_pkey PRIMARY KEY,
  member_id uuid NOT NULL,
  division zeren.division_code NOT NULL,
  died boolean NOT NULL DEFAULT false,
  confirmed_at timestamptz NOT NULL
);
COMMENT ON TABLE person_key IS 'Whose ID number is registered, in which membership: one row a person, two while look-up keys rotate';
COMMENT ON COLUMN person_key.hash IS 'Keyed hash of the ID number; its first four bytes name the key';
COMMENT ON COLUMN person_key.division IS 'The village of that membership';
COMMENT ON COLUMN person_key.died IS 'The membership ended by death: nobody else is that person';
CREATE INDEX person_key_member_id_idx ON person_key (member_id);
CALL zeren.classify('person_key', 'private');

CREATE TABLE person_check (
  member_id uuid CONSTRAINT person_check_pkey PRIMARY KEY,
  hashes bytea[] NOT NULL,
  recorded_at timestamptz NOT NULL,
  CONSTRAINT person_check_hashes_check CHECK (cardinality(hashes) > 0)
);
COMMENT ON TABLE person_check IS 'Memberships that wait to be confirmed, in order of recorded_at and id; hashes under every look-up key there was';
CREATE INDEX person_check_recorded_at_idx ON person_check (recorded_at, member_id);
CALL zeren.classify('person_check', 'private');

CREATE TABLE person_freed (
  hash bytea CONSTRAINT person_freed_pkey PRIMARY KEY,
  freed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE person_freed IS 'Numbers that nobody holds any more: whoever claims one is checked again';
CALL zeren.classify('person_freed', 'private');

CREATE TABLE person_look (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT person_look_pkey PRIMARY KEY,
  account_id uuid NOT NULL,
  at timestamptz NOT NULL,
  told boolean NOT NULL DEFAULT true
);
COMMENT ON TABLE person_look IS 'Answers of the last hours that told an account whether somebody is registered elsewhere';
COMMENT ON COLUMN person_look.told IS 'False: set aside by an entry under way, which may be told so; counts as long as a request lasts at most';
CREATE INDEX person_look_account_id_idx ON person_look (account_id, at);
CREATE INDEX person_look_at_idx ON person_look (at);
CALL zeren.classify('person_look', 'private');
GRANT SELECT, INSERT, UPDATE, DELETE ON person_key, person_check, person_freed, person_look TO monitoring_service, monitoring_worker;

-- ---- claims
CREATE TABLE person_claim (
  id uuid CONSTRAINT person_claim_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  household_id uuid,
  member_id uuid,
  status text COLLATE "C" NOT NULL DEFAULT 'open',
  decision_note text,
  decided_by uuid,
  decided_at timestamptz,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT person_claim_status_check CHECK (status IN ('open', 'confirmed', 'transferred', 'withdrawn', 'rejected', 'expired'))
);
COMMENT ON TABLE person_claim IS 'A person entered here who is registered in another household: of the division that entered; says nothing of the other';
COMMENT ON COLUMN person_claim.member_id IS 'The unconfirmed membership, which may be gone (a batch taken back); NULL: a holder of person.locate was told before there was one';
CREATE UNIQUE INDEX person_claim_member_key ON person_claim (member_id) WHERE status = 'open';
CREATE INDEX person_claim_member_id_idx ON person_claim (member_id);
CREATE INDEX person_claim_owner_division_idx ON person_claim (owner_division, created_at, id);
CREATE INDEX person_claim_created_at_idx ON person_claim (created_at, id);
CREATE INDEX person_claim_household_id_idx ON person_claim (household_id) WHERE household_id IS NOT NULL;
CALL zeren.classify('person_claim', 'scoped');

CREATE TABLE person_claim_hash (
  hash bytea NOT NULL,
  claim_id uuid NOT NULL CONSTRAINT person_claim_hash_claim_id_fkey REFERENCES person_claim ON DELETE CASCADE,
  CONSTRAINT person_claim_hash_pkey PRIMARY KEY (hash, claim_id)
);
COMMENT ON TABLE person_claim_hash IS 'The number that a claim is about';
CREATE INDEX person_claim_hash_claim_id_idx ON person_claim_hash (claim_id);
CALL zeren.classify('person_claim_hash', 'private');
GRANT SELECT, INSERT, UPDATE ON person_claim TO monitoring_service, monitoring_worker;
GRANT SELECT, INSERT, DELETE ON person_claim_hash TO monitoring_service, monitoring_worker;

-- ---- transfers: a row for each side, each in that side's division
CREATE TABLE transfer (
  id uuid CONSTRAINT transfer_pkey PRIMARY KEY,
  counterpart_id uuid NOT NULL,
  owner_division zeren.division_code NOT NULL,
  side text COLLATE "C" NOT NULL,
  asked_by text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL DEFAULT 'requested',
  from_division zeren.division_code,
  to_division zeren.division_code NOT NULL,
  household_id uuid,
  member_id uuid,
  to_household_id uuid,
  claim_id uuid,
  subject_name text,
  reason text NOT NULL,
  answer_by date NOT NULL,
  decision_note text,
  decided_at timestamptz,
  asked_account uuid NOT NULL,
  asked_post uuid NOT NULL,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT transfer_side_check CHECK (side IN ('giving', 'receiving')),
  CONSTRAINT transfer_asked_by_check CHECK (asked_by IN ('giving', 'receiving')),
  CONSTRAINT transfer_kind_check CHECK (kind IN ('household', 'member')),
  CONSTRAINT transfer_status_check CHECK (status IN ('requested', 'accepted', 'refused', 'withdrawn', 'expired')),
  CONSTRAINT transfer_owner_check CHECK (owner_division = CASE side WHEN 'giving' THEN from_division ELSE to_division END),
  CONSTRAINT transfer_giving_check CHECK (side = 'receiving' OR (household_id IS NOT NULL AND (kind = 'member') = (member_id IS NOT NULL)))
);
COMMENT ON TABLE transfer IS 'A move of a household or of one member from division to division, as one side sees it; counterpart_id: the other side''s row';
COMMENT ON COLUMN transfer.asked_by IS 'The side that asked; the other one decides';
COMMENT ON COLUMN transfer.from_division IS 'NULL on the receiving side that asked by a claim: it learns it when the other accepts';
COMMENT ON COLUMN transfer.subject_name IS 'The head''s or the member''s name, as far as the side may know it; of a child its first character';
CREATE UNIQUE INDEX transfer_household_key ON transfer (household_id, coalesce(member_id, household_id)) WHERE side = 'giving' AND status = 'requested';
CREATE INDEX transfer_owner_division_idx ON transfer (owner_division, created_at, id);
CREATE INDEX transfer_created_at_idx ON transfer (created_at, id);
CREATE INDEX transfer_counterpart_id_idx ON transfer (counterpart_id);
CREATE INDEX transfer_household_id_idx ON transfer (household_id) WHERE household_id IS NOT NULL;
CREATE INDEX transfer_claim_id_idx ON transfer (claim_id) WHERE claim_id IS NOT NULL;
CREATE INDEX transfer_answer_by_idx ON transfer (answer_by) WHERE status = 'requested';
CALL zeren.classify('transfer', 'scoped');
GRANT SELECT, INSERT, UPDATE ON transfer TO monitoring_service;
GRANT SELECT, UPDATE ON transfer TO monitoring_worker;

CREATE TABLE transfer_pair (
  id uuid CONSTRAINT transfer_pair_pkey PRIMARY KEY,
  from_division zeren.division_code NOT NULL,
  to_division zeren.division_code NOT NULL
);
COMMENT ON TABLE transfer_pair IS 'The two divisions of a transfer, by the giving side''s row: its lock, and the scope that it is carried out in';
CALL zeren.classify('transfer_pair', 'private');
GRANT SELECT, INSERT, UPDATE ON transfer_pair TO monitoring_service;
GRANT SELECT, UPDATE ON transfer_pair TO monitoring_worker;

-- What goes with a household. A service's later tables add a row.
CREATE TABLE moved_table (
  name text COLLATE "C" CONSTRAINT moved_table_pkey PRIMARY KEY,
  matched_by text COLLATE "C" NOT NULL DEFAULT 'household_id',
  sort integer NOT NULL,
  kind text COLLATE "C",
  versioned boolean NOT NULL,
  archived boolean NOT NULL,
  only_where text,
  also_set text,
  told_as text
);
COMMENT ON TABLE moved_table IS 'Tables whose rows change their division with their household when it moves, in order of sort';
COMMENT ON COLUMN moved_table.matched_by IS 'The column with the household''s id';
COMMENT ON COLUMN moved_table.kind IS 'As its events name it; NULL: it has none';
COMMENT ON COLUMN moved_table.archived IS 'It says who recorded its version, when and why, and keeps its versions';
COMMENT ON COLUMN moved_table.only_where IS 'SQL: which of its rows; NULL: all. also_set: SQL of further columns';
COMMENT ON COLUMN moved_table.told_as IS 'SQL: the kind of the event of a row x where that is not always kind; asked while both divisions are seen';
INSERT INTO moved_table (name, matched_by, sort, kind, versioned, archived, only_where, also_set, told_as) VALUES
  ('household', 'id', 1, 'household', true, true, NULL, 'settlement_id = NULL, grid_id = NULL', NULL),
  ('member', 'household_id', 2, 'member', true, true, NULL, NULL, NULL),
  ('three_guarantees', 'household_id', 3, 'three_guarantees', true, true, NULL, NULL, NULL),
  ('income', 'household_id', 4, 'income', true, true, NULL, NULL, NULL),
  ('living_conditions', 'household_id', 5, 'living_conditions', true, true, NULL, NULL, NULL),
  ('finding', 'household_id', 6, 'finding', true, false, NULL, NULL,
   'monitoring.finding_told_as(x.rule, x.member_id, ($4 AT TIME ZONE ''Asia/Shanghai'')::date)'),
  ('person_claim', 'household_id', 7, 'person_claim', true, false, 'status = ''open''', NULL, NULL),
  ('archive_version', 'household_id', 90, NULL, false, false, NULL, NULL, NULL);
CALL zeren.classify('moved_table', 'reference');
GRANT SELECT ON moved_table TO monitoring_service, monitoring_worker;

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('person_claim', 'scoped', 'person.locate', '人员重复登记'), ('person_check', 'scoped', 'person.locate', '人员核实'), ('transfer', 'scoped', 'household.transfer', '迁移申请');

-- ---- scope
-- From here to look_within() statements see these divisions and no other (charter D1).
CREATE FUNCTION look_at(divisions text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := coalesce(current_setting('zeren.scope', true), '');
BEGIN
  PERFORM set_config('zeren.scope', (SELECT '{' || string_agg(DISTINCT format('["%s","%s~")', d, d), ',') || '}' FROM unnest(divisions) AS u (d)), true);
  RETURN before;
END $$;
CREATE FUNCTION look_within(before text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM set_config('zeren.scope', before, true);
END $$;

-- ---- entering, following, correcting, leaving
-- M-133: how many questions an account has left in this hour. An entry under way that was killed no longer counts after five minutes, longer than any request lasts.
CREATE FUNCTION locates_left(of_account uuid, moment timestamptz) RETURNS integer LANGUAGE sql VOLATILE
  RETURN zeren.setting_value('monitoring.locate_per_hour', '000000000000', 0)::integer
         - (SELECT count(*)::integer FROM monitoring.person_look l
             WHERE l.account_id = of_account AND l.at > moment - interval '1 hour' AND (l.told OR l.at > moment - interval '5 minutes'));

-- M-133: counts first, then looks; one of an account at a time. NULL: too often in this hour.
CREATE FUNCTION take_look(of_account uuid, moment timestamptz, is_told boolean) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE taken bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('monitoring.locate ' || of_account, 0));
  IF monitoring.locates_left(of_account, moment) <= 0 THEN RETURN NULL; END IF;
  INSERT INTO monitoring.person_look (account_id, at, told) VALUES (of_account, moment, is_told) RETURNING id INTO taken;
  RETURN taken;
END $$;

-- Takes the number for the membership, under all its hashes; false where another one has it.
CREATE FUNCTION take_person(of_member uuid, in_division text, hashes bytea[], moment timestamptz) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO monitoring.person_key (hash, member_id, division, confirmed_at)
  SELECT DISTINCT h.hash, of_member, in_division, moment FROM unnest(hashes) AS h (hash) ORDER BY 1
  ON CONFLICT ON CONSTRAINT person_key_pkey DO NOTHING;
  RETURN NOT EXISTS (SELECT FROM monitoring.person_key k WHERE k.hash = ANY (hashes) AND k.member_id <> of_member);
END $$;

CREATE FUNCTION enter_person(of_member uuid, in_division text, hashes bytea[], may_locate boolean, caller_account uuid, field text, moment timestamptz)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF hashes IS NULL THEN RETURN 'none'; END IF;
  IF coalesce(may_locate, false) THEN
    -- Taken by this very transaction: twice in one household, which its unique key says.
    IF NOT monitoring.take_person(of_member, in_division, hashes, moment)
       AND EXISTS (SELECT FROM monitoring.person_key k WHERE k.hash = ANY (enter_person.hashes) AND k.member_id <> of_member
                      AND k.xmin::text <> pg_current_xact_id()::xid::text) THEN
      PERFORM zeren.refuse('ZR014', field, 'this person is registered in another household');
    END IF;
    RETURN 'confirmed';
  END IF;
  INSERT INTO monitoring.person_check (member_id, hashes, recorded_at) VALUES (of_member, enter_person.hashes, moment)
  ON CONFLICT ON CONSTRAINT person_check_pkey DO UPDATE SET hashes = EXCLUDED.hashes, recorded_at = EXCLUDED.recorded_at;
  RETURN 'unconfirmed';
END $$;
COMMENT ON FUNCTION enter_person(uuid, text, bytea[], boolean, uuid, text, timestamptz)
    IS 'What the confirmation of a newly entered membership is (M-131, M-133)';

-- M-139: an audit row that tells of a claim, or that persons were checked, is the province's, whoever writes it: in its county it would tell who is claimed elsewhere.
CREATE FUNCTION audit_for_province() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.owner_division := rpad(left(NEW.owner_division, 2), 12, '0');
  RETURN NEW;
END $$;
CREATE TRIGGER audit_for_province BEFORE INSERT ON audit_log FOR EACH ROW
  WHEN (NEW.record IN ('person_claim', 'person_check') OR (NEW.record = 'transfer' AND NEW.body ->> 'asked_by' = 'receiving'))
  EXECUTE FUNCTION audit_for_province();

-- Open claims end with their memberships. M-139: one event a membership that is still there, whether there was a claim or not, none of one that is deleted, since how
-- many events there are is everybody's to see; and one audit row in any case, for so are the numbers of audit rows.
CREATE FUNCTION end_claims(of_members uuid[], moment timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF of_members = '{}' THEN RETURN; END IF;
  WITH ended AS (
    UPDATE monitoring.person_claim c SET status = 'withdrawn', decided_at = moment, version = c.version + 1
     WHERE c.member_id = ANY (of_members) AND c.status = 'open' RETURNING c.*
  ), audited AS (
    INSERT INTO monitoring.audit_log (at, verb, record, record_id, version, owner_division, body)
    SELECT moment, 'free_person', 'person_check', gen_random_uuid(), 1,
           coalesce((SELECT min(m.owner_division::text) FROM monitoring.member m WHERE m.id = ANY (of_members)), min(e.owner_division::text), '000000000000'),
           jsonb_build_object('members', cardinality(of_members), 'claims', coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.id) FILTER (WHERE e.id IS NOT NULL), '[]'))
      FROM ended e
  )
  INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
  SELECT moment, 'withdraw_person_claim', 'person_claim', e.id, e.version, e.owner_division FROM ended e
   WHERE EXISTS (SELECT FROM monitoring.member m WHERE m.id = e.member_id)
   UNION ALL SELECT moment, 'free_person', 'person_check', m.id, m.version, m.owner_division::text
               FROM monitoring.member m WHERE m.id = ANY (of_members) AND m.id NOT IN (SELECT e.member_id FROM ended e);
END $$;

-- The number is free again; whoever claims it is checked anew, by the worker.
CREATE FUNCTION free_persons(of_members uuid[], moment timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  WITH gone AS (DELETE FROM monitoring.person_key k WHERE k.member_id = ANY (of_members) RETURNING k.hash)
  INSERT INTO monitoring.person_freed (hash) SELECT g.hash FROM gone g WHERE EXISTS (SELECT FROM monitoring.person_claim_hash c WHERE c.hash = g.hash)
  ON CONFLICT ON CONSTRAINT person_freed_pkey DO NOTHING;
  DELETE FROM monitoring.person_check c WHERE c.member_id = ANY (of_members);
  PERFORM monitoring.end_claims(of_members, moment);
END $$;

CREATE FUNCTION follow_person(from_member uuid, to_member uuid, in_division text, in_household uuid, hashes bytea[], moment timestamptz)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE waits boolean;
BEGIN
  IF hashes IS NULL OR hashes[1] IS NULL THEN RETURN 'none'; END IF;
  UPDATE monitoring.person_key k SET member_id = to_member, division = in_division, died = false WHERE k.member_id = from_member;
  IF FOUND THEN
    DELETE FROM monitoring.person_check c WHERE c.member_id = from_member;
    RETURN 'confirmed';
  END IF;
  UPDATE monitoring.person_check c SET member_id = to_member WHERE c.member_id = from_member;
  waits := FOUND;
  UPDATE monitoring.person_claim c SET member_id = to_member, household_id = in_household, owner_division = in_division, version = c.version + 1
   WHERE c.member_id = from_member AND c.status = 'open';
  IF NOT FOUND AND NOT waits THEN
    INSERT INTO monitoring.person_check (member_id, hashes, recorded_at) VALUES (to_member, follow_person.hashes, moment);
  END IF;
  RETURN 'unconfirmed';
END $$;
COMMENT ON FUNCTION follow_person(uuid, uuid, text, uuid, bytea[], timestamptz)
    IS 'What the confirmation of a person''s next membership is; key, check and claim go with the person (M-132)';

-- Does the membership wait under one of these hashes, to be checked or by a claim?
CREATE FUNCTION person_waits(of_member uuid, hashes bytea[]) RETURNS boolean LANGUAGE sql VOLATILE
  RETURN EXISTS (SELECT FROM monitoring.person_check c WHERE c.member_id = of_member AND c.hashes && person_waits.hashes)
      OR EXISTS (SELECT FROM monitoring.person_claim c JOIN monitoring.person_claim_hash h ON h.claim_id = c.id
                  WHERE c.member_id = of_member AND c.status = 'open' AND h.hash = ANY (person_waits.hashes));

CREATE FUNCTION correct_person(of_member uuid, in_division text, hashes bytea[], may_locate boolean, caller_account uuid, field text, moment timestamptz)
RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF EXISTS (SELECT FROM monitoring.person_key k WHERE k.member_id = of_member AND k.hash = ANY (correct_person.hashes)) THEN RETURN 'confirmed'; END IF;
  IF monitoring.person_waits(of_member, correct_person.hashes) THEN RETURN 'unconfirmed'; END IF;
  PERFORM monitoring.free_persons(ARRAY[of_member], moment);
  RETURN monitoring.enter_person(of_member, in_division, hashes, may_locate, caller_account, field, moment);
END $$;
COMMENT ON FUNCTION correct_person(uuid, text, bytea[], boolean, uuid, text, timestamptz)
    IS 'What the confirmation of a membership is whose ID number was corrected: the former one is free (M-132)';

-- M-132: at the end of the transaction, since the row that follows may be written after this one. Who died stays registered, under a number corrected later, too.
CREATE FUNCTION person_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.left_how = 'death' THEN
    -- Who still waits to be confirmed is taken as who died, by the worker.
    UPDATE monitoring.person_key k SET died = true WHERE k.member_id = NEW.id;
    PERFORM monitoring.end_claims(ARRAY[NEW.id], NEW.recorded_at);
  ELSIF EXISTS (SELECT FROM monitoring.member m WHERE m.id = NEW.id AND m.left_on IS NOT NULL) THEN
    PERFORM monitoring.free_persons(ARRAY[NEW.id], NEW.recorded_at);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER person_left AFTER UPDATE ON member DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (OLD.left_on IS NULL AND NEW.left_on IS NOT NULL AND NEW.id_number_hash IS NOT NULL) EXECUTE FUNCTION person_left();

CREATE FUNCTION persons_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM monitoring.free_persons(ARRAY(SELECT r.id FROM removed r WHERE r.id_number_hash IS NOT NULL), now());
  RETURN NULL;
END $$;
CREATE TRIGGER persons_deleted AFTER DELETE ON member REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION persons_deleted();

-- Who came back (an end that was a mistake) and has no key any more is checked like one newly entered.
CREATE FUNCTION person_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE monitoring.person_key k SET died = false WHERE k.member_id = NEW.id;
  IF FOUND THEN NEW.confirmation := 'confirmed'; RETURN NEW; END IF;
  INSERT INTO monitoring.person_check (member_id, hashes, recorded_at) VALUES (NEW.id, ARRAY[NEW.id_number_hash], NEW.recorded_at)
  ON CONFLICT ON CONSTRAINT person_check_pkey DO NOTHING;
  NEW.confirmation := 'unconfirmed';
  RETURN NEW;
END $$;
CREATE TRIGGER person_back BEFORE UPDATE ON member FOR EACH ROW
  WHEN (OLD.left_on IS NOT NULL AND NEW.left_on IS NULL AND NEW.id_number_hash IS NOT NULL AND NEW.id_number_hash = OLD.id_number_hash)
  EXECUTE FUNCTION person_back();

-- Another hash: the same number under another look-up key (the version stays; the former hash stays beside it until the next rotation, for what waits under
-- it), or another number, which whoever wrote it has entered by correct_person(); if not, it is done here, under this hash alone.
CREATE FUNCTION person_rehashed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.version = OLD.version THEN
    DELETE FROM monitoring.person_key k WHERE k.member_id = NEW.id AND k.hash NOT IN (OLD.id_number_hash, NEW.id_number_hash);
    INSERT INTO monitoring.person_key (hash, member_id, division, died, confirmed_at)
    SELECT NEW.id_number_hash, k.member_id, k.division, k.died, k.confirmed_at FROM monitoring.person_key k WHERE k.member_id = NEW.id LIMIT 1
    ON CONFLICT ON CONSTRAINT person_key_pkey DO NOTHING;
    INSERT INTO monitoring.person_claim_hash (hash, claim_id) SELECT NEW.id_number_hash, c.id FROM monitoring.person_claim c WHERE c.member_id = NEW.id
    ON CONFLICT ON CONSTRAINT person_claim_hash_pkey DO NOTHING;
  ELSIF NEW.id_number_hash IS NULL THEN
    PERFORM monitoring.free_persons(ARRAY[NEW.id], NEW.recorded_at);
    NEW.confirmation := 'none';
  ELSIF NOT EXISTS (SELECT FROM monitoring.person_key k WHERE k.member_id = NEW.id AND k.hash = NEW.id_number_hash)
    AND NOT monitoring.person_waits(NEW.id, ARRAY[NEW.id_number_hash]) THEN
    NEW.confirmation := monitoring.correct_person(NEW.id, NEW.owner_division, ARRAY[NEW.id_number_hash], false, NULL, NULL, NEW.recorded_at);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER person_rehashed BEFORE UPDATE ON member FOR EACH ROW
  WHEN (NEW.id_number_hash IS DISTINCT FROM OLD.id_number_hash) EXECUTE FUNCTION person_rehashed();

-- ---- confirming: the worker's
-- M-134: the next of those who wait, in order; who is registered already stays unconfirmed, with a claim. One at a time, so that the order holds; says how many
-- were looked at. Households are locked first (M-037), since what they are found by says who is not confirmed; then memberships: who leaves in the meantime frees
-- what is taken here, or is found to have left.
-- `keys`: a hash of anything under each look-up key there is, whose first four bytes name it; who does not wait under all of them is given the others first.
CREATE FUNCTION has_keys(hashes bytea[], keys bytea[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY(SELECT substr(k, 1, 4) FROM unnest(keys) AS u (k)) <@ ARRAY(SELECT substr(h, 1, 4) FROM unnest(hashes) AS u (h));
-- A table that is full now and empty in a minute has no statistics to plan by: what waits is read once, in order, and every other row is asked for by its key,
-- one by one (OFFSET 0 keeps a look-up from being joined the other way round; it names its key alone, for a partial index looks as good of what seems empty).
CREATE FUNCTION confirm_persons(batch integer, keys bytea[], moment timestamptz) RETURNS integer LANGUAGE plpgsql VOLATILE SET enable_seqscan = off AS $$
DECLARE taken uuid[]; said text[]; places tid[]; standing uuid[]; owners uuid[]; hashes bytea[]; won uuid[]; lost uuid[]; newly uuid[];
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('monitoring.confirm_persons', 0));
  PERFORM monitoring.recheck_freed(batch, moment);
  SELECT coalesce(array_agg(n.member_id), '{}'), array_agg(n.hashes::text), array_agg(n.place) INTO taken, said, places
    FROM (SELECT c.member_id, c.hashes, c.ctid AS place FROM monitoring.person_check c
           WHERE (cardinality(keys) = 1 AND substr(c.hashes[1], 1, 4) = substr(keys[1], 1, 4)) OR monitoring.has_keys(c.hashes, keys)
           ORDER BY c.recorded_at, c.member_id LIMIT batch) AS n;
  IF taken = '{}' THEN RETURN 0; END IF;
  PERFORM FROM monitoring.household h WHERE h.id IN (SELECT m.household_id FROM monitoring.member m WHERE m.id = ANY (taken)) ORDER BY h.id FOR NO KEY UPDATE;
  PERFORM FROM monitoring.member m WHERE m.id = ANY (taken) ORDER BY m.id FOR NO KEY UPDATE;
  SELECT coalesce(array_agg(w.id ORDER BY w.n, w.hash), '{}'), coalesce(array_agg(w.hash ORDER BY w.n, w.hash), '{}') INTO owners, hashes
    FROM (SELECT DISTINCT u.n, u.id, h.hash
            FROM unnest(taken, said) WITH ORDINALITY AS u (id, hashes, n),
                 LATERAL (SELECT x.id_number_hash, x.left_on, x.left_how FROM monitoring.member x WHERE x.id = u.id OFFSET 0) AS m,
                 LATERAL unnest(u.hashes::bytea[] || m.id_number_hash) AS h (hash)
           WHERE (m.left_on IS NULL OR m.left_how = 'death') AND m.id_number_hash IS NOT NULL) AS w;
  standing := ARRAY(SELECT DISTINCT o.id FROM unnest(owners) AS o (id));
  WITH wanted AS MATERIALIZED (
    SELECT w.id, w.hash, min(w.n) OVER (PARTITION BY w.hash) < w.n
           OR EXISTS (SELECT FROM monitoring.person_key k WHERE k.hash = w.hash AND k.member_id <> w.id OFFSET 0) AS is_refused
      FROM unnest(owners, hashes) WITH ORDINALITY AS w (id, hash, n)
  )
  INSERT INTO monitoring.person_key (hash, member_id, division, died, confirmed_at)
  SELECT x.hash, x.id, m.owner_division, m.died, moment
    FROM (SELECT w.id, w.hash, bool_or(w.is_refused) OVER (PARTITION BY w.id) AS is_refused FROM wanted w) AS x,
         LATERAL (SELECT m.owner_division, m.left_how IS NOT NULL AS died FROM monitoring.member m WHERE m.id = x.id OFFSET 0) AS m
   WHERE NOT x.is_refused ORDER BY x.hash
  ON CONFLICT ON CONSTRAINT person_key_pkey DO NOTHING;
  -- A holder of person.locate may have been first by one hash and not by the other.
  lost := ARRAY(SELECT DISTINCT w.id FROM unnest(owners, hashes) AS w (id, hash)
                 WHERE EXISTS (SELECT FROM monitoring.person_key k WHERE k.hash = w.hash AND k.member_id <> w.id OFFSET 0));
  won := ARRAY(SELECT s.id FROM unnest(standing) AS s (id) EXCEPT SELECT l.id FROM unnest(lost) AS l (id));
  DELETE FROM monitoring.person_key k WHERE k.member_id = ANY (lost);
  newly := monitoring.tell_confirmed(won, moment);
  PERFORM monitoring.tell_checked(standing, monitoring.make_claims(lost, owners, hashes, moment), moment);
  PERFORM monitoring.audit_checked(taken, newly, moment);
  -- By their places: one that has been entered anew meanwhile waits again.
  DELETE FROM monitoring.person_check c USING unnest(places) AS p (place) WHERE c.ctid = p.place;
  RETURN cardinality(taken);
END $$;
COMMENT ON FUNCTION confirm_persons(integer, bytea[], timestamptz) IS 'Confirms the next memberships or makes claims of them; how many it looked at (M-134)';

-- M-168: members of households that a table makes are confirmed as they come in, which saves a second write of each: those whom nobody holds, and nobody has
-- entered or claimed before. Returns them; all others wait, as all do while very many wait or there are several look-up keys. `keys`: as of confirm_persons().
CREATE FUNCTION take_persons(members uuid[], divisions text[], hashes bytea[], keys bytea[], moment timestamptz) RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE ROWS 1500 SET enable_seqscan = off AS $$
DECLARE many CONSTANT integer := 20000; waiting bytea[];
BEGIN
  IF cardinality(keys) <> 1 OR (SELECT count(*) FROM (SELECT FROM monitoring.person_check LIMIT many) AS c) = many THEN RETURN; END IF;
  waiting := ARRAY(SELECT h.hash FROM monitoring.person_check c, unnest(c.hashes) AS h (hash));
  RETURN QUERY
    INSERT INTO monitoring.person_key (hash, member_id, division, confirmed_at)
    SELECT w.hash, w.id, w.division, moment FROM unnest(members, divisions, hashes) AS w (id, division, hash)
     WHERE substr(w.hash, 1, 4) = substr(keys[1], 1, 4) AND w.hash NOT IN (SELECT b.hash FROM unnest(waiting) AS b (hash))
       AND NOT EXISTS (SELECT FROM monitoring.person_claim_hash c WHERE c.hash = w.hash OFFSET 0)
     ORDER BY w.hash, w.id
    ON CONFLICT ON CONSTRAINT person_key_pkey DO NOTHING
    RETURNING member_id;
END $$;
COMMENT ON FUNCTION take_persons(uuid[], text[], bytea[], bytea[], timestamptz) 
    IS 'Registers persons in memberships about to be entered; those whom it could (M-168)';

-- Their confirmation, which is no change of the record (its version stays); who was not confirmed before. Open claims of theirs are settled by it.
CREATE FUNCTION tell_confirmed(members uuid[], moment timestamptz) RETURNS uuid[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE newly uuid[];
BEGIN
  IF members = '{}' THEN RETURN '{}'; END IF;
  WITH now_is AS (
    UPDATE monitoring.member m SET confirmation = 'confirmed' WHERE m.id = ANY (members) AND m.confirmation <> 'confirmed' RETURNING m.id
  ), settled AS (
    UPDATE monitoring.person_claim c SET status = 'confirmed', decided_at = moment, version = c.version + 1
     WHERE c.member_id = ANY (members) AND c.status = 'open' RETURNING c.*
  ), announced AS (
    INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
    SELECT moment, 'confirm_persons', 'person_claim', s.id, s.version, s.owner_division FROM settled s
  )
  SELECT coalesce(array_agg(n.id), '{}') INTO newly FROM now_is n;
  RETURN newly;
END $$;

-- M-139: one audit row of those who were looked at, whatever was found: how many were confirmed, which claims were made or settled.
CREATE FUNCTION audit_checked(members uuid[], confirmed uuid[], moment timestamptz) RETURNS void LANGUAGE sql VOLATILE
BEGIN ATOMIC
  INSERT INTO monitoring.audit_log (at, verb, record, record_id, version, owner_division, body)
  SELECT moment, 'confirm_persons', 'person_check', gen_random_uuid(), 1, min(m.owner_division::text),
         jsonb_build_object('members', cardinality(confirmed), 'claims', coalesce(jsonb_agg(to_jsonb(c.one) ORDER BY (c.one).id) FILTER (WHERE (c.one).id IS NOT NULL), '[]'))
    FROM monitoring.member m
    LEFT JOIN LATERAL (SELECT p AS one FROM monitoring.person_claim p WHERE p.member_id = m.id OFFSET 0) AS c
           ON coalesce((c.one).decided_at, (c.one).created_at) = moment
   WHERE m.id = ANY (members)
  HAVING count(*) > 0;
END;

-- M-139: of who was checked one event a member, of a table one a household, whatever came of it: how many events there are tells nobody whether somebody is registered
-- elsewhere, and which they are is told to holders of person.locate. It is the claim's, the first one's of a household, where there is a new one.
CREATE FUNCTION tell_checked(members uuid[], claims uuid[], moment timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
  SELECT moment, CASE WHEN c.id IS NULL THEN 'confirm_persons' ELSE 'claim_person' END, CASE WHEN c.id IS NULL THEN 'person_check' ELSE 'person_claim' END,
         coalesce(c.id, t.told), coalesce(c.version, t.version), t.owner_division
    FROM (SELECT coalesce(k.by_home, k.id) AS told, k.owner_division, max(CASE WHEN k.by_home IS NULL THEN k.version ELSE h.version END) AS version,
                 array_agg(k.id) AS ids
            FROM (SELECT m.id, m.household_id, m.version, m.owner_division, CASE WHEN m.source = 'import' THEN m.household_id END AS by_home
                    FROM monitoring.member m WHERE m.id = ANY (members)) AS k JOIN monitoring.household h ON h.id = k.household_id
           GROUP BY 1, 2) AS t
    LEFT JOIN LATERAL (SELECT x.id, x.version
                         FROM unnest(t.ids) AS i (id), LATERAL (SELECT p.* FROM monitoring.person_claim p WHERE p.member_id = i.id OFFSET 0) AS x
                        WHERE x.id = ANY (claims) ORDER BY x.created_at, x.id LIMIT 1) AS c ON true;
END $$;

-- Their ids. `owners` and `hashes`: whose number is which.
CREATE FUNCTION make_claims(members uuid[], owners uuid[], hashes bytea[], moment timestamptz) RETURNS uuid[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE made_ids uuid[];
BEGIN
  IF members = '{}' THEN RETURN '{}'; END IF;
  WITH made AS (
    INSERT INTO monitoring.person_claim (id, owner_division, household_id, member_id, created_at)
    SELECT gen_random_uuid(), m.owner_division, m.household_id, m.id, moment FROM monitoring.member m
     WHERE m.id = ANY (members) AND m.left_on IS NULL ORDER BY m.recorded_at, m.id
    ON CONFLICT (member_id) WHERE status = 'open' DO NOTHING
    RETURNING *
  ), named AS (
    INSERT INTO monitoring.person_claim_hash (hash, claim_id)
    SELECT DISTINCT w.hash, d.id FROM made d JOIN unnest(owners, hashes) AS w (id, hash) ON w.id = d.member_id
  )
  SELECT coalesce(array_agg(d.id), '{}') INTO made_ids FROM made d;
  RETURN made_ids;
END $$;

-- M-135: numbers that were freed: the memberships that claim one wait again, in the order in which they were claimed. Says how many numbers there were.
CREATE FUNCTION recheck_freed(batch integer, moment timestamptz) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE freed bytea[] := ARRAY(SELECT f.hash FROM monitoring.person_freed f ORDER BY f.freed_at LIMIT batch FOR UPDATE SKIP LOCKED);
BEGIN
  IF freed = '{}' THEN RETURN 0; END IF;
  INSERT INTO monitoring.person_check (member_id, hashes, recorded_at)
  SELECT c.member_id, array_agg(a.hash ORDER BY a.hash), min(c.created_at)
    FROM (SELECT DISTINCT h.claim_id FROM monitoring.person_claim_hash h WHERE h.hash = ANY (freed)) AS f
    JOIN monitoring.person_claim c ON c.id = f.claim_id AND c.status = 'open' AND c.member_id IS NOT NULL
    JOIN monitoring.person_claim_hash a ON a.claim_id = c.id
   GROUP BY c.member_id
  ON CONFLICT ON CONSTRAINT person_check_pkey DO NOTHING;
  DELETE FROM monitoring.person_freed f WHERE f.hash = ANY (freed);
  RETURN cardinality(freed);
END $$;

-- ---- claims as shown, and those of holders of person.locate
CREATE FUNCTION claim_as_shown(c person_claim, minors_after date)
RETURNS TABLE (id uuid, owner_division text, household_id uuid, member_id uuid, member_name text, status text, transfer_id uuid, decision_note text,
    decided_by uuid,
  decided_at timestamptz, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c.id, c.owner_division::text, c.household_id, c.member_id,
         (SELECT CASE WHEN m.birth_on > minors_after THEN monitoring.starred(m.name) ELSE m.name END FROM monitoring.member m WHERE m.id = c.member_id),
             c.status::text,
         (SELECT t.id FROM monitoring.transfer t WHERE t.claim_id = c.id ORDER BY t.created_at DESC, t.id DESC LIMIT 1), c.decision_note, c.decided_by,
             c.decided_at,
         c.created_at, c.version;
END;
COMMENT ON FUNCTION claim_as_shown(person_claim, date)
    IS 'A claim as the API shows it: what the claimant''s side knows (M-136); minors_after: see minors_after()';

-- M-133: what a holder of person.locate was told, counted by the question that was set aside for it, as a claim to ask for a transfer by: the one there is already,
-- or a new one. No row: the person lives in that very household.
CREATE FUNCTION claim_elsewhere(new_id uuid, in_division text, in_household uuid, hashes bytea[], look bigint, moment timestamptz)
    RETURNS SETOF person_claim LANGUAGE plpgsql VOLATILE AS $$
DECLARE division text := coalesce((SELECT h.owner_division::text FROM monitoring.household h WHERE h.id = in_household), in_division); known uuid;
BEGIN
  IF EXISTS (SELECT FROM monitoring.member m WHERE m.household_id = in_household AND m.left_on IS NULL AND m.id_number_hash = ANY (hashes)) THEN RETURN; END IF;
  UPDATE monitoring.person_look l SET told = true WHERE l.id = look;
  SELECT c.id INTO known FROM monitoring.person_claim_hash h JOIN monitoring.person_claim c ON c.id = h.claim_id
   WHERE h.hash = ANY (hashes) AND c.status = 'open' AND c.member_id IS NULL AND c.owner_division = division AND c.household_id IS NOT DISTINCT
       FROM in_household LIMIT 1;
  IF known IS NOT NULL THEN
    RETURN QUERY SELECT * FROM monitoring.person_claim c WHERE c.id = known;
    RETURN;
  END IF;
  RETURN QUERY INSERT INTO monitoring.person_claim (id, owner_division, household_id, created_at) VALUES (claim_elsewhere.new_id, division, in_household,
      moment) RETURNING *;
  INSERT INTO monitoring.person_claim_hash (hash, claim_id) SELECT DISTINCT h.hash, claim_elsewhere.new_id FROM unnest(hashes) AS h (hash);
END $$;

-- M-137: yes or no, for one who asks; NULL: too often in this hour.
CREATE FUNCTION locate_person(hashes bytea[], of_account uuid, moment timestamptz) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF monitoring.take_look(of_account, moment, true) IS NULL THEN RETURN NULL; END IF;
  RETURN EXISTS (SELECT FROM monitoring.person_key k WHERE k.hash = ANY (hashes));
END $$;

-- M-138: claims without an entry that nobody went on with; questions that no longer count.
CREATE FUNCTION forget_claims(moment timestamptz, batch integer) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE days integer := zeren.setting_value('monitoring.claim_days', '000000000000', 0)::integer; gone integer;
BEGIN
  DELETE FROM monitoring.person_look l WHERE l.at < moment - interval '1 day';
  WITH old AS (
    SELECT c.id FROM monitoring.person_claim c WHERE c.status = 'open' AND c.member_id IS NULL
        AND c.created_at < moment - make_interval(days => days) LIMIT batch FOR UPDATE
  ), ended AS (
    UPDATE monitoring.person_claim c SET status = 'expired', decided_at = moment, version = c.version + 1 FROM old o WHERE c.id = o.id RETURNING c.*
  ), audited AS (
    INSERT INTO monitoring.audit_log (at, verb, record, record_id, version, owner_division, body)
    SELECT moment, 'expire_person_claim', 'person_claim', e.id, e.version, e.owner_division, to_jsonb(e) FROM ended e
  ), announced AS (
    INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
    SELECT moment, 'expire_person_claim', 'person_claim', e.id, e.version, e.owner_division FROM ended e
  )
  SELECT count(*) INTO gone FROM ended;
  RETURN gone;
END $$;

-- ---- transfers
CREATE FUNCTION transfer_as_shown(t transfer)
RETURNS TABLE (id uuid, owner_division text, side text, asked_by text, kind text, status text, from_division text, to_division text, household_id uuid,
    member_id uuid,
  to_household_id uuid, claim_id uuid, subject_name text, reason text, answer_by date, decision_note text, decided_at timestamptz, created_at timestamptz,
  version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT t.id, t.owner_division::text, t.side::text, t.asked_by::text, t.kind::text, t.status::text, t.from_division::text, t.to_division::text, t.household_id,
         t.member_id, t.to_household_id, t.claim_id, t.subject_name, t.reason, t.answer_by, t.decision_note, t.decided_at, t.created_at, t.version;
END;
COMMENT ON FUNCTION transfer_as_shown(transfer) IS 'A transfer as one side sees it in the API';

-- Of an audit row and an event besides the statement's own; body and before without personal data. `told` in a body is the event's kind where it is not the row's: for
-- the statement, which sees one of the divisions alone, and not for audit.
CREATE TYPE carried AS (kind text, id uuid, version integer, owner_division text, body jsonb, before jsonb);

-- A transfer's row as audit keeps it.
CREATE FUNCTION transfer_body(t transfer) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN to_jsonb(t) - 'subject_name';

-- M-140: refused in the field that names it, where it is no village of that day.
CREATE FUNCTION transfer_village(wanted text, today date) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM registry_pub.division_name d WHERE d.code = wanted AND d.level = 5 AND d.valid_from <= today AND d.valid_to > today) THEN
    PERFORM zeren.refuse('ZR005', 'to_division', 'there is no such village');
  END IF;
  RETURN wanted;
END $$;

-- M-141: who is asked for by a claim, if it is still somebody else's.
CREATE FUNCTION claimed_person(of_claim uuid) RETURNS SETOF person_key LANGUAGE sql VOLATILE
BEGIN ATOMIC
  SELECT k.* FROM monitoring.person_claim c JOIN monitoring.person_claim_hash h ON h.claim_id = c.id JOIN monitoring.person_key k ON k.hash = h.hash
   WHERE c.id = of_claim AND k.member_id IS DISTINCT FROM c.member_id LIMIT 1;
END;

-- Both rows of a new transfer, in the scope of its two divisions: refused where one of the same is under way. The household is locked until the end.
CREATE FUNCTION make_transfer(own transfer, h household, m member) RETURNS SETOF transfer LANGUAGE plpgsql VOLATILE AS $$
DECLARE other monitoring.transfer := own;
BEGIN
  IF EXISTS (SELECT FROM monitoring.transfer t WHERE t.household_id = h.id AND t.side = 'giving' AND t.status = 'requested'
                AND (t.member_id IS NULL OR m.id IS NULL OR t.member_id = m.id)) THEN
    PERFORM zeren.refuse('ZR003', NULL, 'a transfer is asked for already');
  END IF;
  other.id := own.counterpart_id; other.counterpart_id := own.id;
  other.side := CASE own.side WHEN 'giving' THEN 'receiving' ELSE 'giving' END;
  other.owner_division := CASE own.side WHEN 'giving' THEN own.to_division ELSE h.owner_division END;
  IF own.side = 'giving' THEN
    other.member_id := NULL;
  ELSE
    other.claim_id := NULL; other.to_household_id := NULL;
    other.from_division := h.owner_division; other.household_id := h.id; other.member_id := m.id;
    other.subject_name := CASE WHEN m.birth_on > monitoring.minors_after(false, (own.created_at AT TIME ZONE 'Asia/Shanghai')::date)
        THEN monitoring.starred(m.name) ELSE m.name END;
  END IF;
  INSERT INTO monitoring.transfer_pair (id, from_division, to_division)
  VALUES (CASE own.side WHEN 'giving' THEN own.id ELSE other.id END, h.owner_division, own.to_division);
  RETURN QUERY INSERT INTO monitoring.transfer SELECT (r).* FROM (VALUES (own), (other)) AS v (r) RETURNING *;
END $$;

-- M-140: by the side that has it.
CREATE FUNCTION offer_transfer(own transfer, today date) RETURNS SETOF transfer LANGUAGE plpgsql VOLATILE AS $$
DECLARE h monitoring.household; m monitoring.member; before text; minor date := monitoring.minors_after(false, today);
BEGIN
  IF own.member_id IS NOT NULL THEN
    SELECT * INTO m FROM monitoring.member x WHERE x.id = own.member_id;
    IF m.id IS NULL THEN PERFORM zeren.no_such('member_id'); END IF;
    IF m.left_on IS NOT NULL THEN PERFORM zeren.refuse('ZR003', 'member_id', 'the member has left this household'); END IF;
  END IF;
  SELECT * INTO h FROM monitoring.household x WHERE x.id = coalesce(m.household_id, own.household_id) FOR UPDATE;
  IF h.id IS NULL THEN PERFORM zeren.no_such('household_id'); END IF;
  IF h.status <> 'active' THEN PERFORM zeren.refuse('ZR003', 'household_id', 'the household has ended'); END IF;
  IF m.id = h.head_member_id THEN PERFORM zeren.refuse('ZR003', 'member_id',
      'the head does not leave the household: it moves whole, or has another head first'); END IF;
  IF own.to_division = h.owner_division THEN PERFORM zeren.refuse('ZR005', 'to_division', 'it is in this village already'); END IF;
  own.to_division := monitoring.transfer_village(own.to_division, today);
  own.owner_division := h.owner_division; own.from_division := h.owner_division; own.household_id := h.id; own.side := 'giving'; own.asked_by := 'giving';
  own.kind := CASE WHEN m.id IS NULL THEN 'household' ELSE 'member' END;
  own.subject_name := CASE WHEN coalesce(m.birth_on, h.head_birth_on) > minor THEN monitoring.starred(coalesce(m.name, h.head_name)) ELSE coalesce(m.name,
      h.head_name) END;
  before := monitoring.look_at(ARRAY[own.from_division::text, own.to_division::text]);
  RETURN QUERY SELECT * FROM monitoring.make_transfer(own, h, m);
  PERFORM monitoring.look_within(before);
END $$;

-- M-141: by the side that claims the person. Until the other accepts it learns nothing of where the person is.
CREATE FUNCTION demand_transfer(own transfer) RETURNS SETOF transfer LANGUAGE plpgsql VOLATILE AS $$
DECLARE c monitoring.person_claim; d monitoring.household; k monitoring.person_key; h monitoring.household; m monitoring.member; before text;
BEGIN
  SELECT * INTO c FROM monitoring.person_claim x WHERE x.id = own.claim_id FOR UPDATE;
  IF c.id IS NULL THEN PERFORM zeren.no_such('claim_id'); END IF;
  IF c.status <> 'open' THEN PERFORM zeren.refuse('ZR003', 'claim_id', 'the claim is settled'); END IF;
  IF EXISTS (SELECT FROM monitoring.transfer t WHERE t.claim_id = c.id AND t.status = 'requested') THEN
    PERFORM zeren.refuse('ZR003', 'claim_id', 'a transfer is asked for already');
  END IF;
  own.to_household_id := CASE WHEN c.member_id IS NULL THEN coalesce(own.to_household_id, c.household_id) ELSE c.household_id END;
  IF own.to_household_id IS NULL THEN PERFORM zeren.refuse('ZR005', 'to_household_id', 'the household that the person comes to is named'); END IF;
  SELECT * INTO d FROM monitoring.household x WHERE x.id = own.to_household_id AND x.status = 'active';
  IF d.id IS NULL THEN PERFORM zeren.no_such('to_household_id'); END IF;
  SELECT * INTO k FROM monitoring.claimed_person(c.id);
  IF k.member_id IS NULL THEN PERFORM zeren.refuse('ZR003', 'claim_id', 'nobody else has this person any more'); END IF;
  own.owner_division := d.owner_division; own.to_division := d.owner_division; own.from_division := NULL; own.side := 'receiving'; own.asked_by := 'receiving';
  own.kind := 'member'; own.household_id := NULL; own.member_id := NULL;
  own.subject_name := (SELECT CASE WHEN x.birth_on > monitoring.minors_after(false, (own.created_at AT TIME ZONE 'Asia/Shanghai')::date)
      THEN monitoring.starred(x.name) ELSE x.name END
                         FROM monitoring.member x WHERE x.id = c.member_id);
  before := monitoring.look_at(ARRAY[k.division::text, d.owner_division::text]);
  SELECT * INTO m FROM monitoring.member x WHERE x.id = k.member_id;
  SELECT * INTO h FROM monitoring.household x WHERE x.id = m.household_id FOR UPDATE;
  RETURN QUERY SELECT * FROM monitoring.make_transfer(own, h, m);
  PERFORM monitoring.look_within(before);
END $$;

CREATE FUNCTION ask_transfer(new_id uuid, of_household uuid, of_member uuid, of_claim uuid, in_division text, in_household uuid, why text, caller_account uuid,
  caller_post uuid, moment timestamptz, today date) RETURNS SETOF transfer LANGUAGE plpgsql VOLATILE AS $$
DECLARE own monitoring.transfer; days integer := zeren.setting_value('monitoring.transfer_work_days', '000000000000', extract(year
    FROM today)::integer)::integer;
BEGIN
  own.id := new_id; own.counterpart_id := gen_random_uuid(); own.household_id := of_household; own.member_id := of_member; own.claim_id := of_claim;
  own.to_division := in_division; own.to_household_id := in_household; own.reason := why; own.asked_account := caller_account; own.asked_post := caller_post;
  own.created_at := moment; own.status := 'requested'; own.version := 1; own.answer_by := zeren.due_after(today, days, 'work_days');
  IF of_claim IS NULL THEN
    own.to_household_id := NULL;
    RETURN QUERY SELECT * FROM monitoring.offer_transfer(own, today);
  ELSE
    RETURN QUERY SELECT * FROM monitoring.demand_transfer(own);
  END IF;
END $$;
COMMENT ON FUNCTION ask_transfer(uuid, uuid, uuid, uuid, text, uuid, text, uuid, uuid, timestamptz, date)
    IS 'Both rows of a transfer asked for, the asking side''s with that id (M-140, M-141)';

-- Both rows of a transfer change by one transaction at a time. No row: it is not the caller's.
CREATE FUNCTION lock_transfer(of_transfer uuid) RETURNS SETOF uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE pair uuid := (SELECT CASE t.side WHEN 'giving' THEN t.id ELSE t.counterpart_id END FROM monitoring.transfer t WHERE t.id = of_transfer);
BEGIN
  RETURN QUERY SELECT p.id FROM monitoring.transfer_pair p WHERE p.id = pair FOR UPDATE;
END $$;

-- The divisions of a transfer that the caller sees one side of.
CREATE FUNCTION look_at_both(t transfer) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN monitoring.look_at(ARRAY(SELECT unnest(ARRAY[p.from_division, p.to_division])::text FROM monitoring.transfer_pair p
                                   WHERE p.id = CASE t.side WHEN 'giving' THEN t.id ELSE t.counterpart_id END));
END $$;

-- M-143, as B-006: whoever asked does not decide, in whatever post or account; the other side's posts are looked at, too.
CREATE FUNCTION refuse_own_transfer(t transfer, caller_account uuid, caller_post uuid, today date) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := monitoring.look_at(ARRAY['']); same boolean := caller_post = t.asked_post OR monitoring.is_same_person(caller_account, caller_post,
    t.asked_account, t.asked_post, today);
BEGIN
  PERFORM monitoring.look_within(before);
  IF same THEN PERFORM zeren.refuse('ZR013', NULL, 'whoever asked for a transfer does not decide on it'); END IF;
  RETURN true;
END $$;

-- The two rows at their end; the first one is the caller's.
CREATE FUNCTION end_transfer(t transfer, to_status text, note text, moment timestamptz, told_from text, to_member uuid) RETURNS SETOF carried
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN QUERY
  WITH was AS (
    SELECT x.* FROM monitoring.transfer x WHERE x.id IN (t.id, t.counterpart_id)
  ), now_is AS (
    UPDATE monitoring.transfer x
       SET status = to_status, decision_note = note, decided_at = moment, version = x.version + 1,
           from_division = coalesce(x.from_division, told_from),
           household_id = CASE WHEN x.side = 'receiving' AND to_member IS NOT NULL THEN coalesce(x.to_household_id, t.to_household_id) ELSE x.household_id END,
           to_household_id = CASE WHEN x.side = 'receiving' THEN coalesce(x.to_household_id, t.to_household_id) END,
           member_id = CASE WHEN x.side = 'receiving' AND to_member IS NOT NULL THEN to_member ELSE x.member_id END
     WHERE x.id IN (t.id, t.counterpart_id) RETURNING x.*
  )
  SELECT 'transfer', n.id, n.version, n.owner_division::text, to_jsonb(n), monitoring.transfer_body(w::monitoring.transfer)
    FROM now_is n JOIN was w ON w.id = n.id ORDER BY n.id <> t.id;
END $$;

-- M-145: what goes with a household, by the list of tables. Its members go first, by whom findings are told (M-108).
CREATE FUNCTION carry_household(of_household uuid, from_division text, to_division text, caller_account uuid, caller_post uuid, why text, moment timestamptz)
RETURNS SETOF carried LANGUAGE plpgsql VOLATILE AS $$
DECLARE k monitoring.moved_table; sets text;
BEGIN
  UPDATE monitoring.person_key p SET division = to_division
    FROM monitoring.member m WHERE m.household_id = of_household AND m.id_number_hash IS NOT NULL AND p.member_id = m.id;
  FOR k IN SELECT * FROM monitoring.moved_table t ORDER BY t.sort, t.name LOOP
    sets := 'owner_division = $3' || CASE WHEN k.versioned THEN ', version = version + 1' ELSE '' END
            || CASE WHEN k.archived THEN ', recorded_at = $4, recorded_by_account = $5, recorded_by_post = $6, source = ''transfer'', batch_id = NULL, reason = $7' ELSE '' END
            || coalesce(', ' || k.also_set, '');
    RETURN QUERY EXECUTE format(
      'WITH moved AS (UPDATE monitoring.%1$I x SET %2$s WHERE %3$I = $1 AND owner_division = $2 AND (%4$s) RETURNING %5$s)
       SELECT %6$L, m.id, m.version, $3, jsonb_build_object(''id'', m.id, ''household_id'', $1, ''owner_division'', $3, ''told'', m.told),
              jsonb_build_object(''id'', m.id, ''owner_division'', $2) FROM moved m WHERE %6$L IS NOT NULL',
      k.name, sets, k.matched_by, coalesce(k.only_where, 'true'),
      CASE WHEN k.kind IS NULL THEN 'NULL::uuid AS id, 1 AS version' ELSE 'x.id, x.version' END || format(', (%s)::text AS told', coalesce(k.told_as, 'NULL')), k.kind)
    USING of_household, from_division, to_division, moment, caller_account, caller_post, why;
  END LOOP;
END $$;

-- A number of the national system is once in a county: where the new one has it, the household comes without.
CREATE FUNCTION carry_numbered(of_household uuid, from_division text, to_division text, caller_account uuid, caller_post uuid, why text, moment timestamptz)
RETURNS SETOF carried LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  BEGIN
    RETURN QUERY SELECT * FROM monitoring.carry_household(of_household, from_division, to_division, caller_account, caller_post, why, moment);
    RETURN;
  EXCEPTION WHEN unique_violation THEN
    UPDATE monitoring.household h SET household_number = NULL WHERE h.id = of_household;
  END;
  RETURN QUERY SELECT * FROM monitoring.carry_household(of_household, from_division, to_division, caller_account, caller_post, why, moment);
END $$;

-- M-146: a person's row as it begins in another household: all columns of the former one, with what is sealed for this row's id.
CREATE FUNCTION begin_membership(former member, new_id uuid, d household, given_relation text, sealed jsonb, on_day date, confirmed text, caller_account uuid,
  caller_post uuid, why text, moment timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  row_now jsonb := to_jsonb(former) || coalesce(sealed, '{}') || jsonb_build_object(
    'id', new_id, 'household_id', d.id, 'owner_division', d.owner_division, 'at_division', d.owner_division, 'relation', coalesce(given_relation,
        former.relation),
    'joined_on', on_day, 'joined_how', 'moved_in', 'left_on', NULL, 'left_how', NULL, 'follows_id', former.id, 'confirmation', confirmed, 'recorded_at', moment,
    'recorded_by_account', caller_account, 'recorded_by_post', caller_post, 'source', 'transfer', 'batch_id', NULL, 'reason', why, 'created_at', moment,
        'version', 1);
  names text := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                  WHERE a.attrelid = 'monitoring.member'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '');
BEGIN
  EXECUTE format('INSERT INTO monitoring.member (%1$s) SELECT %1$s FROM jsonb_populate_record(NULL::monitoring.member, $1)', names) USING row_now;
END $$;

-- M-146: a member leaves there and comes here, in the scope of both. A membership of the same person that waits here is the one that goes on.
CREATE FUNCTION carry_member(of_member uuid, d household, given_relation text, sealed jsonb, new_id uuid, caller_account uuid, caller_post uuid, why text,
  moment timestamptz, today date) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE m monitoring.member; here uuid; ended date;
BEGIN
  SELECT * INTO m FROM monitoring.member x WHERE x.id = of_member FOR UPDATE;
  SELECT x.id INTO here FROM monitoring.member x WHERE x.household_id = d.id AND x.left_on IS NULL AND x.id_number_hash = m.id_number_hash;
  ended := coalesce(m.left_on, greatest(today, m.joined_on));
  UPDATE monitoring.household h
     SET recorded_at = moment, recorded_by_account = caller_account, recorded_by_post = caller_post, source = 'transfer', batch_id = NULL, reason = why,
         version = h.version + 1
   WHERE h.id IN (m.household_id, d.id);
  UPDATE monitoring.member x
     SET left_on = ended, left_how = 'moved_out', recorded_at = moment, recorded_by_account = caller_account, recorded_by_post = caller_post,
         source = 'transfer',
         batch_id = NULL, reason = why, version = x.version + 1
   WHERE x.id = m.id AND x.left_on IS NULL;
  IF here IS NULL THEN
    PERFORM monitoring.begin_membership(m, new_id, d, given_relation, sealed, ended,
      monitoring.follow_person(m.id, new_id, d.owner_division, d.id, ARRAY[m.id_number_hash], moment), caller_account, caller_post, why, moment);
    RETURN new_id;
  END IF;
  DELETE FROM monitoring.person_check c WHERE c.member_id = here;
  UPDATE monitoring.person_key k SET member_id = here, division = d.owner_division, died = false WHERE k.member_id = m.id;
  UPDATE monitoring.member x
     SET follows_id = coalesce(x.follows_id, m.id), confirmation = 'confirmed', recorded_at = moment, recorded_by_account = caller_account,
         recorded_by_post = caller_post, source = 'transfer', batch_id = NULL, reason = why, version = x.version + 1
   WHERE x.id = here;
  RETURN here;
END $$;

-- The households of a transfer, held until its end in the order of their ids (M-037), in the scope of both.
CREATE FUNCTION hold_households(of_transfer uuid, of_counterpart uuid, in_household uuid) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM FROM monitoring.household h
   WHERE h.id = in_household
      OR h.id IN (SELECT unnest(ARRAY[t.household_id, t.to_household_id]) FROM monitoring.transfer t WHERE t.id IN (of_transfer, of_counterpart))
   ORDER BY h.id FOR UPDATE;
END $$;

-- What is to move, as it now stands; refused where that has changed since it was asked for.
CREATE FUNCTION transfer_subject(giving transfer) RETURNS member LANGUAGE plpgsql VOLATILE AS $$
DECLARE h monitoring.household; m monitoring.member;
BEGIN
  SELECT * INTO h FROM monitoring.household x WHERE x.id = giving.household_id FOR UPDATE;
  IF h.id IS NULL OR h.status <> 'active' OR h.owner_division <> giving.from_division THEN
    PERFORM zeren.refuse('ZR003', NULL, 'the household is not there any more');
  END IF;
  IF giving.member_id IS NULL THEN RETURN NULL; END IF;
  SELECT * INTO m FROM monitoring.member x WHERE x.id = giving.member_id;
  IF m.left_on IS NOT NULL AND NOT EXISTS (SELECT FROM monitoring.person_key k WHERE k.member_id = m.id) THEN
    PERFORM zeren.refuse('ZR003', NULL, 'the member has left in the meantime');
  END IF;
  IF m.id = h.head_member_id AND m.left_on IS NULL THEN
    PERFORM zeren.refuse('ZR003', NULL, 'the head does not leave the household: it moves whole, or has another head first');
  END IF;
  RETURN m;
END $$;

-- M-144: all of an acceptance, in the scope of exactly its two divisions: what has changed, the caller's own row first.
CREATE FUNCTION accept_transfer(t transfer, in_household uuid, given_relation text, sealed jsonb, new_id uuid, note text, caller_account uuid, caller_post uuid,
  moment timestamptz, today date) RETURNS SETOF carried LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  before text; giving monitoring.transfer; receiving monitoring.transfer; d monitoring.household; m monitoring.member; here uuid;
BEGIN
  before := monitoring.look_at_both(t);
  SELECT * INTO giving FROM monitoring.transfer x WHERE x.id IN (t.id, t.counterpart_id) AND x.side = 'giving';
  SELECT * INTO receiving FROM monitoring.transfer x WHERE x.id IN (t.id, t.counterpart_id) AND x.side = 'receiving';
  PERFORM monitoring.hold_households(t.id, t.counterpart_id, in_household);
  m := monitoring.transfer_subject(giving);
  IF giving.kind = 'household' THEN
    RETURN QUERY SELECT * FROM monitoring.end_transfer(t, 'accepted', note, moment, giving.from_division, NULL);
    RETURN QUERY SELECT * FROM monitoring.carry_numbered(giving.household_id, giving.from_division, giving.to_division, caller_account, caller_post,
        giving.reason, moment);
  ELSE
    IF given_relation = 'head' THEN PERFORM zeren.refuse('ZR005', 'relation', 'the household has a head'); END IF;
    PERFORM monitoring.check_codes('member', jsonb_build_object('relation', given_relation), '', today);
    t.to_household_id := coalesce(receiving.to_household_id, in_household);
    SELECT * INTO d FROM monitoring.household x WHERE x.id = t.to_household_id AND x.owner_division = giving.to_division AND x.status = 'active';
    IF d.id IS NULL THEN PERFORM zeren.no_such('household_id'); END IF;
    here := monitoring.carry_member(m.id, d, given_relation, sealed, new_id, caller_account, caller_post, giving.reason, moment, today);
    RETURN QUERY SELECT * FROM monitoring.end_transfer(t, 'accepted', note, moment, giving.from_division, here);
    RETURN QUERY SELECT 'member', x.id, x.version, x.owner_division::text,
                        jsonb_build_object('id', x.id, 'household_id', x.household_id, 'owner_division', x.owner_division, 'follows_id', x.follows_id,
                            'left_on', x.left_on), NULL::jsonb
                   FROM monitoring.member x WHERE x.id IN (m.id, here)
                  UNION ALL SELECT 'household', x.id, x.version, x.owner_division::text, jsonb_build_object('id', x.id, 'member_count', x.member_count), NULL
                              FROM monitoring.household x WHERE x.id IN (m.household_id, d.id);
    RETURN QUERY UPDATE monitoring.person_claim c SET status = 'transferred', decided_at = moment, version = c.version + 1
                  WHERE c.status = 'open' AND (c.id = receiving.claim_id OR c.member_id = here)
              RETURNING 'person_claim', c.id, c.version, c.owner_division::text, to_jsonb(c), NULL::jsonb;
  END IF;
  PERFORM monitoring.look_within(before);
END $$;
COMMENT ON FUNCTION accept_transfer(transfer, uuid, text, jsonb, uuid, text, uuid, uuid, timestamptz, date)
    IS 'Carries a transfer out: what has changed, the caller''s own row first (M-144)';

-- M-142: refused, withdrawn.
CREATE FUNCTION stop_transfer(t transfer, to_status text, note text, moment timestamptz) RETURNS SETOF carried LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := monitoring.look_at_both(t);
BEGIN
  RETURN QUERY SELECT * FROM monitoring.end_transfer(t, to_status, note, moment, NULL, NULL);
  PERFORM monitoring.look_within(before);
END $$;

-- M-147: nobody answered in time. The worker's: what is being decided at this moment is left alone.
CREATE FUNCTION expire_transfers(today date, moment timestamptz, batch integer) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE n integer;
BEGIN
  WITH late AS (
    SELECT t.id, t.counterpart_id FROM monitoring.transfer t JOIN monitoring.transfer_pair p ON p.id = t.id WHERE t.status = 'requested' AND t.answer_by < today
        AND t.side = 'giving' LIMIT batch FOR UPDATE OF p SKIP LOCKED
  ), ended AS (
    UPDATE monitoring.transfer t SET status = 'expired', decided_at = moment, version = t.version + 1
      FROM late l WHERE t.id IN (l.id, l.counterpart_id) AND t.status = 'requested' RETURNING t.*
  ), audited AS (
    INSERT INTO monitoring.audit_log (at, verb, record, record_id, version, owner_division, body)
    SELECT moment, 'expire_transfer', 'transfer', e.id, e.version, e.owner_division, monitoring.transfer_body(e::monitoring.transfer) FROM ended e
  ), announced AS (
    INSERT INTO monitoring.outbox (at, verb, record, record_id, version, owner_division)
    SELECT moment, 'expire_transfer', 'transfer', e.id, e.version, e.owner_division FROM ended e
  )
  SELECT count(*) INTO n FROM ended;
  RETURN n;
END $$;

-- The sealed columns of a member who moves, for the side that decides to seal them anew for the row that begins; no row where none begins. Held from here on, so that
-- what is sealed is what moves.
CREATE FUNCTION transfer_sealed(of_transfer uuid, in_household uuid) RETURNS TABLE (member_id uuid, id_number text, health text, disability_card text, phone text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE t monitoring.transfer; before text;
BEGIN
  SELECT * INTO t FROM monitoring.transfer x WHERE x.id = of_transfer AND x.kind = 'member' AND x.status = 'requested' AND x.side <> x.asked_by;
  IF t.id IS NULL THEN RETURN; END IF;
  before := monitoring.look_at_both(t);
  PERFORM monitoring.hold_households(t.id, t.counterpart_id, in_household);
  RETURN QUERY SELECT m.id, m.id_number::text, m.health::text, m.disability_card::text, m.phone::text
                 FROM monitoring.transfer g JOIN monitoring.member m ON m.id = g.member_id WHERE g.id IN (t.id, t.counterpart_id) AND g.side = 'giving'
                  FOR UPDATE OF m;
  PERFORM monitoring.look_within(before);
END $$;

-- worklist: claims and transfers that wait for the offices of a division, for monitoring_pub.worklist:
--   SELECT c.id, 'person_claim', c.owner_division::text, NULL::uuid, NULL::uuid, c.owner_division::text, 'person.locate', '核实重复登记的人员', '人员重复登记', 'M-136',
--          (c.created_at AT TIME ZONE 'Asia/Shanghai')::date, NULL::date, NULL::date, NULL::text, NULL::integer, NULL::integer
--     FROM monitoring.person_claim c WHERE c.status = 'open'
--   UNION ALL SELECT t.id, 'transfer', t.owner_division::text, NULL, NULL, t.owner_division::text, 'household.transfer', '答复迁移申请', t.subject_name, 'M-142',
--          (t.created_at AT TIME ZONE 'Asia/Shanghai')::date, t.answer_by, NULL, NULL, NULL, NULL FROM monitoring.transfer t WHERE t.status = 'requested' AND
-- t.side <> t.asked_by

-- ---- words
CALL zeren.tell_codes('person_confirmation', '人员核实', '本系统：规则 M-130、M-134', '
  unconfirmed 待核实
  confirmed 已核实
  none 无公民身份号码');
CALL zeren.tell_codes('person_claim_status', '重复登记状态', '本系统：规则 M-136', '
  open 待处理
  confirmed 已核实
  transferred 已迁入
  withdrawn 已撤回
  rejected 不成立
  expired 已过期');
CALL zeren.tell_codes('transfer_status', '迁移申请状态', '本系统：规则 M-142', '
  requested 待答复
  accepted 已接收
  refused 未同意
  withdrawn 已撤回
  expired 逾期未答复');
CALL zeren.tell_codes('transfer_side', '迁移一方', '本系统：规则 M-140', '
  giving 迁出方
  receiving 迁入方');
CALL zeren.tell_codes('transfer_kind', '迁移对象', '本系统：规则 M-140', '
  household 整户
  member 家庭成员');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  confirm_persons 核实人员
  free_person 释放公民身份号码
  claim_person 登记重复人员
  tell_registered_elsewhere 告知已在他处登记
  locate_person 查询是否已登记
  find_members 按公民身份号码查找成员
  withdraw_person_claim 撤回重复登记
  reject_person_claim 认定不成立
  expire_person_claim 重复登记过期
  ask_transfer 申请迁移
  accept_transfer 接收迁移
  refuse_transfer 不同意迁移
  withdraw_transfer 撤回迁移申请
  expire_transfer 迁移申请逾期');
