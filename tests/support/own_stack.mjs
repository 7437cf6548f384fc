// tests/support/own_stack.mjs - a private stack (PostgreSQL, services, nginx) for tests that break it or measure it: own
// directory, free ports, settings by environment. Knows deploy/stack; does not build. `await using` is not needed: call reset().
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { patient } from './patient.mjs';
import { PSQL, psqlArgs, psqlEnv, socketOf } from './psql.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export { sleep };
export const services = ['identity', 'registry', 'monitoring'];

// Polls until `probe` gives something true; the seconds it took. Fails naming what was waited for.
export async function until(probe, seconds, what) {
  const start = performance.now();
  for (;;) {
    try {
      if (await probe()) return (performance.now() - start) / 1000;
    } catch { /* not yet */ }
    if (performance.now() - start > seconds * 1000) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(Math.min(100, 10 + (performance.now() - start) / 20)); // a probe is often a process: who waits long looks more seldom
  }
}

// A machine that tests keep busy is waited for: what is asked again until it is done in time is on such a one never done. Who tests these limits sets them.
const PATIENCE = { DB_STATEMENT_MS: 60_000, DB_ACQUIRE_MS: 10_000, DB_LOCK_MS: 20_000 };

export class OwnStack {
  // settings: {registry: {DB_POOL: 4}, …} become ZEREN_DB_POOL=4 of that service. `anew`: with a cluster and keys of its own making.
  constructor(name, { build = process.env.ZEREN_BUILD ?? 'build/release', settings = {}, anew = false } = {}) {
    this.state = `${process.env.ZEREN_OWN_STACKS ?? '/tmp'}/zeren-${name}-${process.pid}`;
    this.settings = settings;
    this.anew = anew;
    this.env = { ...process.env, ZEREN_STACK_DIR: this.state, ZEREN_TLS_PORT: '0', ZEREN_HTTP_PORT: '0', ZEREN_BUILD: build };
    this.tokens = new Map();
  }

  command(args, options = {}) {
    return execFileSync(join(ROOT, 'deploy/stack'), args, { env: this.env, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  }

  // A stack at rest that tests/run has made is taken as it is, but for its ports, its logs and the time that processes were alive.
  begin() {
    const made = process.env.ZEREN_STACK_AT_REST;
    if (!made || this.anew || existsSync(this.state)) return;
    execFileSync('cp', ['-a', '--reflink=auto', made, this.state]);
    rmSync(join(this.state, 'run/ports'), { force: true });
    for (const name of readdirSync(join(this.state, 'log'))) rmSync(join(this.state, 'log', name));
  }

  // Writes the settings and brings everything up; called again, it restarts the services whose settings changed.
  up(settings = this.settings) {
    this.settings = settings;
    this.begin();
    mkdirSync(join(this.state, 'conf'), { recursive: true });
    for (const service of services.flatMap((name) => [name, `${name}_worker`])) {
      const lines = Object.entries({ ...PATIENCE, ...settings[service] }).map(([name, value]) => `export ZEREN_${name}='${value}'\n`);
      writeFileSync(join(this.state, 'conf', `${service}.local`), lines.join(''));
    }
    this.command(['up'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const text = readFileSync(join(this.state, 'run/ports'), 'utf8');
    this.ports = Object.fromEntries(text.trim().split('\n').map((line) => line.split('=')).map(([k, v]) => [k, Number(v)]));
  }

  // Leaks show when a process ends; whatever a sanitizer said is a failure.
  reset() {
    if (!existsSync(this.state)) return;
    try {
      this.command(['down']);
      for (const name of readdirSync(join(this.state, 'log'))) {
        const [said] = /^.*(?:ERROR: (?:Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:).*$/m.exec(readFileSync(join(this.state, 'log', name), 'utf8')) ?? [];
        if (said) throw new Error(`${name}: ${said}`);
      }
    } finally {
      this.command(['reset']);
    }
  }

  get gateway() { return `http://127.0.0.1:${this.ports.HTTP}`; }
  get registry() { return `http://127.0.0.1:${this.ports.REGISTRY}`; }
  get monitoring() { return `http://127.0.0.1:${this.ports.MONITORING}`; }
  get socket() { return socketOf(this.state); }

  token(role) {
    return this.command(['token', role]).trim();
  }

  // The same, asked for again before it ends: for suites that may take longer than that.
  held(role) {
    const kept = this.tokens.get(role);
    if (kept?.until > Date.now()) return kept.token;
    const token = this.token(role), { exp } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
    this.tokens.set(role, { token, until: exp * 1000 - 45_000 });
    return token;
  }

  // A log-in of its own, through the gateway: a token that lives its whole ten minutes from now.
  async logIn(role) {
    const password = readFileSync(join(this.state, 'secret/password'), 'utf8').trim();
    const secret = join(this.state, `secret/totp.${role}`); // administrators have a second factor, whose codes are good once
    const code = () => (existsSync(secret) ? execFileSync(join(this.state, 'bin/identity'), ['--totp-code'], { input: readFileSync(secret), encoding: 'utf8' }).trim() : undefined);
    const attempt = () => patient(`${this.gateway}/api/v1/identity/sessions`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ account: role, password, code: code() }),
    });
    let answer = await attempt(), body = await answer.json();
    if (body.code === 'second_factor_required') {
      await sleep(30_500 - (Date.now() % 30_000));
      answer = await attempt();
      body = await answer.json();
    }
    if (!answer.ok) throw new Error(`log-in of ${role}: ${answer.status} ${JSON.stringify(body)}`);
    return body.access_token;
  }

  // The work-day calendar up to the end of next year, whether its notice is out or not: what a test counts in work days has an end on any day it runs.
  tellYears() {
    this.sql(`DO $$ BEGIN
      FOR y IN (SELECT max(year) + 1 FROM zeren.calendar_year) .. extract(year FROM now() AT TIME ZONE 'Asia/Shanghai')::integer + 1 LOOP
        INSERT INTO zeren.calendar_year (year, source) VALUES (y, 'a test');
        INSERT INTO zeren.calendar_day (day, is_work, work_seq, note) SELECT w.day, w.is_work, w.work_seq, w.note FROM registry.calendar_wanted(y, '[]') AS w;
      END LOOP;
    END $$`);
  }

  // Rows of one statement (or script) as the superuser, columns separated by '|'.
  sql(text) {
    const out = execFileSync(PSQL, [...psqlArgs(this.state), '-Atq'], { env: psqlEnv, encoding: 'utf8', maxBuffer: 1 << 28, input: text, stdio: ['pipe', 'pipe', 'pipe'] }).trim();
    return out === '' ? [] : out.split('\n');
  }

  pid(name) {
    return Number(readFileSync(join(this.state, `run/${name}.pid`), 'utf8'));
  }

  // What a process of the stack's user is started with.
  asUser(command, args) {
    if (process.getuid() !== 0) return [command, args];
    return ['setpriv', ['--reuid', 'zeren', '--regid', 'zeren', '--init-groups', command, ...args]];
  }

  runAs(command, args, options = {}) {
    const [file, all] = this.asUser(command, args);
    const done = spawnSync(file, all, { encoding: 'utf8', cwd: '/', maxBuffer: 1 << 28, ...options });
    if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr || done.error}`);
    return done.stdout;
  }

  spawnAs(command, args, options = {}) {
    const [file, all] = this.asUser(command, args);
    return spawn(file, all, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], ...options });
  }
}
