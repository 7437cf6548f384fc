-- Hand-over of posts, numbers of persons, and the worker that brings ciphertext under new keys (proto/identity.md I-020 to I-044).

-- The worker sees ciphertext and hashes, and nothing else of a person; their values mean the same before and after.
GRANT SELECT (id, owner_division, citizen_id, citizen_id_hash, phone, phone_hash), UPDATE (citizen_id, citizen_id_hash, phone, phone_hash) ON person TO identity_worker;

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
CREATE FUNCTION access_grants_of(of_post uuid, at timestamptz) RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE before text := identity.look_past_scope(); n integer;
BEGIN
  n := (SELECT count(*) FROM identity.access_grant g WHERE g.post_id = of_post AND g.ended_at IS NULL AND g.ends_at > at);
  PERFORM identity.look_within(before);
  RETURN n;
END $$;

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
