-- Somebody who held a post and is made its deputy afterwards may act in it; one whose holding ended may not by an entry made before that end.
CREATE OR REPLACE VIEW acting_post WITH (security_invoker = true) AS
  SELECT a.id AS account_id, h.post_id, h.starts_on, h.ends_on, false AS deputy FROM account a JOIN holder h ON h.person_id = a.person_id
   UNION ALL
  SELECT ap.account_id, ap.post_id, '-infinity'::date, 'infinity'::date, true FROM account_post ap
   WHERE NOT EXISTS (SELECT FROM account a JOIN holder h ON h.person_id = a.person_id
                      WHERE a.id = ap.account_id AND h.post_id = ap.post_id AND ap.created_at < h.ends_on::timestamp AT TIME ZONE 'Asia/Shanghai');

-- What is ended with an account's password, device or rights is what still runs, not all that ever ran.
CREATE INDEX session_running_idx ON session (account_id) WHERE ended_at IS NULL;
