/* common/keys/bytes.c - numbers, bytes and their hexadecimal text. Does not allocate. */
#include "keys/bytes.h"

#include <string.h>

#include "core/banned.h"

uint8_t *u32_put(uint8_t *out, uint32_t n)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *out++ = (uint8_t)(n >> shift);
    return out;
}

uint32_t u32_get(const uint8_t *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

char *hex_start(char *out)
{
    *out++ = '\\';
    *out++ = 'x';
    return out;
}

char *hex_put(char *out, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = bytes;
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    return out;
}

static int value_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_bytes(const char *text, uint8_t *out, size_t cap, size_t *ret_len)
{
    size_t len = strlen(text);
    if (len < 2 || len % 2 != 0 || text[0] != '\\' || text[1] != 'x' || (len - 2) / 2 > cap)
        return false;
    for (size_t i = 2; i < len; i += 2) {
        int high = value_of(text[i]), low = value_of(text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        *out++ = (uint8_t)(high << 4 | low);
    }
    *ret_len = (len - 2) / 2;
    return true;
}
