// tests/api/registry_obligation.test.mjs - what is owed and what meets it: made by the worker for every period that has begun, met by visits
// that are there, handed over, released; who sees it. Late ones, urging and figures: registry_obligation_late.test.mjs.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { allOf, unique } from '../support/client.mjs';
import { newCaller } from '../support/admins.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { operations } from '../support/contract.mjs';
import { rows } from '../support/database.mjs';
import { linkedLeader, madeBy, monthStart, newRule, rightsInTown, today, until, visit } from '../support/cadence.mjs';
import { county, department, otherCounty, prefecture, town, townOffice, village } from '../support/world.mjs';

const path = '/registry/obligations';
const one = async (o, query, caller = county) => assertDone(await caller.get(`${path}/${o.id}`, query));
const step = (o, verb, reason, caller = county) => caller.verb(`${path}/${o.id}:${verb}`, o.version, { reason });
const first = await linkedLeader();
const rule = await newRule({ valid_from: monthStart });
const [owed] = await madeBy(rule, first.contact);
const worklist = async (caller) => (await allOf(caller, '/identity/me/worklist', { kind: 'obligation' })).filter((e) => e.id === owed.id);
after(async () => assertDone(await county.verb(`/registry/cadence_rules/${rule.id}:disable`, rule.version)));

test('R-225: the worker makes one for the period that has begun; the leader, the town and the county see it, others do not', async () => {
  assertRecord(owed, { owner_division: town, at_division: village, rule: rule.code, rule_id: rule.id, title: rule.title, subject: 'post_contact', subject_id: first.contact.thread_id,
    subject_name: first.post.title, post_id: first.post.id, organisation_id: first.post.organisation_id, action: 'visit', period: 'month', period_start: monthStart, due_on: owed.period_end,
    needed: 1, done: 0, met_on: null, state: 'open', status: 'due', version: 1 });
  assert.equal((await madeBy(rule, first.contact)).length, 1);
  for (const caller of [first.caller, townOffice, prefecture, department]) assertRecord(await one(owed, {}, caller), { id: owed.id, facts: [] });
  assertRefused(await otherCounty.get(`${path}/${owed.id}`), 404, 'not_found');
  const [audited] = rows(`SELECT body FROM registry.audit_log WHERE verb = 'make_obligations' AND record_id = '${rule.id}' AND body->'obligation_ids' ? '${owed.id}'`);
  assertRecord(audited.body, { period_start: monthStart });
  const told = () => rows(`SELECT verb, version FROM registry.event WHERE kind = 'obligation' AND id = '${owed.id}' AND in_country = ''`);
  assert.deepEqual(await until(told, (events) => events.length > 0, 'its event to be numbered'), [{ verb: 'make_obligation', version: 1 }]);
});

test('R-226, R-234: it is met by a visit of that post in that place, and by nothing else; when the visit goes, it is open again, and in the work list', async () => {
  assert.equal((await worklist(first.caller)).length, 1);
  await visit(townOffice, { visited_on: today });
  await visit(first.caller, { visited_on: today, owner_division: town });
  assertRecord(await one(owed), { state: 'open', done: 0 });
  const made = await visit(first.caller, { visited_on: today });
  const met = await one(owed);
  assertRecord(met, { state: 'met', light: 'green', done: 1, met_on: today, version: 1 });
  assert.deepEqual(met.facts, [{ kind: 'visit', record_id: made.id, on_day: today, post_id: first.post.id, organisation_id: first.post.organisation_id, division: village, code: 'contact' }]);
  assert.equal((await worklist(first.caller)).length, 0);
  assertRefused(await step(owed, 'release', '不必走访'), 409, 'state_conflict');
  assertDone(await first.caller.verb(`/registry/visits/${made.id}:withdraw`, made.version, { reason: '误录' }));
  assertRecord(await one(owed), { state: 'open', done: 0, met_on: null, facts: [] });
  assert.equal((await worklist(first.caller)).length, 1);
});

test('nothing says that it is met but the facts: no route writes it', async () => {
  const writes = operations.filter((o) => o.path.startsWith('/obligations') && o.method.toUpperCase() !== 'GET').map((o) => o.id);
  assert.deepEqual(writes.sort(), ['release_obligation', 'reopen_obligation']);
  assertRefused(await county.verb(`${path}/${owed.id}:release`, owed.version, { reason: 'x', met_on: today }), 422, 'invalid', { pointer: '/met_on' });
});

test('R-230: released with a reason, and reopened', async () => {
  assertRefused(await county.verb(`${path}/${owed.id}:release`, owed.version, {}), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await step(owed, 'release', '封控', townOffice), 403, 'forbidden');
  assertRefused(await step(owed, 'release', '封控', otherCounty), 404, 'not_found');
  assertRefused(await step(owed, 'reopen', '解封'), 409, 'state_conflict');
  const released = assertDone(await step(owed, 'release', '封控，无法走访'));
  assertRecord(released, { status: 'released', state: 'released', light: 'green', released_on: today, release_reason: '封控，无法走访', version: 2 });
  assert.equal((await worklist(first.caller)).length, 0);
  assertRefused(await step(owed, 'release', '封控'), 412, 'stale');
  assertRefused(await step(released, 'release', '封控'), 409, 'state_conflict');
  const again = assertDone(await step(released, 'reopen', '已解封'));
  assertRecord(again, { status: 'due', state: 'open', released_on: null, release_reason: null, released_by: null, version: 3 });
  assert.equal((await worklist(first.caller)).length, 1);
});

test('R-227: handed over in the month, it stays one: what the former holder does from then on counts no more, what the next one does counts', async () => {
  const next = await newCaller(town, rightsInTown);
  const contact = assertDone(await county.get(`/registry/contacts/${first.contact.id}`));
  assertDone(await county.verb(`/registry/contacts/${contact.id}:hand_over`, contact.version, { post_id: next.post.id, on: today }));
  assert.equal((await worklist(first.caller)).length, 0);
  assert.equal((await worklist(next.caller)).length, 1);
  await visit(first.caller, { visited_on: today });
  assertRecord(await one(owed), { state: 'open', done: 0 });
  await visit(next.caller, { visited_on: today });
  assertRecord(await one(owed), { state: 'met', done: 1 });
  for (const post of [first.post, next.post]) {
    assert.deepEqual((await allOf(county, path, { post_id: post.id, rule: rule.code })).map((o) => o.id), [owed.id]);
  }
  assert.equal((await madeBy(rule, first.contact)).length, 1);
});

test('lists by unit, division, rule, state and day; no order but the day', async () => {
  const found = async (query) => (await allOf(county, path, { rule: rule.code, ...query })).map((o) => o.id);
  assert.deepEqual(await found({ subject_id: first.contact.thread_id }), [owed.id]);
  assert.ok((await found({ organisation_id: first.post.organisation_id })).includes(owed.id));
  assert.ok((await found({ division: town, state: 'met' })).includes(owed.id));
  assert.ok(!(await found({ state: 'late' })).includes(owed.id));
  assert.ok((await found({ at_division: village, due_from: owed.due_on, due_until: owed.due_on })).includes(owed.id));
  assert.deepEqual(await found({ due_until: '2001-01-01' }), []);
  assert.deepEqual(await found({ ids: owed.id }), [owed.id]);
  assertRecord(await one(owed, { as_of: monthStart === today ? today : `${today.slice(0, 8)}01` }), { status: 'due' });
  assertRefused(await county.get(path, { sort: 'state' }), 400, 'bad_parameter');
  assertRefused(await otherCounty.get(path, { division: town }), 403, 'out_of_scope');
});
