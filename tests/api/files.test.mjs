// tests/api/files.test.mjs - files through the gateway (proto/files.md, F-001 to F-012): announced, sent in pieces, examined, read by those whose scope they are in.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { as, newKey, send, unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord, assertRefused } from '../support/assert.mjs';
import { run } from '../support/database.mjs';
import { patient } from '../support/patient.mjs';
import { docx, jpegWith, pdf, photo, place, png, sha256, sm3, zip } from '../support/pictures.mjs';
import { services } from '../support/settings.mjs';
import { tokenOf } from '../support/tokens.mjs';
import { newTown } from '../support/teams.mjs';
import { county, listInForce, louxing, nobodysId, otherCounty, province, report, townOffice, unitOf, valueItem } from '../support/world.mjs';

const path = '/registry/files';
const bytesType = 'application/offset+octet-stream';
const unit = await unitOf('town_office');

const told = (bytes, more = {}) => ({ name: `${unique('文件')}.pdf`, size: bytes.length, sha256: sha256(bytes), ...more });
const announce = async (bytes, more, caller = townOffice, options = {}) => caller.post(path, told(bytes, more), options);
const piece = (file, offset, bytes, caller = townOffice, options = {}) =>
  caller.call('PATCH', `${path}/${file.id}/content`, { body: bytes, ...options, headers: { 'Content-Type': bytesType, 'Upload-Offset': String(offset), ...options.headers } });

async function upload(bytes, more, caller = townOffice) {
  const file = assertDone(await announce(bytes, more, caller), 201);
  return assertDone(await piece(file, 0, bytes, caller));
}

async function content(file, headers = {}, caller = townOffice) {
  const answer = await patient(`${process.env.ZEREN_TEST_HTTP}/api/v1${path}/${file.id}/content`, { headers: { Authorization: `Bearer ${await tokenOf(caller.role)}`, ...headers } });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

test('F-001: a name holds no ID number, in whatever digits', async () => {
  for (const name of ['11010519491231002X.jpg', '残疾证 110105-19491231-002x 正面.jpg', '１１０１０５１９４９１２３１００２Ｘ.jpg'])
    assertRefused(await announce(pdf('一'), { name }), 422, 'invalid', { pointer: '/name', code: 'is_id_number' });
});

test('F-008: a file is announced, sent in pieces and read back, whole and by ranges', async () => {
  const bytes = Buffer.concat([pdf('一'), randomBytes(300_000)]);
  const answer = await announce(bytes, { name: '验收 报告"1".pdf', sm3: sm3(bytes) });
  const file = assertDone(answer, 201);
  assertRecord(file, { size: bytes.length, sha256: sha256(bytes), status: 'uploading', received: 0, media_type: null, keep_location: false, version: 1 });
  assert.ok(file.owner_division.startsWith('431302'));
  assert.equal(answer.headers.get('location'), `/api/v1${path}/${file.id}`);
  const first = await piece(file, 0, bytes.subarray(0, 100_000));
  assert.equal(assertDone(first).received, 100_000);
  assert.equal(first.headers.get('upload-offset'), '100000');
  assert.equal(assertDone(await townOffice.get(`${path}/${file.id}`)).received, 100_000);
  const late = await piece(file, 0, bytes.subarray(0, 100_000));
  assertRefused(late, 409, 'upload_offset', { header: 'Upload-Offset' });
  assert.equal(late.headers.get('upload-offset'), '100000');
  assertRefused(await piece(file, 200_000, bytes.subarray(200_000)), 409, 'upload_offset');
  const ready = assertDone(await piece(file, 100_000, bytes.subarray(100_000)));
  assertRecord(ready, { status: 'ready', received: bytes.length, media_type: 'application/pdf', stored_sha256: sha256(bytes), stored_sm3: sm3(bytes), stored_size: bytes.length, version: 2 });
  assert.equal(assertDone(await piece(file, bytes.length, undefined)).status, 'ready', 'the last answer can be asked for again');
  const whole = await content(file);
  assert.equal(whole.status, 200);
  assert.equal(sha256(whole.bytes), sha256(bytes));
  assert.equal(whole.headers.get('content-type'), 'application/pdf');
  assert.equal(whole.headers.get('content-disposition'), `attachment; filename="__ ___1_.pdf"; filename*=UTF-8''${encodeURIComponent('验收 报告"1".pdf')}`);
  assert.equal(whole.headers.get('x-content-type-options'), 'nosniff');
  assert.match(whole.headers.get('content-security-policy'), /default-src 'none'; sandbox/);
  assert.equal(whole.headers.get('cache-control'), 'no-store');
  assert.equal(whole.headers.get('x-accel-redirect'), null);
  const part = await content(file, { Range: 'bytes=100-199' });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), `bytes 100-199/${bytes.length}`);
  assert.ok(part.bytes.equals(bytes.subarray(100, 200)));
  assert.equal((await content(file, { Range: `bytes=${bytes.length}-` })).status, 416);
});

test('F-001: names, digests and sizes that are none', async () => {
  const bytes = pdf();
  for (const name of ['../../etc/passwd', '..', 'a\\b.pdf', 'a/b.pdf', 'fdp\u202Eexe.pdf', 'a\u0000b.pdf', 'a\nb.pdf', ''])
    assert.ok([400, 422].includes((await announce(bytes, { name })).status), JSON.stringify(name));
  assertRefused(await announce(bytes, { sha256: 'A'.repeat(64) }), 422, 'invalid', { pointer: '/sha256', code: 'not_a_digest' });
  assertRefused(await announce(bytes, { sm3: 'z'.repeat(64) }), 422, 'invalid', { pointer: '/sm3', code: 'not_a_digest' });
  assertRefused(await announce(bytes, { size: 0 }), 422, 'invalid', { pointer: '/size' });
});

test('F-002: 2 GiB announced is refused at once', async () => {
  assertRefused(await announce(pdf(), { size: 2 * 1024 ** 3 }), 413, 'too_large', { pointer: '/size' });
});

test('F-003: a division\'s files take no more than its share, unfinished ones as announced', async () => {
  const { code: owner_division } = await newTown(0);
  run(`INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES ('files.quota_bytes', '${owner_division}', 0, '1000', true, 'a test')`);
  const first = assertDone(await announce(pdf(), { size: 900, owner_division }, county), 201);
  assertRefused(await announce(pdf(), { size: 200, owner_division }, county), 413, 'quota_exceeded');
  assertDone(await county.verb(`${path}/${first.id}:cancel`, first.version));
  assertDone(await announce(pdf(), { size: 200, owner_division }, county), 201);
});

test('another county has no such file, and learns nothing of its bytes', async () => {
  const bytes = pdf(unique('county'));
  const file = await upload(bytes);
  assertRefused(await otherCounty.get(`${path}/${file.id}`), 404, 'not_found');
  assert.equal((await content(file, {}, otherCounty)).status, 404);
  assertDone(await otherCounty.get(path, { sha256: sha256(bytes) }));
  assert.equal(assertDone(await otherCounty.get(path, { sha256: sha256(bytes) })).items.length, 0);
  assert.equal(assertDone(await townOffice.get(path, { sha256: sha256(bytes) })).items.length, 1);
  assert.equal((await content(file, {}, province)).status, 200);
  assertRefused(await announce(bytes, { owner_division: louxing }, townOffice), 403, 'out_of_scope');
});

test('F-006: the same bytes a second time are another file of their own', async () => {
  const bytes = pdf(unique('twice'));
  const [one, other] = [await upload(bytes), await upload(bytes)];
  assert.notEqual(one.id, other.id);
  assert.deepEqual([one.stored_sha256, one.status], [other.stored_sha256, other.status]);
  for (const file of [one, other]) assert.ok((await content(file)).bytes.equals(bytes));
});

test('F-004: another digest is refused, and the bytes are gone', async () => {
  const bytes = pdf(unique('digest'));
  for (const more of [{ sha256: sha256(Buffer.from('other')) }, { sm3: sm3(Buffer.from('other')) }]) {
    const file = assertDone(await announce(bytes, more), 201);
    assertRefused(await piece(file, 0, bytes), 422, 'file_refused', { code: 'wrong_digest' });
    assertRecord(assertDone(await townOffice.get(`${path}/${file.id}`)), { status: 'refused', refusal: 'wrong_digest', stored_sha256: null });
    assertRefused(await piece(file, 0, bytes), 409, 'state_conflict');
    assert.equal((await content(file)).status, 404);
  }
});

const refusedKinds = {
  html: [Buffer.from('<!DOCTYPE html><html><script>alert(1)</script></html>'), 'type_not_allowed'],
  svg: [Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 'type_not_allowed'],
  'text with a script': [Buffer.from('备注：见下\n\n<script src=x></script>\n'), 'type_not_allowed'],
  'a shell script': [Buffer.from('#!/bin/sh\nrm -rf /\n'), 'type_not_allowed'],
  'an ELF program': [Buffer.concat([Buffer.from('7f454c460201010000000000000000000200 3e0001000000'.replaceAll(' ', ''), 'hex'), Buffer.alloc(64)]), 'type_not_allowed'],
  'a Windows program': [Buffer.concat([Buffer.from('MZ'), Buffer.alloc(58), Buffer.from([64, 0, 0, 0]), Buffer.from('PE\0\0d\x86'), Buffer.alloc(200)]), 'type_not_allowed'],
  'a document with macros': [docx({ 'word/vbaProject.bin': 'x' }), 'macros'],
  'an archive with a program': [zip({ '通知.pdf': '%PDF', '补贴名单.exe': 'MZ' }), 'archive_content'],
  'an archive with a page': [zip({ 'a.html': 'x' }), 'archive_content'],
  'an archive under a password': [zip({ 'a.pdf': 'x' }, { encrypted: true }), 'encrypted'],
  'an archive cut short': [docx().subarray(0, 60), 'damaged'],
  'a photograph cut short': [photo().subarray(0, 120), 'damaged'],
};
for (const [what, [bytes, refusal]] of Object.entries(refusedKinds)) {
  test(`F-005: ${what} is not taken, whatever it is called`, async () => {
    const file = assertDone(await announce(bytes, { name: 'photo.jpg' }), 201);
    assertRefused(await piece(file, 0, bytes), 422, 'file_refused', { code: refusal });
    assertRecord(assertDone(await townOffice.get(`${path}/${file.id}`)), { status: 'refused', refusal });
  });
}

test('F-005: what is taken is named by its content', async () => {
  const kinds = [[docx(), 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'], [png(), 'image/png', 'png'], [zip({ 'OFD.xml': '<ofd/>' }), 'application/ofd', 'ofd'],
    [zip({ 'a.pdf': 'x' }), 'application/zip', 'zip'], [Buffer.from('姓名,金额\n𠮷田,12\n㛃,7\n李四,8\n'), /^text\/(plain|csv)$/, /^(txt|csv)$/]];
  for (const [bytes, type, extension] of kinds) {
    const file = await upload(bytes, { name: '补贴.exe' });
    assert.match(file.media_type, type instanceof RegExp ? type : new RegExp(`^${type.replaceAll('.', '\\.')}$`));
    const name = decodeURIComponent((await content(file)).headers.get('content-disposition').split("UTF-8''")[1]);
    assert.match(name, extension instanceof RegExp ? /^补贴\.exe\.(txt|csv)$/ : new RegExp(`^补贴\\.exe\\.${extension}$`));
  }
});

test('F-007: where a photograph was taken is taken out of it, unless it is to stay', async () => {
  const bytes = photo(unique('mark'));
  assert.ok(bytes.includes(place) && bytes.includes('GPSLatitude'));
  const file = await upload(bytes, { name: '现场.jpg' });
  assertRecord(file, { media_type: 'image/jpeg', sha256: sha256(bytes), keep_location: false });
  assert.notEqual(file.stored_sha256, file.sha256);
  const kept = (await content(file)).bytes;
  assert.equal(sha256(kept), file.stored_sha256);
  assert.equal(sm3(kept), file.stored_sm3);
  assert.equal(kept.length, file.stored_size);
  assert.ok(!kept.includes(place) && !kept.includes('GPSLatitude'), 'the place is still there');
  assert.ok(kept.includes('HUAWEI') && kept.includes('2026:06:18 09:30:00'), 'camera and time went');
  assert.ok(kept.subarray(-80).equals(bytes.subarray(-80)), 'the picture changed');
  const whole = await upload(bytes, { name: '现场.jpg', keep_location: true });
  assert.equal(whole.stored_sha256, sha256(bytes));
  assert.ok((await content(whole)).bytes.equals(bytes));
  const plain = await upload(png(), { name: 'a.png' });
  assert.ok(!(await content(plain)).bytes.includes('GPS 27'));
  const without = jpegWith();
  assert.equal((await upload(without, { name: 'b.jpg' })).stored_sha256, sha256(without), 'nothing to take out, nothing changes');
});

test('of two pieces for one place, one is taken', async () => {
  const bytes = Buffer.concat([pdf(unique('race')), randomBytes(2_000_000)]);
  const file = assertDone(await announce(bytes), 201);
  const half = bytes.subarray(0, 1_000_000);
  const answers = await Promise.all(Array.from({ length: 6 }, () => piece(file, 0, half)));
  assert.equal(answers.filter((a) => a.status === 200).length, 1);
  for (const a of answers.filter((one) => one.status !== 200)) assert.ok(a.status === 409 && ['upload_busy', 'upload_offset'].includes(a.body.code), a.text);
  assert.equal(assertDone(await piece(file, 1_000_000, bytes.subarray(1_000_000))).stored_sha256, sha256(bytes));
});

test('a piece that is none', async () => {
  const bytes = pdf(unique('odd'));
  const file = assertDone(await announce(bytes), 201);
  const url = `${path}/${file.id}/content`;
  assertRefused(await townOffice.call('PATCH', url, { body: bytes, headers: { 'Content-Type': bytesType } }), 400, 'bad_parameter', { header: 'Upload-Offset' });
  for (const offset of ['-1', 'x', '1e3', '99999999999999999999']) assertRefused(await piece(file, offset, bytes), 400, 'bad_parameter');
  assertRefused(await townOffice.call('PATCH', url, { body: bytes, headers: { 'Content-Type': 'image/png', 'Upload-Offset': '0' } }), 415, 'unsupported_media_type');
  assertRefused(await piece(file, 0, undefined), 400, 'malformed');
  assertRefused(await piece(file, 0, Buffer.concat([bytes, bytes])), 413, 'too_large');
  assertRefused(await piece({ id: nobodysId() }, 0, bytes), 404, 'not_found');
  assertRefused(await piece(file, 0, bytes, otherCounty), 404, 'not_found');
  assertRefused(await otherCounty.verb(`${path}/${file.id}:cancel`, 1), 404, 'not_found');
  assertRefused(await piece(file, 0, Buffer.alloc(4 * 1024 * 1024 + 1)), 413, 'too_large');
  assertRefused(await piece(file, 0, bytes, as('integration')), 400, 'idempotency_key_required');
  assertDone(await piece(file, 0, bytes));
});

test('F-009: an upload is given up', async () => {
  const bytes = pdf(unique('cancel'));
  const file = assertDone(await announce(bytes), 201);
  assertDone(await piece(file, 0, bytes.subarray(0, 10)));
  assertRefused(await townOffice.verb(`${path}/${file.id}:cancel`, undefined), 428, 'precondition_required');
  assertRecord(assertDone(await townOffice.verb(`${path}/${file.id}:cancel`, file.version)), { status: 'cancelled', version: 2 });
  assertRefused(await piece(file, 10, bytes.subarray(10)), 409, 'state_conflict');
  assertRefused(await townOffice.verb(`${path}/${file.id}:cancel`, 2), 409, 'state_conflict');
});

test('a repeated announcement is the same file', async () => {
  const [bytes, key] = [pdf(), newKey()];
  const body = told(bytes, { id: uuid() });
  const first = assertDone(await townOffice.post(path, body, { key }), 201);
  assert.deepEqual(assertDone(await townOffice.post(path, body, { key }), 201), first);
  assertRefused(await townOffice.post(path, body), 409, 'duplicate', { pointer: '/id' });
});

test('F-012: a report names whole files that its author can see', async () => {
  const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
  const file = await upload(photo(unique('report')), { name: '现场.jpg' });
  const open = assertDone(await announce(pdf()), 201);
  const theirs = await upload(pdf(unique('theirs')), {}, otherCounty);
  const given = { value: '1', reported_on: '2025-03-31' };
  assertRefused(await report(item, { ...given, file_ids: [open.id] }), 422, 'invalid', { pointer: '/file_ids' });
  assertRefused(await report(item, { ...given, file_ids: [theirs.id] }), 422, 'invalid', { pointer: '/file_ids' });
  const made = assertDone(await report(item, { ...given, file_ids: [file.id] }), 201);
  assert.deepEqual(made.file_ids, [file.id]);
  assert.deepEqual(assertDone(await townOffice.get(`/registry/reports/${made.id}`)).file_ids, [file.id]);
});

test('nobody reaches the store but by a file', async () => {
  const file = await upload(pdf(unique('store')));
  const base = process.env.ZEREN_TEST_HTTP;
  for (const inner of [`/.files/registry/store/${file.stored_sha256.slice(0, 2)}/${file.stored_sha256}`, '/.files/', `/.files/registry/store/../incoming/`])
    assert.equal((await fetch(base + inner)).status, 404);
  const direct = await send('GET', `${path}/${file.id}/content`, { base: services.registry, token: await tokenOf('town_office') });
  assert.deepEqual([direct.status, direct.text], [200, ''], 'the service itself sends none of it');
});
