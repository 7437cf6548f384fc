// Every error of the catalogue through HTTP: a change of a household in order is refused with 422, names the rule and the place, and changes nothing. M-105
import assert from 'node:assert/strict';
import test from 'node:test';
import { allOf } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { errors } from '../support/rule_cases.mjs';
import { freshTown, households, newSound } from '../support/rules.mjs';
import { county, monitor, village } from '../support/world.mjs';

const year = new Date(Date.now() + 8 * 3600_000).getUTCFullYear();
const apart = await freshTown();
assertDone(await monitor.post('/monitoring/monitoring_lines', { owner_division: apart.town, year, amount: '8000' }), 201);

// M-105: what the body itself says, by a JSON pointer; undefined: nothing is there.
const said = (body, pointer) => pointer.split('/').slice(1).reduce((at, name) => at?.[name], body);

const placeOf = (each, sound) => (each.who === 'household' ? `${households}/${sound.household.id}` : `/monitoring/members/${sound[each.who].id}`);

for (const each of errors.filter((one) => !one.shared)) {
  test(`${each.code} is refused${each.unreachable ? `: not yet, for want of ${each.unreachable}` : ''}`, { skip: each.unreachable !== undefined }, async () => {
    const sound = await newSound({ ...each.first, owner_division: each.line ? apart.village : village }, each.people);
    for (const [path, fields] of each.blocks ?? []) assertDone(await county.post(`/monitoring/${path}`, { household_id: sound.household.id, ...fields }), 201);
    const place = placeOf(each, sound);
    const before = assertDone(await county.get(place));
    const change = typeof each.change === 'function' ? each.change() : { ...each.change };
    const answer = await county.patch(place, before.version, change);
    if (each.sooner) return void assertRefused(answer, 422, 'invalid', { code: each.sooner });
    const problem = assertRefused(answer, 422, 'invalid', { code: each.code, severity: 'error' });
    const [found] = problem.errors.filter((error) => error.code === each.code);
    for (const error of problem.errors) assert.notEqual(said(change, error.pointer), undefined, `${error.code} points at ${error.pointer}`);
    assert.ok(each.aside || found.pointer !== '', 'it names a field of the change');
    assert.match(found.record, each.who === 'household' ? /^\// : /^\/(members|$)/);
    assert.ok(found.detail.length > 3 && !found.detail.includes('{'), found.detail);
    assert.equal(assertDone(await county.get(place)).version, before.version);
  });
}

test('a household that breaks many rules is told of all of them in one answer, and none is stored', async () => {
  const { household, head, child } = await newSound();
  const answer = await county.patch(`/monitoring/members/${head.id}`, head.version,
    { ethnicity: null, labour: null, education: null, employee_medical: true, serious_illness_insurance: null, work_income: '50', public_post_months: 3 });
  const problem = assertRefused(answer, 422, 'invalid', ...['2_01_002', '3_01_001', '3_01_002', '2_12_015', '9_10_001'].map((code) => ({ code, severity: 'error' })),
    { code: '5_16_001', severity: 'warning', pointer: '/work_income', record: `/members/${head.id}/work_income` }, { code: '1111_12', severity: 'alert' }, { code: '3_01_006', severity: 'warning' });
  const severities = problem.errors.map((error) => error.severity);
  assert.deepEqual(severities, [...severities].sort((a, b) => (a === 'error' ? 0 : 1) - (b === 'error' ? 0 : 1)));
  assert.deepEqual(await allOf(county, '/monitoring/findings', { household_id: household.id }), []);
  assert.equal(assertDone(await county.get(`/monitoring/members/${child.id}`)).version, child.version);
});
