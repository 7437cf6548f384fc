// tests/api/engine_writes.test.mjs - what every write keeps: versions (ETag, If-Match), Idempotency-Key, rehearsals, one audit row and one event.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, send, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { rawCall } from '../support/raw.mjs';
import { http, https } from '../support/settings.mjs';
import { tokenOf } from '../support/tokens.mjs';
import { county, listInForce, listPath, louxing, newItem, newList, newOrganisation, newTask, otherCounty, shuangfeng, unitOf, valueItem } from '../support/world.mjs';
import { announced } from '../support/events.mjs';

const path = '/registry/organisations';
const fresh = (name = unique('写')) => ({ owner_division: louxing, name, kind: 'other' });
const named = (name) => allOf(county, path, { name_prefix: name });
const traces = (id) => [['registry.audit_log', 'id'], [announced('registry'), 'waiting, n']].map(([table, order]) =>
  rows(`SELECT verb, version FROM ${table} AS t WHERE record_id = '${id}' ORDER BY ${order}`));

test('If-Match is required, and must be a version', async () => {
  const unit = await newOrganisation();
  const patch = (headers) => county.call('PATCH', `${path}/${unit.id}`, { body: { line: 'x' }, headers });
  assertRefused(await patch({}), 428, 'precondition_required', { header: 'If-Match' });
  for (const tag of ['1', '"x"', '*', '"1", "2"', '""', '"-1"', '"0"', '"99999999999"', 'W/1']) {
    assertRefused(await patch({ 'If-Match': tag }), 400, 'bad_parameter', { header: 'If-Match' });
  }
  assertRecord(assertDone(await patch({ 'If-Match': '"1"' })), { version: 2 });
});

test('a stale version is refused with the record as it stands', async () => {
  const unit = await newOrganisation();
  await county.patch(`${path}/${unit.id}`, 1, { line: 'first' });
  const answer = await county.patch(`${path}/${unit.id}`, 1, { line: 'second' });
  const refusal = assertRefused(answer, 412, 'stale', { header: 'If-Match' });
  assert.equal(refusal.current_version, 2);
  assertRecord(refusal.current, { id: unit.id, line: 'first', version: 2 });
  assert.equal(answer.etag, '"2"');
});

test('of two writers on one version one wins and the other is told', async () => {
  for (let round = 0; round < 5; round++) {
    const unit = await newOrganisation();
    const answers = await Promise.all(['a', 'b'].map((line) => county.patch(`${path}/${unit.id}`, 1, { line })));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 412]);
    const winner = answers.find((answer) => answer.status === 200).body;
    assertRecord(assertDone(await county.get(`${path}/${unit.id}`)), { line: winner.line, version: 2 });
  }
});

// By hand: Node's fetch waits for the body whose length a 304 may tell (RFC 9110, 8.6).
test('what is unchanged since a version is answered 304', async () => {
  const unit = await newOrganisation();
  const headers = [['Authorization', `Bearer ${tokenOf('county_office')}`]];
  const read = (tag) => rawCall(http, `GET /api/v1${path}/${unit.id}`, [...headers, ['If-None-Match', tag]]);
  for (const tag of ['"1"', 'W/"1"', '"7", "1"', '*']) {
    const answer = await read(tag);
    assert.equal(answer.status, 304);
    assert.equal(answer.text, '');
    assert.equal(answer.headers.get('etag'), '"1"');
  }
  assert.equal((await read('"2"')).status, 200);
});

test('a repeated key is answered with the stored answer and has no second effect', async () => {
  const key = newKey();
  const body = fresh();
  const first = await county.post(path, body, { key });
  const again = await county.post(path, body, { key });
  assertDone(first, 201);
  assertDone(again, 201);
  assert.equal(again.text, first.text);
  for (const name of ['etag', 'location']) assert.equal(again.headers.get(name), first.headers.get(name));
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.equal((await named(body.name)).length, 1);
});

test('a key used for another body, query, address, method or version is refused', async () => {
  const key = newKey();
  const unit = assertDone(await county.post(path, fresh(), { key }), 201);
  assertRefused(await county.post(path, fresh(), { key }), 422, 'idempotency_key_reused');
  assertRefused(await county.patch(`${path}/${unit.id}`, 1, { line: 'x' }, { key }), 422, 'idempotency_key_reused');
  const changeKey = newKey();
  assertDone(await county.patch(`${path}/${unit.id}`, 1, { line: 'x' }, { key: changeKey }));
  assertRefused(await county.patch(`${path}/${unit.id}`, 2, { line: 'x' }, { key: changeKey }), 422, 'idempotency_key_reused');
  assertDone(await county.patch(`${path}/${unit.id}`, 1, { line: 'x' }, { key: changeKey }));
  const csvKey = newKey();
  const load = (title) => county.load('/registry/duty_lists:import', { owner_division: louxing, year: 2199, title }, 'task_number,task_title\n1,任务\n', { key: csvKey });
  assertDone(await load('甲'), 201);
  assertRefused(await load('乙'), 422, 'idempotency_key_reused');
});

test('a key belongs to its account', async () => {
  const key = newKey();
  assertDone(await county.post(path, fresh(), { key }), 201);
  assertDone(await otherCounty.post(path, { ...fresh(), owner_division: shuangfeng }, { key }), 201);
});

test('a refusal of validation is not kept: the key works for the corrected call', async () => {
  const key = newKey();
  const body = fresh();
  assertRefused(await county.post(path, { ...body, kind: 'wrong' }, { key }), 422, 'invalid');
  assertDone(await county.post(path, body, { key }), 201);
});

test('a conflict is kept: the same call is told the same again', async () => {
  const unit = await newOrganisation();
  const key = newKey();
  const twin = fresh(unit.name);
  assertRefused(await county.post(path, twin, { key }), 409, 'duplicate');
  await county.patch(`${path}/${unit.id}`, 1, { name: unique('让') });
  const again = await county.post(path, twin, { key });
  assert.equal(again.status, 409, again.text);
  assert.equal(again.body.code, 'duplicate');
  assertDone(await county.post(path, twin), 201);
});

test('keys of another form are refused', async () => {
  for (const key of ['a b', 'ключ', 'x'.repeat(65), 'a,b', '"q"']) {
    const answer = await send('POST', path, { token: tokenOf('county_office'), body: fresh(), headers: { 'Idempotency-Key': Buffer.from(key).toString('latin1') } });
    assertRefused(answer, 400, 'bad_parameter', { header: 'Idempotency-Key' });
  }
  assertDone(await county.post(path, fresh(), { key: `${newKey()}.A_z:-` }), 201);
});

test('sixty-four equal submissions at once have one effect and equal answers', async () => {
  const key = newKey();
  const body = fresh();
  const answers = await Promise.all(Array.from({ length: 64 }, () => county.post(path, body, { key })));
  const statuses = answers.map((answer) => answer.status);
  assert.deepEqual([...new Set(statuses)], [201], JSON.stringify(statuses));
  assert.equal(new Set(answers.map((answer) => answer.text)).size, 1);
  assert.equal(new Set(answers.map((answer) => answer.headers.get('location'))).size, 1);
  const found = await named(body.name);
  assert.equal(found.length, 1);
  assert.deepEqual(traces(found[0].id), [[{ verb: 'create_organisation', version: 1 }], [{ verb: 'create_organisation', version: 1 }]]);
});

test('sixty-four equal reports of a device move the item once', async () => {
  const unit = await unitOf('town_office');
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  const key = newKey();
  const device = as('device');
  const answers = await Promise.all(Array.from({ length: 64 }, () =>
    device.post(`/registry/items/${item.id}/reports`, { value: '1', reported_on: '2025-03-31' }, { key })));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201]);
  assert.equal(new Set(answers.map((answer) => answer.text)).size, 1);
  assert.equal((await allOf(county, '/registry/reports', { item_id: item.id })).length, 1);
});

test('programs must send a key with every write, people need not', async () => {
  for (const role of ['integration', 'device']) {
    const answer = await as(role).post(`/registry/items/${uuid()}/reports`, { value: '1' });
    assertRefused(answer, 400, 'idempotency_key_required', { header: 'Idempotency-Key' });
  }
  assertDone(await county.post(path, fresh()), 201);
});

test('a write leaves one audit row and one event, a refused one none', async () => {
  const unit = await newOrganisation();
  await county.patch(`${path}/${unit.id}`, 1, { line: 'x' });
  await county.patch(`${path}/${unit.id}`, 1, { line: 'stale' });
  await county.patch(`${path}/${unit.id}`, 2, { kind: 'town' });
  const both = [{ verb: 'create_organisation', version: 1 }, { verb: 'update_organisation', version: 2 }];
  assert.deepEqual(traces(unit.id), [both, both]);
});

test('the audit row says who, what, where and under which request', async () => {
  const answer = await county.post(path, fresh(), { headers: { 'X-Request-Id': 'audited.1' } });
  const unit = assertDone(answer, 201);
  const [audit] = rows(`SELECT account_id, post_id, verb, record, version, owner_division, request_id, body FROM registry.audit_log WHERE record_id = '${unit.id}'`);
  assertRecord(audit, { verb: 'create_organisation', record: 'organisation', version: 1, owner_division: louxing, request_id: answer.headers.get('x-request-id') });
  assert.ok(audit.account_id && audit.post_id);
  assertRecord(audit.body, { name: unit.name });
});

test('bringing a list in force leaves a row for the superseded edition, too', async () => {
  const unit = await newOrganisation();
  const { list } = await listInForce([(task) => valueItem(task, unit)]);
  const { list: next } = await listInForce([(task) => valueItem(task, unit)], { year: list.year, organisation_id: list.organisation_id });
  const [audit] = traces(list.id);
  assert.deepEqual(audit.at(-1), { verb: 'bring_duty_list_into_force', version: list.version + 1 });
  assert.equal(traces(next.id)[1].length, 4);
});

const rehearsals = [
  ['an organisation', async () => ['POST', path, { body: fresh() }, `${path}?name_prefix=`]],
  ['a list', async () => ['POST', '/registry/duty_lists', { body: { owner_division: louxing, year: 2199, title: unique('演') } }]],
  ['a task', async () => ['POST', '/registry/tasks', { body: { duty_list_id: (await newList()).id, number: '1', title: '任务' } }]],
  ['an item', async () => ['POST', '/registry/items', { body: valueItem(await newTask(await newList()), await newOrganisation()) }]],
  ['a correction', async () => ['PATCH', `${path}/${(await newOrganisation()).id}`, { ifMatch: 1, body: { line: 'x' } }]],
  ['a step', async () => {
    const list = await newList();
    await newItem(valueItem(await newTask(list), await newOrganisation()));
    return ['POST', `${listPath(list)}:approve`, { ifMatch: 1 }];
  }],
  ['a person', async () => ['POST', '/identity/persons', { body: { owner_division: louxing, name: unique('演') } }]],
];
// Whatever a rehearsal could leave behind, by its request id or its key.
const left = (name) => rows(['registry', 'identity'].map((schema) =>
  `SELECT verb FROM ${schema}.audit_log WHERE request_id = '${name}' UNION ALL SELECT key FROM ${schema}.idempotency WHERE key = '${name}'`).join(' UNION ALL '));

for (const [what, make] of rehearsals) {
  test(`validate_only of ${what} answers as the call would, and writes nothing`, async () => {
    const [method, address, options] = await make();
    const name = `rehearsal-${uuid()}`;
    const rehearsal = await county.call(method, address, { ...options, query: { validate_only: true }, key: name, headers: { 'X-Request-Id': name } });
    const shown = assertDone(rehearsal);
    assert.equal(rehearsal.headers.get('location'), null);
    assert.deepEqual(left(name), []);
    const real = await county.call(method, address, { ...options, key: name });
    assert.ok([200, 201].includes(real.status), real.text);
    assert.equal(real.body.version, shown.version);
  });
}

test('a rehearsal is refused where the call would be', async () => {
  const query = { validate_only: true };
  assertRefused(await county.call('POST', path, { query, body: {} }), 422, 'invalid');
  const unit = await newOrganisation();
  assertRefused(await county.call('POST', path, { query, body: fresh(unit.name) }), 409, 'duplicate');
  assertRefused(await county.call('POST', path, { query, body: { ...fresh(), owner_division: shuangfeng } }), 403, 'out_of_scope');
  assertRefused(await county.call('PATCH', `${path}/${unit.id}`, { query, ifMatch: 9, body: { line: 'x' } }), 412, 'stale');
  assertRefused(await county.call('POST', path, { query: { validate_only: 'yes' }, body: fresh() }), 400, 'bad_parameter', { parameter: 'validate_only' });
});

test('the same bodies under the same key by TLS and by the plain port are one call', async () => {
  const key = newKey();
  const body = fresh();
  const first = assertDone(await county.post(path, body, { key, base: http }), 201);
  assert.deepEqual(assertDone(await county.post(path, body, { key, base: https }), 201), first);
});
