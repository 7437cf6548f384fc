/* common/tools/keys/report.c - what is in a key directory and whether it is fit for use; backups.
 * Shows ids, states and ages, never a key. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "keys/vault.h"
#include "tools/keys/backup.h"
#include "tools/keys/commands.h"
#include "tools/keys/file.h"
#include "tools/keys/passphrase.h"
#include "tools/keys/ring_file.h"
#include "tools/keys/signing.h"

#include "core/banned.h"

static const char *const names[] = {"field.keys", "session.keys", "seal.keys", "signing.pem"};
enum { NAMES = sizeof names / sizeof *names, SIGNING = NAMES - 1 };

static const int64_t day_us = (int64_t)86400 * 1000000;

static int days_since(instant_us at)
{
    return (int)((clock_now() - at) / day_us);
}

static bool show_ring(const char *name, const char *path, struct err *err)
{
    struct ring_file f;
    bool done = ring_file_read(&f, path, err);
    for (size_t i = 0; i < f.count; i++) {
        const struct key *key = &f.keys[i];
        (void)printf("%-12s %08x %-8s %-11s %-8s %d days\n", name, key->kid,
                     key_purpose_name(key->purpose), key_alg_name(key->alg),
                     key_state_name(key->state), days_since(key->created));
    }
    ring_file_done(&f);
    return done;
}

static bool show_signing(const char *name, const char *path, struct err *err)
{
    char kid[SIGNING_KID];
    struct stat st;
    if (!signing_kid(path, kid, err) || stat(path, &st) != 0)
        return false;
    (void)printf("%-12s %s signing es256 active %d days\n", name, kid,
                 days_since((instant_us)st.st_mtim.tv_sec * 1000000));
    return true;
}

/* Every file is shown, the first refusal kept. */
bool keys_status(const struct keys_call *call, struct err *err)
{
    char path[FILE_PATH];
    bool good = true;
    for (size_t i = 0; i < NAMES; i++) {
        if (!dir_path(call->dir, names[i], path, err))
            return false;
        if (!file_exists(path))
            (void)printf("%-12s missing\n", names[i]);
        else if (!(i == SIGNING ? show_signing : show_ring)(names[i], path, err))
            good = false;
    }
    return good;
}

static bool modes_are_right(const char *dir, const char *path, struct err *err)
{
    struct stat of_dir, of_file;
    if (stat(dir, &of_dir) != 0 || lstat(path, &of_file) != 0)
        return file_failed(err, path, "is missing");
    if (!S_ISREG(of_file.st_mode))
        return file_failed(err, path, "is no ordinary file");
    if ((of_file.st_mode & 077) != 0)
        return file_failed(err, path, "can be read by others than its owner: chmod 600");
    return of_file.st_uid == of_dir.st_uid ||
           file_failed(err, path, "does not belong to the owner of its directory");
}

/* A rotation that was interrupted leaves a pending key. */
static void warn_of_pending(const struct ring_file *f, const char *path)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->keys[i].state == KEY_PENDING && f->keys[i].purpose != KEY_MAC)
            (void)printf("%s has pending key %08x: a rotation was interrupted; rotate again\n",
                         path, f->keys[i].kid);
    }
}

static bool check_ring(const char *name, const char *path, struct err *err)
{
    struct ring_file f;
    bool good =
        ring_file_read(&f, path, err) && keyset_serves(f.set, ring_file_needs(name), path, err);
    warn_of_pending(&f, path);
    ring_file_done(&f);
    return good;
}

bool keys_check(const struct keys_call *call, struct err *err)
{
    char path[FILE_PATH], kid[SIGNING_KID];
    for (size_t i = 0; i < NAMES; i++) {
        if (!dir_path(call->dir, names[i], path, err) || !modes_are_right(call->dir, path, err))
            return false;
        if (!(i == SIGNING ? signing_kid(path, kid, err) : check_ring(names[i], path, err)))
            return false;
    }
    (void)puts("ok");
    return true;
}

bool keys_backup(const struct keys_call *call, struct err *err)
{
    if (!file_exists(call->dir))
        return file_failed(err, call->dir, "is not there");
    char *passphrase = passphrase_get(call->passphrase, true, err);
    bool done = passphrase != NULL && dir_lock(call->dir, err) &&
                backup_make(call->dir, call->file, passphrase, err);
    vault_release(passphrase);
    if (done)
        (void)printf("%s holds %s; keep its passphrase elsewhere\n", call->file, call->dir);
    return done;
}

bool keys_restore(const struct keys_call *call, struct err *err)
{
    unsigned count = 0;
    char *passphrase = passphrase_get(call->passphrase, false, err);
    const struct restore how = {
        .from = call->file, .dir = call->dir, .passphrase = passphrase, .replace = call->replace};
    bool done = passphrase != NULL && backup_restore(&how, &count, err);
    vault_release(passphrase);
    if (done)
        (void)printf("%u files restored to %s\n", count, call->dir);
    return done;
}
