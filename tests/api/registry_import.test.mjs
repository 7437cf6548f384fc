// tests/api/registry_import.test.mjs - a whole list out of one table, or nothing of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TextDecoder } from 'node:util';
import { allOf, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { county, freshYear, listPath, louxing, newOrganisation, shuangfeng, town } from '../support/world.mjs';

const path = '/registry/duty_lists:import';
const columns = ['task_number', 'parent_number', 'task_title', 'item_title', 'lead_unit', 'assist_units', 'starts_on', 'due_on', 'measure', 'target',
  'unit_of_measure', 'milestones'];
const [water, finance, office] = await Promise.all([newOrganisation({ name: unique('水利'), line: 'water' }),
  newOrganisation({ name: unique('财政'), line: 'finance' }), newOrganisation({ name: unique('街道'), kind: 'town', owner_division: town })]);

const good = { task_number: '01', task_title: '供水工程', item_title: '改造十四处', lead_unit: water.name, assist_units: `${finance.name};${office.name}`,
  starts_on: '2025-01-06', due_on: '2025-06-18', measure: 'value', target: '14', unit_of_measure: '处' };
const steps = { ...good, item_title: '验收', lead_unit: office.name, assist_units: '', measure: 'milestone', target: '', unit_of_measure: '',
  milestones: '2025-03-31 方案印发;2025-06-18 完成验收' };

const cell = (text = '') => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const sheet = (rows, heading = columns) => [heading.join(','), ...rows.map((row) => heading.map((name) => cell(row[name])).join(','))].join('\n') + '\n';

async function load(csv, { year, query, headers } = {}) {
  const wanted = year ?? (await freshYear());
  return county.load(path, { owner_division: louxing, year: wanted, title: '清单', ...query }, csv, { headers });
}

const listsOf = (year) => allOf(county, '/registry/duty_lists', { division: louxing, year });

// The table is refused with these errors, dry or not, and nothing of it is there afterwards.
async function refuses(csv, ...errors) {
  const year = await freshYear();
  for (const validate_only of [true, false]) {
    assertRefused(await load(csv, { year, query: { validate_only } }), 422, 'invalid', ...errors);
  }
  assert.deepEqual(await listsOf(year), []);
}

test('a table becomes a draft with its tasks, items and milestones', async () => {
  const child = { task_number: '01.1', parent_number: '01', task_title: '管网' };
  const answer = await load(sheet([good, steps, child]), { query: { assumed: true } });
  const list = assertDone(answer, 201);
  assertRecord(list, { owner_division: louxing, edition: 1, status: 'draft', assumed: true, tasks: 2, items: 2, milestones: 2, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1${listPath(list)}`);
  assertRecord(assertDone(await county.get(listPath(list))), { id: list.id, status: 'draft', assumed: true });
  const tasks = await allOf(county, '/registry/tasks', { duty_list_id: list.id });
  assert.deepEqual(tasks.map((task) => [task.number, task.title]), [['01', '供水工程'], ['01.1', '管网']]);
  assert.equal(tasks[1].parent_id, tasks[0].id);
  const items = await allOf(county, '/registry/items', { duty_list_id: list.id });
  const byValue = items.find((item) => item.measure === 'value');
  assertRecord(byValue, { title: '改造十四处', task_number: '01', lead_organisation: water.name, owner_division: louxing, target: '14', unit_of_measure: '处',
    starts_on: '2025-01-06', due_on: '2025-06-18', progress: '0', completion: '0.00', done_on: null });
  assert.deepEqual(byValue.assist_organisation_ids.toSorted(), [finance.id, office.id].toSorted());
  const bySteps = items.find((item) => item.measure === 'milestone');
  assertRecord(bySteps, { lead_organisation: office.name, owner_division: town, target: null });
  assert.deepEqual(bySteps.milestones.map((m) => [m.position, m.name, m.due_on, m.reached_on]),
    [[1, '方案印发', '2025-03-31', null], [2, '完成验收', '2025-06-18', null]]);
});

test('a clean table rehearsed answers 200 and writes nothing', async () => {
  const year = await freshYear();
  const answer = await load(sheet([good, steps]), { year, query: { validate_only: true } });
  assertRecord(assertDone(answer), { tasks: 1, items: 2, milestones: 2 });
  assert.deepEqual(await listsOf(year), []);
});

const faults = [
  ['no task number', [{ ...good, task_number: '' }], { row: 2, column: 'task_number', code: 'required' }],
  ['no task title', [good, { ...steps, task_title: '' }], { row: 3, column: 'task_title', code: 'required' }],
  ['no item title', [{ ...good, item_title: '' }], { row: 2, column: 'item_title', code: 'required' }],
  ['no lead', [{ ...good, lead_unit: '' }], { row: 2, column: 'lead_unit', code: 'required' }],
  ['no start', [{ ...good, starts_on: '' }], { row: 2, column: 'starts_on', code: 'required' }],
  ['no deadline', [{ ...good, due_on: '' }], { row: 2, column: 'due_on', code: 'required' }],
  ['no measure', [{ ...good, measure: '' }], { row: 2, column: 'measure', code: 'required' }],
  ['two leads', [{ ...good, lead_unit: `${water.name};${finance.name}` }], { row: 2, column: 'lead_unit', code: 'two_leads' }],
  ['two leads with a full-width semicolon', [{ ...good, lead_unit: `${water.name}；${finance.name}` }], { row: 2, column: 'lead_unit', code: 'two_leads' }],
  ['a lead nobody knows', [{ ...good, lead_unit: '没有的局' }], { row: 2, column: 'lead_unit', code: 'unknown_unit' }],
  ['an assisting unit nobody knows', [{ ...good, assist_units: '没有的局' }], { row: 2, column: 'assist_units', code: 'unknown_unit' }],
  ['the lead assisting itself', [{ ...good, assist_units: water.name }], { row: 2, column: 'assist_units', code: 'repeated' }],
  ['a unit assisting twice', [{ ...good, assist_units: `${finance.name};${finance.name}` }], { row: 2, column: 'assist_units', code: 'repeated' }],
  ['a unit leading twice', [good, { ...good, item_title: '又一项' }], { row: 3, column: 'lead_unit', code: 'repeated' }],
  ['a deadline before the start', [{ ...good, due_on: '2025-01-05' }], { row: 2, column: 'due_on', code: 'before_start' }],
  ['an impossible date', [{ ...good, due_on: '2025-02-30' }], { row: 2, column: 'due_on', code: 'not_a_date' }],
  ['a date of another form', [{ ...good, starts_on: '2025/1/6' }], { row: 2, column: 'starts_on', code: 'not_a_date' }],
  ['an unknown measure', [{ ...good, measure: '数量' }], { row: 2, column: 'measure', code: 'not_one_of' }],
  ['no target', [{ ...good, target: '' }], { row: 2, column: 'target', code: 'required' }],
  ['a target of zero', [{ ...good, target: '0' }], { row: 2, column: 'target', code: 'too_small' }],
  ['a target that is no number', [{ ...good, target: '十四' }], { row: 2, column: 'target', code: 'not_a_decimal' }],
  ['no unit of measure', [{ ...good, unit_of_measure: '' }], { row: 2, column: 'unit_of_measure', code: 'required' }],
  ['milestones on an item by value', [{ ...good, milestones: '2025-03-31 方案' }], { row: 2, column: 'milestones', code: 'not_taken' }],
  ['a target on an item by milestones', [{ ...steps, target: '3' }], { row: 2, column: 'target', code: 'not_taken' }],
  ['no milestones', [{ ...steps, milestones: '' }], { row: 2, column: 'milestones', code: 'required' }],
  ['a milestone without a date', [{ ...steps, milestones: '方案印发' }], { row: 2, column: 'milestones', code: 'not_a_milestone' }],
  ['a milestone on an impossible day', [{ ...steps, milestones: '2025-02-29 方案' }], { row: 2, column: 'milestones', code: 'not_a_milestone' }],
  ['a milestone outside the period', [{ ...steps, milestones: '2025-07-01 方案' }], { row: 2, column: 'milestones', code: 'outside_period' }],
  ['too many milestones', [{ ...steps, milestones: Array.from({ length: 25 }, (_, i) => `2025-03-${String(i + 1).padStart(2, '0')} 步`).join(';') }],
    { row: 2, column: 'milestones', code: 'too_many' }],
  ['one task with two titles', [good, { ...steps, task_title: '别的' }], { row: 3, column: 'task_title', code: 'task_differs' }],
  ['one task with two parents', [good, { ...steps, parent_number: '02' }], { row: 3, column: 'parent_number', code: 'task_differs' }],
  ['a parent nobody knows', [{ ...good, parent_number: '99' }], { row: 2, column: 'parent_number', code: 'unknown_task' }],
  ['tasks that stand in a circle', [{ ...good, parent_number: '02' }, { task_number: '02', parent_number: '01', task_title: '二' }],
    { row: 2, column: 'parent_number', code: 'too_deep' }],
];
for (const [what, rows, error] of faults) test(`refused: ${what}`, () => refuses(sheet(rows), error));

test('all faults of a table are told at once', () => refuses(
  sheet([{ ...good, due_on: '2025-01-05' }, { ...steps, lead_unit: '没有的局' }, { ...good, task_number: '02', target: 'x' }]),
  { row: 2, column: 'due_on', code: 'before_start' }, { row: 3, column: 'lead_unit', code: 'unknown_unit' }, { row: 4, column: 'target', code: 'not_a_decimal' }));

test('two units of one name are ambiguous', async () => {
  const name = unique('同名');
  await newOrganisation({ name });
  await newOrganisation({ name, owner_division: town });
  await refuses(sheet([{ ...good, lead_unit: name }]), { row: 2, column: 'lead_unit', code: 'ambiguous_unit' });
});

test('a missing column is told, and an unknown one', async () => {
  await refuses(sheet([good], columns.filter((name) => name !== 'task_title')), { row: 1, column: 'task_title', code: 'missing_column' });
  await refuses(sheet([good], [...columns, 'colour']), { row: 1, column: 'colour', code: 'unknown_column' });
});

test('a ragged row is told by its number', async () => {
  const csv = sheet([good, steps]).replace('\n01', '\n01,01'); // the first row has one cell more
  assertRefused(await load(csv), 422, 'invalid', { row: 2, code: 'ragged_row' });
});

test('a quotation mark that is not closed is told', async () => {
  assertRefused(await load(`${columns.join(',')}\n"01,`), 422, 'invalid', { row: 2, code: 'bad_quotes' });
});

test('an empty table, and one without rows, are refused', async () => {
  assertRefused(await load(`${columns.join(',')}\n`), 422, 'invalid');
  const answer = await load('\n');
  assertRefused(answer, 422, 'invalid');
});

test('a quoted line break, comma and quotation mark stay inside their cell', async () => {
  const title = '改造"老旧"管网,\n含入户';
  const list = assertDone(await load(sheet([{ ...good, item_title: title }])), 201);
  const [item] = await allOf(county, '/registry/items', { duty_list_id: list.id });
  assert.equal(item.title, title);
});

test('rows are counted as a spreadsheet does behind a quoted line break and a blank line', () => refuses(
  `${columns.join(',')}\n\n${sheet([{ ...good, item_title: '甲\n乙' }, { ...steps, measure: 'x' }]).split('\n').slice(1).join('\n')}`,
  { row: 4, column: 'measure', code: 'not_one_of' }));

test('CRLF, a byte-order mark and blanks around cells are taken', async () => {
  const csv = `\uFEFF${sheet([{ ...good, target: ' 14 ' }]).replaceAll('\n', '\r\n')}`;
  assertRecord(assertDone(await load(csv), 201), { items: 1 });
});

// GB18030 of the two-byte plane, made by inverting the decoder.
function gb18030(text) {
  const decoder = new TextDecoder('gb18030');
  const table = new Map();
  for (let high = 0x81; high <= 0xfe; high++) {
    for (let low = 0x40; low <= 0xfe; low++) {
      if (low !== 0x7f) table.set(decoder.decode(Uint8Array.of(high, low)), [high, low]);
    }
  }
  return Buffer.from([...text].flatMap((c) => (c.codePointAt(0) < 0x80 ? [c.codePointAt(0)] : table.get(c))));
}

test('a GB18030 table is read when the content type says so', async () => {
  const list = assertDone(await load(gb18030(sheet([good, steps])), { headers: { 'Content-Type': 'text/csv; charset=GB18030' } }), 201);
  const items = await allOf(county, '/registry/items', { duty_list_id: list.id });
  assert.deepEqual(items.map((item) => item.title).sort(), ['改造十四处', '验收'].sort());
});

test('GB18030 declared as UTF-8, or as nothing, is refused and names the line', async () => {
  const year = await freshYear();
  for (const type of ['text/csv; charset=UTF-8', 'text/csv']) {
    const refusal = assertRefused(await load(gb18030(sheet([good])), { year, headers: { 'Content-Type': type } }), 422, 'invalid', { row: 2, code: 'not_in_charset' });
    assert.match(refusal.detail, /line 2.*UTF-8/);
  }
  assert.deepEqual(await listsOf(year), []);
});

test('UTF-8 declared as GB18030 is refused where its bytes are none', async () => {
  assertRefused(await load(sheet([good]).replace('供水', '水￿'), { headers: { 'Content-Type': 'text/csv; charset=GB18030' } }), 422, 'invalid');
});

test('another content type or charset is refused', async () => {
  for (const type of ['application/json', 'text/plain', 'text/csv; charset=big5']) {
    assertRefused(await load(sheet([good]), { headers: { 'Content-Type': type } }), 415, 'unsupported_media_type');
  }
});

test('the table of another county is refused', async () => {
  const answer = await county.load(path, { owner_division: shuangfeng, year: 2040, title: '清单' }, sheet([{ task_number: '1', task_title: '任务' }]));
  assertRefused(answer, 403, 'out_of_scope');
});

test('division, year and title are required', async () => {
  assertRefused(await county.load(path, {}, sheet([good])), 400, 'bad_parameter', { parameter: 'owner_division', code: 'required' },
    { parameter: 'year', code: 'required' }, { parameter: 'title', code: 'required' });
});

test('five thousand rows go in, one more does not', async () => {
  const tasks = Array.from({ length: 5001 }, (_, i) => ({ task_number: String(i), task_title: `任务${i}` }));
  assertRecord(assertDone(await load(sheet(tasks.slice(0, 5000))), 201), { tasks: 5000, items: 0 });
  assertRefused(await load(sheet(tasks)), 422, 'invalid');
});

test('a table loaded twice makes the next edition', async () => {
  const year = await freshYear();
  const csv = sheet([good]);
  assertRecord(assertDone(await load(csv, { year }), 201), { edition: 1 });
  assertRecord(assertDone(await load(csv, { year }), 201), { edition: 2 });
});
