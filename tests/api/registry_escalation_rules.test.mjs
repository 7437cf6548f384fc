// tests/api/registry_escalation_rules.test.mjs - by which rules lateness is told one level up: the country's, or all of the nearest division that has its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf, as, uuid } from '../support/client.mjs';
import { rows, run } from '../support/database.mjs';
import { newTown } from '../support/teams.mjs';
import { county, department, louxing, newItem, newList, newOrganisation, newTask, nobodysId, otherCounty, shuangfeng, townOffice, valueItem } from '../support/world.mjs';

const path = '/registry/escalation_rules';
const country = '000000000000';
const own = await newTown(2);
const [village, neighbour] = own.villages.map((v) => v.code);
const body = (more) => ({ owner_division: village, step: 1, red_work_days: 2, levels_up: 1, duty: 'direct', source: '县级办法', ...more });
const newRule = async (more) => assertDone(await county.post(path, body(more)), 201);
const holding = async (division, caller = county) => (await allOf(caller, path, { division })).map((r) => [r.owner_division, r.step, r.red_work_days, r.duty]);

test('R-038: a division with rules of its own is told by these alone, and so are those below it', async () => {
  const usual = await holding(louxing);
  assert.ok(usual.length > 1 && usual.every(([owner]) => owner === country));
  const first = await newRule({ owner_division: own.code });
  assertRecord(first, { owner_division: own.code, step: 1, red_work_days: 2, levels_up: 1, duty: 'direct', assumed: false, source: '县级办法', version: 1 });
  assert.deepEqual(await holding(neighbour), [[own.code, 1, 2, 'direct']]);
  await newRule({ owner_division: own.code, step: 2, red_work_days: 8, duty: 'first_responsible' });
  assert.deepEqual(await holding(neighbour), [[own.code, 1, 2, 'direct'], [own.code, 2, 8, 'first_responsible']]);
  const nearest = await newRule({ red_work_days: 4 });
  assert.deepEqual(await holding(village), [[village, 1, 4, 'direct']]);
  const changed = assertDone(await county.patch(`${path}/${nearest.id}`, 1, { red_work_days: 6, levels_up: 0, duty: 'main_body' }));
  assertRecord(changed, { red_work_days: 6, levels_up: 0, duty: 'main_body', step: 1, version: 2 });
  assertRefused(await county.patch(`${path}/${nearest.id}`, 1, { red_work_days: 7 }), 412, 'stale');
  assertDone(await county.verb(`${path}/${nearest.id}:withdraw`, 2));
  assert.deepEqual((await holding(village))[0], [own.code, 1, 2, 'direct']);
  assert.deepEqual(await holding(louxing), usual);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record_id = '${nearest.id}'`)[0].n, 3);
});

test('R-038: once a step, within bounds, of a division that is there', async () => {
  const rule = await newRule({ owner_division: neighbour });
  assertRefused(await county.post(path, body({ owner_division: neighbour })), 409, 'duplicate', { pointer: '/step' });
  assertRefused(await county.post(path, body({ id: rule.id, step: 3 })), 409, 'duplicate', { pointer: '/id' });
  for (const [more, pointer] of [[{ step: 0 }, '/step'], [{ red_work_days: -1 }, '/red_work_days'], [{ levels_up: 5 }, '/levels_up'], [{ duty: 'helper' }, '/duty'], [{ owner_division: '431302999999' }, '/owner_division']])
    assertRefused(await county.post(path, body({ step: 4, ...more })), 422, 'invalid', { pointer });
});

test('R-038: who was told by a rule stays told: it is changed, not withdrawn; the country\'s neither', async () => {
  const rule = await newRule({ owner_division: neighbour, step: 2 });
  const item = await newItem(valueItem(await newTask(await newList()), await newOrganisation()));
  run(`INSERT INTO registry.escalation (id, owner_division, item_id, step, rule_id, on_day, due_on, late_work_days, to_division, to_post_ids, created_at)
       VALUES ('${uuid()}', '${louxing}', '${item.id}', 2, '${rule.id}', '2020-01-10', '2020-01-01', 7, '${louxing}', '{}', now())`);
  assertRefused(await county.verb(`${path}/${rule.id}:withdraw`, 1), 409, 'state_conflict');
  assertRecord(assertDone(await county.patch(`${path}/${rule.id}`, 1, { red_work_days: 366 })), { red_work_days: 366 });
  const [held] = await allOf(county, path, { division: louxing });
  assertRefused(await as('province_office').verb(`${path}/${held.id}:withdraw`, held.version), 403, 'out_of_scope');
});

test('R-038: kept within the own divisions by whoever keeps the cadence, read from below', async () => {
  const rule = await newRule({ owner_division: neighbour, step: 5 });
  assertRefused(await townOffice.post(path, body({ step: 6 })), 403, 'forbidden');
  assertRefused(await department.post(path, body({ step: 6 })), 403, 'forbidden');
  assertRefused(await county.post(path, body({ owner_division: shuangfeng, step: 6 })), 403, 'out_of_scope', { pointer: '/owner_division' });
  assertRefused(await otherCounty.get(`${path}/${rule.id}`), 404, 'not_found');
  assertRefused(await otherCounty.patch(`${path}/${rule.id}`, 1, { red_work_days: 9 }), 404, 'not_found');
  assertRefused(await county.get(`${path}/${nobodysId()}`), 404, 'not_found');
  assert.ok((await holding(louxing, townOffice)).length > 1);
});
