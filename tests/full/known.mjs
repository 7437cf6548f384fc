// tests/full/known.mjs - records that exist, bodies and queries that are taken, of the suites that try every route: a request made of them gets to its statement. Calls no route
// but those that make the records.
import * as cadence from '../support/cadence_calls.mjs';
import * as contacts from '../support/contacts.mjs';
import * as documents from '../support/document_calls.mjs';
import { newJob, newSchedule } from '../support/jobs.mjs';
import * as monitoring from '../support/monitoring.mjs';
import * as orders from '../support/orders.mjs';
import * as reports from '../support/report_calls.mjs';
import * as teams from '../support/team_calls.mjs';
import { unique } from '../support/client.mjs';
import { listInForce, louxing, newItem, newList, newOrganisation, newTask, report, townOffice, unitOf, valueItem } from '../support/world.mjs';

const registry = [cadence, contacts, documents, orders, reports, teams];
const together = (name, rooms = [...registry, monitoring]) => Object.assign({}, ...rooms.map((room) => room[name] ?? {}));

const unit = await unitOf('town_office');
const draft = await newList();
const task = await newTask(draft);
const item = await newItem(valueItem(task, unit));
const { items: [reported], list: inForce } = await listInForce([(each) => valueItem(each, unit)]);
const { body: given } = await report(reported, { value: '1', reported_on: '2025-03-31' }, townOffice);

// Two services have collections of one name.
const collections = {
  identity: {},
  registry: { duty_lists: draft, tasks: task, items: item, reports: given, jobs: newJob(), schedules: newSchedule(), ...together('records', registry) },
  monitoring: together('records', [monitoring]),
};
const byOperation = { ...together('recordsOf'), ...together('further'), submit_report: reported, get_duty_list_difference: inForce };

// {id or code, version} of the record that an operation is of; undefined: nobody knows one.
export const recordOf = (operation) => byOperation[operation.id] ?? collections[operation.service][operation.path.split(/[/:]/)[1]];

const makers = {
  create_organisation: () => ({ owner_division: louxing, name: unique('单位'), kind: 'other' }),
  create_task: () => ({ duty_list_id: draft.id, number: unique('n'), title: '任务' }),
  create_item: async () => valueItem(task, await newOrganisation()),
  submit_report: () => ({ value: '1', reported_on: '2025-03-31' }),
  create_person: () => ({ owner_division: louxing, name: '甲' }),
  create_schedule: () => ({ owner_division: louxing, kind: 'export_table', rule: 'monthly 5 09:00', params: { kind: 'organisations', format: 'csv' } }),
  ...together('bodies'),
};
const made = new Map();
// A body that is taken, the same each time; undefined: that of the contract has to do.
export async function bodyOf(operation) {
  if (!made.has(operation)) made.set(operation, await makers[operation.id]?.());
  return made.get(operation);
}

const queries = { get_item_rollup: () => ({ by: 'unit', division: louxing }), ...together('queries') };
export const queryOf = (operation) => queries[operation.id]?.() ?? {};
