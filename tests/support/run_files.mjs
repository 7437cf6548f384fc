// tests/support/run_files.mjs CONCURRENCY FILE... - runs files of node:test in the order given (`node --test` sorts them by name), as TAP; behind it, how long each took. Nothing else of node's runner.
import { relative, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { tap } from 'node:test/reporters';

const TIMEOUT_MS = 1_800_000; // of a file: none takes a tenth as long on a machine that does nothing else
const [concurrency, ...files] = [Number(process.argv[2]), ...process.argv.slice(3).map((file) => resolve(file))];
const began = new Map(), ended = new Map();
const events = run({ files, concurrency, timeout: TIMEOUT_MS });
events.on('test:dequeue', ({ name }) => { if (files.includes(name)) began.set(name, Date.now()); });
for (const what of ['test:pass', 'test:fail', 'test:diagnostic']) events.on(what, ({ file }) => { if (began.has(file)) ended.set(file, Date.now()); });
events.on('test:fail', () => { process.exitCode = 1; });
const out = events.compose(tap);
out.pipe(process.stdout);
await finished(out);
const took = (file) => ((ended.get(file) ?? Date.now()) - began.get(file)) / 1000;
for (const file of [...began.keys()].sort((a, b) => took(b) - took(a))) console.log(`# ${took(file).toFixed(1).padStart(6)} s  ${relative('.', file)}`);
