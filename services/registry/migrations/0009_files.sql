-- Files of the registry: evidence that a report names. Tables and rules of files themselves: zeren.equip_files().
CALL zeren.equip_files('registry');
INSERT INTO feed_kind (kind, class, permission, label) VALUES ('file', 'scoped', 'file.read', '文件');

ALTER TABLE report ADD COLUMN file_ids uuid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN report.file_ids IS 'Files that show what was reached; file_use has the same for the foreign key';
-- F-012
CREATE TRIGGER files_used AFTER INSERT ON report FOR EACH ROW WHEN (NEW.file_ids <> '{}') EXECUTE FUNCTION use_files('report');
CREATE OR REPLACE VIEW report_shown WITH (security_invoker = true) AS
  SELECT r.id, r.owner_division, r.at_division, r.item_id, r.organisation_id, r.reported_on, trim_scale(r.value)::text AS value, r.milestone, r.note,
         r.status, r.decision_note, r.reported_by, r.decided_by, r.decided_at, r.created_at, r.version, r.file_ids
    FROM report r;

-- ---- papers: forms as rows, numbers without gaps, and what was made (R-090 to R-092) ----

CREATE TABLE paper_template (
  code text COLLATE "C" CONSTRAINT paper_template_pkey PRIMARY KEY,
  label text NOT NULL,
  record text COLLATE "C" NOT NULL,
  number_word text NOT NULL,
  form text NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  source text NOT NULL
);
COMMENT ON TABLE paper_template IS 'Forms of papers (common/papers/template.h); record: of what a paper of that form is. Wording is ours, not of any regulation';
CREATE TABLE paper_number (
  issuer_organisation_id uuid NOT NULL CONSTRAINT paper_number_issuer_organisation_id_fkey REFERENCES organisation,
  year smallint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  last integer NOT NULL,
  CONSTRAINT paper_number_pkey PRIMARY KEY (issuer_organisation_id, year, kind)
) WITH (fillfactor = 50);
COMMENT ON TABLE paper_number IS 'The last number given, by issuer, year and kind: taken in the transaction of its paper, so that none is missing and none given twice';
CREATE TABLE paper (
  id uuid CONSTRAINT paper_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  template text COLLATE "C" NOT NULL CONSTRAINT paper_template_fkey REFERENCES paper_template,
  issuer_organisation_id uuid NOT NULL CONSTRAINT paper_issuer_organisation_id_fkey REFERENCES organisation,
  year smallint NOT NULL,
  position integer NOT NULL,
  number text NOT NULL,
  record text COLLATE "C" NOT NULL,
  record_id uuid NOT NULL,
  file_id uuid NOT NULL CONSTRAINT paper_file_id_fkey REFERENCES file,
  pages integer NOT NULL,
  made_on date NOT NULL,
  created_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT paper_position_key UNIQUE (issuer_organisation_id, year, template, position)
);
COMMENT ON TABLE paper IS 'Papers that were made: which form, of what, under which number, and the file that it is';
CREATE INDEX paper_owner_division_idx ON paper (owner_division, created_at, id);
CREATE INDEX paper_created_at_idx ON paper (created_at, id);
CREATE INDEX paper_record_id_idx ON paper (record_id);
CALL zeren.classify('paper_template', 'reference');
CALL zeren.classify('paper_number', 'private');
CALL zeren.classify('paper', 'scoped');
GRANT SELECT ON paper_template TO registry_service;
GRANT SELECT, INSERT, UPDATE ON paper_number TO registry_service;
GRANT SELECT, INSERT ON paper TO registry_service;
INSERT INTO feed_kind (kind, class, permission, label) VALUES ('paper', 'scoped', 'file.read', '文书');

-- R-090. The row is locked until the paper's transaction ends: who comes second waits and gets the next.
CREATE FUNCTION take_paper_number(issuer uuid, in_year integer, of_kind text) RETURNS integer LANGUAGE sql VOLATILE AS $$
  INSERT INTO registry.paper_number AS n (issuer_organisation_id, year, kind, last) VALUES (issuer, in_year, of_kind, 1)
  ON CONFLICT (issuer_organisation_id, year, kind) DO UPDATE SET last = n.last + 1 RETURNING n.last
$$;

INSERT INTO paper_template (code, label, record, number_word, form, assumed, source) VALUES
  ('duty_list', '责任清单', 'duty_list', '责清',
'title {title}
number {number}
paragraph {division}{year}年度责任清单共列任务分解项{count}项，现予印发，请各责任单位对照抓好落实。
table 8 序号 | 24 任务 | 32 分解项 | 20 牵头单位 | 16 完成时限
signature {issuer} | {date}
note 文书样式与措辞为系统示例，不是法定文本。
', true, 'ours'),
  ('reminder', '提醒函', 'item', '提醒',
'title 关于{title}的提醒函
number {number}
addressee {addressee}：
paragraph 你单位牵头的“{title}”应于{due_on}前完成，目前完成{completion}%。请对照责任清单抓紧推进，如有困难请及时说明。
paragraph 特此提醒。
signature {issuer} | {date}
note 文书样式与措辞为系统示例，不是法定文本。
', true, 'ours'),
  ('urging', '督办函', 'urging', '督办',
'title 督办函
number {number}
addressee {addressee}：
paragraph 现就以下事项予以督办：{matter}
paragraph 依据：{basis}
paragraph 请于{answer_by}前将办理情况书面答复我单位。
signature {issuer} | {date}
note 文书样式与措辞为系统示例，不是法定文本。
', true, 'ours');
