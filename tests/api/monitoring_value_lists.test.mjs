// tests/api/monitoring_value_lists.test.mjs - the archive's value lists (M-080): national codes beside the forms' own (M-081), and codes that have run out (M-082).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { living } from '../support/blocks.mjs';
import { rows, run } from '../support/database.mjs';
import { newHousehold } from '../support/persons.mjs';
import { county } from '../support/world.mjs';

test('M-081: an entry keeps the national code beside its own', () => {
  const of = (dictionary, code) => rows(`SELECT label, gb_standard, gb_code FROM zeren.dictionary_entry WHERE dictionary = '${dictionary}' AND code = '${code}'`)[0];
  assert.deepEqual(of('relation', 'spouse'), { label: '配偶', gb_standard: 'GB/T 4761', gb_code: '10' });
  assert.deepEqual(of('schooling', 'junior'), { label: '初中', gb_standard: 'GB/T 4658', gb_code: '70' });
  assert.deepEqual(of('student_status', 'senior_2'), { label: '普通高中二年级', gb_standard: 'GB/T 4658', gb_code: '60' });
  assert.deepEqual(of('health_state', 'disabled'), { label: '残疾', gb_standard: 'GB/T 2261.3', gb_code: '6' });
  assert.equal(of('health_state', 'serious').gb_code, null, 'where no national code says the same there is none');
  assert.deepEqual(['siblings_wife', 'uncle'].map((code) => of('relation', code).gb_code), [null, null], 'nor where two of them do');
  const [{ n }] = rows("SELECT count(*)::integer AS n FROM zeren.dictionary_entry WHERE dictionary = 'relation'");
  assert.equal(n, 28);
});

test('M-082: a code that has run out is refused in what is new, and stays in what is there', async () => {
  const household = await newHousehold();
  const block = assertDone(await county.post(living, { household_id: household.id, year: 2025, fuel: 'biogas' }), 201);
  run("UPDATE zeren.dictionary_entry SET valid_until = '2020-01-01' WHERE dictionary = 'fuel' AND code = 'biogas'");
  try {
    assertRefused(await county.post(living, { household_id: household.id, year: 2024, fuel: 'biogas' }), 422, 'invalid', { pointer: '/fuel' });
    assert.equal(assertDone(await county.patch(`${living}/${block.id}`, block.version, { electricity: true })).fuel, 'biogas');
  } finally {
    run("UPDATE zeren.dictionary_entry SET valid_until = NULL WHERE dictionary = 'fuel' AND code = 'biogas'");
  }
});

test('M-080: every word of the form is in its value list', () => {
  const words = {
    relation: '户主 配偶 之子 之女 之儿媳 之女婿 之孙子 之孙女 之外孙子 之外孙女 之父 之母 之岳父 之岳母 之公公 之婆婆 之祖父 之祖母 之外祖父 之外祖母 之兄弟姐妹 之曾孙子 之曾孙女 之侄儿 之侄女 之兄弟媳妇 之叔伯 其他',
    political_status: '中共党员 中共预备党员 共青团员 群众',
    schooling: '文盲或半文盲 小学 初中 高中 大专 本科及以上 硕士及以上',
    student_status: '学龄前儿童 学前教育 小学 七年级 八年级 九年级 普通高中一年级 普通高中二年级 普通高中三年级 中职一年级 中职二年级 中职三年级 高职高专一年级 高职高专二年级 高职高专三年级 ' +
      '技师学院一年级 技师学院二年级 技师学院三年级 技师学院四年级 本科一年级 本科二年级 本科三年级 本科四年级 本科五年级 硕士研究生及以上',
    health_state: '健康 长期慢性病 患有大病 残疾',
    labour: '普通劳动力 技能劳动力 弱劳动力或半劳动力 丧失劳动力 无劳动力',
    household_type: '脱贫户 一般农户',
    object_type: '脱贫不稳定户 边缘易致贫户 突发严重困难户',
    risk: '因病 因学 因残 因自然灾害 因意外事故 因产业项目失败 因务工就业不稳 缺劳动力 因安全住房 因安全饮水 其他',
    disaster: '洪涝 地质 旱 生物 气象 地震 其他',
    elimination_kind: '帮扶消除 自然消除',
    allowance: '农村低保 城市低保 未享受',
    destitute: '农村特困 城市特困 不享受',
    house_grade: 'A B C D',
  };
  for (const [dictionary, form] of Object.entries(words)) {
    const known = rows(`SELECT code, label, short_label FROM zeren.dictionary_entry WHERE dictionary = '${dictionary}'`).flatMap((each) => [each.code, each.label, each.short_label]);
    assert.deepEqual(form.split(' ').filter((word) => !known.includes(word)), [], dictionary);
  }
});
