// tests/api/monitoring_membership.test.mjs - steps of whole households (M-033 to M-036): another head, split, merged, ended; and two of them at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { households, idOf, newSound, sound, soundBody, yearsAgo } from '../support/rules.mjs';
import { county, nobodysId, otherCounty } from '../support/world.mjs';

const members = '/monitoring/members';
const verb = (household, name, body, { version = household.version, caller = county, ...options } = {}) => caller.verb(`${households}/${household.id}:${name}`, version, body, options);
const now = async (id) => assertDone(await county.get(`${households}/${id}`));
const living = (id) => allOf(county, `${households}/${id}/members`);
const memberNow = async (id) => assertDone(await county.get(`${members}/${id}`));
const brother = (more = {}) => ({ ...sound, name: unique('弟'), relation: 'sibling', id_number: idOf('1', yearsAgo(33, 9)), ...more });

// A household of four: head, spouse, son and the head's brother.
async function four() {
  const all = await newSound();
  const uncle = assertDone(await county.post(`${households}/${all.household.id}/members`, brother({ phone: '13512345678' })), 201);
  return { ...all, uncle, household: await now(all.household.id) };
}

test('M-033: another member is the head, and of each other one it is said what it is to it', async () => {
  const { household, head, spouse, child } = await newSound();
  const relations = [{ member_id: head.id, relation: 'spouse' }, { member_id: child.id, relation: 'son' }];
  assertRefused(await verb(household, 'set_head', { member_id: head.id, relations: [] }), 409, 'state_conflict');
  assertRefused(await verb(household, 'set_head', { member_id: nobodysId(), relations }), 422, 'invalid', { pointer: '/member_id' });
  assertRefused(await verb(household, 'set_head', { member_id: spouse.id, relations: relations.slice(1) }), 422, 'invalid', { pointer: '/relations' });
  assertRefused(await verb(household, 'set_head', { member_id: spouse.id, relations: [{ member_id: head.id, relation: 'x' }] }), 422, 'invalid', { pointer: '/relations/0/relation' });
  assertRefused(await verb(household, 'set_head', { member_id: spouse.id, relations }, { version: 9 }), 412, 'stale');
  assertRefused(await verb(household, 'set_head', { member_id: spouse.id, relations }, { caller: otherCounty }), 404, 'not_found');
  assertRecord(assertDone(await verb(household, 'set_head', { member_id: spouse.id, relations })), { head_member_id: spouse.id, head_name: spouse.name, version: 2 });
  assert.deepEqual((await living(household.id)).map((each) => [each.id, each.relation, each.version]).sort(), [[head.id, 'spouse', 2], [spouse.id, 'head', 2], [child.id, 'son', 1]].sort());
});

test('M-034: some go on as a household of their own: their memberships end here and begin there, numbers and all', async () => {
  const { household, head, spouse, child, uncle } = await four();
  const split = (list, more = {}, options = {}) => verb(household, 'split', { members: list, address: unique('新屋'), reason: '分户', ...more }, options);
  const leaving = [{ member_id: uncle.id, relation: 'head' }];
  assertRefused(await split([{ member_id: head.id, relation: 'head' }]), 409, 'state_conflict');
  assertRefused(await split([{ member_id: uncle.id, relation: 'sibling' }]), 422, 'invalid', { pointer: '/members', code: 'one_head' });
  assertRefused(await split([...leaving, { member_id: uncle.id, relation: 'son' }]), 422, 'invalid', { pointer: '/members', code: 'repeated' });
  assertRefused(await split([{ member_id: nobodysId(), relation: 'head' }]), 422, 'invalid', { pointer: '/members', code: 'who_lives_there' });
  assertRefused(await split(leaving, { reason: undefined }), 422, 'invalid', { pointer: '/reason', code: 'required' });
  assertRefused(await split(leaving, { on: yearsAgo(0, -1) }), 422, 'invalid', { pointer: '/on', code: 'in_the_future' });
  for (const refused of [await split(leaving, { on: '1950-01-01' }), await verb(household, 'end', { ended_how: 'moved_out', reason: '迁出', on: '1950-01-01' })])
    assertRefused(refused, 422, 'invalid', { pointer: '/on' });
  assertRefused(await split(leaving, {}, { caller: otherCounty }), 404, 'not_found');
  const key = newKey();
  const address = unique('新屋');
  const made = await split(leaving, { address }, { key });
  const next = assertDone(made, 201);
  assert.equal(made.headers.get('location'), `/api/v1${households}/${next.id}`);
  assertRecord(next, { follows_id: household.id, member_count: 1, head_name: uncle.name, owner_division: household.owner_division, version: 1, household_type: 'general' });
  assertRecord(next.members[0], { follows_id: uncle.id, joined_how: 'split', relation: 'head', phone: '135****5678', birth_on: uncle.birth_on, health: 'healthy' });
  assert.notEqual(next.members[0].id_number, 'unreadable');
  assertRecord(await memberNow(uncle.id), { left_how: 'split', left_on: yearsAgo(0), version: 2 });
  assertRefused(await split(leaving, { address }), 412, 'stale');
  assertRecord(await now(household.id), { member_count: 3, version: household.version + 1 });
  assert.deepEqual((await living(household.id)).map((each) => each.id).sort(), [head.id, spouse.id, child.id].sort());
  assert.equal(assertDone(await split(leaving, { address }, { key }), 201).id, next.id);
  const told = rows(`SELECT record, record_id::text AS id FROM monitoring.audit_log WHERE verb = 'split_household' AND body ->> 'id' IN ('${next.id}', '${household.id}', '${uncle.id}', '${next.members[0].id}')`);
  assert.deepEqual(told.map((each) => each.id).sort(), [next.id, household.id, uncle.id, next.members[0].id].sort());
});

test('M-035: a household moves into another one of the village, whole, and ends', async () => {
  const { household: home } = await newSound();
  const lone = assertDone(await county.post(households, soundBody({ members: [brother({ relation: 'head' })] })), 201);
  const relations = [{ member_id: lone.members[0].id, relation: 'sibling' }];
  const merge = (more = {}, options = {}) => verb(home, 'merge', { from_household_id: lone.id, relations, reason: '并户', ...more }, options);
  assertRefused(await merge({ relations: [] }), 422, 'invalid', { pointer: '/relations', code: 'who_lives_there' });
  assertRefused(await merge({ relations: [{ ...relations[0], relation: 'head' }] }), 422, 'invalid', { pointer: '/relations', code: 'one_head' });
  assertRefused(await merge({ relations: [{ ...relations[0], relation: 'x' }] }), 422, 'invalid', { pointer: '/relations/0/relation' });
  assertRefused(await merge({ from_household_id: nobodysId() }), 422, 'invalid', { pointer: '/from_household_id' });
  assertRefused(await merge({ from_household_id: home.id }), 422, 'invalid');
  const elsewhere = assertDone(await county.post(households, soundBody({ owner_division: '431302006001', members: [brother({ relation: 'head' })] })), 201);
  assertRefused(await merge({ from_household_id: elsewhere.id, relations: [{ member_id: elsewhere.members[0].id, relation: 'sibling' }] }), 422, 'invalid', { pointer: '/from_household_id' });
  assertRecord(assertDone(await merge()), { member_count: 4, version: 2 });
  assertRecord(await now(lone.id), { status: 'ended', ended_how: 'merged', ended_on: yearsAgo(0), member_count: 0, version: 2 });
  const came = (await living(home.id)).find((each) => each.follows_id === lone.members[0].id);
  assertRecord(came, { joined_how: 'merged', relation: 'sibling' });
  assertRecord(await memberNow(lone.members[0].id), { left_how: 'merged' });
  assertRefused(await merge({}, { version: 2 }), 409, 'state_conflict');
});

test('M-036: a household ends, and who lived there has left with it', async () => {
  const { household, head, child } = await newSound();
  const end = (more = {}, options = {}) => verb(household, 'end', { ended_how: 'moved_out', reason: '整户迁出', ...more }, options);
  assertRefused(await end({ ended_how: 'merged' }), 422, 'invalid', { pointer: '/ended_how' });
  assertRefused(await end({ on: yearsAgo(0, -1) }), 422, 'invalid', { pointer: '/on', code: 'in_the_future' });
  assertRecord(assertDone(await end()), { status: 'ended', ended_how: 'moved_out', ended_on: yearsAgo(0), member_count: 0, version: 2 });
  for (const each of [head, child]) assertRecord(await memberNow(each.id), { left_how: 'moved_out', left_on: yearsAgo(0), version: 2 });
  assertRefused(await end({}, { version: 2 }), 409, 'state_conflict');
  assertRefused(await verb(household, 'split', { members: [{ member_id: child.id, relation: 'head' }], reason: 'x' }, { version: 2 }), 409, 'state_conflict');
  assertRefused(await county.post(`${households}/${household.id}/members`, brother()), 409, 'state_conflict');
  assert.ok((await allOf(county, households, { status: 'ended', ids: household.id })).length === 1);
});

test('M-037: split and merge of one household at once: one is done, nobody is in two households', async () => {
  for (let round = 0; round < 4; round++) {
    const { household, uncle } = await four();
    const { household: target } = await newSound();
    const relations = (await living(household.id)).map((each) => ({ member_id: each.id, relation: 'other' }));
    const answers = await Promise.all([
      verb(household, 'split', { members: [{ member_id: uncle.id, relation: 'head' }], reason: '分户' }),
      verb(target, 'merge', { from_household_id: household.id, relations, reason: '并户' }),
    ]);
    assert.equal(answers.filter((answer) => answer.status < 300).length, 1, JSON.stringify(answers.map((answer) => answer.body)));
    const there = rows(`SELECT count(*)::integer AS n FROM monitoring.member WHERE left_on IS NULL AND (id = '${uncle.id}' OR follows_id = '${uncle.id}')`)[0].n;
    assert.equal(there, 1);
  }
});

test('M-022: what households show of their members is what a recount finds', async () => {
  const wrong = rows(`SELECT h.id::text FROM monitoring.household h LEFT JOIN monitoring.member m ON m.id = h.head_member_id
    WHERE h.recorded_by_account IS NOT NULL AND ((h.head_name, h.head_birth_on) IS DISTINCT FROM (m.name, m.birth_on)
       OR h.member_count <> (SELECT count(*) FROM monitoring.member c WHERE c.household_id = h.id AND c.left_on IS NULL)
       OR (h.status = 'active' AND 1 <> (SELECT count(*) FROM monitoring.member c WHERE c.household_id = h.id AND c.left_on IS NULL AND c.relation = 'head')))`);
  assert.deepEqual(wrong, []);
});

test('M-033: of each other member one relation is said', async () => {
  const { household, head, spouse, child } = await newSound();
  const relations = [{ member_id: head.id, relation: 'spouse' }, { member_id: head.id, relation: 'other' }, { member_id: child.id, relation: 'son' }];
  assertRefused(await verb(household, 'set_head', { member_id: spouse.id, relations }), 422, 'invalid', { pointer: '/relations' });
});

test('M-040: the audit log keeps no day of birth of a head', async () => {
  const { household, head, spouse, child } = await newSound();
  const relations = [{ member_id: head.id, relation: 'spouse' }, { member_id: child.id, relation: 'son' }];
  assertDone(await verb(household, 'set_head', { member_id: spouse.id, relations }));
  const [row] = rows(`SELECT before ->> 'head_birth_on' AS born FROM monitoring.audit_log WHERE record_id = '${household.id}' AND verb = 'set_household_head'`);
  assert.ok(row.born !== undefined && row.born !== head.birth_on, row.born);
});
