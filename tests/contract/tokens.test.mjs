// tests/contract/tokens.test.mjs - every route × no token, an expired one, one with a changed signature, one that another key signed, one that was
// revoked (R2). Which role may do what is access.test.mjs's part.
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { newKey, send } from '../support/client.mjs';
import { operations } from '../support/contract.mjs';
import { stateDir } from '../support/settings.mjs';
import { claimsOf, password, tokenOf } from '../support/tokens.mjs';

const closed = operations.filter((o) => o.permission !== 'public');
const id = '01940000-ffff-7000-8000-000000000000';
const address = (o) => `/${o.service}${o.path.replaceAll(/\{[^}]+\}/g, o.path.startsWith('/divisions/') ? '431302000000' : id)}`;
const body = (o) => (o.method === 'GET' ? {} : { key: newKey(), headers: { 'Content-Type': 'application/json' }, body: '{}' });
const call = (o, token) => send(o.method, address(o), { token, ...body(o) });

// Sixteen at a time: past an address's budget of failures each waits its quarter of a second (I-113), one beside another.
async function eachOf(all, work) {
  const next = all.values();
  await Promise.all(Array.from({ length: 16 }, async () => { for (const one of next) await work(one); }));
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = (head, claims, key) => {
  const text = `${head}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
};

const bad = {};
before(async () => {
  const good = tokenOf('county_office');
  const [head, payload, signature] = good.split('.');
  const claims = claimsOf(good);
  const ours = createPrivateKey(readFileSync(`${stateDir}/keys/signing.pem`));
  assert.notEqual((await send('GET', '/registry/items?limit=1', { token: signed(head, claims, ours) })).status, 401, 'this test signs as identity does');
  bad['no token'] = undefined;
  bad['an expired token'] = signed(head, { ...claims, iat: claims.iat - 3600, nbf: claims.iat - 3600, exp: claims.iat - 1 }, ours);
  bad['a changed signature'] = `${head}.${payload}.${signature.slice(0, 20)}${signature[20] === 'A' ? 'B' : 'A'}${signature.slice(21)}`;
  bad["another's signature"] = signed(head, claims, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const session = assertDone(await send('POST', '/identity/sessions', { body: { account: 'county_office', password: password() } }), 201);
  assert.notEqual((await send('GET', '/registry/items?limit=1', { token: session.access_token })).status, 401);
  assertDone(await send('POST', `/identity/sessions/${session.session_id}:end`, { token: session.access_token, key: newKey() }), 200);
  const over = async (o) => (await call(o, session.access_token)).status === 401;
  await eachOf(closed, (o) => within(60_000, () => over(o)));
  bad['a revoked token'] = session.access_token;
});

for (const what of ['no token', 'an expired token', 'a changed signature', "another's signature", 'a revoked token']) {
  test(`${what} is refused on every route`, async () => {
    assert.ok(closed.length > 30);
    await eachOf(closed, async (o) => assertRefused(await call(o, bad[what]), 401, 'unauthenticated'));
  });
}
