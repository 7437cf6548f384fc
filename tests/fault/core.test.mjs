// tests/fault/core.test.mjs - what is left of a process when it dies or is looked into: no core file, no environment or argument that holds a
// secret, and no key in a core that root takes of it on purpose. Breaks a stack of its own. The page files of the machine are not looked at.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { familyOf } from '../support/families.mjs';
import { OwnStack, ROOT, sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';

const root = process.getuid() === 0;
const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
const coresAreFiles = !/^[|/]/.test(pattern); // else the host takes them elsewhere, and its setting is not ours to change
const others = new Set(['postgres', 'nginx', 'supervisor']);
// A sanitizer's allocator maps terabytes and takes signals for itself: the same code is looked at as it runs without one.
const plain = join(ROOT, 'build/gcc');
const build = /asan|tsan/.test(process.env.ZEREN_BUILD ?? '') && existsSync(join(plain, 'identity')) ? plain : process.env.ZEREN_BUILD;
const CORE_MAX = 2 ** 31;
let stack, work;

before(() => {
  stack = new OwnStack('core', { build });
  stack.up();
  work = mkdtempSync(join(tmpdir(), 'zeren-core-'));
  chmodSync(work, 0o777);
});
after(() => { stack?.reset(); if (work) rmSync(work, { recursive: true }); });

const proc = (pid, name) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
const processes = () => readdirSync(join(stack.state, 'run')).filter((file) => file.endsWith('.pid')).map((file) => file.slice(0, -4));
const ours = () => processes().filter((name) => !others.has(name));

function descendants(pid) {
  let children;
  try { children = proc(pid, `task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number); } catch { return []; } // ended meanwhile
  return [pid, ...children.flatMap(descendants)];
}

// Long words of the files that only their owner may read: texts of keys, passwords, whatever comes to be kept there.
function* secretWords() {
  for (const dir of ['secret', 'keys']) {
    for (const entry of readdirSync(join(stack.state, dir), { withFileTypes: true, recursive: true })) {
      const path = join(entry.parentPath ?? entry.path, entry.name);
      if (!entry.isFile() || statSync(path).mode & 0o077) continue;
      const words = readFileSync(path, 'utf8').split(/[\s:,="']+/).filter((word) => word.length >= 22 && !word.startsWith('----'));
      for (const word of words) yield { path, word };
    }
  }
}

// A word as it stands, and the bytes it stands for.
function formsOf({ path, word }) {
  const forms = [Buffer.from(word)];
  if (/^[0-9a-f]+$/i.test(word)) forms.push(Buffer.from(word, 'hex'));
  else if (/^[A-Za-z0-9+/_-]+$/.test(word)) forms.push(Buffer.from(word, 'base64'));
  return forms.filter((bytes) => bytes.length >= 16).map((bytes) => ({ what: `${path.slice(stack.state.length)} ${word.slice(0, 6)}…`, bytes }));
}

// The number itself, as text has it and as a processor of this machine keeps it.
function scalarOf(path) {
  const d = Buffer.from(createPrivateKey(readFileSync(path)).export({ format: 'jwk' }).d, 'base64url');
  return [d, Buffer.from(d).reverse()].map((bytes) => ({ what: `the number of ${path}`, bytes }));
}

test('every process of ours has given up cores, tracing and new privileges', () => {
  assert.ok(ours().includes('identity') && ours().includes('registry') && ours().includes('monitoring'));
  for (const name of ours()) {
    const pid = stack.pid(name);
    assert.match(proc(pid, 'status'), /^NoNewPrivs:\t1$/m, name);
    assert.match(proc(pid, 'limits'), /^Max core file size +0 +0 /m, name);
    assert.equal(statSync(`/proc/${pid}/environ`).uid, 0, `${name} can be dumped`);
    if (root) assert.match(proc(pid, 'coredump_filter'), /^0+$/m, name);
  }
});

test('nothing that the supervisor runs may write a core', () => {
  for (const name of processes().filter((name) => name !== 'supervisor')) assert.match(proc(stack.pid(name), 'limits'), /^Max core file size +0 +0 /m, name);
});

test('no argument and no environment holds a secret', { skip: !root && 'only root may look' }, () => {
  const secrets = [...secretWords()];
  assert.ok(secrets.length >= 3, 'there are secrets to look for');
  const pids = descendants(stack.pid('supervisor'));
  assert.ok(pids.length > 8);
  for (const pid of pids) {
    let seen;
    try { seen = proc(pid, 'environ') + proc(pid, 'cmdline'); } catch { continue; } // ended meanwhile
    for (const { path, word } of secrets) assert.ok(!seen.includes(word), `process ${pid} shows a word of ${path}`);
  }
});

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
});

// Starts a script of a shell that allows cores of any size, in a directory of its own, and ends what comes of it by a signal.
async function killed(script, signal, ready) {
  const dir = mkdtempSync(join(work, 'run-'));
  chmodSync(dir, 0o777);
  writeFileSync(join(dir, 'script'), script, { mode: 0o644 });
  const child = stack.spawnAs('/bin/sh', ['-c', `ulimit -c unlimited 2>/dev/null; cd ${dir} && . ./script`], { env: {} });
  await until(() => ready(child.pid), 60, 'the process to run');
  const ended = new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
  process.kill(child.pid, signal);
  assert.equal(await ended, signal);
  await sleep(200);
  return readdirSync(dir).filter((name) => name !== 'script');
}

const canWriteCores = () => coresAreFiles && spawnSync('/bin/sh', ['-c', 'ulimit -c unlimited']).status === 0;

test('a process that is not ours leaves a core there', { skip: !canWriteCores() && 'cores are no files here' }, async () => {
  const left = await killed('exec sleep 60', 'SIGABRT', async (pid) => proc(pid, 'comm').trim() === 'sleep');
  assert.equal(left.length, 1, 'the next test would see a core');
});

for (const signal of ['SIGABRT', 'SIGSEGV']) {
  test(`${signal} leaves no core of a service`, { skip: !coresAreFiles && 'cores are no files here' }, async () => {
    const start = readFileSync(join(stack.state, 'conf/identity.start'), 'utf8');
    const [port, ops] = [await freePort(), await freePort()];
    const script = start.replace(/^exec /m, `export ZEREN_PORT=${port} ZEREN_OPS_PORT=${ops}\nexec `);
    const left = await killed(script, signal, async () => (await fetch(`http://127.0.0.1:${ops}/readyz`)).ok);
    assert.deepEqual(left, []);
  });
}

// Which of the texts a file holds; read in pieces that overlap, since a core may be large.
function found(file, wanted) {
  const longest = Math.max(...wanted.map(({ bytes }) => bytes.length));
  const piece = Buffer.alloc(64 << 20), fd = openSync(file), hits = new Set();
  for (let at = 0, n; (n = readSync(fd, piece, 0, piece.length, at)) > 0; at += n < piece.length ? n : n - longest) {
    const part = piece.subarray(0, n);
    for (const { what, bytes } of wanted) if (part.includes(bytes)) hits.add(what);
    if (n < piece.length) break;
  }
  closeSync(fd);
  return [...hits];
}

// Never more than the disk of a small machine can take.
function coreOf(pid) {
  const size = Number(/^VmSize:\s+(\d+) kB/m.exec(proc(pid, 'status'))[1]) * 1024;
  assert.ok(size < CORE_MAX, `process ${pid} maps ${size} bytes: too much to take a core of`);
  const done = spawnSync('/bin/sh', ['-c', `ulimit -f ${CORE_MAX / 512}; exec gcore -o "$0" "$1"`, join(work, 'taken'), String(pid)], { encoding: 'utf8', timeout: 300_000 });
  return { stderr: done.stderr, file: join(work, `taken.${pid}`) };
}

test('the user whom a service runs as cannot look into it', () => {
  for (const name of ours()) {
    const [file, args] = stack.asUser('cat', [`/proc/${stack.pid(name)}/environ`]);
    assert.notEqual(spawnSync(file, args).status, 0, name);
  }
});

test('a core that root takes of a working service holds no key', { skip: !root && 'only root can take one' }, async () => {
  for (let i = 0; i < 8; i++) await Promise.all(['county_office', 'town_office', 'province_office'].map((role) => stack.logIn(role)));
  const token = await stack.logIn('county_office');
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const persons = (path, body) => patient(`${stack.gateway}/api/v1/identity/persons${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  for (let i = 0; i < 8; i++) { // keys of fields at work: written, found, shown
    const made = await persons('', { owner_division: '431302000000', name: '赵甲', phone: `1381234567${i}` });
    assert.equal(made.status, 201, await made.text());
    assert.equal((await persons(':find', { phone: `1381234567${i}` })).status, 200);
  }
  stack.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    VALUES (gen_random_uuid(), '431302006003', '431302006003', '仙人阁社区', 5, '431302006000', '2010-01-01') ON CONFLICT DO NOTHING`);
  const archive = async (method, path, body) => {
    const answer = await patient(`${stack.gateway}/api/v1/monitoring${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return JSON.parse(text);
  };
  for (let i = 0; i < 4; i++) {
    const { body, head } = familyOf('431302006003');
    await archive('POST', '/households', body);
    const { items: [found] } = await archive('POST', '/members:find', { id_number: head.id_number });
    assert.equal((await archive('POST', `/members/${found.id}:unmask`, { reason: '入户核对证件', fields: ['id_number'] })).id_number, head.id_number);
  }
  await until(() => stack.sql('SELECT count(*) FROM monitoring.person_check')[0] === '0', 60, 'the worker to have looked at everybody');
  const kid = JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).kid;
  const keys = [...secretWords()].filter(({ path }) => path.includes('/keys/') && !path.endsWith('/server.key'));
  assert.ok(keys.length > 0);
  const wanted = [...keys.flatMap(formsOf), ...scalarOf(join(stack.state, 'keys/signing.pem'))];
  for (const name of ours()) {
    const pid = stack.pid(name);
    writeFileSync(`/proc/${pid}/coredump_filter`, '0x7f'); // as curious as the kernel allows
    const { file, stderr } = coreOf(pid);
    assert.ok(existsSync(file), `gcore: ${stderr}`);
    if (name === 'identity') assert.deepEqual(found(file, [{ what: 'kid', bytes: Buffer.from(kid) }]), ['kid'], 'the core shows what is no secret');
    assert.deepEqual(found(file, wanted), [], `${name}: ${Math.round(statSync(file).size / 1048576)} MiB of core`);
    rmSync(file);
  }
});
