-- Tables of several parts (proto/batches.md, B-014 to B-018): rows of two tables that say one thing together, a household and its members, are staged, judged and applied as one.
-- A service that has batches already gets it by zeren.equip_batch_parts(), one to come by zeren.equip_batches().

-- B-016.
CREATE FUNCTION zeren.members_hidden(doc jsonb, names text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN doc IS NOT NULL THEN
    (SELECT coalesce(jsonb_object_agg(e.key, CASE WHEN e.key = ANY (names) AND jsonb_typeof(e.value) <> 'null' THEN '"******"'::jsonb ELSE e.value END), '{}') FROM jsonb_each(doc) AS e) END;
COMMENT ON FUNCTION zeren.members_hidden(jsonb, text[]) IS 'A document with these members hidden whole';

-- A word of a value list, whose first letter would tell which it is, is hidden whole.
CREATE OR REPLACE FUNCTION zeren.mask(given jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE jsonb_typeof(given)
           WHEN 'null' THEN given
           WHEN 'string' THEN CASE WHEN given #>> '{}' = '' THEN given
                                   WHEN given #>> '{}' LIKE '\\x%' OR given #>> '{}' ~ '^[a-z0-9_]+$' THEN '"******"'
                                   ELSE to_jsonb(left(given #>> '{}', 1) || '***') END
           ELSE '"******"' END;
COMMENT ON FUNCTION zeren.mask(jsonb) IS 'A member as audit keeps it: a text by its first character; a word of a value list, bytea and everything else as ******';

CREATE PROCEDURE zeren.equip_batch_parts(svc text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format($q$
    ALTER TABLE %1$I.batch ADD COLUMN IF NOT EXISTS member_file_id uuid CONSTRAINT batch_member_file_id_fkey REFERENCES %1$I.file,
                           ADD COLUMN IF NOT EXISTS member_read jsonb,
                           ADD COLUMN IF NOT EXISTS warnings integer NOT NULL DEFAULT 0;
    COMMENT ON COLUMN %1$I.batch.member_file_id IS 'The file of the second part, of a kind that has two; NULL: both are sheets of the first file';
    COMMENT ON COLUMN %1$I.batch.member_read IS 'What the table of the second part turned out to be: format, charset, separator, sheet';
    COMMENT ON COLUMN %1$I.batch.warnings IS 'What rules say of its rows without refusing them';
    CREATE INDEX IF NOT EXISTS batch_member_file_id_idx ON %1$I.batch (member_file_id) WHERE member_file_id IS NOT NULL;
    ALTER TABLE %1$I.batch_row ADD COLUMN IF NOT EXISTS part smallint,
                               ADD COLUMN IF NOT EXISTS in_part integer,
                               ADD COLUMN IF NOT EXISTS bundle integer,
                               ADD COLUMN IF NOT EXISTS hidden jsonb,
                               ADD COLUMN IF NOT EXISTS notes jsonb;
    COMMENT ON COLUMN %1$I.batch_row.row IS 'Of a kind of one part: as its program counts. Of one with parts: the place in the batch, where rows that stand together are neighbours';
    COMMENT ON COLUMN %1$I.batch_row.part IS 'Which part it is of, from 1; NULL: its kind has one';
    COMMENT ON COLUMN %1$I.batch_row.in_part IS 'Of a kind with parts: the row as the program of that part counts';
    COMMENT ON COLUMN %1$I.batch_row.bundle IS 'What stands and falls together has the same number';
    COMMENT ON COLUMN %1$I.batch_row.hidden IS 'What applying needs and nobody is shown: ciphertexts, hashes, whole names; takes the place of what data says';
    COMMENT ON COLUMN %1$I.batch_row.notes IS 'What rules say of the bundle without refusing it; in its first row';
    -- A table of nothing that goes out as NDJSON has no byte; what people announce has one.
    ALTER TABLE %1$I.file DROP CONSTRAINT file_size_check, ADD CONSTRAINT file_size_check CHECK (size >= 0 AND received BETWEEN 0 AND size);
    DROP INDEX IF EXISTS %1$I.batch_row_match_idx;
    CREATE INDEX batch_row_match_idx ON %1$I.batch_row (batch_id, match) WHERE match IS NOT NULL;
    CREATE INDEX IF NOT EXISTS batch_row_part_idx ON %1$I.batch_row (batch_id, part, in_part) WHERE part IS NOT NULL AND (faults IS NOT NULL OR outcome IS NOT NULL);
  $q$, svc);
END $$;
COMMENT ON PROCEDURE zeren.equip_batch_parts(text) IS 'What tables of several parts need in a service that has batches';

CREATE OR REPLACE PROCEDURE zeren.equip_batches(svc text) LANGUAGE plpgsql AS $$
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
  CALL zeren.equip_batch_retention(svc);
  CALL zeren.equip_batch_parts(svc);
END $$;

CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：规则 B-004、B-014 至 B-018', '
  not_yes_no 不是“是”或者“否”
  not_a_month 不是年月
  too_many_words 选项过多
  not_a_citizen_id 身份证号码不正确
  not_a_phone_number 电话号码不正确
  is_id_number 是身份证号码，不能用作编号
  not_a_disability_card 残疾人证号码不正确
  not_a_code_list 选项不正确
  too_many_rows 同组行数过多
  masked 是遮盖后的内容，新增的行要填完整
  bundle_unknown 没有登记，也不在第一张表里
  bundle_failed 同组的其他行有问题
  bundle_left_out 同组的其他行未写入');

-- ---- B-021: what offices write for a code besides its label and its short label. A table that comes in may say it; what goes out says the label.
CREATE TABLE zeren.dictionary_word (
  dictionary text COLLATE "C" NOT NULL,
  word text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL,
  CONSTRAINT dictionary_word_pkey PRIMARY KEY (dictionary, word),
  CONSTRAINT dictionary_word_code_fkey FOREIGN KEY (dictionary, code) REFERENCES zeren.dictionary_entry
);
COMMENT ON TABLE zeren.dictionary_word IS 'Other words for the codes of dictionaries, each for one code of its dictionary';
CREATE INDEX dictionary_word_code_idx ON zeren.dictionary_word (dictionary, code);
CALL zeren.classify('zeren.dictionary_word', 'reference');
GRANT SELECT ON zeren.dictionary_word TO PUBLIC;
CREATE POLICY tell_own ON zeren.dictionary_word TO identity_owner, registry_owner, monitoring_owner USING (true) WITH CHECK (true);
GRANT INSERT, UPDATE, DELETE ON zeren.dictionary_word TO identity_owner, registry_owner, monitoring_owner;

-- Words are told with their code (R-050): a change of them is one of it.
CREATE FUNCTION zeren.raise_word_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE zeren.dictionary_entry e SET version = e.version
   WHERE (e.dictionary, e.code) IN ((OLD.dictionary, OLD.code), (NEW.dictionary, NEW.code)); -- of an insert there is no OLD, of a delete no NEW: nulls
  RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON zeren.dictionary_word FOR EACH ROW EXECUTE FUNCTION zeren.raise_word_version();

-- `words`: a line for each code, "code word、word、…". A word that is another code, or its label, is refused.
CREATE PROCEDURE zeren.tell_words(dictionary text, words text) LANGUAGE plpgsql AS $$
DECLARE doubtful text;
BEGIN
  INSERT INTO zeren.dictionary_word (dictionary, code, word)
  SELECT tell_words.dictionary, split_part(l.line, ' ', 1), w.word
    FROM regexp_split_to_table(btrim(tell_words.words, E' \n'), E'\\s*\n\\s*') AS l (line),
         string_to_table(substr(l.line, strpos(l.line, ' ') + 1), '、') AS w (word);
  SELECT w.word INTO doubtful FROM zeren.dictionary_word w JOIN zeren.dictionary_entry e ON e.dictionary = w.dictionary AND w.word IN (e.code, e.label, e.short_label)
   WHERE w.dictionary = tell_words.dictionary AND e.code <> w.code LIMIT 1;
  IF doubtful IS NOT NULL THEN RAISE EXCEPTION 'of dictionary %: % is the word of another code', tell_words.dictionary, doubtful; END IF;
END $$;
COMMENT ON PROCEDURE zeren.tell_words(text, text) IS 'Other words for codes of a dictionary that is there';
