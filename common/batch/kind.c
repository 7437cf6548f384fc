/* common/batch/kind.c - see kind.h: finding kinds, and their columns as tables want them. */
#include "batch/kind.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

enum { LIST_MAX = 8192 };

const struct batch_kind *batch_kind_of(const struct batch_set *s, const char *name)
{
    const struct batch_kind *k = s->imports;
    while (k->name != NULL && !str_equal(k->name, name))
        k++;
    return k->name == NULL ? NULL : k;
}

const struct export_kind *export_kind_of(const struct batch_set *s, const char *name)
{
    const struct export_kind *k = s->exports;
    while (k->name != NULL && !str_equal(k->name, name))
        k++;
    return k->name == NULL ? NULL : k;
}

static size_t count(const struct batch_kind *k)
{
    size_t n = 0;
    while (k->columns[n].name != NULL)
        n++;
    return n;
}

const struct table_column *batch_read_columns(struct arena *a, const struct batch_kind *k)
{
    size_t n = count(k);
    struct table_column *made = arena_array(a, struct table_column, n + 1);
    for (size_t i = 0; made != NULL && i < n; i++)
        made[i] =
            (struct table_column){k->columns[i].name, k->columns[i].label, k->columns[i].required};
    return made;
}

/* The labels of a dictionary; NULL for none. */
static const char *const *list_of(struct arena *a, const struct rows *words, const char *dictionary)
{
    size_t n = words == NULL || dictionary == NULL ? 0 : rows_count(words), made = 0;
    const char **list = n == 0 ? NULL : arena_array(a, const char *, n + 1);
    for (size_t i = 0; list != NULL && i < n; i++) {
        if (str_equal(rows_text(words, i, 0), dictionary))
            list[made++] = rows_text(words, i, 2);
    }
    return made == 0 ? NULL : list;
}

static enum table_kind kind_of(enum batch_cell c)
{
    return c == BATCH_DAY ? TABLE_DAY : c == BATCH_NUMBER ? TABLE_NUMBER : TABLE_TEXT;
}

const struct table_out_column *batch_out_columns(struct arena *a, const struct batch_kind *k,
                                                 const struct rows *words)
{
    size_t n = count(k);
    struct table_out_column *made = arena_array(a, struct table_out_column, n + 1);
    for (size_t i = 0; made != NULL && i < n; i++) {
        const struct batch_column *c = &k->columns[i];
        made[i] = (struct table_out_column){.name = c->name,
                                            .label = c->label,
                                            .kind = kind_of(c->cell),
                                            .required = c->required,
                                            .explanation = c->explanation,
                                            .list = list_of(a, words, c->dictionary)};
    }
    return made;
}

const char *batch_dictionaries(struct arena *a, const struct batch_kind *k)
{
    struct buf b;
    buf_init(&b, a, LIST_MAX);
    buf_str(&b, "{row_fault");
    for (const struct batch_column *c = k->columns; c->name != NULL; c++) {
        if (c->dictionary != NULL)
            buf_printf(&b, ",%s", c->dictionary);
    }
    buf_char(&b, '}');
    return buf_text(&b);
}
