// tests/api/registry_goal.test.mjs - classes of divisions, dated, and goals by stage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { goalBody, newClauses, newGoal, newVillage } from '../support/documents.mjs';
import { county, louxing, nobodysId, otherCounty, prefecture, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/registry/division_classes';
const loudi = '431300000000';
// A town or village that no other test of this file classifies.
const body = (division, more = {}) => ({ owner_division: louxing, division, class: 'key', valid_from: '2021-01-01', ...more });
const classify = async (division, more, caller = county) => assertDone(await caller.post(path, body(division, more)), 201);
const classes = async (query, caller = county) => (await allOf(caller, path, query)).map((c) => [c.class, c.valid_from, c.valid_to]);

test('R-107: a division is classified by one above it, and those below read it', async () => {
  const [place, { clauses: [clause] }] = [await newVillage(), await newClauses()];
  const answer = await county.post(path, body(place, { clause_id: clause.id }));
  const made = assertDone(answer, 201);
  assertRecord(made, { owner_division: louxing, division: place, division_name: '分类村', class: 'key', valid_from: '2021-01-01', valid_to: null, clause_id: clause.id, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1${path}/${made.id}`);
  assert.deepEqual(assertDone(await townOffice.get(`${path}/${made.id}`)), made);
  assertRefused(await otherCounty.get(`${path}/${made.id}`), 404, 'not_found');
  assert.deepEqual(await classes({ division: place, class: 'key' }), [['key', '2021-01-01', null]]);
  assert.deepEqual(await classes({ division: place, owner: loudi }), []);
});

test('R-108: the next class ends the one before, one between them ends where the later begins', async () => {
  const place = await newVillage();
  await classify(place);
  const later = await classify(place, { class: 'leading', valid_from: '2023-01-01' });
  assert.deepEqual(await classes({ division: place, as_of: '2022-12-31' }), [['key', '2021-01-01', '2023-01-01']]);
  assert.deepEqual(await classes({ division: place, as_of: '2023-01-01', owner: louxing }), [['leading', '2023-01-01', null]]);
  assertRefused(await county.post(path, body(place, { valid_from: '2023-01-01' })), 409, 'state_conflict', { pointer: '/valid_from' });
  assertRecord(await classify(place, { class: 'foundation', valid_from: '2022-01-01' }), { valid_to: '2023-01-01' });
  assertRecord(await classify(place, { class: 'foundation', valid_from: '2020-01-01' }), { valid_to: '2021-01-01' });
  const ended = assertDone(await county.verb(`${path}/${later.id}:end`, later.version, { on: '2024-01-01' }));
  assertRecord(ended, { valid_to: '2024-01-01', version: 2 });
  assert.deepEqual(await classes({ division: place, as_of: '2024-01-01' }), []);
  assertRefused(await county.verb(`${path}/${later.id}:end`, 2, { on: '2025-01-01' }), 409, 'state_conflict');
  assertRefused(await county.verb(`${path}/${later.id}:end`, 2, { on: '2023-01-01' }), 422, 'invalid', { pointer: '/on' });
  assertRefused(await county.verb(`${path}/${later.id}:end`, 1, { on: '2023-06-01' }), 412, 'stale');
  assertRefused(await otherCounty.verb(`${path}/${later.id}:end`, 2, { on: '2023-06-01' }), 404, 'not_found');
});

test('what is not acceptable is told by its field', async () => {
  assertRefused(await county.post(path, body(louxing)), 422, 'invalid', { pointer: '/division' });
  assertRefused(await prefecture.post(path, body(shuangfeng)), 422, 'invalid', { pointer: '/division' });
  assertRefused(await county.post(path, body(shuangfeng)), 403, 'out_of_scope');
  assertRefused(await county.post(path, body(town, { owner_division: loudi })), 403, 'out_of_scope');
  assertRefused(await county.post(path, body('431302999000')), 422, 'invalid', { pointer: '/division' });
  assertRefused(await county.post(path, body(town, { class: 'best' })), 422, 'invalid', { pointer: '/class', code: 'not_one_of' });
  assertRefused(await county.post(path, body(town, { clause_id: nobodysId() })), 422, 'invalid', { pointer: '/clause_id' });
  assertRefused(await townOffice.post(path, body(village, { owner_division: town })), 403, 'forbidden');
});

test('of several at once one classifies', async () => {
  const place = await newVillage();
  const answers = await Promise.all([1, 2, 3].map(() => county.post(path, body(place))));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409]);
});

const goals = '/registry/stage_goals';
const texts = async (query, caller = county) => (await allOf(caller, goals, query)).map((g) => g.text);

test('R-109: goals are of all below the owner, of a class, or of one division', async () => {
  const place = await newVillage();
  await classify(place, { class: 'leading' });
  const [all, leading, key, own] = [await newGoal(), await newGoal({ class: 'leading' }), await newGoal({ class: 'key' }), await newGoal({ division: place })];
  assertRecord(all, { owner_division: louxing, class: null, division: null, by_year: 2025, target: null, unit_of_measure: null, assumed: false, version: 1 });
  assert.ok(leading.position > all.position);
  const fit = async (query, caller) => (await texts({ by_year: 2025, ...query }, caller)).filter((t) => [all, leading, key, own].some((g) => g.text === t));
  assert.deepEqual((await fit({ division: place })).sort(), [all, leading, own].map((g) => g.text).sort());
  assert.deepEqual((await fit({ division: '431302001000' })).sort(), [all.text]);
  assert.deepEqual(await fit({ class: 'key' }), [key.text]);
  assert.equal((await fit({}, townOffice)).length, 4);
  assert.equal((await fit({}, otherCounty)).length, 0);
});

test('a goal with a target has its unit, is corrected, and is refused by its field', async () => {
  const { clauses: [clause] } = await newClauses();
  const goal = await newGoal({ target: '30', unit_of_measure: '个', clause_id: clause.id, assumed: true, position: 3 });
  assertRecord(goal, { target: '30', unit_of_measure: '个', clause_id: clause.id, assumed: true, position: 3 });
  assertRecord(assertDone(await county.get(`${goals}/${goal.id}`)), goal);
  const corrected = assertDone(await county.patch(`${goals}/${goal.id}`, 1, { text: '建成试点', target: '31.5' }));
  assertRecord(corrected, { text: '建成试点', target: '31.5', unit_of_measure: '个', version: 2 });
  assertRecord(assertDone(await county.patch(`${goals}/${goal.id}`, 2, { target: null, unit_of_measure: null })), { target: null, unit_of_measure: null });
  assertRefused(await county.patch(`${goals}/${goal.id}`, 3, { target: '1' }), 422, 'invalid', { pointer: '/target' });
  assertRefused(await county.patch(`${goals}/${goal.id}`, 1, { text: 'x' }), 412, 'stale');
  assertRefused(await otherCounty.patch(`${goals}/${goal.id}`, 3, { text: 'x' }), 404, 'not_found');
  const id = uuid();
  assertDone(await county.post(goals, goalBody({ id })), 201);
  assertRefused(await county.post(goals, goalBody({ id })), 409, 'duplicate', { pointer: '/id' });
  assertRefused(await county.post(goals, goalBody({ target: '3' })), 422, 'invalid', { pointer: '/target' });
  assertRefused(await county.post(goals, goalBody({ class: 'key', division: town })), 422, 'invalid', { pointer: '/division' });
  assertRefused(await county.post(goals, goalBody({ division: loudi })), 422, 'invalid', { pointer: '/division' });
  assertRefused(await county.post(goals, goalBody({ owner_division: shuangfeng })), 403, 'out_of_scope');
  assertRefused(await county.post(goals, goalBody({ by_year: 1999, text: '' })), 422, 'invalid', { pointer: '/by_year' }, { pointer: '/text' });
  assertRefused(await county.post(goals, goalBody({ clause_id: nobodysId() })), 422, 'invalid', { pointer: '/clause_id' });
});
