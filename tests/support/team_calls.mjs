// tests/support/team_calls.mjs - kinds of villages, work teams, leave, groups and meetings: records of the county that suites try, and calls that succeed.
import { assertDone } from './assert.mjs';
import { unique } from './client.mjs';
import { newTown } from './teams.mjs';
import { county, louxing, newOrganisation, prefecture, unitOf } from './world.mjs';

const made = async (path, body, caller = county) => assertDone(await caller.post(`/registry${path}`, body), 201);
const later = (n) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
const own = await newTown(30);
const town = await unitOf('town_office');
const unit = await newOrganisation();
const postOf = async (duty) => assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: unique('岗'), duty }), 201);
const head = await postOf('first_responsible');
let used = 0;
const anotherVillage = () => own.villages[used++ % own.villages.length].code;

// Rules of villages that nothing else happens in.
const ruled = await newTown(60);
let rules = 0;
const another = () => ruled.villages[rules++ % ruled.villages.length].code;
const goodKindRule = () => ({ owner_division: another(), kind: 'lifted', needs_team: true, source: '县级文件' });
const goodEscalation = () => ({ owner_division: another(), step: 1, red_work_days: 5, levels_up: 1, duty: 'direct', source: '县级文件' });
const newKindRule = () => made('/village_kind_rules', goodKindRule());
const newEscalation = () => made('/escalation_rules', goodEscalation());

const goodKind = () => ({ owner_division: anotherVillage(), kind: 'key_village', valid_from: '2026-01-01' });
const goodTeam = () => ({ owner_division: louxing, name: unique('工作队'), starts_on: '2026-01-05', villages: [{ division: own.villages[0].code }] });
const newTeam = () => made('/teams', goodTeam());
const team = await newTeam();
const goodMember = async () => ({ team_id: team.id, post_id: (await postOf('team_member')).id, starts_on: '2026-01-05' });
const newMember = async () => made('/team_members', await goodMember());
const member = await newMember();
const goodLeave = (of) => ({ team_member_id: of.id, starts_on: later(30), ends_on: later(33), reason: '家中有事' });
const newLeave = async (caller = county) => made('/leaves', goodLeave(await newMember()), caller);
const approved = async () => {
  const leave = await newLeave(prefecture);
  return assertDone(await county.verb(`/registry/leaves/${leave.id}:approve`, leave.version, {}));
};
const newUnit = () => newOrganisation({ kind: 'work_group' });
const goodGroup = async () => ({ organisation_id: (await newUnit()).id, kind: 'special_group', title: unique('专班'), head_post_ids: [head.id], starts_on: '2026-01-05' });
const newGroup = async () => made('/groups', await goodGroup());
const goodMeeting = () => ({ kind: 'dispatch', held_on: '2026-06-10', subject: unique('调度') });
const newMeeting = () => made('/meetings', goodMeeting());
const [spareMember, spareUnit, spareLeaver] = [await goodMember(), await goodGroup(), await newMember()];

export const records = { village_kinds: await made('/village_kinds', goodKind()), teams: team, team_members: member, leaves: await newLeave(), groups: await newGroup(),
  meetings: await newMeeting(), village_kind_rules: await newKindRule(), escalation_rules: await newEscalation() };
export const readFromBelow = ['get_team', 'get_team_member', 'get_group'];
const ending = () => ({ on: '2026-07-01' });

export const bodies = {
  create_village_kind_rule: goodKindRule,
  update_village_kind_rule: () => ({ needs_team: true }),
  create_escalation_rule: goodEscalation,
  update_escalation_rule: () => ({ red_work_days: 6 }),
  create_village_kind: goodKind,
  end_village_kind: ending,
  create_team: goodTeam,
  update_team: () => ({ term_ends_on: '2028-12-31' }),
  assign_village: () => ({ division: own.villages[1].code, on: '2026-06-01' }),
  release_village: () => ({ division: own.villages[0].code, on: '2026-06-01' }),
  end_team: ending,
  create_team_member: () => spareMember,
  update_team_member: () => ({ role: 'team_leader' }),
  rotate_team_member: ending,
  end_team_member: ending,
  ask_leave: () => goodLeave(spareLeaver),
  approve_leave: () => ({}),
  refuse_leave: () => ({ decision_note: '请改期' }),
  cancel_leave: () => ({ decision_note: '事情已了' }),
  shorten_leave: () => ({ ends_on: later(31) }),
  create_group: () => spareUnit,
  update_group: () => ({ title: unique('专班') }),
  end_group: ending,
  record_meeting: goodMeeting,
  update_meeting: () => ({ minutes: '会议议定一项。' }),
  decide_meeting: () => ({ decisions: [{ matter: unique('事项'), owner_organisation_id: town.id, due_on: later(20) }] }),
};
const fromNew = (make) => async () => ({ record: await make() });
export const fresh = {
  update_village_kind_rule: fromNew(newKindRule),
  withdraw_village_kind_rule: fromNew(newKindRule),
  update_escalation_rule: fromNew(newEscalation),
  withdraw_escalation_rule: fromNew(newEscalation),
  end_village_kind: fromNew(() => made('/village_kinds', goodKind())),
  update_team: fromNew(newTeam),
  assign_village: fromNew(newTeam),
  release_village: fromNew(newTeam),
  end_team: fromNew(newTeam),
  create_team_member: async () => ({ body: await goodMember() }),
  update_team_member: fromNew(newMember),
  rotate_team_member: fromNew(newMember),
  end_team_member: fromNew(newMember),
  ask_leave: async () => ({ body: goodLeave(await newMember()) }),
  approve_leave: fromNew(() => newLeave(prefecture)),
  refuse_leave: fromNew(() => newLeave(prefecture)),
  cancel_leave: fromNew(newLeave),
  shorten_leave: fromNew(approved),
  create_group: async () => ({ body: await goodGroup() }),
  update_group: fromNew(newGroup),
  end_group: fromNew(newGroup),
  update_meeting: fromNew(newMeeting),
  decide_meeting: fromNew(newMeeting),
};
