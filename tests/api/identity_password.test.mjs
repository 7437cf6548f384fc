// tests/api/identity_password.test.mjs - rules I-201 to I-211 (proto/identity.md): changing the own password, what a new one must be, first and old passwords, what a wrong
// one costs, and many log-ins at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { anyone, newKey, send, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { hold, rows, run } from '../support/database.mjs';
import { claimsOf, password } from '../support/tokens.mjs';
import { logIn, newAccount, signedIn, within, withSettings } from '../support/accounts.mjs';

const path = '/identity/me:change_password';
const good = () => `Kite-over-${unique('')}-Hills`;
const change = (caller, current, next, options) => caller.post(path, { current_password: current, new_password: next }, options);
const codesOf = (answer) => answer.body.errors.filter((e) => e.pointer === '/new_password').map((e) => e.code);

test('a password is changed: the new one lets in, the old one does not', async () => {
  const account = newAccount();
  const next = good();
  const answer = await change(await signedIn(account), password(), next);
  assertRecord(assertDone(answer), { id: account.id, must_change: false, next: 'refresh_or_log_in' });
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assertDone(await logIn(account, next), 201);
  assertRefused(await logIn(account), 401, 'login_refused');
});

test('other sessions end with the password, the own one goes on, and running tokens end within a second', async () => {
  const account = newAccount();
  const [mine, other] = [await signedIn(account), await signedIn(account)];
  assert.equal(assertDone(await change(mine, password(), good())).sessions_ended, 1);
  const ended = rows(`SELECT id, ended_because FROM identity.session WHERE account_id = '${account.id}' AND ended_at IS NOT NULL`);
  assert.deepEqual(ended, [{ id: other.session.session_id, ended_because: 'password_changed' }]);
  for (const caller of [mine, other]) await within(60_000, async () => (await caller.get('/registry/duty_lists')).status === 401);
});

test('every fault of a new password is told at once, by its code', async () => {
  const account = newAccount({ name: '欧阳小甲' });
  const caller = await signedIn(account);
  const cases = [
    ['1qaz2wsx', ['too_short', 'too_few_classes', 'keyboard_run', 'well_known']],
    ['aA1aA1aA1aA1', ['repeated']],
    [`X9#${account.login}`, ['holds_name']],
    ['Tk9#欧阳小甲mango', ['holds_name']],
    ['Admin@2026!7', ['well_known']],
  ];
  for (const [next, faults] of cases) {
    const answer = await change(caller, password(), next);
    assertRefused(answer, 422, 'invalid');
    assert.deepEqual(codesOf(answer), faults, next);
    assert.ok(!answer.text.includes(next));
  }
});

test('the password in force and the four before it do not come back, the fifth does', async () => {
  const account = newAccount();
  const used = [password(), ...Array.from({ length: 5 }, good)];
  for (let i = 1; i < used.length; i++) assertDone(await change(await signedIn(account, used[i - 1]), used[i - 1], used[i]));
  const now = used.at(-1);
  const caller = await signedIn(account, now);
  for (const earlier of used.slice(1)) assert.deepEqual(codesOf(await change(caller, now, earlier)), ['used_before'], earlier);
  assert.deepEqual(codesOf(await change(caller, now, used[0])), ['too_few_classes'], 'old enough: only its own fault is left');
});

test('limits are those nearest to the account', async () => {
  const caller = await signedIn(withSettings(newAccount(), { 'identity.password_min_length': '24', 'identity.password_refused': 'xianrenge' }));
  assert.deepEqual(codesOf(await change(caller, password(), 'wR8#mPz2!kQvwR8#mPz2!kQ')), ['too_short']);
  assert.deepEqual(codesOf(await change(caller, password(), '2026#Xianrenge#2026-2026')), ['well_known']);
  assert.deepEqual(codesOf(await change(caller, password(), 'Admin@2026!7')), ['too_short'], 'the county\'s list holds in place of the country\'s');
});

test('a wrong current password changes nothing and counts as a failed log-in', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  for (let i = 0; i < 5; i++) {
    const body = assertRefused(await change(caller, 'wrong', good()), 422, 'invalid', { pointer: '/current_password', code: 'wrong_password' });
    assert.equal(body.errors.length, 1);
  }
  const locked = await change(caller, password(), good());
  assertRefused(locked, 429, 'locked_out');
  assert.ok(Number(locked.headers.get('retry-after')) > 1000);
  assertRefused(await logIn(account), 429, 'locked_out');
});

test('a change is not rehearsed: guesses would not count', async () => {
  const caller = await signedIn(newAccount());
  assertRefused(await change(caller, password(), good(), { query: { validate_only: true } }), 400, 'bad_parameter', { parameter: 'validate_only' });
});

test('of two changes at once one is made', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  const wanted = [good(), good()];
  const held = await hold(`SELECT 1 FROM identity.credential WHERE account_id = '${account.id}' FOR UPDATE`);
  const calls = wanted.map((next) => change(caller, password(), next));
  await held.waited(2); // both have found the old password right
  await held.release();
  const answers = await Promise.all(calls);
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 409], answers.map((a) => a.text).join('\n'));
  assertRefused(answers.find((a) => a.status === 409), 409, 'state_conflict');
  const lets = await Promise.all(wanted.map(async (next) => (await logIn(account, next)).status));
  assert.deepEqual(lets.sort(), [201, 401]);
});

test('nothing of it is stored under a key or in audit', async () => {
  const account = newAccount();
  const caller = await signedIn(account);
  const [key, next] = [newKey(), good()];
  assertDone(await change(caller, password(), next, { key }));
  assert.deepEqual(rows(`SELECT key FROM identity.idempotency WHERE key = '${key}'`), []);
  const [audit] = rows(`SELECT verb, record, l::text AS whole FROM identity.audit_log l WHERE record_id = '${account.id}' AND verb = 'change_password'`);
  assertRecord(audit, { verb: 'change_password', record: 'account' });
  assert.ok(!audit.whole.includes(next) && !audit.whole.includes('argon2'), audit.whole);
});

test('a first password lets in to change it, and to nothing else', async () => {
  const account = newAccount({ mustChange: true });
  const caller = await signedIn(account);
  assert.deepEqual(claimsOf(caller.session.access_token).must, ['change_password']);
  assertRefused(await caller.get('/registry/duty_lists'), 403, 'action_required');
  const next = good();
  assertDone(await change(caller, password(), next));
  assertDone(await (await signedIn(account, next)).get('/registry/duty_lists'));
});

test('a password older than the setting must be changed, one a day younger need not', async () => {
  const account = newAccount();
  const setAt = (days) => run(`UPDATE identity.credential SET password_set_at = now() - interval '${days} days' WHERE account_id = '${account.id}'`);
  setAt(89);
  assert.equal(claimsOf((await signedIn(account)).session.access_token).must ?? null, null);
  setAt(91);
  const caller = await signedIn(account);
  assert.deepEqual(claimsOf(caller.session.access_token).must, ['change_password']);
  assertRefused(await caller.get('/registry/duty_lists'), 403, 'action_required');
});

// Whom a busy machine has no place for within two seconds is told when to come again, and does.
async function patient(account) {
  for (;;) {
    const answer = await logIn(account);
    if (answer.status !== 429) return answer;
    assertRefused(answer, 429, 'too_many_requests');
    const seconds = Number(answer.headers.get('retry-after'));
    assert.ok(seconds >= 1 && seconds <= 5, `Retry-After: ${seconds}`);
    await sleep(seconds * 1000);
  }
}

test('fifty log-ins at once all get through', async () => {
  const account = newAccount();
  const answers = await Promise.all(Array.from({ length: 50 }, () => patient(account)));
  assert.deepEqual(answers.filter((a) => a.status !== 201).map((a) => a.text), []);
});

test('both passwords are needed, a token too, and nothing else is taken', async () => {
  const caller = await signedIn(newAccount());
  assertRefused(await caller.post(path, {}), 422, 'invalid', { pointer: '/current_password', code: 'required' }, { pointer: '/new_password', code: 'required' });
  assertRefused(await caller.post(path, { current_password: 'a', new_password: 'b', account_id: 'c' }), 422, 'invalid', { pointer: '/account_id', code: 'unknown_field' });
  assertRefused(await anyone.post(path, { current_password: 'a', new_password: 'b' }), 401, 'unauthenticated');
  assertRefused(await send('GET', path, { token: caller.session.access_token }), 405, 'method_not_allowed');
});
