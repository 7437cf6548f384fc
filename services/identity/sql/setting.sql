-- Settings: thresholds, limits and the like, as rows of a division and a year (zeren.setting). The nearest division at or above holds, and there the row of the year before that of any.

-- name: setting_get :one
-- I-407: as listed.
SELECT s.* FROM zeren.setting o, LATERAL identity.setting_as_shown(o) AS s
 WHERE o.id = :id AND (o.division::text <@ (SELECT zeren.scope()) OR o.division = ANY ((SELECT zeren.ancestors())::text[]) OR o.division = '000000000000')

-- name: setting_list :page
-- I-407: what was laid down in the caller's divisions and above them.
-- sort: key, id
SELECT s.* FROM zeren.setting o, LATERAL identity.setting_as_shown(o) AS s
 WHERE ((o.division >= :scope_lo::text AND o.division < :scope_hi::text) OR o.division = ANY (:ancestors::text[]) OR o.division = '000000000000')
   AND (:key_prefix::text IS NULL OR o.key ^@ :key_prefix::text)
   AND (:division::text IS NULL OR o.division = :division::text)

-- name: setting_holding :page
-- I-401: of each setting the row that holds in a division in a year.
-- sort: key
-- key: key
SELECT s.*
  FROM zeren.setting_kind k,
       LATERAL (SELECT x.* FROM zeren.setting x
                 WHERE x.key = k.key AND x.year IN (CASE WHEN k.yearly THEN coalesce(:year::integer, extract(year FROM :today::date)::integer) ELSE 0 END, 0)
                   AND x.division = ANY (zeren.self_and_above(CASE WHEN k.lowest_level = 0 THEN '000000000000' ELSE :division::text END))
                 ORDER BY length(rtrim(x.division, '0')) DESC, x.year DESC LIMIT 1) AS o,
       LATERAL identity.setting_as_shown(o::zeren.setting) AS s
 WHERE (:key_prefix::text IS NULL OR k.key ^@ :key_prefix::text)

-- name: setting_insert :write setting shown_division
-- I-402 to I-406; what it may be is held by the table (zeren.hold_setting()).
WITH made AS (
  INSERT INTO zeren.setting (id, key, division, year, value, assumed, source, created_at)
  SELECT :new_id::uuid, identity.check_setting(:key::text, :owner_division::text, coalesce(:year::integer, 0), :caller_post::uuid, :today::date), :owner_division::text,
         coalesce(:year::smallint, 0::smallint), :value::text, coalesce(:assumed::boolean, false), :source::text, :now::timestamptz
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL identity.setting_as_shown(m::zeren.setting) AS s
)

-- name: setting_change :write setting shown_division
WITH seen AS MATERIALIZED (
  SELECT o.id, identity.check_setting(o.key, o.division::text, o.year, :caller_post::uuid, :today::date) AS key
    FROM zeren.setting o WHERE o.id = :id AND o.version = :version::integer AND o.division::text <@ (SELECT zeren.scope())
), made AS (
  UPDATE zeren.setting o
     SET value = coalesce(:value::text, o.value), assumed = coalesce(:assumed::boolean, o.assumed), source = coalesce(:source::text, o.source), version = o.version + 1
    FROM seen s WHERE o.id = s.id AND s.key IS NOT NULL AND o.version = :version::integer
  RETURNING o.*
), changed AS (
  SELECT s.* FROM made m, LATERAL identity.setting_as_shown(m::zeren.setting) AS s
)

-- name: setting_withdraw :write setting shown_division
-- I-408: what holds above holds again; the country's own row, for any year, is what all stand on and stays.
WITH seen AS MATERIALIZED (
  SELECT o.id, identity.check_setting(o.key, o.division::text, o.year, :caller_post::uuid, :today::date) AS key,
         CASE WHEN o.division = '000000000000' AND o.year = 0 THEN zeren.refuse('ZR003', NULL, 'what holds in the whole country is changed, not withdrawn') ELSE true END AS ok
    FROM zeren.setting o WHERE o.id = :id AND o.version = :version::integer AND o.division::text <@ (SELECT zeren.scope())
), made AS (
  DELETE FROM zeren.setting o USING seen s WHERE o.id = s.id AND s.key IS NOT NULL AND s.ok AND o.version = :version::integer
  RETURNING o.*
), changed AS (
  SELECT s.id, s.key, s.label, s.owner_division, s.year, s.value, s.value_type, s.minimum, s.maximum, s.choices, s.unit, s.lowest_level, s.yearly, s.security, s.assumed, s.source, s.created_at,
         s.version + 1 AS version
    FROM made m, LATERAL identity.setting_as_shown(m::zeren.setting) AS s
)
