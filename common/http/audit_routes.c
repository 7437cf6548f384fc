/* common/http/audit_routes.c - reading the audit log and taking it out, for its administrators
 * alone. What they see is the database's business: row security, by scope. */
#include "http/audit_routes.h"

#include <string.h>

#include "core/buf.h"
#include "core/clock.h"
#include "http/lifecycle.h"
#include "sql_engine.h"

#include "core/banned.h"

enum {
    EXPORT_ROWS = 500,
    EXPORT_ROWS_MAX = 2000,
    EXPORT_BYTES = 48 * 1024 * 1024,
    SEARCH_DAYS = 31
};

static handler list_audit, export_audit;

/* clang-format off */
static const struct field audit_fields[] = {
    F_INT("id", SHOWN, 1, INT64_C(9007199254740991), "Its number; gaps mean nothing.", "4711"),
    F_INSTANT("at", SHOWN, "When the change was asked for."),
    F_INSTANT("recorded_at", SHOWN, "When its transaction began: what seals and months go by."),
    F_UUID("account_id", IN_QUERY | SHOWN | NULLABLE, "Who; null: nobody was logged in."),
    F_TEXT("account_login", SHOWN | NULLABLE, 1, 64, "Its login; null: nobody, gone, or administered outside the caller's divisions.", "county_office"),
    F_UUID("post_id", IN_QUERY | SHOWN | NULLABLE, "The post acted in."),
    F_TEXT("post_title", SHOWN | NULLABLE, 1, 80, "What the post is called now.", "项目科科长"),
    F_TEXT("holder_name", SHOWN | NULLABLE, 1, 60, "Who held it on that day.", "王建国"),
    F_UUID("session_id", SHOWN | NULLABLE, "The session, or the API token, it came by."),
    F_TEXT("address", SHOWN | NULLABLE, 1, 60, "Where from.", "10.4.0.17"),
    F_TEXT("verb", IN_QUERY | SHOWN, 1, 60, "What was done: the operation's name in the contract.", "confirm_report"),
    F_TEXT("record", IN_QUERY | SHOWN, 1, 60, "The kind of record it was done to.", "report"),
    F_UUID("record_id", IN_QUERY | SHOWN, "Which record."),
    F_INT("version", SHOWN, 0, INT32_MAX, "The record's version then.", "2"),
    F_CODE("owner_division", IN_QUERY | SHOWN | OWN_SCOPE, "The division the record belonged to."),
    F_TEXT("request_id", SHOWN | NULLABLE, 1, 64, "The request: X-Request-Id of its answer, and of its line in the log.", "0f8fad5bd9cb469fa165"),
    F_TEXT("reason", SHOWN | NULLABLE, 1, 500, "Why, where a reason was given.", "核对低保名单"),
    F_OBJECT("body", SHOWN, NULL, "The record after it, personal data masked."),
    F_OBJECT("before", SHOWN | NULLABLE, NULL, "The record before it, personal data masked; null: there was none, or none was kept."),
    F_INSTANT("from", IN_QUERY, "Only what was asked for then or later. Searches need it and until, at most 31 days apart, unless record_id is given."),
    F_INSTANT("until", IN_QUERY, "Only what was asked for before then."),
    FIELDS_END
};

static const struct field export_fields[] = {
    F_INSTANT("from", IN_BODY | REQUIRED, "What was asked for then or later …"),
    F_INSTANT("until", IN_BODY | REQUIRED, "… and before then."),
    F_TEXT("reason", IN_BODY | REQUIRED, 2, 500, "What it is needed for; kept in the audit log.", "省级抽查2026年上半年操作记录"),
    F_INT("after", IN_BODY, 0, INT64_C(9007199254740991), "Only rows behind this number: `next` of the call before.", "0"),
    F_INT("rows", IN_BODY, 1, EXPORT_ROWS_MAX, "Rows at most; 500 unless said.", "500"),
    FIELDS_END
};

const struct route audit_routes[] = {
    {METHOD_GET,  "/audit_log",        PERM_AUDIT_READ,   audit_fields,  &SQL_audit_list, list_audit, "list_audit_log", "Who changed what, from what, to what, and why",
        .also = "verb"},
    {METHOD_POST, "/audit_log:export", PERM_AUDIT_EXPORT, export_fields, NULL, export_audit, "export_audit_log", "Take the audit log of a time out, as lines of JSON",
        .also = "from until reason after rows", .unkept = true, .answers = "application/x-ndjson"},
    ROUTES_END
};
/* clang-format on */

const struct stmt *const audit_statements[] = {&SQL_audit_list, &SQL_audit_note_export,
                                               &SQL_audit_export_rows, NULL};

/* Are both given, at most SEARCH_DAYS apart? */
static bool is_bounded(const struct request *rq)
{
    instant_us from = 0, until = 0;
    const char *first = arg_text(rq, "from"), *behind = arg_text(rq, "until");
    return first != NULL && behind != NULL && clock_parse(first, &from) &&
           clock_parse(behind, &until) && until - from <= SEARCH_DAYS * INT64_C(86400000000);
}

/* what no index finds is looked for in a bounded time, or the whole log would be read. */
static bool may_search(struct request *rq)
{
    static const char *const rare[] = {"account_id", "post_id", "verb", "record", "owner_division"};
    for (size_t i = 0; !arg_given(rq, "record_id") && i < sizeof rare / sizeof *rare; i++) {
        if (arg_given(rq, rare[i]) && !is_bounded(rq))
            return fail(rq, ERR_BAD_PARAMETER, rare[i],
                        "Say from and until, at most 31 days apart, or which record.");
    }
    return true;
}

/* The engine has a :verb of its own, which is not the one that is looked for. */
static bool list_audit(struct request *rq)
{
    return may_search(rq) && arg_bind(rq, "verb_wanted", arg_text(rq, "verb")) && read_page(rq);
}

/* The division whose auditors see that its log was taken out: the widest of the caller's. */
static const char *own_division(struct request *rq)
{
    static const char zeros[] = "000000000000";
    const struct principal *p = &rq->principal;
    const char *widest = p->n_prefixes == 0 ? "" : p->prefixes[0];
    for (unsigned i = 1; i < p->n_prefixes; i++) {
        if (strlen(p->prefixes[i]) < strlen(widest))
            widest = p->prefixes[i];
    }
    return arena_printf(rq->arena, "%s%s", widest, zeros + strlen(widest));
}

/* A line a row; the last says where to go on: {"next":"4711"}, or null when there is no more. */
static const char *lines_of(struct request *rq, const struct rows *rows, size_t limit)
{
    struct buf b;
    size_t n = rows_count(rows);
    buf_init(&b, rq->arena, EXPORT_BYTES);
    for (size_t i = 0; i < n && i < limit; i++) {
        buf_str(&b, rows_text(rows, i, 1));
        buf_char(&b, '\n');
    }
    bool more = n > limit;
    buf_printf(&b, "{\"next\":%s}\n", more ? rows_text(rows, limit - 1, 0) : "null");
    return buf_text(&b);
}

/* two trips, so that the note of it is committed whatever becomes of the answer. A
 * repeated Idempotency-Key is another export, and another note. */
static bool export_audit(struct request *rq)
{
    struct rows *rows = NULL;
    int64_t limit = EXPORT_ROWS;
    (void)arg_int(rq, "rows", &limit);
    const char *division = own_division(rq);
    if (division == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!arg_bind(rq, "own_division", division) || !db_rows(rq, &SQL_audit_note_export, &rows) ||
        !db_rows(rq, &SQL_audit_export_rows, &rows))
        return false;
    const char *lines = lines_of(rq, rows, (size_t)limit);
    if (lines == NULL)
        return fail(rq, ERR_TOO_LARGE, "rows", "Ask for fewer rows at a time.");
    return reply_json(rq, 200, lines);
}
