/* common/http/page.c - cursors and next links. A cursor is not a secret and grants nothing: what it
 * lets through is still cut by the caller's scope. */
#include "http/page.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/digest.h"

#include "core/banned.h"

enum { MARK_LEN = 16 /* hexadecimal digits of the digest kept */, QUESTION_MAX = 64 * 1024 };

#define GAP "\x1f" /* cannot stand in a printable value */

/* Everything the next page must have in common with this one. */
static const char *question_of(struct request *rq)
{
    struct buf b;
    buf_init(&b, rq->arena, QUESTION_MAX);
    buf_str(&b, rq->route->id);
    buf_str(&b, GAP);
    buf_str(&b, rq->sort == NULL ? "" : rq->sort);
    const struct field *f = rq->route->fields;
    for (size_t i = 0; rq->args != NULL && f[i].name != NULL; i++) {
        if ((f[i].flags & (IN_PATH | IN_QUERY)) == 0 || rq->args[i] == NULL)
            continue;
        buf_printf(&b, GAP "%s=", f[i].name);
        buf_str(&b, rq->args[i]);
    }
    return buf_text(&b);
}

static bool mark_of(struct request *rq, const char *tail, char ret_hex[static DIGEST_HEX])
{
    const char *question = question_of(rq);
    if (question == NULL)
        return false;
    const struct digest_part parts[] = {
        {question, strlen(question)}, {GAP GAP, 2}, {tail, strlen(tail)}};
    return digest_hex(parts, sizeof parts / sizeof *parts, ret_hex);
}

const char *page_cursor(struct request *rq, const char *sort_value, const char *key_value)
{
    char mark[DIGEST_HEX];
    const char *tail = arena_printf(rq->arena, "%s" GAP "%s", sort_value, key_value);
    if (tail == NULL || !mark_of(rq, tail, mark))
        return NULL;
    const char *plain = arena_printf(rq->arena, "%.*s%s", MARK_LEN, mark, tail);
    if (plain == NULL)
        return NULL;
    size_t n = strlen(plain);
    char *text = arena_alloc(rq->arena, 4 * (n + 2) / 3 + 1);
    if (text != NULL)
        str_base64url((const unsigned char *)plain, n, text);
    return text;
}

/* The plain text of rq->cursor behind its digest, or NULL when it is not one of this list. */
static char *tail_of(struct request *rq)
{
    char mark[DIGEST_HEX];
    size_t len = strlen(rq->cursor), n = 0;
    unsigned char *plain = arena_alloc(rq->arena, len + 1);
    if (plain == NULL || !str_base64url_decode(rq->cursor, len, plain, len, &n) || n <= MARK_LEN)
        return NULL;
    plain[n] = '\0';
    char *tail = (char *)plain + MARK_LEN;
    if (!str_utf8((const char *)plain, n) || !mark_of(rq, tail, mark))
        return NULL;
    return memcmp(plain, mark, MARK_LEN) == 0 ? tail : NULL;
}

bool page_after(struct request *rq, const char **ret_sort_value, const char **ret_key_value)
{
    char *tail = tail_of(rq);
    char *gap = tail == NULL ? NULL : strrchr(tail, GAP[0]);
    if (gap == NULL)
        return fail(rq, ERR_BAD_PARAMETER, "cursor",
                    "The cursor does not belong to this list with these filters and this order");
    *gap = '\0';
    *ret_sort_value = tail;
    *ret_key_value = gap + 1;
    return true;
}

const char *page_link(struct request *rq, const char *cursor)
{
    struct buf b;
    buf_init(&b, rq->arena, QUESTION_MAX);
    size_t path = strcspn(rq->url, "?");
    buf_char(&b, '<');
    buf_add(&b, rq->url, path);
    const char *part = rq->url[path] == '?' ? rq->url + path + 1 : "";
    char gap = '?';
    while (*part != '\0') {
        size_t n = strcspn(part, "&");
        if (n > 0 && strncmp(part, "cursor=", strlen("cursor=")) != 0) {
            buf_char(&b, gap);
            buf_add(&b, part, n);
            gap = '&';
        }
        part += n + (part[n] == '&');
    }
    buf_char(&b, gap);
    buf_str(&b, "cursor=");
    buf_str(&b, cursor);
    buf_str(&b, ">; rel=\"next\"");
    return buf_text(&b);
}
