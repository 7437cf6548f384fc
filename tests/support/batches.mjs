// tests/support/batches.mjs - tables as people send them: uploaded, staged, and their jobs waited for.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertDone } from './assert.mjs';
import { unique } from './client.mjs';
import { sha256 } from './pictures.mjs';
import { patient } from './patient.mjs';
import { http } from './settings.mjs';
import { tokenOf } from './tokens.mjs';

export const heading = ['区划代码', '单位名称', '单位类型', '条线'];
const cell = (text = '') => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
export const csv = (rows, head = heading) => Buffer.from([head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n');

// A ready file, in pieces of 4 MiB.
export async function upload(caller, bytes, name = `${unique('表')}.csv`) {
  const file = assertDone(await caller.post('/registry/files', { name, size: bytes.length, sha256: sha256(bytes) }), 201);
  let answer;
  for (let at = 0; at < bytes.length; at += 4 << 20) {
    const headers = { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) };
    answer = await caller.call('PATCH', `/registry/files/${file.id}/content`, { body: bytes.subarray(at, at + (4 << 20)), headers });
    assertDone(answer);
  }
  assert.equal(answer.body.status, 'ready');
  return answer.body;
}

// The bytes of a file.
export async function download(caller, id) {
  const answer = await patient(`${http}/api/v1/registry/files/${id}/content`, { headers: { Authorization: `Bearer ${await tokenOf(caller.role)}` } });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

// The job when it has ended.
export async function ended(caller, job, seconds = 180, service = 'registry') {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const now = assertDone(await caller.get(`/${service}/jobs/${job.id}`));
    if (now.ended_at !== null) return now;
    if (Date.now() > until) throw new Error(`job ${job.id} is ${now.status} after ${seconds} s: ${JSON.stringify(now)}`);
    await sleep(50);
  }
}

export const batchOf = async (caller, id) => assertDone(await caller.get(`/registry/batches/${id}`));

// Uploads and stages; the batch when its job has ended.
export async function staged(caller, bytes, more = {}, name) {
  const file = await upload(caller, bytes, name);
  const answer = await caller.post('/registry/batches', { kind: 'organisations', title: unique('批次'), file_id: file.id, ...more });
  const job = assertDone(answer, 202);
  assert.equal(answer.headers.get('location'), `/api/v1/registry/jobs/${job.id}`);
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
  assert.equal((await ended(caller, job)).status, 'done');
  return batchOf(caller, job.result.batch_id);
}

export const verb = (caller, batch, name, body = {}, options = {}) => caller.verb(`/registry/batches/${batch.id}:${name}`, batch.version, body, options);

// Has the verb's job done; the batch afterwards.
export async function done(caller, batch, name, body) {
  const job = assertDone(await verb(caller, batch, name, body), 202);
  assert.equal((await ended(caller, job)).status, 'done');
  return batchOf(caller, batch.id);
}
