// tests/support/document_calls.mjs - documents, duties, classes, goals and plans: records of the county that suites try, and calls that succeed.
import { unique } from './client.mjs';
import { assertDone } from './assert.mjs';
import { clausesOf, documentBody, dutyBody, goalBody, lineBody, needBody, newClauses, newDocument, newDuty, newGoal, newLine, newNeed, newPlan, newVillage, planBody, planInForce } from './documents.mjs';
import { county, louxing, newList, newTask } from './world.mjs';

const classPath = '/registry/division_classes';
const classBody = async () => ({ owner_division: louxing, division: await newVillage(), class: 'key', valid_from: '2021-01-01' });
const newClass = async () => assertDone(await county.post(classPath, await classBody()), 201);

const { document, clauses: [clause] } = await newClauses(['落实责任']);
const next = await newDocument({ issued_on: '2022-01-01', replaces_id: document.id });
const place = await newVillage();
const { plan, line } = await planInForce();
const draft = await newPlan();
await newLine(draft);

export const records = { documents: next, clauses: clause, duties: await newDuty(clause, { valid_to: '2022-01-01' }), division_classes: await newClass(), stage_goals: await newGoal(),
  plans: draft, plan_lines: line, investment_needs: await newNeed(plan) };

// Bodies of writes that succeed once, on records of their own where they use them up.
export const bodies = {
  create_document: () => documentBody({ clauses: [{ number: '一', text: '落实责任', duties: [{ number: '1', title: '落实', subject: 'department' }] }] }),
  update_document: () => ({ issuer: '区委办' }),
  create_clause: () => ({ document_id: next.id, number: unique('条'), text: '内容' }),
  update_clause: () => ({ title: '总则' }),
  create_duty: () => dutyBody(clause, { valid_to: '2022-01-01' }),
  update_duty: () => ({ title: '守住耕地' }),
  create_division_class: () => ({ owner_division: louxing, division: place, class: 'leading', valid_from: '2001-01-01' }),
  end_division_class: () => ({ on: '2030-01-01' }),
  create_stage_goal: () => goalBody(),
  update_stage_goal: () => ({ text: '建成' }),
  create_plan: () => planBody(),
  update_plan: () => ({ title: '改名' }),
  create_plan_line: () => lineBody(draft),
  update_plan_line: () => ({ lead_organisation_id: null }),
  serve_plan_line: () => ({ plan_line_id: line.id }),
  create_investment_need: () => needBody(plan),
  update_investment_need: () => ({ name: '改名' }),
};
export const tables = {
  import_document: { csv: 'clause_number,clause_text\n一,落实责任\n', query: { owner_division: louxing, title: '意见', issuer: '区委', issued_on: '2021-08-31', kind: 'opinion' } },
};
export const queries = { list_clauses: () => ({ document_id: document.id }), search_clauses: () => ({ words: '责任' }), search_documents: () => ({ words: '责任' }) };
export const readFromBelow = ['get_document', 'get_document_difference', 'get_clause', 'get_duty', 'get_division_class', 'get_stage_goal', 'get_plan', 'list_lines_of_plan',
  'get_plan_investment', 'get_plan_line', 'list_tasks_of_plan_line', 'get_investment_need'];

export const fresh = {
  update_document: async () => ({ record: await newDocument() }),
  update_clause: async () => ({ record: (await newClauses()).clauses[0] }),
  update_duty: async () => ({ record: await newDuty((await clausesOf(await newDocument({ clauses: [{ number: '一', text: '甲' }] })))[0]) }),
  create_division_class: async () => ({ body: await classBody() }),
  end_division_class: async () => ({ record: await newClass() }),
  update_stage_goal: async () => ({ record: await newGoal() }),
  update_plan: async () => ({ record: await newPlan() }),
  bring_plan_into_force: async () => {
    const record = await newPlan();
    await newLine(record);
    return { record };
  },
  discard_plan: async () => ({ record: await newPlan() }),
  close_plan: async () => ({ record: (await planInForce()).plan }),
  update_plan_line: async () => ({ record: await newLine(await newPlan()) }),
  serve_plan_line: async () => ({ record: await newTask(await newList()) }),
  update_investment_need: async () => ({ record: await newNeed(plan) }),
};
