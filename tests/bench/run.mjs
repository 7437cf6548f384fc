// tests/bench/run.mjs - what is measured, in which order, and what is printed. How: bench.mjs, reference.mjs, process.mjs.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureArchive } from './archive.mjs';
import { Bench } from './bench.mjs';
import { pgbench, fastify, texts } from './reference.mjs';
import { measureFeed, measureFollowing } from './feed.mjs';
import { measureImport } from './import.mjs';
import { measureProcesses } from './process.mjs';
import { measureRegistry } from './registry.mjs';
import { copyOfSelect, deltas, firstCopy } from './sync.mjs';

const TARGETS = { 'P1.direct': 0.32, 'P1.nginx': 0.17, 'P1.fastify': 5, 'P1.flood': 0.75, 'P1.flood_nginx': 0.75, 'P2.pipeline': 0.5, 'P2.nginx': 0.5, 'P2.400': 0.8, 'P7.copy': 0.5, 'P7.delta': 0.67, 'I1.stage': 0.5, 'I1.apply': 0.5,
  'P3.empty': 0.5, 'P3.10x': 0.5, 'P3.100x': 0.5, 'P1.household.10x': 0.32, 'P1.household.100x': 0.32, 'P6.archive': 0.67, 'P6.archive.province': 0.67, 'P5.find': 0.83, 'P5.households.village': 0.83,
  ...Object.fromEntries(['households.province', 'households.county', 'members.prefix'].flatMap((list) => ['10x', '100x'].map((at) => [`P5.${list}.${at}`, 0.83]))),
  'P1.contact': 0.32, 'P2.visit': 0.5, 'P5.visits.county': 0.83, 'P5.visits.province': 0.83, 'P5.obligations.county': 0.83, 'P6.obligations': 0.67 };
const REPORT = JSON.stringify({ value: '12.5', note: '三处已通水' });

const options = parseArgs({
  options: {
    only: { type: 'string' }, json: { type: 'string' }, seconds: { type: 'string' },
    scale: { type: 'string', default: '1' }, rounds: { type: 'string', default: '3' },
  },
}).values;
const wanted = (name) => !options.only || options.only.split(',').includes(name);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

// Runs each measurement once a round, one after another, so that both sides meet the same weather.
async function inTurn(rounds, sides) {
  const found = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [name, measure] of Object.entries(sides)) {
      const result = await measure();
      found[name].push(result);
      console.log(`  round ${round}  ${name.padEnd(12)} ${result.rate.toFixed(0).padStart(8)}/s${result.note ?? ''}`);
    }
  }
  return (name) => ({ rate: median(found[name].map((r) => r.rate)), failed: found[name].reduce((n, r) => n + (r.failed ?? 0), 0) });
}

const figures = {};
let failures = 0;

function compare(name, ours, reference, unit = 'requests/s') {
  if (!(reference.rate > 0)) throw new Error(`${name}: the reference answered nothing`);
  failures += ours.failed;
  figures[name] = { ours: Math.round(ours.rate), reference: Math.round(reference.rate), ratio: Number((ours.rate / reference.rate).toFixed(3)),
    target: TARGETS[name] ?? null, better: 'higher', unit };
}

async function measureReads(bench) {
  console.log(`P1: one item by id, 16 clients, ${bench.seconds} s each`);
  const get = (port) => () => bench.load({ port, connections: 16, role: 'county_office', targets: 'items' });
  const select = texts(bench).item_get;
  const node = await fastify(bench, select, false), prepared = await fastify(bench, select, true);
  try {
    const of = await inTurn(bench.rounds, {
      pgbench: () => pgbench.read(bench, select),
      direct: get(bench.stack.ports.REGISTRY),
      nginx: get(bench.stack.ports.HTTP),
      fastify: get(node.port),
      prepared: get(prepared.port),
    });
    compare('P1.direct', of('direct'), of('pgbench'));
    compare('P1.nginx', of('nginx'), of('pgbench'));
    compare('P1.fastify', { ...of('direct'), failed: 0 }, of('fastify'));
    compare('P1.fastify_prepared', { ...of('direct'), failed: 0 }, of('prepared'));
  } finally {
    node.stop();
    prepared.stop();
  }
}

// A token of ours in all but its signature: as dear to refuse as any.
function forge(token) {
  const at = token.lastIndexOf('.') + 20;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

// The same reads alone and while 64 clients of the same address send forged tokens as fast as they are answered.
async function measureFlood(bench) {
  console.log(`P1.flood: one item by id, 16 clients, alone and beside 64 clients with forged tokens, ${bench.seconds} s each`);
  const { HTTP, REGISTRY } = bench.stack.ports;
  const read = (port) => bench.load({ port, connections: 16, role: 'county_office', targets: 'items' });
  const flooded = async (port) => {
    const token = forge(await bench.stack.logIn('county_office'));
    const flood = bench.load({ port, connections: 64, token, targets: 'items', seconds: bench.seconds + 3 });
    const honest = await read(port);
    const forged = await flood;
    return { ...honest, note: `${honest.note}  beside ${forged.failed} refused` };
  };
  const of = await inTurn(bench.rounds, {
    alone: () => read(REGISTRY),
    flooded: () => flooded(REGISTRY),
    'nginx alone': () => read(HTTP),
    'nginx flooded': () => flooded(HTTP),
  });
  compare('P1.flood', of('flooded'), of('alone'));
  compare('P1.flood_nginx', of('nginx flooded'), of('nginx alone'));
}

async function measureWrites(bench) {
  console.log(`P2: one report with audit, outbox and idempotency, ${bench.seconds} s each`);
  const post = (port, connections) => () =>
    bench.load({ port, connections, role: 'town_office', targets: 'reports', body: REPORT, keys: true });
  const { HTTP, REGISTRY } = bench.stack.ports;
  const insert = texts(bench).report_insert;
  const of = await inTurn(bench.rounds, {
    pgbench: () => pgbench.write(bench, insert, JSON.parse(REPORT)),
    direct: post(REGISTRY, 16),
    'nginx 16': post(HTTP, 16),
    'nginx 32': post(HTTP, 32),
    'nginx 64': post(HTTP, 64),
    'nginx 400': post(HTTP, 400),
  });
  const best = [16, 32, 64, 400].map((n) => of(`nginx ${n}`)).reduce((a, b) => (b.rate > a.rate ? b : a));
  compare('P2.pipeline', of('direct'), of('pgbench'));
  compare('P2.nginx', of('nginx 16'), of('pgbench'));
  compare('P2.400', of('nginx 400'), best);
}

// The delta's target is told of times, 1.5; of rates it is its inverse.
async function measureSync(bench) {
  console.log('P7: the first thousand records of a device; a delta of a hundred, a million changes elsewhere');
  const token = await bench.stack.logIn('town_office');
  const form = bench.allForms('item_list').find(({ text }) => text.includes('ORDER BY r.id LIMIT') && !text.includes('WHERE r.id >'));
  const of = await inTurn(3 * bench.rounds, { copy: () => copyOfSelect(bench, form), sync: () => firstCopy(bench, token) });
  compare('P7.copy', of('sync'), of('copy'));
  const sides = await deltas(bench, await bench.stack.logIn('town_office'), 100 * bench.items);
  const by = await inTurn(bench.rounds, sides);
  compare('P7.delta', by('elsewhere'), by('none'));
}

async function measureLife(bench) {
  const minutes = bench.soak / 60;
  console.log(`P9: each service: starts, ${minutes.toFixed(1)} minutes at 400 clients, stops`);
  for (const [name, figure] of Object.entries(await measureProcesses(bench))) {
    failures += figure.failed ?? 0;
    figures[name] = { ours: Number(figure.ours.toFixed(3)), reference: null, ratio: null, target: figure.target, better: 'lower', unit: figure.unit };
  }
}

// A figure without a reference.
function note(name, { ours, target, unit, failed = 0, better = 'lower' }) {
  failures += failed;
  figures[name] = { ours: Number(ours.toFixed(3)), reference: null, ratio: null, target, better, unit };
}

function met({ ours, ratio, target, better }) {
  if (target === null) return true;
  const value = ratio ?? ours;
  return better === 'higher' ? value >= target : value <= target;
}

function print() {
  console.log(`\n${'figure'.padEnd(26)}${'ours'.padStart(10)}${'reference'.padStart(12)}${'ratio'.padStart(9)}${'target'.padStart(9)}`);
  for (const [name, f] of Object.entries(figures)) {
    const cells = [String(f.ours).padStart(10), String(f.reference ?? '').padStart(12), String(f.ratio ?? '').padStart(9), String(f.target ?? '').padStart(9)];
    console.log(`${name.padEnd(26)}${cells.join('')}  ${f.unit.padEnd(11)} ${met(f) ? 'met' : 'MISSED'}`);
  }
  console.log(`failed requests: ${failures}`);
}

const bench = new Bench({ seconds: Number(options.seconds ?? 8), soak: options.seconds ? Number(options.seconds) * 6 : 600,
  scale: options.scale === 'province' ? 5 : Number(options.scale), rounds: Number(options.rounds) });
try {
  bench.start();
  if (wanted('P1')) await measureReads(bench);
  if (wanted('P1') || wanted('P1.flood')) await measureFlood(bench);
  if (wanted('P2')) await measureWrites(bench);
  if (wanted('P7')) await measureSync(bench);
  if (wanted('I1')) await measureImport(bench, compare);
  if (wanted('F1')) await measureFeed(bench, { inTurn, compare, note });
  if (wanted('F2')) await measureFollowing(bench, { report: REPORT, note });
  await measureRegistry(bench, wanted, { inTurn, compare });
  await measureArchive(bench, wanted, { inTurn, compare, note });
  if (wanted('P9')) await measureLife(bench);
  print();
  if (options.json) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  if (failures > 0) process.exitCode = 1;
} finally {
  bench.stop();
}
