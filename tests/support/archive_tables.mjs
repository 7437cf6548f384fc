// tests/support/archive_tables.mjs - households and members as tables: made, uploaded, staged, applied. Numbers are composed.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertDone } from './assert.mjs';
import { unique } from './client.mjs';
import { idNumber } from './numbers.mjs';
import { patient } from './patient.mjs';
import { sha256 } from './pictures.mjs';
import { http } from './settings.mjs';
import { serial } from './taken.mjs';
import { tokenOf } from './tokens.mjs';

const cell = (text = '') => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// Rows are objects by heading; the headings are those of all rows.
export function csv(rows, headings = [...new Set(rows.flatMap((row) => Object.keys(row)))]) {
  return Buffer.from([headings, ...rows.map((row) => headings.map((name) => row[name]))].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n');
}

export const newNumber = () => `4313${String(serial('household_numbers', { size: 10_000, blocks: 10_000 })).padStart(17, '0')}`;

export const home = (number, more = {}) => ({ 户编号: number, 行政村代码: '431302006003', 家庭住址: '仙人阁1号', 户类型: '一般农户', ...more });
const grown = { 民族: '汉族', 政治面貌: '群众', 文化程度: '初中', 健康状况: '健康', 劳动技能: '普通劳动力', 是否外出务工: '否', 参加城乡居民基本医疗保险: '是', 参加城镇职工基本医疗保险: '否', 参加大病保险: '是',
  参加城乡居民基本养老保险: '是', 参加城镇职工基本养老保险: '否', 低保: '未享受', 特困供养: '不享受', 是否易地搬迁人口: '否', 增加日期: '2020-01-01' };
export const head = (number, name, more = {}) => ({ 户编号: number, 姓名: name, 证件号码: idNumber('1975-04-03'), 与户主关系: '户主', ...grown, ...more });
export const spouse = (number, name, more = {}) => ({ 户编号: number, 姓名: name, 证件号码: idNumber('1978-09-12', { male: false }), 与户主关系: '配偶', ...grown, ...more });
export const child = (number, name, more = {}) => ({ 户编号: number, 姓名: name, 证件号码: idNumber('2016-05-20'), 与户主关系: '之子', ...grown, 文化程度: '', 在校生状况: '小学', 劳动技能: '无劳动力',
  参加城乡居民基本养老保险: '否', ...more });

export async function upload(caller, bytes, name = `${unique('表')}.csv`, more = {}) {
  const file = assertDone(await caller.post('/monitoring/files', { name, size: bytes.length, sha256: sha256(bytes), ...more }), 201);
  let answer;
  for (let at = 0; at < bytes.length; at += 4 << 20) {
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) };
    answer = await caller.call('PATCH', `/monitoring/files/${file.id}/content`, { body: bytes.subarray(at, at + (4 << 20)), headers });
    assertDone(answer);
  }
  assert.equal(answer.body.status, 'ready');
  return answer.body;
}

export async function download(caller, id) {
  const answer = await patient(`${http}/api/v1/monitoring/files/${id}/content`, { headers: { Authorization: `Bearer ${await tokenOf(caller.role)}` } });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

export async function ended(caller, job, seconds = 180) {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const now = assertDone(await caller.get(`/monitoring/jobs/${job.id}`));
    if (now.ended_at !== null) return now;
    if (Date.now() > until) throw new Error(`job ${job.id} is ${now.status} after ${seconds} s: ${JSON.stringify(now)}`);
    await sleep(50);
  }
}

export const batchOf = async (caller, id) => assertDone(await caller.get(`/monitoring/batches/${id}`));
export const rowsOf = async (caller, batch, query = {}) => assertDone(await caller.get(`/monitoring/batches/${batch.id}/rows`, { limit: 200, ...query })).items;

// Two tables: the households' file, the members' (NULL: none).
export async function sentTables(caller, homes, members, more = {}) {
  const file = await upload(caller, homes);
  const member_file_id = members === null ? undefined : (await upload(caller, members)).id;
  return assertDone(await caller.post('/monitoring/batches', { kind: 'archive', title: unique('农户'), file_id: file.id, member_file_id, ...more }), 202);
}

export async function stagedTables(caller, homes, members, more = {}, seconds = 180) {
  const job = await sentTables(caller, homes, members, more);
  const now = await ended(caller, job, seconds);
  assert.equal(now.status, 'done', JSON.stringify(now));
  return batchOf(caller, job.result.batch_id);
}

export const stagedRows = (caller, homes, members, more) => stagedTables(caller, csv(homes), members === null ? null : csv(members), more);

export const verb = (caller, batch, name, body = {}, options = {}) => caller.verb(`/monitoring/batches/${batch.id}:${name}`, batch.version, body, options);
export async function done(caller, batch, name, body, seconds = 180) {
  const job = assertDone(await verb(caller, batch, name, body), 202);
  const now = await ended(caller, job, seconds);
  assert.equal(now.status, 'done', JSON.stringify(now));
  return batchOf(caller, batch.id);
}

// A file that a job has made.
export async function madeFile(caller, job) {
  const now = await ended(caller, job);
  assert.equal(now.status, 'done', JSON.stringify(now));
  return download(caller, now.result.file_id);
}
