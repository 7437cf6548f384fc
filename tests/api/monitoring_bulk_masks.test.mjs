// tests/api/monitoring_bulk_masks.test.mjs - tables with personal data: numbers where they do not belong (B-022), and who is given what came (B-020, F-013).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAccount, signedIn } from '../support/accounts.mjs';
import { assertDone, assertRefused } from '../support/assert.mjs';
import { child, csv, done, download, ended, head, home, madeFile, newNumber, rowsOf, spouse, stagedRows, stagedTables, upload } from '../support/archive_tables.mjs';
import { rows } from '../support/database.mjs';
import { idNumber, mobile } from '../support/numbers.mjs';
import { county, monitor } from '../support/world.mjs';
import { unique } from '../support/client.mjs';

const wide = (text) => [...text].map((c) => (c === 'X' ? 'Ｘ' : String.fromCharCode(0xff10 + Number(c)))).join('');
const parted = (text) => `${text.slice(0, 6)} ${text.slice(6, 14)}-${text.slice(14)}`;
const mistyped = (text) => text.slice(0, 17) + (text[17] === '5' ? '6' : '5');
const kept = (batch) => rows(`SELECT concat_ws('|', data, was, faults, notes, hidden) AS all, concat_ws('|', data, was, faults, notes) AS shown FROM monitoring.batch_row WHERE batch_id = '${batch.id}'`);
const family = (more = {}, of = 1) => {
  const number = newNumber(), name = unique('赵');
  const members = [child(number, `${name}小`), head(number, name), spouse(number, `${name}妻`)];
  members[of] = { ...members[of], ...more };
  return { number, homes: [home(number)], members };
};

test('B-022: a number in a column that is not for it is stars, and nothing of it is kept of what fails', async () => {
  const number = idNumber('1975-04-03'), phone = mobile();
  const cases = [['姓名', number], ['与户主关系', number], ['民族', wide(number)], ['务工时长（月）', number], ['增加日期', phone], ['文化程度', `初中 ${parted(number)}`],
    ['低保', mistyped(number)], ['务工所在地', `${number}01`.slice(0, 20)]];
  const all = cases.map(([column, text]) => family({ [column]: text }));
  const homes = family();
  homes.homes[0].家庭住址 = `三组，${number}`;
  const batch = await stagedRows(county, [...all, homes].flatMap((one) => one.homes), [...all, homes].flatMap((one) => one.members));
  assert.equal(batch.failed, batch.rows, JSON.stringify(await rowsOf(county, batch)));
  const texts = [number, wide(number), parted(number), mistyped(number), phone];
  for (const row of kept(batch)) for (const text of texts) assert.ok(!row.all.includes(text), `${text}: ${row.all}`);
  const stored = await rowsOf(county, batch);
  for (const [i, [column]] of cases.entries()) {
    const told = stored.filter((row) => row.data.household_number === all[i].number).flatMap((row) => row.faults.map((fault) => fault.column));
    assert.ok(told.includes(column), `${column}: ${told}`);
  }
  assert.equal(stored.find((row) => row.part === 1 && row.data.household_number === homes.number).data.address, '三组，******');
});

test('M-027: an ID number is no household number: told by column, and shown and kept nowhere', async () => {
  const number = idNumber('1975-04-03'), head_number = idNumber('1975-04-03');
  for (const typed of [number, wide(number), parted(number)]) {
    const one = family();
    const batch = await stagedRows(county, [home(typed)], [head(typed, '赵甲', { 证件号码: head_number })]);
    const stored = await rowsOf(county, batch);
    assert.deepEqual([batch.rows, batch.failed, stored.map((row) => row.data.household_number)], [2, 2, ['******', '******']], JSON.stringify(stored));
    for (const row of stored) assert.ok(row.faults.some((fault) => fault.column === '户编号' && fault.code === 'is_id_number'), JSON.stringify(row.faults));
    for (const row of kept(batch)) assert.ok(!row.all.includes(typed), row.all);
    const others = (await madeFile(monitor, assertDone(await monitor.post(`/monitoring/batches/${batch.id}:error_file`, { part: 1 }), 202))).toString();
    assert.ok(others.includes('户编号：是身份证号码') && !others.includes(typed), others);
  }
});

test('B-022: what is taken all the same goes into the record as it came; a heading is told without the number', async () => {
  const phone = mobile(), one = family();
  one.homes[0].家庭住址 = `三组，${phone}`;
  const batch = await stagedRows(county, one.homes, one.members);
  assert.equal(batch.failed, 0);
  for (const row of kept(batch)) assert.ok(!row.shown.includes(phone), row.shown);
  await done(monitor, batch, 'apply');
  assert.equal(assertDone(await county.get('/monitoring/households', { household_number: one.number })).items[0].address, `三组，${phone}`);
  const number = idNumber('1975-04-03');
  const headed = await stagedRows(county, one.homes, [{ 户编号: one.number, [number]: '赵甲' }]);
  assert.ok(!JSON.stringify(rows(`SELECT to_jsonb(b) AS b FROM monitoring.batch b WHERE b.id = '${headed.id}'`)).includes(number));
});

test('B-020, F-013: the error file is as it came for who sent the table, and for nobody else', async () => {
  const one = family({ 民族: '火星族' });
  const files = [await upload(county, csv(one.homes)), await upload(county, csv(one.members))];
  const staging = await ended(county, assertDone(await county.post('/monitoring/batches', { kind: 'archive', title: unique('农户'), file_id: files[0].id, member_file_id: files[1].id }), 202));
  const batch = staging.result.batch_id;
  const path = `/monitoring/batches/${batch}:error_file`;
  const job = await ended(county, assertDone(await county.post(path, { part: 2 }), 202));
  const own = (await download(county, job.result.file_id)).toString();
  for (const member of one.members) assert.ok(own.includes(member.证件号码) && own.includes(member.姓名));
  // Another person of the same office, and another office of the county.
  const colleague = await signedIn(newAccount());
  for (const file of [...files.map((each) => each.id), job.result.file_id]) {
    for (const other of [monitor, colleague]) assertRefused(await other.get(`/monitoring/files/${file}/content`), 404, 'not_found');
    assert.equal((await county.get(`/monitoring/files/${file}`)).status, 200);
  }
  assert.equal((await download(county, files[1].id)).toString(), csv(one.members).toString());
  const others = (await madeFile(monitor, assertDone(await monitor.post(path, { part: 2 }), 202))).toString();
  assert.match(others, /火星族/);
  assert.match(others, /民族：不在可选范围内/);
  for (const member of one.members) assert.ok(!others.includes(member.证件号码) && !others.includes(member.姓名), others);
  assert.ok(!/,健康,/.test(others) && !/,2020-01-01/.test(others), others);
});

// The tables of a household that is there, each with a fault, sent by one account; their error files, for another.
async function filesForOthers(homes, members) {
  const batch = await stagedRows(county, homes, members);
  assert.ok(batch.failed > 0);
  const path = `/monitoring/batches/${batch.id}:error_file`;
  const [first, second] = [await madeFile(monitor, assertDone(await monitor.post(path, { part: 1 }), 202)), await madeFile(monitor, assertDone(await monitor.post(path, { part: 2 }), 202))];
  return [first, second].map((bytes) => bytes.toString());
}

const recordOf = (number) => rows(`SELECT h.id, h.address, h.risk_note, h.settlement_id, m.id AS member, m.name, m.id_number_hash::text AS hash, m.birth_on, m.joined_on, m.ethnicity, m.work_place
  FROM monitoring.household h JOIN monitoring.member m ON m.household_id = h.id WHERE h.household_number = '${number}' ORDER BY m.id`);

test('B-020: an error file for others that comes in again changes nothing of what it hides: a text with a number, a day; ids stay', async () => {
  const one = family(), phone = mobile();
  one.homes[0].家庭住址 = `三组，${phone}`;
  one.homes[0].风险备注 = phone;
  await done(monitor, await stagedRows(county, one.homes, one.members), 'apply');
  const before = recordOf(one.number);
  assert.deepEqual([before[0].address, before[0].risk_note, before.map((row) => String(row.joined_on).slice(0, 10))], [`三组，${phone}`, phone, ['2020-01-01', '2020-01-01', '2020-01-01']]);
  const idOf = (member) => before.find((row) => row.name === member.姓名).member;
  const homes = one.homes.map((row) => ({ ...row, 系统编号: before[0].id }));
  const members = one.members.map((row) => ({ ...row, 系统编号: idOf(row), 民族: '火星族' }));
  const [first, second] = await filesForOthers(homes, members);
  assert.ok(first.includes('三组，******') && !first.includes(phone), first);
  assert.ok(first.includes(one.number) && first.includes(before[0].id), first);
  for (const row of before) assert.ok(second.includes(row.member) && !second.includes('2020-01-01') && !second.includes(row.name), second);
  const again = await stagedTables(county, Buffer.from(first), Buffer.from(second.replaceAll('火星族', '苗族')));
  assert.equal(again.failed, 0, JSON.stringify(await rowsOf(county, again)));
  await done(monitor, again, 'apply');
  assert.deepEqual(recordOf(one.number), before.map((row) => ({ ...row, ethnicity: '06' })));
});

test('B-020: what an error file for others hides is no value of a new record', async () => {
  const one = family({ 民族: '火星族' });
  one.homes[0].家庭住址 = `三组，${mobile()}`;
  const [first, second] = await filesForOthers(one.homes, one.members);
  const again = await stagedTables(county, Buffer.from(first), Buffer.from(second.replaceAll('火星族', '苗族')));
  const stored = await rowsOf(county, again);
  const masked = (part) => new Set(stored.filter((row) => row.part === part).flatMap((row) => row.faults.filter((fault) => fault.code === 'masked').map((fault) => fault.column)));
  assert.equal(again.failed, again.rows);
  assert.deepEqual([...masked(1)], ['家庭住址']);
  for (const column of ['姓名', '证件号码', '增加日期']) assert.ok(masked(2).has(column), JSON.stringify(stored));
});
