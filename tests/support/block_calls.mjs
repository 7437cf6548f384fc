// tests/support/block_calls.mjs - for the suites that try every route: yearly blocks and saved lists of Louxing, outside the town that others act in, and what the calls say.
import { assertDone } from './assert.mjs';
import { guarantees, incomes, living } from './blocks.mjs';
import { newHousehold } from './persons.mjs';
import { unique } from './client.mjs';
import { farVillage, monitor } from './world.mjs';

const home = await newHousehold([], { caller: monitor, division: farVillage });
// Every call of a suite is of a year and stage of its own.
let next = 0;
const years = [2024, 2023, 2022, 2021, 2020, 2019, 2018, 2017, 2016, 2015, 2014];
const stages = ['yearly', 'identification', 'elimination'];
const fresh = () => {
  const at = next++ % (years.length * stages.length);
  return { household_id: home.id, year: years[at % years.length], stage: stages[Math.floor(at / years.length)] };
};
const made = async (path, body) => assertDone(await monitor.post(path, body), 201);
const ofThisYear = { household_id: home.id, year: 2025 };
const list = () => ({ name: unique('清单'), filters: { household_type: 'general' } });

export const records = {
  three_guarantees: await made(guarantees, ofThisYear), incomes: await made(incomes, ofThisYear), living_conditions: await made(living, ofThisYear),
  saved_lists: await made('/monitoring/saved_lists', list()),
};
export const further = { delete_saved_list: await made('/monitoring/saved_lists', list()) };
export const bodies = {
  create_three_guarantees: () => ({ ...fresh(), dropout: false }),
  update_three_guarantees: () => ({ water_unsafe: false }),
  create_income: () => ({ ...fresh(), amounts: { a1: '100' } }),
  update_income: () => ({ claims: '5' }),
  create_living_conditions: () => ({ ...fresh(), farmland: '1' }),
  update_living_conditions: () => ({ electricity: true }),
  create_saved_list: list,
  update_saved_list: () => ({ shared: true }),
};
export const queries = { get_archive_figures: () => ({ by: 'division' }) };
