// Every warning and alert of the catalogue through HTTP: the change is made, and what was found stands in the household's findings. M-105, M-106
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertDone } from '../support/assert.mjs';
import { allOf } from '../support/client.mjs';
import { errors, others } from '../support/rule_cases.mjs';
import { child, findingsOf, freshTown, households, idOf, newSound, yearsAgo } from '../support/rules.mjs';
import { county, monitor, village } from '../support/world.mjs';

const year = new Date(Date.now() + 8 * 3600_000).getUTCFullYear();
const apart = await freshTown();
assertDone(await monitor.post('/monitoring/monitoring_lines', { owner_division: apart.town, year, amount: '8000' }), 201);
const rules = await allOf(county, '/monitoring/rules');

const placeOf = (each, sound) => (each.who === 'household' ? `${households}/${sound.household.id}` : `/monitoring/members/${sound[each.who].id}`);

async function change(each, sound, fields) {
  const place = placeOf(each, sound);
  const before = assertDone(await county.get(place));
  assertDone(await county.patch(place, before.version, typeof fields === 'function' ? fields() : fields));
}

async function soundOf(each) {
  const sound = await newSound({ ...each.first, owner_division: each.line ? apart.village : village }, each.people);
  for (const [path, fields] of each.blocks ?? []) assertDone(await county.post(`/monitoring/${path}`, { household_id: sound.household.id, ...fields }), 201);
  if (each.second) assertDone(await county.patch(`${households}/${sound.household.id}`, 1, each.second));
  if (each.more) {
    const grown = { id_number: idOf('1', yearsAgo(30)), student_status: null, education: 'senior', labour: 'none', relation: 'other', health: 'chronic', resident_pension: true };
    assertDone(await county.post(`${households}/${sound.household.id}/members`, { ...child(grown), joined_how: 'moved_in' }), 201);
  }
  return sound;
}

for (const each of others.filter((one) => !one.unreachable && !one.shared && !one.nobody)) {
  test(`${each.code} is recorded`, async () => {
    const sound = await soundOf(each);
    assert.ok(!(await findingsOf(sound.household.id)).some((found) => found.rule === each.code), 'before');
    if (each.block) assertDone(await county.post(`/monitoring/${each.block}`, { household_id: sound.household.id, ...each.fields }), 201);
    else await change(each, sound, each.change);
    if (each.then) await change(each, sound, each.then);
    const rule = rules.find((one) => one.code === each.code);
    const [found] = (await findingsOf(sound.household.id)).filter((one) => one.rule === each.code);
    assert.ok(found, `nothing of ${each.code}`);
    assert.equal(found.severity, rule.severity);
    assert.equal(found.status, 'open');
    assert.equal(found.member_id, rule.scope === 'member' ? sound[each.who].id : null);
    assert.ok(!found.message.includes('{'), found.message);
  });
}

test('every rule of the catalogue has a case here, an error or another', () => {
  const cases = [...errors, ...others].map((each) => each.code);
  assert.deepEqual(rules.map((each) => each.code).filter((code) => !cases.includes(code)), []);
  assert.deepEqual(cases.filter((code) => !rules.some((each) => each.code === code)), []);
  const severe = rules.filter((each) => each.severity === 'error').map((each) => each.code).sort();
  assert.deepEqual(errors.map((each) => each.code).sort(), severe);
});
