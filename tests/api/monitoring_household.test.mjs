// tests/api/monitoring_household.test.mjs - households of the archive (M-020 to M-026, M-030, M-041): entered with who lives there, listed, corrected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rowsOf, stagedRows } from '../support/archive_tables.mjs';
import { rows, run } from '../support/database.mjs';
import { child, households, idOf, newSound, soundBody, yearsAgo } from '../support/rules.mjs';
import { county, louxing, monitor, nobodysId, otherCounty, prefecture, town, townOffice, village } from '../support/world.mjs';

const worker = as('village_worker');
const enter = (more = {}, people = {}, caller = county, options = {}) => caller.post(households, soundBody(more, people), options);
const now = async (id, caller = county) => assertDone(await caller.get(`${households}/${id}`));
const place = async (more = {}) => assertDone(await county.post('/registry/settlements', { owner_division: village, kind: 'natural_village', name: unique('湾'), valid_from: '2020-01-01', ...more }), 201);

test('M-020, M-030: a household is entered with who lives there; the answer shows both, the head first', async () => {
  const id = uuid();
  const given = await enter({ id, household_number: unique('N'), extension: { 县自编号: '7' }, phone: '13812345678', reason: '入户登记' });
  const household = assertDone(given, 201);
  assert.equal(given.headers.get('location'), `/api/v1${households}/${id}`);
  const [first, second, third] = household.members;
  assertRecord(household, { id, owner_division: village, at_division: village, household_type: 'general', head_member_id: first.id, member_count: 3, status: 'active', eliminated: false,
    risks: [], extension: { 县自编号: '7' }, phone: '138****5678', source: 'form', reason: '入户登记', version: 1 });
  assert.deepEqual([first.relation, first.household_id, second.joined_how, third.left_on], ['head', id, 'registered', null]);
  assert.equal(household.head_name, first.name);
  const { members, ...alone } = household;
  for (const caller of [county, townOffice, worker, prefecture, monitor]) assertRecord(await now(id, caller), { id, version: 1 });
  assert.deepEqual(await now(id), alone);
  assertRefused(await otherCounty.get(`${households}/${id}`), 404, 'not_found');
  assertRefused(await enter({ id }), 409, 'duplicate');
});

test('M-030: exactly one of them is the head', async () => {
  const none = soundBody();
  none.members[0].relation = 'other';
  assertRefused(await county.post(households, none), 422, 'invalid', { pointer: '/members', code: 'one_head' });
  assertRefused(await enter({}, { spouse: { relation: 'head' } }), 422, 'invalid', { pointer: '/members', code: 'one_head' });
  assertRefused(await enter({ members: [] }), 422, 'invalid', { pointer: '/members' });
  const { members, ...alone } = soundBody();
  assertRefused(await county.post(households, alone), 422, 'invalid', { pointer: '/members', code: 'required' });
});

test('M-021: of a village of today, with a natural village, group and grid of its own', async () => {
  assertRefused(await enter({ owner_division: town }), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await enter({ owner_division: '431302006099' }), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await enter({ owner_division: '431321100001' }), 403, 'out_of_scope');
  const [own, grid, next] = [await place(), await place({ kind: 'grid' }), await place({ owner_division: '431302006001' })];
  const { household } = await newSound({ settlement_id: own.id, grid_id: grid.id });
  assertRecord(household, { settlement_id: own.id, grid_id: grid.id });
  for (const [field, id] of [['settlement_id', grid.id], ['settlement_id', next.id], ['settlement_id', nobodysId()], ['grid_id', own.id]]) {
    assertRefused(await enter({ [field]: id }), 422, 'invalid', { pointer: `/${field}` });
    assertRefused(await county.patch(`${households}/${household.id}`, 1, { [field]: id }), 422, 'invalid', { pointer: `/${field}` });
  }
  assert.deepEqual((await allOf(county, households, { settlement_id: own.id })).map((each) => each.id), [household.id]);
  assertRecord(assertDone(await county.patch(`${households}/${household.id}`, 1, { settlement_id: null, grid_id: null })), { settlement_id: null, grid_id: null });
});

test('M-024, M-026: codes are of their value lists, and an ID number says day of birth and sex', async () => {
  for (const [field, value] of [['object_type', '9'], ['risks', ['77']], ['disaster', 'x'], ['risk_level', 'x'], ['lifted_class', 'x']]) {
    assertRefused(await enter({ household_type: 'lifted', [field]: value }), 422, 'invalid', { pointer: `/${field}` });
  }
  for (const [field, value] of [['relation', 'x'], ['ethnicity', '99'], ['labour', 'x'], ['public_posts', ['x']]]) {
    assertRefused(await enter({}, { spouse: { [field]: value } }), 422, 'invalid', { pointer: `/members/1/${field}` });
  }
  assertRefused(await enter({}, { spouse: { health: 'chronic,x' } }), 422, 'invalid', { pointer: '/members/1/health', code: 'unknown_code' });
  const born = yearsAgo(30, 5);
  const number = idOf('2', born);
  const { household } = await newSound({}, { spouse: { id_number: number } });
  const [wife] = (await allOf(county, `${households}/${household.id}/members`)).filter((each) => each.relation === 'spouse');
  assertRecord(wife, { birth_on: born, sex: '2', certificate_kind: 'id_card' });
  assert.ok(!JSON.stringify(wife).includes(number));
  const next = () => ({ id_number: idOf('2', born) });
  assertRefused(await enter({}, { spouse: { ...next(), birth_on: '1990-01-01' } }), 422, 'invalid', { pointer: '/members/1/birth_on', code: 'differs' });
  assertRefused(await enter({}, { spouse: { ...next(), sex: '1' } }), 422, 'invalid', { pointer: '/members/1/sex', code: 'differs' });
  assertRefused(await enter({}, { spouse: { ...next(), certificate_kind: 'other' } }), 422, 'invalid', { pointer: '/members/1/certificate_kind', code: 'differs' });
  assertRefused(await enter({}, { spouse: { id_number: null, certificate_kind: 'id_card' } }), 422, 'invalid', { pointer: '/members/1/id_number', code: 'required' });
  assertRefused(await enter({}, { child: { id_number: null, birth_on: yearsAgo(0, -2) } }), 422, 'invalid', { pointer: '/members/2/birth_on', code: 'in_the_future' });
  assertRefused(await enter({}, { head: { id_number: '532900197002290010' } }), 422, 'invalid', { pointer: '/members/0/id_number' });
});

test('M-023: kinds of objects of monitoring fit the type; five risks at most; a number once in a county', async () => {
  assertRefused(await enter({ object_type: '1' }), 422, 'invalid', { pointer: '/object_type' });
  assertRefused(await enter({ household_type: 'lifted', object_type: '2' }), 422, 'invalid', { pointer: '/object_type' });
  assertRefused(await enter({ lifted_class: 'stable' }), 422, 'invalid', { pointer: '/lifted_class' });
  assertRefused(await enter({ eliminated: true }), 422, 'invalid', { pointer: '/eliminated' });
  assertRefused(await enter({ eliminated_on: '2026-01-01' }), 422, 'invalid', { pointer: '/eliminated_on' });
  assertRefused(await enter({ risks: ['01', '02', '03', '04', '05', '06'] }), 422, 'invalid', { pointer: '/risks' });
  assertRefused(await enter({ extension: { text: 'x'.repeat(9000) } }), 422, 'invalid', { pointer: '/extension' });
  const household_number = unique('N');
  const { household } = await newSound({ household_number });
  assertRefused(await enter({ household_number }), 409, 'duplicate', { pointer: '/household_number' });
  assertRefused(await enter({ risks: ['01', '01'] }), 422, 'invalid', { pointer: '/risks' });
  assertRefused(await enter({}, { head: { public_posts: ['village', 'village'], public_post_months: 3 } }), 422, 'invalid', { pointer: '/members/0/public_posts' });
  assert.deepEqual((await allOf(monitor, households, { household_number })).map((each) => each.id), [household.id]);
});

test('M-023: eliminated is what was identified, on a day that has come', async () => {
  const watched = { object_type: '3', risks: ['99'], risk_note: '待核', identified_on: yearsAgo(1), phone: '13812345678' };
  const gone = { eliminated: true, eliminated_on: yearsAgo(0, 32), elimination_kind: 'assisted' };
  assertRefused(await enter({ ...watched, ...gone, identified_on: undefined }), 422, 'invalid', { pointer: '/identified_on' });
  const { household } = await newSound(watched);
  const url = `${households}/${household.id}`;
  assertRefused(await county.patch(url, 1, { ...gone, identified_on: null }), 422, 'invalid', { pointer: '/identified_on' });
  assertRefused(await county.patch(url, 1, { identified_on: yearsAgo(0, -1) }), 422, 'invalid', { pointer: '/identified_on', code: 'in_the_future' });
  assertRefused(await county.patch(url, 1, { ...gone, eliminated_on: yearsAgo(0, -1) }), 422, 'invalid', { pointer: '/eliminated_on', code: 'in_the_future' });
  assertRefused(await enter({ ...watched, identified_on: '2030-01-01' }), 422, 'invalid', { pointer: '/identified_on', code: 'in_the_future' });
  assertRefused(await enter({}, { spouse: { joined_on: yearsAgo(0, -1) } }), 422, 'invalid', { pointer: '/members/1/joined_on', code: 'in_the_future' });
});

test('M-027: a household number is nobody\'s ID number, and what refuses it does not repeat it', async () => {
  const number = idOf('1', yearsAgo(40));
  const { household } = await newSound();
  const wife = (await allOf(county, `${households}/${household.id}/members`)).find((each) => each.relation === 'spouse');
  const split = { members: [{ member_id: wife.id, relation: 'head' }], reason: '分户' };
  for (const household_number of [number, number.toLowerCase(), ` ${number.slice(0, 6)}-${number.slice(6)}`]) {
    const refused = [await enter({ household_number }), await county.patch(`${households}/${household.id}`, 1, { household_number }),
      await county.verb(`${households}/${household.id}:split`, 1, { ...split, household_number })];
    for (const answer of refused) {
      assertRefused(answer, 422, 'invalid', { pointer: '/household_number', code: 'is_id_number' });
      assert.ok(!answer.text.includes(number.slice(6)), answer.text);
    }
    assertRefused(await county.get(households, { household_number }), 400, 'bad_parameter', { parameter: 'household_number', code: 'is_id_number' });
  }
  assertRecord(await now(household.id), { household_number: null, version: 1 });
});

test('M-027: nor does one stand in the province\'s own fields, however deep', async () => {
  const number = idOf('1', yearsAgo(40));
  const { household } = await newSound();
  for (const extension of [{ 证件: number }, { a: [{ b: `户主${number}` }] }, { [number]: 1 }]) {
    for (const answer of [await enter({ extension }), await county.patch(`${households}/${household.id}`, 1, { extension })]) {
      assertRefused(answer, 422, 'invalid', { pointer: '/extension', code: 'is_id_number' });
      assert.ok(!answer.text.includes(number.slice(6)), answer.text);
    }
  }
  assertRecord(assertDone(await county.patch(`${households}/${household.id}`, 1, { extension: { 编号: '4313020060030001' } })), { extension: { 编号: '4313020060030001' } });
});

test('M-112: an elimination is judged from the day on which it was first recorded, whatever day it is typed with', async () => {
  const watched = { object_type: '3', risks: ['99'], risk_note: '待核', identified_on: yearsAgo(3) };
  for (const eliminated_on of [yearsAgo(0), yearsAgo(0, 32), yearsAgo(2)]) {
    const gone = { eliminated: true, eliminated_on, elimination_kind: 'assisted' };
    assertRefused(await enter({ ...watched, ...gone }), 422, 'invalid', { code: '1_11_004', severity: 'error' }, { code: '1_11_011', severity: 'error' });
    const { household } = await newSound(watched);
    assertRefused(await county.patch(`${households}/${household.id}`, 1, gone), 422, 'invalid', { code: '1_11_004', severity: 'error' }, { code: '1_11_011', severity: 'error' });
  }
  const { household } = await newSound({ ...watched, phone: '13812345678' });
  const url = `${households}/${household.id}`;
  const year = Number(yearsAgo(0).slice(0, 4));
  assertDone(await county.post('/monitoring/three_guarantees', { household_id: household.id, year, stage: 'elimination', housing_unsafe: false, dropout: false, water_unsafe: false, uninsured: false }), 201);
  assertDone(await county.post('/monitoring/incomes', { household_id: household.id, year, stage: 'elimination', amounts: { a1: '90000' } }), 201);
  const done = assertDone(await county.patch(url, 1, { eliminated: true, eliminated_on: yearsAgo(0, 40), elimination_kind: 'assisted' }));
  assertRefused(await county.patch(url, done.version, { phone: null }), 422, 'invalid', { code: '1_11_011', severity: 'error' });
  const recorded = (days) => run(`UPDATE monitoring.archive_version SET recorded_at = now() - interval '${days + 30} days', recorded_until = now() - interval '${days} days'
    WHERE record_id = '${household.id}'`);
  recorded(31);
  assertRefused(await county.patch(url, done.version, { phone: null }), 422, 'invalid', { code: '1_11_011', severity: 'error' });
  recorded(33);
  assertDone(await county.patch(url, done.version, { phone: null }));
});

test('M-112: an elimination that was taken back by a slip and put right is what it was, by form and by table; out of it for longer, it is judged anew', async () => {
  const gone = { eliminated: true, eliminated_on: yearsAgo(1), elimination_kind: 'assisted' };
  const row = (household) => ({ 户编号: household.id, 系统编号: household.id, 风险是否已消除: '是', 消除监测时间: gone.eliminated_on.slice(0, 7).replace('-', ''), 风险消除方式: '帮扶消除' });
  // Recorded as eliminated a hundred days ago, taken back so many days ago.
  const takenBack = async (days) => {
    const { household } = await newSound({ object_type: '3', risks: ['99'], risk_note: '待核', identified_on: yearsAgo(3) });
    const ago = (n) => `now() - interval '${n} days'`;
    run(`UPDATE monitoring.household SET eliminated = true, eliminated_on = '${gone.eliminated_on}', elimination_kind = 'assisted', version = 2, recorded_at = ${ago(100)} WHERE id = '${household.id}'`);
    run(`UPDATE monitoring.household SET eliminated = false, eliminated_on = NULL, elimination_kind = NULL, version = 3, recorded_at = ${ago(days)} WHERE id = '${household.id}'`);
    run(`UPDATE monitoring.archive_version SET recorded_at = ${ago(200)} WHERE record_id = '${household.id}' AND version = 1`);
    return household;
  };
  const slip = await takenBack(2);
  const byTable = await stagedRows(county, [row(slip)], null);
  assert.deepEqual([byTable.updates, byTable.failed], [1, 0], JSON.stringify(await rowsOf(county, byTable)));
  const right = assertDone(await county.patch(`${households}/${slip.id}`, 3, gone));
  assertDone(await county.patch(`${households}/${slip.id}`, right.version, { address: '六组6号' }));
  const earnest = await takenBack(9);
  assertRefused(await county.patch(`${households}/${earnest.id}`, 3, gone), 422, 'invalid', { code: '1_11_004', severity: 'error' }, { code: '1_11_011', severity: 'error' });
  assert.deepEqual((await stagedRows(county, [row(earnest)], null)).failed, 1);
});

test('M-023: a household that was entered by mistake gives its national number back', async () => {
  const household_number = unique('N');
  const { household: slip } = await newSound({ household_number });
  assertRefused(await enter({ household_number }), 409, 'duplicate', { pointer: '/household_number' });
  const ended = assertDone(await county.verb(`${households}/${slip.id}:end`, 1, { ended_how: 'error', reason: '误录' }));
  const { household } = await newSound({ household_number });
  assertRefused(await enter({ household_number }), 409, 'duplicate', { pointer: '/household_number' });
  assertRefused(await county.patch(`${households}/${slip.id}`, ended.version, { household_number: null }), 409, 'state_conflict');
  assertDone(await county.verb(`${households}/${household.id}:end`, 1, { ended_how: 'error', reason: '误录' }));
  const { household: again } = await newSound({ household_number });
  assert.deepEqual((await allOf(county, households, { household_number })).map((each) => each.id).sort(), [slip.id, household.id, again.id].sort());
  assertDone(await county.verb(`${households}/${again.id}:end`, 1, { ended_how: 'moved_out', reason: '外迁' }));
  assertRefused(await enter({ household_number }), 409, 'duplicate', { pointer: '/household_number' });
});

test('M-025: corrected by what is given; null clears, an extension merges; of another version nothing, of an ended one nothing', async () => {
  const { household } = await newSound({ extension: { a: 1, b: 2 } });
  const url = `${households}/${household.id}`;
  assertRefused(await county.patch(url, undefined, { address: 'x' }), 428, 'precondition_required');
  const first = assertDone(await townOffice.patch(url, 1, { address: '五组3号', martyr_family: true, extension: { b: null, c: 3 }, reason: '核实' }));
  assertRecord(first, { address: '五组3号', martyr_family: true, extension: { a: 1, c: 3 }, version: 2, reason: '核实', household_type: 'general' });
  assertRefused(await county.patch(url, 1, { address: 'x' }), 412, 'stale');
  assertRecord(assertDone(await county.patch(url, 2, { address: null })), { address: null, version: 3, reason: null });
  assertRefused(await otherCounty.patch(url, 3, { address: 'x' }), 404, 'not_found');
  assertRefused(await county.patch(url, 3, { owner_division: '431302006001' }), 422, 'invalid', { pointer: '/owner_division', code: 'unknown_field' });
  assertRefused(await county.patch(url, 3, { members: [] }), 422, 'invalid', { pointer: '/members', code: 'unknown_field' });
  assertDone(await county.verb(`${url}:end`, 3, { ended_how: 'error', reason: '误录' }));
  assertRefused(await county.patch(url, 4, { address: 'x' }), 409, 'state_conflict');
});

test('D9: a rehearsal leaves nothing behind, a repeated key makes one household', async () => {
  const id = uuid();
  assertDone(await enter({ id }, {}, county, { query: { validate_only: true } }), 200);
  assertRefused(await county.get(`${households}/${id}`), 404, 'not_found');
  const [key, body] = [newKey(), soundBody()];
  const answers = await Promise.all(Array.from({ length: 64 }, () => county.post(households, body, { key })));
  const ids = new Set(answers.map((answer) => assertDone(answer, 201).id));
  assert.equal(ids.size, 1);
  assert.equal(answers.every((answer) => answer.text === answers[0].text), true);
  assert.equal(rows(`SELECT count(*)::integer AS n FROM monitoring.household WHERE address = '${body.address}'`)[0].n, 1);
});

test('M-041: lists by village, division, type, object, risk, state and prefix of the head; next links go to the end', async () => {
  const address = unique('列');
  const name = `${unique('欧阳').slice(0, 30)}`;
  const plain = (await newSound({ address }, { head: { name } })).household;
  const watched = assertDone(await enter({ address, object_type: '3', risks: ['01', '99'], risk_note: '住院', identified_on: '2026-02-01' }, { head: { name: `${name}二` }, spouse: { health: 'serious' } }), 201);
  const ids = async (query) => (await allOf(county, households, { ids: `${plain.id},${watched.id}`, ...query })).map((each) => each.id).sort();
  const [both, one, other] = [[plain.id, watched.id].sort(), [plain.id], [watched.id]];
  assert.deepEqual(await ids({}), both);
  assert.deepEqual(await ids({ division: village }), both);
  assert.deepEqual(await ids({ within: town }), both);
  assert.deepEqual(await ids({ within: '431302001000' }), []);
  assert.deepEqual(await ids({ object_type: '3' }), other);
  assert.deepEqual(await ids({ risk: '99' }), other);
  assert.deepEqual(await ids({ eliminated: false }), other);
  assert.deepEqual(await ids({ household_type: 'lifted' }), []);
  assert.deepEqual(await ids({ status: 'active', no_labour: false, resettled: false, martyr_family: false }), both);
  assert.deepEqual((await allOf(county, households, { name_prefix: name })).map((each) => each.id), [plain.id, watched.id]);
  const names = (await allOf(monitor, households, { limit: 2, sort: 'head_name', within: louxing })).map((each) => each.head_name);
  assert.deepEqual(names, [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  assert.ok((await allOf(county, households, { limit: 3 })).some((each) => each.id === plain.id));
  assert.deepEqual(await allOf(otherCounty, households, { ids: plain.id }), []);
  assertRefused(await county.get(households, { division: '431321100001' }), 403, 'out_of_scope');
  assertRefused(await county.get(households, { sort: 'address' }), 400, 'bad_parameter');
});

test('M-040, M-041: a child that is a head is shown by the first character, and is not found by name, without its permission', async () => {
  const name = `童${unique()}`.slice(0, 20);
  const alone = { ...child({ name, id_number: idOf('1', yearsAgo(9, 30)) }), relation: 'head' };
  const orphan = assertDone(await county.post(households, { owner_division: village, household_type: 'general', address: unique('孤'), members: [alone] }), 201);
  const seen = await now(orphan.id, townOffice);
  assert.match(seen.head_name, /^童\*+$/);
  assert.deepEqual(await allOf(townOffice, households, { name_prefix: name }), []);
  assert.deepEqual(await allOf(townOffice, households, { sort: 'head_name', ids: orphan.id }), []);
  assert.deepEqual((await allOf(townOffice, households, { ids: orphan.id })).map((each) => each.id), [orphan.id]);
  assert.equal((await now(orphan.id)).head_name, name);
  assert.deepEqual((await allOf(county, households, { name_prefix: name })).map((each) => each.id), [orphan.id]);
});
