// tests/contract/forgeries.test.mjs - tokens that are good in all but one point, against every service: each is 401, and none reaches a handler.
// A good token beside them shows that the point alone is what refuses; that nothing was written shows that no handler ran.
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { as, newKey, send, unique } from '../support/client.mjs';
import { familyOf } from '../support/families.mjs';
import { services, stateDir } from '../support/settings.mjs';
import { claimsOf, password } from '../support/tokens.mjs';
import { louxing, village } from '../support/world.mjs';

// One closed route of each service; its handler answers 200 to a good token.
const doors = { identity: '/identity/posts?limit=1', registry: '/registry/organisations?limit=1', monitoring: '/monitoring/households?limit=1' };

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const es256 = (key) => (text) => sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
const hs256 = (secret) => (text) => createHmac('sha256', secret).update(text).digest('base64url');

let ours, head, claims, good, revoked, other, apiToken;
const token = (header, body, signer) => {
  const text = `${encode(header)}.${encode(body)}`;
  return `${text}.${signer(text)}`;
};

before(async () => {
  ours = createPrivateKey(readFileSync(`${stateDir}/keys/signing.pem`));
  good = assertDone(await send('POST', '/identity/sessions', { body: { account: 'county_office', password: password() } }), 201).access_token; // its ten minutes begin now
  head = JSON.parse(Buffer.from(good.split('.')[0], 'base64url'));
  claims = claimsOf(good);
  other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  for (const path of Object.values(doors)) assertDone(await send('GET', path, { token: token(head, claims, es256(ours)) }));
  const session = assertDone(await send('POST', '/identity/sessions', { body: { account: 'county_office', password: password() } }), 201);
  assertDone(await send('POST', `/identity/sessions/${session.session_id}:end`, { token: session.access_token, key: newKey(), body: {} }), 200);
  revoked = session.access_token;
  const made = await as('county_office').post('/identity/api_tokens', { name: unique('token'), permissions: ['post.read', 'organisation.read', 'household.read'], ranges: ['431302000000'],
    expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  apiToken = assertDone(made, 201);
  for (const path of Object.values(doors)) assertDone(await send('GET', path, { token: apiToken.token }));
  for (const path of Object.values(doors)) await within(60_000, async () => (await send('GET', path, { token: revoked })).status === 401);
});

const parts = () => good.split('.');
const flip = (text, at) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
const pem = () => createPublicKey(ours).export({ type: 'spki', format: 'pem' });
const jwk = () => createPublicKey(other).export({ format: 'jwk' });
const now = () => Math.floor(Date.now() / 1000);
const forgeries = {
  'algorithm none': () => `${encode({ ...head, alg: 'none' })}.${encode(claims)}.${parts()[2]}`,
  'algorithm nOnE': () => `${encode({ ...head, alg: 'nOnE' })}.${encode(claims)}.${parts()[2]}`,
  'algorithm none, no signature': () => `${encode({ ...head, alg: 'none' })}.${encode(claims)}.`,
  'the signature dropped': () => `${parts()[0]}.${parts()[1]}.`,
  'two parts': () => `${parts()[0]}.${parts()[1]}`,
  'four parts': () => `${good}.${parts()[2]}`,
  'one character of the signature': () => `${parts()[0]}.${parts()[1]}.${flip(parts()[2], 30)}`,
  'the last character of the signature': () => `${parts()[0]}.${parts()[1]}.${flip(parts()[2], parts()[2].length - 1)}`,
  'claims changed under the old signature': () => `${parts()[0]}.${encode({ ...claims, ranges: ['43'] })}.${parts()[2]}`,
  'HS256 with an empty key': () => token({ ...head, alg: 'HS256' }, claims, hs256('')),
  'HS256 with a weak key': () => token({ ...head, alg: 'HS256' }, claims, hs256('secret')),
  "HS256 with the public key's text": () => token({ ...head, alg: 'HS256' }, claims, hs256(pem())),
  'HS256 and a signature as long as ours': () => token({ ...head, alg: 'HS256' }, claims, (text) => Buffer.concat([createHmac('sha256', pem()).update(text).digest(), Buffer.alloc(32)]).toString('base64url')),
  'the key id a path': () => token({ ...head, kid: '../../../../dev/null' }, claims, es256(ours)),
  'the key id SQL': () => token({ ...head, kid: "x' UNION SELECT 'a" }, claims, es256(ours)),
  'the key in the header': () => token({ ...head, jwk: jwk() }, claims, es256(other)),
  'the key by address': () => token({ ...head, jku: 'https://keys.example/jwks' }, claims, es256(other)),
  'the key by certificate': () => token({ ...head, x5u: 'https://keys.example/cert' }, claims, es256(other)),
  'an unknown critical extension': () => token({ ...head, crit: ['exp'] }, claims, es256(ours)),
  padded: () => `${good}=`,
  'trailing text': () => `${good}A`,
  'a member given twice': () => token(`{"alg":"HS256","alg":"ES256","typ":"JWT","kid":"${head.kid}"}`, claims, es256(ours)),
  'a claim given twice': () => token(head, JSON.stringify(claims).replace('{', `{"sub":"${claims.post}",`), es256(ours)),
  "another's signature": () => token(head, claims, es256(other)),
  'a key nobody published': () => token({ ...head, kid: 'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s' }, claims, es256(other)),
  'another algorithm of the family': () => token({ ...head, alg: 'ES384' }, claims, es256(ours)),
  'the algorithm in lower case': () => token({ ...head, alg: 'es256' }, claims, es256(ours)),
  'another type': () => token({ ...head, typ: 'at+jwt' }, claims, es256(ours)),
  'a DER signature': () => token(head, claims, (text) => sign('sha256', Buffer.from(text), ours).toString('base64url')),
  'a NUL in the header': () => token(`${JSON.stringify(head)}\0`, claims, es256(ours)),
  'a header of eight kilobytes': () => token(`${JSON.stringify(head).slice(0, -1)}${' '.repeat(8192)}}`, claims, es256(ours)),
  expired: () => token(head, { ...claims, iat: now() - 700, nbf: now() - 700, exp: now() - 1 }, es256(ours)),
  'not yet valid': () => token(head, { ...claims, nbf: now() + 60 }, es256(ours)),
  'made in the future': () => token(head, { ...claims, iat: now() + 60 }, es256(ours)),
  'without an end': () => token(head, { ...claims, exp: undefined }, es256(ours)),
  'an end in words': () => token(head, { ...claims, exp: String(claims.exp) }, es256(ours)),
  'another issuer': () => token(head, { ...claims, iss: 'other' }, es256(ours)),
  'another audience': () => token(head, { ...claims, aud: 'zeren-identity' }, es256(ours)),
  'several audiences': () => token(head, { ...claims, aud: ['zeren', 'other'] }, es256(ours)),
  'a demand nobody knows': () => token(head, { ...claims, must: ['sing'] }, es256(ours)),
  'a kind nobody knows': () => token(head, { ...claims, kind: 'root' }, es256(ours)),
  revoked: () => revoked,
  // API tokens: the id is no secret, the rest is.
  'an API token with another secret': () => `zat_${Buffer.concat([Buffer.from(apiToken.token.slice(4), 'base64url').subarray(0, 16), randomBytes(32)]).toString('base64url')}`,
  'an API token with another id': () => `zat_${Buffer.concat([randomBytes(16), Buffer.from(apiToken.token.slice(4), 'base64url').subarray(16)]).toString('base64url')}`,
  'an API token with a changed character': () => flip(apiToken.token, 60),
  'an API token cut short': () => apiToken.token.slice(0, -1),
  'an API token with more behind it': () => `${apiToken.token}A`,
  'an API token in capitals': () => apiToken.token.replace('zat_', 'ZAT_'),
  'an API token as SQL': () => "zat_' OR true --",
  // Assertions open machine sessions, and nothing else.
  'an assertion': () => token({ alg: 'ES256', kid: head.kid }, { iss: 'integration', sub: 'integration', aud: 'zeren-identity', jti: unique(), iat: now(), exp: now() + 60 }, es256(ours)),
};

// What a good token writes, and how it would be found.
const written = {
  identity: (mark = unique('伪造')) => ({ path: '/identity/persons', mark, body: { owner_division: louxing, name: mark }, query: { limit: 500 } }),
  registry: (mark = unique('伪造')) => ({ path: '/registry/organisations', mark, body: { owner_division: louxing, name: mark, kind: 'department' }, query: { name_prefix: mark } }),
  monitoring: (mark = unique('伪造')) => ({ path: '/monitoring/households', mark, body: { ...familyOf(village).body, address: mark }, query: { division: village, text: mark } }),
};

for (const [service, path] of Object.entries(doors)) {
  test(`${service} refuses every forged token before its handler`, async () => {
    assert.ok(Object.keys(forgeries).length >= 40);
    for (const [what, forge] of Object.entries(forgeries)) {
      const text = forge();
      const answer = await send('GET', path, { token: text, base: services[service] }); // nginx refuses some by their length
      assert.equal(answer.status, 401, `${what}: ${answer.status} ${answer.text}`);
      const refusal = assertRefused(answer, 401, 'unauthenticated');
      assert.ok(!('items' in refusal), what);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer\b/, what);
    }
    assertDone(await send('GET', path, { token: good }));
    assertDone(await send('GET', path, { token: apiToken.token }));
  });

  test(`${service} says the same of each`, async () => {
    const said = new Set();
    for (const what of ["another's signature", 'revoked', 'an API token with another secret', 'a key nobody published']) {
      const { detail, title, code } = (await send('GET', path, { token: forgeries[what]() })).body;
      said.add(JSON.stringify({ detail, title, code }));
    }
    assert.equal(said.size, 1, [...said].join('\n'));
  });

  test(`${service} writes nothing for a forged token`, async () => {
    const { path: create, body, mark, query } = written[service]();
    for (const forge of Object.values(forgeries)) assertRefused(await send('POST', create, { token: forge(), key: newKey(), body, base: services[service] }), 401, 'unauthenticated');
    const there = assertDone(await as('county_office').get(create, query)).items.filter((item) => Object.values(item).includes(mark));
    assert.deepEqual(there, []);
    assertDone(await send('POST', create, { token: good, key: newKey(), body, base: services[service] }), 201);
  });
}
