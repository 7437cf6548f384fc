/* tests/fuzz/fuzz_keyring.c - any text as a key file: never a crash; what is taken keeps the file's
 * promises, and a refusal names a line and shows no key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keys/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_key(const struct keyset *set, const struct key *key)
{
    enum key_purpose again;
    char text[KEY_KID_TEXT];
    uint32_t kid = 0;
    must(key->kid != 0 && key->bytes != NULL && provider_soft.fits(key->alg, key->len));
    must(key_purpose_of(key_purpose_name(key->purpose), &again) && again == key->purpose);
    key_kid_text(key->kid, text);
    must(key_kid_of(text, &kid) && kid == key->kid);
    must(keyset_find(set, key->purpose, key->kid) == key);
    must(key->state != KEY_ACTIVE || keyset_active(set, key->purpose) == key);
    if (key->purpose == KEY_ENCRYPT)
        must(keyset_find(set, KEY_MAC, key->kid)->state == key->state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct err err = {0};
    char *text = strndup((const char *)bytes, len);
    must(text != NULL);
    const struct keyset *set = keyset_parse(&provider_soft, "keys", text, &err);
    must((set != NULL) == (err.code == ERR_NONE));
    if (set == NULL) {
        must(err.code == ERR_INTERNAL && strncmp(err.cause, "keys ", 5) == 0);
    } else {
        must(keyset_count(set) > 0 && keyset_count(set) <= KEYRING_KEYS);
        for (size_t i = 0; i < keyset_count(set); i++)
            check_key(set, keyset_at(set, i));
        (void)keyset_serves(set, KEY_NEEDS_FIELDS, "keys", &err);
    }
    keyring_give(set);
    free(text);
    return 0;
}
