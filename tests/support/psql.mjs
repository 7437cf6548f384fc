// tests/support/psql.mjs - psql as `deploy/stack psql` runs it, without a shell around it: suites ask a thousand times. Knows where a stack's socket is, and nothing else of it.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';

export const PSQL = '/usr/lib/postgresql/15/bin/psql';

// As deploy/lib/common.sh has it: a socket's path is short.
export function socketOf(state) {
  const dir = realpathSync(state);
  return dir.length <= 80 ? `${dir}/socket` : `/tmp/zeren-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`;
}

export const psqlArgs = (state) => ['-X', '-h', socketOf(state), '-p', '5432', '-U', 'postgres', '-d', 'zeren', '-v', 'ON_ERROR_STOP=1'];
export const psqlEnv = { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))), LC_ALL: 'C.UTF-8' };
