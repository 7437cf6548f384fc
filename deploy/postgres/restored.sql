-- deploy/postgres/restored.sql - run once by the superuser on a database that was put back to an earlier moment, or took over from one that may have been
-- ahead: it goes on as another history. What clients and programs remember of the lost part must not fit into it. All or nothing; a second run does the same once more.

-- The feed of each service (E-006): numbers of the lost part are not given again, and every place of before is refused with 410, so that copies are read anew.
-- What the own consumers had not done yet they still do.
DO $$
DECLARE
  svc text;
  was bigint;
  begins bigint;
BEGIN
  FOR svc IN SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'feed_consumer' AND c.relkind = 'r' ORDER BY 1 LOOP
    EXECUTE format('SELECT last_seq FROM %I.feed', svc) INTO was;
    begins := (was / zeren.event_block_size() + 1000) * zeren.event_block_size() - 1;
    EXECUTE format('UPDATE %I.feed_consumer SET seq = %s WHERE seq = %s', svc, begins, was);
    EXECUTE format('UPDATE %I.feed SET last_seq = %s, dropped_seq = %s, updated_at = now()', svc, begins, begins);
    EXECUTE format('SELECT %I.make_event_blocks()', svc);
  END LOOP;
END $$;

-- Sessions end, and with the epochs every access token: nobody knows any more which of them had been ended, or refreshed, in the lost part.
UPDATE identity.session SET ended_at = now(), ended_because = 'revoked', version = version + 1 WHERE ended_at IS NULL;
UPDATE identity.account SET epoch = epoch + 1000;
