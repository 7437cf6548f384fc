// tests/fault/gateway.test.mjs - what the gateway adds and refuses by itself: headers on every answer, no compression of what carries tokens or
// personal data, log-ins limited by address, administrators' addresses limited to networks, TLS of today. On a stack of its own.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { operations } from '../support/contract.mjs';
import { until } from '../support/own_stack.mjs';
import { startStack } from './own.mjs';

let stack, ca;
before(() => {
  stack = startStack('gateway');
  ca = readFileSync(join(stack.state, 'ca.pem'));
});
after(() => stack?.reset());

const agent = () => new http.Agent({ keepAlive: true, maxSockets: 50 });
function call(path, { method = 'GET', from = '127.0.0.1', headers = {}, body, through } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(stack.gateway + path, { method, localAddress: from, agent: through ?? false, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, raw: answer.rawHeaders, text: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject).end(body);
  });
}
const problem = (answer) => { assert.match(answer.headers['content-type'], /^application\/problem\+json/, answer.text); return JSON.parse(answer.text); };

const once = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'permissions-policy': /geolocation=\(\)/, 'content-security-policy': /frame-ancestors 'none'/ };
test('every answer has the headers, once', async () => {
  const token = await stack.logIn('county_office');
  const bearer = { Authorization: `Bearer ${token}` };
  const paths = ['/', '/docs/', '/docs', '/docs/none.js', '/nowhere', '/api/v1/registry/openapi.json', '/api/v1/registry/divisions', '/api/v1/registry/organisations?limit=1',
    '/api/v1/identity/jwks', '/api/v1/identity/posts', '/api/v1/monitoring/openapi.json', '/api/v1/monitoring/households?limit=1', '/api/v1/monitoring/nothing', `/${'x'.repeat(9000)}`];
  for (const path of paths) {
    const answer = await call(path, { headers: /organisations|posts|households/.test(path) ? bearer : {} });
    for (const [name, wanted] of Object.entries(once)) {
      const values = answer.raw.filter((_, i, all) => i % 2 === 1 && all[i - 1].toLowerCase() === name);
      assert.equal(values.length, 1, `${path.slice(0, 60)}: ${name} ${values}`);
      if (wanted instanceof RegExp) assert.match(values[0], wanted); else assert.equal(values[0], wanted);
    }
    assert.equal(answer.headers.server, 'nginx', 'no version');
    if (path.startsWith('/api') && !path.includes('openapi')) assert.equal(answer.headers['cache-control'], 'no-store', path);
    if (path.startsWith('/api')) assert.match(answer.headers['content-security-policy'], /^default-src 'none'/);
  }
  const secure = await fetch(`https://localhost:${stack.ports.TLS}/`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  if (secure) assert.match(secure.headers.get('strict-transport-security'), /max-age=\d{7,}/);
});

test('nothing of identity and monitoring is compressed but their contracts', async () => {
  const token = await stack.logIn('county_office');
  const headers = { Authorization: `Bearer ${token}`, 'Accept-Encoding': 'gzip, br, deflate' };
  for (const o of operations.filter((o) => o.service !== 'registry' && o.method === 'GET' && !o.path.includes('{'))) {
    const { headers: got } = await call(`/api/v1/${o.service}${o.path}`, { headers });
    assert.equal(got['content-encoding'], o.path === '/openapi.json' ? 'gzip' : undefined, `${o.service}${o.path}`);
  }
  const password = readFileSync(join(stack.state, 'secret/password'), 'utf8').trim();
  const opened = await call('/api/v1/identity/sessions', { method: 'POST', headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify({ account: 'town_office', password }) });
  assert.equal(opened.status, 201);
  assert.ok(opened.text.length > 1024, 'long enough to be worth it');
  assert.equal(opened.headers['content-encoding'], undefined);
});

test('TLS 1.2 and 1.3, forward secrecy, nothing older', async () => {
  const connect = (options) => new Promise((resolve, reject) => {
    const socket = tls.connect({ port: stack.ports.TLS, host: '127.0.0.1', servername: 'localhost', ca, ...options }, () => {
      resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().standardName, key: socket.getEphemeralKeyInfo() });
      socket.destroy();
    });
    socket.on('error', reject);
  });
  assert.equal((await connect({})).protocol, 'TLSv1.3');
  assert.equal((await connect({})).key.name, 'X25519');
  assert.match((await connect({ maxVersion: 'TLSv1.2' })).cipher, /^TLS_ECDHE_ECDSA_WITH_(AES|CHACHA)/);
  await assert.rejects(connect({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
  await assert.rejects(connect({ maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' }));
  await assert.rejects(connect({ ecdhCurve: 'secp521r1' }));
});

// Bytes that the kernel holds for the other end of a connection, as Linux tells them.
function heldFor(socket) {
  const line = readFileSync('/proc/net/tcp', 'utf8').split('\n').map((each) => each.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(`:${hexOf(socket.remotePort)}`) && remote.endsWith(`:${hexOf(socket.localPort)}`));
  return line ? parseInt(line[4].split(':')[0], 16) : 0;
}
const hexOf = (port) => port.toString(16).toUpperCase().padStart(4, '0');

test('who does not read an answer holds a quarter of a megabyte of the kernel\'s memory, not the answer', async () => {
  const path = '/api/v1/registry/openapi.json';
  const whole = (await call(path)).text.length;
  assert.ok(whole > 1_000_000, `an answer of ${whole} would not tell`);
  const socket = net.connect(Number(new URL(stack.gateway).port), '127.0.0.1');
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.pause().write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  let held = 0, same = 0;
  await until(() => {
    const now = heldFor(socket);
    [held, same] = [now, now > 0 && now === held ? same + 1 : 0];
    return same === 5;
  }, 60, 'an answer to be written as far as it goes');
  socket.destroy();
  assert.ok(held <= 384 * 1024, `${held} of ${whole} bytes are held`);
});

test('log-ins from one address are limited, from another they go on', async () => {
  writeFileSync(join(stack.state, 'conf/gateway.local'), 'GATEWAY_LOG_IN_RATE=1\n'); // however long a slow machine takes over these, what comes in meanwhile is little
  stack.command(['up']);
  const through = agent();
  const body = '{"account":';
  const knock = (from, agent) => call('/api/v1/identity/sessions', { method: 'POST', from, through: agent, headers: { 'Content-Type': 'application/json' }, body });
  const answers = await Promise.all(Array.from({ length: 1500 }, () => knock('127.0.0.3', through)));
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 50, `${refused.length} refused`);
  assert.equal(problem(refused[0]).code, 'too_many_requests');
  assert.ok(refused[0].headers['retry-after']);
  assert.ok(answers.length - refused.length >= 1000, 'an office of a thousand may come at once');
  assert.equal((await knock('127.0.0.2')).status, 400);
  assert.equal((await call('/api/v1/identity/jwks', { from: '127.0.0.3' })).status, 200, 'other addresses of the API are not limited with it');
  through.destroy();
});

const gatewayConf = () => readFileSync(join(stack.state, 'conf/nginx/nginx.conf'), 'utf8');
const patterns = (variable) => [...new RegExp(`\\$${variable} \\{([^}]*)\\}`).exec(gatewayConf())[1].matchAll(/"~([^"]+)"/g)].map(([, pattern]) => new RegExp(pattern));

test('every way to log in is behind that limit', () => {
  const limited = patterns('log_in_address');
  const ways = operations.filter((o) => o.method === 'POST' && o.permission === 'public');
  assert.ok(ways.length > 0);
  for (const o of ways) assert.ok(limited.some((pattern) => pattern.test(`POST:/api/v1/${o.service}${o.path}`)), `${o.path} is not limited`);
});

const ADMINISTRATION = /^(account\.|role\.|access\.grant|audit\.|setting\.|session\.end|token\.)/;
test('administrators\' addresses can be limited to networks', async () => {
  const limited = patterns('is_administration');
  for (const o of operations.filter((o) => ADMINISTRATION.test(o.permission ?? ''))) {
    assert.ok(limited.some((pattern) => pattern.test(`${o.method}:/api/v1/${o.service}${o.path}`)), `${o.method} ${o.path} (${o.permission}) is not among them`);
  }
  const path = '/api/v1/identity/accounts';
  const before = (await call(path)).status;
  writeFileSync(join(stack.state, 'conf/gateway.local'), "GATEWAY_ADMIN_FROM='127.0.0.9 10.0.0.0/8'\n");
  stack.command(['up']);
  await until(async () => (await call(path)).status === 404, 60, 'the workers before to have gone');
  const outside = await call(path);
  assert.equal(outside.status, 404);
  assert.equal(problem(outside).code, 'no_route');
  assert.equal((await call(path, { from: '127.0.0.9' })).status, before);
  assert.equal((await call('/api/v1/registry/divisions')).status, 401, 'everything else is where it was');
  writeFileSync(join(stack.state, 'conf/gateway.local'), "GATEWAY_ADMIN_FROM='10.0.0.0/8; include /etc/passwd'\n");
  assert.throws(() => stack.command(['up'], { stdio: 'pipe' }), 'what is no network is refused');
});
