// tests/api/identity_settings.test.mjs - settings: what holds where, who lays down what, and within which bounds (I-401 to I-408). In villages' and coming years' rows that no other suite counts by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf, as } from '../support/client.mjs';
import { rows } from '../support/database.mjs';
import { newSetting, settingBody } from '../support/kept_settings.mjs';
import { county, farVillage, louxing, nobodysId, otherCounty, otherVillage, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/identity/settings';
const country = '000000000000';
const key = 'registry.list_step_work_days';
const system = as('system_admin');
const security = as('security_admin');
const refused = async (body, pointer, caller = system) => assertRefused(await caller.post(path, settingBody({ year: 2199, ...body })), 422, 'invalid', { pointer });
const holding = async (division, year, caller = county) => (await allOf(caller, `${path}:holding`, { division, ...(year ? { year } : {}) }));
const valueAt = async (...args) => (await holding(...args)).find((each) => each.key === key).value;

test('I-401: the nearest division at or above holds, and there the year before any year', async () => {
  const { year } = settingBody();
  const usual = await valueAt(village, year);
  await newSetting({ owner_division: town, year, value: '21' });
  assert.deepEqual([await valueAt(village, year), await valueAt(town, year), await valueAt(louxing, year), await valueAt(village)], ['21', '21', usual, usual]);
  const nearest = await newSetting({ owner_division: village, year, value: '22' });
  assert.deepEqual([await valueAt(village, year), await valueAt(farVillage, year)], ['22', usual]);
  assert.equal(rows(`SELECT zeren.setting_value('${key}', '${village}', ${year}) AS value`)[0].value, '22', 'what every service asks');
  const changed = assertDone(await system.patch(`${path}/${nearest.id}`, nearest.version, { value: '23', source: '更正' }));
  assertRecord(changed, { value: '23', source: '更正', version: 2 });
  assert.equal(await valueAt(village, year), '23');
  assertRefused(await system.patch(`${path}/${nearest.id}`, nearest.version, { value: '24' }), 412, 'stale');
});

test('I-402: whole numbers within bounds, one of the choices, as many characters', async () => {
  for (const value of ['0', '61', '-1', '5.0', ' 5', '05', 'x', '', '９', '99999999999999999999']) await refused({ value }, '/value');
  await refused({ key: 'registry.leave_unit', value: 'weeks' }, '/value');
  assert.equal((await newSetting({ key: 'registry.leave_unit', value: 'work_days' })).value, 'work_days');
  await refused({ key: 'identity.password_min_length', value: '7' }, '/value', security);
  await refused({ key: 'identity.password_refused', value: '' }, '/value', security);
  await refused({ key: 'registry.no_such' }, '/key');
  const made = await newSetting();
  assertRefused(await system.patch(`${path}/${made.id}`, 1, { value: '61' }), 422, 'invalid', { pointer: '/value' });
  assertRefused(await system.post(path, settingBody({ year: made.year })), 409, 'duplicate', { pointer: '/year' });
});

test('I-403: what is the same in the whole country is laid down by the country', async () => {
  await refused({ key: 'monitoring.minor_years', value: '15', owner_division: louxing }, '/owner_division');
  await refused({ key: 'identity.lockout_failures', value: '4' }, '/owner_division', security);
});

test('I-404: accounts and the audit log are the security administrator\'s, the rest is not', async () => {
  assertRefused(await system.post(path, settingBody({ year: 2199, key: 'identity.password_days', value: '60' })), 403, 'not_your_unit');
  assertRefused(await security.post(path, settingBody({ year: 2199 })), 403, 'not_your_unit');
  const made = await newSetting({ key: 'identity.password_days', value: '60' }, security);
  assert.equal(made.security, true);
  assertRefused(await system.patch(`${path}/${made.id}`, 1, { value: '90' }), 403, 'not_your_unit');
  assertRefused(await system.verb(`${path}/${made.id}:withdraw`, 1), 403, 'not_your_unit');
  assertRefused(await as('audit_admin').post(path, settingBody({ year: 2199 })), 403, 'forbidden');
  assertRefused(await county.post(path, settingBody({ year: 2199 })), 403, 'forbidden');
});

test('I-405: of a division that is there', async () => refused({ owner_division: '431302999000' }, '/owner_division'));

test('I-406: years that are over stay, and what does not differ by year has none', async () => {
  const year = new Date().getUTCFullYear();
  await refused({ year: year - 1 }, '/year');
  await refused({ key: 'files.max_bytes', value: '1048576' }, '/year');
  assertRefused(await system.post(path, settingBody({ year: 1999 })), 422, 'invalid', { pointer: '/year' });
});

test('I-407: anyone signed in reads what holds in the own divisions, and rows of these and above', async () => {
  const own = await newSetting({ owner_division: village });
  const other = await newSetting({ owner_division: otherVillage });
  assertRecord(assertDone(await townOffice.get(`${path}/${own.id}`)), own);
  const listed = (await allOf(townOffice, path)).map((each) => each.id);
  assert.ok(listed.includes(own.id) && !listed.includes(other.id));
  assert.ok((await allOf(otherCounty, path)).some((each) => each.id === other.id));
  assert.ok((await allOf(townOffice, path, { division: country, key_prefix: key })).every((each) => each.owner_division === country && each.key === key));
  assertRefused(await townOffice.get(`${path}:holding`, { division: shuangfeng }), 403, 'out_of_scope', { parameter: 'division' });
  assertRefused(await townOffice.get(`${path}/${other.id}`), 404, 'not_found');
  assertRefused(await townOffice.get(`${path}/${nobodysId()}`), 404, 'not_found');
  const kinds = await holding(village, undefined, townOffice);
  assert.deepEqual(kinds.map((each) => each.key), rows('SELECT key FROM zeren.setting_kind ORDER BY key COLLATE "C"').map((each) => each.key));
});

test('I-408: withdrawn, what is above holds again, and the audit log has it; the country\'s own stay', async () => {
  const made = await newSetting({ owner_division: village, value: '31' });
  assert.equal(await valueAt(village, made.year), '31');
  const gone = assertDone(await system.verb(`${path}/${made.id}:withdraw`, 1));
  assertRecord(gone, { id: made.id, value: '31', version: 2 });
  assert.notEqual(await valueAt(village, made.year), '31');
  assertRefused(await system.verb(`${path}/${made.id}:withdraw`, 2), 404, 'not_found');
  const told = rows(`SELECT verb, body ->> 'value' AS value FROM identity.audit_log WHERE record_id = '${made.id}' ORDER BY id`);
  assert.deepEqual(told.map((each) => [each.verb, each.value]), [['create_setting', '31'], ['withdraw_setting', '31']]);
  const [held] = await allOf(county, path, { division: country, key_prefix: key });
  assertRefused(await system.verb(`${path}/${held.id}:withdraw`, held.version), 409, 'state_conflict');
});
