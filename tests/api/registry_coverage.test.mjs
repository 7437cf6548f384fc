// tests/api/registry_coverage.test.mjs - what stands below a village, coverage out of the visits that exist, how many households there are to visit
// and both out of tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { serial } from '../support/taken.mjs';
import * as teams from '../support/teams.mjs';
import { county, department, louxing, nobodysId, otherCounty, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const places = '/registry/settlements';
const targets = '/registry/coverage_targets';
const year = 2026;
const place = (body, caller = county) => caller.post(places, { owner_division: village, kind: 'natural_village', name: unique('湾'), valid_from: '2020-01-01', ...body });
const placed = async (body) => assertDone(await place(body), 201);
const csv = (heading, lines) => [heading, ...lines.map((line) => line.join(','))].join('\n') + '\n';
const faults = (answer) => { assertRefused(answer, 422, 'invalid'); return answer.body.errors.map((e) => [e.row, e.column, e.code]).sort(); };

// A town with three villages that no other test has.
async function newTown() {
  const { code, villages } = await teams.newTown(3);
  return { code, villages: villages.map((each) => each.code) };
}
const visit = async (division, more = {}, caller = county) =>
  assertDone(await caller.post('/registry/visits', { owner_division: division, purpose: 'coverage', visited_on: `${year}-03-01`, ...more }), 201);
const coverage = async (division, query = {}) => assertDone(await county.get('/registry/coverage', { division, year, ...query }));
const figure = async (division, kind, query) => (await coverage(division, { kind, ...query })).figures[0];

test('R-151: natural villages, groups and grids stand below a village, once a name and time', async () => {
  const given = await place({ name: unique('仙人湾') });
  const natural = assertDone(given, 201);
  assertRecord(natural, { owner_division: village, kind: 'natural_village', parent_id: null, valid_from: '2020-01-01', valid_to: null, version: 1 });
  assert.equal(given.headers.get('location'), `/api/v1${places}/${natural.id}`);
  const group = await placed({ kind: 'group', name: '一组' + unique(), parent_id: natural.id });
  assertRecord(group, { parent_id: natural.id });
  assert.deepEqual(assertDone(await townOffice.get(`${places}/${group.id}`)), group);
  assertRefused(await otherCounty.get(`${places}/${group.id}`), 404, 'not_found');
  const refusal = async (body, pointer) => assertRefused(await place(body), 422, 'invalid', { pointer });
  await refusal({ parent_id: natural.id }, '/parent_id');
  await refusal({ kind: 'grid', parent_id: group.id }, '/parent_id');
  await refusal({ kind: 'grid', parent_id: nobodysId() }, '/parent_id');
  await refusal({ kind: 'group', parent_id: natural.id, owner_division: '431302006001' }, '/parent_id');
  await refusal({ owner_division: town }, '/owner_division');
  await refusal({ owner_division: '431302006999' }, '/owner_division');
  await refusal({ valid_to: '2019-01-01' }, '/valid_to');
  await refusal({ kind: 'street' }, '/kind');
  assertRefused(await place({ name: natural.name }), 409, 'duplicate', { pointer: '/name' });
  assertRecord(await placed({ name: natural.name, kind: 'grid' }), { kind: 'grid' });
  assertRefused(await place({ owner_division: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await place({}, townOffice), 403, 'forbidden');
});

test('R-151: corrected, ended, and begun anew under the same name', async () => {
  const natural = await placed({});
  assertRecord(assertDone(await county.patch(`${places}/${natural.id}`, 1, { valid_to: '2024-01-01', name: natural.name + '旧' })), { valid_to: '2024-01-01', version: 2 });
  assertRefused(await county.patch(`${places}/${natural.id}`, 1, { name: 'x' }), 412, 'stale');
  assertRefused(await county.patch(`${places}/${natural.id}`, 2, { parent_id: (await placed({})).id }), 422, 'invalid', { pointer: '/parent_id' });
  assertRefused(await county.patch(`${places}/${natural.id}`, 2, { kind: 'grid' }), 422, 'invalid', { pointer: '/kind', code: 'unknown_field' });
  const next = await placed({ name: natural.name + '旧', valid_from: '2024-01-01' });
  const found = async (query) => (await allOf(county, places, { name_prefix: natural.name, ...query })).map((s) => s.id);
  assert.deepEqual(await found({ as_of: '2023-12-31' }), [natural.id]);
  assert.deepEqual(await found({ as_of: '2024-01-01' }), [next.id]);
  assert.deepEqual((await found({ division: village, kind: 'natural_village', within: town })).sort(), [natural.id, next.id].sort());
  assert.deepEqual(await found({ kind: 'grid' }), []);
  assert.deepEqual(await found({ parent_id: natural.id }), []);
});

test('R-152, R-153: natural villages are covered by visits to them and to what is in them, each once; what is gone does not count', async () => {
  const { code, villages } = await newTown();
  assert.deepEqual((await coverage(code)).figures.map((f) => [f.kind, f.to_visit, f.visited, f.left, f.completion]),
    [['natural_village', null, 0, null, null], ['household', null, 0, null, null], ['poor_household', null, 0, null, null]]);
  const [a, b, c] = await Promise.all(villages.map((owner_division) => placed({ owner_division })));
  const group = await placed({ owner_division: villages[0], kind: 'group', parent_id: a.id });
  const gone = await placed({ owner_division: villages[1], valid_to: `${year}-02-01` });
  await visit(villages[0], { settlement_id: group.id });
  await visit(villages[0], { settlement_id: a.id });
  await visit(villages[1], { settlement_id: gone.id, visited_on: `${year}-01-15` });
  await visit(villages[1], { settlement_id: b.id, visited_on: `${year - 1}-12-31` });
  await visit(villages[2]);
  assertRecord(await figure(code, 'natural_village'), { to_visit: 3, visited: 1, left: 2, completion: '33.33' });
  assertRecord(await figure(villages[0], 'natural_village'), { to_visit: 1, visited: 1, left: 0, completion: '100.00' });
  assertRecord(await figure(code, 'natural_village', { year: year - 1 }), { visited: 1 });
  const unvisited = async (query) => allOf(county, '/registry/unvisited_settlements', { division: code, year, ...query });
  assert.deepEqual((await unvisited()).map((s) => [s.id, s.last_visited_on]).sort(), [[b.id, `${year - 1}-12-31`], [c.id, null]].sort());
  assert.deepEqual((await unvisited({ limit: 1 })).length, 2);
  assert.deepEqual((await unvisited({ year: year - 1 })).map((s) => s.id).sort(), [a.id, c.id, gone.id].sort());
});

test('R-152: households and those in difficulty, by whomever or by one post; a visit that was withdrawn counts nowhere', async () => {
  const { code, villages } = await newTown();
  const [one, two, three] = [uuid(), uuid(), uuid()];
  await visit(villages[0], { household_id: one });
  await visit(villages[0], { household_id: one, visited_on: `${year}-05-01` });
  await visit(villages[1], { household_id: two, poor: true });
  const mistaken = await visit(villages[1], { household_id: three, poor: true });
  const theirs = await visit(villages[1], { household_id: two }, department);
  assertRecord(await figure(code, 'household'), { visited: 3 });
  assertRecord(await figure(code, 'poor_household'), { visited: 2 });
  assertRecord(await figure(code, 'household', { post_id: theirs.post_id }), { visited: 1 });
  assertRecord(await figure(code, 'poor_household', { post_id: theirs.post_id }), { visited: 0 });
  assertRecord(await figure(code, 'household', { post_id: nobodysId() }), { visited: 0 });
  assertDone(await county.verb(`/registry/visits/${mistaken.id}:withdraw`, 1, { reason: '误录' }));
  assertRecord(await figure(code, 'household'), { visited: 2 });
  assertRecord(await figure(code, 'poor_household'), { visited: 1 });
  assertRecord(await figure(code, 'household', { year: year - 1 }), { visited: 0 });
  assert.deepEqual(Object.keys(await coverage(code)).sort(), ['as_of', 'division', 'figures', 'post_id', 'year']);
});

test('R-152: what is kept equals a recount, whatever is recorded, corrected, withdrawn and at once', async () => {
  const { code, villages } = await newTown();
  const [one, two] = [uuid(), uuid()];
  const [a, b] = [await placed({ owner_division: villages[0] }), await placed({ owner_division: villages[0] })];
  const made = await Promise.all(Array.from({ length: 12 }, (_, n) => visit(villages[0], { household_id: n % 2 ? one : two, poor: n % 3 === 0, settlement_id: n % 4 ? a.id : b.id, visited_on: `${year - (n % 2)}-04-01` },
    n % 5 ? county : department)));
  await Promise.all(made.map(async (v, n) => {
    const caller = n % 5 ? county : department;
    if (n % 3 === 1) assertDone(await caller.patch(`/registry/visits/${v.id}`, 1, { visited_on: `${year}-05-01`, household_id: two, poor: n % 2 === 0, settlement_id: n % 2 ? null : b.id }));
    if (n % 3 === 2) assertDone(await caller.verb(`/registry/visits/${v.id}:withdraw`, 1, { reason: '误录' }));
  }));
  const zero = '00000000-0000-0000-0000-000000000000';
  const counted = rows(`SELECT extract(year FROM v.visited_on)::integer AS year, k.kind, p.post AS post_id, count(DISTINCT k.target)::integer AS n FROM registry.visit v,
    LATERAL (VALUES ('household', v.household_id), ('poor_household', CASE WHEN v.poor THEN v.household_id END), ('settlement', v.settlement_id)) AS k (kind, target),
    LATERAL (VALUES ('${zero}'::uuid), (v.post_id)) AS p (post) WHERE v.owner_division LIKE '${code.slice(0, 9)}%' AND k.target IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`);
  const kept = rows(`SELECT year, kind, post_id, sum(n)::integer AS n FROM registry.visit_coverage WHERE owner_division LIKE '${code.slice(0, 9)}%' GROUP BY 1, 2, 3 HAVING sum(n) <> 0 ORDER BY 1, 2, 3`);
  assert.ok(counted.length >= 10);
  assert.deepEqual(kept, counted);
  assert.deepEqual(rows(`SELECT 1 FROM registry.visited WHERE n < 1`), []);
  const households = counted.find((c) => c.year === year && c.kind === 'household' && c.post_id === zero);
  assertRecord(await figure(code, 'household'), { visited: households.n });
});

test('R-154: a division\'s own number holds, else those below it are added up', async () => {
  const { code, villages } = await newTown();
  const target = async (division, n, kind = 'household') => assertDone(await county.post(targets, { owner_division: division, year, kind, n, source: '2025年度农户台账' }), 201);
  await target(villages[0], 100);
  const second = await target(villages[1], 50);
  assertRecord(await figure(code, 'household'), { to_visit: 150 });
  assertDone(await county.patch(`${targets}/${second.id}`, 1, { n: 60, source: '2026年6月核对' }));
  assertRecord(await figure(code, 'household'), { to_visit: 160 });
  await target(code, 400);
  assertRecord(await figure(code, 'household'), { to_visit: 400, visited: 0, left: 400, completion: '0.00' });
  assertRecord(await figure(villages[0], 'household'), { to_visit: 100 });
  assertRecord(await figure(code, 'poor_household'), { to_visit: null });
  assertRecord(await figure(code, 'household', { year: year + 1 }), { to_visit: null });
  assertRefused(await county.post(targets, { owner_division: code, year, kind: 'household', n: 1, source: 'x' }), 409, 'duplicate', { pointer: '/kind' });
  assertRefused(await county.post(targets, { owner_division: code, year, kind: 'natural_village', n: 1, source: 'x' }), 422, 'invalid', { pointer: '/kind' });
  assertRefused(await county.post(targets, { owner_division: code, year, kind: 'poor_household', n: -1, source: 'x' }), 422, 'invalid', { pointer: '/n' });
  assertRefused(await county.post(targets, { owner_division: shuangfeng, year, kind: 'household', n: 1, source: 'x' }), 403, 'out_of_scope');
  assertRefused(await townOffice.post(targets, { owner_division: village, year, kind: 'household', n: 1, source: 'x' }), 403, 'forbidden');
  assertRefused(await county.patch(`${targets}/${second.id}`, 1, { n: 1 }), 412, 'stale');
  assertRefused(await otherCounty.get(`${targets}/${second.id}`), 404, 'not_found');
  assert.equal((await allOf(county, targets, { within: code, year, kind: 'household' })).length, 3);
  assert.equal((await allOf(county, targets, { division: code })).length, 1);
});

test('R-153: a functional area covers the towns that it administers', async () => {
  const [one, other] = [await newTown(), await newTown()];
  for (const { code, villages } of [one, other]) {
    await placed({ owner_division: villages[0] });
    assertDone(await county.post(targets, { owner_division: code, year, kind: 'household', n: 10, source: 'x' }), 201);
  }
  const area = `F${String(serial('functional_areas', { size: 100, blocks: 10_000 })).padStart(10, '0')}1`;
  run(`INSERT INTO registry.division (id, code, owner_division, name, level, kind, valid_from) VALUES (gen_random_uuid(), '${area}', '${area}', '试验新区', 3, 'functional_area', '2020-01-01');
       INSERT INTO registry.division_member (area_code, member_code, owner_division, valid_from) VALUES ('${area}', '${one.code}', '${area}', '2020-01-01')`);
  const [{ lo }] = rows(`SELECT string_agg(lo, ',' ORDER BY lo) AS lo FROM registry.reach_of('${area}', '${year}-06-01')`);
  assert.equal(lo, [one.code.slice(0, 9), area].sort().join(','));
  assert.equal(rows(`SELECT registry.coverage_total('${area}', ${year}, 'household') AS n`)[0].n, 10);
  run(`DELETE FROM registry.division_member WHERE area_code = '${area}'; DELETE FROM registry.division WHERE code = '${area}'`);
});

test('what coverage refuses', async () => {
  assertRefused(await county.get('/registry/coverage', { year }), 400, 'bad_parameter', { parameter: 'division' });
  assertRefused(await county.get('/registry/coverage', { division: louxing }), 400, 'bad_parameter', { parameter: 'year' });
  assertRefused(await county.get('/registry/coverage', { division: shuangfeng, year }), 403, 'out_of_scope');
  assertRefused(await county.get('/registry/coverage', { division: louxing, year, kind: 'person' }), 400, 'bad_parameter', { parameter: 'kind' });
  assertRefused(await county.get('/registry/unvisited_settlements', { division: shuangfeng, year }), 403, 'out_of_scope');
  for (const sort of ['visited', 'post_id']) assertRefused(await county.get('/registry/unvisited_settlements', { division: louxing, year, sort }), 400, 'bad_parameter', { parameter: 'sort' });
});

test('R-155: natural villages and what is in them out of one table, whole or not at all; a repeated table changes nothing', async () => {
  const { villages: [here, there] } = await newTown();
  const table = csv('owner_division,kind,name,parent,valid_from', [[here, 'group', '一组', '甲湾', '2020-01-01'], [here, 'natural_village', '甲湾', '', '2020-01-01'],
    [there, 'grid', '第一网格', '', '']]);
  const load = (text, options = {}, caller = county) => caller.load(`${places}:import`, options.query ?? {}, text, options);
  assertRecord(assertDone(await load(table, { query: { validate_only: true } })), { rows: 3, inserted: 3, updated: 0, unchanged: 0 });
  const key = newKey();
  const told = assertDone(await load(table, { key }));
  assertRecord(told, { rows: 3, inserted: 3, unchanged: 0 });
  assert.deepEqual(assertDone(await load(table, { key })), told);
  assertRecord(assertDone(await load(table)), { inserted: 0, unchanged: 3 });
  const [group] = await allOf(county, places, { division: here, kind: 'group' });
  const [natural] = await allOf(county, places, { division: here, kind: 'natural_village' });
  assertRecord(group, { name: '一组', parent_id: natural.id, version: 1 });
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE verb = 'import_settlements' AND record = 'settlement' AND owner_division IN ('${here}', '${there}')`)[0].n, 3);
  const bad = csv('owner_division,kind,name,parent', [[here, 'natural_village', '乙湾', '甲湾'], [here, 'group', '二组', '丙湾'], [here, 'group', '三组', ''], [here, 'group', '三组', ''],
    ['431302999999', 'grid', '网格', ''], [here, 'group', '一组', '丁湾'], [here, 'natural_village', '丁湾', '']]);
  assert.deepEqual(faults(await load(bad)), [[2, 'parent', 'not_allowed'], [3, 'parent', 'unknown_place'], [5, 'name', 'repeated'], [6, 'owner_division', 'unknown_division'], [7, 'parent', 'differs']]);
  assert.deepEqual(faults(await load(csv('owner_division,kind,name', [[shuangfeng.slice(0, 6) + '100001', 'grid', '网格']]))), [[2, 'owner_division', 'out_of_scope']]);
  assert.deepEqual(faults(await load(csv('owner_division,kind,name', [[here, 'house', '']]))), [[2, 'kind', 'not_one_of'], [2, 'name', 'required']]);
  assertRefused(await load(table, {}, townOffice), 403, 'forbidden');
  assert.equal((await allOf(county, places, { division: here })).length, 2);
});

test('R-155: numbers of households out of one table; one that is there is replaced', async () => {
  const { code, villages: [here, there] } = await newTown();
  const heading = 'owner_division,year,kind,total,source';
  const load = (lines, options = {}, caller = county) => caller.load(`${targets}:import`, {}, csv(heading, lines), options);
  const first = [[here, year, 'household', 100, '台账'], [there, year, 'household', 80, '台账'], [here, year, 'poor_household', 7, '台账']];
  assertRecord(assertDone(await load(first)), { rows: 3, inserted: 3, updated: 0, unchanged: 0 });
  assertRecord(assertDone(await load(first)), { inserted: 0, updated: 0, unchanged: 3 });
  assertRecord(assertDone(await load([[here, year, 'household', 101, '核对'], [there, year, 'household', 80, '台账'], [there, year, 'poor_household', 3, '台账']])), { inserted: 1, updated: 1, unchanged: 1 });
  assertRecord(await figure(code, 'household'), { to_visit: 181 });
  assertRecord(await figure(code, 'poor_household'), { to_visit: 10 });
  const [changed] = await allOf(county, targets, { division: here, kind: 'household' });
  assertRecord(changed, { n: 101, source: '核对', version: 2 });
  assert.equal(rows(`SELECT before ->> 'n' AS n FROM registry.audit_log WHERE record = 'coverage_target' AND record_id = '${changed.id}' AND version = 2`)[0].n, '100');
  assert.deepEqual(faults(await load([[here, year, 'household', 1, 'x'], [here, year, 'household', 2, 'x'], ['431302999999', year, 'household', 1, 'x']])),
    [[3, 'kind', 'repeated'], [4, 'owner_division', 'unknown_division']]);
  assert.deepEqual(faults(await load([[here, 1999, 'natural_village', -1, '']])), [[2, 'kind', 'not_one_of'], [2, 'source', 'required'], [2, 'total', 'too_small'], [2, 'year', 'too_small']]);
  assertRefused(await load(first, {}, townOffice), 403, 'forbidden');
});
