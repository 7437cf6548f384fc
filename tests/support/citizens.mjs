// tests/support/citizens.mjs - a family with everything that is kept apart, entered; and callers of a county with some permissions and no other.
import { newCaller, security } from './admins.mjs';
import { assertDone } from './assert.mjs';
import { allOf, unique } from './client.mjs';
import { familyOf } from './families.mjs';
import { households } from './persons.mjs';
import { county, louxing, village } from './world.mjs';

export { yearsAgo } from './families.mjs';

// What was planted, each with its record: the child's name, numbers, school and health, the grown one's numbers and health.
export async function newFamily({ caller = county, division = village } = {}) {
  const { body, grown, child } = familyOf(division);
  const household = assertDone(await caller.post(households, body), 201);
  const living = await allOf(caller, `${households}/${household.id}/members`);
  const recordOf = (relation) => living.find((each) => each.relation === relation);
  return { household, head: recordOf('head'), grown: { ...grown, record: recordOf('spouse') }, child: { ...child, record: recordOf('son') } };
}

// A caller of the county with these permissions and no other.
export async function callerWith(permissions, { division = louxing } = {}) {
  const role = assertDone(await security.post('/identity/roles', { code: unique('r'), label: '试验角色', owner_division: division, permissions, personal_data: 'usual' }), 201);
  return (await newCaller(division, { role: role.code, ranges: [division], lines: null })).caller;
}
