// tests/fault/archive_check.test.mjs - the worker killed at random moments while it holds the whole archive against the rules (M-113): the run goes on at its chunk, and what
// it found and told is what a run finds that nobody disturbs. ZEREN_BATCH_KILLS says how many.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/own_stack.mjs';
import { Killing } from './killing.mjs';

const KILLS = Math.ceil(Number(process.env.ZEREN_BATCH_KILLS ?? 9) / 3);
const HOMES = 2000;
let at, token;
before(async () => {
  at = new Killing('archive_check', 'monitoring');
  at.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    VALUES (gen_random_uuid(), '431302006003', '431302006003', '仙人阁社区', 5, '431302006000', '2010-01-01') ON CONFLICT DO NOTHING`);
  at.sql(`INSERT INTO monitoring.household (id, owner_division, at_division, household_type, object_type, identified_on, no_labour, head_member_id, recorded_at, created_at)
    SELECT ('01960000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '431302006003', '431302006003', 'general', CASE WHEN n % 3 = 0 THEN '2' END,
           CASE WHEN n % 3 = 0 THEN '2024-01-01'::date END, n % 5 = 0, ('01960000-0001-7000-8000-' || lpad(n::text, 12, '0'))::uuid, now(), now()
      FROM generate_series(1, ${HOMES}) AS n`);
  token = await at.stack.logIn('monitoring_office');
});
after(() => at?.stack.reset());

const found = () => at.sql(`SELECT household_id || ' ' || rule || ' ' || severity || ' ' || pointer || ' ' || facts_digest || ' ' || status FROM monitoring.finding
  WHERE status <> 'resolved' ORDER BY household_id, rule`);
const told = () => at.sql("SELECT count(*) || ' ' || count(DISTINCT (id, version)) FROM monitoring.event WHERE kind = 'finding' AND verb = 'create_finding'");
const run = async (kills) => at.finish(token, await at.call(token, 'POST', '/households:check', { body: {} }), kills, 3000);

test('M-113: killed at random moments, a run finds what a run finds that nobody disturbs', async (t) => {
  const broken = await run(KILLS);
  const killed = at.kills;
  const first = found();
  const many = first.split('\n').length;
  assert.ok(many >= HOMES, `${many} findings`);
  assert.equal(broken.result.households, HOMES);
  assert.equal(broken.result.opened, many);
  await until(() => told() === `${many} ${many}`, 60, `one event a finding, and not ${told()}`);
  at.sql('DELETE FROM monitoring.finding');
  const whole = await run(0);
  assert.equal(found(), first);
  assert.deepEqual(whole.result, broken.result);
  const again = await run(0);
  assert.deepEqual([again.result.opened, again.result.resolved], [0, 0]);
  assert.ok(killed >= 1, `${killed} kills`);
  t.diagnostic(`${killed} kills, ${broken.attempts} attempts, ${many} findings`);
});
