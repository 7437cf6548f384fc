// tests/api/registry_drive.test.mjs - drives (集中攻坚): a phase with a leader, a goal, an end and its items; planned, started, ended with a result, and the
// work orders given for one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newCaller } from '../support/admins.mjs';
import { rows, run } from '../support/database.mjs';
import { nextYear } from '../support/days.mjs';
import { advance, confirmed, county, department, listInForce, louxing, newOrganisation, nobodysId, otherCounty, shuangfeng, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/drives';
const town = await unitOf('town_office');
const water = await newOrganisation({ line: 'water' });
const leader = assertDone(await county.post('/identity/posts', { organisation_id: water.id, title: unique('分管副区长'), duty: 'direct' }), 201);
const body = (more) => ({ title: unique('供水攻坚'), leader_post_id: leader.id, organisation_id: water.id, goal: '十四处工程通水', starts_on: '2026-08-03', ends_on: nextYear('09-30'), ...more });
const plan = (more, caller = county) => caller.post(path, body(more));
const planned = async (more) => assertDone(await plan(more), 201);
const step = (drive, verb, given, caller = county) => caller.verb(`${path}/${drive.id}:${verb}`, drive.version, given);
const started = async (more) => assertDone(await step(await planned(more), 'start'));
const ended = async (drive) => assertDone(await step(drive, 'end', { result: '通水十三处' }));
const correct = (drive, given, caller = county) => caller.patch(`${path}/${drive.id}`, drive.version, given);
const now = async (drive) => assertDone(await county.get(`${path}/${drive.id}`));
const order = (drive, more, caller = county) => caller.post('/registry/work_orders', { addressee_organisation_id: town.id, matter: unique('攻坚'), due_on: nextYear('06-30'), drive_id: drive.id, ...more });
const today = () => rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS day")[0].day;

test('R-128: a drive is planned with a leader, a goal, an end and items, and found again', async () => {
  const { items: [item] } = await listInForce([(t) => valueItem(t, town)]);
  const answer = await plan({ topic: 'infrastructure', item_ids: [item.id] });
  const drive = assertDone(answer, 201);
  assertRecord(drive, { owner_division: louxing, organisation: water.name, leader_post_id: leader.id, topic: 'infrastructure', status: 'planned', item_ids: [item.id], items_done: 0,
    work_orders: 0, work_orders_completed: 0, started_on: null, ended_on: null, result: null, light: 'green', version: 1 });
  assert.deepEqual(drive.steps.map((s) => [s.verb, s.due_on]), [['plan', nextYear('09-30')]]);
  assert.equal(answer.headers.get('location'), `/api/v1${path}/${drive.id}`);
  assert.deepEqual(await now(drive), drive);
  const found = async (query) => (await allOf(county, path, query)).map((d) => d.id);
  assert.deepEqual(await found({ item_id: item.id }), [drive.id]);
  assert.ok((await found({ organisation_id: water.id, leader_post_id: leader.id, topic: 'infrastructure', status: 'planned', division: louxing })).includes(drive.id));
  await confirmed(item, { value: '10', reported_on: '2025-06-30' });
  assertRecord(await now(drive), { items_done: 1 });
});

test('R-128: it is started, and ended with its result; each once, in that order', async () => {
  const drive = await planned();
  assertRefused(await step(drive, 'end', {}), 422, 'invalid', { pointer: '/result' });
  const running = assertDone(await step(drive, 'start'));
  assertRecord(running, { status: 'running', started_on: today(), version: 2 });
  assertRefused(await step(running, 'start'), 409, 'state_conflict');
  assertRefused(await step({ ...running, version: 1 }, 'end', { result: 'x' }), 412, 'stale');
  const over = await ended(running);
  assertRecord(over, { status: 'ended', ended_on: today(), result: '通水十三处', light: 'green', version: 3 });
  assert.deepEqual(over.steps.map((s) => [s.verb, s.note]), [['plan', null], ['start', null], ['end', '通水十三处']]);
  for (const [verb, given] of [['start'], ['end', { result: 'x' }]]) assertRefused(await step(over, verb, given), 409, 'state_conflict');
  assertRecord(await ended(await planned()), { status: 'ended', started_on: null });
});

test('R-128: it is corrected until it has ended, its first day until it is started', async () => {
  const drive = await planned();
  const moved = assertDone(await correct(drive, { starts_on: '2026-09-01', goal: '十五处通水', topic: 'industry' }));
  assertRecord(moved, { starts_on: '2026-09-01', goal: '十五处通水', topic: 'industry', version: 2 });
  const running = assertDone(await step(moved, 'start'));
  assertRefused(await correct(running, { starts_on: '2026-10-01' }), 409, 'state_conflict');
  const longer = assertDone(await correct(running, { ends_on: nextYear('12-31'), topic: null }));
  assertRecord(longer, { ends_on: nextYear('12-31'), topic: null, version: 4 });
  assertRefused(await correct(longer, { organisation_id: town.id }), 422, 'invalid', { pointer: '/organisation_id' });
  assertRefused(await correct(longer, { ends_on: '2026-08-01' }), 422, 'invalid', { pointer: '/ends_on' });
  assertRefused(await correct(longer, { leader_post_id: nobodysId() }), 422, 'invalid', { pointer: '/leader_post_id' });
  assertRefused(await correct(await ended(longer), { goal: 'x' }), 409, 'state_conflict');
});

test('R-128: what it names is there, and of its division', async () => {
  assertRefused(await plan({ organisation_id: nobodysId() }), 422, 'invalid', { pointer: '/organisation_id' });
  assertRefused(await plan({ leader_post_id: nobodysId() }), 422, 'invalid', { pointer: '/leader_post_id' });
  assertRefused(await plan({ item_ids: [nobodysId()] }), 422, 'invalid', { pointer: '/item_ids' });
  assertRefused(await plan({ topic: 'weather' }), 422, 'invalid', { pointer: '/topic' });
  assertRefused(await plan({ ends_on: '2026-08-02' }), 422, 'invalid', { pointer: '/ends_on' });
  const { items: [countys] } = await listInForce([(t) => valueItem(t, water)]);
  assertRefused(await plan({ organisation_id: town.id, item_ids: [countys.id] }), 422, 'invalid', { pointer: '/item_ids' });
  assertRefused(await correct(await planned({ organisation_id: town.id }), { item_ids: [countys.id] }), 422, 'invalid', { pointer: '/item_ids' });
});

test('a drive is seen in its division and line, and changed by whoever gives orders there', async () => {
  const drive = await planned();
  for (const caller of [townOffice, department, as('inspector')]) assertRefused(await plan({}, caller), 403, 'forbidden');
  assertRefused(await otherCounty.get(`${path}/${drive.id}`), 404, 'not_found');
  assertRefused(await step(drive, 'start', undefined, otherCounty), 404, 'not_found');
  assertRefused(await otherCounty.get(path, { division: louxing }), 403, 'out_of_scope');
  const farming = (await newCaller(louxing, { role: 'county_office', ranges: [louxing], lines: ['agriculture'] })).caller;
  assertRefused(await farming.get(`${path}/${drive.id}`), 404, 'not_found');
  assertRefused(await plan({}, farming), 403, 'out_of_scope');
  assertRefused(await otherCounty.post(path, body()), 422, 'invalid', { pointer: '/organisation_id' });
  const theirs = await newOrganisation({ owner_division: shuangfeng }, otherCounty);
  assertRefused(await plan({ organisation_id: theirs.id }), 422, 'invalid', { pointer: '/organisation_id' });
});

test('R-128: work orders of a drive say so, are counted, and come to an end with it', async () => {
  const drive = await started();
  const first = assertDone(await order(drive), 201);
  assertRecord(first, { source_kind: 'drive', source_id: drive.id, drive_id: drive.id });
  const second = assertDone(await order(drive), 201);
  assertDone(await county.verb(`/registry/work_orders/${second.id}:withdraw`, 1, { decision_note: '重复' }));
  const act = async (verb, given, caller) => assertDone(await caller.verb(`/registry/work_orders/${first.id}:${verb}`,
    assertDone(await county.get(`/registry/work_orders/${first.id}`)).version, given));
  await act('receive', undefined, townOffice);
  await act('report_back', { feedback: '已完成' }, townOffice);
  await act('complete', {}, county);
  assertRecord(await now(drive), { work_orders: 1, work_orders_completed: 1 });
  assert.equal((await allOf(county, '/registry/work_orders', { drive_id: drive.id, source_id: drive.id })).length, 2);
  await ended(await now(drive));
  assertRefused(await order(drive), 409, 'state_conflict');
});

test('R-125: what names an item is found by it in the next edition, and a drive counts what is done there', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, town)]);
  const drive = await started({ item_ids: [item.id] });
  const given = assertDone(await order(drive, { item_id: item.id }), 201);
  const next = await advance(assertDone(await county.post(`/registry/duty_lists/${list.id}:revise`, { reason: '调整' }), 201), 'bring_into_force');
  const [goesOn] = await allOf(county, '/registry/items', { duty_list_id: next.id });
  for (const id of [item.id, goesOn.id]) {
    assert.deepEqual((await allOf(county, path, { item_id: id })).map((d) => d.id), [drive.id]);
    assert.deepEqual((await allOf(county, '/registry/work_orders', { item_id: id })).map((w) => w.id), [given.id]);
  }
  assertRecord(await now(drive), { items_done: 0 });
  await confirmed(goesOn, { value: '10', reported_on: '2025-06-30' });
  assertRecord(await now(drive), { items_done: 1, item_ids: [item.id] });
  assert.deepEqual(await allOf(county, '/registry/work_orders', { item_id: nobodysId() }), []);
});

test('a drive whose end is over is red until it is ended', async () => {
  const drive = await started({ starts_on: '2025-08-01' });
  run(`UPDATE registry.drive SET ends_on = '2025-09-30' WHERE id = '${drive.id}'`);
  assertRecord(await now(drive), { light: 'red' });
});
