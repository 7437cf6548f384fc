// tests/api/monitoring_person.test.mjs - a living person belongs to one household: what an entry is told (M-131, M-133), what becomes of it (M-134, M-135), and
// asking by a number (M-137).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccount, signedIn, within } from '../support/accounts.mjs';
import { as, newKey, send, unique } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { rows, run } from '../support/database.mjs';
import { citizenId } from '../support/numbers.mjs';
import { idOf, soundBody, yearsAgo } from '../support/rules.mjs';
import { clash, claimed, claims, confirmed, householdBody, households, memberNow, members, newHousehold, newOtherHousehold, person, today } from '../support/persons.mjs';
import { county, monitor, otherCounty, otherMonitor, otherVillage, townOffice } from '../support/world.mjs';

const elsewhere = (caller, household, who, options) => caller.post(`${households}/${household.id}/members`, who, options);
const auditOf = (verb, id) => rows(`SELECT body, account_id FROM monitoring.audit_log WHERE verb = '${verb}' AND record_id = '${id}'`);

test('M-131, M-134: whoever is entered is unconfirmed, and confirmed by the worker', async () => {
  const household = await newHousehold([person(), person({ id_number: undefined, birth_on: '1980-05-06', sex: '1' })]);
  assert.deepEqual([household.head.confirmation === 'none', household.people[1].confirmation], [false, 'none']);
  await confirmed(household.head.id);
  await confirmed(household.people[0].id);
  const now = await memberNow(monitor, household.people[0].id);
  assert.deepEqual([now.confirmation, now.version], ['confirmed', household.people[0].version], 'its version stays');
});

test('M-131, M-134: who is registered elsewhere stays unconfirmed, in an answer like any other', async () => {
  const { who, here, there, claim } = await clash({ locator: otherMonitor });
  assert.equal(there.people[0].confirmation, 'unconfirmed');
  assert.equal((await memberNow(otherMonitor, there.people[0].id)).confirmation, 'unconfirmed');
  assert.equal((await memberNow(monitor, here.people[0].id)).confirmation, 'confirmed');
  const fresh = assertDone(await elsewhere(otherCounty, there, person()), 201);
  const known = assertDone(await elsewhere(otherCounty, await newOtherHousehold(), { ...who, name: unique('钱') }), 201);
  const same = ({ id, household_id, name, id_number, recorded_at, created_at, sex, birth_on, minor, ...rest }) => rest;
  assert.deepEqual(same(known), same(fresh), 'alike but for what was sent');
  const text = JSON.stringify(claim);
  assert.ok(!text.includes('431302') && !text.includes(here.id) && !text.includes(here.people[0].id) && !text.includes(who.id_number), text);
});

test('M-131: in one household twice is refused to anybody', async () => {
  const who = person();
  const household = await newHousehold([who]);
  for (const caller of [county, monitor, townOffice]) assertRefused(await elsewhere(caller, household, { ...who, name: '孙' }), 409, 'duplicate');
});

test('M-133: a holder of person.locate is told at once, by a claim and nothing else', async () => {
  const who = person();
  const here = await newHousehold([who], { caller: monitor });
  assert.equal(here.people[0].confirmation, 'confirmed');
  const there = await newOtherHousehold();
  const refused = await elsewhere(otherMonitor, there, { ...who, name: '孙' });
  assertRefused(refused, 409, 'registered_elsewhere', { pointer: '/id_number' });
  assert.ok(!/431302|赵/.test(refused.text.replace(refused.body.instance, '')) && !refused.text.includes(here.id), refused.text);
  const claim = assertDone(await otherMonitor.get(refused.body.about.replace('/api/v1', '')));
  assert.deepEqual([claim.household_id, claim.member_id, claim.status], [there.id, null, 'open']);
  assert.equal(auditOf('tell_registered_elsewhere', claim.id).length, 1);
  const again = await elsewhere(otherMonitor, there, { ...who, name: '孙' });
  assert.equal(again.body.about, refused.body.about, 'one claim, however often it is tried');
  assert.equal(auditOf('tell_registered_elsewhere', claim.id).length, 2, 'each answer is audited');
  const whole = await otherMonitor.post(households, householdBody(otherVillage, [{ ...who, name: '孙' }]));
  assertRefused(whole, 409, 'registered_elsewhere');
  const key = newKey();
  const kept = await elsewhere(otherMonitor, there, { ...who, name: '孙' }, { key });
  const replayed = await elsewhere(otherMonitor, there, { ...who, name: '孙' }, { key });
  assert.equal(replayed.body.about, kept.body.about);
  assert.equal(auditOf('tell_registered_elsewhere', claim.id).length, 3, 'a repeated key is not another answer');
});

test('M-133: a rehearsal looks nothing up', async () => {
  const who = person();
  await newHousehold([who], { caller: monitor });
  const there = await newOtherHousehold();
  const answer = await otherMonitor.call('POST', `${households}/${there.id}/members`, { body: { ...who, name: '孙' }, query: { validate_only: true } });
  assert.deepEqual([answer.status, answer.body.confirmation], [200, 'unconfirmed']);
});

test('M-133, M-137: past so many answers an hour the account is told no more', async () => {
  const account = newAccount({ like: 'other_monitoring_office' });
  const [{ limit }] = rows("SELECT value::int AS limit FROM zeren.setting WHERE key = 'monitoring.locate_per_hour'");
  const { session } = await signedIn(account);
  const caller = { post: (path, body) => send('POST', path, { token: session.access_token, body }) };
  const who = person();
  await newHousehold([who], { caller: monitor });
  const there = await newOtherHousehold();
  const ask = () => caller.post('/monitoring/persons:locate', { id_number: who.id_number, reason: '核对新迁入人员' });
  assert.deepEqual(assertDone(await ask()), { registered: true });
  run(`INSERT INTO monitoring.person_look (account_id, at) SELECT '${account.id}', now() FROM generate_series(2, ${limit})`);
  assertRefused(await ask(), 429, 'too_many_requests');
  const entered = assertDone(await caller.post(`${households}/${there.id}/members`, { ...who, name: '孙' }), 201);
  assert.equal(entered.confirmation, 'unconfirmed', 'as anybody');
});

test('M-133: an entry refused for anything else is no question', async () => {
  const account = newAccount({ like: 'monitoring_office' });
  const { session } = await signedIn(account);
  const call = (method, path, body, more = {}) => send(method, path, { token: session.access_token, body, ...more });
  const looks = () => rows(`SELECT count(*)::integer AS n FROM monitoring.person_look WHERE account_id = '${account.id}'`)[0].n;
  const household = await newHousehold([person()]);
  const [{ id, version }] = household.people;
  const place = `${members}/${id}`;
  const mine = `${households}/${household.id}/members`;
  const refused = {
    'a body that is refused': [await call('POST', mine, person({ relation: 'head' })), 422, '/relation'],
    'a household by a rule': [await call('POST', households, soundBody({}, { spouse: { disability_card: `${idOf('1', yearsAgo(44, 40))}44` } })), 422, '/members/1/disability_card'],
    'a member by a rule': [await call('POST', mine, person({ disability_card: `${idOf('1', yearsAgo(44, 40))}44` })), 422, '/disability_card'],
    'a correction by a rule': [await call('PATCH', place, { id_number: citizenId(), disability_card: `${idOf('1', yearsAgo(44, 40))}44` }, { ifMatch: version }), 422, '/disability_card'],
    'a version that is gone': [await call('PATCH', place, { id_number: citizenId() }, { ifMatch: version + 7 }), 412],
    'no household': [await call('POST', `${households}/${id}/members`, person()), 404],
  };
  for (const [what, [answer, status, pointer]] of Object.entries(refused)) {
    assert.equal(answer.status, status, `${what}: ${answer.text}`);
    if (pointer) assert.ok(answer.body.errors.some((each) => each.pointer === pointer), `${what}: ${answer.text}`);
  }
  assert.equal(looks(), 0);
  const who = person();
  await newOtherHousehold([who], { caller: otherMonitor });
  assertRefused(await call('POST', mine, who), 409, 'registered_elsewhere');
  assert.equal(looks(), 1, 'told, and counted');
  assertDone(await call('POST', mine, person()), 201);
  assert.equal(looks(), 1);
});

test('M-137: yes or no, with a reason, audited; where is not told', async () => {
  const who = person();
  await newHousehold([who], { caller: monitor });
  const ask = (id_number, more = {}) => otherMonitor.post('/monitoring/persons:locate', { id_number, reason: unique('核对新迁入人员'), ...more });
  const reason = unique('核对新迁入人员');
  const answer = await ask(who.id_number, { reason });
  assert.deepEqual(assertDone(answer), { registered: true });
  assert.deepEqual(assertDone(await ask(citizenId())), { registered: false });
  const [kept] = rows(`SELECT body::text, reason FROM monitoring.audit_log WHERE verb = 'locate_person' AND reason = '${reason}'`);
  assert.ok(kept && !kept.body.includes(who.id_number) && !kept.body.includes('x'), kept?.body);
  assertRefused(await ask(who.id_number, { reason: '查' }), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await ask(who.id_number.replace(/.$/, (c) => (c === '1' ? '2' : '1'))), 422, 'invalid', { pointer: '/id_number' });
  assertRefused(await county.post('/monitoring/persons:locate', { id_number: who.id_number, reason }), 403, 'forbidden');
});

test('M-137: who has a number finds whose it is, in the own divisions', async () => {
  const who = person();
  const { people: [member] } = await newHousehold([who]);
  const find = async (caller, id_number) => assertDone(await caller.post('/monitoring/members:find', { id_number })).items;
  const found = await find(monitor, who.id_number);
  assert.deepEqual(found.map((each) => [each.id, each.household_id]), [[member.id, member.household_id]]);
  assert.ok(!JSON.stringify(found).includes(who.id_number), 'masked');
  assert.deepEqual(await find(otherMonitor, who.id_number), []);
  assertRefused(await townOffice.post('/monitoring/members:find', { id_number: who.id_number }), 403, 'forbidden');
  assertRefused(await monitor.post('/monitoring/members:find', {}), 422, 'invalid', { pointer: '/id_number' });
});

test('M-132, M-135: who leaves frees the number, and the one who claims it is confirmed', async () => {
  const { here, there, claim } = await clash({ locator: otherMonitor });
  const leaver = await memberNow(county, here.people[0].id);
  assertDone(await county.verb(`${members}/${leaver.id}:leave`, leaver.version, { left_on: today(), left_how: 'moved_out', reason: '迁出' }));
  await confirmed(there.people[0].id);
  assert.equal(assertDone(await otherMonitor.get(`${claims}/${claim.id}`)).status, 'confirmed');
});

test('M-132: who died stays registered', async () => {
  const { who, here, there } = await clash({ locator: otherMonitor });
  const dead = await memberNow(county, here.people[0].id);
  assertDone(await county.verb(`${members}/${dead.id}:leave`, dead.version, { left_on: today(), left_how: 'death', reason: '死亡' }));
  assert.deepEqual(assertDone(await otherMonitor.post('/monitoring/persons:locate', { id_number: who.id_number, reason: '核对登记情况' })), { registered: true });
  assert.equal((await memberNow(otherMonitor, there.people[0].id)).confirmation, 'unconfirmed');
});

test('M-132: a corrected number frees the former one; the same number again changes nothing', async () => {
  const { who, here, there } = await clash({ locator: otherMonitor });
  let now = await memberNow(monitor, here.people[0].id);
  now = assertDone(await county.patch(`${members}/${now.id}`, now.version, { id_number: who.id_number, reason: '复核' }));
  assert.equal((await memberNow(monitor, now.id)).confirmation, 'confirmed');
  now = assertDone(await county.patch(`${members}/${now.id}`, now.version, { id_number: citizenId(), reason: '更正' }));
  assert.equal(now.confirmation, 'unconfirmed');
  await confirmed(now.id);
  await confirmed(there.people[0].id);
});

test('M-130: a corrected number of who has left is taken from nobody who lives', async () => {
  const who = person();
  const household = await newHousehold([person()], { caller: monitor });
  const left = assertDone(await monitor.verb(`${members}/${household.people[0].id}:leave`, household.people[0].version, { left_on: today(), left_how: 'moved_out', reason: '迁出' }));
  assert.equal(assertDone(await monitor.patch(`${members}/${left.id}`, left.version, { id_number: who.id_number })).confirmation, 'unconfirmed');
  const there = await newOtherHousehold([who]);
  await confirmed(there.people[0].id);
});

test('M-139: whether a number is confirmed is shown to nobody without person.locate, by no route', async () => {
  const who = person();
  const { head } = assertDone(await otherCounty.get('/monitoring/events', { limit: 1 }));
  await confirmed((await newHousehold([who])).people[0].id);
  const [known, fresh] = [await newOtherHousehold([who]), await newOtherHousehold([person()])];
  await claimed(otherMonitor, known.people[0].id);
  await confirmed(fresh.people[0].id);
  // With a former version, for what was.
  for (const home of [known, fresh]) {
    assertDone(await otherCounty.patch(`${members}/${home.people[0].id}`, 1, { work_months: 3, reason: '更正' }));
    assert.equal((await memberNow(otherMonitor, home.people[0].id)).confirmation, home === fresh ? 'confirmed' : 'unconfirmed');
  }
  const seen = async (home) => {
    const { id } = home.people[0];
    const answers = {
      one: await otherCounty.get(`${members}/${id}`), then: await otherCounty.get(`${members}/${id}`, { as_of: today() }),
      list: await otherCounty.get(members, { ids: id }), home: await otherCounty.get(`${households}/${home.id}/members`),
      then_home: await otherCounty.get(`${households}/${home.id}/members`, { as_of: today() }), dossier: await otherCounty.get(`${households}/${home.id}/dossier`),
      history: await otherCounty.get(`${households}/${home.id}/history`), stale: await otherCounty.patch(`${members}/${id}`, 1, { work_months: 4 }),
      findings: await otherCounty.get('/monitoring/findings', { household_id: home.id }),
    };
    for (const [name, { text }] of Object.entries(answers)) assert.ok(!text.includes('"confirmed"'), `${name}: ${text}`);
    const shape = (value) => (Array.isArray(value) ? value.map(shape) : value && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shape(each)])) : key_free(value));
    return Object.fromEntries(Object.entries(answers).map(([name, { status, body }]) => [name, [status, shape(body)]]));
  };
  const key_free = (value) => (typeof value === 'string' && !['confirmed', 'unconfirmed', 'none'].includes(value) ? '…' : value);
  assert.deepEqual(await seen(known), await seen(fresh), 'alike but for what was entered');
  // Neither do events: the same of each, none of a confirmation; holders of person.locate have both.
  const eventsOf = async (caller, { id, people: [{ id: member }] }) => {
    const events = [];
    let after = head;
    await within(60_000, async () => {
      const page = assertDone(await caller.get('/monitoring/events', { after, limit: 500 }));
      events.push(...page.items.filter((each) => [id, member].includes(each.id)));
      after = page.next_cursor ?? after;
      return events.some((each) => each.id === member && each.verb === 'update_member');
    });
    return events.map((each) => `${each.kind} ${each.verb} ${each.version}`);
  };
  const mine = await eventsOf(otherCounty, known);
  assert.deepEqual(mine, await eventsOf(otherCounty, fresh));
  assert.ok(!mine.some((each) => /person_check|confirm/.test(each)), mine.join());
  assert.ok((await eventsOf(otherMonitor, fresh)).includes('person_check confirm_persons 1'));
  assertRefused(await otherCounty.get('/monitoring/events', { kind: 'person_check' }), 400, 'bad_parameter');
});

test('M-139: nor by the audit log, whose readers see what a record was', async () => {
  const who = person();
  await confirmed((await newHousehold([who])).people[0].id);
  const homes = [await newOtherHousehold([who]), await newOtherHousehold([person()])];
  await claimed(otherMonitor, homes[0].people[0].id);
  await confirmed(homes[1].people[0].id);
  const at_once = await newOtherHousehold([person()], { caller: otherMonitor });
  assert.equal(at_once.people[0].confirmation, 'confirmed');
  const audited = async ({ id, head, people: [member] }) => {
    const one = await memberNow(otherCounty, member.id);
    const now = assertDone(await otherCounty.patch(`${members}/${member.id}`, one.version, { work_months: 3, reason: '更正' }));
    const home = assertDone(await otherCounty.get(`${households}/${id}`));
    assertDone(await otherCounty.verb(`${households}/${id}:set_head`, home.version, { member_id: now.id, relations: [{ member_id: head.id, relation: 'sibling' }] }));
    const led = await memberNow(otherCounty, head.id);
    assertDone(await otherCounty.verb(`${members}/${led.id}:leave`, led.version, { left_on: today(), left_how: 'moved_out', reason: '迁出' }));
    const kept = [];
    for (const record_id of [member.id, head.id]) kept.push(...assertDone(await as('audit_admin').get('/monitoring/audit_log', { record_id, sort: 'at' })).items);
    return kept.map(({ verb, body, before }) => [verb, body.confirmation, before?.confirmation]);
  };
  const [claimed_, settled, told] = [await audited(homes[0]), await audited(homes[1]), await audited(at_once)];
  for (const verb of ['create_household', 'update_member', 'set_household_head', 'remove_member']) assert.ok(settled.some(([each]) => each === verb), `${verb}: ${settled.join('; ')}`);
  assert.ok(settled.flat().every((each) => !/^[cun](\*|onf)/.test(each ?? '')), settled.join('; '));
  assert.deepEqual(claimed_, settled, 'alike');
  assert.deepEqual(told, settled, 'whoever entered them');
});
