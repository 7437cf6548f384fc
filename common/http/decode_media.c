/* common/http/decode_media.c - content types, exactly, and whether there is a body. Does not read
 * what is in it. */
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "http/decode_parts.h"

#include "core/banned.h"

enum { TYPE_MAX = 63 /* bytes; what is longer is none of ours */ };

struct media { /* "text/csv" and "GB18030"; charset "" when absent */
    char type[TYPE_MAX + 1], charset[TYPE_MAX + 1];
};

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* Copies a run of token characters (RFC 9110, 5.6.2, and the '/' between two of them). */
static const char *take_token(const char *s, char out[static TYPE_MAX + 1])
{
    size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                           "0123456789!#$%&'*+-.^_`|~/");
    if (len == 0 || len > TYPE_MAX)
        return NULL;
    memcpy(out, s, len);
    out[len] = '\0';
    return s + len;
}

/* "charset=utf-8" or "charset=\"utf-8\"" */
static const char *take_charset(const char *s, struct media *m)
{
    char name[TYPE_MAX + 1];
    s = take_token(s, name);
    if (s == NULL || *s != '=' || !str_equal_nocase(name, "charset") || m->charset[0] != '\0')
        return NULL;
    bool quoted = s[1] == '"';
    s = take_token(s + (quoted ? 2 : 1), m->charset);
    if (s == NULL || (quoted && *s != '"'))
        return NULL;
    return quoted ? s + 1 : s;
}

static bool media_parse(const char *text, struct media *ret)
{
    *ret = (struct media){.type = ""};
    const char *s = text == NULL ? NULL : take_token(skip_blanks(text), ret->type);
    while (s != NULL && *(s = skip_blanks(s)) == ';')
        s = take_charset(skip_blanks(s + 1), ret);
    return s != NULL && *s == '\0';
}

static bool is_type(const struct media *m, const char *type)
{
    return str_equal_nocase(m->type, type);
}

static bool is_utf8(const struct media *m)
{
    return m->charset[0] == '\0' || str_equal_nocase(m->charset, "utf-8");
}

static bool is_json(const struct media *m)
{
    return is_type(m, "application/json") && is_utf8(m);
}

enum csv_charset decode_charset(const struct request *rq)
{
    struct media m;
    bool gb = media_parse(rq->content_type, &m) && str_equal_nocase(m.charset, "gb18030");
    return gb ? CSV_GB18030 : CSV_UTF8;
}

static bool media_accepted(const struct media *m, const struct request *rq, enum route_media media)
{
    if (media == MEDIA_BYTES)
        return is_type(m, "application/offset+octet-stream") && m->charset[0] == '\0';
    if (media == MEDIA_CSV)
        return is_type(m, "text/csv") && (is_utf8(m) || str_equal_nocase(m->charset, "gb18030"));
    if (is_json(m))
        return true;
    return rq->route->method == METHOD_PATCH && is_type(m, "application/merge-patch+json") &&
           is_utf8(m);
}

/* What the route takes, for people. */
static const char *media_wanted(const struct request *rq, enum route_media media)
{
    if (media == MEDIA_CSV)
        return "text/csv, with charset UTF-8 or GB18030";
    if (media == MEDIA_BYTES)
        return "application/offset+octet-stream";
    return rq->route->method == METHOD_PATCH ? "application/merge-patch+json or application/json"
                                             : "application/json";
}

static size_t skip_space(const char *s, size_t len, size_t i)
{
    while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n'))
        i++;
    return i;
}

/* '{', '}' and white space. */
static bool is_empty_object(const char *s, size_t len)
{
    size_t open = skip_space(s, len, 0), close = skip_space(s, len, open + 1);
    return close < len && s[open] == '{' && s[close] == '}' && skip_space(s, len, close + 1) == len;
}

static bool refuse_any_body(struct request *rq)
{
    struct media m;
    if (rq->body_len == 0)
        return true;
    if (media_parse(rq->content_type, &m) && is_json(&m) && is_empty_object(rq->body, rq->body_len))
        return true;
    return fail(rq, ERR_MALFORMED, NULL, "This address takes no body.");
}

bool decode_media(struct request *rq, enum route_media media, bool demanded)
{
    struct media m;
    if (media == MEDIA_NONE)
        return refuse_any_body(rq);
    bool typed = rq->content_type != NULL;
    if ((typed || rq->body_len > 0) &&
        (!media_parse(rq->content_type, &m) || !media_accepted(&m, rq, media)))
        return fail(rq, ERR_MEDIA_TYPE, "Content-Type", "This address takes %s.",
                    media_wanted(rq, media));
    if (rq->body_len == 0 && (demanded || media == MEDIA_CSV))
        return fail(rq, ERR_MALFORMED, NULL, "A body is needed here: %s.", media_wanted(rq, media));
    return true;
}
