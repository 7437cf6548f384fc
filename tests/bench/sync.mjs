// tests/bench/sync.mjs - P7: a device's first thousand records against COPY of the same SELECT, and a delta of a hundred with a million changes elsewhere
// against one with none, in the same feed.
import { fill, literal, SEARCH_PATH, SCOPES, ANCESTORS } from './reference.mjs';
import { until } from '../support/own_stack.mjs';

const FIRST = 1000, DELTA = 100, PAGE = 500;
const TOWN = '431302006000';

async function ask(bench, token, cursor) {
  const at = `http://127.0.0.1:${bench.stack.ports.REGISTRY}/api/v1/registry/sync?limit=${PAGE}${cursor ? `&cursor=${cursor}` : ''}`;
  const answer = await fetch(at, { headers: { Authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`GET /sync: ${answer.status} ${text}`);
  return text;
}

async function upToDate(bench, token) {
  for (let cursor; ;) {
    const answer = JSON.parse(await ask(bench, token, cursor));
    cursor = answer.next_cursor;
    if (!answer.more && answer.digests) return cursor;
  }
}

// Records a second. What the client does with an answer beyond its cursor is not measured.
const timed = async (n, work) => {
  const start = performance.now();
  await work();
  return { rate: n / ((performance.now() - start) / 1000) };
};

export const firstCopy = (bench, token) => timed(FIRST, async () => {
  for (let got = 0, cursor; got < FIRST; got += PAGE) cursor = /"next_cursor":"([^"]+)"/.exec((await ask(bench, token, cursor)).slice(-2000))[1];
});

// The time that psql tells, as the service's role under the same scope.
export function copyOfSelect(bench, form) {
  const values = { limit: String(FIRST), today: new Date().toISOString().slice(0, 10), scope_lo: '431302006', scope_hi: '431302006~' };
  const select = fill(form, (name) => literal(values[name]));
  const said = bench.stack.sql(`SELECT set_config('zeren.scope', '${SCOPES.town_office}', false), set_config('zeren.lines', '', false),
      set_config('zeren.ancestors', '${ANCESTORS.town_office}', false);
    SET ROLE registry_service; SET search_path = ${SEARCH_PATH}; SET jit = off;
    \\timing on
    COPY (${select}) TO STDOUT;`);
  const ms = Number(/Time: ([0-9.]+) ms/.exec(said.at(-1))[1]);
  return { rate: FIRST / (ms / 1000) };
}

const touch = (bench) => bench.stack.sql(`WITH c AS (UPDATE registry.item SET version = version + 1
    WHERE id IN (SELECT id FROM registry.item WHERE owner_division = '${TOWN}' ORDER BY id LIMIT ${DELTA}) RETURNING id, version, owner_division)
  INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division) SELECT now(), 'correct_item', 'item', id, version, owner_division FROM c`);

const numbered = (bench) => until(() => bench.stack.sql('SELECT count(*) FROM registry.outbox')[0] === '0', 1800, 'the sequencer');

// Two cursors in one feed: behind the first come the hundred, that many changes elsewhere, and the hundred again; behind the second the hundred alone.
export async function deltas(bench, token, elsewhere) {
  const far = await upToDate(bench, token);
  touch(bench);
  for (let n = 0; n < elsewhere; n += 100_000) {
    bench.stack.sql(`INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division)
      SELECT now(), 'correct_item', 'item', gen_random_uuid(), 2, '431321' || lpad((1 + n % 14)::text, 3, '0') || '000' FROM generate_series(1, ${Math.min(100_000, elsewhere - n)}) AS n`);
  }
  await numbered(bench);
  bench.stack.sql('VACUUM ANALYZE registry.event; VACUUM registry.outbox; VACUUM registry.item');
  const near = await upToDate(bench, token);
  touch(bench);
  await numbered(bench);
  const read = (cursor) => async () => {
    let text;
    const times = [];
    for (let i = 0; i < 9; i++) times.push(await timed(DELTA, async () => { text = await ask(bench, token, cursor); }));
    if (JSON.parse(text).changed.length !== DELTA) throw new Error(`a delta of ${JSON.parse(text).changed.length}`);
    return times.toSorted((a, b) => a.rate - b.rate)[4];
  };
  return { elsewhere: read(far), none: read(near) };
}
