// tests/fault/cadence.test.mjs - obligations while the worker that makes them is killed again and again: each is made once, with one event, and audited once; what is
// told of them is told once, and the figures equal a recount.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { announced } from '../support/events.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { headersOf, startStack } from './own.mjs';

const UNITS = 400;
const KILLS = 10;
const louxing = '431302000000';
let stack, county;
before(async () => {
  stack = startStack('cadence');
  county = await stack.logIn('county_office');
});
after(() => stack?.reset());

const one = (sql) => Number(stack.sql(sql)[0]);

test('R-225: killed at any moment, the worker makes each obligation once', async (t) => {
  stack.sql(`INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)
    SELECT gen_random_uuid(), '${louxing}', '企业' || n, 'enterprise', '2020-01-01' FROM generate_series(1, ${UNITS}) AS n RETURNING 1`);
  const [year, month] = stack.sql("SELECT extract(year FROM d)::int || ' ' || extract(month FROM d)::int FROM (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date) AS x (d)")[0].split(' ').map(Number);
  const body = { owner_division: louxing, code: 'suite_kill', title: '企业每月座谈', subject: 'organisation', subject_codes: ['enterprise'], action: 'meeting', period: 'month',
    source: '区委办〔2026〕8号', valid_from: `${year}-01-01` };
  const made = await patient(`${stack.gateway}/api/v1/registry/cadence_rules`, { method: 'POST', headers: headersOf(county, newKey()), body: JSON.stringify(body) });
  assert.equal(made.status, 201, await made.text());
  const wanted = UNITS * month;
  const count = () => one('SELECT count(*) FROM registry.obligation');
  let kills = 0;
  for (; kills < KILLS; kills++) {
    await sleep(100 + Math.random() * 900);
    await until(() => stack.pid('registry_worker') > 0, 60, 'a worker');
    try { process.kill(stack.pid('registry_worker'), 'SIGKILL'); } catch { /* just gone, and soon there again */ }
  }
  await until(() => count() >= wanted, 900, 'all obligations');
  await until(() => one('SELECT count(*) FROM registry.obligation_watch WHERE look_on <= (now() AT TIME ZONE \'Asia/Shanghai\')::date') === 0, 900, 'all looked at');
  await until(() => one('SELECT count(*) FROM registry.fact_delta') === 0, 900, 'all counted');
  assert.equal(count(), wanted);
  assert.equal(one('SELECT count(DISTINCT (subject_id, rule_code, period_start)) FROM registry.obligation'), wanted);
  assert.equal(one("SELECT sum((body->>'made')::int) FROM registry.audit_log WHERE verb = 'make_obligations'"), wanted);
  const odd = (table, verb, whose) => stack.sql(`SELECT o.id, count(e.record_id) FROM registry.obligation o LEFT JOIN ${table} e ON e.record_id = o.id AND e.verb = '${verb}'
    WHERE ${whose} GROUP BY o.id HAVING count(e.record_id) <> 1`);
  assert.deepEqual(odd(announced('registry'), 'make_obligation', 'true'), []);
  assert.deepEqual(odd('registry.audit_log', 'tell_late_obligation', 'o.late_told_on IS NOT NULL'), []);
  const kept = (division, below) => one(`SELECT coalesce(sum(n), 0) FROM registry.obligation_rollup WHERE owner_division = '${division}' AND below = ${below} AND by_day`);
  assert.deepEqual([kept(louxing, false), kept(louxing, true), kept('430000000000', true), kept('000000000000', true)], [wanted, 0, wanted, wanted]);
  const metrics = await (await fetch(`http://127.0.0.1:${stack.ports.REGISTRY_WORKER_OPS}/metrics`)).text();
  const left = one(`SELECT max(day) - (now() AT TIME ZONE 'Asia/Shanghai')::date FROM zeren.calendar_day`);
  assert.match(metrics, new RegExp(`^zeren_calendar_days_left{service="registry"} ${left}$`, 'm')); // behind the calendar's end nothing turns late, which is told before
  t.diagnostic(`${wanted} obligations of ${month} months, ${kills} kills of the worker, ${one('SELECT count(*) FROM registry.obligation WHERE late_told_on IS NOT NULL')} told late`);
});
