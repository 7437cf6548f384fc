// tests/api/registry_team_batch.test.mjs - work teams and their members out of tables, applied and taken back, and members as a table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, unique } from '../support/client.mjs';
import { assertDone, assertRecord } from '../support/assert.mjs';
import { csv, done, download, ended, staged } from '../support/batches.mjs';
import { fill, newMember, newTeam, newTown, newVillagePost } from '../support/teams.mjs';
import { county, newOrganisation, otherCounty, prefecture } from '../support/world.mjs';

const teamHeading = ['区划代码', '工作队名称', '派出单位', '驻村区划代码', '开始日期', '任期截止'];
const memberHeading = ['区划代码', '工作队名称', '岗位', '队内职务', '派出单位', '开始日期', '任期截止'];
const town = await newTown(3);
const [a, b, c] = town.villages;
const sender = await newOrganisation();
const teams = (rows, caller = county) => staged(caller, csv(rows, teamHeading), { kind: 'teams' });
const members = (rows, caller = county) => staged(caller, csv(rows, memberHeading), { kind: 'team_members' });
const rowsOf = (batch, query, caller = county) => allOf(caller, `/registry/batches/${batch.id}/rows`, query);
const faults = async (batch) => (await rowsOf(batch)).map((r) => r.faults.map((f) => [f.column, f.code]));
const team = (name, more = {}) => [more.division ?? town.code, name, more.sender ?? sender.name, more.villages ?? a.code, more.starts_on ?? '2026-05-10', more.term ?? '2028-05-09'];
const teamNamed = async (name) => (await allOf(county, '/registry/teams', { division: town.code })).find((t) => t.name === name);

test('R-177, R-179: teams come as a table, with their villages; repeated, it changes nothing; taken back, they go', async () => {
  const names = [unique('队'), unique('队')];
  const table = [team(names[0], { villages: `${a.code}、${b.code}` }), team(names[1], { villages: c.code, sender: '', term: '' })];
  const batch = await teams(table);
  assertRecord(batch, { status: 'staged', rows: 2, inserts: 2, failed: 0 });
  assertRecord(await done(prefecture, batch, 'apply', { reason: '核对无误' }), { status: 'applied', applied: 2, not_applied: 0 });
  const [one, two] = [await teamNamed(names[0]), await teamNamed(names[1])];
  assertRecord(one, { owner_division: town.code, sending_organisation_id: sender.id, starts_on: '2026-05-10', term_ends_on: '2028-05-09', status: 'serving', version: 1 });
  assert.deepEqual(one.villages.map((v) => [v.division, v.starts_on]), [[a.code, '2026-05-10'], [b.code, '2026-05-10']]);
  assert.deepEqual(one.steps.map((s) => s.verb), ['create']);
  assertRecord(two, { sending_organisation_id: null, term_ends_on: null });
  assertRecord(await teams(table), { unchanged: 2, inserts: 0, failed: 0 });
  await newMember(one, a, { starts_on: '2026-05-10' });
  const undone = await done(county, await applied(batch), 'undo', { reason: '报错了' });
  assertRecord(undone, { status: 'undone', undone: 1, not_undone: 1 });
  assert.deepEqual((await rowsOf(batch, { left_out: true })).map((r) => r.outcome), ['kept_in_use']);
  assert.equal(await teamNamed(names[1]), undefined);
  assert.ok(await teamNamed(names[0]));
});
const applied = async (batch) => assertDone(await county.get(`/registry/batches/${batch.id}`));

test('R-177: what is wrong is told by row and column', async () => {
  const name = unique('队');
  const there = await newTeam(town, { sending_organisation_id: sender.id });
  const elsewhere = await newTown(1);
  const batch = await teams([team(name, { division: a.code }), team(unique('队'), { villages: elsewhere.villages[0].code }), team(unique('队'), { villages: `${a.code} ${a.code}` }),
    team(unique('队'), { sender: unique('无') }), team(unique('队'), { term: '2026-05-09' }), team(there.name), team(name), team(name), team(unique('队'), { division: '431302999' }),
    team(unique('队'), { villages: '仙人阁' }), team(unique('队'), { division: '431321' })]);
  assert.deepEqual(await faults(batch), [[['区划代码', 'wrong_keeper']], [['驻村区划代码', 'unknown_village']], [['驻村区划代码', 'unknown_village']],
    [['派出单位', 'unknown_unit']], [['任期截止', 'ends_before']], [['工作队名称', 'differs']], [], [['工作队名称', 'repeated']], [['区划代码', 'unknown_division']],
    [['驻村区划代码', 'unknown_village']], [['区划代码', 'out_of_scope']]]);
});

test('R-179: a name that has come since is left out', async () => {
  const name = unique('队');
  const batch = await teams([team(name)]);
  await newTeam(town, { name });
  assertRecord(await done(prefecture, batch, 'apply', { reason: '核对无误' }), { applied: 0, not_applied: 1 });
  assert.deepEqual((await rowsOf(batch, { left_out: true })).map((r) => r.outcome), ['exists_now']);
});

test('R-178, R-179: members come as a table, by post and team; taken back, they go', async () => {
  const own = await newTeam(town, { sending_organisation_id: sender.id });
  const other = await newOrganisation();
  const posts = [await newVillagePost(a, 'first_secretary'), await newVillagePost(b, 'team_leader'), await newVillagePost(c)];
  const person = await fill(posts[0]);
  const table = [[a.code, own.name, posts[0].title, '', '', '2026-05-10', '2028-05-09'], [b.code, own.name, posts[1].title, '队员', other.name, '2026-05-10', ''],
    [c.code, own.name, posts[2].title, '', '', '2026-05-10', '']];
  const batch = await members(table);
  assertRecord(batch, { status: 'staged', inserts: 3, failed: 0 });
  await done(prefecture, batch, 'apply', { reason: '核对无误' });
  const made = await allOf(county, '/registry/team_members', { team_id: own.id });
  assert.deepEqual(made.map((m) => [m.post_id, m.role, m.sending_organisation_id, m.holder, m.term_ends_on]).sort(), [[posts[0].id, 'first_secretary', sender.id, person.name,
    '2028-05-09'], [posts[1].id, 'team_member', other.id, null, null], [posts[2].id, 'team_member', sender.id, null, null]].sort());
  assert.deepEqual(made[0].steps.map((s) => s.verb), ['join']);
  assertRecord(await members(table), { unchanged: 3, inserts: 0, failed: 0 });
  const changed = made.find((m) => m.post_id === posts[2].id);
  assertDone(await county.patch(`/registry/team_members/${changed.id}`, 1, { term_ends_on: '2027-12-31' }));
  assertRecord(await done(county, await applied(batch), 'undo', { reason: '报错了' }), { undone: 2, not_undone: 1 });
  assert.deepEqual((await allOf(county, '/registry/team_members', { team_id: own.id })).map((m) => m.id), [changed.id]);
  const job = assertDone(await county.post('/registry/exports', { kind: 'team_members', format: 'csv', reason: '核对', filters: { division: c.code } }), 202);
  const { result } = await ended(county, job);
  const text = (await download(county, result.file_id)).toString('utf8');
  assert.ok(text.includes(own.name) && text.includes(posts[2].title) && text.includes('队员') && !text.includes(posts[0].title), text);
});

test('R-178: what is wrong is told by row and column', async () => {
  const own = await newTeam(town);
  const serving = await newMember(own, a);
  const [post, staff] = [await newVillagePost(a), await newVillagePost(a, 'staff')];
  const closed = await newTeam(town);
  assertDone(await county.verb(`/registry/teams/${closed.id}:end`, 1, { on: '2026-02-01' }));
  const row = (more = {}) => [more.division ?? a.code, more.team ?? own.name, more.post ?? post.title, '', more.sender ?? '', more.starts_on ?? '2026-05-10', more.term ?? ''];
  const batch = await members([row(), row(), row({ post: unique('无') }), row({ post: staff.title }), row({ team: unique('无') }), row({ team: closed.name }),
    row({ starts_on: '2026-01-04' }), row({ term: '2026-05-01' }), row({ sender: unique('无') }), row({ division: '431302999999' }), row({ post: serving.post.title })]);
  const found = (await faults(batch)).map((f) => f.map(([column, code]) => `${column} ${code}`));
  assert.deepEqual(found[0], []);
  assert.deepEqual(found.slice(1).map((f) => f.filter((x) => x !== '岗位 repeated')), [[], ['岗位 unknown_post'], ['岗位 wrong_duty'], ['工作队名称 unknown_team'],
    ['工作队名称 team_ended'], ['开始日期 before_team'], ['任期截止 ends_before'], ['派出单位 unknown_unit'], ['区划代码 unknown_division'], ['岗位 differs']]);
  assert.deepEqual(found[1], ['岗位 repeated']);
});

test('R-178: another county stages none of Louxing, and who keeps no teams stages none', async () => {
  const own = await newTeam(town);
  const post = await newVillagePost(a);
  const batch = await members([[a.code, own.name, post.title, '', '', '2026-05-10', '']], otherCounty);
  assert.deepEqual((await rowsOf(batch, {}, otherCounty))[0].faults.map((f) => f.code), ['out_of_scope']);
  const kinds = async (caller) => JSON.stringify(assertDone(await caller.get('/registry/batch_kinds')));
  assert.ok((await kinds(county)).includes('"team_members"') && !(await kinds(as('inspector'))).includes('"teams"'));
});
