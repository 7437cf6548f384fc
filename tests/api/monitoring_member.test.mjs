// tests/api/monitoring_member.test.mjs - members of households (M-024, M-026, M-031, M-032, M-040, M-041): who joins, who is corrected, who leaves, who sees what of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { child, households, idOf, newSound, sound, spouse, yearsAgo } from '../support/rules.mjs';
import { county, monitor, nobodysId, otherCounty, town, townOffice, village } from '../support/world.mjs';

const members = '/monitoring/members';
const join = (household, more, caller = county, options = {}) => caller.post(`${households}/${household.id}/members`, more, options);
const now = async (id, caller = county) => assertDone(await caller.get(`${members}/${id}`));
const household = async (id) => assertDone(await county.get(`${households}/${id}`));
const baby = (more = {}) => ({ name: unique('新'), relation: 'daughter', sex: '2', birth_on: yearsAgo(0, 3), certificate_kind: 'none', ethnicity: '01', labour: 'none', health: 'healthy',
  student_status: 'preschool_age', resident_medical: true, serious_illness_insurance: true, joined_how: 'birth', joined_on: yearsAgo(0, 3), ...more });

test('M-031: somebody is born into a household: one more lives there, and both records rise', async () => {
  const { household: home } = await newSound();
  const id = uuid();
  const given = await join(home, baby({ id, reason: '新生儿登记' }), townOffice);
  const born = assertDone(given, 201);
  assert.equal(given.headers.get('location'), `/api/v1${members}/${id}`);
  assertRecord(born, { id, household_id: home.id, owner_division: village, joined_how: 'birth', confirmation: 'none', left_on: null, version: 1, reason: '新生儿登记' });
  assertRecord(await household(home.id), { member_count: 4, version: 2 });
  assertRefused(await join(home, baby({ id })), 409, 'duplicate');
  assertRefused(await join({ id: nobodysId() }, baby()), 404, 'not_found');
  assertRefused(await join(home, baby(), otherCounty), 404, 'not_found');
  assertRecord(await household(home.id), { member_count: 4, version: 2 });
});

test('M-031: a second head, a day to come, a birth before the birth, an unknown code, the same number twice are refused', async () => {
  const { household: home, head } = await newSound({}, { head: { id_number: idOf('1', yearsAgo(50)) } });
  const number = idOf('2', yearsAgo(40, 9));
  assertRefused(await join(home, baby({ relation: 'head' })), 422, 'invalid', { pointer: '/relation', code: 'one_head' });
  assertRefused(await join(home, baby({ joined_on: yearsAgo(0, -2) })), 422, 'invalid', { pointer: '/joined_on', code: 'in_the_future' });
  assertRefused(await join(home, baby({ joined_on: yearsAgo(1) })), 422, 'invalid', { pointer: '/joined_on' });
  assertRefused(await join(home, baby({ joined_how: 'split' })), 422, 'invalid', { pointer: '/joined_how' });
  assertRefused(await join(home, baby({ labour: 'x' })), 422, 'invalid', { pointer: '/labour' });
  assertRefused(await join(home, baby({ work_place: '4313' })), 422, 'invalid', { pointer: '/work_place' });
  assertRefused(await join(home, baby({ follows_id: nobodysId() })), 422, 'invalid', { pointer: '/follows_id' });
  assertRefused(await join(home, baby({ follows_id: head.id })), 409, 'state_conflict');
  assertDone(await join(home, { ...sound, name: unique('李'), relation: 'sibling', id_number: number }), 201);
  const again = await join(home, { ...sound, name: unique('李'), relation: 'sibling', id_number: number });
  assertRefused(again, 409, 'duplicate', { pointer: '/id_number' });
  assert.ok(!again.text.includes(number));
});

test('M-032: corrected by what is given; an ID number brings its day of birth and sex, and goes with them', async () => {
  const { household: home, spouse: wife } = await newSound();
  const url = `${members}/${wife.id}`;
  assertRefused(await county.patch(url, undefined, { name: 'x' }), 428, 'precondition_required');
  const first = assertDone(await county.patch(url, 1, { phone: '13912345678', work_income: '3500.5', working_away: true, work_place: '440300000000', reason: '核实' }));
  assertRecord(first, { phone: '139****5678', work_income: '3500.5', working_away: true, work_place: '440300000000', version: 2, id_number: wife.id_number, birth_on: wife.birth_on });
  assertRefused(await county.patch(url, 1, { name: 'x' }), 412, 'stale');
  assertRefused(await county.patch(url, 2, { birth_on: '1980-01-01' }), 422, 'invalid', { pointer: '/birth_on', code: 'differs' });
  assertRefused(await county.patch(url, 2, { sex: '1' }), 422, 'invalid', { pointer: '/sex', code: 'differs' });
  assertRefused(await county.patch(url, 2, { relation: 'head' }), 422, 'invalid', { pointer: '/relation', code: 'one_head' });
  assertRefused(await county.patch(url, 2, { health: 'x' }), 422, 'invalid', { pointer: '/health', code: 'unknown_code' });
  const born = yearsAgo(36, 40);
  assertRecord(assertDone(await county.patch(url, 2, { id_number: idOf('2', born) })), { birth_on: born, sex: '2', certificate_kind: 'id_card', confirmation: 'unconfirmed', version: 3 });
  assertRefused(await otherCounty.patch(url, 3, { name: 'x' }), 404, 'not_found');
  assertRecord(await household(home.id), { version: 1 });
});

test('M-032: a household shows its head as corrected, and rises with it', async () => {
  const { household: home, head } = await newSound();
  const name = unique('周');
  assertDone(await county.patch(`${members}/${head.id}`, 1, { name }));
  assertRecord(await household(home.id), { head_name: name, version: 2 });
  assertDone(await county.patch(`${members}/${head.id}`, 2, { phone: '13712345678' }));
  assertRecord(await household(home.id), { head_name: name, version: 2 });
  assertRefused(await county.patch(`${members}/${head.id}`, 3, { relation: 'spouse' }), 422, 'invalid', { pointer: '/relation', code: 'one_head' });
});

test('M-032: somebody leaves on a day, once; who comes back follows the membership before', async () => {
  const { household: home, spouse: wife } = await newSound({}, { spouse: { joined_on: yearsAgo(0, 3) } });
  const url = `${members}/${wife.id}:leave`;
  const day = yearsAgo(0, 4);
  const leave = (version, more = {}) => county.verb(url, version, { left_on: yearsAgo(0), left_how: 'marriage', reason: '婚出', ...more });
  assertRefused(await leave(1, { reason: undefined }), 422, 'invalid', { pointer: '/reason', code: 'required' });
  assertRefused(await leave(1, { left_on: yearsAgo(0, -1) }), 422, 'invalid', { pointer: '/left_on', code: 'in_the_future' });
  assertRefused(await leave(1, { left_on: day }), 422, 'invalid', { pointer: '/left_on' });
  assertRefused(await leave(1, { left_how: 'split' }), 422, 'invalid', { pointer: '/left_how' });
  assertRefused(await leave(1, { new_head_id: wife.id }), 422, 'invalid', { pointer: '/new_head_id' });
  assertRefused(await leave(7), 412, 'stale');
  assertRecord(assertDone(await leave(1)), { left_on: yearsAgo(0), left_how: 'marriage', version: 2 });
  assertRefused(await leave(2), 409, 'state_conflict');
  assertRecord(await household(home.id), { member_count: 2, version: 2 });
  assert.deepEqual((await allOf(county, `${households}/${home.id}/members`)).map((each) => each.id).includes(wife.id), false);
  const back = assertDone(await join(home, { ...spouse({ name: wife.name }), joined_how: 'returned', follows_id: wife.id }), 201);
  assertRecord(back, { follows_id: wife.id, joined_how: 'returned' });
  assertRefused(await join(home, { ...sound, name: unique('王'), relation: 'sibling', follows_id: wife.id }), 409, 'state_conflict');
});

test('M-032: who was entered without a day of joining was there before, and may have left before the entry', async () => {
  const { household: home, spouse: wife, child: son } = await newSound();
  const leave = (of, left_on) => county.verb(`${members}/${of.id}:leave`, 1, { left_on, left_how: 'death', reason: '病故' });
  assertRefused(await leave(son, yearsAgo(30)), 422, 'invalid', { pointer: '/left_on' });
  assertRecord(assertDone(await leave(son, yearsAgo(0, 40))), { left_on: yearsAgo(0, 40), left_how: 'death' });
  const married = assertDone(await join(home, { ...spouse({ relation: 'sibling' }), joined_how: 'moved_in' }), 201);
  assertRefused(await leave(married, yearsAgo(0, 1)), 422, 'invalid', { pointer: '/left_on' });
  assertRecord(await household(home.id), { member_count: 3 });
  assert.notEqual(wife.id, son.id);
});

test('M-033: a head leaves when another is set, here or before; the last one leaves with the household', async () => {
  const { household: home, head, spouse: wife, child: son } = await newSound();
  const leave = (more = {}) => county.verb(`${members}/${head.id}:leave`, 1, { left_on: yearsAgo(0), left_how: 'death', reason: '病故', ...more });
  assertRefused(await leave(), 409, 'state_conflict');
  assertRefused(await leave({ new_head_id: nobodysId(), relations: [] }), 422, 'invalid', { pointer: '/new_head_id' });
  assertRefused(await leave({ new_head_id: wife.id }), 422, 'invalid', { pointer: '/relations' });
  assertRefused(await leave({ new_head_id: wife.id, relations: [{ member_id: son.id, relation: 'head' }] }), 422, 'invalid', { pointer: '/relations/0' });
  const gone = assertDone(await leave({ new_head_id: wife.id, relations: [{ member_id: son.id, relation: 'son' }] }));
  assertRecord(gone, { left_how: 'death', relation: 'head', version: 2 });
  assertRecord(await household(home.id), { head_member_id: wife.id, head_name: wife.name, member_count: 2, version: 2 });
  assertRecord(await now(wife.id), { relation: 'head', version: 2 });
  assertRecord(await now(son.id), { relation: 'son', version: 1 });
  assertDone(await county.verb(`${members}/${son.id}:leave`, 1, { left_on: yearsAgo(0), left_how: 'moved_out', reason: '迁出' }));
  assertRefused(await county.verb(`${members}/${wife.id}:leave`, 2, { left_on: yearsAgo(0), left_how: 'death', reason: '病故' }), 409, 'state_conflict');
});

test('D9: of two corrections of one member at once one is made, and the other hears what came of it', async () => {
  const { spouse: wife } = await newSound();
  const names = [unique('甲'), unique('乙')];
  const answers = await Promise.all(names.map((name) => county.patch(`${members}/${wife.id}`, 1, { name })));
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 412]);
  const won = names[answers.findIndex((answer) => answer.status === 200)];
  assertRecord(await now(wife.id), { name: won, version: 2 });
});

test('M-040: a child under fourteen is shown by the first character, without numbers, birth, school and health; health to its readers', async () => {
  const { household: home, child: son, spouse: wife } = await newSound({}, { child: { name: `童${unique()}`.slice(0, 20), phone: '13612345678', id_number: idOf('1', yearsAgo(9, 40)) }, spouse: { health: 'chronic' } });
  const of = async (caller, id) => (await allOf(caller, `${households}/${home.id}/members`)).find((each) => each.id === id);
  for (const seen of [await now(son.id, townOffice), await of(townOffice, son.id)]) {
    assertRecord(seen, { minor: true, id_number: null, birth_on: null, phone: null, student_status: null, health: null });
    assert.match(seen.name, /^童\*+$/);
  }
  assertRecord(await now(son.id), { minor: false, name: son.name, student_status: 'primary', health: 'healthy', phone: '136****5678' });
  assert.equal((await now(wife.id)).health, 'chronic');
  assert.notEqual((await now(wife.id, townOffice)).health, 'chronic');
  assert.deepEqual(await allOf(townOffice, members, { name_prefix: son.name }), []);
  assert.deepEqual((await allOf(county, members, { name_prefix: son.name })).map((each) => each.id), [son.id]);
  assert.equal((await allOf(townOffice, members, { household_id: home.id, sort: 'name' })).some((each) => each.id === son.id), false);
});

test('M-041: lists by household, village, name, state and confirmation', async () => {
  const { household: home, head, spouse: wife, child: son } = await newSound({}, { child: child({ id_number: null, birth_on: yearsAgo(10), sex: '1' }) });
  const ids = async (query) => (await allOf(county, members, { household_id: home.id, ...query })).map((each) => each.id).sort();
  const all = [head.id, wife.id, son.id].sort();
  assert.deepEqual(await ids({}), all);
  assert.deepEqual(await ids({ division: village }), all);
  assert.deepEqual(await ids({ within: town, living: true }), all);
  assert.deepEqual(await ids({ living: false }), []);
  assert.deepEqual((await allOf(monitor, members, { household_id: home.id, confirmation: 'none' })).map((each) => each.id), [son.id]);
  assertRefused(await county.get(members, { household_id: home.id, confirmation: 'none' }), 403, 'forbidden');
  assert.deepEqual(await ids({ ids: `${wife.id}` }), [wife.id]);
  assert.deepEqual(await ids({ name_prefix: wife.name }), [wife.id]);
  assert.deepEqual(await allOf(otherCounty, members, { household_id: home.id }), []);
  const names = (await allOf(monitor, members, { household_id: home.id, sort: '-name' })).map((each) => each.name);
  assert.deepEqual(names, [...names].sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a))));
  assertRefused(await otherCounty.get(`${households}/${home.id}/members`), 404, 'not_found');
});

test('M-024: what looks like an array is no code of a list; an amount that no column holds is refused', async () => {
  const { household: home, spouse: wife } = await newSound();
  for (const body of [{ relation: '{' }, { ethnicity: '{01}' }, { education: '{junior' }, { unemployed_graduate: '{}' }]) {
    const [[field]] = Object.entries(body);
    assertRefused(await county.patch(`${members}/${wife.id}`, 1, body), 422, 'invalid', { pointer: `/${field}` });
  }
  for (const body of [{ risk_level: '{high}' }, { object_type: '{3}' }, { lifted_class: '{' }]) {
    const [[field]] = Object.entries(body);
    assertRefused(await county.patch(`${households}/${home.id}`, 1, body), 422, 'invalid', { pointer: `/${field}` });
  }
  assertRefused(await county.patch(`${members}/${wife.id}`, 1, { work_income: '123456789012.00' }), 422, 'invalid', { pointer: '/work_income' });
  assertRefused(await county.patch(`${households}/${home.id}`, 1, { extension: { note: 'x'.repeat(300_000) } }), 413, 'too_large');
});
