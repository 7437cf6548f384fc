// tests/fault/kill.test.mjs - kill -9 of a service and of PostgreSQL while sixteen clients write: what was acknowledged is there, nothing is
// there twice, and both answer again by themselves within five seconds (R1).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { slowness, stopwatch } from '../support/pace.mjs';
import { patient } from '../support/patient.mjs';
import { accepts, assertLedger, itemId, openSession, persist, startStack } from './own.mjs';

const CLIENTS = 16;
const LIMIT_S = 5;
let stack, token;
before(async () => { stack = startStack('kill'); token = await stack.logIn('town_office'); });
after(() => stack?.reset());

const reads = async () =>
  (await patient(`${stack.gateway}/api/v1/registry/items/${itemId(0)}`, { headers: { Authorization: `Bearer ${token}` } })).status === 200;

const hit = (ledger) => ledger.some((line) => line.tries > 1);

// Clients write until told to stop; `blow` is struck twice on the way, and again while it has hit no write under way; each time a recovery
// follows that it returns the seconds of.
async function underFire(t, note, blow) {
  const ledger = [];
  let stop = false;
  const client = async (c) => {
    for (let n = 0; !stop; n++) await persist(stack.gateway, token, { n: c + n * CLIENTS, note, key: newKey() }, ledger, performance.now() + 180_000);
  };
  const waits = [], before = await slowness();
  const clients = Array.from({ length: CLIENTS }, (_, c) => client(c));
  try {
    for (let strike = 0; strike < 2 || (strike < 8 && !hit(ledger)); strike++) {
      await sleep(1500);
      waits.push(await blow(ledger));
    }
    await sleep(1000);
  } finally {
    stop = true;
    await Promise.all(clients);
  }
  const slow = Math.max(before, await slowness());
  const retried = ledger.filter((line) => line.tries > 1).length;
  t.diagnostic(`${ledger.length} reports acknowledged, ${retried} of them after a retry; back after ${waits.map((s) => s.toFixed(2)).join(' s and ')} s; a machine ${slow.toFixed(1)} times as slow as it might be`);
  assert.ok(retried > 0, 'nothing was under way when it was struck');
  assertLedger(stack, note, ledger);
  for (const seconds of waits) assert.ok(seconds <= LIMIT_S * slow, `${seconds} s`);
}

// Seconds until a write is acknowledged that came after `since`.
const acknowledgedSince = (ledger, since) => until(() => ledger.some((line) => line.at > since), 60, 'a write to be acknowledged');

test('kill -9 of the registry under load', (t) => underFire(t, 'registry killed', async (ledger) => {
  const pid = stack.pid('registry');
  process.kill(pid, 'SIGKILL');
  const since = performance.now(), took = stopwatch();
  await until(() => stack.pid('registry') !== pid, 60, 'another registry');
  await until(reads, 60, 'an answer');
  await acknowledgedSince(ledger, since);
  return took() / 1000;
}));

test('kill -9 of PostgreSQL under load', (t) => underFire(t, 'postgres killed', async (ledger) => {
  const pid = stack.pid('postgres');
  process.kill(pid, 'SIGKILL');
  const struck = performance.now();
  await until(() => stack.pid('postgres') !== pid && accepts(stack), 60, 'PostgreSQL to accept connections');
  const accepting = performance.now(), took = stopwatch();
  t.diagnostic(`PostgreSQL accepts connections after ${((accepting - struck) / 1000).toFixed(2)} s`);
  await until(reads, 60, 'an answer');
  await acknowledgedSince(ledger, accepting);
  return took() / 1000;
}));

// A session holds a lock that every write needs, so that writes are under way when its backend is struck.
test('kill -9 of one backend under load, which makes PostgreSQL start over', (t) => underFire(t, 'backend killed', async (ledger) => {
  const holder = openSession(stack);
  try {
    await holder.run('BEGIN; LOCK TABLE registry.outbox IN EXCLUSIVE MODE;');
    const waiting = "SELECT pid FROM pg_stat_activity WHERE usename = 'registry_service' AND wait_event_type = 'Lock'";
    await until(() => stack.sql(waiting).length > 0, 60, 'a write to wait');
    process.kill(Number(stack.sql(waiting)[0]), 'SIGKILL');
  } finally {
    holder.close();
  }
  await until(() => accepts(stack), 60, 'PostgreSQL to accept connections');
  const accepting = performance.now(), took = stopwatch();
  await acknowledgedSince(ledger, accepting);
  return took() / 1000;
}));

test('kill -9 of the identity service does not end running tokens', async () => {
  const pid = stack.pid('identity'), before = await slowness();
  process.kill(pid, 'SIGKILL');
  const took = stopwatch();
  assert.ok(await reads(), 'tokens are checked without it');
  await until(() => stack.logIn('county_office'), 60, 'a log-in');
  const ms = took(), slow = Math.max(before, await slowness());
  assert.ok(ms <= LIMIT_S * 1000 * slow, `${ms} ms`);
});

test('SIGTERM under load loses and refuses nothing that a retry does not mend', (t) => underFire(t, 'registry stopped', async (ledger) => {
  const pid = stack.pid('registry');
  process.kill(pid, 'SIGTERM');
  const since = performance.now(), took = stopwatch();
  await until(() => stack.pid('registry') !== pid, 60, 'another registry');
  await acknowledgedSince(ledger, since);
  return took() / 1000;
}));
