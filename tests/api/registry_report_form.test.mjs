// tests/api/registry_report_form.test.mjs - forms of periodic reports: a basis, nothing that is known, nothing twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newClauses } from '../support/documents.mjs';
import { freshCity, loadDivisions, office } from '../support/offices.mjs';
import { nobodysId, otherCounty, townOffice } from '../support/world.mjs';

const city = await freshCity(), county = `${city}21000000`;
await loadDivisions([[city, '某市', '', '', ''], [county, '某县', '', '', ''], [`${city}21100000`, '某镇', '', '', '']]);
const government = await office(county), prefecture = await office(`${city}00000000`, { role: 'prefecture_office' });
const { clauses: [clause] } = await newClauses(['每月报告'], { owner_division: county }, government);
const form = (more = {}) => ({ code: unique('f'), title: '月报', period: 'month', level: 3, clause_id: clause.id, fields: [{ code: 'visits', label: '走访', kind: 'figure', figure: 'visits' }], ...more });
const post = (more, caller = government) => caller.post('/registry/report_forms', form(more));

test('R-191: a form says what it asks, of whom, how often, and by which clause', async () => {
  const made = assertDone(await post({ fields: [{ code: 'visits', label: '走访', kind: 'figure', figure: 'visits' }, { code: 'said', label: '情况', kind: 'text', required: true }] }), 201);
  assertRecord(made, { owner_division: county, level: 3, period: 'month', status: 'in_use', clause: '1', asked_by_organisation_id: government.unit_id, valid_to: null });
  assert.deepEqual(made.fields, [{ code: 'visits', label: '走访', kind: 'figure', figure: 'visits', data_item: null, required: false },
    { code: 'said', label: '情况', kind: 'text', figure: null, data_item: null, required: true }]);
  assert.deepEqual(assertDone(await government.get(`/registry/report_forms/${made.id}`)), made);
});

test('R-190, R-192: what the system knows is not asked: the refusal says what it is', async () => {
  const refused = assertRefused(await post({ fields: [{ code: 'nn', label: '走访次数', kind: 'number', data_item: 'visits' }] }), 422, 'invalid', { pointer: '/fields' });
  assert.match(refused.errors[0].detail, /走访次数 is known and is not asked for: 0 次 in \d{12} from \d{4}-01-01 to .*take the figure visits/);
});

test('R-192: what one form asks, another does not ask again: the refusal says which, and what it was last told', async () => {
  const first = assertDone(await post({ title: '产业月报', fields: [{ code: 'roads', label: '道路', kind: 'number', data_item: 'roads_built' }] }), 201);
  const refused = assertRefused(await post({ fields: [{ code: 'rr', label: '道路', kind: 'number', data_item: 'roads_built' }] }, prefecture), 409, 'state_conflict');
  assert.ok(refused.detail.includes('产业月报') && refused.detail.includes(first.id) && refused.detail.includes('nothing yet'), refused.detail);
  assertDone(await government.verb(`/registry/report_forms/${first.id}:end`, first.version));
  assertDone(await post({ fields: [{ code: 'rr', label: '道路', kind: 'number', data_item: 'roads_built' }] }, prefecture), 201);
});

test('R-191: fields name what they are, once', async () => {
  const refused = async (field, words, more = []) => {
    const { errors } = assertRefused(await post({ fields: [field, ...more] }), 422, 'invalid', { pointer: '/fields' });
    assert.match(errors[0].detail, words);
  };
  await refused({ code: 'xx', label: 'x', kind: 'figure' }, /names its figure/);
  await refused({ code: 'xx', label: 'x', kind: 'text', figure: 'visits' }, /names its figure/);
  await refused({ code: 'xx', label: 'x', kind: 'figure', figure: 'nothing' }, /no figure nothing/);
  await refused({ code: 'xx', label: 'x', kind: 'number', data_item: 'nothing' }, /no data item nothing/);
  await refused({ code: 'xx', label: 'x', kind: 'text' }, /twice/, [{ code: 'xx', label: 'y', kind: 'text' }]);
});

test('R-193: a form is composed of a shorter period or of the level below, and rests on a clause', async () => {
  const month = assertDone(await post(), 201);
  assertDone(await post({ period: 'quarter', composes_form_id: month.id }), 201);
  assertDone(await post({ level: 2, composes_form_id: month.id }, prefecture), 201);
  for (const wrong of [{ period: 'month', level: 3 }, { period: 'year', level: 2 }]) {
    assertRefused(await post({ ...wrong, composes_form_id: month.id }, prefecture), 422, 'invalid', { pointer: '/composes_form_id' });
  }
  assertRefused(await post({ composes_form_id: nobodysId() }), 422, 'invalid', { pointer: '/composes_form_id' });
  assertRefused(await post({ clause_id: nobodysId() }), 422, 'invalid', { pointer: '/clause_id' });
  assertRefused(await post({ level: 2 }), 422, 'invalid', { pointer: '/level' });
  const code = unique('f');
  assertDone(await post({ code }), 201);
  assert.equal((await post({ code })).status, 409);
});

test('only the unit that asks ends its form; other counties do not see it', async () => {
  const made = assertDone(await post(), 201), path = `/registry/report_forms/${made.id}`;
  const other = await office(county, { kind: 'party_committee' });
  assertRefused(await other.verb(`${path}:end`, made.version), 403, 'not_your_unit');
  assertRefused(await otherCounty.get(path), 404, 'not_found');
  assertRefused(await townOffice.post('/registry/report_forms', form()), 403, 'forbidden');
  const ended = assertDone(await government.verb(`${path}:end`, made.version));
  assertRecord(ended, { status: 'ended', version: 2 });
  assertRefused(await government.verb(`${path}:end`, ended.version), 409, 'state_conflict');
});

test('R-203: the ledger says of every form who asks, by what, how often, and how much of it fills itself', async () => {
  const made = assertDone(await post({ period: 'quarter', title: '季报', fields: [{ code: 'visits', label: '走访', kind: 'figure', figure: 'visits' },
    { code: 'jobs', label: '岗位', kind: 'number', data_item: 'collective_income' }, { code: 'said', label: '情况', kind: 'text' }] }), 201);
  const ledger = assertDone(await government.get('/registry/burden', { division: county, limit: 500 })).items;
  assertRecord(ledger.find((f) => f.id === made.id), { times_a_year: 4, figures: 1, numbers: 1, texts: 1, reports: 0, submitted: 0, last_submitted_on: null, clause: '1', asked_by_organisation_id: government.unit_id });
  const known = assertDone(await government.get('/registry/figures', { division: county }));
  assert.ok(known.figures.length >= 18);
  assert.ok(known.figures.every((f) => f.value === '0'), JSON.stringify(known.figures));
  assertRefused(await government.get('/registry/figures', { division: '431302000000' }), 403, 'out_of_scope');
  assertRefused(await government.get('/registry/figures', { division: county, from: '2026-02-01', until: '2026-01-31' }), 400, 'bad_parameter', { parameter: 'until' });
});

test('R-192: neither within one form nor of two set up at once is a thing asked twice; a form adds up what its parts ask', async () => {
  const asks = (data_item, more) => ({ fields: [{ code: unique('n'), label: '数', kind: 'number', data_item }], ...more });
  const field = asks('toilets_rebuilt').fields[0];
  assertRefused(await post({ fields: [field, { ...field, code: 'other' }] }), 422, 'invalid', { pointer: '/fields' });
  const answers = await Promise.all(Array.from({ length: 16 }, () => post(asks('jobs_created'))));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, ...Array(15).fill(409)]);
  const month = answers.find((a) => a.status === 201).body;
  assertRefused(await post(asks('jobs_created', { period: 'quarter' })), 409, 'state_conflict');
  const quarter = assertDone(await post(asks('jobs_created', { period: 'quarter', composes_form_id: month.id })), 201);
  assertDone(await post(asks('jobs_created', { period: 'year', composes_form_id: quarter.id })), 201);
  for (const made of [month, quarter]) assertDone(await government.verb(`/registry/report_forms/${made.id}:end`, made.version));
});

test('R-203: a form of the level above reaches no county', async () => {
  const above = assertDone(await post({ level: 2 }, prefecture), 201), below = assertDone(await post({ level: 4 }, prefecture), 201);
  const ids = assertDone(await government.get('/registry/burden', { division: county, limit: 500 })).items.map((f) => f.id);
  assert.deepEqual([ids.includes(above.id), ids.includes(below.id)], [false, true]);
});
