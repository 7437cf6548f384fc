// tests/api/registry_document_search.test.mjs - R-104: documents and clauses are found by any part of their words, whatever their width, case and breaks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { clausesOf, newClauses, newDocument } from '../support/documents.mjs';
import { county, louxing, otherCounty, townOffice } from '../support/world.mjs';

// A word that only this run has, of Han characters, none of them twice: so that what other runs have left does not count.
function han(n) {
  const drawn = new Set();
  while (drawn.size < n) drawn.add(String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 0x5000)));
  return [...drawn].join('');
}
const found = (words, query = {}, caller = county) => allOf(caller, '/registry/clauses:search', { words, ...query });
const texts = async (...args) => (await found(...args)).map((c) => c.text);

test('a clause is found by each character, each two, and any longer part of its words', async () => {
  const word = han(6);
  const text = `落实${word}责任`;
  const { document } = await newClauses([text, '别的']);
  const only = { document_id: document.id };
  for (const part of [word, word.slice(0, 1), word.slice(2, 4), word.slice(1, 6), `实${word[0]}`, `${word[5]}责`, text]) assert.deepEqual(await texts(part, only), [text], part);
  assert.deepEqual(await texts(`${word[1]}${word[0]}`, only), []);
  assert.deepEqual(await texts(word), [text]);
});

test('side by side is meant: what has every two of a question without having it is not found', async () => {
  const { document } = await newClauses(['甲乙丙', '甲乙，乙丙']);
  assert.deepEqual(await texts('甲乙丙', { document_id: document.id }), ['甲乙丙']);
});

test('words that blanks keep apart all stand in one clause, in any order', async () => {
  const { document } = await newClauses(['粮食安全党政同责', '粮食收储', '产业发展保粮食安全']);
  const only = { document_id: document.id };
  assert.deepEqual((await texts('安全 粮食', only)).sort(), ['产业发展保粮食安全', '粮食安全党政同责']);
  assert.deepEqual(await texts('粮食　同责', only), ['粮食安全党政同责']);
  assert.deepEqual(await texts('粮 储', only), ['粮食收储']);
  assert.deepEqual(await texts('粮食 没有', only), []);
});

test('characters outside the Basic Multilingual Plane are characters like others', async () => {
  const { document } = await newClauses(['莫𡐓村委会负责', '𡐔不同']);
  const only = { document_id: document.id };
  for (const part of ['𡐓', '莫𡐓', '𡐓村', '莫𡐓村委会']) assert.deepEqual(await texts(part, only), ['莫𡐓村委会负责'], part);
  assert.deepEqual(await texts('𡐔', only), ['𡐔不同']);
});

test('width, case, line breaks and blanks inside a text make no difference', async () => {
  const { document } = await newClauses(['落实Ａ类\n任 务１２３项，ＡＢＣ']);
  const only = { document_id: document.id };
  for (const part of ['a类任务', 'A类', '任务123', '１２３项', 'abc', '类任']) assert.equal((await found(part, only)).length, 1, part);
});

test('the number and the heading of a clause are searched, too', async () => {
  const word = han(4);
  const document = await newDocument({ clauses: [{ number: '第十二条', title: word, text: '内容' }] });
  for (const part of ['第十二条', '十二', word, `${word} 内容 第十二条`]) assert.equal((await found(part, { document_id: document.id })).length, 1, part);
});

test('a correction is found by its new words and no longer by the old ones', async () => {
  const [old, next] = [han(5), han(5)];
  const { document, clauses: [clause] } = await newClauses([`保留${old}`]);
  assertDone(await county.patch(`/registry/clauses/${clause.id}`, 1, { text: `保留${next}` }));
  assert.equal((await found(old)).length, 0);
  assert.equal((await found(next)).length, 1);
  assert.equal((await found('保留', { document_id: document.id })).length, 1);
});

const documents = async (words, query = {}, caller = county) => (await allOf(caller, '/registry/documents:search', { words, ...query })).map((d) => d.id);

test('a document is found by its title, number and issuer, or by one of its clauses', async () => {
  const [title, number, issuer, text] = [han(5), unique('号'), han(5), han(5)];
  const document = await newDocument({ title: `关于${title}的通知`, number, issuer, clauses: [{ number: '一', text }, { number: '二', text }] });
  for (const part of [title, number.toUpperCase(), issuer, text, `${title} ${issuer}`, title.slice(0, 2) + ' ' + issuer.slice(0, 2)]) {
    assert.deepEqual((await documents(part)).filter((id) => id === document.id), [document.id], part);
  }
  assert.deepEqual(await documents(`${title} ${text}`), []);
  const renamed = assertDone(await county.patch(`/registry/documents/${document.id}`, 1, { title: '别名' }));
  assert.deepEqual(await documents(title), []);
  assert.deepEqual(await documents(text, { kind: 'notice' }), []);
  assert.deepEqual(await documents(text, { kind: renamed.kind, division: louxing, as_of: '2022-01-01' }), [document.id]);
  assert.deepEqual(await documents(text, { as_of: '2020-01-01' }), []);
});

test('what is found is what the caller reads: from below, not from beside', async () => {
  const word = han(5);
  await newClauses([word]);
  assert.equal((await found(word, {}, townOffice)).length, 1);
  assert.equal((await found(word, {}, otherCounty)).length, 0);
  assert.equal((await documents(word, {}, otherCounty)).length, 0);
  assertRefused(await otherCounty.get('/registry/clauses:search', { words: word, division: louxing }), 403, 'out_of_scope');
});

test('found clauses come by pages, document by document', async () => {
  const word = han(4);
  const { document } = await newClauses(Array.from({ length: 7 }, (_, i) => `${word}${i}`));
  const page = assertDone(await county.get('/registry/clauses:search', { words: word, limit: 3 }));
  assert.deepEqual([page.items.length, typeof page.next_cursor], [3, 'string']);
  const next = assertDone(await county.get('/registry/clauses:search', { words: word, limit: 3, cursor: page.next_cursor }));
  assert.deepEqual([...page.items, ...next.items].map((c) => c.position), [1, 2, 3, 4, 5, 6]);
  assert.equal((await clausesOf(document)).length, 7);
  assertRefused(await county.get('/registry/clauses:search', {}), 400, 'bad_parameter', { parameter: 'words' });
  assertRefused(await county.get('/registry/clauses:search', { words: '\u3000 ' }), 400, 'bad_parameter', { parameter: 'words' });
});
