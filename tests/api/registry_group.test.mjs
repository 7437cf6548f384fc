// tests/api/registry_group.test.mjs - leading groups, 专班 and 专责组: their unit and their heads, who sits in them from when until when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { fill, newTown } from '../support/teams.mjs';
import { county, department, louxing, newOrganisation, nobodysId, otherCounty, prefecture, townOffice } from '../support/world.mjs';

const path = '/registry/groups';
const unitOfGroup = (body = {}) => newOrganisation({ kind: 'work_group', ...body });
const postOf = async (duty, body = {}) => {
  const unit = await newOrganisation(body);
  return assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: unique('岗'), duty }), 201);
};
const head = await postOf('first_responsible');
const deputy = await postOf('direct');
const person = await fill(head);
const establish = async (body = {}, caller = county, options) => caller.post(path, { organisation_id: body.organisation_id ?? (await unitOfGroup()).id, kind: 'special_group',
  title: unique('专班'), head_post_ids: [head.id], starts_on: '2026-01-05', ...body }, options);
const established = async (body, caller) => assertDone(await establish(body, caller), 201);
const now = async (group, query) => assertDone(await county.get(`${path}/${group.id}`, query));
const change = (group, body, caller = county) => caller.patch(`${path}/${group.id}`, group.version, body);
const end = (group, body, caller = county) => caller.verb(`${path}/${group.id}:end`, group.version, body);

test('R-173: a group has a unit, heads, deputies and member units', async () => {
  const [unit, a, b] = [await unitOfGroup(), await newOrganisation(), await newOrganisation()];
  const given = await establish({ organisation_id: unit.id, kind: 'leading_group', title: '区委农村工作领导小组', topic: 'general', deputy_post_ids: [deputy.id],
    member_organisation_ids: [a.id, b.id] });
  const group = assertDone(given, 201);
  assertRecord(group, { owner_division: louxing, organisation_id: unit.id, organisation: unit.name, kind: 'leading_group', title: '区委农村工作领导小组', topic: 'general',
    parent_id: null, head_post_ids: [head.id], deputy_post_ids: [deputy.id], starts_on: '2026-01-05', ends_on: null, status: 'active', version: 1 });
  assert.deepEqual([...group.member_organisation_ids].sort(), [a.id, b.id].sort());
  assert.deepEqual(group.seats.slice(0, 2).map((s) => [s.seat, s.post_id, s.duty, s.holder]), [['head', head.id, 'first_responsible', person.name],
    ['deputy', deputy.id, 'direct', null]]);
  assert.deepEqual(group.seats.slice(2).map((s) => [s.seat, s.organisation]).sort(), [['member', a.name], ['member', b.name]].sort());
  assert.deepEqual(group.steps.map((s) => s.verb), ['establish']);
  assert.equal(given.headers.get('location'), `/api/v1${path}/${group.id}`);
  assert.deepEqual(await now(group), group);
  assert.deepEqual(assertDone(await townOffice.get(`${path}/${group.id}`)).id, group.id);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'work_group' AND record_id = '${group.id}'`)[0].n, 1);
});

test('R-173: what a group is refused', async () => {
  assertRefused(await establish({ organisation_id: (await newOrganisation()).id }), 422, 'invalid', { pointer: '/organisation_id' });
  assertRefused(await establish({ organisation_id: nobodysId() }), 422, 'invalid', { pointer: '/organisation_id' });
  assertRefused(await establish({ head_post_ids: [nobodysId()] }), 422, 'invalid', { pointer: '/head_post_ids' });
  assertRefused(await establish({ head_post_ids: [] }), 422, 'invalid', { pointer: '/head_post_ids' });
  assertRefused(await establish({ deputy_post_ids: [nobodysId()] }), 422, 'invalid', { pointer: '/deputy_post_ids' });
  assertRefused(await establish({ member_organisation_ids: [nobodysId()] }), 422, 'invalid', { pointer: '/member_organisation_ids' });
  assertRefused(await establish({ topic: 'sport' }), 422, 'invalid', { pointer: '/topic' });
  assertRefused(await establish({ parent_id: nobodysId() }), 422, 'invalid', { pointer: '/parent_id' });
  const above = await newOrganisation({ kind: 'work_group', owner_division: '431300000000' }, prefecture);
  assertRefused(await establish({ organisation_id: above.id }), 422, 'invalid', { pointer: '/organisation_id' });
  assertRefused(await establish({}, otherCounty), 422, 'invalid', { pointer: '/organisation_id' });
  for (const caller of [department, as('village_worker'), as('inspector')]) assertRefused(await establish({}, caller), 403, 'forbidden');
  const group = await established();
  assertRefused(await establish({ organisation_id: group.organisation_id }), 409, 'state_conflict', { pointer: '/organisation_id' });
  const id = uuid();
  await established({ id });
  assertRefused(await establish({ id }), 409, 'duplicate');
});

test('R-173: a leading group is headed as the division\'s setting says', async () => {
  assertRefused(await establish({ kind: 'leading_group', head_post_ids: [head.id, deputy.id] }), 422, 'invalid', { pointer: '/head_post_ids' });
  const group = await established({ kind: 'leading_group' });
  assertRefused(await change(group, { head_post_ids: [deputy.id] }), 422, 'invalid', { pointer: '/head_post_ids' });
  assertDone(await establish({ kind: 'duty_group', head_post_ids: [deputy.id] }), 201);
  const town = await newTown(1);
  run(`INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES ('registry.leading_group_head_duty', '${town.code}', 0, '', true, 'test')`);
  const unit = await unitOfGroup({ owner_division: town.code });
  assertDone(await establish({ organisation_id: unit.id, kind: 'leading_group', head_post_ids: [deputy.id] }), 201);
});

test('R-173: a group stands under one of its own division or above', async () => {
  const parent = await established({ kind: 'leading_group' });
  const child = await established({ parent_id: parent.id });
  assert.deepEqual((await allOf(county, path, { parent_id: parent.id })).map((g) => g.id), [child.id]);
  const town = await newTown(1);
  const below = await established({ organisation_id: (await unitOfGroup({ owner_division: town.code })).id });
  assertRefused(await establish({ parent_id: below.id }), 422, 'invalid', { pointer: '/parent_id' });
  assertRefused(await end(parent, { on: '2026-06-01' }), 409, 'state_conflict');
  assertDone(await end(child, { on: '2026-06-01' }));
  assertDone(await end(parent, { on: '2026-06-01' }));
  assertRefused(await establish({ parent_id: parent.id }), 422, 'invalid', { pointer: '/parent_id' });
});

test('R-174: who sits in it changes from a day on; before that day it is as it was', async () => {
  const [a, b] = [await newOrganisation(), await newOrganisation()];
  const next = await postOf('first_responsible');
  const group = await established({ deputy_post_ids: [deputy.id], member_organisation_ids: [a.id] });
  const key = newKey();
  const answer = await county.patch(`${path}/${group.id}`, 1, { head_post_ids: [next.id], member_organisation_ids: [a.id, b.id], from: '2026-07-01' }, { key });
  const changed = assertDone(answer);
  assertRecord(changed, { head_post_ids: [next.id], deputy_post_ids: [deputy.id], version: 2 });
  assert.deepEqual([...changed.member_organisation_ids].sort(), [a.id, b.id].sort());
  assertRecord(await now(group, { as_of: '2026-06-30' }), { head_post_ids: [head.id], member_organisation_ids: [a.id] });
  assertRecord(await now(group, { as_of: '2026-07-01' }), { head_post_ids: [next.id] });
  const heads = async (post, on) => (await allOf(county, path, { post_id: post.id, as_of: on })).some((g) => g.id === group.id);
  assert.deepEqual([await heads(head, '2026-06-30'), await heads(head, '2026-07-01'), await heads(next, '2026-07-01')], [true, false, true]);
  // Corrected on the same day: who sat in it for no day never did.
  const corrected = assertDone(await change(changed, { head_post_ids: [head.id], from: '2026-07-01' }));
  assert.deepEqual(corrected.head_post_ids, [head.id]);
  const emptied = assertDone(await change(corrected, { deputy_post_ids: [], from: '2026-08-01', title: '产业专班', topic: null }));
  assertRecord(emptied, { deputy_post_ids: [], title: '产业专班', topic: null });
  assert.deepEqual((await now(group, { as_of: '2026-07-31' })).deputy_post_ids, [deputy.id]);
  assertRefused(await change(emptied, { head_post_ids: [] }), 422, 'invalid', { pointer: '/head_post_ids' });
  assertRefused(await change(emptied, { head_post_ids: [next.id], from: '2026-01-04' }), 422, 'invalid', { pointer: '/from' });
  assertRefused(await change(group, { title: 'x' }), 412, 'stale');
  assertRefused(await change(emptied, { title: 'x' }, otherCounty), 404, 'not_found');
  const below = await change(emptied, { title: 'x' }, townOffice);
  assert.ok([403, 404].includes(below.status), below.text);
});

test('R-174: a group ends with all its seats', async () => {
  const group = await established();
  assertRefused(await end(group, { on: '2026-01-05' }), 422, 'invalid', { pointer: '/on' });
  assertRefused(await end(group, {}), 422, 'invalid', { pointer: '/on' });
  const ended = assertDone(await end(group, { on: '2026-06-01', decision_note: '机构调整' }));
  assertRecord(ended, { status: 'ended', ends_on: '2026-06-01', version: 2, head_post_ids: [head.id] });
  assert.deepEqual(ended.steps.map((s) => [s.verb, s.note]), [['establish', null], ['end', '机构调整']]);
  assert.equal(ended.seats[0].ends_on, '2026-06-01');
  assertRefused(await end(ended, { on: '2026-07-01' }), 409, 'state_conflict');
  assertRefused(await change(ended, { title: 'x' }), 409, 'state_conflict');
  const unit = group.organisation_id;
  const again = await established({ organisation_id: unit, starts_on: '2026-06-01' });
  const on = async (day) => (await allOf(county, path, { organisation_id: unit, as_of: day })).map((g) => g.id);
  assert.deepEqual([await on('2026-05-31'), await on('2026-06-01')], [[group.id], [again.id]]);
});

test('lists filter by division, kind, topic and state', async () => {
  const group = await established({ kind: 'duty_group', topic: 'ecology' });
  const ids = async (query, caller = county) => (await allOf(caller, path, query)).map((g) => g.id);
  assert.ok((await ids({ division: louxing, kind: 'duty_group', topic: 'ecology', status: 'active' })).includes(group.id));
  assert.ok(!(await ids({ kind: 'leading_group' })).includes(group.id));
  assert.ok(!(await ids({ topic: 'culture' })).includes(group.id));
  assert.ok((await ids({ topic: 'ecology' }, prefecture)).includes(group.id));
  assert.ok(!(await ids({}, otherCounty)).includes(group.id));
  assertRefused(await otherCounty.get(`${path}/${group.id}`), 404, 'not_found');
});
