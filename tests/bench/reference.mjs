// tests/bench/reference.mjs - what Zeren is measured against: pgbench running the engine's own texts over the same Unix socket as the
// same role, and Fastify with pg answering the same request.
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT, until } from '../support/own_stack.mjs';

export const SEARCH_PATH = 'registry,identity_pub,zeren';
const PATHS = { registry: SEARCH_PATH, monitoring: 'monitoring,registry_pub,identity_pub,zeren' };
export const ANCESTORS = { county_office: '{000000000000,430000000000,431300000000}', town_office: '{000000000000,430000000000,431300000000,431302000000}' };
export const SCOPES = { county_office: '{["431302","431302~")}', town_office: '{["431302006","431302006~")}' };
const PER_ID = 200; // a client of pgbench takes another id after so many transactions: choosing one costs a trip of its own

export const texts = (bench) => bench.forms('item_get', 'report_insert');

// Each $n becomes what `value` gives for the parameter's name.
export const fill = ({ text, params }, value) => text.replace(/\$(\d+)/g, (_, n) => value(params[n - 1]));

// The civil day (Asia/Shanghai), as the service binds it.
const today = () => new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 10);

export const literal = (value) => (value === undefined ? 'NULL' : `'${value}'`);

const chooseId = (bench, name) => `\\set turn :turn - 1
\\if :turn < 0
SELECT ('{${bench.ids.slice(0, 2000).join(',')}}'::uuid[])[1 + floor(random() * ${Math.min(2000, bench.ids.length)})::integer] AS ${name} \\gset
\\set turn ${PER_ID}
\\endif
`;

async function run(bench, script, variables) {
  const { state, socket } = bench.stack;
  const file = join(state, 'reference.sql');
  writeFileSync(file, script);
  chmodSync(file, 0o644);
  const settings = ['statement_timeout=5000', 'lock_timeout=2000', `search_path=${PATHS[bench.service ?? 'registry']}`, 'DateStyle=ISO', 'TimeZone=UTC', 'jit=off'];
  const [command, args] = bench.stack.asUser('/usr/lib/postgresql/15/bin/pgbench', ['-h', socket, '-p', '5432', '-U', `${bench.service ?? 'registry'}_service`, '-n', '-M', 'prepared',
    '-c', '16', '-j', '2', '-T', String(Math.ceil(bench.seconds)), '-f', file, ...Object.entries(variables).flatMap(([k, v]) => ['-D', `${k}=${v}`]), 'zeren']);
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', PGOPTIONS: settings.map((s) => `-c ${s}`).join(' ') };
  const { stdout, stderr } = await promisify(execFile)(command, args, { env, cwd: '/' });
  const rate = /tps = ([0-9.]+)/.exec(stdout);
  if (!rate || !/number of failed transactions: 0 /.test(stdout) || /aborted/.test(stderr)) throw new Error(`pgbench: ${stdout}${stderr}`);
  return { rate: Number(rate[1]) };
}

export const pgbench = {
  read: (bench, form) => run(bench, `\\if :fresh
SELECT set_config('zeren.scope', '${SCOPES.county_office}', false), set_config('zeren.lines', '', false), set_config('zeren.ancestors', '${ANCESTORS.county_office}', false);
\\set fresh 0
\\endif
${chooseId(bench, 'id')}${fill(form, (name) => (name === 'id' || name === 'today' ? `:${name}` : literal(bench.given?.[name])))};
`, { fresh: 1, turn: 0, today: today() }),

  // Pages of the feed behind a random place, by the service's own SELECT.
  pages: (bench, { scope, ancestors, text, kinds, rows, upto }) => run(bench, `\\if :fresh
SELECT set_config('zeren.scope', '${scope}', false), set_config('zeren.lines', '', false), set_config('zeren.ancestors', '${ancestors}', false);
\\set fresh 0
\\endif
\\set behind random(0, ${upto})
${text};
`, { fresh: 1, kinds_read: kinds, rows }),

  // `written`: parameters that stand as SQL of their own; `more`: other values.
  write: (bench, form, body, { written = {}, ...more } = {}) => {
    const [caller] = bench.stack.sql(`SELECT a.id, p.id, p.organisation_id FROM identity.account a JOIN identity.acting_post ap ON ap.account_id = a.id
      JOIN identity.post p ON p.id = ap.post_id WHERE a.login = 'town_office'`);
    const [caller_account, caller_post, caller_organisation] = caller.split('|');
    const variables = { ...body, turn: 0, caller_account, caller_post, caller_organisation, verb: 'submit_report', request_id: 'bench', digest: 'a'.repeat(64),
      location_prefix: '/api/v1/registry/reports/', answer_status: 201, now: new Date().toISOString(), today: today(), ...more };
    const value = (name) => written[name] ?? (name === 'new_id' ? NEW_ID : name === 'idempotency_key' ? ':key' : name === 'item_id' ? ':item' : name in variables ? `:${name}` : 'NULL');
    return run(bench, `${chooseId(bench, 'item')}\\set key random(1, 9223372036854775806)
\\startpipeline
INSERT INTO idempotency (account_id, key, digest) VALUES (:caller_account::uuid, :key, :digest);
SELECT set_config('zeren.scope', '${SCOPES.town_office}', true), set_config('zeren.lines', '', true), set_config('zeren.ancestors', '${ANCESTORS.town_office}', true);
${fill(form, value)};
\\endpipeline
`, variables);
  },
};

// In order of time, as the service's ids are: random ones would make the reference slower.
const NEW_ID = `encode(overlay(uuid_send(gen_random_uuid()) placing substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
  FROM 1 FOR 6), 'hex')`;

// Two workers on a port of their own, as the stack's user, who alone may open the socket. `prepared`: queries get names, which pg
// leaves out unless told.
export async function fastify(bench, form, prepared) {
  const from = join(ROOT, 'tests/bench/fastify'), into = join(bench.stack.state, 'fastify'), port = bench.stack.ports.HTTP + (prepared ? 2 : 1);
  cpSync(from, into, { recursive: true });
  if (!existsSync(join(into, 'node_modules'))) execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: into, stdio: ['ignore', 'ignore', 'inherit'] });
  const child = bench.stack.spawnAs(process.execPath, [join(into, 'server.mjs')], {
    stdio: ['ignore', openSync(join(bench.stack.state, 'log/fastify.log'), 'w'), 'inherit'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: String(port), PREPARED: prepared ? '1' : '', DB_HOST: bench.stack.socket, SEARCH_PATH, STATEMENT: form.text, PARAMS: form.params.join(','),
      JWKS: `${bench.stack.gateway}/api/v1/identity/jwks` },
  });
  await until(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, 20, 'Fastify');
  return { port, stop: () => child.kill('SIGTERM') };
}
