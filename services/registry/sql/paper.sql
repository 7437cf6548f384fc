-- Papers: forms filled in with a record, numbered by issuer, year and kind, kept as files.

-- name: paper_get :one
SELECT id, owner_division::text AS owner_division, template, issuer_organisation_id, year, number, record, record_id, file_id, pages, made_on, created_by, created_at, version
  FROM paper WHERE id = :id

-- name: paper_list :page
-- Papers in the caller's scope, by form or by what they are of.
-- sort: created_at
SELECT id, owner_division::text AS owner_division, template, issuer_organisation_id, year, number, record, record_id, file_id, pages, made_on, created_by, created_at, version
  FROM paper
 WHERE owner_division >= :scope_lo::text AND owner_division < :scope_hi::text
   AND (:template::text IS NULL OR template = :template::text)
   AND (:record_id::uuid IS NULL OR record_id = :record_id::uuid)

-- name: paper_take :rows
-- R-090, R-091: the form, whose record the caller must see, and the next number of the caller's own unit.
WITH form AS MATERIALIZED (
  SELECT t.* FROM paper_template t WHERE t.code = :template::text
), issuer AS MATERIALIZED (
  SELECT o.id, o.name, o.owner_division FROM organisation o WHERE o.id = :caller_organisation::uuid
), seen AS MATERIALIZED (
  SELECT CASE WHEN NOT EXISTS (SELECT FROM form) THEN zeren.refuse('ZR005', 'template', 'there is no such form')
              WHEN NOT EXISTS (SELECT FROM issuer) THEN zeren.refuse('ZR004', NULL, 'a paper is issued by a unit; this post has none')
              WHEN NOT EXISTS (SELECT FROM duty_list WHERE id = :record_id::uuid AND :template::text = 'duty_list')
                   AND NOT EXISTS (SELECT FROM item WHERE id = :record_id::uuid AND :template::text = 'reminder')
                   AND NOT EXISTS (SELECT FROM urging WHERE id = :record_id::uuid AND :template::text = 'urging') THEN zeren.no_such('record_id') IS NULL
              ELSE true END AS ok
), taken AS MATERIALIZED (
  SELECT registry.take_paper_number(i.id, extract(year FROM :today::date)::integer, f.code) AS position FROM seen s, form f, issuer i WHERE s.ok
)
SELECT f.form, f.label, t.position::text, f.number_word || '〔' || extract(year FROM :today::date) || '〕' || t.position || '号', i.name, i.owner_division::text
  FROM taken t, form f, issuer i

-- name: paper_values :rows
-- What the braces of a form stand for.
SELECT v.name, v.text
  FROM (SELECT l.title, NULL::text AS addressee, NULL::date AS due_on, NULL::text AS completion, NULL::text AS matter, NULL::text AS basis, NULL::date AS answer_by,
               (SELECT d.name FROM division d WHERE d.code = l.owner_division AND d.valid_from <= :today::date AND (d.valid_to IS NULL OR d.valid_to > :today::date)) AS division,
               l.year::text AS year, (SELECT count(*) FROM item i WHERE i.duty_list_id = l.id)::text AS count
          FROM duty_list l WHERE l.id = :record_id::uuid AND :template::text = 'duty_list'
        UNION ALL
        SELECT i.title, (SELECT o.name FROM organisation o WHERE o.id = i.lead_organisation_id), i.due_on, trim_scale(i.completion_bp / 100.0)::text, NULL, NULL, NULL, NULL,
               NULL, NULL
          FROM item i WHERE i.id = :record_id::uuid AND :template::text = 'reminder'
        UNION ALL
        SELECT NULL, (SELECT o.name FROM organisation o WHERE o.id = u.addressee_organisation_id), NULL, NULL, u.matter, coalesce(u.basis, '责任清单及相关工作要求'), u.answer_by,
               NULL, NULL, NULL
          FROM urging u WHERE u.id = :record_id::uuid AND :template::text = 'urging') AS r,
       LATERAL (VALUES ('title', r.title), ('addressee', r.addressee), ('completion', r.completion), ('matter', r.matter), ('basis', r.basis), ('division', r.division),
                       ('year', r.year), ('count', r.count), ('due_on', to_char(r.due_on, 'FMYYYY"年"FMMM"月"FMDD"日"')),
                       ('answer_by', to_char(r.answer_by, 'FMYYYY"年"FMMM"月"FMDD"日"')), ('date', to_char(:today::date, 'FMYYYY"年"FMMM"月"FMDD"日"'))) AS v (name, text)

-- name: paper_rows :rows
-- The table of a duty list, in the order of its tasks.
SELECT row_number() OVER (ORDER BY t.position, t.id, i.due_on, i.id)::text, t.number || ' ' || t.title, i.title, coalesce(o.name, ''), to_char(i.due_on, 'YYYY-MM-DD')
  FROM item i JOIN task t ON t.id = i.task_id LEFT JOIN organisation o ON o.id = i.lead_organisation_id
 WHERE i.duty_list_id = :record_id::uuid AND :template::text = 'duty_list'
 ORDER BY t.position, t.id, i.due_on, i.id

-- name: paper_insert :write paper shown_division lined
-- R-092: number, paper and file in one transaction.
WITH kept AS (
  INSERT INTO blob (sha256, sm3, size, media_type) VALUES (:stored_sha256::text, :stored_sm3::text, :stored_size::bigint, 'application/pdf')
  ON CONFLICT (sha256) DO NOTHING
), printed AS (
  INSERT INTO file (id, owner_division, lines, name, size, sha256, sm3, keep_location, status, received, media_type, stored_sha256, stored_sm3, stored_size, created_by,
                    created_at, ready_at)
  VALUES (:file_id::uuid, :paper_division::text, coalesce(zeren.lines(), '{}'), :number_text::text || '.pdf', :stored_size::bigint, :stored_sha256::text, :stored_sm3::text, false,
          'ready', :stored_size::bigint, 'application/pdf', :stored_sha256::text, :stored_sm3::text, :stored_size::bigint, :caller_post::uuid, :now::timestamptz, :now::timestamptz)
  RETURNING *
), used AS (
  INSERT INTO file_use (file_id, record, record_id) VALUES (:file_id::uuid, 'paper', :new_id::uuid)
), also_changed AS (
  SELECT 'file' AS kind, p.id, p.version, p.owner_division, to_jsonb(p) AS body FROM printed p
), changed AS (
  INSERT INTO paper (id, owner_division, lines, template, issuer_organisation_id, year, position, number, record, record_id, file_id, pages, made_on, created_by, created_at)
  SELECT :new_id::uuid, :paper_division::text, coalesce(zeren.lines(), '{}'), t.code, :caller_organisation::uuid, extract(year FROM :today::date), :position::integer,
         :number_text::text, t.record, :record_id::uuid, :file_id::uuid, :page_count::integer, :today::date, :caller_post::uuid, :now::timestamptz
    FROM paper_template t WHERE t.code = :template::text
  RETURNING id, owner_division::text AS owner_division, template, issuer_organisation_id, year, number, record, record_id, file_id, pages, made_on, created_by,
            created_at, version, lines
)
