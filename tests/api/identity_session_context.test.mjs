// tests/api/identity_session_context.test.mjs - the context of a session: another post, an access for a time; the list of one's sessions, devices, and their end by
// oneself or by those who may.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { anyone, as, newKey, send, unique, uuid } from '../support/client.mjs';
import { logIn, newAccount, within, withSettings } from '../support/accounts.mjs';
import { hold, rows, run } from '../support/database.mjs';
import { claimsOf, password } from '../support/tokens.mjs';

const refresh = (token) => anyone.post('/identity/sessions:refresh', { refresh_token: token });
const reads = (token) => send('GET', '/registry/duty_lists', { token });
const change = (session, body, options) => send('POST', `/identity/sessions/${session.session_id}:switch`, { token: session.access_token, body, ...options });
const opened = async (account, more, options) => assertDone(await logIn(account, password(), more, options), 201);
const refusedSoon = (token) => within(60_000, async () => (await reads(token)).status === 401);

// An account of two posts: the county's and the town's office.
function twoPosts() {
  const account = newAccount();
  run(`INSERT INTO identity.account_post SELECT '${account.id}', p.post_id FROM identity.acting_post p JOIN identity.account a ON a.id = p.account_id
        WHERE a.login = 'town_office'`);
  return account;
}

// An account with a post of its own, like the county office's: what is done to the post ends nobody else's tokens.
function ownPost() {
  const account = newAccount(), post = uuid();
  run(`INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at)
         SELECT '${post}', p.owner_division, p.organisation_id, 'p${post}', p.duty, p.role, p.ranges, now() FROM identity.post p
           JOIN identity.account_post ap ON ap.post_id = p.id WHERE ap.account_id = '${account.id}';
       UPDATE identity.account_post SET post_id = '${post}' WHERE account_id = '${account.id}'`);
  return account;
}

function newGrant(post, division = '431321000000', { from = '-1 minute', until = '1 hour', permissions = ['duty_list.read', 'report.read'] } = {}) {
  const id = uuid();
  run(`INSERT INTO identity.access_grant (id, owner_division, post_id, permissions, reason, starts_at, ends_at, granted_by, created_at)
       VALUES ('${id}', '${division}', '${post}', '{${permissions}}', '督查', now() + interval '${from}', now() + interval '${until}', '${uuid()}', now())`);
  return id;
}

test('a session goes on in another post, under another id', async () => {
  const account = twoPosts(), session = await opened(account);
  const other = session.posts.find((post) => post.id !== session.post_id);
  const next = assertDone(await change(session, { post_id: other.id }));
  assertRecord(next, { post_id: other.id, organisation_id: other.organisation_id, role: 'town_office', account_id: account.id });
  assert.notEqual(next.session_id, session.session_id);
  assertRecord(claimsOf(next.access_token), { sid: next.session_id, post: other.id, ranges: ['431302006'] });
  await refusedSoon(session.access_token);
  assertDone(await reads(next.access_token));
  assertDone(await refresh(next.refresh_token));
  const [row] = rows(`SELECT ended_because, switched_to FROM identity.session WHERE id = '${session.session_id}'`);
  assert.deepEqual(row, { ended_because: 'switched', switched_to: next.session_id });
  const [audit] = rows(`SELECT body ->> 'post_id' AS now, before ->> 'post_id' AS before FROM identity.audit_log WHERE record_id = '${next.session_id}' AND verb = 'switch_session'`);
  assert.deepEqual(audit, { now: other.id, before: session.post_id });
});

test('a change whose answer was lost is found by the old refresh token', async () => {
  const session = await opened(twoPosts());
  const other = session.posts.find((post) => post.id !== session.post_id);
  const lost = assertDone(await change(session, { post_id: other.id }));
  const found = assertDone(await refresh(session.refresh_token));
  assertRecord(found, { session_id: lost.session_id, post_id: other.id, refresh_token: lost.refresh_token });
  assertDone(await refresh(found.refresh_token));
  assertRefused(await refresh(session.refresh_token), 401, 'refresh_token_reused');
  assertRefused(await refresh(found.refresh_token), 401, 'session_over');
});

test('a token from before the last but one is reuse after a change, too', async () => {
  const session = await opened(twoPosts());
  const second = assertDone(await refresh(session.refresh_token));
  const third = assertDone(await refresh(second.refresh_token));
  const next = assertDone(await change(third, { post_id: session.posts[1].id }));
  assertRefused(await refresh(session.refresh_token), 401, 'refresh_token_reused');
  await refusedSoon(next.access_token);
});

test('a change repeated at once is made once', async () => {
  const session = await opened(twoPosts());
  const other = session.posts.find((post) => post.id !== session.post_id);
  const answers = await Promise.all(Array.from({ length: 10 }, () => change(session, { post_id: other.id }, { key: newKey() })));
  const done = answers.filter((answer) => answer.status !== 401).map((answer) => assertDone(answer));
  assert.ok(done.length >= 1);
  assert.equal(new Set(done.map((answer) => answer.session_id)).size, 1);
  assert.equal(new Set(done.map((answer) => answer.refresh_token)).size, 1);
  assert.deepEqual(rows(`SELECT count(*)::integer AS n FROM identity.session WHERE account_id = '${session.account_id}'`), [{ n: 2 }]);
});

test('a session that went on elsewhere changes no more', async () => {
  const account = twoPosts();
  for (let i = 0; i < 40; i++) { // its token is refused within a second, and may be so at once
    const session = await opened(account);
    const other = session.posts.find((post) => post.id !== session.post_id);
    const next = assertDone(await change(session, { post_id: other.id }));
    assertDone(await refresh(next.refresh_token));
    const late = await change(session, { post_id: other.id });
    if (late.status !== 401) return assertRefused(late, 409, 'state_conflict');
  }
  return assert.fail('the old token was refused each time before it could ask');
});

test('only from within, and only into what is the account\'s', async () => {
  const account = twoPosts(), session = await opened(account), second = await opened(account);
  const body = { post_id: session.posts[1].id };
  assertRefused(await send('POST', `/identity/sessions/${second.session_id}:switch`, { token: session.access_token, body }), 404, 'not_found');
  assertRefused(await change(session, {}), 422, 'invalid', { pointer: '/post_id', code: 'required' });
  assertRefused(await change(session, { post_id: uuid() }), 422, 'invalid', { pointer: '/post_id', code: 'not_yours' });
  assertRefused(await change(session, { access_grant_id: uuid() }), 422, 'invalid', { pointer: '/access_grant_id', code: 'not_yours' });
});

test('access for a time is a context of its own, with its own rights and its own end', async () => {
  const account = ownPost(), session = await opened(account);
  const grant = newGrant(session.post_id, '431321000000', { until: '5 minutes' });
  const inside = await opened(account, { access_grant_id: grant });
  assertRecord(inside, { access_grant_id: grant, post_id: session.post_id, permissions: ['duty_list.read', 'report.read'] });
  assert.ok(inside.expires_in <= 300 && inside.expires_in > 120);
  assertRecord(inside.access_grants.find((g) => g.id === grant), { owner_division: '431321000000', reason: '督查', post_id: session.post_id });
  assertRecord(claimsOf(inside.access_token), { ranges: ['431321'], grant, perms: ['duty_list.read', 'report.read'] });
  const lists = assertDone(await reads(inside.access_token)).items;
  assert.ok(lists.every((list) => list.owner_division.startsWith('4313') && !list.owner_division.startsWith('431302')));
  const back = assertDone(await change(inside, { post_id: session.post_id }));
  assertRecord(claimsOf(back.access_token), { ranges: ['431302'] });
  const again = assertDone(await change(back, { access_grant_id: grant }));
  run(`UPDATE identity.access_grant SET ended_at = now() WHERE id = '${grant}'`);
  await refusedSoon(again.access_token);
  assertRefused(await refresh(again.refresh_token), 401, 'session_over');
});

test('an access that has not begun, has ended or is another post\'s is none', async () => {
  const account = newAccount(), session = await opened(account);
  const town = (await opened(newAccount({ like: 'town_office' }))).post_id;
  for (const grant of [newGrant(session.post_id, '431321000000', { from: '1 hour', until: '2 hours' }), newGrant(session.post_id, '431321000000', { from: '-2 hours', until: '-1 hour' }),
    newGrant(town)]) {
    assertRefused(await logIn(account, password(), { access_grant_id: grant }), 422, 'invalid', { pointer: '/access_grant_id', code: 'not_yours' });
  }
});

test('one\'s sessions, with where and when', async () => {
  const account = newAccount(), first = await opened(account), second = await opened(account);
  const { items } = assertDone(await send('GET', '/identity/sessions', { token: second.access_token }));
  assert.deepEqual(items.map((s) => [s.id, s.current]), [[first.session_id, false], [second.session_id, true]]);
  assertRecord(items[0], { account_id: account.id, address: account.address, factors: 'password', device_id: null, device_name: null, ended_at: null });
  assertDone(await send('POST', `/identity/sessions/${first.session_id}:end`, { token: second.access_token }));
  assert.equal(assertDone(await send('GET', '/identity/sessions', { token: second.access_token })).items.length, 1);
});

test('an ended session does not end again', async () => {
  const session = await opened(newAccount()), other = await opened(newAccount());
  assertRefused(await send('POST', `/identity/sessions/${session.session_id}:end`, { token: other.access_token }), 404, 'not_found');
  const mine = await opened(newAccount());
  const second = await send('POST', `/identity/sessions/${mine.session_id}:end`, { token: mine.access_token });
  assertRecord(assertDone(second), { ended_because: 'logged_out', current: true });
  assertRefused(await refresh(mine.refresh_token), 401, 'session_over');
});

test('who may end sessions ends another account\'s, with a reason that is kept', async () => {
  const security = as('security_admin'), account = newAccount(), session = await opened(account);
  const path = `/identity/sessions/${session.session_id}:end`;
  assert.deepEqual(assertDone(await security.get('/identity/sessions', { account_id: account.id })).items.map((s) => s.id), [session.session_id]);
  assertRefused(await as('county_office').get('/identity/sessions', { account_id: account.id }), 403, 'forbidden');
  assertRefused(await as('county_office').post(path, { reason: '因' }), 404, 'not_found');
  assertRefused(await security.post(path), 422, 'invalid', { pointer: '/reason', code: 'required' });
  assertRecord(assertDone(await security.post(path, { reason: '终端遗失' })), { ended_because: 'revoked', account_id: account.id });
  await refusedSoon(session.access_token);
  assertRefused(await security.post(path, { reason: '终端遗失' }), 409, 'state_conflict');
  const [audit] = rows(`SELECT reason, before ->> 'ended_at' AS before FROM identity.audit_log WHERE record_id = '${session.session_id}' AND verb = 'end_session'`);
  assert.deepEqual(audit, { reason: '终端遗失', before: null });
});

test('where an account may have one session, the earlier ends', async () => {
  const account = withSettings(newAccount(), { 'identity.sessions_per_account': '1' });
  const first = await opened(account), second = await opened(account);
  await refusedSoon(first.access_token);
  assertRefused(await refresh(first.refresh_token), 401, 'session_over');
  assertDone(await reads(second.access_token));
  assert.deepEqual(rows(`SELECT ended_because FROM identity.session WHERE id = '${first.session_id}'`), [{ ended_because: 'replaced' }]);
  assert.equal(rows(`SELECT 1 FROM identity.audit_log WHERE record_id = '${first.session_id}' AND verb = 'replace_session'`).length, 1);
});

test('a registered device has a session of a month, whose tokens are a program\'s', async () => {
  const account = newAccount(), session = await opened(account), name = unique('平板');
  const device = assertDone(await send('POST', '/identity/devices', { token: session.access_token, body: { name } }), 201);
  assertRecord(device, { name, account_id: account.id, revoked_at: null, last_used_at: null });
  assertRefused(await logIn(account, password(), { device_id: device.id }), 400, 'idempotency_key_required');
  assertRefused(await logIn(account, password(), { device_id: uuid() }, { key: newKey() }), 422, 'invalid', { pointer: '/device_id', code: 'not_yours' });
  assertRefused(await logIn(newAccount(), password(), { device_id: device.id }, { key: newKey() }), 422, 'invalid', { pointer: '/device_id' });
  const own = await opened(account, { device_id: device.id }, { key: newKey() });
  assert.equal(claimsOf(own.access_token).kind, 'device');
  assert.equal(own.refresh_expires_in, 30 * 86400);
  assertRefused(await send('POST', '/identity/devices', { token: own.access_token, body: { name } }), 400, 'idempotency_key_required');
  run(`UPDATE identity.session SET used_at = now() - interval '20 days', refreshed_at = now() - interval '20 days' WHERE id = '${own.session_id}'`);
  const next = assertDone(await refresh(own.refresh_token));
  run(`UPDATE identity.session SET refreshed_at = now() - interval '20 days' WHERE id = '${own.session_id}'`);
  assert.equal(assertDone(await refresh(own.refresh_token)).refresh_token, next.refresh_token); // the grace of devices is as long
  const { items } = assertDone(await send('GET', '/identity/devices', { token: session.access_token }));
  assert.deepEqual(items.map((d) => d.id), [device.id]);
  assert.ok(assertDone(await send('GET', `/identity/devices/${device.id}`, { token: session.access_token })).last_used_at);
  const listed = assertDone(await send('GET', '/identity/sessions', { token: session.access_token })).items.find((s) => s.id === own.session_id);
  assertRecord(listed, { device_id: device.id, device_name: name });
});

test('a revoked device\'s sessions end within a second', async () => {
  const account = newAccount(), session = await opened(account);
  const device = assertDone(await send('POST', '/identity/devices', { token: session.access_token, body: { name: '手机' } }), 201);
  const own = await opened(account, { device_id: device.id }, { key: newKey() });
  const path = `/identity/devices/${device.id}:revoke`;
  assertRefused(await send('POST', path, { token: (await opened(newAccount())).access_token }), 404, 'not_found');
  assert.ok(assertDone(await send('POST', path, { token: session.access_token })).revoked_at);
  await refusedSoon(own.access_token);
  assertDone(await reads(session.access_token));
  assertRefused(await refresh(own.refresh_token), 401, 'session_over');
  assertRefused(await send('POST', path, { token: session.access_token }), 409, 'state_conflict');
  assertRefused(await logIn(account, password(), { device_id: device.id }, { key: newKey() }), 422, 'invalid', { pointer: '/device_id' });
});

test('who may end sessions revokes another account\'s device, with a reason', async () => {
  const account = newAccount(), session = await opened(account), security = as('security_admin');
  const device = assertDone(await send('POST', '/identity/devices', { token: session.access_token, body: { name: '手机' } }), 201);
  assert.deepEqual(assertDone(await security.get('/identity/devices', { account_id: account.id })).items.map((d) => d.id), [device.id]);
  assertRefused(await as('county_office').get(`/identity/devices/${device.id}`), 404, 'not_found');
  assertRefused(await as('county_office').get('/identity/devices', { account_id: account.id }), 403, 'forbidden');
  assertRefused(await security.post(`/identity/devices/${device.id}:revoke`), 422, 'invalid', { pointer: '/reason' });
  assertDone(await security.post(`/identity/devices/${device.id}:revoke`, { reason: '离任' }));
});

test('I-010: a refresh that meets the change of the post on its way goes on in the session that came of it', async () => {
  const account = twoPosts();
  const first = await opened(account);
  const post = first.posts.find((one) => one.id !== first.post_id).id;
  const held = await hold(`SELECT FROM identity.session WHERE id = '${first.session_id}' FOR UPDATE`);
  const changed = change(first, { post_id: post });
  await held.waited(1);
  const refreshed = refresh(first.refresh_token);
  await held.waited(2);
  await held.release();
  const next = assertDone(await changed);
  const gone = assertDone(await refreshed);
  assert.equal(gone.session_id, next.session_id);
  assert.equal(gone.post_id, post);
  assertDone(await refresh(gone.refresh_token));
});
