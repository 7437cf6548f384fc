/* tests/fuzz/fuzz_query.c - any address below the toy service, through guard, match and decode. The
 * first byte says whether the guard is asked: decoding must stand without it. */
#include "decode_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    struct arena *a = arena_create(8 << 20);
    bool guarded = bytes[0] != '!', imports = bytes[0] == 'P';
    const char *rest = arena_strndup(a, (const char *)bytes + 1, len - 1);
    struct request rq = toy_request(a, imports ? "POST" : "GET", NULL);
    rq.url = arena_printf(a, "/api/v1/toy%s", rest);
    if (imports)
        toy_body(&rq, "text/csv", "a", 1);
    bool accepted = (!guarded || guard_request(&rq)) && toy_decode(&rq);
    check_outcome(&rq, accepted);
    arena_destroy(&a);
    return 0;
}
