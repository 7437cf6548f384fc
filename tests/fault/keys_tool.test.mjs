// tests/fault/keys_tool.test.mjs - zeren-keys in a directory of its own: what it makes, rotates, drops, backs up and restores, and what it
// refuses; that no key and no passphrase shows in what it prints, in its arguments or in its environment.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT, sleep } from '../support/own_stack.mjs';

const BUILD = process.env.ZEREN_BUILD ?? 'build/release';
const TOOL = join(BUILD.startsWith('/') ? BUILD : join(ROOT, BUILD), 'zeren-keys');
const home = mkdtempSync(join(tmpdir(), 'zeren-keys-'));
const PASSPHRASE = 'correct horse battery staple';
const passphraseFile = join(home, 'passphrase');
chmodSync(home, 0o711); // the processes' user walks through it to a stack's directory
writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
after(() => rmSync(home, { recursive: true }));

let count = 0;
const freshDir = () => join(home, `d${++count}`);
const said = []; // everything the tool ever printed
function keys(args, options = {}) {
  const run = spawnSync(TOOL, args, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' }, ...options });
  said.push(run.stdout, run.stderr);
  return { status: run.status, out: run.stdout, why: run.stderr };
}
function done(args, options) {
  const run = keys(args, options);
  assert.equal(run.status, 0, `${args.join(' ')}: ${run.why}`);
  return run.out;
}
function refused(args, pattern, options) {
  const run = keys(args, options);
  assert.equal(run.status, 1, `${args.join(' ')}: ${run.out}`);
  assert.match(run.why, pattern);
}
const lines = (dir, file) => readFileSync(join(dir, file), 'utf8').split('\n').filter((line) => line && !line.startsWith('#'))
  .map((line) => { const [kid, purpose, alg, state, at, secret] = line.split(' '); return { kid, purpose, alg, state, at, secret }; });
const one = (dir, file, purpose, state) => {
  const found = lines(dir, file).filter((key) => key.purpose === purpose && key.state === state);
  assert.equal(found.length, 1, `one ${state} key of ${purpose}`);
  return found[0];
};
const files = ['field.keys', 'seal.keys', 'session.keys', 'signing.pem'];
const contents = (dir) => Object.fromEntries(readdirSync(dir).sort().map((name) => [name, readFileSync(join(dir, name), 'base64')]));

test('init makes what is missing, readable by its owner alone, and leaves what is there', () => {
  const dir = freshDir();
  done(['init', dir]);
  assert.deepEqual(readdirSync(dir).sort(), files);
  for (const name of files) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
  assert.equal(Buffer.from(one(dir, 'field.keys', 'encrypt', 'active').secret, 'base64').length, 16);
  for (const [file, purpose] of [['field.keys', 'mac'], ['field.keys', 'lookup'], ['seal.keys', 'seal'], ['session.keys', 'refresh']])
    assert.equal(Buffer.from(one(dir, file, purpose, 'active').secret, 'base64').length, 32, purpose);
  assert.equal(one(dir, 'field.keys', 'encrypt', 'active').kid, one(dir, 'field.keys', 'mac', 'active').kid);
  const secrets = files.slice(0, 3).flatMap((file) => lines(dir, file).map((key) => key.secret));
  assert.equal(new Set(secrets).size, 5, 'all of them different');
  const before = contents(dir);
  assert.equal(done(['init', dir]), '');
  assert.deepEqual(contents(dir), before);
  rmSync(join(dir, 'seal.keys'));
  assert.match(done(['init', dir]), /made .*seal\.keys/);
  assert.equal(contents(dir)['field.keys'], before['field.keys']);
  assert.match(done(['check', dir]), /ok/);
});

test('init takes the other algorithm, and no third', () => {
  const dir = freshDir();
  done(['init', dir, '--alg', 'aes-256-gcm']);
  assert.equal(one(dir, 'field.keys', 'encrypt', 'active').alg, 'aes-256-gcm');
  refused(['init', freshDir(), '--alg', 'rot13'], /no algorithm/);
});

test('the signing key is of P-256, and status names it as tokens do', () => {
  const dir = freshDir();
  done(['init', dir]);
  const { crv, x, y } = createPublicKey(createPrivateKey(readFileSync(join(dir, 'signing.pem')))).export({ format: 'jwk' });
  assert.equal(crv, 'P-256');
  const kid = createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest('base64url');
  assert.ok(done(['status', dir]).includes(kid));
});

test('rotate keeps the key before, in an order that running processes can follow', async () => {
  const dir = freshDir();
  done(['init', dir]);
  const old = one(dir, 'field.keys', 'lookup', 'active');
  const rotation = spawn(TOOL, ['rotate', 'lookup', dir]);
  const ended = new Promise((resolve) => { rotation.on('exit', resolve); });
  let pendingSince = 0;
  let pendingFor = 0;
  for (let running = true; running;) {
    running = await Promise.race([ended.then(() => false), sleep(20).then(() => true)]);
    const now = lines(dir, 'field.keys').filter((key) => key.purpose === 'lookup');
    assert.equal(now.filter((key) => key.state === 'active').length, 1, 'at every moment one key is active');
    assert.ok(now.some((key) => key.kid === old.kid), 'at every moment the old key is known');
    if (now.some((key) => key.state === 'pending')) {
      pendingSince ||= performance.now();
      pendingFor = performance.now() - pendingSince;
      assert.equal(now.find((key) => key.state === 'active').kid, old.kid);
    }
  }
  assert.equal(await ended, 0);
  assert.ok(pendingFor > 1000, `pending for ${pendingFor} ms: every process has read it`);
  assert.equal(one(dir, 'field.keys', 'lookup', 'retired').secret, old.secret);
  assert.notEqual(one(dir, 'field.keys', 'lookup', 'active').secret, old.secret);
  assert.equal(one(dir, 'field.keys', 'encrypt', 'active').state, 'active', 'another purpose is left alone');
  assert.match(done(['check', dir]), /ok/);
});

test('encrypt and mac keys rotate as a pair, by either name, and may change the algorithm', () => {
  const dir = freshDir();
  done(['init', dir]);
  const old = one(dir, 'field.keys', 'encrypt', 'active');
  done(['rotate', 'mac', dir, '--alg', 'aes-256-gcm']);
  const fresh = one(dir, 'field.keys', 'encrypt', 'active');
  assert.equal(fresh.alg, 'aes-256-gcm');
  assert.equal(one(dir, 'field.keys', 'mac', 'active').kid, fresh.kid);
  assert.equal(one(dir, 'field.keys', 'mac', 'retired').kid, old.kid);
  done(['rotate', 'encrypt', dir]);
  assert.equal(one(dir, 'field.keys', 'encrypt', 'active').alg, 'aes-256-gcm', 'a rotation changes the key, not the algorithm');
});

// A rotation that stands where its key is pending; on a machine that looks too late, another one.
async function halfWay(dir) {
  for (;;) {
    const rotation = spawn(TOOL, ['rotate', 'seal', dir]);
    while (rotation.exitCode === null && !lines(dir, 'seal.keys').some((key) => key.state === 'pending')) await sleep(10);
    rotation.kill('SIGSTOP');
    if (rotation.exitCode === null && lines(dir, 'seal.keys').some((key) => key.state === 'pending')) return rotation;
    rotation.kill('SIGCONT');
  }
}

test('an interrupted rotation is finished by the next, with the same key', async () => {
  const dir = freshDir();
  done(['init', dir]);
  const rotation = await halfWay(dir);
  rotation.kill('SIGKILL');
  await new Promise((resolve) => { rotation.on('exit', resolve); });
  const pending = one(dir, 'seal.keys', 'seal', 'pending');
  assert.match(done(['check', dir]), /interrupted/);
  done(['rotate', 'seal', dir]);
  assert.equal(one(dir, 'seal.keys', 'seal', 'active').secret, pending.secret);
});

test('a rotation can be taken apart, where processes have to be restarted to read their files', () => {
  const dir = freshDir();
  done(['init', dir]);
  const active = one(dir, 'session.keys', 'refresh', 'active');
  assert.match(done(['rotate', 'refresh', dir, '--prepare']), /is pending/);
  const pending = one(dir, 'session.keys', 'refresh', 'pending');
  assert.deepEqual(one(dir, 'session.keys', 'refresh', 'active'), active);
  done(['rotate', 'refresh', dir]);
  assert.equal(one(dir, 'session.keys', 'refresh', 'active').kid, pending.kid);
  assert.equal(one(dir, 'session.keys', 'refresh', 'retired').kid, active.kid);
});

test('two rotations at once: the second is refused', async () => {
  const dir = freshDir();
  done(['init', dir]);
  const rotation = await halfWay(dir);
  refused(['rotate', 'refresh', dir], /another zeren-keys/);
  rotation.kill('SIGCONT');
  await new Promise((resolve) => { rotation.on('exit', resolve); });
});

test('a stolen refresh key is gone at once; other stolen keys stay to read what they wrote', () => {
  const dir = freshDir();
  done(['init', dir]);
  done(['rotate', 'refresh', dir]);
  const old = one(dir, 'session.keys', 'refresh', 'active');
  done(['rotate', 'refresh', dir, '--stolen']);
  assert.equal(lines(dir, 'session.keys').length, 1);
  assert.notEqual(one(dir, 'session.keys', 'refresh', 'active').kid, old.kid);
  const lookup = one(dir, 'field.keys', 'lookup', 'active');
  done(['rotate', 'lookup', dir, '--stolen']);
  assert.equal(one(dir, 'field.keys', 'lookup', 'retired').kid, lookup.kid);
});

test('a signing key is replaced; a stolen one says so in the new file', () => {
  const dir = freshDir();
  done(['init', dir]);
  const first = readFileSync(join(dir, 'signing.pem'), 'utf8');
  done(['rotate', 'signing', dir]);
  const second = readFileSync(join(dir, 'signing.pem'), 'utf8');
  assert.notEqual(first, second);
  assert.match(second, /^-----BEGIN PRIVATE KEY-----\n/);
  done(['rotate', 'signing', dir, '--stolen']);
  assert.match(readFileSync(join(dir, 'signing.pem'), 'utf8'), /^Zeren-Retire: at-once\n-----BEGIN PRIVATE KEY-----\n/);
  assert.match(done(['check', dir]), /ok/);
});

test('drop removes a retired key, and only when told that nothing is left under it', () => {
  const dir = freshDir();
  done(['init', dir]);
  done(['rotate', 'encrypt', dir]);
  const retired = one(dir, 'field.keys', 'encrypt', 'retired').kid;
  refused(['drop', retired, dir], /nothing-left/);
  refused(['drop', one(dir, 'field.keys', 'encrypt', 'active').kid, dir, '--nothing-left'], /is active/);
  refused(['drop', '00000000', dir, '--nothing-left'], /no kid/);
  refused(['drop', 'ffffffff', dir, '--nothing-left'], /in none of the key files/);
  done(['drop', retired, dir, '--nothing-left']);
  assert.ok(!lines(dir, 'field.keys').some((key) => key.kid === retired), 'its mac key went with it');
  assert.match(done(['check', dir]), /ok/);
});

test('check refuses what a process would refuse, and what others could read', () => {
  const dir = freshDir();
  done(['init', dir]);
  chmodSync(join(dir, 'seal.keys'), 0o640);
  refused(['check', dir], /read by others/);
  chmodSync(join(dir, 'seal.keys'), 0o600);
  const text = readFileSync(join(dir, 'field.keys'), 'utf8');
  writeFileSync(join(dir, 'field.keys'), text.replace(' mac ', ' lookup '));
  refused(['check', dir], /field\.keys/);
  refused(['rotate', 'lookup', dir], /field\.keys/);
  writeFileSync(join(dir, 'field.keys'), text);
  writeFileSync(join(dir, 'signing.pem'), 'no key\n');
  refused(['check', dir], /no private key/);
  rmSync(join(dir, 'signing.pem'));
  refused(['check', dir], /missing/);
});

test('backup and restore: the same directory again', () => {
  const dir = freshDir();
  const other = freshDir();
  const backup = join(home, 'one.backup');
  done(['init', dir]);
  done(['backup', dir, backup, '--passphrase-file', passphraseFile]);
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  refused(['backup', dir, backup, '--passphrase-file', passphraseFile], /exists already/);
  done(['restore', backup, other, '--passphrase-file', '-'], { input: `${PASSPHRASE}\n` });
  assert.deepEqual(contents(other), contents(dir));
  assert.match(done(['check', other]), /ok/);
  const sealed = readFileSync(backup).toString('latin1');
  for (const key of lines(dir, 'field.keys')) assert.ok(!sealed.includes(key.secret) && !sealed.includes(Buffer.from(key.secret, 'base64').toString('latin1')));
});

test('restore overwrites only when told to', () => {
  const dir = freshDir();
  const backup = join(home, 'two.backup');
  done(['init', dir]);
  const first = contents(dir);
  done(['backup', dir, backup, '--passphrase-file', passphraseFile]);
  done(['rotate', 'signing', dir]);
  const second = contents(dir);
  refused(['restore', backup, dir, '--passphrase-file', passphraseFile], /--replace/);
  assert.deepEqual(contents(dir), second);
  done(['restore', backup, dir, '--replace', '--passphrase-file', passphraseFile]);
  assert.deepEqual(contents(dir), first);
});

test('a wrong passphrase, a changed byte or a cut backup is refused, and nothing is written', () => {
  const dir = freshDir();
  const other = freshDir();
  const backup = join(home, 'three.backup');
  const changed = join(home, 'changed.backup');
  done(['init', dir]);
  done(['backup', dir, backup, '--passphrase-file', passphraseFile]);
  refused(['restore', backup, other, '--passphrase-file', '-'], /wrong passphrase/, { input: 'correct horse battery stapl3\n' });
  refused(['restore', backup, other, '--passphrase-file', '-'], /wrong passphrase/, { input: '\n' });
  const bytes = readFileSync(backup);
  // magic, passes, memory, salt, header, sealed text, tag
  for (const at of [0, 14, 17, 20, 40, 70, 200, bytes.length - 1]) {
    const copy = Buffer.from(bytes);
    copy[at] ^= 1;
    writeFileSync(changed, copy);
    refused(['restore', changed, other, '--passphrase-file', passphraseFile], /was not opened|no backup/);
  }
  for (const length of [0, 20, bytes.length - 1]) {
    writeFileSync(changed, bytes.subarray(0, length));
    refused(['restore', changed, other, '--passphrase-file', passphraseFile], /was not opened|no backup/);
  }
  assert.ok(!existsSync(other));
});

test('a backup with a key file that no process would take is refused whole', () => {
  const dir = freshDir();
  const other = freshDir();
  const backup = join(home, 'four.backup');
  done(['init', dir]);
  writeFileSync(join(dir, 'seal.keys'), 'rubbish\n');
  done(['backup', dir, backup, '--passphrase-file', passphraseFile]);
  refused(['restore', backup, other, '--passphrase-file', passphraseFile], /seal\.keys line 1/);
  assert.ok(!existsSync(other));
});

test('a passphrase comes from a file or a terminal and is not short', () => {
  const dir = freshDir();
  const backup = join(home, 'five.backup');
  done(['init', dir]);
  refused(['backup', dir, backup, '--passphrase-file', '-'], /shorter than 12/, { input: 'short\n' });
  refused(['backup', dir, backup, '--passphrase-file', join(home, 'none')], /cannot be read/);
  const run = spawnSync('setsid', [TOOL, 'backup', dir, backup], { encoding: 'utf8', input: PASSPHRASE });
  assert.equal(run.status, 1);
  assert.match(run.stderr, /no terminal/);
  assert.ok(!existsSync(backup));
});

test('wrong usage says how it is used', () => {
  for (const args of [[], ['x'], ['init'], ['init', 'a', 'b'], ['rotate', 'seal'], ['backup', 'a', 'b', '--passphrase', 'x'], ['init', 'a', '--alg']]) {
    const run = keys(args);
    assert.equal(run.status, 2, args.join(' '));
    assert.match(run.why, /^usage: zeren-keys/);
  }
  refused(['rotate', 'everything', freshDir()], /no purpose/);
});

test('nothing it printed holds a key or a passphrase', () => {
  const text = said.join('\n');
  assert.ok(!text.includes(PASSPHRASE) && !text.includes('PRIVATE KEY'));
  for (const dir of readdirSync(home).filter((name) => /^d\d+$/.test(name)))
    for (const file of files.slice(0, 3))
      if (existsSync(join(home, dir, file)))
        for (const key of lines(join(home, dir), file).filter((line) => line.secret)) assert.ok(!text.includes(key.secret));
});

test('deploy/keys reaches the same program for a stack', () => {
  const state = join(home, 'stack');
  const env = { ...process.env, ZEREN_STACK_DIR: state, ZEREN_BUILD: BUILD };
  const run = (...args) => execFileSync(join(ROOT, 'deploy/keys'), args, { env, encoding: 'utf8' });
  assert.equal(spawnSync(join(ROOT, 'deploy/keys'), ['status'], { env }).status, 1);
  assert.match(run('init'), /made .*field\.keys/);
  assert.match(run('check'), /ok/);
  assert.match(run('rotate', 'signing', '--stolen'), /signing key/);
  assert.match(run('status'), /seal\.keys/);
});
