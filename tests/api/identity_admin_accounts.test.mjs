// tests/api/identity_admin_accounts.test.mjs - accounts, administered: rules of proto/identity.md.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { codeOf, enrolled, forgetSteps, logIn, within } from '../support/accounts.mjs';
import { bearer, grant, hold, newAccount, newCaller, newOfficial, newPerson, newPost, security, settled, system } from '../support/admins.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf, newKey, unique } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { county, louxing, nobodysId, otherCounty, shuangfeng, town } from '../support/world.mjs';

const accounts = '/identity/accounts';
const hunan = '430000000000';
const local = await newCaller(louxing, { role: 'system_admin', ranges: [louxing], lines: null });
const beyond = (answer) => assertRefused(answer, 403, 'exceeds_own_rights');
const body = (person) => ({ login: unique('u'), kind: 'person', person_id: person.id, owner_division: person.owner_division });

test('a person\'s account begins with a password that is shown once and must be changed', async () => {
  const person = await newPerson(louxing, local.caller);
  const made = await local.caller.post(accounts, body(person));
  const account = assertDone(made, 201);
  assertRecord(account, { kind: 'person', person_id: person.id, owner_division: louxing, disabled: false, must_change: true, second_factor: false, version: 1 });
  assert.match(account.password, /^[A-Za-z2-9]{4}(-[A-Za-z2-9]{4}){4}$/);
  assert.equal(made.headers.get('cache-control'), 'no-store');
  const { password, ...shown } = account;
  assert.deepEqual(assertDone(await local.caller.get(`${accounts}/${account.id}`)), shown);
  const post = await newPost(town);
  assertDone(await hold(await assertDone(await grant(post, { role: 'town_office', ranges: [town] })), person, county), 201);
  const session = assertDone(await logIn(account, password), 201);
  assertRefused(await bearer(session.access_token).get('/identity/posts'), 403, 'action_required');
});

test('A-7: a log-in name is nobody\'s ID number', async () => {
  const person = await newPerson(louxing, local.caller);
  for (const login of ['11010519491231002x', 'u-11010519491231002X'])
    assertRefused(await local.caller.post(accounts, { ...body(person), login }), 422, 'invalid', { pointer: '/login', code: 'is_id_number' });
});

test('a repeated key makes no second account and shows no password', async () => {
  const key = newKey();
  const wanted = body(await newPerson(louxing, local.caller));
  const first = assertDone(await local.caller.post(accounts, wanted, { key }), 201);
  const again = await local.caller.post(accounts, wanted, { key });
  assert.equal(again.status, 409, again.text);
  assert.equal(again.body.code, 'duplicate');
  assert.equal(again.body.id, first.id);
  assert.ok(!again.text.includes(first.password));
  assert.equal((await allOf(local.caller, accounts, { login_prefix: wanted.login })).length, 1);
  const reset = newKey();
  const second = assertDone(await local.caller.post(`${accounts}/${first.id}:reset_password`, undefined, { key: reset }));
  const told = await local.caller.post(`${accounts}/${first.id}:reset_password`, undefined, { key: reset });
  assert.equal(told.status, 409, told.text);
  const kept = JSON.stringify(rows(`SELECT body, etag FROM identity.idempotency UNION ALL SELECT body::text, before::text FROM identity.audit_log`));
  for (const { password } of [first, second]) assert.ok(!kept.includes(password));
});

test('a rehearsal makes no account and draws no password', async () => {
  const wanted = body(await newPerson(louxing, local.caller));
  assertRecord(assertDone(await local.caller.post(`${accounts}?validate_only=true`, wanted)), { login: wanted.login, password: null });
  assertDone(await local.caller.post(accounts, wanted), 201);
});

test('accounts are found by the beginning of the name, by person, and whether disabled', async () => {
  const person = await newPerson(louxing, local.caller);
  const account = await newAccount(person, local.caller);
  const ids = async (query) => (await allOf(county, accounts, query)).map((a) => a.id);
  assert.deepEqual(await ids({ login_prefix: account.login }), [account.id]);
  assert.deepEqual(await ids({ person_id: person.id }), [account.id]);
  assert.deepEqual(await ids({ person_id: person.id, disabled: true }), []);
  assertRefused(await otherCounty.get(`${accounts}/${account.id}`), 404, 'not_found');
  assertRefused(await county.get(`${accounts}/${nobodysId()}`), 404, 'not_found');
});

test('A-7: whose it is must be said, and be the caller\'s', async () => {
  const [here, there] = [await newPerson(louxing), await newPerson(shuangfeng)];
  const post = (more) => local.caller.post(accounts, { login: unique('u'), owner_division: louxing, kind: 'person', ...more });
  assertRefused(await post({}), 422, 'invalid', { pointer: '/person_id' });
  assertRefused(await post({ person_id: nobodysId() }), 422, 'invalid', { pointer: '/person_id' });
  assertRefused(await post({ person_id: there.id }), 422, 'invalid', { pointer: '/person_id' });
  assertRefused(await post({ person_id: here.id, kind: 'machine' }), 422, 'invalid', { pointer: '/person_id' });
  assertRefused(await post({ person_id: here.id, owner_division: town }), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await post({ person_id: here.id, owner_division: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await post({ person_id: here.id, password: 'Own-choice-1234' }), 422, 'invalid', { pointer: '/password', code: 'unknown_field' });
  const made = await newAccount(here, local.caller);
  assertRefused(await post({ person_id: here.id }), 409, 'state_conflict');
  assertRefused(await post({ person_id: (await newPerson(louxing)).id, login: made.login }), 409, 'duplicate');
});

test('A-6: an account that acts beyond the caller\'s divisions is administered from above', async () => {
  const wide = await newOfficial(louxing, { role: 'inspector', ranges: [hunan], lines: null });
  const at = `${accounts}/${wide.account.id}`;
  beyond(await local.caller.post(`${at}:reset_password`));
  beyond(await local.caller.post(`${at}:unlock`));
  beyond(await local.caller.patch(at, 1, { disabled: true }));
  const person = await newPerson(louxing);
  const later = await newPost(louxing);
  assertDone(await hold(later, person, system, { starts_on: '2080-01-01' }), 201);
  assertDone(await grant(later, { role: 'inspector', ranges: [hunan], lines: null }));
  beyond(await local.caller.post(accounts, body(person)));
  assertDone(await system.post(`${at}:unlock`));
});

test('A-6: access for a time beyond the caller\'s divisions counts, until it ends', async () => {
  const official = await newOfficial(louxing, { role: 'town_office', ranges: [louxing], lines: null });
  const at = `${accounts}/${official.account.id}:reset_password`;
  const access = assertDone(await security.post('/identity/access_grants', { post_id: official.post.id, owner_division: shuangfeng, permissions: ['report.read'],
    reason: '交叉检查', ends_at: new Date(Date.now() + 3_600_000).toISOString() }), 201);
  beyond(await local.caller.post(at));
  assertDone(await security.verb(`/identity/access_grants/${access.id}:end`, access.version, { reason: '检查结束' }));
  assertDone(await local.caller.post(at));
});

test('A-6: a key is a machine\'s like a password a person\'s', async () => {
  const machine = assertDone(await local.caller.post(accounts, { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  const post = assertDone(await grant(await newPost(hunan), { role: 'integration', ranges: [hunan], lines: null }));
  const { caller } = await newCaller(louxing, { role: 'system_admin', ranges: [louxing], lines: null });
  const register = (by) => by.post('/identity/machine_keys', { account_id: machine.id,
    public_key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }) });
  assertDone(await register(caller), 201);
  assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }), 201);
  beyond(await register(caller));
  assertDone(await register(system), 201);
});

test('I-108: whoever gives a machine its posts registers no key of it, and the other way about', async () => {
  const machine = assertDone(await system.post(accounts, { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  const public_key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
  assertRefused(await security.post('/identity/machine_keys', { account_id: machine.id, public_key }), 403, 'forbidden');
  const key = assertDone(await system.post('/identity/machine_keys', { account_id: machine.id, public_key }), 201);
  const post = assertDone(await grant(await newPost(louxing), { role: 'integration', ranges: [louxing], lines: null }));
  assertRefused(await system.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }), 403, 'forbidden');
  assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }), 201);
  assertRefused(await security.post(`/identity/machine_keys/${key.id}:retire`), 403, 'forbidden');
  assert.equal(assertDone(await security.get('/identity/machine_keys', { account_id: machine.id })).items.length, 1);
});

// An administrator with a second factor, for which nobody has vouched.
async function unreleased() {
  const official = await newOfficial(louxing, { role: 'audit_admin', ranges: [louxing], lines: null });
  const secret = 'Quiet-river-8-crossing';
  const first = assertDone(await logIn(official.account, official.account.password), 201);
  assertDone(await bearer(first.access_token).post('/identity/me:change_password', { current_password: official.account.password, new_password: secret }));
  const { totp } = await enrolled(official.account, secret);
  const open = async () => { forgetSteps(official.account); return assertDone(await logIn(official.account, secret, { code: codeOf(totp) }), 201); };
  return { ...official, open, at: `${accounts}/${official.account.id}` };
}
const show = (session, release_code) => bearer(session.access_token).post('/identity/me/totp:release', { release_code });

test('I-229: whoever gives out an administrator\'s password and enrols the second factor has no rights by it', async () => {
  const { account, open, at } = await unreleased();
  const session = await open();
  assert.deepEqual(session.must, ['release_factor']);
  assert.deepEqual(session.permissions, []);
  const refused = assertRefused(await bearer(session.access_token).get('/identity/posts'), 403, 'action_required');
  assert.match(refused.detail, /totp:release/);
  assertRefused(await show(session, 'AAAA-AAAA-AAAA-AAAA'), 422, 'invalid', { pointer: '/release_code', code: 'wrong_code' });
  assertRefused(await system.post(`${at}:release_factor`, { reason: '当面核对' }), 403, 'forbidden');
  const drawn = await security.post(`${at}:release_factor`, { reason: '当面核对' });
  const { release_code: code } = assertDone(drawn);
  assert.match(code, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
  assert.equal(drawn.headers.get('cache-control'), 'no-store');
  const { release_code: later } = assertDone(await security.post(`${at}:release_factor`, { reason: '当面核对' }));
  assertRefused(await show(session, code), 422, 'invalid', { code: 'wrong_code' });
  assertDone(await show(session, later));
  assertRefused(await show(session, later), 409, 'state_conflict');
  const full = await open();
  assert.deepEqual(full.must, []);
  assert.ok(full.permissions.includes('audit.read'));
  assert.deepEqual(rows(`SELECT DISTINCT reason FROM identity.audit_log WHERE record_id = '${account.id}' AND verb = 'release_factor'`), [{ reason: '当面核对' }]);
  const kept = JSON.stringify(rows(`SELECT body, before FROM identity.audit_log WHERE record_id = '${account.id}'`));
  assert.ok(!kept.includes(later) && !kept.includes(code));
});

test('I-229: a code runs out, and ends with the factor and with a password given by somebody else', async () => {
  const { account, open, at } = await unreleased();
  const session = await open();
  const { release_code: code } = assertDone(await security.post(`${at}:release_factor`, { reason: '当面核对' }));
  run(`UPDATE identity.credential SET release_until = now() - interval '1 second' WHERE account_id = '${account.id}'`);
  assertRefused(await show(session, code), 422, 'invalid', { code: 'wrong_code' });
  const { release_code: second } = assertDone(await security.post(`${at}:release_factor`, { reason: '当面核对' }));
  assertDone(await show(session, second));
  assertDone(await security.post(`${at}:reset_factor`));
  const [left] = rows(`SELECT released_at, release_digest FROM identity.credential WHERE account_id = '${account.id}'`);
  assert.deepEqual(left, { released_at: null, release_digest: null });
  assertDone(await security.post(`${at}:release_factor`, { reason: '当面核对' }));
  assertDone(await system.post(`${at}:reset_password`));
  assert.equal(rows(`SELECT release_digest FROM identity.credential WHERE account_id = '${account.id}'`)[0].release_digest, null);
});

test('A-2, I-229: nobody vouches for their own second factor', async () => {
  const { caller, account } = await newCaller(louxing, { role: 'security_admin', ranges: [louxing], lines: null });
  beyond(await caller.post(`${accounts}/${account.id}:release_factor`, { reason: '当面核对' }));
});

test('A-2: nobody administers their own account', async () => {
  const own = `${accounts}/${local.account.id}`;
  beyond(await local.caller.patch(own, 1, { disabled: false }));
  beyond(await local.caller.post(`${own}:reset_password`));
  beyond(await local.caller.post(`${own}:unlock`));
});

test('disabling ends tokens within a second, and keeps from logging in until it is undone', async () => {
  const official = await newOfficial(town, { role: 'town_office', ranges: [town], lines: null });
  const caller = await settled(official);
  const at = `${accounts}/${official.account.id}`;
  assertDone(await caller.get('/identity/posts'));
  const off = assertDone(await local.caller.patch(at, 1, { disabled: true }));
  assertRecord(off, { disabled: true, version: 2 });
  await within(60_000, async () => (await caller.get('/identity/posts')).status === 401);
  assertRefused(await logIn(official.account, 'Quiet-river-8-crossing'), 401, 'login_refused');
  assertRefused(await local.caller.patch(at, 1, { disabled: false }), 412, 'stale');
  assertDone(await local.caller.patch(at, 2, { disabled: false }));
  const [{ ended, running }] = rows(`SELECT count(*) FILTER (WHERE ended_because = 'revoked') AS ended, count(*) FILTER (WHERE ended_at IS NULL) AS running FROM identity.session
    WHERE account_id = '${official.account.id}'`);
  assert.deepEqual([ended > 0, running], [true, 0], 'a session of before does not come back');
  assertDone(await logIn(official.account, 'Quiet-river-8-crossing'), 201);
});

test('a reset password is another, ends sessions, and must be changed', async () => {
  const official = await newOfficial(town, { role: 'town_office', ranges: [town], lines: null });
  const caller = await settled(official);
  const reset = assertDone(await local.caller.post(`${accounts}/${official.account.id}:reset_password`));
  assertRecord(reset, { must_change: true });
  await within(60_000, async () => (await caller.get('/identity/posts')).status === 401);
  assertRefused(await logIn(official.account, 'Quiet-river-8-crossing'), 401, 'login_refused');
  assertDone(await logIn(official.account, reset.password), 201);
  assertRefused(await local.caller.post(`${accounts}/${nobodysId()}:reset_password`), 404, 'not_found');
  const machine = assertDone(await local.caller.post(accounts, { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  assertRefused(await local.caller.post(`${accounts}/${machine.id}:reset_password`), 409, 'state_conflict');
});

test('a locked name is unlocked', async () => {
  const official = await newOfficial(town, { role: 'town_office', ranges: [town], lines: null });
  const at = `${accounts}/${official.account.id}:unlock`;
  assertRecord(assertDone(await local.caller.post(at)), { was_locked: false });
  for (let i = 0; i < 5; i++) await logIn(official.account, 'wrong');
  assertRefused(await logIn(official.account, official.account.password), 429, 'locked_out');
  assertRecord(assertDone(await local.caller.post(at)), { was_locked: true });
  assertDone(await logIn(official.account, official.account.password), 201);
});

test('a second factor is taken away by the security administrator, a password by the system administrator, never both by one', async () => {
  const official = await newOfficial(town, { role: 'town_office', ranges: [town], lines: null });
  const at = `${accounts}/${official.account.id}`;
  await settled(official);
  await enrolled(official.account, 'Quiet-river-8-crossing');
  assertRefused(await logIn(official.account, 'Quiet-river-8-crossing'), 401, 'second_factor_required');
  assertRefused(await local.caller.post(`${at}:reset_factor`), 403, 'forbidden');
  assertRefused(await security.post(`${at}:reset_password`), 403, 'forbidden');
  assertRecord(assertDone(await security.post(`${at}:reset_factor`)), { second_factor: false });
  assertDone(await logIn(official.account, 'Quiet-river-8-crossing'), 201);
  assertRefused(await security.post(`${at}:reset_factor`), 409, 'state_conflict');
});

test('A-7: twelve calls at once make a person one account', async () => {
  const person = await newPerson(louxing, local.caller);
  const answers = await Promise.all(Array.from({ length: 12 }, () => local.caller.post(accounts, body(person))));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, ...Array(11).fill(409)]);
});
