// tests/support/offices.mjs - divisions of a test's own and the offices that work there, each with an account that acts in one post.
import { assertDone } from './assert.mjs';
import { as, unique, uuid } from './client.mjs';
import { newAccount, signedIn } from './accounts.mjs';
import { run } from './database.mjs';
import { range } from './taken.mjs';
import { freshCode } from './world.mjs';

const admin = as('system_admin');
export const loadDivisions = async (rows, valid_from = '2010-01-01') =>
  assertDone(await admin.load('/registry/divisions:import', { valid_from }, `code,name,kind,members,predecessors\n${rows.map((r) => r.join(',')).join('\n')}\n`));

// Codes of divisions that begin so: with 10 to 89 behind it.
export function* codes(beginning, end) {
  for (const number of range(10, 89)) yield `${beginning}${number}${end}`;
}

// A city of its own in a province that no seeded account works in; divisions below it begin with its four digits.
export async function freshCity(province = '61') {
  await loadDivisions([[province, '省', '', '', '']]);
  return (await freshCode('cities', codes(province, '00000000'))).slice(0, 4);
}

// A unit of that division, its first responsible post with this role in these ranges, and who acts in it: a caller as `as()` gives it, with the ids of unit, post and person.
export async function office(division, { kind = 'government', role = 'county_office', range, name, duty = 'first_responsible', line, lines } = {}) {
  const account = newAccount({ like: 'county_office', name: unique('人') }), [unit, post] = [uuid(), uuid()];
  const prefix = range ?? division.slice(0, [2, 4, 6, 9, 12].find((n) => /^0*$/.test(division.slice(n))));
  run(`UPDATE identity.person SET owner_division = '${division}' WHERE id = '${account.person}';
       INSERT INTO registry.organisation (id, owner_division, name, kind, line, created_at)
         VALUES ('${unit}', '${division}', '${name ?? unique('单位')}', '${kind}', ${line ? `'${line}'` : 'NULL'}, now());
       INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, scope_lines, created_at)
         VALUES ('${post}', '${division}', '${unit}', '主要负责人', '${duty}', '${role}', '{${prefix}}', ${lines ? `'${lines}'` : 'NULL'}, now());
       INSERT INTO identity.holder (id, owner_division, post_id, person_id, starts_on, created_at)
         VALUES ('${uuid()}', '${division}', '${post}', '${account.person}', '2010-01-01', now());
       DELETE FROM identity.account_post WHERE account_id = '${account.id}'`);
  const { session } = await signedIn(account);
  return { ...as(role, { token: session.access_token }), unit_id: unit, post_id: post, person_id: account.person };
}
