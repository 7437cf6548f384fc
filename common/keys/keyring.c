/* common/keys/keyring.c - a key file in force: read at the start, looked at again while in use.
 * While a changed file cannot be used the keys before it stay; that is told once, and the file is
 * read again at each look, for what kept it from being read may pass. Does not write files. */
#include "keys/keyring.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "keys/keyset.h"
#include "keys/vault.h"

#include "core/banned.h"

enum { LOOK_EVERY_US = 300 * 1000 };

/* What tells one state of a file from another. */
struct print {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified, changed;
};

struct keyring {
    pthread_mutex_t lock;
    const struct key_provider *provider;
    char *path;
    unsigned needs;
    struct keyset *now;
    struct print seen; /* of the file whose keys are in force */
    struct print told; /* of the file last refused */
    bool has_told;
    int64_t looked_at;
    void (*on_refused)(void *ctx, const struct err *err);
    void *ctx;
};

static bool refused(struct err *err, const char *path, const char *why)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "a key file cannot be used");
    err_cause(err, "%s %s", path, why);
    return false;
}

static bool same_moment(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_print(const struct print *a, const struct print *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           same_moment(a->modified, b->modified) && same_moment(a->changed, b->changed);
}

/* A file that is not there has a print of its own: all zero. */
static struct print print_of(const char *path, mode_t *ret_mode)
{
    struct stat st;
    *ret_mode = 0;
    if (stat(path, &st) != 0)
        return (struct print){.size = 0};
    *ret_mode = st.st_mode;
    return (struct print){.device = st.st_dev,
                          .inode = st.st_ino,
                          .size = st.st_size,
                          .modified = st.st_mtim,
                          .changed = st.st_ctim};
}

/* The set in the file, or NULL. */
static struct keyset *read_set(const struct keyring *ring, mode_t mode, struct err *err)
{
    char *text = NULL;
    size_t len = 0;
    if ((mode & (S_IWGRP | S_IWOTH)) != 0) {
        refused(err, ring->path, "can be written by others than its owner");
        return NULL;
    }
    if (!vault_read_file(ring->path, KEYRING_FILE_BYTES, &text, &len, err))
        return NULL;
    const struct keyset *set = NULL;
    if (strlen(text) == len)
        set = keyset_parse(ring->provider, ring->path, text, err);
    else
        refused(err, ring->path, "holds a NUL");
    vault_release(text);
    if (set != NULL && !keyset_serves(set, ring->needs, ring->path, err)) {
        keyring_give(set);
        set = NULL;
    }
    return (struct keyset *)(uintptr_t)set; /* ours until it is in force */
}

struct keyring *keyring_open(const char *path, unsigned needs, struct err *err)
{
    return keyring_open_with(&provider_soft, path, needs, err);
}

struct keyring *keyring_open_with(const struct key_provider *provider, const char *path,
                                  unsigned needs, struct err *err)
{
    struct keyring *ring = calloc(1, sizeof *ring);
    char *copy = strdup(path);
    if (ring == NULL || copy == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "no memory for keys");
        free(copy);
        free(ring);
        return NULL;
    }
    mode_t mode;
    pthread_mutex_init(&ring->lock, NULL);
    ring->provider = provider;
    ring->path = copy;
    ring->needs = needs;
    ring->seen = print_of(path, &mode);
    ring->looked_at = clock_ticks_us();
    ring->now = read_set(ring, mode, err);
    if (ring->now != NULL)
        return ring;
    keyring_close(ring);
    return NULL;
}

void keyring_close(void *ring)
{
    struct keyring *own = ring;
    if (own == NULL)
        return;
    keyring_give(own->now);
    pthread_mutex_destroy(&own->lock);
    free(own->path);
    free(own);
}

void keyring_on_refused(struct keyring *ring, void (*fn)(void *ctx, const struct err *err),
                        void *ctx)
{
    ring->on_refused = fn;
    ring->ctx = ctx;
}

/* A refusal is told when nothing of this state of the file was told before. */
static bool tell_once(struct keyring *ring, const struct print *print)
{
    bool known = ring->has_told && same_print(print, &ring->told);
    ring->told = *print;
    ring->has_told = true;
    return !known;
}

/* Under the lock. Returns whether there is nothing to tell. The print is taken before the reading:
 * a change in between is seen next time. */
static bool look(struct keyring *ring, struct err *err)
{
    mode_t mode;
    int64_t now = clock_ticks_us();
    if (now - ring->looked_at < LOOK_EVERY_US)
        return true;
    ring->looked_at = now;
    struct print print = print_of(ring->path, &mode);
    if (same_print(&print, &ring->seen))
        return true;
    struct keyset *fresh = read_set(ring, mode, err);
    if (fresh == NULL)
        return !tell_once(ring, &print);
    ring->seen = print;
    ring->has_told = false;
    keyring_give(ring->now);
    ring->now = fresh;
    return true;
}

const struct keyset *keyring_take(struct keyring *ring)
{
    struct err err = {.code = ERR_NONE};
    pthread_mutex_lock(&ring->lock);
    bool good = look(ring, &err);
    struct keyset *set = ring->now;
    keyset_use(set);
    pthread_mutex_unlock(&ring->lock);
    if (!good && ring->on_refused != NULL)
        ring->on_refused(ring->ctx, &err);
    return set;
}

/* The set's key for a choice, whose kid it fills in. */
static const struct key *chosen(const struct keyset *set, struct key_choice *choice)
{
    const struct key *key = choice->kid == 0 ? keyset_active(set, choice->purpose)
                                             : keyset_find(set, choice->purpose, choice->kid);
    if (key != NULL)
        choice->kid = key->kid;
    return key;
}

bool keyring_mac(struct keyring *ring, struct key_choice *choice, const struct span *parts,
                 size_t count, uint8_t ret_mac[static KEY_DIGEST], struct err *err)
{
    assert(choice->purpose != KEY_ENCRYPT);
    const struct keyset *set = keyring_take(ring);
    const struct key *key = chosen(set, choice);
    bool done = key != NULL && set->provider->mac(key, parts, count, ret_mac);
    keyring_give(set);
    if (done)
        return true;
    err_set(err, ERR_INTERNAL, NULL, "%s", "a key could not be used");
    err_cause(err, "%s key %08x: %s", key_purpose_name(choice->purpose), choice->kid,
              key == NULL ? "not in the key file" : "the provider failed");
    return false;
}
