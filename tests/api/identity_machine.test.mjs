// tests/api/identity_machine.test.mjs - machines that prove themselves with a key of their own (RFC 7523): rules I-108 to I-111.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { before, test } from 'node:test';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { newAccount, within } from '../support/accounts.mjs';
import { anyone, as, newKey, send, uuid } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { claimsOfMachine, newPair, publicPem, signAssertion, thumbprint } from '../support/machines.mjs';
import { claimsOf } from '../support/tokens.mjs';

const seconds = () => Math.floor(Date.now() / 1000);

// A machine with a key, registered as the security administrator would: by SQL, so that this suite stands on nothing else.
let machine, keys, kid;
before(() => {
  machine = newAccount({ like: 'integration', kind: 'machine' });
  keys = newPair();
  kid = register(machine, keys);
});

function register(account, pair) {
  const name = thumbprint(pair);
  run(`INSERT INTO identity.machine_key (id, account_id, kid, public_pem, created_at)
         VALUES ('${uuid()}', '${account.id}', '${name}', '${publicPem(pair)}', now())`);
  return name;
}

const claims = (more = {}) => claimsOfMachine(machine.login, more);
const assertion = ({ header = {}, body = claims(), key = keys.privateKey } = {}) => signAssertion(key, { kid, ...header }, body);

const open = (client_assertion, more = {}, options = {}) => anyone.post('/identity/machine_sessions', { client_assertion, ...more }, options);

test('an assertion opens a session of ten minutes as a machine, without a refresh token', async () => {
  const answer = assertDone(await open(assertion()), 201);
  assert.equal(answer.expires_in, 600);
  assert.ok(!('refresh_token' in answer));
  const token = claimsOf(answer.access_token);
  assert.equal(token.kind, 'machine');
  assert.equal(token.sub, machine.id);
  assertDone(await send('GET', '/registry/organisations?limit=1', { token: answer.access_token }));
  assertRefused(await send('POST', '/registry/organisations', { token: answer.access_token, body: {} }), 403, 'forbidden');
  const audited = rows(`SELECT verb, body::text AS body FROM identity.audit_log WHERE record_id = '${answer.session_id}'`);
  assert.deepEqual(audited.map((row) => row.verb), ['open_machine_session']);
  assert.ok(!audited[0].body.includes('eyJ'));
  assertDone(await open(assertion({ header: { typ: 'JWT' } })), 201);
});

test('I-110: an assertion is taken once, from however many at a time', async () => {
  const text = assertion();
  const answers = await Promise.all(Array.from({ length: 8 }, () => open(text)));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 401, 401, 401, 401, 401, 401, 401]);
  assertRefused(await open(text), 401, 'login_refused');
});

test('I-109: every wrong assertion is refused in the same words', async () => {
  const now = seconds();
  const other = newPair();
  const wrong = {
    'another signature': assertion({ key: other.privateKey }),
    'an unknown key': assertion({ header: { kid: thumbprint(other) }, key: other.privateKey }),
    'another algorithm': assertion({ header: { alg: 'HS256' } }),
    'no algorithm': assertion({ header: { alg: 'none' } }),
    'a key in its header': assertion({ header: { jwk: other.publicKey.export({ format: 'jwk' }) }, key: other.privateKey }),
    'another audience': assertion({ body: claims({ aud: 'zeren' }) }),
    'several audiences': assertion({ body: claims({ aud: ['zeren-identity', 'other'] }) }),
    'another subject': assertion({ body: claims({ sub: 'county_office' }) }),
    'another name': assertion({ body: claims({ iss: 'integration', sub: 'integration' }) }),
    'no jti': assertion({ body: claims({ jti: undefined }) }),
    'no end': assertion({ body: claims({ exp: undefined }) }),
    'it ended': assertion({ body: claims({ iat: now - 200, exp: now - 61 }) }),
    'it is not yet': assertion({ body: claims({ iat: now + 90, exp: now + 120 }) }),
    'not before': assertion({ body: claims({ nbf: now + 90 }) }),
    'it runs too long': assertion({ body: claims({ exp: now + 301 }) }),
    'an access token': (await open(assertion())).body.access_token,
    'two parts': assertion().split('.').slice(0, 2).join('.'),
    'trailing text': `${assertion()}=`,
    'nothing': 'x',
  };
  const said = new Set();
  for (const [what, text] of Object.entries(wrong)) {
    const answer = await open(text);
    assert.equal(answer.status, 401, `${what}: ${answer.text}`);
    const { request_id: _, ...body } = answer.body;
    said.add(JSON.stringify(body));
  }
  assert.equal(said.size, 1, [...said].join('\n'));
});

test('clocks may be off by the minute of the setting, both ways', async () => {
  const now = seconds();
  assertDone(await open(assertion({ body: claims({ iat: now + 50, exp: now + 170 }) })), 201);
  assertDone(await open(assertion({ body: claims({ iat: now - 170, exp: now - 50 }) })), 201);
});

test('I-111: a retired key opens nothing, and what it opened ends within a second', async () => {
  const pair = newPair();
  const account = newAccount({ like: 'integration', kind: 'machine' });
  const name = register(account, pair);
  const mine = () => assertion({ header: { kid: name }, body: claims({ iss: account.login, sub: account.login }), key: pair.privateKey });
  const { access_token: token } = assertDone(await open(mine()), 201);
  assertDone(await send('GET', '/registry/organisations?limit=1', { token }));
  run(`UPDATE identity.account SET disabled = true WHERE id = '${account.id}'`);
  assertRefused(await open(mine()), 401, 'login_refused');
  await within(60_000, async () => (await send('GET', '/registry/organisations?limit=1', { token })).status === 401);
  run(`UPDATE identity.machine_key SET retired_at = now() WHERE kid = '${kid}'`);
  assertRefused(await open(assertion()), 401, 'login_refused');
  run(`UPDATE identity.machine_key SET retired_at = NULL WHERE kid = '${kid}'`);
  assertDone(await open(assertion()), 201);
});

test('a post that is not the machine\'s is refused like all else', async () => {
  const [{ post_id }] = rows(`SELECT post_id FROM identity.account_post WHERE account_id = '${machine.id}'`);
  assertDone(await open(assertion(), { post_id }), 201);
  assertRefused(await open(assertion(), { post_id: uuid() }), 401, 'login_refused');
});

test('I-108: keys are registered by whoever keeps accounts there, of machines only, and never a private one', async () => {
  const system = as('system_admin');
  const account = newAccount({ like: 'integration', kind: 'machine' });
  const pair = newPair();
  const pem = publicPem(pair);
  const key = assertDone(await system.post('/identity/machine_keys', { account_id: account.id, public_key: pem }), 201);
  assert.equal(key.kid, thumbprint(pair));
  assert.equal(key.public_key, pem);
  const another = newPair();
  const jwk = another.publicKey.export({ format: 'jwk' });
  const second = assertDone(await system.post('/identity/machine_keys', { account_id: account.id, public_key: JSON.stringify({ ...jwk, use: 'sig' }) }), 201);
  assert.equal(second.kid, thumbprint(another));
  const list = assertDone(await system.get('/identity/machine_keys', { account_id: account.id }));
  assert.deepEqual(list.items.map((item) => item.id).sort(), [key.id, second.id].sort());
  const refused = (body, status, code, error) => system.post('/identity/machine_keys', { account_id: account.id, public_key: pem, ...body }).then((a) => assertRefused(a, status, code, ...(error ? [error] : [])));
  await refused({}, 409, 'duplicate');
  await refused({ public_key: newPair().privateKey.export({ type: 'pkcs8', format: 'pem' }) }, 422, 'invalid', { pointer: '/public_key' });
  await refused({ public_key: JSON.stringify(newPair().privateKey.export({ format: 'jwk' })) }, 422, 'invalid', { pointer: '/public_key' });
  await refused({ public_key: generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' }) }, 422, 'invalid', { pointer: '/public_key' });
  const other = publicPem(newPair());
  await refused({ account_id: newAccount({ name: '试验丁' }).id, public_key: other }, 422, 'invalid', { pointer: '/account_id' });
  await refused({ account_id: uuid(), public_key: other }, 422, 'invalid', { pointer: '/account_id' });
  const mine = () => assertion({ header: { kid: key.kid }, body: claims({ iss: account.login, sub: account.login }), key: pair.privateKey });
  const { access_token: token } = assertDone(await open(mine()), 201);
  assertDone(await send('GET', '/registry/organisations?limit=1', { token }));
  assert.ok(assertDone(await system.post(`/identity/machine_keys/${key.id}:retire`, undefined)).retired_at);
  assertRefused(await open(mine()), 401, 'login_refused');
  await within(60_000, async () => (await send('GET', '/registry/organisations?limit=1', { token })).status === 401);
  assertRefused(await system.post(`/identity/machine_keys/${key.id}:retire`, undefined), 409, 'state_conflict');
  assertRefused(await system.post(`/identity/machine_keys/${uuid()}:retire`, undefined), 404, 'not_found');
});

test('I-102: a session opened by a key makes no API token, which would outlive the key', async () => {
  const { access_token: token } = assertDone(await open(assertion()), 201);
  const answer = await send('POST', '/identity/api_tokens', { token, key: newKey(), body: { name: 'n', permissions: ['duty_list.read'], ranges: ['431302000000'],
    expires_at: new Date(Date.now() + 3_600_000).toISOString() } });
  assert.match(assertRefused(answer, 403, 'exceeds_own_rights').detail, /outlive the key/);
});
