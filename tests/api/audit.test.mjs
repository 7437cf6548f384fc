// tests/api/audit.test.mjs - the audit log over HTTP, in each service: what a list can be asked, what an export answers, and what is refused.
// What it proves of tampering is told in tests/fault/audit.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { as, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { county, louxing, newOrganisation } from '../support/world.mjs';

const auditor = as('audit_admin');
const always = { from: '2020-01-01T00:00:00Z', until: '2199-01-01T00:00:00Z' };
const known = ['id', 'at', 'recorded_at', 'account_id', 'post_id', 'session_id', 'address', 'verb', 'record', 'record_id', 'version', 'owner_division', 'request_id',
  'reason', 'body', 'before', 'account_login', 'post_title', 'holder_name'];

test('A-001: a change is found by its record, with what was there before', async () => {
  const unit = await newOrganisation();
  const answer = await county.patch(`/registry/organisations/${unit.id}`, 1, { line: 'water' });
  assertDone(answer);
  const { items } = assertDone(await auditor.get('/registry/audit_log', { record_id: unit.id, sort: '-at' }));
  assert.equal(items.length, 2);
  assertRecord(items[0], { verb: 'update_organisation', record: 'organisation', version: 2, owner_division: louxing, request_id: answer.headers.get('x-request-id') }, known);
  assertRecord(items[0].body, { line: 'water', name: unit.name });
  assertRecord(items[0].before, { line: unit.line ?? null, version: 1 });
  assert.equal(items[1].before, null);
});

test('every filter takes away what does not fit', async () => {
  const unit = await newOrganisation();
  const list = async (query) => assertDone(await auditor.get('/registry/audit_log', { record_id: unit.id, ...query })).items.length;
  const [row] = assertDone(await auditor.get('/registry/audit_log', { record_id: unit.id })).items;
  const other = '01940000-ffff-7000-8000-000000000000';
  for (const [name, fits, fails] of [['account_id', row.account_id, other], ['post_id', row.post_id, other], ['verb', 'create_organisation', 'update_organisation'],
    ['record', 'organisation', 'item'], ['owner_division', louxing, '431321000000'], ['from', row.at, '2199-01-01T00:00:00Z'], ['until', '2199-01-01T00:00:00Z', row.at]]) {
    assert.equal(await list({ [name]: fits }), 1, name);
    assert.equal(await list({ [name]: fails }), 0, name);
  }
});

test('A-001: a row names its account, its post and who held it on that day', async () => {
  const unit = await newOrganisation();
  const shown = async () => assertDone(await auditor.get('/registry/audit_log', { record_id: unit.id })).items[0];
  const row = await shown();
  const [post] = rows(`SELECT title, (SELECT n.name FROM identity.holder h JOIN identity.person n ON n.id = h.person_id WHERE h.post_id = p.id
    AND daterange(h.starts_on, h.ends_on) @> (now() AT TIME ZONE 'Asia/Shanghai')::date) AS name FROM identity.post p WHERE id = '${row.post_id}'`);
  assert.deepEqual([row.account_login, row.post_title, row.holder_name], ['county_office', post.title, post.name]);
  const none = { account: '01940000-ffff-7000-8000-000000000001', record: '01940000-ffff-7000-8000-' + String(Date.now()).slice(-12) };
  run(`INSERT INTO registry.audit_log (at, account_id, post_id, verb, record, record_id, version, owner_division, body)
    VALUES (now(), '${none.account}', '${none.account}', 'create_organisation', 'organisation', '${none.record}', 1, '${louxing}', '{}')`);
  const [gone] = assertDone(await auditor.get('/registry/audit_log', { record_id: none.record })).items;
  assert.deepEqual([gone.account_id, gone.account_login, gone.post_title, gone.holder_name], [none.account, null, null, null]);
});

test('A-009: what no index finds is looked for in 31 days at most', async () => {
  const month = { from: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00Z' };
  const other = '01940000-ffff-7000-8000-000000000000';
  for (const query of [{ account_id: other }, { verb: 'create_item' }, { record: 'item' }, { post_id: other }, { owner_division: louxing }]) {
    for (const span of [{}, { from: month.from }, { until: month.until }, { ...month, until: '2026-02-01T00:00:01Z' }])
      assertRefused(await auditor.get('/registry/audit_log', { ...query, ...span }), 400, 'bad_parameter');
    for (const bound of [month, { record_id: other }])
      assert.deepEqual(assertDone(await auditor.get('/registry/audit_log', { ...query, ...bound })).items, []);
  }
});

test('A-010: a service chooses neither the number nor the stamp of an audit row', () => {
  const add = (columns, values) => run(`SET ROLE registry_service; INSERT INTO registry.audit_log (at, verb, record, record_id, version, owner_division, body${columns})
    OVERRIDING SYSTEM VALUE VALUES (now(), 'v', 'item', gen_random_uuid(), 1, '${louxing}', '{}'${values})`);
  add('', '');
  assert.throws(() => add(', recorded_at', ", now() - interval '1 hour'"), /permission denied/);
  assert.throws(() => add(', id', ', 900000000'), /permission denied/);
});

for (const service of ['identity', 'registry']) {
  test(`${service}: pages go on where the last one ended, the newest first`, async () => {
    const first = assertDone(await auditor.get(`/${service}/audit_log`, { sort: '-at', limit: 2 }));
    const second = assertDone(await auditor.get(`/${service}/audit_log`, { sort: '-at', limit: 2, cursor: first.next_cursor }));
    const times = [...first.items, ...second.items].map((row) => row.at);
    assert.deepEqual(times, times.toSorted().reverse());
    assert.equal(new Set([...first.items, ...second.items].map((row) => row.id)).size, 4);
    assertRefused(await auditor.get(`/${service}/audit_log`, { sort: 'verb' }), 400, 'bad_parameter');
  });

  test(`A-003, ${service}: an export has its own row, with the reason, whatever is asked for`, async () => {
    const reason = unique('抽查');
    const answer = await auditor.post(`/${service}/audit_log:export`, { ...always, from: '2199-01-01T00:00:00Z', reason });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.type, 'application/x-ndjson');
    assert.equal(answer.text, '{"next":null}\n');
    const kept = rows(`SELECT verb, body FROM ${service}.audit_log WHERE reason = '${reason}'`);
    assert.equal(kept.length, 1);
    assert.equal(kept[0].verb, 'export_audit_log');
  });

  test(`${service}: an export without a reason, or without a time, is refused and leaves no row`, async () => {
    const count = () => rows(`SELECT count(*) FROM ${service}.audit_log WHERE verb = 'export_audit_log'`)[0].count;
    const before = count();
    assertRefused(await auditor.post(`/${service}/audit_log:export`, always), 422, 'invalid', { pointer: '/reason', code: 'required' });
    assertRefused(await auditor.post(`/${service}/audit_log:export`, { reason: '抽查' }), 422, 'invalid', { pointer: '/from' }, { pointer: '/until' });
    assertRefused(await auditor.post(`/${service}/audit_log:export`, { ...always, reason: '抽查', rows: 2001 }), 422, 'invalid', { pointer: '/rows' });
    assertRefused(await county.post(`/${service}/audit_log:export`, { ...always, reason: '抽查' }), 403, 'forbidden');
    assert.equal(count(), before);
  });
}

test('A-004: an export goes on behind the number of its last line', async () => {
  const seen = [];
  for (let after = 0, calls = 0; after !== null && calls < 3; calls++) {
    const answer = await auditor.post('/identity/audit_log:export', { ...always, reason: '抽查', after, rows: 3 });
    const lines = answer.text.trimEnd().split('\n').map((line) => JSON.parse(line));
    after = lines.pop().next;
    assert.ok(lines.length <= 3);
    seen.push(...lines.map((row) => row.id));
  }
  assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(seen.length > 3);
});
