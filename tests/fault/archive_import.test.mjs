// tests/fault/archive_import.test.mjs - the worker killed at random moments while households and members are sorted, judged, applied and taken back (B-008, M-169): each
// job goes on at its chunk, and every household is there once, whole. ZEREN_BATCH_KILLS says how many. And chunks that are carried out at a time, and want the same (B-019).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/own_stack.mjs';
import { checked } from '../support/id_check.mjs';
import { Killing } from './killing.mjs';

const CHUNK = 2000; // rows of an archive, applied in one transaction
const KILLS = Number(process.env.ZEREN_BATCH_KILLS ?? 9);
const HOMES = 3000;
const HEADING = '户编号,姓名,证件号码,与户主关系,民族,文化程度,健康状况,劳动技能,参加城乡居民基本医疗保险,参加城镇职工基本医疗保险,参加大病保险,参加城乡居民基本养老保险,参加城镇职工基本养老保险';
const WELL = ',健康,普通劳动力,是,否,是,是,否';
let at, tokens;
before(async () => {
  at = new Killing('archive_import', 'monitoring');
  at.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    VALUES (gen_random_uuid(), '431302006003', '431302006003', '仙人阁社区', 5, '431302006000', '2010-01-01') ON CONFLICT DO NOTHING`);
  tokens = { county: await at.stack.logIn('county_office'), monitor: await at.stack.logIn('monitoring_office') };
});
after(() => at?.stack.reset());

const call = (who, ...rest) => at.call(tokens[who], ...rest);
const finish = (who, job, times) => at.finish(tokens[who], job, times, 900);
const upload = (text, name) => at.upload(tokens.county, text, name);
const sql = (text) => at.sql(text);

function idNumber(n, male) {
  return checked(`4313${String(10 + (n % 80))}${1960 + (n % 30)}0${1 + (n % 9)}${String(10 + (n % 18))}${String(Math.floor(n / 30) % 100).padStart(2, '0')}${male ? 1 : 2}`);
}

test('killed at random moments, every household is there once and whole', async () => {
  const each = Math.ceil(KILLS / 3);
  const number = (n) => `4313${String((n * 7919) % HOMES).padStart(8, '0')}`;
  const homes = Array.from({ length: HOMES }, (_, n) => `${number(n)},431302006003,第${n}户,一般农户`);
  const members = Array.from({ length: HOMES }, (_, n) => [`${number(n)},户主${n},${idNumber(n, true)},户主,汉族,初中${WELL}`,
    `${number(n)},配偶${n},${idNumber(n, false)},配偶,汉族,${n % 100 === 7 ? '天书' : '初中'}${WELL}`]).flat();
  const bad = HOMES / 100 * 3, good = HOMES * 3 - bad;
  const file = await upload(`户编号,行政村代码,家庭住址,户类型\n${homes.join('\n')}\n`, '户.csv');
  const memberFile = await upload(`${HEADING}\n${members.reverse().join('\n')}\n`, '成员.csv');

  const stage = await finish('county', await call('county', 'POST', '/batches', { body: { kind: 'archive', title: '断点', file_id: file.id, member_file_id: memberFile.id } }), each);
  const get = () => call('county', 'GET', `/batches/${stage.id}`);
  let batch = await get();
  assert.deepEqual([batch.status, batch.rows, batch.inserts, batch.failed], ['staged', HOMES * 3, good, bad]);
  assert.equal(sql(`SELECT count(*) || ' ' || count(DISTINCT (part, in_part)) || ' ' || max(row) || ' ' || count(DISTINCT bundle) FROM monitoring.batch_row`),
    `${HOMES * 3} ${HOMES * 3} ${HOMES * 3} ${HOMES}`);

  await finish('monitor', await call('monitor', 'POST', `/batches/${batch.id}:apply`, { body: {}, ifMatch: batch.version }), each);
  batch = await get();
  assert.deepEqual([batch.status, batch.applied, batch.not_applied], ['applied', good, 0]);
  assert.equal(sql('SELECT count(*) || \' \' || sum(member_count) FROM monitoring.household WHERE batch_id IS NOT NULL'), `${good / 3} ${good / 3 * 2}`);
  assert.equal(sql('SELECT count(*) FROM monitoring.household h WHERE batch_id IS NOT NULL AND (SELECT count(*) FROM monitoring.member m WHERE m.household_id = h.id) <> 2'), '0');

  await finish('monitor', await call('monitor', 'POST', `/batches/${batch.id}:undo`, { body: { reason: '断点' }, ifMatch: batch.version }), each);
  batch = await get();
  assert.deepEqual([batch.status, batch.undone, batch.not_undone], ['undone', good, 0]);
  assert.equal(sql('SELECT (SELECT count(*) FROM monitoring.household WHERE batch_id IS NOT NULL) + (SELECT count(*) FROM monitoring.member WHERE batch_id IS NOT NULL)'), '0');
  const events = () => sql(`SELECT count(*) || ' ' || count(DISTINCT (id, version)) FROM monitoring.event WHERE kind IN ('household', 'member') AND verb IN ('apply_batch', 'undo_batch')`);
  await until(() => events() === `${2 * good} ${2 * good}`, 60, `two events a record, and not ${events()}`);
  assert.ok(at.kills >= KILLS / 3, `${at.kills} kills`);
  console.log(`${at.kills} kills, ${sql("SELECT string_agg(kind || ' ' || attempts, ', ') FROM monitoring.job")}`);
});

// Households of one member: chunks end between them. All who stand in the third chunk stand in the second, which is carried out beside it: each waits for what the other has.
test('B-019: chunks at a time want the same people: the earlier has them, and nothing fails or is tried again', async () => {
  const of = CHUNK / 2, count = 3 * of;
  const number = (n) => `4314${String(n).padStart(8, '0')}`;
  const person = (n) => idNumber(n < 2 * of ? n : n - of, n % 2 === 0);
  const file = await upload(`户编号,行政村代码,家庭住址,户类型\n${Array.from({ length: count }, (_, n) => `${number(n)},431302006003,第${n}户,一般农户`).join('\n')}\n`, '户.csv');
  const memberFile = await upload(`${HEADING}\n${Array.from({ length: count }, (_, n) => `${number(n)},户主${n},${person(n)},户主,汉族,初中${WELL}`).join('\n')}\n`, '成员.csv');
  const stage = await finish('county', await call('county', 'POST', '/batches', { body: { kind: 'archive', title: '同时', file_id: file.id, member_file_id: memberFile.id } }), 0);
  let batch = await call('county', 'GET', `/batches/${stage.id}`);
  assert.deepEqual([batch.status, batch.rows, batch.failed], ['staged', 2 * count, 0]);

  const job = await finish('monitor', await call('monitor', 'POST', `/batches/${batch.id}:apply`, { body: {}, ifMatch: batch.version }), 0);
  batch = await call('county', 'GET', `/batches/${batch.id}`);
  assert.deepEqual([batch.status, batch.applied, batch.not_applied], ['applied', 2 * count, 0]);
  assert.equal(sql(`SELECT version FROM monitoring.job WHERE id = '${job.id}'`), '3', 'made, taken and ended: never put off');
  await until(() => sql('SELECT count(*) FROM monitoring.person_check') === '0', 120, 'people to be confirmed');
  assert.equal(sql(`SELECT string_agg(x.third || ' ' || x.confirmation || ' ' || x.n, ', ' ORDER BY x.third)
    FROM (SELECT h.household_number >= '${number(2 * of)}' AS third, m.confirmation, count(*) AS n FROM monitoring.member m JOIN monitoring.household h ON h.id = m.household_id
           WHERE h.batch_id = '${batch.id}' GROUP BY 1, 2) AS x`), `false confirmed ${2 * of}, true unconfirmed ${of}`);
  assert.equal(sql(`SELECT count(*) || ' ' || count(DISTINCT a.body ->> 'from_row') || ' ' || sum((a.body ->> 'done')::integer)
    FROM monitoring.audit_log a WHERE a.verb = 'apply_batch' AND a.record_id = '${batch.id}' AND a.body ? 'from_row'`), `3 3 ${2 * count}`);
});
