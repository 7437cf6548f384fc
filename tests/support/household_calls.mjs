// tests/support/household_calls.mjs - for the suites that try every route: households and members of Louxing, outside the town that others act in, and what the calls say.
import { unique } from './client.mjs';
import { idOf, newSound, sound, soundBody, yearsAgo } from './rules.mjs';
import { farVillage, monitor } from './world.mjs';

const home = (more = {}) => newSound({ owner_division: farVillage, ...more }, {}, monitor);
const [plain, headed, split, merged, lone, ended, left] = [await home(), await home(), await home(), await home(), await home(), await home(), await home()];
const brother = () => ({ ...sound, name: unique('弟'), relation: 'sibling', id_number: idOf('1', yearsAgo(33, 9)) });
const reason = '入户核实';

export const records = { households: plain.household, members: plain.spouse };
// Each verb has a record of its own to go on with.
export const further = { set_household_head: headed.household, split_household: split.household, merge_household: merged.household, end_household: ended.household, remove_member: left.spouse };
export const bodies = {
  create_household: () => soundBody({ owner_division: farVillage }),
  update_household: () => ({ address: unique('九组') }),
  set_household_head: () => ({ member_id: headed.spouse.id, relations: [{ member_id: headed.head.id, relation: 'spouse' }, { member_id: headed.child.id, relation: 'son' }] }),
  split_household: () => ({ members: [{ member_id: split.spouse.id, relation: 'head' }], reason }),
  merge_household: () => ({ from_household_id: lone.household.id, relations: [lone.head, lone.spouse, lone.child].map((each) => ({ member_id: each.id, relation: 'other' })), reason }),
  end_household: () => ({ ended_how: 'error', reason }),
  create_household_member: brother,
  update_member: () => ({ phone: '13812345678' }),
  remove_member: () => ({ left_on: yearsAgo(0), left_how: 'marriage', reason }),
};
