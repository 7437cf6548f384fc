/* common/batch/export_cells.c - see export_cells.h: codes as labels, personal data as masks. */
#include "batch/export_cells.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "keys/field.h"
#include "sql_batch.h"

#include "core/banned.h"

enum { LABELS_MAX = 4096 };

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool export_words(struct job_run *r, struct batch_work *w, struct err *err)
{
    struct rows *rows = NULL;
    const struct batch_kind k = {.columns = w->outgoing->of};
    const char *const pairs[] = {"dictionaries", batch_dictionaries(r->arena, &k), NULL};
    if (!job_query(r, &SQL_batch_words, pairs, &rows, err))
        return false;
    w->words = batch_words_of(w->arena, rows);
    return w->words != NULL || no_memory(err);
}

static const char *label_of(const struct batch_word *words, const char *dictionary,
                            const char *code, size_t len)
{
    for (const struct batch_word *k = batch_words_from(words, dictionary);
         k->dictionary != NULL && strcmp(k->dictionary, dictionary) == 0; k++) {
        if (strncmp(k->code, code, len) == 0 && k->code[len] == '\0')
            return k->label;
    }
    return NULL;
}

/* Labels between 、; a code that has none stays. */
static const char *labels_of(struct arena *a, const struct batch_word *words,
                             const char *dictionary, const char *codes)
{
    struct buf b;
    buf_init(&b, a, LABELS_MAX);
    for (const char *at = codes; *at != '\0';) {
        size_t len = strcspn(at, ",");
        const char *label = label_of(words, dictionary, at, len);
        if (b.len > 0)
            buf_str(&b, "、");
        buf_add(&b, label == NULL ? at : label, label == NULL ? len : strlen(label));
        at += len + (at[len] == ',');
    }
    return buf_text(&b);
}

/* Is it a word of the list, which has blanks between? */
static bool is_in(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; at != NULL && (at = strstr(at, word)) != NULL; at += n) {
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return false;
}

/* One that does not open is told as a mask of nothing: the key was lost, the table goes out. */
static const char *opened(struct job_run *r, const struct batch_work *w,
                          const struct batch_column *c, const char *id, const char *hex)
{
    char mask[MASK_TEXT];
    struct span plain = {0};
    struct err ignored = {.code = ERR_NONE};
    const struct field_place place = {c->seal->column, id};
    if (id == NULL || !field_open(r->keys, &place, hex, r->arena, &plain, &ignored))
        return MASK_HIDES_ALL;
    if (!is_in(w->outgoing->whole, c->name)) {
        personal_mask_of(c->seal->kind, batch_mask(r), plain.at, mask);
        return arena_strdup(r->arena, mask);
    }
    return c->dictionary == NULL ? plain.at
                                 : labels_of(r->arena, w->words, c->dictionary, plain.at);
}

static const char *shown(struct job_run *r, const struct batch_work *w,
                         const struct batch_column *c, const char *id, const char *value)
{
    if (c->seal != NULL)
        return opened(r, w, c, id, value);
    if (c->cell == BATCH_YES_NO)
        return strcmp(value, "true") == 0 ? "是" : "否";
    if (c->cell == BATCH_PLACE && strcmp(value, "abroad") == 0)
        return "境外";
    if (c->cell == BATCH_WORD || c->cell == BATCH_WORDS)
        return labels_of(r->arena, w->words, c->dictionary, value);
    return value;
}

bool export_cells(struct job_run *r, const struct batch_work *w, const char **values,
                  struct err *err)
{
    const struct batch_column *c = w->outgoing->of;
    const char *id = NULL;
    for (size_t i = 0; c[i].name != NULL; i++) {
        if (strcmp(c[i].name, "id") == 0)
            id = values[i];
    }
    for (size_t i = 0; c[i].name != NULL; i++) {
        if (values[i] == NULL || *values[i] == '\0')
            continue;
        values[i] = shown(r, w, &c[i], id, values[i]);
        if (values[i] == NULL)
            return no_memory(err);
    }
    return true;
}
