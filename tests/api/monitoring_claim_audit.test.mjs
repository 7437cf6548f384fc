// tests/api/monitoring_claim_audit.test.mjs - who is claimed elsewhere is not told by the audit log of a county (M-139): rows that would tell it are the province's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCaller } from '../support/admins.mjs';
import { allOf } from '../support/client.mjs';
import { assertDone } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { claimed, claims, confirmed, households, memberNow, members, newHousehold, newOtherHousehold, person, today, transfers } from '../support/persons.mjs';
import { otherCounty, otherMonitor, shuangfeng, village } from '../support/world.mjs';

const hunan = '430000000000';
const auditorOf = async (division) => (await newCaller(division, { role: 'audit_admin', ranges: [division], lines: null })).caller;
const log = '/monitoring/audit_log';
const found = async (auditor, query) => assertDone(await auditor.get(log, query)).items;

// All lines that an auditor takes out, as text.
async function exported(auditor, from) {
  const lines = [];
  for (let after = 0; after !== null;) {
    const { text } = await auditor.post(`${log}:export`, { from, until: '2199-01-01T00:00:00Z', reason: '县级抽查', after, rows: 500 });
    const page = text.trimEnd().split('\n');
    after = JSON.parse(page.pop()).next;
    lines.push(...page);
  }
  return lines;
}

test('M-139: nor by the audit log of a county; who covers the province reads what happened', async () => {
  const [local, above] = [await auditorOf(shuangfeng), await auditorOf(hunan)];
  const from = new Date(Date.now() - 60_000).toISOString();
  const who = person();
  await confirmed((await newHousehold([who])).people[0].id);
  const [known, fresh] = [await newOtherHousehold([who]), await newOtherHousehold([person()])];
  const claim = await claimed(otherMonitor, known.people[0].id);
  await confirmed(fresh.people[0].id);
  const asked = assertDone(await otherMonitor.post(transfers, { claim_id: claim.id, reason: '实际居住本村' }), 201);
  const [given] = rows(`SELECT id, version FROM monitoring.transfer WHERE counterpart_id = '${asked.id}'`);
  assertDone(await otherMonitor.verb(`${transfers}/${asked.id}:withdraw`, asked.version, { decision_note: '另行核实' }));
  const refused = await otherMonitor.post(`${households}/${fresh.id}/members`, { ...who, relation: 'sibling' });
  const second = refused.body.about.split('/').pop();
  assertDone(await otherMonitor.verb(`${claims}/${second}:withdraw`, 1, { decision_note: '录入有误' }));
  for (const { people: [{ id }] } of [known, fresh]) {
    const { version } = await memberNow(otherCounty, id);
    assertDone(await otherCounty.verb(`${members}/${id}:leave`, version, { left_on: today(), left_how: 'moved_out', reason: '迁出' }));
  }
  const offered = assertDone(await otherCounty.post(transfers, { household_id: fresh.id, to_division: village, reason: '整户搬迁' }), 201);

  // By record, by kind of record, in an export, in the work list and among events.
  const told = [claim.id, second, asked.id, given.id];
  for (const record_id of told) assert.deepEqual(await found(local, { record_id }), [], record_id);
  for (const record of ['person_claim', 'person_check']) assert.deepEqual(await found(local, { record, from, until: new Date(Date.now() + 86_400_000).toISOString() }), [], record);
  const lines = await exported(local, from);
  assert.ok(lines.length > 0 && lines.some((line) => line.includes(known.people[0].id)));
  for (const id of told) assert.ok(!lines.some((line) => line.includes(id)), id);
  const shown = async (home) => {
    const all = [];
    for (const record_id of [home.id, home.people[0].id]) all.push(...await found(local, { record_id, sort: 'at' }));
    return all.map((row) => `${row.verb} ${row.record} ${row.version} ${row.owner_division} ${row.record === 'member' ? row.body.confirmation : ''}`);
  };
  assert.deepEqual(await shown(known), await shown(fresh), 'alike');
  assert.ok(!JSON.stringify(await allOf(local, '/identity/me/worklist')).match(/person_claim/));
  const events = await local.get('/monitoring/events', { after: 0, limit: 500 });
  assert.ok(events.status === 403 || !/person_claim|person_check/.test(events.text), events.text.slice(0, 300));
  assert.deepEqual((await found(local, { record_id: offered.id })).map((row) => row.verb), ['ask_transfer'], 'an offer tells of no claim');

  // The province's auditor finds each, with the village in it.
  const verbs = async (record_id) => (await found(above, { record_id, sort: 'at' })).map((row) => `${row.verb} ${row.owner_division}`);
  assert.deepEqual(await verbs(second), ['tell_registered_elsewhere', 'withdraw_person_claim'].map((verb) => `${verb} ${hunan}`));
  assert.deepEqual(await verbs(asked.id), ['ask_transfer', 'withdraw_transfer'].map((verb) => `${verb} ${hunan}`));
  assert.deepEqual(await verbs(given.id), ['ask_transfer', 'withdraw_transfer'].map((verb) => `${verb} ${hunan}`));
  const all = (await exported(above, from)).map((line) => JSON.parse(line));
  const ofClaim = all.filter((row) => row.record === 'person_check' && row.body.claims.some((each) => each.id === claim.id));
  assert.deepEqual(ofClaim.map((row) => [row.verb, row.record, row.owner_division]), [['confirm_persons', 'person_check', hunan], ['free_person', 'person_check', hunan]]);
  assert.deepEqual(ofClaim[0].body.claims.find((each) => each.id === claim.id).owner_division, claim.owner_division);
});
