// tests/support/assert.mjs - assertions in the words of the contract.
import assert from 'node:assert/strict';

const said = (answer) => `${answer.method} ${answer.url} answered ${answer.status}: ${answer.text.slice(0, 1500)}`;

export function assertDone(answer, status = 200) {
  assert.equal(answer.status, status, said(answer));
  if (status !== 204 && status !== 304 && answer.method !== 'HEAD') assert.match(answer.type ?? '', /^application\/json\b/, said(answer));
  return answer.body;
}

// Every refusal is a problem document that says what it is, whoever made it.
export function assertProblem(answer) {
  assert.match(answer.type ?? '', /^application\/problem\+json/, said(answer));
  const { body } = answer;
  assert.equal(body.type, `urn:zeren:problem:${body.code}`, said(answer));
  assert.equal(body.status, answer.status, said(answer));
  assert.ok(body.title?.length > 0, said(answer));
  assert.equal(typeof body.detail, 'string', said(answer));
  assert.equal(body.request_id, answer.headers.get('x-request-id'), said(answer));
}

function fits(error, wanted) {
  return Object.entries(wanted).every(([name, value]) => (value instanceof RegExp ? value.test(error[name]) : error[name] === value));
}

// wanted: members that one entry of `errors` has, {pointer, code}, {parameter}, {header} or {row, column, code}
export function assertRefused(answer, status, code, ...wanted) {
  assert.equal(answer.status, status, said(answer));
  assertProblem(answer);
  assert.equal(answer.body.code, code, said(answer));
  for (const error of wanted) {
    assert.ok(answer.body.errors?.some((given) => fits(given, error)), `no error ${JSON.stringify(error)} in: ${said(answer)}`);
  }
  return answer.body;
}

// The record has these members, and no others than `known` when it is given.
export function assertRecord(record, wanted, known) {
  for (const [name, value] of Object.entries(wanted)) {
    assert.deepEqual(record[name], value, `${name} of ${JSON.stringify(record)}`);
  }
  if (known) assert.deepEqual(Object.keys(record).sort(), [...known].sort());
}
