// tests/support/ledger.mjs - which (operation, status) this process has seen, kept for tests/contract/coverage.test.mjs.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { operationOf } from './contract.mjs';
import { seenDir } from './settings.mjs';

const seen = new Map();

export function note(method, url, status, code) {
  const operation = operationOf(method, url);
  if (!operation) return;
  const key = `${operation.service} ${operation.id} ${status} ${code ?? ''}`;
  seen.set(key, (seen.get(key) ?? 0) + 1);
}

process.on('exit', () => {
  if (seen.size === 0) return;
  mkdirSync(seenDir, { recursive: true });
  writeFileSync(`${seenDir}/${process.pid}-${Date.now()}.txt`, [...seen.keys()].sort().join('\n') + '\n');
});

// All that any process of this run has written, and this one has seen.
export function everything() {
  const lines = new Set(seen.keys());
  for (const file of readdirSync(seenDir)) {
    for (const line of readFileSync(`${seenDir}/${file}`, 'utf8').split('\n')) if (line) lines.add(line);
  }
  return [...lines].map((line) => {
    const [service, operation, status, code] = line.split(' ');
    return { service, operation, status, code };
  });
}
