/* services/identity/signing_key.c - the key file, watched, and one key following another without a
 * token refused in between: the new key is published first and signs once every service has surely
 * read it; the former is retired when its last token has ended. A file whose first line is
 * "Zeren-Retire: at-once" retires every other key at once: the former was stolen. Does not make
 * keys. */
#include "signing_key.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/log.h"
#include "core/str.h"
#include "http/lifecycle.h"
#include "identity.h"
#include "keys/vault.h"
#include "sql_identity.h"

#include "core/banned.h"

enum {
    FILE_BYTES = 8 * 1024,
    KEY_MEMORY = 64 * 1024,
    RUN_MEMORY = 1024 * 1024,
    WATCH_MS = 150,
    /* A service trusts nothing when its last good poll is 1 s old (auth/trust.h): that long after a
     * key was published each has read it, or refuses with 503. */
    KEY_KNOWN_MS = 1100,
    SLACK_S = 5, /* of clocks, beyond the end of the former key's last token */
};

static const char at_once_line[] = "Zeren-Retire: at-once\n";

/* A key in memory; goes with its last user. */
struct held {
    struct arena *arena;
    struct token_key key;
    const char *public_pem, *jwk;
    bool at_once;
    atomic_bool published;
    atomic_int_fast64_t known_us; /* ticks from which on every service has read it */
    atomic_int users;
};

static struct {
    struct engine *engine;
    const char *path;
    struct stat seen;
    struct held *next; /* the watch's own: read, not in use */
    bool complained;

    pthread_mutex_t lock; /* current, stop */
    pthread_cond_t stop_asked;
    struct held *current;
    bool stop, running;
    pthread_t thread;
} signer = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- one key --- */

static void let_go(void *held)
{
    struct held *h = held;
    if (h == NULL || atomic_fetch_sub(&h->users, 1) > 1)
        return;
    token_key_close(&h->key);
    struct arena *a = h->arena;
    arena_destroy(&a);
}

static bool open_key(struct held *h, const char *text, struct err *err)
{
    h->at_once = str_starts(text, at_once_line);
    if (!token_key_open(text, &h->key, err) ||
        !token_public_pem(h->arena, text, &h->public_pem, err))
        return false;
    struct token_key shown = {.pem = arena_strdup(h->arena, h->public_pem)};
    memcpy(shown.kid, h->key.kid, sizeof shown.kid);
    return token_jwk(h->arena, &shown, &h->jwk, err);
}

/* NULL with the reason. */
static struct held *read_file(const char *path, struct err *err)
{
    char *text = NULL;
    size_t len = 0;
    struct arena *a = arena_create(KEY_MEMORY);
    struct held *h = a == NULL ? NULL : arena_new(a, struct held);
    if (h == NULL || !vault_read_file(path, FILE_BYTES, &text, &len, err)) {
        err_set(err, ERR_NO_MEMORY, NULL, "no memory for the signing key");
        arena_destroy(&a);
        return NULL;
    }
    h->arena = a;
    atomic_init(&h->users, 1);
    bool good = open_key(h, text, err);
    vault_release(text);
    if (good)
        return h;
    let_go(h);
    return NULL;
}

/* --- the database --- */

static const char *value_of(const struct held *h, const char *name, const char *now,
                            const char *after_s)
{
    if (strcmp(name, "kid") == 0)
        return h->key.kid;
    if (strcmp(name, "jwk") == 0)
        return h->jwk;
    if (strcmp(name, "after_s") == 0)
        return after_s;
    return strcmp(name, "public_pem") == 0 ? h->public_pem : now;
}

static bool run(struct tx *tx, const struct held *h, const struct stmt *st, const char *after_s,
                struct rows **ret, struct err *err)
{
    const struct stmt_form *f = stmt_form(signer.engine->statements, st);
    const char *values[8] = {NULL};
    char now[32];
    clock_format(clock_now(), now);
    for (unsigned i = 0; i < f->n_params && i < sizeof values / sizeof *values; i++)
        values[i] = value_of(h, f->params[i], now, after_s);
    return tx_run(tx, f, values, ret, err);
}

/* Puts the public half where services read it; refuses a key that was retired before. */
static bool insert(struct held *h, struct arena *a, struct err *err)
{
    struct tx tx = {.pool = signer.engine->pool, .arena = a, .scope = "{}", .lines = ""};
    struct rows *rows = NULL;
    int64_t age_ms = 0;
    bool done = run(&tx, h, &SQL_signing_key_insert, "0", &rows, err);
    bool retired = done && str_equal(rows_text(rows, 0, 1), "true");
    if (done)
        (void)str_int(rows_text(rows, 0, 0), 0, INT64_MAX, &age_ms);
    tx_end(&tx);
    if (retired) {
        err_set(err, ERR_INTERNAL, NULL, "%s", "");
        err_cause(err, "the signing key in the file was retired: put another one there");
    }
    if (!done || retired)
        return false;
    int64_t left_ms = age_ms < KEY_KNOWN_MS ? KEY_KNOWN_MS - age_ms : 0;
    atomic_store(&h->known_us, clock_ticks_us() + left_ms * 1000);
    return true;
}

/* Ends the other keys: at once, or with the last token that they signed. */
static bool retire_others(struct held *h, struct arena *a, struct err *err)
{
    char after_s[24] = "0";
    struct tx tx = {.pool = signer.engine->pool, .arena = a, .scope = "{}", .lines = ""};
    struct rows *rows = NULL;
    if (!h->at_once)
        snprintf(after_s, sizeof after_s, "%lld",
                 (long long)identity_settings.access_token_s + SLACK_S);
    bool done = run(&tx, h, &SQL_signing_key_retire, after_s, &rows, err);
    tx_end(&tx);
    return done;
}

/* Publishes a key, and ends all others with it when they were stolen. */
static bool publish(struct held *h, struct arena *a, struct err *err)
{
    if (!insert(h, a, err) || (h->at_once && !retire_others(h, a, err)))
        return false;
    atomic_store(&h->published, true);
    return true;
}

/* --- the watch --- */

static void complain(const struct err *err)
{
    if (!signer.complained)
        log_event(ERR_LEVEL_ERROR, "keys", "cause", err->cause[0] ? err->cause : err->detail);
    signer.complained = true;
}

static struct held *current_key(void)
{
    pthread_mutex_lock(&signer.lock);
    struct held *h = signer.current;
    atomic_fetch_add(&h->users, 1);
    pthread_mutex_unlock(&signer.lock);
    return h;
}

static bool file_changed(void)
{
    struct stat now;
    if (stat(signer.path, &now) != 0)
        return false;
    bool same = now.st_ino == signer.seen.st_ino && now.st_size == signer.seen.st_size &&
                now.st_mtim.tv_sec == signer.seen.st_mtim.tv_sec &&
                now.st_mtim.tv_nsec == signer.seen.st_mtim.tv_nsec;
    signer.seen = now;
    return !same;
}

/* What the file has now comes next: another key, or the same with the word that ends all others. */
static void look_at_file(void)
{
    struct err err = {.code = ERR_NONE};
    if (!file_changed())
        return;
    signer.complained = false;
    struct held *h = read_file(signer.path, &err);
    if (h == NULL) {
        complain(&err);
        return;
    }
    struct held *current = current_key();
    bool same = strcmp(h->key.kid, current->key.kid) == 0 && h->at_once == current->at_once;
    let_go(current);
    let_go(signer.next);
    signer.next = same ? NULL : h;
    if (same)
        let_go(h);
}

static void bring_in_force(struct held *h)
{
    pthread_mutex_lock(&signer.lock);
    struct held *former = signer.current;
    signer.current = h;
    pthread_mutex_unlock(&signer.lock);
    let_go(former);
    signer.next = NULL;
    log_event(ERR_LEVEL_INFO, "keys", "detail",
              h->at_once ? "another signing key is in use, the others are retired"
                         : "another signing key is in use");
}

/* A stolen key's successor is in force at once (log-ins wait until it is known); any other when it
 * is known. What fails is tried again the next time. */
static void follow(struct arena *a)
{
    struct held *h = signer.next;
    struct err err = {.code = ERR_NONE};
    if (h == NULL)
        return;
    if (!atomic_load(&h->published) && !publish(h, a, &err)) {
        complain(&err);
        return;
    }
    if (!h->at_once && clock_ticks_us() < atomic_load(&h->known_us))
        return;
    if (h->at_once || retire_others(h, a, &err))
        bring_in_force(h);
    else
        complain(&err);
}

static bool rest(void)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)WATCH_MS * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&signer.lock);
    int rc = 0;
    while (!signer.stop && rc == 0)
        rc = pthread_cond_timedwait(&signer.stop_asked, &signer.lock, &until);
    bool go_on = !signer.stop;
    pthread_mutex_unlock(&signer.lock);
    return go_on;
}

static void *watch(void *arg)
{
    struct arena *a = arg;
    while (rest()) {
        look_at_file();
        follow(a);
        arena_reset(a);
    }
    arena_destroy(&a);
    return NULL;
}

/* Signals are main's. */
static bool start_watch(struct err *err)
{
    sigset_t all, before;
    pthread_condattr_t monotonic;
    struct arena *a = arena_create(RUN_MEMORY);
    if (a == NULL)
        return err_set(err, ERR_NO_MEMORY, NULL, "no memory to watch the signing key");
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&signer.stop_asked, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    signer.running = pthread_create(&signer.thread, NULL, watch, a) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!signer.running)
        arena_destroy(&a);
    return signer.running || err_set(err, ERR_INTERNAL, NULL, "no thread for the signing key");
}

/* --- for the service --- */

/* A database that is not there yet is no reason not to start: the first log-in publishes the key.
 */
static bool publish_first(struct held *h, struct err *err)
{
    struct err later = {.code = ERR_NONE};
    if (publish(h, signer.engine->arena, &later) || later.code != ERR_INTERNAL)
        return true;
    *err = later;
    return false;
}

bool signing_key_start(struct engine *e, const char *path, struct err *err)
{
    signer.engine = e;
    signer.path = path;
    (void)file_changed();
    signer.current = read_file(path, err);
    return signer.current != NULL && publish_first(signer.current, err) && start_watch(err);
}

void signing_key_stop(void)
{
    if (signer.running) {
        pthread_mutex_lock(&signer.lock);
        signer.stop = true;
        pthread_cond_signal(&signer.stop_asked);
        pthread_mutex_unlock(&signer.lock);
        pthread_join(signer.thread, NULL);
        pthread_cond_destroy(&signer.stop_asked);
        signer.running = false;
    }
    let_go(signer.next);
    let_go(signer.current);
    signer.next = signer.current = NULL;
}

/* A token signed before the others have read the key would be refused by them. */
static void wait_until_known(const struct held *h)
{
    int64_t left_us = atomic_load(&h->known_us) - clock_ticks_us();
    const struct timespec left = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
    if (left_us > 0)
        (void)nanosleep(&left, NULL);
}

bool signing_key(struct request *rq, const struct token_key **ret)
{
    struct held *h = current_key();
    if (!arena_defer(rq->arena, let_go, h))
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (!atomic_load(&h->published) && !publish(h, rq->arena, &rq->err))
        return false;
    wait_until_known(h);
    *ret = &h->key;
    return true;
}
