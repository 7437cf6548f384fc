// tests/api/monitoring_sync.test.mjs - what devices of field teams keep and bring of the archive (M-205; proto/sync.md).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { uuid } from '../support/client.mjs';
import { assertDone } from '../support/assert.mjs';
import { confirmed, householdNow, members, memberNow, newHousehold, newOtherHousehold, person } from '../support/persons.mjs';
import { county, monitor, townOffice } from '../support/world.mjs';

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const pushed = async (caller, ...operations) => assertDone(await caller.post('/monitoring/sync', { operations })).results;

// A device's whole copy, and what the service says that it should be.
async function copyOf(caller) {
  const records = new Map();
  let cursor;
  let answer;
  do {
    answer = assertDone(await caller.get('/monitoring/sync', cursor ? { cursor } : {}));
    for (const { kind, record } of answer.changed) records.set(`${kind} ${record.id}`, record);
    for (const { kind, id } of [...answer.left, ...answer.deleted]) records.delete(`${kind} ${id}`);
    cursor = answer.next_cursor;
    if (!answer.more && !answer.digests) await pause(100);
  } while (answer.more || !answer.digests);
  return { records, digests: answer.digests };
}

const digestOf = (records, kind) => {
  const own = [...records].filter(([key]) => key.startsWith(`${kind} `)).map(([, record]) => record);
  const sum = own.reduce((all, { id, version }) => all ^ createHash('sha256').update(`${id}:${version}`).digest().readBigUInt64BE(), 0n);
  return { kind, count: own.length, digest: sum.toString(16).padStart(16, '0') };
};

test('M-205: a device keeps households and members of its scope, masked as in their lists', async () => {
  const child = person({ id_number: undefined, birth_on: '2020-05-01', relation: 'other', education: undefined, labour: 'none', student_status: 'preschool_age' });
  const household = await newHousehold([child]);
  const other = await newOtherHousehold();
  const { records, digests } = await copyOf(townOffice);
  const [kept] = [records.get(`household ${household.id}`)];
  assert.equal(kept.head_name, household.head_name);
  const [young] = household.people.map((each) => records.get(`member ${each.id}`));
  assert.deepEqual([young.minor, young.birth_on], [true, null]);
  assert.match(young.name, /^赵\*+$/);
  assert.ok(![...records.keys()].some((key) => key.endsWith(other.id)));
  assert.deepEqual(digests, ['household', 'member'].map((kind) => digestOf(records, kind)));
});

test('M-205: it brings changes of both, and new members; an error of the rules refuses', async () => {
  const household = await newHousehold();
  await confirmed(household.head.id);
  const head = await memberNow(townOffice, household.head.id);
  const born = uuid();
  const [home, own, added] = await pushed(townOffice,
    { op_id: uuid(), operation: 'update_household', target: household.id, base_version: 1, base: { address: household.address }, body: { address: '三组新屋' } },
    { op_id: uuid(), operation: 'update_member', target: head.id, base_version: head.version, base: { working_away: null }, body: { working_away: true, work_place: '440300000000', work_months: 6, work_income: '3000' } },
    { op_id: uuid(), operation: 'create_household_member', target: household.id, body: { ...person(), id: born } });
  assert.deepEqual([home.outcome, own.outcome, added.outcome], ['done', 'done', 'done'], JSON.stringify([home, own, added]));
  assert.equal((await householdNow(county, household.id)).address, '三组新屋');
  assert.equal((await memberNow(county, head.id)).working_away, true);
  assert.equal(assertDone(await monitor.get(`${members}/${born}`)).household_id, household.id);
  const [refused] = await pushed(townOffice, { op_id: uuid(), operation: 'create_household_member', target: household.id, body: { ...person({ labour: null }) } });
  assert.equal(refused.outcome, 'refused');
  assert.ok(refused.problem.errors.some((each) => each.code === '3_01_001'), JSON.stringify(refused));
});
