// What the rules say of health and of children's schooling, to whom (M-108): refusals, events, figures, results of runs.
import assert from 'node:assert/strict';
import test from 'node:test';
import { within } from '../support/accounts.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf } from '../support/client.mjs';
import { rows } from '../support/database.mjs';
import { findingsOf, freshTown, households, idOf, newSound, openRules, soundBody, yearsAgo } from '../support/rules.mjs';
import { county, monitor, townOffice, village } from '../support/world.mjs';

const members = '/monitoring/members';
const now = async (place) => assertDone(await county.get(place));
const patch = async (caller, member, change) => caller.patch(`${members}/${member.id}`, (await now(`${members}/${member.id}`)).version, change);

test('M-108: an error about health of somebody is told to who may see it, and recorded behind the back of who may not', async () => {
  const number = idOf('1', yearsAgo(45, 40));
  const { household, head: carded } = await newSound({}, { head: { id_number: number, disability_card: `${number}44`, health: 'disabled' } });
  const other = { id_number: idOf('1', yearsAgo(45, 50)) };
  const told = assertRefused(await patch(county, carded, other), 422, 'invalid', { code: '1_12_004', severity: 'error', pointer: '/id_number' });
  assert.equal(told.errors.find((each) => each.code === '1_12_004').record, `/members/${carded.id}/disability_card`);
  const rehearsed = assertDone(await townOffice.patch(`${members}/${carded.id}`, carded.version, other, { query: { validate_only: true } }));
  assert.ok(!JSON.stringify(rehearsed).includes('1_12_004'));
  assertDone(await patch(townOffice, carded, other));
  const [error] = (await findingsOf(household.id)).filter((each) => each.rule === '1_12_004');
  assertRecord(error, { severity: 'error', status: 'open', member_id: carded.id });
  assert.deepEqual(await findingsOf(household.id, { rule: '1_12_004' }, townOffice), []);
  assertDone(await patch(townOffice, carded, { politics: '13' }));
  assertRefused(await patch(county, carded, { politics: '12' }), 422, 'invalid', { code: '1_12_004', pointer: '' });
});

test('M-108: who has said it is told, whatever the own rights', async () => {
  const { head: one } = await newSound();
  const card = `${idOf('1', yearsAgo(44, 40))}44`;
  assertRefused(await patch(townOffice, one, { disability_card: card }), 422, 'invalid', { code: '1_12_004', severity: 'error', pointer: '/disability_card' });
  assertRefused(await townOffice.post(households, soundBody({}, { spouse: { disability_card: card } })), 422, 'invalid',
    { code: '1_12_004', severity: 'error', pointer: '/members/1/disability_card' });
});

test('M-108: of a child\'s schooling: what was not said is not told by an error', async () => {
  const { household, child } = await newSound();
  assertRefused(await patch(county, child, { education: 'primary' }), 422, 'invalid', { code: '3_12_004', pointer: '/education' });
  assertDone(await patch(townOffice, child, { education: 'primary' }));
  assert.deepEqual(await openRules(household.id, townOffice), []);
  assert.ok((await openRules(household.id)).includes('3_12_004'));
  const all = { student_status: 'primary', education: 'primary', not_in_school: null };
  assertRefused(await patch(townOffice, child, all), 422, 'invalid', { code: '3_12_004', severity: 'error', pointer: '/student_status' });
});

test('M-108: that nobody in a household is ill tells of their health, too', async () => {
  const { household } = await newSound({ object_type: '2', risks: ['03'], identified_on: yearsAgo(2) });
  assert.ok((await openRules(household.id)).includes('2_11_001'));
  assert.ok(!(await openRules(household.id, townOffice)).includes('2_11_001'));
});

test('M-108: events of such findings go to who may see them', async () => {
  const { head } = assertDone(await county.get('/monitoring/events', { after: 0, limit: 1 }));
  const { household } = await newSound({}, { head: { health: 'disabled', work_income: '50' }, child: { student_status: 'senior_1' } });
  const of = Object.fromEntries((await findingsOf(household.id)).map((each) => [each.rule, each.id]));
  const heard = async (caller) => {
    const found = new Map();
    for (let after = head; ;) {
      const page = assertDone(await caller.get('/monitoring/events', { after, limit: 500 }));
      page.items.filter((each) => Object.values(of).includes(each.id)).forEach((each) => found.set(each.id, each.kind));
      if (page.items.length === 0) return found;
      after = page.items.at(-1).seq;
    }
  };
  await within(60_000, async () => rows(`SELECT count(*)::integer AS n FROM monitoring.event WHERE id IN (${Object.values(of).map((id) => `'${id}'`).join(',')})`)[0].n === 4);
  const county_ = await heard(county);
  assert.deepEqual([county_.get(of['4_12_003']), county_.get(of['9_03_003']), county_.get(of['5_16_001'])], ['finding_of_health', 'finding_of_minor', 'finding']);
  const office = await heard(townOffice);
  assert.deepEqual([office.has(of['4_12_003']), office.has(of['9_03_003']), office.get(of['5_16_001'])], [false, false, 'finding']);
  const health = (await findingsOf(household.id)).find((each) => each.rule === '4_12_003');
  assertDone(await monitor.verb(`/monitoring/findings/${health.id}:accept`, health.version, { reason: '已核实' }));
  const [told] = rows(`SELECT record FROM (SELECT kind AS record, id, version FROM monitoring.event UNION ALL SELECT record, record_id, version FROM monitoring.outbox) AS e
    WHERE id = '${health.id}' AND version = 2`);
  assert.equal(told.record, 'finding_of_health');
  const [audited] = rows(`SELECT body, before FROM monitoring.audit_log WHERE record_id = '${health.id}' AND version = 2`);
  assert.ok(!JSON.stringify(audited).includes('4_12_003') && !JSON.stringify(audited).includes('残疾'), JSON.stringify(audited));
});

test('M-108: figures and results of runs count them for nobody else', async () => {
  const apart = await freshTown();
  const { household } = await newSound({ owner_division: apart.village }, { head: { health: 'disabled', work_income: '50' }, child: { student_status: 'senior_1' } });
  assert.equal((await findingsOf(household.id)).length, 4);
  const figures = async (caller, division, by = 'severity') => assertDone(await caller.get('/monitoring/archive_figures', { by, division })).totals.findings;
  await within(60_000, async () => (await figures(county, apart.town)) === 4);
  assert.equal(await figures(county, apart.town, 'division'), 4);
  const mine = await newSound({ owner_division: village }, { head: { health: 'disabled' } });
  assert.equal((await findingsOf(mine.household.id)).length, 1);
  const both = async () => [await figures(county, village), await figures(townOffice, village)];
  await within(60_000, async () => rows('SELECT count(*)::integer AS n FROM monitoring.archive_delta')[0].n === 0 && (([all, some]) => all > some)(await both()));
  const job = assertDone(await monitor.post('/monitoring/households:check', { within: apart.town }), 202);
  let ended;
  await within(60_000, async () => { ended = assertDone(await monitor.get(`/monitoring/jobs/${job.id}`)); return ended.status === 'done'; });
  assertRecord(ended.result, { households: 1, errors: 0, warnings: 1, alerts: 1 });
  assert.equal((await allOf(county, '/monitoring/findings', { within: apart.town })).length, 4);
});
