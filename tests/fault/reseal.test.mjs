// tests/fault/reseal.test.mjs - keys of the archive's sealed fields rotate and are dropped: records (M-234), their former versions (M-235) and rows of tables that wait
// for their second person (M-236) are under the new keys and read as before; nothing else waits for the old ones. On a stack of its own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { familyOf, yearsAgo } from '../support/families.mjs';
import { idNumber, mobile } from '../support/numbers.mjs';
import { OwnStack, ROOT, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';

const VILLAGE = '431302006003';
let stack, token;
before(async () => {
  stack = new OwnStack('reseal', { settings: {} });
  stack.up();
  stack.tellYears();
  const places = [['430000000000', '湖南省'], ['431300000000', '娄底市'], ['431302000000', '娄星区'], ['431302006000', '涟滨街道'], [VILLAGE, '仙人阁社区']];
  const answer = await patient(`${stack.gateway}/api/v1/registry/divisions:import?valid_from=2010-01-01`, { method: 'POST',
    headers: { Authorization: `Bearer ${stack.token('system_admin')}`, 'Content-Type': 'text/csv; charset=UTF-8' },
    body: ['code,name', ...places.map((row) => row.join(','))].join('\n') });
  assert.equal(answer.status, 200, await answer.text());
  token = stack.token('monitoring_office');
});
after(() => stack?.reset());

const keys = (...args) => execFileSync(join(ROOT, 'deploy/keys'), args, { env: stack.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const active = (purpose) => readFileSync(join(stack.state, 'keys/field.keys'), 'utf8').split('\n').map((line) => line.split(' ')).find((line) => line[1] === purpose && line[3] === 'active')[0];
const metric = async (name) => {
  const text = await (await fetch(`http://127.0.0.1:${stack.ports.MONITORING_WORKER_OPS}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(name)).map((line) => Number(line.split(' ').at(-1))).reduce((sum, n) => sum + n, 0);
};

async function call(method, path, body, version, by = token) {
  const headers = { Authorization: `Bearer ${by}`, 'Content-Type': 'application/json', ...(version ? { 'If-Match': `"${version}"` } : {}) };
  const answer = await patient(`${stack.gateway}/api/v1/monitoring${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.status < 300, `${method} ${path} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

const historyOf = async ({ id }) => (await call('GET', `/households/${id}/history?limit=500`)).items;

// Where a key's id stands in a table's rows as text: first in a look-up hash, behind the format in a ciphertext.
const under = (kid) => ['household', 'member', 'archive_version', 'correction', 'batch_row'].map((table) => [table, Number(stack.sql(
  `SELECT count(*) FROM monitoring.${table} AS r WHERE to_jsonb(r)::text ~ '\\\\\\\\x(0[12])?${kid}'`)[0])]);

async function sent(rows) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const bytes = Buffer.from([names, ...rows.map((row) => names.map((name) => row[name] ?? ''))].map((row) => row.join(',')).join('\r\n') + '\r\n');
  const file = await call('POST', '/files', { name: '表.csv', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  const answer = await patient(`${stack.gateway}/api/v1/monitoring/files/${file.id}/content`, { method: 'PATCH', body: bytes,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' } });
  assert.equal(answer.status, 200, await answer.text());
  return file.id;
}
const batchIn = (id, status) => until(async () => (await call('GET', `/batches/${id}`)).status === status, 60, `the batch to be ${status}`);

// The worker has seen the new keys, and gone through everything.
async function rewritten(...kids) {
  await until(() => kids.every((kid) => under(kid).every(([, n]) => n === 0)), 60, 'nothing under the old keys');
  await until(async () => (await metric('zeren_sealed_settled')) === 1, 120, 'every row to be under the active keys');
  assert.equal(await metric('zeren_sealed_rows_unreadable'), 0);
}

test('M-234, M-235: records and former versions are under the new keys, which alone remain', async () => {
  const { body, grown, child } = familyOf(VILLAGE);
  const home = await call('POST', '/households', { ...body, phone: mobile() });
  const { items: people } = await call('GET', `/households/${home.id}/members`);
  const wife = people.find((each) => each.relation === 'spouse');
  const phones = [mobile(), mobile()];
  let now = await call('PATCH', `/households/${home.id}`, { phone: mobile(), reason: '更正' }, home.version);
  for (const phone of phones) await call('PATCH', `/members/${wife.id}`, { phone, reason: '更正' }, (await call('GET', `/members/${wife.id}`)).version);
  await call('POST', '/corrections', { household_id: home.id, asked_on: yearsAgo(0), what: '住址有误', wanted: '五组' });
  const staged = { number: '43130200000000001', phone: mobile() };
  const job = await call('POST', '/batches', { kind: 'archive', title: '等人核对', file_id: await sent([{ 户编号: staged.number, 行政村代码: VILLAGE, 户类型: '一般农户', 家庭住址: '一组', 联系电话: staged.phone }]),
    member_file_id: await sent([{ 户编号: staged.number, 姓名: '周等', 与户主关系: '户主', 证件号码: idNumber('1980-03-04'), 民族: '汉族', 文化程度: '初中', 健康状况: '健康', 劳动技能: '普通劳动力',
      参加城乡居民基本医疗保险: '是', 参加城镇职工基本医疗保险: '否', 参加大病保险: '是', 参加城乡居民基本养老保险: '是', 参加城镇职工基本养老保险: '否', 增加日期: '2020-01-01' }]) });
  const batch = job.result.batch_id;
  await batchIn(batch, 'staged');
  const before = { encrypt: active('encrypt'), lookup: active('lookup') };
  assert.ok(under(before.encrypt).every(([, n]) => n > 0), JSON.stringify(under(before.encrypt)));
  const version = (await call('GET', `/members/${wife.id}`)).version;

  const history = await historyOf(home);
  assert.ok(history.some((each) => each.record_id === wife.id && each.changes.map(({ field }) => field).join() === 'phone'), JSON.stringify(history));

  keys('rotate', 'encrypt');
  keys('rotate', 'lookup');
  await rewritten(...Object.values(before));
  for (const kid of Object.values(before)) keys('drop', kid, '--nothing-left');

  now = await call('GET', `/members/${wife.id}`);
  assert.equal(now.version, version, 'the values are the same, so versions stay');
  assert.equal(now.health, grown.health);
  assert.equal(now.id_number, `${grown.id_number.slice(0, 6)}********${grown.id_number.slice(-4)}`);
  assert.deepEqual((await call('POST', '/members:find', { id_number: child.id_number })).items.map((each) => each.name), [child.name], 'found by the new hash');
  assert.equal((await call('POST', `/members/${wife.id}:unmask`, { reason: '核对电话号码', fields: ['phone'] })).phone, phones[1]);
  assert.deepEqual(await historyOf(home), history, 'a version still differs from the next in what was changed, and in nothing else');
  const { items: [asked] } = await call('GET', `/corrections?household_id=${home.id}`);
  assert.equal(asked.wanted, '五组');

  const { version: waiting, inserts } = await call('GET', `/batches/${batch}`);
  assert.equal(inserts, 2);
  await call('POST', `/batches/${batch}:apply`, {}, waiting, stack.token('county_office'));
  await batchIn(batch, 'applied');
  const { items: [came] } = await call('GET', `/households?household_number=${staged.number}`);
  assert.equal((await call('POST', `/households/${came.id}:unmask`, { reason: '核对电话号码', fields: ['phone'] })).phone, staged.phone);

  // What was written anew opens: it is written anew once more.
  const second = active('encrypt');
  keys('rotate', 'encrypt');
  await rewritten(second);
  assert.deepEqual(await historyOf(home), history);
});

test('M-236: audit rows and what else is kept hold no ciphertext of the archive for long', () => {
  const n = stack.sql("SELECT count(*) FROM monitoring.audit_log WHERE to_jsonb(audit_log)::text ~ '\\\\\\\\x0[12][0-9a-f]{8}'");
  assert.equal(Number(n[0]), 0, 'audit rows are masked');
});

test('M-130: who waits under the active look-up key alone while keys rotate is looked up under the former one, too', async () => {
  const county = await stack.logIn('county_office');
  const enter = async (who) => {
    const answer = await patient(`${stack.gateway}/api/v1/monitoring/households`, { method: 'POST', headers: { Authorization: `Bearer ${county}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ owner_division: VILLAGE, household_type: 'general', members: [who] }) });
    assert.equal(answer.status, 201, await answer.clone().text());
    return (await answer.json()).head_member_id;
  };
  const of = (id, what) => stack.sql(`SELECT ${what} FROM monitoring.member WHERE id = '${id}'`)[0];
  const who = { ...familyOf(VILLAGE).grown, relation: 'head' };
  const here = await enter(who);
  await until(() => of(here, 'confirmation') === 'confirmed', 60, 'the first to be confirmed');
  const former = active('lookup');
  process.kill(stack.pid('monitoring_worker'), 'SIGSTOP');
  keys('rotate', 'lookup');
  await until(async () => {
    const probe = await enter({ ...who, ...familyOf(VILLAGE).grown, relation: 'head' });
    return Number(stack.sql(`SELECT cardinality(hashes) FROM monitoring.person_check WHERE member_id = '${probe}'`)[0]) === 2;
  }, 60, 'the service to know the new key');
  const there = await enter({ ...who, name: '又报' });
  // As a table leaves it: under the active key alone.
  stack.sql(`UPDATE monitoring.person_check c SET hashes = ARRAY[m.id_number_hash] FROM monitoring.member m WHERE m.id = c.member_id RETURNING 1`);
  process.kill(stack.pid('monitoring_worker'), 'SIGCONT');
  await until(() => Number(stack.sql(`SELECT count(*) FROM monitoring.person_check WHERE member_id = '${there}'`)[0]) === 0, 60, 'the second to be looked at');
  assert.deepEqual([of(here, 'confirmation'), of(there, 'confirmation')], ['confirmed', 'unconfirmed']);
  assert.deepEqual(stack.sql(`SELECT DISTINCT encode(substr(h.hash, 1, 4), 'hex') = '${former}' FROM monitoring.person_claim c JOIN monitoring.person_claim_hash h ON h.claim_id = c.id
    WHERE c.member_id = '${there}' ORDER BY 1`), ['f', 't'], 'under both keys');
});
