// tests/full/between.mjs - what a scanner talks to: hands its requests on to the services with a token that is good at that moment, and counts the
// answers. Beside it two stand-ins to learn the scanner by: one that always answers the same, and one with a hole.
import { execFile } from 'node:child_process';
import http from 'node:http';
import { root, services } from '../support/settings.mjs';
import { tokenOf } from '../support/tokens.mjs';

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

// One call of a service; the body is read and dropped unless asked for.
export function call({ method, url, headers, text }, role) {
  const service = url.split('/')[3], body = Buffer.from(text ?? '');
  const sent = { ...headers, ...(role && { Authorization: `Bearer ${tokenOf(role)}` }), 'Content-Length': body.length };
  return new Promise((resolve, reject) => {
    const request = http.request(services[service] + url, { method, headers: sent, agent }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve({ status: answer.statusCode, type: answer.headers['content-type'], body: Buffer.concat(chunks) }));
      answer.on('error', reject);
    });
    request.on('error', reject).end(method === 'GET' ? undefined : body);
  });
}

const listen = (handler) => new Promise((resolve) => {
  const server = http.createServer((request, answer) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => handler(request, Buffer.concat(chunks), answer));
  }).listen(0, '127.0.0.1', () => resolve({ host: `127.0.0.1:${server.address().port}`, close: () => server.close() }));
});

// What differs from one answer to the next whatever is asked: ids, instants. A scanner compares answers.
const still = (body) => body.toString('latin1').replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id').replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, 'instant')
  .replace(/"request_id":"[^"]*"/, '"request_id":""');

// Requests name their scan in X-Scan; scans: name -> {role, statuses}.
export async function startBetween(scans) {
  const passed = ['content-type', 'if-match', 'idempotency-key'];
  return listen(async (request, text, answer) => {
    const scan = scans.get(request.headers['x-scan']);
    const headers = Object.fromEntries(passed.filter((name) => request.headers[name]).map((name) => [name, request.headers[name]]));
    try {
      const { status, type, body } = await call({ method: request.method, url: request.url, headers, text }, scan.role);
      scan.statuses[status] = (scan.statuses[status] ?? 0) + 1;
      answer.writeHead(status, { 'Content-Type': type ?? 'text/plain' }).end(still(body), 'latin1');
    } catch {
      scan.statuses[0] = (scan.statuses[0] ?? 0) + 1;
      answer.destroy();
    }
  });
}

const wordOf = (request) => new URL(request.url, 'http://localhost').searchParams.get('v') ?? '';

export async function startSame(words) {
  return listen((request, _, answer) => { words.push(wordOf(request)); answer.end('always the same page, whatever is asked of it'); });
}

// Puts what it is sent into a statement as it is.
export async function startHole() {
  return listen((request, _, answer) => {
    const statement = `SELECT key FROM zeren.setting WHERE key LIKE '${wordOf(request)}' || '%' ORDER BY key`;
    execFile(`${root}deploy/stack`, ['psql', '-Atq', '-c', statement], (error, rows) => answer.writeHead(error ? 422 : 200).end(error ? 'no' : rows || 'nothing'));
  });
}
