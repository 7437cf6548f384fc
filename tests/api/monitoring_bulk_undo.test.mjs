// tests/api/monitoring_bulk_undo.test.mjs - tables of a household's income and of its members beside one another: what is computed anew when it becomes known otherwise who lived there
// (M-066) keeps no table from being applied or taken back, and says who brought it about.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { assertDone } from '../support/assert.mjs';
import { batchOf, child, csv, done, ended, head, home, newNumber, rowsOf, spouse, stagedRows, upload, verb } from '../support/archive_tables.mjs';
import { incomes } from '../support/blocks.mjs';
import { unique } from '../support/client.mjs';
import { hold, rows } from '../support/database.mjs';
import { thisYear } from '../support/days.mjs';
import { households, newSound } from '../support/rules.mjs';
import { county, monitor, otherVillage } from '../support/world.mjs';

const year = thisYear() - 1; // it has ended, so windows of it have
const next = `${year + 1}-01-01`;
async function stagedIncomes(...each) {
  const file = await upload(county, csv(each.map(([household, more]) => ({ 户编号: household.id, 年度: String(year), ...more }))));
  const job = await ended(county, assertDone(await county.post('/monitoring/batches', { kind: 'incomes', title: unique('年度'), file_id: file.id }), 202));
  assert.equal(job.status, 'done', JSON.stringify(job));
  return batchOf(county, job.result.batch_id);
}
const applied = async (batch) => done(monitor, await batch, 'apply');
const undone = async (batch, caller = monitor) => {
  const back = await done(caller, await batchOf(caller, batch.id), 'undo', { reason: '报错了表' });
  return [back.undone, back.not_undone];
};
const incomeOf = async (household) => assertDone(await county.get(incomes, { household_id: household.id })).items[0];
const versionsOf = (income) => rows(`SELECT version, source FROM monitoring.archive_version WHERE record = 'income' AND record_id = '${income.id}' ORDER BY version`);
const memberOf = async ({ id }) => assertDone(await county.get(`/monitoring/members/${id}`));
const came = async (member, joined_on) => assertDone(await county.patch(`/monitoring/members/${member.id}`, (await memberOf(member)).version, { joined_on, joined_how: 'marriage', reason: '婚后迁入' }));
const wages = (a1) => ({ 务工收入: a1 });

test('M-066, M-176: an income that a table made and a recount changed is nobody\'s word but the table\'s: it goes with it, and its versions do', async () => {
  const { household, spouse: wife } = await newSound();
  const batch = await applied(stagedIncomes([household, wages('30000')]));
  await came(wife, next);
  const now = await incomeOf(household);
  assert.deepEqual([now.version, now.headcount, now.per_capita, now.source, now.batch_id, now.reason], [2, 2, '15000.00', 'recount', null, '婚后迁入']);
  assert.deepEqual(versionsOf(now), [{ version: 1, source: 'import' }]);
  assert.deepEqual(await undone(batch), [1, 0]);
  assert.equal(await incomeOf(household), undefined);
  assert.deepEqual(versionsOf(now), []);
});

test('M-066, M-176: what a table changed is as before, by who lived there as it is known now; what somebody said since is kept, recounted or not', async () => {
  const [one, other] = [await newSound(), await newSound()];
  for (const { household } of [one, other]) assertDone(await county.post(incomes, { household_id: household.id, year, amounts: { a1: '60000' } }), 201);
  const batch = await applied(stagedIncomes([one.household, wages('30000')], [other.household, wages('30000')]));
  await came(one.spouse, next);
  await came(one.child, next);
  const said = await incomeOf(other.household);
  assertDone(await county.patch(`${incomes}/${said.id}`, said.version, { notes: { a1: '零工' }, reason: '入户核实' }));
  await came(other.spouse, next);
  assert.deepEqual([(await incomeOf(one.household)).version, (await incomeOf(other.household)).source], [4, 'recount']);
  assert.deepEqual(await undone(batch), [1, 1]);
  const back = await incomeOf(one.household);
  assert.deepEqual([back.version, back.wage, back.headcount, back.per_capita, back.source, back.batch_id], [5, '60000.00', 1, '60000.00', 'import', batch.id]);
  const kept = await incomeOf(other.household);
  assert.deepEqual([kept.version, kept.wage, kept.per_capita], [4, '30000.00', '15000.00']);
  assert.deepEqual((await rowsOf(county, batch, { left_out: true })).map((row) => row.outcome), ['kept_changed']);
});

test('M-066, M-175: a table of income is applied over what was only computed anew since it was staged, and taken back to it', async () => {
  const { household, spouse: wife } = await newSound();
  assertDone(await county.post(incomes, { household_id: household.id, year, amounts: { a1: '60000' } }), 201);
  assertDone(await county.verb(`/monitoring/members/${wife.id}:leave`, wife.version, { left_on: next, left_how: 'moved_out', reason: '外迁' }));
  const staged = await stagedIncomes([household, wages('30000')]);
  assert.equal((await incomeOf(household)).headcount, 3);
  await came(wife, next);
  assert.deepEqual([(await incomeOf(household)).version, (await incomeOf(household)).headcount], [2, 2]);
  const batch = await applied(staged);
  assert.deepEqual([batch.applied, batch.not_applied], [1, 0]);
  const now = await incomeOf(household);
  assert.deepEqual([now.version, now.wage, now.per_capita, now.source], [3, '30000.00', '15000.00', 'import']);
  assert.deepEqual(await undone(batch), [1, 0]);
  const back = await incomeOf(household);
  assert.deepEqual([back.version, back.wage, back.per_capita, back.headcount], [4, '60000.00', '30000.00', 2]);
});

test('M-066, M-170: whoever takes a table of members back is named for what is computed anew, as whoever applied it was', async () => {
  const number = newNumber(), name = unique('赵');
  const wife = spouse(number, `${name}妻`);
  await applied(stagedRows(county, [home(number)], [head(number, name), wife]));
  const [household] = assertDone(await county.get(households, { household_number: number })).items;
  const income = assertDone(await county.post(incomes, { household_id: household.id, year, amounts: { a1: '30000' } }), 201);
  assert.equal(income.headcount, 2);
  const batch = await applied(stagedRows(county, [home(number)], [child(number, `${name}小`), { ...wife, 增加日期: next, 增加方式: '婚入' }]));
  assert.deepEqual([batch.inserts, batch.updates, batch.applied], [1, 1, 2]);
  const two = await incomeOf(household);
  assert.deepEqual([two.headcount, two.version, two.source, two.batch_id], [2, 1, 'form', null], 'one came, one was not there: as many as were');
  const more = await applied(stagedRows(county, [home(number)], [child(number, `${name}弟`)]));
  const three = await incomeOf(household);
  assert.deepEqual([three.headcount, three.version, three.source, three.batch_id, three.recorded_by_post], [3, 2, 'recount', more.id, more.decided_post]);
  assert.notEqual(more.decided_post, income.recorded_by_post);
  assert.deepEqual(await undone(more, county), [1, 0]);
  const again = await incomeOf(household);
  assert.deepEqual([again.headcount, again.version, again.source, again.batch_id, again.reason, again.recorded_by_post],
    [2, 3, 'recount', more.id, '报错了表', income.recorded_by_post]);
  assert.ok(again.recorded_at >= three.recorded_at);
  const [{ account }] = rows(`SELECT recorded_by_account AS account FROM monitoring.income WHERE id = '${income.id}'`);
  assert.equal(account, rows(`SELECT account_id FROM monitoring.job WHERE kind = 'undo_batch' AND params ->> 'batch_id' = '${more.id}'`)[0].account_id);
});

test('M-066, M-170: whoever takes a table back that changed a member is named, too', async () => {
  const { household, spouse: wife } = await newSound();
  const income = assertDone(await county.post(incomes, { household_id: household.id, year, amounts: { a1: '30000' } }), 201);
  const number = household.id;
  const batch = await applied(stagedRows(county, [{ 户编号: number, 系统编号: household.id }], [{ 户编号: number, 系统编号: wife.id, 增加日期: next, 增加方式: '婚入' }]));
  assert.equal(batch.applied, 1, JSON.stringify(await rowsOf(county, batch)));
  assert.deepEqual([(await incomeOf(household)).headcount, (await incomeOf(household)).recorded_by_post], [2, batch.decided_post]);
  assert.deepEqual(await undone(batch, county), [1, 0]);
  const back = await incomeOf(household);
  assert.deepEqual([back.headcount, back.version, back.source, back.reason, back.recorded_by_post], [3, 3, 'recount', '报错了表', income.recorded_by_post]);
});

test('M-170: a member whom a table brought and another village is offered stays with the household\'s rows', async () => {
  const { household } = await newSound();
  const name = unique('赵');
  const batch = await applied(stagedRows(county, [{ 户编号: household.id, 系统编号: household.id, 家庭住址: '改过7号' }], [child(household.id, name)]));
  assert.equal(batch.applied, 2);
  const member = assertDone(await county.get(`${households}/${household.id}/members`)).items.find((each) => each.name === name);
  assertDone(await county.post('/monitoring/transfers', { member_id: member.id, to_division: otherVillage, reason: '随亲属迁居' }), 201);
  assert.deepEqual(await undone(batch), [0, 2]);
  assert.deepEqual(new Set((await rowsOf(county, batch, { left_out: true })).map((row) => row.outcome)), new Set(['kept_in_use']));
  assert.equal((await memberOf(member)).left_on, null);
});

test('M-170: a household is held before it is looked at: who is edited while a table is being taken back keeps the whole of it', async () => {
  const number = newNumber(), name = unique('赵');
  const batch = await applied(stagedRows(county, [home(number)], [head(number, name), spouse(number, `${name}妻`), child(number, `${name}小`)]));
  const [household] = assertDone(await county.get(households, { household_number: number })).items;
  const editing = await hold(`SELECT FROM monitoring.household WHERE id = '${household.id}' FOR UPDATE`);
  const job = assertDone(await verb(monitor, batch, 'undo', { reason: '报错了表' }), 202);
  const until = Date.now() + 180_000;
  while (assertDone(await monitor.get(`/monitoring/jobs/${job.id}`)).started_at === null && Date.now() < until) await sleep(20);
  await editing.waited(1);
  await editing.release(`UPDATE monitoring.member SET medical_aid = true, version = version + 1, source = 'form', batch_id = NULL WHERE household_id = '${household.id}' AND relation = 'spouse'; COMMIT`);
  assert.equal((await ended(monitor, job)).status, 'done');
  const kept = await batchOf(monitor, batch.id);
  assert.deepEqual([kept.undone, kept.not_undone], [0, 4]);
  assert.deepEqual(new Set((await rowsOf(monitor, kept, { left_out: true })).map((row) => row.outcome)), new Set(['kept_changed']));
  assert.equal(assertDone(await county.get(`${households}/${household.id}/members`)).items.length, 3);
});
