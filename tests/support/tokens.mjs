// tests/support/tokens.mjs - access tokens of the thirteen roles, from the stack under test, kept while they run.
import { readFileSync } from 'node:fs';
import { stack, stateDir } from './settings.mjs';

export const roles = ['province_office', 'prefecture_office', 'county_office', 'other_county_office', 'town_office', 'village_worker',
  'department_office', 'inspector', 'system_admin', 'security_admin', 'audit_admin', 'integration', 'device'];

// integration and device are programs: they send an Idempotency-Key with every write.
export const programs = new Set(['integration', 'device']);

export const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());

const kept = new Map();

export function tokenOf(role) {
  const token = kept.get(role);
  if (token && claimsOf(token).exp * 1000 > Date.now() + 30_000) return token;
  const fresh = stack('token', role).trim();
  kept.set(role, fresh);
  return fresh;
}

export const password = () => readFileSync(`${stateDir}/secret/password`, 'utf8').trim();
