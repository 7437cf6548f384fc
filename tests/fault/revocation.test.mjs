// tests/fault/revocation.test.mjs - how long what was taken away still works: 200 trials over six ways to take it and every service. The worst is at most a second.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openSession } from './own.mjs';
import { OwnStack, until } from '../support/own_stack.mjs';
import { slowness, stopwatch } from '../support/pace.mjs';
import { patient } from '../support/patient.mjs';

const TRIALS = 200;
const LIMIT_MS = 1000;
const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0, PASSWORD_HASHES: 2 };
const doors = { identity: '/identity/posts?limit=1', registry: '/registry/organisations?limit=1', monitoring: '/monitoring/monitoring_lines?limit=1' };
const division = '431302000000';
let stack, password, db;

before(() => {
  stack = new OwnStack('revocation', { settings: { identity: unlimited, registry: { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 }, monitoring: { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 } } });
  stack.up();
  stack.sql("UPDATE zeren.setting SET value = '100000' WHERE key IN ('identity.lockout_failures', 'identity.lockout_address_failures')");
  password = readFileSync(join(stack.state, 'secret/password'), 'utf8').trim();
  db = openSession(stack);
});
after(async () => { await db?.close(); stack.reset(); });

const call = (path, { token, method = 'GET', body, headers = {}, ask = patient } = {}) => ask(`${stack.gateway}/api/v1${path}`, {
  method, headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { 'Content-Type': 'application/json' }), 'Idempotency-Key': randomUUID(), ...headers },
  body: body && JSON.stringify(body),
});
async function done(answer, status) {
  const text = await answer.text();
  assert.equal(answer.status, status, text);
  return JSON.parse(text);
}

// An account with a post and a role of its own, so that a trial takes nothing from another.
async function newcomer() {
  const [account, post, person] = [randomUUID(), randomUUID(), randomUUID()];
  const role = `r_${account.replaceAll('-', '').slice(0, 16)}`;
  await db.run(`BEGIN;
    INSERT INTO identity.role (code, label) VALUES ('${role}', '试验');
    INSERT INTO identity.role_permission (role, permission) VALUES ('${role}', 'post.read'), ('${role}', 'organisation.read'), ('${role}', 'division.read'), ('${role}', 'household.read');
    INSERT INTO identity.person (id, owner_division, name, created_at) VALUES ('${person}', '${division}', '试验', now());
    INSERT INTO identity.account (id, login, owner_division, person_id) VALUES ('${account}', '${role}', '${division}', '${person}');
    INSERT INTO identity.credential (account_id, password_hash) SELECT '${account}', password_hash FROM identity.credential c JOIN identity.account a ON a.id = c.account_id WHERE a.login = 'county_office';
    INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at)
      SELECT '${post}', '${division}', p.organisation_id, '${role}', 'staff', '${role}', '{431302}', now() FROM identity.post p WHERE p.role = 'county_office' LIMIT 1;
    INSERT INTO identity.holder (id, owner_division, post_id, person_id, starts_on, created_at) VALUES ('${randomUUID()}', '${division}', '${post}', '${person}', '2026-01-01', now());
    COMMIT;`);
  return { account, post, role, login: role };
}

const logIn = async (who, more = {}) => done(await call('/identity/sessions', { method: 'POST', body: { account: who.login, password, ...more } }), 201);

// Each: what is held, and how it is taken away. `sql` is timed from before its commit; a call from before it is sent.
const ways = {
  'session ended': async (who) => {
    const session = await logIn(who);
    return { token: session.access_token, take: async () => done(await call(`/identity/sessions/${session.session_id}:end`, { method: 'POST', token: session.access_token, body: {} }), 200) };
  },
  'account disabled': async (who) => ({ token: (await logIn(who)).access_token, take: () => db.run(`UPDATE identity.account SET disabled = true WHERE id = '${who.account}';`) }),
  'permission taken': async (who) => ({ token: (await logIn(who)).access_token, take: () => db.run(`DELETE FROM identity.role_permission WHERE role = '${who.role}' AND permission IN ('post.read', 'organisation.read', 'household.read');`) }),
  'ranges changed': async (who) => ({ token: (await logIn(who)).access_token, take: () => db.run(`UPDATE identity.post SET ranges = '{431302006}' WHERE id = '${who.post}';`) }),
  'API token revoked': async (who) => {
    const session = await logIn(who);
    const made = await done(await call('/identity/api_tokens', { method: 'POST', token: session.access_token, body: { name: 'n', permissions: ['post.read', 'organisation.read', 'household.read'], ranges: ['431302000000'],
      expires_at: new Date(Date.now() + 86_400_000).toISOString() } }), 201);
    return { token: made.token, take: async () => done(await call(`/identity/api_tokens/${made.id}:revoke`, { method: 'POST', token: session.access_token, body: {} }), 200) };
  },
  'device revoked': async (who) => {
    const session = await logIn(who);
    const device = await done(await call('/identity/devices', { method: 'POST', token: session.access_token, body: { name: '平板' } }), 201);
    const of = await logIn(who, { device_id: device.id });
    return { token: of.access_token, take: async () => done(await call(`/identity/devices/${device.id}:revoke`, { method: 'POST', token: session.access_token, body: {} }), 200) };
  },
};

async function trial(way, door) {
  const who = await newcomer();
  const { token, take } = await ways[way](who);
  const held = await call(doors[door], { token });
  assert.equal(held.status, 200, `${way} at ${door}: ${await held.text()}`);
  await take();
  const gone = stopwatch(); // the answer to it is in: from here on it must not work for longer than a second
  for (let shut; ;) {
    const { status } = await call(doors[door], { token, ask: fetch });
    if (status === 401 || status === 403) return shut ?? gone();
    if (status === 503) shut ??= gone(); // a service that has not heard of revocations for a second lets nobody in
    else shut = assert.equal(status, 200, `${way} at ${door} answered ${status}`);
    assert.ok(gone() < 60_000, `${way} at ${door}: it still works after a minute`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const median = (sorted) => sorted[Math.floor(sorted.length / 2)];

test(`what was taken away ends within a second: ${TRIALS} trials`, { timeout: 600_000 }, async (t) => {
  const plan = Array.from({ length: TRIALS }, (_, i) => [Object.keys(ways)[i % 6], Object.keys(doors)[Math.floor(i / 6) % 3]]);
  const took = [];
  const next = plan.values();
  const worker = async () => { for (const [way, door] of next) took.push({ way, door, ms: await trial(way, door) }); };
  const before = await slowness();
  await Promise.all([worker(), worker(), worker(), worker()]);
  const slow = Math.max(before, await slowness());
  assert.equal(took.length, TRIALS);
  for (const way of Object.keys(ways)) {
    const of = took.filter((one) => one.way === way).map((one) => one.ms).sort((a, b) => a - b);
    t.diagnostic(`${way}: ${of.length} trials, median ${median(of).toFixed(0)} ms, worst ${of.at(-1).toFixed(0)} ms`);
  }
  const all = took.map((one) => one.ms).sort((a, b) => a - b);
  t.diagnostic(`all: median ${median(all).toFixed(0)} ms, worst ${all.at(-1).toFixed(0)} ms; a machine ${slow.toFixed(1)} times as slow as it might be`);
  assert.ok(all.at(-1) <= LIMIT_MS * slow, `the worst took ${all.at(-1)} ms`);
});

// Fifty thousand accounts act by one role, in one post.
test('a role of fifty thousand accounts changes: it bites within a second, and nobody hears 503', { timeout: 300_000 }, async (t) => {
  const who = await newcomer();
  await db.run(`BEGIN;
    INSERT INTO identity.account (id, login, owner_division) SELECT md5('many' || n)::uuid, 'many.' || n, '${division}' FROM generate_series(1, 50000) AS n;
    INSERT INTO identity.account_post (account_id, post_id) SELECT md5('many' || n)::uuid, '${who.post}' FROM generate_series(1, 50000) AS n;
    COMMIT; ANALYZE identity.account; ANALYZE identity.account_post;`);
  const { access_token: token } = await logIn(who);
  const { access_token: other } = await logIn(await newcomer());
  const heard = { 200: 0 };
  let running = true;
  const bystander = async (door) => {
    while (running) {
      const { status } = await call(doors[door], { token: other, ask: fetch });
      heard[status] = (heard[status] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const before = await slowness();
  const bystanders = Object.keys(doors).map(bystander);
  const bites = async (what, door) => {
    const gone = stopwatch();
    await until(async () => (await call(doors[door], { token, ask: fetch })).status !== 200, 60, `${what} at ${door}`);
    const ms = gone();
    t.diagnostic(`${what} at ${door}: ${ms.toFixed(0)} ms`);
    return ms;
  };
  await db.run(`DELETE FROM identity.role_permission WHERE role = '${who.role}' AND permission IN ('post.read', 'organisation.read', 'household.read');`);
  const took = await Promise.all(Object.keys(doors).map((door) => bites('a role', door)));
  await db.run("UPDATE identity.account SET epoch = epoch + 1 WHERE login LIKE 'many.%';"); // and as many revocations of accounts
  await new Promise((resolve) => setTimeout(resolve, 3000));
  running = false;
  await Promise.all(bystanders);
  const slow = Math.max(before, await slowness());
  t.diagnostic(`bystanders heard ${JSON.stringify(heard)}; a machine ${slow.toFixed(1)} times as slow as it might be`);
  assert.ok(Math.max(...took) <= LIMIT_MS * slow, `${took} ms`);
  if (slow < 1.5) assert.deepEqual(Object.keys(heard), ['200']); // on a machine without a processor to spare a service may miss its second
  else assert.deepEqual(Object.keys(heard).filter((status) => !['200', '503'].includes(status)), []);
  assert.ok(heard[200] > 100);
});
