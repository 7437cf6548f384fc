/* tests/db/test_answers.c - what a route shows is, name by name and type by type, what its
 * statement returns. */
#include "http/decode.h"
#include "identity.h"
#include "monitoring.h"
#include "registry.h"
#include "sql_identity.h"
#include "sql_monitoring.h"
#include "sql_registry.h"
#include "support.h"

struct room {
    const char *name, *user, *search_path;
    const struct route *const *resources;
    const struct stmt *const *statements;
};

static const struct room rooms[] = {
    {"registry", "registry_service", "registry, identity_pub, zeren", registry_resources,
     sql_registry_all},
    {"identity", "identity_service", "identity, registry_pub, monitoring_pub, zeren",
     identity_resources, sql_identity_all},
    {"monitoring", "monitoring_service", "monitoring, identity_pub, registry_pub, zeren",
     monitoring_resources, sql_monitoring_all},
};

static struct pool *open_room(const struct room *r)
{
    struct pool_options o = test_pool_options(1);
    o.conninfo = test_db(r->user);
    o.search_path = r->search_path;
    return pool_create(&o);
}

/* OIDs of pg_type. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_JSON = 114,
    OID_TEXTS = 1009,
    OID_DATE = 1082,
    OID_INSTANT = 1184,
    OID_UUID = 2950,
    OID_UUIDS = 2951,
    OID_JSONB = 3802
};

static bool type_fits(enum field_type type, unsigned oid)
{
    switch (type) {
    case FIELD_TEXT:
    case FIELD_CODE:
    case FIELD_ENUM:
    case FIELD_DECIMAL:
        return oid == OID_TEXT;
    case FIELD_UUID:
        return oid == OID_UUID;
    case FIELD_INT:
        return oid == OID_INT2 || oid == OID_INT4 || oid == OID_INT8;
    case FIELD_BOOL:
        return oid == OID_BOOL;
    case FIELD_DATE:
        return oid == OID_DATE;
    case FIELD_INSTANT:
        return oid == OID_INSTANT;
    case FIELD_UUIDS:
        return oid == OID_UUIDS;
    case FIELD_TEXTS:
        return oid == OID_TEXTS || oid == OID_JSON;
    case FIELD_SEALED:
        return oid == OID_BYTEA;
    case FIELD_OBJECT:
    case FIELD_ARRAY:
        return oid == OID_JSON || oid == OID_JSONB;
    }
    return false;
}

/* The columns of the answer itself: a read as it was written, a write as SELECT * FROM changed. */
static const char *answer_text(struct arena *a, const struct stmt *st)
{
    if (st->kind != STMT_WRITE) {
        return st->text;
    }
    return strncasecmp(st->text, "WITH", 4) == 0
               ? arena_printf(a, "%s SELECT * FROM changed", st->text)
               : arena_printf(a, "WITH changed AS (%s) SELECT * FROM changed", st->text);
}

static bool is_shown(const struct field *f)
{
    return (f->flags & SHOWN) != 0;
}

static const struct field *shown_field(const struct field *fields, const char *name)
{
    for (const struct field *f = fields; f->name != NULL; f++) {
        if (is_shown(f) && strcmp(f->name, name) == 0) {
            return f;
        }
    }
    return NULL;
}

static void compare(const struct route *r, const struct stmt_shape *shape)
{
    const struct field *shows = r->shows != NULL ? r->shows : r->fields;
    size_t n_shown = 0, n_columns = 0;
    for (const struct field *f = shows; f->name != NULL; f++) {
        n_shown += is_shown(f);
    }
    for (size_t c = 0; c < shape->n_columns; c++) {
        bool cut =
            r->sql->kind == STMT_WRITE &&
            ((!r->sql->shown_division && strcmp(shape->column_names[c], "owner_division") == 0) ||
             (r->sql->lined && strcmp(shape->column_names[c], "lines") == 0));
        if (cut) {
            continue;
        }
        n_columns++;
        const struct field *f = shown_field(shows, shape->column_names[c]);
        cr_expect_not_null(f, "%s %s: column %s is not a field", r->id, r->sql->name,
                           shape->column_names[c]);
        cr_expect(f == NULL || type_fits(f->type, shape->column_types[c]),
                  "%s: column %s has type %u", r->id, shape->column_names[c],
                  shape->column_types[c]);
    }
    cr_expect_eq(n_columns, n_shown, "%s: %zu columns, %zu shown fields", r->id, n_columns,
                 n_shown);
}

Test(answers, are_what_the_field_tables_say, .timeout = 120)
{
    size_t compared = 0;
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        struct arena *a = arena_create(64 * 1024 * 1024);
        struct pool *pool = open_room(&rooms[i]);
        unsigned index = 1000;
        for (const struct route *const *table = rooms[i].resources; *table != NULL; table++) {
            for (const struct route *r = *table; r->path != NULL; r++) {
                if (r->sql == NULL) {
                    continue;
                }
                struct stmt_form form = {.name = arena_printf(a, "shape.%s", r->id),
                                         .text = answer_text(a, r->sql),
                                         .params = r->sql->params,
                                         .n_params = r->sql->n_params,
                                         .index = index++};
                struct tx tx = {.pool = pool, .arena = a, .scope = "{}", .lines = ""};
                struct stmt_shape shape;
                struct err e = {0};
                if (tx_describe(&tx, &form, &shape, &e)) {
                    compare(r, &shape);
                    compared++;
                } else {
                    cr_expect(false, "%s: %s", r->id, e.cause);
                }
                tx_end(&tx);
            }
        }
        pool_destroy(&pool);
        arena_destroy(&a);
    }
    cr_expect_gt(compared, 20);
}
