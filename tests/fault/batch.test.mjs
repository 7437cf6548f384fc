// tests/fault/batch.test.mjs - the worker killed at random moments of staging, applying, taking back, writing an error file and exporting (J-002, J-003, B-008): each
// job goes on at its chunk, and what is there in the end is what would be there without a kill, each row once, each event once. ZEREN_BATCH_KILLS says how many.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sleep, until } from '../support/own_stack.mjs';
import { headersOf, startStack } from './own.mjs';

const KILLS = Number(process.env.ZEREN_BATCH_KILLS ?? 10);
const ROWS = 24_000;
let stack, tokens, kills = 0;
before(async () => {
  stack = startStack('batch');
  stack.command(['psql', '-q', '-c', "UPDATE zeren.setting SET value = '2' WHERE key = 'jobs.lease_seconds'; UPDATE zeren.setting SET value = '50' WHERE key = 'jobs.attempts'"]);
  tokens = { county: await stack.logIn('county_office'), prefecture: await stack.logIn('prefecture_office') };
});
after(() => stack?.reset());

const call = async (who, method, path, { body, ifMatch, headers } = {}) => {
  const answer = await fetch(`${stack.gateway}/api/v1/registry${path}`, { method,
    headers: { ...headersOf(tokens[who]), ...(ifMatch && { 'If-Match': `"${ifMatch}"` }), ...headers }, body: body instanceof Uint8Array ? body : body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
};
const sql = (text) => stack.command(['psql', '-Atq', '-c', text]).trim();

function killWorker() {
  const pids = execFileSync('pgrep', ['-f', '^[^ ]*/bin/registry --worker'], { encoding: 'utf8' }).trim().split('\n').map(Number);
  const ours = pids.filter((pid) => { try { return execFileSync('readlink', [`/proc/${pid}/exe`], { encoding: 'utf8' }).startsWith(stack.state); } catch { return false; } });
  for (const pid of ours) {
    try { process.kill(pid, 'SIGKILL'); kills++; } catch { /* gone already */ }
  }
}

// The job's end, with the worker killed meanwhile: each time some moments after one has taken the job.
async function finish(who, job, times) {
  let seen = job.version;
  for (let n = 0; n < times; n++) {
    let at;
    await until(async () => { at = await call(who, 'GET', `/jobs/${job.id}`); return at.ended_at || (at.status === 'running' && at.version > seen); }, 30, `${job.kind} to be taken`);
    if (at.ended_at) break;
    seen = at.version;
    await sleep(Math.random() * 400);
    killWorker();
  }
  let now;
  await until(async () => { now = await call(who, 'GET', `/jobs/${job.id}`); return now.ended_at; }, 90, `${job.kind} to end`);
  assert.equal(now.status, 'done', JSON.stringify(now));
  return now;
}

async function upload(bytes, name) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = await call('county', 'POST', '/files', { body: { name, size: bytes.length, sha256 } });
  return call('county', 'PATCH', `/files/${file.id}/content`, { body: bytes, headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' } });
}
const download = async (id) => {
  const answer = await fetch(`${stack.gateway}/api/v1/registry/files/${id}/content`, { headers: { Authorization: headersOf(tokens.county).Authorization } });
  assert.equal(answer.status, 200);
  return answer.text();
};

test('killed at random moments, each job goes on where it was, once', async () => {
  const each = Math.ceil(KILLS / 5);
  const line = (n) => (n % 100 === 7 ? `431302,单位${n},部委,` : `431302,单位${n},部门,${n % 3 ? '' : 'water'}`);
  const rows = Array.from({ length: ROWS }, (_, n) => line(n));
  const bad = rows.filter((r) => r.includes('部委')).length, good = ROWS - bad;
  const file = await upload(Buffer.from(`区划代码,单位名称,单位类型,条线\n${rows.join('\n')}\n`), '单位.csv');
  const before = Number(sql('SELECT count(*) FROM registry.organisation'));

  const stage = await finish('county', await call('county', 'POST', '/batches', { body: { kind: 'organisations', title: '断点', file_id: file.id } }), each);
  const get = () => call('county', 'GET', `/batches/${stage.id}`);
  let batch = await get();
  assert.deepEqual([batch.status, batch.rows, batch.inserts, batch.failed], ['staged', ROWS, good, bad]);
  assert.equal(sql(`SELECT count(*) || ' ' || count(*) FILTER (WHERE action = 'failed') || ' ' || min(row) || ' ' || max(row) FROM registry.batch_row`), `${ROWS} ${bad} 2 ${ROWS + 1}`);

  const errors = await finish('county', await call('county', 'POST', `/batches/${batch.id}:error_file`, { body: {} }), each);
  const text = await download(errors.result.file_id);
  assert.equal(text.trim().split('\n').length, ROWS + 1);
  assert.equal(text.match(/单位类型：不在可选范围内/g).length, bad);

  await finish('prefecture', await call('prefecture', 'POST', `/batches/${batch.id}:apply`, { body: {}, ifMatch: batch.version }), each);
  batch = await get();
  assert.deepEqual([batch.status, batch.applied, batch.not_applied], ['applied', good, 0]);
  assert.equal(Number(sql('SELECT count(*) FROM registry.organisation')), before + good);
  assert.equal(sql(`SELECT count(*) FROM registry.organisation o JOIN registry.batch_row r ON r.record_id = o.id AND o.name = r.data ->> 'name' AND o.version = 1`), String(good));

  const exported = await finish('county', await call('county', 'POST', '/exports', { body: { kind: 'organisations', format: 'csv' } }), each);
  const names = (await download(exported.result.file_id)).trim().split('\n').filter((r) => r.includes('单位') && !r.includes('区划代码')).map((r) => r.split(',')[2]);
  assert.equal(new Set(names).size, names.length, 'no row twice');
  assert.equal(names.filter((n) => /^单位\d+$/.test(n)).length, good);

  await finish('county', await call('county', 'POST', `/batches/${batch.id}:undo`, { body: { reason: '断点' }, ifMatch: batch.version }), each);
  batch = await get();
  assert.deepEqual([batch.status, batch.undone, batch.not_undone], ['undone', good, 0]);
  assert.equal(Number(sql('SELECT count(*) FROM registry.organisation')), before);

  const events = () => sql(`SELECT count(*) || ' ' || count(DISTINCT (id, version)) FROM registry.event WHERE kind = 'organisation' AND verb IN ('apply_batch', 'undo_batch')`);
  await until(() => events() === `${2 * good} ${2 * good}`, 30, `two events a record, and not ${events()}`);
  assert.equal(sql(`SELECT sum((body ->> 'done')::int) FROM registry.audit_log WHERE record = 'batch' AND body ? 'from_row'`), String(2 * good), 'an audit row a chunk, once');
  assert.ok(kills >= KILLS / 3, `${kills} kills`);
  console.log(`${kills} kills, ${sql("SELECT string_agg(kind || ' ' || attempts, ', ') FROM registry.job")}`);
});
