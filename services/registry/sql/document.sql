-- Documents and their clauses. What is shown: document_as_shown(), clause_as_shown() of migrations/0016.

-- name: document_get :one
SELECT s.* FROM document d, LATERAL registry.document_as_shown(d, 0, 0) AS s WHERE d.id = :id

-- name: document_list :page
-- Documents of the caller's divisions and above, by division, kind or day.
-- sort: created_at, id
SELECT s.* FROM document d, LATERAL registry.document_as_shown(d, 0, 0) AS s
 WHERE ((d.owner_division >= :scope_lo::text AND d.owner_division < :scope_hi::text) OR d.owner_division = ANY (:ancestors::text[]))
   AND (:division::text IS NULL OR d.owner_division = :division::text)
   AND (:kind::text IS NULL OR d.kind = :kind::text)
   AND (:replaces_id::uuid IS NULL OR d.replaces_id = :replaces_id::uuid)
   AND (:as_of::date IS NULL OR (d.valid_from <= :as_of::date AND d.valid_to > :as_of::date))

-- name: search_token :rows
-- R-104: the words of a question, the rarest token of theirs, and whether that token is all of the question. Bound to the search as values, so that it is planned
-- for a token as frequent as this one.
SELECT w.words::text, registry.rarest_token(w.words, :scope_lo::text, :scope_hi::text), (cardinality(w.words) = 1 AND length(w.words[1]) <= 2)::text
  FROM (SELECT registry.search_words(:words::text) AS words) AS w

-- name: document_search :page
-- R-104: documents whose title, number and issuer, or one of whose clauses, has all the words.
-- sort: created_at, id
SELECT s.* FROM document d, LATERAL registry.document_as_shown(d, 0, 0) AS s
 WHERE d.id IN (SELECT t.document_id FROM document_token t LEFT JOIN document_clause c ON c.id = t.record_id LEFT JOIN document o ON o.id = t.record_id
                 WHERE t.token = :token::text AND ((t.owner_division >= :scope_lo::text AND t.owner_division < :scope_hi::text) OR t.owner_division = ANY (:ancestors::text[]))
                   AND (:whole::boolean OR registry.holds_words(CASE WHEN c.id IS NULL THEN registry.document_words(o) ELSE registry.clause_words(c) END, :word_list::text[])))
   AND (:division::text IS NULL OR d.owner_division = :division::text)
   AND (:kind::text IS NULL OR d.kind = :kind::text)
   AND (:as_of::date IS NULL OR (d.valid_from <= :as_of::date AND d.valid_to > :as_of::date))

-- name: document_faults :rows
-- R-102: what is wrong with the clauses of a document as sent, by place: a number that stands there before, a topic that there is not.
WITH clause AS MATERIALIZED (
  SELECT c.n - 1 AS n, c.doc, row_number() OVER (PARTITION BY c.doc ->> 'number' ORDER BY c.n) AS turn
    FROM jsonb_array_elements(:clauses::jsonb) WITH ORDINALITY AS c (doc, n)
), laid AS MATERIALIZED (
  SELECT c.n, d.m - 1 AS m, d.doc, row_number() OVER (PARTITION BY d.doc ->> 'number' ORDER BY c.n, d.m) AS turn
    FROM clause c, jsonb_array_elements(coalesce(c.doc -> 'duties', '[]')) WITH ORDINALITY AS d (doc, m)
)
SELECT f.pointer, f.code, f.detail
  FROM (SELECT c.n, -1 AS m, format('/clauses/%s/number', c.n) AS pointer, 'repeated' AS code, 'a clause before it has this number' AS detail FROM clause c WHERE c.turn > 1
        UNION ALL
        SELECT d.n, d.m, format('/clauses/%s/duties/%s/number', d.n, d.m), 'repeated', 'a duty before it has this number' FROM laid d WHERE d.turn > 1
        UNION ALL
        SELECT d.n, d.m, format('/clauses/%s/duties/%s/topic', d.n, d.m), 'unknown_topic', 'there is no such topic' FROM laid d
         WHERE d.doc ->> 'topic' IS NOT NULL AND NOT EXISTS (SELECT FROM topic t WHERE t.code = d.doc ->> 'topic')) AS f
 ORDER BY f.n, f.m, f.pointer LIMIT 100

-- name: topic_codes :rows
-- What a duty may be about.
SELECT t.code FROM topic t

-- name: document_insert :write document shown_division
-- R-100 to R-102: a document, whole with its clauses and duties or none of it. One audit row for it, and an event for each record; the edition that it replaces ends
-- with its duties on the day that it begins.
WITH replaced AS MATERIALIZED (
  SELECT d.* FROM document d WHERE d.id = :replaces_id::uuid AND d.owner_division::text <@ (SELECT zeren.scope()) FOR UPDATE
), wanted AS MATERIALIZED (
  SELECT registry.known_division(:owner_division::text, :today::date) AS owner_division, coalesce(:valid_from::date, :issued_on::date) AS valid_from,
         CASE WHEN :replaces_id::uuid IS NOT NULL THEN coalesce((SELECT r.id FROM replaced r), zeren.no_such('replaces_id')) END AS replaces_id,
         CASE WHEN :file_id::uuid IS NULL THEN true ELSE registry.files_are_ready(ARRAY[:file_id::uuid], 'file_id') END AS has_file
), parts AS MATERIALIZED (
  SELECT w.*, coalesce(r.edition, 0) + 1 AS edition
    FROM wanted w LEFT JOIN replaced r ON r.id = w.replaces_id
   WHERE CASE WHEN r.id IS NULL THEN true
              WHEN r.owner_division <> w.owner_division THEN zeren.refuse('ZR005', 'replaces_id', 'an edition replaces one of its own division')
              WHEN w.valid_from <= r.valid_from THEN zeren.refuse('ZR005', 'valid_from', 'an edition begins after the one that it replaces')
              ELSE true END
), made AS (
  INSERT INTO document (id, owner_division, title, number, issuer, issued_on, kind, valid_from, valid_to, edition, replaces_id, file_id, assumed, created_at)
  SELECT :new_id::uuid, p.owner_division, :title, :number, :issuer, :issued_on::date, :kind, p.valid_from, coalesce(:valid_to::date, 'infinity'), p.edition, p.replaces_id,
         :file_id::uuid, coalesce(:assumed::boolean, false), :now::timestamptz
    FROM parts p
  RETURNING *
), sent AS MATERIALIZED (
  SELECT registry.id_in_order(:new_id::uuid, c.n) AS id, c.doc, c.n FROM jsonb_array_elements(coalesce(:clauses::jsonb, '[]')) WITH ORDINALITY AS c (doc, n)
), clauses AS (
  INSERT INTO document_clause (id, owner_division, document_id, position, number, title, text)
  SELECT s.id, m.owner_division, m.id, s.n, s.doc ->> 'number', s.doc ->> 'title', s.doc ->> 'text' FROM made m, sent s
  RETURNING id, version, owner_division
), duties AS (
  INSERT INTO duty (id, owner_division, document_id, clause_id, number, title, level, subject, topic, assumed, valid_from, valid_to, created_at)
  SELECT registry.id_in_order(:new_id::uuid, least(4095, row_number() OVER (ORDER BY s.n, d.n))), m.owner_division, m.id, s.id, d.doc ->> 'number', d.doc ->> 'title',
         (d.doc ->> 'level')::smallint, d.doc ->> 'subject', coalesce(d.doc ->> 'topic', 'general'), coalesce((d.doc ->> 'assumed')::boolean, m.assumed), m.valid_from, m.valid_to,
         :now::timestamptz
    FROM made m, sent s, jsonb_array_elements(coalesce(s.doc -> 'duties', '[]')) WITH ORDINALITY AS d (doc, n)
  RETURNING id, version, owner_division
), ended AS (
  UPDATE document d SET valid_to = m.valid_from, version = d.version + 1 FROM made m WHERE d.id = m.replaces_id AND d.valid_to > m.valid_from
  RETURNING d.*
), ended_duties AS (
  UPDATE duty d SET valid_to = greatest(d.valid_from, m.valid_from), version = d.version + 1 FROM made m WHERE d.document_id = m.replaces_id AND d.valid_to > m.valid_from
  RETURNING d.*
), also_changed AS (
  SELECT 'document' AS kind, e.id, e.version, e.owner_division, to_jsonb(e) AS body FROM ended e
   UNION ALL SELECT 'duty', e.id, e.version, e.owner_division, to_jsonb(e) FROM ended_duties e
), also_announced AS (
  SELECT 'document_clause' AS kind, c.id, c.version, c.owner_division, '{}'::text[] AS lines FROM clauses c
   UNION ALL SELECT 'duty', d.id, d.version, d.owner_division, '{}'::text[] FROM duties d
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.document_as_shown(m::document, (SELECT count(*) FROM clauses), (SELECT count(*) FROM duties)) AS s
)

-- name: document_correct :write document shown_division
-- R-101: a document that ends, ends with its duties.
WITH wanted AS MATERIALIZED (
  SELECT CASE WHEN :file_id::uuid IS NULL THEN true ELSE registry.files_are_ready(ARRAY[:file_id::uuid], 'file_id') END AS has_file
), made AS (
  UPDATE document d
     SET title = coalesce(:title, d.title), number = CASE WHEN :number_given::boolean THEN :number ELSE d.number END, issuer = coalesce(:issuer, d.issuer),
         issued_on = coalesce(:issued_on::date, d.issued_on), kind = coalesce(:kind, d.kind), assumed = coalesce(:assumed::boolean, d.assumed),
         valid_to = CASE WHEN :valid_to_given::boolean THEN coalesce(:valid_to::date, 'infinity') ELSE d.valid_to END,
         file_id = CASE WHEN :file_id_given::boolean THEN :file_id::uuid ELSE d.file_id END, version = d.version + 1
    FROM wanted w WHERE d.id = :id AND d.version = :version::integer AND w.has_file
  RETURNING d.*
), ended_duties AS (
  UPDATE duty u SET valid_to = greatest(u.valid_from, m.valid_to), version = u.version + 1 FROM made m WHERE u.document_id = m.id AND u.valid_to > m.valid_to
  RETURNING u.*
), also_changed AS (
  SELECT 'duty' AS kind, e.id, e.version, e.owner_division, to_jsonb(e) AS body FROM ended_duties e
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.document_as_shown(m::document, 0, 0) AS s
)

-- name: document_difference :view
-- R-105: against another document, or the edition that it replaces; without either there is nothing to see.
WITH pair AS MATERIALIZED (
  SELECT d.id, o.id AS against FROM document d JOIN document o ON o.id = coalesce(:against::uuid, d.replaces_id) WHERE d.id = :id
)
SELECT p.id, p.against,
       (SELECT coalesce(json_agg(json_build_object('change', c.change, 'number', c.number, 'old_number', c.old_number, 'fields', c.fields, 'title', c.title,
                                                   'old_title', c.old_title, 'text', c.text, 'old_text', c.old_text)), '[]')
          FROM registry.clause_difference(registry.clauses_of(p.against), registry.clauses_of(p.id)) AS c) AS changes
  FROM pair p

-- name: clause_get :one
SELECT s.* FROM document_clause c, LATERAL registry.clause_as_shown(c) AS s WHERE c.id = :id

-- name: clause_list :page
-- The clauses of a document, in its order.
-- sort: position
SELECT s.* FROM document_clause c, LATERAL registry.clause_as_shown(c) AS s WHERE c.document_id = :document_id::uuid

-- name: clause_search :page
-- R-104: clauses that have all the words, division by division: in the order of the token's index, whose division and id are therefore the ones shown.
-- sort: owner_division
SELECT t.record_id AS id, t.owner_division::text AS owner_division, s.document_id, s.position, s.number, s.title, s.text, s.version
  FROM document_token t JOIN document_clause c ON c.id = t.record_id, LATERAL registry.clause_as_shown(c) AS s
 WHERE t.token = :token::text AND ((t.owner_division >= :scope_lo::text AND t.owner_division < :scope_hi::text) OR t.owner_division = ANY (:ancestors::text[]))
   AND (:whole::boolean OR registry.holds_words(registry.clause_words(c), :word_list::text[]))
   AND (:division::text IS NULL OR c.owner_division = :division::text) AND (:document_id::uuid IS NULL OR c.document_id = :document_id::uuid)

-- name: clause_insert :write document_clause shown_division
-- R-103: of a document of the caller's own divisions.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT d.id FROM document d WHERE d.id = :document_id::uuid AND d.owner_division::text <@ (SELECT zeren.scope())), zeren.no_such('document_id')) AS id
), held AS MATERIALIZED (
  SELECT k.* FROM wanted w, LATERAL (SELECT d.id, d.owner_division FROM document d WHERE d.id = w.id FOR SHARE) AS k
), made AS (
  INSERT INTO document_clause (id, owner_division, document_id, position, number, title, text)
  SELECT :new_id::uuid, h.owner_division, h.id, coalesce(:position::integer, 1 + coalesce((SELECT max(c.position) FROM document_clause c WHERE c.document_id = h.id), 0)), :number,
         :title, :text
    FROM held h
  RETURNING *
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.clause_as_shown(m::document_clause) AS s
)

-- name: clause_correct :write document_clause shown_division
WITH made AS (
  UPDATE document_clause c
     SET position = coalesce(:position::integer, c.position), number = coalesce(:number, c.number), title = CASE WHEN :title_given::boolean THEN :title ELSE c.title END,
         text = coalesce(:text, c.text), version = c.version + 1
   WHERE c.id = :id AND c.version = :version::integer
  RETURNING c.*
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.clause_as_shown(m::document_clause) AS s
)
