// tests/fault/sessions.test.mjs - sessions under lost answers: fifty equal log-ins, refreshes and changes at once whose clients hang up at random, the service killed in
// the middle of refreshes; one session, no false reuse, no 500. And what needs a stack of its own: the lock of an address, and what housekeeping forgets.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { codeOf } from '../support/accounts.mjs';
import { newKey } from '../support/client.mjs';
import { OwnStack, sleep, until } from '../support/own_stack.mjs';
import { openSession } from './own.mjs';

const PARALLEL = 50;
let stack, password;
before(() => {
  stack = new OwnStack('sessions', { settings: { identity: { RATE_PER_ADDRESS: 0, RATE_PER_TOKEN: 0, DB_LOCK_MS: 30_000, DB_STATEMENT_MS: 60_000 }, identity_worker: { HOUSEKEEPING_S: 3 } } });
  stack.up();
  password = readFileSync(join(stack.state, 'secret/password'), 'utf8').trim();
});
after(() => stack?.reset());

const count = (what) => Number(stack.sql(`SELECT count(*) FROM ${what}`)[0]);
const idOf = (login) => stack.sql(`SELECT id FROM identity.account WHERE login = '${login}'`)[0];

// An account of its own that acts in a seeded post.
function newAccount(login, like = 'county_office') {
  stack.sql(`INSERT INTO identity.account (id, login, kind, owner_division) VALUES (gen_random_uuid(), '${login}', 'person', '431302000000');
    INSERT INTO identity.credential (account_id, password_hash, released_at) SELECT n.id, c.password_hash, now() FROM identity.account n, identity.credential c JOIN identity.account a ON a.id = c.account_id
      WHERE n.login = '${login}' AND a.login = '${like}';
    INSERT INTO identity.account_post SELECT n.id, p.post_id FROM identity.account n, identity.acting_post p JOIN identity.account a ON a.id = p.account_id
      WHERE n.login = '${login}' AND a.login IN ('${like}', 'town_office')`);
  return login;
}

// `cut`: milliseconds after which the client hangs up. Undefined when it did, or nobody answered.
async function call(path, body, { key, token, cut, base = stack.gateway, from } = {}) {
  const headers = { 'Content-Type': 'application/json', ...(key && { 'Idempotency-Key': key }), ...(token && { Authorization: `Bearer ${token}` }), ...(from && { 'X-Forwarded-For': from }) };
  const signal = cut === undefined ? undefined : AbortSignal.timeout(cut);
  try {
    const answer = await fetch(`${base}/api/v1/identity${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal });
    return { status: answer.status, body: await answer.json(), retryAfter: answer.headers.get('retry-after') };
  } catch {
    return undefined;
  }
}

// Until it is answered for good: 429 and 503 say to come again.
async function insist(path, body, options = {}, tries = Infinity) {
  for (const deadline = performance.now() + 180_000; tries-- > 0 && performance.now() < deadline;) {
    const answer = await call(path, body, options);
    if (answer && answer.body.code !== 'too_many_requests' && answer.status !== 503) return answer;
    if (answer) assert.ok(answer.retryAfter, JSON.stringify(answer));
    await sleep(20 + Math.random() * 50);
  }
  throw new Error(`never answered: ${path}`);
}

const logIn = (account, more = {}, options = {}) => insist('/sessions', { account, password, ...more }, options);
const refresh = (token, options) => insist('/sessions:refresh', { refresh_token: token }, options);
const only = (values) => { assert.equal(new Set(values).size, 1, JSON.stringify([...new Set(values)])); return values[0]; };

// The same call fifty times at once: half of the clients hang up within `ms`, the others insist. Their answers.
async function together(make, ms) {
  const all = Array.from({ length: PARALLEL }, (_, i) => (i % 2 ? make({ cut: Math.floor(Math.random() * ms) + 1 }, 1) : make({}, Infinity)));
  return (await Promise.all(all.map((one) => one.catch(() => undefined)))).filter(Boolean);
}

test('fifty equal log-ins with lost answers make one session', async () => {
  const account = newAccount('loggers');
  for (let round = 0; round < 3; round++) {
    const key = newKey();
    const answers = await together((options, tries) => insist('/sessions', { account, password }, { key, ...options }, tries), 400);
    assert.ok(answers.length >= PARALLEL / 2);
    assert.deepEqual(only(answers.map((a) => a.status)), 201);
    only(answers.map((a) => a.body.session_id));
    only(answers.map((a) => a.body.refresh_token));
    assert.equal(count(`identity.session WHERE account_id = '${idOf(account)}'`), round + 1);
    assert.equal(count(`identity.audit_log WHERE verb = 'open_session' AND account_id = '${idOf(account)}'`), round + 1);
  }
});

test('fifty equal log-ins with one code of the second factor make one session', async () => {
  const account = newAccount('coders');
  const { body: first } = await logIn(account);
  const { body: enrolled } = await insist('/me/totp:enrol', { password }, { token: first.access_token });
  const confirmed = await insist('/me/totp:confirm', { code: codeOf(enrolled.secret) }, { token: first.access_token });
  assert.equal(confirmed.status, 200, JSON.stringify(confirmed.body));
  const key = newKey(), code = codeOf(enrolled.secret, 1); // both are good for half a minute at least
  const answers = await together((options, tries) => insist('/sessions', { account, password, code }, { key, ...options }, tries), 400);
  assert.deepEqual(only(answers.map((a) => a.status)), 201, JSON.stringify(answers.find((a) => a.status !== 201)));
  only(answers.map((a) => a.body.session_id));
  assert.equal(count(`identity.session WHERE account_id = '${idOf(account)}'`), 2);
  assert.equal((await logIn(account, { code })).body.code, 'second_factor_required'); // under no key, the code is used
});

test('fifty equal refreshes with lost answers, round after round, are never taken for reuse', async () => {
  const { body: session } = await logIn(newAccount('refreshers'));
  let token = session.refresh_token;
  for (let round = 0; round < 12; round++) {
    const answers = await together((options, tries) => insist('/sessions:refresh', { refresh_token: token }, options, tries), round % 2 ? 60 : 8);
    const late = answers.filter((a) => a.status !== 200);
    assert.deepEqual(late, [], JSON.stringify(late[0]?.body));
    token = only(answers.map((a) => a.body.refresh_token));
  }
  const [row] = stack.sql(`SELECT refresh_number, ended_at IS NULL FROM identity.session WHERE id = '${session.session_id}'`);
  assert.equal(row, '13|t');
});

test('going on with the first answer while equal calls are still under way ends nothing', async () => {
  const { body: session } = await logIn(newAccount('hasty'));
  let token = session.refresh_token;
  const stragglers = [];
  for (let round = 0; round < 15; round++) {
    const calls = Array.from({ length: 8 }, () => refresh(token));
    stragglers.push(...calls);
    const first = await Promise.any(calls.map(async (c) => { const a = await c; if (a.status !== 200) throw new Error(a.body.code); return a; }));
    token = first.body.refresh_token;
  }
  const late = (await Promise.all(stragglers)).filter((a) => a.status !== 200);
  assert.deepEqual(late.filter((a) => a.body.code !== 'session_over'), []);
  assert.equal((await refresh(token)).status, 200);
  assert.deepEqual(stack.sql(`SELECT ended_because FROM identity.session WHERE id = '${session.session_id}' AND ended_at IS NOT NULL`), []);
});

test('fifty equal changes of the post with lost answers make one', async () => {
  const account = newAccount('switchers');
  const { body: session } = await logIn(account);
  const other = session.posts.find((post) => post.id !== session.post_id);
  const path = `/sessions/${session.session_id}:switch`;
  const answers = await together((options, tries) => insist(path, { post_id: other.id }, { token: session.access_token, ...options }, tries), 30);
  const done = answers.filter((a) => a.status === 200);
  assert.deepEqual([...new Set(answers.map((a) => a.status))].filter((status) => ![200, 401].includes(status)), []);
  if (done.length > 0) only(done.map((a) => a.body.session_id));
  assert.equal(count(`identity.session WHERE account_id = '${idOf(account)}'`), 2);
  const found = await refresh(session.refresh_token);
  assert.equal(found.status, 200);
  assert.equal(found.body.post_id, other.id);
});

test('the service killed in the middle of refreshes: every session goes on', async () => {
  const accounts = Array.from({ length: 12 }, (_, i) => newAccount(`killed${i}`));
  const sessions = await Promise.all(accounts.map(async (account) => (await logIn(account)).body));
  let running = true;
  const clients = sessions.map(async (session) => {
    let token = session.refresh_token, rounds = 0;
    while (running || rounds < 5) {
      const answer = await refresh(token); // the same token until it is answered
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      token = answer.body.refresh_token;
      rounds++;
    }
    return rounds;
  });
  for (let i = 0; i < 4; i++) {
    await sleep(700);
    process.kill(stack.pid('identity'), 'SIGKILL');
    await until(async () => (await call('/sessions:refresh', { refresh_token: 'x' }))?.status === 401, 60, 'identity to answer again');
  }
  await sleep(300);
  running = false;
  const rounds = await Promise.all(clients);
  assert.ok(rounds.every((n) => n >= 5), `${rounds}`);
  assert.equal(count(`identity.session WHERE ended_at IS NOT NULL AND id IN (${sessions.map((s) => `'${s.session_id}'`)})`), 0);
});

test('a locked address lets in those who have signed in from there, and nobody else', async () => {
  const from = '10.99.1.1', base = `http://127.0.0.1:${stack.ports.IDENTITY}`, at = { base, from };
  const [regular, stranger] = [newAccount('regular'), newAccount('stranger')];
  assert.equal((await logIn(regular, {}, at)).status, 201);
  for (let i = 0; i < 50; i++) assert.equal((await insist('/sessions', { account: `nobody${i}`, password: 'x' }, at)).status, 401, `failure ${i}`);
  const tried = (account, secret, options = at) => insist('/sessions', { account, password: secret }, options);
  const refusals = [await tried(stranger, password), await tried(stranger, 'wrong'), await tried(regular, 'wrong'), await tried('nobody', 'wrong')];
  for (const answer of refusals) {
    assert.equal(answer.body.code, 'locked_out', JSON.stringify(answer.body));
    assert.ok(Number(answer.retryAfter) > 1700);
  }
  assert.equal((await tried(regular, password)).status, 201); // the office behind that address works on
  assert.equal((await tried(stranger, password, { base, from: '10.99.1.2' })).status, 201);
  for (let i = 0; i < 5; i++) await tried(regular, 'wrong');
  assert.equal((await tried(regular, password)).body.code, 'locked_out'); // each name has its own limit all the same
  stack.sql("UPDATE identity.login_guard SET locked_until = now() - interval '1 second'");
  assert.equal((await tried(stranger, password)).status, 201);
});

test('the addresses of one IPv6 subscriber are locked as one', async () => {
  const base = `http://127.0.0.1:${stack.ports.IDENTITY}`, from = (n) => `2001:db8:1:2::${n.toString(16)}`;
  const stranger = newAccount('abroad');
  for (let i = 1; i <= 50; i++) assert.equal((await insist('/sessions', { account: `no${i}`, password: 'x' }, { base, from: from(i) })).status, 401, `failure ${i}`);
  assert.equal((await insist('/sessions', { account: stranger, password }, { base, from: from(99) })).body.code, 'locked_out');
  assert.equal((await logIn(stranger, {}, { base, from: '2001:db8:1:3::1' })).status, 201);
});

// What comes in between: the log-in is stopped where it writes its session, until `change` waits, too.
async function whileOpening(opening, change) {
  const waiting = (n) => until(() => count("pg_stat_activity WHERE usename = 'identity_service' AND wait_event_type = 'Lock'") >= n, 60, `${n} to wait`);
  const other = openSession(stack);
  await other.run('BEGIN; SELECT FROM identity.post FOR UPDATE;');
  const opened = opening();
  await waiting(1);
  const changed = change();
  await waiting(2);
  await other.run('COMMIT;');
  await other.close();
  return Promise.all([opened, changed]);
}

test('a session that is being opened while its password is changed ends with the others', async () => {
  const account = newAccount('changer'), { body: own } = await logIn(account);
  const change = { current_password: password, new_password: 'Kite-over-7-hills' };
  const [opened, changed] = await whileOpening(() => logIn(account), () => insist('/me:change_password', change, { token: own.access_token }));
  assert.deepEqual([opened.status, changed.status, changed.body.sessions_ended], [201, 200, 1]);
  assert.equal(count(`identity.audit_log WHERE verb = 'change_password' AND record = 'session' AND record_id = '${opened.body.session_id}'`), 1);
  assert.equal((await refresh(opened.body.refresh_token)).status, 401);
  assert.equal((await refresh(own.refresh_token)).status, 200);
});

test('a session that is being opened for a device while it is revoked ends with the others', async () => {
  const account = newAccount('revoker'), { body: own } = await logIn(account);
  const { body: device } = await insist('/devices', { name: '平板' }, { token: own.access_token, key: newKey() });
  const open = () => logIn(account, { device_id: device.id }, { key: newKey() });
  const [opened, revoked] = await whileOpening(open, () => insist(`/devices/${device.id}:revoke`, {}, { token: own.access_token, key: newKey() }));
  assert.deepEqual([opened.status, revoked.status], [201, 200]);
  assert.equal((await refresh(opened.body.refresh_token)).status, 401);
});

test('what was opened without a code ends when a second factor comes in force', async () => {
  const account = newAccount('prover', 'security_admin');
  const [{ body: own }, { body: other }] = [await logIn(account), await logIn(account)];
  assert.deepEqual(other.must, ['enrol_totp']);
  const { body: enrolled } = await insist('/me/totp:enrol', { password }, { token: own.access_token });
  const { status, body: confirmed } = await insist('/me/totp:confirm', { code: codeOf(enrolled.secret) }, { token: own.access_token });
  assert.deepEqual([status, confirmed.sessions_ended], [200, 1]);
  assert.equal(count(`identity.audit_log WHERE verb = 'confirm_totp' AND record = 'session' AND record_id IN ('${own.session_id}', '${other.session_id}')`), 2);
  assert.equal((await refresh(other.refresh_token)).status, 401);
  assert.deepEqual((await refresh(own.refresh_token)).body.must, []);
  assert.deepEqual(stack.sql(`SELECT factors FROM identity.session WHERE id = '${own.session_id}'`), ['password+totp']);
});

test('guesses sent at once get no more answers than the lock lets through', async () => {
  const account = newAccount('guessed'), { body: own } = await logIn(account);
  const { body: enrolled } = await insist('/me/totp:enrol', { password }, { token: own.access_token });
  assert.equal((await insist('/me/totp:confirm', { code: codeOf(enrolled.secret) }, { token: own.access_token })).status, 200);
  assert.equal((await insist('/sessions', { account, password })).body.code, 'second_factor_required');
  const other = openSession(stack); // the name is locked while the right password is being checked: that it is right is told no more
  await other.run(`BEGIN; SELECT FROM identity.credential WHERE account_id = '${idOf(account)}' FOR UPDATE;`);
  const guess = insist('/sessions', { account, password });
  await until(() => count("pg_stat_activity WHERE usename = 'identity_service' AND wait_event_type = 'Lock'") > 0, 60, 'it to wait');
  stack.sql(`INSERT INTO identity.login_guard (name_digest, failures, locked_until, tried_at) 
    SELECT identity.guard_of_pair('${account}', s.address || length), 0, now() + interval '1 minute', now()
      FROM (SELECT address FROM identity.session WHERE account_id = '${idOf(account)}' LIMIT 1) AS s, (VALUES (''), ('/32')) AS l (length)`);
  await other.run('COMMIT;');
  await other.close();
  assert.equal((await guess).body.code, 'login_refused');
});

test('a token past its grace is no way into what its session became', async () => {
  const { body: first } = await logIn(newAccount('switcher')), { body: second } = await refresh(first.refresh_token);
  stack.sql(`UPDATE identity.session SET refreshed_at = refreshed_at - interval '61 seconds' WHERE id = '${first.session_id}'`);
  const post = second.posts.find((one) => one.id !== second.post_id).id;
  const { body: changed } = await insist(`/sessions/${first.session_id}:switch`, { post_id: post }, { token: second.access_token });
  assert.equal((await refresh(second.refresh_token)).body.refresh_token, changed.refresh_token); // of the one in force, whose answer may have been lost
  assert.equal((await refresh(first.refresh_token)).body.code, 'refresh_token_reused');
});

test('an API token logs nobody out and registers no device', async () => {
  const { body: own } = await logIn(newAccount('scripter'));
  const named = { name: 'script', permissions: ['report.read'], ranges: ['431302000000'], expires_at: new Date(Date.now() + 3_600_000).toISOString() };
  const { body: script } = await insist('/api_tokens', named, { token: own.access_token, key: newKey() });
  const asked = [await insist(`/sessions/${own.session_id}:end`, {}, { token: script.token, key: newKey() }), await insist('/devices', { name: '平板' }, { token: script.token, key: newKey() })];
  assert.deepEqual(asked.map((answer) => answer.status), [403, 403]);
  assert.equal((await refresh(own.refresh_token)).status, 200);
});

test('a key file that turns bad is told in the log, and everybody goes on', async () => {
  const file = join(stack.state, 'keys/session.keys'), whole = readFileSync(file), { body: own } = await logIn(newAccount('keeper'));
  const told = () => readFileSync(join(stack.state, 'log/identity.log'), 'utf8').split('\n').filter((line) => line.includes('"event":"keys"') && line.includes('session.keys'));
  writeFileSync(file, 'garbage\n');
  try {
    await until(async () => { // when keys are needed, the file is looked at, a few times a second at most
      assert.equal((await refresh(own.refresh_token)).status, 200);
      return told().length > 0;
    }, 60, 'it to be told');
    assert.equal(told().length, 1);
  } finally {
    writeFileSync(file, whole);
  }
});

test('what is long over is forgotten', async () => {
  const { body: old } = await logIn(newAccount('old')), { body: kept } = await logIn('old');
  stack.sql(`UPDATE identity.session SET expires_at = now() - interval '184 days', ended_at = now() - interval '184 days' WHERE id = '${old.session_id}';
    UPDATE identity.session SET expires_at = now() - interval '182 days' WHERE id = '${kept.session_id}';
    INSERT INTO identity.revocation (subject_id, kind, at) VALUES ('${old.session_id}', 'session', now() - interval '31 minutes'), ('${kept.session_id}', 'session', now() - interval '11 minutes');
    INSERT INTO identity.machine_assertion (account_id, jti_digest, expires_at) VALUES ('${idOf('old')}', 'a', now() - interval '2 hours'), ('${idOf('old')}', 'b', now() - interval '1 minute')`);
  const left = () => [count(`identity.session WHERE id IN ('${old.session_id}', '${kept.session_id}')`), count(`identity.revocation WHERE subject_id IN ('${old.session_id}', '${kept.session_id}')`),
    count('identity.machine_assertion')];
  await until(() => left().every((n) => n === 1), 90, 'housekeeping');
  assert.deepEqual(left(), [1, 1, 1]);
});
