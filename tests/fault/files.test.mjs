// tests/fault/files.test.mjs - kill -9 of the registry at random points of uploads (ZEREN_FILES_KILLS, else 15): each goes on where it was, every file is equal by digest
// and kept once; and what is left over of uploads, bytes and rows is collected.
import assert from 'node:assert/strict';
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync, chownSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { headersOf, startStack } from './own.mjs';

const KILLS = Number(process.env.ZEREN_FILES_KILLS ?? 15), PIECE = 256 * 1024;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
let stack, token;
before(async () => { stack = startStack('files', {}, { registry_worker: { HOUSEKEEPING_S: 2 } }); token = await stack.logIn('town_office'); });
after(() => stack?.reset());

const url = (rest = '') => `${stack.gateway}/api/v1/registry/files${rest}`;
const pdf = (n) => Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(n), Buffer.from('\n%%EOF\n')]);
const store = () => join(stack.state, 'files/registry/store');
const incoming = () => join(stack.state, 'files/registry/incoming');

async function call(method, address, { body, headers = {} } = {}) {
  const answer = await patient(address, { method, body, headers: { ...headersOf(token), ...headers } });
  const text = await answer.text();
  return { status: answer.status, text, body: /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined };
}

// Tries until there is an answer that is not about a service that is down.
async function insist(method, address, options) {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; await sleep(20)) {
    try {
      const answer = await call(method, address, options);
      if (answer.status < 500) return answer;
    } catch { /* the connection broke */ }
  }
  throw new Error(`no answer to ${method} ${address}`);
}

async function announce(bytes) {
  const body = JSON.stringify({ id: crypto.randomUUID(), name: '报告.pdf', size: bytes.length, sha256: sha256(bytes) });
  const key = `k-${crypto.randomUUID()}`;
  const answer = await insist('POST', url(), { body, headers: { 'Idempotency-Key': key } });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
}

const send = (file, bytes, offset, n = PIECE) => insist('PATCH', url(`/${file.id}/content`), { body: bytes.subarray(offset, offset + n),
  headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) } });

// As a client that forgets everything but the id.
async function upload(bytes, counted) {
  const file = await announce(bytes);
  for (;;) {
    const { body: now } = await insist('GET', url(`/${file.id}`));
    if (now.status === 'ready') return now;
    assert.equal(now.status, 'uploading', JSON.stringify(now));
    const answer = await send(file, bytes, now.received);
    counted.resumed += answer.status === 409 ? 1 : 0;
    assert.ok(answer.status === 200 || answer.status === 409, answer.text);
  }
}

const blobs = () => readdirSync(store()).flatMap((bucket) => readdirSync(join(store(), bucket)));

test(`kill -9 at ${KILLS} random points of uploads`, { timeout: 600_000 }, async (t) => {
  const ledger = [], counted = { resumed: 0 };
  const same = pdf(3_000_000);
  let stop = false;
  const client = async (c) => {
    for (let n = 0; !stop; n++) {
      const bytes = c === 0 && n % 2 === 0 ? same : pdf(randomInt(200_000, 4_000_000));
      const file = await upload(bytes, counted);
      ledger.push({ id: file.id, digest: sha256(bytes), stored: file.stored_sha256 });
    }
  };
  const clients = Array.from({ length: 4 }, (_, c) => client(c));
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(randomInt(20, 700));
    const pid = stack.pid('registry');
    try { process.kill(pid, 'SIGKILL'); } catch { /* it was just killed */ }
    await until(() => stack.pid('registry') !== pid, 60, 'another registry');
    if ((await stack.gateway) && kill % 10 === 9) token = await stack.logIn('town_office');
  }
  await until(() => ledger.length >= 8, 120, 'enough files to say anything');
  stop = true;
  await Promise.all(clients);
  t.diagnostic(`${ledger.length} files, ${counted.resumed} pieces told to begin elsewhere`);
  for (const { id, digest, stored } of ledger) {
    assert.equal(stored, digest);
    const answer = await patient(url(`/${id}/content`), { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), digest);
  }
  const wanted = [...new Set(ledger.map((line) => line.digest))].sort();
  assert.deepEqual(blobs().sort(), wanted, 'every content is there once, and nothing else');
  assert.deepEqual(stack.sql('SELECT sha256 FROM registry.blob ORDER BY sha256'), wanted);
  const waiting = stack.sql(`SELECT count(*) FROM registry.file WHERE status = 'uploading'`);
  assert.deepEqual(waiting, ['0']);
  assert.ok(readdirSync(incoming()).length <= KILLS, 'what a kill left behind is the collector\'s');
  const odd = stack.sql(`SELECT f.id FROM registry.file f LEFT JOIN registry.audit_log a ON a.record_id = f.id GROUP BY f.id, f.version HAVING count(a.id) <> f.version`);
  assert.deepEqual(odd, [], 'one audit row for each version');
  const volume = stack.sql("SELECT sum(bytes) = (SELECT sum(stored_size) FROM registry.file WHERE status = 'ready') FROM registry.file_volume");
  assert.deepEqual(volume, ['t']);
});

test('nothing in the store can be run or written, and incoming is nobody else\'s', () => {
  const mode = (path) => (statSync(path).mode & 0o7777).toString(8);
  assert.equal(mode(incoming()), '700');
  assert.equal(mode(store()), '750');
  const [bucket] = readdirSync(store());
  assert.equal(mode(join(store(), bucket)), '750');
  for (const name of readdirSync(join(store(), bucket))) assert.equal(mode(join(store(), bucket, name)), '440');
});

// The collector looks at buckets in turn, so these stand in the first ones.
async function inFirstBuckets() {
  for (;;) {
    const bytes = pdf(64);
    if (/^0[0-3]/.test(sha256(bytes))) return bytes;
  }
}

test('F-010, F-011: what is left over is collected', async () => {
  token = await stack.logIn('town_office');
  const open = await announce(pdf(1000));
  await send(open, Buffer.from('%PDF-1.4 begun'), 0);
  const lostBytes = await inFirstBuckets();
  const lost = await upload(lostBytes, { resumed: 0 });
  const kept = await upload(await inFirstBuckets(), { resumed: 0 });
  stack.sql("UPDATE zeren.setting SET value = '0' WHERE key IN ('files.orphan_hours', 'files.upload_hours')");
  stack.sql(`UPDATE registry.blob SET stored_at = stored_at - interval '2 hours'`);
  unlinkSync(join(store(), lost.stored_sha256.slice(0, 2), lost.stored_sha256));
  const owner = statSync(incoming());
  const plant = (path) => { writeFileSync(path, 'left over'); chownSync(path, owner.uid, owner.gid); return path; };
  const stray = plant(join(incoming(), crypto.randomUUID()));
  const unknown = plant(join(store(), kept.stored_sha256.slice(0, 2), `${kept.stored_sha256.slice(0, 2)}${'ab'.repeat(31)}`));
  const pid = stack.pid('registry_worker');
  process.kill(pid, 'SIGKILL'); // the next one begins with the first buckets
  await until(() => stack.pid('registry_worker') !== pid, 60, 'another worker');
  await until(() => !existsSync(stray) && !existsSync(unknown), 100, 'the collector');
  await until(async () => (await insist('GET', url(`/${lost.id}`))).body.status === 'lost', 60, 'the lost file to be told');
  assert.deepEqual(readdirSync(incoming()), [], 'what kills left behind');
  const expired = (await insist('GET', url(`/${open.id}`))).body;
  assert.deepEqual([expired.status, expired.version], ['expired', 2]);
  assert.ok(!existsSync(join(incoming(), open.id)));
  assert.ok(readFileSync(join(store(), kept.stored_sha256.slice(0, 2), kept.stored_sha256)).length > 0, 'what a file is of stays');
  assert.equal((await insist('GET', url(`/${kept.id}`))).body.status, 'ready');
  assert.equal((await insist('GET', url(`/${lost.id}/content`))).status, 404);
});
