// tests/fault/audit.test.mjs - the audit of a running system, tampered with by someone who has all of its database: each of six ways is found by
// `zeren-audit verify`, in the database and in an export (R4). And: a sealer killed under load, retention, what audit keeps of personal data, and
// who may read it. Ends on a clean chain.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createHmac, createPrivateKey, sign } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { ROOT, sleep, until } from '../support/own_stack.mjs';
import { slowness, stopwatch } from '../support/pace.mjs';
import { patient } from '../support/patient.mjs';
import { openSession, persist, startStack, submit } from './own.mjs';

let stack;
const town = () => stack.held('town_office'), auditor = () => stack.held('audit_admin');
before(async () => {
  stack = startStack('audit');
  for (let n = 0; n < 6; n++) {
    await writeReports(10, `batch ${n}`);
    await allSealed();
  }
});
after(() => stack?.reset());

async function writeReports(count, note) {
  for (let n = 0; n < count; n++) {
    const answer = await submit(stack.gateway, town(), { n, note, key: newKey() });
    assert.equal(answer.status, 201, answer.text);
  }
}

const UNSEALED = `SELECT count(*) FROM registry.audit_log a WHERE NOT EXISTS (SELECT FROM registry.audit_seal s WHERE a.id = ANY (s.ids))`;
const allSealed = () => until(() => stack.sql(UNSEALED)[0] === '0', 60, 'all rows to be sealed');

function audit(args, input) {
  const done = spawnSync(join(ROOT, 'deploy/stack'), ['audit', ...args], { env: stack.env, encoding: 'utf8', input, maxBuffer: 1 << 28 });
  const lines = done.stdout.split('\n').filter(Boolean);
  return { status: done.status, stdout: done.stdout, stderr: done.stderr, lines };
}

function judged(done) {
  const lines = done.lines.map((line) => JSON.parse(line));
  assert.ok([0, 1].includes(done.status), done.stderr);
  const last = lines.at(-1);
  assert.equal(last.ok, done.status === 0);
  const faults = lines.filter((line) => line.fault);
  assert.equal(last.faults, faults.length, done.stdout);
  return faults;
}

const verify = () => judged(audit(['verify']));
const exported = () => {
  const done = audit(['export', '--service', 'registry']);
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
};
const verifyExport = (text, ...args) => judged(audit(['verify', ...args, '-'], text));

const refusals = () => readFileSync(join(stack.state, 'log/audit.log'), 'utf8').split('\n').filter((line) => line.includes('"level":"error"'));

// What was there, to be put back: rows, numbers and seals.
const keep = () => stack.sql(`DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept; CREATE TABLE kept.log AS TABLE registry.audit_log;
  CREATE TABLE kept.seal AS TABLE registry.audit_seal`);
const putBack = () => stack.sql(`BEGIN; DELETE FROM registry.audit_log; DELETE FROM registry.audit_seal;
  INSERT INTO registry.audit_log OVERRIDING SYSTEM VALUE TABLE kept.log; INSERT INTO registry.audit_seal TABLE kept.seal; COMMIT; DROP SCHEMA kept CASCADE`);

// A row sealed together with others: which rows share a seal is a matter of time.
const some = (seal, nth) => `(SELECT ids[${nth}] FROM registry.audit_seal WHERE cardinality(ids) > 1 ORDER BY seq OFFSET ${seal - 1} LIMIT 1)`;
const idOf = (seal, nth) => Number(stack.sql(`SELECT ${some(seal, nth)}`)[0]);
const lastSeq = () => Number(stack.sql('SELECT max(seq) FROM registry.audit_seal')[0]);

test('an untampered system is clean, from the database and from an export', () => {
  assert.deepEqual(verify(), []);
  const text = exported();
  assert.deepEqual(verifyExport(text), []);
  assert.ok(text.includes('"head":"zeren-head 1 registry '), 'an export carries what is kept outside');
});

test('a sealer leaves no row of its window unsealed for more than a second', async () => {
  const [id] = stack.sql('SELECT max(id) FROM registry.audit_log');
  const answer = await submit(stack.gateway, town(), { n: 1, note: 'at once', key: newKey() });
  assert.equal(answer.status, 201);
  const took = stopwatch();
  await until(() => stack.sql(`SELECT count(*) FROM registry.audit_log a WHERE a.id > ${id} AND
    EXISTS (SELECT FROM registry.audit_seal s WHERE a.id = ANY (s.ids))`)[0] === '1', 60, 'the seal');
  const seconds = took() / 1000;
  assert.ok(seconds < 1.5 * await slowness(), `${seconds} s`);
});

// ---- the six of charter R4 ------------------------------------------------------------------------------------------------------

const TAMPERINGS = [
  { what: 'a changed byte', kind: 'row_changed', id: () => idOf(2, 2),
    how: () => `UPDATE registry.audit_log SET body = jsonb_set(body, '{note}', '"batch 9"') WHERE id = ${some(2, 2)}` },
  { what: 'a changed reason', kind: 'row_changed', id: () => idOf(3, 1),
    how: () => `UPDATE registry.audit_log SET reason = 'other' WHERE id = ${some(3, 1)}` },
  { what: 'a removed row', kind: 'row_removed', id: () => idOf(2, 1), how: () => `DELETE FROM registry.audit_log WHERE id = ${some(2, 1)}` },
  { what: 'an inserted row', kind: 'row_inserted', id: () => 900000001,
    how: () => `INSERT INTO registry.audit_log OVERRIDING SYSTEM VALUE SELECT 900000001, at, recorded_at - interval '1 hour', account_id, post_id, session_id,
      address, verb, record, record_id, version, owner_division, request_id, reason, body, before FROM registry.audit_log WHERE id = ${some(2, 1)}` },
  { what: 'a second row of a sealed id, of a time to come', kind: 'row_inserted', id: () => idOf(2, 1),
    how: () => `INSERT INTO registry.audit_log OVERRIDING SYSTEM VALUE SELECT id, at, now() + interval '20 years', account_id, post_id, session_id,
      address, verb, record, record_id, version, owner_division, request_id, reason, body, before FROM registry.audit_log WHERE id = ${some(2, 1)}` },
  { what: 'a row of no time at all', kind: 'row_inserted', id: () => 900000002,
    how: () => `INSERT INTO registry.audit_log OVERRIDING SYSTEM VALUE SELECT 900000002, at, 'infinity', account_id, post_id, session_id,
      address, verb, record, record_id, version, owner_division, request_id, reason, body, before FROM registry.audit_log WHERE id = ${some(2, 1)}` },
  { what: 'two rows swapped', kind: 'rows_swapped', id: () => Math.min(idOf(2, 1), idOf(4, 1)),
    how: () => `CREATE TABLE kept.two AS SELECT * FROM registry.audit_log WHERE id IN (${some(2, 1)}, ${some(4, 1)});
      DELETE FROM registry.audit_log WHERE id IN (SELECT id FROM kept.two);
      INSERT INTO registry.audit_log OVERRIDING SYSTEM VALUE SELECT o.id, a.at, o.recorded_at, a.account_id, a.post_id, a.session_id, a.address, a.verb, a.record,
        a.record_id, a.version, a.owner_division, a.request_id, a.reason, a.body, a.before FROM kept.two a JOIN kept.two o ON o.id <> a.id` },
  { what: 'a cut tail, seals included', kind: 'tail_cut', loud: 'was cut',
    how: () => `DELETE FROM registry.audit_log WHERE id IN (SELECT unnest(ids) FROM registry.audit_seal WHERE seq > ${lastSeq() - 2});
      DELETE FROM registry.audit_seal WHERE seq > (SELECT max(seq) - 2 FROM registry.audit_seal)` },
  { what: 'the whole chain rebuilt without the key', kind: 'chain_rebuilt', loud: 'was rebuilt', how: rebuilt },
  { what: 'a changed seal', kind: 'seal_changed', how: () => "UPDATE registry.audit_seal SET sealed_at = sealed_at - interval '1 day' WHERE seq = 3" },
  { what: 'a removed seal', kind: 'seal_removed', others: ['row_inserted'], how: () => 'DELETE FROM registry.audit_seal WHERE seq = 3' },
];

// As common/audit/README.md says it, with a key of the forger's own.
const length = (text) => (text === null ? Buffer.from('ffffffff', 'hex') : Buffer.concat([u32(Buffer.byteLength(text)), Buffer.from(text)]));
function u32(n) { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; }
function u64(n) { const b = Buffer.alloc(8); b.writeBigUInt64BE(BigInt(n)); return b; }
const COLUMNS = ['id', 'recorded_at', 'at', 'account_id', 'post_id', 'session_id', 'address', 'verb', 'record', 'record_id', 'version', 'owner_division',
  'request_id', 'reason', 'body', 'before'];
const rowDigest = (row) =>
  createHash('sm3').update(Buffer.concat([length('zeren audit row 1'), ...COLUMNS.map((name) => length(row[name] ?? null))])).digest();
const sealMac = (key, service, seal, digests) => createHmac('sm3', key).update(Buffer.concat([length('zeren audit seal 1'), seal.prev, length(service),
  u64(seal.seq), u32(seal.ids.length), length(seal.sealed_at), length(seal.oldest), length(seal.newest), ...seal.ids.map(u64), ...digests])).digest();

function exportLines(text) {
  const seals = [];
  for (const line of text.split('\n').filter(Boolean).map((l) => JSON.parse(l))) {
    if (line.seal) seals.push({ ...line.seal, ids: line.seal.ids.split(','), rows: new Map() });
    if (line.row) seals.at(-1).rows.set(line.row.id, line.row);
  }
  return seals;
}

test('others can recompute every digest and every mac from the README', () => {
  const seals = exportLines(exported());
  const [, , , , , secret] = readFileSync(join(stack.state, 'keys/seal.keys'), 'utf8').split('\n').find((line) => / seal .* active /.test(line)).split(' ');
  for (const seal of seals) {
    const digests = seal.ids.map((id) => rowDigest(seal.rows.get(id)));
    assert.equal(Buffer.concat(digests).toString('hex'), seal.row_digests);
    assert.equal(sealMac(Buffer.from(secret, 'base64'), 'registry', { ...seal, prev: Buffer.from(seal.prev, 'hex') }, digests).toString('hex'), seal.mac);
  }
  assert.ok(seals.length > 5);
});

function rebuilt() {
  stack.sql(`UPDATE registry.audit_log SET body = '{"note": "forged"}' WHERE id = ${some(2, 2)}`);
  const statements = [];
  let prev = Buffer.alloc(32);
  for (const seal of exportLines(exported())) {
    const digests = seal.ids.map((id) => rowDigest(seal.rows.get(id)));
    const mac = sealMac(Buffer.alloc(32, 7), 'registry', { ...seal, prev }, digests);
    statements.push(`UPDATE registry.audit_seal SET row_digests = '\\x${Buffer.concat(digests).toString('hex')}', prev = '\\x${prev.toString('hex')}',
      mac = '\\x${mac.toString('hex')}' WHERE seq = ${seal.seq}`);
    prev = mac;
  }
  return statements.join(';\n');
}

for (const { what, kind, id, how, loud, others = [] } of TAMPERINGS) {
  test(`${what} is found as ${kind}`, async () => {
    await allSealed();
    keep();
    const named = id?.(), told = refusals().length;
    try {
      stack.sql(`BEGIN; ${how()}; COMMIT`);
      for (const faults of [verify(), verifyExport(exported())]) {
        assert.ok(faults.length > 0, 'nothing was found');
        assert.deepEqual(faults.map((f) => f.fault).filter((f) => f !== kind && !others.includes(f)), [], JSON.stringify(faults));
        const found = faults.filter((f) => f.fault === kind);
        assert.equal(found.length, 1, JSON.stringify(faults));
        assert.equal(found[0].service, 'registry');
        if (named !== undefined) assert.equal(found[0].audit_id, named);
        if (kind.startsWith('seal_')) assert.equal(found[0].seq, 3);
      }
      if (loud) {
        await until(() => refusals().slice(told).some((line) => line.includes(loud)), 60, 'the sealer to say so');
        const seq = lastSeq();
        await writeReports(1, 'meanwhile');
        await sleep(1200);
        assert.equal(lastSeq(), seq, 'nothing is sealed on a chain that is not the one that was left');
        stack.sql("DELETE FROM registry.audit_log WHERE body ->> 'note' = 'meanwhile'");
      }
    } finally {
      putBack();
    }
    assert.deepEqual(verify(), []);
    await writeReports(1, 'after it');
    await allSealed();
  });
}

test('a part of the log is judged by itself', () => {
  const [middle] = stack.sql("SELECT to_char(newest AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM registry.audit_seal WHERE seq = 3");
  for (const times of [['--from', middle], ['--until', middle], ['--from', '2199-01-01T00:00:00Z'], ['--until', '2000-01-01T00:00:00Z']]) {
    const part = audit(['export', '--service', 'registry', ...times]);
    assert.equal(part.status, 0, part.stderr);
    assert.deepEqual(verifyExport(part.stdout), [], times.join(' '));
  }
  const { stdout } = audit(['export', '--service', 'registry', '--from', middle]);
  assert.ok(stdout.split('\n').some((line) => line.startsWith('{"seal":{"seq":"3"')) && !stdout.includes('{"seal":{"seq":"1"'));
  assert.equal(audit(['export', '--service', 'registry', '--from', 'yesterday']).status, 2);
});

test('an export with a line taken out or put in is found', () => {
  const lines = exported().trimEnd().split('\n');
  const row = lines.findIndex((line) => line.startsWith('{"row"'));
  const cut = (at) => lines.filter((_, n) => n !== at).join('\n') + '\n';
  assert.deepEqual(verifyExport(cut(row)).map((f) => f.fault).sort(), ['export_changed', 'row_removed']);
  assert.deepEqual(verifyExport(cut(lines.length - 1)).map((f) => f.fault), ['export_changed']);
  assert.ok(verifyExport(lines.map((line, n) => (n === 0 ? line.replace(/(zeren-head 1 registry )\d+/, '$11') : line)).join('\n') + '\n')
    .some((f) => f.fault === 'anchor_changed'), 'a head that was changed');
  assert.equal(audit(['verify', '-'], '{"row":1}\n').status, 3, 'what is no export is not judged');
});

test('anchors and heads that were changed are found', () => {
  for (const [file, change] of [['registry.anchors', (text) => text.replace(' day ', ' dropped ')], ['registry.head', (text) => text.replace(/1 \S+ (\d+) /, (m) => m.replace(/\d+ $/, '1 '))]]) {
    const path = join(stack.state, 'anchors', file);
    const was = readFileSync(path, 'utf8');
    assert.notEqual(change(was), was);
    const dir = join(stack.state, `anchors.${file}`);
    spawnSync('cp', ['-pR', join(stack.state, 'anchors'), dir]);
    spawnSync('sh', ['-c', `cat > "${join(dir, file)}"`], { input: change(was) });
    assert.ok(judged(audit(['verify', '--service', 'registry', '--heads', dir])).some((f) => f.fault === 'anchor_changed'), file);
    spawnSync('rm', ['-r', dir]);
  }
});

// ---- a sealer that dies ------------------------------------------------------------------------------------------------------------

test('kill -9 of the sealer under load leaves no gap and no row twice', async (t) => {
  const ledger = [];
  let stop = false;
  const client = async (c) => {
    for (let n = 0; !stop; n++) await persist(stack.gateway, town(), { n: c + n * 8, note: 'killed', key: newKey() }, ledger, performance.now() + 180_000);
  };
  const clients = Array.from({ length: 8 }, (_, c) => client(c));
  let kills = 0;
  try {
    for (let n = 0; n < 8; n++) {
      await sleep(300 + 97 * n);
      const pid = stack.pid('audit');
      process.kill(pid, 'SIGKILL');
      kills++;
      await until(() => stack.pid('audit') !== pid, 60, 'another sealer');
    }
  } finally {
    stop = true;
    await Promise.all(clients);
  }
  await allSealed();
  const [counts] = stack.sql(`SELECT count(*), max(seq), sum(cardinality(ids)), (SELECT count(*) FROM registry.audit_log),
    (SELECT count(DISTINCT id) FROM registry.audit_seal, unnest(ids) AS i (id)) FROM registry.audit_seal`);
  const [seals, last, ids, rows, distinct] = counts.split('|').map(Number);
  t.diagnostic(`${kills} kills, ${ledger.length} reports, ${seals} seals, ${rows} rows`);
  assert.equal(seals, last, 'seals are numbered without a gap');
  assert.deepEqual([ids, distinct], [rows, rows], 'each row is under one seal');
  assert.deepEqual(verify(), []);
});

test('a row of a slow transaction, which comes late, is sealed and is no fault', async () => {
  const session = openSession(stack);
  await session.run(`BEGIN; INSERT INTO registry.audit_log (at, verb, record, record_id, version, owner_division, body)
    VALUES (now(), 'late', 'item', gen_random_uuid(), 1, '431302000000', '{}');`);
  await writeReports(5, 'past it');
  await until(() => stack.sql(`${UNSEALED} AND a.verb <> 'late'`)[0] === '0', 60, 'the others to be sealed');
  await session.run('COMMIT;');
  await session.close();
  await allSealed();
  assert.deepEqual(verify(), []);
});

test('a clock that was ahead for a while is no fault, and what is written after it is sealed', async () => {
  for (const ahead of ['1 day', '40 years']) {
    stack.sql(`INSERT INTO registry.audit_log (at, recorded_at, verb, record, record_id, version, owner_division, body)
      VALUES (now(), now() + interval '${ahead}', 'ahead', 'item', gen_random_uuid(), 1, '431302000000', '{}')`);
    await allSealed();
    await writeReports(2, 'after it');
    await allSealed();
  }
  assert.deepEqual(verify(), []);
  assert.deepEqual(verifyExport(exported()), []);
});

// Rows as a clock made them, in one statement so that the sealer finds them together.
const stamped = (verb, ...stamps) => stack.sql(`INSERT INTO registry.audit_log (at, recorded_at, verb, record, record_id, version, owner_division, body)
  SELECT now(), s, '${verb}', 'item', gen_random_uuid(), 1, '431302000000', '{}' FROM unnest(ARRAY[${stamps.join(', ')}]::timestamptz[]) AS s`);
const MONTH = (n) => `((date_trunc('month', now() AT TIME ZONE 'UTC') + interval '${n} months') AT TIME ZONE 'UTC')`;

test('the month changes under a running sealer: each seal is of one month, none waits, and a month without a partition gets one', async () => {
  stamped('turn', `${MONTH(1)} - interval '1 microsecond'`, MONTH(1), `${MONTH(1)} - interval '1 hour'`, `${MONTH(1)} + interval '1 hour'`, MONTH(9));
  await allSealed();
  assert.deepEqual(stack.sql(`SELECT count(DISTINCT s.seq) FROM registry.audit_seal s JOIN registry.audit_log a ON a.id = ANY (s.ids) WHERE a.verb = 'turn'`), ['3']);
  assert.deepEqual(stack.sql(`SELECT count(*) FROM registry.audit_seal WHERE date_trunc('month', oldest, 'UTC') <> date_trunc('month', newest, 'UTC')`), ['0']);
  const homeless = `SELECT tableoid::regclass FROM registry.audit_log WHERE recorded_at = ${MONTH(9)}`;
  assert.deepEqual(stack.sql(homeless), ['registry.audit_log_default']);
  const pid = stack.pid('audit');
  process.kill(pid, 'SIGTERM');
  await until(() => !stack.sql(homeless).includes('registry.audit_log_default'), 60, 'the next sealer to make the month');
  await writeReports(2, 'in the month that is');
  await allSealed();
  assert.deepEqual(verify(), []);
  assert.deepEqual(verifyExport(exported()), []);
});

test('a clock that goes back by an hour, and ahead again, leaves no row unsealed', async () => {
  for (const step of ['61 minutes', '2 hours', '30 minutes']) {
    stamped('ahead', ...Array.from({ length: 3 }, (_, n) => `now() + interval '${step}' + ${n} * interval '1 second'`));
    await allSealed();
    await writeReports(2, `set back by ${step}`);
    await allSealed();
  }
  const pid = stack.pid('audit'); // the next one knows only what the database and the head file say
  process.kill(pid, 'SIGKILL');
  await until(() => stack.pid('audit') !== pid, 60, 'another sealer');
  await writeReports(2, 'after it');
  await allSealed();
  assert.deepEqual(verify(), []);
});

// ---- a sealer that stands still, and one without its head ------------------------------------------------------------------------------

test('A-011: rows that wait too long for their seal are told, with an exit status of their own', async () => {
  await allSealed();
  const pid = stack.pid('audit');
  process.kill(pid, 'SIGSTOP');
  try {
    await writeReports(1, 'nobody seals it');
    await sleep(2200);
    const waits = audit(['verify', '--pending-max', '1']);
    assert.equal(waits.status, 4, waits.stderr);
    const lines = waits.lines.map((line) => JSON.parse(line));
    assert.deepEqual(lines.at(-1), { ok: false, faults: 0, unsealed_too_long: true });
    const own = lines.find((line) => line.service === 'registry');
    assert.ok(own.pending === 1 && own.waiting_s >= 2 && own.waiting_s < 600 && Date.parse(own.oldest_pending) > 0, JSON.stringify(own));
    assert.equal(audit(['verify']).status, 0, 'not yet a quarter of an hour');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await allSealed();
  assert.equal(audit(['verify', '--pending-max', '1']).status, 0);
});

test('A-007: a sealer that finds no head beside a chain seals nothing, until it is told to', async () => {
  await allSealed();
  const head = join(stack.state, 'anchors/registry.head'), told = refusals().length, pid = stack.pid('audit');
  process.kill(pid, 'SIGSTOP');
  rmSync(head);
  process.kill(pid, 'SIGKILL');
  await until(() => refusals().slice(told).some((line) => line.includes('the head is gone')), 60, 'the sealer to say so');
  const seq = lastSeq();
  await writeReports(1, 'without a head');
  await sleep(1500);
  assert.equal(lastSeq(), seq);
  assert.ok(!existsSync(head));
  assert.deepEqual([...new Set(verify().map((f) => f.fault))], ['head_missing']);
  const done = audit(['reanchor', '--service', 'registry', '--reason', '封存头文件丢失']);
  assert.equal(done.status, 0, done.stderr);
  await allSealed();
  assert.ok(lastSeq() > seq);
  assert.deepEqual(verify(), []);
});

// ---- retention ---------------------------------------------------------------------------------------------------------------------

test('A-008: months are dropped under no setting before they are six months old, and by the sealer alone', () => {
  const asSealer = (sql) => { try { return stack.sql(`SET ROLE zeren_audit; ${sql}`); } catch (error) { return String(error.stderr ?? error); } };
  stack.sql("UPDATE zeren.setting SET value = '30' WHERE key = 'audit.retention_days'");
  try {
    assert.match(asSealer('SELECT registry.audit_months_due(1000000)'), /six months at least/);
    assert.match(asSealer("SELECT registry.drop_audit_month(date_trunc('month', now())::date, 1000000)"), /six months at least/);
  } finally {
    stack.sql("UPDATE zeren.setting SET value = '183' WHERE key = 'audit.retention_days'");
  }
  assert.match(asSealer("SELECT registry.drop_audit_month(date_trunc('month', now())::date, 1000000)"), /not to be dropped/);
  assert.match(String(asSealer('DELETE FROM registry.audit_log')), /permission denied/);
  assert.match(String(asSealer('UPDATE registry.audit_seal SET seq = 1')), /permission denied/);
  assert.throws(() => stack.sql('SET ROLE registry_service; SELECT registry.make_audit_months(1)'), /permission denied/);
  assert.throws(() => stack.sql('SET ROLE registry_service; SELECT * FROM registry.audit_seal'), /permission denied/);
  assert.deepEqual(stack.sql("SET ROLE registry_service; SET zeren.scope = '{[,)}'; SELECT count(*) FROM registry.audit_log"), ['0'], 'without the engine’s word');
  assert.throws(() => stack.sql('SET ROLE registry_service; UPDATE registry.audit_log SET reason = NULL'), /permission denied/);
});

// ---- reading it over HTTP --------------------------------------------------------------------------------------------------------

async function call(method, path, token, body) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const answer = await patient(`${stack.gateway}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type'), text, body: /[/+]json\b/.test(answer.headers.get('content-type') ?? '') && JSON.parse(text) };
}

test('A-001: what was changed, from what, to what, and why; with personal data masked', async () => {
  const county = await stack.logIn('county_office');
  const made = await call('POST', '/registry/organisations', county, { owner_division: '431302000000', name: `审计局${Date.now()}`, kind: 'department' });
  assert.equal(made.status, 201, made.text);
  const changed = await patient(`${stack.gateway}/api/v1/registry/organisations/${made.body.id}`, { method: 'PATCH', body: '{"line":"water"}',
    headers: { Authorization: `Bearer ${county}`, 'Content-Type': 'application/json', 'If-Match': '"1"' } });
  assert.equal(changed.status, 200);
  const { body: page } = await call('GET', `/registry/audit_log?record_id=${made.body.id}&sort=-at`, auditor());
  assert.deepEqual(page.items.map((row) => [row.verb, row.version, row.before?.line ?? null, row.body.line]),
    [['update_organisation', 2, null, 'water'], ['create_organisation', 1, null, null]]);
  assert.equal(page.items[0].before.version, 1);
  assert.equal(page.items[1].before, null);
  assert.ok(page.items.every((row) => row.account_id && row.session_id && row.request_id && row.address === '127.0.0.1'));
  const person = await call('POST', '/identity/persons', county, { owner_division: '431302000000', name: '欧阳审计' });
  assert.equal(person.status, 201, person.text);
  const { body: people } = await call('GET', `/identity/audit_log?record_id=${person.body.id}`, auditor());
  assert.equal(people.items[0].body.name, '欧***');
  assert.ok(!JSON.stringify(stack.sql('SELECT body, before FROM identity.audit_log')).includes('欧阳审计'), 'the name is nowhere in the log');
});

test('A-002: a reason given goes into the row', async () => {
  const county = await stack.logIn('county_office');
  const report = await submit(stack.gateway, town(), { n: 3, note: 'to be sent back', key: newKey() });
  const answer = await patient(`${stack.gateway}/api/v1/registry/reports/${report.body.id}:send_back`, { method: 'POST', body: '{"decision_note":"缺少验收单"}',
    headers: { Authorization: `Bearer ${county}`, 'Content-Type': 'application/json', 'If-Match': '"1"' } });
  assert.equal(answer.status, 200, await answer.text());
  const { body } = await call('GET', `/registry/audit_log?record_id=${report.body.id}&verb=send_back_report`, auditor());
  assert.equal(body.items[0].reason, '缺少验收单');
  assert.equal(body.items[0].before.status, 'submitted');
  assert.equal(body.items[0].body.status, 'sent_back');
});

test('A-003, A-004: an export leaves its own row first, and goes on where it ended', async () => {
  const times = { from: '2026-01-01T00:00:00Z', until: '2099-01-01T00:00:00Z' };
  const lines = [];
  let next = 0;
  for (let calls = 0; next !== null && calls < 500; calls++) {
    const answer = await call('POST', '/registry/audit_log:export', auditor(), { ...times, reason: '省级抽查', after: next, rows: 2000 });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.type, 'application/x-ndjson');
    const rows = answer.text.trimEnd().split('\n').map((line) => JSON.parse(line));
    next = rows.pop().next;
    lines.push(...rows);
  }
  assert.equal(new Set(lines.map((row) => row.id)).size, lines.length);
  const [count] = stack.sql('SELECT count(*) FROM registry.audit_log');
  assert.equal(lines.length, Number(count), 'the last call saw its own row');
  assert.equal(lines.at(-1).verb, 'export_audit_log');
  assert.equal(lines.at(-1).reason, '省级抽查');
  const without = await call('POST', '/registry/audit_log:export', auditor(), times);
  assert.deepEqual([without.status, without.body.errors[0].pointer], [422, '/reason']);
});

// The auditor's token with other divisions, signed with the stack's own key.
function narrowed(token, prefix) {
  const [head, payload] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const name = Object.keys(claims).find((key) => Array.isArray(claims[key]) && claims[key].length === 1 && claims[key][0] === '');
  assert.ok(name, JSON.stringify(claims));
  const body = `${head}.${Buffer.from(JSON.stringify({ ...claims, [name]: [prefix] })).toString('base64url')}`;
  const key = createPrivateKey(readFileSync(join(stack.state, 'keys/signing.pem')));
  return `${body}.${sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

test('A-005: audit administrators alone, each inside the own divisions', async () => {
  for (const role of ['province_office', 'county_office', 'inspector', 'system_admin', 'security_admin']) {
    const token = stack.token(role);
    for (const service of ['identity', 'registry', 'monitoring']) {
      assert.equal((await call('GET', `/${service}/audit_log`, token)).status, 403, role);
      assert.equal((await call('POST', `/${service}/audit_log:export`, token, {})).status, 403, role);
    }
  }
  const county = narrowed(auditor(), '431321');
  const mine = await call('GET', '/registry/audit_log?limit=500', county);
  assert.equal(mine.status, 200, mine.text);
  assert.ok(mine.body.items.every((row) => row.owner_division.startsWith('431321')));
  assert.equal((await call('GET', '/registry/audit_log?owner_division=431302000000', county)).status, 403);
  const own = narrowed(auditor(), '431302');
  const { body } = await call('GET', '/registry/audit_log?limit=500&sort=-at', own);
  assert.ok(body.items.length > 50 && body.items.every((row) => row.owner_division.startsWith('431302')));
});

// ---- after a restore ------------------------------------------------------------------------------------------------------------

test('A-007: after a restore the chain goes on by a word of its administrator, and that stays on record', async () => {
  await allSealed();
  stack.sql(`BEGIN; DELETE FROM registry.audit_log WHERE id IN (SELECT unnest(ids) FROM registry.audit_seal WHERE seq > (SELECT max(seq) - 2 FROM registry.audit_seal));
    DELETE FROM registry.audit_seal WHERE seq > (SELECT max(seq) - 2 FROM registry.audit_seal); COMMIT`);
  assert.deepEqual(verify().map((f) => f.fault), ['tail_cut']);
  assert.equal(audit(['reanchor']).status, 2, 'not without a reason');
  const done = audit(['reanchor', '--service', 'registry', '--reason', '从备份恢复到上午九点']);
  assert.equal(done.status, 0, done.stderr);
  assert.deepEqual(verify(), []);
  await writeReports(2, 'after the restore');
  await allSealed();
  assert.deepEqual(verify(), []);
  assert.deepEqual(verifyExport(exported()), []);
  assert.match(readFileSync(join(stack.state, 'anchors/registry.anchors'), 'utf8'), / restored /);
});

test('A-006: the end is as clean as the beginning', async () => {
  await allSealed();
  assert.deepEqual(verify(), []);
  assert.deepEqual(verifyExport(exported(), '--heads', join(stack.state, 'anchors')), []);
});
