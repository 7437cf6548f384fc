// tests/api/identity_api_token.test.mjs - API tokens: shown once, a part of the own rights, an end, addresses, revocation (rules I-101 to I-107).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { newAccount, signedIn, within } from '../support/accounts.mjs';
import { allOf, as, newKey, send, unique, uuid } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { services } from '../support/settings.mjs';
import { louxing, nobodysId, shuangfeng, town, village } from '../support/world.mjs';

const day = 86_400_000;
const inDays = (n) => new Date(Date.now() + n * day).toISOString();
const wanted = (more = {}) => ({ name: unique('token'), permissions: ['division.read', 'organisation.read'], ranges: ['431302000000'], expires_at: inDays(30), ...more });
const make = (caller, more, options) => caller.post('/identity/api_tokens', wanted(more), options);
const made = async (caller, more) => assertDone(await make(caller, more), 201);
const read = (token, path = '/registry/organisations?limit=1', options = {}) => send('GET', path, { token, ...options });
const county = as('county_office');

test('I-101: the secret is in the answer that made it, and nowhere else', async () => {
  const token = await made(county, { addresses: ['127.0.0.0/8'] });
  assert.match(token.token, /^zat_[A-Za-z0-9_-]{64}$/);
  const id = Buffer.from(token.token.slice(4), 'base64url').subarray(0, 16).toString('hex');
  assert.equal(id, token.id.replaceAll('-', ''));
  const list = assertDone(await county.get('/identity/api_tokens', { limit: 500 }));
  const listed = list.items.find((item) => item.id === token.id);
  assert.ok(listed && !('token' in listed), 'listed without it');
  const secret = token.token.slice(30);
  for (const table of ['audit_log', 'outbox', 'idempotency', 'api_token']) {
    assert.deepEqual(rows(`SELECT 1 AS found FROM identity.${table} t WHERE t::text LIKE '%${secret}%'`), [], table);
  }
  assert.equal(rows(`SELECT digest = sha256(convert_to('${token.token}', 'UTF8')) AS same FROM identity.api_token WHERE id = '${token.id}'`)[0].same, true);
  assert.equal(rows(`SELECT count(*)::int AS n FROM identity.audit_log WHERE record_id = '${token.id}' AND verb = 'create_api_token'`)[0].n, 1);
});

test('I-104: a repeated key makes no second token and shows nothing again', async () => {
  const body = wanted();
  const key = newKey();
  const first = assertDone(await county.post('/identity/api_tokens', body, { key }), 201);
  const again = await county.post('/identity/api_tokens', body, { key });
  assert.equal(again.status, 409, again.text);
  assert.equal(again.body.code, 'shown_once');
  assert.equal(again.body.current.id, first.id);
  assert.ok(!again.text.includes('zat_'));
  assert.equal(rows(`SELECT count(*)::int AS n FROM identity.api_token WHERE name = '${body.name}'`)[0].n, 1);
  assertRefused(await county.post('/identity/api_tokens', wanted(), { key }), 422, 'idempotency_key_reused');
});

test('a rehearsal makes none', async () => {
  const body = wanted();
  const rehearsed = assertDone(await county.post('/identity/api_tokens', body, { query: { validate_only: true } }));
  assert.equal(rehearsed.token, null);
  assert.deepEqual(rows(`SELECT 1 AS n FROM identity.api_token WHERE name = '${body.name}'`), []);
});

test('I-103: it may do a part of what its maker may, where its maker may', async () => {
  const beyond = await make(county, { permissions: ['division.read', 'role.write'] });
  assert.match(assertRefused(beyond, 403, 'exceeds_own_rights').detail, /role\.write/);
  const administrator = await make(as('audit_admin'), { permissions: ['audit.read', 'post.read'], ranges: ['430000000000'] });
  assert.match(assertRefused(administrator, 403, 'exceeds_own_rights').detail, /audit\.read/, 'an administrator has a second factor, a token none');
  assert.match(assertRefused(await make(county, { ranges: ['431302000000', '431321000000'] }), 403, 'exceeds_own_rights').detail, /431321/);
  assertRefused(await make(county, { ranges: ['431300000000'] }), 403, 'exceeds_own_rights');
  assertRefused(await make(county, { ranges: ['430000000000'] }), 403, 'exceeds_own_rights');
  assertRefused(await make(county, { permissions: ['nobody.knows'] }), 422, 'invalid', { pointer: '/permissions', code: 'not_a_permission' });
  for (const range of ['43130', '431302', '43130200000x']) assertRefused(await make(county, { ranges: [range] }), 422, 'invalid', { pointer: '/ranges', code: 'not_a_range' });
  const country = await made(as('security_admin'), { permissions: ['division.read'], ranges: ['000000000000'] });
  assert.deepEqual(assertDone(await read(country.token, '/identity/me')).ranges, [{ code: '000000000000', name: '全国' }]);
  const token = await made(county, { permissions: ['division.read', 'organisation.read'], ranges: ['431302006000'] });
  assert.deepEqual(token.ranges, [town]);
  assert.deepEqual((await allOf(county, '/identity/api_tokens')).find((t) => t.id === token.id).ranges, [town]);
  assert.deepEqual(assertDone(await read(token.token, '/identity/me')).ranges, [{ code: town, name: '涟滨街道' }]);
  const seen = assertDone(await read(token.token, `/registry/organisations?limit=500`));
  assert.ok(seen.items.length > 0);
  assert.ok(seen.items.every((unit) => unit.owner_division.startsWith('431302006') || '431302006000'.startsWith(unit.owner_division.replace(/0+$/, ''))), 'its own divisions, and what lies above');
  assertRefused(await read(token.token, '/registry/duty_lists?limit=1'), 403, 'forbidden');
  const writer = await made(county, { permissions: ['organisation.write'], ranges: ['431302006000'] });
  const elsewhere = (division) => send('POST', '/registry/organisations', { token: writer.token, key: newKey(), body: { owner_division: division, name: unique('单位'), kind: 'department' } });
  for (const division of [louxing, shuangfeng]) assertRefused(await elsewhere(division), 403, 'out_of_scope');
  assertDone(await elsewhere(town), 201);
});

test('I-105: what its post loses, it loses', async () => {
  const account = newAccount({ name: '试验甲' });
  const post = uuid();
  run(`INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at)
         SELECT '${post}', owner_division, organisation_id, '${unique('岗')}', duty, role, '{431302}', now() FROM identity.post p
          WHERE p.id = (SELECT post_id FROM identity.acting_post ap JOIN identity.account a ON a.id = ap.account_id WHERE a.login = 'county_office');
       INSERT INTO identity.holder (id, owner_division, post_id, person_id, starts_on, created_at) VALUES ('${uuid()}', '${louxing}', '${post}', '${account.person}', '2026-01-01', now())`);
  const caller = await signedIn(account, undefined, { post_id: post });
  const token = await made(caller, { permissions: ['organisation.read', 'organisation.write'], ranges: ['431302006000'] });
  const write = (division = town) => send('POST', '/registry/organisations', { token: token.token, key: newKey(), body: { owner_division: division, name: unique('单位'), kind: 'department' } });
  assertDone(await write(), 201);
  assertDone(await read(token.token));
  run(`UPDATE identity.post SET role = 'town_office' WHERE id = '${post}'`);
  await within(60_000, async () => (await write()).status === 403);
  assertDone(await read(token.token));
  run(`UPDATE identity.post SET role = 'county_office', ranges = '{431302006003,431321}' WHERE id = '${post}'`);
  await within(60_000, async () => (await write()).body.code === 'out_of_scope');
  assertDone(await write(village), 201);
  run(`UPDATE identity.holder SET ends_on = '2026-02-01' WHERE post_id = '${post}'`);
  await within(60_000, async () => (await read(token.token)).status === 401);
});

test('I-102: a token makes no token, and neither does an account before it did what it must', async () => {
  const token = await made(county);
  assertRefused(await send('POST', '/identity/api_tokens', { token: token.token, key: newKey(), body: wanted() }), 403, 'exceeds_own_rights');
  const account = newAccount({ mustChange: true, name: '试验乙' });
  const caller = await signedIn(account);
  assertRefused(await make(caller), 403, 'action_required');
  assert.match(assertRefused(await caller.get('/registry/organisations', { limit: 1 }), 403, 'action_required').detail, /change_password/);
});

test('it has an end, not too far away', async () => {
  assertRefused(await make(county, { expires_at: inDays(-1) }), 422, 'invalid', { pointer: '/expires_at', code: 'in_the_past' });
  assertRefused(await make(county, { expires_at: inDays(366) }), 422, 'invalid', { pointer: '/expires_at', code: 'too_late' });
  const ends = Date.now() + 8000;
  const token = await made(county, { expires_at: new Date(ends).toISOString() });
  const answer = await read(token.token);
  if (Date.now() < ends) assertDone(answer);
  await within(60_000, async () => (await read(token.token)).status === 401);
});

test('a program must send a key with every write', async () => {
  const token = await made(county, { permissions: ['organisation.write'] });
  const body = { owner_division: louxing, name: unique('单位'), kind: 'department' };
  assertRefused(await send('POST', '/registry/organisations', { token: token.token, body }), 400, 'idempotency_key_required');
  assertDone(await send('POST', '/registry/organisations', { token: token.token, body, key: newKey() }), 201);
});

test('I-106: it works from its addresses, and a forged X-Forwarded-For does not help', async () => {
  const token = await made(county, { addresses: ['10.20.0.0/16', '2001:db8::/32', '::ffff:172.16.0.0/108'] });
  assert.deepEqual(token.addresses, ['10.20.0.0/16', '2001:db8::/32', '172.16.0.0/12']);
  assertRefused(await read(token.token), 403, 'address_not_allowed');
  for (const forged of ['10.20.0.1', '10.20.0.1, 10.20.0.1', '2001:db8::1']) {
    assertRefused(await read(token.token, undefined, { headers: { 'X-Forwarded-For': forged } }), 403, 'address_not_allowed');
  }
  // Straight at the service, as nginx speaks to it, its word is believed.
  const believed = (address) => read(token.token, undefined, { base: services.registry, headers: { 'X-Forwarded-For': address } });
  for (const address of ['10.20.255.1', '2001:db8:1::9', '172.31.0.1', '::ffff:10.20.1.1']) assertDone(await believed(address));
  for (const address of ['10.21.0.1', '2001:db9::1', '172.32.0.1']) assertRefused(await believed(address), 403, 'address_not_allowed');
  assertRefused(await make(county, { addresses: ['10.20.0.1/16'] }), 422, 'invalid', { pointer: '/addresses', code: 'not_an_address_range' });
  assertRefused(await make(county, { addresses: ['localhost'] }), 422, 'invalid', { pointer: '/addresses', code: 'not_an_address_range' });
});

test('its last use is kept, to the minute', async () => {
  const token = await made(county);
  assertDone(await read(token.token));
  const listed = async () => assertDone(await county.get('/identity/api_tokens', { limit: 500 })).items.find((item) => item.id === token.id);
  const once = await listed();
  assert.ok(Math.abs(new Date(once.last_used_at) - Date.now()) < 60_000);
  assert.equal(once.last_used_address, '127.0.0.1');
  assertDone(await send('GET', '/identity/api_tokens', { token: token.token }));
  assert.equal((await listed()).last_used_at, once.last_used_at);
});

test('I-107: revoked, it is refused everywhere within a second; by its account, and by whoever ends sessions there', async () => {
  const token = await made(county);
  for (const path of ['/registry/organisations?limit=1', '/identity/api_tokens']) assertDone(await read(token.token, path));
  assertRefused(await as('other_county_office').post(`/identity/api_tokens/${token.id}:revoke`, {}), 404, 'not_found');
  const revoked = assertDone(await county.post(`/identity/api_tokens/${token.id}:revoke`, {}));
  assert.ok(revoked.revoked_at);
  for (const path of ['/registry/organisations?limit=1', '/identity/api_tokens']) {
    await within(60_000, async () => (await read(token.token, path)).status === 401);
  }
  assertRefused(await county.post(`/identity/api_tokens/${token.id}:revoke`, {}), 409, 'state_conflict');
  assertRefused(await county.post(`/identity/api_tokens/${nobodysId()}:revoke`, {}), 404, 'not_found');
});

test('only those who may end sessions look at the tokens of others', async () => {
  const account = newAccount({ name: '试验丙' });
  const token = await made(await signedIn(account));
  assertRefused(await county.get('/identity/api_tokens', { account_id: account.id }), 403, 'forbidden');
  const security = as('security_admin');
  const [mine] = assertDone(await security.get('/identity/api_tokens', { account_id: account.id })).items;
  assert.equal(mine.id, token.id);
  assertRefused(await security.post(`/identity/api_tokens/${token.id}:revoke`, {}), 422, 'invalid', { pointer: '/reason', code: 'required' });
  assertDone(await security.post(`/identity/api_tokens/${token.id}:revoke`, { reason: '口令外泄' }));
  await within(60_000, async () => (await read(token.token)).status === 401);
});
