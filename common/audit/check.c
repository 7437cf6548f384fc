/* common/audit/check.c - a service's chain out of its database. What is kept outside is read first:
 * a sealer at work only adds to what is compared with it. */
#include "audit/check.h"

#include <string.h>

#include "audit/verify.h"

#include "core/banned.h"

enum { MEMORY = 64 * 1024 * 1024, WORK_MEMORY = 256 * 1024 * 1024 };

struct run {
    struct check *check;
    struct store *store;
    struct arena *arena, *work;
    struct audit_head head;
    struct anchors anchors;
    struct verify *verify;
};

/* What is kept outside is a fault when it was changed, and an error when it cannot be read. */
static bool read_outside(struct run *r, const char **ret_changed, struct err *err)
{
    const struct heads *h = &r->check->heads;
    const char *service = store_service(r->store);
    *ret_changed = NULL;
    if (h->dir == NULL || (heads_read(h, service, r->arena, &r->head, err) &&
                           anchors_read(h, service, r->arena, &r->anchors, err)))
        return true;
    if (err->code != ERR_INVALID)
        return false;
    *ret_changed = arena_strdup(r->arena, err->detail);
    err_clear(err);
    return true;
}

static bool begin(struct run *r, struct err *err)
{
    const char *changed = NULL;
    if (!read_outside(r, &changed, err))
        return false;
    bool known = r->check->heads.dir != NULL && changed == NULL;
    r->verify = verify_create(r->arena,
                              &(struct verify_options){
                                  .service = store_service(r->store),
                                  .ring = r->check->heads.ring,
                                  .out = r->check->out,
                                  .head = known ? &r->head : NULL,
                                  .anchors = known ? &r->anchors : NULL,
                                  .first = 1,
                                  .pending_max_s = r->check->pending_max_s,
                              },
                              err);
    if (r->verify == NULL)
        return false;
    if (changed != NULL)
        verify_fault(r->verify, "anchor_changed", 0, 0, changed);
    if (known && (int64_t)r->anchors.n < r->head.anchors)
        verify_fault(r->verify, "anchor_changed", 0, 0, "lines of the anchors are missing");
    return true;
}

static bool all_seals(struct run *r, struct err *err)
{
    static struct audit_seal seal;
    struct store_rows rows;
    for (int64_t after = 0;; after = seal.seq) {
        arena_reset(r->work);
        if (!store_seal_after(r->store, r->work, after, &seal, err)) {
            if (err->code != ERR_INVALID || seal.seq <= after)
                return false;
            err_clear(err);
            verify_no_seal(r->verify, seal.seq);
            continue;
        }
        if (seal.seq == 0)
            return true;
        if (!store_rows_of(r->store, r->work, &seal, &rows, err) ||
            !verify_seal(r->verify, &seal, &rows, err))
            return false;
    }
}

static bool all_loose(struct run *r, struct err *err)
{
    const struct store_span whole = {.from = NULL};
    struct store_place last = {.id = ""};
    struct store_rows rows;
    do {
        arena_reset(r->work);
        if (!store_loose_rows(r->store, r->work, &whole, &last, &rows, err))
            return false;
        for (size_t i = 0; i < rows.n; i++)
            verify_loose(r->verify, &rows.rows[i]);
    } while (rows.n > 0);
    return true;
}

static bool judge(struct run *r, struct err *err)
{
    if (!begin(r, err) || !all_seals(r, err) || !all_loose(r, err))
        return false;
    int64_t faults = verify_end(r->verify, err);
    if (faults < 0)
        return false;
    r->check->faults += faults;
    r->check->waits += verify_waits(r->verify);
    return true;
}

bool check_database(struct check *c, struct store *s, struct err *err)
{
    struct run r = {.check = c, .store = s};
    r.arena = arena_create(MEMORY);
    r.work = arena_create(WORK_MEMORY);
    bool ok = r.arena != NULL && r.work != NULL ? judge(&r, err)
                                                : err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
    verify_destroy(r.verify);
    arena_destroy(&r.work);
    arena_destroy(&r.arena);
    return ok;
}
