/* tests/fuzz/fuzz_field.c - any text as a sealed value and as a refresh token, by a process with
 * keys: never a crash, never opened, as nobody here sealed it. And the other way: any bytes sealed
 * open again as they were. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/field.h"
#include "keys/refresh.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const char keys[] =
    "000000a1 encrypt sm4-ctr active 2026-05-01T00:00:00Z EREREREREREREREREREREQ==\n"
    "000000a1 mac hmac-sm3 active 2026-05-01T00:00:00Z "
    "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n"
    "000000a2 encrypt aes-256-gcm retired 2026-05-01T00:00:00Z "
    "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM=\n"
    "000000a2 mac hmac-sm3 retired 2026-05-01T00:00:00Z "
    "MzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzM=\n"
    "000000b1 lookup hmac-sm3 active 2026-05-01T00:00:00Z "
    "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n"
    "000000b1 refresh hmac-sha256 active 2026-05-01T00:00:00Z "
    "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI=\n";

static struct keyring *ring;
static const struct field_place place = {"identity.person.phone", "1"};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void open_ring(void)
{
    char path[] = "/tmp/zeren-fuzz-XXXXXX";
    struct err err = {0};
    int file = mkstemp(path);
    must(file >= 0 && write(file, keys, sizeof keys - 1) == (ssize_t)sizeof keys - 1);
    close(file);
    ring = keyring_open(path, KEY_NEEDS_FIELDS | KEY_NEEDS(KEY_REFRESH), &err);
    must(ring != NULL);
    unlink(path);
}

static void open_as_value(struct arena *a, const char *text)
{
    struct span plain = {NULL, 0};
    struct err err = {0};
    must(!field_open(ring, &place, text, a, &plain, &err));
    must(err.code == ERR_INTERNAL && plain.at == NULL);
}

static void parse_as_token(const char *text)
{
    struct refresh_token token;
    if (refresh_parse(text, &token)) {
        must(uuid_valid(token.session));
        must(!refresh_holds(ring, &token, "\\x000102030405060708090a0b0c0d0e0f"));
    }
}

static void seal_and_open(struct arena *a, const uint8_t *bytes, size_t len)
{
    struct span plain = {NULL, 0};
    struct err err = {0};
    const char *hex = NULL;
    must(field_seal(ring, &place, (struct span){bytes, len}, a, &hex, &err));
    must(field_open(ring, &place, hex, a, &plain, &err));
    must(plain.len == len && (len == 0 || memcmp(plain.at, bytes, len) == 0));
}

/* Past the head's format and kid, the bytes as they are: into the deepest part. */
static void open_as_bytes(struct arena *a, const uint8_t *bytes, size_t len)
{
    const char *head = len > 0 && bytes[0] % 2 == 0 ? "01000000a1" : "02000000a2";
    char *text = arena_alloc(a, 2 * len + 16);
    must(text != NULL);
    size_t at = (size_t)snprintf(text, 16, "\\x%s", head);
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(text + at, 3, "%02x", bytes[i]);
    open_as_value(a, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len > 4096)
        return 0;
    if (ring == NULL)
        open_ring();
    struct arena *a = arena_create(1 << 20);
    must(a != NULL);
    char *text = arena_strndup(a, (const char *)bytes, len);
    open_as_value(a, text);
    parse_as_token(text);
    open_as_bytes(a, bytes, len);
    seal_and_open(a, bytes, len);
    arena_destroy(&a);
    return 0;
}
