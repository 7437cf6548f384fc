/* services/identity/api_token.c - API tokens of scripts: made and shown once, listed without their
 * secret, revoked. Rules I-101 to I-107 (proto/identity.md). Does not check them: auth/trust.h. */
#include "auth/api_token.h"

#include <string.h>

#include "auth/address.h"
#include "core/buf.h"
#include "core/str.h"
#include "http/lifecycle.h"
#include "identity.h"
#include "others.h"
#include "sql_identity.h"

#include "core/banned.h"

enum { NAME_MAX_LENGTH = 80, ADDRESSES_COUNT = 16, LITERAL_MAX = 8 * 1024 };

/* clang-format off */
#define API_TOKEN_SHOWN \
    F_UUID("account_id", SHOWN, "Whose it is."), \
    F_UUID("post_id", SHOWN, "The post it acts in."), \
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, NAME_MAX_LENGTH, "What it is for.", "财政数据夜间同步"), \
    F_TEXTS("permissions", IN_BODY | REQUIRED | SHOWN, 128, "What it may do: a part of what the post acted in may use."), \
    F_TEXTS("ranges", IN_BODY | REQUIRED | SHOWN, SCOPE_PREFIXES_MAX, "Where: codes of divisions inside the own ones, each with all below it; 000000000000 is the country."), \
    F_TEXTS("addresses", IN_BODY | SHOWN, ADDRESSES_COUNT, "Address ranges it works from, v4 or v6 in CIDR; none: any."), \
    F_INSTANT("expires_at", IN_BODY | REQUIRED | SHOWN, "Its end; at most the setting identity.api_token_days ahead."), \
    F_INSTANT("last_used_at", SHOWN | NULLABLE, "Last use, to the minute."), \
    F_TEXT("last_used_address", SHOWN | NULLABLE, 1, 64, "Where from.", "10.1.2.3"), \
    F_INSTANT("revoked_at", SHOWN | NULLABLE, "When it was revoked."), \
    F_INSTANT("created_at", SHOWN, "When it was made."), \
    F_VERSION(), \
    FIELDS_END

static const struct field api_token_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the token, which the token itself begins with; may come from the client."),
    F_TEXT("reason", IN_BODY, 1, 500, "Why another account's token is revoked; kept in the audit log.", "口令外泄"),
    API_TOKEN_SHOWN
};

static const struct field made_fields[] = {
    F_UUID("id", SHOWN, "Id of the token."),
    F_TEXT("token", SHOWN | NULLABLE, 68, 68, "The token: shown here and never again.", "zat_AZQAAAAAcACAAAAAAAAAAQabcdefghijklmnopqrstuvwxyz0123456789ABCDEF"),
    API_TOKEN_SHOWN
};

static const struct field api_token_filters[] = {
    F_UUID("account_id", IN_QUERY, "Those of this account, for whoever may end its sessions; without it the own ones."),
    FIELDS_END
};

static handler list, create, revoke;

const struct route api_token_routes[] = {
    {METHOD_GET,  "/api_tokens", PERM_SIGNED_IN, api_token_filters, &SQL_api_token_list, list, "list_api_tokens", "The own API tokens, without their secrets", .shows = api_token_fields},
    {METHOD_POST, "/api_tokens", PERM_SIGNED_IN, api_token_fields, &SQL_api_token_insert, create, "create_api_token", "Make an API token; it is shown this once", .also = "addresses", .shows = made_fields},
    {METHOD_POST, "/api_tokens/:id:revoke", PERM_SIGNED_IN, api_token_fields, &SQL_api_token_revoke, revoke, "revoke_api_token", "Revoke an API token; or another account's, with session.end and a reason: refused within a second", .also = "reason", .status = 200},
    ROUTES_END
};
/* clang-format on */

static bool bind(struct request *rq, const char *name, const char *text)
{
    return (text != NULL && arg_bind(rq, name, text)) || fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool list(struct request *rq)
{
    return others_filter(rq) && read_page(rq);
}

static bool revoke(struct request *rq)
{
    return others_end(rq, &SQL_api_token_owner, &SQL_api_token_probe);
}

/* --- making one --- */

/* I-102: rights are not handed on by what was itself made for less, nor by access for a time. */
static bool caller_may_make(struct request *rq)
{
    if (rq->principal.must != 0)
        return fail(rq, ERR_ACTION_REQUIRED, NULL, "Not before the account did what it must.");
    if (rq->principal.api_token)
        return fail(rq, ERR_EXCEEDS_OWN, NULL, "An API token makes no other one: log in.");
    if (rq->principal.access_grant[0] != '\0')
        return fail(rq, ERR_EXCEEDS_OWN, NULL, "Access for a time gives no token beyond it.");
    return true;
}

static bool refuse_value(struct request *rq, const char *pointer, const char *code,
                         const char *detail)
{
    return problem_add(
        rq, (struct problem){.place = AT_POINTER, .name = pointer, .code = code, .detail = detail});
}

static const char *own_permissions(struct request *rq)
{
    struct buf b;
    const char *comma = "";
    buf_init(&b, rq->arena, LITERAL_MAX);
    buf_char(&b, '{');
    for (unsigned p = PERM_SIGNED_IN + 1; p < PERM_COUNT; p++) {
        if (!permission_in(rq->principal.permissions, (enum permission)p))
            continue;
        buf_printf(&b, "%s%s", comma, permission_code((enum permission)p));
        comma = ",";
    }
    buf_char(&b, '}');
    return buf_text(&b);
}

static const char *own_ranges(struct request *rq)
{
    struct buf b;
    buf_init(&b, rq->arena, LITERAL_MAX);
    buf_char(&b, '{');
    for (unsigned i = 0; i + rq->principal.n_former < rq->principal.n_prefixes; i++)
        buf_printf(&b, "%s\"%s\"", i > 0 ? "," : "", rq->principal.prefixes[i]);
    buf_char(&b, '}');
    return buf_text(&b);
}

/* Columns of api_token_limits. */
enum { BEYOND_PERMISSION, BEYOND_RANGE, WRONG_RANGE, PAST, TOO_LONG, DAYS };

static bool check_end(struct request *rq, const struct rows *rows)
{
    if (str_equal(rows_text(rows, 0, PAST), "true"))
        return refuse_value(rq, "/expires_at", "in_the_past", "The end lies ahead.");
    if (!str_equal(rows_text(rows, 0, TOO_LONG), "true"))
        return true;
    return refuse_value(
        rq, "/expires_at", "too_late",
        arena_printf(rq->arena, "A token runs %s days at most.", rows_text(rows, 0, DAYS)));
}

/* I-103. */
static bool check_rights(struct request *rq, const struct rows *rows)
{
    const char *permission = rows_text(rows, 0, BEYOND_PERMISSION);
    const char *range = rows_text(rows, 0, BEYOND_RANGE);
    if (rows_text(rows, 0, WRONG_RANGE) != NULL)
        return refuse_value(rq, "/ranges", "not_a_range",
                            "The code of a division, of twelve characters.");
    if (permission != NULL && permission_find(permission) <= PERM_SIGNED_IN)
        return refuse_value(rq, "/permissions", "not_a_permission", "There is no such permission.");
    if (permission != NULL)
        return fail(rq, ERR_EXCEEDS_OWN, "permissions", "The post does not have %s.", permission);
    if (range != NULL)
        return fail(rq, ERR_EXCEEDS_OWN, "ranges", "%s is not inside the post's divisions.", range);
    return true;
}

static bool check_limits(struct request *rq)
{
    struct rows *rows = NULL;
    return bind(rq, "own_permissions", own_permissions(rq)) &&
           bind(rq, "own_ranges", own_ranges(rq)) && db_rows(rq, &SQL_api_token_limits, &rows) &&
           check_end(rq, rows) && check_rights(rq, rows);
}

/* The next element of an array literal of plain texts, without its quotes. */
static bool next_text(const char **at, char *to, size_t size)
{
    *at += strspn(*at, "{,\"");
    size_t n = strcspn(*at, "\",}");
    if (**at == '\0' || **at == '}')
        return false;
    snprintf(to, size, "%.*s", (int)(n < size ? n : size - 1), *at);
    *at += n;
    return true;
}

/* Ranges in the one form they are kept in, so that each service reads them alike. */
static bool bind_addresses(struct request *rq)
{
    struct buf b;
    const char *at = arg_text(rq, "addresses"), *comma = "";
    char text[ADDRESS_RANGE_TEXT + 8], range[ADDRESS_RANGE_TEXT];
    buf_init(&b, rq->arena, ADDRESSES_MAX);
    buf_char(&b, '{');
    while (at != NULL && next_text(&at, text, sizeof text)) {
        if (!address_range(text, range))
            return refuse_value(
                rq, "/addresses", "not_an_address_range",
                "Ranges as 10.1.0.0/16 or 2001:db8::/32, no bits behind the length.");
        buf_printf(&b, "%s%s", comma, range);
        comma = ",";
    }
    buf_char(&b, '}');
    if (buf_text(&b) == NULL)
        return refuse_value(rq, "/addresses", "too_long", "The ranges are too many.");
    return bind(rq, "address_ranges", buf_text(&b));
}

/* The problem document that a repeated key gets. */
static const char *shown_once(struct request *rq)
{
    const struct err_class *c = err_class(ERR_SHOWN_ONCE);
    return arena_printf(rq->arena,
                        "{\"type\":\"urn:zeren:problem:%s\",\"title\":\"%s\",\"status\":%d,"
                        "\"detail\":\"This key made the token %s; revoke it and make another.\","
                        "\"code\":\"%s\",\"request_id\":\"%s\",\"current\":{\"id\":\"%s\"}}",
                        c->code, c->title, c->status, rq->new_id, c->code, rq->request_id,
                        rq->new_id);
}

/* I-104: in one transaction with the token. */
static bool hide_from_key(struct request *rq)
{
    struct rows *rows = NULL;
    if (rq->idempotency_key == NULL || rq->validate_only)
        return true;
    return bind(rq, "shown_once", shown_once(rq)) && db_rows(rq, &SQL_api_token_shown_once, &rows);
}

/* Puts the token in place of the null that the statement left. */
static bool show(struct request *rq, const char *token)
{
    static const char gap[] = "\"token\":null";
    const char *at = strstr(rq->answer, gap);
    if (rq->validate_only)
        return true;
    if (at == NULL)
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    return reply_json(rq, rq->status,
                      arena_printf(rq->arena, "%.*s\"token\":\"%s\"%s", (int)(at - rq->answer),
                                   rq->answer, token, at + sizeof gap - 1));
}

static bool create(struct request *rq)
{
    char token[API_TOKEN_TEXT], digest[API_TOKEN_DIGEST];
    arena_wipe_on_reset(rq->arena);
    if (!caller_may_make(rq) || !check_limits(rq) || !bind_addresses(rq))
        return false;
    if (!api_token_make(rq->new_id, token, &rq->err) || !api_token_digest(token, digest))
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    bool done = bind(rq, "digest", arena_strdup(rq->arena, digest)) && db_begin(rq) &&
                db_write(rq, &SQL_api_token_insert, 201) && hide_from_key(rq) && show(rq, token);
    explicit_bzero(token, sizeof token);
    return done;
}
