// tests/support/prepare.mjs - the divisions every suite stands on and the work days it counts, loaded once through the API before they start.
import { tellYears } from './calendar.mjs';
import { as } from './client.mjs';
import { run } from './database.mjs';
import { assertDone } from './assert.mjs';
import { baseDivisions } from './world.mjs';

const rows = baseDivisions.map(([code, name]) => `${code},${name}`);
assertDone(await as('system_admin').load('/registry/divisions:import', { valid_from: '2010-01-01' }, `code,name\n${rows.join('\n')}\n`));
await tellYears();
// Every suite calls from one address, and many of them to be refused: its lock is tested by tests/fault/sessions.test.mjs on a stack of its own.
run("UPDATE zeren.setting SET value = '1000000' WHERE key = 'identity.lockout_address_failures'");
// So many suites ask as one account; the limit itself: tests/api/monitoring_person.test.mjs.
run("UPDATE zeren.setting SET value = '1000' WHERE key = 'monitoring.locate_per_hour'");
console.log(`prepared: ${rows.length} divisions`);
