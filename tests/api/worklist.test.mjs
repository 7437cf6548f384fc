// tests/api/worklist.test.mjs - what a post must do, by when and why, in one request (I-301, I-302).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, anyone, as, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { county, department, listInForce, newItem, newList, newTask, otherCounty, report, step, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/identity/me/worklist';
const town = await unitOf('town_office');
const entryOf = async (caller, record, query) => (await allOf(caller, path, query)).filter((e) => e.id === record.id);
const only = async (caller, record, query) => {
  const found = await entryOf(caller, record, query);
  assert.equal(found.length, 1, JSON.stringify(found));
  return found[0];
};
const waitsFor = async (caller, record) => (await entryOf(caller, record)).length === 1;
const oneItem = async (more) => (await listInForce([(task) => valueItem(task, town, more)])).items[0];
const urge = async () => assertDone(await county.post('/registry/urgings', { addressee_organisation_id: town.id, matter: unique('督办') }), 201);
const urgingStep = async (urging, verb, body, caller) => assertDone(await caller.verb(`/registry/urgings/${urging.id}:${verb}`, urging.version, body));

test('an item waits for its lead unit until it has reported, and again when that is sent back', async () => {
  const item = await oneItem({ due_on: '2025-09-30', title: unique('分解项') });
  assertRecord(await only(townOffice, item), { service: 'registry', kind: 'item', title: item.title, todo: '报告进展', rule: 'R-020', since: '2025-01-06',
    due_on: '2025-09-30',
    order_on: '2025-09-30', light: 'red', owner_division: town.owner_division });
  for (const caller of [county, department, otherCounty]) assert.equal(await waitsFor(caller, item), false);
  const given = assertDone(await report(item, { value: '3', reported_on: '2025-03-31' }), 201);
  assert.equal(await waitsFor(townOffice, item), false);
  assertDone(await county.verb(`/registry/reports/${given.id}:send_back`, given.version, { decision_note: '请核对' }));
  assert.equal(await waitsFor(townOffice, item), true);
  const last = assertDone(await report(item, { value: '10', reported_on: '2025-03-31' }), 201);
  assertDone(await county.verb(`/registry/reports/${last.id}:confirm`, last.version, {}));
  assert.equal(await waitsFor(townOffice, item), false);
});

test('a report waits for the office whose list it is', async () => {
  const item = await oneItem({ due_on: '2025-09-30' });
  const given = assertDone(await report(item, { value: '3', reported_on: '2025-03-31' }), 201);
  const [today, due] = Object.values(rows(`SELECT d::text AS today, zeren.due_after(d, 5, 'work_days')::text AS due FROM (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date) AS x (d)`)[0]);
  assertRecord(await only(county, given), { kind: 'report', title: item.title, todo: '确认或者退回进展报告', rule: 'R-023', since: today, due_on: due, light: 'green' });
  for (const caller of [townOffice, as('prefecture_office'), as('inspector')]) assert.equal(await waitsFor(caller, given), false);
});

test('an urging waits for the unit urged, its answer for the issuer', async () => {
  const urging = await urge();
  assertRecord(await only(townOffice, urging), { kind: 'urging', title: urging.matter, todo: '答复督办', rule: 'R-043', due_on: urging.answer_by });
  assert.equal(await waitsFor(county, urging), false);
  const answered = await urgingStep(urging, 'answer', { answer: '已整改' }, townOffice);
  assert.equal(await waitsFor(townOffice, urging), false);
  assertRecord(await only(county, urging), { todo: '审核督办答复', rule: 'R-044' });
  const returned = await urgingStep(answered, 'return', { decision_note: '未附材料' }, county);
  assertRecord(await only(townOffice, urging), { todo: '答复督办', due_on: returned.answer_by });
  await urgingStep(returned, 'withdraw', { decision_note: '重复' }, county);
  assert.equal(await waitsFor(townOffice, urging), false);
});

test('a list waits for each of its steps in the offices of its division', async () => {
  const draft = await newList();
  assert.equal(await waitsFor(county, draft), false);
  await newItem(valueItem(await newTask(draft), town));
  let list = draft;
  for (const [todo, verb] of [['审定责任清单', 'approve'], ['责任清单备案', 'file'], ['责任清单生效', 'bring_into_force']]) {
    assertRecord(await only(county, list), { kind: 'duty_list', title: draft.title, todo, rule: 'R-003' });
    assert.equal(await waitsFor(as('prefecture_office'), list), false);
    list = await step(list, verb);
  }
  assert.equal(await waitsFor(county, list), false);
});

test('a pause moves what is due, also while it goes on', async () => {
  const item = await oneItem({ due_on: '2026-11-30' });
  assertDone(await county.verb(`/registry/items/${item.id}:pause`, item.version, { reason: '汛期停工' }));
  run(`UPDATE registry.item_pause SET from_on = '2026-11-02' WHERE item_id = '${item.id}'; UPDATE registry.item SET paused_on = '2026-11-02' WHERE id = '${item.id}'`);
  const { effective_due_on: due, light } = assertDone(await county.get(`/registry/items/${item.id}`));
  assertRecord(await only(townOffice, item), { due_on: due, light });
  assert.notEqual(due, '2026-11-30');
});

test('it is sorted by deadline, read page by page, and filtered', async () => {
  const [late, soon] = [await oneItem({ due_on: '2025-08-29' }), await oneItem({ due_on: '2025-07-31' })];
  const all = await allOf(townOffice, path);
  const places = all.map((e) => e.order_on);
  assert.deepEqual(places, [...places].sort());
  assert.ok(all.findIndex((e) => e.id === soon.id) < all.findIndex((e) => e.id === late.id));
  const placed = async (query) => (await allOf(townOffice, path, query)).map((e) => `${e.order_on} ${e.id}`);
  const [before, page, later] = [all.map((e) => `${e.order_on} ${e.id}`), await placed({ limit: 3 }), new Set(await placed())]; // others work beside
  const stayed = before.filter((one) => later.has(one));
  assert.ok(stayed.length >= 2);
  assert.deepEqual(page.filter((one) => stayed.includes(one)), stayed, 'what stays is on one page, and in its place');
  assert.ok((await allOf(townOffice, path, { kind: 'urging' })).every((e) => e.kind === 'urging'));
  assert.ok((await allOf(townOffice, path, { light: 'red' })).some((e) => e.id === late.id));
  assert.equal((await entryOf(townOffice, late, { light: 'green' })).length, 0);
  assert.equal((await entryOf(townOffice, late, { due_before: '2025-08-01' })).length, 0);
  assert.equal((await entryOf(townOffice, soon, { due_before: '2025-08-01' })).length, 1);
});

test('every entry is one that its caller can open and act on', async () => {
  for (const caller of [townOffice, county]) {
    const places = { item: 'items', report: 'reports', urging: 'urgings', duty_list: 'duty_lists', obligation: 'obligations', work_order: 'work_orders', leave: 'leaves',
      periodic_report: 'periodic_reports', correction: 'corrections', finding: 'findings', person_claim: 'person_claims', transfer: 'transfers' };
    for (const entry of assertDone(await caller.get(path, { limit: 20 })).items) assertDone(await caller.get(`/${entry.service}/${places[entry.kind]}/${entry.id}`));
  }
});

test('who has nothing to do has an empty list; what is refused', async () => {
  assert.deepEqual(assertDone(await as('audit_admin').get(path)).items, []);
  assertRefused(await anyone.get(path), 401, 'unauthenticated');
  assertRefused(await county.get(path, { light: 'blue' }), 400, 'bad_parameter', { parameter: 'light' });
  assertRefused(await county.get(path, { cursor: 'x' }), 400, 'bad_parameter', { parameter: 'cursor' });
});
