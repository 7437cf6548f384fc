/* common/files/store.h - where a service keeps the bytes of files: incoming/<file id> while they
 * arrive, store/<ab>/<sha256> once they are whole. Knows no row and no name that a person gave.
 * One that is read by the gateway: the store is open to the directory's group, incoming is not. */
#ifndef ZEREN_FILES_STORE_H
#define ZEREN_FILES_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

#define FILE_DIGEST_HEX 65 /* of SHA-256 and of SM3, with its NUL */
#define FILE_ID_TEXT 37

struct file_store;

/* Makes what is missing of the directory, which itself must be there. NULL with the cause. */
struct file_store *file_store_open(const char *dir, struct err *err);
void file_store_close(struct file_store **s);

/* ---- a file on its way ---- */

struct upload { /* locked by its holder, among processes, too */
    const struct file_store *store;
    char id[FILE_ID_TEXT];
    int fd;
    int64_t size; /* bytes that are there */
};

/* ERR_UPLOAD_BUSY: another call writes it just now. `create`: made when it is not there; else
 * ERR_NOT_FOUND. */
bool upload_open(const struct file_store *s, const char *id, bool create, struct upload *ret,
                 struct err *err);

/* Writes all bytes at that place and waits until the disk has them. ERR_STORAGE when it does not
 * take them. */
bool upload_write(struct upload *u, int64_t at, const void *bytes, size_t len, struct err *err);

/* Accepts one that is closed. */
void upload_close(struct upload *u);

/* Removes it; true when it is gone. */
bool upload_remove(const struct file_store *s, const char *id);

/* A second file beside it, for what it becomes; -1 with err set. */
int upload_beside(const struct upload *u, struct err *err);

/* ---- what is kept ---- */

/* A bucket is held while a blob is put there and committed, or looked up and removed: so neither
 * happens behind the other's back. -1 with err set. */
int store_hold(const struct file_store *s, const char *sha256, struct err *err);
void store_release(int bucket);

/* Moves an upload (`beside`: the second file) into its place, where it may be already; what is
 * there is on the disk before this returns. The bucket is held. */
bool store_keep(const struct upload *u, bool beside, int bucket, const char *sha256,
                struct err *err);

bool store_has(const struct file_store *s, const char *sha256, int64_t *ret_size);

/* Its bytes, to read; -1 with err set. The caller closes it. */
int store_read(const struct file_store *s, const char *sha256, struct err *err);

/* Is that bucket's directory there? A store that is not mounted has none. */
bool store_has_bucket(const struct file_store *s, unsigned bucket);

/* The bucket is held. */
bool store_remove(int bucket, const char *sha256);

/* ---- going through both ---- */

typedef bool store_visit(void *ctx, const char *name, int64_t age_s); /* false: enough */

/* Every file of incoming, or of the store whose name is a digest; what is no name of ours is passed
 * over. */
bool store_each_upload(const struct file_store *s, store_visit *visit, void *ctx);
bool store_each_blob(const struct file_store *s, unsigned bucket, store_visit *visit, void *ctx);

enum { STORE_BUCKETS = 256 };

#endif
