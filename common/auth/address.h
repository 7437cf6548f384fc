/* common/auth/address.h - IP addresses and ranges of them (CIDR), v4 and v6. A v4 address inside v6
 * (::ffff:10.0.0.1) is that v4 address. Pure; does not know a request. */
#ifndef ZEREN_AUTH_ADDRESS_H
#define ZEREN_AUTH_ADDRESS_H

#include <stdbool.h>

#define ADDRESS_RANGE_TEXT 52 /* an IPv6 address, "/128" and the NUL */

/* "10.1.0.0/16", "2001:db8::/32" or one address: in the canonical form, always with its length.
 * False for anything else, also when bits behind the length are set. */
bool address_range(const char *text, char ret[static ADDRESS_RANGE_TEXT]);

/* Is the address in one of the ranges, separated by commas? "": there is no limit. What cannot be
 * read is in none. */
bool address_allowed(const char *ranges, const char *address);

/* What one caller is counted by: a v4 address, or the /64 of a v6 one, which one subscriber has
 * whole. */
void address_counted(const char *address, char ret[static ADDRESS_RANGE_TEXT]);

#endif
