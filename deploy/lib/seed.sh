# shellcheck shell=bash
# deploy/lib/seed.sh - the fifteen demonstration accounts, one a role and named like it, each with a person who holds
# a post in an organisation of its own level; programs have no person and are given their post. Written as the superuser, repeatable. No other
# demonstration data: that comes through the API (quickstart). Units, posts and who holds them are there from ZEREN_SEED_FROM on. Sourced after common.sh.

# account | kind | organisation | its kind | its line | division | ranges | lines the post is limited to | title | person | role | duty (staff)
seed_rows() {
    cat <<'ROWS'
province_office|person|湖南省乡村振兴工作专班|work_group||430000000000|{43}||省专班业务岗|省经办甲|province_office
prefecture_office|person|娄底市乡村振兴工作专班|work_group||431300000000|{4313}||市专班业务岗|市经办甲|prefecture_office
county_office|person|娄星区乡村振兴工作专班|work_group||431302000000|{431302}||区专班业务岗|区经办甲|county_office
other_county_office|person|双峰县乡村振兴工作专班|work_group||431321000000|{431321}||县专班业务岗|县经办乙|county_office
town_office|person|涟滨街道办事处|town||431302006000|{431302006}||街道经办岗|镇经办甲|town_office
village_worker|person|仙人阁社区|village||431302006003|{431302006003}||驻村联络岗|村经办甲|village_worker
department_office|person|娄星区农业农村局|department|agriculture|431302000000|{431302}|{agriculture}|农业农村经办岗|部门经办甲|department_office
inspector|person|娄底市督查考核办公室|work_group||431300000000|{4313}||督查岗|督查甲|inspector
system_admin|person|乡村振兴责任制系统管理处|other||000000000000|{""}||系统管理岗|管理甲|system_admin
security_admin|person|乡村振兴责任制系统管理处|other||000000000000|{""}||安全管理岗|管理乙|security_admin
audit_admin|person|乡村振兴责任制系统管理处|other||000000000000|{""}||审计管理岗|管理丙|audit_admin
integration|machine|娄星区财政局|department|finance|431302000000|{431302}||财政数据接口||integration
device|device|涟滨街道办事处|town||431302006000|{431302006}||移动终端||device
monitoring_office|person|娄星区防止返贫监测办公室|work_group||431302000000|{431302}||区监测业务岗|监测经办甲|monitoring_office
other_monitoring_office|person|双峰县防止返贫监测办公室|work_group||431321000000|{431321}||县监测业务岗|监测经办乙|monitoring_office
ROWS
}

# The units of the demonstration county that report progress: an account each, named unit_ and its line or its town's code.
unit_rows() { # PROGRESS.CSV ORGANISATIONS.CSV
    awk -F, 'NR == FNR { if (FNR > 1) reports[$2] = 1; next }
        FNR > 1 && $1 in reports && $4 == "department" {
            printf "unit_%s|person|%s|department|%s|%s|{431302}|{%s}|填报岗||department_office\n", $3, $1, $3, $2, $3 }
        FNR > 1 && $1 in reports && $4 == "town" {
            code = substr($2, 1, 9); printf "unit_%s|person|%s|town||%s|{%s}||填报岗||town_office\n", code, $1, $2, code }' "$1" "$2"
}

# Ids are fixed (UUIDv7 in form), so that a second run finds the first one's rows. Reads the rows from standard input.
seed_sql() { # FIRST-ID
    cat <<SQL
\\set from ${ZEREN_SEED_FROM:-2026-01-01}
\\set at ${ZEREN_SEED_FROM:-now}
CREATE TEMP TABLE seed (account text, kind text, organisation text, organisation_kind text, line text, division text,
  ranges text[], lines text[], title text, person text, role text, duty text, n integer GENERATED ALWAYS AS IDENTITY (START $1));
COPY seed (account, kind, organisation, organisation_kind, line, division, ranges, lines, title, person, role, duty)
  FROM STDIN (FORMAT csv, DELIMITER '|', QUOTE E'\\b', NULL '');
SQL
    awk -F '|' 'NF == 11 { $0 = $0 "|staff" } { print }'
    printf '%s\n' '\.'
    cat <<'SQL'
CREATE FUNCTION pg_temp.seed_id(room text, n integer) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN format('01940000-%s-7000-8000-%s', room, lpad(n::text, 12, '0'))::uuid;
INSERT INTO registry.organisation (id, owner_division, name, kind, line, created_at)
  SELECT pg_temp.seed_id('0001', min(n)), division, organisation, organisation_kind, line, :'at'::timestamptz
    FROM seed GROUP BY division, organisation, organisation_kind, line
  ON CONFLICT ON CONSTRAINT organisation_name_key DO NOTHING;
INSERT INTO identity.person (id, owner_division, name, created_at)
  SELECT pg_temp.seed_id('0002', n), division, person, now() FROM seed WHERE person IS NOT NULL
  ON CONFLICT (id) DO NOTHING;
INSERT INTO identity.post (id, owner_division, organisation_id, title, duty, role, ranges, scope_lines, created_at)
  SELECT pg_temp.seed_id('0003', s.n), s.division, o.id, s.title, s.duty, s.role, s.ranges, s.lines, :'at'::timestamptz
    FROM seed s JOIN registry.organisation o ON o.owner_division = s.division AND o.name = s.organisation
  ON CONFLICT (id) DO NOTHING;
INSERT INTO identity.holder (id, owner_division, post_id, person_id, starts_on, created_at)
  SELECT pg_temp.seed_id('0004', n), division, pg_temp.seed_id('0003', n), pg_temp.seed_id('0002', n), :'from'::date, now()
    FROM seed WHERE person IS NOT NULL
  ON CONFLICT (id) DO NOTHING;
INSERT INTO identity.account (id, login, kind, person_id, owner_division)
  SELECT pg_temp.seed_id('0005', n), account, kind, CASE WHEN person IS NOT NULL THEN pg_temp.seed_id('0002', n) END, division
    FROM seed
  ON CONFLICT (id) DO NOTHING;
INSERT INTO identity.credential (account_id, password_hash, released_at) -- nobody else could vouch for the first administrators
  SELECT pg_temp.seed_id('0005', n), :'hash', now() FROM seed
  ON CONFLICT (account_id) DO UPDATE SET password_hash = EXCLUDED.password_hash;
INSERT INTO identity.account_post (account_id, post_id)
  SELECT pg_temp.seed_id('0005', n), pg_temp.seed_id('0003', n) FROM seed WHERE person IS NULL
  ON CONFLICT DO NOTHING;
SQL
}

password_hash() { as_user "$BIN/identity" --hash-password <"$SECRET/password"; }

# Writes rows read from standard input; MARK names them, and what was written already is not written again.
seed_accounts() { # MARK FIRST-ID
    local rows mark hash log=$RUN/seed.log
    rows=$(cat)
    mark=$(printf '%s' "$rows" | cat - "$SECRET/password" "$ROOT/deploy/lib/seed.sh" | sha256sum | cut -c1-32)
    [ "$mark" = "$(cat "$RUN/$1" 2>/dev/null)" ] && return 0
    hash=$(password_hash 2>"$log")
    [ -n "$hash" ] || die_step "hashing the demonstration password" "$log"
    printf '%s\n' "$rows" | seed_sql "$2" | superuser_psql -q -1 -v ON_ERROR_STOP=1 -v hash="$hash" >"$log" 2>&1 ||
        die_step "creating the demonstration accounts" "$log"
    printf '%s\n' "$mark" | write_file "$RUN/$1" 644
}

seed() { seed_rows | seed_accounts seeded 1; }

seed_units() { # of the demonstration county, for quickstart
    unit_rows "$ROOT/deploy/data/demo/progress.csv" "$ROOT/deploy/data/demo/organisations.csv" | seed_accounts seeded.units 101
}
