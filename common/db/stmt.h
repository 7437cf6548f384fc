/* common/db/stmt.h - named SQL statements, and the forms the engine wraps them in. */
/* clang-format off */
/*
 * services/<svc>/sql/<resource>.sql holds statements, each headed by
 *     -- name: item_insert :write item
 *     -- Rule or sentence that says what it does.
 * and written with named parameters (:task_id; `::` casts, strings and dollar quotes are left alone,
 * comments are dropped). common/tools/sqlembed.c turns each service's files into sql_<svc>.h and .c:
 * `const struct stmt SQL_item_insert`, plus `const struct stmt *const sql_<svc>_all[]`
 * (NULL-terminated), each with a distinct `index` from 0.
 *
 * :one     The author writes a SELECT of one record, with id and version.
 *          The engine prepares SELECT row_to_json(r)::text, r.version::text FROM (<author>) r
 * :view    A SELECT of one answer without version.
 *          SELECT row_to_json(r)::text FROM (<author>) r
 * :page    A SELECT of many, no ORDER BY or LIMIT. `-- sort: due_on, created_at` names the columns
 *          offered (first = default; the key may be one), `-- key: id` the unique one (default id).
 *          Per sort and direction, with and without a cursor:
 *          SELECT row_to_json(r)::text, r.<sort>::text, r.<key>::text FROM (<author>) r
 *          [WHERE (r.<sort>, r.<key>) > ($n, $m)] ORDER BY r.<sort>, r.<key> LIMIT $k
 *          (DESC: <, both DESC; sort = key: one column). No column of a sort is ever NULL.
 * :write   INSERT/UPDATE/DELETE ... RETURNING ..., or WITH ..., changed AS (...) and nothing after it.
 *          `changed` returns the answer's columns, among them id, version; and owner_division, which
 *          is removed from the answer unless the word `shown_division` stands in the header line.
 *          With the word `lined` it returns `lines` last, which are never in the answer: the record's
 *          table has lines, and so has its event.
 *          WITH [<author's CTEs>,] changed AS (<author>), answer AS (first row of changed as JSON),
 *          audited AS (INSERT INTO audit_log ... FROM changed), announced AS (INSERT INTO outbox ...
 *          FROM changed), remembered AS (UPDATE idempotency SET the answer ...)
 *          SELECT body, version, id FROM answer
 *          No row: raises ZR001, and nothing is written. A CTE `also_changed(kind, id, version,
 *          owner_division, body jsonb[, before jsonb][, deleted])` adds records changed besides;
 *          `before` is the old row: where it is given, one that went to another division or line
 *          is announced as having left, too. `... AS deleted` is true of what is no more. A CTE
 *          `also_announced(kind, id, version, owner_division, lines)` adds events without audit
 *          rows: what bulk work has made. A CTE `told_as(id, kind)` announces records under another
 *          kind than their own, which another permission reads.
 *          An UPDATE <record> that changes whose it is (owner_division, lines) announces that it has
 *          left, too; a DELETE FROM <record> announces it as deleted.
 *          A statement that says UPDATE <record> or DELETE FROM <record> is audited with the row as
 *          its snapshot saw it, joined by id. `-- masked: name, phone` names members whose values
 *          audit keeps masked (zeren.mask()), in what became of the row and in what it was.
 * :rows    Anything, as written; text rows for C code.
 * :exec    Anything without rows, as written.
 *
 * Parameters that the engine itself supplies (any statement may use them):
 *   :now (timestamptz text) :today (date text) :caller_account :caller_post :caller_organisation
 *   :caller_session :caller_address
 *   :audit_reason (the request's `reason`, else its `decision_note`, else NULL)
 *   :request_id :trace_id :new_id (the body's id, or a new UUIDv7) :idempotency_key
 *   :verb (route's operation id) :scope_lo :scope_hi
 * and in a :write form besides
 *   :location_prefix (the stored Location is prefix || id; NULL: none)
 *   :answer_status (any value: tx_write() puts its `status` in its place).
 * All others name a field of the route's field table; `:<field>_given` is 'true' when the body had
 * that member (merge patch: null clears), else 'false'. */
/* clang-format on */
#ifndef ZEREN_DB_STMT_H
#define ZEREN_DB_STMT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"

enum stmt_kind { STMT_ONE, STMT_VIEW, STMT_PAGE, STMT_WRITE, STMT_ROWS, STMT_EXEC };

struct stmt {
    const char *name; /* "item_insert" */
    enum stmt_kind kind;
    const char *record;        /* :write: what the audit row calls it ("item"); else NULL */
    const char *text;          /* with $1..$n_params */
    const char *const *params; /* names in order of $1.. */
    unsigned n_params;
    const char *const *sorts;  /* :page; NULL-terminated */
    const char *key;           /* :page */
    const char *const *masked; /* :write: members masked in audit; NULL-terminated, or NULL */
    bool shown_division, lined;
    unsigned index; /* within the service; the engine's own (common/http/sql) begin at 1024, those
                       of feed, jobs and files behind them */
};

/* One preparable text. `params` = the author's followed by the engine's own (listed below). */
struct stmt_form {
    const char *name; /* unique within the process: also the server-side prepared name */
    const char *text;
    const char *const *params;
    unsigned n_params;
    bool custom_plan; /* lists: planned with their values (charter D4) */
    bool read_only;   /* may be run again when its connection is lost */
    unsigned index;   /* bit in a connection's prepared set */
};

/* The form of a list in one order. */
struct stmt_order {
    const char *sort; /* NULL: the default */
    bool descending, after_cursor;
};

struct stmt_set;

/* Builds every form of a NULL-terminated list of statements. Process lifetime. Fails with
 * ERR_INTERNAL and a cause. */
struct stmt_set *stmt_set_create(struct arena *a, const struct stmt *const *all, struct err *err);

/* The form of a statement other than a page. */
const struct stmt_form *stmt_form(const struct stmt_set *s, const struct stmt *st);

/* The form of a page, or NULL when that sort is not offered. Its last parameters are, in order,
 * [:after_sort, :after_key (or :after_key alone when sort = key)] :limit. */
const struct stmt_form *stmt_page_form(const struct stmt_set *s, const struct stmt *st,
                                       struct stmt_order o);

/* What a page's statement finds in all, without its rows: how many (text), and the sum over them of
 * zeren.sync_digest(id, version) by exclusive or, as 16 hexadecimal digits. Its statement has an id
 * and a version. NULL when its key is not the id. */
const struct stmt_form *stmt_digest_form(const struct stmt_set *s, const struct stmt *st);

/* All forms, for the test that prepares each one. */
size_t stmt_set_forms(const struct stmt_set *s, const struct stmt_form *const **ret_forms);

#endif
