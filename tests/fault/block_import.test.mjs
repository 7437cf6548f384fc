// tests/fault/block_import.test.mjs - the worker killed at random moments while a table of income is sorted, judged, applied and taken back (B-008, M-175, M-176): each job goes on
// at its chunk, and every block is there once. And households that two bundles mean, by number and by system number, in different chunks: the first counts (M-167, M-175).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/own_stack.mjs';
import { checked } from '../support/id_check.mjs';
import { Killing } from './killing.mjs';

const KILLS = Number(process.env.ZEREN_BATCH_KILLS ?? 9);
const HOMES = 2400; // five chunks of 500 rows of blocks, and more than one of 2,000 of an archive
const village = '431302006003';
const number = (n) => `4313${String(n).padStart(10, '0')}`;
const roles = { county: 'county_office', monitor: 'monitoring_office' };
let at;
before(async () => {
  at = new Killing('block_import', 'monitoring');
  at.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    VALUES (gen_random_uuid(), '${village}', '${village}', '仙人阁社区', 5, '431302006000', '2010-01-01') ON CONFLICT DO NOTHING`);
});
after(() => at?.stack.reset());

const tokenOf = (who) => at.stack.held(roles[who]); // a new one, where this takes longer than one lives
const call = (who, ...rest) => at.call(tokenOf(who), ...rest);
const finish = (who, job, times) => at.finish(tokenOf(who), job, times, 900);
const sql = (text) => at.sql(text);
const line = (text) => `${text}\n`;
const batchOf = (id) => call('county', 'GET', `/batches/${id}`);

async function staged(kind, tables, times = 0) {
  const files = [];
  for (const [i, text] of tables.entries()) files.push((await at.upload(tokenOf('county'), text, `${i}.csv`)).id);
  const job = await call('county', 'POST', '/batches', { body: { kind, title: '断点', file_id: files[0], member_file_id: files[1] } });
  await finish('county', job, times);
  return batchOf(job.id);
}
async function moved(batch, verb, times = 0, body = {}) {
  await finish('monitor', await call('monitor', 'POST', `/batches/${batch.id}:${verb}`, { body, ifMatch: batch.version }), times);
  return batchOf(batch.id);
}
function idNumber(n) {
  return checked(`4313${String(10 + (n % 80))}${1960 + (n % 30)}0${1 + (n % 9)}${String(10 + (n % 18))}${String(Math.floor(n / 30) % 100).padStart(2, '0')}1`);
}
const archive = (rows) => ['户编号,行政村代码,家庭住址,户类型\n' + rows.map(([key, address]) => line(`${key},${village},${address},一般农户`)).join(''),
  '户编号,姓名,证件号码,与户主关系,民族,文化程度,健康状况,劳动技能,参加城乡居民基本医疗保险,参加城镇职工基本医疗保险,参加大病保险,参加城乡居民基本养老保险,参加城镇职工基本养老保险\n'
    + rows.map(([key], n) => line(`${key},户主${n},${idNumber(n)},户主,汉族,初中,健康,普通劳动力,是,否,是,是,否`)).join('')];
const incomeHead = '户编号,年度,采集环节,截止日期,务工收入,种植收入,种植支出\n';
const id = (n) => sql(`SELECT id FROM monitoring.household WHERE household_number = '${number(n)}'`);

test('killed at random moments, every block is there once; another row of the same block, chunks behind, is left out', async () => {
  const each = Math.ceil(KILLS / 3);
  const [homes, members] = archive(Array.from({ length: HOMES }, (_, n) => [number(n), `第${n}户`]));
  const there = await moved(await staged('archive', [homes, members]), 'apply');
  assert.deepEqual([there.applied, there.not_applied], [2 * HOMES, 0]);

  // Ids sort before the numbers: the first row of all is the last household, whose number comes at the end.
  const last = HOMES - 1;
  const rows = Array.from({ length: HOMES }, (_, n) => `${number(n)},2025,年度,2025-12-31,${1000 + n}.50,300,100.25`).reverse();
  rows.splice(7, 0, `${id(last)},2025,年度,2025-12-31,7,0,0`);
  let batch = await staged('incomes', [incomeHead + rows.map(line).join('')], each);
  assert.deepEqual([batch.status, batch.rows, batch.inserts, batch.failed], ['staged', HOMES + 1, HOMES + 1, 0]);
  batch = await moved(batch, 'apply', each);
  assert.deepEqual([batch.status, batch.applied, batch.not_applied], ['applied', HOMES, 1]);
  assert.equal(sql(`SELECT count(*) || ' ' || count(DISTINCT household_id) FROM monitoring.income WHERE batch_id = '${batch.id}'`), `${HOMES} ${HOMES}`);
  assert.equal(sql(`SELECT count(*) FROM monitoring.income i JOIN monitoring.household h ON h.id = i.household_id
    WHERE i.net = 1000.50 + right(h.household_number, 10)::integer + 300 - 100.25`), String(HOMES - 1));
  assert.equal(sql(`SELECT net FROM monitoring.income WHERE household_id = '${id(last)}'`), '7.00', 'the first of the two');
  const outcome = sql(`SELECT r.outcome || ' ' || (r.data ->> 'household_number') FROM monitoring.batch_row r WHERE r.batch_id = '${batch.id}' AND r.outcome IS NOT NULL`);
  assert.equal(outcome, `recorded_now ${number(last)}`);
  batch = await moved(batch, 'undo', each, { reason: '断点' });
  assert.deepEqual([batch.status, batch.undone, batch.not_undone], ['undone', HOMES, 0]);
  assert.equal(sql(`SELECT count(*) FROM monitoring.income`), '0');
  const events = () => sql(`SELECT count(*) || ' ' || count(DISTINCT (id, version, verb)) FROM monitoring.event WHERE kind = 'income' AND verb IN ('apply_batch', 'undo_batch')`);
  await until(() => events() === `${2 * HOMES} ${2 * HOMES}`, 120, `two events a block, and not ${events()}`);
  assert.ok(at.kills >= KILLS / 3, `${at.kills} kills`);
  console.log(`${at.kills} kills, ${sql("SELECT string_agg(kind || ' ' || attempts, ', ') FROM monitoring.job")}`);
});

test('M-167: a household that two bundles of different chunks mean is changed by the first alone, and the other is reported', async () => {
  const last = HOMES - 1;
  const changes = [[id(last), '按系统编号'], ...Array.from({ length: HOMES }, (_, n) => [number(n), `按户编号${n}`])];
  const homes = '户编号,家庭住址\n' + changes.map((row) => line(row.join())).join('');
  let batch = await staged('archive', [homes]);
  assert.deepEqual([batch.status, batch.rows, batch.updates, batch.failed], ['staged', HOMES + 1, HOMES + 1, 0]);
  assert.notEqual(sql(`SELECT max(row) - min(row) > 2000 FROM monitoring.batch_row WHERE batch_id = '${batch.id}' AND record_id = '${id(last)}'`), 'f');
  batch = await moved(batch, 'apply');
  assert.deepEqual([batch.status, batch.applied, batch.not_applied], ['applied', HOMES, 1]);
  assert.equal(sql(`SELECT address || ' ' || version FROM monitoring.household WHERE id = '${id(last)}'`), '按系统编号 2');
  assert.equal(sql(`SELECT count(*) FROM monitoring.household WHERE version = 2`), String(HOMES));
  assert.equal(sql(`SELECT outcome FROM monitoring.batch_row WHERE batch_id = '${batch.id}' AND outcome IS NOT NULL`), 'changed_since');
});
