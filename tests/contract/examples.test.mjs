// tests/contract/examples.test.mjs - the example of each body that a contract shows is one the service takes, as far as its form goes: what it names is not there, so nothing is
// written, and the answer is no refusal of the form.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { anyone, as, newKey } from '../support/client.mjs';
import { documents, operations, parametersOf } from '../support/contract.mjs';
import { root } from '../support/settings.mjs';

const [heading, ...lines] = readFileSync(`${root}tests/contract/access.csv`, 'utf8').trim().split('\n');
const roles = heading.split(',').slice(4);
const rights = new Map(lines.map((line) => line.split(',')).map(([service, method, path, , ...cells]) => [`${service} ${method} ${path}`, cells]));
const wanted = ['county_office', 'monitoring_office', 'town_office', 'system_admin', 'security_admin', 'audit_admin', 'prefecture_office'];

// Somebody who may; of an account's own affairs, a stranger.
function callerOf(o) {
  if (o.permission === 'public') return anyone;
  const cells = rights.get(`${o.service} ${o.method} ${o.path}`);
  return as(wanted.find((role) => cells[roles.indexOf(role)] === 'ok'));
}

const nobodys = { id: '01940000-ffff-7000-8000-000000000000', code: 'nobodys_role' };
const bodies = operations.flatMap((o) => Object.entries(o.operation.requestBody?.content ?? {})
  .filter(([type, { example }]) => type.endsWith('json') && example !== undefined).map(([type, { example }]) => ({ o, type, example })));

// What is named and is not there, or a password that is another one, is no fault of the form.
const absent = /^there is no such (record|village)\b|^That is not the account's password/i;
// What ends, ends ahead, however old the contract is.
const ahead = (example) => ('expires_at' in example || 'ends_at' in example
  ? { ...example, ...Object.fromEntries(['starts_at', 'expires_at', 'ends_at'].filter((name) => name in example).map((name, i) => [name, new Date(Date.now() + (i + 1) * 3_600_000).toISOString()])) } : example);

test('there are examples to try', () => assert.ok(bodies.length > 200, String(bodies.length)));

test('schemas are named after one record of their kind', () => {
  const names = Object.values(documents).flatMap((each) => Object.keys(each.components.schemas));
  for (const name of ['Batch', 'BatchPage', 'DivisionClass', 'DivisionClassPage', 'DutyList', 'Coverage']) assert.ok(names.includes(name), name);
  assert.deepEqual(names.filter((name) => /(ch|sh|ss)e(Page|Create|Patch)?$/.test(name)), []);
});

for (const { o, type, example } of bodies) {
  test(`${o.service} ${o.id}: ${type}`, async () => {
    const path = `/${o.service}${o.path.replaceAll(/\{([^}]+)\}/g, (_, name) => nobodys[name] ?? nobodys.id)}`;
    const takes = new Set(parametersOf(o).map((p) => p.name));
    const answer = await callerOf(o).call(o.method, path, { body: ahead(example), headers: { 'Content-Type': type }, key: takes.has('Idempotency-Key') ? newKey() : undefined,
      ifMatch: takes.has('If-Match') ? 1 : undefined, query: takes.has('validate_only') ? { validate_only: true } : undefined });
    const faults = answer.body?.errors?.map((e) => e.detail) ?? [answer.body?.detail];
    const formal = [400, 413, 415, 422].includes(answer.status) && !faults.every((detail) => absent.test(detail));
    assert.ok(!formal && answer.status < 500, `${answer.status} ${answer.text}\n${JSON.stringify(example)}`);
  });
}
