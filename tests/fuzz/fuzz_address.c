/* tests/fuzz/fuzz_address.c - any text as a range and as an address: never a crash; a range that is
 * taken is read back from its own form, and has its own first address in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char range[ADDRESS_RANGE_TEXT], again[ADDRESS_RANGE_TEXT], key[ADDRESS_RANGE_TEXT];
    char *text = strndup((const char *)bytes, len);
    must(text != NULL);
    if (address_range(text, range)) {
        must(address_range(range, again) && strcmp(range, again) == 0);
        char first[ADDRESS_RANGE_TEXT];
        memcpy(first, range, sizeof first);
        first[strcspn(first, "/")] = '\0';
        must(address_allowed(range, first));
    }
    (void)address_allowed(text, "10.0.0.1");
    (void)address_allowed("10.0.0.0/8,2001:db8::/32", text);
    address_counted(text, key);
    must(strlen(key) < sizeof key);
    free(text);
    return 0;
}
