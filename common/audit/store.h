/* common/audit/store.h - the audit tables of one service as the sealer and the verifier need them.
 * Connects as zeren_audit. Decides nothing. */
#ifndef ZEREN_AUDIT_STORE_H
#define ZEREN_AUDIT_STORE_H

#include "audit/chain.h"
#include "core/arena.h"
#include "db/pool.h"

enum {
    AUDIT_LATE_S = 600, /* a row may come this much later than a newer one: slow transactions */
};

struct store;

struct store_options {
    const char *conninfo, *password; /* of zeren_audit; password may be NULL */
    const char *service;
    int statement_ms; /* seconds for sealing; an hour for verifying */
};

/* Lives in `a`; opens nothing yet. NULL with err. */
struct store *store_create(struct arena *a, const struct store_options *o, struct err *err);
void store_close(struct store *s);
const char *store_service(const struct store *s);

/* What follows takes its memory from `work`, which the caller resets between batches. */

/* The end of the chain; seq 0 when there is none. */
struct store_head {
    int64_t seq;
    uint8_t mac[AUDIT_DIGEST];
    const char *horizon; /* rows recorded before it are sealed no more; NULL with seq 0 */
};
bool store_head(struct store *s, struct arena *work, struct store_head *ret, struct err *err);

/* The ids that no seal has, as the text of a multirange; `open`: those of before without what has
 * become too old to wait for, NULL: as the database has it. */
bool store_open_ids(struct store *s, struct arena *work, const char *open, const char **ret,
                    struct err *err);

struct store_rows {
    struct audit_row *rows;
    size_t n;
};

/* What the next seal takes: at most AUDIT_BATCH rows. */
bool store_next_rows(struct store *s, struct arena *work, const char *open, const char *horizon,
                     struct store_rows *ret, struct err *err);

/* Adds a seal; `ret_open` is `open` without its ids. ERR_STATE: the chain ends elsewhere. */
bool store_add_seal(struct store *s, struct arena *work, const struct audit_seal *seal,
                    const char *open, const char **ret_open, struct err *err);

/* The first seal behind a number; ret->seq 0: there is none. ERR_INVALID: ret->seq is none that a
 * sealer wrote. */
bool store_seal_after(struct store *s, struct arena *work, int64_t after, struct audit_seal *ret,
                      struct err *err);

/* The first and last seal with rows recorded between two instants (NULL: no limit); 0: none. */
struct store_span {
    const char *from, *until;
    int64_t first, last;
};
bool store_span(struct store *s, struct arena *work, struct store_span *span, struct err *err);

/* All rows with an id of the seal: those where they belong, and when some are missing there, at any
 * stamp. */
bool store_rows_of(struct store *s, struct arena *work, const struct audit_seal *seal,
                   struct store_rows *ret, struct err *err);

/* Rows that no seal has, of a span, behind a place ("": from the start), which moves on; at most
 * 4096. */
struct store_place {
    char id[24], at[32];
};
bool store_loose_rows(struct store *s, struct arena *work, const struct store_span *span,
                      struct store_place *place, struct store_rows *ret, struct err *err);

/* Partitions of this month and those to come. */
bool store_make_months(struct store *s, struct arena *work, int ahead, struct err *err);

/* Months that may go now, all of whose seals have a number up to `anchored`; and letting one go. */
struct store_month {
    const char *month, *end; /* "2026-05-01"; the first instant behind it */
};
bool store_due_months(struct store *s, struct arena *work, int64_t anchored,
                      struct store_month **ret, size_t *ret_n, struct err *err);
bool store_drop_month(struct store *s, struct arena *work, const char *month, int64_t anchored,
                      struct err *err);

#endif
