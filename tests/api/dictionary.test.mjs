// tests/api/dictionary.test.mjs - dictionaries: the words of every code, their order, their national codes, and what changed since.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { as, anyone, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { documents, operations } from '../support/contract.mjs';
import { rows, run } from '../support/database.mjs';
import { county } from '../support/world.mjs';

const path = '/registry/dictionaries';
const catalogue = async () => assertDone(await county.get(path));
const dictionary = async (name, query) => assertDone(await county.get(`${path}/${name}`, query));
const { items: all } = await catalogue();
const entries = new Map(await Promise.all(all.map(async ({ name }) => [name, (await dictionary(name)).items])));
const codes = (name) => new Set(entries.get(name).map((e) => e.code));

test('the catalogue names every dictionary with its source and size', () => {
  assert.ok(all.length >= 20);
  for (const d of all) {
    assert.ok(d.label && d.source, d.name);
    assert.equal(d.entries, entries.get(d.name).length, d.name);
    assert.equal(d.version, Math.max(...entries.get(d.name).map((e) => e.version)), d.name);
  }
});

test('every entry has a Chinese label and a place', () => {
  for (const [name, list] of entries) {
    assert.deepEqual(list.map((e) => e.sort), list.map((e) => e.sort).sort((a, b) => a - b), name);
    for (const e of list) assert.match(e.label, /\p{Script=Han}/u, `${name} ${e.code}`);
    assert.equal(new Set(list.map((e) => e.label)).size, list.length, `${name} tells two codes alike`);
  }
});

for (const [name, size, wanted] of [['sex', 4, { 1: '男性', 2: '女性' }], ['marital_status', 8, { 10: '未婚', 21: '初婚', 40: '离婚' }], ['health', 4, { 6: '残疾' }],
  ['education', 8, { 10: '研究生教育', 80: '小学教育' }], ['political_status', 13, { '01': '中国共产党党员', 13: '群众' }], ['ethnicity', 59, { '01': '汉族', 13: '瑶族',
    20: '傈僳族', 56: '基诺族', 81: '穿青人', 97: '其他' }], ['division_level', 5, { 1: '省级', 5: '村级' }], ['kinship', 79, { '02': '户主', 10: '配偶', 47: '曾孙子或曾外孙子',
      99: '非亲属' }]]) {
  test(`${name}: the national codes`, () => {
    const list = entries.get(name);
    assert.equal(list.length, size);
    for (const [code, label] of Object.entries(wanted)) assert.equal(list.find((e) => e.code === code)?.label, label);
  });
}

test('a code of a place maps to the national one', () => {
  const of = (code) => entries.get('ethnicity').find((e) => e.code === code);
  assertRecord(of('56'), { gb_standard: 'GB/T 3304', gb_code: '56', valid_until: null });
  assertRecord(of('81'), { gb_standard: 'GB/T 3304', gb_code: '97' });
  assertRecord(entries.get('kinship').find((e) => e.code === '24'), { label: '三子', parent_code: '20' });
});

// What a contract lists as the values of a member or a parameter. Not: sorting, members to show.
function valuesShown(node, at = '', found = []) {
  if (node === null || typeof node !== 'object') return found;
  if (Array.isArray(node.enum)) found.push({ at, values: node.enum.filter((v) => v !== null) });
  for (const [key, value] of Object.entries(node)) {
    if (node.name && ['sort', 'fields', 'order'].includes(node.name)) continue;
    valuesShown(value, `${at}/${key}`, found);
  }
  return found;
}

for (const [service, document] of Object.entries(documents)) {
  test(`${service}: every value that its contract lists has words in one dictionary`, () => {
    const wordless = valuesShown(document).filter(({ values }) => !all.some(({ name }) => values.every((v) => codes(name).has(v))));
    assert.deepEqual([...new Set(wordless.map(({ at, values }) => `${at}: ${values.join(' ')}`))], []);
  });
}

test('every operation that changes something has words, for events and audit', () => {
  const verbs = codes('verb');
  assert.deepEqual([...new Set(operations.filter((o) => o.method !== 'GET' && !verbs.has(o.id)).map((o) => o.id))], []);
});

test('every permission has words', async () => {
  const told = assertDone(await as('security_admin').get('/identity/permissions', { limit: 500 })).items.map((p) => p.code);
  assert.deepEqual([...codes('permission')].sort(), told.sort());
});

test('R-050: what changed since a version, and what is no longer used', async () => {
  const name = `test_${uuid().slice(0, 8)}`;
  run(`CALL zeren.tell_codes('${name}', '试验', '试验', E'a 甲\\nb 乙\\nc 丙')`);
  const before = await dictionary(name);
  assert.deepEqual(before.items.map((e) => [e.code, e.label, e.short_label]), [['a', '甲', '甲'], ['b', '乙', '乙'], ['c', '丙', '丙']]);
  assert.deepEqual((await dictionary(name, { since: before.version })).items, []);
  run(`CALL zeren.tell_codes('${name}', '试验', '试验', E'a 甲\\nd 丁'); UPDATE zeren.dictionary_entry SET valid_until = '2026-07-01' WHERE dictionary = '${name}' AND code = 'b'`);
  const delta = await dictionary(name, { since: before.version });
  assert.deepEqual(delta.items.map((e) => [e.code, e.valid_until]).sort(), [['b', '2026-07-01'], ['d', null]]);
  assert.ok(delta.version > before.version);
  assert.equal((await dictionary(name)).items.length, 4);
  run(`DELETE FROM zeren.dictionary_entry WHERE dictionary = '${name}'; DELETE FROM zeren.dictionary WHERE name = '${name}'`);
});

test('R-050, B-021: the other words of a code are told with it, and a change of them is one of the code', async () => {
  const said = new Set(entries.get('political_status').flatMap((e) => e.words));
  assert.ok(said.has('党员') && said.has('预备党员'), [...said].join());
  assert.deepEqual(entries.get('sex').map((e) => e.words), [[], [], [], []]);
  const taken = rows('SELECT dictionary, code, word FROM zeren.dictionary_word ORDER BY dictionary, code, word').map((w) => [w.dictionary, w.code, w.word].join());
  assert.deepEqual([...entries].flatMap(([name, list]) => list.flatMap((e) => e.words.map((word) => [name, e.code, word].join()))).sort(), taken.sort());

  const name = `test_${uuid().slice(0, 8)}`;
  run(`CALL zeren.tell_codes('${name}', '试验', '试验', E'a 甲\\nb 乙\\nc 丙')`);
  let version = (await dictionary(name)).version;
  const changes = [[`CALL zeren.tell_words('${name}', E'b 乙级、B类')`, [['b', ['B类', '乙级']]]], [`UPDATE zeren.dictionary_word SET word = 'C类', code = 'c' WHERE dictionary = '${name}' AND word = 'B类'`,
    [['b', ['乙级']], ['c', ['C类']]]], [`DELETE FROM zeren.dictionary_word WHERE dictionary = '${name}' AND code = 'b'`, [['b', []]]]];
  for (const [change, told] of changes) {
    run(change);
    const delta = await dictionary(name, { since: version });
    assert.deepEqual(delta.items.map((e) => [e.code, e.words]), told, change);
    assert.ok(delta.version > version && (await catalogue()).items.find((d) => d.name === name).version === delta.version, change);
    version = delta.version;
  }
  run(`DELETE FROM zeren.dictionary_word WHERE dictionary = '${name}'; DELETE FROM zeren.dictionary_entry WHERE dictionary = '${name}'; DELETE FROM zeren.dictionary WHERE name = '${name}'`);
});

test('who has the newest version is told so without a body', async () => {
  const first = await county.get(`${path}/sex`);
  assert.equal(first.etag, `"${first.body.version}"`);
  const again = await county.get(`${path}/sex`, {}, { headers: { 'If-None-Match': first.etag } });
  assert.deepEqual([again.status, again.text], [304, '']);
  assert.equal((await county.get(`${path}/sex`, {}, { headers: { 'If-None-Match': '"0"' } })).status, 200);
  const list = await county.get(path);
  assert.equal((await county.get(path, {}, { headers: { 'If-None-Match': list.etag } })).status, 304);
});

test('what is refused', async () => {
  assertRefused(await county.get(`${path}/no_such`), 404, 'not_found');
  assertRefused(await county.get(`${path}/sex`, { since: '-1' }), 400, 'bad_parameter', { parameter: 'since' });
  assertRefused(await anyone.get(path), 401, 'unauthenticated');
});
