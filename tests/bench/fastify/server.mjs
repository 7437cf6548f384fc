// tests/bench/fastify/server.mjs - the reference of P1: what a careful team would write with Fastify and pg. Two workers; a token is verified
// once and remembered until it ends; the caller's scope is set in the transaction of the SELECT. PREPARED=1 names the queries, so that they are prepared once a connection;
// without a name, as pg sends them by itself, they are parsed each time.
import cluster from 'node:cluster';
import { createPublicKey, verify } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

const { PORT, PREPARED, DB_HOST, SEARCH_PATH, STATEMENT, PARAMS, JWKS } = process.env;
const WORKERS = 2;

async function keys() {
  const { keys: found } = await (await fetch(JWKS)).json();
  return new Map(found.map((jwk) => [jwk.kid, createPublicKey({ key: jwk, format: 'jwk' })]));
}

const part = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());

const above = (ranges) =>
  `{${[...new Set(ranges.flatMap((r) => [0, 2, 4, 6, 9].filter((n) => n < r.length).map((n) => r.slice(0, n).padEnd(12, '0'))))].join(',')}}`;

function verified(token, trusted) {
  const [head, claims, signature] = token.split('.');
  const { alg, kid } = part(head);
  const key = trusted.get(kid);
  const good = alg === 'ES256' && key && verify('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  if (!good) return undefined;
  const { exp, perms, ranges, lines } = part(claims);
  return { exp, perms: new Set(perms), scope: `{${ranges.map((r) => `["${r}","${r}~")`).join(',')}}`, lines: lines ? `{${lines.join(',')}}` : '', ancestors: above(ranges) };
}

const SCOPE = "SELECT set_config('zeren.scope', $1, true), set_config('zeren.lines', $2, true), set_config('zeren.ancestors', $3, true)";

// The values of the statement's parameters in their order: the id, the civil day, and nothing for filters that were not asked for.
const civilDay = () => new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 10);
const bound = (id) => PARAMS.split(',').map((name) => (name === 'id' ? id : name === 'today' ? civilDay() : null));

async function read(pool, caller, id) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query({ name: PREPARED && 'scope', text: SCOPE, values: [caller.scope, caller.lines, caller.ancestors] });
    const { rows } = await client.query({ name: PREPARED && 'item_get', text: STATEMENT, values: bound(id), rowMode: 'array' });
    await client.query('COMMIT');
    return rows[0];
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

async function serve() {
  const trusted = await keys();
  const remembered = new Map();
  const pool = new pg.Pool({ host: DB_HOST, port: 5432, user: 'registry_service', database: 'zeren', max: 8, options: `-c search_path=${SEARCH_PATH}` });
  const app = Fastify({ logger: true }); // as the service: each request leaves its line
  app.get('/readyz', () => ({ ready: true }));
  app.get('/api/v1/registry/items/:id', async (request, reply) => {
    const token = request.headers.authorization?.slice(7) ?? '';
    let caller = remembered.get(token);
    if (!caller && (caller = verified(token, trusted))) remembered.set(token, caller);
    if (!caller || caller.exp < Date.now() / 1000) return reply.code(401).send({ code: 'unauthenticated' });
    if (!caller.perms.has('duty_list.read')) return reply.code(403).send({ code: 'forbidden' });
    const row = await read(pool, caller, request.params.id);
    if (!row) return reply.code(404).send({ code: 'not_found' });
    return reply.type('application/json').header('ETag', `"${row[1]}"`).send(row[0]);
  });
  await app.listen({ port: Number(PORT), host: '127.0.0.1' });
}

if (cluster.isPrimary) {
  for (let i = 0; i < WORKERS; i++) cluster.fork();
  process.on('SIGTERM', () => { for (const worker of Object.values(cluster.workers)) worker.kill('SIGKILL'); process.exit(0); });
} else {
  await serve();
}
