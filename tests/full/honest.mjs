// tests/full/honest.mjs SECONDS - an honest client at an address of its own (127.0.0.2): reads a page of organisations again and again, with a
// token, and prints how long it waited. Attacks are others'.
import { execFileSync } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';

const stack = fileURLToPath(new URL('../../deploy/stack', import.meta.url));
const token = execFileSync(stack, ['token', 'county_office'], { encoding: 'utf8' }).trim();
const url = `${process.env.ZEREN_TEST_HTTP}/api/v1/registry/organisations?limit=20`;
const end = performance.now() + Number(process.argv[2] ?? 5) * 1000;

// Each call on a connection of its own, as a person's browser comes anew.
const call = () => new Promise((resolve) => {
  const since = performance.now();
  const done = (status) => resolve({ status, ms: performance.now() - since });
  const request = http.get(url, { localAddress: '127.0.0.2', agent: false, headers: { Authorization: `Bearer ${token}` }, timeout: 10_000 }, (answer) => {
    answer.resume().on('end', () => done(answer.statusCode)).on('error', () => done(0));
  });
  request.on('timeout', () => request.destroy()).on('error', () => done(0));
});

const calls = [];
while (performance.now() < end) {
  calls.push(await call());
  await new Promise((resolve) => setTimeout(resolve, 50));
}
const times = calls.map(({ ms }) => ms).sort((a, b) => a - b);
const round = (ms) => Math.round(ms * 10) / 10;
const statuses = {};
for (const { status } of calls) statuses[status] = (statuses[status] ?? 0) + 1;
console.log(JSON.stringify({ calls: calls.length, failed: calls.filter(({ status }) => status !== 200).length, median_ms: round(times[times.length >> 1]),
  p99_ms: round(times[Math.floor(times.length * 0.99)]), worst_ms: round(times.at(-1)), statuses }));
