// tests/fault/sync.test.mjs - devices while things break: kill -9 of the service and of PostgreSQL in the middle of lists, and answers that are forgotten.
// What a device sends again has no second effect, and a conflict is written with the rest of its operation or not at all.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { accepts, itemId, startStack } from './own.mjs';

const LISTS = 8, LONG = 40;
let stack, token;
before(async () => { stack = startStack('sync'); token = await stack.logIn('town_office'); });
after(() => stack?.reset());

const submit = (n, id = randomUUID()) => ({ op_id: randomUUID(), operation: 'submit_report', target: itemId(n), body: { id, value: '1', note: '甲' } });
const change = (id, version, base, body) => ({ op_id: randomUUID(), operation: 'update_report', target: id, base_version: version, base, body });

async function push(operations) {
  const answer = await patient(`${stack.registry}/api/v1/registry/sync`, { method: 'POST', body: JSON.stringify({ operations }),
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } });
  const body = await answer.json();
  if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
  return body.results;
}

// As a device does it: what is not final stays in the queue.
async function bring(operations) {
  const final = new Map();
  let tries = 0;
  for (let queue = operations; queue.length > 0; queue = operations.filter(({ op_id: id }) => !final.has(id))) {
    assert.ok(++tries < 600, 'a device never gets rid of its queue');
    try {
      for (const result of await push(queue)) if (result.outcome !== 'retry') final.set(result.op_id, result);
    } catch {
      await sleep(50);
    }
  }
  return { results: operations.map(({ op_id: id }) => final.get(id)), tries };
}

// Each list: a report is made, changed, and changed once more by who had not seen that: half of it is written, half in conflict.
function list(n) {
  const operations = [];
  for (let k = 0; k < LONG / 4; k++) {
    const made = submit(n * LONG + k);
    const { id } = made.body;
    operations.push(made, change(id, 1, { note: '甲' }, { note: '乙' }), change(id, 1, { note: '甲', value: '1' }, { note: '丙', value: '2' }),
      change(id, 1, { value: '1' }, { value: '2' }));
  }
  return operations;
}

function judge(lists, brought) {
  const ids = lists.flat().filter(({ body }) => body.id).map(({ body }) => body.id);
  for (const { results } of brought) {
    assert.deepEqual(results.map(({ outcome }) => (['merged', 'unchanged'].includes(outcome) ? 'done' : outcome)),
      results.map((_, i) => (i % 4 === 2 ? 'conflict' : 'done')));
  }
  const among = `('${ids.join("','")}')`;
  assert.deepEqual(stack.sql(`SELECT DISTINCT version, trim_scale(value), note FROM registry.report WHERE id IN ${among}`), ['3|2|乙'], 'an effect was lost, or came twice');
  assert.deepEqual(stack.sql(`SELECT count(*) FROM registry.report WHERE id IN ${among}`), [String(ids.length)]);
  assert.deepEqual(stack.sql(`SELECT count(*), count(DISTINCT record_id), min(fields::text), max(fields::text) FROM registry.sync_conflict WHERE record_id IN ${among}`),
    [`${ids.length}|${ids.length}|{note}|{note}`]);
  const audited = stack.sql(`SELECT DISTINCT n FROM (SELECT count(*) AS n FROM registry.audit_log WHERE record = 'report' AND record_id IN ${among} GROUP BY record_id) AS a`);
  assert.deepEqual(audited, ['3']);
}

async function underFire(t, blow) {
  let stop = false;
  const lists = [], brought = [];
  const device = async () => {
    while (!stop) {
      const operations = list(lists.length);
      lists.push(operations);
      brought.push(await bring(operations));
    }
  };
  const devices = Array.from({ length: LISTS }, device);
  for (let strike = 0; strike < 3; strike++) {
    await sleep(700);
    await blow();
  }
  stop = true;
  await Promise.all(devices);
  t.diagnostic(`${lists.length} lists of ${LONG}, ${brought.filter(({ tries }) => tries > 1).length} of them sent again`);
  assert.ok(brought.some(({ tries }) => tries > 1), 'nothing was under way when it was struck');
  judge(lists, brought);
}

test('M-4, M-5: kill -9 of the service in the middle of lists', (t) => underFire(t, async () => {
  const pid = stack.pid('registry');
  process.kill(pid, 'SIGKILL');
  await until(() => stack.pid('registry') !== pid, 60, 'another registry');
}));

test('M-4, M-5: PostgreSQL goes and comes back in the middle of lists', (t) => underFire(t, async () => {
  const pid = stack.pid('postgres');
  process.kill(pid, 'SIGKILL');
  await until(() => stack.pid('postgres') !== pid && accepts(stack), 60, 'another PostgreSQL');
}));

test('M-4: answers that are forgotten (IDEMPOTENCY_HOURS) let nothing be done twice', async () => {
  const operations = list(1000);
  const once = await push(operations);
  stack.sql('DELETE FROM registry.idempotency');
  const again = await push(operations);
  assert.deepEqual(again.map(({ outcome }, i) => [i % 4, outcome]).slice(0, 4), [[0, 'refused'], [1, 'unchanged'], [2, 'conflict'], [3, 'unchanged']]);
  assert.equal(again[0].problem.code, 'duplicate');
  assert.deepEqual(again.map(({ conflict_id: id }) => id), once.map(({ conflict_id: id }) => id));
  const among = `('${operations.filter(({ body }) => body.id).map(({ body }) => body.id).join("','")}')`;
  assert.deepEqual(stack.sql(`SELECT DISTINCT version, trim_scale(value), note FROM registry.report WHERE id IN ${among}`), ['3|2|乙']);
});

test('M-4: memory does not grow with what lists hold', async (t) => {
  if (/lib[at]san/.test(readFileSync(`/proc/${stack.pid('registry')}/maps`, 'utf8'))) return t.skip('a sanitizer keeps what is freed');
  const own = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${stack.pid('registry')}/status`, 'utf8'))[1]) / 1024;
  const large = () => Array.from({ length: 100 }, (_, n) => ({ ...submit(n), body: { id: randomUUID(), value: '1', note: '字'.repeat(150) } }));
  await push(large());
  const first = own();
  for (let i = 0; i < 20; i++) await push(large());
  const last = own();
  t.diagnostic(`${first.toFixed(1)} MiB after one list of a hundred, ${last.toFixed(1)} MiB after twenty more`);
  return assert.ok(last < first + 8, `${first} -> ${last} MiB`);
});
