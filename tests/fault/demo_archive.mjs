// tests/fault/demo_archive.mjs - tests of deploy/demo-archive, for demo.test.mjs, whose stack has a hundred thousand divisions already: faults by sheet, row and column, only what is new of the
// corrected file, a household gone here and there, a batch taken back; a second run that prints the same, a refusal.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../support/own_stack.mjs';

const shown = (text) => text.slice(text.indexOf('涟滨街道农户档案'));
let first, env;
const run = () => spawnSync(join(ROOT, 'deploy/demo-archive'), [], { env, encoding: 'utf8', timeout: 1_200_000 });

export function testArchive(stack) {
  env = stack.env;
  test('every fault is told by sheet, row and column, and nothing else is', () => {
    const { status, stdout, stderr } = run();
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    first = stdout;
    const mends = readFileSync(join(ROOT, 'deploy/data/demo/archive/mends.csv'), 'utf8').trim().split('\n').slice(1).map((line) => line.split(','));
    for (const line of ['表《成员》第 85 行  证件号码', '表《户》第 64 行  （整行）', '表《户》第 128 行  识别监测时间', '表《成员》第 371 行  务工月收入（元）']) assert.ok(first.includes(line), `${line} is not printed:\n${first}`);
    const told = new Set(first.match(/表《[^》]+》第 \d+ 行/g));
    assert.equal(told.size, mends.length);
  });

  test('the corrected file brings only what is new', () => {
    assert.match(first, /涟滨街道农户档案：606 行，新增 553，更新 0，不变 0，有错误 53；已应用 553 行/);
    assert.match(first, /涟滨街道农户档案（更正）：606 行，新增 53，更新 0，不变 553，有错误 0；已应用 53 行/);
  });

  test('a household is found four ways, its number masked and in full; moved it is gone here and there', () => {
    assert.match(first, /按户编号 SYN431302202600000000：1 户/);
    assert.match(first, /按住址或姓名中的字 大屋组：2 户以上/);
    assert.match(first, /乡镇看到的）：\S+ {2}431\*+\S/);
    assert.match(first, /写明事由）：\S+ {2}\d{17}[\dX]\n按身份证号码查找：1 人/);
    assert.match(first, /迁移：娄星区查询 404，双峰县查询 200/);
  });

  test('a batch is taken back, and figures are right behind it', () => {
    assert.match(first, /误报的住址：5 行，.*已应用 5 行，已撤销 5 行，保留 0 行/);
    assert.match(first, /涟滨街道：149 户 454 人/);
  });

  test('a second run of the archive finds what is there and prints the same', () => {
    const { status, stdout } = run();
    assert.equal(status, 0);
    assert.equal(shown(stdout), shown(first));
  });
}

export function testArchiveDown() {
  const { status, stderr } = run();
  assert.equal(status, 1);
  assert.equal(stderr, 'demo-archive: the stack is down: deploy/stack up\n');
}
