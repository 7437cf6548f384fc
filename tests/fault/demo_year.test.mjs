// tests/fault/demo_year.test.mjs - deploy/demo-registry --year, when ZEREN_DEMO_YEAR is set (tests/run --full): twelve months of a county on a moved clock, and the same again
// from what they left. It needs a build that can move its clock: every test build can.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../support/own_stack.mjs';

const base = `${process.env.ZEREN_OWN_STACKS ?? '/tmp'}/zeren-demo-${process.pid}`, state = `${base}-year`;
const quick = join(ROOT, 'build/gcc');
const env = { ...process.env, ZEREN_STACK_DIR: base, ZEREN_CLOCK_BUILD: existsSync(join(quick, 'registry')) ? quick : process.env.ZEREN_BUILD ?? '' };
const run = () => spawnSync(join(ROOT, 'deploy/demo-registry'), ['--year'], { env, encoding: 'utf8', timeout: 1_200_000 });
after(() => existsSync(state) && spawnSync(join(ROOT, 'deploy/stack'), ['reset'], { env: { ...env, ZEREN_STACK_DIR: state } }));

test('the year: what is owed is made, met by facts, late, told above, urged; a hand-over neither loses nor doubles; the annual report is a PDF', { skip: !process.env.ZEREN_DEMO_YEAR }, () => {
  const { status, stdout, stderr } = run();
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  assert.match(stdout, /^合计 +482 +472 +2 +8 +0$/m);
  assert.match(stdout, /2024-02-29 → 2024-03-01 {2}逾期 {2}包抓领导每月到联系村/);
  assert.match(stdout, /2024-09-30 → 2024-10-08 {2}逾期 {2}领导小组每季度会议/);
  assert.match(stdout, /第1步 2024-\d\d-\d\d → 621000000000/);
  assert.match(stdout, /督办 2 件：\n.*答复（accepted）.*\n.*答复（accepted）/);
  assert.match(stdout, /全年 12 项，12 个月各一项；按时 12 项\n {2}五月：应 1 次，计 1 次：2024-05-23/);
  assert.match(stdout, /由 2 份已审核的半年小结汇成，缺 0 份/);
  assert.match(stdout, /文号 报告〔2025〕1号/);
  assert.equal(readFileSync(/^文件 (\S+)，/m.exec(stdout)[1]).subarray(0, 5).toString(), '%PDF-');
  assert.ok(!existsSync(join(state, 'run/supervisor.pid')), 'nothing is left running');
});

test('a second run does nothing but start the stack and print it again', { skip: !process.env.ZEREN_DEMO_YEAR }, () => {
  const again = run();
  assert.equal(again.status, 0);
  assert.match(again.stdout, /the year was run before/);
  assert.match(again.stdout, /^合计 +482 +472 +2 +8 +0$/m);
});
