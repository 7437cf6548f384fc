/* common/core/err.h - one failure: what the client is told, and what only the log is told.
 * The vocabulary is proto/errors.def; there is no other. The first failure wins. */
#ifndef ZEREN_CORE_ERR_H
#define ZEREN_CORE_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_NONE = 0,
#define X(name, code, status, title, retryable, level) ERR_##name,
#include "errors.def"
#undef X
    ERR_COUNT
};

enum err_level { ERR_LEVEL_INFO, ERR_LEVEL_WARN, ERR_LEVEL_ERROR };

struct err_class {
    const char *name;  /* ERR_STALE */
    const char *code;  /* "stale": the stable word in the problem document */
    int status;        /* HTTP */
    const char *title; /* public */
    bool retryable;
    enum err_level level;
};

struct err {
    enum err_code code;
    char field[64];   /* the field, parameter or header it concerns, or "" */
    char detail[200]; /* for the client: no SQL, no paths, no other people's data */
    char cause[200];  /* for the log only */
    char sqlstate[6];
};

/* The class of a code; ERR_NONE has status 200. */
const struct err_class *err_class(enum err_code code);

/* Fills an empty slot and returns false, so that a refusal is one line. `field` may be NULL.
 * A slot already filled keeps its first failure. `detail` is cut at 199 bytes on a UTF-8 boundary.
 */
bool err_set(struct err *e, enum err_code code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds the cause for the log to a filled slot. */
void err_cause(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *e);

#endif
