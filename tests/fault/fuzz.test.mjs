// tests/fault/fuzz.test.mjs - requests made of the contract and then spoilt, drawn by a seed: whatever comes back is a
// status that the operation declares, never 500, 502 or 504, never a page (R3). ZEREN_FUZZ_REQUESTS says how many, ZEREN_SEED which.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { chanceOf, SEED } from '../support/chance.mjs';
import { documents, operations, parametersOf } from '../support/contract.mjs';
import { rawCall } from '../support/raw.mjs';
import { http, services, stateDir } from '../support/settings.mjs';
import { tokenOf } from '../support/tokens.mjs';

const REQUESTS = Number(process.env.ZEREN_FUZZ_REQUESTS ?? 1500);
const OF_THE_SERVER = new Set([400, 401, 404, 405, 408, 413, 414, 415, 429, 431, 503]); // any address may answer these to a spoilt request

const { random, pick, chance } = chanceOf('spoilt requests');

const nasty = ['', ' ', '\t', '0', '-1', '1e309', '9'.repeat(40), '0x10', 'null', 'true', '[]', '{}', "'", '"', "'; DROP TABLE registry.item; --", '\\', '%', '%00', '%ff',
  '../../etc/passwd', '<script>', '𠀀'.repeat(50), 'x'.repeat(3000), '\u202e', '\ufeff', 'NaN', 'infinity', '2026-02-30', '0000-00-00', '99999-12-31', '-infinity',
  '2026-01-01T00:00:00Z', '431302', '43130200000Z', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '{"a":1}', 'a,b', 'a\nb', '\u0000'];
const odd = [null, true, 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [[]], [null], ['a', 'a'], { a: { b: [1] } }, ...nasty];

const resolve = (service, schema) => (schema?.$ref ? resolve(service, documents[service].components.schemas[schema.$ref.split('/').at(-1)]) : schema);
const exampleOf = (schema) => schema?.examples?.[0] ?? schema?.enum?.[0] ?? (schema?.type === 'integer' ? 1 : 'x');

function spoiltBody(operation) {
  const content = operation.operation.requestBody?.content ?? {};
  const [type, media] = Object.entries(content)[0] ?? [];
  if (!type) return chance(0.1) ? ['application/json', '{}'] : [undefined, ''];
  if (type === 'text/csv') return [type, chance(0.5) ? `code,name\n${pick(nasty)},${pick(nasty)}\n` : pick(nasty)];
  const properties = resolve(operation.service, media.schema)?.properties ?? {};
  const body = structuredClone(media.example ?? {});
  for (const name of [...Object.keys(properties), pick(nasty)]) if (chance(0.12)) body[name] = pick(odd);
  let text = JSON.stringify(body);
  if (chance(0.1)) text = text.slice(0, Math.floor(random() * text.length));
  if (chance(0.05)) text = text.replaceAll('"', pick(["'", '""', '\\"', '\u0000']));
  return [chance(0.05) ? 'text/plain' : type, text];
}

function spoiltUrl(operation) {
  const parameters = parametersOf(operation);
  const usual = (p) => (p.name === 'wait' ? '1' : String(exampleOf(resolve(operation.service, p.schema)))); // nobody waits half a minute here
  const value = (p) => (chance(0.2) ? pick(nasty) : usual(p));
  const path = operation.path.replace(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(value(parameters.find((p) => p.in === 'path' && p.name === name))));
  const query = parameters.filter((p) => p.in === 'query' && (p.required || chance(0.3))).map((p) => `${p.name}=${encodeURIComponent(value(p))}`);
  if (chance(0.05)) query.push(pick(query.length ? query : ['a=b']));
  if (chance(0.03)) query.push(`${encodeURIComponent(pick(nasty))}=1`);
  return `/api/v1/${operation.service}${path}${query.length ? `?${query.join('&')}` : ''}`;
}

const callers = ['county_office', 'county_office', 'county_office', 'county_office', 'town_office', 'town_office', 'province_office', 'integration', 'system_admin'];
const fitForHeader = (text) => Buffer.from(text).toString('latin1').replace(/[\r\n\0]/g, '');

async function headersFor(operation) {
  const headers = [];
  if (!chance(0.05)) headers.push(['Authorization', `Bearer ${chance(0.05) ? fitForHeader(pick(nasty)) : await tokenOf(pick(callers))}`]);
  if (chance(0.7)) headers.push(['Idempotency-Key', chance(0.1) ? fitForHeader(pick(nasty)) : `fuzz-${SEED}-${Math.floor(random() * 300)}`]);
  if (operation.method !== 'GET' && chance(0.7)) headers.push(['If-Match', chance(0.2) ? fitForHeader(pick(nasty)) : `"${Math.floor(random() * 3)}"`]);
  if (chance(0.05)) headers.push(['traceparent', fitForHeader(pick(nasty))]);
  return headers;
}

function assertDeclared(operation, answer, said) {
  assert.ok(answer, `no answer: ${said}`);
  assert.ok(![500, 502, 504].includes(answer.status), `${answer.status} ${answer.text.slice(0, 300)}: ${said}`);
  assert.ok(!/<html/i.test(answer.text), said);
  const declared = operation.statuses.includes(String(answer.status)) || OF_THE_SERVER.has(answer.status);
  assert.ok(declared, `${answer.status} is not declared: ${answer.text.slice(0, 300)}: ${said}`);
  if (answer.status >= 400) assert.match(answer.type ?? '', /^application\/problem\+json/, said);
}

// Its own log-out would end the tokens of every test.
const fuzzed = operations.filter((o) => !/session|log_?out|log_?in/.test(o.id));

test(`${REQUESTS} spoilt requests`, async (t) => {
  t.diagnostic(`ZEREN_SEED=${SEED}`);
  const pid = () => Object.keys(services).map((name) => readFileSync(`${stateDir}/run/${name}.pid`, 'utf8'));
  const before = pid();
  const seen = {};
  for (let i = 0; i < REQUESTS; i++) {
    const operation = pick(fuzzed);
    const url = spoiltUrl(operation), headers = await headersFor(operation);
    const [type, body] = operation.method === 'GET' ? [undefined, ''] : spoiltBody(operation);
    if (type) headers.push(['Content-Type', type]);
    const base = chance(0.5) ? http : services[operation.service];
    const answer = await rawCall(base, `${operation.method} ${url}`, headers, body);
    assertDeclared(operation, answer, `seed ${SEED}, request ${i}: ${operation.method} ${url} ${JSON.stringify(headers.filter(([n]) => n !== 'Authorization'))} ${body.slice(0, 500)}`);
    seen[answer.status] = (seen[answer.status] ?? 0) + 1;
  }
  assert.deepEqual(pid(), before, 'a service died');
  t.diagnostic(JSON.stringify(seen));
});
