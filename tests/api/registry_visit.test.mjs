// tests/api/registry_visit.test.mjs - visits: short records of the own post, corrected and withdrawn by it alone; by devices, too: recorded twice,
// changed on two devices, another post's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { upload } from '../support/batches.mjs';
import { rows } from '../support/database.mjs';
import { operations } from '../support/contract.mjs';
import { pdf } from '../support/pictures.mjs';
import { county, department, louxing, nobodysId, otherCounty, prefecture, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const path = '/registry/visits';
const worker = as('village_worker');
const today = () => rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS day")[0].day;
const tomorrow = () => rows("SELECT ((now() AT TIME ZONE 'Asia/Shanghai')::date + 1)::text AS day")[0].day;
const good = (more = {}) => ({ owner_division: village, purpose: 'coverage', visited_on: '2026-06-18', ...more });
const record = (more, caller = townOffice, options) => caller.post(path, good(more), options);
const recorded = async (more, caller) => assertDone(await record(more, caller), 201);
const now = async (visit, caller = townOffice) => assertDone(await caller.get(`${path}/${visit.id}`));
const place = async (more = {}) => assertDone(await county.post('/registry/settlements', { owner_division: village, kind: 'natural_village', name: unique('湾'), valid_from: '2020-01-01', ...more }), 201);
const push = async (caller, ...list) => assertDone(await caller.post('/registry/sync', { operations: list })).results;

test('R-147: whoever went records where, when, what for and what came of it; of the own post and unit', async () => {
  const id = uuid();
  const given = await record({ id, found: '三组饮水管道渗漏', promised: '月底前更换管道' });
  const visit = assertDone(given, 201);
  assert.equal(given.headers.get('location'), `/api/v1${path}/${id}`);
  assertRecord(visit, { id, owner_division: village, at_division: village, visited_on: '2026-06-18', purpose: 'coverage', post_title: '街道经办岗', organisation_name: '涟滨街道办事处',
    settlement_id: null, household_id: null, poor: false, found: '三组饮水管道渗漏', promised: '月底前更换管道', file_ids: [], version: 1 });
  assert.deepEqual(await now(visit, worker), visit);
  assert.deepEqual(await now(visit, prefecture), visit);
  assertRefused(await otherCounty.get(`${path}/${id}`), 404, 'not_found');
  assertRecord(await recorded({ visited_on: undefined }), { visited_on: today() });
  assertRecord(await recorded({}, department), { organisation_name: '娄星区农业农村局' });
});

test('R-147: no place on a map, no time of day and no picture is asked for, and none is taken', async () => {
  const write = operations.find((o) => o.id === 'record_visit');
  const schema = JSON.stringify(write.operation.requestBody);
  assert.doesNotMatch(schema, /longitude|latitude|location|coordinates|date-time/);
  for (const member of ['longitude', 'location', 'visited_at', 'check_in']) assertRefused(await record({ [member]: '1' }), 422, 'invalid', { pointer: `/${member}`, code: 'unknown_field' });
  const file = await upload(townOffice, pdf(unique()), '走访.pdf');
  assertRecord(await recorded({ file_ids: [file.id] }), { file_ids: [file.id] });
  assertRefused(await record({ file_ids: [nobodysId()] }), 422, 'invalid', { pointer: '/file_ids' });
});

test('R-148: a visit is not of a day to come, when it is recorded or corrected', async () => {
  assertRefused(await record({ visited_on: tomorrow() }), 422, 'invalid', { pointer: '/visited_on', code: 'in_the_future' });
  const visit = await recorded();
  assertRefused(await townOffice.patch(`${path}/${visit.id}`, 1, { visited_on: tomorrow() }), 422, 'invalid', { pointer: '/visited_on', code: 'in_the_future' });
});

test('R-149: corrected by the post that went, alone', async () => {
  const visit = await recorded({ found: '甲', household_id: uuid(), poor: true });
  const corrected = assertDone(await townOffice.patch(`${path}/${visit.id}`, 1, { found: null, promised: '乙', purpose: 'research', visited_on: '2026-06-17' }));
  assertRecord(corrected, { found: null, promised: '乙', purpose: 'research', visited_on: '2026-06-17', household_id: visit.household_id, poor: true, version: 2 });
  for (const caller of [county, worker, prefecture, department]) assertRefused(await caller.patch(`${path}/${visit.id}`, 2, { found: '丙' }), 403, 'not_your_unit');
  assertRefused(await otherCounty.patch(`${path}/${visit.id}`, 2, { found: '丙' }), 404, 'not_found');
  assertRefused(await townOffice.patch(`${path}/${visit.id}`, 1, { found: '丙' }), 412, 'stale');
  assertRefused(await townOffice.patch(`${path}/${visit.id}`, 2, { owner_division: town }), 422, 'invalid', { pointer: '/owner_division', code: 'unknown_field' });
  assertRefused(await townOffice.patch(`${path}/${visit.id}`, 2, { household_id: null }), 422, 'invalid', { pointer: '/poor' });
  assertDone(await townOffice.patch(`${path}/${visit.id}`, 2, { household_id: null, poor: false }));
});

test('R-149: a visit recorded by mistake is withdrawn by its post, with a reason, and is no more', async () => {
  const visit = await recorded();
  assertRefused(await townOffice.verb(`${path}/${visit.id}:withdraw`, 1, {}), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await county.verb(`${path}/${visit.id}:withdraw`, 1, { reason: '误录' }), 403, 'not_your_unit');
  assertRecord(assertDone(await townOffice.verb(`${path}/${visit.id}:withdraw`, 1, { reason: '误录，未到该村' })), { id: visit.id, version: 2 });
  assertRefused(await townOffice.get(`${path}/${visit.id}`), 404, 'not_found');
  assertRefused(await townOffice.verb(`${path}/${visit.id}:withdraw`, 2, { reason: '误录' }), 404, 'not_found');
  const [kept] = rows(`SELECT reason, before ->> 'purpose' AS purpose FROM registry.audit_log WHERE verb = 'withdraw_visit' AND record_id = '${visit.id}'`);
  assert.deepEqual(kept, { reason: '误录，未到该村', purpose: 'coverage' });
});

test('R-150: a place is one of the village visited, there on that day', async () => {
  const here = await place();
  assertRecord(await recorded({ settlement_id: here.id }), { settlement_id: here.id });
  assertRefused(await record({ settlement_id: here.id, owner_division: '431302006001' }), 422, 'invalid', { pointer: '/settlement_id' });
  assertRefused(await record({ settlement_id: here.id, owner_division: town }), 422, 'invalid', { pointer: '/settlement_id' });
  assertRefused(await record({ settlement_id: nobodysId() }), 422, 'invalid', { pointer: '/settlement_id' });
  const gone = await place({ valid_to: '2026-01-01' });
  assertRefused(await record({ settlement_id: gone.id }), 422, 'invalid', { pointer: '/settlement_id' });
  const visit = await recorded({ settlement_id: gone.id, visited_on: '2025-12-31' });
  assertRefused(await townOffice.patch(`${path}/${visit.id}`, 1, { visited_on: '2026-01-01' }), 422, 'invalid', { pointer: '/settlement_id' });
});

test('what is refused: a division out of scope or that is none, a purpose that is none, a household that is not named, a role without the right', async () => {
  assertRefused(await record({ owner_division: '431302001000' }), 403, 'out_of_scope');
  assertRefused(await record({ owner_division: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await record({ owner_division: town }, worker), 403, 'out_of_scope');
  assertRefused(await record({ owner_division: '431302006999' }), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await record({ purpose: 'sightseeing' }), 422, 'invalid', { pointer: '/purpose' });
  assertRefused(await record({ poor: true }), 422, 'invalid', { pointer: '/poor' });
  assertRefused(await record({ owner_division: town, household_id: uuid() }), 422, 'invalid', { pointer: '/household_id' });
  const atTown = await recorded({ owner_division: town });
  assertRefused(await townOffice.patch(`${path}/${atTown.id}`, 1, { household_id: uuid() }), 422, 'invalid', { pointer: '/household_id' });
  assertRefused(await record({}, as('integration'), { key: newKey() }), 403, 'forbidden');
  const { id } = await recorded();
  assertRefused(await record({ id }), 409, 'duplicate', { pointer: '/id' });
  const key = newKey();
  assert.deepEqual(...(await Promise.all([1, 2].map(() => record({ id: undefined, found: '同一次' }, townOffice, { key })))).map((a) => [assertDone(a, 201).id]));
});

test('a list by division, below it, post, unit, place, household, purpose and days', async () => {
  const [here, household] = [await place(), uuid()];
  const visit = await recorded({ settlement_id: here.id, household_id: household });
  const ids = async (query, caller = county) => (await allOf(caller, path, { household_id: household, ...query })).map((v) => v.id);
  for (const query of [{}, { division: village }, { within: town }, { within: louxing }, { post_id: visit.post_id }, { organisation_id: visit.organisation_id }, { settlement_id: here.id },
    { purpose: 'coverage' }, { from: '2026-06-18' }, { until: '2026-06-19' }]) assert.deepEqual(await ids(query), [visit.id], JSON.stringify(query));
  for (const query of [{ division: town }, { within: '431302001000' }, { post_id: nobodysId() }, { purpose: 'team' }, { from: '2026-06-19' }, { until: '2026-06-18' }]) {
    assert.deepEqual(await ids(query), [], JSON.stringify(query));
  }
  assert.deepEqual(await ids({}, otherCounty), []);
});

const operation = (name, more) => ({ op_id: uuid(), operation: name, ...more });
const byDevice = (more = {}) => operation('record_visit', { body: { id: uuid(), ...good(more) } });
const change = (visit, base, body) => operation('update_visit', { target: visit.id, base_version: visit.version, base, body });

test('M-4: a visit recorded without signal and brought twice is there once', async () => {
  const op = byDevice({ found: '甲' });
  const [first] = await push(townOffice, op);
  assertRecord(first, { outcome: 'done', status: 201 });
  const [again, other] = await push(townOffice, op, { ...op, op_id: uuid() });
  assert.deepEqual(again, first);
  assert.deepEqual([other.outcome, other.problem.code], ['refused', 'duplicate']);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'visit' AND record_id = '${op.body.id}'`)[0].n, 1);
});

test('M-4, M-5, M-6: changed on two devices, members beside each other are merged and the same one is in conflict', async () => {
  const [{ record: visit }] = await push(townOffice, byDevice({ found: '甲', promised: '乙' }));
  assert.equal((await push(townOffice, change(visit, { found: '甲' }, { found: '丙' })))[0].outcome, 'done');
  const [merged] = await push(townOffice, change(visit, { promised: '乙' }, { promised: '丁' }));
  assertRecord(merged, { outcome: 'merged' });
  assertRecord(merged.record, { found: '丙', promised: '丁', version: 3 });
  const [met] = await push(townOffice, change(visit, { found: '甲', poor: false }, { found: '戊', poor: false }));
  assert.equal(met.outcome, 'conflict');
  const conflict = assertDone(await townOffice.get(`/registry/conflicts/${met.conflict_id}`));
  assertRecord(conflict, { kind: 'visit', record_id: visit.id, fields: ['found'], mine: { found: '戊' }, theirs: { found: '丙' }, status: 'open' });
  assertDone(await townOffice.verb(`/registry/conflicts/${conflict.id}:settle`, conflict.version, { take: 'mine' }));
  assertRecord(await now(visit), { found: '戊', promised: '丁', version: 4 });
});

test('M-4: another post\'s visit, another county\'s village and a day to come are refused for good, and the rest is done', async () => {
  const [{ record: theirs }] = await push(county, byDevice());
  const results = await push(townOffice, change(theirs, { found: null }, { found: '甲' }), byDevice({ owner_division: shuangfeng }), byDevice({ visited_on: tomorrow() }), byDevice());
  assert.deepEqual(results.map((r) => [r.outcome, r.problem?.code]), [['refused', 'not_your_unit'], ['refused', 'out_of_scope'], ['refused', 'invalid'], ['done', undefined]]);
  assertRecord(await now(theirs), { found: null, version: 1 });
});

test('M-1, M-2: a device has the visits, places and contacts of its scope, and hears of a visit that was withdrawn', async () => {
  const its = await recorded();
  const [here, device] = [await place(), as('device')];
  const pull = async (cursor, found = new Map()) => {
    for (;;) {
      const answer = assertDone(await device.get('/registry/sync', cursor ? { cursor } : {}));
      for (const { kind, record: r } of answer.changed) found.set(`${kind} ${r.id}`, r);
      for (const { kind, id } of answer.deleted) found.delete(`${kind} ${id}`);
      cursor = answer.next_cursor;
      if (!answer.more && answer.digests) return { cursor, found, kinds: answer.digests.map((d) => d.kind) };
    }
  };
  const copy = await pull();
  assert.deepEqual(['visit', 'settlement', 'contact'].filter((k) => !copy.kinds.includes(k)), []);
  const mine = await recorded({ found: '乙' });
  const next = await pull(copy.cursor, copy.found);
  if (next.found.has(`visit ${its.id}`)) assert.deepEqual(next.found.get(`visit ${its.id}`), its);
  assert.equal(next.found.has(`visit ${mine.id}`), (await device.get(`${path}/${mine.id}`)).status === 200);
  assert.equal(next.found.has(`settlement ${here.id}`), (await device.get(`/registry/settlements/${here.id}`)).status === 200);
  assertDone(await townOffice.verb(`${path}/${mine.id}:withdraw`, 1, { reason: '误录' }));
  assert.ok(!(await pull(next.cursor, next.found)).found.has(`visit ${mine.id}`));
});
