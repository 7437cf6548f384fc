// tests/support/database.mjs - what a test must see of the database itself, as its superuser: audit rows, events, locks held on purpose.
import { execFileSync, spawn } from 'node:child_process';
import { root } from './settings.mjs';

const command = `${root}deploy/stack`;

// The rows of one SELECT.
export function rows(select) {
  const sql = `SELECT coalesce(json_agg(r), '[]') FROM (${select}) AS r`;
  return JSON.parse(execFileSync(command, ['psql', '-Atq', '-v', 'ON_ERROR_STOP=1', '-c', sql], { encoding: 'utf8', maxBuffer: 64 << 20 }));
}

export function run(sql) {
  execFileSync(command, ['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-1'], { input: sql, stdio: ['pipe', 'ignore', 'pipe'] });
}

// Runs `sql` in a transaction that stays open until release() is called.
export async function hold(sql) {
  const psql = spawn(command, ['psql', '-Atq', '-v', 'ON_ERROR_STOP=1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => psql.on('exit', resolve));
  psql.stdin.write(`BEGIN;\n${sql};\nSELECT 'held';\n`);
  await new Promise((resolve, reject) => {
    psql.stdout.on('data', (text) => String(text).includes('held') && resolve());
    ended.then(() => reject(new Error('psql ended before it held its rows')));
  });
  return { release: async () => { psql.stdin.end('ROLLBACK;\n'); await ended; } };
}
