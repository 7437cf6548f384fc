// tests/api/registry_team_member.test.mjs - members of work teams are posts with dates, rotation, the end of their service, who they are as of a day.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { fill, newMember, newTeam, newTown, newVillagePost } from '../support/teams.mjs';
import { county, newOrganisation, nobodysId, otherCounty, prefecture, townOffice } from '../support/world.mjs';

const town = await newTown(3);
const [first, second] = town.villages;
const sender = await newOrganisation();
const team = await newTeam(town, { sending_organisation_id: sender.id });
const path = '/registry/team_members';
const join = (body, caller = county, options) => caller.post(path, { team_id: team.id, starts_on: '2026-01-05', ...body }, options);
const now = async (member, query, caller = county) => assertDone(await caller.get(`${path}/${member.id}`, query));
const verb = (member, name, body, caller = county, options) => caller.verb(`${path}/${member.id}:${name}`, member.version, body, options);

test('R-162: a post serves in a team; its duty is the role, its sender the team\'s, unless others are given', async () => {
  const post = await newVillagePost(first, 'first_secretary');
  const person = await fill(post);
  const given = await join({ post_id: post.id, term_ends_on: '2027-12-31' });
  const member = assertDone(given, 201);
  assertRecord(member, { owner_division: first.code, team_id: team.id, team: team.name, post_id: post.id, title: post.title, duty: 'first_secretary', holder: person.name,
    role: 'first_secretary', sending_organisation_id: sender.id, sending_organisation: sender.name, starts_on: '2026-01-05', term_ends_on: '2027-12-31', ends_on: null,
    follows_id: null, status: 'serving', leave_days: 0, on_leave: false, version: 1 });
  assert.deepEqual(member.steps.map((s) => s.verb), ['join']);
  assert.equal(given.headers.get('location'), `/api/v1${path}/${member.id}`);
  assert.deepEqual(await now(member, {}, prefecture), member);
  const other = await newOrganisation();
  const led = assertDone(await join({ post_id: (await newVillagePost(second, 'first_secretary')).id, role: 'team_leader', sending_organisation_id: other.id }), 201);
  assertRecord(led, { role: 'team_leader', duty: 'first_secretary', sending_organisation_id: other.id, holder: null });
});

test('R-162: what is refused: another duty, another division, before the team, two teams at once', async () => {
  assertRefused(await join({ post_id: (await newVillagePost(first, 'staff')).id }), 422, 'invalid', { pointer: '/post_id' });
  const elsewhere = await newTown(1);
  assertRefused(await join({ post_id: (await newVillagePost(elsewhere.villages[0])).id }), 422, 'invalid', { pointer: '/post_id' });
  const post = await newVillagePost(first);
  assertRefused(await join({ post_id: post.id, starts_on: '2026-01-04' }), 422, 'invalid', { pointer: '/starts_on' });
  assertRefused(await join({ post_id: post.id, term_ends_on: '2026-01-04' }), 422, 'invalid', { pointer: '/term_ends_on' });
  assertRefused(await join({ post_id: nobodysId() }), 422, 'invalid', { pointer: '/post_id' });
  assertRefused(await join({ post_id: post.id, team_id: nobodysId() }), 422, 'invalid', { pointer: '/team_id' });
  assertRefused(await join({ post_id: post.id, sending_organisation_id: nobodysId() }), 422, 'invalid', { pointer: '/sending_organisation_id' });
  assertRefused(await join({ post_id: post.id }, otherCounty), 422, 'invalid', { pointer: '/team_id' });
  for (const caller of [as('village_worker'), as('department_office'), as('inspector')]) assertRefused(await join({ post_id: post.id }, caller), 403, 'forbidden');
  const id = uuid();
  assertDone(await join({ id, post_id: post.id }), 201);
  assertRefused(await join({ id, post_id: (await newVillagePost(first)).id }), 409, 'duplicate', { pointer: '/id' });
  const another = await newTeam(town);
  assertRefused(await join({ post_id: post.id, team_id: another.id, starts_on: '2026-06-01' }), 409, 'state_conflict');
});

test('R-162: of sixty-four who send one post at once, one does, and says the same to all', async () => {
  const post = await newVillagePost(first);
  const key = newKey();
  const answers = await Promise.all(Array.from({ length: 64 }, () => join({ post_id: post.id }, county, { key })));
  assert.equal(new Set(answers.map((a) => assertDone(a, 201).id)).size, 1);
  const others = await Promise.all(Array.from({ length: 8 }, () => join({ post_id: post.id })));
  for (const answer of others) assertRefused(answer, 409, 'state_conflict');
  assert.equal(rows(`SELECT count(*) AS n FROM registry.team_member WHERE post_id = '${post.id}'`)[0].n, 1);
});

test('who a member is, is who held the post on that day', async () => {
  const post = await newVillagePost(first);
  const [before, after] = [await fill(post, '2026-01-05', { ends_on: '2026-07-01' }), await fill(post, '2026-07-01')];
  const member = assertDone(await join({ post_id: post.id }), 201);
  assert.equal((await now(member, { as_of: '2026-06-30' })).holder, before.name);
  assert.equal((await now(member, { as_of: '2026-07-01' })).holder, after.name);
  const [listed] = await allOf(county, path, { post_id: post.id, as_of: '2026-06-30' });
  assert.equal(listed.holder, before.name);
  assertRecord(assertDone(await verb(member, 'end', { on: '2026-06-01' })), { status: 'ended', ends_on: '2026-06-01', holder: before.name, version: 2 });
  assert.equal((await now(member, { as_of: '2026-10-01' })).holder, before.name);
});

test('R-163: a rotation ends one and begins the next on the same day, in one step', async () => {
  const member = await newMember(team, first, { term_ends_on: '2026-06-30' });
  const key = newKey();
  const rotate = () => verb(member, 'rotate', { on: '2026-07-01', term_ends_on: '2028-06-30', decision_note: '任期届满' }, county, { key });
  const next = assertDone(await rotate());
  assertRecord(next, { follows_id: member.id, team_id: team.id, post_id: member.post.id, role: member.role, sending_organisation_id: member.sending_organisation_id,
    starts_on: '2026-07-01', term_ends_on: '2028-06-30', ends_on: null, status: 'serving', version: 1 });
  assert.deepEqual(next.steps.map((s) => s.verb), ['join']);
  assert.equal(assertDone(await rotate()).id, next.id);
  const former = await now(member);
  assertRecord(former, { status: 'rotated', ends_on: '2026-07-01', version: 2 });
  assert.deepEqual(former.steps.map((s) => [s.verb, s.note]), [['join', null], ['rotate', '任期届满']]);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'team_member' AND record_id IN ('${member.id}', '${next.id}')`)[0].n, 3);
  assertRefused(await verb(former, 'rotate', { on: '2026-08-01' }), 409, 'state_conflict');
  assertRefused(await verb(member, 'rotate', { on: '2026-08-01' }), 412, 'stale');
  const serving = async (on) => (await allOf(county, path, { team_id: team.id, post_id: member.post.id, as_of: on })).map((m) => m.id);
  assert.deepEqual([await serving('2026-06-30'), await serving('2026-07-01')], [[member.id], [next.id]]);
});

test('R-163: another post and sender may follow; what is refused', async () => {
  const member = await newMember(team, first);
  const [post, staff] = [await newVillagePost(second, 'team_leader'), await newVillagePost(second, 'staff')];
  assertRefused(await verb(member, 'rotate', { on: '2026-01-05' }), 422, 'invalid', { pointer: '/on' });
  assertRefused(await verb(member, 'rotate', { on: '2026-07-01', post_id: staff.id }), 422, 'invalid', { pointer: '/post_id' });
  assertRefused(await verb(member, 'rotate', { on: '2026-07-01', post_id: nobodysId() }), 422, 'invalid', { pointer: '/post_id' });
  assertRefused(await verb(member, 'rotate', { on: '2026-07-01', term_ends_on: '2026-06-01' }), 422, 'invalid', { pointer: '/term_ends_on' });
  assertRefused(await verb(member, 'rotate', { on: '2026-07-01' }, otherCounty), 404, 'not_found');
  assertRefused(await verb(member, 'rotate', { on: '2026-07-01' }, townOffice), 404, 'not_found');
  assertRefused(await county.post(`${path}/${member.id}:rotate`, { on: '2026-07-01' }), 428, 'precondition_required');
  const other = await newOrganisation();
  assertRecord(assertDone(await verb(member, 'rotate', { on: '2026-07-01', post_id: post.id, role: 'team_leader', sending_organisation_id: other.id })),
    { owner_division: second.code, post_id: post.id, role: 'team_leader', sending_organisation_id: other.id, follows_id: member.id });
});

test('R-164: a member ends; nobody follows, and the post is free for another team', async () => {
  const member = await newMember(team, first);
  assertRefused(await verb(member, 'end', { on: '2026-01-05' }), 422, 'invalid', { pointer: '/on' });
  const ended = assertDone(await verb(member, 'end', { on: '2026-06-01', decision_note: '工作调动' }));
  assert.deepEqual(ended.steps.map((s) => [s.verb, s.note]), [['join', null], ['end', '工作调动']]);
  assertRefused(await verb(ended, 'end', { on: '2026-06-02' }), 409, 'state_conflict');
  assertRefused(await county.patch(`${path}/${member.id}`, 2, { role: 'team_leader' }), 409, 'state_conflict');
  const another = await newTeam(town);
  assertDone(await join({ post_id: member.post.id, team_id: another.id, starts_on: '2026-06-01' }), 201);
});

test('a member is corrected while serving; lists filter by team, sender, state and term', async () => {
  const own = await newTeam(town);
  const [a, b] = [await newMember(own, first, { term_ends_on: '2026-12-31' }), await newMember(own, second)];
  assertRecord(assertDone(await county.patch(`${path}/${a.id}`, 1, { role: 'team_leader', sending_organisation_id: sender.id, term_ends_on: '2026-09-30' })),
    { role: 'team_leader', sending_organisation_id: sender.id, term_ends_on: '2026-09-30', version: 2 });
  const ids = async (query) => (await allOf(county, path, { team_id: own.id, ...query })).map((m) => m.id);
  assert.deepEqual(await ids({}), [a.id, b.id]);
  assert.deepEqual(await ids({ term_ends_before: '2026-10-01' }), [a.id]);
  assert.deepEqual(await ids({ sending_organisation_id: sender.id }), [a.id]);
  assert.deepEqual(await ids({ division: second.code }), [b.id]);
  assertDone(await verb(b, 'end', { on: '2026-03-01' }));
  assert.deepEqual([await ids({ status: 'ended' }), await ids({ status: 'serving' })], [[b.id], [a.id]]);
});
