// tests/api/registry_calendar.test.mjs - the work-day calendar: how far it goes, and a year's arrangement out of a table. Nothing here changes what a
// day is: another year is only rehearsed, for every suite counts by the one calendar.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arranged, arrangement, lastYear } from '../support/calendar.mjs';
import { as } from '../support/client.mjs';
import { rows } from '../support/database.mjs';
import { daysOn } from '../support/days.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { county, townOffice } from '../support/world.mjs';

const admin = as('system_admin');
const calendar = assertDone(await townOffice.get('/registry/calendar'));
const last = lastYear, next = last + 1;
const load = (rows, year, more = {}, caller = admin) => caller.load('/registry/calendar:import', { year, source: '通知', validate_only: true, ...more }, ['day,kind,name', ...rows, ''].join('\n'));
const faults = (answer) => answer.body.errors.map((e) => `${e.row} ${e.column} ${e.code}`).sort();
// Days whose number is not that of the day before, or one more.
const SEQUENCE = `SELECT count(*) AS n FROM (SELECT work_seq - lag(work_seq) OVER (ORDER BY day) AS more, is_work, day - lag(day) OVER (ORDER BY day) AS step
  FROM zeren.calendar_day) AS d WHERE more <> is_work::integer OR step <> 1`;
const days = (from, until) => Math.round((Date.parse(until) - Date.parse(from)) / 86_400_000);

test('anyone learns how far the calendar goes, and what each year rests on', async () => {
  const year = calendar.years.find((y) => y.year === last);
  assert.equal(calendar.last_day, `${last}-12-31`);
  assert.ok([0, 1].includes(calendar.days_left - days(daysOn(0), calendar.last_day)), `${calendar.days_left} days from today`); // asked at midnight
  assert.equal(calendar.years.length, days(calendar.first_day, `${next}-01-01`) > 0 ? next - Number(calendar.first_day.slice(0, 4)) : 0);
  assert.equal(year.work_on_weekends, arranged.filter((row) => row.includes(',work,')).length);
  assert.ok(year.work_days + year.rest_on_weekdays - year.work_on_weekends >= 260, 'all weekdays are counted once');
  assert.ok(year.source.length > 0);
});

test('R-270: the year behind the last is loaded whole: what is not named is worked from Monday to Friday', async () => {
  const length = days(`${next}-01-01`, `${next + 1}-01-01`);
  const answer = assertDone(await load([`${next}-01-01,rest,元旦`, `${next}-10-01,rest,国庆节`], next));
  assertRecord(answer, { rows: 2, inserted: length, updated: 0, unchanged: 0 });
  assert.equal(assertDone(await townOffice.get('/registry/calendar')).last_day, calendar.last_day, 'a rehearsal');
});

test('R-271: rows name days of that year, each once; the year is the next one, or the last again', async () => {
  const answer = await load([`${next}-01-01,rest,元旦`, `${last}-12-31,rest,元旦`, `${next}-01-01,work,元旦`], next);
  assertRefused(answer, 422, 'invalid');
  assert.deepEqual(faults(answer), ['3 day another_year', '4 day repeated']);
  assertRefused(await load([`${next}-01-01,feast,元旦`], next), 422, 'invalid');
  assertRefused(await load([`${next + 1}-01-01,rest,元旦`], next + 1), 422, 'invalid');
  assertRefused(await load([`${last - 1}-01-01,rest,元旦`], last - 1), 422, 'invalid');
});

// Those that are over: tests/db/test_cadence.c.
test('R-272: a later notice changes days to come, and what is counted behind them', async () => {
  const again = assertDone(await load(arrangement(), last));
  assert.ok(again.unchanged >= 365 - 2, 'the same arrangement changes nothing but names');
  assertRecord(again, { inserted: 0 });
  const tuesday = [20, 21, 22, 23, 24, 25, 26].map((d) => `${last}-12-${d}`).find((day) => new Date(day).getUTCDay() === 2);
  assert.ok(assertDone(await load([...arranged, `${tuesday},rest,临时`], last)).updated >= days(tuesday, `${next}-01-01`));
});

test('R-271: two who load one year at once: one after the other, and each day is there once', async () => {
  const before = rows('SELECT count(*) AS n FROM zeren.calendar_day')[0].n;
  const answers = await Promise.all(Array.from({ length: 8 }, () => load(arrangement(), last, { validate_only: false })));
  for (const answer of answers) assertRecord(assertDone(answer), { inserted: 0 });
  assert.equal(rows('SELECT count(*) AS n FROM zeren.calendar_day')[0].n, before);
  assert.equal(rows(SEQUENCE)[0].n, 0, 'work days are counted without a gap');
});

test('R-273: a name is told anew, and the load is audited', async () => {
  const answer = assertDone(await load(arrangement(), last, { validate_only: false }));
  assert.equal(answer.inserted, 0);
  assert.ok(answer.updated >= 1);
  const [row] = assertDone(await as('audit_admin').get('/registry/audit_log', { record_id: answer.id })).items;
  assertRecord(row, { verb: 'import_calendar', record: 'calendar_import', record_id: answer.id });
});

test('only who may load the calendar does', async () => {
  for (const caller of [county, townOffice, as('audit_admin')]) assertRefused(await load([], next, {}, caller), 403, 'forbidden');
});
