// tests/api/engine_requests.test.mjs - what every answer carries and every address refuses: ids, traces, rates, methods, HEAD, tokens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { anyone, as, send } from '../support/client.mjs';
import { assertDone, assertProblem, assertRefused } from '../support/assert.mjs';
import { documents, operations } from '../support/contract.mjs';
import { http, https, services } from '../support/settings.mjs';
import { claimsOf, tokenOf } from '../support/tokens.mjs';
import { county, louxing, newOrganisation } from '../support/world.mjs';

const division = `/registry/divisions/${louxing}`;

test('a request\'s id is the caller\'s when it has the form, and a fresh one otherwise', async () => {
  const given = await county.get(division, {}, { headers: { 'X-Request-Id': 'my-request.1' } });
  assert.equal(given.headers.get('x-request-id'), 'my-request.1');
  for (const id of ['with blank', 'x'.repeat(65), 'ä']) {
    const answer = await county.get(division, {}, { headers: { 'X-Request-Id': Buffer.from(id).toString('latin1') } });
    assert.match(answer.headers.get('x-request-id'), /^[A-Za-z0-9._-]{8,64}$/);
    assert.notEqual(answer.headers.get('x-request-id'), id);
  }
  const two = await Promise.all([county.get(division), county.get(division)]);
  assert.notEqual(two[0].headers.get('x-request-id'), two[1].headers.get('x-request-id'));
});

test('a trace is carried on, a malformed one refused', async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const answer = await county.get(division, {}, { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } });
  assert.match(answer.headers.get('traceparent') ?? '', new RegExp(`^00-${trace}-`));
  for (const bad of ['00-x', `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`, `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `ff-${trace}-00f067aa0ba902b7-01`]) {
    assertRefused(await county.get(division, {}, { headers: { traceparent: bad } }), 400, 'bad_parameter', { header: 'traceparent' });
  }
});

test('every answer tells what is left of the rate', async () => {
  const first = await county.get(division);
  const limit = Number(first.headers.get('ratelimit-limit'));
  assert.ok(limit > 0);
  for (const name of ['ratelimit-remaining', 'ratelimit-reset']) assert.match(first.headers.get(name), /^\d+$/);
  assert.ok(Number(first.headers.get('ratelimit-remaining')) < limit);
});

test('answers are not to be stored or sniffed', async () => {
  const answer = await county.get(division);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
});

test('HEAD answers as GET, without a body', async () => {
  for (const path of [division, '/registry/divisions', '/registry/openapi.json', '/identity/jwks']) {
    const [get, head] = [await county.get(path), await county.head(path)];
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
    assert.equal(head.type, get.type);
    assert.equal(head.etag, get.etag);
  }
  const missing = await county.head('/registry/divisions/999999000000');
  assert.equal(missing.status, 404);
  assert.equal(missing.text, '');
});

test('a method that an address does not take is refused, and those it takes are named', async () => {
  const byPath = Map.groupBy ? Map.groupBy(operations, (o) => `${o.service} ${o.path}`) : new Map();
  if (byPath.size === 0) for (const o of operations) byPath.set(`${o.service} ${o.path}`, [...(byPath.get(`${o.service} ${o.path}`) ?? []), o]);
  for (const [, all] of byPath) {
    const { service, path } = all[0];
    const address = `/${service}${path.replaceAll(/\{[^}]+\}/g, (name) => (name === '{code}' ? louxing : '01940000-0000-7000-8000-000000000000'))}`;
    const taken = all.flatMap((o) => (o.method === 'GET' ? ['GET', 'HEAD'] : [o.method]));
    for (const method of ['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      if (taken.includes(method)) continue;
      const answer = await send(method, address, { token: tokenOf('county_office') });
      assertRefused(answer, 405, 'method_not_allowed');
      assert.deepEqual(answer.headers.get('allow').split(', ').sort(), taken.toSorted(), `${method} ${address}`);
    }
  }
});

test('an address nobody serves is refused as a problem', async () => {
  for (const path of ['/registry/nothing', '/registry/', '/registry/divisions/', '/registry/divisions/a/b', '/identity/x', '/nowhere/x', '/registry/items:confirm']) {
    assertRefused(await county.get(path), 404, 'no_route');
  }
});

test('without a token every route that needs one refuses', async () => {
  for (const o of operations.filter((operation) => operation.permission !== 'public')) {
    const address = `/${o.service}${o.path.replaceAll(/\{[^}]+\}/g, '01940000-0000-7000-8000-000000000000')}`;
    const answer = await anyone.call(o.method, address);
    assertRefused(answer, 401, 'unauthenticated');
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer realm="zeren"');
  }
});

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const good = tokenOf('county_office');
const [header, payload, signature] = good.split('.');
const claims = claimsOf(good);
const flipped = signature.slice(0, 10) + (signature[10] === 'A' ? 'B' : 'A') + signature.slice(11);
const forged = {
  'a changed signature': `${header}.${payload}.${flipped}`,
  'no signature': `${header}.${payload}.`,
  'two parts': `${header}.${payload}`,
  'four parts': `${good}.x`,
  'algorithm none': `${b64({ alg: 'none', typ: 'JWT' })}.${payload}.`,
  'algorithm None': `${b64({ alg: 'None', typ: 'JWT', kid: JSON.parse(Buffer.from(header, 'base64url')).kid })}.${payload}.${signature}`,
  'algorithm HS256': `${b64({ alg: 'HS256', typ: 'JWT', kid: JSON.parse(Buffer.from(header, 'base64url')).kid })}.${payload}.${signature}`,
  'another key': `${b64({ alg: 'ES256', typ: 'JWT', kid: 'x'.repeat(43) })}.${payload}.${signature}`,
  'more rights than were signed': `${header}.${b64({ ...claims, ranges: [''], perms: ['division.write'] })}.${signature}`,
  'a later end than was signed': `${header}.${b64({ ...claims, exp: claims.exp + 86400 })}.${signature}`,
  'words': 'abc.def.ghi',
  'something long': 'A'.repeat(5000),
};
for (const [what, token] of Object.entries(forged)) {
  test(`a token of ${what} is refused`, async () => {
    const answer = await send('GET', division, { token });
    assertRefused(answer, 401, 'unauthenticated');
    assert.match(answer.headers.get('www-authenticate'), /error="invalid_token"/);
  });
}

test('another scheme than Bearer is refused', async () => {
  for (const value of [good, `Basic ${good}`, `Token ${good}`, 'Bearer', 'Bearer ', `Bearer  ${good} x`]) {
    assertRefused(await send('GET', division, { headers: { Authorization: value } }), 401, 'unauthenticated');
  }
});

test('what needs a permission is refused to a role without it before the body is looked at', async () => {
  assertRefused(await as('audit_admin').post('/registry/organisations', { nonsense: true }), 403, 'forbidden');
});

test('wrong content types are refused', async () => {
  const unit = await newOrganisation();
  for (const type of ['text/plain', 'application/xml', 'application/json; charset=gbk', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'json']) {
    assertRefused(await county.post('/registry/organisations', '{}', { headers: { 'Content-Type': type } }), 415, 'unsupported_media_type');
    assertRefused(await county.patch(`/registry/organisations/${unit.id}`, 1, '{}', { headers: { 'Content-Type': type } }), 415, 'unsupported_media_type');
  }
  assertRefused(await county.post('/registry/organisations', '{}', { headers: { 'Content-Type': 'application/merge-patch+json' } }), 415, 'unsupported_media_type');
  assertRefused(await county.post('/registry/organisations', '{}', { headers: { 'Content-Type': 'application/json; charset=UTF-8' } }), 422, 'invalid');
});

const bodies = {
  'cut off': '{"name": "甲', 'empty': '', 'no object': '[]', 'a word': 'x', 'two values': '{}{}', 'a member twice': '{"name":"a","name":"b"}',
  'a NUL': '{"name":"a\\u0000b"}', 'a raw NUL': '{"name":"a\0b"}', 'bad UTF-8': Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
  'a lone surrogate': '{"name":"\\ud800"}', 'a huge number': '{"name":1e999}', '20,000-deep nesting': `{"a":${'['.repeat(20000)}`, 'a comment': '{/**/}',
};
for (const [what, body] of Object.entries(bodies)) {
  test(`a body that is ${what} is refused as malformed`, async () => {
    assertRefused(await county.post('/registry/organisations', body, { headers: { 'Content-Type': 'application/json' } }), 400, 'malformed');
  });
}

test('a body one byte too large is refused, by the service and by nginx', async () => {
  for (const base of [services.registry, http]) {
    const answer = await county.post('/registry/organisations', `{"name":"${'x'.repeat(1 << 20)}"}`, { base, headers: { 'Content-Type': 'application/json' } });
    assert.equal(answer.status, 413);
    assertProblem(answer);
  }
});

test('the contracts and the pages to browse them are served, over TLS too', async () => {
  for (const [service, document] of Object.entries(documents)) {
    assert.match(document.openapi, /^3\.1/);
    assert.ok(document.servers.some((server) => server.url.endsWith(`/api/v1/${service}`)), service);
    assertDone(await anyone.get(`/${service}/openapi.json`, {}, { base: https }));
  }
  const page = await fetch(`${http}/docs/`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type'), /^text\/html/);
  const text = await page.text();
  assert.doesNotMatch(text, /(src|href)="(https?:)?\/\//, 'nothing is fetched from outside');
});

test('a service answers whether it lives and is ready, and how it fares', async () => {
  const { ops } = await import('../support/settings.mjs');
  for (const base of Object.values(ops)) {
    for (const path of ['/livez', '/readyz']) await within(60_000, async () => (await fetch(base + path)).status === 200); // a busy one may have missed its second
    const metrics = await (await fetch(`${base}/metrics`)).text();
    assert.match(metrics, /_bucket\{[^}]*route=/);
  }
  assert.equal((await fetch(`${http}/metrics`)).status, 404, 'not through the gateway');
});
