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
export const services = { identity: needed('ZEREN_TEST_IDENTITY'), registry: needed('ZEREN_TEST_REGISTRY') };
export const ops = { identity: needed('ZEREN_TEST_IDENTITY_OPS'), registry: needed('ZEREN_TEST_REGISTRY_OPS') };
export const stateDir = needed('ZEREN_STACK_DIR');
export const seenDir = needed('ZEREN_TEST_SEEN');

export const stack = (...args) =>
  execFileSync(`${root}deploy/stack`, args, { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'] });
