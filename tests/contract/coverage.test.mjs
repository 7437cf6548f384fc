// tests/contract/coverage.test.mjs - every route was hit, every status it declares was seen, and none that it does not declare. Runs when all
// other suites have written what they saw; knows no exceptions but those named here with their reasons.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations as all, toldOnce as operations } from '../support/contract.mjs';
import { everything } from '../support/ledger.mjs';

const seen = everything();
const statusesOf = (o) => new Set(seen.filter((s) => s.service === o.service && s.operation === o.id).map((s) => s.status));

// What any address may answer, whatever its operation: the guard before the match, and the gateway.
const anyAddress = new Set(['404 no_route', '405 method_not_allowed', '414 uri_too_long', '431 headers_too_large', '413 too_large', '400 malformed', '400 bad_parameter']);
// The contract itself is made at start and needs no database.
const unprovoked = new Set(['read_contract 503']);

test('the suites have been run', () => assert.ok(seen.length > operations.length, 'no ledger: run the api and contract layers first'));

test('every route was hit and succeeded', () => {
  const missed = operations.filter((o) => ![...statusesOf(o)].some((status) => status.startsWith('2')));
  assert.deepEqual(missed.map((o) => `${o.service} ${o.method} ${o.path}`), []);
});

test('every declared answer was seen', () => {
  const missed = operations.flatMap((o) => {
    const statuses = statusesOf(o);
    return o.statuses.filter((status) => status !== 'default' && !statuses.has(status) && !unprovoked.has(`${o.id} ${status}`)).map((status) => `${o.service} ${o.id} ${status}`);
  });
  assert.deepEqual(missed, []);
});

test('no answer was seen that is not declared', () => {
  const byId = new Map(all.map((o) => [`${o.service} ${o.id}`, o]));
  const strays = seen.filter((s) => {
    const declared = byId.get(`${s.service} ${s.operation}`)?.statuses ?? [];
    return !declared.includes(s.status) && !anyAddress.has(`${s.status} ${s.code}`);
  });
  assert.deepEqual([...new Set(strays.map((s) => `${s.service} ${s.operation} ${s.status} ${s.code}`))], []);
});

test('nothing answered 500, 502 or 504', () => {
  assert.deepEqual(seen.filter((s) => ['500', '502', '504'].includes(s.status)), []);
});
