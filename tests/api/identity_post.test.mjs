// tests/api/identity_post.test.mjs - posts, persons, and who holds which post from when until when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { county, louxing, newOrganisation, nobodysId, otherCounty, shuangfeng, town, townOffice } from '../support/world.mjs';

const posts = '/identity/posts';
const persons = '/identity/persons';
const holders = '/identity/holders';
const unit = await newOrganisation();
const newPost = async (more = {}, caller = county) =>
  assertDone(await caller.post(posts, { organisation_id: unit.id, title: unique('岗'), duty: 'staff', ...more }), 201);
const newPerson = async (more = {}, caller = county) => assertDone(await caller.post(persons, { owner_division: louxing, name: unique('人'), ...more }), 201);
const hold = (post, person, starts_on, ends_on) => county.post(holders, { post_id: post.id, person_id: person.id, starts_on, ends_on });

test('a post belongs to its organisation\'s division, and permits nothing by itself', async () => {
  const at = await newOrganisation({ owner_division: town, kind: 'town' });
  const answer = await county.post(posts, { organisation_id: at.id, title: '书记', duty: 'first_responsible' });
  const post = assertDone(answer, 201);
  assertRecord(post, { owner_division: town, organisation_id: at.id, title: '书记', duty: 'first_responsible', role: null, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1/identity/posts/${post.id}`);
  assert.deepEqual(assertDone(await county.get(`${posts}/${post.id}`)), post);
});

test('what a post permits is not the client\'s to say', async () => {
  for (const member of [{ role: 'system_admin' }, { ranges: [''] }, { scope_lines: null }]) {
    assertRefused(await county.post(posts, { organisation_id: unit.id, title: unique('岗'), duty: 'staff', ...member }), 422, 'invalid',
      { pointer: `/${Object.keys(member)[0]}`, code: 'unknown_field' });
  }
});

test('a title is unique in its organisation', async () => {
  const post = await newPost();
  assertRefused(await county.post(posts, { organisation_id: unit.id, title: post.title, duty: 'staff' }), 409, 'duplicate');
});

test('a title is corrected', async () => {
  const post = await newPost();
  assertRecord(assertDone(await county.patch(`${posts}/${post.id}`, 1, { title: '新岗' + unique() })), { version: 2, duty: 'staff' });
  assertRefused(await county.patch(`${posts}/${post.id}`, 1, { title: '旧' }), 412, 'stale');
  assertRefused(await county.patch(`${posts}/${nobodysId()}`, 1, { title: '无' }), 404, 'not_found');
});

test('an organisation that is not there, or another county\'s, is refused alike', async () => {
  const beside = await newOrganisation({ owner_division: shuangfeng }, otherCounty);
  const told = [];
  for (const organisation_id of [nobodysId(), beside.id]) {
    const { status, code, detail, errors } = assertRefused(await county.post(posts, { organisation_id, title: '岗', duty: 'staff' }), 422, 'invalid', { pointer: '/organisation_id' });
    told.push({ status, code, detail, errors });
  }
  assert.deepEqual(told[0], told[1]);
});

test('posts are found by organisation and duty', async () => {
  const at = await newOrganisation();
  const first = await newPost({ organisation_id: at.id, duty: 'first_responsible' });
  const second = await newPost({ organisation_id: at.id });
  const ids = async (query) => (await allOf(county, posts, { organisation_id: at.id, ...query })).map((post) => post.id).sort();
  assert.deepEqual(await ids({}), [first.id, second.id].sort());
  assert.deepEqual(await ids({ duty: 'first_responsible' }), [first.id]);
});

test('a person is entered and found by the beginning of the name', async () => {
  const person = await newPerson();
  assert.deepEqual(assertDone(await county.get(`${persons}/${person.id}`)), person);
  assert.deepEqual((await allOf(county, persons, { name_prefix: person.name })).map((p) => p.id), [person.id]);
  assertRefused(await county.get(`${persons}/${nobodysId()}`), 404, 'not_found');
  assertRefused(await county.post(persons, { owner_division: shuangfeng, name: '甲' }), 403, 'out_of_scope');
});

test('a post is held from a day until the day before another', async () => {
  const post = await newPost();
  const [former, present] = [await newPerson(), await newPerson()];
  assertRecord(assertDone(await hold(post, former, '2024-01-01', '2025-01-01'), 201), { owner_division: louxing, ends_on: '2025-01-01' });
  assertRecord(assertDone(await hold(post, present, '2025-01-01'), 201), { ends_on: null });
  const on = async (as_of) => (await allOf(county, holders, { post_id: post.id, as_of })).map((holder) => holder.person_id);
  assert.deepEqual(await on('2023-12-31'), []);
  assert.deepEqual(await on('2024-12-31'), [former.id]);
  assert.deepEqual(await on('2025-01-01'), [present.id]);
  assert.equal((await allOf(county, holders, { person_id: former.id })).length, 1);
});

test('two never hold a post on the same day', async () => {
  const post = await newPost();
  assertDone(await hold(post, await newPerson(), '2025-01-01', '2026-01-01'), 201);
  for (const [from, until] of [['2025-12-31', undefined], ['2024-01-01', '2025-01-02'], ['2025-03-01', '2025-04-01'], ['2024-01-01', undefined]]) {
    const answer = await hold(post, await newPerson(), from, until);
    assert.equal(answer.status, 409, answer.text);
    assertRefused(answer, 409, answer.body.code);
  }
});

test('a holding does not end before it starts', async () => {
  assertRefused(await hold(await newPost(), await newPerson(), '2025-01-02', '2025-01-02'), 422, 'invalid');
});

test('the end of a holding is corrected, and kept free of another\'s', async () => {
  const post = await newPost();
  const first = assertDone(await hold(post, await newPerson(), '2024-01-01'), 201);
  const ended = assertDone(await county.patch(`${holders}/${first.id}`, 1, { ends_on: '2025-01-01' }));
  assertRecord(ended, { ends_on: '2025-01-01', version: 2 });
  assert.deepEqual(assertDone(await county.get(`${holders}/${first.id}`)), ended);
  assertDone(await hold(post, await newPerson(), '2025-01-01'), 201);
  assertRefused(await county.patch(`${holders}/${first.id}`, 2, { ends_on: '2025-06-01' }), 409, 'state_conflict');
});

test('a post or person that is not there is named', async () => {
  const [post, person] = [await newPost(), await newPerson()];
  assertRefused(await hold({ id: uuid() }, person, '2025-01-01'), 422, 'invalid', { pointer: '/post_id' });
  assertRefused(await hold(post, { id: uuid() }, '2025-01-01'), 422, 'invalid', { pointer: '/person_id' });
});

test('a town reads the posts above it and changes none', async () => {
  const post = await newPost();
  assertDone(await townOffice.get(`${posts}/${post.id}`));
  assertRefused(await townOffice.patch(`${posts}/${post.id}`, 1, { title: 'x' }), 403, 'forbidden');
  assertRefused(await as('other_county_office').get(`${posts}/${post.id}`), 404, 'not_found');
});
