// tests/api/registry_discard.test.mjs - drafts that nothing comes of, and departments that draft lists of their own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newKey, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newClauses, newLine, newNeed, newPlan, planInForce } from '../support/documents.mjs';
import { codes, freshCity, loadDivisions, office } from '../support/offices.mjs';
import { county, freshCode, listInForce, listPath, louxing, newItem, newList, newTask, otherCounty, townOffice, valueItem } from '../support/world.mjs';

const city = await freshCity(), division = `${city}21000000`;
await loadDivisions([[city, '某市', '', '', ''], [division, '某县', '', '', '']]);
const [lead, water, forest, group] = [await office(division), await office(division, { kind: 'department', role: 'department_office', line: 'water' }),
  await office(division, { kind: 'department', role: 'department_office', line: 'forest' }), await office(division, { kind: 'work_group', role: 'department_office' })];
assertDone(await lead.post('/registry/groups', { organisation_id: group.unit_id, kind: 'special_group', title: unique('专班'), head_post_ids: [lead.post_id], starts_on: '2026-01-05' }), 201);
const lists = '/registry/duty_lists';
const listBody = (unit, more = {}) => ({ owner_division: division, organisation_id: unit?.unit_id ?? null, year: 2031, title: unique('清单'), ...more });
const discard = (list, caller = lead, version = list.version) => caller.verb(`${listPath(list)}:discard`, version);
const drafted = async (caller, unit) => assertDone(await caller.post(lists, listBody(unit)), 201);
const taskOf = (list, caller) => caller.post('/registry/tasks', { duty_list_id: list.id, number: unique('n'), title: '任务' });

test('R-120: a department drafts, fills, corrects and discards the list of its own, and the office approves and files it', async () => {
  const list = await drafted(water, water);
  assertRecord(list, { organisation_id: water.unit_id, status: 'draft', edition: 1 });
  const task = assertDone(await taskOf(list, water), 201);
  const item = assertDone(await water.post('/registry/items', valueItem(task, { id: water.unit_id })), 201);
  const renamed = assertDone(await water.patch(listPath(list), list.version, { title: '水利清单' }));
  assertRefused(await water.verb(`${listPath(list)}:approve`, renamed.version), 403, 'forbidden');
  const approved = assertDone(await lead.verb(`${listPath(list)}:approve`, renamed.version));
  const filed = assertDone(await lead.verb(`${listPath(list)}:file`, approved.version));
  const inForce = assertDone(await lead.verb(`${listPath(list)}:bring_into_force`, filed.version));
  const revised = assertDone(await water.post(`${listPath(inForce)}:revise`, { reason: '调整' }), 201);
  assertRecord(assertDone(await discard(revised, water)), { status: 'discarded', edition: 2 });
  assert.equal(assertDone(await water.get(`/registry/items/${item.id}`)).lead_organisation_id, water.unit_id);
});

test('R-120: a department or group writes no list but its own, in no way', async () => {
  for (const [caller, unit] of [[water, undefined], [water, forest], [group, water], [group, undefined]]) {
    assertRefused(await caller.post(lists, listBody(unit), { key: newKey() }), 403, 'not_your_unit');
  }
  const table = 'task_number,task_title,item_title,lead,starts_on,due_on,measure,milestones\n';
  assertRefused(await water.load(`${lists}:import`, { owner_division: division, year: 2031, title: '清单' }, `${table}1,任务,分解项,水利局,2031-01-01,2031-06-30,milestone,初设:2031-03-01\n`), 422, 'invalid');
  const whole = await drafted(lead), task = assertDone(await taskOf(whole, lead), 201);
  const item = assertDone(await lead.post('/registry/items', valueItem(task, { id: water.unit_id })), 201);
  const tries = [() => taskOf(whole, water), () => water.patch(listPath(whole), whole.version, { title: '改' }), () => discard(whole, water),
    () => water.patch(`/registry/tasks/${task.id}`, task.version, { title: '改' }), () => water.verb(`/registry/tasks/${task.id}:remove`, task.version),
    () => water.post('/registry/items', valueItem(task, { id: water.unit_id })), () => water.patch(`/registry/items/${item.id}`, item.version, { title: '改' }),
    () => water.verb(`/registry/items/${item.id}:remove`, item.version), () => water.verb(`/registry/tasks/${task.id}:serve_plan_line`, task.version, { plan_line_id: null })];
  for (const attempt of tries) assertRefused(await attempt(), 403, 'not_your_unit');
  const inForce = await ['approve', 'file', 'bring_into_force'].reduce(async (list, verb) => assertDone(await lead.verb(`${listPath(whole)}:${verb}`, (await list).version)), whole);
  assertRefused(await water.post(`${listPath(inForce)}:revise`, { reason: '调整' }), 403, 'not_your_unit');
  assert.equal((await drafted(group, group)).organisation_id, group.unit_id);
});

test('R-129: a drafted list is discarded with what is in it, keeps its number, and takes no further step', async () => {
  const list = await drafted(lead), task = assertDone(await taskOf(list, lead), 201);
  const gone = assertDone(await discard(list));
  assertRecord(gone, { status: 'discarded', version: list.version + 1, edition: list.edition });
  assert.ok(gone.ended_at);
  for (const verb of ['approve', 'file', 'bring_into_force', 'close', 'discard']) {
    assertRefused(await lead.verb(`${listPath(list)}:${verb}`, gone.version), 409, 'state_conflict');
  }
  assertRefused(await lead.patch(listPath(list), gone.version, { title: '改' }), 409, 'state_conflict');
  assertRefused(await taskOf(list, lead), 409, 'state_conflict');
  assert.equal(assertDone(await lead.get(`/registry/tasks/${task.id}`)).duty_list_id, list.id);
  assert.equal((await drafted(lead)).edition, list.edition + 1);
});

test('R-129: what is approved, what something names, and what is another\'s is not discarded', async () => {
  const unit = assertDone(await county.post('/registry/organisations', { owner_division: louxing, name: unique('局'), kind: 'department' }), 201);
  const { list } = await listInForce([(task) => valueItem(task, unit)]);
  assertRefused(await discard(list, county), 409, 'state_conflict');
  const draft = await newList(), item = await newItem(valueItem(await newTask(draft), unit));
  assertRefused(await townOffice.verb(`${listPath(draft)}:discard`, draft.version), 403, 'forbidden');
  assertRefused(await discard(draft, otherCounty), 404, 'not_found');
  assertRefused(await discard(draft, county, draft.version + 1), 412, 'stale');
  assertDone(await county.post('/registry/urgings', { addressee_organisation_id: unit.id, item_id: item.id, matter: unique('督办') }), 201);
  const refused = assertRefused(await discard(draft, county), 409, 'state_conflict');
  assert.match(refused.detail, /names an item/);
});

test('R-129: a drafted plan is discarded, with its lines and needs, and nothing of it changes', async () => {
  const plan = await newPlan(), line = await newLine(plan), need = await newNeed(plan);
  const path = `/registry/plans/${plan.id}`, now = assertDone(await county.get(path));
  const gone = assertDone(await county.verb(`${path}:discard`, now.version));
  assertRecord(gone, { status: 'discarded' });
  assert.equal(gone.steps.at(-1).verb, 'discard');
  for (const verb of ['bring_into_force', 'close', 'discard']) assertRefused(await county.verb(`${path}:${verb}`, gone.version), 409, 'state_conflict');
  assertRefused(await county.patch(`/registry/plan_lines/${line.id}`, line.version, { lead_organisation_id: null }), 409, 'state_conflict');
  assertRefused(await county.patch(`/registry/investment_needs/${need.id}`, need.version, { name: '改' }), 409, 'state_conflict');
  const { plan: inForce } = await planInForce();
  assertRefused(await county.verb(`/registry/plans/${inForce.id}:discard`, inForce.version), 409, 'state_conflict');
});

test('R-129: a report that was never submitted is discarded by its unit, and another is drawn up for the period', async () => {
  const { clauses: [clause] } = await newClauses(['每月报告'], { owner_division: division }, lead);
  const form = assertDone(await lead.post('/registry/report_forms', { code: unique('f'), title: '月报', period: 'month', level: 3, clause_id: clause.id, valid_from: '2020-01-01',
    fields: [{ code: 'said', label: '情况', kind: 'text' }] }), 201);
  const draw = (caller = water) => caller.post('/registry/periodic_reports', { form_id: form.id, period_start: '2026-03-01' });
  const step = (report, verb, caller = water) => caller.verb(`/registry/periodic_reports/${report.id}:${verb}`, report.version);
  const report = assertDone(await draw(), 201);
  assertRefused(await draw(), 409, 'duplicate', { pointer: '/period_start' });
  assertRefused(await step(report, 'discard', forest), 403, 'not_your_unit');
  const gone = assertDone(await step(report, 'discard'));
  assertRecord(gone, { status: 'discarded' });
  assert.equal(gone.steps.at(-1).verb, 'discard');
  assertRefused(await step(gone, 'submit'), 409, 'state_conflict');
  assertRefused(await water.patch(`/registry/periodic_reports/${report.id}`, gone.version, { texts: { said: '改' } }), 409, 'state_conflict');
  const next = assertDone(await draw(), 201);
  const submitted = assertDone(await step(next, 'submit'));
  assertRefused(await step(submitted, 'discard'), 409, 'state_conflict');
});
