-- Households and members as tables that go out: rows in order of villages, cells in the form in which tables come in. Rules: M-171, B-012.

-- name: household_export :rows
SELECT jsonb_build_array(h.owner_division, h.id)::text,
       coalesce(h.household_number, h.id::text), h.id::text, h.owner_division::text, (SELECT t.name FROM registry_pub.settlement t WHERE t.id = coalesce(h.settlement_id, h.grid_id)), h.address, h.phone::text, h.household_type, h.lifted_class, h.object_type,
       array_to_string(h.risks, ','), h.disaster, h.risk_note, h.risk_level, h.identified_on::text, h.eliminated::text, h.eliminated_on::text, h.elimination_kind, h.martyr_family::text,
       h.resettled::text, h.resettlement_address, h.no_labour::text
  FROM household h
 WHERE h.owner_division >= :scope_lo::text AND h.owner_division < :scope_hi::text AND h.status = 'active'
   AND (h.owner_division, h.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR h.owner_division ^@ zeren.code_prefix(:filters::jsonb ->> 'division'))
 ORDER BY h.owner_division, h.id LIMIT :chunk::integer

-- name: member_export :rows
-- Of children without minor.read: a starred name and nothing that says who they are; health for holders of health.read alone.
SELECT jsonb_build_array(m.owner_division, m.id)::text, (SELECT coalesce(h.household_number, h.id::text) FROM household h WHERE h.id = m.household_id), m.id::text,
       CASE WHEN k.is_child THEN monitoring.starred(m.name) ELSE m.name END, m.sex, m.certificate_kind, CASE WHEN NOT k.is_child THEN m.id_number::text END,
       CASE WHEN NOT k.is_child THEN m.birth_on::text END, m.relation, m.ethnicity, m.politics, CASE WHEN NOT k.is_child THEN m.education END, CASE WHEN NOT k.is_child THEN m.student_status END,
       CASE WHEN NOT k.is_child THEN m.not_in_school END, CASE WHEN NOT k.is_child AND :caller_may_health_read::boolean THEN m.health::text END,
       CASE WHEN NOT k.is_child AND :caller_may_health_read::boolean THEN m.disability_card::text END, m.labour, m.work_place, m.working_away::text, m.work_months::text, m.work_income::text, m.work_started_on::text,
       m.work_ended_on::text, m.plans_away::text, m.work_need, array_to_string(m.public_posts, ','), m.public_post_months::text, m.resident_medical::text, m.employee_medical::text,
       m.serious_illness_insurance::text, m.commercial_insurance::text, m.resident_pension::text, m.employee_pension::text, m.medical_aid::text, m.allowance, m.destitute, m.resettled::text,
       m.unemployed_graduate, CASE WHEN NOT k.is_child THEN m.phone::text END, CASE WHEN NOT k.is_child OR m.joined_how <> 'birth' THEN m.joined_on::text END, m.joined_how
  FROM member m, LATERAL (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date) AS day OFFSET 0) AS y, LATERAL (SELECT coalesce(m.birth_on > y.day, false) AS is_child) AS k
 WHERE m.owner_division >= :scope_lo::text AND m.owner_division < :scope_hi::text AND m.left_on IS NULL
   AND (m.owner_division, m.id) > (coalesce(:after::jsonb ->> 0, '') COLLATE "C", coalesce((:after::jsonb ->> 1)::uuid, '00000000-0000-0000-0000-000000000000'::uuid))
   AND (:filters::jsonb ->> 'division' IS NULL OR m.owner_division ^@ zeren.code_prefix(:filters::jsonb ->> 'division'))
 ORDER BY m.owner_division, m.id LIMIT :chunk::integer
