/* common/auth/address.c - IP ranges as bytes and a length. Contract: the header. */
#include "auth/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

#include "core/banned.h"

enum { MAPPED_BITS = 96, SUBSCRIBER_BITS = 64 };

struct range {
    int family, bits; /* bits: how many of the address count */
    uint8_t bytes[16];
};

static int width(const struct range *r)
{
    return r->family == AF_INET ? 32 : 128;
}

static bool parse_address(const char *text, struct range *ret)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    *ret = (struct range){.family = AF_INET, .bits = 32};
    if (inet_pton(AF_INET, text, ret->bytes) == 1)
        return true;
    if (inet_pton(AF_INET6, text, ret->bytes) != 1)
        return false;
    ret->family = AF_INET6;
    ret->bits = 128;
    if (memcmp(ret->bytes, mapped, sizeof mapped) != 0)
        return true;
    memmove(ret->bytes, ret->bytes + sizeof mapped, 4);
    memset(ret->bytes + 4, 0, sizeof ret->bytes - 4);
    ret->family = AF_INET;
    return true; /* bits stay 128 for the length to be read against */
}

/* The bits of byte `i` that a length of `bits` covers. */
static uint8_t mask_of(int bits, int i)
{
    int left = bits - i * 8;
    return (uint8_t)(left >= 8 ? 0xff : left <= 0 ? 0 : 0xff << (8 - left));
}

static bool rest_is_zero(const struct range *r)
{
    for (int i = 0; i < 16; i++) {
        if ((r->bytes[i] & (uint8_t)~mask_of(r->bits, i)) != 0)
            return false;
    }
    return true;
}

/* The length, "" for all of it; that of a v4 address inside v6 counts from v6's first bit. */
static bool take_length(struct range *r, const char *length)
{
    bool inside = r->family == AF_INET && r->bits == 128;
    int64_t bits = r->bits;
    if (length != NULL && !str_int(length, inside ? MAPPED_BITS : 0, r->bits, &bits))
        return false;
    r->bits = (int)bits - (inside ? MAPPED_BITS : 0);
    return true;
}

static bool parse_range(const char *text, size_t len, struct range *ret)
{
    char copy[ADDRESS_RANGE_TEXT];
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    char *slash = strchr(copy, '/');
    if (slash != NULL)
        *slash++ = '\0';
    return parse_address(copy, ret) && take_length(ret, slash) && rest_is_zero(ret);
}

static void write_range(const struct range *r, char ret[static ADDRESS_RANGE_TEXT])
{
    char text[INET6_ADDRSTRLEN] = "";
    inet_ntop(r->family, r->bytes, text, sizeof text);
    snprintf(ret, ADDRESS_RANGE_TEXT, "%s/%d", text, r->bits);
}

bool address_range(const char *text, char ret[static ADDRESS_RANGE_TEXT])
{
    struct range r;
    if (!parse_range(text, strlen(text), &r))
        return false;
    write_range(&r, ret);
    return true;
}

static bool within(const struct range *address, const struct range *r)
{
    if (address->family != r->family)
        return false;
    for (int i = 0; i < 16; i++) {
        if (((address->bytes[i] ^ r->bytes[i]) & mask_of(r->bits, i)) != 0)
            return false;
    }
    return true;
}

bool address_allowed(const char *ranges, const char *address)
{
    struct range from, r;
    if (*ranges == '\0')
        return true;
    if (!parse_address(address, &from))
        return false;
    for (const char *at = ranges;; at++) {
        size_t len = strcspn(at, ",");
        if (parse_range(at, len, &r) && within(&from, &r))
            return true;
        at += len;
        if (*at == '\0')
            return false;
    }
}

void address_counted(const char *address, char ret[static ADDRESS_RANGE_TEXT])
{
    struct range r;
    if (!parse_address(address, &r)) {
        snprintf(ret, ADDRESS_RANGE_TEXT, "?");
        return;
    }
    r.bits = r.family == AF_INET ? width(&r) : SUBSCRIBER_BITS;
    for (int i = 0; i < 16; i++)
        r.bytes[i] &= mask_of(r.bits, i);
    write_range(&r, ret);
}
