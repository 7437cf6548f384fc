// tests/support/persons.mjs - households with people of a test's own, and how the worker finds them: confirmed, or claimed by two.
import { assertDone } from './assert.mjs';
import { within } from './accounts.mjs';
import { allOf, unique } from './client.mjs';
import { rows } from './database.mjs';
import { citizenId } from './numbers.mjs';
import { county, otherCounty, otherVillage, village } from './world.mjs';

export const households = '/monitoring/households';
export const members = '/monitoring/members';
export const claims = '/monitoring/person_claims';
export const transfers = '/monitoring/transfers';

// What the rules ask of everybody.
export const complete = { ethnicity: '01', politics: '13', education: 'junior', health: 'healthy', labour: 'common', resident_medical: true, resident_pension: true,
  serious_illness_insurance: true, allowance: 'none', destitute: 'none' };
export const person = (more = {}) => ({ ...complete, name: unique('赵'), relation: 'sibling', id_number: citizenId(), ...more });
export const householdBody = (owner_division, people = []) => ({ owner_division, household_type: 'general', address: unique('三组'),
  members: [person({ relation: 'head' }), ...people] });

// A household of the village with a head and these people besides, in the order that they are given.
export async function newHousehold(people = [], { caller = county, division = village } = {}) {
  const made = assertDone(await caller.post(households, householdBody(division, people)), 201);
  const living = await allOf(caller, `${households}/${made.id}/members`);
  const byName = (name) => living.find((each) => each.name === name);
  return { ...made, head: living.find((each) => each.id === made.head_member_id), people: people.map((each) => byName(each.name)) };
}
export const newOtherHousehold = (people = [], options = {}) => newHousehold(people, { caller: otherCounty, division: otherVillage, ...options });

// The civil day, Asia/Shanghai.
export const today = () => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);

export const memberNow = async (caller, id) => assertDone(await caller.get(`${members}/${id}`));
export const householdNow = async (caller, id) => assertDone(await caller.get(`${households}/${id}`));

// The worker's part. Whether somebody is confirmed is shown to holders of person.locate alone (M-139), so it is asked where everybody's is.
const isConfirmed = (id) => rows(`SELECT confirmation = 'confirmed' AS so FROM monitoring.member WHERE id = '${id}'`)[0].so;
export const confirmed = (id, ms = 60_000) => within(ms, async () => isConfirmed(id));
export async function claimed(locator, member_id, ms = 60_000) {
  let found;
  await within(ms, async () => {
    [found] = assertDone(await locator.get(claims, { member_id, status: 'open' })).items;
    return found !== undefined;
  });
  return found;
}

// One person, confirmed here and entered there: both sides' records, and there a claim.
export async function clash({ locator, people = [] }) {
  const who = person();
  const here = await newHousehold([who, ...people]);
  await confirmed(here.people[0].id);
  const there = await newOtherHousehold([who]);
  return { who, here, there, claim: await claimed(locator, there.people[0].id) };
}
