// tests/api/identity_factor.test.mjs - rules I-221 to I-228 (proto/identity.md): enrolling an authenticator app, logging in with its codes and with recovery codes, each once,
// and administrators, who may not act without.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { newKey, send } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { stateDir } from '../support/settings.mjs';
import { claimsOf, password } from '../support/tokens.mjs';
import { codeOf, enrolled, forgetSteps, logIn, newAccount, signedIn, steadyStep, within, withSettings } from '../support/accounts.mjs';

const withCode = (account, code, options) => logIn(account, password(), { code }, options);
const enrol = (caller) => caller.post('/identity/me/totp:enrol', { password: password() });
const confirm = (caller, code, options) => caller.post('/identity/me/totp:confirm', { code }, options);
const disable = (caller, code, secret = password()) => caller.post('/identity/me/totp:disable', { password: secret, code });
const renew = (caller, code, options) => caller.post('/identity/me/recovery_codes:renew', { password: password(), code }, options);
const bodies = { ':change_password': { current_password: 'a', new_password: 'b' }, '/totp:enrol': { password: 'a' }, '/totp:confirm': { code: '123456' },
  '/totp:disable': { password: 'a', code: '123456' }, '/recovery_codes:renew': { password: 'a', code: '123456' } };
const paths = Object.keys(bodies).map((end) => `/identity/me${end}`);
const bodyOf = (path) => bodies[path.slice('/identity/me'.length)];
const stored = (account) => rows(`SELECT totp_secret::text AS secret, totp_confirmed_at FROM identity.credential WHERE account_id = '${account.id}'`)[0];

test('enrolled, confirmed, and from then on a log-in needs a code', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  const begun = await enrol(caller);
  const { secret, uri, next } = assertDone(begun);
  assert.match(secret, /^[A-Z2-7]{32}$/);
  assert.equal(uri, `otpauth://totp/Zeren:${account.login}?secret=${secret}&issuer=Zeren`);
  assert.equal(next, 'confirm');
  assert.equal(begun.headers.get('cache-control'), 'no-store');
  assertDone(await logIn(account), 201);
  const step = await steadyStep();
  const { recovery_codes: codes } = assertDone(await confirm(caller, codeOf(secret, -1, step)));
  assert.equal(new Set(codes).size, 10);
  for (const code of codes) assert.match(code, /^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/);
  assertRefused(await logIn(account), 401, 'second_factor_required', { pointer: '/code' });
  const session = assertDone(await withCode(account, codeOf(secret, 0, step)), 201);
  assert.equal(rows(`SELECT factors FROM identity.session WHERE id = '${session.session_id}'`)[0].factors, 'password+totp');
});

test('running tokens end within a second when the factor comes in force', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  await enrolled(account);
  await within(60_000, async () => (await caller.get('/registry/duty_lists')).status === 401);
});

test('a wrong password does not tell whether there is a second factor', async () => {
  const account = newAccount();
  await enrolled(account);
  assertRefused(await logIn(account, 'wrong'), 401, 'login_refused');
  assertRefused(await logIn(account, 'wrong', { code: '123456' }), 401, 'login_refused');
});

test('a code is taken once', async () => {
  const account = newAccount();
  const { code } = await enrolled(account);
  assertRefused(await withCode(account, code(-1)), 401, 'second_factor_required', { pointer: '/code' });
  assertDone(await withCode(account, code()), 201);
  assertRefused(await withCode(account, code()), 401, 'second_factor_required', { pointer: '/code' });
  assertRefused(await withCode(account, code(-1)), 401, 'second_factor_required');
  assertDone(await withCode(account, code(1)), 201);
});

test('of twenty clients with one code one gets in', async () => {
  const account = newAccount();
  const { code } = await enrolled(account);
  const answers = await Promise.all(Array.from({ length: 20 }, () => withCode(account, code())));
  assert.equal(answers.filter((a) => a.status === 201).length, 1, answers.map((a) => `${a.status} ${a.body.code}`).join(', '));
  for (const answer of answers.filter((a) => a.status !== 201)) assert.ok([401, 429, 503].includes(answer.status), answer.text);
  assert.equal(rows(`SELECT count(*) FROM identity.session WHERE account_id = '${account.id}' AND factors = 'password+totp'`)[0].count, 2); // and the session that confirmed the factor
});

test('the same log-in again, its answer lost, may bring its code again', async () => {
  const account = newAccount();
  const { code } = await enrolled(account);
  const key = newKey();
  const first = assertDone(await withCode(account, code(), { key }), 201);
  const again = assertDone(await withCode(account, code(), { key }), 201);
  assert.equal(again.session_id, first.session_id);
});

test('codes of two steps away, of another secret and of no form are refused', async () => {
  const account = newAccount();
  const { totp } = await enrolled(account);
  for (const code of [codeOf(totp, -3), codeOf(totp, 3), codeOf('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'), 'ABCD-EFGH-IJKL-MNOP']) {
    assertRefused(await withCode(account, code), 401, 'second_factor_required', { pointer: '/code' });
  }
});

test('a wrong code counts as a failed log-in', async () => {
  const account = newAccount();
  const { totp } = await enrolled(account);
  for (let i = 0; i < 5; i++) assertRefused(await withCode(account, codeOf(totp, -5)), 401, 'second_factor_required');
  assertRefused(await withCode(account, codeOf(totp)), 429, 'locked_out');
});

test('a recovery code stands in for the app, once, however it is written', async () => {
  const account = newAccount();
  const { recovery } = await enrolled(account);
  const session = assertDone(await withCode(account, recovery[0]), 201);
  assert.equal(rows(`SELECT factors FROM identity.session WHERE id = '${session.session_id}'`)[0].factors, 'password+recovery');
  assertRefused(await withCode(account, recovery[0]), 401, 'second_factor_required');
  assertDone(await withCode(account, recovery[1].toLowerCase().replaceAll('-', ' ')), 201);
  const answers = await Promise.all(Array.from({ length: 4 }, () => withCode(account, recovery[2])));
  assert.equal(answers.filter((a) => a.status === 201).length, 1);
});

test('new recovery codes end the old ones', async () => {
  const account = newAccount();
  const { code, recovery } = await enrolled(account);
  const caller = await signedIn(account, password(), { code: code() });
  const { recovery_codes: fresh } = assertDone(await renew(caller, code(1)));
  assert.equal(new Set([...recovery, ...fresh]).size, 20);
  assertRefused(await withCode(account, recovery[0]), 401, 'second_factor_required');
  assertDone(await withCode(account, fresh[0]), 201);
});

test('the factor ends by password and code together', async () => {
  const account = newAccount();
  const { code, recovery } = await enrolled(account);
  const caller = await signedIn(account, password(), { code: code() });
  assertRefused(await disable(caller, code(1), 'wrong'), 422, 'invalid', { pointer: '/password', code: 'wrong_password' });
  assertRefused(await disable(caller, code()), 422, 'invalid', { pointer: '/code', code: 'wrong_code' });
  assertRecord(assertDone(await disable(caller, code(1))), { id: account.id, second_factor: false });
  assertRecord(stored(account), { secret: null, totp_confirmed_at: null });
  assert.deepEqual(rows(`SELECT 1 FROM identity.recovery_code WHERE account_id = '${account.id}'`), []);
  assertDone(await logIn(account), 201);
  assert.equal(recovery.length, 10);
});

test('each step asks for the one before it', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  assertRefused(await confirm(caller, '123456'), 409, 'state_conflict');
  assertRefused(await disable(caller, '123456'), 409, 'state_conflict');
  assertRefused(await renew(caller, '123456'), 409, 'state_conflict');
  assertRefused(await caller.post('/identity/me/totp:enrol', { password: 'wrong' }), 422, 'invalid', { pointer: '/password', code: 'wrong_password' });
  const first = assertDone(await enrol(caller)).secret;
  const second = assertDone(await enrol(caller)).secret;
  assertRefused(await confirm(caller, codeOf(first)), 422, 'invalid', { pointer: '/code', code: 'wrong_code' });
  const step = await steadyStep();
  assertDone(await confirm(caller, codeOf(second, -1, step)));
  const later = await signedIn(account, password(), { code: codeOf(second, 0, step) });
  assertRefused(await confirm(later, codeOf(second, 1, step)), 409, 'state_conflict');
  assertRefused(await enrol(later), 409, 'state_conflict');
});

test('nothing of it can be rehearsed', async () => {
  const caller = await signedIn(newAccount());
  for (const path of paths) assertRefused(await caller.post(path, bodyOf(path), { query: { validate_only: true } }), 400, 'bad_parameter', { parameter: 'validate_only' });
});

test('an API token changes neither password nor second factor', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  const expires = new Date(Date.now() + 3600_000).toISOString();
  const { token } = assertDone(await caller.post('/identity/api_tokens', { name: 'script', permissions: ['duty_list.read'], ranges: ['431302000000'], expires_at: expires }), 201);
  assertDone(await send('GET', '/registry/duty_lists', { token }));
  for (const path of paths) assertRefused(await send('POST', path, { token, body: bodyOf(path), key: newKey() }), 403, 'forbidden');
  assertDone(await logIn(account), 201);
});

test('what is kept holds neither secret nor recovery code', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  const key = newKey();
  const { secret } = assertDone(await caller.post('/identity/me/totp:enrol', { password: password() }, { key }));
  const { recovery_codes: codes } = assertDone(await confirm(caller, codeOf(secret), { key }));
  assert.deepEqual(rows(`SELECT key FROM identity.idempotency WHERE key = '${key}'`), []);
  const kept = JSON.stringify([rows(`SELECT * FROM identity.credential WHERE account_id = '${account.id}'`), rows(`SELECT * FROM identity.recovery_code WHERE account_id = '${account.id}'`),
    rows(`SELECT l::text FROM identity.audit_log l WHERE record_id = '${account.id}'`), rows(`SELECT o::text FROM identity.outbox o WHERE record_id = '${account.id}'`)]);
  for (const secretText of [secret, Buffer.from(secret).toString('hex'), ...codes, ...codes.map((code) => code.replaceAll('-', ''))]) assert.ok(!kept.includes(secretText));
  const verbs = rows(`SELECT verb FROM identity.audit_log WHERE record_id = '${account.id}' ORDER BY verb`).map((row) => row.verb);
  assert.deepEqual(verbs, ['confirm_totp', 'enrol_totp']);
});

test('an administrator without a second factor may enrol one, and nothing else', async () => {
  const account = newAccount({ like: 'audit_admin' });
  const caller = await signedIn(account);
  assert.deepEqual(claimsOf(caller.session.access_token).must, ['enrol_totp']);
  assertRefused(await caller.get('/identity/posts'), 403, 'action_required');
  const { code } = await enrolled(account);
  const admin = await signedIn(account, password(), { code: code() });
  assert.equal(claimsOf(admin.session.access_token).must ?? null, null);
  assertDone(await admin.get('/identity/posts'));
  assertRefused(await disable(admin, code(1)), 403, 'forbidden');
});

test('the code of now is printed for scripts', async () => {
  const account = newAccount();
  const { totp } = await enrolled(account);
  forgetSteps(account);
  const code = execFileSync(`${stateDir}/bin/identity`, ['--totp-code'], { input: `${totp}\n`, encoding: 'utf8', cwd: '/' }).trim();
  assertDone(await withCode(account, code), 201);
  assert.throws(() => execFileSync(`${stateDir}/bin/identity`, ['--totp-code'], { input: 'not base32!\n', stdio: ['pipe', 'pipe', 'ignore'], cwd: '/' }));
});

test('a token is needed, and a code of six digits', async () => {
  for (const path of paths) assertRefused(await send('POST', path, { body: {} }), 401, 'unauthenticated');
  const caller = await signedIn(newAccount());
  assertRefused(await confirm(caller, '12345'), 422, 'invalid', { pointer: '/code', code: 'too_short' });
});

test('I-223: how far a phone\'s clock may be off is a setting', async () => {
  const account = withSettings(newAccount(), { 'identity.totp_steps': '0' });
  const caller = await signedIn(account);
  const { secret } = assertDone(await enrol(caller));
  await steadyStep();
  assertRefused(await confirm(caller, codeOf(secret, -1)), 422, 'invalid', { pointer: '/code' });
  assertDone(await confirm(caller, codeOf(secret)));
});
