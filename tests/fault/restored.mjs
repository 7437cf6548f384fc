// tests/fault/restored.mjs - what the drills of backups and standbys share: clients that write and remember what was acknowledged when, people with sealed numbers, files, and
// the questions that a system which was put back has to answer.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKey } from '../support/client.mjs';
import { announced } from '../support/events.mjs';
import { citizenId } from '../support/numbers.mjs';
import { ROOT, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { headersOf, submit } from './own.mjs';

const LOUXING = '431302000000', NOTE = 'drill', PIECE = 256 * 1024;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

export function tool(stack, name, args, options = {}) {
  const done = spawnSync(join(ROOT, 'deploy', name), args, { env: stack.env, encoding: 'utf8', ...options });
  return { status: done.status, out: done.stdout, err: done.stderr };
}

export function must(stack, name, args, options) {
  const done = tool(stack, name, args, options);
  assert.equal(done.status, 0, `deploy/${name} ${args[0]}: ${done.out}${done.err}`);
  return done;
}

// Keys come back before anything else, by their own backup.
export const keepKeys = (stack, file) => must(stack, 'keys', ['backup', file, '--passphrase-file', '-'], { input: 'correct horse battery staple\n' });
export const putKeys = (stack, file) => must(stack, 'keys', ['restore', file, '--replace', '--passphrase-file', '-'], { input: 'correct horse battery staple\n' });

// Every piece of the log goes outside; before the stack is up for the first time.
export function archived(stack, dir) {
  stack.begin();
  mkdirSync(join(stack.state, 'conf'), { recursive: true });
  writeFileSync(join(stack.state, 'conf/archive.local'), `ARCHIVE_DIR=${dir}\n`);
}

export async function archiveAll(stack) {
  const [piece] = stack.sql('SELECT pg_walfile_name(pg_switch_wal())');
  await until(() => existsSync(join(readFileSync(join(stack.state, 'conf/archive.local'), 'utf8').trim().split('=')[1], 'wal', `${piece}.gz`)), 180, 'the log to be archived');
}

export const momentOf = (stack) => stack.sql(`SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`)[0];
export const nextMillisecond = async () => { for (const now = Date.now(); Date.now() <= now + 1;) await new Promise(setImmediate); };

// ---- what is written ------------------------------------------------------------------------------------------------

// Clients that report one after the other; a line for each: when it was first sent, when it was acknowledged.
export function writers(stack, token, ledger, count = 3) {
  let stop = false;
  const write = async (c) => {
    for (let n = c; !stop; n += count) {
      const sent = Date.now();
      const answer = await submit(stack.gateway, token, { n, note: NOTE, key: newKey() });
      assert.equal(answer.status, 201, answer.text);
      ledger.push({ id: answer.body.id, sent, acknowledged: Date.now() });
    }
  };
  const all = Promise.all(Array.from({ length: count }, (_, c) => write(c)));
  return async () => { stop = true; await all; };
}

async function call(stack, token, method, path, { body, headers = {} } = {}) {
  const answer = await patient(`${stack.gateway}/api/v1${path}`, { method, body, headers: { ...headersOf(token), ...headers } });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, bytes, text: bytes.toString(), body: /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(bytes) : undefined };
}

export async function enter(stack, county) {
  const number = citizenId();
  const answer = await call(stack, county, 'POST', '/identity/persons', { body: JSON.stringify({ owner_division: LOUXING, name: '某', citizen_id: number }) });
  assert.equal(answer.status, 201, answer.text);
  return { id: answer.body.id, number };
}

export async function upload(stack, town) {
  const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(300_000), Buffer.from('\n%%EOF\n')]);
  const made = await call(stack, town, 'POST', '/registry/files', { body: JSON.stringify({ id: crypto.randomUUID(), name: '验收单.pdf', size: bytes.length, sha256: sha256(bytes) }) });
  assert.equal(made.status, 201, made.text);
  for (let at = 0; at < bytes.length; at += PIECE) {
    const sent = await call(stack, town, 'PATCH', `/registry/files/${made.body.id}/content`, { body: bytes.subarray(at, at + PIECE),
      headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) } });
    assert.equal(sent.status, 200, sent.text);
  }
  return { id: made.body.id, digest: sha256(bytes) };
}

// Where clients of the feed and devices stand now.
export async function placesOf(stack, town) {
  const feed = await call(stack, town, 'GET', '/registry/events?order=desc&limit=1');
  assert.equal(feed.status, 200, feed.text);
  for (let cursor; ;) {
    const page = await call(stack, town, 'GET', `/registry/sync?limit=500${cursor ? `&cursor=${cursor}` : ''}`);
    assert.equal(page.status, 200, page.text);
    cursor = page.body.next_cursor;
    if (!page.body.more) return { head: feed.body.head, cursor, token: town };
  }
}

// ---- what must be there ---------------------------------------------------------------------------------------------

// Acknowledged before `from`: there, with one audit row and one event; sent after `until`: not there.
export function assertWritten(stack, ledger, from, until) {
  const there = new Set(stack.sql(`SELECT id FROM registry.report WHERE note = '${NOTE}'`));
  const early = ledger.filter((line) => line.acknowledged < Date.parse(from)), late = ledger.filter((line) => line.sent > Date.parse(until));
  assert.ok(early.length > 5, `${early.length} of ${ledger.length} were acknowledged before ${from}`);
  assert.deepEqual(early.filter(({ id }) => !there.has(id)), [], `acknowledged before ${from}, and lost`);
  assert.deepEqual(late.filter(({ id }) => there.has(id)), [], `sent after ${until}, and there`);
  for (const table of ['registry.audit_log', announced('registry')]) {
    assert.deepEqual(stack.sql(`SELECT r.id, count(t.record_id) FROM registry.report r LEFT JOIN ${table} t ON t.record_id = r.id WHERE r.note = '${NOTE}'
      GROUP BY r.id HAVING count(t.record_id) <> 1`), [], `${table}: not one row for each report`);
  }
  return { early: early.length, late: late.length };
}

export async function assertOpens(stack, county, people) {
  for (const { id, number } of people) {
    const seen = await call(stack, county, 'GET', `/identity/persons/${id}`);
    assert.equal(seen.status, 200, seen.text);
    assert.equal(seen.body.citizen_id, `${number.slice(0, 6)}********${number.slice(-4)}`, 'the sealed field opens');
    const found = await call(stack, county, 'POST', '/identity/persons:find', { body: JSON.stringify({ citizen_id: number }) });
    assert.deepEqual(found.body.items?.map((p) => p.id), [id], found.text);
  }
}

export async function assertFiles(stack, town, files) {
  for (const { id, digest } of files) {
    const got = await call(stack, town, 'GET', `/registry/files/${id}/content`);
    assert.equal(got.status, 200, got.text.slice(0, 300));
    assert.equal(sha256(got.bytes), digest);
  }
}

export async function assertGone(stack, token, path) {
  assert.equal((await call(stack, token, 'GET', path)).status, 404, path);
}

// E-006, M-2: places of before are refused, whether they are ahead or not; the feed goes on behind every number of before, and no number is given twice.
export async function assertAnotherHistory(stack, town, was) {
  const stale = await patient(`${stack.gateway}/api/v1/registry/items?limit=1`, { headers: { Authorization: `Bearer ${was.token}` } });
  assert.equal(stale.status, 401, 'a token of before');
  for (const path of [`/registry/events?after=${was.head}`, '/registry/events?after=1', `/registry/sync?cursor=${was.cursor}`]) {
    const answer = await call(stack, town, 'GET', path);
    assert.equal(answer.status, 410, `${path}: ${answer.text}`);
    assert.equal(answer.body.code, 'cursor_too_old');
  }
  const start = await call(stack, town, 'GET', '/registry/events?order=desc&limit=1');
  assert.ok(start.body.head > was.head + 1_000_000, `${start.body.head}`);
  const report = await submit(stack.gateway, town, { n: 1, note: 'afterwards', key: newKey() });
  assert.equal(report.status, 201, report.text);
  await until(async () => {
    const told = await call(stack, town, 'GET', `/registry/events?after=${start.body.head}&wait=30`);
    assert.equal(told.status, 200, told.text);
    return told.body.items.some((e) => e.id === report.body.id && e.seq > start.body.head);
  }, 180, 'the event of a new report');
  assert.deepEqual(stack.sql('SELECT seq FROM registry.event GROUP BY seq HAVING count(*) > 1'), []);
  await placesOf(stack, town); // a device gets its new copy whole
}

// The chain goes on, clean, and what happened to it stays on record.
export async function assertSealed(stack, reason) {
  const unsealed = 'SELECT count(*) FROM registry.audit_log a WHERE NOT EXISTS (SELECT FROM registry.audit_seal s WHERE a.id = ANY (s.ids))';
  await until(() => stack.sql(unsealed)[0] === '0', 180, 'all rows to be sealed');
  const verdict = must(stack, 'stack', ['audit', 'verify']);
  assert.equal(JSON.parse(verdict.out.trim().split('\n').at(-1)).ok, true, verdict.out);
  const anchors = readFileSync(join(stack.state, 'anchors/registry.anchors'), 'utf8').trim().split('\n').map((line) => line.split(' '));
  const notes = anchors.filter((words) => words[4] === 'restored').map((words) => Buffer.from(words[7], 'base64url').toString());
  if (reason) assert.ok(notes.some((note) => note.includes(reason)), notes.join());
}

export const remove = (...paths) => execFileSync('rm', ['-rf', ...paths]);
