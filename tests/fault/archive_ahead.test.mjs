// tests/fault/archive_ahead.test.mjs - chunks of an archive that are carried out two at a time, and one of the two is ended by the database (B-019): by the look for deadlocks,
// by the limits of statements and locks, or because somebody else has a row that it wants. Nothing is lost or doubled, and the job is never put off.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { until } from '../support/own_stack.mjs';
import { PSQL, psqlArgs, psqlEnv } from '../support/psql.mjs';
import { checked } from '../support/id_check.mjs';
import { Killing } from './killing.mjs';

const OF = 1000; // households of one member in a chunk of 2,000 rows
const CHUNKS = 8;
const LOCK = 4313019;
const village = '431302006003';
let at, tokens;
before(async () => {
  at = new Killing('archive_ahead', 'monitoring');
  at.sql(`INSERT INTO registry.division (id, code, owner_division, name, level, parent_code, valid_from)
    VALUES (gen_random_uuid(), '${village}', '${village}', '仙人阁社区', 5, '431302006000', '2010-01-01') ON CONFLICT DO NOTHING`);
  tokens = { county: await at.stack.logIn('county_office'), monitor: await at.stack.logIn('monitoring_office') };
});
after(() => at?.stack.reset());

const call = (who, ...rest) => at.call(tokens[who], ...rest);
const number = (n) => `4315${String(n).padStart(8, '0')}`;
function idNumber(n) {
  return checked(`4313${10 + Math.floor(n / 500) % 80}19800403${String(1 + 2 * (n % 500)).padStart(3, '0')}`);
}

async function staged(title, homes, members) {
  const [file, memberFile] = [await at.upload(tokens.county, `户编号,行政村代码,家庭住址,户类型\n${homes.join('\n')}\n`, '户.csv'),
    await at.upload(tokens.county, `户编号,姓名,证件号码,与户主关系,民族,文化程度,健康状况,劳动技能,参加城乡居民基本医疗保险,参加城镇职工基本医疗保险,参加大病保险,参加城乡居民基本养老保险,参加城镇职工基本养老保险\n${members.join('\n')}\n`, '成员.csv')];
  const job = await call('county', 'POST', '/batches', { body: { kind: 'archive', title, file_id: file.id, member_file_id: memberFile.id } });
  await at.finish(tokens.county, job, 0);
  return call('county', 'GET', `/batches/${job.result?.batch_id ?? job.id}`);
}

// What ends a chunk. Those that are under way with another one beside them, which wait for that without end: one after the other by these. One that is ahead, which waits
// for a moment: once, of the last three. And the seventh wants what somebody else has.
const STATES = ['40P01', '57014', '55P03']; // the look for deadlocks, the limits of statements and of locks
function endSome() {
  at.sql(`CREATE SCHEMA trial; CREATE SEQUENCE trial.under_way; CREATE SEQUENCE trial.ahead;
    CREATE FUNCTION trial.end_some() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE n integer := right(NEW.household_number, 8); patience text := current_setting('lock_timeout'); state text;
    BEGIN
      IF patience = '0' AND (n + 1) % ${OF} = 0 THEN
        state := (ARRAY['${STATES.join("','")}'])[nextval('trial.under_way')];
      ELSIF patience = '200ms' AND n % ${OF} = 0 AND n >= ${5 * OF} AND nextval('trial.ahead') = 1 THEN
        state := '40P01';
      END IF;
      IF state IS NOT NULL THEN RAISE EXCEPTION 'a trial' USING ERRCODE = state; END IF;
      IF n = ${6 * OF} THEN PERFORM pg_advisory_xact_lock(${LOCK}); END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER trial BEFORE INSERT ON monitoring.household FOR EACH ROW EXECUTE FUNCTION trial.end_some()`);
}

// Somebody else, who has what the seventh chunk wants.
async function somebody() {
  const session = spawn(PSQL, [...psqlArgs(at.stack.state), '-Atq'], { env: psqlEnv, stdio: ['pipe', 'ignore', 'inherit'] });
  session.stdin.write(`SELECT pg_advisory_lock(${LOCK});\n`);
  await until(() => locks('granted') === '1', 60, 'the lock');
  return async () => {
    session.stdin.end();
    if (session.exitCode === null) await once(session, 'exit');
  };
}
const locks = (which) => at.sql(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = ${LOCK} AND ${which}`);

test('B-019: whichever of two chunks is ended for what may pass is carried out once more, at once; nothing is lost or doubled', async () => {
  const all = Array.from({ length: CHUNKS * OF }, (_, n) => n);
  const batch = await staged('并行', all.map((n) => `${number(n)},${village},第${n}户,一般农户`), all.map((n) => `${number(n)},户主${n},${idNumber(n)},户主,汉族,初中,健康,普通劳动力,是,否,是,是,否`));
  assert.deepEqual([batch.status, batch.inserts, batch.failed], ['staged', 2 * CHUNKS * OF, 0]);
  endSome();
  const release = await somebody();
  const applying = await call('monitor', 'POST', `/batches/${batch.id}:apply`, { body: {}, ifMatch: batch.version });
  const chunks = () => at.sql(`SELECT count(*) || ' ' || count(DISTINCT a.body ->> 'from_row') || ' ' || coalesce(sum((a.body ->> 'done')::integer), 0)
    FROM monitoring.audit_log a WHERE a.verb = 'apply_batch' AND a.record_id = '${batch.id}' AND a.body ? 'from_row'`);
  try {
    // Ahead, the seventh has given way, and does not hold up the sixth; in its turn it waits.
    await until(() => chunks() === `6 6 ${2 * 6 * OF}` && locks('NOT granted') === '1', 300, `the seventh chunk to wait, not ${chunks()}`);
  } finally {
    await release();
  }
  const job = await at.finish(tokens.monitor, applying, 0);
  assert.equal(at.sql(`SELECT (SELECT last_value >= ${STATES.length} FROM trial.under_way) || ' ' || (SELECT is_called FROM trial.ahead)`), 'true true', 'each of them has ended one');
  assert.equal(at.sql(`SELECT version || ' ' || attempts || ' ' || done || ' ' || failed FROM monitoring.job WHERE id = '${job.id}'`), `3 1 ${2 * CHUNKS * OF} 0`, 'made, taken and ended: never put off');
  const applied = await call('county', 'GET', `/batches/${batch.id}`);
  assert.deepEqual([applied.status, applied.applied, applied.not_applied], ['applied', 2 * CHUNKS * OF, 0]);
  assert.equal(chunks(), `${CHUNKS} ${CHUNKS} ${2 * CHUNKS * OF}`);
  assert.equal(at.sql(`SELECT count(*) || ' ' || count(DISTINCT household_number) || ' ' || min(version) || ' ' || max(version) FROM monitoring.household WHERE batch_id = '${batch.id}'`),
    `${CHUNKS * OF} ${CHUNKS * OF} 1 1`);
  assert.equal(at.sql(`SELECT count(*) || ' ' || count(DISTINCT household_id) FROM monitoring.member WHERE batch_id = '${batch.id}'`), `${CHUNKS * OF} ${CHUNKS * OF}`);
  const events = () => at.sql(`SELECT count(*) || ' ' || count(DISTINCT (id, version)) FROM monitoring.event WHERE kind IN ('household', 'member') AND verb = 'apply_batch'`);
  await until(() => events() === `${2 * CHUNKS * OF} ${2 * CHUNKS * OF}`, 120, `an event a record, not ${events()}`);
  const left = at.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'monitoring_worker' AND state ~ 'in transaction' AND state_change < now() - interval '30 seconds'");
  assert.equal(left, '0', 'no connection is left in a transaction');
});
