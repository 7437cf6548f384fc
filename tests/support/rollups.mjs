// tests/support/rollups.mjs - figures of items that are kept: the wait for them, and the same counted out of the items themselves by another way than the services'.
import assert from 'node:assert/strict';
import { rows } from './database.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Until every change that is committed now is in the figures; the seconds it took.
export async function folded() {
  const began = performance.now();
  const [{ last }] = rows('SELECT coalesce(max(id), 0) AS last FROM registry.rollup_delta');
  while (rows(`SELECT id FROM registry.rollup_delta WHERE id <= ${last} LIMIT 1`).length > 0) {
    assert.ok(performance.now() - began < 60_000, 'figures are more than a minute behind');
    await sleep(100);
  }
  return (performance.now() - began) / 1000;
}

// R-138, out of the steps that lists took: on a day that edition of a list counts which came in force last by then; where none had, the first one, from the beginning of its
// year or of its earliest item on.
const editions = (day) => `SELECT DISTINCT ON (e.owner_division, e.organisation_id, e.year) e.id,
         CASE WHEN e.status = 'closed' AND e.ended_on <= '${day}' THEN 'closed' ELSE 'in_force' END AS state
    FROM (SELECT l.*, (l.in_force_at AT TIME ZONE 'Asia/Shanghai')::date AS came_on, (l.ended_at AT TIME ZONE 'Asia/Shanghai')::date AS ended_on,
                 row_number() OVER (PARTITION BY l.owner_division, l.organisation_id, l.year ORDER BY l.in_force_at) AS nth
            FROM registry.duty_list l WHERE l.in_force_at IS NOT NULL) AS e
   WHERE e.came_on <= '${day}' OR (e.nth = 1 AND (e.year <= extract(year FROM '${day}'::date)
         OR EXISTS (SELECT FROM registry.item i WHERE i.duty_list_id = e.id AND i.starts_on <= '${day}')))
   ORDER BY e.owner_division, e.organisation_id, e.year, e.nth DESC`;

// Items that count on a day of what begins with that code, by an expression of item i and edition l.
export const recount = (day, prefix, key) => rows(`SELECT ${key} AS key, count(*)::integer AS items, count(*) FILTER (WHERE i.done_on <= '${day}')::integer AS done,
    count(*) FILTER (WHERE i.due_on < '${day}' AND (i.done_on IS NULL OR i.done_on > '${day}')
      AND zeren.work_days_between(registry.due_as_of(i.id, i.owner_division, i.due_on, i.pauses, '${day}'), '${day}') > registry.grace_work_days(i.owner_division, i.due_on))::integer AS late
  FROM registry.item i JOIN (${editions(day)}) AS l ON l.id = i.duty_list_id WHERE i.owner_division ^@ '${prefix}' GROUP BY 1 ORDER BY ${key} COLLATE "C"`);
