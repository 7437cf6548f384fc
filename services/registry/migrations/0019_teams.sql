-- Work teams (驻村工作队) and the villages they are sent to, their members, rotation and leave; leading groups and work groups (专班、专责组); meetings whose decisions
-- become work orders. Rules R-160 to R-179 of proto/registry.md. Whether somebody is at the village is nowhere kept by hour or place: leave and visits are
-- records.
INSERT INTO zeren.setting (key, division, year, value, assumed, source) VALUES
  ('registry.leave_town_days', '000000000000', 0, '3', true,
        'assumed for all: a county''s rules for work teams have the town approve leave of up to three days, the county above it'),
  ('registry.leave_county_days', '000000000000', 0, '366', true, 'assumed: no source sends leave higher than to the county'),
  ('registry.leave_unit', '000000000000', 0, 'calendar_days', true, 'assumed: the source speaks of days; work_days counts them on the work-day calendar'),
  ('registry.leave_late_days', '000000000000', 0, '3', true, 'assumed: leave taken in haste is entered within three days of its first day'),
  ('registry.leading_group_head_duty', '000000000000', 0, 'first_responsible', false, '大理州责任制：领导小组组长由党政主要领导担任');

-- ---- kinds of villages
CREATE TABLE village_kind_rule (
  owner_division zeren.division_code NOT NULL,
  kind text COLLATE "C" NOT NULL,
  needs_team boolean NOT NULL,
  position smallint NOT NULL,
  assumed boolean NOT NULL DEFAULT true,
  source text NOT NULL,
  CONSTRAINT village_kind_rule_pkey PRIMARY KEY (owner_division, kind),
  CONSTRAINT village_kind_rule_kind_check CHECK (kind IN ('key_village', 'lifted', 'red_beautiful', 'model_province', 'model_city', 'model_county',
        'weak_organisation',
    'resettlement'))
);
COMMENT ON TABLE village_kind_rule IS 'Whether a village of that kind must have a work team; the nearest division''s row of a kind holds';
INSERT INTO village_kind_rule (owner_division, kind, needs_team, position, source)
SELECT '000000000000', k.kind, true, k.n, '娄星区：六十五个村驻村工作队全覆盖（2021年）；用于其他地方属推定'
  FROM unnest(ARRAY['key_village', 'lifted', 'red_beautiful', 'model_province', 'model_city', 'model_county', 'weak_organisation',
        'resettlement']) WITH ORDINALITY AS k (kind, n);
CALL zeren.classify('village_kind_rule', 'upward');

CREATE TABLE village_kind (
  id uuid CONSTRAINT village_kind_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  kind text COLLATE "C" NOT NULL,
  valid_from date NOT NULL,
  valid_to date NOT NULL DEFAULT 'infinity',
  clause_id uuid CONSTRAINT village_kind_clause_id_fkey REFERENCES document_clause,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT village_kind_kind_check CHECK (kind IN ('key_village', 'lifted', 'red_beautiful', 'model_province', 'model_city', 'model_county',
        'weak_organisation',
    'resettlement')),
  CONSTRAINT village_kind_period_check CHECK (valid_from < valid_to),
  CONSTRAINT village_kind_overlap EXCLUDE USING gist (owner_division WITH =, kind WITH =, daterange(valid_from, valid_to) WITH &&)
);
COMMENT ON TABLE village_kind IS 'Of which kinds a village is, from a day until one; a village may be of several; valid_to is the first day it no longer is';
CREATE INDEX village_kind_owner_division_idx ON village_kind (owner_division, created_at, id);
CREATE INDEX village_kind_created_at_idx ON village_kind (created_at, id);
CREATE INDEX village_kind_clause_id_idx ON village_kind (clause_id) WHERE clause_id IS NOT NULL;
CALL zeren.classify('village_kind', 'upward');

-- R-160: does a village of these kinds need a team on that day?
CREATE FUNCTION needs_team(village text, as_of date) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT EXISTS (SELECT FROM registry.village_kind k
                  WHERE k.owner_division = village AND k.valid_from <= as_of AND k.valid_to > as_of
                    AND (SELECT r.needs_team FROM registry.village_kind_rule r
                          WHERE r.kind = k.kind AND r.owner_division = ANY (registry.self_and_above(village))
                          ORDER BY length(rtrim(r.owner_division, '0')) DESC LIMIT 1));
END;

-- R-160: the villages of a range of codes with their kinds on a day, and which of them need a team, since when.
CREATE FUNCTION village_needs(lo text, hi text, as_of date) RETURNS TABLE (owner_division text, kinds text[], needed boolean, since date) LANGUAGE sql STABLE
BEGIN ATOMIC
  WITH rules AS MATERIALIZED (SELECT r.owner_division::text AS division, r.kind, r.needs_team, length(rtrim(r.owner_division, '0')) AS near
        FROM registry.village_kind_rule r)
  SELECT k.owner_division::text, array_agg(k.kind ORDER BY k.kind), coalesce(bool_or(n.needs_team), false), min(k.valid_from) FILTER (WHERE n.needs_team)
    FROM registry.village_kind k
    LEFT JOIN LATERAL (SELECT r.needs_team FROM rules r WHERE r.kind = k.kind AND r.division = ANY (registry.self_and_above(k.owner_division))
                        ORDER BY r.near DESC LIMIT 1) AS n ON true
   WHERE k.owner_division >= lo AND k.owner_division < hi AND k.valid_from <= as_of AND k.valid_to > as_of AND right(k.owner_division, 3) <> '000' -- a model town has no team
   GROUP BY k.owner_division;
END;

-- Is it a village on that day?
CREATE FUNCTION is_village(wanted text, on_day date) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (SELECT FROM registry.division d WHERE d.code = wanted AND d.level = 5 AND d.valid_from <= on_day AND d.valid_to > on_day);

-- ---- teams
CREATE TABLE team (
  id uuid CONSTRAINT team_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  name text COLLATE "C" NOT NULL,
  sending_organisation_id uuid CONSTRAINT team_sending_organisation_id_fkey REFERENCES organisation,
  starts_on date NOT NULL,
  term_ends_on date,
  ends_on date NOT NULL DEFAULT 'infinity',
  status text COLLATE "C" NOT NULL DEFAULT 'serving',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT team_name_key UNIQUE (owner_division, name),
  CONSTRAINT team_status_check CHECK (status IN ('serving', 'ended')),
  CONSTRAINT team_period_check CHECK (starts_on < ends_on),
  CONSTRAINT team_term_check CHECK (starts_on <= term_ends_on)
);
COMMENT ON TABLE team IS 'Work teams stationed in villages; owner: the county or town that keeps the team; readable by its villages';
COMMENT ON COLUMN team.term_ends_on IS 'The last day of its term as planned; ends_on is the first day it no longer served';
CREATE INDEX team_owner_division_idx ON team (owner_division, created_at, id);
CREATE INDEX team_created_at_idx ON team (created_at, id);
CREATE INDEX team_sending_organisation_id_idx ON team (sending_organisation_id);
CALL zeren.classify('team', 'upward');

CREATE TABLE team_village (
  id uuid CONSTRAINT team_village_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_division zeren.division_code NOT NULL,
  team_id uuid NOT NULL CONSTRAINT team_village_team_id_fkey REFERENCES team,
  starts_on date NOT NULL,
  ends_on date NOT NULL DEFAULT 'infinity',
  CONSTRAINT team_village_period_check CHECK (starts_on < ends_on),
  CONSTRAINT team_village_overlap EXCLUDE USING gist (team_id WITH =, owner_division WITH =, daterange(starts_on, ends_on) WITH &&)
);
COMMENT ON TABLE team_village IS 'Which villages (owner_division) a team serves, from a day until the day before ends_on';
CREATE INDEX team_village_owner_division_idx ON team_village (owner_division, starts_on);
CALL zeren.classify('team_village', 'scoped');

CREATE TABLE team_member (
  id uuid CONSTRAINT team_member_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  team_id uuid NOT NULL CONSTRAINT team_member_team_id_fkey REFERENCES team,
  post_id uuid NOT NULL,
  role text COLLATE "C" NOT NULL,
  sending_organisation_id uuid CONSTRAINT team_member_sending_organisation_id_fkey REFERENCES organisation,
  starts_on date NOT NULL,
  term_ends_on date,
  ends_on date NOT NULL DEFAULT 'infinity',
  follows_id uuid CONSTRAINT team_member_follows_id_fkey REFERENCES team_member,
  status text COLLATE "C" NOT NULL DEFAULT 'serving',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT team_member_role_check CHECK (role IN ('first_secretary', 'team_leader', 'team_member')),
  CONSTRAINT team_member_status_check CHECK (status IN ('serving', 'rotated', 'ended')),
  CONSTRAINT team_member_period_check CHECK (starts_on < ends_on),
  CONSTRAINT team_member_term_check CHECK (starts_on <= term_ends_on),
  CONSTRAINT team_member_follows_key UNIQUE (follows_id),
  CONSTRAINT team_member_overlap EXCLUDE USING gist (post_id WITH =, daterange(starts_on, ends_on) WITH &&)
);
COMMENT ON TABLE team_member IS 'Posts that serve in a team; who holds the post on a day is the person. owner_division: that of the post, where its leave is seen';
COMMENT ON COLUMN team_member.post_id IS 'A post of identity whose duty is first_secretary, team_leader or team_member';
COMMENT ON COLUMN team_member.follows_id IS 'Whom it took over from (rotation)';
CREATE INDEX team_member_owner_division_idx ON team_member (owner_division, created_at, id);
CREATE INDEX team_member_created_at_idx ON team_member (created_at, id);
CREATE INDEX team_member_team_id_idx ON team_member (team_id, starts_on);
CREATE INDEX team_member_sending_organisation_id_idx ON team_member (sending_organisation_id);
CALL zeren.classify('team_member', 'upward');

-- ---- leave
CREATE TABLE leave (
  id uuid CONSTRAINT leave_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  team_member_id uuid NOT NULL CONSTRAINT leave_team_member_id_fkey REFERENCES team_member,
  post_id uuid NOT NULL,
  starts_on date NOT NULL,
  ends_on date NOT NULL,
  days integer NOT NULL,
  unit text COLLATE "C" NOT NULL,
  approver_level smallint NOT NULL,
  reason text NOT NULL,
  cover_member_id uuid CONSTRAINT leave_cover_member_id_fkey REFERENCES team_member,
  requested_by uuid NOT NULL,
  requested_account uuid NOT NULL,
  status text COLLATE "C" NOT NULL DEFAULT 'requested',
  decision_note text,
  decided_by uuid,
  decided_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT leave_period_check CHECK (starts_on <= ends_on),
  CONSTRAINT leave_unit_check CHECK (unit IN ('calendar_days', 'work_days')),
  CONSTRAINT leave_status_check CHECK (status IN ('requested', 'approved', 'refused', 'cancelled')),
  CONSTRAINT leave_cover_check CHECK (cover_member_id <> team_member_id),
  CONSTRAINT leave_overlap EXCLUDE USING gist (team_member_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&) WHERE (status IN ('requested', 'approved'))
);
COMMENT ON TABLE leave IS 'Leave of a team''s member, first and last day; days and the level that approves it are counted when it is asked for';
COMMENT ON COLUMN leave.post_id IS 'The member''s post, who may see to it himself';
COMMENT ON COLUMN leave.approver_level IS 'The lowest level that approves it: 4 town, 3 county, 2 prefecture';
CREATE INDEX leave_owner_division_idx ON leave (owner_division, starts_on, id);
CREATE INDEX leave_starts_on_idx ON leave (starts_on, id);
CREATE INDEX leave_team_member_id_idx ON leave (team_member_id, starts_on);
CREATE INDEX leave_cover_member_id_idx ON leave (cover_member_id) WHERE cover_member_id IS NOT NULL;
CREATE INDEX leave_requested_idx ON leave (owner_division, approver_level) WHERE status = 'requested';
CALL zeren.classify('leave', 'scoped');

-- The level of a division: of functional areas as it was registered, else by its code.
CREATE FUNCTION level_of(code text) RETURNS integer LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce((SELECT d.level FROM registry.division d WHERE d.code = level_of.code ORDER BY d.valid_from DESC LIMIT 1)::integer,
                  CASE WHEN code = '000000000000' THEN 0 WHEN length(rtrim(code, '0')) <= 2 THEN 1 WHEN length(rtrim(code, '0')) <= 4 THEN 2
                       WHEN length(rtrim(code, '0')) <= 6 THEN 3 WHEN length(rtrim(code, '0')) <= 9 THEN 4 ELSE 5 END);
END;

-- R-166: how long leave is, its first and last day counted. Refused where it is counted in work days and the calendar has none.
CREATE FUNCTION leave_days(starts_on date, ends_on date, unit text) RETURNS integer LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN CASE unit WHEN 'work_days' THEN zeren.work_days_between(starts_on - 1, ends_on) ELSE ends_on - starts_on + 1 END;
END $$;

-- R-168: the lowest level that approves leave of so many days.
CREATE FUNCTION leave_level(division text, days integer, in_year integer) RETURNS integer LANGUAGE sql STABLE
  RETURN CASE WHEN days <= zeren.setting_value('registry.leave_town_days', division, in_year)::integer THEN 4
              WHEN days <= zeren.setting_value('registry.leave_county_days', division, in_year)::integer THEN 3
              ELSE 2 END;

-- ---- groups
CREATE TABLE work_group (
  id uuid CONSTRAINT work_group_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  organisation_id uuid NOT NULL CONSTRAINT work_group_organisation_id_fkey REFERENCES organisation,
  kind text COLLATE "C" NOT NULL,
  title text NOT NULL,
  topic text COLLATE "C" CONSTRAINT work_group_topic_fkey REFERENCES topic,
  parent_id uuid CONSTRAINT work_group_parent_id_fkey REFERENCES work_group,
  starts_on date NOT NULL,
  ends_on date NOT NULL DEFAULT 'infinity',
  status text COLLATE "C" NOT NULL DEFAULT 'active',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT work_group_kind_check CHECK (kind IN ('leading_group', 'special_group', 'duty_group')),
  CONSTRAINT work_group_status_check CHECK (status IN ('active', 'ended')),
  CONSTRAINT work_group_parent_check CHECK (parent_id <> id),
  CONSTRAINT work_group_period_check CHECK (starts_on < ends_on),
  CONSTRAINT work_group_overlap EXCLUDE USING gist (organisation_id WITH =, daterange(starts_on, ends_on) WITH &&)
);
COMMENT ON TABLE work_group IS 'Leading groups, 专班 and 专责组 with their unit, which has a list, meets and reports like others; owner: the unit''s division';
CREATE INDEX work_group_owner_division_idx ON work_group (owner_division, created_at, id);
CREATE INDEX work_group_created_at_idx ON work_group (created_at, id);
CREATE INDEX work_group_topic_idx ON work_group (topic, owner_division);
CREATE INDEX work_group_parent_id_idx ON work_group (parent_id) WHERE parent_id IS NOT NULL;
CALL zeren.classify('work_group', 'upward');

CREATE TABLE work_group_seat (
  id uuid CONSTRAINT work_group_seat_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
  owner_division zeren.division_code NOT NULL,
  group_id uuid NOT NULL CONSTRAINT work_group_seat_group_id_fkey REFERENCES work_group,
  seat text COLLATE "C" NOT NULL,
  post_id uuid,
  organisation_id uuid CONSTRAINT work_group_seat_organisation_id_fkey REFERENCES organisation,
  starts_on date NOT NULL,
  ends_on date NOT NULL DEFAULT 'infinity',
  CONSTRAINT work_group_seat_seat_check CHECK (seat IN ('head', 'deputy', 'member')),
  CONSTRAINT work_group_seat_who_check CHECK (CASE seat WHEN 'member' THEN num_nonnulls(organisation_id) = 1 AND post_id IS NULL ELSE num_nonnulls(post_id) = 1
    AND organisation_id IS NULL END),
  CONSTRAINT work_group_seat_period_check CHECK (starts_on < ends_on),
  CONSTRAINT work_group_seat_overlap EXCLUDE USING gist (group_id WITH =, seat WITH =, (coalesce(post_id, organisation_id)) WITH =, daterange(starts_on,
        ends_on) WITH &&)
);
COMMENT ON TABLE work_group_seat IS 'Who sits in a group, from a day until the day before ends_on: heads and deputies are posts, members are units';
CREATE INDEX work_group_seat_group_id_idx ON work_group_seat (group_id, starts_on);
CREATE INDEX work_group_seat_post_id_idx ON work_group_seat (post_id) WHERE post_id IS NOT NULL;
CREATE INDEX work_group_seat_organisation_id_idx ON work_group_seat (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX work_group_seat_owner_division_idx ON work_group_seat (owner_division);
CALL zeren.classify('work_group_seat', 'upward');

-- ---- meetings
CREATE TABLE meeting (
  id uuid CONSTRAINT meeting_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  at_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  group_id uuid CONSTRAINT meeting_group_id_fkey REFERENCES work_group,
  organisation_id uuid NOT NULL CONSTRAINT meeting_organisation_id_fkey REFERENCES organisation,
  kind text COLLATE "C" NOT NULL,
  held_on date NOT NULL,
  chair_post_id uuid,
  subject text NOT NULL,
  attending_post_ids uuid[] NOT NULL DEFAULT '{}',
  minutes text,
  file_ids uuid[] NOT NULL DEFAULT '{}',
  recorded_by uuid NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  CONSTRAINT meeting_kind_check CHECK (kind IN ('group', 'dispatch', 'promotion', 'study'))
);
COMMENT ON TABLE meeting IS 'Meetings that were held, by a group or a unit; the record is what satisfies a cadence, nothing is ticked';
CREATE INDEX meeting_group_id_idx ON meeting (group_id, held_on);
CREATE INDEX meeting_organisation_id_idx ON meeting (organisation_id, held_on);
CREATE INDEX meeting_owner_division_idx ON meeting (owner_division, held_on, id);
CREATE INDEX meeting_held_on_idx ON meeting (held_on, id);
CALL zeren.classify('meeting', 'scoped');
CREATE TRIGGER files_used AFTER INSERT ON meeting FOR EACH ROW WHEN (NEW.file_ids <> '{}') EXECUTE FUNCTION use_files('meeting');

CREATE TABLE meeting_decision (
  id uuid CONSTRAINT meeting_decision_pkey PRIMARY KEY,
  owner_division zeren.division_code NOT NULL,
  lines text[] NOT NULL DEFAULT '{}',
  meeting_id uuid NOT NULL CONSTRAINT meeting_decision_meeting_id_fkey REFERENCES meeting,
  position smallint NOT NULL,
  matter text NOT NULL,
  standard text,
  owner_organisation_id uuid NOT NULL CONSTRAINT meeting_decision_owner_organisation_id_fkey REFERENCES organisation,
  owner_post_id uuid,
  due_on date NOT NULL,
  work_order_id uuid CONSTRAINT meeting_decision_work_order_id_fkey REFERENCES work_order,
  CONSTRAINT meeting_decision_position_key UNIQUE (meeting_id, position)
);
COMMENT ON TABLE meeting_decision IS 'What a meeting decided, for whom and until when; each is a work order, but what the meeting''s own unit took upon itself';
CREATE INDEX meeting_decision_owner_organisation_id_idx ON meeting_decision (owner_organisation_id, due_on);
CREATE INDEX meeting_decision_work_order_id_idx ON meeting_decision (work_order_id) WHERE work_order_id IS NOT NULL;
CREATE INDEX meeting_decision_owner_division_idx ON meeting_decision (owner_division);
CALL zeren.classify('meeting_decision', 'scoped');

GRANT SELECT, INSERT, UPDATE ON village_kind, team, team_village, team_member, leave, work_group, work_group_seat, meeting,
      meeting_decision TO registry_service;
GRANT SELECT ON village_kind_rule TO registry_service, registry_worker;
GRANT SELECT ON village_kind, leave, work_group, work_group_seat, meeting, meeting_decision TO registry_worker;
GRANT DELETE ON work_group_seat TO registry_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON team, team_village, team_member TO registry_worker;

INSERT INTO feed_kind (kind, class, permission, label) VALUES
  ('village_kind', 'upward', 'team.read', '村类型'),
  ('team', 'upward', 'team.read', '驻村工作队'),
  ('team_member', 'upward', 'team.read', '驻村工作队成员'),
  ('leave', 'scoped', 'team.read', '驻村请假'),
  ('work_group', 'upward', 'team.read', '领导小组和专班'),
  ('meeting', 'scoped', 'meeting.read', '会议');

-- ---- what the API shows
-- What a division is called on a day, or was last.
CREATE FUNCTION division_named(code text, on_day date) RETURNS text LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT d.name FROM registry.division d WHERE d.code = division_named.code ORDER BY d.valid_from <= on_day DESC, d.valid_from DESC LIMIT 1;
END;

-- Logs a step of a record; returns it for steps_shown() of the same statement, whose snapshot does not see it.
CREATE FUNCTION log_step(record text, id uuid, at_version integer, division text, verb text, at timestamptz, post uuid,
      note text) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO registry.record_step (record, record_id, position, owner_division, verb, at, post_id, note)
  VALUES (log_step.record, log_step.id, at_version, division, log_step.verb, log_step.at, post, log_step.note);
  RETURN jsonb_build_array(jsonb_build_object('position', at_version, 'verb', verb, 'at', at, 'post_id', post, 'note', note, 'due_on', NULL));
END $$;
COMMENT ON FUNCTION log_step(text, uuid, integer, text, text, timestamptz, uuid,
      text) IS 'Logs a step of a record that has no lines, and returns it as steps_shown() takes it';

-- A post as others name it.
CREATE FUNCTION post_named(post uuid) RETURNS TABLE (title text, duty text, division text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
  RETURN QUERY SELECT p.title, p.duty::text, p.owner_division FROM identity_pub.post_title p WHERE p.post_id = post;
END $$;

-- A unit or a post that a record names, when it names one: refused when the caller sees none such.
CREATE FUNCTION unit_named(wanted uuid, field text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF wanted IS NULL OR EXISTS (SELECT FROM registry.organisation o WHERE o.id = wanted) THEN RETURN wanted; END IF;
  RETURN zeren.no_such(field);
END $$;
CREATE FUNCTION posts_named(wanted uuid[], field text) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF (SELECT count(*) FROM unnest(wanted) AS n (id) WHERE n.id IS NOT NULL AND NOT EXISTS (SELECT FROM identity_pub.post_title p
        WHERE p.post_id = n.id)) = 0 THEN RETURN wanted; END IF;
  PERFORM zeren.no_such(field);
  RETURN NULL;
END $$;

CREATE FUNCTION units_named(wanted uuid[], field text) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF (SELECT count(*) FROM unnest(wanted) AS n (id) WHERE NOT EXISTS (SELECT FROM registry.organisation o WHERE o.id = n.id)) = 0 THEN RETURN wanted; END IF;
  PERFORM zeren.no_such(field);
  RETURN NULL;
END $$;

-- R-162: true, or why a post of that duty and division serves in no team of that division.
CREATE FUNCTION may_serve(duty text, division text, team_division text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF duty NOT IN ('first_secretary', 'team_leader', 'team_member') THEN
    RETURN zeren.refuse('ZR005', 'post_id', 'the post''s duty is in no work team: ' || duty);
  END IF;
  IF NOT registry.is_within(division, team_division) THEN RETURN zeren.refuse('ZR005', 'post_id', 'the post is of another division than the team'); END IF;
  RETURN true;
END $$;

-- R-165: may a unit ask for leave of others, call it off and cut it short? A town's or one above.
CREATE FUNCTION keeps_leave(unit uuid) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce((SELECT registry.level_of(o.owner_division) <= 4 FROM registry.organisation o WHERE o.id = unit), false);
END;

-- R-173: true, or refused where nobody heads it, or where a leading group is headed by a post of another duty than the division's setting says; an empty
-- setting asks for none.
CREATE FUNCTION heads_fit(kind text, division text, heads uuid[], on_day date) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE wanted text := zeren.setting_value('registry.leading_group_head_duty', division, extract(year FROM on_day)::integer);
BEGIN
  IF cardinality(heads) = 0 THEN RETURN zeren.refuse('ZR005', 'head_post_ids', 'a group has a head'); END IF;
  IF kind <> 'leading_group' OR coalesce(wanted, '') = '' THEN RETURN true; END IF;
  IF EXISTS (SELECT FROM identity_pub.post_title p WHERE p.post_id = ANY (heads) AND p.duty <> wanted) THEN
    RETURN zeren.refuse('ZR005', 'head_post_ids', 'a leading group is headed by posts of the duty ' || wanted);
  END IF;
  RETURN true;
END $$;

CREATE VIEW village_kind_shown WITH (security_invoker = true) AS
  SELECT k.id, k.owner_division::text, registry.division_named(k.owner_division, k.valid_from) AS division_name, k.kind::text, k.valid_from,
         nullif(k.valid_to, 'infinity') AS valid_to, k.clause_id, k.created_at, k.version
    FROM village_kind k;
GRANT SELECT ON village_kind_shown TO registry_service;

-- The villages of a team that it serves on a day or later; `more`: rows of this statement, in place of those that its snapshot sees.
CREATE FUNCTION team_villages(of_team uuid, as_of date, more jsonb) RETURNS json LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(json_agg(json_build_object('division', v.owner_division, 'name', registry.division_named(v.owner_division, as_of), 'starts_on', v.starts_on,
                                             'ends_on', nullif(v.ends_on, 'infinity')) ORDER BY v.owner_division, v.starts_on), '[]')
    FROM (SELECT t.owner_division::text, t.starts_on, t.ends_on FROM registry.team_village t
           WHERE t.team_id = of_team AND NOT EXISTS (SELECT FROM jsonb_array_elements(more) AS m (r) WHERE (m.r ->> 'id')::uuid = t.id)
          UNION ALL
          SELECT m.owner_division, m.starts_on, m.ends_on FROM jsonb_to_recordset(more) AS m (owner_division text, starts_on date, ends_on date)) AS v
   WHERE v.ends_on > as_of;
END;

CREATE FUNCTION team_as_shown(t team, given jsonb, more jsonb, as_of date)
RETURNS TABLE (id uuid, owner_division text, name text, sending_organisation_id uuid, sending_organisation text, starts_on date, term_ends_on date,
      ends_on date,
  status text, villages json, members integer, steps json, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT t.id, t.owner_division::text, t.name, t.sending_organisation_id, (SELECT o.name FROM registry.organisation o WHERE o.id = t.sending_organisation_id),
         t.starts_on, t.term_ends_on, nullif(t.ends_on, 'infinity'), t.status, registry.team_villages(t.id, as_of, given),
         (SELECT count(*) FROM registry.team_member m WHERE m.team_id = t.id AND m.starts_on <= as_of AND m.ends_on > as_of)::integer,
         registry.steps_shown('team', t.id, more), t.created_at, t.version;
END;

-- A member as of a day: who holds the post then (of who serves no more, on the last day), how many days of leave were approved for that year.
CREATE FUNCTION member_as_shown(m team_member, more jsonb, as_of date)
RETURNS TABLE (id uuid, owner_division text, team_id uuid, team text, post_id uuid, title text, duty text, holder text, role text, sending_organisation_id uuid,
  sending_organisation text, starts_on date, term_ends_on date, ends_on date, follows_id uuid, status text, leave_days integer, on_leave boolean, steps json,
  created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT m.id, m.owner_division::text, m.team_id, (SELECT t.name FROM registry.team t WHERE t.id = m.team_id)::text, m.post_id, p.title, p.duty,
         registry.holder_on(m.post_id, least(as_of, m.ends_on - 1)), m.role::text, m.sending_organisation_id,
         (SELECT o.name FROM registry.organisation o WHERE o.id = m.sending_organisation_id)::text, m.starts_on, m.term_ends_on, nullif(m.ends_on, 'infinity'),
         m.follows_id, m.status::text,
         (SELECT coalesce(sum(l.days), 0) FROM registry.leave l
           WHERE l.team_member_id = m.id AND l.status = 'approved' AND extract(year FROM l.starts_on) = extract(year FROM as_of))::integer,
         EXISTS (SELECT FROM registry.leave l WHERE l.team_member_id = m.id AND l.status = 'approved' AND l.starts_on <= as_of AND l.ends_on >= as_of),
         registry.steps_shown('team_member', m.id, more), m.created_at, m.version
    FROM (SELECT m.post_id) AS of_post
    LEFT JOIN LATERAL registry.post_named(of_post.post_id) AS p ON true;
END;

CREATE FUNCTION leave_as_shown(l leave, more jsonb)
RETURNS TABLE (id uuid, owner_division text, team_member_id uuid, team_id uuid, post_id uuid, holder text, starts_on date, ends_on date, days integer,
      unit text,
  approver_level smallint, reason text, cover_member_id uuid, cover text, requested_by uuid, status text, decision_note text, decided_by uuid,
        decided_at timestamptz,
  steps json, created_at timestamptz, version integer) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT l.id, l.owner_division::text, l.team_member_id, (SELECT m.team_id FROM registry.team_member m WHERE m.id = l.team_member_id), l.post_id,
         registry.holder_on(l.post_id, l.starts_on), l.starts_on, l.ends_on, l.days, l.unit::text, l.approver_level, l.reason, l.cover_member_id,
         (SELECT registry.holder_on(m.post_id, l.starts_on) FROM registry.team_member m WHERE m.id = l.cover_member_id), l.requested_by, l.status::text,
         l.decision_note, l.decided_by, l.decided_at, registry.steps_shown('leave', l.id, more), l.created_at, l.version;
END;

-- A group as of a day, with who sits in it then; `seats`: rows of this statement, in place of those that its snapshot sees.
CREATE FUNCTION group_seats(of_group uuid, as_of date, seats jsonb) RETURNS TABLE (seat text, post_id uuid, organisation_id uuid, starts_on date, ends_on date)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT s.seat, s.post_id, s.organisation_id, s.starts_on, s.ends_on
    FROM (SELECT w.seat::text, w.post_id, w.organisation_id, w.starts_on, w.ends_on FROM registry.work_group_seat w
           WHERE w.group_id = of_group AND NOT EXISTS (SELECT FROM jsonb_array_elements(seats) AS m (r) WHERE (m.r ->> 'id')::uuid = w.id)
          UNION ALL
          SELECT m.seat, m.post_id, m.organisation_id, m.starts_on, m.ends_on
            FROM jsonb_to_recordset(seats) AS m (seat text, post_id uuid, organisation_id uuid, starts_on date, ends_on date)) AS s
   WHERE s.starts_on <= as_of AND s.ends_on > as_of;
END;
COMMENT ON FUNCTION group_seats(uuid, date, jsonb) IS 'Who sits in a group on a day: heads and deputies by post, members by unit';

CREATE FUNCTION group_as_shown(g work_group, given jsonb, more jsonb, as_of date)
RETURNS TABLE (id uuid, owner_division text, organisation_id uuid, organisation text, kind text, title text, topic text, parent_id uuid, head_post_ids uuid[],
  deputy_post_ids uuid[], member_organisation_ids uuid[], seats json, starts_on date, ends_on date, status text, steps json, created_at timestamptz,
        version integer)
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT g.id, g.owner_division::text, g.organisation_id, (SELECT o.name FROM registry.organisation o WHERE o.id = g.organisation_id)::text, g.kind::text,
        g.title,
         g.topic::text, g.parent_id, s.heads, s.deputies, s.members, s.seats, g.starts_on, nullif(g.ends_on, 'infinity'), g.status::text,
         registry.steps_shown('work_group', g.id, more), g.created_at, g.version
    FROM (SELECT coalesce(array_agg(w.post_id ORDER BY w.starts_on, w.post_id) FILTER (WHERE w.seat = 'head'), '{}') AS heads,
                 coalesce(array_agg(w.post_id ORDER BY w.starts_on, w.post_id) FILTER (WHERE w.seat = 'deputy'), '{}') AS deputies,
                 coalesce(array_agg(w.organisation_id ORDER BY w.starts_on, w.organisation_id) FILTER (WHERE w.seat = 'member'), '{}') AS members,
                 coalesce(json_agg(json_build_object('seat', w.seat, 'post_id', w.post_id, 'title', p.title, 'duty', p.duty,
                                                     'holder', registry.holder_on(w.post_id, least(as_of, g.ends_on - 1)), 'organisation_id', w.organisation_id,
                                                     'organisation', (SELECT o.name FROM registry.organisation o WHERE o.id = w.organisation_id),
                                                     'starts_on', w.starts_on, 'ends_on', nullif(w.ends_on, 'infinity'))
                                   ORDER BY strpos('head deputy member', w.seat), w.starts_on, w.post_id, w.organisation_id), '[]') AS seats
            FROM registry.group_seats(g.id, least(as_of, g.ends_on - 1), given) AS w
            LEFT JOIN LATERAL registry.post_named(w.post_id) AS p ON true) AS s;
END;

-- A meeting with what it decided and where that stands; `decided`: rows of this statement, with the number and state of their work orders.
CREATE FUNCTION meeting_as_shown(m meeting, decided jsonb)
RETURNS TABLE (id uuid, owner_division text, at_division text, group_id uuid, group_title text, organisation_id uuid, organisation text, kind text,
      held_on date,
  chair_post_id uuid, chair text, subject text, attending_post_ids uuid[], attending json, minutes text, file_ids uuid[], decisions json, recorded_by uuid,
  created_at timestamptz, version integer, lines text[]) LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT m.id, m.owner_division::text, m.at_division::text, m.group_id, (SELECT g.title FROM registry.work_group g WHERE g.id = m.group_id), m.organisation_id,
         (SELECT o.name FROM registry.organisation o WHERE o.id = m.organisation_id)::text, m.kind::text, m.held_on, m.chair_post_id,
         registry.holder_on(m.chair_post_id, m.held_on), m.subject, m.attending_post_ids,
         (SELECT coalesce(json_agg(json_build_object('post_id', a.id, 'title', p.title, 'holder', registry.holder_on(a.id, m.held_on)) ORDER BY a.n), '[]')
            FROM unnest(m.attending_post_ids) WITH ORDINALITY AS a (id, n)
            LEFT JOIN LATERAL registry.post_named(a.id) AS p ON true),
         m.minutes, m.file_ids,
         (SELECT coalesce(json_agg(json_build_object('position', d.position, 'matter', d.matter, 'standard', d.standard, 'owner_organisation_id',
               d.owner_organisation_id,
                                                     'owner_organisation', (SELECT o.name FROM registry.organisation o WHERE o.id = d.owner_organisation_id),
                                                     'owner_post_id', d.owner_post_id, 'due_on', d.due_on, 'work_order_id', d.work_order_id,
                                                     'work_order_number', d.number, 'work_order_status', d.status) ORDER BY d.position), '[]')
            FROM (SELECT x.position::integer, x.matter, x.standard, x.owner_organisation_id, x.owner_post_id, x.due_on, x.work_order_id, w.number,
                  w.status::text
                    FROM registry.meeting_decision x LEFT JOIN registry.work_order w ON w.id = x.work_order_id WHERE x.meeting_id = m.id
                  UNION ALL
                  SELECT y.position, y.matter, y.standard, y.owner_organisation_id, y.owner_post_id, y.due_on, y.work_order_id, y.number, y.status
                    FROM jsonb_to_recordset(decided) AS y (position integer, matter text, standard text, owner_organisation_id uuid, owner_post_id uuid,
                          due_on date,
                                                           work_order_id uuid, number text, status text)) AS d),
         m.recorded_by, m.created_at, m.version, m.lines;
END;

-- R-175: may a post of a unit record what that unit, or that group, met on? For the own unit; for a group whoever sits in it, its members, and
-- the leading units and work offices of its division.
CREATE FUNCTION meets_for(unit uuid, of_group uuid, caller_unit uuid, caller_post uuid, on_day date) RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT unit = caller_unit
      OR of_group IS NOT NULL
         AND (EXISTS (SELECT FROM registry.group_seats(of_group, on_day, NULL) AS s WHERE s.post_id = caller_post OR s.organisation_id = caller_unit)
              OR EXISTS (SELECT FROM registry.organisation o JOIN registry.work_group g ON g.owner_division = o.owner_division
                          WHERE g.id = of_group AND o.id = caller_unit AND o.kind IN ('party_committee', 'government', 'town', 'village', 'work_group')));
END;

-- ---- what is wanting
-- R-172: on a day, inside a range of codes: villages that need a team and have none, villages with two, teams without members, posts of members that nobody
-- holds, terms that
-- are over, members on leave whom nobody covers.
CREATE FUNCTION team_gaps(lo text, hi text, as_of date)
RETURNS TABLE (key text, kind text, owner_division text, team_id uuid, team_member_id uuid, post_id uuid, leave_id uuid, since date,
      words text) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
  WITH villages AS (
    SELECT v.owner_division, array_agg(t.name ORDER BY t.name) AS names, max(v.starts_on) AS since
      FROM registry.team_village v JOIN registry.team t ON t.id = v.team_id
     WHERE v.owner_division >= lo AND v.owner_division < hi AND v.starts_on <= as_of AND v.ends_on > as_of
     GROUP BY v.owner_division
  ), members AS (
    SELECT m.* FROM registry.team_member m WHERE m.owner_division >= lo AND m.owner_division < hi AND m.starts_on <= as_of AND m.ends_on > as_of
  )
  SELECT 'village_without_team:' || n.owner_division, 'village_without_team', n.owner_division, NULL::uuid, NULL::uuid, NULL::uuid, NULL::uuid, n.since,
         registry.division_named(n.owner_division, as_of) || '应驻未驻'
    FROM registry.village_needs(lo, hi, as_of) AS n
   WHERE n.needed AND NOT EXISTS (SELECT FROM villages v WHERE v.owner_division = n.owner_division)
  UNION ALL
  SELECT 'double_cover:' || v.owner_division, 'double_cover', v.owner_division::text, NULL, NULL, NULL, NULL, v.since,
         registry.division_named(v.owner_division, as_of) || '由多支工作队驻村：' || array_to_string(v.names, '、')
    FROM villages v WHERE cardinality(v.names) > 1
  UNION ALL
  SELECT 'team_without_member:' || t.id, 'team_without_member', t.owner_division::text, t.id, NULL, NULL, NULL, t.starts_on, t.name || '没有队员'
    FROM registry.team t
   WHERE t.owner_division >= lo AND t.owner_division < hi AND t.starts_on <= as_of AND t.ends_on > as_of
     AND NOT EXISTS (SELECT FROM registry.team_member m WHERE m.team_id = t.id AND m.starts_on <= as_of AND m.ends_on > as_of)
  UNION ALL
  SELECT 'vacant_post:' || m.id, 'vacant_post', m.owner_division::text, m.team_id, m.id, m.post_id, NULL,
         greatest(m.starts_on, (SELECT max(h.ends_on) FROM identity_pub.post_holder h WHERE h.post_id = m.post_id AND h.ends_on <= as_of)),
         coalesce((SELECT h.title FROM identity_pub.post_holder h WHERE h.post_id = m.post_id LIMIT 1), '岗位') || '空缺'
    FROM members m WHERE NOT EXISTS (SELECT FROM identity_pub.post_holder h WHERE h.post_id = m.post_id AND h.starts_on <= as_of AND h.ends_on > as_of)
  UNION ALL
  SELECT 'term_over:' || m.id, 'term_over', m.owner_division::text, m.team_id, m.id, m.post_id, NULL, m.term_ends_on + 1, '任期已满，未轮换'
    FROM members m WHERE m.term_ends_on < as_of
  UNION ALL
  SELECT 'leave_without_cover:' || l.id, 'leave_without_cover', l.owner_division::text, m.team_id, m.id, m.post_id, l.id, greatest(l.starts_on, m.starts_on),
         '请假期间无人顶岗'
    FROM members m JOIN registry.leave l ON l.team_member_id = m.id AND l.status = 'approved' AND l.starts_on <= as_of AND l.ends_on >= as_of
   WHERE NOT EXISTS (SELECT FROM registry.team_member c
                      WHERE c.id = l.cover_member_id AND c.starts_on <= as_of AND c.ends_on > as_of
                        AND NOT EXISTS (SELECT FROM registry.leave x WHERE x.team_member_id = c.id AND x.status = 'approved' AND x.starts_on <= as_of
                              AND x.ends_on >= as_of));
END $$;
COMMENT ON FUNCTION team_gaps(text, text, date) IS 'What is wanting in teams on a day, inside a range of division codes and the caller''s scope (R-172)';

INSERT INTO notice_rule (kind, verb, told, words) VALUES
  ('work_order', 'decide_meeting', 'addressee', '会议议定事项，请接收工作指令并按期反馈：%s'),
  ('leave', 'approve_leave', 'addressee', '驻村请假已批准：%s'),
  ('leave', 'refuse_leave', 'addressee', '驻村请假未批准：%s');

-- ---- words
CALL zeren.tell_codes('village_kind', '村类型', '娄星区：驻村工作队覆盖的村', '
  key_village 重点村
  lifted 已脱贫村
  red_beautiful 红色美丽乡村
  model_province 省级示范创建村
  model_city 市级示范创建村
  model_county 县级示范创建村
  weak_organisation 软弱涣散村
  resettlement 易地搬迁安置村');
CALL zeren.tell_codes('team_status', '驻村工作队状态', '本系统：规则 R-161、R-164', '
  serving 驻村
  ended 已撤回');
CALL zeren.tell_codes('team_verb', '驻村工作队步骤', '本系统：规则 R-161、R-164', '
  create 组建
  assign_village 增派驻村
  release_village 撤出驻村
  end 撤回');
CALL zeren.tell_codes('team_role', '驻村职务', '本系统：规则 R-162', '
  first_secretary 第一书记
  team_leader 队长
  team_member 队员');
CALL zeren.tell_codes('team_member_status', '驻村队员状态', '本系统：规则 R-162 至 R-164', '
  serving 驻村
  rotated 已轮换
  ended 已离队');
CALL zeren.tell_codes('team_member_verb', '驻村队员步骤', '本系统：规则 R-162 至 R-164', '
  join 到队
  rotate 轮换
  end 离队');
CALL zeren.tell_codes('leave_status', '驻村请假状态', '本系统：规则 R-165 至 R-171', '
  requested 待审批
  approved 已批准
  refused 未批准
  cancelled 已撤销');
CALL zeren.tell_codes('leave_verb', '驻村请假步骤', '本系统：规则 R-165 至 R-171', '
  ask 申请
  approve 批准
  refuse 不批准
  cancel 撤销
  shorten 提前返岗');
CALL zeren.tell_codes('length_unit', '期限单位', '本系统', '
  calendar_days 自然日
  work_days 工作日');
CALL zeren.tell_codes('team_gap', '驻村缺口', '本系统：规则 R-172', '
  village_without_team 应驻未驻
  double_cover 重复派驻
  team_without_member 队无人员
  vacant_post 岗位空缺
  term_over 任期已满
  leave_without_cover 请假无人顶岗');
CALL zeren.tell_codes('work_group_kind', '工作组类型', '大理州责任制；庆城县八项机制', '
  leading_group 领导小组
  special_group 工作专班|专班
  duty_group 专责工作组|专责组');
CALL zeren.tell_codes('group_seat', '工作组组成', '大理州责任制', '
  head 组长
  deputy 副组长
  member 成员单位');
CALL zeren.tell_codes('group_status', '工作组状态', '本系统：规则 R-173、R-174', '
  active 运行
  ended 已撤销');
CALL zeren.tell_codes('group_verb', '工作组步骤', '本系统：规则 R-173、R-174', '
  establish 成立
  change 调整
  end 撤销');
CALL zeren.tell_codes('meeting_kind', '会议类型', '庆城县八项机制', '
  group 领导小组或者专班会议|小组会议
  dispatch 调度会
  promotion 推进会
  study 学习研究会');
CALL zeren.tell_codes('verb', '操作', '本系统：事件和审计记录中的操作', '
  create_village_kind 认定村类型
  end_village_kind 取消村类型
  create_team 组建驻村工作队
  update_team 更正驻村工作队
  assign_village 增派驻村
  release_village 撤出驻村
  end_team 撤回驻村工作队
  create_team_member 派驻队员
  update_team_member 更正驻村队员
  end_team_member 队员离队
  rotate_team_member 轮换队员
  ask_leave 申请驻村请假
  approve_leave 批准驻村请假
  refuse_leave 不批准驻村请假
  cancel_leave 撤销驻村请假
  shorten_leave 提前返岗
  create_group 成立工作组
  update_group 调整工作组
  end_group 撤销工作组
  record_meeting 记录会议
  update_meeting 更正会议记录
  decide_meeting 交办会议议定事项');
CALL zeren.tell_codes('batch_kind', '批量导入类型', '本系统', '
  teams 驻村工作队
  team_members 驻村队员');
CALL zeren.tell_codes('export_kind', '批量导出类型', '本系统', '
  team_members 驻村队员');
CALL zeren.tell_codes('row_fault', '数据行问题', '本系统：规则 R-177 至 R-179', '
  wrong_keeper 工作队由县或者乡镇管理
  unknown_village 没有此村，或者不属于工作队的区划，或者重复
  unknown_team 没有此工作队
  several_teams 有多支同名工作队
  team_ended 工作队已撤回
  several_posts 有多个同名岗位
  wrong_duty 岗位的责任类型不是第一书记、队长或者队员
  before_team 早于工作队进驻日期');
