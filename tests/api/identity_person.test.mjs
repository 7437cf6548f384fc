// tests/api/identity_person.test.mjs - personal data of persons: encrypted, masked by role, found by what the caller has, shown in full with a reason.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, as, newKey, unique } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { citizenId, mobile } from '../support/numbers.mjs';
import { county, louxing, newOrganisation, nobodysId, otherCounty, prefecture, province, shuangfeng, town, townOffice } from '../support/world.mjs';

const persons = '/identity/persons';
const usual = (id) => `${id.slice(0, 6)}********${id.slice(-4)}`;
const strict = (id) => `${id.slice(0, 3)}***********${id.slice(-4)}`;
const newPerson = async (more = {}, caller = county, options = {}) => {
  const answer = await caller.post(persons, { owner_division: louxing, name: unique('人'), ...more }, options);
  return { ...assertDone(answer, 201), answer };
};
const kept = (person) => rows(`SELECT citizen_id::text, citizen_id_hash::text, phone::text, phone_hash::text FROM identity.person WHERE id = '${person.id}'`)[0];
const auditOf = (person) => rows(`SELECT verb, reason, body, before FROM identity.audit_log WHERE record_id = '${person.id}' ORDER BY id`);

test('numbers are kept as ciphertext and shown masked, everywhere', async () => {
  const [number, phone, key] = [citizenId(), mobile(), newKey()];
  const body = { owner_division: louxing, name: unique('人'), citizen_id: number.toLowerCase(), phone: `+86 ${phone.slice(0, 3)}-${phone.slice(3)}` };
  const made = await county.post(persons, body, { key });
  const person = assertDone(made, 201);
  assertRecord(person, { citizen_id: usual(number), phone: `${phone.slice(0, 3)}****${phone.slice(-4)}` });
  const again = await county.post(persons, body, { key });
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual(again.body, person);
  assert.deepEqual(assertDone(await county.get(`${persons}/${person.id}`)), person);
  assert.deepEqual((await allOf(county, persons, { name_prefix: person.name }))[0], person);
  assert.deepEqual(assertDone(await county.get(`${persons}/${person.id}`, { fields: 'phone' })), { phone: person.phone });
  const row = kept(person);
  for (const [name, value] of Object.entries(row)) {
    assert.match(value, /^\\x/, name);
    assert.ok(!Buffer.from(value.slice(2), 'hex').includes(Buffer.from(number)) && !value.includes(Buffer.from(phone).toString('hex')), name);
  }
  const stored = rows(`SELECT body, digest FROM identity.idempotency WHERE key = '${key}'`)[0];
  assert.ok(!stored.body.includes(number) && !stored.body.includes(phone));
  assert.match(stored.digest, /^[0-9a-f]{72}$/, 'a keyed digest');
});

test('what is masked goes by the role', async () => {
  const [number, phone] = [citizenId(), mobile()];
  const person = await newPerson({ citizen_id: number, phone });
  assertRecord(assertDone(await as('inspector').get(`${persons}/${person.id}`)), { citizen_id: strict(number), phone: `${phone.slice(0, 3)}******${phone.slice(-2)}` });
  assertRecord(assertDone(await as('security_admin').get(`${persons}/${person.id}`)), { citizen_id: '******', phone: '******' });
  assertRecord(assertDone(await townOffice.get(`${persons}/${person.id}`)), { citizen_id: strict(number) });
});

test('a name that looks like a sealed member stays what it is', async () => {
  const name = '","citizen_id":"\\x0100000001"';
  const person = await newPerson({ name, citizen_id: citizenId() });
  assert.equal(person.name, name);
  assert.equal(assertDone(await county.get(`${persons}/${person.id}`)).name, name);
});

test('a wrong number is refused and not repeated', async () => {
  for (const [member, value, code] of [['citizen_id', '532900197002290010', 'not_a_citizen_id'], ['citizen_id', '110105194912310021', 'not_a_citizen_id'],
    ['phone', '12812345678', 'not_a_phone_number'], ['citizen_id', 11, 'not_a_string']]) {
    const answer = await county.post(persons, { owner_division: louxing, name: '甲', [member]: value });
    assertRefused(answer, 422, 'invalid', { pointer: `/${member}`, code });
    assert.ok(!answer.text.includes(String(value)) || value === 11, answer.text);
  }
});

test('a number is entered once in a division', async () => {
  const number = citizenId();
  const person = await newPerson({ citizen_id: number });
  assertRefused(await county.post(persons, { owner_division: louxing, name: '甲', citizen_id: number }), 409, 'state_conflict', { pointer: '/citizen_id' });
  await newPerson({ owner_division: shuangfeng, citizen_id: number }, otherCounty);
  const other = await newPerson();
  assertRefused(await county.patch(`${persons}/${other.id}`, 1, { citizen_id: number }), 409, 'state_conflict');
  assertDone(await county.patch(`${persons}/${person.id}`, 1, { citizen_id: number }));
  const twice = citizenId();
  const answers = await Promise.all(Array.from({ length: 6 }, () => county.post(persons, { owner_division: louxing, name: '乙', citizen_id: twice })));
  assert.deepEqual(answers.map((a) => a.status).sort(), [201, 409, 409, 409, 409, 409]);
});

test('name and numbers are corrected, and removed by null', async () => {
  const [number, phone] = [citizenId(), mobile()];
  const person = await newPerson({ citizen_id: number });
  const path = `${persons}/${person.id}`;
  const before = kept(person);
  const corrected = assertDone(await county.patch(path, 1, { name: '新名' + unique(), phone }));
  assertRecord(corrected, { version: 2, citizen_id: usual(number) });
  assert.equal(kept(person).citizen_id, before.citizen_id, 'what was not given stays');
  assertRecord(assertDone(await county.patch(path, 2, { citizen_id: null })), { version: 3, citizen_id: null, phone: corrected.phone });
  assertRecord(kept(person), { citizen_id: null, citizen_id_hash: null });
  const stale = assertRefused(await county.patch(path, 2, { phone: null }), 412, 'stale');
  assert.equal(stale.current.phone, corrected.phone, 'the record as it stands is masked, too');
  assertRefused(await county.patch(path, 3, { name: null }), 422, 'invalid', { pointer: '/name' });
  assertRefused(await county.patch(path, 3, {}), 422, 'invalid');
  assertRefused(await county.patch(path, undefined, { name: '甲' }), 428, 'precondition_required');
  assertRefused(await county.patch(`${persons}/${nobodysId()}`, 1, { name: '甲' }), 404, 'not_found');
  assertRefused(await otherCounty.patch(path, 3, { name: '甲' }), 404, 'not_found');
  const audit = JSON.stringify(auditOf(person));
  assert.ok(!audit.includes('\\\\x') && !audit.includes(number) && !audit.includes(phone) && !audit.includes(corrected.name), audit);
});

test('a person is found by a number that the caller has, in the own divisions', async () => {
  const [number, phone] = [citizenId(), mobile()];
  const person = await newPerson({ citizen_id: number, phone });
  const find = async (caller, body) => assertDone(await caller.post(`${persons}:find`, body)).items.map((p) => p.id);
  assert.deepEqual(await find(county, { citizen_id: number }), [person.id]);
  assert.deepEqual(await find(county, { phone: `0086${phone}` }), [person.id]);
  assert.deepEqual(await find(prefecture, { citizen_id: number }), [person.id]);
  assert.deepEqual(await find(otherCounty, { citizen_id: number }), []);
  assertRefused(await townOffice.post(`${persons}:find`, { citizen_id: number }), 403, 'forbidden');
  assert.deepEqual(await find(county, { citizen_id: citizenId() }), []);
  assertRecord(assertDone(await county.post(`${persons}:find`, { phone })).items[0], { citizen_id: usual(number) });
  assertRefused(await county.post(`${persons}:find`, {}), 422, 'invalid', { code: 'one_of' });
  assertRefused(await county.post(`${persons}:find`, { citizen_id: number, phone }), 422, 'invalid', { code: 'one_of' });
  assertRefused(await county.post(`${persons}:find?phone=${phone}`, { phone }), 400, 'bad_parameter');
});

test('unmasking needs a reason, is written down first, and is not stored', async () => {
  const [number, phone, key] = [citizenId(), mobile(), newKey()];
  const person = await newPerson({ citizen_id: number, phone });
  const unmask = `${persons}/${person.id}:unmask`;
  const reason = '核对任免文件上的身份证号';
  const answer = await county.post(unmask, { reason, fields: ['citizen_id'] }, { key });
  assertRecord(assertDone(answer), { citizen_id: number, phone: person.phone });
  assert.match(answer.headers.get('cache-control'), /no-store/);
  assertRecord(assertDone(await county.post(unmask, { reason, fields: ['phone', 'citizen_id'] }, { key })), { citizen_id: number, phone });
  const audit = auditOf(person).filter((row) => row.verb === 'unmask_person');
  assert.deepEqual(audit.map((row) => [row.reason, row.body.fields]), [[reason, ['citizen_id']], [reason, ['phone', 'citizen_id']]]);
  assert.ok(!JSON.stringify(audit).includes(number) && !JSON.stringify(audit).includes(phone));
  assert.deepEqual(rows(`SELECT 1 FROM identity.idempotency WHERE key = '${key}'`), []);
  for (const [body, pointer] of [[{ fields: ['phone'] }, '/reason'], [{ reason: '看看', fields: ['phone'] }, '/reason'], [{ reason }, '/fields'],
    [{ reason, fields: [] }, '/fields'], [{ reason, fields: ['name'] }, '/fields']]) {
    assertRefused(await county.post(unmask, body), 422, 'invalid', { pointer });
  }
  assertRefused(await county.post(`${unmask}?validate_only=true`, { reason, fields: ['phone'] }), 400, 'bad_parameter');
  assert.equal(auditOf(person).filter((row) => row.verb === 'unmask_person').length, 2, 'a refusal writes nothing');
});

test('only those who keep a person see it in full', async () => {
  const above = await newPerson({ owner_division: '430000000000', citizen_id: citizenId() }, province);
  const body = { reason: '核对任免文件上的身份证号', fields: ['citizen_id'] };
  assertRefused(await county.post(`${persons}/${above.id}:unmask`, body), 403, 'out_of_scope');
  const beside = await newPerson({ owner_division: shuangfeng, citizen_id: citizenId() }, otherCounty);
  assertRefused(await county.post(`${persons}/${beside.id}:unmask`, body), 404, 'not_found');
  for (const role of ['town_office', 'department_office', 'inspector', 'security_admin', 'audit_admin']) {
    assertRefused(await as(role).post(`${persons}/${beside.id}:unmask`, body), 403, 'forbidden');
  }
});

test('a rehearsal stores nothing', async () => {
  const number = citizenId();
  const answer = await county.post(`${persons}?validate_only=true`, { owner_division: louxing, name: '甲', citizen_id: number });
  assertRecord(assertDone(answer), { citizen_id: usual(number) });
  assert.deepEqual(assertDone(await county.post(`${persons}:find`, { citizen_id: number })).items, []);
});

test('a person below the caller belongs to the caller, too', async () => {
  const unit = await newOrganisation({ owner_division: town, kind: 'town' });
  assert.ok(unit.id);
  const number = citizenId();
  const person = await newPerson({ owner_division: town, citizen_id: number });
  const full = assertDone(await prefecture.post(`${persons}/${person.id}:unmask`, { reason: '核对任免文件上的身份证号', fields: ['citizen_id'] }));
  assert.equal(full.citizen_id, number);
});
