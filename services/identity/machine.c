/* services/identity/machine.c - machines that prove themselves with a key of their own
 * (private_key_jwt, RFC 7523): their public keys, and access tokens for assertions. Rules I-108 to
 * I-111 (proto/identity.md). A refused assertion is told nothing but that. Keeps no token. */
#include <string.h>

#include "auth/token_assertion.h"
#include "core/buf.h"
#include "core/str.h"
#include "http/lifecycle.h"
#include "identity.h"
#include "sign_in.h"
#include "signing_key.h"
#include "sql_identity.h"

#include "core/banned.h"

enum { KEY_MAX = 2000, ANSWER_MAX = 16 * 1024 };

/* clang-format off */
static const struct field key_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the key; may come from the client."),
    F_UUID("account_id", IN_BODY | REQUIRED | SHOWN, "The machine's account."),
    F_TEXT("kid", SHOWN, 43, 43, "Its RFC 7638 thumbprint: what an assertion's header names.", "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"),
    F_TEXT("public_key", IN_BODY | REQUIRED | SHOWN, 100, KEY_MAX, "Public P-256 key: PEM, or the text of a JWK; shown as PEM.", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A\niTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==\n-----END PUBLIC KEY-----\n"),
    F_INSTANT("created_at", SHOWN, "When it was registered."),
    F_INSTANT("retired_at", SHOWN | NULLABLE, "From when on nothing signed with it is taken."),
    F_VERSION(),
    FIELDS_END
};

static const struct field key_filters[] = {
    F_UUID("account_id", IN_QUERY | REQUIRED, "The machine's account."),
    FIELDS_END
};

static const struct field assertion_fields[] = {
    F_TEXT("client_assertion", IN_BODY | REQUIRED | SECRET, 1, TOKEN_MAX, "ES256 JWS: header kid; iss = sub = the account's log-in name, aud \"zeren-identity\", jti, iat, exp.", "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.c2ln"),
    F_UUID("post_id", IN_BODY, "The post to act in; without it the eldest of the account's posts."),
    FIELDS_END
};

static const struct field session_fields[] = {
    F_TEXT("access_token", SHOWN, 1, TOKEN_MAX, "Bearer token for every service; there is no refresh token.", "eyJhbGciOiJFUzI1NiIsImtpZCI6Ii4uLiJ9.e30.c2ln"),
    F_TEXT("token_type", SHOWN, 1, 10, "How to send it.", "Bearer"),
    F_INT("expires_in", SHOWN, 1, 600, "Seconds it runs.", "600"),
    F_UUID("session_id", SHOWN, "What log-out names."),
    F_UUID("account_id", SHOWN, "The account."),
    F_UUID("post_id", SHOWN, "The post acted in."),
    F_UUID("organisation_id", SHOWN, "That post's organisation."),
    F_TEXT("role", SHOWN, 1, 40, "That post's role.", "integration"),
    FIELDS_END
};

static handler add_key, open_machine_session;

const struct route machine_routes[] = {
    {METHOD_GET,  "/machine_keys", PERM_ACCOUNT_READ, key_filters, &SQL_machine_key_list, read_page, "list_machine_keys", "Keys of a machine", .shows = key_fields},
    {METHOD_POST, "/machine_keys", PERM_ACCOUNT_WRITE, key_fields, &SQL_machine_key_insert, add_key, "create_machine_key", "Register a public key of a machine", .also = "public_key"},
    {METHOD_POST, "/machine_keys/:id:retire", PERM_ACCOUNT_WRITE, key_fields, &SQL_machine_key_retire, write_one, "retire_machine_key", "Retire a key; tokens it opened are refused within a second", .probe = &SQL_machine_key_probe, .media = MEDIA_NONE},
    {METHOD_POST, "/machine_sessions", PERM_PUBLIC, assertion_fields, NULL, open_machine_session, "open_machine_session", "An access token of ten minutes for an assertion (RFC 7523)", .also = "client_assertion post_id", .status = 201, .shows = session_fields},
    ROUTES_END
};
/* clang-format on */

static bool bind(struct request *rq, const char *name, const char *text)
{
    return (text != NULL && arg_bind(rq, name, text)) || fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool add_key(struct request *rq)
{
    struct token_key key;
    if (!token_key_public(rq->arena, arg_text(rq, "public_key"), &key, &rq->err))
        return false;
    return bind(rq, "kid", arena_strdup(rq->arena, key.kid)) && bind(rq, "public_pem", key.pem) &&
           write_one(rq);
}

/* --- assertions --- */

struct claimant {
    struct assertion said;
    struct assertion_limits limits;
    struct token_key key;
    const char *login, *division;
    struct principal who;
};

/* The one refusal; why is for the log. A failure costs the address one of its budget. */
static bool refuse(struct request *rq, const char *why)
{
    flood_charge(trust_flood(rq->engine->trust), rq->address);
    fail(rq, ERR_LOGIN_REFUSED, NULL, "The assertion is not accepted.");
    err_cause(&rq->err, "assertion: %s", why);
    return false;
}

static bool copy(char *to, size_t size, const char *text)
{
    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

/* Columns of machine_of_key and machine_post. */
enum { ACCOUNT, LOGIN, PEM, SECONDS, SKEW_S };
enum { POST, ORGANISATION, DIVISION, ROLE, MASK, ROLE_EPOCH, LINES, RANGES, FORMER, PERMISSIONS };

static bool find_key(struct request *rq, struct claimant *c)
{
    struct rows *rows = NULL;
    if (!bind(rq, "kid", c->said.kid) || !sign_in_rows(rq, &SQL_machine_of_key, &rows))
        return false;
    if (rows_count(rows) == 0)
        return refuse(rq, "no such key");
    c->login = rows_text(rows, 0, LOGIN);
    c->key.pem = arena_strdup(rq->arena, rows_text(rows, 0, PEM));
    if (!copy(c->who.account, sizeof c->who.account, rows_text(rows, 0, ACCOUNT)) ||
        !str_int(rows_text(rows, 0, SECONDS), 1, 86400, &c->limits.seconds) ||
        !str_int(rows_text(rows, 0, SKEW_S), 0, 86400, &c->limits.skew_s))
        return fail(rq, ERR_INTERNAL, NULL, "%s", "");
    return bind(rq, "of_account", c->who.account);
}

/* I-109: what is cheap first. */
static bool check_assertion(struct request *rq, struct claimant *c)
{
    const char *text = arg_text(rq, "client_assertion");
    if (flood_pass(trust_flood(rq->engine->trust), rq->address) == FLOOD_REFUSED) {
        rq->retry_after_s = 1;
        return fail(rq, ERR_RATE, NULL, "Too many assertions are refused just now.");
    }
    if (!assertion_read(text, &c->said))
        return refuse(rq, "shape or claims");
    if (!find_key(rq, c))
        return false;
    if (!str_equal(c->login, c->said.issuer))
        return refuse(rq, "another account's key");
    if (!assertion_timely(&c->said, rq->now / 1000000, &c->limits))
        return refuse(rq, "times");
    return token_signature_holds(text, &c->key) || refuse(rq, "signature");
}

static bool fill_rights(const struct rows *rows, struct principal *p)
{
    const char *lines = rows_text(rows, 0, LINES), *mask = rows_text(rows, 0, MASK);
    p->kind = PRINCIPAL_MACHINE;
    p->role_epoch = sign_in_number(rows_text(rows, 0, ROLE_EPOCH), 0);
    p->mask = str_equal(mask, "usual")    ? MASK_USUAL
              : str_equal(mask, "strict") ? MASK_STRICT
                                          : MASK_HIDDEN;
    return copy(p->post, sizeof p->post, rows_text(rows, 0, POST)) &&
           copy(p->organisation, sizeof p->organisation, rows_text(rows, 0, ORGANISATION)) &&
           copy(p->role, sizeof p->role, rows_text(rows, 0, ROLE)) &&
           copy(p->lines, sizeof p->lines, lines == NULL ? "" : lines) &&
           principal_add_permissions(p, rows_text(rows, 0, PERMISSIONS));
}

static bool fill_scope(const struct rows *rows, struct principal *p)
{
    return principal_add_prefixes(p, rows_text(rows, 0, RANGES)) &&
           principal_add_former(p, rows_text(rows, 0, FORMER)) && principal_set_scope(p);
}

static bool choose_post(struct request *rq, struct claimant *c)
{
    struct rows *rows = NULL;
    if (!sign_in_rows(rq, &SQL_machine_post, &rows))
        return false;
    if (rows_count(rows) == 0)
        return refuse(rq, "no such post to act in");
    c->division = rows_text(rows, 0, DIVISION);
    if (!fill_scope(rows, &c->who))
        return sign_in_too_wide(rq, rows_text(rows, 0, POST));
    return (fill_rights(rows, &c->who) &&
            copy(c->who.session, sizeof c->who.session, rq->new_id)) ||
           fail(rq, ERR_INTERNAL, NULL, "%s", "");
}

static const char *instant(struct request *rq, instant_us at)
{
    char *text = arena_alloc(rq->arena, 32);
    if (text != NULL)
        clock_format(at, text);
    return text;
}

/* I-110: with the assertion's one use. */
static bool open_session(struct request *rq, struct claimant *c)
{
    struct rows *rows = NULL;
    instant_us ends = rq->now + identity_settings.access_token_s * 1000000;
    instant_us kept = (c->said.exp + c->limits.skew_s) * 1000000;
    if (!bind(rq, "jti", c->said.jti) || !bind(rq, "chosen_post", c->who.post) ||
        !bind(rq, "post_division", c->division) || !bind(rq, "expires_at", instant(rq, ends)) ||
        !bind(rq, "assertion_ends_at", instant(rq, kept)) ||
        !sign_in_rows(rq, &SQL_machine_session_insert, &rows))
        return false;
    if (rows_count(rows) == 0)
        return refuse(rq, "taken before, or ended meanwhile");
    return str_int(rows_text(rows, 0, 0), 0, INT32_MAX, &c->who.epoch) ||
           fail(rq, ERR_INTERNAL, NULL, "%s", "");
}

static bool answer(struct request *rq, const struct claimant *c, const struct token_key *key)
{
    struct buf b;
    const char *token = NULL;
    int seconds = (int)identity_settings.access_token_s;
    if (!token_sign(rq->arena, key, &c->who, rq->now, seconds, &token, &rq->err))
        return false;
    buf_init(&b, rq->arena, ANSWER_MAX);
    buf_printf(&b, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%d", token,
               seconds);
    buf_printf(&b, ",\"session_id\":\"%s\",\"account_id\":\"%s\"", c->who.session, c->who.account);
    buf_printf(&b, ",\"post_id\":\"%s\",\"organisation_id\":\"%s\",\"role\":", c->who.post,
               c->who.organisation);
    buf_json(&b, c->who.role);
    buf_char(&b, '}');
    return reply_json(rq, 201, buf_text(&b));
}

/* Statements of its own: no stored answer, no audit row with a token. */
static bool open_machine_session(struct request *rq)
{
    const struct token_key *key = NULL;
    arena_wipe_on_reset(rq->arena);
    struct claimant *c = arena_new(rq->arena, struct claimant);
    if (c == NULL)
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    return check_assertion(rq, c) && choose_post(rq, c) && signing_key(rq, &key) &&
           open_session(rq, c) && answer(rq, c, key);
}
