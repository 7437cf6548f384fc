// tests/full/requests.mjs - a request for each operation of the contracts, with every value in it by itself: path, query, cursor, header, member of the
// body, cell of a table. Values are examples of the contract, of bodies that are taken, and records that exist. Sends nothing but to learn of records and callers.
import { documents, parametersOf, operations } from '../support/contract.mjs';
import { services } from '../support/settings.mjs';
import { roles, tokenOf } from '../support/tokens.mjs';
import { louxing, village } from '../support/world.mjs';
import * as known from './known.mjs';

const resolve = (service, schema) => (schema?.$ref ? resolve(service, documents[service].components.schemas[schema.$ref.split('/').at(-1)]) : schema ?? {});
const typeOf = (schema) => [schema.type].flat()[0];
const plain = (schema) => schema.examples?.[0] ?? schema.example ?? schema.default ?? schema.enum?.[0] ??
  ({ integer: schema.minimum ?? 1, number: 1, boolean: true }[typeOf(schema)] ?? ({ date: '2026-01-31', uuid: '01940000-0003-7000-8000-000000000001' }[schema.format] ?? 'x'));

function exampleOf(service, given, depth = 0) {
  const schema = resolve(service, given);
  if (schema.examples?.length) return schema.examples[0];
  if (typeOf(schema) === 'array') return depth < 3 ? [exampleOf(service, schema.items, depth + 1)] : [];
  if (typeOf(schema) !== 'object') return plain(schema);
  return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, of]) => [name, exampleOf(service, of, depth + 1)]));
}

// ---- records that exist ---------------------------------------------------------------------------------------------------

const pages = new Map();
// The first page of a collection, a record long, as the caller sees it.
async function pageOf(service, collection, role) {
  const key = `${service}/${collection}/${role}`;
  if (pages.has(key)) return pages.get(key);
  const list = operations.find((o) => o.service === service && o.method === 'GET' && o.path === `/${collection}`);
  let page = {};
  if (list) {
    const asked = known.queryOf(list);
    const query = parametersOf(list).filter((p) => p.in === 'query' && p.required).map((p) => `${p.name}=${encodeURIComponent(asked[p.name] ?? exampleOf(service, p.schema))}`);
    const url = `${services[service]}/api/v1/${service}/${collection}?${['limit=1', ...query].join('&')}`;
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${tokenOf(role)}` } });
    if (answer.ok) page = await answer.json();
  }
  pages.set(key, page);
  return page;
}

const collectionOf = (path) => path.split(/[/:]/)[1];

// ---- values ---------------------------------------------------------------------------------------------------------------

// A value stands in `place` under `name`; `alone`: it is sent only when it is the one looked at.
const textOf = (value) => (value === null ? '' : String(value)).replaceAll('*', '').replaceAll('\\n', '\n');

// `type`: what the contract says of it, as far as it tells how it is decoded.
const typeNamed = (service, given) => {
  const { type, format, pattern, enum: words } = resolve(service, given);
  return JSON.stringify([type, format, pattern, words && 'word']);
};

function leavesOf(service, given, node, pointer, found) {
  const schema = resolve(service, given);
  const within = (each, name, of) => leavesOf(service, of, each, `${pointer}/${name}`, found);
  if (Array.isArray(node)) node.forEach((each, i) => within(each, i, schema.items));
  else if (node && typeof node === 'object') for (const [name, each] of Object.entries(node)) within(each, name, schema.properties?.[name]);
  else found.push({ place: 'body', name: pointer, base: textOf(node), type: typeNamed(service, schema) });
}

const isObject = (node) => node !== null && typeof node === 'object' && !Array.isArray(node);
// Every member of both; where both have it, what is taken.
function merged(example, taken) {
  if (Array.isArray(example) && Array.isArray(taken)) return taken.length === 0 ? example : taken.map((each, i) => (i === 0 && example.length ? merged(example[0], each) : each));
  if (!isObject(example) || !isObject(taken)) return taken;
  return Object.fromEntries([...new Set([...Object.keys(example), ...Object.keys(taken)])].map((name) =>
    [name, !(name in taken) ? example[name] : name in example ? merged(example[name], taken[name]) : taken[name]]));
}

// What is taken, and the leaf at these steps of the whole.
function withLeaf(taken, whole, [step, ...rest]) {
  if (step === undefined || taken === undefined || taken === null || typeof taken !== 'object') return whole;
  if (Array.isArray(taken)) return taken.length === 0 ? whole : taken.map((each, i) => (String(i) === step ? withLeaf(each, whole[i], rest) : each));
  return { ...taken, [step]: withLeaf(taken[step], whole[step], rest) };
}

// JSON text in which one leaf is what `put` makes of it.
function jsonOf(node, pointer, at, put) {
  if (pointer === at) return put(textOf(node));
  if (Array.isArray(node)) return `[${node.map((each, i) => jsonOf(each, `${pointer}/${i}`, at, put)).join(',')}]`;
  if (node && typeof node === 'object') return `{${Object.entries(node).map(([name, each]) => `${JSON.stringify(name)}:${jsonOf(each, `${pointer}/${name}`, at, put)}`).join(',')}}`;
  return JSON.stringify(typeof node === 'string' ? textOf(node) : node);
}

async function pathValues(operation, role) {
  const record = known.recordOf(operation) ?? (await pageOf(operation.service, collectionOf(operation.path), role)).items?.[0] ?? {};
  const names = [...operation.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
  const values = names.map((name, i) => {
    const of = parametersOf(operation).find((p) => p.in === 'path' && p.name === name);
    const base = (i === 0 && (record[name] ?? record.id)) || (name === 'code' ? louxing : exampleOf(operation.service, of?.schema));
    return { place: 'path', name, base: textOf(base), type: typeNamed(operation.service, of?.schema) };
  });
  return { values, version: record.version ?? 1 };
}

async function queryValues(operation, role) {
  const values = [];
  for (const p of parametersOf(operation).filter((each) => each.in === 'query')) {
    let base = known.queryOf(operation)[p.name] ?? exampleOf(operation.service, p.schema);
    if (p.name === 'validate_only') base = true;
    if (p.name === 'limit') base = 2; // pages are compared with each other
    if (p.name === 'cursor') base = (await pageOf(operation.service, collectionOf(operation.path), role)).next_cursor ?? 'x';
    values.push({ place: 'query', name: p.name, base: textOf(base), alone: p.name === 'cursor',
      demanded: p.required || p.name in known.queryOf(operation), type: p.name === 'cursor' ? 'cursor' : typeNamed(operation.service, p.schema) });
  }
  return values;
}

// The contracts say that these are tables, not of what.
const tables = {
  '/divisions:import': ['code,name', '431302000000,娄星区'],
  '/organisations:import': ['owner_division,name,kind,line', `${louxing},扫描局,department,water`],
  '/posts:import': ['organisation_division,organisation,title,duty,role,person,citizen_id,phone,starts_on', `${louxing},娄星区农业农村局,局长,first_responsible,,赵甲,11010519491231002X,13800138000,2026-01-01`],
  '/duty_lists:import': ['task_number,parent_number,task_title,item_title,lead_unit,assist_units,starts_on,due_on,measure,target,unit_of_measure,milestones',
    '01,,任务,分解项,娄星区农业农村局,娄星区财政局,2026-01-15,2026-06-15,value,12,场,'],
  '/settlements:import': ['owner_division,kind,name,valid_from', `${village},natural_village,扫描湾,2020-01-01`],
  '/coverage_targets:import': ['owner_division,year,kind,total,source', `${village},2031,household,100,台账`],
  '/calendar:import': ['day,kind,name', '2031-01-01,rest,元旦'],
  '/documents:import': ['clause_number,clause_title,clause_text,duty_number,duty_title,level,subject,topic', '二,责任,分级负责,1,承担主体责任,3,main_body,party_leadership'],
};

async function bodyOf(operation, lean) {
  const [type, media] = Object.entries(operation.operation.requestBody?.content ?? {})[0] ?? [];
  if (!type) return { values: [] };
  if (type.includes('octet-stream')) return { type, bytes: '%PDF-1.4\n', values: [] };
  if (!type.includes('json')) {
    const [head, row] = tables[operation.path];
    return { type: `${type}; charset=UTF-8`, head, values: row.split(',').map((cell, i) => ({ place: 'cell', name: String(i), base: textOf(cell), type: head.split(',')[i] })) };
  }
  const example = { ...exampleOf(operation.service, media.schema), ...media.example };
  const demanded = resolve(operation.service, media.schema).required ?? [];
  const taken = (await known.bodyOf(operation)) ?? Object.fromEntries(Object.entries(example).filter(([name]) => demanded.includes(name)));
  const whole = merged(example, taken);
  const values = [];
  leavesOf(operation.service, media.schema, whole, '', values);
  const tree = (value) => (!lean ? whole : value?.place === 'body' ? withLeaf(taken, whole, value.name.split('/').slice(1)) : taken);
  return { type, tree, values };
}

// One statement keeps every key: a service's first write stands for all.
const keyed = (operation) => operations.find((o) => o.service === operation.service && o.method === 'POST' && o.permission !== 'public' && !/:/.test(o.path)) === operation;

function headerValues(operation, version) {
  const values = [];
  for (const p of parametersOf(operation).filter((each) => each.in === 'header' && each.required && !/^(If-Match|Idempotency-Key)$/i.test(each.name))) {
    values.push({ place: 'header', name: p.name, base: textOf(p.name === 'Upload-Offset' ? 0 : exampleOf(operation.service, p.schema)), type: p.name });
  }
  if (operation.statuses.includes('428')) values.push({ place: 'header', name: 'If-Match', base: `"${version}"`, type: 'If-Match' });
  if (keyed(operation)) values.push({ place: 'header', name: 'Idempotency-Key', base: `k-${operation.id}-${process.pid}`, alone: true, type: 'key' });
  return values;
}

// {values, render(looked, word)}: the request with that word in place of the value looked at, or as it should be. Lean: only what is demanded, and the value looked at.
export async function requestOf(operation, role, lean = false) {
  const { values: path, version } = await pathValues(operation, role);
  const query = await queryValues(operation, role);
  const { type, bytes = '', head, tree, values: body } = await bodyOf(operation, lean);
  const headers = headerValues(operation, version);
  const values = [...path, ...query, ...headers, ...body];
  const sent = (value, looked) => value === looked || (!value.alone && !(lean && value.place === 'query' && !value.demanded && value.name !== 'validate_only'));
  const render = (looked, word) => {
    const put = (value) => (value === looked && word !== undefined ? word : value.base);
    let next = 0;
    const where = operation.path.replace(/\{[^}]+\}/g, () => encodeURIComponent(put(path[next++])));
    const asked = query.filter((value) => sent(value, looked)).map((value) => `${value.name}=${encodeURIComponent(put(value))}`);
    const text = tree ? jsonOf(tree(looked), '', looked?.place === 'body' && word !== undefined ? looked.name : undefined, () => JSON.stringify(word))
      : head === undefined ? bytes : `${head}\n${body.map((value) => (value === looked || /[",\n]/.test(put(value)) ? `"${put(value).replaceAll('"', '""')}"` : put(value))).join(',')}\n`;
    return { method: operation.method, url: `/api/v1/${operation.service}${where}${asked.length ? `?${asked.join('&')}` : ''}`, text,
      headers: { ...(type && { 'Content-Type': type }), ...Object.fromEntries(headers.filter((value) => sent(value, looked)).map((value) => [value.name, put(value)])) } };
  };
  return { values, render };
}

// The caller who gets furthest: a 2xx, else anything but 401 and 403.
export async function callerOf(operation, send) {
  if (operation.permission === 'public') return { role: 'county_office', status: 0 };
  let best;
  for (const role of roles.filter((r) => r !== 'integration' && r !== 'device').sort((a) => (a === 'county_office' ? -1 : 0))) {
    const { status } = await send((await requestOf(operation, role, true)).render(), role);
    const rank = status < 300 ? 0 : status === 401 ? 3 : status === 403 ? 2 : 1;
    if (!best || rank < best.rank) best = { role, rank, status };
    if (rank === 0) break;
  }
  return best;
}
