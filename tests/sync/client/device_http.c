/* tests/sync/client/device_http.c - one exchange with the server: a token, JSON both ways, and an
 * answer that is whole or none. Tries nothing twice but with a fresh token. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "device_own.h"

enum { ANSWER_MAX = 64 * 1024 * 1024 };

struct answer {
    char *bytes;
    size_t len;
};

enum device_end device_say(struct device *d, enum device_end end, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->why, sizeof d->why, format, args);
    va_end(args);
    return end;
}

static size_t take(char *bytes, size_t size, size_t n, void *into)
{
    struct answer *a = into;
    size_t more = size * n;
    if (a->len + more > ANSWER_MAX)
        return 0;
    char *grown = realloc(a->bytes, a->len + more + 1);
    if (grown == NULL)
        return 0;
    memcpy(grown + a->len, bytes, more);
    a->bytes = grown;
    a->len += more;
    return more;
}

static struct curl_slist *headers_of(struct device *d, const struct ask *a)
{
    char line[sizeof d->token + 40];
    struct curl_slist *all = curl_slist_append(NULL, "Expect:");
    snprintf(line, sizeof line, "Authorization: Bearer %s", d->token);
    all = curl_slist_append(all, line);
    if (a->body != NULL)
        all = curl_slist_append(all, "Content-Type: application/json");
    if (a->key != NULL) {
        snprintf(line, sizeof line, "Idempotency-Key: %s", a->key);
        all = curl_slist_append(all, line);
    }
    if (a->version > 0) {
        snprintf(line, sizeof line, "If-Match: \"%d\"", a->version);
        all = curl_slist_append(all, line);
    }
    return all;
}

/* libcurl calls it an error when fewer bytes came than Content-Length promised: the answer is lost.
 */
static bool exchange(struct device *d, const struct ask *a, struct answer *into, long *ret_status)
{
    char url[2048];
    CURL *c = d->curl;
    char *body = a->body == NULL ? NULL : json_dumps(a->body, JSON_COMPACT);
    struct curl_slist *headers = headers_of(d, a);
    snprintf(url, sizeof url, "%s%s", d->url, a->path);
    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)(d->setup.timeout_s > 0 ? d->setup.timeout_s : 30));
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, into);
    if (d->ca != NULL)
        curl_easy_setopt(c, CURLOPT_CAINFO, d->ca);
    if (body != NULL)
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, body);
    CURLcode end = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, ret_status);
    curl_slist_free_all(headers);
    free(body);
    if (end != CURLE_OK)
        device_say(d, DEVICE_LATER, "%s", curl_easy_strerror(end));
    return end == CURLE_OK;
}

static bool ask_once(struct device *d, const struct ask *a, long *ret_status, json_t **ret)
{
    struct answer got = {NULL, 0};
    bool whole = exchange(d, a, &got, ret_status);
    *ret = whole && got.len > 0 ? json_loadb(got.bytes, got.len, 0, NULL) : NULL;
    free(got.bytes);
    if (whole && *ret_status / 100 == 2 && *ret == NULL) {
        device_say(d, DEVICE_LATER, "%s", "an answer that is no JSON");
        return false;
    }
    return whole;
}

bool device_ask(struct device *d, const struct ask *a, long *ret_status, json_t **ret)
{
    for (int tries = 0;; tries++) {
        bool stale = tries > 0;
        *ret = NULL;
        *ret_status = 0;
        if ((stale || !d->has_token) &&
            !d->setup.token(d->setup.context, stale, d->token, sizeof d->token)) {
            device_say(d, DEVICE_LATER, "%s", "there is no token");
            return false;
        }
        d->has_token = true;
        if (!ask_once(d, a, ret_status, ret))
            return false;
        if (*ret_status != 401 || stale)
            return true;
        json_decref(*ret);
    }
}
