// tests/api/worker.test.mjs - the second process of a service: what it does behind requests, and how its settings turn that. Jobs: job.test.mjs; kills: tests/fault.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { uuid } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { startService } from '../support/service.mjs';
import { ops } from '../support/settings.mjs';

const started = [];
afterEach(() => Promise.all(started.splice(0).map((worker) => worker.stop()))); // each has a connection a task
async function worker(name, settings) {
  const made = await startService(name, settings);
  started.push(made);
  return made;
}
const metrics = async (base) => (await fetch(`${base}/metrics`)).text();
const value = async (at, name) => Number((await metrics(at.ops)).split('\n').find((line) => line.startsWith(name))?.split(' ').at(-1));
const tasks = async (base) => new Set([...(await metrics(base)).matchAll(/^zeren_work_steps_total\{.*task="([a-z_0-9]+)"\}/gm)].map(([, task]) => task));

test('as many jobs run at once as JOBS_AT_ONCE says', async () => {
  const three = await tasks((await worker('registry_worker', { JOBS_AT_ONCE: 3 })).ops);
  assert.deepEqual([1, 2, 3, 4].map((n) => three.has(`job_runner_${n}`)), [true, true, true, false]);
});

test('the feed is looked at as often as FEED_LOOK_MS says', async () => {
  const fast = await worker('registry_worker', { FEED_LOOK_MS: 10 });
  const steps = () => value(fast, 'zeren_work_steps_total{service="registry",task="feed_sequencer"}');
  const before = await steps();
  await within(20_000, async () => await steps() - before >= 150); // at its usual pace it looks a hundred times in twenty seconds
});

test('what time has used up goes, as often as HOUSEKEEPING_S says, an answer after IDEMPOTENCY_HOURS', async () => {
  const [old, young] = [uuid(), uuid()];
  run(`INSERT INTO registry.idempotency (account_id, key, digest, created_at) VALUES ('${old}', 'k', 'd', now() - interval '61 minutes'), ('${young}', 'k', 'd', now() - interval '50 minutes')`);
  const left = () => rows(`SELECT account_id FROM registry.idempotency WHERE account_id IN ('${old}', '${young}')`).map((row) => row.account_id);
  assert.equal(left().length, 2);
  const busy = await worker('registry_worker', { HOUSEKEEPING_S: 1, IDEMPOTENCY_HOURS: 1 });
  await within(60_000, () => left().length === 1);
  assert.deepEqual(left(), [young]);
  await within(60_000, async () => await value(busy, 'zeren_work_steps_total{service="registry",task="housekeeping"}') >= 3);
});

test('files, rows under new keys and the rest are the worker\'s, not of the process that takes requests', async () => {
  const [registry, identity] = [await worker('registry_worker', {}), await worker('identity_worker', {})];
  const [ofRegistry, ofIdentity] = [await tasks(registry.ops), await tasks(identity.ops)];
  for (const task of ['housekeeping', 'files_collector', 'job_keeper', 'feed_sequencer']) assert.ok(ofRegistry.has(task), task);
  for (const task of ['housekeeping', 'reseal', 'feed_sequencer']) assert.ok(ofIdentity.has(task), task);
  assert.ok(!ofIdentity.has('files_collector') && !ofRegistry.has('reseal'), 'where there is something to do');
  assert.match(await metrics(identity.ops), /^zeren_sealed_rows_unreadable\{/m);
  for (const base of Object.values(ops)) assert.doesNotMatch(await metrics(base), /zeren_(work|sealed)_/);
  await assert.rejects(startService('registry', { WORKER_DB: 'dbname=zeren user=registry_worker' }), /WORKER_DB/);
});
