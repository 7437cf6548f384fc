-- The registry's batches: organisations out of tables, and tables out of the registry (proto/batches.md, R-070 to R-073).
CALL zeren.equip_batches('registry');

-- What a batch of organisations writes, and takes back.
GRANT SELECT, INSERT, UPDATE, DELETE ON organisation TO registry_worker;
GRANT SELECT ON division, division_member, duty_list, task, item, milestone, item_shown TO registry_worker;
GRANT SELECT ON report, urging TO registry_worker;

-- R-014: does the line of this unit decide who sees an item?
CREATE FUNCTION stands_on_items(unit uuid) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (SELECT FROM item i WHERE i.lead_organisation_id = unit) OR EXISTS (SELECT FROM item i WHERE i.assist_organisation_ids @> ARRAY[unit]);
COMMENT ON FUNCTION stands_on_items(uuid) IS 'Is the unit lead or assistant of an item that the caller sees? R-014';

-- R-073: takes an organisation away that nothing names yet; false: something does, or it is not at that version.
CREATE FUNCTION remove_organisation(unit uuid, at_version integer) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF EXISTS (SELECT FROM registry.item i WHERE i.assist_organisation_ids @> ARRAY[unit])
     OR EXISTS (SELECT FROM identity_pub.post_division p WHERE p.organisation_id = unit) THEN
    RETURN false;
  END IF;
  DELETE FROM registry.organisation WHERE id = unit AND version = at_version;
  RETURN FOUND;
EXCEPTION WHEN foreign_key_violation THEN
  RETURN false;
END $$;
COMMENT ON FUNCTION remove_organisation(uuid, integer) IS 'Takes an organisation away that nothing names; false where something does. R-073';
CREATE INDEX report_organisation_id_idx ON report (organisation_id);

CALL zeren.tell_codes('batch_kind', '批量导入类型', '本系统', '
  organisations 单位');
CALL zeren.tell_codes('export_kind', '批量导出类型', '本系统', '
  organisations 单位
  items 分解项');
CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：规则 R-070 至 R-073', '
  unknown_division 没有此行政区划
  another_line 不在本岗位条线内
  differs 与已登记的不一致，不能批量更改
  line_in_use 单位已承担分解项，条线不能更改
  changed_since 读取后记录又有变动
  exists_now 读取后已有同名单位
  kept_changed 写入后又有变动，未撤销
  kept_in_use 已被其他记录引用，未撤销');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  stage_batch 读取批次
  apply_batch 写入批次
  undo_batch 撤销批次
  discard_batch 放弃批次
  write_error_file 生成错误文件
  create_export 导出数据');

-- B-006: one person with two accounts is one person, too.
CREATE FUNCTION is_same_person(account uuid, post uuid, other_account uuid, other_post uuid, on_day date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN account = other_account
      OR EXISTS (SELECT FROM identity_pub.post_holder a JOIN identity_pub.post_holder b ON b.person_id = a.person_id
                  WHERE a.post_id = post AND b.post_id = other_post AND a.starts_on <= on_day AND a.ends_on > on_day AND b.starts_on <= on_day AND b.ends_on > on_day);
END $$;
COMMENT ON FUNCTION is_same_person(uuid, uuid, uuid, uuid, date) IS 'Does one person act in both posts today, or with one account? B-006';
