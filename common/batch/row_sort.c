/* common/batch/row_sort.c - see row_sort.h. A row in memory and in a file: its length, part, number
 * and the length of its key, then key (with its NUL) and bytes. One file holds all pieces. */
#include "batch/row_sort.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/banned.h"

enum { PIECE = 8 * 1024 * 1024, READ = 64 * 1024, ROWS_FIRST = 8192 };

struct head {
    uint32_t len, part, number, key_len;
};

/* A piece on its way back. */
struct piece {
    uint64_t at, end;
    char *bytes; /* [cap], of which [from, to) are not yet given */
    size_t from, to, cap;
    struct head head; /* of its first row, which lies whole in bytes */
};

struct row_sort {
    int fd;
    char *room;
    size_t used;
    const char **rows;
    size_t n_rows, cap_rows;
    uint64_t written;
    struct piece *pieces;
    size_t n_pieces;
    size_t *heap; /* pieces by their first row */
    size_t n_heap;
    bool given; /* the first of the heap has been seen */
};

static bool no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, NULL, "%s", "");
}

static bool no_room(struct err *err)
{
    return err_set(err, ERR_STORAGE, NULL, "%s", "There is no room for temporary data.");
}

static int open_unlinked(const char *dir)
{
    return open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

struct row_sort *row_sort_open(const char *dir, struct err *err)
{
    struct row_sort *s = calloc(1, sizeof *s);
    if (s == NULL) {
        no_memory(err);
        return NULL;
    }
    s->fd = open_unlinked(dir);
    s->room = malloc(PIECE);
    if (s->fd >= 0 && s->room != NULL)
        return s;
    (void)(s->fd < 0 ? no_room(err) : no_memory(err));
    row_sort_close(&s);
    return NULL;
}

void row_sort_close(struct row_sort **s)
{
    struct row_sort *p = *s;
    *s = NULL;
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->n_pieces; i++)
        free(p->pieces[i].bytes);
    if (p->fd >= 0)
        close(p->fd);
    if (p->room != NULL)
        explicit_bzero(p->room, PIECE);
    free(p->room);
    free(p->rows);
    free(p->pieces);
    free(p->heap);
    free(p);
}

static struct head head_at(const char *bytes)
{
    struct head h;
    memcpy(&h, bytes, sizeof h);
    return h;
}

static int compare(const char *a, const char *b)
{
    struct head x = head_at(a), y = head_at(b);
    int by_key = strcmp(a + sizeof x, b + sizeof y);
    if (by_key != 0)
        return by_key;
    if (x.part != y.part)
        return x.part < y.part ? -1 : 1;
    return x.number < y.number ? -1 : x.number > y.number;
}

static int compare_rows(const void *a, const void *b)
{
    return compare(*(const char *const *)a, *(const char *const *)b);
}

/* ---- into pieces ---- */

static bool write_at(int fd, const char *bytes, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)at);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return true;
}

/* In order, READ bytes at a time. */
static bool write_rows(struct row_sort *s)
{
    char *out = malloc(READ);
    size_t n = 0;
    bool ok = out != NULL;
    for (size_t i = 0; ok && i < s->n_rows; i++) {
        size_t len = sizeof(struct head) + head_at(s->rows[i]).len;
        if (n + len > READ) {
            ok = write_at(s->fd, out, n, s->written);
            s->written += n;
            n = 0;
        }
        if (ok && len > READ) {
            ok = write_at(s->fd, s->rows[i], len, s->written);
            s->written += len;
        } else if (ok) {
            memcpy(out + n, s->rows[i], len);
            n += len;
        }
    }
    ok = ok && write_at(s->fd, out, n, s->written);
    s->written += n;
    free(out);
    return ok;
}

static bool end_piece(struct row_sort *s, struct err *err)
{
    struct piece *more = realloc(s->pieces, (s->n_pieces + 1) * sizeof *more);
    if (more == NULL)
        return no_memory(err);
    s->pieces = more;
    uint64_t at = s->written;
    qsort(s->rows, s->n_rows, sizeof *s->rows, compare_rows);
    if (!write_rows(s))
        return no_room(err);
    s->pieces[s->n_pieces++] = (struct piece){.at = at, .end = s->written};
    s->used = s->n_rows = 0;
    return true;
}

static bool more_rows(struct row_sort *s)
{
    size_t cap = s->cap_rows == 0 ? ROWS_FIRST : 2 * s->cap_rows;
    const char **rows = realloc(s->rows, cap * sizeof *rows);
    if (rows == NULL)
        return false;
    s->rows = rows;
    s->cap_rows = cap;
    return true;
}

bool row_sort_add(struct row_sort *s, const struct sorted_row *row, struct err *err)
{
    size_t key = strlen(row->key) + 1;
    struct head h = {(uint32_t)(key + row->len), row->part, row->number, (uint32_t)key};
    size_t len = sizeof h + h.len;
    if (row->len > PIECE / 2 || key > PIECE / 2 - sizeof h)
        return err_set(err, ERR_TOO_LARGE, "row_too_long", "%s", "");
    if (s->used + len > PIECE && !end_piece(s, err))
        return false;
    if (s->n_rows == s->cap_rows && !more_rows(s))
        return no_memory(err);
    char *at = s->room + s->used;
    memcpy(at, &h, sizeof h);
    memcpy(at + sizeof h, row->key, key);
    if (row->len > 0)
        memcpy(at + sizeof h + key, row->bytes, row->len);
    s->rows[s->n_rows++] = at;
    s->used += len;
    return true;
}

/* ---- and back ---- */

/* Has the piece `len` bytes in memory? Reads on, and makes room for a row that is longer. */
static bool fill(struct row_sort *s, struct piece *p, size_t len, struct err *err)
{
    if (p->to - p->from >= len)
        return true;
    memmove(p->bytes, p->bytes + p->from, p->to - p->from);
    p->to -= p->from;
    p->from = 0;
    if (len > p->cap) {
        char *bytes = realloc(p->bytes, len);
        if (bytes == NULL)
            return no_memory(err);
        p->bytes = bytes;
        p->cap = len;
    }
    while (p->to < len) {
        size_t want = p->cap - p->to, left = (size_t)(p->end - p->at);
        ssize_t n = pread(s->fd, p->bytes + p->to, want < left ? want : left, (off_t)p->at);
        if (n <= 0)
            return no_room(err);
        p->to += (size_t)n;
        p->at += (uint64_t)n;
    }
    return true;
}

/* Its first row, if it has one more. */
static bool look(struct row_sort *s, struct piece *p, bool *ret_has, struct err *err)
{
    *ret_has = p->from < p->to || p->at < p->end;
    if (!*ret_has)
        return true;
    if (!fill(s, p, sizeof p->head, err))
        return false;
    p->head = head_at(p->bytes + p->from);
    return fill(s, p, sizeof p->head + p->head.len, err);
}

static const char *first_of(const struct row_sort *s, size_t at)
{
    const struct piece *p = &s->pieces[s->heap[at]];
    return p->bytes + p->from;
}

static void swap(struct row_sort *s, size_t a, size_t b)
{
    size_t piece = s->heap[a];
    s->heap[a] = s->heap[b];
    s->heap[b] = piece;
}

static void sink(struct row_sort *s, size_t at)
{
    for (;;) {
        size_t least = at, child = 2 * at + 1;
        for (size_t i = child; i < child + 2 && i < s->n_heap; i++) {
            if (compare(first_of(s, i), first_of(s, least)) < 0)
                least = i;
        }
        if (least == at)
            return;
        swap(s, at, least);
        at = least;
    }
}

bool row_sort_turn(struct row_sort *s, struct err *err)
{
    if (s->n_rows > 0 && !end_piece(s, err))
        return false;
    s->heap = calloc(s->n_pieces + 1, sizeof *s->heap);
    if (s->heap == NULL)
        return no_memory(err);
    explicit_bzero(s->room, PIECE);
    free(s->room);
    s->room = NULL;
    for (size_t i = 0; i < s->n_pieces; i++) {
        bool has = false;
        struct piece *p = &s->pieces[i];
        p->cap = READ;
        p->bytes = malloc(READ);
        if (p->bytes == NULL)
            return no_memory(err);
        if (!look(s, p, &has, err))
            return false;
        if (has)
            s->heap[s->n_heap++] = i;
    }
    for (size_t i = s->n_heap; i-- > 0;)
        sink(s, i);
    return true;
}

/* The row that was given goes; the heap is in order again. */
static bool drop_first(struct row_sort *s, struct err *err)
{
    bool has = false;
    struct piece *p = &s->pieces[s->heap[0]];
    p->from += sizeof p->head + p->head.len;
    if (!look(s, p, &has, err))
        return false;
    if (!has)
        s->heap[0] = s->heap[--s->n_heap];
    sink(s, 0);
    return true;
}

bool row_sort_next(struct row_sort *s, struct sorted_row *ret, struct err *err)
{
    if (s->given && !drop_first(s, err))
        return false;
    s->given = s->n_heap > 0;
    if (!s->given)
        return false;
    const struct piece *p = &s->pieces[s->heap[0]];
    const char *at = p->bytes + p->from + sizeof p->head;
    *ret = (struct sorted_row){.key = at,
                               .part = p->head.part,
                               .number = p->head.number,
                               .bytes = at + p->head.key_len,
                               .len = p->head.len - p->head.key_len};
    return true;
}
