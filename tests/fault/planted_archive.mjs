// tests/fault/planted_archive.mjs - an archive of planted people: a household entered, looked for, shown, corrected, printed, staged as tables with and without faults,
// applied and written out again, by the calls that work with numbers in full. Who looks for what was planted is secrets.test.mjs.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { familyOf } from '../support/families.mjs';
import { newKey } from '../support/client.mjs';
import { until } from '../support/own_stack.mjs';
import { patient } from '../support/patient.mjs';
import { headersOf } from './own.mjs';

const village = '431302006003';
const reason = '入户核实证件';

class Archive {
  constructor(stack, token) { Object.assign(this, { stack, token }); }

  async call(method, path, body, { ifMatch, status = [200, 201, 202], headers = {}, type } = {}) {
    const answer = await patient(`${this.stack.gateway}/api/v1/monitoring${path}`, { method, body: body instanceof Uint8Array ? body : body && JSON.stringify(body),
      headers: { ...headersOf(this.token, newKey()), ...(ifMatch && { 'If-Match': `"${ifMatch}"` }), ...(type && { 'Content-Type': type }), ...headers } });
    const text = await answer.text();
    assert.ok([status].flat().includes(answer.status), `${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return /^application\/(problem\+)?json/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
  }

  async ended(job) {
    let now;
    await until(async () => { now = await this.call('GET', `/jobs/${job.id}`); return now.ended_at; }, 120, `${job.kind} to end`);
    assert.equal(now.status, 'done', JSON.stringify(now));
    return now;
  }

  async upload(name, text) {
    const bytes = Buffer.from(text);
    const file = await this.call('POST', '/files', { name, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    return this.call('PATCH', `/files/${file.id}/content`, bytes, { type: 'application/offset+octet-stream', headers: { 'Upload-Offset': '0' } });
  }
}

// A family whose numbers and names are planted; cards of the disabled begin with the number.
function family(make) {
  const { body } = familyOf(village);
  for (const who of body.members) Object.assign(who, { name: make.name(), phone: make.phone(), id_number: make.id(who.id_number) });
  return { ...body, phone: make.phone(), address: make.text() };
}

const row = (cells) => `${cells.join(',')}\n`;
function tables(make) {
  const number = `4313${String(Date.now()).slice(-8)}`;
  const homes = row(['户编号', '行政村代码', '家庭住址', '户类型', '联系电话']) + row([number, village, make.text(), '一般农户', make.phone()]);
  const someone = (name, id, relation, phone) => row([number, name, id, relation, '汉族', '初中', '健康', '普通劳动力', '是', '否', '是', '是', '否', phone]);
  const members = row(['户编号', '姓名', '证件号码', '与户主关系', '民族', '文化程度', '健康状况', '劳动技能', '参加城乡居民基本医疗保险', '参加城镇职工基本医疗保险', '参加大病保险',
    '参加城乡居民基本养老保险', '参加城镇职工基本养老保险', '联系电话']);
  return { homes, good: members + someone(make.name(), make.id(), '户主', make.phone()),
    bad: members + someone(make.name(), make.id(), '户主', make.phone()) + someone(make.name(), make.id().slice(0, 17) + '?', '配偶', make.stray()) + someone(make.stray(), make.stray(), make.stray(), make.stray()) };
}

async function staged(archive, homes, members) {
  const [file, memberFile] = [await archive.upload('户.csv', homes), await archive.upload('成员.csv', members)];
  const job = await archive.call('POST', '/batches', { kind: 'archive', title: '植入', file_id: file.id, member_file_id: memberFile.id });
  await archive.ended(job);
  return archive.call('GET', `/batches/${job.id}`);
}

// Who stages a table does not apply it: there are two. Answers the texts of the files that the worker wrote of what is kept.
export async function plantArchive(stack, make) {
  const archive = new Archive(stack, await stack.logIn('monitoring_office')), county = new Archive(stack, await stack.logIn('county_office'));
  const made = await archive.call('POST', '/households', family(make));
  const people = (await archive.call('GET', `/households/${made.id}/members`)).items;
  const [head, spouse] = ['head', 'spouse'].map((relation) => people.find((each) => each.relation === relation));
  const numbers = await archive.call('POST', `/members/${head.id}:unmask`, { reason: make.reason(), fields: ['id_number', 'phone'] });
  assert.equal((await archive.call('POST', '/members:find', { id_number: numbers.id_number })).items.length, 1);
  await archive.call('POST', '/persons:locate', { id_number: numbers.id_number, reason: make.reason() });
  await archive.call('POST', `/households/${made.id}:unmask`, { reason: make.reason(), fields: ['phone'] });
  await archive.call('POST', `/households/${made.id}:print_record`, { asked_by_member_id: head.id, reason });
  await archive.call('POST', '/corrections', { household_id: made.id, member_id: spouse.id, field: 'id_number', asked_on: new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10), what: '号码有误', wanted: make.id() });
  await archive.call('PATCH', `/members/${spouse.id}`, { phone: make.phone(), reason }, { ifMatch: spouse.version });
  await archive.call('PATCH', `/members/${spouse.id}`, { id_number: `${make.id().slice(0, 17)}?`, reason }, { ifMatch: spouse.version + 1, status: 422 });
  const { homes, good, bad } = tables(make);
  const faulty = await staged(county, homes, bad);
  assert.ok(faulty.failed > 0);
  await county.call('GET', `/batches/${faulty.id}/rows?limit=100`);
  await county.ended(await county.call('POST', `/batches/${faulty.id}:error_file`, { part: 2 }));
  const batch = await staged(county, homes, good);
  const written = [];
  assert.equal(batch.failed, 0);
  await archive.ended(await archive.call('POST', `/batches/${batch.id}:apply`, {}, { ifMatch: batch.version }));
  for (const kind of ['households', 'members']) written.push(await archive.ended(await archive.call('POST', '/exports', { kind, format: 'csv', filters: { division: village } })));
  return Promise.all(written.map((job) => archive.call('GET', `/files/${job.result.file_id}/content`)));
}
