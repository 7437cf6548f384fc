// tests/api/identity_lines.test.mjs - lines beside divisions, where the table has no line of its own: a post has its unit's, a person those of the posts held.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccount, signedIn } from '../support/accounts.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { send, unique, uuid } from '../support/client.mjs';
import { run } from '../support/database.mjs';
import { citizenId } from '../support/numbers.mjs';
import { county, louxing, newOrganisation } from '../support/world.mjs';

const [water, fire, whole] = await Promise.all([newOrganisation({ line: 'water' }), newOrganisation({ line: 'fire' }), newOrganisation()]);
const newPost = async (unit, more = {}) => assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: unique('岗'), duty: 'staff', ...more }), 201);
const newPerson = async () => assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人'), citizen_id: citizenId() }), 201);
const hold = async (post, person) => assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on: '2026-01-01' }), 201);

// A county office that is limited to water.
const office = newAccount({ name: unique('水利') });
const seat = uuid();
run(`DELETE FROM identity.account_post WHERE account_id = '${office.id}';
     INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, scope_lines, created_at)
       VALUES ('${seat}', '${louxing}', '${water.id}', '${unique('岗')}', 'staff', 'county_office', '{431302}', '{water}', now());
     INSERT INTO identity.account_post (account_id, post_id) VALUES ('${office.id}', '${seat}')`);
const { session } = await signedIn(office);
const call = (method, path, body, ifMatch) => send(method, path, { token: session.access_token, body, ifMatch });

test('posts are made, changed and handed over in the own line and in none', async () => {
  const person = await newPerson();
  const body = (unit) => ({ organisation_id: unit.id, title: unique('岗'), duty: 'staff' });
  assertRefused(await call('POST', '/identity/posts', body(fire)), 422, 'invalid', { pointer: '/organisation_id' });
  for (const unit of [water, whole]) assertDone(await call('POST', '/identity/posts', body(unit)), 201);
  const [own, other] = [await newPost(water), await newPost(fire)];
  assertDone(await call('PATCH', `/identity/posts/${own.id}`, { title: unique('新') }, 1));
  assertRefused(await call('PATCH', `/identity/posts/${other.id}`, { title: unique('新') }, 1), 403, 'out_of_scope');
  const next = { person_id: person.id, starts_on: new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10), reason: '任免文件' };
  assertRefused(await call('POST', `/identity/posts/${other.id}:hand_over`, next, 1), 403, 'out_of_scope');
  assertDone(await call('POST', `/identity/posts/${own.id}:hand_over`, next, 2));
  const until = { ends_on: new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10), reason: '任免文件' };
  const held = await newPost(fire);
  await hold(held, person);
  assertRefused(await call('POST', `/identity/posts/${held.id}:vacate`, until, 1), 403, 'out_of_scope');
  assertDone(await call('POST', `/identity/posts/${own.id}:vacate`, until, 3));
});

test('R-015: units are registered and corrected in the own line and in none', async () => {
  const units = '/registry/organisations';
  const body = (line) => ({ owner_division: louxing, name: unique('单位'), kind: 'department', ...(line && { line }) });
  assertRefused(await call('POST', units, body('fire')), 403, 'exceeds_own_rights', { pointer: '/line' });
  const own = assertDone(await call('POST', units, body('water')), 201);
  assertDone(await call('POST', units, body()), 201);
  assertRefused(await call('PATCH', `${units}/${own.id}`, { line: 'fire' }, 1), 403, 'exceeds_own_rights', { pointer: '/line' });
  assertDone(await call('PATCH', `${units}/${own.id}`, { line: null }, 1));
  const table = `owner_division,name,kind,line\n${louxing},${unique('单位')},other,water\n${louxing},${unique('单位')},other,fire\n`;
  const answer = assertRefused(await send('POST', `${units}:import`, { token: session.access_token, csv: table }), 422, 'invalid');
  assert.deepEqual(answer.errors.map((e) => [e.row, e.column, e.code]), [[3, 'line', 'another_line']]);
});

test('holders are entered and corrected in the own line and in none', async () => {
  const person = await newPerson();
  const [own, other] = [await newPost(water), await newPost(fire)];
  const body = (post) => ({ post_id: post.id, person_id: person.id, starts_on: '2026-01-01' });
  assertRefused(await call('POST', '/identity/holders', body(other)), 422, 'invalid', { pointer: '/post_id' });
  const made = assertDone(await call('POST', '/identity/holders', body(own)), 201);
  assertDone(await call('PATCH', `/identity/holders/${made.id}`, { ends_on: '2027-01-01' }, 1));
  const theirs = await hold(other, person);
  assertRefused(await call('PATCH', `/identity/holders/${theirs.id}`, { ends_on: '2027-01-01' }, 1), 403, 'out_of_scope');
});

test('persons are seen in full and corrected in the own line and in none', async () => {
  const [mine, theirs, nobodys] = [await newPerson(), await newPerson(), await newPerson()];
  await hold(await newPost(water), mine);
  await hold(await newPost(fire), theirs);
  const unmask = { reason: '核对任免文件上的身份证号', fields: ['citizen_id'] };
  for (const person of [mine, nobodys]) {
    assert.match(assertDone(await call('POST', `/identity/persons/${person.id}:unmask`, unmask)).citizen_id, /^\d{17}[\dX]$/);
    assertDone(await call('PATCH', `/identity/persons/${person.id}`, { name: unique('改') }, 1));
  }
  assertRefused(await call('POST', `/identity/persons/${theirs.id}:unmask`, unmask), 403, 'out_of_scope');
  assertRefused(await call('PATCH', `/identity/persons/${theirs.id}`, { name: unique('改') }, 1), 403, 'out_of_scope');
  assertDone(await call('GET', `/identity/persons/${theirs.id}`)); // who answers for what is no secret of a line
});

test('an import tells the row whose unit works in another line', async () => {
  const table = `organisation_division,organisation,title,duty,person,starts_on\n${louxing},${water.name},${unique('岗')},staff,甲,2026-01-01\n${louxing},${fire.name},岗,staff,乙,2026-01-01\n`;
  const answer = assertRefused(await send('POST', '/identity/posts:import', { token: session.access_token, csv: table }), 422, 'invalid');
  assert.deepEqual(answer.errors.map((e) => [e.row, e.column, e.code]), [[3, 'organisation', 'out_of_scope']]);
});
