// tests/api/monitoring_citizen.test.mjs - a household's own record on paper: for whom and by whom (M-224), everything that is recorded (M-225), numbered without gaps
// (M-226), kept nowhere (M-227).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { newKey } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { http } from '../support/settings.mjs';
import { callerWith, newFamily, yearsAgo } from '../support/citizens.mjs';
import { patient } from '../support/patient.mjs';
import { households, members, newHousehold } from '../support/persons.mjs';
import { tokenOf } from '../support/tokens.mjs';
import { county, monitor, nobodysId, otherMonitor, prefecture, townOffice } from '../support/world.mjs';

const reason = '本人申请查阅家庭信息';
const body = (who, more = {}) => ({ reason, asked_by_member_id: who, ...more });
const print = (caller, household, who, options) => caller.post(`${households}/${household.id}:print_record`, body(who), options);

// The paper's words, as they stand on it line by line, without the blanks between.
async function paperOf(household, who, key = newKey()) {
  const answer = await patient(`${http}/api/v1${households}/${household.id}:print_record`, { method: 'POST',
    headers: { Authorization: `Bearer ${await tokenOf('monitoring_office')}`, 'Content-Type': 'application/json', 'Idempotency-Key': key }, body: JSON.stringify(body(who)) });
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.equal(answer.status, 201, bytes.toString());
  assert.equal(answer.headers.get('content-type'), 'application/pdf');
  const text = execFileSync('pdftotext', ['-layout', '-', '-'], { input: bytes, encoding: 'utf8' });
  return { text, words: text.replaceAll(/\s/g, ''), id: answer.headers.get('location')?.split('/').at(-1) };
}
const printNow = async (id) => assertDone(await monitor.get(`/monitoring/record_prints/${id}`));

test('M-225: everything that is recorded, in the words of the form, in full', async () => {
  const { household, head, grown, child } = await newFamily();
  assertDone(await county.patch(`${households}/${household.id}`, household.version, { risks: ['01', '03'], phone: '13800138000', extension: { 省内编码: 'HN-77' }, reason: '入户核实' }));
  const { words } = await paperOf(household, grown.record.id);
  for (const value of [household.address, '因病、因残', '13800138000', 'HN-77', '一般农户', head.name, grown.name, grown.id_number, grown.phone, '残疾、患有大病', child.name, child.id_number,
    child.phone, '长期慢性病、残疾', '之子', '小学', '入户核实', '第1版']) {
    assert.ok(words.includes(value.replaceAll(/\s/g, '')), `${value} in ${words}`);
  }
  assert.ok(!words.includes('无法读取') && !words.includes('\\x'), words);
});

test('M-225: who has left stands there, too', async () => {
  const { household, head, grown } = await newFamily();
  assertDone(await county.verb(`${members}/${grown.record.id}:leave`, grown.record.version, { left_on: yearsAgo(0), left_how: 'moved_out', reason: '迁出' }));
  const { words } = await paperOf(household, head.id);
  assert.ok(words.includes(`减少日期${yearsAgo(0)}`) && words.includes('减少方式迁出'), words);
});

test('M-224: for a member who is there and grown up, by who may see all of it', async () => {
  const { household, head, grown, child } = await newFamily();
  const stranger = await newHousehold();
  assertRefused(await print(monitor, household, child.record.id), 422, 'invalid', { pointer: '/asked_by_member_id' });
  assertRefused(await print(monitor, household, stranger.head.id), 422, 'invalid', { pointer: '/asked_by_member_id' });
  assertRefused(await monitor.post(`${households}/${household.id}:print_record`, { asked_by_member_id: head.id }), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await monitor.post(`${households}/${household.id}:print_record`, { reason }), 422, 'invalid', { pointer: '/asked_by_member_id' });
  assertRefused(await print(monitor, { id: nobodysId() }, head.id), 404, 'not_found');
  assertRefused(await print(otherMonitor, household, head.id), 404, 'not_found');
  assertRefused(await print(townOffice, household, head.id), 403, 'forbidden');
  assertRefused(await print(prefecture, household, head.id), 403, 'forbidden');
  assertRefused(await print(await callerWith(['household.read', 'person.unmask', 'health.read']), household, head.id), 403, 'forbidden');
  assertDone(await county.verb(`${members}/${grown.record.id}:leave`, grown.record.version, { left_on: yearsAgo(0), left_how: 'moved_out', reason: '迁出' }));
  assertRefused(await print(monitor, household, grown.record.id), 422, 'invalid', { pointer: '/asked_by_member_id' });
  assert.deepEqual(rows(`SELECT 1 FROM monitoring.record_print WHERE household_id = '${household.id}'`), [], 'a refusal takes no number');
});

test('M-226: numbers without gaps, another at each time', async () => {
  const { household, head } = await newFamily();
  const key = newKey();
  const ids = [];
  for (let i = 0; i < 2; i++) ids.push((await paperOf(household, head.id, key)).id);
  ids.push(...(await Promise.all([1, 2, 3].map(() => paperOf(household, head.id)))).map((paper) => paper.id));
  assert.equal(new Set(ids).size, 5, 'no answer is kept under a key');
  const { n, highest } = rows(`SELECT count(*)::integer AS n, max(position) AS highest FROM monitoring.record_print
    WHERE (issuer_organisation_id, year) = (SELECT issuer_organisation_id, year FROM monitoring.record_print WHERE id = '${ids[0]}')`)[0];
  assert.equal(n, highest);
  assert.match((await printNow(ids[0])).number, /^信息告知〔\d{4}〕\d+号$/);
});

test('M-227: kept nowhere; who handed it out to whom, and why, stays', async () => {
  const { household, head, grown } = await newFamily();
  const paper = await paperOf(household, head.id);
  assertRecord(await printNow(paper.id), { household_id: household.id, asked_by_member_id: head.id, reason, household_version: household.version, owner_division: household.owner_division });
  assert.ok(paper.words.includes((await printNow(paper.id)).number));
  assert.deepEqual(assertDone(await monitor.get('/monitoring/record_prints', { household_id: household.id })).items.map((each) => each.id), [paper.id]);
  assertRefused(await otherMonitor.get(`/monitoring/record_prints/${paper.id}`), 404, 'not_found');
  const audit = rows(`SELECT record, reason, body FROM monitoring.audit_log WHERE verb = 'print_household_record' AND record_id IN ('${household.id}', '${paper.id}') ORDER BY record`);
  assert.deepEqual(audit.map((row) => [row.record, row.reason]), [['household', reason], ['record_print', reason]]);
  const kept = JSON.stringify([audit, rows('SELECT body FROM monitoring.idempotency WHERE body IS NOT NULL'), rows('SELECT name FROM monitoring.file')]);
  for (const value of [grown.id_number, grown.phone, '%PDF-']) assert.ok(!kept.includes(value), value);
});
