// tests/api/monitoring_generated.test.mjs - archives of tests/data/generate held against the import: a clean one has no bad row and hardly a warning, each known fault of a dirty one is told at its row
// and column; the same options give the same bytes, ID numbers are valid and no two the same.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { batchOf, done, ended, sentTables, stagedTables, upload } from '../support/archive_tables.mjs';
import { assertDone } from '../support/assert.mjs';
import { allOf, unique } from '../support/client.mjs';
import { rows } from '../support/database.mjs';
import { thisYear } from '../support/days.mjs';
import { ROOT } from '../support/own_stack.mjs';
import { serial } from '../support/taken.mjs';
import { county, monitor } from '../support/world.mjs';

const at = mkdtempSync(join(tmpdir(), 'zeren-generated-'));
after(() => rmSync(at, { recursive: true }));
writeFileSync(join(at, 'villages.csv'), '431302006001,扶青社区\n431302006003,仙人阁社区\n');

let made = 0;
function generate(options) {
  const out = join(at, String(made++));
  mkdirSync(out);
  execFileSync(join(ROOT, 'tests/data/generate'), ['--out', out, '--villages', join(at, 'villages.csv'), ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])]);
  const bytes = (name) => readFileSync(join(out, `${name}.csv`));
  const rows = (name) => bytes(name).toString().trim().split('\r\n').map((line) => line.split(','));
  return { bytes, rows };
}

const seed = 4 * serial('generated', { size: 1, blocks: 10_000 }); // each run on one stack has families of its own

test('the same options give the same bytes; a later part is the end of the whole', () => {
  const whole = generate({ seed: 5, households: 60, dirty: 200 }), again = generate({ seed: 5, households: 60, dirty: 200 }), other = generate({ seed: 6, households: 60, dirty: 200 });
  const part = generate({ seed: 5, skip: 40, households: 20, dirty: 200 });
  for (const name of ['households', 'members', 'faults']) assert.deepEqual(again.bytes(name), whole.bytes(name));
  assert.notDeepEqual(other.bytes('members'), whole.bytes('members'));
  assert.deepEqual(part.rows('households').slice(1), whole.rows('households').slice(41));
  const members = whole.rows('members');
  assert.deepEqual(part.rows('members').slice(1), members.slice(-part.rows('members').length + 1));
});

test('ID numbers have a valid check character, and no two are the same', () => {
  const members = generate({ seed, households: 5000 }).rows('members').slice(1);
  const numbers = members.map((row) => row[5]);
  assert.equal(new Set(numbers).size, members.length);
  for (const number of numbers) {
    const sum = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2].reduce((all, weight, i) => all + weight * Number(number[i]), 0);
    assert.equal(number[17], '10X98765432'[sum % 11], number);
    assert.match(number, /^431302(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dX]$/);
  }
});

test('a clean archive is imported without a bad row and hardly a warning', async () => {
  const archive = generate({ seed, households: 150 });
  const batch = await stagedTables(county, archive.bytes('households'), archive.bytes('members'));
  const rows = archive.rows('households').length + archive.rows('members').length - 2;
  assert.deepEqual([batch.rows, batch.inserts, batch.failed], [rows, rows, 0]);
  assert.ok(batch.warnings <= 2, `${batch.warnings} warnings`);
  assert.equal((await done(monitor, batch, 'apply')).applied, rows);
});

test('each known fault of a dirty archive is told at its row and column, as the kind says', async () => {
  const archive = generate({ seed: seed + 1, households: 200, dirty: 250 });
  const job = await sentTables(county, archive.bytes('households'), archive.bytes('members'));
  assert.equal((await ended(county, job)).status, 'done');
  const batch = await batchOf(county, job.result.batch_id);
  const told = new Set();
  for (const row of await allOf(county, `/monitoring/batches/${batch.id}/rows`, { action: 'failed' }))
    for (const fault of row.faults) told.add([row.part === 1 ? '户' : '成员', row.row, fault.column, fault.code].join());
  const faults = archive.rows('faults').slice(1);
  assert.ok(new Set(faults.map((fault) => fault[3])).size === 16, 'not every kind is there');
  for (const [table, row, column, kind, code] of faults) assert.ok(told.has([table, row, column, code].join()), `${kind}: ${[table, row, column, code]} is not told`);
  const clean = [...told].filter((fault) => !/,(bundle_failed|no_head|bundle_unknown)$/.test(fault));
  assert.ok(clean.length <= 2 * faults.length, `more is told than is wrong: ${clean.length} of ${faults.length}`);
});

// Yearly blocks: what the generator computes for itself is what the service computes.
const year = thisYear() - 1;
async function stagedBlocks(kind, bytes) {
  const file = await upload(county, bytes);
  const now = await ended(county, assertDone(await county.post('/monitoring/batches', { kind, title: unique('年度'), file_id: file.id }), 202));
  assert.equal(now.status, 'done', JSON.stringify(now));
  return batchOf(county, now.result.batch_id);
}
async function imported(options) {
  const archive = generate(options);
  await done(monitor, await stagedTables(county, archive.bytes('households'), archive.bytes('members')), 'apply');
  return archive;
}
const asked = ['人口数', '工资性收入', '生产经营性收入', '财产性收入', '转移性收入', '生产经营性支出', '家庭纯收入', '人均纯收入', '收入参考范围', '人均收入参考范围'];

test('blocks do not change the archive, and are the same for the same options', () => {
  const bare = generate({ seed: 5, households: 40 }), one = generate({ seed: 5, households: 40, incomes: year }), two = generate({ seed: 5, households: 40, incomes: year });
  const part = generate({ seed: 5, skip: 30, households: 10, incomes: year });
  for (const name of ['households', 'members']) assert.deepEqual(one.bytes(name), bare.bytes(name));
  for (const name of ['incomes', 'three_guarantees', 'living_conditions', 'block_faults']) {
    assert.deepEqual(one.bytes(name), two.bytes(name));
    assert.deepEqual(part.rows(name).slice(1), one.rows(name).slice(1).slice(name === 'block_faults' ? 0 : 30));
  }
});

test('M-172 to M-174: a generated year of blocks is imported without a bad row, and its figures are those that the generator computes', async () => {
  const archive = await imported({ seed: seed + 2, households: 60, incomes: year });
  for (const kind of ['incomes', 'three_guarantees', 'living_conditions']) {
    const batch = await stagedBlocks(kind, archive.bytes(kind));
    assert.deepEqual([batch.rows, batch.inserts, batch.failed], [60, 60, 0], kind);
    assert.equal((await done(monitor, batch, 'apply')).applied, 60);
  }
  const [heading, ...said] = archive.rows('incomes');
  const places = ['户编号', ...asked].map((name) => heading.indexOf(name));
  const kept = rows(`SELECT h.household_number AS number, concat_ws(',', i.headcount, round(i.wage, 2), round(i.production, 2), round(i.property, 2), round(i.transfer, 2), round(i.expense, 2),
      round(i.net, 2), round(i.per_capita, 2), round(i.reference, 2), round(i.reference_per_capita, 2)) AS figures
    FROM monitoring.income i JOIN monitoring.household h ON h.id = i.household_id WHERE i.year = ${year} AND h.household_number IN (${said.map((row) => `'${row[0]}'`).join()})`);
  const by = Object.fromEntries(kept.map((row) => [row.number, row.figures]));
  for (const row of said) assert.equal(by[row[places[0]]], places.slice(1).map((at) => row[at]).join(','), row[places[0]]);
});

test('each known fault of dirty blocks is told at its row and column', async () => {
  const archive = await imported({ seed: seed + 3, households: 60 });
  const blocks = generate({ seed: seed + 3, households: 60, incomes: year, dirty: 500 });
  const batch = await stagedBlocks('incomes', blocks.bytes('incomes'));
  const failed = await allOf(county, `/monitoring/batches/${batch.id}/rows`, { action: 'failed' });
  const told = new Set(failed.flatMap((row) => row.faults.map((fault) => [row.row, fault.column, fault.code].join())));
  const faults = blocks.rows('block_faults').slice(1);
  assert.equal(archive.rows('households').length, 61);
  assert.equal(new Set(faults.map((fault) => fault[3])).size, 9, 'not every kind is there');
  for (const [, row, column, kind, code] of faults) assert.ok(told.has([row, column, code].join()), `${kind}: ${[row, column, code]} is not told: ${[...told].filter((each) => each.startsWith(`${row},`))}`);
  assert.equal(failed.length, faults.length, 'and nothing else is');
});
