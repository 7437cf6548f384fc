// tests/support/admins.mjs - posts, people and accounts of a test's own made as a deployment makes them: the system administrator registers, the
// security administrator gives rights, the new one changes the first password and enrols a second factor. All through the API.
import { codeOf, forgetSteps, logIn, steadyStep } from './accounts.mjs';
import { assertDone } from './assert.mjs';
import { as, send, unique } from './client.mjs';
import { citizenId } from './numbers.mjs';
import { newOrganisation } from './world.mjs';

export const system = as('system_admin');
export const security = as('security_admin');
export const audit = as('audit_admin');
const secret = 'Quiet-river-8-crossing';

export const bearer = (token) => ({
  token,
  call: (method, path, options) => send(method, path, { token, ...options }),
  get: (path, query) => send('GET', path, { token, query }),
  post: (path, body, options) => send('POST', path, { token, body, ...options }),
  patch: (path, ifMatch, body, options) => send('PATCH', path, { token, body, ifMatch, ...options }),
  verb: (path, ifMatch, body, options) => send('POST', path, { token, body, ifMatch, ...options }),
});

// A post without rights in a new unit of the division; with its unit.
export async function newPost(division, by = system) {
  const unit = await newOrganisation({ owner_division: division }, system);
  return { ...assertDone(await by.post('/identity/posts', { organisation_id: unit.id, title: unique('岗'), duty: 'staff' }), 201), unit };
}

export const newPerson = async (division, by = system) =>
  assertDone(await by.post('/identity/persons', { owner_division: division, name: unique('人'), citizen_id: citizenId() }), 201);

export const hold = (post, person, by = system, more = {}) =>
  by.post('/identity/holders', { post_id: post.id, person_id: person.id, starts_on: '2026-01-01', ...more });

export const grant = (post, rights, by = security) => by.verb(`/identity/posts/${post.id}:grant`, post.version, rights);

export const newAccount = async (person, by = system, more = {}) =>
  assertDone(await by.post('/identity/accounts', { login: unique('u'), kind: 'person', person_id: person.id, owner_division: person.owner_division, ...more }), 201);

// A post with a holder and that holder's account, which has the first password still.
export async function newOfficial(division, rights, by = security) {
  const [post, person] = [await newPost(division), await newPerson(division)];
  assertDone(await hold(post, person), 201);
  const account = await newAccount(person);
  const granted = rights ? assertDone(await grant(post, rights, by)) : post;
  return { post: granted, person, account };
}

// Logs in with the first password, changes it, and where an administrator must, enrols a second factor for which the security administrator vouches; a caller with a
// full token.
export async function settled({ account }) {
  const first = assertDone(await logIn(account, account.password), 201);
  assertDone(await bearer(first.access_token).post('/identity/me:change_password', { current_password: account.password, new_password: secret }));
  let session = assertDone(await logIn(account, secret), 201);
  if (session.must?.includes('enrol_totp')) {
    await steadyStep();
    const { secret: totp } = assertDone(await bearer(session.access_token).post('/identity/me/totp:enrol', { password: secret }));
    assertDone(await bearer(session.access_token).post('/identity/me/totp:confirm', { code: codeOf(totp) }));
    forgetSteps(account);
    const { access_token: token } = assertDone(await logIn(account, secret, { code: codeOf(totp) }), 201);
    const { release_code } = assertDone(await security.post(`/identity/accounts/${account.id}:release_factor`, { reason: '当面核对' }));
    assertDone(await bearer(token).post('/identity/me/totp:release', { release_code }));
    forgetSteps(account);
    session = assertDone(await logIn(account, secret, { code: codeOf(totp) }), 201);
  }
  return { ...bearer(session.access_token), session };
}

// An official who is settled: post, person, account and caller.
export async function newCaller(division, rights, by = security) {
  const official = await newOfficial(division, rights, by);
  return { ...official, caller: await settled(official) };
}
