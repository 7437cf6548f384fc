/* common/http/sync_routes.c - the tables of sync: routes, fields, and the check of a service's own
 * row. What is done: sync_pull.c, sync_push.c, sync_settle.c. */
#include "http/sync.h"

#include <string.h>

#include "core/str.h"
#include "http/decode.h"
#include "http/lifecycle.h"
#include "sql_engine.h"

#include "core/banned.h"

/* clang-format off */
static const char *const outcomes[] = {"done", "merged", "unchanged", "conflict", "refused", "retry", NULL};
static const char *const conflict_statuses[] = {"open", "settled", NULL};
static const char *const sides[] = {"mine", "theirs", NULL};

static const struct transition conflict_fsm[] = {
    {"open", "settle", "settled", PERM_SIGNED_IN, "M-6: one side holds; mine is written on the record as it stands."},
    {0}
};

static const struct field changed_fields[] = {
    F_TEXT("kind", SHOWN, 1, 40, "What kind of record it is.", "report"),
    F_OBJECT("record", SHOWN, NULL, "The record as its own route shows it."),
    FIELDS_END
};

static const struct field gone_fields[] = {
    F_TEXT("kind", SHOWN, 1, 40, "What kind of record it was.", "report"),
    F_UUID("id", SHOWN, "Which one."),
    FIELDS_END
};

static const struct field digest_fields[] = {
    F_TEXT("kind", SHOWN, 1, 40, "Of which kind of records.", "report"),
    F_INT("count", SHOWN, 0, INT64_C(9007199254740991), "How many the caller has.", "25"),
    F_TEXT("digest", SHOWN, 16, 16, "Exclusive or, over these, of the first eight bytes of SHA-256(\"<id>:<version>\"), hexadecimal.", "00d2b63f0c1f9e77"),
    FIELDS_END
};

static const struct field pull_fields[] = {
    F_TEXT("cursor", IN_QUERY, 1, 400, "`next_cursor` of the answer before; absent: from the beginning.", NULL),
    F_INT("limit", IN_QUERY, 1, LIMIT_MAX, "Records at most; 200 unless said.", "200"),
    F_ARRAY("changed", SHOWN, changed_fields, LIMIT_MAX, "Records that are new or changed: keep them in place of what was there."),
    F_ARRAY("left", SHOWN, gone_fields, LIMIT_MAX, "Records that are no longer the caller's to see: remove them."),
    F_ARRAY("deleted", SHOWN, gone_fields, LIMIT_MAX, "Records that are no more: remove them."),
    F_TEXT("next_cursor", SHOWN, 1, 400, "Where the next call goes on; keep it together with what came.", NULL),
    F_BOOL("more", SHOWN, "There is more now; false: up to date."),
    F_ARRAY("digests", SHOWN | NULLABLE, digest_fields, 40, "What the device must hold by now; null while changes are on their way."),
    FIELDS_END
};

static const struct field operation_fields[] = {
    F_UUID("op_id", IN_BODY | REQUIRED, "Its id, made by the device; the same when it is sent again."),
    F_TEXT("operation", IN_BODY | REQUIRED, 1, 60, "Which operation of the contract.", "update_report"),
    F_UUID("target", IN_BODY, "The id in the operation's path; absent where it has none."),
    F_INT("base_version", IN_BODY, 1, INT32_MAX, "The version of the record that the device saw.", "1"),
    F_OBJECT("base", IN_BODY, NULL, "The members of `body` as the device saw them: what tells a conflict from a change beside it."),
    F_OBJECT("body", IN_BODY, NULL, "The operation's body."),
    FIELDS_END
};

static const struct field result_fields[] = {
    F_UUID("op_id", SHOWN, "Of which operation."),
    F_ENUM("outcome", SHOWN, outcomes, "done; merged with a change that came first; unchanged: it was so already; conflict; refused: it never will be done; retry: send it again."),
    F_INT("status", SHOWN, 200, 599, "The status that the operation's own route answered.", "200"),
    F_OBJECT("record", SHOWN | NULLABLE, NULL, "The record now."),
    F_OBJECT("problem", SHOWN | NULLABLE, NULL, "Why not: a problem document."),
    F_UUID("conflict_id", SHOWN | NULLABLE, "The conflict that keeps the members both sides changed."),
    FIELDS_END
};

static const struct field push_fields[] = {
    {"operations", FIELD_ARRAY, IN_BODY | REQUIRED, 1, SYNC_OPERATIONS_MAX, 0, operation_fields, "In the order they were done.", 0, 0},
    F_ARRAY("results", SHOWN, result_fields, SYNC_OPERATIONS_MAX, "One an operation, in the same order."),
    FIELDS_END
};

static const struct field conflict_fields[] = {
    F_UUID("id", IN_PATH | SHOWN, "Id of the conflict."),
    F_CODE("owner_division", SHOWN, "The record's division."),
    F_TEXT("kind", SHOWN, 1, 40, "The kind of record.", "report"),
    F_UUID("record_id", IN_QUERY | SHOWN, "Which record."),
    F_UUID("op_id", SHOWN, "The operation that met another change."),
    F_TEXT("operation", SHOWN, 1, 60, "Its name.", "update_report"),
    F_UUID("account_id", SHOWN, "Whose it was."),
    F_INT("base_version", SHOWN | NULLABLE, 1, INT32_MAX, "The version it was made on.", "1"),
    F_INT("record_version", SHOWN, 1, INT32_MAX, "The version it met.", "3"),
    F_TEXTS("fields", SHOWN, 100, "The members that both sides changed."),
    F_OBJECT("base", SHOWN, NULL, "These members as the device had seen them."),
    F_OBJECT("mine", SHOWN, NULL, "As the operation wants them."),
    F_OBJECT("theirs", SHOWN, NULL, "As they stand."),
    F_ENUM("status", IN_QUERY | SHOWN, conflict_statuses, "Open until somebody chooses."),
    F_ENUM("take", IN_BODY | REQUIRED | SHOWN | NULLABLE, sides, "Which side holds: mine is written, theirs stays."),
    F_UUID("settled_by", SHOWN | NULLABLE, "The post that chose."),
    F_INSTANT("settled_at", SHOWN | NULLABLE, "When."),
    F_INSTANT("created_at", SHOWN, "When they met."),
    F_VERSION(),
    FIELDS_END
};

const struct route sync_routes[] = {
    {METHOD_GET,  "/sync", PERM_SIGNED_IN, pull_fields, NULL, sync_pull, "sync", "What a device keeps: everything in the caller's scope, then what changed, left it, or was deleted",
        .also = "cursor limit", .forgets = true},
    {METHOD_POST, "/sync", PERM_SIGNED_IN, push_fields, NULL, sync_push, "push", "What was done without signal, in order, each with a result of its own",
        .also = "operations", .reads = true, .status = 200},
    {METHOD_GET,  "/conflicts",     PERM_SIGNED_IN, conflict_fields, &SQL_conflict_list, read_page, "list_conflicts", "Conflicts of the caller's own operations"},
    {METHOD_GET,  "/conflicts/:id", PERM_SIGNED_IN, conflict_fields, &SQL_conflict_get,  read_one,  "get_conflict", "One conflict: base, mine, theirs"},
    {METHOD_POST, "/conflicts/:id:settle", PERM_SIGNED_IN, conflict_fields, &SQL_conflict_settle, sync_settle, "settle_conflict", "Choose between the two sides",
        .probe = &SQL_conflict_get, .fsm = conflict_fsm, .verb = "settle"},
    ROUTES_END
};

const struct stmt *const sync_statements[] = {
    &SQL_conflict_list, &SQL_conflict_get, &SQL_conflict_settle, &SQL_conflict_keep, &SQL_conflict_renew, &SQL_conflict_find, &SQL_conflict_mine,
    &SQL_sync_head, &SQL_sync_waiting, &SQL_sync_events, NULL};
/* clang-format on */

const struct route *sync_route(const struct service *s, const char *id, size_t len)
{
    for (size_t i = 0; s->resources[i] != NULL; i++) {
        for (const struct route *r = s->resources[i]; r->path != NULL; r++) {
            if (strlen(r->id) == len && memcmp(r->id, id, len) == 0)
                return r;
        }
    }
    return NULL;
}

static bool wrong(const struct sync_resource *x, const char *what, const char *name,
                  struct err *err)
{
    err_set(err, ERR_INTERNAL, x->kind, "%s", "");
    err_cause(err, "sync of %s: %s %s", x->kind, what, name);
    return false;
}

static bool has_word(const char *const *words, const char *word)
{
    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(*words, word) == 0)
            return true;
    }
    return false;
}

static bool takes_ids(const struct stmt *st)
{
    for (unsigned i = 0; i < st->n_params; i++) {
        if (strcmp(st->params[i], "ids") == 0)
            return true;
    }
    return false;
}

static bool lint_list(const struct service *s, const struct sync_resource *x, struct err *err)
{
    const struct route *r = sync_route(s, x->list, strlen(x->list));
    if (r == NULL || !route_is_page(r))
        return wrong(x, "no list", x->list, err);
    if (strcmp(r->sql->key, "id") != 0 || !has_word(r->sql->sorts, "id") || !takes_ids(r->sql))
        return wrong(x, "not sorted by id, or without :ids:", x->list, err);
    return true;
}

/* One parameter in the path, or none. */
static bool lint_operation(const struct service *s, const struct sync_resource *x, const char *id,
                           struct err *err)
{
    const struct route *r = sync_route(s, id, strlen(id));
    if (r == NULL || !route_is_write(r) || route_body(r) == MEDIA_CSV)
        return wrong(x, "no operation", id, err);
    const char *first = strstr(r->path, "/:");
    if (first != NULL && strstr(first + 1, "/:") != NULL)
        return wrong(x, "an operation with several ids in its path:", id, err);
    return true;
}

bool sync_lint(const struct service *s, struct err *err)
{
    for (const struct sync_resource *x = s->sync; x != NULL && x->kind != NULL; x++) {
        if (!lint_list(s, x, err))
            return false;
        for (size_t i = 0; x->operations != NULL && x->operations[i] != NULL; i++) {
            if (!lint_operation(s, x, x->operations[i], err))
                return false;
        }
    }
    return true;
}
