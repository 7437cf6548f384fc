// tests/api/monitoring_bulk_blocks.test.mjs - yearly blocks as tables, rules M-172 to M-176: staged, judged, applied by another person, taken back, and what goes out comes back in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertProblem, assertRefused } from '../support/assert.mjs';
import { batchOf, child, csv, done, ended, head, home, madeFile, newNumber, rowsOf, spouse, stagedRows, upload, verb } from '../support/archive_tables.mjs';
import { guarantees, incomes, living } from '../support/blocks.mjs';
import { unique } from '../support/client.mjs';
import { run } from '../support/database.mjs';
import { thisYear } from '../support/days.mjs';
import { freshTown, households, newSound, openRules, yearsAgo } from '../support/rules.mjs';
import { read, sheets } from '../support/xlsx.mjs';
import { county, monitor, otherMonitor, townOffice, village } from '../support/world.mjs';

const counts = (batch) => [batch.rows, batch.inserts, batch.updates, batch.unchanged, batch.failed];
const faultsOf = (row) => row.faults.map((fault) => `${fault.column}:${fault.code}`);
const stagedBytes = async (caller, kind, bytes, name, more = {}) => {
  const file = await upload(caller, bytes, name);
  const now = await ended(caller, assertDone(await caller.post('/monitoring/batches', { kind, title: unique('年度'), file_id: file.id, ...more }), 202));
  assert.equal(now.status, 'done', JSON.stringify(now));
  return batchOf(caller, now.result.batch_id);
};
const staged = (caller, kind, rows, more) => stagedBytes(caller, kind, csv(rows), undefined, more);

// Households that are there: numbers of theirs. The year before has ended, so that windows do.
const year = thisYear() - 1;
async function families(n, more = {}) {
  const numbers = Array.from({ length: n }, newNumber);
  const members = numbers.flatMap((number) => {
    const name = unique('赵');
    return [head(number, name), spouse(number, `${name}妻`), child(number, `${name}小`)];
  });
  await done(monitor, await stagedRows(county, numbers.map((number) => home(number, more)), members), 'apply');
  return numbers;
}
const householdOf = async (number, caller = county) => assertDone(await caller.get('/monitoring/households', { household_number: number })).items[0];
const blocksOf = async (path, number, caller = county) => assertDone(await caller.get(path, { household_id: (await householdOf(number, caller)).id })).items;
const income = (number, more = {}) => ({ 户编号: number, 年度: String(year), 务工收入: '24000', 种植收入: '3000.5', 低保金: '1200', 种植支出: '800', ...more });

const exported = async (caller, kind, format = 'csv', division = village) => {
  const bytes = await madeFile(caller, assertDone(await caller.post('/monitoring/exports', { kind, format, filters: { division } }), 202));
  if (format !== 'csv') return bytes;
  const [names, ...rows] = bytes.toString().replace(/^\ufeff/, '').trim().split('\r\n').map((line) => line.split(','));
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
};

test('B-020, F-013: the head that a table of blocks shows is stars in the error file of another account, and its bytes are the sender\'s', async () => {
  const name = unique('赵'), file = await upload(county, csv([income('SYN-NOBODY', { 户主: name, 起始日期: `${year}-01-01`, 截止日期: `${year}-12-31` })]));
  const now = await ended(county, assertDone(await county.post('/monitoring/batches', { kind: 'incomes', title: unique('年度'), file_id: file.id }), 202));
  const path = `/monitoring/batches/${now.result.batch_id}:error_file`;
  const [own, others] = [await madeFile(county, assertDone(await county.post(path, {}), 202)), await madeFile(monitor, assertDone(await monitor.post(path, {}), 202))].map((bytes) => bytes.toString());
  assert.ok(own.includes(name) && own.includes('户编号：'), own);
  assert.ok(!others.includes(name) && others.includes(',赵**,') && others.includes(`${year}-12-31`) && others.includes('户编号：'), others);
  assertRefused(await monitor.get(`/monitoring/files/${file.id}/content`), 404, 'not_found');
  const again = await staged(county, 'incomes', [income((await families(1))[0], { 户主: '赵**' })]);
  assert.deepEqual(counts(again), [1, 1, 0, 0, 0]);
});

test('M-172, M-173, M-175: income by table is as if entered one by one: its figures are computed, and another person applies', async () => {
  const [one, two] = await families(2);
  const batch = await staged(county, 'incomes', [income(one), income(two, { 采集环节: '识别时', 理赔收入: '300', 合规自付支出: '1000' })]);
  assert.deepEqual([batch.status, ...counts(batch)], ['staged', 2, 2, 0, 0, 0], JSON.stringify(await rowsOf(county, batch)));
  assertProblem(await verb(county, batch, 'apply'), 403, 'another_person_required');
  const applied = await done(monitor, batch, 'apply');
  assert.deepEqual([applied.applied, applied.not_applied], [2, 0]);
  const [made] = await blocksOf(incomes, one);
  assert.deepEqual([made.stage, made.wage, made.production, made.expense, made.net, made.per_capita, made.headcount, made.source, made.batch_id, made.version],
    ['yearly', '24000.00', '3000.50', '800.00', '27400.50', '9133.50', 3, 'import', batch.id, 1]);
  assert.deepEqual(made.amounts, { a1: '24000.00', b1: '3000.50', d2: '1200.00', e1: '800.00' });
  assert.deepEqual([made.period_start, made.period_end], [`${year}-01-01`, `${year}-12-31`]);
  const [other] = await blocksOf(incomes, two);
  assert.deepEqual([other.stage, other.reference], ['identification', '26700.50']);
  const byForm = assertDone(await county.post(incomes, { household_id: made.household_id, year: year - 1, amounts: made.amounts }), 201);
  for (const figure of ['wage', 'production', 'property', 'transfer', 'expense', 'net', 'per_capita', 'reference', 'reference_per_capita', 'headcount']) assert.equal(made[figure], byForm[figure]);
});

test('M-172: three guarantees and living conditions come in; an empty cell leaves what is there, the same again makes no version', async () => {
  const [number] = await families(1);
  const lacks = { 户编号: number, 年度: String(year), 住房安全有问题: '否', 饮水安全有问题: '否' };
  await done(monitor, await staged(county, 'three_guarantees', [lacks]), 'apply');
  assert.deepEqual(counts(await staged(county, 'three_guarantees', [lacks])), [1, 0, 0, 1, 0]);
  const changed = await staged(county, 'three_guarantees', [{ ...lacks, 住房安全有问题: '', 未参加基本医疗保险: '否' }]);
  assert.deepEqual((await rowsOf(county, changed))[0].was, { uninsured: null });
  await done(monitor, changed, 'apply');
  const [now] = await blocksOf(guarantees, number);
  assert.deepEqual([now.housing_unsafe, now.dropout, now.water_unsafe, now.uninsured, now.version], [false, null, false, false, 2]);

  const land = { 户编号: number, 年度: String(year), '耕地面积（亩）': '5.6', 入户路类型: '水泥路', 房屋鉴定等级: 'A', '住房面积（平方米）': '96', 有卫生厕所: '是', 饮水安全: '是' };
  await done(monitor, await staged(county, 'living_conditions', [land]), 'apply');
  assert.deepEqual(counts(await staged(county, 'living_conditions', [land])), [1, 0, 0, 1, 0]);
  const [place] = await blocksOf(living, number);
  assert.deepEqual([Number(place.farmland), place.road_kind, place.sanitary_toilet, place.source], [5.6, 'cement', true, 'import']);
});

test('M-171, B-018: what goes out comes back in as unchanged, computed columns and all, in every format; one that was changed is one update', async () => {
  const { village: apart } = await freshTown(); // nobody else changes what goes out of it
  const [one, two] = await families(2, { 行政村代码: apart });
  await done(monitor, await staged(county, 'incomes', [income(one), income(two)]), 'apply');
  await done(monitor, await staged(county, 'three_guarantees', [{ 户编号: one, 年度: String(year), 义务教育阶段失学辍学: '否' }]), 'apply');
  await done(monitor, await staged(county, 'living_conditions', [{ 户编号: one, 年度: String(year), '耕地面积（亩）': '3', '与村主干路距离（公里）': '0.3', 主要燃料: '燃气', 通广播电视: '是' }]), 'apply');
  for (const kind of ['incomes', 'three_guarantees', 'living_conditions']) {
    const rows = await exported(county, kind, 'csv', apart);
    assert.equal(rows.length, kind === 'incomes' ? 2 : 1, kind);
    const back = await staged(county, kind, rows);
    assert.deepEqual(counts(back), [rows.length, 0, 0, rows.length, 0], JSON.stringify(await rowsOf(county, back)));
    for (const format of ['ndjson', 'xlsx']) {
      const whole = await stagedBytes(county, kind, await exported(county, kind, format, apart), `${unique('表')}.${format}`);
      assert.deepEqual(counts(whole), [rows.length, 0, 0, rows.length, 0], `${kind} ${format}`);
    }
  }
  const [row] = (await exported(county, 'incomes', 'csv', apart)).filter((each) => each.户编号 === one);
  assert.deepEqual([row.家庭纯收入, row.人均纯收入, row.务工收入, row.采集环节], ['27400.50', '9133.50', '24000.00', '年度']);
  const typed = await staged(county, 'incomes', [{ ...row, 家庭纯收入: '99999', 人均纯收入: '1', 户主: '别人', 行政村代码: '431302001001' }]);
  assert.deepEqual(counts(typed), [1, 0, 0, 1, 0], 'what is computed is passed over');
  const changed = await staged(county, 'incomes', [{ ...row, 务工收入: '30000' }]);
  assert.deepEqual((await rowsOf(county, changed))[0].was, { a1: '24000.00' });
  await done(monitor, changed, 'apply');
  const [now] = await blocksOf(incomes, one);
  assert.deepEqual([now.net, now.amounts.b1, now.version], ['33400.50', '3000.50', 2]);
});

test('M-171: the head of a household who is a child goes out with a starred name; another county gets none of it', async () => {
  const number = newNumber(), name = unique('钱');
  await done(monitor, await stagedRows(county, [home(number)], [child(number, name, { 与户主关系: '户主' })]), 'apply');
  await done(monitor, await staged(county, 'incomes', [income(number)]), 'apply');
  const nameFor = async (caller) => (await exported(caller, 'incomes')).find((row) => row.户编号 === number).户主;
  assert.equal(await nameFor(county), name);
  assert.match(await nameFor(townOffice), /^钱\*+$/);
  const none = await madeFile(otherMonitor, assertDone(await otherMonitor.post('/monitoring/exports', { kind: 'incomes', format: 'csv', filters: { division: village } }), 202));
  assert.ok(!none.toString().includes(number));
});

test('M-172, M-173, B-004: every fault by row and column', async () => {
  const [one, two, three] = await families(3);
  const next = String(year + 2);
  const rows = [
    [income(newNumber()), '户编号:bundle_unknown'],
    [income(one, { 年度: next }), '年度:in_future'],
    [income(two, { 截止日期: `${year - 1}-12-31` }), '截止日期:contradicts'],
    [income(three, { 务工收入: '123456789' }), '务工收入:too_large'],
  ];
  const batch = await staged(county, 'incomes', rows.map(([row]) => row));
  assert.deepEqual(counts(batch), [4, 0, 0, 0, 4]);
  const told = (await rowsOf(county, batch)).sort((a, b) => a.row - b.row).map(faultsOf);
  assert.deepEqual(told, rows.map(([, fault]) => [fault]));
  const faultOf = async (kind, row) => faultsOf((await rowsOf(county, await staged(county, kind, [].concat(row)))).find((each) => each.faults.some((f) => f.code !== 'bundle_failed')));
  assert.deepEqual(await faultOf('incomes', income(one, { 务工收入: '-1' })), ['务工收入:not_a_number']);
  assert.deepEqual(await faultOf('incomes', income(one, { 采集环节: '不知道' })), ['采集环节:not_one_of']);
  assert.deepEqual(await faultOf('incomes', income(one, { 年度: '2013' })), ['年度:too_early']);
  assert.deepEqual(await faultOf('incomes', income(one, { 起始日期: `${year}-06-01`, 截止日期: `${year}-05-01` })), ['起始日期:contradicts']);
  assert.deepEqual(await faultOf('incomes', income(one, { 起始日期: `${year - 3}-01-01` })), ['起始日期:too_early']);
  assert.deepEqual(await faultOf('incomes', income(one, { 系统编号: '01940000-ffff-7000-8000-00000000abcd' })), ['系统编号:unknown_record']);
  assert.deepEqual(await faultOf('incomes', [income(one), income(one, { 务工收入: '1' })]), ['年度:repeated']);
  assert.deepEqual(await faultOf('three_guarantees', { 户编号: one, 年度: String(year), 住房安全有问题: '也许' }), ['住房安全有问题:not_yes_no']);
  assert.deepEqual(await faultOf('living_conditions', { 户编号: one, 年度: String(year), 主要燃料: '月光' }), ['主要燃料:not_one_of']);
  const household = await householdOf(two);
  assertDone(await county.verb(`/monitoring/households/${household.id}:end`, household.version, { ended_how: 'moved_out', reason: '整户迁出' }));
  assert.deepEqual(await faultOf('incomes', income(two)), ['户编号:ended']);
});

test('M-172, B-004: a block that one row means by the number of its household and another by its system number is told, one that is there, too', async () => {
  const [one] = await families(1);
  const { id } = await householdOf(one);
  await done(monitor, await staged(county, 'incomes', [income(one)]), 'apply');
  const twice = await staged(county, 'incomes', [income(one, { 务工收入: '1' }), income(id, { 务工收入: '2' })]);
  assert.deepEqual(counts(twice), [2, 0, 1, 0, 1]);
  assert.deepEqual((await rowsOf(county, twice, { action: 'failed' })).map(faultsOf), [['年度:repeated']]);
  const inOne = await staged(county, 'incomes', [income(one, { 务工收入: '1' }), income(one, { 务工收入: '2' })]);
  assert.deepEqual((await rowsOf(county, inOne)).map(faultsOf).sort(), [['年度:repeated'], [':bundle_failed']].sort());
  const apart = await done(monitor, await staged(county, 'incomes', [income(one, { 年度: String(year - 1) }), income(id, { 年度: String(year - 2) })]), 'apply');
  assert.deepEqual([apart.applied, apart.not_applied], [2, 0]);
});

test('M-175: every row is applied or left out, though two that were judged apart mean one block', async () => {
  const [one, two, three] = await families(3);
  await done(monitor, await staged(county, 'incomes', [income(one), income(two)]), 'apply');
  const { id } = await householdOf(three);
  const last = String(year - 1);
  const batch = await staged(county, 'incomes', [income(one, { 务工收入: '1' }), income(two, { 务工收入: '2' }), income(three), income(id, { 年度: last })]);
  assert.deepEqual(counts(batch), [4, 2, 2, 0, 0]);
  // As chunks of a large table that were looked up one behind the other leave them.
  run(`UPDATE monitoring.batch_row t SET record_id = s.record_id, base_version = s.base_version, hidden = t.hidden || jsonb_build_object('parent_id', s.hidden -> 'parent_id', 'stamp', s.hidden -> 'stamp')
    FROM monitoring.batch_row s WHERE t.batch_id = '${batch.id}' AND s.batch_id = t.batch_id AND t.action = 'update' AND s.action = 'update' AND s.row < t.row`);
  run(`UPDATE monitoring.batch_row SET data = data || '{"year": "${year}"}' WHERE batch_id = '${batch.id}' AND data ->> 'year' = '${last}'`);
  const applied = await done(monitor, batch, 'apply');
  assert.deepEqual([applied.applied, applied.not_applied], [2, 2]);
  assert.deepEqual((await rowsOf(county, applied, { left_out: true })).map((row) => row.outcome).sort(), ['changed_since', 'recorded_now']);
  assert.equal((await blocksOf(incomes, three)).length, 1);
});

test('M-174: the rules judge the household as it would stand: errors fail its rows as they refuse the form, warnings become findings and go with what was wrong', async () => {
  const { village: apart } = await freshTown();
  const number = newNumber();
  const { household } = await newSound({ owner_division: apart, household_number: number, phone: '13812345678' });
  const now = String(thisYear()), of = { 户编号: number, 年度: now };
  const safe = { 住房安全有问题: '否', 义务教育阶段失学辍学: '否', 饮水安全有问题: '否', 未参加基本医疗保险: '否' };
  await done(monitor, await staged(county, 'three_guarantees', [{ ...of, 采集环节: '消除时', ...safe }]), 'apply');
  await done(monitor, await staged(county, 'incomes', [{ ...of, 采集环节: '消除时', 务工收入: '90000' }]), 'apply');
  const watched = assertDone(await county.get(`${households}/${household.id}`));
  assertDone(await county.patch(`${households}/${household.id}`, watched.version,
    { object_type: '2', risks: ['09'], identified_on: yearsAgo(1), eliminated: true, eliminated_on: yearsAgo(0), elimination_kind: 'assisted' }));
  const bad = await staged(county, 'three_guarantees', [{ ...of, 采集环节: '消除时', 住房安全有问题: '是' }]);
  assert.deepEqual(counts(bad), [1, 0, 0, 0, 1]);
  const [row] = await rowsOf(county, bad);
  assert.ok(row.faults.some((fault) => fault.code === '1_11_006'), JSON.stringify(row.faults));
  const [block] = await blocksOf(guarantees, number);
  assertRefused(await county.patch(`${guarantees}/${block.id}`, block.version, { housing_unsafe: true }), 422, 'invalid', { code: '1_11_006', severity: 'error' });
  const file = (await madeFile(county, assertDone(await county.post(`/monitoring/batches/${bad.id}:error_file`, {}), 202))).toString();
  assert.match(file, /错误原因/);
  assert.deepEqual(counts(await stagedBytes(county, 'three_guarantees', Buffer.from(file.replace(/,是,/, ',否,')))), [1, 0, 0, 1, 0]);

  const wide = await staged(county, 'living_conditions', [{ ...of, '耕地面积（亩）': '150', 入户路类型: '水泥路', 房屋鉴定等级: 'A', '住房面积（平方米）': '90', 饮水安全: '是', 有卫生厕所: '是', 通生活用电: '是' }]);
  assert.deepEqual([wide.failed, (await rowsOf(county, wide))[0].notes.some((note) => note.rule === '9_14_001')], [0, true]);
  await done(monitor, wide, 'apply');
  assert.ok((await openRules(household.id)).includes('9_14_001'));
  const less = await done(monitor, await staged(county, 'living_conditions', [{ ...of, '耕地面积（亩）': '15' }]), 'apply');
  assert.ok(!(await openRules(household.id)).includes('9_14_001'));
  await done(monitor, less, 'undo', { reason: '原数据属实' });
  assert.ok((await openRules(household.id)).includes('9_14_001'), 'what was taken back is judged, too');
});

test('M-175: what has changed or come since it was staged is left out with all rows of its household, and reported', async () => {
  const [one, two, three, four] = await families(4);
  await done(monitor, await staged(county, 'incomes', [income(one)]), 'apply');
  const late = await staged(county, 'incomes', [income(one, { 务工收入: '1' }), income(one, { 年度: String(year - 1) }), income(two), income(three), income(four)]);
  assert.deepEqual(counts(late), [5, 4, 1, 0, 0]);
  const [mine] = await blocksOf(incomes, one);
  assertDone(await county.patch(`${incomes}/${mine.id}`, mine.version, { amounts: { a1: '26000' }, reason: '入户核实' }));
  const second = await householdOf(two);
  assertDone(await county.post(incomes, { household_id: second.id, year, amounts: { a1: '7' } }), 201);
  const fourth = await householdOf(four);
  assertDone(await county.patch(`/monitoring/households/${fourth.id}`, fourth.version, { address: '改过5号', reason: '更正' }));
  const batch = await done(monitor, late, 'apply');
  assert.deepEqual([batch.applied, batch.not_applied], [1, 4]);
  const left = (await rowsOf(county, batch, { left_out: true })).sort((a, b) => a.row - b.row).map((row) => row.outcome);
  assert.deepEqual(left, ['changed_since', 'bundle_left_out', 'recorded_now', 'changed_since']);
  const kept = await blocksOf(incomes, one);
  assert.deepEqual(kept.map((each) => [each.year, each.amounts.a1]), [[year, '26000.00']]);
  assert.equal((await blocksOf(incomes, three)).length, 1);
});

test('M-176: a batch is taken back: what it made goes, what it changed is as before, what was touched since is kept', async () => {
  const [one, two] = await families(2);
  const made = await done(monitor, await staged(county, 'incomes', [income(one), income(two)]), 'apply');
  const changed = await done(monitor, await staged(county, 'incomes', [income(one, { 务工收入: '1000' })]), 'apply');
  const back = await done(monitor, changed, 'undo', { reason: '报错了户' });
  assert.deepEqual([back.undone, back.not_undone], [1, 0]);
  const [now] = await blocksOf(incomes, one);
  assert.deepEqual([now.wage, now.net, now.version], ['24000.00', '27400.50', 3]);
  const gone = await done(monitor, await batchOf(monitor, made.id), 'undo', { reason: '报错了县' });
  assert.deepEqual([gone.undone, gone.not_undone], [1, 1]);
  assert.equal((await rowsOf(monitor, gone, { left_out: true }))[0].outcome, 'kept_changed');
  assert.deepEqual([(await blocksOf(incomes, one)).length, (await blocksOf(incomes, two)).length], [1, 0]);
});

test('M-172: a block stands on a household of the sender: for another county there is none, a number twice is told by its system number', async () => {
  const [number] = await families(1);
  const outside = await staged(otherMonitor, 'incomes', [income(number)]);
  assert.deepEqual(faultsOf((await rowsOf(otherMonitor, outside))[0]), ['户编号:bundle_unknown']);
  const { id } = await householdOf(number);
  const byId = await staged(county, 'incomes', [income(id)]);
  assert.deepEqual(counts(byId), [1, 1, 0, 0, 0]);
});

test('M-172, B-011: the kinds tell the columns, of income each line of the form; a template has its lists and nothing that is computed', async () => {
  const { imports, exports } = assertDone(await townOffice.get('/monitoring/batch_kinds'));
  const lines = assertDone(await county.get('/monitoring/income_lines', { year })).lines;
  const columns = new Map(imports.find((kind) => kind.kind === 'incomes').columns.map((column) => [column.name, column.label]));
  assert.ok(lines.length > 40);
  for (const line of lines) assert.equal(columns.get(line.code), line.label);
  for (const kind of ['incomes', 'three_guarantees', 'living_conditions']) {
    assert.ok(exports.some((each) => each.kind === kind), kind);
    const template = await townOffice.get(`/monitoring/batch_kinds/${kind}/template`, { format: 'csv' });
    const heading = template.text.replace(/^\ufeff/, '').trim().split('\r\n')[0].split(',');
    assert.deepEqual([heading[0], heading.includes('年度'), heading.includes('户主'), heading.includes('人均纯收入')], ['户编号', true, false, false]);
    assert.equal((await townOffice.get(`/monitoring/batch_kinds/${kind}/template`, { format: 'xlsx' })).status, 200);
    assertProblem(await townOffice.get(`/monitoring/batch_kinds/${kind}/template`, { format: 'csv', part: 2 }), 404, 'not_found');
  }
});

test('M-172: GB18030 and a workbook come in, too, a workbook by whatever sheet; a heading that lacks the number is told', async () => {
  const [one] = await families(1);
  const names = ['户编号', '年度', '住房安全有问题'];
  const book = await stagedBytes(county, 'three_guarantees', sheets({ 表一: [names, [one, String(year), '否']] }), `${unique('表')}.xlsx`);
  assert.deepEqual([book.format, ...counts(book)], ['xlsx', 1, 1, 0, 0, 0]);
  const gb = Buffer.concat([Buffer.from('household_number,year,'), Buffer.from([0xd7, 0xa1, 0xb7, 0xbf, 0xb0, 0xb2, 0xc8, 0xab, 0xd3, 0xd0, 0xce, 0xca, 0xcc, 0xe2]), // 住房安全有问题
    Buffer.from(`\r\n${one},${year},`), Buffer.from([0xca, 0xc7]), Buffer.from('\r\n')]); // 是
  const old = await stagedBytes(county, 'three_guarantees', gb);
  assert.deepEqual([old.charset, ...counts(old)], ['gb18030', 1, 1, 0, 0, 0]);
  assert.equal((await rowsOf(county, old))[0].data.housing_unsafe, 'true');
  const bare = await staged(county, 'three_guarantees', [{ 年度: String(year), 住房安全有问题: '否' }]);
  assert.deepEqual([bare.status, bare.refusal, bare.heading_faults.map((fault) => fault.column)], ['failed', 'bad_heading', ['户编号']]);
});

test('B-012: a table of nothing goes out in every format', async () => {
  const { village: apart } = await freshTown();
  assert.match((await madeFile(county, assertDone(await county.post('/monitoring/exports', { kind: 'incomes', format: 'csv', filters: { division: apart } }), 202))).toString(), /^\ufeff?户编号,[^\n]*\r\n$/);
  assert.equal(read(await exported(county, 'incomes', 'xlsx', apart)).cells.A1, '户编号');
  assert.equal((await exported(county, 'incomes', 'ndjson', apart)).length, 0);
});
