// tests/api/registry_report.test.mjs - progress: who reports, when and on what, what counts, sending back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { confirmed, county, department, listInForce, milestoneItem, newItem, newList, newOrganisation, newTask, nobodysId, report, step, townOffice, unitOf,
  valueItem } from '../support/world.mjs';

const unit = await unitOf('town_office');
const path = '/registry/reports';
const itemNow = async (item) => assertDone(await county.get(`/registry/items/${item.id}`));
const oneByValue = async () => (await listInForce([(task) => valueItem(task, unit)])).items[0];
const oneBySteps = async () => (await listInForce([(task) => milestoneItem(task, unit)])).items[0];

test('the lead unit reports; its report waits to be confirmed', async () => {
  const item = await oneByValue();
  const answer = await report(item, { value: '3.5', reported_on: '2025-03-31', note: '三处' });
  const given = assertDone(answer, 201);
  assertRecord(given, { item_id: item.id, organisation_id: unit.id, owner_division: item.owner_division, reported_on: '2025-03-31', value: '3.5', milestone: null,
    note: '三处', status: 'submitted', decided_by: null, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1${path}/${given.id}`);
  assert.deepEqual(assertDone(await townOffice.get(`${path}/${given.id}`)), given);
  assertRecord(await itemNow(item), { progress: '0', completion: '0.00', version: item.version });
});

test('R-020: no other unit reports on an item', async () => {
  const own = await unitOf('department_office');
  const { items: [theirs] } = await listInForce([(task) => valueItem(task, own)]);
  assertDone(await report(theirs, { value: '1', reported_on: '2025-03-31' }, department), 201);
  const assisting = await listInForce([(task) => valueItem(task, own, { assist_organisation_ids: [unit.id] })]);
  assertRefused(await report(assisting.items[0], { value: '1' }, as('integration'), { key: newKey() }), 403, 'not_your_unit');
});

test('R-021: reports are taken while the list is in force', async () => {
  const draft = await newList();
  const item = await newItem(valueItem(await newTask(draft), unit));
  let now = draft;
  for (const verb of ['approve', 'file', 'bring_into_force']) {
    assertRefused(await report(item, { value: '1', reported_on: '2025-03-31' }), 409, 'state_conflict');
    now = await step(now, verb);
  }
  assertDone(await report(item, { value: '1', reported_on: '2025-03-31' }), 201);
  await step(now, 'close');
  assertRefused(await report(item, { value: '1', reported_on: '2025-03-31' }), 409, 'state_conflict');
});

test('R-022: an item by value is reported by value, one by milestones by one of its own', async () => {
  const byValue = await oneByValue();
  const bySteps = await oneBySteps();
  assertRefused(await report(byValue, { milestone: 1 }), 422, 'invalid', { pointer: '/value' });
  assertRefused(await report(byValue, { value: '1', milestone: 1 }), 422, 'invalid', { pointer: '/milestone' });
  assertRefused(await report(byValue, {}), 422, 'invalid', { pointer: '/value' });
  assertRefused(await report(bySteps, { value: '1' }), 422, 'invalid', { pointer: '/value' });
  assertRefused(await report(bySteps, { milestone: 3 }), 422, 'invalid', { pointer: '/milestone' });
  assertRefused(await report(bySteps, {}), 422, 'invalid', { pointer: '/milestone' });
  assertDone(await report(bySteps, { milestone: 2, reported_on: '2025-03-31' }), 201);
});

test('R-023: a confirmed value moves its item', async () => {
  const item = await oneByValue();
  const decided = await confirmed(item, { value: '7.5', reported_on: '2025-06-30' });
  assertRecord(decided, { status: 'confirmed', version: 2 });
  assert.ok(decided.decided_at && decided.decided_by);
  assertRecord(await itemNow(item), { progress: '7.5', progress_on: '2025-06-30', completion: '75.00', done_on: null, version: item.version + 1 });
});

test('R-023: of values the one reported latest holds, whatever is confirmed last', async () => {
  const item = await oneByValue();
  await confirmed(item, { value: '6', reported_on: '2025-06-30' });
  await confirmed(item, { value: '2', reported_on: '2025-03-31' });
  assertRecord(await itemNow(item), { progress: '6', progress_on: '2025-06-30', completion: '60.00' });
  await confirmed(item, { value: '4', reported_on: '2025-07-31' });
  assertRecord(await itemNow(item), { progress: '4', progress_on: '2025-07-31', completion: '40.00' });
});

test('R-023: the item is done on the day reported, and complete at most once', async () => {
  const item = await oneByValue();
  await confirmed(item, { value: '10', reported_on: '2025-08-15' });
  assertRecord(await itemNow(item), { completion: '100.00', done_on: '2025-08-15' });
  await confirmed(item, { value: '12', reported_on: '2025-08-20' });
  assertRecord(await itemNow(item), { progress: '12', completion: '100.00', done_on: '2025-08-15' });
});

test('R-023: a milestone counts once', async () => {
  const item = await oneBySteps();
  await confirmed(item, { milestone: 1, reported_on: '2025-03-20' });
  await confirmed(item, { milestone: 1, reported_on: '2025-03-25' });
  assertRecord(await itemNow(item), { progress: '1', completion: '50.00', done_on: null });
  await confirmed(item, { milestone: 2, reported_on: '2025-09-01' });
  const done = await itemNow(item);
  assertRecord(done, { progress: '2', completion: '100.00', done_on: '2025-09-01' });
  assert.deepEqual(done.milestones.map((m) => m.reached_on), ['2025-03-20', '2025-09-01']);
});

test('R-023: two reports confirmed at once both count', async () => {
  const item = await oneBySteps();
  const given = await Promise.all([1, 2].map(async (milestone) => assertDone(await report(item, { milestone, reported_on: '2025-03-20' }), 201)));
  await Promise.all(given.map(async (r) => assertDone(await county.verb(`${path}/${r.id}:confirm`, r.version, {}))));
  assertRecord(await itemNow(item), { progress: '2', completion: '100.00' });
});

test('R-024: a report is not of a day to come', async () => {
  const item = await oneByValue();
  assertRefused(await report(item, { value: '1', reported_on: '2199-12-31' }), 422, 'invalid', { pointer: '/reported_on', code: 'in_the_future' });
});

test('R-025: whoever sends a report back says why, and it does not count', async () => {
  const item = await oneByValue();
  const given = assertDone(await report(item, { value: '9', reported_on: '2025-06-30' }), 201);
  const back = (body) => county.verb(`${path}/${given.id}:send_back`, given.version, body);
  assertRefused(await back({}), 422, 'invalid', { pointer: '/decision_note', code: 'required' });
  assertRefused(await back({ decision_note: '' }), 422, 'invalid', { pointer: '/decision_note' });
  assertRecord(assertDone(await back({ decision_note: '台账不符' })), { status: 'sent_back', decision_note: '台账不符', version: 2 });
  assertRecord(await itemNow(item), { progress: '0', version: item.version });
});

test('R-027: a report is corrected by the unit that gave it, until it is decided on', async () => {
  const item = await oneByValue();
  const given = assertDone(await report(item, { value: '2', reported_on: '2025-06-30' }), 201);
  const better = assertDone(await townOffice.patch(`${path}/${given.id}`, 1, { value: '3', note: '补报一处' }));
  assertRecord(better, { value: '3', note: '补报一处', status: 'submitted', version: 2 });
  assertRefused(await county.patch(`${path}/${given.id}`, 2, { note: 'x' }), 403, 'forbidden');
  assertRefused(await townOffice.patch(`${path}/${given.id}`, 2, { value: '-1' }), 422, 'invalid', { pointer: '/value' });
  assertDone(await county.verb(`${path}/${given.id}:confirm`, 2, {}));
  assertRefused(await townOffice.patch(`${path}/${given.id}`, 3, { note: '再改' }), 409, 'state_conflict');
  assertRecord(await itemNow(item), { progress: '3' });
});

for (const state of ['confirmed', 'sent_back']) {
  test(`states: a report that is ${state} meets every verb`, async () => {
    const item = await oneByValue();
    const given = assertDone(await report(item, { value: '1', reported_on: '2025-06-30' }), 201);
    const verb = state === 'confirmed' ? 'confirm' : 'send_back';
    const decided = assertDone(await county.verb(`${path}/${given.id}:${verb}`, 1, { decision_note: '因' }));
    assert.equal(decided.status, state);
    for (const again of ['confirm', 'send_back']) {
      assertRefused(await county.verb(`${path}/${given.id}:${again}`, 2, { decision_note: '因' }), 409, 'state_conflict');
    }
    assert.deepEqual(assertDone(await county.get(`${path}/${given.id}`)), decided);
  });
}

test('who reports does not confirm', async () => {
  const item = await oneByValue();
  const given = assertDone(await report(item, { value: '1', reported_on: '2025-06-30' }), 201);
  assertRefused(await townOffice.verb(`${path}/${given.id}:confirm`, 1, {}), 403, 'forbidden');
});

test('a report of no item is refused', async () => {
  assertRefused(await report({ id: nobodysId() }, { value: '1', reported_on: '2025-06-30' }), 404, 'not_found');
  assertRefused(await county.verb(`${path}/${nobodysId()}:confirm`, 1, {}), 404, 'not_found');
  assertRefused(await county.verb(`${path}/${nobodysId()}:send_back`, 1, { decision_note: '因' }), 404, 'not_found');
});

test('a value below zero is refused', async () => {
  assertRefused(await report(await oneByValue(), { value: '-1' }), 422, 'invalid', { pointer: '/value', code: 'too_small' });
});

test('a report\'s id may come from the client, once', async () => {
  const item = await oneByValue();
  const id = uuid();
  assert.equal(assertDone(await report(item, { id, value: '1', reported_on: '2025-06-30' }), 201).id, id);
  assertRefused(await report(item, { id, value: '1', reported_on: '2025-06-30' }), 409, 'duplicate');
});

test('reports are found by item, unit and state', async () => {
  const item = await oneByValue();
  const first = assertDone(await report(item, { value: '1', reported_on: '2025-03-31' }), 201);
  const second = await confirmed(item, { value: '2', reported_on: '2025-04-30' });
  const ids = async (query) => (await allOf(county, path, { item_id: item.id, ...query })).map((r) => r.id);
  assert.deepEqual(await ids({}), [first.id, second.id]);
  assert.deepEqual(await ids({ sort: '-created_at' }), [second.id, first.id]);
  assert.deepEqual(await ids({ status: 'confirmed' }), [second.id]);
  assert.deepEqual(await ids({ organisation_id: unit.id }), [first.id, second.id]);
  assert.deepEqual(await ids({ organisation_id: (await newOrganisation()).id }), []);
});

test('a device reports with a key, and the same key again reports nothing more', async () => {
  const item = await oneByValue();
  const device = as('device');
  const key = newKey();
  assertRefused(await report(item, { value: '1', reported_on: '2025-03-31' }, device), 400, 'idempotency_key_required', { header: 'Idempotency-Key' });
  const first = await report(item, { value: '1', reported_on: '2025-03-31' }, device, { key });
  const again = await report(item, { value: '1', reported_on: '2025-03-31' }, device, { key });
  assertDone(first, 201);
  assert.equal(again.text, first.text);
  assert.equal((await allOf(county, path, { item_id: item.id })).length, 1);
});

test('R-026: what was reported in time is decided when the list is closed', async () => {
  const { list, items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  const given = await Promise.all(['4', '5'].map(async (value) => assertDone(await report(item, { value, reported_on: '2025-06-30' }), 201)));
  await step(list, 'close');
  assertRecord(assertDone(await county.verb(`${path}/${given[0].id}:confirm`, 1, {})), { status: 'confirmed' });
  assertRecord(assertDone(await county.verb(`${path}/${given[1].id}:send_back`, 1, { decision_note: '因' })), { status: 'sent_back' });
  assertRecord(await itemNow(item), { progress: '4' });
});
