// tests/api/registry_chain.test.mjs - one chain of responsibility: who answers at every level on a day, why, and what is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { run } from '../support/database.mjs';
import { newClauses, newDuty } from '../support/documents.mjs';
import { freshCity, loadDivisions, office } from '../support/offices.mjs';
import { county as louxingOffice, townOffice } from '../support/world.mjs';

const city = await freshCity(), county = `${city}21000000`, [old, now] = [`${city}21100000`, `${city}21101000`], [before, after] = [`${city}21100001`, `${city}21101201`];
await loadDivisions([[city, '某市', '', '', ''], [county, '某县', '', '', ''], [old, '旧镇', '', '', ''], [now, '新镇', '', '', ''], [before, '移村', '', '', ''], [`${city}21100002`, '留村', '', '', '']]);
const prefecture = await office(`${city}00000000`, { role: 'prefecture_office', name: '市政府' });
const government = await office(county, { name: '县政府' });
const [oldTown, newTown] = [await office(old, { kind: 'town', role: 'town_office', name: '旧镇政府' }), await office(now, { kind: 'town', role: 'town_office', name: '新镇政府' })];
await loadDivisions([[after, '移村', '', '', before]], '2025-07-01');
const villageOffice = await office(after, { kind: 'village', role: 'village_worker', name: '移村村委会' });
const chain = async (division, query = {}, caller = government) => assertDone(await caller.get('/registry/chain', { division, ...query }));
const level = (answer, code) => answer.levels.find((l) => l.division === code);
const gaps = (answer, kind) => answer.gaps.filter((g) => g.kind === kind);

test('R-250, R-254: every level of a village on a day, the lowest first, with who held its posts', async () => {
  const answer = await chain(after, { as_of: '2026-03-01' }, prefecture);
  assert.deepEqual(answer.levels.map((l) => [l.level, l.division, l.relation]),
    [[5, after, 'self'], [4, now, 'above'], [3, county, 'above'], [2, `${city}00000000`, 'above'], [1, `${city.slice(0, 2)}0000000000`, 'above']]);
  assertRecord(level(answer, now).posts[0], { post_id: newTown.post_id, organisation: '新镇政府', duty: 'first_responsible', vacant: false, since: '2010-01-01' });
  assert.equal(level(answer, county).posts.length, 1);
});

test('R-252: a village that changed its town is answered for by the one it belonged to on that day, whichever code is asked', async () => {
  for (const asked of [before, after]) {
    const past = await chain(asked, { as_of: '2025-06-30' });
    assertRecord(past, { division: before, asked });
    assert.ok(level(past, old).posts.some((p) => p.post_id === oldTown.post_id));
    assert.equal(level(past, now), undefined);
    const today = await chain(asked, { as_of: '2025-07-01' });
    assertRecord(today, { division: after, asked });
    assert.equal(level(today, old), undefined);
  }
  assertRefused(await government.get('/registry/chain', { division: `${city}21101999` }), 404, 'not_found');
});

test('R-252: what changes on New Year\'s Day holds from that day on: the last day of a year is answered for by the old town, the first by the new one', async () => {
  const [was, is] = [`${city}21100003`, `${city}21101203`];
  await loadDivisions([[was, '跨年村', '', '', '']]);
  await loadDivisions([[is, '跨年村', '', '', was]], '2026-01-01');
  for (const asked of [was, is]) {
    for (const [as_of, division, answers, does_not] of [['2025-12-31', was, old, now], ['2026-01-01', is, now, old]]) {
      const answer = await chain(asked, { as_of });
      assertRecord(answer, { division, asked });
      assert.ok(level(answer, answers), `${asked} on ${as_of}`);
      assert.equal(level(answer, does_not), undefined);
    }
  }
});

test('R-253: a post vacant on that day says so, and on no other', async () => {
  const [bureau, person] = [uuid(), uuid()];
  run(`INSERT INTO registry.organisation (id, owner_division, name, kind, created_at) VALUES ('${bureau}', '${county}', '${unique('县委')}', 'party_committee', now());
       INSERT INTO identity.person (id, owner_division, name, created_at) VALUES ('${person}', '${county}', '周甲', now());
       INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, created_at) VALUES ('${bureau}', '${county}', '${bureau}', '县委书记', 'first_responsible', now());
       INSERT INTO identity.holder (id, owner_division, post_id, person_id, starts_on, ends_on, created_at) VALUES ('${uuid()}', '${county}', '${bureau}', '${person}', '2024-01-01', '2024-06-01', now())`);
  const on = async (as_of) => level(await chain(county, { as_of }), county).posts.find((p) => p.post_id === bureau);
  assertRecord(await on('2024-05-31'), { holder: '周甲', vacant: false, since: '2024-01-01' });
  assertRecord(await on('2024-06-01'), { holder: null, vacant: true, since: null });
  const answer = await chain(county, { as_of: '2024-06-01' });
  assert.deepEqual(gaps(answer, 'vacant_post').map((g) => g.record_id), [bureau]);
  assert.deepEqual(gaps(await chain(county, { as_of: '2024-05-31' }), 'vacant_post'), []);
  assert.equal(level(answer, county).posts.filter((p) => p.duty === 'first_responsible').length, 2); // two of one duty: both are shown
});

test('R-255: duties with their clause, of that level, topic and day', async () => {
  const { document, clauses: [clause] } = await newClauses(['县级抓落实'], { owner_division: county }, government);
  const duty = await newDuty(clause, { level: 3, topic: 'food_security', title: '稳面积' }, government);
  await newDuty(clause, { level: 4, topic: 'food_security' }, government);
  const shown = async (query) => level(await chain(after, query), county).duties.map((d) => d.duty_id);
  assert.deepEqual(await shown({ topic: 'food_security' }), [duty.id]);
  assert.deepEqual(await shown({ topic: 'culture' }), []);
  const [found] = level(await chain(after), county).duties.filter((d) => d.duty_id === duty.id);
  assertRecord(found, { clause_id: clause.id, clause: clause.number, document_id: document.id, document: document.title, title: '稳面积' });
  assert.ok(!(await shown({ as_of: '2019-01-01' })).includes(duty.id));
});

test('R-256: tasks of the list in force with lead units; a task without one is a gap', async () => {
  const lead = assertDone(await government.post('/registry/organisations', { owner_division: county, name: unique('水利局'), kind: 'department' }), 201);
  const list = assertDone(await government.post('/registry/duty_lists', { owner_division: county, year: 2026, title: '清单' }), 201);
  const task = async (body) => assertDone(await government.post('/registry/tasks', { duty_list_id: list.id, number: unique('t'), title: '供水', topic: 'infrastructure', ...body }), 201);
  const [led, bare] = [await task(), await task({ title: '无人牵头' })];
  const item = assertDone(await government.post('/registry/items', { task_id: led.id, title: '改造十四处', lead_organisation_id: lead.id, starts_on: '2026-01-05', due_on: '2026-09-30', measure: 'value',
    target: '14', unit_of_measure: '处' }), 201);
  assert.deepEqual(level(await chain(county, { topic: 'infrastructure' }), county).tasks, []);
  let now_is = list;
  for (const verb of ['approve', 'file', 'bring_into_force']) now_is = assertDone(await government.verb(`/registry/duty_lists/${list.id}:${verb}`, now_is.version));
  const answer = await chain(county, { topic: 'infrastructure' });
  const tasks = level(answer, county).tasks;
  assert.deepEqual(tasks.map((t) => [t.task_id, t.items.map((i) => [i.item_id, i.lead_organisation_id, i.due_on])]), [[led.id, [[item.id, lead.id, '2026-09-30']]], [bare.id, []]]);
  assert.deepEqual(gaps(answer, 'task_without_lead').map((g) => g.record_id), [bare.id]);
  assert.deepEqual(level(await chain(county, { topic: 'infrastructure', as_of: '2026-01-01' }), county).tasks, []);
  assertRefused(await prefecture.get('/registry/chain', { division: '431302000000' }), 403, 'out_of_scope');
});

test('R-257, R-258: what was done last is the latest record, what is due next the earliest', async () => {
  assertDone(await villageOffice.post('/registry/visits', { owner_division: after, visited_on: '2026-02-02', purpose: 'coverage', found: '路面破损' }), 201);
  const last = assertDone(await villageOffice.post('/registry/visits', { owner_division: after, visited_on: '2026-02-09', purpose: 'coverage', found: '已修复' }), 201);
  assertRecord(level(await chain(after), after).last_action, { kind: 'visit', record_id: last.id, on_day: '2026-02-09', post_id: villageOffice.post_id });
  assert.equal(level(await chain(after, { as_of: '2026-02-08' }), after).last_action.on_day, '2026-02-02');
  const order = assertDone(await government.post('/registry/work_orders', { addressee_organisation_id: newTown.unit_id, matter: '修路', due_on: '2199-01-04' }).then((a) => (a.status === 201 ? a : government.post('/registry/work_orders',
    { addressee_organisation_id: newTown.unit_id, matter: '修路', due_on: '2026-12-31' }))), 201);
  assertRecord(level(await chain(now), now).next_due, { kind: 'work_order', record_id: order.id, title: '修路' });
  run(`UPDATE registry.work_order SET issued_on = '2026-01-10', due_on = '2026-06-30', completed_on = '2026-03-10', status = 'completed' WHERE id = '${order.id}'`);
  const on = async (as_of) => level(await chain(now, { as_of }), now);
  assert.equal((await on('2026-03-09')).next_due.record_id, order.id); // open on that day
  for (const day of ['2026-01-09', '2026-03-10']) assert.notEqual((await on(day)).next_due?.record_id, order.id);
  assertRecord((await on('2026-03-10')).last_action, { kind: 'work_order', record_id: order.id, on_day: '2026-03-10' });
});

test('R-250: a functional area stands beside the county whose towns it administers', async () => {
  const area = `${city}21F01000`, member = `${city}21101000`;
  await loadDivisions([[area, '新区', 'functional_area', member, '']], '2024-01-01');
  const areaOffice = await office(area, { name: '新区管委会', range: area.slice(0, 9) });
  const answer = await chain(after, {}, prefecture);
  assertRecord(level(answer, area), { relation: 'area', kind: 'functional_area' });
  assert.ok(level(answer, area).posts.some((p) => p.post_id === areaOffice.post_id));
  assert.equal(level(await chain(after, { as_of: '2023-12-31' }, prefecture), area), undefined);
});

test('R-259: a village that needs a team and has none lacks it; the caller sees gaps where the records would be seen', async () => {
  assertDone(await government.post('/registry/village_kinds', { owner_division: after, kind: 'lifted', valid_from: '2025-07-01' }), 201);
  assert.equal(gaps(await chain(after), 'village_without_team').length, 1);
  assert.equal(gaps(await chain(after, { as_of: '2025-06-30' }), 'village_without_team').length, 0);
  const stranger = await louxingOffice.get('/registry/chain', { division: after });
  assertRefused(stranger, 403, 'out_of_scope');
  assertDone(await townOffice.get('/registry/chain', { division: '431302000000' }));
});

test('R-251: a code that only holds divisions together lacks nobody', async () => {
  const bare = await freshCity('64'), standIn = `${bare}01000000`, place = `${bare}01100000`;
  await loadDivisions([[bare, '无县市', '', '', ''], [standIn, '无县市', '', '', ''], [place, '直管镇', '', '', '']]);
  const above = await office(`${bare}00000000`, { role: 'prefecture_office' });
  const answer = await chain(place, {}, above);
  assert.deepEqual(answer.levels.map((l) => l.level), [4, 3, 2, 1]);
  assert.deepEqual(gaps(answer, 'level_without_holder').map((g) => g.division), [place, `${bare.slice(0, 2)}0000000000`]);
});

test('R-252: of several divisions merged into one the chain says which others it was, and back', async () => {
  const [left, right, merged] = [`${city}21101011`, `${city}21101012`, `${city}21101013`];
  await loadDivisions([[left, '左村', '', '', ''], [right, '右村', '', '', '']]);
  await loadDivisions([[merged, '合村', '', '', `${left};${right}`]], '2025-07-01');
  assertRecord(await chain(merged, { as_of: '2025-06-30' }), { division: left, also: [right] });
  assertRecord(await chain(right, { as_of: '2025-06-30' }), { division: right, also: [] });
  assertRecord(await chain(right, { as_of: '2025-07-01' }), { division: merged, also: [] });
});

test('R-259: of an area beyond the caller\'s divisions nothing is told to be missing; an unknown topic is refused', async () => {
  const neighbour = `${city}22000000`, area = `${city}22F01000`;
  await loadDivisions([[neighbour, '邻县', '', '', ''], [area, '邻县新区', 'functional_area', now, '']], '2024-01-01');
  await office(area, { name: '邻县新区管委会', range: area.slice(0, 9) });
  const answer = await chain(after);
  assertRecord(level(answer, area), { posts: [] });
  assert.deepEqual(answer.gaps.filter((g) => g.division === area), []);
  assertRefused(await government.get('/registry/chain', { division: after, topic: 'nonsense' }), 404, 'not_found');
});
