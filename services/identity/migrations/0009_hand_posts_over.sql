-- Hand-over of posts, numbers of persons, and the worker that brings ciphertext under new keys (proto/identity.md I-020 to I-044).

-- The worker sees ciphertext and hashes, and nothing else of a person; their values mean the same before and after.
GRANT SELECT (id, owner_division, citizen_id, citizen_id_hash, phone, phone_hash), UPDATE (citizen_id, citizen_id_hash, phone, phone_hash) ON person TO identity_worker;

-- Persons are listed by the beginning of a name; `name` itself sorts as the database does, which has no prefixes.
CREATE INDEX person_name_idx ON person (name COLLATE "C", owner_division);

-- I-020. One entry at a time in a division.
CREATE FUNCTION lock_citizen_ids(in_divisions text[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('identity.citizen_id ' || d.code, 0)) FROM (SELECT DISTINCT unnest(in_divisions) ORDER BY 1) AS d (code);
END $$;
-- Hashes under every look-up key, since a rotation leaves rows under the one before for a while.
CREATE FUNCTION citizen_id_is_free(of_person uuid, in_division text, hashes bytea[]) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF hashes IS NULL THEN RETURN true; END IF;
  PERFORM identity.lock_citizen_ids(ARRAY[in_division]);
  IF EXISTS (SELECT FROM identity.person p WHERE p.owner_division = in_division AND p.citizen_id_hash = ANY (hashes) AND p.id <> of_person) THEN
    PERFORM zeren.refuse('ZR003', 'citizen_id', 'a person of this division has this ID number already');
  END IF;
  RETURN true;
END $$;

-- I-024. Posts and persons have no line of their own: a post has its unit's, a person those of the posts it holds. Who is limited to lines changes, and sees in
-- full, what is of those lines or of none.
CREATE FUNCTION organisation_in_own_lines(of_organisation uuid) RETURNS boolean LANGUAGE sql STABLE
  RETURN zeren.lines() IS NULL OR coalesce((SELECT o.line IS NULL OR o.line = ANY (zeren.lines()) FROM registry_pub.organisation o WHERE o.id = of_organisation), false);
CREATE FUNCTION person_in_own_lines(of_person uuid) RETURNS boolean LANGUAGE sql STABLE
  RETURN zeren.lines() IS NULL OR (SELECT coalesce(bool_or(o.line = ANY (zeren.lines())), true)
                                     FROM identity.holder h JOIN identity.post p ON p.id = h.post_id JOIN registry_pub.organisation o ON o.id = p.organisation_id
                                    WHERE h.person_id = of_person AND o.line IS NOT NULL);

-- The accounts of a person and the access given to a post, wherever they are kept: what a hand-over ends or counts does not depend on who carries it out.
CREATE FUNCTION accounts_of(of_person uuid) RETURNS uuid[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); ids uuid[];
BEGIN
  ids := ARRAY(SELECT a.id FROM identity.account a WHERE a.person_id = of_person);
  PERFORM identity.look_within(before);
  RETURN ids;
END $$;
CREATE FUNCTION access_grants_of(of_post uuid, at timestamptz, on_day date) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); n integer;
BEGIN
  n := (SELECT count(*) FROM identity.access_grant g
         WHERE g.post_id = of_post AND g.ended_at IS NULL AND g.ends_at > greatest(at, on_day::timestamp AT TIME ZONE 'Asia/Shanghai'));
  PERFORM identity.look_within(before);
  RETURN n;
END $$;
-- Access that a hand-over ended, as it was given, so that whoever comes knows what to ask for anew.
CREATE FUNCTION access_told(ended jsonb[], on_day date) RETURNS json LANGUAGE sql STABLE
  RETURN (SELECT coalesce(json_agg(json_build_object('id', e.g -> 'id', 'owner_division', e.g -> 'owner_division',
                    'division', identity.range_name(identity.prefix_of(e.g ->> 'owner_division'), on_day), 'permissions', e.g -> 'permissions',
                    'reason', e.g -> 'reason', 'ends_at', e.g -> 'ends_at')), '[]') FROM unnest(ended) AS e (g));

-- I-033 to I-037. A hand-over cuts short what the leaving person has; what it would have been is kept beside it, for a hand-over that is called off before its day.
ALTER TABLE holder ADD COLUMN former_ends_on date;
ALTER TABLE api_token ADD COLUMN former_expires_at timestamptz;
ALTER TABLE access_grant ADD COLUMN former_ends_at timestamptz;
COMMENT ON COLUMN holder.former_ends_on IS 'What ends_on was before a hand-over, or the next holder''s day, cut it short; NULL: nothing did';
COMMENT ON COLUMN api_token.former_expires_at IS 'What expires_at was before a hand-over cut it short; NULL: none did';
COMMENT ON COLUMN access_grant.former_ends_at IS 'What ends_at was before a hand-over cut it short; NULL: none did';
GRANT DELETE ON holder TO identity_service;

-- The post of that version, held until the transaction ends, if the caller may hand it over; who holds it on the day before and on the day itself, who comes next,
-- and since when nobody does. The rights are locked before the post's row, as everywhere.
CREATE FUNCTION post_on(of_post uuid, of_version integer, on_day date)
RETURNS TABLE (id uuid, owner_division text, organisation_id uuid, leaving_id uuid, leaving_person uuid, next_starts_on date, vacant_since date)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
  PERFORM identity.lock_rights();
  PERFORM FROM identity.post p
    WHERE p.id = of_post AND p.version = of_version AND p.owner_division::text <@ (SELECT zeren.scope()) AND identity.organisation_in_own_lines(p.organisation_id)
    FOR NO KEY UPDATE OF p;
  IF NOT FOUND THEN RETURN; END IF;
  RETURN QUERY
  SELECT p.id, p.owner_division::text, p.organisation_id, h.id, h.person_id,
         (SELECT min(n.starts_on) FROM identity.holder n WHERE n.post_id = p.id AND n.starts_on >= on_day),
         CASE WHEN h.id IS NULL THEN (SELECT max(n.ends_on) FROM identity.holder n WHERE n.post_id = p.id AND n.ends_on <= on_day) END
    FROM identity.post p LEFT JOIN identity.holder h ON h.post_id = p.id AND h.starts_on < on_day AND on_day < h.ends_on
   WHERE p.id = of_post;
END $$;

-- What leaving a post ends, a row each as it became and as it was: the holder's time; the leaving person's right to act in it besides, at once; API tokens on the day;
-- and access for a time that was given while somebody else held the post (`given_before`), on the day: whoever comes gets it anew from those who keep the data. Access
-- that begins on the day or later was given for whoever comes.
CREATE FUNCTION leave_post(of_post uuid, of_holder uuid, on_day date, today date, moment timestamptz, by_post uuid, why text)
RETURNS TABLE (kind text, id uuid, version integer, owner_division text, body jsonb, before jsonb) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  day_begins timestamptz := on_day::timestamp AT TIME ZONE 'Asia/Shanghai';
  until timestamptz := greatest(day_begins, moment);
  at_once boolean := on_day <= today;
  post_division text := (SELECT p.owner_division FROM identity.post p WHERE p.id = of_post);
  given_before timestamptz := coalesce(CASE WHEN of_holder IS NOT NULL THEN 'infinity'::timestamptz END,
    (SELECT max(n.ends_on)::timestamp AT TIME ZONE 'Asia/Shanghai' FROM identity.holder n WHERE n.post_id = of_post AND n.ends_on <= on_day), '-infinity');
  accounts uuid[] := identity.accounts_of((SELECT h.person_id FROM identity.holder h WHERE h.id = of_holder));
  scope_before text;
BEGIN
  RETURN QUERY
  WITH was AS MATERIALIZED (SELECT * FROM identity.holder h WHERE h.id = of_holder), now_is AS (
    UPDATE identity.holder h SET ends_on = on_day, former_ends_on = coalesce(w.former_ends_on, w.ends_on), version = h.version + 1
      FROM was w WHERE h.id = w.id RETURNING h.*
  ) SELECT 'holder', n.id, n.version, n.owner_division::text, to_jsonb(n), to_jsonb(w) FROM now_is n JOIN was w ON w.id = n.id;
  RETURN QUERY
  WITH gone AS (DELETE FROM identity.account_post ap WHERE ap.post_id = of_post AND ap.account_id = ANY (accounts) RETURNING ap.*)
  SELECT 'account_post', g.id, g.version + 1, post_division, to_jsonb(g), to_jsonb(g) FROM gone g;
  RETURN QUERY
  WITH was AS MATERIALIZED (
    SELECT * FROM identity.api_token t WHERE t.post_id = of_post AND t.account_id = ANY (accounts) AND t.revoked_at IS NULL AND t.expires_at > until
  ), now_is AS (
    UPDATE identity.api_token t SET revoked_at = CASE WHEN at_once THEN moment END, expires_at = day_begins,
           former_expires_at = coalesce(w.former_expires_at, w.expires_at), version = t.version + 1
      FROM was w WHERE t.id = w.id RETURNING t.*
  ), told AS (
    INSERT INTO identity.revocation (subject_id, kind, at) SELECT n.id, 'session', now() FROM now_is n WHERE at_once ON CONFLICT (subject_id, kind) DO NOTHING
  ) SELECT 'api_token', n.id, n.version, post_division, to_jsonb(n) - 'digest', to_jsonb(w) - 'digest' FROM now_is n JOIN was w ON w.id = n.id;
  scope_before := identity.look_past_scope();
  RETURN QUERY
  WITH was AS MATERIALIZED (
    SELECT * FROM identity.access_grant g
     WHERE g.post_id = of_post AND g.ended_at IS NULL AND g.starts_at < until AND g.ends_at > until AND g.created_at < given_before
  ), now_is AS (
    UPDATE identity.access_grant g SET ended_at = CASE WHEN at_once THEN moment END, ended_by = CASE WHEN at_once THEN by_post END,
           end_reason = CASE WHEN at_once THEN left(why, 200) END, ends_at = CASE WHEN at_once THEN w.ends_at ELSE day_begins END,
           former_ends_at = CASE WHEN NOT at_once THEN coalesce(w.former_ends_at, w.ends_at) END, version = g.version + 1
      FROM was w WHERE g.id = w.id RETURNING g.*
  ) SELECT 'access_grant', n.id, n.version, n.owner_division::text, to_jsonb(n), to_jsonb(w) FROM now_is n JOIN was w ON w.id = n.id;
  PERFORM identity.look_within(scope_before);
END $$;
COMMENT ON FUNCTION leave_post(uuid, uuid, date, date, timestamptz, uuid, text) IS 'What ends when somebody leaves a post on a day, at once if it is today (I-033, I-034)';
-- Whoever comes to a vacant post without a hand-over: what was given in view of who held it before ends on the day, too (I-033).
CREATE FUNCTION greet_in_post(of_post uuid, on_day date, today date, moment timestamptz, by_post uuid)
RETURNS TABLE (kind text, id uuid, version integer, owner_division text, body jsonb, before jsonb) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF EXISTS (SELECT FROM identity.holder h WHERE h.post_id = of_post AND h.ends_on <= on_day) THEN
    RETURN QUERY SELECT e.* FROM identity.leave_post(of_post, NULL, on_day, today, moment, by_post, '岗位换人') AS e;
  END IF;
END $$;

-- The other way about, while the day is still to come: whoever was to come does not, whoever was to leave stays as long as without the hand-over, with API tokens and
-- access for a time; a right to act in the post besides is given anew.
CREATE FUNCTION stay_in_post(of_post uuid, on_day date)
RETURNS TABLE (kind text, id uuid, version integer, owner_division text, body jsonb, before jsonb) LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  day_begins timestamptz := on_day::timestamp AT TIME ZONE 'Asia/Shanghai';
  coming uuid := (SELECT h.id FROM identity.holder h WHERE h.post_id = of_post AND h.starts_on = on_day);
  staying identity.holder;
  stays_until date;
  until timestamptz;
  accounts uuid[];
  post_division text := (SELECT p.owner_division FROM identity.post p WHERE p.id = of_post);
  scope_before text;
BEGIN
  RETURN QUERY
  WITH gone AS (DELETE FROM identity.holder h WHERE h.id = coming RETURNING h.*)
  SELECT 'coming', g.id, g.version + 1, g.owner_division::text, to_jsonb(g), to_jsonb(g) FROM gone g;
  SELECT * INTO staying FROM identity.holder h WHERE h.post_id = of_post AND h.ends_on = on_day AND h.former_ends_on IS NOT NULL;
  IF NOT FOUND THEN RETURN; END IF;
  stays_until := least(staying.former_ends_on, (SELECT min(h.starts_on) FROM identity.holder h WHERE h.post_id = of_post AND h.starts_on > on_day));
  until := stays_until::timestamp AT TIME ZONE 'Asia/Shanghai';
  accounts := identity.accounts_of(staying.person_id);
  RETURN QUERY
  WITH now_is AS (
    UPDATE identity.holder h SET ends_on = stays_until, former_ends_on = CASE WHEN stays_until < staying.former_ends_on THEN staying.former_ends_on END,
           version = h.version + 1 WHERE h.id = staying.id RETURNING h.*
  ) SELECT 'holder', n.id, n.version, n.owner_division::text, to_jsonb(n), to_jsonb(staying) FROM now_is n;
  RETURN QUERY
  WITH was AS MATERIALIZED (
    SELECT * FROM identity.api_token t WHERE t.post_id = of_post AND t.account_id = ANY (accounts) AND t.revoked_at IS NULL AND t.expires_at = day_begins
       AND t.former_expires_at IS NOT NULL
  ), now_is AS (
    UPDATE identity.api_token t SET expires_at = least(w.former_expires_at, until), former_expires_at = CASE WHEN until < w.former_expires_at THEN w.former_expires_at END,
           version = t.version + 1 FROM was w WHERE t.id = w.id RETURNING t.*
  ) SELECT 'api_token', n.id, n.version, post_division, to_jsonb(n) - 'digest', to_jsonb(w) - 'digest' FROM now_is n JOIN was w ON w.id = n.id;
  scope_before := identity.look_past_scope();
  RETURN QUERY
  WITH was AS MATERIALIZED (
    SELECT * FROM identity.access_grant g WHERE g.post_id = of_post AND g.ended_at IS NULL AND g.ends_at = day_begins AND g.former_ends_at IS NOT NULL
  ), now_is AS (
    UPDATE identity.access_grant g SET ends_at = least(w.former_ends_at, until), former_ends_at = CASE WHEN until < w.former_ends_at THEN w.former_ends_at END,
           version = g.version + 1 FROM was w WHERE g.id = w.id RETURNING g.*
  ) SELECT 'access_grant', n.id, n.version, n.owner_division::text, to_jsonb(n), to_jsonb(w) FROM now_is n JOIN was w ON w.id = n.id;
  PERFORM identity.look_within(scope_before);
END $$;
COMMENT ON FUNCTION stay_in_post(uuid, date) IS 'Undoes leave_post() of a day to come, and removes who was to come (I-037); the kind `coming` is that entry';

-- What whoever takes a post over finds open at its unit.
CREATE FUNCTION open_work(of_organisation uuid) RETURNS TABLE (open_items bigint, open_assists bigint, reports_waiting bigint, items json) LANGUAGE sql STABLE AS $$
  SELECT (SELECT count(*) FROM registry_pub.open_item i WHERE i.lead_organisation_id = of_organisation),
         (SELECT count(*) FROM registry_pub.open_item i WHERE i.assist_organisation_ids @> ARRAY[of_organisation]),
         (SELECT coalesce(sum(i.reports_waiting), 0)::bigint FROM registry_pub.open_item i WHERE i.lead_organisation_id = of_organisation),
         (SELECT coalesce(json_agg(i ORDER BY i.due_on, i.id), '[]')
            FROM (SELECT o.id, o.title, o.due_on, o.reports_waiting FROM registry_pub.open_item o WHERE o.lead_organisation_id = of_organisation
                   ORDER BY o.due_on, o.id LIMIT 200) AS i)
$$;

-- The smallest division that holds all of these: what the audit row of an import belongs to.
CREATE FUNCTION common_division(codes text[]) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN (SELECT rpad(left(x.lo, (SELECT max(n) FROM unnest(ARRAY[0, 2, 4, 6, 9, 12]) AS n WHERE left(x.lo, n) = left(x.hi, n))), 12, '0')
            FROM (SELECT min(c COLLATE "C") AS lo, max(c COLLATE "C") AS hi FROM unnest(codes) AS c) AS x);

-- What is wrong with giving a new post of a unit that role, in the unit's division and line; or with putting a person in a post. NULL: nothing. An import tells
-- it by row in place of being refused whole.
CREATE FUNCTION role_fault(in_division text, of_line text, of_role text, caller_post uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM identity.check_confer(in_division, of_role, ARRAY[identity.range_of(in_division)], CASE WHEN of_line IS NOT NULL THEN ARRAY[of_line] END, caller_post);
  RETURN NULL;
EXCEPTION WHEN SQLSTATE 'ZR005' OR SQLSTATE 'ZR007' THEN RETURN SQLERRM;
END $$;
CREATE FUNCTION holding_fault(of_post uuid, of_person uuid, caller_account uuid, caller_post uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM identity.check_holding(of_post, of_person, caller_account, caller_post);
  RETURN NULL;
EXCEPTION WHEN SQLSTATE 'ZR005' OR SQLSTATE 'ZR007' THEN RETURN SQLERRM;
END $$;
-- A-2: of a post that the same table makes, with permissions.
CREATE FUNCTION own_holding_fault(of_person uuid, caller_account uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); own boolean;
BEGIN
  own := EXISTS (SELECT FROM identity.account a WHERE a.id = caller_account AND a.person_id = of_person);
  PERFORM identity.look_within(before);
  RETURN CASE WHEN own THEN 'Nobody puts themselves in a post that permits something.' END;
END $$;
-- 431302000000 is the range 431302.
CREATE FUNCTION range_of(in_division text) RETURNS text LANGUAGE sql IMMUTABLE
  RETURN left(in_division, (SELECT min(n) FROM unnest(ARRAY[0, 2, 4, 6, 9, 12]) AS n WHERE n >= length(rtrim(in_division, '0'))));
