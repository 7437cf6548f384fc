// tests/api/identity_session.test.mjs - log-in, the token it gives, log-out, lockout, and permissions that end with their post.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { anyone, as, send, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { newAddress } from '../support/numbers.mjs';
import { services } from '../support/settings.mjs';
import { claimsOf, password, tokenOf } from '../support/tokens.mjs';
import { county, louxing, town } from '../support/world.mjs';

const sessions = '/identity/sessions';
const logIn = (account, secret = password(), more = {}) => anyone.post(sessions, { account, password: secret, ...more });

// An account of the county office's post, with the password of the seeded ones.
function newAccount({ posts = 1 } = {}) {
  const account = { id: uuid(), login: unique('tester') };
  run(`INSERT INTO identity.account (id, login, kind, owner_division) VALUES ('${account.id}', '${account.login}', 'person', '${louxing}');
       INSERT INTO identity.credential (account_id, password_hash) SELECT '${account.id}', c.password_hash
         FROM identity.credential c JOIN identity.account a ON a.id = c.account_id WHERE a.login = 'county_office';
       INSERT INTO identity.account_post SELECT '${account.id}', p.post_id FROM identity.acting_post p JOIN identity.account a ON a.id = p.account_id
        WHERE a.login IN (${['county_office', 'town_office'].slice(0, posts).map((login) => `'${login}'`)})`);
  return account;
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function within(ms, probe) {
  const end = Date.now() + ms;
  for (;;) {
    if (await probe()) return;
    if (Date.now() > end) assert.fail(`not within ${ms} ms`);
    await sleep(50);
  }
}

test('a log-in gives a token of ten minutes that says who, where and what for', async () => {
  const answer = assertDone(await logIn('county_office'), 201);
  assertRecord(answer, { token_type: 'Bearer', expires_in: 600, role: 'county_office' });
  const claims = claimsOf(answer.access_token);
  assertRecord(claims, { iss: 'zeren', aud: 'zeren', sid: answer.session_id, sub: answer.account_id, post: answer.post_id, role: 'county_office', ranges: ['431302'] });
  assert.equal(claims.exp - claims.iat, 600);
  assert.deepEqual([...claims.perms].sort(), [...answer.permissions].sort());
  assert.ok(answer.permissions.includes('duty_list.write'));
  assertDone(await send('GET', '/registry/duty_lists', { token: answer.access_token }));
});

test('anyone can check a token by the published keys', async () => {
  const { keys } = assertDone(await anyone.get('/identity/jwks'));
  const [header, payload, signature] = tokenOf('county_office').split('.');
  const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url'));
  assert.equal(alg, 'ES256');
  const jwk = keys.find((key) => key.kid === kid);
  assertRecord(jwk, { kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' });
  assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url')));
  assert.equal(jwk.d, undefined);
});

test('a wrong password and an unknown name are refused alike', async () => {
  const { login } = newAccount();
  const refusals = [];
  for (const [account, secret] of [[login, 'wrong'], [unique('nobody'), 'wrong']]) {
    const { status, code, title, detail, errors } = assertRefused(await logIn(account, secret), 401, 'login_refused');
    refusals.push({ status, code, title, detail, errors });
  }
  assert.deepEqual(refusals[0], refusals[1]);
});

test('a disabled account is refused as a wrong password is', async () => {
  const { id, login } = newAccount();
  run(`UPDATE identity.account SET disabled = true WHERE id = '${id}'`);
  assertRefused(await logIn(login), 401, 'login_refused');
});

test('five failures lock the account, and say for how long', async () => {
  const { login } = newAccount();
  for (let i = 0; i < 5; i++) assertRefused(await logIn(login, 'wrong'), 401, 'login_refused');
  const answer = await logIn(login);
  assertRefused(answer, 429, 'locked_out');
  const seconds = Number(answer.headers.get('retry-after'));
  assert.ok(seconds > 1700 && seconds <= 1800, `Retry-After: ${seconds}`);
});

test('failures at once count each', async () => {
  const { login } = newAccount();
  await Promise.all(Array.from({ length: 5 }, async () => {
    while ((await logIn(login, 'wrong')).body.code === 'too_many_requests') await sleep(200);
  }));
  assertRefused(await logIn(login), 429, 'locked_out');
});

test('a right password ends the count of failures', async () => {
  const { login } = newAccount();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 4; i++) assertRefused(await logIn(login, 'wrong'), 401, 'login_refused');
    assertDone(await logIn(login), 201);
  }
});

test('a name without an account is locked as well, and says the same', async () => {
  const name = unique('nobody');
  for (let i = 0; i < 5; i++) assertRefused(await logIn(name, 'wrong'), 401, 'login_refused');
  assertRefused(await logIn(name, 'wrong'), 429, 'locked_out');
});

test('an account locked until a time gone by may log in again', async () => {
  const { login } = newAccount();
  for (let i = 0; i < 5; i++) await logIn(login, 'wrong');
  assertRefused(await logIn(login), 429, 'locked_out');
  run(`UPDATE identity.login_guard SET locked_until = now() - interval '1 second' WHERE of_name = identity.guard_of_name('${login}')`);
  assertDone(await logIn(login), 201);
});

const office = services.identity;
const calling = (login, address, secret = 'wrong') => anyone.post(sessions, { account: login, password: secret }, { base: office, headers: { 'X-Forwarded-For': address } });

test('I-003: failures from one address keep nobody out who calls from another', async () => {
  const { login } = newAccount();
  const stranger = newAddress();
  for (let i = 0; i < 5; i++) assertRefused(await calling(login, stranger), 401, 'login_refused');
  assertRefused(await calling(login, stranger, password()), 429, 'locked_out');
  assertDone(await calling(login, newAddress(), password()), 201);
  assertRefused(await calling(login, stranger, password()), 429, 'locked_out');
});

test('I-003: failures from everywhere lock the name for strangers, and not where the account has signed in lately', async () => {
  const { login, id } = newAccount();
  const own = newAddress();
  assertDone(await calling(login, own, password()), 201);
  for (let n = 0; n < 8; n++) {
    const stranger = newAddress();
    for (let i = 0; i < 4; i++) await calling(login, stranger);
  }
  assertRefused(await calling(login, newAddress(), password()), 429, 'locked_out');
  assertDone(await calling(login, own, password()), 201);
  assertRefused(await calling(login, newAddress(), password()), 429, 'locked_out'); // what the owner does opens nothing for strangers
  for (let i = 0; i < 5; i++) assertRefused(await calling(login, own), 401, 'login_refused'); // and is bounded there, too
  assertRefused(await calling(login, own, password()), 429, 'locked_out');
  assertDone(await as('system_admin').post(`/identity/accounts/${id}:unlock`));
  assertDone(await calling(login, own, password()), 201);
  assertDone(await calling(login, newAddress(), password()), 201);
  run(`UPDATE identity.session SET created_at = now() - interval '31 days' WHERE account_id = '${id}'`);
  for (let n = 0; n < 8; n++) for (const stranger = newAddress(), times = { n: 0 }; times.n < 4; times.n++) await calling(login, stranger);
  assertRefused(await calling(login, own, password()), 429, 'locked_out');
});

test('an account with several posts chooses the one to act in', async () => {
  const { login } = newAccount({ posts: 2 });
  const { posts } = assertDone(await logIn(login), 201);
  assert.equal(posts.length, 2);
  for (const post of posts) {
    const chosen = assertDone(await logIn(login, password(), { post_id: post.id }), 201);
    assertRecord(chosen, { post_id: post.id, organisation_id: post.organisation_id });
  }
  assertRefused(await logIn(login, password(), { post_id: uuid() }), 422, 'invalid', { pointer: '/post_id' });
});

test('an account without a post has nothing to act in', async () => {
  const { id, login } = newAccount();
  run(`DELETE FROM identity.account_post WHERE account_id = '${id}'`);
  assert.match(assertRefused(await logIn(login), 401, 'login_refused').detail, /no post/);
});

test('a log-in needs both fields, and takes no others', async () => {
  assertRefused(await anyone.post(sessions, {}), 422, 'invalid', { pointer: '/account', code: 'required' }, { pointer: '/password', code: 'required' });
  assertRefused(await anyone.post(sessions, { account: 'a', password: 'b', admin: true }), 422, 'invalid', { pointer: '/admin', code: 'unknown_field' });
  assertRefused(await logIn('x'.repeat(65)), 422, 'invalid', { pointer: '/account', code: 'too_long' });
  assertRefused(await logIn('county_office', 'x'.repeat(201)), 422, 'invalid', { pointer: '/password', code: 'too_long' });
});

test('a refusal never repeats the password', async () => {
  const secret = unique('secret');
  for (const answer of [await logIn('county_office\u0007', secret), await anyone.post(sessions, `{"account":"a","password":"${secret}"`)]) {
    assert.ok(answer.status >= 400);
    assert.ok(!answer.text.includes(secret), answer.text);
  }
});

test('log-out ends the session\'s token within a second, in every service', async () => {
  const { access_token: token, session_id: id } = assertDone(await logIn('county_office'), 201);
  assertDone(await send('GET', '/registry/duty_lists', { token }));
  const ended = assertDone(await send('POST', `/identity/sessions/${id}:end`, { token }));
  assert.ok(ended.ended_at);
  await Promise.all(['/registry/duty_lists', '/identity/posts'].map(async (path) => {
    await within(60_000, async () => (await send('GET', path, { token })).status === 401);
    assertRefused(await send('GET', path, { token }), 401, 'unauthenticated');
  }));
});

test('a session ends once, and only one\'s own', async () => {
  const mine = assertDone(await logIn('county_office'), 201);
  const other = assertDone(await logIn('town_office'), 201);
  assertRefused(await send('POST', `/identity/sessions/${other.session_id}:end`, { token: mine.access_token }), 404, 'not_found');
  const second = assertDone(await logIn('county_office'), 201);
  assertDone(await send('POST', `/identity/sessions/${second.session_id}:end`, { token: mine.access_token }));
  const again = await send('POST', `/identity/sessions/${second.session_id}:end`, { token: mine.access_token });
  assert.ok([404, 409].includes(again.status), again.text);
  assertRefused(again, again.status, again.status === 404 ? 'not_found' : 'state_conflict');
});

const ends = {
  'the account is disabled': (a) => `UPDATE identity.account SET disabled = true WHERE id = '${a.id}'`,
  'its password changes': (a) => `UPDATE identity.credential SET password_hash = password_hash || ' ' WHERE account_id = '${a.id}'`,
  'a post is taken from it': (a) => `DELETE FROM identity.account_post WHERE account_id = '${a.id}'`,
  'its epoch rises': (a) => `UPDATE identity.account SET epoch = epoch + 1 WHERE id = '${a.id}'`,
};
for (const [what, sql] of Object.entries(ends)) {
  test(`a token ends within a second when ${what}`, async () => {
    const account = newAccount();
    const { access_token: token } = assertDone(await logIn(account.login), 201);
    assertDone(await send('GET', '/registry/duty_lists', { token }));
    run(sql(account));
    await within(60_000, async () => (await send('GET', '/registry/duty_lists', { token })).status === 401);
  });
}

test('a token of a post carries that post\'s scope', async () => {
  const claims = claimsOf(tokenOf('department_office'));
  assertRecord(claims, { ranges: ['431302'], lines: ['agriculture'], kind: 'person' });
  assertRecord(claimsOf(tokenOf('town_office')), { ranges: [town.slice(0, 9)] });
  assertRecord(claimsOf(tokenOf('device')), { kind: 'device' });
  assertRecord(claimsOf(tokenOf('integration')), { kind: 'machine' });
});

test('a log-in leaves an audit row without the password or the token', async () => {
  const { login } = newAccount();
  const answer = assertDone(await logIn(login), 201);
  const [audit] = rows(`SELECT verb, body::text AS body FROM identity.audit_log WHERE record_id = '${answer.session_id}'`);
  assert.equal(audit.verb, 'open_session');
  assert.ok(!audit.body.includes(password()) && !audit.body.includes(answer.access_token));
});

test('what the services log holds neither passwords nor tokens', async () => {
  const { readFileSync } = await import('node:fs');
  const { stateDir } = await import('../support/settings.mjs');
  await logIn('county_office');
  await county.get(`/registry/divisions/${louxing}`);
  const log = ['identity', 'registry', 'nginx', 'postgres'].map((name) => readFileSync(`${stateDir}/log/${name}.log`, 'utf8')).join('\n');
  assert.ok(!log.includes(password()));
  assert.ok(!log.includes(tokenOf('county_office').split('.')[2]));
});

test('a token is needed to log out', async () => {
  assertRefused(await anyone.post(`/identity/sessions/${uuid()}:end`), 401, 'unauthenticated');
  assertRefused(await as('county_office').post(`/identity/sessions/${uuid()}:end`), 404, 'not_found');
});
