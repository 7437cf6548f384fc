// tests/api/registry_cadence.test.mjs - rules of the cadence: models, the nearest rule of a code, what a rule takes over, what is
// refused, twice, by others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allOf, newKey, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { rows } from '../support/database.mjs';
import { county, department, louxing, nobodysId, otherCounty, prefecture, town, townOffice } from '../support/world.mjs';

const path = '/registry/cadence_rules';
const country = '000000000000';
const [{ today, year }] = rows("SELECT d::text AS today, extract(year FROM d)::int AS year FROM (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date) AS x (d)");
const good = (more = {}) => ({ owner_division: louxing, code: unique('rule_'), title: '企业每季度座谈', subject: 'organisation', subject_codes: ['enterprise'], action: 'meeting',
  action_codes: ['dispatch'], period: 'quarter', source: '区委办〔2026〕8号', ...more });
const make = (more, caller = county, options) => caller.post(path, good(more), options);
const made = async (more, caller) => assertDone(await make(more, caller), 201);
const step = (rule, verb, caller = county, version = rule.version) => caller.verb(`${path}/${rule.id}:${verb}`, version);
const change = (rule, body, caller = county) => caller.patch(`${path}/${rule.id}`, rule.version, body);
const now = async (rule, caller = county) => assertDone(await caller.get(`${path}/${rule.id}`));
const holding = async (code, division, caller = county) => (await allOf(caller, path, { code, holds_for: division })).map((r) => r.id);

test('every row of the calendar is a model: under the country, disabled, with its source, and marked where it is assumed', async () => {
  const models = await allOf(county, path, { division: country });
  assert.equal(models.length, 31);
  for (const model of models) {
    assert.equal(model.status, 'disabled', model.code);
    assert.match(model.source, /^(庆城县八项机制|大理州责任制|湖北省实施细则|黔西南州实施意见)：/);
  }
  const of = (code) => models.find((m) => m.code === code);
  assertRecord(of('leader_visit'), { subject: 'post_contact', subject_codes: ['charge'], levels: ['5'], action: 'visit', count: 1, period: 'month', due_month_day: null, assumed: false });
  assertRecord(of('year_end_report'), { subject: 'division', subject_codes: ['statutory', 'functional_area'], period: 'year', due_month_day: '12-31' });
  assertRecord(of('group_list'), { due_month_day: '01-31', assumed: true });
  assertRecord(of('model_villages'), { count: 15, period: 'year', action: 'model' });
  assert.deepEqual([...new Set(models.map((m) => m.period))].sort(), ['half_year', 'month', 'quarter', 'two_months', 'two_years', 'year']);
  assertRefused(await step(of('leader_visit'), 'enable'), 403, 'out_of_scope');
  assertRefused(await step(of('leader_visit'), 'enable', prefecture), 403, 'out_of_scope');
});

test('R-221: a rule takes over from the next of its code above what is not said', async () => {
  const rehearsed = await county.post(path, { owner_division: town, code: 'model_town', valid_from: `${year}-01-01` }, { query: { validate_only: true } });
  assertRecord(assertDone(rehearsed), { owner_division: town, code: 'model_town', title: '每两年创建一个省级示范乡镇', subject: 'division', levels: ['3'], action: 'model', action_codes: ['town'], count: 1,
    period: 'two_years', due_month_day: null, grace_work_days: 0, status: 'enabled', valid_from: `${year}-01-01`, valid_to: null, version: 1 });
  const given = await make({ grace_work_days: 3, count: 2 });
  const own = assertDone(given, 201);
  assert.equal(given.headers.get('location'), `/api/v1${path}/${own.id}`);
  assertRecord(own, { valid_from: today, count: 2, grace_work_days: 3, assumed: true });
  const below = assertDone(await county.post(path, { owner_division: town, code: own.code, count: 5 }), 201);
  assertRefused(await county.post(path, { owner_division: town, code: own.code }), 409, 'duplicate');
  assert.equal(assertDone(await change(below, { valid_to: '2199-01-01' })).valid_to, '2199-01-01');
  assertRecord(below, { title: own.title, action_codes: ['dispatch'], count: 5, grace_work_days: 3, source: own.source });
  assertRecord(assertDone(await county.post(path, { owner_division: '431302001000', code: own.code, period: 'year', due_month_day: '03-31' }), 201), { due_month_day: '03-31', count: 2 });
});

test('R-220: the nearest rule of a code holds; a disabled one means none, and none above it', async () => {
  const ofCounty = await made();
  assert.deepEqual(await holding(ofCounty.code, town), [ofCounty.id]);
  const ofTown = assertDone(await county.post(path, { owner_division: town, code: ofCounty.code }), 201);
  assert.deepEqual(await holding(ofCounty.code, town), [ofTown.id]);
  assert.deepEqual(await holding(ofCounty.code, '431302001000'), [ofCounty.id]);
  const off = assertDone(await step(ofTown, 'disable'));
  assertRecord(off, { status: 'disabled', version: 2 });
  assert.deepEqual(await holding(ofCounty.code, town), [ofTown.id], 'it holds, and says that nothing is owed');
  assertRefused(await step(off, 'disable'), 409, 'state_conflict');
  assertRefused(await step(ofTown, 'enable'), 412, 'stale');
  assertRefused(await county.verb(`${path}/${ofTown.id}:enable`, undefined), 428, 'precondition_required');
  assert.equal(assertDone(await step(off, 'enable')).status, 'enabled');
  assert.deepEqual(rows(`SELECT verb FROM registry.audit_log WHERE record = 'cadence_rule' AND record_id = '${ofTown.id}' ORDER BY version`).map((r) => r.verb),
    ['create_cadence_rule', 'disable_cadence_rule', 'enable_cadence_rule']);
});

test('R-222: what meets it fits who owes it, its codes are there, and nothing is enabled that nobody records', async () => {
  const refusal = async (more, pointer) => assertRefused(await make(more), 422, 'invalid', { pointer });
  await refusal({ subject: 'post', subject_codes: [], action: 'duty_list' }, '/action');
  await refusal({ subject: 'division', subject_codes: [], action: 'visit', action_codes: [] }, '/action');
  await refusal({ subject_codes: ['friend'] }, '/subject_codes');
  await refusal({ subject: 'post_contact', subject_codes: ['enterprise'], action: 'visit', action_codes: [] }, '/subject_codes');
  await refusal({ action_codes: ['party'] }, '/action_codes');
  await refusal({ duties: ['hero'] }, '/duties');
  await refusal({ levels: ['6'] }, '/levels');
  await refusal({ levels: ['x'] }, '/levels');
  await refusal({ clause_id: nobodysId() }, '/clause_id');
  for (const member of ['title', 'subject', 'action', 'period', 'source']) await refusal({ [member]: undefined }, `/${member}`);
  assertRefused(await make({ subject: 'division', subject_codes: [], action: 'inspection', action_codes: [] }), 409, 'state_conflict');
  assertRefused(await county.post(path, { owner_division: louxing, code: 'yearly_assessment' }), 409, 'state_conflict');
});

test('R-224, R-236: a day of the year for years alone; this year at the earliest; the end behind the beginning', async () => {
  const refusal = async (more, pointer) => assertRefused(await make(more), 422, 'invalid', { pointer });
  await refusal({ due_month_day: '03-31' }, '/due_month_day');
  await refusal({ period: 'year', due_month_day: '13-01' }, '/due_month_day');
  await refusal({ valid_from: `${year - 1}-12-31` }, '/valid_from');
  await refusal({ valid_from: `${year}-02-01`, valid_to: `${year}-02-01` }, '/valid_to');
  await refusal({ code: 'Rule' }, '/code');
  await refusal({ grace_work_days: 31 }, '/grace_work_days');
  await refusal({ count: 0 }, '/count');
  assertRecord(await made({ period: 'year', due_month_day: '02-29' }), { due_month_day: '02-29' });
});

test('R-229: a rule is corrected; its code and what it is about stay', async () => {
  const rule = await made();
  const better = assertDone(await change(rule, { title: '企业每月座谈', period: 'month', count: 2, grace_work_days: 5, clause_id: null, levels: ['3'] }));
  assertRecord(better, { title: '企业每月座谈', period: 'month', count: 2, grace_work_days: 5, levels: ['3'], code: rule.code, version: 2 });
  assert.deepEqual(await now(rule), better);
  assertRefused(await change(rule, { title: '旧' }), 412, 'stale');
  assertRefused(await change(better, { code: 'x2' }), 422, 'invalid', { pointer: '/code' });
  assertRefused(await change(better, { action: 'visit' }), 422, 'invalid', { pointer: '/action' });
  assertRefused(await change(better, { action_codes: ['party'] }), 422, 'invalid', { pointer: '/action_codes' });
  assertRefused(await change(better, { valid_to: '2000-01-01' }), 422, 'invalid', { pointer: '/valid_to' });
  assertRefused(await change(better, { clause_id: nobodysId() }), 422, 'invalid', { pointer: '/clause_id' });
});

test('rules bind those below, who read them; nobody below or beside changes them', async () => {
  const rule = await made();
  assert.deepEqual(await now(rule, townOffice), rule);
  assert.deepEqual(await now(rule, department), rule);
  assert.deepEqual(await now(rule, prefecture), rule);
  assertRefused(await otherCounty.get(`${path}/${rule.id}`), 404, 'not_found');
  assertRefused(await change(rule, { title: 'x' }, townOffice), 403, 'forbidden');
  assertRefused(await make({ owner_division: louxing }, otherCounty), 403, 'out_of_scope');
  assertRefused(await make({ owner_division: '431302999000' }), 422, 'invalid', { pointer: '/owner_division' });
  assertRefused(await otherCounty.get(path, { division: louxing }), 403, 'out_of_scope');
});

test('the same key makes one rule, the same code of a time makes one, and an id is taken once', async () => {
  const key = newKey();
  const body = good();
  const answers = [await county.post(path, body, { key }), await county.post(path, body, { key })];
  assert.deepEqual(...answers.map((a) => assertDone(a, 201)));
  assertRefused(await county.post(path, body), 409, 'duplicate', { pointer: '/code' });
  const id = uuid();
  assertRecord(await made({ id }), { id });
  assertRefused(await make({ id }), 409, 'duplicate', { pointer: '/id' });
  const twice = good();
  const both = await Promise.all([1, 2].map(() => county.post(path, twice)));
  assert.deepEqual(both.map((a) => a.status).sort(), [201, 409]);
});
