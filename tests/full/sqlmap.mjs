// tests/full/sqlmap.mjs - every value of every operation of the contracts, by itself, in three steps. One: sqlmap's own words are taken down, and it must find a hole that is
// there. Two: each value is sent these words. One for which the service refuses all that are more than letters and digits without taking a connection to the database,
// while the same request with a good value takes one, cannot be injected; none may answer 500, as a statement broken by a word does. Three: sqlmap at work on those that get to a
// statement. Values of one type in one operation are bound alike to one statement: sqlmap looks at one of each first, then at the others, as long as there is time
// (ZEREN_SCAN_SECONDS); what it did not look at itself is counted. Services that share routes of the engine share their statements.
// ZEREN_SCAN_ONLY: a pattern of `METHOD /service/path`; ZEREN_SCAN_PART=K/N: one of N parts. Prints `ok` or `FAILED` for each operation.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { operations, toldOnce } from '../support/contract.mjs';
import { ops } from '../support/settings.mjs';
import { run } from '../support/database.mjs';
import { call, startBetween, startHole, startSame } from './between.mjs';
import { callerOf, requestOf } from './requests.mjs';

const WORK = process.env.ZEREN_SCAN_WORK;
const SECONDS = Number(process.env.ZEREN_SCAN_SECONDS ?? 3600);
const LAST_SECONDS = 240; // kept for what ends sessions
const ONE_SECONDS = 300; // for a value
const STEP = 8, AT_ONCE = 24; // words
const SQLMAP = ['--batch', '--dbms', 'PostgreSQL', '--level', '2', '--risk', '2', '--technique', 'BEUSTQ', '--time-sec', '2', '--ignore-stdin',
  '--ignore-code', '400,401,403,404,409,412,413,415,422,428,429,503', '--disable-coloring', '--flush-session', '--fresh-queries', '--skip-waf', '--timeout', '20', '-v', '1'];
const started = performance.now();
const passed = () => (performance.now() - started) / 1000;

// Who guesses passwords is not locked out, and who asks for a number a thousand times is answered. Records are made by known.mjs.
const unbound = () => run("UPDATE zeren.setting SET value = '1000000' WHERE key LIKE 'identity.lockout%failures' OR key LIKE 'monitoring.%_per_hour'");

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

// Letters and digits stand for a value, whatever they are put into.
const plain = (word) => /^\w+$/.test(word.replace('BASE', ''));

const sumOf = (a, b) => ({ taken: a.taken + b.taken, statuses: { ...a.statuses, ...b.statuses } });

// Every eighth word first: one of each of sqlmap's techniques.
const spread = (words) => [...words.filter((_, i) => i % STEP === 0), ...words.filter((_, i) => i % STEP !== 0)];

// One decoder refuses all values of a type in a place, and one statement takes all of a type in an operation: the first of each are sent every word, the rest every eighth,
// and every one where that goes otherwise. Verdict: proven | open | unreached.
const refusers = new Set(), takers = new Set();
async function prove(job, value, words) {
  const refuser = `${job.operation.service} ${value.place} ${value.type}`, taker = likeOf(job, value);
  const reached = await reaches(job, value), few = Math.ceil(words.length / STEP);
  let seen = await trial(job, value, words.slice(0, few));
  if (seen.taken > 0 ? takers.has(taker) : refusers.has(refuser)) job.few++;
  else seen = sumOf(seen, await trial(job, value, words.slice(few)));
  if (broken(seen.statuses)) job.faults.push(`${value.name} answers ${broken(seen.statuses)}`);
  const refused = Object.keys(seen.statuses).every((status) => status.startsWith('4') && !['401', '429'].includes(status));
  if (seen.taken > 0 || !refused) {
    takers.add(taker);
    return 'open';
  }
  if (reached) refusers.add(refuser);
  return reached ? 'proven' : 'unreached';
}

const statementOf = (o) => `${toldOnce.includes(o) ? o.service : 'registry'} ${o.method} ${o.path}`;
const likeOf = (job, value) => `${statementOf(job.operation)} ${value.place} ${value.type}`;

async function examine(operation, words) {
  const since = passed();
  const { role, status } = await callerOf(operation, call);
  const { values, render: whole } = await requestOf(operation, role);
  const leanRequest = await requestOf(operation, role, true);
  const job = { operation, name: `${operation.method} /${operation.service}${operation.path}`, status, faults: [], open: [], unreached: [], proven: 0, few: 0, requests: 0,
    role: operation.permission === 'public' ? undefined : role, whole, lean: (value, word) => leanRequest.render(leanRequest.values[values.indexOf(value)], word) };
  job.values = values.length;
  for (const value of values) {
    const verdict = await prove(job, value, words);
    if (verdict === 'proven') job.proven++;
    else job.open.push({ job, value, render: job.render, like: likeOf(job, value) });
    if (verdict === 'unreached') job.unreached.push(value.name);
  }
  job.seconds = passed() - since;
  return job;
}

// ---- three: sqlmap at work ----------------------------------------------------------------------------------------------------

async function scan({ job, value, render }, scans, host) {
  const name = String(scans.size), file = join(WORK, `${name}.request`);
  const scanned = { role: job.role, statuses: {} };
  scans.set(name, scanned);
  const { method, url, headers, text } = render(value, 'PUT-THE-MARK-HERE');
  const mark = (whole) => whole.replace('PUT-THE-MARK-HERE', () => `${value.place === 'body' ? JSON.stringify(value.base).slice(1, -1) : /path|query/.test(value.place) ? encodeURIComponent(value.base) : value.base}*`);
  const lines = Object.entries({ Host: host, 'X-Scan': name, Connection: 'close', ...headers }).map(([key, each]) => `${key}: ${mark(each)}\r\n`);
  writeFileSync(file, `${method} ${mark(url)} HTTP/1.1\r\n${lines.join('')}\r\n${mark(text)}`);
  const result = await sqlmap(['-r', file], ONE_SECONDS);
  const sum = Object.values(scanned.statuses).reduce((a, b) => a + b, 0);
  job.requests += sum;
  if (result.found) job.faults.push(`${value.name} is injectable\n${result.text}`);
  else if (!result.clean) job.faults.push(`${value.name} was not tested to the end\n${result.text}`);
  if (broken(scanned.statuses)) job.faults.push(`${value.name} answers ${broken(scanned.statuses)}`);
  if (job.role && (scanned.statuses[401] ?? 0) > 0) job.faults.push(`${value.name}: the session of ${job.role} was lost`);
}

function tell(job) {
  const names = (looked) => job.open.filter((each) => Boolean(each.looked) === looked).map(({ value }) => value.name).join(' ');
  const said = [`${job.values} values, as ${job.role ?? 'anyone'} (${job.status}), ${Math.round(job.seconds)} s, ${job.proven} refused before the database`,
    names(true) && `sqlmap, ${job.requests} requests: ${names(true)}`, names(false) && `as others: ${names(false)}`,
    job.unreached.length && `without a statement: ${job.unreached.join(' ')}`].filter(Boolean).join('; ');
  console.log(job.faults.length ? `FAILED ${job.name}: ${said}\n  ${job.faults.join('\n  ')}` : `ok ${job.name}: ${said}`);
}

// What ends sessions comes last: it may end the scan's own.
const ending = ({ id, path }) => /log_?out|:end$/.test(`${id}${path}`);

function wanted() {
  const only = new RegExp(process.env.ZEREN_SCAN_ONLY ?? ''), [part, parts] = (process.env.ZEREN_SCAN_PART ?? '1/1').split('/').map(Number);
  return operations.filter((o) => !/openapi/.test(o.path) && only.test(`${o.method} /${o.service}${o.path}`)).filter((_, i) => i % parts === part - 1);
}

// Connections are counted by service, so that services are looked at beside each other, and nothing else of one.
async function examineAll(all, words) {
  const jobs = [];
  const each = async (operation) => {
    try {
      jobs.push(await examine(operation, words));
      if (jobs.length % 25 === 0) console.log(`        ${jobs.length} of ${all.length} operations; ${Math.round(passed())} s`);
    } catch (error) {
      console.log(`FAILED ${operation.method} /${operation.service}${operation.path}: ${error.message}`);
    }
  };
  const inTurn = async (some) => { for (const operation of some) await each(operation); };
  await Promise.all(Object.keys(ops).map((service) => inTurn(all.filter((o) => o.service === service && !ending(o)))));
  await inTurn(all.filter(ending));
  return jobs;
}

// One of each first; {values, demanded: how many of them have to be looked at}.
function inOrder(values) {
  const likes = new Set();
  const first = values.filter(({ like }) => !likes.has(like) && likes.add(like));
  return { values: [...first, ...values.filter((each) => !first.includes(each))], demanded: first.length };
}

async function scanAll({ values, demanded }, scans, host, deadline) {
  let next = 0;
  const worker = async () => {
    while (next < values.length && passed() < deadline) {
      const each = values[next++];
      each.looked = true;
      await scan(each, scans, host);
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, cpus().length) }, worker));
  for (const { job, value } of values.slice(next, demanded)) job.faults.push(`${value.name}: there was no time for it (ZEREN_SCAN_SECONDS)`);
}

async function main() {
  unbound();
  const words = spread((await wordsOf()).filter((word) => !plain(word)));
  await findsAHole();
  const jobs = await examineAll(wanted(), words);
  const sum = (of) => jobs.reduce((total, job) => total + of(job), 0);
  const open = jobs.flatMap((job) => job.open), likes = new Set(open.map(({ like }) => like));
  console.log(`        ${jobs.length} operations, ${sum((job) => job.values)} values, ${sum((job) => job.proven)} refused before the database; ${open.length} get to a statement, ` +
    `of ${likes.size} kinds; ${sum((job) => job.values - job.few)} were sent every word, the others every eighth; ${Math.round(passed())} s`);
  const scans = new Map(), between = await startBetween(scans);
  await scanAll(inOrder(open.filter(({ job }) => !ending(job.operation))), scans, between.host, SECONDS - LAST_SECONDS);
  await scanAll(inOrder(open.filter(({ job }) => ending(job.operation))), scans, between.host, SECONDS);
  between.close();
  jobs.forEach(tell);
  const looked = open.filter((each) => each.looked);
  console.log(`        sqlmap looked at ${looked.length} values of ${new Set(looked.map(({ like }) => like)).size} kinds with ${sum((job) => job.requests)} requests; ` +
    `${open.length - looked.length} are bound as one of them is, and were sent its words; ${Math.round(passed())} s in all`);
  process.exit(); // connections are kept
}
await main();
