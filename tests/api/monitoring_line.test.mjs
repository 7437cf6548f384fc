// tests/api/monitoring_line.test.mjs - monitoring lines: of a division and year (M-001, M-002), and the one that holds (M-003 to M-005).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { lineBody, newLine } from '../support/monitoring.mjs';
import { county, department, louxing, monitor, nobodysId, otherMonitor, province, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/monitoring/monitoring_lines';
const holding = (division, year, caller = monitor) => caller.get('/monitoring/monitoring_line', { division, year });
const amountOf = async (...args) => assertDone(await holding(...args)).amount;

test('M-001: a line is entered, read, listed and corrected', async () => {
  const body = lineBody({ amount: '8500.5', document_number: '娄农〔2026〕1号', source: '通知', assumed: true });
  const line = assertDone(await monitor.post(path, body), 201);
  assert.deepEqual([line.owner_division, line.year, line.amount, line.document_number, line.source, line.assumed, line.effective_from, line.version],
    [louxing, body.year, '8500.5', '娄农〔2026〕1号', '通知', true, `${body.year}-01-01`, 1]);
  assertRecord(assertDone(await townOffice.get(`${path}/${line.id}`)), line);
  assert.ok((await allOf(townOffice, path, { division: louxing, year: body.year })).some((each) => each.id === line.id), 'readable from below');
  const now = assertDone(await county.patch(`${path}/${line.id}`, line.version, { amount: '8600', document_number: null, assumed: false }));
  assert.deepEqual([now.amount, now.document_number, now.source, now.assumed, now.version], ['8600', null, '通知', false, 2]);
  assertRefused(await county.patch(`${path}/${line.id}`, line.version, { amount: '8700' }), 412, 'stale');
  assertRefused(await monitor.get(`${path}/${nobodysId()}`), 404, 'not_found');
});

test('M-001: of a division that is there, above zero', async () => {
  assertRefused(await monitor.post(path, lineBody({ year: 2179, owner_division: '431302999000' })), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await monitor.post(path, lineBody({ year: 2179, amount: '0' })), 422, 'invalid', { pointer: '/amount' });
  assertRefused(await monitor.post(path, lineBody({ year: 2179, owner_division: shuangfeng })), 403, 'out_of_scope', { pointer: '/owner_division' });
});

test('M-001: a town reads and enters none, a department reads none', async () => {
  assertRefused(await townOffice.post(path, lineBody({ year: 2179, owner_division: town })), 403, 'forbidden');
  assertRefused(await department.get(path), 403, 'forbidden');
});

test('M-002: one from each day on, in its own year', async () => {
  const first = await newLine();
  assertRefused(await monitor.post(path, lineBody({ year: first.year })), 409, 'duplicate');
  const later = await newLine({ year: first.year, effective_from: `${first.year}-07-01`, amount: '9000' });
  assert.equal(later.effective_from, `${first.year}-07-01`);
  assertRefused(await monitor.post(path, lineBody({ year: first.year, effective_from: `${first.year + 1}-01-01` })), 422, 'invalid', { pointer: '/effective_from' });
  assertRefused(await monitor.patch(`${path}/${later.id}`, later.version, { effective_from: first.effective_from }), 409, 'duplicate');
});

test('M-003: the nearest line at or above a division holds there', async () => {
  const { year } = await newLine({ amount: '8000' });
  assertRefused(await holding(shuangfeng, year, otherMonitor), 404, 'not_found');
  assert.equal(await amountOf(village, year), '8000');
  await newLine({ owner_division: town, year, amount: '8100' });
  assert.deepEqual([await amountOf(village, year), await amountOf(town, year), await amountOf(louxing, year)], ['8100', '8100', '8000']);
  assert.equal(await amountOf(village, year, townOffice), '8100');
  assertRefused(await holding(louxing, year + 1), 404, 'not_found');
  assertRefused(await holding(shuangfeng, year), 403, 'out_of_scope', { parameter: 'division' });
});

test('M-003: a line holds from its first day on', async () => {
  const [line] = [await newLine({ amount: '8000' })];
  await newLine({ year: line.year, effective_from: `${line.year}-07-01`, amount: '9000' });
  const on = (day) => rows(`SELECT trim_scale(l.amount)::text AS amount FROM set_config('zeren.scope', '{["","~")}', true), monitoring.line_on('${village}', '${day}') AS l`);
  assert.deepEqual(['01-01', '06-30', '07-01', '12-31'].map((day) => on(`${line.year}-${day}`)[0].amount), ['8000', '8000', '9000', '9000']);
  assert.deepEqual(on(`${line.year - 1}-12-31`).filter((row) => row.amount === '8000'), []);
});

test('M-004: of another year the last day is asked, of this one today', async () => {
  const line = await newLine({ amount: '8000' });
  await newLine({ year: line.year, effective_from: `${line.year}-12-31`, amount: '9100' });
  assert.equal(await amountOf(village, line.year), '9100');
});

test('M-005: published lines are there, the doubtful ones marked', async () => {
  const known = rows("SELECT owner_division, year, trim_scale(amount)::text AS amount, document_number, assumed FROM monitoring.monitoring_line WHERE id::text LIKE '01940000-0010-%'");
  const of = (division, year) => known.find((row) => row.owner_division === division && row.year === year);
  assert.deepEqual(of('530000000000', 2025), { owner_division: '530000000000', year: 2025, amount: '8700', document_number: '云农办通〔2025〕1号', assumed: false });
  assert.equal(of('350000000000', 2023).document_number, '闽振兴函〔2023〕8号');
  assert.equal(of('520000000000', 2023).assumed, true);
  assert.equal(await amountOf(village, 2021, province), '6000', 'the country’s is the last asked');
});

test('monitoring explains why a line is seen, as the others do', async () => {
  const line = await newLine();
  const { reason, record } = assertDone(await townOffice.get('/identity/me/scope:explain', { record: line.id }));
  assert.ok(reason === undefined || typeof reason === 'string');
  assert.equal(record.kind, 'monitoring_line');
  assertRefused(await otherMonitor.get('/identity/me/scope:explain', { record: line.id }), 404, 'not_found');
});
