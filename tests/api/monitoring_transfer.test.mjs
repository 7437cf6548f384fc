// tests/api/monitoring_transfer.test.mjs - a household, or a member of one, moves to another village: offered (M-140), asked for by a claim (M-141), decided by the
// other side (M-142, M-143), and carried out at once (M-144 to M-146).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccount, signedIn } from '../support/accounts.mjs';
import { allOf, send } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { announced } from '../support/events.mjs';
import { mobile } from '../support/numbers.mjs';
import { clash, claims, confirmed, householdNow, households, memberNow, members, newHousehold, newOtherHousehold, person, transfers } from '../support/persons.mjs';
import { findingsOf, idOf, newSound, yearsAgo } from '../support/rules.mjs';
import { county, monitor, nobodysId, otherCounty, otherMonitor, otherVillage, province, townOffice, village } from '../support/world.mjs';

const reason = '整户搬迁至集中安置点';
const offer = (body, caller = county) => caller.post(transfers, { to_division: otherVillage, reason, ...body });
const offered = async (body, caller) => assertDone(await offer(body, caller), 201);
const step = (caller, transfer, verb, body = {}) => caller.verb(`${transfers}/${transfer.id}:${verb}`, transfer.version, body);
const stop = (caller, transfer, verb) => step(caller, transfer, verb, { decision_note: '另行核实' });

// The other side's row.
async function counterpart(caller, query) {
  const [found] = (await allOf(caller, transfers, { status: 'requested', ...query })).slice(-1);
  return found;
}
const receivedBy = (caller, transfer) => counterpart(caller, { household_id: transfer.household_id, side: 'receiving' });
const eventsOf = (id) => rows(`SELECT e.verb, e.owner_division, e.has_left FROM monitoring.event e WHERE e.id = '${id}' AND e.verb = 'accept_transfer' ORDER BY e.seq`);

test('M-140, M-142: a household is offered, and each side sees its own row', async () => {
  const household = await newHousehold([person()]);
  const given = await offered({ household_id: household.id });
  assert.deepEqual([given.side, given.asked_by, given.kind, given.status, given.from_division, given.to_division, given.subject_name, given.version],
    ['giving', 'giving', 'household', 'requested', village, otherVillage, household.head_name, 1]);
  assertRecord(assertDone(await county.get(`${transfers}/${given.id}`)), given);
  const received = await receivedBy(otherCounty, given);
  assert.deepEqual([received.side, received.owner_division, received.from_division, received.subject_name, received.reason], ['receiving', otherVillage, village, household.head_name, reason]);
  assertRefused(await otherCounty.get(`${transfers}/${given.id}`), 404, 'not_found');
  assertRefused(await county.get(`${transfers}/${received.id}`), 404, 'not_found');
  assertRefused(await province.get(transfers), 403, 'forbidden');
  for (const query of [{ division: village }, { side: 'giving' }, { sort: 'id' }]) {
    assert.ok((await allOf(county, transfers, query)).some((each) => each.id === given.id), JSON.stringify(query));
  }
  assertRefused(await householdNow(county, household.id).then(() => otherCounty.get(`${households}/${household.id}`)), 404, 'not_found');
});

test('M-140: what is not offered', async () => {
  const household = await newHousehold([person()]);
  const { id: household_id } = household;
  assertRefused(await offer({}), 422, 'invalid');
  assertRefused(await offer({ household_id, member_id: household.people[0].id }), 422, 'invalid');
  assertRefused(await offer({ household_id, to_division: undefined }), 422, 'invalid', { pointer: '/to_division' });
  assertRefused(await offer({ household_id, to_division: '431302000000' }), 422, 'invalid', { pointer: '/to_division' });
  assertRefused(await offer({ household_id, to_division: village }), 422, 'invalid', { pointer: '/to_division' });
  assertRefused(await offer({ household_id: nobodysId() }), 422, 'invalid', { pointer: '/household_id' });
  assertRefused(await offer({ household_id }, otherCounty), 422, 'invalid', { pointer: '/household_id' });
  assertRefused(await offer({ member_id: nobodysId() }), 422, 'invalid', { pointer: '/member_id' });
  assertRefused(await offer({ member_id: household.head.id }), 409, 'state_conflict');
  assertRefused(await offer({ household_id, reason: undefined }), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await offer({ claim_id: nobodysId(), to_division: undefined }), 403, 'forbidden');
  assertRefused(await offer({ claim_id: nobodysId(), to_division: undefined }, monitor), 422, 'invalid', { pointer: '/claim_id' });
});

test('M-142: one at a time, decided by the other side and stopped by its own', async () => {
  const household = await newHousehold([person()]);
  const given = await offered({ household_id: household.id });
  assertRefused(await offer({ household_id: household.id }), 409, 'state_conflict');
  assertRefused(await offer({ member_id: household.people[0].id }), 409, 'state_conflict');
  const received = await receivedBy(otherCounty, given);
  assertRefused(await step(county, given, 'accept'), 403, 'not_your_unit');
  assertRefused(await stop(county, given, 'refuse'), 403, 'not_your_unit');
  assertRefused(await stop(otherCounty, received, 'withdraw'), 403, 'not_your_unit');
  assertRefused(await stop(otherCounty, given, 'refuse'), 404, 'not_found');
  assertRefused(await step(otherCounty, received, 'refuse'), 422, 'invalid', { pointer: '/decision_note' });
  const refused = assertDone(await stop(otherCounty, received, 'refuse'));
  assert.deepEqual([refused.status, refused.decision_note, refused.version], ['refused', '另行核实', 2]);
  assert.equal(assertDone(await county.get(`${transfers}/${given.id}`)).status, 'refused');
  assertRefused(await step(otherCounty, received, 'accept'), 412, 'stale');
  assertRefused(await step(otherCounty, refused, 'accept'), 409, 'state_conflict');
  const second = await offered({ household_id: household.id });
  assert.equal(assertDone(await stop(county, second, 'withdraw')).status, 'withdrawn');
});

test('M-144, M-145: accepted, the household goes whole; what happened stays where it was', async () => {
  const who = person({ phone: mobile() });
  const household = await newHousehold([who]);
  await confirmed(household.people[0].id);
  const given = await offered({ household_id: household.id });
  const before = await householdNow(county, household.id);
  assertDone(await county.patch(`${households}/${household.id}`, before.version, { address: '四组7号', reason: '门牌变更' }));
  const received = await receivedBy(otherCounty, given);
  const now = assertDone(await step(otherCounty, received, 'accept', { decision_note: '同意接收' }));
  assert.deepEqual([now.status, now.decision_note], ['accepted', '同意接收']);
  assert.equal(assertDone(await county.get(`${transfers}/${given.id}`)).status, 'accepted');
  assertRefused(await county.get(`${households}/${household.id}`), 404, 'not_found');
  const moved = await householdNow(otherCounty, household.id);
  assert.deepEqual([moved.owner_division, moved.at_division, moved.address, moved.source, moved.reason, moved.member_count],
    [otherVillage, village, '四组7号', 'transfer', reason, 2]);
  const member = await memberNow(otherMonitor, household.people[0].id);
  assert.deepEqual([member.owner_division, member.at_division, member.confirmation, member.source], [otherVillage, village, 'confirmed', 'transfer']);
  assert.deepEqual(rows(`SELECT DISTINCT division FROM monitoring.person_key WHERE member_id IN ('${member.id}', '${household.head.id}')`), [{ division: otherVillage }]);
  assert.deepEqual(rows(`SELECT DISTINCT owner_division, at_division FROM monitoring.archive_version WHERE household_id = '${household.id}'`),
    [{ owner_division: otherVillage, at_division: village }]);
  assertRefused(await county.patch(`${households}/${household.id}`, moved.version, { address: '五组' }), 404, 'not_found');
  assertDone(await otherCounty.patch(`${households}/${household.id}`, moved.version, { address: '城东1号', reason: '迁入' }));
});

test('M-145: the old side is told that it has left, the new one that it is there', async () => {
  const household = await newHousehold([person()]);
  const given = await offered({ household_id: household.id });
  assertDone(await step(otherCounty, await receivedBy(otherCounty, given), 'accept'));
  let events = [];
  for (let tries = 0; tries < 1200 && events.length < 2; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    events = eventsOf(household.id);
  }
  assert.deepEqual(events, [{ verb: 'accept_transfer', owner_division: village, has_left: true }, { verb: 'accept_transfer', owner_division: otherVillage, has_left: false }]);
});

test('M-145, M-108: what rules say of health and of children is told to who may see it when it moves, too', async () => {
  const { household } = await newSound({}, { head: { health: 'disabled', work_income: '50' }, child: { student_status: 'senior_1' } });
  const of = Object.fromEntries((await findingsOf(household.id)).map((each) => [each.rule, each.id]));
  const given = await offered({ household_id: household.id });
  assertDone(await step(otherCounty, await receivedBy(otherCounty, given), 'accept'));
  const told = (rule) => rows(`SELECT e.record FROM ${announced('monitoring')} AS e WHERE e.record_id = '${of[rule]}' AND e.verb = 'accept_transfer'`).map((each) => each.record);
  assert.deepEqual(['4_12_003', '9_03_003', '5_16_001'].map(told), [['finding_of_health'], ['finding_of_minor'], ['finding']]);
  const kept = rows(`SELECT body FROM monitoring.audit_log WHERE verb = 'accept_transfer' AND record_id IN (${Object.values(of).map((id) => `'${id}'`).join(',')})`);
  assert.ok(kept.length >= 3 && !JSON.stringify(kept).includes('finding_of'), JSON.stringify(kept));
});

test('M-143: nobody accepts what they asked for, in another account of theirs either', async () => {
  const household = await newHousehold();
  const given = await offered({ household_id: household.id, to_division: '431302006001' });
  const received = await receivedBy(county, given);
  assert.ok(received, 'one office has both villages');
  assertRefused(await step(county, received, 'accept'), 403, 'another_person_required');
  const { session } = await signedIn(newAccount({ like: 'county_office' }));
  const answer = await send('POST', `${transfers}/${received.id}:accept`, { token: session.access_token, body: {}, ifMatch: received.version });
  assertRefused(answer, 403, 'another_person_required');
  assertDone(await step(townOffice, received, 'accept'));
  assert.equal((await householdNow(county, household.id)).owner_division, '431302006001');
});

test('M-146: a member is offered and comes to a household there, sealed anew', async () => {
  const who = person({ phone: mobile() });
  const here = await newHousehold([who]);
  await confirmed(here.people[0].id);
  const there = await newOtherHousehold();
  const given = await offered({ member_id: here.people[0].id });
  assert.deepEqual([given.kind, given.member_id, given.subject_name], ['member', here.people[0].id, who.name]);
  const received = await receivedBy(otherCounty, given);
  assert.equal(received.member_id, null);
  assertRefused(await step(otherCounty, received, 'accept'), 422, 'invalid', { pointer: '/household_id' });
  assertRefused(await step(otherCounty, received, 'accept', { household_id: here.id }), 422, 'invalid', { pointer: '/household_id' });
  assertRefused(await step(otherCounty, received, 'accept', { household_id: there.id, relation: 'head' }), 422, 'invalid', { pointer: '/relation' });
  assertRefused(await step(otherCounty, received, 'accept', { household_id: there.id, relation: 'nobody' }), 422, 'invalid', { pointer: '/relation' });
  const now = assertDone(await step(otherCounty, received, 'accept', { household_id: there.id, relation: 'sibling' }));
  const member = await memberNow(otherMonitor, now.member_id);
  assert.deepEqual([member.household_id, member.owner_division, member.follows_id, member.relation, member.joined_how, member.confirmation, member.source, member.name],
    [there.id, otherVillage, here.people[0].id, 'sibling', 'moved_in', 'confirmed', 'transfer', who.name]);
  const former = await memberNow(county, here.people[0].id);
  assert.deepEqual([former.left_how, former.left_on, former.household_id], ['moved_out', member.joined_on, here.id]);
  assert.deepEqual([(await householdNow(county, here.id)).member_count, (await householdNow(otherCounty, there.id)).member_count], [1, 2]);
  const found = assertDone(await otherMonitor.post('/monitoring/members:find', { id_number: who.id_number })).items;
  assert.deepEqual(found.map((each) => each.id), [member.id]);
  assert.match(found[0].id_number, /\*/, 'it opens under the new row');
  assertRefused(await otherCounty.get(`${members}/${former.id}`), 404, 'not_found');
});

test('M-141: asked for by a claim; until it is accepted nothing is told of where', async () => {
  const { who, here, there, claim } = await clash({ locator: otherMonitor });
  const answer = await otherMonitor.post(transfers, { claim_id: claim.id, reason: '实际居住本村' });
  const asked = assertDone(answer, 201);
  assert.deepEqual([asked.side, asked.asked_by, asked.kind, asked.from_division, asked.household_id, asked.member_id, asked.to_household_id],
    ['receiving', 'receiving', 'member', null, null, null, there.id]);
  assert.ok(!answer.text.includes('431302') && !answer.text.includes(here.id), answer.text);
  assertRefused(await otherMonitor.post(transfers, { claim_id: claim.id, reason: '实际居住本村' }), 409, 'state_conflict');
  const given = await counterpart(county, { household_id: here.id, side: 'giving' });
  assert.deepEqual([given.asked_by, given.member_id, given.subject_name, given.to_division, given.claim_id], ['receiving', here.people[0].id, who.name, otherVillage, null]);
  assertRefused(await step(otherMonitor, asked, 'accept'), 403, 'not_your_unit');
  assertDone(await step(county, given, 'accept'));
  const settled = assertDone(await otherMonitor.get(`${transfers}/${asked.id}`));
  assert.deepEqual([settled.status, settled.from_division, settled.member_id], ['accepted', village, there.people[0].id]);
  const member = await memberNow(otherMonitor, there.people[0].id);
  assert.deepEqual([member.confirmation, member.follows_id], ['confirmed', here.people[0].id]);
  assert.equal(assertDone(await otherMonitor.get(`${claims}/${claim.id}`)).status, 'transferred');
  assert.equal((await memberNow(county, here.people[0].id)).left_how, 'moved_out');
});

test('M-141: refused, the claim stays open; the head is not given away', async () => {
  const { here, claim } = await clash({ locator: otherMonitor });
  const asked = assertDone(await otherMonitor.post(transfers, { claim_id: claim.id, reason: '实际居住本村' }), 201);
  assertDone(await stop(county, await counterpart(county, { household_id: here.id }), 'refuse'));
  const told = await otherMonitor.get(`${transfers}/${asked.id}`);
  assert.equal(assertDone(told).status, 'refused');
  assert.ok(!told.text.includes('"431302'), told.text);
  assert.equal(assertDone(await otherMonitor.get(`${claims}/${claim.id}`)).status, 'open');
});

test('M-141: a head who is asked for is not given away', async () => {
  const head = person({ relation: 'head' });
  const here = assertDone(await county.post(households, { owner_division: village, household_type: 'general', members: [head] }), 201);
  await confirmed(here.head_member_id);
  const there = await newOtherHousehold();
  const refused = await otherMonitor.post(`${households}/${there.id}/members`, { ...head, relation: 'sibling' });
  const asked = assertDone(await otherMonitor.post(transfers, { claim_id: refused.body.about.split('/').pop(), reason: '婚迁' }), 201);
  assertRefused(await step(county, await counterpart(county, { household_id: here.id }), 'accept'), 409, 'state_conflict');
  assertDone(await stop(otherMonitor, asked, 'withdraw'));
});

test('M-141: asked for by a claim of a refused entry, the person comes to the household that was tried', async () => {
  const who = person();
  const here = await newHousehold([who]);
  await confirmed(here.people[0].id);
  const there = await newOtherHousehold();
  const refused = await otherMonitor.post(`${households}/${there.id}/members`, { ...who, relation: 'sibling' });
  assertRefused(refused, 409, 'registered_elsewhere');
  const claim_id = refused.body.about.split('/').pop();
  const asked = assertDone(await otherMonitor.post(transfers, { claim_id, reason: '婚迁' }), 201);
  assert.equal(asked.to_household_id, there.id);
  const given = await counterpart(county, { household_id: here.id });
  assertDone(await step(county, given, 'accept', { decision_note: '情况属实' }));
  const settled = assertDone(await otherMonitor.get(`${transfers}/${asked.id}`));
  const member = await memberNow(otherMonitor, settled.member_id);
  assert.deepEqual([member.household_id, member.name, member.confirmation], [there.id, who.name, 'confirmed']);
});

test('M-105, M-144: a member is not accepted into a household that the rules would refuse', async () => {
  const there = await newOtherHousehold();
  const here = await newHousehold([person({ id_number: idOf(there.head.sex, yearsAgo(30)) })]);
  const given = await offered({ member_id: here.people[0].id });
  const received = await receivedBy(otherCounty, given);
  assertRefused(await step(otherCounty, received, 'accept', { household_id: there.id, relation: 'spouse' }), 422, 'invalid', { code: '2_11_003' });
  assert.equal((await memberNow(county, here.people[0].id)).left_on, null);
  assertDone(await step(otherCounty, received, 'accept', { household_id: there.id, relation: 'sibling' }));
});

// What the rules have found in a household, whoever may see it.
const foundIn = (id) => rows(`SELECT rule, severity, owner_division FROM monitoring.finding WHERE household_id = '${id}' AND status <> 'resolved' ORDER BY rule, id`);

test('M-105, M-144: the household of the side that asked is judged with the acceptance; its errors are recorded', async () => {
  const { here, there, claim } = await clash({ locator: otherMonitor });
  assertDone(await otherMonitor.post(transfers, { claim_id: claim.id, reason: '实际居住本村' }), 201);
  const given = await counterpart(county, { household_id: here.id, side: 'giving' });
  // What only a look at both shows: two facts of that household that went wrong behind the rules' back.
  run(`UPDATE monitoring.member SET labour = NULL WHERE id = '${there.people[0].id}'; DELETE FROM monitoring.finding WHERE household_id = '${there.id}'`);
  const answer = await step(county, given, 'accept');
  assertDone(answer);
  assert.ok(!answer.text.includes('3_01_001'), 'nothing of it is told to the side that gives');
  assert.ok(foundIn(there.id).some((each) => each.rule === '3_01_001' && each.severity === 'error' && each.owner_division === otherVillage), JSON.stringify(foundIn(there.id)));
});

test('M-105, M-144: the household that a member was given from is judged with the acceptance', async () => {
  const here = await newHousehold([person()]);
  const there = await newOtherHousehold();
  const given = await offered({ member_id: here.people[0].id });
  run(`UPDATE monitoring.member SET labour = NULL WHERE id = '${here.head.id}'; DELETE FROM monitoring.finding WHERE household_id = '${here.id}'`);
  assertDone(await step(otherCounty, await receivedBy(otherCounty, given), 'accept', { household_id: there.id, relation: 'sibling' }));
  assert.ok(foundIn(here.id).some((each) => each.rule === '3_01_001' && each.owner_division === village), JSON.stringify(foundIn(here.id)));
  assertRefused(await otherCounty.get(`${households}/${here.id}`), 404, 'not_found');
});

test('M-105, M-145: a household that moves whole is judged where it comes to, and refused for nothing', async () => {
  const household = await newHousehold([person()]);
  const given = await offered({ household_id: household.id });
  run(`UPDATE monitoring.member SET labour = NULL WHERE id = '${household.head.id}'; DELETE FROM monitoring.finding WHERE household_id = '${household.id}'`);
  assertDone(await step(otherCounty, await receivedBy(otherCounty, given), 'accept'));
  assert.ok(foundIn(household.id).some((each) => each.rule === '3_01_001' && each.owner_division === otherVillage), JSON.stringify(foundIn(household.id)));
});
