-- Finding households by words and flags, figures that are kept, lists that are saved. Rules M-190 to M-205.

-- ---- what a household is found by (M-190 to M-193): each two characters that follow each other in its address or in the name of somebody who lives there,
-- and flags
CREATE TABLE household_token (
  token text COLLATE "C" NOT NULL,
  owner_division zeren.division_code NOT NULL,
  household_id uuid NOT NULL,
  adult_from date,
  CONSTRAINT household_token_pkey PRIMARY KEY (household_id, token)
);
COMMENT ON TABLE household_token
    IS 'What a household is found by: pairs of characters (address, names), and flags of three characters and more ("!unconfirmed", "!error"); kept by triggers';
COMMENT ON COLUMN household_token.adult_from IS 'Stands in children''s names alone: from that day on everybody may find it';
CREATE INDEX household_token_idx ON household_token (token, owner_division, household_id);
CALL zeren.classify('household_token', 'scoped');
GRANT SELECT, INSERT, UPDATE, DELETE ON household_token TO monitoring_service, monitoring_worker;

CREATE FUNCTION pairs_of(said text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
  SELECT DISTINCT substr(said, n, 2) FROM generate_series(1, length(said) - 1) AS s (n);
END;

-- M-192, M-193: the flags of a household. A finding that tells of health or of a child's school is a flag of its own ("!error+"), for who may see both.
CREATE FUNCTION flags_of(households uuid[]) RETURNS TABLE (household_id uuid, token text) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT DISTINCT h.id, '!unconfirmed' -- not by who waits, who may be many
    FROM unnest(households) AS h (id),
         LATERAL (SELECT x.confirmation FROM monitoring.member x WHERE x.household_id = h.id AND x.left_on IS NULL OFFSET 0) AS m
   WHERE m.confirmation = 'unconfirmed'
   UNION
  SELECT f.household_id, '!' || f.severity || s.suffix
    FROM monitoring.finding f JOIN monitoring.monitoring_rule r ON r.code = f.rule, LATERAL (VALUES (''), ('+')) AS s (suffix)
   WHERE f.household_id = ANY (households) AND f.status = 'open' AND (s.suffix = '+' OR r.about NOT IN ('health', 'school'));
END;

CREATE FUNCTION tokens_of(households uuid[]) RETURNS TABLE (household_id uuid, owner_division text, token text, adult_from date) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT h.id, h.owner_division::text, t.token, CASE WHEN bool_or(t.adult_from IS NULL) THEN NULL ELSE min(t.adult_from) END
    FROM monitoring.household h
    JOIN (SELECT x.id AS household_id, p.token, NULL::date AS adult_from FROM monitoring.household x, LATERAL monitoring.pairs_of(x.address) AS p (token)
        WHERE x.id = ANY (households)
           UNION ALL
          SELECT m.household_id, p.token, (m.birth_on + y.years)::date
            FROM (SELECT make_interval(years => zeren.setting_value('monitoring.minor_years', '000000000000', 0)::integer) AS years OFFSET 0) AS y,
                 monitoring.member m, LATERAL monitoring.pairs_of(m.name) AS p (token)
           WHERE m.household_id = ANY (households) AND m.left_on IS NULL
           UNION ALL
          SELECT f.household_id, f.token, NULL FROM monitoring.flags_of(households) AS f) AS t ON t.household_id = h.id
   WHERE h.id = ANY (households) GROUP BY h.id, t.token;
END;

CREATE FUNCTION keep_tokens(households uuid[], flags_alone boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF cardinality(households) = 0 THEN RETURN; END IF;
  -- Whoever changes the same household at once is waited for here: what is read below is what they left, and none of them puts back what another took away.
  PERFORM FROM monitoring.household_token t WHERE t.household_id = ANY (households) AND (NOT flags_alone OR length(t.token) > 2)
    ORDER BY t.household_id, t.token FOR UPDATE;
  WITH wanted AS MATERIALIZED (
    SELECT t.household_id, t.owner_division, t.token, t.adult_from FROM monitoring.tokens_of(households) AS t WHERE NOT flags_alone
     UNION ALL
    SELECT f.household_id, h.owner_division, f.token, NULL FROM monitoring.flags_of(households) AS f JOIN monitoring.household h ON h.id = f.household_id
        WHERE flags_alone
  ), gone AS (
    DELETE FROM monitoring.household_token t
     WHERE t.household_id = ANY (households) AND (NOT flags_alone OR length(t.token) > 2)
       AND NOT EXISTS (SELECT FROM wanted w WHERE w.household_id = t.household_id AND w.token = t.token)
  )
  INSERT INTO monitoring.household_token AS t (token, owner_division, household_id, adult_from) SELECT w.token, w.owner_division, w.household_id, w.adult_from
      FROM wanted w
  ON CONFLICT ON CONSTRAINT household_token_pkey DO UPDATE SET owner_division = excluded.owner_division, adult_from = excluded.adult_from
   WHERE (t.owner_division, t.adult_from) IS DISTINCT FROM (excluded.owner_division, excluded.adult_from);
END $$;
COMMENT ON FUNCTION keep_tokens(uuid[], boolean) IS 'What these households are found by, as they now stand';

-- What comes in by a table comes with its members in one statement, at the end of which triggers run: then it is written whole, and nothing of it is there yet.
CREATE FUNCTION keep_household_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE years interval := make_interval(years => zeren.setting_value('monitoring.minor_years', '000000000000', 0)::integer);
BEGIN
  IF TG_OP = 'INSERT' THEN
    WITH homes AS MATERIALIZED (
      SELECT a.id, a.owner_division, a.address FROM added a WHERE a.batch_id IS NOT NULL
    ), people AS MATERIALIZED (
      SELECT h.id, h.owner_division, m.name, m.birth_on, m.confirmation
        FROM homes h,
             LATERAL (SELECT x.name, x.birth_on, x.confirmation FROM monitoring.member x WHERE x.household_id = h.id AND x.left_on IS NULL OFFSET 0) AS m
    ), said AS (
      SELECT h.id, h.owner_division, unnest(ARRAY(SELECT substr(h.address, n, 2) FROM generate_series(1, length(h.address) - 1) AS s (n))) COLLATE "C" AS token,
             NULL::date AS adult_from FROM homes h
       UNION ALL
      SELECT p.id, p.owner_division, unnest(ARRAY(SELECT substr(p.name, n, 2) FROM generate_series(1, length(p.name) - 1) AS s (n))) COLLATE "C",
             (p.birth_on + years)::date FROM people p
       UNION ALL SELECT p.id, p.owner_division, '!unconfirmed', NULL FROM people p WHERE p.confirmation = 'unconfirmed'
    )
    INSERT INTO monitoring.household_token (token, owner_division, household_id, adult_from)
    SELECT DISTINCT ON (t.id, t.token) t.token, t.owner_division, t.id, t.adult_from FROM said t ORDER BY t.id, t.token, t.adult_from NULLS FIRST;
    INSERT INTO monitoring.household_token (token, owner_division, household_id)
    SELECT p.token, a.owner_division, a.id FROM added a, LATERAL monitoring.pairs_of(a.address) AS p (token) WHERE a.batch_id IS NULL
    ON CONFLICT ON CONSTRAINT household_token_pkey DO UPDATE SET adult_from = NULL WHERE household_token.adult_from IS NOT NULL;
  ELSIF TG_OP = 'DELETE' THEN
    DELETE FROM monitoring.household_token t USING removed r WHERE t.household_id = r.id;
  ELSE
    PERFORM monitoring.keep_tokens(ARRAY(SELECT a.id FROM added a JOIN removed r ON r.id = a.id
                                          WHERE (a.address, a.owner_division) IS DISTINCT FROM (r.address, r.owner_division)), false);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tokens_kept_inserted AFTER INSERT ON household REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_household_tokens();
CREATE TRIGGER tokens_kept_updated AFTER UPDATE ON household REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT
  EXECUTE FUNCTION keep_household_tokens();
CREATE TRIGGER tokens_kept_deleted AFTER DELETE ON household REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION keep_household_tokens();

CREATE FUNCTION keep_member_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE years interval := make_interval(years => zeren.setting_value('monitoring.minor_years', '000000000000', 0)::integer);
BEGIN
  IF TG_OP = 'INSERT' THEN
    WITH apart AS MATERIALIZED (
      SELECT t.household_id FROM (SELECT DISTINCT a.household_id, a.batch_id, a.created_at FROM added a) AS t
       WHERE NOT EXISTS (SELECT FROM monitoring.household h WHERE h.id = t.household_id AND h.batch_id = t.batch_id AND h.created_at = t.created_at OFFSET 0)
    )
    INSERT INTO monitoring.household_token AS t (token, owner_division, household_id, adult_from)
    SELECT x.token, min(x.owner_division::text), x.household_id, CASE WHEN bool_or(x.adult_from IS NULL) THEN NULL ELSE min(x.adult_from) END
      FROM (SELECT a.household_id, a.owner_division, p.token, p.adult_from
              FROM (SELECT a.household_id, a.owner_division, a.name, a.birth_on, a.confirmation FROM added a
                     WHERE a.left_on IS NULL AND a.household_id IN (SELECT k.household_id FROM apart k) OFFSET 0) AS a,
                   LATERAL (SELECT p.token, (a.birth_on + years)::date AS adult_from FROM monitoring.pairs_of(a.name) AS p (token)
                             UNION ALL SELECT '!unconfirmed', NULL WHERE a.confirmation = 'unconfirmed') AS p) AS x
     GROUP BY x.household_id, x.token
    ON CONFLICT ON CONSTRAINT household_token_pkey
      DO UPDATE SET adult_from = CASE WHEN excluded.adult_from IS NULL THEN NULL ELSE least(t.adult_from, excluded.adult_from) END
       WHERE t.adult_from > excluded.adult_from OR (t.adult_from IS NOT NULL AND excluded.adult_from IS NULL);
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM monitoring.keep_tokens(ARRAY(SELECT DISTINCT r.household_id FROM removed r), false);
  ELSE
    PERFORM monitoring.keep_tokens(ARRAY(
      SELECT a.household_id FROM added a JOIN removed r ON r.id = a.id
       WHERE (a.name, a.birth_on, a.left_on, a.household_id) IS DISTINCT FROM (r.name, r.birth_on, r.left_on, r.household_id)
       UNION SELECT r.household_id FROM added a JOIN removed r ON r.id = a.id WHERE a.household_id <> r.household_id), false);
    PERFORM monitoring.keep_tokens(ARRAY(SELECT DISTINCT a.household_id FROM added a JOIN removed r ON r.id = a.id
        WHERE a.confirmation <> r.confirmation), true);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tokens_kept_inserted AFTER INSERT ON member REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_member_tokens();
CREATE TRIGGER tokens_kept_updated AFTER UPDATE ON member REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_member_tokens();
CREATE TRIGGER tokens_kept_deleted AFTER DELETE ON member REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION keep_member_tokens();

CREATE FUNCTION keep_finding_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM monitoring.keep_tokens(ARRAY(SELECT DISTINCT a.household_id FROM added a WHERE a.status = 'open'), true);
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM monitoring.keep_tokens(ARRAY(SELECT DISTINCT r.household_id FROM removed r WHERE r.status = 'open'), true);
  ELSE
    PERFORM monitoring.keep_tokens(ARRAY(SELECT DISTINCT a.household_id FROM added a JOIN removed r ON r.id = a.id
                                          WHERE (a.status, a.severity) IS DISTINCT FROM (r.status, r.severity)), true);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tokens_kept_inserted AFTER INSERT ON finding REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION keep_finding_tokens();
CREATE TRIGGER tokens_kept_updated AFTER UPDATE ON finding REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION keep_finding_tokens();
CREATE TRIGGER tokens_kept_deleted AFTER DELETE ON finding REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION keep_finding_tokens();

-- What a search asks for, as tokens: the pairs of a text and the flags; the one that leads the walk first: of a text its first pair of two characters that
-- are neither digits nor signs.
CREATE FUNCTION needles_of(said text, unconfirmed boolean, severity text, sees_all boolean) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY(SELECT substr(said, n, 2) FROM generate_series(1, length(said) - 1) AS s (n)
                ORDER BY substr(said, n, 2) ~ '[\x01-\x7f]', n)
         || CASE WHEN severity IS NOT NULL THEN ARRAY['!' || severity || CASE WHEN sees_all THEN '+' ELSE '' END] ELSE '{}'::text[] END
         || CASE WHEN unconfirmed THEN ARRAY['!unconfirmed'] ELSE '{}'::text[] END;

-- In plpgsql, as what follows: the planner takes each to pass one household in three, and so walks along the first token in order; taken apart, it would
-- guess one and sort.
CREATE FUNCTION has_tokens(of_household uuid, needles text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN cardinality(needles) = 0
      OR (SELECT count(*) FROM monitoring.household_token t WHERE t.household_id = of_household AND t.token = ANY (needles))
         = (SELECT count(DISTINCT n.token) FROM unnest(needles) AS n (token));
END $$;

-- M-191: the text itself stands in the address, or in the name of somebody there whose name the caller sees in full.
CREATE FUNCTION household_says(h household, said text, minors_after date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN coalesce(strpos(h.address, said) > 0, false)
      OR EXISTS (SELECT FROM monitoring.member m WHERE m.household_id = h.id AND m.left_on IS NULL AND strpos(m.name, said) > 0
                    AND (minors_after IS NULL OR m.birth_on IS NULL OR m.birth_on <= minors_after));
END $$;

-- ---- figures (M-195 to M-198): counted by what they are asked by and kept, not counted anew. Every change adds what it takes away and what it brings to
-- archive_delta, in its own
-- transaction; the worker folds that into archive_rollup, for the village and each division above it.
CREATE TABLE archive_delta (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT archive_delta_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  day date NOT NULL,
  measure text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  households integer NOT NULL DEFAULT 0,
  members integer NOT NULL DEFAULT 0,
  monitored integer NOT NULL DEFAULT 0,
  eliminated integer NOT NULL DEFAULT 0,
  unconfirmed integer NOT NULL DEFAULT 0,
  findings integer NOT NULL DEFAULT 0,
  findings_of_health integer NOT NULL DEFAULT 0,
  findings_of_minors integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE archive_delta
    IS 'What changes of the archive add to archive_rollup, until the worker has folded it in; only ever inserted, so that no two changes meet';
ALTER TABLE archive_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE TABLE archive_rollup (
  level smallint NOT NULL,
  owner_division zeren.division_code NOT NULL,
  measure text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  day date NOT NULL,
  households bigint NOT NULL,
  members bigint NOT NULL,
  monitored bigint NOT NULL,
  eliminated bigint NOT NULL,
  unconfirmed bigint NOT NULL,
  findings bigint NOT NULL,
  findings_of_health bigint NOT NULL DEFAULT 0,
  findings_of_minors bigint NOT NULL DEFAULT 0,
  CONSTRAINT archive_rollup_pkey PRIMARY KEY (level, owner_division, measure, key, day),
  CONSTRAINT archive_rollup_measure_check CHECK (measure IN ('all', 'household_type', 'object_type', 'risk', 'severity'))
) WITH (fillfactor = 70);
COMMENT ON TABLE archive_rollup
    IS 'How many households, members and findings a division (level 0 country to 5 village) has had more by a day than by the day before';
COMMENT ON COLUMN archive_rollup.monitored
    IS 'Households that are objects of monitoring; eliminated: those of them whose risk is eliminated; unconfirmed: members; findings: open ones that everybody sees, and those that tell of health or of school';
CREATE TABLE rollup_fold (
  kind text COLLATE "C" CONSTRAINT rollup_fold_pkey PRIMARY KEY,
  as_of timestamptz NOT NULL
);
COMMENT ON TABLE rollup_fold IS 'Up to when roll-ups hold everything that was committed';
CALL zeren.classify('archive_delta', 'private');
CALL zeren.classify('archive_rollup', 'scoped');
CALL zeren.classify('rollup_fold', 'private');
GRANT INSERT ON archive_delta TO monitoring_service, monitoring_worker;
GRANT SELECT, DELETE ON archive_delta TO monitoring_worker;
GRANT SELECT ON archive_rollup, rollup_fold TO monitoring_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON archive_rollup TO monitoring_worker;
GRANT SELECT, INSERT, UPDATE ON rollup_fold TO monitoring_worker;

CREATE FUNCTION civil_day(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN (at AT TIME ZONE 'Asia/Shanghai')::date;

-- What an active household counts for.
CREATE FUNCTION keys_of(household_type text, object_type text, risks text[]) RETURNS TABLE (measure text, key text) LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4
BEGIN ATOMIC
  SELECT 'all', '' UNION ALL SELECT 'household_type', household_type UNION ALL SELECT 'object_type', object_type WHERE object_type IS NOT NULL
   UNION ALL SELECT 'risk', r.risk FROM (SELECT DISTINCT unnest(risks) AS risk) AS r;
END;

CREATE FUNCTION roll_households_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, households, members, monitored, eliminated)
    SELECT a.owner_division, monitoring.civil_day(a.recorded_at), k.measure, k.key, count(*), sum(a.member_count), count(a.object_type),
        count(*) FILTER (WHERE a.eliminated)
      FROM added a, LATERAL monitoring.keys_of(a.household_type, a.object_type, a.risks) AS k WHERE a.status = 'active' GROUP BY 1, 2, 3, 4;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, households, members, monitored, eliminated)
    SELECT r.owner_division, monitoring.civil_day(r.recorded_at), k.measure, k.key, -count(*), -sum(r.member_count), -count(r.object_type),
        -count(*) FILTER (WHERE r.eliminated)
      FROM removed r, LATERAL monitoring.keys_of(r.household_type, r.object_type, r.risks) AS k WHERE r.status = 'active' GROUP BY 1, 2, 3, 4;
  ELSE
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, households, members, monitored, eliminated)
    SELECT c.owner_division, c.day, k.measure, k.key, sum(c.n), sum(c.n * (c.h).member_count), coalesce(sum(c.n) FILTER (WHERE (c.h).object_type IS NOT NULL),
        0),
           coalesce(sum(c.n) FILTER (WHERE (c.h).eliminated), 0)
      FROM (SELECT s.n, s.h, (s.h).owner_division AS owner_division, monitoring.civil_day(a.recorded_at) AS day
              FROM added a JOIN removed r ON r.id = a.id, LATERAL (VALUES (1, a::monitoring.household), (-1, r::monitoring.household)) AS s (n, h)
             WHERE (a.owner_division, a.status, a.household_type, a.object_type, a.risks, a.eliminated, a.member_count)
                   IS DISTINCT FROM (r.owner_division, r.status, r.household_type, r.object_type, r.risks, r.eliminated, r.member_count)) AS c,
           LATERAL monitoring.keys_of((c.h).household_type, (c.h).object_type, (c.h).risks) AS k
     WHERE (c.h).status = 'active' GROUP BY 1, 2, 3, 4
    HAVING sum(c.n) <> 0 OR sum(c.n * (c.h).member_count) <> 0 OR sum(c.n) FILTER (WHERE (c.h).object_type IS NOT NULL) <> 0
        OR sum(c.n) FILTER (WHERE (c.h).eliminated) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER roll_up_inserted AFTER INSERT ON household REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION roll_households_up();
CREATE TRIGGER roll_up_updated AFTER UPDATE ON household REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION roll_households_up();
CREATE TRIGGER roll_up_deleted AFTER DELETE ON household REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION roll_households_up();

-- A confirmation is no change of the record: it counts from the day that it is made.
CREATE FUNCTION roll_members_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, unconfirmed)
    SELECT a.owner_division, monitoring.civil_day(a.recorded_at), 'all', '', count(*) FROM added a WHERE a.confirmation = 'unconfirmed' AND a.left_on IS NULL
        GROUP BY 1, 2;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, unconfirmed)
    SELECT r.owner_division, monitoring.civil_day(r.recorded_at), 'all', '', -count(*) FROM removed r WHERE r.confirmation = 'unconfirmed'
        AND r.left_on IS NULL GROUP BY 1, 2;
  ELSE
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, unconfirmed)
    SELECT s.owner_division, s.day, 'all', '', sum(s.n)
      FROM (SELECT x.n, x.owner_division,
                   CASE WHEN a.version > r.version THEN monitoring.civil_day(a.recorded_at)
                        ELSE greatest(monitoring.civil_day(a.recorded_at), monitoring.civil_day(statement_timestamp())) END AS day
              FROM added a JOIN removed r ON r.id = a.id,
                   LATERAL (VALUES (1, a.owner_division::text, a.confirmation = 'unconfirmed' AND a.left_on IS NULL),
                                   (-1, r.owner_division::text, r.confirmation = 'unconfirmed' AND r.left_on IS NULL)) AS x (n, owner_division, counts)
                                       WHERE x.counts) AS s
     GROUP BY 1, 2 HAVING sum(s.n) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER roll_up_inserted AFTER INSERT ON member REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION roll_members_up();
CREATE TRIGGER roll_up_updated AFTER UPDATE ON member REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION roll_members_up();
CREATE TRIGGER roll_up_deleted AFTER DELETE ON member REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION roll_members_up();

CREATE FUNCTION roll_findings_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, findings, findings_of_health, findings_of_minors)
    SELECT a.owner_division, a.found_on, k.measure, k.key, count(*) FILTER (WHERE r.about = 'all'), count(*) FILTER (WHERE r.about = 'health'),
           count(*) FILTER (WHERE r.about = 'school')
      FROM added a JOIN monitoring.monitoring_rule r ON r.code = a.rule, LATERAL (VALUES ('all', ''), ('severity', a.severity)) AS k (measure, key)
     WHERE a.status = 'open' GROUP BY 1, 2, 3, 4;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, findings, findings_of_health, findings_of_minors)
    SELECT r.owner_division, greatest(r.found_on, r.accepted_on), k.measure, k.key, -count(*) FILTER (WHERE u.about = 'all'),
           -count(*) FILTER (WHERE u.about = 'health'), -count(*) FILTER (WHERE u.about = 'school')
      FROM removed r JOIN monitoring.monitoring_rule u ON u.code = r.rule, LATERAL (VALUES ('all', ''), ('severity', r.severity)) AS k (measure, key) WHERE r.status = 'open' GROUP BY 1, 2, 3, 4;
  ELSE
    INSERT INTO monitoring.archive_delta (owner_division, day, measure, key, findings, findings_of_health, findings_of_minors)
    SELECT s.owner_division, s.day, k.measure, k.key, coalesce(sum(s.n) FILTER (WHERE s.about = 'all'), 0), coalesce(sum(s.n) FILTER (WHERE s.about = 'health'), 0),
           coalesce(sum(s.n) FILTER (WHERE s.about = 'school'), 0)
      FROM (SELECT x.n, x.owner_division, x.severity, u.about, greatest(a.found_on, r.accepted_on, a.accepted_on, a.resolved_on) AS day
              FROM added a JOIN removed r ON r.id = a.id JOIN monitoring.monitoring_rule u ON u.code = a.rule,
                   LATERAL (VALUES (1, a.owner_division::text, a.severity, a.status), (-1, r.owner_division::text, r.severity, r.status)) AS x (n,
                       owner_division, severity, status)
             WHERE x.status = 'open') AS s, LATERAL (VALUES ('all', ''), ('severity', s.severity)) AS k (measure, key)
     GROUP BY 1, 2, 3, 4, s.about HAVING sum(s.n) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER roll_up_inserted AFTER INSERT ON finding REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION roll_findings_up();
CREATE TRIGGER roll_up_updated AFTER UPDATE ON finding REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION roll_findings_up();
CREATE TRIGGER roll_up_deleted AFTER DELETE ON finding REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION roll_findings_up();

-- 0 country, 1 province, 2 prefecture, 3 county, 4 town, 5 village.
CREATE FUNCTION level_in_tree(division text) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE length(zeren.code_prefix(division)) WHEN 0 THEN 0 WHEN 2 THEN 1 WHEN 4 THEN 2 WHEN 6 THEN 3 WHEN 9 THEN 4 ELSE 5 END;

-- ---- saved lists (M-200 to M-204): filters of households under a name, of the post that saved them; shared: for whoever is in the division or below it, too
CREATE TABLE saved_list (
  id uuid CONSTRAINT saved_list_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  post_id uuid NOT NULL,
  name text NOT NULL,
  filters jsonb NOT NULL,
  shared boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT saved_list_name_key UNIQUE (post_id, name, owner_division),
  CONSTRAINT saved_list_filters_check CHECK (jsonb_typeof(filters) = 'object' AND filters <> '{}')
);
COMMENT ON TABLE saved_list IS 'Filters of households under a name; holds no household, so what it shows is what is true when it is asked';
CREATE INDEX saved_list_owner_division_idx ON saved_list (owner_division, id);
CALL zeren.classify('saved_list', 'upward');
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_list TO monitoring_service;
GRANT SELECT ON saved_list TO monitoring_worker;
INSERT INTO feed_kind (kind, class, permission, label) VALUES ('saved_list', 'upward', 'household.read', '保存的清单');

CREATE FUNCTION saved_list_as_shown(l saved_list)
RETURNS TABLE (id uuid, owner_division zeren.division_code, post_id uuid, name text, filters jsonb, shared boolean, created_at timestamptz, version integer)
    LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT l.id, l.owner_division, l.post_id, l.name, l.filters, l.shared, l.created_at, l.version;
END;
COMMENT ON FUNCTION saved_list_as_shown(saved_list) IS 'A saved list as its contract has it';

-- ---- words
CALL zeren.tell_codes('archive_figure_group', '档案汇总分组', '本系统：规则 M-196', '
  division 区划
  household_type 户类型
  object_type 监测对象类别
  risk 致贫返贫风险
  severity 问题级别');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_saved_list 保存清单
  update_saved_list 修改清单
  delete_saved_list 删除清单');
