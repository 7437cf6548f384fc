// tests/api/registry_rollup.test.mjs - figures of items that are kept: equal to a recount after changes of every kind, by state, unit, division
// and lateness, inside the caller's scope and lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { folded, recount } from '../support/rollups.mjs';
import { confirmed, county, department, listInForce, louxing, milestoneItem, newItem, newList, newOrganisation, newTask, otherCounty, prefecture, province, shuangfeng, town,
  townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/rollups/items';
const day = '2026-06-30';
const townUnit = await unitOf('town_office');
const groups = async (caller, query) => assertDone(await caller.get(path, { as_of: day, ...query })).groups;
const bare = (list) => list.map(({ key, items, done, late }) => ({ key, items, done, late }));

// Suites run beside this one and change items, too: equal at one moment is enough.
async function equalsRecount(caller, query, prefix, key) {
  for (let tries = 0; ; tries++) {
    await folded();
    const [kept, counted] = [bare(await groups(caller, query)), recount(day, prefix, key)];
    try {
      assert.deepEqual(kept, counted);
      return;
    } catch (error) {
      if (tries >= 20) throw error;
    }
  }
}

test('R-060: figures equal a recount after items were made, done, corrected, and their list moved on', async (t) => {
  const [water, own] = [await newOrganisation({ line: 'water' }), await newOrganisation()];
  const { list, items: [first] } = await listInForce([(task) => valueItem(task, townUnit), (task) => valueItem(task, own), (task) => valueItem(task, water)]);
  await confirmed(first, { value: '10', reported_on: '2025-08-01' });
  const draft = await newList();
  const item = await newItem(milestoneItem(await newTask(draft), own));
  assertDone(await county.patch(`/registry/items/${item.id}`, item.version, { title: '新', due_on: '2025-12-31' }));
  const lag = await folded();
  t.diagnostic(`folded after ${lag.toFixed(1)} s`);
  await equalsRecount(county, { by: 'state', division: louxing }, '431302', 'l.state');
  await equalsRecount(county, { by: 'unit', division: louxing }, '431302', 'i.lead_organisation_id::text');
  await equalsRecount(county, { by: 'division', division: louxing }, '431302', 'i.owner_division::text');
  await equalsRecount(prefecture, { by: 'division' }, '4313', 'i.owner_division::text');
  assertDone(await county.verb(`/registry/duty_lists/${list.id}:close`, list.version));
  await equalsRecount(county, { by: 'state', division: louxing }, '431302', 'l.state');
  const unit = (await groups(county, { by: 'unit', division: louxing })).find((g) => g.key === own.id);
  assertRecord(unit, { name: own.name, items: 1, done: 0, late: 1 }); // the draft's does not count
});

test('R-061: lateness adds up to the same', async () => {
  const told = (by) => groups(county, { by, division: louxing });
  let late, all, again;
  for (let tries = 0; tries < 100; tries++) { // what is told before and behind alike was so in between, whatever other suites change
    await folded();
    [late, all, again] = [await told('lateness'), await told('division'), await told('lateness')];
    if (isDeepStrictEqual(late, again)) break;
  }
  const sum = (list, member) => list.reduce((total, g) => total + g[member], 0);
  assert.deepEqual(late.map((g) => g.key).filter((key) => !['done', 'late', 'open'].includes(key)), []);
  assert.equal(sum(late, 'items'), sum(all, 'items'));
  assert.ok(sum(late, 'late') > 0);
});

test('R-061: scope and lines cut figures as they cut items', async () => {
  const [water, none] = [await newOrganisation({ line: 'water' }), await newOrganisation()];
  await listInForce([(t) => valueItem(t, water), (t) => valueItem(t, none)]);
  await folded();
  const units = async (caller) => (await groups(caller, { by: 'unit' })).map((g) => g.key);
  assert.ok((await units(county)).includes(water.id));
  assert.ok((await units(province)).includes(water.id));
  assert.ok(!(await units(otherCounty)).includes(water.id));
  const seen = await units(department);
  assert.ok(!seen.includes(water.id) && seen.includes(none.id), 'a department of agriculture');
  assertRefused(await otherCounty.get(path, { by: 'unit', division: louxing }), 403, 'out_of_scope');
  assert.deepEqual(await groups(townOffice, { by: 'division', division: town }).then((g) => g.map((x) => x.key).filter((key) => key !== town && !key.startsWith('431302006'))), []);
  assert.ok((await groups(otherCounty, { by: 'division' })).every((g) => g.key.startsWith(shuangfeng.slice(0, 6))));
});

test('what is asked wrongly is refused, and the answer says how old it is', async () => {
  assertRefused(await county.get(path), 400, 'bad_parameter', { parameter: 'by' });
  assertRefused(await county.get(path, { by: 'task' }), 400, 'bad_parameter', { parameter: 'by' });
  const body = assertDone(await county.get(path, { by: 'state' }));
  assertRecord(body, { by: 'state' }, ['as_of', 'by', 'counted_at', 'groups']);
  assert.ok(Date.now() - Date.parse(body.counted_at) < 60_000);
  assert.ok(assertDone(await county.get(path, { by: 'state', division: louxing, as_of: day })).as_of === day);
  assertRefused(await county.get(path, { by: 'lateness', as_of: '2199-01-01' }), 422, 'invalid');
});
