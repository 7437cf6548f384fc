// tests/api/engine_lists.test.mjs - what every list does: pages and cursors, order, fields, filters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, unique } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { county, newOrganisation } from '../support/world.mjs';

const path = '/registry/organisations';
const prefix = unique('页');
const units = [];
for (let i = 0; i < 7; i++) units.push(await newOrganisation({ name: `${prefix}${i}`, kind: i % 2 ? 'other' : 'department' }));
const names = (page) => page.items.map((unit) => unit.name.slice(prefix.length)).join('');
const list = (query, options) => county.get(path, { name_prefix: prefix, ...query }, options);

test('a page ends with a cursor and a link, and the next one begins where it ended', async () => {
  const first = await list({ limit: 3 });
  assert.equal(names(assertDone(first)), '012');
  const second = await list({ limit: 3, cursor: first.body.next_cursor });
  assert.equal(names(assertDone(second)), '345');
  const last = await list({ limit: 3, cursor: second.body.next_cursor });
  assert.equal(names(assertDone(last)), '6');
  assert.equal(last.body.next_cursor, null);
  assert.equal(last.headers.get('link'), null);
});

test('the link of a page is its own address with the cursor', async () => {
  const first = await list({ limit: 3, sort: '-name' });
  const [, address] = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link'));
  const second = await county.get(address.replace('/api/v1', ''));
  assert.equal(names(assertDone(second)), '321');
  const [, third] = /^<([^>]+)>/.exec(second.headers.get('link'));
  assert.equal(third.match(/cursor=/g).length, 1);
});

test('a page exactly full at the end has no next one', async () => {
  const page = assertDone(await list({ limit: 7 }));
  assert.equal(names(page), '0123456');
  assert.equal(page.next_cursor, null);
});

test('an empty list is a page without items', async () => {
  assert.deepEqual(assertDone(await county.get(path, { name_prefix: unique('空') })), { items: [], next_cursor: null });
});

test('a page holds fifty unless asked otherwise, one at least and five hundred at most', async () => {
  assert.equal(assertDone(await as('system_admin').get('/registry/divisions', { level: 5 })).items.length <= 50, true);
  assertDone(await list({ limit: 1 }));
  assertDone(await list({ limit: 500 }));
  for (const limit of ['0', '501', '-1', '1.5', 'ten', '', '99999999999999999999', '0x10', '+5', ' 5']) {
    assertRefused(await list({ limit }), 400, 'bad_parameter', { parameter: 'limit', code: 'out_of_range' });
  }
});

test('a cursor that is none is refused', async () => {
  for (const cursor of ['x', 'AAAA', '!!!', '%', Buffer.from('0123456789abcdef\u001f').toString('base64url'), 'A'.repeat(1025)]) {
    assertRefused(await list({ cursor }), 400, 'bad_parameter', { parameter: 'cursor' });
  }
});

test('a cursor of other filters, another order or another list is refused', async () => {
  const cursor = assertDone(await list({ limit: 2 })).next_cursor;
  assertRefused(await list({ limit: 2, cursor, kind: 'other' }), 400, 'bad_parameter', { parameter: 'cursor' });
  assertRefused(await list({ limit: 2, cursor, sort: '-name' }), 400, 'bad_parameter', { parameter: 'cursor' });
  assertRefused(await county.get('/registry/duty_lists', { cursor }), 400, 'bad_parameter', { parameter: 'cursor' });
  assert.equal(names(assertDone(await list({ limit: 5, cursor }))), '23456', 'another length of page is another matter');
});

test('a cursor with a changed character is refused', async () => {
  const cursor = assertDone(await list({ limit: 2 })).next_cursor;
  for (let i = 0; i < cursor.length; i += 7) {
    const changed = cursor.slice(0, i) + (cursor[i] === 'A' ? 'B' : 'A') + cursor.slice(i + 1);
    const answer = await list({ limit: 2, cursor: changed });
    assertRefused(answer, 400, 'bad_parameter', { parameter: 'cursor' });
  }
});

test('another caller\'s cursor shows only what that caller may see', async () => {
  const cursor = assertDone(await list({ limit: 2 })).next_cursor;
  const page = assertDone(await as('other_county_office').get(path, { name_prefix: prefix, limit: 2, cursor }));
  assert.deepEqual(page.items, []);
});

test('records added and removed from sight between pages double or hide no other', async () => {
  const own = unique('间');
  for (let i = 0; i < 4; i++) await newOrganisation({ name: `${own}${i}` });
  const first = assertDone(await county.get(path, { name_prefix: own, limit: 2 }));
  await newOrganisation({ name: `${own}0a` });
  const rest = await allOf(county, path, { name_prefix: own, cursor: first.next_cursor });
  assert.deepEqual([...first.items, ...rest].map((unit) => unit.name.slice(own.length)), ['0', '1', '2', '3']);
});

test('the order is one of those offered, either way', async () => {
  assert.equal(names(assertDone(await list({ sort: 'name' }))), '0123456');
  assert.equal(names(assertDone(await list({ sort: '-name' }))), '6543210');
  assert.equal(names(assertDone(await list({ sort: 'created_at' }))), '0123456');
  assert.equal(names(assertDone(await list({ sort: '-created_at' }))), '6543210');
  for (const sort of ['kind', '--name', 'name,kind', '', 'name desc', 'NAME', 'id']) {
    assertRefused(await list({ sort }), 400, 'bad_parameter', { parameter: 'sort', code: 'not_one_of' });
  }
});

test('pages in every order and of every size show each record once', async () => {
  for (const sort of ['name', '-name', 'created_at', '-created_at']) {
    for (const limit of [1, 2, 3, 6, 7]) {
      const found = await allOf(county, path, { name_prefix: prefix, sort, limit });
      assert.deepEqual(found.map((unit) => unit.id).sort(), units.map((unit) => unit.id).sort(), `${sort} by ${limit}`);
    }
  }
});

test('fields= answers these members only, of lists and of one record', async () => {
  const page = assertDone(await list({ fields: 'name,id', limit: 1 }));
  assert.deepEqual(Object.keys(page.items[0]).sort(), ['id', 'name']);
  const one = await county.get(`${path}/${units[0].id}`, { fields: 'kind' });
  assert.deepEqual(assertDone(one), { kind: 'department' });
  assert.equal(one.etag, '"1"');
});

test('fields= of what is not shown is refused', async () => {
  for (const fields of ['colour', 'name,', '', 'name,,id', 'name_prefix', 'Name']) {
    assertRefused(await list({ fields }), 400, 'bad_parameter', { parameter: 'fields' });
  }
});

test('unknown, repeated and malformed parameters are refused by name', async () => {
  assertRefused(await list({ colour: 'red' }), 400, 'bad_parameter', { parameter: 'colour', code: 'unknown_parameter' });
  assertRefused(await county.get(`${path}?kind=other&kind=town`), 400, 'bad_parameter', { parameter: 'kind', code: 'repeated' });
  assertRefused(await county.get(`${path}?limit=5&limit=5`), 400, 'bad_parameter', { parameter: 'limit', code: 'repeated' });
  assertRefused(await list({ kind: 'ministry' }), 400, 'bad_parameter', { parameter: 'kind', code: 'not_one_of' });
  assertRefused(await county.get('/registry/items', { due_before: '2025-02-30' }), 400, 'bad_parameter', { parameter: 'due_before', code: 'not_a_date' });
  assertRefused(await county.get('/registry/items', { task_id: 'x' }), 400, 'bad_parameter', { parameter: 'task_id', code: 'not_a_uuid' });
  assertRefused(await county.get('/registry/items', { done: 'yes' }), 400, 'bad_parameter', { parameter: 'done', code: 'not_a_boolean' });
  assertRefused(await county.get(`${path}/${units[0].id}`, { limit: 5 }), 400, 'bad_parameter', { parameter: 'limit', code: 'unknown_parameter' });
});

test('all that is wrong with a query is told at once', async () => {
  assertRefused(await list({ limit: 0, sort: 'x', kind: 'y', colour: 'z' }), 400, 'bad_parameter', { parameter: 'limit' }, { parameter: 'sort' },
    { parameter: 'kind' }, { parameter: 'colour' });
});

test('a prefix is text, not a pattern', async () => {
  for (const name_prefix of ['%', '_', "'", '"; DROP TABLE organisation; --', '\\', '[a-z]*', '🙂']) {
    const page = assertDone(await county.get(path, { name_prefix }));
    assert.ok(page.items.every((unit) => unit.name.startsWith(name_prefix)), name_prefix);
  }
});
