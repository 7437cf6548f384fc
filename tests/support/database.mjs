// tests/support/database.mjs - what a test must see of the database itself, as its superuser: audit rows, events, locks held on purpose.
import { execFileSync, spawn } from 'node:child_process';
import { PSQL, psqlArgs, psqlEnv as env } from './psql.mjs';
import { stateDir } from './settings.mjs';

// The rows of one SELECT.
export function rows(select) {
  const sql = `SELECT coalesce(json_agg(r), '[]') FROM (${select}) AS r`;
  return JSON.parse(execFileSync(PSQL, [...psqlArgs(stateDir), '-Atq', '-c', sql], { env, encoding: 'utf8', maxBuffer: 64 << 20 }));
}

export function run(sql) {
  execFileSync(PSQL, [...psqlArgs(stateDir), '-q', '-1'], { env, input: sql, stdio: ['pipe', 'ignore', 'pipe'] });
}

// How many wait for this transaction, or for one another behind it.
const behind = `(WITH RECURSIVE locked AS (SELECT DISTINCT pid, pg_blocking_pids(pid) AS by FROM pg_locks WHERE NOT granted),
  behind AS (SELECT pg_backend_pid() AS pid UNION SELECT l.pid FROM locked l JOIN behind b ON b.pid = ANY (l.by)) SELECT count(*) - 1 FROM behind)`;

// Runs `sql` in a transaction that stays open until release() is called; waited(n) ends when so many wait for it.
export async function hold(sql) {
  const psql = spawn(PSQL, [...psqlArgs(stateDir), '-Atq'], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => psql.on('exit', resolve));
  let heard = '';
  psql.stdout.on('data', (text) => { heard += text; });
  const told = (statement, what) => {
    psql.stdin.write(`${statement};\nSELECT '${what}';\n`);
    return new Promise((resolve, reject) => {
      const hear = () => heard.includes(`${what}\n`) && resolve();
      psql.stdout.on('data', hear);
      ended.then(() => reject(new Error(`psql ended before it was ${what}`)));
    });
  };
  await told(`BEGIN;\n${sql}`, 'held');
  const waited = (n) => told(`DO $$ BEGIN FOR i IN 1..6000 LOOP EXIT WHEN ${behind} >= ${n}; PERFORM pg_sleep(0.01); END LOOP;
    ASSERT ${behind} >= ${n}, 'fewer than ${n} wait for what is held'; END $$`, `waited for by ${n}`);
  return { waited, release: async (how = 'ROLLBACK') => { psql.stdin.end(`${how};\n`); await ended; } };
}
