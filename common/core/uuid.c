/* common/core/uuid.c - UUID version 7. Promises an order among the ids of one thread only. */
#include "core/uuid.h"

#include <assert.h>
#include <stddef.h>

#include <openssl/rand.h>

#include "core/banned.h"

static bool hyphen_at(size_t i)
{
    return i == 8 || i == 13 || i == 18 || i == 23;
}

/* The 12 bits behind the milliseconds count up from a random beginning while those stay (RFC 9562,
 * 6.2, method 1); when they are used up the next millisecond is borrowed. */
static void set_time(unsigned char id[static 16], uint64_t ms)
{
    static _Thread_local uint64_t last_ms, borrowed;
    static _Thread_local unsigned counter;
    if (ms != last_ms) {
        last_ms = ms;
        borrowed = 0;
        counter = (unsigned)(id[6] & 0x07) << 8 | id[7];
    } else if (++counter > 0x0FFF) {
        borrowed++;
        counter = 0;
    }
    ms += borrowed;
    for (int i = 5; i >= 0; i--, ms >>= 8)
        id[i] = (unsigned char)(ms & 0xFF);
    id[6] = (unsigned char)(0x70 | counter >> 8); /* version 7 */
    id[7] = (unsigned char)(counter & 0xFF);
}

bool uuid_new(instant_us now, char out[static UUID_TEXT])
{
    static const char hex[] = "0123456789abcdef";
    assert(now >= 0);
    unsigned char id[16];
    if (RAND_bytes(id + 6, 10) != 1)
        return false;
    set_time(id, (uint64_t)now / 1000);
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
