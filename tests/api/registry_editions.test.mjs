// tests/api/registry_editions.test.mjs - which edition of a list counts on which day, told alike by what is late, by the figures that are kept and by those that are
// counted, in a county of the test's own; and what is told of urgings and work orders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { daysOn, nextYear } from '../support/days.mjs';
import { freshCity, loadDivisions, office } from '../support/offices.mjs';
import { isLateOn, pausedFrom } from '../support/pauses.mjs';
import { folded, recount } from '../support/rollups.mjs';
import { advance, listPath, newItem, newOrganisation, newTask, step, valueItem } from '../support/world.mjs';

const city = await freshCity(), county = `${city}21000000`, town = `${city}21100000`;
await loadDivisions([[city, '某市', '', '', ''], [county, '某县', '', '', ''], [town, '某镇', '', '', '']]);
const government = await office(county), below = await office(town, { kind: 'town', role: 'town_office' });
const lists = '/registry/duty_lists', year = 2025;
const [today, yesterday] = [daysOn(0), daysOn(-1)];
const dueDays = ['2025-06-30', '2025-09-30', '2025-12-31'];

const draftOf = async (caller, division, body = {}) => assertDone(await caller.post(lists, { owner_division: division, year, title: '清单', ...body }), 201);
async function fill(list, caller, unit, days = dueDays) {
  for (const due_on of days) await newItem(valueItem(await newTask(list, {}, caller), { id: unit }, { due_on }), caller);
  return list;
}
const inForce = (list, caller) => advance(list, 'bring_into_force', caller);
const revise = async (list, caller) => assertDone(await caller.post(`${listPath(list)}:revise`, { reason: '调整' }), 201);
const itemsOf = (list, caller) => allOf(caller, '/registry/items', { duty_list_id: list.id, sort: 'due_on' });

const sum = (groups, member) => groups.reduce((total, g) => total + g[member], 0);
async function rolledUp(caller, division, as_of, by) {
  return assertDone(await caller.get('/registry/rollups/items', { division, as_of, by })).groups;
}
const figuresOf = async (caller, division, until) =>
  Object.fromEntries(assertDone(await caller.get('/registry/figures', { division, from: `${until.slice(0, 4)}-01-01`, until })).figures.map((f) => [f.code, f.value]));

// What each says of a day, held against the items themselves: how many there are, and how many of them are late.
async function agree(caller, division, as_of, expected) {
  await folded();
  const [late, by_unit, by_division, figures] = [await allOf(caller, '/registry/overdue_items', { as_of }), await rolledUp(caller, division, as_of, 'unit'),
    await rolledUp(caller, division, as_of, 'division'), await figuresOf(caller, division, as_of)];
  const told = { overdue: late.length, unit: [sum(by_unit, 'items'), sum(by_unit, 'late')], division: [sum(by_division, 'items'), sum(by_division, 'late')],
    figures: [Number(figures.items), Number(figures.items_late)] };
  const counted = recount(as_of, division.slice(0, 6), 'i.owner_division::text');
  const [items, tardy] = [sum(counted, 'items'), sum(counted, 'late')];
  assert.deepEqual([items, tardy], expected, `${as_of}: the items themselves`);
  assert.deepEqual(told, { overdue: tardy, unit: [items, tardy], division: [items, tardy], figures: [items, tardy] }, as_of);
}

test('R-138: overdue items, figures kept and figures counted say the same of every day, whenever the list came in force', async () => {
  const code = `${city}22000000`;
  await loadDivisions([[code, '甲县', '', '', '']]);
  const caller = await office(code);
  const list = await fill(await draftOf(caller, code), caller, caller.unit_id);
  await agree(caller, code, '2025-10-31', [0, 0]);
  await inForce(list, caller);
  for (const [day, expected] of [['2024-12-31', [0, 0]], ['2025-01-01', [3, 0]], ['2025-07-01', [3, 1]], ['2025-10-31', [3, 2]], ['2026-01-31', [3, 3]], [yesterday, [3, 3]], [today, [3, 3]]])
    await agree(caller, code, day, expected);
});

test('R-138: a revision counts neither as a draft nor discarded, and once in force it alone, from that day on; lateness of former days stays', async () => {
  const code = `${city}23000000`;
  await loadDivisions([[code, '乙县', '', '', '']]);
  const caller = await office(code);
  const first = await inForce(await fill(await draftOf(caller, code), caller, caller.unit_id), caller);
  const before = [['2025-07-31', [3, 1]], ['2025-10-31', [3, 2]], [yesterday, [3, 3]]];
  const former = async () => { for (const [day, expected] of before) await agree(caller, code, day, expected); };
  const draft = await revise(first, caller);
  await agree(caller, code, today, [3, 3]);
  assertDone(await caller.verb(`${listPath(draft)}:discard`, draft.version));
  await agree(caller, code, today, [3, 3]);

  const second = await revise(first, caller);
  const [moved] = await itemsOf(second, caller);
  assertDone(await caller.patch(`/registry/items/${moved.id}`, moved.version, { due_on: nextYear('06-30') }));
  await fill(second, caller, caller.unit_id, [nextYear('03-31')]);
  await agree(caller, code, today, [3, 3]);
  const forced = await inForce(second, caller);
  await agree(caller, code, today, [4, 2]);
  await former();
  const third = await revise(forced, caller);
  await agree(caller, code, today, [4, 2]);
  await inForce(third, caller);
  await agree(caller, code, today, [4, 2]);
  await former();
});

test('R-138: a unit\'s list counts beside its division\'s, by its own editions', async () => {
  const code = `${city}24000000`;
  await loadDivisions([[code, '丙县', '', '', '']]);
  const caller = await office(code);
  const unit = await newOrganisation({ owner_division: code }, caller);
  await inForce(await fill(await draftOf(caller, code), caller, caller.unit_id), caller);
  const own = await inForce(await fill(await draftOf(caller, code, { organisation_id: unit.id }), caller, unit.id, ['2025-06-30', '2025-09-30']), caller);
  await agree(caller, code, today, [5, 5]);
  const next = await revise(own, caller);
  await agree(caller, code, today, [5, 5]);
  await inForce(next, caller);
  await agree(caller, code, today, [5, 5]);
  await agree(caller, code, '2025-07-31', [5, 2]);
  const units = await rolledUp(caller, code, today, 'unit');
  assert.deepEqual(units.map((g) => [g.key, g.items, g.late]).sort(), [[caller.unit_id, 3, 3], [unit.id, 2, 2]].sort());
});

test('R-138: a closed list counts on as closed, until another edition comes in force', async () => {
  const code = `${city}25000000`;
  await loadDivisions([[code, '丁县', '', '', '']]);
  const caller = await office(code);
  const list = await inForce(await fill(await draftOf(caller, code), caller, caller.unit_id), caller);
  assertDone(await caller.verb(`${listPath(list)}:close`, list.version));
  await agree(caller, code, today, [3, 3]);
  const states = async (day) => (await rolledUp(caller, code, day, 'state')).map((g) => [g.key, g.items, g.late]);
  assert.deepEqual(await states(today), [['closed', 3, 3]]);
  assert.deepEqual(await states(yesterday), [['in_force', 3, 3]]);
  await inForce(await fill(await draftOf(caller, code), caller, caller.unit_id, ['2025-06-30']), caller);
  await agree(caller, code, today, [1, 1]);
  await agree(caller, code, yesterday, [3, 3]);
  assert.deepEqual(await states(today), [['in_force', 1, 1]]);
});

// Due on the same day: paused over it, paused while it goes on from before it, and from behind it, paused today, and never.
test('R-031, R-138: pauses count wherever lateness is told, of every day, and go on in the next edition; completion says what was late of an edition on days that it counted for', async () => {
  const code = `${city}26000000`, due_on = '2025-09-30';
  await loadDivisions([[code, '戊县', '', '', '']]);
  const caller = await office(code);
  const unit = await newOrganisation({ owner_division: code }, caller);
  const draft = await fill(await draftOf(caller, code), caller, caller.unit_id, Array(3).fill(due_on));
  const first = await inForce(await fill(draft, caller, unit.id, Array(2).fill(due_on)), caller);
  const of = async (lead) => allOf(caller, '/registry/items', { duty_list_id: first.id, lead_organisation_id: lead });
  const [over, on, never] = await of(caller.unit_id), [behind, now] = await of(unit.id);
  pausedFrom(over, '2025-09-29', '2025-10-13');
  pausedFrom(on, '2025-09-29');
  pausedFrom(behind, '2025-10-11');
  assertDone(await caller.verb(`/registry/items/${now.id}:pause`, now.version, { reason: '汛期停工' }));
  const own = [[['2025-09-29', '2025-10-13']], [['2025-09-29']], []], others = [[['2025-10-11']], [[today]]];
  const lateOf = (some, day) => some.filter((pauses) => isLateOn(day, due_on, pauses)).length;
  const days = [['2025-09-30', 0, 0], ['2025-10-08', 0, 0], ['2025-10-09', 1, 2], ['2025-10-14', 1, 2], ['2025-10-15', 2, 2], [yesterday, 2, 2], [today, 2, 2]];
  const completion = async (list, as_of) => {
    const { groups } = assertDone(await caller.get(`${listPath(list)}/completion`, { by: 'unit', as_of }));
    return [caller.unit_id, unit.id].map((id) => groups.find((g) => g.id === id).late);
  };
  const agreed = async (list) => {
    for (const [day, ...late] of days) {
      assert.deepEqual([lateOf(own, day), lateOf(others, day)], late, `${day}: by the calendar`);
      await agree(caller, code, day, [5, late[0] + late[1]]);
      const units = await rolledUp(caller, code, day, 'unit');
      assert.deepEqual([caller.unit_id, unit.id].map((id) => units.find((g) => g.key === id).late), late, day);
      assert.deepEqual(await completion(list(day), day), late, day);
    }
  };
  await agreed(() => first);
  const second = await inForce(await revise(first, caller), caller);
  await agreed((day) => (day === today ? second : first));
  assert.deepEqual([await completion(first, today), await completion(second, yesterday)], [[0, 0], [0, 0]]);
});

test('R-138: the day from which an edition counts is that of its earliest item, whether or not who brings it in force sees that', async () => {
  const code = `${city}27000000`;
  await loadDivisions([[code, '己县', '', '', '']]);
  const [caller, limited] = [await office(code), await office(code, { line: 'water', lines: '{water}' })];
  const unit = await newOrganisation({ owner_division: code, line: 'agriculture' }, caller);
  const draft = await fill(await draftOf(caller, code), caller, limited.unit_id, dueDays.slice(1));
  await newItem(valueItem(await newTask(draft, {}, caller), unit, { starts_on: '2024-10-08', due_on: '2024-12-02' }), caller);
  const list = await step(await advance(draft, 'file', caller), 'bring_into_force', limited);
  const seen = async (of) => (await itemsOf(list, of)).map((item) => item.lead_organisation_id === unit.id);
  assert.deepEqual([await seen(limited), await seen(caller)], [[false, false], [true, false, false]]);
  assert.deepEqual(rows(`SELECT holds_from::text, holds_until::text FROM registry.duty_list WHERE id = '${list.id}'`), [{ holds_from: '2024-10-08', holds_until: 'infinity' }]);
  for (const [day, late] of [['2024-12-02', 0], ['2024-12-03', 1], ['2025-10-31', 2]]) await agree(caller, code, day, [3, late]);
});

test('R-190: urgings and work orders are told of who gave them, and of whom they were given to', async () => {
  for (const n of [1, 2]) {
    assertDone(await government.post('/registry/urgings', { addressee_organisation_id: below.unit_id, matter: `督办${n}` }), 201);
    assertDone(await government.post('/registry/work_orders', { addressee_organisation_id: below.unit_id, matter: `指令${n}`, due_on: nextYear('06-30') }), 201);
  }
  const told = async (caller, division) => {
    const { urgings, urgings_received, work_orders, work_orders_received } = await figuresOf(caller, division, today);
    return [urgings, urgings_received, work_orders, work_orders_received];
  };
  assert.deepEqual(await told(government, county), ['2', '2', '2', '2']);
  assert.deepEqual(await told(below, town), ['0', '2', '0', '2']);
  const ofUnit = (unit) => ['urgings', 'urgings_received', 'work_orders', 'work_orders_received'].map((code) =>
    Number(rows(`SELECT registry.figure_value('${code}', '${county}', '${unit}', '2020-01-01', '${daysOn(1)}') AS n`)[0].n));
  assert.deepEqual([ofUnit(government.unit_id), ofUnit(below.unit_id)], [[2, 0, 2, 0], [0, 2, 0, 2]]);
});

test('R-190: a time that ends before it begins is refused by its name', async () => {
  const ask = (query) => government.get('/registry/figures', { division: county, ...query });
  assertRefused(await ask({ from: '2026-06-30', until: '2026-01-01' }), 400, 'bad_parameter', { parameter: 'until' });
  assertRefused(await ask({ from: nextYear('01-01') }), 400, 'bad_parameter', { parameter: 'from' });
  assertRecord(assertDone(await ask({ from: '2026-01-01', until: '2026-01-01' })), { from: '2026-01-01', until: '2026-01-01' });
});
