// tests/bench/feed.mjs - F1: what a page of the feed costs at a hundred thousand and at ten million events, nearly all of them others'; F2: how fast the sequencer
// numbers, how late it and the roll-ups are while P2's load writes. Numbers only; what they are compared with is the same SELECT by pgbench.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, sleep, until } from '../support/own_stack.mjs';
import { pgbench } from './reference.mjs';

const OWN = 10_000, BLOCK = 1_000_000;
export const SIZES = { '100k': 100_000, '10M': 10_000_000 };
export const PAGES = [100, 500];
export const READERS = {
  village_worker: { scope: '{["431302006003","431302006003~")}', ancestors: '{000000000000,430000000000,431300000000,431302000000,431302006000}' },
  county_office: { scope: '{["431302","431302~")}', ancestors: '{000000000000,430000000000,431300000000}' },
  province_office: { scope: '{["43","43~")}', ancestors: '{000000000000}' },
};

// Of ten thousand events, as many in any size and spread evenly: two thousand of the village, two thousand of the rest of its county, six thousand of the rest
// of its province. All the others are of a million places of another province.
const load = (stack, from, upto, size) => stack.sql(`
  CREATE TABLE registry.event_load (LIKE registry.event INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING GENERATED);
  INSERT INTO registry.event_load (seq, at, verb, kind, id, version, owner_division)
  SELECT n, now(), 'submit_report', 'report', gen_random_uuid(), 1,
         CASE WHEN n % ${size / OWN} <> 0 THEN '44' || lpad((n * 7919 % 1000000)::text, 6, '0') || '0000'
              ELSE (ARRAY['431302006003', '431302007001', '430100000000', '430200000000', '430300000000'])[1 + n / ${size / OWN} % 5] END
    FROM generate_series(${from}::bigint, ${upto}::bigint) AS n`);

// Blocks whole, their indexes made behind their rows; the first one has begun already.
function fill(stack, size) {
  stack.sql('TRUNCATE registry.event, registry.outbox');
  for (let block = 0; block * BLOCK <= size; block++) {
    const name = `registry.event_${block}`;
    load(stack, Math.max(1, block * BLOCK), Math.min(size, (block + 1) * BLOCK - 1), size);
    stack.sql(`DROP TABLE IF EXISTS ${name}; ALTER TABLE registry.event_load RENAME TO event_${block};
      ALTER TABLE registry.event ATTACH PARTITION ${name} FOR VALUES FROM (${block * BLOCK}) TO (${(block + 1) * BLOCK});
      ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY; ALTER TABLE ${name} FORCE ROW LEVEL SECURITY; ALTER TABLE ${name} OWNER TO registry_owner; ANALYZE ${name}`);
  }
  stack.sql(`UPDATE registry.feed_consumer SET seq = ${size}; UPDATE registry.feed SET last_seq = ${size}; SELECT zeren.make_event_blocks('registry')`);
  stack.sql('VACUUM registry.event, registry.outbox');
}

const statement = () => /-- name: events_after :rows\n(?:--[^\n]*\n)+([\s\S]*?)\n\n/.exec(readFileSync(join(ROOT, 'common/http/sql/feed.sql'), 'utf8'))[1];

// A page of `rows` behind a random place, from which there is more than a page.
async function readPages(bench, size, role, rows, { inTurn, compare }) {
  const places = Array.from({ length: 500 }, () => Math.floor(Math.random() * size * 0.7));
  const name = `${role}.${rows}`;
  bench.files[name] = bench.targets(name, places.map((after) => `/api/v1/registry/events?after=${after}&limit=${rows}`));
  const check = await fetch(`http://127.0.0.1:${bench.stack.ports.REGISTRY}/api/v1/registry/events?after=${places[0]}&limit=${rows}`,
    { headers: { Authorization: `Bearer ${await bench.stack.logIn(role)}` } });
  assert.equal((await check.json()).items.length, rows, `${role}: a whole page`);
  const kinds = `{${bench.stack.sql("SELECT kind FROM registry.feed_kind").join(',')}}`;
  return inTurn(bench.rounds, {
    ours: () => bench.load({ port: bench.stack.ports.REGISTRY, connections: 16, role, targets: name }),
    pgbench: () => pgbench.pages(bench, { ...READERS[role], text: statement(), kinds, rows, upto: Math.floor(size * 0.7) }),
  }).then((of) => { compare(of); return of('ours').rate; });
}

export async function measureFeed(bench, tools) {
  const rates = {};
  for (const [label, size] of Object.entries(SIZES)) {
    const began = performance.now();
    fill(bench.stack, size);
    console.log(`F1: ${label} events, loaded in ${((performance.now() - began) / 1000).toFixed(0)} s`);
    for (const role of Object.keys(READERS)) {
      for (const rows of PAGES) {
        const key = `${role.split('_')[0]}.${rows}`;
        const rate = await readPages(bench, size, role, rows, { ...tools, compare: (of) => tools.compare(`F1.${key}.${label}`, of('ours'), of('pgbench')) });
        (rates[key] ??= []).push(rate);
      }
    }
  }
  for (const [key, [small, large]] of Object.entries(rates)) tools.note(`F1.${key}.growth`, { ours: small / large, target: 1.5, unit: 'times' });
}

// --- F2 ---

const pending = (stack) => stack.sql('SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM registry.outbox')[0].split('|').map(Number);
const ROWS = 200_000;

async function numberMany(stack) {
  stack.sql(`INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division) SELECT now(), 'x', 'report', gen_random_uuid(), 1, '431302006000' FROM generate_series(1, ${ROWS})`);
  const began = performance.now();
  await until(() => pending(stack)[0] === 0, 120, 'the outbox to be numbered');
  return ROWS / ((performance.now() - began) / 1000);
}

// How old the oldest change was that a roll-up lacked, and the figures against a recount when all is folded.
const unfolded = (stack) => Number(stack.sql('SELECT coalesce(extract(epoch FROM clock_timestamp() - as_of), 0) FROM registry.rollup_fold')[0] ?? 0);
const recount = `(SELECT owner_division, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity'), pauses > 0, count(*)::integer FROM registry.item GROUP BY 1, 2, 3, 4, 5, 6)`;
const kept = `(SELECT owner_division, duty_list_id, organisation_id, due_on, done_on, paused, sum(n)::integer FROM registry.item_rollup GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0)`;
const differing = (stack) => Number(stack.sql(`SELECT count(*) FROM ((${kept} EXCEPT ALL ${recount}) UNION ALL (${recount} EXCEPT ALL ${kept})) AS d`)[0]);

// Items are done and undone beside the load, so that there is something to fold.
async function moveItems(bench, stop) {
  for (let n = 0; !stop(); n++) {
    bench.stack.sql(`UPDATE registry.item SET done_on = CASE WHEN done_on IS NULL THEN date '2026-03-01' END WHERE id IN ('${bench.ids.slice((n * 50) % 5000, (n * 50) % 5000 + 50).join("','")}')`);
    await sleep(100);
  }
}

export async function measureFollowing(bench, { report, note }) {
  console.log(`F2: the sequencer alone, then beside P2's load of ${bench.seconds} s`);
  note('F2.sequencer', { ours: await numberMany(bench.stack), target: null, unit: 'rows/s', better: 'higher' });
  const late = [], behind = [], rollup = [];
  let over = false;
  const work = bench.load({ port: bench.stack.ports.HTTP, connections: 16, role: 'town_office', targets: 'reports', body: report, keys: true });
  const moving = moveItems(bench, () => over);
  work.finally(() => { over = true; }).catch(() => {});
  while (!over) {
    const [rows, age] = pending(bench.stack);
    behind.push(rows);
    late.push(age);
    rollup.push(unfolded(bench.stack));
    await sleep(100);
  }
  const { rate, failed } = await work;
  await moving;
  console.log(`  ${rate.toFixed(0)} writes/s, ${failed} failed; at most ${Math.max(...behind)} rows waiting`);
  note('F2.feed_lag', { ours: Math.max(...late), failed, target: 5, unit: 's' });
  note('F2.rollup_lag', { ours: Math.max(...rollup), target: 60, unit: 's' });
  await until(() => bench.stack.sql('SELECT count(*) FROM registry.rollup_delta')[0] === '0', 60, 'the roll-ups');
  note('F2.rollup_differs', { ours: differing(bench.stack), target: 0, unit: 'keys' });
}
