// tests/api/scope.test.mjs - what another county, another level and another line see and may do, on every route that names a record or a
// division (charter D1): not there for an id, absent from lists, 403 only for a division the caller named.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { allOf, as, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { csv, staged, upload } from '../support/batches.mjs';
import * as cadence from '../support/cadence_calls.mjs';
import * as contacts from '../support/contacts.mjs';
import * as documentCalls from '../support/document_calls.mjs';
import * as reportCalls from '../support/report_calls.mjs';
import * as monitoring from '../support/monitoring.mjs';
import * as orders from '../support/orders.mjs';
import * as teams from '../support/team_calls.mjs';
import { grant, hold, newAccount, newCaller, newOfficial, newPerson, security, settled, system } from '../support/admins.mjs';
import { toldOnce as operations } from '../support/contract.mjs';
import { services } from '../support/settings.mjs';
import { newSetting } from '../support/kept_settings.mjs';
import { newJob, newSchedule } from '../support/jobs.mjs';
import { pdf, sha256 } from '../support/pictures.mjs';
import { claimsOf, tokenOf } from '../support/tokens.mjs';
import { advance, county, department, freshYear, listInForce, louxing, newItem, newList, newOrganisation, newTask, nobodysId, otherCounty, otherMonitor, prefecture, province, report,
  shuangfeng, town, townOffice, unitOf, valueItem, village } from '../support/world.mjs';

const townUnit = await unitOf('town_office');
const agriculture = await unitOf('department_office');
const water = await newOrganisation({ line: 'water' });
const draft = await newList();
const task = await newTask(draft);
const item = await newItem(valueItem(task, townUnit));
const inForce = await listInForce([(t) => valueItem(t, townUnit), (t) => valueItem(t, agriculture), (t) => valueItem(t, water)]);
const given = assertDone(await report(inForce.items[0], { value: '1', reported_on: '2025-03-31' }), 201);
// What the county's own units lead is the county's, not a town's.
const countyItem = await newItem(valueItem(task, water));
const countyReport = assertDone(await report(inForce.items[1], { value: '1', reported_on: '2025-03-31' }, department), 201);
// A conflict that the town's office has with itself.
const changeOf = (base_version, note) => ({ op_id: uuid(), operation: 'update_report', target: given.id, base_version, base: { note: null }, body: { note } });
const [, conflict] = assertDone(await townOffice.post('/registry/sync', { operations: [changeOf(1, '甲'), changeOf(1, '乙')] })).results;
const urging = assertDone(await county.post('/registry/urgings', { addressee_organisation_id: water.id, matter: unique('督办') }), 201);
// Urgings of a unit of agriculture, answered: what is decided is decided on its answer.
const urged = assertDone(await county.post('/registry/urgings', { addressee_organisation_id: agriculture.id, matter: unique('督办') }), 201);
const answered = assertDone(await department.verb(`/registry/urgings/${urged.id}:answer`, urged.version, { answer: '已整改' }));
// A file that comes, a table that is staged, a job that waits, a schedule, a paper.
const bytes = pdf(unique());
const file = assertDone(await county.post('/registry/files', { name: `${unique('文件')}.pdf`, size: bytes.length, sha256: sha256(bytes) }), 201);
const batch = await staged(county, csv([['431302', unique('单位'), '部门', '']]));
const [job, schedule] = [newJob(), newSchedule()];
const paper = assertDone(await county.post('/registry/papers', { template: 'reminder', record_id: inForce.items[0].id }), 201);
const post = assertDone(await county.post('/identity/posts', { organisation_id: water.id, title: unique('岗'), duty: 'staff' }), 201);
const person = assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
const successor = assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
const holder = assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on: '2025-01-01' }), 201);

// What administrators keep of Louxing, and what an account of Louxing has of its own.
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const official = await newOfficial(louxing, { role: 'town_office', ranges: [town], lines: null });
const role = assertDone(await security.post('/identity/roles', { code: unique('r'), label: '角色', owner_division: louxing, permissions: ['post.read'] }), 201);
const machine = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
const accountPost = assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: official.post.id }), 201);
const access = assertDone(await security.post('/identity/access_grants', { post_id: official.post.id, owner_division: louxing, permissions: ['report.read'], reason: '督查',
  ends_at: inAnHour() }), 201);
const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
const machineKey = assertDone(await system.post('/identity/machine_keys', { account_id: machine.id, public_key: publicKey }), 201);
const owner = await settled(official);
const device = assertDone(await owner.post('/identity/devices', { name: unique('终端') }), 201);
const apiToken = assertDone(await owner.post('/identity/api_tokens', { name: unique('t'), permissions: ['post.read'], ranges: [town], expires_at: inAnHour() }), 201);

// Those who try for it: of another county, of a town of the same county (with the county's permissions), and of the prefecture above both.
const office = async (division, ranges) => (await newCaller(division, { role: 'county_office', ranges, lines: null })).caller;
const administrator = async (kind, division, ranges) => (await newCaller(division, { role: `${kind}_admin`, ranges, lines: null })).caller;
const loudi = '431300000000';
const watch = async (division) => (await newCaller(division, { role: 'monitoring_office', ranges: [division], lines: null })).caller;
const [townMonitor, aboveMonitor] = await Promise.all([watch(town), watch(loudi)]);
const [otherSystem, otherSecurity, otherAudit, townOfficer, townSystem, townSecurity, aboveSystem, aboveSecurity] = await Promise.all([
  administrator('system', shuangfeng, [shuangfeng]), administrator('security', shuangfeng, [shuangfeng]), administrator('audit', shuangfeng, [shuangfeng]),
  office(town, [town]), administrator('system', town, [town]), administrator('security', town, [town]),
  administrator('system', loudi, [loudi]), administrator('security', loudi, [loudi])]);
const administered = ['account.grant', 'role.write', 'access.grant', 'session.end'];
const someone = (everyday, ofSystem, ofSecurity, ofMonitoring) => (o) =>
  (o.service === 'monitoring' ? ofMonitoring : ['account.write', 'setting.write'].includes(o.permission) ? ofSystem : administered.includes(o.permission) ? ofSecurity : everyday);
const callers = { otherCounty: someone(otherCounty, otherSystem, otherSecurity, otherMonitor), below: someone(townOfficer, townSystem, townSecurity, townMonitor),
  above: someone(prefecture, aboveSystem, aboveSecurity, aboveMonitor) };

// A record of Louxing for every collection, and what a write to it could say.
const records = {
  'registry /organisations': { id: water.id, body: { line: 'x' } },
  'registry /duty_lists': { id: draft.id, body: { title: 'x' } },
  'registry /tasks': { id: task.id, body: { title: 'x' } },
  'registry /items': { id: countyItem.id, body: { title: 'x' } },
  'registry /reports': { id: countyReport.id, body: { decision_note: 'x' } },
  'registry /conflicts': { id: conflict.conflict_id, body: { take: 'theirs' } },
  'registry /urgings': { id: urging.id, body: { decision_note: 'x' } },
  'registry /files': { id: file.id },
  'registry /papers': { id: paper.id },
  'registry /jobs': { id: job.id },
  'registry /schedules': { id: schedule.id, body: { enabled: false } },
  'registry /batches': { id: batch.id, body: { reason: '核对无误' } },
  'identity /posts': { id: post.id, body: { title: 'x' } },
  'identity /accounts': { id: official.account.id, body: { disabled: false } },
  'identity /settings': { id: (await newSetting({ owner_division: louxing })).id, body: { value: '8' } },
  'identity /roles': { id: role.code, body: { label: 'x' } },
  'identity /account_posts': { id: accountPost.id },
  'identity /access_grants': { id: access.id, body: { reason: 'x' } },
  'identity /persons': { id: person.id, body: { name: '乙' } },
  'identity /holders': { id: holder.id, body: { ends_on: '2026-01-01' } },
  'identity /machine_keys': { id: machineKey.id },
  'identity /sessions': { id: owner.session.session_id, body: { reason: 'x' } },
  'identity /devices': { id: device.id, body: { reason: 'x' } },
  'identity /api_tokens': { id: apiToken.id, body: { reason: 'x' } },
};
const queries = { get_completion: { by: 'list' }, get_duty_list_difference: { against: inForce.list.id } };
const bodies = {
  submit_report: { value: '1', reported_on: '2025-03-31' },
  pause_item: { reason: '汛期停工' },
  resume_item: { reason: '汛期结束' },
  answer_urging: { answer: '已整改' },
  write_error_file: { only_faulty: true },
  grant_post: { role: null },
  hand_over_post: { person_id: successor.id, starts_on: '2199-01-01', reason: '任免' },
  vacate_post: { ends_on: '2199-01-01', reason: '任免' },
  withdraw_hand_over: { day: '2199-01-01', reason: '撤销' },
  unmask_person: { reason: '核对任免文件上的号码', fields: ['phone'] },
  switch_session: { post_id: official.post.id },
  release_factor: { reason: '当面核对' },
};
for (const [collection, { id }] of Object.entries({ ...cadence.records, ...contacts.records, ...teams.records, ...documentCalls.records, ...reportCalls.records })) records[`registry /${collection}`] = { id };
for (const [operation, body] of Object.entries({ ...cadence.bodies, ...contacts.bodies, ...teams.bodies, ...documentCalls.bodies, ...reportCalls.bodies })) bodies[operation] = body();
for (const [collection, { id }] of Object.entries(monitoring.records)) records[`monitoring /${collection}`] = { id };
for (const [operation, body] of Object.entries(monitoring.bodies)) bodies[operation] = body();
records['registry /drives'] = await orders.newDrive();
records['registry /work_orders'] = await orders.newOrder({ addressee_organisation_id: water.id });
records['registry /refinements'] = await orders.newRefinement(agriculture, department);
for (const [operation, body] of Object.entries(orders.bodies)) bodies[operation] = body();
// Verbs that go on from another state.
const further = { accept_urging: answered, return_urging: answered, read_file_content: await upload(county, bytes), get_periodic_report_snapshot: reportCalls.recordsOf.get_periodic_report_snapshot };
Object.assign(further, cadence.further, monitoring.further);
const byteHeaders = { send_file_content: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' } };
const collection = (o) => ({ ...records[`${o.service} /${o.path.split(/[/:]/)[1]}`], ...(further[o.id] && { id: further[o.id].id, version: further[o.id].version }) });
const nobodysPaths = ['/divisions/{code}', '/dictionaries/{name}', '/batch_kinds/{kind}/template', '/rules/{code}'];
const named = operations.filter((o) => o.path.includes('{') && !nobodysPaths.includes(o.path) && !['submit_report', 'update_report', 'refine_item', 'update_refinement'].includes(o.id)); // whose callers are all of one county; see `another unit`

test('every route that names a record is tried', () => {
  assert.deepEqual(named.filter((o) => collection(o).id === undefined).map((o) => o.path), []);
});

async function attempt(o, caller, { id = collection(o).id, rehearse = false } = {}) {
  const rehearsable = rehearse && o.operation.parameters?.some((p) => p.$ref?.endsWith('/ValidateOnly'));
  return caller.call(o.method, `/${o.service}${o.path.replace(/\{[^}]+\}/, id)}`, {
    headers: byteHeaders[o.id],
    body: byteHeaders[o.id] ? bytes : 'requestBody' in o.operation ? bodies[o.id] ?? collection(o).body : undefined,
    query: { ...queries[o.id], ...(rehearsable ? { validate_only: true } : {}) },
    ifMatch: o.statuses.includes('428') ? collection(o).version ?? 1 : undefined,
    key: o.method === 'GET' ? undefined : unique('k'),
  });
}
const nothing = (o) => (o.path.includes('{code}') ? unique('r') : nobodysId());
const said = ({ status, body: { code, title, detail, errors } }) => ({ status, code, title, detail, errors });

async function findsNothing(o, caller) {
  const theirs = await attempt(o, caller);
  assertRefused(theirs, 404, 'not_found');
  assert.deepEqual(said(theirs), said(await attempt(o, caller, { id: nothing(o) })), 'a record out of scope and none say the same');
}

for (const o of named) {
  test(`another county: ${o.id} of a record of Louxing finds nothing`, () => findsNothing(o, callers.otherCounty(o)));
}

// What hangs on an account is its own, and theirs who may end sessions in its division.
const ofAccount = named.filter((o) => ['sessions', 'devices', 'api_tokens'].includes(o.path.split(/[/:]/)[1]));
for (const o of ofAccount) {
  test(`another account: ${o.id} finds nothing, whoever else asks`, async () => {
    for (const caller of [county, prefecture, system, otherSecurity, townSecurity]) await findsNothing(o, caller);
    const answer = await attempt(o, aboveSecurity, { rehearse: true });
    if (o.id === 'switch_session') assertRefused(answer, 404, 'not_found'); // nobody acts in another's place
    else assertDone(answer);
  });
}

// A conflict is of who brought it.
const ofDevice = named.filter((o) => o.path.startsWith('/conflicts/'));
for (const o of ofDevice) {
  test(`another account: ${o.id} finds nothing, whoever else asks`, async () => {
    for (const caller of [county, prefecture, province, townOfficer]) await findsNothing(o, caller);
  });
}

// What is readable from below its owner (charter D1), and across lines.
const readFromBelow = ['get_post', 'get_person', 'get_holder', 'get_role', 'get_setting', 'get_organisation', 'get_duty_list', 'get_task', 'get_completion', 'get_duty_list_difference', 'get_cadence_rule', 'get_monitoring_line', 'get_rule_setting', ...teams.readFromBelow, ...documentCalls.readFromBelow, ...reportCalls.readFromBelow];

// Who is limited to a line finds no item and no report of another one; units, posts and their holders are read across lines and not changed (I-024). Lists and
// tasks, accounts and roles have no line.
const waterPost = assertDone(await county.post('/identity/posts', { organisation_id: water.id, title: unique('岗'), duty: 'staff' }), 201);
const waterPerson = await newPerson(louxing);
assertDone(await hold(waterPost, waterPerson), 201);
const waterAccount = await newAccount(waterPerson);
assertDone(await grant(waterPost, { role: 'department_office', ranges: [louxing], lines: ['water'] }));
const waterReport = assertDone(await report(inForce.items[2], { value: '1', reported_on: '2025-03-31' }, await settled({ account: waterAccount })), 201);
const { caller: farming } = await newCaller(louxing, { role: 'county_office', ranges: [louxing], lines: ['agriculture'] });
const ofLine = { organisations: water, posts: post, persons: person, holders: holder, items: countyItem, reports: waterReport, urgings: urging, work_orders: records['registry /work_orders'] };
for (const o of named.filter((p) => p.path.split(/[/:]/)[1] in ofLine && !administered.includes(p.permission))) {
  test(`another line: ${o.id} of a record of water management ${readFromBelow.includes(o.id) || o.id === 'get_post_rights' ? 'is read' : 'is refused'}`, async () => {
    const place = o.path.split(/[/:]/)[1];
    const answer = await attempt(o, farming, { id: ofLine[place].id });
    if (['items', 'reports', 'urgings', 'work_orders'].includes(place)) return assertRefused(answer, 404, 'not_found');
    return o.method === 'GET' ? assertDone(answer) : assertRefused(answer, 403, place === 'organisations' ? 'exceeds_own_rights' : 'out_of_scope');
  });
}

// Of all else a town finds nothing, and it changes nothing of the county's.
for (const o of named.filter((p) => !ofAccount.includes(p) && !ofDevice.includes(p))) {
  test(`a level below: ${o.id} of a record of the county ${readFromBelow.includes(o.id) ? 'is read' : 'is refused'}`, async () => {
    const answer = await attempt(o, callers.below(o));
    if (readFromBelow.includes(o.id)) return assertDone(answer);
    if (answer.status === 409) return assertRefused(answer, 409, /^\/(duty_lists|plans|cadence_rules)\/\{id\}:/.test(o.path) ? 'state_conflict' : 'none'); // a list or a plan may be read, and its state with it
    assert.ok([403, 404].includes(answer.status), `${answer.status} ${answer.text}`);
    return assertRefused(answer, answer.status, answer.status === 403 ? 'out_of_scope' : 'not_found');
  });

  test(`a level above: ${o.id} of a record of the county is not stopped by its scope`, async () => {
    const answer = await attempt(o, callers.above(o), { rehearse: true });
    if (o.permission === 'report.confirm') return assertRefused(answer, 403, 'forbidden'); // the county that made the list decides
    if (o.id === 'read_file_content') return assert.equal(answer.status, 200, answer.text);
    if (o.path.startsWith('/saved_lists/')) return assertRefused(answer, 404, 'not_found'); // its post's own until it is shared
    if (o.method === 'GET') return assertDone(answer);
    if (/^\/(urgings|visits|work_orders|meetings|report_forms|periodic_reports)\//.test(o.path) && answer.status !== 409) return assertRefused(answer, 403, 'not_your_unit'); // who issued it decides, who is urged answers, who went corrects
    return assert.ok([200, 201, 409, 412].includes(answer.status), `${answer.status} ${answer.text}`);
  });
}

test('another county: no list shows a record of Louxing', async () => {
  for (const o of operations.filter((p) => p.method === 'GET' && p.operation.parameters?.some((q) => q.$ref?.endsWith('/Cursor')))) {
    if (['/divisions', '/permissions', '/contact_kinds', '/rules'].includes(o.path) || o.path.includes('{')) continue;
    const query = { '/clauses': { document_id: documentCalls.records.documents.id }, '/clauses:search': { words: '责任' }, '/documents:search': { words: '责任' }, '/tasks': { duty_list_id: draft.id }, '/overdue_items': { as_of: '2025-10-10' }, '/unvisited_settlements': { division: shuangfeng, year: 2026 }, '/machine_keys': { account_id: machine.id }, '/settings:holding': { division: shuangfeng } }[o.path] ?? {};
    const caller = o.permission === 'audit.read' ? otherAudit : callers.otherCounty(o);
    const found = await allOf(caller, `/${o.service}${o.path}`, query);
    for (const record of found) {
      const theirs = 'owner_division' in record ? record.owner_division.startsWith('431302') : record.account_id !== claimsOf(await tokenOf('other_county_office')).sub;
      assert.ok(!theirs, `${o.id} shows ${JSON.stringify(record)}`);
    }
  }
});

test('another county: no export of the audit log holds a record of Louxing', async () => {
  for (const service of Object.keys(services)) {
    const span = { from: new Date(Date.now() - 3_600_000).toISOString(), until: inAnHour(), reason: '抽查' };
    const answer = await otherAudit.post(`/${service}/audit_log:export`, span);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(!answer.text.includes('"owner_division":"431302'), service);
  }
});

test('another county: what another account has is not listed by its id', async () => {
  for (const path of ['/identity/sessions', '/identity/devices', '/identity/api_tokens']) {
    assertRefused(await county.get(path, { account_id: official.account.id }), 403, 'forbidden');
    assert.deepEqual(await allOf(otherSecurity, path, { account_id: official.account.id }), [], path);
    assert.deepEqual(await allOf(townSecurity, path, { account_id: official.account.id }), [], path);
    assert.ok((await allOf(aboveSecurity, path, { account_id: official.account.id })).length > 0, path);
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
  assertRefused(await department.patch(`/registry/reports/${waterReport.id}`, 1, { note: 'x' }), 404, 'not_found');
  assertRefused(await as('integration').patch(`/registry/reports/${given.id}`, 2, { note: 'x' }, { key: unique('k') }), 403, 'not_your_unit');
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
