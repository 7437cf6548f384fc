// tests/fault/slow.test.mjs - clients that dawdle, leave half-way or close one side: they cost a bounded time and memory and nobody else's
// answer (R3). Waits for the limits of nginx: 10 s for headers and for bodies.
import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import { exchange, portOf, rawCall } from '../support/raw.mjs';
import { http, services } from '../support/settings.mjs';
import { bearerOf } from '../support/tokens.mjs';

const path = '/api/v1/registry/divisions';
const LIMIT_S = 10, LONGEST_S = 60, IMPATIENCE_S = 45; // nginx's limit; who is never cut off gives up; between them, whatever a busy machine needs
const bearer = bearerOf('county_office');

const answers = async (base) => assert.equal((await rawCall(base, `GET ${path}?limit=1`, [bearer])).status, 200);

// Opens, sends a byte or so each while and tells after how many seconds the other side hung up.
function drip(base, first, piece, everyMs, longestS) {
  return new Promise((resolve) => {
    const socket = net.connect(portOf(base), '127.0.0.1');
    const since = performance.now();
    let text = '';
    const timer = setInterval(() => socket.write(piece), everyMs);
    const done = () => { clearInterval(timer); clearTimeout(end); socket.destroy(); resolve({ seconds: (performance.now() - since) / 1000, text }); };
    const end = setTimeout(done, longestS * 1000);
    socket.on('connect', () => socket.write(first));
    socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
    socket.on('close', done);
    socket.on('error', () => {});
  });
}

describe('through nginx', { concurrency: true }, () => {
  test('headers that never end are cut off', async () => {
    const { seconds } = await drip(http, `GET ${path} HTTP/1.1\r\nHost: x\r\n`, 'X-A: b\r\n', 1000, LONGEST_S);
    assert.ok(seconds < IMPATIENCE_S, `held for ${seconds} s`);
  });

  test('a body that stops is cut off', async () => {
    const { seconds, text } = await drip(http, `POST ${path}:import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nco`, '', 5000, LONGEST_S);
    assert.ok(seconds < IMPATIENCE_S, `held for ${seconds} s`);
    assert.ok(text === '' || /^HTTP\/1\.1 4\d\d .*application\/problem\+json/s.test(text), text.slice(0, 300));
  });

  test('two hundred connections that say nothing keep nobody waiting', async () => {
    const sockets = Array.from({ length: 200 }, () => net.connect(portOf(http), '127.0.0.1').on('error', () => {}));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => { socket.once('connect', resolve).once('error', resolve); })));
    const since = performance.now();
    await answers(http);
    assert.ok(performance.now() - since < LIMIT_S * 1000, 'before they are cut off');
    for (const socket of sockets) socket.destroy();
  });
});

for (const [door, base] of [['at the service', services.registry], ['through nginx', http]]) {
  describe(door, () => {
    test('a client that closes its half still gets its answer, or a closed connection', async () => {
      const request = `GET ${path}?limit=1 HTTP/1.1\r\nHost: x\r\n${bearer.join(': ')}\r\nConnection: close\r\n\r\n`;
      const { bytes, closed } = await exchange(base, request, { ms: 60_000, half: true });
      assert.ok(closed, 'the connection is not left open');
      assert.ok(bytes.length === 0 || /^HTTP\/1\.1 200 /.test(bytes.toString('latin1')), bytes.toString('latin1').slice(0, 200));
      await answers(base);
    });

    test('a hundred clients that hang up before their answer', async () => {
      const request = `GET ${path}?limit=500 HTTP/1.1\r\nHost: x\r\n${bearer.join(': ')}\r\n\r\n`;
      await Promise.all(Array.from({ length: 100 }, () => new Promise((resolve) => {
        const socket = net.connect(portOf(base), '127.0.0.1', () => socket.write(request, () => { socket.resetAndDestroy(); resolve(); }));
        socket.on('error', resolve);
      })));
      await answers(base);
    });

    test('a request in single bytes is a request', async () => {
      const request = `GET ${path}?limit=1 HTTP/1.1\r\nHost: x\r\n${bearer.join(': ')}\r\nConnection: close\r\n\r\n`;
      const { bytes } = await exchange(base, [...request], { ms: 60_000 });
      assert.match(bytes.toString('latin1'), /^HTTP\/1\.1 200 /);
    });

    test('requests sent one behind the other are answered in turn', async () => {
      const one = (last) => `GET ${path}?limit=1 HTTP/1.1\r\nHost: x\r\n${bearer.join(': ')}\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;
      const { bytes } = await exchange(base, one(false).repeat(9) + one(true), { ms: 60_000 });
      assert.equal(bytes.toString('latin1').match(/HTTP\/1\.1 200 /g)?.length, 10);
    });
  });
}
