// tests/fault/keys.test.mjs - keys of sealed fields rotate, are dropped, lost, stolen and restored, while people go on reading, writing and finding.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { citizenId, mobile } from '../support/numbers.mjs';
import { OwnStack, ROOT, sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';

const LOUXING = '431302000000';
const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };
const open = [];
function start(name, anew = false) {
  const stack = new OwnStack(name, { anew, settings: { identity: unlimited, registry: unlimited } });
  open.push(stack);
  stack.up();
  return stack;
}
after(() => open.forEach((stack) => stack.reset()));

const stack = start('keys');
const keys = (of, ...args) => execFileSync(join(ROOT, 'deploy/keys'), args, { env: of.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const file = (of = stack) => join(of.state, 'keys/field.keys');
const keyLines = (of = stack) => readFileSync(file(of), 'utf8').split('\n').filter((line) => /^[0-9a-f]{8} /.test(line)).map((line) => line.split(' '));
const active = (purpose, of = stack) => keyLines(of).find((line) => line[1] === purpose && line[3] === 'active')[0];
const metric = async (name, of = stack) => {
  const text = await (await fetch(`http://127.0.0.1:${of.ports.IDENTITY_WORKER_OPS}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(name)).map((line) => Number(line.split(' ').at(-1))).reduce((sum, n) => sum + n, 0);
};
const settled = (of = stack) => until(async () => (await metric('zeren_sealed_settled', of)) === 1, 180, 'every row to be under the active keys');
const usual = (id) => `${id.slice(0, 6)}********${id.slice(-4)}`;
const rest = (column, kid) => Number(stack.sql(`SELECT count(*) FROM identity.person WHERE encode(${column}, 'hex') LIKE '${kid}%'`)[0]);
const underEncrypt = (kid) => rest('substr(citizen_id, 2)', kid) + rest('substr(phone, 2)', kid);
const underLookup = (kid) => rest('citizen_id_hash', kid) + rest('phone_hash', kid);

async function call(method, path, body, { of = stack, etag } = {}) {
  const headers = { Authorization: `Bearer ${of.held('county_office')}`, 'Content-Type': 'application/json', ...(etag ? { 'If-Match': `"${etag}"` } : {}) };
  const answer = await patient(`${of.gateway}/api/v1/identity${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, text, body: text ? JSON.parse(text) : undefined };
}

const people = [];
async function enter() {
  const person = { citizen_id: citizenId(), phone: mobile() };
  const { status, body, text } = await call('POST', '/persons', { owner_division: LOUXING, name: '某', ...person });
  assert.equal(status, 201, text);
  people.push({ ...person, id: body.id, version: 1 });
}

async function look(person) {
  const { status, body, text } = await call('GET', `/persons/${person.id}`);
  assert.equal(status, 200, text);
  assert.equal(body.citizen_id, usual(person.citizen_id), text);
}

async function find(person) {
  const { status, body, text } = await call('POST', '/persons:find', { citizen_id: person.citizen_id });
  assert.equal(status, 200, text);
  assert.deepEqual(body.items.map((p) => p.id), [person.id], text);
}

async function change(person) {
  const phone = mobile();
  const { status, text } = await call('PATCH', `/persons/${person.id}`, { phone }, { etag: person.version });
  assert.equal(status, 200, text);
  person.phone = phone;
  person.version++;
}

// Four who read, write and find all the time; each changes people of its own.
function crowd() {
  let stop = false, calls = 0;
  const workers = Array.from({ length: 4 }, async (_, nth) => {
    while (!stop) {
      const mine = people.filter((_, i) => i % 4 === nth), any = people[Math.floor(Math.random() * people.length)];
      await look(any);
      await find(any);
      await change(mine[Math.floor(Math.random() * mine.length)]);
      if (calls % 16 === nth) await enter();
      calls += 3;
    }
  });
  return { calls: () => calls, end: async () => { stop = true; await Promise.all(workers); return calls; } };
}

test('rotations under load give no wrong answer, and leave nothing under the old keys, which are dropped', async () => {
  for (let i = 0; i < 200; i++) await enter();
  const before = { encrypt: active('encrypt'), lookup: active('lookup') };
  assert.equal(underEncrypt(before.encrypt), 400);
  const versions = stack.sql('SELECT sum(version) FROM identity.person')[0];
  const busy = crowd();
  keys(stack, 'rotate', 'encrypt');
  await sleep(300);
  keys(stack, 'rotate', 'lookup');
  await until(async () => underEncrypt(before.encrypt) + underLookup(before.lookup) === 0, 180, 'the rows to be rewritten under load');
  await settled();
  await until(() => busy.calls() > 100, 120, 'calls beside it');
  const calls = await busy.end();
  assert.notEqual(active('encrypt'), before.encrypt);
  assert.equal(underEncrypt(before.encrypt) + underLookup(before.lookup), 0);
  assert.equal(await metric('zeren_sealed_rows_unreadable'), 0);
  assert.ok((await metric('zeren_sealed_rows_rewritten_total')) >= 400);
  assert.ok(Number(stack.sql("SELECT count(*) FROM identity.audit_log WHERE verb = 'reseal'")[0]) >= 2, 'an audit row a batch');
  assert.ok(versions > 0);
  for (const kid of Object.values(before)) keys(stack, 'drop', kid, '--nothing-left');
  await sleep(700);
  for (const person of people) await look(person);
  await find(people[0]);
  console.log(`# ${calls} calls of 4 clients, ${people.length} persons, none wrong`);
});

test('versions and what clients hold of a record outlast a rotation', async () => {
  const [person] = people;
  const version = stack.sql(`SELECT version FROM identity.person WHERE id = '${person.id}'`)[0];
  const former = active('encrypt');
  keys(stack, 'rotate', 'encrypt');
  await until(() => underEncrypt(former) === 0, 180, 'the rows to be rewritten');
  await settled();
  assert.equal(stack.sql(`SELECT version FROM identity.person WHERE id = '${person.id}'`)[0], version);
  await change(person);
});

test('a stolen key opens nothing of what is there after rotate and drop', async () => {
  const stolen = active('encrypt');
  keys(stack, 'rotate', 'encrypt', '--stolen');
  await until(() => underEncrypt(stolen) === 0, 180, 'nothing to be left under the stolen key'); // what is settled says a worker that may not have seen the key yet
  await settled();
  keys(stack, 'drop', stolen, '--nothing-left');
  assert.ok(!readFileSync(file(), 'utf8').includes(stolen));
  await sleep(700);
  for (const person of people.slice(0, 20)) await look(person);
});

const passphrase = join(stack.state, 'secret/passphrase');
const backup = join(stack.state, 'secret/keys.backup');

test('a lost key leaves records readable without their numbers, and a restored one brings them back', async () => {
  writeFileSync(passphrase, '责任 drill 2026 correct horse\n', { mode: 0o600 });
  keys(stack, 'backup', backup, '--passphrase-file', passphrase);
  execFileSync('rm', ['-f', file()]);
  keys(stack, 'init');
  const person = people[3];
  await until(async () => (await call('GET', `/persons/${person.id}`)).body.citizen_id === 'unreadable', 60, 'the new keys to be read');
  const list = await call('GET', '/persons?limit=20');
  assert.equal(list.status, 200, list.text);
  assert.ok(list.body.items.length === 20 && list.body.items.every((p) => p.id && p.name), 'names and everything else stay readable');
  assert.deepEqual((await call('POST', '/persons:find', { citizen_id: person.citizen_id })).body.items, [], 'nobody is found by number');
  await enter();
  await look(people.at(-1));
  await until(async () => (await metric('zeren_sealed_rows_unreadable')) >= 2 * (people.length - 1), 60, 'the unreadable rows to be counted');
  const log = readFileSync(join(stack.state, 'log/identity.log'), 'utf8');
  assert.match(log, /cannot be opened and is shown as unreadable/);
  const late = people.pop();
  keys(stack, 'restore', backup, '--replace', '--passphrase-file', passphrase);
  await until(async () => (await call('GET', `/persons/${person.id}`)).body.citizen_id === usual(person.citizen_id), 60, 'the restored keys to be read');
  for (const p of people) await look(p);
  assert.equal((await call('GET', `/persons/${late.id}`)).body.citizen_id, 'unreadable', 'what was written under the keys between is lost with them');
});

test('keys restored on a machine that has nothing open what the database brings', async () => {
  const [person] = people;
  const row = stack.sql(`SELECT citizen_id::text || '|' || citizen_id_hash::text FROM identity.person WHERE id = '${person.id}'`)[0].split('|');
  const fresh = start('keys-fresh', true);
  keys(fresh, 'restore', backup, '--replace', '--passphrase-file', passphrase);
  fresh.sql(`INSERT INTO identity.person (id, owner_division, name, citizen_id, citizen_id_hash, created_at) VALUES ('${person.id}', '${LOUXING}', '某', '${row[0]}', '${row[1]}', now())`);
  await until(async () => (await call('GET', `/persons/${person.id}`, undefined, { of: fresh })).body?.citizen_id === usual(person.citizen_id), 60, 'the value to open');
  const found = await call('POST', '/persons:find', { citizen_id: person.citizen_id }, { of: fresh });
  assert.deepEqual(found.body.items.map((p) => p.id), [person.id]);
});
