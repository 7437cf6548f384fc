// tests/api/registry_periodic_report.test.mjs - reports by period: filled, written, submitted, returned, accepted, composed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ended } from '../support/batches.mjs';
import { unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { run } from '../support/database.mjs';
import { daysOn, thisYear } from '../support/days.mjs';
import { newClauses } from '../support/documents.mjs';
import { codes, freshCity, loadDivisions, office } from '../support/offices.mjs';
import { freshCode, nobodysId } from '../support/world.mjs';

const city = await freshCity(), [one, two] = [`${city}21000000`, `${city}22000000`];
await loadDivisions([[city, '某市', '', '', ''], [one, '甲县', '', '', ''], [two, '乙县', '', '', ''], [`${city}21100000`, '某镇', '', '', '']]);
const prefecture = await office(`${city}00000000`, { role: 'prefecture_office' });
const [first, second] = [await office(one), await office(two)];
const { clauses: [clause] } = await newClauses(['月报告、季分析'], { owner_division: `${city}00000000` }, prefecture);
const newForm = async (more) => assertDone(await prefecture.post('/registry/report_forms', { code: unique('f'), title: unique('月报'), period: 'month', level: 3, clause_id: clause.id,
  valid_from: '2020-01-01', fields: [{ code: 'meetings', label: '会议', kind: 'figure', figure: 'meetings' }, { code: 'said', label: '情况', kind: 'text', required: true }], ...more }), 201);
const draw = (form, period_start, caller = first, more = {}) => caller.post('/registry/periodic_reports', { form_id: form.id, period_start, ...more });
const drawn = async (...given) => assertDone(await draw(...given), 201);
const path = (report) => `/registry/periodic_reports/${report.id}`;
const verb = (report, what, body, caller = first) => caller.verb(`${path(report)}:${what}`, report.version, body);
const meet = async (caller, held_on) => assertDone(await caller.post('/registry/meetings', { kind: 'dispatch', held_on, subject: unique('调度会') }), 201);
const value = (report, code = 'meetings') => report.figures.find((f) => f.code === code);

test('R-194, R-197: a report fills itself as of its cut, and what is written is laid over what is there', async () => {
  const form = await newForm();
  await meet(first, '2026-03-03');
  await meet(first, '2026-03-31');
  await meet(first, '2026-04-01');
  const report = await drawn(form, '2026-03-01');
  assertRecord(report, { owner_division: one, organisation_id: first.unit_id, to_division: `${city}00000000`, period_end: '2026-03-31', cut_on: '2026-03-31', status: 'draft', part_ids: [], missing: [] });
  assertRecord(value(report), { value: '2', recount: '2', label: '会议', unit_of_measure: '次' });
  await meet(first, '2026-03-15');
  const written = assertDone(await first.patch(path(report), report.version, { texts: { said: '推进顺利' } }));
  assertRecord(written, { texts: { said: '推进顺利' }, version: 2 });
  assert.equal(value(written).value, '3');
  const cleared = assertDone(await first.patch(path(report), 2, { texts: { said: null } }));
  assert.deepEqual(cleared.texts, {});
  assertRefused(await first.patch(path(report), 2, { texts: { said: '旧' } }), 412, 'stale');
});

test('R-198, R-199: submitted, returned with a reason, submitted again, accepted; what was submitted is kept to the byte', async () => {
  const form = await newForm(), report = await drawn(form, '2026-02-01');
  assertRefused(await verb(report, 'submit'), 409, 'state_conflict');
  const written = assertDone(await first.patch(path(report), report.version, { texts: { said: '第一稿' } }));
  const submitted = assertDone(await verb(written, 'submit'));
  assertRecord(submitted, { status: 'submitted', version: 3 });
  assertRefused(await first.patch(path(report), 3, { texts: { said: '改' } }), 409, 'state_conflict');
  const kept = assertDone(await prefecture.get(`${path(report)}/snapshot`));
  assert.equal(createHash('sha256').update(kept.snapshot).digest('hex'), kept.digest);
  assert.equal(kept.digest, submitted.digest);
  assertRecord(JSON.parse(kept.snapshot), { id: report.id, texts: { said: '第一稿' }, period_start: '2026-02-01', parts: [] });
  assertRefused(await verb(submitted, 'return', {}, prefecture), 422, 'invalid', { pointer: '/decision_note' });
  assertRefused(await verb(submitted, 'accept', {}), 403, 'not_your_unit');
  assertRefused(await verb(submitted, 'accept', {}, second), 404, 'not_found');
  const returned = assertDone(await verb(submitted, 'return', { decision_note: '请补充' }, prefecture));
  assertRecord(returned, { status: 'returned', returns: 1, decision_note: '请补充', digest: submitted.digest });
  const again = assertDone(await first.patch(path(report), returned.version, { texts: { said: '第二稿' } }));
  const resubmitted = assertDone(await verb(again, 'submit'));
  assert.notEqual(resubmitted.digest, submitted.digest);
  const accepted = assertDone(await verb(resubmitted, 'accept', { decision_note: '同意' }, prefecture));
  assertRecord(accepted, { status: 'accepted', decided_by: prefecture.post_id });
  assert.deepEqual(accepted.steps.map((s) => s.verb), ['submit', 'return', 'submit', 'accept']);
  assertRefused(await verb(accepted, 'return', { decision_note: '晚了' }, prefecture), 409, 'state_conflict');
  assertRefused(await verb(accepted, 'refresh'), 409, 'state_conflict');
});

async function accepted(form, period_start, caller, more = {}) {
  let report = await drawn(form, period_start, caller, { texts: { said: '情况' }, ...more });
  report = assertDone(await verb(report, 'submit', undefined, caller));
  return assertDone(await verb(report, 'accept', {}, prefecture));
}

test('R-195, R-196: a quarter is composed of its months: sums, the last of a stock, and what is missing is named', async () => {
  const fields = [{ code: 'meetings', label: '会议', kind: 'figure', figure: 'meetings' }, { code: 'contacts', label: '联系', kind: 'figure', figure: 'contacts' },
    { code: 'income', label: '集体收入', kind: 'number', data_item: 'collective_income', required: true }, { code: 'said', label: '情况', kind: 'text' }];
  const month = await newForm({ fields });
  const quarter = await newForm({ period: 'quarter', composes_form_id: month.id, fields: fields.filter((f) => f.kind === 'figure') });
  for (const day of ['2025-01-10', '2025-02-10', '2025-02-11', '2025-03-10']) await meet(second, day);
  const months = [await accepted(month, '2025-01-01', second, { numbers: { income: '10.5' } }), await accepted(month, '2025-02-01', second, { numbers: { income: '2' } })];
  const report = await drawn(quarter, '2025-01-01', second);
  assertRecord(report, { part_ids: months.map((m) => m.id), missing: ['2025-03-01'] });
  assertRecord(value(report), { value: '4', recount: '4' }); // not all parts are there: counted
  months.push(await accepted(month, '2025-03-01', second, { numbers: { income: '0.25' } }));
  await meet(second, '2025-01-20'); // after January was accepted
  const whole = assertDone(await verb(report, 'refresh', undefined, second));
  assertRecord(whole, { part_ids: months.map((m) => m.id), missing: [] });
  assertRecord(value(whole), { value: '4', recount: '5' });
  assert.equal(value(whole, 'contacts').value, '0');
  assertRefused(await draw(quarter, '2025-02-01', second), 422, 'invalid', { pointer: '/period_start' });
});

test('R-195: a city\'s report is the sum of its counties\' accepted ones, numbers too; a sum is not typed over', async () => {
  const fields = [{ code: 'meetings', label: '会议', kind: 'figure', figure: 'meetings' }, { code: 'trained', label: '培训人数', kind: 'number', data_item: 'people_trained' }];
  const below = await newForm({ fields });
  const above = assertDone(await prefecture.post('/registry/report_forms', { code: unique('f'), title: '市月报', period: 'month', level: 2, clause_id: clause.id, valid_from: '2020-01-01',
    composes_form_id: below.id, fields: [fields[0], { code: 'trained', label: '培训人数', kind: 'number', data_item: 'people_trained' }] }), 201);
  await meet(first, '2024-05-06');
  await meet(second, '2024-05-07');
  await meet(second, '2024-05-08');
  const take = async (caller, trained) => {
    let report = await drawn(below, '2024-05-01', caller, { numbers: { trained } });
    report = assertDone(await verb(report, 'submit', undefined, caller));
    return assertDone(await verb(report, 'accept', {}, prefecture));
  };
  const parts = [await take(first, '30')];
  const half = await drawn(above, '2024-05-01', prefecture);
  assertRecord(half, { part_ids: [parts[0].id], missing: [two], numbers: {} });
  parts.push(await take(second, '12.5'));
  await meet(prefecture, '2024-05-09'); // the city's own, in no county's report
  await meet(first, '2024-05-10'); // after the county's was accepted
  const report = assertDone(await verb(half, 'refresh', undefined, prefecture));
  assertRecord(report, { part_ids: parts.map((p) => p.id), missing: [], numbers: { trained: '42.5' } });
  assertRecord(value(report), { value: '4', recount: '5' });
  const refused = assertRefused(await prefecture.patch(path(report), report.version, { numbers: { trained: '99' } }), 422, 'invalid', { pointer: '/numbers' });
  assert.match(refused.errors[0].detail, /sum of the reports/);
});

test('R-194: a department reports for itself to the offices of its division', async () => {
  const form = await newForm();
  const bureau = await office(one, { kind: 'department', role: 'department_office' });
  await meet(bureau, '2023-06-06');
  await meet(first, '2023-06-07');
  const own = await drawn(form, '2023-06-01', bureau, { texts: { said: '部门情况' } }), whole = await drawn(form, '2023-06-01', first);
  assertRecord(own, { to_division: one, organisation_id: bureau.unit_id });
  assert.deepEqual([value(own).value, value(whole).value], ['1', '2']);
  const submitted = assertDone(await verb(own, 'submit', undefined, bureau));
  assertRecord(assertDone(await verb(submitted, 'accept', {}, first)), { status: 'accepted' });
});

test('R-194, R-198: once a unit, form and period; a period that has begun; a form that asks that level and was in use', async () => {
  const form = await newForm({ valid_from: '2022-01-01' });
  const answers = await Promise.all(Array.from({ length: 8 }, () => draw(form, '2026-01-01')));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, ...Array(7).fill(409)]);
  assertRefused(await draw(form, '2026-01-02'), 422, 'invalid', { pointer: '/period_start' });
  assertRefused(await draw(form, '2199-01-01'), 422, 'invalid', { pointer: '/period_start' });
  assertRefused(await draw(form, '2021-01-01'), 409, 'state_conflict');
  assertRefused(await draw(form, '2026-01-01', prefecture), 403, 'not_your_unit');
  assertRefused(await draw({ id: nobodysId() }, '2026-01-01'), 422, 'invalid', { pointer: '/form_id' });
  const year = await newForm({ period: 'year' });
  const now = thisYear();
  const early = await drawn(year, `${now}-01-01`, first, { texts: { said: '提前' } });
  if (daysOn(0) < `${now}-12-10`) assertRefused(await verb(early, 'submit'), 409, 'state_conflict');
});

test('R-197: entries are what the form asks for', async () => {
  const form = await newForm({ fields: [{ code: 'jobs', label: '岗位', kind: 'number', data_item: 'training_sessions' }, { code: 'said', label: '情况', kind: 'text' }] });
  const refused = async (more, pointer, words) => {
    const { errors } = assertRefused(await draw(form, '2026-01-01', first, more), 422, 'invalid', { pointer });
    assert.match(errors[0].detail, words);
  };
  await refused({ numbers: { said: '1' } }, '/numbers', /no such entry/);
  await refused({ texts: { jobs: 'x' } }, '/texts', /no such entry/);
  await refused({ numbers: { jobs: 'many' } }, '/numbers', /decimal/);
  await refused({ numbers: { jobs: 5 } }, '/numbers', /a text/);
  await refused({ texts: { said: '' } }, '/texts', /4000/);
  await refused({ texts: { said: 'x'.repeat(4001) } }, '/texts', /4000/);
});

const taken = async (form, period_start, caller, by, more) => {
  const report = assertDone(await verb(await drawn(form, period_start, caller, more), 'submit', undefined, caller));
  return verb(report, 'accept', {}, by);
};
const plain = { fields: [{ code: 'meetings', label: '会议', kind: 'figure', figure: 'meetings' }] };
const cityForm = async (more) => newForm({ level: 2, ...plain, ...more });

test('R-195, R-199: a city adds up one report a county: neither its departments\' own nor a second one for all of it', async () => {
  const below = await newForm(plain), above = await cityForm({ composes_form_id: below.id });
  const bureau = await office(one, { kind: 'department', role: 'department_office' }), party = await office(one, { kind: 'party_committee' });
  for (const [caller, day] of [[first, '2022-05-06'], [bureau, '2022-05-07'], [second, '2022-05-08']]) await meet(caller, day);
  const parts = [assertDone(await taken(below, '2022-05-01', first, prefecture)), assertDone(await taken(below, '2022-05-01', second, prefecture))];
  assertDone(await taken(below, '2022-05-01', bureau, first));
  assertRefused(await taken(below, '2022-05-01', party, prefecture), 409, 'state_conflict');
  const report = await drawn(above, '2022-05-01', prefecture);
  assertRecord(report, { part_ids: parts.map((p) => p.id), missing: [] });
  assertRecord(value(report), { value: '3', recount: '3' });
});

test('R-199: of two reports for all of a county accepted at once one is', async () => {
  const below = await newForm(plain), party = await office(two, { kind: 'party_committee' });
  const waiting = await Promise.all([second, party].map(async (caller) => assertDone(await verb(await drawn(below, '2022-06-01', caller), 'submit', undefined, caller))));
  const answers = await Promise.all(waiting.map((report) => verb(report, 'accept', {}, prefecture)));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 409]);
});

test('R-195: what is added up is the same figure, whatever a form calls it', async () => {
  const below = await newForm({ fields: [{ code: 'aa', label: '走访', kind: 'figure', figure: 'visits' }, { code: 'bb', label: '会议', kind: 'figure', figure: 'meetings' }] });
  const above = await cityForm({ composes_form_id: below.id, fields: [{ code: 'aa', label: '会议', kind: 'figure', figure: 'meetings' }] });
  await meet(first, '2022-07-07');
  for (const caller of [first, second]) assertDone(await taken(below, '2022-07-01', caller, prefecture));
  await meet(first, '2022-07-08'); // after they were accepted
  assertRecord(value(await drawn(above, '2022-07-01', prefecture), 'aa'), { value: '1', recount: '2' });
});

test('R-198: figures counted in the middle of a period that has ended are counted anew before it is submitted', async () => {
  const report = await drawn(await newForm(plain), '2022-08-01');
  run(`UPDATE registry.periodic_report SET cut_on = '2022-08-09' WHERE id = '${report.id}'`);
  assert.match(assertRefused(await verb(report, 'submit'), 409, 'state_conflict').detail, /stand for 2022-08-09/);
  const counted = assertDone(await verb(report, 'refresh'));
  assert.equal(counted.cut_on, '2022-08-31');
  assertDone(await verb(counted, 'submit'));
});

test('R-194: who does not see all of a division does not report for all of it', async () => {
  const form = await newForm(plain), limited = await office(one, { lines: '{agriculture}' }), narrow = await office(one, { range: `${city}21100` });
  for (const caller of [limited, narrow]) assertRefused(await draw(form, '2022-09-01', caller), 403, 'not_your_unit');
});

test('R-194, R-199: a county that stands under no city reports to the province, as a city, too', async () => {
  const between = `${city.slice(0, 2)}9000000000`, direct = await freshCode('counties', codes(`${city.slice(0, 2)}90`, '000000'));
  await loadDivisions([[between, '省直辖县级行政区划', '', '', ''], [direct, '直辖县', '', '', '']]);
  const alone = await office(direct), province = await office(`${city.slice(0, 2)}0000000000`, { role: 'province_office' });
  const below = assertDone(await province.post('/registry/report_forms', { code: unique('f'), title: '市级月报', period: 'month', level: 2, clause_id: clause.id, valid_from: '2020-01-01', ...plain }), 201);
  const above = assertDone(await province.post('/registry/report_forms', { code: unique('f'), title: '省级月报', period: 'month', level: 1, clause_id: clause.id, valid_from: '2020-01-01',
    composes_form_id: below.id, ...plain }), 201);
  const whole = await drawn(above, '2022-10-01', province);
  assert.ok(whole.missing.includes(direct) && !whole.missing.includes(between), whole.missing.join());
  const part = assertDone(await taken(below, '2022-10-01', alone, province));
  assertRecord(part, { to_division: `${city.slice(0, 2)}0000000000`, status: 'accepted' });
  const again = assertDone(await verb(whole, 'refresh', undefined, province));
  assert.ok(again.part_ids.includes(part.id) && !again.missing.includes(direct));
});

test('R-198: it is printed and exported once it is submitted, long texts over pages', async () => {
  const form = await newForm(), report = await drawn(form, '2022-11-01', first, { texts: { said: '长'.repeat(3990) + '\n末段' } });
  const print = () => first.post('/registry/papers', { template: 'periodic_report', record_id: report.id });
  assertRefused(await print(), 409, 'state_conflict');
  const exported = async () => {
    const job = assertDone(await first.post('/registry/exports', { kind: 'periodic_reports', format: 'ndjson', reason: '核对', filters: { division: one } }), 202);
    const { text } = await first.call('GET', `/registry/files/${(await ended(first, job)).result.file_id}/content`);
    return text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter((line) => line.id === report.id);
  };
  assert.deepEqual(await exported(), []);
  const submitted = assertDone(await verb(report, 'submit'));
  const paper = assertDone(await print(), 201);
  assert.ok(paper.pages > 8, `${paper.pages} pages`);
  const lines = await exported();
  assert.deepEqual(lines.map((l) => [l.label, l.value.length, l.digest]), [['会议', 1, submitted.digest], ['情况', 3993, submitted.digest]]);
  const returned = assertDone(await verb(submitted, 'return', { decision_note: '改' }, prefecture));
  assertDone(await first.patch(path(report), returned.version, { texts: { said: '另一稿' } }));
  assert.deepEqual(await exported(), []); // what it says now is not what its digest stands for
});
