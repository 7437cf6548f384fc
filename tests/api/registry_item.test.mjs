// tests/api/registry_item.test.mjs - items: one lead and any assists, period, target and milestones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { county, freshYear, louxing, milestoneItem, newItem, newList, newOrganisation, newTask, nobodysId, otherCounty, shuangfeng, town, townOffice, unitOf,
  valueItem } from '../support/world.mjs';

const path = '/registry/items';
const unit = await newOrganisation();
const list = await newList();
const task = () => newTask(list);

test('an item by value belongs to its lead unit\'s division', async () => {
  const lead = await newOrganisation({ owner_division: town, kind: 'town' });
  const answer = await county.post(path, valueItem(await task(), lead, { assist_organisation_ids: [unit.id], target: '12.50' }));
  const item = assertDone(answer, 201);
  assertRecord(item, { owner_division: town, at_division: town, duty_list_id: list.id, target: '12.5', progress: '0', completion: '0.00', milestones: [], version: 1 });
  const shown = assertDone(await county.get(`${path}/${item.id}`));
  assertRecord(shown, { lead_organisation: lead.name, assist_organisations: [unit.name], assist_organisation_ids: [unit.id], done_on: null });
});

test('an item by milestones keeps them in order', async () => {
  const item = await newItem(milestoneItem(await task(), unit));
  const shown = assertDone(await county.get(`${path}/${item.id}`));
  assert.deepEqual(shown.milestones, [{ position: 1, name: '方案印发', due_on: '2025-03-31', reached_on: null },
    { position: 2, name: '完成验收', due_on: '2025-09-30', reached_on: null }]);
});

const refusals = [
  ['a deadline before the start', { due_on: '2025-01-05' }, { pointer: '/due_on', code: 'before_start' }],
  ['an impossible date', { due_on: '2025-02-29' }, { pointer: '/due_on', code: 'not_a_date' }],
  ['no target', { target: undefined }, { pointer: '/target', code: 'required' }],
  ['a target of zero', { target: '0' }, { pointer: '/target', code: 'too_small' }],
  ['a target below zero', { target: '-1' }, { pointer: '/target', code: 'too_small' }],
  ['a target as a JSON number', { target: 10 }, { pointer: '/target', code: 'not_a_string' }],
  ['a target finer than four digits', { target: '0.00001' }, { pointer: '/target', code: 'not_a_decimal' }],
  ['a target of more than eighteen digits', { target: '1234567890123456789' }, { pointer: '/target', code: 'not_a_decimal' }],
  ['no unit of measure', { unit_of_measure: undefined }, { pointer: '/unit_of_measure', code: 'required' }],
  ['milestones on an item by value', { milestones: [{ name: '步', due_on: '2025-03-01' }] }, { pointer: '/milestones', code: 'not_taken' }],
  ['an unknown measure', { measure: 'mood' }, { pointer: '/measure', code: 'not_one_of' }],
  ['no lead', { lead_organisation_id: undefined }, { pointer: '/lead_organisation_id', code: 'required' }],
  ['two leads', { lead_organisation_id: [unit.id, uuid()] }, { pointer: '/lead_organisation_id', code: 'not_a_string' }],
  ['a lead that is no id', { lead_organisation_id: '水利局' }, { pointer: '/lead_organisation_id', code: 'not_a_uuid' }],
  ['a unit assisting twice', { assist_organisation_ids: [unit.id, unit.id] }, { pointer: '/assist_organisation_ids', code: 'repeated' }],
  ['too many assisting units', { assist_organisation_ids: Array.from({ length: 21 }, uuid) }, { pointer: '/assist_organisation_ids', code: 'too_many' }],
];
for (const [what, change, error] of refusals) {
  test(`refused: ${what}`, async () => {
    assertRefused(await county.post(path, valueItem(await task(), unit, change)), 422, 'invalid', error);
  });
}

const stepRefusals = [
  ['no milestones', { milestones: undefined }, { pointer: '/milestones', code: 'required' }],
  ['a target on an item by milestones', { target: '3' }, { pointer: '/target', code: 'not_taken' }],
  ['a milestone outside the period', { milestones: [{ name: '步', due_on: '2025-10-01' }] }, { pointer: '/milestones', code: 'outside_period' }],
  ['a milestone without a name', { milestones: [{ due_on: '2025-03-01' }] }, { pointer: '/milestones/0/name', code: 'required' }],
  ['an unknown member of a milestone', { milestones: [{ name: '步', due_on: '2025-03-01', mood: 1 }] }, { pointer: '/milestones/0/mood', code: 'unknown_field' }],
  ['too many milestones', { milestones: Array.from({ length: 25 }, () => ({ name: '步', due_on: '2025-03-01' })) }, { pointer: '/milestones', code: 'too_many' }],
];
for (const [what, change, error] of stepRefusals) {
  test(`refused: ${what}`, async () => {
    assertRefused(await county.post(path, milestoneItem(await task(), unit, change)), 422, 'invalid', error);
  });
}

test('the lead does not assist itself', async () => {
  const answer = await county.post(path, valueItem(await task(), unit, { assist_organisation_ids: [unit.id] }));
  assert.ok([409, 422].includes(answer.status), answer.text);
  assertRefused(answer, answer.status, answer.body.code);
});

test('a unit leads one item of a task', async () => {
  const one = await task();
  await newItem(valueItem(one, unit));
  assertRefused(await county.post(path, valueItem(one, unit)), 409, 'duplicate');
});

test('units and tasks that are not there, or another county\'s, are refused alike', async () => {
  const beside = await newOrganisation({ owner_division: shuangfeng }, otherCounty);
  const theirs = await newTask(await newList({ caller: otherCounty, division: shuangfeng, year: await freshYear(shuangfeng, otherCounty) }), {}, otherCounty);
  const mine = await task();
  const told = async (change, pointer) => {
    const { status, code, title, detail, errors } = assertRefused(await county.post(path, valueItem(mine, unit, change)), 422, 'invalid', { pointer });
    return { status, code, title, detail, errors };
  };
  for (const [name, id] of [['lead_organisation_id', beside.id], ['task_id', theirs.id]]) {
    assert.deepEqual(await told({ [name]: id }, `/${name}`), await told({ [name]: nobodysId() }, `/${name}`));
  }
  await told({ assist_organisation_ids: [beside.id] }, '/assist_organisation_ids');
});

test('a correction keeps the rules', async () => {
  const item = await newItem(valueItem(await task(), unit));
  const corrected = assertDone(await county.patch(`${path}/${item.id}`, 1, { title: '新题', due_on: '2025-12-31', target: '20' }));
  assertRecord(corrected, { title: '新题', due_on: '2025-12-31', target: '20', version: 2 });
  assertRefused(await county.patch(`${path}/${item.id}`, 2, { due_on: '2025-01-01' }), 422, 'invalid');
  assertRecord(assertDone(await county.get(`${path}/${item.id}`)), { due_on: '2025-12-31', version: 2 });
});

test('the units and the measure of an item stay', async () => {
  const item = await newItem(valueItem(await task(), unit));
  assertRefused(await county.patch(`${path}/${item.id}`, 1, { measure: 'milestone' }), 422, 'invalid', { pointer: '/measure', code: 'unknown_field' });
  assertRefused(await county.patch(`${path}/${item.id}`, 1, { lead_organisation_id: unit.id }), 422, 'invalid', { pointer: '/lead_organisation_id' });
});

test('items are found by list, task, unit, division, state and deadline', async () => {
  const own = await newList();
  const one = await newTask(own);
  const lead = await newOrganisation({ owner_division: town, kind: 'town' });
  const early = await newItem(valueItem(one, unit, { due_on: '2025-03-31' }));
  const late = await newItem(valueItem(one, lead));
  const ids = async (query) => (await allOf(county, path, { duty_list_id: own.id, ...query })).map((item) => item.id);
  assert.deepEqual(await ids({}), [early.id, late.id]);
  assert.deepEqual(await ids({ sort: '-due_on' }), [late.id, early.id]);
  assert.deepEqual(await ids({ task_id: one.id, lead_organisation_id: lead.id }), [late.id]);
  assert.deepEqual(await ids({ division: town }), [late.id]);
  assert.deepEqual(await ids({ division: louxing }), [early.id]);
  assert.deepEqual(await ids({ due_before: '2025-03-31' }), []);
  assert.deepEqual(await ids({ due_before: '2025-04-01' }), [early.id]);
  assert.deepEqual(await ids({ done: true }), []);
  assert.deepEqual(await ids({ done: false }), [early.id, late.id]);
});

test('a town sees its own items only', async () => {
  const own = await unitOf('town_office');
  const one = await task();
  const mine = await newItem(valueItem(one, own));
  const countys = await newItem(valueItem(one, unit));
  assertDone(await townOffice.get(`${path}/${mine.id}`));
  assertRefused(await townOffice.get(`${path}/${countys.id}`), 404, 'not_found');
});
