// Tables of households: numbers where words belong (M-114), health of somebody who is there (M-108), and more settings of rules than are kept at once (M-166).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child, head, home, newNumber, rowsOf, spouse, stagedRows } from '../support/archive_tables.mjs';
import { idNumber } from '../support/numbers.mjs';
import { run } from '../support/database.mjs';
import { newTown } from '../support/teams.mjs';
import { county } from '../support/world.mjs';
import { unique } from '../support/client.mjs';

const family = (more = {}) => {
  const number = newNumber();
  const name = unique('赵');
  return { number, homes: [home(number, more)], members: [child(number, `${name}小`), head(number, name), spouse(number, `${name}妻`)] };
};
const codesOf = (rows) => rows.flatMap((row) => row.faults.map((fault) => fault.code));

test('M-114: an ID number in words fails the household, a mobile number is noted', async () => {
  const bad = family({ 家庭住址: `三组 ${idNumber('1975-04-03')}` }), noted = family({ 家庭住址: '三组，电话13300005678' });
  const batch = await stagedRows(county, [...bad.homes, ...noted.homes], [...bad.members, ...noted.members]);
  const rows = await rowsOf(county, batch);
  const failed = rows.find((row) => row.part === 1 && row.data.household_number === bad.number);
  assert.deepEqual(failed.faults.map((fault) => [fault.column, fault.code]), [['家庭住址', '9_16_001']]);
  const warned = rows.find((row) => row.part === 1 && row.data.household_number === noted.number);
  assert.ok(warned.action === 'insert' && warned.notes.some((note) => note.rule === '9_16_007'), JSON.stringify(warned));
});

test('M-108: notes of a batch tell nobody of health', async () => {
  const ill = family();
  ill.members[1] = { ...ill.members[1], 健康状况: '残疾' };
  const rows = await rowsOf(county, await stagedRows(county, ill.homes, ill.members));
  assert.ok(!JSON.stringify(rows.map((row) => row.notes)).includes('4_12_003'));
  assert.deepEqual(codesOf(rows), []);
});

test('M-166: villages with as many different settings as there are', async () => {
  const town = await newTown(70);
  run(`INSERT INTO monitoring.rule_setting (id, rule, owner_division, year_from, enabled, params, reason, created_at)
    SELECT gen_random_uuid(), '5_16_001', left('${town.code}', 9) || lpad(n::text, 3, '0'), 2020, true, jsonb_build_object('least', (1000 + n)::text), '各村工价', now()
      FROM generate_series(1, 70) AS n`);
  const low = (n) => ({ 是否外出务工: '是', 务工所在地: '4403', '务工时长（月）': '6', '务工月收入（元）': String(1000 + n) });
  const all = town.villages.map((village, i) => {
    const one = family({ 行政村代码: village.code });
    one.members[1] = { ...one.members[1], ...low(i) };
    return one;
  });
  const batch = await stagedRows(county, all.flatMap((one) => one.homes), all.flatMap((one) => one.members));
  assert.deepEqual([batch.status, batch.failed], ['staged', 0]);
  const homes = (await rowsOf(county, batch, { limit: 500 })).filter((row) => row.part === 1);
  assert.equal(homes.length, 70);
  for (const row of homes) assert.ok(row.notes.some((note) => note.rule === '5_16_001'), row.data.household_number);
});
