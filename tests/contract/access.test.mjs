// tests/contract/access.test.mjs - every route × every role, as access.csv says by hand: 403 forbidden, or anything else but 401 and 403 forbidden.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { newKey, send } from '../support/client.mjs';
import { assertRefused } from '../support/assert.mjs';
import { operations } from '../support/contract.mjs';
import { root } from '../support/settings.mjs';
import { roles, tokenOf } from '../support/tokens.mjs';

const [heading, ...lines] = readFileSync(`${root}tests/contract/access.csv`, 'utf8').trim().split('\n');
const columns = heading.split(',').slice(4);
const table = lines.map((line) => line.split(',')).map(([service, method, path, permission, ...cells]) => ({ service, method, path, permission, cells }));
const id = '01940000-ffff-7000-8000-000000000000';

// A call that gets as far as the permission and, where it has that, no further than its decoding: no write is made.
async function call({ service, method, path }, token) {
  const address = `/${service}${path.replaceAll(/\{[^}]+\}/g, path.startsWith('/divisions/') ? '999999000000' : id)}`;
  const headers = method === 'GET' ? {} : { 'Content-Type': 'text/none' };
  return send(method, address, { token, headers, key: method === 'GET' ? undefined : newKey(), body: method === 'GET' ? undefined : '?' });
}

test('the table has a column for each role and a row for each route', () => {
  assert.deepEqual(columns, roles);
  assert.deepEqual(table.map((row) => `${row.service} ${row.method} ${row.path}`).sort(), operations.map((o) => `${o.service} ${o.method} ${o.path}`).sort());
});

for (const row of table) {
  test(`${row.service} ${row.method} ${row.path}`, async () => {
    for (const [i, role] of columns.entries()) {
      const answer = await call(row, tokenOf(role));
      if (row.cells[i] === '403') {
        assertRefused(answer, 403, 'forbidden');
        continue;
      }
      assert.equal(row.cells[i], 'ok');
      assert.ok(answer.status !== 401 && answer.body?.code !== 'forbidden' && answer.status < 500, `${role}: ${answer.status} ${answer.text}`);
    }
    const nobody = await call(row);
    if (row.permission === 'public') assert.notEqual(nobody.status, 401);
    else assertRefused(nobody, 401, 'unauthenticated');
  });
}
