/* common/db/migrate.c - applies numbered SQL files once, in order. All is checked before the first
 * is applied. Does not undo: a mistake is mended by the next number. */
#include "db/migrate.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libpq-fe.h>

#include "core/arena.h"
#include "core/str.h"
#include "db/connect.h"
#include "keys/openssl.h"

#include "core/banned.h"

enum {
    MAX_FILES = 1000,
    MAX_FILE = 64 * 1024 * 1024,
    MEMORY = 256 * 1024 * 1024,
    SHA256_TEXT = 65
};

struct migration {
    const char *schema, *file, *sql;
    int number;
    char sha256[SHA256_TEXT];
    bool applied;
};

struct run {
    struct arena *arena;
    PGconn *pg;
    struct migration *all; /* in the order to apply */
    size_t n;
    FILE *out;
    struct err *err;
};

/* One lock for all runs against a database: "zeren" in ASCII. */
#define LOCK "SELECT pg_advisory_lock(524155610478)"

static const char make_table[] =
    "CREATE TABLE zeren.schema_migration ("
    " schema text NOT NULL, number integer NOT NULL, file text NOT NULL, sha256 text NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now(),"
    " CONSTRAINT schema_migration_pkey PRIMARY KEY (schema, number));"
    " COMMENT ON TABLE zeren.schema_migration IS 'Which numbered SQL files were applied; kept by "
    "migrate';"
    " ALTER TABLE zeren.schema_migration ENABLE ROW LEVEL SECURITY;"
    " ALTER TABLE zeren.schema_migration FORCE ROW LEVEL SECURITY;"
    " CREATE POLICY own_service ON zeren.schema_migration TO zeren_owner"
    " USING (true) WITH CHECK (true);";

static bool refuse(struct run *r, enum err_code code, const char *schema, const char *file,
                   const char *why)
{
    err_set(r->err, code, NULL, "%s", "");
    err_cause(r->err, "%s%s%s: %s", schema, *file == '\0' ? "" : "/", file, why);
    return false;
}

static bool no_memory(struct run *r)
{
    return err_set(r->err, ERR_NO_MEMORY, NULL, "%s", "the files are too many or too long");
}

/* "0001_create_registry.sql" -> 1; 0: no such name. */
static int number_of(const char *file)
{
    size_t len = strlen(file), words = strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789_");
    if (len < 10 || strspn(file, "0123456789") != 4 || file[4] != '_')
        return 0;
    return words == len - 4 && strcmp(file + words, ".sql") == 0 ? (int)strtol(file, NULL, 10) : 0;
}

static bool hash(struct migration *m, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(m->sql, len, digest, &size, EVP_sha256(), NULL) != 1 || size != 32)
        return false;
    for (unsigned i = 0; i < size; i++) {
        m->sha256[(size_t)2 * i] = "0123456789abcdef"[digest[i] >> 4];
        m->sha256[(size_t)2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    return true;
}

static bool read_stream(struct run *r, struct migration *m, FILE *f)
{
    struct stat st;
    if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE)
        return refuse(r, ERR_INTERNAL, m->schema, m->file, "not a file, or longer than 64 MiB");
    size_t len = (size_t)st.st_size;
    char *sql = arena_alloc(r->arena, len + 1);
    if (sql == NULL)
        return no_memory(r);
    if (fread(sql, 1, len, f) != len)
        return refuse(r, ERR_INTERNAL, m->schema, m->file, "cannot be read");
    if (!str_utf8(sql, len))
        return refuse(r, ERR_INTERNAL, m->schema, m->file, "not UTF-8 without NUL");
    m->sql = sql;
    return hash(m, len) ? true : refuse(r, ERR_INTERNAL, m->schema, m->file, "cannot be hashed");
}

static bool read_file(struct run *r, struct migration *m, const char *dir)
{
    const char *path = arena_printf(r->arena, "%s/%s", dir, m->file);
    FILE *f = path == NULL ? NULL : fopen(path, "rb");
    if (f == NULL)
        return refuse(r, ERR_INTERNAL, m->schema, m->file, "cannot be opened");
    bool ok = read_stream(r, m, f);
    (void)fclose(f);
    return ok;
}

static int by_number(const void *a, const void *b)
{
    const struct migration *x = a, *y = b;
    return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                  : strcmp(x->file, y->file);
}

static bool add_file(struct run *r, const char *schema, const char *dir, const char *file)
{
    size_t len = strlen(file);
    if (len < 4 || strcmp(file + len - 4, ".sql") != 0)
        return true;
    int number = number_of(file);
    if (number == 0)
        return refuse(r, ERR_STATE, schema, file, "a migration is called NNNN_verb_object.sql");
    if (r->n == MAX_FILES)
        return no_memory(r);
    struct migration *m = &r->all[r->n++];
    *m = (struct migration){
        .schema = schema, .file = arena_strdup(r->arena, file), .number = number};
    return m->file == NULL ? no_memory(r) : read_file(r, m, dir);
}

/* The files of one directory are numbered 1, 2, 3 … */
static bool check_numbers(struct run *r, size_t first)
{
    for (size_t i = first; i < r->n; i++) {
        const struct migration *m = &r->all[i];
        int expected = (int)(i - first) + 1;
        if (m->number < expected)
            return refuse(r, ERR_STATE, m->schema, m->file, "another file has this number");
        if (m->number > expected)
            return refuse(r, ERR_STATE, m->schema, m->file, "a number before this one is missing");
    }
    return true;
}

static bool read_dir(struct run *r, const char *schema, const char *dir)
{
    DIR *d = opendir(dir);
    if (d == NULL)
        return refuse(r, ERR_INTERNAL, schema, "", "its directory cannot be opened");
    size_t first = r->n;
    bool ok = true;
    for (struct dirent *e; ok && (e = readdir(d)) != NULL;)
        ok = add_file(r, schema, dir, e->d_name);
    (void)closedir(d);
    qsort(r->all + first, r->n - first, sizeof *r->all, by_number);
    return ok && check_numbers(r, first);
}

/* "registry=services/registry/migrations"; the name becomes part of SQL, so it is a plain word. */
static bool read_dirs(struct run *r, const char *const *dirs)
{
    for (; *dirs != NULL; dirs++) {
        size_t n = strspn(*dirs, "abcdefghijklmnopqrstuvwxyz_");
        if (n == 0 || n > 40 || (*dirs)[n] != '=')
            return refuse(r, ERR_MALFORMED, *dirs, "", "is not written name=directory");
        const char *schema = arena_strndup(r->arena, *dirs, n);
        if (schema == NULL)
            return no_memory(r);
        if (!read_dir(r, schema, *dirs + n + 1))
            return false;
    }
    return true;
}

/* The line of a file on which the server found a fault, or 0. Its position counts characters. */
static int fault_line(const char *sql, const PGresult *res)
{
    const char *position = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
    if (position == NULL || sql == NULL)
        return 0;
    int line = 1;
    for (long left = strtol(position, NULL, 10) - 1; left > 0 && *sql != '\0'; sql++) {
        line += *sql == '\n';
        left -= ((unsigned char)sql[1] & 0xC0) != 0x80;
    }
    return line;
}

static bool run_refused(struct run *r, const struct migration *m, const PGresult *res)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    int line = fault_line(m == NULL ? NULL : m->sql, res);
    const char *where = line > 0 ? arena_printf(r->arena, "line %d: ", line) : "";
    const char *why = arena_printf(r->arena, "%s%s (%s)", where == NULL ? "" : where,
                                   message == NULL ? PQerrorMessage(r->pg) : message,
                                   state == NULL ? "connection lost" : state);
    return refuse(r, state == NULL ? ERR_DB_DOWN : ERR_INTERNAL, m == NULL ? "zeren" : m->schema,
                  m == NULL ? "schema_migration" : m->file, why == NULL ? "refused" : why);
}

/* Runs SQL of ours (m NULL) or of a file; one of comments alone does nothing. */
static bool execute(struct run *r, const struct migration *m, const char *sql)
{
    PGresult *res = PQexec(r->pg, sql);
    ExecStatusType status = PQresultStatus(res);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
              (status == PGRES_EMPTY_QUERY && m != NULL);
    if (!ok)
        run_refused(r, m, res);
    PQclear(res);
    return ok;
}

/* The tag tells a COMMIT that was turned into a ROLLBACK. */
static bool commit(struct run *r, const struct migration *m)
{
    PGresult *res = PQexec(r->pg, "COMMIT");
    bool ok = PQresultStatus(res) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(res), "COMMIT") == 0;
    if (!ok)
        run_refused(r, m, res);
    PQclear(res);
    return ok;
}

static bool table_missing(struct run *r)
{
    PGresult *res = PQexec(r->pg, "SELECT to_regclass('zeren.schema_migration') IS NULL");
    bool missing = PQresultStatus(res) == PGRES_TUPLES_OK && *PQgetvalue(res, 0, 0) == 't';
    PQclear(res);
    return missing;
}

static bool begin_as(struct run *r, const struct migration *m, const char *schema)
{
    const char *sql = arena_printf(
        r->arena, "BEGIN; SET LOCAL ROLE %s_owner; SET LOCAL search_path TO %s", schema, schema);
    return sql == NULL ? no_memory(r) : execute(r, m, sql);
}

static bool ensure_table(struct run *r)
{
    if (!table_missing(r))
        return true;
    return begin_as(r, NULL, "zeren") && execute(r, NULL, make_table) && commit(r, NULL);
}

static struct migration *find(struct run *r, const char *schema, const char *number)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->all[i].schema, schema) == 0 && r->all[i].number == strtol(number, NULL, 10))
            return &r->all[i];
    }
    return NULL;
}

static bool is_given(const struct run *r, const char *schema)
{
    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->all[i].schema, schema) == 0)
            return true;
    }
    return false;
}

/* Holds one recorded row against the files. Schemas not given this time are left alone. */
static bool check_recorded(struct run *r, const PGresult *res, int row)
{
    const char *schema = PQgetvalue(res, row, 0), *file = PQgetvalue(res, row, 2);
    struct migration *m = find(r, schema, PQgetvalue(res, row, 1));
    if (m == NULL && !is_given(r, schema))
        return true;
    if (m == NULL || strcmp(m->file, file) != 0)
        return refuse(r, ERR_STATE, schema, file, "was applied, and its file is missing");
    if (strcmp(m->sha256, PQgetvalue(res, row, 3)) != 0)
        return refuse(r, ERR_STATE, schema, file, "was applied, and its file was edited since");
    m->applied = true;
    return true;
}

static bool compare(struct run *r, const PGresult *res)
{
    for (int row = 0; row < PQntuples(res); row++) {
        if (!check_recorded(r, res, row))
            return false;
    }
    for (size_t i = 0; i + 1 < r->n; i++) {
        const struct migration *m = &r->all[i], *next = m + 1;
        if (!m->applied && next->applied && strcmp(m->schema, next->schema) == 0)
            return refuse(r, ERR_STATE, m->schema, m->file, "a later number was applied already");
    }
    return true;
}

static bool read_recorded(struct run *r)
{
    if (!begin_as(r, NULL, "zeren"))
        return false;
    PGresult *res = PQexec(r->pg, "SELECT schema, number, file, sha256 FROM zeren.schema_migration"
                                  " ORDER BY schema, number");
    bool ok = PQresultStatus(res) == PGRES_TUPLES_OK ? compare(r, res) : run_refused(r, NULL, res);
    PQclear(res);
    return execute(r, NULL, "ROLLBACK") && ok;
}

static bool record(struct run *r, const struct migration *m)
{
    const char *number = arena_printf(r->arena, "%d", m->number);
    const char *const values[] = {m->schema, number, m->file, m->sha256};
    PGresult *res = PQexecParams(r->pg,
                                 "INSERT INTO zeren.schema_migration (schema, number, file, sha256)"
                                 " VALUES ($1, $2::integer, $3, $4)",
                                 4, NULL, values, NULL, NULL, 0);
    bool ok = PQresultStatus(res) == PGRES_COMMAND_OK;
    if (!ok)
        run_refused(r, m, res);
    PQclear(res);
    return ok;
}

static bool apply(struct run *r, const struct migration *m)
{
    if (!begin_as(r, m, m->schema) || !execute(r, m, m->sql))
        return false;
    if (PQtransactionStatus(r->pg) != PQTRANS_INTRANS)
        return refuse(r, ERR_STATE, m->schema, m->file, "ends its own transaction");
    if (!execute(r, m, "SET LOCAL ROLE zeren_owner") || !record(r, m) || !commit(r, m))
        return false;
    (void)fprintf(r->out, "applied %s/%s\n", m->schema, m->file);
    (void)fflush(r->out);
    return true;
}

static bool apply_all(struct run *r)
{
    if (!execute(r, NULL, LOCK) || !ensure_table(r) || !read_recorded(r))
        return false;
    for (size_t i = 0; i < r->n; i++) {
        if (!r->all[i].applied && !apply(r, &r->all[i]))
            return false;
    }
    return true;
}

static bool migrate_with(struct run *r, const char *conninfo, const char *const *dirs)
{
    r->all = arena_array(r->arena, struct migration, MAX_FILES);
    if (r->all == NULL)
        return no_memory(r);
    if (!read_dirs(r, dirs))
        return false;
    const struct connect_options o = {
        .conninfo = conninfo, .application_name = "migrate", .search_path = "zeren"};
    r->pg = connect_open(&o, r->err);
    if (r->pg == NULL)
        return false;
    bool ok = apply_all(r);
    PQfinish(r->pg); /* and with it the lock */
    return ok;
}

bool migrate_run(const char *conninfo, const char *const *dirs, FILE *out, struct err *err)
{
    connect_ignore_environment();
    struct run r = {.arena = arena_create(MEMORY), .out = out, .err = err};
    if (r.arena == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    bool ok = migrate_with(&r, conninfo, dirs);
    arena_destroy(&r.arena);
    return ok;
}
