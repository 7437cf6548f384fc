// tests/fault/backup.test.mjs - a backup is made under load, the machine is lost, and deploy/database puts back the backup, or a moment behind it: what was acknowledged is there, sealed fields and
// files open, the audit verifies, clients learn that it is another history. And what is wrong with a backup is found (charter R6).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync, readSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OwnStack, ROOT, until } from '../support/own_stack.mjs';
import { ITEMS } from './own.mjs';
import {
  archiveAll, archived, assertAnotherHistory, assertFiles, assertGone, assertOpens, assertSealed, assertWritten, enter, keepKeys, momentOf, must, nextMillisecond, placesOf, putKeys, remove, tool,
  upload, writers,
} from './restored.mjs';

const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };
const stack = new OwnStack('backup', { settings: { identity: unlimited, registry: unlimited } });
const archive = `${stack.state}-archive`, backup = `${stack.state}-backup`, keys = `${stack.state}-keys`;
after(() => { stack.reset(); remove(archive, backup, keys); });

const ledger = [], people = [], files = [];
let places, moment, held;

const county = () => stack.logIn('county_office');
const town = () => stack.logIn('town_office');
const infoOf = (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(join(backup, 'backup'), 'utf8'))[1];

// Run beside the load.
function backUp() {
  const child = spawn(join(ROOT, 'deploy/database'), ['backup', backup], { env: stack.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, said })));
}

async function writeOne(tokens) {
  people.push(await enter(stack, tokens.county));
  files.push(await upload(stack, tokens.town));
}

test('a backup under load, and what follows it until the machine is lost', { timeout: 900_000 }, async (t) => {
  archived(stack, archive);
  stack.up();
  stack.command(['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-v', `items=${ITEMS}`, '-f', '-'], { input: readFileSync(join(ROOT, 'tests/support/county.sql')) });
  keepKeys(stack, keys);
  const tokens = { county: await county(), town: await town() };
  const end = writers(stack, tokens.town, ledger);
  await writeOne(tokens);
  await until(() => ledger.length > 20, 180, 'reports before the backup');
  const before = ledger.length;
  const { status, said } = await backUp();
  assert.equal(status, 0, said);
  assert.match(said, /The keys are not in it: deploy\/keys backup FILE/);
  held = { from: infoOf('begun'), until: infoOf('ended') };
  t.diagnostic(`${ledger.length - before} reports acknowledged beside it; ${said.split('\n')[0]}`);
  await writeOne(tokens);
  await until(() => ledger.at(-1).sent > Date.parse(held.until), 180, 'reports behind the backup');
  await nextMillisecond();
  moment = momentOf(stack);
  await nextMillisecond();
  await writeOne(tokens);
  await until(() => ledger.filter((line) => line.sent > Date.parse(moment)).length > 10, 180, 'reports behind the moment');
  await end();
  await until(() => stack.sql('SELECT count(*) FROM registry.outbox')[0] === '0', 180, 'the last event');
  places = await placesOf(stack, tokens.town);
  await archiveAll(stack);
});

test('no key is in a backup', () => {
  const secrets = readdirSync(join(stack.state, 'keys')).filter((name) => name.endsWith('.keys')).flatMap((name) => readFileSync(join(stack.state, 'keys', name), 'utf8').split('\n'))
    .map((line) => line.split(' ')[5]).filter(Boolean);
  assert.ok(secrets.length >= 4);
  for (const name of ['backup', 'sums', 'stored']) {
    const text = readFileSync(join(backup, name), 'utf8');
    for (const secret of secrets) assert.ok(!text.includes(secret), name);
  }
  assert.deepEqual(readdirSync(backup).sort(), ['anchors', 'backup', 'database', 'files', 'stored', 'sums']);
});

function flip(path, at) {
  const file = openSync(path, 'r+'), byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0] ^= 1;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

test('what is wrong with a backup is found, and it is not restored', () => {
  must(stack, 'database', ['verify', backup]);
  const bucket = join(backup, 'files/registry/store', readdirSync(join(backup, 'files/registry/store'))[0]);
  const [blob] = readdirSync(bucket);
  for (const [file, at, told] of [['database/global/pg_control', 100, /database was changed/], ['backup', 12, /was changed/], ['database/backup_manifest', 300, /was changed/]]) {
    flip(join(backup, file), at);
    const found = tool(stack, 'database', ['verify', backup]);
    flip(join(backup, file), at);
    assert.equal(found.status, 1, `${file}: ${found.out}`);
    assert.match(found.err, told, file);
  }
  renameSync(join(bucket, blob), join(backup, blob));
  assert.match(tool(stack, 'database', ['verify', backup]).err, /missing/);
  renameSync(join(backup, blob), join(bucket, blob));
  must(stack, 'database', ['verify', backup]);
  const again = tool(stack, 'database', ['backup', backup]);
  assert.deepEqual([again.status, /exists already/.test(again.err)], [1, true], again.err);
  const over = tool(stack, 'database', ['restore', backup, '--reason', 'x']);
  assert.deepEqual([over.status, /runs|has a database/.test(over.err)], [1, true], over.err);
});

async function assertPutBack(from, until, reason, written) {
  const tokens = { county: await county(), town: await town() };
  const counted = assertWritten(stack, ledger, from, until);
  await assertOpens(stack, tokens.county, people.slice(0, written));
  await assertFiles(stack, tokens.town, files.slice(0, written));
  for (const { id } of people.slice(written)) await assertGone(stack, tokens.county, `/identity/persons/${id}`);
  for (const { id } of files.slice(written)) await assertGone(stack, tokens.town, `/registry/files/${id}`);
  await assertAnotherHistory(stack, tokens.town, places);
  await assertSealed(stack, reason);
  return counted;
}

test('the backup is put back: everything of before it, nothing of after it', { timeout: 900_000 }, async (t) => {
  stack.reset();
  const early = tool(stack, 'database', ['restore', backup, '--reason', '机房停电']);
  assert.deepEqual([early.status, /first put them there with deploy\/keys restore/.test(early.err)], [1, true], early.err);
  putKeys(stack, keys);
  for (const args of [[], ['--reason', 'x', '--to', '2026-01-01 10:00'], ['--reason', 'x', '--to', '2020-01-01T00:00:00Z']]) {
    assert.equal(tool(stack, 'database', ['restore', backup, ...args]).status, 1, args.join(' '));
  }
  const began = performance.now();
  const done = must(stack, 'database', ['restore', backup, '--reason', '机房停电', '--anchors', join(archive, 'anchors')]);
  t.diagnostic(`restored in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  assert.match(done.out, /registry: the chain goes on behind seal \d+ \(was \d+\)/);
  const local = join(stack.state, 'conf/archive.local'); // another history would write other pieces under the same names
  writeFileSync(local, `ARCHIVE_DIR=${archive}\n`);
  const shared = tool(stack, 'stack', ['up']);
  assert.deepEqual([shared.status, /is the archive of another database/.test(shared.err)], [1, true], shared.err);
  rmSync(local);
  stack.up();
  const counted = await assertPutBack(held.from, held.until, '机房停电', 1);
  t.diagnostic(`${counted.early} reports of before are there, ${counted.late} of after are not`);
});

test('a moment behind the backup is put back by the archive, with its files', { timeout: 900_000 }, async (t) => {
  stack.reset();
  putKeys(stack, keys);
  const beyond = tool(stack, 'database', ['restore', backup, '--reason', 'x', '--to', '2099-01-01T00:00:00Z']);
  assert.deepEqual([beyond.status, /the archive ends before that moment/.test(beyond.err)], [1, true], beyond.err);
  const halfway = tool(stack, 'stack', ['up']);
  assert.deepEqual([halfway.status, /a restore was broken off/.test(halfway.err)], [1, true], halfway.err);
  const done = must(stack, 'database', ['restore', backup, '--to', moment, '--reason', '误删之前']);
  assert.match(done.out, /its last change is of /);
  stack.up();
  const counted = await assertPutBack(moment, moment, '误删之前', 2);
  t.diagnostic(`${counted.early} reports of before ${moment} are there, ${counted.late} of after are not`);
});
