/* tests/fuzz/fuzz_match.c - "METHOD path" against the toy service: what is found is whole, what is
 * not has a reason. */
#include <stdint.h>
#include <stdlib.h>

#include "../unit/toy_service.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_found(const struct match *m)
{
    if (m->route == NULL || m->allow == NULL || m->n_params > MATCH_PARAMS_MAX)
        abort();
    for (unsigned i = 0; i < m->n_params; i++) {
        if (route_field(m->route, m->names[i]) == NULL || *m->values[i] == '\0' ||
            strpbrk(m->values[i], "/?") != NULL)
            abort();
    }
}

static void check_missed(const struct match *m, enum err_code code)
{
    if (m->route != NULL || code != (m->path_exists ? ERR_METHOD : ERR_NO_ROUTE))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct arena *a = arena_create(1 << 20);
    struct err err = {.code = ERR_NONE};
    struct match m;
    const struct match_table *t = match_create(a, &toy_service, &err);
    char *method = arena_strndup(a, (const char *)bytes, len);
    if (t == NULL || method == NULL)
        abort();
    size_t method_len = strcspn(method, " ");
    const char *path = method[method_len] == ' ' ? method + method_len + 1 : "";
    method[method_len] = '\0';
    if (match_find(t, a, method, path, &m, &err))
        check_found(&m);
    else
        check_missed(&m, err.code);
    arena_destroy(&a);
    return 0;
}
