// tests/api/batch_report.test.mjs - progress reports out of tables: what each row finds, what is wrong with it, applied as reports like any other, undone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccount, signedIn } from '../support/accounts.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { batchOf, csv, done, download, ended, staged as stagedTable, verb } from '../support/batches.mjs';
import { allOf, send, unique, uuid } from '../support/client.mjs';
import { rows as sql, run } from '../support/database.mjs';
import { patient } from '../support/patient.mjs';
import { http } from '../support/settings.mjs';
import { tokenOf } from '../support/tokens.mjs';
import { unzip } from '../support/xlsx.mjs';
import { county, department, listInForce, louxing, milestoneItem, newItem, newList, newOrganisation, newTask, report, step, townOffice, unitOf, valueItem } from '../support/world.mjs';

const unit = await unitOf('town_office');
const names = { id: '编号', number: '任务编号', lead: '牵头单位', year: '年度', measure: '计量方式', on: '报告日期', value: '完成值', milestone: '节点', note: '说明' };
const day = '2025-03-31';
const table = (rows) => csv(rows.map((row) => Object.keys(names).map((name) => String(row[name] ?? (name === 'on' ? day : '')))), Object.values(names));
const staged = (rows, more = {}, caller = townOffice) => stagedTable(caller, table(rows), { kind: 'reports', ...more });
const rowsOf = (batch, query = {}) => allOf(townOffice, `/registry/batches/${batch.id}/rows`, query);
const reportsOf = (item) => allOf(townOffice, '/registry/reports', { item_id: item.id });
// Somebody else of a unit, who may report.
async function colleagueOf(organisation, { role = 'town_office', ranges = '431302006', lines = 'NULL' } = {}) {
  const account = newAccount({ name: unique('同事') });
  const seat = uuid();
  run(`DELETE FROM identity.account_post WHERE account_id = '${account.id}';
       INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, scope_lines, created_at)
         VALUES ('${seat}', '${louxing}', '${organisation.id}', '${unique('岗')}', 'staff', '${role}', '{${ranges}}', ${lines}, now());
       INSERT INTO identity.account_post (account_id, post_id) VALUES ('${account.id}', '${seat}')`);
  const { session: { access_token: token } } = await signedIn(account);
  return { get: (path, query) => send('GET', path, { token, query }), verb: (path, ifMatch, body, options) => send('POST', path, { token, body, ifMatch, ...options }),
    post: (path, body) => send('POST', path, { token, body }) };
}
const colleague = await colleagueOf(unit);
// A task of its own for each, so that the number says which.
async function twoItems() {
  const list = await newList();
  const tasks = [await newTask(list), await newTask(list)];
  const items = [await newItem(valueItem(tasks[0], unit)), await newItem(milestoneItem(tasks[1], unit))];
  let now = list;
  for (const name of ['approve', 'file', 'bring_into_force']) now = await step(now, name);
  return { list: now, tasks, byValue: items[0], bySteps: items[1] };
}

test('R-074, R-076: items by number or id; an applied row is a report that the sender submitted, and waits to be confirmed', async () => {
  const { tasks, byValue, bySteps } = await twoItems();
  const batch = await staged([{ number: tasks[0].number, value: '3.50', note: '三处' }, { id: bySteps.id, milestone: 1 }]);
  assertRecord(batch, { kind: 'reports', status: 'staged', rows: 2, inserts: 2, failed: 0 });
  assert.deepEqual((await reportsOf(byValue)).length, 0, 'nothing has changed');
  assertRefused(await verb(townOffice, batch, 'apply'), 403, 'another_person_required');
  assertRefused(await verb(county, batch, 'apply'), 404, 'not_found');
  const applied = await done(colleague, batch, 'apply');
  assertRecord(applied, { status: 'applied', applied: 2, not_applied: 0 });
  const [given] = await reportsOf(byValue);
  assertRecord(given, { item_id: byValue.id, organisation_id: unit.id, owner_division: byValue.owner_division, reported_on: day, value: '3.5', milestone: null, note: '三处',
    status: 'submitted', reported_by: batch.staged_post, version: 1 });
  assertRecord((await reportsOf(bySteps))[0], { milestone: 1, value: null, note: null, status: 'submitted' });
  const events = () => sql(`SELECT verb, kind, version FROM registry.event WHERE id = '${given.id}' ORDER BY seq`);
  for (let tries = 0; tries < 1200 && events().length < 1; tries++) await new Promise((wait) => { setTimeout(wait, 50); });
  assert.deepEqual(events(), [{ verb: 'apply_batch', kind: 'report', version: 1 }]);
  assert.equal(sql(`SELECT 1 AS n FROM registry.audit_log WHERE record_id = '${batch.id}' AND verb = 'apply_batch' AND body ? 'from_row'`).length, 1, 'one audit row a chunk');
  const work = await allOf(county, '/identity/me/worklist', { kind: 'report' });
  assert.ok(work.some((w) => w.id === given.id), 'it waits for who confirms');
  assertDone(await county.verb(`/registry/reports/${given.id}:confirm`, 1, {}));
  assertRecord(assertDone(await county.get(`/registry/items/${byValue.id}`)), { progress: '3.5' });
  const told = () => sql(`SELECT verb FROM registry.notice WHERE record_id = '${given.id}' AND organisation_id = '${unit.id}'`);
  for (let tries = 0; tries < 1200 && told().length < 1; tries++) await new Promise((wait) => { setTimeout(wait, 50); });
  assert.deepEqual(told().map((n) => n.verb), ['confirm_report'], 'and its unit hears of it');
});

test('R-075: the same table again changes nothing; another value corrects what nobody has decided on', async () => {
  const { byValue } = await twoItems();
  const given = assertDone(await report(byValue, { value: '2', reported_on: day, note: '两处' }), 201);
  assertRecord(await staged([{ id: byValue.id, value: 2 }]), { unchanged: 1, inserts: 0, updates: 0 });
  const batch = await staged([{ id: byValue.id, value: 4, note: '四处' }]);
  assertRecord(batch, { updates: 1 });
  assertRecord((await rowsOf(batch))[0], { action: 'update', record_id: given.id, was: { value: '2', note: '两处' } });
  await done(colleague, batch, 'apply');
  assertRecord(assertDone(await townOffice.get(`/registry/reports/${given.id}`)), { value: '4', note: '四处', version: 2, status: 'submitted' });
  const undone = await done(colleague, await batchOf(townOffice, batch.id), 'undo', { reason: '数据有误' });
  assertRecord(undone, { status: 'undone', undone: 1, not_undone: 0 });
  assertRecord(assertDone(await townOffice.get(`/registry/reports/${given.id}`)), { value: '2', note: '两处', version: 3 });
  assertDone(await county.verb(`/registry/reports/${given.id}:send_back`, 3, { decision_note: '请核对' }));
  assertRecord(await staged([{ id: byValue.id, value: 2 }]), { inserts: 1, unchanged: 0 });
});

test('R-074: every fault by row, column and code; R-020 to R-022, R-024', async () => {
  const { tasks, byValue, bySteps } = await twoItems();
  const own = await unitOf('department_office');
  const theirs = await listInForce([(task) => valueItem(task, own)]);
  const draft = await newList();
  const waiting = await newItem(valueItem(await newTask(draft), unit));
  const bad = [
    ['任务编号', 'missing', { value: 1 }],
    ['编号', 'unknown_item', { id: '01940000-ffff-7000-8000-000000000000', value: 1 }],
    ['编号', 'unknown_item', { id: '甲', value: 1 }],
    ['任务编号', 'unknown_item', { number: unique('无'), value: 1 }],
    ['牵头单位', 'not_your_unit', { number: theirs.task.number, lead: own.name, value: 1 }],
    ['任务编号', 'not_in_force', { id: waiting.id, value: 1 }],
    ['任务编号', 'differs', { id: byValue.id, number: tasks[1].number, value: 1 }],
    ['年度', 'differs', { id: byValue.id, year: 2001, value: 1 }],
    ['计量方式', 'differs', { id: byValue.id, measure: 'milestone', value: 1 }],
    ['计量方式', 'not_one_of', { id: byValue.id, measure: '重量', value: 1 }],
    ['报告日期', 'in_the_future', { id: byValue.id, value: 1, on: '2199-01-01' }],
    ['报告日期', 'not_a_date', { id: byValue.id, value: 1, on: '上月' }],
    ['完成值', 'missing', { id: byValue.id }],
    ['完成值', 'not_a_number', { id: byValue.id, value: '一' }],
    ['完成值', 'too_large', { id: byValue.id, value: '100000000000000' }],
    ['完成值', 'not_by_value', { id: bySteps.id, value: 1, milestone: 1 }],
    ['节点', 'missing', { id: bySteps.id }],
    ['节点', 'not_by_milestone', { id: byValue.id, value: 1, milestone: 1 }],
    ['节点', 'unknown_milestone', { id: bySteps.id, milestone: 3 }],
    ['节点', 'unknown_milestone', { id: bySteps.id, milestone: 99999 }],
    ['报告日期', 'repeated', { id: bySteps.id, milestone: 2 }],
  ];
  const batch = await staged([{ id: bySteps.id, milestone: 2 }, ...bad.map(([, , row]) => row)]);
  const found = Object.fromEntries((await rowsOf(batch, { action: 'failed' })).map((r) => [r.row, r.faults]));
  bad.forEach(([column, code], n) => assert.ok(found[n + 3]?.some((f) => f.column === column && f.code === code), `${column} ${code}: ${JSON.stringify(found[n + 3])}`));
  assertRecord(batch, { rows: bad.length + 1, failed: bad.length, inserts: 1 });
  assertRecord(await staged([{ id: theirs.items[0].id, value: 1 }], {}, department), { inserts: 1 });
  const words = new Set(assertDone(await county.get('/registry/dictionaries/row_fault')).items.map((e) => e.code));
  for (const [, code] of bad) assert.ok(words.has(code), `${code} has words`);
});

test('R-074: a number that two years share needs the year', async () => {
  const number = unique('同号');
  const years = [];
  for (const year of [2030, 2031]) {
    const list = await newList({ year, organisation_id: (await newOrganisation({ kind: 'work_group' })).id });
    const item = await newItem(valueItem(await newTask(list, { number }), unit));
    let now = list;
    for (const name of ['approve', 'file', 'bring_into_force']) now = await step(now, name);
    years.push([now.year, item]);
  }
  const batch = await staged([{ number, value: 1 }, { number, year: years[1][0], value: 1 }]);
  assertRecord(batch, { failed: 1, inserts: 1 });
  assert.deepEqual((await rowsOf(batch, { action: 'failed' }))[0].faults, [{ column: '任务编号', code: 'several_items' }]);
  assert.equal((await rowsOf(batch, { action: 'insert' }))[0].data.item_id, years[1][1].id);
});

test('R-076: another unit applies none of them, and takes none back', async () => {
  const { byValue } = await twoItems();
  const batch = await staged([{ id: byValue.id, value: 1 }]);
  const applied = await done(department, batch, 'apply');
  assertRecord(applied, { applied: 0, not_applied: 1 });
  assert.deepEqual((await rowsOf(batch, { left_out: true })).map((r) => r.outcome), ['not_your_unit']);
  assert.equal((await reportsOf(byValue)).length, 0);
  const again = await done(colleague, await staged([{ id: byValue.id, value: 1 }]), 'apply');
  assertRecord(await done(department, again, 'undo', { reason: '误报' }), { undone: 0, not_undone: 1 });
  assert.deepEqual((await rowsOf(again, { left_out: true })).map((r) => r.outcome), ['kept_not_yours']);
  assert.equal((await reportsOf(byValue)).length, 1);
});

test('R-076, R-077: what no longer holds is left out; what was decided on or corrected since is kept, and reported', async () => {
  const [told, closed, decided, changed, gone, open] = [await twoItems(), await twoItems(), await twoItems(), await twoItems(), await twoItems(), await twoItems()];
  const given = assertDone(await report(gone.byValue, { value: '1', reported_on: day }), 201);
  const batch = await staged([told, closed, decided, changed, gone, open].map(({ byValue }) => ({ id: byValue.id, value: 3 })));
  assertRecord(batch, { inserts: 5, updates: 1 });
  await report(told.byValue, { value: '5', reported_on: day });
  await step(closed.list, 'close');
  assertDone(await county.verb(`/registry/reports/${given.id}:confirm`, 1, {}));
  const applied = await done(colleague, batch, 'apply');
  assertRecord(applied, { applied: 3, not_applied: 3 });
  assert.deepEqual((await rowsOf(batch, { left_out: true })).map((r) => [r.row, r.outcome]), [[2, 'reported_now'], [3, 'item_changed'], [6, 'changed_since']]);
  const made = async (of) => (await reportsOf(of.byValue))[0];
  assertDone(await county.verb(`/registry/reports/${(await made(decided)).id}:confirm`, 1, {}));
  assertDone(await townOffice.patch(`/registry/reports/${(await made(changed)).id}`, 1, { note: '补充' }));
  const last = await made(open);
  const undone = await done(colleague, applied, 'undo', { reason: '误报' });
  assertRecord(undone, { status: 'undone', undone: 1, not_undone: 2 });
  assert.deepEqual((await rowsOf(batch, { left_out: true })).map((r) => r.outcome), ['reported_now', 'item_changed', 'kept_decided', 'kept_changed', 'changed_since']);
  assert.equal(await made(open), undefined);
  assertRefused(await townOffice.get(`/registry/reports/${last.id}`), 404, 'not_found');
  const events = () => sql(`SELECT verb, deleted FROM registry.event WHERE id = '${last.id}' ORDER BY seq`);
  for (let tries = 0; tries < 1200 && events().length < 2; tries++) await new Promise((wait) => { setTimeout(wait, 50); });
  assert.deepEqual(events(), [{ verb: 'apply_batch', deleted: false }, { verb: 'undo_batch', deleted: true }]);
});

test('B-011: a batch is not there for who does not see its table', async () => {
  const { byValue } = await twoItems();
  const batch = await staged([{ id: byValue.id, value: 1 }]);
  const other = await colleagueOf(await newOrganisation({ line: 'water' }), { role: 'department_office', ranges: '431302', lines: "'{water}'" });
  const at = (rest) => `/registry/batches/${batch.id}${rest}`;
  assertDone(await other.get(at('')));
  run(`UPDATE registry.file SET lines = '{fire}' WHERE id = '${batch.file_id}'`);
  assertRefused(await other.get(at('')), 404, 'not_found');
  assertRefused(await other.get(at('/rows')), 404, 'not_found');
  for (const name of ['apply', 'discard']) assertRefused(await other.verb(at(`:${name}`), batch.version, {}), 404, 'not_found');
  assertRefused(await other.post(at(':error_file'), {}), 404, 'not_found');
  assertRecord(await batchOf(townOffice, batch.id), { status: 'staged' });
});

test('R-074: the items that were taken out come back with what was reached; the template has its lists', async () => {
  const { list, byValue, bySteps } = await twoItems();
  const job = assertDone(await townOffice.post('/registry/exports', { kind: 'items', format: 'csv', filters: { duty_list_id: list.id } }), 202);
  const [head, ...lines] = String(await download(townOffice, (await ended(townOffice, job)).result.file_id)).replace('\ufeff', '').trim().split(/\r?\n/);
  assert.equal(lines.length, 2);
  const filled = [`${head},完成值,节点`, ...lines.map((line) => (line.includes(byValue.id) ? `${line},6,` : `${line},,2`))].join('\r\n');
  const batch = await stagedTable(townOffice, Buffer.from(filled), { kind: 'reports' });
  assertRecord(batch, { status: 'staged', rows: 2, inserts: 2, failed: 0 });
  assert.deepEqual(new Set((await rowsOf(batch)).map((r) => r.data.item_id)), new Set([byValue.id, bySteps.id]));
  assertDone(await verb(townOffice, batch, 'discard'));
  const kinds = assertDone(await townOffice.get('/registry/batch_kinds')).imports;
  assert.deepEqual(kinds.find((k) => k.kind === 'reports').columns.map((c) => c.label), Object.values(names));
  const template = await patient(`${http}/api/v1/registry/batch_kinds/reports/template?format=xlsx`, { headers: { Authorization: `Bearer ${await tokenOf('town_office')}` } });
  assert.equal(template.status, 200);
  assert.match(unzip(Buffer.from(await template.arrayBuffer()))['xl/worksheets/sheet1.xml'], /<dataValidation type="list"/);
});
