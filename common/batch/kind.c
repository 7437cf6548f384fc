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

size_t batch_width(const struct batch_column *columns)
{
    size_t n = 0;
    while (columns[n].name != NULL)
        n++;
    return n;
}

bool batch_is_sealed(const struct batch_column *columns)
{
    while (columns != NULL && columns->name != NULL && columns->seal == NULL)
        columns++;
    return columns != NULL && columns->name != NULL;
}

size_t batch_part_count(const struct batch_kind *k)
{
    size_t n = 0;
    while (k->parts != NULL && k->parts[n].name != NULL)
        n++;
    return n == 0 ? 1 : n;
}

size_t batch_first_part(const struct batch_kind *k)
{
    return k->parts != NULL && k->parts[0].held ? 1 : 0;
}

const struct batch_column *batch_part_columns(const struct batch_kind *k, size_t part)
{
    return k->parts == NULL ? k->columns : k->parts[part].columns;
}

const struct table_column *batch_read_columns(struct arena *a, const struct batch_column *columns)
{
    size_t n = batch_width(columns);
    struct table_column *made = arena_array(a, struct table_column, n + 1);
    for (size_t i = 0; made != NULL && i < n; i++)
        made[i] = (struct table_column){columns[i].name, columns[i].label, columns[i].required};
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

static enum table_kind kind_of(const struct batch_column *c)
{
    bool number = c->cell == BATCH_NUMBER || c->cell == BATCH_DECIMAL ||
                  (c->cell == BATCH_SHOWN && c->max > 0);
    return c->cell == BATCH_DAY ? TABLE_DAY : number ? TABLE_NUMBER : TABLE_TEXT;
}

const struct table_out_column *
batch_out_columns(struct arena *a, const struct batch_column *columns, const struct rows *words)
{
    static const char *const yes_no[] = {"是", "否", NULL};
    size_t n = batch_width(columns), at = 0;
    struct table_out_column *made = arena_array(a, struct table_out_column, n + 1);
    for (size_t i = 0; made != NULL && i < n; i++) {
        const struct batch_column *c = &columns[i];
        if (c->cell == BATCH_SHOWN && words != NULL)
            continue;
        made[at++] = (struct table_out_column){.name = c->name,
                                               .label = c->label,
                                               .kind = kind_of(c),
                                               .required = c->required,
                                               .explanation = c->explanation,
                                               .list = c->cell == BATCH_YES_NO ? yes_no
                                                       : c->cell == BATCH_WORD
                                                           ? list_of(a, words, c->dictionary)
                                                           : NULL};
    }
    return made;
}

const char *batch_dictionaries(struct arena *a, const struct batch_kind *k)
{
    struct buf b;
    buf_init(&b, a, LIST_MAX);
    buf_str(&b, "{row_fault");
    for (size_t i = 0; i < batch_part_count(k); i++) {
        for (const struct batch_column *c = batch_part_columns(k, i); c->name != NULL; c++) {
            if (c->dictionary != NULL)
                buf_printf(&b, ",%s", c->dictionary);
        }
    }
    buf_char(&b, '}');
    return buf_text(&b);
}

bool batch_kind_is_personal(const struct batch_kind *k)
{
    for (size_t i = batch_first_part(k); i < batch_part_count(k); i++) {
        for (const struct batch_column *c = batch_part_columns(k, i); c->name != NULL; c++) {
            if (c->seal != NULL || c->starred)
                return true;
        }
    }
    return false;
}
