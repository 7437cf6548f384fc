// tests/fault/chaos.test.mjs - everything at once, and anything killed: reports, units, moves, deletes, uploads, papers, families that are entered, corrected and moved to
// another county, exports and devices, while services, workers, the sealer, sessions of PostgreSQL and PostgreSQL itself are killed at random points (ZEREN_CHAOS_KILLS, else 15). Then all that is kept twice is compared.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chanceOf } from '../support/chance.mjs';
import { newKey } from '../support/client.mjs';
import { familyOf } from '../support/families.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { accepts, headersOf, itemId, reportPath, startStack } from './own.mjs';

const KILLS = Number(process.env.ZEREN_CHAOS_KILLS ?? 15);
const louxing = '431302000000', shuangfeng = '431321000000';
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const { below: random } = chanceOf('chaos');
const village = '431302006003', farVillage = '431321102200';
const ROLES = ['town_office', 'county_office', 'province_office'];
const OTHERS = ['other_county_office'];
let stack, stopped = false, noted = 0;
const tokens = {};
const ledger = { report: [], corrected: [], confirmed: [], unit: [], file: [], paper: [], export: [], pushed: [], household: [], moved: [], listed: [] };

const logIn = async () => { for (const role of [...ROLES, ...OTHERS]) tokens[role] = await stack.logIn(role); };
before(async () => {
  stack = startStack('chaos', {}, { monitoring: { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 } });
  stack.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    SELECT gen_random_uuid(), d.code, d.code, d.name, d.level, d.parent, '2010-01-01'
      FROM (VALUES ('${village}', '仙人阁社区', 5, '431302006000'), ('431321102000', '三塘铺镇', 4, '${shuangfeng}'), ('${farVillage}', '三塘村', 5, '431321102000')) AS d (code, name, level, parent)
        ON CONFLICT DO NOTHING`);
  await logIn();
});
after(() => stack?.reset());

// Asks until there is an answer that is not about what is down; the same key each time, so that it is done once.
async function ask(role, method, path, { body, ifMatch, key = newKey(), headers = {}, raw, service = 'registry' } = {}) {
  for (const deadline = performance.now() + 300_000; performance.now() < deadline; await sleep(40)) {
    try {
      const answer = await fetch(`${stack.gateway}/api/v1/${service}${path}`, { method, body: raw ?? (body && JSON.stringify(body)), signal: AbortSignal.timeout(60_000),
        headers: { ...headersOf(tokens[role], method === 'GET' || raw ? undefined : key), ...(ifMatch && { 'If-Match': `"${ifMatch}"` }), ...headers } });
      const text = await answer.text();
      const json = text && /json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
      if (answer.status < 500 && ![401, 429].includes(answer.status) && json?.code !== 'idempotency_key_in_use') return { status: answer.status, body: json, text };
    } catch { /* the connection broke, or nothing came */ }
  }
  throw new Error(`no answer to ${method} ${service}${path}`);
}

// The same statement until it is carried out; it says itself whether it was before.
async function sql(text) {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline; await sleep(100)) {
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

const archive = (role, method, path, options) => ask(role, method, path, { service: 'monitoring', ...options });

// The worker confirms who belongs where, and so may have the next version before us.
async function change(role, path, body) {
  for (;;) {
    const { body: now } = await archive(role, 'GET', path);
    const { status, text } = await archive(role, 'PATCH', path, { body, ifMatch: now.version });
    if (status === 200) return;
    assert.equal(status, 412, text);
  }
}

async function move_home(id) {
  const asked = await archive('county_office', 'POST', '/transfers', { body: { household_id: id, to_division: farVillage, reason: '搬迁' } });
  assert.equal(asked.status, 201, asked.text);
  const [transfer] = await sql(`SELECT id FROM monitoring.transfer WHERE household_id = '${id}' AND side = 'receiving'`);
  const { status, text } = await archive('other_county_office', 'POST', `/transfers/${transfer}:accept`, { body: {}, ifMatch: 1 });
  assert.equal(status, 200, text);
  noteIt('moved', id);
}

async function families() {
  for (let n = 0; !stopped; n++) {
    const { body } = familyOf(village);
    const made = await archive('county_office', 'POST', '/households', { body: { ...body, id: crypto.randomUUID() } });
    assert.equal(made.status, 201, made.text);
    noteIt('household', made.body.id);
    await change('county_office', `/households/${made.body.id}`, { address: `混乱${n}组`, reason: '入户核实' });
    if (n % 3 === 2) await move_home(made.body.id);
  }
}

async function lists() {
  for (; !stopped; await sleep(random(1500))) {
    const { status, body, text } = await archive('county_office', 'POST', '/exports', { body: { kind: 'households', format: 'csv', reason: '演练' } });
    assert.equal(status, 202, text);
    noteIt('listed', body.id);
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
  constructor(role, service = 'registry') { Object.assign(this, { role, service, records: new Map(), cursor: null, agreed: 0 }); }

  async pull() {
    const { status, body, text } = await ask(this.role, 'GET', `/sync?limit=100${this.cursor ? `&cursor=${this.cursor}` : ''}`, { service: this.service });
    assert.equal(status, 200, text);
    for (const { kind, record } of body.changed) this.records.set(`${kind} ${record.id}`, record.version);
    for (const { kind, id } of [...body.left, ...body.deleted]) this.records.delete(`${kind} ${id}`);
    this.cursor = body.next_cursor;
    if (body.digests) {
      for (const { kind, count, digest } of body.digests) assert.deepEqual(this.digest(kind), { count, digest }, `${this.role} at ${this.service}: ${kind}`);
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
  const pids = stack.sql("SELECT pid FROM pg_stat_activity WHERE usename IN ('registry_service', 'registry_worker', 'monitoring_service', 'monitoring_worker', 'identity_worker', 'zeren_audit') ORDER BY state <> 'idle' DESC, random() LIMIT 1");
  if (pids.length > 0) process.kill(Number(pids[0]), 'SIGKILL');
  await until(() => accepts(stack), 120, 'PostgreSQL to be back');
}
const KINDS = { registry: supervised('registry'), registry_worker: supervised('registry_worker'), monitoring: supervised('monitoring'), monitoring_worker: supervised('monitoring_worker'),
  identity_worker: supervised('identity_worker'), audit: supervised('audit'),
  backend: killBackend, postgres: async () => { await supervised('postgres')(); await until(() => accepts(stack), 120, 'PostgreSQL to be back'); } };
const WEIGHTED = ['registry', 'registry', 'registry_worker', 'registry_worker', 'monitoring', 'monitoring', 'monitoring_worker', 'monitoring_worker', 'identity_worker', 'audit', 'audit', 'backend', 'postgres'];

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
    + (SELECT count(*) FROM registry.job WHERE status IN ('queued', 'running', 'cancelling')) + (SELECT count(*) FROM registry.feed_consumer c, registry.feed f WHERE c.seq < f.last_seq)
    + (SELECT count(*) FROM monitoring.outbox) + (SELECT count(*) FROM monitoring.archive_delta) + (SELECT count(*) FROM monitoring.person_check)
    + (SELECT count(*) FROM monitoring.job WHERE status IN ('queued', 'running', 'cancelling'))`)[0] === '0',
180, 'everything to be numbered, folded and done');

// Kinds with the version that a feed begins with.
const TOLD = { registry: { organisation: 1, report: 1, item: 2, file: 1 }, monitoring: { household: 1, member: 1 } };

function feedIsTheTables(service) {
  const [head] = stack.sql(`SELECT last_seq FROM ${service}.feed`);
  assert.deepEqual(stack.sql(`SELECT count(*), min(seq), max(seq) FROM ${service}.event`), [`${head}|1|${head}`], 'every number is given, once');
  for (const [kind, from] of Object.entries(TOLD[service])) {
    none(`WITH told AS (SELECT id, array_agg(version ORDER BY seq) AS versions FROM ${service}.event WHERE kind = '${kind}' AND NOT has_left AND NOT deleted AND verb <> 'confirm_persons' GROUP BY id)
      SELECT t.id, t.versions FROM told t LEFT JOIN ${service}.${kind} r ON r.id = t.id
       WHERE t.versions <> ARRAY(SELECT generate_series(${from}, coalesce(r.version, t.versions[cardinality(t.versions)])))`, `${kind}: missing, doubled or out of order`);
    none(`SELECT r.id FROM ${service}.${kind} r WHERE r.version >= ${from} AND r.id::text !~ '^0194|^0195000' AND NOT EXISTS (SELECT FROM ${service}.event e WHERE e.id = r.id AND e.version = r.version)`,
      `${kind}: the last version is not told`);
  }
  none(`SELECT e.seq FROM ${service}.event e WHERE e.deleted AND EXISTS (SELECT FROM ${service}.event l WHERE l.id = e.id AND l.seq > e.seq)`, 'nothing comes behind a deletion');
  return Number(head);
}

function rollupsAreRecounts() {
  const kept = '(SELECT owner_division, duty_list_id, organisation_id, due_on, done_on, paused, sum(n)::integer FROM registry.item_rollup GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0)';
  const counted = `(SELECT owner_division, duty_list_id, lead_organisation_id, due_on, coalesce(done_on, 'infinity'), pauses > 0, count(*)::integer FROM registry.item GROUP BY 1, 2, 3, 4, 5, 6)`;
  none(`(${kept} EXCEPT ALL ${counted}) UNION ALL (${counted} EXCEPT ALL ${kept})`, 'roll-ups');
}

// Every household is where it was moved to, with all of its members, each registered once; figures are a recount, of each level.
function archiveIsWhole() {
  const same = (table, where, ids, what) => assert.deepEqual(stack.sql(`SELECT id FROM monitoring.${table} WHERE ${where} ORDER BY id`), ids.toSorted(), what);
  same('household', 'true', ledger.household, 'households');
  same('household', `owner_division = '${farVillage}'`, ledger.moved, 'households that have moved');
  none("SELECT id FROM monitoring.household WHERE address !~ '^混乱' OR member_count <> 3", 'households');
  none('SELECT h.id FROM monitoring.household h JOIN monitoring.member m ON m.household_id = h.id AND m.left_on IS NULL GROUP BY h.id, h.owner_division HAVING count(*) <> 3 OR bool_or(m.owner_division <> h.owner_division)', 'members');
  none("SELECT m.id FROM monitoring.member m LEFT JOIN monitoring.person_key k ON k.member_id = m.id WHERE m.left_on IS NULL GROUP BY m.id HAVING count(k.hash) <> 1 OR m.confirmation <> 'confirmed'", 'registered once');
  none('SELECT id FROM monitoring.person_claim', 'nobody is claimed by two');
  const counted = `SELECT left(owner_division, 6) AS county, count(*)::integer AS households, sum(member_count)::integer AS members FROM monitoring.household GROUP BY 1`;
  const kept = (level) => `SELECT left(owner_division, 6), sum(households)::integer, sum(members)::integer FROM monitoring.archive_rollup WHERE measure = 'all' AND level = ${level} GROUP BY 1 HAVING sum(households) <> 0`;
  for (const level of [3, 4, 5]) none(`(${counted} EXCEPT ALL ${kept(level)}) UNION ALL (${kept(level)} EXCEPT ALL ${counted})`, `figures of level ${level}`);
  same('job', 'true', ledger.listed, 'jobs of monitoring');
  none("SELECT id, status FROM monitoring.job WHERE status <> 'done' OR ended_at IS NULL", 'jobs of monitoring that have not ended');
}

async function auditIsWhole() {
  const unsealed = (service) => `SELECT count(*) FROM (SELECT id FROM ${service}.audit_log EXCEPT SELECT unnest(ids) FROM ${service}.audit_seal) AS u`;
  for (const service of ['registry', 'monitoring']) await until(() => stack.sql(unsealed(service))[0] === '0', 60, `everything of ${service} to be sealed`);
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
  const devices = [...ROLES.map((role) => new Device(role)), ...['county_office', 'other_county_office'].map((role) => new Device(role, 'monitoring'))];
  const began = performance.now();
  const load = [reports(0), reports(1), reports(2), units(), uploads(), papers(), exports(), pushes(), families(), families(), lists(), ...devices.map((d) => d.follow())];
  const failed = Promise.all(load).then(() => undefined, (error) => { stopped = true; return error; });
  await Promise.race([kill(counted), failed]);
  stopped = true;
  const error = await failed;
  if (error) throw error;
  const seconds = (performance.now() - began) / 1000;
  await until(() => accepts(stack), 120, 'PostgreSQL');
  await until(async () => { await logIn(); return true; }, 60, 'log-ins');
  await quiet();
  const heads = ['registry', 'monitoring'].map(feedIsTheTables);
  rollupsAreRecounts();
  onceEach();
  archiveIsWhole();
  const blobs = await filesAreThere();
  await auditIsWhole();
  for (const device of devices) {
    await until(() => device.pull(), 60, 'the last digest');
    const fresh = new Device(device.role, device.service);
    await until(() => fresh.pull(), 60, 'a fresh copy');
    assert.deepEqual([...device.records].sort(), [...fresh.records].sort(), `${device.role} at ${device.service}: who followed holds what who begins holds`);
  }
  t.diagnostic(`${seconds.toFixed(0)} s, kills ${JSON.stringify(counted)}; done once each: ${Object.entries(ledger).map(([k, v]) => `${v.length} ${k}`).join(', ')}; `
    + `${heads.join(' and ')} events, ${blobs} blobs, ${stack.sql('SELECT count(*) FROM registry.audit_log')[0]} audit rows; digests agreed ${devices.map((d) => d.agreed).join(', ')} times`);
});
