// tests/api/registry_contact_table.test.mjs - contacts out of one table: staged, applied by another person, undone; and contacts and visits as tables that go
// out. A county links 37 leaders to 46 villages in one file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { csv, done, download, ended, staged } from '../support/batches.mjs';
import { allOf, unique } from '../support/client.mjs';
import { rows } from '../support/database.mjs';
import { newTown } from '../support/teams.mjs';
import { county, louxing, newOrganisation, prefecture, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const heading = ['区划代码', '联系方式', '单位名称', '岗位', '开始日期', '结束日期', '依据'];
const leaders = await newOrganisation({ kind: 'party_committee' });
const newPost = async () => assertDone(await county.post('/identity/posts', { organisation_id: leaders.id, title: unique('区领导'), duty: 'contact_leader' }), 201);
const row = (post, more = {}) => [more.division ?? '431302006003', more.kind ?? '挂点', more.unit ?? leaders.name, post?.title ?? '', more.from ?? '2026-01-05', more.to ?? '', more.note ?? ''];
const stage = (lines, caller = county, name) => staged(caller, csv(lines, heading), { kind: 'contacts' }, name);
const rowsOf = (batch, query = {}) => allOf(county, `/registry/batches/${batch.id}/rows`, query);
const contactsOf = (post, query = {}) => allOf(county, '/registry/contacts', { post_id: post.id, ...query });

test('R-145, R-146: a table of contacts is staged, applied by another person, and undone', async () => {
  const [known, fresh] = [await newPost(), await newPost()];
  const unit = await newOrganisation();
  assertDone(await county.post('/registry/contacts', { owner_division: village, kind: 'station', post_id: known.id, starts_on: '2026-01-05' }), 201);
  const batch = await stage([row(known), row(fresh, { note: '区委办〔2026〕8号' }), row(null, { unit: unit.name, kind: 'assist', to: '2027/1/1' })]);
  assertRecord(batch, { status: 'staged', rows: 3, inserts: 2, updates: 0, unchanged: 1, failed: 0 });
  assert.deepEqual(await contactsOf(fresh), [], 'nothing has changed');
  assertRefused(await county.verb(`/registry/batches/${batch.id}:apply`, batch.version, {}), 403, 'another_person_required');
  const applied = await done(prefecture, batch, 'apply');
  assertRecord(applied, { status: 'applied', applied: 2, not_applied: 0 });
  const [made] = await contactsOf(fresh);
  assertRecord(made, { owner_division: village, kind: 'station', post_title: fresh.title, organisation_name: leaders.name, thread_id: made.id, starts_on: '2026-01-05', ends_on: null, version: 1 });
  assert.deepEqual(made.steps.map((s) => [s.verb, s.note]), [['begin', '区委办〔2026〕8号']]);
  const [assisting] = await allOf(county, '/registry/contacts', { organisation_id: unit.id });
  assertRecord(assisting, { kind: 'assist', ends_on: '2027-01-01', post_id: null });
  assertDone(await county.verb(`/registry/contacts/${assisting.id}:end`, 1, { on: '2026-06-01', note: '调整' }));
  const undone = await done(county, applied, 'undo', { reason: '报错了' });
  assertRecord(undone, { status: 'undone', undone: 1, not_undone: 1 });
  assert.deepEqual(await contactsOf(fresh), []);
  assertRecord((await rowsOf(batch)).find((r) => r.record_id === assisting.id), { outcome: 'kept_changed' });
  const events = () => rows(`SELECT verb FROM registry.event WHERE kind = 'contact' AND id = '${made.id}' ORDER BY seq`).map((e) => e.verb);
  for (let tries = 0; tries < 1200 && events().length < 2; tries++) await new Promise((wait) => { setTimeout(wait, 50); });
  assert.deepEqual(events(), ['apply_batch', 'undo_batch']);
});

test('R-145: every fault by row, column and code', async () => {
  const [post, twice, old] = [await newPost(), await newPost(), await newPost()];
  const ofTown = await newOrganisation({ owner_division: town, kind: 'town' });
  assertDone(await county.post('/registry/contacts', { owner_division: village, kind: 'station', post_id: old.id, starts_on: '2026-01-05' }), 201);
  const bad = [
    ['unknown_division', '区划代码', row(post, { division: '431302006999' })],
    ['out_of_scope', '区划代码', row(post, { division: shuangfeng })],
    ['wrong_level', '区划代码', row(post, { division: '431302' })],
    ['not_one_of', '联系方式', row(post, { kind: '联谊' })],
    ['wrong_subject', '联系方式', row(null)],
    ['unknown_unit', '单位名称', row(post, { unit: unique('无') })],
    ['not_above', '单位名称', row(null, { unit: ofTown.name, kind: 'assist', division: '431302001000' })],
    ['unknown_post', '岗位', row({ title: unique('无') })],
    ['ends_before', '结束日期', row(post, { to: '2026-01-04' })],
    ['not_a_date', '开始日期', row(post, { from: '年初' })],
    ['differs', '开始日期', row(old, { from: '2026-02-01' })],
    ['repeated', '单位名称', row(twice)],
    ['missing', '单位名称', row(post, { unit: '' })],
  ];
  const batch = await stage([row(twice), ...bad.map(([, , cells]) => cells)]);
  const found = Object.fromEntries((await rowsOf(batch, { action: 'failed' })).map((r) => [r.row, r.faults]));
  bad.forEach(([code, column], n) => assert.ok(found[n + 3]?.some((f) => f.code === code && f.column === column), `${code}: ${JSON.stringify(found[n + 3])}`));
  assertRecord(batch, { rows: 14, failed: 13, inserts: 1 });
  assertRefused(await townOffice.post('/registry/batches', { kind: 'contacts', title: 'x', file_id: batch.file_id }), 403, 'forbidden');
});

test('R-146: a link that has come since the table was staged is left out and reported', async () => {
  const post = await newPost();
  const batch = await stage([row(post)]);
  assertDone(await county.post('/registry/contacts', { owner_division: village, kind: 'station', post_id: post.id, starts_on: '2026-03-01' }), 201);
  assertRecord(await done(prefecture, batch, 'apply'), { applied: 0, not_applied: 1 });
  assertRecord((await rowsOf(batch))[0], { outcome: 'linked_now' });
});

test('a county links 37 leaders to 46 villages in one file, and takes them out again', async () => {
  const own = await newTown(46), villages = own.villages.map((each) => each.code);
  const titles = Array.from({ length: 37 }, (_, n) => unique(`区级领导${n + 1}`));
  const posts = titles.map((title, n) => [louxing, leaders.name, title, 'contact_leader', `领导${n + 1}`, '2026-01-01'].join(',')).join('\n');
  assertDone(await county.load('/identity/posts:import', {}, `organisation_division,organisation,title,duty,person,starts_on\n${posts}\n`));
  const batch = await stage(villages.map((division, n) => row({ title: titles[n % 37] }, { division })), county, '挂点安排.csv');
  assertRecord(batch, { rows: 46, inserts: 46, failed: 0 });
  assertRecord(await done(prefecture, batch, 'apply'), { applied: 46, not_applied: 0 });
  const linked = await allOf(county, '/registry/contacts', { within: own.code, as_of: '2026-06-30' });
  assert.equal(linked.length, 46);
  assert.equal(new Set(linked.map((c) => c.post_id)).size, 37);
  assert.equal(new Set(linked.map((c) => c.owner_division)).size, 46);
  const job = assertDone(await county.post('/registry/exports', { kind: 'contacts', format: 'csv', filters: { division: own.code } }), 202);
  const text = String(await download(county, (await ended(county, job)).result.file_id));
  assert.equal(text.trim().split('\n').length, 47);
  assert.match(text, /挂点/);
});

test('visits go out as a table', async () => {
  const found = unique('渗漏');
  assertDone(await townOffice.post('/registry/visits', { owner_division: village, purpose: 'secret_check', visited_on: '2026-06-18', found }), 201);
  const job = assertDone(await townOffice.post('/registry/exports', { kind: 'visits', format: 'csv', filters: { division: town, kind: 'secret_check' } }), 202);
  const text = String(await download(townOffice, (await ended(townOffice, job)).result.file_id));
  assert.ok(text.split('\n').some((line) => line.includes(found) && line.includes('明察暗访') && line.includes('2026-06-18')), text.slice(0, 300));
});
