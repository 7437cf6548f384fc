// tests/api/registry_obligation_late.test.mjs - what comes of what is owed and not done: a rule of this year makes every period up to today, those
// behind are late or met, whoever owes them is told once, so is the level above; an urging on one.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { allOf, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { linkedLeader, madeBy, newRule, today, until, visit, yearStart } from '../support/cadence.mjs';
import { county, listInForce, nobodysId, otherCounty, town, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/obligations';
const leader = await linkedLeader();
// Months of this year, a day in each, and how many are late by now: more than a work day behind.
const months = rows(`SELECT m::date::text AS first, (m + interval '1 month - 1 day')::date::text AS last, (m + interval '9 days')::date::text AS tenth,
    coalesce(zeren.due_or_null((m + interval '1 month - 1 day')::date, 1, 'work_days') <= DATE '${today}', false) AS late
  FROM generate_series(DATE '${yearStart}', date_trunc('month', DATE '${today}'), interval '1 month') AS m`);
const past = months.filter((m) => m.late);
await visit(leader.caller, { visited_on: past[0]?.tenth ?? today });
const rule = await newRule({ valid_from: yearStart });
const owed = (await madeBy(rule, leader.contact, months.length)).sort((a, b) => a.due_on.localeCompare(b.due_on));
const late = owed.slice(1, past.length);
const now = async (o, caller = county) => assertDone(await caller.get(`${path}/${o.id}`));
const told = async (o) => until(() => now(o), (found) => found.late_told_on !== null, `${o.due_on} is told late`);
const inbox = async (caller, o) => (await allOf(caller, '/identity/me/inbox', { kind: 'obligation' })).filter((n) => n.record_id === o.id);
const urge = (body, caller = county) => caller.post('/registry/urgings', { matter: unique('请说明未到村走访的原因'), ...body });
after(async () => assertDone(await county.verb(`/registry/cadence_rules/${rule.id}:disable`, rule.version)));

test('R-225: a rule that begins in January makes every month since, each once and one behind the other', () => {
  assert.deepEqual(owed.map((o) => [o.period_start, o.due_on]), months.map((m) => [m.first, m.last]));
  assert.equal(new Set(owed.map((o) => o.id)).size, months.length);
});

test('R-228: a month with a visit in it is met, one without is late, as of any day', { skip: past.length < 2 }, async () => {
  assertRecord(await now(owed[0]), { state: 'met', met_on: past[0].tenth, light: 'green', late_told_on: null });
  assertRecord(await now(late[0]), { state: 'late', light: 'red', done: 0 });
  assertRecord(assertDone(await county.get(`${path}/${late[0].id}`, { as_of: past[1].tenth })), { state: 'open' });
  assertRecord(assertDone(await county.get(`${path}/${owed[0].id}`, { as_of: past[0].first })), { state: 'open', done: 0 });
  const listed = await allOf(county, path, { rule: rule.code, subject_id: leader.contact.thread_id, state: 'late' });
  assert.deepEqual(listed.map((o) => o.id), late.map((o) => o.id));
});

test('R-231, R-232: told once to whoever owes it, then one level up; it leaves the work list, for a month that is over is not made up for', { skip: past.length < 3 }, async () => {
  const [o] = late;
  assertRecord(await told(o), { late_told_on: today, state: 'late', version: 2 });
  const [notice] = await until(() => inbox(leader.caller, o), (found) => found.length > 0, 'a notice');
  assertRecord(notice, { verb: 'tell_late_obligation', text: `已逾期：${rule.title}`, post_id: leader.post.id });
  const steps = await until(() => allOf(county, '/registry/escalations', { obligation_id: o.id }), (found) => found.length === 2, 'two escalations');
  assertRecord(steps.sort((a, b) => a.step - b.step)[0], { obligation_id: o.id, item_id: null, title: rule.title, step: 1, due_on: o.due_on, to_division: town, owner_division: town });
  assert.equal((await inbox(leader.caller, o)).length, 1, 'once');
  assert.ok(!(await allOf(leader.caller, '/identity/me/worklist', { kind: 'obligation' })).some((e) => e.id === o.id));
  const [{ watched }] = rows(`SELECT count(*) AS watched FROM registry.obligation_watch WHERE obligation_id = '${o.id}'`);
  assert.equal(watched, 0);
  await visit(leader.caller, { visited_on: past[1].tenth });
  assertRecord(await now(o), { state: 'met', met_on: past[1].tenth, late_told_on: today }); // made in time, recorded late
});

test('R-233: an urging on an obligation is to whoever owes it, post and unit', { skip: past.length < 3 }, async () => {
  const o = late.at(-1);
  const urging = assertDone(await urge({ obligation_id: o.id }), 201);
  assertRecord(urging, { obligation_id: o.id, item_id: null, addressee_organisation_id: leader.post.organisation_id, addressee_post_id: leader.post.id, owner_division: town });
  assert.deepEqual((await allOf(county, '/registry/urgings', { obligation_id: o.id })).map((u) => u.id), [urging.id]);
  const { items: [item] } = await listInForce([(task) => valueItem(task, { id: leader.post.organisation_id })]);
  assertRefused(await urge({ obligation_id: o.id, item_id: item.id }), 422, 'invalid', { pointer: '/obligation_id' });
  assertRefused(await urge({ obligation_id: nobodysId() }), 422, 'invalid', { pointer: '/obligation_id' });
  assertRefused(await urge({ obligation_id: o.id, addressee_organisation_id: (await unitOf('town_office')).id }), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assertRefused(await urge({ obligation_id: o.id }, otherCounty), 422, 'invalid', { pointer: '/obligation_id' });
  assertRefused(await urge({ obligation_id: o.id }, townOffice), 403, 'forbidden');
});

test('R-230: what a link owes that has ended is released by itself', { skip: past.length < 3 }, async () => {
  const other = await linkedLeader();
  const [o] = await madeBy(rule, other.contact); // entered today, it owes this month alone
  const contact = assertDone(await county.get(`/registry/contacts/${other.contact.id}`));
  assertDone(await county.verb(`/registry/contacts/${contact.id}:end`, contact.version, { on: today, note: '分工调整' }));
  run(`UPDATE registry.obligation_watch SET look_on = '${today}' WHERE obligation_id = '${o.id}'`);
  const released = await until(() => now(o), (found) => found.status === 'released', 'released');
  assertRecord(released, { state: 'released', released_on: today, release_reason: '联系已结束', released_by: null });
});

test('R-235: counted by state, rule, division and period, as of a day; equal to what the list says', { skip: past.length < 3 }, async () => {
  const groups = async (query) => assertDone(await county.get('/registry/rollups/obligations', { rule: rule.code, by: 'state', ...query }));
  const sum = (found, member = 'obligations') => found.groups.reduce((n, g) => n + g[member], 0);
  const every = async () => [await allOf(county, path, { rule: rule.code }), await groups(), await groups({ by: 'period' }), await groups({ by: 'division', division: town })]; // other suites' leaders visit, too
  const [listed, counted, byPeriod, byDivision] = await until(every, ([list, ...told]) => told.every((found) => sum(found) === list.length)
    && told[0].groups.every((g) => g.obligations === list.filter((o) => o.state === g.key).length), 'figures that agree with the list');
  assertRecord(counted, { as_of: today, by: 'state', due_from: yearStart });
  const byRule = await groups({ by: 'rule' });
  assert.deepEqual(byRule.groups.map((g) => [g.key, g.name]), [[rule.code, rule.title]]);
  assert.deepEqual(byPeriod.groups.map((g) => g.key), months.map((m) => m.first));
  assert.equal(sum(byPeriod), listed.length);
  assert.deepEqual(byDivision.groups.map((g) => [g.key, g.obligations]), [[town, listed.length]]);
  const [firstMonth] = (await groups({ by: 'period', as_of: past[0].first })).groups;
  assertRecord(firstMonth, { met: 0, late: 0, open: firstMonth.obligations });
  assert.deepEqual((await groups({ due_until: yearStart })).groups, []);
  assertRefused(await county.get('/registry/rollups/obligations'), 400, 'bad_parameter');
  assertRefused(await otherCounty.get('/registry/rollups/obligations', { by: 'state', division: town }), 403, 'out_of_scope');
});
