// tests/support/rule_calls.mjs - records, bodies and queries of rules and findings, for the suites that try every route.
import { assertDone } from './assert.mjs';
import { findingsOf, freshTown, newSound } from './rules.mjs';
import { range, take } from './taken.mjs';
import { louxing, monitor } from './world.mjs';

const apart = await freshTown();
let year = 2050;
const settingBody = () => ({ owner_division: apart.village, rule: '5_16_001', year_from: year, year_to: year++, enabled: false, reason: '口径调整' });
// Of the county, in a year that nobody lives to see.
const farOff = take('rule_years', range(2050, 2199));
const setting = assertDone(await monitor.post('/monitoring/rule_settings', { ...settingBody(), owner_division: louxing, year_from: farOff, year_to: farOff }), 201);
async function newFinding() {
  const { household } = await newSound({ owner_division: apart.village }, { head: { work_income: '350' } });
  return (await findingsOf(household.id))[0];
}
const accepted = await newFinding();
const reopened = assertDone(await monitor.verb(`/monitoring/findings/${accepted.id}:accept`, accepted.version, { reason: '核实无误' }));

export const records = { rule_settings: setting, findings: await newFinding(), rules: { id: '2_11_003', code: '2_11_003' } };
export const bodies = {
  create_rule_setting: settingBody,
  update_rule_setting: () => ({ reason: '更正' }),
  accept_finding: () => ({ reason: '入户核实无误' }),
  reopen_finding: () => ({ reason: '重新核实' }),
  check_archive: () => ({ within: apart.village }),
};
export const queries = { get_rule: () => ({ division: louxing }) };
export const further = { reopen_finding: reopened };
