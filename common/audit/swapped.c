/* common/audit/swapped.c - a row in another's place bears its id (and perhaps its stamp): with its
 * own back it would have the digest that is sealed under its own id. */
#include "audit/swapped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

#include "core/banned.h"

enum { KEPT_ROWS = 64, KEPT_IDS = 100000, MEMORY = 64 * 1024 * 1024 };

struct place {
    int64_t seq, id;
    uint8_t digest[AUDIT_DIGEST]; /* that is sealed */
    struct audit_row row;         /* that stands there; all NULL past KEPT_ROWS */
    bool paired;
};

struct swapped {
    struct arena *rows;
    struct place *places;
    size_t n, room;
};

struct swapped *swapped_create(void)
{
    struct swapped *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->rows = arena_create(MEMORY);
    if (s->rows == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

void swapped_destroy(struct swapped *s)
{
    if (s == NULL)
        return;
    arena_destroy(&s->rows);
    free(s->places);
    free(s);
}

static bool make_room(struct swapped *s)
{
    if (s->n < s->room)
        return true;
    size_t room = s->room == 0 ? KEPT_ROWS : 2 * s->room;
    struct place *more = realloc(s->places, room * sizeof *more);
    if (more == NULL)
        return false;
    s->places = more;
    s->room = room;
    return true;
}

static bool keep_row(struct swapped *s, struct audit_row *to, const struct audit_row *from)
{
    for (size_t i = 0; i < AUDIT_COLUMNS; i++) {
        to->text[i] = arena_strdup(s->rows, from->text[i]);
        if (to->text[i] == NULL && from->text[i] != NULL)
            return false;
    }
    return true;
}

bool swapped_note(struct swapped *s, const struct audit_seal *seal, size_t n,
                  const struct audit_row *row, struct err *err)
{
    if (s->n >= KEPT_IDS || !make_room(s))
        return err_set(err, ERR_NO_MEMORY, NULL, "too many rows were changed to name them all");
    struct place *p = &s->places[s->n++];
    *p = (struct place){.seq = seal->seq, .id = seal->ids[n]};
    memcpy(p->digest, seal->digests[n], sizeof p->digest);
    if (s->n > KEPT_ROWS)
        return true;
    return keep_row(s, &p->row, row) || err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

bool swapped_has(const struct swapped *s, int64_t id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->places[i].id == id)
            return true;
    }
    return false;
}

/* Would the row that stands at `at` be the sealed one of `home`? */
static bool belongs(const struct place *at, const struct place *home, bool *ret, struct err *err)
{
    uint8_t digest[AUDIT_DIGEST];
    char id[24];
    struct audit_row row = at->row;
    *ret = false;
    (void)snprintf(id, sizeof id, "%lld", (long long)home->id);
    for (unsigned stamp = 0; stamp < 2 && !*ret; stamp++) {
        row.text[AUDIT_ID] = id;
        if (stamp == 1) /* the stamps stayed, or went along */
            row.text[AUDIT_RECORDED_AT] = home->row.text[AUDIT_RECORDED_AT];
        if (!chain_row_digest(&row, digest, err))
            return false;
        *ret = chain_equal(digest, home->digest);
    }
    return true;
}

static bool pair(struct swapped *s, size_t i, size_t *ret_with, struct err *err)
{
    size_t kept = s->n < KEPT_ROWS ? s->n : KEPT_ROWS;
    for (*ret_with = i + 1; *ret_with < kept; ++*ret_with) {
        struct place *a = &s->places[i], *b = &s->places[*ret_with];
        bool there = false, back = false;
        if (!b->paired && (!belongs(a, b, &there, err) || !belongs(b, a, &back, err)))
            return false;
        if (there && back) {
            a->paired = b->paired = true;
            return true;
        }
    }
    return true;
}

bool swapped_settle(struct swapped *s, void (*say)(void *ctx, const struct swapped_fault *f),
                    void *ctx, struct err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t with = 0;
        struct place *p = &s->places[i];
        if (p->paired)
            continue; /* said with its other half */
        if (i < KEPT_ROWS && !pair(s, i, &with, err))
            return false;
        say(ctx, &(struct swapped_fault){p->seq, p->id, p->paired ? s->places[with].id : 0});
    }
    return true;
}
