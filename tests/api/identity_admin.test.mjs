// tests/api/identity_admin.test.mjs - who may give what to whom: rules of proto/identity.md, attacked from every level.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { audit, bearer, grant, hold, newAccount, newCaller, newOfficial, newPerson, newPost, security, settled, system } from '../support/admins.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf, as, unique } from '../support/client.mjs';
import { citizenId } from '../support/numbers.mjs';
import { county, louxing, newOrganisation, nobodysId, otherCounty, province, shuangfeng, town, townOffice } from '../support/world.mjs';

const hunan = '430000000000';
const country = '000000000000';
const rightsOf = (role, ...ranges) => ({ role, ranges, lines: null });
// A security administrator of the county, and one of the province.
const local = await newCaller(louxing, rightsOf('security_admin', louxing));
const provincial = await newCaller(hunan, rightsOf('security_admin', hunan));
const beyond = (answer, pointer) => assertRefused(answer, 403, 'exceeds_own_rights', ...(pointer ? [{ pointer }] : []));

test('A-1: a post gets role, ranges and lines, and acts by them', async () => {
  const post = await newPost(town);
  const given = assertDone(await grant(post, { role: 'town_office', ranges: [town], lines: ['agriculture'] }, local.caller));
  assertRecord(given, { role: 'town_office', ranges: [town], lines: ['agriculture'], version: 2 });
  assertDone(await county.get(`/identity/posts/${post.id}/rights`));
  assert.deepEqual(assertDone(await local.caller.get(`/identity/posts/${post.id}/rights`)), given);
  assertRefused(await otherCounty.get(`/identity/posts/${post.id}/rights`), 404, 'not_found');
  assertRefused(await grant(post, rightsOf('town_office', town), local.caller), 412, 'stale');
  const taken = assertDone(await grant(given, { role: null }, local.caller));
  assertRecord(taken, { role: null, ranges: [], lines: null, version: 3 });
});

test('A-1: an account acts by what its post was given, and no more within a second of its being taken away', async () => {
  const official = await newOfficial(town, rightsOf('town_office', town), local.caller);
  const caller = await settled(official);
  const divisions = '/registry/organisations';
  assertDone(await caller.get(divisions));
  assertDone(await grant(official.post, { role: null }, local.caller));
  await within(60_000, async () => (await caller.get(divisions)).status === 401);
});

test('A-1: ranges beyond the own are refused, however they are written', async () => {
  const post = await newPost(louxing);
  for (const wide of [hunan, '431300000000', shuangfeng, country]) {
    beyond(await grant(post, rightsOf('county_office', wide), local.caller), '/ranges');
    beyond(await grant(post, rightsOf('county_office', louxing, wide), local.caller), '/ranges');
  }
  for (const odd of ['4313', '', '431302', '43130200000~', '43130200000%', ' 43130200000']) {
    assertRefused(await grant(post, rightsOf('county_office', odd), local.caller), 422, 'invalid');
  }
  assertRefused(await grant(post, rightsOf('county_office'), local.caller), 422, 'invalid', { pointer: '/ranges' });
  assertRefused(await grant(post, { role: null, ranges: [louxing] }, local.caller), 422, 'invalid', { pointer: '/role' });
});

test('A-1: every line is more than one line, and another line is another', async () => {
  const limited = await newCaller(louxing, { role: 'security_admin', ranges: [louxing], lines: ['water'] });
  const post = await newPost(louxing);
  beyond(await grant(post, rightsOf('department_office', louxing), limited.caller), '/lines');
  beyond(await grant(post, { role: 'department_office', ranges: [louxing] }, limited.caller), '/lines');
  beyond(await grant(post, { role: 'department_office', ranges: [louxing], lines: ['water', 'agriculture'] }, limited.caller), '/lines');
  assertRefused(await grant(post, { role: 'department_office', ranges: [louxing], lines: [] }, limited.caller), 422, 'invalid', { pointer: '/lines' });
  assertDone(await grant(post, { role: 'department_office', ranges: [louxing], lines: ['water'] }, limited.caller));
});

test('A-1: who is limited to a line takes nothing away in another one', async () => {
  const limited = await newCaller(louxing, { role: 'security_admin', ranges: [louxing], lines: ['water'] });
  const of_ = async (lines) => assertDone(await grant(await newPost(louxing), { role: 'department_office', ranges: [louxing], lines }));
  const nothing = { role: null };
  for (const lines of [['fire'], ['water', 'fire'], null]) beyond(await grant(await of_(lines), nothing, limited.caller), '/lines');
  beyond(await grant(await of_(['fire']), { role: 'department_office', ranges: [louxing], lines: ['water'] }, limited.caller), '/lines');
  assertRecord(assertDone(await grant(await of_(['water']), nothing, limited.caller)), { role: null });
  const fire = await newOrganisation({ line: 'fire' });
  const ofUnit = assertDone(await system.post('/identity/posts', { organisation_id: fire.id, title: unique('岗'), duty: 'staff' }), 201);
  beyond(await grant(ofUnit, { role: 'department_office', ranges: [louxing], lines: ['water'] }, limited.caller), '/lines');
  const machine = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  const let_ = async (lines) => assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: (await of_(lines)).id }), 201);
  const remove = (entry) => limited.caller.post(`/identity/account_posts/${entry.id}:remove`);
  beyond(await remove(await let_(['fire'])));
  assertDone(await remove(await let_(['water'])));
});

test('A-1: each level gives within its own subtree', async () => {
  const [here, there] = [await newPost(louxing), await newPost(shuangfeng)];
  assertRefused(await grant(there, rightsOf('county_office', louxing), local.caller), 404, 'not_found');
  const above = await newPost(hunan);
  assertRefused(await grant(above, rightsOf('county_office', louxing), local.caller), 404, 'not_found');
  const given = assertDone(await grant(there, rightsOf('county_office', shuangfeng), provincial.caller));
  assertDone(await grant(given, rightsOf('county_office', shuangfeng, louxing), provincial.caller));
  beyond(await grant(here, rightsOf('county_office', '420000000000'), provincial.caller), '/ranges');
  assertRefused(await grant(here, rightsOf('nothing_such', louxing), local.caller), 422, 'invalid', { pointer: '/role' });
  assertRefused(await grant({ id: nobodysId(), version: 1 }, rightsOf('county_office', louxing), local.caller), 404, 'not_found');
});

test('A-1: an office puts people into the posts of its subtree, and into none that may do more than it may give', async () => {
  const post = await newPost(town);
  const granted = assertDone(await grant(post, rightsOf('town_office', town)));
  assertDone(await hold(granted, await newPerson(town, county), county), 201);
  const [over, wide] = [await newPost(louxing), await newPost(louxing)];
  assertDone(await grant(over, rightsOf('security_admin', louxing)));
  assertDone(await grant(wide, rightsOf('county_office', hunan)));
  const person = await newPerson(louxing, county);
  beyond(await hold(over, person, county));
  beyond(await hold(wide, person, county));
  beyond(await hold(over, person, system)); // registers posts and people, and gives nothing
  beyond(await hold(wide, person, county, { starts_on: '2090-01-01' }));
});

test('A-2: nobody changes the rights of a post they act in, or of their own account', async () => {
  const own = local.post;
  beyond(await grant(own, rightsOf('security_admin', louxing), local.caller));
  beyond(await grant(own, { role: null }, local.caller));
  const second = await newPost(louxing);
  assertDone(await grant(second, rightsOf('town_office', town)));
  beyond(await local.caller.post('/identity/account_posts', { account_id: local.account.id, post_id: second.id }));
});

test('A-2: a post held some day is an own one as well', async () => {
  const later = await newPost(louxing);
  assertDone(await hold(later, local.person, system, { starts_on: '2080-01-01' }), 201);
  beyond(await grant(later, rightsOf('town_office', town), local.caller));
});

test('A-3: an account is let act in a post, and is not any more', async () => {
  const post = await newPost(town);
  assertDone(await grant(post, rightsOf('device', town)));
  const machine = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  assert.equal(machine.password, null);
  const made = await local.caller.post('/identity/account_posts', { account_id: machine.id, post_id: post.id });
  const entry = assertDone(made, 201);
  assertRecord(entry, { account_id: machine.id, post_id: post.id, owner_division: town, version: 1 });
  assert.equal(made.headers.get('location'), `/api/v1/identity/account_posts/${entry.id}`);
  assertDone(await security.get(`/identity/account_posts/${entry.id}`));
  assertRefused(await local.caller.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }), 409, 'duplicate');
  assert.deepEqual((await allOf(local.caller, '/identity/account_posts', { account_id: machine.id })).map((e) => e.id), [entry.id]);
  assertRefused(await otherCounty.get(`/identity/account_posts/${entry.id}`), 404, 'not_found');
  assertDone(await local.caller.post(`/identity/account_posts/${entry.id}:remove`));
  assertRefused(await local.caller.post(`/identity/account_posts/${entry.id}:remove`), 404, 'not_found');
});

test('A-3: post and account are both the caller\'s to administer, and told alike when they are not', async () => {
  const [here, there] = [await newPost(louxing), await newPost(shuangfeng)];
  const strange = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: shuangfeng }), 201);
  for (const [account_id, post_id, pointer] of [[strange.id, here.id, '/account_id'], [nobodysId(), here.id, '/account_id'],
    [strange.id, there.id, '/account_id']]) {
    assertRefused(await local.caller.post('/identity/account_posts', { account_id, post_id }), 422, 'invalid', { pointer });
  }
  const own = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  for (const post_id of [there.id, nobodysId()]) {
    assertRefused(await local.caller.post('/identity/account_posts', { account_id: own.id, post_id }), 422, 'invalid', { pointer: '/post_id' });
  }
});

test('A-5: the three kinds of administrator are not combined, whichever way', async () => {
  const official = await newOfficial(louxing, rightsOf('system_admin', louxing));
  const [second, third] = [await newPost(louxing), await newPost(louxing)];
  const audits = assertDone(await grant(second, rightsOf('audit_admin', louxing)));
  assertRefused(await security.post('/identity/account_posts', { account_id: official.account.id, post_id: audits.id }), 409, 'state_conflict');
  assertDone(await hold(third, official.person, system, { starts_on: '2070-01-01' }), 201);
  assertRefused(await grant(third, rightsOf('security_admin', louxing)), 409, 'state_conflict');
  const told = assertRefused(await grant(third, rightsOf('audit_admin', louxing)), 409, 'state_conflict');
  assert.match(told.detail, /audit and a system administrator/);
  assertDone(await grant(third, rightsOf('system_admin', louxing)));
});

test('A-5: of three kinds given to one account at once, one is', async () => {
  const account = await newAccount(await newPerson(louxing));
  const posts = [];
  for (const role of ['system_admin', 'security_admin', 'audit_admin']) posts.push(assertDone(await grant(await newPost(louxing), rightsOf(role, louxing))));
  const answers = await Promise.all(posts.map((post) => security.post('/identity/account_posts', { account_id: account.id, post_id: post.id })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409], answers.map((a) => a.text).join(' '));
});

test('A-5: two records of one human being are one, and whose the other is stays untold', async () => {
  const number = citizenId();
  const record = async (owner_division, more = {}) =>
    assertDone(await system.post('/identity/persons', { owner_division, name: unique('人'), ...more }), 201);
  const given = async (division, role, person) => {
    const post = await newPost(division);
    assertDone(await hold(post, person), 201);
    return grant(post, rightsOf(role, division));
  };
  const here = await record(louxing, { citizen_id: number });
  assertDone(await given(louxing, 'system_admin', here));
  const there = await record(shuangfeng, { citizen_id: number });
  const told = assertRefused(await given(shuangfeng, 'audit_admin', there), 409, 'state_conflict');
  assert.match(told.detail, /audit and a system administrator/);
  for (const secret of [here.id, here.name, louxing, number]) assert.ok(!JSON.stringify(told).includes(secret), secret);
  const nobody = await record(shuangfeng);
  assertRefused(await given(shuangfeng, 'audit_admin', nobody), 409, 'state_conflict');
  const other = await record(shuangfeng, { citizen_id: citizenId() });
  assertDone(await given(shuangfeng, 'audit_admin', other));
  assertRefused(await system.patch(`/identity/persons/${other.id}`, other.version, { citizen_id: null }), 409, 'state_conflict');
});

test('A-5: a machine is no administrator, whose key another would hold', async () => {
  const machine = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  for (const role of ['system_admin', 'security_admin', 'audit_admin']) {
    const post = assertDone(await grant(await newPost(louxing), rightsOf(role, louxing)));
    assertRefused(await security.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }), 409, 'state_conflict');
  }
  const later = await newPost(louxing);
  assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: later.id }), 201);
  assertRefused(await grant(later, rightsOf('audit_admin', louxing)), 409, 'state_conflict');
});

test('A-5: each kind does its own and nothing of the others\'', async () => {
  const post = await newPost(louxing);
  for (const by of [audit, system, county, province]) assertRefused(await grant(post, rightsOf('county_office', louxing), by), 403, 'forbidden');
  const account = { login: unique('u'), kind: 'machine', owner_division: louxing };
  for (const by of [audit, security, county, province]) assertRefused(await by.post('/identity/accounts', account), 403, 'forbidden');
  for (const by of [audit, system, county]) {
    assertRefused(await by.post('/identity/roles', { code: unique('r'), label: 'x', owner_division: louxing, permissions: ['post.read'] }), 403, 'forbidden');
  }
  assertDone(await audit.get('/identity/accounts'));
  assertDone(await audit.get('/identity/roles'));
});

test('A-5: what the security administrator gives on, he does not have', async () => {
  const me = assertDone(await local.caller.get('/identity/me'));
  assert.equal(me.role.admin_kind, 'security');
  assert.ok(me.grantable.includes('audit.read') && me.grantable.includes('account.write'));
  assert.ok(!me.permissions.includes('audit.read') && !me.permissions.includes('account.write'));
});

test('a rehearsal gives nothing', async () => {
  const post = await newPost(town);
  assertRecord(assertDone(await local.caller.verb(`/identity/posts/${post.id}:grant?validate_only=true`, 1, rightsOf('town_office', town))), { role: 'town_office' });
  assertRecord(assertDone(await as('county_office').get(`/identity/posts/${post.id}`)), { role: null, version: 1 });
  assertRefused(await townOffice.verb(`/identity/posts/${post.id}:grant`, 1, rightsOf('town_office', town)), 403, 'forbidden');
  assertRefused(await bearer().verb(`/identity/posts/${post.id}:grant`, 1, rightsOf('town_office', town)), 401, 'unauthenticated');
});
