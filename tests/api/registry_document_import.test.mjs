// tests/api/registry_document_import.test.mjs - R-102: a document out of a table: whole or not at all, every fault by row and column, rehearsed first.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { clausesOf, eventsOf, newDocument } from '../support/documents.mjs';
import { county, louxing, shuangfeng, townOffice } from '../support/world.mjs';

const path = '/registry/documents:import';
const heading = 'clause_number,clause_title,clause_text,duty_number,duty_title,level,subject,topic';
const about = (more = {}) => ({ owner_division: louxing, title: unique('意见'), issuer: '区委', issued_on: '2021-08-31', kind: 'opinion', ...more });
const load = (lines, query = {}, options = {}) => county.load(path, about(query), [heading, ...lines].join('\n'), options);
const good = ['一,分类,按类推进,,,,,', '二,责任,分级负责,1,承担主体责任,3,main_body,party_leadership', '二,,,2,共同落实,,work_team,', '三,,另行通知,,,,,'];

test('a row is a duty under its clause, or a clause alone', async () => {
  const number = unique('号');
  const answer = await load(good, { number, assumed: true });
  const document = assertDone(answer, 201);
  assertRecord(document, { owner_division: louxing, number, kind: 'opinion', valid_from: '2021-08-31', assumed: true, n_clauses: 3, n_duties: 2, edition: 1, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1/registry/documents/${document.id}`);
  assert.deepEqual((await clausesOf(document)).map((c) => [c.position, c.number, c.title, c.text]),
    [[1, '一', '分类', '按类推进'], [2, '二', '责任', '分级负责'], [3, '三', null, '另行通知']]);
  assert.deepEqual((await allOf(county, '/registry/duties', { document_id: document.id })).map((d) => [d.number, d.clause_number, d.title, d.level, d.subject, d.topic, d.assumed]),
    [['1', '二', '承担主体责任', 3, 'main_body', 'party_leadership', true], ['2', '二', '共同落实', null, 'work_team', 'general', true]]);
  assert.deepEqual(await eventsOf(document), { document: 1, document_clause: 3, duty: 2 });
});

test('every fault is told by row, column and code, and nothing is written', async () => {
  const title = unique('意见');
  const refusal = await load(['一,甲,文,1,责任,3,department,nothing', '一,乙,别,1,,9,king,', '二,,,,,,,', '一,,,,,,,', ',,x,,,,,'], { title });
  assertRefused(refusal, 422, 'invalid', { row: 2, column: 'topic', code: 'unknown_topic' }, { row: 3, column: 'clause_title', code: 'clause_differs' },
    { row: 3, column: 'clause_text', code: 'clause_differs' }, { row: 3, column: 'duty_number', code: 'repeated' }, { row: 3, column: 'duty_title', code: 'required' },
    { row: 3, column: 'level' }, { row: 3, column: 'subject', code: 'not_one_of' }, { row: 4, column: 'clause_text', code: 'required' },
    { row: 5, column: 'clause_number', code: 'repeated' }, { row: 6, column: 'clause_number', code: 'required' });
  assert.deepEqual((await allOf(county, '/registry/documents', { division: louxing })).filter((d) => d.title === title), []);
});

test('a rehearsal writes nothing, and the same key loads once', async () => {
  const [title, key] = [unique('意见'), newKey()];
  assertRecord(assertDone(await load(good, { title, validate_only: true })), { n_clauses: 3, n_duties: 2 });
  const answers = [await load(good, { title }, { key }), await load(good, { title }, { key })];
  assert.deepEqual(assertDone(answers[0], 201), assertDone(answers[1], 201));
  assert.equal((await allOf(county, '/registry/documents', { division: louxing })).filter((d) => d.title === title).length, 1);
});

test('what is said of the document is held to the same rules', async () => {
  const old = await newDocument();
  assertRecord(assertDone(await load(good, { replaces_id: old.id }), 201), { edition: 2, replaces_id: old.id });
  assertRefused(await load(good, { replaces_id: old.id, issued_on: '2022-01-01' }), 409, 'duplicate');
  assertRefused(await load(good, { owner_division: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await load(good, { kind: 'letter' }), 400, 'bad_parameter', { parameter: 'kind' });
  assertRefused(await load(good, { issuer: undefined }), 400, 'bad_parameter', { parameter: 'issuer' });
  assertRefused(await townOffice.load(path, about(), `${heading}\n${good[0]}\n`), 403, 'forbidden');
  assertRefused(await load([]), 422, 'invalid');
});

test('a table in GB18030 is one like others', async () => {
  const csv = Buffer.concat([Buffer.from(`${heading}\n`), Buffer.from([0xd2, 0xbb]), Buffer.from(',,'), Buffer.from([0xc1, 0xb8, 0xca, 0xb3]), Buffer.from(',,,,,\n')]);
  const answer = await county.call('POST', path, { query: about(), body: csv, headers: { 'Content-Type': 'text/csv; charset=GB18030' } });
  assert.deepEqual((await clausesOf(assertDone(answer, 201))).map((c) => [c.number, c.text]), [['一', '粮食']]);
});
