// tests/fault/chaos.test.mjs - everything at once, and anything killed: reports, units, moves, deletes, uploads, papers, exports and devices, while services, workers,
// the sealer, sessions of PostgreSQL and PostgreSQL itself are killed at random points (ZEREN_CHAOS_KILLS, else 15). Then all that is kept twice is compared.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { accepts, headersOf, itemId, reportPath, startStack } from './own.mjs';

const KILLS = Number(process.env.ZEREN_CHAOS_KILLS ?? 15);
const louxing = '431302000000', shuangfeng = '431321000000';
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const random = (n) => Math.floor(Math.random() * n);
const ROLES = ['town_office', 'county_office', 'province_office'];
let stack, stopped = false, noted = 0;
const tokens = {};
const ledger = { report: [], corrected: [], confirmed: [], unit: [], file: [], paper: [], export: [], pushed: [] };

const logIn = async () => { for (const role of ROLES) tokens[role] = await stack.logIn(role); };
before(async () => { stack = startStack('chaos'); await logIn(); });
after(() => stack?.reset());

// Asks until there is an answer that is not about what is down; the same key each time, so that it is done once.
async function ask(role, method, path, { body, ifMatch, key = newKey(), headers = {}, raw } = {}) {
  for (const deadline = performance.now() + 120_000; performance.now() < deadline; await sleep(40)) {
    try {
      const answer = await fetch(`${stack.gateway}/api/v1/registry${path}`, { method, body: raw ?? (body && JSON.stringify(body)), signal: AbortSignal.timeout(15_000),
        headers: { ...headersOf(tokens[role], method === 'GET' || raw ? undefined : key), ...(ifMatch && { 'If-Match': `"${ifMatch}"` }), ...headers } });
      const text = await answer.text();
      const json = text && /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
      if (answer.status < 500 && ![401, 429].includes(answer.status) && json?.code !== 'idempotency_key_in_use') return { status: answer.status, body: json, text };
    } catch { /* the connection broke, or nothing came */ }
  }
  throw new Error(`no answer to ${method} ${path}`);
}

// The same statement until it is carried out; it says itself whether it was before.
async function sql(text) {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(100)) {
    try { return stack.sql(text); } catch { /* down */ }
  }
  throw new Error(`never carried out: ${text}`);
}

const noteIt = (kind, line) => { ledger[kind].push(line); noted++; };

async function reports(c) {
  for (let n = c; !stopped; n += 3) {
    const given = await ask('town_office', 'POST', reportPath(n).slice('/api/v1/registry'.length), { body: { value: '12.5', note: 'chaos' } });
    assert.equal(given.status, 201, given.text);
    noteIt('report', given.body.id);
    let version = 1;
    if (random(2) === 0) {
      const { status, text } = await ask('town_office', 'PATCH', `/reports/${given.body.id}`, { body: { note: 'chaos corrected' }, ifMatch: version });
      assert.equal(status, 200, text);
      noteIt('corrected', given.body.id);
      version++;
    }
    const { status, text } = await ask('county_office', 'POST', `/reports/${given.body.id}:confirm`, { body: {}, ifMatch: version });
    assert.equal(status, 200, text);
    noteIt('confirmed', given.body.id);
  }
}

async function units() {
  for (let n = 0; !stopped; n++) {
    const { status, body, text } = await ask('county_office', 'POST', '/organisations', { body: { owner_division: louxing, name: `单位${newKey()}`, kind: 'other' } });
    assert.equal(status, 201, text);
    noteIt('unit', body.id);
    const patched = await ask('county_office', 'PATCH', `/organisations/${body.id}`, { body: { line: `l${n}` }, ifMatch: 1 });
    assert.equal(patched.status, 200, patched.text);
    if (n % 3 === 0) await move(body.id);
    if (n % 5 === 4) await remove(body.id);
    await sleep(random(150));
  }
}

const announce = (verb, version, deleted) => `INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, left_division, deleted)
  SELECT now(), '${verb}', 'organisation', id, ${version}, owner_division, ${deleted ? 'NULL' : `'${louxing}'`}, ${deleted} FROM moved`;
const move = (id) => sql(`WITH moved AS (UPDATE registry.organisation SET owner_division = '${shuangfeng}', version = version + 1
  WHERE id = '${id}' AND owner_division = '${louxing}' RETURNING *) ${announce('move', 'version', false)}`);
const remove = (id) => sql(`WITH moved AS (DELETE FROM registry.organisation WHERE id = '${id}' RETURNING *) ${announce('remove', 'version + 1', true)}`);

async function uploads() {
  for (let n = 0; !stopped; n++) {
    const bytes = Buffer.concat([Buffer.from('%PDF-1.4\n'), n % 3 === 0 ? Buffer.alloc(300_000, 'same') : randomBytes(200_000 + random(400_000)), Buffer.from('\n%%EOF\n')]);
    const made = await ask('town_office', 'POST', '/files', { body: { id: crypto.randomUUID(), name: '报告.pdf', size: bytes.length, sha256: sha256(bytes) } });
    assert.equal(made.status, 201, made.text);
    for (;;) {
      const { body: file } = await ask('town_office', 'GET', `/files/${made.body.id}`);
      if (file.status === 'ready') break;
      assert.equal(file.status, 'uploading');
      await ask('town_office', 'PATCH', `/files/${file.id}/content`, { raw: bytes.subarray(file.received, file.received + 150_000),
        headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(file.received) } });
    }
    noteIt('file', { id: made.body.id, digest: sha256(bytes) });
  }
}

async function papers() {
  for (let n = 0; !stopped; n++) {
    const { status, body, text } = await ask('county_office', 'POST', '/papers', { body: { template: 'reminder', record_id: itemId(n) } });
    assert.equal(status, 201, text);
    noteIt('paper', body);
    await sleep(random(300));
  }
}

async function exports() {
  for (; !stopped; await sleep(random(1500))) {
    const { status, body, text } = await ask('county_office', 'POST', '/exports', { body: { kind: 'organisations', format: 'ndjson', reason: '演练' } });
    assert.equal(status, 202, text);
    noteIt('export', body.id);
  }
}

async function pushes() {
  for (let n = 0; !stopped; n++) {
    const id = crypto.randomUUID();
    const operations = [{ op_id: crypto.randomUUID(), operation: 'submit_report', target: itemId(n), body: { id, value: '1', note: 'pushed' } },
      { op_id: crypto.randomUUID(), operation: 'update_report', target: id, base_version: 1, base: { note: 'pushed' }, body: { note: 'pushed twice' } }];
    for (let results = [{ outcome: 'retry' }]; results.some((r) => r.outcome === 'retry');) {
      const { status, body, text } = await ask('town_office', 'POST', '/sync', { body: { operations } });
      assert.equal(status, 200, text);
      ({ results } = body);
      assert.ok(results.every((r) => ['done', 'merged', 'unchanged', 'retry'].includes(r.outcome)
        || (r.status === 404 && results[0].outcome === 'retry')), text); // the second may come before the first has passed
      if (results[0].outcome === 'retry') operations[1].op_id = crypto.randomUUID();
    }
    noteIt('pushed', id);
    await sleep(random(100));
  }
}

// A device: what it holds is what it was told, and at each digest it must hold what the digest says.
class Device {
  constructor(role) { Object.assign(this, { role, records: new Map(), cursor: null, agreed: 0 }); }

  async pull() {
    const { status, body, text } = await ask(this.role, 'GET', `/sync?limit=100${this.cursor ? `&cursor=${this.cursor}` : ''}`);
    assert.equal(status, 200, text);
    for (const { kind, record } of body.changed) this.records.set(`${kind} ${record.id}`, record.version);
    for (const { kind, id } of [...body.left, ...body.deleted]) this.records.delete(`${kind} ${id}`);
    this.cursor = body.next_cursor;
    if (body.digests) {
      for (const { kind, count, digest } of body.digests) assert.deepEqual(this.digest(kind), { count, digest }, `${this.role}: ${kind}`);
      this.agreed++;
    }
    return !body.more && body.digests !== null;
  }

  digest(kind) {
    let sum = 0n, count = 0;
    for (const [key, version] of this.records) {
      if (!key.startsWith(`${kind} `)) continue;
      sum ^= createHash('sha256').update(`${key.slice(kind.length + 1)}:${version}`).digest().readBigUInt64BE();
      count++;
    }
    return { count, digest: sum.toString(16).padStart(16, '0') };
  }

  async follow() {
    for (; !stopped; await sleep(random(100))) await this.pull();
  }
}

// --- what is killed ---

const supervised = (name) => async () => {
  const pid = stack.pid(name);
  try { process.kill(pid, 'SIGKILL'); } catch { return; }
  await until(() => stack.pid(name) !== pid, 60, `another ${name}`);
};
async function killBackend() {
  const pids = stack.sql("SELECT pid FROM pg_stat_activity WHERE usename IN ('registry_service', 'registry_worker', 'identity_worker', 'zeren_audit') ORDER BY state <> 'idle' DESC, random() LIMIT 1");
  if (pids.length > 0) process.kill(Number(pids[0]), 'SIGKILL');
  await until(() => accepts(stack), 120, 'PostgreSQL to be back');
}
const KINDS = { registry: supervised('registry'), registry_worker: supervised('registry_worker'), identity_worker: supervised('identity_worker'), audit: supervised('audit'),
  backend: killBackend, postgres: async () => { await supervised('postgres')(); await until(() => accepts(stack), 120, 'PostgreSQL to be back'); } };
const WEIGHTED = ['registry', 'registry', 'registry_worker', 'registry_worker', 'registry_worker', 'identity_worker', 'audit', 'audit', 'backend', 'postgres'];

async function kill(counted) {
  let renewed = performance.now();
  for (let n = 0; n < KILLS; n++) {
    const since = noted;
    await sleep(100 + random(1200));
    const what = WEIGHTED[random(WEIGHTED.length)];
    try {
      await KINDS[what]();
      counted[what] = (counted[what] ?? 0) + 1;
    } catch { n--; /* it was down already */ }
    if (n % 4 === 3) await until(() => noted > since, 120, 'work to get on');
    if (performance.now() - renewed > 300_000) {
      await until(async () => { await logIn(); return true; }, 60, 'log-ins');
      renewed = performance.now();
    }
  }
}

// --- what must be so when it is quiet ---

const none = (text, what) => assert.deepEqual(stack.sql(text), [], what);
const quiet = () => until(() => stack.sql(`SELECT (SELECT count(*) FROM registry.outbox) + (SELECT count(*) FROM registry.rollup_delta) + (SELECT count(*) FROM identity.outbox)
    + (SELECT count(*) FROM registry.job WHERE status IN ('queued', 'running', 'cancelling')) + (SELECT count(*) FROM registry.feed_consumer c, registry.feed f WHERE c.seq < f.last_seq)`)[0] === '0',
180, 'everything to be numbered, folded and done');

function feedIsTheTables() {
  const [head] = stack.sql('SELECT last_seq FROM registry.feed');
  assert.deepEqual(stack.sql('SELECT count(*), min(seq), max(seq) FROM registry.event'), [`${head}|1|${head}`], 'every number is given, once');
  for (const [kind, from] of [['organisation', 1], ['report', 1], ['item', 2], ['file', 1]]) {
    none(`WITH told AS (SELECT id, array_agg(version ORDER BY seq) AS versions FROM registry.event WHERE kind = '${kind}' AND NOT has_left AND NOT deleted GROUP BY id)
      SELECT t.id, t.versions FROM told t LEFT JOIN registry.${kind} r ON r.id = t.id
       WHERE t.versions <> ARRAY(SELECT generate_series(${from}, coalesce(r.version, t.versions[cardinality(t.versions)])))`, `${kind}: missing, doubled or out of order`);
    none(`SELECT r.id FROM registry.${kind} r WHERE r.version >= ${from} AND r.id::text !~ '^0194|^0195000' AND NOT EXISTS (SELECT FROM registry.event e WHERE e.id = r.id AND e.version = r.version)`,
      `${kind}: the last version is not told`);
  }
  none('SELECT e.seq FROM registry.event e WHERE e.deleted AND EXISTS (SELECT FROM registry.event l WHERE l.id = e.id AND l.seq > e.seq)', 'nothing comes behind a deletion');
  return Number(head);
}

function rollupsAreRecounts() {
  const kept = '(SELECT owner_division, duty_list_id, organisation_id, due_on, done_on, paused, sum(n)::integer FROM registry.item_rollup GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0)';
  const counted = `(SELECT owner_division, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity'), pauses > 0, count(*)::integer FROM registry.item GROUP BY 1, 2, 3, 4, 5, 6)`;
  none(`(${kept} EXCEPT ALL ${counted}) UNION ALL (${counted} EXCEPT ALL ${kept})`, 'roll-ups');
}

async function auditIsWhole() {
  const unsealed = 'SELECT count(*) FROM (SELECT id FROM registry.audit_log EXCEPT SELECT unnest(ids) FROM registry.audit_seal) AS u';
  await until(() => stack.sql(unsealed)[0] === '0', 60, 'everything to be sealed');
  stack.command(['audit', 'verify'], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function filesAreThere() {
  const store = join(stack.state, 'files/registry/store');
  const blobs = existsSync(store) ? readdirSync(store).flatMap((bucket) => readdirSync(join(store, bucket))).sort() : [];
  assert.deepEqual(stack.sql('SELECT sha256 FROM registry.blob ORDER BY sha256 COLLATE "C"'), stack.sql("SELECT DISTINCT stored_sha256 FROM registry.file WHERE status = 'ready' ORDER BY 1"));
  for (const digest of stack.sql('SELECT sha256 FROM registry.blob')) assert.ok(blobs.includes(digest), 'a blob without its bytes');
  assert.equal(new Set(blobs).size, blobs.length);
  const read = async (role, id) => sha256(Buffer.from(await (await fetch(`${stack.gateway}/api/v1/registry/files/${id}/content`, { headers: { Authorization: `Bearer ${tokens[role]}` } })).arrayBuffer()));
  for (const { id, digest } of ledger.file) assert.equal(await read('town_office', id), digest);
  for (const paper of ledger.paper) assert.equal(await read('county_office', paper.file_id), stack.sql(`SELECT stored_sha256 FROM registry.file WHERE id = '${paper.file_id}'`)[0]);
  return blobs.length;
}

function onceEach() {
  const same = (table, where, ids, what) => assert.deepEqual(stack.sql(`SELECT id FROM registry.${table} WHERE ${where} ORDER BY id`), ids.toSorted(), what);
  same('report', "note LIKE 'chaos%'", ledger.report, 'reports');
  same('report', "note = 'chaos corrected'", ledger.corrected, 'corrections');
  same('report', "note LIKE 'chaos%' AND status = 'confirmed'", ledger.confirmed, 'confirmations');
  same('report', "note = 'pushed twice' AND version = 2", ledger.pushed, 'what a device brought');
  same('paper', 'true', ledger.paper.map((p) => p.id), 'papers');
  same('job', 'true', ledger.export, 'jobs');
  none("SELECT id, status FROM registry.job WHERE status <> 'done' OR ended_at IS NULL", 'jobs that have not ended');
  none(`SELECT number FROM registry.paper GROUP BY issuer_organisation_id, year, template, number HAVING count(*) > 1`, 'numbers given twice');
  assert.deepEqual(stack.sql(`SELECT max(position) - count(*), min(position) FROM registry.paper`), ['0|1'], 'numbers without gaps');
  none(`SELECT r.id FROM registry.report r LEFT JOIN registry.audit_log a ON a.record_id = r.id GROUP BY r.id, r.version HAVING count(a.id) <> r.version`, 'one audit row a version');
}

test(`everything at once, ${KILLS} kills`, { timeout: 45 * 60_000 }, async (t) => {
  const counted = {};
  const devices = ROLES.map((role) => new Device(role));
  const began = performance.now();
  const load = [reports(0), reports(1), reports(2), units(), uploads(), papers(), exports(), pushes(), ...devices.map((d) => d.follow())];
  const failed = Promise.all(load).then(() => undefined, (error) => { stopped = true; return error; });
  await Promise.race([kill(counted), failed]);
  stopped = true;
  const error = await failed;
  if (error) throw error;
  const seconds = (performance.now() - began) / 1000;
  await until(() => accepts(stack), 120, 'PostgreSQL');
  await until(async () => { await logIn(); return true; }, 60, 'log-ins');
  await quiet();
  const head = feedIsTheTables();
  rollupsAreRecounts();
  onceEach();
  const blobs = await filesAreThere();
  await auditIsWhole();
  for (const device of devices) {
    await until(() => device.pull(), 60, 'the last digest');
    const fresh = new Device(device.role);
    await until(() => fresh.pull(), 60, 'a fresh copy');
    assert.deepEqual([...device.records].sort(), [...fresh.records].sort(), `${device.role}: who followed holds what who begins holds`);
  }
  t.diagnostic(`${seconds.toFixed(0)} s, kills ${JSON.stringify(counted)}; done once each: ${Object.entries(ledger).map(([k, v]) => `${v.length} ${k}`).join(', ')}; `
    + `${head} events, ${blobs} blobs, ${stack.sql('SELECT count(*) FROM registry.audit_log')[0]} audit rows; digests agreed ${devices.map((d) => d.agreed).join(', ')} times`);
});
