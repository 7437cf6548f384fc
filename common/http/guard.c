/* common/http/guard.c - stage 1: addresses and headers that no route would want. Does not know the
 * routes, and does not measure bodies. */
#include <string.h>

#include "core/str.h"
#include "http/decode.h"
#include "http/query.h"

#include "core/banned.h"

enum { KEY_MAX = 64 /* bytes of an Idempotency-Key */ };

/* Refuses bytes that RFC 3986 allows nowhere and that people never type: blanks, controls, '#'. */
static bool has_odd_byte(const char *url)
{
    for (; *url != '\0'; url++) {
        unsigned char c = (unsigned char)*url;
        if (c <= ' ' || c == 0x7F || c == '#')
            return true;
    }
    return false;
}

static bool has_encoded_slash(const char *path, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if (path[i] == '%' && path[i + 1] == '2' && (path[i + 2] | 0x20) == 'f')
            return true;
    }
    return false;
}

static bool refuse_fault(struct request *rq, enum url_fault fault)
{
    switch (fault) {
    case URL_ESCAPE:
        return fail(rq, ERR_MALFORMED, NULL,
                    "The address has a '%%' without two hexadecimal digits behind it.");
    case URL_NUL:
        return fail(rq, ERR_MALFORMED, NULL, "The address holds a NUL (%%00).");
    case URL_UTF8:
        return fail(rq, ERR_MALFORMED, NULL, "The address is not UTF-8 once it is decoded.");
    case URL_MEMORY:
        return fail(rq, ERR_NO_MEMORY, NULL, "%s", "");
    case URL_OK:
        break;
    }
    return true;
}

static bool guard_path(struct request *rq, size_t len)
{
    const char *path = rq->url, *decoded = NULL;
    if (path[0] != '/')
        return fail(rq, ERR_MALFORMED, NULL, "The address does not start with '/'.");
    const char *gap = strstr(path, "//");
    if (gap != NULL && gap < path + len)
        return fail(rq, ERR_MALFORMED, NULL, "The address has an empty segment (//).");
    if (has_encoded_slash(path, len))
        return fail(rq, ERR_MALFORMED, NULL, "The path holds an encoded slash (%%2F).");
    return refuse_fault(rq, url_decode(rq->arena, path, len, false, &decoded));
}

static bool guard_url(struct request *rq)
{
    size_t path_len = strcspn(rq->url, "?");
    const char *query = rq->url + path_len, *decoded = NULL;
    if (path_len > URL_PATH_MAX)
        return fail(rq, ERR_URI_TOO_LONG, NULL, "The path is longer than %d bytes.", URL_PATH_MAX);
    if (strlen(rq->url) > URL_MAX)
        return fail(rq, ERR_URI_TOO_LONG, NULL, "The address is longer than %d bytes.", URL_MAX);
    if (has_odd_byte(rq->url))
        return fail(rq, ERR_MALFORMED, NULL, "The address holds a blank, a control or a '#'.");
    return guard_path(rq, path_len) &&
           refuse_fault(rq, url_decode(rq->arena, query, strlen(query), true, &decoded));
}

static bool refuse_header(struct request *rq, const char *name, const char *code,
                          const char *detail)
{
    return problem_add(rq, (struct problem){AT_HEADER, name, 0, code, detail});
}

/* ulfius joins repeated headers with a comma (style U2); none of these has one in its value. */
static bool guard_single(struct request *rq, const char *name, const char *value)
{
    if (value == NULL || strchr(value, ',') == NULL)
        return true;
    return refuse_header(rq, name, "repeated", "This header may come once, with one value.");
}

static bool guard_key(struct request *rq)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    const char *key = rq->idempotency_key;
    if (key == NULL)
        return true;
    size_t len = strspn(key, allowed);
    if (len >= 1 && len <= KEY_MAX && key[len] == '\0')
        return true;
    return refuse_header(rq, "Idempotency-Key", "malformed",
                         "A key is 1 to 64 of A-Z a-z 0-9 . _ : -");
}

/* `n` lower-case hexadecimal digits, not all of them '0' when `nonzero`. */
static bool is_hex(const char *s, size_t n, bool nonzero)
{
    return strspn(s, "0123456789abcdef") >= n && (!nonzero || strspn(s, "0") < n);
}

/* "00-<32>-<16>-<2>"; a later version may have more behind a '-' (W3C Trace Context, 3.2). */
static bool is_traceparent(const char *s)
{
    if (!is_hex(s, 2, false) || strncmp(s, "ff", 2) == 0 || s[2] != '-')
        return false;
    if (!is_hex(s + 3, 32, true) || s[35] != '-' || !is_hex(s + 36, 16, true) || s[52] != '-')
        return false;
    if (!is_hex(s + 53, 2, false))
        return false;
    bool first_version = strncmp(s, "00", 2) == 0;
    return s[55] == '\0' || (!first_version && s[55] == '-');
}

static bool guard_trace(struct request *rq)
{
    if (rq->traceparent == NULL || is_traceparent(rq->traceparent))
        return true;
    return refuse_header(rq, "traceparent", "malformed",
                         "A traceparent reads 00-<32 digits>-<16 digits>-<2 digits>, lower-case "
                         "hexadecimal, its ids not zero.");
}

bool guard_request(struct request *rq)
{
    return guard_url(rq) && guard_single(rq, "Authorization", rq->authorization) &&
           guard_single(rq, "Content-Type", rq->content_type) &&
           guard_single(rq, "If-Match", rq->if_match) &&
           guard_single(rq, "Idempotency-Key", rq->idempotency_key) && guard_key(rq) &&
           guard_trace(rq);
}
