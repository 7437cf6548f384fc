// tests/full/sqlmap.mjs - a request file for each operation of the contracts, every value of it marked, and sqlmap at work on them, two at a time,
// within a time in all (ZEREN_SCAN_SECONDS, 600). Prints `ok` or `FAILED` for each. Values are examples of the contract and records that exist.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { documents, operations, parametersOf } from '../support/contract.mjs';
import { services } from '../support/settings.mjs';
import { roles, tokenOf } from '../support/tokens.mjs';
import { listInForce, louxing, newList, report, townOffice, unitOf, valueItem } from '../support/world.mjs';

const WORK = process.env.ZEREN_SCAN_WORK;
const SECONDS = Number(process.env.ZEREN_SCAN_SECONDS ?? 600);
const started = performance.now();
const left = () => SECONDS - (performance.now() - started) / 1000;

// Something of each kind to be found by a statement that is reached.
async function furnish() {
  const unit = await unitOf('town_office');
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  await report(item, { value: '1', reported_on: '2025-03-31' }, townOffice);
  await newList();
}

const resolve = (service, schema) => (schema?.$ref ? resolve(service, documents[service].components.schemas[schema.$ref.split('/').at(-1)]) : schema ?? {});
const plain = (schema) => schema.examples?.[0] ?? schema.example ?? schema.default ?? schema.enum?.[0] ??
  ({ integer: schema.minimum ?? 1, number: 1, boolean: true }[[schema.type].flat()[0]] ?? (schema.format === 'date' ? '2026-01-31' : 'x'));

function exampleOf(service, given, depth = 0) {
  const schema = resolve(service, given);
  if (schema.examples?.length) return schema.examples[0];
  const type = [schema.type].flat()[0];
  if (type === 'array') return depth < 3 ? [exampleOf(service, schema.items, depth + 1)] : [];
  if (type !== 'object') return plain(schema);
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, of]) => [name, exampleOf(service, of, depth + 1)]));
}

const collectionOf = (path) => path.split(/[/:]/)[1];
const newest = new Map();
// The id of a record that the caller sees, else a well-formed one.
async function recordOf(operation, role) {
  const collection = collectionOf(operation.path), key = `${operation.service}/${collection}/${role}`;
  if (!newest.has(key)) {
    const list = operations.find((o) => o.service === operation.service && o.method === 'GET' && o.path === `/${collection}`);
    let found;
    if (list) {
      const query = parametersOf(list).filter((p) => p.in === 'query' && p.required).map((p) => `${p.name}=${encodeURIComponent(exampleOf(list.service, p.schema))}`);
      const answer = await fetch(`${services[list.service]}/api/v1/${list.service}/${collection}?${['limit=1', ...query].join('&')}`, { headers: { Authorization: `Bearer ${tokenOf(role)}` } });
      found = answer.ok ? (await answer.json()).items?.[0] : undefined;
    }
    newest.set(key, found ?? {});
  }
  return newest.get(key);
}

const mark = (text, on) => (on ? `${text}*` : text);

async function addressOf(operation, role, on) {
  const record = await recordOf(operation, role);
  const parameters = parametersOf(operation);
  const path = operation.path.replace(/\{([^}]+)\}/g, (_, name) => {
    const of = parameters.find((p) => p.in === 'path' && p.name === name);
    const first = operation.path.indexOf('{') === operation.path.indexOf(`{${name}}`);
    return mark(encodeURIComponent((first && (record.id ?? record[name])) || (name === 'code' ? louxing : exampleOf(operation.service, of?.schema))), on);
  });
  const query = parameters.filter((p) => p.in === 'query' && p.name !== 'cursor').map((p) => {
    const value = p.name === 'validate_only' ? 'true' : exampleOf(operation.service, p.schema);
    return `${p.name}=${mark(encodeURIComponent(value), on)}`;
  });
  return { url: `/api/v1/${operation.service}${path}${query.length ? `?${query.join('&')}` : ''}`, version: record.version ?? 1 };
}

// Every leaf of a JSON document marked where sqlmap is to put its words.
function markJson(value, on) {
  if (Array.isArray(value)) return `[${value.map((v) => markJson(v, on)).join(',')}]`;
  if (value && typeof value === 'object') return `{${Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}:${markJson(v, on)}`).join(',')}}`;
  if (typeof value === 'string') return `${JSON.stringify(value.replaceAll('*', '')).slice(0, -1)}${on ? '*' : ''}"`;
  return value === null ? 'null' : `${value}${on && typeof value === 'number' ? '*' : ''}`;
}

function bodyOf(operation, on) {
  const [type, media] = Object.entries(operation.operation.requestBody?.content ?? {})[0] ?? [];
  if (!type) return { type: undefined, text: '' };
  if (!type.includes('json')) {
    const text = typeof media.example === 'string' ? media.example : 'code,name\n431302,娄星区\n';
    const lines = text.trim().split('\n').slice(0, 2);
    return { type, text: `${lines[0]}\n${(lines[1] ?? '').split(',').map((cell) => mark(cell.replaceAll('*', ''), on)).join(',')}\n` };
  }
  const whole = exampleOf(operation.service, media.schema);
  return { type, text: markJson({ ...whole, ...media.example }, on) };
}

async function requestOf(operation, role, on) {
  const { url, version } = await addressOf(operation, role, on);
  const { type, text } = bodyOf(operation, on);
  const headers = { Host: new URL(services[operation.service]).host, Connection: 'close' };
  if (operation.permission !== 'public') headers.Authorization = `Bearer ${tokenOf(role)}`;
  if (type) headers['Content-Type'] = type.includes('json') ? type : `${type}; charset=UTF-8`;
  if (operation.statuses.includes('428')) headers['If-Match'] = `"${version}"`;
  return { url, text, headers };
}

// The caller who gets furthest: a 2xx, else anything but 401 and 403.
async function callerOf(operation) {
  if (operation.permission === 'public') return { role: 'county_office', status: 0 };
  let best;
  for (const role of roles.filter((r) => r !== 'integration' && r !== 'device').sort((a) => (a === 'county_office' ? -1 : 0))) {
    let request;
    try { request = await requestOf(operation, role, false); } catch { continue; }
    const { Host, Connection, ...headers } = request.headers;
    const answer = await fetch(services[operation.service] + request.url, { method: operation.method, headers,
      body: operation.method === 'GET' ? undefined : request.text || undefined });
    await answer.arrayBuffer();
    const rank = answer.ok ? 0 : answer.status === 401 ? 3 : answer.status === 403 ? 2 : 1;
    if (!best || rank < best.rank) best = { role, rank, status: answer.status };
    if (rank === 0) break;
  }
  return best;
}

function run(args, seconds) {
  return new Promise((done) => {
    const child = spawn('timeout', [String(Math.ceil(seconds)), 'sqlmap', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TERM: 'dumb' } });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { text += chunk; });
    child.on('close', (status) => done({ status, text }));
  });
}

async function scan(operation, index) {
  const name = `${operation.method} /${operation.service}${operation.path}`;
  const { role, status } = await callerOf(operation);
  const { url, text, headers } = await requestOf(operation, role, true);
  const values = (url + text).split('*').length - 1;
  if (values === 0) return `ok ${name}: takes no value`;
  const file = join(WORK, `${index}.request`), out = join(WORK, `out-${index}`);
  mkdirSync(out);
  writeFileSync(file, `${operation.method} ${url} HTTP/1.1\r\n${Object.entries(headers).map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n${text}`);
  const quick = left() / (queue.length + 1) < 3; // a machine too busy for more: every value is still asked
  const since = performance.now();
  const result = await run(['-r', file, '--batch', '--output-dir', out, '--dbms', 'PostgreSQL', '--level', quick ? '1' : '2', '--risk', '2', '--technique', quick ? 'BE' : 'BEUSTQ', '--time-sec', '2',
    '--ignore-stdin', '--ignore-code', '400,401,403,404,409,412,413,415,422,428,429,503', '--disable-coloring', '--flush-session', '--skip-waf', '--fresh-queries', '--timeout', '20', '-v', '1'], Math.max(20, left()));
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  const said = `${name}: ${values} values, as ${role} (${status}), ${seconds} s${quick ? ', quickly' : ''}`;
  if (/identified the following injection point|sqlmap resumed the following|back-end DBMS: /i.test(result.text)) return `FAILED ${said}: injectable\n${result.text.slice(-2000)}`;
  if (/all tested parameters do not appear to be injectable/.test(result.text)) return `ok ${said}`;
  return `FAILED ${said}: not tested (${result.status})\n${result.text.slice(-700)}`;
}

await furnish();
const queue = operations.map((operation, index) => [operation, index]).filter(([o]) => !/openapi/.test(o.path) && !/log_?out|:end$/.test(`${o.id}${o.path}`));
// What ends sessions comes last: it may end the scan's own.
queue.push(...operations.map((o, i) => [o, i]).filter(([o]) => /log_?out|:end$/.test(`${o.id}${o.path}`)));
async function worker() {
  for (let next; (next = queue.shift());) {
    try {
      console.log(await scan(...next));
    } catch (error) {
      console.log(`FAILED ${next[0].method} /${next[0].service}${next[0].path}: ${error.message}`);
    }
  }
}
await Promise.all(Array.from({ length: Math.max(2, cpus().length) }, worker));
console.log(`        ${Math.round((performance.now() - started) / 1000)} s in all`);
