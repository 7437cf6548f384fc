// tests/support/prepare.mjs - the divisions every suite stands on, loaded once through the API before they start.
import { as } from './client.mjs';
import { assertDone } from './assert.mjs';
import { baseDivisions } from './world.mjs';

const rows = baseDivisions.map(([code, name]) => `${code},${name}`);
assertDone(await as('system_admin').load('/registry/divisions:import', { valid_from: '2010-01-01' }, `code,name\n${rows.join('\n')}\n`));
console.log(`prepared: ${rows.length} divisions`);
