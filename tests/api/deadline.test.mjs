// tests/api/deadline.test.mjs - deadlines: the light as of a day, pauses that move them, lateness that counts pauses.
// The calendar
// of 2025: National Day from 1 to 8 October, Saturday 11 October and Sunday 28 September are worked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { pausedFrom } from '../support/pauses.mjs';
import { confirmed, county, listInForce, newItem, newList, newTask, nobodysId, otherCounty, step, townOffice, unitOf, valueItem } from '../support/world.mjs';

const unit = await unitOf('town_office');
const path = (item) => `/registry/items/${item.id}`;
const seen = async (item, as_of) => assertDone(await county.get(path(item), { as_of }));
const lightOn = async (item, as_of) => (await seen(item, as_of)).light;
const inForce = async (more = {}) => (await listInForce([(task) => valueItem(task, unit, more)]));
const pause = (item, body = { reason: '汛期停工' }, caller = county) => caller.verb(`${path(item)}:pause`, item.version, body);
const resume = (item, body = { reason: '汛期结束' }, caller = county) => caller.verb(`${path(item)}:resume`, item.version, body);
const today = () => rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS day")[0].day;

test('R-032: five work days before the deadline it turns amber, on the first work day behind it red', async () => {
  const { items: [item] } = await inForce({ due_on: '2025-10-10' });
  for (const [as_of, light] of [['2025-09-25', 'green'], ['2025-09-26', 'amber'], ['2025-09-28', 'amber'], ['2025-10-08', 'amber'], ['2025-10-10', 'amber'],
    ['2025-10-11', 'red'], ['2025-10-12', 'red']]) assert.equal(await lightOn(item, as_of), light, as_of);
});

test('R-032: on days off behind the deadline nothing is late yet', async () => {
  const { items: [item] } = await inForce({ due_on: '2025-09-30' });
  assert.equal(await lightOn(item, '2025-10-08'), 'amber');
  assert.equal(await lightOn(item, '2025-10-09'), 'red');
});

test('R-032: what is done is green from that day on', async () => {
  const { items: [item] } = await inForce({ due_on: '2025-09-30' });
  await confirmed(item, { value: '10', reported_on: '2025-10-10' });
  assert.equal(await lightOn(item, '2025-10-09'), 'red');
  assert.equal(await lightOn(item, '2025-10-10'), 'green');
});

test('R-032: a year without calendar data gives no light, but far before its deadline it is green', async () => {
  const { items: [item] } = await inForce({ due_on: '2031-06-30' });
  assert.equal(await lightOn(item, '2025-06-30'), 'green');
  assert.equal(await lightOn(item, '2031-06-25'), null);
  assertRecord(await seen(item, '2031-06-25'), { due_on: '2031-06-30', effective_due_on: '2031-06-30' });
});

test('lists filter by light, and by what is paused', async () => {
  const { list, items: [red] } = await inForce({ due_on: '2025-03-31' });
  const found = (query) => allOf(county, '/registry/items', { duty_list_id: list.id, ...query });
  assert.deepEqual((await found({ light: 'red' })).map((i) => i.id), [red.id]);
  assert.deepEqual(await found({ light: 'green' }), []);
  assert.deepEqual((await found({ light: 'green', as_of: '2025-01-31' })).map((i) => i.light), ['green']);
  assert.deepEqual((await found({ light: 'amber', as_of: '2025-03-31' })).map((i) => i.light), ['amber']);
  assert.deepEqual(await found({ paused: true }), []);
  assertDone(await pause(red));
  assert.deepEqual((await found({ paused: true })).map((i) => i.id), [red.id]);
  assert.deepEqual(await found({ paused: false }), []);
});

test('R-031: the deadline moves by the work days paused', async () => {
  const { list, items: [item] } = await inForce({ due_on: '2025-10-10' });
  pausedFrom(item, '2025-09-29', '2025-10-13'); // 29, 30, 9, 10, 11: five work days
  assertRecord(await seen(item, '2025-10-20'), { due_on: '2025-10-10', effective_due_on: '2025-10-16', pauses: 1, paused_on: null, light: 'red' });
  assert.equal(await lightOn(item, '2025-10-16'), 'amber');
  const late = (as_of) => allOf(county, '/registry/overdue_items', { duty_list_id: list.id, as_of });
  assert.deepEqual(await late('2025-10-16'), []);
  const [first] = await late('2025-10-17');
  assertRecord(first, { due_on: '2025-10-10', effective_due_on: '2025-10-16', pauses: 1, late_work_days: 1 });
});

test('R-031: asked as of a day, only what was paused by then counts; a pause that goes on moves the deadline day by day', async () => {
  const { list, items: [item] } = await inForce({ due_on: '2025-10-10' });
  pausedFrom(item, '2025-10-09');
  assert.equal((await seen(item, '2025-10-09')).effective_due_on, '2025-10-10');
  assert.equal((await seen(item, '2025-10-10')).effective_due_on, '2025-10-11');
  for (const as_of of ['2025-10-13', '2025-11-28']) {
    assert.notEqual(await lightOn(item, as_of), 'red', as_of);
    assert.deepEqual(await allOf(county, '/registry/overdue_items', { duty_list_id: list.id, as_of }), []);
  }
  assertRecord(await seen(item, '2025-11-28'), { paused_on: '2025-10-09', pauses: 1 });
});

test('R-031: a pause entered when it is late leaves it as late as it was', async () => {
  const { list, items: [item] } = await inForce({ due_on: '2025-09-30' });
  pausedFrom(item, '2025-10-13', '2025-10-16');
  const late = async (as_of) => (await allOf(county, '/registry/overdue_items', { duty_list_id: list.id, as_of }))[0].late_work_days;
  assert.equal(await late('2025-10-11'), 3);
  assert.equal(await late('2025-10-15'), 4);
  assert.equal(await late('2025-10-16'), 4);
  assert.equal(await late('2025-10-17'), 5);
});

test('two pauses add up', async () => {
  const { items: [item] } = await inForce({ due_on: '2025-10-10' });
  pausedFrom(item, '2025-09-01', '2025-09-03');
  pausedFrom(item, '2025-09-15', '2025-09-16');
  assertRecord(await seen(item, '2025-10-20'), { effective_due_on: '2025-10-14', pauses: 2 });
});

test('R-033: a pause is entered with a reason, kept and counted', async () => {
  const { items: [item] } = await inForce({ due_on: '2025-09-30' });
  assertRefused(await pause(item, {}), 422, 'invalid', { pointer: '/reason' });
  const paused = assertDone(await pause(item));
  assertRecord(paused, { id: item.id, pauses: 1, paused_on: today(), version: item.version + 1 });
  assert.deepEqual(assertDone(await county.get(path(item))), paused);
  const [kept] = await allOf(county, '/registry/item_pauses', { item_id: item.id });
  assertRecord(kept, { item_id: item.id, from_on: today(), until_on: null, days: 0, reason: '汛期停工', end_reason: null, ended_by: null, version: 1 });
  assert.deepEqual((await allOf(county, '/registry/item_pauses', { item_id: item.id, open: true })).length, 1);
  const [audit] = rows(`SELECT reason, (body ->> 'item_id') AS item FROM registry.audit_log WHERE record = 'item_pause' AND record_id = '${kept.id}'`);
  assert.deepEqual(audit, { reason: '汛期停工', item: item.id });
  assertRefused(await pause(paused), 409, 'state_conflict');
});

test('R-034: it is resumed once, with a reason; the day counts again', async () => {
  const { items: [item] } = await inForce({ due_on: '2025-09-30' });
  assertRefused(await resume(item), 409, 'state_conflict');
  const paused = assertDone(await pause(item));
  assertRefused(await resume(paused, {}), 422, 'invalid', { pointer: '/reason' });
  const running = assertDone(await resume(paused));
  assertRecord(running, { paused_on: null, pauses: 1, effective_due_on: '2025-09-30', version: paused.version + 1 });
  assertRefused(await resume(running), 409, 'state_conflict');
  const [kept] = await allOf(county, '/registry/item_pauses', { item_id: item.id });
  assertRecord(kept, { from_on: today(), until_on: today(), days: 0, end_reason: '汛期结束', version: 2 });
  assert.deepEqual(await allOf(county, '/registry/item_pauses', { item_id: item.id, open: true }), []);
  assertRecord(assertDone(await pause(running)), { pauses: 2 });
});

test('R-033: only while the list is in force and the item is not done', async () => {
  const draft = await newList();
  const item = await newItem(valueItem(await newTask(draft), unit));
  assertRefused(await pause(item), 409, 'state_conflict');
  const { items: [done] } = await inForce();
  await confirmed(done, { value: '10', reported_on: '2025-08-15' });
  assertRefused(await pause(assertDone(await county.get(path(done)))), 409, 'state_conflict');
  const { list, items: [closed] } = await inForce();
  await step(list, 'close');
  assertRefused(await pause(closed), 409, 'state_conflict');
});

test('who may not pause, and what is not there', async () => {
  const { items: [item] } = await inForce();
  assertRefused(await pause(item, undefined, townOffice), 403, 'forbidden');
  assertRefused(await pause(item, undefined, otherCounty), 404, 'not_found');
  assertRefused(await pause({ id: nobodysId(), version: 1 }), 404, 'not_found');
  assertRefused(await pause({ ...item, version: item.version + 7 }), 412, 'stale');
  assertRefused(await county.post(`${path(item)}:pause`, { reason: '汛期' }), 428, 'precondition_required');
  assertRefused(await county.get(path(item), { as_of: '2025-02-30' }), 400, 'bad_parameter', { parameter: 'as_of' });
  assertRefused(await as('county_office').get('/registry/items', { light: 'blue' }), 400, 'bad_parameter', { parameter: 'light' });
});

test('of two who pause at once one pauses', async () => {
  const { items: [item] } = await inForce();
  const answers = await Promise.all([1, 2, 3, 4].map(() => pause(item)));
  assert.equal(answers.filter((a) => a.status === 200).length, 1);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.item_pause WHERE item_id = '${item.id}'`)[0].n, 1);
});
