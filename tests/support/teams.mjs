// tests/support/teams.mjs - a town of a test's own in Louxing with its villages, and work teams in them: units, posts, holders, members. Through the API.
import { assertDone } from './assert.mjs';
import { newCaller, newPerson, settled, newAccount, grant } from './admins.mjs';
import { as, unique } from './client.mjs';
import { range } from './taken.mjs';
import { county, freshCode, newOrganisation } from './world.mjs';

// {code, villages: [{code, name}, …]}: a town that no other suite was given, with villages numbered from 001.
function* townCodes() {
  for (const number of range(300, 998)) yield `431302${number}000`;
}
export async function newTown(villages = 2) {
  const code = (await freshCode('towns', townCodes())).slice(0, 9);
  const rows = Array.from({ length: villages }, (_, i) => ({ code: `${code}${String(i + 1).padStart(3, '0')}`, name: unique('村') }));
  const lines = [`${code}000,${unique('镇')}`, ...rows.map((v) => `${v.code},${v.name}`)];
  assertDone(await as('system_admin').load('/registry/divisions:import', { valid_from: '2010-01-01' }, `code,name\n${lines.join('\n')}\n`));
  return { code: `${code}000`, villages: rows };
}

// The office of a town: a caller who keeps teams and approves short leave.
export const officeOf = async (division, role = 'town_office') => newCaller(division, { role, ranges: [division], lines: null });

export async function newTeam(town, body = {}, caller = county) {
  const villages = body.villages ?? town.villages.map((v) => ({ division: v.code }));
  return assertDone(await caller.post('/registry/teams', { owner_division: town.code, name: unique('工作队'), starts_on: '2026-01-05', ...body, villages }), 201);
}

// A post of a village's unit, which is made for it.
export async function newVillagePost(village, duty = 'team_member') {
  const unit = await newOrganisation({ owner_division: village.code, kind: 'village' });
  return assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: unique('队员'), duty }), 201);
}

// Who holds the post from a day on; the person.
export async function fill(post, starts_on = '2026-01-05', more = {}) {
  const person = await newPerson(post.owner_division, county);
  assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on, ...more }), 201);
  return person;
}

// A member whose post somebody holds.
export async function newMember(team, village, body = {}, caller = county) {
  const post = await newVillagePost(village, body.duty);
  const person = await fill(post);
  const { duty: _, ...more } = body;
  const member = assertDone(await caller.post('/registry/team_members', { team_id: team.id, post_id: post.id, starts_on: '2026-01-05', ...more }), 201);
  return { ...member, post, person };
}

// A caller who is that member.
export async function callerOf(member) {
  const account = await newAccount(member.person);
  assertDone(await grant(member.post, { role: 'village_worker', ranges: [member.owner_division], lines: null }));
  return settled({ account });
}

export const now = async (caller, path) => assertDone(await caller.get(path));
