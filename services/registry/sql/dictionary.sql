-- Dictionaries: every code table with its words (zeren.dictionary). Read by all, changed by migrations alone.

-- name: dictionary_list :one
SELECT coalesce(max(s.version), 0) AS version, coalesce(json_agg(json_build_object('name', s.name, 'label', s.label, 'source', s.source, 'version', s.version,
         'entries', s.entries) ORDER BY s.name), '[]') AS items
  FROM (SELECT d.name, d.label, d.source, coalesce(max(e.version), 0) AS version, count(e.code) AS entries
          FROM zeren.dictionary d LEFT JOIN zeren.dictionary_entry e ON e.dictionary = d.name GROUP BY d.name) AS s

-- name: dictionary_get :one
-- R-050: all of a dictionary, or what changed after a version of it; a code that is no longer used is told by its valid_until. With each the other
-- words that tables take for it (B-021).
SELECT d.name, d.label, d.source, (SELECT coalesce(max(e.version), 0) FROM zeren.dictionary_entry e WHERE e.dictionary = d.name) AS version,
       (SELECT coalesce(json_agg(json_build_object('code', e.code, 'label', e.label, 'short_label', coalesce(e.short_label, e.label), 'sort', e.sort,
                                                   'valid_from', e.valid_from, 'valid_until', e.valid_until, 'gb_standard', e.gb_standard, 'gb_code', e.gb_code,
                                                   'parent_code', e.parent_code,
                                                   'words', (SELECT coalesce(json_agg(w.word ORDER BY w.word), '[]') FROM zeren.dictionary_word w
                                                              WHERE w.dictionary = e.dictionary AND w.code = e.code),
                                                   'version', e.version) ORDER BY e.sort, e.code), '[]')
          FROM zeren.dictionary_entry e WHERE e.dictionary = d.name AND e.version > coalesce(:since::bigint, 0)) AS items
  FROM zeren.dictionary d WHERE d.name = :name
