// tests/fault/flood.test.mjs - a flood of forged tokens: an honest newcomer behind the same address gets in, known tokens do not notice,
// and other addresses go at once (I-113).
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { Agent, request } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { OwnStack, sleep, until } from '../support/own_stack.mjs';

const unlimited = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };
const PATH = '/api/v1/registry/organisations?limit=1';
let stack, good;

before(async () => {
  stack = new OwnStack('flood', { settings: { identity: unlimited, registry: unlimited } });
  stack.up();
  good = await stack.logIn('county_office');
});
after(() => stack.reset());

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
function signed(more, key) {
  const text = `${good.split('.')[0]}.${encode({ ...claimsOf(good), ...more })}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

// From the service's proxy, which may say whose address it is.
function call(token, address, agent) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port: stack.ports.REGISTRY, path: PATH, headers: { Authorization: `Bearer ${token}`, 'X-Forwarded-For': address } };
    request(options, (answer) => { answer.resume(); answer.on('end', () => resolve({ status: answer.statusCode, ms: performance.now() - began })); }).on('error', reject).end();
  });
}

// As a client does it, that comes again when it is told to.
async function insist(token, address, agent) {
  let answer;
  await until(async () => (answer = await call(token, address, agent)).status !== 503, 60, 'an answer');
  return answer;
}

function flood(address, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const thief = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const seen = {};
  let stop = false;
  const one = async (_, n) => {
    for (const forged = signed({ n }, thief); !stop;) { // nothing is kept of a token that was refused: it is looked at each time
      const { status } = await call(forged, address, agent);
      if (status !== 503) seen[status] = (seen[status] ?? 0) + 1; // a machine without a processor to spare has not heard of revocations for a second
    }
  };
  const all = Promise.all(Array.from({ length: connections }, one));
  return { seen, end: async () => { stop = true; await all; agent.destroy(); } };
}

test('under a flood newcomers of its address get in, and everybody else goes at once', async (t) => {
  const ours = createPrivateKey(readFileSync(join(stack.state, 'keys/signing.pem')));
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  assert.equal((await call(good, '192.0.2.1', agent)).status, 200);
  const running = flood('192.0.2.1', 48);
  await until(() => running.seen[401] > 200, 60, 'the address to be past its budget');
  const known = [], same = [], other = [];
  for (let i = 0; i < 13; i++) {
    known.push(await insist(good, '192.0.2.1', agent));
    same.push(await insist(signed({ n: `same${i}` }, ours), '192.0.2.1', agent));
    other.push(await insist(signed({ n: `other${i}` }, ours), '198.51.100.7', agent));
  }
  await running.end();
  agent.destroy();
  const middle = (times) => times.toSorted((a, b) => a - b)[(times.length - 1) / 2], usual = (calls) => middle(calls.map((one) => one.ms));
  const sooner = (calls) => middle(calls.map((one, i) => same[i].ms - one.ms)); // however long an answer takes on this machine
  t.diagnostic(`flood ${JSON.stringify(running.seen)}; known ${usual(known).toFixed(0)} ms, newcomers of that address ${usual(same).toFixed(0)} ms, of another ${usual(other).toFixed(0)} ms`);
  for (const one of [...known, ...same, ...other]) assert.equal(one.status, 200);
  assert.ok(Math.min(...same.map((one) => one.ms)) >= 180, 'the same address waits');
  assert.ok(sooner(known) > 100 && sooner(other) > 100, `nobody else does: sooner by ${sooner(known)} and ${sooner(other)} ms`);
  assert.deepEqual(Object.keys(running.seen), ['401'], 'a line this long refuses nobody');
});

test('past the line there is a 429, and a known token still goes', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 2 });
  const running = flood('192.0.2.9', 300);
  await until(async () => { // all of them at once, however slowly they come: those who come while it stands wait at its door
    process.kill(stack.pid('registry'), 'SIGSTOP');
    await sleep(400);
    process.kill(stack.pid('registry'), 'SIGCONT');
    await sleep(400);
    return running.seen[429] > 0 && running.seen[401] > 0;
  }, 120, 'a full line');
  const known = await insist(good, '192.0.2.9', agent);
  await running.end();
  agent.destroy();
  assert.equal(known.status, 200);
  assert.deepEqual(Object.keys(running.seen).sort(), ['401', '429']);
});
