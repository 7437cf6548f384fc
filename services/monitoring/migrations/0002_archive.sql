-- The archive: households and their members, every version of each, who holds them together and what is shown of them. Rules M-020 to M-043.
-- For whoever changes an archive record: an UPDATE raises `version` and says who, when, how and why (recorded_at, recorded_by_account, recorded_by_post, source,
-- batch_id, reason); keep_version() puts the row as it was aside. household.head_name, .head_birth_on and .member_count are kept by triggers; who inserts them right
-- (bulk work) costs no second write. Codes of value lists are text (value lists: 0004); the head's relation is 'head'.

-- ---- households (M-020, M-023)
CREATE TABLE household (
  id uuid CONSTRAINT household_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  household_number text COLLATE "C",
  settlement_id uuid,
  grid_id uuid,
  address text,
  household_type text COLLATE "C" NOT NULL,
  lifted_class text COLLATE "C",
  object_type text COLLATE "C",
  risks text[] NOT NULL DEFAULT '{}',
  disaster text COLLATE "C",
  risk_note text,
  risk_level text COLLATE "C",
  identified_on date,
  eliminated boolean NOT NULL DEFAULT false,
  eliminated_on date,
  elimination_kind text COLLATE "C",
  martyr_family boolean NOT NULL DEFAULT false,
  resettled boolean NOT NULL DEFAULT false,
  resettlement_address text,
  no_labour boolean NOT NULL DEFAULT false,
  head_member_id uuid NOT NULL,
  head_name text COLLATE "C" NOT NULL DEFAULT '',
  head_birth_on date,
  member_count integer NOT NULL DEFAULT 0,
  phone bytea,
  phone_hash bytea,
  status text COLLATE "C" NOT NULL DEFAULT 'active',
  ended_on date,
  ended_how text COLLATE "C",
  follows_id uuid CONSTRAINT household_follows_id_fkey REFERENCES household,
  extension jsonb NOT NULL DEFAULT '{}',
  in_prefecture text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 4)) STORED,
  in_county text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 6)) STORED,
  in_town text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 9)) STORED,
  recorded_at timestamptz NOT NULL,
  recorded_by_account uuid,
  recorded_by_post uuid,
  source text COLLATE "C" NOT NULL DEFAULT 'form',
  batch_id uuid,
  reason text,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT household_type_check CHECK (household_type IN ('general', 'lifted')),
  CONSTRAINT household_object_type_check CHECK (CASE object_type WHEN '1' THEN household_type = 'lifted' WHEN '2' THEN household_type = 'general' ELSE true END),
  CONSTRAINT household_lifted_class_check CHECK (lifted_class IS NULL OR household_type = 'lifted'),
  CONSTRAINT household_risks_check CHECK (cardinality(risks) <= 5),
  CONSTRAINT household_elimination_kind_check CHECK (elimination_kind IN ('assisted', 'natural')),
  CONSTRAINT household_eliminated_check CHECK (NOT eliminated OR object_type IS NOT NULL),
  CONSTRAINT household_identified_check CHECK (NOT eliminated OR identified_on IS NOT NULL),
  CONSTRAINT household_eliminated_on_check CHECK (eliminated OR num_nonnulls(eliminated_on, elimination_kind) = 0),
  CONSTRAINT household_eliminated_after_check CHECK (eliminated_on >= identified_on),
  CONSTRAINT household_source_check CHECK (source IN ('form', 'import', 'transfer', 'push')),
  CONSTRAINT household_status_check CHECK (status IN ('active', 'ended')),
  CONSTRAINT household_ended_check CHECK ((status = 'ended') = (ended_on IS NOT NULL) AND (status = 'ended') = (ended_how IS NOT NULL)),
  CONSTRAINT household_ended_how_check CHECK (ended_how IN ('moved_out', 'merged', 'died_out', 'error')),
  CONSTRAINT household_follows_check CHECK (follows_id <> id),
  CONSTRAINT household_extension_check CHECK (jsonb_typeof(extension) = 'object' AND octet_length(extension::text) <= 8192)
);
COMMENT ON TABLE household IS 'A household as it now stands; owner_division is its village, at_division where this record was made; what it was before stands in archive_version';
COMMENT ON COLUMN household.household_number IS 'Number of the national system (户编号); once in a county, those entered by mistake aside';
COMMENT ON COLUMN household.settlement_id IS 'Natural village or villagers'' group (registry_pub.settlement) of its village; grid_id: its grid';
COMMENT ON COLUMN household.object_type IS 'Kind of object of monitoring by the value list object_type; NULL: is none';
COMMENT ON COLUMN household.head_name IS 'Name of the head, kept by triggers from the head''s row, as head_birth_on (a head may be a child); member_count: members that have not left';
COMMENT ON COLUMN household.phone IS 'Ciphertext (monitoring.household.phone under the household''s id); phone_hash finds it again';
COMMENT ON COLUMN household.follows_id IS 'The household that it was split from; of one that was merged and has ended: see the members'' follows_id';
COMMENT ON COLUMN household.extension IS 'Fields of a province''s own, 8 KiB at most';
-- One walk serves every level of caller: by village and id; a name by county and by the whole (owner_division last, so that an entry is judged in the index).
-- M-023: once in a county; what was entered by mistake and has ended keeps its number to itself.
CREATE UNIQUE INDEX household_number_key ON household (household_number, in_county, (CASE WHEN ended_how = 'error' THEN id END)) NULLS NOT DISTINCT WHERE household_number IS NOT NULL;
CREATE INDEX household_owner_division_idx ON household (owner_division, id);
CREATE INDEX household_county_name_idx ON household (in_county, head_name, id, owner_division);
CREATE INDEX household_town_name_idx ON household (in_town, head_name, id, owner_division);
CREATE INDEX household_head_name_idx ON household (head_name, id, owner_division);
CREATE INDEX household_watched_idx ON household (owner_division, id) WHERE object_type IS NOT NULL OR risks <> '{}';
CREATE INDEX household_lifted_idx ON household (owner_division, id) WHERE household_type = 'lifted';
CREATE INDEX household_no_labour_idx ON household (owner_division, id) WHERE no_labour;
CREATE INDEX household_resettled_idx ON household (owner_division, id) WHERE resettled;
CREATE INDEX household_martyr_family_idx ON household (owner_division, id) WHERE martyr_family;
CREATE INDEX household_ended_idx ON household (owner_division, id) WHERE status = 'ended';
CREATE INDEX household_settlement_id_idx ON household (settlement_id, id) WHERE settlement_id IS NOT NULL;
CREATE INDEX household_grid_id_idx ON household (grid_id, id) WHERE grid_id IS NOT NULL;
CREATE INDEX household_phone_hash_idx ON household (phone_hash) WHERE phone_hash IS NOT NULL;
CREATE INDEX household_follows_id_idx ON household (follows_id) WHERE follows_id IS NOT NULL;
CREATE INDEX household_batch_id_idx ON household (batch_id, id) WHERE batch_id IS NOT NULL;

-- ---- members: a row is one membership; who moves to another household is ended there and begun here
CREATE TABLE member (
  id uuid CONSTRAINT member_pkey PRIMARY KEY,
  household_id uuid NOT NULL CONSTRAINT member_household_id_fkey REFERENCES household,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  name text COLLATE "C" NOT NULL,
  sex text COLLATE "C",
  certificate_kind text COLLATE "C" NOT NULL,
  id_number bytea,
  id_number_hash bytea,
  birth_on date,
  relation text COLLATE "C",
  ethnicity text COLLATE "C",
  politics text COLLATE "C",
  education text COLLATE "C",
  student_status text COLLATE "C",
  not_in_school text COLLATE "C",
  health bytea,
  disability_card bytea,
  labour text COLLATE "C",
  work_place text COLLATE "C",
  working_away boolean,
  work_months smallint,
  work_income numeric(18,2),
  work_started_on date,
  work_ended_on date,
  plans_away boolean,
  work_need text COLLATE "C",
  public_posts text[] NOT NULL DEFAULT '{}',
  public_post_months smallint,
  resident_medical boolean,
  employee_medical boolean,
  serious_illness_insurance boolean,
  commercial_insurance boolean,
  resident_pension boolean,
  employee_pension boolean,
  medical_aid boolean,
  allowance text COLLATE "C",
  destitute text COLLATE "C",
  resettled boolean,
  unemployed_graduate text COLLATE "C",
  phone bytea,
  phone_hash bytea,
  joined_on date NOT NULL,
  joined_how text COLLATE "C" NOT NULL,
  left_on date,
  left_how text COLLATE "C",
  follows_id uuid CONSTRAINT member_follows_id_fkey REFERENCES member,
  confirmation text COLLATE "C" NOT NULL,
  in_county text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(owner_division, 6)) STORED,
  recorded_at timestamptz NOT NULL,
  recorded_by_account uuid,
  recorded_by_post uuid,
  source text COLLATE "C" NOT NULL DEFAULT 'form',
  batch_id uuid,
  reason text,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT member_certificate_kind_check CHECK (certificate_kind IN ('id_card', 'other', 'none')),
  CONSTRAINT member_id_number_check CHECK (CASE certificate_kind WHEN 'id_card' THEN id_number IS NOT NULL ELSE id_number IS NULL END),
  CONSTRAINT member_id_number_hash_check CHECK ((id_number IS NULL) = (id_number_hash IS NULL)),
  CONSTRAINT member_phone_hash_check CHECK ((phone IS NULL) = (phone_hash IS NULL)),
  CONSTRAINT member_sex_check CHECK (sex IN ('0', '1', '2', '9')),
  CONSTRAINT member_work_place_check CHECK (work_place ~ '^([0-9]{6}0{6}|abroad)$'),
  CONSTRAINT member_work_months_check CHECK (work_months BETWEEN 0 AND 12),
  CONSTRAINT member_public_post_months_check CHECK (public_post_months BETWEEN 0 AND 12),
  CONSTRAINT member_work_income_check CHECK (work_income >= 0 AND work_income < 100000000),
  CONSTRAINT member_allowance_check CHECK (allowance IN ('rural', 'urban', 'none')),
  CONSTRAINT member_destitute_check CHECK (destitute IN ('rural', 'urban', 'none')),
  CONSTRAINT member_joined_how_check CHECK (joined_how IN ('registered', 'birth', 'marriage', 'adopted', 'moved_in', 'returned', 'split', 'merged')),
  CONSTRAINT member_left_how_check CHECK (left_how IN ('death', 'marriage', 'moved_out', 'split', 'merged', 'error')),
  CONSTRAINT member_left_check CHECK ((left_on IS NULL) = (left_how IS NULL)),
  CONSTRAINT member_period_check CHECK (left_on >= joined_on OR (joined_how = 'registered' AND joined_on = (created_at AT TIME ZONE 'Asia/Shanghai')::date)),
  CONSTRAINT member_left_born_check CHECK (left_on >= birth_on),
  CONSTRAINT member_born_check CHECK (joined_on >= birth_on),
  CONSTRAINT member_confirmation_check CHECK (confirmation IN ('unconfirmed', 'confirmed', 'none')),
  CONSTRAINT member_confirmed_check CHECK ((confirmation = 'none') = (id_number IS NULL)),
  CONSTRAINT member_source_check CHECK (source IN ('form', 'import', 'transfer', 'push')),
  CONSTRAINT member_follows_check CHECK (follows_id <> id)
);
COMMENT ON TABLE member IS 'A person''s membership of a household, from joined_on until the day before left_on (NULL: still there); follows_id: the same person''s membership before';
COMMENT ON COLUMN member.joined_on IS 'Where nobody has said it: the day of entry, and how is registered; the person was there before, since nobody knows when, and may leave before';
COMMENT ON COLUMN member.sex IS 'GB/T 2261.1; of an ID number: what it says, as birth_on';
COMMENT ON COLUMN member.id_number IS 'Ciphertext (monitoring.member.id_number under the member''s id); id_number_hash finds it again';
COMMENT ON COLUMN member.health IS 'Ciphertext (monitoring.member.health): codes of the value list health, joined by commas';
COMMENT ON COLUMN member.disability_card IS 'Ciphertext (monitoring.member.disability_card): eighteen characters of the ID number, class and level';
COMMENT ON COLUMN member.work_place IS 'Division of two, four or six digits filled up to twelve, or abroad';
COMMENT ON COLUMN member.confirmation IS 'Is the person registered here alone, as person_key has it? none: no ID number';
CREATE UNIQUE INDEX member_once_key ON member (household_id, id_number_hash) WHERE id_number_hash IS NOT NULL AND left_on IS NULL;
CREATE UNIQUE INDEX member_follows_id_key ON member (follows_id) WHERE follows_id IS NOT NULL;
CREATE INDEX member_household_id_idx ON member (household_id, id);
CREATE INDEX member_owner_division_idx ON member (owner_division, id);
CREATE INDEX member_county_name_idx ON member (in_county, name, id, owner_division);
CREATE INDEX member_name_idx ON member (name, id, owner_division);
CREATE INDEX member_id_number_hash_idx ON member (id_number_hash) WHERE id_number_hash IS NOT NULL;
CREATE INDEX member_phone_hash_idx ON member (phone_hash) WHERE phone_hash IS NOT NULL;
CREATE INDEX member_unconfirmed_idx ON member (owner_division, id) WHERE confirmation = 'unconfirmed';
CREATE INDEX member_left_idx ON member (owner_division, id) WHERE left_on IS NOT NULL;
CREATE INDEX member_batch_id_idx ON member (batch_id, id) WHERE batch_id IS NOT NULL;

-- ---- versions
CREATE TABLE archive_version (
  record text COLLATE "C" NOT NULL,
  record_id uuid NOT NULL,
  version integer NOT NULL,
  household_id uuid NOT NULL,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  recorded_at timestamptz NOT NULL,
  recorded_until timestamptz NOT NULL,
  recorded_by_account uuid,
  recorded_by_post uuid,
  source text COLLATE "C" NOT NULL,
  batch_id uuid,
  reason text,
  body jsonb NOT NULL,
  CONSTRAINT archive_version_pkey PRIMARY KEY (record, record_id, version),
  CONSTRAINT archive_version_record_check CHECK (record IN ('household', 'member', 'three_guarantees', 'income', 'living_conditions'))
);
COMMENT ON TABLE archive_version IS 'Every version of an archive record but the one in force, which is the record itself: the row as it was, from recorded_at until recorded_until';
COMMENT ON COLUMN archive_version.owner_division IS 'Who may see it now: it goes with its household; at_division: where it was made';
CREATE INDEX archive_version_household_id_idx ON archive_version (household_id, recorded_at);

-- BEFORE UPDATE on every archive table, when the version rises; so no way of changing one forgets it.
CREATE FUNCTION keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE was jsonb := to_jsonb(OLD);
BEGIN
  INSERT INTO monitoring.archive_version (record, record_id, version, household_id, owner_division, at_division, recorded_at, recorded_until, recorded_by_account,
                                          recorded_by_post, source, batch_id, reason, body)
  VALUES (TG_TABLE_NAME, OLD.id, OLD.version, coalesce((was ->> 'household_id')::uuid, OLD.id), OLD.owner_division, OLD.at_division, OLD.recorded_at, NEW.recorded_at,
          OLD.recorded_by_account, OLD.recorded_by_post, OLD.source, OLD.batch_id, OLD.reason, was);
  RETURN NEW;
END $$;
CREATE TRIGGER version_kept BEFORE UPDATE ON household FOR EACH ROW WHEN (NEW.version > OLD.version) EXECUTE FUNCTION keep_version();
CREATE TRIGGER version_kept BEFORE UPDATE ON member FOR EACH ROW WHEN (NEW.version > OLD.version) EXECUTE FUNCTION keep_version();

CALL zeren.classify('household', 'scoped');
CALL zeren.classify('member', 'scoped');
CALL zeren.classify('archive_version', 'scoped');
GRANT SELECT, INSERT, UPDATE ON household, member, archive_version TO monitoring_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON household, member, archive_version TO monitoring_worker;

-- ---- what a household shows of its members (M-022): the head's name and day of birth, and how many are there
CREATE FUNCTION keep_households(touched uuid[]) RETURNS void LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE monitoring.household h
     SET head_name = k.head_name, head_birth_on = k.head_birth_on, member_count = k.n
    FROM (SELECT x.id, coalesce(m.name, x.head_name) AS head_name, CASE WHEN m.id IS NULL THEN x.head_birth_on ELSE m.birth_on END AS head_birth_on,
                 (SELECT count(*)::integer FROM monitoring.member c WHERE c.household_id = x.id AND c.left_on IS NULL) AS n
            FROM unnest(touched) AS t (id), LATERAL (SELECT y.* FROM monitoring.household y WHERE y.id = t.id OFFSET 0) AS x
                 LEFT JOIN LATERAL (SELECT y.* FROM monitoring.member y WHERE y.id = x.head_member_id OFFSET 0) AS m ON true OFFSET 0) AS k
   WHERE h.id = k.id AND (h.head_name, h.head_birth_on, h.member_count) IS DISTINCT FROM (k.head_name, k.head_birth_on, k.n);
END;
CREATE FUNCTION keep_households() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- A household that came in by the same table at the same moment brought what it keeps.
    PERFORM monitoring.keep_households(ARRAY(
      SELECT t.household_id FROM (SELECT DISTINCT a.household_id, a.batch_id, a.created_at FROM added a) AS t
       WHERE NOT EXISTS (SELECT FROM monitoring.household h WHERE h.id = t.household_id AND h.batch_id = t.batch_id AND h.created_at = t.created_at OFFSET 0)));
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM monitoring.keep_households(ARRAY(SELECT DISTINCT r.household_id FROM removed r));
  ELSE
    PERFORM monitoring.keep_households(ARRAY(
      SELECT a.household_id FROM added a JOIN removed r ON r.id = a.id
       WHERE (a.name, a.birth_on, a.left_on, a.household_id) IS DISTINCT FROM (r.name, r.birth_on, r.left_on, r.household_id)
       UNION SELECT r.household_id FROM added a JOIN removed r ON r.id = a.id WHERE a.household_id <> r.household_id));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER households_kept_inserted AFTER INSERT ON member REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_households();
CREATE TRIGGER households_kept_updated AFTER UPDATE ON member REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION keep_households();
CREATE TRIGGER households_kept_deleted AFTER DELETE ON member REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION keep_households();
CREATE FUNCTION keep_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT m.name, m.birth_on INTO NEW.head_name, NEW.head_birth_on FROM monitoring.member m WHERE m.id = NEW.head_member_id;
  IF NOT FOUND THEN NEW.head_name := OLD.head_name; NEW.head_birth_on := OLD.head_birth_on; END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER head_kept BEFORE UPDATE OF head_member_id ON household FOR EACH ROW WHEN (NEW.head_member_id <> OLD.head_member_id) EXECUTE FUNCTION keep_head();

-- ---- what is shown (M-040): the columns once. minors_after: children born after that day are shown by the first character of the name, without numbers, day of
-- birth, school or health; NULL: the caller may see children's data, or none is among the rows.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('monitoring.minor_years', '000000000000', 0, '14', false, '个人信息保护法第三十一条：不满十四周岁未成年人');

-- The day after which who was born is a child whose data is kept apart; NULL for callers that may see it. It reads a setting: a statement asks once, in a sub-select of its
-- own, LATERAL (SELECT (SELECT minors_after(...)) AS day OFFSET 0), since what is given to a function that shows rows is asked anew for each.
CREATE FUNCTION minors_after(may_see boolean, today date) RETURNS date LANGUAGE sql STABLE
  RETURN CASE WHEN may_see THEN NULL ELSE (today - make_interval(years => zeren.setting_value('monitoring.minor_years', '000000000000', 0)::integer))::date END;

-- The first character of a name, and a star for each of the others.
CREATE FUNCTION starred(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN left(name, 1) || repeat('*', greatest(length(name) - 1, 1));

-- A function's column has no collation but its type's, and a cursor that is compared by another than the index's walks there: a list is sorted by one of this type.
CREATE DOMAIN sorted_text AS text COLLATE "C";

CREATE FUNCTION household_as_shown(h household, minors_after date)
RETURNS TABLE (id uuid, owner_division zeren.division_code, at_division zeren.division_code, household_number text, settlement_id uuid, grid_id uuid, address text,
  household_type text, lifted_class text, object_type text, risks text[], disaster text, risk_note text, risk_level text, identified_on date, eliminated boolean,
  eliminated_on date, elimination_kind text, martyr_family boolean, resettled boolean, resettlement_address text, no_labour boolean, head_member_id uuid,
  head_name sorted_text, member_count integer, phone bytea, status text, ended_on date, ended_how text, follows_id uuid, extension jsonb, recorded_at timestamptz,
  recorded_by_post uuid, source text, batch_id uuid, reason text, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT h.id, h.owner_division, h.at_division, h.household_number, h.settlement_id, h.grid_id, h.address, h.household_type, h.lifted_class, h.object_type, h.risks,
         h.disaster, h.risk_note, h.risk_level, h.identified_on, h.eliminated, h.eliminated_on, h.elimination_kind, h.martyr_family, h.resettled,
         h.resettlement_address, h.no_labour, h.head_member_id,
         (CASE WHEN h.head_birth_on > minors_after THEN monitoring.starred(h.head_name) ELSE h.head_name END)::monitoring.sorted_text,
         h.member_count, h.phone, h.status, h.ended_on, h.ended_how, h.follows_id, h.extension, h.recorded_at, h.recorded_by_post, h.source, h.batch_id, h.reason,
         h.created_at, h.version;
END;
COMMENT ON FUNCTION household_as_shown(household, date) IS 'A household as the API shows it; minors_after: see minors_after()';

-- locates: the caller holds person.locate and is told whether a number is confirmed; to anybody else every number is unconfirmed (M-139).
CREATE FUNCTION member_as_shown(m member, minors_after date, locates boolean)
RETURNS TABLE (id uuid, household_id uuid, owner_division zeren.division_code, at_division zeren.division_code, name sorted_text, minor boolean, sex text,
  certificate_kind text, id_number bytea, birth_on date, relation text, ethnicity text, politics text, education text, student_status text, not_in_school text,
  health bytea, disability_card bytea, labour text, work_place text, working_away boolean, work_months integer, work_income text, work_started_on date,
  work_ended_on date, plans_away boolean, work_need text, public_posts text[], public_post_months integer, resident_medical boolean, employee_medical boolean,
  serious_illness_insurance boolean, commercial_insurance boolean, resident_pension boolean, employee_pension boolean, medical_aid boolean, allowance text,
  destitute text, resettled boolean, unemployed_graduate text, phone bytea, joined_on date, joined_how text, left_on date, left_how text, follows_id uuid,
  confirmation text, recorded_at timestamptz, recorded_by_post uuid, source text, batch_id uuid, reason text, created_at timestamptz, version integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT m.id, m.household_id, m.owner_division, m.at_division, (CASE WHEN m.birth_on > minors_after THEN monitoring.starred(m.name) ELSE m.name END)::monitoring.sorted_text,
         coalesce(m.birth_on > minors_after, false), m.sex, m.certificate_kind, CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.id_number END,
         CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.birth_on END, m.relation, m.ethnicity, m.politics,
         CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.education END, CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.student_status END,
         CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.not_in_school END, CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.health END,
         CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.disability_card END, m.labour, m.work_place, m.working_away, m.work_months::integer, trim_scale(m.work_income)::text,
         m.work_started_on, m.work_ended_on, m.plans_away, m.work_need, m.public_posts, m.public_post_months::integer, m.resident_medical, m.employee_medical,
         m.serious_illness_insurance, m.commercial_insurance, m.resident_pension, m.employee_pension, m.medical_aid, m.allowance, m.destitute, m.resettled,
         m.unemployed_graduate, CASE WHEN m.birth_on > minors_after THEN NULL ELSE m.phone END,
         CASE WHEN m.birth_on > minors_after AND m.joined_how = 'birth' THEN NULL ELSE m.joined_on END, m.joined_how, m.left_on, m.left_how, m.follows_id,
         CASE WHEN locates OR m.confirmation = 'none' THEN m.confirmation ELSE 'unconfirmed' END, m.recorded_at, m.recorded_by_post, m.source, m.batch_id, m.reason, m.created_at,
         m.version;
END;
COMMENT ON FUNCTION member_as_shown(member, date, boolean) IS 'A member as the API shows it; minor: a child whose data this caller does not see; minors_after: see minors_after()';

-- ---- what a value list must know (M-024): the members of a record's JSON that are codes, and the list of each
CREATE TABLE coded_field (
  record text COLLATE "C" NOT NULL,
  field text COLLATE "C" NOT NULL,
  dictionary text COLLATE "C" NOT NULL,
  several boolean NOT NULL DEFAULT false,
  CONSTRAINT coded_field_pkey PRIMARY KEY (record, field)
);
COMMENT ON TABLE coded_field IS 'Fields of the archive whose values are codes of a value list (zeren.dictionary_entry)';
COMMENT ON COLUMN coded_field.several IS 'Its column is an array of codes';
CALL zeren.classify('coded_field', 'reference');
GRANT SELECT ON coded_field TO monitoring_service, monitoring_worker;
INSERT INTO coded_field (record, field, dictionary) VALUES
  ('household', 'lifted_class', 'lifted_class'), ('household', 'object_type', 'object_type'), ('household', 'risks', 'risk'), ('household', 'disaster', 'disaster'),
  ('household', 'risk_level', 'risk_level'), ('member', 'relation', 'relation'), ('member', 'ethnicity', 'ethnicity'), ('member', 'politics', 'political_status'),
  ('member', 'education', 'schooling'), ('member', 'student_status', 'student_status'), ('member', 'not_in_school', 'not_in_school'), ('member', 'labour', 'labour'),
  ('member', 'work_need', 'work_need'), ('member', 'public_posts', 'public_post'), ('member', 'unemployed_graduate', 'unemployed_graduate');
UPDATE coded_field SET several = true WHERE field IN ('risks', 'public_posts');

-- True, or refused at the first field whose value is no code of its list; `place` is what stands before the field's name ('members/0/').
CREATE FUNCTION check_codes(of_record text, doc jsonb, place text, today date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE bad text;
BEGIN
  SELECT f.field INTO bad
    FROM monitoring.coded_field f,
         LATERAL unnest(CASE WHEN jsonb_typeof(doc -> f.field) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(doc -> f.field))
                             WHEN f.several THEN (doc ->> f.field)::text[] ELSE ARRAY[doc ->> f.field] END) AS c (code)
   WHERE f.record = of_record AND c.code IS NOT NULL
     AND NOT EXISTS (SELECT FROM zeren.dictionary_entry e WHERE e.dictionary = f.dictionary AND e.code = c.code AND (e.valid_until IS NULL OR e.valid_until > today))
   LIMIT 1;
  IF bad IS NOT NULL THEN PERFORM zeren.refuse('ZR005', place || bad, 'there is no such code in its value list'); END IF;
  SELECT f.field INTO bad
    FROM monitoring.coded_field f,
         LATERAL (SELECT CASE WHEN jsonb_typeof(doc -> f.field) = 'array' THEN ARRAY(SELECT jsonb_array_elements_text(doc -> f.field)) ELSE (doc ->> f.field)::text[] END AS codes) AS c
   WHERE f.record = of_record AND f.several AND cardinality(c.codes) > (SELECT count(DISTINCT u.code) FROM unnest(c.codes) AS u (code))
   LIMIT 1;
  RETURN CASE WHEN bad IS NULL THEN true ELSE zeren.refuse('ZR005', place || bad, 'a code stands there twice') END;
END $$;

-- ---- where a household is (M-021)
CREATE FUNCTION known_village(wanted text, on_day date) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM registry_pub.division_name d WHERE d.code = wanted AND d.level = 5 AND d.valid_from <= on_day AND d.valid_to > on_day) THEN
    PERFORM zeren.refuse('ZR005', 'owner_division', 'there is no such village on that day');
  END IF;
  RETURN wanted;
END $$;
COMMENT ON FUNCTION known_village(text, date) IS 'The village, or a refusal where there is none of that code on that day';

-- True, or refused because the place is not there, of another kind, or of another village. A village may have come from the one that its places are still kept under.
CREATE FUNCTION is_place_of(place uuid, kinds text[], village text, on_day date, field text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE s record;
BEGIN
  IF place IS NULL THEN RETURN true; END IF;
  SELECT x.kind, x.owner_division, x.valid_from, x.valid_to INTO s FROM registry_pub.settlement x WHERE x.id = place;
  RETURN CASE WHEN s.kind IS NULL THEN zeren.no_such(field) IS NULL
              WHEN NOT s.kind = ANY (kinds) THEN zeren.refuse('ZR005', field, 'it is no place of that kind')
              WHEN s.owner_division <> village
                   AND NOT EXISTS (SELECT FROM registry_pub.former_division f WHERE f.code = village AND f.former = s.owner_division)
                THEN zeren.refuse('ZR005', field, 'it is of another village')
              WHEN on_day < s.valid_from OR on_day >= s.valid_to THEN zeren.refuse('ZR005', field, 'it is not there on that day')
              ELSE true END;
END $$;

-- ---- what lists are narrowed by: the one prefix that all codes asked for share, where there is one
CREATE FUNCTION common_prefix(lo text, hi text, within text, division text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN division IS NOT NULL THEN division WHEN strpos(within, 'F') > 0 THEN '' WHEN within IS NOT NULL THEN zeren.code_prefix(within) WHEN hi = lo || '~' THEN lo ELSE '' END;
COMMENT ON FUNCTION common_prefix(text, text, text, text) IS 'What all divisions of a list begin with: constants at planning, so that an index by county is found';
-- M-048: a division and what it reaches: its own codes, and those of the towns that a functional area (a code with an F) administers on that day.
CREATE FUNCTION reach_of(division text, on_day date) RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT zeren.code_prefix(division) || ARRAY(SELECT zeren.code_prefix(m.member_code) FROM registry_pub.division_member m
                                               WHERE strpos(division, 'F') > 0 AND m.area_code = division AND m.valid_from <= on_day AND m.valid_to > on_day);
END;
COMMENT ON FUNCTION reach_of(text, date) IS 'What the codes begin with that a division reaches. M-048';
-- The smallest span of codes around it, for an index to walk; and whether a code in that span is reached, which is asked of functional areas alone.
CREATE FUNCTION reach_from(division text, on_day date) RETURNS text LANGUAGE sql STABLE
  RETURN CASE WHEN strpos(division, 'F') > 0 THEN (SELECT min(p COLLATE "C") FROM unnest(monitoring.reach_of(division, on_day)) AS u (p)) ELSE zeren.code_prefix(division) END;
CREATE FUNCTION reach_until(division text, on_day date) RETURNS text LANGUAGE sql STABLE
  RETURN CASE WHEN strpos(division, 'F') > 0 THEN (SELECT max(p COLLATE "C") FROM unnest(monitoring.reach_of(division, on_day)) AS u (p))
              ELSE zeren.code_prefix(division) END || '~';
CREATE FUNCTION is_reached(code text, division text, on_day date) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (SELECT FROM unnest(monitoring.reach_of(division, on_day)) AS u (p) WHERE code ^@ p);
CREATE FUNCTION county_in(prefix text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN length(prefix) >= 6 THEN left(prefix, 6) END;
CREATE FUNCTION town_in(prefix text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN CASE WHEN length(prefix) >= 9 THEN left(prefix, 9) END;

-- ---- who changed something, as every change takes it
CREATE TYPE recorded AS (at timestamptz, account uuid, post uuid, source text, batch uuid, reason text);

-- Enters members of a household out of JSON rows (the columns' names; sealed values as hexadecimal bytea, each with "<name>_hash"; "id" is there; "hashes": of the ID number, under
-- every look-up key). Codes are checked; who comes from another membership that has ended (follows_id, with the same number) is the same person,
-- anyone else is entered as a new one (0006). joined_on absent: `joined`;
-- joined_how absent: 'registered'. `place`: what stands before a field's name in a refusal, 'members/' when the rows are elements of an array.
CREATE FUNCTION enter_members(rows jsonb, of_household uuid, division text, joined date, place text, may_locate boolean, w recorded)
RETURNS SETOF member LANGUAGE plpgsql AS $$
DECLARE n integer := 0; one jsonb; entered jsonb := '[]'; at_row text; hashes bytea[];
BEGIN
  FOR one IN SELECT * FROM jsonb_array_elements(rows) LOOP
    at_row := CASE WHEN place = '' THEN '' ELSE place || n || '/' END;
    hashes := coalesce((one ->> 'hashes')::bytea[], CASE WHEN one ->> 'id_number_hash' IS NOT NULL THEN ARRAY[(one ->> 'id_number_hash')::bytea] END);
    PERFORM monitoring.check_codes('member', one, at_row, joined);
    entered := entered || jsonb_build_array(one || jsonb_build_object('confirmation',
      CASE WHEN EXISTS (SELECT FROM monitoring.member o WHERE o.id = (one ->> 'follows_id')::uuid AND o.left_on IS NOT NULL AND o.id_number_hash = ANY (hashes))
             THEN monitoring.follow_person((one ->> 'follows_id')::uuid, (one ->> 'id')::uuid, division, of_household, hashes, w.at)
           ELSE monitoring.enter_person((one ->> 'id')::uuid, division, hashes, may_locate, w.account, at_row || 'id_number', w.at) END));
    n := n + 1;
  END LOOP;
  RETURN QUERY
    INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, sex, certificate_kind, id_number, id_number_hash, birth_on, relation, ethnicity,
      politics, education, student_status, not_in_school, health, disability_card, labour, work_place, working_away, work_months, work_income, work_started_on,
      work_ended_on, plans_away, work_need, public_posts, public_post_months, resident_medical, employee_medical, serious_illness_insurance, commercial_insurance,
      resident_pension, employee_pension, medical_aid, allowance, destitute, resettled, unemployed_graduate, phone, phone_hash, joined_on, joined_how, follows_id,
      confirmation, recorded_at, recorded_by_account, recorded_by_post, source, batch_id, reason, created_at)
    SELECT r.id, of_household, division, division, r.name, r.sex, r.certificate_kind, r.id_number, r.id_number_hash, r.birth_on, r.relation, r.ethnicity,
           r.politics, r.education, r.student_status, r.not_in_school, r.health, r.disability_card, r.labour, r.work_place, r.working_away, r.work_months, r.work_income,
           r.work_started_on, r.work_ended_on, r.plans_away, r.work_need, coalesce(r.public_posts, '{}'), r.public_post_months, r.resident_medical, r.employee_medical,
           r.serious_illness_insurance, r.commercial_insurance, r.resident_pension, r.employee_pension, r.medical_aid, r.allowance, r.destitute, r.resettled,
           r.unemployed_graduate, r.phone, r.phone_hash, coalesce(r.joined_on, joined), coalesce(r.joined_how, 'registered'), r.follows_id,
           r.confirmation, w.at, w.account, w.post, w.source, w.batch, w.reason, w.at
      FROM jsonb_populate_recordset(NULL::monitoring.member, entered) AS r
    RETURNING *;
END $$;

-- ---- what was, on a day (M-043): the version in force at its end, by when it was recorded
CREATE FUNCTION end_of(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai';

CREATE FUNCTION household_at(of_id uuid, day date) RETURNS SETOF household LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT h.* FROM monitoring.household h WHERE h.id = of_id AND h.recorded_at < monitoring.end_of(day)
   UNION ALL
  SELECT (jsonb_populate_record(NULL::monitoring.household, v.body)).* FROM monitoring.archive_version v
   WHERE v.record = 'household' AND v.record_id = of_id AND v.recorded_at < monitoring.end_of(day) AND v.recorded_until >= monitoring.end_of(day);
END;
COMMENT ON FUNCTION household_at(uuid, date) IS 'A household as it was recorded at the end of that day; none before it was entered';

CREATE FUNCTION member_at(of_id uuid, day date) RETURNS SETOF member LANGUAGE sql STABLE ROWS 1
BEGIN ATOMIC
  SELECT m.* FROM monitoring.member m WHERE m.id = of_id AND m.recorded_at < monitoring.end_of(day)
   UNION ALL
  SELECT (jsonb_populate_record(NULL::monitoring.member, v.body)).* FROM monitoring.archive_version v
   WHERE v.record = 'member' AND v.record_id = of_id AND v.recorded_at < monitoring.end_of(day) AND v.recorded_until >= monitoring.end_of(day);
END;
COMMENT ON FUNCTION member_at(uuid, date) IS 'A member as it was recorded at the end of that day; none before it was entered';

-- Of whom was there on that day by what is known today: as recorded then; who was entered later, as first recorded.
CREATE FUNCTION member_known_at(m member, day date) RETURNS member LANGUAGE plpgsql STABLE AS $$
DECLARE found monitoring.member;
BEGIN
  IF m.recorded_at < monitoring.end_of(day) THEN RETURN m; END IF;
  SELECT (jsonb_populate_record(NULL::monitoring.member, v.body)).* INTO found FROM monitoring.archive_version v
   WHERE v.record = 'member' AND v.record_id = m.id
   ORDER BY v.recorded_at < monitoring.end_of(day) DESC, CASE WHEN v.recorded_at < monitoring.end_of(day) THEN -v.version ELSE v.version END LIMIT 1;
  RETURN CASE WHEN found.id IS NULL THEN m ELSE found END;
END $$;

-- Who is a child by what is known today is shown as one in former versions, too, which may have had another day of birth, or none (M-040).
CREATE FUNCTION once_a_member(m member, minors_after date) RETURNS member LANGUAGE plpgsql STABLE AS $$
DECLARE born date := (SELECT x.birth_on FROM monitoring.member x WHERE x.id = m.id);
BEGIN
  IF born > minors_after THEN m.birth_on := born; END IF;
  RETURN m;
END $$;
CREATE FUNCTION once_a_household(h household, minors_after date) RETURNS household LANGUAGE plpgsql STABLE AS $$
DECLARE born date := (SELECT x.birth_on FROM monitoring.member x WHERE x.id = h.head_member_id);
BEGIN
  IF born > minors_after THEN h.head_birth_on := born; END IF;
  RETURN h;
END $$;

-- ---- feed, words
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('household', 'scoped', 'household.read', '农户'), ('member', 'scoped', 'household.read', '家庭成员');
CALL zeren.tell_codes('archive_record', '档案记录', '本系统：规则 M-042', '
  household 农户
  member 家庭成员
  three_guarantees 三保障和饮水
  income 家庭收支
  living_conditions 生产生活条件');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_household 建立农户档案
  update_household 更正农户档案
  set_household_head 变更户主
  split_household 分户
  merge_household 并户
  end_household 注销农户
  create_household_member 增加家庭成员
  update_member 更正家庭成员
  remove_member 减少家庭成员');

-- ---- who is what to the head (M-033): one head, and of everybody else who lives there it is said. `relations`: [{"member_id", "relation"}]. Returns the rows that changed.
CREATE FUNCTION relate_members(of_household uuid, head uuid, relations jsonb, w recorded) RETURNS SETOF member LANGUAGE plpgsql AS $$
DECLARE bad integer;
BEGIN
  IF NOT EXISTS (SELECT FROM monitoring.member m WHERE m.id = head AND m.household_id = of_household AND m.left_on IS NULL) THEN
    PERFORM zeren.no_such('member_id');
  END IF;
  SELECT r.n - 1 INTO bad FROM jsonb_array_elements(relations) WITH ORDINALITY AS r (one, n)
   WHERE NOT monitoring.check_codes('member', r.one, 'relations/' || r.n - 1 || '/', (w.at AT TIME ZONE 'Asia/Shanghai')::date)
      OR r.one ->> 'relation' = 'head' OR (r.one ->> 'member_id')::uuid = head
      OR NOT EXISTS (SELECT FROM monitoring.member m WHERE m.id = (r.one ->> 'member_id')::uuid AND m.household_id = of_household AND m.left_on IS NULL) LIMIT 1;
  IF bad IS NOT NULL THEN
    PERFORM zeren.refuse('ZR005', 'relations/' || bad, 'a relation is of another member who lives there, to the one head');
  END IF;
  IF (SELECT count(*) > count(DISTINCT (r.one ->> 'member_id')::uuid) FROM jsonb_array_elements(relations) AS r (one)) THEN
    PERFORM zeren.refuse('ZR005', 'relations', 'a member stands there twice');
  END IF;
  IF EXISTS (SELECT FROM monitoring.member m WHERE m.household_id = of_household AND m.left_on IS NULL AND m.id <> head
                AND NOT EXISTS (SELECT FROM jsonb_array_elements(relations) AS r (one) WHERE (r.one ->> 'member_id')::uuid = m.id)) THEN
    PERFORM zeren.refuse('ZR005', 'relations', 'say of each other member who lives there what it is to the new head');
  END IF;
  RETURN QUERY
    UPDATE monitoring.member m
       SET relation = k.relation, version = m.version + 1, recorded_at = w.at, recorded_by_account = w.account, recorded_by_post = w.post, source = w.source,
           batch_id = w.batch, reason = w.reason
      FROM (SELECT (r.one ->> 'member_id')::uuid AS id, r.one ->> 'relation' AS relation FROM jsonb_array_elements(relations) AS r (one) UNION SELECT head, 'head') AS k
     WHERE m.id = k.id AND m.relation IS DISTINCT FROM k.relation
    RETURNING m.*;
END $$;

-- Ends memberships on a day; returns the rows.
CREATE FUNCTION end_members(ids uuid[], on_day date, how text, w recorded) RETURNS SETOF member LANGUAGE sql VOLATILE
BEGIN ATOMIC
  UPDATE monitoring.member m
     SET left_on = on_day, left_how = how, version = m.version + 1, recorded_at = w.at, recorded_by_account = w.account, recorded_by_post = w.post, source = w.source,
         batch_id = w.batch, reason = w.reason
   WHERE m.id = ANY (ids) AND m.left_on IS NULL
  RETURNING m.*;
END;

-- M-034: members as rows to enter elsewhere (enter_members()). `moved`: [{"old", "id", "relation", and each sealed value anew: its ciphertext is bound to the row's id}].
CREATE FUNCTION copies_of(moved jsonb, on_day date, how text) RETURNS jsonb LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(jsonb_agg(to_jsonb(m) || (k.one - 'old') || jsonb_build_object('follows_id', m.id, 'joined_on', on_day, 'joined_how', how) ORDER BY k.n), '[]')
    FROM jsonb_array_elements(moved) WITH ORDINALITY AS k (one, n) JOIN monitoring.member m ON m.id = (k.one ->> 'old')::uuid;
END;

-- ---- history (M-042): what a version changed, as the record would be shown to this caller
CREATE FUNCTION shown_document(of_record text, body jsonb, minors_after date) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE of_record
    WHEN 'household' THEN (SELECT to_jsonb(s) FROM monitoring.household_as_shown(monitoring.once_a_household(jsonb_populate_record(NULL::monitoring.household, body),
                                                                                                        minors_after), minors_after) AS s)
    WHEN 'member' THEN (SELECT to_jsonb(s) FROM monitoring.member_as_shown(monitoring.once_a_member(jsonb_populate_record(NULL::monitoring.member, body), minors_after),
                                                                                   minors_after, true) AS s)
    ELSE body END;
END $$;

-- [{"field", "before", "after"}] of two versions of one record; [] of the first. Sealed values are told apart by their hashes, where they have one, and shown as ******.
CREATE FUNCTION changes_between(of_record text, was jsonb, now_is jsonb, minors_after date) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE shown_was jsonb; shown_now jsonb;
BEGIN
  IF was IS NULL THEN RETURN '[]'; END IF;
  shown_was := monitoring.shown_document(of_record, was, minors_after);
  shown_now := monitoring.shown_document(of_record, now_is, minors_after);
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('field', k.field,
                   'before', CASE WHEN k.former ^@ '\x' THEN '******' ELSE k.former END, 'after', CASE WHEN k.later ^@ '\x' THEN '******' ELSE k.later END) ORDER BY k.field), '[]')
            FROM (SELECT f.field, shown_was ->> f.field AS former, shown_now ->> f.field AS later, f.field || '_hash' AS hash FROM jsonb_object_keys(shown_now) AS f (field)
                   WHERE f.field NOT IN ('version', 'recorded_at', 'recorded_by_account', 'recorded_by_post', 'source', 'batch_id', 'reason', 'created_at', 'minor')
                     AND f.field NOT LIKE 'in\_%') AS k
           WHERE CASE WHEN now_is ? k.hash THEN now_is -> k.hash IS DISTINCT FROM was -> k.hash ELSE k.former IS DISTINCT FROM k.later END);
END $$;
