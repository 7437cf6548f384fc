// tests/support/run_files.mjs CONCURRENCY FILE... - runs files of node:test in the order given, so many at a time (`node --test` sorts them by name), and prints each one's TAP when it has ended;
// behind it, how long each took. Few files that failed beside others are run once more, each by itself: what fails of a machine kept busy passes then, and is named (`# only alone: FILE`);
// what fails of the product fails again. Last comes `# in all: N passed, N failed`, by what each test came to in the end.
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { tap } from 'node:test/reporters';

const TIMEOUT_MS = 1_800_000; // of a file: none takes a tenth as long on a machine that does nothing else
const FEW = 3; // more than these do not fail by chance
const NEVER_CHANCE = /(Address|Leak|Thread)Sanitizer|runtime error:/; // whatever a sanitizer said (OwnStack.reset() tells it)
const [concurrency, ...files] = [Number(process.argv[2]), ...process.argv.slice(3).map((file) => resolve(file))];

// Every event of the run is the file's, also of tests that a module it imports defines.
async function once(file) {
  const of = { file, passed: 0, failed: 0, never: false }, began = Date.now();
  const events = run({ files: [file], timeout: TIMEOUT_MS });
  const count = (what) => ({ details, skip }) => {
    if (details.type !== 'suite' && skip === undefined) of[what]++;
    of.never ||= NEVER_CHANCE.test(details.error?.cause?.message ?? details.error?.message);
  };
  events.on('test:pass', count('passed'));
  events.on('test:fail', count('failed'));
  let text = '';
  for await (const part of events.compose(tap)) text += part;
  process.stdout.write(text);
  return Object.assign(of, { seconds: (Date.now() - began) / 1000 });
}

async function all(those, atOnce) {
  const left = [...those], told = [];
  const worker = async () => { while (left.length > 0) told.push(await once(left.shift())); };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return told;
}

const first = await all(files, concurrency);
const failed = first.filter((of) => of.failed > 0);
const again = failed.length <= FEW && files.length > 1 && !failed.some((of) => of.never) ? await all(failed.map((of) => of.file), 1) : [];
for (const of of first.sort((a, b) => b.seconds - a.seconds)) console.log(`# ${of.seconds.toFixed(1).padStart(6)} s  ${relative('.', of.file)}`);
for (const of of again) if (of.failed === 0) console.log(`# only alone: ${relative('.', of.file)}`);
const told = [...first.filter((of) => !again.some((other) => other.file === of.file)), ...again];
const sum = (what) => told.reduce((n, of) => n + of[what], 0);
console.log(`# in all: ${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
