// tests/api/registry_team.test.mjs - kinds of villages, work teams and the villages they serve, what is wanting and how far they cover.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { fill, newMember, newTeam, newTown, newVillagePost } from '../support/teams.mjs';
import { county, department, louxing, newOrganisation, nobodysId, otherCounty, prefecture, province, townOffice, village } from '../support/world.mjs';

const town = await newTown(5);
const sender = await newOrganisation();
const villager = as('village_worker');
const day = '2026-06-30';
const codes = (team) => team.villages.map((v) => v.division);
const kindOf = (body, caller = county) => caller.post('/registry/village_kinds', { owner_division: town.villages[0].code, kind: 'key_village', valid_from: '2026-01-01', ...body });
const verb = (team, name, body, caller = county) => caller.verb(`/registry/teams/${team.id}:${name}`, team.version, body);

test('R-160: a village is of a kind from a day until one, of several at once, of each once', async () => {
  const given = await kindOf({ valid_to: '2026-05-01' });
  const kind = assertDone(given, 201);
  assertRecord(kind, { owner_division: town.villages[0].code, division_name: town.villages[0].name, kind: 'key_village', valid_from: '2026-01-01', valid_to: '2026-05-01',
    clause_id: null, version: 1 });
  assert.equal(given.headers.get('location'), `/api/v1/registry/village_kinds/${kind.id}`);
  assert.deepEqual(assertDone(await county.get(`/registry/village_kinds/${kind.id}`)), kind);
  assertRefused(await kindOf({ valid_from: '2026-04-30' }), 409, 'state_conflict');
  const open = assertDone(await kindOf({ valid_from: '2026-05-01' }), 201);
  assertDone(await kindOf({ kind: 'lifted' }), 201);
  const list = (query) => allOf(county, '/registry/village_kinds', { division: town.villages[0].code, ...query });
  assert.deepEqual((await list({ as_of: '2026-04-30' })).map((k) => k.kind).sort(), ['key_village', 'lifted']);
  assert.deepEqual((await list({ as_of: '2026-04-30', kind: 'key_village' })).map((k) => k.id), [kind.id]);
  const ended = assertDone(await county.verb(`/registry/village_kinds/${open.id}:end`, 1, { on: '2026-06-01' }));
  assertRecord(ended, { valid_to: '2026-06-01', version: 2 });
  assertRefused(await county.verb(`/registry/village_kinds/${open.id}:end`, 2, { on: '2026-07-01' }), 409, 'state_conflict');
  assertRefused(await county.verb(`/registry/village_kinds/${open.id}:end`, 1, { on: '2026-07-01' }), 412, 'stale');
});

test('R-160: what is no village is of no kind; a clause is one that is there', async () => {
  assertRefused(await kindOf({ owner_division: town.code }), 422, 'invalid', { pointer: '/owner_division' });
  assertDone(await kindOf({ owner_division: town.code, kind: 'model_county' }), 201); // a town may be a model, and has no team for it
  assert.ok(!(await allOf(county, '/registry/team_gaps', { division: louxing })).some((g) => g.owner_division === town.code));
  assertRefused(await kindOf({ owner_division: '431302999999' }), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await kindOf({ kind: 'model_city', clause_id: nobodysId() }), 422, 'invalid', { pointer: '/clause_id' });
  assertRefused(await kindOf({ kind: 'model_city', valid_to: '2026-01-01' }), 422, 'invalid', { pointer: '/valid_to' });
  assertRefused(await kindOf({ kind: 'poor' }), 422, 'invalid', { pointer: '/kind' });
  assertRefused(await kindOf({}, otherCounty), 403, 'out_of_scope');
  assertRefused(await kindOf({}, department), 403, 'forbidden');
});

test('R-160: which kinds need a team is a row of the nearest division', async () => {
  const rules = await allOf(county, '/registry/village_kind_rules');
  assert.deepEqual(rules.map((r) => r.kind), ['key_village', 'lifted', 'red_beautiful', 'model_province', 'model_city', 'model_county', 'weak_organisation', 'resettlement']);
  for (const r of rules) assertRecord(r, { needs_team: true, owner_division: '000000000000', assumed: true });
  assert.match(rules[0].label, /重点村/);
});

test('R-160: a division says otherwise for its villages, changes it and withdraws it', async () => {
  const own = await newTown(1);
  const holding = async () => (await allOf(county, '/registry/village_kind_rules', { division: own.villages[0].code })).find((r) => r.kind === 'model_county');
  const body = { owner_division: own.code, kind: 'model_county', needs_team: false, source: '县级示范村由乡镇自行帮扶' };
  const rule = assertDone(await county.post('/registry/village_kind_rules', body), 201);
  assertRecord(rule, { ...body, assumed: false, version: 1 });
  assertRecord(await holding(), { id: rule.id, needs_team: false, owner_division: own.code });
  assertDone(await county.post('/registry/village_kinds', { owner_division: own.villages[0].code, kind: 'model_county', valid_from: '2026-01-01' }), 201);
  const gaps = async () => (await allOf(county, '/registry/team_gaps', { division: louxing })).filter((g) => g.owner_division === own.villages[0].code).length;
  assert.equal(await gaps(), 0);
  const now = assertDone(await county.patch(`/registry/village_kind_rules/${rule.id}`, 1, { needs_team: true }));
  assert.ok((await gaps()) > 0, 'a village without a team');
  assertRefused(await county.post('/registry/village_kind_rules', body), 409, 'duplicate', { pointer: '/kind' });
  assertRefused(await otherCounty.patch(`/registry/village_kind_rules/${rule.id}`, 2, { needs_team: false }), 404, 'not_found');
  assertRecord(assertDone(await county.verb(`/registry/village_kind_rules/${rule.id}:withdraw`, now.version)), { id: rule.id, version: 3 });
  assert.equal((await holding()).owner_division, '000000000000');
  assertRefused(await county.patch(`/registry/village_kind_rules/${(await holding()).id}`, 1, { needs_team: false }), 403, 'out_of_scope');
});

test('R-161: a team is formed with its villages, and read by them', async () => {
  const key = newKey();
  const body = { owner_division: town.code, name: unique('工作队'), sending_organisation_id: sender.id, starts_on: '2026-05-10', term_ends_on: '2028-05-09',
    villages: [{ division: town.villages[0].code }, { division: town.villages[1].code, starts_on: '2026-06-01' }] };
  const given = await county.post('/registry/teams', body, { key });
  const team = assertDone(given, 201);
  assertRecord(team, { owner_division: town.code, name: body.name, sending_organisation_id: sender.id, sending_organisation: sender.name, starts_on: '2026-05-10',
    term_ends_on: '2028-05-09', ends_on: null, status: 'serving', members: 0, version: 1,
    villages: [{ division: town.villages[0].code, name: town.villages[0].name, starts_on: '2026-05-10', ends_on: null },
      { division: town.villages[1].code, name: town.villages[1].name, starts_on: '2026-06-01', ends_on: null }] });
  assert.deepEqual(team.steps.map((s) => s.verb), ['create']);
  assert.equal(assertDone(await county.post('/registry/teams', body, { key }), 201).id, team.id);
  assert.deepEqual(assertDone(await prefecture.get(`/registry/teams/${team.id}`)), team);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'team' AND record_id = '${team.id}'`)[0].n, 1);
  assertRefused(await county.post('/registry/teams', { ...body, id: uuid() }), 409, 'duplicate', { pointer: '/name' });
  assertRefused(await otherCounty.get(`/registry/teams/${team.id}`), 404, 'not_found');
  const own = await newTeam({ code: '431302006000' }, { villages: [{ division: village }] });
  assert.equal(assertDone(await villager.get(`/registry/teams/${own.id}`)).id, own.id);
  assert.equal((await allOf(villager, '/registry/teams', { village, as_of: day })).some((t) => t.id === own.id), true);
});

test('R-161: what a team is refused', async () => {
  const form = (body, caller = county) => caller.post('/registry/teams', { owner_division: town.code, name: unique('工作队'), starts_on: '2026-01-05',
    villages: [{ division: town.villages[0].code }], ...body });
  assertRefused(await form({ owner_division: town.villages[0].code }), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await form({ owner_division: '431300000000' }, prefecture), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await form({ villages: [] }), 422, 'invalid', { pointer: '/villages' });
  assertRefused(await form({ villages: [{ division: village }] }), 422, 'invalid', { pointer: '/villages' });
  assertRefused(await form({ villages: [{ division: town.code }] }), 422, 'invalid', { pointer: '/villages' });
  assertRefused(await form({ villages: [{ division: town.villages[0].code, starts_on: '2026-01-04' }] }), 422, 'invalid', { pointer: '/villages' });
  assertRefused(await form({ villages: [{ division: town.villages[0].code }, { division: town.villages[0].code }] }), 409, 'state_conflict');
  assertRefused(await form({ sending_organisation_id: nobodysId() }), 422, 'invalid', { pointer: '/sending_organisation_id' });
  assertRefused(await form({ term_ends_on: '2026-01-04' }), 422, 'invalid', { pointer: '/term_ends_on' });
  assertRefused(await form({}, otherCounty), 403, 'out_of_scope');
  assertRefused(await form({}, townOffice), 403, 'out_of_scope');
  for (const caller of [villager, department, as('inspector')]) assertRefused(await form({}, caller), 403, 'forbidden');
});

test('R-161: villages come and go with days; past days stay as they were', async () => {
  const team = await newTeam(town, { villages: [{ division: town.villages[0].code }] });
  const [first, second] = town.villages.map((v) => v.code);
  const two = assertDone(await verb(team, 'assign_village', { division: second, on: '2026-03-01' }));
  assert.deepEqual([codes(two), two.version, two.status], [[first, second], 2, 'serving']);
  assertRefused(await verb(two, 'assign_village', { division: second, on: '2026-04-01' }), 409, 'state_conflict');
  assertRefused(await verb(two, 'assign_village', { division: village, on: '2026-04-01' }), 422, 'invalid', { pointer: '/division' });
  assertRefused(await verb(two, 'assign_village', { division: town.villages[2].code, on: '2026-01-04' }), 422, 'invalid', { pointer: '/on' });
  assertRefused(await verb(two, 'release_village', { division: first, on: '2026-01-05' }), 422, 'invalid', { pointer: '/division' });
  const one = assertDone(await verb(two, 'release_village', { division: first, on: '2026-05-01' }));
  assert.deepEqual(codes(one), [second]);
  assert.deepEqual(one.steps.map((s) => [s.verb, s.note]), [['create', null], ['assign_village', second], ['release_village', first]]);
  const asOf = async (on) => codes(assertDone(await county.get(`/registry/teams/${team.id}`, { as_of: on })));
  assert.deepEqual(await asOf('2026-04-30'), [first, second]);
  assert.deepEqual(await asOf('2026-05-01'), [second]);
  assert.equal((await allOf(county, '/registry/teams', { village: first, as_of: '2026-04-30' })).some((t) => t.id === team.id), true);
  assert.equal((await allOf(county, '/registry/teams', { village: first, as_of: '2026-05-01' })).some((t) => t.id === team.id), false);
});

test('R-164: a team that ends takes its villages and members with it, on that day', async () => {
  const team = await newTeam(town, { sending_organisation_id: sender.id });
  const member = await newMember(team, town.villages[0]);
  assertRefused(await verb(team, 'end', { on: '2026-01-05' }), 422, 'invalid', { pointer: '/on' });
  const late = await newMember(team, town.villages[1], { starts_on: '2026-08-01' });
  assertRefused(await verb(team, 'end', { on: '2026-07-01' }), 422, 'invalid', { pointer: '/on' });
  const ended = assertDone(await verb(team, 'end', { on: '2026-09-01', decision_note: '任务完成' }));
  assertRecord(ended, { status: 'ended', ends_on: '2026-09-01', version: 2, members: 0, villages: [] });
  for (const m of [member, late]) assertRecord(assertDone(await county.get(`/registry/team_members/${m.id}`)), { status: 'ended', ends_on: '2026-09-01', version: 2 });
  assert.equal(assertDone(await county.get(`/registry/teams/${team.id}`, { as_of: '2026-08-31' })).members, 2);
  for (const [name, body] of [['end', { on: '2026-10-01' }], ['assign_village', { division: town.villages[2].code, on: '2026-10-01' }]]) {
    assertRefused(await verb(ended, name, body), 409, 'state_conflict');
  }
  assertRefused(await county.patch(`/registry/teams/${team.id}`, 2, { name: unique('队') }), 409, 'state_conflict');
});

test('a team is corrected while it serves', async () => {
  const team = await newTeam(town);
  const name = unique('工作队');
  const corrected = assertDone(await county.patch(`/registry/teams/${team.id}`, 1, { name, sending_organisation_id: sender.id, term_ends_on: '2027-12-31' }));
  assertRecord(corrected, { name, sending_organisation: sender.name, term_ends_on: '2027-12-31', version: 2 });
  assertRecord(assertDone(await county.patch(`/registry/teams/${team.id}`, 2, { term_ends_on: null, sending_organisation_id: null })), { term_ends_on: null,
    sending_organisation_id: null, name });
  assertRefused(await county.patch(`/registry/teams/${team.id}`, 2, { name }), 412, 'stale');
  assertRefused(await county.patch(`/registry/teams/${team.id}`, 3, { sending_organisation_id: nobodysId() }), 422, 'invalid', { pointer: '/sending_organisation_id' });
  assertRefused(await townOffice.patch(`/registry/teams/${team.id}`, 3, { name }), 404, 'not_found');
});

test('R-172: what is wanting is said by day: no team, two teams, no member, vacant, over, uncovered', async () => {
  const own = await newTown(3);
  const [a, b, c] = own.villages;
  const at = async (query) => (await allOf(county, '/registry/team_gaps', { division: own.code, as_of: day, ...query })).map((g) => [g.kind, g.owner_division]);
  for (const v of [a, b]) assertDone(await kindOf({ owner_division: v.code, kind: 'weak_organisation' }), 201);
  assert.deepEqual(await at(), [['village_without_team', a.code], ['village_without_team', b.code]]);
  assert.deepEqual(await at({ as_of: '2025-12-31' }), []);
  const team = await newTeam(own, { villages: [{ division: a.code }, { division: c.code }] });
  assert.deepEqual((await at()).sort(), [['team_without_member', own.code], ['village_without_team', b.code]].sort());
  await newMember(team, a, { term_ends_on: '2026-06-29' });
  assert.deepEqual((await at({ kind: 'term_over' })), [['term_over', a.code]]);
  assert.deepEqual(await at({ kind: 'term_over', as_of: '2026-06-29' }), []);
  const vacant = await newVillagePost(c);
  assertDone(await county.post('/registry/team_members', { team_id: team.id, post_id: vacant.id, starts_on: '2026-01-05' }), 201);
  assert.deepEqual(await at({ kind: 'vacant_post' }), [['vacant_post', c.code]]);
  await fill(vacant, '2026-06-01');
  assert.deepEqual(await at({ kind: 'vacant_post' }), []);
  assert.deepEqual(await at({ kind: 'vacant_post', as_of: '2026-05-31' }), [['vacant_post', c.code]]);
  await newTeam(own, { villages: [{ division: c.code }] });
  const [gap] = await allOf(county, '/registry/team_gaps', { division: own.code, as_of: day, kind: 'double_cover' });
  assertRecord(gap, { kind: 'double_cover', owner_division: c.code, division_name: c.name, since: '2026-01-05', team_id: null });
  assert.match(gap.words, /、/);
  assert.deepEqual(await allOf(otherCounty, '/registry/team_gaps', { as_of: day }).then((g) => g.filter((x) => x.owner_division.startsWith('431302'))), []);
  assertRefused(await otherCounty.get('/registry/team_gaps', { division: own.code }), 403, 'out_of_scope');
});

test('R-172: how many teams and members serve how many villages, and how many need one', async () => {
  const own = await newTown(4);
  for (const [i, kind] of ['key_village', 'lifted', 'lifted'].entries()) assertDone(await kindOf({ owner_division: own.villages[i].code, kind }), 201);
  const first = await newTeam(own, { villages: own.villages.slice(0, 2).map((v) => ({ division: v.code })) });
  const second = await newTeam(own, { villages: [{ division: own.villages[3].code }] });
  for (const [team, v] of [[first, 0], [first, 1], [second, 3]]) await newMember(team, own.villages[v]);
  const of = async (query) => assertDone(await county.get('/registry/team_coverage', { division: own.code, as_of: day, ...query }));
  assert.deepEqual(await of(), { division: own.code, as_of: day, teams: 2, members: 3, villages_served: 3, villages_needing: 3, villages_covered: 2, villages_doubly_served: 0,
    kinds: [{ kind: 'key_village', villages: 1, covered: 1 }, { kind: 'lifted', villages: 2, covered: 1 }] });
  assertRecord(await of({ as_of: '2025-06-30' }), { teams: 0, members: 0, villages_served: 0, villages_needing: 0 });
  assertRecord(await of({ division: own.villages[3].code }), { teams: 1, members: 1, villages_needing: 0 });
  const whole = assertDone(await county.get('/registry/team_coverage', { as_of: day }));
  assert.ok(whole.division === louxing && whole.teams >= 2 && whole.villages_needing >= 3);
});

test('lists filter by division, sender and state', async () => {
  const own = await newOrganisation();
  const [serving, ended] = [await newTeam(town, { sending_organisation_id: own.id }), await newTeam(town, { sending_organisation_id: own.id })];
  assertDone(await verb(ended, 'end', { on: '2026-03-01' }));
  const ids = async (query) => (await allOf(county, '/registry/teams', { sending_organisation_id: own.id, ...query })).map((t) => t.id);
  assert.deepEqual(await ids({}), [serving.id, ended.id]);
  assert.deepEqual(await ids({ sort: '-created_at', limit: 1 }), [ended.id, serving.id]);
  assert.deepEqual(await ids({ status: 'ended' }), [ended.id]);
  assert.deepEqual(await ids({ as_of: '2026-02-28' }), [serving.id, ended.id]);
  assert.deepEqual(await ids({ as_of: '2026-03-01' }), [serving.id]);
  assert.deepEqual(await ids({ division: town.code, status: 'serving' }), [serving.id]);
  assert.deepEqual(await ids({ division: louxing }), []);
  assert.ok((await allOf(province, '/registry/teams', { division: town.code })).length >= 2);
});
