// tests/support/monitoring.mjs - records of monitoring for the suites: lines of years that no other suite was given.
import { assertDone } from './assert.mjs';
import * as blocks from './block_calls.mjs';
import * as citizens from './citizen_calls.mjs';
import * as archive from './household_calls.mjs';
import * as persons from './person_calls.mjs';
import * as rules from './rule_calls.mjs';
import { range, take } from './taken.mjs';
import { louxing, monitor } from './world.mjs';

// Of each second year: in the year beside it no line is entered.
const freshLineYear = () => take('line_years', range(2030, 2178, 2));
export const lineBody = (more = {}) => ({ owner_division: louxing, amount: '8000', ...more, year: more.year ?? freshLineYear() });

// One in the years after those, of which no test asks what held.
function* daysOfLines() {
  for (const month of range(1, 12)) for (const year of range(2180, 2199)) for (const day of range(2, 28)) yield [year, month, day].map((n) => String(n).padStart(2, '0')).join('-');
}
const lineOfADay = () => {
  const day = take('line_days', daysOfLines());
  return lineBody({ year: Number(day.slice(0, 4)), effective_from: day });
};

export const newLine = async (more = {}, caller = monitor) => assertDone(await caller.post('/monitoring/monitoring_lines', lineBody(more)), 201);

// For the suites that try every route: a record of each collection, a body that would be taken, a query that is asked with.
export const records = { ...citizens.records, ...rules.records, ...archive.records, ...persons.records, ...blocks.records, monitoring_lines: await newLine() };
export const bodies = { ...citizens.bodies, ...rules.bodies, ...archive.bodies, ...persons.bodies, ...blocks.bodies, create_monitoring_line: lineOfADay, update_monitoring_line: () => ({ amount: '8200' }) };
export const queries = { ...rules.queries, ...blocks.queries, get_holding_monitoring_line: () => ({ division: louxing, year: 2021 }) };
// Verbs that go on from another record.
export const further = { ...citizens.further, ...rules.further, ...archive.further, ...persons.further, ...blocks.further };
