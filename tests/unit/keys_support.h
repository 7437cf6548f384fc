/* tests/unit/keys_support.h - key files for tests: fixed keys in a directory of the test's own. */
#ifndef ZEREN_TESTS_KEYS_SUPPORT_H
#define ZEREN_TESTS_KEYS_SUPPORT_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/arena.h"
#include "keys/keyring.h"
#include "keys/vault.h"

/* 16 and 32 bytes of 0x11, 0x22, ... */
#define K16 "EREREREREREREREREREREQ=="
#define K32_2 "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI="
#define K32_3 "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM="
#define K32_4 "REREREREREREREREREREREREREREREREREREREREREQ="

#define AT " 2026-05-01T00:00:00Z "
#define PAIR(kid, state, key16, key32)                                                             \
    kid " encrypt sm4-ctr " state AT key16 "\n" kid " mac hmac-sm3 " state AT key32 "\n"
#define GCM_PAIR(kid, state, key)                                                                  \
    kid " encrypt aes-256-gcm " state AT key "\n" kid " mac hmac-sm3 " state AT key "\n"
#define LOOKUP(kid, state, key) kid " lookup hmac-sm3 " state AT key "\n"
#define REFRESH(kid, state, key) kid " refresh hmac-sha256 " state AT key "\n"
#define SEAL(kid, state, key) kid " seal hmac-sm3 " state AT key "\n"

#define FIELD_KEYS PAIR("000000a1", "active", K16, K32_2) LOOKUP("000000b1", "active", K32_3)

static char keys_dir[] = "/tmp/zeren-keys-XXXXXX";
static char keys_path[64];

/* Replaces the key file as the tool does: a new file, renamed over the old one. */
static inline void keys_write(const char *text)
{
    char fresh[80];
    if (keys_path[0] == '\0') {
        cr_assert_not_null(mkdtemp(keys_dir));
        snprintf(keys_path, sizeof keys_path, "%s/field.keys", keys_dir);
    }
    snprintf(fresh, sizeof fresh, "%s.new", keys_path);
    FILE *file = fopen(fresh, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
    cr_assert_eq(chmod(fresh, 0600), 0);
    cr_assert_eq(rename(fresh, keys_path), 0);
}

static inline struct keyring *keys_open(const char *text, unsigned needs)
{
    struct err err = {0};
    keys_write(text);
    struct keyring *ring = keyring_open(keys_path, needs, &err);
    cr_assert_not_null(ring, "%s", err.cause);
    return ring;
}

/* Past the time in which a file is not looked at again. */
static inline void keys_wait(void)
{
    usleep(320 * 1000);
}

static inline void keys_remove(void)
{
    unlink(keys_path);
    rmdir(keys_dir);
}

#endif
