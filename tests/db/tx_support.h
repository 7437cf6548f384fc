/* tests/db/tx_support.h - the statements, the pool and the calls that the tests of a trip and of a
 * transaction share. Each file that includes it has its own. */
#ifndef ZEREN_TESTS_DB_TX_SUPPORT_H
#define ZEREN_TESTS_DB_TX_SUPPORT_H

#include "core/uuid.h"
#include "support.h"

static const char statements[] __attribute__((unused)) =
    "-- name: names :rows\n"
    "SELECT name, line FROM organisation WHERE owner_division = :division ORDER BY name;\n"
    "-- name: division_count :view\n"
    "SELECT count(*) AS n FROM organisation WHERE owner_division = :division;\n"
    "-- name: add :write organisation\n"
    "INSERT INTO organisation (id, owner_division, name, kind, created_at)\n"
    "SELECT :new_id::uuid, :division, :name, 'department', :now::timestamptz\n"
    "RETURNING id, owner_division, name, kind, version;\n"
    "-- name: add_shown :write organisation shown_division\n"
    "INSERT INTO organisation (id, owner_division, name, kind, created_at)\n"
    "SELECT :new_id::uuid, :division, :name, 'department', :now::timestamptz\n"
    "RETURNING id, owner_division, name, version;\n"
    "-- name: add_two :write organisation\n"
    "WITH changed AS (\n"
    "  INSERT INTO organisation (id, owner_division, name, kind, created_at)\n"
    "  SELECT :new_id::uuid, :division, :name, 'department', :now::timestamptz\n"
    "  RETURNING id, owner_division, name, version\n"
    "), also_changed(kind, id, version, owner_division, body) AS (\n"
    "  SELECT 'post', c.id, 7, c.owner_division, '{\"more\":true}'::jsonb FROM changed c\n"
    ")\n"
    "-- name: rename :write organisation\n"
    "UPDATE organisation SET name = :name, version = version + 1\n"
    " WHERE id = :id AND version = :version::integer\n"
    "RETURNING id, owner_division, name, version;\n"
    "-- name: force_two :write duty_list\n"
    "INSERT INTO duty_list (id, owner_division, year, title, edition, status, created_at)\n"
    "SELECT CASE e WHEN 1 THEN :new_id::uuid ELSE gen_random_uuid() END, :division, 2026, :name, "
    "e,\n"
    "       'in_force', :now::timestamptz\n"
    "  FROM generate_series(1, 2) AS e\n"
    "RETURNING id, owner_division, version;\n"
    "-- name: die :exec\n"
    "SELECT pg_terminate_backend(pg_backend_pid());\n"
    "-- name: die_once :view\n"
    "SELECT CASE WHEN zeren_test.first_time(:division) THEN "
    "pg_terminate_backend(pg_backend_pid())\n"
    "       ELSE false END AS ended;\n"
    "-- name: forget :exec\n"
    "DEALLOCATE ALL;\n"
    "-- name: pid :rows\n"
    "SELECT pg_backend_pid();\n"
    "-- name: listed :page\n"
    "-- sort: name, id\n"
    "SELECT id, name, current_setting('plan_cache_mode') AS mode FROM organisation\n"
    " WHERE owner_division = :division\n";

static struct arena *arena;
static struct pool *pool;
static struct test_sql sql;
static struct err err;

static const char county[] __attribute__((unused)) = "431302000000";
static const char own_county[] __attribute__((unused)) = "{[\"431302\",\"431302~\")}";
static const char other_county[] __attribute__((unused)) = "{[\"431321\",\"431321~\")}";

static inline void setup(void)
{
    arena = arena_create(16 << 20);
    struct pool_options o = test_pool_options(2);
    pool = pool_create(&o);
    sql = test_sql(arena, statements);
    err_clear(&err);
}

static inline void teardown(void)
{
    pool_destroy(&pool);
    arena_destroy(&arena);
}

static inline struct tx tx_of(const char *scope)
{
    return (struct tx){.pool = pool, .arena = arena, .scope = scope, .lines = ""};
}

static inline const char *new_id(void)
{
    char text[UUID_TEXT];
    cr_assert(uuid_new(clock_now(), text));
    return arena_strdup(arena, text);
}

/* Values by parameter name, in pairs that NULL ends. */
static inline const char *const *bind(const struct stmt_form *f, const char *const *pairs)
{
    const char **values = arena_array(arena, const char *, f->n_params + 1);
    for (unsigned i = 0; i < f->n_params; i++) {
        for (const char *const *p = pairs; *p != NULL; p += 2) {
            if (strcmp(f->params[i], p[0]) == 0)
                values[i] = p[1];
        }
    }
    return values;
}

#define ACCOUNT "018f0000-0000-7000-8000-0000000000aa"

struct change {
    const char *form, *id, *name, *division, *key, *version;
};

static inline bool change(struct tx *t, const struct change *c, struct rows **ret)
{
    const struct stmt_form *f = test_form(&sql, c->form);
    const char *const pairs[] = {"new_id",
                                 c->id,
                                 "id",
                                 c->id,
                                 "name",
                                 c->name,
                                 "division",
                                 c->division == NULL ? county : c->division,
                                 "version",
                                 c->version == NULL ? "1" : c->version,
                                 "now",
                                 "2026-05-01T00:00:00Z",
                                 "caller_account",
                                 ACCOUNT,
                                 "verb",
                                 "add_organisation",
                                 "request_id",
                                 "r-1",
                                 "idempotency_key",
                                 c->key == NULL ? "" : c->key,
                                 "location_prefix",
                                 "/api/v1/registry/organisations/",
                                 NULL};
    struct claim claim = {.account = ACCOUNT, .key = c->key, .digest = "d1"};
    return tx_write(t, &claim, 201, f, bind(f, pairs), ret, &err);
}

static inline const char *count(const char *table, const char *column, const char *value)
{
    return arena_strdup(
        arena, super_sql(arena_printf(arena, "SELECT count(*) FROM registry.%s WHERE %s = '%s'",
                                      table, column, value)));
}

static inline const char *seen(const char *scope, const char *lines)
{
    struct tx t = tx_of(scope);
    t.lines = lines;
    struct rows *r;
    const char *const values[] = {county};
    cr_assert(tx_run(&t, test_form(&sql, "division_count"), values, &r, &err), "%s", err.cause);
    return rows_text(r, 0, 0);
}

#endif
