/* tests/db/test_migrate.c - each file once, in order, by its owner; and nothing at all when a file
 * is not what it was. Works in a database of its own beside the test database. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/migrate.h"
#include "support.h"

static char room[64], database[64], conninfo[512], zeren_dir[128], registry_dir[128];
static struct err err;

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", strchr(dir, '=') + 1, name);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

static void remove_file(const char *dir, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", strchr(dir, '=') + 1, name);
    cr_assert_eq(unlink(path), 0);
}

/* Runs SQL in the database of this test as the superuser; the first value. */
static const char *ask(const char *sql)
{
    static char value[1024];
    char super[512];
    (void)snprintf(super, sizeof super, "%s dbname=%s options='-c client_min_messages=warning'",
                   getenv("ZEREN_TEST_DB"), database);
    PGconn *pg = PQconnectdb(super);
    PGresult *r = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(r);
    cr_assert(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s", PQerrorMessage(pg));
    (void)snprintf(value, sizeof value, "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    PQfinish(pg);
    return value;
}

static const char *read_roles(void)
{
    static char text[16384];
    FILE *f = fopen(ZEREN_SOURCE_DIR "/deploy/postgres/roles.sql", "r");
    cr_assert_not_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    (void)fclose(f);
    return text;
}

static void setup(void)
{
    char sql[256];
    (void)snprintf(database, sizeof database, "zeren_migrate_%d", (int)getpid());
    (void)snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE template0", database);
    (void)super_sql(sql);
    (void)ask(read_roles());
    (void)snprintf(room, sizeof room, "/tmp/zeren-migrate-XXXXXX");
    cr_assert_not_null(mkdtemp(room));
    (void)snprintf(zeren_dir, sizeof zeren_dir, "zeren=%s/zeren", room);
    (void)snprintf(registry_dir, sizeof registry_dir, "registry=%s/registry", room);
    cr_assert_eq(mkdir(strchr(zeren_dir, '=') + 1, 0700), 0);
    cr_assert_eq(mkdir(strchr(registry_dir, '=') + 1, 0700), 0);
    (void)snprintf(conninfo, sizeof conninfo, "%s dbname=%s user=zeren_migrate",
                   getenv("ZEREN_TEST_DB"), database);
    write_file(zeren_dir, "0001_create_log.sql",
               "CREATE TABLE log (id serial, what text, who text DEFAULT current_user,"
               " path text DEFAULT current_setting('search_path'));\n"
               "GRANT USAGE ON SCHEMA zeren TO PUBLIC; GRANT ALL ON log, log_id_seq TO PUBLIC;\n");
    write_file(registry_dir, "0001_create_one.sql",
               "SELECT pg_sleep(0.1);\nINSERT INTO zeren.log (what) VALUES ('one');\n");
    err_clear(&err);
}

static void teardown(void)
{
    char command[256];
    (void)snprintf(command, sizeof command, "rm -rf %s", room);
    cr_assert_eq(system(command), 0);
    (void)snprintf(command, sizeof command, "DROP DATABASE %s WITH (FORCE)", database);
    (void)super_sql(command);
}

TestSuite(migrate, .init = setup, .fini = teardown, .timeout = 120);

static bool migrated(void)
{
    const char *const dirs[] = {zeren_dir, registry_dir, NULL};
    FILE *out = fopen("/dev/null", "w");
    err_clear(&err);
    bool ok = migrate_run(conninfo, dirs, out, &err);
    (void)fclose(out);
    return ok;
}

Test(migrate, applies_each_file_once_as_its_owner)
{
    cr_assert(migrated(), "%s", err.cause);
    cr_assert(migrated(), "%s", err.cause);
    cr_assert_str_eq(ask("SELECT string_agg(what || who || path, ',') FROM zeren.log"),
                     "oneregistry_ownerregistry");
    cr_assert_str_eq(ask("SELECT count(*) FROM zeren.schema_migration"), "2");
    write_file(registry_dir, "0002_create_two.sql", "INSERT INTO zeren.log (what) VALUES ('two');");
    cr_assert(migrated(), "%s", err.cause);
    cr_assert_str_eq(ask("SELECT string_agg(what, ',' ORDER BY id) FROM zeren.log"), "one,two");
}

Test(migrate, five_at_once_apply_each_file_once)
{
    pid_t children[5];
    for (int i = 0; i < 5; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(migrated() ? 0 : 1);
    }
    for (int i = 0; i < 5; i++) {
        int status = 0;
        cr_assert_eq(waitpid(children[i], &status, 0), children[i]);
        cr_expect_eq(status, 0);
    }
    cr_assert_str_eq(ask("SELECT count(*) FROM zeren.log"), "1");
}

static void refused(const char *file, const char *why)
{
    cr_assert_not(migrated());
    cr_assert_not_null(strstr(err.cause, file), "%s", err.cause);
    cr_assert_not_null(strstr(err.cause, why), "%s", err.cause);
    cr_assert_null(strchr(err.cause, '\n'));
    cr_assert_str_eq(ask("SELECT coalesce(string_agg(what, ','), '') FROM zeren.log"), "one");
}

Test(migrate, refuses_an_edited_file)
{
    cr_assert(migrated(), "%s", err.cause);
    write_file(registry_dir, "0001_create_one.sql", "SELECT 1;\n");
    write_file(zeren_dir, "0002_pending.sql", "INSERT INTO zeren.log (what) VALUES ('pending');");
    refused("registry/0001_create_one.sql", "edited");
}

Test(migrate, refuses_a_missing_file)
{
    write_file(registry_dir, "0002_create_two.sql", "SELECT 2;");
    cr_assert(migrated(), "%s", err.cause);
    remove_file(registry_dir, "0002_create_two.sql");
    refused("registry/0002_create_two.sql", "missing");
}

Test(migrate, refuses_gaps_duplicates_and_other_names)
{
    cr_assert(migrated(), "%s", err.cause);
    write_file(registry_dir, "0003_third.sql", "INSERT INTO zeren.log (what) VALUES ('third');");
    refused("0003_third.sql", "missing");
    write_file(registry_dir, "0002_second.sql", "INSERT INTO zeren.log (what) VALUES ('second');");
    write_file(registry_dir, "0002_twin.sql", "INSERT INTO zeren.log (what) VALUES ('twin');");
    refused("0002_twin.sql", "another file");
    remove_file(registry_dir, "0002_twin.sql");
    write_file(registry_dir, "4_Bad Name.sql", "SELECT 1;");
    refused("4_Bad Name.sql", "NNNN_verb_object.sql");
}

Test(migrate, names_the_line_of_a_fault)
{
    cr_assert(migrated(), "%s", err.cause);
    write_file(
        registry_dir, "0002_faulty.sql",
        "INSERT INTO zeren.log (what) VALUES ('half');\n-- 说明\nSELECT nothing FROM zeren.log;");
    refused("registry/0002_faulty.sql: line 3: ", "42703");
    cr_assert_str_eq(ask("SELECT count(*) FROM zeren.schema_migration"), "2");
}

Test(migrate, says_when_there_is_no_database)
{
    (void)snprintf(conninfo, sizeof conninfo, "host=/tmp/nowhere dbname=zeren user=zeren_migrate");
    cr_assert_not(migrated());
    cr_assert_eq(err.code, ERR_DB_DOWN);
    cr_assert_null(strchr(err.cause, '\n'));
}

Test(migrate, record_of_migrations_is_closed_to_services)
{
    cr_assert(migrated(), "%s", err.cause);
    cr_assert_str_eq(ask("SELECT has_table_privilege('registry_service', 'zeren.schema_migration',"
                         " 'SELECT, INSERT, UPDATE, DELETE')"),
                     "f");
}
