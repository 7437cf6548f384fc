// tests/support/cadence.mjs - what tests of the cadence stand on: leaders linked to a village, rules of the town, visits, and what the worker makes of them.
import { newCaller } from './admins.mjs';
import { assertDone } from './assert.mjs';
import { allOf, unique } from './client.mjs';
import { rows } from './database.mjs';
import { county, town, village } from './world.mjs';

export const [{ today, monthStart, yearStart, year }] = rows(`SELECT d::text AS today, date_trunc('month', d)::date::text AS "monthStart",
  date_trunc('year', d)::date::text AS "yearStart", extract(year FROM d)::int AS year FROM (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date) AS x (d)`);

export const rightsInTown = { role: 'town_office', ranges: [town], lines: null };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Asks until `good` is content with the answer.
export async function until(ask, good, what) {
  for (let tries = 0; tries < 480; tries++) {
    const answer = await ask();
    if (good(answer)) return answer;
    await pause(250);
  }
  throw new Error(`not within two minutes: ${what}`);
}

// A post of a unit of the town, who holds it, and the village that it is linked to since last year.
export async function linkedLeader(more = {}) {
  const { post, caller } = await newCaller(town, rightsInTown);
  const body = { owner_division: village, kind: 'charge', post_id: post.id, starts_on: `${year - 1}-06-01`, ...more };
  return { post, caller, contact: assertDone(await county.post('/registry/contacts', body), 201) };
}

export async function newRule(more = {}) {
  const body = { owner_division: town, code: unique('rule_'), title: unique('每月到联系村'), subject: 'post_contact', subject_codes: ['charge'], levels: ['5'], action: 'visit', period: 'month',
    source: '区委办〔2026〕8号', ...more };
  return assertDone(await county.post('/registry/cadence_rules', body), 201);
}

// What that rule has made for a contact, once it is there.
export const madeBy = (rule, contact, n = 1) =>
  until(() => allOf(county, '/registry/obligations', { rule: rule.code, subject_id: contact.thread_id }), (found) => found.length >= n, `${n} obligations of ${rule.code}`);

export const visit = async (caller, more = {}) =>
  assertDone(await caller.post('/registry/visits', { owner_division: village, purpose: 'contact', ...more }), 201);
