// tests/bench/registry.mjs - P5 and P6 of visits and obligations, P1 of a contact, P2 of a visit, at ten times the items' number of records: synthetic ones of a
// county with towns and villages, and a tenth of them in another of the same shape. At the service alone; P5 at 5 million records is not measured here.
import { sleep } from '../support/own_stack.mjs';
import { pgbench } from './reference.mjs';

const COUNTY = '431302', OTHER = '431321', YEAR = 2025;
const TOWNS = 20, VILLAGES = 16; // villages of each town; a caller of P2.visit has one of its own
const MONTHS = 12, RULES = ['leader_research', 'leader_check'], PURPOSES = ['research', 'secret_check'];
const CHUNK = 10_000, LIMIT = 50, WALK = 500;
const API = '/api/v1/registry';
const VISITED = { purpose: 'research', found: '三组饮水管道渗漏' };
const CALLERS = ['province_office', 'prefecture_office', 'county_office', 'other_county_office', 'town_office', 'village_worker'];
const LISTS = {
  'P5.visits.county': ['county_office', `${API}/visits?purpose=research`],
  'P5.visits.province': ['province_office', `${API}/visits?purpose=research`],
  'P5.obligations.county': ['county_office', `${API}/obligations?rule=leader_check`],
};
const ROLLUP = `${API}/rollups/obligations?by=state&as_of=${YEAR}-12-15`; // within a month, which is counted by days then

const array = (codes) => `ARRAY['${codes.join("','")}']`;
const post = (county, n) => `md5('${county} post ' || ${n})::uuid`;
const unit = (code) => `md5('bench unit ' || ${code})::uuid`;
const place = (code) => `md5('bench place ' || ${code})::uuid`;
const id = (kind, n) => `format('0195000${kind}-0000-7000-8000-%s', lpad((${n})::text, 12, '0'))::uuid`;
const town = (county, n) => `'${county}' || lpad((1 + (${n}) % ${TOWNS})::text, 3, '0') || '000'`;
const village = (county, n) => `'${county}' || lpad((1 + (${n}) % ${TOWNS})::text, 3, '0') || lpad((1 + (${n}) / ${TOWNS} % ${VILLAGES})::text, 3, '0')`;

// Whose post it is: half of the county's own units, a quarter of the towns', a quarter of the villages'.
const owner = (county, n) => `CASE (${n}) % 4 WHEN 2 THEN ${town(county, `(${n}) / 4`)} WHEN 3 THEN ${village(county, `(${n}) / 4`)} ELSE '${county}000000' END`;

// In pieces, so that no transaction holds all that the triggers keep.
function insert(bench, records, statement) {
  for (let n = 0; n < records; n += CHUNK) bench.stack.sql(statement(`generate_series(${n}, ${Math.min(n + CHUNK, records) - 1}) AS n`));
}

const divisions = (bench) => bench.stack.sql(`
  INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
  SELECT gen_random_uuid(), d.code, d.code, d.name, d.level, d.parent, '2020-01-01'
    FROM (SELECT c || lpad(t::text, 3, '0') || lpad(v::text, 3, '0') AS code, CASE v WHEN 0 THEN '合成镇' ELSE '合成村' END || t || '-' || v AS name,
                 CASE v WHEN 0 THEN 4 ELSE 5 END AS level, c || CASE v WHEN 0 THEN '000000' ELSE lpad(t::text, 3, '0') || '000' END AS parent
            FROM unnest(${array([COUNTY, OTHER])}) AS c, generate_series(1, ${TOWNS}) AS t, generate_series(0, ${VILLAGES}) AS v) AS d
      ON CONFLICT DO NOTHING;
  INSERT INTO registry.organisation (id, owner_division, name, kind, created_at)
  SELECT ${unit('d.code')}, d.code, '合成单位' || d.code, CASE d.level WHEN 3 THEN 'department' WHEN 4 THEN 'town' ELSE 'village' END, '2020-01-01'
    FROM registry.division d WHERE d.level >= 3;
  INSERT INTO registry.settlement (id, owner_division, kind, name, valid_from, created_at)
  SELECT ${place('d.code')}, d.code, 'natural_village', '合成湾', '2020-01-01', '2020-01-01' FROM registry.division d WHERE d.level = 5;
  ANALYZE registry.division; ANALYZE registry.organisation; ANALYZE registry.settlement`);

// Over the year in the order of its days; each post goes twice a month, every fifth time for something that no rule asks for.
const visits = (bench, county, records, kind, posts) => insert(bench, records, (series) => `
  INSERT INTO registry.visit (id, owner_division, at_division, post_id, organisation_id, post_title, organisation_name, visited_on, purpose, settlement_id, found, created_at)
  SELECT ${id(kind, 'n')}, w.code, w.code, ${post(county, `n % ${posts}`)}, ${unit(`'${county}000000'`)}, '合成岗位', '合成单位',
         date '${YEAR}-01-01' + (n::bigint * 365 / ${records})::integer,
         CASE WHEN n % 5 = 0 THEN 'team' ELSE (${array(PURPOSES)})[1 + (n / ${posts} + n % ${posts}) % 2] END, ${place('w.code')}, '合成：三组饮水管道渗漏', now()
    FROM ${series}, LATERAL (SELECT ${village(county, 'n * 7')} AS code) AS w`);

// Month by month, as the worker makes them: each post owes a visit by each of two rules.
const obligations = (bench, county, records, posts) => insert(bench, records, (series) => `
  INSERT INTO registry.obligation (id, owner_division, at_division, rule_id, rule_code, subject, subject_id, post_id, organisation_id, action, action_codes, duties,
                                   period, period_start, period_end, due_on, grace_work_days, needed, created_at)
  SELECT gen_random_uuid(), w.code, w.code, r.id, r.code, 'post', w.post_id, w.post_id, ${unit('w.code')}, 'visit', (${array(PURPOSES)})[w.rule:w.rule], '{}',
         'month', w.first_day, w.last_day, w.last_day, 0, 1, w.first_day
    FROM ${series}, LATERAL (SELECT ${owner(county, `n % ${posts}`)} AS code, ${post(county, `n % ${posts}`)} AS post_id, 1 + n / ${posts} % 2 AS rule,
           make_date(${YEAR}, 1 + n / ${2 * posts}, 1) AS first_day, (make_date(${YEAR}, 1 + n / ${2 * posts}, 1) + interval '1 month - 1 day')::date AS last_day) AS w
    JOIN registry.cadence_rule r ON r.code = (${array(RULES)})[w.rule] AND r.owner_division = '000000000000'`);

// No post is linked to a village twice.
const contacts = (bench, records, posts) => insert(bench, records, (series) => `
  WITH made AS (
    INSERT INTO registry.contact (id, thread_id, owner_division, at_division, kind, post_id, post_title, organisation_name, starts_on, created_at)
    SELECT ${id(5, 'n')}, ${id(5, 'n')}, w.code, w.code, 'station', ${post(COUNTY, `n % ${posts}`)}, '合成岗位', '合成单位', date '${YEAR}-01-01' + n % 300, now()
      FROM ${series}, LATERAL (SELECT ${village(COUNTY, `n / ${posts} + n % ${posts}`)} AS code) AS w
    RETURNING *
  ) INSERT INTO registry.record_step (record, record_id, position, owner_division, verb, at, post_id)
  SELECT 'contact', m.id, 1, m.owner_division, 'begin', m.created_at, m.post_id FROM made m`);

// Until the worker has counted all that was put in.
async function counted(bench) {
  for (const end = Date.now() + 1_800_000; bench.stack.sql('SELECT 1 FROM registry.fact_delta LIMIT 1').length > 0; await sleep(1000))
    if (Date.now() > end) throw new Error('the worker has not counted the obligations within half an hour');
}

async function putIn(bench) {
  const counties = [[COUNTY, 10 * bench.items, 3], [OTHER, bench.items, 4]].map(([county, records, kind]) => ({ county, records, kind,
    posts: Math.ceil(records / (MONTHS * RULES.length)) }));
  divisions(bench);
  for (const { county, records, kind, posts } of counties) visits(bench, county, records, kind, posts);
  bench.stack.sql('ANALYZE registry.visit');
  await counted(bench);
  for (const { county, records, posts } of counties) obligations(bench, county, records, posts);
  bench.stack.sql('ANALYZE registry.obligation');
  contacts(bench, counties[0].records, counties[0].posts);
  bench.stack.sql('ANALYZE registry.contact; ANALYZE registry.record_step');
  await counted(bench);
  bench.stack.sql('VACUUM ANALYZE');
}

async function ask(bench, token, path) {
  const answer = await fetch(bench.stack.registry + path, { headers: { Authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

// Pages behind the record of that place, by the next cursors of a walk in larger steps; the last may be a short one and is none of them.
async function deepPages(bench, token, path, deep) {
  const found = [];
  for (let got = 0, cursor; ;) {
    const page = await ask(bench, token, `${path}&limit=${WALK}${cursor ? `&cursor=${cursor}` : ''}`);
    got += page.items.length;
    cursor = page.next_cursor;
    if (!cursor) break;
    if (got >= deep) found.push(`${path}&limit=${LIMIT}&cursor=${cursor}`);
  }
  found.pop();
  if (found.length === 0) throw new Error(`${path} has no page behind record ${deep}`);
  const { items } = await ask(bench, token, found.at(-1));
  if (items.length !== LIMIT) throw new Error(`a page of ${items.length} behind record ${deep} of ${path}`);
  console.log(`  ${path}: ${found.length} pages behind record ${deep}`);
  return found;
}

// Callers of every level in turn, on the connections that are measured behind them.
async function others(bench, targets) {
  for (const role of CALLERS) {
    const { failed } = await bench.load({ port: bench.stack.ports.REGISTRY, connections: 16, role, targets, seconds: 0.5 });
    if (failed > 0) throw new Error(`${failed} requests of ${role} failed`);
  }
}

async function measurePages(bench, { inTurn, compare }) {
  console.log(`P5: the first page of ${LIMIT}, and pages behind record ${bench.items}, 16 clients, ${bench.seconds} s each`);
  for (const [name, [role, path]] of Object.entries(LISTS)) {
    const deep = await deepPages(bench, await bench.stack.logIn(role), path, bench.items);
    bench.files.first_page = bench.targets('first_page', [`${path}&limit=${LIMIT}`]);
    bench.files.deep_pages = bench.targets('deep_pages', deep);
    await others(bench, 'first_page');
    const read = (targets) => () => bench.load({ port: bench.stack.ports.REGISTRY, connections: 16, role, targets });
    const of = await inTurn(bench.rounds, { first: read('first_page'), deep: read('deep_pages') });
    compare(name, of('deep'), of('first'), 'pages/s');
  }
}

async function measureRollup(bench, { inTurn, compare }) {
  console.log(`P6: obligations by state, ${10 * bench.items} of a county and ${bench.items} of another of its shape, 16 clients, ${bench.seconds} s each`);
  const of = { county_office: 10 * bench.items, other_county_office: bench.items };
  for (const [role, records] of Object.entries(of)) {
    const { groups } = await ask(bench, await bench.stack.logIn(role), ROLLUP);
    const n = groups.reduce((sum, g) => sum + g.obligations, 0);
    if (n !== records) throw new Error(`${role} sees ${n} obligations, not ${records}`);
  }
  bench.files.rollup = bench.targets('rollup', [ROLLUP]);
  await others(bench, 'rollup');
  const read = (role) => () => bench.load({ port: bench.stack.ports.REGISTRY, connections: 16, role, targets: 'rollup' });
  const by = await inTurn(bench.rounds, { many: read('county_office'), few: read('other_county_office') });
  compare('P6.obligations', by('many'), by('few'));
}

async function measureContact(bench, { inTurn, compare }) {
  console.log(`P1.contact: one contact by id, 16 clients, ${bench.seconds} s each`);
  const { contact_get } = bench.forms('contact_get');
  const ids = bench.stack.sql('SELECT id FROM registry.contact ORDER BY id');
  bench.files.contacts = bench.targets('contacts', ids.map((one) => `${API}/contacts/${one}`));
  const among = Object.assign(Object.create(bench), { ids });
  const of = await inTurn(bench.rounds, { pgbench: () => pgbench.read(among, contact_get),
    direct: () => bench.load({ port: bench.stack.ports.REGISTRY, connections: 16, role: 'county_office', targets: 'contacts' }) });
  compare('P1.contact', of('direct'), of('pgbench'));
}

// Visits of one village wait for each other (R-152), so each client goes to a village of its own, here as there.
async function measureVisit(bench, { inTurn, compare }) {
  console.log(`P2.visit: one visit with coverage, audit, outbox and idempotency, 16 clients, each in a village of its own, ${bench.seconds} s each`);
  const { visit_insert } = bench.forms('visit_insert');
  const within = `${COUNTY}006`;
  const villages = Array.from({ length: VILLAGES }, (_, n) => within + String(n + 1).padStart(3, '0'));
  bench.files.visits = bench.targets('visits', [`${API}/visits`]);
  const direct = async () => {
    const token = await bench.stack.logIn('town_office');
    const each = await Promise.all(villages.map((owner_division) => bench.load({ port: bench.stack.ports.REGISTRY, connections: 1, token, targets: 'visits', keys: true,
      body: JSON.stringify({ owner_division, ...VISITED }) })));
    return { rate: each.reduce((sum, { rate }) => sum + rate, 0), failed: each.reduce((sum, { failed }) => sum + failed, 0) };
  };
  const written = { owner_division: `('${within}' || lpad((1 + :client_id::integer % ${VILLAGES})::text, 3, '0'))` };
  const of = await inTurn(bench.rounds, { direct,
    pgbench: () => pgbench.write(bench, visit_insert, VISITED, { written, verb: 'record_visit', location_prefix: `${API}/visits/` }) });
  compare('P2.visit', of('direct'), of('pgbench'));
}

const MEASURES = { P5: measurePages, P6: measureRollup, 'P1.contact': measureContact, 'P2.visit': measureVisit };

export async function measureRegistry(bench, wanted, tools) {
  const chosen = Object.keys(MEASURES).filter(wanted);
  if (chosen.length === 0) return;
  console.log(`${chosen.join(', ')}: putting in ${10 * bench.items} visits, obligations and contacts`);
  await putIn(bench);
  for (const name of chosen) await MEASURES[name](bench, tools);
}
