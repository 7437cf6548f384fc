-- Who holds a post, and from when until when. `infinity` in the table is no ends_on in the answer.

-- name: holder_list :page
-- sort: id
SELECT id, owner_division, post_id, person_id, starts_on, nullif(ends_on, 'infinity') AS ends_on, created_at, version
  FROM holder
 WHERE (:post_id::uuid IS NULL OR post_id = :post_id::uuid)
   AND (:person_id::uuid IS NULL OR person_id = :person_id::uuid)
   AND (:as_of::date IS NULL OR (starts_on <= :as_of::date AND :as_of::date < ends_on))

-- name: holder_insert :write holder shown_division
-- The division is the post's; two holders of one post never overlap (constraint holder_overlap).
-- A-1, A-2 and I-024: who puts a person in a post gives what the post has. What others had there for a time ends, as with a hand-over (I-033).
WITH held AS MATERIALIZED (
  SELECT id, owner_division FROM post
   WHERE id = :post_id::uuid AND identity.organisation_in_own_lines(organisation_id)
     AND identity.check_holding(id, :person_id::uuid, :caller_account::uuid, :caller_post::uuid)
), added AS (
  INSERT INTO holder (id, owner_division, post_id, person_id, starts_on, ends_on, created_at)
  SELECT :new_id::uuid, (SELECT owner_division FROM held), coalesce((SELECT id FROM held), zeren.no_such('post_id')),
         coalesce((SELECT p.id FROM person p WHERE p.id = :person_id::uuid), zeren.no_such('person_id')),
         :starts_on::date, coalesce(:ends_on::date, 'infinity'), :now::timestamptz
  RETURNING *
), ended AS MATERIALIZED (
  SELECT e.* FROM added a, identity.greet_in_post(a.post_id, a.starts_on, :today::date, :now::timestamptz, :caller_post::uuid) AS e
   WHERE a.ends_on > :today::date
), also_changed AS (
  SELECT e.kind, e.id, e.version, e.owner_division, e.body, e.before FROM ended e
), changed AS (
  SELECT id, owner_division, post_id, person_id, starts_on, nullif(ends_on, 'infinity') AS ends_on, created_at, version FROM added
)

-- name: holder_get :one
SELECT id, owner_division, post_id, person_id, starts_on, nullif(ends_on, 'infinity') AS ends_on, created_at, version FROM holder WHERE id = :id

-- name: holder_correct :write holder shown_division
-- The days only: another person in the post is another entry. More days are given like a post (A-1, A-2); fewer are not.
UPDATE holder
   SET starts_on = coalesce(:starts_on::date, starts_on),
       ends_on = CASE WHEN :ends_on_given::boolean THEN coalesce(:ends_on::date, 'infinity') ELSE ends_on END,
       former_ends_on = CASE WHEN :ends_on_given::boolean THEN NULL ELSE former_ends_on END, version = version + 1
 WHERE id = :id AND version = :version::integer
   AND CASE WHEN coalesce(:starts_on::date, starts_on) >= starts_on AND (NOT :ends_on_given::boolean OR coalesce(:ends_on::date, 'infinity') <= ends_on)
       THEN true
            ELSE identity.check_holding(post_id, person_id, :caller_account::uuid, :caller_post::uuid) END
   AND EXISTS (SELECT FROM post p WHERE p.id = holder.post_id AND identity.organisation_in_own_lines(p.organisation_id))
RETURNING id, owner_division, post_id, person_id, starts_on, nullif(ends_on, 'infinity') AS ends_on, created_at, version
