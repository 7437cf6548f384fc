-- Households and members out of tables: looked up, applied, taken back. Rules: M-160 to M-171, proto/batches.md.

-- name: archive_look_households :rows
-- M-161: a household is the one of that id, else that of its number, in the county of the village that the row names. Who has gone to another village is not moved by a table.
-- A household is named in one way: by its number in some rows of archive and by its id in others, it would be two that know nothing of each other. A block's rows may (blocks_asked()).
WITH given AS MATERIALIZED (
  SELECT g.n, g.key, g.owner_division AS village, g.settlement,
         CASE WHEN coalesce(g.id, g.key) ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN coalesce(g.id, g.key)::uuid END AS by_id, g.id IS NOT NULL AS has_id
    FROM jsonb_to_recordset(:rows::jsonb) AS g (n integer, key text, id text, owner_division text, settlement text)
), villages AS MATERIALIZED (
  SELECT v.village, v.village <@ (SELECT zeren.scope()) AS is_ours, EXISTS (SELECT FROM registry_pub.division_name d
                                                                          WHERE d.code = v.village AND d.level = 5 AND d.valid_from <= :today::date AND d.valid_to > :today::date) AS is_village
    FROM (SELECT DISTINCT g.village FROM given g WHERE g.village IS NOT NULL) AS v
), met AS MATERIALIZED (
  SELECT g.n, g.key, g.village, g.settlement, g.by_id, v.is_ours, v.is_village, g.has_id, coalesce(i.id, k.id) AS id, CASE WHEN i.id IS NULL THEN k.several ELSE false END AS several
    FROM given g
    LEFT JOIN villages v ON v.village = g.village
    LEFT JOIN LATERAL (SELECT h.id FROM household h WHERE h.id = g.by_id) AS i ON true
    LEFT JOIN LATERAL (SELECT h.id, count(*) OVER () > 1 AS several FROM household h
                        WHERE g.by_id IS NULL AND h.household_number = g.key COLLATE "C" AND h.ended_how IS DISTINCT FROM 'error' AND (g.village IS NULL OR h.in_county = left(g.village, 6)) LIMIT 1) AS k ON true
), judged AS (
  SELECT m.*, h.owner_division AS old_village, h.status, h AS whole,
         m.id IS NOT NULL AND min(m.key) OVER (PARTITION BY m.id) <> max(m.key) OVER (PARTITION BY m.id) AND (SELECT b.kind = 'archive' FROM batch b WHERE b.id = :batch_id::uuid) AS by_two_keys,
         (SELECT t.id FROM registry_pub.settlement t WHERE m.settlement IS NOT NULL AND t.owner_division = coalesce(m.village, h.owner_division) AND t.name = m.settlement
            AND t.valid_from <= :today::date AND t.valid_to > :today::date LIMIT 1) AS settlement_id
    FROM met m LEFT JOIN household h ON h.id = m.id
)
SELECT j.n::text, j.key, j.id::text, (j.whole).version::text, f.code, f.in_column,
       (j.whole).household_number, j.id::text, j.old_village::text, s.name, (j.whole).address, (j.whole).phone::text, (j.whole).household_type, (j.whole).lifted_class, (j.whole).object_type,
       array_to_string((j.whole).risks, ','), (j.whole).disaster, (j.whole).risk_note, (j.whole).risk_level, (j.whole).identified_on::text, (j.whole).eliminated::text,
       (j.whole).eliminated_on::text, (j.whole).elimination_kind, (j.whole).martyr_family::text, (j.whole).resettled::text, (j.whole).resettlement_address, (j.whole).no_labour::text
  FROM judged j
  LEFT JOIN LATERAL (SELECT t.name FROM registry_pub.settlement t WHERE t.id = (j.whole).settlement_id) AS s ON true
  LEFT JOIN LATERAL (SELECT x.in_column, x.code
                       FROM (VALUES (1, 'owner_division', 'out_of_scope', j.village IS NOT NULL AND NOT j.is_ours), (2, 'owner_division', 'unknown_village', j.village IS NOT NULL AND NOT j.is_village),
                                    (3, 'id', 'unknown_record', j.has_id AND j.by_id IS DISTINCT FROM j.id), (4, 'household_number', 'several_records', j.several),
                                    (5, 'household_number', 'unknown_record', NOT j.has_id AND j.by_id IS NOT NULL AND j.id IS NULL),
                                    (6, 'owner_division', 'moved', j.id IS NOT NULL AND j.village <> j.old_village), (7, 'household_number', 'ended', j.status = 'ended'),
                                    (8, 'settlement', 'unknown_settlement', j.settlement IS NOT NULL AND j.settlement_id IS NULL),
                                    (9, 'household_number', 'repeated', j.by_two_keys)) AS x (n, in_column, code, is_so)
                      WHERE x.is_so AND (j.n IS NOT NULL OR x.code IN ('several_records', 'ended', 'repeated')) ORDER BY x.n LIMIT 1) AS f ON true
 WHERE j.id IS NOT NULL OR f.code IS NOT NULL

-- name: archive_look_members :rows
-- M-162: a member is the one of that id, else of that ID number, else of that name and relation where one of the two has no number.
WITH given AS MATERIALIZED (
  SELECT g.n, g.key, g.parent, g.id, g.id_number_hash AS hash, g.name, g.relation
    FROM jsonb_to_recordset(:rows::jsonb) AS g (n integer, key text, parent uuid, id text, id_number_hash bytea, name text, relation text)
), there AS MATERIALIZED (
  SELECT h.key, m FROM (SELECT DISTINCT g.key, g.parent FROM given g) AS h JOIN member m ON m.household_id = h.parent AND m.left_on IS NULL
), matched AS MATERIALIZED (
  SELECT DISTINCT ON (g.n) g.n, (t.m).id
    FROM given g JOIN there t ON (t.m).household_id = g.parent
   WHERE g.n IS NOT NULL
     AND CASE WHEN g.id IS NOT NULL THEN (t.m).id::text = g.id
              ELSE (t.m).id_number_hash = g.hash
                OR ((t.m).name = g.name COLLATE "C" AND (g.relation IS NULL OR (t.m).relation = g.relation COLLATE "C")
                    AND (g.hash IS NULL OR (t.m).id_number_hash IS NULL OR substr((t.m).id_number_hash, 1, 4) <> substr(g.hash, 1, 4))) END
   ORDER BY g.n, (t.m).id_number_hash = g.hash DESC NULLS LAST, (t.m).id
)
SELECT x.n::text, t.key, (t.m).id::text, (t.m).version::text, NULL, NULL,
       t.key, (t.m).id::text, (t.m).name, (t.m).sex, (t.m).certificate_kind, (t.m).id_number::text, (t.m).birth_on::text, (t.m).relation, (t.m).ethnicity, (t.m).politics, (t.m).education,
       (t.m).student_status, (t.m).not_in_school, (t.m).health::text, (t.m).disability_card::text, (t.m).labour, (t.m).work_place, (t.m).working_away::text, (t.m).work_months::text,
       (t.m).work_income::text, (t.m).work_started_on::text, (t.m).work_ended_on::text, (t.m).plans_away::text, (t.m).work_need, array_to_string((t.m).public_posts, ','),
       (t.m).public_post_months::text, (t.m).resident_medical::text, (t.m).employee_medical::text, (t.m).serious_illness_insurance::text, (t.m).commercial_insurance::text,
       (t.m).resident_pension::text, (t.m).employee_pension::text, (t.m).medical_aid::text, (t.m).allowance, (t.m).destitute, (t.m).resettled::text, (t.m).unemployed_graduate, (t.m).phone::text,
       (t.m).joined_on::text, (t.m).joined_how
  FROM there t LEFT JOIN matched x ON x.id = (t.m).id
 UNION ALL
SELECT g.n::text, g.key, NULL, NULL, 'moved', 'id', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM given g WHERE g.n IS NOT NULL AND g.id IS NOT NULL AND g.n NOT IN (SELECT m.n FROM matched m)

-- name: archive_begin :rows
-- The day behind which children are born; divisions with rule settings of their own.
SELECT monitoring.minors_after(false, :today::date)::text, coalesce((SELECT string_agg(DISTINCT s.owner_division, ',') FROM rule_setting s), '')

-- name: archive_facts :rows
-- Of households that are there: what the rules look at besides rows of the table.
SELECT f.household_id::text, f.facts FROM facts_of(:households::uuid[], :today::date) AS f

-- name: archive_reach :rows
-- B-019: where the chunk ends that archive_apply would carry out; not told where it brings people into households that are there already, or changes who they are: they are
-- registered behind it, and the next chunk would not wait for that.
SELECT e.last::text FROM monitoring.bundles_end(:batch_id::uuid, :after::integer, :chunk::integer) AS e (last)
 WHERE NOT EXISTS (SELECT FROM batch_row b WHERE b.batch_id = :batch_id::uuid AND b.row > :after::integer AND b.row <= e.last GROUP BY b.bundle
                   HAVING bool_or(b.part = 2 AND b.action IN ('insert', 'update')) AND NOT bool_or(b.part = 1 AND b.action = 'insert'))

-- name: archive_apply :rows
-- M-167, M-168: whole households, as far as they stand where they stood: a number that has come since, a record that has changed since, leaves the whole household out.
-- :given is a hash of anything under each look-up key. Of a new record `hidden` is what is sealed, and what bulk_judge.c has found of who it is; all else is in `data`
-- (bundle_new()).
WITH span AS MATERIALIZED (
  SELECT monitoring.bundles_end(:batch_id::uuid, :after::integer, :chunk::integer) AS last
), changed AS MATERIALIZED (
  SELECT c.bundle FROM span s, LATERAL monitoring.bundles_changed(:batch_id::uuid, :after::integer, s.last) AS c (bundle)
   UNION
  SELECT t.bundle FROM span s, LATERAL monitoring.bundles_again(:batch_id::uuid, :after::integer, s.last) AS t (bundle)
), limits AS MATERIALIZED (
  SELECT s.last, (SELECT count(*) FROM changed) AS changed FROM span s -- households are held before anything else is looked at
), homes_in AS MATERIALIZED (
  SELECT r.* FROM limits l, monitoring.bundle_new(:batch_id::uuid, :after::integer, l.last, 1) AS r
), homes_changing AS MATERIALIZED (
  SELECT r.* FROM limits l, monitoring.bundle_rows(:batch_id::uuid, :after::integer, l.last, 1, 'update') AS r
), members_in AS MATERIALIZED (
  SELECT r.* FROM limits l, monitoring.bundle_new(:batch_id::uuid, :after::integer, l.last, 2) AS r
), members_changing AS MATERIALIZED (
  SELECT r.* FROM limits l, monitoring.bundle_rows(:batch_id::uuid, :after::integer, l.last, 2, 'update') AS r
), homes_held AS MATERIALIZED (
  SELECT c.bundle FROM homes_changing c JOIN household h ON h.id = c.record_id WHERE h.version = c.base_version AND h.status = 'active' ORDER BY h.id FOR UPDATE OF h
), members_held AS MATERIALIZED (
  SELECT c.row FROM members_changing c JOIN member m ON m.id = c.record_id WHERE m.version = c.base_version AND m.left_on IS NULL AND m.household_id = c.parent ORDER BY m.id FOR UPDATE OF m
), parents AS MATERIALIZED (
  SELECT h.id, h.owner_division, h.status FROM household h
   WHERE h.id IN (SELECT i.parent FROM members_in i WHERE i.parent NOT IN (SELECT n.record_id FROM homes_in n))
), outdated AS MATERIALIZED (
  SELECT c.bundle FROM homes_changing c WHERE c.bundle NOT IN (SELECT h.bundle FROM homes_held h)
   UNION SELECT c.bundle FROM members_changing c WHERE c.row NOT IN (SELECT m.row FROM members_held m)
   UNION SELECT i.bundle FROM members_in i WHERE i.parent IN (SELECT p.id FROM parents p WHERE p.status <> 'active')
), stale AS MATERIALIZED (
  SELECT o.bundle FROM outdated o UNION SELECT c.bundle FROM changed c
), new_homes AS (
  INSERT INTO household (id, owner_division, at_division, household_number, settlement_id, grid_id, address, household_type, lifted_class, object_type, risks, disaster, risk_note, risk_level,
                         identified_on, eliminated, eliminated_on, elimination_kind, martyr_family, resettled, resettlement_address, no_labour, head_member_id, head_name, head_birth_on,
                         member_count, phone, phone_hash, recorded_at, recorded_by_account, recorded_by_post, source, batch_id, reason, created_at)
  SELECT n.record_id, x.owner_division, x.owner_division, x.household_number, s.settlement_id, s.grid_id, x.address, x.household_type, x.lifted_class, x.object_type, coalesce(x.risks, '{}'),
         x.disaster, x.risk_note, x.risk_level, x.identified_on, coalesce(x.eliminated, false), x.eliminated_on, x.elimination_kind, coalesce(x.martyr_family, false),
         coalesce(x.resettled, false), x.resettlement_address, coalesce(x.no_labour, false), y.head_member_id, y.head_name, y.head_birth_on, y.member_count, y.phone, y.phone_hash,
         :now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'import', :batch_id::uuid, b.reason, :now::timestamptz
    FROM homes_in n JOIN batch b ON b.id = :batch_id::uuid,
         LATERAL jsonb_to_record(n.data) AS x (owner_division text, household_number text, settlement text, address text, household_type text, lifted_class text, object_type text, risks text[],
           disaster text, risk_note text, risk_level text, identified_on date, eliminated boolean, eliminated_on date, elimination_kind text, martyr_family boolean, resettled boolean,
           resettlement_address text, no_labour boolean),
         LATERAL jsonb_to_record(n.hidden) AS y (head_member_id uuid, head_name text, head_birth_on date, member_count integer, phone bytea, phone_hash bytea),
         LATERAL monitoring.settlement_of(x.owner_division, x.settlement, :today::date) AS s
   WHERE n.bundle NOT IN (SELECT s.bundle FROM stale s)
  ON CONFLICT (household_number, in_county, (CASE WHEN ended_how = 'error' THEN id END)) WHERE household_number IS NOT NULL DO NOTHING
  RETURNING id, version, owner_division, batch_id
), changed_homes AS (
  UPDATE household h
     SET (household_number, settlement_id, grid_id, address, household_type, lifted_class, object_type, risks, disaster, risk_note, risk_level, identified_on, eliminated, eliminated_on,
          elimination_kind, martyr_family, resettled, resettlement_address, no_labour, head_member_id, phone, phone_hash)
         = (SELECT p.household_number, CASE WHEN n.body ? 'settlement' THEN s.settlement_id ELSE p.settlement_id END, CASE WHEN n.body ? 'settlement' THEN coalesce(s.grid_id, p.grid_id) ELSE p.grid_id END,
                   p.address, p.household_type, p.lifted_class, p.object_type, p.risks, p.disaster, p.risk_note, p.risk_level, p.identified_on, p.eliminated, p.eliminated_on, p.elimination_kind,
                   p.martyr_family, p.resettled, p.resettlement_address, p.no_labour, p.head_member_id, p.phone, p.phone_hash
              FROM jsonb_populate_record(h, n.body) AS p, LATERAL monitoring.settlement_of(h.owner_division, n.body ->> 'settlement', :today::date) AS s),
         version = h.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'import',
         batch_id = :batch_id::uuid, reason = (SELECT b.reason FROM batch b WHERE b.id = :batch_id::uuid)
    FROM homes_changing n WHERE n.bundle NOT IN (SELECT s.bundle FROM stale s) AND h.id = n.record_id AND h.version = n.base_version
  RETURNING h.id, h.version, h.owner_division
), homes AS MATERIALIZED (
  SELECT id, owner_division FROM new_homes UNION ALL SELECT p.id, p.owner_division FROM parents p
), arriving AS MATERIALIZED (
  SELECT n.record_id, n.parent, h.owner_division, (n.hidden ->> 'id_number_hash')::bytea AS hash FROM members_in n JOIN new_homes h ON h.id = n.parent WHERE n.hidden ? 'id_number_hash'
), taken AS MATERIALIZED (
  SELECT t.id FROM (SELECT array_agg(a.record_id) AS ids, array_agg(a.owner_division::text) AS divisions, array_agg(a.hash) AS hashes FROM arriving a) AS all_of,
         LATERAL monitoring.take_persons(all_of.ids, all_of.divisions, all_of.hashes, :given::bytea[], :now::timestamptz) AS t (id)
), new_members AS (
  INSERT INTO member (id, household_id, owner_division, at_division, name, sex, certificate_kind, id_number, id_number_hash, birth_on, relation, ethnicity, politics, education, student_status,
                      not_in_school, health, disability_card, labour, work_place, working_away, work_months, work_income, work_started_on, work_ended_on, plans_away, work_need, public_posts,
                      public_post_months, resident_medical, employee_medical, serious_illness_insurance, commercial_insurance, resident_pension, employee_pension, medical_aid, allowance,
                      destitute, resettled, unemployed_graduate, phone, phone_hash, joined_on, joined_how, confirmation, recorded_at, recorded_by_account, recorded_by_post, source, batch_id,
                      reason, created_at)
  SELECT n.record_id, h.id, h.owner_division, h.owner_division, x.name, coalesce(y.sex, x.sex), coalesce(y.certificate_kind, x.certificate_kind), y.id_number, y.id_number_hash,
         coalesce(y.birth_on, x.birth_on::date), x.relation, x.ethnicity, x.politics, x.education, x.student_status,
         x.not_in_school, y.health, y.disability_card, x.labour, x.work_place, x.working_away, x.work_months, x.work_income, x.work_started_on, x.work_ended_on,
         x.plans_away, x.work_need, coalesce(x.public_posts, '{}'), x.public_post_months, x.resident_medical, x.employee_medical, x.serious_illness_insurance, x.commercial_insurance,
         x.resident_pension, x.employee_pension, x.medical_aid, x.allowance, x.destitute, x.resettled, x.unemployed_graduate, y.phone, y.phone_hash, coalesce(x.joined_on, :today::date),
         coalesce(x.joined_how, 'registered'),
         CASE WHEN y.id_number IS NULL THEN 'none' WHEN n.record_id IN (SELECT t.id FROM taken t) THEN 'confirmed' ELSE 'unconfirmed' END, :now::timestamptz, :caller_account::uuid, :caller_post::uuid, 'import',
         :batch_id::uuid, b.reason, :now::timestamptz
    FROM members_in n JOIN homes h ON h.id = n.parent JOIN batch b ON b.id = :batch_id::uuid,
         LATERAL jsonb_to_record(n.hidden) AS y (sex text, certificate_kind text, id_number bytea, id_number_hash bytea, birth_on date, health bytea, disability_card bytea,
           phone bytea, phone_hash bytea),
         LATERAL jsonb_to_record(n.data) AS x (name text, sex text, certificate_kind text, birth_on text, relation text, ethnicity text, politics text, education text, student_status text,
           not_in_school text, labour text, work_place text, working_away boolean, work_months smallint, work_income numeric, work_started_on date, work_ended_on date, plans_away boolean, work_need text, public_posts text[], public_post_months smallint, resident_medical boolean,
           employee_medical boolean, serious_illness_insurance boolean, commercial_insurance boolean, resident_pension boolean, employee_pension boolean, medical_aid boolean, allowance text,
           destitute text, resettled boolean, unemployed_graduate text, joined_on date, joined_how text)
   WHERE n.bundle NOT IN (SELECT s.bundle FROM stale s)
  ON CONFLICT (household_id, id_number_hash) WHERE id_number_hash IS NOT NULL AND left_on IS NULL DO NOTHING
  RETURNING id, version, owner_division, household_id, id_number_hash, recorded_at, confirmation
), waiting AS (
  INSERT INTO person_check (member_id, hashes, recorded_at)
  SELECT m.id, ARRAY[m.id_number_hash], m.recorded_at
    FROM (SELECT n.*, row_number() OVER (PARTITION BY n.household_id ORDER BY n.confirmation DESC, n.id) AS nth FROM new_members n WHERE n.id_number_hash IS NOT NULL) AS m
   WHERE m.confirmation = 'unconfirmed' OR m.nth = 1
), changed_members AS (
  UPDATE member m
     SET (name, sex, certificate_kind, id_number, id_number_hash, birth_on, relation, ethnicity, politics, education, student_status, not_in_school, health, disability_card, labour, work_place,
          working_away, work_months, work_income, work_started_on, work_ended_on, plans_away, work_need, public_posts, public_post_months, resident_medical, employee_medical,
          serious_illness_insurance, commercial_insurance, resident_pension, employee_pension, medical_aid, allowance, destitute, resettled, unemployed_graduate, phone, phone_hash, joined_on,
          joined_how, confirmation)
         = (SELECT p.name, p.sex, p.certificate_kind, p.id_number, p.id_number_hash, p.birth_on, p.relation, p.ethnicity, p.politics, p.education, p.student_status, p.not_in_school, p.health,
                   p.disability_card, p.labour, p.work_place, p.working_away, p.work_months, p.work_income, p.work_started_on, p.work_ended_on, p.plans_away, p.work_need, p.public_posts,
                   p.public_post_months, p.resident_medical, p.employee_medical, p.serious_illness_insurance, p.commercial_insurance, p.resident_pension, p.employee_pension, p.medical_aid,
                   p.allowance, p.destitute, p.resettled, p.unemployed_graduate, p.phone, p.phone_hash, p.joined_on, p.joined_how,
                   CASE WHEN p.id_number IS NULL THEN 'none' WHEN m.confirmation = 'none' THEN 'unconfirmed' ELSE m.confirmation END
              FROM jsonb_populate_record(m, n.body) AS p),
         version = m.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'import',
         batch_id = :batch_id::uuid, reason = (SELECT b.reason FROM batch b WHERE b.id = :batch_id::uuid)
    FROM members_changing n WHERE n.bundle NOT IN (SELECT s.bundle FROM stale s) AND m.id = n.record_id AND m.version = n.base_version
  RETURNING m.id, m.version, m.owner_division
), done AS MATERIALIZED (
  SELECT 'household' AS record, id, version, owner_division FROM new_homes UNION ALL SELECT 'household', id, version, owner_division FROM changed_homes
   UNION ALL SELECT 'member', id, version, owner_division FROM new_members UNION ALL SELECT 'member', id, version, owner_division FROM changed_members
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division)
  SELECT :now::timestamptz, :verb::text, d.record, d.id, d.version, d.owner_division FROM done d
), left_out AS MATERIALIZED (
  SELECT x.row, CASE WHEN x.bundle IN (SELECT s.bundle FROM stale s) THEN CASE WHEN x.parted AND x.bundle IN (SELECT o.bundle FROM outdated o) THEN 'bundle_left_out' ELSE 'changed_since' END
                     WHEN x.parent IN (SELECT h.id FROM homes h) OR x.parent = x.record_id THEN 'recorded_now' ELSE 'bundle_left_out' END AS outcome
    FROM (SELECT i.row, i.bundle, i.record_id, i.parent, true AS parted FROM homes_in i UNION ALL SELECT c.row, c.bundle, c.record_id, c.parent, false FROM homes_changing c
           UNION ALL SELECT i.row, i.bundle, i.record_id, i.parent, true FROM members_in i UNION ALL SELECT c.row, c.bundle, c.record_id, c.parent, false FROM members_changing c) AS x
   WHERE x.bundle IN (SELECT s.bundle FROM stale s) OR x.record_id NOT IN (SELECT d.id FROM done d)
), noted AS (
  UPDATE batch_row b SET outcome = l.outcome FROM left_out l WHERE b.batch_id = :batch_id::uuid AND b.row = l.row
)
SELECT (SELECT l.last FROM limits l)::text, (SELECT count(*) FROM done)::text, (SELECT count(*) FROM left_out)::text

-- name: archive_to_check :rows
-- Households of these rows that were written and that rules have something to say of, told or not (`judged`), or may have had: those that were there before (`stamp`).
SELECT '{' || string_agg(DISTINCT (r.hidden ->> 'parent_id'), ',') || '}'
  FROM batch_row r
 WHERE r.batch_id = :batch_id::uuid AND r.row > :after::integer AND r.row <= :last::integer AND r.outcome IS NULL AND (r.notes IS NOT NULL OR r.hidden ?| ARRAY['stamp', 'judged'])

-- name: archive_undo :rows
-- M-169, M-170: whole households: what the batch made goes, what it changed is as the version before says, where nobody has touched either since.
WITH limits AS MATERIALIZED (
  SELECT monitoring.bundles_end(:batch_id::uuid, :after::integer, :chunk::integer) AS last
), asked AS MATERIALIZED (
  SELECT r.row, 1 AS part, 'insert' AS action, r.bundle, r.record_id, 1 AS made, r.base_version, r.parent FROM limits l, monitoring.bundle_rows(:batch_id::uuid, :after::integer, l.last, 1, 'insert') AS r
   UNION ALL SELECT r.row, 1, 'update', r.bundle, r.record_id, r.base_version + 1, r.base_version, r.parent FROM limits l, monitoring.bundle_rows(:batch_id::uuid, :after::integer, l.last, 1, 'update') AS r
   UNION ALL SELECT r.row, 2, 'insert', r.bundle, r.record_id, 1, NULL, r.parent FROM limits l, monitoring.bundle_rows(:batch_id::uuid, :after::integer, l.last, 2, 'insert') AS r
   UNION ALL SELECT r.row, 2, 'update', r.bundle, r.record_id, r.base_version + 1, r.base_version, r.parent FROM limits l, monitoring.bundle_rows(:batch_id::uuid, :after::integer, l.last, 2, 'update') AS r
), kept_bundles AS MATERIALIZED (
  SELECT k.bundle, k.outcome FROM limits l, LATERAL monitoring.bundles_kept(:batch_id::uuid, :after::integer, l.last) AS k
), next AS MATERIALIZED (
  SELECT a.* FROM asked a WHERE a.bundle NOT IN (SELECT k.bundle FROM kept_bundles k)
), gone_members AS (
  DELETE FROM member m USING next n WHERE n.part = 2 AND n.action = 'insert' AND m.id = n.record_id AND m.version = n.made RETURNING 'member' AS record, n.row, m.id, m.version, m.owner_division
), gone_homes AS (
  DELETE FROM household h USING next n WHERE n.part = 1 AND n.action = 'insert' AND h.id = n.record_id AND h.version = n.made RETURNING 'household' AS record, n.row, h.id, h.version, h.owner_division
), back_homes AS (
  UPDATE household h
     SET (household_number, settlement_id, grid_id, address, household_type, lifted_class, object_type, risks, disaster, risk_note, risk_level, identified_on, eliminated, eliminated_on,
          elimination_kind, martyr_family, resettled, resettlement_address, no_labour, head_member_id, phone, phone_hash)
         = (SELECT p.household_number, p.settlement_id, p.grid_id, p.address, p.household_type, p.lifted_class, p.object_type, p.risks, p.disaster, p.risk_note, p.risk_level, p.identified_on,
                   p.eliminated, p.eliminated_on, p.elimination_kind, p.martyr_family, p.resettled, p.resettlement_address, p.no_labour, p.head_member_id, p.phone, p.phone_hash
              FROM jsonb_populate_record(h, v.body) AS p),
         version = h.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'import',
         batch_id = :batch_id::uuid, reason = (SELECT b.reason FROM batch b WHERE b.id = :batch_id::uuid)
    FROM next n JOIN archive_version v ON v.record = 'household' AND v.record_id = n.record_id AND v.version = n.base_version
   WHERE n.part = 1 AND n.action = 'update' AND h.id = n.record_id AND h.version = n.made
  RETURNING 'household' AS record, n.row, h.id, h.version, h.owner_division
), back_members AS (
  UPDATE member m
     SET (name, sex, certificate_kind, id_number, id_number_hash, birth_on, relation, ethnicity, politics, education, student_status, not_in_school, health, disability_card, labour, work_place,
          working_away, work_months, work_income, work_started_on, work_ended_on, plans_away, work_need, public_posts, public_post_months, resident_medical, employee_medical,
          serious_illness_insurance, commercial_insurance, resident_pension, employee_pension, medical_aid, allowance, destitute, resettled, unemployed_graduate, phone, phone_hash, joined_on,
          joined_how, confirmation)
         = (SELECT p.name, p.sex, p.certificate_kind, p.id_number, p.id_number_hash, p.birth_on, p.relation, p.ethnicity, p.politics, p.education, p.student_status, p.not_in_school, p.health,
                   p.disability_card, p.labour, p.work_place, p.working_away, p.work_months, p.work_income, p.work_started_on, p.work_ended_on, p.plans_away, p.work_need, p.public_posts,
                   p.public_post_months, p.resident_medical, p.employee_medical, p.serious_illness_insurance, p.commercial_insurance, p.resident_pension, p.employee_pension, p.medical_aid,
                   p.allowance, p.destitute, p.resettled, p.unemployed_graduate, p.phone, p.phone_hash, p.joined_on, p.joined_how,
                   CASE WHEN p.id_number IS NULL THEN 'none' WHEN m.confirmation = 'none' THEN 'unconfirmed' ELSE m.confirmation END
              FROM jsonb_populate_record(m, v.body) AS p),
         version = m.version + 1, recorded_at = :now::timestamptz, recorded_by_account = :caller_account::uuid, recorded_by_post = :caller_post::uuid, source = 'import',
         batch_id = :batch_id::uuid, reason = (SELECT b.reason FROM batch b WHERE b.id = :batch_id::uuid)
    FROM next n JOIN archive_version v ON v.record = 'member' AND v.record_id = n.record_id AND v.version = n.base_version
   WHERE n.part = 2 AND n.action = 'update' AND m.id = n.record_id AND m.version = n.made
  RETURNING 'member' AS record, n.row, m.id, m.version, m.owner_division
), done AS MATERIALIZED (
  SELECT *, true AS is_gone FROM gone_homes UNION ALL SELECT *, true FROM gone_members UNION ALL SELECT *, false FROM back_homes UNION ALL SELECT *, false FROM back_members
), told AS (
  INSERT INTO outbox (at, verb, record, record_id, version, owner_division, deleted)
  SELECT :now::timestamptz, :verb::text, d.record, d.id, d.version + d.is_gone::integer, d.owner_division, d.is_gone FROM done d
), kept AS MATERIALIZED (
  SELECT a.row, coalesce((SELECT min(k.outcome) FROM kept_bundles k WHERE k.bundle = a.bundle), 'kept_changed') AS outcome FROM asked a WHERE a.row NOT IN (SELECT d.row FROM done d)
), noted AS (
  UPDATE batch_row b SET outcome = k.outcome FROM kept k WHERE b.batch_id = :batch_id::uuid AND b.row = k.row
)
SELECT (SELECT l.last FROM limits l)::text, (SELECT count(*) FROM done)::text, (SELECT count(*) FROM kept)::text
