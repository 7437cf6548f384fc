// tests/api/identity_reach.test.mjs - a scope holds what its divisions came from (A-10): a village that changed its town.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { as, send, uuid, unique } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { logIn, newAccount, signedIn } from '../support/accounts.mjs';
import { run } from '../support/database.mjs';
import { codes } from '../support/offices.mjs';
import { freshCode } from '../support/world.mjs';

const admin = as('system_admin');
const load = async (csv, valid_from) => assertDone(await admin.load('/registry/divisions:import', { valid_from }, csv));

async function freshCounty() {
  await load('code,name\n43,湖南省\n4331,湘西州\n', '2010-01-01');
  return freshCode('counties', codes('4331', '000000'));
}

// An account whose one post works in these ranges.
async function officeOf(town, ...ranges) {
  const account = newAccount({ like: 'town_office' }), [unit, post] = [uuid(), uuid()];
  run(`INSERT INTO registry.organisation (id, owner_division, name, kind, created_at) VALUES ('${unit}', '${town}', '${unique('政府')}', 'town', now());
       INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at)
         VALUES ('${post}', '${town}', '${unit}', '主任', 'staff', 'town_office', '{${ranges.join(',')}}', now());
       DELETE FROM identity.account_post WHERE account_id = '${account.id}';
       INSERT INTO identity.account_post (account_id, post_id) VALUES ('${account.id}', '${post}')`);
  return account;
}

// An item that a village answers for.
function itemOf(county, village) {
  const [unit, list, task, item] = [uuid(), uuid(), uuid(), uuid()];
  run(`INSERT INTO registry.organisation (id, owner_division, name, kind, created_at) VALUES ('${unit}', '${village}', '${unique('村委会')}', 'village', now());
       INSERT INTO registry.duty_list (id, owner_division, year, title, created_at) VALUES ('${list}', '${county}', 2025, '清单', now());
       INSERT INTO registry.task (id, owner_division, duty_list_id, number, position, title) VALUES ('${task}', '${county}', '${list}', '1', 1, '任务');
       INSERT INTO registry.item (id, owner_division, at_division, duty_list_id, task_id, title, lead_organisation_id, starts_on, due_on, measure, created_at)
         VALUES ('${item}', '${village}', '${village}', '${list}', '${task}', '修路', '${unit}', '2025-01-01', '2025-12-31', 'milestone', now())`);
  return item;
}

test('who answers for a village that changed its town sees what was recorded under its former code', async () => {
  const county = await freshCounty(), at = (tail) => county.slice(0, 6) + tail;
  await load(`code,name\n${county},县\n${at('100000')},甲镇\n${at('101000')},乙镇\n${at('100001')},移村\n${at('100002')},留村\n`, '2010-01-01');
  const [moved, stayed] = [itemOf(county, at('100001')), itemOf(at('101000'), at('100002'))];
  const account = await officeOf(at('101000'), at('101'));
  const before = await signedIn(account);
  assertRefused(await before.get(`/registry/items/${moved}`), 404, 'not_found');
  await load(`code,name,kind,members,predecessors\n${at('101201')},移村,,,${at('100001')}\n`, '2025-07-01');
  const after = await signedIn(account);
  assert.equal(assertDone(await after.get(`/registry/items/${moved}`)).owner_division, at('100001'));
  assertRefused(await after.get(`/registry/items/${stayed}`), 404, 'not_found');
  const page = assertDone(await after.get('/registry/items'));
  assert.deepEqual(page.items.map((i) => i.id), [moved]);
});

test('a code that goes on is nobody else\'s, whoever came from it', async () => {
  const county = await freshCounty(), at = (tail) => county.slice(0, 6) + tail;
  await load(`code,name\n${county},县\n${at('100000')},甲镇\n${at('101000')},乙镇\n${at('100001')},分村\n`, '2010-01-01');
  const item = itemOf(county, at('100001'));
  await load(`code,name,kind,members,predecessors\n${at('100001')},分村,,,\n${at('101201')},分出村,,,${at('100001')}\n`, '2025-07-01');
  const town = await signedIn(await officeOf(at('101000'), at('101')));
  assertRefused(await town.get(`/registry/items/${item}`), 404, 'not_found');
});

test('a former code opens what is recorded there, and nothing that those above it show to their own', async () => {
  const [left, joined] = [await freshCounty(), await freshCounty()], [was, is] = [`${left.slice(0, 6)}100001`, `${joined.slice(0, 6)}100201`];
  await load(`code,name\n${left},甲县\n${left.slice(0, 6)}100000,甲镇\n${was},移村\n`, '2010-01-01');
  await load(`code,name\n${joined},乙县\n${joined.slice(0, 6)}100000,乙镇\n`, '2010-01-01');
  const item = itemOf(left, was);
  await load(`code,name,kind,members,predecessors\n${is},移村,,,${was}\n`, '2025-07-01');
  const [of_left, of_joined] = [uuid(), uuid()];
  run(`INSERT INTO registry.document (id, owner_division, title, kind, issuer, issued_on, valid_from, created_at)
       SELECT d.id, d.code, '${unique('通知')}', 'notice', '县委', '2025-01-02', '2025-01-02', now()
         FROM (VALUES ('${of_left}'::uuid, '${left}'), ('${of_joined}', '${joined}')) AS d (id, code)`);
  const village = await signedIn(await officeOf(is, is));
  assertDone(await village.get(`/registry/items/${item}`));
  assertDone(await village.get(`/registry/documents/${of_joined}`));
  assertRefused(await village.get(`/registry/documents/${of_left}`), 404, 'not_found');
  const token = assertDone(await village.post('/identity/api_tokens', { name: unique('令牌'), permissions: ['duty_list.read', 'document.read'], ranges: [is],
    expires_at: new Date(Date.now() + 86_400_000).toISOString() }), 201).token;
  const statuses = await Promise.all([`items/${item}`, `documents/${of_joined}`, `documents/${of_left}`].map(async (path) =>
    (await send('GET', `/registry/${path}`, { token })).status));
  assert.deepEqual(statuses, [200, 200, 404]);
});

// As many villages of one town as that, each from the other town of the county.
async function movedTown(count) {
  const county = await freshCounty(), at = (tail) => county.slice(0, 6) + tail;
  const numbers = Array.from({ length: count }, (_, i) => String(10 + i));
  await load(`code,name\n${county},县\n${at('100000')},甲镇\n${at('101000')},乙镇\n${numbers.map((n) => `${at('1000')}${n},村${n}\n`).join('')}`, '2010-01-01');
  await load(`code,name,kind,members,predecessors\n${numbers.map((n) => `${at('1012')}${n},村${n},,,${at('1000')}${n}\n`).join('')}`, '2025-07-01');
  return { county, at };
}

test('a town of forty villages with former codes signs in, and sees every one of them', async () => {
  const { county, at } = await movedTown(40);
  const items = [itemOf(county, at('100000')), ...['100010', '100040', '100049'].map((tail) => itemOf(at(tail), at(tail)))];
  const town = await signedIn(await officeOf(at('101000'), at('101')));
  const seen = await Promise.all(items.map(async (id) => (await town.get(`/registry/items/${id}`)).status));
  assert.deepEqual(seen, [404, 200, 200, 200]); // the town itself goes on
});

test('more former codes than a token holds are refused and said, and nothing is left out', async () => {
  const { at } = await movedTown(64), account = await officeOf(at('101000'), at('101'));
  const refused = assertRefused(await logIn(account), 422, 'scope_too_wide');
  assert.match(refused.detail, /more than 64 ranges/);
});
