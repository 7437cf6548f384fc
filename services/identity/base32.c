/* services/identity/base32.c - five bits a character, both ways. Keeps nothing. */
#include "base32.h"

#include <string.h>

#include "core/banned.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void base32_encode(const uint8_t *in, size_t n, char *out)
{
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        held = held << 8 | in[i];
        for (bits += 8; bits >= 5; bits -= 5)
            *out++ = digits[held >> (bits - 5) & 31];
        held &= (1U << bits) - 1;
    }
    if (bits > 0)
        *out++ = digits[held << (5 - bits) & 31];
    *out = '\0';
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* What has been read: whole bytes, and fewer than eight bits beside them. */
struct reading {
    uint8_t *out;
    size_t cap, n;
    unsigned held, bits;
};

static bool take(struct reading *r, int value)
{
    r->held = r->held << 5 | (unsigned)value;
    r->bits += 5;
    if (r->bits < 8)
        return true;
    if (r->n == r->cap)
        return false;
    r->bits -= 8;
    r->out[r->n++] = (uint8_t)(r->held >> r->bits);
    r->held &= (1U << r->bits) - 1;
    return true;
}

bool base32_decode(const char *text, uint8_t *out, size_t cap, size_t *ret_n)
{
    struct reading r = {.out = out, .cap = cap};
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ' ' || text[i] == '-')
            continue;
        int value = value_of(text[i]);
        if (value < 0 || !take(&r, value))
            return false;
    }
    if (r.bits >= 5 || r.held != 0) /* a character too many, or bits that belong to no byte */
        return false;
    *ret_n = r.n;
    return r.n > 0;
}
