// tests/api/monitoring_correction.test.mjs - citizens' requests to correct the archive: received (M-228), as private as what they are about (M-229), corrected by a version
// (M-230), declined with words (M-231), in the work list (M-232).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { callerWith, newFamily, yearsAgo } from '../support/citizens.mjs';
import { households, members, memberNow } from '../support/persons.mjs';
import { county, department, monitor, nobodysId, otherCounty, townOffice } from '../support/world.mjs';

const path = '/monitoring/corrections';
const today = yearsAgo(0);
const bodyOf = (household, more = {}) => ({ household_id: household.id, asked_on: today, what: '住址登记有误', ...more });
const receive = async (household, more = {}, caller = county) => assertDone(await caller.post(path, bodyOf(household, more)), 201);
const now = async (correction, caller = county) => assertDone(await caller.get(`${path}/${correction.id}`));
const step = (correction, verb, body, caller = county, version = correction.version) => caller.verb(`${path}/${correction.id}:${verb}`, version, body);
const renamed = async ({ record }, more = {}) => assertDone(await county.patch(`${members}/${record.id}`, (await memberNow(county, record.id)).version, { education: 'junior', reason: '按申请更正', ...more }));

test('M-228: a request is received, due by the work calendar, and listed', async () => {
  const { household, grown } = await newFamily();
  const id = uuid();
  const made = await receive(household, { id, member_id: grown.record.id, field: 'education', what: '文化程度登记有误', wanted: '初中' });
  assertRecord(made, { id, household_id: household.id, member_id: grown.record.id, field: 'education', status: 'received', asked_on: today, wanted: '初中', withheld: false,
    owner_division: household.owner_division, corrected_version: null });
  const [{ due }] = rows(`SELECT zeren.due_or_null('${today}', 15, 'work_days')::text AS due`);
  assert.equal(made.due_on, due);
  assertRecord(await now(made, townOffice), { ...made });
  for (const query of [{ household_id: household.id }, { member_id: grown.record.id, status: 'received' }, { household_id: household.id, due_by: made.due_on }]) {
    assert.deepEqual((await allOf(county, path, query)).map((each) => each.id), [id], JSON.stringify(query));
  }
  assert.deepEqual(await allOf(county, path, { household_id: household.id, due_by: today }), []);
  assertRefused(await county.post(path, bodyOf(household, { id })), 409, 'duplicate');
});

test('M-228: of a household, a member and a field that there are, on a day that has been', async () => {
  const { household, grown } = await newFamily();
  const { household: other } = await newFamily();
  for (const [more, pointer] of [[{ household_id: nobodysId() }, '/household_id'], [{ member_id: nobodysId() }, '/member_id'], [{ household_id: other.id, member_id: grown.record.id }, '/member_id'],
    [{ field: 'colour' }, '/field'], [{ field: 'education' }, '/field'], [{ asked_on: yearsAgo(0, 1) }, '/asked_on'], [{ asked_on: yearsAgo(0, -40) }, '/asked_on'],
    [{ what: '身份证号应为431302199001011234' }, '/what'], [{ what: '' }, '/what'], [{ wanted: ' ' }, '/wanted']]) {
    assertRefused(await county.post(path, bodyOf(household, more)), 422, 'invalid', { pointer });
  }
  assertRefused(await otherCounty.post(path, bodyOf(household)), 422, 'invalid', { pointer: '/household_id' });
  assertRefused(await department.post(path, bodyOf(household)), 403, 'forbidden');
  const made = await receive(household);
  assertRefused(await otherCounty.get(`${path}/${made.id}`), 404, 'not_found');
});

test('M-229: what is wanted is ciphertext, and kept from who does not see its class', async () => {
  const { household, grown, child } = await newFamily();
  const reader = await callerWith(['household.read']);
  const plain = await receive(household, { field: 'address', wanted: '仙人阁社区五组' });
  assertRecord(await now(plain, reader), { wanted: '******', what: plain.what });
  assertRecord(await now(plain, townOffice), { wanted: '仙人阁社区五组' });
  const number = await receive(household, { member_id: grown.record.id, field: 'id_number', what: '身份证号码有误', wanted: grown.id_number });
  assertRecord(await now(number, townOffice), { wanted: null, what: '身份证号码有误', withheld: false });
  assertRecord(await now(number, monitor), { wanted: grown.id_number });
  const ill = await receive(household, { member_id: grown.record.id, field: 'health', what: '已康复', wanted: '健康' });
  assertRecord(await now(ill, townOffice), { wanted: null, what: null, withheld: true });
  assertRecord(await now(ill, monitor), { wanted: '健康', what: '已康复' });
  const young = await receive(household, { member_id: child.record.id, field: 'name', what: `${child.name}名字有误`, wanted: `${child.name}甲` });
  assertRecord(await now(young, townOffice), { wanted: null, what: null, withheld: true });
  const declined = assertDone(await step(young, 'decline', { answer: `${child.name}名字无误` }));
  assert.equal((await now(declined, townOffice)).answer, null);
  const kept = JSON.stringify(rows(`SELECT c.what, c.wanted::text, a.body, a.before FROM monitoring.correction c JOIN monitoring.audit_log a ON a.record_id = c.id WHERE c.household_id = '${household.id}'`));
  for (const value of [grown.id_number, '仙人阁社区五组']) assert.ok(!kept.includes(value), value);
  const audit = JSON.stringify(rows(`SELECT a.body, a.before, a.reason FROM monitoring.audit_log a WHERE a.record_id = '${young.id}'`));
  assert.ok(!audit.includes(child.name), audit);
});

test('M-230: corrected by a version made since, of the record that it is about', async () => {
  const { household, grown } = await newFamily();
  const before = (await memberNow(county, grown.record.id)).version;
  const made = await receive(household, { member_id: grown.record.id, field: 'education' });
  const by = (corrected_record, corrected_version) => ({ corrected_record, corrected_version });
  assertRefused(await step(made, 'resolve', by('member', before)), 422, 'invalid', { pointer: '/corrected_version' });
  assertRefused(await step(made, 'resolve', by('member', before + 1)), 422, 'invalid', { pointer: '/corrected_version' });
  assertRefused(await step(made, 'resolve', {}), 422, 'invalid', { pointer: '/corrected_record' }, { pointer: '/corrected_version' });
  const corrected = await renamed(grown);
  await renamed(grown, { education: 'primary' });
  const general = await receive(household);
  assertRefused(await step(general, 'resolve', by('member', corrected.version)), 422, 'invalid', { pointer: '/corrected_record' });
  const key = newKey();
  const done = await county.verb(`${path}/${made.id}:resolve`, made.version, { ...by('member', corrected.version), answer: '已更正' }, { key });
  assertRecord(assertDone(done), { status: 'corrected', corrected_record: 'member', corrected_version: corrected.version, answer: '已更正', version: 2 });
  assertRecord(assertDone(await county.verb(`${path}/${made.id}:resolve`, made.version, { ...by('member', corrected.version), answer: '已更正' }, { key })), { version: 2 });
  assertRefused(await step(made, 'resolve', by('member', corrected.version)), 412, 'stale');
  assertRefused(await step(made, 'decline', { answer: '无误' }, county, 2), 409, 'state_conflict');
  assertRefused(await step({ id: nobodysId() }, 'resolve', by('member', 1), county, 1), 404, 'not_found');
});

test('M-231: declined with what the citizen is told', async () => {
  const { household } = await newFamily();
  const made = await receive(household);
  assertRefused(await step(made, 'decline', {}), 422, 'invalid', { pointer: '/answer' });
  assertRefused(await step(made, 'decline', { answer: '无误' }, await callerWith(['household.read'])), 403, 'forbidden');
  const both = await Promise.all([1, 2].map(() => step(made, 'decline', { answer: '经核对户口簿，登记无误' })));
  assert.deepEqual(both.map((answer) => answer.status).sort(), [200, 412]);
  assertRecord(await now(made), { status: 'declined', answer: '经核对户口簿，登记无误', version: 2 });
  assert.deepEqual(rows(`SELECT verb FROM monitoring.audit_log WHERE record_id = '${made.id}' ORDER BY at`).map((row) => row.verb), ['receive_correction', 'decline_correction']);
});

test('M-232: what waits stands in the work list of the unit that received it', async () => {
  const { household } = await newFamily();
  const made = await receive(household, {}, townOffice);
  const listed = async (caller) => (await allOf(caller, '/identity/me/worklist', { kind: 'correction' })).find((each) => each.id === made.id);
  assertRecord(await listed(townOffice), { service: 'monitoring', rule: 'M-232', due_on: made.due_on, owner_division: household.owner_division });
  assert.equal(await listed(county), undefined);
  assert.equal(await listed(otherCounty), undefined);
  assertDone(await step(made, 'decline', { answer: '登记无误' }, townOffice));
  assert.equal(await listed(townOffice), undefined);
});
