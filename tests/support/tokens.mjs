// tests/support/tokens.mjs - access tokens of the fifteen roles, from the stack under test, kept while they run.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stack, stateDir } from './settings.mjs';

export const roles = ['province_office', 'prefecture_office', 'county_office', 'other_county_office', 'town_office', 'village_worker',
  'department_office', 'inspector', 'system_admin', 'security_admin', 'audit_admin', 'integration', 'device', 'monitoring_office', 'other_monitoring_office'];

// integration and device are programs: they send an Idempotency-Key with every write.
export const programs = new Set(['integration', 'device']);

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

// What deploy/stack has kept (deploy/lib/token.sh), so that a suite does not start a shell for each role.
function keptByStack(role) {
  try {
    const mark = createHash('sha256').update(readFileSync(`${stateDir}/keys/signing.pem`)).update(readFileSync(`${stateDir}/run/seeded`)).digest('hex').slice(0, 12);
    const [expires, token] = readFileSync(`${stateDir}/secret/token.${role}.${mark}`, 'utf8').split('\n');
    return Number(expires) > Date.now() / 1000 + 60 ? token : undefined;
  } catch {
    return undefined;
  }
}

const kept = new Map();

export function tokenOf(role) {
  const token = kept.get(role);
  if (token && claimsOf(token).exp * 1000 > Date.now() + 30_000) return token;
  const fresh = keptByStack(role) || stack('token', role).trim();
  kept.set(role, fresh);
  return fresh;
}

// A header that holds a token that is good whenever it is sent, however long a suite takes.
export const bearerOf = (role) => Object.defineProperty(['Authorization', ''], 1, { get: () => `Bearer ${tokenOf(role)}`, enumerable: true });

export const password = () => readFileSync(`${stateDir}/secret/password`, 'utf8').trim();
