-- Rules, and what holds of them where and when. What a setting shows is its row; what holds: monitoring.rules_holding().

-- name: rule_list :page
-- M-102, M-103: every rule of the catalogue; with a division as it holds there in the year.
-- sort: code
-- key: code
SELECT h.code, h.also_codes, h.topic, h.scope, h.severity, h.message, h.params, h.fields, h.about, h.basis, h.assumed, h.enabled, h.setting_id, h.setting_division
  FROM monitoring.rules_holding(coalesce(:division::text, '000000000000'), coalesce(:year::integer, extract(year FROM :today::date)::integer)) AS h
 WHERE (:topic::text IS NULL OR h.topic = :topic::text)
   AND (:scope::text IS NULL OR h.scope = :scope::text)
   AND (:severity::text IS NULL OR h.severity = :severity::text)
   AND (:enabled::boolean IS NULL OR h.enabled = :enabled::boolean)

-- name: rule_get :view
SELECT h.code, h.also_codes, h.topic, h.scope, h.severity, h.message, h.params, h.fields, h.about, h.basis, h.assumed, h.enabled, h.setting_id, h.setting_division
  FROM monitoring.rules_holding(coalesce(:division::text, '000000000000'), coalesce(:year::integer, extract(year FROM :today::date)::integer)) AS h
 WHERE h.code = :code::text

-- name: rule_setting_get :one
SELECT id, owner_division, rule, year_from, year_to, enabled, severity, params, reason, created_at, version FROM rule_setting WHERE id = :id::uuid

-- name: rule_setting_list :page
-- Settings of the caller's divisions and above, by rule and division.
-- sort: created_at, id
SELECT id, owner_division, rule, year_from, year_to, enabled, severity, params, reason, created_at, version FROM rule_setting
 WHERE (:division::text IS NULL OR owner_division = :division::text)
   AND (:rule::text IS NULL OR rule = :rule::text)
   AND (:year::integer IS NULL OR :year::integer BETWEEN year_from AND coalesce(year_to, 2199))

-- name: rule_setting_insert :write rule_setting shown_division
-- M-104: the division and the rule are there, and its params are such as the rule has.
INSERT INTO rule_setting (id, owner_division, rule, year_from, year_to, enabled, severity, params, reason, created_at)
SELECT :new_id::uuid, monitoring.known_division(:owner_division::text, :today::date), r.code, :year_from::smallint, :year_to::smallint, coalesce(:enabled::boolean, true),
       :severity::text, monitoring.fitting_params(r.code, :params::jsonb), :reason::text, :now::timestamptz
  FROM (SELECT coalesce((SELECT x.code FROM monitoring_rule x WHERE x.code = :rule::text), zeren.no_such('rule')::text) AS code) AS r
RETURNING id, owner_division, rule, year_from, year_to, enabled, severity, params, reason, created_at, version

-- name: rule_setting_correct :write rule_setting shown_division
UPDATE rule_setting s
   SET year_to = CASE WHEN :year_to_given::boolean THEN :year_to::smallint ELSE s.year_to END, enabled = coalesce(:enabled::boolean, s.enabled),
       severity = CASE WHEN :severity_given::boolean THEN :severity::text ELSE s.severity END,
       params = CASE WHEN :params_given::boolean THEN monitoring.fitting_params(s.rule, :params::jsonb) ELSE s.params END, reason = coalesce(:reason::text, s.reason),
       version = s.version + 1
 WHERE s.id = :id::uuid AND s.version = :version::integer
RETURNING id, owner_division, rule, year_from, year_to, enabled, severity, params, reason, created_at, version

-- name: rules_in_force :rows
-- M-103: what holds and is on, in the form in which rules are read, for the village of a household.
SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.sort), '[]')::text
  FROM (SELECT h.code, h.scope, h.severity, h.message, h.evaluator, h.fields, h.about, h.params, h.sort
          FROM monitoring.rules_holding(:division::text, extract(year FROM :today::date)::integer) AS h WHERE h.enabled) AS x
