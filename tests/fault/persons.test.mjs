// tests/fault/persons.test.mjs - persons and transfers under pressure: one person entered in 64 counties at once (M-131, M-134), two transfers of one household at
// once (M-142), edits during one and a kill in the middle of one (M-144), and the worker killed while it confirms (M-134).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newKey, unique } from '../support/client.mjs';
import { announced } from '../support/events.mjs';
import { citizenId } from '../support/numbers.mjs';
import { sleep, until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { complete } from '../support/persons.mjs';
import { headersOf, startStack } from './own.mjs';

const COUNTIES = 64;
const WAITING = 6000;
const codeOf = (n) => `4499${String(n + 1).padStart(2, '0')}`;
const villageOf = (n) => `${codeOf(n)}001001`;
const idOf = (room, n) => `01970000-${room}-7000-8000-${String(n + 1).padStart(12, '0')}`;
const house = (n) => idOf('0001', n);
const headOf = (n) => idOf('0002', n);

let stack;
const callers = [];
const one = (sql) => Number(stack.sql(sql)[0]);

// Counties with a village, a household of one, and an account that keeps households there and may not locate persons.
function counties() {
  const rows = [];
  const division = (code, name) => rows.push(`${code},${name}`);
  division('440000000000', '粤');
  division('449900000000', '粤九九市');
  for (let n = 0; n < COUNTIES; n++) {
    division(`${codeOf(n)}000000`, `县${n}`);
    division(`${codeOf(n)}001000`, `镇${n}`);
    division(villageOf(n), `村${n}`);
  }
  return `code,name\n${rows.join('\n')}\n`;
}

async function call(token, method, path, body, { ifMatch, key = newKey() } = {}) {
  const headers = headersOf(token, key);
  if (ifMatch !== undefined) headers['If-Match'] = `"${ifMatch}"`;
  const started = performance.now();
  const answer = await patient(`${stack.gateway}/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, text, ms: performance.now() - started, body: text ? JSON.parse(text) : undefined };
}

before(async () => {
  stack = startStack('persons', {}, { monitoring: { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 } });
  const admin = await stack.logIn('system_admin');
  const loaded = await patient(`${stack.gateway}/api/v1/registry/divisions:import?valid_from=2010-01-01`, { method: 'POST',
    headers: { ...headersOf(admin), 'Content-Type': 'text/csv; charset=UTF-8' }, body: counties() });
  assert.equal(loaded.status, 200, await loaded.text());
  stack.sql(`INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)
    SELECT ('01970000-0010-7000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid, '4499' || lpad((n + 1)::text, 2, '0') || '000000', '县监测办' || n, 'work_group', '2020-01-01'
      FROM generate_series(0, ${COUNTIES - 1}) AS n;
    INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, created_at)
    SELECT ('01970000-0011-7000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid, '4499' || lpad((n + 1)::text, 2, '0') || '000000', ('01970000-0010-7000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid,
           '业务岗', 'staff', 'county_office', ARRAY['4499' || lpad((n + 1)::text, 2, '0')], '2020-01-01' FROM generate_series(0, ${COUNTIES - 1}) AS n;
    INSERT INTO identity.account (id, login, kind, owner_division)
    SELECT ('01970000-0012-7000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid, 'keeper_' || n, 'person', '4499' || lpad((n + 1)::text, 2, '0') || '000000' FROM generate_series(0, ${COUNTIES - 1}) AS n;
    INSERT INTO identity.credential (account_id, password_hash, must_change, released_at)
    SELECT b.id, c.password_hash, false, now() FROM identity.account b, identity.credential c JOIN identity.account a ON a.id = c.account_id
     WHERE a.login = 'county_office' AND b.login LIKE 'keeper%';
    INSERT INTO identity.account_post (account_id, post_id)
    SELECT ('01970000-0012-7000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid, ('01970000-0011-7000-8000-' || lpad((n + 1)::text, 12, '0'))::uuid FROM generate_series(0, ${COUNTIES - 1}) AS n;`);
  for (let n = 0; n < COUNTIES; n++) callers.push(await stack.logIn(`keeper_${n}`));
  for (let n = 0; n < COUNTIES; n++) {
    const made = await call(callers[n], 'POST', '/monitoring/households', { id: house(n), owner_division: villageOf(n), household_type: 'general',
      members: [{ ...complete, id: headOf(n), name: `户主${n}`, relation: 'head', id_number: citizenId('440101') }] });
    assert.equal(made.status, 201, made.text);
  }
});
after(() => stack?.reset());

const quiet = () => until(() => one('SELECT count(*) FROM monitoring.person_check') === 0, 60, 'all checked');
const medianOf = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

test('M-131, M-134: 64 counties enter one person at once: one wins, the rest learn nothing', async (t) => {
  await quiet();
  const who = { ...complete, name: '同一人', relation: 'sibling', id_number: citizenId('440102') };
  const answers = await Promise.all(callers.map((token, n) => call(token, 'POST', `/monitoring/households/${house(n)}/members`, who)));
  const alike = answers.map(({ status, body }) => {
    const { id, household_id, owner_division, at_division, recorded_at, recorded_by_post, created_at, ...rest } = body;
    return JSON.stringify({ status, ...rest });
  });
  assert.equal(answers[0].status, 201, answers[0].text);
  assert.equal(answers[0].body.confirmation, 'unconfirmed');
  assert.equal(new Set(alike).size, 1, [...new Set(alike)].slice(0, 2).join('\n'));
  await quiet();
  const ids = answers.map((each) => each.body.id);
  const state = (what) => one(`SELECT count(*) FROM monitoring.member WHERE id = ANY ('{${ids}}') AND confirmation = '${what}'`);
  assert.deepEqual([state('confirmed'), state('unconfirmed')], [1, COUNTIES - 1]);
  assert.equal(one(`SELECT count(*) FROM monitoring.person_claim WHERE member_id = ANY ('{${ids}}') AND status = 'open'`), COUNTIES - 1);
  assert.equal(one(`SELECT count(*) FROM monitoring.person_claim c JOIN monitoring.member m ON m.id = c.member_id WHERE m.id = ANY ('{${ids}}') AND c.owner_division <> m.owner_division`), 0);
  const [first] = stack.sql(`SELECT id FROM monitoring.member WHERE id = ANY ('{${ids}}') ORDER BY recorded_at, id LIMIT 1`);
  assert.deepEqual(stack.sql(`SELECT DISTINCT member_id FROM monitoring.person_key WHERE member_id = ANY ('{${ids}}')`), [first], 'the one entered first');
  // In time, too: known and unknown persons take turns, one by one.
  const medians = async () => {
    const times = { known: [], fresh: [] }, registered = citizenId('440104');
    assert.equal((await call(callers[0], 'POST', `/monitoring/households/${house(0)}/members`, { ...who, name: '已登记', id_number: registered })).status, 201);
    await quiet();
    for (let n = 1; n < COUNTIES; n++) {
      for (const kind of n % 2 ? ['known', 'fresh'] : ['fresh', 'known']) {
        const id_number = kind === 'known' ? registered : citizenId('440103');
        const answer = await call(callers[n], 'POST', `/monitoring/households/${house(n)}/members`, { ...who, name: unique('人'), id_number });
        assert.deepEqual([answer.status, answer.body.confirmation], [201, 'unconfirmed'], answer.text);
        times[kind].push(answer.ms);
      }
    }
    return [medianOf(times.known), medianOf(times.fresh)];
  };
  let known, fresh; // what is told by time is told each time, what others do to this machine is not
  for (let round = 0; round < 3 && !(Math.abs(known - fresh) < 0.35 * Math.max(known, fresh)); round++) [known, fresh] = await medians();
  assert.ok(Math.abs(known - fresh) < 0.35 * Math.max(known, fresh), `known ${known} ms, fresh ${fresh} ms`);
  t.diagnostic(`64 answers alike; median ${known.toFixed(1)} ms for a registered person, ${fresh.toFixed(1)} ms for one nobody has`);
});

test('M-133, M-137: however many ask at once, no more are told than the limit', async (t) => {
  const limit = one("SELECT value FROM zeren.setting WHERE key = 'monitoring.locate_per_hour'");
  assert.ok(limit < COUNTIES, 'fewer than ask');
  // The keepers of 64 counties enter a person each; an office that may locate enters them all again, at once.
  const people = Array.from({ length: COUNTIES }, (_, n) => ({ ...complete, name: `在册${n}`, relation: 'sibling', id_number: citizenId('440105') }));
  const entered = await Promise.all(callers.map((token, n) => call(token, 'POST', `/monitoring/households/${house(n)}/members`, people[n])));
  assert.deepEqual([...new Set(entered.map((each) => each.status))], [201], entered.find((each) => each.status !== 201)?.text);
  await quiet();
  stack.sql(`UPDATE identity.post SET role = 'monitoring_office' WHERE id = '${idOf('0011', COUNTIES - 1)}' RETURNING 1`);
  const office = await stack.logIn(`keeper_${COUNTIES - 1}`);
  const looks = (more) => one(`SELECT count(*) FROM monitoring.person_look WHERE account_id = '${idOf('0012', COUNTIES - 1)}' ${more}`);
  const homes = people.map((who, n) => call(office, 'POST', '/monitoring/households', { owner_division: villageOf(COUNTIES - 1), household_type: 'general', address: `${n}号`,
    members: [{ ...who, name: `再报${n}`, relation: 'head' }] }));
  const answers = await Promise.all(homes);
  const told = answers.filter((each) => each.status === 409 && each.body.code === 'registered_elsewhere').length;
  const rest = answers.filter((each) => each.status === 201 && each.body.members[0].confirmation === 'unconfirmed').length;
  // Of its own county's person nothing is to be told that it cannot see.
  assert.equal(told + rest, COUNTIES, answers.find((each) => ![201, 409].includes(each.status))?.text);
  assert.equal(told, limit);
  assert.equal(looks('AND told'), limit);
  // The same of the question itself, an hour later.
  stack.sql(`UPDATE monitoring.person_look SET at = at - interval '2 hours' RETURNING 1`);
  const asked = await Promise.all(people.map(({ id_number }) => call(office, 'POST', '/monitoring/persons:locate', { id_number, reason: '核对新迁入人员' })));
  assert.deepEqual([200, 429].map((status) => asked.filter((each) => each.status === status).length), [limit, COUNTIES - limit]);
  assert.equal(looks("AND at > now() - interval '1 hour'"), limit);
  t.diagnostic(`${told} of ${COUNTIES} entries told, ${limit} of ${COUNTIES} questions answered`);
  // Entries that tell nothing use nothing up.
  stack.sql(`UPDATE monitoring.person_look SET at = at - interval '2 hours' RETURNING 1`);
  for (let n = 0; n <= limit; n++) {
    const fresh = await call(office, 'POST', '/monitoring/households', { owner_division: villageOf(COUNTIES - 1), household_type: 'general', address: `新${n}号`,
      members: [{ ...complete, name: `新${n}`, relation: 'head', id_number: citizenId('440106') }] });
    assert.deepEqual([fresh.status, fresh.body.members?.[0].confirmation], [201, 'confirmed'], fresh.text);
  }
});

test('M-142: two transfers of one household at once: one is asked for, the other is refused', async () => {
  for (let round = 0; round < 8; round++) {
    const n = 10 + round;
    const offer = (to) => call(callers[n], 'POST', '/monitoring/transfers', { household_id: house(n), to_division: villageOf(to), reason: '搬迁' });
    const answers = await Promise.all([offer(40), offer(41), offer(42), offer(43)]);
    assert.deepEqual(answers.map((each) => each.status).sort(), [201, 409, 409, 409], answers.map((each) => each.text).join('\n'));
    assert.equal(one(`SELECT count(*) FROM monitoring.transfer WHERE household_id = '${house(n)}' AND side = 'giving' AND status = 'requested'`), 1);
  }
});

const receiving = (n) => JSON.parse(stack.sql(`SELECT json_build_object('id', id, 'version', version, 'to', to_division) FROM monitoring.transfer
  WHERE household_id = '${house(n)}' AND side = 'receiving' AND status = 'requested'`)[0]);

test('M-142, M-144: accepted, refused and edited at once: one of them happens, whole', async () => {
  for (let n = 10; n < 18; n++) {
    const transfer = receiving(n);
    const taker = callers[Number(transfer.to.slice(4, 6)) - 1];
    const version = one(`SELECT version FROM monitoring.household WHERE id = '${house(n)}'`);
    const step = (verb, body) => call(taker, 'POST', `/monitoring/transfers/${transfer.id}:${verb}`, body, { ifMatch: transfer.version });
    const [accepted, refused, edited] = await Promise.all([step('accept', {}), step('refuse', { decision_note: '另行核实' }),
      call(callers[n], 'PATCH', `/monitoring/households/${house(n)}`, { address: '同时更正', reason: '更正' }, { ifMatch: version })]);
    const statuses = [accepted.status, refused.status];
    assert.ok(statuses.filter((each) => each === 200).length === 1 && statuses.every((each) => [200, 409, 412].includes(each)), statuses.join());
    assert.ok([200, 404, 412, 503].includes(edited.status), edited.text);
    const [[division, member_division]] = stack.sql(`SELECT h.owner_division || ' ' || m.owner_division FROM monitoring.household h JOIN monitoring.member m ON m.household_id = h.id
      WHERE h.id = '${house(n)}'`).map((line) => line.split(' '));
    assert.equal(division, accepted.status === 200 ? transfer.to : villageOf(n));
    assert.equal(member_division, division);
    assert.equal(one(`SELECT count(DISTINCT status) FROM monitoring.transfer WHERE household_id = '${house(n)}'`), 1);
  }
});

test('M-144: the service killed in the middle of an acceptance: all of it or nothing, and the retry ends it', async () => {
  for (let n = 20; n < 23; n++) {
    const asked = await call(callers[n], 'POST', '/monitoring/transfers', { household_id: house(n), to_division: villageOf(50), reason: '搬迁' });
    assert.equal(asked.status, 201, asked.text);
    const transfer = receiving(n);
    const key = newKey();
    const accept = () => call(callers[50], 'POST', `/monitoring/transfers/${transfer.id}:accept`, {}, { ifMatch: transfer.version, key });
    const lost = accept().catch(() => undefined);
    await sleep(2 + 6 * (n - 20));
    process.kill(stack.pid('monitoring'), 'SIGKILL');
    await lost;
    let answer;
    await until(async () => {
      answer = await accept();
      return answer.status === 200;
    }, 60, 'the acceptance');
    assert.equal(one(`SELECT count(*) FROM monitoring.member WHERE household_id = '${house(n)}' AND owner_division <> '${villageOf(50)}'`), 0);
    assert.equal(one(`SELECT count(*) FROM ${announced('monitoring')} e WHERE e.record_id = '${house(n)}' AND e.verb = 'accept_transfer'`), 1);
  }
});

test('M-134: the worker killed again and again confirms each membership once, in order', async (t) => {
  await quiet();
  // Twins: every number is entered twice, in two villages; the one entered first is to win.
  stack.sql(`INSERT INTO monitoring.member (id, household_id, owner_division, at_division, name, certificate_kind, id_number, id_number_hash, birth_on, sex, relation, joined_on, joined_how,
                                            confirmation, recorded_at, created_at, source)
    SELECT ('01970000-00' || lpad(v::text, 2, '0') || '-7100-8000-' || lpad(n::text, 12, '0'))::uuid, h.id, h.owner_division, h.owner_division, '双生' || n, 'id_card', '\\x01',
           decode('00000000' || lpad(to_hex(n), 64, '0'), 'hex'), '1970-01-01', '1', 'sibling', '2026-01-01', 'registered', 'unconfirmed',
           now() - interval '1 hour' + make_interval(secs => (CASE WHEN (n + v) % 2 = 0 THEN 0 ELSE 1800 END) + n * 0.01), now(), 'import'
      FROM generate_series(1, ${WAITING / 2}) AS n, generate_series(60, 61) AS v
      JOIN monitoring.household h ON h.id = ('01970000-0001-7000-8000-' || lpad((v + 1)::text, 12, '0'))::uuid RETURNING 1`);
  stack.sql(`INSERT INTO monitoring.person_check (member_id, hashes, recorded_at) SELECT id, ARRAY[id_number_hash], recorded_at FROM monitoring.member WHERE name LIKE '双生%' RETURNING 1`);
  let kills = 0;
  for (; kills < 8; kills++) {
    await sleep(50 + Math.random() * 300);
    await until(() => stack.pid('monitoring_worker') > 0, 60, 'a worker');
    try {
      process.kill(stack.pid('monitoring_worker'), 'SIGKILL');
    } catch { /* just gone, and soon there again */ }
  }
  await until(() => one('SELECT count(*) FROM monitoring.person_check') === 0, 120, 'all checked');
  const twins = `monitoring.member m WHERE m.name LIKE '双生%'`;
  assert.equal(one(`SELECT count(*) FROM ${twins} AND m.confirmation = 'confirmed'`), WAITING / 2);
  assert.equal(one(`SELECT count(*) FROM ${twins} AND m.confirmation = 'confirmed' AND EXISTS (SELECT FROM monitoring.member o
    WHERE o.id_number_hash = m.id_number_hash AND o.recorded_at < m.recorded_at)`), 0, 'whoever was first');
  assert.equal(one(`SELECT count(*) FROM monitoring.person_claim c JOIN ${twins.replace('WHERE', 'ON m.id = c.member_id WHERE')}`), WAITING / 2);
  assert.equal(one(`SELECT count(*) FROM ${twins} AND m.confirmation = 'unconfirmed' AND 1 <> (SELECT count(*) FROM monitoring.person_claim c WHERE c.member_id = m.id)`), 0);
  assert.equal(one(`SELECT sum((body ->> 'members')::int) FROM monitoring.audit_log WHERE verb = 'confirm_persons' AND record = 'person_check'`),
    one("SELECT count(*) FROM monitoring.member WHERE confirmation = 'confirmed' AND name NOT LIKE '新%'"), 'but for those who were confirmed as they were entered');
  const metrics = await (await fetch(`http://127.0.0.1:${stack.ports.MONITORING_WORKER_OPS}/metrics`)).text();
  assert.match(metrics, /^zeren_persons_waiting_rows\{.*\} 0$/m);
  assert.match(metrics, /^zeren_persons_waiting_seconds\{/m);
  t.diagnostic(`${WAITING} memberships, ${kills} kills of the worker`);
});
