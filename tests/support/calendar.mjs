// tests/support/calendar.mjs - the work-day calendar as the stack's service tells it: its last year, that year's arrangement as a table to load it again by (it changes no
// day, but the name of a Saturday), and the loading of the years that tests count into.
import { assertDone } from './assert.mjs';
import { as, unique } from './client.mjs';
import { rows } from './database.mjs';

const admin = as('system_admin');
const calendar = async () => assertDone(await admin.get('/registry/calendar'));
const loadYear = async (year, source, table) => assertDone(await admin.load('/registry/calendar:import', { year, source }, ['day,kind,name', ...table, ''].join('\n')));
const yearOf = (day) => Number(day.slice(0, 4));
const firstDays = Array.from({ length: 7 }, (_, n) => n + 1);
const onWeekday = (year, month, weekday) => firstDays.map((n) => `${year}-${month}-0${n}`).find((day) => new Date(day).getUTCDay() === weekday);

// Suites count into the year behind this one, whenever they run, and whether its notice is out or not: it has a feast and a day made up for, of the tests' own.
export async function tellYears() {
  const [{ today }] = rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS today");
  for (let year = yearOf((await calendar()).last_day) + 1; year <= yearOf(today) + 1; year++)
    await loadYear(year, '测试用的安排', [`${year}-01-01,rest,元旦`, `${onWeekday(year, '10', 3)},rest,国庆节`, `${onWeekday(year, '10', 6)},work,国庆节调休上班`]);
}

export const lastYear = yearOf((await calendar()).last_day);
export const arranged = rows(`SELECT day || ',' || CASE WHEN is_work THEN 'work' ELSE 'rest' END || ',' || coalesce(note, '') AS row FROM zeren.calendar_day
  WHERE extract(year FROM day) = ${lastYear} AND is_work <> (extract(isodow FROM day) < 6) ORDER BY day`).map((each) => each.row);

export function arrangement() {
  const saturday = onWeekday(lastYear, '12', 6);
  return [...arranged.filter((row) => !row.startsWith(saturday)), `${saturday},rest,${unique('周六')}`];
}
export const table = { csv: ['day,kind,name', ...arrangement(), ''].join('\n'), query: { year: lastYear, source: '通知' } };
