// tests/support/client.mjs - one call as a client makes it, through nginx unless told otherwise; every answer is noted in the
// ledger. Knows no rule of the domain. Hostile bytes are sent by raw.mjs.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { note } from './ledger.mjs';
import { askedBack, breathe, TRIES } from './patient.mjs';
import { http } from './settings.mjs';
import { serial } from './taken.mjs';
import { tokenOf } from './tokens.mjs';

export const uuid = () => randomUUID();
export const newKey = () => `k-${randomUUID()}`;

// A word that no other test uses, and that is not the beginning of another one.
const began = Date.now().toString(36); // demonstrations and runs before this one have theirs
export const unique = (what = '') => `${what}${began}${serial('words', { size: 10_000, blocks: 10_000 }).toString(36).padStart(6, '0')}`;

function bodyOf(options, headers) {
  if (options.csv !== undefined) {
    headers['Content-Type'] ??= 'text/csv; charset=UTF-8';
    return options.csv;
  }
  if (options.body === undefined) return undefined;
  headers['Content-Type'] ??= 'application/json';
  return typeof options.body === 'string' || options.body instanceof Uint8Array ? options.body : JSON.stringify(options.body);
}

function queryOf(query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  return pairs.length ? `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}` : '';
}

const parse = (text, type) => (/[/+]json\b/.test(type ?? '') && text ? JSON.parse(text) : undefined);

// A busy machine has no place among those whose password is checked: nothing was done, and the call comes again, as clients do.
const crowded = (answer) => answer.status === 429 && answer.body?.detail === 'too many log-ins at once';
export async function send(method, path, options = {}) {
  for (let tries = 1; ; tries++) {
    const answer = await sendOnce(method, path, options);
    if (crowded(answer) && tries < 60) await sleep(200 + Math.random() * 800);
    else if (!options.once && askedBack(answer.status, answer.body) && tries < TRIES) await breathe(tries);
    else return answer;
  }
}

// options: token, body, csv, query, headers, key, ifMatch, base; of send, once: a service that asks to come again is what is looked for
export async function sendOnce(method, path, options = {}) {
  const headers = { ...options.headers };
  if (options.token) headers.Authorization = `Bearer ${options.token}`;
  if (options.key) headers['Idempotency-Key'] = options.key;
  if (options.ifMatch !== undefined) headers['If-Match'] = `"${options.ifMatch}"`;
  const url = `${options.base ?? http}/api/v1${path}${queryOf(options.query)}`;
  const response = await fetch(url, { method, headers, body: bodyOf(options, headers), redirect: 'manual', signal: options.signal });
  const text = await response.text();
  const type = response.headers.get('content-type');
  const answer = { method, url, status: response.status, headers: response.headers, type, text, body: parse(text, type) };
  answer.etag = response.headers.get('etag');
  answer.version = answer.etag === null ? undefined : Number(answer.etag.replaceAll('"', ''));
  note(method, url, answer.status, answer.body?.type?.startsWith('urn:zeren') ? answer.body.code : undefined);
  return answer;
}

// A caller of a role, or with a token of one's own; machines send a key with every write, as they must.
export function as(role, defaults = {}) {
  const call = async (method, path, options = {}) => send(method, path, { token: await tokenOf(role), ...defaults, ...options });
  return {
    role,
    call,
    get: (path, query, options) => call('GET', path, { query, ...options }),
    head: (path, query, options) => call('HEAD', path, { query, ...options }),
    post: (path, body, options) => call('POST', path, { body, ...options }),
    patch: (path, ifMatch, body, options) => call('PATCH', path, { body, ifMatch, ...options }),
    verb: (path, ifMatch, body, options) => call('POST', path, { body, ifMatch, ...options }),
    load: (path, query, csv, options) => call('POST', path, { query, csv, ...options }),
  };
}

export const anyone = {
  role: 'nobody',
  call: (method, path, options) => send(method, path, options),
  get: (path, query, options) => send('GET', path, { query, ...options }),
  post: (path, body, options) => send('POST', path, { body, ...options }),
};

// Every record of a list, following its next links as a client does.
export async function allOf(caller, path, query = {}) {
  const found = [];
  let { cursor } = query;
  do {
    const page = await caller.get(path, { limit: 500, ...query, cursor });
    if (page.status !== 200) throw new Error(`${path} answers ${page.status}: ${page.text}`);
    found.push(...page.body.items);
    cursor = page.body.next_cursor ?? undefined;
  } while (cursor);
  return found;
}
