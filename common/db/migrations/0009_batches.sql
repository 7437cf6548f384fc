-- Tables that people send, staged, looked at, applied by another person and undone (proto/batches.md). zeren.equip_batches() gives them to a service that has
-- jobs and files.

INSERT INTO zeren.file_type (media_type, label, extensions) VALUES ('application/x-ndjson', 'NDJSON数据', 'ndjson') ON CONFLICT DO NOTHING;

CALL zeren.tell_codes('batch_status', '批次状态', '本系统：规则 B-002', '
  staging 正在读取
  staged 待审核
  applying 正在写入
  applied 已写入
  undoing 正在撤销
  undone 已撤销
  discarded 已放弃
  failed 读取失败');
CALL zeren.tell_codes('batch_action', '批次行处理', '本系统：规则 B-005', '
  insert 新增
  update 更新
  unchanged 未变
  failed 未通过');
CALL zeren.tell_codes('table_format', '表格格式', '本系统', '
  csv CSV文本表格
  ndjson NDJSON数据
  xlsx 电子表格');
CALL zeren.tell_codes('charset', '字符编码', 'GB 18030；RFC 3629', '
  utf-8 UTF-8编码
  gb18030 GB18030编码');
CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：规则 B-004', '
  missing 必填项为空
  too_long 内容过长
  not_a_code 不是行政区划代码
  not_one_of 不在可选范围内
  not_a_date 不是日期
  not_a_number 不是数字
  repeated 与上面的行重复
  out_of_scope 不在管辖范围内');

-- What people see of a batch, in the answer of a route and in audit rows alike.
CREATE PROCEDURE zeren.make_batch_tables(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE TABLE %1$I.batch (
      id uuid CONSTRAINT batch_pkey PRIMARY KEY,
      owner_division zeren.division_code NOT NULL,
      kind text COLLATE "C" NOT NULL,
      title text NOT NULL,
      file_id uuid NOT NULL CONSTRAINT batch_file_id_fkey REFERENCES %1$I.file,
      all_or_none boolean NOT NULL DEFAULT false,
      sheet text,
      format text COLLATE "C" CONSTRAINT batch_format_check CHECK (format IN ('csv', 'ndjson', 'xlsx')),
      charset text COLLATE "C" CONSTRAINT batch_charset_check CHECK (charset IN ('utf-8', 'gb18030')),
      separator text,
      status text COLLATE "C" NOT NULL DEFAULT 'staging'
        CONSTRAINT batch_status_check CHECK (status IN ('staging', 'staged', 'applying', 'applied', 'undoing', 'undone', 'discarded', 'failed')),
      refusal text COLLATE "C",
      heading_faults jsonb NOT NULL DEFAULT '[]',
      rows integer NOT NULL DEFAULT 0,
      inserts integer NOT NULL DEFAULT 0,
      updates integer NOT NULL DEFAULT 0,
      unchanged integer NOT NULL DEFAULT 0,
      failed integer NOT NULL DEFAULT 0,
      applied integer NOT NULL DEFAULT 0,
      not_applied integer NOT NULL DEFAULT 0,
      undone integer NOT NULL DEFAULT 0,
      not_undone integer NOT NULL DEFAULT 0,
      staged_by uuid NOT NULL,
      staged_post uuid NOT NULL,
      decided_by uuid,
      decided_post uuid,
      decided_at timestamptz,
      reason text,
      stage_job uuid NOT NULL,
      apply_job uuid,
      undo_job uuid,
      created_at timestamptz NOT NULL,
      version integer NOT NULL DEFAULT 1
    ) WITH (fillfactor = 50);
    COMMENT ON TABLE %1$I.batch IS 'A table that somebody sent: read into batch_row, then applied by somebody else, and perhaps undone; the counts are moved by the chunks of its jobs';
    CREATE INDEX batch_owner_division_idx ON %1$I.batch (owner_division, created_at, id);
    CREATE INDEX batch_created_at_idx ON %1$I.batch (created_at, id);
    CREATE INDEX batch_file_id_idx ON %1$I.batch (file_id);
    CREATE TABLE %1$I.batch_row (
      batch_id uuid NOT NULL,
      owner_division zeren.division_code NOT NULL,
      row integer NOT NULL,
      match text COLLATE "C",
      data jsonb NOT NULL,
      action text COLLATE "C" NOT NULL CONSTRAINT batch_row_action_check CHECK (action IN ('insert', 'update', 'unchanged', 'failed')),
      record_id uuid,
      base_version integer,
      was jsonb,
      faults jsonb,
      outcome text COLLATE "C",
      CONSTRAINT batch_row_pkey PRIMARY KEY (batch_id, row),
      CONSTRAINT batch_row_failed_check CHECK ((action = 'failed') = (faults IS NOT NULL)),
      CONSTRAINT batch_row_record_check CHECK (action = 'failed' OR record_id IS NOT NULL)
    ) WITH (fillfactor = 95);
    COMMENT ON TABLE %1$I.batch_row IS 'A row of a batch: what its cells say, what would become of it, and what kept it from becoming that. No foreign key: the statements that fill it take the id from batch itself, and checking it anew for each row is a quarter of the work';
    COMMENT ON COLUMN %1$I.batch_row.match IS 'What rows that mean the same record share';
    COMMENT ON COLUMN %1$I.batch_row.base_version IS 'Of an update: the version that the row was held against. An applied update made the next one, an applied insert made version 1';
    COMMENT ON COLUMN %1$I.batch_row.outcome IS 'Why it was not applied or not undone; NULL: as the batch stands';
    CREATE INDEX batch_row_match_idx ON %1$I.batch_row (batch_id, match);
    CREATE INDEX batch_row_failed_idx ON %1$I.batch_row (batch_id, row) WHERE action = 'failed';
    CREATE INDEX batch_row_outcome_idx ON %1$I.batch_row (batch_id, row) WHERE outcome IS NOT NULL;
  $q$, svc);
END $$;

CREATE PROCEDURE zeren.equip_batches(svc text) LANGUAGE plpgsql AS $$
BEGIN
  CALL zeren.make_batch_tables(svc);
  EXECUTE format($q$
    CALL zeren.classify('%1$I.batch', 'scoped');
    CALL zeren.classify('%1$I.batch_row', 'scoped');
    GRANT SELECT, INSERT, UPDATE ON %1$I.batch TO %2$I;
    GRANT SELECT ON %1$I.batch_row TO %2$I;
    GRANT SELECT, UPDATE ON %1$I.batch TO %3$I;
    GRANT SELECT, INSERT, UPDATE ON %1$I.batch_row TO %3$I;
    GRANT SELECT, INSERT ON %1$I.file TO %3$I;
    GRANT SELECT, INSERT ON %1$I.blob TO %3$I;
    INSERT INTO %1$I.feed_kind (kind, class, permission, label) VALUES ('batch', 'scoped', 'signed_in', '批次');
  $q$, svc, svc || '_service', svc || '_worker');
END $$;
COMMENT ON PROCEDURE zeren.equip_batches(text) IS 'Gives a service its batches; it has jobs and files already';
