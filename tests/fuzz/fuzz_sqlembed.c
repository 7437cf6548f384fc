/* tests/fuzz/fuzz_sqlembed.c - the reader of .sql files takes any bytes; what it accepts can be
 * wrapped in every form, and has as many parameters as it says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/stmt.h"
#include "tools/sqlparse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int held)
{
    if (!held)
        abort();
}

static void wrap(struct arena *a, const struct sqlparse_list *list)
{
    const struct stmt **all = arena_array(a, const struct stmt *, list->n + 1);
    struct err err = {.code = ERR_NONE};
    if (all == NULL)
        return;
    for (size_t i = 0; i < list->n; i++) {
        struct stmt *st = list->items[i];
        must(st->name != NULL && *st->name != '\0' && *st->text != '\0');
        must(st->params[st->n_params] == NULL);
        must(st->kind != STMT_PAGE || st->sorts[0] != NULL);
        must(st->kind != STMT_WRITE || st->record != NULL);
        st->index = (unsigned)i;
        all[i] = st;
    }
    const struct stmt_set *s = stmt_set_create(a, all, &err);
    must((s == NULL) == (err.code == ERR_INTERNAL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 64 * 1024)
        return 0;
    struct arena *a = arena_create(64 << 20);
    char *bytes = arena_alloc(a, size + 1);
    if (size > 0)
        memcpy(bytes, data, size);
    struct sqlparse_list list;
    struct err err = {.code = ERR_NONE};
    if (sqlparse(a, bytes, size, &list, &err))
        wrap(a, &list);
    else
        must(err.code == ERR_INVALID && *err.detail != '\0');
    arena_destroy(&a);
    return 0;
}
