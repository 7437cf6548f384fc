// tests/api/monitoring_income.test.mjs - a household's income: figures are computed (M-063 to M-066), each explained (M-067, M-068).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { figures, incomeBody, incomes, newIncome } from '../support/blocks.mjs';
import { rows, run } from '../support/database.mjs';
import { daysOn, thisYear } from '../support/days.mjs';
import { newHousehold, person } from '../support/persons.mjs';
import { county, department, monitor, nobodysId, otherCounty, townOffice } from '../support/world.mjs';

const amountsOf = (income) => figures.map((figure) => income[figure]);
const explained = async (income, query = {}, caller = county) => assertDone(await caller.get(`${incomes}/${income.id}/explanation`, query));
const lineYear = 2025;

test('M-064, M-066: figures are made of the lines, by head', async () => {
  const household = await newHousehold([person(), person()]);
  const income = await newIncome(household, { claims: '3000', compliant_expense: '10000.01' });
  assert.equal(income.headcount, 3);
  assert.deepEqual(amountsOf(income), ['24000.00', '3000.50', '0.00', '1200.00', '800.00', '27400.50', '9133.50', '20400.49', '6800.16']);
  assert.deepEqual(income.amounts, { a1: '24000.00', b1: '3000.50', d2: '1200.00', e1: '800.00' });
  assert.deepEqual([income.period_start, income.period_end, income.stage, income.claims], ['2025-01-01', '2025-12-31', 'yearly', '3000.00']);
});

test('M-064: half a fen goes up, below zero down', async () => {
  const household = await newHousehold([person()]);
  const up = await newIncome(household, { amounts: { a1: '0.01' } });
  assert.equal(up.per_capita, '0.01');
  const down = assertDone(await county.patch(`${incomes}/${up.id}`, up.version, { amounts: { e1: '0.02' } }));
  assert.deepEqual([down.net, down.per_capita], ['-0.01', '-0.01']);
});

test('M-065: no figure is taken from a caller', async () => {
  const household = await newHousehold();
  for (const figure of [...figures, 'headcount', 'line_id']) {
    assertRefused(await county.post(incomes, incomeBody(household, { [figure]: '1' })), 422, 'invalid', { pointer: `/${figure}`, code: 'unknown_field' });
  }
  const income = await newIncome(household);
  assertRefused(await county.patch(`${incomes}/${income.id}`, income.version, { net: '1' }), 422, 'invalid', { pointer: '/net', code: 'unknown_field' });
});

test('M-063: lines of the form alone, amounts as text with two digits', async () => {
  const household = await newHousehold();
  const refused = async (amounts, pointer) => assertRefused(await county.post(incomes, incomeBody(household, { amounts })), 422, 'invalid', { pointer });
  await refused({ a9: '1' }, '/amounts/a9');
  await refused({ nonsense: '1' }, '/amounts');
  await refused({ a1: 1 }, '/amounts/a1');
  await refused({ a1: '-1' }, '/amounts/a1');
  await refused({ a1: '1.005' }, '/amounts/a1');
  await refused({ a1: '123456789' }, '/amounts/a1');
  await refused({ a1: ['1'] }, '/amounts/a1');
  assertRefused(await county.post(incomes, incomeBody(household, { notes: { a9: 'x' } })), 422, 'invalid', { pointer: '/notes' });
  assertRefused(await county.post(incomes, incomeBody(household, { notes: { a1: 'x'.repeat(201) } })), 422, 'invalid', { pointer: '/notes/a1' });
  assertRefused(await county.post(incomes, incomeBody(household, { claims: '100000000' })), 422, 'invalid', { pointer: '/claims' });
  assertRefused(await county.post(incomes, incomeBody(household, { claims: '-1' })), 422, 'invalid', { pointer: '/claims' });
});

test('M-063: the window is of the year, and of days gone by', async () => {
  const household = await newHousehold();
  const refused = async (more, pointer) => assertRefused(await county.post(incomes, incomeBody(household, more)), 422, 'invalid', { pointer });
  await refused({ period_end: '2024-12-31' }, '/period_end');
  await refused({ year: thisYear(), period_end: daysOn(2) }, '/period_end');
  await refused({ period_start: '2026-01-01' }, '/period_start');
  await refused({ year: thisYear() + 4 }, '/year');
  const back = await newIncome(household, { period_end: '2025-06-30' });
  assert.deepEqual([back.period_start, back.period_end], ['2024-07-01', '2025-06-30']);
});

test('M-061: what is given changes, null takes a line away, figures follow', async () => {
  const household = await newHousehold();
  const income = await newIncome(household, { notes: { a1: '在东莞务工' } });
  const now = assertDone(await county.patch(`${incomes}/${income.id}`, income.version, { amounts: { b1: null, d2: '1500.5' }, notes: { a1: null }, reason: '核对存折' }));
  assert.deepEqual(now.amounts, { a1: '24000.00', d2: '1500.50', e1: '800.00' });
  assert.deepEqual([now.notes, now.net, now.version, now.reason], [{}, '24700.50', 2, '核对存折']);
  assertRefused(await county.patch(`${incomes}/${income.id}`, income.version, { claims: '1' }), 412, 'stale');
  assertRefused(await county.patch(`${incomes}/${nobodysId()}`, 1, { claims: '1' }), 404, 'not_found');
  const before = rows(`SELECT body FROM monitoring.archive_version WHERE record = 'income' AND record_id = '${income.id}'`);
  assert.equal(before.length, 1);
  assert.equal(before[0].body.net, 27400.5);
});

test('M-066: whoever was not born then is no head, whoever has left is none after it', async () => {
  const household = await newHousehold([person({ joined_on: '2025-01-01' }), person()]);
  const [leaves] = household.people;
  assertDone(await county.verb(`/monitoring/members/${leaves.id}:leave`, leaves.version, { left_on: '2026-01-01', left_how: 'moved_out', reason: '外迁' }));
  assert.equal((await newIncome(household)).headcount, 3);
  assert.equal((await newIncome(household, { year: 2026 })).headcount, 2);
});

test('M-066: who lived there is known otherwise: the incomes that counted them follow, with what the rules find', async () => {
  const household = await newHousehold([person(), person()]);
  const [one, other] = household.people;
  const income = await newIncome(household);
  const later = await newIncome(household, { year: 2026 });
  const now = async (each) => assertDone(await county.get(`${incomes}/${each.id}`));
  const member = async (each) => assertDone(await county.get(`/monitoring/members/${each.id}`));
  assert.deepEqual([income.headcount, later.headcount], [3, 3]);
  const married = assertDone(await county.patch(`/monitoring/members/${one.id}`, one.version, { joined_on: '2026-01-01', joined_how: 'marriage', reason: '结婚迁入' }));
  const [fewer, same] = [await now(income), await now(later)];
  assert.deepEqual([fewer.headcount, fewer.version, fewer.reason], [2, income.version + 1, '结婚迁入']);
  assert.equal(fewer.per_capita, (Number(fewer.net) / 2).toFixed(2));
  assert.deepEqual([same.headcount, same.version], [3, later.version]);
  assert.deepEqual(assertDone(await county.patch(`${incomes}/${income.id}`, fewer.version, { notes: { a1: '零工' } })).per_capita, fewer.per_capita);
  assertDone(await county.patch(`/monitoring/members/${one.id}`, married.version, { joined_on: '2025-12-31' }));
  assert.equal((await now(income)).headcount, 3);
  assertDone(await county.verb(`/monitoring/members/${other.id}:leave`, (await member(other)).version, { left_on: '2025-06-01', left_how: 'moved_out', reason: '外迁' }));
  assert.deepEqual([(await now(income)).headcount, (await now(later)).headcount], [2, 2]);
  const versions = rows(`SELECT (v.body ->> 'headcount')::integer AS n FROM monitoring.archive_version v WHERE v.record = 'income' AND v.record_id = '${income.id}' ORDER BY v.version`);
  assert.deepEqual(versions.map((each) => each.n), [3, 2, 2, 3]);
  const told = rows(`SELECT verb FROM monitoring.event WHERE id = '${income.id}' UNION ALL SELECT verb FROM monitoring.outbox WHERE record_id = '${income.id}'`);
  assert.deepEqual(told.map((each) => each.verb).sort(), ['create_income', ...Array(4).fill('update_income')]);
});

test('M-066: who is entered later with the day of coming counts from that day, whatever the way of coming is', async () => {
  const household = await newHousehold([person()]);
  const [past, later] = [await newIncome(household), await newIncome(household, { year: 2026 })];
  const before = (each) => rows(`SELECT headcount, version FROM monitoring.income WHERE id = '${each.id}'`)[0];
  assertDone(await county.post(`/monitoring/households/${household.id}/members`, person({ joined_on: '2026-05-01' })), 201);
  assert.deepEqual(before(past), { headcount: past.headcount, version: past.version });
  assert.deepEqual(before(later), { headcount: later.headcount + 1, version: later.version + 1 });
});

test('M-067: each figure tells what it was made of, and how it stands to the line', async () => {
  const household = await newHousehold([person()]);
  const income = await newIncome(household, { amounts: { a1: '10000', d6f: '1200', e4: '200' }, notes: { a1: '零工' }, claims: '500', compliant_expense: '100' });
  const told = await explained(income);
  assert.deepEqual(told.figures.map((each) => each.figure), figures);
  assert.deepEqual(told.figures.map((each) => each.amount), amountsOf(income));
  const of = (figure) => told.figures.find((each) => each.figure === figure);
  assert.deepEqual(of('wage').operands, [{ operand: 'a1', label: '务工收入', sign: 'plus', amount: '10000.00', stable: true, note: '零工' }]);
  const cents = (text) => Math.round(Number(text) * 100);
  for (const { figure, amount, operands } of told.figures) {
    const sum = operands.filter((each) => each.sign !== 'by').reduce((all, each) => all + (each.sign === 'minus' ? -1 : 1) * cents(each.amount), 0);
    const by = operands.find((each) => each.sign === 'by');
    assert.equal(Math.round(by ? sum / Number(by.amount) : sum), cents(amount), figure);
  }
  assert.deepEqual(told.stable, { unstable: '1200.00', net: '9800.00', per_capita: '4900.00', lines: [{ code: 'd6f', label: '残疾人补贴', amount: '1200.00', assumed: false }] });
});

test('M-067: the line that held stands in the block', async () => {
  const { amount, id } = assertDone(await county.get('/monitoring/monitoring_line', { division: '431302000000', year: 2021 }));
  const household = await newHousehold();
  const income = await newIncome(household, { year: 2021, amounts: { a1: amount } });
  assert.equal(income.line_id, id);
  const told = await explained(income);
  assert.deepEqual([told.line.id, told.line.amount], [id, amount]);
  assert.deepEqual(told.line.standings, [{ figure: 'per_capita', standing: 'at', difference: '0.00' }, { figure: 'reference_per_capita', standing: 'at', difference: '0.00' }]);
  const now = assertDone(await county.patch(`${incomes}/${income.id}`, income.version, { amounts: { e1: '0.01' }, claims: '1' }));
  assert.deepEqual((await explained(now)).line.standings.map((each) => each.standing), ['below', 'above']);
  const none = await newIncome(household, { year: lineYear - 10 });
  assert.equal(none.line_id, null);
  assert.equal((await explained(none)).line, null);
});

test('M-062, M-067: as it was recorded at the end of a day', async () => {
  const income = await newIncome(await newHousehold());
  run(`UPDATE monitoring.income SET recorded_at = '2020-03-01T12:00:00+08' WHERE id = '${income.id}'`);
  const now = assertDone(await county.patch(`${incomes}/${income.id}`, income.version, { amounts: { a1: '1' } }));
  const then = assertDone(await county.get(`${incomes}/${income.id}`, { as_of: '2020-03-01' }));
  assert.deepEqual([then.version, then.amounts.a1, then.net], [1, '24000.00', income.net]);
  assert.equal((await explained(income, { as_of: '2020-03-01' })).figures.find((each) => each.figure === 'net').amount, income.net);
  assert.equal((await explained(now)).figures.find((each) => each.figure === 'net').amount, now.net);
  assertRefused(await county.get(`${incomes}/${income.id}`, { as_of: '2020-02-29' }), 404, 'not_found');
  assertRefused(await county.get(`${incomes}/${income.id}`, { as_of: '2020-01-01' }), 404, 'not_found');
  assertRefused(await county.get(`${incomes}/${income.id}/explanation`, { as_of: '2020-01-01' }), 404, 'not_found');
  assert.equal(assertDone(await county.get(`${incomes}/${income.id}`, { as_of: '2199-01-01' })).version, 2);
  assert.equal((await explained(income, { as_of: '2199-01-01' })).version, 2);
});

test('M-063: the form’s lines are told with what counts as stable', async () => {
  const { lines } = assertDone(await townOffice.get('/monitoring/income_lines', { year: 2025 }));
  assert.equal(lines.length, 43);
  assert.deepEqual(lines.slice(0, 2).map((line) => [line.code, line.side, line.label, line.stable]), [['a1', 'wage', '务工收入', true], ['a2', 'wage', '行业公益岗收入', true]]);
  assert.deepEqual(lines.filter((line) => !line.stable && !line.assumed).map((line) => line.code), ['c3', 'd6f', 'd6g', 'd6h', 'd6m', 'd6n', 'd6o']);
  assert.equal(assertDone(await townOffice.get('/monitoring/income_lines')).lines.length, 43);
});

test('another county sees none, a department none at all', async () => {
  const income = await newIncome(await newHousehold());
  for (const path of [`${incomes}/${income.id}`, `${incomes}/${income.id}/explanation`]) assertRefused(await otherCounty.get(path), 404, 'not_found');
  assertRefused(await department.get(incomes), 403, 'forbidden');
  assertRefused(await otherCounty.patch(`${incomes}/${income.id}`, 1, { claims: '1' }), 404, 'not_found');
  assert.equal(assertDone(await monitor.get(`${incomes}/${income.id}`)).id, income.id);
});

test('M-063: a window is so many months long at most, and no day lies before the calendar', async () => {
  const household = await newHousehold();
  const enter = (more) => county.post(incomes, incomeBody(household, more));
  for (const period_start of ['1800-01-01', '1900-01-01', '2023-12-31']) assertRefused(await enter({ period_end: '2025-12-31', period_start }), 422, 'invalid', { pointer: '/period_start' });
  const made = assertDone(await enter({ period_end: '2025-12-31', period_start: '2024-01-01' }), 201);
  assertRefused(await county.patch(`${incomes}/${made.id}`, made.version, { period_start: '2020-01-01' }), 422, 'invalid', { pointer: '/period_start' });
});
