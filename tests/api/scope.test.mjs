// tests/api/scope.test.mjs - what another county, another level and another line see and may do, on every route that names a record or a
// division (charter D1): not there for an id, absent from lists, 403 only for a division the caller named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, unique } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { newCaller, newOfficial, security, system } from '../support/admins.mjs';
import { operations } from '../support/contract.mjs';
import { advance, county, department, freshYear, listInForce, louxing, newItem, newList, newOrganisation, newTask, nobodysId, otherCounty, prefecture, province, report,
  shuangfeng, town, townOffice, unitOf, valueItem, village } from '../support/world.mjs';

const townUnit = await unitOf('town_office');
const agriculture = await unitOf('department_office');
const water = await newOrganisation({ line: 'water' });
const draft = await newList();
const task = await newTask(draft);
const item = await newItem(valueItem(task, townUnit));
const inForce = await listInForce([(t) => valueItem(t, townUnit), (t) => valueItem(t, agriculture), (t) => valueItem(t, water)]);
const given = assertDone(await report(inForce.items[0], { value: '1', reported_on: '2025-03-31' }), 201);
const post = assertDone(await county.post('/identity/posts', { organisation_id: water.id, title: unique('岗'), duty: 'staff' }), 201);
const person = assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
const holder = assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on: '2025-01-01' }), 201);

// What administrators keep of Louxing, and the other county's own administrators who try for it.
const official = await newOfficial(louxing, { role: 'town_office', ranges: [town], lines: null });
const role = assertDone(await security.post('/identity/roles', { code: unique('r'), label: '角色', owner_division: louxing, permissions: ['post.read'] }), 201);
const machine = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
const accountPost = assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: official.post.id }), 201);
const access = assertDone(await security.post('/identity/access_grants', { post_id: official.post.id, owner_division: louxing, permissions: ['report.read'], reason: '督查',
  ends_at: new Date(Date.now() + 3_600_000).toISOString() }), 201);
const { caller: otherSystem } = await newCaller(shuangfeng, { role: 'system_admin', ranges: [shuangfeng], lines: null });
const { caller: otherSecurity } = await newCaller(shuangfeng, { role: 'security_admin', ranges: [shuangfeng], lines: null });
const administrators = { 'account.write': otherSystem, 'account.grant': otherSecurity, 'role.write': otherSecurity, 'access.grant': otherSecurity, 'session.end': otherSecurity };

// A record of Louxing for every collection, and what a write to it could say.
const records = {
  'registry /organisations': { id: water.id, body: { line: 'x' } },
  'registry /duty_lists': { id: draft.id, body: { title: 'x' }, query: { by: 'list' } },
  'registry /tasks': { id: task.id, body: { title: 'x' } },
  'registry /items': { id: item.id, body: { title: 'x' } },
  'registry /reports': { id: given.id, body: { decision_note: 'x' } },
  'identity /posts': { id: post.id, body: { title: 'x' } },
  'identity /accounts': { id: official.account.id, body: { disabled: false } },
  'identity /roles': { id: role.id, body: { label: 'x' } },
  'identity /account_posts': { id: accountPost.id },
  'identity /access_grants': { id: access.id, body: { reason: 'x' } },
  'identity /persons': { id: person.id },
  'identity /holders': { id: holder.id, body: { ends_on: '2026-01-01' } },
};
const collection = (o) => records[`${o.service} /${o.path.split(/[/:]/)[1]}`];
const named = operations.filter((o) => o.path.includes('{') && !['/divisions/{code}', '/sessions/{id}:end'].includes(o.path));

for (const o of named) {
  test(`another county: ${o.id} of a record of Louxing finds nothing`, async () => {
    const record = collection(o);
    assert.ok(record, `no record of ${o.path} to try`);
    const call = async (id) => {
      const takesBody = 'requestBody' in o.operation;
      const body = takesBody ? (o.id === 'submit_report' ? { value: '1', reported_on: '2025-03-31' } : o.id === 'grant_post' ? { role: null } : record.body) : undefined;
      const query = o.path.endsWith('/completion') ? record.query : undefined;
      const target = o.id === 'submit_report' ? inForce.items[0].id : record.id;
      const caller = o.permission === 'report.write' ? as('integration') : administrators[o.permission] ?? otherCounty;
      const path = `/${o.service}${o.path.replace(/\{[^}]+\}/, id ?? target)}`;
      return caller.call(o.method, path, { body, query, ifMatch: o.statuses.includes('428') ? 1 : undefined, key: o.method === 'GET' ? undefined : unique('k') });
    };
    const strip = ({ status, body: { code, title, detail, errors } }) => ({ status, code, title, detail, errors });
    if (o.id === 'submit_report') return; // its callers are all of one county; see `another unit` below
    const theirs = await call();
    assertRefused(theirs, 404, 'not_found');
    assert.deepEqual(strip(theirs), strip(await call(nobodysId())), 'a record out of scope and none say the same');
  });
}

test('another county: no list shows a record of Louxing', async () => {
  for (const o of operations.filter((p) => p.method === 'GET' && p.operation.parameters?.some((q) => q.$ref?.endsWith('/Cursor')))) {
    if (['/divisions', '/permissions'].includes(o.path)) continue;
    const query = { '/tasks': { duty_list_id: draft.id }, '/overdue_items': { as_of: '2025-10-10' } }[o.path] ?? {};
    const found = await allOf(otherCounty, `/${o.service}${o.path}`, query);
    for (const record of found) assert.ok(!record.owner_division.startsWith('431302'), `${o.id} shows ${JSON.stringify(record)}`);
  }
});

test('another county: filters by ids of Louxing find nothing', async () => {
  for (const [path, query] of [['/registry/items', { duty_list_id: draft.id }], ['/registry/items', { task_id: task.id }],
    ['/registry/items', { lead_organisation_id: townUnit.id }], ['/registry/reports', { item_id: inForce.items[0].id }], ['/registry/tasks', { duty_list_id: draft.id }],
    ['/identity/posts', { organisation_id: water.id }], ['/identity/holders', { post_id: post.id }], ['/identity/holders', { person_id: person.id }]]) {
    assert.deepEqual(await allOf(otherCounty, path, query), [], path);
  }
});

test('another county: a division it names is refused', async () => {
  for (const division of [louxing, town, village, '430100000000', '420000000000']) {
    const write = { owner_division: division, name: unique('单位'), kind: 'other' };
    assertRefused(await otherCounty.post('/registry/organisations', write), 403, 'out_of_scope');
    assertRefused(await otherCounty.post('/registry/duty_lists', { owner_division: division, year: 2040, title: 'x' }), 403, 'out_of_scope');
    assertRefused(await otherCounty.post('/identity/persons', { owner_division: division, name: 'x' }), 403, 'out_of_scope');
    assertRefused(await otherCounty.load('/registry/duty_lists:import', { owner_division: division, year: 2040, title: 'x' }, 'task_number,task_title\n1,x\n'), 403, 'out_of_scope');
    assertRefused(await otherCounty.load('/registry/divisions:import', { valid_from: '2010-01-01' }, `code,name\n${division},x\n`), 403, 'out_of_scope');
  }
});

test('another county: an import knows no unit of Louxing by its name', async () => {
  const csv = `task_number,task_title,item_title,lead_unit,starts_on,due_on,measure,target,unit_of_measure\n1,任务,项,${water.name},2025-01-01,2025-02-01,value,1,处\n`;
  const year = await freshYear(shuangfeng, otherCounty);
  assertRefused(await otherCounty.load('/registry/duty_lists:import', { owner_division: shuangfeng, year, title: 'x' }, csv), 422, 'invalid',
    { row: 2, column: 'lead_unit', code: 'unknown_unit' });
});

test('another unit: an item of another unit in sight is not reported on', async () => {
  assertRefused(await report(inForce.items[0], { value: '1' }, as('integration'), { key: unique('k') }), 403, 'not_your_unit');
});

test('a level above sees and works on what is below', async () => {
  for (const caller of [prefecture, province]) {
    assertDone(await caller.get(`/registry/items/${item.id}`));
    assertDone(await caller.get(`/registry/duty_lists/${draft.id}`));
    assertDone(await caller.get(`/registry/reports/${given.id}`));
  }
  const own = await newList();
  assertDone(await prefecture.patch(`/registry/duty_lists/${own.id}`, 1, { title: '市里改' }));
});

test('a level below reads the lists above it and changes none, nor sees its items', async () => {
  const year = await freshYear('431300000000', prefecture);
  const above = await newList({ caller: prefecture, division: '431300000000', year });
  const theirTask = await newTask(above, {}, prefecture);
  const unit = await newOrganisation({ owner_division: '431300000000', kind: 'work_group' }, prefecture);
  const theirItem = await newItem(valueItem(theirTask, unit), prefecture);
  assertDone(await county.get(`/registry/duty_lists/${above.id}`));
  assertDone(await county.get(`/registry/tasks/${theirTask.id}`));
  assertDone(await county.get(`/registry/organisations/${unit.id}`));
  assertRefused(await county.get(`/registry/items/${theirItem.id}`), 404, 'not_found');
  assertRefused(await county.patch(`/registry/items/${theirItem.id}`, 1, { title: 'x' }), 404, 'not_found');
  for (const [path, body] of [[`/registry/duty_lists/${above.id}`, { title: 'x' }], [`/registry/tasks/${theirTask.id}`, { title: 'x' }],
    [`/registry/organisations/${unit.id}`, { name: unique('x') }]]) {
    const answer = await county.patch(path, 1, body);
    assert.ok([403, 404].includes(answer.status), answer.text);
    assertRefused(answer, answer.status, answer.status === 403 ? 'out_of_scope' : 'not_found');
  }
  assertRefused(await county.post('/registry/tasks', { duty_list_id: above.id, number: 'x', title: 'x' }), 422, 'invalid', { pointer: '/duty_list_id' });
  assertRefused(await county.post('/registry/items', valueItem(theirTask, water)), 422, 'invalid', { pointer: '/task_id' });
  await advance(above, 'approve', prefecture);
});

test('a town and a village see their own items only', async () => {
  const seen = await allOf(townOffice, '/registry/items', { duty_list_id: inForce.list.id });
  assert.deepEqual(seen.map((i) => i.id), [inForce.items[0].id]);
  assert.deepEqual(await allOf(as('village_worker'), '/registry/items', { duty_list_id: inForce.list.id }), []);
});

test('another line: a department sees items of its line and those without one', async () => {
  const seen = (await allOf(department, '/registry/items', { duty_list_id: inForce.list.id })).map((i) => i.id);
  assert.deepEqual(seen.sort(), [inForce.items[0].id, inForce.items[1].id].sort());
  assertRefused(await department.get(`/registry/items/${inForce.items[2].id}`), 404, 'not_found');
  const late = (await allOf(department, '/registry/overdue_items', { duty_list_id: inForce.list.id, as_of: '2025-10-10' })).map((i) => i.id);
  assert.ok(!late.includes(inForce.items[2].id));
  assertRefused(await report(inForce.items[2], { value: '1', reported_on: '2025-03-31' }, department), 404, 'not_found');
});

test('another line: an assisting unit\'s line shows it the item', async () => {
  const { items: [shared] } = await listInForce([(t) => valueItem(t, water, { assist_organisation_ids: [agriculture.id] })]);
  assertDone(await department.get(`/registry/items/${shared.id}`));
  assertRefused(await report(shared, { value: '1', reported_on: '2025-03-31' }, department), 403, 'not_your_unit');
});

test('another line: completion tells nothing of items out of sight', async () => {
  const groups = assertDone(await department.get(`/registry/duty_lists/${inForce.list.id}/completion`, { by: 'unit', as_of: '2025-10-10' })).groups;
  assert.ok(!groups.some((group) => group.id === water.id), JSON.stringify(groups));
});

test('a scope does not come back as the previous caller\'s', async () => {
  const found = await Promise.all(Array.from({ length: 60 }, async (_, i) => {
    const caller = [county, otherCounty, townOffice, province][i % 4];
    const answer = await caller.get(`/registry/items/${item.id}`);
    return caller === otherCounty ? answer.status === 404 : answer.status === 200;
  }));
  assert.ok(found.every(Boolean));
});
