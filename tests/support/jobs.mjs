// tests/support/jobs.mjs - jobs and schedules as rows that no worker touches: one waits forever, one has failed. What workers do with jobs is tested by tests/db/test_jobs.c.
import { uuid } from './client.mjs';
import { run } from './database.mjs';
import { claimsOf, tokenOf } from './tokens.mjs';

const scopes = { county_office: '431302', town_office: '431302006', department_office: '431302' };

function whose(role) {
  const { sub, post, sid } = claimsOf(tokenOf(role));
  const range = scopes[role];
  return `'${sub}', '${post}', '${sid}', '{organisation.read}', '{["${range}","${range}~")}', '', ''`;
}

export function newJob(role = 'county_office', { status = 'queued', version = 1 } = {}) {
  const id = uuid();
  run(`INSERT INTO registry.job (id, owner_division, kind, account_id, post_id, session_id, permissions, scope, scope_lines, ancestors, status, not_before, ended_at, created_at, version)
       SELECT '${id}', '${scopes[role].padEnd(12, '0')}', 'export_table', ${whose(role)}, '${status}', 'infinity', ${status === 'queued' ? 'NULL' : 'now()'}, now(), ${version};
       INSERT INTO registry.job_row (job_id, owner_division, row, outcome, code) SELECT '${id}', '${scopes[role].padEnd(12, '0')}', 2, 'failed', 'not_a_date'`);
  return { id, version };
}

export function newSchedule(role = 'county_office', { owner = scopes[role].padEnd(12, '0') } = {}) {
  const id = uuid();
  run(`INSERT INTO registry.schedule (id, owner_division, kind, rule, account_id, post_id, session_id, permissions, scope, scope_lines, ancestors, next_at, created_at)
       SELECT '${id}', '${owner}', 'export_table', 'yearly 01-05 09:00', ${whose(role)}, 'infinity', now()`);
  return { id, version: 1 };
}
