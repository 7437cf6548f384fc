// tests/fault/retention.test.mjs - blocks of events that are missing, made ahead, and dropped (E-001, E-006, E-007), while writers, readers and consumers are at work.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { headersOf, persist, startStack } from './own.mjs';

const BLOCK = 1_000_000;
let stack, town, county;
before(async () => {
  stack = startStack('retention');
  [town, county] = [await stack.logIn('town_office'), await stack.logIn('county_office')];
});
after(() => stack?.reset());

const write = async (n) => (await persist(stack.gateway, town, { n, note: 'retention', key: newKey() }, [], performance.now() + 180_000)).id;
// Blocks are dropped between the calls of others: who meets that moment and is asked to come again does.
const events = async (query) => {
  for (let tries = 0; ; tries++) {
    const answer = await patient(`${stack.gateway}/api/v1/registry/events?${query}`, { headers: headersOf(county) });
    const body = await answer.json();
    if (answer.status !== 503 || tries === 10) return { status: answer.status, body };
    await sleep(200);
  }
};
const numbered = (ids) => until(() => stack.sql(`SELECT count(*) FROM registry.event WHERE id IN ('${ids.join("','")}')`)[0] === String(ids.length), 60, 'events');
const blocks = () => stack.sql("SELECT relname FROM pg_class WHERE relnamespace = 'registry'::regnamespace AND relname ~ '^event_[0-9]+$' ORDER BY length(relname), relname");
const anotherWorker = async () => {
  const pid = stack.pid('registry_worker');
  process.kill(pid, 'SIGKILL');
  await until(() => stack.pid('registry_worker') !== pid, 60, 'another worker');
};

// A worker that was away while numbers moved on: neither the block that the next number falls into nor the one behind it is there.
test('E-001: where blocks are missing they are made, and nothing is lost, over the edge of a block, too', async (t) => {
  const worker = stack.pid('registry_worker');
  process.kill(worker, 'SIGSTOP');
  const ids = [];
  try {
    for (let n = 0; n < 40; n++) ids.push(await write(n));
    stack.sql(`UPDATE registry.feed SET last_seq = ${3 * BLOCK - 20}`);
    stack.sql(`UPDATE registry.feed_consumer SET seq = ${3 * BLOCK - 20}`);
    assert.deepEqual(blocks(), ['event_0', 'event_1']);
    assert.ok(Number(stack.sql('SELECT count(*) FROM registry.outbox')[0]) >= 40, 'what is written waits');
  } finally {
    process.kill(worker, 'SIGCONT');
  }
  const began = performance.now();
  await numbered(ids);
  t.diagnostic(`numbered ${((performance.now() - began) / 1000).toFixed(1)} s after the worker was back`);
  assert.deepEqual(stack.sql(`SELECT min(seq) <= ${3 * BLOCK - 1}, max(seq) > ${3 * BLOCK} FROM registry.event WHERE id IN ('${ids.join("','")}')`), ['t|t']);
  await until(() => stack.sql('SELECT count(*) FROM registry.outbox')[0] === '0', 60, 'nothing to wait');
  await until(() => blocks().includes('event_4'), 60, 'the block ahead');
});

// Writes and reads beside `work`, and goes on reading until all that was written is told.
async function besideOthers(work) {
  const [head] = stack.sql('SELECT last_seq FROM registry.feed');
  const written = [], told = new Set();
  let over = false, deadline = Infinity;
  const writing = async () => { for (let n = 0; !over; n++) written.push(await write(n)); };
  const reading = async () => {
    for (let next = head; (!over || told.size < written.length) && performance.now() < deadline; await sleep(20)) {
      const { status, body } = await events(`after=${next}&limit=100&kind=report`);
      assert.equal(status, 200, JSON.stringify(body));
      for (const e of body.items) { assert.ok(!told.has(e.id), 'told twice'); told.add(e.id); }
      next = body.next_cursor;
    }
  };
  const loops = Promise.all([writing(), reading()]);
  try {
    await Promise.race([work(), loops]); // what ends before the work has failed
  } finally {
    over = true;
    deadline = performance.now() + 180_000;
    await loops;
  }
  assert.deepEqual([...told].toSorted(), written.toSorted(), 'every report is told once');
}

test('E-006, E-007: a consumer that is behind holds its block; without it, it goes, while all write and read', async () => {
  stack.sql("UPDATE registry.event SET recorded_at = now() - interval '100 days' WHERE seq < 3000000");
  stack.sql(`INSERT INTO registry.feed_consumer (name, seq) VALUES ('slow', ${3 * BLOCK - 10})`);
  await besideOthers(async () => {
    await anotherWorker(); // it looks for old blocks when it starts
    await until(() => !blocks().includes('event_1'), 60, 'the blocks before it to go'); // all that may go in one transaction
    assert.ok(blocks().includes('event_2'), 'its block is held');
    assert.equal((await events(`after=${3 * BLOCK - 10}`)).status, 200);
    stack.sql("DELETE FROM registry.feed_consumer WHERE name = 'slow'");
    await anotherWorker();
    await until(() => !blocks().includes('event_2'), 60, 'the block to go');
    const old = await events(`after=${3 * BLOCK - 10}`);
    assert.deepEqual([old.status, old.body.code], [410, 'cursor_too_old']);
  });
  assert.deepEqual(stack.sql('SELECT dropped_seq FROM registry.feed'), [String(3 * BLOCK - 1)]);
});

// What is written while nothing is numbered stays, takes its room, and gives it back.
test('the outbox grows while the worker is away, and only then', async (t) => {
  const size = () => Number(stack.sql("SELECT pg_table_size('registry.outbox')")[0]);
  const worker = stack.pid('registry_worker');
  process.kill(worker, 'SIGSTOP');
  stack.sql(`INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division) SELECT now(), 'x', 'report', gen_random_uuid(), 1, '431302006000' FROM generate_series(1, 200000)`);
  const full = size();
  const began = performance.now();
  process.kill(worker, 'SIGCONT');
  await until(() => stack.sql('SELECT count(*) FROM registry.outbox')[0] === '0', 120, 'the outbox to be numbered');
  const seconds = (performance.now() - began) / 1000;
  // As autovacuum does behind every 5,000 rows; while statistics are gathered elsewhere, what was deleted meanwhile stays for them.
  await until(() => { stack.sql('VACUUM registry.outbox'); return size() < full / 10; }, 120, 'its room to be given back');
  t.diagnostic(`200,000 rows: ${(full / 1048576).toFixed(0)} MiB, numbered in ${seconds.toFixed(1)} s, ${(size() / 1024).toFixed(0)} KiB behind it`);
});
