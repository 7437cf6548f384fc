// tests/support/rule_cases.mjs - each rule of the catalogue as a change that violates it: of a member or a household in order, or a block that is entered of it. What a
// route refuses before the rules are asked says so in `sooner`; what nobody can enter yet, in `unreachable`.
import { county } from './world.mjs';
import { idOf, yearsAgo } from './rules.mjs';

const year = Number(yearsAgo(0).slice(0, 4));
const at = (who) => (code, change, more = {}) => ({ code, who, change, ...more });
const head = at('head');
const spouse = at('spouse');
const child = at('child');
const household = at('household');
const block = (path) => (code, stage, fields, more = {}) => ({ code, block: path, fields: { year, stage, ...fields }, ...more });
const lacks = block('three_guarantees');
const income = block('incomes');
const living = block('living_conditions');
const born = (years, days = 0) => yearsAgo(years, days);

// Somebody of another age is another person: the ID number says when one was born.
const aged = (sex, years, more = {}) => ({ id_number: idOf(sex, born(years, 30)), ...more });

export const watched = { object_type: '2', risks: ['09'], identified_on: born(2) };
const gone = { object_type: '2', risks: ['09'], identified_on: born(1), eliminated: true, eliminated_on: born(0), elimination_kind: 'assisted' };
const whole = [['three_guarantees', { year, stage: 'elimination', housing_unsafe: false, dropout: false, water_unsafe: false, uninsured: false }],
  ['incomes', { year, stage: 'elimination', amounts: { a1: '90000' } }]];
const reached = { phone: '13812345678' };
const longGone = { first: { ...watched, ...reached, identified_on: born(3) }, blocks: whole, second: { ...gone, identified_on: born(3), eliminated_on: born(1) } };

export const errors = [
  child('1_12_001', null, { shared: true }),
  head('1_12_002', { id_number: '431302197001010010' }, { sooner: 'not_a_citizen_id' }),
  head('1_12_004', () => ({ disability_card: `${idOf('1', born(45))}44` })),
  head('4_01_003', () => aged('1', 45, { id_number: idOf('1', born(45), '999999') })),
  head('3_11_001', { relation: 'father' }, { sooner: 'one_head' }),
  child('3_11_002', { relation: 'head' }, { sooner: 'one_head' }),
  spouse('2_11_003', () => ({ id_number: idOf('1', born(43)) })),
  child('2_12_008', { relation: 'daughter' }),
  child('2_01_001', { relation: null }),
  child('2_01_002', { ethnicity: null }),
  child('3_01_001', { labour: null }),
  head('3_01_002', { education: null }),
  child('3_12_004', { education: 'primary' }),
  child('1_02_005', { student_status: null }),
  child('5_15_016', { student_status: null }, { first: watched }),
  child('5_15_017', { student_status: null, education: 'primary' }),
  child('3_01_008', { public_posts: ['village'], public_post_months: 3 }),
  head('3_01_010', { public_posts: ['village', 'town', 'forest'], public_post_months: 3 }),
  head('2_12_015', { employee_medical: true }),
  head('2_12_012', { resident_medical: null, employee_medical: null }),
  head('9_10_001', { serious_illness_insurance: null }),
  head('9_10_002', { resident_pension: null, employee_pension: null }),
  household('2_11_002', { ...gone, identified_on: born(0, 100) }),
  household('5_18_009', { ...gone, identified_on: born(0) }),
  household('1_11_004', gone),
  household('1_11_005', { ...gone, ...reached }, { blocks: [['three_guarantees', { year, stage: 'elimination', dropout: true }]] }),
  household('1_11_006', { ...gone, ...reached }, { blocks: [['three_guarantees', { year, stage: 'elimination', housing_unsafe: true }]] }),
  household('1_11_007', { ...gone, ...reached }, { blocks: [['three_guarantees', { year, stage: 'elimination', water_unsafe: true }]] }),
  household('1_11_008', { ...gone, ...reached }, { people: { head: { resident_medical: false } }, blocks: whole }),
  household('1_11_009', gone, { unreachable: 'measures' }),
  household('1_11_011', gone, { blocks: whole }),
  household('4_11_010', { ...gone, ...reached }, { line: true, blocks: [whole[0], ['incomes', { year, stage: 'elimination', amounts: { a1: '3000' } }]] }),
  household('4_11_011', { ...gone, ...reached, no_labour: true }, { blocks: whole }),
  household('4_11_012', { ...gone, ...reached }, { people: { head: { public_posts: ['village'], public_post_months: 6 } },
    blocks: [whole[0], ['incomes', { year, stage: 'elimination', amounts: { b1: '90000' } }]] }),
  household('4_11_013', { ...gone, ...reached }, { people: { head: { allowance: 'rural' } }, blocks: whole }),
  household('5_11_013', gone, { unreachable: 'measures' }),
  ...['address', 'resettlement_address', 'risk_note', 'reason'].map((field, i) => household(`9_16_00${i + 1}`, () => ({ [field]: `见${idOf('1', born(45))}` }))),
  ...['name', 'reason'].map((field, i) => head(`9_16_00${i + 5}`, () => ({ [field]: `见${idOf('1', born(45))}` }))),
];

export const others = [
  ...['address', 'resettlement_address', 'risk_note', 'reason'].map((field, i) => household(`9_16_0${String(i + 7).padStart(2, '0')}`, { [field]: '电话133 0000 5678' })),
  ...['name', 'reason'].map((field, i) => head(`9_16_0${i + 11}`, { [field]: '电话13300005678' })),
  { code: '9_02_001', nobody: true },
  head('9_09_001', { phone: '0738-8321234' }),
  household('9_09_002', { phone: '0738-8321234' }),
  household('9_09_003', null, { shared: true }),
  head('9_09_004', null, { shared: true }),
  child('9_03_001', () => aged('1', 15, { student_status: 'primary' })),
  child('9_03_002', { student_status: 'junior_1' }),
  child('9_03_003', { student_status: 'senior_1' }),
  child('9_03_004', { student_status: 'bachelor_1' }),
  child('9_03_005', { student_status: 'master' }),
  child('9_03_006', { student_status: 'kindergarten' }),
  child('9_03_007', () => aged('1', 18, { student_status: null, education: 'primary', resident_pension: true })),
  child('2_12_014', { labour: 'common' }),
  head('5_12_008', { labour: 'none' }),
  head('1111_14', { labour: 'weak' }),
  head('2_12_005', () => aged('1', 61)),
  head('2_12_004', { working_away: true, labour: 'lost' }),
  head('5_01_006', () => aged('1', 70, { public_posts: ['village'], public_post_months: 3 })),
  head('3_01_005', { public_posts: ['village'] }),
  head('3_01_006', { public_post_months: 3 }),
  head('5_15_003', { public_posts: ['village'], public_post_months: 0 }),
  head('5_15_006', { public_posts: ['village'], public_post_months: 3, labour: 'none' }),
  head('5_16_001', { work_income: '99.99' }),
  head('5_16_002', { work_income: '30000.01' }),
  head('1111_12', { work_income: '399.99' }),
  head('9_08_001', { work_started_on: born(2), work_ended_on: born(1), working_away: false }, { then: { work_started_on: born(1, 30), work_ended_on: born(0, 1) } }),
  head('9_08_002', { work_started_on: born(1), work_ended_on: born(2) }),
  head('9_08_003', { work_started_on: born(35), work_ended_on: born(34) }),
  child('9_08_004', { working_away: true }),
  head('9_08_005', { working_away: true, destitute: 'rural' }),
  head('9_08_006', { working_away: false, work_started_on: born(1) }),
  head('9_08_007', { plans_away: true }),
  head('4_12_003', { health: 'disabled' }),
  household('2_11_001', { ...watched, risks: ['03'] }),
  household('5_15_015', { ...watched, risks: ['01'] }),
  income('5_15_020', 'yearly', { amounts: { a1: '90000' } }, { first: { ...watched, risks: ['01'] } }),
  household('1_11_001', { ...watched, risks: [] }),
  household('2_11_004', { ...watched, risks: ['99'] }),
  lacks('4_11_006', 'yearly', { water_unsafe: true }, { first: watched }),
  lacks('4_11_007', 'yearly', { uninsured: true }, { first: watched }),
  lacks('4_11_008', 'yearly', { dropout: true }),
  household('4_11_009', { ...watched, risks: ['04'] }, { people: { child: aged('1', 20, { student_status: null, education: 'senior', labour: 'skilled', resident_pension: true }) } }),
  household('5_18_008', { ...watched, risks: ['04'] }),
  household('5_11_029', { ...watched, risks: ['04'] }, { more: true }),
  household('5_15_013', { ...watched, risks: ['07'] }, { people: { head: { labour: 'lost', health: 'serious' }, spouse: { labour: 'none', health: 'serious' } } }),
  household('5_15_014', { ...watched, risks: ['07'] }),
  household('4_11_015', null, { unreachable: 'measures' }),
  household('4_11_016', null, { unreachable: 'measures' }),
  household('5_16_003', null, { unreachable: 'measures' }),
  household('5_19_003', { no_labour: true }),
  household('5_19_007', null, { unreachable: 'measures' }),
  household('5_15_011', null, { unreachable: 'measures' }),
  household('5_15_012', null, { unreachable: 'measures' }),
  household('1111_2', null, { unreachable: 'measures' }),
  household('5_17_011', null, { unreachable: 'measures' }),
  household('5_17_012', null, { unreachable: 'measures' }),
  household('5_17_013', null, { unreachable: 'measures' }),
  household('4_11_014', null, { unreachable: 'measures' }),
  household('1111_3', null, { unreachable: 'measures' }),
  head('5_15_018', { destitute: 'rural' }),
  head('5_15_019', { destitute: 'urban' }),
  income('3_11_010', 'yearly', { amounts: { a1: '9000' } }),
  income('1111_18', 'identification', { amounts: { a1: '90000' } }),
  income('5_15_023', 'identification', { amounts: { a1: '50', b1: '30000' } }),
  income('1_02_006', 'yearly', { amounts: { a1: '15000' } }, { line: true }),
  living('9_14_001', 'yearly', { farmland: '100.01' }),
  living('9_14_002', 'yearly', { grassland: '101' }),
  living('9_14_003', 'yearly', { water_area: '101' }),
  living('9_14_004', 'yearly', { woodland: '200.01' }),
  living('9_14_005', 'yearly', { returned_forest: '201' }),
  living('9_14_006', 'yearly', { orchard: '201' }),
  living('9_14_007', 'yearly', { road_distance: '5.01' }),
  living('9_15_001', 'yearly', { house_area: '80' }),
  living('9_15_002', 'yearly', { road_kind: 'earth' }),
  living('9_15_003', 'yearly', { house_area: '80' }),
  living('9_15_004', 'yearly', { house_area: '80' }),
  living('9_15_005', 'yearly', { house_area: '80' }),
  living('9_15_006', 'yearly', { house_area: '80' }),
  lacks('1_02_008', 'yearly', { housing_unsafe: true }, longGone),
  lacks('1_02_009', 'yearly', { water_unsafe: true }, longGone),
];

export const caller = county;
