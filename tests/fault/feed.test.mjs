// tests/fault/feed.test.mjs - the feed against the tables (E-001, E-002): after a mixed load with refusals, rollbacks, moves and deletes, while the worker is
// killed at random moments and a transaction stays open elsewhere, nothing is missing, doubled or out of order within a record; and how late it was.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chanceOf } from '../support/chance.mjs';
import { newKey } from '../support/client.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { slowness, stopwatch } from '../support/pace.mjs';
import { patient } from '../support/patient.mjs';
import { headersOf, itemId, openSession, startStack, submit } from './own.mjs';

const LOAD_MS = 18_000;
const KILLS = 12;
const FOREIGN_MS = 30_000;
const louxing = '431302000000', shuangfeng = '431321000000';
let stack, tokens;
before(async () => {
  stack = startStack('feed');
  tokens = { county: await stack.logIn('county_office'), town: await stack.logIn('town_office'), province: await stack.logIn('province_office') };
});
after(() => stack?.reset());

const call = async (who, method, path, body, ifMatch) => {
  const headers = { ...headersOf(tokens[who]), ...(ifMatch && { 'If-Match': `"${ifMatch}"` }) };
  const answer = await patient(`${stack.gateway}/api/v1/registry${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
};
const { below: random } = chanceOf('feed');

// Makes units and corrects them, now and then with a version that is over, or only for show.
async function correctUnits(stop, made) {
  while (!stop()) {
    const { status, body } = await call('county', 'POST', '/organisations', { owner_division: louxing, name: `单位${newKey()}`, kind: 'other' });
    assert.equal(status, 201);
    const at = performance.now();
    for (let version = 1; version <= random(4); version++) {
      assert.equal((await call('county', 'PATCH', `/organisations/${body.id}`, { line: `l${version}` }, version)).status, 200);
      if (random(3) === 0) assert.equal((await call('county', 'PATCH', `/organisations/${body.id}`, { line: 'x' }, version)).status, 412);
      if (random(3) === 0) assert.equal((await call('county', 'PATCH', `/organisations/${body.id}?validate_only=true`, { line: 'x' }, version + 1)).status, 200);
    }
    made.push({ id: body.id, at });
  }
}

// Reports, confirmed at once: each moves its item, which many are at.
async function reportItems(stop, c) {
  for (let n = c; !stop(); n += 3) {
    const given = await submit(stack.gateway, tokens.town, { n: n % 7, note: 'feed', key: newKey() });
    assert.equal(given.status, 201, given.text);
    const done = await call('county', 'POST', `/reports/${given.body.id}:confirm`, {}, 1);
    assert.ok([200, 409].includes(done.status), JSON.stringify(done.body));
  }
}

// Units change hands and go; half of it is rolled back.
async function moveUnits(stop, made, gone) {
  const psql = openSession(stack);
  const announce = (division, left, deleted) => `INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, left_division, deleted)
      SELECT now(), 'move', 'organisation', id, version${deleted ? ' + 1' : ''}, ${division}, ${left}, ${deleted} FROM moved`;
  for (let n = 0; !stop(); n++) {
    if (made.length === 0) { await sleep(50); continue; }
    const { id } = made[random(made.length)];
    const end = n % 2 === 0 ? 'COMMIT' : 'ROLLBACK';
    if (n % 8 === 6 && !gone.has(id)) {
      await psql.run(`WITH moved AS (DELETE FROM registry.organisation WHERE id = '${id}' RETURNING *) ${announce('owner_division', 'NULL', true)};`);
      gone.add(id);
    } else {
      await psql.run(`BEGIN; WITH was AS (SELECT id, owner_division FROM registry.organisation WHERE id = '${id}' FOR UPDATE),
        moved AS (UPDATE registry.organisation o SET owner_division = CASE o.owner_division WHEN '${louxing}' THEN '${shuangfeng}' ELSE '${louxing}' END, version = o.version + 1
          FROM was w WHERE w.id = o.id RETURNING o.*, w.owner_division AS was_division)
        ${announce('owner_division', 'was_division', false)}; SELECT pg_sleep(${random(50) / 1000}); ${end};`);
    }
    await sleep(20);
  }
  await psql.close();
}

// Follows the feed as a client does, to its end.
async function follow(stop, seen) {
  for (let next = 0; ;) {
    const last = stop(); // what was asked before the end may have been answered just before the last was numbered
    const answer = await patient(`${stack.gateway}/api/v1/registry/events?after=${next}&limit=500&wait=1`, { headers: { Authorization: `Bearer ${tokens.province}` } });
    const page = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(page));
    const at = performance.now();
    for (const event of page.items) seen.push({ ...event, seen: at });
    if (page.items.length === 0 && last) return;
    next = page.next_cursor;
  }
}

async function killWorker(stop, kills) {
  while (!stop() && kills.n < KILLS) {
    await sleep(300 + random(1500));
    const pid = stack.pid('registry_worker');
    process.kill(pid, 'SIGKILL');
    kills.n++;
    await until(() => stack.pid('registry_worker') !== pid, 60, 'another worker');
  }
}

const percentile = (values, p) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))];
const drained = () => until(() => stack.sql('SELECT count(*) FROM registry.outbox')[0] === '0', 60, 'the outbox to be numbered');

test('E-001, E-002: the feed equals the tables after a mixed load with kills', async (t) => {
  const made = [], gone = new Set(), seen = [], kills = { n: 0 }, before = await slowness();
  let over = false, ended = false;
  const stop = () => over;
  const following = follow(() => ended, seen);
  const load = [...Array.from({ length: 4 }, () => correctUnits(stop, made)), ...Array.from({ length: 3 }, (_, c) => reportItems(stop, c)), moveUnits(stop, made, gone),
    killWorker(stop, kills)];
  const enough = () => kills.n >= 5 && Number(stack.sql('SELECT count(*) FROM registry.event WHERE has_left')[0]) > 20;
  await Promise.race([sleep(LOAD_MS).then(() => until(enough, 120, 'kills, and units that left')), Promise.all(load)]);
  over = true;
  await Promise.all(load);
  await drained();
  ended = true;
  await following;
  const [head] = stack.sql('SELECT last_seq FROM registry.feed');
  assert.deepEqual(stack.sql('SELECT count(*), min(seq), max(seq) FROM registry.event'), [`${head}|1|${head}`], 'every number is given, once');
  assert.deepEqual(seen.map((e) => e.seq), seen.map((e) => e.seq).toSorted((a, b) => a - b));
  const kept = stack.sql("SELECT seq FROM registry.event e WHERE kind <> 'division' AND kind !~ '_import' ORDER BY seq").map(Number);
  const told = new Set(seen.map((e) => e.seq));
  assert.equal(told.size, seen.length, 'no event is told twice');
  assert.deepEqual(kept.filter((seq) => !told.has(seq)), [], 'none is missing to who follows');
  // Each version of each record, once, rising; the last one is the table's.
  for (const [kind, from] of [['organisation', 1], ['report', 1], ['item', 2]]) {
    const odd = stack.sql(`WITH told AS (SELECT id, array_agg(version ORDER BY seq) AS versions FROM registry.event WHERE kind = '${kind}' AND NOT has_left AND NOT deleted GROUP BY id)
      SELECT t.id, t.versions FROM told t LEFT JOIN registry.${kind} r ON r.id = t.id
       WHERE t.versions <> ARRAY(SELECT generate_series(${from}, coalesce(r.version, t.versions[cardinality(t.versions)])))`);
    assert.deepEqual(odd, [], kind);
    const untold = stack.sql(`SELECT r.id FROM registry.${kind} r WHERE r.version >= ${from} AND r.id::text !~ '^0194' -- what the stack was seeded with
        AND NOT EXISTS (SELECT FROM registry.event e WHERE e.id = r.id AND e.version = r.version)`);
    assert.deepEqual(untold, [], `${kind}: the last version is told`);
  }
  assert.deepEqual(stack.sql(`SELECT id FROM registry.event WHERE deleted`).toSorted(), [...gone].toSorted());
  assert.deepEqual(stack.sql(`SELECT e.seq FROM registry.event e WHERE e.deleted AND EXISTS (SELECT FROM registry.event l WHERE l.id = e.id AND l.seq > e.seq)`), []);
  // What left was told there right before it was told where it is now.
  assert.deepEqual(stack.sql(`SELECT l.seq FROM registry.event l LEFT JOIN registry.event c ON c.seq = l.seq + 1
    WHERE l.has_left AND NOT (c.id = l.id AND c.version = l.version AND NOT c.has_left AND c.owner_division <> l.owner_division)`), []);
  assert.ok(Number(stack.sql('SELECT count(*) FROM registry.event WHERE has_left')[0]) > 20);
  const late = made.map(({ id, at }) => seen.find((e) => e.id === id).seen - at);
  t.diagnostic(`${head} events, ${kills.n} kills of the worker, ${gone.size} deleted; from acknowledged to read: median ${percentile(late, 0.5).toFixed(0)} ms, `
    + `99 % ${percentile(late, 0.99).toFixed(0)} ms, at most ${percentile(late, 1).toFixed(0)} ms`);
  assert.ok(kills.n >= 5);
  const slow = Math.max(before, await slowness());
  assert.ok(percentile(late, 0.5) < 1000 * slow && percentile(late, 1) < 8000 * slow, `on a machine ${slow.toFixed(1)} times as slow as it might be`);
});

test('E-001: a foreign transaction of 30 s stalls nothing, and its own rows come when it ends', async (t) => {
  const foreign = openSession(stack);
  await foreign.run(`BEGIN; INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division) VALUES (now(), 'late', 'item', '${itemId(3)}', 99, '${louxing}');`);
  const before = await slowness(), began = performance.now(), late = [];
  while (performance.now() - began < FOREIGN_MS) {
    const { body } = await call('county', 'POST', '/organisations', { owner_division: louxing, name: `单位${newKey()}`, kind: 'other' });
    const took = stopwatch();
    await until(() => stack.sql(`SELECT 1 FROM registry.event WHERE id = '${body.id}'`).length === 1, 60, 'the event');
    late.push(took());
    await sleep(200);
  }
  await foreign.run('COMMIT;');
  const committed = performance.now();
  await until(() => stack.sql("SELECT 1 FROM registry.event WHERE verb = 'late'").length === 1, 60, 'what was committed late');
  t.diagnostic(`${late.length} changes beside it: numbered after ${percentile(late, 0.5).toFixed(0)} ms, at most ${percentile(late, 1).toFixed(0)} ms; its own row ${(performance.now() - committed).toFixed(0)} ms after its end`);
  assert.ok(percentile(late, 1) < 1500 * Math.max(before, await slowness()));
  await foreign.close();
});

test('E-006: whole blocks that are too old are dropped, and a place in them is refused', async () => {
  stack.sql(`UPDATE registry.event SET recorded_at = now() - interval '100 days'`);
  stack.sql(`WITH m AS (UPDATE registry.feed SET last_seq = 1000005 RETURNING 1) SELECT registry.make_event_blocks() FROM m`);
  const { body } = await call('county', 'POST', '/organisations', { owner_division: louxing, name: `单位${newKey()}`, kind: 'other' });
  await until(() => stack.sql(`SELECT 1 FROM registry.event WHERE id = '${body.id}'`).length === 1, 60, 'the event');
  await until(() => stack.sql('SELECT count(*) FROM registry.feed_consumer c, registry.feed f WHERE c.seq < f.last_seq')[0] === '0', 60, 'its consumers'); // they hold it
  process.kill(stack.pid('registry_worker'), 'SIGKILL'); // it looks for old blocks when it starts, and every minute
  await until(() => stack.sql('SELECT dropped_seq FROM registry.feed')[0] === '999999', 60, 'the block to be dropped');
  assert.deepEqual(stack.sql("SELECT to_regclass('registry.event_0') IS NULL"), ['t']);
  const old = await call('county', 'GET', '/events?after=12');
  assert.equal(old.status, 410);
  assert.equal(old.body.code, 'cursor_too_old');
  const again = await patient(stack.gateway + old.body.detail.match(/(\/api\S+after=\d+)/)[1], { headers: { Authorization: `Bearer ${tokens.county}` } });
  assert.equal(again.status, 200);
  const kept = await call('county', 'GET', '/events?after=999999');
  assert.ok(kept.body.items.some((e) => e.id === body.id));
});
