-- Where duties come from: documents with their clauses, the duties that a clause lays on whom, classes of divisions, goals by stage, and plans of several years whose
-- lines the tasks of a year serve. Rules R-100 to R-116 of proto/registry.md.

-- ---- documents and clauses
CREATE TABLE document (
  id uuid CONSTRAINT document_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  title text NOT NULL,
  number text,
  issuer text NOT NULL,
  issued_on date NOT NULL,
  kind text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  edition smallint NOT NULL DEFAULT 1,
  replaces_id uuid CONSTRAINT document_replaces_id_fkey REFERENCES document,
  file_id uuid CONSTRAINT document_file_id_fkey REFERENCES file,
  assumed boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT document_replaces_key UNIQUE (replaces_id),
  CONSTRAINT document_number_key UNIQUE (owner_division, number, edition),
  CONSTRAINT document_kind_check CHECK (kind IN ('regulation', 'opinion', 'measure', 'plan', 'notice', 'local_rule')),
  CONSTRAINT document_validity_check CHECK (valid_from <= valid_to),
  CONSTRAINT document_replaces_check CHECK (replaces_id <> id)
);
COMMENT ON TABLE document IS 'A document that duties, classes, goals and plans rest on; a new edition is a document of its own that names the one it replaces';
COMMENT ON COLUMN document.valid_to IS 'The first day it no longer holds';
COMMENT ON COLUMN document.assumed IS 'The texts of its clauses are composed, not the wording of its issuer';
CREATE INDEX document_owner_division_idx ON document (owner_division, created_at, id);
CREATE INDEX document_created_at_idx ON document (created_at, id);
CREATE INDEX document_file_id_idx ON document (file_id) WHERE file_id IS NOT NULL;

CREATE TABLE document_clause (
  id uuid CONSTRAINT document_clause_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  document_id uuid NOT NULL CONSTRAINT document_clause_document_id_fkey REFERENCES document,
  position integer NOT NULL,
  number text COLLATE "C" NOT NULL,
  title text,
  text text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT document_clause_number_key UNIQUE (document_id, number),
  CONSTRAINT document_clause_position_check CHECK (position > 0)
);
COMMENT ON TABLE document_clause IS 'The clauses of a document in their order; number is as printed (第十二条)';
CREATE INDEX document_clause_document_id_idx ON document_clause (document_id, position, id);
CREATE INDEX document_clause_owner_division_idx ON document_clause (owner_division, id);

CREATE TABLE document_token (
  token text COLLATE "C" NOT NULL,
  owner_division zeren.division_code NOT NULL,
  record_id uuid NOT NULL,
  document_id uuid NOT NULL,
  CONSTRAINT document_token_pkey PRIMARY KEY (token, owner_division, record_id)
);
COMMENT ON TABLE document_token IS 'Every character, and every two that stand side by side, of a document''s own words (record_id = document_id) and of each clause: what search goes by (R-104). Kept by triggers';

CALL zeren.classify('document', 'upward');
CALL zeren.classify('document_clause', 'upward');
CALL zeren.classify('document_token', 'upward');
GRANT SELECT, INSERT, UPDATE ON document, document_clause TO registry_service;
GRANT SELECT, INSERT, DELETE ON document_token TO registry_service;

-- R-104: a text as it is searched: no difference of width or case, no blanks.
CREATE FUNCTION search_form(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN lower(regexp_replace(normalize(given, NFKC), '\s+', '', 'g'));
-- The words of a question: what blanks keep apart.
CREATE FUNCTION search_words(given text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY(SELECT DISTINCT w.word FROM regexp_split_to_table(lower(normalize(given, NFKC)), '\s+') AS w (word) WHERE w.word <> '');
-- Every character of a text in search form, and every two side by side, each once.
CREATE FUNCTION search_tokens(form text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  SELECT DISTINCT v.token
    FROM (SELECT t.c, lead(t.c) OVER (ORDER BY t.n) AS next FROM string_to_table(form, NULL) WITH ORDINALITY AS t (c, n)) AS s,
         LATERAL (VALUES (s.c), (s.c || s.next)) AS v (token)
   WHERE v.token IS NOT NULL;
END;
CREATE FUNCTION holds_words(given text, words text[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN NOT EXISTS (SELECT FROM unnest(words) AS w (word), (SELECT registry.search_form(given) AS form) AS f WHERE strpos(f.form, w.word) = 0);
-- The token of the question that stands in the fewest records of a range of divisions, so that the fewest are looked at: of words of two characters or more two, of
-- others one.
CREATE FUNCTION rarest_token(words text[], lo text, hi text) RETURNS text LANGUAGE sql STABLE
  RETURN (SELECT t.token FROM unnest(words) AS w (word), LATERAL registry.search_tokens(w.word) AS t (token)
           WHERE length(t.token) = least(2, length(w.word))
           ORDER BY (SELECT count(*) FROM (SELECT FROM registry.document_token d WHERE d.token = t.token AND d.owner_division >= lo AND d.owner_division < hi LIMIT 200) AS few),
                    t.token LIMIT 1);

-- The words of a document and of a clause that are searched.
CREATE FUNCTION document_words(d document) RETURNS text LANGUAGE sql STABLE RETURN concat_ws(' ', d.title, d.number, d.issuer);
CREATE FUNCTION clause_words(c document_clause) RETURNS text LANGUAGE sql STABLE RETURN concat_ws(' ', c.number, c.title, c.text);

CREATE FUNCTION keep_document_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM registry.document_token d USING registry.search_tokens(registry.search_form(registry.document_words(OLD))) AS t (token)
     WHERE d.token = t.token AND d.owner_division = OLD.owner_division AND d.record_id = OLD.id;
  END IF;
  INSERT INTO registry.document_token (token, owner_division, record_id, document_id)
  SELECT t.token, NEW.owner_division, NEW.id, NEW.id FROM registry.search_tokens(registry.search_form(registry.document_words(NEW))) AS t (token);
  RETURN NULL;
END $$;
-- Those of all clauses that a statement adds at once, in the order of the index: a third less than one by one.
CREATE FUNCTION add_clause_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registry.document_token (token, owner_division, record_id, document_id)
  SELECT t.token, a.owner_division, a.id, a.document_id
    FROM added a, registry.search_tokens(registry.search_form(concat_ws(' ', a.number, a.title, a.text))) AS t (token)
   ORDER BY t.token, a.owner_division, a.id;
  RETURN NULL;
END $$;
CREATE FUNCTION change_clause_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM registry.document_token d USING registry.search_tokens(registry.search_form(registry.clause_words(OLD))) AS t (token)
   WHERE d.token = t.token AND d.owner_division = OLD.owner_division AND d.record_id = OLD.id;
  INSERT INTO registry.document_token (token, owner_division, record_id, document_id)
  SELECT t.token, NEW.owner_division, NEW.id, NEW.document_id FROM registry.search_tokens(registry.search_form(registry.clause_words(NEW))) AS t (token);
  RETURN NULL;
END $$;
CREATE TRIGGER tokens_kept AFTER INSERT OR UPDATE OF title, number, issuer ON document FOR EACH ROW EXECUTE FUNCTION keep_document_tokens();
CREATE TRIGGER tokens_added AFTER INSERT ON document_clause REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION add_clause_tokens();
CREATE TRIGGER tokens_changed AFTER UPDATE OF number, title, text ON document_clause FOR EACH ROW EXECUTE FUNCTION change_clause_tokens();

-- The file of a document stays as long as the document names it, or has named it.
CREATE FUNCTION use_document_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO registry.file_use (file_id, record, record_id) VALUES (NEW.file_id, 'document', NEW.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER file_used AFTER INSERT OR UPDATE OF file_id ON document FOR EACH ROW WHEN (NEW.file_id IS NOT NULL) EXECUTE FUNCTION use_document_file();

-- R-105: how the clauses of one edition differ from those of another; before, after: arrays of {position, number, title, text}. What reads the same is the same clause,
-- wherever it stands; what is left over is compared by number.
CREATE FUNCTION clause_difference(before jsonb, after jsonb)
RETURNS TABLE (change text, number text, old_number text, "position" integer, old_position integer, fields text[], title text, old_title text, text text, old_text text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
  WITH old AS MATERIALIZED (
    SELECT o.position, o.number, o.title, o.text, row_number() OVER (PARTITION BY coalesce(o.title, ''), o.text ORDER BY o.position, o.number) AS twin
      FROM jsonb_to_recordset(before) AS o (position integer, number text, title text, text text)
  ), new AS MATERIALIZED (
    SELECT n.position, n.number, n.title, n.text, row_number() OVER (PARTITION BY coalesce(n.title, ''), n.text ORDER BY n.position, n.number) AS twin
      FROM jsonb_to_recordset(after) AS n (position integer, number text, title text, text text)
  ), same AS MATERIALIZED (
    SELECT n.number, o.number AS old_number
      FROM new n JOIN old o ON o.text = n.text AND coalesce(o.title, '') = coalesce(n.title, '') AND o.twin = n.twin
  ), renamed AS MATERIALIZED (
    SELECT n.number, o.number AS old_number
      FROM new n JOIN old o ON o.number = n.number
     WHERE NOT EXISTS (SELECT FROM same s WHERE s.number = n.number) AND NOT EXISTS (SELECT FROM same s WHERE s.old_number = o.number)
  ), pair AS (
    SELECT p.number, p.old_number FROM same p UNION ALL SELECT r.number, r.old_number FROM renamed r
    UNION ALL SELECT n.number, NULL FROM new n WHERE NOT EXISTS (SELECT FROM same s WHERE s.number = n.number) AND NOT EXISTS (SELECT FROM renamed s WHERE s.number = n.number)
    UNION ALL SELECT NULL, o.number FROM old o
               WHERE NOT EXISTS (SELECT FROM same s WHERE s.old_number = o.number) AND NOT EXISTS (SELECT FROM renamed s WHERE s.old_number = o.number)
  )
  SELECT CASE WHEN p.old_number IS NULL THEN 'added' WHEN p.number IS NULL THEN 'removed' WHEN f.fields = '{number}' THEN 'renumbered' ELSE 'changed' END,
         p.number, p.old_number, n.position, o.position, CASE WHEN p.number IS NULL OR p.old_number IS NULL THEN '{}' ELSE f.fields END, n.title, o.title, n.text, o.text
    FROM pair p LEFT JOIN new n ON n.number = p.number LEFT JOIN old o ON o.number = p.old_number,
         LATERAL (SELECT array_remove(ARRAY[CASE WHEN n.number IS DISTINCT FROM o.number THEN 'number' END, CASE WHEN n.title IS DISTINCT FROM o.title THEN 'title' END,
                                            CASE WHEN n.text IS DISTINCT FROM o.text THEN 'text' END], NULL) AS fields) AS f
   WHERE f.fields <> '{}'
   ORDER BY coalesce(n.position, o.position), n.position NULLS FIRST, o.position;
END;

CREATE FUNCTION clauses_of(document uuid) RETURNS jsonb LANGUAGE sql STABLE
  RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('position', c.position, 'number', c.number, 'title', c.title, 'text', c.text)), '[]')
            FROM registry.document_clause c WHERE c.document_id = clauses_of.document);

-- ---- duties
CREATE TABLE duty (
  id uuid CONSTRAINT duty_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  document_id uuid NOT NULL CONSTRAINT duty_document_id_fkey REFERENCES document,
  clause_id uuid NOT NULL CONSTRAINT duty_clause_id_fkey REFERENCES document_clause,
  number text COLLATE "C" NOT NULL,
  title text NOT NULL,
  level smallint,
  subject text COLLATE "C" NOT NULL,
  topic text COLLATE "C" NOT NULL CONSTRAINT duty_topic_fkey REFERENCES topic,
  assumed boolean NOT NULL DEFAULT false,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT duty_number_key UNIQUE (document_id, number),
  CONSTRAINT duty_level_check CHECK (level BETWEEN 1 AND 5),
  CONSTRAINT duty_subject_check CHECK (subject IN ('first_responsible', 'direct', 'specific', 'main_body', 'contact_leader', 'linked_unit', 'lead_unit', 'duty_unit', 'work_group',
    'first_secretary', 'team_leader', 'team_member', 'helper', 'grid_worker', 'party_committee', 'government', 'department', 'leading_group', 'work_team', 'village_committee',
    'mass_organisation', 'garrison', 'social_force')),
  CONSTRAINT duty_validity_check CHECK (valid_from <= valid_to)
);
COMMENT ON TABLE duty IS 'What a clause lays on whom: a kind of subject, on one level or on every one; belongs to the division of its document and binds the levels below it';
COMMENT ON COLUMN duty.level IS '1 province to 5 village; NULL: every level';
COMMENT ON COLUMN duty.number IS 'Its number in the document, unique there';
CREATE INDEX duty_owner_division_idx ON duty (owner_division, created_at, id);
CREATE INDEX duty_created_at_idx ON duty (created_at, id);
CREATE INDEX duty_clause_id_idx ON duty (clause_id);
CALL zeren.classify('duty', 'upward');
GRANT SELECT, INSERT, UPDATE ON duty TO registry_service;

-- R-106: inside the time that its document holds, or refused.
CREATE FUNCTION binds_inside(from_on date, to_on date, valid_from date, valid_to date) RETURNS boolean LANGUAGE sql VOLATILE
  RETURN CASE WHEN from_on < valid_from THEN zeren.refuse('ZR005', 'valid_from', 'a duty does not bind before its document holds')
              WHEN to_on > valid_to THEN zeren.refuse('ZR005', 'valid_to', 'a duty does not bind when its document no longer holds')
              ELSE true END;

-- ---- classes of divisions, goals by stage
CREATE TABLE division_class (
  id uuid CONSTRAINT division_class_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  division zeren.division_code NOT NULL,
  class text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  clause_id uuid CONSTRAINT division_class_clause_id_fkey REFERENCES document_clause,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT division_class_check CHECK (class IN ('leading', 'key', 'foundation')),
  CONSTRAINT division_class_validity_check CHECK (valid_from < valid_to),
  CONSTRAINT division_class_overlap EXCLUDE USING gist (owner_division WITH =, division WITH =, daterange(valid_from, valid_to) WITH &&) DEFERRABLE
);
COMMENT ON TABLE division_class IS 'How a division is classified by one above it, dated: a class of its own for each classification at a time';
COMMENT ON COLUMN division_class.owner_division IS 'Whose classification it is';
CREATE INDEX division_class_owner_division_idx ON division_class (owner_division, division, id);
CREATE INDEX division_class_division_idx ON division_class (division, id);
CALL zeren.classify('division_class', 'upward');
GRANT SELECT, INSERT, UPDATE ON division_class TO registry_service;

CREATE TABLE stage_goal (
  id uuid CONSTRAINT stage_goal_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  class text COLLATE "C",
  division zeren.division_code,
  by_year smallint NOT NULL,
  position integer NOT NULL,
  text text NOT NULL,
  target numeric(18,4),
  unit_of_measure text,
  clause_id uuid CONSTRAINT stage_goal_clause_id_fkey REFERENCES document_clause,
  assumed boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT stage_goal_class_check CHECK (class IN ('leading', 'key', 'foundation')),
  CONSTRAINT stage_goal_whose_check CHECK (num_nonnulls(class, division) <= 1),
  CONSTRAINT stage_goal_target_check CHECK ((target IS NULL) = (unit_of_measure IS NULL) AND target >= 0),
  CONSTRAINT stage_goal_year_check CHECK (by_year BETWEEN 2000 AND 2199)
);
COMMENT ON TABLE stage_goal IS 'What is to be reached by the end of a year: by every division below its owner, by those of a class, or by one';
CREATE INDEX stage_goal_owner_division_idx ON stage_goal (owner_division, by_year, id);
CREATE INDEX stage_goal_by_year_idx ON stage_goal (by_year, id);
CALL zeren.classify('stage_goal', 'upward');
GRANT SELECT, INSERT, UPDATE ON stage_goal TO registry_service;

-- ---- plans of several years, and what they need of money
CREATE TABLE plan (
  id uuid CONSTRAINT plan_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  title text NOT NULL,
  kind text COLLATE "C" NOT NULL,
  starts_year smallint NOT NULL,
  ends_year smallint NOT NULL,
  document_id uuid CONSTRAINT plan_document_id_fkey REFERENCES document,
  status text COLLATE "C" NOT NULL DEFAULT 'draft',
  assumed boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT plan_kind_check CHECK (kind IN ('outline', 'action_plan', 'special')),
  CONSTRAINT plan_status_check CHECK (status IN ('draft', 'in_force', 'closed', 'discarded')),
  CONSTRAINT plan_years_check CHECK (starts_year BETWEEN 2000 AND 2199 AND ends_year BETWEEN starts_year AND 2199)
);
COMMENT ON TABLE plan IS 'A plan of several years, whose lines the tasks of each year serve';
CREATE INDEX plan_owner_division_idx ON plan (owner_division, created_at, id);
CREATE INDEX plan_created_at_idx ON plan (created_at, id);
CREATE INDEX plan_document_id_idx ON plan (document_id);

CREATE TABLE plan_line (
  id uuid CONSTRAINT plan_line_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  plan_id uuid NOT NULL CONSTRAINT plan_line_plan_id_fkey REFERENCES plan,
  number text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  title text NOT NULL,
  topic text COLLATE "C" NOT NULL CONSTRAINT plan_line_topic_fkey REFERENCES topic,
  lead_organisation_id uuid CONSTRAINT plan_line_lead_organisation_id_fkey REFERENCES organisation,
  by_year smallint NOT NULL,
  target numeric(18,4),
  unit_of_measure text,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT plan_line_number_key UNIQUE (plan_id, number),
  CONSTRAINT plan_line_position_check CHECK (position > 0),
  CONSTRAINT plan_line_target_check CHECK ((target IS NULL) = (unit_of_measure IS NULL) AND target >= 0)
);
COMMENT ON TABLE plan_line IS 'A line of a plan: what is to be done by the end of which year, and which unit leads';
CREATE INDEX plan_line_plan_id_idx ON plan_line (plan_id, position, id);
CREATE INDEX plan_line_owner_division_idx ON plan_line (owner_division, id);
CREATE INDEX plan_line_lead_organisation_id_idx ON plan_line (lead_organisation_id);

ALTER TABLE task ADD COLUMN plan_line_id uuid CONSTRAINT task_plan_line_id_fkey REFERENCES plan_line;
COMMENT ON COLUMN task.plan_line_id IS 'The line of a plan that it serves; NULL: none';
CREATE INDEX task_plan_line_id_idx ON task (plan_line_id) WHERE plan_line_id IS NOT NULL;

CREATE TABLE investment_need (
  id uuid CONSTRAINT investment_need_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  plan_id uuid NOT NULL CONSTRAINT investment_need_plan_id_fkey REFERENCES plan,
  plan_line_id uuid CONSTRAINT investment_need_plan_line_id_fkey REFERENCES plan_line,
  name text NOT NULL,
  year smallint NOT NULL,
  amount numeric(18,2) NOT NULL,
  source_kind text COLLATE "C" NOT NULL,
  secured numeric(18,2) NOT NULL DEFAULT 0,
  assumed boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT investment_need_amount_check CHECK (amount > 0),
  CONSTRAINT investment_need_secured_check CHECK (secured BETWEEN 0 AND amount),
  CONSTRAINT investment_need_source_check CHECK (source_kind IN ('central', 'province', 'prefecture', 'county', 'bond', 'loan', 'assistance', 'social', 'own'))
);
COMMENT ON TABLE investment_need IS 'Money that a plan needs in a year (投资需求), in yuan: from which kind of source, and how much of it is secured';
CREATE INDEX investment_need_owner_division_idx ON investment_need (owner_division, created_at, id);
CREATE INDEX investment_need_created_at_idx ON investment_need (created_at, id);
CREATE INDEX investment_need_plan_id_idx ON investment_need (plan_id, year, id);
CREATE INDEX investment_need_plan_line_id_idx ON investment_need (plan_line_id) WHERE plan_line_id IS NOT NULL;

CALL zeren.classify('plan', 'upward');
CALL zeren.classify('plan_line', 'upward');
CALL zeren.classify('investment_need', 'upward');
GRANT SELECT, INSERT, UPDATE ON plan, plan_line, investment_need TO registry_service;

-- An id of version 7 of the same moment as another one, in the order of n (0 to 4095): records that one statement makes are listed in their order.
CREATE FUNCTION id_in_order(base uuid, n bigint) RETURNS uuid LANGUAGE sql VOLATILE
  RETURN (left(base::text, 14) || '7' || lpad(to_hex(n), 3, '0') || substr(gen_random_uuid()::text, 19))::uuid;

-- ---- how each is shown, said once; `more`: what this statement has made besides, which its snapshot does not see
CREATE FUNCTION document_as_shown(d document, more_clauses bigint, more_duties bigint)
RETURNS TABLE (id uuid, owner_division text, title text, number text, issuer text, issued_on date, kind text, valid_from date, valid_to date, edition smallint, replaces_id uuid,
  replaced_by_id uuid, file_id uuid, assumed boolean, n_clauses bigint, n_duties bigint, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT d.id, d.owner_division::text, d.title, d.number, d.issuer, d.issued_on, d.kind, d.valid_from, nullif(d.valid_to, 'infinity'), d.edition, d.replaces_id,
         (SELECT n.id FROM registry.document n WHERE n.replaces_id = d.id), d.file_id, d.assumed,
         (SELECT count(*) FROM registry.document_clause c WHERE c.document_id = d.id) + more_clauses,
         (SELECT count(*) FROM registry.duty u WHERE u.document_id = d.id) + more_duties, d.created_at, d.version;
END;
CREATE FUNCTION clause_as_shown(c document_clause)
RETURNS TABLE (id uuid, owner_division text, document_id uuid, "position" integer, number text, title text, text text, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c.id, c.owner_division::text, c.document_id, c.position, c.number, c.title, c.text, c.version;
END;
CREATE FUNCTION duty_as_shown(d duty)
RETURNS TABLE (id uuid, owner_division text, document_id uuid, document_title text, document_number text, clause_id uuid, clause_number text, number text, title text, level smallint,
  subject text, topic text, assumed boolean, valid_from date, valid_to date, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT d.id, d.owner_division::text, d.document_id, (SELECT o.title FROM registry.document o WHERE o.id = d.document_id),
         (SELECT o.number FROM registry.document o WHERE o.id = d.document_id), d.clause_id, (SELECT c.number FROM registry.document_clause c WHERE c.id = d.clause_id),
         d.number, d.title, d.level, d.subject, d.topic, d.assumed, d.valid_from, nullif(d.valid_to, 'infinity'), d.created_at, d.version;
END;
CREATE FUNCTION division_class_as_shown(c division_class, on_day date)
RETURNS TABLE (id uuid, owner_division text, division text, division_name text, class text, valid_from date, valid_to date, clause_id uuid, created_at timestamptz, version integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT c.id, c.owner_division::text, c.division::text,
         (SELECT n.name FROM registry.division n WHERE n.code = c.division AND n.valid_from <= on_day AND n.valid_to > on_day), c.class, c.valid_from,
         nullif(c.valid_to, 'infinity'), c.clause_id, c.created_at, c.version;
END;
CREATE FUNCTION stage_goal_as_shown(g stage_goal)
RETURNS TABLE (id uuid, owner_division text, class text, division text, by_year smallint, "position" integer, text text, target text, unit_of_measure text, clause_id uuid,
  assumed boolean, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT g.id, g.owner_division::text, g.class, g.division::text, g.by_year, g.position, g.text, trim_scale(g.target)::text, g.unit_of_measure, g.clause_id, g.assumed,
         g.created_at, g.version;
END;
CREATE FUNCTION plan_as_shown(p plan, more jsonb)
RETURNS TABLE (id uuid, owner_division text, title text, kind text, starts_year smallint, ends_year smallint, document_id uuid, status text, assumed boolean, steps json,
  created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT p.id, p.owner_division::text, p.title, p.kind, p.starts_year, p.ends_year, p.document_id, p.status, p.assumed, registry.steps_shown('plan', p.id, more), p.created_at,
         p.version;
END;
CREATE FUNCTION plan_line_as_shown(l plan_line)
RETURNS TABLE (id uuid, owner_division text, plan_id uuid, number text, "position" integer, title text, topic text, lead_organisation_id uuid, lead_organisation text, by_year smallint,
  target text, unit_of_measure text, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT l.id, l.owner_division::text, l.plan_id, l.number, l.position, l.title, l.topic, l.lead_organisation_id,
         (SELECT o.name FROM registry.organisation o WHERE o.id = l.lead_organisation_id), l.by_year, trim_scale(l.target)::text, l.unit_of_measure, l.version;
END;
CREATE FUNCTION investment_need_as_shown(n investment_need)
RETURNS TABLE (id uuid, owner_division text, plan_id uuid, plan_line_id uuid, name text, year smallint, amount text, source_kind text, secured text, assumed boolean,
  created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT n.id, n.owner_division::text, n.plan_id, n.plan_line_id, n.name, n.year, n.amount::text, n.source_kind, n.secured::text, n.assumed, n.created_at, n.version;
END;

-- R-113: what the tasks that serve a line have come to, by year: of lists in force or closed, and of the items that the caller sees.
CREATE FUNCTION plan_line_years(line uuid) RETURNS json LANGUAGE sql STABLE
  RETURN (SELECT coalesce(json_agg(json_build_object('year', y.year, 'tasks', y.tasks, 'items', y.items, 'done', y.done, 'completion', y.completion) ORDER BY y.year), '[]')
            FROM (SELECT d.year, count(DISTINCT k.id) AS tasks, count(i.id) AS items, count(i.done_on) AS done, (avg(i.completion_bp) / 100)::numeric(5,2)::text AS completion
                    FROM registry.task k JOIN registry.duty_list d ON d.id = k.duty_list_id AND d.status IN ('in_force', 'closed')
                         LEFT JOIN registry.item i ON i.task_id = k.id
                   WHERE k.plan_line_id = line GROUP BY d.year) AS y);

-- The class of a division by one classification on a day; NULL: none.
CREATE FUNCTION class_on(classifier text, of_division text, on_day date) RETURNS text LANGUAGE sql STABLE
  RETURN (SELECT c.class FROM registry.division_class c
           WHERE c.owner_division = classifier AND c.division = of_division AND c.valid_from <= on_day AND c.valid_to > on_day);

-- A division and those above it, the country at last.
CREATE FUNCTION self_and_above(division text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY[division, rpad(left(division, 9), 12, '0'), rpad(left(division, 6), 12, '0'), rpad(left(division, 4), 12, '0'), rpad(left(division, 2), 12, '0'), '000000000000'];

-- ---- what the worker and other services read
GRANT SELECT ON document, document_clause, duty, division_class, stage_goal, plan, plan_line, investment_need TO registry_worker;
GRANT SELECT (id, owner_division) ON document, document_clause, duty, division_class, stage_goal, plan, plan_line, investment_need TO identity_service;

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('document', 'upward', 'document.read', '文件'),
  ('document_clause', 'upward', 'document.read', '条款'),
  ('duty', 'upward', 'document.read', '责任'),
  ('division_class', 'upward', 'document.read', '区划分类'),
  ('stage_goal', 'upward', 'document.read', '阶段目标'),
  ('plan', 'upward', 'document.read', '规划'),
  ('plan_line', 'upward', 'document.read', '规划任务'),
  ('investment_need', 'upward', 'document.read', '投资需求');

-- ---- words
CALL zeren.tell_codes('document_kind', '文件种类', '本系统', '
  regulation 法规条例|条例
  opinion 意见
  measure 办法
  plan 规划方案|方案
  notice 通知
  local_rule 实施细则|细则');
CALL zeren.tell_codes('duty_subject', '责任主体', '本系统：《乡村振兴责任制实施办法》及各地细则', '
  first_responsible 第一责任人
  direct 直接责任人（分管）|直接责任人
  specific 具体责任人
  main_body 主体责任
  contact_leader 联系（包抓、挂点）领导|联系领导
  linked_unit 挂钩（定点帮扶）单位|挂钩单位
  lead_unit 牵头单位
  duty_unit 责任单位
  work_group 工作专班
  first_secretary 驻村第一书记|第一书记
  team_leader 驻村工作队队长|队长
  team_member 驻村工作队队员|队员
  helper 帮扶责任人
  grid_worker 网格员
  party_committee 党委
  government 政府
  department 部门
  leading_group 领导小组
  work_team 驻村工作队
  village_committee 村“两委”|村两委
  mass_organisation 群团组织
  garrison 驻地部队
  social_force 企事业单位和社会力量|社会力量');
CALL zeren.tell_codes('division_class', '区划分类', '黔西南州分类分级推进乡村振兴的实施意见', '
  leading 引领示范
  key 重点推进
  foundation 夯实基础');
CALL zeren.tell_codes('plan_kind', '规划种类', '大理州责任制：重点工作', '
  outline 规划纲要
  action_plan 行动计划
  special 专项规划');
CALL zeren.tell_codes('plan_status', '规划状态', '本系统：规则 R-111', '
  draft 编制中
  discarded 作废
  in_force 实施中
  closed 已结束');
CALL zeren.tell_codes('plan_verb', '规划步骤', '本系统：规则 R-111', '
  bring_into_force 实施
  close 结束
  discard 作废');
CALL zeren.tell_codes('investment_source', '资金来源', '本系统', '
  central 中央财政资金
  province 省级财政资金
  prefecture 市（州）级财政资金
  county 县级财政资金
  bond 地方政府债券
  loan 金融信贷
  assistance 帮扶协作资金
  social 社会资本
  own 自筹');
CALL zeren.tell_codes('clause_change', '条款变化', '本系统：规则 R-105', '
  added 新增
  removed 删去
  changed 修改
  renumbered 序号调整');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_document 收录文件
  update_document 更正文件
  import_document 导入文件
  create_clause 增加条款
  update_clause 更正条款
  create_duty 登记责任
  update_duty 更正责任
  create_division_class 区划分类
  end_division_class 结束区划分类
  create_stage_goal 设定阶段目标
  update_stage_goal 更正阶段目标
  create_plan 编制规划
  discard_plan 作废规划
  update_plan 更正规划
  bring_plan_into_force 规划实施
  close_plan 规划结束
  create_plan_line 新增规划任务
  update_plan_line 更正规划任务
  serve_plan_line 任务对应规划
  create_investment_need 登记投资需求
  update_investment_need 更正投资需求');
