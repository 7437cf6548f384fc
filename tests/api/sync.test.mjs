// tests/api/sync.test.mjs - what devices keep and bring (M-1 to M-6 of proto/sync.md): the copy, what follows, digests, operations in order, merging, conflicts.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { as, uuid } from '../support/client.mjs';
import { hold, rows, run } from '../support/database.mjs';
import { county, department, listInForce, louxing, nobodysId, otherCounty, report, town, townOffice, unitOf, valueItem } from '../support/world.mjs';

const unit = await unitOf('town_office');
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
// Until what these have announced has its number.
const numbered = (...records) => within(60_000, () => rows(`SELECT id FROM registry.outbox WHERE record_id IN (${records.map(({ id }) => `'${id}'`).join(', ')})`).length === 0);
const oneItem = async () => (await listInForce([(task) => valueItem(task, unit)])).items[0];
const device = as('device');

// A device's copy, by the book: apply an answer, keep its cursor.
class Copy {
  constructor(caller) { Object.assign(this, { caller, records: new Map(), cursor: null, digests: null }); }

  apply(answer) {
    for (const { kind, record } of answer.changed) this.records.set(`${kind} ${record.id}`, record);
    for (const { kind, id } of [...answer.left, ...answer.deleted]) this.records.delete(`${kind} ${id}`);
    Object.assign(this, { cursor: answer.next_cursor, digests: answer.digests });
  }

  async pull(query = {}) {
    let answer;
    do {
      answer = assertDone(await this.caller.get('/registry/sync', this.cursor ? { ...query, cursor: this.cursor } : query));
      this.apply(answer);
      if (!answer.more && !answer.digests) await pause(50); // what was just written is on its way
    } while (answer.more || !answer.digests);
    return this;
  }

  digest(kind) {
    let sum = 0n;
    let count = 0;
    for (const [key, { id, version }] of this.records) {
      if (!key.startsWith(`${kind} `)) continue;
      sum ^= createHash('sha256').update(`${id}:${version}`).digest().readBigUInt64BE();
      count += 1;
    }
    return { kind, count, digest: sum.toString(16).padStart(16, '0') };
  }

  agrees() {
    assert.deepEqual(this.digests, this.digests.map(({ kind }) => this.digest(kind)));
  }
}

const push = (caller, operations) => caller.post('/registry/sync', { operations });
const pushed = async (caller, ...operations) => assertDone(await push(caller, operations)).results;
const submit = (item, body) => ({ op_id: uuid(), operation: 'submit_report', target: item.id, body: { id: uuid(), value: '1', reported_on: '2025-03-31', ...body } });
const change = (record, base, body) => ({ op_id: uuid(), operation: 'update_report', target: record.id, base_version: record.version, base, body });
const given = async (item, body = { value: '1', reported_on: '2025-03-31', note: '一处' }) => assertDone(await report(item, body), 201);
const now = async (record) => assertDone(await townOffice.get(`/registry/reports/${record.id}`));

test('M-1, M-3: a device gets everything of its scope in pages, and its digest agrees', async () => {
  const item = await oneItem();
  const its = await given(item);
  const small = await new Copy(townOffice).pull({ limit: 7 });
  small.agrees();
  const large = await new Copy(townOffice).pull({ limit: 500 });
  large.agrees();
  assert.deepEqual(large.records.get(`item ${item.id}`), assertDone(await townOffice.get(`/registry/items/${item.id}`)));
  assert.deepEqual(large.records.get(`report ${its.id}`), await now(its));
  for (const [key, record] of large.records) assert.ok(record.owner_division.startsWith('431302006') || record.owner_division === louxing, key);
  assert.ok(![...(await new Copy(otherCounty).pull()).records.keys()].includes(`item ${item.id}`));
});

test('M-1: what changes while the copy is under way comes behind it', async () => {
  const item = await oneItem();
  const copy = new Copy(townOffice);
  copy.apply(assertDone(await townOffice.get('/registry/sync', { limit: 1 })));
  const its = await given(item);
  (await copy.pull()).agrees();
  assert.ok(copy.records.has(`report ${its.id}`));
});

test('M-2: behind a cursor come changes alone, once each; nothing of another county', async () => {
  const item = await oneItem();
  const copy = await new Copy(townOffice).pull();
  const theirs = await new Copy(otherCounty).pull();
  const its = await given(item);
  const decided = assertDone(await county.post(`/registry/reports/${its.id}:confirm`, {}, { ifMatch: 1 }));
  const answers = [];
  copy.apply = (answer) => { answers.push(answer); Copy.prototype.apply.call(copy, answer); };
  (await copy.pull()).agrees();
  for (const { changed } of answers) assert.equal(new Set(changed.map(({ record }) => record.id)).size, changed.length, 'each once');
  assert.deepEqual(copy.records.get(`report ${its.id}`), decided);
  assert.equal(copy.records.get(`item ${item.id}`).progress, '1');
  assert.ok(answers.flatMap(({ changed }) => changed).length < copy.records.size, 'not all of it again');
  const before = theirs.records.size;
  (await theirs.pull()).agrees();
  assert.ok(!theirs.records.has(`report ${its.id}`) && theirs.records.size >= before);
});

// While another holds the feed's row nothing is numbered, as in every moment between a commit and its number.
test('M-3: what is committed and not numbered yet comes along, and the digests count it', async () => {
  const item = await oneItem();
  const [changed, moved] = [await given(item), await given(item, { value: '2', reported_on: '2025-03-31' })];
  const copy = await new Copy(townOffice).pull();
  await numbered(changed, moved);
  const feed = await hold('SELECT FROM registry.feed FOR UPDATE');
  try {
    const fresh = await given(item, { value: '3', reported_on: '2025-03-31' });
    await pushed(townOffice, change(changed, { note: '一处' }, { note: '两处' }));
    run(`WITH m AS (UPDATE registry.report SET owner_division = '431302007000', version = 2 WHERE id = '${moved.id}' RETURNING id)
      INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, left_division) SELECT now(), 'move', 'report', id, 2, '431302007000', '${town}' FROM m`);
    const answer = assertDone(await townOffice.get('/registry/sync', { cursor: copy.cursor }));
    assert.ok(answer.digests, 'digests are there however much is written');
    copy.apply(answer);
    copy.agrees();
    assertRecord(copy.records.get(`report ${fresh.id}`), { version: 1 });
    assertRecord(copy.records.get(`report ${changed.id}`), { version: 2, note: '两处' });
    assert.deepEqual(answer.left.filter(({ id }) => id === moved.id), [{ kind: 'report', id: moved.id }]);
    const others = assertDone(await otherCounty.get('/registry/sync', { cursor: (await new Copy(otherCounty).pull()).cursor }));
    assert.deepEqual([...others.changed.map(({ record }) => record.id), ...others.left.map(({ id }) => id)].filter((id) => [fresh.id, changed.id, moved.id].includes(id)), []);
    const none = assertDone(await townOffice.get('/registry/sync', { cursor: answer.next_cursor, limit: 1 }));
    assert.equal(none.digests, null, 'more than the page has room for');
  } finally {
    await feed.release();
  }
  (await copy.pull()).agrees();
});

test('M-2: a key has no meaning for what only reads', async () => {
  for (let n = 0; n < 2; n++) assertDone(await townOffice.get('/registry/sync', {}, { key: 'sync-reads-with-a-key' }));
});

test('M-3: a cursor that is none, and one of other rights', async () => {
  assertRefused(await townOffice.get('/registry/sync', { cursor: 'x' }), 400, 'bad_parameter', { parameter: 'cursor' });
  const { cursor } = await new Copy(townOffice).pull();
  assertRefused(await townOffice.get('/registry/sync', { cursor: `${cursor.slice(0, -4)}!` }), 400, 'bad_parameter');
  assertRefused(await department.get('/registry/sync', { cursor }), 410, 'cursor_too_old');
  assertRefused(await townOffice.get('/registry/sync', { limit: 501 }), 400, 'bad_parameter', { parameter: 'limit' });
});

test('M-4: operations run in order, each for itself', async () => {
  const item = await oneItem();
  const first = submit(item, { value: '1' });
  const results = await pushed(townOffice, first, submit(item, { value: '-1' }), submit({ id: nobodysId() }), { op_id: uuid(), operation: 'update_report',
    target: first.body.id, base_version: 1, base: { note: null }, body: { note: '两处' } });
  assert.deepEqual(results.map(({ outcome, status }) => [outcome, status]), [['done', 201], ['refused', 422], ['refused', 404], ['done', 200]]);
  assertRecord(results[3].record, { note: '两处', value: '1', version: 2 });
  assert.equal(results[1].problem.errors[0].pointer, '/value');
  assert.deepEqual(await now({ id: first.body.id }), results[3].record);
});

test('M-4: the same operations again have no second effect and get the same answers', async () => {
  const item = await oneItem();
  const report_ = await given(item);
  const operations = [submit(item), change(report_, { note: '一处' }, { note: '两处' }), submit({ id: nobodysId() })];
  const once = await pushed(townOffice, ...operations);
  const again = await pushed(townOffice, ...operations.toReversed());
  assert.deepEqual(again.toReversed().slice(0, 2), once.slice(0, 2));
  assertRecord(await now(report_), { version: 2 });
  const [reused] = await pushed(townOffice, { ...operations[0], target: (await oneItem()).id });
  assertRecord(reused, { outcome: 'refused', status: 422 });
  assert.equal(reused.problem.code, 'idempotency_key_reused');
});

test('M-4: changes beside each other merge', async () => {
  const its = await given(await oneItem());
  const [a] = await pushed(townOffice, change(its, { note: '一处' }, { note: '甲' }));
  const [b] = await pushed(townOffice, change(its, { value: '1' }, { value: '2' }));
  const [c] = await pushed(townOffice, change(its, { value: '1' }, { value: '2' }));
  assert.deepEqual([a, b, c].map(({ outcome }) => outcome), ['done', 'merged', 'unchanged']);
  assertRecord(await now(its), { note: '甲', value: '2', version: 3 });
  assert.deepEqual(c.record, await now(its));
});

test('M-5: the same member changed twice is a conflict; the rest is written', async () => {
  const its = await given(await oneItem());
  await pushed(townOffice, change(its, { note: '一处' }, { note: '甲' }));
  const late = change(its, { note: '一处', value: '1' }, { note: '乙', value: '3' });
  const [result] = await pushed(townOffice, late);
  assertRecord(result, { outcome: 'conflict' });
  assertRecord(await now(its), { note: '甲', value: '3', version: 3 });
  const conflict = assertDone(await townOffice.get(`/registry/conflicts/${result.conflict_id}`));
  assertRecord(conflict, { kind: 'report', record_id: its.id, op_id: late.op_id, base_version: 1, record_version: 3, fields: ['note'], base: { note: '一处' },
    mine: { note: '乙' }, theirs: { note: '甲' }, status: 'open', take: null, version: 1 });
  const [again] = await pushed(townOffice, late);
  assertRecord(again, { outcome: 'conflict', conflict_id: result.conflict_id });
  const listed = assertDone(await townOffice.get('/registry/conflicts', { record_id: its.id })).items;
  assert.deepEqual(listed, [conflict]);
  assertRefused(await otherCounty.get(`/registry/conflicts/${result.conflict_id}`), 404, 'not_found');
  assertRefused(await department.get(`/registry/conflicts/${result.conflict_id}`), 404, 'not_found');
});

test('M-5: without a base every member that differs is in conflict', async () => {
  const its = await given(await oneItem());
  await pushed(townOffice, change(its, { value: '1' }, { value: '2' }));
  const [result] = await pushed(townOffice, change(its, undefined, { note: '乙', value: '2' }));
  assertRecord(result, { outcome: 'conflict' });
  assertRecord(assertDone(await townOffice.get(`/registry/conflicts/${result.conflict_id}`)), { fields: ['note'] });
});

const conflictOn = async (its) => {
  await pushed(townOffice, change(its, { note: '一处' }, { note: '甲' }));
  const [{ conflict_id: id }] = await pushed(townOffice, change(its, { note: '一处' }, { note: '乙' }));
  return id;
};
const settle = (id, take, version = 1) => townOffice.post(`/registry/conflicts/${id}:settle`, { take }, { ifMatch: version });

test('M-6: theirs stays, mine is written, once', async () => {
  const its = await given(await oneItem());
  const stays = await conflictOn(its);
  assertRecord(assertDone(await settle(stays, 'theirs')), { status: 'settled', take: 'theirs', version: 2 });
  assertRecord(await now(its), { note: '甲', version: 2 });
  assertRefused(await settle(stays, 'mine', 2), 409, 'state_conflict');
  const other = await given(await oneItem());
  const wins = await conflictOn(other);
  await pushed(townOffice, change({ ...other, version: 2 }, { value: '1' }, { value: '4' })); // beside it
  assertDone(await settle(wins, 'mine'));
  assertRecord(await now(other), { note: '乙', value: '4', version: 4 });
  assertRefused(await settle(wins, 'none'), 422, 'invalid', { pointer: '/take' });
  assertRefused(await settle(nobodysId(), 'mine'), 404, 'not_found');
});

test('M-6: who changed the same member once more is looked at first', async () => {
  const its = await given(await oneItem());
  const id = await conflictOn(its);
  await pushed(townOffice, change({ ...its, version: 2 }, { note: '甲' }, { note: '丙' }));
  assertRefused(await settle(id, 'mine'), 409, 'state_conflict');
  assertRecord(assertDone(await townOffice.get(`/registry/conflicts/${id}`)), { theirs: { note: '丙' }, record_version: 3, version: 2, status: 'open' });
  assertRefused(await settle(id, 'mine', 1), 412, 'stale');
  assertDone(await settle(id, 'mine', 2));
  assertRecord(await now(its), { note: '乙' });
});

test('M-4: a list that is wrong is refused whole', async () => {
  const item = await oneItem();
  const good = submit(item);
  assertRefused(await push(townOffice, [good, { op_id: uuid(), operation: 'create_organisation', body: {} }]), 422, 'invalid', { pointer: '/operations/1/operation' });
  assertRefused(await push(townOffice, [good, { op_id: uuid(), operation: 'submit_report', body: {} }]), 422, 'invalid', { pointer: '/operations/1/target' });
  assertRefused(await push(townOffice, []), 422, 'invalid', { pointer: '/operations' });
  assertRefused(await push(townOffice, Array.from({ length: 101 }, () => good)), 422, 'invalid', { pointer: '/operations' });
  assertRefused(await townOffice.get(`/registry/reports/${good.body.id}`), 404, 'not_found');
});

test('M-4: operations have the caller\'s rights and no more', async () => {
  const item = await oneItem();
  const its = await given(item);
  const [reading] = await pushed(as('village_worker'), submit(item));
  assertRecord(reading, { outcome: 'refused', status: 403 });
  const [other] = await pushed(as('other_county_office'), { op_id: uuid(), operation: 'confirm_report', target: its.id, base_version: 1, body: {} });
  assertRecord(other, { outcome: 'refused', status: 404 });
  const [unlike] = await pushed(department, change(its, { note: '一处' }, { note: '丁' }));
  assert.ok([403, 404].includes(unlike.status), JSON.stringify(unlike));
  const [confirmed] = await pushed(county, { op_id: uuid(), operation: 'confirm_report', target: its.id, base_version: 1, body: {} });
  assertRecord(confirmed, { outcome: 'done', status: 200 });
  const [late] = await pushed(townOffice, change(its, { note: '一处' }, { note: '戊' }));
  assertRecord(late, { outcome: 'refused', status: 409 });
});

test('M-4: fifty devices send the same operation at once: one effect, equal answers', async () => {
  const item = await oneItem();
  const operation = submit(item);
  const answers = await Promise.all(Array.from({ length: 50 }, () => push(townOffice, [operation])));
  const results = answers.map((answer) => assertDone(answer).results[0]);
  const settled = results.filter(({ outcome }) => outcome !== 'retry');
  assert.ok(settled.length > 0);
  for (const result of settled) assert.deepEqual(result, settled[0]);
  assertRecord(settled[0], { outcome: 'done', status: 201 });
});

test('M-4: a device\'s list needs no key of its own: every operation has one', async () => {
  const answer = await push(device, [{ op_id: uuid(), operation: 'confirm_report', target: nobodysId(), base_version: 1, body: {} }]);
  assertRecord(assertDone(answer).results[0], { outcome: 'refused' });
});

test('M-2: what leaves a scope or is deleted is told to those who had it', async () => {
  const item = await oneItem();
  const [moved, gone] = [await given(item), await given(item, { value: '2', reported_on: '2025-03-31' })];
  const copy = await new Copy(townOffice).pull();
  run(`WITH m AS (UPDATE registry.report SET owner_division = '431302007000', version = 2 WHERE id = '${moved.id}' RETURNING id)
    INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, left_division) SELECT now(), 'move', 'report', id, 2, '431302007000', '${town}' FROM m`);
  run(`WITH d AS (DELETE FROM registry.report WHERE id = '${gone.id}' RETURNING id)
    INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, deleted) SELECT now(), 'remove', 'report', id, 2, '${town}', true FROM d`);
  await numbered(moved, gone);
  const answer = assertDone(await townOffice.get('/registry/sync', { cursor: copy.cursor }));
  assert.deepEqual(answer.left.filter(({ id }) => id === moved.id), [{ kind: 'report', id: moved.id }]);
  assert.deepEqual(answer.deleted.filter(({ id }) => id === gone.id), [{ kind: 'report', id: gone.id }]);
  (await copy.pull()).agrees();
  assertRecord((await new Copy(county).pull({ limit: 500 })).records.get(`report ${moved.id}`), { version: 2 });
});
