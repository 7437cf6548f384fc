// tests/sync/conformance/conformance.test.mjs - proto/sync.md from outside, against any server that speaks it: M-1 to M-6, with the reference client over a bad
// line and with bare requests. Environment: ZEREN_SYNC_URL (…/api/v1/registry), ZEREN_SYNC_REPORTER and ZEREN_SYNC_DECIDER (commands that print a token: one
// that reports on items of its unit, one that decides on these reports), ZEREN_SYNC_BIN (where zeren-device and zeren-link are).
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const needed = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
const url = needed('ZEREN_SYNC_URL');
const bin = needed('ZEREN_SYNC_BIN');
const commands = { reporter: needed('ZEREN_SYNC_REPORTER'), decider: needed('ZEREN_SYNC_DECIDER') };
const room = mkdtempSync(join(tmpdir(), 'zeren-sync-'));
after(() => rmSync(room, { recursive: true }));

// What a command prints is good for a while.
const printed = {};
function tokenOf(who) {
  if (!(printed[who]?.at > performance.now() - 20_000)) printed[who] = { at: performance.now(), token: execFileSync('sh', ['-c', commands[who]], { encoding: 'utf8' }).trim() };
  return printed[who].token;
}

async function ask(method, path, { who = 'reporter', body, headers = {} } = {}) {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  let answer;
  for (let tries = 0; tries < 40; tries++) {
    answer = await fetch(url + path, { method, body: body === undefined || raw ? body : JSON.stringify(body),
      headers: { Authorization: `Bearer ${tokenOf(who)}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers } });
    if (answer.status !== 503) break; // a busy server says when to come again, and has done nothing
    await new Promise((resolve) => { setTimeout(resolve, 1000 * (Number(answer.headers.get('retry-after')) || 1)); });
  }
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}
const push = async (operations, who) => ask('POST', '/sync', { who, body: { operations } });
const pushed = async (operations, who) => {
  const answer = await push(operations, who);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.deepEqual(answer.body.results.map(({ op_id: id }) => id), operations.map(({ op_id: id }) => id));
  return answer.body.results;
};
const sent = async (operation, who) => (await pushed([operation], who))[0];
const outcomes = (results) => results.map(({ outcome }) => outcome);

const submit = (body = {}) => ({ op_id: randomUUID(), operation: 'submit_report', target: item, body: { id: randomUUID(), value: '1', note: '一', ...body } });
const change = (id, version, base, body) => ({ op_id: randomUUID(), operation: 'update_report', target: id, base_version: version, base, body });
const decide = (id, version) => ({ op_id: randomUUID(), operation: 'send_back_report', target: id, base_version: version, body: { decision_note: '补充' } });
const made = async (body) => (await sent(submit(body))).record;
const report = async (id) => (await ask('GET', `/reports/${id}`)).body;

// An item that the reporter reports on.
let item;
{
  const page = (await ask('GET', '/items?limit=500')).body.items;
  for (const one of page.filter(({ measure }) => measure === 'value')) {
    item = one.id;
    if ((await sent(submit())).outcome === 'done') break;
  }
}

// The reference client as a process; `line`: a port of this machine in place of the server.
class Device {
  constructor({ who = 'reporter', line } = {}) {
    const there = new URL(url);
    this.who = who;
    this.env = { ...process.env, ZEREN_DEVICE_STORE: join(room, `${randomUUID()}.sqlite`),
      ZEREN_DEVICE_URL: line ? `http://127.0.0.1:${line}${there.pathname}` : url };
  }

  run(...words) {
    const done = spawnSync(join(bin, 'zeren-device'), words, { env: { ...this.env, ZEREN_DEVICE_TOKEN_COMMAND: `echo ${tokenOf(this.who)}` }, encoding: 'utf8' });
    assert.ok([0, 3].includes(done.status), `${words.join(' ')}: ${done.status} ${done.stdout}${done.stderr}`);
    return { status: done.status, body: JSON.parse(done.stdout) };
  }

  // Again until it is done.
  last(...words) {
    for (let i = 0; i < 200; i++) {
      const { status, body } = this.run(...words);
      if (status === 0) return body;
    }
    return assert.fail(`${words.join(' ')} is never done`);
  }
}

async function badLine(seed, percent, use) {
  const there = new URL(url);
  const line = spawn(join(bin, 'zeren-link'), [there.hostname === 'localhost' ? '127.0.0.1' : there.hostname, there.port, String(seed), String(percent)]);
  let said = '';
  line.stdout.on('data', (text) => { said += text; });
  while (!said.includes('\n')) await new Promise((resolve) => { setTimeout(resolve, 10); });
  try {
    await use(Number(said.split('\n')[0]));
  } finally {
    const ended = new Promise((resolve) => { line.once('close', resolve); });
    line.kill('SIGTERM');
    await ended;
  }
  return Object.fromEntries(said.trim().split('\n').slice(1).map((row) => row.split(' ')).map(([name, n]) => [name, Number(n)]));
}

const digestOf = (records) => {
  let sum = 0n;
  for (const { id, version } of records) sum ^= createHash('sha256').update(`${id}:${version}`).digest().readBigUInt64BE();
  return sum.toString(16).padStart(16, '0');
};

// A copy by bare requests; until the digests are there.
async function copyFrom(cursor, records = new Map(), query = '') {
  for (let tries = 0; ; tries++) {
    const { status, body } = await ask('GET', `/sync?${cursor ? `cursor=${cursor}` : ''}${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    for (const { kind, record } of body.changed) records.set(`${kind} ${record.id}`, record);
    for (const { kind, id } of [...body.left, ...body.deleted]) records.delete(`${kind} ${id}`);
    cursor = body.next_cursor;
    if (!body.more && body.digests) return { cursor, records, digests: body.digests };
    if (!body.more) await new Promise((resolve) => { setTimeout(resolve, 40); });
    assert.ok(tries < 5000);
  }
}

const agrees = ({ records, digests }) => {
  for (const { kind, count, digest } of digests) {
    const own = [...records].filter(([key]) => key.startsWith(`${kind} `)).map(([, record]) => record);
    assert.deepEqual({ count: own.length, digest: digestOf(own) }, { count, digest }, kind);
  }
};

test('M-1, M-2, M-3: pages of any size end at the same copy, and the digests agree', async () => {
  const small = await copyFrom(undefined, new Map(), '&limit=17');
  const large = await copyFrom(undefined, new Map(), '&limit=500');
  agrees(small);
  agrees(large);
  const its = await made();
  agrees(await copyFrom(small.cursor, small.records));
  agrees(await copyFrom(large.cursor, large.records, '&limit=1'));
  assert.deepEqual(small.records.get(`report ${its.id}`), await report(its.id));
});

test('M-3: digests are never told of what the answer did not bring', async () => {
  const copy = await copyFrom();
  for (let i = 0; i < 20; i++) {
    const its = await made();
    const { body } = await ask('GET', `/sync?cursor=${copy.cursor}`);
    assert.ok(body.digests === null || body.changed.some(({ record }) => record.id === its.id), 'a digest of a record on its way');
  }
});

test('M-3: cursors that are none, of other rights, or too long', async () => {
  const { cursor } = await copyFrom();
  for (const wrong of ['x', '', '%00', cursor.slice(1), `${cursor}A`, 'A'.repeat(4000)]) {
    const { status } = await ask('GET', `/sync?cursor=${wrong}`);
    assert.ok([400, 410, 414].includes(status), `${wrong.slice(0, 20)}: ${status}`);
  }
  const mark = Buffer.from(cursor, 'base64url').toString().slice(0, 16);
  for (const place of ['a.0.99.', 'a.0.41.', 'b.-1.0.', 'b.9223372036854775807.0.', 'a.0.0.x', 'c.0.0.', 'a..0.', 'a.0.0.00000000-0000-0000-0000-00000000000g']) {
    const { status } = await ask('GET', `/sync?cursor=${Buffer.from(mark + place).toString('base64url')}`); // nothing secret is in it
    assert.ok([400, 410].includes(status), `${place}: ${status}`);
  }
  const { status, body } = await ask('GET', `/sync?cursor=${cursor}`, { who: 'decider' });
  assert.equal(`${status} ${body.code}`, '410 cursor_too_old');
});

test('M-4: what was answered stays answered, whatever the record has come to since', async () => {
  const its = await made({ note: '甲' });
  const same = change(its.id, 1, { note: '甲' }, { note: '乙' });
  assert.equal((await sent(change(its.id, 1, { note: '甲' }, { note: '乙' }))).outcome, 'done');
  const unchanged = await sent(same);
  assert.equal(unchanged.outcome, 'unchanged');
  assert.equal((await sent(change(its.id, 2, { note: '乙' }, { note: '甲' }))).outcome, 'done');
  const again = await sent(same); // late, from a line that repeats: it would suit the record now
  assert.deepEqual(again.record, unchanged.record);
  assert.equal((await report(its.id)).note, '甲');
});

test('M-4: what was refused is refused for good', async () => {
  const id = randomUUID();
  const early = change(id, 1, { note: '一' }, { note: '二' });
  const refused = await sent(early);
  assert.equal(`${refused.outcome} ${refused.status}`, 'refused 404');
  await sent(submit({ id }));
  const again = await sent(early);
  assert.deepEqual(again, refused);
  assert.equal((await report(id)).note, '一');
  const forbidden = { ...decide(id, 1) };
  assert.equal((await sent(forbidden)).outcome, 'refused');
  assert.equal((await sent(forbidden)).outcome, 'refused');
});

test('M-4: an op_id that another operation had is refused', async () => {
  const first = submit();
  await sent(first);
  const its = await made();
  const other = { ...change(its.id, 1, { note: '一' }, { note: '二' }), op_id: first.op_id };
  const result = await sent(other);
  assert.equal(`${result.outcome} ${result.problem.code}`, 'refused idempotency_key_reused');
  assert.equal((await report(its.id)).version, 1);
});

test('M-5: a conflict is kept once, and what comes late does not write behind it', async () => {
  const its = await made({ note: '甲' });
  await sent(change(its.id, 1, { note: '甲' }, { note: '乙' }));
  const late = change(its.id, 1, { note: '甲', value: '1' }, { note: '丙', value: '1' });
  const first = await sent(late);
  assert.equal(first.outcome, 'conflict');
  await sent(change(its.id, 2, { note: '乙' }, { note: '甲' })); // as the late one had seen it
  const again = await sent(late);
  assert.equal(`${again.outcome} ${again.conflict_id}`, `conflict ${first.conflict_id}`);
  assert.equal((await report(its.id)).note, '甲');
});

test('M-5: members beside the conflict are written with it, all or none', async () => {
  const its = await made({ note: '甲' });
  await sent(change(its.id, 1, { note: '甲' }, { note: '乙' }));
  await sent(decide(its.id, 2), 'decider');
  const late = change(its.id, 1, { note: '甲', value: '1' }, { note: '丙', value: '2' });
  assert.equal((await sent(late)).outcome, 'refused'); // decided: nothing of it can be written
  const { body } = await ask('GET', `/conflicts?record_id=${its.id}`);
  assert.deepEqual(body.items, [], 'a conflict of an operation that was refused');
});

test('M-6: a settlement that was refused is no settlement when it comes again', async () => {
  const its = await made({ note: '甲' });
  await sent(change(its.id, 1, { note: '甲' }, { note: '乙' }));
  const { conflict_id: id } = await sent(change(its.id, 1, { note: '甲' }, { note: '丙' }));
  await sent(decide(its.id, 2), 'decider');
  const settle = (key) => ask('POST', `/conflicts/${id}:settle`, { body: { take: 'mine' }, headers: { 'If-Match': '"1"', 'Idempotency-Key': key } });
  const key = randomUUID();
  for (const k of [key, key, randomUUID()]) assert.equal((await settle(k)).status, 409);
  assert.equal((await ask('GET', `/conflicts/${id}`)).body.status, 'open');
  assert.equal((await report(its.id)).note, '乙');
});

test('M-6: who must look again is told so again under the same key', async () => {
  const its = await made({ note: '甲' });
  await sent(change(its.id, 1, { note: '甲' }, { note: '乙' }));
  const { conflict_id: id } = await sent(change(its.id, 1, { note: '甲' }, { note: '丙' }));
  await sent(change(its.id, 2, { note: '乙' }, { note: '丁' }));
  const key = randomUUID();
  const settle = () => ask('POST', `/conflicts/${id}:settle`, { body: { take: 'mine' }, headers: { 'If-Match': '"1"', 'Idempotency-Key': key } });
  assert.equal((await settle()).status, 409);
  assert.ok([409, 412].includes((await settle()).status));
  assert.equal((await ask('GET', `/conflicts/${id}`)).body.status, 'open');
});

test('M-4: sixteen devices change one report at once: each change is written, in conflict, or to be sent again', async () => {
  const its = await made({ note: '甲', value: '1' });
  const operations = Array.from({ length: 16 }, (_, n) => (n % 2 ? change(its.id, 1, { value: '1' }, { value: String(n + 2) }) : change(its.id, 1, { note: '甲' }, { note: `第${n}` })));
  let results = await Promise.all(operations.map((operation) => sent(operation)));
  for (let tries = 0; results.some(({ outcome }) => outcome === 'retry') && tries < 20; tries++) {
    results = await Promise.all(operations.map((operation) => sent(operation)));
  }
  const tally = outcomes(results).reduce((n, outcome) => ({ ...n, [outcome]: (n[outcome] ?? 0) + 1 }), {});
  assert.equal(tally.conflict, 14, JSON.stringify(tally));
  assert.equal((await report(its.id)).version, 3);
  const { body } = await ask('GET', `/conflicts?record_id=${its.id}&limit=500`);
  assert.equal(body.items.length, 14);
});

test('M-4: a hundred operations with the largest bodies, and one more', async () => {
  const large = Array.from({ length: 100 }, () => submit({ note: '字'.repeat(400) }));
  const answer = await push(large);
  assert.ok([200, 413, 422].includes(answer.status), String(answer.status));
  if (answer.status === 200) assert.ok(outcomes(answer.body.results).every((outcome) => ['done', 'refused'].includes(outcome)));
  assert.equal((await push([...large, submit()])).status, 422);
});

test('M-4: hostile bytes in base and body are refused, and the rest of the list is done', async () => {
  const its = await made({ note: '甲' });
  await sent(change(its.id, 1, { note: '甲' }, { note: '乙' }));
  const odd = await pushed([
    change(its.id, 1, { note: '甲', unheard_of: { a: [1, 2, null] } }, { note: '乙' }),
    change(its.id, 1, { note: ['乙'] }, { note: '丙' }),
    change(its.id, 1, {}, { unheard_of: '丙' }),
    change(its.id, 1, { note: '乙' }, { note: { deep: true } }),
    submit(),
  ]);
  assert.deepEqual(outcomes(odd), ['unchanged', 'conflict', 'refused', 'refused', 'done']);
  const deep = `{"operations":[{"op_id":"${randomUUID()}","operation":"update_report","target":"${its.id}","base_version":1,"base":${'{"a":'.repeat(60)}1${'}'.repeat(60)},"body":{"note":"丁"}}]}`;
  for (const body of [deep, JSON.stringify({ operations: [change(its.id, 1, { note: 'a\u0000b' }, { note: '丁' })] }),
    Buffer.concat([Buffer.from('{"operations":[{"op_id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]}')])]) {
    const { status } = await ask('POST', '/sync', { body });
    assert.ok([200, 400, 422].includes(status), String(status));
  }
  assert.equal((await report(its.id)).version, 2);
});

test('the reference client brings and fetches all over a line that loses every third exchange', async () => {
  const faults = await badLine(7, 35, async (line) => {
    const device = new Device({ line });
    device.last('pull');
    const ids = Array.from({ length: 12 }, () => randomUUID());
    for (const id of ids) {
      device.run('do', 'report', 'submit_report', item, JSON.stringify({ id, value: '1', note: '一' }));
      device.run('set', 'report', 'update_report', id, 'note', '"二"');
      device.last('push');
    }
    device.last('pull');
    const status = device.run('status').body;
    assert.deepEqual([status.queued, status.refused], [0, 0]);
    for (const id of ids) assert.deepEqual(device.run('show', 'report', id).body, await report(id));
    for (const id of ids) assert.equal((await report(id)).version, 2);
  });
  assert.ok(Object.entries(faults).filter(([name, n]) => name !== 'none' && n > 0).length >= 4, JSON.stringify(faults));
});

test('the reference client keeps what is refused for the user, and lists and settles conflicts', async () => {
  const device = new Device();
  const its = await made({ note: '甲' });
  device.last('pull');
  device.run('set', 'report', 'update_report', its.id, 'note', '"丙"');
  device.run('do', 'report', 'submit_report', item, JSON.stringify({ id: randomUUID(), value: '-1' }));
  device.run('do', 'report', 'no_such_operation', item, '{}');
  await sent(change(its.id, 1, { note: '甲' }, { note: '乙' }));
  device.last('push');
  assert.deepEqual(device.run('status').body.queued, 0);
  assert.deepEqual(device.run('refused', 'forget').body.map(({ operation }) => operation.operation), ['no_such_operation', 'submit_report']);
  const conflict = device.run('conflicts').body.find(({ record_id: id }) => id === its.id);
  assert.equal(conflict.mine.note, '丙');
  device.last('settle', conflict.id, 'mine');
  device.last('pull');
  assert.equal(device.run('show', 'report', its.id).body.note, '丙');
});

test('M-3: the reference client begins again when its rights are others, and drops what it may not keep', () => {
  const device = new Device();
  device.last('pull');
  device.who = 'decider';
  device.last('pull');
  assert.equal(device.run('status').body.copies, 2);
});

// Visits: short field records, made without signal.
const visitOf = async (id) => (await ask('GET', `/visits/${id}`)).body;
const newVisit = async (more = {}) => ({ id: randomUUID(), owner_division: (await ask('GET', `/items/${item}`)).body.owner_division, purpose: 'coverage', visited_on: '2026-06-18', found: '甲', promised: '乙', ...more });

test('M-4: a visit recorded without signal and brought over a bad line, again and again, is there once', async () => {
  const body = await newVisit();
  await badLine(11, 35, async (line) => {
    const device = new Device({ line });
    device.run('do', 'visit', 'record_visit', '-', JSON.stringify(body));
    device.run('set', 'visit', 'update_visit', body.id, 'found', '"丙"');
    device.last('push');
    device.last('pull');
    device.run('do', 'visit', 'record_visit', '-', JSON.stringify(body)); // the user taps once more
    device.last('push');
    assert.deepEqual([device.run('status').body.queued, device.run('status').body.refused], [0, 0]);
    assert.deepEqual(device.run('show', 'visit', body.id).body, await visitOf(body.id));
  });
  const its = await visitOf(body.id);
  assert.deepEqual([its.found, its.promised, its.version], ['丙', '乙', 2]);
});

test('M-5, M-6: a visit edited on two devices is merged, and the member both changed is in conflict until somebody chooses', async () => {
  const body = await newVisit();
  assert.equal((await sent({ op_id: randomUUID(), operation: 'record_visit', body })).outcome, 'done');
  const [one, other] = [new Device(), new Device()];
  for (const device of [one, other]) device.last('pull');
  one.run('set', 'visit', 'update_visit', body.id, 'found', '"丙"');
  other.run('set', 'visit', 'update_visit', body.id, 'found', '"丁"', 'promised', '"戊"');
  for (const device of [one, other]) device.last('push');
  const its = await visitOf(body.id);
  assert.deepEqual([its.found, its.promised], ['丙', '戊']);
  const conflict = other.run('conflicts').body.find(({ record_id: id }) => id === body.id);
  assert.deepEqual([conflict.kind, conflict.mine, conflict.theirs], ['visit', { found: '丁' }, { found: '丙' }]);
  other.last('settle', conflict.id, 'mine');
  for (const device of [one, other]) device.last('pull');
  for (const device of [one, other]) assert.equal(device.run('show', 'visit', body.id).body.found, '丁');
});

test('M-4: a visit of another post is refused for good, and told to the user', async () => {
  const body = await newVisit();
  assert.equal((await sent({ op_id: randomUUID(), operation: 'record_visit', body }, 'decider')).outcome, 'done');
  const device = new Device();
  device.last('pull');
  device.run('set', 'visit', 'update_visit', body.id, 'found', '"丙"');
  device.last('push');
  const [refused] = device.run('refused', 'forget').body;
  assert.deepEqual([refused.operation.target, refused.problem.code], [body.id, 'not_your_unit']);
  device.last('pull');
  assert.deepEqual(device.run('show', 'visit', body.id).body, await visitOf(body.id));
  assert.equal((await visitOf(body.id)).version, 1);
});
