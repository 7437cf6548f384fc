// tests/api/registry_duty.test.mjs - R-106: what a clause lays on whom, on which level, since when; found by level, subject, topic, document, clause, division and day.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { dutyBody, newClauses, newDocument, newDuty } from '../support/documents.mjs';
import { county, louxing, nobodysId, otherCounty, prefecture, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/registry/duties';
const numbers = async (query, caller = county) => (await allOf(caller, path, query)).map((d) => d.number);

test('a duty is entered under its clause and shows its source', async () => {
  const { document, clauses: [clause] } = await newClauses(['稳住粮食面积'], { number: unique('号'), assumed: true });
  const body = dutyBody(clause, { level: 3 });
  const answer = await county.post(path, body);
  const duty = assertDone(answer, 201);
  assertRecord(duty, { ...body, owner_division: louxing, document_id: document.id, document_title: document.title, document_number: document.number, clause_number: '1',
    assumed: true, valid_from: document.valid_from, valid_to: null, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1${path}/${duty.id}`);
  assert.deepEqual(assertDone(await townOffice.get(`${path}/${duty.id}`)), duty);
  assertRefused(await otherCounty.get(`${path}/${duty.id}`), 404, 'not_found');
  assertRefused(await county.post(path, { ...body, number: unique() , id: duty.id }), 409, 'duplicate', { pointer: '/id' });
  assertRefused(await county.post(path, body), 409, 'duplicate', { pointer: '/number' });
});

test('what is not acceptable is told by its field', async () => {
  const { clauses: [clause] } = await newClauses(['x'], { issued_on: '2021-03-01', valid_to: '2025-01-01' });
  assertRefused(await county.post(path, dutyBody({ id: nobodysId() })), 422, 'invalid', { pointer: '/clause_id' });
  assertRefused(await otherCounty.post(path, dutyBody(clause)), 422, 'invalid', { pointer: '/clause_id' });
  assertRefused(await county.post(path, dutyBody(clause, { topic: 'nothing' })), 422, 'invalid', { pointer: '/topic' });
  assertRefused(await county.post(path, dutyBody(clause, { subject: 'king', level: 6, number: '' })), 422, 'invalid', { pointer: '/subject', code: 'not_one_of' },
    { pointer: '/level' }, { pointer: '/number' });
  assertRefused(await county.post(path, dutyBody(clause, { valid_from: '2021-02-28' })), 422, 'invalid', { pointer: '/valid_from' });
  assertRefused(await county.post(path, dutyBody(clause, { valid_to: '2025-01-02' })), 422, 'invalid', { pointer: '/valid_to' });
  assertRefused(await county.post(path, dutyBody(clause, { valid_from: '2023-01-01', valid_to: '2022-01-01' })), 422, 'invalid', { pointer: '/valid_to' });
  const above = await newClauses(['x'], { owner_division: '431300000000' }, prefecture);
  assertRefused(await county.post(path, dutyBody(above.clauses[0])), 422, 'invalid', { pointer: '/clause_id' });
});

test('duties are found by level, subject, topic, document, clause and day', async () => {
  const { document, clauses: [one, two] } = await newClauses(['甲', '乙']);
  const only = { document_id: document.id };
  await newDuty(one, { number: 'a', level: 3 });
  await newDuty(one, { number: 'b', level: 5, subject: 'village_committee', topic: 'organisation' });
  await newDuty(two, { number: 'c', subject: 'department', topic: undefined });
  await newDuty(two, { number: 'd', subject: 'department', valid_from: '2022-01-01', valid_to: '2023-01-01' });
  assert.deepEqual(await numbers(only), ['a', 'b', 'c']);
  assert.deepEqual(await numbers({ ...only, level: 3 }), ['a', 'c']);
  assert.deepEqual(await numbers({ ...only, subject: 'department' }), ['c']);
  assert.deepEqual(await numbers({ ...only, topic: 'general' }), ['c']);
  assert.deepEqual(await numbers({ clause_id: two.id, as_of: '2022-12-31' }), ['c', 'd']);
  assert.deepEqual(await numbers({ clause_id: two.id, as_of: '2023-01-01' }), ['c']);
  assert.deepEqual(await numbers({ ...only, as_of: '2021-02-28' }), []);
  assert.deepEqual(await numbers({ ...only, sort: '-created_at' }), ['c', 'b', 'a']);
});

test('a duty binds the levels below its document\'s division', async () => {
  const own = await newClauses(['x']);
  const above = await newClauses(['x'], { owner_division: '431300000000' }, prefecture);
  const topic = 'ecology';
  const [mine, theirs] = [await newDuty(own.clauses[0], { topic }), await newDuty(above.clauses[0], { topic }, prefecture)];
  const fit = async (query, caller) => (await numbers({ topic, ...query }, caller)).filter((n) => n === mine.number || n === theirs.number).sort();
  const both = [mine.number, theirs.number].sort();
  assert.deepEqual(await fit({ division: village }), both);
  assert.deepEqual(await fit({ division: louxing }, townOffice), both);
  assert.deepEqual(await fit({ division: '431300000000' }), [theirs.number]);
  assert.deepEqual(await fit({}, otherCounty), [theirs.number]);
  assert.deepEqual(await fit({ division: shuangfeng }, prefecture), [theirs.number]);
  assertRefused(await county.get(path, { division: shuangfeng }), 403, 'out_of_scope');
});

test('a duty is corrected and ended by the division that laid it down', async () => {
  const { clauses: [clause] } = await newClauses();
  const duty = await newDuty(clause, { level: 3 });
  const corrected = assertDone(await county.patch(`${path}/${duty.id}`, 1, { title: '守住耕地', level: null, topic: 'resources', assumed: true }));
  assertRecord(corrected, { title: '守住耕地', level: null, topic: 'resources', assumed: true, number: duty.number, version: 2 });
  assertRecord(assertDone(await county.patch(`${path}/${duty.id}`, 2, { valid_to: '2024-01-01' })), { valid_to: '2024-01-01' });
  assert.deepEqual(await numbers({ clause_id: clause.id }), []);
  assertRecord(assertDone(await county.patch(`${path}/${duty.id}`, 3, { valid_to: null })), { valid_to: null });
  assertRefused(await county.patch(`${path}/${duty.id}`, 4, { valid_from: '2020-01-01' }), 422, 'invalid', { pointer: '/valid_from' });
  assertRefused(await county.patch(`${path}/${duty.id}`, 1, { title: 'x' }), 412, 'stale');
  assertRefused(await otherCounty.patch(`${path}/${duty.id}`, 4, { title: 'x' }), 404, 'not_found');
  assertRefused(await townOffice.patch(`${path}/${duty.id}`, 4, { title: 'x' }), 403, 'forbidden');
  const bounded = await newDocument({ valid_to: '2025-01-01', clauses: [{ number: '一', text: 'x', duties: [{ number: '1', title: 'y', subject: 'department' }] }] });
  const [inside] = await allOf(county, path, { document_id: bounded.id, as_of: '2024-01-01' });
  assertRecord(inside, { valid_to: '2025-01-01' });
  assertRefused(await county.patch(`${path}/${inside.id}`, 1, { valid_to: '2026-01-01' }), 422, 'invalid', { pointer: '/valid_to' });
});
