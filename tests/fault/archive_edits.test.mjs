// tests/fault/archive_edits.test.mjs - households are edited while a table that changes them is staged, and while it is applied (M-167): whatever was accepted stays, whoever
// was edited first is left out of the table and reported, and the rest is applied, each household once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { headersOf } from './own.mjs';
import { checked } from '../support/id_check.mjs';
import { Killing } from './killing.mjs';

const HOMES = 600;
const EARLY = 30; // edited between staging and applying: each third itself, a member that the table names, one that it does not
const EDITORS = 4;
const village = '431302006003';
const number = (n) => `4313${String(n).padStart(10, '0')}`;
let at, tokens;
before(async () => {
  at = new Killing('archive_edits', 'monitoring');
  at.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    VALUES (gen_random_uuid(), '${village}', '${village}', '仙人阁社区', 5, '431302006000', '2010-01-01') ON CONFLICT DO NOTHING`);
  tokens = { county: await at.stack.logIn('county_office'), monitor: await at.stack.logIn('monitoring_office') };
});
after(() => at?.stack.reset());

const call = (who, ...rest) => at.call(tokens[who], ...rest);
const rowsOf = (text) => JSON.parse(at.sql(`SELECT coalesce(json_agg(r), '[]') FROM (${text}) AS r`));
const homesHead = '户编号,行政村代码,家庭住址,户类型\n';
const membersHead = '户编号,姓名,证件号码,与户主关系,民族,文化程度,健康状况,劳动技能,是否外出务工,务工所在地,务工时长（月）,务工月收入（元）,参加城乡居民基本医疗保险,参加城镇职工基本医疗保险,参加大病保险,参加城乡居民基本养老保险,参加城镇职工基本养老保险\n';
// Each n another person, a man.
function idNumber(n) {
  return checked(`4313${10 + (n % 80)}19800403${String(1 + 2 * Math.floor(n / 80)).padStart(3, '0')}`);
}
const memberRow = (n, i, away) => `${number(n)},${i ? '同住' : '户主'}${n},${idNumber(2 * n + i)},${i ? '之兄弟姐妹' : '户主'},汉族,初中,健康,普通劳动力,${away},是,否,是,是,否`;

async function staged(homes, members) {
  const [file, memberFile] = [await at.upload(tokens.county, homesHead + homes.join('\n') + '\n', '户.csv'), await at.upload(tokens.county, membersHead + members.join('\n') + '\n', '成员.csv')];
  const job = await call('county', 'POST', '/batches', { body: { kind: 'archive', title: '改动', file_id: file.id, member_file_id: memberFile.id } });
  await at.finish(tokens.county, job, 0);
  return call('county', 'GET', `/batches/${job.result.batch_id}`);
}
const apply = (batch) => call('monitor', 'POST', `/batches/${batch.id}:apply`, { body: {}, ifMatch: batch.version });

// An edit that may be refused; what was accepted is in the ledger.
const ledger = [];
async function edit(record, { id, version, household }, body) {
  const answer = await fetch(`${at.stack.gateway}/api/v1/monitoring/${record}/${id}`, { method: 'PATCH', headers: { ...headersOf(tokens.county), 'If-Match': `"${version}"` },
    body: JSON.stringify({ ...body, reason: '入户核实' }) });
  const text = await answer.text();
  assert.ok([200, 409, 412, 503].includes(answer.status), text);
  if (answer.status === 200) ledger.push({ record: record === 'members' ? 'member' : 'household', id, household, version: JSON.parse(text).version });
  return answer.status;
}

test('M-167: nothing that was edited meanwhile is lost or overwritten, and the rest is applied', async (t) => {
  const first = await staged(Array.from({ length: HOMES }, (_, n) => `${number(n)},${village},第${n}户,一般农户`),
    Array.from({ length: HOMES }, (_, n) => [memberRow(n, 0, '否,,,'), memberRow(n, 1, '否,,,')]).flat());
  assert.deepEqual([first.inserts, first.failed], [HOMES * 3, 0]);
  await at.finish(tokens.monitor, await apply(first), 0);

  // Rows of members alone, one of each household.
  const batch = await staged([], Array.from({ length: HOMES }, (_, n) => memberRow(n, 0, '是,4403,6,4200')));
  assert.deepEqual([batch.rows, batch.updates], [HOMES, HOMES]);
  const homes = rowsOf(`SELECT h.id, h.household_number AS number, h.version, h.head_member_id AS head, (SELECT m.id FROM monitoring.member m WHERE m.household_id = h.id AND m.id <> h.head_member_id) AS other
    FROM monitoring.household h WHERE h.batch_id = '${first.id}' ORDER BY h.household_number`);
  for (let n = 0; n < EARLY; n++) {
    const home = homes[n];
    const done = [() => edit('households', { ...home, household: home.id }, { address: `改过${n}号` }), () => edit('members', { id: home.head, version: 1, household: home.id }, { medical_aid: true }),
      () => edit('members', { id: home.other, version: 1, household: home.id }, { medical_aid: true })][n % 3];
    assert.equal(await done(), 200);
  }

  let ended = false;
  const statuses = {};
  const editing = Array.from({ length: EDITORS }, async (_, k) => {
    for (let n = HOMES - 1 - k; !ended && n >= EARLY; n -= EDITORS) {
      const home = homes[n];
      const [record, id] = n % 2 ? ['households', home.id] : ['members', n % 4 ? home.other : home.head];
      const { version } = await call('county', 'GET', `/${record}/${id}`);
      const status = await edit(record, { id, version, household: home.id }, record === 'households' ? { address: `改过${n}号` } : { medical_aid: true });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  });
  await at.finish(tokens.monitor, await apply(batch), 0);
  ended = true;
  await Promise.all(editing);

  const applied = await call('county', 'GET', `/batches/${batch.id}`);
  assert.equal(applied.status, 'applied');
  assert.equal(applied.applied + applied.not_applied, HOMES);
  assert.ok(applied.not_applied >= EARLY, `${applied.not_applied} left out`);
  const left = rowsOf(`SELECT (hidden ->> 'parent_id') AS household, outcome FROM monitoring.batch_row WHERE batch_id = '${batch.id}' AND outcome IS NOT NULL`);
  assert.ok(left.length === applied.not_applied && left.every((each) => each.outcome === 'changed_since'), JSON.stringify(left.slice(0, 3)));
  const out = new Set(left.map((each) => each.household));
  for (const home of homes.slice(0, EARLY)) assert.ok(out.has(home.id), `${home.number} was edited before it was applied`);
  // Each household that is not left out has what the table says, written once, over what was there when it was judged.
  const versions = rowsOf(`SELECT v.household_id AS household, v.record, v.record_id AS id, v.version, v.batch_id = '${batch.id}' AS by_batch, v.body ->> 'work_income' AS income, v.body ->> 'medical_aid' AS aid, v.body ->> 'address' AS address
    FROM (SELECT household_id, record, record_id, version, batch_id, body FROM monitoring.archive_version WHERE record IN ('household', 'member')
          UNION ALL SELECT m.household_id, 'member', m.id, m.version, m.batch_id, to_jsonb(m) FROM monitoring.member m
          UNION ALL SELECT h.id, 'household', h.id, h.version, h.batch_id, to_jsonb(h) FROM monitoring.household h) AS v`);
  const written = versions.filter((each) => each.by_batch);
  assert.equal(written.length, applied.applied);
  assert.deepEqual(new Set(written.map((each) => each.household)), new Set(homes.map((home) => home.id).filter((id) => !out.has(id))));
  assert.ok(written.every((each) => each.record === 'member' && Number(each.income) === 4200 && each.version === 2 && each.aid !== 'true'), 'over what was judged, and nothing else');
  // Each accepted edit is a version of its own that says it, and still stands.
  const key = (each) => `${each.record} ${each.id} ${each.version}`;
  const known = new Map(versions.map((each) => [key(each), each]));
  const last = new Map();
  for (const each of versions) if (each.version > (last.get(each.id)?.version ?? 0)) last.set(each.id, each);
  for (const each of ledger) {
    for (const found of [known.get(key(each)), last.get(each.id)]) {
      assert.ok(found && (each.record === 'member' ? found.aid === 'true' : found.address.startsWith('改过')), `${key(each)}: ${JSON.stringify(found)}`);
    }
  }
  t.diagnostic(`${ledger.length} edits accepted, ${JSON.stringify(statuses)} during; ${applied.applied} households applied, ${applied.not_applied} left out`);
});
