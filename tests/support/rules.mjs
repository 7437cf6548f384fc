// tests/support/rules.mjs - people and households that the rules find nothing wrong with, to be changed in one place; what a household's findings are.
import { assertDone } from './assert.mjs';
import { allOf, unique } from './client.mjs';
import { idNumber } from './numbers.mjs';
import { newTown } from './teams.mjs';
import { county, village } from './world.mjs';

const someDays = () => 30 + Math.floor(Math.random() * 300);
// An ID number that nobody has, of a man (1) or a woman (2) born on that day.
export const idOf = (sex, day, place) => idNumber(day, { male: sex === '1', place });

// The civil day so many years (and days) before today, Asia/Shanghai.
export function yearsAgo(years, days = 0) {
  const now = new Date(Date.now() + 8 * 3600_000);
  const day = new Date(Date.UTC(now.getUTCFullYear() - years, now.getUTCMonth(), now.getUTCDate()));
  return new Date(day.getTime() - days * 86_400_000).toISOString().slice(0, 10);
}

// What the rules ask of everybody besides name, number and relation.
export const sound = { ethnicity: '01', education: 'junior', labour: 'common', health: 'healthy', resident_medical: true, employee_medical: false, serious_illness_insurance: true,
  resident_pension: true, employee_pension: false };
export const head = (more = {}) => ({ name: unique('赵'), id_number: idOf('1', yearsAgo(45, someDays())), relation: 'head', ...sound, ...more });
export const spouse = (more = {}) => ({ name: unique('钱'), id_number: idOf('2', yearsAgo(43, someDays())), relation: 'spouse', ...sound, ...more });
export function child(more = {}) {
  const { education, resident_pension, employee_pension, ...rest } = sound;
  return { name: unique('孙'), id_number: idOf('1', yearsAgo(10, someDays())), relation: 'son', ...rest, student_status: 'primary', labour: 'none', ...more };
}

export const households = '/monitoring/households';
export const soundBody = (more = {}, people = {}) => ({ owner_division: village, household_type: 'general', address: unique('四组'),
  members: [head(people.head), spouse(people.spouse), child(people.child)], ...more });

// A household in order: its record, and its members by relation.
export async function newSound(more = {}, people = {}, caller = county) {
  const household = assertDone(await caller.post(households, soundBody(more, people)), 201);
  const living = await allOf(caller, `${households}/${household.id}/members`);
  const of = (relation) => living.find((each) => each.relation === relation);
  return { household, head: of('head'), spouse: of('spouse'), child: of('son') };
}

export const findingsOf = (household_id, query = {}, caller = county) => allOf(caller, '/monitoring/findings', { household_id, ...query });
export async function openRules(household_id, caller = county) {
  const all = await findingsOf(household_id, {}, caller);
  return all.filter((each) => each.status !== 'resolved').map((each) => each.rule).sort();
}

// A town of the county with a village of its own, for what would be felt by the suites beside.
export async function freshTown() {
  const { code, villages: [{ code: village }] } = await newTown(1);
  return { town: code, village };
}
