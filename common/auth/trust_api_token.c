/* common/auth/trust_api_token.c - what an API token may do now, out of the one row that
 * identity_pub.use_api_token() answers. Does not remember it: auth/trust.c. */
#include <string.h>

#include "auth/api_token.h"
#include "auth/trust_own.h"
#include "core/str.h"
#include "db/tx.h"

#include "core/banned.h"

enum { USE_MEMORY = 256 * 1024, FRESH_S = 60 /* rights are read again after that */ };

static const char *const use_params[] = {"digest", "address", "at", "today"};

const struct stmt trust_use_statement = {
    .name = "trust_use_api_token",
    .kind = STMT_ROWS,
    .text = "SELECT id::text, account_id::text, post_id::text, organisation_id::text, role, mask,"
            " permissions, ranges, former, lines, epoch::text, ends_s::text, addresses, "
            "role_epoch::text"
            " FROM identity_pub.use_api_token($1::bytea, $2::text, $3::timestamptz, $4::date)",
    .params = use_params,
    .n_params = sizeof use_params / sizeof *use_params,
    .index = 1,
};
enum {
    ID,
    ACCOUNT,
    POST,
    ORGANISATION,
    ROLE,
    MASK,
    PERMISSIONS,
    RANGES,
    FORMER,
    LINES,
    EPOCH,
    ENDS_S,
    ADDRESSES,
    ROLE_EPOCH
};

static bool copy(char *to, size_t size, const char *text)
{
    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static bool read_mask(const char *word, enum personal_mask *ret)
{
    *ret = str_equal(word, "usual")    ? MASK_USUAL
           : str_equal(word, "strict") ? MASK_STRICT
                                       : MASK_HIDDEN;
    return word != NULL;
}

static bool read_row(const struct rows *rows, int64_t now_s, struct principal *p)
{
    const char *lines = rows_text(rows, 0, LINES), *addresses = rows_text(rows, 0, ADDRESSES);
    int64_t ends_s = 0;
    p->kind = PRINCIPAL_MACHINE;
    p->api_token = true;
    if (!copy(p->session, sizeof p->session, rows_text(rows, 0, ID)) ||
        !copy(p->account, sizeof p->account, rows_text(rows, 0, ACCOUNT)) ||
        !copy(p->post, sizeof p->post, rows_text(rows, 0, POST)) ||
        !copy(p->organisation, sizeof p->organisation, rows_text(rows, 0, ORGANISATION)) ||
        !copy(p->role, sizeof p->role, rows_text(rows, 0, ROLE)) ||
        !read_mask(rows_text(rows, 0, MASK), &p->mask) ||
        !copy(p->lines, sizeof p->lines, lines == NULL ? "" : lines) ||
        !copy(p->addresses, sizeof p->addresses, addresses == NULL ? "" : addresses) ||
        !str_int(rows_text(rows, 0, EPOCH), 0, INT32_MAX, &p->epoch) ||
        !str_int(rows_text(rows, 0, ROLE_EPOCH), 0, INT32_MAX, &p->role_epoch) ||
        !str_int(rows_text(rows, 0, ENDS_S), 0, INT64_MAX, &ends_s))
        return false;
    p->expires_at_s = ends_s < now_s + FRESH_S ? ends_s : now_s + FRESH_S;
    return principal_add_permissions(p, rows_text(rows, 0, PERMISSIONS)) &&
           principal_add_prefixes(p, rows_text(rows, 0, RANGES)) &&
           principal_add_former(p, rows_text(rows, 0, FORMER)) && principal_set_scope(p);
}

/* what is left out in silence would look as if it were not there. */
static bool too_wide(struct err *err)
{
    err_set(err, ERR_UNAUTHENTICATED, NULL,
            "The divisions of this token and the former codes that they came from are more than %d"
            " ranges: make one of fewer divisions.",
            SCOPE_PREFIXES_MAX);
    err_cause(err, "token: an API token whose rights do not fit");
    return false;
}

static bool ask(struct trust *t, const struct trust_case *c, struct arena *a, struct rows **ret,
                struct err *err)
{
    char digest[API_TOKEN_DIGEST], at[32], today[11];
    struct tx tx = {.pool = t->options.lookups, .arena = a, .scope = "{}", .lines = ""};
    api_token_digest_text(c->digest, digest);
    clock_format(c->now, at);
    date_format(clock_date(c->now), today);
    const char *const values[] = {digest, c->address, at, today};
    bool done = tx_run(&tx, stmt_form(t->set, &trust_use_statement), values, ret, err);
    tx_end(&tx);
    return done;
}

bool trust_use_api_token(struct trust *t, const struct trust_case *c, struct principal *ret,
                         struct err *err)
{
    struct rows *rows = NULL;
    struct arena *a = arena_create(USE_MEMORY);
    if (a == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory to check a token");
    bool good = ask(t, c, a, &rows, err);
    if (good && rows_count(rows) == 0)
        good = trust_refuse(err, "no such API token now");
    else if (good && !read_row(rows, c->now / 1000000, ret))
        good = too_wide(err);
    arena_destroy(&a);
    return good;
}
