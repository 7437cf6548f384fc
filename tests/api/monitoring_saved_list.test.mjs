// tests/api/monitoring_saved_list.test.mjs - filters of households under a name (M-200 to M-204).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { allOf, unique } from '../support/client.mjs';
import { documents } from '../support/contract.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { households, newHousehold } from '../support/persons.mjs';
import { county, department, louxing, nobodysId, otherCounty, province, shuangfeng, townOffice, village } from '../support/world.mjs';

const path = '/monitoring/saved_lists';
const body = (more = {}) => ({ name: unique('清单'), filters: { household_type: 'general' }, ...more });
const saved = async (more, caller = county) => assertDone(await caller.post(path, body(more)), 201);
const listed = async (list, caller = county, query = {}) => (await allOf(caller, `${path}/${list.id}/households`, query)).map((each) => each.id);

test('M-200: saved, listed, read', async () => {
  const sent = body({ filters: { text: '三组', risk: '01', unconfirmed: true } });
  const list = assertDone(await county.post(path, sent), 201);
  assert.deepEqual([list.name, list.filters, list.shared, list.owner_division, list.version], [sent.name, sent.filters, false, louxing, 1]);
  assert.deepEqual(assertDone(await county.get(`${path}/${list.id}`)), list);
  assert.deepEqual((documents.monitoring.components.schemas.SavedList.properties.filters.required ?? []).filter((name) => !(name in list.filters)), [], 'what the contract promises');
  assert.ok((await allOf(county, path, { own: true })).some((each) => each.id === list.id));
  assert.ok(!(await allOf(county, path, { own: false })).some((each) => each.id === list.id));
  assertRefused(await county.post(path, sent), 409, 'duplicate', { pointer: '/name' });
  assertRefused(await county.post(path, body({ filters: {} })), 422, 'invalid', { pointer: '/filters' });
  assertRefused(await county.post(path, body({ filters: { nonsense: 'x' } })), 422, 'invalid', { pointer: '/filters/nonsense' });
  assertRefused(await county.post(path, body({ filters: { eliminated: 'yes' } })), 422, 'invalid', { pointer: '/filters/eliminated' });
  assertRefused(await county.post(path, body({ owner_division: shuangfeng })), 403, 'out_of_scope');
  assertRefused(await department.post(path, body()), 403, 'forbidden');
  const [audit] = rows(`SELECT body FROM monitoring.audit_log WHERE record = 'saved_list' AND record_id = '${list.id}'`);
  assert.ok(!JSON.stringify(audit).includes('三组'), 'words of a search stay out of the audit log');
});

test('M-201: its own post’s, until it is shared with whoever is there or below', async () => {
  const list = await saved();
  for (const caller of [townOffice, province, otherCounty]) assertRefused(await caller.get(`${path}/${list.id}`), 404, 'not_found');
  const shared = assertDone(await county.patch(`${path}/${list.id}`, list.version, { shared: true }));
  assert.equal(shared.shared, true);
  for (const caller of [townOffice, province]) {
    assert.equal(assertDone(await caller.get(`${path}/${list.id}`)).id, list.id);
    assert.ok((await allOf(caller, path, { own: false })).some((each) => each.id === list.id));
  }
  assertRefused(await otherCounty.get(`${path}/${list.id}`), 404, 'not_found');
  assertRefused(await otherCounty.get(`${path}/${list.id}/households`), 404, 'not_found');
});

test('M-202: its own post alone changes it and deletes it', async () => {
  const list = await saved({ shared: true });
  assertRefused(await townOffice.patch(`${path}/${list.id}`, list.version, { name: 'x' }), 404, 'not_found');
  assertRefused(await province.verb(`${path}/${list.id}:delete`, list.version), 404, 'not_found');
  const now = assertDone(await county.patch(`${path}/${list.id}`, list.version, { name: `${list.name}二`, filters: { no_labour: true } }));
  assert.deepEqual([now.name, now.filters, now.version], [`${list.name}二`, { no_labour: true }, 2]);
  assertRefused(await county.patch(`${path}/${list.id}`, list.version, { name: 'x' }), 412, 'stale');
  assertRefused(await county.verb(`${path}/${list.id}:delete`, list.version), 412, 'stale');
  assertDone(await county.verb(`${path}/${list.id}:delete`, now.version));
  assertRefused(await county.get(`${path}/${list.id}`), 404, 'not_found');
  assertRefused(await county.verb(`${path}/${list.id}:delete`, now.version), 404, 'not_found');
});

test('M-203: it finds what its filters find now', async () => {
  const household = await newHousehold();
  const byText = await saved({ filters: { text: household.address, division: village } });
  assert.deepEqual(await listed(byText), [household.id]);
  const flags = await saved({ filters: { no_labour: true } });
  assert.ok(!(await listed(flags)).includes(household.id));
  assertDone(await county.patch(`${households}/${household.id}`, 1, { no_labour: true, reason: '核实' }));
  assert.ok((await listed(flags)).includes(household.id));
  let told, again;
  for (let tries = 0; tries < 100; tries++) { // what is told before and behind alike was so in between, whatever other suites enter
    told = [await listed(flags), (await allOf(county, households, { no_labour: true })).map((each) => each.id), await listed(flags, county, { limit: 1 })];
    again = await listed(flags);
    if (isDeepStrictEqual(told[0], again)) break;
  }
  assert.deepEqual(told, [again, again, again]);
  assertRefused(await county.get(`${path}/${nobodysId()}/households`), 404, 'not_found');
});

test('M-204: whoever reads a shared list sees the own scope alone', async () => {
  const household = await newHousehold();
  const list = await saved({ filters: { text: household.address }, shared: true }, province);
  assert.deepEqual(await listed(list, county), [household.id]);
  assert.deepEqual(await listed(list, townOffice), [household.id]);
  assert.deepEqual(await listed(list, otherCounty), []);
});
