// tests/fault/secrets.test.mjs - plants passwords, tokens, names, citizen numbers, phones and reasons through every operation of the contracts, as
// good and as bad calls, in path, query, header, JSON and CSV, and then looks for them where they must not be: logs, metrics, problem documents,
// the database, the contracts. Made of the contract, so a new operation is planted, too. On a stack of its own.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chanceOf } from '../support/chance.mjs';
import { documents, operations, parametersOf } from '../support/contract.mjs';
import { rawCall } from '../support/raw.mjs';
import { sleep } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { checked } from '../support/id_check.mjs';
import { roles } from '../support/tokens.mjs';
import { ITEMS, itemId, startStack } from './own.mjs';
import { plantArchive } from './planted_archive.mjs';

const LOUXING = '431302000000';
const planted = { password: new Set(), token: new Set(), id: new Set(), phone: new Set(), name: new Set(), reason: new Set(), text: new Set(), stray: new Set() };
const keep = (kind, value) => (planted[kind].add(value), value);
const { below, pick } = chanceOf('secrets');
const bytes = (n) => Buffer.from(Array.from({ length: n }, () => below(256)));
const word = (n = 9) => bytes(n).toString('hex');
const han = () => Array.from({ length: 6 }, () => String.fromCodePoint(0x4e00 + below(5000))).join('');

function citizenNumber(place = '431302') {
  const day = `19${50 + below(49)}0${1 + below(8)}1${below(9)}`;
  return checked(`${place}${day}${String(below(1000)).padStart(3, '0')}`);
}
const jwtLike = () => `eyJhbGciOiJFUzI1NiJ9.${bytes(60).toString('base64url')}.${bytes(64).toString('base64url')}`;

const make = {
  password: () => keep('password', `Pw9-${word()}`),
  token: () => keep('token', pick([() => `zat_${bytes(24).toString('base64url')}`, jwtLike])()),
  id: (number = citizenNumber()) => keep('id', number),
  phone: () => keep('phone', `139${String(below(1e8)).padStart(8, '0')}`),
  name: () => keep('name', `植${han()}`),
  reason: () => keep('reason', `缘由${han()}`),
  text: () => keep('text', `文${han()}`),
  // Where none is asked for: of another place and another network, for no stray one may be one that is looked for.
  stray: () => keep('stray', pick([() => citizenNumber('432503'), jwtLike, () => `138${String(below(1e8)).padStart(8, '0')}`, () => `Pw9-${word()}`])()),
};
const kindOf = (name, schema) => {
  if (schema?.format === 'password' || /password|secret/.test(name)) return 'password';
  if (/token|assertion|totp|recovery/.test(name)) return 'token';
  if (/id_number|citizen|disability_card|wanted/.test(name)) return 'id';
  if (/phone|mobile/.test(name)) return 'phone';
  if (/reason|note/.test(name)) return 'reason';
  if (/name|account|login|holder|person$/.test(name)) return 'name';
  return 'text';
};
// In answers that refuse, and in the database as they are. What was put where no such thing is asked for may come back to whom sent it.
const FORBIDDEN = ['password', 'token', 'id', 'phone'];

let stack;
const tokens = new Map();
before(async () => {
  stack = startStack('secrets', {});
  const password = readFileSync(join(stack.state, 'secret/password'), 'utf8').trim();
  keep('password', password);
  for (const role of roles) {
    const answer = await patient(`${stack.gateway}/api/v1/identity/sessions`, { method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ account: role, password }) });
    const body = await answer.json();
    if (!answer.ok) continue; // an administrator's second factor is another test's
    for (const [name, value] of Object.entries(body)) if (/token/.test(name) && typeof value === 'string' && value.length > 20) keep('token', value);
    tokens.set(role, body.access_token);
  }
  assert.ok(tokens.size >= 3, 'someone can log in');
});
after(() => stack?.reset());

// ---- calls made of the contract ----

const resolve = (service, schema) => (schema?.$ref ? resolve(service, documents[service].components.schemas[schema.$ref.split('/').at(-1)]) : schema ?? {});
const typeOf = (schema) => [schema.type].flat()[0];

function good(service, name, given, depth = 0) {
  const schema = resolve(service, given);
  const type = typeOf(schema);
  if (schema.enum) return schema.enum[0];
  if (type === 'array') return depth < 3 ? [good(service, name.replace(/s$/, ''), schema.items, depth + 1)] : [];
  if (type === 'object') return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([of, s]) => [of, good(service, of, s, depth + 1)]));
  if (type !== 'string') return schema.examples?.[0] ?? schema.example ?? schema.minimum ?? (type === 'boolean' ? true : 1);
  if (/^item/.test(name) && schema.format === 'uuid') return itemId(below(ITEMS));
  if (/uuid|date/.test(schema.format ?? '') || /division|code|cursor|sort|fields/.test(name)) return schema.examples?.[0] ?? schema.example ?? LOUXING;
  const kind = kindOf(name, schema);
  if (kind === 'text' && (schema.pattern || (schema.maxLength ?? 99) < 7)) return schema.examples?.[0] ?? 'x';
  return make[kind]();
}

// What was planted, and no longer fit to be taken.
const spoil = (value) => [() => value + 'x'.repeat(300), () => [value], () => ({ a: value }), () => `${value}\u0001`, () => value.slice(0, -1) + '!'][below(5)]();

function spoilt(service, schema) {
  const body = good(service, '', schema);
  for (const [name, value] of Object.entries(body)) {
    const kind = kindOf(name, resolve(service, schema).properties?.[name]);
    const text = typeof value === 'string' ? value : make[kind]();
    if (below(3) > 0) body[name] = spoil(text);
  }
  return body;
}

function bodies(o) {
  const [type, media] = Object.entries(o.operation.requestBody?.content ?? {})[0] ?? [];
  if (!type) return [{ type: undefined, body: '' }];
  if (!type.includes('json')) {
    const example = typeof media.example === 'string' ? media.example : 'code,name\n';
    const heads = example.split('\n')[0].split(',');
    const row = () => heads.map((head) => make[kindOf(head)]()).join(',');
    return [`${heads.join(',')}\n${row()}\n`, `${heads.join(',')}\n${row()},${make.id()}\n`, `${make.stray()},${make.stray()}\n${row()}\n`, `${heads.join(',')}\n"${make.id()}\n`]
      .map((body) => ({ type: `${type}; charset=UTF-8`, body }));
  }
  const json = (value) => ({ type, body: JSON.stringify(value) });
  const whole = good(o.service, '', media.schema);
  const text = JSON.stringify(good(o.service, '', media.schema));
  return [json(whole), json({ ...media.example, ...whole }), json(media.example ?? {}), json(spoilt(o.service, media.schema)), json(spoilt(o.service, media.schema)),
    { type, body: text.slice(0, -3) }, { type, body: text.replaceAll('"', "'") }, { type: 'text/plain', body: text },
    json({ ...whole, [make.stray()]: make.password(), password: make.password(), id_number: make.id(), phone: make.phone() })];
}

function address(o, spoil) {
  const value = (p) => (spoil ? make[p.in === 'query' && FORBIDDEN.includes(kindOf(p.name, p.schema)) ? kindOf(p.name, p.schema) : 'stray']() : good(o.service, p.name, p.schema));
  const parameters = parametersOf(o);
  const path = o.path.replace(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(value(parameters.find((p) => p.in === 'path' && p.name === name) ?? { name, in: 'path', schema: {} })));
  const query = parameters.filter((p) => p.in === 'query' && p.name !== 'wait' && ( // a call that waits is longer than a test does
    p.required || below(p.name === 'validate_only' ? 4 : 2) === 0)).map((p) => `${p.name}=${encodeURIComponent(value(p))}`);
  if (spoil && below(2)) query.push(`${make.stray()}=${make.id()}`, `token=${make.token()}`, `name=${encodeURIComponent(make.name())}`);
  return `/api/v1/${o.service}${path}${query.length ? `?${query.join('&')}` : ''}`;
}

const base = (service) => pick([stack.gateway, `http://127.0.0.1:${stack.ports[service.toUpperCase()]}`]);
const refused = []; // bodies of what was not done
const broken = [];
const seen = {};

async function call(o, url, { type, body }, token) {
  const headers = [['Authorization', `Bearer ${token}`]];
  if (type) headers.push(['Content-Type', type]);
  if (o.method !== 'GET') headers.push(['Idempotency-Key', `k-${word()}`]);
  if (o.statuses.includes('428') || below(9) === 0) headers.push(['If-Match', below(3) ? '"1"' : make.stray()]);
  const answer = await rawCall(base(o.service), `${o.method} ${url}`, headers, body);
  assert.ok(answer, `no answer to ${o.method} ${o.path}`);
  if (answer.status === 500) broken.push(`${o.method} ${o.path} ${body.slice(0, 300)}: ${answer.text}`);
  seen[answer.status] = (seen[answer.status] ?? 0) + 1;
  if (answer.status >= 400) refused.push([`${o.method} ${o.path} ${answer.status}`, answer.text]);
  else for (const [, value] of answer.text.matchAll(/"(?:access_token|refresh_token|token|secret|recovery_code)":"([^"]{16,})"/g)) keep('token', value);
}

// Eleven digits beside hexadecimal ones are a part of a digest or of a ciphertext, where they come about by chance once in some thousand runs. What was written there as
// bytes is looked for as such.
const isHex = (text) => /^[0-9a-f]{4}$/.test(text);
const isOfDigest = (text, at, word) => /^\d{1,19}$/.test(word) && (isHex(text.slice(at - word.length - 4, at - word.length)) || isHex(text.slice(at, at + 4)));

// Which of some words stand anywhere in a text. They are thousands and the text is megabytes: each place of it is looked up by what a word ends with.
function finder(words) {
  const length = Math.min(8, words.reduce((least, word) => Math.min(least, word.length), 8)), ends = new Map();
  for (const word of words) {
    const end = word.slice(-length);
    if (ends.has(end)) ends.get(end).push(word); else ends.set(end, [word]);
  }
  return (text) => {
    const found = new Set();
    for (let at = length; words.length > 0 && at <= text.length; at++) {
      for (const word of ends.get(text.slice(at - length, at)) ?? []) if (text.endsWith(word, at) && !isOfDigest(text, at, word)) found.add(word);
    }
    return [...found];
  };
}

const finders = new Map();
function found(text, kind) {
  const { size } = planted[kind];
  if (finders.get(kind)?.size !== size) finders.set(kind, { size, find: finder([...planted[kind]]) });
  return finders.get(kind).find(text);
}
const hits = (text, kinds) => kinds.flatMap((kind) => found(text, kind).map((value) => `${kind} ${value.slice(0, 12)}…`));
const everything = Object.keys(planted);

// Before log-ins that are refused lock this address. By the whole archive and not by chance: what is good passes, and reaches the worker, tables that are staged, and files that are written.
test('an archive of planted people is kept; what is written out of it shows none of their numbers', async () => {
  stack.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    VALUES (gen_random_uuid(), '431302006003', '431302006003', '仙人阁社区', 5, '431302006000', '2010-01-01') ON CONFLICT DO NOTHING`);
  const written = await plantArchive(stack, make);
  for (const text of written) {
    assert.ok(hits(text, ['name', 'text']).length > 1, 'names and addresses are written');
    assert.deepEqual(hits(text, FORBIDDEN), []);
  }
});

test('every operation is called, well and badly, with what must not leak', async (t) => {
  // What ends sessions comes last; the callers are few, so that ended ones are not asked twice.
  const last = (o) => /:end|:log_out|:revoke/.test(o.path);
  const order = [...operations.filter((o) => !last(o)), ...operations.filter(last)];
  const callers = [...tokens.values()];
  for (const o of order) {
    const some = [...new Set([tokens.get('county_office'), tokens.get('system_admin'), tokens.get('town_office'), pick(callers)])].filter(Boolean);
    for (const body of o.method === 'GET' ? [{ body: '' }, { body: '' }] : bodies(o)) {
      for (const token of last(o) ? some.slice(0, 1) : some) await call(o, address(o, false), body, token);
    }
    for (let i = 0; i < 3; i++) await call(o, address(o, true), o.method === 'GET' ? { body: '' } : bodies(o)[0], some[0]);
    await call(o, address(o, false), bodies(o)[0], make.token());
  }
  for (const path of ['/docs/', '/', '/api/v1/nowhere', `/${make.stray()}`, '/api/v1/registry/divisions/']) {
    for (const header of [['Authorization', `Basic ${Buffer.from(`a:${make.password()}`).toString('base64')}`], ['Cookie', `token=${make.token()}`], ['X-Token', make.token()]]) {
      const answer = await rawCall(stack.gateway, `GET ${path}?id_number=${make.id()}&token=${make.token()}`, [header]);
      if (answer?.status >= 400) refused.push([`GET ${path} ${answer.status}`, answer.text]);
    }
  }
  await rawCall(stack.gateway, `GET /api/v1/registry/divisions?${make.stray()}${'x'.repeat(9000)}`);
  await rawCall(stack.gateway, 'POST /api/v1/identity/sessions', [['Content-Type', 'application/json']], `{"password":"${make.password()}${'x'.repeat(1 << 20)}"}`);
  t.diagnostic(`${JSON.stringify(seen)}; planted ${everything.map((kind) => `${planted[kind].size} ${kind}`).join(', ')}`);
  assert.ok(seen[200] + (seen[201] ?? 0) > 20, 'some are done');
  assert.ok(refused.length > 200);
});

test('no problem document repeats a password, a token, a citizen number or a phone', () => {
  const bad = refused.map(([what, text]) => [what, hits(text, FORBIDDEN)]).filter(([, found]) => found.length);
  assert.deepEqual(bad.slice(0, 5), [], `${bad.length} of ${refused.length}`);
});

test('none of it is answered by 500', () => assert.deepEqual(broken.slice(0, 5), [], `${broken.length} in all`));

test('the database failing in the middle says nothing more', async () => {
  stack.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '%_service'");
  for (const o of operations.filter((o) => o.method !== 'GET').slice(0, 12)) await call(o, address(o, false), bodies(o)[0], tokens.get('county_office'));
  assert.deepEqual(refused.slice(-12).flatMap(([, text]) => hits(text, FORBIDDEN)), []);
});

function* filesUnder(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* filesUnder(path);
    else if (entry.isFile() && statSync(path).size > 0) yield path;
  }
}

test('no log holds anything of it', async () => {
  await sleep(2500); // nginx writes its line after two seconds
  const logs = [...filesUnder(join(stack.state, 'log')), ...[...filesUnder(join(stack.state, 'run'))].filter((file) => /\.log/.test(file))];
  for (const name of ['identity', 'registry', 'monitoring', 'monitoring_worker', 'supervisor', 'nginx-edge']) assert.ok(logs.some((file) => file.endsWith(`/${name}.log`)), `there is a log of ${name}`);
  assert.match(readFileSync(join(stack.state, 'log/identity.log'), 'utf8'), /"status":4\d\d/);
  for (const file of logs) assert.deepEqual(hits(readFileSync(file, 'utf8'), everything).slice(0, 5), [], file);
});

test('no metric holds anything of it', async () => {
  const doors = Object.entries(stack.ports).filter(([name]) => name.endsWith('_OPS'));
  for (const name of ['IDENTITY', 'REGISTRY', 'MONITORING', 'MONITORING_WORKER']) assert.ok(doors.some(([door]) => door === `${name}_OPS`), name);
  for (const [name, port] of doors) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(text, /zeren_/);
    assert.deepEqual(hits(text, everything), [], name);
  }
});

test('audit rows, events, stored answers and every other row hold no password, token, citizen number or phone as it is', () => {
  const tables = stack.sql(`SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_' ORDER BY 1`);
  for (const name of ['registry.outbox', 'monitoring.audit_log', 'monitoring.event', 'monitoring.batch_row', 'monitoring.idempotency']) assert.ok(tables.some((table) => table.startsWith(name)), name);
  const asBytes = finder(FORBIDDEN.flatMap((kind) => [...planted[kind]].map((value) => Buffer.from(value).toString('hex'))));
  let all = '';
  for (const name of tables) {
    const text = stack.sql(`SELECT t::text FROM ${name} t`).join('\n');
    all += text;
    assert.deepEqual(hits(text, FORBIDDEN).slice(0, 5), [], name);
    assert.deepEqual(asBytes(text).slice(0, 5), [], `${name}, as bytes`);
  }
  assert.ok(hits(all, ['name']).length > 0, 'what may be kept was kept: planting reaches the tables');
});

test('what PostgreSQL shows of running statements holds no value', () => {
  const shown = stack.sql("SELECT query FROM pg_stat_activity WHERE usename ~ '_(service|worker)$'").join('\n');
  assert.deepEqual(hits(shown, everything), []);
});

test('PostgreSQL is told to write no statement and no parameter down', () => {
  const wanted = { log_error_verbosity: 'terse', log_statement: 'none', log_min_error_statement: 'panic', log_min_duration_statement: '-1', log_min_duration_sample: '-1',
    log_transaction_sample_rate: '0', log_parameter_max_length: '0', log_parameter_max_length_on_error: '0', shared_preload_libraries: '', session_preload_libraries: '',
    password_encryption: 'scram-sha-256', listen_addresses: '' };
  const names = Object.keys(wanted).map((name) => `'${name}'`).join(', ');
  const rows = stack.sql(`SELECT name, setting FROM pg_settings WHERE name IN (${names})`).map((row) => row.split('|'));
  assert.deepEqual(Object.fromEntries(rows), wanted);
});

test('the examples of the contracts are no secrets', async () => {
  for (const [service, document] of Object.entries(documents)) {
    const text = JSON.stringify(document);
    assert.doesNotMatch(text, /-----BEGIN (?!PUBLIC)/, service);
    assert.deepEqual(hits(text, everything), [], service);
    for (const [shown] of text.matchAll(/eyJ[\w-]{10,}\.[\w-]{20,}\.[\w-]{20,}|\bz[ar]t_[\w-]{30,}/g)) {
      const answer = await patient(`${stack.gateway}/api/v1/registry/divisions`, { headers: { Authorization: `Bearer ${shown}` } });
      assert.equal(answer.status, 401, `${shown.slice(0, 12)}… opens something`);
    }
  }
});
