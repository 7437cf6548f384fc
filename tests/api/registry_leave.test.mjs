// tests/api/registry_leave.test.mjs - leave of team members: who asks (R-165), how long it is (R-166), once at a time (R-167), who decides (R-168, R-169), who covers (R-170),
// called off or cut short (R-171).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newCaller } from '../support/admins.mjs';
import { rows, run } from '../support/database.mjs';
import { callerOf, newMember, newTeam, newTown, officeOf } from '../support/teams.mjs';
import { county, nobodysId, otherCounty, prefecture, province, townOffice } from '../support/world.mjs';

const [{ today }] = rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS today");
const days = (n) => new Date(Date.parse(today) + n * 86_400_000).toISOString().slice(0, 10);
const town = await newTown(2);
const [village, other] = town.villages;
const team = await newTeam(town);
const { caller: office } = await officeOf(town.code);
const member = await newMember(team, village);
const self = await callerOf(member);
const path = '/registry/leaves';
const ask = (of = member, body = {}, caller = self, options) => caller.post(path, { team_member_id: of.id, starts_on: days(10), ends_on: days(12), reason: '家中有事', ...body }, options);
const asked = async (of, body, caller) => assertDone(await ask(of, body, caller), 201);
const verb = (leave, name, body = {}, caller = office) => caller.verb(`${path}/${leave.id}:${name}`, leave.version, body);
const cancel = (leave, caller = self) => verb(leave, 'cancel', { decision_note: '事情已了' }, caller);
// Each test asks for other days of the member.
let at = 10;
const span = (n) => ({ starts_on: days(at), ends_on: days((at += n) - 1) });

test('R-165, R-166: a member asks for leave, which is counted; the town approves three days', async () => {
  const key = newKey();
  const body = span(3);
  const given = await ask(member, body, self, { key });
  const leave = assertDone(given, 201);
  assertRecord(leave, { owner_division: village.code, team_member_id: member.id, team_id: team.id, post_id: member.post.id, holder: member.person.name, ...body, days: 3,
    unit: 'calendar_days', approver_level: 4, reason: '家中有事', cover_member_id: null, cover: null, requested_by: member.post.id, status: 'requested', decided_by: null,
    version: 1 });
  assert.equal(given.headers.get('location'), `/api/v1${path}/${leave.id}`);
  assert.equal(assertDone(await ask(member, body, self, { key }), 201).id, leave.id);
  assert.deepEqual(assertDone(await office.get(`${path}/${leave.id}`)), leave);
  const approved = assertDone(await verb(leave, 'approve', { decision_note: '同意' }));
  assertRecord(approved, { status: 'approved', decision_note: '同意', version: 2 });
  assert.ok(approved.decided_by && approved.decided_at);
  assert.deepEqual(approved.steps.map((s) => [s.verb, s.note]), [['ask', '家中有事'], ['approve', '同意']]);
  assertRecord(assertDone(await county.get(`/registry/team_members/${member.id}`, { as_of: body.starts_on })), { leave_days: 3, on_leave: true });
  for (const name of ['approve', 'refuse']) assertRefused(await verb(approved, name, { decision_note: '否' }), 409, 'state_conflict');
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'leave' AND record_id = '${leave.id}'`)[0].n, 2);
});

test('R-168: longer leave is the county\'s to decide on, and whoever is above', async () => {
  const leave = await asked(member, span(4));
  assertRecord(leave, { days: 4, approver_level: 3 });
  assertRefused(await verb(leave, 'approve'), 403, 'not_your_unit');
  assertRefused(await verb(leave, 'refuse', { decision_note: '否' }), 403, 'not_your_unit');
  assertRecord(assertDone(await verb(leave, 'approve', {}, county)), { status: 'approved' });
  assertRecord(assertDone(await verb(await asked(member, span(1)), 'refuse', { decision_note: '有集中排查' }, prefecture)), { status: 'refused', decision_note: '有集中排查' });
  assertRecord(assertDone(await verb(await asked(member, span(2)), 'approve', {}, province)), { status: 'approved' });
});

test('R-166, R-168: the division\'s settings say how days are counted and how many the town may give', async () => {
  const own = await newTown(1);
  const theirs = await newMember(await newTeam(own), own.villages[0]);
  const set = (key, value) => run(`INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES ('registry.${key}', '${own.code}', 0, '${value}', true, 'test')`);
  set('leave_unit', 'work_days');
  set('leave_town_days', 5);
  set('leave_county_days', 7);
  const monday = rows(`SELECT min(d.day)::text AS day FROM zeren.calendar_day d WHERE d.day > '${today}' AND extract(isodow FROM d.day) = 1
    AND (SELECT count(*) FROM zeren.calendar_day w WHERE w.is_work AND w.day BETWEEN d.day AND d.day + 6) = 5`)[0].day;
  const after = (n) => new Date(Date.parse(monday) + n * 86_400_000).toISOString().slice(0, 10);
  const leave = await asked(theirs, { starts_on: monday, ends_on: after(6) }, county);
  assertRecord(leave, { days: 5, unit: 'work_days', approver_level: 4 });
  assertDone(await cancel(leave, county));
  assertRefused(await ask(theirs, { starts_on: after(5), ends_on: after(6) }, county), 422, 'invalid', { pointer: '/ends_on' });
  assertRecord(await asked(theirs, { starts_on: monday, ends_on: after(20) }, county), { approver_level: 2 });
  assertRefused(await ask(theirs, { starts_on: after(30), ends_on: '2199-01-01' }, county), 422, 'invalid');
});

test('R-165: who asks: the member, or an office of the town or above; nobody else', async () => {
  const another = await newMember(team, village);
  const neighbour = await callerOf(another);
  assertRefused(await ask(member, span(1), neighbour), 403, 'not_your_unit');
  assertRefused(await cancel(await asked(member, span(1)), neighbour), 403, 'not_your_unit');
  assertRecord(await asked(member, span(1), office), { status: 'requested' });
  assertRecord(await asked(member, span(1), county), { status: 'requested' });
  assertRefused(await ask(member, span(1), otherCounty), 422, 'invalid', { pointer: '/team_member_id' });
  assertRefused(await ask(member, span(1), townOffice), 422, 'invalid', { pointer: '/team_member_id' });
  for (const caller of [as('department_office'), as('inspector'), as('province_office')]) assertRefused(await ask(member, span(1), caller), 403, 'forbidden');
  for (const caller of [self, as('department_office')]) assertRefused(await verb(await asked(member, span(1)), 'approve', {}, caller), 403, 'forbidden');
});

test('R-165: days in which the member serves, entered in time', async () => {
  const late = await newMember(team, village, { starts_on: days(-30) });
  assertRefused(await ask(late, { starts_on: days(5), ends_on: days(4) }, county), 422, 'invalid', { pointer: '/ends_on' });
  assertRefused(await ask(late, { starts_on: days(-4), ends_on: days(1) }, county), 422, 'invalid', { pointer: '/starts_on' });
  assertDone(await ask(late, { starts_on: days(-3), ends_on: days(-3) }, county), 201);
  const soon = await newMember(team, village, { starts_on: days(3) });
  assertRefused(await ask(soon, { starts_on: days(2), ends_on: days(4) }, county), 422, 'invalid', { pointer: '/starts_on' });
  assertDone(await county.verb(`/registry/team_members/${soon.id}:end`, 1, { on: days(20) }));
  assertRefused(await ask(soon, { starts_on: days(19), ends_on: days(20) }, county), 422, 'invalid', { pointer: '/starts_on' });
  const leave = await asked(soon, { starts_on: days(18), ends_on: days(19) }, county);
  run(`UPDATE registry.team_member SET ends_on = '${days(19)}' WHERE id = '${soon.id}'`);
  assertRefused(await verb(leave, 'approve'), 409, 'state_conflict');
  assertRefused(await ask(member, { ...span(1), team_member_id: nobodysId() }), 422, 'invalid', { pointer: '/team_member_id' });
  assertRefused(await ask(member, { ...span(1), reason: '' }), 422, 'invalid', { pointer: '/reason' });
});

test('R-167: leave that overlaps what is asked for or approved is refused; what was refused or called off is not in the way', async () => {
  const body = span(3);
  const leave = await asked(member, body);
  assertRefused(await ask(member, { starts_on: body.ends_on, ends_on: days(at) }), 409, 'state_conflict');
  assertRefused(await ask(member, body), 409, 'state_conflict');
  assertDone(await cancel(leave));
  const again = await asked(member, body);
  assertDone(await verb(again, 'refuse', { decision_note: '请改期' }));
  const answers = await Promise.all(Array.from({ length: 16 }, () => ask(member, body)));
  assert.equal(answers.filter((a) => a.status === 201).length, 1);
  for (const a of answers.filter((x) => x.status !== 201)) assertRefused(a, 409, 'state_conflict');
});

test('R-169: nobody decides on the own leave, nor on what they asked for, whatever post they act in', async () => {
  const { caller: clerk } = await officeOf(town.code);
  assertRefused(await verb(await asked(member, span(1), clerk), 'approve', {}, clerk), 403, 'another_person_required');
  assertDone(await verb(await asked(member, span(1), clerk), 'approve', {}, office));
  // A member who also holds a post of the town's office.
  const { post } = await newCaller(town.code, { role: 'town_office', ranges: [town.code], lines: null });
  assertDone(await county.patch(`/identity/holders/${rows(`SELECT id FROM identity.holder WHERE post_id = '${post.id}'`)[0].id}`, 1, { ends_on: '2026-02-01' }));
  const both = await newMember(team, village);
  assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: both.person.id, starts_on: '2026-02-01' }), 201);
  const caller = await callerOf(both);
  const leave = await asked(both, span(1), caller);
  const switched = assertDone(await caller.post(`/identity/sessions/${caller.session.session_id}:switch`, { post_id: post.id }));
  const acting = { token: switched.access_token };
  assertRefused(await office.verb(`${path}/${leave.id}:approve`, leave.version, {}, acting), 403, 'another_person_required');
  assertDone(await verb(leave, 'approve'));
});

test('R-170: another member covers, who serves and is not on leave in these days', async () => {
  const cover = await newMember(team, other);
  const body = span(2);
  const leave = await asked(member, { ...body, cover_member_id: cover.id }, office);
  assertRecord(leave, { cover_member_id: cover.id, cover: cover.person.name });
  assertRefused(await ask(member, { ...span(1), cover_member_id: cover.id }), 422, 'invalid', { pointer: '/cover_member_id' }); // of a village out of sight
  assertDone(await verb(leave, 'approve', {}, county));
  const gap = async (on) => (await allOf(county, '/registry/team_gaps', { division: town.code, kind: 'leave_without_cover', as_of: on })).map((g) => g.leave_id);
  assert.deepEqual(await gap(body.starts_on), []);
  const away = assertDone(await verb(await asked(cover, body, office), 'approve', {}, county));
  assert.deepEqual((await gap(body.starts_on)).sort(), [away.id, leave.id].sort());
  assertRefused(await ask(member, { ...span(1), cover_member_id: member.id }), 422, 'invalid', { pointer: '/cover_member_id' });
  assertRefused(await ask(member, { ...span(1), cover_member_id: nobodysId() }), 422, 'invalid', { pointer: '/cover_member_id' });
  const third = await newMember(team, village);
  assertRefused(await ask(third, { ...body, cover_member_id: cover.id }, office), 422, 'invalid', { pointer: '/cover_member_id' });
  assertDone(await county.verb(`/registry/team_members/${cover.id}:end`, 1, { on: days(at) }));
  assertRefused(await ask(third, { starts_on: days(at - 1), ends_on: days(at), cover_member_id: cover.id }, office), 422, 'invalid', { pointer: '/cover_member_id' });
});

test('R-171: leave is called off until it begins, with a reason, and cut short afterwards', async () => {
  const leave = assertDone(await verb(await asked(member, span(3)), 'approve'));
  assertRefused(await verb(leave, 'cancel', {}, self), 422, 'invalid', { pointer: '/decision_note' });
  assertRecord(assertDone(await cancel(leave)), { status: 'cancelled', decision_note: '事情已了', version: 3 });
  const body = span(3);
  const running = assertDone(await verb(await asked(member, body), 'approve'));
  run(`UPDATE registry.leave SET starts_on = '${days(-1)}', ends_on = '${days(1)}' WHERE id = '${running.id}'`);
  assertRefused(await cancel(running), 409, 'state_conflict');
  assertRefused(await verb(running, 'shorten', { ends_on: days(1) }, self), 422, 'invalid', { pointer: '/ends_on' });
  assertRefused(await verb(running, 'shorten', { ends_on: days(-2) }, self), 422, 'invalid', { pointer: '/ends_on' });
  const back = assertDone(await verb(running, 'shorten', { ends_on: today, decision_note: '提前返岗' }, self));
  assertRecord(back, { status: 'approved', ends_on: today, days: 2, version: 3 });
  assert.deepEqual(back.steps.map((s) => s.verb), ['ask', 'approve', 'shorten']);
  assertRefused(await verb(await asked(member, span(2)), 'shorten', { ends_on: days(at - 2) }, self), 409, 'state_conflict');
});

test('lists filter by member, state, level and day; who sees them', async () => {
  const one = await newMember(team, other);
  const [short, long] = [await asked(one, { starts_on: days(10), ends_on: days(10) }, county), await asked(one, { starts_on: days(20), ends_on: days(29) }, county)];
  const ids = async (query, caller = county) => (await allOf(caller, path, { team_member_id: one.id, ...query })).map((l) => l.id);
  assert.deepEqual(await ids({}), [short.id, long.id]);
  assert.deepEqual(await ids({ sort: '-starts_on', limit: 1 }), [long.id, short.id]);
  assert.deepEqual(await ids({ approver_level: 3 }), [long.id]);
  assert.deepEqual(await ids({ as_of: days(25), division: other.code, post_id: one.post.id }), [long.id]);
  assertDone(await verb(short, 'approve'));
  assert.deepEqual([await ids({ status: 'approved' }), await ids({ status: 'requested' }, office)], [[short.id], [long.id]]);
  assert.deepEqual([await ids({}, otherCounty), await ids({}, townOffice)], [[], []]);
  assertRefused(await otherCounty.get(`${path}/${short.id}`), 404, 'not_found');
  assertRefused(await verb(long, 'approve', {}, otherCounty), 404, 'not_found');
  assertRefused(await verb({ ...long, version: 9 }, 'approve', {}, county), 412, 'stale');
  assertRefused(await county.post(`${path}/${long.id}:approve`, {}), 428, 'precondition_required');
  const id = uuid();
  assertDone(await ask(one, { id, starts_on: days(40), ends_on: days(40) }, county), 201);
  assertRefused(await ask(one, { id, starts_on: days(50), ends_on: days(50) }, county), 409, 'duplicate');
});
