// tests/support/service.mjs - a second process of a service, or of its worker, beside the stack's, on the same database, with settings of its own.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { stateDir } from './settings.mjs';

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answers(url, tries, alive) {
  for (let i = 0; i < tries && alive(); i++) {
    if (await fetch(url).then((answer) => answer.ok, () => false)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

// name: registry, registry_worker, …; settings: {RATE_PER_TOKEN: 5}. Answers {base, ops, stop} when it is ready, or, where it is kept from its database, when it is up.
export async function startService(name, settings = {}, tries = 5) {
  const [port, opsPort] = [await freePort(), await freePort()];
  const start = readFileSync(`${stateDir}/conf/${name}.start`, 'utf8').split('\n').filter((line) => line);
  const own = { ...(name.endsWith('_worker') ? {} : { PORT: port }), OPS_PORT: opsPort, ...settings };
  const given = Object.entries(own).map(([key, value]) => `export ZEREN_${key}='${value}'`);
  const script = [...start.filter((line) => !line.startsWith('exec ')), ...given, ...start.filter((line) => line.startsWith('exec '))].join('\n');
  const drop = process.getuid() === 0 ? ['setpriv', '--reuid', 'zeren', '--regid', 'zeren', '--init-groups'] : [];
  const [file, ...args] = [...drop, 'env', '-i', '/bin/sh', '-c', script];
  const child = spawn(file, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (text) => { log = (log + text).slice(-100_000); });
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  const ops = `http://127.0.0.1:${opsPort}`;
  const up = await answers(`${ops}/${settings.DB ? 'livez' : 'readyz'}`, 2400, () => child.exitCode === null);
  if (!up) {
    child.kill('SIGKILL');
    if (tries > 1 && log.includes('cannot listen on')) return startService(name, settings, tries - 1); // somebody else was given that port meanwhile
    throw new Error(`${name} does not start: ${log}`);
  }
  process.on('exit', () => child.kill('SIGKILL'));
  return {
    base: `http://127.0.0.1:${port}`, ops, child, log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
