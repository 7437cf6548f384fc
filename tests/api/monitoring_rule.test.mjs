// The catalogue, and what divisions set of it: read (M-102), what holds (M-103), params that fit (M-104).
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf } from '../support/client.mjs';
import { freshTown, newSound, openRules } from '../support/rules.mjs';
import { county, department, louxing, monitor, nobodysId, otherMonitor, shuangfeng, townOffice, village } from '../support/world.mjs';

const rulesPath = '/monitoring/rules';
const path = '/monitoring/rule_settings';
const year = new Date(Date.now() + 8 * 3600_000).getUTCFullYear();
const setting = (owner_division, more = {}) => ({ owner_division, rule: '5_16_001', year_from: year, reason: '口径调整', ...more });
const make = async (owner_division, more = {}) => assertDone(await monitor.post(path, setting(owner_division, more)), 201);
const holding = async (code, division, more = {}) => assertDone(await monitor.get(`${rulesPath}/${code}`, { division, ...more }));

test('M-102: the catalogue is read by whoever reads households', async () => {
  const all = await allOf(townOffice, rulesPath);
  assert.ok(all.length > 100);
  const rule = assertDone(await townOffice.get(`${rulesPath}/2_11_003`));
  assertRecord(rule, { code: '2_11_003', topic: 'household', scope: 'household', severity: 'error', enabled: true, setting_id: null, setting_division: null });
  assert.deepEqual(all.find((each) => each.code === '2_11_003'), rule);
  assert.deepEqual(assertDone(await townOffice.get(`${rulesPath}/3_01_010`)).also_codes, ['3_01_011']);
  assert.ok((await allOf(townOffice, rulesPath, { topic: 'phone', severity: 'warning' })).every((each) => each.topic === 'phone' && each.severity === 'warning'));
  assertRefused(await department.get(rulesPath), 403, 'forbidden');
  assertRefused(await monitor.get(`${rulesPath}/9_99_999`), 404, 'not_found');
  assertRefused(await monitor.get(rulesPath, { division: shuangfeng }), 403, 'out_of_scope');
});

test('M-103: the setting nearest to the village holds there, whole, for its years', async () => {
  const apart = await freshTown();
  const upper = await make(apart.town, { params: { least: '150' }, severity: 'alert' });
  assertRecord(await holding('5_16_001', apart.village), { enabled: true, severity: 'alert', params: { least: '150' }, setting_id: upper.id, setting_division: apart.town });
  const lower = await make(apart.village, { enabled: false, year_to: year });
  assertRecord(await holding('5_16_001', apart.village), { enabled: false, severity: 'warning', params: { least: '100' }, setting_id: lower.id });
  assert.equal((await holding('5_16_001', apart.town)).setting_id, upper.id);
  assert.equal((await holding('5_16_001', apart.village, { year: year + 1 })).setting_id, upper.id);
  assert.equal((await holding('5_16_001', apart.village, { year: year - 1 })).setting_id, null);
  assert.equal((await holding('5_16_001', louxing)).setting_id, null);
  assert.ok((await allOf(monitor, rulesPath, { division: apart.village, enabled: false })).some((each) => each.code === '5_16_001'));
});

test('M-103: what holds is what a household is held against', async () => {
  const apart = await freshTown();
  const wages = async (work_income) => openRules((await newSound({ owner_division: apart.village }, { head: { work_income } })).household.id);
  assert.deepEqual(await wages('120'), ['1111_12']);
  const upper = await make(apart.town, { params: { least: '150' } });
  assert.deepEqual(await wages('120'), ['1111_12', '5_16_001']);
  assertDone(await monitor.patch(`${path}/${upper.id}`, upper.version, { enabled: false }));
  assert.deepEqual(await wages('20'), ['1111_12']);
  await make(apart.village, { rule: '2_01_002', enabled: false });
  assert.deepEqual(await wages('2000'), []);
  assert.equal((await openRules((await newSound({ owner_division: apart.village }, { head: { ethnicity: undefined } })).household.id)).length, 0);
  await make(apart.town, { rule: '2_01_001', severity: 'warning' });
  const { head, household } = await newSound({ owner_division: apart.village });
  assert.deepEqual(await openRules(household.id), []);
  assertDone(await county.patch(`/monitoring/members/${head.id}`, head.version, { politics: '13' }));
});

test('M-104: params are such as the rule has, each of its kind', async () => {
  const apart = await freshTown();
  const refuse = async (params, more = {}) => assertRefused(await monitor.post(path, setting(apart.town, { params, ...more })), 422, 'invalid', { pointer: '/params' });
  await refuse({ most: '500' });
  await refuse({ least: 500 });
  await refuse({ least: 'much' });
  await refuse({ least: ['500'] });
  await refuse({ least: '-1' });
  await refuse({ from: '6' }, { rule: '1_02_005' });
  await refuse({ from: 6.5 }, { rule: '1_02_005' });
  await refuse({ watched: 'true' }, { rule: '1_02_005' });
  await refuse({ refused: [1] }, { rule: '2_12_004' });
  await refuse({ since: '2022-13-01' }, { rule: '2_11_002' });
  await make(apart.town, { rule: '2_11_002', params: { since: '2023-04-01', months: 3 } });
  await make(apart.town, { rule: '2_12_004', params: { refused: ['lost'] } });
});

test('M-104: one setting of a rule and year in a division; corrected with its version', async () => {
  const apart = await freshTown();
  const one = await make(apart.town, { year_to: year });
  assertRefused(await monitor.post(path, setting(apart.town)), 409, 'duplicate', { pointer: '/year_from' });
  const next = await make(apart.town, { year_from: year + 1 });
  assertRefused(await monitor.patch(`${path}/${one.id}`, one.version, { year_to: null }), 409, 'duplicate');
  const now = assertDone(await monitor.patch(`${path}/${one.id}`, one.version, { severity: 'alert', params: { least: '90' }, reason: '更正' }));
  assertRecord(now, { severity: 'alert', params: { least: '90' }, reason: '更正', enabled: true, version: 2 });
  assertRecord(assertDone(await monitor.patch(`${path}/${one.id}`, 2, { severity: null, params: null })), { severity: null, params: null, version: 3 });
  assertRefused(await monitor.patch(`${path}/${one.id}`, 1, { enabled: false }), 412, 'stale');
  assertRefused(await monitor.patch(`${path}/${next.id}`, next.version, { year_to: year }), 422, 'invalid', { pointer: '/year_to' });
  assertRefused(await monitor.patch(`${path}/${next.id}`, next.version, { params: { most: '1' } }), 422, 'invalid', { pointer: '/params' });
  assert.deepEqual((await allOf(monitor, path, { division: apart.town, rule: '5_16_001' })).map((each) => each.id).sort(), [one.id, next.id].sort());
  assert.deepEqual((await allOf(monitor, path, { division: apart.town, year })).map((each) => each.id), [one.id]);
});

test('M-103: who sets, and where', async () => {
  assertRefused(await townOffice.post(path, setting(village)), 403, 'forbidden');
  assertRefused(await monitor.post(path, setting(shuangfeng)), 403, 'out_of_scope', { pointer: '/owner_division' });
  assertRefused(await monitor.post(path, setting('431302999000')), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await monitor.post(path, setting(louxing, { rule: '9_99_999' })), 422, 'invalid', { pointer: '/rule' });
  assertRefused(await monitor.get(`${path}/${nobodysId()}`), 404, 'not_found');
  const apart = await freshTown();
  const one = await make(apart.town);
  assertRecord(assertDone(await county.get(`${path}/${one.id}`)), one);
  assertRefused(await otherMonitor.get(`${path}/${one.id}`), 404, 'not_found');
  assertRefused(await otherMonitor.patch(`${path}/${one.id}`, one.version, { enabled: false }), 404, 'not_found');
});
