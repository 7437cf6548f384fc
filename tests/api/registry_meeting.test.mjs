// tests/api/registry_meeting.test.mjs - meetings of units and groups, whose decisions become work orders in the same step.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newCaller } from '../support/admins.mjs';
import { upload } from '../support/batches.mjs';
import { rows } from '../support/database.mjs';
import { pdf } from '../support/pictures.mjs';
import { fill } from '../support/teams.mjs';
import { county, department, louxing, newOrganisation, nobodysId, otherCounty, prefecture, province, townOffice, unitOf } from '../support/world.mjs';

const [{ today }] = rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS today");
const days = (n) => new Date(Date.parse(today) + n * 86_400_000).toISOString().slice(0, 10);
const path = '/registry/meetings';
const town = await unitOf('town_office');
const agriculture = await unitOf('department_office');
const head = assertDone(await county.post('/identity/posts', { organisation_id: (await newOrganisation()).id, title: unique('岗'), duty: 'first_responsible' }), 201);
const person = await fill(head);
const unit = await newOrganisation({ kind: 'work_group' });
const group = assertDone(await county.post('/registry/groups', { organisation_id: unit.id, kind: 'leading_group', title: unique('领导小组'), head_post_ids: [head.id],
  member_organisation_ids: [agriculture.id], starts_on: '2026-01-05' }), 201);
const record = (body = {}, caller = county, options) => caller.post(path, { kind: 'dispatch', held_on: today, subject: '调度供水工程', ...body }, options);
const recorded = async (body, caller) => assertDone(await record(body, caller), 201);
const ofGroup = (body = {}, caller = county) => recorded({ kind: 'group', group_id: group.id, ...body }, caller);
const decide = (meeting, decisions, caller = county, options) => caller.verb(`${path}/${meeting.id}:decide`, meeting.version, { decisions }, options);
const decision = (body = {}) => ({ matter: '完成十四处供水工程招标', standard: '合同签订并公示', owner_organisation_id: town.id, due_on: days(20), ...body });
const orders = (matter) => rows(`SELECT count(*) AS n FROM registry.work_order WHERE matter = '${matter}'`)[0].n;
const now = async (meeting, caller = county) => assertDone(await caller.get(`${path}/${meeting.id}`));

test('R-175: a unit records its meeting, with who came and what was said', async () => {
  const file = await upload(county, pdf(unique()), `${unique('纪要')}.pdf`);
  const key = newKey();
  const body = { chair_post_id: head.id, attending_post_ids: [head.id], minutes: '会议听取了汇报。', file_ids: [file.id] };
  const given = await record(body, county, { key });
  const meeting = assertDone(given, 201);
  assertRecord(meeting, { owner_division: louxing, at_division: louxing, group_id: null, kind: 'dispatch', held_on: today, chair_post_id: head.id, chair: person.name,
    subject: '调度供水工程', attending_post_ids: [head.id], attending: [{ post_id: head.id, title: head.title, holder: person.name }], minutes: '会议听取了汇报。',
    file_ids: [file.id], decisions: [], version: 1 });
  assert.equal(given.headers.get('location'), `/api/v1${path}/${meeting.id}`);
  assert.equal(assertDone(await record(body, county, { key }), 201).id, meeting.id);
  assert.deepEqual(await now(meeting), meeting);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.file_use WHERE record = 'meeting' AND record_id = '${meeting.id}'`)[0].n, 1);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'meeting' AND record_id = '${meeting.id}'`)[0].n, 1);
  assertRecord(await recorded({ kind: 'study' }, department), { organisation_id: agriculture.id, organisation: agriculture.name });
});

test('R-175: a group\'s meeting is recorded by who sits in it, its members and the leading units of its division', async () => {
  const meeting = await ofGroup({}, department); // its unit is a member
  assertRecord(meeting, { group_id: group.id, group_title: group.title, organisation_id: unit.id, organisation: unit.name });
  const { caller } = await newCaller(louxing, { role: 'department_office', ranges: [louxing], lines: null });
  assertRefused(await record({ kind: 'group', group_id: group.id }, caller), 403, 'not_your_unit');
  assertRefused(await caller.patch(`${path}/${meeting.id}`, 1, { minutes: 'x' }), 403, 'not_your_unit');
  assertRefused(await decide(meeting, [decision()], caller), 403, 'not_your_unit');
  assertRefused(await record({ kind: 'group' }), 422, 'invalid', { pointer: '/group_id' });
  assertRefused(await record({ kind: 'group', group_id: nobodysId() }), 422, 'invalid', { pointer: '/group_id' });
  assertRefused(await record({ kind: 'group', group_id: group.id, held_on: '2026-01-04' }), 422, 'invalid', { pointer: '/held_on' });
  assertRefused(await record({ kind: 'group', group_id: group.id }, otherCounty), 422, 'invalid', { pointer: '/group_id' });
});

test('R-175: what is refused', async () => {
  assertRefused(await record({ held_on: days(1) }), 422, 'invalid', { pointer: '/held_on', code: 'in_the_future' });
  assertRefused(await record({ chair_post_id: nobodysId() }), 422, 'invalid', { pointer: '/chair_post_id' });
  assertRefused(await record({ attending_post_ids: [head.id, nobodysId()] }), 422, 'invalid', { pointer: '/attending_post_ids' });
  assertRefused(await record({ file_ids: [nobodysId()] }), 422, 'invalid', { pointer: '/file_ids' });
  assertRefused(await record({ kind: 'party' }), 422, 'invalid', { pointer: '/kind' });
  for (const caller of [as('inspector'), as('system_admin')]) assertRefused(await record({}, caller), 403, 'forbidden');
  const id = uuid();
  await recorded({ id });
  assertRefused(await record({ id }), 409, 'duplicate');
});

test('R-175: minutes come later, by who may record it; what was decided stays', async () => {
  const meeting = await recorded();
  const decided = assertDone(await decide(meeting, [decision()]));
  const corrected = assertDone(await county.patch(`${path}/${meeting.id}`, 2, { minutes: '会议议定一项。', attending_post_ids: [head.id], chair_post_id: head.id }));
  assertRecord(corrected, { minutes: '会议议定一项。', attending_post_ids: [head.id], chair: person.name, decisions: decided.decisions, version: 3 });
  assertRecord(assertDone(await county.patch(`${path}/${meeting.id}`, 3, { minutes: null, chair_post_id: null, attending_post_ids: null })), { minutes: null,
    chair_post_id: null, attending_post_ids: [] });
  assertRefused(await county.patch(`${path}/${meeting.id}`, 3, { minutes: 'x' }), 412, 'stale');
  assertRefused(await county.patch(`${path}/${meeting.id}`, 4, { chair_post_id: nobodysId() }), 422, 'invalid', { pointer: '/chair_post_id' });
  assertRefused(await otherCounty.patch(`${path}/${meeting.id}`, 4, { minutes: 'x' }), 404, 'not_found');
});

test('R-176: decisions become numbered work orders of the unit that met, in one step', async () => {
  const meeting = await ofGroup();
  const key = newKey();
  const given = [decision(), decision({ owner_organisation_id: agriculture.id, standard: undefined, matter: '开展技术培训' }),
    decision({ owner_organisation_id: unit.id, matter: '每月调度一次' })];
  const decided = assertDone(await decide(meeting, given, county, { key }));
  assert.deepEqual(decided.decisions.map((d) => [d.position, d.matter, d.standard, d.owner_organisation_id, d.due_on, d.work_order_status]), [
    [1, '完成十四处供水工程招标', '合同签订并公示', town.id, days(20), 'issued'], [2, '开展技术培训', null, agriculture.id, days(20), 'issued'],
    [3, '每月调度一次', null, unit.id, days(20), null]].map((d, i) => (i === 2 ? [3, '每月调度一次', '合同签订并公示', unit.id, days(20), null] : d)));
  assert.equal(decided.decisions[2].work_order_id, null);
  assert.deepEqual(decided.decisions.slice(0, 2).map((d) => Number(d.work_order_number.match(/(\d+)号/)[1])), [1, 2]);
  assert.deepEqual(await now(meeting), decided);
  assert.deepEqual(assertDone(await decide(meeting, given, county, { key })).decisions, decided.decisions);
  const order = assertDone(await townOffice.get(`/registry/work_orders/${decided.decisions[0].work_order_id}`));
  assertRecord(order, { number: decided.decisions[0].work_order_number, issuer_organisation_id: unit.id, addressee_organisation_id: town.id, source_kind: 'meeting',
    matter: '完成十四处供水工程招标', standard: '合同签订并公示', due_on: days(20), status: 'issued' });
  assert.deepEqual(order.steps.map((s) => s.verb), ['issue']);
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'work_order' AND record_id = '${order.id}'`)[0].n, 1);
  assertDone(await townOffice.verb(`/registry/work_orders/${order.id}:receive`, order.version));
  assert.equal((await now(meeting)).decisions[0].work_order_status, 'received');
  const more = assertDone(await decide(decided, [decision({ matter: '补充一项' })]));
  assert.deepEqual(more.decisions.map((d) => d.position), [1, 2, 3, 4]);
  assert.match(more.decisions[3].work_order_number, /3号/);
});

test('R-176: one decision that does not fit, and none is handed out', async () => {
  const meeting = await recorded();
  const above = await newOrganisation({ owner_division: '431300000000' }, prefecture);
  const matter = unique('招标'), good = (body) => decision({ matter, ...body });
  const bad = [{ owner_organisation_id: above.id }, { owner_organisation_id: nobodysId() }, { owner_post_id: nobodysId() }, { owner_post_id: head.id }];
  for (const body of bad) assertRefused(await decide(meeting, [good(), good(body)]), 422, 'invalid', { pointer: '/decisions', detail: /^decision 2: / });
  assertRefused(await decide(meeting, [good(), good({ due_on: days(-1) })]), 422, 'invalid', { pointer: '/decisions/1/due_on', code: 'in_the_past' });
  assertRefused(await decide(meeting, [good(), good({ matter: '' })]), 422, 'invalid', { pointer: '/decisions/1/matter' });
  assertRefused(await decide(meeting, []), 422, 'invalid', { pointer: '/decisions' });
  assertRefused(await decide({ ...meeting, version: 9 }, [good()]), 412, 'stale');
  assertRefused(await county.post(`${path}/${meeting.id}:decide`, { decisions: [good()] }), 428, 'precondition_required');
  assertRefused(await decide(meeting, [good()], otherCounty), 404, 'not_found');
  assert.deepEqual((await now(meeting)).decisions, []);
  assert.equal(orders(matter), 0);
});

test('R-176: sixteen hand the same decision out at once: one does, and no number is missing', async () => {
  const other = await newOrganisation({ kind: 'work_group' });
  const own = assertDone(await county.post('/registry/groups', { organisation_id: other.id, kind: 'special_group', title: unique('专班'), head_post_ids: [head.id],
    starts_on: '2026-01-05' }), 201);
  const meeting = await recorded({ kind: 'group', group_id: own.id });
  const answers = await Promise.all(Array.from({ length: 16 }, () => decide(meeting, [decision(), decision()])));
  assert.equal(answers.filter((a) => a.status === 200).length, 1);
  for (const a of answers.filter((x) => x.status !== 200)) assertRefused(a, 412, 'stale');
  assert.deepEqual(rows(`SELECT position FROM registry.work_order WHERE issuer_organisation_id = '${other.id}' ORDER BY position`).map((r) => Number(r.position)), [1, 2]);
});

test('lists filter by group, unit, kind and days; who sees them', async () => {
  const other = await newOrganisation({ kind: 'work_group' });
  const own = assertDone(await county.post('/registry/groups', { organisation_id: other.id, kind: 'special_group', title: unique('专班'), head_post_ids: [head.id],
    starts_on: '2026-01-05' }), 201);
  const at = (held_on, kind = 'group') => recorded({ kind, group_id: own.id, held_on });
  const [a, b, c] = [await at('2026-02-10'), await at('2026-03-10', 'dispatch'), await at('2026-04-10')];
  const ids = async (query, caller = county) => (await allOf(caller, path, { group_id: own.id, ...query })).map((m) => m.id);
  assert.deepEqual(await ids({}), [a.id, b.id, c.id]);
  assert.deepEqual(await ids({ sort: '-held_on', limit: 2 }), [c.id, b.id, a.id]);
  assert.deepEqual(await ids({ kind: 'dispatch' }), [b.id]);
  assert.deepEqual(await ids({ held_from: '2026-03-10', held_until: '2026-03-31' }), [b.id]);
  assert.deepEqual(await ids({ organisation_id: other.id, division: louxing }), [a.id, b.id, c.id]);
  assert.deepEqual([await ids({}, otherCounty), await ids({}, townOffice), (await ids({}, province)).length], [[], [], 3]);
  assertRefused(await otherCounty.get(`${path}/${a.id}`), 404, 'not_found');
});
