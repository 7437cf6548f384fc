-- Finding households by words and flags. What is shown: household_as_shown() of migrations/0002; the filters are those of household_list.

-- name: household_search :page
-- M-190 to M-193: walks the households of one pair of characters or one flag by village, asks of each for the other ones, and at last whether the text itself
-- stands there.
-- The village is the token's, in whose order the walk goes; so the columns stand here one by one.
-- sort: owner_division, id
SELECT s.id, t.owner_division, s.at_division, s.household_number, s.settlement_id, s.grid_id, s.address, s.household_type, s.lifted_class, s.object_type,
       s.risks, s.disaster, s.risk_note, s.risk_level, s.identified_on, s.eliminated, s.eliminated_on, s.elimination_kind, s.martyr_family, s.resettled,
       s.resettlement_address, s.no_labour, s.head_member_id, s.head_name, s.member_count, s.phone, s.status, s.ended_on, s.ended_how, s.follows_id,
       s.extension, s.recorded_at, s.recorded_by_post, s.source, s.batch_id, s.reason, s.created_at, s.version
  FROM household_token t JOIN household h ON h.id = t.household_id,
       LATERAL (SELECT monitoring.minors_after(:caller_may_minor_read::boolean, :today::date) AS day OFFSET 0) AS k,
       LATERAL monitoring.household_as_shown(h, k.day) AS s
 WHERE t.token = (monitoring.needles_of(:text::text, :unconfirmed::boolean, :open_findings::text, :caller_may_minor_read::boolean
     AND :caller_may_health_read::boolean))[1]
   AND t.owner_division >= :scope_lo::text AND t.owner_division < :scope_hi::text
   AND (:division::text IS NULL OR t.owner_division = :division::text)
   AND (:within::text IS NULL OR (t.owner_division >= monitoring.reach_from(:within::text, :today::date) AND t.owner_division < monitoring.reach_until(:within::text, :today::date)
                                   AND (strpos(:within::text, 'F') = 0 OR monitoring.is_reached(t.owner_division, :within::text, :today::date))))
   AND (t.adult_from IS NULL OR k.day IS NULL OR t.adult_from <= :today::date)
   AND monitoring.has_tokens(t.household_id, (monitoring.needles_of(:text::text, :unconfirmed::boolean, :open_findings::text,
                                               :caller_may_minor_read::boolean AND :caller_may_health_read::boolean))[2:])
   AND (:text::text IS NULL OR monitoring.household_says(h, :text::text, k.day))
   AND (:household_type::text IS NULL OR h.household_type = :household_type::text)
   AND (:object_type::text IS NULL OR h.object_type = :object_type::text)
   AND (:risk::text IS NULL OR (h.risks <> '{}' AND h.risks @> ARRAY[:risk::text]))
   AND (:eliminated::boolean IS NULL OR (h.object_type IS NOT NULL AND h.eliminated = :eliminated::boolean))
   AND (:no_labour::boolean IS NULL OR h.no_labour = :no_labour::boolean)
   AND (:resettled::boolean IS NULL OR h.resettled = :resettled::boolean)
   AND (:martyr_family::boolean IS NULL OR h.martyr_family = :martyr_family::boolean)
   AND (:status::text IS NULL OR h.status = :status::text)
   AND (:household_number::text IS NULL OR h.household_number = :household_number::text)
   AND (:settlement_id::uuid IS NULL OR h.settlement_id = :settlement_id::uuid)
   AND (:grid_id::uuid IS NULL OR h.grid_id = :grid_id::uuid)
   AND (:name_prefix::text IS NULL OR (h.head_name ^@ :name_prefix::text AND (k.day IS NULL OR h.head_birth_on IS NULL OR h.head_birth_on <= k.day)))
   AND (:ids::uuid[] IS NULL OR h.id = ANY (:ids::uuid[]))
