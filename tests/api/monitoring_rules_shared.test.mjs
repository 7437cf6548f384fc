// Rules that compare households: one telephone number, one ID number in several of them, by hash alone; and who sees how far. M-101, M-109
import assert from 'node:assert/strict';
import test from 'node:test';
import { assertDone } from '../support/assert.mjs';
import { mobile } from '../support/numbers.mjs';
import { findingsOf, households, idOf, newSound, soundBody, yearsAgo } from '../support/rules.mjs';
import { county } from '../support/world.mjs';

const otherVillageOfTown = '431302006001';
const codesOf = async (id) => (await findingsOf(id)).filter((each) => each.status === 'open').map((each) => each.rule);

test('M-101: one telephone number in two households of a village is found in the one entered last, and no more when it goes', async () => {
  const phone = mobile();
  const first = await newSound({ phone });
  const second = await newSound({ phone });
  assert.ok((await codesOf(second.household.id)).includes('9_09_003'));
  assertDone(await county.patch(`${households}/${second.household.id}`, second.household.version, { phone: mobile() }));
  assert.ok(!(await codesOf(second.household.id)).includes('9_09_003'));
  assert.ok(!(await codesOf(first.household.id)).includes('9_09_003'));
});

test('M-101: a member of another household with the number counts, members of the own do not', async () => {
  const phone = mobile();
  await newSound({}, { spouse: { phone } });
  const own = await newSound({ phone: mobile() });
  assertDone(await county.patch(`/monitoring/members/${own.head.id}`, own.head.version, { phone }));
  assert.ok((await codesOf(own.household.id)).includes('9_09_003'));
  const same = mobile();
  const family = await newSound({ phone: same }, { head: { phone: same }, spouse: { phone: same } });
  assert.ok(!(await codesOf(family.household.id)).includes('9_09_003'));
});

test('M-101: the number of somebody who works in another county', async () => {
  const phone = mobile();
  await newSound({}, { head: { phone, working_away: true, work_place: '440300000000' } });
  const near = await newSound({}, { head: { phone, working_away: true, work_place: '440300000000' } });
  assert.ok(!(await codesOf(near.household.id)).includes('9_09_004'));
  const afar = await newSound({}, { head: { phone, working_away: true, work_place: '330100000000' } });
  const [found] = (await findingsOf(afar.household.id)).filter((each) => each.rule === '9_09_004');
  assert.equal(found.member_id, afar.head.id);
});

test('M-101: another village is not compared', async () => {
  const phone = mobile();
  await newSound({ phone });
  const there = await newSound({ phone, owner_division: otherVillageOfTown });
  assert.ok(!(await codesOf(there.household.id)).includes('9_09_003'));
});

test('M-109: an ID number twice in one household is refused, in two of one village a warning, elsewhere nothing', async () => {
  const id_number = idOf('1', yearsAgo(45));
  const twice = await county.post(households, soundBody({}, { head: { id_number }, child: { id_number } }));
  assert.ok([409, 422].includes(twice.status), twice.text);
  await newSound({}, { head: { id_number } });
  const second = await newSound({}, { head: { id_number } });
  const [found] = (await findingsOf(second.household.id)).filter((each) => each.rule === '1_12_001');
  assert.equal(found.severity, 'warning');
  assert.equal(found.member_id, second.head.id);
  const elsewhere = await newSound({ owner_division: otherVillageOfTown }, { head: { id_number } });
  assert.ok(!(await codesOf(elsewhere.household.id)).includes('1_12_001'));
});
