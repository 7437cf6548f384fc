// tests/api/monitoring_unmask.test.mjs - personal data of the archive: masked (M-220), of children and of health kept apart (M-221), in full with a reason, so many
// times an hour (M-222).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { callerWith, newFamily } from '../support/citizens.mjs';
import { households, members, memberNow } from '../support/persons.mjs';
import { county, monitor, nobodysId, otherCounty, prefecture, townOffice } from '../support/world.mjs';

const reason = '入户核对身份证号码';
const unmask = (caller, id, fields, more = {}) => caller.post(`${members}/${id}:unmask`, { reason, fields, ...more });
const auditOf = (id, verb = 'unmask_member') => rows(`SELECT reason, body, account_id FROM monitoring.audit_log WHERE record_id = '${id}' AND verb = '${verb}' ORDER BY at`);
const masked = (number) => `${number.slice(0, 6)}********${number.slice(-4)}`;

test('M-220: a number is a mask, and in full with a reason that is kept', async () => {
  const { grown } = await newFamily();
  assertRecord(await memberNow(monitor, grown.record.id), { id_number: masked(grown.id_number), phone: `${grown.phone.slice(0, 3)}****${grown.phone.slice(-4)}` });
  const key = newKey();
  const answer = await monitor.post(`${members}/${grown.record.id}:unmask`, { reason, fields: ['id_number'] }, { key });
  assertRecord(assertDone(answer), { id: grown.record.id, household_id: grown.record.household_id, name: grown.name, id_number: grown.id_number, phone: null, health: null,
    disability_card: null, version: grown.record.version }, ['id', 'household_id', 'owner_division', 'name', 'id_number', 'phone', 'health', 'disability_card', 'version']);
  assert.match(answer.headers.get('cache-control'), /no-store/);
  assertRecord(assertDone(await unmask(monitor, grown.record.id, ['phone', 'health', 'disability_card'])),
    { phone: grown.phone, health: grown.health, disability_card: grown.disability_card, id_number: null });
  const audit = auditOf(grown.record.id);
  assert.deepEqual(audit.map((row) => [row.reason, row.body.fields]), [[reason, ['id_number']], [reason, ['phone', 'health', 'disability_card']]]);
  const text = JSON.stringify(audit);
  for (const value of [grown.id_number, grown.phone, grown.health]) assert.ok(!text.includes(value), value);
  assert.deepEqual(rows(`SELECT 1 FROM monitoring.idempotency WHERE key = '${key}'`), [], 'the answer is stored nowhere');
});

test('M-220: a household has a telephone, too', async () => {
  const { household } = await newFamily();
  assertDone(await county.patch(`${households}/${household.id}`, household.version, { phone: '13800138000', reason: '登记电话' }));
  assert.equal(assertDone(await monitor.get(`${households}/${household.id}`)).phone, '138****8000');
  assertRecord(assertDone(await monitor.post(`${households}/${household.id}:unmask`, { reason, fields: ['phone'] })), { phone: '13800138000' });
  assert.equal(auditOf(household.id, 'unmask_household').length, 1);
  assertRefused(await monitor.post(`${households}/${household.id}:unmask`, { reason, fields: ['id_number'] }), 422, 'invalid', { pointer: '/fields' });
});

test('M-220: without a reason, without the permission, of another county: nothing, and no audit row', async () => {
  const { grown } = await newFamily();
  const { id } = grown.record;
  for (const [body, pointer] of [[{ fields: ['phone'] }, '/reason'], [{ reason: '看看', fields: ['phone'] }, '/reason'], [{ reason }, '/fields'],
    [{ reason, fields: [] }, '/fields'], [{ reason, fields: ['name'] }, '/fields'], [{ reason, fields: ['phone', 'address'] }, '/fields']]) {
    assertRefused(await monitor.post(`${members}/${id}:unmask`, body), 422, 'invalid', { pointer });
  }
  assertRefused(await unmask(townOffice, id, ['phone']), 403, 'forbidden');
  assertRefused(await unmask(otherCounty, id, ['phone']), 404, 'not_found');
  assertRefused(await unmask(monitor, nobodysId(), ['phone']), 404, 'not_found');
  assertRefused(await monitor.post(`${members}/${id}:unmask?validate_only=true`, { reason, fields: ['phone'] }), 400, 'bad_parameter');
  assert.deepEqual(auditOf(id), []);
});

test('M-221: a child is shown by the first character; a number of a child needs minor.read, too', async () => {
  const { household, child } = await newFamily();
  const { id } = child.record;
  const shown = await memberNow(townOffice, id);
  assertRecord(shown, { name: `${child.name[0]}****`, minor: true, id_number: null, phone: null, birth_on: null, student_status: null, health: null, disability_card: null });
  assertRecord(await memberNow(monitor, id), { name: child.name, minor: false, id_number: masked(child.id_number), birth_on: child.birth_on, health: 'chronic,disabled' });
  assertRefused(await unmask(prefecture, id, ['id_number']), 403, 'forbidden');
  assert.deepEqual(auditOf(id), [], 'a refusal writes nothing');
  assert.equal(assertDone(await unmask(monitor, id, ['id_number'])).id_number, child.id_number);
  const list = assertDone(await townOffice.get(`${households}/${household.id}/members`));
  assert.ok(!JSON.stringify(list).includes(child.name) && !JSON.stringify(list).includes(child.birth_on));
});

test('M-221: health is hidden whole without health.read, a disability card with it', async () => {
  const { grown } = await newFamily();
  const { id } = grown.record;
  assertRecord(await memberNow(townOffice, id), { health: '******', disability_card: null });
  assertRecord(await memberNow(monitor, id), { health: grown.health, disability_card: `${grown.disability_card.slice(0, 6)}${'*'.repeat(14)}` });
  for (const field of ['health', 'disability_card']) assertRefused(await unmask(prefecture, id, [field]), 403, 'forbidden');
  assertDone(await unmask(prefecture, id, ['phone']));
  const nurse = await callerWith(['household.read', 'health.read']);
  assertRecord(await memberNow(nurse, id), { health: grown.health });
  assertRefused(await unmask(nurse, id, ['health']), 403, 'forbidden');
});

test('M-222: so many times an hour', async () => {
  const { grown } = await newFamily();
  const eager = await callerWith(['household.read', 'person.unmask']);
  const [{ value }] = rows("SELECT value::integer FROM zeren.setting WHERE key = 'monitoring.unmask_per_hour'");
  const answers = [];
  for (let i = 0; i < value + 2; i++) answers.push(await unmask(eager, grown.record.id, ['phone']));
  assert.equal(answers.filter((answer) => answer.status === 200).length, value);
  assertRefused(answers.at(-1), 429, 'too_many_requests');
  assert.ok(Number(answers.at(-1).headers.get('retry-after')) > 0);
  assert.equal(auditOf(grown.record.id).length, value, 'one audit row each');
  assertDone(await unmask(monitor, grown.record.id, ['phone']));
});
