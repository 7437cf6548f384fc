-- Leading groups, 专班 and 专责组: their unit, who sits in them from when until when. What is shown: group_as_shown() of migrations/0019.

-- name: work_group_get :one
SELECT s.* FROM work_group g, LATERAL registry.group_as_shown(g, NULL, NULL, coalesce(:as_of::date, :today::date)) AS s WHERE g.id = :id

-- name: work_group_list :page
-- Groups of the caller's divisions and above: by division, kind, topic, state, parent, who sits in them, or a day.
-- sort: created_at
SELECT s.* FROM work_group g, LATERAL registry.group_as_shown(g, NULL, NULL, coalesce(:as_of::date, :today::date)) AS s
 WHERE ((g.owner_division >= :scope_lo::text AND g.owner_division < :scope_hi::text) OR g.owner_division = ANY ((SELECT zeren.ancestors())::text[]))
   AND (:division::text IS NULL OR g.owner_division = :division::text)
   AND (:kind::text IS NULL OR g.kind = :kind::text)
   AND (:topic::text IS NULL OR g.topic = :topic::text)
   AND (:status::text IS NULL OR g.status = :status::text)
   AND (:parent_id::uuid IS NULL OR g.parent_id = :parent_id::uuid)
   AND (:organisation_id::uuid IS NULL OR g.organisation_id = :organisation_id::uuid)
   AND (:post_id::uuid IS NULL OR g.id IN (SELECT w.group_id FROM work_group_seat w
                                            WHERE w.post_id = :post_id::uuid AND w.starts_on <= coalesce(:as_of::date, :today::date)
                                              AND w.ends_on > coalesce(:as_of::date, :today::date)))
   AND (:as_of::date IS NULL OR (g.starts_on <= :as_of::date AND g.ends_on > :as_of::date))

-- name: work_group_insert :write work_group shown_division
-- R-173: of a unit registered as a work group, which is of one group at a time; a leading group is headed by posts of the duty that the setting names.
WITH wanted AS MATERIALIZED (
  SELECT coalesce((SELECT o.id FROM organisation o WHERE o.id = :organisation_id::uuid AND o.owner_division::text <@ (SELECT zeren.scope())),
                  zeren.no_such('organisation_id')) AS unit_id,
         CASE WHEN :parent_id::uuid IS NOT NULL THEN coalesce((SELECT g.id FROM work_group g WHERE g.id = :parent_id::uuid),
               zeren.no_such('parent_id')) END AS parent_id,
         registry.posts_named(:head_post_ids::uuid[], 'head_post_ids') AS heads, registry.posts_named(:deputy_post_ids::uuid[], 'deputy_post_ids') AS deputies,
         registry.units_named(:member_organisation_ids::uuid[], 'member_organisation_ids') AS members
), parts AS MATERIALIZED (
  SELECT o.id AS unit_id, o.owner_division, w.parent_id, w.heads, w.deputies, w.members FROM wanted w LEFT JOIN organisation o ON o.id = w.unit_id
   WHERE CASE WHEN o.kind <> 'work_group' THEN zeren.refuse('ZR005', 'organisation_id', 'the unit is not registered as a work group')
              WHEN EXISTS (SELECT FROM work_group p WHERE p.id = w.parent_id AND (p.status <> 'active' OR NOT registry.is_within(o.owner_division,
                    p.owner_division)))
                THEN zeren.refuse('ZR005', 'parent_id', 'a group stands under one that is active, of its own division or above')
              ELSE registry.heads_fit(:kind::text, o.owner_division, w.heads, :starts_on::date) END
), made AS (
  INSERT INTO work_group (id, owner_division, organisation_id, kind, title, topic, parent_id, starts_on, created_at)
  SELECT :new_id::uuid, p.owner_division, p.unit_id, :kind::text, :title::text, :topic::text, p.parent_id, :starts_on::date, :now::timestamptz FROM parts p
  RETURNING *
), seated AS (
  INSERT INTO work_group_seat (owner_division, group_id, seat, post_id, organisation_id, starts_on)
  SELECT m.owner_division, m.id, s.seat, s.post_id, s.organisation_id, m.starts_on
    FROM made m, parts p, LATERAL (SELECT 'head' AS seat, h.id AS post_id, NULL::uuid AS organisation_id FROM unnest(p.heads) AS h (id)
                                    UNION ALL SELECT 'deputy', d.id, NULL FROM unnest(p.deputies) AS d (id)
                                    UNION ALL SELECT 'member', NULL, u.id FROM unnest(p.members) AS u (id)) AS s
  RETURNING *
), logged AS MATERIALIZED (
  SELECT registry.log_step('work_group', m.id, m.version, m.owner_division, 'establish', :now::timestamptz, :caller_post::uuid, NULL) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.group_as_shown(m::work_group, (SELECT jsonb_agg(to_jsonb(w)) FROM seated w), (SELECT l.steps FROM logged l),
                                                          greatest(:today::date, m.starts_on)) AS s
)

-- name: work_group_correct :write work_group shown_division
-- R-173, R-174: who sits in it changes from a day on, today when none is given; who sat in it until then did.
WITH wanted AS MATERIALIZED (
  SELECT g.id, coalesce(:from::date, greatest(:today::date, g.starts_on)) AS day,
         registry.posts_named(:head_post_ids::uuid[], 'head_post_ids') AS heads, registry.posts_named(:deputy_post_ids::uuid[], 'deputy_post_ids') AS deputies,
         registry.units_named(:member_organisation_ids::uuid[], 'member_organisation_ids') AS members
    FROM work_group g
   WHERE g.id = :id AND g.version = :version::integer AND g.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN g.status <> 'active' THEN zeren.refuse('ZR003', NULL, 'the group has ended')
              WHEN :from::date < g.starts_on THEN zeren.refuse('ZR005', 'from', 'nobody sits in a group before it begins')
              ELSE true END
), target AS MATERIALIZED (
  SELECT w.* FROM wanted w LEFT JOIN work_group g ON g.id = w.id WHERE w.heads IS NULL OR registry.heads_fit(g.kind, g.owner_division, w.heads, w.day)
), made AS (
  UPDATE work_group g
     SET title = coalesce(:title::text, g.title), topic = CASE WHEN :topic_given::boolean THEN :topic::text ELSE g.topic END, version = g.version + 1
    FROM target t WHERE g.id = t.id AND g.version = :version::integer
  RETURNING g.*
), told AS MATERIALIZED (
  SELECT m.id, m.owner_division, t.day, s.seat, s.who
    FROM made m JOIN target t ON t.id = m.id, LATERAL (VALUES ('head', t.heads), ('deputy', t.deputies), ('member', t.members)) AS s (seat, who)
          WHERE s.who IS NOT NULL
), seats AS MATERIALIZED (
  SELECT w.id, w.seat, coalesce(w.post_id, w.organisation_id) AS who, w.starts_on, t.day, NOT coalesce(w.post_id, w.organisation_id) = ANY (t.who) AS goes
    FROM told t JOIN work_group_seat w ON w.group_id = t.id AND w.seat = t.seat AND w.ends_on > t.day
), gone AS (
  DELETE FROM work_group_seat w USING seats s WHERE w.id = s.id AND s.goes AND s.starts_on >= s.day RETURNING w.*
), left_on AS (
  UPDATE work_group_seat w SET ends_on = s.day FROM seats s WHERE w.id = s.id AND s.goes AND s.starts_on < s.day RETURNING w.*
), seated AS (
  INSERT INTO work_group_seat (owner_division, group_id, seat, post_id, organisation_id, starts_on)
  SELECT t.owner_division, t.id, t.seat, CASE WHEN t.seat <> 'member' THEN n.id END, CASE WHEN t.seat = 'member' THEN n.id END, t.day
    FROM told t, unnest(t.who) AS n (id) WHERE NOT EXISTS (SELECT FROM seats s WHERE s.seat = t.seat AND s.who = n.id)
  RETURNING *
), logged AS MATERIALIZED (
  SELECT registry.log_step('work_group', m.id, m.version, m.owner_division, 'change', :now::timestamptz, :caller_post::uuid, NULL) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m JOIN target t ON t.id = m.id,
         LATERAL registry.group_as_shown(m::work_group,
           (SELECT jsonb_agg(r.row) FROM (SELECT to_jsonb(a) AS row FROM seated a UNION ALL SELECT to_jsonb(b) FROM left_on b
                                           UNION ALL SELECT to_jsonb(c) || jsonb_build_object('ends_on', c.starts_on) FROM gone c) AS r),
           (SELECT l.steps FROM logged l), t.day) AS s
)

-- name: work_group_end :write work_group shown_division
-- R-174: with it all seats end.
WITH target AS MATERIALIZED (
  SELECT g.id FROM work_group g
   WHERE g.id = :id AND g.version = :version::integer AND g.status = ANY (:from_states::text[]) AND g.owner_division::text <@ (SELECT zeren.scope())
     AND CASE WHEN :on::date <= g.starts_on THEN zeren.refuse('ZR005', 'on', 'a group''s last day comes after its first')
              WHEN EXISTS (SELECT FROM work_group_seat w WHERE w.group_id = g.id AND w.starts_on >= :on::date)
                THEN zeren.refuse('ZR005', 'on', 'a seat in the group begins on that day or later')
              WHEN EXISTS (SELECT FROM work_group c WHERE c.parent_id = g.id AND c.status = 'active') THEN zeren.refuse('ZR003', NULL,
                    'a group under it is active')
              ELSE true END
), made AS (
  UPDATE work_group g SET status = :to_state::text, ends_on = :on::date, version = g.version + 1 FROM target t WHERE g.id = t.id
        AND g.version = :version::integer
  RETURNING g.*
), left_on AS (
  UPDATE work_group_seat w SET ends_on = m.ends_on FROM made m WHERE w.group_id = m.id AND w.ends_on > m.ends_on
  RETURNING w.*
), logged AS MATERIALIZED (
  SELECT registry.log_step('work_group', m.id, m.version, m.owner_division, 'end', :now::timestamptz, :caller_post::uuid,
                            :decision_note::text) AS steps FROM made m
), changed AS (
  SELECT s.* FROM made m, LATERAL registry.group_as_shown(m::work_group, (SELECT jsonb_agg(to_jsonb(w)) FROM left_on w), (SELECT l.steps FROM logged l),
                                                          :today::date) AS s
)
