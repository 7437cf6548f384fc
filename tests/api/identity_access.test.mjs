// tests/api/identity_access.test.mjs - access for a time (A-8), who the caller is, and why a record is the caller's to see (A-9).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { within } from '../support/accounts.mjs';
import { bearer, grant, newCaller, newOfficial, newPost, security, settled } from '../support/admins.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { allOf, as } from '../support/client.mjs';
import { documents } from '../support/contract.mjs';
import { rows } from '../support/database.mjs';
import { county, department, listInForce, louxing, newList, newOrganisation, nobodysId, otherCounty, shuangfeng, town, townOffice, unitOf, valueItem } from '../support/world.mjs';

const grants = '/identity/access_grants';
const in_ = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
const local = await newCaller(louxing, { role: 'security_admin', ranges: [louxing], lines: null });
// An inspection team of the other county, which nobody of this one sees.
const team = await newCaller(shuangfeng, { role: 'inspector', ranges: [shuangfeng], lines: null });
const wanted = (more = {}) => ({ post_id: team.post.id, owner_division: louxing, permissions: ['duty_list.read', 'report.read'], reason: '第三轮交叉督查', ends_at: in_(24), ...more });
const beyond = (answer, pointer) => assertRefused(answer, 403, 'exceeds_own_rights', ...(pointer ? [{ pointer }] : []));

test('A-8: access is given for a time, seen by those who keep the data, and acted under', async () => {
  const answer = await security.post(grants, wanted());
  const given = assertDone(answer, 201);
  assertRecord(given, { owner_division: louxing, post_id: team.post.id, reason: '第三轮交叉督查', ended_at: null, version: 1 });
  assert.equal(answer.headers.get('location'), `/api/v1/identity/access_grants/${given.id}`);
  const seen = assertDone(await county.get(`${grants}/${given.id}`));
  assert.deepEqual(seen.grantee, { post: team.post.title, organisation: team.post.unit?.name ?? seen.grantee.organisation, division: shuangfeng, holders: [team.person.name] });
  assert.ok((await allOf(county, grants, { post_id: team.post.id, in_force: true })).some((g) => g.id === given.id));
  assertRefused(await otherCounty.get(`${grants}/${given.id}`), 404, 'not_found');
  const me = assertDone(await team.caller.get('/identity/me'));
  assertRecord(me.access_grants.find((g) => g.id === given.id), { owner_division: louxing, division: '娄星区', reason: '第三轮交叉督查' });
  const { session } = team.caller;
  const acting = assertDone(await team.caller.post(`/identity/sessions/${session.session_id}:switch`, { access_grant_id: given.id }));
  const inspector = bearer(acting.access_token);
  const now = assertDone(await inspector.get('/identity/me'));
  assertRecord(now, { access_grant_id: given.id, permissions: ['duty_list.read', 'report.read'], grantable: [] });
  assert.deepEqual(now.ranges, [{ code: louxing, name: '娄星区' }]);
  assertDone(await inspector.get('/registry/items'));
  assertRefused(await local.caller.verb(`${grants}/${given.id}:end`, 1, {}), 422, 'invalid', { pointer: '/reason' });
  const ended = assertDone(await local.caller.verb(`${grants}/${given.id}:end`, 1, { reason: '督查结束' }));
  assertRecord(ended, { end_reason: '督查结束', ended_by: local.post.id, reason: '第三轮交叉督查', version: 2 });
  await within(60_000, async () => (await inspector.get('/registry/items')).status === 401);
  assertRefused(await local.caller.verb(`${grants}/${given.id}:end`, 2, { reason: '再次' }), 409, 'state_conflict');
  assertRefused(await local.caller.verb(`${grants}/${given.id}:end`, 1, { reason: '再次' }), 412, 'stale');
});

test('A-8: access to the whole country opens the country', async () => {
  const visitors = await newCaller(shuangfeng, { role: 'inspector', ranges: [shuangfeng], lines: null });
  const given = assertDone(await security.post(grants, wanted({ post_id: visitors.post.id, owner_division: '000000000000', reason: '国家级督查' })), 201);
  const acting = assertDone(await visitors.caller.post(`/identity/sessions/${visitors.caller.session.session_id}:switch`, { access_grant_id: given.id }));
  const inspector = bearer(acting.access_token);
  assert.deepEqual(assertDone(await inspector.get('/identity/me')).ranges, [{ code: '000000000000', name: '全国' }]);
  const list = await newList();
  assertRecord(assertDone(await inspector.get(`/registry/duty_lists/${list.id}`)), { id: list.id, owner_division: louxing });
});

test('A-8: access is of what the caller may give, and nothing of an administrator', async () => {
  const post = await newPost(louxing);
  const of_ = (more) => local.caller.post(grants, wanted({ post_id: post.id, ...more }));
  assertRefused(await of_({ permissions: ['audit.read'] }), 422, 'invalid', { pointer: '/permissions' });
  assertRefused(await of_({ permissions: ['account.grant'] }), 422, 'invalid', { pointer: '/permissions' });
  assertRefused(await of_({ permissions: ['everything'] }), 422, 'invalid', { pointer: '/permissions' });
  assertRefused(await of_({ permissions: [] }), 422, 'invalid', { pointer: '/permissions' });
  assertRefused(await of_({ owner_division: shuangfeng }), 403, 'out_of_scope');
  assertRefused(await of_({ post_id: team.post.id }), 422, 'invalid', { pointer: '/post_id' });
  assertRefused(await of_({ post_id: nobodysId() }), 422, 'invalid', { pointer: '/post_id' });
  beyond(await of_({ post_id: local.post.id }));
  const limited = await newCaller(louxing, { role: 'security_admin', ranges: [louxing], lines: ['water'] });
  beyond(await limited.caller.post(grants, wanted({ post_id: post.id })), '/owner_division');
  assertRefused(await county.post(grants, wanted({ post_id: post.id })), 403, 'forbidden');
});

test('A-8: access begins now or later, ends, and runs no longer than the setting says', async () => {
  const post = await newPost(louxing);
  const of_ = (more) => local.caller.post(grants, wanted({ post_id: post.id, ...more }));
  assertRefused(await of_({ ends_at: in_(-1) }), 422, 'invalid', { pointer: '/ends_at' });
  assertRefused(await of_({ starts_at: in_(-1) }), 422, 'invalid', { pointer: '/starts_at' });
  const moment = in_(2);
  assertRefused(await of_({ starts_at: moment, ends_at: moment }), 422, 'invalid', { pointer: '/ends_at' });
  assertRefused(await of_({ ends_at: in_(90 * 24 + 1) }), 422, 'invalid', { pointer: '/ends_at' });
  assertRefused(await of_({ reason: '' }), 422, 'invalid', { pointer: '/reason' });
  assertRefused(await of_({ reason: undefined }), 422, 'invalid', { pointer: '/reason' });
  assertDone(await of_({ starts_at: in_(24), ends_at: in_(89 * 24) }), 201);
});

test('the caller is told who he is', async () => {
  const me = assertDone(await county.get('/identity/me'));
  assertRecord(me.account, { login: 'county_office', kind: 'person' });
  assertRecord(me.role, { code: 'county_office', label: '县级责任制工作机构', admin_kind: null });
  assert.equal(me.post.organisation, '娄星区乡村振兴工作专班');
  assert.deepEqual(me.ranges, [{ code: louxing, name: '娄星区' }]);
  assertRecord(me, { lines: null, personal_data: 'usual', must: [], access_grant_id: null });
  assert.ok(me.permissions.includes('post.write') && !me.permissions.includes('report.write') && me.grantable.includes('report.write'));
  assert.ok(me.posts.some((p) => p.id === me.post.id && p.role === 'county_office'));
  const program = assertDone(await as('integration').get('/identity/me'));
  assertRecord(program, { person: null });
  assert.deepEqual(assertDone(await department.get('/identity/me')).lines, ['agriculture']);
  assert.deepEqual(assertDone(await security.get('/identity/me')).ranges, [{ code: '000000000000', name: '全国' }]);
});

test('who must change the password first is told so', async () => {
  const official = await newOfficial(town, { role: 'town_office', ranges: [town], lines: null });
  const { logIn } = await import('../support/accounts.mjs');
  const session = assertDone(await logIn(official.account, official.account.password), 201);
  assert.deepEqual(assertDone(await bearer(session.access_token).get('/identity/me')).must, ['change_password']);
  const caller = await settled(official);
  assert.deepEqual(assertDone(await caller.get('/identity/me')).must, []);
});

const explain = (caller, query) => caller.get('/identity/me/scope:explain', query);

test('A-9: why a record is the caller\'s to see, in words', async () => {
  const lead = await unitOf('town_office');
  const { items: [item], list } = await listInForce([(task) => valueItem(task, lead)]);
  const own = assertDone(await explain(townOffice, { record: item.id }));
  assertRecord(own, { class: 'scoped', because: 'range', range: town, range_name: '涟滨街道', read_permission: 'duty_list.read', readable: true, verbs: ['report'] });
  assertRecord(own.record, { kind: 'item', owner_division: town, label: '分解项' });
  assert.match(own.sentence, /分解项归涟滨街道（431302006000）管理，在您的区划范围涟滨街道之内；它不分条线；您可以查看（权限 duty_list\.read）；还可以报送进展。$/);
  assert.match(own.detail, /lies in your range 431302006000.*may read it; you may also: report\./);
  const above = assertDone(await explain(townOffice, { record: list.id }));
  assertRecord(above, { class: 'upward', because: 'above', range: null, verbs: [] });
  assert.match(above.sentence, /在您的区划之上，按规定向下级公开，只能查看/);
  assert.ok(assertDone(await explain(county, { record: item.id })).verbs.includes('update'));
  const [post] = await allOf(county, '/identity/posts', { organisation_id: lead.id });
  assertRecord(assertDone(await explain(county, { record: post.id })), { class: 'upward', because: 'range', verbs: ['hand_over', 'update', 'vacate'] });
  assertRecord(assertDone(await explain(security, { record: post.id })), { verbs: ['grant'] });
});

test('A-9: by which line, and for want of which permission not', async () => {
  const unit = await unitOf('department_office');
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  assertRecord(assertDone(await explain(department, { record: item.id })), { line: 'agriculture', because: 'range' });
  assertRecord(assertDone(await explain(county, { record: item.id })), { line: 'every_line' });
  const denied = assertDone(await explain(security, { record: item.id }));
  assertRecord(denied, { readable: false, verbs: [] });
  assert.match(denied.sentence, /您不能查看：没有权限 duty_list\.read/);
});

test('A-9: a record out of scope and none at all are told alike', async () => {
  const [post, unit] = [await newPost(shuangfeng), await newOrganisation({ owner_division: shuangfeng, line: 'water' }, otherCounty)];
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)], { caller: otherCounty, division: shuangfeng });
  const told = [];
  for (const record of [nobodysId(), post.id, unit.id, item.id, team.account.id]) {
    const { request_id, instance, ...rest } = assertRefused(await explain(townOffice, { record }), 404, 'not_found');
    told.push(JSON.stringify(rest));
  }
  assert.equal(new Set(told).size, 1);
  assert.match(told[0], /不在您的范围之内，或者不存在/);
  assertDone(await explain(otherCounty, { record: item.id }));
});

test('A-9: a division says where it lies', async () => {
  assertRecord(assertDone(await explain(county, { division: town })), { because: 'range', range: louxing });
  assertRecord(assertDone(await explain(county, { division: '430000000000' })), { because: 'above', range: null });
  const outside = assertDone(await explain(county, { division: shuangfeng }));
  assertRecord(outside, { because: 'outside', range: null });
  assert.match(outside.sentence, /双峰县（431321000000）不在您的区划范围（娄星区）之内/);
  assertRefused(await explain(county, {}), 400, 'bad_parameter');
  assertRefused(await explain(county, { record: nobodysId(), division: town }), 400, 'bad_parameter');
  assertRefused(await explain(county, { division: '43' }), 400, 'bad_parameter');
});

test('A-9: the kinds of records name the permissions that the routes ask for', () => {
  const plural = { person: 'persons', item: 'items', report: 'reports', document_clause: 'clauses', duty: 'duties', division_class: 'division_classes', work_group: 'groups' };
  for (const service of ['identity', 'registry']) {
    for (const { kind, read_permission, verbs } of rows(`SELECT kind, read_permission, verbs FROM ${service}_pub.record_kind`)) {
      const { paths } = documents[service];
      const key = kind === 'role' || kind === 'division' ? 'code' : 'id';
      const at = `/${plural[kind] ?? `${kind}s`}/{${key}}`;
      assert.equal(paths[at].get['x-permission'], read_permission, at);
      for (const [verb, permission] of Object.entries(verbs)) {
        const operation = verb === 'update' ? paths[at].patch : verb === 'report' ? paths['/items/{item_id}/reports'].post : paths[`${at}:${verb}`].post;
        assert.equal(operation['x-permission'], permission, `${at} ${verb}`);
      }
    }
  }
});
