// tests/api/identity_admin_roles.test.mjs - roles that divisions keep: rules of proto/identity.md.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { grant, newCaller, newOfficial, newPost, security, settled } from '../support/admins.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf, unique } from '../support/client.mjs';
import { rows } from '../support/database.mjs';
import { root } from '../support/settings.mjs';
import { county, louxing, otherCounty, shuangfeng, town } from '../support/world.mjs';

const roles = '/identity/roles';
const local = await newCaller(louxing, { role: 'security_admin', ranges: [louxing], lines: null });
const newRole = (body = {}, by = local.caller) =>
  by.post(roles, { code: unique('r'), label: '查阅', owner_division: louxing, permissions: ['duty_list.read', 'report.read'], ...body });
const beyond = (answer) => assertRefused(answer, 403, 'exceeds_own_rights');

test('a division makes a role and gives it', async () => {
  const answer = await newRole({ grantable: ['report.read'], personal_data: 'hidden' });
  const role = assertDone(answer, 201);
  assertRecord(role, { owner_division: louxing, permissions: ['duty_list.read', 'report.read'], grantable: ['report.read'], personal_data: 'hidden', admin_kind: null, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1/identity/roles/${role.id}`);
  assert.deepEqual(assertDone(await county.get(`${roles}/${role.id}`)), role);
  assert.deepEqual(assertDone(await county.get(`${roles}/${role.code}`)), role);
  assert.ok((await allOf(county, roles, { division: louxing })).some((r) => r.id === role.id));
  assertRefused(await otherCounty.get(`${roles}/${role.code}`), 404, 'not_found');
  assertDone(await grant(await newPost(town), { role: role.code, ranges: [town] }, local.caller));
});

test('a role is given in its division and below it', async () => {
  const role = assertDone(await newRole({ owner_division: town }), 201);
  assertRefused(await grant(await newPost(louxing), { role: role.code, ranges: [town] }, local.caller), 422, 'invalid', { pointer: '/role' });
  assertRefused(await grant(await newPost(shuangfeng), { role: role.code, ranges: [shuangfeng] }), 422, 'invalid', { pointer: '/role' });
  assertRefused(await newRole({ owner_division: shuangfeng }), 403, 'out_of_scope');
});

test('what cannot be a role is refused', async () => {
  const { code } = assertDone(await newRole(), 201);
  assertRefused(await newRole({ code }), 409, 'duplicate');
  assertRefused(await newRole({ code: 'Big Role' }), 422, 'invalid', { pointer: '/code' });
  assertRefused(await newRole({ permissions: ['everything'] }), 422, 'invalid', { pointer: '/permissions' });
  assertRefused(await newRole({ permissions: ['account.write', 'audit.read'] }), 409, 'state_conflict');
  assertDone(await newRole({ permissions: ['account.write'], grantable: ['audit.read'] }), 201);
});

test('A-1: a role holds nothing that its maker may not give on', async () => {
  const small = assertDone(await newRole({ permissions: ['role.write', 'role.read', 'account.grant'], grantable: ['post.read'] }), 201);
  const maker = await newCaller(louxing, { role: small.code, ranges: [louxing], lines: null });
  beyond(await newRole({ permissions: ['report.read'] }, maker.caller));
  beyond(await newRole({ permissions: ['post.read'], grantable: ['report.read'] }, maker.caller));
  beyond(await newRole({ permissions: ['role.write'] }, maker.caller)); // used, and not to be given on
  const role = assertDone(await newRole({ permissions: ['post.read'], grantable: ['post.read'] }, maker.caller), 201);
  beyond(await maker.caller.patch(`${roles}/${role.code}`, 1, { permissions: ['post.read', 'report.read'] }));
  beyond(await maker.caller.patch(`${roles}/${role.code}`, 1, { grantable: ['account.grant'] }));
  const other = assertDone(await newRole({ permissions: ['report.read', 'duty_list.read'] }), 201);
  beyond(await grant(await newPost(louxing), { role: other.code, ranges: [louxing] }, maker.caller));
  assertRecord(assertDone(await maker.caller.patch(`${roles}/${other.code}`, 1, { permissions: ['report.read'] })), { permissions: ['report.read'] }); // less is no gift
});

test('A-2: nobody changes a role they act by', async () => {
  const own = assertDone(await newRole({ permissions: ['role.write', 'role.read'], grantable: ['role.write', 'role.read', 'post.read'] }), 201);
  const maker = await newCaller(louxing, { role: own.code, ranges: [louxing], lines: null });
  beyond(await maker.caller.patch(`${roles}/${own.code}`, 1, { permissions: ['role.write', 'role.read', 'post.read'] }));
  beyond(await maker.caller.patch(`${roles}/${own.id}`, 1, { label: 'x' }));
});

test('A-4: built-in roles are the country\'s to change', async () => {
  const role = assertDone(await local.caller.get(`${roles}/town_office`));
  assertRefused(await local.caller.patch(`${roles}/town_office`, role.version, { label: 'x' }), 403, 'out_of_scope');
  assertRefused(await local.caller.patch(`${roles}/town_office`, role.version + 1, { label: 'x' }), 412, 'stale');
  assertRecord(assertDone(await security.patch(`${roles}/town_office`, role.version, { label: role.label })), { label: role.label, version: role.version + 1 });
  assertRefused(await security.patch(`${roles}/security_admin`, 1, { label: 'x' }), 403, 'exceeds_own_rights');
});

test('what a role loses ends within a second, what it gets comes with the next token', async () => {
  const role = assertDone(await newRole({ permissions: ['organisation.read', 'division.read'] }), 201);
  const official = await newOfficial(town, { role: role.code, ranges: [town], lines: null }, local.caller);
  const caller = await settled(official);
  assertDone(await caller.get('/registry/organisations'));
  const less = assertDone(await local.caller.patch(`${roles}/${role.code}`, 1, { permissions: ['division.read'] }));
  assertRecord(less, { permissions: ['division.read'], version: 2 });
  await within(60_000, async () => (await caller.get('/registry/organisations')).status === 401);
});

test('a role does not grow where posts beyond the caller\'s divisions act by it', async () => {
  const role = assertDone(await newRole({ permissions: ['organisation.read'] }), 201);
  assertDone(await grant(await newPost(louxing), { role: role.code, ranges: [louxing, shuangfeng] }));
  beyond(await local.caller.patch(`${roles}/${role.code}`, 1, { permissions: ['organisation.read', 'report.read'] }));
  assertDone(await local.caller.patch(`${roles}/${role.code}`, 1, { label: '新', personal_data: 'hidden' }));
  beyond(await local.caller.patch(`${roles}/${role.code}`, 2, { personal_data: 'usual' }));
  assertDone(await security.patch(`${roles}/${role.code}`, 2, { permissions: ['organisation.read', 'report.read'] }));
});

test('A-5: a role does not grow into a second kind under those who act by it', async () => {
  const role = assertDone(await newRole({ permissions: ['post.read'] }), 201);
  const official = await newOfficial(louxing, { role: role.code, ranges: [louxing], lines: null });
  const second = assertDone(await grant(await newPost(louxing), { role: 'audit_admin', ranges: [louxing], lines: null }));
  assertDone(await security.post('/identity/account_posts', { account_id: official.account.id, post_id: second.id }), 201);
  assertRefused(await security.patch(`${roles}/${role.code}`, 1, { permissions: ['post.read', 'account.write'] }), 409, 'state_conflict');
  assertDone(await security.patch(`${roles}/${role.code}`, 1, { permissions: ['post.read', 'audit.read'] }));
});

test('the catalogue says what each permission permits, and is the program\'s own', async () => {
  const listed = await allOf(county, '/identity/permissions');
  const declared = [...readFileSync(`${root}proto/permissions.def`, 'utf8').matchAll(/^X\(\w+,\s*"([^"]+)",\s*"([^"]+)"\)/gm)].map(([, code, prose]) => [code, prose]).sort();
  assert.deepEqual(listed.map((p) => [p.code, p.prose]), declared);
  assert.equal(listed.find((p) => p.code === 'account.write').admin_kind, 'system');
  assert.deepEqual(rows('SELECT code FROM identity.permission ORDER BY code').map((p) => p.code), declared.map(([code]) => code));
});
