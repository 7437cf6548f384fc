// tests/api/registry_unit_list.test.mjs - lists of departments and groups, weights of items, topics of tasks, and the monthly refinement of
// items.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newCaller } from '../support/admins.mjs';
import { rows, run } from '../support/database.mjs';
import { advance, confirmed, county, department, freshYear, listInForce, listPath, louxing, milestoneItem, newItem, newList, newOrganisation, newTask, nobodysId, otherCounty,
  report, shuangfeng, step, town, townOffice, unitOf, valueItem } from '../support/world.mjs';

const lists = '/registry/duty_lists';
const townUnit = await unitOf('town_office');
const [water, group, finance] = [await newOrganisation({ name: unique('水利局') }), await newOrganisation({ name: unique('产业专班'), kind: 'work_group' }),
  await newOrganisation()];
// Drafts of one unit: editions of one year, which never run out.
const ofUnit = async () => newList({ year: 2030, organisation_id: (await newOrganisation()).id });
const completion = async (list, by) => assertDone(await county.get(`${listPath(list)}/completion`, { by })).groups;

test('R-120: a department and a group have lists of their own beside the division\'s, each with its editions', async () => {
  const year = await freshYear();
  const whole = await newList({ year });
  const own = await newList({ year, organisation_id: water.id });
  const groups = await newList({ year, organisation_id: group.id });
  assertRecord(own, { organisation_id: water.id, organisation: water.name, edition: 1, owner_division: louxing });
  assertRecord(whole, { organisation_id: null, organisation: null, edition: 1 });
  assert.equal(groups.edition, 1);
  assert.equal((await newList({ year, organisation_id: water.id })).edition, 2);
  assert.equal((await newList({ year })).edition, 2);
  const ids = async (query) => (await allOf(county, lists, { division: louxing, year, ...query })).map((l) => l.id);
  assert.deepEqual(await ids({ organisation_id: group.id }), [groups.id]);
  assert.equal((await ids({ of_units: true })).length, 3);
  assert.equal((await ids({ of_units: false })).length, 2);
  assert.equal((await ids()).length, 5);
});

test('R-120: a unit\'s list in force supersedes only the unit\'s own', async () => {
  const year = await freshYear();
  const inForce = async (organisation_id) => {
    const list = await newList({ year, organisation_id });
    await newItem(valueItem(await newTask(list), water));
    return advance(list, 'bring_into_force');
  };
  const [whole, first, groups] = [await inForce(), await inForce(water.id), await inForce(group.id)];
  const second = await inForce(water.id);
  const status = async (list) => assertDone(await county.get(listPath(list))).status;
  assert.deepEqual(await Promise.all([whole, first, groups, second].map(status)), ['in_force', 'superseded', 'in_force', 'in_force']);
  const revised = assertDone(await county.post(`${listPath(groups)}:revise`, { reason: '专班调整' }), 201);
  assertRecord(revised, { organisation_id: group.id, edition: 2, revises_id: groups.id });
  await advance(revised, 'bring_into_force');
  assert.deepEqual(await Promise.all([whole, groups, revised].map(status)), ['in_force', 'superseded', 'in_force']);
});

test('R-120: the unit is one of the list\'s division that the caller sees', async () => {
  const draft = (body, caller = county) => caller.post(lists, { owner_division: louxing, year: 2199, title: '清单', ...body }, { key: newKey() });
  assertRefused(await draft({ organisation_id: townUnit.id }), 422, 'invalid', { pointer: '/organisation_id' });
  assertRefused(await draft({ organisation_id: nobodysId() }), 422, 'invalid', { pointer: '/organisation_id' });
  const theirs = await newOrganisation({ owner_division: shuangfeng }, otherCounty);
  assertRefused(await draft({ organisation_id: theirs.id }), 422, 'invalid', { pointer: '/organisation_id' });
  assertRecord(await newList({ division: town, year: 2030, organisation_id: townUnit.id }), { owner_division: town, organisation: townUnit.name });
});

const columns = ['task_number', 'task_title', 'item_title', 'lead_unit', 'starts_on', 'due_on', 'measure', 'target', 'unit_of_measure', 'weight'];
const row = (number, lead, weight) => [number, `任务${number}`, '分解项', lead.name, '2025-01-06', '2025-06-18', 'value', '10', '处', weight];
const csv = (list) => [columns, ...list].map((cells) => cells.join(',')).join('\n');

test('R-120, R-122: a table makes the list of a unit, with weights', async () => {
  const year = 2029; // no other suite is given one before 2030
  const load = (table, query) => county.load('/registry/duty_lists:import', { owner_division: louxing, year, title: '清单', ...query }, table);
  const list = assertDone(await load(csv([row('01', water, '60'), row('01', finance, '40'), row('02', water, '')]), { organisation_id: water.id }), 201);
  assertRecord(list, { organisation_id: water.id, edition: 1, tasks: 2, items: 3 });
  const items = await allOf(county, '/registry/items', { duty_list_id: list.id });
  assert.deepEqual(items.map((i) => i.weight).sort(), ['40', '60', null]);
  assertRefused(await load(csv([row('01', water, 'x')]), { organisation_id: water.id }), 422, 'invalid', { row: 2, column: 'weight', code: 'not_a_decimal' });
  assertRefused(await load(csv([row('01', water, '0')]), { organisation_id: water.id }), 422, 'invalid', { row: 2, column: 'weight', code: 'too_small' });
  assertRefused(await load(csv([row('01', water, '101')]), { organisation_id: water.id }), 422, 'invalid');
  assertRefused(await load(csv([row('01', water, '60')]), { organisation_id: townUnit.id }), 422, 'invalid');
});

test('R-122: all items of a task have weights or none has, and they add up to 100 when the list is approved', async () => {
  const list = await ofUnit();
  const [task, plain] = [await newTask(list, { number: '07' }), await newTask(list)];
  const first = await newItem(valueItem(task, water, { weight: '60' }));
  const second = await newItem(valueItem(task, finance));
  await newItem(valueItem(plain, water));
  const approve = () => county.verb(`${listPath(list)}:approve`, list.version);
  const inPart = assertRefused(await approve(), 409, 'state_conflict');
  assert.match(inPart.detail, /07/);
  const weigh = async (item, weight) => assertDone(await county.patch(`/registry/items/${item.id}`, item.version, { weight }));
  const heavier = await weigh(second, '39.9999');
  assertRecord(heavier, { weight: '39.9999' });
  assertRefused(await approve(), 409, 'state_conflict');
  for (const [weight, code] of [['0', 'too_small'], ['-1', 'too_small'], ['1.23456', undefined]]) {
    assertRefused(await county.patch(`/registry/items/${first.id}`, first.version, { weight }), 422, 'invalid', { pointer: '/weight', ...(code && { code }) });
  }
  assertRefused(await county.patch(`/registry/items/${first.id}`, first.version, { weight: '100.5' }), 422, 'invalid', { pointer: '/weight' });
  const cleared = await weigh(heavier, null);
  assertRecord(cleared, { weight: null });
  await weigh(cleared, '40');
  assertRecord(assertDone(await approve()), { status: 'approved' });
});

test('R-122: an item that comes in while the list is approved is weighed, or refused', async () => {
  for (let round = 0; round < 5; round++) {
    const list = await ofUnit();
    const task = await newTask(list);
    await newItem(valueItem(task, water, { weight: '100' }));
    const [approved, added] = await Promise.all([county.verb(`${listPath(list)}:approve`, list.version), county.post('/registry/items', valueItem(task, finance, { weight: '1' }))]);
    assert.deepEqual([approved.status, added.status].sort(), approved.status === 200 ? [200, 409] : [201, 409], `${approved.text}\n${added.text}`);
  }
});

test('R-123: inside a task items count by their weights, and a unit\'s completion is the mean of its items', async () => {
  const draft = await ofUnit();
  const [heavy, plain] = [await newTask(draft), await newTask(draft)];
  const [big] = [await newItem(valueItem(heavy, townUnit, { weight: '80' })), await newItem(valueItem(heavy, finance, { weight: '20' }))];
  const even = await newItem(valueItem(plain, townUnit));
  await newItem(valueItem(plain, finance));
  const list = await advance(draft, 'bring_into_force');
  await confirmed(big, { value: '5', reported_on: '2025-06-30' });
  await confirmed(even, { value: '10', reported_on: '2025-06-30' });
  const byTask = await completion(list, 'task');
  assert.deepEqual(byTask.map((g) => g.completion), ['40.00', '50.00']);
  const [whole] = await completion(list, 'list');
  assertRecord(whole, { items: 4, done: 1, completion: '45.00' }); // (1.6 × 50 + 0.4 × 0 + 100 + 0) ÷ 4
  const byUnit = await completion(list, 'unit');
  assertRecord(byUnit.find((g) => g.id === townUnit.id), { completion: '75.00' });
});

test('a task is about something, by the codes of the dictionary', async () => {
  const list = await ofUnit();
  const task = await newTask(list, { topic: 'industry' });
  assertRecord(task, { topic: 'industry', origin_id: null });
  assertRecord(assertDone(await county.patch(`/registry/tasks/${task.id}`, 1, { topic: null })), { topic: null });
  assertRecord(assertDone(await county.patch(`/registry/tasks/${task.id}`, 2, { topic: 'talent' })), { topic: 'talent' });
  assert.equal((await allOf(county, '/registry/tasks', { duty_list_id: list.id, topic: 'talent' })).length, 1);
  assertRefused(await county.post('/registry/tasks', { duty_list_id: list.id, number: 'x', title: '任务', topic: 'weather' }), 422, 'invalid', { pointer: '/topic' });
});

// ---- monthly refinement
const month = (ahead) => rows(`SELECT (date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai') + interval '${ahead} month')::date::text AS day`)[0].day;
const today = () => rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS day")[0].day;
const refine = (item, body = {}, caller = townOffice, options) =>
  caller.post(`/registry/items/${item.id}/refinements`, { month: month(0), content: '完成五处管网铺设', ...body }, options);
const oneItem = async (of = townUnit) => (await listInForce([(t) => valueItem(t, of)])).items[0];

test('R-127: the lead unit refines its item, once a month, and finds it again', async () => {
  const item = await oneItem();
  const answer = await refine(item, { standard: '水质合格' });
  const made = assertDone(answer, 201);
  assertRecord(made, { item_id: item.id, organisation_id: townUnit.id, owner_division: town, month: month(0), standard: '水质合格', refined_on: today(), version: 1 },
    ['id', 'owner_division', 'at_division', 'item_id', 'month', 'content', 'standard', 'organisation_id', 'post_id', 'refined_on', 'created_at', 'version']);
  assert.equal(answer.headers.get('location'), `/api/v1/registry/refinements/${made.id}`);
  assert.deepEqual(assertDone(await county.get(`/registry/refinements/${made.id}`)), made);
  assertRefused(await refine(item), 409, 'duplicate');
  const next = assertDone(await refine(item, { month: month(1) }), 201);
  const found = async (query) => (await allOf(county, '/registry/refinements', { item_id: item.id, ...query })).map((r) => r.id);
  assert.deepEqual(await found({}), [made.id, next.id]);
  assert.deepEqual(await found({ month: month(1) }), [next.id]);
  assert.deepEqual(await found({ organisation_id: water.id }), []);
  assert.deepEqual(await found({ division: town }), [made.id, next.id]);
  assertRefused(await otherCounty.get(`/registry/refinements/${made.id}`), 404, 'not_found');
  assertRefused(await otherCounty.get('/registry/refinements', { division: town }), 403, 'out_of_scope');
});

test('R-127: nobody else refines an item, nor one of a list that is not in force', async () => {
  const item = await oneItem();
  assertRefused(await refine(item, {}, department), 403, 'not_your_unit');
  assertRefused(await refine(item, {}, county), 403, 'forbidden');
  assertRefused(await refine(await oneItem(await newOrganisation({ owner_division: town, kind: 'other' }))), 403, 'not_your_unit');
  assertRefused(await refine({ id: nobodysId() }), 404, 'not_found');
  const draft = await ofUnit();
  assertRefused(await refine(await newItem(valueItem(await newTask(draft), townUnit))), 409, 'state_conflict');
  const { list, items: [late] } = await listInForce([(t) => valueItem(t, townUnit)]);
  await step(list, 'close');
  assertRefused(await refine(late), 409, 'state_conflict');
});

test('R-127: a month is named by its first day, from the item\'s start up to the next one', async () => {
  const item = await oneItem();
  const wrong = async (day) => assertRefused(await refine(item, { month: day }), 422, 'invalid', { pointer: '/month' });
  await wrong(month(0).replace(/01$/, '02'));
  await wrong('2024-12-01');
  await wrong(month(2));
  assertDone(await refine(item, { month: '2025-01-01' }), 201);
  assertRefused(await refine(item, { content: undefined }), 422, 'invalid', { pointer: '/content' });
});

test('R-127: it is corrected by the unit that gave it, until its month is over', async () => {
  const item = await oneItem();
  const made = assertDone(await refine(item), 201);
  const correct = (version, body, caller = townOffice) => caller.patch(`/registry/refinements/${made.id}`, version, body);
  assertRecord(assertDone(await correct(1, { content: '完成六处', standard: '合格' })), { content: '完成六处', standard: '合格', refined_on: made.refined_on, version: 2 });
  assertRecord(assertDone(await correct(2, { standard: null })), { standard: null, version: 3 });
  assertRefused(await correct(2, { content: 'x' }), 412, 'stale');
  assertRefused(await correct(3, { month: month(1) }), 422, 'invalid', { pointer: '/month' });
  run(`UPDATE registry.refinement SET month = '2025-01-01' WHERE id = '${made.id}'`);
  assertRefused(await correct(3, { content: 'x' }), 409, 'state_conflict');
  const { caller } = await newCaller(town, { role: 'town_office', ranges: [town], lines: null });
  assertRefused(await correct(3, { content: 'x' }, caller), 403, 'not_your_unit');
});

test('R-127: a device refines with a key; the same id is taken once', async () => {
  const item = await oneItem();
  const device = as('device');
  assertRefused(await refine(item, {}, device), 400, 'idempotency_key_required');
  const [id, key] = [uuid(), newKey()];
  const [first, again] = [await refine(item, { id }, device, { key }), await refine(item, { id }, device, { key })];
  assertDone(first, 201);
  assert.equal(again.text, first.text);
  assertRefused(await refine(item, { id, month: month(1) }), 409, 'duplicate');
});

test('a report on an item of a unit\'s list counts in that list', async () => {
  const { list, items: [item] } = await listInForce([(t) => milestoneItem(t, townUnit)], { organisation_id: group.id });
  assertDone(await report(item, { milestone: 1, reported_on: '2025-03-20' }), 201);
  const [waits] = await allOf(county, '/registry/reports', { item_id: item.id });
  assertDone(await county.verb(`/registry/reports/${waits.id}:confirm`, 1, {}));
  const [whole] = await completion(list, 'list');
  assertRecord(whole, { items: 1, completion: '50.00' });
});
