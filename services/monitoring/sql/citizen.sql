-- A household's own record on paper (M-224 to M-227).

-- name: record_print_get :one
SELECT id, owner_division::text AS owner_division, household_id, asked_by_member_id, reason, issuer_organisation_id, number, household_version, printed_on,
       printed_by_account, printed_by_post, created_at, version FROM record_print WHERE id = :id

-- name: record_print_list :page
-- Whose record was handed out, in the caller's scope; by household.
-- sort: created_at
SELECT id, owner_division::text AS owner_division, household_id, asked_by_member_id, reason, issuer_organisation_id, number, household_version, printed_on,
       printed_by_account, printed_by_post, created_at, version
  FROM record_print
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:household_id::uuid IS NULL OR household_id = :household_id::uuid)

-- name: record_print_look :rows
-- M-224, M-226: may it be handed out, and to whom; then the form, the next number of the caller's unit, and what the paper says besides.
WITH home AS MATERIALIZED (
  SELECT h.id, h.owner_division FROM household h WHERE h.id = :id::uuid AND h.owner_division::text <@ zeren.scope()
), issuer AS MATERIALIZED (
  SELECT o.id, o.name FROM registry_pub.organisation o WHERE o.id = :caller_organisation::uuid
), asker AS MATERIALIZED (
  SELECT m.name, m.left_on, monitoring.is_minor(m.birth_on, :today::date) AS is_minor
    FROM member m JOIN home h ON h.id = m.household_id WHERE m.id = :asked_by_member_id::uuid
), judged AS MATERIALIZED (
  SELECT h.owner_division, i.id AS issuer_id, i.name AS issuer, a.name AS asker
    FROM home h LEFT JOIN issuer i ON true LEFT JOIN asker a ON true
   WHERE CASE WHEN i.id IS NULL THEN zeren.refuse('ZR004', NULL, 'a paper is issued by a unit; this post has none')
              WHEN a.name IS NULL THEN zeren.no_such('asked_by_member_id') IS NULL
              WHEN a.left_on IS NOT NULL THEN zeren.refuse('ZR005', 'asked_by_member_id', 'who asks is a member of the household now')
              WHEN a.is_minor THEN zeren.refuse('ZR005', 'asked_by_member_id', 'for a child under fourteen a grown member asks')
              ELSE true END
), refused AS MATERIALIZED (
  SELECT CASE WHEN NOT :caller_may_minor_read::boolean AND EXISTS (SELECT FROM member m WHERE m.household_id = h.id AND monitoring.is_minor(m.birth_on, :today::date))
                THEN 'minor'
              ELSE monitoring.unmasking_refused(:caller_account::uuid, false, false, :now::timestamptz) END AS why
    FROM home h
), counted AS (
  INSERT INTO unmasking (account_id, at) SELECT :caller_account::uuid, :now::timestamptz FROM judged, refused r WHERE r.why IS NULL
), taken AS MATERIALIZED (
  SELECT monitoring.take_print_number(j.issuer_id, extract(year FROM :today::date)::integer) AS position FROM judged j, refused r WHERE r.why IS NULL
)
SELECT r.why, t.position::text, f.number_word || '〔' || extract(year FROM :today::date) || '〕' || t.position || '号', f.form, j.issuer, j.asker,
       to_char(:today::date, 'FMYYYY"年"FMMM"月"FMDD"日"'),
       zeren.setting_value('monitoring.correction_work_days', j.owner_division, extract(year FROM :today::date)::integer)
  FROM judged j CROSS JOIN refused r LEFT JOIN taken t ON true LEFT JOIN paper_form f ON f.code = 'household_record'

-- name: record_print_lines :rows
SELECT l.whose, l.label, l.value, l.sealed_column, l.sealed_record::text FROM monitoring.told_lines(:id::uuid) AS l ORDER BY l.part, l.nth, l.sort, l.label

-- name: record_print_words :rows
SELECT e.code, e.label FROM dictionary_entry e WHERE e.dictionary = 'health_state'

-- name: record_print_insert :write record_print shown_division
-- M-227: with a note under the household itself, where its audit is looked up.
WITH noted AS (
  INSERT INTO audit_log (at, account_id, post_id, session_id, address, verb, record, record_id, version, owner_division, request_id, reason, body)
  SELECT :now::timestamptz, :caller_account::uuid, :caller_post::uuid, :caller_session::uuid, :caller_address::text, :verb::text, 'household', h.id, h.version,
         h.owner_division, :request_id::text, :reason::text,
         jsonb_build_object('id', h.id, 'record_print_id', :new_id::uuid, 'number', :number_text::text, 'asked_by_member_id', :asked_by_member_id::uuid)
    FROM household h WHERE h.id = :id::uuid
), changed AS (
  INSERT INTO record_print (id, owner_division, household_id, asked_by_member_id, reason, issuer_organisation_id, year, position, number, household_version,
                            printed_on, printed_by_account, printed_by_post, created_at)
  SELECT :new_id::uuid, h.owner_division, h.id, :asked_by_member_id::uuid, :reason::text, :caller_organisation::uuid, extract(year FROM :today::date)::smallint,
         :position::integer, :number_text::text, h.version, :today::date, :caller_account::uuid, :caller_post::uuid, :now::timestamptz
    FROM household h WHERE h.id = :id::uuid
  RETURNING id, owner_division::text AS owner_division, household_id, asked_by_member_id, reason, issuer_organisation_id, number, household_version, printed_on,
            printed_by_account, printed_by_post, created_at, version
)
