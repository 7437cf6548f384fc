/* common/core/config.h - settings of a process: a table, read from the environment (ZEREN_<NAME>)
 * and, for secrets, from files (ZEREN_<NAME>_FILE). Unknown ZEREN_ variables are refused. */
#ifndef ZEREN_CORE_CONFIG_H
#define ZEREN_CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/err.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_INT,
    SETTING_SECRET /* read from <NAME>_FILE into core/secret.h */,
    SETTING_DATE,
    SETTING_PATH /* <NAME>_FILE names a file the process reads and watches itself */
};

struct setting {
    const char *name; /* "DB_POOL" is read from ZEREN_DB_POOL */
    enum setting_type type;
    const char *fallback; /* NULL: required */
    int64_t min, max;
    const char *unit; /* "ms", "" */
    const char *prose;
    size_t offset;  /* of a const char * or int64_t in the settings struct */
    bool test_only; /* refused by a release build */
};

#define SETTINGS_END                                                                               \
    {                                                                                              \
        0                                                                                          \
    }

/* Fills `into` from the environment; strings live as long as `a`, secrets in memory of their own.
 * Fails with every bad variable named in `detail`. */
bool config_load(struct arena *a, const struct setting *table, void *into, struct err *err);

/* Prints NAME=value lines, secrets as "(set)" or "(not set)". */
void config_print(FILE *to, const struct setting *table, const void *from);

/* Prints an env file with prose, units and defaults, from which deploy/env.example is made. */
void config_example(FILE *to, const struct setting *table);

#endif
