// tests/fault/units.test.mjs - the systemd units: systemd takes them as they are, finds little left to attack, and they set what the programs know.
// They are looked at, not run: there is no systemd in charge here.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { after, before, test } from 'node:test';
import { ROOT } from '../support/own_stack.mjs';

const EXPOSURE = 15; // of 100; a service without any sandbox has 96
const OPEN = { 'zeren-nginx.service': 16 }; // callers from everywhere and a low port are its work
const from = join(ROOT, 'deploy/systemd');
const build = process.env.ZEREN_BUILD ?? 'build/release';
const binary = (name) => join(isAbsolute(build) ? '' : ROOT, build, name);
let dir;
const analyze = (...args) => spawnSync('systemd-analyze', args, { cwd: dir, encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${dir}:` } });
const services = readdirSync(from).filter((name) => name.endsWith('.service'));
const text = (name) => readFileSync(join(from, name), 'utf8');
const setting = (name, key) => [...text(name).matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value);

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'zeren-units-'));
  cpSync(from, dir, { recursive: true });
  for (const name of services) writeFileSync(join(dir, name), text(name).replace(/^ExecStart=\S+/m, 'ExecStart=/bin/true')); // they are installed elsewhere
});
after(() => rmSync(dir, { recursive: true }));

test('systemd takes every unit without a word', () => {
  for (const name of [...services, 'zeren.target']) {
    const { status, stderr } = analyze('verify', '--man=no', `./${name}`);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' }, name);
  }
});

for (const name of services) {
  test(`${name} leaves little to attack`, () => {
    const { status, stdout } = analyze('security', '--offline=yes', `--threshold=${OPEN[name] ?? EXPOSURE}`, '--no-pager', `./${name}`);
    assert.equal(status, 0, stdout.split('\n').filter((line) => /✗|Overall/.test(line)).join('\n'));
  });
}

// Drop-ins are read after the unit, in the order of their names: what both set is the sandbox's.
test('nothing that a unit gives itself is taken back by the sandbox', () => {
  const keys = (file) => [...readFileSync(join(from, file), 'utf8').matchAll(/^([A-Za-z]+)=/gm)].map(([, key]) => key);
  const taken = keys('zeren-.service.d/sandbox.conf');
  for (const name of services) assert.deepEqual(keys(name).filter((key) => taken.includes(key)), [], name);
  for (const dropIn of readdirSync(from).filter((name) => /^zeren-.+\.service\.d$/.test(name)).flatMap((each) => readdirSync(join(from, each)))) {
    assert.ok(dropIn > 'sandbox.conf', dropIn);
  }
});

test('each process has a user of its own, but for the registry and its worker, which share files; and only the keys it works with', () => {
  const users = services.map((name) => setting(name, 'User')[0]);
  assert.equal(new Set(users).size, services.length - 1);
  assert.equal(setting('zeren-registry-worker.service', 'User')[0], setting('zeren-registry.service', 'User')[0]);
  assert.ok(users.every((user) => /^zeren-/.test(user)));
  const keys = services.flatMap((name) => setting(name, 'LoadCredential'));
  assert.equal(new Set(keys.map((key) => key.split(':')[0])).size, keys.length, 'a key is of one process');
  assert.deepEqual(setting('zeren-registry.service', 'LoadCredential'), []);
});

test('what they set is what the programs know', () => {
  for (const name of ['identity', 'registry']) {
    const known = new Set([...execFileSync(binary(name), ['--env-example'], { encoding: 'utf8' }).matchAll(/^#?(ZEREN_[A-Z_]+)=/gm)].map(([, variable]) => variable));
    const given = [...text(`zeren-${name}.service`).matchAll(/ZEREN_[A-Z_]+/g)].map(([variable]) => variable);
    assert.ok(given.length >= 6);
    assert.deepEqual(given.filter((variable) => !known.has(variable)), [], name);
  }
});
