// tests/support/run_files.mjs CONCURRENCY FILE... - runs files of node:test in the order given (`node --test` sorts them by name), as TAP; behind it, how long each took. Few files that
// failed beside others are run once more, each by itself: what fails of a machine kept busy passes then, and is named (`# only alone: FILE`); what fails of the product fails again.
// Last comes `# in all: N passed, N failed`, by what each test came to in the end.
import { relative, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { tap } from 'node:test/reporters';

const TIMEOUT_MS = 1_800_000; // of a file: none takes a tenth as long on a machine that does nothing else
const FEW = 3; // more than these do not fail by chance
const NEVER_CHANCE = /(Address|Leak|Thread)Sanitizer|runtime error:/; // whatever a sanitizer said (OwnStack.reset() tells it)
const [concurrency, ...files] = [Number(process.argv[2]), ...process.argv.slice(3).map((file) => resolve(file))];

// Runs them and prints their TAP: when each began and ended, how many of its tests passed and failed.
async function once(those, atOnce) {
  const told = new Map(those.map((file) => [file, { passed: 0, failed: 0 }]));
  const events = run({ files: those, concurrency: atOnce, timeout: TIMEOUT_MS });
  events.on('test:dequeue', ({ name }) => { if (told.has(name)) told.get(name).began = Date.now(); });
  const count = (what) => ({ file, details, skip }) => {
    const of = told.get(file);
    if (!of) return;
    of.ended = Date.now();
    if (details.type !== 'suite' && skip === undefined) of[what]++;
    if (NEVER_CHANCE.test(details.error?.cause?.message ?? details.error?.message)) of.never = true;
  };
  events.on('test:pass', count('passed'));
  events.on('test:fail', count('failed'));
  events.on('test:diagnostic', ({ file }) => { if (told.has(file)) told.get(file).ended = Date.now(); });
  const out = events.compose(tap);
  out.pipe(process.stdout, { end: false });
  await finished(out);
  return told;
}

const told = await once(files, concurrency);
const again = files.filter((file) => told.get(file).failed > 0);
const chance = again.length <= FEW && files.length > 1 && !again.some((file) => told.get(file).never);
const took = ({ began, ended }) => ((ended ?? Date.now()) - began) / 1000;
const times = [...told].filter(([, of]) => of.began).sort(([, a], [, b]) => took(b) - took(a));
const alone = again.length > 0 && chance ? await once(again, 1) : new Map();
for (const [file, of] of times) console.log(`# ${took(of).toFixed(1).padStart(6)} s  ${relative('.', file)}`);
for (const [file, of] of alone) {
  if (of.failed === 0) console.log(`# only alone: ${relative('.', file)}`);
  told.set(file, of);
}
const sum = (what) => [...told.values()].reduce((n, of) => n + of[what], 0);
console.log(`# in all: ${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
