// tests/support/raw.mjs - requests as bytes on a socket, for what no decent client would send.
import net from 'node:net';
import { note } from './ledger.mjs';
import { askedBack, breathe, TRIES } from './patient.mjs';

export const portOf = (base) => Number(new URL(base).port);

// Sends the pieces one after another and collects what comes back until the peer closes or `ms` have passed.
export function exchange(base, pieces, { ms = 5000, half = false } = {}) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port: portOf(base), host: '127.0.0.1', allowHalfOpen: true });
    const chunks = [];
    const done = (closed) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), closed });
    };
    const timer = setTimeout(() => done(false), ms);
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => done(true));
    socket.on('close', () => done(true));
    socket.on('error', (error) => (error.code === 'ECONNREFUSED' ? reject(error) : done(true)));
    socket.on('connect', () => {
      for (const piece of [pieces].flat()) socket.write(piece);
      if (half) socket.end();
    });
  });
}

function parse(bytes) {
  const text = bytes.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [line, ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Headers();
  for (const header of lines) headers.append(header.slice(0, header.indexOf(':')), header.slice(header.indexOf(':') + 1).trim());
  let body = bytes.subarray(end + 4);
  if (headers.get('transfer-encoding') === 'chunked') body = unchunk(body);
  return { status: Number(line.split(' ')[1]), headers, type: headers.get('content-type'), text: body.toString('utf8') };
}

function unchunk(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length;) {
    const eol = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, eol).toString('latin1'), 16);
    if (!(size > 0)) break;
    parts.push(bytes.subarray(eol + 2, eol + 2 + size));
    at = eol + 4 + size;
  }
  return Buffer.concat(parts);
}

// One request written by hand: `line` as it stands, headers as [name, value] pairs; undefined when nothing came back.
export async function rawCall(...request) {
  for (let tries = 1; ; tries++) {
    const answer = await rawOnce(...request);
    if (!askedBack(answer?.status, answer?.body) || tries === TRIES) return answer;
    await breathe(tries);
  }
}

async function rawOnce(base, line, headers = [], body = '', options = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const all = [['Host', 'localhost'], ['Connection', 'close'], ...headers];
  if (bytes.length && !headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name))) all.push(['Content-Length', bytes.length]);
  const head = Buffer.from(`${line} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`, 'latin1');
  const { bytes: received } = await exchange(base, [head, bytes], { ms: 60_000, ...options });
  const answer = parse(received);
  if (!answer) return undefined;
  const [method, url] = line.split(' ');
  answer.method = method;
  answer.url = url;
  if (/json/.test(answer.type ?? '') && answer.text) answer.body = JSON.parse(answer.text);
  try {
    note(method, url, answer.status, answer.body?.code);
  } catch {
    // an address that is no URL belongs to no operation
  }
  return answer;
}
