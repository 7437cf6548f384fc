// tests/api/registry_duty_list.test.mjs - duty lists and their tasks: editions, only a draft, every state met by every
// verb, superseded, completion.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { advance, confirmed, county, freshYear, listInForce, listPath, louxing, milestoneItem, newItem, newList, newOrganisation, newTask, nobodysId,
  otherCounty, shuangfeng, step, townOffice, unitOf, valueItem } from '../support/world.mjs';

const lists = '/registry/duty_lists';
const members = ['id', 'owner_division', 'organisation_id', 'organisation', 'year', 'title', 'edition', 'revises_id', 'reason', 'status', 'assumed', 'approved_at', 'filed_at', 'in_force_at', 'ended_at', 'created_at', 'version'];
const unit = await newOrganisation();

// A list with an item, in that state.
async function listIn(state) {
  const list = await newList();
  await newItem(valueItem(await newTask(list), unit));
  const last = { approved: 'approve', filed: 'file', in_force: 'bring_into_force', superseded: 'bring_into_force', closed: 'close' }[state];
  const reached = last ? await advance(list, last) : list;
  if (state !== 'superseded') return reached;
  const next = await newList({ year: list.year, organisation_id: list.organisation_id });
  await newItem(valueItem(await newTask(next), unit));
  await advance(next, 'bring_into_force');
  return assertDone(await county.get(listPath(list)));
}

test('a list is drafted and found again', async () => {
  const body = { owner_division: louxing, year: await freshYear(), title: '清单', assumed: true };
  const answer = await county.post(lists, body);
  const list = assertDone(answer, 201);
  assertRecord(list, { ...body, edition: 1, status: 'draft', approved_at: null, version: 1 }, members);
  assert.equal(answer.headers.get('location'), `/api/v1${listPath(list)}`);
  assert.deepEqual(assertDone(await county.get(listPath(list))), list);
});

test('editions: drafting a list makes the next edition of its year', async () => {
  const year = await freshYear();
  const editions = [];
  for (let i = 0; i < 3; i++) editions.push((await newList({ year })).edition);
  assert.deepEqual(editions, [1, 2, 3]);
});

test('editions are counted by division and year', async () => {
  const first = await newList({ year: await freshYear() });
  assert.equal((await newList({ year: await freshYear() })).edition, 1);
  const other = await newList({ caller: otherCounty, division: shuangfeng, year: await freshYear(shuangfeng, otherCounty) });
  assert.equal(other.edition, 1);
  assert.equal((await newList({ year: first.year })).edition, 2);
});

test('lists are found by division, year and state', async () => {
  const list = await newList({ year: await freshYear() });
  const found = await allOf(county, lists, { division: louxing, year: list.year, status: 'draft' });
  assert.deepEqual(found, [list]);
  assert.deepEqual(await allOf(county, lists, { division: louxing, year: list.year, status: 'filed' }), []);
});

test('a list below sees the lists above it', async () => {
  const list = await newList();
  assertDone(await townOffice.get(listPath(list)));
});

test('years before 2000 and after 2199 are refused', async () => {
  for (const [year, code] of [[1999, 'too_small'], [2200, 'too_large']]) {
    assertRefused(await county.post(lists, { owner_division: louxing, year, title: '清单' }), 422, 'invalid', { pointer: '/year', code });
  }
});

test('only a draft: the title is corrected', async () => {
  const list = await newList();
  assertRecord(assertDone(await county.patch(listPath(list), 1, { title: '新题' })), { title: '新题', version: 2 });
});

for (const state of ['approved', 'filed', 'in_force', 'superseded', 'closed']) {
  test(`only a draft: a list that is ${state} takes no correction, task or item`, async () => {
    const list = await listIn(state);
    const [task] = await allOf(county, '/registry/tasks', { duty_list_id: list.id });
    const [item] = await allOf(county, '/registry/items', { duty_list_id: list.id });
    const another = await newOrganisation();
    assertRefused(await county.patch(listPath(list), list.version, { title: '新题' }), 409, 'state_conflict');
    assertRefused(await county.post('/registry/tasks', { duty_list_id: list.id, number: 'x', title: '任务' }), 409, 'state_conflict');
    assertRefused(await county.patch(`/registry/tasks/${task.id}`, task.version, { title: '新题' }), 409, 'state_conflict');
    assertRefused(await county.post('/registry/items', valueItem(task, another)), 409, 'state_conflict');
    assertRefused(await county.patch(`/registry/items/${item.id}`, item.version, { title: '新题' }), 409, 'state_conflict');
    assert.deepEqual(assertDone(await county.get(listPath(list))), list);
  });
}

const table = [['draft', 'approve', 'approved'], ['approved', 'file', 'filed'], ['filed', 'bring_into_force', 'in_force'], ['in_force', 'close', 'closed']];
const stamps = { approved: 'approved_at', filed: 'filed_at', in_force: 'in_force_at', closed: 'ended_at' };

for (const state of ['draft', 'approved', 'filed', 'in_force', 'superseded', 'closed']) {
  test(`states: ${state} meets every verb`, async () => {
    const list = await listIn(state);
    assert.equal(list.status, state);
    for (const verb of ['approve', 'file', 'bring_into_force', 'close']) {
      const [, , to] = table.find(([from, v]) => from === state && v === verb) ?? [];
      if (to) continue;
      assertRefused(await county.verb(`${listPath(list)}:${verb}`, list.version), 409, 'state_conflict');
    }
    assert.deepEqual(assertDone(await county.get(listPath(list))), list);
    const [, verb, to] = table.find(([from]) => from === state) ?? [];
    if (!verb) return;
    const moved = await step(list, verb);
    assertRecord(moved, { status: to, version: list.version + 1 });
    assert.ok(moved[stamps[to]]);
  });
}

test('states: a list without items is not approved', async () => {
  const list = await newList();
  await newTask(list);
  assertRefused(await county.verb(`${listPath(list)}:approve`, list.version), 409, 'state_conflict');
});

test('states: a step takes no body', async () => {
  const list = await newList();
  assertRefused(await county.verb(`${listPath(list)}:approve`, list.version, { title: 'x' }), 400, 'malformed');
});

test('states: a list that is not there takes no step', async () => {
  for (const verb of ['approve', 'file', 'bring_into_force', 'close']) {
    assertRefused(await county.verb(`${lists}/${nobodysId()}:${verb}`, 1), 404, 'not_found');
  }
});

test('states: a list filed twice is refused the second time', async () => {
  const list = await listIn('filed');
  assertRefused(await county.verb(`${listPath(list)}:file`, list.version), 409, 'state_conflict');
});

test('superseded: the next edition in force takes the place of the former, in the same step', async () => {
  const former = await listIn('in_force');
  const next = await newList({ year: former.year, organisation_id: former.organisation_id });
  await newItem(valueItem(await newTask(next), unit));
  const filed = await advance(next, 'file');
  assertRecord(assertDone(await county.get(listPath(former))), { status: 'in_force' });
  const forced = await step(filed, 'bring_into_force');
  const ended = assertDone(await county.get(listPath(former)));
  assertRecord(ended, { status: 'superseded', version: former.version + 1, ended_at: forced.in_force_at });
  const inForce = await allOf(county, lists, { division: louxing, year: former.year, status: 'in_force' });
  assert.deepEqual(inForce.filter((list) => list.organisation_id === former.organisation_id).map((list) => list.id), [next.id]);
});

test('superseded: of two editions brought in force at once, one is in force at the end', async () => {
  const year = await freshYear();
  const filed = [];
  for (let i = 0; i < 2; i++) {
    const list = await newList({ year });
    await newItem(valueItem(await newTask(list), unit));
    filed.push(await advance(list, 'file'));
  }
  const answers = await Promise.all(filed.map((list) => county.verb(`${listPath(list)}:bring_into_force`, list.version)));
  assert.ok(answers.some((answer) => answer.status === 200));
  for (const answer of answers) assert.ok([200, 409, 412, 503].includes(answer.status), answer.text);
  assert.equal((await allOf(county, lists, { division: louxing, year, status: 'in_force' })).length, 1);
});

test('tasks stand in their order and form a tree', async () => {
  const list = await newList();
  const top = await newTask(list, { number: '01' });
  const child = await newTask(list, { number: '01.1', parent_id: top.id });
  assertRecord(child, { parent_id: top.id, position: 2, duty_list_id: list.id, owner_division: louxing });
  const numbers = async (query) => (await allOf(county, '/registry/tasks', { duty_list_id: list.id, ...query })).map((task) => task.number);
  assert.deepEqual(await numbers(), ['01', '01.1']);
  assert.deepEqual(await numbers({ sort: '-number' }), ['01.1', '01']);
  assert.deepEqual(await numbers({ parent_id: top.id }), ['01.1']);
});

test('R-009: a task has five above it at most, as in an import', async () => {
  const list = await newList();
  let above = await newTask(list);
  for (let level = 2; level <= 6; level++) above = await newTask(list, { parent_id: above.id });
  const deeper = { duty_list_id: list.id, number: unique('t'), title: '任务', parent_id: above.id };
  assertRefused(await county.post('/registry/tasks', deeper), 422, 'invalid', { pointer: '/parent_id' });
});

test('a task of one list is no parent in another', async () => {
  const stranger = await newTask(await newList());
  const list = await newList();
  assertRefused(await county.post('/registry/tasks', { duty_list_id: list.id, number: '1', title: '任务', parent_id: stranger.id }), 422, 'invalid',
    { pointer: '/parent_id' });
});

test('a task number is unique in its list', async () => {
  const list = await newList();
  await newTask(list, { number: '01' });
  assertRefused(await county.post('/registry/tasks', { duty_list_id: list.id, number: '01', title: '任务' }), 409, 'duplicate');
});

test('a task of no list, or of another county\'s, is refused without telling which', async () => {
  const beside = await newList({ caller: otherCounty, division: shuangfeng, year: await freshYear(shuangfeng, otherCounty) });
  const refusals = [];
  for (const id of [uuid(), beside.id]) {
    const answer = await county.post('/registry/tasks', { duty_list_id: id, number: '1', title: '任务' });
    const { status, code, title, detail, errors } = assertRefused(answer, 422, 'invalid', { pointer: '/duty_list_id' });
    refusals.push({ status, code, title, detail, errors });
  }
  assert.deepEqual(refusals[0], refusals[1]);
});

test('a task is corrected while its list is a draft', async () => {
  const task = await newTask(await newList());
  assertRecord(assertDone(await county.patch(`/registry/tasks/${task.id}`, 1, { title: '改', position: 9 })), { title: '改', position: 9, version: 2 });
  assertRecord(assertDone(await county.get(`/registry/tasks/${task.id}`)), { title: '改', position: 9, version: 2 });
});

test('completion counts by unit, by task and for the whole list', async () => {
  const townUnit = await unitOf('town_office');
  const { list, task, items } = await listInForce([
    (t) => valueItem(t, townUnit), (t) => milestoneItem(t, unit)]);
  await confirmed(items[0], { value: '5', reported_on: '2025-06-30' });
  const completion = async (by, as_of) => assertDone(await county.get(`${listPath(list)}/completion`, { by, as_of })).groups;
  const byUnit = await completion('unit', '2025-10-09');
  assertRecord(byUnit.find((group) => group.id === townUnit.id), { name: townUnit.name, items: 1, done: 0, late: 1, completion: '50.00' });
  assertRecord(byUnit.find((group) => group.id === unit.id), { items: 1, done: 0, late: 1, completion: '0.00' });
  const [byTask] = await completion('task', '2025-09-30');
  assertRecord(byTask, { id: task.id, number: task.number, items: 2, done: 0, late: 0, completion: '25.00' });
  await confirmed(items[0], { value: '10', reported_on: '2025-09-01' });
  const [whole] = await completion('list', '2025-10-09');
  assertRecord(whole, { id: list.id, items: 2, done: 1, late: 1, completion: '50.00' });
  const [before] = await completion('list', '2025-08-31');
  assertRecord(before, { done: 0, late: 0 });
});

test('completion needs to be told by what, and of a list that is there', async () => {
  const list = await newList();
  assertRefused(await county.get(`${listPath(list)}/completion`), 400, 'bad_parameter', { parameter: 'by', code: 'required' });
  assertRefused(await county.get(`${listPath(list)}/completion`, { by: 'mood' }), 400, 'bad_parameter', { parameter: 'by', code: 'not_one_of' });
  assertRefused(await county.get(`${lists}/${nobodysId()}/completion`, { by: 'list' }), 404, 'not_found');
});

test('a title may be any text of people', async () => {
  const title = unique(`"引号"、\\、<b>&、😀\n第二行`);
  assert.equal((await newList({ title })).title, title);
});
