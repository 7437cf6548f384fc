// The run over everything (M-113): what was switched on since is found, in the scope of who asked alone; a run again finds the same; a schedule may start it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { within } from '../support/accounts.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newKey } from '../support/client.mjs';
import { run } from '../support/database.mjs';
import { findingsOf, freshTown, newSound, openRules } from '../support/rules.mjs';
import { county, department, monitor, otherMonitor, shuangfeng, townOffice } from '../support/world.mjs';

const path = '/monitoring/households:check';
const year = new Date(Date.now() + 8 * 3600_000).getUTCFullYear();
async function checked(body, caller = monitor) {
  const job = assertDone(await caller.post(path, body), 202);
  return finished(job.id, caller);
}
async function finished(id, caller = monitor) {
  let now;
  await within(60_000, async () => {
    now = assertDone(await caller.get(`/monitoring/jobs/${id}`));
    return ['done', 'failed', 'cancelled'].includes(now.status);
  });
  assert.equal(now.status, 'done', JSON.stringify(now));
  return now;
}

test('M-113: a rule that is made stricter is found in what is there, errors too; again finds the same; milder resolves', async () => {
  const apart = await freshTown();
  const one = await newSound({ owner_division: apart.village }, { head: { work_income: '1000', politics: undefined } });
  const two = await newSound({ owner_division: apart.village });
  assert.deepEqual(await openRules(one.household.id), []);
  const setting = assertDone(await monitor.post('/monitoring/rule_settings',
    { owner_division: apart.town, rule: '5_16_001', year_from: year, severity: 'error', params: { least: '1500' }, reason: '口径调整' }), 201);
  const job = await checked({ within: apart.town });
  assertRecord(job, { kind: 'check_archive', done: 2 });
  assertRecord(job.result, { households: 2, households_with_errors: 1, errors: 1, warnings: 0, opened: 1, resolved: 0 });
  assert.deepEqual(await openRules(one.household.id), ['5_16_001']);
  assert.equal((await findingsOf(one.household.id))[0].severity, 'error');
  assertRefused(await county.patch(`/monitoring/members/${one.head.id}`, one.head.version, { politics: '13' }), 422, 'invalid', { code: '5_16_001', severity: 'error' });
  const before = await findingsOf(one.household.id);
  assertRecord((await checked({ within: apart.village })).result, { households: 2, opened: 0, resolved: 0 });
  assert.deepEqual(await findingsOf(one.household.id), before);
  assert.deepEqual(await openRules(two.household.id), []);
  assertDone(await monitor.patch(`/monitoring/rule_settings/${setting.id}`, setting.version, { enabled: false }));
  assertRecord((await checked({ within: apart.town })).result, { resolved: 1, errors: 0 });
  assert.deepEqual(await openRules(one.household.id), []);
});

test('M-113: what vanished without a change of the household, a day gone by, is found by the run', async () => {
  const apart = await freshTown();
  const { household, head } = await newSound({ owner_division: apart.village }, { head: { work_income: '50' } });
  run(`UPDATE monitoring.member SET work_income = 500 WHERE id = '${head.id}'`);
  assertRecord((await checked({ within: apart.village })).result, { households: 1, resolved: 2 });
  assert.deepEqual(await openRules(household.id), []);
});

test('M-113: many households, chunk by chunk', async () => {
  const apart = await freshTown();
  const sound = await newSound({ owner_division: apart.village }, { head: { work_income: '50' } });
  run(`INSERT INTO monitoring.household (id, owner_division, at_division, household_type, head_member_id, recorded_at, created_at)
       SELECT gen_random_uuid(), owner_division, at_division, household_type, head_member_id, now(), now() FROM monitoring.household, generate_series(1, 950) WHERE id = '${sound.household.id}'`);
  const job = await checked({ within: apart.village });
  assertRecord(job.result, { households: 951, warnings: 951, alerts: 1, opened: 950 });
  assert.equal(job.done, 951);
});

test('M-113: in the own scope alone, by who may', async () => {
  assertRefused(await monitor.post(path, { within: shuangfeng }), 403, 'out_of_scope', { pointer: '/within' });
  assertRefused(await department.post(path, {}), 403, 'forbidden');
  const apart = await freshTown();
  await newSound({ owner_division: apart.village });
  const key = newKey();
  const first = assertDone(await monitor.post(path, { within: apart.town }, { key }), 202);
  assert.equal(assertDone(await monitor.post(path, { within: apart.town }, { key }), 202).id, first.id);
  await finished(first.id);
  assertRefused(await otherMonitor.get(`/monitoring/jobs/${first.id}`), 404, 'not_found');
  assert.equal((await checked({ within: '431302006000' }, townOffice)).status, 'done');
});

test('M-113: a schedule may start it, by who may ask for it', async () => {
  const wanted = { owner_division: '431302000000', kind: 'check_archive', rule: 'daily 02:00', params: {} };
  const schedule = assertDone(await monitor.post('/monitoring/schedules', wanted), 201);
  assertRecord(schedule, { kind: 'check_archive', enabled: true });
  assertDone(await monitor.patch(`/monitoring/schedules/${schedule.id}`, schedule.version, { enabled: false }));
  assertRefused(await monitor.post('/monitoring/schedules', { ...wanted, kind: 'export_table' }), 422, 'invalid', { pointer: '/params/kind' });
});
