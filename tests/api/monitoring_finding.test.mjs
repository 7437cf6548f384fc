// Findings: recorded and resolved by changes (M-106), listed (M-110), accepted and open again (M-111), hidden from who may not see what they tell of (M-108); a household
// held against the rules without a change (M-107).
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf, newKey, uuid } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { findingsOf, households, newSound, openRules, yearsAgo } from '../support/rules.mjs';
import { county, department, louxing, monitor, nobodysId, otherMonitor, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/monitoring/findings';
const members = '/monitoring/members';
const patchMember = async (member, change) => {
  const now = assertDone(await county.get(`${members}/${member.id}`));
  return county.patch(`${members}/${member.id}`, now.version, change);
};
const wagedHousehold = () => newSound({}, { head: { work_income: '50' } });
const ofRule = async (household, rule) => (await findingsOf(household.id)).find((each) => each.rule === rule && each.status !== 'resolved');

test('M-106: what a change makes is found once, and resolved by the change that puts it right', async () => {
  const { household, head } = await wagedHousehold();
  const [first] = await findingsOf(household.id, { rule: '5_16_001' });
  assertRecord(first, { household_id: household.id, member_id: head.id, owner_division: village, rule: '5_16_001', severity: 'warning', status: 'open',
    message: '务工月收入低于 100 元', pointer: `/members/${head.id}/work_income`, resolved_on: null, version: 1 });
  assertDone(await patchMember(head, { work_place: '440300000000' }));
  assert.equal((await ofRule(household, '5_16_001')).version, 1, 'another fact leaves it as it is');
  assertDone(await patchMember(head, { work_income: '500' }));
  const gone = assertDone(await county.get(`${path}/${first.id}`));
  assert.equal(gone.status, 'resolved');
  assert.ok(gone.resolved_on >= first.found_on);
  assertDone(await patchMember(head, { work_income: '60' }));
  const again = await ofRule(household, '5_16_001');
  assert.notEqual(again.id, first.id);
  assert.deepEqual(await openRules(household.id), ['1111_12', '5_16_001']);
});

test('M-106: who leaves takes the findings along; a household that ends has none', async () => {
  const { household, head, spouse } = await newSound({}, { spouse: { work_income: '50' } });
  assert.deepEqual(await openRules(household.id), ['1111_12', '5_16_001']);
  assertDone(await county.verb(`${members}/${spouse.id}:leave`, spouse.version, { left_how: 'moved_out', left_on: yearsAgo(0), reason: '迁出' }));
  assert.deepEqual(await openRules(household.id), []);
  assertDone(await patchMember(head, { work_income: '50' }));
  const now = assertDone(await county.get(`${households}/${household.id}`));
  assertDone(await county.verb(`${households}/${household.id}:end`, now.version, { ended_how: 'moved_out', reason: '整户迁出' }));
  assert.deepEqual(await openRules(household.id), []);
});

test('M-106: nothing is kept of a rehearsal', async () => {
  const { household, head } = await newSound();
  assertDone(await county.patch(`${members}/${head.id}`, head.version, { work_income: '50' }, { query: { validate_only: true } }));
  assert.deepEqual(await findingsOf(household.id), []);
});

test('M-107: a household is held against the rules without a change', async () => {
  const { household, head } = await wagedHousehold();
  const before = rows(`SELECT count(*) FROM monitoring.finding WHERE household_id = '${household.id}'`);
  const judged = assertDone(await county.post(`${households}/${household.id}:validate`));
  assertRecord(judged, { household_id: household.id, valid: true }, ['household_id', 'valid', 'findings']);
  assert.deepEqual(judged.findings.map((each) => each.rule).sort(), ['1111_12', '5_16_001']);
  assert.ok(judged.findings.every((each) => each.member_id === head.id && each.pointer === `/members/${head.id}/work_income`));
  assert.deepEqual(rows(`SELECT count(*) FROM monitoring.finding WHERE household_id = '${household.id}'`), before);
  assertRefused(await county.post(`${households}/${nobodysId()}:validate`), 404, 'not_found');
  assertRefused(await otherMonitor.post(`${households}/${household.id}:validate`), 404, 'not_found');
  assertRefused(await department.post(`${households}/${household.id}:validate`), 403, 'forbidden');
});

test('M-108: what tells of health, or of a child\'s school, is not shown without the permission', async () => {
  const { household } = await newSound({}, { head: { health: 'disabled', work_income: '50' }, child: { student_status: 'senior_1' } });
  assert.deepEqual(await openRules(household.id), ['1111_12', '4_12_003', '5_16_001', '9_03_003']);
  assert.deepEqual(await openRules(household.id, townOffice), ['1111_12', '5_16_001']);
  const judged = assertDone(await townOffice.post(`${households}/${household.id}:validate`));
  assert.deepEqual(judged.findings.map((each) => each.rule).sort(), ['1111_12', '5_16_001']);
  const hidden = await ofRule(household, '4_12_003');
  assertRefused(await townOffice.get(`${path}/${hidden.id}`), 404, 'not_found');
});

test('M-108: of somebody older the school is no secret', async () => {
  const { household } = await newSound({}, { spouse: { education: undefined, student_status: 'master' }, head: { education: undefined, student_status: 'senior_1' } });
  assert.deepEqual(await openRules(household.id, townOffice), ['9_03_003']);
});

test('M-110: listed by village, division, rule, severity, status and household', async () => {
  const { household, head } = await wagedHousehold();
  const mine = async (query) => (await allOf(county, path, { household_id: household.id, ...query })).map((each) => each.rule).sort();
  assert.deepEqual(await mine({}), ['1111_12', '5_16_001']);
  assert.deepEqual(await mine({ severity: 'alert' }), ['1111_12']);
  assert.deepEqual(await mine({ rule: '5_16_001', status: 'open' }), ['5_16_001']);
  assert.deepEqual(await mine({ status: 'resolved' }), []);
  assert.deepEqual(await mine({ division: village, within: town }), ['1111_12', '5_16_001']);
  assert.deepEqual(await mine({ division: '431302006001' }), []);
  assert.deepEqual(await mine({ within: '431302001000' }), []);
  const page = assertDone(await county.get(path, { within: louxing, limit: 1 }));
  assert.equal(page.items.length, 1);
  assert.ok(page.next_cursor);
  assertRefused(await county.get(path, { within: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await county.get(path, { severity: 'grave' }), 400, 'bad_parameter', { parameter: 'severity' });
  assert.deepEqual(await allOf(otherMonitor, path, { household_id: household.id }), []);
  assertRefused(await otherMonitor.get(`${path}/${(await findingsOf(household.id))[0].id}`), 404, 'not_found');
  assert.equal((await findingsOf(household.id))[0].member_id, head.id);
});

test('M-111: accepted with a reason, silent until its facts change', async () => {
  const { household, head } = await wagedHousehold();
  const one = await ofRule(household, '5_16_001');
  const key = newKey();
  const accepted = assertDone(await monitor.verb(`${path}/${one.id}:accept`, one.version, { reason: '按件计酬，当月只做两天' }, { key }));
  assertRecord(accepted, { status: 'accepted', accept_reason: '按件计酬，当月只做两天', version: 2 });
  assert.deepEqual(assertDone(await monitor.verb(`${path}/${one.id}:accept`, one.version, { reason: '按件计酬，当月只做两天' }, { key })), accepted);
  assertRefused(await monitor.verb(`${path}/${one.id}:accept`, 2, { reason: '再次' }), 409, 'state_conflict');
  assertDone(await patchMember(head, { politics: '13' }));
  assert.equal((await ofRule(household, '5_16_001')).status, 'accepted');
  assertDone(await patchMember(head, { work_income: '60' }));
  assertRecord(await ofRule(household, '5_16_001'), { id: one.id, status: 'open', accept_reason: null, accepted_on: null, version: 3 });
  const twice = assertDone(await monitor.verb(`${path}/${one.id}:accept`, 3, { reason: '同上' }));
  const reopened = assertDone(await monitor.verb(`${path}/${one.id}:reopen`, twice.version, { reason: '重新核实' }));
  assertRecord(reopened, { status: 'open', accept_reason: null });
  assertRefused(await monitor.verb(`${path}/${one.id}:reopen`, reopened.version, {}), 409, 'state_conflict');
  assertRefused(await monitor.verb(`${path}/${one.id}:accept`, 1, { reason: '过时' }), 412, 'stale');
});

test('M-111: who accepts, with what', async () => {
  const { household } = await wagedHousehold();
  const one = await ofRule(household, '1111_12');
  assertRefused(await townOffice.verb(`${path}/${one.id}:accept`, one.version, { reason: '无权' }), 403, 'forbidden');
  assertRefused(await otherMonitor.verb(`${path}/${one.id}:accept`, one.version, { reason: '外县' }), 404, 'not_found');
  assertRefused(await monitor.verb(`${path}/${one.id}:accept`, one.version, {}), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await monitor.verb(`${path}/${one.id}:accept`, undefined, { reason: '无版本' }), 428, 'precondition_required');
  assertRefused(await monitor.verb(`${path}/${nobodysId()}:accept`, 1, { reason: '无此' }), 404, 'not_found');
  const both = await Promise.all([1, 2].map((n) => monitor.verb(`${path}/${one.id}:accept`, one.version, { reason: `第${n}人` })));
  assert.deepEqual(both.map((each) => each.status).sort(), [200, 412]);
});

test('M-111: an error is put right, not accepted', async () => {
  const { household, head } = await newSound();
  const id = uuid();
  run(`INSERT INTO monitoring.finding (id, household_id, member_id, owner_division, rule, severity, detail, pointer, facts_digest, found_on, created_at)
    VALUES ('${id}', '${household.id}', '${head.id}', '${village}', '2_01_002', 'error', 'x', '/x', '0', current_date, now())`);
  assertRefused(await monitor.verb(`${path}/${id}:accept`, 1, { reason: '无' }), 409, 'state_conflict');
  assertDone(await patchMember(head, { politics: '13' }));
  assert.equal(assertDone(await monitor.get(`${path}/${id}`)).status, 'resolved');
});

test('M-105: two heads of two calls at once: one change is judged behind the other', async () => {
  const { household, spouse, child } = await newSound();
  const answers = await Promise.all([county.patch(`${members}/${spouse.id}`, spouse.version, { resident_medical: null, employee_medical: true }),
    county.patch(`${members}/${child.id}`, child.version, { work_income: '50' }), county.patch(`${households}/${household.id}`, household.version, { no_labour: true })]);
  answers.forEach((each) => assertDone(each));
  const open = await openRules(household.id);
  assert.ok(['5_16_001', '1111_12', '5_19_003'].every((rule) => open.includes(rule)), open.join(' '));
  assert.equal(new Set(open).size, open.length);
});

test('M-106: an alert waits in the work list of the offices of the town, until it is accepted; a warning does not', async () => {
  const { household } = await wagedHousehold();
  const alert = await ofRule(household, '1111_12');
  const warning = await ofRule(household, '5_16_001');
  const waiting = async () => (await allOf(townOffice, '/identity/me/worklist', { kind: 'finding' })).map((each) => each.id);
  const before = await waiting();
  assert.ok(before.includes(alert.id) && !before.includes(warning.id));
  assertDone(await monitor.verb(`${path}/${alert.id}:accept`, alert.version, { reason: '入户核实无误' }));
  assert.ok(!(await waiting()).includes(alert.id));
});
