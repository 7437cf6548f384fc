// tests/fault/batch.test.mjs - the worker killed at random moments of staging, applying, taking back, writing an error file and exporting (J-002, J-003, B-008): each
// job goes on at its chunk, and what is there in the end is what would be there without a kill, each row once, each event once. ZEREN_BATCH_KILLS says how many.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { Killing } from './killing.mjs';
import { headersOf } from './own.mjs';

const KILLS = Number(process.env.ZEREN_BATCH_KILLS ?? 10);
const ROWS = 24_000;
let at, stack, tokens;
before(async () => {
  at = new Killing('batch', 'registry');
  stack = at.stack;
  tokens = { county: await stack.logIn('county_office'), prefecture: await stack.logIn('prefecture_office') };
});
after(() => stack?.reset());

const call = (who, ...rest) => at.call(tokens[who], ...rest);
const finish = (who, job, times) => at.finish(tokens[who], job, times);
const upload = (bytes, name) => at.upload(tokens.county, bytes, name);
const sql = (text) => at.sql(text);
const download = async (id) => {
  const answer = await patient(`${stack.gateway}/api/v1/registry/files/${id}/content`, { headers: { Authorization: headersOf(tokens.county).Authorization } });
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
  await until(() => events() === `${2 * good} ${2 * good}`, 60, `two events a record, and not ${events()}`);
  assert.equal(sql(`SELECT sum((body ->> 'done')::int) FROM registry.audit_log WHERE record = 'batch' AND body ? 'from_row'`), String(2 * good), 'an audit row a chunk, once');
  assert.ok(at.kills >= KILLS / 3, `${at.kills} kills`);
  console.log(`${at.kills} kills, ${sql("SELECT string_agg(kind || ' ' || attempts, ', ') FROM registry.job")}`);
});
