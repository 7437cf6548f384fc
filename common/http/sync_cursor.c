/* common/http/sync_cursor.c - cursors of sync: base64url of a mark, the place, and nothing secret.
 * Grants nothing: what a cursor lets through is cut by the caller's scope. */
#include "http/sync_cursor.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "http/digest.h"
#include "http/lifecycle.h"

#include "core/banned.h"

enum { MARK_LEN = 16, PLAIN_MAX = 300, QUESTION_MAX = 8192 };

/* Whose cursor it is: with another scope, other lines or other kinds it would leave records behind
 * that the device may no longer have. */
static bool mark_of(struct request *rq, char ret_hex[static DIGEST_HEX])
{
    const struct principal *p = &rq->principal;
    struct buf b;
    buf_init(&b, rq->arena, QUESTION_MAX);
    buf_printf(&b, "%s\x1f%s\x1f%s\x1f", rq->engine->service->name, p->scope, p->lines);
    for (unsigned i = 0; i < PERM_COUNT; i++)
        buf_char(&b, permission_in(p->permissions, (enum permission)i) ? '1' : '0');
    const char *question = buf_text(&b);
    if (question == NULL)
        return false;
    const struct digest_part part = {question, strlen(question)};
    return digest_hex(&part, 1, ret_hex);
}

const char *sync_cursor_write(struct request *rq, const struct sync_cursor *c)
{
    char mark[DIGEST_HEX];
    const char *place = arena_printf(rq->arena, "%c.%lld.%lld.%s", c->first ? 'a' : 'b',
                                     (long long)c->seq, (long long)c->resource, c->after);
    if (place == NULL || !mark_of(rq, mark))
        return NULL;
    const char *plain = arena_printf(rq->arena, "%.*s%s", MARK_LEN, mark, place);
    char *text = plain == NULL ? NULL : arena_alloc(rq->arena, 4 * (strlen(plain) + 2) / 3 + 1);
    if (text != NULL)
        str_base64url((const unsigned char *)plain, strlen(plain), text);
    return text;
}

/* "a.4711.0.<id>" */
static bool read_place(char *place, struct sync_cursor *ret)
{
    char *seq = strchr(place, '.');
    char *resource = seq == NULL ? NULL : strchr(seq + 1, '.');
    char *after = resource == NULL ? NULL : strchr(resource + 1, '.');
    if (after == NULL || seq != place + 1 || (*place != 'a' && *place != 'b'))
        return false;
    *resource = *after = '\0';
    ret->first = *place == 'a';
    size_t len = strlen(after + 1);
    if (len != 0 && (len != UUID_TEXT - 1 || !uuid_valid(after + 1)))
        return false;
    memcpy(ret->after, after + 1, len + 1);
    return str_int(seq + 1, 0, INT64_MAX, &ret->seq) &&
           str_int(resource + 1, 0, 99, &ret->resource);
}

bool sync_cursor_read(struct request *rq, const char *text, struct sync_cursor *ret)
{
    char mark[DIGEST_HEX];
    unsigned char plain[PLAIN_MAX + 1];
    size_t n = 0;
    *ret = (struct sync_cursor){.seq = 0};
    bool good = str_base64url_decode(text, strlen(text), plain, PLAIN_MAX, &n) && n > MARK_LEN;
    if (good)
        plain[n] = '\0';
    if (!good || strlen((char *)plain) != n || !read_place((char *)plain + MARK_LEN, ret))
        return fail(rq, ERR_BAD_PARAMETER, "cursor", "This is no cursor of a sync.");
    if (!mark_of(rq, mark))
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    if (memcmp(plain, mark, MARK_LEN) != 0)
        return fail(rq, ERR_CURSOR_OLD, "cursor",
                    "Your rights have changed since: begin again without a cursor.");
    return true;
}
