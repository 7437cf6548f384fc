// tests/bench/bench.mjs - what every measurement stands on: a release build, a stack of its own with limits raised, data, and the
// generator of load. Knows no figure.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OwnStack, ROOT } from '../support/own_stack.mjs';

const here = join(ROOT, 'tests/bench');
const tools = join(ROOT, 'build/bench');
const build = process.env.ZEREN_BUILD ?? join(ROOT, 'build/release'); // one that is named is taken as it is
const library = (name) => join(build, `lib${name}.a`);
const quiet = { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] };
const UNLIMITED = { RATE_PER_TOKEN: 0, RATE_PER_ADDRESS: 0 };

export class Bench {
  constructor({ seconds, soak, scale, rounds }) {
    Object.assign(this, { seconds, soak, rounds, items: 10_000 * scale });
    this.stack = new OwnStack('bench', { build, settings: { identity: UNLIMITED, registry: UNLIMITED, monitoring: UNLIMITED } });
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { this.stop(); process.exit(130); });
  }

  build() {
    if (!process.env.ZEREN_BUILD) {
      execFileSync('cmake', ['--preset', 'release'], quiet);
      execFileSync('cmake', ['--build', '--preset', 'release'], quiet);
    }
    mkdirSync(tools, { recursive: true });
    execFileSync('cc', ['-std=gnu17', '-D_GNU_SOURCE', '-O2', join(here, 'load.c'), '-o', join(tools, 'load')], quiet);
    const includes = [join(ROOT, 'common'), join(ROOT, 'proto'), join(build, 'generated')].map((dir) => `-I${dir}`);
    const libraries = ['zeren_sql_registry', 'zeren_sql_monitoring', 'zeren_db', 'zeren_core'].map(library);
    execFileSync('cc', ['-std=gnu17', '-D_GNU_SOURCE', ...includes, '-I/usr/include/postgresql', join(here, 'forms.c'), ...libraries,
      '-lpq', '-lcrypto', '-lcsv', '-lm', '-lpthread', '-o', join(tools, 'forms')], quiet);
  }

  start() {
    this.build();
    this.stack.up();
    this.stack.command(['psql', '-q', '-v', 'ON_ERROR_STOP=1', '-v', `items=${this.items}`, '-f', '-'],
      { input: readFileSync(join(ROOT, 'tests/support/county.sql')) });
    this.ids = this.stack.sql('SELECT id FROM registry.item ORDER BY id');
    this.stack.sql('VACUUM ANALYZE');
    this.files = {
      items: this.targets('items', this.ids.map((id) => `/api/v1/registry/items/${id}`)),
      reports: this.targets('reports', this.ids.map((id) => `/api/v1/registry/items/${id}/reports`)),
      posts: this.targets('posts', ['/api/v1/identity/posts?limit=10']),
    };
  }

  stop() {
    this.stack.reset();
  }

  targets(name, lines) {
    const file = join(this.stack.state, `${name}.targets`);
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    return file;
  }

  // Every form of these statements: a list has several.
  allForms(...names) {
    return execFileSync(join(tools, 'forms'), names, { encoding: 'utf8' }).trim().split('\n').map((line) => JSON.parse(line));
  }

  forms(...names) {
    return Object.fromEntries(this.allForms(...names).map((form) => [form.name, form]));
  }

  // Runs the generator; failed counts every answer that is not a success, every lost and every refused connection.
  async load({ port, connections, role, token, targets, body, keys, seconds = this.seconds }) {
    const args = ['-p', port, '-c', connections, '-d', seconds, '-w', Math.min(2, seconds / 4), '-t', this.files[targets],
      '-H', `Authorization: Bearer ${token ?? (await this.stack.logIn(role))}`];
    if (body) args.push('-H', 'Content-Type: application/json', '-b', body);
    if (keys) args.push('-k');
    const { stdout } = await promisify(execFile)(join(tools, 'load'), args.map(String));
    const seen = JSON.parse(stdout);
    const failed = seen.failed + seen.lost + seen.refused;
    const note = `  p50 ${(seen.p50_us / 1000).toFixed(1)} ms  p99 ${(seen.p99_us / 1000).toFixed(1)} ms${failed ? `  FAILED ${failed} ${JSON.stringify(seen)}` : ''}`;
    return { rate: seen.rate, failed, note };
  }
}
