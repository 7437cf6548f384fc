/* common/files/intake.c - the examination of a whole upload. */
#include "files/intake.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/str.h"
#include "files/strip.h"

#include "core/banned.h"

static bool unreadable(struct err *err)
{
    err_set(err, ERR_STORAGE, NULL, "%s", "");
    err_cause(err, "an upload cannot be read");
    return false;
}

bool intake_examine(struct upload *u, struct sniffer *s, const struct announced *a,
                    struct intake *ret, struct err *err)
{
    struct sniffed what;
    *ret = (struct intake){.kept_size = a->size};
    if (!file_digests(u->fd, a->size, &ret->sent))
        return unreadable(err);
    ret->kept = ret->sent;
    bool same = str_equal(ret->sent.sha256, a->sha256) &&
                (a->sm3 == NULL || str_equal(ret->sent.sm3, a->sm3));
    if (!same)
        ret->refusal = "wrong_digest";
    else if (!sniff(s, u->fd, a->size, &what))
        return unreadable(err);
    if (ret->refusal != NULL)
        return true;
    memcpy(ret->media_type, what.type, sizeof ret->media_type);
    ret->refusal = what.refusal;
    return true;
}

struct target {
    int fd;
    int64_t size;
};

static bool write_all(void *ctx, const void *bytes, size_t n)
{
    struct target *t = ctx;
    const char *from = bytes;
    while (n > 0) {
        ssize_t done = write(t->fd, from, n);
        if (done <= 0)
            return false;
        from += done;
        n -= (size_t)done;
        t->size += done;
    }
    return true;
}

static enum strip_outcome rewrite(struct upload *u, const struct intake *i, struct target *to)
{
    size_t n = (size_t)i->kept_size;
    void *bytes = mmap(NULL, n, PROT_READ, MAP_PRIVATE, u->fd, 0);
    if (bytes == MAP_FAILED)
        return STRIP_UNWRITTEN;
    enum strip_outcome done =
        strip_image(i->media_type, bytes, n, (struct strip_out){write_all, to});
    munmap(bytes, n);
    return done;
}

static bool prepare(struct upload *u, struct intake *i, int fd, struct err *err)
{
    struct target to = {.fd = fd};
    enum strip_outcome done = rewrite(u, i, &to);
    if (done == STRIP_UNWRITTEN)
        return unreadable(err);
    if (done == STRIP_DAMAGED) {
        i->refusal = "damaged";
        return true;
    }
    i->rewritten = true;
    i->kept_size = to.size;
    return (fsync(fd) == 0 && file_digests(fd, to.size, &i->kept)) || unreadable(err);
}

bool intake_prepare(struct upload *u, bool keep_location, struct intake *i, struct err *err)
{
    if (keep_location || !strip_handles(i->media_type))
        return true;
    int fd = upload_beside(u, err);
    if (fd < 0)
        return false;
    bool ok = prepare(u, i, fd, err);
    close(fd);
    return ok;
}
