// tests/api/registry_revision.test.mjs - a list in force is revised, what the next edition takes over when it comes in force, also with a report
// that is given or confirmed at the same moment, how two editions differ, and what is taken out of a draft.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newCaller } from '../support/admins.mjs';
import { hold, rows, run } from '../support/database.mjs';
import { nextYear } from '../support/days.mjs';
import { advance, confirmed, county, listInForce, listPath, louxing, milestoneItem, newItem, newList, newOrganisation, newTask, nobodysId, otherCounty, report,
  shuangfeng, step, town, townOffice, unitOf, valueItem } from '../support/world.mjs';

const unit = await unitOf('town_office');
const [other, third] = [await newOrganisation(), await newOrganisation()];
const lists = '/registry/duty_lists';
const reason = '年中任务调整';
// Drafts and lists in force of a unit: its years are its own, and never run out.
const ofUnit = async (more) => newList({ year: 2030, organisation_id: (await newOrganisation()).id, ...more });
const revise = (list, body = { reason }, caller = county, options) => caller.post(`${listPath(list)}:revise`, body, options);
const revised = async (list, body) => assertDone(await revise(list, body), 201);
const itemsOf = (list) => allOf(county, '/registry/items', { duty_list_id: list.id });
const tasksOf = (list) => allOf(county, '/registry/tasks', { duty_list_id: list.id });
const itemNow = async (item) => assertDone(await county.get(`/registry/items/${item.id}`));
const reportNow = async (given) => assertDone(await county.get(`/registry/reports/${given.id}`));
const give = async (item, body) => assertDone(await report(item, body), 201);
const correct = async (item, body) => assertDone(await county.patch(`/registry/items/${item.id}`, item.version, body));
const remove = (record, kind, caller = county) => caller.verb(`/registry/${kind}/${record.id}:remove`, record.version);
const difference = async (list, query) => assertDone(await county.get(`${listPath(list)}/difference`, query));
const bring = (list) => county.verb(`${listPath(list)}:bring_into_force`, list.version);

// The item of the next edition that goes on from this one, as a draft and once its list is in force.
async function nextOf(item, next) {
  const found = (await itemsOf(next)).filter((i) => i.origin_id === (item.origin_id ?? item.id));
  assert.equal(found.length, 1);
  return found[0];
}

test('R-124: a revision is the next edition as a draft: its tasks and items say what they go on from', async () => {
  const list = await ofUnit();
  const top = await newTask(list, { topic: 'infrastructure' });
  const child = await newTask(list, { parent_id: top.id });
  await newItem(valueItem(top, unit, { weight: '60', assist_organisation_ids: [other.id] }));
  await newItem(milestoneItem(top, other, { weight: '40' }));
  await newItem(valueItem(child, unit));
  const inForce = await advance(list, 'bring_into_force');
  const answer = await revise(inForce, { reason, title: '修订' });
  const next = assertDone(answer, 201);
  assertRecord(next, { owner_division: louxing, year: list.year, edition: 2, status: 'draft', revises_id: list.id, reason, title: '修订', in_force_at: null, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1${listPath(next)}`);
  const [tasks, copies] = [await tasksOf(list), await tasksOf(next)];
  assert.deepEqual(copies.map((t) => [t.origin_id, t.number, t.title, t.position, t.topic]), tasks.map((t) => [t.id, t.number, t.title, t.position, t.topic]));
  assert.equal(copies[1].parent_id, copies[0].id);
  const bare = ({ id, origin_id, task_id, duty_list_id, created_at, ...rest }) => ({ ...rest, version: 0, of: origin_id ?? id });
  const order = (a, b) => a.of.localeCompare(b.of);
  assert.deepEqual((await itemsOf(next)).map(bare).sort(order), (await itemsOf(list)).map(bare).sort(order));
  assertRecord(assertDone(await county.get(listPath(list))), { status: 'in_force', version: inForce.version });
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record_id = '${next.id}' AND verb = 'revise_duty_list'`)[0].n, 1);
});

test('R-124: only a list in force is revised, with a reason, by whoever sees all of it', async () => {
  const { list } = await listInForce([(t) => valueItem(t, unit)]);
  assertRefused(await revise(list, {}), 422, 'invalid', { pointer: '/reason', code: 'required' });
  assertRefused(await revise(await ofUnit()), 409, 'state_conflict');
  assertRefused(await revise({ id: nobodysId() }), 404, 'not_found');
  assertRefused(await revise(list, undefined, otherCounty), 404, 'not_found');
  assertRefused(await revise(list, undefined, townOffice), 403, 'forbidden');
  const [limited, below] = await Promise.all([newCaller(louxing, { role: 'county_office', ranges: [louxing], lines: ['water'] }),
    newCaller(town, { role: 'county_office', ranges: [town], lines: null })]);
  assertRefused(await revise(list, undefined, limited.caller), 403, 'exceeds_own_rights');
  assertRefused(await revise(list, undefined, below.caller), 403, 'out_of_scope');
  const key = newKey();
  const [first, again] = [await revise(list, undefined, county, { key }), await revise(list, undefined, county, { key })];
  assert.equal(assertDone(first, 201).id, assertDone(again, 201).id);
  await step(list, 'close');
  assertRefused(await revise(list), 409, 'state_conflict');
});

test('R-125: what was reached goes on in the next edition, by value and by milestone', async () => {
  const { list, items: [byValue, bySteps, untouched] } = await listInForce([(t) => valueItem(t, unit), (t) => milestoneItem(t, other), (t) => valueItem(t, third)]);
  await confirmed(byValue, { value: '4', reported_on: '2025-06-30' });
  run(`UPDATE registry.milestone SET reached_on = '2025-03-20' WHERE item_id = '${bySteps.id}' AND position = 1;
       UPDATE registry.item SET progress = 1, progress_on = '2025-03-20', completion_bp = 5000, version = version + 1 WHERE id = '${bySteps.id}'`);
  const next = await revised(list);
  const draft = await nextOf(byValue, next);
  assertRecord(draft, { progress: '0', completion: '0.00' });
  await correct(draft, { target: '8' });
  // Reported and confirmed while the revision is a draft: counts, too.
  await confirmed(byValue, { value: '6', reported_on: '2025-07-31' });
  const forced = await advance(next, 'bring_into_force');
  assertRecord(await nextOf(byValue, next), { progress: '6', progress_on: '2025-07-31', target: '8', completion: '75.00', done_on: null });
  const steps = await nextOf(bySteps, next);
  assertRecord(steps, { progress: '1', progress_on: '2025-03-20', completion: '50.00' });
  assert.deepEqual(steps.milestones.map((m) => m.reached_on), ['2025-03-20', null]);
  assertRecord(await nextOf(untouched, next), { progress: '0', version: 1 });
  assertRecord(assertDone(await county.get(listPath(list))), { status: 'superseded', ended_at: forced.in_force_at });
  assertRecord(await itemNow(byValue), { progress: '6' });
});

test('R-125: an item that its new target leaves complete was done the day its values reached it', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit)]);
  await confirmed(item, { value: '5', reported_on: '2025-05-31' });
  await confirmed(item, { value: '7', reported_on: '2025-07-31' });
  const next = await revised(list);
  await correct(await nextOf(item, next), { target: '5' });
  await advance(next, 'bring_into_force');
  assertRecord(await nextOf(item, next), { progress: '7', completion: '100.00', done_on: '2025-05-31' });
});

test('R-125: one that is done is done no more when its target is raised, and its former reports count on', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit)]);
  await confirmed(item, { value: '10', reported_on: '2025-05-31' });
  const next = await revised(list);
  await correct(await nextOf(item, next), { target: '12' });
  await advance(next, 'bring_into_force');
  const goesOn = await nextOf(item, next);
  assertRecord(goesOn, { progress: '10', completion: '83.33', done_on: null });
  await confirmed(goesOn, { value: '12', reported_on: '2025-06-30' });
  assertRecord(await itemNow(goesOn), { completion: '100.00', done_on: '2025-06-30' });
  await confirmed(goesOn, { value: '13', reported_on: '2025-07-31' });
  assertRecord(await itemNow(goesOn), { progress: '13', done_on: '2025-06-30' });
});

test('R-125: what is counted in another unit of measure begins anew', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit)]);
  await confirmed(item, { value: '4', reported_on: '2025-05-31' });
  const waits = await give(item, { value: '5', reported_on: '2025-06-30' });
  const next = await revised(list);
  await correct(await nextOf(item, next), { unit_of_measure: '公里' });
  await advance(next, 'bring_into_force');
  assertRecord(await nextOf(item, next), { progress: '0', completion: '0.00' });
  assertRecord(await reportNow(waits), { item_id: item.id, status: 'submitted', version: 1 });
  assertDone(await county.verb(`/registry/reports/${waits.id}:confirm`, 1, {}));
  assertRecord(await itemNow(item), { progress: '5' });
});

test('R-125: reports that wait for a decision go on, and count on the item that does', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit)]);
  const [counts, back] = [await give(item, { value: '3', reported_on: '2025-06-30' }), await give(item, { value: '4', reported_on: '2025-07-31' })];
  const next = await revised(list);
  await advance(next, 'bring_into_force');
  const goesOn = await nextOf(item, next);
  assertRecord(await reportNow(counts), { item_id: goesOn.id, status: 'submitted', version: 2, created_at: counts.created_at });
  assertRefused(await county.verb(`/registry/reports/${counts.id}:confirm`, 1, {}), 412, 'stale');
  assertDone(await county.verb(`/registry/reports/${counts.id}:confirm`, 2, {}));
  assertDone(await county.verb(`/registry/reports/${back.id}:send_back`, 2, { decision_note: '因' }));
  assertRecord(await itemNow(goesOn), { progress: '3', completion: '30.00' });
  const refusal = assertRefused(await report(item, { value: '5' }), 409, 'state_conflict');
  assert.ok(refusal.detail.includes(goesOn.id), refusal.detail);
  assert.equal(rows(`SELECT before ->> 'item_id' AS item FROM registry.audit_log WHERE record_id = '${counts.id}' AND verb = 'bring_duty_list_into_force'`)[0].item, item.id);
});

test('R-125: reports confirmed and given at the very moment count once, wherever they arrive', async () => {
  for (let round = 0; round < 6; round++) {
    const { list, items: [item] } = await listInForce([(t) => milestoneItem(t, unit)]);
    const waits = await give(item, { milestone: 1, reported_on: '2025-03-20' });
    const next = await advance(await revised(list), 'file');
    const [forced, decided, late] = await Promise.all([bring(next), county.verb(`/registry/reports/${waits.id}:confirm`, 1, {}),
      report(item, { milestone: 2, reported_on: '2025-09-01' })]);
    assertDone(forced);
    assert.ok([200, 412].includes(decided.status), decided.text);
    assert.ok([201, 409].includes(late.status), late.text);
    const goesOn = await nextOf(item, next);
    for (const open of await allOf(county, '/registry/reports', { status: 'submitted' })) {
      if (![item.id, goesOn.id].includes(open.item_id)) continue;
      assert.equal(open.item_id, goesOn.id, 'a report stayed with the edition that is over');
      assertDone(await county.verb(`/registry/reports/${open.id}:confirm`, open.version, {}));
    }
    const wanted = late.status === 201 ? '2' : '1';
    assertRecord(await itemNow(goesOn), { progress: wanted, completion: late.status === 201 ? '100.00' : '50.00' });
  }
});

// What is under way on the former edition when the next one is brought in force: both wait for the item's row, the other call first.
async function underWay(item, next, other) {
  const locked = await hold(`SELECT id FROM registry.item WHERE id = '${item.id}' FOR UPDATE`);
  const first = other();
  await locked.waited(1);
  const forced = bring(next);
  await locked.waited(2);
  await locked.release();
  return Promise.all([first, forced]);
}

test('R-125: a report that is being confirmed when the next edition comes in force counts on it', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit)]);
  const waits = await give(item, { value: '3', reported_on: '2025-06-30' });
  const next = await advance(await revised(list), 'file');
  const [decided, forced] = await underWay(item, next, () => county.verb(`/registry/reports/${waits.id}:confirm`, 1, {}));
  assertDone(decided);
  assertDone(forced);
  assertRecord(await reportNow(waits), { item_id: item.id, status: 'confirmed', version: 2 });
  assertRecord(await nextOf(item, next), { progress: '3', completion: '30.00' });
});

test('R-125: a report that is being given then goes on with its item', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit)]);
  const next = await advance(await revised(list), 'file');
  const [given, forced] = await underWay(item, next, () => report(item, { value: '4', reported_on: '2025-06-30' }));
  assertDone(forced);
  assertRecord(await reportNow(assertDone(given, 201)), { item_id: (await nextOf(item, next)).id, status: 'submitted', version: 2 });
});

test('R-125: a deadline that is being paused then is paused in the next edition', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit, { due_on: nextYear('09-30') })]);
  const next = await advance(await revised(list), 'file');
  const [paused, forced] = await underWay(item, next, () => county.verb(`/registry/items/${item.id}:pause`, item.version, { reason: '汛期停工' }));
  assertDone(paused);
  assertDone(forced);
  assertRecord(await nextOf(item, next), { pauses: 1 });
});

test('R-125: pauses go on with a deadline that stays, and not with another one', async () => {
  const { list, items: [stays, moves] } = await listInForce([(t) => valueItem(t, unit, { due_on: nextYear('09-30') }), (t) => valueItem(t, other, { due_on: nextYear('09-30') })]);
  for (const item of [stays, moves]) assertDone(await county.verb(`/registry/items/${item.id}:pause`, item.version, { reason: '汛期停工' }));
  run(`UPDATE registry.item_pause SET from_on = from_on - 30 WHERE item_id IN ('${stays.id}', '${moves.id}');
       UPDATE registry.item SET paused_on = paused_on - 30 WHERE id IN ('${stays.id}', '${moves.id}')`);
  const before = await itemNow(stays);
  const next = await revised(list);
  await correct(await nextOf(moves, next), { due_on: nextYear('10-29') });
  await advance(next, 'bring_into_force');
  const goesOn = await nextOf(stays, next);
  assertRecord(goesOn, { pauses: 1, paused_on: before.paused_on, effective_due_on: before.effective_due_on });
  assertRecord(await nextOf(moves, next), { pauses: 0, paused_on: null, due_on: nextYear('10-29'), effective_due_on: nextYear('10-29') });
  assert.equal((await allOf(county, '/registry/item_pauses', { open: true, item_id: stays.id })).length, 0);
  assert.equal((await allOf(county, '/registry/item_pauses', { open: true, item_id: goesOn.id })).length, 1);
  assertDone(await county.verb(`/registry/items/${goesOn.id}:resume`, goesOn.version, { reason: '汛期结束' }));
  assertRecord(await itemNow(stays), { paused_on: null });
});

test('R-125: of two revisions of one edition the first holds; the second has to begin anew', async () => {
  const { list } = await listInForce([(t) => valueItem(t, unit)]);
  const [first, second] = [await advance(await revised(list), 'file'), await advance(await revised(list), 'file')];
  assert.deepEqual([first.edition, second.edition], [2, 3]);
  const answers = await Promise.all([bring(first), bring(second)]);
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 409], answers.map((a) => a.text).join('\n'));
  const inForce = await allOf(county, '/registry/duty_lists', { organisation_id: list.organisation_id, status: 'in_force' });
  assert.equal(inForce.length, 1);
});

test('R-125: three editions on, an item still knows where it began, and was escalated once', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit)]);
  await confirmed(item, { value: '2', reported_on: '2025-03-31' });
  const second = await advance(await revised(list), 'bring_into_force');
  await confirmed(await nextOf(item, second), { value: '4', reported_on: '2025-04-30' });
  const third = await advance(await revised(second), 'bring_into_force');
  const now = await nextOf(item, third);
  assertRecord(now, { origin_id: item.id, progress: '4', progress_on: '2025-04-30' });
  const escalate = (of, due) => run(`INSERT INTO registry.escalation (id, owner_division, item_id, step, rule_id, on_day, due_on, late_work_days, to_division, to_post_ids, created_at)
    SELECT '${uuid()}', owner_division, id, 1, (SELECT id FROM registry.escalation_rule LIMIT 1), '2025-10-15', '${due}', 4, '${louxing}', '{}', now()
      FROM registry.item WHERE id = '${of.id}'`);
  const told = async (of) => (await allOf(county, '/registry/escalations', { item_id: of.id })).length;
  escalate(item, '2025-09-30');
  escalate(now, '2025-09-30');
  assert.deepEqual([await told(item), await told(now)], [1, 0]);
  escalate(now, '2025-12-31');
  assert.equal(await told(now), 1);
});

test('R-060: figures equal a recount after a revision came in force', async () => {
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, unit), (t) => valueItem(t, other)]);
  await confirmed(item, { value: '10', reported_on: '2025-06-30' });
  await advance(await revised(list), 'bring_into_force');
  const kept = () => rows(`SELECT coalesce(sum(n) FILTER (WHERE done_on < 'infinity'), 0) AS done, coalesce(sum(n), 0) AS items
    FROM (SELECT n, done_on, duty_list_id FROM registry.item_rollup UNION ALL SELECT n, done_on, duty_list_id FROM registry.rollup_delta) AS r
    JOIN registry.duty_list l ON l.id = r.duty_list_id WHERE l.organisation_id = '${list.organisation_id}' AND l.status = 'in_force'`)[0];
  assert.deepEqual({ done: +kept().done, items: +kept().items }, { done: 1, items: 2 });
});

test('R-126: what came in, fell out and changed, field by field', async () => {
  const draft = await ofUnit();
  const [kept, gone] = [await newTask(draft, { number: '01' }), await newTask(draft, { number: '02' })];
  const item = await newItem(valueItem(kept, unit));
  const dropped = await newItem(valueItem(gone, unit));
  const list = await advance(draft, 'bring_into_force');
  const next = await revised(list);
  assertRecord(await difference(next), { duty_list_id: next.id, against_id: list.id, added: 0, removed: 0, changed: 0, changes: [] });
  await correct(await nextOf(item, next), { due_on: '2025-12-31', target: '12.5', title: '新题' });
  assertDone(await remove(await nextOf(dropped, next), 'items'));
  const copy = (await tasksOf(next)).find((t) => t.number === '02');
  assertDone(await remove(copy, 'tasks'));
  const added = await newTask(next, { number: '03' });
  const fresh = await newItem(milestoneItem(added, other, { assist_organisation_ids: [unit.id] }));
  const told = await difference(next);
  assertRecord(told, { added: 2, removed: 2, changed: 1 });
  const of = (change, kind) => told.changes.filter((c) => c.change === change && c.kind === kind);
  assert.deepEqual(of('changed', 'item')[0].fields, [{ field: 'due_on', before: '2025-09-30', after: '2025-12-31' }, { field: 'target', before: '10', after: '12.5' },
    { field: 'title', before: '分解项', after: '新题' }]);
  assertRecord(of('changed', 'item')[0], { former_id: item.id, number: '01', title: '新题' });
  assertRecord(of('removed', 'item')[0], { id: null, former_id: dropped.id, number: '02', fields: [] });
  assertRecord(of('added', 'item')[0], { id: fresh.id, former_id: null, number: '03' });
  assert.equal(of('added', 'task')[0].id, added.id);
  assert.equal(of('removed', 'task')[0].former_id, gone.id);
  const back = await difference(list, { against: next.id });
  assertRecord(back, { added: 2, removed: 2, changed: 1, against_id: next.id });
  assertRefused(await county.get(`${listPath(list)}/difference`), 404, 'not_found');
  assertRefused(await county.get(`${listPath(next)}/difference`, { against: nobodysId() }), 404, 'not_found');
  assertRefused(await county.get(`${lists}/${nobodysId()}/difference`), 404, 'not_found');
  assertRefused(await otherCounty.get(`${listPath(next)}/difference`), 404, 'not_found');
});

test('R-126: editions that were drafted apart are compared by task number and lead unit', async () => {
  const { id: organisation_id } = await newOrganisation();
  const made = async (target) => {
    const list = await ofUnit({ organisation_id });
    await newItem(valueItem(await newTask(list, { number: '01' }), unit, { target }));
    return list;
  };
  const [first, second] = [await made('10'), await made('20')];
  const told = await difference(second, { against: first.id });
  assertRecord(told, { added: 0, removed: 0, changed: 1 });
  assert.deepEqual(told.changes[0].fields, [{ field: 'target', before: '10', after: '20' }]);
});

test('R-121: tasks and items are taken out of a draft, items before their task', async () => {
  const list = await ofUnit();
  const top = await newTask(list);
  const below = await newTask(list, { parent_id: top.id });
  const item = await newItem(milestoneItem(below, unit));
  assertRefused(await remove(top, 'tasks'), 409, 'state_conflict');
  assertRefused(await remove(below, 'tasks'), 409, 'state_conflict');
  assertRefused(await remove({ ...item, version: 9 }, 'items'), 412, 'stale');
  assertRefused(await remove(item, 'items', otherCounty), 404, 'not_found');
  assertRecord(assertDone(await remove(item, 'items')), { id: item.id, title: item.title, milestones: item.milestones });
  assertRefused(await county.get(`/registry/items/${item.id}`), 404, 'not_found');
  assertRefused(await remove(item, 'items'), 404, 'not_found');
  assertDone(await remove(below, 'tasks'));
  assertRecord(assertDone(await remove(top, 'tasks')), { id: top.id, number: top.number });
  const kept = rows(`SELECT coalesce(sum(n), 0) AS n FROM (SELECT n FROM registry.item_rollup WHERE duty_list_id = '${list.id}'
    UNION ALL SELECT n FROM registry.rollup_delta WHERE duty_list_id = '${list.id}') AS r`);
  assert.equal(Number(kept[0].n), 0);
  const { items: [inForce], task } = await listInForce([(t) => valueItem(t, unit)]);
  assertRefused(await remove(inForce, 'items'), 409, 'state_conflict');
  assertRefused(await remove(task, 'tasks'), 409, 'state_conflict');
});

test('R-121: what an urging names is not taken away', async () => {
  const draft = await ofUnit();
  const item = await newItem(valueItem(await newTask(draft), unit));
  assertDone(await county.post('/registry/urgings', { item_id: item.id, matter: '请报计划' }), 201);
  assertRefused(await remove(item, 'items'), 409, 'state_conflict');
});

test('another county revises its own lists', async () => {
  const theirs = await newOrganisation({ owner_division: shuangfeng }, otherCounty);
  const list = await newList({ caller: otherCounty, division: shuangfeng, year: 2030, organisation_id: theirs.id });
  assertRefused(await revise(list, undefined, county), 404, 'not_found');
  assertRefused(await revise(list, undefined, otherCounty), 409, 'state_conflict');
  assertRefused(await revise(list, undefined, as('inspector')), 403, 'forbidden');
});
