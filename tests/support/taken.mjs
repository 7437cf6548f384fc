// tests/support/taken.mjs - what nobody else was given while the stack stands: codes, years, days, numbers. Suites run beside each other and again:
// whoever makes the file first has it. Does not look into the services; `free` of takeFree may.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { stateDir } from './settings.mjs';

const rooms = new Map();
function roomOf(kind) {
  if (!rooms.has(kind)) {
    const room = join(stateDir, 'test-taken', kind);
    mkdirSync(room, { recursive: true });
    rooms.set(kind, { room, seen: new Set() });
  }
  return rooms.get(kind);
}

function isMine(kind, name) {
  const { room, seen } = roomOf(kind);
  if (seen.has(name)) return false;
  seen.add(name);
  try {
    closeSync(openSync(join(room, name), 'wx'));
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

export function* range(first, last, step = 1) {
  for (let n = first; n <= last; n += step) yield n;
}

const allGone = (kind) => new Error(`no ${kind} is left: begin with a fresh stack`);

// The first of these that nobody has.
export function take(kind, candidates) {
  for (const each of candidates) if (isMine(kind, String(each))) return each;
  throw allGone(kind);
}

// The first that nobody has, and that is free besides; what is not is passed over by everybody.
export async function takeFree(kind, candidates, free) {
  for (const each of candidates) if (isMine(kind, String(each)) && (await free(each))) return each;
  throw allGone(kind);
}

// Numbers one after another, of which each process has blocks of its own: none comes twice, and none costs a file.
const counters = new Map();
export function serial(kind, { size, blocks }) {
  const at = counters.get(kind) ?? { block: -1, n: size };
  if (at.n === size) Object.assign(at, { block: take(kind, range(0, blocks - 1)), n: 0 });
  counters.set(kind, at);
  return at.block * size + at.n++;
}
