// tests/bench/archive.mjs - the archive: P3 (households and members as tables, staged, applied and their people confirmed, against COPY of what that leaves), P1.household, P5 of households and members, P6 of its
// figures, at ten and a hundred times the households that were imported; those are copies of them, made by SQL. Sealed values of copies in the measured county are left out, for a ciphertext opens
// under its own record alone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, sleep, until } from '../support/own_stack.mjs';
import { call, upload, worked } from './import.mjs';
import { pgbench } from './reference.mjs';

const COUNTY = '431302', TOWNS = 20, VILLAGES = 16, PER_COUNTY = 10;
const API = '/api/v1/monitoring';
const LIMIT = 50, WALK = 500;
const BREATH = 200; // ms: connections that the service closed while a script held everything up are noticed
const SURNAME = encodeURIComponent('王');

const villages = Array.from({ length: TOWNS * VILLAGES }, (_, n) => COUNTY + String(1 + (n % TOWNS)).padStart(3, '0') + String(1 + Math.floor(n / TOWNS)).padStart(3, '0'));

function divisions(bench) {
  bench.stack.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    SELECT gen_random_uuid(), v, v, '合成村' || right(v, 6), 5, left(v, 9) || '000', '2020-01-01' FROM unnest('{${villages}}'::text[]) AS v ON CONFLICT DO NOTHING;
    ANALYZE registry.division`);
}

// ---- P3

// A part of one archive, of people who are in no other part.
function generated(bench, part) {
  const out = join(bench.stack.state, `generated.${part}`);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'villages'), villages.map((code) => `${code},合成村\n`).join(''));
  execFileSync(join(ROOT, 'tests/data/generate'), ['--households', String(bench.items), '--skip', String(part * bench.items), '--out', out, '--villages', join(out, 'villages')]);
  return { homes: readFileSync(join(out, 'households.csv')), members: readFileSync(join(out, 'members.csv')) };
}

const status = (bench, name, field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${bench.stack.pid(name)}/status`, 'utf8'))[1]) / 1024;

// Seconds of CPU that the worker and every process of PostgreSQL, those that have ended, too, have used.
function used(bench) {
  const [master] = readFileSync(join(bench.stack.sql('SHOW data_directory')[0], 'postmaster.pid'), 'utf8').split('\n');
  const times = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' '); // from the third field on
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [, parent, , , , , , , , , , user, system, childUser, childSystem] = times(pid);
      if (pid === master) ticks += Number(childUser) + Number(childSystem);
      if (pid === master || parent === master || Number(pid) === bench.stack.pid('monitoring_worker')) ticks += Number(user) + Number(system);
    } catch { /* has ended meanwhile */ }
  }
  return ticks / 100;
}

async function imported(bench, part) {
  const { homes, members } = generated(bench, part);
  await sleep(BREATH);
  const files = { file_id: await upload(bench, homes), member_file_id: await upload(bench, members) };
  const before = used(bench);
  const staged = await call(bench, 'county_office', 'POST', '/batches', { body: { kind: 'archive', title: 'P3', ...files } });
  const id = staged.result.batch_id;
  const stage = await worked(bench, staged);
  const { version, failed, rows } = await call(bench, 'county_office', 'GET', `/batches/${id}`);
  if (failed > 0) throw new Error(`${failed} rows of a clean archive failed`);
  const applying = await call(bench, 'monitoring_office', 'POST', `/batches/${id}:apply`, { body: {}, headers: { 'If-Match': `"${version}"` } });
  const apply = await worked(bench, applying);
  const confirm = await until(() => bench.stack.sql('SELECT 1 FROM monitoring.person_check LIMIT 1').length === 0, 900, 'people to be confirmed');
  return { id, rows, stage, apply, confirm, cpu: used(bench) - before };
}

const columnsOf = (bench, table) => bench.stack.sql(`SELECT attname FROM pg_attribute WHERE attrelid = 'monitoring.${table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
  ORDER BY attnum`);

// Seconds of COPY of everything that the batch left into the same tables as they were before, without triggers and without foreign keys; of its events into an empty table of the same shape.
function copied(bench, batch) {
  const home = `SELECT id FROM monitoring.household WHERE batch_id = '${batch}'`, person = `SELECT id FROM monitoring.member WHERE batch_id = '${batch}'`;
  const wrote = { person_key: `member_id IN (${person})`, batch_row: `batch_id = '${batch}'`, finding: `household_id IN (${home})`, household_token: `household_id IN (${home})`, member: `batch_id = '${batch}'`,
    household: `batch_id = '${batch}'` };
  const data = bench.stack.sql('SHOW data_directory')[0];
  const lists = Object.fromEntries(Object.keys(wrote).map((table) => [table, columnsOf(bench, table).join(', ')]));
  const each = (make) => Object.entries(wrote).map(([table, where]) => make(table, where, join(data, `p3.${table}`))).join('\n');
  const event = join(data, 'p3.event');
  bench.stack.sql(each((table, where, file) => `COPY (SELECT ${lists[table]} FROM monitoring.${table} WHERE ${where}) TO '${file}';`)
    + `COPY (SELECT e.* FROM monitoring.event e WHERE e.id IN (${home} UNION ALL ${person})) TO '${event}'`);
  bench.stack.sql(`SET session_replication_role = replica; ${each((table, where) => `DELETE FROM monitoring.${table} WHERE ${where};`)}`);
  bench.stack.sql(each((table) => `VACUUM monitoring.${table};`));
  const before = used(bench);
  const said = bench.stack.sql(`SET session_replication_role = replica; CREATE TABLE monitoring.p3 (LIKE monitoring.event_0 INCLUDING DEFAULTS INCLUDING INDEXES);
    \\timing on
    ${each((table, where, file) => `COPY monitoring.${table} (${lists[table]}) FROM '${file}';`)}
    COPY monitoring.p3 FROM '${event}';
    \\timing off
    DROP TABLE monitoring.p3; ${each((table, where, file) => `COPY (SELECT) TO '${file}';`)} COPY (SELECT) TO '${event}'`);
  const cpu = used(bench) - before;
  bench.stack.sql(each((table) => `ANALYZE monitoring.${table};`)); // or tables that were empty when they were vacuumed are planned as if they were still
  const seconds = [...said.join('\n').matchAll(/Time: ([0-9.]+) ms/g)].reduce((sum, [, ms]) => sum + Number(ms), 0) / 1000;
  return { seconds, cpu };
}

async function measureImport(bench, name, part, { compare, note }) {
  const got = await imported(bench, part);
  const ours = got.rows / (got.stage + got.apply + got.confirm), { seconds, cpu } = copied(bench, got.id);
  await sleep(BREATH);
  console.log(`  ${name}: ${got.rows} rows; staged ${got.stage.toFixed(1)} s, applied ${got.apply.toFixed(1)} s, confirmed ${got.confirm.toFixed(1)} s behind; COPY ${seconds.toFixed(1)} s; CPU ${got.cpu.toFixed(1)} s against ${cpu.toFixed(1)} s`);
  compare(name, { rate: ours, failed: 0 }, { rate: got.rows / seconds }, 'rows/s');
  compare(`${name}.cpu`, { rate: got.rows / got.cpu, failed: 0 }, { rate: got.rows / cpu }, 'rows/s of CPU');
  note(`${name}.confirmed`, { ours: got.confirm, target: null, unit: 's behind' });
  note(`${name}.worker`, { ours: status(bench, 'monitoring_worker', 'VmHWM'), target: null, unit: 'MiB at most' });
  return got.id;
}

// ---- copies: the n-th of ten stands in the county itself, others in counties of their own

const countyOf = (n) => (n < PER_COUNTY ? COUNTY : `43${String(1000 + Math.floor(n / PER_COUNTY)).padStart(4, '0')}`);

function copy(bench, n) {
  const county = countyOf(n), own = county === COUNTY;
  const uuid = (of) => `md5(${of} || ':${n}')::uuid`, moved = (of) => `'${county}' || substr(${of}, 7)`;
  const put = (table, given) => {
    const columns = columnsOf(bench, table);
    return `INSERT INTO monitoring.${table} (${columns.join(', ')}) SELECT ${columns.map((c) => given[c] ?? `x.${c}`).join(', ')} FROM monitoring.bench_${table} x;`;
  };
  const shared = { id: uuid('x.id'), owner_division: moved('x.owner_division'), at_division: moved('x.at_division'), phone: 'NULL', phone_hash: 'NULL', batch_id: 'NULL' };
  const sealed = own ? { certificate_kind: "'none'", id_number: 'NULL', id_number_hash: 'NULL', confirmation: "'none'", health: 'NULL' } : { id_number_hash: `sha256(x.id_number_hash || '${n}'::bytea)` };
  bench.stack.sql(`SET session_replication_role = replica; BEGIN;
    ${put('household', { ...shared, head_member_id: uuid('x.head_member_id'), household_number: `x.household_number || '-${n}'` })}
    ${put('member', { ...shared, household_id: uuid('x.household_id'), ...sealed })}
    ${put('household_token', { household_id: uuid('x.household_id'), owner_division: moved('x.owner_division') })}
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, households, members, monitored, eliminated)
    SELECT ${moved('f.owner_division')}, f.day, f.measure, f.key, f.households, f.members, f.monitored, f.eliminated FROM monitoring.bench_figures f;
    COMMIT`);
}

// Indexes are made again behind the copies; those of keys that others refer to stay.
function withoutIndexes(bench, work) {
  const indexes = bench.stack.sql(`SELECT i.indexname || '|' || translate(i.indexdef, E'\\n', ' ') FROM pg_indexes i WHERE i.schemaname = 'monitoring' AND i.tablename IN ('household', 'member', 'household_token')
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)`).map((line) => line.split(/\|(.*)/s));
  bench.stack.sql(`ALTER TABLE monitoring.household_token DROP CONSTRAINT household_token_pkey; ${indexes.map(([name]) => `DROP INDEX monitoring.${name}`).join('; ')}`);
  work();
  bench.stack.sql(`SET maintenance_work_mem = '512MB'; ${indexes.map(([, made]) => made).join('; ')};
    ALTER TABLE monitoring.household_token ADD CONSTRAINT household_token_pkey PRIMARY KEY (household_id, token)`);
}

async function grow(bench, batch, from, to) {
  const since = performance.now();
  bench.stack.sql(`CREATE TABLE monitoring.bench_household AS SELECT * FROM monitoring.household x WHERE x.batch_id = '${batch}';
    CREATE TABLE monitoring.bench_member AS SELECT * FROM monitoring.member x WHERE x.batch_id = '${batch}';
    CREATE TABLE monitoring.bench_household_token AS SELECT * FROM monitoring.household_token x WHERE x.household_id IN (SELECT h.id FROM monitoring.bench_household h)`);
  withoutIndexes(bench, () => {
    for (let n = from; n < to; n++) copy(bench, n);
  });
  bench.stack.sql('DROP TABLE monitoring.bench_household, monitoring.bench_member, monitoring.bench_household_token');
  bench.stack.sql('VACUUM ANALYZE monitoring.household, monitoring.member, monitoring.household_token');
  await until(() => bench.stack.sql('SELECT 1 FROM monitoring.archive_delta LIMIT 1').length === 0, 900, 'the figures');
  await sleep(BREATH);
  console.log(`  ${to * bench.items} households, made in ${((performance.now() - since) / 1000).toFixed(0)} s`);
}

// ---- reads

async function ask(bench, token, path) {
  const answer = await fetch(bench.stack.monitoring + path, { headers: { Authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

// Pages as far behind as the list goes, by the next cursors of a walk in larger steps: the last tenth of it, or those behind page 10,000.
async function deepPages(bench, role, path) {
  const seen = [], token = await bench.stack.logIn(role);
  for (let cursor, got = 0; got < 10_000 * LIMIT + 20 * WALK; ) {
    const page = await ask(bench, token, `${path}&limit=${WALK}${cursor ? `&cursor=${cursor}` : ''}`);
    got += page.items.length;
    cursor = page.next_cursor;
    if (!cursor) break;
    seen.push(cursor);
  }
  if (seen.length < 2) return null;
  const last = seen.slice(0, -1).slice(-Math.max(1, Math.min(20, Math.floor(seen.length / 10))));
  console.log(`  ${path}: pages behind record ${(seen.length - last.length) * WALK}`);
  return last.map((cursor) => `${path}&limit=${LIMIT}&cursor=${cursor}`);
}

const LISTS = {
  'P5.households.province': ['province_office', `${API}/households?status=active`],
  'P5.households.county': ['county_office', `${API}/households?status=active`],
  'P5.members.prefix': ['county_office', `${API}/members?name_prefix=${SURNAME}&sort=name`],
};
// Without a deep page: at a hundred times against ten times the households.
const GROWING = {
  'P5.households.village': ['county_office', `${API}/households?division=${villages[5]}&limit=${LIMIT}`],
  'P6.archive': ['county_office', `${API}/archive_figures?by=household_type`],
  'P6.archive.province': ['province_office', `${API}/archive_figures?by=division`],
};

async function read(bench, role, name) {
  return () => bench.load({ port: bench.stack.ports.MONITORING, connections: 16, role, targets: name });
}

// Who is asked for stands in the body, one number a run.
async function findOne(bench, number) {
  bench.files.find = bench.targets('find', [`${API}/members:find`]);
  return () => bench.load({ port: bench.stack.ports.MONITORING, connections: 16, role: 'monitoring_office', targets: 'find', body: JSON.stringify({ id_number: number }) });
}

async function measureLists(bench, at, { inTurn, compare }) {
  for (const [name, [role, path]] of Object.entries(LISTS)) {
    bench.files.first_page = bench.targets('first_page', [`${path}&limit=${LIMIT}`]);
    const deep = await deepPages(bench, role, path);
    if (deep === null) {
      console.log(`  ${name}: no page behind record ${WALK}`);
      continue;
    }
    bench.files.deep_pages = bench.targets('deep_pages', deep);
    const of = await inTurn(bench.rounds, { first: await read(bench, role, 'first_page'), deep: await read(bench, role, 'deep_pages') });
    compare(`${name}.${at}`, of('deep'), of('first'), 'pages/s');
  }
}

async function measureGrowing(bench, number, { inTurn }) {
  const found = {};
  for (const [name, [role, path]] of Object.entries(GROWING)) {
    bench.files.growing = bench.targets('growing', [path]);
    found[name] = (await inTurn(bench.rounds, { one: await read(bench, role, 'growing') }))('one');
  }
  found['P5.find'] = (await inTurn(bench.rounds, { one: await findOne(bench, number) }))('one');
  return found;
}

async function measureHousehold(bench, at, batch, { inTurn, compare }) {
  const { household_get } = bench.forms('household_get');
  await sleep(BREATH);
  const ids = bench.stack.sql(`SELECT id FROM monitoring.household WHERE batch_id = '${batch}' ORDER BY id LIMIT 5000`);
  bench.files.households = bench.targets('households', ids.map((id) => `${API}/households/${id}`));
  const among = Object.assign(Object.create(bench), { ids, given: { caller_may_minor_read: false } });
  const of = await inTurn(bench.rounds, { pgbench: () => pgbench.read(among, household_get), direct: await read(bench, 'county_office', 'households') });
  compare(`P1.household.${at}`, of('direct'), of('pgbench'));
}

function memory(bench, { note }) {
  for (const name of ['identity', 'registry', 'monitoring', 'monitoring_worker']) {
    const text = readFileSync(`/proc/${bench.stack.pid(name)}/smaps_rollup`, 'utf8');
    for (const field of ['Rss', 'Pss']) note(`P3.${name}.${field}`, { ours: Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)[1]) / 1024, target: null, unit: 'MiB' });
  }
}

const KINDS = ['P3', 'P1.household', 'P5.households', 'P6.archive'];

export async function measureArchive(parent, wanted, tools) {
  const chosen = KINDS.filter(wanted);
  if (chosen.length === 0) return;
  const bench = Object.assign(Object.create(parent), { service: 'monitoring' });
  console.log(`${chosen.join(', ')}: ${bench.items} households imported, then ${10 * bench.items} and ${100 * bench.items}`);
  divisions(bench);
  const batch = await measureImport(bench, 'P3.empty', 0, tools);
  await until(() => bench.stack.sql('SELECT 1 FROM monitoring.archive_delta LIMIT 1').length === 0, 900, 'the figures');
  bench.stack.sql('CREATE TABLE monitoring.bench_figures AS SELECT * FROM monitoring.archive_rollup r WHERE r.level = 5');
  const number = generated(bench, 0).members.toString().split('\r\n', 2)[1].split(',')[5];
  let before;
  for (const [at, from, to] of [['10x', 1, 10], ['100x', 10, 100]]) {
    await grow(bench, batch, from, to);
    if (wanted('P3')) await measureImport(bench, `P3.${at}`, to, tools);
    if (wanted('P1.household')) await measureHousehold(bench, at, batch, tools);
    if (wanted('P5.households')) await measureLists(bench, at, tools);
    if (wanted('P5.households') || wanted('P6.archive')) {
      const now = await measureGrowing(bench, number, tools);
      if (before) for (const [name, figure] of Object.entries(now)) tools.compare(name, figure, before[name], 'requests/s');
      before = now;
    }
  }
  memory(bench, tools);
}
