// tests/support/patient.mjs - fetch as a client does it that comes again when it is told to: of a loaded machine a service may say that it is busy, or that it has not heard of keys
// and revocations for a second. It has done nothing then. Who looks for such answers calls fetch itself.
import { setTimeout as sleep } from 'node:timers/promises';

const NOTHING_DONE = new Set(['busy', 'trust_outdated']);
export const TRIES = 40;

// Is this answer one to come again after? `body`: what its problem document says. Whose password finds no place to be checked is told 429.
export const askedBack = (status, body) => (status === 503 && NOTHING_DONE.has(body?.code)) || (status === 429 && body?.detail === 'too many log-ins at once');

export const breathe = (tries) => sleep(Math.min(1000, 100 * tries) + Math.random() * 200);

export async function patient(url, options) {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(url, options);
    if (![429, 503].includes(answer.status) || tries === TRIES || !askedBack(answer.status, await answer.clone().json().catch(() => undefined))) return answer;
    await breathe(tries);
  }
}
