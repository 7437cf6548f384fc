// tests/api/registry_overdue.test.mjs - what is late on a day, by how many work days, and who answers for it. The calendar of 2025: the
// National Day holiday runs from 1 to 8 October, Saturday 11 October is worked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { advance, confirmed, county, listInForce, newItem, newList, newOrganisation, newTask, step, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/overdue_items';
const unit = await unitOf('town_office');
const countys = await newOrganisation();
const late = (list, as_of) => allOf(county, path, { duty_list_id: list.id, as_of });
const dueOn = async (due_on) => (await listInForce([(task) => valueItem(task, unit, { starts_on: '2024-01-08', due_on })])).list;

for (const [as_of, days] of [['2025-09-30', 0], ['2025-10-08', 0], ['2025-10-09', 1], ['2025-10-10', 2], ['2025-10-11', 3], ['2025-10-12', 3], ['2025-10-13', 4]]) {
  test(`due before the holiday, seen on ${as_of}: late by ${days} work days`, async () => {
    const items = await late(await dueOn('2025-09-30'), as_of);
    assert.deepEqual(items.map((item) => item.late_work_days), days ? [days] : []);
  });
}

test('across the Spring Festival and across a year\'s end only work days count', async () => {
  const list = await dueOn('2024-12-31');
  assert.deepEqual((await late(list, '2025-01-01')), []);
  assert.equal((await late(list, '2025-01-02'))[0].late_work_days, 1);
  // 2025-01-28 to 02-04 are holidays; 01-26 and 02-08 are worked.
  assert.equal((await late(await dueOn('2025-01-27'), '2025-02-05'))[0].late_work_days, 1);
});

test('a late item tells what is missing and who answers for it', async () => {
  const own = await newOrganisation({ kind: 'town' });
  const post = assertDone(await county.post('/identity/posts', { organisation_id: own.id, title: '主任', duty: 'first_responsible' }), 201);
  const [former, present] = await Promise.all(['钱乙', '孙丙'].map(async (name) =>
    assertDone(await county.post('/identity/persons', { owner_division: own.owner_division, name }), 201)));
  const hold = (person, starts_on, ends_on) => county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on, ends_on });
  assertDone(await hold(former, '2025-01-01', '2025-10-10'), 201);
  assertDone(await hold(present, '2025-10-10'), 201);
  const { list, items: [item] } = await listInForce([(task) => valueItem(task, own)]);
  const [seen] = await late(list, '2025-10-09');
  assertRecord(seen, { id: item.id, due_on: '2025-09-30', as_of: '2025-10-09', late_work_days: 1, lead_organisation: own.name, target: '10', progress: '0', completion: '0.00' });
  assert.deepEqual(seen.answers_for_it, [{ post_id: post.id, title: '主任', duty: 'first_responsible', holder: '钱乙' }]);
  const [later] = await late(list, '2025-10-10');
  assert.deepEqual(later.answers_for_it.map((answer) => answer.holder), ['孙丙']);
});

test('what was done by then is not late, what was done later was', async () => {
  const { list, items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  await confirmed(item, { value: '10', reported_on: '2025-10-10' });
  assert.equal((await late(list, '2025-10-09')).length, 1);
  assert.equal((await late(list, '2025-10-10')).length, 0);
});

test('a report not yet confirmed leaves the item late', async () => {
  const { list, items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  assertDone(await townOffice.post(`/registry/items/${item.id}/reports`, { value: '10', reported_on: '2025-09-01' }), 201);
  assert.equal((await late(list, '2025-10-10')).length, 1);
});

test('items of a draft are not late; those of a closed list stay so', async () => {
  const draft = await newList();
  await newItem(valueItem(await newTask(draft), unit));
  assert.deepEqual(await late(draft, '2025-10-10'), []);
  const inForce = await advance(draft, 'bring_into_force');
  assert.equal((await late(draft, '2025-10-10')).length, 1);
  await step(inForce, 'close');
  assert.equal((await late(draft, '2025-10-10')).length, 1);
});

test('a unit\'s late items are found by the unit', async () => {
  const other = await newOrganisation();
  const { list } = await listInForce([(task) => valueItem(task, unit), (task) => valueItem(task, other)]);
  const found = await allOf(county, path, { duty_list_id: list.id, as_of: '2025-10-10', lead_organisation_id: other.id });
  assert.deepEqual(found.map((item) => item.lead_organisation_id), [other.id]);
});

test('a year without calendar data gives no answer', async () => {
  const list = await dueOn('2025-09-30');
  assertRefused(await county.get(path, { duty_list_id: list.id, as_of: '2150-01-01' }), 422, 'invalid');
});

test('a town sees what is late of its own', async () => {
  const { list, items } = await listInForce([(task) => valueItem(task, unit), (task) => valueItem(task, countys)]);
  const seen = await allOf(townOffice, path, { duty_list_id: list.id, as_of: '2025-10-10' });
  assert.deepEqual(seen.map((item) => item.id), [items[0].id]);
  const inspected = await allOf(as('inspector'), path, { duty_list_id: list.id, as_of: '2025-10-10' });
  assert.equal(inspected.length, 2);
});
