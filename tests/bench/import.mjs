// tests/bench/import.mjs - I1: a table of organisations staged and applied, rows a second of its jobs, against COPY of what each has written in the end, with the same
// indexes.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { until } from '../support/own_stack.mjs';

const PIECE = 4 << 20;

// At bench.service, or the registry.
export async function call(bench, role, method, path, { body, bytes, headers } = {}) {
  const service = bench.service ?? 'registry';
  const answer = await fetch(`${bench.stack[service]}/api/v1/${service}${path}`, { method, body: bytes ?? (body && JSON.stringify(body)),
    headers: { Authorization: `Bearer ${await bench.stack.logIn(role)}`, ...(body && { 'Content-Type': 'application/json' }), ...headers } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

export async function upload(bench, bytes) {
  const file = await call(bench, 'county_office', 'POST', '/files', { body: { name: 'I1.csv', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } });
  for (let at = 0; at < bytes.length; at += PIECE)
    await call(bench, 'county_office', 'PATCH', `/files/${file.id}/content`, { bytes: bytes.subarray(at, at + PIECE),
      headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) } });
  return file.id;
}

// Seconds that the worker had the job.
export async function worked(bench, job) {
  const table = `${bench.service ?? 'registry'}.job`;
  await until(() => bench.stack.sql(`SELECT 1 FROM ${table} WHERE id = '${job.id}' AND ended_at IS NOT NULL`).length === 1, 600, 'a job');
  const [status, seconds] = bench.stack.sql(`SELECT status, extract(epoch FROM ended_at - started_at) FROM ${table} WHERE id = '${job.id}'`)[0].split('|');
  if (status !== 'done') throw new Error(`job ${job.id} is ${status}`);
  return Number(seconds);
}

// Seconds of COPY into an empty table like that one, of what it has got.
function copied(bench, table, columns, what) {
  const file = join(bench.stack.sql('SHOW data_directory')[0], 'i1.copy');
  const said = bench.stack.sql(`COPY (SELECT ${columns} FROM registry.${what}) TO '${file}';
    CREATE TABLE registry.i1 (LIKE registry.${table} INCLUDING ALL);
    \\timing on
    COPY registry.i1 (${columns}) FROM '${file}';
    \\timing off
    DROP TABLE registry.i1;
    COPY (SELECT) TO '${file}'`);
  return Number(/Time: ([0-9.]+) ms/.exec(said.join('\n'))[1]) / 1000;
}

// One table, there and back; rates of both sides.
async function once(bench, rows, round) {
  const lines = Array.from({ length: rows }, (_, n) => `431302,导入单位${round}-${n},部门,\r\n`);
  const file_id = await upload(bench, Buffer.from(`区划代码,单位名称,单位类型,条线\r\n${lines.join('')}`));
  const staged = await call(bench, 'county_office', 'POST', '/batches', { body: { kind: 'organisations', title: 'I1', file_id } });
  const stage = await worked(bench, staged);
  const applied = await call(bench, 'prefecture_office', 'POST', `/batches/${staged.id}:apply`, { body: {}, headers: { 'If-Match': '"2"' } });
  const apply = await worked(bench, applied);
  const made = `SELECT record_id FROM registry.batch_row WHERE batch_id = '${staged.id}'`;
  const ref = {
    stage: copied(bench, 'batch_row', 'batch_id, owner_division, row, match, data, action, record_id, base_version, was, faults, outcome', `batch_row WHERE batch_id = '${staged.id}'`),
    apply: copied(bench, 'organisation', 'id, owner_division, name, kind, line, version, created_at', `organisation WHERE id IN (${made})`)
      + copied(bench, 'outbox', 'at, verb, record, record_id, version, owner_division',
        `organisation AS o (record_id, owner_division, name, kind, line, version, at), (VALUES ('apply_batch', 'organisation')) AS w (verb, record) WHERE record_id IN (${made})`),
  };
  bench.stack.sql(`DELETE FROM registry.organisation WHERE id IN (${made}); DELETE FROM registry.batch_row WHERE batch_id = '${staged.id}'; VACUUM registry.organisation, registry.batch_row`);
  return { stage: rows / stage, apply: rows / apply, 'stage.copy': rows / ref.stage, 'apply.copy': rows / ref.apply };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export async function measureImport(bench, compare) {
  const rows = 10 * bench.items, found = [];
  console.log(`I1: ${rows} organisations staged and applied`);
  for (let round = 1; round <= bench.rounds; round++) {
    found.push(await once(bench, rows, round));
    console.log(`  round ${round}  ${Object.entries(found.at(-1)).map(([name, rate]) => `${name} ${rate.toFixed(0)}/s`).join('  ')}`);
  }
  const of = (name) => ({ rate: median(found.map((f) => f[name])), failed: 0 });
  for (const name of ['stage', 'apply']) compare(`I1.${name}`, of(name), of(`${name}.copy`), 'rows/s');
}
