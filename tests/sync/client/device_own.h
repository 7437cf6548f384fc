/* tests/sync/client/device_own.h - what the parts of a device share. */
#ifndef ZEREN_SYNC_DEVICE_OWN_H
#define ZEREN_SYNC_DEVICE_OWN_H

#include <stdint.h>

#include <curl/curl.h>
#include <sqlite3.h>

#include "device.h"

struct device {
    struct device_setup setup;
    char *url, *ca;
    sqlite3 *db;
    CURL *curl;
    char token[4096];
    bool has_token;
    char why[600];
};

/* One exchange. `body` NULL: GET. */
struct ask {
    const char *path; /* "/sync?cursor=…" */
    const json_t *body;
    const char *key; /* Idempotency-Key, or NULL */
    int version;     /* If-Match; 0: none */
};

/* True when a whole answer came: its status and JSON (NULL: none), which the caller decrefs. */
bool device_ask(struct device *d, const struct ask *a, long *ret_status, json_t **ret);

/* Says why; returns `end`. */
enum device_end device_say(struct device *d, enum device_end end, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- the store --- */
bool store_open(struct device *d, const char *path);

/* Runs a statement with text values (NULL: null) up to the first NULL-terminated pair; true when it
 * succeeded. `ret` (may be NULL): the first column of the first row, which the caller frees; NULL
 * when there is none. */
bool store_run(struct device *d, const char *sql, const char *const *values, char **ret);
bool store_begin(struct device *d);
bool store_end(struct device *d, bool keep); /* commits or rolls back; true: committed */

/* The one integer a statement tells; `otherwise` when there is no row. */
int64_t store_number(struct device *d, const char *sql, int64_t otherwise);

/* The rows of a statement with one text column of JSON, as an array; the caller decrefs. */
json_t *store_list(struct device *d, const char *sql, const char *const *values);

bool store_put_record(struct device *d, const char *kind, const json_t *record);

/* Lays the record that an operation of the queue brought into the copy, unless that has a later
 * one. */
bool store_take_newer(struct device *d, const char *op_id, const json_t *record);

/* Do the digests agree with what the copy holds? */
bool store_agrees(struct device *d, const json_t *digests);

#endif
