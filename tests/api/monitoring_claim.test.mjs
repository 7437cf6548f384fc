// tests/api/monitoring_claim.test.mjs - claims: of whoever entered a person registered elsewhere, for holders of person.locate there (M-136).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { clash, claims, claimed, confirmed, memberNow, members, newHousehold, newOtherHousehold, person, today, transfers } from '../support/persons.mjs';
import { county, monitor, nobodysId, otherCounty, otherMonitor, otherVillage, prefecture } from '../support/world.mjs';

const eventsOf = (id) => rows(`SELECT verb, owner_division FROM monitoring.event WHERE id = '${id}' UNION ALL SELECT verb, owner_division FROM monitoring.outbox WHERE record_id = '${id}'`);

test('M-136: read and listed by holders of person.locate there, by nobody else', async () => {
  const { there, claim } = await clash({ locator: otherMonitor });
  assert.deepEqual([claim.owner_division, claim.household_id, claim.member_id, claim.member_name, claim.transfer_id, claim.version],
    [otherVillage, there.id, there.people[0].id, there.people[0].name, null, 1]);
  assertRecord(assertDone(await otherMonitor.get(`${claims}/${claim.id}`)), claim);
  for (const query of [{ division: otherVillage }, { household_id: there.id }, { sort: 'id' }, {}]) {
    assert.ok((await allOf(otherMonitor, claims, query)).some((each) => each.id === claim.id), JSON.stringify(query));
  }
  assert.ok(!(await allOf(monitor, claims)).some((each) => each.id === claim.id));
  assertRefused(await monitor.get(`${claims}/${claim.id}`), 404, 'not_found');
  assertRefused(await otherCounty.get(`${claims}/${claim.id}`), 403, 'forbidden');
  assertRefused(await prefecture.get(claims), 403, 'forbidden');
  assertRefused(await otherMonitor.get(`${claims}/${nobodysId()}`), 404, 'not_found');
  assert.deepEqual(eventsOf(claim.id), [{ verb: 'claim_person', owner_division: otherVillage }]);
  assert.equal(rows(`SELECT 1 FROM monitoring.audit_log WHERE verb = 'confirm_persons' AND body -> 'claims' @> '[{"id": "${claim.id}"}]'`).length, 1);
});

test('M-136: withdrawn with a reason, once', async () => {
  const { claim } = await clash({ locator: otherMonitor });
  const step = (caller, version, body) => caller.verb(`${claims}/${claim.id}:withdraw`, version, body);
  assertRefused(await step(otherMonitor, claim.version, {}), 422, 'invalid', { pointer: '/decision_note' });
  assertRefused(await step(otherMonitor, undefined, { decision_note: '录入有误' }), 428, 'precondition_required');
  assertRefused(await step(monitor, claim.version, { decision_note: '录入有误' }), 404, 'not_found');
  const now = assertDone(await step(otherMonitor, claim.version, { decision_note: '录入有误' }));
  assert.deepEqual([now.status, now.decision_note, now.version], ['withdrawn', '录入有误', 2]);
  assertRefused(await step(otherMonitor, claim.version, { decision_note: '录入有误' }), 412, 'stale');
  assertRefused(await step(otherMonitor, now.version, { decision_note: '录入有误' }), 409, 'state_conflict');
});

test('M-136: rejected by another person than who entered the member', async () => {
  const { claim } = await clash({ locator: otherMonitor });
  const now = assertDone(await otherMonitor.verb(`${claims}/${claim.id}:reject`, claim.version, { decision_note: '核实为误录' }));
  assert.equal(now.status, 'rejected');
  const who = person();
  await confirmed((await newHousehold([who])).people[0].id);
  const own = await newOtherHousehold();
  const { body: entered } = await otherMonitor.call('POST', `/monitoring/households/${own.id}/members`, { body: who });
  assert.equal(entered.code, 'registered_elsewhere');
  const there = await newOtherHousehold([who]);
  const second = await claimed(otherMonitor, there.people[0].id);
  const member = await memberNow(otherMonitor, there.people[0].id);
  assertDone(await otherMonitor.patch(`${members}/${member.id}`, member.version, { work_need: null, reason: '复核' }));
  assertRefused(await otherMonitor.verb(`${claims}/${second.id}:reject`, second.version, { decision_note: '核实为误录' }), 403, 'another_person_required');
});

test('M-136: a claim ends with its membership, and not while a transfer is asked for by it', async () => {
  const { there, claim } = await clash({ locator: otherMonitor });
  const asked = assertDone(await otherMonitor.post(transfers, { claim_id: claim.id, reason: '实际居住本村' }), 201);
  assertRefused(await otherMonitor.verb(`${claims}/${claim.id}:withdraw`, claim.version, { decision_note: '录入有误' }), 409, 'state_conflict');
  assert.equal(assertDone(await otherMonitor.get(`${claims}/${claim.id}`)).transfer_id, asked.id);
  assertDone(await otherMonitor.verb(`${transfers}/${asked.id}:withdraw`, asked.version, { decision_note: '另行核实' }));
  const member = await memberNow(otherCounty, there.people[0].id);
  assertDone(await otherCounty.verb(`${members}/${member.id}:leave`, member.version, { left_on: today(), left_how: 'error', reason: '误录' }));
  assert.equal(assertDone(await otherMonitor.get(`${claims}/${claim.id}`)).status, 'withdrawn');
});
