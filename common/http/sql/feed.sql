-- The feed over HTTP, the same in every service (http/feed_routes.c). Row security shows it inside the caller's scope.

-- name: feed_kinds :rows
SELECT kind, permission FROM feed_kind ORDER BY kind

-- name: feed_head :rows
SELECT last_seq::text FROM feed

-- name: feed_touched :rows
-- Who is to be woken: the divisions of what came between two numbers. Asked for nobody's sake, in no narrower scope than all.
SELECT DISTINCT e.owner_division::text, e.upward::text, e.everywhere::text FROM event e WHERE e.in_country = '' AND e.seq > :after::bigint AND e.seq <= :upto::bigint LIMIT 2000

-- name: events_after :rows
-- E-003. The first row is the head as the page's own snapshot saw it.
SELECT f.last_seq::text AS seq, f.dropped_seq::text AS event FROM feed f
 UNION ALL
(SELECT e.seq::text, (SELECT row_to_json(r) FROM (SELECT e.seq, e.at, e.kind, e.id, e.verb, e.version, e.owner_division, e.has_left AS left, e.deleted, e.trace_id) AS r)::text
  FROM event_page(:behind::bigint, :kinds_read::text[], :rows::integer) AS e)

-- name: events_before :rows
SELECT f.last_seq::text AS seq, f.dropped_seq::text AS event FROM feed f
 UNION ALL
(SELECT e.seq::text, (SELECT row_to_json(r) FROM (SELECT e.seq, e.at, e.kind, e.id, e.verb, e.version, e.owner_division, e.has_left AS left, e.deleted, e.trace_id) AS r)::text
  FROM event_page_back(:behind::bigint, :kinds_read::text[], :rows::integer) AS e)
