// tests/api/registry_work_order.test.mjs - numbered work orders (工作指令): who gives whom one, its number, its deadline, who receives and
// reports back, completes, returns and withdraws, its light, its paper, and who sees it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newCaller } from '../support/admins.mjs';
import { rows, run } from '../support/database.mjs';
import { nextYear } from '../support/days.mjs';
import { county, department, listInForce, louxing, newOrganisation, nobodysId, otherCounty, prefecture, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/work_orders';
const town = await unitOf('town_office');
const agriculture = await unitOf('department_office');
const later = nextYear('06-30');
const body = (more) => ({ addressee_organisation_id: town.id, matter: unique('六月底前完成五处管网铺设'), due_on: later, ...more });
const issue = (more, caller = county, options) => caller.post(path, body(more), options);
const issued = async (more, caller) => assertDone(await issue(more, caller), 201);
const step = (order, verb, given, caller) => caller.verb(`${path}/${order.id}:${verb}`, order.version, given);
const receive = (order, caller = townOffice) => step(order, 'receive', undefined, caller);
const reportBack = (order, given = { feedback: '五处已铺设完成' }, caller = townOffice) => step(order, 'report_back', given, caller);
const complete = (order, given = {}, caller = county) => step(order, 'complete', given, caller);
const giveBack = (order, given = { decision_note: '未附验收单' }, caller = county) => step(order, 'return', given, caller);
const withdraw = (order, given = { decision_note: '重复下达' }, caller = county) => step(order, 'withdraw', given, caller);
const received = async (more) => assertDone(await receive(await issued(more)));
const reported = async (more) => assertDone(await reportBack(await received(more)));
const now = async (order, caller = county) => assertDone(await caller.get(`${path}/${order.id}`));
const today = () => rows("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date::text AS day")[0].day;
const [own] = rows(`SELECT p.organisation_id AS id FROM identity.post p JOIN identity.acting_post a ON a.post_id = p.id JOIN identity.account c ON c.id = a.account_id
                     WHERE c.login = 'county_office'`);

test('R-130: an office gives a unit below a work order, which sees it', async () => {
  const given = await issue({ standard: '水质合格' });
  const order = assertDone(given, 201);
  assertRecord(order, { owner_division: town.owner_division, at_division: town.owner_division, addressee_organisation_id: town.id, addressee: town.name,
    issuer_organisation_id: own.id, standard: '水质合格', issued_on: today(), due_on: later, source_kind: 'direct', source_id: null, drive_id: null, item_id: null, status: 'issued',
    light: 'green', feedback: null, completed_on: null, returns: 0, version: 1 });
  assert.match(order.number, /^指令〔20\d\d〕\d+号$/);
  assert.equal(given.headers.get('location'), `/api/v1${path}/${order.id}`);
  assert.deepEqual(order.steps.map((s) => [s.verb, s.post_id, s.due_on]), [['issue', order.issuer_post_id, later]]);
  assert.deepEqual(await now(order, townOffice), order);
  assertRefused(await otherCounty.get(`${path}/${order.id}`), 404, 'not_found');
  assert.equal(rows(`SELECT count(*) AS n FROM registry.audit_log WHERE record = 'work_order' AND record_id = '${order.id}'`)[0].n, 1);
});

test('R-131: one gives orders down or beside, never up and never to oneself', async () => {
  assertRecord(await issued({ addressee_organisation_id: agriculture.id }), { addressee: agriculture.name });
  const to = (id) => issue({ addressee_organisation_id: id });
  assertRefused(await to(own.id), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  const above = await newOrganisation({ owner_division: '431300000000' }, prefecture);
  assertRefused(await to(above.id), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assertRefused(await to(nobodysId()), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assertRefused(await issue({}, otherCounty), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assertRecord(await issued({ addressee_organisation_id: own.id }, prefecture), { owner_division: louxing });
  for (const caller of [townOffice, department, as('inspector'), as('village_worker')]) assertRefused(await issue({}, caller), 403, 'forbidden');
});

test('R-131: a post is named inside the unit only, an item by its lead or an assisting unit', async () => {
  const post = assertDone(await county.post('/identity/posts', { organisation_id: town.id, title: unique('岗'), duty: 'specific' }), 201);
  assertRecord(await issued({ addressee_post_id: post.id }), { addressee_post_id: post.id });
  assertRefused(await issue({ addressee_organisation_id: agriculture.id, addressee_post_id: post.id }), 422, 'invalid', { pointer: '/addressee_post_id' });
  const { items: [item] } = await listInForce([(t) => valueItem(t, town, { assist_organisation_ids: [agriculture.id] })]);
  assertRecord(await issued({ item_id: item.id }), { item_id: item.id });
  assertRecord(await issued({ item_id: item.id, addressee_organisation_id: agriculture.id }), { item_id: item.id });
  const third = await newOrganisation();
  assertRefused(await issue({ item_id: item.id, addressee_organisation_id: third.id }), 422, 'invalid', { pointer: '/addressee_organisation_id' });
  assertRefused(await issue({ item_id: nobodysId() }), 422, 'invalid', { pointer: '/item_id' });
  assertRefused(await issue({ drive_id: nobodysId() }), 422, 'invalid', { pointer: '/drive_id' });
  assert.equal((await allOf(county, path, { item_id: item.id })).length, 2);
});

// An office of its own, whose numbers nobody else takes.
const newOffice = async () => (await newCaller(louxing, { role: 'county_office', ranges: [louxing], lines: null })).caller;
const place = (order) => Number(/〕(\d+)号$/.exec(order.number)[1]);

test('R-132: numbers follow each other without gaps; a refusal, a rehearsal and a repetition take none', async () => {
  const office = await newOffice();
  assert.equal(place(await issued({}, office)), 1);
  assertRefused(await issue({ due_on: '2025-01-01' }, office), 422, 'invalid', { pointer: '/due_on' });
  assertDone(await office.post(path, body(), { query: { validate_only: true } }));
  const id = uuid();
  assert.equal(place(await issued({ id }, office)), 2);
  assertRefused(await issue({ id }, office), 409, 'duplicate');
  const key = newKey();
  const same = body();
  const answers = [await office.post(path, same, { key }), await office.post(path, same, { key })];
  assert.equal(answers[0].text, answers[1].text);
  assert.equal(place(assertDone(answers[1], 201)), 3);
  const many = await Promise.all(Array.from({ length: 12 }, () => issued({}, office)));
  assert.deepEqual(many.map(place).sort((a, b) => a - b), Array.from({ length: 12 }, (_, i) => i + 4));
});

test('R-132: what is withdrawn keeps its number; each unit counts for itself', async () => {
  const [office, other] = [await newOffice(), await newOffice()];
  const first = await issued({}, office);
  assertDone(await withdraw(first, undefined, office));
  assert.equal(place(await issued({}, office)), 2);
  assert.equal(place(await issued({}, other)), 1);
});

test('R-132: a statement that gives several orders numbers them one by one', async () => {
  const office = await newOffice();
  const first = await issued({}, office);
  const given = rows(`WITH scope AS MATERIALIZED (SELECT set_config('zeren.scope', '{["431302","431302~")}', true))
    SELECT w.number, w.source_kind FROM scope, generate_series(1, 3) AS n, LATERAL registry.issue_work_order(jsonb_build_object('id', gen_random_uuid(),
      'addressee_organisation_id', '${town.id}', 'matter', 'n' || n, 'due_on', '${later}', 'source_kind', 'meeting', 'source_id', gen_random_uuid()),
      '${first.issuer_organisation_id}', '${first.issuer_post_id}', '${today()}', now(), 'owner_organisation_id') AS w`);
  assert.deepEqual(given.map(place), [2, 3, 4]);
  assert.deepEqual(given.map((w) => w.source_kind), ['meeting', 'meeting', 'meeting']);
});

test('R-133: an order is due today at the earliest, on a day the calendar knows', async () => {
  assertRecord(await issued({ due_on: today() }), { due_on: today() });
  assertRefused(await issue({ due_on: '2026-01-01' }), 422, 'invalid', { pointer: '/due_on' });
  assertRefused(await issue({ due_on: undefined }), 422, 'invalid', { pointer: '/due_on', code: 'required' });
  assertRefused(await issue({ matter: '' }), 422, 'invalid', { pointer: '/matter' });
});

test('R-134: only the unit it is given to receives it, and reports back, in this order', async () => {
  const order = await issued();
  assertRefused(await reportBack(order), 409, 'state_conflict');
  assertRefused(await receive(order, department), 403, 'not_your_unit');
  assertRefused(await receive(order, county), 403, 'not_your_unit');
  const taken = assertDone(await receive(order));
  assertRecord(taken, { status: 'received', version: 2 });
  assert.ok(taken.received_by && taken.received_at);
  assertRefused(await receive(taken), 409, 'state_conflict');
  assertRefused(await reportBack(taken, {}), 422, 'invalid', { pointer: '/feedback' });
  assertRefused(await reportBack({ ...taken, version: 1 }), 412, 'stale');
  const done = assertDone(await reportBack(taken));
  assertRecord(done, { status: 'reported', feedback: '五处已铺设完成', light: 'green', version: 3 });
  assert.deepEqual(done.steps.map((s) => [s.verb, s.note]), [['issue', null], ['receive', null], ['report_back', '五处已铺设完成']]);
  assertRefused(await reportBack(done), 409, 'state_conflict');
  assert.deepEqual(await now(order), done);
});

test('R-134: two reports at once are one', async () => {
  const order = await received();
  const answers = await Promise.all([reportBack(order), reportBack(order)]);
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 412]);
  assert.equal((await now(order)).steps.length, 3);
});

test('R-135: the unit that gave it completes it, after its report', async () => {
  const order = await received();
  assertRefused(await complete(order), 409, 'state_conflict');
  const waits = assertDone(await reportBack(order));
  assertRefused(await complete(waits, {}, prefecture), 403, 'not_your_unit');
  const over = assertDone(await complete(waits, { decision_note: '同意办结' }));
  assertRecord(over, { status: 'completed', completed_on: today(), decision_note: '同意办结', version: 4 });
  for (const again of [complete, giveBack, withdraw]) assertRefused(await again(over), 409, 'state_conflict');
});

test('R-135: it returns a report with a reason, and with another deadline if it likes; the unit reports again', async () => {
  const waits = await reported();
  assertRefused(await giveBack(waits, {}), 422, 'invalid', { pointer: '/decision_note' });
  assertRefused(await giveBack(waits, { decision_note: '因', due_on: '2026-01-01' }), 422, 'invalid', { pointer: '/due_on' });
  assertRefused(await giveBack(waits, undefined, prefecture), 403, 'not_your_unit');
  const back = assertDone(await giveBack(waits, { decision_note: '未附验收单', due_on: nextYear('07-30') }));
  assertRecord(back, { status: 'returned', returns: 1, due_on: nextYear('07-30'), decision_note: '未附验收单' });
  const again = assertDone(await reportBack(back, { feedback: '补充验收单' }));
  assertRecord(again, { status: 'reported', feedback: '补充验收单', returns: 1, due_on: nextYear('07-30') });
  assertRecord(assertDone(await giveBack(again)), { returns: 2, due_on: nextYear('07-30') });
  assertRecord(assertDone(await complete(assertDone(await reportBack(await now(again))))), { status: 'completed' });
});

test('R-135: what waits for its report is withdrawn, with a reason; what is reported is not', async () => {
  const order = await issued();
  assertRefused(await withdraw(order, {}), 422, 'invalid', { pointer: '/decision_note' });
  assertRefused(await withdraw(order, undefined, prefecture), 403, 'not_your_unit');
  assertRecord(assertDone(await withdraw(order)), { status: 'withdrawn', decision_note: '重复下达', due_on: later });
  assertRecord(assertDone(await withdraw(await received())), { status: 'withdrawn' });
  assertRefused(await withdraw(await reported()), 409, 'state_conflict');
  assertRefused(await receive(await now(order)), 409, 'state_conflict');
});

test('R-136: red when late, green when it waits for its issuer, and found by its light', async () => {
  const order = await issued();
  run(`UPDATE registry.work_order SET issued_on = '2025-09-01', due_on = '2025-09-05' WHERE id = '${order.id}'`);
  assertRecord(await now(order), { light: 'red' });
  const red = await allOf(county, path, { light: 'red', addressee_organisation_id: town.id });
  assert.ok(red.some((w) => w.id === order.id));
  assertRecord(await issued({ due_on: today() }), { light: 'amber' });
  const waits = assertDone(await reportBack(assertDone(await receive(await now(order)))));
  assertRecord(waits, { light: 'green' });
});

test('orders are found by unit, state and source, by when they are due', async () => {
  const unit = await newOrganisation();
  const first = await issued({ addressee_organisation_id: unit.id, due_on: nextYear('03-31') });
  const second = await issued({ addressee_organisation_id: unit.id, due_on: nextYear('02-26') });
  const found = async (query) => (await allOf(county, path, { addressee_organisation_id: unit.id, ...query })).map((w) => w.id);
  assert.deepEqual(await found({}), [first.id, second.id]);
  assert.deepEqual(await found({ sort: 'due_on' }), [second.id, first.id]);
  assert.deepEqual(await found({ status: 'received' }), []);
  assert.deepEqual(await found({ source_kind: 'direct', issuer_organisation_id: own.id, division: louxing }), [first.id, second.id]);
  assert.deepEqual(await found({ source_kind: 'meeting' }), []);
  assertRefused(await county.get(path, { division: '431321000000' }), 403, 'out_of_scope');
});

test('an order belongs to the lines of both units: another line does not see it', async () => {
  const water = await newOrganisation({ line: 'water' });
  const order = await issued({ addressee_organisation_id: water.id });
  const limited = async (line) => (await newCaller(louxing, { role: 'county_office', ranges: [louxing], lines: [line] })).caller;
  assertRefused(await (await limited('agriculture')).get(`${path}/${order.id}`), 404, 'not_found');
  assertDone(await (await limited('water')).get(`${path}/${order.id}`));
});

test('R-137: its paper bears its number, is made once, by whoever gave it', async () => {
  const office = await newOffice();
  const [, second] = [await issued({}, office), await issued({ standard: '水质合格' }, office)];
  const print = (order, caller = office) => caller.post('/registry/papers', { template: 'work_order', record_id: order.id });
  assertRefused(await print(second, county), 403, 'not_your_unit');
  const paper = assertDone(await print(second), 201);
  assertRecord(paper, { number: second.number, record: 'work_order', record_id: second.id, template: 'work_order', issuer_organisation_id: second.issuer_organisation_id });
  assertRefused(await print(second), 409, 'state_conflict');
  assertRefused(await print({ id: nobodysId() }), 422, 'invalid', { pointer: '/record_id' });
  assert.equal(place(await issued({}, office)), 3);
  const words = await office.call('GET', `/registry/files/${paper.file_id}/content`);
  assert.equal(words.status, 200);
});
