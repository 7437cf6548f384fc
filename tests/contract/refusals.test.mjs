// tests/contract/refusals.test.mjs - generated from the contract: each operation is made to refuse in every way it declares that does not need a
// story of its own (those are told in tests/api). tests/contract/coverage.test.mjs then asks that nothing declared was left unseen.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as accounts from '../support/accounts.mjs';
import { bearer } from '../support/admins.mjs';
import { csv, done, ended, staged, upload } from '../support/batches.mjs';
import { anyone, as, newKey, send, unique, uuid } from '../support/client.mjs';
import { assertDone, assertProblem, assertRefused } from '../support/assert.mjs';
import { toldOnce as operations } from '../support/contract.mjs';
import { table as calendar } from '../support/calendar.mjs';
import { newSetting, settingBody } from '../support/kept_settings.mjs';
import * as cadence from '../support/cadence_calls.mjs';
import * as contacts from '../support/contacts.mjs';
import * as documentCalls from '../support/document_calls.mjs';
import * as reportCalls from '../support/report_calls.mjs';
import * as monitoring from '../support/monitoring.mjs';
import * as orders from '../support/orders.mjs';
import * as teams from '../support/team_calls.mjs';
import { hold, run } from '../support/database.mjs';
import { claimsOfMachine, newPair, publicPem, signAssertion } from '../support/machines.mjs';
import { newJob, newSchedule } from '../support/jobs.mjs';
import { pdf, sha256 } from '../support/pictures.mjs';
import { rawCall } from '../support/raw.mjs';
import { startService } from '../support/service.mjs';
import { http, services } from '../support/settings.mjs';
import { claimsOf, password, tokenOf } from '../support/tokens.mjs';
import { advance, county, listInForce, louxing, monitor, newItem, newList, newOrganisation, newTask, nobodysId, prefecture, report, town, townOffice, unitOf, valueItem } from '../support/world.mjs';

const unit = await unitOf('town_office');
const other = await newOrganisation();
const draft = await newList();
const task = await newTask(draft);
const item = await newItem(valueItem(task, unit));
const { list: inForce, items: [reported] } = await listInForce([(t) => valueItem(t, unit)]);
const given = assertDone(await report(reported, { value: '1', reported_on: '2025-03-31' }), 201);
const person = assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
const post = assertDone(await county.post('/identity/posts', { organisation_id: other.id, title: unique('岗'), duty: 'staff' }), 201);
const holder = assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on: '2020-01-01', ends_on: '2020-02-01' }), 201);

const urge = async () => assertDone(await county.post('/registry/urgings', { addressee_organisation_id: unit.id, matter: unique('督办') }), 201);
const urging = await urge();
// Files that come, tables that are staged, jobs, conflicts of a device with itself.
const bytes = pdf(unique());
const goodFile = () => ({ name: `${unique('文件')}.pdf`, size: bytes.length, sha256: sha256(bytes) });
const announced = async () => assertDone(await county.post('/registry/files', goodFile()), 201);
const file = await announced();
const goodRows = () => csv([['431302', unique('单位'), '部门', '']]);
const stagedBatch = () => staged(county, goodRows());
const batch = await stagedBatch();
const table = await upload(county, goodRows());
const paper = assertDone(await county.post('/registry/papers', { template: 'reminder', record_id: reported.id }), 201);
const job = newJob();
const schedule = newSchedule();
const changeOf = (of, note) => ({ op_id: uuid(), operation: 'update_report', target: of.id, base_version: 1, base: { note: null }, body: { note } });
async function conflictOn(of) {
  const [, met] = assertDone(await townOffice.post('/registry/sync', { operations: [changeOf(of, '甲'), changeOf(of, '乙')] })).results;
  return assertDone(await townOffice.get(`/registry/conflicts/${met.conflict_id}`));
}
const conflict = await conflictOn(assertDone(await report(reported, { value: '1', reported_on: '2025-03-30' }), 201));
const device = assertDone(await county.post('/identity/devices', { name: unique('终端') }), 201);

// What is administered: by the two administrators, on records of this suite's own.
const system = as('system_admin');
const security = as('security_admin');
const nobodysAccount = () => ({ login: unique('m'), kind: 'machine', owner_division: louxing });
const someoneNew = async () => assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
const personsAccount = async (of) => ({ login: unique('u'), kind: 'person', person_id: (of ?? (await someoneNew())).id, owner_division: louxing });
const account = assertDone(await system.post('/identity/accounts', await personsAccount()), 201);
const machine = assertDone(await system.post('/identity/accounts', nobodysAccount()), 201);
const role = assertDone(await security.post('/identity/roles', { code: unique('r'), label: '角色', owner_division: louxing, permissions: ['post.read'] }), 201);
const accountPost = assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }), 201);
const goodAccess = () => ({ post_id: post.id, owner_division: louxing, permissions: ['report.read'], reason: '督查', ends_at: new Date(Date.now() + 3_600_000).toISOString() });
const other_post = assertDone(await county.post('/identity/posts', { organisation_id: other.id, title: unique('岗'), duty: 'staff' }), 201);
const access = assertDone(await security.post('/identity/access_grants', goodAccess()), 201);

// What system administrators keep for divisions: of a village and years to come.
const keptSetting = await newSetting();

const tokenBody = () => ({ name: unique('token'), permissions: ['post.read'], ranges: ['431302000000'], expires_at: new Date(Date.now() + 3_600_000).toISOString() });
const apiToken = assertDone(await county.post('/identity/api_tokens', tokenBody()), 201);
const newPublicKey = () => publicPem(newPair());
const machineKey = assertDone(await system.post('/identity/machine_keys', { account_id: machine.id, public_key: newPublicKey() }), 201);

// A machine that may act, and signs; an account that changes what proves it.
const signer = { ...accounts.newAccount({ like: 'integration', kind: 'machine' }), pair: newPair() };
signer.kid = assertDone(await system.post('/identity/machine_keys', { account_id: signer.id, public_key: publicPem(signer.pair) }), 201).kid;
const assertion = () => signAssertion(signer.pair.privateKey, { kid: signer.kid }, claimsOfMachine(signer.login));
const logIn = async (account = accounts.newAccount()) => assertDone(await accounts.logIn(account), 201);
const self = bearer((await logIn()).access_token);

const records = { settings: keptSetting, api_tokens: apiToken, machine_keys: machineKey, accounts: account, roles: role, account_posts: accountPost, access_grants: access, devices: device, organisations: other, duty_lists: draft, tasks: task, items: item, reports: given, urgings: urging, dictionaries: { id: 'sex' }, files: file, papers: paper, jobs: job, schedules: schedule, batches: batch, batch_kinds: { id: 'organisations' }, conflicts: conflict, posts: post, persons: person, holders: holder };
const collectionOf = (o) => o.path.split(/[/:]/)[1];
const recordOf = (o) => reportCalls.recordsOf[o.id] ?? (o.service === 'monitoring' ? monitoring.further[o.id] : undefined) ?? orders.recordsOf[o.id] ?? (o.id === 'submit_report' ? reported : records[collectionOf(o)]);

// A call of each write that would succeed, fresh each time.
const goodBody = {
  create_setting: () => settingBody(),
  update_setting: () => ({ value: '8' }),
  create_account: () => nobodysAccount(),
  update_account: () => ({ disabled: false }),
  create_role: () => ({ code: unique('r'), label: '角色', owner_division: louxing, permissions: ['post.read'] }),
  update_role: () => ({ label: '角色' }),
  grant_post: () => ({ role: null }),
  create_account_post: () => ({ account_id: machine.id, post_id: other_post.id }),
  create_access_grant: goodAccess,
  end_access_grant: () => ({ reason: '结束' }),
  create_organisation: () => ({ owner_division: louxing, name: unique('单位'), kind: 'other' }),
  update_organisation: () => ({ line: 'x' }),
  create_duty_list: () => ({ owner_division: louxing, year: 2198, title: '清单' }),
  update_duty_list: () => ({ title: '清单' }),
  create_task: () => ({ duty_list_id: draft.id, number: unique('n'), title: '任务' }),
  update_task: () => ({ title: '任务' }),
  create_item: () => valueItem(task, other),
  update_item: () => ({ title: '分解项' }),
  submit_report: () => ({ value: '1', reported_on: '2025-03-31' }),
  update_report: () => ({ note: '三处' }),
  confirm_report: () => ({}),
  send_back_report: () => ({ decision_note: '因' }),
  pause_item: () => ({ reason: '汛期停工' }),
  resume_item: () => ({ reason: '汛期结束' }),
  issue_urging: () => ({ addressee_organisation_id: unit.id, matter: unique('督办') }),
  answer_urging: () => ({ answer: '已整改' }),
  accept_urging: () => ({}),
  return_urging: () => ({ decision_note: '未附材料' }),
  withdraw_urging: () => ({ decision_note: '重复' }),
  make_paper: () => ({ template: 'reminder', record_id: reported.id }),
  announce_file: goodFile,
  update_schedule: () => ({ rule: 'daily 02:00' }),
  create_schedule: () => ({ owner_division: louxing, kind: 'export_table', rule: 'monthly 5 09:00', params: { kind: 'organisations', format: 'csv' } }),
  stage_batch: () => ({ kind: 'organisations', title: unique('批次'), file_id: table.id }),
  apply_batch: () => ({ reason: '核对无误' }),
  discard_batch: () => ({ reason: '重报' }),
  undo_batch: () => ({ reason: '报错了县' }),
  write_error_file: () => ({ only_faulty: true }),
  create_export: () => ({ kind: 'organisations', format: 'csv' }),
  push: () => ({ operations: [changeOf({ id: nobodysId() }, '丙')] }),
  settle_conflict: () => ({ take: 'theirs' }),
  mark_inbox_read: () => ({ until: '2026-01-01T00:00:00Z' }),
  create_post: () => ({ organisation_id: other.id, title: unique('岗'), duty: 'staff' }),
  update_post: () => ({ title: unique('岗') }),
  create_person: () => ({ owner_division: louxing, name: '甲' }),
  update_person: () => ({ name: '乙' }),
  find_persons: () => ({ phone: '13812345678' }),
  unmask_person: () => ({ reason: '核对任免文件上的号码', fields: ['phone'] }),
  hand_over_post: () => ({ person_id: person.id, starts_on: '2199-01-01', reason: '任免' }),
  vacate_post: () => ({ ends_on: '2199-01-01', reason: '任免' }),
  withdraw_hand_over: () => ({ day: '2199-01-01', reason: '撤销' }),
  create_holder: () => ({ post_id: post.id, person_id: person.id, starts_on: '2021-01-01', ends_on: '2021-02-01' }),
  update_holder: () => ({ ends_on: '2020-01-15' }),
  export_audit_log: () => ({ from: '2026-01-01T00:00:00Z', until: '2026-01-01T00:00:01Z', reason: '抽查' }),
  refresh_session: () => ({ refresh_token: `zrt_${Buffer.alloc(56, 1).toString('base64url')}` }),
  switch_session: () => ({ post_id: nobodysId() }),
  create_api_token: tokenBody,
  revoke_api_token: () => ({ reason: '结束' }),
  create_machine_key: () => ({ account_id: machine.id, public_key: newPublicKey() }),
  open_machine_session: () => ({ client_assertion: assertion() }),
  end_session: () => ({ reason: '结束' }),
  revoke_device: () => ({ reason: '遗失' }),
  change_password: () => ({ current_password: password(), new_password: 'Quiet-river-8-crossing' }),
  enrol_totp: () => ({ password: password() }),
  confirm_totp: () => ({ code: '000000' }),
  disable_totp: () => ({ password: password(), code: '000000' }),
  release_factor: () => ({ reason: '当面核对' }),
  show_release: () => ({ release_code: 'AAAA-AAAA-AAAA-AAAA' }),
  renew_recovery_codes: () => ({ password: password(), code: '000000' }),
  create_device: () => ({ name: unique('终端') }),
  open_session: () => ({ account: unique('nobody'), password: 'x' }),
};
const goodTable = {
  import_organisations: { csv: `owner_division,name,kind\n${louxing},${unique('单位')},other\n` },
  import_posts: { csv: `organisation_division,organisation,title,duty,person,starts_on\n${louxing},${other.name},${unique('岗')},staff,甲,2026-01-01\n` },
  import_divisions: { csv: 'code,name\n431302,娄星区\n', query: { valid_from: '2010-01-01' } },
  import_calendar: calendar,
  import_duty_list: { csv: 'task_number,task_title\n1,任务\n', query: { owner_division: louxing, year: 2198, title: '清单' } },
};
// What is sent as bytes.
const goodBytes = { send_file_content: () => ({ body: bytes, headers: { 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' } }) };
const goodQuery = { list_holding_settings: () => ({ division: louxing }), get_item_rollup: () => ({ by: 'unit', division: louxing }), get_batch_template: () => ({ format: 'csv' }), list_machine_keys: () => ({ account_id: machine.id }), explain_scope: () => ({ division: louxing }), list_tasks: () => ({ duty_list_id: draft.id }), get_completion: () => ({ by: 'list' }), list_overdue_items: () => ({ as_of: '2025-01-01' }) };
Object.assign(records, contacts.records);
Object.assign(records, documentCalls.records);
Object.assign(goodBody, documentCalls.bodies);
Object.assign(records, reportCalls.records);
Object.assign(goodBody, reportCalls.bodies);
Object.assign(goodQuery, reportCalls.queries);
Object.assign(goodTable, documentCalls.tables);
Object.assign(goodQuery, documentCalls.queries);
Object.assign(goodBody, contacts.bodies);
Object.assign(goodTable, contacts.tables);
Object.assign(goodQuery, contacts.queries);
Object.assign(records, cadence.records);
Object.assign(goodBody, cadence.bodies);
Object.assign(goodQuery, cadence.queries);
Object.assign(records, teams.records);
Object.assign(goodBody, teams.bodies);
Object.assign(records, monitoring.records);
Object.assign(goodBody, monitoring.bodies);
Object.assign(goodQuery, monitoring.queries);
Object.assign(records, orders.records);
Object.assign(goodBody, orders.bodies);
Object.assign(goodQuery, orders.queries);
const auditor = as('audit_admin');
const proving = ['change_password', 'enrol_totp', 'confirm_totp', 'disable_totp', 'renew_recovery_codes', 'show_release'];
const callerOf = (o) => (o.permission === 'public' ? anyone : o.service === 'monitoring' ? monitor : o.id === 'apply_batch' ? prefecture : collectionOf(o) === 'conflicts' ? townOffice
  : ['report.write', 'urging.answer', 'work_order.answer'].includes(o.permission) ? townOffice : o.permission.startsWith('audit.') ? auditor
  : proving.includes(o.id) ? self : administrators[o.permission] ?? county);
const tokenFor = (o) => callerOf(o).token ?? (o.permission === 'public' ? undefined : tokenOf(callerOf(o).role));
const authorization = (o) => (o.permission === 'public' ? [] : [['Authorization', `Bearer ${tokenFor(o)}`]]);
const administrators = { 'calendar.write': system, 'setting.write': system, 'account.write': system, 'account.grant': security, 'role.write': security, 'access.grant': security, 'session.end': security };
const isWrite = (o) => o.method !== 'GET';

function addressOf(o, record = recordOf(o)) {
  const path = o.path.replace('{code}', record?.code ?? louxing).replace(/\{[^}]+\}/, record?.id ?? nobodysId());
  return `/${o.service}${path}`;
}

// The good call of an operation; `change` overrides what is sent, and to which record.
function good(o, change = {}) {
  const { record = recordOf(o), ...rest } = change;
  const options = { query: goodQuery[o.id]?.() ?? {}, ...goodTable[o.id], ...goodBytes[o.id]?.() };
  if (goodBody[o.id]) options.body = goodBody[o.id]();
  if (o.statuses.includes('428')) options.ifMatch = record?.version ?? 1;
  return callerOf(o).call(o.method, addressOf(o, record), { ...options, ...rest });
}

const declaring = (status, but = () => true) => operations.filter((o) => o.statuses.includes(String(status)) && but(o));
const takesBody = (o) => 'requestBody' in o.operation;
const takesTable = (o) => o.id in goodTable;
const takesBytes = (o) => o.id in goodBytes;

for (const o of declaring(400)) {
  test(`400 ${o.id}: an unknown parameter`, async () => {
    assertRefused(await good(o, { query: { colour: 'red' } }), 400, 'bad_parameter', { parameter: 'colour', code: 'unknown_parameter' });
  });
}

for (const o of declaring(401, (o) => o.permission !== 'public')) {
  test(`401 ${o.id}: no token`, async () => assertRefused(await good(o, { token: undefined }), 401, 'unauthenticated'));
}

const lookedUp = ['account.read', 'role.read', 'post.read', 'audit.read', 'audit.export', 'organisation.read']; // by the audit administrator
// Divisions are read by every role: an API token for other things is without.
const without = (o) => (o.permission === 'division.read' ? apiToken.token : tokenOf(lookedUp.includes(o.permission) ? 'device' : 'audit_admin'));
for (const o of declaring(403, (o) => o.permission !== 'signed_in')) {
  test(`403 ${o.id}: a role without the permission`, async () => assertRefused(await good(o, { token: without(o), key: newKey() }), 403, 'forbidden'));
}

const elsewhere = assertDone(await county.post('/identity/api_tokens', { ...tokenBody(), addresses: ['192.0.2.0/24'] }), 201).token;
for (const o of declaring(403)) {
  test(`403 ${o.id}: an API token from another address`, async () => assertRefused(await good(o, { token: elsewhere, key: newKey() }), 403, 'address_not_allowed'));
}

for (const o of declaring(404, (o) => o.path.includes('{'))) {
  test(`404 ${o.id}: no such record`, async () => {
    assertRefused(await good(o, { record: { id: nobodysId(), code: '999999000000' } }), 404, 'not_found');
  });
}

for (const o of declaring(412)) {
  test(`412 ${o.id}: a version that is not the record's`, async () => {
    const refusal = assertRefused(await good(o, { ifMatch: 999 }), 412, 'stale', { header: 'If-Match' });
    assert.equal(refusal.current.id, recordOf(o).id);
    assert.equal(refusal.current_version, refusal.current.version);
  });
}

for (const o of declaring(428)) {
  test(`428 ${o.id}: no If-Match`, async () => assertRefused(await good(o, { ifMatch: undefined }), 428, 'precondition_required', { header: 'If-Match' }));
}

for (const o of declaring(413)) {
  test(`413 ${o.id}: a body too large, at the service and at nginx`, async () => {
    const [type, max] = takesTable(o) ? ['text/csv', 8 << 20] : takesBytes(o) ? ['application/offset+octet-stream', 4 << 20] : ['application/json', 1 << 20];
    const headers = [['Content-Type', type], ['Upload-Offset', '0'], ...authorization(o)];
    const body = Buffer.alloc(max + 1, ' ');
    for (const base of [services[o.service], http]) {
      const answer = await rawCall(base, `${o.method} /api/v1${addressOf(o)}`, headers, body, { ms: 180_000 });
      assert.equal(answer?.status, 413, `${base}: ${answer?.status}`);
      assertProblem(answer);
    }
  });
}

for (const o of declaring(415)) {
  test(`415 ${o.id}: another content type`, async () => {
    assertRefused(await good(o, { body: 'x', csv: undefined, headers: { 'Content-Type': 'text/plain' } }), 415, 'unsupported_media_type');
  });
}

for (const o of declaring(422)) {
  test(`422 ${o.id}: ${isWrite(o) ? (takesBody(o) ? 'an unknown field or no row' : 'a key used for another call') : 'a year without calendar'}`, async () => {
    if (takesBytes(o)) return assertRefused(await good(o, { record: await announced(), body: Buffer.alloc(bytes.length, 'x') }), 422, 'file_refused', { code: 'wrong_digest' });
    if (!isWrite(o)) return assertRefused(await good(o, { record: inForce, query: { ...goodQuery[o.id](), as_of: '2199-06-01' } }), 422, 'invalid');
    if (takesTable(o)) return assertRefused(await good(o, { csv: goodTable[o.id].csv.split('\n')[0] + '\n' }), 422, 'invalid');
    if (takesBody(o)) return assertRefused(await good(o, { body: { colour: 'red' } }), 422, 'invalid', { pointer: '/colour', code: 'unknown_field' });
    const key = newKey();
    const by = callerOf(o);
    if (by === security) assertDone(await by.post('/identity/roles', goodBody.create_role(), { key }), 201);
    else if (o.service === 'identity') assertDone(await by.post('/identity/persons', goodBody.create_person(), { key }), 201);
    else if (o.service === 'monitoring') assertDone(await by.post('/monitoring/saved_lists', goodBody.create_saved_list(), { key }), 201);
    else if (by === townOffice) assertDone(await by.post('/registry/files', goodFile(), { key }), 201);
    else assertDone(await by.post('/registry/organisations', goodBody.create_organisation(), { key }), 201);
    return assertRefused(await good(o, { key }), 422, 'idempotency_key_reused');
  });
}

const beside = [];
after(() => Promise.all(beside.map((service) => service.stop())));

// At a service that is told to wait for the other call for a moment only.
test('409 of every write: a call with the same key is still running', async () => {
  const stored = (o) => o.operation.parameters?.some((p) => p.$ref?.endsWith('/ValidateOnly')); // answers with secrets are not
  const writes = declaring(409, (o) => isWrite(o) && stored(o));
  const keys = new Map(writes.map((o) => [o.id, newKey()]));
  const account = (o) => claimsOf(tokenFor(o)).sub;
  const values = (service) => writes.filter((o) => o.service === service).map((o) => `('${account(o)}', '${keys.get(o.id)}', 'running')`).join(', ');
  const bases = Object.fromEntries(await Promise.all(Object.keys(services).map(async (service) => {
    const hasty = await startService(service, { DB_LOCK_MS: 200 });
    beside.push(hasty);
    return [service, hasty.base];
  })));
  const running = await hold(Object.keys(services).map((service) =>
    `INSERT INTO ${service}.idempotency (account_id, key, digest) VALUES ${values(service)}`).join('; '));
  try {
    for (let at = 0; at < writes.length; at += 6) {
      await Promise.all(writes.slice(at, at + 6).map(async (o) => {
        const answer = await good(o, { key: keys.get(o.id), base: bases[o.service] });
        assertRefused(answer, 409, 'idempotency_key_in_use');
        assert.ok(Number(answer.headers.get('retry-after')) >= 1, o.id);
      }));
    }
  } finally {
    await running.release();
  }
});

for (const o of declaring(304)) {
  test(`304 ${o.id}: unchanged`, async () => {
    const record = await good(o);
    assertDone(record);
    const query = new URLSearchParams(goodQuery[o.id]?.() ?? {}).toString();
    const answer = await rawCall(http, `GET /api/v1${addressOf(o)}${query && `?${query}`}`, [...authorization(o), ['If-None-Match', record.etag]]);
    assert.equal(answer.status, 304);
  });
}

for (const o of operations.filter((p) => p.statuses.includes('200') && (p.statuses.includes('201') || p.statuses.includes('202')))) {
  test(`200 ${o.id}: a rehearsal creates nothing`, async () => {
    const change = o.statuses.includes('202') ? await fresh[o.id]?.() : undefined;
    const answer = await good(o, { ...change, query: { ...goodTable[o.id]?.query, validate_only: true } });
    assertDone(answer);
    assert.equal(answer.headers.get('location'), null);
  });
}

test('429 of every operation: over the limit, with the seconds to wait', async () => {
  for (const service of Object.keys(services)) {
    const limited = await startService(service, { RATE_PER_ADDRESS: 1, RATE_PER_TOKEN: 1 });
    beside.push(limited);
    const own = declaring(429, (o) => o.service === service);
    await send('GET', `/${service}/openapi.json`, { base: limited.base });
    for (const o of own) {
      let answer = await good(o, { base: limited.base });
      if (answer.status !== 429) answer = await good(o, { base: limited.base }); // a minute has passed, and one more may go
      assertRefused(answer, 429, 'too_many_requests');
      assert.ok(Number(answer.headers.get('retry-after')) >= 1, o.id);
      assert.equal(answer.headers.get('ratelimit-remaining'), '0', o.id);
    }
  }
});

test('429 by token: one caller\'s limit is not another\'s', async () => {
  const limited = await startService('registry', { RATE_PER_TOKEN: 3 });
  beside.push(limited);
  const read = (caller) => caller.get(`/registry/divisions/${louxing}`, {}, { base: limited.base });
  for (let i = 0; i < 3; i++) assertDone(await read(county));
  let answer = await read(county);
  for (let i = 0; i < 20 && answer.status === 200; i++) answer = await read(county); // each twenty seconds one more may go
  assertRefused(answer, 429, 'too_many_requests');
  assertDone(await read(townOffice));
});

test('503 of every operation: the database cannot be reached', async () => {
  for (const service of Object.keys(services)) {
    const alone = await startService(service, { DB: 'host=/nowhere dbname=zeren user=nobody' });
    beside.push(alone);
    assert.equal((await fetch(`${alone.ops}/readyz`)).status, 503);
    for (const o of declaring(503, (p) => p.service === service && p.id !== 'read_contract')) {
      const answer = await good(o, { base: alone.base, once: true });
      assert.equal(answer.status, 503, `${o.id}: ${answer.text}`);
      assertProblem(answer);
      assert.ok(Number(answer.headers.get('retry-after')) >= 1, o.id);
    }
  }
});

test('409 release_factor: a machine has no second factor', async () => {
  assertRefused(await security.post(`/identity/accounts/${machine.id}:release_factor`, goodBody.release_factor()), 409, 'state_conflict');
});

// What a good call uses up, or changes the version of: made for that call alone.
const vacantPost = async () => assertDone(await county.post('/identity/posts', { organisation_id: other.id, title: unique('岗'), duty: 'staff' }), 201);
const heldPost = async () => {
  const record = await vacantPost();
  assertDone(await county.post('/identity/holders', { post_id: record.id, person_id: person.id, starts_on: '2026-01-01' }), 201);
  return record;
};
const handedOverPost = async () => {
  const record = await heldPost();
  return assertDone(await county.verb(`/identity/posts/${record.id}:vacate`, record.version, goodBody.vacate_post()));
};
const made = async (caller, path, body) => ({ record: assertDone(await caller.post(path, body), 201) });
async function listAt(last) {
  const list = await newList();
  await newItem(valueItem(await newTask(list), other));
  return { record: last ? await advance(list, last) : list };
}
const reportOf = async (day) => ({ record: assertDone(await report(reported, { value: '1', reported_on: day }), 201) });
const ofSession = async () => {
  const session = await logIn();
  return { record: { id: session.session_id }, token: session.access_token, body: undefined, session };
};
async function withFactor() {
  const account = accounts.newAccount();
  const { totp } = await accounts.enrolled(account);
  accounts.forgetSteps(account);
  const session = assertDone(await accounts.logIn(account, password(), { code: accounts.codeOf(totp) }), 201);
  accounts.forgetSteps(account);
  return { account, token: session.access_token, body: { password: password(), code: accounts.codeOf(totp) } };
}
const running = async () => ({ record: (await listInForce([(t) => valueItem(t, unit)])).items[0] });
const answered = async () => {
  const record = await urge();
  return { record: assertDone(await townOffice.verb(`/registry/urgings/${record.id}:answer`, record.version, goodBody.answer_urging())) };
};
const fresh = {
  update_report: () => reportOf('2025-06-10'),
  send_file_content: async () => ({ record: await announced() }),
  cancel_file: async () => ({ record: await announced() }),
  read_file_content: async () => ({ record: await upload(county, bytes, 'a.pdf') }),
  cancel_job: async () => ({ record: newJob() }),
  retry_job: async () => ({ record: newJob('county_office', { status: 'failed' }) }),
  update_schedule: async () => ({ record: newSchedule() }),
  apply_batch: async () => ({ record: await stagedBatch() }),
  discard_batch: async () => ({ record: await stagedBatch() }),
  undo_batch: async () => ({ record: await done(prefecture, await stagedBatch(), 'apply') }),
  settle_conflict: async () => ({ record: await conflictOn((await reportOf('2025-06-20')).record) }),
  pause_item: running,
  resume_item: async () => {
    const { record } = await running();
    return { record: assertDone(await county.verb(`/registry/items/${record.id}:pause`, record.version, goodBody.pause_item())) };
  },
  answer_urging: async () => ({ record: await urge() }),
  withdraw_urging: async () => ({ record: await urge() }),
  accept_urging: answered,
  return_urging: answered,
  open_session: async () => ({ body: { account: accounts.newAccount().login, password: password() } }),
  refresh_session: async () => ({ body: { refresh_token: (await logIn()).refresh_token } }),
  end_session: ofSession,
  switch_session: async () => {
    const { session, ...call } = await ofSession();
    return { ...call, body: { post_id: session.post_id } };
  },
  change_password: async () => ({ token: (await logIn()).access_token }),
  enrol_totp: async () => ({ token: (await logIn()).access_token }),
  confirm_totp: async () => {
    await accounts.steadyStep();
    const { access_token: token } = await logIn();
    const { secret } = assertDone(await bearer(token).post('/identity/me/totp:enrol', { password: password() }));
    return { token, body: { code: accounts.codeOf(secret) } };
  },
  disable_totp: withFactor,
  renew_recovery_codes: withFactor,
  reset_factor: async () => ({ record: (await withFactor()).account }),
  release_factor: async () => ({ record: (await withFactor()).account }),
  show_release: async () => {
    const { account, token } = await withFactor();
    run(`UPDATE identity.credential SET released_at = NULL WHERE account_id = '${account.id}'`);
    const { release_code } = assertDone(await security.post(`/identity/accounts/${account.id}:release_factor`, goodBody.release_factor()));
    return { token, body: { release_code } };
  },
  revoke_device: () => made(county, '/identity/devices', { name: unique('终端') }),
  revoke_api_token: () => made(county, '/identity/api_tokens', tokenBody()),
  retire_machine_key: () => made(system, '/identity/machine_keys', { account_id: machine.id, public_key: newPublicKey() }),
  grant_post: async () => ({ record: await vacantPost(), body: { role: 'town_office', ranges: [town], lines: null } }),
  remove_account_post: async () => made(security, '/identity/account_posts', { account_id: machine.id, post_id: (await vacantPost()).id }),
  create_account_post: async () => ({ body: { account_id: machine.id, post_id: (await vacantPost()).id } }),
  end_access_grant: () => made(security, '/identity/access_grants', goodAccess()),
  update_setting: () => made(system, '/identity/settings', settingBody()),
  withdraw_setting: () => made(system, '/identity/settings', settingBody()),
  update_role: () => made(security, '/identity/roles', goodBody.create_role()),
  update_account: async () => made(system, '/identity/accounts', await personsAccount()),
  update_person: async () => ({ record: await someoneNew() }),
  update_post: async () => ({ record: await vacantPost() }),
  hand_over_post: async () => ({ record: await heldPost(), body: { ...goodBody.hand_over_post(), person_id: (await someoneNew()).id } }),
  vacate_post: async () => ({ record: await heldPost() }),
  withdraw_hand_over: async () => ({ record: await handedOverPost() }),
  update_holder: async () => made(county, '/identity/holders', { post_id: (await vacantPost()).id, person_id: person.id, starts_on: '2020-01-01', ends_on: '2020-02-01' }),
  update_organisation: async () => ({ record: await newOrganisation() }),
  update_duty_list: async () => ({ record: await newList() }),
  update_task: async () => ({ record: await newTask(draft) }),
  update_item: async () => ({ record: await newItem(valueItem(await newTask(draft), unit)) }),
  discard_duty_list: () => listAt(),
  approve_duty_list: () => listAt(),
  file_duty_list: () => listAt('approve'),
  bring_duty_list_into_force: () => listAt('file'),
  close_duty_list: () => listAt('bring_into_force'),
  confirm_report: () => reportOf('2025-04-30'),
  send_back_report: () => reportOf('2025-05-31'),
};

Object.assign(fresh, contacts.fresh);
Object.assign(fresh, documentCalls.fresh);
Object.assign(fresh, reportCalls.fresh);
Object.assign(fresh, cadence.fresh);
Object.assign(fresh, orders.fresh);
Object.assign(fresh, teams.fresh);
for (const o of operations) {
  test(`${o.statuses.find((status) => status.startsWith('20') && status !== '200') ?? 200} ${o.service} ${o.id}: a good call`, async () => {
    const { account, session, ...change } = (await fresh[o.id]?.()) ?? {};
    const answer = await good(o, change);
    assert.ok([200, 201, 202].includes(answer.status), `${o.id}: ${answer.status} ${answer.text}`);
    if (answer.status === 202) await ended(callerOf(o), answer.body, 60, o.service);
  });
}
