// tests/api/urging.test.mjs - urging (督办) as a record: who urges whom on what, until when, who answers, accepts, returns and
// withdraws
// its light and who sees it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { county, department, listInForce, newOrganisation, nobodysId, otherCounty, prefecture, province, townOffice, unitOf,
  valueItem } from '../support/world.mjs';

const path = '/registry/urgings';
const town = await unitOf('town_office');
const agriculture = await unitOf('department_office');
const villager = as('village_worker');
const inspector = as('inspector');
const issue = (body = {}, caller = county, options) => caller.post(path, { addressee_organisation_id: town.id, matter: unique('请报整改计划'), ...body }, options);
const issued = async (body, caller) => assertDone(await issue(body, caller), 201);
const step = (urging, verb, body, caller) => caller.verb(`${path}/${urging.id}:${verb}`, urging.version, body);
const answer = (urging, body = { answer: '已整改' }, caller = townOffice) => step(urging, 'answer', body, caller);
const accept = (urging, body = {}, caller = county) => step(urging, 'accept', body, caller);
const giveBack = (urging, body = { decision_note: '未附材料' }, caller = county) => step(urging, 'return', body, caller);
const withdraw = (urging, body = { decision_note: '重复' }, caller = county) => step(urging, 'withdraw', body, caller);
const now = async (urging, caller = county) => assertDone(await caller.get(`${path}/${urging.id}`));
const dueAfter = (days) => rows(`SELECT zeren.due_after((now() AT TIME ZONE 'Asia/Shanghai')::date, ${days}, 'work_days')::text AS day`)[0].day;
const today = () => rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS day")[0].day;

test('R-042: an office urges a unit below, which sees it; the answer is due after so many work days', async () => {
  const given = await issue({ basis: '区委督查〔2026〕3号', answer_work_days: 7 });
  const urging = assertDone(given, 201);
  assertRecord(urging, { owner_division: town.owner_division, at_division: town.owner_division, addressee_organisation_id: town.id, addressee: town.name,
    item_id: null,
    number: null, basis: '区委督查〔2026〕3号', issued_on: today(), answer_work_days: 7, answer_by: dueAfter(7), status: 'issued', light: 'green', answer: null,
    returns: 0, version: 1 });
  assert.equal(given.headers.get('location'), `/api/v1${path}/${urging.id}`);
  assert.deepEqual(urging.steps.map((s) => [s.verb, s.post_id, s.answer_by]), [['issue', urging.issuer_post_id, urging.answer_by]]);
  assert.deepEqual(await now(urging, townOffice), urging);
  assert.equal((await issued()).answer_by, dueAfter(5));
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'urging' AND record_id = '${urging.id}'`)[0].n, 1);
});

test('the same key urges once', async () => {
  const key = newKey();
  const matter = unique('督办');
  const answers = [await issue({ matter }, county, { key }), await issue({ matter }, county, { key })];
  assert.deepEqual(...answers.map((a) => assertDone(a, 201).id).reduce((a, b) => [[a], [b]]));
});

test('R-041: on an item its lead or an assisting unit is urged, the lead when nobody is named', async () => {
  const third = await newOrganisation();
  const { items: [item] } = await listInForce([(task) => valueItem(task, town, { assist_organisation_ids: [agriculture.id] })]);
  assertRecord(await issued({ item_id: item.id, addressee_organisation_id: undefined }), { item_id: item.id, addressee_organisation_id: town.id });
  assertRecord(await issued({ item_id: item.id, addressee_organisation_id: agriculture.id }), { addressee_organisation_id: agriculture.id });
  assertRefused(await issue({ item_id: item.id, addressee_organisation_id: third.id }), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assertRefused(await issue({ item_id: nobodysId() }), 422, 'invalid', { pointer: '/item_id' });
  assertRefused(await issue({ addressee_organisation_id: undefined }), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assert.equal((await allOf(county, path, { item_id: item.id })).length, 2);
});

test('R-040: one urges down or beside, never up and never oneself', async () => {
  assertRecord(await issued({ addressee_organisation_id: agriculture.id }), { addressee: agriculture.name });
  const [own] = rows(`SELECT p.organisation_id AS id FROM identity.post p JOIN identity.acting_post a ON a.post_id = p.id JOIN identity.account c ON c.id = a.account_id
                       WHERE c.login = 'county_office'`);
  assertRefused(await issue({ addressee_organisation_id: own.id }), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  const above = await newOrganisation({ owner_division: '431300000000' }, prefecture);
  assertRefused(await issue({ addressee_organisation_id: above.id }), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assertRecord(await issued({ addressee_organisation_id: own.id }, prefecture), { owner_division: '431302000000' });
  assertRefused(await issue({}, otherCounty), 422, 'invalid', { pointer: '/addressee_organisation_id' });
});

test('a post is urged inside the unit urged only', async () => {
  const post = assertDone(await county.post('/identity/posts', { organisation_id: town.id, title: unique('岗'), duty: 'specific' }), 201);
  assertRecord(await issued({ addressee_post_id: post.id }), { addressee_post_id: post.id });
  assertRefused(await issue({ addressee_organisation_id: agriculture.id, addressee_post_id: post.id }), 422, 'invalid', { pointer: '/addressee_post_id' });
  assertRefused(await issue({ addressee_post_id: nobodysId() }), 422, 'invalid', { pointer: '/addressee_post_id' });
});

test('R-043: only the unit urged answers; an answer is not given twice', async () => {
  const urging = await issued();
  assertRefused(await answer(urging, undefined, department), 403, 'not_your_unit');
  const other = await issued({ addressee_organisation_id: agriculture.id });
  assertRefused(await step(other, 'answer', { answer: '已整改' }, county), 403, 'not_your_unit');
  assertRefused(await answer(urging, {}), 422, 'invalid', { pointer: '/answer' });
  const answered = assertDone(await answer(urging));
  assertRecord(answered, { status: 'answered', answer: '已整改', light: 'green', version: 2 });
  assert.ok(answered.answered_by && answered.answered_at);
  assert.deepEqual(answered.steps.map((s) => s.verb), ['issue', 'answer']);
  assertRefused(await answer(answered), 409, 'state_conflict');
  assert.deepEqual(await now(urging), answered);
});

test('R-044: its issuer accepts, once, after the answer', async () => {
  const urging = await issued();
  assertRefused(await accept(urging), 409, 'state_conflict');
  const answered = assertDone(await answer(urging));
  assertRefused(await accept(answered, {}, prefecture), 403, 'not_your_unit');
  const accepted = assertDone(await accept(answered, { decision_note: '同意销号' }));
  assertRecord(accepted, { status: 'accepted', decision_note: '同意销号', version: 3 });
  assert.deepEqual(accepted.steps.map((s) => [s.verb, s.note]).slice(1), [['answer', '已整改'], ['accept', '同意销号']]);
  for (const again of [accept, giveBack, withdraw]) assertRefused(await again(accepted), 409, 'state_conflict');
});

test('R-045: a returned answer is due again and counted; whoever returns says why', async () => {
  const urging = await issued({ answer_work_days: 4 });
  run(`UPDATE registry.urging SET issued_on = '2025-09-01', answer_by = '2025-09-05' WHERE id = '${urging.id}'`);
  const answered = assertDone(await answer(urging));
  assertRefused(await giveBack(answered, {}), 422, 'invalid', { pointer: '/decision_note' });
  const returned = assertDone(await giveBack(answered, { decision_note: '未附材料', answer_work_days: 2 }));
  assertRecord(returned, { status: 'returned', returns: 1, answer_work_days: 2, answer_by: dueAfter(2), decision_note: '未附材料' });
  const again = assertDone(await answer(returned, { answer: '补充材料' }));
  assertRecord(again, { status: 'answered', answer: '补充材料', returns: 1 });
  assert.equal(assertDone(await giveBack(again)).answer_by, dueAfter(2));
});

test('R-045: what waits for its answer is withdrawn, with a reason; what is answered is not', async () => {
  const urging = await issued();
  assertRefused(await withdraw(urging, {}), 422, 'invalid', { pointer: '/decision_note' });
  assertRecord(assertDone(await withdraw(urging)), { status: 'withdrawn', decision_note: '重复' });
  assertRefused(await withdraw(assertDone(await answer(await issued()))), 409, 'state_conflict');
});

test('R-046: late answers are red, until they come', async () => {
  const urging = await issued();
  const answerBy = (day) => run(`UPDATE registry.urging SET answer_by = '${day}' WHERE id = '${urging.id}'`);
  answerBy(dueAfter(1));
  assert.equal((await now(urging)).light, 'amber');
  answerBy('2025-09-05');
  assert.equal((await now(urging)).light, 'red');
  assert.deepEqual((await allOf(townOffice, path, { light: 'red', addressee_organisation_id: town.id })).some((u) => u.id === urging.id), true);
  assert.equal(assertDone(await answer(urging)).light, 'green');
});

test('lists filter by unit, state and division and sort by the day of the answer', async () => {
  const own = await newOrganisation({ kind: 'town', owner_division: '431302001000' });
  const [late, soon] = [await issued({ addressee_organisation_id: own.id, answer_work_days: 9 }), await issued({ addressee_organisation_id: own.id,
    answer_work_days: 3 })];
  const ids = async (query) => (await allOf(county, path, { addressee_organisation_id: own.id, ...query })).map((u) => u.id);
  assert.deepEqual(await ids({ sort: 'answer_by' }), [soon.id, late.id]);
  assert.deepEqual(await ids({ sort: '-answer_by', limit: 1 }), [late.id, soon.id]);
  assert.deepEqual(await ids({ status: 'answered' }), []);
  assert.deepEqual(await ids({ division: '431302001000', issuer_organisation_id: late.issuer_organisation_id }), [late.id, soon.id]);
  assertDone(await withdraw(soon));
  assert.deepEqual(await ids({ status: 'withdrawn' }), [soon.id]);
});

test('R-047: who sees it: those above and the unit urged, no sibling; who may not', async () => {
  const urging = await issued();
  for (const caller of [province, prefecture, inspector]) assert.equal((await now(urging, caller)).id, urging.id);
  assertRefused(await otherCounty.get(`${path}/${urging.id}`), 404, 'not_found');
  assertRefused(await issue({}, townOffice), 403, 'forbidden');
  assertRefused(await accept(urging, {}, townOffice), 403, 'forbidden');
  assertRefused(await as('system_admin').get(path), 403, 'forbidden');
  assertRefused(await answer(urging, undefined, villager), 403, 'forbidden');
  assertRefused(await answer({ id: nobodysId(), version: 1 }), 404, 'not_found');
  assertRefused(await answer({ ...urging, version: 9 }), 412, 'stale');
  assertRefused(await townOffice.post(`${path}/${urging.id}:answer`, { answer: '好' }), 428, 'precondition_required');
  assertRefused(await issue({ answer_work_days: 0 }), 422, 'invalid', { pointer: '/answer_work_days' });
  const id = uuid();
  assertDone(await issue({ id }), 201);
  assertRefused(await issue({ id }), 409, 'duplicate');
});
