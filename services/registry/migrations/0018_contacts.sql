-- Who is linked to which division (挂钩, 包抓, 挂点, 定点联系, 帮扶), visits, what stands below a village, and how much of it was visited (遍访). Rules R-140 to R-155.

-- ---- contacts
CREATE TABLE contact_kind (
  code text COLLATE "C" CONSTRAINT contact_kind_pkey PRIMARY KEY,
  label text NOT NULL,
  subjects text[] NOT NULL,
  levels smallint[] NOT NULL,
  position smallint NOT NULL,
  assumed boolean NOT NULL,
  source text NOT NULL,
  CONSTRAINT contact_kind_subjects_check CHECK (subjects <> '{}' AND subjects <@ '{post,organisation}'),
  CONSTRAINT contact_kind_levels_check CHECK (levels <> '{}' AND levels <@ '{1,2,3,4,5}')
);
COMMENT ON TABLE contact_kind IS 'How a post or a unit is linked to a division; levels: of the division linked. How often it visits is said by the rules of the cadence';
INSERT INTO contact_kind (code, label, subjects, levels, position, assumed, source) VALUES
  ('hook', '挂钩', '{post,organisation}', '{3}', 1, false, '大理州责任制：州级领导、领导小组成员单位挂钩县市'),
  ('charge', '包抓', '{post,organisation}', '{4,5}', 2, false, '庆城县八项机制：县级领导联系包抓村，联乡牵头单位'),
  ('station', '挂点', '{post}', '{4,5}', 3, true, '娄星区：区级领导挂点村；乡镇为系统设定'),
  ('liaison', '定点联系', '{post}', '{3,4}', 4, false, '黔西南州：州领导定点联系县和乡镇'),
  ('assist', '帮扶', '{post,organisation}', '{3,4,5}', 5, true, '黔西南州：州直单位定点帮扶；层级为系统设定');
CALL zeren.classify('contact_kind', 'reference');
GRANT SELECT ON contact_kind TO registry_service, registry_worker;
CALL zeren.tell_codes('contact_kind', '联系方式', '大理州责任制；庆城县八项机制；娄星区责任制；黔西南州实施意见', '
  hook 挂钩
  charge 包抓
  station 挂点
  liaison 定点联系
  assist 帮扶');

CREATE TABLE contact (
  id uuid CONSTRAINT contact_pkey PRIMARY KEY,
  thread_id uuid NOT NULL,
  follows_id uuid CONSTRAINT contact_follows_id_key UNIQUE CONSTRAINT contact_follows_id_fkey REFERENCES contact,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  kind text COLLATE "C" NOT NULL CONSTRAINT contact_kind_fkey REFERENCES contact_kind,
  post_id uuid,
  organisation_id uuid CONSTRAINT contact_organisation_id_fkey REFERENCES organisation,
  post_title text,
  organisation_name text NOT NULL,
  starts_on date NOT NULL,
  ends_on date NOT NULL DEFAULT 'infinity',
  clause_id uuid CONSTRAINT contact_clause_id_fkey REFERENCES document_clause,
  status text COLLATE "C" NOT NULL DEFAULT 'standing',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT contact_subject_check CHECK (num_nonnulls(post_id, organisation_id) = 1),
  CONSTRAINT contact_division_check CHECK (at_division = owner_division),
  CONSTRAINT contact_period_check CHECK (starts_on <= ends_on),
  CONSTRAINT contact_status_check CHECK (status IN ('standing', 'ended')),
  CONSTRAINT contact_overlap EXCLUDE USING gist
    ((coalesce(post_id, organisation_id)) WITH =, (owner_division || ' ' || kind) WITH =, daterange(starts_on, ends_on) WITH &&)
);
COMMENT ON TABLE contact IS 'A post or a unit linked to a division for a time; belongs to the division linked; ends_on is the first day it no longer holds';
COMMENT ON COLUMN contact.thread_id IS 'The id of the first contact of a line of hand-overs: what is owed by the link goes on with it';
COMMENT ON COLUMN contact.follows_id IS 'The contact that was handed over to this one';
COMMENT ON COLUMN contact.post_id IS 'The post linked (identity.post); its title and its unit are kept as they were then';
CREATE INDEX contact_owner_division_idx ON contact (owner_division, starts_on, id);
CREATE INDEX contact_starts_on_idx ON contact (starts_on, id);
CREATE INDEX contact_thread_id_idx ON contact (thread_id, starts_on);
CREATE INDEX contact_post_id_idx ON contact (post_id, starts_on);
CREATE INDEX contact_organisation_id_idx ON contact (organisation_id, starts_on);
CALL zeren.classify('contact', 'scoped');
GRANT SELECT, INSERT, UPDATE ON contact TO registry_service;
GRANT SELECT, INSERT, DELETE ON contact TO registry_worker;

-- Who holds a post on a day; NULL: nobody.
CREATE FUNCTION holder_on(post uuid, on_day date) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT h.name FROM identity_pub.post_holder h WHERE h.post_id = post AND h.starts_on <= on_day AND h.ends_on > on_day LIMIT 1);
END $$;

-- A contact as the API shows it, with who holds the post on that day. `more`, `next_id`: steps and successor made by this statement, which its snapshot does
-- not see.
CREATE FUNCTION contact_as_shown(c contact, as_of date, more jsonb, next_id uuid)
RETURNS TABLE (id uuid, thread_id uuid, follows_id uuid, successor_id uuid, owner_division text, at_division text, division_name text, kind text, post_id uuid,
  organisation_id uuid, post_title text, organisation_name text, holder text, starts_on date, ends_on date, clause_id uuid, status text, steps json,
  created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c.id, c.thread_id, c.follows_id, coalesce(next_id, (SELECT n.id FROM registry.contact n WHERE n.follows_id = c.id)), c.owner_division::text,
         c.at_division::text,
         (SELECT d.name FROM registry.division d WHERE d.code = c.owner_division ORDER BY d.valid_from <= as_of DESC, abs(d.valid_from - as_of) LIMIT 1),
         c.kind, c.post_id, c.organisation_id, c.post_title, c.organisation_name,
         registry.holder_on(c.post_id, as_of),
         c.starts_on, nullif(c.ends_on, 'infinity'), c.clause_id, c.status, registry.steps_shown('contact', c.id, more), c.created_at, c.version;
END;

-- A clause that a record rests on: the id, where the caller sees it; NULL for none.
CREATE FUNCTION known_clause(clause uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF clause IS NOT NULL AND NOT EXISTS (SELECT FROM registry.document_clause k WHERE k.id = clause) THEN
    PERFORM zeren.no_such('clause_id');
  END IF;
  RETURN clause;
END $$;

-- How often a contact of that kind owes a visit on a day, as JSON: the rules of the cadence, which makes this function anew, say it.
CREATE FUNCTION contact_frequencies(of_kind text, division text, on_day date) RETURNS json LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN '[]'; END $$;

-- Who is linked: the post with its unit, or the unit; refused, in the field that names it, where it is none of the caller's own divisions and lines (R-141).
CREATE FUNCTION linked_subject(post uuid, unit uuid)
RETURNS TABLE (post_id uuid, organisation_id uuid, post_title text, organisation_name text, division text) LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF num_nonnulls(post, unit) <> 1 THEN
    PERFORM zeren.refuse('ZR005', CASE WHEN post IS NULL THEN 'post_id' ELSE 'organisation_id' END, 'a contact is of a post or of a unit');
  END IF;
  RETURN QUERY
    SELECT post, unit, p.title, o.name, o.owner_division::text
      FROM registry.organisation o LEFT JOIN identity_pub.post_title p ON p.post_id = post
     WHERE o.id = coalesce(unit, p.organisation_id) AND o.owner_division::text <@ (SELECT zeren.scope())
       AND (zeren.lines() IS NULL OR o.line IS NULL OR o.line = ANY (zeren.lines()));
  IF NOT FOUND THEN
    PERFORM zeren.no_such(CASE WHEN post IS NULL THEN 'organisation_id' ELSE 'post_id' END);
  END IF;
END $$;

-- R-140, R-141: true, or why this post or unit is not linked to this division by that kind.
CREATE FUNCTION may_link(of_kind text, division text, post uuid, subject_division text, on_day date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE k registry.contact_kind; level smallint;
BEGIN
  SELECT * INTO k FROM registry.contact_kind WHERE code = of_kind;
  SELECT d.level INTO level FROM registry.division d WHERE d.code = may_link.division AND d.valid_from <= on_day AND d.valid_to > on_day;
  RETURN CASE WHEN k.code IS NULL THEN zeren.refuse('ZR005', 'kind', 'there is no such kind of contact')
              WHEN level IS NULL THEN zeren.refuse('ZR005', 'owner_division', 'there is no such division on that day')
              WHEN NOT level = ANY (k.levels) THEN zeren.refuse('ZR005', 'owner_division', 'this kind of contact is of other levels')
              WHEN NOT CASE WHEN post IS NULL THEN 'organisation' ELSE 'post' END = ANY (k.subjects)
                THEN zeren.refuse('ZR005', CASE WHEN post IS NULL THEN 'organisation_id' ELSE 'post_id' END, 'this kind of contact is not of such')
              WHEN NOT registry.is_within(may_link.division, subject_division)
                THEN zeren.refuse('ZR005', CASE WHEN post IS NULL THEN 'organisation_id' ELSE 'post_id' END,
                  'it is of a unit of the division linked, or of one above it')
              ELSE true END;
END $$;

-- notices: contact: create_contact and hand_over_contact to the post or unit linked ('新的联系包抓：%s', %s the division's name), end_contact to the one that was.

-- ---- visits
CREATE TABLE visit (
  id uuid CONSTRAINT visit_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  post_id uuid NOT NULL,
  organisation_id uuid NOT NULL CONSTRAINT visit_organisation_id_fkey REFERENCES organisation,
  post_title text NOT NULL,
  organisation_name text NOT NULL,
  visited_on date NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  settlement_id uuid,
  household_id uuid,
  poor boolean NOT NULL DEFAULT false,
  found text,
  promised text,
  file_ids uuid[] NOT NULL DEFAULT '{}',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT visit_division_check CHECK (at_division = owner_division),
  CONSTRAINT visit_purpose_check CHECK (purpose IN ('contact', 'coverage', 'research', 'secret_check', 'team')),
  CONSTRAINT visit_poor_check CHECK (NOT poor OR household_id IS NOT NULL)
);
COMMENT ON TABLE visit IS 'Who was where on which day and what came of it: a short record of the post that went; no place on a map and no time of day (国办函〔2026〕12号)';
COMMENT ON COLUMN visit.post_id IS 'The post that visited (identity.post); its title and its unit are kept as they were then';
COMMENT ON COLUMN visit.household_id IS 'The household visited; its archive is another service''s';
COMMENT ON COLUMN visit.poor IS 'Was it a household in difficulty (困难户), as who visited says?';
CREATE INDEX visit_owner_division_idx ON visit (owner_division, visited_on, id);
CREATE INDEX visit_visited_on_idx ON visit (visited_on, id);
CREATE INDEX visit_post_id_idx ON visit (post_id, visited_on, id);
CREATE INDEX visit_organisation_id_idx ON visit (organisation_id, visited_on, id);
CREATE INDEX visit_settlement_id_idx ON visit (settlement_id, visited_on, id);
CREATE INDEX visit_household_id_idx ON visit (household_id, visited_on, id);
CREATE TRIGGER files_used AFTER INSERT ON visit FOR EACH ROW WHEN (NEW.file_ids <> '{}') EXECUTE FUNCTION use_files('visit');
CALL zeren.classify('visit', 'scoped');
GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO registry_service;
GRANT SELECT ON visit TO registry_worker;

-- ---- what stands below a village
CREATE TABLE settlement (
  id uuid CONSTRAINT settlement_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  kind text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  parent_id uuid CONSTRAINT settlement_parent_id_fkey REFERENCES settlement,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT settlement_kind_check CHECK (kind IN ('natural_village', 'group', 'grid')),
  CONSTRAINT settlement_parent_check CHECK (parent_id IS NULL OR kind <> 'natural_village'),
  CONSTRAINT settlement_validity_check CHECK (valid_from < valid_to),
  CONSTRAINT settlement_name_overlap EXCLUDE USING gist
    ((owner_division || ' ' || kind || ' ' || name) WITH =, daterange(valid_from, valid_to) WITH &&)
);
COMMENT ON TABLE settlement IS 'Natural villages, villagers'' groups and grids of a village, dated; valid_to is the first day no longer valid';
COMMENT ON COLUMN settlement.parent_id IS 'Of a group or grid: the natural village that it is in';
CREATE INDEX settlement_owner_division_idx ON settlement (owner_division, name, id);
CREATE INDEX settlement_name_idx ON settlement (name, id);
CREATE INDEX settlement_parent_id_idx ON settlement (parent_id);
CALL zeren.classify('settlement', 'scoped');
ALTER TABLE visit ADD CONSTRAINT visit_settlement_id_fkey FOREIGN KEY (settlement_id) REFERENCES settlement;
GRANT SELECT, INSERT, UPDATE ON settlement TO registry_service;
GRANT SELECT ON settlement TO registry_worker;


-- R-151: the village, or refused because there is none of that code on that day.
CREATE FUNCTION known_village(wanted text, on_day date) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM registry.division d WHERE d.code = wanted AND d.level = 5 AND d.valid_from <= on_day AND d.valid_to > on_day) THEN
    PERFORM zeren.refuse('ZR005', 'owner_division', 'there is no such village on that day');
  END IF;
  RETURN wanted;
END $$;

-- R-151: true, or refused because the parent is no natural village of that village. That a natural village has no parent is a constraint.
CREATE FUNCTION may_stand_in(parent uuid, village text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE p registry.settlement;
BEGIN
  IF parent IS NULL THEN RETURN true; END IF;
  SELECT * INTO p FROM registry.settlement s WHERE s.id = parent;
  RETURN CASE WHEN p.id IS NULL THEN zeren.no_such('parent_id') IS NULL
              WHEN p.owner_division <> village OR p.kind <> 'natural_village' THEN zeren.refuse('ZR005', 'parent_id',
                'a group or grid stands in a natural village of the same village')
              ELSE true END;
END $$;

-- A visit as the API shows it.
CREATE FUNCTION visit_as_shown(v visit)
RETURNS TABLE (id uuid, owner_division text, at_division text, post_id uuid, organisation_id uuid, post_title text, organisation_name text, visited_on date,
  purpose text,
  settlement_id uuid, household_id uuid, poor boolean, found text, promised text, file_ids uuid[], created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT v.id, v.owner_division::text, v.at_division::text, v.post_id, v.organisation_id, v.post_title, v.organisation_name, v.visited_on, v.purpose,
         v.settlement_id, v.household_id, v.poor, v.found, v.promised, v.file_ids, v.created_at, v.version;
END;

-- R-150: true, or refused because the division visited is no village that has households, or had no such place on that day.
CREATE FUNCTION is_place_of(settlement uuid, household uuid, division text, on_day date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE s registry.settlement;
BEGIN
  IF household IS NOT NULL AND NOT EXISTS (SELECT FROM registry.division d WHERE d.code = is_place_of.division AND d.level = 5) THEN
    PERFORM zeren.refuse('ZR005', 'household_id', 'a household is visited in a village');
  END IF;
  IF settlement IS NULL THEN RETURN true; END IF;
  SELECT * INTO s FROM registry.settlement x WHERE x.id = is_place_of.settlement;
  RETURN CASE WHEN s.id IS NULL THEN zeren.no_such('settlement_id') IS NULL
              WHEN s.owner_division <> is_place_of.division THEN zeren.refuse('ZR005', 'settlement_id', 'it is of another village than the one visited')
              WHEN on_day < s.valid_from OR on_day >= s.valid_to THEN zeren.refuse('ZR005', 'settlement_id', 'it was not there on that day')
              ELSE true END;
END $$;

-- ---- how much there is to visit
CREATE TABLE coverage_target (
  id uuid CONSTRAINT coverage_target_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  year smallint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  n integer NOT NULL,
  source text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT coverage_target_year_key UNIQUE (owner_division, year, kind),
  CONSTRAINT coverage_target_kind_check CHECK (kind IN ('household', 'poor_household')),
  CONSTRAINT coverage_target_n_check CHECK (n >= 0)
);
COMMENT ON TABLE coverage_target IS 'How many households, or households in difficulty, a division has to be visited in a year, and who says so';
CREATE INDEX coverage_target_year_idx ON coverage_target (year, id);
CALL zeren.classify('coverage_target', 'scoped');
GRANT SELECT, INSERT, UPDATE ON coverage_target TO registry_service;
GRANT SELECT ON coverage_target TO registry_worker;

-- The part of a code that all below it share: the country has none.
CREATE FUNCTION code_prefix(code text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN code = '000000000000' THEN '' WHEN right(code, 10) = '0000000000' THEN left(code, 2) WHEN right(code, 8) = '00000000' THEN left(code, 4)
              WHEN right(code, 6) = '000000' THEN left(code, 6) WHEN right(code, 3) = '000' THEN left(code, 9) ELSE code END;
COMMENT ON FUNCTION code_prefix(text) IS 'What the codes of a division and of all below it begin with';

-- A division and all below it as spans of codes; of a functional area the towns besides that it administers on that day.
CREATE FUNCTION reach_of(division text, on_day date) RETURNS TABLE (lo text, hi text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT registry.code_prefix(c.code), registry.code_prefix(c.code) || '~'
    FROM (SELECT reach_of.division AS code
           UNION SELECT m.member_code FROM registry.division_member m WHERE m.area_code = reach_of.division AND m.valid_from <= on_day
             AND m.valid_to > on_day) AS c;
END;
COMMENT ON FUNCTION reach_of(text, date) IS 'Spans of codes, the end not in them: a division, all below it, and the towns of a functional area';

-- What the coverage of a division in a year looks at: the spans of its codes, the year's days, and the day whose natural villages count (R-153).
CREATE FUNCTION coverage_reach(division text, of_year integer, today date) RETURNS TABLE (lo text, hi text, first_day date, last_day date,
  on_day date) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT r.lo, r.hi, y.first_day, y.last_day, least(today, y.last_day)
    FROM (SELECT make_date(of_year, 1, 1) AS first_day, make_date(of_year, 12, 31) AS last_day) AS y,
         LATERAL registry.reach_of(coverage_reach.division, least(today, y.last_day)) AS r;
END;

-- R-154: a division's own number holds; where it has none, what those below it have is added up, by the same rule.
CREATE FUNCTION coverage_total(division text, of_year integer, of_kind text) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT sum(t.n)
    FROM registry.reach_of(coverage_total.division, make_date(of_year, 12, 31)) AS r
    JOIN registry.coverage_target t ON t.owner_division >= r.lo AND t.owner_division < r.hi AND t.year = of_year AND t.kind = of_kind
   WHERE NOT EXISTS (SELECT FROM registry.coverage_target a
                      WHERE a.year = of_year AND a.kind = of_kind AND a.owner_division <> t.owner_division
                        AND a.owner_division ^@ registry.code_prefix(coverage_total.division)
                        AND a.owner_division = ANY (ARRAY[rpad(left(t.owner_division, 9), 12, '0'), rpad(left(t.owner_division, 6), 12, '0'),
                                                          rpad(left(t.owner_division, 4), 12, '0'), rpad(left(t.owner_division, 2), 12, '0')]));
END;
COMMENT ON FUNCTION coverage_total(text, integer, text) IS 'How many there are to visit in a year; NULL: nobody has said. R-154';

-- ---- what was visited, kept and not counted (R-152)
CREATE TABLE visited (
  year smallint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  post_id uuid NOT NULL,
  owner_division zeren.division_code NOT NULL,
  target_id uuid NOT NULL,
  n integer NOT NULL,
  CONSTRAINT visited_pkey PRIMARY KEY (year, kind, post_id, owner_division, target_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE visited IS 'How many visits of a year name a place (settlement), a household, or a household in difficulty: of one post, and of whomever (post_id all zeros). Kept by the trigger of visit';
CREATE TABLE visit_coverage (
  year smallint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  post_id uuid NOT NULL,
  owner_division zeren.division_code NOT NULL,
  n integer NOT NULL,
  CONSTRAINT visit_coverage_pkey PRIMARY KEY (year, kind, post_id, owner_division)
) WITH (fillfactor = 50);
COMMENT ON TABLE visit_coverage IS 'How many different ones of visited a division has: what coverage adds up. A recount gives the same';
CALL zeren.classify('visited', 'scoped');
CALL zeren.classify('visit_coverage', 'scoped');
GRANT SELECT, INSERT, UPDATE, DELETE ON visited, visit_coverage TO registry_service;
GRANT SELECT ON visited, visit_coverage TO registry_worker;

-- Puts one visit in (1) or takes it out (-1). Visits of one village wait for each other here, so that they cannot lock each other out.
CREATE FUNCTION mark_visit(v visit, step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE m record; left_over integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('registry.visited ' || v.owner_division, 0));
  FOR m IN SELECT k.kind, k.target, p.post
             FROM (VALUES ('household', v.household_id), ('poor_household', CASE WHEN v.poor THEN v.household_id END),
                          ('settlement', v.settlement_id)) AS k (kind, target),
                  (VALUES ('00000000-0000-0000-0000-000000000000'::uuid), (v.post_id)) AS p (post)
            WHERE k.target IS NOT NULL LOOP
    INSERT INTO registry.visited AS x (year, kind, post_id, owner_division, target_id, n)
    VALUES (extract(year FROM v.visited_on), m.kind, m.post, v.owner_division, m.target, step)
    ON CONFLICT ON CONSTRAINT visited_pkey DO UPDATE SET n = x.n + step RETURNING x.n INTO left_over;
    CONTINUE WHEN left_over <> CASE WHEN step > 0 THEN 1 ELSE 0 END;
    IF step < 0 THEN
      DELETE FROM registry.visited x
       WHERE x.year = extract(year FROM v.visited_on) AND x.kind = m.kind AND x.post_id = m.post AND x.owner_division = v.owner_division AND x.target_id = m.target;
    END IF;
    INSERT INTO registry.visit_coverage AS c (year, kind, post_id, owner_division, n)
    VALUES (extract(year FROM v.visited_on), m.kind, m.post, v.owner_division, step)
    ON CONFLICT ON CONSTRAINT visit_coverage_pkey DO UPDATE SET n = c.n + step;
  END LOOP;
END $$;
CREATE FUNCTION mark_visits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN PERFORM registry.mark_visit(OLD, -1); END IF;
  IF TG_OP <> 'DELETE' THEN PERFORM registry.mark_visit(NEW, 1); END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER visits_marked AFTER INSERT OR DELETE ON visit FOR EACH ROW EXECUTE FUNCTION mark_visits();
CREATE TRIGGER visits_marked_anew AFTER UPDATE ON visit FOR EACH ROW
  WHEN ((OLD.visited_on, OLD.owner_division, OLD.post_id, OLD.settlement_id, OLD.household_id, OLD.poor)
        IS DISTINCT FROM (NEW.visited_on, NEW.owner_division, NEW.post_id, NEW.settlement_id, NEW.household_id, NEW.poor)) EXECUTE FUNCTION mark_visits();

-- How many different ones the visits of a year name, of a division and below, by one post or (NULL) by whomever.
CREATE FUNCTION visited_count(division text, of_year integer, of_kind text, by_post uuid, today date) RETURNS bigint LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(sum(v.n), 0)
    FROM registry.coverage_reach(visited_count.division, of_year, today) AS r,
         LATERAL (SELECT c.n FROM registry.visit_coverage c
                   WHERE c.year = of_year AND c.kind = of_kind AND c.post_id = coalesce(by_post, '00000000-0000-0000-0000-000000000000')
                     AND c.owner_division >= r.lo AND c.owner_division < r.hi OFFSET 0) AS v;
END;

-- ---- feed, files, words
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('contact', 'scoped', 'contact.read', '联系包抓'),
  ('visit', 'scoped', 'visit.read', '走访'),
  ('settlement', 'scoped', 'division.read', '自然村、村民小组和网格'),
  ('settlement_import', 'scoped', 'division.write', '自然村批量导入'),
  ('coverage_target', 'scoped', 'visit.read', '遍访基数'),
  ('coverage_target_import', 'scoped', 'contact.write', '遍访基数批量导入');

CALL zeren.tell_codes('contact_status', '联系包抓状态', '本系统：规则 R-143、R-144', '
  standing 有效
  ended 已结束');
CALL zeren.tell_codes('contact_verb', '联系包抓步骤', '本系统：规则 R-143、R-144', '
  begin 建立
  hand_over 移交
  end 结束');
CALL zeren.tell_codes('contact_subject', '联系主体', '本系统：规则 R-140', '
  post 岗位
  organisation 单位');
CALL zeren.tell_codes('visit_purpose', '走访事由', '庆城县八项机制；本系统', '
  contact 联系包抓
  coverage 遍访
  research 调研
  secret_check 明察暗访
  team 驻村工作');
CALL zeren.tell_codes('settlement_kind', '村以下单元', '本系统：规则 R-151', '
  natural_village 自然村
  group 村民小组
  grid 网格');
CALL zeren.tell_codes('coverage_kind', '遍访对象', '庆城县八项机制', '
  natural_village 自然村
  household 农户
  poor_household 困难户');
CALL zeren.tell_codes('batch_kind', '批量导入类型', '本系统', '
  contacts 联系包抓');
CALL zeren.tell_codes('export_kind', '批量导出类型', '本系统', '
  contacts 联系包抓
  visits 走访');
CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：规则 R-145、R-146', '
  unknown_unit 没有此单位
  several_units 有多个同名单位
  unknown_post 单位没有此岗位
  wrong_subject 此联系方式不适用于该主体
  wrong_level 此联系方式不适用于该层级
  not_above 不是本级或者上级的单位
  ends_before 结束早于开始
  linked_now 读取后已有此联系');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_contact 建立联系包抓
  update_contact 更正联系包抓
  hand_over_contact 移交联系包抓
  end_contact 结束联系包抓
  record_visit 记录走访
  update_visit 更正走访
  withdraw_visit 撤回走访
  create_settlement 登记自然村、组、网格
  update_settlement 更正自然村、组、网格
  import_settlements 批量导入自然村、组、网格
  create_coverage_target 登记遍访基数
  update_coverage_target 更正遍访基数
  import_coverage_targets 批量导入遍访基数');
