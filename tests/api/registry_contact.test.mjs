// tests/api/registry_contact.test.mjs - who is linked to which division: posts and units, by kinds that fit; handed over in one step, ended; what is refused,
// twice, at once, by others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chanceOf } from '../support/chance.mjs';
import { allOf, newKey, unique, uuid } from '../support/client.mjs';
import { hold, newCaller, newPerson } from '../support/admins.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { daysOn, nextYear } from '../support/days.mjs';
import { county, department, louxing, newOrganisation, nobodysId, otherCounty, prefecture, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/registry/contacts';
const leaders = await newOrganisation({ kind: 'party_committee' });
const newPost = async (unit = leaders, caller = county) => assertDone(await caller.post('/identity/posts', { organisation_id: unit.id, title: unique('区领导'), duty: 'contact_leader' }), 201);
const good = async (more = {}) => ({ owner_division: village, kind: 'station', post_id: (await newPost()).id, starts_on: '2026-01-05', ...more });
const link = async (more, caller = county, options) => caller.post(path, await good(more), options);
const linked = async (more, caller) => assertDone(await link(more, caller), 201);
const step = (contact, verb, body, caller = county, options) => caller.verb(`${path}/${contact.id}:${verb}`, contact.version, body, options);
const now = async (contact, query, caller = county) => assertDone(await caller.get(`${path}/${contact.id}`, query));
const threadOf = async (contact, query) => (await allOf(county, path, { thread_id: contact.thread_id, ...query })).sort((a, b) => a.starts_on.localeCompare(b.starts_on));

test('R-140: a leader is linked to a village; the village sees it, another county does not', async () => {
  const post = await newPost();
  const person = await newPerson(louxing);
  assertDone(await hold(post, person, undefined, { starts_on: '2026-03-01' }), 201);
  const given = await link({ post_id: post.id, note: '区委办〔2026〕8号' });
  const contact = assertDone(given, 201);
  assert.equal(given.headers.get('location'), `/api/v1${path}/${contact.id}`);
  assertRecord(contact, { owner_division: village, at_division: village, kind: 'station', post_id: post.id, organisation_id: null, post_title: post.title, organisation_name: leaders.name,
    starts_on: '2026-01-05', ends_on: null, status: 'standing', thread_id: contact.id, follows_id: null, successor_id: null, clause_id: null, division_name: '仙人阁社区', version: 1 });
  assert.deepEqual(contact.steps.map((s) => [s.verb, s.note]), [['begin', '区委办〔2026〕8号']]);
  assert.equal((await now(contact, { as_of: '2026-02-01' })).holder, null);
  assert.equal((await now(contact, { as_of: '2026-04-01' })).holder, person.name);
  assert.deepEqual(await now(contact, {}, townOffice), { ...contact, holder: person.name });
  assertRefused(await otherCounty.get(`${path}/${contact.id}`), 404, 'not_found');
  assert.deepEqual(rows(`SELECT verb FROM registry.audit_log WHERE record = 'contact' AND record_id = '${contact.id}'`).map((r) => r.verb), ['create_contact']);
});

test('R-140: a post or a unit, by a kind that fits it and the level', async () => {
  const assisting = await newOrganisation();
  const post = await newPost();
  assertRecord(await linked({ kind: 'assist', post_id: undefined, organisation_id: assisting.id }), { organisation_id: assisting.id, post_id: null, post_title: null, organisation_name: assisting.name, holder: null });
  const refusal = async (more, pointer) => assertRefused(await link(more), 422, 'invalid', { pointer });
  await refusal({ post_id: undefined }, '/post_id');
  await refusal({ organisation_id: assisting.id }, '/organisation_id');
  await refusal({ kind: 'station', post_id: undefined, organisation_id: assisting.id }, '/organisation_id');
  await refusal({ kind: 'station', owner_division: louxing }, '/owner_division');
  await refusal({ kind: 'hook', owner_division: village }, '/owner_division');
  await refusal({ kind: 'friend' }, '/kind');
  await refusal({ owner_division: '431302006999' }, '/owner_division');
  await refusal({ starts_on: '1999-01-01' }, '/owner_division');
  await refusal({ post_id: nobodysId() }, '/post_id');
  await refusal({ clause_id: nobodysId() }, '/clause_id');
  await refusal({ ends_on: '2026-01-04' }, '/ends_on');
  assertRefused(await county.post(path, { owner_division: village, kind: 'station', post_id: post.id }), 422, 'invalid', { pointer: '/starts_on' });
});

test('R-141: of the division linked or above it, and of the caller\'s own divisions and lines', async () => {
  const ofTown = await newOrganisation({ owner_division: town, kind: 'town' });
  assertRecord(await linked({ post_id: (await newPost(ofTown)).id, kind: 'charge' }), { organisation_name: ofTown.name });
  assertRefused(await link({ post_id: (await newPost(ofTown)).id, kind: 'charge', owner_division: '431302001000' }), 422, 'invalid', { pointer: '/post_id' });
  const above = await newOrganisation({ owner_division: '431300000000' }, prefecture);
  const leader = await newPost(above, prefecture);
  assertRefused(await link({ post_id: leader.id, kind: 'liaison', owner_division: town }), 422, 'invalid', { pointer: '/post_id' });
  assertRecord(await linked({ post_id: leader.id, kind: 'liaison', owner_division: town }, prefecture), { owner_division: town });
  assertRefused(await link({ owner_division: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await link({ kind: 'charge' }, otherCounty), 403, 'out_of_scope');
  assertRefused(await link({}, townOffice), 403, 'forbidden');
  const { caller: farming } = await newCaller(louxing, { role: 'county_office', ranges: [louxing], lines: ['agriculture'] });
  const water = await newOrganisation({ line: 'water' });
  assertRefused(await link({ kind: 'assist', post_id: undefined, organisation_id: water.id }, farming), 422, 'invalid', { pointer: '/organisation_id' });
  const farm = await newOrganisation({ line: 'agriculture' });
  assertRecord(await linked({ kind: 'assist', post_id: undefined, organisation_id: farm.id }, farming), { organisation_id: farm.id });
});

test('R-142: nobody is linked twice to one division in one way; another way, another time, another leader are fine', async () => {
  const contact = await linked();
  const again = { post_id: contact.post_id };
  assertRefused(await link({ ...again, starts_on: nextYear('01-01') }), 409, 'state_conflict', { pointer: '/starts_on' });
  assertRecord(await linked({ ...again, kind: 'charge' }), { kind: 'charge' });
  assertRecord(await linked({ ...again, starts_on: '2025-01-01', ends_on: '2026-01-05' }), { ends_on: '2026-01-05' });
  assertRecord(await linked(), { status: 'standing' });
  const body = await good({ owner_division: '431302006001' });
  const answers = await Promise.all([1, 2, 3, 4].map(() => county.post(path, body)));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409], 'at once');
});

test('the same key links once, a rehearsal not at all', async () => {
  const key = newKey();
  const body = await good();
  const answers = [await county.post(path, body, { key }), await county.post(path, body, { key })].map((a) => assertDone(a, 201));
  assert.equal(answers[0].id, answers[1].id);
  const rehearsed = await good();
  assertDone(await county.post(path, rehearsed, { query: { validate_only: true } }));
  assert.deepEqual(await allOf(county, path, { post_id: rehearsed.post_id }), []);
});

test('R-143: a hand-over ends one contact and begins the next on the same day, in one step', async () => {
  const contact = await linked({ ends_on: nextYear('01-01'), note: '甲' });
  const next = await newPost();
  const handed = assertDone(await step(contact, 'hand_over', { post_id: next.id, on: '2026-07-15', note: '分工调整' }));
  assertRecord(handed, { id: contact.id, status: 'ended', ends_on: '2026-07-15', version: 2 });
  assert.deepEqual(handed.steps.map((s) => [s.verb, s.note]), [['begin', '甲'], ['hand_over', '分工调整']]);
  assert.deepEqual(await now(contact), handed);
  const successor = await now({ id: handed.successor_id });
  assertRecord(successor, { thread_id: contact.id, follows_id: contact.id, successor_id: null, owner_division: village, kind: 'station', post_id: next.id, post_title: next.title,
    starts_on: '2026-07-15', ends_on: nextYear('01-01'), status: 'standing', version: 1 });
  assert.deepEqual(successor.steps.map((s) => [s.verb, s.note]), [['begin', '分工调整']]);
  assert.deepEqual((await threadOf(contact)).map((c) => c.id), [contact.id, successor.id]);
  for (const [day, id] of [['2026-07-14', contact.id], ['2026-07-15', successor.id], [daysOn(-1, nextYear('01-01')), successor.id]]) assert.deepEqual((await threadOf(contact, { as_of: day })).map((c) => c.id), [id], day);
  assert.deepEqual(await threadOf(contact, { as_of: nextYear('01-01') }), []);
  assert.deepEqual(rows(`SELECT record_id FROM registry.audit_log WHERE verb = 'hand_over_contact' AND record_id IN ('${contact.id}', '${successor.id}')`).length, 2, 'both are audited');
  const third = assertDone(await step(successor, 'hand_over', { post_id: contact.post_id, on: '2026-09-01' }));
  assert.equal((await now({ id: third.successor_id })).thread_id, contact.id, 'and back again, in the same thread');
});

test('R-143: what a hand-over refuses', async () => {
  const contact = await linked({ ends_on: nextYear('01-01') });
  const next = await newPost();
  const refusal = async (body, pointer) => assertRefused(await step(contact, 'hand_over', { post_id: next.id, on: '2026-07-01', ...body }), 422, 'invalid', { pointer });
  await refusal({ on: '2026-01-04' }, '/on');
  await refusal({ on: nextYear('01-01') }, '/on');
  await refusal({ post_id: contact.post_id }, '/post_id');
  await refusal({ post_id: undefined }, '/post_id');
  await refusal({ post_id: undefined, organisation_id: leaders.id }, '/organisation_id');
  await refusal({ post_id: nobodysId() }, '/post_id');
  const other = await newOrganisation({ owner_division: town, kind: 'town' });
  const elsewhere = await linked({ owner_division: '431302001000', kind: 'charge' });
  assertRefused(await step(elsewhere, 'hand_over', { post_id: (await newPost(other)).id, on: '2026-07-01' }), 422, 'invalid', { pointer: '/post_id' });
  assertRefused(await county.verb(`${path}/${contact.id}:hand_over`, undefined, { post_id: next.id, on: '2026-07-01' }), 428, 'precondition_required');
  assertRefused(await step(contact, 'hand_over', { post_id: next.id, on: '2026-07-01' }, otherCounty), 404, 'not_found');
  assertRefused(await step(contact, 'hand_over', { post_id: next.id, on: '2026-07-01' }, department), 403, 'forbidden');
  const busy = await linked({ owner_division: village });
  assertRefused(await step(contact, 'hand_over', { post_id: busy.post_id, on: '2026-07-01' }), 409, 'state_conflict');
  const posts = await Promise.all([1, 2, 3].map(() => newPost()));
  const answers = await Promise.all(posts.map((p) => step(contact, 'hand_over', { post_id: p.id, on: '2026-07-01' })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 412, 412], 'at once');
  assert.equal((await threadOf(contact)).length, 2);
  assertRefused(await step({ ...contact, version: 2 }, 'hand_over', { post_id: next.id, on: '2026-06-01' }), 409, 'state_conflict');
});

test('R-143: however often it is handed over, on every day one post holds the link and no more', async () => {
  const first = await linked({ starts_on: '2024-01-01' });
  const { below } = chanceOf('contacts');
  const days = Array.from({ length: 6 }, () => 1 + below(364)).sort((a, b) => a - b).map((n) => new Date(Date.UTC(2024, 0, 1 + n)).toISOString().slice(0, 10));
  let at = first;
  for (const on of days) {
    const handed = assertDone(await step(at, 'hand_over', { post_id: (await newPost()).id, on }));
    at = await now({ id: handed.successor_id });
  }
  const parts = await threadOf(first);
  const holds = (day) => parts.filter((c) => c.starts_on <= day && (c.ends_on === null || day < c.ends_on)).length;
  for (let day = new Date('2024-01-01'); day < new Date('2025-02-01'); day.setUTCDate(day.getUTCDate() + 1)) assert.equal(holds(day.toISOString().slice(0, 10)), 1, `${day} ${days}`);
  for (const day of [...days, '2024-02-29', '2024-12-31']) assert.equal((await threadOf(first, { as_of: day })).length, 1, day);
  assert.equal(holds('2023-12-31'), 0);
});

test('R-144: a contact ends once, with a reason, while it stands; one that ends on its first day never held', async () => {
  const contact = await linked();
  assertRefused(await step(contact, 'end', { on: '2026-07-01' }), 422, 'invalid', { pointer: '/note' });
  assertRefused(await step(contact, 'end', { on: '2026-01-04', note: '误录' }), 422, 'invalid', { pointer: '/on' });
  const ended = assertDone(await step(contact, 'end', { on: '2026-01-05', note: '误录' }));
  assertRecord(ended, { status: 'ended', starts_on: '2026-01-05', ends_on: '2026-01-05', successor_id: null, version: 2 });
  assert.deepEqual(await allOf(county, path, { post_id: contact.post_id, as_of: '2026-01-05' }), []);
  for (const verb of ['end', 'hand_over']) {
    assertRefused(await step(ended, verb, { on: '2026-01-05', ...(verb === 'end' ? { note: '再次' } : { post_id: (await newPost()).id }) }), 409, 'state_conflict');
  }
  assertRecord(await linked({ post_id: contact.post_id }), { status: 'standing' });
});

test('its basis and its days are corrected, not who is linked; those of one that was ended stay', async () => {
  const contact = await linked();
  const corrected = assertDone(await county.patch(`${path}/${contact.id}`, 1, { starts_on: '2026-02-01', ends_on: daysOn(-1, nextYear('01-01')) }));
  assertRecord(corrected, { starts_on: '2026-02-01', ends_on: daysOn(-1, nextYear('01-01')), version: 2 });
  assertRecord(assertDone(await county.patch(`${path}/${contact.id}`, 2, { ends_on: null })), { ends_on: null });
  assertRefused(await county.patch(`${path}/${contact.id}`, 3, { post_id: uuid() }), 422, 'invalid', { pointer: '/post_id', code: 'unknown_field' });
  assertRefused(await county.patch(`${path}/${contact.id}`, 3, { clause_id: nobodysId() }), 422, 'invalid', { pointer: '/clause_id' });
  assertRefused(await county.patch(`${path}/${contact.id}`, 1, { ends_on: null }), 412, 'stale');
  const handed = assertDone(await step({ ...contact, version: 3 }, 'hand_over', { post_id: (await newPost()).id, on: '2026-07-01' }));
  assertRefused(await county.patch(`${path}/${contact.id}`, handed.version, { ends_on: '2026-08-01' }), 409, 'state_conflict');
  assertRefused(await county.patch(`${path}/${handed.successor_id}`, 1, { starts_on: '2026-06-01' }), 409, 'state_conflict', { pointer: '/starts_on' });
});

test('a list by division, below it, post, unit, kind, state and day; in pages', async () => {
  const post = await newPost();
  const here = await linked({ post_id: post.id });
  const there = await linked({ post_id: post.id, owner_division: '431302001000', kind: 'charge' });
  const ids = async (query, caller = county) => (await allOf(caller, path, { post_id: post.id, ...query })).map((c) => c.id).sort();
  assert.deepEqual(await ids({}), [here.id, there.id].sort());
  assert.deepEqual(await ids({ limit: 1 }), [here.id, there.id].sort());
  assert.deepEqual(await ids({ division: village }), [here.id]);
  assert.deepEqual(await ids({ within: town }), [here.id]);
  assert.deepEqual(await ids({ within: louxing }), [here.id, there.id].sort());
  assert.deepEqual(await ids({ kind: 'charge' }), [there.id]);
  assert.deepEqual(await ids({ status: 'ended' }), []);
  assert.deepEqual(await ids({ as_of: '2026-01-04' }), []);
  assert.deepEqual(await ids({}, townOffice), [here.id]);
  assert.deepEqual(await ids({}, otherCounty), []);
  assertRefused(await county.get(path, { within: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await county.get(path, { sort: 'post_title' }), 400, 'bad_parameter', { parameter: 'sort' });
});

test('ways of being linked are told with their words, levels and source', async () => {
  const kinds = await allOf(townOffice, '/registry/contact_kinds');
  assert.deepEqual(kinds.map((k) => k.label), ['挂钩', '包抓', '挂点', '定点联系', '帮扶']);
  assertRecord(kinds[2], { code: 'station', subjects: ['post'], levels: ['4', '5'], assumed: true });
  assertRecord(kinds[0], { code: 'hook', subjects: ['post', 'organisation'], levels: ['3'], assumed: false });
  for (const kind of kinds) assert.ok(kind.source && Array.isArray(kind.frequencies));
});
