/* tests/fuzz/fuzz_image_strip.c - any bytes as a photograph: what comes out is as long as it says,
 * never longer than what went in by more than an end, and cleaning it again changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "files/strip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct copy {
    uint8_t *at;
    size_t n, cap;
};

static bool keep(void *ctx, const void *bytes, size_t n)
{
    struct copy *c = ctx;
    if (n > c->cap - c->n)
        abort();
    if (n > 0)
        memcpy(c->at + c->n, bytes, n);
    c->n += n;
    return true;
}

static enum strip_outcome strip(const char *type, const uint8_t *bytes, size_t n, struct copy *ret)
{
    *ret = (struct copy){.cap = n + 16};
    ret->at = malloc(ret->cap);
    if (ret->at == NULL)
        abort();
    return strip_image(type, bytes, n, (struct strip_out){keep, ret});
}

static void check(const char *type, const uint8_t *bytes, size_t n)
{
    struct copy once, twice;
    if (strip(type, bytes, n, &once) == STRIP_DONE) {
        if (strip(type, once.at, once.n, &twice) != STRIP_DONE || twice.n != once.n ||
            memcmp(twice.at, once.at, once.n) != 0)
            abort();
        free(twice.at);
    }
    free(once.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char *const types[] = {"image/jpeg", "image/png", "image/webp", "image/heic"};
    if (len == 0)
        return 0;
    /* The first byte chooses the kind, so that one corpus serves all. */
    check(types[bytes[0] % 4], bytes + 1, len - 1);
    return 0;
}
