// tests/fault/pressure.test.mjs - too slow, too many, or no database at all: 503 with Retry-After within a bounded time, and all well
// again by itself afterwards.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { accepts, itemId, openSession, startStack, submit } from './own.mjs';

const POOL = 2, ACQUIRE_MS = 300, STATEMENT_MS = 1000;
let stack, token, holder;
before(async () => {
  stack = startStack('pressure', { DB_POOL: POOL, DB_ACQUIRE_MS: ACQUIRE_MS, DB_STATEMENT_MS: STATEMENT_MS, DB_LOCK_MS: 5000 });
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
  assertBusy(await submit(stack.gateway, token, report), 'busy');
  assert.ok(performance.now() - since < STATEMENT_MS + 1000);
  await holder.run('ROLLBACK;');
  assert.equal((await submit(stack.gateway, token, report)).status, 201);
  assert.equal(stack.sql("SELECT count(*) FROM registry.report WHERE note = 'too long'")[0], '1');
});

test('with every connection taken others are refused in time, and served when one comes free', async () => {
  await hold(2);
  const blocked = Array.from({ length: POOL }, () => submit(stack.gateway, token, { n: 2, note: 'blocked', key: newKey() }));
  await until(() => stack.sql("SELECT 1 FROM pg_stat_activity WHERE usename = 'registry_service' AND wait_event_type = 'Lock'").length === POOL, 2, 'a full pool');
  const refused = await Promise.all(Array.from({ length: 20 }, read));
  for (const answer of refused) {
    assertBusy(answer, 'busy');
    assert.ok(answer.ms < ACQUIRE_MS + 1000, `${answer.ms} ms`);
  }
  await holder.run('ROLLBACK;');
  await Promise.all(blocked);
  assert.equal((await read()).status, 200);
});

test('a hundred clients on two connections are all answered', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, read));
  assert.ok(answers.every((a) => a.status === 200 || (a.status === 503 && a.body.code === 'busy')));
  assert.ok(answers.some((a) => a.status === 200));
});

test('without PostgreSQL: 503 at once and on /readyz, alive on /livez, and well again when it is back', async (t) => {
  const supervisor = stack.pid('supervisor');
  const ops = `http://127.0.0.1:${stack.ports.REGISTRY_OPS}`;
  const pid = stack.pid('postgres');
  process.kill(supervisor, 'SIGSTOP');
  try {
    process.kill(pid, 'SIGKILL');
    await sleep(300);
    for (let i = 0; i < 5; i++) {
      const answer = await read();
      assert.ok(['unavailable', 'trust_outdated'].includes(answer.body.code), JSON.stringify(answer.body));
      assertBusy(answer, answer.body.code);
      assert.ok(answer.ms < 3000, `${answer.ms} ms`);
      await sleep(400);
    }
    assert.equal((await fetch(`${ops}/readyz`)).status, 503);
    assert.equal((await fetch(`${ops}/livez`)).status, 200);
    assertBusy(await submit(stack.gateway, token, { n: 3, note: 'down', key: newKey() }), 'trust_outdated');
  } finally {
    process.kill(supervisor, 'SIGCONT');
  }
  await until(() => accepts(stack), 30, 'PostgreSQL to accept connections');
  const seconds = await until(async () => (await read()).status === 200, 5, 'the registry to answer again');
  t.diagnostic(`answers ${seconds.toFixed(2)} s after PostgreSQL accepts connections`);
  await until(async () => (await fetch(`${ops}/readyz`)).status === 200, 5, '/readyz');
  assert.equal(stack.sql("SELECT count(*) FROM registry.report WHERE note = 'down'")[0], '0');
});

test('a service told to stop ends within five seconds with two hundred idle clients', async () => {
  const idle = await Promise.all(Array.from({ length: 200 }, () => fetch(`${stack.registry}/api/v1/registry/openapi.json`).then((a) => a.arrayBuffer())));
  assert.equal(idle.length, 200);
  const pid = stack.pid('registry');
  const since = performance.now();
  process.kill(pid, 'SIGTERM');
  await until(() => { try { process.kill(pid, 0); return false; } catch { return true; } }, 10, 'its end');
  assert.ok(performance.now() - since < 5000);
  await until(async () => (await read()).status === 200, 10, 'another one');
});
