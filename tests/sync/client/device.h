/* tests/sync/client/device.h - what a device does by proto/sync.md: keeps a copy in SQLite, queues
 * what is done without signal, brings it, and settles conflicts. One thread a device. Knows nothing
 * of any kind of record, and does not encrypt its store. */
#ifndef ZEREN_SYNC_DEVICE_H
#define ZEREN_SYNC_DEVICE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum { DEVICE_UUID = 37, DEVICE_BATCH = 100 /* operations of one list */ };

struct device;

/* What the device is told by whoever runs it. Strings are copied. */
struct device_setup {
    const char *store; /* path of the SQLite file, or ":memory:" */
    const char *url;   /* of the service: https://zeren.example/api/v1/registry */
    const char *ca; /* file of the authority that signed the server's certificate; NULL: system's */
    int page, batch; /* records and operations at a time; 0: as the server likes, 100 */
    int timeout_s;   /* of one request; 0: 30 */

    /* Writes an access token; `stale`: the last one was refused. False: there is none. */
    bool (*token)(void *context, bool stale, char *into, size_t size);
    void *context;

    /* Told of each operation that leaves the queue; may be NULL. */
    void (*told)(void *context, const json_t *operation, const json_t *result);
};

enum device_end {
    DEVICE_DONE,
    DEVICE_LATER, /* no signal, an answer lost, or the server is busy: try again; nothing is lost */
    DEVICE_DIFFERS, /* twice in a row the copy was not what the server says: the server is in error
                     */
    DEVICE_REFUSED, /* see device_why() */
    DEVICE_BROKEN   /* the store cannot be written, or memory ran out */
};

struct device *device_open(const struct device_setup *s);
void device_close(struct device *d);

/* Why the last call did not end with DEVICE_DONE. */
const char *device_why(const struct device *d);

/* Brings the copy up to date; begins again where the server says so. `ret_verified` (may be NULL):
 * the digests were there and agree. */
enum device_end device_pull(struct device *d, bool *ret_verified);

/* Brings what is queued, in order. Done operations leave the queue, refused ones wait for the user,
 * `retry` stays. */
enum device_end device_push(struct device *d);

/* Queues an operation of the contract on a record of that kind, or, with `id` in its body, one that
 * makes such a record; `body` is borrowed. `ret_id` (may be NULL): its op_id. */
bool device_queue(struct device *d, const char *kind, const char *operation, const char *target,
                  const json_t *body, char ret_id[DEVICE_UUID]);

/* Queues a change of members: base and base_version are those of the copy with what is queued. */
bool device_change(struct device *d, const char *kind, const char *operation, const char *target,
                   const json_t *body, char ret_id[DEVICE_UUID]);

/* The record as the copy has it, with what is queued laid over; NULL: none. The caller decrefs. */
json_t *device_record(struct device *d, const char *kind, const char *id);

/* {"item":25,"queued":2,"refused":1,"conflicts":1,"copies":1}; the caller decrefs. */
json_t *device_status(struct device *d);

/* Asks for the open conflicts; an array, which the caller decrefs. */
enum device_end device_conflicts(struct device *d, json_t **ret);

/* Settles one as it was listed (its `id` and `version`). `key`: the same for each try. */
enum device_end device_settle(struct device *d, const json_t *conflict, const char *take,
                              const char *key);

/* Refused operations with their problems, for the user: [{operation,problem}]; the caller decrefs.
 * `forget`: he has seen them. */
json_t *device_refused(struct device *d, bool forget);

/* Every record of a kind as {"<id>": record}; the caller decrefs. */
json_t *device_copy(struct device *d, const char *kind);

void device_new_id(char ret[DEVICE_UUID]);

#endif
