/* common/core/uuid.c - UUID version 7. Does not promise an order within one millisecond. */
#include "core/uuid.h"

#include <assert.h>
#include <stddef.h>

#include <openssl/rand.h>

#include "core/banned.h"

static bool hyphen_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

bool uuid_new(instant_us now, char out[static UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    assert(now >= 0);
    unsigned char id[16];
    if (RAND_bytes(id + 6, 10) != 1)
        return false;
    uint64_t ms = (uint64_t)now / 1000;
    for (int i = 5; i >= 0; i--, ms >>= 8)
        id[i] = (unsigned char)(ms & 0xFF);
    id[6] = (unsigned char)(0x70 | (id[6] & 0x0F)); /* version 7 */
    id[8] = (unsigned char)(0x80 | (id[8] & 0x3F)); /* variant of RFC 9562 */
    size_t at = 0;
    for (size_t i = 0; i < sizeof id; i++) {
        if (hyphen_at(at))
            out[at++] = '-';
        out[at++] = hex[id[i] >> 4];
        out[at++] = hex[id[i] & 15];
    }
    out[at] = '\0';
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool uuid_valid(const char *text)
{
    for (size_t i = 0; i < UUID_TEXT - 1; i++) {
        if (hyphen_at(i) ? text[i] != '-' : !is_hex(text[i]))
            return false;
    }
    return text[UUID_TEXT - 1] == '\0';
}
