/* common/audit/heads.c - the file of a chain's end: one line
 *     zeren-head 1 <service> <seq> <mac> <sealed_at> <anchors> <kid> <mac of this line>
 * and the file operations that heads and anchors share. */
#include "audit/heads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/files.h"
#include "core/str.h"

#include "core/banned.h"

enum { WORDS = 9, HEAD_BYTES = 1024 };

static const char title[] = "zeren audit head 1";

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool files_failed(const char *path, const char *what, struct err *err)
{
    err_set(err, ERR_INTERNAL, NULL, "%s", "");
    err_cause(err, "%s: %s: %s", path, what, strerror(errno));
    return false;
}

bool files_read(struct arena *a, const char *path, size_t max, const char **ret, struct err *err)
{
    *ret = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || files_failed(path, "cannot be opened", err);
    struct stat st;
    bool fits = fstat(fd, &st) == 0 && st.st_size >= 0 && (size_t)st.st_size <= max;
    size_t size = fits ? (size_t)st.st_size : 0;
    char *text = fits ? arena_alloc(a, size + 1) : NULL;
    ssize_t n = text == NULL ? -1 : read(fd, text, size);
    (void)close(fd);
    if (n != (ssize_t)size)
        return files_failed(path, "cannot be read", err);
    *ret = text;
    return true;
}

bool files_sync_dir(const char *dir, struct err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        files_failed(dir, "cannot be synced", err);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

size_t files_words(char *line, char **ret, size_t max)
{
    size_t n = 0;
    for (char *at = line; n < max; n++) {
        ret[n] = at;
        at = strchr(at, ' ');
        if (at == NULL)
            return n + 1;
        *at++ = '\0';
    }
    return max + 1;
}

static const char *path_of(const struct heads *h, const char *service, const char *ending,
                           struct arena *a)
{
    return arena_printf(a, "%s/%s.%s", h->dir, service, ending);
}

/* The words under the mac: all of the line but its last two. */
static bool line_mac(struct keyring *ring, uint32_t *kid, const char *const *words,
                     uint8_t ret[static AUDIT_DIGEST], struct err *err)
{
    const struct chain_text t = {.title = title, .words = words, .n_words = WORDS - 2};
    return chain_text_mac(ring, kid, &t, ret, err);
}

const char *heads_line(struct keyring *ring, const char *service, const struct audit_head *head,
                       struct arena *a, struct err *err)
{
    char mac[2 * AUDIT_DIGEST + 1], own[2 * AUDIT_DIGEST + 1], seq[24], anchors[24];
    char kid_text[KEY_KID_TEXT];
    uint8_t digest[AUDIT_DIGEST];
    uint32_t kid = 0;
    chain_hex(head->mac, sizeof head->mac, mac);
    (void)snprintf(seq, sizeof seq, "%lld", (long long)head->seq);
    (void)snprintf(anchors, sizeof anchors, "%lld", (long long)head->anchors);
    const char *const words[WORDS - 2] = {"zeren-head",    "1",    service, seq, mac,
                                          head->sealed_at, anchors};
    if (!line_mac(ring, &kid, words, digest, err))
        return NULL;
    chain_hex(digest, sizeof digest, own);
    key_kid_text(kid, kid_text);
    const char *line = arena_printf(a, "zeren-head 1 %s %s %s %s %s %s %s", service, seq, mac,
                                    head->sealed_at, anchors, kid_text, own);
    if (line == NULL)
        no_memory(err);
    return line;
}

static bool changed(struct err *err, const char *why)
{
    return err_set(err, ERR_INVALID, NULL, "%s", why);
}

static bool parse_words(char **words, struct audit_head *ret)
{
    if (strcmp(words[0], "zeren-head") != 0 || strcmp(words[1], "1") != 0 ||
        strlen(words[5]) >= sizeof ret->sealed_at)
        return false;
    (void)snprintf(ret->sealed_at, sizeof ret->sealed_at, "%s", words[5]);
    return str_int(words[3], 0, INT64_MAX, &ret->seq) &&
           chain_unhex(words[4], ret->mac, sizeof ret->mac) &&
           str_int(words[6], 0, INT64_MAX, &ret->anchors);
}

bool heads_parse(struct keyring *ring, const char *service, const char *line,
                 struct audit_head *ret, struct err *err)
{
    char copy[HEAD_BYTES], *words[WORDS];
    uint8_t said[AUDIT_DIGEST], made[AUDIT_DIGEST];
    uint32_t kid = 0;
    *ret = (struct audit_head){.seq = 0};
    int n = snprintf(copy, sizeof copy, "%s", line);
    if (n < 0 || (size_t)n >= sizeof copy)
        return changed(err, "the head is too long");
    copy[strcspn(copy, "\n")] = '\0';
    if (files_words(copy, words, WORDS) != WORDS || !parse_words(words, ret) ||
        !key_kid_of(words[7], &kid) || !chain_unhex(words[8], said, sizeof said))
        return changed(err, "the head is not written as heads are");
    if (strcmp(words[2], service) != 0)
        return changed(err, "the head is another service's");
    if (!chain_knows(ring, kid))
        return changed(err, "the head is under a key that the key file does not have");
    if (!line_mac(ring, &kid, (const char *const *)words, made, err))
        return false;
    return chain_equal(said, made) || changed(err, "the head was changed: its mac is wrong");
}

bool heads_read(const struct heads *h, const char *service, struct arena *a, struct audit_head *ret,
                struct err *err)
{
    const char *path = path_of(h, service, "head", a), *text = NULL;
    *ret = (struct audit_head){.seq = 0};
    if (path == NULL)
        return no_memory(err);
    if (!files_read(a, path, HEAD_BYTES, &text, err))
        return false;
    return *text == '\0' || heads_parse(h->ring, service, text, ret, err);
}

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);
    return write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 && fsync(fd) == 0;
}

static bool replace(const char *path, const char *fresh, const char *line, struct err *err)
{
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0)
        return files_failed(fresh, "cannot be written", err);
    bool ok = write_all(fd, line);
    ok &= close(fd) == 0;
    if (!ok || rename(fresh, path) != 0)
        return files_failed(path, "cannot be written", err);
    return true;
}

bool heads_write(const struct heads *h, const char *service, const struct audit_head *head,
                 struct arena *a, struct err *err)
{
    const char *line = heads_line(h->ring, service, head, a, err);
    const char *path = path_of(h, service, "head", a);
    const char *fresh = path_of(h, service, "head.new", a);
    if (line == NULL)
        return false;
    if (path == NULL || fresh == NULL)
        return no_memory(err);
    return replace(path, fresh, line, err) && files_sync_dir(h->dir, err);
}

bool heads_lock(const struct heads *h, struct err *err)
{
    int dir = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* held until the process ends */
    if (dir < 0)
        return files_failed(h->dir, "cannot be opened", err);
    if (flock(dir, LOCK_EX | LOCK_NB) == 0)
        return true;
    (void)close(dir);
    return files_failed(h->dir, "another sealer has it", err);
}
