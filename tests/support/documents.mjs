// tests/support/documents.mjs - documents with clauses and duties, classes, goals and plans, made through the API.
import { assertDone } from './assert.mjs';
import { as, unique } from './client.mjs';
import { rows } from './database.mjs';
import { announced } from './events.mjs';
import { range } from './taken.mjs';
import { county, freshCode, louxing } from './world.mjs';

export const documentBody = (more = {}) => ({ owner_division: louxing, title: unique('实施细则'), issuer: '区委办公室', issued_on: '2021-03-01', kind: 'local_rule', ...more });

export const newDocument = async (more = {}, caller = county) => assertDone(await caller.post('/registry/documents', documentBody(more)), 201);

export const clausesOf = async (document, caller = county) =>
  assertDone(await caller.get('/registry/clauses', { document_id: document.id, sort: 'position', limit: 500 })).items;

// A document with these texts as its clauses.
export async function newClauses(texts = ['落实责任'], more = {}, caller = county) {
  const document = await newDocument({ ...more, clauses: texts.map((text, i) => ({ number: `${i + 1}`, text })) }, caller);
  return { document, clauses: await clausesOf(document, caller) };
}

export const dutyBody = (clause, more = {}) => ({ clause_id: clause.id, number: unique('d'), title: '稳住粮食面积', subject: 'government', topic: 'food_security', ...more });
export const newDuty = async (clause, more = {}, caller = county) => assertDone(await caller.post('/registry/duties', dutyBody(clause, more)), 201);

// A village that is not classified.
function* villageCodes() {
  for (const number of range(100, 999)) yield `431302002${number}`;
}
export async function newVillage() {
  const code = await freshCode('villages', villageCodes());
  assertDone(await as('system_admin').load('/registry/divisions:import', { valid_from: '2010-01-01' }, `code,name\n${code},分类村\n`));
  return code;
}

export const goalBody = (more = {}) => ({ owner_division: louxing, by_year: 2025, text: unique('目标'), ...more });
export const newGoal = async (more = {}, caller = county) => assertDone(await caller.post('/registry/stage_goals', goalBody(more)), 201);

export const planBody = (more = {}) => ({ owner_division: louxing, title: unique('行动计划'), kind: 'action_plan', starts_year: 2021, ends_year: 2199, ...more });
export const newPlan = async (more = {}, caller = county) => assertDone(await caller.post('/registry/plans', planBody(more)), 201);

export const lineBody = (plan, more = {}) => ({ plan_id: plan.id, number: unique('l'), title: '农村供水', topic: 'infrastructure', by_year: plan.ends_year, ...more });
export const newLine = async (plan, more = {}, caller = county) => assertDone(await caller.post('/registry/plan_lines', lineBody(plan, more)), 201);

export const needBody = (plan, more = {}) => ({ plan_id: plan.id, name: unique('项目'), year: plan.starts_year, amount: '100.50', source_kind: 'county', ...more });
export const newNeed = async (plan, more = {}, caller = county) => assertDone(await caller.post('/registry/investment_needs', needBody(plan, more)), 201);

// A plan in force with one line.
export async function planInForce(more = {}, caller = county) {
  const draft = await newPlan(more, caller);
  const line = await newLine(draft, {}, caller);
  return { plan: assertDone(await caller.verb(`/registry/plans/${draft.id}:bring_into_force`, draft.version)), line };
}

// How many records of each kind were announced with a document.
export function eventsOf(document) {
  const of = (table, column) => `SELECT id FROM registry.${table} WHERE ${column} = '${document.id}'`;
  const ids = [of('document', 'id'), of('document_clause', 'document_id'), of('duty', 'document_id')].join(' UNION ALL ');
  return Object.fromEntries(rows(`SELECT e.record, count(DISTINCT e.record_id) AS n FROM ${announced('registry')} AS e WHERE e.record_id IN (${ids}) GROUP BY 1`).map((r) => [r.record, r.n]));
}
