-- Files of every service that has some: what may be kept, how much, and the tables that a service gets by zeren.equip_files().

CREATE TABLE zeren.file_type (
  media_type text COLLATE "C" CONSTRAINT file_type_pkey PRIMARY KEY,
  label text NOT NULL,
  extensions text NOT NULL,
  CONSTRAINT file_type_extensions_check CHECK (extensions ~ '^[a-z0-9]+( [a-z0-9]+)*$')
);
COMMENT ON TABLE zeren.file_type IS 'What may be kept, by content as sniffed; extensions: the first is given to names that have none of them. What is not here is refused';
CALL zeren.classify('zeren.file_type', 'reference');
GRANT SELECT ON zeren.file_type TO PUBLIC;
INSERT INTO zeren.file_type (media_type, label, extensions) VALUES
  ('application/pdf', 'PDF文档', 'pdf'),
  ('application/ofd', 'OFD版式文件', 'ofd'),
  ('image/jpeg', 'JPEG图片', 'jpg jpeg'),
  ('image/png', 'PNG图片', 'png'),
  ('image/webp', 'WebP图片', 'webp'),
  ('image/heic', 'HEIC图片', 'heic heif'),
  ('image/gif', 'GIF图片', 'gif'),
  ('image/tiff', 'TIFF扫描件', 'tif tiff'),
  ('application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'Word文档', 'docx'),
  ('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'Excel表格', 'xlsx'),
  ('application/vnd.openxmlformats-officedocument.presentationml.presentation', 'PowerPoint演示', 'pptx'),
  ('application/vnd.oasis.opendocument.text', 'ODF文档', 'odt'),
  ('application/vnd.oasis.opendocument.spreadsheet', 'ODF表格', 'ods'),
  ('application/msword', 'Word 97文档', 'doc wps'),
  ('application/vnd.ms-excel', 'Excel 97表格', 'xls et'),
  ('application/vnd.ms-powerpoint', 'PowerPoint 97演示', 'ppt dps'),
  ('text/plain', '文本', 'txt csv'),
  ('text/csv', 'CSV表格', 'csv txt'),
  ('application/zip', 'ZIP压缩包', 'zip'),
  ('audio/mpeg', 'MP3录音', 'mp3'),
  ('audio/mp4', 'M4A录音', 'm4a'),
  ('audio/wav', 'WAV录音', 'wav'),
  ('video/mp4', 'MP4录像', 'mp4 m4v'),
  ('video/quicktime', 'MOV录像', 'mov');

INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('files.max_bytes', '000000000000', 0, '209715200', true, 'assumed: a ten-minute film of a telephone, or a scan of 300 pages'),
  ('files.quota_bytes', '000000000000', 0, '53687091200', true, 'assumed: 50 GiB for the files that belong to one division'),
  ('files.upload_hours', '000000000000', 0, '72', true, 'assumed: a team without signal comes back to the office within three days'),
  ('files.orphan_hours', '000000000000', 0, '1', true, 'assumed: no call works on a file for longer');

-- F-003. What a division's files take, in the transaction of the file: the row is locked by those who change it, so no two take the last place.
CREATE FUNCTION zeren.count_file() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  more bigint := 0;
  less bigint := 0;
  whose text := coalesce(NEW.owner_division, OLD.owner_division);
  taken bigint;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.status IN ('uploading', 'ready') THEN less := coalesce(OLD.stored_size, OLD.size); END IF;
  IF TG_OP <> 'DELETE' AND NEW.status IN ('uploading', 'ready') THEN more := coalesce(NEW.stored_size, NEW.size); END IF;
  IF more = less THEN RETURN NULL; END IF;
  EXECUTE format('INSERT INTO %I.file_volume AS v (division, bytes) VALUES ($1, greatest($2, 0))
                  ON CONFLICT (division) DO UPDATE SET bytes = greatest(v.bytes + $2, 0) RETURNING v.bytes', TG_TABLE_SCHEMA)
    INTO taken USING whose, more - less;
  IF more > less AND taken > coalesce(zeren.setting_value('files.quota_bytes', whose, 0), '53687091200')::bigint THEN
    PERFORM zeren.refuse('ZR011', 'size', 'the files of this division have no room left');
  END IF;
  RETURN NULL;
END $$;

-- Tables of one service's files; the schema's owner calls it from a migration.
CREATE PROCEDURE zeren.equip_files(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    CREATE TABLE %1$I.blob (
      sha256 text COLLATE "C" CONSTRAINT blob_pkey PRIMARY KEY,
      sm3 text COLLATE "C" NOT NULL,
      size bigint NOT NULL,
      media_type text COLLATE "C" NOT NULL,
      stored_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE %1$I.blob IS 'Bytes that are kept, once each, by their digest; whose they are is in file';
    CREATE INDEX blob_stored_at_idx ON %1$I.blob (stored_at);
    CREATE TABLE %1$I.file (
      id uuid CONSTRAINT file_pkey PRIMARY KEY,
      owner_division zeren.division_code NOT NULL,
      lines text[] NOT NULL DEFAULT '{}',
      name text NOT NULL,
      size bigint NOT NULL,
      sha256 text COLLATE "C" NOT NULL,
      sm3 text COLLATE "C",
      keep_location boolean NOT NULL DEFAULT false,
      status text COLLATE "C" NOT NULL DEFAULT 'uploading',
      refusal text COLLATE "C",
      received bigint NOT NULL DEFAULT 0,
      touched_at timestamptz NOT NULL DEFAULT now(),
      media_type text COLLATE "C",
      stored_sha256 text COLLATE "C" CONSTRAINT file_stored_sha256_fkey REFERENCES %1$I.blob,
      stored_sm3 text COLLATE "C",
      stored_size bigint,
      created_by uuid,
      created_at timestamptz NOT NULL,
      ready_at timestamptz,
      version integer NOT NULL DEFAULT 1,
      CONSTRAINT file_size_check CHECK (size > 0 AND received BETWEEN 0 AND size),
      CONSTRAINT file_status_check CHECK (status IN ('uploading', 'ready', 'refused', 'cancelled', 'expired', 'lost')),
      CONSTRAINT file_ready_check CHECK (status NOT IN ('ready', 'lost') OR num_nulls(media_type, stored_sha256, stored_sm3, stored_size, ready_at) = 0)
    ) WITH (fillfactor = 80);
    COMMENT ON TABLE %1$I.file IS 'Files that people sent: what was announced, how far it came, what is kept of it; the bytes are in the store, by stored_sha256';
    COMMENT ON COLUMN %1$I.file.received IS 'Bytes on the disk: neither audited nor announced, for it is how far a call came and no change of a record';
    COMMENT ON COLUMN %1$I.file.stored_sha256 IS 'Of what is kept: another digest than the announced one where a photograph lost its location';
    CREATE INDEX file_owner_division_idx ON %1$I.file (owner_division, created_at, id);
    CREATE INDEX file_created_at_idx ON %1$I.file (created_at, id);
    CREATE INDEX file_sha256_idx ON %1$I.file (sha256);
    CREATE INDEX file_stored_sha256_idx ON %1$I.file (stored_sha256) WHERE stored_sha256 IS NOT NULL;
    CREATE INDEX file_touched_at_idx ON %1$I.file (touched_at) WHERE status = 'uploading';
    CREATE TABLE %1$I.file_use (
      file_id uuid NOT NULL CONSTRAINT file_use_file_id_fkey REFERENCES %1$I.file,
      record text COLLATE "C" NOT NULL,
      record_id uuid NOT NULL,
      CONSTRAINT file_use_pkey PRIMARY KEY (file_id, record, record_id)
    );
    COMMENT ON TABLE %1$I.file_use IS 'Which records a file belongs to; written in the transaction of the record';
    CREATE TABLE %1$I.file_volume (
      division zeren.division_code CONSTRAINT file_volume_pkey PRIMARY KEY,
      bytes bigint NOT NULL
    ) WITH (fillfactor = 50);
    COMMENT ON TABLE %1$I.file_volume IS 'Bytes of the files of a division, unfinished ones as announced; kept by the trigger of file';
    CREATE TRIGGER count_file AFTER INSERT OR DELETE OR UPDATE OF status, stored_size ON %1$I.file FOR EACH ROW EXECUTE FUNCTION zeren.count_file();
    CALL zeren.classify('%1$I.blob', 'private');
    CALL zeren.classify('%1$I.file', 'scoped');
    CALL zeren.classify('%1$I.file_use', 'private');
    CALL zeren.classify('%1$I.file_volume', 'private');
    GRANT SELECT, INSERT ON %1$I.blob, %1$I.file_use TO %2$I;
    GRANT SELECT, INSERT, UPDATE ON %1$I.file, %1$I.file_volume TO %2$I;
    GRANT SELECT, DELETE ON %1$I.blob TO %3$I;
    GRANT SELECT, UPDATE ON %1$I.file TO %3$I;
    GRANT SELECT, INSERT, UPDATE ON %1$I.file_volume TO %3$I;
    GRANT INSERT ON %1$I.outbox TO %3$I;
    -- For a statement that gives a record its files: true, or refused because one of them is not a whole file that the caller can see.
    -- plpgsql keeps its plans: an SQL function was planned anew by every statement that called it (400 us of each report).
    CREATE FUNCTION %1$I.files_are_ready(ids uuid[], field text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $f$
    BEGIN
      IF EXISTS (SELECT FROM unnest(ids) AS n (id) WHERE NOT EXISTS (SELECT FROM %1$I.file f WHERE f.id = n.id)) THEN
        PERFORM zeren.no_such(field);
      END IF;
      IF EXISTS (SELECT FROM %1$I.file f WHERE f.id = ANY (ids) AND f.status <> 'ready') THEN
        PERFORM zeren.refuse('ZR005', field, 'a file that is not ready belongs to no record');
      END IF;
      RETURN true;
    END $f$;
    -- For a table with file_ids: CREATE TRIGGER ... AFTER INSERT ... WHEN (NEW.file_ids <> '{}') EXECUTE FUNCTION use_files('report').
    CREATE FUNCTION %1$I.use_files() RETURNS trigger LANGUAGE plpgsql AS $f$
    BEGIN
      INSERT INTO %1$I.file_use (file_id, record, record_id) SELECT n.id, TG_ARGV[0], NEW.id FROM unnest(NEW.file_ids) AS n (id);
      RETURN NULL;
    END $f$;
  $q$, svc, svc || '_service', svc || '_worker');
END $$;
COMMENT ON PROCEDURE zeren.equip_files(text) IS 'Gives a service its files: file, blob, file_use, file_volume, and files_are_ready() for records that have some';
