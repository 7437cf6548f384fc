// tests/api/batch.test.mjs - tables that people send (proto/batches.md, B-001 to B-013, R-070 to R-073): staged, looked at, applied by another person, undone; error
// files that go back in, templates, exports.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { newAccount, signedIn } from '../support/accounts.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { batchOf, csv, done, download, ended, heading, staged, upload, verb } from '../support/batches.mjs';
import { allOf, newKey, send, unique, uuid } from '../support/client.mjs';
import { rows as sql, run } from '../support/database.mjs';
import { patient } from '../support/patient.mjs';
import { zip } from '../support/pictures.mjs';
import { http } from '../support/settings.mjs';
import { tokenOf } from '../support/tokens.mjs';
import { corrected, read, workbook } from '../support/xlsx.mjs';
import { county, listInForce, louxing, newOrganisation, otherCounty, prefecture, province, shuangfeng, town, townOffice, valueItem } from '../support/world.mjs';

const path = '/registry/batches';
const rowsOf = (batch, query = {}, caller = county) => allOf(caller, `${path}/${batch.id}/rows`, query);
const named = async (name, caller = county) => (await allOf(caller, '/registry/organisations', { name_prefix: name }))[0];
const good = (name, more = {}) => [more.division ?? '431302', name, more.kind ?? '部门', more.line ?? ''];

test('B-001: a title holds no ID number', async () => {
  const file = await upload(county, csv([good(unique('新单位'))]));
  const answer = await county.post(path, { kind: 'organisations', title: '张三11010519491231002X的单位', file_id: file.id });
  assertRefused(answer, 422, 'invalid', { pointer: '/title', code: 'is_id_number' });
});

test('B-002, B-005, B-009: a table is staged, looked at, applied by another person, and undone', async () => {
  const old = await newOrganisation({ name: unique('旧单位'), line: 'water' });
  const same = await newOrganisation({ name: unique('同单位'), line: 'water' });
  const fresh = unique('新单位');
  const batch = await staged(county, csv([good(fresh), good(old.name, { line: 'finance' }), good(same.name, { line: 'water' }), good('', { kind: '部门' })]));
  assertRecord(batch, { status: 'staged', format: 'csv', charset: 'utf-8', rows: 4, inserts: 1, updates: 1, unchanged: 1, failed: 1, applied: 0, kind: 'organisations' });
  assert.ok(batch.owner_division.startsWith('431302'));
  assert.equal(await named(fresh), undefined, 'nothing has changed');
  const [update] = await rowsOf(batch, { action: 'update' });
  assertRecord(update, { row: 3, record_id: old.id, was: { line: 'water' } });
  assert.equal(update.data.line, 'finance');
  const [failed] = await rowsOf(batch, { action: 'failed' });
  assert.deepEqual(failed.faults, [{ column: '单位名称', code: 'missing' }]);
  assert.equal(failed.row, 5);

  assertRefused(await verb(county, batch, 'apply'), 403, 'another_person_required');
  const key = newKey();
  const first = assertDone(await verb(prefecture, batch, 'apply', { reason: '核对无误' }, { key }), 202);
  assert.deepEqual(assertDone(await verb(prefecture, batch, 'apply', { reason: '核对无误' }, { key }), 202), first, 'a repeated key is the same job');
  assertRefused(await verb(prefecture, batch, 'apply'), 412, 'stale');
  const job = await ended(prefecture, first);
  assertRecord(job, { status: 'done', done: 2, total: 2, failed: 0 });
  const applied = await batchOf(county, batch.id);
  assertRecord(applied, { status: 'applied', applied: 2, not_applied: 0, reason: '核对无误', apply_job: first.id });
  assert.notEqual(applied.decided_by, applied.staged_by);
  assertRecord(await named(fresh), { owner_division: louxing, kind: 'department', line: null, version: 1 });
  assertRecord(await named(old.name), { line: 'finance', version: 2 });
  assertRecord(await named(same.name), { version: 1 });

  const made = (await named(fresh)).id;
  const chunks = sql(`SELECT body FROM registry.audit_log WHERE record = 'batch' AND record_id = '${batch.id}' AND verb = 'apply_batch' AND body ? 'from_row'`);
  assert.deepEqual(chunks.map(({ body }) => [body.from_row, body.to_row, body.done]), [[1, 3, 2]], 'one audit row a chunk');
  assertRefused(await verb(county, applied, 'undo', {}), 422, 'invalid', { pointer: '/reason' });
  const undone = await done(county, applied, 'undo', { reason: '报错了县' });
  assertRecord(undone, { status: 'undone', undone: 2, not_undone: 0, reason: '报错了县' });
  assert.equal(await named(fresh), undefined);
  assertRecord(await named(old.name), { line: 'water', version: 3 });
  assertRefused(await verb(county, undone, 'undo', { reason: '再来' }), 409, 'state_conflict');
  const events = () => sql(`SELECT verb, version FROM registry.event WHERE kind = 'organisation' AND id = '${made}' ORDER BY seq`);
  for (let tries = 0; tries < 1200 && events().length < 2; tries++) await new Promise((wait) => { setTimeout(wait, 50); });
  assert.deepEqual(events().map((e) => [e.verb, e.version]), [['apply_batch', 1], ['undo_batch', 2]], 'one event a change');
});

test('B-004, R-070, R-071: every fault by row, column and code', async () => {
  const lead = await newOrganisation({ name: unique('牵头'), line: 'water' });
  await listInForce([(task) => valueItem(task, lead)]);
  const twice = unique('重复');
  const bad = {
    missing: good(''), too_long: good('长'.repeat(81)), not_a_code: good(unique('x'), { division: '43x' }), not_one_of: good(unique('x'), { kind: '部委' }),
    unknown_division: good(unique('x'), { division: '431399' }), out_of_scope: good(unique('x'), { division: shuangfeng }), repeated: good(twice),
    differs: good(lead.name, { kind: '其他' }), line_in_use: good(lead.name, { line: 'finance' }), lost_digits: good('4.31302E+17'),
    ragged_row: [...good(unique('x')), '多余'],
  };
  const columns = { missing: '单位名称', too_long: '单位名称', not_a_code: '区划代码', not_one_of: '单位类型', unknown_division: '区划代码', out_of_scope: '区划代码', repeated: '单位名称',
    differs: '单位类型', line_in_use: '条线', lost_digits: '单位名称', ragged_row: '' };
  const batch = await staged(county, csv([good(twice), ...Object.values(bad)]));
  const found = Object.fromEntries((await rowsOf(batch, { action: 'failed' })).map((r) => [r.row, r.faults]));
  Object.keys(bad).forEach((code, n) => assert.ok(found[n + 3]?.some((f) => f.code === code && f.column === columns[code]), `${code}: ${JSON.stringify(found[n + 3])}`));
  assertRecord(batch, { rows: 12, failed: 11, inserts: 1 });
});

test('B-010: the error file, corrected, goes back in; in each format', async () => {
  const names = [unique('甲'), unique('乙')];
  for (const name of ['表.csv', '表.ndjson']) {
    const rows = [good(names[0] + name[2]), good(names[1] + name[2], { kind: '部委' })];
    const bytes = name.endsWith('csv') ? csv(rows) : Buffer.from(rows.map((r) => JSON.stringify(Object.fromEntries(heading.map((h, i) => [h, r[i]])))).join('\n') + '\n');
    const batch = await staged(county, bytes, {}, name);
    assertRecord(batch, { failed: 1, inserts: 1 });
    const job = assertDone(await county.post(`${path}/${batch.id}:error_file`, {}), 202);
    const { result } = await ended(county, job);
    const text = String(await download(county, result.file_id));
    assert.match(text, /错误原因/);
    assert.match(text, /单位类型：不在可选范围内；/);
    const again = await staged(county, Buffer.from(text.replace('部委', '部门')), {}, `改正${name}`);
    assertRecord(again, { failed: 0, inserts: 2, rows: 2, status: 'staged' });
    const faulty = assertDone(await county.post(`${path}/${batch.id}:error_file`, { only_faulty: true }), 202);
    assert.equal((await ended(county, faulty)).status, 'done');
    assertDone(await verb(county, again, 'discard'));
    assertRefused(await verb(prefecture, { ...again, version: again.version + 1 }, 'apply'), 409, 'state_conflict');
  }
});

const errorFile = async (batch, body = {}) => {
  const { status, result } = await ended(county, assertDone(await county.post(`${path}/${batch.id}:error_file`, body), 202));
  assert.equal(status, 'done');
  return { bytes: await download(county, result.file_id), ...assertDone(await county.get(`/registry/files/${result.file_id}`)) };
};

test('B-010: an xlsx with a title, a heading of merged rows, formulas and merged cells: its error file, corrected in place, goes back in', async () => {
  const [first, second, third, fourth, fifth] = ['甲', '乙', '丙', '丁', '戊'].map(unique);
  const bytes = workbook([
    ['单位登记表'], ['区划代码', '单位情况'], [null, '单位名称', '单位类型', '条线'],
    [431302, { f: 'A4&"x"', v: first }, '部门'], [431302, second, '部委'], [431302, { f: 'VLOOKUP(A6,B:B,1)' }, '部门'], [431302, fourth, '部门'], [null, fifth, '部门'],
  ], { sheet: '单位 (一)', merges: ['A1:D1', 'A2:A3', 'B2:D2', 'A7:A8'] });
  const name = `${'登记'.repeat(95)}.xlsx`;
  const batch = await staged(county, bytes, { sheet: '单位 (一)' }, name);
  assertRecord(batch, { status: 'staged', format: 'xlsx', sheet: '单位 (一)', rows: 5, inserts: 2, failed: 3 });
  assert.deepEqual((await rowsOf(batch, { action: 'failed' })).map((r) => [r.row, r.faults]), [[5, [{ column: '单位类型', code: 'not_one_of' }]],
    [6, [{ column: '单位名称', code: 'formula_without_result' }]], [8, [{ column: '区划代码', code: 'merged_cell' }]]]);

  const errors = await errorFile(batch);
  assertRecord(errors, { media_type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' });
  assert.ok(errors.name.startsWith('错误_登记'), 'a long name is cut between characters');
  const { cells, sheet } = read(errors.bytes);
  assert.equal(sheet, '单位 (一)');
  assert.deepEqual(['A1', 'B1', 'C1', 'D1', 'E1'].map((at) => cells[at]), ['区划代码', '单位情况/单位名称', '单位情况/单位类型', '单位情况/条线', '错误原因'], 'one row of joined headings');
  assert.deepEqual([cells.B2, cells.E2], [first, undefined], 'the result of a formula is its text');
  assert.match(cells.E3, /单位类型：不在可选范围内；/);
  assert.match(cells.E4, /单位名称：公式没有计算结果；/);
  assert.match(cells.E6, /区划代码：单元格被合并/);

  const same = await staged(county, errors.bytes, { sheet: '单位 (一)' }, '未改.xlsx');
  assertRecord(same, { rows: 5, inserts: 2, failed: 3 });
  const twice = await errorFile(same);
  assert.equal(Object.values(read(twice.bytes).cells).filter((text) => text === '错误原因').length, 1, 'one column of reasons, however often');
  const faulty = await errorFile(same, { only_faulty: true });
  assert.deepEqual(['B2', 'B3', 'B4', 'B5'].map((at) => read(faulty.bytes).cells[at]), [second, '#N/A', fifth, undefined]);

  const again = await staged(county, corrected(twice.bytes, { C3: '部门', B4: third, A6: '431302' }), { all_or_none: true }, '改正.xlsx');
  assertRecord(again, { format: 'xlsx', rows: 5, inserts: 5, failed: 0 });
  assertRecord(await done(prefecture, again, 'apply'), { applied: 5, not_applied: 0 });
  for (const made of [first, second, third, fourth, fifth]) assertRecord(await named(made), { kind: 'department', owner_division: louxing });
});

test('B-011: templates carry their lists, filled in they go in; xlsx, csv', async () => {
  const kinds = assertDone(await county.get('/registry/batch_kinds'));
  const told = (of) => of.imports.map((k) => k.kind);
  assert.ok(told(kinds).includes('organisations') && !told(kinds).includes('reports'), told(kinds).join());
  assert.deepEqual(kinds.imports[0].columns.map((c) => c.label), heading);
  assert.deepEqual(kinds.exports.map((k) => k.kind).slice(0, 2), ['organisations', 'items']);
  const towns = told(assertDone(await townOffice.get('/registry/batch_kinds')));
  assert.ok(towns.includes('reports') && !towns.includes('organisations'), towns.join());
  const template = async (format) => patient(`${http}/api/v1/registry/batch_kinds/organisations/template?format=${format}`, { headers: { Authorization: `Bearer ${await tokenOf('county_office')}` } });
  const sheet = await template('xlsx');
  assert.equal(sheet.status, 200);
  assert.match(sheet.headers.get('content-disposition'), /organisations\.xlsx/);
  const bytes = Buffer.from(await sheet.arrayBuffer());
  assert.equal(bytes.subarray(0, 2).toString(), 'PK');
  assertRecord(await staged(county, bytes, {}, '模板.xlsx'), { status: 'staged', format: 'xlsx', rows: 0 });
  const head = Buffer.from(await (await template('csv')).arrayBuffer());
  const filled = Buffer.concat([head, csv([good(unique('填'))]).subarray(csv([]).length)]);
  assertRecord(await staged(county, filled), { inserts: 1, failed: 0 });
  assertRefused(await townOffice.get('/registry/batch_kinds/organisations/template', { format: 'csv' }), 404, 'not_found');
  assertRefused(await county.get('/registry/batch_kinds/nothing/template', { format: 'csv' }), 404, 'not_found');
  assertRefused(await county.get('/registry/batch_kinds/organisations/template', { format: 'doc' }), 400, 'bad_parameter', { parameter: 'format' });
});

test('B-003: a file that is no such table fails the batch, and says why', async () => {
  const bomb = () => {
    const le16 = (n) => Buffer.from([n & 255, n >> 8]), le32 = (n) => Buffer.from([n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]);
    const data = deflateRawSync(Buffer.alloc(64 << 20)), name = Buffer.from('xl/worksheets/sheet1.xml');
    const common = Buffer.concat([le16(20), le16(0), le16(8), le32(0), le32(0), le32(data.length), le32(64 << 20), le16(name.length)]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, le16(0), name, data]);
    const inner = zip({ '[Content_Types].xml': '<Types/>', 'xl/workbook.xml': '<workbook/>' });
    const central = Buffer.concat([Buffer.from('PK\x01\x02'), le16(20), common, le16(0), le16(0), le16(0), le16(0), le32(0), le32(0), name]);
    void inner;
    return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), le16(0), le16(0), le16(1), le16(1), le32(central.length), le32(local.length), le16(0)]);
  };
  for (const [bytes, name, refusal] of [
    [csv([], ['甲', '乙']), '无.csv', /bad_heading|not_a_table/],
    [csv([good(unique('x')).slice(0, 3)], heading.slice(0, 3).toReversed().slice(0, 2).concat('丙')), '缺.csv', /bad_heading/],
    [bomb(), '炸弹.zip', /zip_ratio|not_xlsx|zip_damaged/],
  ]) {
    const batch = await staged(county, bytes, {}, name);
    assert.equal(batch.status, 'failed', name);
    assert.match(batch.refusal, refusal);
    assert.equal(batch.rows, 0);
    assertRefused(await verb(prefecture, batch, 'apply'), 409, 'state_conflict');
    assertRefused(await county.post(`${path}/${batch.id}:error_file`, {}), 409, 'state_conflict');
    assertRecord(assertDone(await verb(county, batch, 'discard')), { status: 'discarded' });
  }
  const announced = await county.post('/registry/files', { name: '大.csv', size: 2 * 1024 ** 3, sha256: 'a'.repeat(64) });
  assertRefused(announced, 413, 'too_large', { pointer: '/size' });
});

test('B-001: who may stage, of whose file, once', async () => {
  const file = await upload(county, csv([good(unique('x'))]));
  const body = (more = {}) => ({ kind: 'organisations', title: unique('批次'), file_id: file.id, ...more });
  assertRefused(await townOffice.post(path, body()), 403, 'forbidden');
  assertRefused(await otherCounty.post(path, body()), 422, 'invalid', { pointer: '/file_id' });
  assertRefused(await county.post(path, body({ kind: 'nothing' })), 422, 'invalid', { pointer: '/kind', code: 'unknown_kind' });
  assertRefused(await county.post(path, body({ file_id: uuid() })), 422, 'invalid', { pointer: '/file_id' });
  assertRefused(await county.post(path, body({ owner_division: shuangfeng })), 403, 'out_of_scope');
  assertRefused(await county.post(path, { kind: 'organisations' }), 422, 'invalid', { pointer: '/file_id' }, { pointer: '/title' });
  const half = assertDone(await county.post('/registry/files', { name: '半.csv', size: 10, sha256: 'a'.repeat(64) }), 201);
  assertRefused(await county.post(path, body({ file_id: half.id })), 422, 'invalid', { pointer: '/file_id' });
  const id = uuid(), key = newKey();
  const [one, other] = [assertDone(await county.post(path, body({ id, title: '同' }), { key }), 202), assertDone(await county.post(path, body({ id, title: '同' }), { key }), 202)];
  assert.deepEqual(one, other);
  assert.equal(one.id, id);
  assertRefused(await county.post(path, body({ id })), 409, 'duplicate');
  await ended(county, one);
  assertRefused(await otherCounty.get(`${path}/${id}`), 404, 'not_found');
  assertRefused(await townOffice.get(`${path}/${id}`), 404, 'not_found');
  assert.ok((await allOf(county, path)).some((b) => b.id === id));
  assert.ok(!(await allOf(otherCounty, path)).some((b) => b.id === id));
  assertRefused(await otherCounty.get(`${path}/${id}/rows`), 404, 'not_found');
  assertRefused(await otherCounty.verb(`${path}/${id}:apply`, 2, {}), 404, 'not_found');
});

test('B-006: two accounts of one person are one person', async () => {
  const batch = await staged(county, csv([good(unique('x'))]));
  const { session } = await signedIn(newAccount());
  const answer = await send('POST', `${path}/${batch.id}:apply`, { token: session.access_token, body: {}, ifMatch: batch.version });
  assertRefused(answer, 403, 'another_person_required');
});

test('B-007: all or none', async () => {
  const batch = await staged(county, csv([good(unique('x')), good('')]), { all_or_none: true });
  assertRefused(await verb(prefecture, batch, 'apply'), 409, 'state_conflict');
  assertRecord(await batchOf(county, batch.id), { status: 'staged' });
});

test('R-072, R-073: what has changed since is left out or kept, and reported', async () => {
  const [late, old, made, used] = [unique('后来'), await newOrganisation({ name: unique('旧') }), unique('改过'), unique('用过')];
  const batch = await staged(county, csv([good(late), good(old.name, { line: 'water' }), good(made), good(used)]));
  assertRecord(batch, { inserts: 3, updates: 1 });
  await newOrganisation({ name: late });
  assertDone(await county.patch(`/registry/organisations/${old.id}`, 1, { line: 'finance' }));
  const applied = await done(prefecture, batch, 'apply');
  assertRecord(applied, { status: 'applied', applied: 2, not_applied: 2 });
  assert.deepEqual((await rowsOf(batch, { left_out: true })).map((r) => [r.row, r.outcome]), [[2, 'exists_now'], [3, 'changed_since']]);
  assert.deepEqual((await allOf(prefecture, `/registry/jobs/${applied.apply_job}/rows`)).map((r) => [r.row, r.outcome, r.code]), [[2, 'skipped', 'exists_now'], [3, 'skipped', 'changed_since']]);
  assertDone(await county.patch(`/registry/organisations/${(await named(made)).id}`, 1, { line: 'water' }));
  const unit = await named(used);
  await listInForce([(task) => valueItem(task, unit)]);
  const undone = await done(county, applied, 'undo', { reason: '误报' });
  assertRecord(undone, { status: 'undone', undone: 0, not_undone: 2 });
  assert.deepEqual((await rowsOf(batch, { left_out: true })).map((r) => r.outcome), ['exists_now', 'changed_since', 'kept_changed', 'kept_in_use']);
  assert.ok(await named(used));
});

test('B-012: exports of what the caller sees, in each format; noted before the first byte', async () => {
  const unit = await newOrganisation({ name: unique('出口,"甲"') });
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  for (const [kind, format, wanted] of [['organisations', 'csv', /出口/], ['organisations', 'ndjson', /出口/], ['items', 'ndjson', new RegExp(item.id)], ['items', 'csv', new RegExp(item.id)], ['items', 'xlsx', /^PK/]]) {
    const job = assertDone(await county.post('/registry/exports', { kind, format, reason: '调度' }), 202);
    const [note] = sql(`SELECT reason, body FROM registry.audit_log WHERE record = 'job' AND record_id = '${job.id}' AND verb = 'create_export'`);
    assert.equal(note.reason, '调度');
    assert.equal(note.body.result.kind, kind);
    const after = await ended(county, job);
    assert.equal(after.status, 'done');
    const file = assertDone(await county.get(`/registry/files/${after.result.file_id}`));
    assertRecord(file, { status: 'ready' });
    const text = String(await download(county, file.id));
    assert.match(text, wanted, `${kind} ${format}`);
    if (format === 'ndjson') assert.ok(text.trim().split('\n').every((line) => JSON.parse(line).owner_division.startsWith('431302')), 'nothing of another county');
    if (format === 'ndjson') assert.equal(text.trim().split('\n').length, after.done);
  }
  const some = assertDone(await county.post('/registry/exports', { kind: 'organisations', format: 'ndjson', filters: { division: town } }), 202);
  const text = String(await download(county, (await ended(county, some)).result.file_id));
  assert.ok(text.trim().split('\n').every((line) => JSON.parse(line).owner_division.startsWith('431302006')));
  assertRefused(await county.post('/registry/exports', { kind: 'nothing', format: 'csv' }), 422, 'invalid', { pointer: '/kind' });
  assertRefused(await county.post('/registry/exports', { kind: 'items', format: 'pdf' }), 422, 'invalid', { pointer: '/format' });
  assert.equal((await province.get(`/registry/jobs/${some.id}`)).status, 200);
  assert.equal((await townOffice.get(`/registry/jobs/${some.id}`)).status, 404);
});

test('B-013: a batch that is too old gives up its rows, says so, and goes', async () => {
  const name = unique('旧');
  const batch = await done(prefecture, await staged(county, csv([good(name)])), 'apply');
  assertRecord(batch, { status: 'applied', applied: 1, forgotten_at: null });
  const age = (days) => run(`UPDATE registry.batch SET created_at = now() - interval '${days} days', decided_at = now() - interval '${days} days' WHERE id = '${batch.id}'`);
  const becomes = async (fits) => {
    for (let tries = 0; tries < 1800; tries++) {
      const answer = await county.get(`${path}/${batch.id}`);
      if (fits(answer)) return answer.body;
      await new Promise((wait) => { setTimeout(wait, 100); });
    }
    throw new Error('the worker left it as it was');
  };
  age(179);
  await new Promise((wait) => { setTimeout(wait, 6000); });
  assertRecord(await batchOf(county, batch.id), { forgotten_at: null });
  age(181);
  const old = await becomes(({ body }) => body.forgotten_at !== null);
  assertRecord(old, { status: 'applied', version: batch.version + 1 });
  for (let tries = 0; tries < 1200 && (await rowsOf(batch)).length > 0; tries++) await new Promise((wait) => { setTimeout(wait, 100); });
  assert.deepEqual(await rowsOf(batch), []);
  const refusal = assertRefused(await verb(county, old, 'undo', { reason: '太晚' }), 409, 'state_conflict');
  assert.match(refusal.detail, /given up on \d{4}-\d\d-\d\d; what it did stays/);
  assertRefused(await county.post(`${path}/${batch.id}:error_file`, {}), 409, 'state_conflict');
  assert.ok(await named(name), 'what it did stays');
  age(1096);
  await becomes(({ status }) => status === 404);
  assert.deepEqual(sql(`SELECT record FROM registry.file_use WHERE record_id = '${batch.id}'`), [], 'its file is nobody\'s');
});
