// tests/api/onboarding.test.mjs - R-008, I-040 to I-044: units, posts and who holds them out of two tables: rehearsed, told fault by fault, and repeated without effect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey, unique } from '../support/client.mjs';
import { grant, hold, newAccount, newPost, settled } from '../support/admins.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { citizenId, mobile } from '../support/numbers.mjs';
import { county, louxing, newOrganisation, otherCounty, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const units = '/registry/organisations:import';
const posts = '/identity/posts:import';
const csv = (heading, lines) => [heading, ...lines.map((line) => line.join(','))].join('\n') + '\n';
const unitCsv = (...lines) => csv('owner_division,name,kind,line', lines);
const postCsv = (...lines) => csv('organisation_division,organisation,title,duty,role,person,citizen_id,phone,starts_on', lines);
const load = (path, table, query, options, caller = county) => caller.load(path, query, table, options);
const faults = (answer) => answer.body.errors.map((e) => [e.row, e.column, e.code]).sort();

test('units are registered once, and a repeated table changes nothing', async () => {
  const [a, b] = [unique('局'), unique('镇')];
  const table = unitCsv([louxing, a, 'department', 'water'], [town, b, 'town', '']);
  assertRecord(assertDone(await load(units, table, { validate_only: true })), { rows: 2, inserted: 2, unchanged: 0 });
  assert.deepEqual(await allOf(county, '/registry/organisations', { name_prefix: a }), []);
  const key = newKey();
  const told = assertDone(await load(units, table, {}, { key }));
  assertRecord(told, { rows: 2, inserted: 2, unchanged: 0 });
  assert.deepEqual(assertDone(await load(units, table, {}, { key })), told);
  assertRecord((await allOf(county, '/registry/organisations', { name_prefix: a }))[0], { owner_division: louxing, kind: 'department', line: 'water' });
  const again = newKey();
  for (let i = 0; i < 2; i++) assertRecord(assertDone(await load(units, table, {}, { key: again })), { rows: 2, inserted: 0, unchanged: 2 });
  assert.equal(rows(`SELECT 1 FROM registry.audit_log WHERE verb = 'import_organisations' AND record = 'organisation' AND body ->> 'name' IN ('${a}', '${b}')`).length, 2);
});

test('every fault of a table of units is told by row, column and code', async () => {
  const name = unique('局');
  await newOrganisation({ name, kind: 'department', line: 'water' });
  assert.deepEqual(faults(assertRefusedBody(await load(units, unitCsv([louxing, name, 'town', 'fire'], ['431302999000', unique(), 'town', ''], [louxing, '甲', 'other', ''], [louxing, '甲', 'other', ''])))),
    [[2, 'kind', 'differs'], [2, 'line', 'differs'], [3, 'owner_division', 'unknown_division'], [5, 'name', 'repeated']]);
  assert.deepEqual(faults(assertRefusedBody(await load(units, unitCsv([shuangfeng, '乙', 'other', ''])))), [[2, 'owner_division', 'out_of_scope']]);
  assert.deepEqual(faults(assertRefusedBody(await load(units, unitCsv(['43', '乙', 'shop', ''])))), [[2, 'kind', 'not_one_of'], [2, 'owner_division', 'not_a_division_code']]);
  assertRefused(await load(units, 'owner_division,name\n', {}), 422, 'invalid');
  assertRefused(await load(units, unitCsv([louxing, '乙', 'other', '']), {}, {}, townOffice), 403, 'forbidden');
});

const assertRefusedBody = (answer) => { assertRefused(answer, 422, 'invalid'); return answer; };

test('posts come with their holders, and a repeated table changes nothing', async () => {
  const unit = await newOrganisation();
  const [number, phone] = [citizenId(), mobile()];
  const table = postCsv([louxing, unit.name, '局长', 'first_responsible', '', '赵甲', number, phone, '2026-01-01'],
    [louxing, unit.name, '副局长', 'direct', '', '钱乙', '', '', '2026-01-01'], [louxing, unit.name, '办公室主任', 'staff', '', '赵甲', number.toLowerCase(), '', '2026-02-01']);
  assertRecord(assertDone(await load(posts, table, { validate_only: true })), { rows: 3, inserted: 3, posts: 3, persons: 2 });
  assert.deepEqual(await allOf(county, '/identity/posts', { organisation_id: unit.id }), []);
  assertRecord(assertDone(await load(posts, table)), { rows: 3, inserted: 3, unchanged: 0, posts: 3, persons: 2 });
  const made = await allOf(county, '/identity/posts', { organisation_id: unit.id });
  assert.deepEqual(made.map((p) => [p.title, p.duty, p.owner_division, p.role]).sort(), [['副局长', 'direct', louxing, null], ['办公室主任', 'staff', louxing, null], ['局长', 'first_responsible', louxing, null]]);
  const found = assertDone(await county.post('/identity/persons:find', { citizen_id: number })).items;
  assert.equal(found.length, 1);
  assertRecord(found[0], { name: '赵甲', citizen_id: `${number.slice(0, 6)}********${number.slice(-4)}`, phone: `${phone.slice(0, 3)}****${phone.slice(-4)}` });
  assert.equal((await allOf(county, '/identity/holders', { person_id: found[0].id })).length, 2);
  const audit = JSON.stringify(rows(`SELECT body FROM identity.audit_log WHERE verb = 'import_posts' AND at > now() - interval '1 minute'`));
  assert.ok(!audit.includes(number) && !audit.includes(phone) && !audit.includes('\\\\x'));
  const key = newKey();
  for (let i = 0; i < 2; i++) assertRecord(assertDone(await load(posts, table, {}, { key })), { rows: 3, inserted: 0, unchanged: 3, posts: 0, persons: 0 });
});

test('a person who is there takes a post that is there', async () => {
  const unit = await newOrganisation();
  const number = citizenId();
  const person = assertDone(await county.post('/identity/persons', { owner_division: louxing, name: '孙丙', citizen_id: number }), 201);
  const post = assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: '科长', duty: 'staff' }), 201);
  assertRecord(assertDone(await load(posts, postCsv([louxing, unit.name, '科长', 'staff', '', '孙丙', number, '', '2026-03-01']))), { inserted: 1, posts: 0, persons: 0 });
  assertRecord((await allOf(county, '/identity/holders', { post_id: post.id }))[0], { person_id: person.id, starts_on: '2026-03-01', ends_on: null });
});

test('a post with permissions is given by those who may give them, in its unit\'s division and line', async () => {
  const [plain, lined] = [await newOrganisation({ owner_division: town, kind: 'town' }), await newOrganisation({ line: 'agriculture' })];
  assertDone(await load(posts, postCsv([town, plain.name, '经办', 'staff', 'town_office', '李丁', '', '', '2026-01-01'], [louxing, lined.name, '经办', 'staff', 'department_office', '周戊', '', '', '2026-01-01'])));
  assert.deepEqual(rows(`SELECT role, ranges, scope_lines FROM identity.post WHERE organisation_id IN ('${plain.id}', '${lined.id}') ORDER BY role`),
    [{ role: 'department_office', ranges: ['431302'], scope_lines: ['agriculture'] }, { role: 'town_office', ranges: ['431302006'], scope_lines: null }]);
  for (const role of ['system_admin', 'no_such_role']) {
    const unit = await newOrganisation();
    assert.deepEqual(faults(assertRefusedBody(await load(posts, postCsv([louxing, unit.name, '经办', 'staff', role, '李丁', '', '', '2026-01-01'])))), [[2, 'role', 'exceeds_own_rights']]);
  }
});

test('I-020: one number in many tables at once is one person', async () => {
  const [unit, number] = [await newOrganisation(), citizenId()];
  const answers = await Promise.all(Array.from({ length: 8 }, () => load(posts, postCsv([louxing, unit.name, unique('岗'), 'staff', '', '赵甲', number, '', '2026-01-01']))));
  answers.forEach((answer) => assertDone(answer));
  assert.equal(assertDone(await county.post('/identity/persons:find', { citizen_id: number })).items.length, 1);
});

test('A-2: nobody puts themselves in a post with permissions by a table', async () => {
  const [unit, number, name] = [await newOrganisation(), citizenId(), unique('人')];
  const person = assertDone(await county.post('/identity/persons', { owner_division: louxing, name, citizen_id: number }), 201);
  const own = await newPost(louxing);
  assertDone(await hold(own, person), 201);
  const account = await newAccount(person);
  assertDone(await grant(own, { role: 'county_office', ranges: [louxing], lines: null }));
  const me = await settled({ account });
  const table = (role) => postCsv([louxing, unit.name, '经办', 'staff', role, name, number, '', '2026-01-01']);
  const asMe = (role) => me.call('POST', posts, { csv: table(role) });
  assert.deepEqual(faults(assertRefusedBody(await asMe('town_office'))), [[2, 'person', 'exceeds_own_rights']]);
  assertRecord(assertDone(await asMe('')), { posts: 1, inserted: 1 });

  // Another division's record of the same human being, there already or not.
  const office = await newOrganisation({ owner_division: town, kind: 'town' });
  const there = (title, role) => me.call('POST', posts, { csv: postCsv([town, office.name, title, 'staff', role, name, number, '', '2026-01-01']) });
  assert.deepEqual(faults(assertRefusedBody(await there('经办', 'town_office'))), [[2, 'person', 'exceeds_own_rights']]);
  const post = assertDone(await county.post('/identity/posts', { organisation_id: office.id, title: '科长', duty: 'staff' }), 201);
  const granted = assertDone(await grant(post, { role: 'town_office', ranges: [town], lines: null }));
  assert.deepEqual(faults(assertRefusedBody(await there('科长', ''))), [[2, 'person', 'exceeds_own_rights']]);
  const other = assertDone(await county.post('/identity/persons', { owner_division: town, name, citizen_id: number }), 201);
  assertRefused(await me.post('/identity/holders', { post_id: granted.id, person_id: other.id, starts_on: '2026-01-01' }), 403, 'exceeds_own_rights');
  // Nor does anybody make the own records two human beings.
  for (const record of [person, other]) {
    for (const citizen_id of [citizenId(), null]) assertRefused(await me.patch(`/identity/persons/${record.id}`, 1, { citizen_id }), 403, 'exceeds_own_rights');
  }
  assertRecord(assertDone(await me.patch(`/identity/persons/${person.id}`, 1, { phone: mobile() })), { version: 2 });
});

test('every fault of a table of posts is told by row, column and code', async () => {
  const unit = await newOrganisation();
  const number = citizenId();
  assertDone(await load(posts, postCsv([louxing, unit.name, '局长', 'direct', '', '赵甲', number, '', '2026-01-01'])));
  const answer = assertRefusedBody(await load(posts, postCsv(
    [louxing, unit.name, '局长', 'staff', '', '钱乙', '', '', '2026-05-01'],
    [louxing, '没有这个局', '科员', 'staff', '', '钱乙', '', '', '2026-05-01'],
    [louxing, unit.name, '科员', 'staff', '', '钱乙', number, '', '2026-05-01'],
    [louxing, unit.name, '科员', 'staff', '', '钱乙', '', '', '2026-05-01'])));
  assert.deepEqual(faults(answer), [[2, 'duty', 'differs'], [2, 'starts_on', 'post_is_held'], [3, 'organisation', 'unknown_organisation'], [4, 'person', 'differs'], [5, 'title', 'repeated']]);
  const cells = assertRefusedBody(await load(posts, postCsv([louxing, unit.name, '', 'boss', '', '钱乙', '110105194912310021', '12812345678', '2026-02-30'])));
  assert.deepEqual(faults(cells), [[2, 'citizen_id', 'not_a_citizen_id'], [2, 'duty', 'not_one_of'], [2, 'phone', 'not_a_phone_number'], [2, 'starts_on', 'not_a_date'], [2, 'title', 'required']]);
  assert.ok(!cells.text.includes('110105194912310021') && !cells.text.includes('12812345678'));
  const twice = citizenId();
  assert.deepEqual(faults(assertRefusedBody(await load(posts, postCsv([louxing, unit.name, '甲岗', 'staff', '', '甲', twice, '', '2026-01-01'], [louxing, unit.name, '乙岗', 'staff', '', '乙', twice, '', '2026-01-01'])))),
    [[3, 'person', 'person_differs']]);
  const beside = await newOrganisation({ owner_division: shuangfeng }, otherCounty);
  assert.deepEqual(faults(assertRefusedBody(await load(posts, postCsv([shuangfeng, beside.name, '局长', 'staff', '', '甲', '', '', '2026-01-01'])))), [[2, 'organisation_division', 'out_of_scope']]);
});

test('a table may be GB18030', async () => {
  const unit = await newOrganisation({ owner_division: village, kind: 'village', name: `GB${unique()}` });
  const gb = Buffer.concat([Buffer.from(`organisation_division,organisation,title,duty,person,starts_on\n${village},${unit.name},`), Buffer.from([0xca, 0xe9, 0xbc, 0xc7]),
    Buffer.from(',first_responsible,'), Buffer.from([0xd5, 0xd4, 0xbc, 0xd7]), Buffer.from(',2026-01-01\n')]);
  assertRecord(assertDone(await county.load(posts, {}, gb, { headers: { 'Content-Type': 'text/csv; charset=GB18030' } })), { inserted: 1 });
  assertRecord((await allOf(county, '/identity/posts', { organisation_id: unit.id }))[0], { title: '书记' });
});

test('the largest tables are taken, and one row more is refused', async () => {
  const mark = unique('限');
  const many = Array.from({ length: 5000 }, (_, i) => [louxing, `${mark}${i}`, 'department', 'water']);
  let started = performance.now();
  assertRecord(assertDone(await load(units, unitCsv(...many), { validate_only: true })), { inserted: 5000 });
  const [unitsMs, unit] = [performance.now() - started, await newOrganisation()];
  const held = Array.from({ length: 2000 }, (_, i) => [louxing, unit.name, `${mark}${i}`, 'staff', '', `人${i}`, citizenId(), mobile(), '2026-01-01']);
  started = performance.now();
  assertRecord(assertDone(await load(posts, postCsv(...held), { validate_only: true })), { inserted: 2000, posts: 2000, persons: 2000 });
  const postsMs = performance.now() - started;
  console.log(`# 5000 units ${unitsMs.toFixed()} ms, 2000 posts ${postsMs.toFixed()} ms, with the way there`);
  assertRefused(await load(units, unitCsv(...many, [louxing, `${mark}x`, 'other', ''])), 422, 'invalid');
  assertRefused(await load(posts, postCsv(...held, [louxing, unit.name, `${mark}x`, 'staff', '', '人', '', '', '2026-01-01'])), 422, 'invalid');
});
