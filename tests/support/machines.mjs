// tests/support/machines.mjs - machines that prove themselves with a key of their own (RFC 7523): pairs of keys and what they sign. Registers nothing.
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';

export const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const publicPem = (pair) => pair.publicKey.export({ type: 'spki', format: 'pem' });

// RFC 7638: what an assertion's header names the key by.
export function thumbprint(pair) {
  const { crv, kty, x, y } = pair.publicKey.export({ format: 'jwk' });
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

const seconds = () => Math.floor(Date.now() / 1000);
export const claimsOfMachine = (login, more = {}) =>
  ({ iss: login, sub: login, aud: 'zeren-identity', jti: randomUUID(), iat: seconds(), exp: seconds() + 120, ...more });

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function signAssertion(privateKey, header, claims) {
  const text = `${part({ alg: 'ES256', ...header })}.${part(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
