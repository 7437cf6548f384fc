// tests/api/monitoring_bulk_words.test.mjs - what offices write for a code besides its label (B-021): taken by rows of a table, and what goes out says the label.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone } from '../support/assert.mjs';
import { done, head, home, newNumber, rowsOf, spouse, stagedRows } from '../support/archive_tables.mjs';
import { unique } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { county, monitor } from '../support/world.mjs';

test('B-021: other words than the labels are taken', async () => {
  const number = newNumber(), name = unique('赵');
  const said = { 证件类型: '二代身份证', 民族: '苗', 政治面貌: '预备党员', 文化程度: '中专', 健康状况: '慢性病、残疾人', 低保: '农村低保户' };
  const batch = await stagedRows(county, [home(number, { 户类型: '一般户' })], [head(number, name, { ...said, 与户主关系: '本人' }), spouse(number, `${name}妻`, { 与户主关系: '妻子', 政治面貌: '党员' })]);
  assert.equal(batch.failed, 0, JSON.stringify((await rowsOf(county, batch)).map((row) => row.faults)));
  await done(monitor, batch, 'apply');
  const [household] = assertDone(await county.get('/monitoring/households', { household_number: number })).items;
  assert.equal(household.household_type, 'general');
  const members = assertDone(await county.get(`/monitoring/households/${household.id}/members`)).items;
  const by = Object.fromEntries(members.map((member) => [member.relation, member]));
  assert.deepEqual([by.head.certificate_kind, by.head.ethnicity, by.head.politics, by.head.education, by.head.allowance], ['id_card', '06', '02', 'senior', 'rural']);
  assert.equal(by.spouse.politics, '01');
  assert.deepEqual(rows(`SELECT (data -> 'health')::text AS health FROM monitoring.batch_row WHERE batch_id = '${batch.id}' AND data ->> 'relation' = 'head'`), [{ health: '"******"' }]);
});

test('B-021: a word is of one code of its list, and of no other one than it says', () => {
  assert.deepEqual(rows(`SELECT w.dictionary, w.word FROM zeren.dictionary_word w JOIN zeren.dictionary_entry e ON e.dictionary = w.dictionary AND w.word IN (e.code, e.label, e.short_label)
    AND e.code <> w.code`), []);
  assert.throws(() => run("BEGIN; CALL zeren.tell_words('political_status', '03 中共党员'); ROLLBACK"));
});
