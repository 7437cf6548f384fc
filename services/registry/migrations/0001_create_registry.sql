-- The responsibility registry: divisions, organisations, duty lists -> tasks -> items, milestones and progress reports.
CALL zeren.equip('registry');

CREATE TABLE division (
  id uuid NOT NULL,
  code zeren.division_code NOT NULL,
  owner_division zeren.division_code NOT NULL,
  name text COLLATE "C" NOT NULL,
  level smallint NOT NULL,
  parent_code zeren.division_code,
  kind text COLLATE "C" NOT NULL DEFAULT 'statutory',
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  predecessor_codes text[] NOT NULL DEFAULT '{}',
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT division_pkey PRIMARY KEY (code, valid_from),
  CONSTRAINT division_id_key UNIQUE (id),
  CONSTRAINT division_owner_check CHECK (owner_division = code),
  CONSTRAINT division_kind_check CHECK (kind IN ('statutory', 'functional_area')),
  CONSTRAINT division_level_check CHECK (level BETWEEN 1 AND 5),
  CONSTRAINT division_validity_check CHECK (valid_from < valid_to),
  CONSTRAINT division_overlap EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to) WITH &&)
);
COMMENT ON TABLE division IS 'Administrative divisions of five levels and functional areas, effective-dated; valid_to is the first day no longer valid';
CREATE INDEX division_parent_code_idx ON division (parent_code, code);
CREATE INDEX division_level_idx ON division (level, code);
CREATE INDEX division_name_idx ON division (name, code);

CREATE TABLE division_member (
  area_code zeren.division_code NOT NULL,
  member_code zeren.division_code NOT NULL,
  owner_division zeren.division_code NOT NULL,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  CONSTRAINT division_member_pkey PRIMARY KEY (area_code, member_code, valid_from),
  CONSTRAINT division_member_owner_check CHECK (owner_division = area_code)
);
COMMENT ON TABLE division_member IS 'The towns that a functional area administers';
CREATE INDEX division_member_member_code_idx ON division_member (member_code);

CREATE TABLE organisation (
  id uuid CONSTRAINT organisation_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  name text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  line text COLLATE "C",
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT organisation_name_key UNIQUE (owner_division, name),
  CONSTRAINT organisation_kind_check CHECK (kind IN ('party_committee', 'government', 'department', 'town', 'village', 'work_group', 'enterprise', 'other'))
);
COMMENT ON TABLE organisation IS 'Units that can answer for something; line (条) is the functional line a department belongs to, NULL for a whole division';
CREATE INDEX organisation_owner_division_idx ON organisation (owner_division, id);

CREATE TABLE duty_list (
  id uuid CONSTRAINT duty_list_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  year smallint NOT NULL,
  title text NOT NULL,
  edition smallint NOT NULL DEFAULT 1,
  status text COLLATE "C" NOT NULL DEFAULT 'draft',
  assumed boolean NOT NULL DEFAULT false,
  approved_at timestamptz, filed_at timestamptz, in_force_at timestamptz, ended_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT duty_list_edition_key UNIQUE (owner_division, year, edition),
  CONSTRAINT duty_list_year_check CHECK (year BETWEEN 2000 AND 2199),
  CONSTRAINT duty_list_status_check CHECK (status IN ('draft', 'approved', 'filed', 'in_force', 'superseded', 'closed')),
  CONSTRAINT duty_list_one_in_force EXCLUDE USING btree (owner_division WITH =, year WITH =) WHERE (status = 'in_force') DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE duty_list IS 'A year''s responsibility list of a division; edition counts its versions, of which one is in force';
CREATE INDEX duty_list_year_idx ON duty_list (owner_division, year, id);

CREATE TABLE task (
  id uuid CONSTRAINT task_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  duty_list_id uuid NOT NULL CONSTRAINT task_duty_list_id_fkey REFERENCES duty_list,
  parent_id uuid CONSTRAINT task_parent_id_fkey REFERENCES task,
  number text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  title text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT task_number_key UNIQUE (duty_list_id, number),
  CONSTRAINT task_parent_check CHECK (parent_id <> id)
);
COMMENT ON TABLE task IS 'A task of a duty list; parent_id makes the tree; position orders siblings as filed';
CREATE INDEX task_duty_list_id_idx ON task (duty_list_id, position, id);
CREATE INDEX task_parent_id_idx ON task (parent_id);

CREATE TABLE item (
  id uuid CONSTRAINT item_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  duty_list_id uuid NOT NULL CONSTRAINT item_duty_list_id_fkey REFERENCES duty_list,
  task_id uuid NOT NULL CONSTRAINT item_task_id_fkey REFERENCES task,
  title text NOT NULL,
  lead_organisation_id uuid NOT NULL CONSTRAINT item_lead_organisation_id_fkey REFERENCES organisation,
  assist_organisation_ids uuid[] NOT NULL DEFAULT '{}',
  starts_on date NOT NULL,
  due_on date NOT NULL,
  measure text COLLATE "C" NOT NULL,
  target numeric(18,4),
  unit_of_measure text,
  progress numeric(18,4) NOT NULL DEFAULT 0,
  completion_bp integer NOT NULL DEFAULT 0,
  done_on date,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT item_lead_key UNIQUE (task_id, lead_organisation_id),
  CONSTRAINT item_assist_not_lead_check CHECK (NOT lead_organisation_id = ANY (assist_organisation_ids)),
  CONSTRAINT item_period_check CHECK (starts_on <= due_on),
  CONSTRAINT item_measure_check CHECK (measure IN ('value', 'milestone')),
  CONSTRAINT item_target_check CHECK (measure <> 'value' OR (target > 0 AND unit_of_measure IS NOT NULL)),
  CONSTRAINT item_completion_check CHECK (completion_bp BETWEEN 0 AND 10000)
);
COMMENT ON TABLE item IS 'Task x unit: what one lead unit, with any assisting units, answers for until due_on; lines are those of its units';
COMMENT ON COLUMN item.completion_bp IS 'Completion in basis points (10000 = whole), from confirmed reports';
COMMENT ON COLUMN item.done_on IS 'The reported_on of the confirmed report that completed it; NULL while open';
CREATE INDEX item_due_on_idx ON item (owner_division, due_on, id);
CREATE INDEX item_duty_list_id_idx ON item (duty_list_id, due_on, id);
CREATE INDEX item_lead_organisation_id_idx ON item (lead_organisation_id, due_on, id);

CREATE TABLE milestone (
  id uuid CONSTRAINT milestone_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  item_id uuid NOT NULL CONSTRAINT milestone_item_id_fkey REFERENCES item,
  position smallint NOT NULL,
  name text NOT NULL,
  due_on date NOT NULL,
  reached_on date,
  CONSTRAINT milestone_position_key UNIQUE (item_id, position)
);
COMMENT ON TABLE milestone IS 'The steps of an item measured by milestones; reached_on comes from a confirmed report';

CREATE TABLE report (
  id uuid CONSTRAINT report_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  item_id uuid NOT NULL CONSTRAINT report_item_id_fkey REFERENCES item,
  organisation_id uuid NOT NULL CONSTRAINT report_organisation_id_fkey REFERENCES organisation,
  reported_on date NOT NULL,
  value numeric(18,4),
  milestone smallint,
  note text,
  status text COLLATE "C" NOT NULL DEFAULT 'submitted',
  decision_note text,
  reported_by uuid NOT NULL,
  decided_by uuid,
  decided_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT report_status_check CHECK (status IN ('submitted', 'confirmed', 'sent_back')),
  CONSTRAINT report_what_check CHECK (num_nonnulls(value, milestone) = 1),
  CONSTRAINT report_value_check CHECK (value >= 0)
);
COMMENT ON TABLE report IS 'Progress of an item as its unit reports it: a value reached so far, or the position of a milestone; counts once confirmed';
COMMENT ON COLUMN report.reported_by IS 'The post that reported (identity.post)';
CREATE INDEX report_item_id_idx ON report (item_id, created_at, id);
CREATE INDEX report_owner_division_idx ON report (owner_division, created_at, id);

CALL zeren.classify('division', 'reference');
CALL zeren.classify('division_member', 'reference');
CALL zeren.classify('organisation', 'upward');
CALL zeren.classify('duty_list', 'upward');
CALL zeren.classify('task', 'upward');
CALL zeren.classify('item', 'scoped');
CALL zeren.classify('milestone', 'scoped');
CALL zeren.classify('report', 'scoped');

GRANT SELECT, INSERT, UPDATE ON division, division_member, organisation, duty_list, task, item, milestone, report TO registry_service;
GRANT DELETE ON milestone TO registry_service;

-- What other services may read (charter D16).
GRANT USAGE ON SCHEMA registry, registry_pub TO identity_service;
CREATE VIEW registry_pub.organisation WITH (security_invoker = true) AS SELECT id, owner_division, name, kind, line FROM registry.organisation;
COMMENT ON VIEW registry_pub.organisation IS 'Organisations as other services see them';
GRANT SELECT (id, owner_division, name, kind, line) ON registry.organisation TO identity_service;
GRANT SELECT ON registry_pub.organisation TO identity_service;
