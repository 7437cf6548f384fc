// tests/full/sqlmap.mjs - every value of every operation of the contracts, by itself, in three steps. One: sqlmap's own words are taken down, and it must
// find a hole that is there. Two: a value for which the services refuse every one of these words without taking a connection to the database, while the
// same request with a good value takes one, cannot be injected. Three: sqlmap at work on each of the others. Prints `ok` or `FAILED` for each operation.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { operations } from '../support/contract.mjs';
import { ops } from '../support/settings.mjs';
import { run } from '../support/database.mjs';
import { listInForce, newList, report, townOffice, unitOf, valueItem } from '../support/world.mjs';
import { call, startBetween, startHole, startSame } from './between.mjs';
import { callerOf, requestOf } from './requests.mjs';

const WORK = process.env.ZEREN_SCAN_WORK;
const SECONDS = Number(process.env.ZEREN_SCAN_SECONDS ?? 1500);
const FIRST = 8, AT_ONCE = 24; // words
const SQLMAP = ['--batch', '--dbms', 'PostgreSQL', '--level', '2', '--risk', '2', '--technique', 'BEUSTQ', '--time-sec', '2', '--ignore-stdin',
  '--ignore-code', '400,401,403,404,409,412,413,415,422,428,429,503', '--disable-coloring', '--flush-session', '--fresh-queries', '--skip-waf', '--timeout', '20', '-v', '1'];
const started = performance.now();
const passed = () => (performance.now() - started) / 1000;

// Something of each kind to be found by a statement that is reached; who guesses passwords is not locked out.
async function furnish() {
  run("UPDATE zeren.setting SET value = '1000000' WHERE key LIKE 'identity.lockout%failures'");
  const unit = await unitOf('town_office');
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  await report(item, { value: '1', reported_on: '2025-03-31' }, townOffice);
  await newList();
}

let runs = 0;
function sqlmap(args, seconds) {
  const out = join(WORK, `out-${runs++}`);
  mkdirSync(out);
  return new Promise((done) => {
    const child = spawn('timeout', [String(Math.ceil(seconds)), 'sqlmap', ...args, '--output-dir', out, ...SQLMAP],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TERM: 'dumb', no_proxy: '*' } });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { text += chunk; });
    child.on('close', (status) => {
      const found = /identified the following injection point|sqlmap resumed the following/.test(text);
      const clean = /all tested parameters do not appear to be injectable/.test(text);
      done({ found, clean, text: `${text.slice(-1500)} (${status})` });
    });
  });
}

// ---- one: the scanner -------------------------------------------------------------------------------------------------------

// What sqlmap puts in place of a value: words that stand for it, or behind it.
async function wordsOf() {
  const seen = [], same = await startSame(seen);
  const { clean, text } = await sqlmap(['-u', `http://${same.host}/?v=BASE*`], 120);
  same.close();
  const words = [...new Set(seen)].filter((word) => word !== 'BASE' && word !== '');
  if (!clean || words.length < 100) throw new Error(`sqlmap said ${words.length} words\n${text}`);
  console.log(`ok sqlmap tries ${words.length} words on a value`);
  return words;
}

async function findsAHole() {
  const hole = await startHole();
  const { found, text } = await sqlmap(['-u', `http://${hole.host}/?v=identity*`], 120);
  hole.close();
  console.log(found ? 'ok sqlmap finds a hole that is there' : `FAILED sqlmap does not find a hole that is there\n${text}`);
}

// ---- two: what is refused before the database ---------------------------------------------------------------------------------

async function connectionsTaken(service) {
  const text = await (await fetch(`${ops[service]}/metrics`)).text();
  return Number(/^zeren_db_acquired_total\S* (\d+)$/m.exec(text)[1]);
}

// {taken, statuses}: connections to the database that these words took; undefined stands for the good value.
async function trial(job, value, words) {
  const statuses = {}, before = await connectionsTaken(job.operation.service);
  let next = 0;
  const work = async () => {
    while (next < words.length) {
      const { status } = await call(job.render(value, words[next++]?.replace('BASE', () => value.base)), job.role);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { taken: (await connectionsTaken(job.operation.service)) - before, statuses };
}

const broken = (statuses) => Object.keys(statuses).filter((status) => status === '500' || status === '0').join();

// The request as whole as can be whose good value gets to the database.
async function reaches(job, value) {
  for (const lean of [false, true]) {
    job.render = lean ? job.lean : job.whole;
    if ((await trial(job, value, [undefined])).taken > 0) return true;
  }
  job.render = job.whole;
  return false;
}

// proven | open | unreached
async function prove(job, value, words) {
  const reached = await reaches(job, value);
  let statuses = {};
  for (const part of [words.slice(0, FIRST), words.slice(FIRST)]) {
    const seen = await trial(job, value, part);
    statuses = { ...statuses, ...seen.statuses };
    if (broken(seen.statuses)) job.faults.push(`${value.name} answers ${broken(seen.statuses)}`);
    if (seen.taken > 0) return 'open';
  }
  const refused = Object.keys(statuses).every((status) => status.startsWith('4') && !['401', '429'].includes(status));
  if (!refused) return 'open';
  return reached ? 'proven' : 'unreached';
}

async function examine(operation, words) {
  const { role, status } = await callerOf(operation, call);
  const { values, render: whole } = await requestOf(operation, role);
  const leanRequest = await requestOf(operation, role, true);
  const job = { operation, name: `${operation.method} /${operation.service}${operation.path}`, status, faults: [], open: [], unreached: [], proven: 0, requests: 0,
    role: operation.permission === 'public' ? undefined : role, whole, lean: (value, word) => leanRequest.render(leanRequest.values[values.indexOf(value)], word) };
  job.values = values.length;
  for (const value of values) {
    const verdict = await prove(job, value, words);
    if (verdict === 'proven') job.proven++;
    else job.open.push({ value, render: job.render });
    if (verdict === 'unreached') job.unreached.push(value.name);
  }
  return job;
}

// ---- three: sqlmap at work ----------------------------------------------------------------------------------------------------

async function scan(job, { value, render }, scans, host) {
  const name = String(scans.size), file = join(WORK, `${name}.request`);
  const scanned = { role: job.role, statuses: {} };
  scans.set(name, scanned);
  const { method, url, headers, text } = render(value, 'PUT-THE-MARK-HERE');
  const mark = (whole) => whole.replace('PUT-THE-MARK-HERE', () => `${value.place === 'body' ? JSON.stringify(value.base).slice(1, -1) : /path|query/.test(value.place) ? encodeURIComponent(value.base) : value.base}*`);
  const lines = Object.entries({ Host: host, 'X-Scan': name, Connection: 'close', ...headers }).map(([key, each]) => `${key}: ${mark(each)}\r\n`);
  writeFileSync(file, `${method} ${mark(url)} HTTP/1.1\r\n${lines.join('')}\r\n${mark(text)}`);
  const result = await sqlmap(['-r', file], Math.max(20, SECONDS - passed()));
  const sum = Object.values(scanned.statuses).reduce((a, b) => a + b, 0);
  job.requests += sum;
  if (result.found) job.faults.push(`${value.name} is injectable\n${result.text}`);
  else if (!result.clean) job.faults.push(`${value.name} was not tested to the end\n${result.text}`);
  if (broken(scanned.statuses)) job.faults.push(`${value.name} answers ${broken(scanned.statuses)}`);
  if (job.role && (scanned.statuses[401] ?? 0) > 0) job.faults.push(`${value.name}: the session of ${job.role} was lost`);
}

function tell(job) {
  const open = job.open.map(({ value }) => value.name).join(' ');
  const said = `${job.name}: ${job.values} values, as ${job.role ?? 'anyone'} (${job.status}), ${job.proven} refused before the database` +
    `${open ? `; sqlmap, ${job.requests} requests: ${open}` : ''}${job.unreached.length ? `; without a statement: ${job.unreached.join(' ')}` : ''}`;
  console.log(job.faults.length ? `FAILED ${said}\n  ${job.faults.join('\n  ')}` : `ok ${said}`);
}

// What ends sessions comes last: it may end the scan's own.
const ending = ({ id, path }) => /log_?out|:end$/.test(`${id}${path}`);

async function main() {
  await furnish();
  const words = await wordsOf();
  await findsAHole();
  const only = new RegExp(process.env.ZEREN_SCAN_ONLY ?? '');
  const wanted = operations.filter((o) => !/openapi/.test(o.path) && only.test(`${o.method} /${o.service}${o.path}`)).sort((a, b) => ending(a) - ending(b));
  const jobs = [];
  for (const operation of wanted) {
    try {
      jobs.push(await examine(operation, words));
    } catch (error) {
      console.log(`FAILED ${operation.method} /${operation.service}${operation.path}: ${error.message}`);
    }
  }
  const sum = (of) => jobs.reduce((total, job) => total + of(job), 0);
  console.log(`        ${sum((job) => job.values)} values, ${sum((job) => job.proven)} refused before the database, ${sum((job) => job.open.length)} for sqlmap; ${Math.round(passed())} s`);
  const scans = new Map(), between = await startBetween(scans);
  const queue = jobs.flatMap((job) => (job.open.length ? job.open.map((each) => [job, each]) : [[job]]));
  for (const job of jobs) job.left = Math.max(1, job.open.length);
  const worker = async () => {
    for (let next; (next = queue.shift());) {
      const [job, each] = next;
      if (each) await scan(job, each, scans, between.host);
      if (--job.left === 0) tell(job);
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, cpus().length) }, worker));
  between.close();
  console.log(`        ${Math.round(passed())} s in all`);
  process.exit(); // connections are kept
}
await main();
