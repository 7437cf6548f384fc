// tests/api/monitoring_bulk.test.mjs - households and members as tables, rules M-160 to M-170: staged, judged, applied by another person, taken back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertProblem } from '../support/assert.mjs';
import { batchOf, child, csv, done, ended, head, home, madeFile, newNumber, rowsOf, sentTables, spouse, stagedRows, stagedTables, upload, verb } from '../support/archive_tables.mjs';
import { unique } from '../support/client.mjs';
import { run } from '../support/database.mjs';
import { thisYear } from '../support/days.mjs';
import { newSound, openRules, yearsAgo } from '../support/rules.mjs';
import { sheets } from '../support/xlsx.mjs';
import { county, monitor, otherMonitor, townOffice } from '../support/world.mjs';

const counts = (batch) => [batch.rows, batch.inserts, batch.updates, batch.unchanged, batch.failed];
const faultsOf = (row) => row.faults.map((fault) => `${fault.column}:${fault.code}`);
const family = (more = {}) => {
  const number = newNumber();
  const name = unique('赵');
  return { number, name, homes: [home(number, more)], members: [child(number, `${name}小`), head(number, name), spouse(number, `${name}妻`)] };
};
const householdOf = async (number, caller = county) => {
  const page = assertDone(await caller.get('/monitoring/households', { household_number: number }));
  assert.equal(page.items.length, 1);
  return page.items[0];
};
const membersOf = async (household, caller = county) => assertDone(await caller.get(`/monitoring/households/${household.id}/members`)).items;

test('M-160, M-161, M-167, M-168, B-014, B-015: households and members together are staged, applied by another person, and are as if entered one by one', async () => {
  const one = family(), other = family({ 户类型: '脱贫户', 联系电话: '138 0013 8000' });
  const batch = await stagedRows(county, [...one.homes, ...other.homes], [...other.members, ...one.members]);
  assert.equal(batch.status, 'staged');
  assert.deepEqual(counts(batch), [8, 8, 0, 0, 0]);
  assertProblem(await verb(county, batch, 'apply'), 403, 'another_person_required');
  const applied = await done(monitor, batch, 'apply');
  assert.deepEqual([applied.applied, applied.not_applied], [8, 0]);
  const household = await householdOf(one.number);
  assert.deepEqual([household.head_name, household.member_count, household.source, household.batch_id, household.version], [one.name, 3, 'import', batch.id, 1]);
  const members = await membersOf(household);
  assert.deepEqual(members.map((m) => m.relation).sort(), ['head', 'son', 'spouse']);
  assert.equal(members.find((m) => m.relation === 'head').birth_on, '1975-04-03');
  assert.ok(['unconfirmed', 'confirmed'].includes(members[0].confirmation));
  const twice = family();
  twice.members[1] = { ...twice.members[1], 证件号码: one.members[1].证件号码 };
  const second = await done(monitor, await stagedRows(county, twice.homes, twice.members), 'apply');
  assert.deepEqual([second.applied, second.not_applied], [4, 0]);
  assert.equal((await membersOf(await householdOf(twice.number))).find((m) => m.relation === 'head').confirmation, 'unconfirmed');
});

test('M-162: the same tables again change nothing; an empty cell leaves what is there, another value makes one version', async () => {
  const one = family();
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  assert.deepEqual(counts(await stagedRows(county, one.homes, one.members)), [4, 0, 0, 4, 0]);
  const [kid, boss] = one.members;
  const changed = await stagedRows(county, [{ ...one.homes[0], 家庭住址: '' }], [kid, { ...boss, '务工月收入（元）': '4200', 是否外出务工: '是', 务工所在地: '4403', '务工时长（月）': '6' }]);
  assert.deepEqual(counts(changed), [3, 0, 1, 2, 0]);
  const [row] = await rowsOf(county, changed, { action: 'update' });
  assert.equal(row.was.work_income, null);
  assert.equal(row.data.work_place, '440300000000');
  await done(monitor, changed, 'apply');
  const household = await householdOf(one.number);
  assert.equal(household.address, '仙人阁1号');
  const now = (await membersOf(household)).find((m) => m.relation === 'head');
  assert.deepEqual([Number(now.work_income), now.version, now.batch_id], [4200, 2, changed.id]);
});

test('M-162, B-018: a household that is named by its system number, without a number or with one, is unchanged where its row says nothing else', async () => {
  const { household } = await newSound();
  assert.equal(household.household_number, null);
  const one = family();
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  for (const { id, address, owner_division } of [household, await householdOf(one.number)]) {
    const row = { 户编号: id, 系统编号: id, 行政村代码: owner_division, 家庭住址: address };
    assert.deepEqual(counts(await stagedRows(county, [row], null)), [1, 0, 0, 1, 0]);
    const [changed] = await rowsOf(county, await stagedRows(county, [{ ...row, 家庭住址: `${address}东` }], null));
    assert.deepEqual([changed.action, changed.was], ['update', { address }]);
  }
});

test('M-161, B-004: a household that some rows name by its number and others by its system number is told', async () => {
  const one = family();
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  const { id } = await householdOf(one.number);
  const [kid] = one.members;
  const twice = await stagedRows(county, [{ ...one.homes[0], 家庭住址: '甲' }, { ...one.homes[0], 户编号: id, 家庭住址: '乙' }], [{ ...kid, 户编号: id }]);
  assert.deepEqual(counts(twice), [3, 0, 0, 0, 3]);
  assert.deepEqual((await rowsOf(county, twice)).filter((row) => row.part === 1).map(faultsOf), [['户编号:repeated'], ['户编号:repeated']]);
  const members = await stagedRows(county, [{ ...one.homes[0], 家庭住址: '甲' }], [{ ...kid, 户编号: id }]);
  assert.deepEqual((await rowsOf(county, members)).map(faultsOf), [['户编号:repeated'], ['户编号:repeated']]);
});

test('M-163, B-004: every fault by part, row and column; one bad row fails its household, not the others', async () => {
  const good = family(), bad = family();
  bad.members[1] = { ...bad.members[1], 证件号码: '532900197002290010', 民族: '火星族' };
  const lost = head(newNumber(), unique('钱'));
  const batch = await stagedRows(county, [...good.homes, ...bad.homes], [...good.members, ...bad.members, lost]);
  assert.deepEqual(counts(batch), [9, 4, 0, 0, 5]);
  const rows = await rowsOf(county, batch, { action: 'failed' });
  const broken = rows.find((row) => row.part === 2 && row.faults.length === 2);
  assert.equal(broken.row, 6);
  assert.deepEqual(faultsOf(broken), ['证件号码:not_a_citizen_id', '民族:not_one_of']);
  assert.equal(broken.data.id_number, undefined);
  assert.ok(rows.filter((row) => row.bundle === broken.bundle && row !== broken).every((row) => row.faults[0].code === 'bundle_failed'));
  assert.ok(rows.some((row) => faultsOf(row).includes('户编号:bundle_unknown')));
});

test('M-112, M-023, M-031: an elimination is judged as of now, however long its month is over, and days to come are refused', async () => {
  const month = (months) => { const day = new Date(`${yearsAgo(0).slice(0, 7)}-15T00:00:00Z`); day.setUTCMonth(day.getUTCMonth() - months); return day.toISOString().slice(0, 7).replace('-', ''); };
  const watched = { 监测对象类别: '突发严重困难户', 致贫返贫风险: '其他', 风险备注: '待核', 识别监测时间: month(24), 联系电话: '13812345678' };
  const gone = (months) => ({ ...watched, 风险是否已消除: '是', 消除监测时间: month(months), 风险消除方式: '帮扶消除' });
  const firstFault = async (homes, members, part = 1) => {
    const rows = await rowsOf(county, await stagedRows(county, homes, members));
    return rows.filter((row) => row.part === part).flatMap((row) => row.faults.map((fault) => fault.code));
  };
  for (const months of [0, 1, 3]) {
    const one = family(gone(months));
    assert.ok((await firstFault(one.homes, one.members)).includes('1_11_004'), `${months} months`);
  }
  const history = family(gone(8));
  assert.deepEqual(await firstFault(history.homes, history.members), []);
  const there = family(watched);
  await done(monitor, await stagedRows(county, there.homes, there.members), 'apply');
  for (const months of [1, 8]) {
    assert.ok((await firstFault([{ ...there.homes[0], ...gone(months) }], null)).includes('1_11_004'), `${months} months, of a household that was there`);
  }
  const old = await done(monitor, await stagedRows(county, history.homes, history.members), 'apply');
  assert.equal(old.applied, 4);
  const { id, version } = await householdOf(history.number);
  assertDone(await county.patch(`/monitoring/households/${id}`, version, { address: '仙人阁2号' }));
  const bare = { ...gone(8) };
  delete bare['识别监测时间'];
  const without = family(bare), early = family({ ...watched, 识别监测时间: month(-1) }), joining = family();
  assert.deepEqual(await firstFault(without.homes, without.members), ['missing']);
  assert.deepEqual(await firstFault(early.homes, early.members), ['in_future']);
  joining.members[0] = { ...joining.members[0], 增加日期: yearsAgo(0, -1) };
  assert.ok((await firstFault(joining.homes, joining.members, 2)).includes('in_future'));
});

test('M-023, M-161: a household that was entered by mistake and has ended gives its number to the next table', async () => {
  const one = family();
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  const { id, version } = await householdOf(one.number);
  assertDone(await county.verb(`/monitoring/households/${id}:end`, version, { ended_how: 'error', reason: '误录' }));
  const batch = await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  assert.deepEqual([batch.applied, batch.not_applied], [4, 0]);
  const both = assertDone(await county.get('/monitoring/households', { household_number: one.number })).items;
  assert.deepEqual(both.map((each) => each.status).sort(), ['active', 'ended']);
});

test('M-066: a table that says when somebody came changes the incomes that counted them', async () => {
  const one = family();
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  const { id } = await householdOf(one.number);
  const year = thisYear() - 1;
  const income = assertDone(await county.post('/monitoring/incomes', { household_id: id, year, amounts: { a1: '30000' } }), 201);
  assert.equal(income.headcount, 3);
  const came = { ...one.members[2], 增加日期: `${year + 1}-01-01`, 增加方式: '婚入' };
  const batch = await done(monitor, await stagedRows(county, one.homes, [came]), 'apply');
  assert.equal(batch.applied, 1);
  const now = assertDone(await county.get(`/monitoring/incomes/${income.id}`));
  assert.deepEqual([now.headcount, now.version, now.source, now.batch_id, now.per_capita], [2, 2, 'recount', batch.id, '15000.00']);
  const headcount = async () => assertDone(await county.get(`/monitoring/incomes/${income.id}`)).headcount;
  await done(monitor, batch, 'undo', { reason: '原数据属实' });
  assert.equal(await headcount(), 3);
  const joined = await done(monitor, await stagedRows(county, one.homes, [child(one.number, `${one.name}二`)]), 'apply');
  assert.equal(await headcount(), 4, 'who has lived there since 2020');
  await done(monitor, joined, 'undo', { reason: '重复录入' });
  assert.equal(await headcount(), 3);
});

test('M-165, B-017: errors of the rules fail the household by row and rule; warnings are counted and become findings when it is applied', async () => {
  const two = family(), odd = family();
  two.members[2] = { ...two.members[2], 与户主关系: '户主' };
  odd.members[1] = { ...odd.members[1], 是否外出务工: '是', 务工所在地: '4403', '务工时长（月）': '6', '务工月收入（元）': '50' };
  const batch = await stagedRows(county, [...two.homes, ...odd.homes], [...two.members, ...odd.members]);
  assert.deepEqual([batch.inserts, batch.failed], [4, 4]);
  assert.ok(batch.warnings > 0);
  const failed = await rowsOf(county, batch, { action: 'failed' });
  assert.ok(failed.some((row) => row.faults.some((fault) => /^\d_/.test(fault.code))), JSON.stringify(failed.map((row) => row.faults)));
  const told = (await rowsOf(county, batch)).find((row) => row.notes.length > 0);
  assert.ok(told.notes.every((note) => ['warning', 'alert'].includes(note.severity)));
  await done(monitor, batch, 'apply');
  const household = await householdOf(odd.number);
  const findings = assertDone(await county.get('/monitoring/findings', { household_id: household.id })).items;
  assert.deepEqual(findings.map((f) => f.rule).sort(), told.notes.map((n) => n.rule).sort());
});

test('M-165, M-108: what rules find of health is not told while it is staged, and is a finding when it is applied, as by form', async () => {
  const ill = family();
  ill.members[1] = { ...ill.members[1], 健康状况: '残疾' };
  const batch = await stagedRows(county, ill.homes, ill.members);
  assert.deepEqual([batch.failed, batch.warnings], [0, 0], 'nothing else is found, so nothing is noted');
  assert.ok(!JSON.stringify(await rowsOf(county, batch)).includes('judged'));
  await done(monitor, batch, 'apply');
  assert.deepEqual(await openRules((await householdOf(ill.number)).id), ['4_12_003']);
});

test('M-165, M-170: a household that was there is looked at again when somebody comes by table, and when that is taken back', async () => {
  const { household } = await newSound({ object_type: '2', risks: ['03'], identified_on: yearsAgo(2) });
  const rule = '2_11_001'; // ill or disabled at risk, and nobody is
  assert.ok((await openRules(household.id)).includes(rule));
  const disabled = child(household.id, unique('孙'), { 健康状况: '残疾' });
  const batch = await stagedTables(county, csv([], Object.keys(home('')).slice(0, 1)), csv([disabled]));
  assert.deepEqual(counts(batch), [1, 1, 0, 0, 0]);
  const applied = await done(monitor, batch, 'apply');
  assert.ok(!(await openRules(household.id)).includes(rule));
  assert.equal((await done(monitor, applied, 'undo', { reason: '报错了户' })).undone, 1);
  assert.ok((await openRules(household.id)).includes(rule));
});

test('M-166: a rule that is switched off in a village is off for its rows, and for no other village', async () => {
  const low = { 是否外出务工: '是', 务工所在地: '4403', '务工时长（月）': '6', '务工月收入（元）': '50' };
  const made = (village) => {
    const one = family({ 行政村代码: village });
    one.members[1] = { ...one.members[1], ...low };
    return one;
  };
  const village = '431302006001', rule = '1111_12';
  const here = made(village), there = made('431302006003');
  const rulesOf = async () => {
    const batch = await stagedRows(county, [...here.homes, ...there.homes], [...here.members, ...there.members]);
    const rows = (await rowsOf(county, batch)).filter((row) => row.part === 1);
    const told = (one) => rows.find((row) => row.data.household_number === one.number).notes.map((note) => note.rule).sort();
    return [told(here), told(there)];
  };
  // What an earlier run has left is switched on again.
  const switched = async (enabled) => {
    const [there] = assertDone(await county.get('/monitoring/rule_settings', { division: village, rule })).items;
    const year_from = thisYear();
    if (there) assertDone(await county.patch(`/monitoring/rule_settings/${there.id}`, there.version, { enabled, reason: '村内工资按季度结算' }));
    else if (!enabled) assertDone(await county.post('/monitoring/rule_settings', { owner_division: village, rule, year_from, enabled, reason: '村内工资按季度结算' }), 201);
  };
  await switched(true);
  const [first, other] = await rulesOf();
  assert.ok(first.includes(rule));
  assert.deepEqual(first, other);
  await switched(false);
  const [now, still] = await rulesOf();
  await switched(true);
  assert.deepEqual([now, still], [first.filter((code) => code !== rule), other]);
});

test('M-164, B-016: numbers are kept as ciphertext, and rows show masks; a child is shown by the first character', async () => {
  const one = family({ 联系电话: '13800138000' });
  const batch = await stagedRows(county, one.homes, one.members);
  const rows = await rowsOf(county, batch);
  const text = JSON.stringify(rows);
  for (const member of one.members) assert.ok(!text.includes(member.证件号码));
  assert.ok(!text.includes('13800138000'));
  assert.ok(!text.includes(`${one.name}小`));
  assert.equal(rows.find((row) => row.part === 1).data.phone, '138****8000');
});

test('M-167: what has changed since it was staged is left out with its household, and reported', async () => {
  const one = family(), two = family();
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  const late = await stagedRows(county, [{ ...one.homes[0], 家庭住址: '后改1号' }, ...two.homes], [...one.members, ...two.members]);
  const first = await stagedRows(county, two.homes, two.members);
  const household = await householdOf(one.number);
  assertDone(await county.patch(`/monitoring/households/${household.id}`, household.version, { address: '先改2号', reason: '入户核实' }));
  await done(monitor, first, 'apply');
  const batch = await done(monitor, late, 'apply');
  assert.deepEqual([batch.applied, batch.not_applied], [0, 5]);
  const left = await rowsOf(county, batch, { left_out: true });
  assert.deepEqual([...new Set(left.map((row) => row.outcome))].sort(), ['bundle_left_out', 'changed_since', 'recorded_now']);
  assert.equal((await householdOf(one.number)).address, '先改2号');
});

test('M-167: every row is applied or left out, though two bundles were judged apart that are of one household', async () => {
  const one = family(), two = family();
  await done(monitor, await stagedRows(county, [...one.homes, ...two.homes], [...one.members, ...two.members]), 'apply');
  const batch = await stagedRows(county, [{ ...one.homes[0], 家庭住址: '甲' }, { ...two.homes[0], 家庭住址: '乙' }], null);
  // As chunks of a large table that were looked up one behind the other leave them.
  run(`UPDATE monitoring.batch_row t SET record_id = s.record_id, base_version = s.base_version, hidden = t.hidden || jsonb_build_object('parent_id', s.hidden -> 'parent_id', 'stamp', s.hidden -> 'stamp')
    FROM monitoring.batch_row s WHERE t.batch_id = '${batch.id}' AND s.batch_id = t.batch_id AND t.row = 2 AND s.row = 1`);
  const applied = await done(monitor, batch, 'apply');
  assert.deepEqual([applied.applied, applied.not_applied], [1, 1]);
  const left = await rowsOf(county, applied, { left_out: true });
  assert.deepEqual(left.map((row) => row.outcome), ['changed_since']);
  const addresses = await Promise.all([one, two].map(async ({ number }) => (await householdOf(number)).address));
  assert.equal(addresses.filter((address) => ['甲', '乙'].includes(address)).length, 1);
});

test('M-170: a batch is taken back whole, as long as nobody has touched what it made', async () => {
  const one = family(), two = family();
  const made = await done(monitor, await stagedRows(county, [...one.homes, ...two.homes], [...one.members, ...two.members]), 'apply');
  const changed = await done(monitor, await stagedRows(county, [{ ...one.homes[0], 家庭住址: '改过3号' }], null), 'apply');
  const before = await householdOf(one.number);
  assert.equal(before.address, '改过3号');
  const back = await done(monitor, changed, 'undo', { reason: '报错了村' });
  assert.equal(back.undone, 1);
  const after = await householdOf(one.number);
  assert.deepEqual([after.address, after.version], ['仙人阁1号', before.version + 1]);
  const gone = await done(monitor, await batchOf(monitor, made.id), 'undo', { reason: '报错了县' });
  assert.deepEqual([gone.undone, gone.not_undone], [4, 4]);
  assert.equal((await rowsOf(monitor, gone, { left_out: true })).every((row) => row.outcome.startsWith('kept_')), true);
  assert.equal(assertDone(await county.get('/monitoring/households', { household_number: two.number })).items.length, 0);
});

test('M-167: rows of members alone are left out, too, when anybody has changed their household since', async () => {
  const made = [family(), family(), family(), family(), family()];
  await done(monitor, await stagedRows(county, made.flatMap((one) => one.homes), made.flatMap((one) => one.members.slice(0, 2))), 'apply');
  const late = (one) => [one.members[2]];
  const changing = (one) => [{ ...one.members[1], '务工月收入（元）': '4100', 是否外出务工: '是', 务工所在地: '4403', '务工时长（月）': '6' }];
  const sent = async (rows) => stagedTables(county, csv([], Object.keys(made[0].homes[0])), csv(rows));
  const batch = await sent([...late(made[0]), ...late(made[1]), ...late(made[2]), ...changing(made[3]), ...late(made[4])]);
  assert.deepEqual(counts(batch), [5, 4, 1, 0, 0]);
  // The household itself, a member that the batch does not name, and who lives there.
  const [first, second, third, fourth] = await Promise.all(made.map((one) => householdOf(one.number)));
  assertDone(await county.patch(`/monitoring/households/${first.id}`, first.version, { address: '改过5号', reason: '更正' }));
  const kid = (await membersOf(second)).find((m) => m.relation === 'son');
  assertDone(await county.patch(`/monitoring/members/${kid.id}`, kid.version, { medical_aid: true, reason: '更正' }));
  await done(monitor, await sent([spouse(made[2].number, unique('钱'))]), 'apply');
  const other = (await membersOf(fourth)).find((m) => m.relation === 'son');
  assertDone(await county.patch(`/monitoring/members/${other.id}`, other.version, { medical_aid: true, reason: '更正' }));
  const now = await done(monitor, batch, 'apply');
  assert.deepEqual([now.applied, now.not_applied], [1, 4]);
  const left = await rowsOf(county, now, { left_out: true });
  assert.deepEqual(left.map((row) => [row.row, row.outcome]), [2, 3, 4, 5].map((row) => [row, 'changed_since']));
  assert.deepEqual(await Promise.all([first, second, third, fourth].map(async (home) => (await membersOf(home)).length)), [2, 2, 3, 2]);
});

test('B-004: what is wrong with an ID number is told once', async () => {
  const one = family();
  one.members[1] = { ...one.members[1], 证件类型: '居民身份证', 证件号码: '532900197002290010' };
  const rows = await rowsOf(county, await stagedRows(county, one.homes, one.members), { action: 'failed' });
  assert.deepEqual(faultsOf(rows.find((row) => row.part === 2 && row.row === 3)), ['证件号码:not_a_citizen_id']);
});

test('M-170: what a citizen asks to have corrected stays, a household or a member who came by a table later', async () => {
  const one = family();
  const ask = async (about) => assertDone(await county.post('/monitoring/corrections', { asked_on: new Date().toISOString().slice(0, 10), what: '住址有误', ...about }), 201);
  const made = await done(monitor, await stagedRows(county, one.homes, one.members.slice(1)), 'apply');
  const later = await done(monitor, await stagedRows(county, one.homes, one.members.slice(0, 1)), 'apply');
  const { id: household_id } = await householdOf(one.number);
  const { items } = assertDone(await county.get('/monitoring/members', { household_id }));
  await ask({ household_id, member_id: items.find((m) => m.relation === 'son').id });
  for (const batch of [later, made]) {
    const gone = await done(monitor, await batchOf(monitor, batch.id), 'undo', { reason: '报错了村' });
    assert.deepEqual([gone.status, gone.undone], ['undone', 0]);
    assert.ok((await rowsOf(monitor, gone, { left_out: true })).every((row) => row.outcome.startsWith('kept_')));
  }
  assert.equal((await householdOf(one.number)).id, household_id);
});

test('M-160, M-165: an amount or a number of months that no record holds is told by its cell', async () => {
  const one = family();
  const staged = await stagedRows(county, one.homes, [{ ...one.members[0], '务工月收入（元）': '123456789012', '务工时长（月）': '13' }, ...one.members.slice(1)]);
  const faults = (await rowsOf(county, staged)).flatMap(faultsOf);
  for (const fault of ['务工月收入（元）:too_large', '务工时长（月）:too_large']) assert.ok(faults.includes(fault), faults.join());
  assert.equal(staged.failed, one.homes.length + one.members.length);
});

test('M-161: another county stages none of it, and nobody moves a household by a table', async () => {
  const one = family();
  const outside = await stagedRows(otherMonitor, one.homes, one.members);
  assert.equal(outside.failed, 4);
  assert.ok((await rowsOf(otherMonitor, outside)).some((row) => faultsOf(row).includes('行政村代码:out_of_scope')));
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  const moved = await stagedRows(county, [{ ...one.homes[0], 行政村代码: '431302006001' }], null);
  assert.deepEqual(faultsOf((await rowsOf(county, moved))[0]), ['行政村代码:moved']);
});

test('B-001, B-003, B-007: kinds with parts: one file that is no workbook has no second part; headings of both are told; all or none', async () => {
  const one = family();
  const alone = await stagedRows(county, one.homes, null);
  assert.equal(alone.failed, 1);
  const heading = await stagedRows(county, one.homes, [{ 姓名: '无户' }]);
  assert.deepEqual([heading.status, heading.refusal], ['failed', 'bad_heading']);
  assert.ok(heading.heading_faults.some((fault) => fault.column === '成员：户编号' && fault.code === 'missing_column'));
  const whole = await stagedRows(county, [...one.homes, home(newNumber())], one.members, { all_or_none: true });
  assertProblem(await verb(monitor, whole, 'apply'), 409, 'state_conflict');
  const file = await upload(county, csv(one.homes));
  assertProblem(await county.post('/monitoring/batches', { kind: 'archive', title: '无', file_id: file.id, member_file_id: '01940000-ffff-7000-8000-00000000abcd' }), 422, 'invalid');
});

test('B-010: the error file of each part, corrected, goes back in', async () => {
  const one = family();
  one.members[1] = { ...one.members[1], 民族: '火星族' };
  const batch = await stagedRows(county, one.homes, one.members);
  const written = await madeFile(county, assertDone(await county.post(`/monitoring/batches/${batch.id}:error_file`, { part: 2 }), 202));
  const text = written.toString();
  assert.match(text, /民族：不在可选范围内/);
  const again = await sentTables(county, csv(one.homes), Buffer.from(text.replace('火星族', '汉族')));
  assert.equal((await ended(county, again)).status, 'done');
  assert.deepEqual(counts(await batchOf(county, again.result.batch_id)), [4, 4, 0, 0, 0]);
});

test('M-160: a town stages its own, the kind tells both parts and its template has a sheet for each', async () => {
  const kinds = assertDone(await townOffice.get('/monitoring/batch_kinds'));
  const archive = kinds.imports.find((kind) => kind.kind === 'archive');
  assert.deepEqual(archive.parts.map((part) => part.label), ['户', '成员']);
  assert.ok(archive.parts[1].columns.some((column) => column.label === '与户主关系' && column.dictionary === 'relation'));
  const template = await townOffice.get('/monitoring/batch_kinds/archive/template', { format: 'csv', part: 2 });
  assert.equal(template.status, 200);
  assert.match(template.text, /姓名/);
});

test('M-160: one workbook with a sheet for each; each sheet has an error file', async () => {
  const one = family();
  one.members[2] = { ...one.members[2], 劳动技能: '大力士' };
  const table = (rows) => {
    const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))];
  };
  const bytes = sheets({ 户: table(one.homes), 成员: table(one.members) });
  const batch = await stagedTables(county, bytes, null);
  assert.deepEqual([batch.format, ...counts(batch)], ['xlsx', 4, 0, 0, 0, 4]);
  const made = await madeFile(county, assertDone(await county.post(`/monitoring/batches/${batch.id}:error_file`, { part: 2 }), 202));
  assert.equal(made.subarray(0, 2).toString(), 'PK');
  one.members[2].劳动技能 = '普通劳动力';
  assert.deepEqual(counts(await stagedTables(county, sheets({ 户: table(one.homes), 成员: table(one.members) }), null)), [4, 4, 0, 0, 0]);
});
