// tests/support/citizen_calls.mjs - for the suites that try every route: requests to correct, a record that was handed out, and bodies that would be taken.
import { assertDone } from './assert.mjs';
import { newFamily, yearsAgo } from './citizens.mjs';
import { patient } from './patient.mjs';
import { http } from './settings.mjs';
import { tokenOf } from './tokens.mjs';
import { county, farVillage, monitor } from './world.mjs';

const { household, head } = await newFamily({ division: farVillage });
const asked = () => ({ household_id: household.id, asked_on: yearsAgo(0), what: '住址登记有误' });
const received = async () => assertDone(await county.post('/monitoring/corrections', asked()), 201);
const reason = '本人申请查阅家庭信息';

async function printed() {
  const answer = await patient(`${http}/api/v1/monitoring/households/${household.id}:print_record`, { method: 'POST', headers: { Authorization: `Bearer ${tokenOf('monitoring_office')}`,
    'Content-Type': 'application/json' }, body: JSON.stringify({ reason, asked_by_member_id: head.id }) });
  await answer.arrayBuffer();
  return assertDone(await monitor.get(answer.headers.get('location').replace('/api/v1', '')));
}

const correction = await received();
const corrected = await received();
const home = assertDone(await county.get(`/monitoring/households/${household.id}`));
const changed = assertDone(await county.patch(`/monitoring/households/${household.id}`, home.version, { address: '仙人阁社区五组', reason: '按申请更正' }));

export const records = { corrections: correction, record_prints: await printed() };
export const bodies = {
  unmask_household: () => ({ reason: '入户核对电话', fields: ['phone'] }),
  unmask_member: () => ({ reason: '入户核对身份证号', fields: ['id_number'] }),
  print_household_record: () => ({ reason, asked_by_member_id: head.id }),
  receive_correction: asked,
  resolve_correction: () => ({ corrected_record: 'household', corrected_version: changed.version }),
  decline_correction: () => ({ answer: '经核对户口簿，登记无误' }),
};
export const further = { print_household_record: household, resolve_correction: corrected };
export const queries = {};
