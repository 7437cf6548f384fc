-- The owner of monitoring's schema seeds its settings and tells its codes, as those of the other services do.
ALTER POLICY seed_own ON zeren.setting TO identity_owner, registry_owner, monitoring_owner;
GRANT INSERT ON zeren.setting TO monitoring_owner;
ALTER POLICY tell_own ON zeren.dictionary TO identity_owner, registry_owner, monitoring_owner;
ALTER POLICY tell_own ON zeren.dictionary_entry TO identity_owner, registry_owner, monitoring_owner;
GRANT INSERT, UPDATE ON zeren.dictionary, zeren.dictionary_entry TO monitoring_owner;

-- A division and those above it, the country at last; and what the codes of a division and of all below it begin with.
CREATE FUNCTION zeren.self_and_above(division text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ARRAY[division, rpad(left(division, 9), 12, '0'), rpad(left(division, 6), 12, '0'), rpad(left(division, 4), 12, '0'), rpad(left(division, 2), 12, '0'),
               '000000000000'];
COMMENT ON FUNCTION zeren.self_and_above(text) IS 'A division and those above it, the country at last';
CREATE FUNCTION zeren.code_prefix(code text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN code = '000000000000' THEN '' WHEN right(code, 10) = '0000000000' THEN left(code, 2) WHEN right(code, 8) = '00000000' THEN left(code, 4)
              WHEN right(code, 6) = '000000' THEN left(code, 6) WHEN right(code, 3) = '000' THEN left(code, 9) ELSE code END;
COMMENT ON FUNCTION zeren.code_prefix(text) IS 'What the codes of a division and of all below it begin with';

-- The registry's administrators load the calendar of a year: whoever's scope is the country's, and nobody's else (proto/registry.md R-270).
GRANT INSERT, UPDATE ON zeren.calendar_year, zeren.calendar_day TO registry_service;
CREATE POLICY load_for_country ON zeren.calendar_year FOR INSERT TO registry_service WITH CHECK (coalesce('000000000000'::text <@ (SELECT zeren.scope()), false));
CREATE POLICY mend_for_country ON zeren.calendar_year FOR UPDATE TO registry_service USING (coalesce('000000000000'::text <@ (SELECT zeren.scope()), false));
CREATE POLICY load_for_country ON zeren.calendar_day FOR INSERT TO registry_service WITH CHECK (coalesce('000000000000'::text <@ (SELECT zeren.scope()), false));
CREATE POLICY mend_for_country ON zeren.calendar_day FOR UPDATE TO registry_service USING (coalesce('000000000000'::text <@ (SELECT zeren.scope()), false));
