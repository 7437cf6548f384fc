// tests/api/identity_session_refresh.test.mjs - refresh tokens: rotation, its grace, reuse, idle and ended sessions, rights read anew; and log-ins that are
// repeated under their key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { anyone, newKey, send, uuid } from '../support/client.mjs';
import { logIn, newAccount, within } from '../support/accounts.mjs';
import { rows, run } from '../support/database.mjs';
import { claimsOf, password } from '../support/tokens.mjs';

const refresh = (token) => anyone.post('/identity/sessions:refresh', { refresh_token: token });
const reads = (token) => send('GET', '/registry/duty_lists', { token });
const opened = async (account = newAccount(), ...more) => ({ account, session: assertDone(await logIn(account, ...more), 201) });
const sessionRow = (id) => rows(`SELECT refresh_number, ended_at IS NOT NULL AS ended, ended_because FROM identity.session WHERE id = '${id}'`)[0];
const age = (id, column, by) => run(`UPDATE identity.session SET ${column} = ${column} - interval '${by}' WHERE id = '${id}'`);

test('a refresh token becomes an access token of the same session and its successor', async () => {
  const { session } = await opened();
  const next = assertDone(await refresh(session.refresh_token));
  assertRecord(next, { session_id: session.session_id, account_id: session.account_id, post_id: session.post_id, token_type: 'Bearer', expires_in: 600, access_grant_id: null, must: [] });
  assert.notEqual(next.refresh_token, session.refresh_token);
  assert.deepEqual(next.permissions, session.permissions);
  assertDone(await reads(next.access_token));
  assertDone(await reads(session.access_token)); // the one before runs on
  const third = assertDone(await refresh(next.refresh_token));
  assert.equal(claimsOf(third.access_token).sid, session.session_id);
});

test('what a log-in says of its session', async () => {
  const { session } = await opened();
  assert.match(session.refresh_token, /^zrt_[A-Za-z0-9_-]{40,}$/);
  assertRecord(session, { refresh_expires_in: 1800, mask: 'usual', must: [], access_grants: [] });
  const [row] = rows(`SELECT factors, address, extract(epoch FROM expires_at - created_at)::integer AS runs FROM identity.session WHERE id = '${session.session_id}'`);
  assertRecord(row, { factors: 'password', runs: 12 * 3600 });
  assert.match(row.address, /^10\./);
});

test('the previous token yields the same successor until that is used', async () => {
  const { session } = await opened();
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(assertDone(await refresh(session.refresh_token)));
  assert.equal(new Set(answers.map((a) => a.refresh_token)).size, 1);
  assert.equal(sessionRow(session.session_id).refresh_number, 2);
});

test('a token older than the previous one is reuse: the session ends, its access tokens within a second', async () => {
  const { session } = await opened();
  const second = assertDone(await refresh(session.refresh_token));
  const third = assertDone(await refresh(second.refresh_token));
  assertRefused(await refresh(session.refresh_token), 401, 'refresh_token_reused');
  assert.deepEqual(sessionRow(session.session_id), { refresh_number: 3, ended: true, ended_because: 'reused' });
  await within(60_000, async () => (await reads(third.access_token)).status === 401);
  assertRefused(await refresh(third.refresh_token), 401, 'session_over');
  const [audit] = rows(`SELECT verb, body::text AS body FROM identity.audit_log WHERE record_id = '${session.session_id}' AND verb = 'end_reused_session'`);
  assert.ok(audit && !audit.body.includes('zrt_'));
});

test('the grace of the previous token is a minute', async () => {
  const { session } = await opened();
  assertDone(await refresh(session.refresh_token));
  age(session.session_id, 'refreshed_at', '45 seconds');
  assertDone(await refresh(session.refresh_token));
  age(session.session_id, 'refreshed_at', '16 seconds');
  assertRefused(await refresh(session.refresh_token), 401, 'refresh_token_reused');
});

test('a token of a number that was never given out ends nothing', async () => {
  const { session } = await opened();
  const second = assertDone(await refresh(session.refresh_token));
  run(`UPDATE identity.session SET refresh_number = 1 WHERE id = '${session.session_id}'`); // as after a restore from before the refresh
  assertRefused(await refresh(second.refresh_token), 401, 'session_over');
  assert.equal(sessionRow(session.session_id).ended, false);
});

test('a session that nobody refreshes for half an hour is over', async () => {
  const { session } = await opened();
  age(session.session_id, 'used_at', '29 minutes');
  const next = assertDone(await refresh(session.refresh_token));
  age(session.session_id, 'used_at', '31 minutes');
  assertRefused(await refresh(next.refresh_token), 401, 'session_over');
});

test('a session ends at its end, and its last access token with it', async () => {
  const { session } = await opened();
  run(`UPDATE identity.session SET expires_at = now() + interval '100 seconds' WHERE id = '${session.session_id}'`);
  const next = assertDone(await refresh(session.refresh_token));
  assert.ok(next.expires_in <= 100 && next.expires_in > 0 && next.refresh_expires_in <= 100, `${next.expires_in}`);
  run(`UPDATE identity.session SET expires_at = now() WHERE id = '${session.session_id}'`);
  assertRefused(await refresh(next.refresh_token), 401, 'session_over');
});

const overs = {
  'it was ended': (s) => send('POST', `/identity/sessions/${s.session_id}:end`, { token: s.access_token }),
  'the account is disabled': (s) => run(`UPDATE identity.account SET disabled = true WHERE id = '${s.account_id}'`),
  'the post is no longer the account\'s': (s) => run(`DELETE FROM identity.account_post WHERE account_id = '${s.account_id}'`),
};
for (const [what, end] of Object.entries(overs)) {
  test(`no refresh when ${what}`, async () => {
    const { session } = await opened();
    await end(session);
    assertRefused(await refresh(session.refresh_token), 401, 'session_over');
  });
}

test('rights are read anew at every refresh', async () => {
  const { account, session } = await opened(newAccount());
  assert.ok(claimsOf(session.access_token).perms.includes('duty_list.write'));
  const post = uuid();
  run(`INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at)
         SELECT '${post}', owner_division, organisation_id, 'p${post}', duty, 'county_office', ranges, now() FROM identity.post WHERE id = '${session.post_id}';
       INSERT INTO identity.account_post VALUES ('${account.id}', '${post}')`);
  const own = assertDone(await logIn(account, password(), { post_id: post }), 201);
  run(`UPDATE identity.post SET role = 'village_worker', ranges = '{431302006003}' WHERE id = '${post}'`);
  await within(60_000, async () => (await reads(own.access_token)).status === 401);
  const next = assertDone(await refresh(own.refresh_token));
  assertRecord(next, { role: 'village_worker', mask: 'strict', post_id: post });
  assertRecord(claimsOf(next.access_token), { ranges: ['431302006003'] });
  assert.ok(!next.permissions.includes('duty_list.write'));
  assertDone(await reads(next.access_token));
});

test('a post is acted in until its holder\'s last day ends', async () => {
  const { session } = await opened();
  const [person, post, account] = [uuid(), uuid(), newAccount()];
  const [{ today, left }] = rows(`SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS today,
    extract(epoch FROM ((now() AT TIME ZONE 'Asia/Shanghai')::date + 1) - (now() AT TIME ZONE 'Asia/Shanghai'))::integer AS left`);
  run(`INSERT INTO identity.person (id, owner_division, name, created_at) VALUES ('${person}', '431302000000', '人', now());
       INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at)
         SELECT '${post}', owner_division, organisation_id, 'p${post}', duty, role, ranges, now() FROM identity.post WHERE id = '${session.post_id}';
       INSERT INTO identity.holder (id, owner_division, post_id, person_id, starts_on, ends_on, created_at)
         VALUES ('${uuid()}', '431302000000', '${post}', '${person}', '2026-01-01', date '${today}' + 1, now());
       UPDATE identity.account SET person_id = '${person}' WHERE id = '${account.id}'`);
  const now = assertDone(await logIn(account, password(), { post_id: post }), 201);
  assert.ok(now.expires_in <= Math.min(600, left) + 1 && now.expires_in >= Math.min(600, left - 120), `${now.expires_in} of ${left}`);
  run(`UPDATE identity.holder SET ends_on = '${today}' WHERE post_id = '${post}'`);
  assertRefused(await refresh(now.refresh_token), 401, 'session_over');
  assertRefused(await logIn(account, password(), { post_id: post }), 422, 'invalid', { pointer: '/post_id', code: 'not_yours' });
});

test('an account that must change its password has no rights until then', async () => {
  const { account, session } = await opened(newAccount({ mustChange: true }));
  assertRecord(session, { must: ['change_password'], permissions: [] });
  assert.deepEqual(claimsOf(session.access_token).must, ['change_password']);
  assertRefused(await reads(session.access_token), 403, 'action_required');
  run(`UPDATE identity.credential SET must_change = false WHERE account_id = '${account.id}'`);
  const next = assertDone(await refresh(session.refresh_token));
  assert.deepEqual(next.must, []);
  assert.ok(next.permissions.includes('duty_list.write'));
});

test('tokens that were made up are refused alike', async () => {
  const { session } = await opened();
  const bytes = Buffer.from(session.refresh_token.slice(4), 'base64url');
  const bent = (at) => { const copy = Buffer.from(bytes); copy[at] ^= 1; return `zrt_${copy.toString('base64url')}`; };
  for (const token of ['x', 'zrt_', `${session.refresh_token}A`, session.access_token.slice(0, 200), bent(0), bent(5), bent(23), bent(30), bent(bytes.length - 1)]) {
    assertRefused(await refresh(token), 401, 'session_over');
  }
  assertDone(await refresh(session.refresh_token));
});

test('a refresh needs its token and takes nothing else', async () => {
  assertRefused(await anyone.post('/identity/sessions:refresh', {}), 422, 'invalid', { pointer: '/refresh_token', code: 'required' });
  assertRefused(await anyone.post('/identity/sessions:refresh', { refresh_token: 'x', post_id: uuid() }), 422, 'invalid', { pointer: '/post_id', code: 'unknown_field' });
});

test('a log-in repeated under its key gets its session and refresh token again', async () => {
  const account = newAccount(), key = newKey();
  const first = assertDone(await logIn(account, password(), {}, { key }), 201);
  const again = assertDone(await logIn(account, password(), {}, { key }), 201);
  assertRecord(again, { session_id: first.session_id, refresh_token: first.refresh_token });
  assertDone(await reads(again.access_token));
  const other = assertDone(await logIn(account, password(), {}, { key: newKey() }), 201);
  assert.notEqual(other.session_id, first.session_id);
  assertRefused(await logIn(account, 'wrong', {}, { key }), 401, 'login_refused');
  assertRefused(await logIn(account, password(), { post_id: uuid() }, { key }), 422, 'idempotency_key_reused');
  assertDone(await refresh(first.refresh_token));
  assertRefused(await logIn(account, password(), {}, { key }), 409, 'state_conflict');
  assertDone(await send('POST', `/identity/sessions/${first.session_id}:end`, { token: again.access_token }));
  assertRefused(await logIn(account, password(), {}, { key }), 401, 'session_over');
});

test('two accounts may use the same key', async () => {
  const key = newKey();
  const sessions = await Promise.all([newAccount(), newAccount()].map((account) => logIn(account, password(), {}, { key })));
  assert.equal(new Set(sessions.map((answer) => assertDone(answer, 201).session_id)).size, 2);
});

test('neither tokens nor keys of refresh are in the database', async () => {
  const { session } = await opened();
  const next = assertDone(await refresh(session.refresh_token));
  const found = rows(`SELECT count(*)::integer AS n FROM (SELECT to_jsonb(s)::text AS t FROM identity.session s WHERE id = '${session.session_id}'
    UNION ALL SELECT to_jsonb(a)::text FROM identity.audit_log a UNION ALL SELECT to_jsonb(i)::text FROM identity.idempotency i) AS x
    WHERE t LIKE '%${session.refresh_token.slice(4, 40)}%' OR t LIKE '%${next.refresh_token.slice(30)}%' OR t LIKE '%zrt\\_%'`);
  assert.deepEqual(found, [{ n: 0 }]);
});
