/* common/files/store.c - files by number and by digest, made so that a process killed at any moment
 * leaves nothing half: data is synced before its name, its name before the row. */
#include "files/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"

#include "core/banned.h"

enum { INCOMING_MODE = 0700, STORE_MODE = 0750, PART_MODE = 0600, BLOB_MODE = 0440, NAME_LEN = 80 };

struct file_store {
    int incoming, store; /* directories */
};

static bool refuse(struct err *err, const char *what)
{
    int reason = errno;
    err_set(err, ERR_STORAGE, NULL, "%s", "");
    err_cause(err, "%s: %s", what, strerror(reason));
    return false;
}

static int open_dir(int at, const char *name, mode_t mode)
{
    if (mkdirat(at, name, mode) != 0 && errno != EEXIST)
        return -1;
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, mode) != 0 && errno != EPERM) {
        close(fd);
        return -1;
    }
    return fd;
}

static void close_if(int fd)
{
    if (fd >= 0)
        close(fd);
}

struct file_store *file_store_open(const char *dir, struct err *err)
{
    struct file_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
        return NULL;
    }
    int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s->incoming = top < 0 ? -1 : open_dir(top, "incoming", INCOMING_MODE);
    s->store = top < 0 ? -1 : open_dir(top, "store", STORE_MODE);
    if (s->incoming < 0 || s->store < 0) {
        refuse(err, dir);
        close_if(top);
        file_store_close(&s);
        return NULL;
    }
    close(top);
    return s;
}

void file_store_close(struct file_store **s)
{
    if (*s == NULL)
        return;
    close_if((*s)->incoming);
    close_if((*s)->store);
    free(*s);
    *s = NULL;
}

/* A name of small hexadecimal digits and, for ids, hyphens: never one that leads elsewhere. */
static bool is_name(const char *name, size_t len, const char *allowed)
{
    return strlen(name) == len && strspn(name, allowed) == len;
}

static bool is_id(const char *id)
{
    return is_name(id, FILE_ID_TEXT - 1, "0123456789abcdef-");
}

static bool is_digest(const char *name)
{
    return is_name(name, FILE_DIGEST_HEX - 1, "0123456789abcdef");
}

/* Between opening and locking the file may have been removed, or moved to the store. */
static bool still_there(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

bool upload_open(const struct file_store *s, const char *id, bool create, struct upload *ret,
                 struct err *err)
{
    struct stat st;
    *ret = (struct upload){.store = s, .fd = -1};
    if (!is_id(id))
        return err_set(err, ERR_NOT_FOUND, NULL, "%s", "");
    memcpy(ret->id, id, FILE_ID_TEXT);
    int fd = openat(s->incoming, id, O_RDWR | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0),
                    PART_MODE);
    if (fd < 0 && errno == EACCES) /* whole, and on its way into the store: nothing is written */
        fd = openat(s->incoming, id, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, NULL, "%s", "")
                               : refuse(err, "opening an upload");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 || !still_there(fd)) {
        close(fd);
        return err_set(err, ERR_UPLOAD_BUSY, NULL, "%s", "");
    }
    if (fstat(fd, &st) != 0) {
        close(fd);
        return refuse(err, "looking at an upload");
    }
    ret->fd = fd;
    ret->size = st.st_size;
    return true;
}

bool upload_write(struct upload *u, int64_t at, const void *bytes, size_t len, struct err *err)
{
    const char *from = bytes;
    while (len > 0) {
        ssize_t n = pwrite(u->fd, from, len, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return refuse(err, "writing an upload");
        from += n;
        len -= (size_t)n;
        at += n;
    }
    u->size = at > u->size ? at : u->size;
    return fdatasync(u->fd) == 0 || refuse(err, "syncing an upload");
}

void upload_close(struct upload *u)
{
    if (u->fd >= 0)
        close(u->fd); /* and with it the lock */
    u->fd = -1;
}

static void beside_name(const char *id, char ret[static NAME_LEN])
{
    snprintf(ret, NAME_LEN, "%s.clean", id);
}

bool upload_remove(const struct file_store *s, const char *id)
{
    char beside[NAME_LEN];
    if (!is_id(id))
        return false;
    beside_name(id, beside);
    unlinkat(s->incoming, beside, 0);
    return unlinkat(s->incoming, id, 0) == 0 || errno == ENOENT;
}

int upload_beside(const struct upload *u, struct err *err)
{
    char name[NAME_LEN];
    beside_name(u->id, name);
    int fd = openat(u->store->incoming, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    PART_MODE);
    if (fd < 0)
        refuse(err, "opening what an upload becomes");
    return fd;
}

int store_hold(const struct file_store *s, const char *sha256, struct err *err)
{
    char bucket[3] = {sha256[0], sha256[1], '\0'};
    int fd = is_digest(sha256) ? open_dir(s->store, bucket, STORE_MODE) : -1;
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        refuse(err, "holding a bucket of the store");
        close_if(fd);
        return -1;
    }
    return fd;
}

void store_release(int bucket)
{
    close_if(bucket);
}

/* What has its place already is the same, for its name is its digest. */
bool store_keep(const struct upload *u, bool beside, int bucket, const char *sha256,
                struct err *err)
{
    char name[NAME_LEN];
    struct stat st;
    beside_name(u->id, name);
    const char *from = beside ? name : u->id;
    if (fstatat(bucket, sha256, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return true;
    int fd = openat(u->store->incoming, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool synced = fd >= 0 && fchmod(fd, BLOB_MODE) == 0 && fsync(fd) == 0;
    close_if(fd);
    if (!synced || linkat(u->store->incoming, from, bucket, sha256, 0) != 0)
        return refuse(err, "keeping a file");
    return (fsync(bucket) == 0 && fsync(u->store->store) == 0) || refuse(err, "syncing the store");
}

bool store_has(const struct file_store *s, const char *sha256, int64_t *ret_size)
{
    char path[NAME_LEN];
    struct stat st;
    if (!is_digest(sha256))
        return false;
    snprintf(path, sizeof path, "%.2s/%s", sha256, sha256);
    bool there = fstatat(s->store, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
    *ret_size = there ? st.st_size : 0;
    return there;
}

int store_read(const struct file_store *s, const char *sha256, struct err *err)
{
    char path[NAME_LEN];
    snprintf(path, sizeof path, "%.2s/%s", sha256, sha256);
    int fd = is_digest(sha256) ? openat(s->store, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
    if (fd < 0)
        refuse(err, "reading a file of the store");
    return fd;
}

bool store_has_bucket(const struct file_store *s, unsigned bucket)
{
    char name[3];
    struct stat st;
    snprintf(name, sizeof name, "%02x", bucket & 0xffU);
    return fstatat(s->store, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

bool store_remove(int bucket, const char *sha256)
{
    return is_digest(sha256) && (unlinkat(bucket, sha256, 0) == 0 || errno == ENOENT);
}

static int64_t age_of(int dir, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    return clock_now() / 1000000 - (int64_t)st.st_ctime;
}

static bool each(int fd, bool (*ours)(const char *), store_visit *visit, void *ctx)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return false;
    }
    bool more = true;
    for (struct dirent *e = readdir(dir); e != NULL && more; e = readdir(dir)) {
        if (ours(e->d_name))
            more = visit(ctx, e->d_name, age_of(fd, e->d_name));
    }
    closedir(dir);
    return true;
}

/* Ids, and what stands beside them under a longer name, which goes with them. */
bool store_each_upload(const struct file_store *s, store_visit *visit, void *ctx)
{
    int fd = openat(s->incoming, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && each(fd, is_id, visit, ctx);
}

bool store_each_blob(const struct file_store *s, unsigned bucket, store_visit *visit, void *ctx)
{
    char name[3];
    snprintf(name, sizeof name, "%02x", bucket & 0xffU);
    int fd = openat(s->store, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    return each(fd, is_digest, visit, ctx);
}
