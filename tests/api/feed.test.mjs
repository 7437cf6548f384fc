// tests/api/feed.test.mjs - what changed, by number, over HTTP: who sees which events, in which order, how a call waits, and what is refused. Rules:
// proto/feed.md. That nothing is missing or doubled under load is shown by tests/fault/feed.test.mjs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { newAccount, signedIn, within } from '../support/accounts.mjs';
import { newCaller } from '../support/admins.mjs';
import { as, send, unique, uuid } from '../support/client.mjs';
import { hold, rows, run } from '../support/database.mjs';
import { confirmed, county, freshYear, listInForce, louxing, newOrganisation, otherCounty, province, shuangfeng, townOffice, unitOf,
  valueItem } from '../support/world.mjs';

const feed = '/registry/events';
const townUnit = await unitOf('town_office');
const members = ['seq', 'at', 'kind', 'id', 'verb', 'version', 'owner_division', 'left', 'deleted', 'trace_id'];
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const headOf = async (service = 'registry') => assertDone(await county.get(`/${service}/events`, { order: 'desc', limit: 1 })).head;

// Until everything that is committed now has its number.
async function numbered(service = 'registry') {
  const [{ last }] = rows(`SELECT coalesce(max(id), 0) AS last FROM ${service}.outbox`);
  for (const end = performance.now() + 60_000; performance.now() < end;) {
    if (rows(`SELECT id FROM ${service}.outbox WHERE id <= ${last}`).length === 0) return;
    await sleep(25);
  }
  throw new Error('the outbox is not numbered');
}

// What a caller sees of a record behind a place, page by page.
async function eventsOf(caller, after, ids, query = {}, service = 'registry') {
  const found = [];
  for (let next = after; ;) {
    const page = assertDone(await caller.get(`/${service}/events`, { after: next, limit: 500, ...query }));
    found.push(...page.items.filter((e) => ids.includes(e.id)));
    if (page.items.length < 500) return found;
    next = page.next_cursor;
  }
}

test('E-001: each change is an event, in the order of its versions, with what was done', async () => {
  const from = await headOf();
  const unit = await newOrganisation();
  assertDone(await county.patch(`/registry/organisations/${unit.id}`, 1, { line: 'water' }));
  assertDone(await county.patch(`/registry/organisations/${unit.id}`, 2, { line: null }, { headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } }));
  await numbered();
  const events = await eventsOf(county, from, [unit.id]);
  assert.deepEqual(events.map((e) => [e.kind, e.verb, e.version, e.left, e.deleted]), [['organisation', 'create_organisation', 1, false, false],
    ['organisation', 'update_organisation', 2, false, false], ['organisation', 'update_organisation', 3, false, false]]);
  assertRecord(events[2], { owner_division: louxing, trace_id: '0af7651916cd43dd8448eb211c80319c' }, members);
  assert.equal(events[0].trace_id, null);
  assert.deepEqual(events.map((e) => e.seq), events.map((e) => e.seq).toSorted((a, b) => a - b));
});

test('E-001: what was refused or rolled back has no event', async () => {
  const from = await headOf();
  const unit = await newOrganisation();
  assertRefused(await county.patch(`/registry/organisations/${unit.id}`, 7, { line: 'water' }), 412, 'stale');
  assertDone(await county.patch(`/registry/organisations/${unit.id}`, 1, { line: 'water' }, { query: { validate_only: true } }));
  await numbered();
  assert.equal((await eventsOf(county, from, [unit.id])).length, 1);
});

test('E-002: a list that comes in one call announces its tasks and items, and a confirmed report its item', async () => {
  const from = await headOf();
  const { list, items: [item] } = await listInForce([(t) => valueItem(t, townUnit)]);
  const done = await confirmed(item, { value: '10', reported_on: '2025-03-31' });
  await numbered();
  const events = await eventsOf(county, from, [list.id, item.id, done.id]);
  assert.deepEqual(events.filter((e) => e.id === item.id).map((e) => [e.verb, e.version]), [['create_item', 1], ['confirm_report', 2]]);
  assert.deepEqual(events.filter((e) => e.id === done.id).map((e) => e.verb), ['submit_report', 'confirm_report']);
  const columns = 'task_number,task_title,item_title,lead_unit,starts_on,due_on,measure,target,unit_of_measure';
  const row = (n) => `${n},任务,分解项,${townUnit.name},2025-01-06,2025-09-30,value,10,处`;
  const loaded = assertDone(await county.load('/registry/duty_lists:import', { owner_division: louxing, year: await freshYear(), title: unique('清单') },
    `${columns}\n${row(1)}\n${row(2)}\n`), 201);
  const made = rows(`SELECT id FROM registry.task WHERE duty_list_id = '${loaded.id}' UNION ALL SELECT id FROM registry.item WHERE duty_list_id = '${loaded.id}'`).map((r) => r.id);
  await numbered();
  const told = await eventsOf(county, from, [loaded.id, ...made]);
  assert.deepEqual(told.map((e) => `${e.kind} ${e.version}`).toSorted(), ['duty_list 1', 'item 1', 'item 1', 'task 1', 'task 1']);
});

test('E-003: two counties see their own; the province both, the town what is its own', async () => {
  const from = await headOf();
  const [here, there] = [await newOrganisation(), await newOrganisation({ owner_division: shuangfeng }, otherCounty)];
  const { items: [item] } = await listInForce([(t) => valueItem(t, townUnit)]);
  await numbered();
  const ids = [here.id, there.id, item.id];
  const seen = async (caller) => [...new Set((await eventsOf(caller, from, ids)).map((e) => e.id))];
  assert.deepEqual((await seen(county)).toSorted(), [here.id, item.id].toSorted());
  assert.deepEqual(await seen(otherCounty), [there.id]);
  assert.deepEqual((await seen(province)).toSorted(), ids.toSorted());
  assert.deepEqual((await seen(townOffice)).toSorted(), [here.id, item.id].toSorted(), 'an organisation of the county is read from below');
});

test('E-003: lines cut events as they cut records', async () => {
  const from = await headOf();
  const [water, fire, none] = [await newOrganisation({ line: 'water' }), await newOrganisation({ line: 'fire' }), await newOrganisation()];
  const made = await listInForce([(t) => valueItem(t, water), (t) => valueItem(t, fire), (t) => valueItem(t, none)]);
  const office = newAccount({ name: unique('水利') });
  const seat = uuid();
  run(`DELETE FROM identity.account_post WHERE account_id = '${office.id}';
     INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, scope_lines, created_at)
       VALUES ('${seat}', '${louxing}', '${water.id}', '${unique('岗')}', 'staff', 'county_office', '{431302}', '{water}', now());
     INSERT INTO identity.account_post (account_id, post_id) VALUES ('${office.id}', '${seat}')`);
  const { session } = await signedIn(office);
  await numbered();
  const lined = { get: (path, query) => send('GET', path, { token: session.access_token, query }) };
  const events = await eventsOf(lined, from, made.items.map((i) => i.id));
  assert.deepEqual(events.map((e) => e.id), [made.items[0].id, made.items[2].id]);
});

test('E-002: what leaves a division is told there, and then told where it is', async () => {
  const from = await headOf();
  const id = uuid();
  const say = (division, left, lines = '{}', leftLines = '{}') => `INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division, lines, left_division, left_lines)
    VALUES (now(), 'move_item', 'item', '${id}', 2, '${division}', '${lines}', ${left ? `'${left}'` : 'NULL'}, '${leftLines}')`;
  run(say(shuangfeng, louxing));
  await numbered();
  const told = async (caller) => (await eventsOf(caller, from, [id])).map((e) => [e.owner_division, e.left]);
  assert.deepEqual(await told(county), [[louxing, true]]);
  assert.deepEqual(await told(otherCounty), [[shuangfeng, false]]);
  assert.deepEqual(await told(province), [[louxing, true], [shuangfeng, false]]);
});

test('E-002: what is deleted is told as deleted', async () => {
  const from = await headOf('identity');
  const [security, system] = [as('security_admin'), as('system_admin')];
  const unit = await newOrganisation();
  const post = assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: unique('岗'), duty: 'staff' }), 201);
  const machine = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  const entry = assertDone(await security.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }), 201);
  assertDone(await security.post(`/identity/account_posts/${entry.id}:remove`));
  await numbered('identity');
  const events = await eventsOf(security, from, [entry.id], {}, 'identity');
  assert.deepEqual(events.map((e) => [e.kind, e.deleted]), [['account_post', false], ['account_post', true]]);
});

test('E-002: what a hand-over lets go, and a holder called off, are told as deleted', async () => {
  const from = await headOf('identity');
  const [security, system] = [as('security_admin'), as('system_admin')];
  const unit = await newOrganisation();
  const newPerson = async () => assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
  const [leaving, coming] = [await newPerson(), await newPerson()];
  const post = assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: unique('岗'), duty: 'staff' }), 201);
  assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: leaving.id, starts_on: '2026-01-01' }), 201);
  const account = assertDone(await system.post('/identity/accounts', { login: unique('u'), kind: 'person', person_id: leaving.id, owner_division: louxing }), 201);
  run(`INSERT INTO identity.account_post (account_id, post_id) VALUES ('${account.id}', '${post.id}')`);
  const [{ id: entry }] = rows(`SELECT id FROM identity.account_post WHERE account_id = '${account.id}'`);
  const over = assertDone(await county.verb(`/identity/posts/${post.id}:hand_over`, 1, { person_id: coming.id, starts_on: '2199-01-01', reason: '任免' }));
  assertDone(await county.verb(`/identity/posts/${post.id}:withdraw_hand_over`, 2, { day: '2199-01-01', reason: '撤销' }));
  await numbered('identity');
  const told = (await eventsOf(security, from, [entry, over.holder_id], {}, 'identity')).map((e) => [e.kind, e.verb, e.deleted]);
  assert.deepEqual(told.sort(), [['account_post', 'hand_over_post', true], ['holder', 'hand_over_post', false], ['holder', 'withdraw_hand_over', true]]);
});

test('E-004: kinds are those that the caller reads in lists', async () => {
  const from = await headOf();
  const unit = await newOrganisation();
  const { items: [item] } = await listInForce([(t) => valueItem(t, townUnit)]);
  await numbered();
  const kinds = async (caller, query) => [...new Set((await eventsOf(caller, from, [unit.id, item.id], query)).map((e) => e.kind))].toSorted();
  assert.deepEqual(await kinds(county), ['item', 'organisation']);
  assert.deepEqual(await kinds(county, { kind: 'item' }), ['item']);
  assert.deepEqual(await kinds(county, { kind: 'item,organisation' }), ['item', 'organisation']);
  assert.ok(!(await kinds(as('audit_admin'))).includes('item'));
  assertRefused(await as('audit_admin').get(feed, { kind: 'item' }), 400, 'bad_parameter', { parameter: 'kind' });
  for (const kind of ['itm', 'item,itm', 'item,item', ',item', '']) assertRefused(await county.get(feed, { kind }), 400, 'bad_parameter', { parameter: 'kind' });
});

test('pages go on where the last one ended, in both orders, and the last says where to wait', async () => {
  const from = await headOf();
  const made = [];
  for (let i = 0; i < 5; i++) made.push((await newOrganisation()).id);
  await numbered();
  const walk = async (query) => {
    const seen = [];
    for (let after = query.after; after !== null && seen.length < 1000;) {
      const page = assertDone(await county.get(feed, { ...query, limit: 2, kind: 'organisation', after }));
      seen.push(...page.items);
      if (page.items.length < 2) return { seen, page };
      after = page.next_cursor;
    }
    return { seen };
  };
  const up = await walk({ after: from });
  assert.deepEqual(up.seen.filter((e) => made.includes(e.id)).map((e) => e.id), made);
  assert.ok(up.page.next_cursor >= up.seen.at(-1).seq && up.page.next_cursor === up.page.head);
  const down = assertDone(await county.get(feed, { order: 'desc', limit: 500, kind: 'organisation' })).items;
  assert.deepEqual(down.filter((e) => made.includes(e.id)).map((e) => e.id), made.toReversed());
  const less = assertDone(await county.get(feed, { order: 'desc', limit: 500, after: down[0].seq, kind: 'organisation' })).items;
  assert.equal(less[0].seq, down[1].seq);
  assert.equal(assertDone(await county.get(feed, { order: 'desc', after: 1 })).next_cursor, null);
});

// A town of Louxing that no other suite has files of; its files are nobody's else to wait for.
const quietTown = '431302002000';
const quietOffice = async () => (await newCaller(quietTown, { role: 'county_office', ranges: [quietTown], lines: null })).caller;
const announcedBy = async (caller, owner_division) => assertDone(await caller.post('/registry/files', { name: `${unique('文件')}.pdf`, size: 9, sha256: 'a'.repeat(64), owner_division }), 201);

// Within a second: tests/bench measures it.
test('E-005: a call that waits is answered by the event, not by the end of its time', async () => {
  const office = await quietOffice();
  const from = await headOf();
  const waiting = office.get(feed, { after: from, wait: 30, kind: 'file' }).then((answer) => ({ answer, at: performance.now() }));
  await sleep(600);
  const file = await announcedBy(county, quietTown);
  const committed = performance.now();
  const { answer, at } = await waiting;
  assert.ok(assertDone(answer).items.some((e) => e.id === file.id));
  assert.ok(at - committed < 20_000, `${Math.round(at - committed)} ms`);
});

test('E-005: events of others do not answer it, and without any it ends when its time is up', async () => {
  const office = await quietOffice();
  await numbered();
  const from = await headOf();
  const began = performance.now();
  const waiting = office.get(feed, { after: from, wait: 2, kind: 'file' });
  await sleep(300);
  await announcedBy(otherCounty, shuangfeng);
  const page = assertDone(await waiting);
  assert.deepEqual(page.items, []);
  assert.ok(page.next_cursor >= from);
  assert.ok(performance.now() - began > 1900);
});

test('E-005: who waits holds no connection: many more than there are', async () => {
  const office = await quietOffice();
  await numbered();
  const from = await headOf();
  const waiting = Array.from({ length: 60 }, () => office.get(feed, { after: from, wait: 30, kind: 'file' }));
  await sleep(500);
  const file = await announcedBy(county, quietTown);
  for (const answer of await Promise.all(waiting)) assert.ok(assertDone(answer).items.some((e) => e.id === file.id));
});

test('E-005: whose session ends while waiting is told so', async () => {
  const account = newAccount();
  const { session } = await signedIn(account);
  const waiting = send('GET', feed, { token: session.access_token, query: { after: await headOf(), wait: 15 } });
  await sleep(300);
  run(`INSERT INTO identity.revocation (subject_id, kind, at) SELECT id, 'session', now() FROM identity.session WHERE account_id = '${account.id}'`);
  await within(60_000, async () => (await send('GET', feed, { token: session.access_token, query: { limit: 1 } })).status === 401);
  const made = [];
  for (let i = 0; i < 3; i++) made.push((await newOrganisation()).id);
  const answer = await waiting;
  assert.ok([200, 401].includes(answer.status));
  assert.ok(answer.status === 401 || !answer.body.items.some((e) => made.includes(e.id)), 'nothing is shown to whoever is out');
});

test('E-006: a place ahead of the feed is refused with where to go on', async () => {
  const answer = assertRefused(await county.get(feed, { after: 9007199254740000 }), 410, 'cursor_too_old', { parameter: 'after' });
  assert.match(answer.detail, /\/api\/v1\/registry\/events\?after=\d+$/);
  assertRefused(await county.get('/identity/events', { after: 9007199254740000 }), 410, 'cursor_too_old', { parameter: 'after' });
});

test('bad questions are refused by name', async () => {
  for (const [name, value] of [['after', -1], ['after', 'x'], ['limit', 0], ['limit', 501], ['order', 'up'], ['wait', 31], ['wait', -1], ['cursor', 'x'], ['sort', 'seq']])
    assertRefused(await county.get(feed, { [name]: value }), 400, 'bad_parameter', { parameter: name });
  assertRefused(await county.get(feed, { order: 'desc', wait: 1 }), 400, 'bad_parameter', { parameter: 'wait' });
  assertRefused(await send('GET', feed), 401, 'unauthenticated');
});

test('a transaction that stays open elsewhere holds nothing up', async () => {
  const from = await headOf();
  const old = await hold('SELECT pg_current_xact_id()');
  const late = await hold(`INSERT INTO registry.outbox (at, verb, record, record_id, version, owner_division) VALUES (now(), 'x', 'item', gen_random_uuid(), 1, '${louxing}')`);
  try {
    const began = performance.now();
    const unit = await newOrganisation();
    while ((await eventsOf(county, from, [unit.id])).length === 0) {
      assert.ok(performance.now() - began < 60_000, 'the feed waits');
      await sleep(20);
    }
  } finally {
    await old.release();
    await late.release();
  }
});

test('identity announces as registry does', async () => {
  const from = await headOf('identity');
  const person = assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
  await numbered('identity');
  const [event] = await eventsOf(county, from, [person.id], {}, 'identity');
  assertRecord(event, { kind: 'person', verb: 'create_person', version: 1 }, members);
  assert.equal(JSON.stringify(event).includes(person.name), false);
});
