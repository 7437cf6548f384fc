-- Lists of organisations and their revisions, weights, monthly refinement, drives (攻坚) and work orders (指令). Rules R-120 to R-137 of proto/registry.md.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('registry.work_order_amber_work_days', '000000000000', 0, '2', true, 'assumed: two work days before a work order is due; no source gives a number'),
  ('registry.drive_amber_work_days', '000000000000', 0, '5', true, 'assumed: a working week before a drive ends; no source gives a number');

-- ---- whose list, and which edition it revises
ALTER TABLE duty_list
  ADD COLUMN organisation_id uuid CONSTRAINT duty_list_organisation_id_fkey REFERENCES organisation,
  ADD COLUMN revises_id uuid CONSTRAINT duty_list_revises_id_fkey REFERENCES duty_list,
  ADD COLUMN reason text,
  ADD CONSTRAINT duty_list_reason_check CHECK ((revises_id IS NULL) = (reason IS NULL));
COMMENT ON COLUMN duty_list.organisation_id IS 'The department or group whose list of the year it is; NULL: the division''s own';
COMMENT ON COLUMN duty_list.revises_id IS 'The edition in force that it was copied from; NULL: drafted or imported anew';
COMMENT ON COLUMN duty_list.reason IS 'Why that edition is revised';
ALTER TABLE duty_list DROP CONSTRAINT duty_list_edition_key,
  ADD CONSTRAINT duty_list_edition_key UNIQUE NULLS NOT DISTINCT (owner_division, year, organisation_id, edition),
  DROP CONSTRAINT duty_list_one_in_force,
  ADD CONSTRAINT duty_list_one_in_force EXCLUDE USING btree (owner_division WITH =, year WITH =,
    (coalesce(organisation_id, '00000000-0000-0000-0000-000000000000')) WITH =) WHERE (status = 'in_force') DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX duty_list_organisation_id_idx ON duty_list (organisation_id, year) WHERE organisation_id IS NOT NULL;
COMMENT ON TABLE duty_list IS 'A year''s responsibility list of a division, or of one of its units; edition counts its versions, of which one is in force';

-- R-138: the days that an edition counts for, wherever items are counted: the first one from the beginning of its year, or of its earliest item, the next ones from the
-- day that they came in force; each until the day that another came in force. A closed list counts on: what it left open stays open.
ALTER TABLE duty_list ADD COLUMN holds_from date, ADD COLUMN holds_until date;
COMMENT ON COLUMN duty_list.holds_from IS 'The first day that the edition counts for (R-138); NULL: it never came in force';
COMMENT ON COLUMN duty_list.holds_until IS 'The day that another edition of the list came in force; infinity: none has';
-- The earliest item of a list, whoever asks: a post that is limited to lines brings a list in force that has items of others, too. Nothing else is looked at past them.
CREATE FUNCTION first_day_of(list uuid) RETURNS date LANGUAGE plpgsql VOLATILE AS $$
DECLARE scope_before text := coalesce(current_setting('zeren.scope', true), ''); lines_before text := coalesce(current_setting('zeren.lines', true), ''); first_day date;
BEGIN
  PERFORM set_config('zeren.scope', '{["","~")}', true), set_config('zeren.lines', '', true);
  SELECT min(i.starts_on) INTO first_day FROM registry.item i WHERE i.duty_list_id = list;
  PERFORM set_config('zeren.scope', scope_before, true), set_config('zeren.lines', lines_before, true);
  RETURN first_day;
END $$;
CREATE FUNCTION hold_list() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE came_on date := (coalesce(NEW.in_force_at, now()) AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
  IF NEW.holds_from IS NULL THEN
    NEW.holds_until := 'infinity';
    NEW.holds_from := CASE WHEN EXISTS (SELECT FROM registry.duty_list l
                                         WHERE l.owner_division = NEW.owner_division AND l.organisation_id IS NOT DISTINCT FROM NEW.organisation_id AND l.year = NEW.year
                                           AND l.holds_from IS NOT NULL AND l.id <> NEW.id) THEN came_on
                           ELSE least(make_date(NEW.year, 1, 1), came_on, registry.first_day_of(NEW.id)) END;
  END IF;
  IF NEW.status = 'superseded' THEN
    NEW.holds_until := least(NEW.holds_until, (coalesce(NEW.ended_at, now()) AT TIME ZONE 'Asia/Shanghai')::date);
  END IF;
  RETURN NEW;
END $$;
ALTER TABLE duty_list DISABLE ROW LEVEL SECURITY;
ALTER TABLE item DISABLE ROW LEVEL SECURITY;
UPDATE duty_list l
   SET holds_from = CASE WHEN l.in_force_at > f.first_at THEN (l.in_force_at AT TIME ZONE 'Asia/Shanghai')::date
                         ELSE least(make_date(l.year, 1, 1), (l.in_force_at AT TIME ZONE 'Asia/Shanghai')::date,
                                    (SELECT min(i.starts_on) FROM item i WHERE i.duty_list_id = l.id)) END,
       holds_until = coalesce((f.next_at AT TIME ZONE 'Asia/Shanghai')::date, 'infinity')
  FROM (SELECT k.id, min(k.in_force_at) OVER w AS first_at, lead(k.in_force_at) OVER w AS next_at
          FROM duty_list k WHERE k.status IN ('in_force', 'superseded', 'closed')
        WINDOW w AS (PARTITION BY k.owner_division, k.organisation_id, k.year ORDER BY k.in_force_at, k.edition)) AS f
 WHERE l.id = f.id;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE duty_list ENABLE ROW LEVEL SECURITY;
ALTER TABLE item ENABLE ROW LEVEL SECURITY;
CREATE TRIGGER hold_list BEFORE INSERT OR UPDATE OF status ON duty_list FOR EACH ROW
  WHEN (NEW.status IN ('in_force', 'superseded', 'closed')) EXECUTE FUNCTION hold_list();

-- What serves a line of a plan, year by year (R-113): of the editions that count now.
CREATE OR REPLACE FUNCTION plan_line_years(line uuid) RETURNS json LANGUAGE sql STABLE
  RETURN (SELECT coalesce(json_agg(json_build_object('year', y.year, 'tasks', y.tasks, 'items', y.items, 'done', y.done, 'completion', y.completion) ORDER BY y.year), '[]')
            FROM (SELECT d.year, count(DISTINCT k.id) AS tasks, count(i.id) AS items, count(i.done_on) AS done, (avg(i.completion_bp) / 100)::numeric(5,2)::text AS completion
                    FROM registry.task k JOIN registry.duty_list d ON d.id = k.duty_list_id AND d.holds_until = 'infinity'
                         LEFT JOIN registry.item i ON i.task_id = k.id
                   WHERE k.plan_line_id = line GROUP BY d.year) AS y);

-- The next edition of the list of that division or unit: whoever makes one at the same time waits for it, and then reads anew.
DROP FUNCTION next_edition(text, integer);
CREATE FUNCTION next_edition(division text, unit uuid, of_year integer) RETURNS smallint LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('registry.duty_list ' || division || ' ' || of_year || coalesce(' ' || unit, ''), 0));
  RETURN (SELECT 1 + coalesce(max(l.edition), 0) FROM registry.duty_list l
           WHERE l.owner_division = division AND l.year = of_year AND l.organisation_id IS NOT DISTINCT FROM unit);
END $$;

-- A list as the API shows it.
CREATE FUNCTION duty_list_as_shown(l duty_list)
RETURNS TABLE (id uuid, owner_division text, organisation_id uuid, organisation text, year smallint, title text, edition smallint, revises_id uuid, reason text,
  status text, assumed boolean, approved_at timestamptz, filed_at timestamptz, in_force_at timestamptz, ended_at timestamptz, created_at timestamptz, version integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT l.id, l.owner_division::text, l.organisation_id, (SELECT o.name FROM registry.organisation o WHERE o.id = l.organisation_id), l.year, l.title, l.edition,
         l.revises_id, l.reason, l.status, l.assumed, l.approved_at, l.filed_at, l.in_force_at, l.ended_at, l.created_at, l.version;
END;

-- R-120: a unit's list belongs to the unit's division.
CREATE FUNCTION known_unit_of_list(unit uuid, division text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE of_division text := (SELECT o.owner_division FROM registry.organisation o WHERE o.id = unit);
BEGIN
  IF unit IS NULL THEN RETURN NULL; END IF;
  IF of_division IS NULL OR NOT coalesce(of_division <@ zeren.scope(), false) THEN PERFORM zeren.no_such('organisation_id'); END IF;
  IF of_division <> division THEN PERFORM zeren.refuse('ZR005', 'organisation_id', 'the list of a unit belongs to the unit''s division'); END IF;
  RETURN unit;
END $$;

-- R-129: a draft that nothing came of is discarded, not taken away: its number stays with it.
ALTER TABLE duty_list DROP CONSTRAINT duty_list_status_check,
  ADD CONSTRAINT duty_list_status_check CHECK (status IN ('draft', 'approved', 'filed', 'in_force', 'superseded', 'closed', 'discarded'));
-- The step is not taken while something names an item of the list (R-121).
CREATE FUNCTION names_item_of(list uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE items uuid[] := ARRAY(SELECT i.id FROM registry.item i WHERE i.duty_list_id = list);
BEGIN
  RETURN EXISTS (SELECT FROM registry.urging u WHERE u.item_id = ANY (items)) OR EXISTS (SELECT FROM registry.work_order w WHERE w.item_id = ANY (items))
         OR EXISTS (SELECT FROM registry.drive d WHERE d.item_ids && items);
END $$;

-- ---- what a revision copies, and the weights
ALTER TABLE task ADD COLUMN topic text COLLATE "C" CONSTRAINT task_topic_fkey REFERENCES topic, ADD COLUMN origin_id uuid CONSTRAINT task_origin_id_fkey REFERENCES task,
  ADD CONSTRAINT task_origin_key UNIQUE (origin_id, duty_list_id);
COMMENT ON COLUMN task.origin_id IS 'The task of the first edition that it goes on from; NULL: it is new';
ALTER TABLE item ADD COLUMN weight numeric(9,4), ADD COLUMN origin_id uuid CONSTRAINT item_origin_id_fkey REFERENCES item,
  ADD CONSTRAINT item_origin_key UNIQUE (origin_id, duty_list_id),
  ADD CONSTRAINT item_weight_check CHECK (weight > 0 AND weight <= 100);
COMMENT ON COLUMN item.weight IS 'What it counts among the items of its task, of 100; all items of a task have one, or none has';
COMMENT ON COLUMN item.origin_id IS 'The item of the first edition that it goes on from; NULL: it is new. Items of one origin are one matter in several editions';
GRANT DELETE ON task, item TO registry_service;

-- The task of an item that is recorded under a former code of another county is that county's, and not shown (A-10).
CREATE OR REPLACE VIEW item_shown WITH (security_invoker = true) AS
  SELECT i.id, i.owner_division, i.at_division, i.duty_list_id, i.task_id, t.number AS task_number, t.title AS task_title, i.title,
         i.lead_organisation_id, o.name AS lead_organisation, i.assist_organisation_ids,
         (SELECT coalesce(json_agg(a.name ORDER BY a.name), '[]') FROM organisation a WHERE a.id = ANY (i.assist_organisation_ids)) AS assist_organisations,
         i.starts_on, i.due_on, i.measure, trim_scale(i.target)::text AS target, i.unit_of_measure,
         trim_scale(i.progress)::text AS progress, i.progress_on, (i.completion_bp / 100.0)::numeric(5,2)::text AS completion, i.done_on,
         (SELECT coalesce(json_agg(json_build_object('position', m.position, 'name', m.name, 'due_on', m.due_on, 'reached_on', m.reached_on)
                 ORDER BY m.position), '[]') FROM milestone m WHERE m.item_id = i.id) AS milestones,
         i.created_at, i.version, i.pauses, i.paused_on, trim_scale(i.weight)::text AS weight, i.origin_id
    FROM item i LEFT JOIN task t ON t.id = i.task_id LEFT JOIN organisation o ON o.id = i.lead_organisation_id;

-- R-124: the id of a record's copy in another list, known without a look at either: a uuid of version 8.
CREATE FUNCTION copy_id(of uuid, into_list uuid) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT
  RETURN overlay(overlay(md5(into_list || ' ' || of) PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid;

-- R-122: the number of the first task whose weights are given in part or do not add up to 100; NULL: none.
-- Reads anew: asked when the list is held.
CREATE FUNCTION badly_weighted_task(list uuid) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (SELECT t.number FROM registry.item i JOIN registry.task t ON t.id = i.task_id WHERE i.duty_list_id = list
           GROUP BY t.id, t.number, t.position HAVING count(i.weight) > 0 AND (count(i.weight) < count(*) OR sum(i.weight) <> 100) ORDER BY t.position, t.id LIMIT 1);
END $$;

-- ---- reports while one edition follows another
-- R-125: the state of a list, which nobody changes until this transaction ends. Whoever reports on a list, decides on a report or pauses a deadline holds it with
-- others; whoever brings the edition in force that revises it holds it alone, and so waits for all of them, and they for him. A volatile function reads anew.
CREATE FUNCTION list_status_held(list uuid, alone boolean) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF alone THEN
    PERFORM pg_advisory_xact_lock(hashtextextended('registry.duty_list.reports ' || list, 0));
  ELSE
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('registry.duty_list.reports ' || list, 0));
  END IF;
  RETURN (SELECT l.status FROM registry.duty_list l WHERE l.id = list);
END $$;

-- The item of a list in force that goes on from this one.
CREATE FUNCTION item_carried_on(i item) RETURNS uuid LANGUAGE sql STABLE
  RETURN (SELECT n.id FROM registry.item n JOIN registry.duty_list l ON l.id = n.duty_list_id AND l.status = 'in_force'
           WHERE n.origin_id = coalesce(i.origin_id, i.id) AND n.id <> i.id LIMIT 1);

-- An item in all the editions that the caller sees; NULL: none. Asked in a sub-select, so that a list is still found by its index.
CREATE FUNCTION item_editions(of_item uuid) RETURNS uuid[] LANGUAGE sql STABLE
  RETURN (SELECT array_agg(e.id) FROM registry.item i JOIN registry.item e ON coalesce(i.origin_id, i.id) IN (e.id, e.origin_id) WHERE i.id = of_item);

-- The day from which on the confirmed values of an item reach its target: the first one behind the last that fell short. What was confirmed in former editions counts,
-- in the same unit of measure. Sees what others confirmed while this statement waited for the item, for a volatile function reads anew. The report that counts now is
-- given by its own values; none is when an edition comes in force.
CREATE OR REPLACE FUNCTION value_done_on(i item, report_id uuid, reported_on date, value numeric) RETURNS date LANGUAGE plpgsql VOLATILE AS $$
DECLARE done date;
BEGIN
  WITH counted AS (
    SELECT r.reported_on AS day, r.decided_at AS at, r.value >= i.target AS enough
      FROM registry.report r
     WHERE r.status = 'confirmed' AND r.id IS DISTINCT FROM report_id
       AND (r.item_id = i.id OR r.item_id IN (SELECT f.id FROM registry.item f WHERE (f.id = i.origin_id OR f.origin_id = i.origin_id)
                                                 AND f.created_at < i.created_at AND f.unit_of_measure = i.unit_of_measure))
    UNION ALL SELECT value_done_on.reported_on, 'infinity', value_done_on.value >= i.target WHERE value_done_on.value IS NOT NULL
  ), short AS (SELECT day, at FROM counted WHERE NOT enough ORDER BY day DESC, at DESC LIMIT 1)
  SELECT min(c.day) INTO done FROM counted c WHERE c.enough AND NOT EXISTS (SELECT FROM short s WHERE (c.day, c.at) <= (s.day, s.at));
  RETURN done;
END $$;

-- R-037: a new edition that leaves a deadline where it was does not tell it one level up again.
CREATE FUNCTION tell_deadline_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE origin uuid := (SELECT i.origin_id FROM registry.item i WHERE i.id = NEW.item_id);
BEGIN
  IF EXISTS (SELECT FROM registry.item f JOIN registry.escalation x ON x.item_id = f.id
              WHERE (f.id = origin OR f.origin_id = origin) AND x.step = NEW.step AND x.due_on = NEW.due_on) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER told_once BEFORE INSERT ON escalation FOR EACH ROW WHEN (NEW.item_id IS NOT NULL) EXECUTE FUNCTION tell_deadline_once();

-- ---- monthly refinement
CREATE TABLE refinement (
  id uuid CONSTRAINT refinement_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  item_id uuid NOT NULL CONSTRAINT refinement_item_id_fkey REFERENCES item,
  month date NOT NULL,
  content text NOT NULL,
  standard text,
  organisation_id uuid NOT NULL CONSTRAINT refinement_organisation_id_fkey REFERENCES organisation,
  post_id uuid NOT NULL,
  refined_on date NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT refinement_month_key UNIQUE (item_id, month),
  CONSTRAINT refinement_month_check CHECK (extract(day FROM month) = 1)
);
COMMENT ON TABLE refinement IS 'What the lead unit of an item does in one month, and to which standard: one a month and item, told by the unit itself';
COMMENT ON COLUMN refinement.month IS 'The first day of the month';
COMMENT ON COLUMN refinement.post_id IS 'The post that refined it (identity.post)';
COMMENT ON COLUMN refinement.refined_on IS 'The day it was told, which says whether it was told in time';
CREATE INDEX refinement_owner_division_idx ON refinement (owner_division, created_at, id);
CREATE INDEX refinement_created_at_idx ON refinement (created_at, id);
CREATE INDEX refinement_organisation_id_idx ON refinement (organisation_id, month);
CALL zeren.classify('refinement', 'scoped');
GRANT SELECT, INSERT, UPDATE ON refinement TO registry_service;
GRANT SELECT ON refinement TO registry_worker;

-- ---- drives
CREATE TABLE drive (
  id uuid CONSTRAINT drive_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  title text NOT NULL,
  leader_post_id uuid NOT NULL,
  organisation_id uuid NOT NULL CONSTRAINT drive_organisation_id_fkey REFERENCES organisation,
  topic text COLLATE "C" CONSTRAINT drive_topic_fkey REFERENCES topic,
  goal text NOT NULL,
  starts_on date NOT NULL,
  ends_on date NOT NULL,
  status text COLLATE "C" NOT NULL DEFAULT 'planned',
  item_ids uuid[] NOT NULL DEFAULT '{}',
  started_on date,
  ended_on date,
  result text,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT drive_status_check CHECK (status IN ('planned', 'running', 'ended')),
  CONSTRAINT drive_period_check CHECK (starts_on <= ends_on),
  CONSTRAINT drive_result_check CHECK ((status = 'ended') = (result IS NOT NULL))
);
COMMENT ON TABLE drive IS 'A phase in which forces are gathered on one goal (集中攻坚), with a leader and an end; belongs to the division and the line of the unit in charge';
COMMENT ON COLUMN drive.leader_post_id IS 'The leader''s post (identity.post), whoever holds it';
COMMENT ON COLUMN drive.item_ids IS 'The items it is to bring forward';
CREATE INDEX drive_owner_division_idx ON drive (owner_division, created_at, id);
CREATE INDEX drive_created_at_idx ON drive (created_at, id);
CREATE INDEX drive_leader_post_id_idx ON drive (leader_post_id);
CREATE INDEX drive_organisation_id_idx ON drive (organisation_id, starts_on);
CALL zeren.classify('drive', 'scoped');
GRANT SELECT, INSERT, UPDATE ON drive TO registry_service;
GRANT SELECT ON drive TO registry_worker;

-- R-128: all of these are items that the caller sees, of that division or below it; or refused.
CREATE FUNCTION items_within(ids uuid[], division text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF (SELECT count(*) FROM registry.item i WHERE i.id = ANY (ids)) <> cardinality(ids) THEN PERFORM zeren.no_such('item_ids'); END IF;
  IF EXISTS (SELECT FROM registry.item i WHERE i.id = ANY (ids) AND NOT registry.is_within(i.owner_division, items_within.division)) THEN
    PERFORM zeren.refuse('ZR005', 'item_ids', 'items are of the division of the unit in charge or below it');
  END IF;
  RETURN true;
END $$;

-- ---- work orders
CREATE TABLE work_order (
  id uuid CONSTRAINT work_order_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  year smallint NOT NULL,
  position integer NOT NULL,
  number text NOT NULL,
  issuer_organisation_id uuid NOT NULL CONSTRAINT work_order_issuer_organisation_id_fkey REFERENCES organisation,
  issuer_post_id uuid NOT NULL,
  issuer_name text NOT NULL,
  addressee_organisation_id uuid NOT NULL CONSTRAINT work_order_addressee_organisation_id_fkey REFERENCES organisation,
  addressee_post_id uuid,
  matter text NOT NULL,
  standard text,
  issued_on date NOT NULL,
  due_on date NOT NULL,
  source_kind text COLLATE "C" NOT NULL DEFAULT 'direct',
  source_id uuid,
  drive_id uuid CONSTRAINT work_order_drive_id_fkey REFERENCES drive,
  item_id uuid CONSTRAINT work_order_item_id_fkey REFERENCES item,
  status text COLLATE "C" NOT NULL DEFAULT 'issued',
  received_by uuid,
  received_at timestamptz,
  feedback text,
  reported_by uuid,
  reported_at timestamptz,
  decision_note text,
  decided_by uuid,
  decided_at timestamptz,
  completed_on date,
  returns smallint NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT work_order_number_key UNIQUE (issuer_organisation_id, year, position),
  CONSTRAINT work_order_status_check CHECK (status IN ('issued', 'received', 'reported', 'completed', 'returned', 'withdrawn')),
  CONSTRAINT work_order_source_check CHECK (source_kind IN ('direct', 'drive', 'meeting', 'problem') AND (source_kind = 'direct') = (source_id IS NULL)),
  CONSTRAINT work_order_self_check CHECK (issuer_organisation_id <> addressee_organisation_id),
  CONSTRAINT work_order_due_check CHECK (issued_on <= due_on)
);
COMMENT ON TABLE work_order IS 'A numbered order (工作指令): who tells whom to do what, to which standard, by when; belongs to the division of its addressee and to the lines of both units';
COMMENT ON COLUMN work_order.number IS 'Its number, without gaps by issuer and year; its paper bears the same';
COMMENT ON COLUMN work_order.issuer_name IS 'The issuer as it was called then: those below may not see the unit itself';
COMMENT ON COLUMN work_order.source_id IS 'What it came out of: a drive, a decision of a meeting, a problem; NULL: given directly';
CREATE INDEX work_order_owner_division_idx ON work_order (owner_division, created_at, id);
CREATE INDEX work_order_created_at_idx ON work_order (created_at, id);
CREATE INDEX work_order_due_on_idx ON work_order (due_on, id);
CREATE INDEX work_order_issuer_idx ON work_order (issuer_organisation_id, status, due_on);
CREATE INDEX work_order_addressee_idx ON work_order (addressee_organisation_id, status, due_on);
CREATE INDEX work_order_drive_id_idx ON work_order (drive_id) WHERE drive_id IS NOT NULL;
CREATE INDEX work_order_item_id_idx ON work_order (item_id) WHERE item_id IS NOT NULL;
CREATE INDEX work_order_source_id_idx ON work_order (source_id) WHERE source_id IS NOT NULL;
CALL zeren.classify('work_order', 'scoped');
GRANT SELECT, INSERT, UPDATE ON work_order TO registry_service;
GRANT SELECT ON work_order TO registry_worker;

INSERT INTO paper_template (code, label, record, number_word, form, assumed, source) VALUES
  ('work_order', '工作指令', 'work_order', '指令',
'title 工作指令
number {number}
addressee {addressee}：
paragraph 请你单位办理以下事项：{matter}
paragraph 工作标准：{standard}
paragraph 请于{due_on}前办结，并将办理情况反馈我单位。
signature {issuer} | {date}
note 文书样式与措辞为系统示例，不是法定文本。
', true, 'ours');

-- R-130, R-131, R-132, R-133: gives a work order inside the statement of whoever gives it; every way to one leads through here. `wanted`: {id, addressee_organisation_id, addressee_post_id,
-- matter, standard, due_on, source_kind, source_id, drive_id, item_id}; id, matter and due_on are there. The number is the next of the issuer's orders of that year; its row
-- stays locked until the transaction ends, so none is missing and none given twice (R-090). A refusal names the addressee as the caller's body calls it. Returns the order:
-- the statement that asks for it audits and announces it (also_changed). Its first step is written here; who shows it in the same statement passes
-- work_order_first_step() on. Where it is given for rows (LATERAL), its arguments name the row: what depends on none is called once for all of them.
CREATE FUNCTION issue_work_order(wanted jsonb, by_unit uuid, by_post uuid, on_day date, at timestamptz, addressee_named text DEFAULT 'addressee_organisation_id')
RETURNS work_order LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  issuer registry.organisation; addressee registry.organisation; made registry.work_order;
  post uuid := wanted ->> 'addressee_post_id'; item uuid := wanted ->> 'item_id'; drive uuid := wanted ->> 'drive_id'; due date := wanted ->> 'due_on';
BEGIN
  SELECT * INTO issuer FROM registry.organisation o WHERE o.id = by_unit;
  IF issuer.id IS NULL THEN PERFORM zeren.refuse('ZR004', NULL, 'your post''s unit is not registered'); END IF;
  IF wanted ->> 'addressee_organisation_id' IS NULL THEN PERFORM zeren.refuse('ZR005', addressee_named, 'a work order names the unit it is given to'); END IF;
  SELECT * INTO addressee FROM registry.organisation o
   WHERE o.id = (wanted ->> 'addressee_organisation_id')::uuid AND coalesce(o.owner_division::text <@ zeren.scope(), false);
  IF addressee.id IS NULL THEN PERFORM zeren.no_such(addressee_named); END IF;
  IF addressee.id = issuer.id THEN PERFORM zeren.refuse('ZR005', addressee_named, 'nobody gives the own unit a work order'); END IF;
  IF NOT registry.is_within(addressee.owner_division, issuer.owner_division) THEN
    PERFORM zeren.refuse('ZR005', addressee_named, 'one gives work orders to units of the own division and below it');
  END IF;
  IF post IS NOT NULL AND NOT EXISTS (SELECT FROM identity_pub.post_holder h WHERE h.post_id = post AND h.organisation_id = addressee.id) THEN
    PERFORM zeren.refuse('ZR005', replace(addressee_named, 'organisation', 'post'), 'the unit has no such post');
  END IF;
  IF due < on_day THEN PERFORM zeren.refuse('ZR005', 'due_on', 'a work order is due today at the earliest'); END IF;
  PERFORM registry.deadline(due);
  IF item IS NOT NULL AND NOT EXISTS (SELECT FROM registry.item i WHERE i.id = item) THEN PERFORM zeren.no_such('item_id'); END IF;
  IF item IS NOT NULL AND NOT EXISTS (SELECT FROM registry.item i WHERE i.id = item AND addressee.id = ANY (i.lead_organisation_id || i.assist_organisation_ids)) THEN
    PERFORM zeren.refuse('ZR005', addressee_named, 'the unit neither leads nor assists in this item');
  END IF;
  IF drive IS NOT NULL AND NOT EXISTS (SELECT FROM registry.drive d WHERE d.id = drive) THEN PERFORM zeren.no_such('drive_id'); END IF;
  IF drive IS NOT NULL AND EXISTS (SELECT FROM registry.drive d WHERE d.id = drive AND d.status = 'ended') THEN
    PERFORM zeren.refuse('ZR003', NULL, 'the drive has ended');
  END IF;
  INSERT INTO registry.work_order AS w (id, owner_division, at_division, lines, year, position, number, issuer_organisation_id, issuer_post_id, issuer_name,
      addressee_organisation_id, addressee_post_id, matter, standard, issued_on, due_on, source_kind, source_id, drive_id, item_id, created_at)
  SELECT (wanted ->> 'id')::uuid, addressee.owner_division, addressee.owner_division,
         coalesce((SELECT array_agg(DISTINCT l.line ORDER BY l.line) FROM unnest(ARRAY[addressee.line, issuer.line]) AS l (line)
                    WHERE l.line IS NOT NULL AND addressee.line IS NOT NULL), '{}'),
         extract(year FROM on_day), n.position, t.number_word || '〔' || extract(year FROM on_day) || '〕' || n.position || '号', issuer.id, by_post, issuer.name,
         addressee.id, post, wanted ->> 'matter', wanted ->> 'standard', on_day, due, coalesce(wanted ->> 'source_kind', 'direct'), (wanted ->> 'source_id')::uuid,
         drive, item, at
    FROM registry.paper_template t, LATERAL (SELECT registry.take_paper_number(issuer.id, extract(year FROM on_day)::integer, t.code) AS position) AS n
   WHERE t.code = 'work_order'
  RETURNING w.* INTO made;
  INSERT INTO registry.record_step (record, record_id, position, owner_division, lines, verb, at, post_id, due_on)
  VALUES ('work_order', made.id, made.version, made.owner_division, made.lines, 'issue', made.created_at, made.issuer_post_id, made.due_on);
  RETURN made;
END $$;
COMMENT ON FUNCTION issue_work_order(jsonb, uuid, uuid, date, timestamptz, text) IS
  'Gives a numbered work order and logs its first step; the calling statement audits and announces what it returns. R-130 to R-133';

-- The step that issue_work_order() has just written, for steps_shown() of the same statement, whose snapshot does not see it.
CREATE FUNCTION work_order_first_step(w work_order) RETURNS jsonb LANGUAGE sql IMMUTABLE
  RETURN jsonb_build_array(jsonb_build_object('position', w.version, 'verb', 'issue', 'at', w.created_at, 'post_id', w.issuer_post_id, 'note', NULL, 'due_on', w.due_on));

-- R-136: red when it is late, amber shortly before; what is reported waits for its issuer, and is green, as is what is over.
CREATE FUNCTION work_order_light(division text, due_on date, status text, as_of date) RETURNS text LANGUAGE sql STABLE
  RETURN zeren.light(due_on, as_of, CASE WHEN status NOT IN ('issued', 'received', 'returned') THEN as_of END,
                     zeren.setting_value('registry.work_order_amber_work_days', division, extract(year FROM due_on)::integer)::integer, 0);

-- A work order as the API shows it; `more`: steps of this statement, which its snapshot does not see.
CREATE FUNCTION work_order_as_shown(w work_order, more jsonb, as_of date)
RETURNS TABLE (id uuid, owner_division text, at_division text, number text, issuer_organisation_id uuid, issuer text, issuer_post_id uuid,
  addressee_organisation_id uuid, addressee text, addressee_post_id uuid, matter text, standard text, issued_on date, due_on date, source_kind text, source_id uuid,
  drive_id uuid, item_id uuid, status text, light text, received_by uuid, received_at timestamptz, feedback text, reported_by uuid, reported_at timestamptz,
  decision_note text, decided_by uuid, decided_at timestamptz, completed_on date, returns smallint, steps json, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT w.id, w.owner_division::text, w.at_division::text, w.number, w.issuer_organisation_id, w.issuer_name, w.issuer_post_id, w.addressee_organisation_id,
         (SELECT o.name FROM registry.organisation o WHERE o.id = w.addressee_organisation_id), w.addressee_post_id, w.matter, w.standard, w.issued_on, w.due_on,
         w.source_kind, w.source_id, w.drive_id, w.item_id, w.status, registry.work_order_light(w.owner_division, w.due_on, w.status, as_of),
         w.received_by, w.received_at, w.feedback, w.reported_by, w.reported_at, w.decision_note, w.decided_by, w.decided_at, w.completed_on, w.returns,
         registry.steps_shown('work_order', w.id, more), w.created_at, w.version;
END;

-- A drive as the API shows it, with how far its items and orders are.
CREATE FUNCTION drive_as_shown(d drive, more jsonb, as_of date)
RETURNS TABLE (id uuid, owner_division text, at_division text, title text, leader_post_id uuid, organisation_id uuid, organisation text, topic text, goal text,
  starts_on date, ends_on date, status text, light text, item_ids uuid[], items_done bigint, work_orders bigint, work_orders_completed bigint, started_on date,
  ended_on date, result text, steps json, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT d.id, d.owner_division::text, d.at_division::text, d.title, d.leader_post_id, d.organisation_id,
         (SELECT o.name FROM registry.organisation o WHERE o.id = d.organisation_id), d.topic, d.goal, d.starts_on, d.ends_on, d.status,
         zeren.light(d.ends_on, as_of, d.ended_on, zeren.setting_value('registry.drive_amber_work_days', d.owner_division, extract(year FROM d.ends_on)::integer)::integer, 0),
         d.item_ids, (SELECT count(*) FROM registry.item i LEFT JOIN registry.item n ON n.id = registry.item_carried_on(i)
                       WHERE i.id = ANY (d.item_ids) AND CASE WHEN n.id IS NULL THEN i.done_on ELSE n.done_on END IS NOT NULL),
         c.orders, c.completed, d.started_on, d.ended_on, d.result, registry.steps_shown('drive', d.id, more), d.created_at, d.version
    FROM (SELECT count(*) FILTER (WHERE w.status <> 'withdrawn') AS orders, count(*) FILTER (WHERE w.status = 'completed') AS completed
            FROM registry.work_order w WHERE w.drive_id = d.id) AS c;
END;

-- ---- what is announced and told
INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('refinement', 'scoped', 'duty_list.read', '月度细化'),
  ('drive', 'scoped', 'work_order.read', '集中攻坚'),
  ('work_order', 'scoped', 'work_order.read', '工作指令');
-- notices: work_order: told 'addressee' = addressee_organisation_id, 'issuer' = issuer_organisation_id; title = number || ' ' || matter.
INSERT INTO notice_rule (kind, verb, told, words) VALUES
  ('work_order', 'issue_work_order', 'addressee', '收到工作指令，请接收并按期反馈：%s'),
  ('work_order', 'report_work_order', 'issuer', '工作指令已反馈，请核定：%s'),
  ('work_order', 'complete_work_order', 'addressee', '工作指令已办结：%s'),
  ('work_order', 'return_work_order', 'addressee', '工作指令反馈被退回，请重新反馈：%s'),
  ('work_order', 'withdraw_work_order', 'addressee', '工作指令已撤回：%s');

-- What other services read of them, for the work list and for why a record is the caller's to see.
GRANT SELECT (id, owner_division, at_division, lines) ON refinement, drive TO identity_service;
GRANT SELECT (title, leader_post_id, organisation_id, status, starts_on, ends_on) ON drive TO identity_service;
GRANT SELECT (id, owner_division, at_division, lines, number, status, issuer_organisation_id, addressee_organisation_id, addressee_post_id, matter, issued_on, due_on,
              reported_at) ON work_order TO identity_service;

-- ---- words
CALL zeren.tell_codes('drive_status', '集中攻坚状态', '本系统：规则 R-128', '
  planned 计划
  running 进行中
  ended 已结束');
CALL zeren.tell_codes('drive_verb', '集中攻坚步骤', '本系统：规则 R-128', '
  plan 部署
  start 启动
  end 结束');
CALL zeren.tell_codes('work_order_status', '工作指令状态', '本系统：规则 R-134、R-135', '
  issued 已下达
  received 已接收
  reported 已反馈
  completed 已办结
  returned 已退回
  withdrawn 已撤回');
CALL zeren.tell_codes('work_order_verb', '工作指令步骤', '本系统：规则 R-134、R-135', '
  issue 下达
  receive 接收
  report_back 反馈
  complete 办结
  return 退回
  withdraw 撤回');
CALL zeren.tell_codes('work_order_source', '工作指令来源', '本系统：规则 R-130', '
  direct 直接下达
  drive 集中攻坚
  meeting 会议议定
  problem 问题交办');
CALL zeren.tell_codes('difference_kind', '清单版本差异对象', '本系统：规则 R-126', '
  task 任务
  item 分解项');
CALL zeren.tell_codes('difference_change', '清单版本差异', '本系统：规则 R-126', '
  added 新增
  removed 删除
  changed 调整');
CALL zeren.tell_codes('paper_template', '公文种类', '本系统', '
  duty_list 责任清单
  reminder 提醒函
  urging 督办单
  work_order 工作指令');
CALL zeren.tell_codes('duty_list_status', '责任清单状态', '本系统：规则 R-003、R-004、R-129', '
  discarded 作废');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  revise_duty_list 修订责任清单
  discard_duty_list 作废责任清单
  remove_task 删除任务
  remove_item 删除分解项
  refine_item 细化月度任务
  update_refinement 更正月度细化
  plan_drive 部署集中攻坚
  update_drive 调整集中攻坚
  start_drive 启动集中攻坚
  end_drive 结束集中攻坚
  issue_work_order 下达工作指令
  receive_work_order 接收工作指令
  report_work_order 反馈工作指令
  complete_work_order 办结工作指令
  return_work_order 退回工作指令反馈
  withdraw_work_order 撤回工作指令');
