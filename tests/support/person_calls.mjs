// tests/support/person_calls.mjs - for the suites that try every route: a claim and transfers of Louxing, outside the town that others act in, and what the calls say.
import { assertDone } from './assert.mjs';
import { citizenId } from './numbers.mjs';
import { households, newHousehold, newOtherHousehold, person, transfers } from './persons.mjs';
import { allOf } from './client.mjs';
import { farVillage, monitor, otherMonitor, otherVillage } from './world.mjs';

const here = { caller: monitor, division: farVillage };
const known = [person(), person()];
await newOtherHousehold(known, { caller: otherMonitor });
const mine = await newHousehold([person()], here);
const spare = await newHousehold([], here);
// Each verb has a record of its own to go on with.
async function newClaim(who) {
  const refused = await monitor.post(`${households}/${mine.id}/members`, who);
  return assertDone(await monitor.get(refused.body.about.replace('/api/v1', '')));
}
const reason = '整户搬迁';
const given = assertDone(await monitor.post(transfers, { household_id: mine.id, to_division: otherVillage, reason }), 201);
async function newReceived() {
  const theirs = await newOtherHousehold([], { caller: otherMonitor });
  assertDone(await otherMonitor.post(transfers, { household_id: theirs.id, to_division: farVillage, reason }), 201);
  return (await allOf(monitor, transfers, { household_id: theirs.id }))[0];
}
const decision_note = '另行核实';

export const records = { person_claims: await newClaim(known[0]), transfers: given };
export const further = { reject_person_claim: await newClaim(known[1]), accept_transfer: await newReceived(), refuse_transfer: await newReceived() };
export const bodies = {
  find_members: () => ({ id_number: citizenId() }),
  locate_person: () => ({ id_number: citizenId(), reason: '核对新迁入人员' }),
  withdraw_person_claim: () => ({ decision_note }),
  reject_person_claim: () => ({ decision_note }),
  ask_transfer: () => ({ household_id: spare.id, to_division: otherVillage, reason }),
  accept_transfer: () => ({}),
  refuse_transfer: () => ({ decision_note }),
  withdraw_transfer: () => ({ decision_note }),
};
