// tests/api/registry_team_notice.test.mjs - whom leave and decisions concern: the office that decides finds it in its work list, the member and the unit are told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique } from '../support/client.mjs';
import { within } from '../support/accounts.mjs';
import { assertDone, assertRecord } from '../support/assert.mjs';
import { callerOf, newMember, newTeam } from '../support/teams.mjs';
import { county, town, townOffice, unitOf, village } from '../support/world.mjs';

const day = (n) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
const team = await newTeam({ code: town }, { villages: [{ division: village }] });
const toldOf = async (caller, record) => (await allOf(caller, '/identity/me/inbox')).filter((n) => n.record_id === record.id);
const listed = async (caller, record) => (await allOf(caller, '/identity/me/worklist')).filter((w) => w.id === record.id);
const arrives = (caller, record, verb) => within(60_000, async () => (await toldOf(caller, record)).some((n) => n.verb === verb));

test('R-168: leave waits for the office of the level that decides; its member is told', async () => {
  const member = await newMember(team, { code: village });
  const self = await callerOf(member);
  const leave = assertDone(await self.post('/registry/leaves', { team_member_id: member.id, starts_on: day(10), ends_on: day(11), reason: '家中有事' }), 201);
  const [todo] = await listed(townOffice, leave);
  assertRecord(todo, { kind: 'leave', todo: '审批驻村请假' });
  assert.deepEqual(await listed(county, leave), []);
  assertDone(await townOffice.verb(`/registry/leaves/${leave.id}:approve`, leave.version, {}));
  await arrives(self, leave, 'approve_leave');
  assert.match((await toldOf(self, leave))[0].text, /^驻村请假已批准：/);
  assert.deepEqual(await listed(townOffice, leave), []);
});

test('R-176: who a decision is handed to is told of the work order', async () => {
  const unit = await unitOf('town_office');
  const meeting = assertDone(await county.post('/registry/meetings', { kind: 'dispatch', held_on: '2026-06-10', subject: '调度' }), 201);
  const matter = unique('议定事项');
  const { decisions: [decision] } = assertDone(await county.verb(`/registry/meetings/${meeting.id}:decide`, meeting.version,
    { decisions: [{ matter, owner_organisation_id: unit.id, due_on: day(20) }] }));
  const order = { id: decision.work_order_id };
  await arrives(townOffice, order, 'decide_meeting');
  assert.match((await toldOf(townOffice, order))[0].text, new RegExp(`^会议议定事项.*${matter}`));
});
