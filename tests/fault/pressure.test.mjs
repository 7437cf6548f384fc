// tests/fault/pressure.test.mjs - too slow, too many, or no database at all: 503 with Retry-After within a bounded time, and all well
// again by itself afterwards.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { until } from '../support/own_stack.mjs';
import { slowness, stopwatch } from '../support/pace.mjs';
import { accepts, itemId, openSession, startStack, submit } from './own.mjs';

const POOL = 2, ACQUIRE_MS = 300, STATEMENT_MS = 8000, LIMIT_S = 5; // a full pool stays full for as long as a statement
let stack, token, holder;
before(async () => {
  stack = startStack('pressure', { DB_POOL: POOL, DB_ACQUIRE_MS: ACQUIRE_MS, DB_STATEMENT_MS: STATEMENT_MS, DB_LOCK_MS: 60_000 });
  token = await stack.logIn('town_office');
});
after(() => stack?.reset());
afterEach(async () => { await holder?.close(); holder = undefined; });

async function read() {
  const since = performance.now();
  const answer = await fetch(`${stack.gateway}/api/v1/registry/items/${itemId(0)}`, { headers: { Authorization: `Bearer ${token}` } });
  const body = await answer.json();
  return { status: answer.status, body, retryAfter: answer.headers.get('retry-after'), type: answer.headers.get('content-type'), ms: performance.now() - since };
}

function assertBusy(answer, code, said = JSON.stringify(answer.body)) {
  assert.equal(answer.status, 503, said);
  assert.match(answer.type, /^application\/problem\+json/);
  assert.equal(answer.body.code, code, said);
  assert.ok(Number(answer.retryAfter) >= 1, 'it says when to try again');
}

async function hold(n) {
  holder = openSession(stack);
  await holder.run(`BEGIN; SELECT 1 FROM registry.item WHERE id = '${itemId(n)}' FOR UPDATE;`);
}

test('a statement that takes too long is given up: 503, nothing written, the key is free again', async () => {
  await hold(1);
  const report = { n: 1, note: 'too long', key: newKey() };
  const since = performance.now();
  assertBusy(await submit(stack.gateway, token, report, fetch), 'busy');
  assert.ok(performance.now() - since < 5 * STATEMENT_MS, 'long before it would have had its lock');
  await holder.run('ROLLBACK;');
  assert.equal((await submit(stack.gateway, token, report, fetch)).status, 201);
  assert.equal(stack.sql("SELECT count(*) FROM registry.report WHERE note = 'too long'")[0], '1');
});

test('with every connection taken others are refused in time, and served when one comes free', async () => {
  await hold(2);
  const blocked = Array.from({ length: POOL }, () => submit(stack.gateway, token, { n: 2, note: 'blocked', key: newKey() }, fetch));
  await until(() => stack.sql("SELECT 1 FROM pg_stat_activity WHERE usename = 'registry_service' AND wait_event_type = 'Lock'").length === POOL, 60, 'a full pool');
  const refused = await Promise.all(Array.from({ length: 20 }, read));
  for (const answer of refused) {
    assertBusy(answer, 'busy');
    assert.ok(answer.ms < STATEMENT_MS, `${answer.ms} ms: no sooner than a connection came free`);
  }
  await holder.run('ROLLBACK;');
  await Promise.all(blocked);
  await until(async () => (await read()).status === 200, 60, 'an answer');
});

test('a hundred clients on two connections are all answered', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, read));
  assert.ok(answers.every((a) => a.status === 200 || (a.status === 503 && ['busy', 'trust_outdated'].includes(a.body.code))), JSON.stringify(answers.find((a) => ![200, 503].includes(a.status))?.body));
  assert.ok(answers.some((a) => a.status === 200));
});

test('without PostgreSQL: 503 at once and on /readyz, alive on /livez, and well again when it is back', async (t) => {
  const before = await slowness();
  const supervisor = stack.pid('supervisor');
  const ops = `http://127.0.0.1:${stack.ports.REGISTRY_OPS}`;
  const pid = stack.pid('postgres');
  process.kill(supervisor, 'SIGSTOP');
  try {
    process.kill(pid, 'SIGKILL');
    await until(async () => (await read()).status === 503, 60, 'what was under way to end');
    for (let heard = 0, code; heard < 3; heard += code === 'trust_outdated') { // from a second on
      const answer = await read();
      code = answer.body.code;
      assert.ok(['unavailable', 'trust_outdated'].includes(code), JSON.stringify(answer.body));
      assertBusy(answer, code);
      assert.ok(answer.ms < 10_000, `${answer.ms} ms`);
    }
    assert.equal((await fetch(`${ops}/readyz`)).status, 503);
    assert.equal((await fetch(`${ops}/livez`)).status, 200);
    assertBusy(await submit(stack.gateway, token, { n: 3, note: 'down', key: newKey() }, fetch), 'trust_outdated');
  } finally {
    process.kill(supervisor, 'SIGCONT');
  }
  await until(() => accepts(stack), 60, 'PostgreSQL to accept connections');
  const took = stopwatch();
  await until(async () => (await read()).status === 200, 60, 'the registry to answer again');
  await until(async () => (await fetch(`${ops}/readyz`)).status === 200, 60, '/readyz');
  const seconds = took() / 1000, slow = Math.max(before, await slowness());
  t.diagnostic(`answers ${seconds.toFixed(2)} s after PostgreSQL accepts connections; a machine ${slow.toFixed(1)} times as slow as it might be`);
  assert.ok(seconds <= LIMIT_S * slow, `${seconds} s`);
  assert.equal(stack.sql("SELECT count(*) FROM registry.report WHERE note = 'down'")[0], '0');
});

test('a service told to stop ends within five seconds with two hundred idle clients', async () => {
  const idle = await Promise.all(Array.from({ length: 200 }, () => fetch(`${stack.registry}/api/v1/registry/openapi.json`).then((a) => a.arrayBuffer())));
  assert.equal(idle.length, 200);
  const pid = stack.pid('registry'), before = await slowness(), took = stopwatch();
  process.kill(pid, 'SIGTERM');
  await until(() => { try { process.kill(pid, 0); return false; } catch { return true; } }, 60, 'its end');
  const seconds = took() / 1000, slow = Math.max(before, await slowness());
  assert.ok(seconds < LIMIT_S * slow, `${seconds} s`);
  await until(async () => (await read()).status === 200, 60, 'another one');
});
