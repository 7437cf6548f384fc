// tests/support/pace.mjs - what a promise in seconds is measured against: time without that in which the machine stood still, and how much slower than a quiet machine of the
// reference's kind this one is just now. What waits for a processor that others have is not the product's. Judges nothing.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

const TICK_MS = 10, HELD_UP_MS = 20; // of a thread that wants to run every ten milliseconds: what it is late beyond that is time nobody ran
const ticking = `const { workerData } = require('node:worker_threads');
const stood = new Float64Array(workerData), never = new Int32Array(new SharedArrayBuffer(4));
for (let last = performance.now(); ;) {
  Atomics.wait(never, 0, 0, ${TICK_MS});
  const now = performance.now();
  if (now - last > ${TICK_MS + HELD_UP_MS}) stood[0] += now - last - ${TICK_MS};
  last = now;
}`;
let stood;

// Begins; called, it tells the milliseconds since, without those that the machine stood still.
export function stopwatch() {
  if (!stood) {
    const shared = new SharedArrayBuffer(8);
    stood = new Float64Array(shared);
    new Worker(ticking, { eval: true, workerData: shared }).unref();
  }
  const began = performance.now(), before = stood[0];
  return () => performance.now() - began - (stood[0] - before);
}

const BURST_MS = 150, ROUNDS_A_MS = 160; // of one processor of the reference, when it does nothing else
const MOST = 5; // what keeps a promise has room; what breaks it is seen on a machine slower than that, too
const computing = `const { parentPort } = require('node:worker_threads');
const words = new Int32Array(4096);
const round = () => { let x = 1; for (let i = 0; i < 4096; i++) { x = Math.imul(x ^ words[i], 0x2c1b3c6d) + i | 0; words[i] = x; } };
const run = (ms) => { const began = performance.now(); let rounds = 0, took; do { round(); rounds++; took = performance.now() - began; } while (took < ms); return rounds / took; };
run(50);
parentPort.once('message', () => parentPort.postMessage(run(${BURST_MS})));
parentPort.postMessage('ready');`;

// 1 on a quiet machine, 3 where only a third of each processor is had, or each is a third as fast. To be asked when nothing of the test's own is at work.
export async function slowness() {
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(computing, { eval: true }));
  const said = () => Promise.all(workers.map((worker) => new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject); })));
  await said();
  const speeds = said();
  for (const worker of workers) worker.postMessage('go');
  const speed = (await speeds).reduce((sum, one) => sum + one, 0) / workers.length;
  await Promise.all(workers.map((worker) => worker.terminate()));
  return Math.min(MOST, Math.max(1, ROUNDS_A_MS / speed));
}
