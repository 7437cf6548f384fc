/* common/core/uuid.h - UUIDv7 (RFC 9562): 48 bits of milliseconds, 12 that count, then random. Ids
 * of all records. */
#ifndef ZEREN_CORE_UUID_H
#define ZEREN_CORE_UUID_H

#include <stdbool.h>

#include "core/clock.h"

#define UUID_TEXT 37 /* 36 characters and the NUL */

/* A new id as lower-case text, behind every one that this thread was given for the same `now`: what
 * one request makes has the order in which it came. False when the random source fails. */
bool uuid_new(instant_us now, char out[static UUID_TEXT]);

/* Canonical 8-4-4-4-12 hexadecimal text of any version (case-insensitive). */
bool uuid_valid(const char *text);

#endif
