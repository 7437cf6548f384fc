// tests/api/review.test.mjs - what a hostile reader of the registry found once: numbers at their limits, corrections that break an item's rules,
// progress confirmed out of order, drafts that change while they are approved, member towns, tables made to break the JSON they become.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { as, newKey, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { hold } from '../support/database.mjs';
import { codes } from '../support/offices.mjs';
import { advance, confirmed, county, freshCode, freshYear, listInForce, listPath, louxing, milestoneItem, newItem, newList, newOrganisation, newTask, prefecture, report, shuangfeng, town,
  townOffice, unitOf, valueItem } from '../support/world.mjs';

const unit = await unitOf('town_office');
const otherUnit = await newOrganisation();
const draftYear = await freshYear(); // of drafts that never come in force: edition after edition
const draft = (more = {}) => newList({ year: draftYear, ...more });
const admin = as('system_admin');
const itemNow = async (item) => assertDone(await county.get(`/registry/items/${item.id}`));
const draftItem = async (shape, more) => newItem(shape(await newTask(await draft()), unit, more));
const correct = (item, body, caller = county) => caller.patch(`/registry/items/${item.id}`, item.version, body);

const heading = 'task_number,parent_number,task_title,item_title,lead_unit,assist_units,starts_on,due_on,measure,target,unit_of_measure,milestones';
const loadList = async (rows, query = {}, options = {}) => county.load('/registry/duty_lists:import',
  { owner_division: louxing, year: draftYear, title: unique('清单'), ...query }, [heading, ...rows].join('\n'), options);

const most = '99999999999999.9999'; // as the contract has it: 14 digits before the point, four behind it
const tooMuch = ['100000000000000', '123456789012345678'];

test('a decimal is kept as far as the contract goes, and refused beyond', async () => {
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit, { target: most })]);
  assert.equal(item.target, most);
  const drafted = await draftItem(valueItem);
  const task = await newTask(await draft());
  const row = (target) => `1,,任务,项,${otherUnit.name},,2025-01-06,2025-09-30,value,${target},处,`;
  for (const value of tooMuch) {
    assertRefused(await report(item, { value, reported_on: '2025-03-31' }), 422, 'invalid', { pointer: '/value', code: 'not_a_decimal' });
    assertRefused(await county.post('/registry/items', valueItem(task, unit, { target: value })), 422, 'invalid', { pointer: '/target', code: 'not_a_decimal' });
    assertRefused(await correct(drafted, { target: value }), 422, 'invalid', { pointer: '/target', code: 'not_a_decimal' });
    assertRefused(await loadList([row(value)]), 422, 'invalid', { row: 2, column: 'target', code: 'not_a_decimal' });
  }
  assertRecord(await confirmed(item, { value: most, reported_on: '2025-03-31' }), { value: most });
  assertRecord(await itemNow(item), { progress: most, completion: '100.00' });
  assertDone(await loadList([row(most)]), 201);
});

test('R-012, R-013: a correction keeps the rules of an item', async () => {
  const byValue = await draftItem(valueItem);
  const bySteps = await draftItem(milestoneItem);
  const refused = async (item, body, pointer) => assertRefused(await correct(item, body), 422, 'invalid', { pointer });
  await refused(bySteps, { target: '5' }, '/target');
  await refused(bySteps, { unit_of_measure: '处' }, '/unit_of_measure');
  await refused(bySteps, { due_on: '2025-09-29' }, '/due_on');
  await refused(bySteps, { starts_on: '2025-04-01' }, '/starts_on');
  await refused(byValue, { due_on: '2025-01-05' }, '/due_on');
  await refused(byValue, { target: null }, '/target');
  await refused(byValue, { unit_of_measure: null }, '/unit_of_measure');
  assertRecord(await itemNow(bySteps), { target: null, due_on: '2025-09-30', version: 1 });
  assertRecord(assertDone(await correct(bySteps, { starts_on: '2025-03-31', due_on: '2025-10-31' })), { due_on: '2025-10-31', version: 2 });
});

test('an item of a higher level\'s draft is corrected by who keeps that list', async () => {
  const list = await draft({ caller: prefecture, division: '431300000000' });
  const item = await newItem(valueItem(await newTask(list, {}, prefecture), unit), prefecture);
  assertRefused(await correct(item, { target: '1' }), 403, 'out_of_scope');
  assertRecord(assertDone(await correct(item, { target: '1' }, prefecture)), { target: '1' });
});

test('R-023: an item by milestones is done on the day of its last one, in whatever order they are confirmed', async () => {
  const { items: [item] } = await listInForce([(task) => milestoneItem(task, unit)]);
  await confirmed(item, { milestone: 1, reported_on: '2025-09-01' });
  await confirmed(item, { milestone: 2, reported_on: '2025-03-01' });
  assertRecord(await itemNow(item), { completion: '100.00', progress_on: '2025-09-01', done_on: '2025-09-01' });
});

test('R-023: a milestone told twice does not move the day of progress', async () => {
  const { items: [item] } = await listInForce([(task) => milestoneItem(task, unit)]);
  await confirmed(item, { milestone: 1, reported_on: '2025-03-01' });
  await confirmed(item, { milestone: 1, reported_on: '2025-10-01' });
  await confirmed(item, { milestone: 2, reported_on: '2025-04-01' });
  assertRecord(await itemNow(item), { progress_on: '2025-04-01', done_on: '2025-04-01' });
});

const orders = [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]];
for (const order of orders) {
  test(`R-023: an item by value is done on the first day behind the last short one, confirmed in order ${order}`, async () => {
    const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
    const told = [['10', '2025-03-01'], ['4', '2025-04-01'], ['11', '2025-05-01'], ['10', '2025-06-01']];
    for (const i of order) await confirmed(item, { value: told[i][0], reported_on: told[i][1] });
    assertRecord(await itemNow(item), { progress: '10', progress_on: '2025-06-01', done_on: '2025-05-01' });
  });
}

test('R-023: values confirmed at once agree on the day it was done', async () => {
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  const days = ['2025-03-01', '2025-04-01', '2025-05-01', '2025-06-01', '2025-07-01', '2025-08-01'];
  const given = await Promise.all(days.map(async (day) => assertDone(await report(item, { value: '10', reported_on: day }), 201)));
  await Promise.all(given.map(async (r) => assertDone(await county.verb(`/registry/reports/${r.id}:confirm`, 1, {}))));
  assertRecord(await itemNow(item), { progress: '10', progress_on: '2025-08-01', done_on: '2025-03-01' });
});

test('R-002: nothing comes into a list while it stops being a draft', async () => {
  const list = await draft();
  const task = await newTask(list);
  const item = await newItem(valueItem(task, unit));
  const held = await hold(`UPDATE registry.duty_list SET status = 'approved', version = version + 1 WHERE id = '${list.id}'`);
  const waiting = [county.post('/registry/tasks', { duty_list_id: list.id, number: 'z', title: '任务' }), county.post('/registry/items', valueItem(task, otherUnit)),
    correct(item, { title: '改' }), county.patch(`/registry/tasks/${task.id}`, task.version, { title: '改' })];
  const first = await Promise.race([...waiting, held.waited(waiting.length)]);
  assert.equal(first, undefined, 'a change did not wait for the list');
  await held.release(); // rolled back: still a draft
  for (const answer of await Promise.all(waiting)) assert.ok(answer.status < 300, answer.text);
});

test('R-001: lists drafted and loaded at once are editions one after the other', async () => {
  const year = await freshYear();
  const drafts = Array.from({ length: 12 }, () => county.post('/registry/duty_lists', { owner_division: louxing, year, title: '清单' }));
  const loads = Array.from({ length: 4 }, () => loadList(['1,,任务,,,,,,,,,'], { year }));
  const editions = (await Promise.all([...drafts, ...loads])).map((answer) => assertDone(answer, 201).edition);
  assert.deepEqual(editions.sort((a, b) => a - b), Array.from({ length: 16 }, (_, i) => i + 1));
});

test('R-030: completion tells late what is late by the rule: of lists in force or closed', async () => {
  const list = await newList();
  await newItem(valueItem(await newTask(list), unit));
  const late = async () => assertDone(await county.get(`${listPath(list)}/completion`, { by: 'list', as_of: '2026-03-31' })).groups[0].late;
  assert.equal(await late(), 0);
  await advance(list, 'bring_into_force');
  assert.equal(await late(), 1);
});

test('R-030: a deadline before the calendar is refused, and so spoils nobody\'s list of what is late', async () => {
  const task = await newTask(await draft());
  const early = { starts_on: '1926-01-01', due_on: '1926-06-01' };
  assertRefused(await county.post('/registry/items', valueItem(task, unit, early)), 422, 'invalid', { pointer: '/due_on' });
  assertRefused(await correct(await draftItem(valueItem), early), 422, 'invalid', { pointer: '/due_on' });
  assertRefused(await loadList([`1,,任务,项,${otherUnit.name},,1926-01-01,1926-06-01,value,1,处,`]), 422, 'invalid', { row: 2, column: 'due_on', code: 'no_calendar' });
  assertDone(await townOffice.get('/registry/overdue_items', { as_of: '2026-06-30' }));
});

test('a unit\'s line may hold any character, and a list that names the unit is loaded', async () => {
  const odd = await newOrganisation({ line: `a"b\\c${unique()}` });
  const answer = await loadList([`1,,任务,项,${odd.name},${otherUnit.name},2025-01-06,2025-09-30,value,1,处,`]);
  assertRecord(assertDone(answer, 201), { items: 1 });
});

test('a heading that names a column twice is refused', async () => {
  const answer = await county.load('/registry/duty_lists:import', { owner_division: louxing, year: draftYear, title: '清单' },
    'task_number,task_title,task_number\n1,任务,2\n');
  assertRefused(answer, 422, 'invalid', { row: 1, column: 'task_number', code: 'repeated_column' });
});

test('R-010: the lead unit is of the list\'s division or below it', async () => {
  const elsewhere = await newOrganisation({ owner_division: shuangfeng }, prefecture);
  const task = await newTask(await draft());
  assertRefused(await prefecture.post('/registry/items', valueItem(task, elsewhere)), 422, 'invalid', { pointer: '/lead_organisation_id' });
  assertDone(await prefecture.post('/registry/items', valueItem(task, unit)), 201);
});

test('the name of a milestone in a table is as long as one sent as JSON', async () => {
  const row = (name) => `1,,任务,项,${otherUnit.name},,2025-01-06,2025-09-30,milestone,,,2025-03-31 ${name}`;
  assertDone(await loadList([row('名'.repeat(100))]), 201);
  for (const [name, code] of [['名'.repeat(101), 'too_long'], ['\u3000;2025-04-01 二', 'blank']]) {
    assertRefused(await loadList([row(name)]), 422, 'invalid', { row: 2, column: 'milestones', code });
  }
});

// ---- functional areas ----

const area = await freshCode('areas', codes('431302F', '000'));
const loadArea = (members, query = {}, caller = admin) => caller.load('/registry/divisions:import', { valid_from: '2010-01-01', ...query },
  `code,name,kind,members\n${area},经开区,functional_area,"${members.replaceAll('"', '""')}"\n`);
const membersOn = async (day) => assertDone(await admin.get(`/registry/divisions/${area}`, { as_of: day })).member_codes;

test('members that would break out of their cell are refused', async () => {
  const out = `${town}"],"code":"522399000000","kind":"statutory","level":1,"name":"INJ","members":["${town}`;
  for (const members of [out, 'x"]},{"a":["', 'notacode____', `${town};`, `${town};;431302001000`, '431302000000', `${town}；431302001000`]) {
    assertRefused(await loadArea(members), 422, 'invalid', { row: 2, column: 'members', code: 'not_a_division_code' });
  }
  assertRefused(await admin.get('/registry/divisions/522399000000'), 404, 'not_found');
});

test('members are there, and inside the scope of who names them', async () => {
  assertRefused(await loadArea('431302999000'), 422, 'invalid', { row: 2, column: 'members', code: 'member_unknown' });
  assertRefused(await loadArea('431321100000', {}, county), 403, 'out_of_scope');
});

test('the members given with an area are all it has from that day on', async () => {
  assertRecord(assertDone(await loadArea(`${town};431302001000;${town}`)), { members: 2 });
  assertRecord(assertDone(await loadArea(`${town};431302002000`, { valid_from: '2020-01-01' })), { members: 1 });
  assert.deepEqual(await membersOn('2019-12-31'), ['431302001000', town]);
  assert.deepEqual(await membersOn('2020-01-01'), ['431302002000', town]);
  assertRecord(assertDone(await loadArea(`${town};431302002000`, { valid_from: '2020-01-01' })), { members: 0 });
  assertRecord(assertDone(await loadArea(town, { valid_from: '2020-01-01' })), { unchanged: 1 });
  assert.deepEqual(await membersOn('2020-01-01'), [town]);
  assertDone(await loadArea(`${town};431302002000`, { valid_from: '2020-01-01' }, as('system_admin', { key: newKey() })));
  assert.deepEqual(await membersOn('2020-01-01'), ['431302002000', town]);
});
