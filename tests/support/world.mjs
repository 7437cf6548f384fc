// tests/support/world.mjs - what the suites need to stand on, made through the API: divisions, units, lists in each state.
// Every caller gets records of its own, so suites run beside each other and again.
import { allOf, as, newKey, unique } from './client.mjs';
import { assertDone } from './assert.mjs';
import { range, takeFree } from './taken.mjs';

export const louxing = '431302000000';
export const shuangfeng = '431321000000';
export const town = '431302006000';
export const village = '431302006003';
export const farVillage = '431302001001'; // of the same county, in another town
export const otherVillage = '431321100001';

export const baseDivisions = [
  ['430000000000', '湖南省'], ['431300000000', '娄底市'], [louxing, '娄星区'], [shuangfeng, '双峰县'], ['431381000000', '冷水江市'],
  ['431302001000', '乐坪街道'], [farVillage, '乐坪社区'], ['431302002000', '花山街道'], [town, '涟滨街道'], ['431321100000', '永丰街道'], ['431321100001', '城东社区'], ['431321100002', '城西社区'],
  ['431302006001', '扶青社区'], [village, '仙人阁社区'], ['430100000000', '长沙市'], ['430102000000', '芙蓉区'],
  ['420000000000', '湖北省'], ['420100000000', '武汉市'], ['420102000000', '江岸区'],
];

export const county = as('county_office');
export const otherCounty = as('other_county_office');
export const province = as('province_office');
export const prefecture = as('prefecture_office');
export const townOffice = as('town_office');
export const department = as('department_office');
export const monitor = as('monitoring_office');
export const otherMonitor = as('other_monitoring_office');
export const nobodysId = () => '01940000-ffff-7000-8000-' + Math.random().toString(16).slice(2).padEnd(12, '0').slice(0, 12);

export async function newOrganisation(body = {}, caller = county) {
  const answer = await caller.post('/registry/organisations', { owner_division: louxing, name: unique('单位'), kind: 'department', ...body });
  return assertDone(answer, 201);
}

// The first of these codes that no division has, and that no other suite was given.
export const freshCode = (kind, codes) => takeFree(kind, codes, async (code) => (await as('system_admin').get(`/registry/divisions/${code}`)).status === 404);

// The unit that a seeded account belongs to, by its account's post.
const units = { town_office: '涟滨街道办事处', department_office: '娄星区农业农村局', integration: '娄星区财政局' };
export async function unitOf(role) {
  const [unit] = await allOf(county, '/registry/organisations', { name_prefix: units[role] });
  if (!unit) throw new Error(`no unit ${units[role]}`);
  return unit;
}

// A year of that division which no list has been drafted for, and which no other suite was given.
export async function freshYear(division = louxing, caller = county) {
  const unused = async (year) => assertDone(await caller.get('/registry/duty_lists', { division, year })).items.length === 0;
  return takeFree(`list_years.${division}`, range(2030, 2199), unused);
}

// Without a year: of a unit of its own, for which any year is a fresh one.
export async function newList({ caller = county, division = louxing, ...rest } = {}) {
  const own = async () => ({ organisation_id: (await newOrganisation({ kind: 'work_group', owner_division: division }, caller)).id });
  const body = { owner_division: division, year: 2030, title: unique('清单'), ...(rest.year === undefined && rest.organisation_id === undefined && (await own())), ...rest };
  return assertDone(await caller.post('/registry/duty_lists', body), 201);
}

export async function newTask(list, body = {}, caller = county) {
  return assertDone(await caller.post('/registry/tasks', { duty_list_id: list.id, number: unique('t'), title: '任务', ...body }), 201);
}

export const valueItem = (task, lead, more = {}) => ({ task_id: task.id, title: '分解项', lead_organisation_id: lead.id, starts_on: '2025-01-06',
  due_on: '2025-09-30', measure: 'value', target: '10', unit_of_measure: '处', ...more });

export const milestoneItem = (task, lead, more = {}) => ({ task_id: task.id, title: '分解项', lead_organisation_id: lead.id, starts_on: '2025-01-06',
  due_on: '2025-09-30', measure: 'milestone', milestones: [{ name: '方案印发', due_on: '2025-03-31' }, { name: '完成验收', due_on: '2025-09-30' }], ...more });

export async function newItem(body, caller = county) {
  return assertDone(await caller.post('/registry/items', body), 201);
}

export const listPath = (list) => `/registry/duty_lists/${list.id}`;
const verbs = ['approve', 'file', 'bring_into_force', 'close'];

export async function step(list, verb, caller = county) {
  return assertDone(await caller.verb(`${listPath(list)}:${verb}`, list.version));
}

// Takes a list on, step by step, up to and with that verb.
export async function advance(list, last, caller = county) {
  let now = list;
  for (const verb of verbs.slice(0, verbs.indexOf(last) + 1)) now = await step(now, verb, caller);
  return now;
}

// A list with a task and items of these leads, in force.
export async function listInForce(items, options = {}) {
  const caller = options.caller ?? county;
  const draft = await newList(options);
  const task = await newTask(draft, {}, caller);
  const made = [];
  for (const item of items) made.push(await newItem(item(task), caller));
  const list = await advance(draft, 'bring_into_force', caller);
  return { list, task, items: made };
}

export async function report(item, body, caller = townOffice, options = {}) {
  return caller.post(`/registry/items/${item.id}/reports`, body, options);
}

export async function confirmed(item, body, caller = townOffice) {
  const given = assertDone(await report(item, body, caller), 201);
  return assertDone(await county.verb(`/registry/reports/${given.id}:confirm`, given.version, {}));
}

// A write of a program, which must carry a key.
export const withKey = () => ({ key: newKey() });
