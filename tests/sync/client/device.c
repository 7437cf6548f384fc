/* tests/sync/client/device.c - opens a device, brings its copy up to date, and tells what it holds.
 * What it brings: device_push.c. Rules: M-1 to M-3 of proto/sync.md. */
#include "device.h"

#include <stdlib.h>
#include <string.h>

#include "device_own.h"

static char *copied(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

struct device *device_open(const struct device_setup *s)
{
    struct device *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->setup = *s;
    d->url = copied(s->url);
    d->ca = copied(s->ca);
    d->curl = curl_easy_init();
    if (d->url != NULL && d->curl != NULL && store_open(d, s->store))
        return d;
    device_close(d);
    return NULL;
}

void device_close(struct device *d)
{
    if (d == NULL)
        return;
    if (d->curl != NULL)
        curl_easy_cleanup(d->curl);
    sqlite3_close(d->db);
    free(d->url);
    free(d->ca);
    free(d);
}

const char *device_why(const struct device *d)
{
    return d->why;
}

/* What the new copy did not bring is dropped when it is whole. */
static bool begin_again(struct device *d)
{
    return store_begin(d) &&
           store_end(d, store_run(d, "DELETE FROM meta WHERE name = 'cursor'", NULL, NULL) &&
                            store_run(d, "UPDATE meta SET value = value + 1 WHERE name = 'copy'",
                                      NULL, NULL));
}

static bool drop(struct device *d, const json_t *gone)
{
    size_t i;
    json_t *one;
    json_array_foreach(gone, i, one)
    {
        const char *const values[] = {json_string_value(json_object_get(one, "kind")),
                                      json_string_value(json_object_get(one, "id"))};
        if (!store_run(d, "DELETE FROM record WHERE kind = ?1 AND id = ?2", values, NULL))
            return false;
    }
    return true;
}

static bool write_answer(struct device *d, const json_t *answer)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(answer, "changed"), i, one)
    {
        const char *kind = json_string_value(json_object_get(one, "kind"));
        if (kind == NULL || !store_put_record(d, kind, json_object_get(one, "record")))
            return false;
    }
    const char *const cursor[] = {json_string_value(json_object_get(answer, "next_cursor"))};
    bool whole = json_is_false(json_object_get(answer, "more"));
    return drop(d, json_object_get(answer, "left")) &&
           drop(d, json_object_get(answer, "deleted")) &&
           (!whole ||
            store_run(d,
                      "DELETE FROM record WHERE copy < (SELECT CAST(value AS INTEGER) FROM"
                      " meta WHERE name = 'copy') AND EXISTS (SELECT 1 FROM meta WHERE"
                      " name = 'copying')",
                      NULL, NULL)) &&
           (!whole || store_run(d, "DELETE FROM meta WHERE name = 'copying'", NULL, NULL)) &&
           cursor[0] != NULL &&
           store_run(d, "INSERT OR REPLACE INTO meta VALUES ('cursor', ?1)", cursor, NULL);
}

/* An answer and its cursor are kept together, or neither. */
static bool apply(struct device *d, const json_t *answer)
{
    return store_begin(d) && store_end(d, write_answer(d, answer));
}

static bool ask_for_page(struct device *d, long *ret_status, json_t **ret)
{
    char path[1024], *cursor = NULL;
    if (!store_run(d, "SELECT value FROM meta WHERE name = 'cursor'", NULL, &cursor))
        return false;
    int n = snprintf(path, sizeof path, "/sync%s%s",
                     cursor == NULL ? "" : "?cursor=", cursor == NULL ? "" : cursor);
    if (d->setup.page > 0)
        snprintf(path + n, sizeof path - (size_t)n, "%climit=%d", cursor == NULL ? '?' : '&',
                 d->setup.page);
    bool first = cursor == NULL;
    free(cursor);
    if (first && !store_run(d, "INSERT OR REPLACE INTO meta VALUES ('copying', '1')", NULL, NULL))
        return false;
    return device_ask(d, &(struct ask){.path = path}, ret_status, ret);
}

enum step { STEP_MORE, STEP_WHOLE, STEP_AGAIN, STEP_LOST, STEP_REFUSED, STEP_BROKEN };

static enum step ask_for_fewer(struct device *d)
{
    d->setup.page = d->setup.page == 0 ? 50 : (d->setup.page + 1) / 2;
    return STEP_MORE;
}

static enum step pull_page(struct device *d, bool *ret_verified)
{
    long status = 0;
    json_t *answer = NULL;
    enum step step = STEP_LOST;
    if (!ask_for_page(d, &status, &answer))
        return STEP_LOST;
    if (status == 410)
        step = STEP_AGAIN;
    else if (status == 413 && d->setup.page != 1)
        step = ask_for_fewer(d);
    else if (status == 429 || status >= 500)
        device_say(d, DEVICE_LATER, "the server answered %ld", status);
    else if (status != 200)
        step = STEP_REFUSED;
    else if (!apply(d, answer))
        step = STEP_BROKEN;
    else
        step = json_is_true(json_object_get(answer, "more")) ? STEP_MORE : STEP_WHOLE;
    if (step == STEP_REFUSED)
        device_say(d, DEVICE_REFUSED, "GET /sync: %ld", status);
    const json_t *digests = json_object_get(answer, "digests");
    *ret_verified = step == STEP_WHOLE && json_is_array(digests);
    if (*ret_verified && !store_agrees(d, digests))
        step = STEP_AGAIN;
    json_decref(answer);
    return step;
}

enum device_end device_pull(struct device *d, bool *ret_verified)
{
    bool verified = false;
    int copies = 0;
    enum step step = pull_page(d, &verified);
    for (; step == STEP_MORE || (step == STEP_AGAIN && copies < 2);
         step = pull_page(d, &verified)) {
        if (step != STEP_AGAIN)
            continue;
        copies++;
        if (!begin_again(d))
            return device_say(d, DEVICE_BROKEN, "%s", sqlite3_errmsg(d->db));
    }
    if (ret_verified != NULL)
        *ret_verified = verified && step == STEP_WHOLE;
    if (step == STEP_LOST)
        return DEVICE_LATER;
    if (step == STEP_REFUSED)
        return DEVICE_REFUSED;
    if (step == STEP_BROKEN)
        return device_say(d, DEVICE_BROKEN, "%s", sqlite3_errmsg(d->db));
    if (step == STEP_AGAIN)
        return device_say(d, DEVICE_DIFFERS, "%s", "a fresh copy is not what its digests say");
    return DEVICE_DONE;
}

/* --- what it holds --- */

/* What is made offline has its first version to come. */
static json_t *made_here(const json_t *op)
{
    json_t *record = json_copy(json_object_get(op, "body"));
    json_object_set_new(record, "version", json_integer(1));
    return record;
}

json_t *device_record(struct device *d, const char *kind, const char *id)
{
    size_t i;
    json_t *op;
    const char *const values[] = {kind, id};
    json_t *known = store_list(d, "SELECT json FROM record WHERE kind = ?1 AND id = ?2", values);
    json_t *queued =
        store_list(d, "SELECT json FROM queue WHERE kind = ?1 AND id = ?2 ORDER BY n", values);
    json_t *record = json_incref(json_array_get(known, 0));
    json_array_foreach(queued, i, op)
    {
        json_t *body = json_object_get(op, "body");
        if (record == NULL && json_object_get(body, "id") != NULL)
            record = made_here(op);
        else if (record != NULL && json_object_get(op, "base") != NULL) /* it changes members */
            json_object_update(record, body);
    }
    json_decref(queued);
    json_decref(known);
    return record;
}

json_t *device_copy(struct device *d, const char *kind)
{
    size_t i;
    json_t *record, *all = json_object();
    const char *const values[] = {kind};
    json_t *list = store_list(d, "SELECT json FROM record WHERE kind = ?1 ORDER BY id", values);
    json_array_foreach(list, i, record)
        json_object_set(all, json_string_value(json_object_get(record, "id")), record);
    json_decref(list);
    return all;
}

json_t *device_status(struct device *d)
{
    size_t i;
    json_t *one;
    json_t *s =
        json_pack("{s:I, s:I, s:I}", "queued", store_number(d, "SELECT count(*) FROM queue", 0),
                  "refused", store_number(d, "SELECT count(*) FROM refused", 0), "copies",
                  store_number(d, "SELECT value FROM meta WHERE name = 'copy'", 0));
    json_t *kinds = store_list(d,
                               "SELECT '{\"kind\":\"' || kind || '\",\"n\":' || count(*) || '}'"
                               " FROM record GROUP BY kind",
                               NULL);
    json_array_foreach(kinds, i, one) json_object_set(
        s, json_string_value(json_object_get(one, "kind")), json_object_get(one, "n"));
    json_decref(kinds);
    return s;
}

json_t *device_refused(struct device *d, bool forget)
{
    json_t *all = store_list(d, "SELECT json FROM refused ORDER BY n", NULL);
    if (forget)
        store_run(d, "DELETE FROM refused", NULL, NULL);
    return all;
}

enum device_end device_conflicts(struct device *d, json_t **ret)
{
    long status = 0;
    json_t *all = json_array(), *page = NULL;
    char path[1200] = "/conflicts?status=open&limit=500";
    *ret = NULL;
    while (device_ask(d, &(struct ask){.path = path}, &status, &page) && status == 200) {
        json_array_extend(all, json_object_get(page, "items"));
        const char *next = json_string_value(json_object_get(page, "next_cursor"));
        if (next == NULL) {
            json_decref(page);
            *ret = all;
            return DEVICE_DONE;
        }
        snprintf(path, sizeof path, "/conflicts?status=open&limit=500&cursor=%s", next);
        json_decref(page);
        page = NULL;
    }
    json_decref(page);
    json_decref(all);
    return status == 0 || status == 429 || status >= 500
               ? DEVICE_LATER
               : device_say(d, DEVICE_REFUSED, "GET /conflicts: %ld", status);
}

enum device_end device_settle(struct device *d, const json_t *conflict, const char *take,
                              const char *key)
{
    char path[120];
    long status = 0;
    json_t *answer = NULL, *body = json_pack("{s:s}", "take", take);
    snprintf(path, sizeof path, "/conflicts/%s:settle",
             json_string_value(json_object_get(conflict, "id")));
    const struct ask a = {path, body, key,
                          (int)json_integer_value(json_object_get(conflict, "version"))};
    bool came = device_ask(d, &a, &status, &answer);
    json_decref(answer);
    json_decref(body);
    if (!came || status == 429 || status >= 500)
        return DEVICE_LATER;
    return status == 200 ? DEVICE_DONE : device_say(d, DEVICE_REFUSED, "settle: %ld", status);
}
