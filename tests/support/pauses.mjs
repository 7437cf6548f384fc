// tests/support/pauses.mjs - pauses of deadlines on days that have passed, and what is late with them (R-030, R-031) by another way than the services': out of the days of the
// calendar alone, counted one by one.
import { rows, run } from './database.mjs';

// A pause of other days than today, as it would stand had it been entered then; without `until` it goes on.
export function pausedFrom(item, from, until) {
  run(`INSERT INTO registry.item_pause (id, owner_division, item_id, from_on, until_on, reason, paused_by, created_at)
         VALUES ('${crypto.randomUUID()}', '${item.owner_division}', '${item.id}', '${from}', ${until ? `'${until}'` : 'NULL'}, '停工', '${crypto.randomUUID()}', now());
       UPDATE registry.item SET pauses = pauses + 1, paused_on = ${until ? 'NULL' : `'${from}'`} WHERE id = '${item.id}'`);
}

const work = rows('SELECT day FROM zeren.calendar_day WHERE is_work').map((row) => row.day);
const [{ grace }] = rows("SELECT value::integer AS grace FROM zeren.setting WHERE key = 'registry.overdue_grace_work_days' AND division = '000000000000' AND year = 0");

// Is what was due then, and is not done, late on a day? Each pause: [from], or [from, until]. Every work day of a pause gives one behind the deadline back.
export function isLateOn(day, due_on, pauses = []) {
  const paused = pauses.map(([from, until = day]) => work.filter((d) => d >= from && d < until && d < day).length);
  return work.filter((d) => d > due_on && d <= day).length - paused.reduce((sum, n) => sum + n, 0) > grace;
}
