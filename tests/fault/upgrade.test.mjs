// tests/fault/upgrade.test.mjs - a database of the released migrations (released.csv), with a county's data, is migrated to today's: nothing of it changes, and services go on with it (charter R6).
// A released file is never edited: whoever has run it could not migrate any more.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { OwnStack, ROOT } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { ITEMS, headersOf, itemId, submit } from './own.mjs';
import { assertSealed } from './restored.mjs';

const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };
const stack = new OwnStack('upgrade', { settings: { identity: unlimited, registry: unlimited } });
after(() => {
  try { postgres('-m', 'immediate', 'stop'); } catch { /* it is down, or the stack's own */ }
  stack.reset();
});

const ROOMS = { zeren: 'common/db', registry: 'services/registry', monitoring: 'services/monitoring', identity: 'services/identity' };
const released = readFileSync(join(ROOT, 'tests/fault/released.csv'), 'utf8').trim().split('\n').slice(1).map((line) => line.split(','));
const pathOf = (schema, file) => join(ROOT, ROOMS[schema], 'migrations', file);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const REPORTS = 600, FILE = '01950004-0000-7000-8000-000000000001';
const pdf = Buffer.concat([Buffer.from('%PDF-1.4\n'), randomBytes(5000), Buffer.from('\n%%EOF\n')]);

test('no released migration was edited', () => {
  for (const [schema, file, digest] of released) assert.equal(sha256(readFileSync(pathOf(schema, file))), digest, `${schema}/${file}`);
});

const postgres = (...args) => stack.runAs('/usr/lib/postgresql/15/bin/pg_ctl', ['-D', join(stack.state, 'postgres'), '-l', '/dev/null', '-s', '-w', '-t', '120', ...args]);
const load = (text, ...args) => stack.command(['psql', '-q', '-v', 'ON_ERROR_STOP=1', ...args, '-f', '-'], { input: text });

function migrate(dirs) {
  const done = stack.asUser(join(stack.state, 'bin/migrate'), ['--db', `host=${stack.socket} port=5432 dbname=zeren user=zeren_migrate`, ...dirs]);
  const run = spawnSync(done[0], done[1], { encoding: 'utf8', cwd: '/' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.split('\n').filter(Boolean).length;
}

// The files of that time, where the processes' user can read them.
function releasedDirs() {
  const room = join(stack.state, 'share/released');
  mkdirSync(room);
  for (const [schema, file] of released) {
    mkdirSync(join(room, schema), { recursive: true });
    copyFileSync(pathOf(schema, file), join(room, schema, file));
    chmodSync(join(room, schema, file), 0o644);
  }
  return ['zeren', 'registry', 'identity'].map((schema) => `${schema}=${join(room, schema)}`);
}

// The demonstration accounts, as deploy/stack makes them, of the roles that there were.
function accounts() {
  const script = '. "$1/deploy/lib/common.sh"; . "$1/deploy/lib/seed.sh"; seed_rows | grep -v monitoring_office | seed_sql 1';
  const hash = execFileSync(join(stack.state, 'bin/identity'), ['--hash-password'], { input: readFileSync(join(stack.state, 'secret/password')), encoding: 'utf8' }).trim();
  load(execFileSync('bash', ['-c', script, 'seed', ROOT], { encoding: 'utf8' }), '-1', '-v', `hash=${hash}`);
}

function keepFile() {
  const bucket = join(stack.state, 'files/registry/store', sha256(pdf).slice(0, 2));
  stack.runAs('mkdir', ['-p', bucket]);
  writeFileSync(join(bucket, sha256(pdf)), pdf, { mode: 0o440 });
  if (process.getuid() === 0) execFileSync('chown', ['zeren:zeren', join(bucket, sha256(pdf))]);
}

const TABLES = `SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('zeren', 'registry', 'identity') AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition ORDER BY 1`;
const KEPT = ['registry.division', 'registry.organisation', 'registry.duty_list', 'registry.task', 'registry.item', 'registry.report', 'registry.file', 'registry.audit_log', 'registry.outbox',
  'identity.account', 'identity.credential', 'identity.person', 'identity.post', 'identity.holder', 'identity.account_post', 'identity.session'];

// Every table's columns, and of each row a digest over those columns.
const columnsOf = (table) => stack.sql(`SELECT attname FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname`);
const rowsOf = (table, columns) => stack.sql(`SELECT md5(ROW(${columns.join(', ')})::text) FROM ${table} ORDER BY 1`);

let before;
test('a database of the released migrations, with data', { timeout: 900_000 }, () => {
  stack.up();
  stack.command(['down']);
  for (const path of ['run/seeded', 'anchors']) rmSync(join(stack.state, path), { recursive: true, force: true });
  postgres('start');
  stack.command(['psql', '-q', '-d', 'postgres', '-c', 'DROP DATABASE zeren', '-c', "CREATE DATABASE zeren TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"]);
  load(readFileSync(join(ROOT, 'deploy/postgres/roles.sql')));
  assert.equal(migrate(releasedDirs()), released.length);
  accounts();
  load(readFileSync(join(ROOT, 'tests/support/county.sql')), '-v', `items=${ITEMS}`);
  load(readFileSync(join(ROOT, 'tests/fault/released.sql')), '-1', '-v', `sha256=${sha256(pdf)}`, '-v', `size=${pdf.length}`);
  keepFile();
  before = new Map(KEPT.map((table) => [table, columnsOf(table)]).map(([table, columns]) => [table, { columns, rows: rowsOf(table, columns) }]));
  assert.equal(before.get('registry.report').rows.length, REPORTS);
  for (const [table, { rows }] of before) assert.ok(rows.length > 0, `${table} is empty`);
});

test('today’s migrations change none of it', { timeout: 900_000 }, (t) => {
  const tables = stack.sql(TABLES), began = performance.now();
  const applied = migrate(Object.keys(ROOMS).map((schema) => `${schema}=${join(stack.state, 'share/migrations', schema)}`));
  t.diagnostic(`${applied} migrations behind ${released.length} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  assert.ok(applied > 0);
  for (const [table, { columns, rows }] of before) assert.deepEqual(rowsOf(table, columns), rows, table);
  const now = new Set(stack.sql(TABLES));
  assert.deepEqual(tables.filter((table) => !now.has(table)), [], 'a table went');
  assert.equal(migrate(Object.keys(ROOMS).map((schema) => `${schema}=${join(stack.state, 'share/migrations', schema)}`)), 0, 'a second run does nothing');
  postgres('-m', 'fast', 'stop');
});

test('services go on with it', { timeout: 900_000 }, async () => {
  stack.up();
  const town = await stack.logIn('town_office'), county = await stack.logIn('county_office');
  const call = async (token, path, options = {}) => {
    const answer = await patient(`${stack.gateway}/api/v1/registry${path}`, { ...options, headers: { ...headersOf(token), ...options.headers } });
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const read = async (token, path) => {
    const { status, bytes } = await call(token, path);
    assert.equal(status, 200, bytes.toString());
    return JSON.parse(bytes);
  };
  const item = await read(town, `/items/${itemId(0)}`);
  assert.equal(item.title, '完成十四处供水工程改造');
  const content = await call(town, `/files/${FILE}/content`);
  assert.deepEqual([content.status, sha256(content.bytes)], [200, sha256(pdf)]);
  // What had been announced is told, each once.
  const told = new Set();
  for (let next = 0, page, deadline = performance.now() + 300_000; told.size < REPORTS; next = page.next_cursor) {
    page = await read(county, `/events?after=${next}&kind=report&limit=500&wait=30`);
    assert.ok(performance.now() < deadline, `${told.size} of ${REPORTS} are told`);
    for (const event of page.items) {
      assert.ok(!told.has(event.id), `${event.id} is told twice`);
      told.add(event.id);
    }
  }
  // What was under way goes on: an old report is decided, a new one comes in.
  const [waiting] = stack.sql("SELECT id FROM registry.report WHERE status = 'submitted' ORDER BY id LIMIT 1");
  const decided = await call(county, `/reports/${waiting}:confirm`, { method: 'POST', body: '{}', headers: { 'If-Match': '"1"' } });
  assert.equal(decided.status, 200, decided.bytes.toString());
  const report = await submit(stack.gateway, town, { n: 0, note: 'behind the upgrade', key: newKey() });
  assert.equal(report.status, 201, report.text);
  await assertSealed(stack);
});
