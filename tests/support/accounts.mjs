// tests/support/accounts.mjs - accounts of a test's own, made by SQL, and the codes that an authenticator app of theirs would show.
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertDone } from './assert.mjs';
import { anyone, send, unique, uuid } from './client.mjs';
import { run } from './database.mjs';
import { newAddress } from './numbers.mjs';
import { services } from './settings.mjs';
import { range, take } from './taken.mjs';
import { password } from './tokens.mjs';
import { louxing } from './world.mjs';

// An account that acts in the post of a seeded one, with the password of the seeded ones; `name`: with a person of that name.
export function newAccount({ like = 'county_office', kind = 'person', mustChange = false, name } = {}) {
  const account = { id: uuid(), login: unique('tester'), person: name && uuid(), address: newAddress() };
  const person = name ? `INSERT INTO identity.person (id, owner_division, name, created_at) VALUES ('${account.person}', '${louxing}', '${name}', now());` : '';
  run(`${person}
       INSERT INTO identity.account (id, login, kind, owner_division, person_id)
         VALUES ('${account.id}', '${account.login}', '${kind}', '${louxing}', ${name ? `'${account.person}'` : 'NULL'});
       INSERT INTO identity.credential (account_id, password_hash, must_change, released_at) SELECT '${account.id}', c.password_hash, ${mustChange}, now()
         FROM identity.credential c JOIN identity.account a ON a.id = c.account_id WHERE a.login = '${like}';
       INSERT INTO identity.account_post SELECT '${account.id}', p.post_id FROM identity.acting_post p JOIN identity.account a ON a.id = p.account_id WHERE a.login = '${like}'`);
  return account;
}

// The account belongs to a division of no other test from now on, where these settings hold.
export function withSettings(account, settings) {
  const division = `43${take('setting_divisions', range(5000, 9999))}000000`;
  run(`UPDATE identity.account SET owner_division = '${division}' WHERE id = '${account.id}';
       ${Object.entries(settings).map(([key, value]) => `INSERT INTO zeren.setting (key, division, year, value, assumed, source)
         VALUES ('${key}', '${division}', 0, '${value}', true, 'a test');`).join('\n')}`);
  return account;
}

// Failed log-ins are counted by address, too: each account calls from one of its own, which the service believes of its proxy.
const from = (account, options = {}) => ({ base: services.identity, ...options, headers: { 'X-Forwarded-For': account.address, ...options.headers } });

export const logIn = (account, secret = password(), more = {}, options = {}) =>
  anyone.post('/identity/sessions', { account: account.login, password: secret, ...more }, from(account, options));

// A caller with a token of its own log-in.
export async function signedIn(account, secret = password(), more = {}) {
  const session = assertDone(await logIn(account, secret, more), 201);
  return { session, post: (path, body, options) => send('POST', path, { token: session.access_token, body, ...from(account, options) }),
    get: (path, query) => send('GET', path, { token: session.access_token, query }) };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const bytesOf = (base32) => Buffer.from([...base32].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('').match(/.{8}/g).map((bits) => parseInt(bits, 2)));

export const stepNow = () => Math.floor(Date.now() / 30_000);

// RFC 6238: the code of now, or of some steps on; or of a step that was kept.
export function codeOf(secret, steps = 0, step = stepNow()) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step + steps));
  const mac = createHmac('sha1', bytesOf(secret)).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

// Codes of the step before, of now and the next are good: three a test, whose step is kept. That of the step before is to be used at once, that of now is good for forty
// seconds, the next for more than a minute.
export async function steadyStep() {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 10_000) await sleep(left + 100);
  return stepNow();
}

export const forgetSteps = (account) => run(`UPDATE identity.credential SET totp_last_step = 0 WHERE account_id = '${account.id}'`);

// Enrols and confirms with the code of the step before; the answers' secrets, and the codes of that step, which the clock does not move.
export async function enrolled(account, secret = password()) {
  const caller = await signedIn(account, secret);
  const { secret: totp } = assertDone(await caller.post('/identity/me/totp:enrol', { password: secret }));
  const step = await steadyStep();
  const confirmed = assertDone(await caller.post('/identity/me/totp:confirm', { code: codeOf(totp, -1, step) }));
  return { totp, recovery: confirmed.recovery_codes, code: (steps = 0) => codeOf(totp, steps, step) };
}

export async function within(ms, probe) {
  const end = Date.now() + ms;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms`);
    await sleep(50);
  }
}
