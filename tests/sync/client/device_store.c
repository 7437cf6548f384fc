/* tests/sync/client/device_store.c - the device's SQLite file: the copy, the queue, what was
 * refused. Asks the server nothing. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "device_own.h"

/* `mark` is what a record adds to the digest of its kind; `copy` numbers the copies begun. */
static const char tables[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS record (kind TEXT, id TEXT, mark INTEGER NOT NULL, copy INTEGER NOT"
    " NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS queue (n INTEGER PRIMARY KEY AUTOINCREMENT, op_id TEXT UNIQUE NOT"
    " NULL, kind TEXT NOT NULL, id TEXT, json TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS refused (n INTEGER PRIMARY KEY, json TEXT NOT NULL);"
    "INSERT OR IGNORE INTO meta VALUES ('copy', '1');";

bool store_open(struct device *d, const char *path)
{
    return sqlite3_open(path, &d->db) == SQLITE_OK && sqlite3_busy_timeout(d->db, 5000) == 0 &&
           sqlite3_exec(d->db, tables, NULL, NULL, NULL) == SQLITE_OK;
}

static sqlite3_stmt *prepared(struct device *d, const char *sql, const char *const *values)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(d->db, sql, -1, &s, NULL) != SQLITE_OK)
        return NULL;
    for (int i = 0; i < sqlite3_bind_parameter_count(s); i++)
        sqlite3_bind_text(s, i + 1, values[i], -1, SQLITE_TRANSIENT);
    return s;
}

bool store_run(struct device *d, const char *sql, const char *const *values, char **ret)
{
    sqlite3_stmt *s = prepared(d, sql, values);
    int end = s == NULL ? SQLITE_ERROR : sqlite3_step(s);
    if (ret != NULL) {
        const char *text = end == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
        *ret = text == NULL ? NULL : strdup(text);
    }
    sqlite3_finalize(s);
    return end == SQLITE_ROW || end == SQLITE_DONE;
}

bool store_begin(struct device *d)
{
    return sqlite3_exec(d->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
}

bool store_end(struct device *d, bool keep)
{
    if (keep && sqlite3_exec(d->db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return true;
    sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

int64_t store_number(struct device *d, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *s = prepared(d, sql, NULL);
    int64_t n = s != NULL && sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : otherwise;
    sqlite3_finalize(s);
    return n;
}

json_t *store_list(struct device *d, const char *sql, const char *const *values)
{
    json_t *all = json_array();
    sqlite3_stmt *s = prepared(d, sql, values);
    while (s != NULL && sqlite3_step(s) == SQLITE_ROW)
        json_array_append_new(all, json_loads((const char *)sqlite3_column_text(s, 0), 0, NULL));
    sqlite3_finalize(s);
    return all;
}

/* The first eight bytes of SHA-256("<id>:<version>"). */
static int64_t mark_of(const char *id, int64_t version)
{
    char text[80];
    unsigned char sum[SHA256_DIGEST_LENGTH];
    uint64_t mark = 0;
    int n = snprintf(text, sizeof text, "%s:%lld", id, (long long)version);
    SHA256((const unsigned char *)text, (size_t)n, sum);
    for (int i = 0; i < 8; i++)
        mark = mark << 8 | sum[i];
    return (int64_t)mark;
}

bool store_put_record(struct device *d, const char *kind, const json_t *record)
{
    const char *id = json_string_value(json_object_get(record, "id"));
    char *text = json_dumps(record, JSON_COMPACT);
    if (id == NULL || text == NULL || strlen(id) != DEVICE_UUID - 1) {
        free(text);
        return false;
    }
    char mark[24];
    int64_t version = json_integer_value(json_object_get(record, "version"));
    snprintf(mark, sizeof mark, "%lld", (long long)mark_of(id, version));
    const char *const values[] = {kind, id, mark, text};
    bool ok = store_run(d,
                        "INSERT OR REPLACE INTO record (kind, id, mark, copy, json) VALUES (?1, ?2,"
                        " CAST(?3 AS INTEGER), (SELECT value FROM meta WHERE name = 'copy'), ?4)",
                        values, NULL);
    free(text);
    return ok;
}

bool store_take_newer(struct device *d, const char *op_id, const json_t *record)
{
    char *kind = NULL;
    const char *const op[] = {op_id};
    if (!json_is_object(record))
        return true;
    if (!store_run(d, "SELECT kind FROM queue WHERE op_id = ?1", op, &kind))
        return false;
    json_t *known = NULL;
    const char *const values[] = {kind, json_string_value(json_object_get(record, "id"))};
    json_t *list = store_list(d, "SELECT json FROM record WHERE kind = ?1 AND id = ?2", values);
    known = json_array_get(list, 0);
    bool newer = json_integer_value(json_object_get(record, "version")) >
                 json_integer_value(json_object_get(known, "version"));
    bool ok = kind != NULL && (!newer || store_put_record(d, kind, record));
    json_decref(list);
    free(kind);
    return ok;
}

static bool kind_agrees(struct device *d, const json_t *digest)
{
    const char *kind = json_string_value(json_object_get(digest, "kind"));
    const char *told = json_string_value(json_object_get(digest, "digest"));
    const char *const values[] = {kind};
    uint64_t sum = 0;
    int64_t n = 0;
    char text[17];
    sqlite3_stmt *s = prepared(d, "SELECT mark FROM record WHERE kind = ?1", values);
    for (; s != NULL && sqlite3_step(s) == SQLITE_ROW; n++)
        sum ^= (uint64_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)sum);
    return told != NULL && strcmp(text, told) == 0 &&
           n == json_integer_value(json_object_get(digest, "count"));
}

bool store_agrees(struct device *d, const json_t *digests)
{
    size_t i;
    json_t *digest;
    json_array_foreach(digests, i, digest)
    {
        if (!kind_agrees(d, digest))
            return false;
    }
    return true;
}
