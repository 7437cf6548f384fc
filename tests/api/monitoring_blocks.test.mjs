// tests/api/monitoring_blocks.test.mjs - yearly blocks of a household: of a year and stage once (M-060), with versions (M-061, M-062), all in one answer (M-069).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { guarantees, incomes, living, newIncome } from '../support/blocks.mjs';
import { rows } from '../support/database.mjs';
import { thisYear } from '../support/days.mjs';
import { confirmed, newHousehold, person, today } from '../support/persons.mjs';
import { county, monitor, nobodysId, otherCounty, otherMonitor, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const body = (household, more = {}) => ({ household_id: household.id, year: 2025, ...more });

test('M-060: one of a household, year and stage', async () => {
  const household = await newHousehold();
  for (const path of [guarantees, incomes, living]) {
    const first = assertDone(await county.post(path, body(household)), 201);
    assert.deepEqual([first.owner_division, first.at_division, first.year, first.stage, first.source], [village, village, 2025, 'yearly', 'form']);
    assertRefused(await county.post(path, body(household)), 409, 'duplicate', { pointer: '/year' });
    assertDone(await county.post(path, body(household, { stage: 'identification' })), 201);
    assertDone(await county.post(path, body(household, { year: 2024 })), 201);
    assertRefused(await county.post(path, body(household, { stage: 'never' })), 422, 'invalid', { pointer: '/stage' });
    assertRefused(await county.post(path, body(household, { year: thisYear() + 2 })), 422, 'invalid', { pointer: '/year' });
    assertRefused(await county.post(path, body({ id: nobodysId() })), 422, 'invalid', { pointer: '/household_id' });
    assertRefused(await otherCounty.post(path, body(household, { year: 2023 })), 422, 'invalid', { pointer: '/household_id' });
  }
});

test('M-060: of many entered at once one is there', async () => {
  const household = await newHousehold();
  for (const path of [guarantees, incomes, living]) {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? county : townOffice).post(path, body(household, { year: 2019 }))));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, ...Array(11).fill(409)]);
  }
  const key = newKey();
  const same = body(household, { year: 2018 });
  const replies = await Promise.all(Array.from({ length: 8 }, () => county.post(incomes, same, { key })));
  assert.equal(new Set(replies.filter((answer) => answer.status === 201).map((answer) => answer.body.id)).size, 1);
  assert.equal((await allOf(county, incomes, { household_id: household.id, year: 2018 })).length, 1);
});

test('M-060: what is tried out alone is not there', async () => {
  const household = await newHousehold();
  assert.equal(assertDone(await county.post(incomes, body(household), { query: { validate_only: true } })).net, '0.00');
  assert.deepEqual(await allOf(county, incomes, { household_id: household.id }), []);
});

test('M-060: a household that has ended takes none', async () => {
  const household = await newHousehold();
  const block = assertDone(await county.post(guarantees, body(household)), 201);
  assertDone(await county.verb(`/monitoring/households/${household.id}:end`, household.version, { on: today(), ended_how: 'error', reason: '误录' }));
  assertRefused(await county.post(living, body(household)), 409, 'state_conflict');
  assertRefused(await county.patch(`${guarantees}/${block.id}`, block.version, { dropout: true }), 409, 'state_conflict');
});

test('M-061, M-062: corrected, with every version kept', async () => {
  const household = await newHousehold();
  const made = assertDone(await county.post(guarantees, body(household, { housing_unsafe: true, dropout: false, reason: '入户登记' })), 201);
  assert.deepEqual([made.housing_unsafe, made.dropout, made.water_unsafe, made.reason], [true, false, null, '入户登记']);
  const now = assertDone(await townOffice.patch(`${guarantees}/${made.id}`, made.version, { housing_unsafe: false, dropout: null, reason: '已改造' }));
  assert.deepEqual([now.housing_unsafe, now.dropout, now.version], [false, null, 2]);
  assertRefused(await county.patch(`${guarantees}/${made.id}`, undefined, { dropout: true }), 428, 'precondition_required');
  const [before] = rows(`SELECT version, reason, body FROM monitoring.archive_version WHERE record = 'three_guarantees' AND record_id = '${made.id}'`);
  assert.deepEqual([before.version, before.reason, before.body.housing_unsafe], [1, '入户登记', true]);
  const audit = rows(`SELECT verb FROM monitoring.audit_log WHERE record = 'three_guarantees' AND record_id = '${made.id}' ORDER BY at`);
  assert.deepEqual(audit.map((row) => row.verb), ['create_three_guarantees', 'update_three_guarantees']);
  assertRefused(await county.get(`${guarantees}/${made.id}`, { as_of: '2019-01-01' }), 404, 'not_found');
  assert.equal(assertDone(await county.get(`${guarantees}/${made.id}`, { as_of: today() })).version, 2);
});

test('M-061: living conditions, with codes of the value lists and areas within bounds', async () => {
  const household = await newHousehold();
  const made = assertDone(await county.post(living, body(household, { farmland: '5.6', road_kind: 'cement', house_grade: 'A', house_area: '96', fuel: 'gas', safe_water: true })), 201);
  assert.deepEqual([made.farmland, made.road_kind, made.house_grade, made.safe_water, made.electricity], ['5.6', 'cement', 'A', true, null]);
  const now = assertDone(await county.patch(`${living}/${made.id}`, 1, { farmland: null, electricity: true }));
  assert.deepEqual([now.farmland, now.electricity, now.house_area], [null, true, '96']);
  for (const field of ['road_kind', 'house_grade', 'fuel', 'support_kind']) {
    assertRefused(await county.patch(`${living}/${made.id}`, 2, { [field]: 'none_such' }), 422, 'invalid', { pointer: `/${field}` });
    assertRefused(await county.post(living, body(household, { year: 2024, [field]: 'none_such' })), 422, 'invalid', { pointer: `/${field}` });
  }
  assertRefused(await county.patch(`${living}/${made.id}`, 2, { woodland: '1000000' }), 422, 'invalid', { pointer: '/woodland' });
});

test('lists by household, year, stage, village and county', async () => {
  const household = await newHousehold();
  for (const path of [guarantees, incomes, living]) {
    const made = assertDone(await county.post(path, body(household, { stage: 'elimination' })), 201);
    const has = async (query, caller = county) => (await allOf(caller, path, query)).some((each) => each.id === made.id);
    for (const query of [{ household_id: household.id }, { household_id: household.id, year: 2025 }, { household_id: household.id, stage: 'elimination' }, { ids: made.id },
      { household_id: household.id, division: village }, { household_id: household.id, within: town }]) assert.ok(await has(query), JSON.stringify(query));
    for (const query of [{ household_id: household.id, year: 2024 }, { household_id: household.id, stage: 'yearly' }]) assert.ok(!(await has(query)), JSON.stringify(query));
    assert.ok(!(await has({ ids: made.id }, otherMonitor)));
    assertRefused(await county.get(path, { division: shuangfeng }), 403, 'out_of_scope');
  }
});

test('what a block says is held against the rules: an error undoes it', async () => {
  const household = await newHousehold();
  const answer = await county.post(living, body(household, { farmland: '500000' }));
  assertDone(answer, 201);
  const found = assertDone(await county.get('/monitoring/findings', { household_id: household.id })).items.map((each) => each.rule);
  assert.ok(found.includes('9_14_001'), `a warning is recorded: ${found}`);
});

test('M-069: a household in one answer', async () => {
  const household = await newHousehold([person()]);
  for (const { id } of [household.head, household.people[0]]) await confirmed(id);
  const income = await newIncome(household);
  const block = assertDone(await county.post(guarantees, body(household)), 201);
  assertDone(await county.post(living, body(household, { year: 2024 })), 201);
  const path = `/monitoring/households/${household.id}/dossier`;
  const all = assertDone(await county.get(path, { year: 2025 }));
  assert.deepEqual([all.household.id, all.members.length, all.members[0].id, all.incomes.map((each) => each.id), all.three_guarantees.map((each) => each.id), all.living_conditions],
    [household.id, 2, household.head.id, [income.id], [block.id], []]);
  assert.match(all.members[0].id_number, /^\d{3}.*\*/, 'masked');
  assert.deepEqual(all.incomes[0], assertDone(await county.get(`${incomes}/${income.id}`)));
  assert.deepEqual(all.members[1], assertDone(await county.get(`/monitoring/members/${all.members[1].id}`)));
  const open = assertDone(await county.get('/monitoring/findings', { household_id: household.id, status: 'open' })).items;
  assert.deepEqual(all.findings.map((each) => each.id).sort(), open.map((each) => each.id).sort());
  assert.deepEqual(assertDone(await county.get(path, { year: 2025, as_of: today() })).incomes, all.incomes);
  assertRefused(await county.get(path, { as_of: '2019-01-01' }), 404, 'not_found');
  assertRefused(await otherCounty.get(path), 404, 'not_found');
  assertRefused(await county.get(`/monitoring/households/${nobodysId()}/dossier`), 404, 'not_found');
});

test('a block explains why it is seen', async () => {
  const income = await newIncome(await newHousehold());
  assert.equal(assertDone(await monitor.get('/identity/me/scope:explain', { record: income.id })).record.kind, 'income');
});
