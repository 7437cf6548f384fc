/* common/core/secret.c - pages for secrets: private, left out of core files, zero in a child,
 * locked when the limits allow it, an untouchable page on each side. Does not pool: an allocation
 * is a mapping, and its release unmaps it. */
#include "core/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "core/banned.h"

/* At the start of the first page; the secret follows. */
struct head {
    alignas(max_align_t) size_t total; /* with both guard pages */
    uint64_t mark;
};

static const uint64_t mark = 0x7a6572656e736563; /* a pointer of ours */

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Not in a core file: an empty promise must fail, not pass. Locking and wiping are best effort:
 * RLIMIT_MEMLOCK may be small. A sanitizer's own allocator has no part in this. */
static bool protect(void *pages, size_t n)
{
    if (mprotect(pages, n, PROT_READ | PROT_WRITE) != 0 || madvise(pages, n, MADV_DONTDUMP) != 0)
        return false;
    (void)madvise(pages, n, MADV_WIPEONFORK);
    (void)mlock(pages, n);
    return true;
}

void *secret_alloc(size_t n)
{
    size_t page = page_size();
    if (n > SIZE_MAX / 2)
        return NULL;
    size_t inner = (sizeof(struct head) + n + page - 1) / page * page;
    size_t total = inner + 2 * page;
    char *all = mmap(NULL, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    if (!protect(all + page, inner)) {
        (void)munmap(all, total);
        return NULL;
    }
    struct head *head = (struct head *)(void *)(all + page);
    *head = (struct head){.total = total, .mark = mark};
    return head + 1;
}

void secret_release(void *secret)
{
    if (secret == NULL)
        return;
    struct head *head = (struct head *)secret - 1;
    assert(head->mark == mark); /* it came from secret_alloc(), in this process */
    size_t page = page_size(), total = head->total;
    OPENSSL_cleanse(head, total - 2 * page);
    (void)munmap((char *)head - page, total);
}

/* Reads to the end of the file or one byte past `max`; the length, or -1. */
static ssize_t read_all(int file, char *into, size_t max)
{
    size_t len = 0;
    while (len <= max) {
        ssize_t n = read(file, into + len, max + 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

/* Locked memory is scarce: as much as the file has now, or `max` for what is no plain file. */
static size_t room_for(int file, size_t max)
{
    struct stat st;
    bool plain = fstat(file, &st) == 0 && S_ISREG(st.st_mode);
    return plain && (size_t)st.st_size < max ? (size_t)st.st_size : max;
}

char *secret_read(const char *path, size_t max, size_t *ret_len, const char **ret_why)
{
    *ret_why = "names a file that cannot be read";
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0)
        return NULL;
    size_t room = room_for(file, max);
    char *text = secret_alloc(room + 2);
    ssize_t len = text == NULL ? -1 : read_all(file, text, room);
    (void)close(file);
    if (len >= 0 && (size_t)len <= room) {
        text[len] = '\0';
        *ret_len = (size_t)len;
        return text;
    }
    if (len >= 0)
        *ret_why = "names a file that is no secret";
    secret_release(text);
    return NULL;
}

void secret_wipe(void *bytes, size_t n)
{
    OPENSSL_cleanse(bytes, n);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
