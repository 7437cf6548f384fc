// tests/fault/standby.test.mjs - a second stack follows the first, which is lost while clients write; the second is promoted and serves: what it had is there, sealed fields and files open, the audit
// verifies, and clients learn that it is another history (charter R6). And what goes wrong on the way: a copy that fails, keys that do not fit, a promotion that is killed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OwnStack, ROOT, until } from '../support/own_stack.mjs';
import { startStack } from './own.mjs';
import {
  assertAnotherHistory, assertFiles, assertOpens, assertSealed, assertWritten, enter, keepKeys, momentOf, must, nextMillisecond, placesOf, putKeys, remove, tool, upload, writers,
} from './restored.mjs';

const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };
const stack = startStack('followed');
const second = new OwnStack('standby', { settings: { identity: unlimited, registry: unlimited } });
const keys = `${second.state}-keys`, older = `${second.state}-older-keys`;
after(() => { for (const one of [second, stack]) one.reset(); remove(keys, older); });

const ledger = [], people = [], files = [];
let places, moment;
const streaming = () => /^streaming streaming/.test(must(second, 'database', ['lag']).out);

const slots = () => stack.sql('SELECT slot_name FROM pg_replication_slots');
const promote = () => tool(second, 'database', ['promote', '--reason', '主机损坏']);
const stillFollows = () => assert.deepEqual(second.sql('SELECT pg_is_in_recovery()'), ['t']);

// No piece of the log can be written, as on a full disk; programs are there already.
test('a copy that fails leaves nothing, neither here nor a slot for which the first would keep its log', { timeout: 300_000 }, async () => {
  cpSync(join(stack.state, 'bin'), join(second.state, 'bin'), { recursive: true });
  const failed = spawnSync('bash', ['-c', 'ulimit -c 0; ulimit -f 12288; exec "$0" standby "$1"', join(ROOT, 'deploy/database'), stack.state], { env: second.env, encoding: 'utf8' });
  assert.deepEqual([failed.status, /failed while copying the database/.test(failed.stderr)], [1, true], failed.stdout + failed.stderr);
  await until(() => slots().length === 0, 60, 'the slot to go');
  assert.deepEqual(['postgres', 'postgres.new', 'conf/standby.local'].filter((name) => existsSync(join(second.state, name))), []);
});

test('a standby follows, and does not serve', { timeout: 900_000 }, async () => {
  keepKeys(stack, older);
  must(second, 'database', ['standby', stack.state]);
  await until(streaming, 180, 'the standby to follow');
  assert.equal(slots().length, 1);
  must(stack, 'keys', ['rotate', 'encrypt']);
  keepKeys(stack, keys);
  const tokens = { county: await stack.logIn('county_office'), town: await stack.logIn('town_office') };
  const end = writers(stack, tokens.town, ledger); // behind the tools: nothing else is done here while one runs, and idle connections end
  people.push(await enter(stack, tokens.county));
  files.push(await upload(stack, tokens.town));
  await until(() => ledger.length > 20, 180, 'reports');
  await nextMillisecond();
  moment = momentOf(stack);
  await end();
  places = await placesOf(stack, tokens.town);
  const upto = stack.sql('SELECT pg_current_wal_lsn()')[0];
  await until(() => second.sql(`SELECT pg_last_wal_replay_lsn() >= '${upto}'`)[0] === 't', 180, 'the standby to have all of it');
  const up = tool(second, 'stack', ['up']);
  assert.deepEqual([up.status, /is a standby/.test(up.err)], [1, true], up.err);
  const early = tool(second, 'database', ['promote', '--reason', 'x']);
  assert.deepEqual([early.status, /still serves/.test(early.err)], [1, true], early.err);
  second.command(['down']);
  must(second, 'database', ['standby', stack.state]); // goes on where it stood still
  await until(streaming, 180, 'the standby to follow again');
});

// Killed when the database is another history already, and the audit does not go on yet.
async function killedPromotion() {
  const audit = join(second.state, 'bin/zeren-audit');
  renameSync(audit, `${audit}.kept`);
  writeFileSync(audit, '#!/bin/bash\necho "here: $1"\nexec sleep 3600\n');
  chmodSync(audit, 0o755);
  const child = spawn(join(ROOT, 'deploy/database'), ['promote', '--reason', '主机损坏'], { env: second.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await until(() => /here: reanchor/.test(said) || child.exitCode !== null, 300, 'the promotion to be halfway');
  process.kill(-child.pid, 'SIGKILL');
  await ended;
  renameSync(`${audit}.kept`, audit);
  assert.match(said, /here: reanchor/);
}

test('the first is lost, the standby is promoted and serves', { timeout: 900_000 }, async (t) => {
  stack.command(['down']);
  const began = performance.now();
  const misfit = (what) => {
    const { status, err } = promote();
    assert.deepEqual([status, what.test(err), /first put them there with deploy\/keys restore/.test(err)], [1, true, true], err);
    stillFollows();
  };
  misfit(/lookup [0-9a-f]{8}/); // no keys
  must(second, 'keys', ['init']);
  misfit(/lookup [0-9a-f]{8}/); // others
  putKeys(second, older);
  misfit(/\(encrypt [0-9a-f]{8}, mac [0-9a-f]{8}\)/); // those of before the last rotation
  putKeys(second, keys);
  await killedPromotion();
  const up = tool(second, 'stack', ['up']), follow = tool(second, 'database', ['standby', stack.state]);
  assert.deepEqual([up.status, /is a standby/.test(up.err), follow.status, /a promotion was begun here/.test(follow.err)], [1, true, 1, true], up.err + follow.err);
  must(second, 'database', ['promote', '--reason', '主机损坏']);
  second.up();
  t.diagnostic(`promoted and up after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  const tokens = { county: await second.logIn('county_office'), town: await second.logIn('town_office') };
  const counted = assertWritten(second, ledger, moment, new Date().toISOString());
  await assertOpens(second, tokens.county, people);
  await assertFiles(second, tokens.town, files);
  await assertAnotherHistory(second, tokens.town, places);
  await assertSealed(second);
  t.diagnostic(`${counted.early} acknowledged reports are there`);
  assert.match(readFileSync(join(second.state, 'postgres/PG_VERSION'), 'utf8'), /^15/);
});
