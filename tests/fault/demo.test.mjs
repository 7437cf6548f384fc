// tests/fault/demo.test.mjs - deploy/demo-registry and deploy/demo-archive on a stack of its own: the county's counts and chains as they are printed, a second run that finds everything
// there, the archive's table (demo_archive.mjs), refusals. The year on a moved clock: demo_year.test.mjs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OwnStack, ROOT } from '../support/own_stack.mjs';
import { testArchive, testArchiveDown } from './demo_archive.mjs';

const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };
const quick = join(ROOT, 'build/gcc'); // a hundred thousand divisions take their time under a sanitizer
const stack = new OwnStack('demo', { settings: { identity: unlimited, registry: unlimited, monitoring: unlimited }, ...(existsSync(join(quick, 'registry')) ? { build: quick } : {}) });
const run = () => spawnSync(join(ROOT, 'deploy/demo-registry'), [], { env: stack.env, encoding: 'utf8', timeout: 1_200_000 });
const figures = (text) => text.slice(text.indexOf('责任体系'));
before(() => {
  stack.up();
  stack.tellYears();
});
after(() => stack.reset());

let first;
test('the counts are those of the source: 37 leaders in 46 villages, 62 teams of 157 in 65, 37 tasks of 77 items', () => {
  const { status, stdout, stderr } = run();
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  first = stdout;
  for (const line of ['37 名区级领导 → 46 个村', '62 支，157 人 → 65 个村；应派 65 个村，已派 65 个，重复派驻 0 个', '37 项任务 → 77 项分解，33 个牵头单位', '领导小组 1，专班 5，专责组 12',
    '西坪村：请假期间无人顶岗', '任期已满 157 处']) assert.ok(stdout.includes(line), `${line} is not printed:\n${stdout}`);
});

test('chains: two first responsible at one level, a functional area, a village by the town of that day, a post vacant on one', () => {
  const chains = first.split('\n责任链：').slice(1);
  assert.equal(chains.length, 6);
  const [village, area, , now, then, vacant] = chains;
  assert.equal(village.split('县级 娄星区')[1].match(/第一责任人 {2}(中共娄星区委员会区委书记|娄星区人民政府区长)/g).length, 2);
  assert.match(village, /挂点.*\n.*工作队 {2}驻涟滨街道西坪村工作队/);
  assert.match(area, /县级 义龙新区（5223F1000000）——功能区/);
  assert.match(now, /^六河湾村（621021100299），2026-06-30\n[^]*乡级 庆城镇/);
  assert.match(then, /^六河湾村委会（621021205201），2025-06-30，按 621021100299 查询\n[^]*乡级 蔡口集乡/);
  assert.match(vacant, /缺口：六河湾村村民委员会村党组织书记空缺/);
});

test('a second run finds what is there and prints the same', () => {
  const { status, stdout } = run();
  assert.equal(status, 0);
  assert.equal(figures(stdout), figures(first));
  assert.ok(!stdout.includes(' new'), stdout);
});

testArchive(stack);

test('a refusal is one line: the stack is down', () => {
  stack.command(['down']);
  const { status, stderr } = run();
  assert.equal(status, 1);
  assert.equal(stderr, 'demo-registry: the stack is down: deploy/stack up\n');
  testArchiveDown();
});
