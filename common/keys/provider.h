/* common/keys/provider.h - what does the arithmetic with keys: a table of functions, so that a
 * hardware module can stand in for OpenSSL. Callers name a key and never see its bytes; with a
 * module, the bytes of struct key are its handle for the key, and the key never leaves it. */
#ifndef ZEREN_KEYS_PROVIDER_H
#define ZEREN_KEYS_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"

enum key_purpose { KEY_ENCRYPT, KEY_MAC, KEY_LOOKUP, KEY_SEAL, KEY_REFRESH, KEY_PURPOSES };
enum key_alg { KEY_SM4_CTR, KEY_AES_256_GCM, KEY_HMAC_SM3, KEY_HMAC_SHA256, KEY_ALGS };
enum key_state { KEY_PENDING, KEY_ACTIVE, KEY_RETIRED, KEY_STATES };

enum {
    KEY_IV = 16,     /* bytes of every initial vector: 128 random bits */
    KEY_DIGEST = 32, /* bytes of HMAC-SM3 and HMAC-SHA256 */
    KEY_GCM_TAG = 16,
};

struct key {
    uint32_t kid; /* in files and messages 8 hexadecimal digits; never 0 */
    enum key_purpose purpose;
    enum key_alg alg;
    enum key_state state;
    instant_us created;
    const uint8_t *bytes; /* in the vault: for the provider alone */
    size_t len;
};

/* Bytes of someone else's. */
struct span {
    const void *at;
    size_t len;
};

/* One message: `in` becomes `out`, of the same length; the two may be the same place. */
struct cipher_job {
    const uint8_t *iv; /* KEY_IV bytes */
    struct span bound; /* AES-256-GCM: authenticated with it, not encrypted */
    struct span in;
    uint8_t *out;
    uint8_t *tag; /* AES-256-GCM: KEY_GCM_TAG bytes, written by encrypt, held against by decrypt */
};

/* Every function is thread-safe and false when it could not do its work (or the tag is wrong). */
struct key_provider {
    const char *name;
    /* Can a key of this algorithm have `len` bytes here? */
    bool (*fits)(enum key_alg alg, size_t len);
    bool (*encrypt)(const struct key *key, const struct cipher_job *job);
    bool (*decrypt)(const struct key *key, const struct cipher_job *job);
    /* HMAC over the parts, one behind the other: the caller says where they end. */
    bool (*mac)(const struct key *key, const struct span *parts, size_t count,
                uint8_t ret_mac[static KEY_DIGEST]);
    bool (*random)(uint8_t *out, size_t n);
};

/* OpenSSL in this process. Algorithms are fetched once, contexts live for one call. */
extern const struct key_provider provider_soft;

#endif
