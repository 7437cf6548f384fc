// tests/support/orders.mjs - refinements, drives and work orders, and revisions of lists: records of the county that suites try, and calls that succeed.
import { assertDone } from './assert.mjs';
import { rows } from './database.mjs';
import { nextYear } from './days.mjs';
import { unique } from './client.mjs';
import { county, listInForce, newItem, newList, newOrganisation, newTask, townOffice, unitOf, valueItem } from './world.mjs';

const town = await unitOf('town_office');
const made = async (caller, path, body) => assertDone(await caller.post(`/registry${path}`, body), 201);
const unit = await newOrganisation();
const leader = assertDone(await county.post('/identity/posts', { organisation_id: unit.id, title: unique('分管领导'), duty: 'direct' }), 201);
const thisMonth = () => rows("SELECT date_trunc('month', now() AT TIME ZONE 'Asia/Shanghai')::date::text AS day")[0].day;

const goodDrive = (more) => ({ title: unique('攻坚'), leader_post_id: leader.id, organisation_id: unit.id, goal: '按期完成', starts_on: '2026-08-03', ends_on: nextYear('09-30'), ...more });
const goodOrder = (more) => ({ addressee_organisation_id: town.id, matter: unique('指令'), due_on: nextYear('06-30'), ...more });
const goodRefinement = () => ({ month: thisMonth(), content: '完成五处' });
export const newDrive = (more) => made(county, '/drives', goodDrive(more));
export const newOrder = (more) => made(county, '/work_orders', goodOrder(more));
const itemOf = async (lead) => (await listInForce([(t) => valueItem(t, lead)])).items[0];
export const newRefinement = async (lead = town, caller = townOffice) => made(caller, `/items/${(await itemOf(lead)).id}/refinements`, goodRefinement());
const step = async (order, verb, body, caller = townOffice) => assertDone(await caller.verb(`/registry/work_orders/${order.id}:${verb}`, order.version, body));
export const received = async () => step(await newOrder(), 'receive');
export const reported = async () => step(await received(), 'report_back', { feedback: '已完成' });

export const records = { drives: await newDrive(), work_orders: await newOrder(), refinements: await newRefinement() };
const inForce = await itemOf(town);
const revisable = (await listInForce([(t) => valueItem(t, unit)])).list;
// What stands for the collection of an operation's address in these.
export const recordsOf = { refine_item: inForce, revise_duty_list: revisable };

export const bodies = {
  revise_duty_list: () => ({ reason: '年中调整' }),
  refine_item: goodRefinement,
  update_refinement: () => ({ content: '完成六处' }),
  plan_drive: goodDrive,
  update_drive: () => ({ goal: '提前完成' }),
  end_drive: () => ({ result: '已完成' }),
  issue_work_order: goodOrder,
  report_work_order: () => ({ feedback: '已完成' }),
  complete_work_order: () => ({}),
  return_work_order: () => ({ decision_note: '未附材料' }),
  withdraw_work_order: () => ({ decision_note: '重复' }),
};
export const queries = { get_duty_list_difference: () => ({ against: revisable.id }) };
const draft = async () => newTask(await newList({ year: 2030, organisation_id: unit.id }));
export const fresh = {
  remove_task: async () => ({ record: await draft() }),
  remove_item: async () => ({ record: await newItem(valueItem(await draft(), town)) }),
  refine_item: async () => ({ record: await itemOf(town) }),
  update_refinement: async () => ({ record: await newRefinement() }),
  update_drive: async () => ({ record: await newDrive() }),
  start_drive: async () => ({ record: await newDrive() }),
  end_drive: async () => ({ record: await newDrive() }),
  receive_work_order: async () => ({ record: await newOrder() }),
  report_work_order: async () => ({ record: await received() }),
  complete_work_order: async () => ({ record: await reported() }),
  return_work_order: async () => ({ record: await reported() }),
  withdraw_work_order: async () => ({ record: await newOrder() }),
};
