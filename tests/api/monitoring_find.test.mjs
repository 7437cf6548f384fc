// tests/api/monitoring_find.test.mjs - households found by words in addresses and names, and by flags (M-190 to M-194).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, unique } from '../support/client.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { hold, rows, run } from '../support/database.mjs';
import { confirmed, households, members, newHousehold, newOtherHousehold, person } from '../support/persons.mjs';
import { county, monitor, otherCounty, province, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const found = async (query, caller = county) => (await allOf(caller, households, query)).map((each) => each.id);
// No character comes twice: what does not follow each other in it does not stand in it.
function nameLike() {
  const drawn = new Set();
  while (drawn.size < 3) drawn.add(String.fromCharCode(0x4e00 + Math.floor(Math.random() * 20000)));
  return [...drawn].join('');
}
const change = async (household, body) => {
  const now = assertDone(await county.get(`${households}/${household.id}`));
  return assertDone(await county.patch(`${households}/${household.id}`, now.version, body));
};

test('M-190: by any part of an address or of a name, by every level of caller', async () => {
  const name = nameLike();
  const address = `${nameLike()}三组${Math.floor(Math.random() * 1e6)}号`;
  const household = await newHousehold([person({ name })]);
  await change(household, { address });
  for (const caller of [county, province, townOffice, monitor]) {
    for (const text of [name, name.slice(0, 2), name.slice(1), address, address.slice(0, 2), address.slice(1, 9)]) {
      assert.deepEqual(await found({ text }, caller), [household.id], `${caller.role}: ${text}`);
    }
  }
  assert.deepEqual(await found({ text: name }, otherCounty), []);
  assert.deepEqual(await found({ text: name + name }), []);
  assert.deepEqual(await found({ text: name[0] + name[2] }), [], 'characters that do not follow each other');
  assert.deepEqual(await found({ text: name, division: village }), [household.id]);
  assert.deepEqual(await found({ text: name, within: town }), [household.id]);
  assert.deepEqual(await found({ text: name, household_type: 'lifted' }), []);
  assert.deepEqual(await found({ text: name, household_type: 'general', status: 'active', name_prefix: household.head_name }), [household.id]);
});

test('M-190: pairs alone do not make a text', async () => {
  const [a, b, c, d] = [...nameLike(), nameLike()[0]];
  const household = await newHousehold([person({ name: a + b }), person({ name: b + c })]);
  assert.deepEqual(await found({ text: a + b + c }), []);
  assert.deepEqual(await found({ text: a + b }), [household.id]);
  assert.deepEqual(await found({ text: c + d }), []);
});

test('M-190: what has changed is found by what it now says', async () => {
  const [before, after] = [nameLike(), nameLike()];
  const household = await newHousehold([person({ name: before })]);
  const [who] = household.people;
  const now = assertDone(await county.patch(`${members}/${who.id}`, who.version, { name: after, reason: '更正姓名' }));
  assert.deepEqual(await found({ text: before }), []);
  assert.deepEqual(await found({ text: after }), [household.id]);
  assertDone(await county.verb(`${members}/${who.id}:leave`, now.version, { left_on: new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10), left_how: 'moved_out', reason: '迁出' }));
  assert.deepEqual(await found({ text: after }), []);
  const [address, next] = [nameLike(), nameLike()];
  await change(household, { address });
  await change(household, { address: next });
  assert.deepEqual(await found({ text: address }), []);
  assert.deepEqual(await found({ text: next }), [household.id]);
});

test('M-190: pages follow each other by village', async () => {
  const address = nameLike();
  const made = [];
  for (let i = 0; i < 5; i++) made.push((await newHousehold()).id);
  for (const id of made) await change({ id }, { address });
  const pages = await allOf(county, households, { text: address, limit: 2 });
  assert.deepEqual(pages.map((each) => each.id), made.sort());
  assertRefused(await county.get(households, { text: address, sort: 'head_name' }), 400, 'bad_parameter', { parameter: 'sort' });
  assertRefused(await county.get(households, { text: '三' }), 400, 'bad_parameter', { parameter: 'text' });
});

test('M-191: a child is not found by name without minor.read; at fourteen by everybody', async () => {
  const name = nameLike();
  const child = person({ name, id_number: undefined, birth_on: '2020-05-01', relation: 'other', education: undefined, labour: 'none', student_status: 'preschool_age' });
  const household = await newHousehold([child]);
  assert.deepEqual(await found({ text: name }, townOffice), []);
  assert.deepEqual(await found({ text: name }, monitor), [household.id]);
  assert.equal(rows(`SELECT count(*)::integer AS n FROM monitoring.household_token WHERE household_id = '${household.id}' AND adult_from = '2034-05-01'`)[0].n, 2);
  await change(household, { address: `${name}路` });
  assert.deepEqual(await found({ text: name }, townOffice), [household.id], 'by the address, which everybody sees');
});

test('M-192: by members who are not confirmed, for holders of person.locate', async () => {
  const household = await newHousehold();
  const found = async (query) => (await allOf(monitor, households, query)).map((each) => each.id);
  for (const unconfirmed of [true, false]) {
    assertRefused(await county.get(households, { unconfirmed }), 403, 'forbidden');
    const list = assertDone(await county.post('/monitoring/saved_lists', { name: unique('待核实户'), filters: { unconfirmed } }), 201);
    assertRefused(await county.get(`/monitoring/saved_lists/${list.id}/households`), 403, 'forbidden');
  }
  await confirmed(household.head.id);
  assert.ok(!(await found({ unconfirmed: true, household_type: 'general' })).includes(household.id));
  assert.ok((await found({ unconfirmed: false })).includes(household.id));
  run(`UPDATE monitoring.member SET confirmation = 'unconfirmed' WHERE id = '${household.head.id}'`);
  assert.ok((await found({ unconfirmed: true })).includes(household.id));
  assert.ok(!(await found({ unconfirmed: false })).includes(household.id));
  assert.deepEqual(await found({ unconfirmed: true, text: household.address }), [household.id]);
  run(`UPDATE monitoring.member SET confirmation = 'confirmed' WHERE id = '${household.head.id}'`);
  assert.ok(!(await found({ unconfirmed: true })).includes(household.id));
});

test('M-192: what is found and what is confirmed at once leaves no flag behind', async () => {
  const { id, head } = await newHousehold();
  await confirmed(head.id);
  run(`UPDATE monitoring.member SET confirmation = 'unconfirmed' WHERE id = '${head.id}'`);
  const confirming = await hold(`UPDATE monitoring.member SET confirmation = 'confirmed' WHERE id = '${head.id}'`);
  const finding = hold(`INSERT INTO monitoring.finding (household_id, owner_division, rule, severity, detail, pointer, facts_digest, found_on, created_at)
    SELECT '${id}', '${village}', min(code), 'alert', 'x', '/x', 'x', '2026-01-01', now() FROM monitoring.monitoring_rule`);
  await confirming.waited(1);
  await confirming.release('COMMIT');
  await (await finding).release('COMMIT');
  const flags = rows(`SELECT token FROM monitoring.household_token WHERE household_id = '${id}' AND token IN ('!unconfirmed', '!alert+') ORDER BY token`);
  assert.deepEqual(flags, [{ token: '!alert+' }]);
});

test('M-193: by open findings of a severity, as far as the caller may see what they tell of', async () => {
  const household = await newHousehold();
  const rule = (about) => rows(`SELECT code FROM monitoring.monitoring_rule WHERE about = '${about}' ORDER BY code LIMIT 1`)[0].code;
  const put = (about, severity) => run(`INSERT INTO monitoring.finding (household_id, owner_division, rule, severity, detail, pointer, facts_digest, found_on, created_at)
    VALUES ('${household.id}', '${village}', '${rule(about)}', '${severity}', 'x', '/x', 'x', '2026-01-01', now())`);
  run(`DELETE FROM monitoring.finding WHERE household_id = '${household.id}'`);
  const has = async (severity, caller) => (await found({ open_findings: severity, text: household.address }, caller)).length === 1;
  put('health', 'alert');
  assert.deepEqual([await has('alert', townOffice), await has('alert', county), await has('error', county)], [false, true, false]);
  put('all', 'alert');
  assert.deepEqual([await has('alert', townOffice), await has('alert', county)], [true, true]);
  run(`UPDATE monitoring.finding SET status = 'resolved', resolved_on = '2026-02-01' WHERE household_id = '${household.id}'`);
  assert.deepEqual([await has('alert', townOffice), await has('alert', county)], [false, false]);
  assertRefused(await county.get(households, { open_findings: 'any' }), 400, 'bad_parameter', { parameter: 'open_findings' });
});

test('M-194: another county finds its own alone', async () => {
  const address = nameLike();
  const household = await newOtherHousehold();
  const now = assertDone(await otherCounty.get(`${households}/${household.id}`));
  assertDone(await otherCounty.patch(`${households}/${household.id}`, now.version, { address }));
  assert.deepEqual(await found({ text: address }), []);
  assert.deepEqual(await found({ text: address }, otherCounty), [household.id]);
  assert.deepEqual(await found({ text: address }, province), [household.id]);
  assertRefused(await county.get(households, { text: address, division: shuangfeng }), 403, 'out_of_scope');
});

test('M-190: what is kept of a household is what a recount finds', async () => {
  await newHousehold([person({ name: unique('钱') })]);
  const wrong = rows(`SELECT count(*)::integer AS n FROM (
    SELECT t.household_id, t.owner_division::text, t.token, t.adult_from FROM monitoring.tokens_of(ARRAY(SELECT id FROM monitoring.household)) AS t
    EXCEPT SELECT household_id, owner_division::text, token, adult_from FROM monitoring.household_token) AS x`);
  const more = rows(`SELECT count(*)::integer AS n FROM (
    SELECT household_id, owner_division::text, token, adult_from FROM monitoring.household_token
    EXCEPT SELECT t.household_id, t.owner_division::text, t.token, t.adult_from FROM monitoring.tokens_of(ARRAY(SELECT id FROM monitoring.household)) AS t) AS x`);
  assert.deepEqual([wrong[0].n, more[0].n], [0, 0]);
});
