// tests/support/own_stack.mjs - a private stack (PostgreSQL, services, nginx) for tests that break it or measure it: own
// directory, free ports, settings by environment. Knows deploy/stack; does not build. `await using` is not needed: call reset().
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export { sleep };

// Polls until `probe` gives something true; the seconds it took. Fails naming what was waited for.
export async function until(probe, seconds, what) {
  const start = performance.now();
  for (;;) {
    try {
      if (await probe()) return (performance.now() - start) / 1000;
    } catch { /* not yet */ }
    if (performance.now() - start > seconds * 1000) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(10);
  }
}

export class OwnStack {
  // settings: {registry: {DB_POOL: 4}, …} become ZEREN_DB_POOL=4 of that service.
  constructor(name, { build = process.env.ZEREN_BUILD ?? 'build/release', settings = {} } = {}) {
    this.state = `${process.env.ZEREN_OWN_STACKS ?? '/tmp'}/zeren-${name}-${process.pid}`;
    this.settings = settings;
    this.env = { ...process.env, ZEREN_STACK_DIR: this.state, ZEREN_TLS_PORT: '0', ZEREN_HTTP_PORT: '0', ZEREN_BUILD: build };
    this.tokens = new Map();
  }

  command(args, options = {}) {
    return execFileSync(join(ROOT, 'deploy/stack'), args, { env: this.env, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  }

  // Writes the settings and brings everything up; called again, it restarts the services whose settings changed.
  up(settings = this.settings) {
    this.settings = settings;
    mkdirSync(join(this.state, 'conf'), { recursive: true });
    for (const service of ['identity', 'registry', 'identity_worker', 'registry_worker']) {
      const lines = Object.entries(settings[service] ?? {}).map(([name, value]) => `export ZEREN_${name}='${value}'\n`);
      writeFileSync(join(this.state, 'conf', `${service}.local`), lines.join(''));
    }
    this.command(['up'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const text = readFileSync(join(this.state, 'run/ports'), 'utf8');
    this.ports = Object.fromEntries(text.trim().split('\n').map((line) => line.split('=')).map(([k, v]) => [k, Number(v)]));
  }

  reset() {
    if (existsSync(this.state)) this.command(['reset']);
  }

  get gateway() { return `http://127.0.0.1:${this.ports.HTTP}`; }
  get registry() { return `http://127.0.0.1:${this.ports.REGISTRY}`; }
  get socket() { return join(this.state, 'socket'); }

  token(role) {
    return this.command(['token', role]).trim();
  }

  // A log-in of its own, through the gateway: a token that lives its whole ten minutes from now.
  async logIn(role) {
    const password = readFileSync(join(this.state, 'secret/password'), 'utf8').trim();
    const secret = join(this.state, `secret/totp.${role}`); // administrators have a second factor, whose codes are good once
    const code = () => (existsSync(secret) ? execFileSync(join(this.state, 'bin/identity'), ['--totp-code'], { input: readFileSync(secret), encoding: 'utf8' }).trim() : undefined);
    const attempt = () => fetch(`${this.gateway}/api/v1/identity/sessions`, {
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

  // Rows of one statement (or script) as the superuser, columns separated by '|'.
  sql(text) {
    const out = this.command(['psql', '-Atq', '-v', 'ON_ERROR_STOP=1'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] }).trim();
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
