/* tests/stress/stress_keyring.c - threads seal, open and look up while the key file changes under
 * them, for ThreadSanitizer: no race, no value that does not open, no set freed in use. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/field.h"
#include "keys/vault.h"

enum { THREADS = 4, CHANGES = 8 };

#define T "2026-05-01T00:00:00Z "
#define PAIR(kid, alg, state, key)                                                                 \
    kid " encrypt " alg " " state " " T key "\n" kid " mac hmac-sm3 " state " " T                  \
        "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM=\n"
#define LOOKUP "000000b1 lookup hmac-sm3 active " T "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n"
#define SM4 "EREREREREREREREREREREQ=="
#define AES "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI="

/* By turns, and once a file that is refused. */
static const char *const files[] = {
    PAIR("000000a1", "sm4-ctr", "active", SM4) PAIR("000000a2", "aes-256-gcm", "retired", AES)
        LOOKUP,
    PAIR("000000a1", "sm4-ctr", "retired", SM4) PAIR("000000a2", "aes-256-gcm", "active", AES)
        LOOKUP,
    "rubbish\n",
};

static char path[] = "/tmp/zeren-stress-XXXXXX";
static struct keyring *ring;
static atomic_bool stop;
static atomic_long rounds, wrong, refusals;

static void note(void *ctx, const struct err *err)
{
    (void)ctx, (void)err;
    atomic_fetch_add(&refusals, 1);
}

static bool put(const char *text)
{
    char fresh[64];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *file = fopen(fresh, "we");
    return file != NULL && fputs(text, file) >= 0 && fclose(file) == 0 && chmod(fresh, 0600) == 0 &&
           rename(fresh, path) == 0;
}

static bool round_trip(struct arena *a)
{
    static const struct field_place place = {"identity.person.phone", "1"};
    const struct span plain = {"13800000000", 11};
    struct span got = {NULL, 0};
    struct err err = {0};
    const char *hex = NULL;
    return field_seal(ring, &place, plain, a, &hex, &err) &&
           field_open(ring, &place, hex, a, &got, &err) && got.len == 11 &&
           memcmp(got.at, plain.at, 11) == 0 && field_lookups(ring, "c", plain, a, &hex, &err) &&
           strlen(hex) == 2 + 5 + 72;
}

static void *use(void *unused)
{
    (void)unused;
    struct arena *a = arena_create(1 << 20);
    while (!atomic_load(&stop)) {
        if (!round_trip(a))
            atomic_fetch_add(&wrong, 1);
        atomic_fetch_add(&rounds, 1);
        arena_reset(a);
    }
    arena_destroy(&a);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    struct err err = {0};
    int file = mkstemp(path);
    if (file < 0 || close(file) != 0 || !put(files[0]) || !vault_init(&err))
        return EXIT_FAILURE;
    ring = keyring_open(path, KEY_NEEDS_FIELDS, &err);
    if (ring == NULL) {
        fprintf(stderr, "%s\n", err.cause);
        return EXIT_FAILURE;
    }
    keyring_on_refused(ring, note, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, use, NULL);
    for (int i = 1; i <= CHANGES; i++) {
        put(files[i % 3]);
        usleep(350 * 1000);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    keyring_close(ring);
    unlink(path);
    printf("%ld rounds, %ld wrong, %ld refused files\n", rounds, wrong, refusals);
    return rounds > 0 && wrong == 0 && refusals > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
