/* common/tools/keys/rotate.c - making, rotating and dropping keys. The order is the point: a
 * process reads its file again within 0.3 s of use, so a key is known everywhere before anything is
 * written with it, and nothing that may still be needed is removed here but by drop. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "tools/keys/commands.h"
#include "tools/keys/file.h"
#include "tools/keys/ring_file.h"
#include "tools/keys/signing.h"

#include "core/banned.h"

enum { ALL_HAVE_READ_S = 2 };

static const char *const ring_names[] = {"field.keys", "session.keys", "seal.keys"};
enum { RINGS = sizeof ring_names / sizeof *ring_names };

/* The algorithm of a new key; `asked` may choose that of an encrypt key. */
static bool alg_of(enum key_purpose purpose, const char *asked, enum key_alg *ret_alg,
                   struct err *err)
{
    *ret_alg = purpose == KEY_ENCRYPT   ? KEY_SM4_CTR
               : purpose == KEY_REFRESH ? KEY_HMAC_SHA256
                                        : KEY_HMAC_SM3;
    if (asked == NULL || str_equal(asked, key_alg_name(*ret_alg)))
        return true;
    if (purpose != KEY_ENCRYPT || !str_equal(asked, key_alg_name(KEY_AES_256_GCM)))
        return file_failed(err, asked, "is no algorithm for that purpose");
    *ret_alg = KEY_AES_256_GCM;
    return true;
}

static bool make_ring(const char *name, const char *path, const char *alg, struct err *err)
{
    struct ring_file f;
    bool done = ring_file_init(&f, err);
    for (enum key_purpose p = KEY_ENCRYPT; done && p < KEY_PURPOSES; p++) {
        enum key_alg of;
        uint32_t kid = 0;
        if (strcmp(ring_file_of(p), name) != 0 || p == KEY_MAC)
            continue;
        done = alg_of(p, p == KEY_ENCRYPT ? alg : NULL, &of, err) &&
               ring_file_make(&f, p, of, KEY_ACTIVE, &kid, err);
    }
    done = done && ring_file_write(&f, path, err);
    ring_file_done(&f);
    return done;
}

bool keys_init(const struct keys_call *call, struct err *err)
{
    char path[FILE_PATH];
    if (!dir_lock(call->dir, err))
        return false;
    for (size_t i = 0; i < RINGS; i++) {
        if (!dir_path(call->dir, ring_names[i], path, err))
            return false;
        if (file_exists(path))
            continue;
        if (!make_ring(ring_names[i], path, call->alg, err))
            return false;
        (void)printf("made %s\n", path);
    }
    if (!dir_path(call->dir, "signing.pem", path, err))
        return false;
    if (file_exists(path))
        return true;
    if (!signing_write(path, false, err))
        return false;
    (void)printf("made %s\n", path);
    return true;
}

/* Takes out the pending key an interrupted rotation left, or, when keys were stolen, drops it. */
static bool make_pending(struct ring_file *f, enum key_purpose purpose,
                         const struct keys_call *call, uint32_t *ret_kid, struct err *err)
{
    const struct key *pending = ring_file_in(f, purpose, KEY_PENDING);
    enum key_alg alg;
    if (!alg_of(purpose, call->alg, &alg, err))
        return false;
    bool same = pending != NULL && (call->alg == NULL || pending->alg == alg);
    if (same && !call->stolen) {
        *ret_kid = pending->kid;
        return true;
    }
    while ((pending = ring_file_in(f, purpose, KEY_PENDING)) != NULL)
        ring_file_remove(f, purpose, pending->kid);
    const struct key *active = ring_file_in(f, purpose, KEY_ACTIVE);
    if (purpose == KEY_ENCRYPT && call->alg == NULL && active != NULL)
        alg = active->alg; /* a rotation changes the key, not the algorithm */
    return ring_file_make(f, purpose, alg, KEY_PENDING, ret_kid, err);
}

/* The key before goes to retired; a stolen refresh key goes at once, and all of its kind. */
static void activate(struct ring_file *f, enum key_purpose purpose, uint32_t kid, bool stolen)
{
    const struct key *before;
    while ((before = ring_file_in(f, purpose, KEY_ACTIVE)) != NULL)
        ring_file_move(f, purpose, before->kid, KEY_RETIRED);
    while (stolen && purpose == KEY_REFRESH &&
           (before = ring_file_in(f, purpose, KEY_RETIRED)) != NULL)
        ring_file_remove(f, purpose, before->kid);
    ring_file_move(f, purpose, kid, KEY_ACTIVE);
}

static void say_next(enum key_purpose purpose, const struct keys_call *call, uint32_t kid)
{
    (void)printf("%s key %08x is active\n", key_purpose_name(purpose), kid);
    if (purpose == KEY_REFRESH && call->stolen)
        (void)puts("every session that has to refresh must log in again");
    else if (purpose == KEY_SEAL)
        (void)puts("keep the key before for as long as what it sealed is kept");
    else if (purpose == KEY_REFRESH)
        (void)puts("drop the key before when the longest session that it served has ended");
    else
        (void)puts("what the key before wrote is to be written anew; then drop that key");
}

/* Two writes of the file with the wait between them. */
static bool rotate_ring(enum key_purpose purpose, const char *path, const struct keys_call *call,
                        struct err *err)
{
    struct ring_file f;
    uint32_t kid = 0;
    struct timespec wait = {.tv_sec = ALL_HAVE_READ_S};
    bool done = ring_file_read(&f, path, err) && make_pending(&f, purpose, call, &kid, err) &&
                ring_file_write(&f, path, err);
    if (done && !call->prepare) {
        while (nanosleep(&wait, &wait) != 0)
            continue;
        activate(&f, purpose, kid, call->stolen);
        done = ring_file_write(&f, path, err);
    }
    ring_file_done(&f);
    if (done && call->prepare)
        (void)printf("%s key %08x is pending: rotate again once every process has it\n",
                     key_purpose_name(purpose), kid);
    else if (done)
        say_next(purpose, call, kid);
    return done;
}

static bool rotate_signing(const struct keys_call *call, struct err *err)
{
    char path[FILE_PATH], kid[SIGNING_KID];
    if (!dir_path(call->dir, "signing.pem", path, err) || !signing_write(path, call->stolen, err) ||
        !signing_kid(path, kid, err))
        return false;
    (void)printf("signing key %s is in place\n", kid);
    return true;
}

bool keys_rotate(const struct keys_call *call, struct err *err)
{
    char path[FILE_PATH];
    enum key_purpose purpose;
    bool signing = str_equal(call->purpose, "signing");
    if (!signing && !key_purpose_of(call->purpose, &purpose))
        return file_failed(err, call->purpose,
                           "is no purpose: encrypt, mac, lookup, seal, refresh or signing");
    if (!file_exists(call->dir))
        return file_failed(err, call->dir, "is not there");
    if (!dir_lock(call->dir, err))
        return false;
    if (signing)
        return rotate_signing(call, err);
    purpose = purpose == KEY_MAC ? KEY_ENCRYPT : purpose; /* a pair */
    return dir_path(call->dir, ring_file_of(purpose), path, err) &&
           rotate_ring(purpose, path, call, err);
}

/* The purpose under which the kid stands in the file. False when it is not there. */
static bool find_kid(const struct ring_file *f, uint32_t kid, const struct key **ret_key)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->keys[i].kid == kid) {
            *ret_key = &f->keys[i];
            return true;
        }
    }
    return false;
}

/* *ret_found says whether the key was in this file. */
static bool drop_from(const char *path, const struct keys_call *call, bool *ret_found,
                      struct err *err)
{
    struct ring_file f;
    uint32_t kid = 0;
    const struct key *key = NULL;
    bool done = ring_file_read(&f, path, err) && key_kid_of(call->kid, &kid);
    *ret_found = done && find_kid(&f, kid, &key);
    if (*ret_found && key->state == KEY_ACTIVE)
        done = file_failed(err, call->kid, "is active: rotate first");
    else if (*ret_found) {
        ring_file_remove(&f, key->purpose == KEY_MAC ? KEY_ENCRYPT : key->purpose, kid);
        done = ring_file_write(&f, path, err);
    }
    ring_file_done(&f);
    return done;
}

bool keys_drop(const struct keys_call *call, struct err *err)
{
    char path[FILE_PATH];
    uint32_t kid = 0;
    bool found = false;
    if (!key_kid_of(call->kid, &kid))
        return file_failed(err, call->kid, "is no kid of 8 hexadecimal digits");
    if (!call->nothing_left)
        return file_failed(err, call->kid,
                           "is kept: say --nothing-left once nothing is left under it, for what "
                           "is will never be read again");
    if (!file_exists(call->dir) || !dir_lock(call->dir, err))
        return file_failed(err, call->dir, "is not there");
    for (size_t i = 0; i < RINGS && !found; i++) {
        if (!dir_path(call->dir, ring_names[i], path, err) || !drop_from(path, call, &found, err))
            return false;
    }
    if (!found)
        return file_failed(err, call->kid, "is in none of the key files");
    (void)printf("key %s is removed\n", call->kid);
    return true;
}
