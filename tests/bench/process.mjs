// tests/bench/process.mjs - P9: how long each service takes to be ready and to stop, and what memory it takes. The processes measured
// are the stack's own, beside one of each started here on ports of its own for the times.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep, until } from '../support/own_stack.mjs';

const STARTS = 5;
const WORK = {
  identity: { role: 'county_office', targets: 'posts' },
  registry: { role: 'town_office', targets: 'items' },
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const seconds = (since) => (performance.now() - since) / 1000;

// Proportional set size: pages shared with others counted in part.
function pssOf(pid) {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
}

const ready = async (port) => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;

// The environment that the stack starts it with, on other ports.
function environment(bench, service, port) {
  const text = readFileSync(join(bench.stack.state, `conf/${service}.start`), 'utf8');
  const env = Object.fromEntries([...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]));
  return { ...env, ZEREN_PORT: String(port), ZEREN_OPS_PORT: String(port + 1) };
}

async function startOnce(bench, service) {
  const port = bench.stack.ports.HTTP + 11;
  const env = environment(bench, service, port);
  const since = performance.now();
  const child = bench.stack.spawnAs(join(bench.stack.state, 'bin', service), [], { env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until(() => ready(port + 1), 10, `${service} to be ready`);
  const toReady = seconds(since);
  await sleep(1000);
  const memory = pssOf(child.pid);
  child.kill('SIGTERM');
  await ended;
  return { toReady, memory };
}

// The stack's own process is ended while 400 clients use it; the supervisor starts it again.
async function stopUnderLoad(bench, service) {
  const pid = bench.stack.pid(service);
  const work = bench.load({ ...WORK[service], port: bench.stack.ports[service.toUpperCase()], connections: 400, seconds: 6 });
  await sleep(3000);
  const since = performance.now();
  process.kill(pid, 'SIGTERM');
  await until(() => { try { process.kill(pid, 0); return false; } catch { return true; } }, 20, `${service} to stop`);
  const took = seconds(since);
  await work;
  await until(() => ready(bench.stack.ports[`${service.toUpperCase()}_OPS`]), 20, `${service} to be back`);
  return took;
}

// 400 clients for the whole time, reads and (registry) writes, straight to the service: each connection is a thread of its own.
async function soak(bench, service) {
  const port = bench.stack.ports[service.toUpperCase()];
  const until_ = performance.now() + bench.soak * 1000;
  let failed = 0;
  while (performance.now() < until_) {
    const part = Math.max(2, Math.min(300, (until_ - performance.now()) / 1000)); // a token lives ten minutes
    const runs = service === 'registry'
      ? [{ ...WORK.registry, connections: 360 }, { ...WORK.registry, targets: 'reports', connections: 40, body: '{"value":"12.5"}', keys: true }]
      : [{ ...WORK.identity, connections: 400 }];
    const done = await Promise.all(runs.map((run) => bench.load({ ...run, port, seconds: part })));
    failed += done.reduce((n, run) => n + run.failed, 0);
    for (const run of done) console.log(`  ${service.padEnd(10)} ${run.rate.toFixed(0).padStart(8)}/s${run.note}`);
  }
  return { memory: pssOf(bench.stack.pid(service)), failed };
}

export async function measureProcesses(bench) {
  const found = {};
  const soaked = Object.fromEntries(await Promise.all(Object.keys(WORK).map(async (service) => [service, await soak(bench, service)])));
  for (const service of Object.keys(WORK)) {
    const starts = [];
    for (let i = 0; i < STARTS; i++) starts.push(await startOnce(bench, service));
    found[`P9.${service}.ready`] = { ours: median(starts.map((s) => s.toReady)), target: 1, unit: 's' };
    found[`P9.${service}.memory_start`] = { ours: median(starts.map((s) => s.memory)), target: 32, unit: 'MiB' };
    found[`P9.${service}.memory_400`] = { ours: soaked[service].memory, failed: soaked[service].failed, target: 64, unit: 'MiB' };
    found[`P9.${service}.stop`] = { ours: await stopUnderLoad(bench, service), target: 5, unit: 's' };
  }
  return found;
}
