/* tests/db/test_catalogue.c - the rules of charter D1, read out of PostgreSQL's own catalogues: a
 * table without its class, a policy that costs or leaks, a grant too many is found here. */
#include "db/sqlstate.h"
#include "support.h"

TestSuite(catalogue, .timeout = 120);

/* Ours: all but the system's and the extensions'. */
#define OURS(object, schema)                                                                       \
    " (" schema " NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND NOT EXISTS"          \
    " (SELECT FROM pg_depend x WHERE x.objid = " object " AND x.deptype = 'e'))"

/* `sql` selects what breaks a rule, one text a row. */
static void none(const char *sql, const char *rule)
{
    const char *all = getenv("ZEREN_TEST_DB");
    cr_assert_not_null(all, "ZEREN_TEST_DB names no database");
    PGconn *pg = PQconnectdb(all);
    PGresult *r = PQexec(pg, sql);
    cr_assert_eq(PQresultStatus(r), PGRES_TUPLES_OK, "%s", PQerrorMessage(pg));
    for (int i = 0; i < PQntuples(r); i++)
        cr_expect(false, "%s: %s", rule, PQgetvalue(r, i, 0));
    PQclear(r);
    PQfinish(pg);
}

#define X(schema, table, class) "('" #schema "','" #table "','" #class "'),"
static const char declared[] =
    "WITH declared (schema, name, class) AS (VALUES "
#include "tables.def"
    "(NULL,NULL,NULL)), present AS (SELECT c.oid, n.nspname AS schema, c.relname AS name"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND" OURS("c.oid",
                                                                            "n.nspname") ") ";
#undef X

static void none_declared(const char *rest, const char *rule)
{
    char sql[16384];
    int n = snprintf(sql, sizeof sql, "%s%s", declared, rest);
    cr_assert(n > 0 && (size_t)n < sizeof sql);
    none(sql, rule);
}

Test(catalogue, every_table_has_a_class)
{
    none_declared("SELECT schema || '.' || name FROM present EXCEPT"
                  " SELECT schema || '.' || name FROM declared",
                  "not in proto/tables.def");
}

Test(catalogue, every_class_has_its_table)
{
    none_declared("SELECT schema || '.' || name FROM declared WHERE name IS NOT NULL EXCEPT"
                  " SELECT schema || '.' || name FROM present",
                  "in proto/tables.def, not in the database");
}

/* What zeren.classify() makes of a class; schema_migration has its owner only. */
Test(catalogue, policies_are_those_of_the_class)
{
    none_declared(
        ", expected (class, policy) AS (VALUES ('scoped', 'within_scope'),"
        " ('upward', 'read_from_below'), ('upward', 'insert_within_scope'),"
        " ('upward', 'update_within_scope'), ('upward', 'delete_within_scope'),"
        " ('reference', 'read_by_all'), ('private', 'own_service'), ('journal', 'add_by_service'),"
        " ('journal', 'read_by_auditor'), ('journal', 'read_by_sealer'), ('journal', "
        "'look_by_owner'),"
        " ('feed', 'read_in_reach'), ('feed', 'sequence_by_worker'), ('feed', 'look_by_owner'),"
        " ('head', 'read_by_service'), ('head', 'move_by_worker'), ('head', 'move_by_owner'),"
        " ('seal', 'seal_by_sealer'), ('seal', 'read_by_sealer'), ('seal', 'look_by_owner'))"
        " SELECT d.schema || '.' || d.name || ' lacks ' || e.policy"
        " FROM declared d JOIN expected e ON e.class = d.class WHERE NOT EXISTS (SELECT"
        " FROM pg_policies p WHERE (p.schemaname, p.tablename, p.policyname) ="
        " (d.schema, d.name, e.policy))"
        " UNION ALL SELECT d.schema || '.' || d.name || ' has ' || e.policy || ' of another class'"
        " FROM declared d JOIN pg_policies p ON (p.schemaname, p.tablename) = (d.schema, d.name)"
        " JOIN expected e ON e.policy = p.policyname WHERE NOT EXISTS (SELECT FROM expected o"
        " WHERE (o.class, o.policy) = (d.class, p.policyname)) AND NOT (d.class = 'reference'"
        " AND p.policyname IN ('insert_within_scope', 'update_within_scope'))",
        "wrong policies");
}

Test(catalogue, scoped_rows_are_read_through_the_scope)
{
    none_declared("SELECT d.schema || '.' || d.name || ' ' || p.policyname FROM declared d"
                  " JOIN pg_policies p ON (p.schemaname, p.tablename) = (d.schema, d.name)"
                  " WHERE d.class IN ('scoped', 'upward', 'feed')"
                  " AND p.policyname NOT IN ('sequence_by_worker', 'look_by_owner')"
                  " AND NOT (p.policyname = 'run_by_worker' AND p.roles ="
                  " ARRAY[d.schema || '_worker']::name[])"
                  " AND coalesce(p.qual, p.with_check) !~ 'zeren\\.scope\\(\\)'",
                  "a policy without the scope");
}

Test(catalogue, row_security_is_forced)
{
    none_declared("SELECT p.schema || '.' || p.name FROM present p JOIN pg_class c ON c.oid = p.oid"
                  " WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity)",
                  "row-level security is not forced");
}

/* Evaluated once a statement, not once a row. */
Test(catalogue, policies_wrap_the_scope)
{
    none("SELECT schemaname || '.' || tablename || ' ' || policyname FROM pg_policies,"
         " LATERAL (SELECT regexp_replace(coalesce(qual, '') || ' ' || coalesce(with_check, ''),"
         " '\\( ?SELECT zeren\\.(scope|lines|ancestors|auditing)\\(\\) AS \\w+\\)', '', 'g')) AS "
         "rest(text)"
         " WHERE rest.text ~ 'zeren\\.(scope|lines|ancestors|auditing)\\(|current_setting'",
         "a policy calls the scope for every row");
}

Test(catalogue, views_run_as_their_caller)
{
    none(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'v' AND" OURS(
            "c.oid",
            "n.nspname") " AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)",
        "not security_invoker");
    none(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'm' AND" OURS("c.oid", "n.nspname"),
        "a materialised view has no row-level security");
}

Test(catalogue, published_views_are_documented)
{
    none(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname LIKE '%\\_pub' AND obj_description(c.oid, 'pg_class') IS NULL",
        "no comment");
}

/* Reviewed: SECURITY DEFINER where every service asks and none may read the table. Each has an
 * owner without log-in, a search_path of its own, and nothing for PUBLIC. */
#define DOORS(schema)                                                                              \
    "'" schema ".make_audit_months(integer)','" schema ".audit_months_due(bigint)','" schema       \
    ".drop_audit_month(date,bigint)','" schema ".make_event_blocks()','" schema                    \
    ".drop_event_blocks()'"
#define REVIEWED                                                                                   \
    "('identity_pub.use_api_token(bytea,text,timestamp with time zone,date)',"                     \
    "'identity_pub.right_of_work(uuid,uuid,uuid,text[],text,text,text,timestamp with time zone,"   \
    "date)'," DOORS("identity") "," DOORS("registry") "," DOORS("monitoring") ")"

Test(catalogue, functions_run_as_their_caller)
{
    none("SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n"
         " ON n.oid = p.pronamespace WHERE p.prosecdef AND p.oid::regprocedure::text NOT "
         "IN " REVIEWED " AND" OURS("p.oid", "n.nspname"),
         "SECURITY DEFINER");
    none("SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
         " WHERE p.oid::regprocedure::text IN " REVIEWED " AND (r.rolcanlogin OR r.rolsuper"
         " OR r.rolbypassrls OR NOT EXISTS (SELECT FROM unnest(p.proconfig) AS c (line)"
         " WHERE c.line LIKE 'search_path=%pg_temp') OR EXISTS (SELECT FROM aclexplode(p.proacl) "
         "AS a"
         " WHERE a.grantee = 0))",
         "a reviewed function is open");
}

Test(catalogue, audit_is_insert_only)
{
    none("SELECT c.oid::regclass || ' ' || a.privilege_type || ' to ' || a.grantee::regrole"
         " FROM pg_class c, aclexplode(c.relacl) AS a WHERE c.relname ~ '^audit_(log|seal)'"
         " AND a.privilege_type NOT IN ('INSERT', 'SELECT') AND a.grantee <> c.relowner",
         "audit can be changed");
    none("SELECT t.attrelid::regclass || '.' || t.attname || ' ' || a.privilege_type"
         " FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) AS a"
         " WHERE c.relname ~ '^audit_(log|seal)' AND (a.privilege_type <> 'INSERT'"
         " OR c.relname <> 'audit_log' OR t.attname IN ('id', 'recorded_at'))",
         "audit can be changed by columns, or its number or stamp chosen");
    none("SELECT c.oid::regclass || ' by ' || a.grantee::regrole FROM pg_class c,"
         " aclexplode(c.relacl) AS a WHERE c.relname = 'audit_log' AND a.privilege_type = 'INSERT'"
         " AND a.grantee <> c.relowner",
         "a role chooses number and stamp of audit rows");
    none("SELECT c.oid::regclass || ' ' || a.privilege_type || ' to ' || a.grantee::regrole"
         " FROM pg_class c, aclexplode(c.relacl) AS a WHERE c.relname = 'audit_seal'"
         " AND a.grantee NOT IN (c.relowner, to_regrole('zeren_audit')::oid)",
         "seals are the sealer's alone");
}

/* A service sees audit rows inside the caller's scope, and only when the engine says that the
 * caller is an auditor. */
Test(catalogue, audit_is_read_by_auditors_through_the_scope)
{
    none(
        "SELECT schemaname || '.' || tablename FROM pg_policies WHERE policyname = "
        "'read_by_auditor'"
        " AND (qual !~ 'zeren\\.scope\\(\\)' OR qual !~ 'zeren\\.auditing\\(\\)' OR qual ~ ' OR ')",
        "audit is read without scope or without the engine's word");
    none("SELECT p.schemaname || '.' || p.tablename || ' ' || p.policyname || ' for ' || r.role"
         " FROM pg_policies p, unnest(p.roles) AS r (role) WHERE p.tablename ~ '^audit_'"
         " AND p.cmd <> 'INSERT' AND r.role <> 'zeren_audit' AND r.role <> p.schemaname || '_owner'"
         " AND p.policyname <> 'read_by_auditor'",
         "audit is read by others");
}

Test(catalogue, partitions_are_reached_through_their_table_alone)
{
    none("SELECT c.oid::regclass || ' ' || a.privilege_type || ' to ' || a.grantee::regrole"
         " FROM pg_class c, aclexplode(c.relacl) AS a WHERE c.relispartition AND c.relkind = 'r'"
         " AND a.grantee <> c.relowner",
         "a partition has grants");
    none("SELECT c.oid::regclass::text FROM pg_class c WHERE c.relispartition AND c.relkind = 'r'"
         " AND NOT (c.relrowsecurity AND c.relforcerowsecurity)",
         "row-level security is not forced on a partition");
    none("SELECT schemaname || '.' || tablename || ' ' || policyname FROM pg_policies p"
         " JOIN pg_class c ON c.oid = format('%I.%I', schemaname, tablename)::regclass"
         " WHERE c.relispartition",
         "a partition has policies of its own");
}

Test(catalogue, nobody_bypasses_row_security)
{
    none("SELECT rolname FROM pg_roles WHERE rolbypassrls AND NOT rolsuper", "BYPASSRLS");
    none("SELECT rolname FROM pg_roles WHERE rolsuper AND rolname ~ "
         "'^(zeren|identity|registry|monitoring)_'",
         "superuser");
}

Test(catalogue, log_in_roles_own_nothing)
{
    none("SELECT c.oid::regclass || ' of ' || r.rolname FROM pg_class c JOIN pg_roles r"
         " ON r.oid = c.relowner JOIN pg_namespace n ON n.oid = c.relnamespace"
         " WHERE r.rolcanlogin AND NOT r.rolsuper AND n.nspname !~ '^pg_'",
         "owned by a log-in role");
}

Test(catalogue, constraints_of_the_client_exist)
{
    for (const char *const *name = sqlstate_constraints(); *name != NULL; name++) {
        char sql[512];
        (void)snprintf(sql, sizeof sql,
                       "SELECT '%s' WHERE NOT EXISTS (SELECT FROM pg_constraint"
                       " WHERE conname = '%s') AND NOT EXISTS (SELECT FROM pg_index x"
                       " JOIN pg_class c ON c.oid = x.indexrelid"
                       " WHERE x.indisunique AND c.relname = '%s')",
                       *name, *name, *name);
        none(sql, "in proto/constraints.def, not in the database");
    }
}

Test(catalogue, unique_keys_are_told_to_the_client)
{
    none(
        "SELECT DISTINCT conname FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace"
        " WHERE k.contype IN ('u', 'x') AND n.nspname IN ('identity', 'registry', 'monitoring')"
        " AND conname <> ALL (ARRAY["
#define X(name, code, field, detail) "'" #name "',"
#include "constraints.def"
#undef X
        "''])",
        "not in proto/constraints.def");
}

/* deploy/THREATS.md: what each stolen database role cannot do. Rights on a table or on any of its
 * columns, single columns, memberships, and schemas to make tables in. */
Test(catalogue, a_stolen_role_can_no_more_than_the_page_says)
{
    none("SELECT t.role || ' may ' || p.privilege || ' ' || t.name FROM (VALUES"
         " ('registry_service', 'identity.credential', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'identity.account', 'INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'identity.session', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'identity.api_token', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'identity.person', 'INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'identity.signing_key', 'INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'identity.revocation', 'INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'registry.audit_log', 'UPDATE,DELETE,TRUNCATE'),"
         " ('registry_service', 'registry.audit_seal', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'zeren.setting', 'INSERT,UPDATE,DELETE'),"
         " ('registry_worker', 'registry.audit_log', 'SELECT,UPDATE,DELETE,TRUNCATE'),"
         " ('registry_worker', 'identity.person', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('registry_worker', 'identity.account', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'identity.credential', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'identity.account', 'INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'identity.session', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'identity.api_token', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'identity.person', 'INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'registry.item', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'registry.organisation', 'INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'monitoring.audit_log', 'UPDATE,DELETE,TRUNCATE'),"
         " ('monitoring_service', 'monitoring.audit_seal', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('monitoring_service', 'zeren.setting', 'INSERT,UPDATE,DELETE'),"
         " ('monitoring_worker', 'monitoring.audit_log', 'SELECT,UPDATE,DELETE,TRUNCATE'),"
         " ('monitoring_worker', 'identity.person', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('monitoring_worker', 'identity.account', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('identity_service', 'monitoring.monitoring_line', 'INSERT,UPDATE,DELETE'),"
         " ('identity_service', 'monitoring.audit_log', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('registry_service', 'monitoring.monitoring_line', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('identity_service', 'registry.item', 'INSERT,UPDATE,DELETE'),"
         " ('identity_service', 'registry.audit_log', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('identity_service', 'identity.audit_log', 'UPDATE,DELETE,TRUNCATE'),"
         " ('identity_service', 'identity.audit_seal', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('identity_service', 'zeren.setting_kind', 'INSERT,UPDATE,DELETE'),"
         " ('identity_worker', 'identity.account', 'INSERT,UPDATE,DELETE'),"
         " ('identity_worker', 'identity.role_permission', 'INSERT,UPDATE,DELETE'),"
         " ('identity_worker', 'identity.audit_log', 'SELECT,UPDATE,DELETE,TRUNCATE'),"
         " ('zeren_audit', 'identity.person', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('zeren_audit', 'identity.credential', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('zeren_audit', 'registry.item', 'SELECT,INSERT,UPDATE,DELETE'),"
         " ('zeren_audit', 'identity.audit_log', 'INSERT,UPDATE,DELETE,TRUNCATE'),"
         " ('zeren_audit', 'identity.audit_seal', 'UPDATE,DELETE,TRUNCATE'))"
         " AS t (role, name, privileges), unnest(string_to_array(t.privileges, ',')) AS p "
         "(privilege)"
         " WHERE has_table_privilege(t.role, t.name, p.privilege) OR (p.privilege IN ('SELECT',"
         " 'INSERT', 'UPDATE') AND has_any_column_privilege(t.role, t.name, p.privilege))",
         "more than deploy/THREATS.md says");
    none("SELECT r.role || ' may ' || p.privilege || ' ' || r.name || '.' || r.columns FROM (VALUES"
         " ('identity_worker', 'identity.credential', 'password_hash'),"
         " ('identity_worker', 'identity.person', 'name'),"
         " ('registry_service', 'identity.person', 'citizen_id'),"
         " ('registry_service', 'identity.person', 'phone'),"
         " ('monitoring_service', 'identity.person', 'citizen_id'),"
         " ('monitoring_service', 'identity.person', 'phone'),"
         " ('monitoring_service', 'identity.account', 'person_id'),"
         " ('registry_service', 'identity.account', 'person_id')) AS r (role, name, columns),"
         " unnest(ARRAY['SELECT', 'UPDATE']) AS p (privilege)"
         " WHERE has_column_privilege(r.role, r.name, r.columns, p.privilege)",
         "more than deploy/THREATS.md says");
    none("SELECT r.rolname || ' is ' || g.rolname FROM pg_roles r, pg_roles g"
         " WHERE r.rolname ~ '^(identity|registry|monitoring|zeren)_' AND NOT r.rolsuper AND r.oid "
         "<> g.oid"
         " AND r.rolname <> 'zeren_migrate' AND pg_has_role(r.oid, g.oid, 'MEMBER')",
         "a role that is another");
    none(
        "SELECT r.rolname || ' makes tables' FROM pg_roles r, pg_namespace n WHERE r.rolcanlogin"
        " AND r.rolname ~ '^(identity|registry|monitoring|zeren)_' AND r.rolname <> 'zeren_migrate'"
        " AND n.nspname !~ '^pg_(temp|toast_temp)' AND has_schema_privilege(r.oid, n.oid, "
        "'CREATE')",
        "more than deploy/THREATS.md says");
}

Test(catalogue, every_verb_has_its_word)
{
    none("SELECT DISTINCT v.verb FROM (SELECT verbs FROM registry_pub.record_kind UNION ALL"
         " SELECT verbs FROM monitoring_pub.record_kind UNION ALL"
         " SELECT verbs FROM identity_pub.record_kind) AS k,"
         " jsonb_object_keys(k.verbs) AS v (verb) WHERE identity.verb_label(v.verb) = v.verb",
         "a verb without a word in identity.verb_label()");
}
