// A functional area reaches the towns that it administers: in lists, searches, runs and figures of the archive (M-048).
import assert from 'node:assert/strict';
import test from 'node:test';
import { within } from '../support/accounts.mjs';
import { assertDone, assertRecord } from '../support/assert.mjs';
import { allOf, as, unique } from '../support/client.mjs';
import { freshTown, households, newSound } from '../support/rules.mjs';
import { county, freshCode, louxing, monitor } from '../support/world.mjs';
import { range } from '../support/taken.mjs';

const codes = function* codes() { for (const n of range(10, 99)) yield `431302F${n}000`; };

test('M-048: within a functional area', async () => {
  const inside = await freshTown();
  const outside = await freshTown();
  const area = await freshCode('areas', codes());
  const loaded = await as('system_admin').load('/registry/divisions:import', { valid_from: '2010-01-01' }, `code,name,kind,members\n${area},${unique('新区')},functional_area,${inside.town}\n`);
  assert.equal(loaded.status, 200, JSON.stringify(loaded));
  const address = unique('新区二组');
  const mine = await newSound({ owner_division: inside.village, address }, { head: { work_income: '50' } });
  const others = await newSound({ owner_division: outside.village, address }, { head: { work_income: '50' } });
  const ids = async (path, query) => (await allOf(county, path, { within: area, ...query })).map((each) => each.household_id ?? each.id);
  assert.deepEqual(await ids(households), [mine.household.id]);
  assert.deepEqual(await ids(households, { text: address }), [mine.household.id]);
  assert.deepEqual(await ids(households, { name_prefix: mine.household.head_name }), [mine.household.id]);
  assert.deepEqual(new Set(await ids('/monitoring/members')), new Set([mine.household.id]));
  assert.deepEqual(new Set(await ids('/monitoring/findings')), new Set([mine.household.id]));
  assert.ok(!(await ids('/monitoring/findings')).includes(others.household.id));
  const year = new Date(Date.now() + 8 * 3600_000).getUTCFullYear();
  for (const [path, fields] of [['three_guarantees', { dropout: false }], ['incomes', { amounts: { a1: '90000' } }], ['living_conditions', { house_area: '96' }]]) {
    for (const of of [mine, others]) assertDone(await county.post(`/monitoring/${path}`, { household_id: of.household.id, year, stage: 'yearly', ...fields }), 201);
    assert.deepEqual(await ids(`/monitoring/${path}`), [mine.household.id]);
  }
  const job = assertDone(await monitor.post('/monitoring/households:check', { within: area }), 202);
  let ended;
  await within(60_000, async () => { ended = assertDone(await monitor.get(`/monitoring/jobs/${job.id}`)); return ended.status === 'done'; });
  assertRecord(ended.result, { households: 1 });
  const figures = async (by) => assertDone(await county.get('/monitoring/archive_figures', { by, division: area }));
  await within(60_000, async () => (await figures('division')).totals.households === 1);
  const told = await figures('division');
  assert.deepEqual(told.groups.map((each) => [each.key, each.households]), [[inside.town, 1]]);
  assert.deepEqual((await figures('household_type')).groups.map((each) => [each.key, each.households]), [['general', 1]]);
  assert.ok(area.startsWith(louxing.slice(0, 6)));
});
