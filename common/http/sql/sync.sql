-- Sync: where the feed stands, what of it concerns the caller, and conflicts of what devices bring. Rules: proto/sync.md.

-- name: sync_head :rows
-- M-3: and how many changes, of whomever, are committed and not numbered yet; no further than it matters.
SELECT f.last_seq::text, f.dropped_seq::text, (SELECT count(*) FROM (SELECT FROM outbox LIMIT 2001) AS o)::text AS waiting FROM feed f

-- name: sync_waiting :rows
-- M-3: what the caller would see of these, in their order: the rules of an event's row (read_in_reach), to those that will be ones.
SELECT o.record AS kind, o.record_id::text, o.deleted
  FROM outbox o LEFT JOIN feed_kind k ON k.kind = o.record
 WHERE o.record = ANY (:sync_kinds::text[])
   AND (k.class = 'reference'
        OR (o.owner_division::text <@ (SELECT zeren.scope()) OR (k.class = 'upward' AND o.owner_division = ANY ((SELECT zeren.ancestors())::text[])))
           AND ((SELECT zeren.lines()) IS NULL OR o.lines = '{}' OR o.lines && (SELECT zeren.lines()))
        OR o.left_division::text <@ (SELECT zeren.scope())
           AND ((SELECT zeren.lines()) IS NULL OR o.left_lines = '{}' OR o.left_lines && (SELECT zeren.lines())))
 ORDER BY o.id LIMIT :sync_limit::integer + 1

-- name: sync_events :rows
-- M-2: by number, in the caller's scope.
SELECT e.seq::text, e.kind, e.id::text, e.deleted FROM event_page(:sync_after::bigint, :sync_kinds::text[], :sync_limit::integer) AS e ORDER BY e.seq

-- name: conflict_get :one
SELECT id, owner_division, kind, record_id, op_id, operation, account_id, base_version, record_version, fields, base, mine, theirs, status, take, settled_by,
       settled_at, created_at, version
  FROM sync_conflict WHERE id = :id::uuid AND (account_id = :caller_account::uuid OR post_id = :caller_post::uuid)

-- name: conflict_list :page
-- Of the caller's account, and of the post acted in.
-- sort: created_at
SELECT id, owner_division, kind, record_id, op_id, operation, account_id, base_version, record_version, fields, base, mine, theirs, status, take, settled_by,
       settled_at, created_at, version
  FROM sync_conflict
 WHERE (account_id = :caller_account::uuid OR post_id = :caller_post::uuid)
   AND (:record_id::uuid IS NULL OR record_id = :record_id::uuid)
   AND (:status::text IS NULL OR status = :status::text)

-- name: conflict_find :rows
SELECT id::text FROM sync_conflict WHERE account_id = :caller_account::uuid AND op_id = :op_id::uuid

-- name: conflict_mine :rows
-- Waits for one who settles it at this moment.
SELECT operation, record_id::text, record_version::text, mine::text, theirs::text FROM sync_conflict
 WHERE id = :id::uuid AND status = 'open' AND version = :version::integer AND (account_id = :caller_account::uuid OR post_id = :caller_post::uuid)

-- name: conflict_keep :write sync_conflict
-- M-5: one an operation.
INSERT INTO sync_conflict (id, owner_division, kind, record_id, op_id, operation, account_id, post_id, base_version, record_version, fields, base, mine, theirs,
                           created_at)
VALUES (:new_id::uuid, :record_division::text, :kind::text, :record_id::uuid, :op_id::uuid, :operation::text, :caller_account::uuid, :caller_post::uuid,
        :base_version::integer, :record_version::integer, :fields::text[], :base::jsonb, :mine::jsonb, :theirs::jsonb, :now::timestamptz)
RETURNING id, owner_division, kind, record_id, op_id, fields, version

-- name: conflict_renew :write sync_conflict
-- M-6: the other side has moved on.
UPDATE sync_conflict SET theirs = theirs || :theirs::jsonb, record_version = :record_version::integer, version = version + 1
 WHERE id = :id::uuid AND status = 'open' AND version = :version::integer
RETURNING id, owner_division, kind, record_id, theirs, version

-- name: conflict_settle :write sync_conflict shown_division
-- M-6: once.
UPDATE sync_conflict SET status = 'settled', take = :take::text, settled_by = :caller_post::uuid, settled_at = :now::timestamptz, version = version + 1
 WHERE id = :id::uuid AND version = :version::integer AND status = 'open' AND (account_id = :caller_account::uuid OR post_id = :caller_post::uuid)
RETURNING id, owner_division, kind, record_id, op_id, operation, account_id, base_version, record_version, fields, base, mine, theirs, status, take, settled_by,
          settled_at, created_at, version
