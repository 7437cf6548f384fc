// tests/api/registry_plan.test.mjs - plans of several years: states, lines, the tasks of each year that serve them, and the money they
// need.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { lineBody, needBody, newDocument, newLine, newNeed, newPlan, planBody, planInForce } from '../support/documents.mjs';
import { advance, confirmed, county, listInForce, louxing, newItem, newList, newTask, nobodysId, otherCounty, prefecture, shuangfeng, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/plans';
const step = (plan, verb, caller = county, version = plan.version) => caller.verb(`${path}/${plan.id}:${verb}`, version);
const serve = (task, line, caller = county, version = task.version) => caller.verb(`/registry/tasks/${task.id}:serve_plan_line`, version, { plan_line_id: line?.id ?? null });
const linesOf = (plan, query = {}, caller = county) => allOf(caller, `${path}/${plan.id}/lines`, query);

test('R-110: a plan is drafted, found, and read from below', async () => {
  const document = await newDocument({ kind: 'plan' });
  const body = planBody({ document_id: document.id, starts_year: 2018, ends_year: 2022, assumed: true });
  const answer = await county.post(path, body);
  const plan = assertDone(answer, 201);
  assertRecord(plan, { ...body, status: 'draft', steps: [], version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1${path}/${plan.id}`);
  assert.deepEqual(assertDone(await townOffice.get(`${path}/${plan.id}`)), plan);
  assertRefused(await otherCounty.get(`${path}/${plan.id}`), 404, 'not_found');
  const has = async (query) => (await allOf(county, path, { document_id: document.id, ...query })).length;
  assert.deepEqual([await has({}), await has({ year: 2020 }), await has({ year: 2023 }), await has({ status: 'in_force' }), await has({ kind: 'action_plan', division: louxing })],
    [1, 1, 0, 0, 1]);
  assertRefused(await county.post(path, { ...body, id: plan.id }), 409, 'duplicate', { pointer: '/id' });
  assertRefused(await county.post(path, planBody({ starts_year: 2022, ends_year: 2021 })), 422, 'invalid', { pointer: '/ends_year' });
  assertRefused(await county.post(path, planBody({ document_id: nobodysId() })), 422, 'invalid', { pointer: '/document_id' });
  assertRefused(await county.post(path, planBody({ owner_division: shuangfeng })), 403, 'out_of_scope');
  assertRefused(await townOffice.post(path, planBody()), 403, 'forbidden');
});

test('R-111: a draft with lines comes in force and is closed; each step once, logged', async () => {
  const draft = await newPlan();
  assertRefused(await step(draft, 'bring_into_force'), 409, 'state_conflict');
  assertRefused(await step(draft, 'close'), 409, 'state_conflict');
  await newLine(draft);
  assertRefused(await step(draft, 'bring_into_force', otherCounty), 404, 'not_found');
  const inForce = assertDone(await step(draft, 'bring_into_force'));
  assertRecord(inForce, { status: 'in_force', version: 2 });
  assert.deepEqual(inForce.steps.map((s) => s.verb), ['bring_into_force']);
  assertRefused(await step(draft, 'bring_into_force', county, 2), 409, 'state_conflict');
  assertRefused(await step(draft, 'close'), 412, 'stale');
  const closed = assertDone(await step(inForce, 'close'));
  assert.deepEqual([closed.status, ...closed.steps.map((s) => s.verb)], ['closed', 'bring_into_force', 'close']);
  assert.deepEqual(assertDone(await county.get(`${path}/${draft.id}`)), closed);
});

test('R-111: only a draft is corrected, and its years hold those of its lines and needs', async () => {
  const draft = await newPlan({ starts_year: 2020, ends_year: 2025 });
  await newLine(draft, { by_year: 2024 });
  await newNeed(draft, { year: 2021 });
  const corrected = assertDone(await county.patch(`${path}/${draft.id}`, 1, { title: '改名', starts_year: 2021, ends_year: 2024, kind: 'special' }));
  assertRecord(corrected, { title: '改名', starts_year: 2021, ends_year: 2024, kind: 'special', version: 2 });
  for (const change of [{ ends_year: 2023 }, { starts_year: 2022 }]) assertRefused(await county.patch(`${path}/${draft.id}`, 2, change), 422, 'invalid', { pointer: '/ends_year' });
  assertRefused(await county.patch(`${path}/${draft.id}`, 2, { document_id: nobodysId() }), 422, 'invalid', { pointer: '/document_id' });
  assertRefused(await otherCounty.patch(`${path}/${draft.id}`, 2, { title: 'x' }), 404, 'not_found');
  const inForce = assertDone(await step(corrected, 'bring_into_force'));
  assertRefused(await county.patch(`${path}/${draft.id}`, inForce.version, { title: 'x' }), 409, 'state_conflict');
});

test('R-112: lines are added to a draft and corrected there; of a plan in force, who leads', async () => {
  const plan = await newPlan({ starts_year: 2020, ends_year: 2025 });
  const unit = await unitOf('department_office');
  const body = lineBody(plan, { lead_organisation_id: unit.id, target: '80', unit_of_measure: '%', by_year: 2023 });
  const line = assertDone(await county.post('/registry/plan_lines', body), 201);
  assertRecord(line, { ...body, owner_division: louxing, position: 1, lead_organisation: unit.name, version: 1 });
  assertRecord(await newLine(plan), { position: 2, lead_organisation_id: null, target: null });
  const refused = async (more, status, code, field) => assertRefused(await county.post('/registry/plan_lines', lineBody(plan, more)), status, code, { pointer: `/${field}` });
  await refused({ number: line.number }, 409, 'duplicate', 'number');
  await refused({ by_year: 2026 }, 422, 'invalid', 'by_year');
  await refused({ topic: 'nothing' }, 422, 'invalid', 'topic');
  await refused({ target: '1' }, 422, 'invalid', 'target');
  await refused({ plan_id: nobodysId() }, 422, 'invalid', 'plan_id');
  await refused({ lead_organisation_id: nobodysId() }, 422, 'invalid', 'lead_organisation_id');
  const at = `/registry/plan_lines/${line.id}`;
  assertRecord(assertDone(await county.patch(at, 1, { title: '改', target: null, unit_of_measure: null, by_year: 2024 })), { title: '改', target: null, by_year: 2024 });
  assertRefused(await county.patch(at, 2, { by_year: 2019 }), 422, 'invalid', { pointer: '/by_year' });
  const inForce = assertDone(await step(plan, 'bring_into_force'));
  assertRefused(await county.post('/registry/plan_lines', lineBody(plan)), 409, 'state_conflict');
  assertRefused(await county.patch(at, 2, { title: 'x' }), 409, 'state_conflict');
  assertRecord(assertDone(await county.patch(at, 2, { lead_organisation_id: null })), { lead_organisation_id: null, version: 3 });
  assertDone(await step(inForce, 'close'));
  assertRefused(await county.patch(at, 3, { lead_organisation_id: unit.id }), 409, 'state_conflict');
  assertRefused(await otherCounty.get(at), 404, 'not_found');
  assertRecord(assertDone(await townOffice.get(at)), { id: line.id });
});

test('R-112: a unit of another county does not lead', async () => {
  const plan = await newPlan({ owner_division: louxing }, prefecture);
  const theirs = assertDone(await otherCounty.post('/registry/organisations', { owner_division: shuangfeng, name: unique('单位'), kind: 'department' }), 201);
  assertRefused(await prefecture.post('/registry/plan_lines', lineBody(plan, { lead_organisation_id: theirs.id })), 422, 'invalid', { pointer: '/lead_organisation_id' });
  const line = await newLine(plan);
  assertRefused(await prefecture.patch(`/registry/plan_lines/${line.id}`, 1, { lead_organisation_id: theirs.id }), 422, 'invalid', { pointer: '/lead_organisation_id' });
});

test('R-113: of a list that was closed, and then given another edition, that one counts', async () => {
  const { plan, line } = await planInForce();
  const lead = await unitOf('town_office');
  const { list, task } = await listInForce([(t) => valueItem(t, lead)]);
  assertDone(await serve(task, line));
  assertDone(await county.verb(`/registry/duty_lists/${list.id}:close`, list.version));
  const years = async () => (await linesOf(plan))[0].years.map((y) => [y.year, y.tasks, y.items]);
  assert.deepEqual(await years(), [[list.year, 1, 1]]);
  const draft = await newList({ year: list.year, organisation_id: list.organisation_id });
  const again = await newTask(draft);
  assertDone(await serve(again, line));
  await newItem(valueItem(again, lead));
  await advance(draft, 'bring_into_force');
  assert.deepEqual(await years(), [[list.year, 1, 1]]);
});

test('R-113: a line shows what the tasks that serve it have come to, year by year', async () => {
  const { plan, line } = await planInForce();
  const town = await unitOf('town_office');
  const agriculture = await unitOf('department_office');
  const { list, task, items } = await listInForce([(t) => valueItem(t, town), (t) => valueItem(t, agriculture)]);
  const served = assertDone(await serve(task, line));
  assertRecord(served, { id: task.id, plan_line_id: line.id, version: task.version + 1 });
  await confirmed(items[0], { value: '10', reported_on: '2025-03-31' });
  const [shown] = await linesOf(plan);
  assert.deepEqual(shown.years, [{ year: list.year, tasks: 1, items: 2, done: 1, completion: '50.00' }]);
  const tasks = await allOf(county, `/registry/plan_lines/${line.id}/tasks`);
  assertRecord(tasks[0], { id: task.id, duty_list_id: list.id, year: list.year, list_status: 'in_force', items: 2, done: 1, completion: '50.00' });
  assert.deepEqual(await allOf(county, `/registry/plan_lines/${line.id}/tasks`, { year: list.year - 1 }), []);
  // a draft does not count, and those below see what is theirs
  const draft = await newTask(await newList());
  assertDone(await serve(draft, line));
  assert.equal((await linesOf(plan))[0].years.length, 1);
  assert.deepEqual((await linesOf(plan, {}, townOffice))[0].years, [{ year: list.year, tasks: 1, items: 1, done: 1, completion: '100.00' }]);
  assert.deepEqual((await linesOf(plan, { topic: 'culture' })), []);
  assertRefused(await otherCounty.get(`${path}/${plan.id}/lines`), 404, 'not_found');
  assertRefused(await otherCounty.get(`/registry/plan_lines/${line.id}/tasks`), 404, 'not_found');
});

test('R-114: a task serves a line of a plan in force, of its own division or above it, in a year of the plan', async () => {
  const { plan, line } = await planInForce();
  const list = await newList();
  const task = await newTask(list);
  const refused = async (of, status, code) => assertRefused(await serve(task, of), status, code);
  await refused({ id: nobodysId() }, 422, 'invalid');
  const draft = await newPlan();
  await refused(await newLine(draft), 409, 'state_conflict');
  await refused((await planInForce({ starts_year: 2001, ends_year: 2002 })).line, 422, 'invalid');
  await refused((await planInForce({ owner_division: '431302006000' })).line, 422, 'invalid');
  assertRecord(assertDone(await serve(task, (await planInForce({ owner_division: '431300000000' }, prefecture)).line)), { version: 2 });
  assertRefused(await serve(task, line), 412, 'stale');
  assertRefused(await serve(task, line, townOffice, 2), 403, 'forbidden');
  assertRefused(await serve(task, line, otherCounty, 2), 404, 'not_found');
  assertRecord(assertDone(await serve(task, null, county, 2)), { plan_line_id: null, version: 3 });
  const closed = assertDone(await step(plan, 'close'));
  assert.equal(closed.status, 'closed');
  assertRefused(await serve(task, line, county, 3), 409, 'state_conflict');
});

test('R-114: a list that is over keeps what its tasks served', async () => {
  const { line } = await planInForce();
  const town = await unitOf('town_office');
  const { list, task } = await listInForce([(t) => valueItem(t, town)]);
  assertDone(await county.verb(`/registry/duty_lists/${list.id}:close`, list.version));
  assertRefused(await serve(task, line), 409, 'state_conflict');
});

test('R-115, R-116: what a plan needs, what is secured, and sums that equal their parts', async () => {
  const { plan, line } = await planInForce({ starts_year: 2020, ends_year: 2022 });
  const answer = await county.post('/registry/investment_needs', needBody(plan, { plan_line_id: line.id, secured: '40.25' }));
  const need = assertDone(answer, 201);
  assertRecord(need, { plan_id: plan.id, plan_line_id: line.id, owner_division: louxing, year: 2020, amount: '100.50', secured: '40.25', source_kind: 'county', assumed: false, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1/registry/investment_needs/${need.id}`);
  await newNeed(plan, { year: 2022, amount: '9999999999999999.99', source_kind: 'bond' });
  await newNeed(plan, { year: 2022, amount: '0.01', source_kind: 'county' });
  const sums = assertDone(await townOffice.get(`${path}/${plan.id}/investment`));
  assertRecord(sums, { id: plan.id, amount: '10000000000000100.50', secured: '40.25', gap: '10000000000000060.25' });
  assert.deepEqual(sums.years, [{ year: 2020, amount: '100.50', secured: '40.25', gap: '60.25' },
    { year: 2022, amount: '10000000000000000.00', secured: '0.00', gap: '10000000000000000.00' }]);
  assert.deepEqual(sums.sources.map((s) => [s.source_kind, s.amount]), [['bond', '9999999999999999.99'], ['county', '100.51']]);
  const only = { plan_id: plan.id };
  const list = (query) => allOf(county, '/registry/investment_needs', { ...only, ...query });
  assert.deepEqual([(await list()).length, (await list({ year: 2022 })).length, (await list({ source_kind: 'county' })).length, (await list({ plan_line_id: line.id })).length],
    [3, 2, 2, 1]);
  const at = `/registry/investment_needs/${need.id}`;
  assertRecord(assertDone(await county.patch(at, 1, { secured: '100.50', name: '改' })), { secured: '100.50', name: '改', version: 2 });
  assertRefused(await county.patch(at, 2, { amount: '100.49' }), 422, 'invalid', { pointer: '/secured' });
  assertRefused(await county.patch(at, 2, { year: 2023 }), 422, 'invalid', { pointer: '/year' });
  assertRefused(await county.patch(at, 1, { year: 2021 }), 412, 'stale');
  assertRefused(await otherCounty.patch(at, 2, { year: 2021 }), 404, 'not_found');
  assertRefused(await otherCounty.get(`${path}/${plan.id}/investment`), 404, 'not_found');
  const refused = async (more, field) => assertRefused(await county.post('/registry/investment_needs', needBody(plan, more)), 422, 'invalid', { pointer: `/${field}` });
  await refused({ year: 2023 }, 'year');
  await refused({ amount: '0' }, 'amount');
  await refused({ amount: '1', secured: '2' }, 'secured');
  await refused({ plan_line_id: (await planInForce()).line.id }, 'plan_line_id');
  await refused({ plan_id: nobodysId() }, 'plan_id');
  const closed = assertDone(await step(plan, 'close'));
  assert.equal(closed.status, 'closed');
  assertRefused(await county.post('/registry/investment_needs', needBody(plan)), 409, 'state_conflict');
  assertRefused(await county.patch(at, 2, { name: 'x' }), 409, 'state_conflict');
});
