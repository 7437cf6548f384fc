// tests/api/monitoring_history.test.mjs - what was (M-042, M-043): versions with who, why and what changed; the archive as it stood on a day.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { run } from '../support/database.mjs';
import { confirmed } from '../support/persons.mjs';
import { households, idOf, newSound, sound, yearsAgo } from '../support/rules.mjs';
import { county, monitor, otherCounty, townOffice } from '../support/world.mjs';

const members = '/monitoring/members';
const historyOf = (id, query = {}, caller = county) => allOf(caller, `${households}/${id}/history`, query);

// As if what stands there had been recorded so many days ago.
function ageBy(id, days) {
  for (const [table, key] of [['household', 'id'], ['member', 'household_id']]) {
    run(`UPDATE monitoring.${table} SET recorded_at = recorded_at - interval '${days} days' WHERE ${key} = '${id}'`);
  }
  run(`UPDATE monitoring.archive_version SET recorded_at = recorded_at - interval '${days} days', recorded_until = recorded_until - interval '${days} days' WHERE household_id = '${id}'`);
}

test('M-042: every version of a household and its members, with who, why and what changed', async () => {
  const { household, spouse } = await newSound();
  assertDone(await county.patch(`${households}/${household.id}`, 1, { address: '七组1号', phone: '13812345678', reason: '入户核实' }));
  const name = unique('冯');
  assertDone(await townOffice.patch(`${members}/${spouse.id}`, 1, { name, id_number: idOf('2', yearsAgo(44, 3)) }));
  const all = await historyOf(household.id);
  assert.deepEqual(all.map((each) => [each.record, each.version]).sort(), [['household', 1], ['household', 2], ['member', 1], ['member', 1], ['member', 1], ['member', 2]]);
  const second = all.find((each) => each.record === 'household' && each.version === 2);
  assertRecord(second, { record_id: household.id, reason: '入户核实', source: 'form', batch_id: null });
  assert.deepEqual(second.changes, [{ field: 'address', before: household.address, after: '七组1号' }, { field: 'phone', before: null, after: '******' }]);
  const renamed = all.find((each) => each.record_id === spouse.id && each.version === 2);
  assert.deepEqual(renamed.changes.filter((each) => ['name', 'id_number'].includes(each.field)), [{ field: 'id_number', before: '******', after: '******' }, { field: 'name', before: spouse.name, after: name }]);
  assert.notEqual(renamed.recorded_by_post, second.recorded_by_post);
  assert.deepEqual((await historyOf(household.id, { record: 'member', record_id: spouse.id })).map((each) => each.version), [1, 2]);
  assert.deepEqual((await historyOf(household.id, { limit: 1 })).length, 6);
  assertRefused(await otherCounty.get(`${households}/${household.id}/history`), 404, 'not_found');
});

test('M-042, M-040: of a child the history tells no more than the record', async () => {
  const { household, child } = await newSound();
  const name = `童${unique()}`.slice(0, 20);
  assertDone(await county.patch(`${members}/${child.id}`, 1, { name, student_status: 'junior_1' }));
  const of = async (caller) => (await historyOf(household.id, { record: 'member', record_id: child.id }, caller)).at(-1).changes;
  assert.ok((await of(county)).some((each) => each.field === 'student_status' && each.after === 'junior_1'));
  const seen = JSON.stringify(await of(townOffice));
  assert.ok(!seen.includes(name) && !seen.includes('junior_1'), seen);
});

test('M-043: a household and a member as they were recorded at the end of a day; before they were entered they were not there', async () => {
  const { household, spouse } = await newSound();
  ageBy(household.id, 20);
  assertDone(await county.patch(`${households}/${household.id}`, 1, { address: '八组1号' }));
  assertDone(await county.patch(`${members}/${spouse.id}`, 1, { name: unique('许') }));
  const at = async (path, as_of, caller = county) => caller.get(path, { as_of });
  const [home, wife] = [`${households}/${household.id}`, `${members}/${spouse.id}`];
  assertRecord(assertDone(await at(home, yearsAgo(0, 10))), { address: household.address, version: 1 });
  assertRecord(assertDone(await at(home, yearsAgo(0))), { address: '八组1号', version: 2 });
  assertRecord(assertDone(await at(wife, yearsAgo(0, 10))), { name: spouse.name, version: 1, id_number: spouse.id_number });
  assert.notEqual(assertDone(await at(wife, yearsAgo(0))).name, spouse.name);
  for (const path of [home, wife]) {
    assertRefused(await at(path, yearsAgo(0, 40)), 404, 'not_found');
    assertRefused(await at(path, yearsAgo(0, 10), otherCounty), 404, 'not_found');
    assertRefused(await at(path, '2026-02-30'), 400, 'bad_parameter');
  }
});

test('M-043: who lived there on a day, by when they came and left, as it was recorded then', async () => {
  const { household, spouse } = await newSound();
  ageBy(household.id, 20);
  run(`UPDATE monitoring.member SET joined_on = joined_on - 20 WHERE household_id = '${household.id}'`);
  assertDone(await county.patch(`${members}/${spouse.id}`, 1, { name: unique('许') }));
  const late = assertDone(await county.post(`${households}/${household.id}/members`, { ...sound, name: unique('弟'), relation: 'sibling', id_number: idOf('1', yearsAgo(30, 1)), joined_how: 'moved_in', joined_on: yearsAgo(0, 5) }), 201);
  assertDone(await county.verb(`${members}/${spouse.id}:leave`, 2, { left_on: yearsAgo(0, 2), left_how: 'marriage', reason: '婚出' }));
  const there = (as_of) => allOf(county, `${households}/${household.id}/members`, { as_of });
  const [then, between, now] = [await there(yearsAgo(0, 10)), await there(yearsAgo(0, 4)), await there(yearsAgo(0))];
  assert.deepEqual([then.length, between.length, now.length], [3, 4, 3]);
  assertRecord(then.find((each) => each.id === spouse.id), { name: spouse.name, version: 1 });
  assert.ok(between.some((each) => each.id === late.id) && !then.some((each) => each.id === late.id));
  assert.ok(!now.some((each) => each.id === spouse.id));
  assert.deepEqual(await there(yearsAgo(0, 30)), []);
});

test('M-040, M-042: who is a child by what is known today is shown as one in former versions, too', async () => {
  const { household } = await newSound();
  const name = unique('孙小');
  const known = { ...sound, name, relation: 'son', certificate_kind: 'none', sex: '1', education: 'primary', labour: 'none' };
  const son = assertDone(await county.post(`${households}/${household.id}/members`, known), 201);
  ageBy(household.id, 5);
  assertDone(await county.patch(`${members}/${son.id}`, 1, { birth_on: yearsAgo(9), education: null, student_status: 'primary', resident_pension: null, employee_pension: null }));
  const day = { as_of: yearsAgo(0, 2) };
  run(`UPDATE monitoring.member SET joined_on = joined_on - 5 WHERE household_id = '${household.id}'`);
  for (const path of [`${members}/${son.id}`, `${households}/${household.id}/members`, `${households}/${household.id}/dossier`, `${households}/${household.id}/history`]) {
    const query = path.endsWith('history') ? {} : day;
    const [seen, hidden] = [await county.get(path, query), await townOffice.get(path, query)];
    assert.equal(assertDone(seen) && seen.text.includes(name), !path.endsWith('history'), path);
    assert.ok(assertDone(hidden) && !hidden.text.includes(name), path);
  }
});

test('M-042, M-221: whether there is a disability card is told by the history to holders of health.read alone', async () => {
  const { household, spouse } = await newSound({}, { spouse: { id_number: `${idOf('2', yearsAgo(43, 7))}` } });
  await confirmed(spouse.id); // what is written below is all that there is to tell
  const number = assertDone(await monitor.post(`${members}/${spouse.id}:unmask`, { reason: '核对残疾证号码', fields: ['id_number'] })).id_number;
  assertDone(await county.patch(`${members}/${spouse.id}`, 1, { health: 'disabled', labour: 'weak', disability_card: `${number}43` }));
  const fields = async (caller) => (await historyOf(household.id, { record_id: spouse.id }, caller))[1].changes.map((each) => each.field);
  assert.deepEqual(await fields(county), ['disability_card', 'health', 'labour']);
  assert.deepEqual(await fields(townOffice), ['health', 'labour']);
});
