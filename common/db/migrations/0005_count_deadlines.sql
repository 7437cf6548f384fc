-- Deadlines on the work-day calendar: the due day of a length, what a pause adds, the light of a deadline as of any day; and dictionaries, the code tables
-- that answers
-- show. Reads no clock: the day is always a parameter.

-- The n-th work day, by its number.
CREATE UNIQUE INDEX calendar_day_work_seq_key ON zeren.calendar_day (work_seq) WHERE is_work;

-- The day that lies n days of that unit after `start`, or NULL where the calendar has no data. The first day counted is the one after `start`.
CREATE FUNCTION zeren.due_or_null(start date, n integer, unit text) RETURNS date LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF n < 0 OR unit NOT IN ('work_days', 'calendar_days') THEN
    RAISE EXCEPTION 'a length is a number of work_days or calendar_days, not % %', n, unit;
  END IF;
  IF n = 0 OR unit = 'calendar_days' THEN RETURN start + n; END IF;
  RETURN (SELECT d.day FROM zeren.calendar_day d
           WHERE d.is_work AND d.work_seq = n + (SELECT s.work_seq FROM zeren.calendar_day s WHERE s.day = start));
END $$;
COMMENT ON FUNCTION zeren.due_or_null(date, integer, text) IS 'Due day of a length in work_days or calendar_days; NULL where the calendar has no data';

-- The same, for whoever sets a deadline: refused where the calendar has no data (charter D17).
-- R-035.
CREATE FUNCTION zeren.due_after(start date, n integer, unit text) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE due date := zeren.due_or_null(start, n, unit);
BEGIN
  IF due IS NULL THEN
    PERFORM zeren.refuse('ZR006', NULL, format('no work-day calendar for %s work days after %s', n, start));
  END IF;
  RETURN due;
END $$;
COMMENT ON FUNCTION zeren.due_after(date, integer, text) IS 'Due day of a length in work_days or calendar_days; refuses where the calendar has no data';

-- How many days of that unit lie from `since` on and before `until`; NULL where the calendar has no data.
CREATE FUNCTION zeren.days_within(since date, until date, unit text) RETURNS integer LANGUAGE sql STABLE
  RETURN CASE WHEN until <= since THEN 0
              WHEN unit = 'calendar_days' THEN until - since
              ELSE (SELECT d.work_seq FROM zeren.calendar_day d WHERE d.day = until - 1) - (SELECT d.work_seq FROM zeren.calendar_day d
                   WHERE d.day = since - 1) END;

-- The light of a deadline as of a day: red from the day it is late (more work days behind it than the grace), amber from so many work days before it, else
-- green. What
-- is done is green from that day on. NULL: the calendar has no data to say it.
CREATE FUNCTION zeren.light(due date, as_of date, done_on date, amber integer, grace integer) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE here integer; there integer;
BEGIN
  IF done_on <= as_of THEN RETURN 'green'; END IF;
  SELECT work_seq INTO here FROM zeren.calendar_day WHERE day = as_of;
  SELECT work_seq INTO there FROM zeren.calendar_day WHERE day = due;
  IF due < as_of THEN RETURN CASE WHEN here - there > coalesce(grace, 0) THEN 'red' WHEN here - there >= 0 THEN 'amber' END; END IF;
  -- Behind the end of the calendar, and yet so many work days before that end that it is green anyhow.
  IF there IS NULL AND due > as_of THEN
    RETURN CASE WHEN (SELECT max(work_seq) FROM zeren.calendar_day) - here > coalesce(amber, 0) THEN 'green' END;
  END IF;
  RETURN CASE WHEN there - here <= coalesce(amber, 0) THEN 'amber' WHEN there - here > 0 THEN 'green' END;
END $$;
COMMENT ON FUNCTION zeren.light(date, date, date, integer, integer) IS 'green, amber or red as of a day; NULL where the calendar has no data';

-- Amber and grace are short: what lies two months off a deadline is green or red without looking them up.
ALTER TABLE zeren.setting ADD CONSTRAINT setting_days_check CHECK (key !~ '(amber|grace)_work_days$' OR value::integer BETWEEN 0 AND 30);

-- ---- dictionaries: every code table with Chinese labels, validity, order and its national code
CREATE SEQUENCE zeren.dictionary_version;
GRANT USAGE ON SEQUENCE zeren.dictionary_version TO PUBLIC;

CREATE TABLE zeren.dictionary (
  name text COLLATE "C" CONSTRAINT dictionary_pkey PRIMARY KEY,
  label text NOT NULL,
  source text NOT NULL,
  CONSTRAINT dictionary_name_check CHECK (name ~ '^[a-z][a-z0-9_]{1,39}$')
);
COMMENT ON TABLE zeren.dictionary IS 'Code tables by name; class reference';

CREATE TABLE zeren.dictionary_entry (
  dictionary text COLLATE "C" NOT NULL CONSTRAINT dictionary_entry_dictionary_fkey REFERENCES zeren.dictionary,
  code text COLLATE "C" NOT NULL,
  label text NOT NULL,
  short_label text,
  sort integer NOT NULL,
  valid_from date NOT NULL DEFAULT '2000-01-01',
  valid_until date,
  gb_standard text,
  gb_code text,
  parent_code text COLLATE "C",
  version bigint NOT NULL DEFAULT nextval('zeren.dictionary_version'),
  CONSTRAINT dictionary_entry_pkey PRIMARY KEY (dictionary, code),
  CONSTRAINT dictionary_entry_validity_check CHECK (valid_from < valid_until),
  CONSTRAINT dictionary_entry_gb_check CHECK ((gb_standard IS NULL) = (gb_code IS NULL))
);
COMMENT ON TABLE zeren.dictionary_entry IS
  'Codes of a dictionary; none is ever removed: valid_until is the first day it is no longer used. version rises with every change of any entry';
CREATE INDEX dictionary_entry_version_idx ON zeren.dictionary_entry (dictionary, version);

CREATE FUNCTION zeren.raise_dictionary_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := nextval('zeren.dictionary_version');
  RETURN NEW;
END $$;
CREATE TRIGGER changed BEFORE INSERT OR UPDATE ON zeren.dictionary_entry FOR EACH ROW EXECUTE FUNCTION zeren.raise_dictionary_version();

CALL zeren.classify('zeren.dictionary', 'reference');
CALL zeren.classify('zeren.dictionary_entry', 'reference');
GRANT SELECT ON zeren.dictionary, zeren.dictionary_entry TO PUBLIC;

-- A service's migrations tell the words of its own codes by zeren.tell_codes(); nobody else writes here.
CREATE POLICY tell_own ON zeren.dictionary TO identity_owner, registry_owner USING (true) WITH CHECK (true);
CREATE POLICY tell_own ON zeren.dictionary_entry TO identity_owner, registry_owner USING (true) WITH CHECK (true);
GRANT INSERT, UPDATE ON zeren.dictionary, zeren.dictionary_entry TO identity_owner, registry_owner;

-- Adds a dictionary, or codes to one that is there. `codes`: one line each, "code label[|short label]"; the order of the lines is the order shown. A code told
-- again
-- with other words is corrected. With a standard, the code is the national one.
CREATE PROCEDURE zeren.tell_codes(dictionary text, label text, source text, codes text, standard text DEFAULT NULL) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO zeren.dictionary (name, label, source) VALUES (tell_codes.dictionary, tell_codes.label, tell_codes.source)
    ON CONFLICT (name) DO UPDATE SET label = EXCLUDED.label, source = EXCLUDED.source;
  INSERT INTO zeren.dictionary_entry AS e (dictionary, code, label, short_label, sort, gb_standard, gb_code)
  SELECT tell_codes.dictionary, split_part(c.line, ' ', 1), split_part(substr(c.line, strpos(c.line, ' ') + 1), '|', 1),
         nullif(split_part(substr(c.line, strpos(c.line, ' ') + 1), '|', 2), ''),
         c.n + (SELECT coalesce(max(o.sort), 0) FROM zeren.dictionary_entry o WHERE o.dictionary = tell_codes.dictionary), standard,
         CASE WHEN standard IS NOT NULL THEN split_part(c.line, ' ', 1) END
    FROM regexp_split_to_table(btrim(tell_codes.codes, E' \n'), E'\\s*\n\\s*') WITH ORDINALITY AS c (line, n)
  ON CONFLICT ON CONSTRAINT dictionary_entry_pkey DO UPDATE SET label = EXCLUDED.label, short_label = EXCLUDED.short_label, valid_until = NULL
    WHERE (e.label, e.short_label, e.valid_until) IS DISTINCT FROM (EXCLUDED.label, EXCLUDED.short_label, NULL::date);
END $$;

-- ---- national codes. What a local form calls otherwise maps to these by gb_code.
CALL zeren.tell_codes('division_level', '行政区划层级', 'GB/T 2260-2007 与统计用区划代码：省、市、县按国标，乡、村按统计用区划代码', '
  1 省级
  2 市级
  3 县级
  4 乡级
  5 村级');
CALL zeren.tell_codes('sex', '性别', 'GB/T 2261.1-2003', '
  0 未知的性别|未知
  1 男性|男
  2 女性|女
  9 未说明的性别|未说明', 'GB/T 2261.1');
CALL zeren.tell_codes('marital_status', '婚姻状况', 'GB/T 2261.2-2003', '
  10 未婚
  20 已婚
  21 初婚
  22 再婚
  23 复婚
  30 丧偶
  40 离婚
  90 未说明的婚姻状况|未说明', 'GB/T 2261.2');
CALL zeren.tell_codes('health', '健康状况', 'GB/T 2261.3-2003', '
  1 健康或良好
  2 一般或较弱
  3 有慢性病
  6 残疾', 'GB/T 2261.3');
CALL zeren.tell_codes('education', '学历', 'GB/T 4658-2006', '
  10 研究生教育|研究生
  20 大学本科教育|本科
  30 大学专科教育|专科
  40 中等职业教育|中职
  60 普通高级中学教育|高中
  70 初级中学教育|初中
  80 小学教育|小学
  90 其他', 'GB/T 4658');
CALL zeren.tell_codes('political_status', '政治面貌', 'GB/T 4762-1984', '
  01 中国共产党党员|中共党员
  02 中国共产党预备党员|预备党员
  03 中国共产主义青年团团员|共青团员
  04 中国国民党革命委员会会员|民革
  05 中国民主同盟盟员|民盟
  06 中国民主建国会会员|民建
  07 中国民主促进会会员|民进
  08 中国农工民主党党员|农工党
  09 中国致公党党员|致公党
  10 九三学社社员|九三学社
  11 台湾民主自治同盟盟员|台盟
  12 无党派人士|无党派
  13 群众', 'GB/T 4762');
CALL zeren.tell_codes('ethnicity', '民族', 'GB/T 3304-1991', '
  01 汉族
  02 蒙古族
  03 回族
  04 藏族
  05 维吾尔族
  06 苗族
  07 彝族
  08 壮族
  09 布依族
  10 朝鲜族
  11 满族
  12 侗族
  13 瑶族
  14 白族
  15 土家族
  16 哈尼族
  17 哈萨克族
  18 傣族
  19 黎族
  20 傈僳族
  21 佤族
  22 畲族
  23 高山族
  24 拉祜族
  25 水族
  26 东乡族
  27 纳西族
  28 景颇族
  29 柯尔克孜族
  30 土族
  31 达斡尔族
  32 仫佬族
  33 羌族
  34 布朗族
  35 撒拉族
  36 毛南族
  37 仡佬族
  38 锡伯族
  39 阿昌族
  40 普米族
  41 塔吉克族
  42 怒族
  43 乌孜别克族
  44 俄罗斯族
  45 鄂温克族
  46 德昂族
  47 保安族
  48 裕固族
  49 京族
  50 塔塔尔族
  51 独龙族
  52 鄂伦春族
  53 赫哲族
  54 门巴族
  55 珞巴族
  56 基诺族
  97 其他
  98 外国血统中国籍人士|外国血统', 'GB/T 3304');
-- Used in Guizhou beside the standard; maps to its "other".
CALL zeren.tell_codes('ethnicity', '民族', 'GB/T 3304-1991；81 为贵州省补充', '
  81 穿青人');
UPDATE zeren.dictionary_entry SET gb_standard = 'GB/T 3304', gb_code = '97' WHERE dictionary = 'ethnicity' AND code = '81';
CALL zeren.tell_codes('kinship', '与户主关系', 'GB/T 4761-2008', '
  01 本人
  02 户主
  10 配偶
  11 夫
  12 妻
  20 子
  21 独生子
  22 长子
  23 次子
  24 三子
  25 四子
  26 五子
  27 养子或继子
  28 女婿
  29 其他儿子
  30 女
  31 独生女
  32 长女
  33 次女
  34 三女
  35 四女
  36 五女
  37 养女或继女
  38 儿媳
  39 其他女儿
  40 孙子、孙女或外孙子、外孙女|孙辈
  41 孙子
  42 孙女
  43 外孙子
  44 外孙女
  45 孙媳妇或外孙媳妇|孙媳
  46 孙女婿或外孙女婿|孙女婿
  47 曾孙子或曾外孙子|曾孙子
  48 曾孙女或曾外孙女|曾孙女
  49 其他孙辈
  50 父母
  51 父亲|父
  52 母亲|母
  53 公公
  54 婆婆
  55 岳父
  56 岳母
  57 继父或养父
  58 继母或养母
  59 其他父母关系
  60 祖父母或外祖父母|祖辈
  61 祖父
  62 祖母
  63 外祖父
  64 外祖母
  70 兄弟姐妹
  71 兄
  72 嫂
  73 弟
  74 弟媳
  75 姐姐|姐
  76 姐夫
  77 妹妹|妹
  78 妹夫
  79 其他兄弟姐妹
  80 其他
  81 伯父
  82 伯母
  83 叔父
  84 婶母
  85 舅父
  86 舅母
  87 姨父
  88 姨母
  89 姑父
  90 姑母
  91 堂兄弟、堂姐妹
  92 表兄弟、表姐妹
  93 侄子
  94 侄女
  95 外甥
  96 外甥女
  97 其他亲属
  99 非亲属', 'GB/T 4761');
UPDATE zeren.dictionary_entry SET parent_code = left(code, 1) || '0' WHERE dictionary = 'kinship' AND code BETWEEN '11' AND '79' AND code !~ '0$';
CALL zeren.tell_codes('light', '时限灯', '本系统：规则 R-032', '
  green 正常
  amber 临近到期|临期
  red 逾期');
CALL zeren.tell_codes('table_class', '可见方式', '本系统：区划范围规则', '
  scoped 本范围可见
  upward 下级可查
  reference 公共目录');

-- ---- words of what every service has: jobs, files, work done without signal
CALL zeren.tell_codes('job_state', '作业状态', '本系统', '
  queued 排队
  running 进行中
  cancelling 正在取消
  done 完成
  failed 失败
  cancelled 已取消');
CALL zeren.tell_codes('job_row_outcome', '作业逐行结果', '本系统', '
  created 新增
  updated 更新
  unchanged 未变
  failed 失败
  skipped 跳过');
CALL zeren.tell_codes('file_state', '文件状态', '本系统', '
  uploading 上传中
  ready 可用
  refused 未通过检查
  cancelled 已取消
  expired 已过期
  lost 内容丢失');
CALL zeren.tell_codes('sync_outcome', '离线操作结果', '本系统', '
  done 已办
  merged 已合并
  unchanged 未变
  conflict 冲突
  refused 不受理
  retry 请重发');
CALL zeren.tell_codes('conflict_state', '冲突状态', '本系统', '
  open 待处理
  settled 已处理');
CALL zeren.tell_codes('conflict_side', '冲突取舍', '本系统', '
  mine 以本机为准
  theirs 以服务器为准');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  announce_file 登记文件
  send_file_content 上传文件内容
  cancel_file 取消上传
  cancel_job 取消作业
  retry_job 重试作业
  create_schedule 新建定时作业
  update_schedule 更改定时作业
  push 上报离线操作
  settle_conflict 处理冲突');
