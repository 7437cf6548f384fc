// tests/support/blocks.mjs - yearly blocks of households for the suites.
import { assertDone } from './assert.mjs';
import { county } from './world.mjs';

export const incomes = '/monitoring/incomes';
export const guarantees = '/monitoring/three_guarantees';
export const living = '/monitoring/living_conditions';
export const figures = ['wage', 'production', 'property', 'transfer', 'expense', 'net', 'per_capita', 'reference', 'reference_per_capita'];

export const incomeBody = (household, more = {}) => ({ household_id: household.id, year: 2025, amounts: { a1: '24000', b1: '3000.50', d2: '1200', e1: '800' }, ...more });
export const newIncome = async (household, more = {}, caller = county) => assertDone(await caller.post(incomes, incomeBody(household, more)), 201);
