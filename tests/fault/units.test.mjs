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

test('each process has a user of its own, but for the registry, monitoring and the worker of each, which share files; and only the keys it works with', () => {
  const users = services.map((name) => setting(name, 'User')[0]);
  assert.equal(new Set(users).size, services.length - 2);
  assert.equal(setting('zeren-registry-worker.service', 'User')[0], setting('zeren-registry.service', 'User')[0]);
  assert.equal(setting('zeren-monitoring-worker.service', 'User')[0], setting('zeren-monitoring.service', 'User')[0]);
  assert.ok(users.every((user) => /^zeren-/.test(user)));
  const keys = services.flatMap((name) => setting(name, 'LoadCredential'));
  const shared = keys.filter((key, i) => keys.indexOf(key) !== i);
  assert.deepEqual([...new Set(shared)], setting('zeren-identity-worker.service', 'LoadCredential'), 'a key is of one process, but for those of fields: the worker brings rows under new ones');
  assert.match([...new Set(shared)].join(), /^field\.keys:[^,]*$/);
  for (const name of ['zeren-monitoring.service', 'zeren-monitoring-worker.service']) assert.deepEqual(setting(name, 'LoadCredential'), [...new Set(shared)], name);
  assert.deepEqual(setting('zeren-registry.service', 'LoadCredential'), []);
  for (const name of ['identity', 'registry', 'monitoring']) assert.doesNotMatch(text(`zeren-${name}.service`), /user=[a-z]+_worker/, 'who takes requests has no worker\'s role');
});

// A file leaves the service as /.files/SERVICE/…, below the gateway's directory of files.
test('the gateway finds the files where the registry, monitoring and their workers keep them, and its templates lack nothing', () => {
  const page = readFileSync(join(ROOT, 'deploy/README.md'), 'utf8');
  const [, root] = /GATEWAY_FILES=(\S+)/.exec(page);
  for (const service of ['registry', 'monitoring']) {
    for (const name of [`zeren-${service}.service`, `zeren-${service}-worker.service`]) {
      assert.deepEqual(setting(name, 'StateDirectory').map((dir) => `/var/lib/${dir}`), [`${root}/${service}`], name);
      assert.match(text(name), new RegExp(`^Environment=ZEREN_FILES_DIR=${root}/${service}$`, 'm'), name);
    }
  }
  assert.equal(setting('zeren-nginx.service', 'SupplementaryGroups')[0], ['registry', 'monitoring'].map((service) => setting(`zeren-${service}.service`, 'Group')[0]).join(' '));
  const words = new Set(readdirSync(join(ROOT, 'deploy/nginx')).flatMap((file) => [...readFileSync(join(ROOT, 'deploy/nginx', file), 'utf8').matchAll(/@([A-Z_]+)@/g)].map(([, word]) => word)));
  const variable = { LISTEN_HTTP: 'HTTP', LISTEN_TLS: 'TLS' };
  const given = [...words].filter((word) => !['LOG_IN_RATE', 'ADMIN_FROM'].includes(word)).map((word) => `GATEWAY_${variable[word] ?? word}=`);
  assert.deepEqual(given.filter((word) => !page.includes(word)), []);
});

test('what they set is what the programs know', () => {
  for (const name of ['identity', 'registry', 'monitoring', 'identity-worker', 'registry-worker', 'monitoring-worker']) {
    const known = new Set([...execFileSync(binary(name.split('-')[0]), ['--env-example'], { encoding: 'utf8' }).matchAll(/^#?(ZEREN_[A-Z_]+)=/gm)].map(([, variable]) => variable));
    const given = [...text(`zeren-${name}.service`).matchAll(/ZEREN_[A-Z_]+/g)].map(([variable]) => variable);
    assert.ok(given.length >= (name.endsWith('-worker') ? 4 : 6), name);
    assert.deepEqual(given.filter((variable) => !known.has(variable)), [], name);
  }
});
