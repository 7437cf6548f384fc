// tests/api/monitoring_figures.test.mjs - figures of the archive: kept, equal to a recount, of every level, as of a day (M-195 to M-198).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { newCaller } from '../support/admins.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { households, newHousehold, person, today } from '../support/persons.mjs';
import { county, department, louxing, monitor, otherCounty, otherVillage, province, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/monitoring/archive_figures';
const figures = async (query = {}, caller = county) => assertDone(await caller.get(path, { by: 'division', ...query }));

// What stands in the tables and in the figures at one moment, of a division; deltas that are not folded yet count, too.
const counted = (prefix) => rows(`SELECT
  (SELECT json_build_object('households', count(*), 'members', coalesce(sum(member_count), 0), 'monitored', count(object_type), 'eliminated', count(*) FILTER (WHERE eliminated))
     FROM monitoring.household WHERE owner_division LIKE '${prefix}%' AND status = 'active') AS recount,
  (SELECT json_build_object('households', sum(households), 'members', sum(members), 'monitored', sum(monitored), 'eliminated', sum(eliminated)) FROM (
     SELECT households, members, monitored, eliminated FROM monitoring.archive_rollup WHERE measure = 'all' AND level = 5 AND owner_division LIKE '${prefix}%'
     UNION ALL SELECT households, members, monitored, eliminated FROM monitoring.archive_delta WHERE measure = 'all' AND owner_division LIKE '${prefix}%') AS f) AS kept,
  (SELECT count(*) FROM monitoring.member m WHERE m.owner_division LIKE '${prefix}%' AND confirmation = 'unconfirmed' AND left_on IS NULL)::integer AS unconfirmed,
  (SELECT sum(unconfirmed) FROM (SELECT unconfirmed FROM monitoring.archive_rollup WHERE level = 5 AND owner_division LIKE '${prefix}%'
     UNION ALL SELECT unconfirmed FROM monitoring.archive_delta WHERE owner_division LIKE '${prefix}%') AS f)::integer AS kept_unconfirmed,
  (SELECT count(*) FROM monitoring.finding WHERE owner_division LIKE '${prefix}%' AND status = 'open')::integer AS findings,
  (SELECT sum(n) FROM (SELECT findings + findings_of_health + findings_of_minors AS n FROM monitoring.archive_rollup WHERE measure = 'severity' AND level = 5
       AND owner_division LIKE '${prefix}%'
     UNION ALL SELECT findings + findings_of_health + findings_of_minors FROM monitoring.archive_delta WHERE measure = 'severity' AND owner_division LIKE '${prefix}%') AS f)::integer
    AS kept_findings`)[0];

test('M-195: figures are what a recount finds, whatever was changed', async () => {
  const household = await newHousehold([person(), person()]);
  const step = async (body) => {
    const now = assertDone(await county.get(`${households}/${household.id}`));
    assertDone(await county.patch(`${households}/${household.id}`, now.version, { reason: '核实', ...body }));
  };
  await step({ object_type: '3', risks: ['01', '99'], risk_note: '住院', identified_on: '2026-01-10' });
  await step({ risks: ['01'] });
  await step({ household_type: 'lifted', object_type: '1' });
  await step({ household_type: 'general', object_type: null, identified_on: null, risks: [] });
  const leaving = household.people[0];
  assertDone(await county.verb(`/monitoring/members/${leaving.id}:leave`, leaving.version, { left_on: today(), left_how: 'moved_out', reason: '迁出' }));
  const all = counted('43');
  assert.deepEqual(all.kept, all.recount);
  assert.deepEqual([all.kept_unconfirmed, all.kept_findings ?? 0], [all.unconfirmed, all.findings]);
  for (const [measure, sql] of [['household_type', 'household_type'], ['object_type', 'object_type'], ['risk', 'unnest(risks)']]) {
    const now = rows(`WITH kept AS (SELECT key, sum(households)::integer AS n FROM (SELECT key, households FROM monitoring.archive_rollup WHERE measure = '${measure}' AND level = 5
        UNION ALL SELECT key, households FROM monitoring.archive_delta WHERE measure = '${measure}') AS f GROUP BY 1 HAVING sum(households) <> 0),
      recount AS (SELECT key, count(*)::integer AS n FROM (SELECT ${sql} AS key FROM monitoring.household WHERE status = 'active') AS x WHERE key IS NOT NULL GROUP BY 1)
      SELECT (SELECT json_object_agg(key, n ORDER BY key) FROM kept) AS kept, (SELECT json_object_agg(key, n ORDER BY key) FROM recount) AS recount`)[0];
    assert.deepEqual(now.kept, now.recount, measure);
  }
});

test('M-196, M-198: a change is in the figures of every level above, within a minute', async () => {
  const before = await figures({ division: louxing });
  await newHousehold([person()]);
  await within(60_000, async () => (await figures({ division: louxing })).totals.households > before.totals.households);
  const of = async (query, caller) => (await figures(query, caller)).totals.households;
  assert.ok((await of({ division: village })) > 0 && (await of({ division: town }, townOffice)) > 0 && (await of({}, province)) >= (await of({ division: louxing })));
  assert.ok(Date.parse((await figures()).counted_at) > Date.now() - 60_000);
});

test('M-196: by the divisions next below, by type, by risk, by severity', async () => {
  assertDone(await county.patch(`${households}/${(await newHousehold()).id}`, 1, { object_type: '3', risks: ['05'], risk_note: '车祸', identified_on: today(), reason: '纳入' }));
  await within(60_000, async () => (await figures({ by: 'risk', division: louxing })).groups.some((each) => each.key === '05'));
  const below = await figures({ division: louxing });
  assert.deepEqual([below.by, below.division], ['division', louxing]);
  const one = below.groups.find((each) => each.key === town);
  assert.equal(one.name, '涟滨街道');
  assert.equal(below.groups.reduce((sum, each) => sum + each.households, 0), below.totals.households);
  const types = await figures({ by: 'object_type', division: louxing });
  assert.equal(types.groups.find((each) => each.key === '3').name, '突发严重困难户');
  assert.equal(types.groups.reduce((sum, each) => sum + each.households, 0), types.totals.monitored);
  assert.equal((await figures({ by: 'household_type', division: louxing })).groups.find((each) => each.key === 'general').name, '一般农户');
  assert.equal((await figures({ by: 'risk', division: louxing })).groups.find((each) => each.key === '05').name, '因意外事故');
  const severities = await figures({ by: 'severity', division: louxing });
  assert.equal(severities.groups.reduce((sum, each) => sum + each.findings, 0), severities.totals.findings);
});

test('M-196, M-139: how many are not confirmed is told to holders of person.locate', async () => {
  for (const query of [{}, { by: 'household_type' }, { division: louxing }, { as_of: today() }]) {
    const [told, withheld] = [await figures(query, monitor), await figures(query)];
    assert.ok(Number.isInteger(told.totals.unconfirmed) && told.groups.every((each) => Number.isInteger(each.unconfirmed)), JSON.stringify(told.totals));
    assert.ok(withheld.totals.unconfirmed === null && withheld.groups.every((each) => each.unconfirmed === null), JSON.stringify(withheld.totals));
  }
});

test('M-197: as of a day that is gone', async () => {
  const then = await figures({ as_of: '2015-01-01', division: louxing });
  assert.deepEqual([then.as_of, then.totals.households, then.groups], ['2015-01-01', 0, []]);
});

test('M-196: of the caller’s own divisions', async () => {
  assertRefused(await county.get(path, { by: 'division', division: shuangfeng }), 403, 'out_of_scope', { parameter: 'division' });
  assertRefused(await county.get(path), 400, 'bad_parameter', { parameter: 'by' });
  assertRefused(await department.get(path, { by: 'division' }), 403, 'forbidden');
  assert.equal((await figures({}, otherCounty)).division, shuangfeng);
});

test('M-196: a scope of several divisions, as a county and its former codes are, is told by the divisions next below each', async () => {
  const [mine, theirs] = [await newHousehold(), await newHousehold([], { caller: otherCounty, division: otherVillage })];
  assert.ok(mine.id && theirs.id);
  const { caller } = await newCaller(louxing, { role: 'monitoring_office', ranges: [louxing, shuangfeng], lines: null });
  const sum = async () => {
    const [both, here, there] = [await figures({}, caller), await figures({ division: louxing }, caller), await figures({ division: shuangfeng }, caller)];
    assert.equal(both.division, null);
    assert.ok(both.groups.length >= 2 && both.groups.every((each) => /000$/.test(each.key) && !/000000$/.test(each.key)), JSON.stringify(both.groups.map((each) => each.key)));
    const places = (told) => told.groups.map((each) => each.key);
    return JSON.stringify(places(both)) === JSON.stringify([...places(here), ...places(there)].sort()) && both.totals.households > 1 && both.totals.households === here.totals.households + there.totals.households
      && both.groups.reduce((all, each) => all + each.households, 0) === both.totals.households;
  };
  await within(60_000, sum);
  const [byType, of] = [await figures({ by: 'household_type' }, caller), await figures({ by: 'household_type', division: louxing }, caller)];
  assert.ok(byType.groups.find((each) => each.key === 'general').households > of.groups.find((each) => each.key === 'general').households);
});
