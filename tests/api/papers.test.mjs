// tests/api/papers.test.mjs - papers: a form filled in, numbered without gaps, kept as a file.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { allOf, newKey, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { patient } from '../support/patient.mjs';
import { tokenOf } from '../support/tokens.mjs';
import { county, listInForce, nobodysId, otherCounty, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/papers';
const unit = await unitOf('town_office');
const { list, items: [item] } = await listInForce([(task) => valueItem(task, unit, { title: `为𠮷田㛃家通水${unique()}` })]);

async function textOf(paper, caller = county) {
  const answer = await patient(`${process.env.ZEREN_TEST_HTTP}/api/v1/registry/files/${paper.file_id}/content`, { headers: { Authorization: `Bearer ${await tokenOf(caller.role)}` } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/pdf');
  return execFileSync('pdftotext', ['-layout', '-', '-'], { input: Buffer.from(await answer.arrayBuffer()), encoding: 'utf8' });
}
const numberOf = (paper) => Number(/〕(\d+)号$/.exec(paper.number)[1]);

test('R-092: a reminder of an item says what the item is, under the next number', async () => {
  const answer = await county.post(path, { template: 'reminder', record_id: item.id });
  const paper = assertDone(answer, 201);
  assertRecord(paper, { template: 'reminder', record: 'item', record_id: item.id, pages: 1, version: 1 });
  assert.match(paper.number, /^提醒〔\d{4}〕\d+号$/);
  assert.deepEqual(assertDone(await county.get(`${path}/${paper.id}`)), paper);
  assert.equal(assertDone(await county.get(path, { record_id: item.id })).items.length, 1);
  const text = await textOf(paper);
  for (const part of [paper.number, item.title, unit.name, '特此提醒']) assert.ok(text.replaceAll(/\s/g, '').includes(part), `${part} is not in ${text}`);
  const next = assertDone(await county.post(path, { template: 'reminder', record_id: item.id }), 201);
  const issued = (await allOf(county, path, { template: 'reminder' })).filter((each) => each.issuer_organisation_id === paper.issuer_organisation_id && each.year === paper.year);
  assert.deepEqual(issued.map(numberOf).sort((a, b) => a - b), issued.map((_, i) => i + 1), 'whoever else has one made meanwhile');
  assert.ok(numberOf(next) > numberOf(paper));
});

test('a duty list is a table of its items', async () => {
  const text = await textOf(assertDone(await county.post(path, { template: 'duty_list', record_id: list.id }), 201));
  for (const part of ['责任清单', '牵头单位', unit.name.slice(0, 4), item.due_on]) assert.ok(text.replaceAll(/\s/g, '').includes(part), `${part} is not in ${text}`);
});

test('R-091: no paper of what the caller cannot see, and none of another kind', async () => {
  assertRefused(await otherCounty.post(path, { template: 'reminder', record_id: item.id }), 422, 'invalid', { pointer: '/record_id' });
  assertRefused(await county.post(path, { template: 'reminder', record_id: nobodysId() }), 422, 'invalid', { pointer: '/record_id' });
  assertRefused(await county.post(path, { template: 'urging', record_id: item.id }), 422, 'invalid', { pointer: '/record_id' });
  assertRefused(await townOffice.post(path, { template: 'reminder', record_id: item.id }), 403, 'forbidden');
});

test('another county sees no paper of this one', async () => {
  const paper = assertDone(await county.post(path, { template: 'reminder', record_id: item.id }), 201);
  assertRefused(await otherCounty.get(`${path}/${paper.id}`), 404, 'not_found');
  assertRefused(await otherCounty.get(`/registry/files/${paper.file_id}`), 404, 'not_found');
});

test('R-090: sixty-four at once take sixty-four numbers, none twice, none missing; a repetition, a rehearsal and a refusal take none', async () => {
  const make = async (key) => {
    for (;;) {
      const answer = await county.post(path, { template: 'duty_list', record_id: list.id }, { key });
      if (answer.status !== 503 && !(answer.status === 409 && answer.body.code === 'idempotency_key_in_use')) return assertDone(answer, 201);
    }
  };
  const before = numberOf(await make(newKey()));
  assertDone(await county.post(path, { template: 'duty_list', record_id: list.id }, { query: { validate_only: true } }), 200);
  assertRefused(await county.post(path, { template: 'duty_list', record_id: nobodysId() }), 422, 'invalid');
  const keys = Array.from({ length: 64 }, newKey);
  const papers = await Promise.all(keys.map(make));
  const numbers = papers.map(numberOf).sort((a, b) => a - b);
  assert.deepEqual(numbers, Array.from({ length: 64 }, (_, i) => before + 1 + i));
  assert.deepEqual(await make(keys[7]), papers[7], 'a repeated key is the same paper');
  assert.equal(numberOf(await make(newKey())), before + 65);
});
