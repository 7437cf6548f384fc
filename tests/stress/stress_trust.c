/* tests/stress/stress_trust.c - fifty threads check tokens while the poll runs, sessions end and
 * forgeries arrive, under ThreadSanitizer. Needs a migrated database: ZEREN_TEST_DB, a superuser's
 * conninfo; without one it says so and does nothing. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/token.h"
#include "auth/trust.h"
#include "db/stmt.h"
#include "db/tx.h"
#include "keys/openssl.h"

enum { THREADS = 50, TOKENS = 300, REVOKED = 100, SECONDS = 4 };

static const char *const key_params[] = {"kid", "pem"};
static const struct stmt key_insert = {
    .name = "stress_key",
    .kind = STMT_ROWS,
    .text = "INSERT INTO identity.signing_key (kid, public_pem, jwk, created_at) VALUES ($1::text, "
            "$2::text, '{}', now())",
    .params = key_params,
    .n_params = 2,
    .index = 0,
};
static const char *const revocation_params[] = {"session"};
static const struct stmt revocation_insert = {
    .name = "stress_revocation",
    .kind = STMT_ROWS,
    .text = "INSERT INTO identity.revocation (subject_id, kind, at) VALUES ($1::uuid, 'session', "
            "now())",
    .params = revocation_params,
    .n_params = 1,
    .index = 1,
};
static const struct stmt *const statements[] = {&key_insert, &revocation_insert, NULL};

struct subject {
    const char *token;
    char session[UUID_TEXT];
    atomic_bool asked, known; /* its revocation: on its way; polled since */
};

static struct {
    struct pool *pool;
    struct trust *trust;
    struct stmt_set *set;
    struct arena *arena;
    struct subject subjects[TOKENS];
    char forged[TOKEN_MAX];
    atomic_bool stop;
    atomic_ulong checks, wrong;
} stress;

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "stress_trust: %s\n", what);
    exit(1);
}

static void run(const struct stmt *st, const char *const *values)
{
    struct arena *a = arena_create(1024 * 1024);
    struct tx tx = {.pool = stress.pool, .arena = a, .scope = "{}", .lines = ""};
    struct rows *rows = NULL;
    struct err err = {0};
    bool done = tx_run(&tx, stmt_form(stress.set, st), values, &rows, &err);
    tx_end(&tx);
    arena_destroy(&a);
    must(done, err.cause);
}

static char *new_private_pem(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *out = BIO_new(BIO_s_mem());
    char *text = NULL;
    must(PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1, "no key");
    long len = BIO_get_mem_data(out, &text);
    char *pem = arena_strndup(stress.arena, text, (size_t)len);
    BIO_free(out);
    EVP_PKEY_free(key);
    return pem;
}

static void make_tokens(void)
{
    struct err err = {0};
    struct token_key key = {.pem = new_private_pem()};
    const char *public = NULL;
    must(token_thumbprint(key.pem, key.kid, &err) &&
             token_public_pem(stress.arena, key.pem, &public, &err),
         "no key");
    run(&key_insert, (const char *const[]){key.kid, public});
    for (int i = 0; i < TOKENS; i++) {
        struct subject *s = &stress.subjects[i];
        struct principal p = {.role = "inspector", .epoch = 1};
        must(uuid_new(clock_now(), s->session), "no random");
        memcpy(p.session, s->session, UUID_TEXT);
        memcpy(p.account, s->session, UUID_TEXT);
        memcpy(p.post, s->session, UUID_TEXT);
        memcpy(p.organisation, s->session, UUID_TEXT);
        must(token_sign(stress.arena, &key, &p, clock_now(), 600, &s->token, &err), err.cause);
    }
    snprintf(stress.forged, sizeof stress.forged, "%s", stress.subjects[0].token);
    char *signature = strrchr(stress.forged, '.') + 1;
    signature[10] = signature[10] == 'A' ? 'B' : 'A';
}

static bool check(const char *token, struct principal *ret, struct err *err)
{
    const struct credential given = {.text = token, .address = "192.0.2.1", .now = clock_now()};
    return trust_check(stress.trust, &given, ret, err);
}

/* Known before the check: refused. Not even asked for after it: taken. In between: either. */
static bool behaves(struct subject *s)
{
    struct principal p;
    struct err err = {0};
    bool known = atomic_load(&s->known);
    bool taken = check(s->token, &p, &err);
    if (!taken && err.code == ERR_RATE)
        return true;
    if (known)
        return !taken && err.code == ERR_UNAUTHENTICATED;
    if (!atomic_load(&s->asked))
        return taken && strcmp(p.session, s->session) == 0;
    return true;
}

static void *checker(void *arg)
{
    unsigned at = (unsigned)(uintptr_t)arg * 7919;
    while (!atomic_load(&stress.stop)) {
        struct principal p;
        struct err err = {0};
        at = at * 1103515245 + 12345;
        bool good = (at >> 8) % 50 == 0 ? !check(stress.forged, &p, &err)
                                        : behaves(&stress.subjects[(at >> 8) % TOKENS]);
        atomic_fetch_add(&stress.checks, 1);
        if (!good)
            atomic_fetch_add(&stress.wrong, 1);
    }
    return NULL;
}

static void wait_for_polls(unsigned n)
{
    struct trust_stats before, now;
    trust_stats(stress.trust, &before);
    do {
        usleep(5000);
        trust_stats(stress.trust, &now);
    } while (now.polls < before.polls + n);
}

static void revoke_some(int from, int to)
{
    for (int i = from; i < to; i++) {
        atomic_store(&stress.subjects[i].asked, true);
        run(&revocation_insert, (const char *const[]){stress.subjects[i].session});
    }
    wait_for_polls(2); /* the one running may have begun before */
    for (int i = from; i < to; i++)
        atomic_store(&stress.subjects[i].known, true);
}

static void open_all(const char *conninfo)
{
    struct err err = {0};
    stress.arena = arena_create(16 * 1024 * 1024);
    stress.pool = pool_create(&(struct pool_options){.conninfo = conninfo,
                                                     .search_path = "identity, zeren",
                                                     .application_name = "stress_trust",
                                                     .size = 2,
                                                     .acquire_ms = 5000,
                                                     .statement_ms = 5000,
                                                     .lock_ms = 5000,
                                                     .lifetime_s = 600});
    stress.set = stmt_set_create(stress.arena, statements, &err);
    must(stress.pool != NULL && stress.set != NULL, "cannot start");
    make_tokens();
    stress.trust = trust_create(&(struct trust_options){
        .pool = stress.pool,
        .poll_ms = 20,
        .stale_ms = 5000,
        .cache_tokens = 256,
        .lookups = stress.pool,
        .flood = {.per_s = 100000, .all_per_s = 100000, .wait_ms = 1, .waits = 8}});
    must(stress.trust != NULL, "no trust");
    wait_for_polls(1);
}

int main(void)
{
    pthread_t threads[THREADS];
    const char *conninfo = getenv("ZEREN_TEST_DB");
    if (conninfo == NULL) {
        puts("skipped: ZEREN_TEST_DB is not set");
        return 0;
    }
    open_all(conninfo);
    for (uintptr_t i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, checker, (void *)i) == 0, "no thread");
    for (int i = 0; i < SECONDS; i++) {
        revoke_some(i * REVOKED / SECONDS, (i + 1) * REVOKED / SECONDS);
        sleep(1);
    }
    atomic_store(&stress.stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct trust_stats s;
    trust_stats(stress.trust, &s);
    printf("%lu checks, %lu wrong; hits %lu, verified %lu, refused %lu, polls %lu\n",
           atomic_load(&stress.checks), atomic_load(&stress.wrong), (unsigned long)s.hits,
           (unsigned long)s.verified, (unsigned long)s.refused, (unsigned long)s.polls);
    must(s.hits > 0 && s.verified >= TOKENS - REVOKED && s.refused > 0, "the cache did not work");
    must(s.cached <= 256 && s.revocations >= REVOKED && s.poll_failures == 0, "bounds or polls");
    must(atomic_load(&stress.wrong) == 0, "a check was wrong");
    trust_destroy(&stress.trust);
    pool_destroy(&stress.pool);
    arena_destroy(&stress.arena);
    return 0;
}
