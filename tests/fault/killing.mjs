// tests/fault/killing.mjs - what the tests that kill a worker in the middle of a job share: calls of a service on a stack of its own, files, and jobs that end in spite of it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { headersOf, startStack } from './own.mjs';

export class Killing {
  constructor(name, service) {
    this.service = service;
    this.kills = 0;
    this.stack = startStack(name, {}, { [service]: { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 } });
    this.stack.command(['psql', '-q', '-c', "UPDATE zeren.setting SET value = '60' WHERE key = 'jobs.lease_seconds'; UPDATE zeren.setting SET value = '50' WHERE key = 'jobs.attempts'"]);
  }

  sql(text) {
    return this.stack.sql(text).join('\n');
  }

  async call(token, method, path, { body, ifMatch, headers } = {}) {
    const answer = await patient(`${this.stack.gateway}/api/v1/${this.service}${path}`, { method,
      headers: { ...headersOf(token), ...(ifMatch && { 'If-Match': `"${ifMatch}"` }), ...headers }, body: body instanceof Uint8Array ? body : body && JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  // Back when the database has noticed, too: what the killed one had sent is carried out, or not.
  async killWorker() {
    const sessions = () => this.stack.sql(`SELECT pid FROM pg_stat_activity WHERE usename = '${this.service}_worker'`);
    const before = sessions();
    await until(() => process.kill(this.stack.pid(`${this.service}_worker`), 'SIGKILL'), 60, 'a worker to kill');
    this.kills++;
    await until(() => !sessions().some((pid) => before.includes(pid)), 300, 'the sessions of the killed worker to end');
  }

  // The job's end, with the worker killed meanwhile: each time some moments after one has taken the job.
  async finish(token, job, times, within = 400) {
    const look = () => this.call(token, 'GET', `/jobs/${job.id}`);
    let seen = job.version, now;
    for (let n = 0; n < times; n++) {
      await until(async () => { now = await look(); return now.ended_at || (now.status === 'running' && now.version > seen); }, 60, `${job.kind} to be taken`);
      if (now.ended_at) break;
      seen = now.version;
      await sleep(Math.random() * within);
      await this.killWorker();
      this.sql(`UPDATE ${this.service}.job SET lease_until = now() WHERE id = '${job.id}' AND lease_until IS NOT NULL RETURNING 1`); // as if its time had passed: a lease is long, so that a living worker keeps it, however slow
    }
    await until(async () => { now = await look(); return now.ended_at; }, 900, `${job.kind} to end`);
    assert.equal(now.status, 'done', JSON.stringify(now));
    return now;
  }

  async upload(token, text, name) {
    const bytes = Buffer.from(text);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const file = await this.call(token, 'POST', '/files', { body: { name, size: bytes.length, sha256 } });
    return this.call(token, 'PATCH', `/files/${file.id}/content`, { body: bytes, headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' } });
  }
}
