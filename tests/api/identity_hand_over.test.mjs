// tests/api/identity_hand_over.test.mjs - posts change hands: days without gap or doubling, nothing open lost, rights that end with who leaves.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { security, system } from '../support/admins.mjs';
import { chanceOf } from '../support/chance.mjs';
import { allOf, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { stateDir } from '../support/settings.mjs';
import { county, confirmed, listInForce, louxing, newOrganisation, nobodysId, otherCounty, prefecture, report, shuangfeng, townOffice, unitOf, valueItem } from '../support/world.mjs';

const posts = '/identity/posts';
const reason = '任免文件〔2026〕12号';
const today = () => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
const after = (days, from = today()) => new Date(Date.parse(from) + days * 86_400_000).toISOString().slice(0, 10);
const unit = await newOrganisation();
const newPost = async (more = {}, caller = county) =>
  assertDone(await caller.post(posts, { organisation_id: unit.id, title: unique('岗'), duty: 'staff', ...more }), 201);
const newPerson = async () => assertDone(await county.post('/identity/persons', { owner_division: louxing, name: unique('人') }), 201);
const hold = async (post, person, starts_on = '2026-01-01', ends_on) =>
  assertDone(await county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on, ends_on }), 201);
const handOver = (post, version, body, caller = county, options = {}) => caller.verb(`${posts}/${post.id}:hand_over`, version, { reason, ...body }, options);
const vacate = (post, version, body, caller = county) => caller.verb(`${posts}/${post.id}:vacate`, version, { reason, ...body });
const heldOn = async (post, as_of) => (await allOf(county, '/identity/holders', { post_id: post.id, as_of })).map((h) => h.person_id);

test('a post goes from one to the next without a day between', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  await hold(post, first);
  const told = assertDone(await handOver(post, 1, { person_id: second.id, starts_on: today() }));
  assertRecord(told, { id: post.id, person_id: second.id, starts_on: today(), ends_on: null, leaving_person_id: first.id, left_on: today(), vacant_since: null, reason, version: 2 });
  assert.deepEqual(await heldOn(post, after(-1)), [first.id]);
  assert.deepEqual(await heldOn(post, today()), [second.id]);
  const audit = rows(`SELECT record, reason FROM identity.audit_log WHERE verb = 'hand_over_post' AND request_id =
    (SELECT request_id FROM identity.audit_log WHERE verb = 'hand_over_post' AND record_id = '${post.id}') ORDER BY record`);
  assert.deepEqual(audit, [{ record: 'holder', reason }, { record: 'holder', reason }, { record: 'post', reason }]);
});

test('a hand-over of a day to come takes effect by its day', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  await hold(post, first);
  assertDone(await handOver(post, 1, { person_id: second.id, starts_on: after(10) }));
  assert.deepEqual(await heldOn(post, today()), [first.id]);
  assert.deepEqual(await heldOn(post, after(9)), [first.id]);
  assert.deepEqual(await heldOn(post, after(10)), [second.id]);
  assertRefused(await handOver(post, 2, { person_id: first.id, starts_on: after(10) }), 409, 'state_conflict', { pointer: '/starts_on' });
  const between = await newPerson();
  assertRecord(assertDone(await handOver(post, 2, { person_id: between.id, starts_on: after(5) })), { ends_on: after(10), leaving_person_id: first.id });
  assert.deepEqual(await heldOn(post, after(9)), [between.id]);
  assert.deepEqual(await heldOn(post, after(10)), [second.id]);
});

test('a gap is said', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  assertRecord(assertDone(await handOver(post, 1, { person_id: first.id, starts_on: today() })), { leaving_person_id: null, left_on: null, vacant_since: null });
  const empty = await newPost();
  await hold(empty, first, '2026-01-01', '2026-03-01');
  assertRecord(assertDone(await handOver(empty, 1, { person_id: second.id, starts_on: today() })), { leaving_person_id: null, vacant_since: '2026-03-01' });
});

test('what does not hold together is refused', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  await hold(post, first);
  assertRefused(await handOver(post, 1, { person_id: second.id, starts_on: after(-1) }), 422, 'invalid', { pointer: '/starts_on' });
  assertRefused(await handOver(post, 1, { person_id: first.id, starts_on: after(3) }), 422, 'invalid', { pointer: '/person_id' });
  assertRefused(await handOver(post, 1, { person_id: uuid(), starts_on: after(3) }), 422, 'invalid', { pointer: '/person_id' });
  assertRefused(await handOver(post, 1, { person_id: second.id }), 422, 'invalid', { pointer: '/starts_on' });
  assertRefused(await county.verb(`${posts}/${post.id}:hand_over`, 1, { person_id: second.id, starts_on: today() }), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await handOver(post, 7, { person_id: second.id, starts_on: today() }), 412, 'stale');
  assertRefused(await handOver(post, undefined, { person_id: second.id, starts_on: today() }), 428, 'precondition_required');
  assertRefused(await handOver({ id: nobodysId() }, 1, { person_id: second.id, starts_on: today() }), 404, 'not_found');
  assertRefused(await handOver(post, 1, { person_id: second.id, starts_on: today() }, otherCounty), 404, 'not_found');
  assertRefused(await handOver(post, 1, { person_id: second.id, starts_on: today() }, townOffice), 403, 'forbidden');
  assert.deepEqual(await heldOn(post, today()), [first.id]);
});

test('what is open stays with the post, and is told', async () => {
  const at = await unitOf('town_office');
  const post = await newPost({ organisation_id: at.id });
  const { items } = await listInForce([(task) => valueItem(task, at)]);
  const [item] = items;
  const waiting = assertDone(await report(item, { reported_on: '2025-03-01', value: '2' }), 201);
  const [first, second] = [await newPerson(), await newPerson()];
  await hold(post, first);
  const openNow = () => rows(`SELECT i.id FROM registry.item i JOIN registry.duty_list l ON l.id = i.duty_list_id
    WHERE i.lead_organisation_id = '${at.id}' AND i.done_on IS NULL AND l.status = 'in_force'`).map((row) => row.id);
  const before = new Set(openNow());
  const told = assertDone(await handOver(post, 1, { person_id: second.id, starts_on: today() }));
  const open = openNow().filter((id) => before.has(id)), named = new Set(told.items.map((i) => i.id)); // other suites work for that unit, too
  assert.ok(told.open_items >= open.length);
  if (told.open_items <= 200) assert.deepEqual([named.size, open.filter((id) => !named.has(id))], [told.open_items, []]);
  assert.ok(told.reports_waiting >= 1);
  assert.ok(open.includes(item.id));
  assertDone(await county.verb(`/registry/reports/${waiting.id}:confirm`, waiting.version, {}));
  assertDone(await report(item, { reported_on: '2025-03-02', value: '3' }), 201);
  assert.ok(confirmed);
});

test('what the leaving person had for the post ends with it', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  await hold(post, first);
  const [account, keeps, ends] = [uuid(), uuid(), uuid()];
  const other = await newPost();
  run(`INSERT INTO identity.account (id, login, person_id, owner_division) VALUES ('${account}', '${unique('leaver')}', '${first.id}', '${louxing}');
       INSERT INTO identity.account_post (account_id, post_id) VALUES ('${account}', '${post.id}'), ('${account}', '${other.id}');
       INSERT INTO identity.api_token (id, account_id, post_id, name, digest, permissions, ranges, expires_at, created_at) VALUES
         ('${ends}', '${account}', '${post.id}', '交接', decode(md5('${ends}'), 'hex'), '{post.read}', '{431302}', now() + interval '90 days', now()),
         ('${keeps}', '${account}', '${other.id}', '另一岗', decode(md5('${keeps}'), 'hex'), '{post.read}', '{431302}', now() + interval '90 days', now())`);
  const epoch = () => rows(`SELECT epoch FROM identity.account WHERE id = '${account}'`)[0].epoch;
  const before = epoch();
  const later = assertDone(await handOver(post, 1, { person_id: second.id, starts_on: after(20) }));
  assertRecord(later, { api_tokens_ended: 1, accounts_let_go: 1 });
  const token = () => rows(`SELECT revoked_at, (expires_at AT TIME ZONE 'Asia/Shanghai')::date AS until FROM identity.api_token WHERE id = '${ends}'`)[0];
  assertRecord(token(), { revoked_at: null, until: after(20) });
  assert.ok(epoch() > before, 'running tokens end');
  assertRecord(assertDone(await handOver(post, 2, { person_id: second.id, starts_on: today() })), { api_tokens_ended: 1, ends_on: after(20) });
  assert.notEqual(token().revoked_at, null);
  assert.equal(rows(`SELECT 1 FROM identity.revocation WHERE subject_id = '${ends}'`).length, 1);
  assert.equal(rows(`SELECT revoked_at FROM identity.api_token WHERE id = '${keeps}'`)[0].revoked_at, null, 'another post\'s stays');
  assert.deepEqual(rows(`SELECT post_id FROM identity.account_post WHERE account_id = '${account}'`).map((r) => r.post_id), [other.id]);
});

const inspection = '第三轮交叉督查';
const giveAccess = async (post, more = {}) => assertDone(await security.post('/identity/access_grants', { post_id: post.id, owner_division: shuangfeng,
  permissions: ['duty_list.read'], reason: inspection, ends_at: `${after(60)}T00:00:00Z`, ...more }), 201);
const access = (given) => rows(`SELECT ended_at, ended_by, end_reason, ends_at = '${given.ends_at}' AS as_given,
  (ends_at AT TIME ZONE 'Asia/Shanghai')::date AS until FROM identity.access_grant WHERE id = '${given.id}'`)[0];

test('access for a time ends with who leaves: what was given for the next one stays', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  await hold(post, first);
  const [now, later] = [await giveAccess(post), await giveAccess(post, { starts_at: `${after(30)}T00:00:00Z` })];
  const ordered = assertDone(await handOver(post, 1, { person_id: second.id, starts_on: after(20) }));
  assert.equal(ordered.access_grants, 1);
  assert.equal(ordered.access_ended.length, 1);
  assertRecord(ordered.access_ended[0], { id: now.id, owner_division: shuangfeng, division: '双峰县', permissions: ['duty_list.read'], reason: inspection });
  assert.equal(Date.parse(ordered.access_ended[0].ends_at), Date.parse(now.ends_at), 'until when it was given');
  assertRecord(access(now), { ended_at: null, until: after(20) });
  assertRecord(access(later), { ended_at: null, as_given: true });
  assertDone(await vacate(post, 2, { ends_on: today() }));
  assertRecord(access(now), { end_reason: reason });
  assert.notEqual(access(now).ended_at, null);
  assert.equal(access(later).ended_at, null);
  assert.deepEqual(rows(`SELECT owner_division, verb FROM identity.audit_log WHERE record = 'access_grant' AND record_id = '${now.id}' ORDER BY id`),
    [{ owner_division: shuangfeng, verb: 'create_access_grant' }, { owner_division: shuangfeng, verb: 'hand_over_post' }, { owner_division: shuangfeng, verb: 'vacate_post' }]);
});

test('access given while somebody held the post is not found by who comes after a gap', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  await hold(post, first, '2026-01-01', after(1));
  const given = await giveAccess(post);
  assertRecord(assertDone(await handOver(post, 1, { person_id: second.id, starts_on: after(3) })), { vacant_since: after(1), access_grants: 0 });
  assertRecord(access(given), { until: after(3) });
});

test('nor by who comes without a hand-over, by an entry or by a table', async () => {
  const holders = (post, person, starts_on) => county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on });
  const table = (post, person, starts_on) => county.load('/identity/posts:import', {},
    `organisation_division,organisation,title,duty,role,person,citizen_id,phone,starts_on\n${[louxing, unit.name, post.title, 'staff', '', person.name, '', '', starts_on].join(',')}\n`);
  for (const come of [holders, table]) {
    const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
    await hold(post, first, '2026-01-01', after(1));
    const [given, later] = [await giveAccess(post), await giveAccess(post, { starts_at: `${after(30)}T00:00:00+08:00` })];
    assertDone(await come(post, second, after(3)), come === holders ? 201 : 200);
    assertRecord(access(given), { ended_at: null, until: after(3) });
    assertRecord(access(later), { ended_at: null, as_given: true });
    assert.equal(rows(`SELECT count(*)::int AS n FROM identity.audit_log WHERE record = 'access_grant' AND record_id = '${given.id}'`)[0].n, 2);

    const [empty, gone] = [await newPost(), await newPerson()];
    await hold(empty, gone, '2026-01-01', today());
    const still = await giveAccess(empty);
    run(`UPDATE identity.access_grant SET created_at = created_at - interval '2 days' WHERE id = '${still.id}'`);
    assertDone(await come(empty, second, today()), come === holders ? 201 : 200);
    assertRecord(access(still), { end_reason: '岗位换人' });
    assert.notEqual(access(still).ended_at, null);
    const begun = await giveAccess(empty);
    assertRecord(access(begun), { ended_at: null, as_given: true });
  }
});

const withdraw = (post, version, day, caller = county) => caller.verb(`${posts}/${post.id}:withdraw_hand_over`, version, { day, reason: '任免文件撤销' });

test('a hand-over still to come is called off: everything is as before', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  const [account, token] = [uuid(), uuid()];
  await hold(post, first, '2026-01-01', after(200));
  run(`INSERT INTO identity.account (id, login, person_id, owner_division) VALUES ('${account}', '${unique('stayer')}', '${first.id}', '${louxing}');
       INSERT INTO identity.api_token (id, account_id, post_id, name, digest, permissions, ranges, expires_at, created_at) VALUES
         ('${token}', '${account}', '${post.id}', '交接', decode(md5('${token}'), 'hex'), '{post.read}', '{431302}', '${after(90)}T00:00:00Z', now())`);
  const given = await giveAccess(post);
  assertDone(await handOver(post, 1, { person_id: second.id, starts_on: after(20) }));
  const off = assertDone(await withdraw(post, 2, after(20)));
  assertRecord(off, { id: post.id, day: after(20), withdrawn_person_id: second.id, person_id: first.id, ends_on: after(200), api_tokens_restored: 1, access_restored: 1, version: 3 });
  assert.deepEqual(await heldOn(post, after(30)), [first.id]);
  assert.equal(rows(`SELECT 1 FROM identity.api_token WHERE id = '${token}' AND expires_at = '${after(90)}T00:00:00Z' AND former_expires_at IS NULL`).length, 1);
  assertRecord(access(given), { ended_at: null, as_given: true });
  assertRefused(await withdraw(post, 3, after(20)), 409, 'state_conflict', { pointer: '/day' });
  const audit = rows(`SELECT record FROM identity.audit_log WHERE verb = 'withdraw_hand_over' AND request_id =
    (SELECT request_id FROM identity.audit_log WHERE verb = 'withdraw_hand_over' AND record_id = '${post.id}') ORDER BY record`);
  assert.deepEqual(audit.map((row) => row.record), ['access_grant', 'api_token', 'holder', 'holder', 'post']);
});

test('a vacancy still to come is called off, and of several hand-overs the one of the day', async () => {
  const [post, first, second, third] = [await newPost(), await newPerson(), await newPerson(), await newPerson()];
  await hold(post, first);
  assertDone(await vacate(post, 1, { ends_on: after(5) }));
  assertRecord(assertDone(await withdraw(post, 2, after(5))), { withdrawn_holder_id: null, withdrawn_person_id: null, person_id: first.id, ends_on: null });
  assertDone(await handOver(post, 3, { person_id: second.id, starts_on: after(20) }));
  assertDone(await handOver(post, 4, { person_id: third.id, starts_on: after(10) }));
  assertRecord(assertDone(await withdraw(post, 5, after(10))), { withdrawn_person_id: third.id, person_id: first.id, ends_on: after(20) });
  assertRecord(assertDone(await withdraw(post, 6, after(20))), { withdrawn_person_id: second.id, person_id: first.id, ends_on: null });
  assert.deepEqual(await heldOn(post, after(300)), [first.id]);
});

test('what has begun, is not there or is another\'s is not called off', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  await hold(post, first);
  assertDone(await handOver(post, 1, { person_id: second.id, starts_on: today() }));
  assertRefused(await withdraw(post, 2, today()), 422, 'invalid', { pointer: '/day' });
  assertRefused(await withdraw(post, 2, after(4)), 409, 'state_conflict', { pointer: '/day' });
  assertDone(await vacate(post, 2, { ends_on: after(4) }));
  assertRefused(await withdraw(post, 2, after(4)), 412, 'stale');
  assertRefused(await withdraw(post, 3, after(4), otherCounty), 404, 'not_found');
  assertRefused(await withdraw(post, 3, after(4), townOffice), 403, 'forbidden');
  run(`UPDATE identity.post SET role = 'prefecture_office', ranges = '{4313}' WHERE id = '${post.id}'`);
  assertRefused(await withdraw(post, 3, after(4)), 403, 'exceeds_own_rights');
  assertDone(await withdraw(post, 3, after(4), prefecture));
});

test('a post is vacated, and taken again', async () => {
  const [post, first, second] = [await newPost(), await newPerson(), await newPerson()];
  assertRefused(await vacate(post, 1, { ends_on: after(3) }), 409, 'state_conflict', { pointer: '/ends_on' });
  await hold(post, first);
  assertRefused(await vacate(post, 1, { ends_on: after(-3) }), 422, 'invalid', { pointer: '/ends_on' });
  assertRecord(assertDone(await vacate(post, 1, { ends_on: after(3) })), { person_id: null, holder_id: null, leaving_person_id: first.id, left_on: after(3), vacant_since: after(3), version: 2 });
  assert.deepEqual(await heldOn(post, after(2)), [first.id]);
  assert.deepEqual(await heldOn(post, after(3)), []);
  assertRefused(await vacate(post, 2, { ends_on: after(4) }), 409, 'state_conflict');
  assertRefused(await vacate(post, 1, { ends_on: after(4) }), 412, 'stale');
  assertRefused(await vacate({ id: nobodysId() }, 1, { ends_on: after(4) }), 404, 'not_found');
  assertRecord(assertDone(await handOver(post, 2, { person_id: second.id, starts_on: after(5) })), { vacant_since: after(3) });
});

test('who hands a post with rights over must be able to give them', async () => {
  const [post, person] = [await newPost(), await newPerson()];
  run(`UPDATE identity.post SET role = 'prefecture_office', ranges = '{4313}' WHERE id = '${post.id}'`);
  assertRefused(await handOver(post, 1, { person_id: person.id, starts_on: today() }), 403, 'exceeds_own_rights');
  assertRefused(await county.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on: today() }), 403, 'exceeds_own_rights');
  assertDone(await handOver(post, 1, { person_id: person.id, starts_on: today() }, prefecture));
});

test('a repeated call is answered once', async () => {
  const [post, person] = [await newPost(), await newPerson()];
  const key = `k-${uuid()}`;
  const call = () => handOver(post, 1, { person_id: person.id, starts_on: today() }, county, { key });
  const answers = await Promise.all([call(), call(), call()]);
  for (const answer of answers) assert.deepEqual(assertDone(answer), answers[0].body);
  assert.equal((await allOf(county, '/identity/holders', { post_id: post.id })).length, 1);
});

// What the days should be: a model that lays one holding over another.
function model() {
  const held = [];
  return {
    cover: (day) => held.find((h) => h.from <= day && day < h.to),
    handOver(person, day) {
      const now = held.find((h) => h.from < day && day < h.to);
      const next = held.filter((h) => h.from >= day).sort((a, b) => (a.from < b.from ? -1 : 1))[0];
      if (next?.from === day || now?.person === person) return false;
      if (now) now.to = day;
      held.push({ person, from: day, to: next?.from ?? '9999' });
      return true;
    },
    vacate(day) {
      const now = held.find((h) => h.from < day && day < h.to);
      if (now) now.to = day;
      return Boolean(now);
    },
  };
}

test('whatever the order of days, each day is held as the calls say, by one or nobody', async () => {
  const { below, pick, chance } = chanceOf('holders');
  const people = await Promise.all(Array.from({ length: 4 }, newPerson));
  for (let round = 0; round < 6; round++) {
    const [post, wanted] = [await newPost(), model()];
    let version = 1;
    for (let step = 0; step < 10; step++) {
      const day = after(below(40));
      const person = pick(people);
      const empties = chance(0.25);
      const answer = empties ? await vacate(post, version, { ends_on: day }) : await handOver(post, version, { person_id: person.id, starts_on: day });
      const expected = empties ? wanted.vacate(day) : wanted.handOver(person.id, day);
      assert.equal(answer.status === 200, expected, `${empties ? 'vacate' : 'hand over'} on ${day}: ${answer.text}`);
      version += expected ? 1 : 0;
    }
    const holders = await allOf(county, '/identity/holders', { post_id: post.id });
    for (let n = 0; n < 45; n++) {
      const day = after(n);
      const there = holders.filter((h) => h.starts_on <= day && (h.ends_on === null || day < h.ends_on)).map((h) => h.person_id);
      assert.deepEqual(there, wanted.cover(day) ? [wanted.cover(day).person] : [], `${day} of ${JSON.stringify(holders)}`);
    }
  }
});

test('hand-overs and rights of one post, changed at once, do not wait for each other in a ring', async () => {
  const post = await newPost();
  const people = await Promise.all(Array.from({ length: 4 }, newPerson));
  const machine = assertDone(await system.post('/identity/accounts', { login: unique('m'), kind: 'machine', owner_division: louxing }), 201);
  const deadlocks = () => readFileSync(`${stateDir}/log/postgres.log`, 'utf8').split('deadlock detected').slice(1).filter((told) => told.slice(0, 4000).includes('identity.')).length;
  const before = deadlocks();
  for (let round = 0; round < 12; round++) {
    const { version } = assertDone(await county.get(`${posts}/${post.id}`));
    const answers = await Promise.all([
      ...people.map((person, i) => handOver(post, version, { person_id: person.id, starts_on: after(round * 10 + i) })),
      vacate(post, version, { ends_on: after(round * 10 + 9) }),
      ...[louxing, '431302006000'].map((range) => security.verb(`${posts}/${post.id}:grant`, version, { role: 'town_office', ranges: [range], lines: null })),
      security.post('/identity/account_posts', { account_id: machine.id, post_id: post.id }),
    ]);
    for (const answer of answers) assert.ok(answer.status < 500, answer.text);
  }
  assert.equal(deadlocks(), before);
});
