/* tests/fuzz/fuzz_body.c - any bytes as a body; the first one chooses method, address and content
 * type. */
#include "decode_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define ITEM "/api/v1/toy/items/" TOY_ID

static const struct {
    const char *method, *url, *type;
} targets[] = {
    {"POST", "/api/v1/toy/items", "application/json"},
    {"PATCH", ITEM, "application/merge-patch+json"},
    {"POST", ITEM ":confirm", "application/json; charset=utf-8"},
    {"POST", ITEM ":touch", "application/json"},
    {"POST", "/api/v1/toy/items:import?year=2026", "text/csv"},
    {"POST", "/api/v1/toy/log_in", "application/json"},
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len == 0)
        return 0;
    size_t target = bytes[0] % (sizeof targets / sizeof targets[0]);
    struct arena *a = arena_create(8 << 20);
    struct request rq = toy_request(a, targets[target].method, targets[target].url);
    toy_body(&rq, targets[target].type, (const char *)bytes + 1, len - 1);
    if (target >= 1 && target <= 3)
        rq.if_match = "\"7\"";
    check_outcome(&rq, toy_decode(&rq));
    arena_destroy(&a);
    return 0;
}
