// tests/fault/once.test.mjs - one effect for one key, whatever happens on the way: 64 equal submissions at once (R5), answers that are cut off,
// backends ended in the middle, a commit whose outcome nobody was told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { itemId, openSession, sendAndLeave, startStack, submit } from './own.mjs';
import { announced } from '../support/events.mjs';

const LOCK_MS = 5000;
let stack, token;
before(async () => { stack = startStack('once', { DB_LOCK_MS: LOCK_MS, DB_STATEMENT_MS: 60_000 }); token = await stack.logIn('town_office'); });
after(() => stack?.reset());

const reports = (note) => stack.sql(`SELECT id FROM registry.report WHERE note = '${note}'`);
const outside = ({ status, text, etag, location }) => JSON.stringify({ status, text, etag, location });
// Sends 201 again and again while the key is at work elsewhere.
async function insist(report, base = stack.gateway) {
  for (const deadline = performance.now() + 180_000; performance.now() < deadline;) {
    const answer = await submit(base, token, report, fetch);
    if (answer.status === 201) return answer;
    assert.ok([409, 503].includes(answer.status), `${answer.status}: ${answer.text}`);
    assert.ok(answer.retryAfter, 'it says when to try again');
    await sleep(50);
  }
  throw new Error('never acknowledged');
}

for (const [door, base] of [['through nginx', () => stack.gateway], ['at the service', () => stack.registry]]) {
  test(`64 identical submissions at once, ${door}: one effect, 64 equal answers`, async () => {
    const report = { n: 1, note: `equal ${door}`, key: newKey() };
    const answers = await Promise.all(Array.from({ length: 64 }, () => insist(report, base())));
    assert.deepEqual([...new Set(answers.map((a) => a.status))], [201], JSON.stringify(answers.find((a) => a.status !== 201)));
    assert.equal(new Set(answers.map(outside)).size, 1);
    assert.deepEqual(reports(report.note), [answers[0].body.id]);
    assert.deepEqual(stack.sql(`SELECT count(*) FROM registry.audit_log WHERE record_id = '${answers[0].body.id}'`), ['1']);
    assert.deepEqual(stack.sql(`SELECT count(*) FROM ${announced('registry')} AS e WHERE record_id = '${answers[0].body.id}'`), ['1']);
  });
}

test('64 identical submissions, half of whose clients hang up: one effect, equal answers for the rest', async () => {
  const report = { n: 2, note: 'half cut', key: newKey(), body: { value: '12.5', note: 'half cut' } };
  const kept = [], cut = [];
  for (let i = 0; i < 32; i++) {
    cut.push(sendAndLeave(stack.ports.HTTP, token, report, i % 8));
    kept.push(insist(report));
  }
  await Promise.all(cut);
  const answers = await Promise.all(kept);
  assert.deepEqual([...new Set(answers.map((a) => a.status))], [201]);
  assert.equal(new Set(answers.map(outside)).size, 1);
  assert.deepEqual(reports('half cut'), [answers[0].body.id]);
});

test('a retry after an answer nobody heard gets that answer', async () => {
  for (let i = 0; i < 20; i++) {
    const report = { n: i, note: `unheard ${i}`, key: newKey(), body: { value: '12.5', note: `unheard ${i}` } };
    await sendAndLeave(stack.ports[i % 2 ? 'HTTP' : 'REGISTRY'], token, report, i % 5);
    const answer = await insist(report);
    assert.deepEqual(reports(report.note), [answer.body.id]);
  }
});

test('a backend ended in the middle of a write: 503, and the retry has one effect', async () => {
  const holder = openSession(stack);
  await holder.run(`BEGIN; SELECT 1 FROM registry.item WHERE id = '${itemId(5)}' FOR UPDATE;`);
  const report = { n: 5, note: 'ended', key: newKey() };
  const first = submit(stack.gateway, token, report);
  const waiting = "usename = 'registry_service' AND wait_event_type = 'Lock'";
  await until(() => stack.sql(`SELECT 1 FROM pg_stat_activity WHERE ${waiting}`).length > 0, 60, 'the write to wait for the lock');
  stack.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${waiting}`);
  const answer = await first;
  assert.equal(answer.status, 503, answer.text);
  assert.ok(['outcome_unknown', 'unavailable'].includes(answer.body.code), answer.text);
  assert.ok(answer.retryAfter);
  await holder.run('ROLLBACK;');
  await holder.close();
  const again = await insist(report);
  assert.deepEqual(reports('ended'), [again.body.id]);
});

test('backends ended at random while 200 reports come in: each key has one effect', async () => {
  let running = true;
  const blunt = performance.now() + 20_000; // a machine that makes connections no faster than they are ended gets on all the same
  const session = openSession(stack); // beside the clients: who waits for a program to end hears no answer meanwhile
  const axe = (async () => {
    while (running && performance.now() < blunt) {
      await session.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'registry_service' ORDER BY random() LIMIT 2;");
      await sleep(20);
    }
    await session.close();
  })();
  const answers = await Promise.all(Array.from({ length: 200 }, async (_, n) => {
    await sleep(n * 10);
    return insist({ n, note: 'axed', key: newKey() });
  })).finally(() => { running = false; });
  await axe;
  assert.deepEqual(reports('axed').sort(), answers.map((a) => a.body.id).sort());
});

test('a call whose key is still at work waits for it and gets its answer', async () => {
  const holder = openSession(stack);
  await holder.run(`BEGIN; SELECT 1 FROM registry.item WHERE id = '${itemId(6)}' FOR UPDATE;`);
  const report = { n: 6, note: 'slow', key: newKey() };
  const waiting = (n) => until(() => stack.sql("SELECT 1 FROM pg_stat_activity WHERE usename = 'registry_service' AND wait_event_type = 'Lock'").length === n, 60, `${n} to wait`);
  const first = submit(stack.gateway, token, report);
  await waiting(1);
  const second = submit(stack.gateway, token, report);
  await waiting(2);
  await holder.run('COMMIT;');
  await holder.close();
  const answers = await Promise.all([first, second]);
  assert.deepEqual(answers.map((a) => a.status), [201, 201]);
  assert.equal(outside(answers[0]), outside(answers[1]));
});

test('a call whose key stays at work for too long is told 409 with Retry-After', async () => {
  const key = newKey();
  const [account] = stack.sql("SELECT id FROM identity.account WHERE login = 'town_office'");
  const holder = openSession(stack);
  await holder.run(`BEGIN; INSERT INTO registry.idempotency (account_id, key, digest) VALUES ('${account}', '${key}', 'x');`);
  const since = performance.now();
  const answer = await submit(stack.gateway, token, { n: 8, note: 'taken', key });
  assert.equal(answer.status, 409, answer.text);
  assert.equal(answer.body.code, 'idempotency_key_in_use');
  assert.ok(answer.retryAfter);
  assert.ok(performance.now() - since > LOCK_MS / 2, 'it waited');
  await holder.run('ROLLBACK;');
  await holder.close();
  assert.equal((await submit(stack.gateway, token, { n: 8, note: 'taken', key })).status, 201);
});

test('the same key with another body is refused', async () => {
  const key = newKey();
  await insist({ n: 7, note: 'one', key });
  const other = await submit(stack.gateway, token, { n: 7, note: 'two', key });
  assert.equal(other.status, 422);
  assert.equal(other.body.code, 'idempotency_key_reused');
  assert.deepEqual(reports('two'), []);
});
