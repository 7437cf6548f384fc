// tests/fault/hostile.test.mjs - requests that no decent client sends, at the service and through nginx: each is refused by a problem that names
// what is wrong, never by HTML, 500, 502 or 504, and the processes live on (R3). Slow ones are in slow.test.mjs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { assertProblem } from '../support/assert.mjs';
import { newKey } from '../support/client.mjs';
import { until } from '../support/own_stack.mjs';
import { exchange, rawCall } from '../support/raw.mjs';
import { http, ops, services, stateDir } from '../support/settings.mjs';
import { bearerOf } from '../support/tokens.mjs';
import { listInForce, louxing, unitOf, valueItem } from '../support/world.mjs';

const pids = () => Object.keys(services).map((name) => readFileSync(`${stateDir}/run/${name}.pid`, 'utf8').trim());
const said = (answer) => (answer ? `${answer.method} ${answer.url.slice(0, 200)} answered ${answer.status}: ${answer.text.slice(0, 600)}` : 'no answer');
const json = ['Content-Type', 'application/json'];
const csv = ['Content-Type', 'text/csv'];
const unit = await unitOf('town_office');
const { items: [item] } = await listInForce([(task) => valueItem(task, unit)]);
const bearer = bearerOf('town_office');
const countyBearer = bearerOf('county_office');
const adminBearer = bearerOf('system_admin');
const atFirst = pids();

after(async () => {
  assert.deepEqual(pids(), atFirst, 'a service died');
  for (const base of Object.values(ops)) await until(async () => (await fetch(`${base}/readyz`)).status === 200, 60, `${base} to be ready`);
});

// Whatever comes back is a document of ours.
function assertCivil(answer) {
  assert.ok(answer, 'no answer');
  assert.ok(![500, 502, 504].includes(answer.status), said(answer));
  assert.ok(!/<html/i.test(answer.text), said(answer));
  assert.ok(!/text\/html/.test(answer.type ?? ''), said(answer));
  if (answer.status >= 400 && answer.method !== 'HEAD') assert.match(answer.type ?? '', /^application\/problem\+json/, said(answer));
}

function assertNamed(answer, { status, code, error }) {
  assertCivil(answer);
  assert.ok([status].flat().includes(answer.status), `wanted ${status}: ${said(answer)}`);
  if (answer.status >= 400 && answer.method !== 'HEAD') assertProblem(answer);
  if (code) assert.ok([code].flat().includes(answer.body.code), `wanted ${code}: ${said(answer)}`);
  if (error) {
    const fits = (given) => Object.entries(error).every(([name, value]) => given[name] === value);
    assert.ok(answer.body.errors?.some(fits), `no error ${JSON.stringify(error)} in ${said(answer)}`);
  }
}

const registry = '/api/v1/registry';
const get = (path, headers = [], options) => (base) => rawCall(base, `GET ${registry}${path}`, [bearer, ...headers], '', options);
const post = (path, body, headers = [json], options) => (base) => rawCall(base, `POST ${registry}${path}`, [bearer, ['Idempotency-Key', newKey()], ...headers], body, options);
const report = (body, headers, options) => (base) => post(`/items/${item.id}/reports`, body, headers, options)(base);
const load = (table, headers = [csv]) => (base) =>
  rawCall(base, `POST ${registry}/duty_lists:import?owner_division=${louxing}&year=2199&title=x&validate_only=true`, [countyBearer, ...headers], table);
const divisions = (table, headers = [csv]) => (base) =>
  rawCall(base, `POST ${registry}/divisions:import?valid_from=2010-01-01&validate_only=true`, [adminBearer, ...headers], table);
const deep = (n) => '['.repeat(n) + ']'.repeat(n);
const gb = Buffer.from([0x63, 0x6f, 0x64, 0x65, 0x2c, 0x6e, 0x61, 0x6d, 0x65, 0x0a, 0x34, 0x33, 0x2c, 0xba, 0xfe, 0xc4, 0xcf, 0x0a]); // code,name / 43,湖南
const MIB = 1024 * 1024;

/* name, what is sent, what must come back; `direct`/`nginx` where the two differ */
const malformed = { status: 400, code: 'malformed' };
const parameter = (name, code) => ({ status: 400, code: 'bad_parameter', error: { parameter: name, ...(code && { code }) } });
const member = (pointer, code) => ({ status: 422, code: 'invalid', error: { pointer, ...(code && { code }) } });
const header = (name, code) => ({ status: 400, code: 'bad_parameter', error: { header: name, ...(code && { code }) } });
const cases = [
  ['a wrong division code', get('/divisions/4313'), parameter('code', 'not_a_division_code')],
  ['a wrong id', get('/items/not-a-uuid'), parameter('id')],
  ['an unknown query parameter', get('/items?colour=red'), parameter('colour', 'unknown_parameter')],
  ['a repeated parameter', get('/items?limit=1&limit=2'), parameter('limit', 'repeated')],
  ['a limit of 0', get('/items?limit=0'), parameter('limit')],
  ['a limit beyond any integer', get(`/items?limit=${'9'.repeat(60)}`), parameter('limit')],
  ['a cursor that is none', get('/items?cursor=..%2F'), parameter('cursor')],
  ['a sort with SQL in it', get("/items?sort=due_on;drop%20table%20item"), parameter('sort')],
  ['an id with SQL in it', get("/items/'%20or%201=1--"), parameter('id')],
  ['an impossible date in the query', get('/overdue_items?as_of=2026-02-30'), parameter('as_of')],
  ['an impossible date in the body', report('{"value":"1","reported_on":"2026-02-30"}'), member('/reported_on')],
  ['an unknown field', report('{"value":"1","colour":"red"}'), member('/colour', 'unknown_field')],
  ['a number where text is wanted', report('{"value":1}'), member('/value', 'not_a_string')],
  ['a decimal of 400 digits', report(`{"value":"${'9'.repeat(400)}"}`), member('/value')],
  ['a note of one blank', report('{"value":"1","note":" "}'), member('/note')],
  ['control characters in a note', report('{"value":"1","note":"a\\u0001b"}'), member('/note')],
  ['an id that is none', report('{"id":"7","value":"1"}'), member('/id')],
  ['the same member twice', report('{"value":"1","value":"2"}'), malformed],
  ['a NUL in a string', report('{"value":"1","note":"a\\u0000b"}'), malformed],
  ['a NUL byte in the body', report(Buffer.from('{"value":"1"\0}')), malformed],
  ['a body that is not UTF-8', report(Buffer.from([...Buffer.from('{"note":"'), 0xff, 0xfe, ...Buffer.from('"}')])), malformed],
  ['a lone surrogate', report('{"value":"1","note":"\\ud800"}'), malformed],
  ['half a JSON', report('{"value":"1"'), malformed],
  ['JSON and something behind it', report('{"value":"1"} {}'), malformed],
  ['no JSON at all', report('value=1'), malformed],
  ['an array where an object is wanted', report('[]'), malformed],
  ['nothing where a body is needed', report(''), { status: [400, 422] }],
  ['nesting 20,000 deep', report(`{"note":${deep(20_000)}}`), malformed],
  ['objects 20,000 deep', report('{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000)), malformed],
  ['half a million values', report(`{"note":[${'1,'.repeat(500_000)}1]}`), { status: 413, code: 'too_large' }],
  ['a body of a mebibyte and more', report(`{"note":"${'x'.repeat(MIB)}"}`), { status: 413, code: 'too_large' }],
  ['text as the content type', report('{"value":"1"}', [['Content-Type', 'text/plain']]), { status: 415, code: 'unsupported_media_type' }],
  ['no content type', report('{"value":"1"}', []), { status: 415, code: 'unsupported_media_type' }],
  ['a form', report('value=1', [['Content-Type', 'application/x-www-form-urlencoded']]), { status: 415 }],
  ['a multipart body', report('--x\r\n\r\n--x--', [['Content-Type', 'multipart/form-data; boundary=x']]), { status: 415 }],
  ['JSON in UTF-16', report('{"value":"1"}', [['Content-Type', 'application/json; charset=utf-16']]), { status: 415 }],
  ['a content type given twice', report('{"value":"1"}', [json, json]), { status: 400 }],
  ['a body with GET', (base) => rawCall(base, `GET ${registry}/items`, [bearer, json], '{"a":1}'), malformed],
  ['%2F in the path', get('/items/a%2Fb'), malformed],
  ['an empty segment', get('//items'), malformed],
  ['an empty segment at the end', get('/items//'), malformed],
  ['a slash at the end', get('/items/'), { status: 404, code: 'no_route' }],
  ['dots in the path', get('/items/../items'), { status: [400, 404] }],
  ['encoded dots in the path', get('/%2e%2e/identity/jwks'), { status: [400, 404] }],
  ['%00 in the path', get('/items/%00'), { status: 400 }],
  ['%00 in the query', get('/items?division=43%00'), malformed],
  ['bad UTF-8 in the path', get('/items/%ff'), { status: 400 }],
  ['bad UTF-8 in the query', get('/items?division=%ff%fe'), malformed],
  ['half an escape', get('/items?division=%4'), { status: 400 }],
  ['an escape of letters', get('/items/%zz'), { status: 400 }],
  ['a path of 3,000 bytes', get(`/items/${'a'.repeat(3000)}`), { status: 414, code: 'uri_too_long' }],
  ['an address of 12,000 bytes', get(`/items?division=${'a'.repeat(12_000)}`), { status: 414, code: 'uri_too_long' }],
  ['an address nobody has', get('/nothing'), { status: 404, code: 'no_route' }],
  ['a verb nobody has', (base) => rawCall(base, `POST ${registry}/reports/${item.id}:explode`, [bearer], ''), { status: 404, code: 'no_route' }],
  ['DELETE', (base) => rawCall(base, `DELETE ${registry}/items/${item.id}`, [bearer]), { status: 405, code: 'method_not_allowed' }],
  ['PUT', (base) => rawCall(base, `PUT ${registry}/items/${item.id}`, [bearer, json], '{}'), { status: 405, code: 'method_not_allowed' }],
  ['OPTIONS', (base) => rawCall(base, `OPTIONS ${registry}/items`, [bearer]), { status: 405 }],
  ['HEAD where only POST is', (base) => rawCall(base, `HEAD ${registry}/reports/${item.id}:confirm`, [bearer]), { status: 405 }],
  ['a method in small letters', (base) => rawCall(base, `get ${registry}/items`, [bearer]), { status: [400, 405] }],
  ['an invented method', (base) => rawCall(base, `BREW ${registry}/items`, [bearer]), { status: [400, 405] }],
  ['Authorization twice', (base) => rawCall(base, `GET ${registry}/items`, [bearer, bearer]), { status: 400 }],
  ['Authorization twice, spelt differently', (base) => rawCall(base, `GET ${registry}/items`, [bearer, ['authorization', 'Bearer x']]), { status: 400 }],
  ['two tokens in one header', (base) => rawCall(base, `GET ${registry}/items`, [['Authorization', 'Bearer a,Bearer b']]), header('Authorization', 'repeated')],
  ['a token of 5,000 bytes', (base) => rawCall(base, `GET ${registry}/items`, [['Authorization', `Bearer ${'a'.repeat(5000)}`]]), { status: 401, code: 'unauthenticated' }],
  ['a token with odd bytes', (base) => rawCall(base, `GET ${registry}/items`, [['Authorization', 'Bearer \xff\xfe.\x01.x']]), { status: [400, 401] }],
  ['a basic credential', (base) => rawCall(base, `GET ${registry}/items`, [['Authorization', 'Basic YTpi']]), { status: 401, code: 'unauthenticated' }],
  ['a key that is too long', report('{"value":"1"}', [json, ['Idempotency-Key', 'k'.repeat(65)]]), { status: 400 }],
  ['a key with a blank', (base) => rawCall(base, `POST ${registry}/items/${item.id}/reports`, [bearer, json, ['Idempotency-Key', 'a b']], '{"value":"1"}'), header('Idempotency-Key')],
  ['a traceparent that is none', get('/items', [['traceparent', '00-xyz']]), header('traceparent', 'malformed')],
  ['If-Match where nothing is matched', report('{"value":"1"}', [json, ['If-Match', '"1"']]), header('If-Match', 'not_taken')],
  ['a header of 20,000 bytes', get('/items', [['X-Long', 'x'.repeat(20_000)]]), { status: 431, code: 'headers_too_large' }],
  ['twenty headers of 1,000 bytes', get('/items', Array.from({ length: 20 }, (_, i) => [`X-Many-${i}`, 'x'.repeat(1000)])), { status: 431, code: 'headers_too_large' }],
  ['a table in another encoding than it says', divisions(gb), { status: 422 }],
  ['a table with a column missing', load('task_number,title\n1,x\n'), { status: 422 }],
  ['a table with a quote left open', load('a,b\n"1,2\n'), { status: 422 }],
  ['a table with a ragged row', divisions('code,name\n43\n'), { status: 422 }],
  ['a table with a NUL', divisions(Buffer.from('code,name\n43,湖\0南\n')), { status: 422 }],
  ['a table with nothing in it', divisions(''), { status: [400, 422] }],
  ['a table as JSON', divisions('{}', [json]), { status: 415 }],
  ['a table of nine mebibytes', divisions(`code,name\n${'43,湖南省湖南省\n'.repeat(450_000)}`), { status: 413, code: 'too_large' }],
];

for (const [door, base] of [['at the service', services.registry], ['through nginx', http]]) {
  describe(door, () => {
    for (const [name, send, wanted] of cases) {
      test(name, async () => assertNamed(await send(base), wanted));
    }

    test('a division code named in a table is refused by row and column', async () => {
      const answer = await divisions('code,name\n43,湖南省\n4x,错\n')(base);
      assertNamed(answer, { status: 422, error: { row: 3, column: 'code' } });
    });

    test('a quoted line break in a table is one cell', async () => {
      assertCivil(await divisions('code,name\n43,"湖\n南"\n')(base));
    });

    test('HEAD answers like GET, without a body', async () => {
      const answer = await rawCall(base, `HEAD ${registry}/items/${item.id}`, [bearer]);
      assert.equal(answer.status, 200, said(answer));
      assert.equal(answer.text, '');
      assert.ok(Number(answer.headers.get('content-length')) > 0, 'it tells the length of what GET would send');
    });

    test('405 lists the methods that are taken', async () => {
      const answer = await rawCall(base, `DELETE ${registry}/items/${item.id}`, [bearer]);
      assert.match(answer.headers.get('allow') ?? '', /GET, HEAD, PATCH/);
    });

    test('every refusal of several fields names each', async () => {
      const answer = await report('{"value":"x","reported_on":"yesterday","colour":1}')(base);
      assert.deepEqual(answer.body.errors.map((e) => e.pointer).sort(), ['/colour', '/reported_on', '/value']);
    });

    // Written byte by byte. What libmicrohttpd refuses before we see it, it refuses in its own words (a page, for too long a chunk extension a 500):
    // so at the service only the life of the process is asked for, and through nginx everything.
    const bytes = [
      ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
      ['a line without a version', `GET ${registry}/items\r\n\r\n`],
      ['an old version without a Host', `GET ${registry}/items HTTP/1.0\r\n\r\n`],
      ['an HTTP version to come', `GET ${registry}/items HTTP/9.9\r\nHost: x\r\n\r\n`],
      ['no Host', `GET ${registry}/items HTTP/1.1\r\nConnection: close\r\n\r\n`],
      ['two Hosts', `GET ${registry}/items HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n`],
      ['a header without a colon', `GET ${registry}/items HTTP/1.1\r\nHost: x\r\nnonsense\r\nConnection: close\r\n\r\n`],
      ['a folded header', `GET ${registry}/items HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\nConnection: close\r\n\r\n`],
      ['a blank before the colon', `GET ${registry}/items HTTP/1.1\r\nHost: x\r\nX-A : 1\r\nConnection: close\r\n\r\n`],
      ['a NUL in a header', `GET ${registry}/items HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\nConnection: close\r\n\r\n`],
      ['a length below zero', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\nConnection: close\r\n\r\n`],
      ['a length beyond any integer', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\nConnection: close\r\n\r\n`],
      ['two lengths', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab`],
      ['a length and chunks', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`],
      ['a chunk without a size', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nxyz\r\n`],
      ['a chunk of a size below zero', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n-5\r\nhello\r\n`],
      ['a chunk larger than memory', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nfffffffffffffffff\r\n`],
      ['a chunk extension without end', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n1;${'a'.repeat(60_000)}\r\n`],
      ['an encoding of the transfer nobody has', `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n`],
      ['a line of 200,000 bytes', `GET /${'a'.repeat(200_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
      ['ten thousand headers', `GET ${registry}/items HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(10_000)}\r\n`],
      ['a thousand blank lines', '\r\n'.repeat(1000)],
    ];
    for (const [name, text] of bytes) {
      test(name, async () => {
        const { bytes: back } = await exchange(base, Buffer.from(text, 'latin1'), { ms: 1500, half: true });
        const answer = back.toString('latin1');
        if (base === http) {
          assert.ok(!/HTTP\/1\.[01] (500|502|504)/.test(answer), answer.slice(0, 400));
          assert.ok(!/<html/i.test(answer), answer.slice(0, 400));
        }
        assert.equal((await get(`/items/${item.id}`)(base)).status, 200, 'the next request is answered');
      });
    }

    test('a body larger than it says does not become the next request', async () => {
      const smuggled = `GET ${registry}/items HTTP/1.1\r\nHost: x\r\n${bearer.join(': ')}\r\nConnection: close\r\n\r\n`;
      const head = `POST ${registry}/items HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${smuggled.length}\r\n${bearer.join(': ')}\r\nConnection: close\r\n\r\n`;
      const { bytes: back } = await exchange(base, head + smuggled, { ms: 60_000 });
      assert.equal(back.toString('latin1').match(/HTTP\/1\.1 \d\d\d/g)?.length, 1, back.toString('latin1').slice(0, 600));
    });

    test('a truncated body has no effect', async () => {
      const key = newKey();
      const body = JSON.stringify({ value: '1', note: `truncated ${key}` });
      const head = `POST ${registry}/items/${item.id}/reports HTTP/1.1\r\nHost: x\r\n${bearer.join(': ')}\r\n${json.join(': ')}\r\nIdempotency-Key: ${key}\r\nContent-Length: ${body.length}\r\n\r\n`;
      await exchange(base, [head, body.slice(0, -5)], { ms: 1500, half: true });
      const list = await get(`/reports?item_id=${item.id}&limit=500`)(base);
      assert.ok(list.body.items.every((r) => !r.note?.includes(key)));
    });
  });
}
