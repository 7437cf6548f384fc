/* tests/sync/client/device_push.c - the queue: what was done without signal, brought in order and
 * in lists, each list again until a whole answer came. Rules: M-4, M-5 of proto/sync.md. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "device_own.h"

/* UUIDv7: milliseconds, then chance. */
void device_new_id(char ret[DEVICE_UUID])
{
    unsigned char b[16];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
        abort();
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | (b[6] & 0x0f));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
    snprintf(ret, DEVICE_UUID,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
}

static bool enqueue(struct device *d, const char *kind, json_t *op, char ret_id[DEVICE_UUID])
{
    char id[DEVICE_UUID];
    const char *made = json_string_value(json_object_get(json_object_get(op, "body"), "id"));
    const char *target = json_string_value(json_object_get(op, "target"));
    device_new_id(id);
    json_object_set_new(op, "op_id", json_string(id));
    char *text = json_dumps(op, JSON_COMPACT);
    const char *const values[] = {id, kind, made != NULL ? made : target, text};
    bool ok = text != NULL &&
              store_run(d, "INSERT INTO queue (op_id, kind, id, json) VALUES (?1, ?2, ?3, ?4)",
                        values, NULL);
    if (ret_id != NULL)
        memcpy(ret_id, id, sizeof id);
    free(text);
    json_decref(op);
    return ok;
}

/* A verb has the version of the copy as its base, when the copy has the record. */
bool device_queue(struct device *d, const char *kind, const char *operation, const char *target,
                  const json_t *body, char ret_id[DEVICE_UUID])
{
    json_t *op = json_pack("{s:s, s:s*, s:O*}", "operation", operation, "target", target, "body",
                           (json_t *)(uintptr_t)body);
    bool creates = json_object_get(body, "id") != NULL;
    json_t *known = creates ? NULL : device_record(d, kind, target);
    if (known != NULL)
        json_object_set(op, "base_version", json_object_get(known, "version"));
    json_decref(known);
    return enqueue(d, kind, op, ret_id);
}

bool device_change(struct device *d, const char *kind, const char *operation, const char *target,
                   const json_t *body, char ret_id[DEVICE_UUID])
{
    const char *name;
    json_t *wanted, *record = device_record(d, kind, target), *base = json_object();
    if (record == NULL) {
        json_decref(base);
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)body, name, wanted)
    {
        json_t *seen = json_object_get(record, name);
        json_object_set(base, name, seen == NULL ? json_null() : seen);
    }
    json_t *op = json_pack("{s:s, s:s, s:O, s:o, s:O}", "operation", operation, "target", target,
                           "base_version", json_object_get(record, "version"), "base", base, "body",
                           (json_t *)(uintptr_t)body);
    json_decref(record);
    return enqueue(d, kind, op, ret_id);
}

static bool keep_refused(struct device *d, const json_t *op, const json_t *problem)
{
    json_t *both = json_pack("{s:O, s:O?}", "operation", (json_t *)(uintptr_t)op, "problem",
                             (json_t *)(uintptr_t)problem);
    char *text = json_dumps(both, JSON_COMPACT);
    const char *const values[] = {text};
    bool ok = text != NULL && store_run(d, "INSERT INTO refused (json) VALUES (?1)", values, NULL);
    free(text);
    json_decref(both);
    return ok;
}

static bool forget(struct device *d, const json_t *op)
{
    const char *const values[] = {json_string_value(json_object_get(op, "op_id"))};
    return store_run(d, "DELETE FROM queue WHERE op_id = ?1", values, NULL);
}

/* A record that is made already by an operation whose answer was forgotten: it is in the copy. */
static bool was_done(struct device *d, const json_t *op, const json_t *problem)
{
    char *found = NULL;
    const char *code = json_string_value(json_object_get(problem, "code"));
    const char *id = json_string_value(json_object_get(json_object_get(op, "body"), "id"));
    const char *const values[] = {id};
    if (code == NULL || id == NULL || strcmp(code, "duplicate") != 0)
        return false;
    bool asked = store_run(d, "SELECT id FROM record WHERE id = ?1", values, &found);
    bool there = asked && found != NULL;
    free(found);
    return there;
}

static bool take_result(struct device *d, const json_t *op, const json_t *result)
{
    const char *outcome = json_string_value(json_object_get(result, "outcome"));
    const json_t *problem = json_object_get(result, "problem");
    if (outcome == NULL || strcmp(outcome, "retry") == 0)
        return true;
    if (strcmp(outcome, "refused") == 0 && !was_done(d, op, problem) &&
        !keep_refused(d, op, problem))
        return false;
    if (!store_take_newer(d, json_string_value(json_object_get(op, "op_id")),
                          json_object_get(result, "record")) ||
        !forget(d, op))
        return false;
    if (d->setup.told != NULL)
        d->setup.told(d->setup.context, op, result);
    return true;
}

static bool take_results(struct device *d, const json_t *ops, const json_t *results)
{
    size_t i;
    json_t *op;
    json_array_foreach(ops, i, op)
    {
        if (!take_result(d, op, json_array_get(results, i)))
            return false;
    }
    return true;
}

/* A list that is wrong itself: the operations that the problem names wait for the user. */
static bool take_blame(struct device *d, const json_t *ops, const json_t *problem)
{
    size_t i, blamed = 0;
    json_t *error;
    json_array_foreach(json_object_get(problem, "errors"), i, error)
    {
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        unsigned n;
        if (pointer == NULL || sscanf(pointer, "/operations/%u", &n) != 1)
            continue;
        const json_t *op = json_array_get(ops, n);
        if (op != NULL && (!keep_refused(d, op, problem) || !forget(d, op)))
            return false;
        blamed += op != NULL;
    }
    return blamed > 0;
}

static enum device_end push_list(struct device *d, const json_t *ops, size_t *ret_left)
{
    long status = 0;
    json_t *answer = NULL, *body = json_pack("{s:O}", "operations", (json_t *)(uintptr_t)ops);
    int64_t before = store_number(d, "SELECT count(*) FROM queue", 0);
    bool came = device_ask(d, &(struct ask){.path = "/sync", .body = body}, &status, &answer);
    enum device_end end = DEVICE_LATER;
    if (came && status == 200) {
        bool kept = store_begin(d) &&
                    store_end(d, take_results(d, ops, json_object_get(answer, "results")));
        end = kept ? DEVICE_DONE : device_say(d, DEVICE_BROKEN, "%s", sqlite3_errmsg(d->db));
    } else if (came && status == 422) {
        bool kept = store_begin(d) && store_end(d, take_blame(d, ops, answer));
        end = kept ? DEVICE_DONE : device_say(d, DEVICE_REFUSED, "%s", "POST /sync: 422");
    } else if (came && status != 429 && status < 500) {
        end = device_say(d, DEVICE_REFUSED, "POST /sync: %ld", status);
    }
    int64_t left = store_number(d, "SELECT count(*) FROM queue", 0);
    if (end == DEVICE_DONE && left == before)
        end = device_say(d, DEVICE_LATER, "%s", "the server has no time");
    *ret_left = (size_t)left;
    json_decref(answer);
    json_decref(body);
    return end;
}

enum device_end device_push(struct device *d)
{
    char limit[12];
    size_t left = 1;
    enum device_end end = DEVICE_DONE;
    snprintf(limit, sizeof limit, "%d", d->setup.batch > 0 ? d->setup.batch : DEVICE_BATCH);
    const char *const values[] = {limit};
    while (end == DEVICE_DONE && left > 0) {
        json_t *ops =
            store_list(d, "SELECT json FROM queue ORDER BY n LIMIT CAST(?1 AS INTEGER)", values);
        left = json_array_size(ops);
        if (left > 0)
            end = push_list(d, ops, &left);
        json_decref(ops);
    }
    return end;
}
