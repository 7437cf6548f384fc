/* common/tools/keys/file.c - writing key files. Bytes go from the vault to the kernel by write(2).
 */
#include "tools/keys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/banned.h"

bool file_failed(struct err *err, const char *path, const char *why)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "a key file cannot be used");
    err_cause(err, "%s %s", path, why);
    return false;
}

bool dir_lock(const char *dir, struct err *err)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return file_failed(err, dir, "cannot be made");
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        return file_failed(err, dir, "is no directory that can be opened");
    if (flock(at, LOCK_EX | LOCK_NB) == 0)
        return true; /* `at` stays open: the lock ends with the process */
    (void)close(at);
    return file_failed(err, dir, "is being written by another zeren-keys");
}

bool dir_path(const char *dir, const char *name, char ret_path[static FILE_PATH], struct err *err)
{
    int n = snprintf(ret_path, FILE_PATH, "%s/%s", dir, name);
    return (n > 0 && n < FILE_PATH - 8) || file_failed(err, name, "has too long a path");
}

bool file_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static bool write_all(int file, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(file, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* Root writes for the user who owns the directory. */
static bool own(int file, const char *dir)
{
    struct stat st;
    if (geteuid() != 0)
        return true;
    return stat(dir, &st) == 0 && fchown(file, st.st_uid, st.st_gid) == 0;
}

static bool sync_dir(const char *dir)
{
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = at >= 0 && fsync(at) == 0;
    if (at >= 0)
        (void)close(at);
    return done;
}

bool file_put(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err)
{
    char fresh[FILE_PATH + 8], copy[FILE_PATH + 8];
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    (void)snprintf(copy, sizeof copy, "%s", path);
    const char *dir = dirname(copy);
    (void)unlink(fresh); /* of a run that was killed */
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return file_failed(err, fresh, "cannot be made");
    bool done = write_all(file, bytes, len) && own(file, dir) && fchmod(file, mode) == 0 &&
                fsync(file) == 0;
    done = close(file) == 0 && done;
    if (done && rename(fresh, path) == 0 && sync_dir(dir))
        return true;
    (void)unlink(fresh);
    return file_failed(err, path, "cannot be written");
}
