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
                   AND NOT EXISTS (SELECT FROM urging WHERE id = :record_id::uuid AND :template::text = 'urging')
                   AND NOT EXISTS (SELECT FROM work_order WHERE id = :record_id::uuid AND :template::text = 'work_order')
                   AND NOT EXISTS (SELECT FROM periodic_report WHERE id = :record_id::uuid AND :template::text = 'periodic_report') THEN zeren.no_such('record_id') IS NULL
              WHEN :template::text = 'work_order' AND NOT EXISTS (SELECT FROM work_order w JOIN issuer i ON i.id = w.issuer_organisation_id WHERE w.id = :record_id::uuid)
                THEN zeren.refuse('ZR004', NULL, 'only the unit that gave it prints a work order')
              WHEN :template::text = 'work_order' AND EXISTS (SELECT FROM paper p WHERE p.record_id = :record_id::uuid AND p.template = 'work_order')
                THEN zeren.refuse('ZR003', NULL, 'this work order was printed: it bears its number once')
              WHEN :template::text = 'periodic_report' AND EXISTS (SELECT FROM periodic_report p WHERE p.id = :record_id::uuid AND p.status NOT IN ('submitted', 'accepted'))
                THEN zeren.refuse('ZR003', NULL, 'a periodic report is printed once it is submitted')
              ELSE true END AS ok
), taken AS MATERIALIZED ( -- R-137: a work order has its number, and its paper takes no other
  SELECT CASE WHEN w.id IS NULL THEN registry.take_paper_number(i.id, extract(year FROM :today::date)::integer, f.code) ELSE w.position END AS position,
         coalesce(w.year, extract(year FROM :today::date)::smallint) AS year
    FROM seen s CROSS JOIN form f CROSS JOIN issuer i LEFT JOIN work_order w ON w.id = :record_id::uuid AND f.code = 'work_order' WHERE s.ok
)
SELECT f.form, f.label, t.position::text, f.number_word || '〔' || t.year || '〕' || t.position || '号', i.name, i.owner_division::text, t.year::text
  FROM taken t, form f, issuer i

-- name: paper_values :rows
-- What the braces of a form stand for.
SELECT v.name, v.text
  FROM (SELECT l.title, NULL::text AS addressee, NULL::date AS due_on, NULL::text AS completion, NULL::text AS matter, NULL::text AS basis, NULL::date AS answer_by,
               coalesce((SELECT o.name FROM organisation o WHERE o.id = l.organisation_id), (SELECT d.name FROM division d WHERE d.code = l.owner_division AND d.valid_from <= :today::date AND (d.valid_to IS NULL OR d.valid_to > :today::date))) AS division,
               l.year::text AS year, (SELECT count(*) FROM item i WHERE i.duty_list_id = l.id)::text AS count, NULL::text AS standard
          FROM duty_list l WHERE l.id = :record_id::uuid AND :template::text = 'duty_list'
        UNION ALL
        SELECT i.title, (SELECT o.name FROM organisation o WHERE o.id = i.lead_organisation_id), i.due_on, trim_scale(i.completion_bp / 100.0)::text, NULL, NULL, NULL, NULL,
               NULL, NULL, NULL
          FROM item i WHERE i.id = :record_id::uuid AND :template::text = 'reminder'
        UNION ALL
        SELECT NULL, (SELECT o.name FROM organisation o WHERE o.id = u.addressee_organisation_id), NULL, NULL, u.matter, coalesce(u.basis, '责任清单及相关工作要求'), u.answer_by,
               NULL, NULL, NULL, NULL
          FROM urging u WHERE u.id = :record_id::uuid AND :template::text = 'urging'
        UNION ALL
        SELECT NULL, (SELECT o.name FROM organisation o WHERE o.id = w.addressee_organisation_id), w.due_on, NULL, w.matter, NULL, NULL, NULL, NULL, NULL,
               coalesce(w.standard, '按照有关规定和责任清单执行')
          FROM work_order w WHERE w.id = :record_id::uuid AND :template::text = 'work_order'
        UNION ALL
        SELECT f.title, NULL, p.cut_on, NULL, to_char(p.period_start, 'FMYYYY"年"FMMM"月"FMDD"日"') || '至' || to_char(p.period_end, 'FMYYYY"年"FMMM"月"FMDD"日"'), NULL, NULL,
               (SELECT o.name FROM organisation o WHERE o.id = p.organisation_id), NULL, NULL, NULL
          FROM periodic_report p JOIN report_form f ON f.id = p.form_id WHERE p.id = :record_id::uuid AND :template::text = 'periodic_report') AS r,
       LATERAL (VALUES ('title', r.title), ('addressee', r.addressee), ('completion', r.completion), ('matter', r.matter), ('period', r.matter), ('basis', r.basis), ('standard', r.standard), ('division', r.division),
                       ('year', r.year), ('count', r.count), ('due_on', to_char(r.due_on, 'FMYYYY"年"FMMM"月"FMDD"日"')),
                       ('answer_by', to_char(r.answer_by, 'FMYYYY"年"FMMM"月"FMDD"日"')), ('date', to_char(:today::date, 'FMYYYY"年"FMMM"月"FMDD"日"'))) AS v (name, text)

-- name: paper_rows :rows
-- The table of a duty list, in the order of its tasks; the lines of a periodic report.
SELECT CASE WHEN l.part = 1 THEN l.n::text ELSE '' END, l.what, l.detail, l.whose, l.day
  FROM (SELECT row_number() OVER (ORDER BY t.position, t.id, i.due_on, i.id) AS n, t.number || ' ' || t.title AS what, i.title AS detail, coalesce(o.name, '') AS whose,
               to_char(i.due_on, 'YYYY-MM-DD') AS day, 1::bigint AS part
          FROM item i JOIN task t ON t.id = i.task_id LEFT JOIN organisation o ON o.id = i.lead_organisation_id
         WHERE i.duty_list_id = :record_id::uuid AND :template::text = 'duty_list'
        UNION ALL
        SELECT r.n, r.label, r.unit_of_measure, r.value, r.recount, r.part FROM registry.report_rows(CASE :template::text WHEN 'periodic_report' THEN :record_id::uuid END) AS r) AS l
 ORDER BY l.n, l.part

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
  SELECT :new_id::uuid, :paper_division::text, coalesce(zeren.lines(), '{}'), t.code, :caller_organisation::uuid, :paper_year::smallint, :position::integer,
         :number_text::text, t.record, :record_id::uuid, :file_id::uuid, :page_count::integer, :today::date, :caller_post::uuid, :now::timestamptz
    FROM paper_template t WHERE t.code = :template::text
  RETURNING id, owner_division::text AS owner_division, template, issuer_organisation_id, year, number, record, record_id, file_id, pages, made_on, created_by,
            created_at, version, lines
)
