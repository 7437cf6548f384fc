/* tests/db/test_alloc_failure.c - every allocation of a request fails once: the n-th for n = 1, 2,
 * … until a run needs fewer. Each run ends with its ordinary answer or 503, never by a crash, and
 * leaves no connection behind. */
#include <unistd.h>

#include "auth/token.h"
#include "auth/trust.h"
#include "http/process.h"
#include "http/rate.h"
#include "keys/openssl.h"
#include "registry.h"
#include "sql_registry.h"
#include "support.h"

enum { MOST_ALLOCATIONS = 20000, REQUEST_ARENA = 32 * 1024 * 1024, ANSWERS_MAX = 3 };

static const char *const pub_schemas[] = {"identity_pub", NULL};
static const struct service registry_service = {
    .name = "registry",
    .resources = registry_resources,
    .statements = sql_registry_all,
    .description = "test",
    .pub_schemas = pub_schemas,
};

static struct process process;
static struct trust *trust;
static struct pool *trust_pool;
static const char *bearer;

/* A fresh key pair whose public half the database knows. */
static void make_key(struct arena *a, struct token_key *key)
{
    struct err err = {0};
    const char *public = NULL;
    char *text = NULL;
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    BIO *out = BIO_new(BIO_s_mem());
    cr_assert(PEM_write_bio_PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL) == 1);
    long len = BIO_get_mem_data(out, &text);
    key->pem = arena_strndup(a, text, (size_t)len);
    BIO_free(out);
    EVP_PKEY_free(pair);
    cr_assert(token_thumbprint(key->pem, key->kid, &err) &&
              token_public_pem(a, key->pem, &public, &err));
    super_sql(
        "INSERT INTO registry.division (id, code, owner_division, name, level, valid_from)"
        " VALUES (gen_random_uuid(), '431302000000', '431302000000', '测试区', 3, '2020-01-01')"
        " ON CONFLICT DO NOTHING");
    super_sql(arena_printf(a,
                           "INSERT INTO identity.signing_key (kid, public_pem, jwk, created_at) "
                           "VALUES ('%s', '%s', '{}', now())",
                           key->kid, public));
}

static void make_token(struct arena *a)
{
    struct err err = {0};
    struct token_key key = {.pem = NULL};
    const char *token = NULL;
    struct principal p = {
        .role = "county_office", .epoch = 1, .n_prefixes = 1, .prefixes = {"431302"}};
    make_key(a, &key);
    for (int i = PERM_SIGNED_IN + 1; i < PERM_COUNT; i++)
        p.permissions = permission_add(p.permissions, (enum permission)i);
    cr_assert(uuid_new(clock_now(), p.account) && uuid_new(clock_now(), p.post) &&
              uuid_new(clock_now(), p.organisation) && uuid_new(clock_now(), p.session));
    cr_assert(token_sign(a, &key, &p, clock_now(), 600, &token, &err), "%s", err.cause);
    bearer = arena_printf(a, "Bearer %s", token);
}

static void wait_for_trust(void)
{
    for (int i = 0; i < 3000 && !trust_ready(trust); i++)
        usleep(10000);
    cr_assert(trust_ready(trust));
}

static void open_engine(void)
{
    struct err err = {0};
    struct pool_options o = test_pool_options(2);
    o.search_path = "registry, identity_pub, zeren";
    process = (struct process){
        .service = &registry_service,
        .arena = arena_create(64 * 1024 * 1024),
        .settings = {.body_max_kib = 1024, .import_max_kib = 8192, .idempotency_hours = 24},
    };
    cr_assert(process_compose(&process, &err), "%s", err.cause);
    make_token(process.arena);
    process.engine.pool = pool_create(&o);
    o.size = 1;
    trust_pool = pool_create(&o);
    trust = trust_create(&(struct trust_options){
        .pool = trust_pool,
        .poll_ms = 100,
        .stale_ms = 60000,
        .cache_tokens = 16,
        .lookups = process.engine.pool,
        .flood = {.per_s = 1000, .all_per_s = 1000, .wait_ms = 1, .waits = 8}});
    process.engine.trust = trust;
    process.engine.rate_token = rate_create(0);
    process.engine.rate_address = rate_create(0);
    wait_for_trust();
}

static void close_engine(void)
{
    trust_destroy(&trust);
    pool_destroy(&trust_pool);
    pool_destroy(&process.engine.pool);
    rate_destroy(&process.engine.rate_token);
    rate_destroy(&process.engine.rate_address);
    arena_destroy(&process.arena);
}

TestSuite(alloc_failure, .init = open_engine, .fini = close_engine, .timeout = 120);

struct sample {
    const char *method, *url, *content_type, *body, *authorization;
    bool keyed;               /* under an Idempotency-Key of its own */
    const char *kind;         /* the body is an organisation of that kind with a name of its own */
    int answers[ANSWERS_MAX]; /* ordinary ones */
};

static struct request *make_request(struct arena *a, const struct sample *s)
{
    struct request *rq = arena_new(a, struct request);
    char name[UUID_TEXT], *key = arena_alloc(a, UUID_TEXT);
    cr_assert(uuid_new(clock_now(), name) && uuid_new(clock_now(), key));
    const char *body = s->body == NULL ? NULL : arena_strdup(a, s->body);
    if (s->kind != NULL)
        body =
            arena_printf(a, "{\"owner_division\":\"431302000000\",\"kind\":\"%s\",\"name\":\"%s\"}",
                         s->kind, name);
    *rq = (struct request){
        .engine = &process.engine,
        .arena = a,
        .started_us = clock_ticks_us(),
        .now = clock_now(),
        .today = clock_date(clock_now()),
        .method = s->method,
        .url = s->url,
        .content_type = s->content_type,
        .body = body,
        .body_len = body == NULL ? 0 : strlen(body),
        .authorization = s->authorization == NULL ? bearer : s->authorization,
        .idempotency_key = s->keyed ? key : NULL,
        .address = "127.0.0.1",
        .request_id = "test",
    };
    return rq;
}

/* Was the failure still to come when the request was done? Uses it up. */
static bool needed_fewer(unsigned long n)
{
    struct arena *a = arena_create(REQUEST_ARENA);
    bool left = a == NULL;
    for (unsigned long i = 0; !left && i < n; i++)
        left = arena_alloc(a, 1) == NULL;
    arena_fail_after(0);
    arena_destroy(&a);
    return left;
}

static bool is_ordinary(const struct sample *s, int status)
{
    for (size_t i = 0; i < ANSWERS_MAX; i++) {
        if (s->answers[i] == status)
            return true;
    }
    return false;
}

static void fail_once(const struct sample *s, unsigned long n)
{
    struct arena *a = arena_create(REQUEST_ARENA);
    struct request *rq = make_request(a, s);
    arena_fail_after(n);
    lifecycle_run(rq);
    cr_assert(is_ordinary(s, rq->status) || rq->status == 503,
              "%s %s: %d after allocation %lu failed: %s", s->method, s->url, rq->status, n,
              rq->err.cause);
    cr_assert(rq->status == 204 || rq->answer != NULL);
    arena_destroy(&a);
}

static void torture(const struct sample *s)
{
    struct pool_stats stats;
    unsigned long n = 1;
    for (; n < MOST_ALLOCATIONS; n++) {
        fail_once(s, n);
        if (needed_fewer(n))
            break;
    }
    cr_assert_lt(n, MOST_ALLOCATIONS, "%s %s never ran whole", s->method, s->url);
    cr_assert_gt(n, 1, "%s %s: no allocation was made to fail", s->method, s->url);
    pool_stats(process.engine.pool, &stats);
    cr_assert_eq(stats.busy, 0, "%s %s kept a connection", s->method, s->url);
}

#define BASE "/api/v1/registry"
#define NOBODY "01940000-ffff-7000-8000-000000000000"
static const char json[] = "application/json", csv[] = "text/csv; charset=UTF-8";

/* clang-format off */
static const struct sample samples[] = {
    {"GET", BASE "/nothing?a=b", .answers = {404}},
    {"GET", BASE "/items/%ff", .answers = {400}},
    {"DELETE", BASE "/items", .answers = {405}},
    {"GET", BASE "/items", .authorization = "Bearer x.y.z", .answers = {401}},
    {"GET", BASE "/openapi.json", .answers = {200}},
    {"GET", BASE "/items/" NOBODY, .answers = {404}},
    {"GET", BASE "/divisions?level=3&name_prefix=%E5%A8%84&limit=10&sort=name&fields=code,name", .answers = {200}},
    {"GET", BASE "/items?limit=x&limit=2&colour=red&task_id=7", .answers = {400}},
    {"GET", BASE "/overdue_items?as_of=2026-06-30", .answers = {200}},
    {"POST", BASE "/items/" NOBODY "/reports", json, "{\"value\":\"x\",\"reported_on\":\"2026-02-30\",\"a\":[{\"b\":1}]}", .answers = {422}},
    {"POST", BASE "/items", json, "{\"milestones\":[{\"name\":\"\"},{\"due_on\":\"2026-01-01\",\"x\":1}]}", .keyed = true, .answers = {422}},
    {"POST", BASE "/organisations", json, .keyed = true, .kind = "department", .answers = {201}},
    {"POST", BASE "/organisations?validate_only=true", json, .kind = "department", .answers = {200, 201}},
    {"POST", BASE "/divisions:import?valid_from=2010-01-01&validate_only=true", csv, "code,name\n431302000000,x\n43130x,y\n", .answers = {422, 413}},
    {"POST", BASE "/duty_lists:import?owner_division=431302000000&year=2199&title=x&validate_only=true", csv, "a,b\n1,2\n", .answers = {422, 413}},
    {NULL},
};
/* clang-format on */

Test(alloc_failure, every_allocation_of_a_request_may_fail)
{
    for (const struct sample *s = samples; s->method != NULL; s++)
        torture(s);
}

static const char enterprises[] =
    "SELECT count(*) FROM registry.organisation WHERE kind = 'enterprise'";

Test(alloc_failure, a_write_that_failed_can_be_repeated)
{
    static const struct sample write = {"POST",        BASE "/organisations", json,
                                        .keyed = true, .kind = "enterprise",  .answers = {201}};
    unsigned long before = strtoul(super_sql(enterprises), NULL, 10), done = 0;
    for (unsigned long n = 1; n < 400; n++) {
        struct arena *a = arena_create(REQUEST_ARENA);
        struct request *rq = make_request(a, &write);
        arena_fail_after(n);
        lifecycle_run(rq);
        arena_fail_after(0);
        if (rq->status != 201) {
            struct request again = *make_request(a, &write);
            again.body = rq->body;
            again.body_len = rq->body_len;
            again.idempotency_key = rq->idempotency_key;
            lifecycle_run(&again);
            cr_assert_eq(again.status, 201, "retry after allocation %lu failed: %d", n,
                         again.status);
        }
        done++;
        arena_destroy(&a);
    }
    unsigned long after = strtoul(super_sql(enterprises), NULL, 10);
    cr_assert_eq(after - before, done, "%lu organisations for %lu keys", after - before, done);
}
