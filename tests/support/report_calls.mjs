// tests/support/report_calls.mjs - forms and periodic reports of the county that suites try, and calls that succeed.
import { assertDone } from './assert.mjs';
import { unique } from './client.mjs';
import { newClauses } from './documents.mjs';
import { county, louxing, townOffice } from './world.mjs';

const { clauses: [clause] } = await newClauses(['每月报告']);
const fields = [{ code: 'visits', label: '走访', kind: 'figure', figure: 'visits' }, { code: 'said', label: '情况', kind: 'text' }];
const formBody = (more = {}) => ({ code: unique('f'), title: '月报', period: 'month', level: 3, clause_id: clause.id, valid_from: '2010-01-01', fields, ...more });
const newForm = async (more) => assertDone(await county.post('/registry/report_forms', formBody(more)), 201);
const [form, townForm] = [await newForm(), await newForm({ level: 4 })];

// Months that no report was drawn up for: each call takes the next.
let months = 0;
const nextMonth = () => {
  const n = months++;
  return `${2010 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}-01`;
};
const draft = async () => assertDone(await county.post('/registry/periodic_reports', { form_id: form.id, period_start: nextMonth() }), 201);
async function submitted() {
  const report = assertDone(await townOffice.post('/registry/periodic_reports', { form_id: townForm.id, period_start: nextMonth() }), 201);
  return assertDone(await townOffice.verb(`/registry/periodic_reports/${report.id}:submit`, report.version));
}
const kept = async () => {
  const report = await draft();
  return assertDone(await county.verb(`/registry/periodic_reports/${report.id}:submit`, report.version));
};
const waiting = await submitted();

export const records = { report_forms: form, periodic_reports: await draft() };
export const recordsOf = { accept_periodic_report: waiting, return_periodic_report: waiting, get_periodic_report_snapshot: await kept() };
export const bodies = {
  create_report_form: () => formBody(),
  end_report_form: () => ({ valid_to: '2199-01-01' }),
  create_periodic_report: () => ({ form_id: form.id, period_start: nextMonth() }),
  update_periodic_report: () => ({ texts: { said: '推进顺利' } }),
  accept_periodic_report: () => ({ decision_note: '同意' }),
  return_periodic_report: () => ({ decision_note: '请补充' }),
};
export const queries = { get_figures: () => ({ division: louxing }), get_chain: () => ({ division: louxing }) };
export const readFromBelow = ['get_report_form'];
export const fresh = {
  end_report_form: async () => ({ record: await newForm() }),
  update_periodic_report: async () => ({ record: await draft() }),
  refresh_periodic_report: async () => ({ record: await draft() }),
  submit_periodic_report: async () => ({ record: await draft() }),
  discard_periodic_report: async () => ({ record: await draft() }),
  accept_periodic_report: async () => ({ record: await submitted() }),
  return_periodic_report: async () => ({ record: await submitted() }),
};
