// tests/fault/rotation.test.mjs - the signing key changes under load: no token is refused meanwhile and nobody waits; a stolen one ends at once.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OwnStack, sleep, until } from '../support/own_stack.mjs';
import { slowness, stopwatch } from '../support/pace.mjs';
import { patient } from '../support/patient.mjs';

const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0, ACCESS_TOKEN_S: 10 };
let stack, password;

before(() => {
  stack = new OwnStack('rotation', { settings: { identity: unlimited, registry: { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 }, monitoring: { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 } } });
  stack.up();
  password = readFileSync(join(stack.state, 'secret/password'), 'utf8').trim();
});
after(() => stack.reset());

const keyFile = () => join(stack.state, 'keys/signing.pem');
const newKey = () => execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

// As an operator does it: written beside, then moved into place.
function putKey(text) {
  const beside = `${keyFile()}.new`;
  writeFileSync(beside, text, { mode: 0o600 });
  if (process.getuid() === 0) execFileSync('chown', ['--reference', keyFile(), beside]);
  renameSync(beside, keyFile());
}

const call = (path, token, options = {}) => patient(`${stack.gateway}/api/v1${path}`, { ...options, headers: { ...options.headers, ...(token && { Authorization: `Bearer ${token}` }) } });
const read = async (path, token) => (await call(path, token)).status;
async function logIn() {
  const took = stopwatch();
  const answer = await call('/identity/sessions', undefined, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ account: 'county_office', password }) });
  const body = await answer.json();
  return { status: answer.status, token: body.access_token, ms: took() };
}
const kidOf = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
const doors = ['/registry/organisations?limit=1', '/identity/posts?limit=1', '/monitoring/monitoring_lines?limit=1'];

// Logs in and reads without a pause until told to stop.
function load() {
  const seen = { statuses: {}, kids: new Set(), logInMs: [], readMs: [], stop: false };
  const count = (what, status) => { seen.statuses[`${what} ${status}`] = (seen.statuses[`${what} ${status}`] ?? 0) + 1; };
  const user = async () => {
    let session = await logIn(), since = performance.now();
    for (let i = 0; !seen.stop; i++) {
      if (performance.now() - since > 5000 || i % 40 === 39) {
        session = await logIn();
        since = performance.now();
        count('log-in', session.status);
        seen.logInMs.push(session.ms);
        seen.kids.add(kidOf(session.token));
      }
      const began = performance.now();
      count('read', await read(doors[i % doors.length], session.token));
      seen.readMs.push(performance.now() - began);
    }
  };
  const done = Promise.all(Array.from({ length: 4 }, user));
  return { seen, finish: async () => { seen.stop = true; await done; } };
}

test('a key follows another under load: no 401, and no log-in waits for it', async (t) => {
  const { token: old } = await logIn(), before = await slowness();
  const running = load();
  await until(() => running.seen.logInMs.length >= 8, 120, 'log-ins before it');
  const calm = Math.max(...running.seen.logInMs);
  putKey(newKey());
  await until(async () => running.seen.kids.size === 2, 120, 'tokens of the new key');
  await sleep(2000);
  await running.finish();
  assert.deepEqual(Object.keys(running.seen.statuses).sort(), ['log-in 201', 'read 200']);
  const worst = Math.max(...running.seen.logInMs);
  t.diagnostic(`log-ins ${running.seen.logInMs.length}, worst ${worst.toFixed(0)} ms (before ${calm.toFixed(0)}); reads ${running.seen.readMs.length}, worst ${Math.max(...running.seen.readMs).toFixed(0)} ms`);
  assert.ok(worst < Math.max(1000, 4 * calm) * Math.max(before, await slowness()), `a log-in took ${worst} ms`);
  const jwks = await (await call('/identity/jwks')).json();
  assert.equal(jwks.keys.length, 2, 'the former is published until its last token has ended');
  assert.ok(old);
  // ten seconds and the slack later the former is gone, and says nothing any more
  await until(async () => (await (await call('/identity/jwks')).json()).keys.length === 1, 60, 'the end of the former key');
  assert.equal(await read(doors[0], (await logIn()).token), 200);
});

test('a stolen key ends at once: its tokens are refused within a second in every service', async (t) => {
  const { token } = await logIn();
  for (const path of doors) assert.equal(await read(path, token), 200);
  const before = await slowness(), text = `Zeren-Retire: at-once\n${newKey()}`;
  putKey(text);
  const gone = stopwatch(), fresh = logIn();
  const took = await Promise.all(doors.map(async (path) => {
    await until(async () => (await read(path, token)) === 401, 60, `401 of ${path}`);
    return gone();
  }));
  const first = await fresh, next = await logIn(), slow = Math.max(before, await slowness());
  t.diagnostic(`old tokens refused after ${took.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}; a machine ${slow.toFixed(1)} times as slow as it might be`);
  for (const ms of took) assert.ok(ms <= 1000 * slow, `${ms} ms`);
  assert.equal(first.status, 201);
  assert.ok(next.ms < 2500 * slow, `the first log-in waited ${next.ms} ms`);
  for (const path of doors) assert.equal(await read(path, next.token), 200);
});

test('a bad file changes nothing, and a retired key does not come back', async () => {
  const { token } = await logIn();
  const good = readFileSync(keyFile(), 'utf8');
  for (const text of ['', 'no key\n', good.slice(0, 60)]) {
    putKey(text);
    await sleep(400);
    const again = await logIn();
    assert.equal(again.status, 201);
    assert.equal(kidOf(again.token), kidOf(token));
  }
  const former = newKey();
  putKey(former);
  await until(async () => kidOf((await logIn()).token) !== kidOf(token), 120, 'the next key');
  const current = kidOf((await logIn()).token);
  putKey(good.replace('Zeren-Retire: at-once\n', ''));
  await sleep(2500);
  assert.equal(kidOf((await logIn()).token), current, 'it was retired');
  putKey(former);
  await sleep(400);
  assert.equal((await logIn()).status, 201);
});
