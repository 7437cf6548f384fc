// tests/api/registry_organisation.test.mjs - units: register, look up, correct.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { county, louxing, newItem, newList, newOrganisation, newTask, nobodysId, otherCounty, shuangfeng, town, townOffice, valueItem } from '../support/world.mjs';

const path = '/registry/organisations';
const members = ['id', 'owner_division', 'name', 'kind', 'line', 'created_at', 'version'];

test('a unit is registered and found again', async () => {
  const body = { owner_division: louxing, name: unique('水利局'), kind: 'department', line: 'water' };
  const answer = await county.post(path, body);
  const unit = assertDone(answer, 201);
  assertRecord(unit, { ...body, version: 1 }, members);
  assert.equal(answer.headers.get('location'), `/api/v1/registry/organisations/${unit.id}`);
  assert.equal(answer.etag, '"1"');
  const found = await county.get(`${path}/${unit.id}`);
  assert.deepEqual(assertDone(found), unit);
  assert.equal(found.etag, '"1"');
});

test('its id may come from the client, once', async () => {
  const id = uuid();
  assert.equal((await newOrganisation({ id })).id, id);
  assertRefused(await county.post(path, { id, owner_division: louxing, name: unique('单位'), kind: 'other' }), 409, 'duplicate');
});

test('a name is unique in its division', async () => {
  const unit = await newOrganisation();
  assertRefused(await county.post(path, { owner_division: louxing, name: unit.name, kind: 'other' }), 409, 'duplicate');
  await newOrganisation({ owner_division: town, name: unit.name });
});

test('every bad field is listed at once', async () => {
  const refusal = await county.post(path, { owner_division: '4313', name: '', kind: 'ministry', colour: 'red' });
  assertRefused(refusal, 422, 'invalid', { pointer: '/owner_division', code: 'not_a_division_code' }, { pointer: '/name' },
    { pointer: '/kind', code: 'not_one_of' }, { pointer: '/colour', code: 'unknown_field' });
});

test('required fields are named', async () => {
  assertRefused(await county.post(path, {}), 422, 'invalid', { pointer: '/owner_division', code: 'required' },
    { pointer: '/name', code: 'required' }, { pointer: '/kind', code: 'required' });
});

test('values of the wrong JSON type are refused', async () => {
  assertRefused(await county.post(path, { owner_division: louxing, name: 7, kind: ['other'] }), 422, 'invalid',
    { pointer: '/name', code: 'not_a_string' }, { pointer: '/kind', code: 'not_a_string' });
  assertRefused(await county.post(path, { owner_division: louxing, name: null, kind: 'other' }), 422, 'invalid', { pointer: '/name', code: 'null' });
});

test('a name holds at most eighty characters and no control character', async () => {
  await newOrganisation({ name: unique('长').padEnd(80, '长') });
  assertRefused(await county.post(path, { owner_division: louxing, name: '长'.repeat(81), kind: 'other' }), 422, 'invalid', { pointer: '/name', code: 'too_long' });
  assertRefused(await county.post(path, { owner_division: louxing, name: 'a\u0007b', kind: 'other' }), 422, 'invalid', { pointer: '/name', code: 'bad_character' });
  assertRefused(await county.post(path, { owner_division: louxing, name: '　 ', kind: 'other' }), 422, 'invalid', { pointer: '/name', code: 'blank' });
});

test('a correction changes what it names and nothing else', async () => {
  const unit = await newOrganisation({ line: 'water' });
  const name = unique('新名');
  const renamed = assertDone(await county.patch(`${path}/${unit.id}`, 1, { name }));
  assertRecord(renamed, { ...unit, name, version: 2 }, members);
  const cleared = assertDone(await county.patch(`${path}/${unit.id}`, 2, { line: null }));
  assertRecord(cleared, { name, line: null, version: 3 });
});

test('a correction takes merge-patch+json, too', async () => {
  const unit = await newOrganisation();
  const answer = await county.patch(`${path}/${unit.id}`, 1, { line: 'finance' }, { headers: { 'Content-Type': 'application/merge-patch+json' } });
  assertRecord(assertDone(answer), { line: 'finance', version: 2 });
});

test('a correction of nothing, or of what never changes, is refused', async () => {
  const unit = await newOrganisation();
  assertRefused(await county.patch(`${path}/${unit.id}`, 1, {}), 422, 'invalid', { code: 'empty_patch' });
  assertRefused(await county.patch(`${path}/${unit.id}`, 1, { owner_division: town }), 422, 'invalid', { pointer: '/owner_division' });
  assertRecord(assertDone(await county.get(`${path}/${unit.id}`)), { version: 1 });
});

test('a unit that is not there cannot be corrected', async () => {
  assertRefused(await county.patch(`${path}/${nobodysId()}`, 1, { name: '甲' }), 404, 'not_found');
});

test('a unit goes only into a division of the own scope', async () => {
  assertRefused(await county.post(path, { owner_division: shuangfeng, name: unique('单位'), kind: 'other' }), 403, 'out_of_scope');
});

test('units are listed by division, kind, line and beginning of the name', async () => {
  const name = unique('列');
  const line = unique('l');
  const units = [await newOrganisation({ name: `${name}一`, line }), await newOrganisation({ name: `${name}二`, kind: 'enterprise', owner_division: town })];
  const ids = async (query) => (await allOf(county, path, query)).map((unit) => unit.id);
  assert.deepEqual((await ids({ name_prefix: name })).sort(), units.map((unit) => unit.id).sort());
  assert.deepEqual(await ids({ line }), [units[0].id]);
  assert.deepEqual(await ids({ name_prefix: name, kind: 'enterprise' }), [units[1].id]);
  assert.deepEqual(await ids({ name_prefix: name, division: town }), [units[1].id]);
});

test('a unit above is read from below, one beside is not there', async () => {
  const above = await newOrganisation();
  assertDone(await townOffice.get(`${path}/${above.id}`));
  const beside = await newOrganisation({ owner_division: shuangfeng }, otherCounty);
  assertRefused(await county.get(`${path}/${beside.id}`), 404, 'not_found');
});

test('R-007: a unit belongs to a division that exists', async () => {
  assertRefused(await county.post(path, { owner_division: '431302999000', name: unique('单位'), kind: 'other' }), 422, 'invalid', { pointer: '/owner_division' });
});

test('R-014: the line of a unit that stands on an item stays', async () => {
  const unit = await newOrganisation({ line: 'water' });
  await newItem(valueItem(await newTask(await newList()), unit));
  assertRefused(await county.patch(`${path}/${unit.id}`, 1, { line: 'finance' }), 409, 'state_conflict');
  const name = unique('新名');
  assertRecord(assertDone(await county.patch(`${path}/${unit.id}`, 1, { name })), { name, line: 'water' });
});
