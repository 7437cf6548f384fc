-- What a household was (M-042): every version of it, of its members and of its yearly blocks.

-- name: household_history :page
-- The version in force is the record itself; all that stood before is in archive_version. To have a disability card is health (M-221).
-- sort: recorded_at
-- key: entry
SELECT v.record || ' ' || v.record_id || ' ' || lpad(v.version::text, 10, '0') AS entry, v.record, v.record_id, v.version, v.recorded_at, v.recorded_by_account, v.recorded_by_post,
       v.source, v.batch_id, v.reason, v.at_division,
       (SELECT coalesce(jsonb_agg(c.one ORDER BY c.n), '[]') FROM jsonb_array_elements(monitoring.changes_between(v.record, v.was, v.body, k.day)) WITH ORDINALITY AS c (one, n)
         WHERE (:caller_may_health_read::boolean OR c.one ->> 'field' <> 'disability_card')
           AND (:caller_may_person_locate::boolean OR c.one ->> 'field' <> 'confirmation')) AS changes
  FROM (SELECT a.*, lag(a.body) OVER (PARTITION BY a.record, a.record_id ORDER BY a.version) AS was
          FROM (SELECT o.record, o.record_id, o.version, o.recorded_at, o.recorded_by_account, o.recorded_by_post, o.source, o.batch_id, o.reason, o.at_division, o.body
                  FROM archive_version o WHERE o.household_id = :household_id::uuid
                 UNION ALL SELECT 'household', h.id, h.version, h.recorded_at, h.recorded_by_account, h.recorded_by_post, h.source, h.batch_id, h.reason, h.at_division, to_jsonb(h)
                             FROM household h WHERE h.id = :household_id::uuid
                 UNION ALL SELECT 'member', m.id, m.version, m.recorded_at, m.recorded_by_account, m.recorded_by_post, m.source, m.batch_id, m.reason, m.at_division, to_jsonb(m)
                             FROM member m WHERE m.household_id = :household_id::uuid
                 UNION ALL SELECT 'three_guarantees', b.id, b.version, b.recorded_at, b.recorded_by_account, b.recorded_by_post, b.source, b.batch_id, b.reason, b.at_division,
                                  to_jsonb(b) FROM three_guarantees b WHERE b.household_id = :household_id::uuid
                 UNION ALL SELECT 'income', b.id, b.version, b.recorded_at, b.recorded_by_account, b.recorded_by_post, b.source, b.batch_id, b.reason, b.at_division, to_jsonb(b)
                             FROM income b WHERE b.household_id = :household_id::uuid
                 UNION ALL SELECT 'living_conditions', b.id, b.version, b.recorded_at, b.recorded_by_account, b.recorded_by_post, b.source, b.batch_id, b.reason, b.at_division,
                                  to_jsonb(b) FROM living_conditions b WHERE b.household_id = :household_id::uuid) AS a) AS v,
       LATERAL (SELECT (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date)) AS day OFFSET 0) AS k
 WHERE (:record::text IS NULL OR v.record = :record::text) AND (:record_id::uuid IS NULL OR v.record_id = :record_id::uuid)
