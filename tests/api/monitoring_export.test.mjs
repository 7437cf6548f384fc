// tests/api/monitoring_export.test.mjs - households, members and income as tables that go out (M-171, B-012): masked by permission, and back in as an update.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord } from '../support/assert.mjs';
import { batchOf, child, csv, done, ended, head, home, madeFile, newNumber, rowsOf, spouse, stagedRows, upload } from '../support/archive_tables.mjs';
import { unique } from '../support/client.mjs';
import { run } from '../support/database.mjs';
import { county, monitor, otherMonitor, town, townOffice, village } from '../support/world.mjs';

const linesOf = async (caller, kind, filters = { division: village }) => {
  const bytes = await madeFile(caller, assertDone(await caller.post('/monitoring/exports', { kind, format: 'csv', filters }), 202));
  return bytes.toString().replace(/^\ufeff/, '').trim().split('\r\n').map((line) => line.split(','));
};
const exported = async (caller, kind, filters) => {
  const [names, ...rows] = await linesOf(caller, kind, filters);
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
};

test('M-171, B-018: what goes out comes back in as an update of what was changed, and of nothing else', async () => {
  const number = newNumber(), name = unique('孙');
  const members = [head(number, name), spouse(number, `${name}妻`), child(number, `${name}小`)];
  await done(monitor, await stagedRows(county, [home(number, { 联系电话: '13900139000', 致贫返贫风险: '因病、因学', 监测对象类别: '边缘易致贫户', 识别监测时间: '202603' })], members), 'apply');
  const homes = (await exported(county, 'households')).filter((row) => row.户编号 === number);
  assert.equal(homes.length, 1);
  assert.deepEqual([homes[0].致贫返贫风险, homes[0].监测对象类别, homes[0].是否军烈属, homes[0].识别监测时间], ['因病、因学', '边缘易致贫户', '否', '2026-03-01']);
  assert.match(homes[0].联系电话, /^139\*{4}9000$/);
  const rows = (await exported(county, 'members')).filter((row) => row.户编号 === number);
  assert.equal(rows.length, 3);
  const boss = rows.find((row) => row.与户主关系 === '户主');
  assert.match(boss.证件号码, /^\d{6}\*{8}\d{3}[\dX]$/);
  assert.equal(boss.健康状况, '健康');
  boss.文化程度 = '高中';
  const batch = await stagedRows(county, homes, rows);
  assert.deepEqual([batch.updates, batch.unchanged, batch.failed], [1, 3, 0], JSON.stringify(await rowsOf(county, batch)));
  const [row] = await rowsOf(county, batch, { action: 'update' });
  assert.deepEqual(row.was, { education: 'junior' });
});

test('M-171: without minor.read and health.read a child is a starred name and health is empty; another county gets none of it', async () => {
  const number = newNumber(), name = unique('李');
  await done(monitor, await stagedRows(county, [home(number)], [head(number, name), child(number, `${name}小`)]), 'apply');
  const rows = (await exported(townOffice, 'members')).filter((row) => row.户编号 === number);
  const kid = rows.find((row) => row.与户主关系 === '之子');
  assert.ok(!kid.姓名.includes(name) && kid.姓名.startsWith('李*'));
  assert.deepEqual([kid.证件号码, kid.出生日期, kid.在校生状况], ['', '', '']);
  assert.equal(rows.find((row) => row.与户主关系 === '户主').健康状况, '');
  const unchanged = await stagedRows(townOffice, [home(number)], rows);
  assert.deepEqual([unchanged.unchanged, unchanged.failed], [3, 0]);
  assert.equal((await exported(otherMonitor, 'members', {})).filter((row) => row.户编号 === number).length, 0);
});

test('M-171: income goes out with what is computed', async () => {
  const [names] = await linesOf(county, 'incomes');
  for (const name of ['户编号', '年度', '家庭纯收入', '人均纯收入', '收入参考范围']) assert.ok(names.includes(name), names.join());
});

test('J-012, B-016: masks of what goes out and of rows that were staged are those of their maker\'s role; whose own role shows less sees none of the number', async () => {
  const number = newNumber(), name = unique('周');
  await done(monitor, await stagedRows(county, [home(number, { 联系电话: '13900139000' })], [head(number, name)]), 'apply');
  const phoneFor = async (caller) => (await exported(caller, 'households')).find((row) => row.户编号 === number).联系电话;
  assert.equal(await phoneFor(county), '139****9000');
  assert.equal(await phoneFor(townOffice), '139******00');
  const changed = { ...home(number, { 联系电话: '13900139111' }) };
  const phoneOf = async (caller, batch) => {
    const [row] = await rowsOf(caller, batch);
    return [row.data.phone, row.was.phone, row.data.address];
  };
  // Of the town, so that both see it.
  const stagedIn = async (caller) => {
    const file = await upload(caller, csv([changed]), undefined, { owner_division: town });
    const job = assertDone(await caller.post('/monitoring/batches', { kind: 'archive', title: unique('农户'), file_id: file.id, owner_division: town }), 202);
    assertRecord(await ended(caller, job), { status: 'done' });
    return batchOf(caller, job.result.batch_id);
  };
  const usual = await stagedIn(county), strict = await stagedIn(townOffice);
  assert.deepEqual(await phoneOf(county, usual), ['139****9111', '139****9000', changed.家庭住址]);
  assert.deepEqual(await phoneOf(townOffice, usual), ['******', '******', changed.家庭住址]);
  assert.deepEqual(await phoneOf(townOffice, strict), ['139******11', '139******00', changed.家庭住址]);
  assert.deepEqual(await phoneOf(county, strict), ['139******11', '139******00', changed.家庭住址]);
});

test('J-012: a job that was asked for with more of a number than its maker\'s role shows ends as right_lost', async () => {
  const job = assertDone(await townOffice.post('/monitoring/exports', { kind: 'households', format: 'csv', filters: { division: village } }), 202);
  assertRecord(await ended(townOffice, job), { status: 'done' });
  run(`UPDATE monitoring.job SET status = 'queued', ended_at = NULL, result = '{}', done = 0, attempts = 0, not_before = now(), permissions = permissions || '{mask.usual}' WHERE id = '${job.id}'`);
  const over = await ended(townOffice, job);
  assertRecord(over, { status: 'failed', error_code: 'right_lost' });
  assert.match(over.error_detail, /mask\.usual/);
});
