// tests/support/chance.mjs - draws that come again: the same in every run, so that a failure is about the change and not about luck. ZEREN_SEED draws
// others (`tests/run --full` takes a new one and says which). What has to be nobody else's comes from taken.mjs.
import { createHash } from 'node:crypto';

export const SEED = Number(process.env.ZEREN_SEED ?? 1);

// `what`: whose draws they are, so that two suites do not draw the same.
export function chanceOf(what) {
  let state = createHash('sha256').update(`${what} ${SEED}`).digest().readInt32LE();
  const random = () => { // mulberry32: from 0 to 1, without 1
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n) => Math.floor(random() * n);
  return { random, below, pick: (from) => from[below(from.length)], chance: (p) => random() < p };
}
