// tests/api/registry_document.test.mjs - documents: entered whole with clauses and duties, editions that replace each other, corrected, and what
// differs between two of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { clausesOf, documentBody, newClauses, newDocument } from '../support/documents.mjs';
import { county, louxing, nobodysId, otherCounty, prefecture, shuangfeng, town, townOffice } from '../support/world.mjs';
import { pdf } from '../support/pictures.mjs';
import { upload } from '../support/batches.mjs';

const path = '/registry/documents';
const get = async (document, caller = county) => assertDone(await caller.get(`${path}/${document.id}`));
const dutiesOf = (document, query = {}, caller = county) => allOf(caller, '/registry/duties', { document_id: document.id, ...query });
const parts = [
  { number: '第一条', text: '加强组织领导。' },
  { number: '第二条', title: '粮食安全', text: '稳住面积和产量。',
    duties: [{ number: '1', title: '稳面积', subject: 'government', level: 3, topic: 'food_security' }, { number: '2', title: '管耕地', subject: 'department', assumed: true }] },
];

test('R-102: a document is entered whole: clauses in their order, each with its duties', async () => {
  const body = documentBody({ number: unique('区办发'), clauses: parts });
  const answer = await county.post(path, body);
  const document = assertDone(answer, 201);
  const { clauses, ...own } = body;
  assertRecord(document, { ...own, valid_from: '2021-03-01', valid_to: null, edition: 1, replaces_id: null, replaced_by_id: null, file_id: null, assumed: false, n_clauses: 2,
    n_duties: 2, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1${path}/${document.id}`);
  assert.deepEqual(await get(document), document);
  const found = await clausesOf(document);
  assert.deepEqual(found.map((c) => [c.position, c.number, c.title, c.text]), [[1, '第一条', null, '加强组织领导。'], [2, '第二条', '粮食安全', '稳住面积和产量。']]);
  assert.deepEqual((await dutiesOf(document)).map((d) => [d.number, d.clause_id, d.clause_number, d.level, d.subject, d.topic, d.assumed, d.document_number]),
    [['1', found[1].id, '第二条', 3, 'government', 'food_security', false, document.number], ['2', found[1].id, '第二条', null, 'department', 'general', true, document.number]]);
  const [{ n }] = rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'document' AND record_id = '${document.id}'`);
  assert.equal(n, 1);
});

test('R-102: every fault by its place, and nothing of it is written; a rehearsal writes nothing', async () => {
  const id = uuid();
  const clauses = [{ ...parts[1], number: '一' }, { number: '一', text: '再来', duties: [{ number: '2', title: '重', subject: 'department', topic: 'nothing' }] }];
  const refusal = await county.post(path, documentBody({ id, clauses }));
  assertRefused(refusal, 422, 'invalid', { pointer: '/clauses/1/number', code: 'repeated' }, { pointer: '/clauses/1/duties/0/number', code: 'repeated' },
    { pointer: '/clauses/1/duties/0/topic', code: 'unknown_topic' });
  assertRefused(await county.post(path, documentBody({ id, clauses: [{ number: '', text: 'x', duties: [{ number: '1', title: 'y', subject: 'king', level: 6 }] }] })), 422, 'invalid',
    { pointer: '/clauses/0/number' }, { pointer: '/clauses/0/duties/0/subject', code: 'not_one_of' }, { pointer: '/clauses/0/duties/0/level' });
  assertRefused(await county.get(`${path}/${id}`), 404, 'not_found');
  const rehearsed = await county.call('POST', path, { body: documentBody({ id, clauses: parts }), query: { validate_only: true } });
  assertRecord(assertDone(rehearsed), { id, n_clauses: 2, n_duties: 2 });
  assertRefused(await county.get(`${path}/${id}`), 404, 'not_found');
});

test('R-102: more than a hundred pages at once are refused; further clauses are added one by one', async () => {
  const pages = (n) => Array.from({ length: n }, (_, i) => ({ number: `${i}`, text: '责任'.repeat(200) }));
  assertRefused(await county.post(path, documentBody({ clauses: pages(130) })), 413, 'too_large');
  assertRecord(assertDone(await county.post(path, documentBody({ clauses: pages(100) })), 201), { n_clauses: 100 });
});

test('its id may come from the client, once; the same key enters it once', async () => {
  const [id, key] = [uuid(), newKey()];
  const body = documentBody({ id, clauses: parts });
  const [one, two] = [await county.post(path, body, { key }), await county.post(path, body, { key })];
  assert.deepEqual(assertDone(one, 201), assertDone(two, 201));
  assertRefused(await county.post(path, body), 409, 'duplicate', { pointer: '/id' });
  assert.equal((await clausesOf({ id })).length, 2);
});

test('R-100: a number is taken once a division and edition; the division is one of today, inside the own scope', async () => {
  const number = unique('号');
  await newDocument({ number });
  assertRefused(await county.post(path, documentBody({ number })), 409, 'duplicate', { pointer: '/number' });
  await newDocument({ number, owner_division: shuangfeng }, otherCounty);
  assertRefused(await county.post(path, documentBody({ owner_division: shuangfeng })), 403, 'out_of_scope');
  assertRefused(await prefecture.post(path, documentBody({ owner_division: '431399000000' })), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await county.post(path, documentBody({ valid_from: '2021-03-01', valid_to: '2021-02-01' })), 422, 'invalid', { pointer: '/valid_to' });
});

test('a document is read from below its division, and not from beside it', async () => {
  const { document, clauses: [clause] } = await newClauses();
  assert.deepEqual(await get(document, townOffice), document);
  assertRecord(assertDone(await townOffice.get(`/registry/clauses/${clause.id}`)), { text: clause.text });
  assertRefused(await otherCounty.get(`${path}/${document.id}`), 404, 'not_found');
  assertRefused(await otherCounty.get(`/registry/clauses/${clause.id}`), 404, 'not_found');
  assertRefused(await townOffice.patch(`${path}/${document.id}`, 1, { title: 'x' }), 403, 'forbidden');
  assertRefused(await otherCounty.patch(`${path}/${document.id}`, 1, { title: 'x' }), 404, 'not_found');
  assert.ok((await allOf(townOffice, path, { division: louxing })).some((d) => d.id === document.id));
  assert.ok(!(await allOf(townOffice, path, { division: town })).some((d) => d.id === document.id));
});

test('R-101: a new edition ends the one that it replaces, with its duties; once', async () => {
  const number = unique('号');
  const old = await newDocument({ number, clauses: parts });
  const next = await newDocument({ number, issued_on: '2023-05-01', replaces_id: old.id, clauses: parts });
  assertRecord(next, { edition: 2, replaces_id: old.id, valid_from: '2023-05-01' });
  assertRecord(await get(old), { valid_to: '2023-05-01', replaced_by_id: next.id, version: 2 });
  assert.deepEqual((await dutiesOf(old, { as_of: '2023-04-30' })).map((d) => d.valid_to), ['2023-05-01', '2023-05-01']);
  assert.deepEqual(await dutiesOf(old, { as_of: '2023-05-01' }), []);
  assert.equal((await dutiesOf(next)).length, 2);
  assertRefused(await county.post(path, documentBody({ issued_on: '2024-01-01', replaces_id: old.id })), 409, 'duplicate', { pointer: '/replaces_id' });
  assertRefused(await county.post(path, documentBody({ issued_on: '2023-05-01', replaces_id: next.id })), 422, 'invalid', { pointer: '/valid_from' });
  assertRefused(await county.post(path, documentBody({ replaces_id: nobodysId() })), 422, 'invalid', { pointer: '/replaces_id' });
  assertRefused(await otherCounty.post(path, documentBody({ owner_division: shuangfeng, issued_on: '2024-01-01', replaces_id: next.id })), 422, 'invalid', { pointer: '/replaces_id' });
  const above = await newDocument({ owner_division: '431300000000' }, prefecture);
  assertRefused(await prefecture.post(path, documentBody({ issued_on: '2024-01-01', replaces_id: above.id })), 422, 'invalid', { pointer: '/replaces_id' });
  assert.deepEqual((await allOf(county, path, { replaces_id: old.id })).map((d) => d.id), [next.id]);
  assert.deepEqual((await allOf(county, path, { as_of: '2023-06-01', division: louxing })).filter((d) => d.number === number).map((d) => d.id), [next.id]);
});

test('R-101: of two at once one replaces it', async () => {
  const old = await newDocument();
  const answers = await Promise.all([1, 2, 3].map(() => county.post(path, documentBody({ issued_on: '2022-01-01', replaces_id: old.id }))));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409]);
  assertRecord(await get(old), { version: 2 });
});

test('R-101: a document that is ended ends with its duties', async () => {
  const document = await newDocument({ clauses: parts });
  const ended = assertDone(await county.patch(`${path}/${document.id}`, 1, { valid_to: '2024-01-01', title: '改名' }));
  assertRecord(ended, { valid_to: '2024-01-01', title: '改名', version: 2, n_duties: 2 });
  assert.deepEqual((await dutiesOf(document, { as_of: '2023-12-31' })).map((d) => d.valid_to), ['2024-01-01', '2024-01-01']);
  assert.deepEqual(await dutiesOf(document), []);
  assertRefused(await county.patch(`${path}/${document.id}`, 1, { title: 'x' }), 412, 'stale');
  assertRefused(await county.patch(`${path}/${document.id}`, undefined, { title: 'x' }), 428, 'precondition_required');
  assertRefused(await county.patch(`${path}/${document.id}`, 2, { valid_to: '2020-01-01' }), 422, 'invalid', { pointer: '/valid_to' });
});

test('the document as printed is a file that is ready', async () => {
  const file = await upload(county, pdf(unique()), `${unique('文件')}.pdf`);
  const document = await newDocument({ file_id: file.id });
  assertRecord(document, { file_id: file.id });
  assertRefused(await county.post(path, documentBody({ file_id: nobodysId() })), 422, 'invalid', { pointer: '/file_id' });
  assertRecord(assertDone(await county.patch(`${path}/${document.id}`, 1, { file_id: null })), { file_id: null });
  assert.equal(rows(`SELECT count(*) AS n FROM registry.file_use WHERE file_id = '${file.id}' AND record = 'document'`)[0].n, 1);
});

test('R-103: clauses are added and corrected, each number once', async () => {
  const { document, clauses: [clause] } = await newClauses();
  const answer = await county.post('/registry/clauses', { document_id: document.id, number: '二', title: '附则', text: '自印发之日起施行。' });
  const added = assertDone(answer, 201);
  assertRecord(added, { document_id: document.id, owner_division: louxing, position: 2, number: '二', version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1/registry/clauses/${added.id}`);
  assertRefused(await county.post('/registry/clauses', { document_id: document.id, number: '二', text: 'x' }), 409, 'duplicate', { pointer: '/number' });
  assertRefused(await county.post('/registry/clauses', { document_id: nobodysId(), number: '二', text: 'x' }), 422, 'invalid', { pointer: '/document_id' });
  assertRefused(await otherCounty.post('/registry/clauses', { document_id: document.id, number: '三', text: 'x' }), 422, 'invalid', { pointer: '/document_id' });
  const corrected = assertDone(await county.patch(`/registry/clauses/${clause.id}`, 1, { title: '总则', text: '压实责任' }));
  assertRecord(corrected, { title: '总则', text: '压实责任', number: clause.number, version: 2 });
  assertRecord(assertDone(await county.patch(`/registry/clauses/${clause.id}`, 2, { title: null })), { title: null });
  assertRefused(await county.patch(`/registry/clauses/${clause.id}`, 2, { text: 'x' }), 412, 'stale');
  assertRefused(await otherCounty.patch(`/registry/clauses/${clause.id}`, 3, { text: 'x' }), 404, 'not_found');
});

test('R-105: what differs from the edition before, clause by clause', async () => {
  const old = await newDocument({ clauses: [{ number: '一', text: '甲' }, { number: '二', text: '乙' }, { number: '三', text: '丙' }] });
  const next = await newDocument({ issued_on: '2022-01-01', replaces_id: old.id,
    clauses: [{ number: '一', text: '甲' }, { number: '二', text: '新' }, { number: '三', text: '乙' }, { number: '四', title: '丁', text: '丙丙' }] });
  const difference = assertDone(await county.get(`${path}/${next.id}/difference`));
  assertRecord(difference, { id: next.id, against: old.id });
  assert.deepEqual(difference.changes.map((c) => [c.change, c.old_number, c.number, c.fields.join(), c.old_text, c.text]),
    [['added', null, '二', '', null, '新'], ['removed', '三', null, '', '丙', null], ['renumbered', '二', '三', 'number', '乙', '乙'], ['added', null, '四', '', null, '丙丙']]);
  const back = assertDone(await townOffice.get(`${path}/${old.id}/difference`, { against: next.id }));
  assert.equal(back.changes.length, 4);
  assert.deepEqual(assertDone(await county.get(`${path}/${next.id}/difference`, { against: next.id })).changes, []);
  assertRefused(await county.get(`${path}/${old.id}/difference`), 404, 'not_found');
  assertRefused(await county.get(`${path}/${old.id}/difference`, { against: nobodysId() }), 404, 'not_found');
  assertRefused(await otherCounty.get(`${path}/${next.id}/difference`), 404, 'not_found');
});
