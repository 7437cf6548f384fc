// tests/support/cadence_calls.mjs - rules of the cadence and obligations: records of the county that suites try, and calls that succeed.
import { assertDone } from './assert.mjs';
import { until, yearStart, year } from './cadence.mjs';
import { allOf, unique } from './client.mjs';
import { county, louxing, newOrganisation, village } from './world.mjs';

const code = 'suites_assist';
const goodRule = (more) => ({ owner_division: louxing, code: unique('rule_'), title: '帮扶单位每年到村', subject: 'unit_contact', subject_codes: ['assist'], action: 'visit', period: 'year',
  source: '区委办〔2026〕8号', ...more });
export const newRule = async (more) => assertDone(await county.post('/registry/cadence_rules', goodRule(more)), 201);
const disabled = async () => {
  const rule = await newRule();
  return assertDone(await county.verb(`/registry/cadence_rules/${rule.id}:disable`, rule.version));
};

// One rule for all suites; what it makes for a unit of the county that is linked to a village.
const given = await county.post('/registry/cadence_rules', goodRule({ code, valid_from: yearStart }));
if (given.status !== 409) assertDone(given, 201);
export async function newObligation() {
  const unit = await newOrganisation();
  const contact = assertDone(await county.post('/registry/contacts', { owner_division: village, kind: 'assist', organisation_id: unit.id, starts_on: `${year - 1}-06-01` }), 201);
  const [made] = await until(() => allOf(county, '/registry/obligations', { rule: code, subject_id: contact.thread_id }), (found) => found.length > 0, `an obligation of ${code}`);
  return made;
}
const released = async () => {
  const made = await newObligation();
  return assertDone(await county.verb(`/registry/obligations/${made.id}:release`, made.version, { reason: '封控' }));
};

export const records = { cadence_rules: await newRule(), obligations: await newObligation() };
// What a step goes on from that does not start where a new record stands.
export const further = { enable_cadence_rule: await disabled(), reopen_obligation: await released() };
export const bodies = {
  create_cadence_rule: goodRule,
  update_cadence_rule: () => ({ title: '帮扶单位每年到村走访' }),
  release_obligation: () => ({ reason: '封控' }),
  reopen_obligation: () => ({ reason: '解封' }),
};
export const queries = { get_obligation_rollup: () => ({ by: 'state', division: louxing }) };
export const fresh = {
  update_cadence_rule: async () => ({ record: await newRule() }),
  enable_cadence_rule: async () => ({ record: await disabled() }),
  disable_cadence_rule: async () => ({ record: await newRule() }),
  release_obligation: async () => ({ record: await newObligation() }),
  reopen_obligation: async () => ({ record: await released() }),
};
