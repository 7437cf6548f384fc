/* common/core/harden.c - no core, no tracing, no new privileges, no files for others, and nothing
 * left in memory that OpenSSL gave back. Each of the three bars to a core file holds alone; root
 * can lift all but the limit for a process that runs, and then finds no key: keys live in memory
 * that no core takes (core/secret.h, OpenSSL's secure heap). */
#include "core/harden.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "core/banned.h"

/* OpenSSL's decoders hand keys from buffer to buffer and free these as they are. So for OpenSSL
 * freeing is wiping; what malloc() gave beyond the size asked for belongs to the block, too. */
static void *take(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return malloc(n);
}

static void give_back(void *block, const char *file, int line)
{
    (void)file, (void)line;
    if (block != NULL)
        explicit_bzero(block, malloc_usable_size(block));
    free(block);
}

/* Never in place: realloc() would free the old block without wiping it. */
static void *resize(void *block, size_t n, const char *file, int line)
{
    void *bigger = malloc(n);
    if (bigger == NULL || block == NULL)
        return bigger;
    size_t had = malloc_usable_size(block);
    memcpy(bigger, block, had < n ? had : n);
    give_back(block, file, line);
    return bigger;
}

/* No kind of memory goes into a core. Absent where the kernel is built without core files. */
static void empty_cores(void)
{
    int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (filter < 0)
        return;
    ssize_t written = write(filter, "0", 1);
    (void)written;
    close(filter);
}

bool harden_process(void)
{
    static const struct rlimit none = {0, 0};
    empty_cores(); /* first: without the right to be dumped the file is root's */
    umask(077);
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           CRYPTO_set_mem_functions(take, resize, give_back) == 1;
}
