// tests/support/settings.mjs - where the stack under test is: set by tests/run, which starts it.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are started by tests/run`);
  return value;
}

export const http = needed('ZEREN_TEST_HTTP'); // nginx, plain
export const https = needed('ZEREN_TEST_HTTPS'); // nginx, TLS
const names = ['identity', 'registry', 'monitoring'];
const places = (suffix) => Object.fromEntries(names.map((name) => [name, needed(`ZEREN_TEST_${name.toUpperCase()}${suffix}`)]));
export const services = places('');
export const ops = places('_OPS');
export const stateDir = needed('ZEREN_STACK_DIR');
export const seenDir = needed('ZEREN_TEST_SEEN');

export const stack = (...args) =>
  execFileSync(`${root}deploy/stack`, args, { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'] });
