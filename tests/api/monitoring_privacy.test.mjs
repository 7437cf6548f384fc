// tests/api/monitoring_privacy.test.mjs - a family is planted with a child's name, day of birth and numbers, a grown one's numbers and health, and requests about them; then
// every way out of monitoring is walked by who holds none of minor.read, health.read, person.unmask: routes, lists by every filter, tables, events, copies of devices,
// audit (M-221, M-229). The walk is made of the contract as the service gives it, so a new route is walked, too.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { assertDone } from '../support/assert.mjs';
import { allOf, as, uuid } from '../support/client.mjs';
import { rows } from '../support/database.mjs';
import { http } from '../support/settings.mjs';
import { callerWith, newFamily } from '../support/citizens.mjs';
import { patient } from '../support/patient.mjs';
import { households, members } from '../support/persons.mjs';
import { tokenOf } from '../support/tokens.mjs';
import { county, louxing, monitor, shuangfeng, town, townOffice, village } from '../support/world.mjs';

const family = await newFamily();
const { household, grown, child, head } = family;
const secrets = { 'name of the child': child.name, 'rest of its name': child.name.slice(1), 'its ID number': child.id_number, 'its telephone': child.phone,
  'its disability card': child.disability_card, 'its school': '"student_status":"technician_3"', 'ID number': grown.id_number, telephone: grown.phone, 'disability card': grown.disability_card,
  health: grown.health, 'health of the child': child.health };
const birthday = child.birth_on;

// What the archive holds of them besides: changes, requests, a child that left and came back.
assertDone(await county.patch(`${members}/${child.record.id}`, child.record.version, { reason: '核实学籍', student_status: 'technician_3', phone: child.phone }));
for (const about of [{ member_id: child.record.id, field: 'name', what: `${child.name}的名字写错`, wanted: child.name }, { member_id: child.record.id, field: 'health', what: child.name,
  wanted: '健康' }, { member_id: grown.record.id, field: 'id_number', what: '身份证号码有误', wanted: grown.id_number }]) {
  assertDone(await county.post('/monitoring/corrections', { household_id: household.id, asked_on: new Date().toISOString().slice(0, 10), ...about }), 201);
}
assertDone(await monitor.post(`${members}/${child.record.id}:unmask`, { reason: '核对儿童身份证号码', fields: ['id_number'] }));

const reader = await callerWith(['household.read', 'household.transfer', 'person.locate', 'finding.accept', 'file.read', 'file.write', 'job.read', 'rule.write']);
const blind = { reader, townOffice };

// What of it stands in a text. A day of birth is looked for apart, since it may be another day as well.
const found = (text) => Object.entries(secrets).filter(([, value]) => text.includes(value)).map(([what]) => what);

const contract = await (await fetch(`${http}/api/v1/monitoring/openapi.json`)).json();
const resolve = (p) => (p.$ref ? contract.components.parameters[p.$ref.split('/').at(-1)] : p);
const operations = Object.entries(contract.paths).flatMap(([path, methods]) => Object.entries(methods).filter(([method]) => ['get', 'post', 'patch'].includes(method))
  .map(([method, operation]) => ({ method, path, operation, parameters: (operation.parameters ?? []).map(resolve) })));

const firstOf = async (path, query) => (await monitor.get(path, query)).body?.items?.[0]?.id;
const idsOf = {
  households: household.id, members: child.record.id, corrections: await firstOf('/monitoring/corrections', { member_id: child.record.id }),
  findings: await firstOf('/monitoring/findings', { household_id: household.id }), rules: '2_11_003', rule_settings: uuid(),
};
const pathsOf = ({ path }) => {
  const [, collection] = path.split(/[/:]/);
  const some = collection === 'members' ? [child.record.id, grown.record.id] : [idsOf[collection] ?? uuid()];
  return some.map((id) => `/monitoring${path.replace(/\{household_id\}/, household.id).replace(/\{[^}]+\}/, id)}`);
};

// Values for the filters that a list has: of the family, and of what somebody might try.
const today = new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10);
const tries = { household_id: [household.id], member_id: [child.record.id, grown.record.id], ids: [household.id, child.record.id, grown.record.id], division: [village], within: [town],
  name_prefix: [child.name[0], child.name.slice(0, 3), child.name, grown.name], q: [child.name, child.name.slice(1, 3), grown.name, household.address], text: [child.name, grown.name],
  name: [child.name, grown.name], as_of: [today], household_number: [], year: [today.slice(0, 4)], by: [] };
const queriesOf = ({ parameters }) => {
  const has = (name) => parameters.some((p) => p.in === 'query' && p.name === name);
  const needed = Object.fromEntries(parameters.filter((p) => p.in === 'query' && p.required).map((p) => [p.name, tries[p.name]?.[0] ?? p.example ?? p.schema?.examples?.[0]]));
  const limit = has('limit') ? { limit: 500 } : {};
  return [{ ...limit, ...needed }, ...Object.entries(tries).filter(([name]) => has(name)).flatMap(([name, values]) => values.map((value) => ({ ...limit, ...needed, [name]: value })))];
};

const reads = operations.filter((o) => o.method === 'get' && !/openapi|batch_kinds|events|sync|content/.test(o.path));

async function walk(caller, see) {
  let answered = 0;
  for (const o of reads) {
    for (const path of pathsOf(o)) {
      for (const query of queriesOf(o)) {
        const answer = await caller.get(path, query);
        assert.ok(answer.status < 500, `${path} ${JSON.stringify(query)}: ${answer.text}`);
        answered += answer.status === 200 ? 1 : 0;
        see(`GET ${o.path} ${JSON.stringify(query)}`, answer.text, query, answer.status);
      }
    }
  }
  return answered;
}

test('M-221: who may see everything finds it by this walk', async () => {
  const seen = new Set();
  await walk(monitor, (what, text) => found(text).forEach((each) => seen.add(each)));
  assert.ok(seen.has('name of the child') && seen.has('its school') && seen.has('health') && seen.has('health of the child'), [...seen].join());
});

for (const [name, caller] of Object.entries(blind)) {
  test(`M-221, M-229: nothing of it on any route: ${name}`, async () => {
    const told = [];
    const answered = await walk(caller, (what, text) => {
      told.push(...found(text).map((each) => `${what}: ${each}`));
    });
    assert.deepEqual(told, []);
    assert.ok(answered > 20, `${answered} answers`);
  });
}

test('M-221: a child is not found by its name', async () => {
  for (const o of reads) {
    for (const filter of ['name_prefix', 'q', 'text', 'name']) {
      if (!o.parameters.some((p) => p.in === 'query' && p.name === filter)) continue;
      for (const value of [child.name, child.name.slice(0, 2), child.name.slice(1)]) {
        const [path] = pathsOf(o);
        for (const caller of Object.values(blind)) {
          const { text } = await caller.get(path, { [filter]: value });
          assert.ok(!text.includes(child.record.id), `${o.path}?${filter}`);
          if (o.path === '/search') assert.ok(!text.includes(household.id), `${o.path}?${filter}`);
        }
      }
    }
  }
});

test('M-221: of the child nothing else is shown, and of the rest as much as before', async () => {
  for (const caller of Object.values(blind)) {
    const shown = assertDone(await caller.get(`${members}/${child.record.id}`));
    assert.deepEqual([shown.minor, shown.birth_on, shown.id_number, shown.phone, shown.student_status, shown.health, shown.disability_card],
      [true, null, null, null, null, null, null]);
    const list = JSON.stringify(await allOf(caller, `${households}/${household.id}/members`));
    assert.ok(!list.includes(birthday) && list.includes(grown.name) && list.includes(head.name), list);
  }
});

test('M-221: what a caller changes is answered no more openly', async () => {
  const now = assertDone(await townOffice.get(`${members}/${child.record.id}`));
  const changed = await townOffice.patch(`${members}/${child.record.id}`, now.version, { reason: '核实', working_away: false });
  assert.deepEqual(found(changed.text), []);
  assert.deepEqual(found((await townOffice.post(`${households}/${household.id}:validate`, {})).text), []);
  const home = assertDone(await townOffice.get(`${households}/${household.id}`));
  assert.deepEqual(found((await townOffice.patch(`${households}/${household.id}`, home.version, { reason: '核实', risk_note: '在校生支出' })).text), []);
});

const tokenFor = async (caller) => caller.session?.access_token ?? tokenOf(caller.role);
async function exported(caller, kind) {
  let job = assertDone(await caller.post('/monitoring/exports', { kind, format: 'csv', filters: { division: village }, reason: '核对数据' }), 202);
  for (let i = 0; i < 600 && job.ended_at === null; i++) {
    await sleep(100);
    job = assertDone(await caller.get(`/monitoring/jobs/${job.id}`));
  }
  assert.equal(job.status, 'done', JSON.stringify(job));
  const answer = await patient(`${http}/api/v1/monitoring/files/${job.result.file_id}/content`, { headers: { Authorization: `Bearer ${await tokenFor(caller)}` } });
  assert.equal(answer.status, 200);
  return { text: await answer.text(), needed: rows(`SELECT permissions FROM monitoring.job WHERE id = '${job.id}'`)[0].permissions };
}

test('M-221: tables that go out, of every kind', async () => {
  const kinds = assertDone(await reader.get('/monitoring/batch_kinds')).exports.map((each) => each.kind);
  assert.ok(kinds.includes('members'));
  for (const kind of kinds) {
    const { text } = await exported(reader, kind);
    assert.deepEqual([...found(text), ...(text.includes('患有大病') ? ['health'] : [])], [], kind);
  }
});

test('J-012: a table shows what its maker held when asking, which is what the job needs', async () => {
  const open = await exported(monitor, 'members');
  assert.ok(open.text.includes(child.name) && open.text.includes(grown.name), 'a child is in the table of who may see it');
  assert.deepEqual(['minor.read', 'health.read'].filter((each) => !open.needed.includes(each)), [], 'and a job that loses the right ends (J-008)');
  assert.deepEqual((await exported(reader, 'members')).needed, ['household.read', 'mask.strict', 'mask.usual']);
});

test('M-221: events and copies of devices', async () => {
  for (const caller of Object.values(blind)) {
    const all = [];
    let cursor;
    for (let i = 0; i < 400; i++) {
      const { more, next_cursor: behind, ...part } = assertDone(await caller.get('/monitoring/sync', { limit: 200, cursor }));
      all.push(JSON.stringify(part));
      if (!more) break;
      cursor = behind;
    }
    const events = await caller.get('/monitoring/events', { limit: 500 });
    for (const text of [...all, events.text]) assert.deepEqual(found(text), []);
    const record = all.join('').match(new RegExp(`\\{[^{}]*"id":"${child.record.id}"[^{}]*\\}`))?.[0] ?? '';
    assert.deepEqual(found(record), []);
  }
});

test('M-220: the audit log, the feed and what is kept of answers hold none of it', async () => {
  const of = [household.id, child.record.id, grown.record.id, head.id].map((id) => `'${id}'`).join();
  const audit = JSON.stringify(rows(`SELECT verb, reason, body, before FROM monitoring.audit_log WHERE record_id IN (${of}) OR body ->> 'household_id' = '${household.id}'`));
  assert.deepEqual(found(audit), []);
  assert.deepEqual(found(JSON.stringify(rows(`SELECT to_jsonb(e) AS e FROM monitoring.event e WHERE id IN (${of}) UNION ALL SELECT to_jsonb(o) FROM monitoring.outbox o WHERE record_id IN (${of})`))), []);
  const plain = [child.id_number, grown.id_number, child.phone, grown.phone, grown.health, child.disability_card].join('|');
  const tables = rows("SELECT format('%I.%I', schemaname, tablename) AS t FROM pg_tables WHERE schemaname = 'monitoring'").map(({ t }) => t);
  const hits = rows(tables.map((t) => `SELECT '${t}' AS t, count(*) AS n FROM ${t} AS r WHERE to_jsonb(r)::text ~ '${plain}'`).join(' UNION ALL '));
  assert.deepEqual(hits.filter(({ n }) => n > 0), []);
});

test('M-221: another county learns nothing at all', async () => {
  const other = await callerWith(['household.read', 'minor.read', 'health.read', 'person.unmask', 'person.locate', 'household.transfer', 'household.write'], { division: shuangfeng });
  const told = [];
  await walk(other, (what, text, query, status) => {
    const names = status === 200 && (text.includes(household.id) || text.includes(child.record.id) || text.includes(head.name));
    if (names || found(text).length > 0) told.push(what);
  });
  assert.deepEqual(told, []);
  assert.equal((await as('other_county_office').get(`${members}/${child.record.id}`)).status, 404);
  assert.notEqual(louxing, shuangfeng);
});
