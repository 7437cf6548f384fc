// tests/support/contacts.mjs - contacts, visits, what stands below a village and what there is to visit: records of the county that suites try, and calls that succeed.
import { assertDone } from './assert.mjs';
import { system } from './admins.mjs';
import { unique } from './client.mjs';
import { range, take } from './taken.mjs';
import { county, louxing, newOrganisation } from './world.mjs';

// A village of the county that is in no town that other callers act for.
export const farVillage = '431302002001';
assertDone(await system.load('/registry/divisions:import', { valid_from: '2010-01-01' }, `code,name\n${farVillage},花山村\n`));
const leaders = await newOrganisation({ kind: 'party_committee' });
export const newLeader = async () => assertDone(await county.post('/identity/posts', { organisation_id: leaders.id, title: unique('区领导'), duty: 'contact_leader' }), 201);

const goodContact = async () => ({ owner_division: louxing, kind: 'hook', post_id: (await newLeader()).id, starts_on: '2026-01-05' });
const goodVisit = () => ({ owner_division: louxing, purpose: 'research', visited_on: '2026-06-18' });
const goodPlace = () => ({ owner_division: farVillage, kind: 'natural_village', name: unique('湾'), valid_from: '2020-01-01' });
// Of the county's years from 2030 on, which no other test counts in.
const goodTarget = (kind = 'household') => ({ owner_division: louxing, year: take(`target_years.${kind}`, range(2030, 2199)), kind, n: 5, source: unique('台账') });
const made = async (path, body) => assertDone(await county.post(`/registry${path}`, body), 201);
const madeTarget = () => made('/coverage_targets', goodTarget());
export const newContact = async () => made('/contacts', await goodContact());

export const records = { contacts: await newContact(), visits: await made('/visits', goodVisit()), settlements: await made('/settlements', goodPlace()), coverage_targets: await madeTarget() };
const [leader, successor] = [await newLeader(), await newLeader()];

// Bodies of writes that succeed once, on records of their own where they use them up.
export const bodies = {
  create_contact: () => ({ owner_division: louxing, kind: 'hook', post_id: leader.id, starts_on: '2026-01-05' }),
  update_contact: () => ({ ends_on: null }),
  hand_over_contact: () => ({ post_id: successor.id, on: '2026-07-01' }),
  end_contact: () => ({ on: '2026-07-01', note: '调整' }),
  record_visit: goodVisit,
  update_visit: () => ({ found: '管道渗漏' }),
  withdraw_visit: () => ({ reason: '误录' }),
  create_settlement: goodPlace,
  update_settlement: () => ({ name: unique('湾') }),
  create_coverage_target: () => goodTarget('poor_household'),
  update_coverage_target: () => ({ n: 6 }),
};
export const tables = {
  import_settlements: { csv: `owner_division,kind,name\n${farVillage},grid,${unique('网格')}\n` },
  import_coverage_targets: { csv: `owner_division,year,kind,total,source\n${farVillage},2026,household,5,${unique('台账')}\n` },
};
export const queries = { get_coverage: () => ({ division: louxing, year: 2026 }), list_unvisited_settlements: () => ({ division: louxing, year: 2026 }) };
const anew = (path, body) => async () => ({ record: await made(path, await body()) });
export const fresh = {
  create_contact: async () => ({ body: await goodContact() }),
  update_contact: async () => ({ record: await newContact() }),
  hand_over_contact: async () => ({ record: await newContact(), body: { post_id: (await newLeader()).id, on: '2026-07-01' } }),
  end_contact: async () => ({ record: await newContact() }),
  update_visit: anew('/visits', goodVisit),
  withdraw_visit: anew('/visits', goodVisit),
  update_settlement: anew('/settlements', goodPlace),
  create_coverage_target: async () => ({ body: goodTarget('poor_household') }),
  update_coverage_target: async () => ({ record: await madeTarget() }),
};
