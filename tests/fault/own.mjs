// tests/fault/own.mjs - what the tests that break a stack of their own share: its data, submissions of reports that never give up, and
// the comparison of what was acknowledged with what is there.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { newKey } from '../support/client.mjs';
import { announced } from '../support/events.mjs';
import { OwnStack, ROOT, sleep } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';

export const ITEMS = 200;
export const itemId = (n) => `01950002-0000-7000-8000-${String(1 + (n % ITEMS)).padStart(12, '0')}`;
export const reportPath = (n) => `/api/v1/registry/items/${itemId(n)}/reports`;

// Settings of the registry, and of other processes by their names.
export function startStack(name, registry = {}, others = {}) {
  const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };
  const stack = new OwnStack(name, { settings: { identity: unlimited, registry: { ...unlimited, ...registry }, ...others } });
  try {
    stack.up();
    const seed = readFileSync(join(ROOT, 'tests/support/county.sql'));
    stack.command(['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-v', `items=${ITEMS}`, '-f', '-'], { input: seed });
    stack.tellYears();
  } catch (error) {
    stack.reset();
    throw error;
  }
  return stack;
}

export const headersOf = (token, key = newKey()) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Idempotency-Key': key });

// `ask`: fetch, of who looks for the answers that say to come again.
export async function submit(base, token, { n = 0, note, key, body = { value: '12.5', note } }, ask = patient) {
  const answer = await ask(base + reportPath(n), { method: 'POST', headers: headersOf(token, key), body: JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, text, body: text ? JSON.parse(text) : undefined, etag: answer.headers.get('etag'),
    location: answer.headers.get('location'), retryAfter: answer.headers.get('retry-after'), type: answer.headers.get('content-type') };
}

// A client that retries with its key until it is told that its report is in; the ledger has one line a key.
export async function persist(base, token, report, ledger, deadline) {
  const line = { key: report.key, tries: 0 };
  while (performance.now() < deadline) {
    line.tries++;
    try {
      const answer = await submit(base, token, report, fetch);
      if (answer.status === 201) {
        line.id = answer.body.id;
        line.at = performance.now();
        ledger.push(line);
        return line;
      }
      assert.ok([409, 429, 503].includes(answer.status), `${answer.status}: ${answer.text}`);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
    }
    await sleep(30);
  }
  throw new Error(`${report.key} was never acknowledged in ${line.tries} tries`);
}

// Everything acknowledged is there, once, with one audit row and one event; and nothing else is.
export function assertLedger(stack, note, ledger) {
  const acknowledged = ledger.map((line) => line.id).sort();
  assert.equal(new Set(acknowledged).size, acknowledged.length, 'two keys were given the same report');
  const there = stack.sql(`SELECT id FROM registry.report WHERE note = '${note}' ORDER BY id`);
  assert.deepEqual(there, acknowledged);
  for (const table of ['registry.audit_log', announced('registry')]) {
    const odd = stack.sql(`SELECT r.id, count(t.record_id) FROM registry.report r LEFT JOIN ${table} t ON t.record_id = r.id WHERE r.note = '${note}'
      GROUP BY r.id HAVING count(t.record_id) <> 1`);
    assert.deepEqual(odd, [], `${table}: not one row for each report`);
  }
}

export const accepts = (stack) =>
  spawnSync('/usr/lib/postgresql/15/bin/pg_isready', ['-q', '-h', stack.socket, '-p', '5432', '-U', 'postgres', '-d', 'zeren']).status === 0;

// A session of the superuser that stays open: run(sql) resolves when it has been carried out.
export function openSession(stack) {
  const psql = spawn(join(ROOT, 'deploy/stack'), ['psql', '-Atq'], { env: stack.env, stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '', n = 0;
  const waiting = new Map();
  psql.stdout.on('data', (chunk) => {
    text += chunk;
    for (const [mark, resolve] of waiting) if (text.includes(mark)) { waiting.delete(mark); resolve(); }
  });
  return {
    run: (sql) => new Promise((resolve) => {
      const mark = `done-${++n}.`;
      waiting.set(mark, resolve);
      psql.stdin.write(`${sql}\n\\echo ${mark}\n`);
    }),
    close: () => new Promise((resolve) => { psql.once('exit', resolve); psql.stdin.end(); }),
  };
}

// Sends a request whole and hangs up after `ms` without waiting for its answer.
export function sendAndLeave(port, token, { n, key, body }, ms = 0) {
  const text = JSON.stringify(body);
  const headers = Object.entries({ Host: 'localhost', 'Content-Length': Buffer.byteLength(text), ...headersOf(token, key) });
  const request = `POST ${reportPath(n)} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`;
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(request, () => setTimeout(() => { socket.resetAndDestroy(); resolve(); }, ms)));
    socket.on('error', () => {});
  });
}
