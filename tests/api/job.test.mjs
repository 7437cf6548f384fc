// tests/api/job.test.mjs - jobs and schedules over HTTP (J-004 to J-007): who sees them, how they are cancelled and tried again, what a schedule may be. What
// a worker does with them: tests/db/test_jobs.c; what the work itself is: batch.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { ended } from '../support/batches.mjs';
import { allOf, as, uuid } from '../support/client.mjs';
import { run } from '../support/database.mjs';
import { newJob, newSchedule } from '../support/jobs.mjs';
import { claimsOf, tokenOf } from '../support/tokens.mjs';
import { county, department, louxing, nobodysId, otherCounty, prefecture, shuangfeng, townOffice } from '../support/world.mjs';

const jobs = '/registry/jobs';
const schedules = '/registry/schedules';
const goodExport = { kind: 'organisations', format: 'csv' };
const goodSchedule = { owner_division: louxing, kind: 'export_table', rule: 'monthly 5 09:00', params: goodExport };

test('J-007: a job is its own caller\'s, and theirs who read jobs of the division', async () => {
  const answer = await department.post('/registry/exports', goodExport);
  const job = assertDone(answer, 202);
  assert.equal(answer.headers.get('location'), `/api/v1${jobs}/${job.id}`);
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
  const done = await ended(department, job);
  assertRecord(done, { status: 'done', kind: 'export_table', account_id: claimsOf(await tokenOf('department_office')).sub, estimated_end_at: null, error_code: null });
  assert.equal(done.done, done.total);
  assert.ok(done.result.file_id);
  for (const caller of [county, prefecture]) assertRecord(assertDone(await caller.get(`${jobs}/${job.id}`)), { id: job.id });
  for (const caller of [otherCounty, townOffice, as('integration')]) assertRefused(await caller.get(`${jobs}/${job.id}`), 404, 'not_found');
  const listed = async (caller) => (await allOf(caller, jobs, { kind: 'export_table' })).some((j) => j.id === job.id);
  assert.deepEqual([await listed(department), await listed(county), await listed(townOffice), await listed(otherCounty)], [true, true, false, false]);
});

test('J-007: a report says what became of the rows', async () => {
  const job = newJob();
  const [row] = await allOf(county, `${jobs}/${job.id}/rows`, { outcome: 'failed' });
  assertRecord(row, { row: 2, outcome: 'failed', code: 'not_a_date', record_id: null });
  assert.deepEqual(await allOf(county, `${jobs}/${job.id}/rows`, { outcome: 'created' }), []);
  assertRefused(await otherCounty.get(`${jobs}/${job.id}/rows`), 404, 'not_found');
  assertRefused(await county.get(`${jobs}/${nobodysId()}/rows`), 404, 'not_found');
});

test('J-007: how long it will take is told by the speed so far', async () => {
  const job = newJob();
  run(`UPDATE registry.job SET status = 'running', lease_until = 'infinity', total = 100, done = 50, started_at = now() - interval '60 seconds' WHERE id = '${job.id}'`);
  const shown = assertDone(await county.get(`${jobs}/${job.id}`));
  const wait = Date.parse(shown.estimated_end_at) - Date.now();
  assert.ok(wait > 50_000 && wait < 75_000, `${shown.estimated_end_at}`);
  assertRecord(assertDone(await county.post(`${jobs}/${job.id}:cancel`)), { status: 'cancelling', ended_at: null });
  assertRefused(await county.post(`${jobs}/${job.id}:cancel`), 409, 'state_conflict');
});

test('J-004, J-005: what waits is cancelled at once; what was cancelled or failed is tried again', async () => {
  const job = newJob();
  assertRecord(assertDone(await county.post(`${jobs}/${job.id}:cancel`)), { status: 'cancelled', version: 2 });
  assertRefused(await county.post(`${jobs}/${job.id}:cancel`), 409, 'state_conflict');
  const again = assertDone(await county.post(`${jobs}/${job.id}:retry`));
  assertRecord(again, { status: 'queued', ended_at: null, error_code: null, attempts: 0 });
  const done = newJob('county_office', { status: 'done' });
  assertRefused(await county.post(`${jobs}/${done.id}:retry`), 409, 'state_conflict');
  const own = newJob('town_office');
  assertDone(await townOffice.post(`${jobs}/${own.id}:cancel`));
  assertRefused(await townOffice.post(`${jobs}/${job.id}:cancel`), 404, 'not_found');
});

test('J-006: a schedule is made, changed and rests', async () => {
  const answer = await county.post(schedules, goodSchedule);
  const made = assertDone(answer, 201);
  assert.equal(answer.headers.get('location'), `/api/v1${schedules}/${made.id}`);
  assertRecord(made, { rule: 'monthly 5 09:00', enabled: true, last_job_id: null, version: 1 });
  assert.match(made.next_at, /-05T01:00:00/, 'nine in the morning in Shanghai');
  const rests = assertDone(await county.patch(`${schedules}/${made.id}`, 1, { enabled: false }));
  assertRecord(rests, { enabled: false, version: 2, params: made.params });
  assertRefused(await county.patch(`${schedules}/${made.id}`, 2, { params: {} }), 422, 'invalid', { pointer: '/params', code: 'unknown_field' });
  assert.ok((await allOf(prefecture, schedules)).some((s) => s.id === made.id));
  assert.ok(!(await allOf(otherCounty, schedules)).some((s) => s.id === made.id));
});

test('J-006: what is due is started, in the scope of who made it', async () => {
  const made = assertDone(await county.post(schedules, { ...goodSchedule, params: { kind: 'organisations', format: 'ndjson', filters: { division: louxing } } }), 201);
  run(`UPDATE registry.schedule SET next_at = now() - interval '1 second' WHERE id = '${made.id}'`);
  let now = made;
  for (let tries = 0; tries < 400 && now.last_job_id === null; tries++) {
    await new Promise((wait) => { setTimeout(wait, 100); });
    now = assertDone(await county.get(`${schedules}/${made.id}`));
  }
  assert.notEqual(now.last_job_id, null, 'within forty seconds');
  const job = await ended(county, { id: now.last_job_id });
  assertRecord(job, { status: 'done', schedule_id: made.id, owner_division: louxing });
  assertDone(await county.get(`/registry/files/${job.result.file_id}`));
  assertDone(await county.patch(`${schedules}/${made.id}`, 1, { enabled: false }));
});

test('J-006: no rule, no work, nobody\'s permission', async () => {
  const refused = (more, pointer, code) => county.post(schedules, { ...goodSchedule, ...more }).then((a) => assertRefused(a, 422, 'invalid', code ? { pointer, code } : { pointer }));
  await refused({ kind: 'nothing' }, '/kind', 'unknown_kind');
  await refused({ kind: 'apply_batch' }, '/kind', 'unknown_kind');
  for (const rule of ['sometimes', 'daily 25:00', 'monthly 31 09:00', 'every 0m', 'weekly xyz 08:00']) await refused({ rule }, '/rule');
  await refused({ params: { kind: 'nothing', format: 'csv' } }, /^\/params/);
  await refused({ params: { kind: 'organisations', format: 'pdf' } }, /^\/params/);
  await refused({ params: undefined }, /^\/params/);
  assertRefused(await county.post(schedules, { ...goodSchedule, owner_division: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await townOffice.post(schedules, goodSchedule), 403, 'forbidden');
  const theirs = newSchedule();
  assertRefused(await otherCounty.get(`${schedules}/${theirs.id}`), 404, 'not_found');
  assertRefused(await county.patch(`${schedules}/${theirs.id}`, 1, { rule: 'daily 24:00' }), 422, 'invalid', { pointer: '/rule' });
});

test('a schedule\'s id is taken once', async () => {
  const wanted = { id: uuid(), owner_division: louxing, kind: 'export_table', rule: 'yearly 01-05 09:00', params: { kind: 'items', format: 'csv', filters: {} } };
  assertDone(await county.post(schedules, wanted), 201);
  assertRefused(await county.post(schedules, wanted), 409, 'duplicate', { pointer: '/id' });
});
