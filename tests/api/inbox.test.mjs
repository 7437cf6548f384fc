// tests/api/inbox.test.mjs - what has changed for a post and its unit, and what of it is read (I-303, I-304). Notices are made of the feed: here by the
// statement that the worker runs, over events as the feed numbers them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, anyone, as, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { county, otherCounty, prefecture, townOffice, unitOf } from '../support/world.mjs';
import { within } from '../support/accounts.mjs';

const path = '/identity/me/inbox';
const town = await unitOf('town_office');
const urge = async () => assertDone(await county.post('/registry/urgings', { addressee_organisation_id: town.id, matter: unique('督办') }), 201);
const toldOf = async (caller, record, query) => (await allOf(caller, path, query)).filter((n) => n.record_id === record.id);
const arrives = (caller, record, n = 1) => within(60_000, async () => (await toldOf(caller, record)).length >= n);
const mark = (body, caller = townOffice) => caller.post(`${path}:mark_read`, body);

test('the unit urged is told, in words; its issuer when it answers', async () => {
  const urging = await urge();
  await arrives(townOffice, urging);
  const [notice] = await toldOf(townOffice, urging);
  assertRecord(notice, { service: 'registry', kind: 'urging', verb: 'issue_urging', text: `收到督办，请按期答复：${urging.matter}`, organisation_id: town.id,
    post_id: null, read: false });
  for (const caller of [county, prefecture, otherCounty]) assert.deepEqual(await toldOf(caller, urging), []);
  assertDone(await townOffice.verb(`/registry/urgings/${urging.id}:answer`, urging.version, { answer: '已整改' }));
  await arrives(county, urging);
  assert.equal((await toldOf(county, urging))[0].verb, 'answer_urging');
});

test('R-048: one notice a record, verb and day', async () => {
  let urging = await urge();
  for (let round = 0; round < 3; round++) {
    urging = assertDone(await townOffice.verb(`/registry/urgings/${urging.id}:answer`, urging.version, { answer: '已整改' }));
    urging = assertDone(await county.verb(`/registry/urgings/${urging.id}:return`, urging.version, { decision_note: '未附材料' }));
  }
  await arrives(townOffice, urging, 2);
  await arrives(county, urging);
  const last = await urge();
  await arrives(townOffice, last);
  assert.deepEqual((await toldOf(townOffice, urging)).map((n) => n.verb).sort(), ['issue_urging', 'return_urging']);
  assert.equal((await toldOf(county, urging)).length, 1);
});

test('single notices are marked, and stay marked', async () => {
  const urging = await urge();
  await arrives(townOffice, urging);
  const [notice] = await toldOf(townOffice, urging);
  assert.equal((await toldOf(townOffice, urging, { read: false })).length, 1);
  assertRecord(assertDone(await mark({ ids: [notice.id] })), { marked: 1 });
  assertRecord(assertDone(await mark({ ids: [notice.id] })), { marked: 0 });
  assertRecord((await toldOf(townOffice, urging))[0], { read: true });
  assert.deepEqual(await toldOf(townOffice, urging, { read: false }), []);
  assert.equal((await toldOf(townOffice, urging, { read: true, kind: 'urging' })).length, 1);
});

test('all up to a moment is marked, and what comes later is not; nobody marks another\'s', async () => {
  const [first, second] = [await urge(), await urge()];
  await arrives(townOffice, second);
  const [a] = await toldOf(townOffice, first);
  assertRecord(assertDone(await mark({ ids: [a.id] }, county)), { marked: 0 });
  assert.equal((await toldOf(townOffice, first))[0].read, false);
  assertDone(await mark({ until: a.at }));
  assert.equal((await toldOf(townOffice, first))[0].read, true);
  assert.equal((await toldOf(townOffice, second))[0].read, false);
  assertDone(await mark({ until: '2026-01-01T00:00:00Z' })); // never back
  assert.equal((await toldOf(townOffice, first))[0].read, true);
});

test('the newest first, page by page', async () => {
  await arrives(townOffice, await urge());
  const page = assertDone(await townOffice.get(path, { sort: '-at', limit: 2 }));
  assert.ok(page.items.length > 0);
  const times = (await allOf(townOffice, path, { limit: 3 })).map((n) => n.at);
  assert.deepEqual(times, [...times].sort());
});

test('what is refused', async () => {
  assertRefused(await mark({}), 422, 'invalid', { pointer: '/ids' });
  assertRefused(await mark({ ids: ['x'] }), 422, 'invalid');
  assertRefused(await anyone.get(path), 401, 'unauthenticated');
  assert.deepEqual(assertDone(await as('audit_admin').get(path)).items, []);
});
