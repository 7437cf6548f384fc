// tests/api/job.test.mjs - jobs and schedules over HTTP (J-004 to J-011): who sees them, how they are cancelled and tried again, what a schedule may be, and
// what becomes of both when their maker's right ends. What a worker does with them: tests/db/test_jobs.c; what the work itself is: batch.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { within } from '../support/accounts.mjs';
import { bearer, grant, newCaller, security, system } from '../support/admins.mjs';
import { csv, download, ended, staged, verb } from '../support/batches.mjs';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { newJob, newSchedule } from '../support/jobs.mjs';
import { claimsOf, tokenOf } from '../support/tokens.mjs';
import { county, department, louxing, newOrganisation, nobodysId, otherCounty, prefecture, shuangfeng, town, townOffice } from '../support/world.mjs';

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
  assert.ok(wait > 30_000 && wait < 120_000, `${shown.estimated_end_at}`);
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
  for (let tries = 0; tries < 1200 && now.last_job_id === null; tries++) {
    await new Promise((wait) => { setTimeout(wait, 100); });
    now = assertDone(await county.get(`${schedules}/${made.id}`));
  }
  assert.notEqual(now.last_job_id, null, 'within two minutes');
  const job = await ended(county, { id: now.last_job_id });
  assertRecord(job, { status: 'done', schedule_id: made.id, owner_division: louxing });
  assertDone(await county.get(`/registry/files/${job.result.file_id}`));
  assertDone(await county.patch(`${schedules}/${made.id}`, 1, { enabled: false }));
});

test('J-013: a schedule by work days that came to the calendar\'s end has no next time, and one again when the calendar goes on', async () => {
  assert.equal(assertDone(await county.get(`${schedules}/${newSchedule().id}`)).next_at, null);
  const made = assertDone(await county.post(schedules, { ...goodSchedule, rule: 'workday 08:30' }), 201);
  run(`UPDATE registry.schedule SET next_at = 'infinity' WHERE id = '${made.id}'`);
  let now = { next_at: null };
  for (let tries = 0; tries < 1200 && now.next_at === null; tries++) {
    await new Promise((wait) => { setTimeout(wait, 100); });
    now = assertDone(await county.get(`${schedules}/${made.id}`));
  }
  assert.ok(Date.parse(now.next_at) > Date.now() - 60_000, now.next_at);
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

// ---- what the maker may do now

// Somebody whose post has a role of its own.
async function newMaker(division = louxing, ranges = [division]) {
  const permissions = ['organisation.read', 'job.read', 'job.schedule'];
  const role = assertDone(await security.post('/identity/roles', { code: unique('r'), label: '导出', owner_division: division, permissions }), 201);
  return { role, ...(await newCaller(division, { role: role.code, ranges, lines: null })) };
}

// A job of theirs that no worker has begun, and one that is let go on.
async function waiting(caller, body = goodExport, options = {}) {
  const job = assertDone(await caller.post('/registry/exports', body, options), 202);
  assertRecord(await ended(caller, job), { status: 'done' });
  run(`UPDATE registry.job SET status = 'queued', ended_at = NULL, result = '{}', done = 0, attempts = 0, not_before = 'infinity' WHERE id = '${job.id}'`);
  return job;
}
const goOn = (job) => run(`UPDATE registry.job SET not_before = now() WHERE id = '${job.id}'`);
const isDue = (schedule) => run(`UPDATE registry.schedule SET next_at = now() - interval '1 second' WHERE id = '${schedule.id}'`);

const narrowed = ({ post, role }, ranges) => grant(post, { role: role.code, ranges, lines: null }).then((a) => assertDone(a));
const endings = [
  ['the account is disabled', /account is disabled/, async ({ account }) => {
    const { version } = assertDone(await system.get(`/identity/accounts/${account.id}`));
    assertDone(await system.patch(`/identity/accounts/${account.id}`, version, { disabled: true }));
  }],
  ['the post is left', /no longer act in that post/, async ({ post }) =>
    run(`UPDATE identity.holder SET ends_on = (now() AT TIME ZONE 'Asia/Shanghai')::date WHERE post_id = '${post.id}'`)],
  ['the role loses the permission', /permission organisation\.read/, async ({ role }) =>
    assertDone(await security.patch(`/identity/roles/${role.code}`, role.version, { permissions: ['job.read', 'job.schedule'] }))],
  ['the scope is narrowed', /no longer in the scope/, (maker) => narrowed(maker, [town])],
];
for (const [how, says, end] of endings) {
  test(`J-008, J-010: when ${how}, a job ends and a schedule is stopped`, async () => {
    const maker = await newMaker();
    const [job, schedule] = [await waiting(maker.caller), assertDone(await maker.caller.post(schedules, goodSchedule), 201)];
    await end(maker);
    goOn(job);
    isDue(schedule);
    const over = await ended(county, job);
    assertRecord(over, { status: 'failed', error_code: 'right_lost', done: 0, result: {} });
    assert.match(over.error_detail, says);
    let now = schedule;
    await within(60_000, async () => {
      now = assertDone(await county.get(`${schedules}/${schedule.id}`));
      return !now.enabled;
    });
    assertRecord(now, { error_code: 'right_lost', last_job_id: null, version: 2 });
    assert.match(now.error_detail, says);
    assert.deepEqual(rows(`SELECT verb, version FROM registry.audit_log WHERE record_id = '${schedule.id}' AND verb = 'stop_schedule'`), [{ verb: 'stop_schedule', version: 2 }]);
    assert.deepEqual(rows(`SELECT id FROM registry.job WHERE schedule_id = '${schedule.id}'`), [], 'nothing was taken out');
  });
}

test('J-008: an API token that is revoked takes its jobs along', async () => {
  const token = assertDone(await county.post('/identity/api_tokens', { name: unique('token'), permissions: ['organisation.read'], ranges: [louxing],
    expires_at: new Date(Date.now() + 86_400_000).toISOString() }), 201);
  const job = await waiting(bearer(token.token), goodExport, { key: newKey() });
  assertDone(await county.post(`/identity/api_tokens/${token.id}:revoke`, {}));
  goOn(job);
  assertRecord(await ended(county, job), { status: 'failed', error_code: 'right_lost', error_detail: 'The API token has ended.' });
});

test('J-008: a session that has ended takes no job along', async () => {
  const { caller } = await newMaker();
  const job = await waiting(caller);
  assertDone(await caller.post(`/identity/sessions/${caller.session.session_id}:end`, {}));
  goOn(job);
  assertRecord(await ended(county, job), { status: 'done', error_code: null });
});

test('J-009: of what was asked for, what is the maker\'s now is taken out', async () => {
  const maker = await newMaker('431300000000', [louxing, shuangfeng]);
  const [here, there] = [await newOrganisation({ owner_division: louxing }), await newOrganisation({ owner_division: shuangfeng }, otherCounty)];
  const job = await waiting(maker.caller, { kind: 'organisations', format: 'ndjson' });
  await narrowed(maker, [louxing]);
  goOn(job);
  const done = await ended(county, job);
  assertRecord(done, { status: 'done' });
  const table = String(await download(county, done.result.file_id));
  assert.ok(table.includes(here.id) && !table.includes(there.id));
});

test('J-011: who tries a job again, or enables a schedule, has it run in the own name', async () => {
  const maker = await newMaker();
  const [job, schedule] = [await waiting(maker.caller), assertDone(await maker.caller.post(schedules, goodSchedule), 201)];
  await narrowed(maker, [town]);
  goOn(job);
  isDue(schedule);
  await ended(county, job);
  await within(60_000, async () => !assertDone(await county.get(`${schedules}/${schedule.id}`)).enabled);
  const me = claimsOf(await tokenOf('county_office'));
  assertRecord(assertDone(await county.post(`${jobs}/${job.id}:retry`)), { account_id: me.sub, post_id: me.post, error_code: null });
  assertRecord(await ended(county, job), { status: 'done' });
  const enabled = assertDone(await county.patch(`${schedules}/${schedule.id}`, 2, { enabled: true }));
  assertRecord(enabled, { enabled: true, account_id: me.sub, post_id: me.post, error_code: null, error_detail: null, version: 3 });
  isDue(schedule);
  await within(60_000, async () => assertDone(await county.get(`${schedules}/${schedule.id}`)).last_job_id !== null);
  assertDone(await county.patch(`${schedules}/${schedule.id}`, 3, { enabled: false }));
});

test('J-011: it needs what the work needs', async () => {
  const [job, schedule] = [newJob('county_office', { status: 'failed' }), newSchedule()];
  run(`UPDATE registry.job SET permissions = '{audit.read}' WHERE id = '${job.id}'; UPDATE registry.schedule SET permissions = '{audit.read}' WHERE id = '${schedule.id}'`);
  assert.match(assertRefused(await county.post(`${jobs}/${job.id}:retry`), 403, 'exceeds_own_rights').detail, /audit\.read/);
  assertRefused(await county.patch(`${schedules}/${schedule.id}`, 1, { enabled: true }), 403, 'exceeds_own_rights');
  assertDone(await county.patch(`${schedules}/${schedule.id}`, 1, { enabled: false }));
});

test('J-011, B-006: who staged a batch does not have its job tried again that applies it', async () => {
  const batch = await staged(county, csv([[louxing, unique('单位'), '部门', '']]));
  const job = assertDone(await verb(prefecture, batch, 'apply', { reason: '核对无误' }), 202);
  await ended(prefecture, job);
  run(`UPDATE registry.job SET status = 'failed' WHERE id = '${job.id}'`);
  assertRefused(await county.post(`${jobs}/${job.id}:retry`), 403, 'another_person_required');
  assertRecord(assertDone(await prefecture.post(`${jobs}/${job.id}:retry`)), { status: 'queued' });
});
