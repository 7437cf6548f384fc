// tests/api/registry_division.test.mjs - divisions: look-up, as of a day, loading whole or not at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { codes } from '../support/offices.mjs';
import { county, freshCode, louxing, province, town, townOffice, village } from '../support/world.mjs';

const admin = as('system_admin');
const load = (csv, query = {}, caller = admin, options = {}) =>
  caller.load('/registry/divisions:import', { valid_from: '2010-01-01', ...query }, csv, options);
const get = (code, query) => admin.get(`/registry/divisions/${code}`, query);

// A county of its own for each test: its towns are numbered from here.
const freshCounty = () => freshCode('counties', codes('4312', '000000'));
const within = (code, tail) => code.slice(0, 6) + tail;
await load('code,name\n4312,怀化市\n');

test('a division is found by its code', async () => {
  const division = assertDone(await get(louxing));
  assertRecord(division, { code: louxing, name: '娄星区', level: 3, parent_code: '431300000000', kind: 'statutory', valid_from: '2010-01-01',
    valid_to: null, predecessor_codes: [], member_codes: [] });
});

test('a division nobody loaded is not found', async () => {
  assertRefused(await get('439999000000'), 404, 'not_found');
});

test('what is no code of a division is told so', async () => {
  assertRefused(await get('4313'), 400, 'bad_parameter', { parameter: 'code', code: 'not_a_division_code' });
});

test('divisions are listed by parent, level, kind and beginning of the name', async () => {
  const codes = async (query) => (await allOf(admin, '/registry/divisions', query)).map((d) => d.code);
  assert.deepEqual(await codes({ parent_code: town }), ['431302006001', village]);
  assert.ok((await codes({ parent_code: '431300000000', level: 3 })).includes(louxing));
  assert.deepEqual(await codes({ name_prefix: '娄星' }), [louxing]);
  assert.deepEqual(await codes({ name_prefix: '星区' }), []);
  assert.ok(!(await codes({ kind: 'functional_area' })).includes(louxing));
});

test('every role that may read divisions sees all of them', async () => {
  assertDone(await townOffice.get('/registry/divisions/420102000000'));
});

test('a load counts what is new, changed and unchanged', async () => {
  const code = await freshCounty();
  const first = assertDone(await load(`code,name\n${code},甲县\n${within(code, '100000')},甲镇\n`));
  assertRecord(first, { rows: 2, inserted: 2, changed: 0, unchanged: 0, members: 0 });
  const again = assertDone(await load(`code,name\n${code},甲县\n${within(code, '100000')},乙镇\n`));
  assertRecord(again, { rows: 2, inserted: 0, changed: 1, unchanged: 1 });
});

test('a change from a later day keeps the earlier state with its dates', async () => {
  const code = await freshCounty();
  assertDone(await load(`code,name\n${code},旧县\n`));
  assertDone(await load(`code,name\n${code},新区\n`, { valid_from: '2020-07-01' }));
  assertRecord(assertDone(await get(code)), { name: '新区', valid_from: '2020-07-01', valid_to: null, predecessor_codes: [code] });
  assertRecord(assertDone(await get(code, { as_of: '2020-06-30' })), { name: '旧县', valid_from: '2010-01-01', valid_to: '2020-07-01' });
  assertRecord(assertDone(await get(code, { as_of: '2020-07-01' })), { name: '新区' });
  assertRefused(await get(code, { as_of: '2009-12-31' }), 404, 'not_found');
});

test('R-016: what a division came from ends on the day that it begins', async () => {
  const code = await freshCounty(), [first, second] = [within(code, '100000'), within(code, '101000')], moved = `${first.slice(0, 9)}001`, now = `${second.slice(0, 9)}201`;
  const header = 'code,name,kind,members,predecessors\n';
  assertDone(await load(`${header}${code},县,,,\n${first},甲镇,,,\n${second},乙镇,,,\n${moved},移村,,,\n${first.slice(0, 9)}002,留村,,,\n`));
  const table = `${header}${now},移村,,,${moved}\n`;
  assertRecord(assertDone(await load(table, { valid_from: '2025-07-01' })), { inserted: 1 });
  assertRecord(assertDone(await get(now)), { valid_from: '2025-07-01', predecessor_codes: [moved], parent_code: second });
  assertRecord(assertDone(await get(moved, { as_of: '2025-06-30' })), { valid_to: '2025-07-01', parent_code: first });
  assertRefused(await get(moved), 404, 'not_found');
  assertRecord(assertDone(await load(table, { valid_from: '2025-07-01' })), { inserted: 0, unchanged: 1 });
  // One village takes another in: it stays, and came from both.
  const stays = `${first.slice(0, 9)}002`;
  assertRecord(assertDone(await load(`${header}${stays},留村,,,${stays};${now}\n`, { valid_from: '2026-01-01' })), { changed: 1 });
  assertRecord(assertDone(await get(stays)), { valid_from: '2026-01-01', predecessor_codes: [stays, now] });
  assertRefused(await get(now), 404, 'not_found');
});

test('a predecessor is of the same level, was there, and leaves nothing below it', async () => {
  const code = await freshCounty(), header = 'code,name,kind,members,predecessors\n';
  assertDone(await load(`${header}${code},县,,,\n${within(code, '100000')},甲镇,,,\n${within(code, '100001')},村,,,\n`));
  const refused = async (row, ...faults) => assertRefused(await load(header + row, { valid_from: '2025-07-01' }), 422, 'invalid', ...faults);
  await refused(`${within(code, '101000')},乙镇,,,${within(code, '100001')}\n`, { row: 2, column: 'predecessors', code: 'not_a_division_code' });
  await refused(`${within(code, '101000')},乙镇,,,${within(code, '109000')}\n`, { row: 2, column: 'predecessors', code: 'predecessor_unknown' });
  await refused(`${within(code, '101000')},乙镇,,,${within(code, '100000')}\n`, { row: 2, column: 'predecessors', code: 'predecessor_in_use' });
  assertRefused(await load(`${header}431302006201,村,,,431321100001\n`, { valid_from: '2025-07-01' }, county), 403, 'out_of_scope');
});

test('a functional area has a local code and member towns', async () => {
  const code = await freshCounty();
  const area = within(code, 'F01000');
  const csv = `code,name,kind,members\n${code},县,,\n${within(code, '100000')},甲镇,,\n${within(code, '101000')},乙镇,,\n` +
    `${area},经开区,functional_area,${within(code, '100000')};${within(code, '101000')}\n`;
  const answer = await load(csv);
  assertRecord(assertDone(answer), { inserted: 4, members: 2 });
  assertRecord(assertDone(await get(area)), { kind: 'functional_area', member_codes: [within(code, '100000'), within(code, '101000')] });
});

test('short codes are padded', async () => {
  const code = await freshCounty();
  assertDone(await load(`code,name\n${code.slice(0, 6)},短码县\n`));
  assertRecord(assertDone(await get(code)), { name: '短码县', level: 3 });
});

test('every fault is told by row, column and code, and nothing is loaded', async () => {
  const code = await freshCounty();
  const csv = `code,name,kind,members\n${code},好县,,\n99,没有的省,,\n${within(code, '100000')},,,\n${within(code, '101000')},镇,functional_area,\n` +
    `${within(code, '102000')},镇,,${within(code, '103000')}\n`;
  assertRefused(await load(csv), 422, 'invalid', { row: 4, column: 'name', code: 'required' });
  const rules = `code,name,kind,members\n${code},好县,,\n${within(code, '101000')},镇,functional_area,\n${within(code, '102000')},镇,,${within(code, '103000')}\nxx,坏码,,\n`;
  assertRefused(await load(rules), 422, 'invalid', { row: 3, column: 'kind', code: 'kind_mismatch' },
    { row: 4, column: 'members', code: 'not_taken' }, { row: 5, column: 'code', code: 'not_a_division_code' });
  assertRefused(await get(code), 404, 'not_found');
});

test('a code that stands in the file twice is refused', async () => {
  const code = await freshCounty();
  assertRefused(await load(`code,name\n${code},甲\n${code},乙\n`), 422, 'invalid', { column: 'code', code: 'repeated' });
});

test('the parent of each is there or in the same table', async () => {
  const code = await freshCounty();
  assertRefused(await load(`code,name\n${within(code, '100000')},孤镇\n`), 422, 'invalid', { row: 2, column: 'code', code: 'parent_unknown' });
  assertDone(await load(`code,name\n${within(code, '100000')},镇\n${code},县\n`));
});

test('a rehearsal answers as the load would and writes nothing', async () => {
  const code = await freshCounty();
  assertRecord(assertDone(await load(`code,name\n${code},试县\n`, { validate_only: true })), { inserted: 1 });
  assertRefused(await get(code), 404, 'not_found');
});

test('the day of validity is required and must be one', async () => {
  assertRefused(await admin.load('/registry/divisions:import', {}, 'code,name\n43,湖南省\n'), 400, 'bad_parameter', { parameter: 'valid_from', code: 'required' });
  assertRefused(await load('code,name\n43,湖南省\n', { valid_from: '2023-02-30' }), 400, 'bad_parameter', { parameter: 'valid_from', code: 'not_a_date' });
});

test('a county loads its own towns and no other county\'s', async () => {
  assertDone(await load('code,name\n431302001000,乐坪街道\n', {}, county));
  assertRefused(await load('code,name\n431321100000,永丰镇\n', { valid_from: '2021-01-01' }, county), 403, 'out_of_scope');
  assertRecord(assertDone(await get('431321100000')), { name: '永丰街道' });
});

test('GB18030 is read when the content type says so', async () => {
  const code = await freshCounty();
  const name = Buffer.from([0xbb, 0xb3, 0xbb, 0xaf]); // 怀化 in GB18030
  const csv = Buffer.concat([Buffer.from(`code,name\n${code},`), name, Buffer.from('\n')]);
  assertDone(await load(csv, {}, admin, { headers: { 'Content-Type': 'text/csv; charset=GB18030' } }));
  assertRecord(assertDone(await get(code)), { name: '怀化' });
});

test('the table of a province goes in whole, and its names are found by their beginning', async () => {
  const code = await freshCounty();
  const name = unique('镇');
  const rows = Array.from({ length: 900 }, (_, i) => `${within(code, String(100 + i))}000,${name}${i}`);
  assertRecord(assertDone(await load(`code,name\n${code},大县\n${rows.join('\n')}\n`)), { rows: 901, inserted: 901 });
  assert.equal((await allOf(province, '/registry/divisions', { name_prefix: name })).length, 900);
});
